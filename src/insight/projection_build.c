/* Reading the whole journal: as long as that takes, two threads share the work. One reads ahead, piece by piece, and
 * understands what events say; the other takes the pieces in, in order, and reads itself when the next one is not there
 * yet. */
#include "base/log.h"
#include "insight/projection_impl.h"
#include <errno.h>

enum {
    PIECE = 1024, /* events: few enough to stay in the cache until they are taken in */
    RING = 8,     /* pieces read ahead */
    RETRY_MS = 500
};

struct piece {
    struct told_batch batch;
    bool ready; /* it has been read */
};
struct reading {
    struct projection *p;
    int64_t after, last;      /* of the journal */
    size_t n, to_read, taken; /* pieces */
    struct piece ring[RING];
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    enum rc rc;
    struct err e;
};

/* Where a thread reads. */
struct source {
    struct projection *p;
    struct db *db;
    struct journal_pages *pages;
    struct decoder decoder;
    struct arena texts; /* of a piece */
    struct told_batch *into;
};

static void source_begin(struct source *s, struct projection *p, struct db *db)
{
    *s = (struct source){.p = p, .db = db, .pages = journal_pages_begin(db)};
    decoder_init(&s->decoder);
}

static void source_end(struct source *s)
{
    journal_pages_end(s->pages);
    decoder_free(&s->decoder);
    arena_free(&s->texts);
}

static bool stopping(struct projection *p)
{
    pthread_mutex_lock(&p->builder.mutex);
    bool yes = p->builder.stopping;
    pthread_mutex_unlock(&p->builder.mutex);
    return yes;
}

static enum rc understand(void *source, const struct event *ev)
{
    struct source *s = source;
    decoder_tell(&s->decoder, ev, s->into);
    return RC_OK;
}

static enum rc read_range(struct source *s, struct told_batch *into, int64_t after, int64_t last, struct err *e)
{
    if (s->decoder.custom != atomic_load(&s->p->custom)) {
        pthread_rwlock_rdlock(&s->p->lock);
        decoder_learn(&s->decoder, &s->p->decoder);
        pthread_rwlock_unlock(&s->p->lock);
    }
    told_clear(into);
    s->into = into;
    enum rc rc = journal_range(s->db, s->pages, after, last, &s->texts, understand, s, e);
    arena_reset(&s->texts);
    return rc;
}

/* The next piece that nobody has read, if there is room for it. */
static bool claim(struct reading *r, size_t *out)
{
    if (r->rc != RC_OK || r->to_read >= r->n || r->to_read >= r->taken + RING)
        return false;
    *out = r->to_read++;
    return true;
}

/* Called with the mutex held, which is let go meanwhile. */
static void read_piece(struct reading *r, struct source *from, size_t i)
{
    struct piece *piece = &r->ring[i % RING];
    struct err e = {0};
    int64_t after = r->after + (int64_t)i * PIECE, last = after + PIECE < r->last ? after + PIECE : r->last;
    pthread_mutex_unlock(&r->mutex);
    enum rc rc = read_range(from, &piece->batch, after, last, &e);
    pthread_mutex_lock(&r->mutex);
    piece->ready = true;
    if (rc != RC_OK && r->rc == RC_OK) {
        r->rc = rc;
        r->e = e;
    }
    pthread_cond_broadcast(&r->moved);
}

static void *reader_main(void *arg)
{
    struct reading *r = arg;
    struct source from;
    struct db *db;
    struct err e = {0};
    size_t i;
    if (db_open(&db, &r->p->builder.target, DB_READER, &e) != RC_OK)
        return NULL; /* the other one does it alone */
    source_begin(&from, r->p, db);
    pthread_mutex_lock(&r->mutex);
    while (r->rc == RC_OK && r->to_read < r->n) {
        if (claim(r, &i))
            read_piece(r, &from, i);
        else
            pthread_cond_wait(&r->moved, &r->mutex);
    }
    pthread_mutex_unlock(&r->mutex);
    source_end(&from);
    db_close(db);
    return NULL;
}

static void take_in(struct reading *r, struct db *db)
{
    struct source from;
    source_begin(&from, r->p, db);
    pthread_mutex_lock(&r->mutex);
    while (r->rc == RC_OK && r->taken < r->n) {
        struct piece *piece = &r->ring[r->taken % RING];
        size_t i;
        if (piece->ready) {
            pthread_mutex_unlock(&r->mutex);
            projection_told(r->p, &piece->batch);
            bool stop = stopping(r->p);
            pthread_mutex_lock(&r->mutex);
            piece->ready = false;
            r->taken++;
            r->rc = stop ? RC_UNAVAILABLE : r->rc;
            pthread_cond_broadcast(&r->moved);
        } else if (claim(r, &i)) {
            read_piece(r, &from, i);
        } else {
            pthread_cond_wait(&r->moved, &r->mutex);
        }
    }
    pthread_cond_broadcast(&r->moved);
    pthread_mutex_unlock(&r->mutex);
    source_end(&from);
}

/* Everything up to `last` that is not in yet. */
static enum rc catch_up(struct projection *p, struct db *db, int64_t last, struct err *e)
{
    struct reading r = {.p = p, .after = p->seq, .last = last};
    pthread_t reader;
    r.n = (size_t)((last - r.after + PIECE - 1) / PIECE);
    pthread_mutex_init(&r.mutex, NULL);
    pthread_cond_init(&r.moved, NULL);
    bool two = r.n > 2 && pthread_create(&reader, NULL, reader_main, &r) == 0;
    take_in(&r, db);
    if (two)
        pthread_join(reader, NULL);
    for (int i = 0; i < RING; i++)
        told_free(&r.ring[i].batch);
    pthread_cond_destroy(&r.moved);
    pthread_mutex_destroy(&r.mutex);
    *e = r.e;
    return r.rc;
}

static enum rc read_all(struct projection *p, struct err *e)
{
    struct builder *b = &p->builder;
    int64_t last;
    if (b->db == NULL)
        TRY(db_open(&b->db, &b->target, DB_READER, e));
    for (;;) {
        TRY(journal_last(b->db, &last, e));
        if (last <= p->seq)
            break;
        TRY(catch_up(p, b->db, last, e));
    }
    pthread_rwlock_wrlock(&p->lock);
    projection_trim(p);
    pthread_rwlock_unlock(&p->lock);
    return RC_OK;
}

enum rc projection_read(struct projection **out, const struct db_target *target, struct err *e)
{
    struct projection *p = projection_new();
    p->builder.target = *target;
    enum rc rc = read_all(p, e);
    db_close(p->builder.db);
    p->builder.db = NULL;
    *out = p;
    if (rc != RC_OK) {
        projection_free(p);
        *out = NULL;
    }
    return rc;
}

static enum rc build(struct projection *p, struct err *e)
{
    struct builder *b = &p->builder;
    TRY(read_all(p, e));
    struct feed *feed;
    TRY(feed_start(&feed, &b->target, p->seq, &p->listener, 1, e));
    pthread_mutex_lock(&b->mutex);
    p->feed = feed;
    pthread_cond_broadcast(&b->built);
    pthread_mutex_unlock(&b->mutex);
    return RC_OK;
}

static void *builder_main(void *arg)
{
    struct projection *p = arg;
    bool said = false;
    while (!stopping(p)) {
        struct err e = {0};
        if (build(p, &e) == RC_OK)
            break;
        if (!said && !stopping(p))
            log_warn("projection: %s %s", e.code, e.arg[0]);
        said = true;
        db_close(p->builder.db);
        p->builder.db = NULL;
        struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    db_close(p->builder.db);
    p->builder.db = NULL;
    return NULL;
}

void builder_init(struct builder *b)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&b->built, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&b->mutex, NULL);
}

enum rc builder_start(struct projection *p, const struct db_target *target, struct err *e)
{
    struct builder *b = &p->builder;
    b->target = *target;
    TRY(db_open(&b->db, target, DB_READER, e));
    b->started = true;
    if (pthread_create(&b->thread, NULL, builder_main, p) != 0)
        abort();
    return RC_OK;
}

bool builder_wait(struct projection *p, struct timespec until)
{
    struct builder *b = &p->builder;
    pthread_mutex_lock(&b->mutex);
    while (p->feed == NULL && pthread_cond_timedwait(&b->built, &b->mutex, &until) != ETIMEDOUT)
        ;
    bool there = p->feed != NULL;
    pthread_mutex_unlock(&b->mutex);
    return there;
}

void builder_stop(struct projection *p)
{
    struct builder *b = &p->builder;
    pthread_mutex_lock(&b->mutex);
    b->stopping = true;
    pthread_mutex_unlock(&b->mutex);
    if (b->started)
        pthread_join(b->thread, NULL);
    if (p->feed != NULL)
        feed_stop(p->feed);
    pthread_cond_destroy(&b->built);
    pthread_mutex_destroy(&b->mutex);
}
