/* 12. Open deals by their age: over the norm of the stage, older in it than nine stays of ten, forgotten. */
#include "crm/fields.h"
#include "insight/money.h"
#include "insight/spread.h"
#include "insight/walk.h"
#include <math.h>

enum { STANDS, WEEK, MONTH, QUARTER, OLDER, OVER_NORM, OVER_P90, ZOMBIES, COUNTS };
static const char *const counts[] = {"stands",    "age_week",  "age_month", "age_quarter",
                                     "age_older", "over_norm", "over_p90",  "zombies"};
enum { G_STANDS, G_STUCK, G_ZOMBIES, GROUP_COUNTS };
static const char *const group_counts[] = {"stands", "stuck", "zombies"};
enum { OLDEST_MOST = 50 };

static const struct report_param params[] = {POP_FUNNEL, POP_REST};
static const struct report_column columns[] = {
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "stands", .type = RT_INT, .drill = true},
    {.id = "age_week", .type = RT_INT, .drill = true},
    {.id = "age_month", .type = RT_INT, .drill = true},
    {.id = "age_quarter", .type = RT_INT, .drill = true},
    {.id = "age_older", .type = RT_INT, .drill = true},
    {.id = "median_age_days", .type = RT_DAYS},
    {.id = "norm_days", .type = RT_DAYS},
    {.id = "over_norm", .type = RT_INT, .drill = true},
    {.id = "p90_days", .type = RT_DAYS},
    {.id = "over_p90", .type = RT_INT, .drill = true},
    {.id = "zombies", .type = RT_INT, .drill = true},
    {.id = "value", .type = RT_MONEY},
    {.id = "stuck_value", .type = RT_MONEY},
};
static const struct report_column group_columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "stands", .type = RT_INT, .drill = true},
    {.id = "stuck", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
    {.id = "zombies", .type = RT_INT, .drill = true},
};
static const struct report_column oldest_columns[] = {
    {.id = "deal", .type = RT_TEXT},      {.id = "deal_id", .type = RT_ID, .ref = "deals"},
    {.id = "stage", .type = RT_TEXT},     {.id = "in_stage_days", .type = RT_DAYS},
    {.id = "life_days", .type = RT_DAYS},
};

struct oldest {
    int64_t id, in_stage, life;
    int stage;
};
struct ageing {
    struct pop p;
    struct money *money;
    bool money_seen;
    struct tally t, groups;
    int64_t *keys, *value, *stuck_value; /* by stage */
    struct spread *stays, *ages;         /* by stage: times in it, ages of those in it now */
    double *p90;
    int64_t longest_win, wins; /* ms */
    int64_t open, stuck, zombies, hidden;
    struct oldest oldest[OLDEST_MOST];
    size_t n_oldest;
};

/* Times in stages of every deal, for the p90 that says what is usual; the slowest win. */
static void learn(struct ageing *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    for (size_t i = 0; i < p->n_all; i++) {
        const struct pop_deal *d = &p->d[i];
        if (d->cause == DEAL_WON) {
            x->wins++;
            x->longest_win = d->exit - d->entry > x->longest_win ? d->exit - d->entry : x->longest_win;
        }
        walk_deal(p, d, &w);
        for (size_t k = 0; k < w.n; k++) {
            bool last = k + 1 == w.n;
            if (w.s[k].passed || !stage_open(p, (size_t)w.s[k].stage) || (last && d->cause != DEAL_OPEN))
                continue;
            spread_add(&x->stays[w.s[k].stage], w.s[k].until - w.s[k].at, walk_censored(&w, k));
        }
    }
    walk_free(&w);
    for (size_t s = 0; s < p->n_stages; s++) {
        bool enough = x->stays[s].n_over >= POP_TOLD;
        x->p90[s] = enough ? spread_km(&x->stays[s], 0.9) : NAN;
    }
}

static void keep_oldest(struct ageing *x, struct oldest o)
{
    size_t i = x->n_oldest < OLDEST_MOST ? x->n_oldest++ : OLDEST_MOST;
    if (i == OLDEST_MOST && o.in_stage <= x->oldest[OLDEST_MOST - 1].in_stage)
        return;
    for (i = i == OLDEST_MOST ? OLDEST_MOST - 1 : i; i > 0 && x->oldest[i - 1].in_stage < o.in_stage; i--)
        x->oldest[i] = x->oldest[i - 1];
    x->oldest[i] = o;
}

static void one(struct ageing *x, const struct pop_deal *d, int64_t worth)
{
    struct pop *p = &x->p;
    size_t s = (size_t)d->stage;
    int64_t id = pop_id(p, d), here = p->as_of - d->stage_since, norm = p->stages[s].norm_days * MS_DAY;
    bool over_norm = norm > 0 && here > norm, over_p90 = isfinite(x->p90[s]) && (double)here > x->p90[s];
    bool zombie = x->wins > 0 && p->as_of - d->entry > x->longest_win, stuck = over_norm || over_p90;
    tally_add(&x->groups, d->group, G_STANDS, id);
    if (stuck)
        tally_add(&x->groups, d->group, G_STUCK, id);
    if (zombie)
        tally_add(&x->groups, d->group, G_ZOMBIES, id);
    if (d->again)
        return;
    tally_add(&x->t, s, STANDS, id);
    tally_add(&x->t, s,
              here <= 7 * MS_DAY    ? WEEK
              : here <= 30 * MS_DAY ? MONTH
              : here <= 90 * MS_DAY ? QUARTER
                                    : OLDER,
              id);
    if (over_norm)
        tally_add(&x->t, s, OVER_NORM, id);
    if (over_p90)
        tally_add(&x->t, s, OVER_P90, id);
    if (zombie)
        tally_add(&x->t, s, ZOMBIES, id);
    spread_add(&x->ages[s], here, false);
    x->value[s] += worth;
    x->stuck_value[s] += stuck ? worth : 0;
    x->open++;
    x->stuck += stuck;
    x->zombies += zombie;
    if (stuck || zombie)
        keep_oldest(x, (struct oldest){id, here, p->as_of - d->entry, d->stage});
}

static void scan(struct ageing *x)
{
    struct pop *p = &x->p;
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), currency = pop_column(p, DEAL_CURRENCY);
    money_column(x->money, &currency);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        if (d->cause != DEAL_OPEN || d->left || d->stage < 0)
            continue;
        int64_t minor = fact_get(&value, d->row), worth = 0;
        if (!x->money_seen || minor == FACT_NULL ||
            !money_in(x->money, fact_get(&currency, d->row), minor, p->as_of, &worth))
            worth = 0;
        one(x, d, worth);
    }
}

static void put_rows(struct ageing *x)
{
    struct pop *p = &x->p;
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t s = 0; s < p->n_stages; s++) {
        const struct pop_stage *st = &p->stages[s];
        int64_t n[COUNTS];
        for (size_t k = 0; k < COUNTS; k++)
            n[k] = tally_of(&x->t, s, k);
        if (st->outcome != DEAL_OPEN || (st->gone && n[STANDS] == 0))
            continue;
        struct cell cells[] = {
            cell_s(st->name),
            cell_i(st->id),
            cell_i(n[STANDS]),
            cell_i(n[WEEK]),
            cell_i(n[MONTH]),
            cell_i(n[QUARTER]),
            cell_i(n[OLDER]),
            walk_days(spread_quantile(&x->ages[s], 0.5)),
            st->norm_days > 0 ? cell_i(st->norm_days) : cell_null(),
            st->norm_days > 0 ? cell_i(n[OVER_NORM]) : cell_null(),
            walk_days(x->p90[s]),
            isfinite(x->p90[s]) ? cell_i(n[OVER_P90]) : cell_null(),
            x->wins > 0 ? cell_i(n[ZOMBIES]) : cell_null(),
            x->money_seen ? cell_i(x->value[s]) : cell_null(),
            x->money_seen ? cell_i(x->stuck_value[s]) : cell_null(),
        };
        report_row_key(&p->result->main, st->id, cells);
    }
}

static enum rc put_oldest(struct ageing *x, struct err *e)
{
    struct pop *p = &x->p;
    struct report_table *t =
        report_table_add(p->result, "oldest", oldest_columns, sizeof oldest_columns / sizeof *oldest_columns);
    for (size_t i = 0; i < x->n_oldest; i++) {
        const struct oldest *o = &x->oldest[i];
        struct str name;
        TRY(pop_name_of(p, ENT_DEAL, o->id, &name, e));
        struct cell cells[] = {cell_s(name), cell_i(o->id), cell_s(p->stages[o->stage].name),
                               walk_days((double)o->in_stage), walk_days((double)o->life)};
        report_row(t, cells);
    }
    return RC_OK;
}

static void put_words(const struct ageing *x)
{
    const struct pop *p = &x->p;
    int64_t value = 0, stuck = 0;
    for (size_t s = 0; s < p->n_stages; s++) {
        value += x->value[s];
        stuck += x->stuck_value[s];
    }
    report_sum_counted(p->result, "open", x->open);
    report_sum_counted(p->result, "stuck", x->stuck);
    if (x->wins > 0)
        report_sum_counted(p->result, "zombies", x->zombies);
    else
        report_sum(p->result, "zombies", RT_INT, cell_null());
    report_sum(p->result, "slowest_win_days", RT_DAYS, x->wins > 0 ? walk_days((double)x->longest_win) : cell_null());
    report_sum(p->result, "value", RT_MONEY, x->money_seen ? cell_i(value) : cell_null());
    report_sum(p->result, "stuck_value", RT_MONEY, x->money_seen ? cell_i(stuck) : cell_null());
    if (x->open == 0)
        return;
    struct str args[] = {tell_n(p->call, x->stuck), tell_n(p->call, x->open), tell_n(p->call, x->zombies),
                         tell_days(p->call, (double)x->longest_win)};
    report_verdict(p->call, p->result,
                   x->stuck == 0 && x->zombies == 0 ? "ageing_fine"
                   : x->wins > 0                    ? "ageing_zombies"
                                                    : "ageing",
                   args, 4);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct ageing x = {.money_seen = money_seen(c)};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .by = "owner"}, e);
    if (rc != RC_OK)
        goto out;
    TRY_OUT(money_load(&x.money, c, p->zone, e));
    pop_lock(p);
    x.keys = ARENA_ARRAY(c->arena, int64_t, p->n_stages + 1);
    x.value = ARENA_ARRAY(c->arena, int64_t, p->n_stages + 1);
    x.stuck_value = ARENA_ARRAY(c->arena, int64_t, p->n_stages + 1);
    x.p90 = ARENA_ARRAY(c->arena, double, p->n_stages + 1);
    for (size_t s = 0; s < p->n_stages; s++)
        x.keys[s] = p->stages[s].id;
    x.t = tally_new(c, r, "rows", p->n_stages, x.keys, counts, COUNTS);
    x.groups = tally_new(c, r, "groups", p->n_groups, pop_keys(p), group_counts, GROUP_COUNTS);
    x.stays = spreads_new(p->n_stages);
    x.ages = spreads_new(p->n_stages);
    learn(&x);
    scan(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    put_rows(&x);
    walk_groups(p, &x.groups, group_columns, sizeof group_columns / sizeof *group_columns, 2, &x.hidden);
    TRY_OUT(put_oldest(&x, e));
    put_words(&x);
    pop_notes(p);
    money_notes(x.money, c, r);
    walk_hidden(p, x.hidden);
out:
    spreads_free(x.stays, p->n_stages);
    spreads_free(x.ages, p->n_stages);
    pop_free(p);
    return rc;
}

const struct report report_ageing = {.id = "ageing",
                                     .question = "report.ageing.question",
                                     .params = params,
                                     .n_params = sizeof params / sizeof *params,
                                     .run = run,
                                     .group = "funnel",
                                     .definition = 1,
                                     .chart = {.kind = CHART_BARS, .x = "stage", .y = "stands", .y2 = "over_p90"}};
