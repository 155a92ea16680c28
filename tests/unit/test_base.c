/* Memory, text, numbers and results: what every other part takes for granted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/money.h"
#include "base/rng.h"
#include "base/vec.h"
#include <math.h>
#include <stdio.h>

static struct arena arena;

static int clean(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#define assert_text(s, c)                                                                                              \
    do {                                                                                                               \
        struct str s_ = (s);                                                                                           \
        const char *c_ = (c);                                                                                          \
        assert_int_equal(s_.len, strlen(c_));                                                                          \
        assert_memory_equal(s_.ptr, c_, strlen(c_));                                                                   \
    } while (0)

static void an_arena_keeps_pieces_apart_and_aligned(void **state)
{
    (void)state;
    unsigned char *p[200];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 200; i++) {
            size_t n = i * 37 + (i == 100 ? 3000000 : 1);
            p[i] = arena_alloc(&arena, n);
            assert_int_equal((uintptr_t)p[i] % 16, 0);
            memset(p[i], (int)i, n);
        }
        for (size_t i = 0; i < 200; i++)
            for (size_t k = 0; k < i * 37 + 1; k++)
                assert_int_equal(p[i][k], i);
        arena_reset(&arena);
    }
    char *z = arena_zalloc(&arena, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(z[i], 0);
}

static void an_error_says_what_and_where_and_is_cut_at_a_letter(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_set(&e, RC_UNPROCESSABLE, "too_long", "title", "%d", 200), RC_UNPROCESSABLE);
    assert_string_equal(e.code, "too_long");
    assert_string_equal(e.field, "title");
    assert_string_equal(e.arg[0], "200");
    assert_string_equal(e.arg[1], "");
    assert_int_equal(err_set(&e, RC_CONFLICT, "other", e.field, "%s!", e.arg[0]), RC_CONFLICT);
    assert_string_equal(e.field, "title");
    assert_string_equal(e.arg[0], "200!");
    char name[400];
    for (size_t shift = 0; shift < 2; shift++) {
        memset(name, 'x', sizeof name);
        for (size_t i = shift; i + 1 < sizeof name - 1; i += 2)
            memcpy(name + i, "ж", 2);
        name[398 + shift - 1] = 0;
        (void)err_set(&e, RC_INVALID, "bad", "", "%s", name);
        assert_true(strlen(e.arg[0]) >= 158);
        assert_true(str_utf8_valid(str_c(e.arg[0])));
        (void)err_set(&e, RC_INVALID, "unknown_field", name, NULL);
        assert_true(strlen(e.field) >= 62);
        assert_true(str_utf8_valid(str_c(e.field)));
    }
    assert_int_equal(err_set(NULL, RC_INTERNAL, "x", "", NULL), RC_INTERNAL);
}

static void numbers_are_taken_whole_or_not_at_all(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_true(str_i64(STR("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(str_i64(STR("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(str_i64(STR("+5"), &v) && v == 5);
    static const char *const bad[] = {
        "", "-", "+", "1 ", " 1", "1.0", "0x1", "9223372036854775808", "-9223372036854775809", "99999999999999999999",
        "١"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_i64(str_c(bad[i]), &v));
    double d;
    assert_true(str_f64(STR("-1.5e3"), &d) && d == -1500);
    assert_true(str_f64(STR(".5"), &d) && d == 0.5);
    assert_true(str_f64(STR("5."), &d) && d == 5);
    static const char *const no[] = {"", ".", "e5", "1e", "inf", "nan", "0x1p3", " 1", "1 ", "1,5", "1e999", "-"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(str_f64(str_c(no[i]), &d));
}

static void a_buffer_writes_every_integer(void **state)
{
    (void)state;
    struct buf b = {0};
    static const int64_t all[] = {0, 7, -7, 10, 99, 100, 101, 999, 1000, -1000, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char text[32];
        snprintf(text, sizeof text, "%lld", (long long)all[i]);
        buf_clear(&b);
        buf_i64(&b, all[i]);
        assert_text(buf_view(&b), text);
    }
    buf_clear(&b);
    for (int i = 0; i < 500; i++)
        buf_fmt(&b, "%s-%d;", "ряд", i);
    assert_memory_equal(b.ptr, "ряд-0;ряд-1;", strlen("ряд-0;ряд-1;"));
    assert_memory_equal(b.ptr + b.len - 4, "499;", 4);
    buf_free(&b);
}

static void text_is_cut_trimmed_and_compared(void **state)
{
    (void)state;
    struct str rest, s = str_cut(STR("a=b=c"), '=', &rest);
    assert_text(s, "a");
    assert_text(rest, "b=c");
    s = str_cut(STR("abc"), '=', &rest);
    assert_text(s, "abc");
    assert_null(rest.ptr);
    assert_text(str_trim(STR(" \t\r\n x y \v")), "x y");
    assert_text(str_trim(STR("   ")), "");
    assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
    assert_true(str_cmp(STR("b"), STR("abc")) > 0);
    assert_int_equal(str_cmp(STR(""), STR_NULL), 0);
    assert_true(str_starts(STR("/api/x"), STR("/api/")));
    assert_false(str_starts(STR("/ap"), STR("/api/")));
}

static void utf8_is_strict(void **state)
{
    (void)state;
    assert_true(str_utf8_valid(STR("Воронка, 漏斗, 😀 and a long plain tail to take eight bytes at once")));
    assert_true(str_utf8_valid(STR("")));
    assert_true(str_utf8_valid(STR("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\x7f")));
    assert_int_equal(str_utf8_len(STR("Ёж😀a")), 4);
    static const struct str bad[] = {
        {"\0", 1},         /* NUL */
        {"12345678\0", 9}, /* behind a plain run */
        {"1234\0"
         "678",
         8},                     /* within eight bytes taken at once */
        {"\xc0\x80", 2},         /* overlong NUL */
        {"\xc1\xbf", 2},         /* overlong */
        {"\xe0\x9f\xbf", 3},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 4}, /* overlong */
        {"\xed\xa0\x80", 3},     /* a surrogate */
        {"\xed\xbf\xbf", 3},     /* a surrogate */
        {"\xf4\x90\x80\x80", 4}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 4}, /* no such lead */
        {"\xff", 1},
        {"\x80", 1},
        {"abc\xd0", 4},
        {"\xe2\x82", 2},
        {"\xf0\x9f\x98", 3},
        {"\xd0x", 2},
        {"\xe2\x82x", 3},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_utf8_valid(bad[i]));
}

static void a_name_is_found_however_it_was_typed(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"Пётр  ПЕТРОВ ", "петр петров"},
        {"Е\xcc\x88лка", "елка"}, /* a decomposed Ё */
        {"и\xcc\x86од", "йод"},   /* a decomposed й stays one letter */
        {"ÄÖÜ Straße", "äöü straße"},
        {"A\xcc\x8a", "å"},    /* composed and lower */
        {"\xe2\x84\xab", "å"}, /* the sign ångström is the letter */
        {"\xc2\xa0 a\xe2\x80\xaf\t\nb \xe3\x80\x80", "a b"},
        {"ABC-123 Ґ", "abc-123 ґ"},
        {"ё\xcc\x88", "е"},
        {"", ""},
        {"   ", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str once = str_fold(&arena, str_c(rows[i].in));
        assert_text(once, rows[i].out);
        assert_text(str_fold(&arena, once), rows[i].out);
    }
    struct str broken = str_fold(&arena, STR("\xff\xfe  x"));
    assert_text(broken, "\xff\xfe x");
}

static void addresses_and_tokens_are_decoded_strictly(void **state)
{
    (void)state;
    struct str out;
    assert_true(str_url_decode(&arena, STR("%D0%B6+a%20b"), true, &out));
    assert_text(out, "ж a b");
    assert_true(str_url_decode(&arena, STR("a+b"), false, &out));
    assert_text(out, "a+b");
    assert_false(str_url_decode(&arena, STR("%"), false, &out));
    assert_false(str_url_decode(&arena, STR("%4"), false, &out));
    assert_false(str_url_decode(&arena, STR("%4g"), false, &out));
    assert_text(str_hex(&arena, "\x00\xff\x1a", 3), "00ff1a");
    static const char *const pairs[][2] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"}};
    for (size_t i = 0; i < 5; i++) {
        assert_text(str_base64url(&arena, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
        assert_true(str_base64url_decode(&arena, str_c(pairs[i][1]), &out));
        assert_text(out, pairs[i][0]);
    }
    assert_text(str_base64url(&arena, "\xfb\xff\xfe", 3), "-__-");
    static const char *const bad[] = {"Z", "Zh", "Zm9=", "Zm 9", "+/=="};
    for (size_t i = 0; i < 5; i++)
        assert_false(str_base64url_decode(&arena, str_c(bad[i]), &out));
}

static void amounts_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned exponent;
        int64_t minor;
    } good[] = {
        {"1 234,56", 2, 123456},
        {"1234.56", 2, 123456},
        {"1,234.56", 2, 123456},
        {"-5", 2, -500},
        {"1.234.567,8", 2, 123456780},
        {"1,234", 2, 123400},
        {"1,23", 2, 123},
        {"0,5", 2, 50},
        {"1\xc2\xa0"
         "000",
         2, 100000},
        {"12\xe2\x80\xaf"
         "345,00",
         2, 1234500},
        {"5000", 0, 5000},
        {"1.250", 3, 1250},
        {"1.2300", 2, 123},
        {"\xe2\x88\x92"
         "7",
         0, -7},
        {" 7 ", 2, 700},
        {"1'000'000", 2, 100000000},
        {"92233720368547758.07", 2, INT64_MAX},
        {"0,123", 3, 123},
    };
    static const char *const bad[] = {"",
                                      "-",
                                      "abc",
                                      "1.234",
                                      "12.345",
                                      "1,2,3",
                                      "1 23",
                                      "1..2",
                                      "1,",
                                      ".5",
                                      "5 руб",
                                      "92233720368547758.08",
                                      "999999999999999999999",
                                      "--5",
                                      "1e5",
                                      "1 ,5",
                                      "1,234,56"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t v = -1;
        assert_true(money_parse(str_c(good[i].text), good[i].exponent, &v));
        assert_int_equal(v, good[i].minor);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t v;
        if (money_parse(str_c(bad[i]), 2, &v))
            fail_msg("\"%s\" was taken as %lld", bad[i], (long long)v);
    }
    assert_true(money_currency_known(STR("RUB")) && money_currency_known(STR("AED")) &&
                money_currency_known(STR("ZWG")));
    assert_false(money_currency_known(STR("rub")) || money_currency_known(STR("RU")) ||
                 money_currency_known(STR("XYZ")));
    assert_int_equal(money_exponent(STR("JPY")), 0);
    assert_int_equal(money_exponent(STR("KWD")), 3);
    assert_int_equal(money_exponent(STR("???")), 2);
    assert_text(money_format(&arena, 123456, 2), "1234.56");
    assert_text(money_format(&arena, -5, 2), "-0.05");
    assert_text(money_format(&arena, INT64_MIN, 0), "-9223372036854775808");
}

static void dictionaries_keep_every_key(void **state)
{
    (void)state;
    struct strmap *m = strmap_new();
    struct intmap *n = intmap_new();
    int64_t v = -1;
    assert_false(strmap_get(m, STR(""), &v));
    for (int64_t i = 0; i < 20000; i++) {
        char key[32];
        snprintf(key, sizeof key, "case %lld", (long long)i);
        strmap_put(m, str_c(key), i);
        intmap_put(n, i << 20, i);
    }
    strmap_put(m, STR(""), 42);
    strmap_put(m, STR("case 5"), 55);
    intmap_put(n, -1, 1);
    intmap_put(n, 0, 9);
    assert_int_equal(strmap_len(m), 20001);
    assert_int_equal(intmap_len(n), 20001);
    for (int64_t i = 6; i < 20000; i++) {
        char key[32];
        snprintf(key, sizeof key, "case %lld", (long long)i);
        assert_true(strmap_get(m, str_c(key), &v) && v == i);
        assert_true(intmap_get(n, i << 20, &v) && v == i);
    }
    assert_true(strmap_get(m, STR("case 5"), &v) && v == 55);
    assert_true(strmap_get(m, STR(""), &v) && v == 42);
    assert_true(intmap_get(n, 0, &v) && v == 9);
    assert_false(strmap_get(m, STR("case 20000"), &v) || intmap_get(n, 1, &v));
    strmap_free(m);
    intmap_free(n);
}

static void a_simulation_repeats_itself(void **state)
{
    (void)state;
    struct rng a, b;
    /* The reference program of xoshiro256++ with state 1, 2, 3, 4. */
    a = (struct rng){{1, 2, 3, 4}};
    assert_true(rng_next(&a) == 41943041u);
    assert_true(rng_next(&a) == 58720359u);
    assert_true(rng_next(&a) == 3588806011781223u);
    rng_seed(&a, 7);
    b = a;
    rng_jump(&b);
    assert_true(rng_next(&a) != rng_next(&b));
    double sum = 0, squares = 0, mean = 0;
    int64_t hits[6] = {0};
    for (int i = 0; i < 100000; i++) {
        double z = rng_normal(&a), u = rng_unit(&a);
        assert_true(u >= 0 && u < 1);
        sum += z;
        squares += z * z;
        mean += u;
        int64_t d = rng_range(&a, -2, 3);
        assert_true(d >= -2 && d <= 3);
        hits[d + 2]++;
    }
    assert_true(fabs(sum / 1e5) < 0.02 && fabs(squares / 1e5 - 1) < 0.03 && fabs(mean / 1e5 - 0.5) < 0.01);
    for (int i = 0; i < 6; i++)
        assert_true(llabs(hits[i] - 16667) < 600);
    assert_int_equal(rng_range(&a, 5, 5), 5);
}

static void a_vector_grows(void **state)
{
    (void)state;
    VEC(int64_t) v = {0};
    for (int64_t i = 0; i < 10000; i++)
        vec_push(&v, i * i);
    assert_int_equal(v.len, 10000);
    assert_int_equal(v.ptr[9999], 9999 * 9999);
    vec_free(&v);
    assert_null(v.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_arena_keeps_pieces_apart_and_aligned, clean),
        cmocka_unit_test_teardown(an_error_says_what_and_where_and_is_cut_at_a_letter, clean),
        cmocka_unit_test_teardown(numbers_are_taken_whole_or_not_at_all, clean),
        cmocka_unit_test_teardown(a_buffer_writes_every_integer, clean),
        cmocka_unit_test_teardown(text_is_cut_trimmed_and_compared, clean),
        cmocka_unit_test_teardown(utf8_is_strict, clean),
        cmocka_unit_test_teardown(a_name_is_found_however_it_was_typed, clean),
        cmocka_unit_test_teardown(addresses_and_tokens_are_decoded_strictly, clean),
        cmocka_unit_test_teardown(amounts_are_read_as_people_write_them, clean),
        cmocka_unit_test_teardown(dictionaries_keep_every_key, clean),
        cmocka_unit_test_teardown(a_simulation_repeats_itself, clean),
        cmocka_unit_test_teardown(a_vector_grows, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
