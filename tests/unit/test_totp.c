/* One-time codes by the test vectors of RFC 6238 (appendix B) and RFC 4648 (section 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crm/totp.h"

static const unsigned char secret[] = "12345678901234567890";

static void the_codes_are_those_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        unsigned code;
    } rows[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
                {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(totp_code(secret, 20, totp_step(rows[i].seconds * 1000), 8), rows[i].code);
}

static struct str text_of(char out[8], int64_t step)
{
    return (struct str){out, (size_t)snprintf(out, 8, "%06u", totp_code(secret, 20, step, 6))};
}

static void a_clock_may_be_half_a_minute_off_and_no_code_goes_twice(void **state)
{
    (void)state;
    char text[8];
    int64_t now = 1700000000000, step = totp_step(now);
    for (int64_t off = -3; off <= 3; off++)
        assert_int_equal(totp_find(secret, 20, text_of(text, step + off), now, 0),
                         off >= -1 && off <= 1 ? step + off : 0);
    assert_int_equal(totp_find(secret, 20, text_of(text, step), now, step), 0);
    assert_int_equal(totp_find(secret, 20, text_of(text, step + 1), now, step), step + 1);
    assert_int_equal(totp_find(secret, 20, text_of(text, step - 1), now, step), 0);
    assert_int_equal(totp_find(secret, 20, STR("12345"), now, 0), 0);
    assert_int_equal(totp_find(secret, 20, STR("12345a"), now, 0), 0);
    assert_int_equal(totp_find(secret, 20, STR_NULL, now, 0), 0);
}

static void secrets_are_written_in_base32(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *text;
    } rows[] = {{"f", "MY"},         {"fo", "MZXQ"},        {"foo", "MZXW6"},
                {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
    struct arena a = ARENA_EMPTY;
    unsigned char back[8];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].plain);
        assert_string_equal(base32_write(&a, (const unsigned char *)rows[i].plain, n).ptr, rows[i].text);
        assert_true(base32_read(str_c(rows[i].text), back, n));
        assert_memory_equal(back, rows[i].plain, n);
        assert_false(base32_read(str_c(rows[i].text), back, n + 1));
        assert_false(base32_read(str_c(rows[i].text), back, n - 1));
    }
    assert_false(base32_read(STR("MZXW6YT1"), back, 5));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_codes_are_those_of_the_standard),
        cmocka_unit_test(a_clock_may_be_half_a_minute_off_and_no_code_goes_twice),
        cmocka_unit_test(secrets_are_written_in_base32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
