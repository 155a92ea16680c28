/* The report catalogue. A report is one row of a table: id, the question it answers, its parameters and a function that
 * fills one typed result. Screen, JSON, text and the CLI render that same result. */
#pragma once
#include "base/json.h"
#include "base/zone.h"
#include "crm/rights.h"
#include "insight/projection.h"

enum cell_kind { CELL_NULL, CELL_INT, CELL_REAL, CELL_TEXT };
struct cell {
    enum cell_kind kind;
    union {
        int64_t i;
        double f; /* NaN is written as null */
        struct str s;
    };
};
static inline struct cell cell_null(void)
{
    return (struct cell){0};
}
static inline struct cell cell_i(int64_t i)
{
    return (struct cell){.kind = CELL_INT, .i = i};
}
static inline struct cell cell_f(double f)
{
    return (struct cell){.kind = CELL_REAL, .f = f};
}
static inline struct cell cell_s(struct str s)
{
    return (struct cell){.kind = CELL_TEXT, .s = s};
}

/* What a number means, for whoever prints it. RT_RATE: a share of one. RT_MONEY: minor units of the report's currency
 * (result.currency). RT_DATE: days since 1970. RT_TIME: ms. RT_POINTS: a difference of two rates, of one. RT_REF: a
 * record's name, whose id stands in the column after it (RT_ID, not printed). */
enum report_type {
    RT_TEXT,
    RT_INT,
    RT_DAYS,
    RT_RATE,
    RT_TIME,
    RT_REAL,
    RT_MONEY,
    RT_HOURS,
    RT_DATE,
    RT_POINTS,
    RT_ID,
};
extern const char *const report_type_names[];

struct report_column {
    const char *id; /* its title is report.column.<id> of i18n/, what it means report.about.<id> */
    enum report_type type;
    bool drill;      /* the deals behind each of its numbers can be asked for: see tally */
    bool events;     /* it counts what happened, of which a deal may have several: its deals are fewer */
    const char *ref; /* RT_ID: plural name of the noun ("deals", "users", "stages") the name before it leads to */
};
struct report_table {
    const char *id;
    bool for_pictures; /* many rows, left out of text */
    const struct report_column *columns;
    size_t n_columns;
    VEC(struct cell) cells; /* row after row */
    VEC(int64_t) keys;      /* of the rows, for the way to their deals; empty when there is none */
};
/* How a table is drawn. x, y ... are columns. */
enum chart_kind {
    CHART_NONE,
    CHART_BARS,   /* y by x; low..high: intervals; several series beside each other */
    CHART_STACK,  /* y by x, series on top of each other */
    CHART_LINES,  /* y by x, a line each series; low..high: a band */
    CHART_STEPS,  /* the same as a staircase: survival and incidence */
    CHART_DOTS,   /* one dot with its interval each x, to be compared with the middle */
    CHART_FUNNEL, /* stages one under another, y of the first */
    CHART_MATRIX, /* y at (x, series): from and to, cohort and age */
    CHART_SCATTER /* a dot at (x, y), its size y2 */
};
struct report_chart {
    enum chart_kind kind;
    const char *table; /* NULL: the rows */
    const char *x, *y, *series, *low, *high, *y2;
};
struct report_item {
    const char *key; /* report.summary.<key> of i18n/; parameters: report.param.<key> */
    enum report_type type;
    struct cell value;
    bool drill;  /* the deals behind it can be asked for: table "summary", row 0, column: its key */
    bool events; /* as of a column */
};
struct report_note {
    const char *code;
    struct str text;
};

/* RP_ATTRIBUTE: a name of report_attributes, a field of a deal, or one behind a reference ("company_id.country"). */
enum report_param_type {
    RP_FUNNEL,
    RP_FUNNEL_ID,
    RP_TIME,
    RP_INT,
    RP_TEXT,
    RP_CHOICE,
    RP_FILTER,
    RP_ATTRIBUTE,
    RP_REAL
};
struct report_param {
    const char *name;
    enum report_param_type type;
    const char *const *choices; /* RP_CHOICE: NULL-terminated */
};
struct report_arg {
    struct str name, value;
};
/* Which number's deals are asked for. */
struct report_drill {
    struct str table, column; /* table: "rows" or the id of another table */
    int64_t key;              /* of the row */
};
/* Who asks, of what, with which data. */
struct report_call {
    struct arena *arena; /* the result lives in it */
    struct db *db;       /* a reader of the caller's thread */
    struct projection *projection;
    const char *lang; /* "ru" or "en" */
    int64_t now, user_id;
    const struct rights *rights; /* what they may see; NULL: everything */
    const struct report_arg *args;
    size_t n_args;
    const struct report_drill *drill; /* NULL: the report itself is wanted */
    bool alone;                       /* rates of people stand for themselves, as if each was asked of alone */
};
struct report_result {
    const struct report *report;
    VEC(struct report_item) params, summary;
    struct report_table main;
    struct report_table tables[4]; /* more than rows; in JSON arrays of objects within the summary */
    size_t n_tables;
    VEC(struct report_note) notes;
    struct str verdict;          /* one sentence that says what the figures say; STR_NULL: nothing can be said */
    struct str currency;         /* ISO 4217 of RT_MONEY; STR_NULL: there is none in it */
    bool has_period;             /* from, to: what the report was about, for the comparison with another period */
    int64_t from, to;            /* ms; from <= t < to */
    struct report_result *other; /* the same of the period it is compared with; NULL: no comparison was asked for */
    bool drilled;                /* the number asked for was met; deals holds its deals, in no order */
    enum entity_id noun;         /* what is counted instead of deals: tasks, contacts, companies; 0: deals */
    enum entity_id also;         /* a second noun of the same number: its records stand in deals with ids below 0 */
    VEC(int64_t) deals;
};
/* Whether the number asked for is there and is nought: nothing has been counted, so nothing was met. */
bool report_nought(const struct report_result *r, const struct report_drill *d);
/* definition: raised when a number comes to mean something else; told by "explain". The texts of a report are
 * report.<id>.question, .method (how it is counted) and .source (where the formula is from) of i18n/. */
struct report {
    const char *id;
    const char *question; /* key of i18n/ */
    const struct report_param *params;
    size_t n_params;
    enum rc (*run)(const struct report_call *c, struct report_result *r, struct err *e);
    const char *group; /* report.group_of.<group> of i18n/: "funnel", "people", "clients", "money", "rules" */
    int definition;
    struct report_chart chart;
    bool (*may)(const struct rights *rights); /* who may see it; NULL: everybody, as much as they may see of it */
};
extern const struct report *const reports[];
extern const size_t reports_n;
const struct report *report_by_id(struct str id); /* NULL when there is none */
struct str report_question(const struct report *report, const char *lang);

/* Parameters that every report has in common: see population.h. compare: the same report of another period beside it
 * ("previous": the one of the same length before, "year": a year earlier, or "2026-01-01..2026-03-31"). */
#define REPORT_COMPARE                                                                                                 \
    {                                                                                                                  \
        "compare", RP_TEXT                                                                                             \
    }

/* Checks the names of the arguments and runs; with `compare`, once more for the other period. Free the result in any
 * case. Errors: unknown_param, bad_param (RC_INVALID, field: the parameter), bad_filter, funnel_not_found
 * (RC_NOT_FOUND). */
MUST_USE enum rc report_run(const struct report *report, const struct report_call *c, struct report_result *r,
                            struct err *e);
void report_result_free(struct report_result *r);

/* For reports: */
struct str report_arg(const struct report_call *c, const char *name); /* STR_NULL when absent or empty */
/* An instant: milliseconds, RFC 3339 or a plain date; *is_date tells the latter, then *at is midnight UTC. False: bad.
 */
MUST_USE bool report_time(struct str s, int64_t *at, bool *is_date);
/* The company's zone, or the one asked for as `time_zone`; a machine without its table counts in UTC and says so. The
 * caller frees *zone. Errors: bad_param. */
MUST_USE enum rc report_zone(const struct report_call *c, struct report_result *r, struct zone **zone, struct str *name,
                             struct err *e);
/* The instant given as `as_of`, `from` or `to`; *given false: there is none, *at stays. from and to as dates are whole
 * days of the zone, `to` included; as_of as a date is its midnight in UTC, as imports read dates. Errors: bad_param. */
MUST_USE enum rc report_when(const struct report_call *c, const struct zone *zone, const char *name, int64_t *at,
                             bool *given, struct err *e);
/* The funnel given as `funnel_id`, or as `funnel`: by name without regard to case, or by id where none is called so.
 * None given: the first one (of those not archived, when there are any) with `first`, else *id is 0. A company without
 * funnels: REPORT_NO_FUNNEL, which no record has. Deleted and hidden ones are not found. Errors: bad_param,
 * funnel_not_found, and those of the database. */
enum { REPORT_NO_FUNNEL = -1 };
MUST_USE enum rc report_funnel_of(const struct report_call *c, bool first, int64_t *id, struct str *name,
                                  struct err *e);
/* A small dictionary of two numbers, as sql gives it in ascending order of the first; *n of them in the arena. */
MUST_USE enum rc report_pairs(const struct report_call *c, const char *sql, int64_t (**out)[2], size_t *n,
                              struct err *e);
bool report_takes(const struct report *report, const char *param); /* has it the parameter? */
enum rc report_bad_param(struct err *e, const char *name, struct str value);
struct report_table *report_table_add(struct report_result *r, const char *id, const struct report_column *columns,
                                      size_t n);
void report_row(struct report_table *t, const struct cell *cells); /* n_columns of them */
/* The same with the key that leads to its deals. All rows of a table have one, or none. */
void report_row_key(struct report_table *t, int64_t key, const struct cell *cells);

/* Counts deals into the numbers of a table and, when the deals of one of these numbers were asked for, remembers them:
 * whatever is counted so can be drilled into. rows x columns counters, in the arena.
 *     struct tally t = tally_new(c, r, "rows", n_groups, keys, columns, 2);
 *     tally_add(&t, group, WON, deal_id);
 */
struct tally {
    struct report_result *result;
    int64_t *n;
    size_t rows, columns;
    size_t asked;  /* index of the counter whose deals are asked for, SIZE_MAX: none */
    size_t summed; /* the column that is asked for as a number of the summary, of all rows; SIZE_MAX: none */
};
/* columns: their ids in the table. keys[row]: as given to report_row_key later. */
struct tally tally_new(const struct report_call *c, struct report_result *r, const char *table, size_t rows,
                       const int64_t *keys, const char *const *columns, size_t n_columns);
static inline void tally_add(struct tally *t, size_t row, size_t column, int64_t deal_id)
{
    size_t i = row * t->columns + column;
    t->n[i]++;
    if (i == t->asked || column == t->summed)
        vec_push(&t->result->deals, deal_id);
}
static inline int64_t tally_of(const struct tally *t, size_t row, size_t column)
{
    return t->n[row * t->columns + column];
}
/* For what is not counted by a tally: is this the number asked for? Then add its deals with report_deal. */
bool report_asked(const struct report_call *c, struct report_result *r, const char *table, int64_t key,
                  const char *column);
void report_deal(struct report_result *r, int64_t deal_id);
void report_sum(struct report_result *r, const char *key, enum report_type type, struct cell value);
/* A count that leads to its deals: of all rows of the first tally with a column of that name, or of one of the table
 * "summary" with the key 0, or one that answers report_asked(c, r, "summary", 0, key). Of events: its deals are fewer.
 */
void report_sum_counted(struct report_result *r, const char *key, int64_t n);
void report_sum_events(struct report_result *r, const char *key, int64_t n);
void report_param_is(struct report_result *r, const char *key, enum report_type type, struct cell value);
/* Text report.note.<code> with {0} {1} … filled. */
void report_note(const struct report_call *c, struct report_result *r, const char *code, const struct str *args,
                 size_t n);
/* Text report.verdict.<code> with {0} {1} … filled. */
void report_verdict(const struct report_call *c, struct report_result *r, const char *code, const struct str *args,
                    size_t n);
struct str report_percent(struct arena *a, const char *lang, double rate); /* "16,2 %" or "16.2%" */
struct str report_number(struct arena *a, const char *lang, double v, int decimals);

/* {"id","question","params","summary","columns","rows","notes"} */
void report_json(struct jw *w, const struct report_result *r, const char *lang);
void report_list_json(struct jw *w, const char *lang, const struct rights *rights);
void report_text(struct buf *b, struct arena *a, const struct report_result *r, const char *lang);
