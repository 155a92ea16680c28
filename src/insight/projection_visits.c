/* The ways of deals: the visits of each deal lie in one piece, which moves to the end when it is full. */
#include "base/big.h"
#include "insight/projection_impl.h"

void ways_init(struct ways *w)
{
    w->stages = intmap_new();
    w->undone = intmap_new();
}

void ways_free(struct ways *w)
{
    big_clear(&w->packed);
    big_clear(&w->actor);
    big_clear(&w->spans);
    vec_free(&w->stage_ids);
    vec_free(&w->taken);
    big_clear(&w->gathered);
    intmap_free(w->stages);
    intmap_free(w->undone);
}

static uint32_t stage_index(struct ways *w, int64_t id)
{
    int64_t i;
    if (intmap_get(w->stages, id, &i))
        return (uint32_t)i;
    if (w->stage_ids.len >= STAGES_MOST)
        return STAGES_MOST;
    intmap_put(w->stages, id, (int64_t)w->stage_ids.len);
    vec_push(&w->stage_ids, id);
    return (uint32_t)w->stage_ids.len - 1;
}

static void reserve(struct ways *w, size_t len)
{
    if (len > w->packed.cap) {
        size_t cap = len + len / 2;
        big_reserve(&w->packed, cap);
        big_reserve(&w->actor, cap);
    }
}

/* Room for one more: at the end of all visits a piece just grows, elsewhere it moves there. */
static void make_room(struct ways *w, struct visit_span *s)
{
    if (s->len < s->cap)
        return;
    uint32_t more = s->cap ? s->cap : 2;
    if (s->cap == 0 || s->off + s->cap != w->packed.len) {
        size_t end = w->packed.len;
        reserve(w, end + s->cap + more);
        memcpy(w->packed.ptr + end, w->packed.ptr + s->off, s->len * sizeof *w->packed.ptr);
        memcpy(w->actor.ptr + end, w->actor.ptr + s->off, s->len * sizeof *w->actor.ptr);
        s->off = (uint32_t)end;
        s->cap += more;
        w->packed.len = w->actor.len = end + s->cap;
        return;
    }
    reserve(w, w->packed.len + more);
    s->cap += more;
    w->packed.len = w->actor.len = w->packed.len + more;
}

/* Where its time belongs, behind equals. */
static void put(struct ways *w, uint32_t deal, struct taken_visit v)
{
    struct visit_span *s = &w->spans.ptr[deal];
    if (w->packed.len >= UINT32_MAX - UINT16_MAX)
        return;
    make_room(w, s);
    uint64_t *packed = w->packed.ptr + s->off;
    uint32_t *actor = w->actor.ptr + s->off, i = s->len;
    for (; i > 0 && visit_at(packed[i - 1]) > visit_at(v.packed); i--) {
        packed[i] = packed[i - 1];
        actor[i] = actor[i - 1];
    }
    packed[i] = v.packed;
    actor[i] = v.actor;
    s->len++;
    w->used++;
}

/* The newest visit of that stage leaves. The journal refuses to undo a move on which a later one stands, so the newest
 * is the one. */
static bool take_out(struct ways *w, uint32_t deal, uint32_t stage, struct taken_visit *out)
{
    struct visit_span *s = &w->spans.ptr[deal];
    uint64_t *packed = w->packed.ptr + s->off;
    uint32_t *actor = w->actor.ptr + s->off;
    for (uint32_t i = s->len; i-- > 0;) {
        if (visit_stage(packed[i]) != stage || visit_passed(packed[i]))
            continue;
        *out = (struct taken_visit){packed[i], actor[i]};
        memmove(packed + i, packed + i + 1, (s->len - i - 1) * sizeof *packed);
        memmove(actor + i, actor + i + 1, (s->len - i - 1) * sizeof *actor);
        s->len--;
        w->used--;
        return true;
    }
    return false;
}

/* A deal's visits lie in one piece from end to end, in order of deals; of each, `more` are still to come. */
static void rebuild(struct ways *w, const uint32_t *more)
{
    struct ways next = {0};
    size_t n = w->used + w->gathered.len, off = 0;
    big_reserve(&next.packed, n + n / 16 + 16);
    big_reserve(&next.actor, n + n / 16 + 16);
    if (next.packed.ptr == NULL || next.actor.ptr == NULL)
        abort();
    for (size_t i = 0; i < w->spans.len; i++) {
        struct visit_span *s = &w->spans.ptr[i];
        if (s->len) {
            memcpy(next.packed.ptr + off, w->packed.ptr + s->off, s->len * sizeof *next.packed.ptr);
            memcpy(next.actor.ptr + off, w->actor.ptr + s->off, s->len * sizeof *next.actor.ptr);
        }
        s->off = (uint32_t)off;
        s->cap = s->len + (more ? more[i] : 0);
        off += s->cap;
    }
    big_free(w->packed.ptr);
    big_free(w->actor.ptr);
    w->packed.ptr = next.packed.ptr;
    w->actor.ptr = next.actor.ptr;
    w->packed.len = w->actor.len = off;
    w->packed.cap = next.packed.cap;
    w->actor.cap = next.actor.cap;
}

static void put_gathered(struct ways *w)
{
    enum { NEXT = 8, FAR = 24 }; /* ahead: where the visits of the deal are, and the place for the next one */
    const struct gathered_visit *g = w->gathered.ptr;
    for (size_t i = 0, n = w->gathered.len; i < n; i++) {
        if (i + FAR < n)
            __builtin_prefetch(&w->spans.ptr[g[i + FAR].deal], 1);
        if (i + NEXT < n) {
            const struct visit_span *s = &w->spans.ptr[g[i + NEXT].deal];
            __builtin_prefetch(w->packed.ptr + s->off + s->len, 1);
            __builtin_prefetch(w->actor.ptr + s->off + s->len, 1);
        }
        put(w, g[i].deal, (struct taken_visit){g[i].packed, g[i].actor});
    }
}

void ways_settle(struct ways *w)
{
    if (w->gathered.len == 0)
        return;
    if (w->gathered.len > w->used / 2 && w->used + w->gathered.len < UINT32_MAX - UINT16_MAX) {
        uint32_t *more = big_resize(NULL, w->spans.len * sizeof *more);
        memset(more, 0, w->spans.len * sizeof *more);
        for (size_t i = 0; i < w->gathered.len; i++)
            more[w->gathered.ptr[i].deal]++;
        rebuild(w, more);
        big_free(more);
    }
    put_gathered(w);
    w->gathered.len = 0;
    if (!w->gathering) /* no more are to come */
        big_clear(&w->gathered);
}

bool ways_moved(struct ways *w, uint32_t deal, const struct told *ev, int64_t was, int64_t now)
{
    int64_t i;
    struct taken_visit v;
    struct visit_span none = {0};
    while (w->spans.len <= deal)
        big_push(&w->spans, none);
    if (ev->undoes == 0 || ev->verb == VERB_PASSED) {
        uint32_t stage = stage_index(w, now);
        v.packed = ((uint64_t)ev->at << 16) | stage | (ev->verb == VERB_PASSED ? 0x8000 : 0);
        v.actor = ev->actor;
        if (w->gathering) {
            struct gathered_visit one = {v.packed, v.actor, deal};
            big_push(&w->gathered, one);
        } else {
            put(w, deal, v);
        }
        return stage < STAGES_MOST;
    }
    ways_settle(w);
    if (intmap_get(w->undone, ev->undoes, &i)) { /* an undo taken back */
        put(w, deal, w->taken.ptr[i]);
        return true;
    }
    if (!take_out(w, deal, stage_index(w, was), &v))
        return false;
    intmap_put(w->undone, ev->seq, (int64_t)w->taken.len);
    vec_push(&w->taken, v);
    return true;
}

void ways_compact(struct ways *w)
{
    ways_settle(w);
    if (w->packed.len != w->used || w->packed.cap > w->used + w->used / 8 + 64)
        rebuild(w, NULL);
}
