/* What reports about people and their work have in common: who works here and may be told of, whose tasks and clients
 * are in sight, the period, the rows (people, teams, days ...), rates that do not make heroes of small numbers. For
 * reports over deals see population.h; the helpers below the line are for those too.
 *
 *     struct people p;
 *     TRY_OUT(people_read(&p, c, r, &(struct people_spec){.facts = {FACT_TASK}, .n_facts = 1}, e));
 *     people_lock(&p);
 *     for (size_t i = 0; i < tasks->n; i++)
 *         if (people_has(&p, FACT_TASK, i) && (row = people_row(&p, owner, at, kind)) != PEOPLE_NO_ROW) ...
 *     people_unlock(&p);
 *     ... report_row_key(...) of p.rows ...; people_notes(&p);
 * out:
 *     people_free(&p); */
#pragma once
#include "base/calendar.h"
#include "insight/mask.h"
#include "insight/population.h"
#include "insight/stats.h"

/* The parameters that people_read knows. filter: of the first noun of the spec. */
#define PEOPLE_PERIOD {"from", RP_TIME}, {"to", RP_TIME}, REPORT_COMPARE
#define PEOPLE_REST                                                                                                    \
    {"as_of", RP_TIME}, {"team_id", RP_INT}, {"by", RP_CHOICE, people_by_names},                                       \
    {                                                                                                                  \
        "time_zone", RP_TEXT                                                                                           \
    }
#define PEOPLE_PARAMS                                                                                                  \
    PEOPLE_PERIOD, PEOPLE_REST,                                                                                        \
    {                                                                                                                  \
        "filter", RP_FILTER                                                                                            \
    }
extern const char *const people_by_names[]; /* NULL-terminated, of enum people_by */
enum people_by { PEOPLE_OWNER, PEOPLE_TEAM, PEOPLE_DAY, PEOPLE_WEEK, PEOPLE_MONTH, PEOPLE_WEEKDAY, PEOPLE_HOUR };

#define PEOPLE_NO_ROW SIZE_MAX
enum { PEOPLE_FEW = 10 }; /* under so many no rate is told */

struct person {
    int64_t id, team_id, load_cap; /* 0: none */
    struct str name;
    bool active; /* may sign in */
    bool seen;   /* may be told of to whoever asks */
};
struct people_group { /* one row of the report */
    int64_t key;
    struct str name;
};
struct people_spec {
    enum fact facts[4]; /* whose rows are asked for by people_has */
    int n_facts;
    enum people_by by;  /* when the parameter is absent */
    int64_t last_days;  /* without from and to */
    bool no_filter;     /* the report does not have the parameter */
    bool team_of_deals; /* team_id chooses deals by their owner, not the people who are told of */
};
struct people {
    const struct report_call *call;
    struct report_result *result;
    struct people_spec spec;
    int64_t from, to, as_of; /* from <= t < to */
    bool past;               /* as_of is before now */
    struct zone *zone;
    struct str zone_name;
    int64_t team_id; /* 0: all */
    enum people_by by;
    struct person *all; /* ascending by id */
    size_t n;
    struct people_group *rows;
    size_t n_rows;
    struct projection_view view;
    bool locked;
    /* inside */
    struct mask_plan *plan[FACTS];
    const uint64_t *bits[FACTS];
    uint32_t *row_of; /* row + 1 by user id */
    uint8_t *seen_of; /* by user id */
    size_t n_ids;
    uint32_t *row_of_day; /* row by day since first_day */
    int64_t first_day, n_days;
};

/* Errors: bad_param, bad_filter, and those of the database. */
MUST_USE enum rc people_read(struct people *p, const struct report_call *c, struct report_result *r,
                             const struct people_spec *spec, struct err *e);
void people_lock(struct people *p);
void people_unlock(struct people *p);
void people_free(struct people *p);
/* The parameters, and what was left out. n: how much was counted, 0 says that there is nothing. */
void people_notes(struct people *p, int64_t n);

/* The row is there as of as_of, in sight, and passes the filter (of the first noun). Only while locked. */
static inline bool people_has(const struct people *p, enum fact fact, size_t row)
{
    return mask_has(p->bits[fact], row) && fact_alive(&p->view.facts[fact], row, p->as_of);
}
struct fact_column people_column(const struct people *p, enum fact fact, int field); /* as of as_of; hidden: empty */
static inline bool people_sees(const struct people *p, int64_t user)
{
    return user > 0 && (size_t)user < p->n_ids && p->seen_of[user];
}
/* Of what somebody did at a time; PEOPLE_NO_ROW: they are out of sight, or it lies outside of the period. */
size_t people_row(const struct people *p, int64_t user, int64_t at);
const struct person *people_person(const struct people *p, int64_t user); /* NULL: not known */
const int64_t *people_keys(const struct people *p);

/* ---- for every report ---- */

/* Rows of a small dictionary, id and name as sql gives them, and behind them one of nothing with the text `none`. */
MUST_USE enum rc people_named(const struct report_call *c, const char *sql, const char *none, struct people_group **out,
                              size_t *n, struct err *e);
/* Users as they are; who may be told of is `seen`. */
MUST_USE enum rc people_load(const struct report_call *c, struct person **out, size_t *n, struct err *e);

struct people_rate {
    double rate; /* shrunken; NaN: too few to tell */
    struct interval ci;
};
/* Rates of k of n, one a row, drawn to each other as far as chance goes (people: true), or each for itself with
 * Wilson's interval (people: false, or c->alone). Says in notes when rows are too small, and that differences are
 * noise: then all have the common rate with its interval. */
struct people_rate *people_rates(const struct report_call *c, struct report_result *r, const int64_t *k,
                                 const int64_t *n, size_t rows, bool people);
void people_rate_cells(struct cell out[3], const struct people_rate *rate);

/* Values of rows, for quantiles: people_value while scanning, people_sorted once, then people_quantile. */
struct people_values {
    VEC(struct people_value {
        int64_t value;
        uint32_t row;
    })
    all;
    int64_t *values; /* row after row */
    size_t *first;   /* of each row, n_rows + 1 of them */
};
static inline void people_value(struct people_values *v, size_t row, int64_t value)
{
    struct people_value one = {value, (uint32_t)row};
    vec_push(&v->all, one);
}
void people_sorted(struct people_values *v, struct arena *a, size_t n_rows); /* gives back what `all` took */
/* Type 7, of a row or (SIZE_MAX) of all; NaN when there is none. Moves values about within the row. */
double people_quantile(struct people_values *v, size_t n_rows, size_t row, double q);
/* p of values in any order, which are moved about. */
double people_select(int64_t *v, size_t n, double q);

/* Times that may still be running: each value is people_time(ms, over). The Kaplan-Meier quantile of a row or
 * (SIZE_MAX) of all; NaN: not reached. */
static inline int64_t people_time(int64_t ms, bool over)
{
    return ms * 2 + !over;
}
double people_time_quantile(const struct people_values *v, size_t n_rows, size_t row, double q);

/* The working time of everybody, by their team's calendar. Read before the projection is locked. */
struct people_clock {
    struct person *people; /* ascending by id */
    size_t n;
    struct calendar *calendars; /* by person, the company's behind the last */
};
MUST_USE enum rc people_clock(const struct report_call *c, struct people_clock *out, struct err *e);
int64_t people_worked(const struct people_clock *clock, int64_t user, int64_t a,
                      int64_t b); /* working ms, not negative */

/* Every stage there ever was. Read before the projection is locked, mapped to its stages while it is. */
struct people_stage {
    int64_t id, funnel, outcome;
    int64_t rank; /* its place in the funnel */
};
struct people_stages {
    struct people_stage *all; /* ascending by id */
    size_t n;
    struct people_stage *of; /* by visit_stage; id 0: not known */
};
MUST_USE enum rc people_stages(const struct report_call *c, struct people_stages *out, struct err *e);
void people_stages_map(struct people_stages *s, const struct projection_view *view, struct arena *a);
enum people_step { STEP_NONE, STEP_UP, STEP_DOWN, STEP_WON, STEP_LOST, STEP_REOPENED };
/* What a move from one stage to another is; of another funnel: none. */
enum people_step people_step(const struct people_stages *s, uint64_t from, uint64_t to);

/* Does the report stand by people, or teams? Then rates are drawn to each other. */
bool people_of_pop(const struct pop *p);
/* The row whose whole interval lies below `rate` (above: over it), the farthest one; SIZE_MAX: there is none. */
size_t people_outlier(const struct people_rate *rates, size_t rows, double rate, bool above);
/* The report is about a field that is hidden from whoever asks: an empty table and a note. True: nothing more to do. */
bool people_hidden(const struct report_call *c, struct report_result *r, enum entity_id noun, int field,
                   const struct report_column *columns, size_t n);
struct str people_count(const struct report_call *c, int64_t n); /* as text */
