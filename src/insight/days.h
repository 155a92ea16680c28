/* Local days of the company's time zone. */
#pragma once
#include "base/time.h"
#include "base/zone.h"

static inline int64_t zone_day(const struct zone *z, int64_t at) /* the local date, days since 1970 */
{
    int64_t local = at + zone_offset(z, at);
    return local / MS_DAY - (local % MS_DAY < 0);
}

static inline int64_t zone_midnight(const struct zone *z, int64_t day) /* the instant when that local date begins */
{
    int64_t near = day * MS_DAY - zone_offset(z, day * MS_DAY);
    return day * MS_DAY - zone_offset(z, near); /* the offset of that night, not the one some hours away */
}
