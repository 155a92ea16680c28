/* 24. What a client brings over time: purchases, average check, coming back, and what is still to be expected. */
#include "insight/buying.h"
#include "insight/incidence.h"
#include "insight/purchases.h"
#include <math.h>
#include <string.h>

#define TOLD 10            /* clients, for an average or a rate */
#define MODELLED_MOST 500  /* clients that the model is fitted to; of more every n-th */
#define EXPECTED_MOST 5000 /* clients whose purchases to come are reckoned; of more every n-th stands for n */
#define AHEAD_DAYS 365
#define STEPS 6 /* purchases in the table of repeats */

static const struct report_param params[] = {POP_PARAMS, {"days", RP_INT}, {"discount", RP_REAL}};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "clients", .type = RT_INT, .drill = true}, /* companies, also contacts */
    {.id = "purchases", .type = RT_INT, .drill = true},
    {.id = "purchases_each", .type = RT_REAL},
    {.id = "average_check", .type = RT_MONEY},
    {.id = "revenue", .type = RT_MONEY},
    {.id = "revenue_each", .type = RT_MONEY},
    {.id = "margin_each", .type = RT_MONEY},
    {.id = "repeat_180", .type = RT_RATE},
    {.id = "repeat_365", .type = RT_RATE},
    {.id = "repeat_low", .type = RT_RATE},
    {.id = "repeat_high", .type = RT_RATE},
    {.id = "expected_purchases", .type = RT_REAL},
    {.id = "ltv", .type = RT_MONEY},
    {.id = "observed_share", .type = RT_RATE},
};
static const struct report_column repeat_columns[] = {
    {.id = "purchase", .type = RT_INT},        {.id = "clients", .type = RT_INT, .drill = true},
    {.id = "came_back", .type = RT_RATE},      {.id = "came_back_low", .type = RT_RATE},
    {.id = "came_back_high", .type = RT_RATE}, {.id = "came_back_model", .type = RT_RATE}};

struct group {
    int64_t clients;
    double revenue, margin, expected, to_come;
    struct incidence at[2];
};
struct ltv {
    struct pop p;
    struct money *money;
    struct purchases b;
    struct purchases_asked asked;
    struct tally t;
    struct group *of;   /* by group, then of all */
    uint16_t *group_of; /* by client: of its first purchase; n_groups: out of the period */
    struct bgnbd model;
    bool modelled;
    int64_t days;
    double discount;
    struct tally reached;                           /* by purchase: clients that made it; */
    int64_t waited[STEPS + 1], returned[STEPS + 1]; /* those seen long enough, those that made the next within a year */
};

static enum rc read_args(struct ltv *l, const struct report_call *c, struct report_result *r, struct err *e)
{
    struct str days = report_arg(c, "days"), rate = report_arg(c, "discount");
    l->days = AHEAD_DAYS;
    if (days.len > 0 && (!str_i64(days, &l->days) || l->days < 1 || l->days > 3650))
        return report_bad_param(e, "days", days);
    char *end = NULL;
    if (rate.len > 0) {
        const char *text = str_cdup(c->arena, rate);
        l->discount = strtod(text, &end);
        if (end == text || *end != '\0' || !(l->discount >= 0 && l->discount <= 10))
            return report_bad_param(e, "discount", rate);
    }
    TRY(pop_read(&l->p, c, r, &(struct pop_spec){.funnels = POP_ANY}, e));
    return money_load(&l->money, c, l->p.zone, e);
}

static struct client_history history(const struct ltv *l, const struct client *c)
{
    return (struct client_history){(double)c->n - 1, (double)(c->last_at - c->first_at) / MS_DAY,
                                   (double)(l->p.as_of - c->first_at) / MS_DAY};
}

/* Groups are those of the first purchase. */
static void place(struct ltv *l)
{
    l->group_of = ARENA_ARRAY(l->p.call->arena, uint16_t, l->b.n_clients + 1);
    for (size_t i = 0; i < l->b.n_clients; i++) {
        const struct client *c = &l->b.clients[i];
        const struct purchase *first = &l->b.all[c->first];
        bool in = purchases_in(&l->asked, first->at);
        uint16_t g = in ? l->p.d[first->deal].group : (uint16_t)l->p.n_groups;
        l->group_of[i] = g;
        if (!in)
            continue;
        struct group *to[] = {&l->of[g], &l->of[l->p.n_groups]};
        for (int k = 0; k < 2; k++) {
            to[k]->clients++;
            to[k]->revenue += c->revenue;
            to[k]->margin += c->margin;
        }
        purchases_tally(&l->b, &l->p, c, &l->t, g, 0);
        tally_add(&l->t, g, 1, purchases_client_id(c));
    }
}

static void fit(struct ltv *l)
{
    size_t every = l->b.n_clients / MODELLED_MOST + 1, n = 0;
    struct client_history *h = ARENA_ARRAY(l->p.call->arena, struct client_history, l->b.n_clients / every + 2);
    for (size_t i = 0; i < l->b.n_clients; i += every)
        h[n++] = history(l, &l->b.clients[i]);
    l->modelled = bgnbd_fit(h, n, &l->model);
}

static void expect(struct ltv *l)
{
    double years = (double)l->days / 365, later = pow(1 + l->discount, -years / 2); /* money comes all over that time */
    size_t every = l->b.n_clients / EXPECTED_MOST + 1;
    for (size_t i = 0; l->modelled && i < l->b.n_clients; i += every) {
        if (l->group_of[i] == l->p.n_groups)
            continue;
        const struct client *c = &l->b.clients[i];
        struct client_history h = history(l, c);
        double more = (double)every * bgnbd_expected(&l->model, &h, (double)l->days);
        struct group *to[] = {&l->of[l->group_of[i]], &l->of[l->p.n_groups]};
        for (int k = 0; k < 2; k++) {
            to[k]->expected += more;
            to[k]->to_come += more * later * c->margin / (double)c->n;
        }
    }
}

/* The share that has bought again, by time since the first purchase: those who have not are still watched. */
static void come_back(struct ltv *l, size_t g)
{
    uint64_t *keys = arena_alloc(l->p.call->arena, (l->b.n_clients + 1) * sizeof *keys);
    size_t n = 0;
    for (size_t i = 0; i < l->b.n_clients; i++) {
        const struct client *c = &l->b.clients[i];
        if (l->group_of[i] == l->p.n_groups || (g < l->p.n_groups && l->group_of[i] != g))
            continue;
        const struct purchase *first = &l->b.all[c->first];
        keys[n++] = incidence_key((c->n > 1 ? first[1].at : l->p.as_of) - first->at, c->n > 1);
    }
    l->of[g].at[0].at = 180 * MS_DAY;
    l->of[g].at[1].at = 365 * MS_DAY;
    incidence_run_keys(keys, n, l->of[g].at, 2, NULL, 0);
}

/* After the k-th purchase: those watched for a year since it, and who of them came again within it. */
static void steps(struct ltv *l)
{
    for (size_t i = 0; i < l->b.n_clients; i++) {
        const struct client *c = &l->b.clients[i];
        for (uint32_t k = 0; l->group_of[i] != l->p.n_groups && k < c->n && k < STEPS; k++) {
            const struct purchase *at = &l->b.all[c->first + k];
            bool again = k + 1 < c->n && at[1].at - at->at <= 365 * MS_DAY;
            tally_add(&l->reached, k, 0, purchases_client_id(c));
            if (!again && l->p.as_of - at->at < 365 * MS_DAY)
                continue;
            l->waited[k]++;
            l->returned[k] += again;
        }
    }
}

static void look(struct ltv *l, struct report_result *r)
{
    static const char *const counts[] = {"purchases", "clients"};
    int64_t nth[STEPS];
    l->asked = purchases_ask(&l->p);
    pop_lock(&l->p);
    purchases_period(&l->p, &l->asked, 0);
    purchases_find(&l->b, &l->p, l->money);
    l->of = ARENA_ARRAY(l->p.call->arena, struct group, l->p.n_groups + 1);
    l->t = tally_new(l->p.call, r, "rows", l->p.n_groups, pop_keys(&l->p), counts, 2);
    for (int k = 0; k < STEPS; k++)
        nth[k] = k + 1;
    l->reached = tally_new(l->p.call, r, "repeats", STEPS, nth, counts + 1, 1);
    purchases_noun(l->p.call, r);
    place(l);
    pop_unlock(&l->p);
    fit(l);
    expect(l);
    for (size_t g = 0; g <= l->p.n_groups; g++)
        if (g == 1 && l->p.n_groups == 1)
            memcpy(l->of[1].at, l->of[0].at, sizeof l->of[0].at); /* one group is all */
        else if (l->of[g].clients > 0 && (g == l->p.n_groups || l->p.n_groups <= 20))
            come_back(l, g);
    steps(l);
}

/* ---- telling ---- */

static struct cell minor(double v, bool seen)
{
    return seen && isfinite(v) ? cell_i(llround(v)) : cell_null();
}

static double ltv_of(const struct ltv *l, const struct group *g)
{
    return g->clients >= TOLD ? (g->margin + (l->modelled ? g->to_come : 0)) / (double)g->clients : NAN;
}

static void figures(const struct ltv *l, const struct group *g, int64_t purchases, struct cell out[14])
{
    const struct report_call *c = l->p.call;
    bool seen = money_seen(c), spent = seen && money_cost_seen(c), told = g->clients >= TOLD;
    double n = (double)g->clients;
    struct cell cells[14] = {
        cell_i(g->clients),
        cell_i(purchases),
        g->clients ? cell_f((double)purchases / n) : cell_null(),
        minor(purchases ? g->revenue / (double)purchases : NAN, seen),
        minor(g->revenue, seen),
        minor(g->clients ? g->revenue / n : NAN, seen),
        minor(g->clients ? g->margin / n : NAN, spent),
        told && g->at[0].at ? cell_f(g->at[0].rate[0]) : cell_null(),
        told && g->at[1].at ? cell_f(g->at[1].rate[0]) : cell_null(),
        told && g->at[1].at ? cell_f(g->at[1].ci[0].low) : cell_null(),
        told && g->at[1].at ? cell_f(g->at[1].ci[0].high) : cell_null(),
        told && l->modelled ? cell_f(g->expected / n) : cell_null(),
        minor(ltv_of(l, g), spent),
        told && spent && g->margin + g->to_come > 0 ? cell_f(g->margin / (g->margin + g->to_come)) : cell_null(),
    };
    for (int i = 0; i < 14; i++)
        out[i] = cells[i];
}

static void put_rows(struct ltv *l, struct report_result *r)
{
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t g = 0; g < l->p.n_groups; g++) {
        struct cell row[15] = {cell_s(l->p.groups[g].name)};
        if (l->of[g].clients == 0)
            continue;
        figures(l, &l->of[g], tally_of(&l->t, g, 0), row + 1);
        report_row_key(&r->main, l->p.groups[g].key, row);
    }
}

static void put_steps(struct ltv *l, struct report_result *r)
{
    struct report_table *t =
        report_table_add(r, "repeats", repeat_columns, sizeof repeat_columns / sizeof *repeat_columns);
    double survivors[STEPS + 1] = {0};
    struct sbg m;
    size_t n = 0;
    survivors[0] = (double)tally_of(&l->reached, 0, 0);
    while (n < STEPS && l->waited[n] >= TOLD) {
        survivors[n + 1] = survivors[n] * (double)l->returned[n] / (double)l->waited[n];
        n++;
    }
    bool fitted = n >= 2 && sbg_fit(survivors, n + 1, &m);
    for (size_t k = 0; k < STEPS && tally_of(&l->reached, k, 0) > 0; k++) {
        struct cell row[6] = {cell_i((int64_t)k + 1), cell_i(tally_of(&l->reached, k, 0))};
        pop_rate(row + 2, l->returned[k], l->waited[k]);
        for (int i = 2; l->waited[k] < TOLD && i < 5; i++)
            row[i] = cell_null();
        row[5] = fitted ? cell_f(sbg_retention(&m, k + 1)) : cell_null();
        report_row_key(t, (int64_t)k + 1, row);
    }
}

static void put_rest(struct ltv *l, struct report_result *r)
{
    const struct report_call *c = l->p.call;
    const struct group *all = &l->of[l->p.n_groups];
    struct cell cells[14];
    int64_t purchases = 0;
    for (size_t g = 0; g < l->p.n_groups; g++)
        purchases += tally_of(&l->t, g, 0);
    figures(l, all, purchases, cells);
    for (int i = 0; i < 14; i++)
        if (i < 2)
            report_sum_counted(r, columns[i + 1].id, cells[i].i);
        else
            report_sum(r, columns[i + 1].id, columns[i + 1].type, cells[i]);
    if (all->clients >= TOLD && money_seen(c)) {
        double back = all->at[1].rate[0];
        struct str args[] = {money_text(c, l->money->currency, all->revenue / (double)all->clients),
                             report_number(c->arena, c->lang, (double)purchases / (double)all->clients, 1),
                             money_text(c, l->money->currency, purchases ? all->revenue / (double)purchases : 0),
                             report_percent(c->arena, c->lang, back)};
        report_verdict(c, r, "ltv", args, 4);
    }
    struct str days = str_fmt(c->arena, "%lld", (long long)l->days);
    if (l->modelled)
        report_note(c, r, "ltv_ahead", &days, 1);
    else if (all->clients > 0)
        report_note(c, r, "ltv_no_model", NULL, 0);
    if (l->p.n_groups > 20)
        report_note(c, r, "ltv_many_groups", NULL, 0);
    report_param_is(r, "days", RT_INT, cell_i(l->days));
    report_param_is(r, "discount", RT_REAL, cell_f(l->discount));
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct ltv *l = ARENA_NEW(c->arena, struct ltv);
    enum rc rc;
    TRY_OUT(read_args(l, c, r, e));
    look(l, r);
    TRY_OUT(pop_names(&l->p, e));
    put_rows(l, r);
    put_steps(l, r);
    put_rest(l, r);
    purchases_notes(&l->b, &l->p, l->money);
    pop_notes(&l->p);
out:
    pop_free(&l->p);
    return rc;
}

const struct report report_ltv = {.id = "ltv",
                                  .question = "report.ltv.question",
                                  .params = params,
                                  .n_params = sizeof params / sizeof *params,
                                  .run = run,
                                  .group = "clients",
                                  .definition = 1,
                                  .chart = {.kind = CHART_BARS, .x = "group", .y = "ltv"}};
