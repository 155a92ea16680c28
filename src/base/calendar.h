/* Working time: the hours of each weekday with their break, and the days that are different. Instants are ms UTC, days
 * are those of the calendar's time zone, hours are minutes since its midnight. */
#pragma once
#include "base/json.h"
#include "base/zone.h"

#define CALENDAR_EXCEPTIONS 2000

struct work_hours { /* from == to: nobody works */
    int16_t from, to, break_from, break_to;
};
enum day_kind { DAY_HOLIDAY, DAY_SHORT, DAY_WORKING };
extern const char *const day_kind_names[]; /* "holiday", "short", "working", NULL */
struct day_exception {
    int64_t day; /* since 1970 */
    struct work_hours hours;
    enum day_kind kind;
};
struct calendar {
    struct work_hours week[7];        /* from Monday */
    struct day_exception *exceptions; /* ascending */
    size_t n;
    const struct zone *zone; /* NULL: UTC; outlives the calendar */
};

/* {"week":[{"from":"09:00","to":"18:00","break_from":"13:00","break_to":"14:00"} or null, 7 from Monday],
 *  "exceptions":[{"on":"2026-01-01","kind":"holiday|short|working","name":"...", the same hours}]}. The break and the
 * hours of an exception are optional: a short day ends an hour earlier than its weekday (a day off: than the first
 * working weekday), a working day is as the first working weekday. Memory of the arena. Errors: bad_calendar (arg 0:
 * where). */
MUST_USE enum rc calendar_read(const json_t *json, const struct zone *zone, struct arena *a, struct calendar *out,
                               struct err *e);
/* Monday to Friday from 9 to 18 with an hour's break at 13. */
struct calendar calendar_ordinary(const struct zone *zone);

struct work_hours calendar_hours(const struct calendar *c, int64_t day);
/* How many days of work there are from one local day to another, both counted. */
int64_t calendar_working_days(const struct calendar *c, int64_t from, int64_t to);
bool calendar_is_working(const struct calendar *c, int64_t at);
/* Working ms between two instants; negative when b lies before a. */
int64_t calendar_between(const struct calendar *c, int64_t a, int64_t b);
/* The first instant by which `left` working ms have passed since `at` (negative: the last from which they were still
 * to pass). 0 gives `at` when it is working time, else the next working moment. Within a hundred years without enough
 * working time: `at` plus a hundred years. */
int64_t calendar_add(const struct calendar *c, int64_t at, int64_t left);
/* The instant of a local day and minute; a time that the clock leaps over is the one after the leap. */
int64_t calendar_instant(const struct calendar *c, int64_t day, int64_t minute);
int64_t calendar_day(const struct calendar *c, int64_t at); /* the local day of an instant */
