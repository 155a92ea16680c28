/* Who falls silent, and who only has a day off. */
#include "insight/detect_silence.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TODAY INT64_C(20700) /* a Wednesday: 2026-09-04 is a Friday, day 20700 */

struct log {
    struct activity a[200000];
    size_t n;
};

/* Everybody works from Monday to Friday, each leaving out one day in `rest`, and whoever is `silent` stops `ago` days
 * before today. */
static void work(struct log *l, int users, int rest, int silent, int64_t ago, unsigned seed)
{
    l->n = 0;
    for (int64_t day = TODAY - 200; day <= TODAY; day++)
        for (int u = 1; u <= users; u++) {
            seed = seed * 1103515245 + 12345;
            bool weekend = (day + 3) % 7 >= 5, off = rest && (seed >> 16) % (unsigned)rest == 0;
            if (!weekend && !off && !(u == silent && day > TODAY - ago))
                l->a[l->n++] = (struct activity){.hour = day * 24 + 9, .user = u, .object = 3, .verb = 2, .count = 5};
        }
}

static size_t find(const struct log *l, struct silence *s)
{
    struct projection_view v = {.activity = l->a, .n_activity = l->n};
    struct zone *utc = zone_load("UTC");
    size_t n = detect_silence(&v, utc, TODAY * MS_DAY + 12 * MS_HOUR, s, 10);
    zone_free(utc);
    return n;
}

static void a_seller_who_stops_is_missed_after_three_days_of_work(void **state)
{
    (void)state;
    struct log *l = calloc(1, sizeof *l);
    struct silence s[10];
    work(l, 5, 0, 3, 8, 1);
    assert_int_equal(find(l, s), 1);
    assert_int_equal(s[0].user_id, 3);
    assert_true(s[0].days >= 3);
    assert_int_equal(s[0].longest, 0);
    work(l, 5, 0, 3, 2, 1);
    assert_int_equal(find(l, s), 0);
    free(l);
}

static void whoever_often_has_a_day_off_is_not_missed_at_once(void **state)
{
    (void)state;
    struct log *l = calloc(1, sizeof *l);
    struct silence s[10];
    size_t alarms = 0;
    for (unsigned seed = 1; seed <= 200; seed++) { /* companies of eight, each with one day off in six */
        work(l, 8, 6, 0, 0, seed * 77);
        alarms += find(l, s) > 0;
    }
    assert_true(alarms <= 4);
    free(l);
}

static void holidays_of_all_are_nobodys_silence(void **state)
{
    (void)state;
    struct log *l = calloc(1, sizeof *l);
    struct silence s[10];
    work(l, 6, 0, 0, 0, 3);
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->a[i].hour / 24 < TODAY - 10)
            l->a[kept++] = l->a[i];
    l->n = kept;
    assert_int_equal(find(l, s), 0);
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seller_who_stops_is_missed_after_three_days_of_work),
        cmocka_unit_test(whoever_often_has_a_day_off_is_not_missed_at_once),
        cmocka_unit_test(holidays_of_all_are_nobodys_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
