/* What the projection remembers of a deal's way: in order of time, without slips that were undone (R012, R224). */
#include "insight/event_scan.h"
#include "insight/projection.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t seq;

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
    struct deals_view v = projection_lock(p);
    const struct deal_row *d = &v.deals[v.slot_of_id[deal] - 1];
    uint32_t last = VISIT_NONE;
    for (uint32_t i = d->first; i != VISIT_NONE; last = i, i = v.visits[i].next)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%lld%s@%lld", len ? " " : "",
                                (long long)v.stage_ids[visit_stage(&v.visits[i])],
                                visit_passed(&v.visits[i]) ? "!" : "", (long long)visit_at(&v.visits[i]));
    assert_int_equal(last, d->last);
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
    struct deals_view v = projection_lock(p);
    assert_int_equal(v.n_deals, 1);
    assert_int_equal(v.deals[0].owner, 8);
    assert_int_equal(v.deals[0].source, 0);
    assert_int_equal(v.deals[0].funnel, 3);
    assert_int_equal(v.deals[0].value_minor, 250000);
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
    struct deals_view v = projection_lock(p);
    assert_true(v.deals[0].deleted);
    projection_unlock(p);
    feed(p, 1, VERB_RESTORED, 3, gone, "{}");
    feed(p, 1, VERB_MOVED, 4, 0, "{\"stage_id\":[10,20],\"funnel_id\":[3,4]}");
    v = projection_lock(p);
    assert_false(v.deals[0].deleted);
    assert_true(v.deals[0].transferred);
    assert_int_equal(v.deals[0].funnel, 4);
    projection_unlock(p);
    projection_free(p);
}

static void a_broken_event_is_counted_not_followed(void **state)
{
    (void)state;
    const char *broken[] = {"",          "{",      "[]", "{\"stage_id\":[1", "{\"stage_id\":5}", "{\"a\":[1,2]",
                            "{\"a\" 1}", "{\"a\\", "{]}"};
    struct scanned s;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(event_scan(str_c(broken[i]), &s));
    assert_false(event_scan((struct str){"{\"a\":[\0", 7}, &s)); /* comes to an end */
    assert_true(event_scan(str_c(" { \"stage_id\" : [ null , 5 ] , \"x\":{\"stage_id\":[1,2]} } "), &s));
    assert_true(s.f[SCAN_STAGE].was_null && s.f[SCAN_STAGE].now == 5);
    struct projection *p = projection_new();
    feed(p, 9, VERB_MOVED, 1, 0, "{\"stage_id\":[10,20]}"); /* of a deal never created */
    struct deals_view v = projection_lock(p);
    assert_int_equal(v.n_deals, 0);
    assert_int_equal(v.unreadable, 1);
    projection_unlock(p);
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
    };
    return cmocka_run_group_tests_name("insight_projection", tests, NULL, NULL);
}
