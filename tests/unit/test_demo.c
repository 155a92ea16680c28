/* The demo company: the same for the same seed, believable, and with the planted effects really there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/demo.h"

static struct demo_world world; /* of 3,000 deals */
static struct arena a;

static void simulate(struct demo_world *w, int64_t deals, uint64_t seed, const char *as_of)
{
    struct err e = {0};
    int64_t at;
    assert_true(time_parse(str_c(as_of), &at));
    assert_int_equal(demo_simulate(w, (struct demo_options){.deals = deals, .seed = seed, .as_of = at}, &e), RC_OK);
}

static int build(void **state)
{
    (void)state;
    simulate(&world, 3000, 7, "2026-11-21T12:00:00Z");
    return 0;
}

static int drop(void **state)
{
    (void)state;
    demo_free(&world);
    arena_free(&a);
    return 0;
}

static void test_same_seed_gives_the_same_company_and_another_seed_another(void **state)
{
    (void)state;
    struct demo_world again, other;
    simulate(&again, 3000, 7, "2026-11-21T12:00:00Z");
    simulate(&other, 3000, 8, "2026-11-21T12:00:00Z");
    assert_int_equal(again.events.len, world.events.len);
    for (size_t i = 0; i < world.events.len; i++) {
        const struct demo_event *x = &world.events.ptr[i], *y = &again.events.ptr[i];
        assert_true(x->t == y->t && x->object == y->object && x->kind == y->kind && x->a == y->a && x->b == y->b);
    }
    for (uint32_t i = 0; i < world.deals.len; i++)
        assert_true(str_eq(demo_deal_title(&world, &a, i), demo_deal_title(&again, &a, i)));
    size_t same = 0;
    for (uint32_t i = 0; i < 1000; i++)
        same += str_eq(demo_contact_text(&world, &a, i).name, demo_contact_text(&other, &a, i).name);
    assert_true(same < 50);
    demo_free(&again);
    demo_free(&other);
}

static void test_history_is_in_order_whole_and_not_in_the_future(void **state)
{
    (void)state;
    VEC(unsigned char) stage = {0};
    assert_int_equal(world.deals.len, 3000);
    vec_reserve(&stage, world.deals.len);
    for (size_t i = 0; i < world.deals.len; i++)
        stage.ptr[i] = 255;
    for (size_t i = 0; i < world.events.len; i++) {
        const struct demo_event *ev = &world.events.ptr[i];
        assert_true(ev->t <= world.now && (i == 0 || world.events.ptr[i - 1].t <= ev->t));
        if (ev->kind == DEMO_EV_DEAL) {
            stage.ptr[ev->object] = world.deals.ptr[ev->object].first_stage;
        } else if (ev->kind == DEMO_EV_MOVE) {
            assert_int_equal(stage.ptr[ev->object], ev->a);
            stage.ptr[ev->object] = ev->b;
        }
    }
    for (size_t i = 0; i < world.deals.len; i++)
        assert_int_equal(stage.ptr[i], world.deals.ptr[i].stage);
    for (size_t i = 0; i < world.tasks.len; i++) {
        const struct demo_task *t = &world.tasks.ptr[i];
        assert_true(t->created <= t->due && (t->done == DEMO_NONE || (t->done >= t->created && t->done <= world.now)));
    }
    vec_free(&stage);
}

static void test_every_open_column_has_deals_but_the_vanished_step(void **state)
{
    (void)state;
    for (unsigned f = 0; f < DEMO_FUNNELS; f++)
        for (unsigned s = 0; s < world.n_stages[f]; s++) {
            size_t n = 0;
            for (size_t i = 0; i < world.deals.len; i++)
                n += world.deals.ptr[i].funnel == f && world.deals.ptr[i].stage == s;
            if (f == DEMO_OUTREACH && s == DEMO_BREAK_STAGE)
                assert_true(n < 2);
            else
                assert_true(n > 0);
        }
}

static void test_todays_queue_has_overdue_todays_and_later_tasks_and_deals_without_one(void **state)
{
    (void)state;
    size_t none = 0, overdue = 0, today = 0, later = 0;
    for (size_t i = 0; i < world.deals.len; i++) {
        const struct demo_deal *d = &world.deals.ptr[i];
        if (d->status != DEAL_OPEN)
            continue;
        none += d->next_task == DEMO_NONE;
        today += d->next_task / DEMO_DAY == world.now / DEMO_DAY;
        overdue += d->next_task / DEMO_DAY < world.now / DEMO_DAY;
        later += d->next_task != DEMO_NONE && d->next_task / DEMO_DAY > world.now / DEMO_DAY;
    }
    assert_true(none > 5 && overdue > 20 && today > 30 && later > 100);
}

/* R358, R359, R368: 42 % against 2 %, and the step that is no longer made */
static void test_conversion_falls_where_the_step_vanished(void **state)
{
    (void)state;
    struct demo_world w;
    simulate(&w, 20000, 3, "2026-11-21T12:00:00Z");
    double rate[2] = {0}, n[2] = {0};
    uint32_t at = (uint32_t)(w.break_on - w.base_on) * DEMO_DAY;
    for (size_t i = 0; i < w.deals.len; i++) {
        const struct demo_deal *d = &w.deals.ptr[i];
        if (d->funnel == DEMO_OUTREACH && !d->forced && d->created + DEMO_MATURE_DAYS * DEMO_DAY < w.now) {
            n[d->created >= at]++;
            rate[d->created >= at] += d->status == DEAL_WON;
        }
    }
    assert_true(n[0] > 1000 && n[1] > 400);
    assert_true(rate[0] / n[0] > 0.405 && rate[0] / n[0] < 0.435);
    assert_true(rate[1] / n[1] > 0.01 && rate[1] / n[1] < 0.03);
    assert_true(w.passed_before * 10 > w.shown_before * 9);
    assert_true(w.passed_after * 10 < w.shown_after);
    demo_free(&w);
}

/* R355, R356: a pile of young deals spoils the naive rate and leaves the mature one as it is */
static void test_young_campaign_spoils_the_naive_rate_only(void **state)
{
    (void)state;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    struct err e = {0};
    json_t *list = NULL;
    demo_planted(&world, &w);
    assert_int_equal(json_read(buf_view(&b), &list, &e), RC_OK);
    assert_int_equal(json_array_size(list), 4);
    const json_t *c = json_array_get(list, 3);
    assert_string_equal(json_string_value(json_object_get(c, "id")), "young_campaign");
    double naive = json_number_value(json_object_get(json_object_get(c, "naive"), "rate"));
    double without = json_number_value(json_object_get(json_object_get(c, "naive_without_the_campaign"), "rate"));
    double ripe = json_number_value(json_object_get(json_object_get(c, "mature"), "rate"));
    assert_true(naive < without - 0.03);
    assert_true(ripe > DEMO_CORPORATE_RATE - 0.08 && ripe < DEMO_CORPORATE_RATE + 0.08);
    const json_t *slow = json_array_get(list, 1);
    assert_true(json_number_value(json_object_get(slow, "median_days")) > 3 * 5);
    const json_t *strong = json_array_get(list, 2);
    assert_true(json_number_value(json_object_get(json_object_get(strong, "mature"), "rate")) >
                json_number_value(json_object_get(json_object_get(strong, "mature_of_others"), "rate")) + 0.12);
    json_decref(list);
    buf_free(&b);
}

static void test_companies_have_valid_requisites_and_nobody_has_a_real_address(void **state)
{
    (void)state;
    assert_true(demo_inn_valid(STR("7707083893")));
    assert_false(demo_inn_valid(STR("7707083894")));
    for (uint32_t i = 0; i < world.companies.len; i++) {
        struct demo_company_text t = demo_company_text(&world, &a, i);
        assert_true(demo_inn_valid(t.inn));
        assert_true(str_utf8_valid(t.name));
        assert_memory_equal(t.website.ptr + t.website.len - 8, ".example", 8);
    }
    for (uint32_t i = 0; i < world.contacts.len; i++) {
        struct demo_contact_text t = demo_contact_text(&world, &a, i);
        assert_true(str_utf8_valid(t.name) && t.phone.len > 8);
        if (t.email.len)
            assert_memory_equal(t.email.ptr + t.email.len - 8, ".example", 8);
    }
}

static void test_people_work_on_working_days(void **state)
{
    (void)state;
    int64_t day;
    assert_true(date_parse(STR("2026-01-05"), &day) && demo_is_holiday(day));
    assert_true(date_parse(STR("2026-05-11"), &day) && demo_is_holiday(day)); /* 9 May was a Saturday */
    assert_true(date_parse(STR("2026-05-12"), &day) && !demo_is_holiday(day));
    size_t moves = 0, odd = 0;
    for (size_t i = 0; i < world.events.len; i++) {
        const struct demo_event *ev = &world.events.ptr[i];
        if (ev->kind != DEMO_EV_MOVE || ev->actor == DEMO_SYSTEM)
            continue;
        uint32_t hour = ev->t % DEMO_DAY / 3600;
        moves++;
        odd += !world.workday[ev->t / DEMO_DAY] || hour < 9 || hour >= 18;
    }
    assert_true(odd * 50 < moves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_gives_the_same_company_and_another_seed_another),
        cmocka_unit_test(test_history_is_in_order_whole_and_not_in_the_future),
        cmocka_unit_test(test_every_open_column_has_deals_but_the_vanished_step),
        cmocka_unit_test(test_todays_queue_has_overdue_todays_and_later_tasks_and_deals_without_one),
        cmocka_unit_test(test_conversion_falls_where_the_step_vanished),
        cmocka_unit_test(test_young_campaign_spoils_the_naive_rate_only),
        cmocka_unit_test(test_companies_have_valid_requisites_and_nobody_has_a_real_address),
        cmocka_unit_test(test_people_work_on_working_days),
    };
    return cmocka_run_group_tests(tests, build, drop);
}
