/* The places a store test runs at: a fresh directory, and the empty database that VORONKA_TEST_PG names. */
#pragma once
#include "store/db_impl.h"
#include "store/journal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the above first */
#include <cmocka.h>

struct place {
    struct db_target target;
    char dir[96];
};

static const struct migration test_schema[] = {
    {"0001_store", NULL}, /* the store's own tables: set by place_open */
    {"0002_test",
     "CREATE TABLE deal(id @ID, title @TEXT NOT NULL UNIQUE, value BIGINT, rate DOUBLE PRECISION, photo @BLOB);"
     "CREATE TABLE task(id @ID, deal_id BIGINT NOT NULL REFERENCES deal(id));"
     "CREATE TABLE person(id @ID, boss_id BIGINT REFERENCES person(id));"},
};
enum { TEST_STEPS = 2 };

static inline void store_schema(struct migration out[TEST_STEPS])
{
    out[0] = (struct migration){test_schema[0].name, store_schema_sql};
    out[1] = test_schema[1];
}

/* A call that fills a local `e` when it fails. */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != RC_OK)                                                                                           \
            fail_msg("%s: %s %s", #call, e.code, e.arg[0]);                                                            \
    } while (0)

static inline void place_empty(struct place *p)
{
    struct err e = {0};
    if (p->target.kind == DB_POSTGRES) {
        struct db *db;
        OK(db_open(&db, &p->target, DB_WRITER, &e));
        OK(db_exec(db, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &e));
        db_close(db);
        return;
    }
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", p->dir);
    assert_int_equal(system(command), 0);
}

static inline int place_open(void **state, enum db_kind kind)
{
    struct place *p = calloc(1, sizeof *p);
    const char *tmp = getenv("TMPDIR");
    snprintf(p->dir, sizeof p->dir, "%s/voronka-store-XXXXXX", tmp ? tmp : "/tmp");
    if (!p || !mkdtemp(p->dir))
        return -1;
    p->target = (struct db_target){kind, kind == DB_POSTGRES ? getenv("VORONKA_TEST_PG") : p->dir};
    if (kind == DB_POSTGRES)
        place_empty(p);
    *state = p;
    return 0;
}

static inline int on_sqlite(void **state)
{
    return place_open(state, DB_SQLITE);
}
static inline int on_postgres(void **state)
{
    return place_open(state, DB_POSTGRES);
}
static inline int place_close(void **state)
{
    struct place *p = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", p->dir);
    int rc = system(command);
    free(p);
    return rc;
}

/* Runs each scenario on SQLite and, when there is one, on PostgreSQL. */
#define SCENARIO(f)                                                                                                    \
    {#f " (sqlite)", f, on_sqlite, place_close, NULL},                                                                 \
    {                                                                                                                  \
#f " (postgres)", f, on_postgres, place_close, NULL                                                            \
    }
static inline int run_scenarios(const char *name, const struct CMUnitTest *tests, size_t n)
{
    struct CMUnitTest *chosen = calloc(n, sizeof *chosen);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (tests[i].setup_func != on_postgres || getenv("VORONKA_TEST_PG"))
            chosen[m++] = tests[i];
    int rc = _cmocka_run_group_tests(name, chosen, m, NULL, NULL);
    free(chosen);
    return rc;
}

/* Reads one number. */
static inline int64_t number(struct db *db, const char *sql)
{
    struct stmt *s;
    struct err e = {0};
    OK(db_prepare(db, &s, sql, &e));
    if (stmt_step(s, &e) != RC_ROW)
        fail_msg("%s: %s %s", sql, e.code, e.arg[0]);
    int64_t v = stmt_col_i64(s, 0);
    stmt_done(s);
    return v;
}
