#include "api/watch_plans.h"
#include "api/watch.h"
#include "base/time.h"
#include "crm/choices.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "insight/days.h"
#include "insight/detect.h"
#include "insight/plan_off.h"
#include "insight/population.h"
#include <math.h>

struct telling {
    const struct report_call *call;
    struct app *app;
    struct str currency;
};

static enum rc name_of(const struct telling *t, const struct plan_place *place, struct str *out, struct err *e)
{
    struct plan of = {0};
    *(place->kind == PART_TEAM ? &of.team_id : place->kind == PART_OWNER ? &of.user_id : &of.funnel_id) = place->id;
    return plan_whose(t->call, &of, out, e);
}

static enum rc places_json(const struct telling *t, const struct plan_off *o, json_t **out, struct err *e)
{
    *out = json_array();
    for (size_t i = 0; i < o->n_places; i++) {
        const struct plan_place *p = &o->places[i];
        struct str name;
        enum rc rc = name_of(t, p, &name, e);
        if (rc != RC_OK) {
            json_decref(*out);
            return rc;
        }
        json_array_append_new(*out, json_pack("{s:s,s:I,s:o,s:f,s:f,s:f}", "dimension", plan_part_names[p->kind], "id",
                                              (json_int_t)p->id, "name", watch_text(name), "share", p->share, "before",
                                              p->target, "after", p->expected));
    }
    return RC_OK;
}

/* The open deals that could still make it, in the grammar of lists. */
static struct str deals_filter(const struct telling *t, const struct plan *p)
{
    struct arena *a = t->call->arena;
    struct str f = STR("status = \"open\"");
    if (p->user_id)
        f = str_fmt(a, "%.*s and owner_id = %lld", STR_ARG(f), (long long)p->user_id);
    if (p->team_id)
        f = str_fmt(a, "%.*s and owner_id.team_id = %lld", STR_ARG(f), (long long)p->team_id);
    if (p->funnel_id)
        f = str_fmt(a, "%.*s and funnel_id = %lld", STR_ARG(f), (long long)p->funnel_id);
    if (p->product_id)
        f = str_fmt(a, "%.*s and product_ids has %lld", STR_ARG(f), (long long)p->product_id);
    return f;
}

static json_t *params_json(const struct telling *t, const struct plan_off *o, struct str whose)
{
    const struct plan *p = &o->plan;
    struct arena *a = t->call->arena;
    const char *unit = p->type == RT_MONEY ? "money" : p->type == RT_RATE ? "rate" : "count";
    return json_pack("{s:s,s:f,s:f,s:f,s:f,s:f,s:b,s:I,s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "unit", unit, "before", p->target,
                     "after", o->p50, "low", o->p10, "high", o->p90, "actual", o->actual, "above", (int)o->above,
                     "plan_id", (json_int_t)p->id, "period", period_names[p->period], "measure", watch_text(p->measure),
                     "whose", watch_text(whose), "currency", watch_text(t->currency), "starts_on",
                     watch_text(date_format(a, p->first)), "ends_on", watch_text(date_format(a, p->last)), "filter",
                     watch_text(deals_filter(t, p)));
}

static enum rc near_json(const struct telling *t, const struct plan_off *o, json_t **out, struct err *e)
{
    struct detect_near near[DETECT_NEAR];
    struct pop p = {.call = t->call, .funnel_id = o->plan.funnel_id};
    size_t n;
    TRY(detect_near(&p, zone_midnight(t->app->zone, o->since), near, &n, e));
    *out = watch_near(near, n);
    return RC_OK;
}

static enum rc finding_of(const struct telling *t, const struct plan_off *o, struct record **out, struct err *e)
{
    struct arena *a = t->call->arena;
    struct record *r = record_new(a, entity_by_id(ENT_FINDING));
    const struct plan *p = &o->plan;
    json_t *places, *near;
    struct str whose = STR_NULL; /* the company: the reader's language names it */
    if (p->user_id || p->team_id || p->funnel_id || p->product_id)
        TRY(plan_whose(t->call, p, &whose, e));
    TRY(places_json(t, o, &places, e));
    r->f[FINDING_PLACES] = watch_json(a, places);
    TRY(near_json(t, o, &near, e));
    r->f[FINDING_NEAR] = watch_json(a, near);
    r->f[FINDING_STATE] = val_int(FINDING_NEW);
    r->f[FINDING_DETECTOR] = val_str(STR("plan"));
    r->f[FINDING_MARK] = val_str(str_fmt(a, "plan:%lld:%s", (long long)p->id, o->above ? "above" : "below"));
    r->f[FINDING_FUNNEL_ID] = p->funnel_id ? val_int(p->funnel_id) : val_null();
    r->f[FINDING_USER_ID] = p->user_id ? val_int(p->user_id) : val_null();
    r->f[FINDING_SINCE_AT] = val_int(zone_midnight(t->app->zone, o->since));
    r->f[FINDING_FOUND_AT] = val_int(t->call->now);
    r->f[FINDING_CHANCE] = (struct val){.kind = VAL_REAL, .f = o->chance};
    r->f[FINDING_PARAMS] = watch_json(a, params_json(t, o, whose));
    *out = r;
    return RC_OK;
}

enum rc watch_plans(struct app *app, struct db *db, struct arena *a, int64_t now, struct record ***out, size_t *n,
                    struct err *e)
{
    struct report_call call = {.arena = a, .db = db, .projection = app->projection, .lang = "ru", .now = now};
    struct telling t = {.call = &call, .app = app};
    struct plan_off *off;
    *out = NULL;
    TRY(setting_get(db, a, "currency", "RUB", &t.currency, e));
    TRY(plans_off(&call, zone_day(app->zone, now), &off, n, e));
    *out = ARENA_ARRAY(a, struct record *, *n + 1);
    for (size_t i = 0; i < *n; i++)
        TRY(finding_of(&t, &off[i], &(*out)[i], e));
    return RC_OK;
}
