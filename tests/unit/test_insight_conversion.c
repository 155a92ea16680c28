/* The conversion report over a real database, with history as the commands write it (R012, R038, R216, R224, R232). */
#include "base/time.h"
#include "crm_rig.h"
#include "insight/report.h"

#define DAY(n) (INT64_C(1700000000000) + (n)*MS_DAY)

struct asked {
    struct report_result r;
    struct err e;
    enum rc rc;
    struct projection *p;
};

static const char *lang = "en";

/* Runs the report with name=value pairs, ended by NULL. */
static struct asked ask(struct rig *r, int64_t now, ...)
{
    struct asked a = {0};
    struct report_arg args[10];
    struct report_call call = {
        .arena = &r->arena, .db = r->db, .lang = lang, .now = now, .user_id = r->admin, .args = args};
    va_list list;
    va_start(list, now);
    for (const char *name; (name = va_arg(list, const char *)) != NULL;)
        args[call.n_args++] = (struct report_arg){str_c(name), str_c(va_arg(list, const char *))};
    va_end(list);
    assert_int_equal(projection_build(&a.p, r->db, &a.e), RC_OK);
    call.projection = a.p;
    a.rc = report_run(report_by_id(STR("conversion")), &call, &a.r, &a.e);
    return a;
}

static void done(struct asked *a)
{
    report_result_free(&a->r);
    projection_free(a->p);
}

static double sum(const struct asked *a, const char *key)
{
    if (a->rc != RC_OK)
        fail_msg("%s %s %s", a->e.code, a->e.field, a->e.arg[0]);
    for (size_t i = 0; i < a->r.summary.len; i++)
        if (strcmp(a->r.summary.ptr[i].key, key) == 0) {
            struct cell c = a->r.summary.ptr[i].value;
            return c.kind == CELL_INT ? (double)c.i : c.kind == CELL_REAL ? c.f : -1;
        }
    fail_msg("no %s in the summary", key);
    return 0;
}

static bool noted(const struct asked *a, const char *code)
{
    for (size_t i = 0; i < a->r.notes.len; i++)
        if (strcmp(a->r.notes.ptr[i].code, code) == 0)
            return true;
    return false;
}

/* deals * 1000 + moves from one stage to another */
static int64_t moves(const struct asked *a, int64_t from, int64_t to)
{
    for (size_t t = 0; t < a->r.n_tables; t++) {
        const struct report_table *table = &a->r.tables[t];
        for (size_t i = 0; strcmp(table->id, "transitions") == 0 && i < table->cells.len; i += table->n_columns)
            if (table->cells.ptr[i + 1].i == from && table->cells.ptr[i + 3].i == to)
                return table->cells.ptr[i + 5].i * 1000 + table->cells.ptr[i + 6].i;
    }
    return 0;
}

static int64_t deal(struct rig *r, int64_t at, int64_t owner)
{
    int64_t id = 0;
    r->clock = at;
    DO(r, try_create(r, ENT_DEAL, &id, "{'title':'Курс','funnel_id':%lld,'stage_id':%lld,'owner_id':%lld}",
                     (long long)r->funnel, (long long)r->fresh, (long long)owner));
    return id;
}

static void move(struct rig *r, int64_t id, int64_t stage, int64_t at)
{
    r->clock = at;
    DO(r, try_update(r, ENT_DEAL, id, "{'stage_id':%lld,'move_reason':'так пошло'}", (long long)stage));
}

static void steps_back_and_second_visits_are_kept(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t a = deal(r, DAY(0), r->admin), b = deal(r, DAY(0), r->seller);
    move(r, a, r->talks, DAY(1));
    move(r, a, r->fresh, DAY(2));
    move(r, a, r->talks, DAY(3));
    move(r, a, r->won, DAY(4));
    move(r, b, r->won, DAY(10)); /* the ready buyer skips the talks */
    struct asked q = ask(r, DAY(20), "funnel", "входящие", NULL);
    assert_true(sum(&q, "deals") == 2 && sum(&q, "won") == 2 && sum(&q, "open") == 0);
    assert_int_equal(moves(&q, r->fresh, r->talks), 1002);
    assert_int_equal(moves(&q, r->talks, r->fresh), 1001);
    assert_int_equal(moves(&q, r->fresh, r->won), 1001);
    done(&q);
    rig_close(r);
}

static void a_slip_that_was_undone_never_happened(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t a = deal(r, DAY(0), r->admin);
    move(r, a, r->won, DAY(1));
    DO(r, try_undo(r, r->last_change));
    struct asked q = ask(r, DAY(20), "funnel", "Входящие", NULL);
    assert_true(sum(&q, "won") == 0 && sum(&q, "open") == 1);
    assert_int_equal(moves(&q, r->fresh, r->won), 0);
    done(&q);
    rig_close(r);
}

static void a_deal_that_came_back_has_its_last_outcome(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t a = deal(r, DAY(0), r->admin), b = deal(r, DAY(0), r->admin), c = deal(r, DAY(1), r->admin);
    move(r, a, r->lost, DAY(2));
    move(r, a, r->talks, DAY(5));
    move(r, a, r->won, DAY(9));
    move(r, b, r->lost, DAY(3));
    move(r, b, r->talks, DAY(6));
    r->clock = DAY(7);
    DO(r, try_delete(r, ENT_DEAL, c));
    struct asked q = ask(r, DAY(20), "funnel", "Входящие", NULL);
    assert_true(sum(&q, "deals") == 2 && sum(&q, "won") == 1 && sum(&q, "lost") == 0 && sum(&q, "open") == 1);
    assert_true(noted(&q, "reopened") && noted(&q, "deleted"));
    assert_true(sum(&q, "median_win_days") == 9);
    done(&q);
    q = ask(r, DAY(20), "funnel", "Входящие", "as_of", "2023-11-18T00:00:00Z", NULL); /* between day 3 and day 4 */
    assert_true(sum(&q, "lost") == 2 && sum(&q, "won") == 0);
    done(&q);
    rig_close(r);
}

static void periods_filters_and_groups_choose_the_deals(void **state)
{
    struct rig *r = rig_open(*state);
    for (int i = 0; i < 8; i++) {
        int64_t id = deal(r, DAY(i * 10), i % 2 ? r->seller : r->admin);
        if (i < 6)
            move(r, id, i % 3 ? r->lost : r->won, DAY(i * 10 + 5));
    }
    struct asked q =
        ask(r, DAY(100), "funnel_id", str_fmt(&r->arena, "%lld", (long long)r->funnel).ptr, "by", "owner", NULL);
    assert_int_equal(q.r.main.cells.len / q.r.main.n_columns, 2 * 4); /* two people, four horizons */
    assert_true(str_eqc(q.r.main.cells.ptr[0].s, "Анна"));
    assert_true(noted(&q, "small_groups_all") && noted(&q, "difference_unsure"));
    done(&q);
    q = ask(r, DAY(100), "funnel", "Входящие", "filter", "owner_id = me", NULL);
    assert_true(sum(&q, "deals") == 4);
    assert_true(noted(&q, "filtered_out"));
    done(&q);
    q = ask(r, DAY(100), "funnel", "Входящие", "from", "2023-11-20", "to", "2023-12-04", NULL);
    assert_true(sum(&q, "deals") == 1); /* day 20 is the 5th in Moscow, still the 4th in London */
    assert_true(noted(&q, "outside_period"));
    done(&q);
    q = ask(r, DAY(100), "funnel", "Входящие", "from", "2023-11-20", "to", "2023-12-05", NULL);
    assert_true(sum(&q, "deals") == 2);
    done(&q);
    q = ask(r, DAY(100), "funnel", "Входящие", "filter", "status = \"won\"", "by", "month", NULL);
    assert_true(sum(&q, "deals") == 2 && sum(&q, "won") == 2);
    assert_true(str_eqc(q.r.main.cells.ptr[0].s, "2023-11"));
    done(&q);
    rig_close(r);
}

static void a_deal_that_went_to_another_funnel_is_watched_until_then(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t other, stage, a = deal(r, DAY(0), r->admin);
    deal(r, DAY(0), r->admin);
    DO(r, try_create(r, ENT_FUNNEL, &other, "{'name':'Возврат'}"));
    DO(r, try_create(r, ENT_STAGE, &stage, "{'funnel_id':%lld,'name':'Возвращаем'}", (long long)other));
    r->clock = DAY(6);
    DO(r, try_update(r, ENT_DEAL, a, "{'funnel_id':%lld,'stage_id':%lld}", (long long)other, (long long)stage));
    struct asked q = ask(r, DAY(40), "funnel", "Входящие", NULL);
    assert_true(sum(&q, "deals") == 2 && sum(&q, "open") == 2);
    assert_true(noted(&q, "left_funnel"));
    assert_int_equal(q.r.main.cells.ptr[5].i, 1); /* at 30 days only the other is still watched */
    done(&q);
    q = ask(r, DAY(40), "funnel", "Возврат", NULL);
    assert_true(sum(&q, "deals") == 1);
    assert_true(sum(&q, "follow_up_days") == 34);
    done(&q);
    rig_close(r);
}

static void what_is_asked_wrongly_is_refused_by_name(void **state)
{
    struct rig *r = rig_open(*state);
    const struct {
        const char *name, *value, *code, *field;
    } wrong[] = {{"funnel", "Нет такой", "funnel_not_found", "funnel"},
                 {"funnel_id", "999", "funnel_not_found", "funnel_id"},
                 {"funnel_id", "x", "bad_param", "funnel_id"},
                 {"by", "moon", "bad_param", "by"},
                 {"speed", "1", "unknown_param", "speed"}};
    const struct {
        const char *name, *value, *code;
    } bad[] = {{"from", "yesterday", "bad_param"},
               {"as_of", "9223372036854775807", "bad_param"},
               {"mature_days", "0", "bad_param"},
               {"time_zone", "../etc/passwd", "bad_param"},
               {"filter", "owner_id =", "bad_filter"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct asked q = ask(r, DAY(1), wrong[i].name, wrong[i].value, NULL);
        assert_int_not_equal(q.rc, RC_OK);
        assert_string_equal(q.e.code, wrong[i].code);
        assert_string_equal(q.e.field, wrong[i].field);
        done(&q);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct asked q = ask(r, DAY(1), "funnel", "Входящие", bad[i].name, bad[i].value, NULL);
        assert_int_not_equal(q.rc, RC_OK);
        assert_string_equal(q.e.code, bad[i].code);
        done(&q);
    }
    rig_close(r);
}

static void an_empty_funnel_says_so_in_both_languages(void **state)
{
    struct rig *r = rig_open(*state);
    struct buf text[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        lang = i ? "en" : "ru";
        struct asked q = ask(r, DAY(1), "funnel", "Входящие", "by", "source", NULL);
        assert_int_equal(q.rc, RC_OK);
        assert_true(noted(&q, "empty"));
        struct jw w = jw_to(&text[i]);
        report_json(&w, &q.r, lang);
        json_t *tree;
        assert_int_equal(json_read(buf_view(&text[i]), &tree, &q.e), RC_OK);
        assert_true(json_is_null(json_object_get(json_object_get(tree, "summary"), "naive_rate")));
        assert_int_equal(json_array_size(json_object_get(tree, "rows")), 0);
        json_decref(tree);
        buf_clear(&text[i]);
        report_text(&text[i], &r->arena, &q.r, lang);
        done(&q);
    }
    assert_false(str_eq(buf_view(&text[0]), buf_view(&text[1])));
    assert_null(memmem(text[0].ptr, text[0].len, "report.", 7)); /* every text has its words */
    buf_free(&text[0]);
    buf_free(&text[1]);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(steps_back_and_second_visits_are_kept),
        SCENARIO(a_slip_that_was_undone_never_happened),
        SCENARIO(a_deal_that_came_back_has_its_last_outcome),
        SCENARIO(periods_filters_and_groups_choose_the_deals),
        SCENARIO(a_deal_that_went_to_another_funnel_is_watched_until_then),
        SCENARIO(what_is_asked_wrongly_is_refused_by_name),
        SCENARIO(an_empty_funnel_says_so_in_both_languages),
    };
    return run_scenarios("insight: the conversion report", tests, sizeof tests / sizeof *tests);
}
