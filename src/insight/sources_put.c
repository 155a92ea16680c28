/* What the report on sources tells. */
#include "base/i18n.h"
#include "insight/sources.h"
#include <math.h>

enum { TOLD = 10 }; /* a rate of fewer leads is not told */

/* What is known of a sum; NaN: it cannot be said. */
struct figures {
    double naive, rate, low, high;
    double cac_naive, cac, lead_cost;
    double romi_observed, romi, observed;
};

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

static struct figures figures_of(const struct sources_sum *x, bool cost)
{
    struct figures f = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    double wins = x->won + x->expected, margin = x->margin + x->margin_to_come;
    if (x->leads >= TOLD) {
        struct interval ci = stats_wilson(llround(wins), llround(x->leads));
        f.naive = x->won / x->leads;
        f.rate = wins / x->leads;
        f.low = fmin(ci.low, f.rate);
        f.high = fmax(ci.high, f.rate);
    }
    f.observed = x->margin > 0 || x->margin_to_come > 0 ? ratio(x->margin, margin) : NAN;
    if (!cost || x->cost <= 0)
        return f;
    f.lead_cost = ratio(x->cost, x->leads);
    f.cac_naive = ratio(x->cost, x->closed_won);
    f.cac = wins >= 0.5 ? x->cost / wins : NAN;
    f.romi_observed = (x->margin - x->cost) / x->cost;
    f.romi = (margin - x->cost) / x->cost;
    return f;
}

static struct cell money_cell(double v, bool seen)
{
    return seen && isfinite(v) ? cell_i(llround(v)) : cell_null();
}

static struct cell rate_cell(double v, bool seen)
{
    return seen && isfinite(v) ? cell_f(v) : cell_null();
}

/* The figures every table ends with. */
#define SUM_COLUMNS                                                                                                    \
    {.id = "naive_rate", .type = RT_RATE}, {.id = "rate", .type = RT_RATE}, {.id = "rate_low", .type = RT_RATE},       \
        {.id = "rate_high", .type = RT_RATE}, {.id = "expected_wins", .type = RT_REAL},                                \
        {.id = "ad_cost", .type = RT_MONEY}, {.id = "lead_cost", .type = RT_MONEY},                                    \
        {.id = "cac_naive", .type = RT_MONEY}, {.id = "cac", .type = RT_MONEY}, {.id = "revenue", .type = RT_MONEY},   \
        {.id = "revenue_expected", .type = RT_MONEY}, {.id = "margin", .type = RT_MONEY},                              \
        {.id = "margin_expected", .type = RT_MONEY}, {.id = "romi_observed", .type = RT_RATE},                         \
        {.id = "romi", .type = RT_RATE},                                                                               \
    {                                                                                                                  \
        .id = "observed_share", .type = RT_RATE                                                                        \
    }
enum { SUM_CELLS = 16 };

static void put_sum(const struct sources *s, struct cell *out, const struct sources_sum *x)
{
    bool value = money_seen(s->p.call), spent = value && money_cost_seen(s->p.call);
    bool cost = s->cost_seen;
    struct figures f = figures_of(x, cost);
    struct cell cells[SUM_CELLS] = {
        rate_cell(f.naive, true),
        rate_cell(f.rate, true),
        rate_cell(f.low, true),
        rate_cell(f.high, true),
        cell_f(x->expected),
        money_cell(x->cost, cost),
        money_cell(f.lead_cost, cost),
        money_cell(f.cac_naive, cost),
        money_cell(f.cac, cost),
        money_cell(x->revenue, value),
        money_cell(x->to_come, value),
        money_cell(x->margin, spent),
        money_cell(x->margin_to_come, spent),
        rate_cell(f.romi_observed, spent),
        rate_cell(f.romi, spent),
        rate_cell(f.observed, spent),
    };
    memcpy(out, cells, sizeof cells);
}

static void put_channel(struct sources *s, struct report_table *t, const struct channel *ch)
{
    struct cell row[6 + SUM_CELLS];
    bool id = !s->by_group && !attribution_level_is_text(s->level) && s->level != LEVEL_KIND && ch->key > 0;
    int64_t key = s->by_group && ch->key >= 0 ? s->p.groups[ch->key].key : ch->key;
    row[0] = cell_s(ch->name);
    row[1] = id ? cell_i(ch->key) : cell_null();
    for (int i = 0; i < SOURCES_COUNTS; i++)
        row[2 + i] = cell_i(ch->n[i]);
    row[5] = cell_f(ch->sum.leads);
    put_sum(s, row + 6, &ch->sum);
    report_row_key(t, key, row);
}

static void put_rows(struct sources *s, struct report_result *r)
{
    static const struct report_column columns[] = {{.id = "channel", .type = RT_TEXT},
                                                   {.id = "channel_id", .type = RT_ID},
                                                   {.id = "leads", .type = RT_INT, .drill = true},
                                                   {.id = "won", .type = RT_INT, .drill = true},
                                                   {.id = "open", .type = RT_INT, .drill = true},
                                                   {.id = "credit", .type = RT_REAL},
                                                   SUM_COLUMNS};
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < s->n_shown; i++)
        put_channel(s, &r->main, &s->all.ptr[i]);
    if (s->all.len > s->n_shown)
        put_channel(s, &r->main, &s->others);
}

static void put_months(struct sources *s, struct report_result *r)
{
    static const struct report_column columns[] = {{.id = "month", .type = RT_TEXT},
                                                   {.id = "leads", .type = RT_INT, .drill = true},
                                                   {.id = "won", .type = RT_INT, .drill = true},
                                                   SUM_COLUMNS};
    struct report_table *t = report_table_add(r, "cohorts", columns, sizeof columns / sizeof *columns);
    struct arena *a = s->p.call->arena;
    for (size_t i = 0; i < s->month.len; i++) {
        const struct sources_sum *x = &s->month.ptr[i];
        struct cell row[3 + SUM_CELLS];
        int64_t m = s->first_month + (int64_t)i;
        row[0] = cell_s(str_fmt(a, "%04d-%02d", (int)(m / 12), (int)(m % 12) + 1));
        row[1] = cell_i(llround(x->leads));
        row[2] = cell_i(llround(x->won));
        put_sum(s, row + 3, x);
        report_row_key(t, m, row);
    }
}

static void put_summary(struct sources *s, struct report_result *r)
{
    static const struct report_column columns[] = {SUM_COLUMNS};
    struct cell cells[SUM_CELLS];
    put_sum(s, cells, &s->total);
    report_sum_counted(r, "leads", s->n[LEADS]);
    report_sum_counted(r, "won", s->n[WON]);
    report_sum_counted(r, "open", s->n[OPEN]);
    for (size_t i = 0; i < SUM_CELLS; i++)
        report_sum(r, columns[i].id, columns[i].type, cells[i]);
    report_sum_counted(r, "closed_won", llround(s->total.closed_won));
    if (s->by_campaign != NULL)
        report_sum(r, "cost_alone", RT_MONEY, money_cell(s->cost_alone, s->cost_seen));
}

/* ---- in words ---- */

static struct str percent(const struct sources *s, double v)
{
    const struct report_call *c = s->p.call;
    if (!isfinite(v) || fabs(v) < 1)
        return report_percent(c->arena, c->lang, v);
    return str_fmt(c->arena, strcmp(c->lang, "en") == 0 ? "%.0f%%" : "%.0f\xc2\xa0%%", v * 100);
}

static void verdict(struct sources *s, struct report_result *r)
{
    const struct report_call *c = s->p.call;
    const struct channel *best = NULL, *worst = NULL, *most = NULL;
    double high = -INFINITY, low = INFINITY;
    bool money = s->cost_seen && money_seen(c) && money_cost_seen(c);
    for (size_t i = 0; i < s->n_shown; i++) {
        const struct channel *ch = &s->all.ptr[i];
        struct figures f = figures_of(&ch->sum, money);
        if (ch->sum.leads >= TOLD && (most == NULL || ch->sum.won > most->sum.won))
            most = ch;
        if (ch->sum.leads < TOLD || !isfinite(f.romi))
            continue;
        best = f.romi > high ? ch : best;
        worst = f.romi < low ? ch : worst;
        high = fmax(high, f.romi);
        low = fmin(low, f.romi);
    }
    double expected = 1 - figures_of(&s->total, money).observed;
    if (best != NULL && best != worst)
        report_verdict(c, r, "sources_romi",
                       (struct str[]){best->name, percent(s, high), worst->name, percent(s, low), percent(s, expected)},
                       isfinite(expected) ? 5 : 4);
    else if (most != NULL && most->sum.won > 0)
        report_verdict(c, r, "sources_won",
                       (struct str[]){most->name, report_number(c->arena, c->lang, most->sum.won, 0),
                                      report_number(c->arena, c->lang, most->sum.leads, 0),
                                      percent(s, most->sum.won / most->sum.leads)},
                       4);
}

static void note_n(struct sources *s, struct report_result *r, const char *code, int64_t n)
{
    struct str arg = str_fmt(s->p.call->arena, "%lld", (long long)n);
    if (n > 0)
        report_note(s->p.call, r, code, &arg, 1);
}

static void notes(struct sources *s, struct report_result *r)
{
    const struct report_call *c = s->p.call;
    note_n(s, r, "watched_ahead", s->n[OPEN] > 0 ? s->days : 0);
    note_n(s, r, "touches", (int64_t)attribution_n_touches(s->credit));
    note_n(s, r, "no_value", s->no_value);
    if (!s->cost_seen)
        report_note(c, r, "ad_cost_hidden", NULL, 0);
    else if (s->total.cost <= 0)
        report_note(c, r, "no_ad_cost", NULL, 0);
    else if (s->by_campaign != NULL)
        report_note(c, r, "cost_shared", NULL, 0);
    else if (s->p.funnel_id != 0 || s->p.filter != NULL)
        report_note(c, r, "cost_whole", NULL, 0);
    if (s->by_campaign != NULL && s->cost_alone > 0 && s->cost_seen)
        report_note(c, r, "cost_alone", (struct str[]){money_text(c, s->money->currency, s->cost_alone)}, 1);
    note_n(s, r, "chances_sampled", s->chance->every > 1 ? (int64_t)s->chance->every : 0);
}

void sources_put(struct sources *s, struct report_result *r)
{
    put_rows(s, r);
    put_months(s, r);
    put_summary(s, r);
    verdict(s, r);
    report_param_is(r, "days", RT_INT, cell_i(s->days));
    report_param_is(r, "level", RT_TEXT, s->by_group ? cell_null() : cell_s(str_c(attribution_levels[s->level])));
    report_param_is(
        r, "model", RT_TEXT,
        cell_s(report_arg(s->p.call, "model").len > 0 ? report_arg(s->p.call, "model") : str_c(attribution_models[0])));
    notes(s, r);
    money_notes(s->money, s->p.call, r);
    pop_notes(&s->p);
}
