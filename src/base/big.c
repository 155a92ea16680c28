#include "base/big.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define PAGE ((size_t)65536) /* whole pages of any size in use */

/* Stands in front of the array. */
struct head {
    char *map; /* of its own, at a border of huge pages when it is as large as one; NULL: it is the heap's */
    size_t mapped, size;
};
enum {
    LINE = 64,   /* of the cache: the room for the head */
    COLOURS = 61 /* arrays begin in different lines of a page: those walked side by side would push each other out of
                    the cache */
};
_Static_assert(sizeof(struct head) <= LINE, "a head has one line");

static struct head *head_of(void *ptr)
{
    return (struct head *)((char *)ptr - LINE);
}

/* Addresses for size bytes that begin at a border of huge pages, with nothing behind them yet. */
static char *reserve(size_t size)
{
    char *at = mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
        abort();
    size_t before = (HUGE_PAGE - (uintptr_t)at % HUGE_PAGE) % HUGE_PAGE;
    if (before)
        munmap(at, before);
    munmap(at + before + size, HUGE_PAGE - before);
    return at + before;
}

static char *map_new(size_t size)
{
    if (size < HUGE_PAGE) {
        char *small = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (small == MAP_FAILED)
            abort();
        return small;
    }
    char *at = reserve(size);
    if (mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        abort();
    madvise(at, size, MADV_HUGEPAGE); /* a wish: without it everything works, slower */
    return at;
}

/* The pages move to other addresses, their contents stay where they are. */
static char *map_resize(char *map, size_t was, size_t size)
{
    if (size <= was) {
        if (size < was)
            munmap(map + size, was - size);
        return map;
    }
    char *at = reserve(size);
    if (mremap(map, was, size, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED)
        abort();
    return at;
}

static void *on_heap(void *ptr, size_t size)
{
    char *at = realloc(ptr ? (char *)ptr - LINE : NULL, size + LINE);
    if (at == NULL)
        abort();
    *(struct head *)at = (struct head){.size = size};
    return at + LINE;
}

static void *on_map(void *ptr, size_t size)
{
    static unsigned made; /* which colour comes next does not matter, so threads may see the same */
    struct head *was = ptr ? head_of(ptr) : NULL;
    bool moves = was != NULL && was->map != NULL;
    size_t offset = moves ? (size_t)((char *)ptr - was->map)
                          : LINE * (size_t)(1 + __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED) % COLOURS);
    size_t mapped = (offset + size + PAGE - 1) / PAGE * PAGE;
    char *map = moves ? map_resize(was->map, was->mapped, mapped) : map_new(mapped);
    char *at = map + offset;
    if (!moves && was != NULL)
        memcpy(at, ptr, was->size < size ? was->size : size);
    *head_of(at) = (struct head){map, mapped, size};
    if (!moves)
        big_free(ptr);
    return at;
}

void *big_resize(void *ptr, size_t size)
{
    bool mapped = ptr != NULL && head_of(ptr)->map != NULL;
    return mapped || size >= HUGE_PAGE ? on_map(ptr, size) : on_heap(ptr, size);
}

void big_free(void *ptr)
{
    if (ptr == NULL)
        return;
    struct head head = *head_of(ptr);
    if (head.map != NULL)
        munmap(head.map, head.mapped);
    else
        free((char *)ptr - LINE);
}

/* ---- what was returned ---- */

enum { KEPT_MOST = 24 };
#define BORROWED_LEAST ((size_t)512 << 10)
#define KEPT_BYTES ((size_t)320 << 20) /* of addresses: pages that nobody has written to are not there */

static struct {
    pthread_mutex_t mutex;
    struct {
        void *ptr;
        struct head head; /* in front of ptr the system may have taken it */
    } of[KEPT_MOST];
    size_t n, bytes;
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static size_t room(size_t i)
{
    return kept.of[i].head.mapped - (size_t)((char *)kept.of[i].ptr - kept.of[i].head.map);
}

/* The smallest one that is large enough and not much larger. */
static void *take_kept(size_t size)
{
    void *found = NULL;
    pthread_mutex_lock(&kept.mutex);
    size_t best = kept.n;
    for (size_t i = 0; i < kept.n; i++)
        if (room(i) >= size && room(i) / 2 <= size && (best == kept.n || room(i) < room(best)))
            best = i;
    if (best < kept.n) {
        found = kept.of[best].ptr;
        *head_of(found) = kept.of[best].head;
        kept.bytes -= kept.of[best].head.mapped;
        kept.of[best] = kept.of[--kept.n];
    }
    pthread_mutex_unlock(&kept.mutex);
    return found;
}

void *big_borrow(size_t size)
{
    if (size < BORROWED_LEAST)
        return on_heap(NULL, size);
    void *found = take_kept(size);
    return found != NULL ? found : on_map(NULL, size);
}

void big_return(void *ptr)
{
    struct head head = {0};
    if (ptr != NULL)
        head = *head_of(ptr);
    pthread_mutex_lock(&kept.mutex);
    bool keeps = head.map != NULL && kept.n < KEPT_MOST && kept.bytes + head.mapped <= KEPT_BYTES;
    if (keeps) {
        madvise(head.map, head.mapped, MADV_FREE);
        kept.of[kept.n].ptr = ptr;
        kept.of[kept.n++].head = head;
        kept.bytes += head.mapped;
    }
    pthread_mutex_unlock(&kept.mutex);
    if (!keeps)
        big_free(ptr);
}
