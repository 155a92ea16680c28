/* Working time: what an hour of work is over breaks, weekends, holidays, and where the clock is changed. */
#include "base/calendar.h"
#include "base/calendar_data.h"
#include "base/time.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR MS_HOUR

static int64_t at(const char *text)
{
    int64_t t;
    assert_true(time_parse(str_c(text), &t));
    return t;
}

static struct calendar read(struct arena *a, const struct zone *zone, const char *text)
{
    struct calendar c;
    struct err e = {0};
    json_t *json = NULL;
    assert_int_equal(json_read(str_c(text), &json, &e), RC_OK);
    assert_int_equal(calendar_read(json, zone, a, &c, &e), RC_OK);
    json_decref(json);
    return c;
}

#define WEEK                                                                                                           \
    "\"week\":[{\"from\":\"09:00\",\"to\":\"18:00\",\"break_from\":\"13:00\",\"break_to\":\"14:00\"},"                 \
    "{\"from\":\"09:00\",\"to\":\"18:00\"},{\"from\":\"09:00\",\"to\":\"18:00\"},{\"from\":\"09:00\",\"to\":\"18:"     \
    "00\"},"                                                                                                           \
    "{\"from\":\"09:00\",\"to\":\"17:00\"},null,null]"

static void an_hour_of_work_passes_over_breaks_and_weekends(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct calendar c = read(&a, NULL, "{" WEEK "}");
    assert_true(calendar_is_working(&c, at("2026-03-02T09:00:00Z")));
    assert_false(calendar_is_working(&c, at("2026-03-02T13:30:00Z")));
    assert_false(calendar_is_working(&c, at("2026-03-02T18:00:00Z")));
    assert_false(calendar_is_working(&c, at("2026-03-01T12:00:00Z")));
    assert_int_equal(calendar_between(&c, at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z")), 8 * HOUR);
    assert_int_equal(calendar_between(&c, at("2026-03-02T00:00:00Z"), at("2026-03-09T00:00:00Z")), 43 * HOUR);
    assert_int_equal(calendar_between(&c, at("2026-03-09T00:00:00Z"), at("2026-03-02T00:00:00Z")), -43 * HOUR);
    assert_int_equal(calendar_add(&c, at("2026-03-02T12:30:00Z"), HOUR), at("2026-03-02T14:30:00Z"));
    assert_int_equal(calendar_add(&c, at("2026-03-06T16:30:00Z"), HOUR), at("2026-03-09T09:30:00Z"));
    assert_int_equal(calendar_add(&c, at("2026-03-07T16:30:00Z"), 0), at("2026-03-09T09:00:00Z"));
    assert_int_equal(calendar_add(&c, at("2026-03-09T09:30:00Z"), -HOUR), at("2026-03-06T16:30:00Z"));
    arena_free(&a);
}

static void holidays_short_and_moved_days(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct calendar c = read(&a, NULL,
                             "{" WEEK ",\"exceptions\":[{\"on\":\"2026-03-07\",\"kind\":\"working\"},"
                             "{\"on\":\"2026-03-02\",\"kind\":\"holiday\",\"name\":\"праздник\"},"
                             "{\"on\":\"2026-03-03\",\"kind\":\"short\"},"
                             "{\"on\":\"2026-03-08\",\"kind\":\"working\",\"from\":\"10:00\",\"to\":\"12:00\"}]}");
    assert_int_equal(calendar_between(&c, at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z")), 0);
    assert_int_equal(calendar_between(&c, at("2026-03-03T00:00:00Z"), at("2026-03-04T00:00:00Z")), 8 * HOUR);
    assert_int_equal(calendar_between(&c, at("2026-03-07T00:00:00Z"), at("2026-03-08T00:00:00Z")), 8 * HOUR);
    assert_int_equal(calendar_between(&c, at("2026-03-08T00:00:00Z"), at("2026-03-09T00:00:00Z")), 2 * HOUR);
    arena_free(&a);
}

static void what_is_added_is_what_lies_between(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct zone *berlin = zone_load("Europe/Berlin");
    struct calendar c = read(&a, berlin, "{" WEEK ",\"exceptions\":[{\"on\":\"2026-03-30\",\"kind\":\"holiday\"}]}");
    uint64_t seed = 7;
    for (int i = 0; i < 2000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t start = at("2026-03-20T00:00:00Z") + (int64_t)(seed >> 33) % (30 * MS_DAY);
        int64_t ms = (int64_t)(seed >> 20) % (60 * HOUR) + 1;
        int64_t end = calendar_add(&c, start, ms);
        assert_int_equal(calendar_between(&c, start, end), ms);
        assert_int_equal(calendar_between(&c, calendar_add(&c, end, -ms), end), ms);
    }
    zone_free(berlin);
    arena_free(&a);
}

static void the_clock_of_the_company_counts(void **state)
{
    (void)state;
    struct zone *berlin = zone_load("Europe/Berlin"), *moscow = zone_load("Europe/Moscow");
    struct calendar c = calendar_ordinary(moscow);
    assert_true(calendar_is_working(&c, at("2026-03-02T06:00:00Z")));
    assert_false(calendar_is_working(&c, at("2026-03-02T15:00:00Z")));
    c.zone = berlin; /* the clock goes forward on the 29th of March */
    assert_int_equal(calendar_add(&c, at("2026-03-27T16:30:00Z"), HOUR), at("2026-03-30T07:30:00Z"));
    assert_int_equal(calendar_day(&c, at("2026-03-29T22:30:00Z")), date_from_civil(2026, 3, 30));
    zone_free(berlin);
    zone_free(moscow);
}

static void nobody_ever_works(void **state)
{
    (void)state;
    struct calendar c = {0};
    assert_true(calendar_add(&c, 0, 1) > 90 * (365 * MS_DAY));
    assert_true(calendar_add(&c, 0, -1) < -90 * (365 * MS_DAY));
    assert_int_equal(calendar_between(&c, 0, 1000 * MS_DAY), 0);
}

static void calendars_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"week\":[]}",
        "{\"week\":[null,null,null,null,null,null]}",
        "{\"week\":[{\"from\":\"18:00\",\"to\":\"09:00\"},null,null,null,null,null,null]}",
        "{\"week\":[{\"from\":\"9:00\",\"to\":\"18:00\"},null,null,null,null,null,null]}",
        "{\"week\":[{\"from\":\"09:00\",\"to\":\"25:00\"},null,null,null,null,null,null]}",
        "{\"week\":[{\"from\":\"09:00\",\"to\":\"18:00\",\"break_from\":\"08:00\",\"break_to\":\"10:00\"},null,null,"
        "null,null,"
        "null,null]}",
        "{\"week\":[{\"from\":\"09:00\",\"to\":\"18:00\",\"break_to\":\"10:00\"},null,null,null,null,null,null]}",
        "{" WEEK ",\"exceptions\":[{\"on\":\"2026-02-30\",\"kind\":\"holiday\"}]}",
        "{" WEEK ",\"exceptions\":[{\"on\":\"2026-02-20\",\"kind\":\"feast\"}]}",
        "{" WEEK
        ",\"exceptions\":[{\"on\":\"2026-02-20\",\"kind\":\"short\"},{\"on\":\"2026-02-20\",\"kind\":\"short\"}]}",
        "{" WEEK ",\"exceptions\":[5]}",
        "{" WEEK ",\"exceptions\":{}}",
        "{" WEEK ",\"more\":1}"};
    struct arena a = ARENA_EMPTY;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct calendar c;
        struct err e = {0};
        json_t *json = NULL;
        assert_int_equal(json_read(str_c(bad[i]), &json, &e), RC_OK);
        assert_int_equal(calendar_read(json, NULL, &a, &c, &e), RC_UNPROCESSABLE);
        assert_string_equal(e.code, "bad_calendar");
        json_decref(json);
    }
    arena_free(&a);
}

/* The official number of working days of each year that is built in. */
static void the_russian_years_have_their_working_days(void **state)
{
    (void)state;
    struct err e = {0};
    json_t *all = NULL, *year;
    const char *number;
    assert_int_equal(json_read((struct str){calendar_ru, calendar_ru_len}, &all, &e), RC_OK);
    json_object_foreach(json_object_get(all, "years"), number, year)
    {
        struct arena a = ARENA_EMPTY;
        struct calendar c = read(&a, NULL, "{" WEEK "}"), holidays;
        json_t *json = json_pack("{s:O}", "exceptions", json_object_get(year, "days"));
        json_t *week = NULL;
        assert_int_equal(json_read(STR("{" WEEK "}"), &week, &e), RC_OK);
        json_object_set(json, "week", json_object_get(week, "week"));
        assert_int_equal(calendar_read(json, NULL, &a, &holidays, &e), RC_OK);
        int civil = (int)strtol(number, NULL, 10);
        int64_t n = 0, first = date_from_civil(civil, 1, 1), end = date_from_civil(civil + 1, 1, 1);
        for (int64_t day = first; day < end; day++) {
            struct work_hours h = calendar_hours(&holidays, day);
            n += h.from < h.to;
        }
        assert_int_equal(n, json_integer_value(json_object_get(year, "working_days")));
        assert_true(c.n == 0);
        json_decref(week);
        json_decref(json);
        arena_free(&a);
    }
    assert_true(json_object_size(json_object_get(all, "years")) >= 2);
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_of_work_passes_over_breaks_and_weekends),
        cmocka_unit_test(holidays_short_and_moved_days),
        cmocka_unit_test(what_is_added_is_what_lies_between),
        cmocka_unit_test(the_clock_of_the_company_counts),
        cmocka_unit_test(nobody_ever_works),
        cmocka_unit_test(calendars_that_make_no_sense_are_refused),
        cmocka_unit_test(the_russian_years_have_their_working_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
