/* The same SQL on both databases, and a schema that is never guessed at. */
#include "base/log.h"
#include "store_places.h"

static struct db *open_migrated(struct place *p)
{
    struct db *db = NULL;
    struct err e = {0};
    struct migration steps[TEST_STEPS];
    store_schema(steps);
    OK(db_open(&db, &p->target, DB_WRITER, &e));
    OK(migrate(db, steps, TEST_STEPS, &e));
    return db;
}

static int64_t add(struct db *db, const char *title, struct err *e)
{
    struct stmt *s;
    int64_t id = 0;
    if (db_prepare(db, &s, "INSERT INTO deal(title, value) VALUES($1, $2) RETURNING id", e) != RC_OK)
        return 0;
    stmt_str(s, 1, str_c(title));
    stmt_null(s, 2);
    if (stmt_step(s, e) == RC_ROW)
        id = stmt_col_i64(s, 0);
    stmt_done(s);
    return id;
}

static void values_come_back_as_they_were_put_in(void **state)
{
    struct db *db = open_migrated(*state);
    struct err e = {0};
    struct stmt *s;
    static const char bytes[] = "\0\x01\xff'\\x";
    OK(db_prepare(db, &s, "INSERT INTO deal(id, title, value, rate, photo) VALUES($3, $1, $4, $2, $5)", &e));
    stmt_str(s, 1, STR("Ремонт «под ключ» $1 'x' \\ \"y\""));
    stmt_f64(s, 2, 0.1);
    stmt_i64(s, 3, 42);
    stmt_i64(s, 4, INT64_MIN);
    stmt_blob(s, 5, (struct str){bytes, sizeof bytes});
    OK(stmt_run(s, &e));
    assert_int_equal(db_changes(db), 1);
    /* a $ in a text, a quoted name or a comment is no parameter */
    OK(db_prepare(db, &s,
                  "SELECT title, rate, value, photo, id AS \"a$1\", '$2''$3' /* $4 */ FROM deal -- $5\n"
                  "WHERE id = $2 AND $1 = title",
                  &e));
    stmt_str(s, 1, STR("Ремонт «под ключ» $1 'x' \\ \"y\""));
    stmt_i64(s, 2, 42);
    assert_int_equal(stmt_step(s, &e), RC_ROW);
    assert_true(str_eqc(stmt_col_str(s, 0), "Ремонт «под ключ» $1 'x' \\ \"y\""));
    assert_true(stmt_col_f64(s, 1) == 0.1);
    assert_true(stmt_col_i64(s, 2) == INT64_MIN);
    struct str photo = stmt_col_str(s, 3);
    assert_int_equal(photo.len, sizeof bytes);
    assert_memory_equal(photo.ptr, bytes, sizeof bytes);
    assert_int_equal(stmt_col_i64(s, 4), 42);
    assert_true(str_eqc(stmt_col_str(s, 5), "$2'$3"));
    assert_int_equal(stmt_step(s, &e), RC_DONE);
    stmt_done(s);
    assert_true(add(db, "", &e) > 0); /* an empty text is not NULL */
    assert_int_equal(number(db, "SELECT count(*) FROM deal WHERE title = '' AND value IS NULL"), 1);
    OK(db_prepare(db, &s, "UPDATE deal SET value = 5 WHERE id > $1", &e));
    stmt_i64(s, 1, 0);
    OK(stmt_run(s, &e));
    assert_int_equal(db_changes(db), 2);
    db_close(db);
}

static void texts_are_ordered_by_bytes_on_both(void **state)
{
    struct db *db = open_migrated(*state);
    struct err e = {0};
    struct stmt *s;
    const char *expected[] = {"Z", "a", "b c", "bb", "Яна", "анна", "ёж"};
    for (int i = 6; i >= 0; i--)
        assert_true(add(db, expected[i], &e) > 0);
    OK(db_prepare(db, &s, "SELECT title FROM deal ORDER BY title", &e));
    for (int i = 0; i < 7; i++) {
        assert_int_equal(stmt_step(s, &e), RC_ROW);
        assert_true(str_eqc(stmt_col_str(s, 0), expected[i]));
    }
    stmt_done(s);
    db_close(db);
}

static void a_taken_name_is_named(void **state)
{
    struct db *db = open_migrated(*state);
    struct err e = {0};
    assert_true(add(db, "Альфа", &e) > 0);
    assert_int_equal(add(db, "Альфа", &e), 0);
    assert_int_equal(e.rc, RC_CONFLICT);
    assert_string_equal(e.code, "unique_violation");
    assert_string_equal(e.arg[0], "deal.title");
    assert_int_equal(db_exec(db, "INSERT INTO task(deal_id) VALUES(999)", &e), RC_CONFLICT);
    assert_string_equal(e.code, "fk_violation");
    assert_int_equal(db_exec(db, "SELECT broken FROM nowhere", &e), RC_INTERNAL);
    assert_string_equal(e.code, "db_error");
    db_close(db);
}

static void a_reader_sees_one_state_and_cannot_write(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct db *writer = open_migrated(p), *reader = NULL;
    OK(db_open(&reader, &p->target, DB_READER, &e));
    OK(db_read_begin(reader, &e));
    assert_int_equal(number(reader, "SELECT count(*) FROM deal"), 0);
    assert_true(add(writer, "новая", &e) > 0);
    assert_int_equal(number(reader, "SELECT count(*) FROM deal"), 0);
    db_read_end(reader);
    assert_int_equal(number(reader, "SELECT count(*) FROM deal"), 1);
    assert_int_not_equal(db_exec(reader, "DELETE FROM deal", &e), RC_OK);
    assert_int_equal(number(reader, "SELECT count(*) FROM deal"), 1);
    db_close(reader);
    db_close(writer);
}

static void a_thousand_different_questions_do_not_pile_up(void **state)
{
    struct db *db = open_migrated(*state);
    struct err e = {0};
    struct stmt *kept;
    char sql[64];
    OK(db_prepare(db, &kept, "SELECT 1", &e)); /* in use all the while: must not go */
    assert_int_equal(stmt_step(kept, &e), RC_ROW);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 1000; i++) {
            snprintf(sql, sizeof sql, "SELECT %d + 0", i); /* one buffer, a thousand texts */
            assert_int_equal(number(db, sql), i);
            assert_int_equal(number(db, sql), i);
            assert_in_range(db->cached, 1, DB_CACHED);
        }
    assert_int_equal(number(db, "SELECT 1"), 1); /* the same text within itself */
    assert_int_equal(stmt_col_i64(kept, 0), 1);
    stmt_done(kept);
    db_close(db);
}

static void migrations_run_once_and_refuse_a_newer_or_altered_schema(void **state)
{
    struct db *db = open_migrated(*state);
    struct err e = {0};
    struct migration steps[TEST_STEPS + 1];
    store_schema(steps);
    OK(migrate(db, steps, TEST_STEPS, &e)); /* again: nothing to do */
    steps[TEST_STEPS] = (struct migration){"0003_more", "ALTER TABLE deal ADD COLUMN stage BIGINT; CREATE TABL x(y)"};
    assert_int_equal(migrate(db, steps, TEST_STEPS + 1, &e), RC_INTERNAL);
    steps[TEST_STEPS].sql = "ALTER TABLE deal ADD COLUMN stage BIGINT"; /* the broken step left nothing behind */
    OK(migrate(db, steps, TEST_STEPS + 1, &e));
    assert_int_equal(number(db, "SELECT count(*) FROM deal WHERE stage IS NULL"), 0);
    assert_int_equal(migrate(db, steps, TEST_STEPS, &e), RC_CONFLICT); /* an older program */
    assert_string_equal(e.code, "schema_newer");
    assert_string_equal(e.arg[0], "0003_more");
    steps[TEST_STEPS].sql = "ALTER TABLE deal ADD COLUMN stage  BIGINT";
    assert_int_equal(migrate(db, steps, TEST_STEPS + 1, &e), RC_CONFLICT);
    assert_string_equal(e.code, "schema_altered");
    assert_string_equal(e.arg[0], "0003_more");
    steps[1].name = "0002_other";
    assert_int_equal(migrate(db, steps, TEST_STEPS + 1, &e), RC_CONFLICT);
    db_close(db);
}

static void a_place_that_cannot_be_opened_says_so(void **state)
{
    struct place *p = *state;
    struct err e = {0};
    struct db *db;
    struct db_target nowhere = {DB_SQLITE, "/dev/null/data"};
    assert_int_equal(db_open(&db, &nowhere, DB_WRITER, &e), RC_UNAVAILABLE);
    assert_string_equal(e.code, "db_open_failed");
    assert_int_equal(db_open(&db, &p->target, DB_READER, &e), RC_UNAVAILABLE); /* nothing there yet */
    assert_string_equal(e.code, "db_open_failed");
    struct db_target gone = {DB_POSTGRES, "postgresql:///store?host=/nowhere"};
    assert_int_equal(db_open(&db, &gone, DB_READER, &e), RC_UNAVAILABLE);
    assert_string_equal(e.code, "db_unavailable");
}

int main(void)
{
    log_max = LOG_ERROR;
    const struct CMUnitTest tests[] = {
        SCENARIO(values_come_back_as_they_were_put_in),
        SCENARIO(texts_are_ordered_by_bytes_on_both),
        SCENARIO(a_taken_name_is_named),
        SCENARIO(a_reader_sees_one_state_and_cannot_write),
        SCENARIO(a_thousand_different_questions_do_not_pile_up),
        SCENARIO(migrations_run_once_and_refuse_a_newer_or_altered_schema),
        {"a_place_that_cannot_be_opened_says_so", a_place_that_cannot_be_opened_says_so, on_sqlite, place_close, NULL},
    };
    return run_scenarios("store: statements and schema", tests, sizeof tests / sizeof *tests);
}
