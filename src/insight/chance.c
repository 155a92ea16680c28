/* The chance of a deal: what the visits of others say about it. */
#include "insight/chance.h"
#include "base/time.h"
#include "crm/fields.h"
#include "insight/rank.h"
#include "store/db.h"
#include <math.h>
#include <string.h>

/* ---- by age ---- */

void ages_learn(struct ages *g, struct arena *a, const struct age_life *lives, size_t n)
{
    double open = 1, won = 0, lost = 0;
    struct ranked *by_age = malloc((n + 1) * sizeof *by_age);
    if (by_age == NULL)
        abort();
    *g = (struct ages){.n_lives = n, .longest_win = -1};
    for (size_t i = 0; i < n; i++)
        by_age[i] = (struct ranked){lives[i].age > 0 ? (uint64_t)lives[i].age : 0, lives[i].cause % 3};
    rank_sort(by_age, n);
    g->at = arena_alloc(a, (n + 1) * sizeof *g->at);
    g->won = arena_alloc(a, (n + 1) * sizeof *g->won);
    g->lost = arena_alloc(a, (n + 1) * sizeof *g->lost);
    g->open = arena_alloc(a, (n + 1) * sizeof *g->open);
    g->at_risk = arena_alloc(a, (n + 1) * sizeof *g->at_risk);
    for (size_t i = 0; i < n;) {
        size_t k = i;
        int64_t d[3] = {0}, at_risk = (int64_t)(n - i), age = (int64_t)by_age[i].key;
        for (; k < n && by_age[k].key == by_age[i].key; k++)
            d[by_age[k].of]++;
        if (d[DEAL_WON] + d[DEAL_LOST] > 0) {
            won += open * (double)d[DEAL_WON] / (double)at_risk;
            lost += open * (double)d[DEAL_LOST] / (double)at_risk;
            open *= 1 - (double)(d[DEAL_WON] + d[DEAL_LOST]) / (double)at_risk;
            g->at[g->n] = age;
            g->won[g->n] = won;
            g->lost[g->n] = lost;
            g->open[g->n] = open;
            g->at_risk[g->n++] = at_risk;
        }
        if (d[DEAL_WON] > 0)
            g->longest_win = age;
        i = k;
    }
    free(by_age);
}

/* How many of the ages are not later. */
static size_t upto(const struct ages *g, int64_t age)
{
    size_t low = 0, high = g->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (g->at[mid] <= age)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

double ages_chance(const struct ages *g, enum deal_status cause, int64_t age, int64_t h, double *at_risk)
{
    const double *f = cause == DEAL_WON ? g->won : g->lost;
    size_t i = upto(g, age), k = upto(g, age + h);
    double open = i > 0 ? g->open[i - 1] : 1;
    if (at_risk != NULL)
        *at_risk = i < g->n ? (double)g->at_risk[i] : 0;
    if (k <= i || open < 1e-9)
        return 0;
    return fmin(1, (f[k - 1] - (i > 0 ? f[i - 1] : 0)) / open);
}

/* ---- stages ---- */

enum rc chance_read(struct chance **out, struct arena *a, struct db *db, struct err *e)
{
    struct chance *m = ARENA_NEW(a, struct chance);
    VEC(struct chance_stage) found = {0};
    struct stmt *s;
    enum rc rc;
    m->arena = a;
    *out = m;
    TRY(db_prepare(db, &s, "SELECT id, funnel_id, outcome, probability FROM stage ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct chance_stage one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), (uint8_t)stmt_col_i64(s, 2),
                                   (int8_t)(stmt_col_null(s, 3) ? -1 : stmt_col_i64(s, 3))};
        vec_push(&found, one);
    }
    stmt_done(s);
    m->n_stages = found.len;
    m->stages = ARENA_ARRAY(a, struct chance_stage, found.len + 1);
    if (found.len)
        memcpy(m->stages, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

static int by_id(const void *x, const void *y)
{
    const struct chance_stage *a = x, *b = y;
    return a->id < b->id ? -1 : a->id > b->id;
}

static uint16_t funnel_index(int64_t *funnels, size_t *n, int64_t id)
{
    size_t i = 0;
    while (i < *n && funnels[i] != id)
        i++;
    if (i == *n)
        funnels[(*n)++] = id;
    return (uint16_t)i;
}

/* What the stages of the view are, by their index in it. */
static void map_stages(struct chance *m, const struct projection_view *v)
{
    struct arena *a = m->arena;
    m->n_of = v->n_stages;
    m->of = ARENA_ARRAY(a, const struct chance_stage *, m->n_of + 1);
    m->ends = ARENA_ARRAY(a, uint8_t, m->n_of + 1);
    m->funnel = ARENA_ARRAY(a, uint16_t, m->n_of + 1);
    int64_t *funnels = ARENA_ARRAY(a, int64_t, m->n_of + 2);
    m->n_funnels = 0;
    for (size_t i = 0; i < m->n_of; i++) {
        struct chance_stage key = {.id = v->stage_ids[i]};
        m->of[i] = bsearch(&key, m->stages, m->n_stages, sizeof *m->stages, by_id);
        m->ends[i] = m->of[i] != NULL ? m->of[i]->outcome : DEAL_OPEN;
        m->funnel[i] = funnel_index(funnels, &m->n_funnels, m->of[i] != NULL ? m->of[i]->funnel_id : 0);
    }
}

/* ---- one deal ---- */

static void stand(struct chance_deal *out, const struct chance_deal *d, int64_t at)
{
    *out = *d;
    if (d->cause == DEAL_OPEN)
        out->exit = at;
}

struct chance_range chance_follow(const struct chance *m, const struct projection_view *v, size_t row,
                                  const int64_t *at, size_t n, struct chance_deal *out, struct chance_ended_list *ended)
{
    const int64_t *deleted_at = v->facts[FACT_DEAL].deleted_at;
    struct visits ways = visits_of(v, row);
    struct chance_deal d = {.stage = CHANCE_NOWHERE};
    size_t i = 0, first = 0;
    while (n > 0 && deleted_at != NULL && deleted_at[row] <= at[n - 1])
        n--;
    for (size_t k = 0; k < ways.n && i < n; k++) {
        int64_t when = visit_at(ways.packed[k]);
        uint32_t stage = visit_stage(ways.packed[k]);
        while (i < n && at[i] < when) {
            if (d.stage != CHANCE_NOWHERE)
                stand(&out[i], &d, at[i]);
            i++;
        }
        if (i == n || stage >= m->n_of || m->of[stage] == NULL || visit_passed(ways.packed[k]) || stage == d.stage)
            continue;
        if (d.stage == CHANCE_NOWHERE) {
            d.entry = when;
            first = i;
        } else if (ended != NULL && m->ends[d.stage] == DEAL_OPEN) {
            struct chance_ended one = {d.stage, stage, (uint32_t)i, when - d.since};
            vec_push(ended, one);
        }
        if (m->ends[stage] != d.cause)
            d.exit = when;
        d.cause = m->ends[stage];
        d.stage = stage;
        d.since = when;
    }
    if (d.stage == CHANCE_NOWHERE)
        return (struct chance_range){0, 0};
    for (; i < n; i++)
        stand(&out[i], &d, at[i]);
    return (struct chance_range){first, n};
}

/* stays: every stay in an open stage is told to it; NULL: nobody asks. */
static bool follow(const struct chance *m, const struct projection_view *v, size_t row, int64_t at,
                   struct chance_deal *d, struct semi *stays)
{
    const struct facts *deals = &v->facts[FACT_DEAL];
    struct visits ways = visits_of(v, row);
    if (fact_gone_at(deals, row, at))
        return false;
    *d = (struct chance_deal){.stage = CHANCE_NOWHERE, .exit = at};
    for (size_t i = 0; i < ways.n; i++) {
        int64_t when = visit_at(ways.packed[i]);
        uint32_t stage = visit_stage(ways.packed[i]);
        if (when > at)
            break;
        if (stage >= m->n_of || m->of[stage] == NULL || visit_passed(ways.packed[i]) || stage == d->stage)
            continue;
        if (d->stage == CHANCE_NOWHERE)
            d->entry = when;
        else if (stays != NULL && m->ends[d->stage] == DEAL_OPEN)
            semi_add(stays, d->stage, stage, when - d->since);
        if (m->ends[stage] != d->cause)
            d->exit = m->ends[stage] == DEAL_OPEN ? at : when;
        d->cause = m->ends[stage];
        d->stage = stage;
        d->since = when;
    }
    if (d->stage == CHANCE_NOWHERE)
        return false;
    if (stays != NULL && d->cause == DEAL_OPEN)
        semi_add(stays, d->stage, CHANCE_NOWHERE, at - d->since);
    return true;
}

struct chance_range chance_deal_when(const struct chance *m, const struct projection_view *v, size_t row,
                                     const int64_t *at, size_t n, struct chance_deal *out)
{
    return chance_follow(m, v, row, at, n, out, NULL);
}

bool chance_deal_at(const struct chance *m, const struct projection_view *v, size_t row, int64_t at,
                    struct chance_deal *out)
{
    return follow(m, v, row, at, out, NULL);
}

size_t chance_stays(const struct chance *m, const struct projection_view *v, size_t row, int64_t at,
                    struct chance_stay *out)
{
    const struct facts *deals = &v->facts[FACT_DEAL];
    struct visits ways = visits_of(v, row);
    uint32_t stage = CHANCE_NOWHERE;
    size_t n = 0;
    if (fact_gone_at(deals, row, at))
        return 0;
    for (size_t i = 0; i < ways.n && visit_at(ways.packed[i]) <= at; i++) {
        uint32_t to = visit_stage(ways.packed[i]);
        if (to >= m->n_of || m->of[to] == NULL || visit_passed(ways.packed[i]) || to == stage)
            continue;
        if (stage != CHANCE_NOWHERE && m->ends[stage] == DEAL_OPEN) {
            out[n - 1].until = visit_at(ways.packed[i]);
            out[n - 1].to = to;
        }
        stage = to;
        if (m->ends[to] != DEAL_OPEN)
            continue;
        if (n == CHANCE_STAYS_MOST)
            return n;
        out[n++] = (struct chance_stay){visit_at(ways.packed[i]), FACT_NEVER, to, CHANCE_NOWHERE};
    }
    return n;
}

/* ---- learning ---- */

void chance_free(struct chance *m)
{
    if (m == NULL)
        return;
    semi_free(m->by_stage);
    m->by_stage = NULL;
}

struct life_list {
    struct age_life *ptr;
    size_t len, cap;
};

static void learn_ages(struct chance *m, struct life_list *lives)
{
    m->by_age = ARENA_ARRAY(m->arena, struct ages, m->n_funnels + 1);
    for (size_t i = 0; i < m->n_funnels; i++) {
        ages_learn(&m->by_age[i], m->arena, lives[i].ptr, lives[i].len);
        vec_free(&lives[i]);
    }
    free(lives);
}

void chance_begin(struct chance *m, const struct projection_view *v, const struct chance_spec *spec)
{
    chance_free(m);
    m->spec = *spec;
    m->spec.most = spec->most > 0 ? spec->most : CHANCE_DEALS_MOST;
    m->spec.bin = spec->bin > 0 ? spec->bin : spec->horizon / 48;
    m->every = v->facts[FACT_DEAL].n / m->spec.most + 1;
    m->n_learned = 0;
    if (m->n_of != v->n_stages || m->of == NULL)
        map_stages(m, v);
    m->by_stage = semi_new(m->arena, m->n_of, m->ends, spec->horizon, m->spec.bin);
}

/* stays: told to by_stage, too. */
static void look(struct chance *m, const struct projection_view *v, int64_t at, struct semi *stays)
{
    struct life_list *lives = calloc(m->n_funnels + 1, sizeof *lives);
    if (lives == NULL)
        abort();
    for (size_t i = 0; i < v->facts[FACT_DEAL].n; i += m->every) {
        struct chance_deal d;
        if (!follow(m, v, i, at, &d, stays))
            continue;
        struct age_life life = {(d.cause == DEAL_OPEN ? at : d.exit) - d.entry, d.cause};
        vec_push(&lives[m->funnel[d.stage]], life);
        m->n_learned++;
    }
    if (stays != NULL)
        semi_solve(stays);
    learn_ages(m, lives);
}

void chance_learn(struct chance *m, const struct projection_view *v, const struct chance_spec *spec)
{
    chance_begin(m, v, spec);
    look(m, v, spec->as_of, m->by_stage);
}

void chance_ages(struct chance *m, const struct projection_view *v, int64_t at)
{
    m->n_learned = 0;
    look(m, v, at, NULL);
}

double chance_of(const struct chance *m, enum chance_model model, const struct chance_deal *d, int64_t at, int64_t h,
                 double *at_risk)
{
    if (at_risk != NULL)
        *at_risk = 0;
    if (d->cause != DEAL_OPEN || d->stage == CHANCE_NOWHERE)
        return d->cause == DEAL_WON;
    if (model == CHANCE_BY_STAGE && m->by_stage->left[d->stage] >= CHANCE_FEW)
        return semi_chance(m->by_stage, d->stage, at - d->since, h, at_risk);
    return ages_chance(&m->by_age[m->funnel[d->stage]], DEAL_WON, at - d->entry, h, at_risk);
}
