/* Follows the journal and lends out what it knows. */
#include "base/log.h"
#include "insight/projection_impl.h"
#include <malloc.h>

#define MAGIC 0x70726f6aU
#define READ_BATCH 20000
#define WASTE_FREE 65536 /* visits that may be wasted before anybody minds */

/* The pieces of visits that moved have left gaps. */
static void tidy(struct projection *p)
{
    struct ways *w = &p->ways;
    if (w->packed.len > WASTE_FREE && w->packed.len > w->used * 2)
        ways_compact(w);
}

void projection_told(struct projection *p, const struct told_batch *b)
{
    pthread_rwlock_wrlock(&p->lock);
    p->ways.gathering = true;
    projection_take(p, b);
    p->ways.gathering = false;
    tidy(p);
    pthread_rwlock_unlock(&p->lock);
}

void projection_events(void *projection, const struct event *ev, size_t n)
{
    struct projection *p = projection;
    pthread_rwlock_wrlock(&p->lock);
    for (size_t i = 0; i < n; i++) {
        told_clear(&p->batch);
        decoder_tell(&p->decoder, &ev[i], &p->batch);
        projection_take(p, &p->batch);
    }
    tidy(p);
    pthread_rwlock_unlock(&p->lock);
}

struct projection *projection_new(void)
{
    struct projection *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->magic = MAGIC;
    for (int i = 0; i < FACTS; i++)
        facts_init(&p->tables[i], (enum fact)i);
    ways_init(&p->ways);
    decoder_init(&p->decoder);
    scan_helper_init(&p->helper);
    builder_init(&p->builder);
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
    enum rc rc = builder_start(p, target, e);
    if (rc != RC_OK) {
        projection_free(p);
        return rc;
    }
    *out = p;
    return RC_OK;
}

static struct feed *feed_of(struct projection *p)
{
    pthread_mutex_lock(&p->builder.mutex);
    struct feed *feed = p->feed;
    pthread_mutex_unlock(&p->builder.mutex);
    return feed;
}

void projection_wake(struct projection *p)
{
    struct feed *feed = feed_of(p);
    if (feed != NULL)
        feed_wake(feed);
}

bool projection_wait(struct projection *p, int64_t seq, int64_t timeout_ms)
{
    struct timespec until, now;
    if (!p->builder.started)
        return true;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    if (!builder_wait(p, until))
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left = (until.tv_sec - now.tv_sec) * 1000 + (until.tv_nsec - now.tv_nsec) / 1000000;
    return feed_wait(feed_of(p), seq, left > 0 ? left : 0);
}

static enum rc one(void *projection, const struct event *ev)
{
    projection_events(projection, ev, 1);
    return RC_OK;
}

/* What the growing tables have taken in advance goes back. */
void projection_trim(struct projection *p)
{
    for (int i = 0; i < FACTS; i++)
        facts_trim(&p->tables[i]);
    ways_compact(&p->ways);
    activity_sort(&p->activities);
    malloc_trim(0);
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
    projection_trim(p);
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
    builder_stop(p);
    scan_helper_stop(&p->helper);
    for (int i = 0; i < FACTS; i++)
        facts_free(&p->tables[i]);
    ways_free(&p->ways);
    vec_free(&p->activities.rows);
    vec_free(&p->deal_flags);
    vec_free(&p->reaches);
    vec_free(&p->first_line);
    vec_free(&p->next_line);
    arena_free(&p->scratch);
    decoder_free(&p->decoder);
    told_free(&p->batch);
    pthread_rwlock_destroy(&p->lock);
    p->magic = 0;
    free(p);
}

size_t projection_bytes(struct projection *p)
{
    size_t all = sizeof *p;
    pthread_rwlock_rdlock(&p->lock);
    for (int i = 0; i < FACTS; i++)
        all += facts_bytes(&p->tables[i]);
    all += p->ways.packed.cap * 12 + p->ways.spans.cap * sizeof(struct visit_span) + p->ways.taken.cap * 16;
    all += p->activities.rows.cap * sizeof(struct activity) + p->deal_flags.cap;
    all += p->reaches.cap * sizeof(struct goal_reach);
    all += (p->first_line.cap + p->next_line.cap) * sizeof(uint32_t);
    pthread_rwlock_unlock(&p->lock);
    return all;
}

/* Activity and ways are put in order when somebody wants to look at them. */
static void lock_sorted(struct projection *p)
{
    pthread_rwlock_rdlock(&p->lock);
    while (!activity_sorted(&p->activities) || p->ways.gathered.len > 0) {
        pthread_rwlock_unlock(&p->lock);
        pthread_rwlock_wrlock(&p->lock);
        activity_sort(&p->activities);
        ways_settle(&p->ways);
        pthread_rwlock_unlock(&p->lock);
        pthread_rwlock_rdlock(&p->lock);
    }
}

struct projection_view projection_lock(struct projection *p)
{
    if (p->magic != MAGIC)
        abort();
    lock_sorted(p);
    struct projection_view v = {
        .visit_packed = p->ways.packed.ptr,
        .visit_actor = p->ways.actor.ptr,
        .visit_spans = p->ways.spans.ptr,
        .deal_flags = p->deal_flags.ptr,
        .stage_ids = p->ways.stage_ids.ptr,
        .n_stages = p->ways.stage_ids.len,
        .activity = p->activities.rows.ptr,
        .n_activity = p->activities.rows.len,
        .reaches = p->reaches.ptr,
        .n_reaches = p->reaches.len,
        .seq = p->seq,
        .unreadable = p->unreadable,
        .of = p,
    };
    for (int i = 0; i < FACTS; i++)
        facts_fill(&p->tables[i], &v.facts[i]);
    return v;
}

void projection_unlock(struct projection *p)
{
    pthread_rwlock_unlock(&p->lock);
}
