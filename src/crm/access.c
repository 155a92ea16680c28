/* The facts behind a right, and the right asked of them in memory. See rights_sql.c, which says the same in SQL. */
#include "crm/access.h"
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/rights_impl.h"

/* ---- asking ---- */

static bool reaches(const struct rights *r, enum scope scope, int64_t user)
{
    if (!r)
        return true; /* the system */
    switch (scope) {
    case SCOPE_ALL:
        return true;
    case SCOPE_TEAM:
        return user && (user == r->user_id || rights_in(r->team, r->n_team, user));
    case SCOPE_OWN:
        return user && user == r->user_id;
    case SCOPE_NONE:
        break;
    }
    return false;
}

bool rights_allow_owned(const struct rights *r, const struct entity *ent, enum right right, int64_t owner)
{
    return reaches(r, rights_scope(r, ent, right), owner);
}

bool rights_allow_deal(const struct rights *r, enum right right, int64_t owner, int64_t funnel, int64_t stage,
                       const int64_t *members, size_t n_members)
{
    enum scope scope = rights_scope(r, entity_by_id(ENT_DEAL), right);
    if (!rights_has_stage(r, funnel, stage))
        return false;
    if (reaches(r, scope, owner))
        return true;
    for (size_t i = 0; i < n_members && scope != SCOPE_NONE; i++)
        if (reaches(r, scope, members[i]))
            return true;
    return false;
}

static bool allow_deal(const struct rights *r, const struct access *x, enum right right)
{
    return rights_allow_deal(r, right, x->owner, x->funnel, x->stage, x->members, x->n_members);
}

static enum right of_whole(enum right right)
{
    return right == RIGHT_SEE || right == RIGHT_EXPORT ? right : RIGHT_EDIT;
}

static bool allow_parents(const struct rights *r, const struct access *x, enum right right)
{
    return (!x->deal || allow_deal(r, x->deal, right)) &&
           (!x->contact || rights_allow_owned(r, x->contact->ent, right, x->contact->owner)) &&
           (!x->company || rights_allow_owned(r, x->company->ent, right, x->company->owner));
}

static bool allow_task(const struct rights *r, const struct access *x, enum right right, enum scope scope)
{
    if (x->deal && !rights_has_stage(r, x->deal->funnel, x->deal->stage))
        return false;
    return reaches(r, scope, x->owner) || (x->deal && allow_deal(r, x->deal, of_whole(right)));
}

static bool allow_point(const struct rights *r, const struct access *x, enum right right)
{
    const struct entity *contact = entity_by_id(ENT_CONTACT), *company = entity_by_id(ENT_COMPANY);
    if (x->kind == POINT_PHONE && ((x->contact && !rights_sees_field(r, contact, CONTACT_PHONE)) ||
                                   (x->company && !rights_sees_field(r, company, COMPANY_PHONE))))
        return false;
    if (x->kind == POINT_EMAIL && ((x->contact && !rights_sees_field(r, contact, CONTACT_EMAIL)) ||
                                   (x->company && !rights_sees_field(r, company, COMPANY_EMAIL))))
        return false;
    return allow_parents(r, x, of_whole(right));
}

static bool allow_view(const struct rights *r, const struct access *x, enum right right)
{
    if (!r || x->owner == r->user_id)
        return true;
    if (right != RIGHT_SEE && !rights_can(r, CAN_SHARE_VIEWS))
        return false;
    return x->kind == SHARED_EVERYONE || (x->kind == SHARED_TEAM && reaches(r, SCOPE_TEAM, x->owner));
}

/* Custom fields and their options: by the name of the column. */
static bool sees_custom(const struct rights *r, const struct access *x)
{
    static const enum entity_id objects[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY, ENT_TASK};
    char name[32];
    snprintf(name, sizeof name, "cf_%lld", (long long)x->kind);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const struct entity *ent = entity_by_id(objects[i]);
        int field = entity_field(ent, str_c(name));
        if (field >= 0 && !rights_sees_field(r, ent, field))
            return false;
    }
    return true;
}

/* Reviews of a team are its head's, too. */
static bool reviews(const struct rights *r, enum scope scope, int64_t team)
{
    return !r || scope == SCOPE_ALL || rights_in(r->heads, r->n_heads, team);
}

bool rights_allow(const struct rights *r, const struct access *x, enum right right)
{
    enum scope scope = rights_scope(r, x->ent, right);
    if (!x->exists || scope == SCOPE_NONE)
        return false;
    if (rights_all_rows(r, x->ent, right))
        return true;
    switch (x->ent->id) {
    case ENT_DEAL:
        return allow_deal(r, x, right);
    case ENT_CONTACT:
    case ENT_COMPANY:
    case ENT_OPERATION:
        return reaches(r, scope, x->owner);
    case ENT_NOTIFICATION:
        return reaches(r, SCOPE_OWN, x->owner);
    case ENT_USER:
        return reaches(r, scope, x->id);
    case ENT_TASK:
        return allow_task(r, x, right, scope);
    case ENT_NOTE:
    case ENT_FILE:
        return reaches(r, scope, x->owner) && allow_parents(r, x, RIGHT_SEE);
    case ENT_DEAL_PRODUCT:
    case ENT_DEAL_MEMBER:
    case ENT_BUYER:
        return allow_parents(r, x, of_whole(right));
    case ENT_CONTACT_POINT:
        return allow_point(r, x, right);
    case ENT_VIEW:
    case ENT_DASHBOARD:
        return allow_view(r, x, right);
    case ENT_FUNNEL:
        return rights_has_funnel(r, x->id);
    case ENT_STAGE:
        return rights_has_stage(r, x->funnel, x->id);
    case ENT_GATE:
    case ENT_GOAL:
    case ENT_TRIGGER:
    case ENT_INVOLVEMENT:
        return rights_has_stage(r, x->funnel, x->stage);
    case ENT_FUNNEL_DRAFT: /* it tells of all stages */
        return r == NULL || (!r->n_hidden_stages && (!x->funnel || rights_has_funnel(r, x->funnel)));
    case ENT_REGULATION_READ:
    case ENT_SUBSCRIPTION:
    case ENT_PLAN:
    case ENT_PAY_SCHEME:
        return reaches(r, scope, x->owner);
    case ENT_FINDING:
        return reaches(r, scope, x->owner) && rights_has_stage(r, x->funnel, x->stage);
    case ENT_REVIEW:
        return reviews(r, scope, x->kind);
    case ENT_REVIEW_ITEM:
        return reviews(r, scope, x->kind) && allow_parents(r, x, RIGHT_SEE);
    case ENT_COMPETITOR_OFFER:
    case ENT_TOUCH:
        return allow_parents(r, x, of_whole(right));
    case ENT_LOSS_REASON:
    case ENT_LAYOUT:
        return rights_has_funnel(r, x->funnel);
    case ENT_CUSTOM_FIELD:
    case ENT_FIELD_OPTION:
        return sees_custom(r, x);
    default:
        return true;
    }
}

/* ---- loading ---- */

/* The columns that matter, of every noun that has some; see read_facts. */
static const char *const facts_sql[ENT_END] = {
    [ENT_DEAL] = "SELECT owner_id, funnel_id, stage_id FROM deal WHERE id = $1",
    [ENT_CONTACT] = "SELECT owner_id FROM contact WHERE id = $1",
    [ENT_COMPANY] = "SELECT owner_id FROM company WHERE id = $1",
    [ENT_TASK] = "SELECT owner_id, NULL, NULL, NULL, deal_id FROM task WHERE id = $1",
    [ENT_NOTE] = "SELECT author_id, NULL, NULL, NULL, deal_id, contact_id, company_id FROM note WHERE id = $1",
    [ENT_FILE] = "SELECT author_id, NULL, NULL, NULL, deal_id, contact_id, company_id FROM file WHERE id = $1",
    [ENT_DEAL_PRODUCT] = "SELECT NULL, NULL, NULL, NULL, deal_id FROM deal_product WHERE id = $1",
    [ENT_DEAL_MEMBER] = "SELECT user_id, NULL, NULL, NULL, deal_id FROM deal_member WHERE id = $1",
    [ENT_BUYER] = "SELECT NULL, NULL, NULL, NULL, deal_id FROM buyer WHERE id = $1",
    [ENT_CONTACT_POINT] =
        "SELECT NULL, NULL, NULL, kind, NULL, contact_id, company_id FROM contact_point WHERE id = $1",
    [ENT_VIEW] = "SELECT owner_id, NULL, NULL, sharing FROM view WHERE id = $1",
    [ENT_OPERATION] = "SELECT owner_id FROM operation WHERE id = $1",
    [ENT_NOTIFICATION] = "SELECT user_id FROM notification WHERE id = $1",
    [ENT_STAGE] = "SELECT NULL, funnel_id FROM stage WHERE id = $1",
    [ENT_GATE] = ("SELECT NULL, s.funnel_id, g.stage_id FROM gate g LEFT JOIN stage s ON s.id = g.stage_id"
                  " WHERE g.id = $1"),
    [ENT_GOAL] = ("SELECT NULL, s.funnel_id, g.stage_id FROM goal g LEFT JOIN stage s ON s.id = g.stage_id"
                  " WHERE g.id = $1"),
    [ENT_TRIGGER] = ("SELECT NULL, COALESCE(g.funnel_id, s.funnel_id), g.stage_id FROM trigger_rule g"
                     " LEFT JOIN stage s ON s.id = g.stage_id WHERE g.id = $1"),
    [ENT_INVOLVEMENT] = "SELECT NULL, funnel_id, stage_id FROM involvement WHERE id = $1",
    [ENT_REGULATION_READ] = "SELECT user_id FROM regulation_read WHERE id = $1",
    [ENT_REVIEW] = "SELECT NULL, NULL, NULL, team_id FROM review WHERE id = $1",
    [ENT_REVIEW_ITEM] = ("SELECT NULL, NULL, NULL, r.team_id, i.deal_id FROM review_item i"
                         " LEFT JOIN review r ON r.id = i.review_id WHERE i.id = $1"),
    [ENT_COMPETITOR_OFFER] =
        "SELECT NULL, NULL, NULL, NULL, deal_id, contact_id, company_id FROM competitor_offer WHERE id = $1",
    [ENT_TOUCH] = "SELECT NULL, NULL, NULL, NULL, deal_id, contact_id, company_id FROM touch WHERE id = $1",
    [ENT_DASHBOARD] = "SELECT owner_id, NULL, NULL, sharing FROM dashboard WHERE id = $1",
    [ENT_SUBSCRIPTION] = "SELECT owner_id FROM subscription WHERE id = $1",
    [ENT_PLAN] = "SELECT user_id FROM plan_target WHERE id = $1",
    [ENT_PAY_SCHEME] = "SELECT user_id FROM pay_scheme WHERE id = $1",
    [ENT_FINDING] = "SELECT user_id, funnel_id, stage_id FROM finding WHERE id = $1",
    [ENT_LOSS_REASON] = "SELECT NULL, funnel_id FROM loss_reason WHERE id = $1",
    [ENT_LAYOUT] = "SELECT NULL, funnel_id FROM layout WHERE id = $1",
    [ENT_FUNNEL_DRAFT] = "SELECT NULL, funnel_id FROM funnel_draft WHERE id = $1",
    [ENT_CUSTOM_FIELD] = "SELECT NULL, NULL, NULL, id FROM custom_field WHERE id = $1",
    [ENT_FIELD_OPTION] = "SELECT NULL, NULL, NULL, custom_field_id FROM field_option WHERE id = $1",
};
enum { FACT_OWNER, FACT_FUNNEL, FACT_STAGE, FACT_KIND, FACT_DEAL, FACT_CONTACT, FACT_COMPANY, FACTS };

static enum rc load_members(struct db *db, struct arena *a, struct access *x, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    VEC(int64_t) ids = {0};
    TRY(db_prepare(db, &s, "SELECT user_id FROM deal_member WHERE deal_id = $1 AND deleted_at IS NULL", e));
    stmt_i64(s, 1, x->id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&ids, stmt_col_i64(s, 0));
    stmt_done(s);
    int64_t *own = ARENA_ARRAY(a, int64_t, ids.len + 1);
    if (ids.len)
        memcpy(own, ids.ptr, ids.len * sizeof *own);
    x->members = own;
    x->n_members = ids.len;
    vec_free(&ids);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc finish(struct db *db, struct arena *a, struct access *x, const int64_t facts[FACTS], struct err *e)
{
    struct access *parent;
    x->owner = facts[FACT_OWNER];
    x->funnel = facts[FACT_FUNNEL];
    x->stage = facts[FACT_STAGE];
    x->kind = facts[FACT_KIND];
    if (x->ent->id == ENT_DEAL && x->id)
        TRY(load_members(db, a, x, e));
    if (facts[FACT_DEAL]) {
        TRY(access_load(db, a, entity_by_id(ENT_DEAL), facts[FACT_DEAL], &parent, e));
        x->deal = parent;
    }
    if (facts[FACT_CONTACT]) {
        TRY(access_load(db, a, entity_by_id(ENT_CONTACT), facts[FACT_CONTACT], &parent, e));
        x->contact = parent;
    }
    if (facts[FACT_COMPANY]) {
        TRY(access_load(db, a, entity_by_id(ENT_COMPANY), facts[FACT_COMPANY], &parent, e));
        x->company = parent;
    }
    return RC_OK;
}

static int fact_columns(enum entity_id id)
{
    switch (id) {
    case ENT_DEAL:
    case ENT_GATE:
    case ENT_GOAL:
    case ENT_TRIGGER:
    case ENT_INVOLVEMENT:
    case ENT_FINDING:
        return 3;
    case ENT_COMPETITOR_OFFER:
    case ENT_TOUCH:
    case ENT_NOTE:
    case ENT_FILE:
    case ENT_CONTACT_POINT:
        return 7;
    case ENT_TASK:
    case ENT_DEAL_PRODUCT:
    case ENT_DEAL_MEMBER:
    case ENT_BUYER:
    case ENT_REVIEW_ITEM:
        return 5;
    case ENT_REVIEW:
    case ENT_VIEW:
    case ENT_DASHBOARD:
    case ENT_CUSTOM_FIELD:
    case ENT_FIELD_OPTION:
        return 4;
    case ENT_STAGE:
    case ENT_LOSS_REASON:
    case ENT_LAYOUT:
    case ENT_FUNNEL_DRAFT:
        return 2;
    default:
        return 1;
    }
}

enum rc access_load(struct db *db, struct arena *a, const struct entity *ent, int64_t id, struct access **out,
                    struct err *e)
{
    struct access *x = ARENA_NEW(a, struct access);
    int64_t facts[FACTS] = {0};
    struct stmt *s;
    const char *sql = facts_sql[ent->id];
    *x = (struct access){.ent = ent, .id = id};
    *out = x;
    if (!sql) {
        char text[120];
        int64_t found;
        snprintf(text, sizeof text, "SELECT 1 FROM %s WHERE id = $1", ent->table);
        TRY(QUERY_I64(db, &found, 0, e, text, id));
        x->exists = found != 0;
        return RC_OK;
    }
    TRY(db_prepare(db, &s, sql, e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    x->exists = rc == RC_ROW;
    for (int i = 0; x->exists && i < fact_columns(ent->id); i++)
        facts[i] = stmt_col_null(s, i) ? 0 : stmt_col_i64(s, i);
    stmt_done(s);
    if (rc != RC_ROW)
        return rc == RC_DONE ? RC_OK : rc;
    return finish(db, a, x, facts, e);
}

enum rc access_of(struct db *db, struct arena *a, const struct record *r, struct access **out, struct err *e)
{
    static const struct {
        enum entity_id ent;
        int field, fact;
    } places[] = {
        {ENT_DEAL, DEAL_OWNER_ID, FACT_OWNER},
        {ENT_DEAL, DEAL_FUNNEL_ID, FACT_FUNNEL},
        {ENT_DEAL, DEAL_STAGE_ID, FACT_STAGE},
        {ENT_CONTACT, CONTACT_OWNER_ID, FACT_OWNER},
        {ENT_COMPANY, COMPANY_OWNER_ID, FACT_OWNER},
        {ENT_TASK, TASK_OWNER_ID, FACT_OWNER},
        {ENT_TASK, TASK_DEAL_ID, FACT_DEAL},
        {ENT_NOTE, NOTE_AUTHOR_ID, FACT_OWNER},
        {ENT_NOTE, NOTE_DEAL_ID, FACT_DEAL},
        {ENT_NOTE, NOTE_CONTACT_ID, FACT_CONTACT},
        {ENT_NOTE, NOTE_COMPANY_ID, FACT_COMPANY},
        {ENT_FILE, FILE_AUTHOR_ID, FACT_OWNER},
        {ENT_FILE, FILE_DEAL_ID, FACT_DEAL},
        {ENT_FILE, FILE_CONTACT_ID, FACT_CONTACT},
        {ENT_FILE, FILE_COMPANY_ID, FACT_COMPANY},
        {ENT_DEAL_PRODUCT, DEAL_PRODUCT_DEAL_ID, FACT_DEAL},
        {ENT_DEAL_MEMBER, DEAL_MEMBER_USER_ID, FACT_OWNER},
        {ENT_DEAL_MEMBER, DEAL_MEMBER_DEAL_ID, FACT_DEAL},
        {ENT_BUYER, BUYER_DEAL_ID, FACT_DEAL},
        {ENT_CONTACT_POINT, CONTACT_POINT_KIND, FACT_KIND},
        {ENT_CONTACT_POINT, CONTACT_POINT_CONTACT_ID, FACT_CONTACT},
        {ENT_CONTACT_POINT, CONTACT_POINT_COMPANY_ID, FACT_COMPANY},
        {ENT_VIEW, VIEW_OWNER_ID, FACT_OWNER},
        {ENT_VIEW, VIEW_SHARING, FACT_KIND},
        {ENT_OPERATION, OPERATION_OWNER_ID, FACT_OWNER},
        {ENT_NOTIFICATION, NOTIFICATION_USER_ID, FACT_OWNER},
        {ENT_STAGE, STAGE_FUNNEL_ID, FACT_FUNNEL},
        {ENT_GATE, GATE_STAGE_ID, FACT_STAGE},
        {ENT_GOAL, GOAL_STAGE_ID, FACT_STAGE},
        {ENT_TRIGGER, TRIGGER_FUNNEL_ID, FACT_FUNNEL},
        {ENT_TRIGGER, TRIGGER_STAGE_ID, FACT_STAGE},
        {ENT_INVOLVEMENT, INVOLVEMENT_FUNNEL_ID, FACT_FUNNEL},
        {ENT_INVOLVEMENT, INVOLVEMENT_STAGE_ID, FACT_STAGE},
        {ENT_REGULATION_READ, REGULATION_READ_USER_ID, FACT_OWNER},
        {ENT_REVIEW, REVIEW_TEAM_ID, FACT_KIND},
        {ENT_REVIEW_ITEM, REVIEW_ITEM_DEAL_ID, FACT_DEAL},
        {ENT_COMPETITOR_OFFER, COMPETITOR_OFFER_DEAL_ID, FACT_DEAL},
        {ENT_COMPETITOR_OFFER, COMPETITOR_OFFER_CONTACT_ID, FACT_CONTACT},
        {ENT_COMPETITOR_OFFER, COMPETITOR_OFFER_COMPANY_ID, FACT_COMPANY},
        {ENT_TOUCH, TOUCH_DEAL_ID, FACT_DEAL},
        {ENT_TOUCH, TOUCH_CONTACT_ID, FACT_CONTACT},
        {ENT_TOUCH, TOUCH_COMPANY_ID, FACT_COMPANY},
        {ENT_DASHBOARD, DASHBOARD_OWNER_ID, FACT_OWNER},
        {ENT_DASHBOARD, DASHBOARD_SHARING, FACT_KIND},
        {ENT_SUBSCRIPTION, SUBSCRIPTION_OWNER_ID, FACT_OWNER},
        {ENT_PLAN, PLAN_USER_ID, FACT_OWNER},
        {ENT_PAY_SCHEME, PAY_SCHEME_USER_ID, FACT_OWNER},
        {ENT_FINDING, FINDING_USER_ID, FACT_OWNER},
        {ENT_FINDING, FINDING_FUNNEL_ID, FACT_FUNNEL},
        {ENT_FINDING, FINDING_STAGE_ID, FACT_STAGE},
        {ENT_LOSS_REASON, LOSS_REASON_FUNNEL_ID, FACT_FUNNEL},
        {ENT_LAYOUT, LAYOUT_FUNNEL_ID, FACT_FUNNEL},
        {ENT_FUNNEL_DRAFT, FUNNEL_DRAFT_FUNNEL_ID, FACT_FUNNEL},
        {ENT_FIELD_OPTION, FIELD_OPTION_CUSTOM_FIELD_ID, FACT_KIND},
    };
    int64_t facts[FACTS] = {0};
    struct access *x = ARENA_NEW(a, struct access);
    *x = (struct access){.ent = r->ent, .id = r->id, .exists = true};
    *out = x;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].ent == r->ent->id)
            facts[places[i].fact] = val_i(r->f[places[i].field], 0);
    if (r->ent->id == ENT_CUSTOM_FIELD)
        facts[FACT_KIND] = r->id;
    if (facts[FACT_STAGE] && !facts[FACT_FUNNEL])
        TRY(QUERY_I64(db, &facts[FACT_FUNNEL], 0, e, "SELECT funnel_id FROM stage WHERE id = $1", facts[FACT_STAGE]));
    if (r->ent->id == ENT_REVIEW_ITEM)
        TRY(QUERY_I64(db, &facts[FACT_KIND], 0, e, "SELECT team_id FROM review WHERE id = $1",
                      val_i(r->f[REVIEW_ITEM_REVIEW_ID], 0)));
    return finish(db, a, x, facts, e);
}

enum rc rights_reach(struct db *db, struct arena *a, const struct rights *r, const struct entity *ent, int64_t id,
                     enum right right, bool *out, struct err *e)
{
    struct access *x;
    if (r && rights_all_rows(r, ent, right)) {
        int64_t found;
        char text[120];
        snprintf(text, sizeof text, "SELECT 1 FROM %s WHERE id = $1", ent->table);
        TRY(QUERY_I64(db, &found, 0, e, text, id));
        *out = found != 0;
        return RC_OK;
    }
    TRY(access_load(db, a, ent, id, &x, e));
    *out = rights_allow(r, x, right);
    return RC_OK;
}
