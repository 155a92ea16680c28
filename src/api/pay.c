/* What a scheme of pay would have paid in periods that are over, for all its people at once. */
#include "crm/pay.h"
#include "api/api.h"
#include "base/time.h"
#include "crm/choices.h"
#include "crm/fields.h"
#include "insight/plan.h"
#include <math.h>

enum { PERIODS_MOST = 24, RUNS_MOST = 400 /* of reports that tell nobody's number beside another's */ };

static void put_real(struct jw *w, const char *key, double v)
{
    jw_key(w, key);
    jw_f64(w, v); /* null when it is not a number */
}

/* Who the scheme is of, and what it is about. */
struct trial {
    struct pay_scheme scheme;
    struct str measure;
    int64_t period, team_id, role_id, user_id, base;
};

static enum rc whole(const json_t *from, const char *key, int64_t most, int64_t *out, struct err *e)
{
    const json_t *v = json_object_get(from, key);
    *out = json_integer_value(v);
    if (v == NULL || json_is_null(v) || (json_is_integer(v) && *out >= 0 && *out <= most))
        return RC_OK;
    return err_set(e, RC_INVALID, "wrong_type", key, "integer");
}

static struct str text_in(struct arena *a, const json_t *from, const char *key)
{
    const json_t *v = json_object_get(from, key);
    return json_is_string(v) ? str_dup(a, (struct str){json_string_value(v), json_string_length(v)}) : STR_NULL;
}

/* {"measure","period","team_id","role_id","user_id","base_minor","steps","params":{"of":"plan"}} as a pay scheme is
 * kept. */
static enum rc read_trial(struct arena *a, const json_t *from, struct trial *t, struct err *e)
{
    struct str period = text_in(a, from, "period");
    t->measure = text_in(a, from, "measure");
    t->period = PERIOD_MONTH;
    for (int64_t i = 0; period.len > 0 && period_names[i]; i++)
        t->period = str_eqc(period, period_names[i]) ? i : t->period;
    TRY(whole(from, "team_id", INT64_MAX, &t->team_id, e));
    TRY(whole(from, "role_id", INT64_MAX, &t->role_id, e));
    TRY(whole(from, "user_id", INT64_MAX, &t->user_id, e));
    TRY(whole(from, "base_minor", MONEY_MOST, &t->base, e));
    char *steps = json_dumps(json_object_get(from, "steps"), JSON_COMPACT | JSON_ENCODE_ANY);
    struct str text = steps ? str_dup(a, str_c(steps)) : STR_NULL;
    free(steps);
    return pay_read(text, text_in(a, json_object_get(from, "params"), "of"), (double)t->base, &t->scheme, e);
}

/* ---- who and when ---- */

struct trying {
    struct call *c;
    struct report_call call;
    struct trial t;
    struct measures m;
    size_t *who, n_who; /* of m.people */
    struct plan *plans;
    size_t n_plans;
    int64_t n, first, now; /* periods; days: of the earliest one, of the one that is not over */
    double *value;         /* period * n_who + person, the newest period first */
    size_t runs;
};

static double target_of(const struct trying *x, int64_t user, int64_t first)
{
    for (size_t i = 0; i < x->n_plans; i++)
        if (x->plans[i].user_id == user && x->plans[i].first == first && str_eq(x->plans[i].measure, x->t.measure))
            return x->plans[i].target;
    return NAN;
}

static enum rc of_role(struct trying *x, int64_t **users, size_t *n, struct err *e)
{
    VEC(int64_t) found = {0};
    struct stmt *s;
    enum rc rc;
    *users = NULL;
    *n = 0;
    if (!x->t.role_id)
        return RC_OK;
    TRY(db_prepare(x->c->db, &s, "SELECT id FROM users WHERE role_id = $1", e));
    stmt_i64(s, 1, x->t.role_id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    stmt_done(s);
    *n = found.len;
    *users = ARENA_ARRAY(x->c->r->arena, int64_t, found.len + 1);
    if (found.len)
        memcpy(*users, found.ptr, found.len * sizeof **users);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc choose_people(struct trying *x, struct err *e)
{
    const struct trial *t = &x->t;
    int64_t *users;
    size_t n;
    TRY(of_role(x, &users, &n, e));
    x->who = ARENA_ARRAY(x->c->r->arena, size_t, x->m.n_people + 1);
    for (size_t i = 0; i < x->m.n_people; i++) {
        const struct person *p = &x->m.people[i];
        bool in = p->active && p->seen && (!t->user_id || t->user_id == p->id) &&
                  (!t->team_id || measure_in_team(&x->m, p->team_id, t->team_id));
        bool has_role = !t->role_id;
        for (size_t k = 0; k < n; k++)
            has_role = has_role || users[k] == p->id;
        if (in && has_role)
            x->who[x->n_who++] = i;
    }
    return RC_OK;
}

/* ---- what it would have paid ---- */

static enum rc count(struct trying *x, struct err *e)
{
    int64_t first = x->now;
    x->value = ARENA_ARRAY(x->c->r->arena, double, (size_t)x->n * x->n_who + 1);
    for (int64_t i = 0; i < x->n; i++) {
        first = plan_first_day(x->t.period, first - 1);
        struct measure_ask ask = {.name = x->t.measure, .from = first, .to = plan_last_day(x->t.period, first)};
        if (x->runs > RUNS_MOST)
            return err_set(e, RC_UNPROCESSABLE, "trial_too_big", "periods", NULL);
        TRY(measure_of_people(&x->m, &ask, x->who, x->n_who, x->value + (size_t)i * x->n_who, &x->runs, e));
    }
    return RC_OK;
}

static void put_paid(const struct trying *x, struct jw *w)
{
    for (size_t k = 0; k < x->n_who; k++) {
        const struct person *p = &x->m.people[x->who[k]];
        int64_t first = x->now;
        for (int64_t i = 0; i < x->n; i++) {
            first = plan_first_day(x->t.period, first - 1);
            double value = x->value[(size_t)i * x->n_who + k], target = target_of(x, p->id, first);
            jw_obj(w);
            jw_ki64(w, "user_id", p->id);
            jw_kstr(w, "name", p->name);
            jw_kstr(w, "starts_on", date_format(x->c->r->arena, first));
            put_real(w, "value", value);
            put_real(w, "target", target);
            put_real(w, "share", target > 0 ? value / target : NAN);
            put_real(w, "pay_minor", round(pay_of(&x->t.scheme, value, target)));
            jw_end_obj(w);
        }
    }
}

static enum rc read_body(struct trying *x, struct err *e)
{
    static const char *const keys[] = {"scheme", "periods", NULL};
    struct measure known;
    json_t *body;
    enum rc rc;
    TRY(call_body(x->c, &body, e));
    TRY_OUT(body_only(body, keys, e));
    TRY_OUT(whole(body, "periods", PERIODS_MOST, &x->n, e));
    TRY_OUT(read_trial(x->c->r->arena, json_object_get(body, "scheme"), &x->t, e));
    if (!measure_find(&x->call, x->t.measure, &known, NULL))
        TRY_OUT(err_set(e, RC_UNPROCESSABLE, "measure_not_found", "measure", NULL));
    x->n = x->n ? x->n : 6;
    x->first = x->now = plan_first_day(x->t.period, zone_day(x->c->app->zone, x->call.now));
    for (int64_t i = 0; i < x->n; i++)
        x->first = plan_first_day(x->t.period, x->first - 1);
out:
    json_decref(body);
    return rc;
}

static enum rc pay_try(struct call *c, struct err *e)
{
    struct trying x = {.c = c,
                       .call = {.arena = c->r->arena,
                                .db = c->db,
                                .projection = c->app->projection,
                                .lang = call_locale(c),
                                .now = time_now(),
                                .user_id = c->session.user_id,
                                .rights = c->rights}};
    enum rc rc;
    TRY_OUT(call_caught_up(c, e));
    TRY_OUT(read_body(&x, e));
    TRY_OUT(measures_open(&x.m, &x.call, x.first, x.now - 1, e));
    struct plan_ask ask = {.day = x.now - 1, .from = x.first, .period = x.t.period};
    TRY_OUT(plan_list(&x.call, &ask, &x.plans, &x.n_plans, e));
    TRY_OUT(choose_people(&x, e));
    TRY_OUT(count(&x, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kstr(&w, "currency", x.m.currency);
    jw_key(&w, "items");
    jw_arr(&w);
    put_paid(&x, &w);
    jw_end_arr(&w);
    jw_end_obj(&w);
out:
    measures_close(&x.m);
    return rc;
}

const struct route pay_routes[] = {
    {"POST", "/api/pay-schemes/try", RUN_POOL, MAY_MANAGE, NULL,
     "What a scheme would have paid in periods that are over", pay_try, NULL, NULL, "pay-trial", "pay-trial-result", 0,
     .can = CAN_SETTINGS},
};
const size_t pay_routes_n = sizeof pay_routes / sizeof *pay_routes;
