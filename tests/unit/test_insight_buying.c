/* Models of repeat buying against published values and against what a simulation was made of. */
#include "base/rng.h"
#include "insight/buying.h"
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

/* Fader & Hardie 2007, table 1: .668, 3.806, -1611.2 and .704, 1.182, -1680.3. */
static void yearly_contracts_are_kept_as_published(void **state)
{
    (void)state;
    const double high[] = {1000, 869, 743, 653, 593, 551, 517, 491},
                 regular[] = {1000, 631, 468, 382, 326, 289, 262, 241};
    struct sbg m;
    assert_true(sbg_fit(high, 8, &m));
    near(m.a, 0.6680883484492135, 2e-5);
    near(m.b, 3.8060951197088913, 1e-4);
    near(m.loglik, -1611.1581473911563, 1e-6);
    near(sbg_survival(&m, 12), 0.37799908124101467, 1e-5);
    near(sbg_retention(&m, 1), m.b / (m.a + m.b), 1e-15);
    assert_true(sbg_fit(regular, 8, &m));
    near(m.a, 0.7040772824232194, 2e-5);
    near(m.b, 1.1820430204977135, 5e-5);
    near(m.loglik, -1680.2651884632867, 1e-6);
    near(sbg_survival(&m, 12), 0.17003745835904047, 1e-5);
}

static void a_cohort_that_nobody_left_says_nothing(void **state)
{
    (void)state;
    struct sbg m;
    assert_false(sbg_fit((const double[]){100, 100, 100}, 3, &m));
    assert_false(sbg_fit((const double[]){100, 0}, 2, &m));
    assert_false(sbg_fit((const double[]){100}, 1, &m));
}

static double gamma_of(struct rng *r, double shape, double rate)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d); /* Marsaglia & Tsang 2000; shape >= 1 */
    for (;;) {
        double x = rng_normal(r), v = pow(1 + c * x, 3);
        if (v > 0 && log(1 - rng_unit(r)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v / rate;
    }
}

#define CLIENTS 6000
static void buyers_made_by_the_model_are_recognised(void **state)
{
    (void)state;
    static struct client_history h[CLIENTS];
    const struct bgnbd truth = {1.5, 20, 1.2, 3, 0};
    struct bgnbd m;
    struct rng r;
    double later = 0, expected = 0;
    rng_seed(&r, 11);
    for (size_t i = 0; i < CLIENTS; i++) {
        double rate = gamma_of(&r, truth.r, truth.alpha), x = gamma_of(&r, truth.a, 1), y = gamma_of(&r, truth.b, 1);
        double leave = x / (x + y), t = 0;
        h[i] = (struct client_history){.age = 40 + 20 * rng_unit(&r)};
        while (rng_unit(&r) >= (t > 0 ? leave : 0)) { /* nobody leaves before the first repeat */
            t += -log(1 - rng_unit(&r)) / rate;
            if (t > h[i].age + 26)
                break;
            if (t <= h[i].age) {
                h[i].repeats++;
                h[i].last = t;
            } else {
                later++;
            }
        }
    }
    assert_true(bgnbd_fit(h, CLIENTS, &m));
    assert_true(m.loglik >= bgnbd_loglik(&truth, h, CLIENTS) - 1e-6); /* no other point is better than the fit */
    near(m.r / m.alpha, truth.r / truth.alpha, 0.008);
    near(m.a / (m.a + m.b), truth.a / (truth.a + truth.b), 0.04);
    for (size_t i = 0; i < CLIENTS; i++)
        expected += bgnbd_expected(&m, &h[i], 26);
    near(expected / later, 1, 0.06);
    near(bgnbd_alive(&m, &(struct client_history){0, 0, 50}), 1, 0);
    assert_true(bgnbd_alive(&m, &(struct client_history){8, 10, 60}) < 0.2); /* eight in ten weeks, then silence */
}

static void a_handful_of_clients_is_no_model(void **state)
{
    (void)state;
    static struct client_history h[40];
    struct bgnbd m;
    assert_false(bgnbd_fit(h, 10, &m));
    assert_false(bgnbd_fit(h, 40, &m)); /* nobody came back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yearly_contracts_are_kept_as_published),
        cmocka_unit_test(a_cohort_that_nobody_left_says_nothing),
        cmocka_unit_test(buyers_made_by_the_model_are_recognised),
        cmocka_unit_test(a_handful_of_clients_is_no_model),
    };
    return cmocka_run_group_tests_name("insight: repeat buying", tests, NULL, NULL);
}
