#include "insight/projection.h"
#include "base/log.h"
#include "base/map.h"
#include "insight/event_scan.h"
#include <pthread.h>

#define MAGIC 0x70726f6aU
#define STAGES_MOST 0x7fff
#define READ_BATCH 20000

struct projection {
    unsigned magic;
    pthread_rwlock_t lock;
    struct feed *feed;
    struct feed_listener listener;
    VEC(struct deal_row) deals;
    VEC(struct visit) visits;
    VEC(int64_t) stage_ids;
    VEC(uint32_t) slot_of_id;
    VEC(uint32_t) taken;   /* visits that an undo took out of their chains: undoing the undo puts them back */
    struct intmap *stages; /* stage id to index */
    struct intmap *undone; /* seq of an undo event to index in taken */
    int64_t seq;
    size_t unreadable;
};

static uint32_t stage_index(struct projection *p, int64_t id)
{
    int64_t i;
    if (intmap_get(p->stages, id, &i))
        return (uint32_t)i;
    if (p->stage_ids.len >= STAGES_MOST) {
        p->unreadable++;
        return STAGES_MOST;
    }
    intmap_put(p->stages, id, (int64_t)p->stage_ids.len);
    vec_push(&p->stage_ids, id);
    return (uint32_t)p->stage_ids.len - 1;
}

static struct deal_row *deal_of(struct projection *p, int64_t id)
{
    if (id <= 0 || (uint64_t)id >= p->slot_of_id.len || p->slot_of_id.ptr[id] == 0)
        return NULL;
    return &p->deals.ptr[p->slot_of_id.ptr[id] - 1];
}

static struct deal_row *deal_add(struct projection *p, int64_t id)
{
    if (id <= 0 || id >= (int64_t)VISIT_NONE || p->deals.len >= VISIT_NONE - 1)
        return NULL;
    if ((uint64_t)id >= p->slot_of_id.len) {
        size_t len = (size_t)id + 1;
        if (len > p->slot_of_id.cap)
            vec_reserve(&p->slot_of_id, len + len / 2);
        memset(p->slot_of_id.ptr + p->slot_of_id.len, 0, (len - p->slot_of_id.len) * sizeof(uint32_t));
        p->slot_of_id.len = len;
    }
    struct deal_row d = {.id = id, .first = VISIT_NONE, .last = VISIT_NONE};
    vec_push(&p->deals, d);
    p->slot_of_id.ptr[id] = (uint32_t)p->deals.len;
    return &p->deals.ptr[p->deals.len - 1];
}

/* Puts visit i where its time belongs, behind equals. */
static void chain(struct projection *p, struct deal_row *d, uint32_t i)
{
    struct visit *v = p->visits.ptr, *new = &v[i];
    new->next = VISIT_NONE;
    if (d->last == VISIT_NONE) {
        d->first = d->last = i;
    } else if (visit_at(&v[d->last]) <= visit_at(new)) {
        v[d->last].next = i;
        d->last = i;
    } else if (visit_at(&v[d->first]) > visit_at(new)) {
        new->next = d->first;
        d->first = i;
    } else {
        uint32_t before = d->first;
        while (visit_at(&v[v[before].next]) <= visit_at(new))
            before = v[before].next;
        new->next = v[before].next;
        v[before].next = i;
    }
}

static void visit_add(struct projection *p, struct deal_row *d, const struct event *ev, int64_t stage_id)
{
    if (p->visits.len >= VISIT_NONE - 1)
        return;
    uint64_t packed = ((uint64_t)ev->at << 16) | stage_index(p, stage_id) | (ev->verb == VERB_PASSED ? 0x8000 : 0);
    struct visit v = {.packed = packed, .next = VISIT_NONE, .actor = (uint32_t)ev->actor_id};
    vec_push(&p->visits, v);
    chain(p, d, (uint32_t)p->visits.len - 1);
}

/* The newest visit of that stage leaves the chain; VISIT_NONE when there is none. The journal refuses to undo a move on
 * which a later one stands, so the newest is the one. */
static uint32_t visit_remove(struct projection *p, struct deal_row *d, int64_t stage_id)
{
    uint32_t stage = stage_index(p, stage_id), found = VISIT_NONE, before_found = VISIT_NONE, before = VISIT_NONE;
    struct visit *v = p->visits.ptr;
    for (uint32_t i = d->first; i != VISIT_NONE; before = i, i = v[i].next)
        if (visit_stage(&v[i]) == stage && !visit_passed(&v[i])) {
            found = i;
            before_found = before;
        }
    if (found == VISIT_NONE)
        return VISIT_NONE;
    if (before_found == VISIT_NONE)
        d->first = v[found].next;
    else
        v[before_found].next = v[found].next;
    if (d->last == found)
        d->last = before_found;
    return found;
}

static void moved(struct projection *p, struct deal_row *d, const struct event *ev, const struct scanned_pair *stage)
{
    int64_t i;
    if (ev->undoes == 0 || ev->verb == VERB_PASSED) {
        visit_add(p, d, ev, stage->now);
    } else if (intmap_get(p->undone, ev->undoes, &i)) { /* an undo taken back */
        chain(p, d, p->taken.ptr[i]);
    } else {
        uint32_t out = visit_remove(p, d, stage->was);
        if (out == VISIT_NONE) {
            p->unreadable++;
            return;
        }
        intmap_put(p->undone, ev->seq, (int64_t)p->taken.len);
        vec_push(&p->taken, out);
    }
}

static void attributes(struct deal_row *d, const struct scanned *s)
{
    const struct {
        enum scanned_field field;
        int32_t *to;
    } ids[] = {{SCAN_OWNER, &d->owner},      {SCAN_SOURCE, &d->source},   {SCAN_CAMPAIGN, &d->campaign},
               {SCAN_CLASS, &d->deal_class}, {SCAN_COMPANY, &d->company}, {SCAN_LOSS_REASON, &d->loss_reason}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (s->f[ids[i].field].seen)
            *ids[i].to = (int32_t)s->f[ids[i].field].now;
    if (s->f[SCAN_VALUE].seen)
        d->value_minor = s->f[SCAN_VALUE].now;
    if (s->f[SCAN_FUNNEL].seen) {
        int32_t funnel = (int32_t)s->f[SCAN_FUNNEL].now;
        if (d->funnel != 0 && d->funnel != funnel)
            d->transferred = true;
        d->funnel = funnel;
    }
}

static void take_in(struct projection *p, const struct event *ev)
{
    struct scanned s;
    if (ev->object_kind != ENT_DEAL)
        return;
    struct deal_row *d = deal_of(p, ev->object_id);
    if (ev->verb == VERB_DELETED || ev->verb == VERB_RESTORED) {
        if (d != NULL)
            d->deleted = ev->verb == VERB_DELETED;
        return;
    }
    if (ev->verb != VERB_CREATED && ev->verb != VERB_UPDATED && ev->verb != VERB_MOVED && ev->verb != VERB_PASSED)
        return;
    bool readable = event_scan(ev->data, &s);
    if (d == NULL && ev->verb == VERB_CREATED)
        d = deal_add(p, ev->object_id);
    if (!readable || d == NULL)
        p->unreadable++;
    if (d == NULL)
        return;
    if (ev->verb != VERB_PASSED)
        attributes(d, &s);
    if (s.f[SCAN_STAGE].seen && !s.f[SCAN_STAGE].null)
        moved(p, d, ev, &s.f[SCAN_STAGE]);
}

void projection_events(void *projection, const struct event *ev, size_t n)
{
    struct projection *p = projection;
    pthread_rwlock_wrlock(&p->lock);
    for (size_t i = 0; i < n; i++) {
        take_in(p, &ev[i]);
        p->seq = ev[i].seq;
    }
    pthread_rwlock_unlock(&p->lock);
}

struct projection *projection_new(void)
{
    struct projection *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->magic = MAGIC;
    p->stages = intmap_new();
    p->undone = intmap_new();
    /* a stream of reports must not hold up the journal */
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&p->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    return p;
}

enum rc projection_start(struct projection **out, const struct db_target *target, struct err *e)
{
    struct projection *p = projection_new();
    p->listener = (struct feed_listener){projection_events, p};
    enum rc rc = feed_start(&p->feed, target, 0, &p->listener, 1, e);
    if (rc != RC_OK) {
        projection_free(p);
        return rc;
    }
    *out = p;
    return RC_OK;
}

void projection_wake(struct projection *p)
{
    if (p->feed != NULL)
        feed_wake(p->feed);
}

bool projection_wait(struct projection *p, int64_t seq, int64_t timeout_ms)
{
    return p->feed == NULL || feed_wait(p->feed, seq, timeout_ms);
}

static enum rc one(void *projection, const struct event *ev)
{
    struct projection *p = projection;
    take_in(p, ev);
    p->seq = ev->seq;
    return RC_OK;
}

enum rc projection_build(struct projection **out, struct db *db, struct err *e)
{
    struct projection *p = projection_new();
    enum rc rc;
    int64_t last = 0, before;
    do {
        before = last;
        TRY_OUT(journal_read(db, before, READ_BATCH, one, p, &last, e));
    } while (last > before);
    *out = p;
    return RC_OK;
out:
    projection_free(p);
    return rc;
}

void projection_free(struct projection *p)
{
    if (p == NULL)
        return;
    if (p->feed != NULL)
        feed_stop(p->feed);
    vec_free(&p->deals);
    vec_free(&p->visits);
    vec_free(&p->stage_ids);
    vec_free(&p->slot_of_id);
    vec_free(&p->taken);
    intmap_free(p->stages);
    intmap_free(p->undone);
    pthread_rwlock_destroy(&p->lock);
    p->magic = 0;
    free(p);
}

struct deals_view projection_lock(struct projection *p)
{
    if (p->magic != MAGIC)
        abort();
    pthread_rwlock_rdlock(&p->lock);
    return (struct deals_view){
        .deals = p->deals.ptr,
        .n_deals = p->deals.len,
        .visits = p->visits.ptr,
        .stage_ids = p->stage_ids.ptr,
        .n_stages = p->stage_ids.len,
        .seq = p->seq,
        .unreadable = p->unreadable,
        .slot_of_id = p->slot_of_id.ptr,
        .n_slots = p->slot_of_id.len,
    };
}

void projection_unlock(struct projection *p)
{
    pthread_rwlock_unlock(&p->lock);
}
