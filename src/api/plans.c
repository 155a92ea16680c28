/* Plans beside what has come true, and the seller's panel. */
#include "api/api.h"
#include "base/i18n.h"
#include "base/time.h"
#include "crm/choices.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "insight/plan.h"
#include <math.h>

#define PARTS_MOST 500

static struct report_call ask_of(struct call *c)
{
    return (struct report_call){.arena = c->r->arena,
                                .db = c->db,
                                .projection = c->app->projection,
                                .lang = call_locale(c),
                                .now = time_now(),
                                .user_id = c->session.user_id,
                                .rights = c->rights};
}

static int64_t today_of(const struct call *c)
{
    return zone_day(c->app->zone, time_now());
}

static enum rc day_param(struct call *c, const char *name, int64_t fallback, int64_t *out, struct err *e)
{
    struct str s = call_param(c, name);
    *out = fallback;
    if (s.len > 0 && !date_parse(s, out))
        return report_bad_param(e, name, s);
    return RC_OK;
}

static enum rc id_param(struct call *c, const char *name, int64_t *out, struct err *e)
{
    return call_param_i64(c, name, 0, 0, INT64_MAX, out, e);
}

static enum rc name_param(struct call *c, const char *name, const char *const *names, int64_t *out, struct err *e)
{
    struct str s = call_param(c, name);
    *out = -1;
    for (int64_t i = 0; s.len > 0 && names[i]; i++)
        if (str_eqc(s, names[i]))
            *out = i;
    return s.len > 0 && *out < 0 ? report_bad_param(e, name, s) : RC_OK;
}

static void put_real(struct jw *w, const char *key, double v)
{
    jw_key(w, key);
    jw_f64(w, v); /* null when it is not a number */
}

static void put_id(struct jw *w, const char *key, int64_t id)
{
    if (id)
        jw_ki64(w, key, id);
    else
        jw_knull(w, key);
}

static void put_plan(struct jw *w, const struct call *c, const struct plan *p)
{
    jw_obj(w);
    put_id(w, "id", p->id);
    jw_kstr(w, "measure", p->measure);
    jw_kstr(w, "title", p->title);
    jw_kc(w, "type", report_type_names[p->type]);
    jw_kc(w, "period", period_names[p->period]);
    jw_kstr(w, "starts_on", date_format(c->r->arena, p->first));
    jw_kstr(w, "ends_on", date_format(c->r->arena, p->last));
    put_id(w, "team_id", p->team_id);
    put_id(w, "user_id", p->user_id);
    put_id(w, "funnel_id", p->funnel_id);
    put_id(w, "product_id", p->product_id);
    put_id(w, "parent_id", p->parent_id);
    put_real(w, "target", p->target);
    jw_end_obj(w);
}

static void put_progress(struct jw *w, const struct call *c, const struct plan_progress *x)
{
    put_real(w, "actual", x->actual);
    jw_kc(w, "why", x->why);
    jw_key(w, "why_text");
    if (x->why != NULL)
        jw_str(w, i18n_text(call_locale(c), str_fmt(c->r->arena, "measure.why.%s", x->why).ptr));
    else
        jw_null(w);
    put_real(w, "elapsed", x->elapsed);
    put_real(w, "expected_by_now", x->expected);
    put_real(w, "pace", x->pace);
    put_real(w, "forecast", x->forecast);
    put_real(w, "missing", x->missing);
    put_real(w, "missing_a_day", x->a_day);
}

/* ---- progress ---- */

static enum rc progress(struct call *c, struct err *e)
{
    struct report_call call = ask_of(c);
    struct plan_ask ask = {0};
    struct plan *plans;
    struct measures m = {0};
    struct calendar calendar;
    struct plan_progress x;
    size_t n;
    enum rc rc;
    TRY(call_caught_up(c, e));
    TRY(day_param(c, "date", today_of(c), &ask.day, e));
    TRY(name_param(c, "period", period_names, &ask.period, e));
    TRY(id_param(c, "user_id", &ask.user_id, e));
    TRY(id_param(c, "team_id", &ask.team_id, e));
    TRY(id_param(c, "plan_id", &ask.plan_id, e));
    TRY(plan_list(&call, &ask, &plans, &n, e));
    TRY(calendar_of_user(c->db, c->r->arena, 0, &calendar, e));
    int64_t first = ask.day, last = ask.day;
    for (size_t i = 0; i < n; i++) {
        first = plans[i].first < first ? plans[i].first : first;
        last = plans[i].last > last ? plans[i].last : last;
    }
    TRY_OUT(measures_open(&m, &call, first, last, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kstr(&w, "currency", m.currency);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        TRY_OUT(plan_follow(&m, &plans[i], today_of(c), &calendar, &x, e));
        jw_obj(&w);
        jw_key(&w, "plan");
        put_plan(&w, c, &plans[i]);
        put_progress(&w, c, &x);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    jw_end_obj(&w);
out:
    measures_close(&m);
    return rc;
}

/* ---- spreading ---- */

static enum rc spread(struct call *c, struct err *e)
{
    struct report_call call = ask_of(c);
    struct plan_ask ask = {.period = -1};
    struct plan *plans, *parts;
    struct measures m = {0};
    size_t n;
    int64_t by;
    struct str how = call_param(c, "how");
    enum rc rc;
    TRY(call_caught_up(c, e));
    TRY(id_param(c, "plan_id", &ask.plan_id, e));
    TRY(name_param(c, "by", plan_by_names, &by, e));
    if (how.len > 0 && !str_eqc(how, "equal") && !str_eqc(how, "as_last_year"))
        return report_bad_param(e, "how", how);
    TRY(plan_list(&call, &ask, &plans, &n, e));
    if (!ask.plan_id || n == 0)
        return err_set(e, RC_NOT_FOUND, "not_found", "plan_id", NULL);
    TRY_OUT(measures_open(&m, &call, plans[0].first - 371, plans[0].last, e));
    TRY_OUT(plan_spread(&m, &plans[0], by < 0 ? SPREAD_MONTH : (enum plan_by)by, str_eqc(how, "as_last_year"), &parts,
                        &n, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < n; i++)
        put_plan(&w, c, &parts[i]);
    jw_end_arr(&w);
    jw_end_obj(&w);
out:
    measures_close(&m);
    return rc;
}

struct spread_call {
    struct str plans[PARTS_MOST]; /* JSON: a job may run again */
    size_t n;
};

/* All of them or none, in one change that one undo takes back. */
static enum rc spread_apply(struct change *ch, struct command_job *j, struct err *e)
{
    const struct spread_call *x = j->args;
    for (size_t i = 0; i < x->n; i++) {
        json_error_t bad;
        json_t *plan = json_loadb(x->plans[i].ptr, x->plans[i].len, 0, &bad);
        TRY(change_create_json(ch, ENT_PLAN, plan, &j->out_id, e));
    }
    return RC_OK;
}
static const struct command command_spread = {"plan.spread", spread_apply};

static enum rc spread_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"plans", NULL};
    struct spread_call *x = ARENA_NEW(c->r->arena, struct spread_call);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *plans = json_object_get(body, "plans");
    if (rc == RC_OK && (!json_is_array(plans) || json_array_size(plans) == 0 || json_array_size(plans) > PARTS_MOST))
        rc = err_set(e, RC_INVALID, "wrong_type", "plans", "array");
    x->n = 0;
    for (size_t i = 0; rc == RC_OK && i < json_array_size(plans); i++) {
        char *text = json_dumps(json_array_get(plans, i), JSON_COMPACT | JSON_ENCODE_ANY);
        if (!json_is_object(json_array_get(plans, i)))
            rc = err_set(e, RC_INVALID, "wrong_type", "plans", "object");
        x->plans[x->n++] = str_dup(c->r->arena, str_c(text));
        free(text);
    }
    json_decref(body);
    c->job.args = x;
    c->job.command = &command_spread;
    return rc;
}

static enum rc spread_show(struct call *c, struct err *e)
{
    const struct spread_call *x = c->job.args;
    (void)e;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "made", (int64_t)x->n);
    jw_ki64(&w, "change_id", c->job.change_id);
    jw_end_obj(&w);
    return RC_OK;
}

/* ---- measures ---- */

static enum rc measures_list(struct call *c, struct err *e)
{
    struct report_call call = ask_of(c);
    (void)e;
    struct jw w = call_json(c);
    jw_arr(&w);
    for (size_t i = 0; i < measure_table_n; i++) {
        struct measure known;
        struct str title;
        if (!measure_find(&call, str_c(measure_table[i].id), &known, &title))
            continue;
        jw_obj(&w);
        jw_kc(&w, "id", known.id);
        jw_kstr(&w, "title", title);
        jw_kc(&w, "type", report_type_names[known.type]);
        jw_kbool(&w, "adds", known.adds);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    return RC_OK;
}

/* ---- the panel ---- */

struct panel {
    struct call *c;
    struct report_call call;
    struct measures m;
    struct calendar calendar;
    int64_t user_id, day;
    struct plan *plans;
    size_t n_plans;
    struct plan *kpi; /* of a month */
    size_t n_kpi;
};

/* KPI of everybody, of the person's team or role; without any, what every seller looks at. */
static enum rc load_kpi(struct panel *p, struct err *e)
{
    static const char *const usual[] = {"revenue", "won", "tasks_done", "calls"};
    VEC(struct plan) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(p->c->db, &s,
                   "SELECT k.measure, k.name, k.target, k.id FROM kpi k JOIN users u ON u.id = $1 WHERE k.deleted_at IS"
                   " NULL AND k.archived = 0 AND (k.team_id IS NULL OR k.team_id = u.team_id) AND (k.role_id IS NULL OR"
                   " k.role_id = u.role_id) ORDER BY k.position, k.id",
                   e));
    stmt_i64(s, 1, p->user_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct measure known = {.type = RT_REAL};
        struct plan k = {.measure = str_dup(p->c->r->arena, stmt_col_str(s, 0)),
                         .title = str_dup(p->c->r->arena, stmt_col_str(s, 1)),
                         .target = stmt_col_null(s, 2) ? NAN : stmt_col_f64(s, 2)};
        if (measure_find(&p->call, k.measure, &known, NULL)) {
            k.type = known.type;
            k.adds = known.adds;
            vec_push(&found, k);
        }
    }
    stmt_done(s);
    bool none = found.len == 0;
    for (size_t i = 0; none && i < sizeof usual / sizeof *usual; i++) {
        struct measure known;
        struct plan k = {.measure = str_c(usual[i]), .target = NAN};
        if (measure_find(&p->call, k.measure, &known, &k.title)) {
            k.type = known.type;
            k.adds = known.adds;
            vec_push(&found, k);
        }
    }
    p->n_kpi = found.len;
    p->kpi = ARENA_ARRAY(p->c->r->arena, struct plan, found.len + 1);
    if (found.len)
        memcpy(p->kpi, found.ptr, found.len * sizeof *p->kpi);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

/* day_off: its target is of a month, and none of it falls into days on which nobody works. */
static enum rc put_item(struct panel *p, struct jw *w, struct plan *plan, bool day_off, struct err *e)
{
    struct plan_progress x;
    plan->user_id = p->user_id;
    plan->last = plan_last_day(plan->period, plan->first);
    TRY(plan_follow(&p->m, plan, p->day, &p->calendar, &x, e));
    jw_obj(w);
    put_id(w, "plan_id", plan->id);
    jw_kstr(w, "measure", plan->measure);
    jw_kstr(w, "title", plan->title);
    jw_kc(w, "type", report_type_names[plan->type]);
    put_real(w, "target", plan->target);
    put_real(w, "share", isfinite(plan->target) && plan->target > 0 ? x.actual / plan->target : NAN);
    jw_key(w, "no_norm");
    if (day_off)
        jw_str(w, STR("day_off"));
    else
        jw_null(w);
    put_progress(w, p->c, &x);
    jw_end_obj(w);
    return RC_OK;
}

/* Plans of the period first, then the KPI that have none; the target of a month is shared out by working days. */
static enum rc put_period(struct panel *p, struct jw *w, enum period period, struct err *e)
{
    int64_t first = plan_first_day(period, p->day), month = plan_first_day(PERIOD_MONTH, p->day);
    double of_month = (double)calendar_working_days(&p->calendar, first, plan_last_day(period, first)) /
                      fmax(1, (double)calendar_working_days(&p->calendar, month, plan_last_day(PERIOD_MONTH, month)));
    jw_key(w, period_names[period]);
    jw_obj(w);
    jw_kstr(w, "starts_on", date_format(p->c->r->arena, first));
    jw_key(w, "items");
    jw_arr(w);
    for (size_t i = 0; i < p->n_plans; i++)
        if (p->plans[i].period == period)
            TRY(put_item(p, w, &p->plans[i], false, e));
    for (size_t i = 0; i < p->n_kpi; i++) {
        struct plan k = p->kpi[i];
        bool planned = false;
        for (size_t j = 0; j < p->n_plans; j++)
            planned = planned || (p->plans[j].period == period && str_eq(p->plans[j].measure, k.measure));
        k.period = period;
        k.first = first;
        bool off = k.adds && of_month == 0 && isfinite(k.target);
        k.target = off ? NAN : k.adds ? k.target * of_month : k.target;
        if (!planned)
            TRY(put_item(p, w, &k, off, e));
    }
    jw_end_arr(w);
    jw_end_obj(w);
    return RC_OK;
}

static enum rc panel(struct call *c, struct err *e)
{
    struct panel p = {.c = c, .call = ask_of(c)};
    struct plan_ask ask = {.period = -1};
    bool seen;
    enum rc rc;
    TRY(call_caught_up(c, e));
    TRY(id_param(c, "user_id", &p.user_id, e));
    TRY(day_param(c, "date", today_of(c), &p.day, e));
    p.user_id = p.user_id ? p.user_id : c->session.user_id;
    TRY(rights_reach(c->db, c->r->arena, c->rights, entity_by_id(ENT_USER), p.user_id, RIGHT_SEE, &seen, e));
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "user_id", NULL);
    ask.day = p.day;
    ask.user_id = p.user_id;
    TRY(plan_list(&p.call, &ask, &p.plans, &p.n_plans, e));
    TRY(calendar_of_user(c->db, c->r->arena, p.user_id, &p.calendar, e));
    int64_t month = plan_first_day(PERIOD_MONTH, p.day);
    TRY_OUT(measures_open(&p.m, &p.call, month - 7, plan_last_day(PERIOD_MONTH, month) + 7, e));
    if (p.day < today_of(c)) /* as it was in the evening of that day, not with what is known by now */
        p.m.as_of = zone_midnight(c->app->zone, p.day + 1) - 1;
    TRY_OUT(load_kpi(&p, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "user_id", p.user_id);
    jw_kstr(&w, "currency", p.m.currency);
    for (int period = PERIOD_DAY; period <= PERIOD_MONTH; period++)
        TRY_OUT(put_period(&p, &w, (enum period)period, e));
    jw_end_obj(&w);
out:
    measures_close(&p.m);
    return rc;
}

const struct route plan_routes[] = {
    {"GET", "/api/plans/progress", RUN_POOL, MAY_READ, NULL, "Plans beside what has come true", progress, NULL,
     "period date team_id user_id plan_id", NULL, "plan-progress", 0},
    {"GET", "/api/plans/spread", RUN_POOL, MAY_MANAGE, NULL, "The parts a plan would be spread into", spread, NULL,
     "plan_id by how", NULL, "plan-parts", 0, .can = CAN_SETTINGS},
    {"POST", "/api/plans/spread", RUN_WRITE, MAY_MANAGE, NULL, "Make many plans at once", spread_show, spread_prepare,
     NULL, "plan-parts-wanted", "plan-parts-made", 201, .can = CAN_SETTINGS},
    {"GET", "/api/measures", RUN_READ, MAY_READ, NULL, "What plans and KPI can be about", measures_list, NULL, NULL,
     NULL, "measures", 0},
    {"GET", "/api/kpi/panel", RUN_POOL, MAY_READ, NULL, "Day, week and month of one person", panel, NULL,
     "user_id date", NULL, "kpi-panel", 0},
};
const size_t plan_routes_n = sizeof plan_routes / sizeof *plan_routes;
