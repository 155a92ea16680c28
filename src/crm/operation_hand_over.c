/* Handing over everything of somebody who leaves: their records go to one or several people in turn, their teams and
 * co-worker places too, then they are deactivated. One operation, one reason, one undo. */
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/hand_over.h"
#include "crm/operation.h"

struct part { /* what goes over; the table of ids */
    enum entity_id kind;
    const char *object; /* as the plan names it; NULL: always */
    const char *sql;
    int owner, reason; /* fields; reason -1: none */
};
static const struct part parts[] = {
    {ENT_DEAL, "deals", "SELECT id FROM deal WHERE owner_id = $1 AND deleted_at IS NULL ORDER BY id", DEAL_OWNER_ID,
     DEAL_OWNER_REASON},
    {ENT_CONTACT, "contacts", "SELECT id FROM contact WHERE owner_id = $1 AND deleted_at IS NULL ORDER BY id",
     CONTACT_OWNER_ID, CONTACT_OWNER_REASON},
    {ENT_COMPANY, "companies", "SELECT id FROM company WHERE owner_id = $1 AND deleted_at IS NULL ORDER BY id",
     COMPANY_OWNER_ID, COMPANY_OWNER_REASON},
    {ENT_TASK, "tasks", "SELECT id FROM task WHERE owner_id = $1 AND done = 0 AND deleted_at IS NULL ORDER BY id",
     TASK_OWNER_ID, -1},
    {ENT_DEAL_MEMBER, "deals", "SELECT id FROM deal_member WHERE user_id = $1 AND deleted_at IS NULL ORDER BY id", -1,
     -1},
    {ENT_TEAM, NULL, "SELECT id FROM team WHERE head_id = $1 AND deleted_at IS NULL ORDER BY id", TEAM_HEAD_ID, -1},
};
#define PARTS (sizeof parts / sizeof *parts)

/* ---- the plan ---- */

struct plan {
    int64_t user;
    int64_t *to;
    size_t n_to;
    const char *reason; /* NULL: none */
    bool deactivate, takes[PARTS];
};

static bool names_object(const json_t *objects, const char *object)
{
    if (!objects || !object)
        return true;
    for (size_t i = 0; i < json_array_size(objects); i++)
        if (strcmp(json_string_value(json_array_get(objects, i)), object) == 0)
            return true;
    return false;
}

static enum rc read_plan(struct arena *a, struct str text, struct plan *out, struct err *e)
{
    json_t *tree;
    TRY(json_read(text, &tree, e));
    const json_t *to = json_object_get(tree, "to"), *reason = json_object_get(tree, "reason");
    *out = (struct plan){.user = json_integer_value(json_object_get(tree, "user")),
                         .n_to = json_array_size(to),
                         .reason = json_is_string(reason) ? str_cdup(a, str_c(json_string_value(reason))) : NULL,
                         .deactivate = json_is_true(json_object_get(tree, "deactivate"))};
    out->to = ARENA_ARRAY(a, int64_t, out->n_to + 1);
    for (size_t i = 0; i < out->n_to; i++)
        out->to[i] = json_integer_value(json_array_get(to, i));
    for (size_t i = 0; i < PARTS; i++)
        out->takes[i] = names_object(json_object_get(tree, "objects"), parts[i].object);
    json_decref(tree);
    return out->n_to ? RC_OK : err_set(e, RC_INTERNAL, "bad_plan", "", NULL);
}

/* ---- what there is ---- */

static enum rc find(struct db *db, struct arena *a, const struct part *part, int64_t user, int64_t **ids, size_t *n,
                    struct err *e)
{
    VEC(int64_t) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, part->sql, e));
    stmt_i64(s, 1, user);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    stmt_done(s);
    *n = found.len;
    *ids = ARENA_ARRAY(a, int64_t, found.len + 1);
    if (found.len)
        memcpy(*ids, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc populate(struct operation *op, struct db *db, struct arena *a, const struct rights *rights,
                        struct operation_ids **out, struct err *e)
{
    struct plan plan;
    (void)rights; /* whoever may hand over (CAN_USERS) hands over all of it */
    *out = NULL;
    TRY(read_plan(a, op->plan, &plan, e));
    for (size_t i = 0; i < PARTS; i++) {
        int64_t *ids;
        if (!plan.takes[i])
            continue;
        struct operation_ids *one = ARENA_NEW(a, struct operation_ids);
        TRY(find(db, a, &parts[i], plan.user, &ids, &one->n, e));
        one->kind = parts[i].kind;
        one->ids = ids;
        *out = one;
        out = &one->next;
    }
    return RC_OK;
}

enum rc hand_over_count(struct db *db, struct arena *a, struct str text, struct jw *w, struct err *e)
{
    static const char *const names[PARTS] = {"deals", "contacts", "companies", "tasks", "places", "teams"};
    struct plan plan;
    TRY(read_plan(a, text, &plan, e));
    for (size_t i = 0; i < PARTS; i++) {
        int64_t *ids;
        size_t n = 0;
        if (plan.takes[i])
            TRY(find(db, a, &parts[i], plan.user, &ids, &n, e));
        jw_ki64(w, names[i], (int64_t)n);
    }
    return RC_OK;
}

/* ---- doing it ---- */

/* Their place on a deal; whoever is there already does not get a second one. */
static enum rc give_place(struct change *ch, int64_t id, int64_t to, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_DEAL_MEMBER);
    struct record *was;
    int64_t there;
    enum rc rc = record_load_row(ch->tx->db, ch->tx->arena, ent, id, false, &was, e);
    if (rc != RC_OK)
        return rc;
    int64_t deal = was->f[DEAL_MEMBER_DEAL_ID].i;
    TRY(change_delete(ch, ent, id, 0, e));
    TRY(QUERY_I64(ch->tx->db, &there, 0, e,
                  "SELECT 1 FROM deal_member WHERE deal_id = $1 AND user_id = $2 AND deleted_at IS NULL UNION ALL"
                  " SELECT 1 FROM deal WHERE id = $1 AND owner_id = $2 LIMIT 1",
                  deal, to));
    if (there)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, ent);
    in->f[DEAL_MEMBER_DEAL_ID] = val_int(deal);
    in->f[DEAL_MEMBER_USER_ID] = val_int(to);
    in->f[DEAL_MEMBER_PART] = was->f[DEAL_MEMBER_PART];
    return change_create(ch, in, NULL, e);
}

static const struct part *part_of(enum entity_id kind)
{
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].kind == kind)
            return &parts[i];
    return NULL;
}

static enum rc give(struct change *ch, const struct plan *plan, const struct operation_item *item, struct err *e)
{
    const struct part *part = part_of(item->kind);
    int64_t to = plan->to[(size_t)(item->row - 1) % plan->n_to], owner;
    char sql[120];
    if (item->kind == ENT_DEAL_MEMBER)
        return give_place(ch, item->id, to, e);
    const struct entity *ent = entity_by_id(item->kind);
    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id = $1 AND deleted_at IS NULL", ent->fields[part->owner].name,
             ent->table);
    TRY(QUERY_I64(ch->tx->db, &owner, 0, e, sql, item->id));
    if (owner != plan->user)
        return RC_OK; /* somebody has given it to another meanwhile */
    struct record *in = record_new(ch->tx->arena, ent);
    in->f[part->owner] = val_int(item->kind == ENT_TEAM ? plan->to[0] : to);
    if (part->reason >= 0 && plan->reason)
        in->f[part->reason] = val_str(str_c(plan->reason));
    else if (part->reason >= 0)
        TRY(owner_reason_of(ch, "owners.by_hand_over", &in->f[part->reason], e));
    return change_update(ch, item->id, 0, in, e);
}

static enum rc apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    struct plan plan;
    TRY(read_plan(ch->tx->arena, op->plan, &plan, e));
    ch->inner++;
    enum rc rc = give(ch, &plan, item, e);
    ch->inner--;
    return rc;
}

static enum rc finish(struct operation *op, struct change *ch, struct err *e)
{
    struct plan plan;
    TRY(read_plan(ch->tx->arena, op->plan, &plan, e));
    if (!plan.deactivate)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_USER));
    in->f[USER_ACTIVE] = val_int(0);
    return change_update(ch, plan.user, 0, in, e);
}

const struct operation_type operation_hand_over = {
    .kind = OPERATION_HAND_OVER, .populate = populate, .apply = apply, .finish = finish};

/* ---- before it begins ---- */

enum rc hand_over_check(struct change *ch, struct str text, struct err *e)
{
    struct plan plan;
    struct record *user, *in = record_new(ch->tx->arena, entity_by_id(ENT_USER));
    int64_t found;
    TRY(read_plan(ch->tx->arena, text, &plan, e));
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_USER), plan.user, false, &user, e));
    for (size_t i = 0; i < plan.n_to; i++) {
        TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                      "SELECT 1 FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL", plan.to[i]));
        if (!found || plan.to[i] == plan.user)
            return err_set(e, RC_UNPROCESSABLE, found ? "hand_over_to_self" : "user_inactive", "to", NULL);
    }
    if (!plan.deactivate)
        return RC_OK;
    in->f[USER_ACTIVE] = val_int(0); /* asked of the same rules that it will meet in the end */
    struct record *will = record_copy(ch->tx->arena, user);
    will->f[USER_ACTIVE] = in->f[USER_ACTIVE];
    return entity_by_id(ENT_USER)->before(ch, user, will, e);
}
