/* Goals and triggers over HTTP: reaching a goal, runs, why and why not, timers of a deal, what there is to choose from,
 * and the address that sets a trigger off from outside. */
#include "api/inside.h"
#include "base/time.h"
#include "rules/hook.h"
#include "rules/run_show.h"
#include <stdlib.h>

static struct run_reader reader_of(const struct call *c)
{
    return (struct run_reader){c->db, c->r->arena, c->rights, call_locale(c), time_now()};
}

/* ---- goals ---- */

struct reaching {
    int64_t goal_id, run_id;
    struct record *fields;
};

static enum rc reach_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct reaching *x = j->args;
    j->out_id = j->id;
    TRY(change_expect(ch, entity_by_id(ENT_DEAL), j->id, j->expect_version, e));
    TRY(rules_reach(ch, j->id, x->goal_id, x->fields, &x->run_id, e));
    j->undone = x->run_id; /* kept with the idempotency key */
    return RC_OK;
}
static const struct command command_reach = {"deal.reach", reach_apply};

static enum rc reach_read(struct call *c, json_t *body, struct reaching *x, struct err *e)
{
    const json_t *goal = json_object_get(body, "goal_id");
    if (!goal)
        return err_set(e, RC_UNPROCESSABLE, "required", "goal_id", NULL);
    if (!json_is_integer(goal))
        return err_set(e, RC_INVALID, "wrong_type", "goal_id", "integer");
    x->goal_id = json_integer_value(goal);
    json_object_del(body, "goal_id");
    if (!json_object_size(body))
        return RC_OK;
    TRY(rights_refuse_hidden(c->rights, entity_by_id(ENT_DEAL), body, e));
    return record_from_json(c->r->arena, entity_by_id(ENT_DEAL), body, false, &x->fields, e);
}

static enum rc reach_prepare(struct call *c, struct err *e)
{
    struct reaching *x = ARENA_NEW(c->r->arena, struct reaching);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = reach_read(c, body, x, e);
    json_decref(body);
    TRY(rc);
    c->job.command = &command_reach;
    c->job.id = c->id;
    c->job.args = x;
    return RC_OK;
}

static enum rc reach_show(struct call *c, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_DEAL);
    struct run_reader r = reader_of(c);
    struct record *deal;
    TRY(record_load(c->db, c->r->arena, ent, c->job.out_id, true, &deal, e));
    const bool *mask = rights_mask(c->rights, c->r->arena, ent, NULL);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "deal");
    if (mask)
        record_put_seen(&w, deal, mask);
    else
        record_put(&w, deal, NULL);
    jw_key(&w, "run");
    if (c->job.undone)
        TRY(run_put(&r, c->job.undone, &w, e));
    else
        jw_null(&w);
    jw_end_obj(&w);
    call_etag(c, deal->version);
    return RC_OK;
}

/* ---- runs ---- */

static enum rc deal_seen(struct call *c, struct err *e)
{
    bool seen;
    TRY(rights_reach(c->db, c->r->arena, c->rights, entity_by_id(ENT_DEAL), c->id, RIGHT_SEE, &seen, e));
    return seen ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
}

static enum rc runs_of(struct call *c, enum entity_id kind, struct err *e)
{
    struct run_reader r = reader_of(c);
    struct str cursor = call_param(c, "cursor");
    int64_t before = 0, limit;
    TRY(call_param_i64(c, "limit", 50, 1, 200, &limit, e));
    if (cursor.len && (!str_i64(cursor, &before) || before < 1))
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    struct jw w = call_json(c);
    return runs_put(&r, kind, c->id, before, limit, &w, e);
}

static enum rc deal_runs(struct call *c, struct err *e)
{
    TRY(deal_seen(c, e));
    return runs_of(c, ENT_DEAL, e);
}

static enum rc trigger_runs(struct call *c, struct err *e)
{
    return runs_of(c, ENT_TRIGGER, e);
}

static enum rc goal_runs(struct call *c, struct err *e)
{
    return runs_of(c, ENT_GOAL, e);
}

static enum rc deal_timers(struct call *c, struct err *e)
{
    struct run_reader r = reader_of(c);
    TRY(deal_seen(c, e));
    struct jw w = call_json(c);
    return deal_timers_put(&r, c->id, &w, e);
}

static enum rc event_why(struct call *c, struct err *e)
{
    struct run_reader r = reader_of(c);
    int64_t seq;
    if (!str_i64(c->match.param[0], &seq))
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    struct jw w = call_json(c);
    return why_put(&r, seq, &w, e);
}

static enum rc trigger_why_not(struct call *c, struct err *e)
{
    struct run_reader r = reader_of(c);
    int64_t deal_id;
    TRY(call_param_i64(c, "deal_id", 0, 1, INT64_MAX, &deal_id, e));
    if (!deal_id)
        return err_set(e, RC_INVALID, "bad_parameter", "deal_id", NULL);
    struct jw w = call_json(c);
    return why_not_put(&r, c->id, deal_id, &w, e);
}

static enum rc actions_show(struct call *c, struct err *e)
{
    (void)e;
    struct jw w = call_json(c);
    catalogue_put(&w);
    return RC_OK;
}

/* ---- the address of a trigger ---- */

struct hook_new { /* j->args */
    char token[64];
};

static enum rc hook_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct hook_new *x = j->args;
    j->out_id = j->id;
    return hook_token_make(ch, j->id, x->token, e);
}
static const struct command command_hook_token = {"trigger.hook", hook_apply};

static enum rc hook_prepare(struct call *c, struct err *e)
{
    (void)e;
    c->job.command = &command_hook_token;
    c->job.id = c->id;
    c->job.args = ARENA_NEW(c->r->arena, struct hook_new);
    return RC_OK;
}

/* Shown once: only its hash is kept. */
static enum rc hook_show(struct call *c, struct err *e)
{
    const struct hook_new *x = c->job.args;
    (void)e;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "path");
    jw_str(&w, str_fmt(c->r->arena, "/api/hooks/%s", x->token));
    jw_kc(&w, "token", x->token);
    jw_end_obj(&w);
    return RC_OK;
}

/* So many calls a minute from one address; a restart forgives. */
enum { HOOK_SLOTS = 1024, HOOK_CALLS = 300 };
struct hook_limits {
    struct {
        uint64_t peer;
        int64_t since; /* monotonic, of the minute */
        int calls;
    } slot[HOOK_SLOTS];
};

static enum rc hook_limit(struct call *c, int64_t now, struct err *e)
{
    uint64_t peer = 1469598103934665603u;
    if (!c->app->hook_limits)
        c->app->hook_limits = ARENA_NEW(&c->app->memory, struct hook_limits);
    for (const char *p = call_peer(c); *p; p++)
        peer = (peer ^ (unsigned char)*p) * 1099511628211u;
    struct hook_limits *l = c->app->hook_limits;
    size_t i = peer % HOOK_SLOTS;
    if (l->slot[i].peer != peer || now - l->slot[i].since > 60 * MS_SECOND) {
        l->slot[i].peer = peer;
        l->slot[i].since = now;
        l->slot[i].calls = 0;
    }
    if (++l->slot[i].calls <= HOOK_CALLS)
        return RC_OK;
    int64_t left = (60 * MS_SECOND - (now - l->slot[i].since)) / MS_SECOND + 1;
    return err_set(e, RC_TOO_MANY, "hook_throttled", "", "%lld", (long long)left);
}

static enum rc fired_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct hook_call *x = j->args;
    TRY(hook_fire(ch, x, e));
    j->out_id = x->deal_id;
    j->undone = x->ran;
    return RC_OK;
}
static const struct command command_fired = {"trigger.hook_call", fired_apply};

static enum rc fired_prepare(struct call *c, struct err *e)
{
    struct hook_call *x = ARENA_NEW(c->r->arena, struct hook_call);
    json_t *body = NULL;
    if (c->r->body.len > HOOK_BODY_MOST)
        return err_set(e, RC_TOO_LARGE, "body_too_large", "", "%d", HOOK_BODY_MOST);
    TRY(hook_limit(c, time_monotonic(), e));
    if (c->r->body.len)
        TRY(call_body(c, &body, e));
    enum rc rc = hook_read(c->r->arena, c->match.param[0], body, x, e);
    json_decref(body);
    TRY(rc);
    c->job.command = &command_fired;
    c->job.args = x;
    c->job.actor = (struct actor){.role = ROLE_ADMIN, .via = VIA_CHANNEL};
    return RC_OK;
}

static enum rc fired_show(struct call *c, struct err *e)
{
    (void)e;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kbool(&w, "ran", c->job.undone != 0);
    if (c->job.out_id)
        jw_ki64(&w, "deal_id", c->job.out_id);
    else
        jw_knull(&w, "deal_id");
    jw_end_obj(&w);
    return RC_OK;
}

const struct route trigger_routes[] = {
    {"POST", "/api/deals/{id}/reach", RUN_WRITE, MAY_SELL, NULL, "Reach a goal of the deal's stage, with all it does",
     reach_show, reach_prepare, NULL, "reach", "reached", 0},
    {"GET", "/api/deals/{id}/runs", RUN_READ, MAY_READ, NULL, "What triggers and goals have done with the deal",
     deal_runs, NULL, "cursor limit", NULL, "runs", 0},
    {"GET", "/api/deals/{id}/timers", RUN_READ, MAY_READ, NULL, "What will happen to the deal by itself, and when",
     deal_timers, NULL, NULL, NULL, "timers", 0},
    {"GET", "/api/triggers/{id}/runs", RUN_READ, MAY_READ, NULL, "What a trigger has done", trigger_runs, NULL,
     "cursor limit", NULL, "runs", 0},
    {"GET", "/api/goals/{id}/runs", RUN_READ, MAY_READ, NULL, "Who has reached a goal, and what followed", goal_runs,
     NULL, "cursor limit", NULL, "runs", 0},
    {"GET", "/api/triggers/{id}/why-not", RUN_READ, MAY_READ, NULL, "Why a trigger did not act on a deal",
     trigger_why_not, NULL, "deal_id", NULL, "why-not", 0},
    {"GET", "/api/events/{seq}/why", RUN_READ, MAY_READ, NULL, "Why something happened by itself", event_why, NULL,
     NULL, NULL, "why", 0},
    {"GET", "/api/actions", RUN_READ, MAY_READ, NULL, "What a trigger can hear of and do", actions_show, NULL, NULL,
     NULL, "catalogue", 0},
    {"POST", "/api/triggers/{id}/hook", RUN_WRITE, MAY_MANAGE, NULL, "Make a new address that sets the trigger off",
     hook_show, hook_prepare, NULL, NULL, "hook", 0, .can = CAN_AUTOMATION},
    {"POST", "/api/hooks/{token}", RUN_WRITE, MAY_PUBLIC, NULL, "Set a trigger off from outside", fired_show,
     fired_prepare, NULL, "hook-call", "hook-answer", 0},
};
const size_t trigger_routes_n = sizeof trigger_routes / sizeof *trigger_routes;
