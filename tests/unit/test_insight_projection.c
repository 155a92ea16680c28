/* What the projection remembers of a deal's way: in order of time, without slips that were undone (R012, R095, R203,
 * R224). */
#include "crm/fields.h"
#include "insight/event_scan.h"
#include "insight/projection.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t seq;

static int64_t is(const struct projection_view *v, enum fact fact, int field, size_t row)
{
    return fact_get(fact_column(&v->facts[fact], field), row);
}

static void feed_of(struct projection *p, int kind, int64_t id, int verb, int64_t at, const char *data)
{
    seq++;
    struct event ev = {.seq = seq,
                       .at = at,
                       .actor_id = 7,
                       .change_id = seq,
                       .object_id = id,
                       .object_kind = kind,
                       .verb = verb,
                       .data = str_c(data)};
    projection_events(p, &ev, 1);
}

static int64_t feed(struct projection *p, int64_t deal, int verb, int64_t at, int64_t undoes, const char *data)
{
    seq++;
    struct event ev = {.seq = seq,
                       .at = at,
                       .actor_id = 7,
                       .undoes = undoes,
                       .change_id = seq,
                       .object_id = deal,
                       .object_kind = ENT_DEAL,
                       .verb = verb,
                       .data = str_c(data)};
    projection_events(p, &ev, 1);
    return ev.seq;
}

/* The way of a deal as text: "10@100 12@200 15!@300", ! for stages passed after the close. */
static const char *way(struct projection *p, int64_t deal)
{
    static char text[500];
    size_t len = 0;
    text[0] = 0;
    struct projection_view v = projection_lock(p);
    struct visits w = visits_of(&v, fact_row(&v.facts[FACT_DEAL], deal));
    for (size_t i = 0; i < w.n; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%lld%s@%lld", len ? " " : "",
                                (long long)v.stage_ids[visit_stage(w.packed[i])], visit_passed(w.packed[i]) ? "!" : "",
                                (long long)visit_at(w.packed[i]));
    projection_unlock(p);
    return text;
}

static void a_deal_is_followed_through_its_stages(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    feed(p, 1, VERB_CREATED, 100, 0,
         "{\"title\":[null,\"Курс \\\"Продажи\\\" [1, "
         "2]\"],\"funnel_id\":[null,3],\"stage_id\":[null,10],\"owner_id\":[null,7],"
         "\"value_minor\":[null,250000],\"tag_ids\":[[],[4,5]],\"source_id\":[null,2]}");
    feed(p, 1, VERB_MOVED, 200, 0, "{\"stage_id\":[10,12]}");
    feed(p, 1, VERB_UPDATED, 250, 0, "{\"owner_id\":[7,8],\"source_id\":[2,null]}");
    feed(p, 1, VERB_MOVED, 300, 0, "{\"stage_id\":[12,13],\"status\":[\"open\",\"won\"],\"closed_at\":[null,300]}");
    feed(p, 1, VERB_PASSED, 400, 0, "{\"stage_id\":[null,14]}");
    assert_string_equal(way(p, 1), "10@100 12@200 13@300 14!@400");
    struct projection_view v = projection_lock(p);
    assert_int_equal(v.facts[FACT_DEAL].n, 1);
    assert_int_equal(is(&v, FACT_DEAL, DEAL_OWNER_ID, 0), 8);
    assert_true(is(&v, FACT_DEAL, DEAL_SOURCE_ID, 0) == FACT_NULL);
    assert_int_equal(is(&v, FACT_DEAL, DEAL_FUNNEL_ID, 0), 3);
    assert_int_equal(is(&v, FACT_DEAL, DEAL_VALUE_MINOR, 0), 250000);
    assert_int_equal(v.unreadable, 0);
    assert_int_equal(v.seq, seq);
    projection_unlock(p);
    projection_free(p);
}

static void an_undone_move_is_a_slip_not_a_visit(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    feed(p, 1, VERB_CREATED, 100, 0, "{\"funnel_id\":[null,3],\"stage_id\":[null,10]}");
    feed(p, 1, VERB_MOVED, 200, 0, "{\"stage_id\":[10,12]}");
    feed(p, 1, VERB_MOVED, 210, 0, "{\"stage_id\":[12,10]}");
    int64_t slip = feed(p, 1, VERB_MOVED, 300, 0, "{\"stage_id\":[10,12]}");
    int64_t undo = feed(p, 1, VERB_MOVED, 310, slip, "{\"stage_id\":[12,10]}");
    assert_string_equal(way(p, 1), "10@100 12@200 10@210");
    int64_t redo = feed(p, 1, VERB_MOVED, 320, undo, "{\"stage_id\":[10,12]}");
    assert_string_equal(way(p, 1), "10@100 12@200 10@210 12@300");
    feed(p, 1, VERB_MOVED, 330, redo, "{\"stage_id\":[12,10]}");
    assert_string_equal(way(p, 1), "10@100 12@200 10@210");
    feed(p, 1, VERB_MOVED, 340, 0, "{\"stage_id\":[10,15]}");
    assert_string_equal(way(p, 1), "10@100 12@200 10@210 15@340");
    projection_free(p);
}

static void history_that_comes_late_takes_its_place_in_time(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    feed(p, 5, VERB_CREATED, 500, 0, "{\"funnel_id\":[null,3],\"stage_id\":[null,10]}");
    feed(p, 2, VERB_CREATED, 500, 0, "{\"funnel_id\":[null,3],\"stage_id\":[null,10]}");
    feed(p, 5, VERB_MOVED, 900, 0, "{\"stage_id\":[10,13]}");
    feed(p, 5, VERB_MOVED, 700, 0, "{\"stage_id\":[13,12]}");
    feed(p, 5, VERB_MOVED, 700, 0, "{\"stage_id\":[12,11]}");
    feed(p, 5, VERB_MOVED, -50, 0, "{\"stage_id\":[11,9]}");
    feed(p, 5, VERB_MOVED, 900, 0, "{\"stage_id\":[9,14]}");
    assert_string_equal(way(p, 5), "9@-50 10@500 12@700 11@700 13@900 14@900");
    assert_string_equal(way(p, 2), "10@500");
    projection_free(p);
}

static void deleted_and_transferred_deals_are_marked(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    feed(p, 1, VERB_CREATED, 1, 0, "{\"funnel_id\":[null,3],\"stage_id\":[null,10]}");
    int64_t gone = feed(p, 1, VERB_DELETED, 2, 0, "{}");
    struct projection_view v = projection_lock(p);
    assert_true(fact_deleted(&v.facts[FACT_DEAL], 0));
    assert_true(fact_alive(&v.facts[FACT_DEAL], 0, 1));
    assert_false(fact_alive(&v.facts[FACT_DEAL], 0, 2));
    projection_unlock(p);
    feed(p, 1, VERB_RESTORED, 3, gone, "{}");
    feed(p, 1, VERB_MOVED, 4, 0, "{\"stage_id\":[10,20],\"funnel_id\":[3,4]}");
    v = projection_lock(p);
    assert_false(fact_deleted(&v.facts[FACT_DEAL], 0));
    assert_false(fact_alive(&v.facts[FACT_DEAL], 0, 0));
    assert_true(fact_alive(&v.facts[FACT_DEAL], 0, 1));
    assert_false(fact_alive(&v.facts[FACT_DEAL], 0, 2));
    assert_true(fact_alive(&v.facts[FACT_DEAL], 0, 3));
    assert_true(v.deal_flags[0] & DEAL_TRANSFERRED);
    assert_int_equal(is(&v, FACT_DEAL, DEAL_FUNNEL_ID, 0), 4);
    projection_unlock(p);
    projection_free(p);
}

static void a_broken_event_is_counted_not_followed(void **state)
{
    (void)state;
    const char *broken[] = {"", "{", "[]", "{\"stage_id\":[1", "{\"a\":[1,2]", "{\"a\" 1}", "{\"a\\", "{]}"};
    struct event_scan s;
    struct event_pair pair;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        int more = event_scan_begin(&s, str_c(broken[i])) ? 1 : -1;
        while (more > 0)
            more = event_scan_next(&s, &pair);
        assert_int_equal(more, -1);
    }
    assert_true(event_scan_begin(&s, str_c(" { \"stage_id\" : [ null , 5 ] , \"x\":{\"stage_id\":[1,2]} } ")));
    assert_int_equal(event_scan_next(&s, &pair), 1);
    assert_true(str_eqc(pair.field, "stage_id") && str_eqc(pair.old, "null") && str_eqc(pair.now, "5"));
    assert_int_equal(event_scan_next(&s, &pair), 1);
    assert_true(str_eqc(pair.field, "x") && pair.now.ptr == NULL);
    assert_int_equal(event_scan_next(&s, &pair), 0);
    struct projection *p = projection_new();
    feed(p, 9, VERB_MOVED, 1, 0, "{\"stage_id\":[10,20]}"); /* of a deal never created */
    struct projection_view v = projection_lock(p);
    assert_int_equal(v.facts[FACT_DEAL].n, 0);
    assert_int_equal(v.unreadable, 1);
    projection_unlock(p);
    feed(p, 9, VERB_CREATED, 1, 0, "{\"stage_id\":5}"); /* no pair */
    v = projection_lock(p);
    assert_int_equal(v.unreadable, 2);
    projection_unlock(p);
    projection_free(p);
}

static void every_held_field_is_a_column_and_every_change_a_line(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    struct arena a = ARENA_EMPTY;
    feed_of(p, ENT_CUSTOM_FIELD, 4, VERB_CREATED, 1, "{\"object\":[null,\"deal\"],\"type\":[null,\"number\"]}");
    feed(p, 1, VERB_CREATED, 10, 0,
         "{\"utm_source\":[null,\"\\u044fndex \\\"x\\\"\"],\"status\":[null,\"open\"],\"tag_ids\":[[],[3,9]],"
         "\"cf_4\":[null,1.5],\"expected_close_on\":[null,19000],\"value_minor\":[null,500]}");
    feed(p, 2, VERB_CREATED, 20, 0, "{\"utm_source\":[null,\"bing\"],\"status\":[null,\"open\"]}");
    feed(p, 1, VERB_UPDATED, 30, 0, "{\"tag_ids\":[[3,9],[3]],\"value_minor\":[500,700],\"utm_source\":[\"\",null]}");
    feed(p, 1, VERB_UPDATED, 40, 0, "{\"value_minor\":[700,900],\"cf_4\":[1.5,0]}");
    feed(p, 2, VERB_UPDATED, 50, 0, "{\"value_minor\":[null,1]}");
    struct projection_view v = projection_lock(p);
    const struct facts *deals = &v.facts[FACT_DEAL];
    int cf = (int)deals->n_columns - 1;
    const struct fact_column *tags = fact_column(deals, DEAL_TAG_IDS), *utm = fact_column(deals, DEAL_UTM_SOURCE);
    assert_int_equal(fact_set(tags, fact_get(tags, 0)).n, 1);
    assert_int_equal(fact_set(tags, fact_get(tags, 1)).n, 0);
    assert_true(fact_get(utm, 0) == FACT_NULL);
    assert_true(str_eqc(fact_text(utm, fact_get(utm, 1)), "bing"));
    assert_true(fact_real(is(&v, FACT_DEAL, cf, 0)) == 0);
    struct fact_column then = fact_as_of(&v, FACT_DEAL, DEAL_VALUE_MINOR, 35, &a);
    assert_int_equal(fact_get(&then, 0), 700);
    assert_true(fact_get(&then, 1) == FACT_NULL);
    then = fact_as_of(&v, FACT_DEAL, DEAL_TAG_IDS, 29, &a);
    assert_int_equal(fact_set(&then, fact_get(&then, 0)).ids[1], 9);
    then = fact_as_of(&v, FACT_DEAL, DEAL_UTM_SOURCE, 29, &a);
    assert_true(str_eqc(fact_text(&then, fact_get(&then, 0)), "яndex \"x\""));
    then = fact_as_of(&v, FACT_DEAL, cf, 39, &a);
    assert_true(fact_real(fact_get(&then, 0)) == 1.5);
    const int64_t *to = fact_changes_to(deals, fact_column(deals, DEAL_VALUE_MINOR), &a);
    assert_int_equal(fact_column(deals, DEAL_VALUE_MINOR)->n_changes, 3);
    assert_true(to[0] == 700 && to[1] == 900 && to[2] == 1);
    assert_int_equal(v.unreadable, 0);
    assert_int_equal(fact_get(fact_column(&v.facts[FACT_TASK], TASK_DONE), 0), 0); /* the default of all */
    projection_unlock(p);
    arena_free(&a);
    projection_free(p);
}

/* A long list of changes, half of it imported late, is taken back to any instant; a person's words go for good. */
static void the_past_is_found_in_a_long_list_of_changes(void **state)
{
    (void)state;
    enum { CHANGES = 5000 };
    struct projection *p = projection_new();
    struct arena a = ARENA_EMPTY;
    char data[100];
    feed_of(p, ENT_CONTACT, 1, VERB_CREATED, 0, "{\"position\":[null,\"Директор\"],\"development_id\":[null,1]}");
    for (int i = 1; i < CHANGES; i++) {
        snprintf(data, sizeof data, "{\"development_id\":[%d,%d]}", i, i + 1);
        feed_of(p, ENT_CONTACT, 1, VERB_UPDATED, 10 * i, data);
    }
    feed_of(p, ENT_CONTACT, 1, VERB_UPDATED, 5, "{\"position\":[\"Директор\",\"Владелец\"]}");
    struct projection_view v = projection_lock(p);
    for (int at = 0; at < CHANGES; at += 7) {
        struct fact_column was = fact_as_of(&v, FACT_CONTACT, CONTACT_DEVELOPMENT_ID, 10 * at + 9, &a);
        assert_int_equal(fact_get(&was, 0), at + 1);
    }
    struct fact_column was = fact_as_of(&v, FACT_CONTACT, CONTACT_POSITION, 4, &a);
    assert_true(str_eqc(fact_text(&was, fact_get(&was, 0)), "Директор"));
    projection_unlock(p);
    feed_of(p, ENT_CONTACT, 1, VERB_ERASED, 90000, "{\"erased_at\":[null,90000]}");
    v = projection_lock(p);
    was = fact_as_of(&v, FACT_CONTACT, CONTACT_POSITION, 4, &a);
    assert_true(fact_get(&was, 0) == FACT_NULL);
    assert_true(is(&v, FACT_CONTACT, CONTACT_POSITION, 0) == FACT_NULL);
    assert_int_equal(is(&v, FACT_CONTACT, CONTACT_ERASED_AT, 0), 90000);
    projection_unlock(p);
    arena_free(&a);
    projection_free(p);
}

static void products_of_a_deal_follow_its_lines(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    struct arena a = ARENA_EMPTY;
    feed(p, 1, VERB_CREATED, 10, 0, "{}");
    feed_of(p, ENT_DEAL_PRODUCT, 1, VERB_CREATED, 20, "{\"deal_id\":[null,1],\"product_id\":[null,8]}");
    feed_of(p, ENT_DEAL_PRODUCT, 2, VERB_CREATED, 30, "{\"deal_id\":[null,1],\"product_id\":[null,5]}");
    feed_of(p, ENT_DEAL_PRODUCT, 3, VERB_CREATED, 30, "{\"deal_id\":[null,1],\"product_id\":[null,8]}");
    feed_of(p, ENT_DEAL_PRODUCT, 2, VERB_DELETED, 40, "{}");
    feed_of(p, ENT_DEAL_PRODUCT, 3, VERB_DELETED, 41, "{}");
    struct projection_view v = projection_lock(p);
    struct fact_column sold = *fact_column(&v.facts[FACT_DEAL], DEAL_PRODUCT_IDS);
    assert_int_equal(fact_set(&sold, fact_get(&sold, 0)).n, 1);
    assert_int_equal(fact_set(&sold, fact_get(&sold, 0)).ids[0], 8);
    sold = fact_as_of(&v, FACT_DEAL, DEAL_PRODUCT_IDS, 35, &a);
    assert_int_equal(fact_set(&sold, fact_get(&sold, 0)).n, 2);
    assert_int_equal(fact_set(&sold, fact_get(&sold, 0)).ids[0], 5);
    projection_unlock(p);
    arena_free(&a);
    projection_free(p);
}

static void who_did_how_much_is_counted_by_the_hour(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    for (int i = 0; i < 5; i++)
        feed(p, 1 + i, VERB_CREATED, 7200000 - i % 2, 0, "{}");
    struct projection_view v = projection_lock(p);
    projection_unlock(p);
    feed(p, 1, VERB_UPDATED, -1, 0, "{\"value_minor\":[null,1]}");
    v = projection_lock(p);
    assert_int_equal(v.n_activity, 3);
    assert_true(v.activity[0].hour == -1 && v.activity[0].verb == VERB_UPDATED && v.activity[0].count == 1);
    assert_true(v.activity[1].hour == 1 && v.activity[1].count == 2 && v.activity[1].user == 7);
    assert_true(v.activity[2].hour == 2 && v.activity[2].count == 3 && v.activity[2].object == ENT_DEAL);
    projection_unlock(p);
    projection_free(p);
}

/* The visits of many deals that move by turns stay together, in order, when their places move. */
static void ways_stay_in_one_piece(void **state)
{
    (void)state;
    enum { DEALS = 3000, MOVES = 40 };
    struct projection *p = projection_new();
    for (int d = 1; d <= DEALS; d++)
        feed(p, d, VERB_CREATED, d, 0, "{\"stage_id\":[null,10]}");
    for (int m = 1; m <= MOVES; m++)
        for (int d = 1; d <= DEALS; d++) {
            char data[60];
            snprintf(data, sizeof data, "{\"stage_id\":[%d,%d]}", 9 + m, 10 + m);
            feed(p, d, VERB_MOVED, 10000 * m + d, 0, data);
        }
    struct projection_view v = projection_lock(p);
    for (int d = 1; d <= DEALS; d++) {
        struct visits w = visits_of(&v, (size_t)d - 1);
        assert_int_equal(w.n, MOVES + 1);
        for (size_t i = 1; i < w.n; i++) {
            assert_int_equal(visit_at(w.packed[i]), 10000 * (int)i + d);
            assert_int_equal(v.stage_ids[visit_stage(w.packed[i])], 10 + (int)i);
        }
    }
    projection_unlock(p);
    projection_free(p);
}

struct sums {
    uint64_t of[SCAN_WORKERS];
};

static void add_up(void *arg, int worker, size_t from, size_t to)
{
    struct sums *s = arg;
    for (size_t i = from; i < to; i++)
        s->of[worker] += i;
}

static void a_scan_on_two_cores_sees_every_row_once(void **state)
{
    (void)state;
    struct projection *p = projection_new();
    const size_t sizes[] = {0, 1, 70000, 1000001};
    for (int round = 0; round < 50; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct sums s = {0};
            struct projection_view v = projection_lock(p);
            projection_scan(&v, sizes[i], add_up, &s);
            projection_unlock(p);
            assert_int_equal(s.of[0] + s.of[1], sizes[i] ? sizes[i] * (sizes[i] - 1) / 2 : 0);
        }
    projection_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deal_is_followed_through_its_stages),
        cmocka_unit_test(an_undone_move_is_a_slip_not_a_visit),
        cmocka_unit_test(history_that_comes_late_takes_its_place_in_time),
        cmocka_unit_test(deleted_and_transferred_deals_are_marked),
        cmocka_unit_test(a_broken_event_is_counted_not_followed),
        cmocka_unit_test(every_held_field_is_a_column_and_every_change_a_line),
        cmocka_unit_test(the_past_is_found_in_a_long_list_of_changes),
        cmocka_unit_test(products_of_a_deal_follow_its_lines),
        cmocka_unit_test(who_did_how_much_is_counted_by_the_hour),
        cmocka_unit_test(ways_stay_in_one_piece),
        cmocka_unit_test(a_scan_on_two_cores_sees_every_row_once),
    };
    return cmocka_run_group_tests_name("insight_projection", tests, NULL, NULL);
}
