/* The regression behind scores, on data that was made with known coefficients. */
#include "base/rng.h"
#include "insight/outlook.h"
#include "insight/scoring.h"
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

#define N 20000
#define FIELDS 3
#define LEVELS 4
static int32_t x[N * FIELDS];
static uint8_t y[N];
static double truth[N];
static const double coefficients[FIELDS * LEVELS] = {0.8, -0.4, 0, -0.4, 1.2, 0.3, -0.5, -1.0, 0, 0, 0, 0};

static void make(uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    for (size_t i = 0; i < N; i++) {
        double t = -1;
        for (size_t k = 0; k < FIELDS; k++) {
            x[i * FIELDS + k] = (int32_t)(k * LEVELS + (size_t)rng_range(&r, 0, LEVELS - 1));
            t += coefficients[x[i * FIELDS + k]];
        }
        truth[i] = 1 / (1 + exp(-t));
        y[i] = rng_unit(&r) < truth[i];
    }
}

static void known_coefficients_are_found_again(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct logit m;
    static double p[N];
    make(3);
    struct logit_data data = {x, y, N, FIELDS, FIELDS * LEVELS};
    assert_true(logit_fit(&m, &a, &data, 1));
    assert_true(m.rounds < 12);
    for (size_t k = 0; k < FIELDS; k++) /* levels are known beside each other only */
        for (size_t i = 1; i < LEVELS; i++)
            near(m.w[k * LEVELS + i] - m.w[k * LEVELS], coefficients[k * LEVELS + i] - coefficients[k * LEVELS], 0.16);
    for (size_t i = 0; i < N; i++)
        p[i] = logit_of(&m, x + i * FIELDS, FIELDS);
    near(score_auc(p, y, N), score_auc(truth, y, N), 0.003);
    near(score_brier(p, y, N), score_brier(truth, y, N), 0.0005);
    assert_true(score_ece(p, y, N) < 0.01);
    arena_free(&a);
}

/* At the optimum sum(p - y) over a level's rows is -lambda w, and of all rows 0. */
static void the_gradient_is_nought_where_it_stops(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct logit m;
    make(4);
    struct logit_data data = {x, y, 500, FIELDS, FIELDS * LEVELS};
    double g[FIELDS * LEVELS + 1] = {0};
    assert_true(logit_fit(&m, &a, &data, 1));
    for (size_t i = 0; i < data.n; i++) {
        double e = logit_of(&m, x + i * FIELDS, FIELDS) - y[i];
        g[FIELDS * LEVELS] += e;
        for (size_t k = 0; k < FIELDS; k++)
            g[x[i * FIELDS + k]] += e;
    }
    for (size_t i = 0; i < FIELDS * LEVELS; i++)
        near(g[i] + m.w[i], 0, 1e-6);
    near(g[FIELDS * LEVELS], 0, 1e-6);
    arena_free(&a);
}

static void a_field_that_decides_alone_does_not_run_away(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct logit m;
    const int32_t one[] = {0, 0, 0, 0, 1, 1, 1, 1};
    const uint8_t won[] = {1, 1, 1, 1, 0, 0, 0, 0};
    struct logit_data data = {one, won, 8, 1, 2};
    assert_true(logit_fit(&m, &a, &data, 1));
    assert_true(m.w[0] > 0.5 && m.w[0] < 3);
    near(m.w[0], -m.w[1], 1e-6);
    near(m.bias, 0, 1e-6);
    /* lambda w = 4 (1 - p) with p = 1/(1+e^-w) */
    near(m.w[0], 4 * (1 - 1 / (1 + exp(-m.w[0]))), 1e-6);
    arena_free(&a);
}

static void deals_that_all_ended_alike_say_nothing(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct logit m;
    const int32_t one[] = {0, 1};
    struct logit_data data = {one, (const uint8_t[]){1, 1}, 2, 1, 2};
    assert_false(logit_fit(&m, &a, &data, 1));
    data.n = 0;
    assert_false(logit_fit(&m, &a, &data, 1));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_coefficients_are_found_again),
        cmocka_unit_test(the_gradient_is_nought_where_it_stops),
        cmocka_unit_test(a_field_that_decides_alone_does_not_run_away),
        cmocka_unit_test(deals_that_all_ended_alike_say_nothing),
    };
    return cmocka_run_group_tests_name("insight: scores of deals", tests, NULL, NULL);
}
