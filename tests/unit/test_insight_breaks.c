/* Change points: the consultant's case, and rows in which nothing changes. */
#include "insight/breaks.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_consultants_case_breaks_before_the_first_quarter_of_2018(void **state)
{
    (void)state;
    const int64_t k[] = {6, 4, 2, 1, 1}, n[] = {13, 11, 79, 81, 54};
    struct split s;
    assert_true(breaks_split(k, n, 5, &s));
    assert_int_equal(s.at, 2);
    assert_true(fabs(s.g2 - 34.12631) < 1e-5);
    assert_int_equal(s.k1, 10);
    assert_int_equal(s.n1, 24);
    assert_int_equal(s.k2, 4);
    assert_int_equal(s.n2, 214);
    assert_true(s.chance < 1e-4);
    assert_true(fabs(breaks_g2(k, n, 5, 2) - s.g2) < 1e-12);
    struct split all[4];
    assert_int_equal(breaks_all(k, n, 5, 0.01, all, 4), 1);
    assert_int_equal(all[0].at, 2);
}

static void a_rate_that_falls_and_comes_back_changed_twice(void **state)
{
    (void)state;
    int64_t k[12], n[12];
    struct split s[4];
    for (int i = 0; i < 12; i++) {
        n[i] = 200;
        k[i] = i >= 4 && i < 8 ? 20 : 80;
    }
    assert_int_equal(breaks_all(k, n, 12, 0.01, s, 4), 2);
    assert_int_equal(s[0].at, 4);
    assert_int_equal(s[1].at, 8);
}

static void nothing_and_too_little_have_no_change(void **state)
{
    (void)state;
    const int64_t none[] = {0, 0, 0}, few[] = {1, 0, 1}, n[] = {3, 2, 3};
    struct split s;
    assert_false(breaks_split(none, none, 3, &s));
    assert_true(breaks_split(few, n, 3, &s));
    assert_true(s.chance > 0.05);
    assert_false(breaks_split(few, n, 1, &s));
}

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* A stable company raises the alarm no more often than it says it does, in small rows and in large ones. */
static void a_stable_row_is_called_broken_as_rarely_as_promised(void **state)
{
    (void)state;
    uint64_t seed = 7;
    const int sizes[] = {8, 40, 400};
    for (int z = 0; z < 3; z++) {
        int alarms = 0, rows = z < 2 ? 400 : 1000;
        for (int r = 0; r < rows; r++) {
            int64_t k[12] = {0}, n[12];
            struct split s;
            for (int i = 0; i < 12; i++) {
                n[i] = sizes[z];
                for (int j = 0; j < sizes[z]; j++)
                    k[i] += uniform(&seed) < 0.2;
            }
            alarms += breaks_split(k, n, 12, &s) && s.chance < 0.05;
        }
        assert_true(alarms <= rows * 7 / 100);
    }
}

static int64_t poisson(uint64_t *seed, double mean)
{
    double limit = exp(-mean), p = 1;
    int64_t n = -1;
    do {
        n++;
        p *= uniform(seed);
    } while (p > limit);
    return n;
}

static void arrivals_that_halve_are_seen_and_lively_ones_are_left_alone(void **state)
{
    (void)state;
    uint64_t seed = 11;
    int64_t days[26], count[26];
    struct split s;
    for (int i = 0; i < 26; i++) {
        days[i] = 7;
        count[i] = poisson(&seed, i < 18 ? 40 : 20);
    }
    assert_true(breaks_counts(count, days, 26, &s));
    assert_int_equal(s.at, 18);
    assert_true(s.chance < 0.001);
    int alarms = 0;
    for (int r = 0; r < 1000; r++) {
        for (int i = 0; i < 26; i++) /* twice as lively as chance */
            count[i] = 2 * poisson(&seed, 20);
        alarms += breaks_counts(count, days, 26, &s) && s.chance < 0.05;
    }
    assert_true(alarms <= 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_consultants_case_breaks_before_the_first_quarter_of_2018),
        cmocka_unit_test(a_rate_that_falls_and_comes_back_changed_twice),
        cmocka_unit_test(nothing_and_too_little_have_no_change),
        cmocka_unit_test(a_stable_row_is_called_broken_as_rarely_as_promised),
        cmocka_unit_test(arrivals_that_halve_are_seen_and_lively_ones_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
