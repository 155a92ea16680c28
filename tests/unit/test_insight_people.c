/* Rates and quantiles of many small groups: known values (statistics.md, 3), and selection beside sorting. */
#include "base/rng.h"
#include "base/time.h"
#include "insight/people.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void near(double got, double want)
{
    if (!(fabs(got - want) < 1e-5))
        fail_msg("got %.9f, want %.9f", got, want);
}

static bool noted(const struct report_result *r, const char *code)
{
    for (size_t i = 0; i < r->notes.len; i++)
        if (strcmp(r->notes.ptr[i].code, code) == 0)
            return true;
    return false;
}

/* The hero of three of four leads by 25 points raw, and is not told at all; the others are drawn to each other. */
static void heroes_of_small_numbers_are_not_made(void **state)
{
    static const int64_t k[] = {9, 1, 6, 14, 3}, n[] = {20, 10, 12, 60, 4};
    static const double want[] = {.407308, .257751, .416455, .259226};
    struct arena a = ARENA_EMPTY;
    struct report_call c = {.arena = &a, .lang = "ru"};
    struct report_result r = {0};
    struct people_rate *rates = people_rates(&c, &r, k, n, 5, true);
    (void)state;
    for (int i = 0; i < 4; i++) {
        near(rates[i].rate, want[i]);
        assert_true(rates[i].ci.low < rates[i].rate && rates[i].rate < rates[i].ci.high);
    }
    assert_true(isnan(rates[4].rate));
    assert_true(noted(&r, "people_few"));
    assert_false(noted(&r, "people_noise"));
    report_result_free(&r);
    arena_free(&a);
}

static void equal_people_get_one_rate_and_the_sentence(void **state)
{
    static const int64_t k[] = {20, 21, 19}, n[] = {40, 40, 40};
    struct arena a = ARENA_EMPTY;
    struct report_call c = {.arena = &a, .lang = "en"};
    struct report_result r = {0};
    struct people_rate *rates = people_rates(&c, &r, k, n, 3, true);
    (void)state;
    for (int i = 0; i < 3; i++)
        near(rates[i].rate, .5);
    assert_true(noted(&r, "people_noise"));
    assert_int_equal(people_outlier(rates, 3, .5, false), SIZE_MAX);
    report_result_free(&r);
    arena_free(&a);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Against sorting, over sizes and repeats chosen by chance. */
static void selection_finds_what_sorting_finds(void **state)
{
    struct rng rng;
    int64_t values[300];
    double sorted[300];
    static const double qs[] = {0, 0.1, 0.5, 0.9, 1};
    (void)state;
    rng_seed(&rng, 7);
    for (int round = 0; round < 2000; round++) {
        size_t n = (size_t)rng_range(&rng, 1, 300);
        for (size_t i = 0; i < n; i++)
            sorted[i] = (double)(values[i] = rng_range(&rng, -5, round % 3 == 0 ? 5 : 100000));
        qsort(sorted, n, sizeof *sorted, by_value);
        for (int q = 0; q < 5; q++)
            near(people_select(values, n, qs[q]), stats_quantile(sorted, n, qs[q]));
    }
    assert_true(isnan(people_select(values, 0, 0.5)));
}

/* Two wait still: with them left out the median would be 3. */
static void who_still_waits_is_counted(void **state)
{
    static const struct {
        int64_t ms;
        bool over;
    } lives[] = {{1, true}, {3, true}, {5, true}, {6, false}, {7, false}};
    struct arena a = ARENA_EMPTY;
    struct people_values v = {0};
    (void)state;
    for (int i = 0; i < 5; i++)
        people_value(&v, (size_t)(i % 2), people_time(lives[i].ms, lives[i].over));
    people_sorted(&v, &a, 3);
    near(people_time_quantile(&v, 3, SIZE_MAX, 0.5), 5);
    assert_true(isnan(people_time_quantile(&v, 3, SIZE_MAX, 0.9)));
    near(people_time_quantile(&v, 3, 1, 0.5), 3);
    assert_true(isnan(people_time_quantile(&v, 3, 2, 0.5)));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heroes_of_small_numbers_are_not_made),
        cmocka_unit_test(equal_people_get_one_rate_and_the_sentence),
        cmocka_unit_test(selection_finds_what_sorting_finds),
        cmocka_unit_test(who_still_waits_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
