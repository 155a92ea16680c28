/* Measures that are numbers of reports: asked of one, and of many people in one run. */
#include "insight/measure.h"
#include <math.h>

/* A report asked with the period and the filter, as far as it knows them. */
struct report_ask {
    const struct report *report;
    struct str key; /* of its summary */
    struct report_call call;
    struct report_arg args[6];
    bool whole; /* it cannot be told of the part that was asked for */
};

static void arg_of(struct report_ask *x, const char *name, struct str value)
{
    if (value.len > 0 && report_takes(x->report, name))
        x->args[x->call.n_args++] = (struct report_arg){str_c(name), value};
}

static struct str number_of(const struct measures *m, int64_t n)
{
    return n ? str_fmt(m->call->arena, "%lld", (long long)n) : STR_NULL;
}

static void ask_report(const struct measures *m, const struct measure_ask *ask, bool by_owner, struct report_ask *x)
{
    struct arena *a = m->call->arena;
    const char *dot = memchr(ask->name.ptr, '.', ask->name.len);
    struct measure_ask of = *ask;
    if (by_owner)
        of.user_id = of.team_id = 0;
    struct str filter = measure_filter(m, &of);
    *x = (struct report_ask){.report = report_by_id((struct str){ask->name.ptr, (size_t)(dot - ask->name.ptr)}),
                             .key = {dot + 1, ask->name.len - (size_t)(dot + 1 - ask->name.ptr)},
                             .call = *m->call};
    x->call.args = x->args;
    x->call.n_args = 0;
    x->call.drill = NULL;
    x->whole =
        (filter.len && !report_takes(x->report, "filter")) || (ask->funnel_id && !report_takes(x->report, "funnel_id"));
    arg_of(x, "from", date_format(a, ask->from));
    arg_of(x, "to", report_takes(x->report, "from") ? date_format(a, ask->to) : STR_NULL);
    arg_of(x, "funnel_id", number_of(m, ask->funnel_id));
    arg_of(x, "filter", filter);
    arg_of(x, "as_of", number_of(m, m->as_of));
    arg_of(x, "by", by_owner ? STR("owner") : STR_NULL);
}

static double cell_number(const struct cell *v)
{
    return v->kind == CELL_INT ? (double)v->i : v->kind == CELL_REAL ? v->f : NAN;
}

enum rc measure_of_report(struct measures *m, const struct measure_ask *ask, double *out, struct err *e)
{
    struct report_ask x;
    struct report_result r;
    ask_report(m, ask, false, &x);
    m->why = x.whole ? "only_whole" : "too_few";
    if (x.whole)
        return RC_OK;
    enum rc rc = report_run(x.report, &x.call, &r, e);
    for (size_t i = 0; rc == RC_OK && i < r.summary.len; i++)
        if (str_eq(x.key, str_c(r.summary.ptr[i].key)))
            *out = cell_number(&r.summary.ptr[i].value);
    report_result_free(&r);
    /* one number that cannot be had (a hidden funnel, a filter of another noun) must not take the others along */
    m->why = rc == RC_FORBIDDEN || rc == RC_NOT_FOUND ? "hidden" : rc == RC_INVALID ? "only_whole" : m->why;
    return rc == RC_NOT_FOUND || rc == RC_INVALID || rc == RC_FORBIDDEN ? RC_OK : rc;
}

/* ---- of many ---- */

/* The column of a table by owner that is the summary's number; SIZE_MAX: there is none. Rates are left out: they are
 * drawn to each other there. */
static size_t column_of(const struct report_result *r, struct str key)
{
    for (size_t i = 0; i < r->main.n_columns; i++) {
        const struct report_column *c = &r->main.columns[i];
        if (str_eqc(key, c->id))
            return c->type == RT_RATE || c->type == RT_POINTS || r->main.keys.len == 0 ? SIZE_MAX : i;
    }
    return SIZE_MAX;
}

/* The number of one person in a table by owner; false: they have no row, as those have of whom nothing is counted. */
static bool in_row(const struct report_result *r, size_t column, int64_t person, double *out)
{
    for (size_t row = 0; row < r->main.keys.len; row++)
        if (r->main.keys.ptr[row] == person) {
            *out = cell_number(&r->main.cells.ptr[row * r->main.n_columns + column]);
            return true;
        }
    return false;
}

/* Have some owners found no row of their own, because there are too many? */
static bool merged(const struct report_result *r)
{
    double ignored;
    return in_row(r, 0, POP_MERGED, &ignored);
}

/* *got: the report has given the numbers of all who are in[]; the others have no row. */
static enum rc grouped(struct measures *m, const struct measure_ask *ask, const size_t *who, size_t n, double *out,
                       bool *in, bool *got, struct err *e)
{
    struct report_ask x;
    struct report_result r;
    *got = false;
    if (memchr(ask->name.ptr, '.', ask->name.len) == NULL)
        return RC_OK;
    ask_report(m, ask, true, &x);
    if (x.whole || !report_takes(x.report, "by"))
        return RC_OK;
    enum rc rc = report_run(x.report, &x.call, &r, e);
    size_t column = rc == RC_OK ? column_of(&r, x.key) : SIZE_MAX;
    *got = column != SIZE_MAX && !merged(&r);
    for (size_t i = 0; *got && i < n; i++)
        in[i] = in_row(&r, column, m->people[who[i]].id, &out[i]);
    report_result_free(&r);
    return RC_OK; /* what cannot be asked so is asked of each */
}

/* Asked alone, the first with a row has to be told the same; of those without one nothing is counted, so one number
 * stands for all of them. */
static enum rc prove_grouped(struct measures *m, const struct measure_ask *ask, const size_t *who, size_t n,
                             double *out, const bool *in, bool *got, size_t *runs, struct err *e)
{
    struct measure_ask one = *ask;
    bool asked[2] = {false, false}; /* of one without a row, of one with */
    double nothing = NAN, alone;
    size_t rows = 0;
    for (size_t i = 0; *got && i < n; i++)
        rows += in[i];
    *got = rows > 0;
    for (size_t i = 0; *got && i < n; i++) {
        if (!asked[in[i]]) {
            one.user_id = m->people[who[i]].id;
            TRY(measure_value(m, &one, &alone, e));
            asked[in[i]] = true;
            ++*runs;
            nothing = in[i] ? nothing : alone;
            *got = !in[i] || alone == out[i] || (isnan(alone) && isnan(out[i]));
        }
        if (!in[i])
            out[i] = nothing;
    }
    return RC_OK;
}

enum rc measure_of_people(struct measures *m, const struct measure_ask *ask, const size_t *who, size_t n, double *out,
                          size_t *runs, struct err *e)
{
    struct measure known;
    struct measure_ask one = *ask;
    bool got = false, report = memchr(ask->name.ptr, '.', ask->name.len) != NULL;
    bool *in = ARENA_ARRAY(m->call->arena, bool, n + 1);
    if (n > 2 && report && measure_find(m->call, ask->name, &known, NULL)) {
        TRY(grouped(m, ask, who, n, out, in, &got, e));
        ++*runs;
        TRY(prove_grouped(m, ask, who, n, out, in, &got, runs, e));
    }
    for (size_t i = 0; i < n && !got; i++) {
        one.user_id = m->people[who[i]].id;
        TRY(measure_value(m, &one, &out[i], e));
        *runs += report;
    }
    return RC_OK;
}
