/* The demo company in the database: journal and rows agree, and it is written only where there is nothing yet. */
#include "cli/demo_fill.h"
#include "crm_rig.h"

static enum rc fill(struct writer *writer, int64_t deals, struct demo_world *w, struct err *e)
{
    struct demo_filled filled;
    const struct demo_options opt = {.seed = 5, .deals = deals, .as_of = INT64_C(1795262400000)};
    assert_int_equal(demo_simulate(w, opt, e), RC_OK);
    enum rc rc = demo_fill(writer, w, NULL, &filled, e);
    demo_free(w);
    return rc;
}
static void the_demo_company_is_whole_and_is_not_written_twice(void **state)
{
    struct place *p = *state;
    struct rig r = {.place = p};
    struct demo_world w;
    struct err e = {0};
    OK(writer_start(&r.writer, &p->target, crm_migrations, crm_migrations_n, NULL, NULL, &e));
    OK(db_open(&r.db, &p->target, DB_READER, &e));
    OK(fill(r.writer, 1500, &w, &e));
    assert_consistent(&r);
    assert_int_equal(number(r.db, "SELECT count(*) FROM deal"), 1500);
    assert_int_equal(number(r.db, "SELECT count(*) FROM users"), 13);
    assert_int_equal(number(r.db, "SELECT count(*) FROM users WHERE password_hash IS NOT NULL"), 0);
    assert_int_equal(number(r.db, "SELECT count(*) FROM funnel"), 9);
    assert_int_equal(number(r.db, "SELECT count(*) FROM deal WHERE status = 2 AND loss_reason_id IS NULL"), 0);
    assert_int_equal(number(r.db, "SELECT count(*) FROM task WHERE done = 1 AND result IS NULL"), 0);
    assert_true(number(r.db, "SELECT count(*) FROM deal WHERE campaign_id IS NOT NULL AND utm_campaign IS NOT NULL") >
                50);
    int64_t events = number(r.db, "SELECT count(*) FROM journal");
    assert_true(events > 9 * 1500);
    assert_int_equal(fill(r.writer, 1500, &w, &e), RC_CONFLICT);
    assert_string_equal(e.code, "demo_not_empty");
    assert_int_equal(number(r.db, "SELECT count(*) FROM journal"), events);
    db_close(r.db);
    writer_stop(r.writer);
    arena_free(&r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {SCENARIO(the_demo_company_is_whole_and_is_not_written_twice)};
    return run_scenarios("demo_fill", tests, sizeof tests / sizeof *tests);
}
