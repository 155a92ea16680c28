/* Looking back: the same forecast at the end of past weeks. */
#include "insight/past_forecasts.h"
#include "base/time.h"
#include "crm/fields.h"
#include <math.h>
#include <string.h>

#define WEEK (7 * MS_DAY)
#define LOOKED_MOST 20000 /* deals; of more every n-th */
#define STEPS 24          /* bins of the horizon */
#define EVERY_WEEK 13     /* of the newest; of older ones only those that do not overlap */
#define LEARNED_LEAST 20  /* stays that must have ended before a forecast can be made */

struct ended {
    uint32_t from, to;
    int64_t dwell;
};
struct standing {
    uint32_t stage, deal; /* deal: index of p->d */
    int64_t dwell;
};
struct week {
    VEC(struct ended) ended;       /* stays that ended since the week before */
    VEC(struct standing) standing; /* deals as they stood at its end */
};
/* What deals were worth at one week after another. */
struct worth {
    struct money *money;
    struct fact_column currency;
    const struct fact_column *value;
    const int64_t *to;                 /* what a change made of it */
    int64_t *then;                     /* by row of deals, of those looked at; NULL: the value is not to be seen */
    int64_t *at;                       /* by row of deals: of the change that made it so */
    uint32_t *order;                   /* changes since the first week, week by week */
    uint32_t from[PAST_FORECASTS + 2]; /* of order, by week in which they became known; the last: after all */
    size_t week;                       /* the next one to be taken in */
};
struct maker {
    struct past_forecasts *f;
    const struct pop *p;
    struct chance *m;
    enum chance_model model;
    struct semi *s;           /* by stage */
    struct chance_past *past; /* by age */
    struct week *weeks;
    struct worth worth;
    const int64_t *values;
    int64_t horizon;
};

/* Points a week apart, the newest a horizon before the present, none without a horizon of history before it. */
static void points(struct past_forecasts *f, const struct pop *p, int64_t horizon)
{
    int64_t first = INT64_MAX, newest = p->as_of - horizon;
    for (size_t i = 0; i < p->n; i++)
        first = p->d[i].entry < first ? p->d[i].entry : first;
    size_t n = 0;
    while (first != INT64_MAX && n < PAST_FORECASTS && newest - (int64_t)n * WEEK >= first + horizon)
        n++;
    f->n = n;
    size_t stride = (size_t)((horizon + WEEK - 1) / WEEK);
    for (size_t i = 0; i < n; i++)
        f->at[i] = (struct past_forecast){.at = newest - (int64_t)(n - 1 - i) * WEEK,
                                          .used = (n - 1 - i) % (stride > 0 ? stride : 1) == 0};
}

/* The first point that is not before `at`; n when there is none. */
static size_t point_from(const struct past_forecasts *f, int64_t at)
{
    if (f->n == 0 || at <= f->at[0].at)
        return 0;
    size_t i = (size_t)((at - f->at[0].at + WEEK - 1) / WEEK);
    return i < f->n ? i : f->n;
}

/* Is this week told when there is enough to learn from? Only then who stood where matters. */
static bool told(const struct past_forecasts *f, size_t week)
{
    return f->at[week].used || week + EVERY_WEEK >= f->n;
}

static void lay_out(const struct past_forecasts *f, const struct pop *p, const struct chance *m, struct week *weeks)
{
    struct chance_stay stays[CHANCE_STAYS_MOST];
    for (size_t i = 0; i < p->n; i += f->every) {
        if (p->d[i].again)
            continue;
        size_t n = chance_stays(m, &p->view, p->d[i].row, p->as_of, stays);
        for (size_t k = 0; k < n; k++) {
            const struct chance_stay *s = &stays[k];
            size_t first = point_from(f, s->from), end = s->to == CHANCE_NOWHERE ? f->n : point_from(f, s->until);
            for (size_t w = first; w < end; w++) {
                if (!told(f, w))
                    continue;
                struct standing one = {s->stage, (uint32_t)i, f->at[w].at - s->from};
                vec_push(&weeks[w].standing, one);
            }
            if (s->to != CHANCE_NOWHERE && end < f->n) {
                struct ended one = {s->stage, s->to, s->until - s->from};
                vec_push(&weeks[end].ended, one);
            }
        }
    }
}

static bool won_within(const struct pop_deal *d, int64_t at, int64_t horizon)
{
    return d->cause == DEAL_WON && d->exit > at && d->exit <= at + horizon;
}

/* Back to the first week. What has changed since is kept week by week: the journal has it in the order in which it came
 * in, and imports bring later times first. */
static void worth_begin(struct maker *k, struct money *money)
{
    const struct pop *p = k->p;
    struct arena *a = p->call->arena;
    struct worth *w = &k->worth;
    struct fact_column seen = pop_column(p, DEAL_VALUE_MINOR);
    w->money = money;
    w->value = fact_column(p->deals, DEAL_VALUE_MINOR);
    if (seen.kind == FC_NONE || w->value->kind == FC_NONE)
        return;
    w->currency = pop_column(p, DEAL_CURRENCY);
    money_column(money, &w->currency);
    w->to = fact_changes_to(p->deals, w->value, a);
    w->then = ARENA_ARRAY(a, int64_t, p->deals->n + 1);
    w->at = ARENA_ARRAY(a, int64_t, p->deals->n + 1);
    w->order = ARENA_ARRAY(a, uint32_t, w->value->n_changes + 1);
    for (size_t i = 0; i < p->n; i += k->f->every)
        w->then[p->d[i].row] = fact_get(w->value, p->d[i].row);
    for (size_t i = w->value->n_changes; i-- > 0;) {
        const struct fact_change *c = &w->value->changes[i];
        if (w->value->latest[i / CHANGE_BLOCK] <= k->f->at[0].at) {
            i -= i % CHANGE_BLOCK; /* and on with the block before */
            continue;
        }
        if (c->at <= k->f->at[0].at)
            continue;
        w->then[c->row] = c->old;
        w->from[point_from(k->f, c->at) + 1]++;
    }
    uint32_t next[PAST_FORECASTS + 2];
    for (size_t i = 0; i <= k->f->n; i++)
        w->from[i + 1] += w->from[i];
    memcpy(next, w->from, sizeof next);
    for (size_t i = 0; i < w->value->n_changes; i++)
        if (w->value->latest[i / CHANGE_BLOCK] <= k->f->at[0].at)
            i += CHANGE_BLOCK - 1 - i % CHANGE_BLOCK;
        else if (w->value->changes[i].at > k->f->at[0].at)
            w->order[next[point_from(k->f, w->value->changes[i].at)]++] = (uint32_t)i;
}

/* The changes of the time up to a week; of one deal the latest in time counts. */
static void worth_at(struct worth *w, size_t week)
{
    if (w->then == NULL)
        return;
    for (uint32_t i = w->from[w->week]; i < w->from[week + 1]; i++) {
        const struct fact_change *c = &w->value->changes[w->order[i]];
        if (c->at < w->at[c->row])
            continue;
        w->at[c->row] = c->at;
        w->then[c->row] = w->to[w->order[i]];
    }
    w->week = week + 1;
}

static double worth_of(const struct worth *w, uint32_t row, int64_t at)
{
    int64_t v;
    if (w->then == NULL || w->then[row] == FACT_NULL ||
        !money_in(w->money, fact_get(&w->currency, row), w->then[row], at, &v))
        return 0;
    return (double)v;
}

static double chance_then(const struct maker *k, const struct standing *one, int64_t at)
{
    struct chance_deal d;
    if (k->model == CHANCE_BY_STAGE)
        return semi_chance(k->s, one->stage, one->dwell, k->horizon, NULL);
    return chance_deal_at(k->m, &k->p->view, k->p->d[one->deal].row, at, &d)
               ? chance_of(k->m, CHANCE_BY_AGE, &d, at, k->horizon, NULL)
               : 0;
}

static void one_week(struct maker *k, struct past_forecast *x, const struct week *w)
{
    for (size_t i = 0; i < w->standing.len; i++) {
        const struct standing *one = &w->standing.ptr[i];
        const struct pop_deal *d = &k->p->d[one->deal];
        double v = worth_of(&k->worth, d->row, x->at), chance = chance_then(k, one, x->at);
        bool won = won_within(d, x->at, k->horizon);
        x->open++;
        x->wins += chance;
        x->variance += chance * (1 - chance);
        x->revenue += chance * v;
        x->revenue_variance += chance * (1 - chance) * v * v;
        x->actual += won;
        x->actual_revenue += won ? (double)k->values[one->deal] : 0;
    }
}

/* What was known by the end of a week is added; solved only where somebody asks. */
static void learn_stages(struct maker *k, size_t w)
{
    const struct week *week = &k->weeks[w];
    for (size_t i = 0; i < week->ended.len; i++)
        semi_add(k->s, week->ended.ptr[i].from, week->ended.ptr[i].to, week->ended.ptr[i].dwell);
    if (!k->f->at[w].made)
        return;
    semi_forget_staying(k->s);
    for (size_t i = 0; i < week->standing.len; i++)
        semi_add(k->s, week->standing.ptr[i].stage, CHANCE_NOWHERE, week->standing.ptr[i].dwell);
    semi_solve(k->s);
}

/* Which weeks a forecast is made of; how many, with their instants. */
static size_t choose(struct past_forecasts *f, const struct week *weeks, int64_t *at)
{
    int64_t learned = 0;
    size_t n = 0;
    for (size_t w = 0; w < f->n; w++) {
        learned += (int64_t)weeks[w].ended.len;
        f->at[w].learned = learned;
        f->at[w].made = learned >= LEARNED_LEAST && told(f, w);
        if (f->at[w].made)
            at[n++] = f->at[w].at;
    }
    return n;
}

static void learn(struct maker *k)
{
    struct past_forecasts *f = k->f;
    int64_t at[PAST_FORECASTS];
    size_t n = choose(f, k->weeks, at), next = 0;
    if (k->model == CHANCE_BY_STAGE)
        k->s = semi_new(k->p->call->arena, k->m->n_of, k->m->ends, k->horizon, k->horizon / STEPS);
    else
        k->past = chance_past_new(k->m, &k->p->view,
                                  &(struct chance_spec){.horizon = k->horizon, .most = LOOKED_MOST / 2}, at, n);
    for (size_t w = 0; w < f->n; w++) {
        if (k->model == CHANCE_BY_STAGE)
            learn_stages(k, w);
        if (!f->at[w].made)
            continue;
        if (k->model == CHANCE_BY_AGE) {
            chance_past_learn(k->past, next++);
            chance_past_ages(k->past);
        }
        worth_at(&k->worth, w);
        one_week(k, &f->at[w], &k->weeks[w]);
    }
    if (k->s != NULL)
        semi_free(k->s);
    chance_past_free(k->past);
}

/* What came of deals that were not there yet. */
static void fresh(struct past_forecasts *f, const struct pop *p, const int64_t *values, int64_t horizon)
{
    for (size_t i = 0; i < p->n; i += f->every) {
        const struct pop_deal *d = &p->d[i];
        if (d->again || d->cause != DEAL_WON)
            continue;
        for (size_t w = point_from(f, d->exit - horizon); w < f->n && f->at[w].at < d->entry; w++) {
            f->at[w].fresh += 1;
            f->at[w].fresh_revenue += (double)values[i];
        }
    }
}

/* Every n-th deal stands for n. */
static void scale(struct past_forecasts *f)
{
    double n = (double)f->every;
    for (size_t i = 0; i < f->n; i++) {
        struct past_forecast *x = &f->at[i];
        x->open *= (int64_t)f->every;
        x->wins *= n;
        x->variance *= n;
        x->revenue *= n;
        x->revenue_variance *= n;
        x->actual *= n;
        x->actual_revenue *= n;
        x->fresh *= n;
        x->fresh_revenue *= n;
    }
}

/* The band as it was promised: of the misses that were known then, or of the deals' own chances. */
static void band_of(struct past_forecasts *f, size_t i, int64_t horizon)
{
    struct past_forecast *x = &f->at[i];
    double z[PAST_FORECASTS];
    struct outlook o;
    size_t n = 0;
    for (size_t k = 0, used = 0; k < i; k++) {
        if (f->at[k].used && f->at[k].at + horizon <= x->at)
            z[n++] = f->z[used];
        used += f->at[k].used;
    }
    x->proved = outlook_proved(x->wins, 0.5, z, n, &o);
    double wide = 1.2815515655446004 * sqrt(x->variance);
    x->low = x->proved ? o.p10 : fmax(0, x->wins - wide);
    x->high = x->proved ? o.p90 : x->wins + wide;
    x->held = x->actual >= floor(x->low) && x->actual <= ceil(x->high);
}

/* Misses of everything that was to come: each week's new deals are foretold by those of the other weeks. */
static void total_misses(struct past_forecasts *f)
{
    double n = (double)f->n_used, others = n > 1 ? n - 1 : 1;
    for (size_t i = 0, k = 0; i < f->n; i++) {
        const struct past_forecast *x = &f->at[i];
        if (!x->used)
            continue;
        double fresh = fmax(0, (f->fresh * n - x->fresh) / others);
        double money = fmax(0, (f->fresh_revenue * n - x->fresh_revenue) / others);
        f->z_total[k] = outlook_miss(x->wins + fresh, x->actual + x->fresh, 0.5);
        f->z_total_revenue[k++] =
            outlook_miss(x->revenue + money, x->actual_revenue + x->fresh_revenue, f->half_revenue);
    }
}

static void judge(struct past_forecasts *f, int64_t horizon)
{
    double wins = 0, money = 0;
    for (size_t i = 0; i < f->n; i++) {
        wins += f->at[i].actual + f->at[i].fresh;
        money += f->at[i].actual_revenue + f->at[i].fresh_revenue;
    }
    f->half_revenue = wins > 0 ? fmax(1, money / wins / 2) : 1;
    for (size_t i = 0; i < f->n; i++) {
        struct past_forecast *x = &f->at[i];
        x->used = x->used && x->made && x->open > 0;
        band_of(f, i, horizon);
        if (!x->used)
            continue;
        f->promised++;
        f->held += x->held;
        f->z_revenue[f->n_used] = outlook_miss(x->revenue, x->actual_revenue, f->half_revenue);
        f->z[f->n_used++] = outlook_miss(x->wins, x->actual, 0.5);
        f->fresh += x->fresh;
        f->fresh_revenue += x->fresh_revenue;
    }
    double n = f->n_used > 0 ? (double)f->n_used : 1, spread = 0, money_spread = 0;
    f->fresh /= n;
    f->fresh_revenue /= n;
    total_misses(f);
    for (size_t i = 0; i < f->n; i++)
        if (f->at[i].used) {
            spread += pow(f->at[i].fresh - f->fresh, 2);
            money_spread += pow(f->at[i].fresh_revenue - f->fresh_revenue, 2);
        }
    f->fresh_sd = f->n_used > 1 ? sqrt(spread / (n - 1)) : 0;
    f->fresh_revenue_sd = f->n_used > 1 ? sqrt(money_spread / (n - 1)) : 0;
}

void past_forecasts_make(struct past_forecasts *f, const struct pop *p, struct chance *m, enum chance_model model,
                         const int64_t *values, struct money *money, int64_t horizon)
{
    struct week weeks[PAST_FORECASTS];
    struct maker k = {.f = f, .p = p, .m = m, .model = model, .weeks = weeks, .values = values, .horizon = horizon};
    *f = (struct past_forecasts){.every = p->n / LOOKED_MOST + 1};
    memset(weeks, 0, sizeof weeks);
    points(f, p, horizon);
    if (f->n > 0) {
        lay_out(f, p, m, weeks);
        worth_begin(&k, money);
        learn(&k);
        fresh(f, p, values, horizon);
        scale(f);
    }
    judge(f, horizon);
    for (size_t i = 0; i < PAST_FORECASTS; i++) {
        vec_free(&weeks[i].ended);
        vec_free(&weeks[i].standing);
    }
}
