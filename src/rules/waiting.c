#include "rules/waiting.h"
#include "base/zone.h"
#include "crm/crm.h"
#include "crm/engine.h"
#include "crm/operation.h"
#include "crm/workday.h"
#include "rules/timer.h"

static void put_place(struct sqlb *q, const char *column, int64_t id)
{
    if (!id)
        return;
    sqlb_fmt(q, " AND d.%s = ", column);
    sqlb_param(q, val_int(id));
}

static void put_link(struct sqlb *q, const char *table, int64_t id)
{
    sqlb_fmt(q, " AND EXISTS (SELECT 1 FROM %s l WHERE l.owner_id = d.id", table);
    if (id) {
        sqlb_c(q, " AND l.ref_id = ");
        sqlb_param(q, val_int(id));
    }
    sqlb_c(q, ")");
}

enum rc waiting_sql(struct sqlb *q, struct arena *a, const struct trigger *t, const struct filter_env *env,
                    struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    struct filter *filter = NULL;
    if (t->subject != ENT_DEAL)
        return err_set(e, RC_UNPROCESSABLE, "trigger_not_of_deals", "", NULL);
    TRY(filter_parse(a, deal, t->condition, env, &filter, e));
    sqlb_fmt(q, "FROM deal d WHERE d.deleted_at IS NULL AND d.status = %d", DEAL_OPEN);
    put_place(q, "funnel_id", t->funnel_id);
    put_place(q, "stage_id", t->stage_id);
    if (t->event.on == ON_TAGGED)
        put_link(q, "deal_tag", t->event.tag_id);
    if (t->event.on == ON_REACHED)
        put_link(q, "deal_goal", t->event.goal_id);
    if (t->event.on == ON_WON || t->event.on == ON_LOST) /* those are open no more */
        sqlb_c(q, " AND 1 = 0");
    if (filter) {
        sqlb_c(q, " AND ");
        filter_sql(q, deal, filter, "d");
    }
    return RC_OK;
}

/* ---- the operation that sets a trigger off for them ---- */

struct start {
    int64_t trigger_id, per_hour;
};

/* Read each time: what a chunk allocates does not live until the next one. */
static enum rc read_start(const struct operation *op, struct start *out, struct err *e)
{
    json_t *plan;
    TRY(json_read(op->plan, &plan, e));
    *out = (struct start){json_integer_value(json_object_get(plan, "trigger_id")),
                          json_integer_value(json_object_get(plan, "per_hour"))};
    json_decref(plan);
    return RC_OK;
}

static enum rc populate(struct operation *op, struct db *db, struct arena *a, const struct rights *rights,
                        struct operation_ids **out, struct err *e)
{
    struct start s;
    struct rule_set *set;
    struct stmt *stmt;
    VEC(int64_t) ids = {0};
    enum rc rc;
    TRY(read_start(op, &s, e));
    TRY(rules_load(db, a, &set, e));
    const struct trigger *t = rules_trigger(set, s.trigger_id);
    if (!t)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    struct sqlb q = sqlb_new(a);
    /* of the owner's: nobody sets rules off for cards that they may not see */
    const struct filter_env env = {.now = time_now(), .offset_ms = set->offset_ms, .rights = rights};
    sqlb_c(&q, "SELECT d.id ");
    TRY_OUT(waiting_sql(&q, a, t, &env, e));
    sqlb_c(&q, " AND ");
    rights_sql(&q, rights, entity_by_id(ENT_DEAL), RIGHT_SEE, "d");
    sqlb_c(&q, " ORDER BY d.stage_entered_at, d.id"); /* who has waited longest comes first */
    TRY_OUT(sqlb_prepare(&q, db, &stmt, e));
    while ((rc = stmt_step(stmt, e)) == RC_ROW)
        vec_push(&ids, stmt_col_i64(stmt, 0));
    stmt_done(stmt);
    if (rc == RC_DONE) {
        int64_t *own = ARENA_ARRAY(a, int64_t, ids.len + 1);
        if (ids.len)
            memcpy(own, ids.ptr, ids.len * sizeof *own);
        *out = ARENA_NEW(a, struct operation_ids);
        **out = (struct operation_ids){.kind = ENT_DEAL, .ids = own, .n = ids.len};
        rc = RC_OK;
    }
out:
    vec_free(&ids);
    sqlb_free(&q);
    return rc;
}

/* When it would be due for a deal as it stands; 0: now. */
static enum rc due_of(struct change *ch, const struct trigger *t, int64_t deal_id, int64_t *anchor, int64_t *due,
                      struct err *e)
{
    struct record *deal;
    struct calendar work;
    *anchor = ch->at;
    *due = 0;
    if (t->event.on != ON_TIMER)
        return RC_OK;
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), deal_id, false, &deal, e));
    TRY(calendar_of_user(ch->tx->db, ch->tx->arena, val_i(deal->f[DEAL_OWNER_ID], 0), &work, e));
    if (!timer_due(t, deal, deal->updated_at, &work, anchor, due))
        *due = 0;
    return RC_OK;
}

static enum rc apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    const struct rule_set *set;
    struct start s;
    int64_t anchor, due, run;
    bool ran;
    TRY(read_start(op, &s, e));
    TRY(rules_of(ch, &set, e));
    const struct trigger *t = rules_trigger(set, s.trigger_id);
    if (!t || !t->enabled)
        return err_set(e, RC_CONFLICT, "trigger_off", "", NULL);
    TRY(due_of(ch, t, item->id, &anchor, &due, e));
    int64_t spread = s.per_hour ? (item->row - 1) * MS_HOUR / s.per_hour : 0;
    if (due > ch->at + spread || spread)
        return timer_plan(ch, t, item->id, anchor, due > ch->at + spread ? due : ch->at + spread, e);
    return rules_run(ch, t, item->id, 0, true, &ran, &run, e);
}

const struct operation_type operation_trigger = {.kind = OPERATION_TRIGGER, .populate = populate, .apply = apply};
