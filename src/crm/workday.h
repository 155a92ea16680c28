/* Working time of people: the calendar and the time zone of a person's team where it has them, else the company's. */
#pragma once
#include "base/calendar.h"
#include "store/db.h"

/* user_id 0, or somebody without a team: the company's. What `out` points to lives as long as the arena, its zone as
 * long as the program. Calendars are kept read while their text stays the same: one statement a call. */
MUST_USE enum rc calendar_of_user(struct db *db, struct arena *a, int64_t user_id, struct calendar *out, struct err *e);
/* `hours` from `at` (negative: before it), working hours of the calendar or plain ones. */
int64_t hours_after(const struct calendar *c, int64_t at, double hours, bool working);
/* What a team may have: unknown_zone (field time_zone), bad_calendar (field calendar). Texts without pointer are fine.
 */
MUST_USE enum rc calendar_check(struct arena *a, struct str zone, struct str calendar, struct err *e);
