/* Instants are integer milliseconds since 1970 UTC (`_at`), dates are days since 1970 (`_on`). Proleptic Gregorian. */
#pragma once
#include "base/str.h"

#define MS_SECOND INT64_C(1000)
#define MS_HOUR (3600 * MS_SECOND)
#define MS_DAY (24 * MS_HOUR)

int64_t time_now(void); /* wall clock, ms */
/* For tests that play weeks of work: from here on time_now() goes on from `now`. False, and nothing is done, when that
 * lies in the past. Whoever waits for a time has to be woken by whoever calls this. */
MUST_USE bool time_leap(int64_t now);
int64_t time_monotonic(void);                                    /* for durations, ms */
int64_t date_from_civil(int year, unsigned month, unsigned day); /* days since 1970 */
void date_to_civil(int64_t days, int *year, unsigned *month, unsigned *day);
MUST_USE bool date_parse(struct str s, int64_t *days); /* YYYY-MM-DD, checked */
struct str date_format(struct arena *a, int64_t days);
/* RFC 3339 (blank or T, any fraction, Z or offset; a time with no offset is UTC) or a plain date (midnight UTC). */
MUST_USE bool time_parse(struct str s, int64_t *at);
/* strptime-like, locale-free: %Y %m %d %H %M %S %f (fraction) %y %b (en month) %z %% and literal text; the whole string
 * must match. */
MUST_USE bool time_parse_as(struct str s, const char *format, int64_t *at);
struct str time_format(struct arena *a, int64_t at); /* 2026-11-21T08:00:00.000Z */
void time_put(char out[25], int64_t at);             /* the same, 24 bytes and a NUL */
