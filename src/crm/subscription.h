/* When a subscription comes next. */
#pragma once
#include "base/zone.h"
#include "crm/choices.h"

struct schedule {
    enum every every;
    int day, hour; /* day: of the week (1 Monday) or of the month (1..28); of local time */
};
/* The first such hour after `after`. An hour that the clock leaps over is the one after it. */
int64_t schedule_next(const struct schedule *s, const struct zone *zone, int64_t after);
