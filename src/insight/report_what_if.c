/* 9. What if: one stage loses fewer deals, or every stage is in the hands of whoever does it best. The stages are a
 * chain of true moves, so a lift early on counts as far as the deals would really have come. */
#include "crm/fields.h"
#include "insight/chain.h"
#include "insight/money.h"
#include "insight/walk.h"
#include <math.h>

static const struct report_param params[] = {POP_PARAMS, {"stage_id", RP_INT}, {"lift", RP_REAL}};
static const struct report_column columns[] = {
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "exits", .type = RT_INT, .drill = true, .events = true},
    {.id = "lost_here", .type = RT_INT, .drill = true},
    {.id = "lost_here_rate", .type = RT_RATE},
    {.id = "lost_here_low", .type = RT_RATE},
    {.id = "lost_here_high", .type = RT_RATE},
    {.id = "win_from_here", .type = RT_RATE},
    {.id = "win_rate_then", .type = RT_RATE},
    {.id = "extra_wins", .type = RT_REAL},
    {.id = "worth", .type = RT_MONEY},
    {.id = "best", .type = RT_TEXT},
    {.id = "best_lost_rate", .type = RT_RATE},
};
static const char *const counts[] = {"lost_here", "exits"};
enum { ML_MOST = 40 };

struct what_if {
    struct pop p;
    struct money *money;
    bool money_seen;
    int64_t stage_id; /* 0: each */
    double lift;      /* of one */
    struct tally lost_at;
    int64_t *keys;
    int64_t *moves, *to_won, *to_lost, *start; /* from * n + to; by stage */
    int64_t *exits, *losses;                   /* group * n_stages + stage */
    int64_t deals, priced;
    double win_money;
    struct chain chain;
    double *base, *then, *scratch;
    int64_t hidden;
};

static void walk_one(struct what_if *x, const struct pop_deal *d, const struct walk *w)
{
    struct pop *p = &x->p;
    size_t n = p->n_stages;
    bool closed = false;
    for (size_t i = 0; i + 1 < w->n && !closed; i++) {
        size_t from = (size_t)w->s[i].stage, to = (size_t)w->s[i + 1].stage;
        closed = w->s[i + 1].passed;
        if (closed || w->s[i].away || !stage_open(p, from))
            continue;
        bool lost = p->stages[to].outcome == DEAL_LOST;
        x->exits[d->group * n + from]++;
        x->losses[d->group * n + from] += lost;
        if (d->again)
            continue;
        tally_add(&x->lost_at, from, 1, pop_id(p, d));
        if (lost)
            x->to_lost[from]++;
        else if (p->stages[to].outcome == DEAL_WON)
            x->to_won[from]++;
        else
            x->moves[from * n + to]++;
    }
    int from = d->cause == DEAL_LOST && !d->again ? walk_lost_from(p, w) : POP_NO_STAGE;
    if (from >= 0)
        tally_add(&x->lost_at, (size_t)from, 0, pop_id(p, d));
}

static void scan(struct what_if *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), currency = pop_column(p, DEAL_CURRENCY);
    money_column(x->money, &currency);
    bool asked = report_asked(p->call, p->result, "summary", 0, "deals");
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t minor = fact_get(&value, d->row), worth;
        walk_deal(p, d, &w);
        if (w.n == 0)
            continue;
        walk_one(x, d, &w);
        if (d->again)
            continue;
        if (stage_open(p, (size_t)w.s[0].stage)) {
            x->start[w.s[0].stage]++;
            x->deals++;
            if (asked)
                report_deal(p->result, pop_id(p, d));
        }
        if (d->cause == DEAL_WON && x->money_seen && minor != FACT_NULL &&
            money_in(x->money, fact_get(&currency, d->row), minor, d->exit, &worth)) {
            x->win_money += (double)worth;
            x->priced++;
        }
    }
    walk_free(&w);
}

static int64_t leaving(const struct what_if *x, size_t s)
{
    int64_t n = x->to_won[s] + x->to_lost[s];
    for (size_t to = 0; to < x->p.n_stages; to++)
        n += x->moves[s * x->p.n_stages + to];
    return n;
}

static void make_chain(struct what_if *x)
{
    struct arena *a = x->p.call->arena;
    size_t n = x->p.n_stages;
    double *next = ARENA_ARRAY(a, double, n *n + 1), *won = ARENA_ARRAY(a, double, n + 1);
    double *lost = ARENA_ARRAY(a, double, n + 1);
    for (size_t s = 0; s < n; s++) {
        double all = (double)leaving(x, s);
        if (all == 0)
            continue;
        won[s] = (double)x->to_won[s] / all;
        lost[s] = (double)x->to_lost[s] / all;
        for (size_t to = 0; to < n; to++)
            next[s * n + to] = (double)x->moves[s * n + to] / all;
    }
    x->chain = (struct chain){n, next, won, lost};
    x->scratch = ARENA_ARRAY(a, double, n *(n + 1) + 1);
    x->base = ARENA_ARRAY(a, double, n + 1);
    x->then = ARENA_ARRAY(a, double, n + 1);
    chain_wins(&x->chain, x->scratch, x->base);
}

/* The share of all deals that would be won. */
static double output(const struct what_if *x, const double *p)
{
    double wins = 0;
    for (size_t s = 0; s < x->p.n_stages; s++)
        wins += (double)x->start[s] * p[s];
    return x->deals > 0 ? wins / (double)x->deals : NAN;
}

/* Whoever loses the smallest share at a stage, by shrunken rates; SIZE_MAX: nobody stands out. */
static size_t best_at(const struct what_if *x, size_t s, double *lost_rate)
{
    const struct pop *p = &x->p;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    int64_t *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    size_t best = SIZE_MAX;
    *lost_rate = NAN;
    for (size_t g = 0; g < p->n_groups; g++) {
        k[g] = x->losses[g * p->n_stages + s];
        n[g] = x->exits[g * p->n_stages + s];
    }
    struct beta_prior prior =
        p->n_groups > ML_MOST ? stats_beta_moments(k, n, p->n_groups) : stats_beta_ml(k, n, p->n_groups);
    for (size_t g = 0; g < p->n_groups && !prior.pooled; g++) {
        struct interval ci;
        double rate = stats_shrunken(&prior, k[g], n[g], &ci);
        if (n[g] < POP_TOLD || p->groups[g].merged || p->groups[g].key == POP_NONE || rate >= *lost_rate)
            continue;
        best = g;
        *lost_rate = rate;
    }
    return best;
}

static struct cell money_cell(const struct what_if *x, double wins)
{
    double worth = x->priced > 0 ? wins * x->win_money / (double)x->priced : NAN;
    return isfinite(worth) ? cell_i((int64_t)llround(worth)) : cell_null();
}

struct outcome {
    double rate, extra;
    size_t stage;
};

static struct outcome put_rows(struct what_if *x, double now, double *relay)
{
    struct pop *p = &x->p;
    struct outcome top = {.rate = now, .stage = p->n_stages};
    bool told = x->deals >= POP_TOLD;
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t s = 0; s < p->n_stages; s++) {
        int64_t exits = stage_open(p, s) ? leaving(x, s) : 0;
        struct cell rate[3];
        relay[s] = NAN;
        if (exits == 0)
            continue;
        chain_wins_lifted(&x->chain, s, x->lift, x->scratch, x->then);
        double then = output(x, x->then), extra = (then - now) * (double)x->deals, best_rate;
        size_t best = best_at(x, s, &best_rate);
        relay[s] = best != SIZE_MAX && best_rate < x->chain.lost[s] ? best_rate : NAN;
        walk_rate(rate, x->to_lost[s], exits, &x->hidden);
        struct cell cells[] = {
            cell_s(p->stages[s].name),
            cell_i(p->stages[s].id),
            cell_i(exits),
            cell_i(tally_of(&x->lost_at, s, 0)),
            rate[0],
            rate[1],
            rate[2],
            told ? cell_f(x->base[s]) : cell_null(),
            told ? cell_f(then) : cell_null(),
            told ? cell_f(extra) : cell_null(),
            told ? money_cell(x, extra) : cell_null(),
            best != SIZE_MAX ? cell_s(p->groups[best].name) : cell_null(),
            isfinite(best_rate) ? cell_f(best_rate) : cell_null(),
        };
        report_row_key(&p->result->main, p->stages[s].id, cells);
        if (x->stage_id == p->stages[s].id || (x->stage_id == 0 && extra > top.extra))
            top = (struct outcome){then, extra, s};
    }
    return top;
}

static void put(struct what_if *x)
{
    struct pop *p = &x->p;
    struct report_result *r = p->result;
    make_chain(x);
    double now = output(x, x->base), *relay = ARENA_ARRAY(p->call->arena, double, p->n_stages + 1);
    struct outcome top = put_rows(x, now, relay);
    bool told = x->deals >= POP_TOLD, known = told && isfinite(now) && top.stage < p->n_stages;
    chain_wins_with(&x->chain, relay, x->scratch, x->then);
    double with_relay = output(x, x->then);
    report_sum_counted(r, "deals", x->deals);
    report_sum(r, "win_rate_now", RT_RATE, told && isfinite(now) ? cell_f(now) : cell_null());
    report_sum(r, "win_rate_then", RT_RATE, known ? cell_f(top.rate) : cell_null());
    report_sum(r, "extra_wins", RT_REAL, known ? cell_f(top.extra) : cell_null());
    report_sum(r, "worth", RT_MONEY, known ? money_cell(x, top.extra) : cell_null());
    report_sum(r, "relay_rate", RT_RATE, told && isfinite(with_relay) ? cell_f(with_relay) : cell_null());
    report_sum(r, "relay_extra_wins", RT_REAL,
               told && isfinite(with_relay) ? cell_f((with_relay - now) * (double)x->deals) : cell_null());
    report_sum(r, "relay_worth", RT_MONEY,
               told && isfinite(with_relay) ? money_cell(x, (with_relay - now) * (double)x->deals) : cell_null());
    if (!known || x->deals < POP_FEW)
        return;
    struct arena *a = p->call->arena;
    const char *lang = p->call->lang;
    struct str args[] = {p->stages[top.stage].name,
                         report_number(a, lang, x->lift * 100, 1),
                         tell_rate(p->call, now),
                         tell_rate(p->call, top.rate),
                         report_number(a, lang, top.extra, 1),
                         tell_rate(p->call, with_relay),
                         report_number(a, lang, (with_relay - now) * (double)x->deals, 1)};
    report_verdict(p->call, r, with_relay - now > 1e-9 ? "what_if_relay" : "what_if", args, 7);
}

static enum rc read_args(struct what_if *x, const struct report_call *c, struct err *e)
{
    struct str stage = report_arg(c, "stage_id"), lift = report_arg(c, "lift");
    if (stage.len > 0 && (!str_i64(stage, &x->stage_id) || x->stage_id <= 0))
        return report_bad_param(e, "stage_id", stage);
    x->lift = 0.1;
    if (lift.len > 0) {
        char *end, *text = str_cdup(c->arena, lift);
        double v = strtod(text, &end);
        if (*end != '\0' || !(v > 0 && v <= 100))
            return report_bad_param(e, "lift", lift);
        x->lift = v / 100;
    }
    return RC_OK;
}

static enum rc check_stage(const struct what_if *x, struct err *e)
{
    for (size_t s = 0; s < x->p.n_stages; s++)
        if (x->stage_id == 0 || x->p.stages[s].id == x->stage_id)
            return RC_OK;
    return x->stage_id == 0 ? RC_OK : report_bad_param(e, "stage_id", tell_n(x->p.call, x->stage_id));
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct what_if x = {.money_seen = money_seen(c)};
    struct pop *p = &x.p;
    enum rc rc = read_args(&x, c, e);
    if (rc != RC_OK)
        return rc;
    TRY_OUT(pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .by = "owner", .own_summary = true}, e));
    TRY_OUT(check_stage(&x, e));
    TRY_OUT(money_load(&x.money, c, p->zone, e));
    pop_lock(p);
    size_t n = p->n_stages;
    x.keys = ARENA_ARRAY(c->arena, int64_t, n + 1);
    for (size_t s = 0; s < n; s++)
        x.keys[s] = p->stages[s].id;
    x.lost_at = tally_new(c, r, "rows", n, x.keys, counts, 2);
    x.moves = ARENA_ARRAY(c->arena, int64_t, n * n + 1);
    x.to_won = ARENA_ARRAY(c->arena, int64_t, n + 1);
    x.to_lost = ARENA_ARRAY(c->arena, int64_t, n + 1);
    x.start = ARENA_ARRAY(c->arena, int64_t, n + 1);
    x.exits = ARENA_ARRAY(c->arena, int64_t, n * p->n_groups + 1);
    x.losses = ARENA_ARRAY(c->arena, int64_t, n * p->n_groups + 1);
    scan(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    put(&x);
    pop_notes(p);
    report_param_is(r, "stage_id", RT_INT, x.stage_id ? cell_i(x.stage_id) : cell_null());
    report_param_is(r, "lift", RT_REAL, cell_f(x.lift * 100));
    report_note(c, r, "what_if_model", NULL, 0);
    money_notes(x.money, c, r);
    walk_hidden(p, x.hidden);
out:
    pop_free(p);
    return rc;
}

const struct report report_what_if = {.id = "what_if",
                                      .question = "report.what_if.question",
                                      .params = params,
                                      .n_params = sizeof params / sizeof *params,
                                      .run = run,
                                      .group = "funnel",
                                      .definition = 1,
                                      .chart = {.kind = CHART_BARS, .x = "stage", .y = "extra_wins"}};
