/* The engine of triggers without a server: conditions in memory say what SQL says, definitions are read and said in
 * words, timers are due when the deal says so. */
#include "base/calendar.h"
#include "base/rng.h"
#include "base/time.h"
#include "crm/filter_eval.h"
#include "crm_rig.h"
#include "rules/rules.h"
#include "rules/timer.h"

static const int64_t noon = INT64_C(1790000000000);

/* ---- conditions: memory and SQL ---- */

static int64_t pick(struct rng *r, int64_t n)
{
    return rng_range(r, 0, n - 1);
}

static void put_random_leaf(struct buf *b, struct rng *r, const struct rig *rig)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    switch (pick(r, 12)) {
    case 0:
        buf_fmt(b, "value_minor %s %lld", signs[pick(r, 6)], (long long)pick(r, 6));
        break;
    case 1:
        buf_fmt(b, "title %s \"%s\"", pick(r, 2) ? "~" : signs[pick(r, 6)], pick(r, 2) ? "Пётр" : "а");
        break;
    case 2:
        buf_fmt(b, "utm_source %s \"%s\"", pick(r, 2) ? "~" : signs[pick(r, 6)], pick(r, 2) ? "goo" : "Google");
        break;
    case 3:
        buf_fmt(b, "tag_ids %s", pick(r, 2) ? "has 1" : pick(r, 2) ? "in (1, 2)" : "is null");
        break;
    case 4:
        buf_fmt(b, "contact_id.name ~ \"%s\"", pick(r, 2) ? "анна" : "петр");
        break;
    case 5:
        buf_fmt(b, "contact_id.phone = \"8 912 345-67-8%lld\"", (long long)pick(r, 4));
        break;
    case 6:
        buf_fmt(b, "status %s \"%s\"", pick(r, 2) ? "=" : "!=", pick(r, 2) ? "open" : "won");
        break;
    case 7:
        buf_fmt(b, "expected_close_on %s today + %lldd", signs[pick(r, 6)], (long long)pick(r, 4));
        break;
    case 8:
        buf_fmt(b, "contact_id %s", pick(r, 2) ? "is null" : "is not null");
        break;
    case 9:
        buf_fmt(b, "created_at %s now - %lldh", signs[pick(r, 6)], (long long)pick(r, 3));
        break;
    case 10:
        buf_fmt(b, "stage_id %s (%lld, %lld)", pick(r, 2) ? "in" : "not in", (long long)rig->fresh,
                (long long)(pick(r, 2) ? rig->talks : rig->won));
        break;
    default:
        buf_fmt(b, "contact_id.company_id %s", pick(r, 2) ? "is null" : "is not null");
    }
}

static void put_random(struct buf *b, struct rng *r, const struct rig *rig, int depth)
{
    int64_t kind = depth ? pick(r, 4) : 0;
    if (kind == 0) {
        put_random_leaf(b, r, rig);
        return;
    }
    buf_c(b, kind == 1 ? "not (" : "(");
    put_random(b, r, rig, depth - 1);
    if (kind > 1) {
        buf_c(b, kind == 2 ? " and " : " or ");
        put_random(b, r, rig, depth - 1);
    }
    buf_c(b, ")");
}

static void fill(struct rig *rig, struct rng *r)
{
    for (int i = 0; i < 2; i++)
        DO(rig, try_create(rig, ENT_TAG, NULL, "{'name':'Метка %d'}", i));
    DO(rig, try_create(rig, ENT_COMPANY, NULL, "{'name':'Фирма'}"));
    for (int i = 0; i < 6; i++)
        DO(rig,
           try_create(rig, ENT_CONTACT, NULL, "{'name':'%s','phone':%s,'company_id':%s}",
                      i % 2 ? "Анна" : "Пётр Великий", i % 3 ? "'+7 912 345 67 80'" : "null", i % 4 ? "null" : "1"));
    for (int i = 0; i < 60; i++) {
        char day[16];
        snprintf(day, sizeof day, "'%.10s'", time_format(&rig->arena, time_now() + (i % 5 - 1) * MS_DAY).ptr);
        const char *tags[] = {"[]", "[1]", "[2]", "[1,2]"};
        int64_t stages[] = {rig->fresh, rig->talks, rig->won};
        char contact[8], value[8];
        snprintf(contact, sizeof contact, i % 3 ? "%lld" : "null", (long long)(1 + pick(r, 6)));
        snprintf(value, sizeof value, i % 4 ? "%lld" : "null", (long long)pick(r, 6));
        DO(rig,
           try_create(rig, ENT_DEAL, NULL,
                      "{'title':'%s %d','stage_id':%lld,'value_minor':%s,'contact_id':%s,'tag_ids':%s,"
                      "'expected_close_on':%s,'utm_source':%s}",
                      i % 2 ? "Пётр" : "Сделка", i, (long long)stages[pick(r, 3)], value, contact, tags[pick(r, 4)],
                      i % 2 ? day : "null", i % 5 ? i % 2 ? "'Google'" : "'google ads'" : "null"));
    }
    try_delete(rig, ENT_CONTACT, 2); /* what points to it still follows it */
}

static enum rc load(void *arg, const struct entity *ent, int64_t id, const struct record **out, struct err *e)
{
    struct rig *rig = arg;
    struct record *r;
    enum rc rc = record_load(rig->db, &rig->arena, ent, id, true, &r, e);
    *out = rc == RC_OK ? r : NULL;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool sql_says(struct rig *rig, const struct filter *f, int64_t id)
{
    struct sqlb q = sqlb_new(&rig->arena);
    struct stmt *s;
    struct err e = {0};
    sqlb_c(&q, "SELECT 1 FROM deal t WHERE t.id = ");
    sqlb_param(&q, val_int(id));
    sqlb_c(&q, " AND ");
    filter_sql(&q, entity_by_id(ENT_DEAL), f, "t");
    OK(sqlb_prepare(&q, rig->db, &s, &e));
    bool found = stmt_step(s, &e) == RC_ROW;
    stmt_done(s);
    sqlb_free(&q);
    return found;
}

static void a_condition_says_in_memory_what_the_list_says(void **state)
{
    struct rig *rig = *state;
    struct rng r;
    int met_once = 0;
    rng_seed(&r, 4);
    fill(rig, &r);
    struct filter_env env = {.now = time_now(), .offset_ms = 3 * MS_HOUR};
    struct filter_eval x = {.arena = &rig->arena, .load = load, .arg = rig};
    for (int round = 0; round < 300; round++) {
        struct buf b = {0};
        struct filter *f;
        struct err e = {0};
        put_random(&b, &r, rig, 4);
        if (filter_parse(&rig->arena, entity_by_id(ENT_DEAL), buf_view(&b), &env, &f, &e) != RC_OK)
            fail_msg("%.*s at %s", STR_ARG(buf_view(&b)), e.arg[0]);
        for (int64_t id = 1 + pick(&r, 10); id <= 60; id += 7) {
            struct record *deal;
            struct filter_seen *seen;
            size_t n;
            bool met, explained;
            OK(record_load(rig->db, &rig->arena, entity_by_id(ENT_DEAL), id, false, &deal, &e));
            OK(filter_met(&x, f, deal, &met, &e));
            OK(filter_explain(&x, f, deal, &explained, &seen, &n, &e));
            if (met != sql_says(rig, f, id) || met != explained)
                fail_msg("deal %lld: %.*s: memory %d", (long long)id, STR_ARG(buf_view(&b)), met);
            met_once += met;
        }
        buf_free(&b);
    }
    assert_true(met_once > 300);
}

static void a_part_of_a_condition_reads_as_it_was_written(void **state)
{
    (void)state;
    static const char *const parts[] = {"value_minor >= 5",
                                        "contact_id.name ~ \"анна\"",
                                        "tag_ids has 5",
                                        "status = \"won\"",
                                        "expected_close_on < \"2026-01-01\"",
                                        "title != \"x \\\" y\"",
                                        "contact_id is null",
                                        "tag_ids is not null",
                                        "stage_id not in (1, 2)",
                                        "not value_minor > 5"};
    struct arena a = ARENA_EMPTY;
    struct filter_env env = {.now = noon};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct filter *f;
        struct err e = {0};
        OK(filter_parse(&a, entity_by_id(ENT_DEAL), str_c(parts[i]), &env, &f, &e));
        bool negated = f->kind == FILTER_NOT;
        const struct filter_leaf *l = negated ? &f->a->leaf : &f->leaf;
        assert_string_equal(filter_leaf_text(&a, l, entity_by_id(ENT_DEAL), negated).ptr, parts[i]);
    }
    arena_free(&a);
}

/* ---- definitions ---- */

static struct trigger *compiled(struct arena *a, const char *event, const char *condition, const char *actions)
{
    struct trigger_def def = {.name = STR("Проба"),
                              .event = str_c(event),
                              .condition = str_c(condition),
                              .actions = str_c(actions),
                              .enabled = true};
    struct trigger *t;
    struct err e = {0};
    if (trigger_read(a, &def, noon, 0, &t, &e) != RC_OK)
        fail_msg("%s: %s %s %s", event, e.code, e.arg[0], e.arg[1]);
    return t;
}

static struct str name_of(void *arg, struct arena *a, enum entity_id kind, int64_t id)
{
    (void)arg;
    (void)kind;
    return id == 5 ? str_dup(a, STR("VIP")) : STR_NULL;
}

static void a_trigger_is_said_in_both_languages_without_a_database(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct rule_names names = {.name = name_of};
    struct trigger *t = compiled(&a, "{\"on\":\"timer\",\"after\":\"stage_entry\",\"hours\":336}", "value_minor >= 100",
                                 "[{\"do\":\"tag\",\"tag_id\":5},{\"do\":\"move\",\"stage_id\":7}]");
    assert_string_equal(trigger_text(&a, t, &names, "ru").ptr,
                        "Когда сделка стоит на этапе 14 дней, если value_minor >= 100 → поставить тег «VIP»; перевести "
                        "на этап «#7».");
    assert_string_equal(trigger_text(&a, t, &names, "en").ptr,
                        "When a deal stands on the stage for 14 days, if value_minor >= 100 → put the tag \"VIP\"; "
                        "move to the stage \"#7\".");
    arena_free(&a);
}

static void refused(const char *event, const char *condition, const char *actions, const char *code)
{
    struct arena a = ARENA_EMPTY;
    struct trigger_def def = {.event = str_c(event), .condition = str_c(condition), .actions = str_c(actions)};
    struct trigger *t;
    struct err e = {0};
    assert_int_equal(trigger_read(&a, &def, noon, 0, &t, &e), RC_UNPROCESSABLE);
    assert_string_equal(e.code, code);
    arena_free(&a);
}

static void a_definition_with_a_mistake_is_refused(void **state)
{
    (void)state;
    const char *created = "{\"on\":\"created\"}", *note = "[{\"do\":\"note\",\"text\":\"x\"}]";
    refused("", "", note, "bad_trigger_event");
    refused("{\"on\":\"created\",\"hours\":4}", "", note, "bad_trigger_event");
    refused("{\"on\":\"timer\",\"date\":\"title\",\"hours\":4}", "", note, "bad_trigger_event");
    refused("{\"on\":\"timer\",\"after\":\"field_held\",\"hours\":4}", "", note, "bad_trigger_event");
    refused("{\"on\":\"entered\",\"object\":\"contact\"}", "", note, "bad_trigger_event");
    refused(created, "title ~ 5", note, "bad_filter");
    refused(created, "owner_id = me", note, "me_in_trigger");
    refused(created, "", "{}", "action_unknown");
    refused(created, "", "[{\"do\":\"owner\",\"to\":\"somebody\"}]", "action_field_wrong");
    refused(created, "", "[{\"do\":\"owner\",\"to\":{\"role_id\":3,\"pick\":\"all\"}}]", "action_field_wrong");
    refused(created, "", "[{\"do\":\"task\",\"title\":\"x\",\"repeat_left\":3}]", "action_field_required");
    refused(created, "", "[{\"do\":\"set\",\"field\":\"value_minor\",\"value\":\"much\"}]", "action_field_wrong");
    refused(created, "", "[{\"do\":\"set\",\"field\":\"stage_id\",\"value\":5}]", "action_field_wrong");
    refused(created, "", "[{\"do\":\"webhook\",\"url\":\"file:///etc/passwd\"}]", "action_field_wrong");
    refused(created, "", "[{\"do\":\"defer\"}]", "action_field_required");
}

static void a_condition_that_speaks_of_now_is_read_anew(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    const char *created = "{\"on\":\"created\"}", *note = "[{\"do\":\"note\",\"text\":\"x\"}]";
    assert_true(compiled(&a, created, "created_at < now - 5d", note)->moves);
    assert_true(compiled(&a, created, "value_minor = 1 or expected_close_on > today", note)->moves);
    assert_false(compiled(&a, created, "created_at < \"2026-01-01\"", note)->moves);
    struct trigger *t = compiled(&a, created, "created_at < now - 5d", note);
    struct record *r = record_new(&a, entity_by_id(ENT_DEAL));
    struct filter_eval x = {.arena = &a};
    struct err e = {0};
    bool met;
    r->created_at = noon;
    OK(trigger_condition(t, &x, r, noon + 4 * MS_DAY, 0, &met, NULL, NULL, &e));
    assert_false(met);
    OK(trigger_condition(t, &x, r, noon + 6 * MS_DAY, 0, &met, NULL, NULL, &e));
    assert_true(met);
    arena_free(&a);
}

/* ---- when a timer is due ---- */

static struct record *some_deal(struct arena *a, int64_t entered)
{
    struct record *r = record_new(a, entity_by_id(ENT_DEAL));
    for (size_t i = 0; i < r->ent->n_fields; i++)
        r->f[i] = val_null();
    r->created_at = entered - MS_DAY;
    r->f[DEAL_STATUS] = val_int(DEAL_OPEN);
    r->f[DEAL_FUNNEL_ID] = val_int(1);
    r->f[DEAL_STAGE_ID] = val_int(2);
    r->f[DEAL_STAGE_ENTERED_AT] = val_int(entered);
    r->f[DEAL_OPEN_TASKS] = val_int(0);
    return r;
}

static void a_timer_is_due_by_what_the_deal_says(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct calendar work = calendar_ordinary(NULL);
    struct record *d = some_deal(&a, noon);
    int64_t anchor, due;
    const char *note = "[{\"do\":\"note\",\"text\":\"x\"}]";
    struct trigger *t = compiled(&a, "{\"on\":\"timer\",\"after\":\"stage_entry\",\"hours\":336}", "", note);
    assert_true(timer_due(t, d, 0, &work, &anchor, &due));
    assert_int_equal(due, noon + 336 * MS_HOUR);
    d->f[DEAL_DEFERRED_UNTIL] = val_int(noon + 30 * MS_DAY);
    assert_true(timer_due(t, d, 0, &work, &anchor, &due));
    assert_int_equal(due, noon + 30 * MS_DAY + 336 * MS_HOUR); /* put off: it counts from when it goes on */
    d->f[DEAL_STATUS] = val_int(DEAL_LOST);
    assert_false(timer_due(t, d, 0, &work, &anchor, &due));
    d->f[DEAL_STATUS] = val_int(DEAL_OPEN);
    d->f[DEAL_OPEN_TASKS] = val_int(1);
    assert_false(timer_due(compiled(&a, "{\"on\":\"timer\",\"after\":\"no_task\",\"hours\":3}", "", note), d, noon,
                           &work, &anchor, &due));
    t = compiled(&a, "{\"on\":\"timer\",\"date\":\"expected_close_on\",\"hours\":-48}", "", note);
    assert_false(timer_due(t, d, noon, &work, &anchor, &due));
    int64_t day = noon / MS_DAY + 10;
    d->f[DEAL_EXPECTED_CLOSE_ON] = val_int(day);
    assert_true(timer_due(t, d, noon, &work, &anchor, &due));
    assert_int_equal(due, (day - 2) * MS_DAY);
    d->f[DEAL_EXPECTED_CLOSE_ON] = val_int(noon / MS_DAY + 1); /* the reminder's time is over, the date is not */
    assert_true(timer_due(t, d, noon, &work, &anchor, &due));
    assert_int_equal(due, noon);
    arena_free(&a);
}

/* ---- in a company ---- */

static void two_writers_do_not_take_each_others_rules(void **state)
{
    struct rig *rig = *state;
    int64_t tag, deal, id;
    DO(rig, try_create(rig, ENT_TAG, &tag, "{'name':'Наш'}"));
    DO(rig, try_create(rig, ENT_TRIGGER, &id,
                       "{'name':'Наш','enabled':true,'event':{'on':'created'},'actions':[{'do':'tag','tag_id':%lld}]}",
                       (long long)tag));
    DO(rig, try_create(rig, ENT_DEAL, &deal, "{'title':'Раз'}"));
    assert_int_equal(field_of(rig, ENT_DEAL, deal, DEAL_TAG_IDS).set.n, 1);
    void *other = NULL;
    assert_int_equal(on_sqlite(&other), 0);
    struct rig *theirs = rig_open(other);
    DO(theirs, try_create(theirs, ENT_DEAL, &deal, "{'title':'Чужая'}"));
    assert_int_equal(field_of(theirs, ENT_DEAL, deal, DEAL_TAG_IDS).set.n, 0);
    rig_close(theirs);
    place_close(&other);
    DO(rig, try_update(rig, ENT_TRIGGER, id, "{'enabled':false}"));
    DO(rig, try_create(rig, ENT_DEAL, &deal, "{'title':'Два'}"));
    assert_int_equal(field_of(rig, ENT_DEAL, deal, DEAL_TAG_IDS).set.n, 0);
}

static int open_rig(void **state)
{
    crm_set_rules(&rules);
    if (on_sqlite(state) != 0)
        return -1;
    *state = rig_open(*state);
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;
    void *place = rig->place;
    rig_close(rig);
    return place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_condition_says_in_memory_what_the_list_says, open_rig, close_rig),
        cmocka_unit_test(a_part_of_a_condition_reads_as_it_was_written),
        cmocka_unit_test(a_trigger_is_said_in_both_languages_without_a_database),
        cmocka_unit_test(a_definition_with_a_mistake_is_refused),
        cmocka_unit_test(a_condition_that_speaks_of_now_is_read_anew),
        cmocka_unit_test(a_timer_is_due_by_what_the_deal_says),
        cmocka_unit_test_setup_teardown(two_writers_do_not_take_each_others_rules, open_rig, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
