#include "store/writer.h"
#include "base/log.h"
#include "base/time.h"
#include "store/db_impl.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    BATCH = 512,
    CAREFUL = 16,       /* batches run with savepoints after a job that had written failed */
    PATIENCE_MS = 5000, /* jobs wait this long for a database that is away */
    PROBE_MS = 1000,
    BACKOFF_MS = 2000,
    LEISURE_MS = 1000,
};

#define WRITER_MAGIC 0x77726974u
struct writer {
    uint32_t magic;
    struct db *db;
    void (*committed)(void *arg);
    void *arg;
    pthread_t thread;
    struct arena arena;
    int careful;
    bool leisure_due; /* something was written since the last housekeeping */

    /* the database is away or full */
    struct err trouble;
    int64_t trouble_since, next_try, backoff;
    atomic_bool read_only;
    atomic_int_least64_t jobs, commits;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    struct job *head, **tail;
    bool stopping, stopped;
};

struct slot {
    struct job *job;
    void (*on_commit)(struct wtx *tx);
    enum rc rc;
    struct err *err;
};
struct batch {
    struct slot *slot;
    size_t n;
};

static _Atomic(void (*)(void)) each_job;

void writer_each_job(void (*begins)(void))
{
    atomic_store(&each_job, begins);
}

/* ---- one batch ---- */

static void refuse(struct writer *w, struct slot *s, const struct err *e)
{
    if (!s->err)
        s->err = ARENA_NEW(&w->arena, struct err);
    *s->err = *e;
    s->rc = e->rc;
}

static void run_job(struct writer *w, struct slot *s)
{
    struct err e = {0};
    struct wtx tx = {.db = w->db, .now = time_now(), .arena = &w->arena};
    void (*begins)(void) = atomic_load_explicit(&each_job, memory_order_relaxed);
    memset(&w->db->failed, 0, sizeof w->db->failed);
    if (begins)
        begins();
    s->rc = s->job->apply(&tx, s->job, &e);
    s->on_commit = tx.on_commit;
    if (s->rc != RC_OK) {
        e.rc = s->rc;
    } else if (w->db->failed.rc != RC_OK) { /* goes on after a failed statement: on PostgreSQL that cannot be */
        e = w->db->failed;
        log_error("a job went on after a failed statement: %s %s", e.code, e.arg[0]);
    }
    if (e.rc != RC_OK)
        refuse(w, s, &e);
}

static enum rc run_job_in_savepoint(struct writer *w, struct slot *s, struct err *e)
{
    int64_t seq = w->db->journal_seq, appended = w->db->appended;
    TRY(db_exec(w->db, "SAVEPOINT job", e));
    run_job(w, s);
    if (s->rc == RC_OK && w->db->fatal.rc == RC_OK)
        TRY(journal_flush(w->db, e));
    if (w->db->fatal.rc != RC_OK)
        return RC_OK;
    if (s->rc == RC_OK)
        return db_exec(w->db, "RELEASE job", e);
    buf_clear(&w->db->queue);
    w->db->journal_seq = seq;
    w->db->appended = appended;
    return db_exec(w->db, "ROLLBACK TO job; RELEASE job", e);
}

enum outcome { COMMITTED, FAILED, AGAIN_CAREFULLY };

static enum rc run_jobs(struct writer *w, struct batch *b, bool careful, bool *again, struct err *e)
{
    for (size_t i = 0; i < b->n; i++) {
        struct slot *s = &b->slot[i];
        int64_t before = db_writes(w->db), appended = w->db->appended;
        if (careful)
            TRY(run_job_in_savepoint(w, s, e));
        else
            run_job(w, s);
        if (w->db->fatal.rc != RC_OK) {
            *e = w->db->fatal;
            return e->rc;
        }
        bool spoilt = db_writes(w->db) != before || w->db->appended != appended || /* events may wait in the queue */
                      (w->db->kind == DB_POSTGRES && w->db->failed.rc != RC_OK);
        if (s->rc != RC_OK && !careful && spoilt) {
            *again = true;
            return RC_OK;
        }
    }
    return RC_OK;
}

/* Without savepoints first: that is what happens nearly always, and it is the fastest. */
static enum outcome try_batch(struct writer *w, struct batch *b, bool careful, bool *at_commit, struct err *e)
{
    bool again = false;
    *at_commit = false;
    if (db_begin(w->db, e) != RC_OK)
        return FAILED;
    if (run_jobs(w, b, careful, &again, e) != RC_OK) {
        db_rollback(w->db);
        return FAILED;
    }
    if (again) {
        db_rollback(w->db);
        return AGAIN_CAREFULLY;
    }
    *at_commit = true;
    return db_commit(w->db, e) == RC_OK ? COMMITTED : FAILED;
}

static void answer(struct writer *w, struct batch *b)
{
    static const struct err none = {0};
    for (size_t i = 0; i < b->n; i++) {
        struct slot *s = &b->slot[i];
        if (s->rc == RC_OK && s->on_commit) {
            struct wtx tx = {.db = w->db, .now = time_now(), .arena = &w->arena};
            s->on_commit(&tx);
        }
        s->job->done(s->job, s->rc, s->err ? s->err : &none);
    }
    arena_reset(&w->arena);
}

static void refuse_all(struct writer *w, struct batch *b, const struct err *e)
{
    for (size_t i = 0; i < b->n; i++)
        refuse(w, &b->slot[i], e);
    answer(w, b);
}

static void put_back(struct writer *w, struct batch *b)
{
    pthread_mutex_lock(&w->mutex);
    for (size_t i = b->n; i-- > 0;) {
        struct job *job = b->slot[i].job;
        job->next = w->head;
        if (!w->head)
            w->tail = &job->next;
        w->head = job;
    }
    pthread_mutex_unlock(&w->mutex);
    arena_reset(&w->arena);
}

/* The database said that it can take no writes. */
static void trouble(struct writer *w, const struct err *e)
{
    int64_t now = time_monotonic();
    bool away = strcmp(e->code, "db_unavailable") == 0;
    log_error("database: no writes: %s %s", e->code, e->arg[0]);
    w->trouble = *e;
    w->trouble_since = now;
    w->backoff = away ? 100 : PROBE_MS;
    w->next_try = away ? now : now + PROBE_MS;
    atomic_store(&w->read_only, true);
}

static void run_batch(struct writer *w, struct batch *b)
{
    struct err e = {0};
    bool at_commit, careful = w->careful > 0;
    enum outcome got = try_batch(w, b, careful, &at_commit, &e);
    if (got == AGAIN_CAREFULLY) {
        w->careful = CAREFUL;
        for (size_t i = 0; i < b->n; i++)
            b->slot[i].rc = RC_OK, b->slot[i].err = NULL, b->slot[i].on_commit = NULL;
        got = try_batch(w, b, true, &at_commit, &e);
    } else if (careful) {
        w->careful--;
    }
    if (got == FAILED) {
        if (w->db->fatal.rc != RC_OK)
            trouble(w, &w->db->fatal);
        /* A connection lost before COMMIT leaves nothing behind, the batch may run again. At COMMIT nobody knows. */
        if (!at_commit && strcmp(w->trouble.code, "db_unavailable") == 0)
            put_back(w, b);
        else
            refuse_all(w, b, &e);
        return;
    }
    w->leisure_due = true;
    atomic_fetch_add(&w->jobs, (int_least64_t)b->n);
    atomic_fetch_add(&w->commits, 1);
    bool told = w->db->appended > 0;
    answer(w, b);
    if (told && w->committed)
        w->committed(w->arg);
    w->db->ops->after_commit(w->db);
}

/* ---- trouble ---- */

static enum rc probe(struct writer *w, struct err *e)
{
    TRY(w->db->ops->reopen(w->db, e));
    TRY(db_begin(w->db, e));
    enum rc rc = db_exec(w->db, "DELETE FROM store_probe; INSERT INTO store_probe(id, at) VALUES(1, 1)", e);
    if (rc == RC_OK)
        return db_commit(w->db, e);
    db_rollback(w->db);
    return rc;
}

static void try_to_resume(struct writer *w)
{
    struct err e = {0};
    if (time_monotonic() < w->next_try)
        return;
    if (probe(w, &e) == RC_OK) {
        log_info("database: writes go on");
        memset(&w->trouble, 0, sizeof w->trouble);
        atomic_store(&w->read_only, false);
        return;
    }
    log_debug("database: still no writes: %s %s", e.code, e.arg[0]);
    if (w->db->fatal.rc != RC_OK)
        w->trouble = w->db->fatal;
    w->next_try = time_monotonic() + w->backoff;
    if (strcmp(w->trouble.code, "db_unavailable") == 0)
        w->backoff = w->backoff * 2 > BACKOFF_MS ? BACKOFF_MS : w->backoff * 2;
}

static bool worth_waiting(const struct writer *w)
{
    return strcmp(w->trouble.code, "db_unavailable") == 0 && time_monotonic() - w->trouble_since < PATIENCE_MS;
}

/* ---- the thread ---- */

static void wait_ms(struct writer *w, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&w->wake, &w->mutex, &until);
}

/* Waits until there is a reason to do something, then takes what waits; the mutex is held. */
static void take(struct writer *w, struct batch *b)
{
    while (!w->head && !w->stopping && !w->leisure_due && w->trouble.rc == RC_OK)
        pthread_cond_wait(&w->wake, &w->mutex);
    if (!w->head && !w->stopping)
        wait_ms(w, w->trouble.rc != RC_OK ? 100 : LEISURE_MS);
    size_t n = 0;
    for (struct job *j = w->head; j && n < BATCH; j = j->next)
        n++;
    b->n = 0;
    b->slot = n ? ARENA_ARRAY(&w->arena, struct slot, n) : NULL;
    while (b->n < n) {
        struct job *j = w->head;
        w->head = j->next;
        b->slot[b->n++].job = j;
    }
    if (!w->head)
        w->tail = &w->head;
}

static void step(struct writer *w, struct batch *b, bool stopping)
{
    if (w->trouble.rc != RC_OK)
        try_to_resume(w);
    if (w->trouble.rc != RC_OK) {
        if (b->n && (stopping || !worth_waiting(w)))
            refuse_all(w, b, &w->trouble);
        else if (b->n) {
            put_back(w, b);
            struct timespec pause = {.tv_nsec = 50 * 1000000L};
            nanosleep(&pause, NULL);
        }
        return;
    }
    if (b->n)
        run_batch(w, b);
    else if (w->leisure_due)
        w->leisure_due = !w->db->ops->idle(w->db);
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    struct batch b;
    for (;;) {
        pthread_mutex_lock(&w->mutex);
        take(w, &b);
        bool stopping = w->stopping;
        w->stopped = stopping && b.n == 0;
        pthread_mutex_unlock(&w->mutex);
        if (stopping && b.n == 0)
            return NULL;
        step(w, &b, stopping);
    }
}

enum rc writer_start(struct writer **out, const struct db_target *target, const struct migration *list, size_t n,
                     void (*committed)(void *arg), void *arg, struct err *e)
{
    struct db *db = NULL;
    enum rc rc;
    *out = NULL;
    TRY_OUT(db_open(&db, target, DB_WRITER, e));
    TRY_OUT(migrate(db, list, n, e));
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    *w = (struct writer){.magic = WRITER_MAGIC, .db = db, .committed = committed, .arg = arg, .leisure_due = true};
    w->tail = &w->head;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&w->mutex, NULL);
    if (pthread_create(&w->thread, NULL, writer_main, w) != 0)
        abort();
    *out = w;
    return RC_OK;
out:
    db_close(db);
    return rc;
}

void writer_submit(struct writer *w, struct job *job)
{
    job->next = NULL;
    writer_submit_all(w, job);
}

void writer_submit_all(struct writer *w, struct job *first)
{
    assert(w->magic == WRITER_MAGIC);
    if (!first)
        return;
    struct job *last = first;
    while (last->next)
        last = last->next;
    pthread_mutex_lock(&w->mutex);
    assert(!w->stopped); /* a job handed in while the writer finishes is still done */
    *w->tail = first;
    w->tail = &last->next;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->mutex);
}

struct waiting {
    struct job job;
    struct job *inner;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool finished;
    enum rc rc;
    struct err err;
};

static enum rc waiting_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct job *inner = ((struct waiting *)job)->inner;
    return inner->apply(tx, inner, e);
}

static void waiting_done(struct job *job, enum rc rc, const struct err *e)
{
    struct waiting *wait = (struct waiting *)job;
    if (wait->inner->done)
        wait->inner->done(wait->inner, rc, e);
    pthread_mutex_lock(&wait->mutex);
    wait->rc = rc;
    wait->err = *e;
    wait->err.more = NULL; /* of the writer's arena */
    wait->finished = true;
    pthread_cond_signal(&wait->cond);
    pthread_mutex_unlock(&wait->mutex);
}

enum rc writer_run(struct writer *w, struct job *job, struct err *e)
{
    struct waiting wait = {.job = {.apply = waiting_apply, .done = waiting_done}, .inner = job};
    pthread_mutex_init(&wait.mutex, NULL);
    pthread_cond_init(&wait.cond, NULL);
    writer_submit(w, &wait.job);
    pthread_mutex_lock(&wait.mutex);
    while (!wait.finished)
        pthread_cond_wait(&wait.cond, &wait.mutex);
    pthread_mutex_unlock(&wait.mutex);
    pthread_cond_destroy(&wait.cond);
    pthread_mutex_destroy(&wait.mutex);
    if (wait.rc != RC_OK && e)
        *e = wait.err;
    return wait.rc;
}

void writer_stop(struct writer *w)
{
    if (!w)
        return;
    assert(w->magic == WRITER_MAGIC);
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    db_close(w->db);
    arena_free(&w->arena);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->mutex);
    w->magic = 0;
    free(w);
}

struct writer_stats writer_stats(const struct writer *w)
{
    return (struct writer_stats){atomic_load(&w->jobs), atomic_load(&w->commits)};
}

bool writer_read_only(const struct writer *w)
{
    return atomic_load(&w->read_only);
}
