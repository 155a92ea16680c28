/* 7. How long deals take from entry to the close, over time, and how fast the money comes. */
#include "crm/fields.h"
#include "insight/money.h"
#include "insight/spread.h"
#include "insight/walk.h"
#include <math.h>

enum { WON, LOST, COUNTS };
static const char *const counts[] = {"won", "lost"};

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "won", .type = RT_INT, .drill = true},
    {.id = "won_median_days", .type = RT_DAYS},
    {.id = "median_low", .type = RT_DAYS},
    {.id = "median_high", .type = RT_DAYS},
    {.id = "p10_days", .type = RT_DAYS},
    {.id = "p25_days", .type = RT_DAYS},
    {.id = "p75_days", .type = RT_DAYS},
    {.id = "p90_won_days", .type = RT_DAYS},
    {.id = "mean_days", .type = RT_DAYS},
    {.id = "lost", .type = RT_INT, .drill = true},
    {.id = "lost_median_days", .type = RT_DAYS},
    {.id = "won_money", .type = RT_MONEY},
    {.id = "money_a_day", .type = RT_MONEY},
};

struct cycle {
    struct pop p;
    struct money *money;
    bool money_seen;
    struct tally t;
    struct spread *life; /* group * 2 + lost; the last two: of all */
    int64_t *won_money;  /* by group */
    int64_t hidden;
};

static void scan(struct cycle *x)
{
    struct pop *p = &x->p;
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), currency = pop_column(p, DEAL_CURRENCY);
    money_column(x->money, &currency);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t minor = fact_get(&value, d->row), worth;
        if (d->cause == DEAL_OPEN)
            continue;
        size_t lost = d->cause == DEAL_LOST;
        tally_add(&x->t, d->group, lost, pop_id(p, d));
        spread_add(&x->life[(size_t)d->group * 2 + lost], d->exit - d->entry, false);
        if (!d->again)
            spread_add(&x->life[p->n_groups * 2 + lost], d->exit - d->entry, false);
        if (!lost && x->money_seen && minor != FACT_NULL &&
            money_in(x->money, fact_get(&currency, d->row), minor, d->exit, &worth))
            x->won_money[d->group] += worth;
    }
}

/* A 95 % interval of a median by ranks: n/2 -+ z sqrt(n)/2. */
static struct interval median_range(struct spread *s)
{
    double n = (double)(s->n_over + s->n_open), half = STATS_Z95 / 2 / sqrt(n);
    return (struct interval){spread_quantile(s, half < 0.5 ? 0.5 - half : 0),
                             spread_quantile(s, half < 0.5 ? 0.5 + half : 1)};
}

/* Days of the group's part of time, as far as it had come by as_of; NaN: groups are not dates. */
static double days_of(const struct pop *p, size_t g)
{
    static const struct {
        char date;
        int days;
    } lengths[] = {{'d', 1}, {'w', 7}, {'q', 0}, {'m', 0}, {'y', 0}};
    int64_t key = p->groups[g].key, from = 0, to = 0;
    if (p->by.kind != BY_DATE)
        return NAN;
    for (size_t i = 0; i < 2; i++)
        if (p->by.date == lengths[i].date) {
            from = key;
            to = key + lengths[i].days;
        }
    if (p->by.date == 'm' || p->by.date == 'q' || p->by.date == 'y') {
        int64_t months = p->by.date == 'm' ? 1 : p->by.date == 'q' ? 3 : 12, month = key * months;
        from = date_from_civil((int)(month / 12), (unsigned)(month % 12) + 1, 1);
        month += months;
        to = date_from_civil((int)(month / 12), (unsigned)(month % 12) + 1, 1);
    }
    int64_t today = zone_day(p->zone, p->as_of) + 1;
    return (double)((to < today ? to : today) - from);
}

static struct cell told(struct spread *s, double q)
{
    return s->n_over >= POP_TOLD ? walk_days(spread_quantile(s, q)) : cell_null();
}

static void put_row(struct cycle *x, size_t g)
{
    struct pop *p = &x->p;
    struct spread *won = &x->life[g * 2], *lost = &x->life[g * 2 + 1];
    struct interval range = won->n_over >= POP_TOLD ? median_range(won) : (struct interval){NAN, NAN};
    double days = days_of(p, g);
    bool paced = x->money_seen && isfinite(days) && days > 0;
    x->hidden += (won->n_over > 0 && won->n_over < POP_TOLD) + (lost->n_over > 0 && lost->n_over < POP_TOLD);
    struct cell cells[] = {
        cell_s(p->groups[g].name),
        cell_i(won->n_over),
        told(won, 0.5),
        walk_days(range.low),
        walk_days(range.high),
        told(won, 0.1),
        told(won, 0.25),
        told(won, 0.75),
        told(won, 0.9),
        won->n_over >= POP_TOLD ? walk_days(won->sum / (double)won->n_over) : cell_null(),
        cell_i(lost->n_over),
        told(lost, 0.5),
        x->money_seen ? cell_i(x->won_money[g]) : cell_null(),
        paced ? cell_i((int64_t)llround((double)x->won_money[g] / days)) : cell_null(),
    };
    report_row_key(&p->result->main, p->groups[g].key, cells);
}

/* The newest group with enough wins beside all before it: longer or shorter only where the ranges do not touch. */
static void verdict(struct cycle *x)
{
    struct pop *p = &x->p;
    struct spread *all = &x->life[p->n_groups * 2];
    if (all->n_over < POP_FEW)
        return;
    struct str args[] = {tell_days(p->call, spread_quantile(all, 0.5)), STR_NULL, STR_NULL, STR_NULL};
    size_t last = p->n_groups;
    while (p->by.kind == BY_DATE && last > 0 && x->life[(last - 1) * 2].n_over < POP_FEW)
        last--;
    const char *code = "cycle";
    if (p->by.kind == BY_DATE && last > 1) {
        struct spread before = {0}, *now = &x->life[(last - 1) * 2];
        for (size_t g = 0; g + 1 < last; g++)
            for (size_t i = 0; x->life[g * 2].hist == NULL && i < x->life[g * 2].n; i++)
                spread_add(&before, (int64_t)(x->life[g * 2].few[i] >> 2), false);
        struct interval a = median_range(&before), b = median_range(now);
        bool longer = b.low > a.high, shorter = b.high < a.low;
        args[1] = p->groups[last - 1].name;
        args[2] = tell_days(p->call, spread_quantile(now, 0.5));
        args[3] = tell_days(p->call, spread_quantile(&before, 0.5));
        code = before.n_over < POP_FEW ? "cycle" : longer ? "cycle_longer" : shorter ? "cycle_shorter" : "cycle_same";
        spread_free(&before);
    }
    report_verdict(p->call, p->result, code, args, 4);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct cycle x = {.money_seen = money_seen(c)};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .when = POP_CLOSED, .by = "month"}, e);
    if (rc != RC_OK)
        goto out;
    TRY_OUT(money_load(&x.money, c, p->zone, e));
    pop_lock(p);
    x.t = tally_new(c, r, "rows", p->n_groups, pop_keys(p), counts, COUNTS);
    x.life = spreads_new(p->n_groups * 2 + 2);
    x.won_money = ARENA_ARRAY(c->arena, int64_t, p->n_groups + 1);
    scan(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t g = 0; g < p->n_groups; g++)
        put_row(&x, g);
    struct spread *all = &x.life[p->n_groups * 2];
    report_sum_counted(r, "won", all[0].n_over);
    report_sum_counted(r, "lost", all[1].n_over);
    report_sum(r, "median_win_days", RT_DAYS, told(&all[0], 0.5));
    report_sum(r, "p90_win_days", RT_DAYS, told(&all[0], 0.9));
    verdict(&x);
    pop_notes(p);
    money_notes(x.money, c, r);
    walk_hidden(p, x.hidden);
out:
    spreads_free(x.life, p->n_groups * 2 + 2);
    pop_free(p);
    return rc;
}

const struct report report_cycle = {
    .id = "cycle",
    .question = "report.cycle.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "funnel",
    .definition = 1,
    .chart = {.kind = CHART_LINES, .x = "group", .y = "won_median_days", .low = "median_low", .high = "median_high"}};
