/* What clients and the economics of deals need beside their nouns: the ladder, splitting a deal, what is not in order.
 */
#include "crm/clients.h"
#include "api/inside.h"
#include "base/log.h"
#include "base/time.h"
#include "crm/discipline.h"
#include "crm/ladder.h"
#include "crm/split.h"
#include <stdlib.h>

static enum rc ladder_handle(struct call *c, struct err *e)
{
    bool contact = str_starts(str_c(c->route->pattern), STR("/api/contacts/"));
    return client_ladder(c->db, c->r->arena, entity_by_id(contact ? ENT_CONTACT : ENT_COMPANY), c->id, c->rights,
                         http_body(c->r), e);
}

/* ---- splitting ---- */

static enum rc split_propose_handle(struct call *c, struct err *e)
{
    struct split *s = ARENA_NEW(c->r->arena, struct split);
    struct record *deal;
    TRY(split_propose(c->db, c->r->arena, c->id, c->rights, s, e));
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_DEAL), c->id, false, &deal, e));
    struct jw w = call_json(c);
    return split_put(c->db, c->r->arena, s, c->rights, &w, e);
}

struct split_call {
    struct split wanted; /* as it came in; a job may run again */
    int64_t made[SPLIT_PARTS_MOST];
    size_t n;
};

static enum rc split_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct split_call *x = j->args;
    struct split *s = ARENA_NEW(ch->tx->arena, struct split);
    *s = x->wanted;
    j->out_id = j->id;
    TRY(change_expect(ch, entity_by_id(ENT_DEAL), j->id, j->expect_version, e));
    TRY(split_deal(ch, s, e));
    memcpy(x->made, s->made, sizeof x->made);
    x->n = s->n;
    return RC_OK;
}
static const struct command command_split = {"deal.split", split_apply};

/* A product of a part is its id, or the object as it was proposed. */
static enum rc read_part(struct call *c, const json_t *tree, struct split_part *out, struct err *e)
{
    const json_t *funnel = json_object_get(tree, "funnel_id"), *list = json_object_get(tree, "products");
    if (!json_is_integer(funnel))
        return err_set(e, RC_INVALID, "wrong_type", "parts", "funnel_id");
    if (!json_is_array(list))
        return err_set(e, RC_INVALID, "wrong_type", "parts", "products");
    out->funnel_id = json_integer_value(funnel);
    out->products = ARENA_ARRAY(c->r->arena, int64_t, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *id = json_is_object(one) ? json_object_get(one, "id") : one;
        if (!json_is_integer(id))
            return err_set(e, RC_INVALID, "wrong_type", "parts", "products");
        out->products[out->n++] = json_integer_value(id);
    }
    return RC_OK;
}

static enum rc split_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"parts", NULL};
    struct split_call *x = ARENA_NEW(c->r->arena, struct split_call);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *parts = json_object_get(body, "parts");
    *x = (struct split_call){.wanted.deal_id = c->id};
    if (rc == RC_OK && parts && (!json_is_array(parts) || json_array_size(parts) > SPLIT_PARTS_MOST))
        rc = err_set(e, RC_INVALID, "wrong_type", "parts", "array");
    for (size_t i = 0; rc == RC_OK && i < json_array_size(parts); i++)
        rc = read_part(c, json_array_get(parts, i), &x->wanted.parts[x->wanted.n++], e);
    json_decref(body);
    c->job.args = x;
    c->job.command = &command_split;
    return rc;
}

/* The deal and those that were made; an answer to a repeated request finds the deal alone. */
static enum rc split_show(struct call *c, struct err *e)
{
    const struct split_call *x = c->job.args;
    const struct entity *ent = entity_by_id(ENT_DEAL);
    const bool *mask = rights_mask(c->rights, c->r->arena, ent, NULL);
    struct jw w = call_json(c);
    jw_obj(&w);
    for (size_t i = 0; i <= x->n; i++) {
        struct record *r;
        bool seen;
        int64_t id = i ? x->made[i - 1] : c->id;
        if (i == 0)
            jw_key(&w, "deal");
        if (i == 1) {
            jw_key(&w, "items");
            jw_arr(&w);
        }
        TRY(rights_reach(c->db, c->r->arena, c->rights, ent, id, RIGHT_SEE, &seen, e));
        TRY(record_load(c->db, c->r->arena, ent, id, true, &r, e));
        if (seen || i == 0)
            record_put(&w, r, mask);
    }
    if (x->n)
        jw_end_arr(&w);
    jw_end_obj(&w);
    return RC_OK;
}

/* ---- what is not in order ---- */

static enum rc discipline_handle(struct call *c, struct err *e)
{
    struct filter_env env = call_filter_env(c);
    struct discipline_of of = {0};
    TRY(call_param_i64(c, "funnel_id", 0, 1, INT64_MAX, &of.funnel_id, e));
    TRY(call_param_i64(c, "team_id", 0, 1, INT64_MAX, &of.team_id, e));
    return discipline_put(c->db, c->r->arena, &of, &env, http_body(c->r), e);
}

/* ---- coverage that runs out ---- */

#define SWEEP_EVERY (INT64_C(15) * 60 * MS_SECOND)
#define SWEEP_AT_ONCE 500

struct sweep {
    struct job job;
    struct app *app;
    int64_t n;
};

static enum rc sweep_apply(struct wtx *tx, struct job *job, struct err *e)
{
    return deal_coverage_sweep(tx->db, tx->now, SWEEP_AT_ONCE, &((struct sweep *)job)->n, e);
}

/* In the writer's thread. What was too much for one go comes with the next look. */
static void sweep_done(struct job *job, enum rc rc, const struct err *e)
{
    if (rc != RC_OK)
        log_error("coverage: %s %s", e->code, e->arg[0]);
    free(job);
}

void clients_sweep(struct app *app, bool now)
{
    if (app->stopping || (!now && time_now() - app->covered_at < SWEEP_EVERY))
        return;
    struct sweep *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    app->covered_at = time_now();
    *s = (struct sweep){.job = {.apply = sweep_apply, .done = sweep_done}, .app = app};
    app_write(app, &s->job);
}

const struct route client_routes[] = {
    {"GET", "/api/contacts/{id}/ladder", RUN_POOL, MAY_READ, NULL, "A contact's climbs and falls over time",
     ladder_handle, NULL, NULL, NULL, "ladder", 0},
    {"GET", "/api/companies/{id}/ladder", RUN_POOL, MAY_READ, NULL, "A company's climbs and falls over time",
     ladder_handle, NULL, NULL, NULL, "ladder", 0},
    {"GET", "/api/deals/{id}/split", RUN_READ, MAY_READ, NULL, "A deal for each funnel of its products, as a proposal",
     split_propose_handle, NULL, NULL, NULL, "split", 0},
    {"POST", "/api/deals/{id}/split", RUN_WRITE, MAY_SELL, NULL, "Make a deal for each funnel of its products",
     split_show, split_prepare, NULL, "split", "split-deals", 201},
    {"GET", "/api/discipline", RUN_POOL, MAY_READ, NULL, "What is not in order, with the deals behind each number",
     discipline_handle, NULL, "funnel_id team_id", NULL, "discipline", 0, .can = CAN_REPORTS},
};
const size_t client_routes_n = sizeof client_routes / sizeof *client_routes;
