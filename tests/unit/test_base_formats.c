/* What comes in as text: time, JSON and CSV, with all that real files do wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/json.h"
#include "base/time.h"
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

static struct arena arena;

static int clean(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void the_calendar_is_right_through_centuries(void **state)
{
    (void)state;
    assert_int_equal(date_from_civil(1970, 1, 1), 0);
    assert_int_equal(date_from_civil(2000, 3, 1), 11017);
    assert_int_equal(date_from_civil(1600, 2, 29), -135081);
    int64_t expected = date_from_civil(1580, 1, 1);
    for (int y = 1580; y <= 2420; y++)
        for (unsigned m = 1; m <= 12; m++) {
            static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
            bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
            for (unsigned d = 1; d <= days[m - 1] + (m == 2 && leap); d++, expected++) {
                int yy;
                unsigned mm, dd;
                assert_int_equal(date_from_civil(y, m, d), expected);
                date_to_civil(expected, &yy, &mm, &dd);
                assert_true(yy == y && mm == m && dd == d);
            }
        }
}

static void times_are_read_with_any_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utc;
    } good[] = {
        {"2012-03-14T16:04:54.681+01:00", "2012-03-14T15:04:54.681Z"},
        {"2011-10-01T00:38:44.546+02:00", "2011-09-30T22:38:44.546Z"},
        {"2012-03-14 15:04:54", "2012-03-14T15:04:54.000Z"},
        {"2012-03-14 15:04", "2012-03-14T15:04:00.000Z"},
        {"2012-03-14t15:04:54z", "2012-03-14T15:04:54.000Z"},
        {"2012-02-29", "2012-02-29T00:00:00.000Z"},
        {"2000-02-29T23:59:59.999999999Z", "2000-02-29T23:59:59.999Z"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"},
        {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"},
        {"2020-01-01T00:00:00-0330", "2020-01-01T03:30:00.000Z"},
        {"2020-01-01T00:00:00+05", "2019-12-31T19:00:00.000Z"},
        {"2020-01-01 00:00:00 +0300", "2019-12-31T21:00:00.000Z"},
        {"0000-01-01", "0000-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
    };
    static const char *const bad[] = {"",
                                      "2012",
                                      "2012-03",
                                      "2012-3-14",
                                      "2011-02-29",
                                      "1900-02-29",
                                      "2012-13-01",
                                      "2012-00-01",
                                      "2012-01-00",
                                      "2012-01-32",
                                      "2012-04-31",
                                      "2012-03-14T",
                                      "2012-03-14T24:00:00",
                                      "2012-03-14T15:60:00",
                                      "2012-03-14T15:04:61",
                                      "2012-03-14T15:04:54.",
                                      "2012-03-14T15:04:54+",
                                      "2012-03-14T15:04:54+1",
                                      "2012-03-14T15:04:54+25:00",
                                      "2012-03-14T15:04:54+01:",
                                      "2012-03-14T15:04:54+01:60",
                                      "2012-03-14T15:04:54Zx",
                                      "2012-03-14x15:04:54",
                                      "2012-03-14T15",
                                      " 2012-03-14",
                                      "2012-03-14 ",
                                      "14.03.2012",
                                      "2012-03-14T15:04:54 ",
                                      "２012-03-14"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t at;
        char text[25];
        assert_true(time_parse(str_c(good[i].text), &at));
        time_put(text, at);
        assert_string_equal(text, good[i].utc);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t at;
        if (time_parse(str_c(bad[i]), &at))
            fail_msg("\"%s\" was taken for a time", bad[i]);
    }
    assert_string_equal(time_format(&arena, -1).ptr, "1969-12-31T23:59:59.999Z");
    assert_string_equal(date_format(&arena, -1).ptr, "1969-12-31");
    int64_t days;
    assert_true(date_parse(STR("2024-02-29"), &days) && days == date_from_civil(2024, 2, 29));
    assert_false(date_parse(STR("2024-02-29T00:00"), &days));
}

static void times_are_read_in_the_format_of_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *text, *format, *utc;
    } good[] = {
        {"14.03.2012 16:04:54", "%d.%m.%Y %H:%M:%S", "2012-03-14T16:04:54.000Z"},
        {"3/4/12 7:05", "%m/%d/%y %H:%M", "2012-03-04T07:05:00.000Z"},
        {"14-MAR-1999", "%d-%b-%Y", "1999-03-14T00:00:00.000Z"},
        {"20120314T160454.5+0100", "%Y%m%dT%H%M%S.%f%z", "2012-03-14T15:04:54.500Z"},
        {"100% 1.1.70", "100%% %d.%m.%y", "1970-01-01T00:00:00.000Z"},
    };
    static const char *const bad[][2] = {
        {"30.02.2012", "%d.%m.%Y"},
        {"14.03.2012 ", "%d.%m.%Y"},
        {"14.03.12", "%d.%m.%Y"},
        {"14.03", "%d.%m.%Y"},
        {"14-foo-1999", "%d-%b-%Y"},
        {"25:00", "%H:%M"},
        {"1", "%q"},
        {"", "%Y"},
        {"2012%", "%Y%%x"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t at;
        char text[25];
        assert_true(time_parse_as(str_c(good[i].text), good[i].format, &at));
        time_put(text, at);
        assert_string_equal(text, good[i].utc);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t at;
        assert_false(time_parse_as(str_c(bad[i][0]), bad[i][1], &at));
    }
}

static void json_is_refused_with_its_place(void **state)
{
    (void)state;
    struct err e;
    json_t *j;
    assert_int_equal(json_read(STR("{\"a\":[1,2.5,\"\\u0436\",null,true]}"), &j, &e), RC_OK);
    assert_string_equal(json_string_value(json_array_get(json_object_get(j, "a"), 2)), "ж");
    json_decref(j);
    static const struct str bad[] = {
        {"", 0},
        {"{", 1},
        {"{\"a\":1,\"a\":2}", 13},
        {"[1,]", 4},
        {"{} x", 4},
        {"\"\xff\"", 3},
        {"\"\xed\xa0\x80\"", 5},
        {"{\"a\":\"\\ud800\"}", 14},
        {"[\"\0\"]", 5},
        {"{'a':1}", 7},
        {"[NaN]", 5},
        {"[1e999]", 7},
        {"[99999999999999999999]", 22},
        {"[\"\\u0000\"]", 10},
        {"[\"a\nb\"]", 7},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (json_read(bad[i], &j, &e) != RC_INVALID)
            fail_msg("bad JSON %zu was taken", i);
        assert_null(j);
        assert_string_equal(e.code, "bad_json");
        assert_true(e.arg[0][0] != 0);
    }
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_int_equal(json_read((struct str){deep, 200}, &j, &e), RC_INVALID);
    assert_int_equal(json_read((struct str){deep + 50, 100}, &j, &e), RC_OK);
    json_decref(j);
    assert_int_equal(
        json_read(STR("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\""), &j, &e),
        RC_OK);
    json_decref(j);
}

static void json_is_written_with_commas_and_escapes(void **state)
{
    (void)state;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kstr(&w, "s", STR("a\"b\\c\n\t\r\x01 ж long plain text behind"));
    jw_kc(&w, "n", NULL);
    jw_ki64(&w, "i", INT64_MIN);
    jw_key(&w, "a");
    jw_arr(&w);
    jw_f64(&w, 0.1);
    jw_f64(&w, NAN);
    jw_f64(&w, 1e300);
    jw_f64(&w, 1.0 / 3);
    jw_bool(&w, false);
    jw_obj(&w);
    jw_end_obj(&w);
    jw_arr(&w);
    jw_end_arr(&w);
    jw_raw(&w, STR("{\"x\":1}"));
    jw_end_arr(&w);
    jw_key_str(&w, STR("k\""));
    jw_null(&w);
    jw_end_obj(&w);
    buf_char(&b, 0);
    assert_string_equal(b.ptr, "{\"s\":\"a\\\"b\\\\c\\n\\t\\r\\u0001 ж long plain text behind\",\"n\":null,"
                               "\"i\":-9223372036854775808,\"a\":[0.1,null,1e+300,0.3333333333333333,false,{},[],"
                               "{\"x\":1}],\"k\\\"\":null}");
    /* Every byte at every place of an eight-byte step comes back the same. */
    for (int c = 1; c < 128; c++)
        for (size_t at = 0; at < 17; at++) {
            char text[18];
            json_t *j;
            struct err e;
            memset(text, 'x', 17);
            text[at] = (char)c;
            buf_clear(&b);
            w = jw_to(&b);
            jw_str(&w, (struct str){text, 17});
            assert_int_equal(json_read(buf_view(&b), &j, &e), RC_OK);
            assert_int_equal(json_string_length(j), 17);
            assert_memory_equal(json_string_value(j), text, 17);
            json_decref(j);
        }
    buf_free(&b);
}

/* Rows as text: fields joined by '^', rows by '\n', errors as "!line", each row led by its line. */
static const char *rows_of(struct csv *c, char *out, size_t size)
{
    const struct str *f;
    size_t n, len = 0;
    struct err e;
    for (;;) {
        enum rc rc = csv_next(c, &f, &n, &e);
        if (rc == RC_DONE)
            break;
        len += (size_t)snprintf(out + len, size - len, "%lld", (long long)csv_line(c));
        if (rc == RC_ROW)
            for (size_t i = 0; i < n; i++) {
                out[len++] = '^';
                memcpy(out + len, f[i].ptr, f[i].len);
                len += f[i].len;
            }
        else
            len += (size_t)snprintf(out + len, size - len, "!%s", e.code);
        out[len++] = '|';
        if (rc != RC_ROW && rc != RC_INVALID)
            break;
    }
    out[len] = 0;
    return out;
}

static const char *read_text(struct str text, char delimiter)
{
    static char out[4096];
    struct csv *c;
    struct err e;
    assert_int_equal(csv_open_mem(&c, text, delimiter, &e), RC_OK);
    rows_of(c, out, sizeof out);
    csv_close(c);
    return out;
}

static void tables_are_read_as_spreadsheets_write_them(void **state)
{
    (void)state;
    assert_string_equal(read_text(STR("a,b\n1,2\n3,4"), 0), "1^a^b|2^1^2|3^3^4|");
    assert_string_equal(read_text(STR("\xef\xbb\xbf"
                                      "a;b\r\n1,5;2\r\n"),
                                  0),
                        "1^a^b|2^1,5^2|");
    assert_string_equal(read_text(STR("a\tb\n\t\n"), 0), "1^a^b|2^^|");
    assert_string_equal(read_text(STR("a|b\n"), 0), "1^a^b|");
    assert_string_equal(read_text(STR("\"a;;;\",b\n"), 0), "1^a;;;^b|");
    assert_string_equal(read_text(STR("a,b,\n,,\n"), 0), "1^a^b^|2^^^|");
    assert_string_equal(read_text(STR("\"x\"\"y\",\"two\r\nlines\",z\n\"\",2,\"\"\nend\n"), ','),
                        "1^x\"y^two\r\nlines^z|3^^2^|4^end|");
    assert_string_equal(read_text(STR("\"last\"\r\n\"row\",\"\""), ','), "1^last|2^row^|");
    assert_string_equal(read_text(STR("\n\na\n\r\n\nb\n\n"), ','), "3^a|6^b|");
    assert_string_equal(read_text(STR("5\" pipe,x\"y\n"), ','), "1^5\" pipe^x\"y|");
    assert_string_equal(read_text(STR(""), 0), "");
    assert_string_equal(read_text(STR("\xef\xbb\xbf"), 0), "");
    assert_string_equal(read_text(STR("\"\""), 0), "1^|");
    assert_string_equal(read_text(STR(","), 0), "1^^|");
}

static void a_bad_row_is_told_by_its_line_and_the_rest_is_read(void **state)
{
    (void)state;
    assert_string_equal(read_text(STR("a,b\n\"x\"y,2\n3,4\n"), ','), "1^a^b|2!csv_bad_row|3^3^4|");
    assert_string_equal(read_text(STR("a\n\"never\n3\n4\n"), ','), "1^a|2!csv_bad_row|3^3|4^4|");
    assert_string_equal(read_text(STR("\"a\"\rb\nc\n"), ','), "1!csv_bad_row|2^c|");
    assert_string_equal(read_text(STR("\"a\"\r,b\nc\n"), ','), "1!csv_bad_row|2^c|");
    assert_string_equal(read_text(STR("\"a\" ,b\nc\n"), ','), "1!csv_bad_row|2^c|");
    assert_string_equal(read_text(STR("\""), ','), "1!csv_bad_row|");
    const char *nul = read_text((struct str){"a\0b,c\nd\n", 8}, ',');
    assert_memory_equal(nul, "1^a\0b^c|2^d|", 12);
}

static char *temp_name(const char *suffix)
{
    static char path[200];
    const char *dir = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/voronka-test-%d%s", dir ? dir : "/tmp", (int)getpid(), suffix);
    return path;
}

/* 200,000 rows of three fields, every hundredth quoted with a line break: many times the buffer. */
static void check_large(const char *path)
{
    struct csv *c;
    struct err e;
    const struct str *f;
    size_t n;
    int64_t line = 1;
    assert_int_equal(csv_open(&c, path, 0, &e), RC_OK);
    for (int i = 0; i < 200000; i++) {
        char want[64];
        assert_int_equal(csv_next(c, &f, &n, &e), RC_ROW);
        assert_int_equal(n, 3);
        assert_int_equal(csv_line(c), line);
        snprintf(want, sizeof want, i % 100 ? "Сделка %d" : "Сделка\n\"%d\"", i);
        assert_true(str_eqc(f[1], want));
        line += 1 + (i % 100 == 0);
    }
    assert_int_equal(csv_next(c, &f, &n, &e), RC_DONE);
    csv_close(c);
}

static void a_file_larger_than_the_buffer_is_read_whole_also_gzipped(void **state)
{
    (void)state;
    char *path = temp_name(".csv");
    FILE *out = fopen(path, "w");
    for (int i = 0; i < 200000; i++)
        fprintf(out, i % 100 ? "%d,Сделка %d,x\n" : "%d,\"Сделка\n\"\"%d\"\"\",x\r\n", i, i);
    fclose(out);
    check_large(path);
    struct buf b = {0};
    FILE *in = fopen(path, "r");
    buf_reserve(&b, 16 << 20);
    b.len = fread(b.ptr, 1, b.cap, in);
    fclose(in);
    remove(path);
    path = temp_name(".csv.gz");
    gzFile gz = gzopen(path, "w1");
    gzwrite(gz, b.ptr, (unsigned)b.len);
    gzclose(gz);
    buf_free(&b);
    check_large(path);
    /* A download that broke off is an error, not the end of the file. */
    assert_int_equal(truncate(path, 200000), 0);
    struct csv *c;
    struct err e;
    const struct str *f;
    size_t n;
    enum rc rc;
    assert_int_equal(csv_open(&c, path, 0, &e), RC_OK);
    while ((rc = csv_next(c, &f, &n, &e)) == RC_ROW)
        ;
    assert_int_equal(rc, RC_UNAVAILABLE);
    assert_string_equal(e.code, "file_read_failed");
    csv_close(c);
    remove(path);
    assert_int_equal(csv_open(&c, path, 0, &e), RC_NOT_FOUND);
    assert_string_equal(e.code, "file_not_found");
}

static void an_endless_row_is_cut_off(void **state)
{
    (void)state;
    char *path = temp_name("-long.csv");
    static const struct {
        const char *head, *rows;
    } files[] = {
        {"a\n", "1^a|2!csv_bad_row|3^b|"},
        {"a\n\"", "1^a|2!csv_bad_row|3^b|"},
        {"a\n\"x\ny\",", "1^a|2!csv_bad_row|3!csv_bad_row|4^b|"}, /* grows behind a closed quote */
    };
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        FILE *out = fopen(path, "w");
        fputs(files[k].head, out);
        for (int i = 0; i < 3000000; i++)
            fputc('x', out);
        fputs("\nb\n", out);
        fclose(out);
        char text[100];
        struct csv *c;
        struct err e;
        assert_int_equal(csv_open(&c, path, ',', &e), RC_OK);
        assert_string_equal(rows_of(c, text, sizeof text), files[k].rows);
        csv_close(c);
    }
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_calendar_is_right_through_centuries, clean),
        cmocka_unit_test_teardown(times_are_read_with_any_offset, clean),
        cmocka_unit_test_teardown(times_are_read_in_the_format_of_the_file, clean),
        cmocka_unit_test(json_is_refused_with_its_place),
        cmocka_unit_test(json_is_written_with_commas_and_escapes),
        cmocka_unit_test(tables_are_read_as_spreadsheets_write_them),
        cmocka_unit_test(a_bad_row_is_told_by_its_line_and_the_rest_is_read),
        cmocka_unit_test(a_file_larger_than_the_buffer_is_read_whole_also_gzipped),
        cmocka_unit_test(an_endless_row_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
