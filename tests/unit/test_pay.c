/* What sellers earn by a scheme that is not linear. */
#include "crm/pay.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct pay_scheme scheme(const char *steps, const char *of, double base)
{
    struct pay_scheme s;
    struct err e = {0};
    assert_int_equal(pay_read(str_c(steps), str_c(of), base, &s, &e), RC_OK);
    return s;
}

static void below_eighty_per_cent_only_the_base_is_paid_and_above_a_hundred_most(void **state)
{
    (void)state;
    /* nothing below 80 %, 2 % of what is between 80 and 100, then a bonus and 5 % */
    struct pay_scheme s =
        scheme("[{\"from\":100,\"percent\":5,\"pay_minor\":20000},{\"from\":80,\"percent\":2}]", "plan", 50000);
    const double plan = 1000000;
    assert_true(fabs(pay_of(&s, 790000, plan) - 50000) < 1e-9);
    assert_true(fabs(pay_of(&s, 800000, plan) - 50000) < 1e-9);
    assert_true(fabs(pay_of(&s, 900000, plan) - (50000 + 2000)) < 1e-9);
    assert_true(fabs(pay_of(&s, 1000000, plan) - (50000 + 4000 + 20000)) < 1e-9);
    assert_true(fabs(pay_of(&s, 1100000, plan) - (50000 + 4000 + 20000 + 5000)) < 1e-9);
    assert_true(fabs(pay_of(&s, 1100000, NAN) - 50000) < 1e-9);
    assert_true(fabs(pay_of(&s, NAN, plan) - 50000) < 1e-9);
}

static void a_scheme_of_sales_pays_a_share_in_bands(void **state)
{
    (void)state;
    struct pay_scheme s = scheme("[{\"from\":0,\"percent\":3},{\"from\":500000,\"percent\":7}]", "value", 0);
    assert_true(fabs(pay_of(&s, 400000, NAN) - 12000) < 1e-9);
    assert_true(fabs(pay_of(&s, 600000, NAN) - (15000 + 7000)) < 1e-9);
}

static void steps_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "{}",
                                        "[]",
                                        "[1]",
                                        "[{\"from\":-1}]",
                                        "[{\"from\":\"a\"}]",
                                        "[{\"from\":1,\"x\":2}]",
                                        "[{\"from\":1},{\"from\":1}]",
                                        "[{\"from\":1,\"percent\":1e9}]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct pay_scheme s;
        struct err e = {0};
        assert_int_equal(pay_read(str_c(wrong[i]), STR("plan"), 0, &s, &e), RC_UNPROCESSABLE);
        assert_string_equal(e.code, "bad_steps");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_eighty_per_cent_only_the_base_is_paid_and_above_a_hundred_most),
        cmocka_unit_test(a_scheme_of_sales_pays_a_share_in_bands),
        cmocka_unit_test(steps_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
