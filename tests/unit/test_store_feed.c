/* Everybody sees every change, in one order, whoever made it. */
#include "base/log.h"
#include "base/time.h"
#include "store_places.h"
#include <pthread.h>
#include <stdatomic.h>

struct note {
    struct job job;
    int64_t who;
    int events;
};
static enum rc append(struct wtx *tx, struct job *job, struct err *e)
{
    struct note *n = (struct note *)job;
    for (int i = 0; i < n->events; i++) {
        struct event ev = {.at = tx->now,
                           .actor_id = n->who,
                           .object_kind = 3,
                           .object_id = i,
                           .verb = 2,
                           .via = 2,
                           .data = STR("{\"x\":[1,2]}")};
        TRY(journal_append(tx, &ev, e));
    }
    return RC_OK;
}

struct watched {
    _Atomic int64_t last;
    atomic_int wrong, batches;
};
static void watch(void *arg, const struct event *ev, size_t n)
{
    struct watched *w = arg;
    for (size_t i = 0; i < n; i++) {
        if (ev[i].seq != atomic_load(&w->last) + 1 || !str_eqc(ev[i].data, "{\"x\":[1,2]}"))
            atomic_fetch_add(&w->wrong, 1);
        atomic_store(&w->last, ev[i].seq);
    }
    if (n > 1000)
        atomic_fetch_add(&w->wrong, 1);
    atomic_fetch_add(&w->batches, 1);
}

static struct writer *start(struct place *p, void (*committed)(void *), void *arg)
{
    struct writer *w = NULL;
    struct err e = {0};
    struct migration steps[TEST_STEPS];
    store_schema(steps);
    OK(writer_start(&w, &p->target, steps, TEST_STEPS, committed, arg, &e));
    return w;
}

enum { JOBS = 300 };
static void *write_many(void *arg)
{
    struct note n = {.job.apply = append, .who = 1, .events = 7};
    struct err e = {0};
    for (int i = 0; i < JOBS; i++)
        if (writer_run(arg, &n.job, &e) != RC_OK)
            return (void *)1;
    return NULL;
}

static void two_servers_write_and_both_see_every_change_in_one_order(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct writer *w[2] = {start(p, NULL, NULL), start(p, NULL, NULL)};
    struct watched seen[2] = {0};
    struct feed *feed[2] = {0};
    struct feed_listener listener[2] = {{watch, &seen[0]}, {watch, &seen[1]}};
    pthread_t thread[2];
    void *result;
    for (int i = 0; i < 2; i++) {
        OK(feed_start(&feed[i], &p->target, 0, &listener[i], 1, &e));
        assert_int_equal(pthread_create(&thread[i], NULL, write_many, w[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], &result);
        assert_null(result);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(feed_wait(feed[i], 2 * JOBS * 7, 10000)); /* nobody woke it: it looks by itself, or is told */
        assert_int_equal(feed_seq(feed[i]), 2 * JOBS * 7);
        assert_int_equal(atomic_load(&seen[i].wrong), 0);
        assert_int_equal(atomic_load(&seen[i].last), 2 * JOBS * 7);
        feed_stop(feed[i]);
        writer_stop(w[i]);
    }
}

static void wake(void *arg)
{
    feed_wake(*(struct feed **)arg);
}

static void a_local_change_arrives_at_once_and_a_late_listener_catches_up(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct feed *now = NULL, *late = NULL;
    struct writer *first = start(p, NULL, NULL);
    struct note n = {.job.apply = append, .events = 2500};
    OK(writer_run(first, &n.job, &e));
    writer_stop(first);
    struct watched a = {.last = 2500}, b = {0};
    struct feed_listener la = {watch, &a}, lb = {watch, &b};
    OK(feed_start(&now, &p->target, -1, &la, 1, &e)); /* from here on */
    assert_int_equal(feed_seq(now), 2500);
    struct writer *w = start(p, wake, &now);
    n.events = 1;
    int64_t began = time_monotonic();
    for (int64_t i = 1; i <= 20; i++) {
        OK(writer_run(w, &n.job, &e));
        assert_true(feed_wait(now, 2500 + i, 5000));
    }
    assert_true(time_monotonic() - began < 20 * 100); /* polling alone would take 20 times 250 ms */
    assert_false(feed_wait(now, 2521, 20));
    OK(feed_start(&late, &p->target, 0, &lb, 1, &e));
    assert_true(feed_wait(late, 2520, 5000));
    assert_int_equal(atomic_load(&a.wrong) + atomic_load(&b.wrong), 0);
    assert_true(atomic_load(&b.batches) >= 3);
    writer_stop(w);
    feed_stop(now);
    feed_stop(late);
}

/* ---- PostgreSQL goes away ---- */

static void cut_all_connections(struct place *p)
{
    struct err e = {0};
    struct db *db = NULL;
    OK(db_open(&db, &p->target, DB_READER, &e));
    OK(db_exec(db,
               "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
               "datname = current_database()",
               &e));
    db_close(db);
}

static void a_lost_postgresql_is_found_again_and_nothing_is_missed(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct feed *feed = NULL;
    struct watched seen = {0};
    struct feed_listener listener = {watch, &seen};
    struct writer *w = start(p, NULL, NULL);
    struct db *reader = NULL;
    OK(db_open(&reader, &p->target, DB_READER, &e));
    OK(feed_start(&feed, &p->target, 0, &listener, 1, &e));
    struct note n = {.job.apply = append, .events = 3};
    for (int64_t i = 1; i <= 5; i++) {
        OK(writer_run(w, &n.job, &e)); /* finds its connection cut, opens it again */
        assert_int_equal(number(reader, "SELECT count(*) FROM journal"), 3 * i);
        cut_all_connections(p);
    }
    OK(writer_run(w, &n.job, &e));
    assert_true(feed_wait(feed, 18, 10000));
    assert_int_equal(atomic_load(&seen.wrong), 0);
    assert_false(writer_read_only(w));
    db_close(reader);
    feed_stop(feed);
    writer_stop(w);
}

int main(void)
{
    log_max = LOG_ERROR;
    const struct CMUnitTest tests[] = {
        SCENARIO(two_servers_write_and_both_see_every_change_in_one_order),
        SCENARIO(a_local_change_arrives_at_once_and_a_late_listener_catches_up),
        {"a_lost_postgresql_is_found_again_and_nothing_is_missed",
         a_lost_postgresql_is_found_again_and_nothing_is_missed, on_postgres, place_close, NULL},
    };
    return run_scenarios("store: the feed", tests, sizeof tests / sizeof *tests);
}
