/* A seller who works every day and suddenly does nothing in the system. */
#pragma once
#include "insight/days.h"
#include "insight/projection.h"

struct silence {
    int64_t user_id;
    int64_t since;       /* ms: the beginning of the first silent day */
    int64_t days;        /* of work without a trace of them, today left out */
    int64_t longest;     /* the longest silence before, in such days */
    int64_t active_days; /* days with a trace, in the half-year looked at */
};

/* Days of work are those on which a quarter of the people (two at least) were active, or Monday to Friday where one
 * works alone. Whoever was active on 30 of the last 180 days is missed after three days of work, when they were never
 * away for so long. Only what people did themselves counts. Ascending by user; at most `most`; how many. */
size_t detect_silence(const struct projection_view *v, const struct zone *zone, int64_t now, struct silence *out,
                      size_t most);
