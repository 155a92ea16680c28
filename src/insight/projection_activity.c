/* Who has made how many events of what kind in which hour. */
#include "base/time.h"
#include "insight/projection_impl.h"

#define MS_HOUR_ 3600000

static bool same(const struct activity *x, const struct activity *y)
{
    return ((x->hour ^ y->hour) | (x->user ^ y->user) | (x->object ^ y->object) | (x->verb ^ y->verb) |
            (x->automatic ^ y->automatic) | (x->via ^ y->via)) == 0;
}

static int in_order(const void *a, const void *b)
{
    const struct activity *x = a, *y = b;
    if (x->hour != y->hour)
        return x->hour < y->hour ? -1 : 1;
    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->object != y->object)
        return x->object < y->object ? -1 : 1;
    if (x->verb != y->verb)
        return x->verb < y->verb ? -1 : 1;
    return x->automatic != y->automatic ? x->automatic - y->automatic : x->via - y->via;
}

void activity_count(struct activities *a, const struct told *ev, bool automatic)
{
    int64_t hour = ev->at >= 0 ? ev->at / MS_HOUR_ : (ev->at + 1) / MS_HOUR_ - 1;
    struct activity now = {.hour = hour,
                           .user = (int32_t)ev->actor,
                           .object = ev->object,
                           .verb = ev->verb,
                           .automatic = automatic,
                           .via = ev->via,
                           .count = 1};
    uint64_t hash = (uint64_t)now.hour * 31 + (uint64_t)(uint32_t)now.user;
    hash =
        (((hash * 64 + now.object) * 32 + now.verb * UINT64_C(2) + automatic) * 16 + now.via) * 0x9e3779b97f4a7c15u >>
        52;
    uint32_t *at = &a->cache[hash % ACTIVITY_CACHE];
    if (*at != 0 && same(&a->rows.ptr[*at - 1], &now)) {
        a->rows.ptr[*at - 1].count++;
        return;
    }
    vec_push(&a->rows, now);
    *at = (uint32_t)a->rows.len;
}

/* Where the first of n sorted rows stands that is not before this one. */
static size_t first_behind(const struct activity *rows, size_t n, const struct activity *row)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (in_order(&rows[mid], row) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* New rows may repeat one that fell out of the cache, and imports bring old hours; mostly only the last hour is sorted
 * again. */
void activity_sort(struct activities *a)
{
    struct activity *rows = a->rows.ptr;
    if (activity_sorted(a))
        return;
    struct activity least = rows[a->sorted];
    for (size_t i = a->sorted; i < a->rows.len; i++)
        least = in_order(&rows[i], &least) < 0 ? rows[i] : least;
    size_t start = first_behind(rows, a->sorted, &least), n = start;
    qsort(rows + start, a->rows.len - start, sizeof *rows, in_order);
    for (size_t i = start; i < a->rows.len; i++) {
        if (n > start && same(&rows[n - 1], &rows[i]))
            rows[n - 1].count += rows[i].count;
        else
            rows[n++] = rows[i];
    }
    a->rows.len = a->sorted = n;
    for (size_t i = 0; i < ACTIVITY_CACHE; i++)
        a->cache[i] = a->cache[i] > start ? 0 : a->cache[i];
}
