/* 31. What winning costs, and deals that cost more than they bring. */
#include "base/i18n.h"
#include "crm/fields.h"
#include "insight/chance.h"
#include "insight/money.h"
#include "insight/population.h"
#include <math.h>

#define LAST_DAYS 365
#define AHEAD_DAYS 365
#define TOLD 10
#define WORST_SHOWN 50

enum { DEALS, WITH_COST, UNPROFITABLE, STILL_OPEN, WON_SO, AT_RISK, COUNTS };
static const char *const counts[] = {
    "deals", "with_cost", "unprofitable", "unprofitable_open", "unprofitable_won", "likely_unprofitable"};
static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "with_cost", .type = RT_INT, .drill = true},
    {.id = "unprofitable", .type = RT_INT, .drill = true},
    {.id = "unprofitable_open", .type = RT_INT, .drill = true},
    {.id = "unprofitable_won", .type = RT_INT, .drill = true},
    {.id = "likely_unprofitable", .type = RT_INT, .drill = true},
    {.id = "unprofitable_rate", .type = RT_RATE},
    {.id = "unprofitable_low", .type = RT_RATE},
    {.id = "unprofitable_high", .type = RT_RATE},
    {.id = "deal_cost", .type = RT_MONEY},
    {.id = "cost_of_lost", .type = RT_MONEY},
    {.id = "won_value", .type = RT_MONEY},
    {.id = "cost_to_win", .type = RT_MONEY},
    {.id = "cost_share", .type = RT_RATE},
    {.id = "overspent", .type = RT_MONEY},
};
static const struct report_column worst_columns[] = {
    {.id = "deal", .type = RT_TEXT},        {.id = "deal_id", .type = RT_ID, .ref = "deals"},
    {.id = "status", .type = RT_TEXT},      {.id = "deal_cost", .type = RT_MONEY},
    {.id = "deal_value", .type = RT_MONEY}, {.id = "overspent", .type = RT_MONEY}};

struct sums {
    double cost, lost, won, overspent; /* minor units */
    int64_t wins;
};
struct worst {
    int64_t id, cost, value, overspent;
    uint8_t status;
};
struct unprofitable {
    struct pop p;
    struct money *money;
    struct chance *chance;
    struct tally t;
    struct sums *of, all;
    int64_t total[COUNTS], *percent_of; /* percent_of: by stage index, the funnel's limit */
    VEC(struct worst) worst;
};

/* Funnels say how much of its value a deal may cost. */
static enum rc read_limits(struct unprofitable *u, struct err *e)
{
    struct pop *p = &u->p;
    struct stmt *s;
    enum rc rc;
    u->percent_of = ARENA_ARRAY(p->call->arena, int64_t, p->n_stages + 1);
    TRY(db_prepare(p->call->db, &s, "SELECT id, unprofitable_percent FROM funnel", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        for (size_t i = 0; i < p->n_stages; i++)
            if (p->stages[i].funnel_id == stmt_col_i64(s, 0))
                u->percent_of[i] = stmt_col_i64(s, 1);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static void add(struct unprofitable *u, const struct pop_deal *d, int which)
{
    tally_add(&u->t, d->group, (size_t)which, pop_id(&u->p, d));
    u->total[which] += !d->again;
}

/* Open ones that do not look unprofitable, but are so by what may be expected of them. */
static bool likely(struct unprofitable *u, const struct pop_deal *d, int64_t cost, int64_t value, double limit)
{
    struct chance_deal cd;
    if (d->cause != DEAL_OPEN || d->left || !chance_deal_at(u->chance, &u->p.view, d->row, u->p.as_of, &cd))
        return false;
    return (double)cost >
           limit * (double)value * chance_of(u->chance, CHANCE_BY_STAGE, &cd, u->p.as_of, AHEAD_DAYS * MS_DAY, NULL);
}

/* own_cost, own_value: in the deal's currency, by which it is judged also where there is no rate; own_value FACT_NULL:
 * none. cost, value: in the company's, for the sums. */
static void one(struct unprofitable *u, const struct pop_deal *d, int64_t own_cost, int64_t own_value, int64_t cost,
                int64_t value)
{
    struct sums *to[] = {&u->of[d->group], d->again ? NULL : &u->all};
    double limit = d->stage >= 0 ? (double)u->percent_of[d->stage] / 100 : 1;
    bool bad = own_cost > 0 && (own_value == FACT_NULL || (double)own_cost > limit * (double)own_value);
    add(u, d, DEALS);
    if (own_cost > 0)
        add(u, d, WITH_COST);
    if (bad) {
        struct worst w = {pop_id(&u->p, d), cost, value, cost - value, d->cause};
        add(u, d, UNPROFITABLE);
        if (d->cause != DEAL_LOST)
            add(u, d, d->cause == DEAL_OPEN ? STILL_OPEN : WON_SO);
        if (!d->again && w.overspent > 0)
            vec_push(&u->worst, w);
    } else if (own_cost > 0 && likely(u, d, own_cost, own_value, limit)) {
        add(u, d, AT_RISK);
    }
    for (int i = 0; i < 2; i++) {
        if (to[i] == NULL)
            continue;
        to[i]->cost += (double)cost;
        to[i]->lost += d->cause == DEAL_LOST ? (double)cost : 0;
        to[i]->won += d->cause == DEAL_WON ? (double)value : 0;
        to[i]->wins += d->cause == DEAL_WON;
        to[i]->overspent += bad && cost > value ? (double)(cost - value) : 0;
    }
}

static void look(struct unprofitable *u, struct report_result *r)
{
    struct pop *p = &u->p;
    pop_lock(p);
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), cost = pop_column(p, DEAL_COST_MINOR),
                       currency = pop_column(p, DEAL_CURRENCY);
    money_column(u->money, &currency);
    u->t = tally_new(p->call, r, "rows", p->n_groups, pop_keys(p), counts, COUNTS);
    u->of = ARENA_ARRAY(p->call->arena, struct sums, p->n_groups + 1);
    chance_learn(u->chance, &p->view, &(struct chance_spec){.as_of = p->as_of, .horizon = AHEAD_DAYS * MS_DAY});
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t v = fact_get(&value, d->row), c = fact_get(&cost, d->row), cur = fact_get(&currency, d->row);
        int64_t worth = 0, spent = 0;
        if (v != FACT_NULL && !money_in(u->money, cur, v, d->exit, &worth))
            worth = 0;
        if (c != FACT_NULL && !money_in(u->money, cur, c, d->exit, &spent))
            spent = 0;
        one(u, d, c, v, spent, worth);
    }
    pop_unlock(p);
}

/* ---- telling ---- */

static struct cell minor(double v)
{
    return isfinite(v) ? cell_i(llround(v)) : cell_null();
}

static void put_sums(struct cell out[6], const struct sums *s)
{
    out[0] = minor(s->cost);
    out[1] = minor(s->lost);
    out[2] = minor(s->won);
    out[3] = minor(s->wins > 0 ? s->cost / (double)s->wins : NAN);
    out[4] = s->won > 0 ? cell_f(s->cost / s->won) : cell_null();
    out[5] = minor(s->overspent);
}

/* Of people the rates are drawn together by how much chance there is in them. */
static struct beta_prior prior_of(const struct unprofitable *u)
{
    const struct pop *p = &u->p;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1),
            *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    size_t groups = 0;
    for (size_t g = 0; g < p->n_groups; g++) {
        n[groups] = tally_of(&u->t, g, WITH_COST);
        k[groups] = tally_of(&u->t, g, UNPROFITABLE);
        groups += n[groups] > 0;
    }
    return stats_beta_ml(k, n, groups);
}

static void put_rows(struct unprofitable *u, struct report_result *r)
{
    const struct pop *p = &u->p;
    bool people = p->by.kind == BY_TEAM || (p->by.kind == BY_FIELD && p->by.via < 0 && p->by.field == DEAL_OWNER_ID);
    people = people && p->n_groups > 1 && u->total[WITH_COST] > 0;
    struct beta_prior prior = people ? prior_of(u) : (struct beta_prior){0};
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t g = 0; g < p->n_groups; g++) {
        struct cell row[16] = {cell_s(p->groups[g].name)};
        int64_t k = tally_of(&u->t, g, UNPROFITABLE), n = tally_of(&u->t, g, WITH_COST);
        for (int i = 0; i < COUNTS; i++)
            row[1 + i] = cell_i(tally_of(&u->t, g, (size_t)i));
        pop_rate(row + 7, k, n >= TOLD ? n : 0);
        if (people && n >= TOLD) {
            struct interval ci;
            row[7] = cell_f(stats_shrunken(&prior, k, n, &ci));
            row[8] = cell_f(ci.low);
            row[9] = cell_f(ci.high);
        }
        put_sums(row + 10, &u->of[g]);
        report_row_key(&r->main, p->groups[g].key, row);
    }
    if (people && prior.pooled)
        report_note(p->call, r, "groups_noise", NULL, 0);
}

static int by_overspent(const void *a, const void *b)
{
    const struct worst *x = a, *y = b;
    if (x->overspent != y->overspent)
        return x->overspent < y->overspent ? 1 : -1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static enum rc put_worst(struct unprofitable *u, struct report_result *r, struct err *e)
{
    static const char *const status[] = {"field.deal.status:open", "field.deal.status:won", "field.deal.status:lost"};
    const struct report_call *c = u->p.call;
    struct report_table *t = report_table_add(r, "worst", worst_columns, sizeof worst_columns / sizeof *worst_columns);
    if (u->worst.len > 0)
        qsort(u->worst.ptr, u->worst.len, sizeof *u->worst.ptr, by_overspent);
    for (size_t i = 0; i < u->worst.len && i < WORST_SHOWN; i++) {
        const struct worst *w = &u->worst.ptr[i];
        struct str title;
        TRY(pop_name_of(&u->p, ENT_DEAL, w->id, &title, e));
        struct cell row[] = {cell_s(title),   cell_i(w->id),    cell_s(i18n_text(c->lang, status[w->status])),
                             cell_i(w->cost), cell_i(w->value), cell_i(w->overspent)};
        report_row(t, row);
    }
    return RC_OK;
}

static void put_rest(struct unprofitable *u, struct report_result *r)
{
    const struct report_call *c = u->p.call;
    struct cell cells[6];
    put_sums(cells, &u->all);
    for (int i = 0; i < COUNTS; i++)
        report_sum_counted(r, counts[i], u->total[i]);
    for (int i = 0; i < 6; i++)
        report_sum(r, columns[10 + i].id, columns[10 + i].type, cells[i]);
    struct str args[] = {str_fmt(c->arena, "%lld", (long long)u->total[UNPROFITABLE]),
                         str_fmt(c->arena, "%lld", (long long)u->total[WITH_COST]),
                         money_text(c, u->money->currency, u->all.overspent),
                         money_text(c, u->money->currency, u->all.wins ? u->all.cost / (double)u->all.wins : 0)};
    if (u->total[WITH_COST] > 0 && u->all.wins > 0)
        report_verdict(c, r, "unprofitable", args, 4);
    if (u->total[WITH_COST] == 0 && u->total[DEALS] > 0)
        report_note(c, r, "no_deal_cost", NULL, 0);
}

/* Without what deals are worth and cost nothing can be said. */
static bool may(const struct rights *rights)
{
    const struct report_call c = {.rights = rights};
    return money_seen(&c) && money_cost_seen(&c);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct unprofitable *u = ARENA_NEW(c->arena, struct unprofitable);
    enum rc rc;
    if (!may(c->rights))
        return err_set(e, RC_FORBIDDEN, "forbidden", "", NULL);
    TRY_OUT(pop_read(&u->p, c, r, &(struct pop_spec){.by = "owner", .last_days = LAST_DAYS, .own_summary = true}, e));
    TRY_OUT(money_load(&u->money, c, u->p.zone, e));
    TRY_OUT(chance_read(&u->chance, c->arena, c->db, e));
    TRY_OUT(read_limits(u, e));
    look(u, r);
    TRY_OUT(pop_names(&u->p, e));
    put_rows(u, r);
    TRY_OUT(put_worst(u, r, e));
    put_rest(u, r);
    money_notes(u->money, c, r);
    pop_notes(&u->p);
out:
    pop_free(&u->p);
    chance_free(u->chance);
    vec_free(&u->worst);
    return rc;
}

const struct report report_unprofitable = {.id = "unprofitable",
                                           .question = "report.unprofitable.question",
                                           .params = params,
                                           .n_params = sizeof params / sizeof *params,
                                           .run = run,
                                           .group = "money",
                                           .definition = 1,
                                           .may = may,
                                           .chart = {.kind = CHART_BARS,
                                                     .x = "group",
                                                     .y = "unprofitable_rate",
                                                     .low = "unprofitable_low",
                                                     .high = "unprofitable_high"}};
