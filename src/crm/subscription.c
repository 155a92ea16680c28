#include "crm/subscription.h"
#include "base/time.h"

static int64_t instant(const struct zone *z, int64_t day, int hour)
{
    int64_t local = day * MS_DAY + hour * MS_HOUR, near = local - zone_offset(z, local);
    return local - zone_offset(z, near);
}

static bool fits(const struct schedule *s, int64_t day)
{
    int year;
    unsigned month, of_month;
    if (s->every == EVERY_DAY)
        return true;
    if (s->every == EVERY_WEEK)
        return ((day + 3) % 7 + 7) % 7 + 1 == s->day; /* 1970-01-01 was a Thursday */
    date_to_civil(day, &year, &month, &of_month);
    return (int)of_month == s->day;
}

int64_t schedule_next(const struct schedule *s, const struct zone *zone, int64_t after)
{
    int64_t local = after + zone_offset(zone, after), day = local / MS_DAY - (local % MS_DAY < 0);
    for (int i = 0; i < 63; i++, day++) {
        int64_t at = instant(zone, day, s->hour);
        if (at > after && fits(s, day))
            return at;
    }
    return after + 63 * MS_DAY;
}
