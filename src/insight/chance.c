/* The chance of a deal: what the visits of others say about it. */
#include "insight/chance.h"
#include "base/time.h"
#include "crm/fields.h"
#include "store/db.h"
#include <math.h>
#include <string.h>

/* ---- by age ---- */

static int by_age(const void *x, const void *y)
{
    const struct age_life *a = x, *b = y;
    return a->age < b->age ? -1 : a->age > b->age;
}

void ages_learn(struct ages *g, struct arena *a, struct age_life *lives, size_t n)
{
    double open = 1, won = 0, lost = 0;
    *g = (struct ages){.n_lives = n, .longest_win = -1};
    if (n > 0)
        qsort(lives, n, sizeof *lives, by_age);
    g->at = ARENA_ARRAY(a, int64_t, n + 1);
    g->won = ARENA_ARRAY(a, double, n + 1);
    g->lost = ARENA_ARRAY(a, double, n + 1);
    g->open = ARENA_ARRAY(a, double, n + 1);
    g->at_risk = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; i < n;) {
        size_t k = i;
        int64_t d[3] = {0}, at_risk = (int64_t)(n - i);
        for (; k < n && lives[k].age == lives[i].age; k++)
            d[lives[k].cause % 3]++;
        if (d[DEAL_WON] + d[DEAL_LOST] > 0) {
            won += open * (double)d[DEAL_WON] / (double)at_risk;
            lost += open * (double)d[DEAL_LOST] / (double)at_risk;
            open *= 1 - (double)(d[DEAL_WON] + d[DEAL_LOST]) / (double)at_risk;
            g->at[g->n] = lives[i].age;
            g->won[g->n] = won;
            g->lost[g->n] = lost;
            g->open[g->n] = open;
            g->at_risk[g->n++] = at_risk;
        }
        if (d[DEAL_WON] > 0)
            g->longest_win = lives[i].age;
        i = k;
    }
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

/* stays: every stay in an open stage is told to it; NULL: nobody asks. */
static bool follow(const struct chance *m, const struct projection_view *v, size_t row, int64_t at,
                   struct chance_deal *d, struct semi *stays)
{
    const struct facts *deals = &v->facts[FACT_DEAL];
    struct visits ways = visits_of(v, row);
    if (deals->deleted_at != NULL && deals->deleted_at[row] <= at)
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
    if (deals->deleted_at != NULL && deals->deleted_at[row] <= at)
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

void chance_learn(struct chance *m, const struct projection_view *v, const struct chance_spec *spec)
{
    const struct facts *deals = &v->facts[FACT_DEAL];
    chance_free(m);
    m->spec = *spec;
    m->spec.most = spec->most > 0 ? spec->most : CHANCE_DEALS_MOST;
    m->spec.bin = spec->bin > 0 ? spec->bin : spec->horizon / 48;
    m->every = deals->n / m->spec.most + 1;
    m->n_learned = 0;
    if (m->n_of != v->n_stages || m->of == NULL)
        map_stages(m, v);
    m->by_stage = semi_new(m->arena, m->n_of, m->ends, spec->horizon, m->spec.bin);
    struct life_list *lives = calloc(m->n_funnels + 1, sizeof *lives);
    for (size_t i = 0; i < deals->n; i += m->every) {
        struct chance_deal d;
        if (!follow(m, v, i, spec->as_of, &d, m->by_stage))
            continue;
        struct age_life life = {(d.cause == DEAL_OPEN ? spec->as_of : d.exit) - d.entry, d.cause};
        vec_push(&lives[m->funnel[d.stage]], life);
        m->n_learned++;
    }
    semi_solve(m->by_stage);
    m->by_age = ARENA_ARRAY(m->arena, struct ages, m->n_funnels + 1);
    for (size_t i = 0; i < m->n_funnels; i++) {
        ages_learn(&m->by_age[i], m->arena, lives[i].ptr, lives[i].len);
        vec_free(&lives[i]);
    }
    free(lives);
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
