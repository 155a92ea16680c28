/* What somebody is to do next: their open tasks in the order of the working day. Urgent ones, new leads by the time
 * that is left, what is late by value times days, then by time. Deals that wait for something are left out. */
#pragma once
#include "crm/rights.h"

enum queue_kind { QUEUE_URGENT, QUEUE_LEAD, QUEUE_OVERDUE, QUEUE_TODAY, QUEUE_LATER, QUEUE_NO_DATE, QUEUE_N };
extern const char *const queue_kind_names[];

struct queue_query {
    int64_t owner_id, now, limit; /* limit: 1..500 */
    struct str cursor;            /* STR_NULL: from the beginning */
    const struct rights *rights;
};
/* {"items":[{"task","deal","kind","left_ms"}],"counts":{…},"next_cursor"}. A page further on is of the same moment as
 * the first. Errors: bad_cursor. */
MUST_USE enum rc queue_list(struct db *db, struct arena *a, const struct queue_query *q, struct buf *out,
                            struct err *e);
