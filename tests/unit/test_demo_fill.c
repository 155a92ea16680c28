/* The demo company in the database: journal and rows agree, and it is written only where there is nothing yet. */
#include "cli/demo_fill.h"
#include "crm/custom_field.h"
#include "crm/duplicates.h"
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
/* What the product can do is there to be looked at. */
static void shows_what_there_is(struct db *db)
{
    assert_int_equal(number(db, "SELECT count(*) FROM team WHERE head_id IS NOT NULL"), 3);
    assert_int_equal(number(db, "SELECT count(*) FROM team WHERE parent_id IS NOT NULL"), 2);
    assert_int_equal(number(db, "SELECT count(*) FROM users u LEFT JOIN team t ON t.id = u.team_id"
                                " WHERE u.role = 2 AND t.parent_id IS NULL"),
                     0);
    assert_int_equal(number(db, "SELECT count(*) FROM custom_field"), 6 + 16); /* 16: of the presets */
    assert_int_equal(number(db, "SELECT count(*) FROM trigger_rule WHERE enabled = 1"), 50);
    assert_true(number(db, "SELECT count(*) FROM goal") > 80 && number(db, "SELECT count(*) FROM gate") > 25);
    assert_int_equal(number(db, "SELECT count(*) FROM field_option WHERE colour IS NOT NULL"), 7);
    assert_int_equal(number(db, "SELECT count(*) FROM layout WHERE funnel_id IS NOT NULL"), 1);
    assert_int_equal(number(db, "SELECT count(*) FROM view WHERE sharing = 2"), 3);
    assert_int_equal(number(db, "SELECT count(*) FROM setting WHERE key IN ('company', 'calendar')"), 2);
    assert_true(number(db, "SELECT count(*) FROM plan_target WHERE user_id IS NOT NULL AND parent_id IS NOT NULL") >
                10);
    assert_int_equal(number(db, "SELECT count(*) FROM plan_target p WHERE p.target <> (SELECT sum(c.target) FROM"
                                " plan_target c WHERE c.parent_id = p.id)"),
                     0); /* what sellers are to bring is what the company is to bring */
    assert_int_equal(number(db, "SELECT count(*) FROM kpi"), 5);
    assert_int_equal(number(db, "SELECT count(*) FROM pay_scheme WHERE enabled = 1"), 1);
    assert_int_equal(number(db, "SELECT count(*) FROM programme"), 2);
    assert_int_equal(number(db, "SELECT count(DISTINCT owner_id) FROM subscription WHERE next_at IS NOT NULL"), 3);
    assert_true(number(db, "SELECT count(*) FROM deal WHERE late_answer = 1") > 10);
    assert_true(number(db, "SELECT count(*) FROM deal WHERE first_response_at <= first_response_due_at") >
                3 * number(db, "SELECT count(*) FROM deal WHERE late_answer = 1"));
    assert_true(number(db, "SELECT count(*) FROM deal_member") > 20);
    assert_int_equal(number(db, "SELECT count(*) FROM deal_member m JOIN deal d ON d.id = m.deal_id"
                                " WHERE d.owner_id = m.user_id OR d.company_id IS NULL"),
                     0);
    for (int kind = POINT_PHONE; kind <= POINT_MESSENGER; kind++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM contact_point WHERE kind = %d", kind);
        assert_true(number(db, sql) > 5);
    }
    assert_true(number(db, "SELECT count(*) FROM contact WHERE consent = 1 AND consent_at >= created_at") > 300);
    assert_int_equal(number(db, "SELECT count(*) FROM contact WHERE (consent = 1) <> (consent_at IS NOT NULL)"), 0);
}
/* Twins are found the way a user finds them: by an equal phone, by an equal INN. */
static void has_twins(struct db *db)
{
    struct arena a = ARENA_EMPTY;
    static const enum entity_id nouns[] = {ENT_CONTACT, ENT_COMPANY};
    static const char *const why[] = {"\"phone\"", "\"inn\""};
    for (size_t i = 0; i < 2; i++) {
        struct buf out = {0};
        struct err e = {0};
        OK(duplicates_list(db, &a, entity_by_id(nouns[i]), NULL, STR_NULL, 50, &out, &e));
        buf_char(&out, '\0');
        assert_non_null(strstr(out.ptr, why[i]));
        buf_free(&out);
    }
    arena_free(&a);
}
/* Most of what is asked for is filled in, not all of it; a segment says what the headcount says. */
static void own_fields_are_filled(struct db *db)
{
    static const struct {
        const char *table, *label;
        int least, most; /* per cent */
    } fields[] = {{"deal", "Формат обучения", 70, 95}, {"deal", "Число слушателей", 60, 95},
                  {"deal", "Нужен договор", 20, 70},   {"contact", "Дата рождения", 15, 60},
                  {"company", "Сегмент", 70, 95},      {"company", "Численность", 50, 90}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "SELECT id FROM custom_field WHERE label = '%s'", fields[i].label);
        int64_t id = number(db, sql);
        snprintf(sql, sizeof sql, "SELECT 100 * count(cf_%lld) / count(*) FROM %s", (long long)id, fields[i].table);
        assert_in_range(number(db, sql), fields[i].least, fields[i].most);
    }
    assert_int_equal(number(db, "SELECT count(*) FROM company c JOIN field_option o ON o.id = c.cf_5"
                                " WHERE c.cf_6 > 250 AND o.name IN ('Малый бизнес', 'Средний бизнес')"),
                     0);
}

static void the_demo_company_is_whole_and_is_not_written_twice(void **state)
{
    struct place *p = *state;
    struct rig r = {.place = p};
    struct demo_world w;
    struct err e = {0};
    OK(writer_start(&r.writer, &p->target, crm_migrations, crm_migrations_n, NULL, NULL, &e));
    OK(db_open(&r.db, &p->target, DB_READER, &e));
    OK(entities_open(&p->target, &e));
    OK(fill(r.writer, 1500, &w, &e));
    entities_refresh();
    assert_consistent(&r);
    shows_what_there_is(r.db);
    has_twins(r.db);
    own_fields_are_filled(r.db);
    assert_int_equal(number(r.db, "SELECT count(*) FROM deal"), 1500);
    assert_int_equal(number(r.db, "SELECT count(*) FROM users"), 13);
    assert_int_equal(number(r.db, "SELECT count(*) FROM users WHERE password_hash IS NOT NULL"), 0);
    assert_int_equal(number(r.db, "SELECT count(*) FROM funnel"), 9);
    assert_int_equal(number(r.db, "SELECT count(*) FROM deal WHERE status = 2 AND loss_reason_id IS NULL"), 0);
    assert_int_equal(number(r.db, "SELECT count(*) FROM task WHERE done = 1 AND result IS NULL"), 0);
    assert_true(number(r.db, "SELECT count(*) FROM deal WHERE campaign_id IS NOT NULL AND utm_campaign IS NOT NULL") >
                50);
    int64_t events = number(r.db, "SELECT count(*) FROM journal");
    assert_true(events > INT64_C(9) * 1500);
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
