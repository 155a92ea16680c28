/* 8. The bottleneck: at which stage, and with which sellers, deals are lost that others would have brought on, and what
 * that is worth. The worth of a stage: all its deals brought on as often as the best seller brings them on (shrunken
 * rates, so that luck with few deals does not count), times the share won of those that go on, times the average win.
 * Where sellers differ no more than chance does, there is nothing to gain by that, and the report says so. */
#include "crm/fields.h"
#include "insight/money.h"
#include "insight/spread.h"
#include "insight/walk.h"
#include <math.h>

enum { DECIDED, WENT_ON, COUNTS };
enum { ML_MOST = 40 }; /* groups; more are shrunken by moments, which cost nothing */
static const char *const counts[] = {"decided", "went_on"};

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "decided", .type = RT_INT, .drill = true},
    {.id = "went_on", .type = RT_INT, .drill = true},
    {.id = "went_on_rate", .type = RT_RATE},
    {.id = "went_on_low", .type = RT_RATE},
    {.id = "went_on_high", .type = RT_RATE},
    {.id = "median_days", .type = RT_DAYS},
    {.id = "cycle_share", .type = RT_RATE},
    {.id = "best", .type = RT_TEXT},
    {.id = "best_rate", .type = RT_RATE},
    {.id = "extra_wins", .type = RT_REAL},
    {.id = "worth", .type = RT_MONEY},
};
static const struct report_column seller_columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "stage", .type = RT_TEXT},
    {.id = "decided", .type = RT_INT, .drill = true},
    {.id = "went_on", .type = RT_INT, .drill = true},
    {.id = "shrunken_rate", .type = RT_RATE},
    {.id = "shrunken_low", .type = RT_RATE},
    {.id = "shrunken_high", .type = RT_RATE},
    {.id = "extra_wins", .type = RT_REAL},
    {.id = "worth", .type = RT_MONEY},
};

struct bottleneck {
    struct pop p;
    struct money *money;
    bool money_seen;
    struct tally stages, cells; /* cells: group * n_stages + stage */
    int64_t *stage_keys, *cell_keys;
    int64_t *closed_after, *won_after; /* by stage: of those that went on */
    struct spread *stays;              /* by stage */
    int64_t wins, priced;
    int64_t waiting; /* deals in a stage that they have neither left nor ended in */
    double win_money;
    int64_t hidden;
    double *extra; /* by stage; NaN: differences are noise, or too few */
};

static void stay(struct bottleneck *x, const struct pop_deal *d, const struct walk *w)
{
    for (size_t i = 0; i < w->n; i++) {
        bool last = i + 1 == w->n;
        if (w->s[i].passed || !stage_open(&x->p, (size_t)w->s[i].stage) || (last && d->cause != DEAL_OPEN))
            continue;
        spread_add(&x->stays[w->s[i].stage], w->s[i].until - w->s[i].at, walk_censored(w, i));
    }
}

static void scan(struct bottleneck *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), currency = pop_column(p, DEAL_CURRENCY);
    money_column(x->money, &currency);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t id = pop_id(p, d), minor = fact_get(&value, d->row), worth;
        walk_deal(p, d, &w);
        walk_fates(p, d, &w);
        for (size_t k = 0; k < w.n_fates; k++) {
            size_t s = (size_t)w.fates[k].stage, cell = d->group * p->n_stages + s;
            bool on = w.fates[k].fate == FATE_WENT_ON;
            if (w.fates[k].fate == FATE_WAITING) {
                x->waiting += !d->again;
                continue;
            }
            tally_add(&x->cells, cell, DECIDED, id);
            if (on)
                tally_add(&x->cells, cell, WENT_ON, id);
            if (d->again)
                continue;
            tally_add(&x->stages, s, DECIDED, id);
            if (!on)
                continue;
            tally_add(&x->stages, s, WENT_ON, id);
            x->closed_after[s] += d->cause != DEAL_OPEN;
            x->won_after[s] += d->cause == DEAL_WON;
        }
        if (d->again)
            continue;
        stay(x, d, &w);
        x->wins += d->cause == DEAL_WON;
        if (d->cause == DEAL_WON && x->money_seen && minor != FACT_NULL &&
            money_in(x->money, fact_get(&currency, d->row), minor, d->exit, &worth)) {
            x->win_money += (double)worth;
            x->priced++;
        }
    }
    walk_free(&w);
}

static void prepare(struct bottleneck *x)
{
    struct pop *p = &x->p;
    struct arena *a = p->call->arena;
    size_t n = p->n_stages;
    x->stage_keys = ARENA_ARRAY(a, int64_t, n + 1);
    x->cell_keys = ARENA_ARRAY(a, int64_t, n * p->n_groups + 1);
    x->closed_after = ARENA_ARRAY(a, int64_t, n + 1);
    x->won_after = ARENA_ARRAY(a, int64_t, n + 1);
    x->extra = ARENA_ARRAY(a, double, n + 1);
    for (size_t s = 0; s < n; s++) {
        x->stage_keys[s] = p->stages[s].id;
        x->extra[s] = NAN;
        for (size_t g = 0; g < p->n_groups; g++)
            x->cell_keys[g * n + s] = walk_key(p->groups[g].key, p->stages[s].id);
    }
    x->stages = tally_new(p->call, p->result, "rows", n, x->stage_keys, counts, COUNTS);
    x->cells = tally_new(p->call, p->result, "sellers", n * p->n_groups, x->cell_keys, counts, COUNTS);
    x->stays = spreads_new(n);
}

static double average_win(const struct bottleneck *x)
{
    return x->priced > 0 ? x->win_money / (double)x->priced : NAN;
}

static struct cell worth_of(const struct bottleneck *x, double extra)
{
    double worth = extra * average_win(x);
    return isfinite(worth) ? cell_i((int64_t)llround(worth)) : cell_null();
}

static struct cell real(double v)
{
    return isfinite(v) ? cell_f(v) : cell_null();
}

struct at_stage {
    struct beta_prior prior;
    size_t best;
    double best_rate; /* NaN: nobody stands out */
    double win;       /* share won of those that went on */
};

static struct at_stage compare(const struct bottleneck *x, size_t s)
{
    const struct pop *p = &x->p;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    int64_t *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    struct at_stage at = {.best_rate = NAN, .win = NAN};
    for (size_t g = 0; g < p->n_groups; g++) {
        k[g] = tally_of(&x->cells, g * p->n_stages + s, WENT_ON);
        n[g] = tally_of(&x->cells, g * p->n_stages + s, DECIDED);
    }
    at.prior = p->n_groups > ML_MOST ? stats_beta_moments(k, n, p->n_groups) : stats_beta_ml(k, n, p->n_groups);
    if (x->closed_after[s] > 0)
        at.win = (double)x->won_after[s] / (double)x->closed_after[s];
    for (size_t g = 0; g < p->n_groups && !at.prior.pooled; g++) {
        struct interval ci;
        double rate = stats_shrunken(&at.prior, k[g], n[g], &ci);
        if (n[g] < POP_TOLD || p->groups[g].merged || p->groups[g].key == POP_NONE || rate <= at.best_rate)
            continue;
        at.best = g;
        at.best_rate = rate;
    }
    return at;
}

static void put_seller(struct bottleneck *x, struct report_table *t, const struct at_stage *at, size_t g, size_t s)
{
    const struct pop *p = &x->p;
    size_t cell = g * p->n_stages + s;
    int64_t k = tally_of(&x->cells, cell, WENT_ON), n = tally_of(&x->cells, cell, DECIDED);
    struct interval ci;
    if (n == 0)
        return;
    bool told = tally_of(&x->stages, s, DECIDED) >= POP_TOLD; /* the rate of few is drawn to that of all who decided */
    double rate = stats_shrunken(&at->prior, k, n, &ci);
    double extra = isfinite(at->best_rate) ? (double)n * (at->best_rate - rate) * at->win : NAN;
    extra = extra < 0 ? 0 : extra;
    if (isfinite(extra))
        x->extra[s] = isfinite(x->extra[s]) ? x->extra[s] + extra : extra;
    struct cell cells[] = {
        cell_s(p->groups[g].name),
        cell_s(p->stages[s].name),
        cell_i(n),
        cell_i(k),
        told ? cell_f(rate) : cell_null(),
        told ? cell_f(ci.low) : cell_null(),
        told ? cell_f(ci.high) : cell_null(),
        real(extra),
        worth_of(x, extra),
    };
    report_row_key(t, x->cell_keys[cell], cells);
}

static void put_stage(struct bottleneck *x, const struct at_stage *at, size_t s, double whole)
{
    struct pop *p = &x->p;
    int64_t n = tally_of(&x->stages, s, DECIDED), k = tally_of(&x->stages, s, WENT_ON);
    bool best = isfinite(at->best_rate);
    struct cell rate[3];
    walk_rate(rate, k, n, &x->hidden);
    struct cell cells[] = {
        cell_s(p->stages[s].name),
        cell_i(p->stages[s].id),
        cell_i(n),
        cell_i(k),
        rate[0],
        rate[1],
        rate[2],
        walk_days(spread_km(&x->stays[s], 0.5)),
        whole > 0 ? cell_f(x->stays[s].sum / whole) : cell_null(),
        best ? cell_s(p->groups[at->best].name) : cell_null(),
        real(at->best_rate),
        real(x->extra[s]),
        worth_of(x, x->extra[s]),
    };
    report_row_key(&p->result->main, p->stages[s].id, cells);
}

static void put(struct bottleneck *x)
{
    struct pop *p = &x->p;
    double whole = 0, most = 0;
    size_t top = 0, weakest = p->n_stages;
    struct at_stage top_at = {0};
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    struct report_table *t =
        report_table_add(p->result, "sellers", seller_columns, sizeof seller_columns / sizeof *seller_columns);
    for (size_t s = 0; s < p->n_stages; s++)
        whole += x->stays[s].sum;
    for (size_t s = 0; s < p->n_stages; s++) {
        int64_t n = tally_of(&x->stages, s, DECIDED), k = tally_of(&x->stages, s, WENT_ON);
        if (!stage_open(p, s) || n == 0)
            continue;
        struct at_stage at = compare(x, s);
        for (size_t g = 0; g < p->n_groups; g++)
            put_seller(x, t, &at, g, s);
        put_stage(x, &at, s, whole);
        if (x->extra[s] > most) {
            most = x->extra[s];
            top = s;
            top_at = at;
        }
        if (n >= POP_FEW && (weakest == p->n_stages || (double)k * (double)tally_of(&x->stages, weakest, DECIDED) <
                                                           (double)tally_of(&x->stages, weakest, WENT_ON) * (double)n))
            weakest = s;
    }
    double worth = most * average_win(x);
    report_sum_counted(p->result, "deals", (int64_t)p->n_all);
    report_sum(p->result, "average_win", RT_MONEY,
               real(average_win(x)).kind == CELL_NULL ? cell_null() : cell_i((int64_t)llround(average_win(x))));
    if (most > 0) {
        struct str args[] = {p->stages[top].name, p->groups[top_at.best].name, tell_rate(p->call, top_at.best_rate),
                             report_number(p->call->arena, p->call->lang, most, 1),
                             isfinite(worth) ? money_text(p->call, x->money->currency, worth) : STR("–")};
        report_verdict(p->call, p->result, "bottleneck", args, 5);
    } else if (weakest < p->n_stages) {
        struct str args[] = {p->stages[weakest].name,
                             tell_rate(p->call, (double)tally_of(&x->stages, weakest, WENT_ON) /
                                                    (double)tally_of(&x->stages, weakest, DECIDED))};
        report_verdict(p->call, p->result, "bottleneck_noise", args, 2);
    }
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct bottleneck x = {.money_seen = money_seen(c)};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .by = "owner"}, e);
    if (rc != RC_OK)
        goto out;
    TRY_OUT(money_load(&x.money, c, p->zone, e));
    pop_lock(p);
    prepare(&x);
    scan(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    put(&x);
    pop_notes(p);
    struct str waiting = tell_n(c, x.waiting);
    if (x.waiting > 0)
        report_note(c, r, "still_waiting", &waiting, 1);
    money_notes(x.money, c, r);
    walk_hidden(p, x.hidden);
out:
    spreads_free(x.stays, p->n_stages);
    pop_free(p);
    return rc;
}

const struct report report_bottleneck = {.id = "bottleneck",
                                         .question = "report.bottleneck.question",
                                         .params = params,
                                         .n_params = sizeof params / sizeof *params,
                                         .run = run,
                                         .group = "funnel",
                                         .definition = 1,
                                         .chart = {.kind = CHART_BARS, .x = "stage", .y = "extra_wins"}};
