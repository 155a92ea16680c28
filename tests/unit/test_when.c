/* Dates, times and encodings as tables bring them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "base/time.h"
#include "base/when.h"

static void means(const char *text, enum when_order order, const char *expected)
{
    struct when w;
    char out[25];
    if (!when_parse(str_c(text), order, &w)) {
        if (expected)
            fail_msg("\"%s\" is not read", text);
        return;
    }
    time_put(out, when_instant(&w, NULL));
    if (!expected || strncmp(out, expected, strlen(expected)) != 0)
        fail_msg("\"%s\" is read as %s instead of %s", text, out, expected ? expected : "nothing");
}

static void dates_in_every_notation(void **state)
{
    (void)state;
    static const char *const same[] = {"2026-11-21",     "21.11.2026",       "21.11.26",  "21/11/2026",
                                       "11/21/2026",     "2026/11/21",       "20261121",  "21 ноября 2026 г.",
                                       "21 Ноября 2026", "21 нояб. 2026",    "21-Nov-26", "21 Nov 2026",
                                       "Nov 21, 2026",   "November 21 2026", "46347",     " 21.11.2026 "};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        means(same[i], WHEN_DMY, "2026-11-21T00:00:00");
    means("03/04/2026", WHEN_DMY, "2026-04-03");
    means("03/04/2026", WHEN_MDY, "2026-03-04");
    means("03.04.2026", WHEN_MDY, "2026-04-03");
    means("1 мая 1990 г.", WHEN_DMY, "1990-05-01");
    means("5 марта 2026", WHEN_DMY, "2026-03-05");
    means("29.02.2024", WHEN_DMY, "2024-02-29");
}

static void times_behind_dates(void **state)
{
    (void)state;
    means("21.11.2026 14:30", WHEN_DMY, "2026-11-21T14:30:00");
    means("2026-11-21T14:30:05.5Z", WHEN_DMY, "2026-11-21T14:30:05.500");
    means("2026-11-21 14:30:05+03:00", WHEN_DMY, "2026-11-21T11:30:05");
    means("11/21/2026 2:30 PM", WHEN_MDY, "2026-11-21T14:30:00");
    means("11/21/2026 12:05 am", WHEN_MDY, "2026-11-21T00:05:00");
    means("46347.5", WHEN_DMY, "2026-11-21T12:00:00");
    means("1795317543248", WHEN_DMY, "2026-11-22T03:19:03");
}

static void what_is_no_date(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "завтра",
                                      "31.02.2026",
                                      "2026-13-01",
                                      "29.02.2023",
                                      "21.11",
                                      "1.2.3.4",
                                      "2026-11-21 25:00",
                                      "2026-11-21 x",
                                      "21.11-2026",
                                      "999999",
                                      "-5",
                                      "12/2026",
                                      "0",
                                      "13/13/2026",
                                      "21 абв 2026",
                                      "1e300"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        means(bad[i], WHEN_DMY, NULL);
}

static void the_clock_of_the_company_counts_unless_an_offset_is_there(void **state)
{
    (void)state;
    struct zone *moscow = zone_load("Europe/Moscow");
    struct when w;
    assert_true(when_parse(STR("21.11.2026 12:00"), WHEN_DMY, &w));
    assert_int_equal(when_instant(&w, moscow) - when_instant(&w, NULL), -3 * MS_HOUR);
    assert_true(when_parse(STR("2026-11-21T12:00Z"), WHEN_DMY, &w));
    assert_int_equal(when_instant(&w, moscow), when_instant(&w, NULL));
    zone_free(moscow);
}

static void encodings_are_told_apart_and_back(void **state)
{
    (void)state;
    struct str text = STR("Ёлка №1; «Анна» — 5\n");
    static const enum encoding all[] = {ENC_UTF8, ENC_UTF16LE, ENC_UTF16BE, ENC_CP1251};
    for (size_t i = 0; i < 4; i++) {
        struct buf coded = {0}, back = {0};
        encoding_write(all[i], text, &coded);
        assert_int_equal(encoding_guess(buf_view(&coded)), all[i]);
        assert_int_equal(encoding_read(all[i], buf_view(&coded), true, &back), coded.len);
        assert_true(str_eq(buf_view(&back), text));
        buf_free(&coded);
        buf_free(&back);
    }
    struct buf out = {0};
    assert_int_equal(encoding_read(ENC_UTF16LE, STR("\x3d\xd8\x00"), false, &out), 0); /* half of a pair may go on */
    encoding_write(ENC_CP1251, STR("☃"), &out);
    assert_true(str_eqc(buf_view(&out), "?"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_in_every_notation),
        cmocka_unit_test(times_behind_dates),
        cmocka_unit_test(what_is_no_date),
        cmocka_unit_test(the_clock_of_the_company_counts_unless_an_offset_is_there),
        cmocka_unit_test(encodings_are_told_apart_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
