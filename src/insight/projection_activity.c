/* Who has made how many events of what kind in which hour. */
#include "base/time.h"
#include "insight/projection_impl.h"

#define MS_HOUR_ 3600000

static bool same(const struct activity *x, const struct activity *y)
{
    return x->hour == y->hour && x->user == y->user && x->object == y->object && x->verb == y->verb &&
           x->automatic == y->automatic && x->via == y->via;
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

void activity_count(struct activities *a, const struct event *ev, bool automatic)
{
    int64_t hour = ev->at >= 0 ? ev->at / MS_HOUR_ : (ev->at + 1) / MS_HOUR_ - 1;
    struct activity now = {.hour = hour,
                           .user = (int32_t)ev->actor_id,
                           .object = (uint16_t)ev->object_kind,
                           .verb = (uint8_t)ev->verb,
                           .automatic = automatic,
                           .via = (uint8_t)ev->via,
                           .count = 1};
    uint64_t hash = (uint64_t)now.hour * 31 + (uint64_t)(uint32_t)now.user;
    hash = (((hash * 64 + now.object) * 32 + now.verb * 2 + automatic) * 16 + now.via) * 0x9e3779b97f4a7c15u >> 52;
    uint32_t *at = &a->cache[hash % ACTIVITY_CACHE];
    if (*at != 0 && same(&a->rows.ptr[*at - 1], &now)) {
        a->rows.ptr[*at - 1].count++;
        return;
    }
    a->unsorted = true; /* it may repeat one that fell out of the cache */
    vec_push(&a->rows, now);
    *at = (uint32_t)a->rows.len;
}

void activity_sort(struct activities *a)
{
    size_t n = 0;
    if (!a->unsorted)
        return;
    qsort(a->rows.ptr, a->rows.len, sizeof *a->rows.ptr, in_order);
    for (size_t i = 0; i < a->rows.len; i++) {
        if (n > 0 && same(&a->rows.ptr[n - 1], &a->rows.ptr[i]))
            a->rows.ptr[n - 1].count += a->rows.ptr[i].count;
        else
            a->rows.ptr[n++] = a->rows.ptr[i];
    }
    a->rows.len = n;
    memset(a->cache, 0, sizeof a->cache);
    a->unsorted = false;
}
