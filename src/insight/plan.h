/* Plans beside what has come true: progress, pace, what is missing; and how a plan is spread over months, people or
 * funnels. */
#pragma once
#include "crm/workday.h"
#include "insight/measure.h"

struct plan {
    int64_t id, parent_id;
    struct str measure, title, currency;
    enum report_type type;
    bool adds;
    int64_t period;                                  /* enum period */
    int64_t first, last;                             /* days */
    int64_t team_id, user_id, funnel_id, product_id; /* 0: all */
    double target;
};
struct plan_progress {
    double actual;   /* NaN: nothing to tell yet */
    double elapsed;  /* share of the period's working days that are over, today included */
    double expected; /* of what adds: target x elapsed; else the target */
    double pace;     /* actual / expected */
    double forecast; /* of what adds: where it ends at this pace; NaN before anything has passed */
    double missing;  /* until the target; 0 when it is reached */
    double a_day;    /* of what is missing, each working day that is left; NaN: none is */
    const char *why; /* there is no actual: measure.why.<why> of i18n/; else NULL */
};

/* Last day of a period that begins on a day. */
int64_t plan_last_day(int64_t period, int64_t first);
int64_t plan_first_day(int64_t period, int64_t day); /* of the period that holds the day */

struct plan_ask {
    int64_t day;                       /* plans whose period holds it */
    int64_t from;                      /* or any day from here to `day`; 0: `day` alone */
    int64_t period;                    /* -1: any */
    int64_t user_id, team_id, plan_id; /* 0: any */
};
/* Those that who asks may see, in order of period, measure and whom they are of. In the arena. */
MUST_USE enum rc plan_list(const struct report_call *c, const struct plan_ask *ask, struct plan **out, size_t *n,
                           struct err *e);
/* Of whom, in words: the person, the team, the funnel, the product; the company when it is none of them. */
MUST_USE enum rc plan_whose(const struct report_call *c, const struct plan *p, struct str *out, struct err *e);
/* What was there at the end of `today`: a later day of the period counts for nothing. */
MUST_USE enum rc plan_follow(struct measures *m, const struct plan *p, int64_t today, const struct calendar *calendar,
                             struct plan_progress *out, struct err *e);

enum plan_by { SPREAD_MONTH, SPREAD_QUARTER, SPREAD_WEEK, SPREAD_TEAM, SPREAD_USER, SPREAD_FUNNEL };
extern const char *const plan_by_names[]; /* NULL-terminated */
/* The parts of a plan, equal or in the proportions of a year before (equal where there was nothing); they sum up to the
 * whole. What does not add up (rates) keeps its target in every part. Errors: plan_not_found, plan_cannot_spread. */
MUST_USE enum rc plan_spread(struct measures *m, const struct plan *whole, enum plan_by by, bool as_last_year,
                             struct plan **parts, size_t *n, struct err *e);
