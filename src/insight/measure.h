/* What plans, KPI and pay are about: numbers of the company by person and day, each of which can be asked of anybody
 * for any period. The measures of the house are counted here, in one pass for all that are asked; every number in the
 * summary of a report is one too, named "report.key" ("ltv.average_check").
 *
 *     struct measures m;
 *     TRY_OUT(measures_open(&m, c, first_day, last_day, e));
 *     TRY_OUT(measure_value(&m, &(struct measure_ask){STR("revenue"), from, to, .user_id = 7}, &v, e));
 * out:
 *     measures_close(&m);
 */
#pragma once
#include "insight/people.h"
#include "insight/plan_pace.h"

struct measure {
    const char *id; /* measure.<id> of i18n/ */
    enum report_type type;
    bool adds; /* of days and people: it can be spread */
};
extern const struct measure measure_table[];
extern const size_t measure_table_n;
/* Of a name as plans have it; false: there is neither a measure nor a report with it. `title` may be NULL. */
bool measure_find(const struct report_call *c, struct str name, struct measure *out, struct str *title);

/* Ids 0: of everybody, of everything. Days are local dates, `to` included. */
struct measure_ask {
    struct str name;
    int64_t from, to;
    int64_t user_id, team_id, funnel_id, product_id;
};
struct measure_cube;
struct measures {
    const struct report_call *call;
    int64_t as_of;       /* what was known then; 0: now */
    int64_t first, last; /* days that can be asked for */
    int64_t from, to;    /* their time: from <= t < to */
    struct zone *zone;
    struct person *people;
    size_t n_people;
    int64_t (*teams)[2]; /* id, parent */
    size_t n_teams;
    struct str currency;
    VEC(struct measure_cube *) cubes;
    const char *why; /* of the last NaN: measure.why.<why> of i18n/ says it in words; NULL: there was a number */
};
/* At most 1,200 days. Errors: bad_param (the days), those of the database. */
MUST_USE enum rc measures_open(struct measures *m, const struct report_call *c, int64_t first, int64_t last,
                               struct err *e);
/* NaN: nothing to divide by, not told, hidden, or nothing has that name (m->why). Only deals and tasks in sight of who
 * asks count. */
MUST_USE enum rc measure_value(struct measures *m, const struct measure_ask *ask, double *out, struct err *e);
/* The same of many people at once, who[i] an index of m->people: of a report that can be grouped by owner one run for
 * all of them, when it tells the first of them the same number as asked of alone. *runs counts the reports that were
 * run. */
MUST_USE enum rc measure_of_people(struct measures *m, const struct measure_ask *ask, const size_t *who, size_t n,
                                   double *out, size_t *runs, struct err *e);
/* Day by day from ask->from to ask->to, one place a day: of what adds up `up`, of a share or an average `up` of `down`.
 * False in *told: it is the number of a report, or hidden. */
MUST_USE enum rc measure_days(struct measures *m, const struct measure_ask *ask, double *up, double *down, bool *told,
                              struct err *e);
/* Deals by the day they entered on: all of them, those won and those open by now; and how deals of the last year that
 * are old enough were won and lost with age, of everybody in the same funnel with the same product. */
MUST_USE enum rc measure_entered(struct measures *m, const struct measure_ask *ask, double *all, double *won,
                                 double *open, struct pace_curve *curve, struct err *e);
/* Whose deals are asked for, in the grammar of filters; STR_NULL: everybody's. In the arena. */
struct str measure_filter(const struct measures *m, const struct measure_ask *ask);
/* Is the person in the team, or in one below it? */
bool measure_in_team(const struct measures *m, int64_t team_of_person, int64_t team);
void measures_close(struct measures *m);

/* Between the parts of it: the number of a report, *out as it was when it cannot be told (m->why). */
MUST_USE enum rc measure_of_report(struct measures *m, const struct measure_ask *ask, double *out, struct err *e);
