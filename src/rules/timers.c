/* The thread that looks what is due. Each timer is a job of the writer, which drops its row and runs its trigger in one
 * transaction: killed at any moment, it has happened whole or not at all. Of several servers on one database one looks
 * at a time; were there two, the second would find the row gone. */
#include "base/log.h"
#include "base/time.h"
#include "rules/timer.h"
#include "store/sole.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    ROUND = 64,               /* timers handed to the writer at once: people's changes go between */
    LOOK_MS = 500,            /* for what has been planned meanwhile */
    TROUBLE_MS = 1000,        /* the database is away */
    LATER_MS = 10 * 60 * 1000 /* of a timer that the program fails on */
};

struct timers {
    struct db_target target;
    struct writer *writer;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    bool stopping, woken;
    size_t under_way;
    /* the thread's own */
    struct db *db;
    bool ours;
};

struct one {
    struct job job;
    struct timers *timers;
    int64_t id;
    bool failed;
};

/* ---- jobs of the writer ---- */

static enum rc fire(struct wtx *tx, struct job *job, struct err *e)
{
    struct one *o = (struct one *)job;
    struct change ch = change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_TRIGGER});
    bool fired;
    TRY(timer_fire(&ch, o->id, &fired, e));
    return change_end(&ch, e);
}

/* What the program cannot do now must not keep the others waiting. */
static enum rc put_off(struct wtx *tx, struct job *job, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, "UPDATE timer SET due_at = $1 WHERE id = $2", e));
    stmt_i64(s, 1, tx->now + LATER_MS);
    stmt_i64(s, 2, ((struct one *)job)->id);
    return stmt_run(s, e);
}

static void done(struct job *job, enum rc rc, const struct err *e)
{
    struct one *o = (struct one *)job;
    struct timers *t = o->timers;
    o->failed = rc != RC_OK && rc != RC_UNAVAILABLE;
    if (rc != RC_OK)
        log_error("timer %lld: %s %s %s", (long long)o->id, e->code, e->field, e->arg[0]);
    pthread_mutex_lock(&t->mutex);
    if (--t->under_way == 0)
        pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->mutex);
}

static void run_all(struct timers *t, struct one *list, size_t n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n; i++)
        list[i].job.next = i + 1 < n ? &list[i + 1].job : NULL;
    pthread_mutex_lock(&t->mutex);
    t->under_way = n;
    pthread_mutex_unlock(&t->mutex);
    writer_submit_all(t->writer, &list[0].job);
    pthread_mutex_lock(&t->mutex);
    while (t->under_way)
        pthread_cond_wait(&t->wake, &t->mutex);
    pthread_mutex_unlock(&t->mutex);
}

/* ---- a round ---- */

static enum rc connect(struct timers *t, struct err *e)
{
    if (!t->db)
        TRY(db_open(&t->db, &t->target, DB_READER, e));
    return db_sole(t->db, SOLE_TIMERS, &t->ours, e);
}

/* Those that are due, oldest first, and when the next one is. */
static enum rc read_due(struct timers *t, struct one *list, size_t *n, int64_t *next, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int64_t now = time_now();
    *n = 0;
    *next = INT64_MAX;
    TRY(db_prepare(t->db, &s, "SELECT id, due_at FROM timer ORDER BY due_at, id LIMIT $1", e));
    stmt_i64(s, 1, ROUND);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (stmt_col_i64(s, 1) > now) {
            *next = stmt_col_i64(s, 1);
            break;
        }
        list[(*n)++] = (struct one){.job = {.apply = fire, .done = done}, .timers = t, .id = stmt_col_i64(s, 0)};
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* How long to wait before the next round. */
static enum rc round_of(struct timers *t, int64_t *wait_ms, struct err *e)
{
    struct one list[ROUND];
    size_t n, bad = 0;
    int64_t next;
    *wait_ms = LOOK_MS;
    TRY(connect(t, e));
    if (!t->ours)
        return RC_OK;
    TRY(read_due(t, list, &n, &next, e));
    run_all(t, list, n);
    for (size_t i = 0; i < n; i++)
        if (list[i].failed)
            list[bad++] = (struct one){.job = {.apply = put_off, .done = done}, .timers = t, .id = list[i].id};
    run_all(t, list, bad);
    int64_t left = next == INT64_MAX ? LOOK_MS : next - time_now();
    *wait_ms = n == ROUND ? 0 : left < 0 ? 0 : left < LOOK_MS ? left : LOOK_MS;
    return RC_OK;
}

/* ---- the thread ---- */

static void sleep_ms(struct timers *t, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&t->mutex);
    while (!t->woken && !t->stopping && ms > 0)
        if (pthread_cond_timedwait(&t->wake, &t->mutex, &until) != 0)
            break;
    t->woken = false;
    pthread_mutex_unlock(&t->mutex);
}

static bool stopping(struct timers *t)
{
    pthread_mutex_lock(&t->mutex);
    bool is = t->stopping;
    pthread_mutex_unlock(&t->mutex);
    return is;
}

static void *run(void *arg)
{
    struct timers *t = arg;
    bool trouble = false;
    while (!stopping(t)) {
        struct err e = {0};
        int64_t wait_ms;
        if (round_of(t, &wait_ms, &e) != RC_OK) {
            if (!trouble)
                log_warn("timers: %s %s", e.code, e.arg[0]);
            db_close(t->db);
            t->db = NULL;
            t->ours = false;
            wait_ms = TROUBLE_MS;
            trouble = true;
        } else {
            trouble = false;
        }
        sleep_ms(t, wait_ms);
    }
    db_close(t->db);
    t->db = NULL;
    return NULL;
}

enum rc timers_start(struct timers **out, const struct db_target *target, struct writer *w, struct err *e)
{
    struct timers *t = calloc(1, sizeof *t);
    pthread_condattr_t clock;
    if (!t)
        abort();
    *t = (struct timers){.target = *target, .writer = w};
    pthread_mutex_init(&t->mutex, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &clock);
    pthread_condattr_destroy(&clock);
    *out = t;
    if (pthread_create(&t->thread, NULL, run, t) == 0)
        return RC_OK;
    timers_free(t);
    *out = NULL;
    return err_set(e, RC_INTERNAL, "thread", "", NULL);
}

static void tell(struct timers *t, bool stop)
{
    pthread_mutex_lock(&t->mutex);
    t->woken = true;
    t->stopping = t->stopping || stop;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->mutex);
}

void timers_wake(struct timers *t)
{
    if (t)
        tell(t, false);
}

void timers_stop(struct timers *t)
{
    if (!t)
        return;
    tell(t, true);
    pthread_join(t->thread, NULL);
}

void timers_free(struct timers *t)
{
    if (!t)
        return;
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}
