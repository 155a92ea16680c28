/* Rights as conditions of SQL. What is said here in SQL, access.c says in memory; a test compares them. */
#include "crm/fields.h"
#include "crm/rights_impl.h"
#include <stdio.h>

struct put { /* where a condition is written */
    struct sqlb *q;
    const struct rights *r;
};

static void put_ids(struct sqlb *q, const int64_t *ids, size_t n)
{
    sqlb_c(q, "(");
    for (size_t i = 0; i < n; i++) {
        if (i)
            sqlb_c(q, ",");
        sqlb_param(q, val_int(ids[i]));
    }
    sqlb_c(q, ")");
}

/* " = $1" or " IN ($1,$2)": whose records the scope reaches. */
static void put_people(const struct put *p, enum scope scope)
{
    if (scope == SCOPE_TEAM && p->r->n_team > 1) {
        sqlb_c(p->q, " IN ");
        put_ids(p->q, p->r->team, p->r->n_team);
    } else {
        sqlb_c(p->q, " = ");
        sqlb_param(p->q, val_int(p->r->user_id));
    }
}

static void put_owned(const struct put *p, enum scope scope, const char *alias, const char *column)
{
    if (scope == SCOPE_NONE || scope == SCOPE_ALL) {
        sqlb_c(p->q, scope == SCOPE_ALL ? "1=1" : "1=0");
        return;
    }
    sqlb_fmt(p->q, "%s.%s", alias, column);
    put_people(p, scope);
}

static void put_not_in(const struct put *p, const char *alias, const char *column, bool nullable, const int64_t *ids,
                       size_t n)
{
    if (!n)
        return;
    sqlb_c(p->q, " AND ");
    if (nullable)
        sqlb_fmt(p->q, "(%s.%s IS NULL OR ", alias, column);
    sqlb_fmt(p->q, "%s.%s NOT IN ", alias, column);
    put_ids(p->q, ids, n);
    if (nullable)
        sqlb_c(p->q, ")");
}

static void put_places(const struct put *p, const char *alias)
{
    put_not_in(p, alias, "funnel_id", false, p->r->hidden_funnels, p->r->n_hidden_funnels);
    put_not_in(p, alias, "stage_id", false, p->r->hidden_stages, p->r->n_hidden_stages);
}

static void put_deal(const struct put *p, enum right right, const char *alias)
{
    enum scope scope = (enum scope)p->r->scope[ENT_DEAL][right];
    sqlb_c(p->q, "(");
    if (scope == SCOPE_OWN || scope == SCOPE_TEAM) {
        sqlb_c(p->q, "(");
        put_owned(p, scope, alias, "owner_id");
        sqlb_fmt(p->q, " OR %s.id IN (SELECT rm.deal_id FROM deal_member rm WHERE rm.user_id", alias);
        put_people(p, scope);
        sqlb_c(p->q, " AND rm.deleted_at IS NULL))");
    } else {
        put_owned(p, scope, alias, "owner_id");
    }
    put_places(p, alias);
    sqlb_c(p->q, ")");
}

static void put_owned_by_id(const struct put *p, enum entity_id ent, enum right right, const char *alias)
{
    sqlb_c(p->q, "(");
    put_owned(p, (enum scope)p->r->scope[ent][right], alias, "owner_id");
    sqlb_c(p->q, ")");
}

/* What a record hangs on, when it does. */
static void put_parent(const struct put *p, const char *alias, enum entity_id parent, enum right right)
{
    const char *table = entity_by_id(parent)->table;
    if (rights_all_rows(p->r, entity_by_id(parent), right))
        return;
    sqlb_fmt(p->q, " AND (%s.%s_id IS NULL OR EXISTS (SELECT 1 FROM %s rp WHERE rp.id = %s.%s_id AND ", alias, table,
             table, alias, table);
    if (parent == ENT_DEAL)
        put_deal(p, right, "rp");
    else
        put_owned_by_id(p, parent, right, "rp");
    sqlb_c(p->q, "))");
}

/* By its owner or with its deal; never one of a deal that stands where one may not look. */
static void put_task(const struct put *p, enum right right, const char *alias)
{
    enum scope scope = (enum scope)p->r->scope[ENT_TASK][right];
    enum right of_deal = right == RIGHT_SEE || right == RIGHT_EXPORT ? right : RIGHT_EDIT;
    sqlb_c(p->q, "(");
    if (scope == SCOPE_OWN || scope == SCOPE_TEAM) {
        sqlb_c(p->q, "(");
        put_owned(p, scope, alias, "owner_id");
        sqlb_fmt(p->q, " OR %s.deal_id IN (SELECT rd.id FROM deal rd WHERE ", alias);
        put_deal(p, of_deal, "rd");
        sqlb_c(p->q, "))");
    } else {
        put_owned(p, scope, alias, "owner_id");
    }
    if (p->r->n_hidden_funnels || p->r->n_hidden_stages) {
        sqlb_fmt(p->q, " AND (%s.deal_id IS NULL OR EXISTS (SELECT 1 FROM deal rh WHERE rh.id = %s.deal_id", alias,
                 alias);
        put_places(p, "rh");
        sqlb_c(p->q, "))");
    }
    sqlb_c(p->q, ")");
}

/* Notes and files: by their author, and all that they hang on must be seen. */
static void put_authored(const struct put *p, enum entity_id ent, enum right right, const char *alias)
{
    sqlb_c(p->q, "(");
    put_owned(p, (enum scope)p->r->scope[ent][right], alias, "author_id");
    put_parent(p, alias, ENT_DEAL, RIGHT_SEE);
    put_parent(p, alias, ENT_CONTACT, RIGHT_SEE);
    put_parent(p, alias, ENT_COMPANY, RIGHT_SEE);
    sqlb_c(p->q, ")");
}

static enum right of_whole(enum right right)
{
    return right == RIGHT_SEE || right == RIGHT_EXPORT ? right : RIGHT_EDIT;
}

static void put_point_kinds(const struct put *p, const char *alias, const char *of, enum entity_id ent, int phone,
                            int email)
{
    const int fields[] = {phone, email}, kinds[] = {POINT_PHONE, POINT_EMAIL};
    for (size_t i = 0; i < 2; i++)
        if (!rights_sees_field(p->r, entity_by_id(ent), fields[i]))
            sqlb_fmt(p->q, " AND (%s.%s IS NULL OR %s.kind <> %d)", alias, of, alias, kinds[i]);
}

static void put_point(const struct put *p, enum right right, const char *alias)
{
    sqlb_c(p->q, "(1=1");
    put_parent(p, alias, ENT_CONTACT, of_whole(right));
    put_parent(p, alias, ENT_COMPANY, of_whole(right));
    put_point_kinds(p, alias, "contact_id", ENT_CONTACT, CONTACT_PHONE, CONTACT_EMAIL);
    put_point_kinds(p, alias, "company_id", ENT_COMPANY, COMPANY_PHONE, COMPANY_EMAIL);
    sqlb_c(p->q, ")");
}

/* One's own, and what was shared with the team or with everyone; whoever may share changes that too. */
static void put_view(const struct put *p, enum right right, const char *alias)
{
    sqlb_fmt(p->q, "(%s.owner_id = ", alias);
    sqlb_param(p->q, val_int(p->r->user_id));
    if (right == RIGHT_SEE || rights_can(p->r, CAN_SHARE_VIEWS)) {
        sqlb_fmt(p->q, " OR %s.sharing = %d OR (%s.sharing = %d AND %s.owner_id", alias, SHARED_EVERYONE, alias,
                 SHARED_TEAM, alias);
        put_people(p, SCOPE_TEAM);
        sqlb_c(p->q, ")");
    }
    sqlb_c(p->q, ")");
}

/* The ids of the custom fields that are hidden: their columns are called cf_<id>. */
static void put_custom(const struct put *p, const char *alias, const char *column)
{
    static const enum entity_id objects[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY, ENT_TASK};
    sqlb_c(p->q, "(1=1");
    for (size_t k = 0; k < sizeof objects / sizeof *objects; k++) {
        const struct entity *ent = entity_by_id(objects[k]);
        for (size_t i = 0; !p->r->all_fields[ent->id] && i < ent->n_fields; i++) {
            int64_t id;
            struct str name = str_c(ent->fields[i].name);
            if (rights_sees_field(p->r, ent, (int)i) || !str_starts(name, STR("cf_")) ||
                !str_i64((struct str){name.ptr + 3, name.len - 3}, &id))
                continue;
            sqlb_fmt(p->q, " AND %s.%s <> ", alias, column);
            sqlb_param(p->q, val_int(id));
        }
    }
    sqlb_c(p->q, ")");
}

static void put_place_list(const struct put *p, const char *alias, const char *funnel, bool nullable, const char *stage)
{
    sqlb_c(p->q, "(1=1");
    put_not_in(p, alias, funnel, nullable, p->r->hidden_funnels, p->r->n_hidden_funnels);
    if (stage)
        put_not_in(p, alias, stage, false, p->r->hidden_stages, p->r->n_hidden_stages);
    sqlb_c(p->q, ")");
}

static void put_user_column(const struct put *p, enum scope scope, const char *alias, const char *column)
{
    sqlb_c(p->q, "(");
    put_owned(p, scope, alias, column);
    sqlb_c(p->q, ")");
}

/* Of a person or of the whole company, in a funnel and a stage that are seen. */
static void put_finding(const struct put *p, enum scope scope, const char *alias)
{
    sqlb_c(p->q, "(");
    put_owned(p, scope, alias, "user_id");
    put_not_in(p, alias, "funnel_id", true, p->r->hidden_funnels, p->r->n_hidden_funnels);
    put_not_in(p, alias, "stage_id", true, p->r->hidden_stages, p->r->n_hidden_stages);
    sqlb_c(p->q, ")");
}

/* What stands on a stage: of the funnel named, else of the stage's. */
static void put_on_stage(const struct put *p, const char *alias, bool names_funnel)
{
    const struct rights *r = p->r;
    sqlb_c(p->q, "(1=1");
    if (r->n_hidden_funnels) {
        sqlb_c(p->q, " AND COALESCE(");
        if (names_funnel)
            sqlb_fmt(p->q, "%s.funnel_id, ", alias);
        sqlb_fmt(p->q, "(SELECT rs.funnel_id FROM stage rs WHERE rs.id = %s.stage_id), 0) NOT IN ", alias);
        put_ids(p->q, r->hidden_funnels, r->n_hidden_funnels);
    }
    put_not_in(p, alias, "stage_id", true, r->hidden_stages, r->n_hidden_stages);
    sqlb_c(p->q, ")");
}

/* Of a team that one heads; whoever has the settings sees all. */
static void put_review(const struct put *p, enum scope scope, const char *alias)
{
    if (scope == SCOPE_ALL || !p->r->n_heads) {
        sqlb_c(p->q, scope == SCOPE_ALL ? "1=1" : "1=0");
        return;
    }
    sqlb_fmt(p->q, "%s.team_id IN ", alias);
    put_ids(p->q, p->r->heads, p->r->n_heads);
}

static void put_review_item(const struct put *p, enum scope scope, const char *alias)
{
    sqlb_fmt(p->q, "(EXISTS (SELECT 1 FROM review rv WHERE rv.id = %s.review_id AND ", alias);
    put_review(p, scope, "rv");
    sqlb_c(p->q, ")");
    put_parent(p, alias, ENT_DEAL, RIGHT_SEE);
    sqlb_c(p->q, ")");
}

static void put_offer(const struct put *p, enum right right, const char *alias)
{
    sqlb_c(p->q, "(1=1");
    put_parent(p, alias, ENT_DEAL, of_whole(right));
    put_parent(p, alias, ENT_CONTACT, of_whole(right));
    put_parent(p, alias, ENT_COMPANY, of_whole(right));
    sqlb_c(p->q, ")");
}

static void put_seen_dictionary(const struct put *p, const struct entity *ent, const char *alias)
{
    switch (ent->id) {
    case ENT_FUNNEL:
        put_place_list(p, alias, "id", false, NULL);
        break;
    case ENT_STAGE:
        put_place_list(p, alias, "funnel_id", false, "id");
        break;
    case ENT_LOSS_REASON:
    case ENT_LAYOUT:
        put_place_list(p, alias, "funnel_id", true, NULL);
        break;
    case ENT_GATE:
    case ENT_GOAL:
        put_on_stage(p, alias, false);
        break;
    case ENT_TRIGGER:
    case ENT_INVOLVEMENT:
        put_on_stage(p, alias, true);
        break;
    case ENT_FUNNEL_DRAFT: /* it tells of all stages */
        if (p->r->n_hidden_stages)
            sqlb_c(p->q, "1=0");
        else
            put_place_list(p, alias, "funnel_id", true, NULL);
        break;
    case ENT_CUSTOM_FIELD:
        put_custom(p, alias, "id");
        break;
    case ENT_FIELD_OPTION:
        put_custom(p, alias, "custom_field_id");
        break;
    default:
        sqlb_c(p->q, "1=1");
    }
}

void rights_sql(struct sqlb *q, const struct rights *r, const struct entity *ent, enum right right, const char *alias)
{
    const struct put p = {q, r};
    enum scope scope = rights_scope(r, ent, right);
    if (scope == SCOPE_NONE) {
        sqlb_c(q, "1=0");
        return;
    }
    if (rights_all_rows(r, ent, right)) {
        sqlb_c(q, "1=1");
        return;
    }
    switch (ent->id) {
    case ENT_DEAL:
        put_deal(&p, right, alias);
        break;
    case ENT_CONTACT:
    case ENT_COMPANY:
        put_owned_by_id(&p, ent->id, right, alias);
        break;
    case ENT_TASK:
        put_task(&p, right, alias);
        break;
    case ENT_NOTE:
    case ENT_FILE:
        put_authored(&p, ent->id, right, alias);
        break;
    case ENT_DEAL_PRODUCT:
    case ENT_DEAL_MEMBER:
    case ENT_BUYER:
        sqlb_c(q, "(1=1");
        put_parent(&p, alias, ENT_DEAL, of_whole(right));
        sqlb_c(q, ")");
        break;
    case ENT_CONTACT_POINT:
        put_point(&p, right, alias);
        break;
    case ENT_VIEW:
    case ENT_DASHBOARD:
        put_view(&p, right, alias);
        break;
    case ENT_OPERATION:
    case ENT_SUBSCRIPTION:
        put_user_column(&p, scope, alias, "owner_id");
        break;
    case ENT_NOTIFICATION:
        put_user_column(&p, SCOPE_OWN, alias, "user_id");
        break;
    case ENT_USER:
        put_user_column(&p, scope, alias, "id");
        break;
    case ENT_REGULATION_READ:
    case ENT_PLAN:
    case ENT_PAY_SCHEME:
        put_user_column(&p, scope, alias, "user_id");
        break;
    case ENT_FINDING:
        put_finding(&p, scope, alias);
        break;
    case ENT_REVIEW:
        put_review(&p, scope, alias);
        break;
    case ENT_REVIEW_ITEM:
        put_review_item(&p, scope, alias);
        break;
    case ENT_COMPETITOR_OFFER:
    case ENT_TOUCH:
        put_offer(&p, right, alias);
        break;
    default:
        put_seen_dictionary(&p, ent, alias);
    }
}

/* ---- in branches: one for each owner, one for what they are co-workers on ---- */

#define BRANCH_OWNERS 12

size_t rights_branches(const struct rights *r, const struct entity *ent)
{
    if (ent->id != ENT_DEAL || rights_all_rows(r, ent, RIGHT_SEE))
        return 0;
    enum scope scope = rights_scope(r, ent, RIGHT_SEE);
    if (scope == SCOPE_OWN || (scope == SCOPE_TEAM && r->n_team == 1))
        return 2;
    return scope == SCOPE_TEAM && r->n_team <= BRANCH_OWNERS ? r->n_team + 1 : 0;
}

void rights_branch_sql(struct sqlb *q, const struct rights *r, const struct entity *ent, size_t branch,
                       const char *alias)
{
    const struct put p = {q, r};
    enum scope scope = rights_scope(r, ent, RIGHT_SEE);
    size_t owners = rights_branches(r, ent) - 1;
    sqlb_c(q, "(");
    if (branch < owners) {
        sqlb_fmt(q, "%s.owner_id = ", alias);
        sqlb_param(q, val_int(owners == 1 ? r->user_id : r->team[branch]));
    } else {
        sqlb_fmt(q, "%s.id IN (SELECT rm.deal_id FROM deal_member rm WHERE rm.user_id", alias);
        put_people(&p, scope);
        sqlb_fmt(q, " AND rm.deleted_at IS NULL) AND (%s.owner_id IS NULL OR NOT (%s.owner_id", alias, alias);
        put_people(&p, scope);
        sqlb_c(q, "))");
    }
    put_places(&p, alias);
    sqlb_c(q, ")");
}
