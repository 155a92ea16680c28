/* The chance of one deal: by its stage and age, and by what was known when it was created. What is learned from the
 * whole company is kept for a while: fifty times as long as learning took, ten minutes at most, and never over a change
 * of stages. Where the deal stands and for how long is never kept. */
#include "insight/chance.h"
#include "api/inside.h"
#include "base/time.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "insight/scoring.h"
#include <math.h>
#include <pthread.h>

#define WAIT_MS 5000
#define AHEAD_DAYS 90
#define AHEAD_MOST 365
#define KEPT_TIMES 50
#define KEPT_MOST (600 * MS_SECOND)

static struct {
    pthread_mutex_t mutex;
    struct arena arena;
    const struct projection *of; /* NULL: nothing is kept */
    struct chance *chance;
    struct scoring *scoring; /* NULL: too few deals */
    struct zone *zone;
    int64_t learned_at, took;
    size_t n_stages;
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

struct answer {
    struct call *c;
    int64_t days;
    struct chance_deal deal;
    double rate, by_age, at_risk, typed, score;
    int64_t learned_at;
    struct scoring_quality quality;
    bool scored;
    struct score_effect effects[SCORE_FIELDS];
    struct str texts[SCORE_FIELDS];
    size_t n_effects;
};

static void forget(void)
{
    chance_free(kept.chance);
    zone_free(kept.zone);
    arena_free(&kept.arena);
    kept.of = NULL;
    kept.chance = NULL;
    kept.scoring = NULL;
    kept.zone = NULL;
}

static bool fresh(const struct call *c, const struct projection_view *v, int64_t now)
{
    return kept.of == c->app->projection && kept.n_stages == v->n_stages && now >= kept.learned_at &&
           now - kept.learned_at <= KEPT_TIMES * kept.took && now - kept.learned_at <= KEPT_MOST;
}

/* The stages were read before the lock, in case they are needed. */
static void learn(struct call *c, struct chance *read, const struct projection_view *v, int64_t now)
{
    int64_t began = time_monotonic();
    kept.chance = read;
    chance_learn(kept.chance, v,
                 &(struct chance_spec){.as_of = now, .horizon = AHEAD_MOST * MS_DAY, .bin = 2 * MS_DAY});
    kept.scoring = scoring_learn(&kept.arena, v, kept.chance, now, kept.zone);
    kept.of = c->app->projection;
    kept.n_stages = v->n_stages;
    kept.learned_at = now;
    kept.took = time_monotonic() - began;
}

/* What belongs to the view is copied out of it. */
static void ask(struct answer *x, const struct projection_view *v, uint32_t row, int64_t now)
{
    struct arena *a = x->c->r->arena;
    const struct facts *deals = &v->facts[FACT_DEAL];
    int64_t h = x->days * MS_DAY, said = fact_get(fact_column(deals, DEAL_PROBABILITY), row);
    x->deal.stage = CHANCE_NOWHERE;
    x->learned_at = kept.learned_at;
    if (!chance_deal_at(kept.chance, v, row, now, &x->deal))
        return;
    x->rate = chance_of(kept.chance, CHANCE_BY_STAGE, &x->deal, now, h, &x->at_risk);
    x->by_age = chance_of(kept.chance, CHANCE_BY_AGE, &x->deal, now, h, NULL);
    const struct chance_stage *stage = kept.chance->of[x->deal.stage];
    said = said == FACT_NULL ? stage->probability : said;
    x->typed = said < 0 || said == FACT_NULL ? NAN : (double)said / 100;
    if (kept.scoring == NULL)
        return;
    x->quality = scoring_quality_of(kept.scoring);
    x->scored = true;
    x->score = scoring_of(kept.scoring, v, row, x->effects, &x->n_effects);
    for (size_t i = 0; i < x->n_effects; i++) {
        const struct score_effect *f = &x->effects[i];
        const struct fact_column *c = fact_column(&v->facts[f->company ? FACT_COMPANY : FACT_DEAL], f->field);
        if (f->field >= 0 && c->kind == FC_TEXT)
            x->texts[i] = str_dup(a, fact_text(c, f->value));
    }
}

static enum rc look(struct answer *x, struct err *e)
{
    struct call *c = x->c;
    int64_t now = time_now();
    enum rc rc = RC_OK;
    pthread_mutex_lock(&kept.mutex);
    struct projection_view v = projection_lock(c->app->projection);
    bool usable = fresh(c, &v, now);
    projection_unlock(c->app->projection);
    struct chance *read = NULL;
    struct str zone;
    if (!usable) {
        forget();
        TRY_OUT(chance_read(&read, &kept.arena, c->db, e));
        TRY_OUT(setting_get(c->db, c->r->arena, "time_zone", "Europe/Moscow", &zone, e));
        kept.zone = zone_load(str_cdup(c->r->arena, zone));
    }
    v = projection_lock(c->app->projection);
    uint32_t row = fact_row(&v.facts[FACT_DEAL], c->id);
    if (!usable)
        learn(c, read, &v, now);
    if (row != FACT_NO_ROW)
        ask(x, &v, row, now);
    projection_unlock(c->app->projection);
out:
    if (rc != RC_OK)
        forget();
    pthread_mutex_unlock(&kept.mutex);
    return rc;
}

/* ---- the answer ---- */

static void put_rate(struct jw *w, const char *key, double v)
{
    jw_key(w, key);
    if (isfinite(v))
        jw_f64(w, v);
    else
        jw_null(w);
}

static void put_value(struct jw *w, const struct score_effect *f, const struct field *fd, struct str text)
{
    jw_key(w, "value");
    if (f->value == FACT_NULL)
        jw_null(w);
    else if (fd == NULL)
        jw_i64(w, f->value + 1); /* the day of the week, Monday is 1 */
    else if (text.ptr != NULL)
        jw_str(w, text);
    else if (fd->type == FT_ENUM)
        jw_c(w, fd->names[f->value]);
    else if (fd->type == FT_BOOL)
        jw_bool(w, f->value != 0);
    else
        jw_i64(w, f->value);
}

static void put_effect(struct jw *w, const struct answer *x, size_t i)
{
    const struct score_effect *f = &x->effects[i];
    const struct entity *ent = entity_by_id(f->company ? ENT_COMPANY : ENT_DEAL);
    const struct field *fd = f->field >= 0 ? &ent->fields[f->field] : NULL;
    const struct rights *r = x->c->rights;
    if (fd != NULL && !rights_sees_field(r, ent, f->field))
        return;
    if (f->company &&
        (!rights_all_rows(r, ent, RIGHT_SEE) || !rights_sees_field(r, entity_by_id(ENT_DEAL), DEAL_COMPANY_ID)))
        return;
    jw_obj(w);
    if (fd == NULL)
        jw_kc(w, "field", "weekday");
    else
        jw_kstr(w, "field", str_fmt(x->c->r->arena, "%s%s", f->company ? "company_id." : "", fd->name));
    put_value(w, f, fd, x->texts[i]);
    put_rate(w, "effect", f->effect);
    jw_end_obj(w);
}

/* Only where it is better than one rate for all. */
static void put_score(struct jw *w, const struct answer *x)
{
    const struct scoring_quality *q = &x->quality;
    jw_key(w, "score");
    if (!x->scored || !q->better) {
        jw_null(w);
        jw_kc(w, "score_reason", x->scored ? "no_better_than_base" : "too_few_deals");
        return;
    }
    jw_obj(w);
    put_rate(w, "rate", x->score);
    put_rate(w, "base_rate", q->base_rate);
    jw_ki64(w, "days", q->days);
    jw_kbool(w, "better_than_base", true);
    jw_ki64(w, "learned", (int64_t)q->learned);
    jw_ki64(w, "tested", (int64_t)q->tested);
    put_rate(w, "auc", q->auc);
    put_rate(w, "brier", q->brier);
    put_rate(w, "base_brier", q->base_brier);
    put_rate(w, "ece", q->ece);
    jw_key(w, "fields");
    jw_arr(w);
    for (size_t i = 0; i < x->n_effects; i++)
        put_effect(w, x, i);
    jw_end_arr(w);
    jw_end_obj(w);
}

static void put(struct call *c, const struct answer *x)
{
    static const char *const status[] = {"open", "won", "lost"};
    struct jw w = call_json(c);
    bool known = x->deal.stage != CHANCE_NOWHERE, open = known && x->deal.cause == DEAL_OPEN;
    int64_t seen = llround(x->at_risk);
    struct interval ci = stats_wilson(llround(x->rate * x->at_risk), seen);
    jw_obj(&w);
    jw_ki64(&w, "days", x->days);
    jw_kc(&w, "status", known ? status[x->deal.cause] : "open");
    put_rate(&w, "won_rate", known ? x->rate : NAN);
    put_rate(&w, "low", open && seen >= CHANCE_FEW ? fmin(ci.low, x->rate) : NAN);
    put_rate(&w, "high", open && seen >= CHANCE_FEW ? fmax(ci.high, x->rate) : NAN);
    jw_ki64(&w, "at_risk", seen);
    put_rate(&w, "by_age", known ? x->by_age : NAN);
    put_rate(&w, "typed", rights_sees_field(c->rights, entity_by_id(ENT_DEAL), DEAL_PROBABILITY) ? x->typed : NAN);
    put_rate(&w, "days_in_stage", open ? (double)(time_now() - x->deal.since) / MS_DAY : NAN);
    put_rate(&w, "age_days", known ? (double)(time_now() - x->deal.entry) / MS_DAY : NAN);
    if (known)
        jw_ki64(&w, "learned_at", x->learned_at);
    else
        jw_knull(&w, "learned_at");
    put_score(&w, x);
    jw_end_obj(&w);
}

static enum rc chance_handle(struct call *c, struct err *e)
{
    struct answer x = {.c = c, .typed = NAN};
    int64_t seq;
    bool seen;
    TRY(call_param_i64(c, "days", AHEAD_DAYS, 1, AHEAD_MOST, &x.days, e));
    TRY(rights_reach(c->db, c->r->arena, c->rights, entity_by_id(ENT_DEAL), c->id, RIGHT_SEE, &seen, e));
    if (seen) { /* a deleted deal is not there */
        int64_t there;
        TRY(QUERY_I64(c->db, &there, 0, e, "SELECT id FROM deal WHERE id = $1 AND deleted_at IS NULL", c->id));
        seen = there != 0;
    }
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "deal %lld", (long long)c->id);
    TRY(journal_last(c->db, &seq, e));
    if (!projection_wait(c->app->projection, seq, WAIT_MS))
        return err_set(e, RC_UNAVAILABLE, "reports_loading", "", NULL);
    TRY(look(&x, e));
    put(c, &x);
    return RC_OK;
}

const struct route chance_routes[] = {
    {"GET", "/api/deals/{id}/chance", RUN_POOL, MAY_READ, NULL,
     "How likely an open deal is to be won, by its stage and age and by what was known at its creation", chance_handle,
     NULL, "days", NULL, "chance", 0},
};
const size_t chance_routes_n = sizeof chance_routes / sizeof *chance_routes;
