/* What was saved comes back, on either database; what is damaged or in the way is refused and harms nothing. */
#include "base/log.h"
#include "base/time.h"
#include "store/backup.h"
#include "store_places.h"
#include <pthread.h>
#include <stdatomic.h>

static const struct migration *steps(void)
{
    static struct migration list[TEST_STEPS];
    store_schema(list);
    return list;
}

static void fill(const struct place *p)
{
    struct err e = {0};
    struct db *db = NULL;
    struct stmt *s;
    static const char bytes[] = "\0\xff\\x\n\t";
    OK(db_open(&db, &p->target, DB_WRITER, &e));
    OK(migrate(db, steps(), TEST_STEPS, &e));
    OK(db_prepare(db, &s, "INSERT INTO deal(id, title, value, rate, photo) VALUES($1, $2, $3, $4, $5)", &e));
    stmt_i64(s, 1, 10);
    stmt_str(s, 2, STR("Таб\tстрока\nвозврат\rслеш\\ \\N \\."));
    stmt_i64(s, 3, INT64_MAX);
    stmt_f64(s, 4, 0.1 + 0.2);
    stmt_blob(s, 5, (struct str){bytes, sizeof bytes});
    OK(stmt_run(s, &e));
    OK(db_exec(
        db,
        "INSERT INTO deal(id, title, value) VALUES(11, '', -1); INSERT INTO deal(id, title, rate) VALUES(12, '\\N', "
        "1e300);"
        "INSERT INTO task(deal_id) VALUES(10); INSERT INTO task(deal_id) VALUES(12);"
        "INSERT INTO person(id, boss_id) VALUES(2, NULL); INSERT INTO person(id, boss_id) VALUES(1, 2);"
        "INSERT INTO journal(seq, at, actor_id, cause, undoes, change_id, object_id, object_kind, verb, via, data) "
        "VALUES(1, 5, 0, 0, 0, 1, 10, 3, 1, 2, '{}')",
        &e));
    db_close(db);
}

static const char *file_of(const struct place *p, const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s-%s", p->dir, name);
    return path[turn];
}

static void shell_says_yes(const char *command)
{
    if (system(command) != 0)
        fail_msg("%s", command);
}

static void same_content(const char *a, const char *b)
{
    char command[512];
    snprintf(command, sizeof command, "bash -c 'cmp <(gzip -dc %s) <(gzip -dc %s)'", a, b);
    shell_says_yes(command);
}

static void restored_on(struct place *p, const char *backup)
{
    struct err e = {0};
    struct backup_stats stats = {0};
    struct db *db = NULL;
    OK(backup_restore(backup, &p->target, steps(), TEST_STEPS, false, &stats, &e));
    assert_int_equal(stats.rows, 8);
    OK(backup_make(&p->target, file_of(p, "again.gz"), &stats, &e));
    same_content(backup, file_of(p, "again.gz"));
    unlink(file_of(p, "again.gz"));
    OK(db_open(&db, &p->target, DB_WRITER, &e)); /* and it goes on from there */
    OK(migrate(db, steps(), TEST_STEPS, &e));
    assert_int_equal(number(db, "INSERT INTO deal(title) VALUES('new') RETURNING id"), 13);
    assert_int_not_equal(db_exec(db, "INSERT INTO person(boss_id) VALUES(77)", &e),
                         RC_OK); /* references are kept again */
    db_close(db);
}

static void a_backup_comes_back_on_either_database(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct backup_stats stats = {0};
    char backup[128];
    void *other = NULL;
    snprintf(backup, sizeof backup, "%s", file_of(p, "first.gz"));
    fill(p);
    OK(backup_make(&p->target, backup, &stats, &e));
    assert_int_equal(stats.rows, 8);
    place_empty(p);
    restored_on(p, backup);
    if (p->target.kind == DB_POSTGRES || getenv("VORONKA_TEST_PG")) {
        assert_int_equal(place_open(&other, p->target.kind == DB_POSTGRES ? DB_SQLITE : DB_POSTGRES), 0);
        restored_on(other, backup);
        place_close(&other);
    }
    unlink(backup);
}

static void what_is_in_the_way_is_not_overwritten_unasked(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct backup_stats stats = {0};
    struct db *db = NULL;
    char backup[128];
    snprintf(backup, sizeof backup, "%s", file_of(p, "kept.gz"));
    fill(p);
    OK(backup_make(&p->target, backup, &stats, &e));
    OK(db_open(&db, &p->target, DB_WRITER, &e));
    OK(db_exec(db, "INSERT INTO deal(id, title) VALUES(99, 'later')", &e));
    if (p->target.kind == DB_SQLITE) { /* a server is running there */
        assert_int_equal(backup_restore(backup, &p->target, steps(), TEST_STEPS, true, &stats, &e), RC_CONFLICT);
        assert_string_equal(e.code, "db_in_use");
    }
    db_close(db);
    assert_int_equal(backup_restore(backup, &p->target, steps(), TEST_STEPS, false, &stats, &e), RC_CONFLICT);
    assert_string_equal(e.code, "not_empty");
    OK(db_open(&db, &p->target, DB_READER, &e));
    assert_int_equal(number(db, "SELECT count(*) FROM deal"), 4);
    db_close(db);
    OK(backup_restore(backup, &p->target, steps(), TEST_STEPS, true, &stats, &e));
    OK(db_open(&db, &p->target, DB_READER, &e));
    assert_int_equal(number(db, "SELECT count(*) FROM deal"), 3);
    db_close(db);
    /* a program that knows fewer steps than the backup */
    assert_int_equal(backup_restore(backup, &p->target, steps(), 1, true, &stats, &e), RC_CONFLICT);
    assert_string_equal(e.code, "schema_newer");
    unlink(backup);
}

static void a_damaged_backup_is_refused_and_changes_nothing(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct backup_stats stats = {0};
    char good[128], bad[128], command[768];
    static const char *harm[] = {
        "gzip -dc %s | sed 's/later/l4ter/; s/\\t-1\\t/\\t-2\\t/' | gzip > %s", /* a changed value */
        "gzip -dc %s | head -n -1 | gzip > %s",                                 /* its end is missing */
        "gzip -dc %s | sed 's/^10\\t/ten\\t/' | gzip > %s",                     /* no number */
        "gzip -dc %s | sed 's/^table deal /table nobody /' | gzip > %s",        /* a table that is not ours */
        "head -c 400 %s > %s",                                                  /* cut off */
        "(gzip -dc %s; echo more) | gzip > %s",
        "echo hello %s > %s",
    };
    snprintf(good, sizeof good, "%s", file_of(p, "good.gz"));
    snprintf(bad, sizeof bad, "%s", file_of(p, "bad.gz"));
    fill(p);
    OK(backup_make(&p->target, good, &stats, &e));
    for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
        snprintf(command, sizeof command, harm[i], good, bad);
        shell_says_yes(command);
        enum rc rc = backup_restore(bad, &p->target, steps(), TEST_STEPS, true, &stats, &e);
        if (rc != RC_INVALID)
            fail_msg("harm %zu: %d %s %s", i, rc, e.code, e.arg[0]);
        assert_string_equal(e.code, "backup_damaged");
        struct db *db = NULL;
        OK(db_open(&db, &p->target, DB_READER, &e));
        assert_int_equal(number(db, "SELECT count(*) FROM deal"), 3);
        db_close(db);
    }
    assert_int_equal(backup_restore("/nowhere/x.gz", &p->target, steps(), TEST_STEPS, true, &stats, &e), RC_NOT_FOUND);
    assert_int_equal(backup_make(&p->target, "/nowhere/x.gz", &stats, &e), RC_UNAVAILABLE);
    assert_string_equal(e.code, "backup_failed");
    unlink(good);
    unlink(bad);
}

/* ---- a live server ---- */

struct busy {
    struct job job;
    struct writer *w;
    atomic_bool enough;
    int64_t n;
};
static enum rc deal_with_event(struct wtx *tx, struct job *job, struct err *e)
{
    struct busy *b = (struct busy *)job;
    struct stmt *s;
    struct event ev = {.at = tx->now, .object_kind = 3, .object_id = b->n, .verb = 1, .via = 2};
    TRY(db_prepare(tx->db, &s, "INSERT INTO deal(title) VALUES($1)", e));
    stmt_str(s, 1, str_fmt(tx->arena, "deal %lld", (long long)b->n));
    TRY(stmt_run(s, e));
    return journal_append(tx, &ev, e);
}
static void *keep_writing(void *arg)
{
    struct busy *b = arg;
    struct err e;
    while (!atomic_load(&b->enough)) {
        b->n++;
        if (writer_run(b->w, &b->job, &e) != RC_OK)
            return (void *)1;
    }
    return NULL;
}

static void a_backup_of_a_busy_server_is_one_state_of_it(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct backup_stats stats = {0};
    struct busy b = {.job.apply = deal_with_event};
    char backup[128];
    void *result, *copy = NULL;
    pthread_t thread;
    snprintf(backup, sizeof backup, "%s", file_of(p, "live.gz"));
    OK(writer_start(&b.w, &p->target, steps(), TEST_STEPS, NULL, NULL, &e));
    assert_int_equal(pthread_create(&thread, NULL, keep_writing, &b), 0);
    assert_int_equal(place_open(&copy, DB_SQLITE), 0);
    int64_t before = 0;
    for (int i = 0; i < 5; i++) {
        for (int64_t seen = writer_stats(b.w).jobs; writer_stats(b.w).jobs < seen + 3;)
            usleep(5000); /* however slow the disk: it goes on being written to */
        OK(backup_make(&p->target, backup, &stats, &e));
        assert_true(stats.rows > before);
        before = stats.rows;
        OK(backup_restore(backup, &((struct place *)copy)->target, steps(), TEST_STEPS, true, &stats, &e));
        struct db *db = NULL;
        OK(db_open(&db, &((struct place *)copy)->target, DB_READER, &e));
        assert_int_equal(number(db, "SELECT count(*) FROM deal"), number(db, "SELECT count(*) FROM journal"));
        db_close(db);
    }
    atomic_store(&b.enough, true);
    pthread_join(thread, &result);
    assert_null(result);
    writer_stop(b.w);
    place_close(&copy);
    unlink(backup);
}

int main(void)
{
    log_max = LOG_ERROR;
    const struct CMUnitTest tests[] = {
        SCENARIO(a_backup_comes_back_on_either_database),
        SCENARIO(what_is_in_the_way_is_not_overwritten_unasked),
        SCENARIO(a_damaged_backup_is_refused_and_changes_nothing),
        SCENARIO(a_backup_of_a_busy_server_is_one_state_of_it),
    };
    return run_scenarios("store: backup", tests, sizeof tests / sizeof *tests);
}
