/* Dates and times as people and programs write them. */
#pragma once
#include "base/zone.h"

enum when_order { WHEN_DMY, WHEN_MDY }; /* how 03/04/2026 is meant */
struct when {
    int64_t day;    /* since 1970 */
    int64_t ms;     /* of the day */
    int64_t offset; /* ms east of UTC, when has_offset */
    bool has_time, has_offset;
};
/* 2026-11-21, 21.11.2026, 21.11.26, 21/11/2026 (or 11/21/2026: by order, unless only one reading is a date),
 * 2026/11/21, 20261121, 21 ноября 2026 г., 21-Nov-26, Nov 21, 2026; behind it a time: 14:30, 14:30:05.123, 2:30 PM,
 * T14:30Z, +03:00; also a serial day of spreadsheets (10000 to 100000, with a fraction) and ms since 1970 (13 digits).
 * The whole text must match; years 1900 to 2199. False when it is none. */
MUST_USE bool when_parse(struct str text, enum when_order order, struct when *out);
/* The instant: by the offset where there is one, else by the zone (NULL: UTC). */
int64_t when_instant(const struct when *w, const struct zone *zone);
/* Does the text say by itself that the day stands first (1), the month (-1), or nothing (0)? */
int when_order_hint(struct str text);
