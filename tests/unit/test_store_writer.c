/* One writer, many sellers: what is acknowledged is there, what fails leaves nothing. */
#include "base/log.h"
#include "base/time.h"
#include "store_places.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct deal_job {
    struct job job;
    char title[64];
    int events;    /* appended after the deal's row */
    bool fails;    /* refuses after everything is written */
    bool swallows; /* goes on after a statement that failed */
    int64_t first_seq, change_id;
    int runs;
};

static enum rc add_deal(struct wtx *tx, struct job *job, struct err *e)
{
    struct deal_job *d = (struct deal_job *)job;
    struct stmt *s;
    d->runs++;
    d->first_seq = 0;
    TRY(db_prepare(tx->db, &s, "INSERT INTO deal(title, value) VALUES($1, $2)", e));
    stmt_str(s, 1, str_c(d->title));
    stmt_i64(s, 2, 100);
    enum rc rc = stmt_run(s, e);
    if (rc != RC_OK && !d->swallows)
        return rc;
    int64_t change = 0;
    for (int i = 0; i < d->events; i++) {
        struct event ev = {.at = tx->now,
                           .object_kind = 3,
                           .object_id = 7,
                           .verb = 1,
                           .via = 2,
                           .change_id = change,
                           .data = str_fmt(tx->arena, "{\"title\":[null,\"%s\"]}", d->title)};
        TRY(journal_append(tx, &ev, e));
        if (!d->first_seq)
            d->first_seq = ev.seq, change = d->change_id = ev.change_id;
    }
    return d->fails ? err_set(e, RC_UNPROCESSABLE, "against_a_rule", "title", NULL) : RC_OK;
}

static struct writer *start(struct place *p)
{
    struct writer *w = NULL;
    struct err e = {0};
    struct migration steps[TEST_STEPS];
    store_schema(steps);
    OK(writer_start(&w, &p->target, steps, TEST_STEPS, NULL, NULL, &e));
    return w;
}

static struct db *reader(struct place *p)
{
    struct db *db = NULL;
    struct err e = {0};
    OK(db_open(&db, &p->target, DB_READER, &e));
    return db;
}

enum { SELLERS = 64, EACH = 20 };
static void *seller(void *arg)
{
    struct writer *w = ((void **)arg)[0];
    int who = (int)(intptr_t)((void **)arg)[1];
    for (int i = 0; i < EACH; i++) {
        struct deal_job d = {.job.apply = add_deal, .events = 2};
        struct err e = {0};
        snprintf(d.title, sizeof d.title, "%d-%d", who, i);
        if (writer_run(w, &d.job, &e) != RC_OK || d.change_id != d.first_seq)
            return (void *)1;
    }
    return NULL;
}

static void sixty_four_sellers_write_at_once_and_nothing_is_lost(void **state)
{
    struct place *p = *state;
    struct writer *w = start(p);
    pthread_t thread[SELLERS];
    void *arg[SELLERS][2], *result;
    for (int i = 0; i < SELLERS; i++) {
        arg[i][0] = w;
        arg[i][1] = (void *)(intptr_t)i;
        assert_int_equal(pthread_create(&thread[i], NULL, seller, arg[i]), 0);
    }
    for (int i = 0; i < SELLERS; i++) {
        pthread_join(thread[i], &result);
        assert_null(result);
    }
    struct db *db = reader(p);
    assert_int_equal(number(db, "SELECT count(*) FROM deal"), SELLERS * EACH);
    assert_int_equal(number(db, "SELECT count(*) FROM journal"), SELLERS * EACH * 2);
    assert_int_equal(number(db, "SELECT max(seq) FROM journal"), SELLERS * EACH * 2); /* no gaps */
    assert_int_equal(number(db, "SELECT count(*) FROM journal WHERE change_id = seq"), SELLERS * EACH);
    db_close(db);
    writer_stop(w);
}

/* Holds the writer until several jobs wait, so that they become one batch. */
struct gate {
    struct job job;
    pthread_mutex_t mutex;
};
static enum rc hold_gate(struct wtx *tx, struct job *job, struct err *e)
{
    (void)tx, (void)e;
    pthread_mutex_lock(&((struct gate *)job)->mutex);
    pthread_mutex_unlock(&((struct gate *)job)->mutex);
    return RC_OK;
}
static void no_answer(struct job *job, enum rc rc, const struct err *e)
{
    (void)job, (void)rc, (void)e;
}

struct answered {
    struct deal_job d;
    _Atomic int rc; /* -1 while waiting */
    struct err err;
};
static void keep_answer(struct job *job, enum rc rc, const struct err *e)
{
    struct answered *a = (struct answered *)job;
    a->err = *e;
    atomic_store(&a->rc, (int)rc);
}
static void ask(struct writer *w, struct answered *a, const char *title)
{
    a->d.job.apply = add_deal;
    a->d.job.done = keep_answer;
    snprintf(a->d.title, sizeof a->d.title, "%s", title);
    atomic_store(&a->rc, -1);
    writer_submit(w, &a->d.job);
}
static int answer_of(struct answered *a)
{
    for (int i = 0; i < 20000 && atomic_load(&a->rc) < 0; i++)
        usleep(1000);
    return atomic_load(&a->rc);
}

static void a_refused_change_leaves_nothing_and_its_neighbours_stay(void **state)
{
    struct place *p = *state;
    struct writer *w = start(p);
    struct gate gate = {.job = {.apply = hold_gate, .done = no_answer}, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct answered a[5] = {{.d.events = 2},
                            {.d.events = 3, .d.fails = true},
                            {.d.events = 1},
                            {.d.events = 1},
                            {.d.events = 1, .d.swallows = true}};
    pthread_mutex_lock(&gate.mutex);
    writer_submit(w, &gate.job);
    ask(w, &a[0], "Альфа");
    ask(w, &a[1], "Бета");
    ask(w, &a[2], "Гамма");
    ask(w, &a[3], "Альфа"); /* the name is taken */
    ask(w, &a[4], "Гамма"); /* taken too, and the job does not care */
    pthread_mutex_unlock(&gate.mutex);
    assert_int_equal(answer_of(&a[0]), RC_OK);
    assert_int_equal(answer_of(&a[1]), RC_UNPROCESSABLE);
    assert_string_equal(a[1].err.code, "against_a_rule");
    assert_int_equal(answer_of(&a[2]), RC_OK);
    assert_int_equal(answer_of(&a[3]), RC_CONFLICT);
    assert_string_equal(a[3].err.code, "unique_violation");
    assert_string_equal(a[3].err.arg[0], "deal.title");
    assert_int_equal(answer_of(&a[4]), RC_CONFLICT);
    struct db *db = reader(p);
    assert_int_equal(number(db, "SELECT count(*) FROM deal"), 2);
    assert_int_equal(number(db, "SELECT count(*) FROM journal"), 3);
    assert_int_equal(number(db, "SELECT max(seq) FROM journal"), 3); /* the refused one left no hole */
    assert_int_equal(a[2].d.first_seq, 3);
    db_close(db);
    writer_stop(w);
}

/* An event without a row: of a sign-in, an import. */
struct remark {
    struct job job;
    bool refuses;
    int64_t seen; /* events of its object that the job itself found in the journal */
};
static enum rc tell_only(struct wtx *tx, struct job *job, struct err *e)
{
    struct remark *t = (struct remark *)job;
    struct stmt *s;
    struct event ev = {.at = tx->now, .object_kind = 18, .object_id = 5, .verb = 10, .via = 3};
    TRY(journal_append(tx, &ev, e));
    if (t->refuses)
        return err_set(e, RC_UNPROCESSABLE, "against_a_rule", "", NULL);
    TRY(db_prepare(tx->db, &s, "SELECT count(*) FROM journal WHERE object_kind = 18 AND object_id = 5", e));
    enum rc rc = stmt_step(s, e);
    t->seen = rc == RC_ROW ? stmt_col_i64(s, 0) : -1;
    stmt_done(s);
    return rc == RC_ROW ? RC_OK : rc;
}

static void a_job_reads_its_own_events_and_a_refused_one_leaves_none(void **state)
{
    struct place *p = *state;
    struct writer *w = start(p);
    struct remark good = {.job.apply = tell_only}, bad = {.job.apply = tell_only, .refuses = true};
    struct err e = {0};
    OK(writer_run(w, &good.job, &e));
    assert_int_equal(good.seen, 1);
    assert_int_equal(writer_run(w, &bad.job, &e), RC_UNPROCESSABLE);
    OK(writer_run(w, &good.job, &e));
    assert_int_equal(good.seen, 2);
    struct db *db = reader(p);
    assert_int_equal(number(db, "SELECT count(*) FROM journal"), 2);
    assert_int_equal(number(db, "SELECT max(seq) FROM journal"), 2); /* no gap where the refused one stood */
    db_close(db);
    writer_stop(w);
}

static void what_waits_when_the_server_stops_is_still_done(void **state)
{
    struct place *p = *state;
    struct writer *w = start(p);
    struct answered a[100] = {0};
    for (int i = 0; i < 100; i++) {
        char title[32];
        snprintf(title, sizeof title, "deal %d", i);
        ask(w, &a[i], title);
    }
    writer_stop(w);
    for (int i = 0; i < 100; i++)
        assert_int_equal(atomic_load(&a[i].rc), RC_OK);
    struct db *db = reader(p);
    assert_int_equal(number(db, "SELECT count(*) FROM deal"), 100);
    db_close(db);
}

/* ---- kill -9 ---- */

struct told {
    struct deal_job d;
    int pipe;
    int number;
};
static void tell(struct job *job, enum rc rc, const struct err *e)
{
    struct told *t = (struct told *)job;
    (void)e;
    if (rc == RC_OK && write(t->pipe, &t->number, sizeof t->number) != sizeof t->number)
        _exit(3);
    free(t);
}

static void child_writes_until_killed(struct place *p, int pipe, int from)
{
    struct writer *w = NULL;
    struct err e = {0};
    struct migration steps[TEST_STEPS];
    store_schema(steps);
    if (writer_start(&w, &p->target, steps, TEST_STEPS, NULL, NULL, &e) != RC_OK)
        _exit(2);
    for (int i = from;; i++) {
        struct told *t = calloc(1, sizeof *t);
        *t = (struct told){.d = {.job = {.apply = add_deal, .done = tell}, .events = 2}, .pipe = pipe, .number = i};
        snprintf(t->d.title, sizeof t->d.title, "%d", i);
        writer_submit(w, &t->d.job);
        if (i % 16 == 0)
            usleep(500);
    }
}

static void a_killed_server_has_kept_all_that_it_acknowledged(void **state)
{
    struct place *p = *state;
    int64_t acknowledged = 0;
    writer_stop(start(p));
    for (int round = 0; round < 5; round++) {
        int fds[2], got;
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        if (child == 0)
            child_writes_until_killed(p, fds[1], round * 1000000);
        close(fds[1]);
        int64_t here = 1; /* the clock runs from the first acknowledgement: a busy machine may take long to start */
        assert_int_equal(read(fds[0], &got, sizeof got), sizeof got);
        assert_int_equal(got, round * 1000000);
        usleep(50000 + (unsigned)round * 37000);
        kill(child, SIGKILL);
        while (read(fds[0], &got, sizeof got) == sizeof got) {
            assert_int_equal(got, round * 1000000 + here); /* in order */
            here++;
        }
        close(fds[0]);
        waitpid(child, NULL, 0);
        acknowledged += here;
        writer_stop(start(p)); /* opens as if nothing had been */
        struct db *db = reader(p);
        char sql[96];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM deal WHERE CAST(title AS BIGINT) >= %d", round * 1000000);
        assert_true(number(db, sql) >= here);
        assert_true(number(db, "SELECT count(*) FROM deal") >= acknowledged);
        assert_int_equal(number(db, "SELECT count(*) FROM journal"), 2 * number(db, "SELECT count(*) FROM deal"));
        assert_int_equal(number(db, "SELECT max(seq) FROM journal"), number(db, "SELECT count(*) FROM journal"));
        db_close(db);
    }
}

/* ---- a full disk ---- */

static void a_full_disk_refuses_writes_reads_go_on_and_service_resumes(void **state)
{
    struct place *p = *state;
    struct writer *w = start(p);
    struct rlimit was, small;
    struct answered a = {0}, b = {0};
    char title[32];
    signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit fails with EFBIG */
    getrlimit(RLIMIT_FSIZE, &was);
    small = was;
    small.rlim_cur = 300000;
    setrlimit(RLIMIT_FSIZE, &small);
    int written = 0;
    do {
        snprintf(title, sizeof title, "deal %d", ++written);
        ask(w, &a, title);
    } while (answer_of(&a) == RC_OK && written < 10000);
    assert_int_equal(atomic_load(&a.rc), RC_UNAVAILABLE);
    assert_string_equal(a.err.code, "db_full");
    assert_true(writer_read_only(w));
    ask(w, &b, "refused at once");
    assert_int_equal(answer_of(&b), RC_UNAVAILABLE);
    assert_string_equal(b.err.code, "db_full");
    struct db *db = reader(p);
    assert_int_equal(number(db, "SELECT count(*) FROM deal"), written - 1);
    setrlimit(RLIMIT_FSIZE, &was);
    for (int i = 0; i < 50 && writer_read_only(w); i++)
        usleep(100000);
    assert_false(writer_read_only(w));
    ask(w, &b, "and on it goes");
    assert_int_equal(answer_of(&b), RC_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM deal"), written);
    db_close(db);
    writer_stop(w);
    signal(SIGXFSZ, SIG_DFL);
}

int main(void)
{
    log_max = LOG_WARN;
    const struct CMUnitTest tests[] = {
        SCENARIO(sixty_four_sellers_write_at_once_and_nothing_is_lost),
        SCENARIO(a_refused_change_leaves_nothing_and_its_neighbours_stay),
        SCENARIO(a_job_reads_its_own_events_and_a_refused_one_leaves_none),
        SCENARIO(what_waits_when_the_server_stops_is_still_done),
        SCENARIO(a_killed_server_has_kept_all_that_it_acknowledged),
        {"a_full_disk_refuses_writes_reads_go_on_and_service_resumes",
         a_full_disk_refuses_writes_reads_go_on_and_service_resumes, on_sqlite, place_close, NULL},
    };
    return run_scenarios("store: the writer", tests, sizeof tests / sizeof *tests);
}
