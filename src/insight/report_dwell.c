/* 6. Time in a stage by Kaplan-Meier, deals still in it counted for as long as they have been there, and the share of
 * the whole way that each stage takes. */
#include "insight/spread.h"
#include "insight/walk.h"
#include <math.h>

enum { DEALS, STANDS, OVER_NORM, STAYS, COUNTS };
static const char *const counts[] = {"deals", "stands", "over_norm", "stays"};
enum { ALL_DEALS, ALL_OPEN, ALL_OVER, ALLS };
static const char *const summed[] = {"deals", "open", "over_norm"};

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "stays", .type = RT_INT, .drill = true, .events = true},
    {.id = "median_days", .type = RT_DAYS},
    {.id = "p90_days", .type = RT_DAYS},
    {.id = "cycle_share", .type = RT_RATE},
    {.id = "norm_days", .type = RT_DAYS},
    {.id = "within_norm", .type = RT_RATE},
    {.id = "within_low", .type = RT_RATE},
    {.id = "within_high", .type = RT_RATE},
    {.id = "stands", .type = RT_INT, .drill = true},
    {.id = "over_norm", .type = RT_INT, .drill = true},
};

struct dwell {
    struct pop p;
    struct tally all, t; /* all: each deal once, whatever groups it stands in */
    struct spread *s;    /* group * n_stages + stage */
    uint32_t *seen;      /* of the same; the deal counted last, + 1 */
    int64_t hidden;
};

/* Times in open stages until the close; the last one goes on when the deal is open. */
static void stays(struct dwell *x, const struct pop_deal *d, const struct walk *w, uint32_t mark)
{
    struct pop *p = &x->p;
    bool closed = false;
    for (size_t i = 0; i < w->n; i++) {
        size_t stage = (size_t)w->s[i].stage, slot = d->group * p->n_stages + stage;
        if (!w->s[i].passed)
            closed = !stage_open(p, stage);
        bool last = i + 1 == w->n;
        if (closed || !stage_open(p, stage))
            continue;
        int64_t until = w->s[i].until;
        spread_add(&x->s[slot], until - w->s[i].at, walk_censored(w, i));
        tally_add(&x->t, slot, STAYS, pop_id(p, d));
        if (x->seen[slot] != mark)
            tally_add(&x->t, slot, DEALS, pop_id(p, d));
        x->seen[slot] = mark;
        if (!last || d->left)
            continue;
        tally_add(&x->t, slot, STANDS, pop_id(p, d));
        if (!d->again)
            tally_add(&x->all, 0, ALL_OPEN, pop_id(p, d));
        if (p->stages[stage].norm_days > 0 && until - w->s[i].at > p->stages[stage].norm_days * MS_DAY) {
            tally_add(&x->t, slot, OVER_NORM, pop_id(p, d));
            if (!d->again)
                tally_add(&x->all, 0, ALL_OVER, pop_id(p, d));
        }
    }
}

static int64_t *keys_of(const struct pop *p)
{
    int64_t *keys = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups * p->n_stages + 1);
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t s = 0; s < p->n_stages; s++)
            keys[g * p->n_stages + s] =
                p->by.kind == BY_NOTHING ? p->stages[s].id : walk_key(p->groups[g].key, p->stages[s].id);
    return keys;
}

static void put_row(struct dwell *x, size_t g, size_t stage, double whole, int64_t key)
{
    const struct pop *p = &x->p;
    const struct pop_stage *st = &p->stages[stage];
    size_t slot = g * p->n_stages + stage;
    struct spread *s = &x->s[slot];
    int64_t n = s->n_over + s->n_open;
    struct interval ci = {NAN, NAN};
    if (st->outcome != DEAL_OPEN || (n == 0 && (st->gone || p->by.kind != BY_NOTHING)))
        return;
    bool told = n >= POP_TOLD, norm = st->norm_days > 0 && told;
    double within = norm ? spread_over_by(s, st->norm_days * MS_DAY, &ci) : NAN;
    x->hidden += n > 0 && !told;
    struct cell cells[] = {
        cell_s(p->groups[g].name),
        cell_s(st->name),
        cell_i(st->id),
        cell_i(tally_of(&x->t, slot, DEALS)),
        cell_i(n),
        told ? walk_days(spread_km(s, 0.5)) : cell_null(),
        told ? walk_days(spread_km(s, 0.9)) : cell_null(),
        whole > 0 ? cell_f(s->sum / whole) : cell_null(),
        st->norm_days > 0 ? cell_i(st->norm_days) : cell_null(),
        norm ? cell_f(within) : cell_null(),
        norm ? cell_f(ci.low) : cell_null(),
        norm ? cell_f(ci.high) : cell_null(),
        cell_i(tally_of(&x->t, slot, STANDS)),
        st->norm_days > 0 ? cell_i(tally_of(&x->t, slot, OVER_NORM)) : cell_null(),
    };
    report_row_key(&p->result->main, key, p->by.kind != BY_NOTHING ? cells : cells + 1);
}

static double whole_of(const struct dwell *x, size_t g)
{
    double whole = 0;
    for (size_t s = 0; s < x->p.n_stages; s++)
        whole += x->s[g * x->p.n_stages + s].sum;
    return whole;
}

/* The stage that takes the largest part of the way. */
static void verdict(struct dwell *x)
{
    const struct pop *p = &x->p;
    double whole = 0, most = 0;
    size_t at = 0;
    int64_t n = 0;
    for (size_t g = 0; g < p->n_groups; g++)
        whole += whole_of(x, g);
    for (size_t s = 0; s < p->n_stages; s++) {
        double sum = 0;
        for (size_t g = 0; g < p->n_groups; g++) {
            sum += x->s[g * p->n_stages + s].sum;
            n += x->s[g * p->n_stages + s].n_over;
        }
        if (sum > most) {
            most = sum;
            at = s;
        }
    }
    if (n < POP_FEW || whole <= 0)
        return;
    struct str args[] = {p->stages[at].name, tell_rate(p->call, most / whole), STR_NULL, STR_NULL};
    if (p->n_groups != 1) {
        report_verdict(p->call, p->result, "dwell_share", args, 2);
        return;
    }
    double median = spread_km(&x->s[at], 0.5);
    args[2] = tell_days(p->call, median);
    args[3] = tell_n(p->call, p->stages[at].norm_days);
    report_verdict(p->call, p->result,
                   !isfinite(median)             ? "dwell_share"
                   : p->stages[at].norm_days > 0 ? "dwell_norm"
                                                 : "dwell_median",
                   args, 4);
}

static void put_summary(const struct dwell *x)
{
    for (size_t i = 0; i < ALLS; i++)
        report_sum_counted(x->p.result, summed[i], tally_of(&x->all, 0, i));
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct dwell x = {0};
    struct pop *p = &x.p;
    struct walk w = {0};
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .own_summary = true}, e);
    if (rc != RC_OK)
        goto out;
    pop_lock(p);
    int64_t *keys = keys_of(p);
    static const int64_t one = 0;
    x.all = tally_new(c, r, "summary", 1, &one, summed, ALLS);
    x.t = tally_new(c, r, "rows", p->n_groups * p->n_stages, keys, counts, COUNTS);
    x.s = spreads_new(p->n_groups * p->n_stages);
    x.seen = ARENA_ARRAY(c->arena, uint32_t, p->n_groups * p->n_stages + 1);
    for (size_t i = 0; i < p->n; i++) {
        if (!p->d[i].again)
            tally_add(&x.all, 0, ALL_DEALS, pop_id(p, &p->d[i]));
        walk_deal(p, &p->d[i], &w);
        stays(&x, &p->d[i], &w, (uint32_t)i + 1);
    }
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    bool grouped = p->by.kind != BY_NOTHING;
    r->main = (struct report_table){
        .id = "rows", .columns = columns + !grouped, .n_columns = sizeof columns / sizeof *columns - !grouped};
    for (size_t g = 0; g < p->n_groups; g++) {
        double whole = whole_of(&x, g);
        for (size_t s = 0; s < p->n_stages; s++)
            put_row(&x, g, s, whole, keys[g * p->n_stages + s]);
    }
    put_summary(&x);
    verdict(&x);
    pop_notes(p);
    walk_hidden(p, x.hidden);
out:
    spreads_free(x.s, p->n_groups * p->n_stages);
    walk_free(&w);
    pop_free(p);
    return rc;
}

const struct report report_dwell = {
    .id = "dwell",
    .question = "report.dwell.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "funnel",
    .definition = 1,
    .chart = {.kind = CHART_BARS, .x = "stage", .y = "median_days", .high = "p90_days", .series = "group"}};
