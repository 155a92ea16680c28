/* Chances, sums of deals and scores against known values (tests/known values in ../shared/data/expected); where that
 * folder is absent the comparisons with it are skipped, and say so. */
#include "base/csv.h"
#include "base/rng.h"
#include "base/time.h"
#include "insight/chance.h"
#include "insight/outlook.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("got %.15g, want %.15g", got, want);
}

static const char *shared(char path[4096], const char *name)
{
    const char *place = getenv("VORONKA_SHARED"), *source = getenv("VORONKA_SOURCE");
    if (place != NULL)
        snprintf(path, 4096, "%s/data/%s", place, name);
    else
        snprintf(path, 4096, "%s/../shared/data/%s", source ? source : ".", name);
    return path;
}

static json_t *known(const char *key)
{
    char path[4096];
    json_t *j = json_load_file(shared(path, "expected/known_values.json"), 0, NULL);
    if (j == NULL) {
        print_message("# skipped: no %s (set VORONKA_SHARED)\n", path);
        skip();
    }
    json_t *v = json_incref(json_object_get(j, key));
    json_decref(j);
    assert_non_null(v);
    return v;
}

static double num(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    assert_true(json_is_number(v));
    return json_number_value(v);
}

static void six_deals_bring_what_was_counted_by_hand(void **state)
{
    (void)state;
    json_t *want = known("forecast_exact_6_deals");
    double p[6], counts[7];
    int64_t a[6];
    for (size_t i = 0; i < 6; i++) {
        p[i] = json_number_value(json_array_get(json_object_get(want, "p"), i));
        a[i] = (int64_t)json_number_value(json_array_get(json_object_get(want, "amount"), i));
    }
    struct outlook o = outlook_sum(p, a, 6);
    near(o.mean, num(want, "mean"), 1e-6);
    near(o.sd, num(want, "sd"), 1e-6);
    near(o.nothing, num(want, "P_zero"), 1e-12);
    near(o.p10, num(want, "P10"), 1e-6);
    near(o.p50, num(want, "P50"), 1e-6);
    near(o.p90, num(want, "P90"), 1e-6);
    outlook_counts(p, 6, counts);
    for (size_t i = 0; i < 7; i++)
        near(counts[i], json_number_value(json_array_get(json_object_get(want, "count_distribution"), i)), 1e-12);
    json_decref(want);
}

static void a_grid_of_coarse_steps_and_moments_agree_with_the_exact_sum(void **state)
{
    (void)state;
    struct rng r;
    double p[1500];
    int64_t a[1500];
    rng_seed(&r, 7);
    for (size_t i = 0; i < 1500; i++) {
        p[i] = rng_unit(&r) * 0.6;
        a[i] = rng_range(&r, 1000, 9000000); /* no common divisor: the grid */
    }
    struct outlook o = outlook_sum(p, a, 1500);
    near(o.p10, o.mean - 1.28155 * o.sd, 0.01 * o.mean);
    near(o.p90, o.mean + 1.28155 * o.sd, 0.01 * o.mean);
    assert_true(o.p10 < o.p50 && o.p50 < o.p90);
}

static void nothing_to_forecast_is_nothing(void **state)
{
    (void)state;
    struct outlook o = outlook_sum(NULL, NULL, 0);
    near(o.mean, 0, 0);
    near(o.p90, 0, 0);
    near(o.nothing, 1, 0);
}

/* Stays of the toy: rates a day as in the handbook. Every n-th part of the distribution of each stay is one deal. */
static struct semi *toy(struct arena *a, const uint8_t *ends, int n)
{
    struct semi *s = semi_new(a, 4, ends, 90 * MS_DAY, MS_DAY / 4);
    for (int i = 0; i < n; i++) {
        double u = (i + 0.5) / n;
        double from_a = -log(1 - u) / 0.10, from_b = -log(1 - u) / 0.08;
        for (int k = 0; k < 40; k++) {
            semi_add(s, 0, k < 24 ? 1 : 3, (int64_t)(from_a * MS_DAY)); /* .06 to .04 */
            semi_add(s, 1, k < 25 ? 2 : 3, (int64_t)(from_b * MS_DAY)); /* .05 to .03 */
        }
    }
    semi_solve(s);
    return s;
}

static void the_way_through_two_stages_has_the_chance_of_the_formula(void **state)
{
    (void)state;
    static const uint8_t ends[] = {0, 0, 1, 2};
    static const int days[] = {10, 30, 60, 90};
    json_t *want = known("semi_markov_toy");
    struct arena a = ARENA_EMPTY;
    struct semi *s = toy(&a, ends, 4000);
    for (size_t i = 0; i < 4; i++) {
        char key[8];
        snprintf(key, sizeof key, "%d", days[i]);
        near(semi_chance(s, 0, 0, days[i] * MS_DAY, NULL), num(json_object_get(want, "P_won_from_A_by"), key), 2e-4);
        near(semi_chance(s, 1, 0, days[i] * MS_DAY, NULL), num(json_object_get(want, "P_won_from_B_by"), key), 2e-4);
        /* without memory the age in the stage says nothing */
        near(semi_chance(s, 1, 7 * MS_DAY, days[i] * MS_DAY, NULL), num(json_object_get(want, "P_won_from_B_by"), key),
             2e-3);
    }
    near(semi_chance(s, 2, 0, MS_DAY, NULL), 1, 0);
    near(semi_chance(s, 3, 0, MS_DAY, NULL), 0, 0);
    semi_free(s);
    arena_free(&a);
    json_decref(want);
}

static void a_simulation_of_the_same_stages_agrees_within_three_errors(void **state)
{
    (void)state;
    static const uint8_t ends[] = {0, 0, 1, 2};
    struct arena a = ARENA_EMPTY;
    struct semi *s = toy(&a, ends, 4000);
    struct rng r;
    int won = 0, n = 100000;
    rng_seed(&r, 20261122);
    for (int i = 0; i < n; i++) {
        double t = -log(1 - rng_unit(&r)) / 0.10;
        if (rng_unit(&r) >= 0.6)
            continue;
        t += -log(1 - rng_unit(&r)) / 0.08;
        won += rng_unit(&r) < 0.625 && t <= 30;
    }
    double p = semi_chance(s, 0, 0, 30 * MS_DAY, NULL);
    near((double)won / n, p, 3 * sqrt(p * (1 - p) / n));
    semi_free(s);
    arena_free(&a);
}

/* Half of the stays are still open when looked at: leaving them out, or calling them lost, would be far off. */
static void open_deals_are_censored_not_failed(void **state)
{
    (void)state;
    static const uint8_t ends[] = {0, 1, 2};
    struct arena a = ARENA_EMPTY;
    struct semi *s = semi_new(&a, 3, ends, 30 * MS_DAY, MS_DAY / 8);
    struct rng r;
    rng_seed(&r, 5);
    for (int i = 0; i < 60000; i++) {
        double t = -log(1 - rng_unit(&r)) / 0.05, seen = rng_unit(&r) * 30;
        bool won = rng_unit(&r) < 0.4;
        semi_add(s, 0, t > seen ? CHANCE_NOWHERE : won ? 1 : 2, (int64_t)(fmin(t, seen) * MS_DAY));
    }
    semi_solve(s);
    near(semi_chance(s, 0, 0, 20 * MS_DAY, NULL), 0.4 * (1 - exp(-1)), 0.01);
    semi_free(s);
    arena_free(&a);
}

/* ---- the Maven files ---- */

struct opportunity {
    int64_t engaged, closed; /* days; closed INT64_MAX: open */
    uint8_t cause;
};
static size_t maven(struct opportunity *out, size_t most)
{
    char path[4096];
    struct csv *csv;
    struct err e = {0};
    const struct str *f;
    size_t width, n = 0;
    if (csv_open(&csv, shared(path, "maven/sales_pipeline.csv"), ',', &e) != RC_OK) {
        print_message("# skipped: no %s (set VORONKA_SHARED)\n", path);
        skip();
    }
    while (csv_next(csv, &f, &width, &e) == RC_ROW && n < most) {
        struct opportunity o = {.closed = INT64_MAX};
        if (width < 8 || !date_parse(f[5], &o.engaged))
            continue;
        o.cause = str_eqc(f[4], "Won") ? 1 : str_eqc(f[4], "Lost") ? 2 : 0;
        if (o.cause)
            assert_true(date_parse(f[6], &o.closed));
        out[n++] = o;
    }
    csv_close(csv);
    return n;
}

static struct ages known_by(struct arena *a, const struct opportunity *o, size_t n, int64_t as_of)
{
    struct age_life *lives = ARENA_ARRAY(a, struct age_life, n + 1);
    struct ages g;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (o[i].engaged >= as_of)
            continue;
        bool ended = o[i].closed <= as_of;
        lives[used++] =
            (struct age_life){(ended ? o[i].closed : as_of) - o[i].engaged, ended ? o[i].cause : (uint8_t)0};
    }
    ages_learn(&g, a, lives, used);
    return g;
}

static void the_age_of_a_deal_changes_its_chance(void **state)
{
    (void)state;
    static struct opportunity o[10000];
    struct arena a = ARENA_EMPTY;
    int64_t last = 0;
    size_t n = maven(o, 10000);
    json_t *want = known("age_conditioned_maven");
    for (size_t i = 0; i < n; i++)
        last = o[i].closed != INT64_MAX && o[i].closed > last ? o[i].closed : last;
    struct ages g = known_by(&a, o, n, last);
    for (size_t i = 0; i < json_array_size(want); i++) {
        const json_t *row = json_array_get(want, i);
        int64_t age = (int64_t)num(row, "age"), h = (int64_t)num(row, "h");
        near(ages_chance(&g, DEAL_WON, age, h, NULL), num(row, "p_win"), 1e-9);
        near(ages_chance(&g, DEAL_LOST, age, h, NULL), num(row, "p_lose"), 1e-9);
    }
    near(ages_chance(&g, DEAL_WON, 400, 30, NULL), 0, 0); /* older than any that ever ended */
    arena_free(&a);
    json_decref(want);
}

static void forecasts_of_the_past_are_those_of_the_reference(void **state)
{
    (void)state;
    static const struct {
        const char *key, *day;
        int64_t h;
    } cases[] = {{"maven_2017-07-31_h30", "2017-07-31", 30},
                 {"maven_2017-07-31_h90", "2017-07-31", 90},
                 {"maven_2017-09-30_h30", "2017-09-30", 30},
                 {"maven_2017-09-30_h90", "2017-09-30", 90}};
    static struct opportunity o[10000];
    static double p[10000];
    static uint8_t won[10000];
    size_t n = maven(o, 10000);
    json_t *all = known("forecast_backtest");
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const json_t *want = json_object_get(all, cases[c].key);
        struct arena a = ARENA_EMPTY;
        int64_t as_of;
        size_t open = 0, wins = 0;
        assert_true(date_parse(str_c(cases[c].day), &as_of));
        struct ages g = known_by(&a, o, n, as_of);
        for (size_t i = 0; i < n; i++) {
            if (o[i].engaged >= as_of || o[i].closed <= as_of)
                continue;
            won[open] = o[i].cause == 1 && o[i].closed <= as_of + cases[c].h;
            wins += won[open];
            p[open++] = ages_chance(&g, DEAL_WON, as_of - o[i].engaged, cases[c].h, NULL);
        }
        struct outlook out = outlook_sum(p, NULL, open);
        assert_int_equal(open, (size_t)num(want, "open"));
        assert_int_equal(wins, (size_t)num(want, "actual_wins"));
        near(out.mean, num(want, "AJ_age_conditioned_mean"), 1e-6);
        near(out.p10, num(want, "P10"), 1);
        near(out.p50, num(want, "P50"), 1);
        near(out.p90, num(want, "P90"), 1);
        near(score_brier(p, won, open), num(want, "brier_AJ_age"), 1e-9);
        arena_free(&a);
    }
    json_decref(all);
}

/* ---- bands ---- */

static void a_band_takes_its_width_from_past_misses(void **state)
{
    (void)state;
    const double z[] = {0.1, -0.2, 0.3, 0.0};
    struct outlook o;
    near(outlook_student(0.9, 3), 1.637744353696210, 1e-9);
    near(outlook_student(0.9, 1), 3.077683537175253, 1e-9);
    near(outlook_student(0.1, 10), -1.372183641110336, 1e-9);
    assert_false(outlook_proved(100, 0.5, z, 2, &o));
    assert_true(outlook_proved(100, 0.5, z, 4, &o));
    double s = 0.208166599946613, wide = 1.637744353696210 * s * sqrt(1.25); /* mean .05 */
    near(o.p50, 100.5 * exp(0.05) - 0.5, 1e-9);
    near(o.p10, 100.5 * exp(0.05 - wide) - 0.5, 1e-6);
    near(o.p90, 100.5 * exp(0.05 + wide) - 0.5, 1e-6);
    near(outlook_miss(100, 100, 0.5), 0, 1e-15);
    near(outlook_miss(0, 0, 0.5), 0, 1e-15);
}

static void scores_of_chances_are_those_of_the_definitions(void **state)
{
    (void)state;
    const double p[] = {0.1, 0.4, 0.35, 0.8};
    const uint8_t won[] = {0, 0, 1, 1};
    near(score_auc(p, won, 4), 0.75, 1e-15); /* the example of scikit-learn's roc_auc_score */
    near(score_brier(p, won, 4), (0.01 + 0.16 + 0.4225 + 0.04) / 4, 1e-15);
    near(score_log_loss(p, won, 4), -(log(0.9) + log(0.6) + log(0.35) + log(0.8)) / 4, 1e-15);
    near(score_ece(p, won, 4), (0.1 + 0.4 + 0.65 + 0.2) / 4, 1e-15);
    const double same[] = {0.5, 0.5, 0.5, 0.5};
    near(score_auc(same, won, 4), 0.5, 1e-15);
    near(score_ece(same, won, 4), 0, 1e-15);
    assert_true(isnan(score_auc(p, (const uint8_t[]){1, 1, 1, 1}, 4)));
    near(score_pinball(0.9, 100, 110), 9, 1e-12);
    near(score_pinball(0.9, 110, 100), 1, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_deals_bring_what_was_counted_by_hand),
        cmocka_unit_test(a_grid_of_coarse_steps_and_moments_agree_with_the_exact_sum),
        cmocka_unit_test(nothing_to_forecast_is_nothing),
        cmocka_unit_test(the_way_through_two_stages_has_the_chance_of_the_formula),
        cmocka_unit_test(a_simulation_of_the_same_stages_agrees_within_three_errors),
        cmocka_unit_test(open_deals_are_censored_not_failed),
        cmocka_unit_test(the_age_of_a_deal_changes_its_chance),
        cmocka_unit_test(forecasts_of_the_past_are_those_of_the_reference),
        cmocka_unit_test(a_band_takes_its_width_from_past_misses),
        cmocka_unit_test(scores_of_chances_are_those_of_the_definitions),
    };
    return cmocka_run_group_tests_name("insight: chances and forecasts", tests, NULL, NULL);
}
