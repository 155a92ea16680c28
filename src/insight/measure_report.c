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

/* The column of a table by owner that is the summary's number; SIZE_MAX: there is none. */
static size_t column_of(const struct report_table *t, struct str key)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (str_eqc(key, t->columns[i].id))
            return i;
    return SIZE_MAX;
}

/* The number of one person in a table by owner; false: they have no row, as those have of whom nothing is counted. */
static bool in_row(const struct report_table *t, size_t column, int64_t person, double *out)
{
    for (size_t row = 0; row < t->keys.len; row++)
        if (t->keys.ptr[row] == person) {
            *out = cell_number(&t->cells.ptr[row * t->n_columns + column]);
            return true;
        }
    return false;
}

/* What is to be found of many. */
struct many {
    struct measures *m;
    const struct measure_ask *ask;
    const size_t *who;
    size_t n;
    double *out;
    bool *in; /* has a row */
    size_t *runs;
};

/* One asked of alone has to be told the same as the table tells. */
static enum rc same_alone(const struct many *x, size_t i, double told, bool *same, struct err *e)
{
    struct measure_ask one = *x->ask;
    double alone;
    one.user_id = x->m->people[x->who[i]].id;
    TRY(measure_value(x->m, &one, &alone, e));
    ++*x->runs;
    *same = alone == told || (isnan(alone) && isnan(told));
    return RC_OK;
}

/* The first and the last with a number of their own are asked alone; of those without a row nothing is counted, so the
 * first one's number stands for all of them, when the last one has it too. */
static enum rc prove(const struct many *x, bool *got, struct err *e)
{
    size_t with[2] = {SIZE_MAX, SIZE_MAX}, without[2] = {SIZE_MAX, SIZE_MAX};
    bool number = false;
    for (size_t i = 0; i < x->n; i++) {
        size_t *of = x->in[i] ? with : without;
        if (x->in[i] && isnan(x->out[i]) && number)
            continue;
        if (x->in[i] && !isnan(x->out[i]) && !number) { /* a number proves more than "too few to tell" */
            number = true;
            with[0] = with[1] = SIZE_MAX;
        }
        of[of[0] != SIZE_MAX] = i;
    }
    *got = true;
    for (int k = 0; k < 2 && *got && with[k] != SIZE_MAX; k++)
        TRY(same_alone(x, with[k], x->out[with[k]], got, e));
    if (!*got || without[0] == SIZE_MAX)
        return RC_OK;
    struct measure_ask one = *x->ask;
    double nothing;
    one.user_id = x->m->people[x->who[without[0]]].id;
    TRY(measure_value(x->m, &one, &nothing, e));
    ++*x->runs;
    if (without[1] != SIZE_MAX)
        TRY(same_alone(x, without[1], nothing, got, e));
    for (size_t i = 0; i < x->n && *got; i++)
        if (!x->in[i])
            x->out[i] = nothing;
    return RC_OK;
}

/* A table whose rows are the people; *got false: it is not, or some have found no row because there are too many. */
static enum rc from_table(const struct many *x, const struct report_table *t, struct str key, bool *got, struct err *e)
{
    size_t column = column_of(t, key);
    double ignored;
    *got = false;
    if (column == SIZE_MAX || in_row(t, 0, POP_MERGED, &ignored))
        return RC_OK;
    for (size_t i = 0; i < x->n; i++)
        x->in[i] = in_row(t, column, x->m->people[x->who[i]].id, &x->out[i]);
    return prove(x, got, e);
}

/* *got: one run has given the numbers of all. */
static enum rc grouped(const struct many *x, bool *got, struct err *e)
{
    struct report_ask ask;
    struct report_result r;
    struct err ignored = {0};
    *got = false;
    ask_report(x->m, x->ask, true, &ask);
    if (ask.whole || !report_takes(ask.report, "by"))
        return RC_OK;
    ask.call.alone = true;
    enum rc rc =
        report_run(ask.report, &ask.call, &r, &ignored) == RC_OK ? from_table(x, &r.main, ask.key, got, e) : RC_OK;
    for (size_t i = 0; i < r.n_tables && !*got && rc == RC_OK; i++)
        rc = from_table(x, &r.tables[i], ask.key, got, e);
    report_result_free(&r);
    ++*x->runs;
    return rc; /* what cannot be asked so is asked of each */
}

enum rc measure_of_people(struct measures *m, const struct measure_ask *ask, const size_t *who, size_t n, double *out,
                          size_t *runs, struct err *e)
{
    struct measure known;
    struct measure_ask one = *ask;
    struct many x = {m, ask, who, n, out, ARENA_ARRAY(m->call->arena, bool, n + 1), runs};
    bool got = false, report = memchr(ask->name.ptr, '.', ask->name.len) != NULL;
    if (n > 2 && report && measure_find(m->call, ask->name, &known, NULL))
        TRY(grouped(&x, &got, e));
    for (size_t i = 0; i < n && !got; i++) {
        one.user_id = m->people[who[i]].id;
        TRY(measure_value(m, &one, &out[i], e));
        *runs += report;
    }
    return RC_OK;
}
