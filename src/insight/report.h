/* The report catalogue. A report is one row of a table: id, the question it answers, its parameters and a function that
 * fills one typed result. Screen, JSON, text and the CLI render that same result. */
#pragma once
#include "base/json.h"
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

/* What a number means, for whoever prints it. */
enum report_type { RT_TEXT, RT_INT, RT_DAYS, RT_RATE, RT_TIME };
extern const char *const report_type_names[];

struct report_column {
    const char *id; /* its title is report.column.<id> of i18n/ */
    enum report_type type;
};
struct report_table {
    const char *id;
    bool for_pictures; /* many rows, left out of text */
    const struct report_column *columns;
    size_t n_columns;
    VEC(struct cell) cells; /* row after row */
};
struct report_item {
    const char *key; /* report.summary.<key> of i18n/; parameters: report.param.<key> */
    enum report_type type;
    struct cell value;
};
struct report_note {
    const char *code;
    struct str text;
};

enum report_param_type { RP_FUNNEL, RP_FUNNEL_ID, RP_TIME, RP_INT, RP_TEXT, RP_CHOICE, RP_FILTER };
struct report_param {
    const char *name;
    enum report_param_type type;
    const char *const *choices; /* RP_CHOICE: NULL-terminated */
};
struct report_arg {
    struct str name, value;
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
};
struct report_result {
    const struct report *report;
    VEC(struct report_item) params, summary;
    struct report_table main;
    struct report_table tables[4]; /* more than rows; in JSON arrays of objects within the summary */
    size_t n_tables;
    VEC(struct report_note) notes;
};
struct report {
    const char *id;
    const char *question; /* key of i18n/ */
    const struct report_param *params;
    size_t n_params;
    enum rc (*run)(const struct report_call *c, struct report_result *r, struct err *e);
};
extern const struct report *const reports[];
extern const size_t reports_n;
const struct report *report_by_id(struct str id); /* NULL when there is none */
struct str report_question(const struct report *report, const char *lang);

/* Checks the names of the arguments and runs. Free the result in any case. Errors: unknown_param, bad_param
 * (RC_INVALID, field: the parameter), bad_filter, funnel_not_found (RC_NOT_FOUND). */
MUST_USE enum rc report_run(const struct report *report, const struct report_call *c, struct report_result *r,
                            struct err *e);
void report_result_free(struct report_result *r);

/* For reports: */
struct str report_arg(const struct report_call *c, const char *name); /* STR_NULL when absent or empty */
/* An instant: milliseconds, RFC 3339 or a plain date; *is_date tells the latter, then *at is midnight UTC. False: bad.
 */
MUST_USE bool report_time(struct str s, int64_t *at, bool *is_date);
enum rc report_bad_param(struct err *e, const char *name, struct str value);
struct report_table *report_table_add(struct report_result *r, const char *id, const struct report_column *columns,
                                      size_t n);
void report_row(struct report_table *t, const struct cell *cells); /* n_columns of them */
void report_sum(struct report_result *r, const char *key, enum report_type type, struct cell value);
void report_param_is(struct report_result *r, const char *key, enum report_type type, struct cell value);
/* Text report.note.<code> with {0} {1} … filled. */
void report_note(const struct report_call *c, struct report_result *r, const char *code, const struct str *args,
                 size_t n);
struct str report_percent(struct arena *a, const char *lang, double rate); /* "16,2 %" or "16.2%" */
struct str report_number(struct arena *a, const char *lang, double v, int decimals);

/* {"id","question","params","summary","columns","rows","notes"} */
void report_json(struct jw *w, const struct report_result *r, const char *lang);
void report_list_json(struct jw *w, const char *lang);
void report_text(struct buf *b, struct arena *a, const struct report_result *r, const char *lang);
