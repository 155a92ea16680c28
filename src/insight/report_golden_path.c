/* 5. The ways deals really go: the most frequent ones, those that win most and those that win fastest, and how far they
 * are what the funnel means (transition fitness: allowed moves over moves; Rozinat, van der Aalst 2008). Allowed are
 * the step to the next stage and the close. */
#include "insight/spread.h"
#include "insight/walk.h"
#include <math.h>

enum { SHOWN = 20, BEST = 10, LEAST = 10, STAGES_TOLD = 30 };
enum { DEALS, WON, LOST, COUNTS };
static const char *const counts[] = {"deals", "won", "lost"};

static const struct report_param params[] = {
    POP_FUNNEL, POP_PERIOD, {"as_of", RP_TIME}, {"filter", RP_FILTER}, {"time_zone", RP_TEXT}};
#define WAY_COLUMNS                                                                                                    \
    {.id = "path", .type = RT_TEXT}, {.id = "deals", .type = RT_INT, .drill = true}, {.id = "rate", .type = RT_RATE},  \
        {.id = "won", .type = RT_INT, .drill = true}, {.id = "lost", .type = RT_INT, .drill = true},                   \
        {.id = "won_rate", .type = RT_RATE}, {.id = "won_low", .type = RT_RATE}, {.id = "won_high", .type = RT_RATE},  \
        {.id = "won_median_days", .type = RT_DAYS},                                                                    \
    {                                                                                                                  \
        .id = "fitness", .type = RT_RATE                                                                               \
    }
static const struct report_column columns[] = {WAY_COLUMNS};

struct variant {
    uint64_t hash; /* 0: an empty place */
    int64_t n, won, lost;
    uint32_t first;  /* of p.d: the first deal that went so */
    uint32_t chosen; /* index of ways + 1 */
};
struct way_shown {
    struct variant *v;
    struct spread life;
    struct str path;
    double fitness;
};
struct paths {
    struct pop p;
    uint64_t *hash_of; /* of p.d[i] */
    struct variant *map;
    size_t mask, n_variants;
    struct way_shown ways[SHOWN + 2 * BEST];
    size_t n_ways;
    struct tally t, winning, fastest;
    int64_t moves, allowed, hidden;
};

static uint64_t hash_way(const struct walk *w)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < w->n; i++) {
        h = (h ^ (uint64_t)(w->s[i].stage + 1)) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h ? h : 1;
}

static struct variant *find(struct variant *map, size_t mask, uint64_t hash)
{
    size_t i = hash & mask;
    while (map[i].hash != 0 && map[i].hash != hash)
        i = (i + 1) & mask;
    return &map[i];
}

static void grow(struct paths *x)
{
    size_t mask = x->mask * 2 + 1;
    struct variant *map = calloc(mask + 1, sizeof *map);
    if (map == NULL)
        abort();
    for (size_t i = 0; x->map != NULL && i <= x->mask; i++)
        if (x->map[i].hash != 0)
            *find(map, mask, x->map[i].hash) = x->map[i];
    free(x->map);
    x->map = map;
    x->mask = mask;
}

static void fit(struct paths *x, const struct walk *w, int64_t *moves, int64_t *allowed)
{
    for (size_t i = 1; i < w->n; i++) {
        if (w->s[i - 1].away)
            continue;
        enum step_kind kind = step_kind(&x->p, (size_t)w->s[i - 1].stage, (size_t)w->s[i].stage, w->s[i].at);
        *moves += 1;
        *allowed += kind == STEP_FORWARD || kind == STEP_WON || kind == STEP_LOST;
    }
}

static void count(struct paths *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    x->mask = 511;
    grow(x);
    x->hash_of = malloc((p->n_all + 1) * sizeof *x->hash_of);
    if (x->hash_of == NULL)
        abort();
    for (size_t i = 0; i < p->n_all; i++) {
        const struct pop_deal *d = &p->d[i];
        walk_deal(p, d, &w);
        fit(x, &w, &x->moves, &x->allowed);
        x->hash_of[i] = hash_way(&w);
        struct variant *v = find(x->map, x->mask, x->hash_of[i]);
        if (v->hash == 0) {
            *v = (struct variant){.hash = x->hash_of[i], .first = (uint32_t)i};
            x->n_variants++;
        }
        v->n++;
        v->won += d->cause == DEAL_WON;
        v->lost += d->cause == DEAL_LOST;
        if (x->n_variants * 2 > x->mask)
            grow(x);
    }
    walk_free(&w);
}

/* The best `most` variants by a score, NaN: not among them; those chosen before keep their place. */
static void choose(struct paths *x, size_t most, double (*score)(const struct variant *v))
{
    struct variant *top[SHOWN];
    size_t n = 0;
    for (size_t i = 0; i <= x->mask; i++) {
        struct variant *v = &x->map[i];
        if (v->hash == 0 || isnan(score(v)))
            continue;
        if (n == most && score(v) <= score(top[n - 1]))
            continue;
        size_t k = n < most ? n++ : n - 1;
        for (; k > 0 && score(top[k - 1]) < score(v); k--)
            top[k] = top[k - 1];
        top[k] = v;
    }
    for (size_t i = 0; i < n; i++)
        if (top[i]->chosen == 0) {
            x->ways[x->n_ways] = (struct way_shown){.v = top[i]};
            top[i]->chosen = (uint32_t)++x->n_ways;
        }
}

static double by_frequency(const struct variant *v)
{
    return (double)v->n;
}

/* By what its conversion is at least, so that three of three do not come first. */
static double by_winning(const struct variant *v)
{
    return v->won + v->lost >= LEAST && v->won > 0 ? stats_wilson(v->won, v->won + v->lost).low : NAN;
}

static double by_wins(const struct variant *v)
{
    return v->won >= LEAST ? (double)v->won : NAN;
}

static void describe(struct paths *x, struct walk *w, struct way_shown *way)
{
    struct pop *p = &x->p;
    int64_t moves = 0, allowed = 0;
    struct buf b = {0};
    walk_deal(p, &p->d[way->v->first], w);
    fit(x, w, &moves, &allowed);
    way->fitness = moves > 0 ? (double)allowed / (double)moves : NAN;
    for (size_t i = 0; i < w->n && i < STAGES_TOLD; i++)
        buf_fmt(&b, "%s%.*s", i > 0 ? " → " : "", STR_ARG(p->stages[w->s[i].stage].name));
    if (w->n > STAGES_TOLD)
        buf_c(&b, " → …");
    way->path = str_dup(p->call->arena, buf_view(&b));
    buf_free(&b);
}

static void fill(struct paths *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    int64_t *keys = ARENA_ARRAY(p->call->arena, int64_t, x->n_ways + 1);
    for (size_t i = 0; i < x->n_ways; i++) {
        keys[i] = (int64_t)(x->ways[i].v->hash >> 12);
        describe(x, &w, &x->ways[i]);
    }
    walk_free(&w);
    x->t = tally_new(p->call, p->result, "rows", x->n_ways, keys, counts, COUNTS);
    x->winning = tally_new(p->call, p->result, "winning", x->n_ways, keys, counts, COUNTS);
    x->fastest = tally_new(p->call, p->result, "fastest", x->n_ways, keys, counts, COUNTS);
    struct tally *all[] = {&x->t, &x->winning, &x->fastest};
    for (size_t i = 0; i < p->n_all; i++) {
        const struct pop_deal *d = &p->d[i];
        uint32_t at = find(x->map, x->mask, x->hash_of[i])->chosen;
        if (at == 0)
            continue;
        for (size_t k = 0; k < 3; k++) {
            tally_add(all[k], at - 1, DEALS, pop_id(p, d));
            if (d->cause != DEAL_OPEN)
                tally_add(all[k], at - 1, d->cause == DEAL_WON ? WON : LOST, pop_id(p, d));
        }
        if (d->cause == DEAL_WON)
            spread_add(&x->ways[at - 1].life, d->exit - d->entry, false);
    }
}

static void put_way(struct paths *x, struct report_table *t, const struct tally *tally, size_t i)
{
    struct way_shown *way = &x->ways[i];
    int64_t n = tally_of(tally, i, DEALS), won = tally_of(tally, i, WON), lost = tally_of(tally, i, LOST);
    struct cell rate[3];
    walk_rate(rate, won, won + lost, &x->hidden);
    struct cell cells[] = {
        cell_s(way->path),
        cell_i(n),
        x->p.n_all >= POP_TOLD ? cell_f((double)n / (double)x->p.n_all) : cell_null(),
        cell_i(won),
        cell_i(lost),
        rate[0],
        rate[1],
        rate[2],
        won >= LEAST ? walk_days(spread_quantile(&way->life, 0.5)) : cell_null(),
        isfinite(way->fitness) ? cell_f(way->fitness) : cell_null(),
    };
    report_row_key(t, (int64_t)(way->v->hash >> 12), cells);
}

static double winning(struct way_shown *w)
{
    return by_winning(w->v);
}

static double speed(struct way_shown *w)
{
    return w->v->won >= LEAST ? -spread_quantile(&w->life, 0.5) : NAN;
}

static double frequency(struct way_shown *w)
{
    return by_frequency(w->v);
}

/* Ways in order of a score. */
static size_t order(struct paths *x, double (*score)(struct way_shown *w), size_t most, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n_ways; i++) {
        double s = score(&x->ways[i]);
        size_t k = n;
        if (isnan(s))
            continue;
        for (; k > 0 && score(&x->ways[out[k - 1]]) < s; k--)
            out[k] = out[k - 1];
        out[k] = i;
        n++;
    }
    return n < most ? n : most;
}

static void put(struct paths *x)
{
    struct pop *p = &x->p;
    struct report_result *r = p->result;
    size_t at[SHOWN + 2 * BEST], n, n_columns = sizeof columns / sizeof *columns;
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = n_columns};
    n = order(x, frequency, SHOWN, at);
    for (size_t i = 0; i < n; i++)
        put_way(x, &r->main, &x->t, at[i]);
    struct report_table *t = report_table_add(r, "winning", columns, n_columns);
    size_t n_best = order(x, winning, BEST, at), best = n_best > 0 ? at[0] : 0;
    for (size_t i = 0; i < n_best; i++)
        put_way(x, t, &x->winning, at[i]);
    t = report_table_add(r, "fastest", columns, n_columns);
    n = order(x, speed, BEST, at);
    for (size_t i = 0; i < n; i++)
        put_way(x, t, &x->fastest, at[i]);
    report_sum_counted(r, "deals", (int64_t)p->n_all);
    report_sum(r, "variants", RT_INT, cell_i((int64_t)x->n_variants));
    report_sum(r, "fitness", RT_RATE, x->moves > 0 ? cell_f((double)x->allowed / (double)x->moves) : cell_null());
    if (n_best == 0 || p->n_all < POP_FEW)
        return;
    const struct variant *v = x->ways[best].v;
    struct str args[] = {x->ways[best].path, tell_rate(p->call, (double)v->won / (double)(v->won + v->lost)),
                         tell_n(p->call, v->won), tell_n(p->call, v->won + v->lost),
                         tell_rate(p->call, (double)x->allowed / (double)x->moves)};
    report_verdict(p->call, r, "golden_path", args, 5);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct paths x = {0};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE}, e);
    if (rc != RC_OK)
        goto out;
    pop_lock(p);
    count(&x);
    choose(&x, SHOWN, by_frequency);
    choose(&x, BEST, by_winning);
    choose(&x, BEST, by_wins);
    fill(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    put(&x);
    pop_notes(p);
    walk_hidden(p, x.hidden);
out:
    for (size_t i = 0; i < x.n_ways; i++)
        spread_free(&x.ways[i].life);
    free(x.map);
    free(x.hash_of);
    pop_free(p);
    return rc;
}

const struct report report_golden_path = {.id = "golden_path",
                                          .question = "report.golden_path.question",
                                          .params = params,
                                          .n_params = sizeof params / sizeof *params,
                                          .run = run,
                                          .group = "funnel",
                                          .definition = 1,
                                          .chart = {.kind = CHART_BARS, .x = "path", .y = "deals"}};
