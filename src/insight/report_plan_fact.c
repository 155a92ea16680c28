/* 28. Plan and actual: what was to come, what has come, at which pace, and what is missing a day. */
#include "base/i18n.h"
#include "base/money.h"
#include "crm/choices.h"
#include "insight/plan.h"
#include <math.h>

#define N(a) (sizeof(a) / sizeof *(a))

static const char *const periods[] = {"day", "week", "month", "quarter", "year", NULL};
static const struct report_param params[] = {
    {"as_of", RP_TIME}, {"period", RP_CHOICE, periods}, {"team_id", RP_INT}, {"user_id", RP_INT}};
static const struct report_column columns[] = {
    {.id = "measure", .type = RT_TEXT},    {.id = "whose", .type = RT_TEXT},   {.id = "period", .type = RT_TEXT},
    {.id = "starts_on", .type = RT_DATE},  {.id = "target", .type = RT_REAL},  {.id = "actual", .type = RT_REAL},
    {.id = "done_share", .type = RT_RATE}, {.id = "elapsed", .type = RT_RATE}, {.id = "pace", .type = RT_RATE},
    {.id = "forecast", .type = RT_REAL},   {.id = "missing", .type = RT_REAL}, {.id = "missing_a_day", .type = RT_REAL},
};

struct plans {
    const struct report_call *call;
    struct report_result *result;
    struct measures m;
    struct plan *all;
    size_t n;
    int64_t day, as_of;      /* as_of 0: now */
    int64_t reached, behind; /* plans */
};

static enum rc id_arg(const struct report_call *c, const char *name, int64_t *out, struct err *e)
{
    struct str s = report_arg(c, name);
    *out = 0;
    return s.len == 0 || (str_i64(s, out) && *out > 0) ? RC_OK : report_bad_param(e, name, s);
}

static enum rc read_args(struct plans *x, struct plan_ask *ask, struct err *e)
{
    const struct report_call *c = x->call;
    struct str at = report_arg(c, "as_of"), period = report_arg(c, "period");
    int64_t now = c->now;
    bool is_date;
    *ask = (struct plan_ask){.period = -1};
    if (at.len > 0 && !report_time(at, &now, &is_date))
        return report_bad_param(e, "as_of", at);
    x->as_of = at.len > 0 ? now : 0;
    TRY(id_arg(c, "team_id", &ask->team_id, e));
    TRY(id_arg(c, "user_id", &ask->user_id, e));
    for (int64_t i = 0; periods[i] != NULL; i++)
        ask->period = str_eqc(period, periods[i]) ? i : ask->period;
    TRY(measures_open(&x->m, c, 0, 0, e)); /* for the zone */
    x->day = ask->day = zone_day(x->m.zone, now);
    return RC_OK;
}

static enum rc put_plan(struct plans *x, const struct plan *p, const struct calendar *calendar, struct err *e)
{
    struct plan_progress y;
    struct str of;
    TRY(plan_follow(&x->m, p, x->day, calendar, &y, e));
    TRY(plan_whose(x->call, p, &of, e));
    double scale = p->type == RT_MONEY ? pow(10, -(double)money_exponent(x->m.currency)) : p->type == RT_RATE ? 100 : 1;
    double share = p->target > 0 ? y.actual / p->target : NAN;
    x->reached += share >= 1;
    x->behind += y.pace < 0.9;
    struct cell row[] = {
        cell_s(p->title),
        cell_s(of),
        cell_s(i18n_text(x->call->lang, str_fmt(x->call->arena, "field.plan.period:%s", periods[p->period]).ptr)),
        cell_i(p->first),
        cell_f(p->target * scale),
        cell_f(y.actual * scale),
        cell_f(share),
        cell_f(y.elapsed),
        cell_f(y.pace),
        cell_f(y.forecast * scale),
        cell_f(y.missing * scale),
        cell_f(y.a_day * scale),
    };
    report_row(&x->result->main, row);
    return RC_OK;
}

static struct str number(const struct report_call *c, int64_t n)
{
    return str_fmt(c->arena, "%lld", (long long)n);
}

static void say(struct plans *x)
{
    const struct report_call *c = x->call;
    struct str args[] = {number(c, x->reached), number(c, (int64_t)x->n), number(c, x->behind)};
    report_param_is(x->result, "as_of", RT_DATE, cell_i(x->day));
    report_sum(x->result, "plans", RT_INT, cell_i((int64_t)x->n));
    report_sum(x->result, "plans_reached", RT_INT, cell_i(x->reached));
    report_sum(x->result, "plans_behind", RT_INT, cell_i(x->behind));
    if (x->n > 0)
        report_verdict(c, x->result, "plan_fact", args, 3);
    else
        report_note(c, x->result, "no_plans", NULL, 0);
    report_note(c, x->result, "plan_fact", NULL, 0);
    x->result->currency = x->m.currency;
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct plans x = {.call = c, .result = r};
    struct plan_ask ask;
    struct calendar calendar;
    enum rc rc;
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = N(columns)};
    TRY_OUT(read_args(&x, &ask, e));
    measures_close(&x.m);
    TRY_OUT(plan_list(c, &ask, &x.all, &x.n, e));
    TRY_OUT(calendar_of_user(c->db, c->arena, 0, &calendar, e));
    int64_t first = x.day, last = x.day;
    for (size_t i = 0; i < x.n; i++) {
        first = x.all[i].first < first ? x.all[i].first : first;
        last = x.all[i].last > last ? x.all[i].last : last;
    }
    TRY_OUT(measures_open(&x.m, c, first, last, e));
    x.m.as_of = x.as_of;
    for (size_t i = 0; i < x.n; i++)
        TRY_OUT(put_plan(&x, &x.all[i], &calendar, e));
    say(&x);
out:
    measures_close(&x.m);
    return rc;
}

const struct report report_plan_fact = {
    .id = "plan_fact",
    .question = "report.plan_fact.question",
    .params = params,
    .n_params = N(params),
    .run = run,
    .group = "money",
    .definition = 1,
    .chart = {.kind = CHART_BARS, .x = "whose", .y = "done_share", .series = "measure"},
};
