/* Compiled rights of whoever asks, kept in memory; loop thread only. Each request gets its own copy, so that what is
 * under way keeps the rights with which it began. */
#include "api/inside.h"
#include "base/time.h"

#define SLOTS 1024 /* by user; a newcomer takes the slot */
#define REMEMBER (60 * MS_SECOND)

struct slot {
    int64_t user_id, until; /* until: monotonic; user_id 0: empty */
    struct arena arena;
    const struct rights *rights;
};
struct rights_cache {
    int64_t generation; /* counts forgettings: what was read before one is not kept after it */
    struct slot slots[SLOTS];
};

/* Nothing at all: of a request before it is known who asks. */
const struct rights rights_nobody = {0};

struct rights_cache *rights_cache_new(void)
{
    struct rights_cache *k = calloc(1, sizeof *k);
    if (!k)
        abort();
    return k;
}

void rights_cache_free(struct rights_cache *k)
{
    for (size_t i = 0; k && i < SLOTS; i++)
        arena_free(&k->slots[i].arena);
    free(k);
}

void rights_cache_forget(struct rights_cache *k)
{
    k->generation++;
    for (size_t i = 0; i < SLOTS; i++)
        k->slots[i].user_id = 0;
}

int64_t rights_cache_generation(const struct rights_cache *k)
{
    return k->generation;
}

const struct rights *rights_cache_get(struct rights_cache *k, struct arena *a, int64_t user_id)
{
    const struct slot *s = &k->slots[(uint64_t)user_id % SLOTS];
    if (s->user_id != user_id || s->until < time_monotonic())
        return NULL;
    return rights_copy(a, s->rights);
}

void rights_cache_put(struct rights_cache *k, const struct rights *r, int64_t generation)
{
    struct slot *s = &k->slots[(uint64_t)r->user_id % SLOTS];
    if (generation != k->generation || !r->user_id)
        return;
    arena_reset(&s->arena);
    s->rights = rights_copy(&s->arena, r);
    s->user_id = r->user_id;
    s->until = time_monotonic() + REMEMBER;
}
