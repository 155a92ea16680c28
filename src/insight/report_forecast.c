/* 29. What open deals will bring, in deals, revenue and cost, with bands that past forecasts have proved. */
#include "base/i18n.h"
#include "crm/fields.h"
#include "insight/money.h"
#include "insight/past_forecasts.h"
#include <math.h>

#define HORIZON 30
#define PACE_DAYS 90 /* of advertising costs */

static const char *const models[] = {"stage", "age", NULL};
static const struct report_param params[] = {POP_FUNNEL, POP_REST, {"days", RP_INT}, {"model", RP_CHOICE, models}};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "open_deals", .type = RT_INT, .drill = true},
    {.id = "expected_wins", .type = RT_REAL},
    {.id = "pipeline", .type = RT_MONEY},
    {.id = "revenue_expected", .type = RT_MONEY},
    {.id = "revenue_typed", .type = RT_MONEY},
    {.id = "cost_expected", .type = RT_MONEY},
};
static const struct report_column history_columns[] = {{.id = "forecast_on", .type = RT_DATE},
                                                       {.id = "forecast", .type = RT_REAL},
                                                       {.id = "p10", .type = RT_REAL},
                                                       {.id = "p90", .type = RT_REAL},
                                                       {.id = "actual", .type = RT_REAL},
                                                       {.id = "revenue_forecast", .type = RT_MONEY},
                                                       {.id = "revenue_actual", .type = RT_MONEY}};

struct sum {
    double wins, pipeline, revenue, typed, cost;
};
struct forecast {
    struct pop p;
    struct chance *chance;
    struct money *money;
    struct past_forecasts past;
    int64_t days;
    enum chance_model model;
    struct tally t;
    struct sum *of, total;   /* by group */
    int64_t *values, *costs; /* by p.d */
    double *chances;         /* of open ones, one after another, with their money */
    int64_t *open_values, *open_costs;
    size_t n_open;
    int64_t no_value, overdue;
    struct outlook wins, revenue, cost, all_wins, all_revenue; /* all: with the deals that are still to come */
    bool proved, revenue_proved, all_proved, asked;            /* asked: the open deals of the summary are wanted */
    double ad_pace;                                            /* minor units a day; NaN: not to be told */
};

static enum rc read_args(struct forecast *f, const struct report_call *c, struct report_result *r, struct err *e)
{
    struct str days = report_arg(c, "days");
    f->days = HORIZON;
    if (days.len > 0 && (!str_i64(days, &f->days) || f->days < 1 || f->days > 730))
        return report_bad_param(e, "days", days);
    f->model = str_eqc(report_arg(c, "model"), "age") ? CHANCE_BY_AGE : CHANCE_BY_STAGE;
    TRY(pop_read(&f->p, c, r, &(struct pop_spec){.funnels = POP_ANY}, e));
    TRY(chance_read(&f->chance, c->arena, c->db, e));
    return money_load(&f->money, c, f->p.zone, e);
}

static void take_money(struct forecast *f)
{
    const struct pop *p = &f->p;
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), cost = pop_column(p, DEAL_COST_MINOR),
                       currency = pop_column(p, DEAL_CURRENCY);
    money_column(f->money, &currency);
    f->values = ARENA_ARRAY(p->call->arena, int64_t, p->n + 1);
    f->costs = ARENA_ARRAY(p->call->arena, int64_t, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t v = fact_get(&value, d->row), c = fact_get(&cost, d->row), cur = fact_get(&currency, d->row);
        if (v != FACT_NULL && !money_in(f->money, cur, v, d->exit, &f->values[i]))
            f->values[i] = 0;
        if (c != FACT_NULL && !money_in(f->money, cur, c, d->exit, &f->costs[i]))
            f->costs[i] = 0;
        f->no_value += v == FACT_NULL && d->cause == DEAL_OPEN && !d->again;
    }
}

/* What was typed: into the deal, else into the stage; NaN: nothing. */
static double typed(const struct forecast *f, const struct fact_column *own, const struct pop_deal *d)
{
    int64_t p = fact_get(own, d->row);
    if (p == FACT_NULL && d->stage >= 0)
        p = f->p.stages[d->stage].probability;
    return p == FACT_NULL || p < 0 ? NAN : (double)p / 100;
}

static void scan(struct forecast *f)
{
    const struct pop *p = &f->p;
    struct arena *a = p->call->arena;
    struct fact_column probability = pop_column(p, DEAL_PROBABILITY);
    f->of = ARENA_ARRAY(a, struct sum, p->n_groups + 1);
    f->chances = ARENA_ARRAY(a, double, p->n + 1);
    f->open_values = ARENA_ARRAY(a, int64_t, p->n + 1);
    f->open_costs = ARENA_ARRAY(a, int64_t, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        struct chance_deal cd;
        if (d->cause != DEAL_OPEN || d->left || !chance_deal_at(f->chance, &p->view, d->row, p->as_of, &cd))
            continue;
        double chance = chance_of(f->chance, f->model, &cd, p->as_of, f->days * MS_DAY, NULL);
        double value = (double)f->values[i], said = typed(f, &probability, d);
        struct sum one = {chance, value, chance * value, isfinite(said) ? said * value : 0,
                          chance * (double)f->costs[i]};
        struct sum *to[] = {&f->of[d->group], d->again ? NULL : &f->total};
        for (int k = 0; k < 2; k++)
            if (to[k] != NULL) {
                to[k]->wins += one.wins;
                to[k]->pipeline += one.pipeline;
                to[k]->revenue += one.revenue;
                to[k]->typed += one.typed;
                to[k]->cost += one.cost;
            }
        tally_add(&f->t, d->group, 0, pop_id(p, d));
        if (d->again)
            continue;
        if (f->asked)
            report_deal(p->result, pop_id(p, d));
        f->chances[f->n_open] = chance;
        f->open_values[f->n_open] = f->values[i];
        f->open_costs[f->n_open++] = f->costs[i];
    }
}

/* Advertising of the last weeks, a day; not told to whom it is hidden from. */
static void ad_pace(struct forecast *f)
{
    const struct pop *p = &f->p;
    const struct facts *costs = &p->view.facts[FACT_AD_COST];
    const struct fact_column *day = fact_column(costs, AD_COST_DAY_ON), *cost = fact_column(costs, AD_COST_COST_MINOR),
                             *currency = fact_column(costs, AD_COST_CURRENCY);
    int64_t today = zone_day(p->zone, p->as_of);
    f->ad_pace = 0;
    if (!rights_all_rows(p->call->rights, entity_by_id(ENT_AD_COST), RIGHT_SEE) || p->funnel_id != 0 ||
        p->filter != NULL) {
        f->ad_pace = NAN;
        return;
    }
    money_column(f->money, currency);
    for (size_t i = 0; i < costs->n; i++) {
        int64_t on = fact_get(day, i), minor;
        if (!fact_deleted(costs, i) && on != FACT_NULL && on <= today && on > today - PACE_DAYS &&
            money_in(f->money, fact_get(currency, i), fact_get(cost, i), on * MS_DAY, &minor))
            f->ad_pace += (double)minor / PACE_DAYS;
    }
}

static void bands(struct forecast *f)
{
    f->wins = outlook_sum(f->chances, NULL, f->n_open);
    f->revenue = outlook_sum(f->chances, f->open_values, f->n_open);
    f->cost = outlook_sum(f->chances, f->open_costs, f->n_open);
    f->proved = f->n_open > 0 && outlook_proved(f->wins.mean, 0.5, f->past.z, f->past.n_used, &f->wins);
    f->all_proved = outlook_proved(f->wins.mean + f->past.fresh, 0.5, f->past.z_total, f->past.n_used, &f->all_wins) &&
                    outlook_proved(f->revenue.mean + f->past.fresh_revenue, f->past.half_revenue,
                                   f->past.z_total_revenue, f->past.n_used, &f->all_revenue);
    f->revenue_proved = f->n_open > 0 && outlook_proved(f->revenue.mean, f->past.half_revenue, f->past.z_revenue,
                                                        f->past.n_used, &f->revenue);
}

/* ---- telling ---- */

static struct cell minor(double v, bool seen)
{
    return seen && isfinite(v) ? cell_i(llround(v)) : cell_null();
}

static void put_rows(struct forecast *f, struct report_result *r)
{
    const struct pop *p = &f->p;
    bool seen = money_seen(p->call), spent = seen && money_cost_seen(p->call);
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t g = 0; g < p->n_groups; g++) {
        const struct sum *s = &f->of[g];
        if (tally_of(&f->t, g, 0) == 0)
            continue;
        struct cell row[] = {cell_s(p->groups[g].name), cell_i(tally_of(&f->t, g, 0)), cell_f(s->wins),
                             minor(s->pipeline, seen),  minor(s->revenue, seen),       minor(s->typed, seen),
                             minor(s->cost, spent)};
        report_row_key(&r->main, p->groups[g].key, row);
    }
}

static void put_history(struct forecast *f, struct report_result *r)
{
    const struct pop *p = &f->p;
    bool seen = money_seen(p->call);
    struct report_table *t =
        report_table_add(r, "past_forecasts", history_columns, sizeof history_columns / sizeof *history_columns);
    for (size_t i = 0; i < f->past.n; i++) {
        const struct past_forecast *x = &f->past.at[i];
        struct cell row[] = {cell_i(zone_day(p->zone, x->at)),
                             cell_f(x->wins),
                             cell_f(x->low),
                             cell_f(x->high),
                             cell_f(x->actual),
                             minor(x->revenue, seen),
                             minor(x->actual_revenue, seen)};
        if (x->made && x->open > 0)
            report_row(t, row);
    }
}

static void put_band(struct report_result *r, const char *const keys[4], enum report_type type, const struct outlook *o,
                     bool seen)
{
    const double v[] = {o->mean, o->p10, o->p50, o->p90};
    for (int i = 0; i < 4; i++)
        report_sum(r, keys[i], type, type == RT_MONEY ? minor(v[i], seen) : cell_f(v[i]));
}

/* Everything that is to be won, by open deals and by those that are still to come. */
static void put_total(const struct forecast *f, struct report_result *r, bool seen)
{
    static const char *const wins[] = {"total_wins_p10", "total_wins_p50", "total_wins_p90"};
    static const char *const revenue[] = {"total_revenue_p10", "total_revenue_p50", "total_revenue_p90"};
    const double w[] = {f->all_wins.p10, f->all_wins.p50, f->all_wins.p90};
    const double m[] = {f->all_revenue.p10, f->all_revenue.p50, f->all_revenue.p90};
    for (int i = 0; i < 3; i++)
        report_sum(r, wins[i], RT_REAL, f->all_proved ? cell_f(w[i]) : cell_null());
    for (int i = 0; i < 3; i++)
        report_sum(r, revenue[i], RT_MONEY, minor(f->all_proved ? m[i] : NAN, seen));
}

static void put_summary(struct forecast *f, struct report_result *r)
{
    static const char *const wins[] = {"expected_wins", "wins_p10", "wins_p50", "wins_p90"};
    static const char *const revenue[] = {"revenue_expected", "revenue_p10", "revenue_p50", "revenue_p90"};
    static const char *const cost[] = {"cost_expected", "cost_p10", "cost_p50", "cost_p90"};
    const struct past_forecasts *past = &f->past;
    bool seen = money_seen(f->p.call), spent = seen && money_cost_seen(f->p.call);
    bool repeated = past->n_used >= OUTLOOK_PROVED;
    report_sum_counted(r, "open_deals", (int64_t)f->n_open);
    put_band(r, wins, RT_REAL, &f->wins, true);
    put_band(r, revenue, RT_MONEY, &f->revenue, seen);
    report_sum(r, "revenue_typed", RT_MONEY, minor(f->total.typed, seen));
    report_sum(r, "pipeline", RT_MONEY, minor(f->total.pipeline, seen));
    put_band(r, cost, RT_MONEY, &f->cost, spent);
    report_sum(r, "ad_cost_expected", RT_MONEY, minor(f->ad_pace * (double)f->days, true));
    report_sum(r, "fresh_wins", RT_REAL, repeated ? cell_f(past->fresh) : cell_null());
    report_sum(r, "fresh_revenue", RT_MONEY, minor(repeated ? past->fresh_revenue : NAN, seen));
    report_sum(r, "total_revenue", RT_MONEY, minor(repeated ? past->fresh_revenue + f->revenue.p50 : NAN, seen));
    put_total(f, r, seen);
    report_sum(r, "forecasts_judged", RT_INT, cell_i(past->promised));
    report_sum(r, "forecasts_held", RT_INT, cell_i(past->held));
    report_sum(r, "hit_rate", RT_RATE,
               past->promised >= OUTLOOK_PROVED ? cell_f((double)past->held / (double)past->promised) : cell_null());
}

static struct str whole(const struct forecast *f, double v)
{
    return report_number(f->p.call->arena, f->p.call->lang, v, 0);
}

static void tell(struct forecast *f, struct report_result *r)
{
    const struct report_call *c = f->p.call;
    bool money = money_seen(c) && f->total.pipeline > 0;
    const struct outlook *o = money ? &f->revenue : &f->wins;
    struct str args[6] = {whole(f, (double)f->days)};
    double v[] = {o->p50, o->p10, o->p90};
    for (int i = 0; i < 3; i++)
        args[i + 1] = money ? money_text(c, f->money->currency, v[i]) : whole(f, v[i]);
    args[4] = whole(f, (double)f->past.held);
    args[5] = whole(f, (double)f->past.promised);
    if (f->n_open == 0)
        return;
    const char *const codes[2][2] = {{"forecast_wins_unproved", "forecast_wins"}, {"forecast_unproved", "forecast"}};
    report_verdict(c, r, codes[money][money ? f->revenue_proved : f->proved], args, 6);
}

static void notes(struct forecast *f, struct report_result *r)
{
    const struct report_call *c = f->p.call;
    struct str n = whole(f, (double)f->past.n_used), no_value = whole(f, (double)f->no_value);
    if (!f->proved && f->n_open > 0)
        report_note(c, r, "not_yet_calibrated", &n, 1);
    else if (f->n_open > 0)
        report_note(c, r, "calibrated_by", &n, 1);
    if (f->no_value > 0)
        report_note(c, r, "no_value", &no_value, 1);
    if (f->past.n_used >= OUTLOOK_PROVED)
        report_note(c, r, "fresh_by_past", NULL, 0);
    if (f->chance->every > 1 || f->past.every > 1) {
        struct str every = whole(f, (double)(f->chance->every > f->past.every ? f->chance->every : f->past.every));
        report_note(c, r, "chances_sampled", &every, 1);
    }
    report_param_is(r, "days", RT_INT, cell_i(f->days));
    report_param_is(r, "model", RT_TEXT, cell_s(str_c(models[f->model])));
}

static void look(struct forecast *f, struct report_result *r)
{
    static const char *const counts[] = {"open_deals"};
    struct pop *p = &f->p;
    pop_lock(p);
    f->asked = report_asked(p->call, r, "summary", 0, "open_deals");
    f->t = tally_new(p->call, r, "rows", p->n_groups, pop_keys(p), counts, 1);
    chance_learn(f->chance, &p->view, &(struct chance_spec){.as_of = p->as_of, .horizon = f->days * MS_DAY});
    take_money(f);
    scan(f);
    /* misses of one model prove nothing of another: each has its own past */
    past_forecasts_make(&f->past, p, f->chance, f->model, f->values, f->money, f->days * MS_DAY);
    ad_pace(f);
    pop_unlock(p);
    bands(f);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct forecast *f = ARENA_NEW(c->arena, struct forecast);
    enum rc rc;
    TRY_OUT(read_args(f, c, r, e));
    look(f, r);
    TRY_OUT(pop_names(&f->p, e));
    put_rows(f, r);
    put_history(f, r);
    put_summary(f, r);
    tell(f, r);
    notes(f, r);
    money_notes(f->money, c, r);
    pop_notes(&f->p);
out:
    pop_free(&f->p);
    chance_free(f->chance);
    return rc;
}

const struct report report_forecast = {.id = "forecast",
                                       .question = "report.forecast.question",
                                       .params = params,
                                       .n_params = sizeof params / sizeof *params,
                                       .run = run,
                                       .group = "money",
                                       .definition = 1,
                                       .chart = {.kind = CHART_LINES,
                                                 .table = "past_forecasts",
                                                 .x = "forecast_on",
                                                 .y = "actual",
                                                 .low = "p10",
                                                 .high = "p90",
                                                 .y2 = "forecast"}};
