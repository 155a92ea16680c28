#include "base/arena.h"
#include "base/big.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks double from 4 KiB up to 1 MiB; a larger request gets a block of its own. */
#define BLOCK_FIRST ((size_t)4096)
#define BLOCK_MAX ((size_t)1 << 20)
#define BORROWED BLOCK_MAX /* blocks from this size on */

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(16) char bytes[];
};

static struct arena_block *block_new(struct arena *a, size_t least)
{
    struct arena_block *b;
    size_t size = a->head ? a->head->size * 2 : BLOCK_FIRST;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < least)
        size = least;
    if (size >= BORROWED && size <= SIZE_MAX / 4) {
        b = big_borrow(sizeof *b + size);
    } else {
        b = size > SIZE_MAX - sizeof *b ? NULL : malloc(sizeof *b + size);
    }
    if (!b) {
        fprintf(stderr, "voronka: out of memory (%zu bytes)\n", size);
        abort();
    }
    b->size = size;
    a->total += size;
    return b;
}

static void block_free(struct arena_block *b)
{
    if (b != NULL && b->size >= BORROWED)
        big_return(b);
    else
        free(b);
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        size = SIZE_MAX / 2; /* refused by block_new */
    size = (size + 15) & ~(size_t)15;
    if (size == 0)
        size = 16;
    if (a->head && a->head->size - a->used >= size) {
        void *p = a->head->bytes + a->used;
        a->used += size;
        return p;
    }
    struct arena_block *b = block_new(a, size);
    if (a->head && size > BLOCK_MAX / 4 && a->head->size - a->used >= BLOCK_FIRST) {
        /* A large piece stands behind the head, so that the room left in the head is still used. */
        b->next = a->head->next;
        a->head->next = b;
        return b->bytes;
    }
    b->next = a->head;
    a->head = b;
    a->used = size;
    return b->bytes;
}

void *arena_zalloc(struct arena *a, size_t size)
{
    void *p = arena_alloc(a, size);
    memset(p, 0, size);
    return p;
}

void arena_reset(struct arena *a)
{
    if (!a->head)
        return;
    struct arena_block *b = a->head->next;
    while (b) {
        struct arena_block *next = b->next;
        block_free(b);
        b = next;
    }
    a->head->next = NULL;
    a->total = a->head->size;
    a->used = 0;
}

void arena_free(struct arena *a)
{
    arena_reset(a);
    block_free(a->head);
    *a = ARENA_EMPTY;
}
