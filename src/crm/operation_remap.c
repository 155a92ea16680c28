/* Deals of a stage that was merged, split or removed go on to others. It is the definition that has changed, not the
 * deal: gates are not asked. What has left the stage meanwhile stays where it is. */
#include "crm/engine.h"
#include "crm/filter.h"
#include "crm/operation.h"
#include "crm/workday.h"

struct target {
    int64_t stage;
    const struct filter *when; /* NULL: the rest */
};
struct remap {
    int64_t from;
    struct target *to;
    size_t n;
};
struct plan {
    struct remap *remaps;
    size_t n;
};

static enum rc read_target(struct arena *a, const json_t *json, const struct filter_env *env, struct target *out,
                           struct err *e)
{
    const char *text = json_string_value(json_object_get(json, "condition"));
    struct filter *f = NULL;
    out->stage = json_integer_value(json_object_get(json, "stage_id"));
    if (text)
        TRY(filter_parse(a, entity_by_id(ENT_DEAL), str_dup(a, str_c(text)), env, &f, e));
    out->when = f;
    return RC_OK;
}

/* Days begin where the company is. */
static enum rc days_of(struct db *db, struct arena *a, const struct operation *op, struct filter_env *env,
                       struct err *e)
{
    struct calendar company;
    if (!memmem(op->plan.ptr, op->plan.len, "\"condition\"", 11))
        return RC_OK;
    TRY(calendar_of_user(db, a, 0, &company, e));
    env->offset_ms = zone_offset(company.zone, env->now);
    return RC_OK;
}

static enum rc read_plan(struct db *db, struct arena *a, const struct operation *op, int64_t now, struct plan *out,
                         struct err *e)
{
    struct filter_env env = {.user_id = op->owner_id, .now = now};
    json_t *tree;
    enum rc rc = RC_OK;
    TRY(days_of(db, a, op, &env, e));
    TRY(json_read(op->plan, &tree, e));
    const json_t *list = json_object_get(tree, "remap");
    *out = (struct plan){.n = json_array_size(list)};
    out->remaps = ARENA_ARRAY(a, struct remap, out->n + 1);
    for (size_t i = 0; i < out->n && rc == RC_OK; i++) {
        const json_t *one = json_array_get(list, i), *to = json_object_get(one, "to");
        struct remap *m = &out->remaps[i];
        *m = (struct remap){.from = json_integer_value(json_object_get(one, "from")), .n = json_array_size(to)};
        m->to = ARENA_ARRAY(a, struct target, m->n + 1);
        for (size_t k = 0; k < m->n && rc == RC_OK; k++)
            rc = read_target(a, json_array_get(to, k), &env, &m->to[k], e);
    }
    json_decref(tree);
    return rc;
}

static enum rc populate(struct operation *op, struct db *db, struct arena *a, const struct rights *rights,
                        struct operation_ids **out, struct err *e)
{
    struct plan plan;
    (void)rights; /* whoever may publish moves all of them */
    *out = NULL;
    TRY(read_plan(db, a, op, time_now(), &plan, e));
    for (size_t i = 0; i < plan.n; i++) {
        struct operation_ids *one = ARENA_NEW(a, struct operation_ids);
        VEC(int64_t) found = {0};
        struct stmt *s;
        enum rc rc;
        TRY(db_prepare(db, &s, "SELECT id FROM deal WHERE stage_id = $1 AND deleted_at IS NULL ORDER BY id", e));
        stmt_i64(s, 1, plan.remaps[i].from);
        while ((rc = stmt_step(s, e)) == RC_ROW)
            vec_push(&found, stmt_col_i64(s, 0));
        stmt_done(s);
        int64_t *ids = ARENA_ARRAY(a, int64_t, found.len + 1);
        if (found.len)
            memcpy(ids, found.ptr, found.len * sizeof *ids);
        *one = (struct operation_ids){.kind = ENT_DEAL, .ids = ids, .n = found.len};
        vec_free(&found);
        if (rc != RC_DONE)
            return rc;
        *out = one;
        out = &one->next;
    }
    return RC_OK;
}

/* The first part whose condition holds. */
static enum rc choose(struct change *ch, const struct remap *m, int64_t deal, int64_t *stage, struct err *e)
{
    for (size_t i = 0; i < m->n; i++) {
        *stage = m->to[i].stage;
        if (!m->to[i].when)
            return RC_OK;
        struct sqlb q = sqlb_new(ch->tx->arena);
        struct stmt *s;
        sqlb_c(&q, "SELECT 1 FROM deal d WHERE d.id = ");
        sqlb_param(&q, val_int(deal));
        sqlb_c(&q, " AND ");
        filter_sql(&q, entity_by_id(ENT_DEAL), m->to[i].when, "d");
        enum rc rc = sqlb_prepare(&q, ch->tx->db, &s, e);
        if (rc == RC_OK) {
            rc = stmt_step(s, e);
            stmt_done(s);
        }
        sqlb_free(&q);
        if (rc == RC_ROW)
            return RC_OK;
        if (rc != RC_DONE)
            return rc;
    }
    return RC_OK;
}

static enum rc move(struct change *ch, int64_t deal, int64_t stage, struct err *e)
{
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_DEAL));
    in->f[DEAL_STAGE_ID] = val_int(stage);
    ch->inner++;
    ch->remap = true;
    enum rc rc = change_update(ch, deal, 0, in, e);
    ch->remap = false;
    ch->inner--;
    return rc;
}

static enum rc apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    struct plan plan;
    int64_t at, to = 0;
    TRY(read_plan(ch->tx->db, ch->tx->arena, op, ch->at, &plan, e));
    TRY(QUERY_I64(ch->tx->db, &at, 0, e, "SELECT stage_id FROM deal WHERE id = $1 AND deleted_at IS NULL", item->id));
    for (size_t i = 0; i < plan.n; i++)
        if (plan.remaps[i].from == at) {
            TRY(choose(ch, &plan.remaps[i], item->id, &to, e));
            return to && to != at ? move(ch, item->id, to, e) : RC_OK;
        }
    return RC_OK;
}

const struct operation_type operation_remap = {.kind = OPERATION_REMAP, .populate = populate, .apply = apply};
