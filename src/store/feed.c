/* Follows the journal: reads behind the last event delivered, so a missed wake-up or a lost connection only delays. */
#include "base/log.h"
#include "base/time.h"
#include "store/db_impl.h"
#include "store/journal.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    DELIVER = 1000,
    SQLITE_POLL_MS = 250,    /* other programs on the same directory cannot wake us */
    POSTGRES_POLL_MS = 2000, /* NOTIFY wakes us; this is for a silent network */
    RETRY_MIN_MS = 100,
    RETRY_MAX_MS = 2000,
};

#define FEED_MAGIC 0x66656564u
struct feed {
    uint32_t magic;
    struct db_target target;
    const struct feed_listener *listeners;
    size_t n;
    struct db *db; /* NULL while the database is away */
    struct arena arena;
    struct event *events;
    size_t held;
    int wake_fd;
    atomic_bool stopping;
    _Atomic int64_t seq;
    pthread_t thread;
    pthread_mutex_t mutex; /* for feed_wait */
    pthread_cond_t moved;
};

static enum rc hold(void *arg, const struct event *ev)
{
    struct feed *f = arg;
    f->events[f->held] = *ev;
    f->events[f->held++].data = str_dup(&f->arena, ev->data);
    return RC_OK;
}

static void advance(struct feed *f, int64_t seq)
{
    pthread_mutex_lock(&f->mutex);
    atomic_store(&f->seq, seq);
    pthread_cond_broadcast(&f->moved);
    pthread_mutex_unlock(&f->mutex);
}

/* Nothing of the database is held while the listeners work. */
static enum rc deliver(struct feed *f, struct err *e)
{
    int64_t last;
    do {
        f->held = 0;
        enum rc rc = journal_read(f->db, atomic_load(&f->seq), DELIVER, hold, f, &last, e);
        if (rc == RC_OK && f->held) {
            for (size_t i = 0; i < f->n; i++)
                f->listeners[i].events(f->listeners[i].arg, f->events, f->held);
            advance(f, last);
        }
        arena_reset(&f->arena);
        TRY(rc);
    } while (f->held == DELIVER && !atomic_load(&f->stopping));
    return RC_OK;
}

static enum rc connect_feed(struct feed *f, struct err *e)
{
    enum rc rc = db_open(&f->db, &f->target, DB_READER, e);
    if (rc == RC_OK && f->target.kind == DB_POSTGRES)
        rc = db_postgres_listen(f->db, e);
    if (rc != RC_OK) {
        db_close(f->db);
        f->db = NULL;
    }
    return rc;
}

static void sleep_until_woken(struct feed *f, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = f->wake_fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
    uint64_t count;
    if (f->db && f->target.kind == DB_POSTGRES)
        fds[1].fd = db_postgres_socket(f->db);
    if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
        log_error("feed: %s", strerror(errno));
    if (fds[0].revents && read(f->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_error("feed: %s", strerror(errno));
}

static enum rc turn(struct feed *f, struct err *e)
{
    if (!f->db)
        TRY(connect_feed(f, e));
    if (f->target.kind == DB_POSTGRES)
        TRY(db_postgres_drain(f->db, e));
    return deliver(f, e);
}

static void *feed_main(void *arg)
{
    struct feed *f = arg;
    int poll_ms = f->target.kind == DB_POSTGRES ? POSTGRES_POLL_MS : SQLITE_POLL_MS, retry_ms = RETRY_MIN_MS;
    while (!atomic_load(&f->stopping)) {
        struct err e = {0};
        if (turn(f, &e) == RC_OK) {
            retry_ms = RETRY_MIN_MS;
            sleep_until_woken(f, poll_ms);
            continue;
        }
        if (retry_ms == RETRY_MIN_MS)
            log_warn("feed: %s %s", e.code, e.arg[0]);
        db_close(f->db);
        f->db = NULL;
        struct timespec pause = {.tv_sec = retry_ms / 1000, .tv_nsec = retry_ms % 1000 * 1000000L};
        nanosleep(&pause, NULL);
        retry_ms = retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : retry_ms * 2;
    }
    return NULL;
}

static void release(struct feed *f)
{
    db_close(f->db);
    if (f->wake_fd >= 0)
        close(f->wake_fd);
    arena_free(&f->arena);
    free(f->events);
    pthread_cond_destroy(&f->moved);
    pthread_mutex_destroy(&f->mutex);
    f->magic = 0;
    free(f);
}

enum rc feed_start(struct feed **out, const struct db_target *target, int64_t after,
                   const struct feed_listener *listeners, size_t n, struct err *e)
{
    struct feed *f = calloc(1, sizeof *f);
    enum rc rc;
    *out = NULL;
    if (!f)
        abort();
    *f = (struct feed){.magic = FEED_MAGIC, .target = *target, .listeners = listeners, .n = n};
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&f->moved, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&f->mutex, NULL);
    f->events = calloc(DELIVER, sizeof *f->events);
    f->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!f->events || f->wake_fd < 0)
        abort();
    TRY_OUT(connect_feed(f, e));
    if (after < 0)
        TRY_OUT(journal_last(f->db, &after, e));
    atomic_store(&f->seq, after);
    if (pthread_create(&f->thread, NULL, feed_main, f) != 0)
        abort();
    *out = f;
    return RC_OK;
out:
    release(f);
    return rc;
}

void feed_wake(struct feed *f)
{
    uint64_t one = 1;
    assert(f->magic == FEED_MAGIC);
    if (write(f->wake_fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_error("feed: %s", strerror(errno));
}

bool feed_wait(struct feed *f, int64_t seq, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&f->mutex);
    while (atomic_load(&f->seq) < seq && pthread_cond_timedwait(&f->moved, &f->mutex, &until) != ETIMEDOUT)
        ;
    bool there = atomic_load(&f->seq) >= seq;
    pthread_mutex_unlock(&f->mutex);
    return there;
}

int64_t feed_seq(const struct feed *f)
{
    return atomic_load(&f->seq);
}

void feed_stop(struct feed *f)
{
    if (!f)
        return;
    assert(f->magic == FEED_MAGIC);
    atomic_store(&f->stopping, true);
    feed_wake(f);
    pthread_join(f->thread, NULL);
    release(f);
}
