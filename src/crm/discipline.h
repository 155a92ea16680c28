/* What is not in order: counts with the deals behind each, as filters of lists. */
#pragma once
#include "crm/filter.h"

enum discipline_what {
    DISCIPLINE_NO_TASK,
    DISCIPLINE_OVERDUE,
    DISCIPLINE_LATE_ANSWERS,
    DISCIPLINE_OVERRIDES,
    DISCIPLINE_BACK_MOVES,
    DISCIPLINE_UNPROFITABLE,
    DISCIPLINE_ONE_CARD,
    DISCIPLINE_STUCK,
    DISCIPLINE_N
};
extern const char *const discipline_names[]; /* "no_task" ..., NULL-terminated */

struct discipline_of {
    int64_t funnel_id, team_id; /* 0: all */
};
/* The filter of the deals of one kind (docs/api.md, Filters); STR_NULL: there can be none. Of one_card only the newest
 * 500 deals are named. */
MUST_USE enum rc discipline_filter(struct db *db, struct arena *a, enum discipline_what what,
                                   const struct discipline_of *of, const struct filter_env *env, struct str *out,
                                   struct err *e);
/* {"no_task":{"count","filter"},...}; null where whoever asks may not see a field that counts. Errors: not_found (a
 * funnel out of sight). */
MUST_USE enum rc discipline_put(struct db *db, struct arena *a, const struct discipline_of *of,
                                const struct filter_env *env, struct buf *out, struct err *e);
/* A condition over deal d: one card for several sales: products of two or more funnels on the client's only deal, or
 * opened again after a win. */
extern const char discipline_one_card_sql[];
