/* The estimators against textbook values and values computed with R (tests/known values in ../shared/data/expected).
 * Where that folder is absent the comparisons with it are skipped, and say so. */
#include "insight/incidence.h"
#include "insight/rank.h"
#include "insight/stats.h"
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

static json_t *expected(const char *name)
{
    const char *shared = getenv("VORONKA_SHARED"), *source = getenv("VORONKA_SOURCE");
    char path[4096];
    if (shared != NULL)
        snprintf(path, sizeof path, "%s/data/expected/%s", shared, name);
    else
        snprintf(path, sizeof path, "%s/../shared/data/expected/%s", source ? source : ".", name);
    json_t *j = json_load_file(path, 0, NULL);
    if (j == NULL) {
        print_message("# skipped: no %s (set VORONKA_SHARED)\n", path);
        skip();
    }
    return j;
}

static double num(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    assert_true(json_is_number(v));
    return json_number_value(v);
}

static double item(const json_t *j, size_t i)
{
    const json_t *v = json_array_get(j, i);
    assert_true(json_is_number(v));
    return json_number_value(v);
}

static void interval_is(struct interval got, const json_t *want)
{
    near(got.low, item(want, 0), 1e-9);
    near(got.high, item(want, 1), 1e-9);
}

static void rates_of_small_samples_carry_published_intervals(void **state)
{
    (void)state;
    double d;
    struct interval i = stats_newcombe(56, 70, 48, 80, &d);
    near(d, 0.2, 1e-12);
    near(i.low, 0.0524315, 1e-7);
    near(i.high, 0.3338727, 1e-7);
    i = stats_wilson(2, 50);
    near(i.low, 0.0110389, 1e-7);
    near(i.high, 0.1346009, 1e-7);
    i = stats_jeffreys(2, 50);
    near(i.low, 0.0084040, 1e-7);
    near(i.high, 0.1221789, 1e-7);
    assert_true(stats_wilson(0, 10).low == 0 && stats_wilson(10, 10).high == 1);
    assert_true(stats_wilson(0, 0).low == 0 && stats_wilson(0, 0).high == 1);
    near(stats_quantile((double[]){1, 2, 3, 4}, 4, 0.9), 3.7, 1e-12);
    assert_true(isnan(stats_quantile(NULL, 0, 0.5)));
}

static void intervals_agree_with_r(void **state)
{
    (void)state;
    json_t *all = expected("known_values.json"), *row;
    size_t i;
    json_array_foreach(json_object_get(all, "proportions"), i, row)
    {
        int64_t k = (int64_t)num(row, "k"), n = (int64_t)num(row, "n");
        interval_is(stats_wilson(k, n), json_object_get(row, "wilson"));
        interval_is(stats_jeffreys(k, n), json_object_get(row, "jeffreys"));
    }
    assert_true(i >= 9);
    double d;
    const json_t *want = json_object_get(all, "newcombe_10_24_vs_4_214");
    struct interval got = stats_newcombe(10, 24, 4, 214, &d);
    near(d, item(want, 0), 1e-9);
    near(got.low, item(want, 1), 1e-9);
    near(got.high, item(want, 2), 1e-9);
    json_decref(all);
}

static void a_hero_with_four_deals_is_pulled_to_the_team(void **state)
{
    (void)state;
    const int64_t k[] = {9, 1, 6, 14, 3}, n[] = {20, 10, 12, 60, 4};
    json_t *all = expected("known_values.json"), *toy = json_object_get(all, "betabinomial_toy");
    const json_t *mom = json_object_get(toy, "mom"), *ml = json_object_get(toy, "mle");
    struct beta_prior p = stats_beta_moments(k, n, 5);
    near(p.mu, item(mom, 0), 1e-9);
    near(p.rho, item(mom, 1), 1e-9);
    near(p.a, item(mom, 2), 1e-8);
    near(p.b, item(mom, 3), 1e-8);
    p = stats_beta_ml(k, n, 5);
    near(p.loglik, item(ml, 4), 1e-9); /* the top is flat: the likelihood is sharp, its place is not */
    near(p.mu, item(ml, 0), 1e-5);
    near(p.rho, item(ml, 1), 1e-5);
    for (size_t i = 0; i < 5; i++) {
        struct interval ci;
        near(stats_shrunken(&p, k[i], n[i], &ci), item(json_object_get(toy, "shrunk_mle"), i), 1e-5);
        near(ci.low, item(json_array_get(json_object_get(toy, "posterior95_mle"), i), 0), 1e-4);
    }
    const int64_t same_k[] = {5, 5, 5}, same_n[] = {10, 10, 10};
    assert_true(stats_beta_ml(same_k, same_n, 3).pooled);
    json_decref(all);
}

static void competing_losses_are_not_censoring(void **state)
{
    (void)state;
    json_t *all = expected("known_values.json"), *toy = json_object_get(all, "aj_lifelines_sas");
    struct life lives[6];
    for (size_t i = 0; i < 6; i++)
        lives[i] = (struct life){(int64_t)item(json_object_get(toy, "durations"), i), INCIDENCE_FROM_START,
                                 (int)item(json_object_get(toy, "events"), i)};
    struct incidence p[4] = {{.at = 3}, {.at = 4}, {.at = 5}, {.at = 6}};
    incidence_run(lives, 6, p, 4, NULL, 0);
    for (size_t i = 0; i < 4; i++)
        near(p[i].rate[1], item(json_object_get(toy, "F2_at_3_4_5_6"), i), 1e-12);
    for (size_t i = 0; i < 3; i++)
        near(p[i + 1].se[1] * p[i + 1].se[1], item(json_object_get(toy, "var_SAS_at_4_5_6"), i), 1e-12);
    interval_is(p[1].ci[1], json_array_get(json_object_get(toy, "ci_ours"), 0));
    interval_is(p[2].ci[1], json_array_get(json_object_get(toy, "ci_ours"), 1));
    assert_true(isnan(p[0].ci[1].low));
    json_decref(all);
}

static void kaplan_meier_of_the_aml_trial(void **state)
{
    (void)state;
    json_t *all = expected("known_values.json"), *aml = json_object_get(all, "km_aml_maintained");
    struct life lives[11];
    for (size_t i = 0; i < 11; i++)
        lives[i] = (struct life){(int64_t)item(json_object_get(aml, "time"), i), INCIDENCE_FROM_START,
                                 (int)item(json_object_get(aml, "status"), i)};
    const char *at[] = {"9", "13", "18", "23", "31", "34", "48"};
    struct incidence p[7];
    for (size_t i = 0; i < 7; i++)
        p[i].at = strtoll(at[i], NULL, 10);
    struct incidence_quantile median = {.cause = 0, .p = 0.5};
    incidence_run(lives, 11, p, 7, &median, 1);
    for (size_t i = 0; i < 7; i++) {
        near(p[i].open, num(json_object_get(aml, "S"), at[i]), 1e-12);
        near(p[i].open_se, num(json_object_get(aml, "se"), at[i]), 1e-12);
    }
    assert_int_equal(median.at, (int64_t)num(aml, "median"));
    json_decref(all);
}

/* exit 2,3,4,5,6; event 1,1,0,1,1; entry 0,0,1,2,4 -> at risk 3,3,-,2,1; S = 2/3, 4/9, 2/9, 0 */
static void deals_seen_late_are_at_risk_only_from_then_on(void **state)
{
    (void)state;
    struct life lives[] = {{2, 0, 1}, {3, 0, 1}, {4, 1, 0}, {5, 2, 1}, {6, 4, 1}};
    struct incidence p[4] = {{.at = 2}, {.at = 3}, {.at = 5}, {.at = 6}};
    incidence_run(lives, 5, p, 4, NULL, 0);
    near(p[0].open, 2. / 3, 1e-12);
    near(p[1].open, 4. / 9, 1e-12);
    near(p[2].open, 2. / 9, 1e-12);
    near(p[3].open, 0, 1e-12);
    assert_int_equal(p[3].at_risk, 0);
}

static void deals_won_in_the_moment_of_entry_count(void **state)
{
    (void)state;
    struct life lives[] = {{0, INCIDENCE_FROM_START, 1}, {5, INCIDENCE_FROM_START, 0}};
    struct incidence p[1] = {{.at = 0}};
    struct incidence_quantile never = {.cause = 1, .p = 0.9};
    incidence_run(lives, 2, p, 1, &never, 1);
    near(p[0].rate[0], 0.5, 1e-15);
    assert_int_equal(p[0].at_risk, 1);
    assert_int_equal(never.at, -1);
    incidence_run(NULL, 0, p, 1, &never, 1);
    near(p[0].rate[0], 0, 0);
}

/* Clients by revenue: debts first, equal ones in the order in which they stood; few of them and many. */
static void clients_are_ranked_by_their_revenue(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 3, 64, 65, 5000};
    for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
        size_t n = sizes[z];
        struct ranked *v = calloc(n + 1, sizeof *v);
        double *revenue = calloc(n + 1, sizeof *revenue);
        uint64_t seed = 3;
        assert_non_null(v);
        assert_non_null(revenue);
        for (uint32_t i = 0; i < n; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            revenue[i] = (double)((int64_t)(seed >> 40) - (1 << 22)) * (i % 7 ? 100 : 1e9);
            if (i % 5 == 0)
                revenue[i] = 0;
            v[i] = (struct ranked){rank_key(revenue[i]), i};
        }
        rank_sort(v, n);
        for (size_t i = 1; i < n; i++) {
            double before = revenue[v[i - 1].of], here = revenue[v[i].of];
            assert_true(before < here || (before == here && v[i - 1].of < v[i].of));
        }
        free(v);
        free(revenue);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_of_small_samples_carry_published_intervals),
        cmocka_unit_test(intervals_agree_with_r),
        cmocka_unit_test(a_hero_with_four_deals_is_pulled_to_the_team),
        cmocka_unit_test(competing_losses_are_not_censoring),
        cmocka_unit_test(kaplan_meier_of_the_aml_trial),
        cmocka_unit_test(deals_seen_late_are_at_risk_only_from_then_on),
        cmocka_unit_test(deals_won_in_the_moment_of_entry_count),
        cmocka_unit_test(clients_are_ranked_by_their_revenue),
    };
    return cmocka_run_group_tests_name("insight_stats", tests, NULL, NULL);
}
