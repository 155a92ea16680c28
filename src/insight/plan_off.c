#include "insight/plan_off.h"
#include "crm/choices.h"
#include "crm/crm.h"
#include "insight/catalogue.h"
#include <math.h>

const char *const plan_part_names[] = {"team", "owner", "funnel"};

#define OFF_CHANCE 0.1
#define OFF_LEAST 0.1    /* of the target: nearer than this nobody would act */
#define SHARE_LEAST 0.15 /* a part that carries less is not named */
#define Z90 1.2815515655446004
enum { AHEAD_MOST = 730 };

struct looking {
    const struct report_call *call;
    struct measures m;
    struct calendar calendar;
    uint8_t *works; /* by day from m.first */
    struct plan *all;
    size_t n;
    int64_t today;
};

double plan_chance(double p10, double p50, double p90, double value)
{
    double sd = (value > p50 ? p90 - p50 : p50 - p10) / Z90;
    if (sd <= 0)
        return value > p50 ? 0 : 1;
    return 0.5 * erfc((value - p50) / sd / sqrt(2));
}

static bool money(const struct plan *p)
{
    return str_eqc(p->measure, "revenue");
}

/* Foretold by what the deals promise; the others by their pace. */
static bool of_deals(const struct plan *p)
{
    return money(p) || str_eqc(p->measure, "won");
}

static bool foretold(const struct plan *p, int64_t today)
{
    return memchr(p->measure.ptr, '.', p->measure.len) == NULL && p->period != PERIOD_DAY && p->target > 0 &&
           p->first <= today && p->last >= today && p->last - today < AHEAD_MOST;
}

/* ---- the forecast ---- */

/* Of the plan's deals until its end, in groups. */
static enum rc forecast(struct looking *x, const struct plan *p, const char *by, struct report_result *r, struct err *e)
{
    struct measure_ask of = {.user_id = p->user_id, .team_id = p->team_id, .product_id = p->product_id};
    struct arena *a = x->call->arena;
    struct report_arg args[4] = {{STR("days"), str_fmt(a, "%lld", (long long)p->last - (long long)x->today + 1)},
                                 {STR("by"), str_c(by)}};
    struct report_call call = *x->call;
    struct str filter = measure_filter(&x->m, &of);
    call.args = args;
    call.n_args = 2;
    if (filter.len)
        args[call.n_args++] = (struct report_arg){STR("filter"), filter};
    if (p->funnel_id)
        args[call.n_args++] = (struct report_arg){STR("funnel_id"), str_fmt(a, "%lld", (long long)p->funnel_id)};
    return report_run(&report_forecast, &call, r, e);
}

static double number(const struct report_result *r, const char *key)
{
    for (size_t i = 0; i < r->summary.len; i++)
        if (strcmp(r->summary.ptr[i].key, key) == 0) {
            const struct cell *v = &r->summary.ptr[i].value;
            return v->kind == CELL_INT ? (double)v->i : v->kind == CELL_REAL ? v->f : NAN;
        }
    return NAN;
}

static double of_key(const struct report_result *r, const char *column, int64_t key)
{
    double sum = 0;
    for (size_t c = 0; c < r->main.n_columns; c++)
        for (size_t row = 0; strcmp(r->main.columns[c].id, column) == 0 && row < r->main.keys.len; row++)
            if (key == 0 || r->main.keys.ptr[row] == key) {
                const struct cell *v = &r->main.cells.ptr[row * r->main.n_columns + c];
                sum += v->kind == CELL_INT ? (double)v->i : v->kind == CELL_REAL && isfinite(v->f) ? v->f : 0;
            }
    return sum;
}

/* ---- what is told day by day ---- */

static double *days_of(const struct looking *x, size_t n)
{
    return ARENA_ARRAY(x->call->arena, double, n + 1);
}

/* Of the measures that no report foretells; *told false: nothing can be said. */
static enum rc by_pace(struct looking *x, const struct plan *p, struct pace_end *out, double *actual, bool *told,
                       struct err *e)
{
    struct measure_ask ask = {.name = p->measure,
                              .from = x->m.first,
                              .to = x->today - 1,
                              .user_id = p->user_id,
                              .team_id = p->team_id,
                              .funnel_id = p->funnel_id,
                              .product_id = p->product_id};
    size_t n = (size_t)(x->today - x->m.first), begun = (size_t)(x->today - p->first);
    double *up = days_of(x, n), *down = days_of(x, n), *won = days_of(x, n), *open = days_of(x, n);
    struct pace pace = {.up = up,
                        .down = down,
                        .works = x->works,
                        .past = n,
                        .ahead = (size_t)(p->last - x->today + 1),
                        .period = begun};
    struct pace_curve curve;
    *out = (struct pace_end){.weight = 1};
    if (str_eqc(p->measure, "conversion")) {
        double came = 0, of = 0;
        TRY(measure_entered(&x->m, &ask, up, won, open, &curve, e));
        *told = pace_conversion(&pace, won, open, &curve, out);
        for (size_t i = n - begun; i < n; i++) {
            came += won[i];
            of += up[i];
        }
        *actual = of > 0 ? came / of : 0;
        return RC_OK;
    }
    TRY(measure_days(&x->m, &ask, up, down, told, e));
    *told = *told && (p->adds               ? pace_count(&pace, out)
                      : p->type == RT_MONEY ? pace_check(&pace, out)
                                            : pace_share(&pace, out));
    return RC_OK;
}

/* ---- where ---- */

static bool has_parts(const struct looking *x, int64_t team)
{
    for (size_t i = 0; i < x->m.n_teams; i++)
        if (x->m.teams[i][1] == team)
            return true;
    return false;
}

static int64_t id_of(const struct plan *p, enum plan_part kind)
{
    return kind == PART_TEAM ? p->team_id : kind == PART_OWNER ? p->user_id : p->funnel_id;
}

/* Its parts as they were entered, else as the year before gives them. None: it is a part itself. */
static enum rc parts_of(struct looking *x, const struct plan *p, enum plan_part kind, struct plan **parts, size_t *n,
                        struct err *e)
{
    static const enum plan_by by[] = {SPREAD_TEAM, SPREAD_USER, SPREAD_FUNNEL};
    *parts = ARENA_ARRAY(x->call->arena, struct plan, x->n + 1);
    *n = 0;
    for (size_t i = 0; i < x->n; i++) {
        const struct plan *one = &x->all[i];
        if (one->parent_id == p->id && one->period == p->period && one->first == p->first && id_of(one, kind) &&
            str_eq(one->measure, p->measure))
            (*parts)[(*n)++] = *one;
    }
    if (*n > 0 || id_of(p, kind) || (kind == PART_TEAM && p->user_id))
        return RC_OK;
    struct err none = {0};
    enum rc rc = plan_spread(&x->m, p, by[kind], true, parts, n, &none);
    if (rc == RC_UNPROCESSABLE) { /* there is nobody to spread it to */
        *n = 0;
        return RC_OK;
    }
    if (rc != RC_OK)
        *e = none;
    return rc;
}

static void keep_places(struct plan_off *o, struct plan_place *found, size_t n, double all)
{
    for (int k = 0; k < OFF_PLACES; k++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < n; i++)
            if (found[i].share > 0 && found[i].share >= SHARE_LEAST * all &&
                (best == SIZE_MAX || found[i].share > found[best].share))
                best = i;
        if (best == SIZE_MAX)
            return;
        o->places[o->n_places] = found[best];
        o->places[o->n_places++].share /= all;
        found[best].share = 0;
    }
}

static enum rc find_places(struct looking *x, struct plan_off *o, enum plan_part kind, struct err *e)
{
    static const char *const by[] = {"team", "owner", "funnel"};
    const struct plan *p = &o->plan;
    struct plan *parts;
    struct report_result r = {0};
    size_t n;
    enum rc rc;
    TRY(parts_of(x, p, kind, &parts, &n, e));
    if (n < 2)
        return RC_OK;
    struct plan_place *found = ARENA_ARRAY(x->call->arena, struct plan_place, n);
    double all = 0;
    TRY_OUT(forecast(x, p, by[kind], &r, e));
    const char *column = money(p) ? "revenue_expected" : "expected_wins";
    double fresh = number(&r, money(p) ? "fresh_revenue" : "fresh_wins"), open = of_key(&r, column, 0);
    fresh = isfinite(fresh) ? fresh : 0;
    double scale = open + fresh > 0 ? (o->p50 - o->actual) / (open + fresh) : 0;
    for (size_t i = 0; i < n; i++) {
        struct measure_ask ask = {.name = p->measure, .from = p->first, .to = x->today};
        int64_t id = id_of(&parts[i], kind);
        double actual;
        ask.user_id = kind == PART_OWNER ? id : p->user_id;
        ask.team_id = kind == PART_TEAM ? id : p->team_id;
        ask.funnel_id = kind == PART_FUNNEL ? id : p->funnel_id;
        ask.product_id = p->product_id;
        TRY_OUT(measure_value(&x->m, &ask, &actual, e));
        double end =
            (isfinite(actual) ? actual : 0) + scale * (of_key(&r, column, id) + fresh * parts[i].target / p->target);
        double gap = o->above ? end - parts[i].target : parts[i].target - end;
        bool whole = kind == PART_TEAM && has_parts(x, id); /* the teams in it are told of */
        found[i] = (struct plan_place){kind, id, gap > 0 && !whole ? gap : 0, parts[i].target, end};
        all += found[i].share;
    }
    keep_places(o, found, n, all);
out:
    report_result_free(&r);
    return rc;
}

/* The same for measures that are told day by day: each part is foretold by itself. */
static enum rc find_paces(struct looking *x, struct plan_off *o, enum plan_part kind, struct err *e)
{
    struct plan *parts;
    size_t n;
    TRY(parts_of(x, &o->plan, kind, &parts, &n, e));
    if (n < 2)
        return RC_OK;
    struct plan_place *found = ARENA_ARRAY(x->call->arena, struct plan_place, n);
    double all = 0;
    for (size_t i = 0; i < n; i++) {
        struct plan one = o->plan;
        struct pace_end end;
        double actual = 0;
        bool told;
        int64_t id = id_of(&parts[i], kind);
        *(kind == PART_TEAM ? &one.team_id : kind == PART_OWNER ? &one.user_id : &one.funnel_id) = id;
        TRY(by_pace(x, &one, &end, &actual, &told, e));
        double gap = (o->above ? end.p50 - parts[i].target : parts[i].target - end.p50) * (one.adds ? 1 : end.weight);
        bool whole = kind == PART_TEAM && has_parts(x, id); /* the teams in it are told of */
        found[i] = (struct plan_place){kind, id, told && gap > 0 && !whole ? gap : 0, parts[i].target, end.p50};
        all += found[i].share;
    }
    keep_places(o, found, n, all);
    return RC_OK;
}

/* ---- since when ---- */

/* The day after the last one on which it was on the other side of its pace. */
static enum rc find_since(struct looking *x, struct plan_off *o, struct err *e)
{
    struct plan_progress y;
    o->since = o->plan.first;
    for (int64_t day = x->today - 1; day >= o->plan.first; day--) {
        TRY(plan_follow(&x->m, &o->plan, day, &x->calendar, &y, e));
        if (y.expected > 0 && (o->above ? y.actual < y.expected : y.actual >= y.expected)) {
            o->since = day + 1;
            break;
        }
    }
    return RC_OK;
}

/* ---- each plan ---- */

/* p10, p50 and p90; NaN: nothing proves such a forecast yet. */
static enum rc foretell(struct looking *x, const struct plan *p, struct plan_off *o, struct err *e)
{
    bool deals = of_deals(p), told;
    struct report_result r = {0};
    struct pace_end end;
    enum rc rc;
    o->p10 = o->p50 = o->p90 = NAN;
    if (!deals) {
        TRY(by_pace(x, p, &end, &o->actual, &told, e));
        if (!told)
            return RC_OK;
        double least = p->adds ? o->actual : 0; /* what was done today is done */
        o->p10 = fmax(least, end.p10);
        o->p50 = fmax(least, end.p50);
        o->p90 = fmax(least, end.p90);
        return RC_OK;
    }
    TRY_OUT(forecast(x, p, "owner", &r, e));
    o->p10 = o->actual + number(&r, money(p) ? "total_revenue_p10" : "total_wins_p10");
    o->p50 = o->actual + number(&r, money(p) ? "total_revenue_p50" : "total_wins_p50");
    o->p90 = o->actual + number(&r, money(p) ? "total_revenue_p90" : "total_wins_p90");
out:
    report_result_free(&r);
    return rc;
}

static enum rc look(struct looking *x, const struct plan *p, struct plan_off *o, bool *off, struct err *e)
{
    struct plan_progress y;
    *o = (struct plan_off){.plan = *p};
    *off = false;
    TRY(plan_follow(&x->m, p, x->today, &x->calendar, &y, e));
    o->actual = isfinite(y.actual) ? y.actual : 0;
    TRY(foretell(x, p, o, e));
    if (!isfinite(o->p10) || !isfinite(o->p50) || !isfinite(o->p90))
        return RC_OK;
    double reached = plan_chance(o->p10, o->p50, o->p90, p->target);
    o->above = o->p50 > p->target;
    o->chance = o->above ? 1 - reached : reached;
    *off = o->chance < OFF_CHANCE && fabs(o->p50 - p->target) >= OFF_LEAST * p->target &&
           !(p->adds && o->above && o->actual >= p->target); /* reached already: everybody sees that */
    if (!*off)
        return RC_OK;
    TRY(find_since(x, o, e));
    for (int kind = 0; kind < PART_KINDS; kind++)
        TRY((of_deals(p) ? find_places : find_paces)(x, o, (enum plan_part)kind, e));
    return RC_OK;
}

/* To the end of the last plan. */
static void find_working_days(struct looking *x)
{
    size_t n = (size_t)(x->today - x->m.first) + AHEAD_MOST + 1;
    x->works = ARENA_ARRAY(x->call->arena, uint8_t, n);
    for (size_t i = 0; i < n; i++)
        x->works[i] = calendar_working_days(&x->calendar, x->m.first + (int64_t)i, x->m.first + (int64_t)i) > 0;
}

enum rc plans_off(const struct report_call *c, int64_t today, struct plan_off **out, size_t *n, struct err *e)
{
    struct looking x = {.call = c, .today = today};
    int64_t first = today;
    enum rc rc;
    *n = 0;
    TRY(plan_list(c, &(struct plan_ask){.day = today, .period = -1}, &x.all, &x.n, e));
    *out = ARENA_ARRAY(c->arena, struct plan_off, x.n + 1);
    for (size_t i = 0; i < x.n; i++)
        first = x.all[i].first < first ? x.all[i].first : first;
    if (x.n == 0)
        return RC_OK;
    TRY(calendar_of_user(c->db, c->arena, 0, &x.calendar, e));
    TRY_OUT(measures_open(&x.m, c, first - 364, today, e));
    find_working_days(&x);
    for (size_t i = 0; i < x.n; i++) {
        bool off;
        if (!foretold(&x.all[i], today))
            continue;
        TRY_OUT(look(&x, &x.all[i], &(*out)[*n], &off, e));
        *n += off;
    }
out:
    measures_close(&x.m);
    return rc;
}
