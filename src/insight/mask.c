/* Which part of a filter columns answer, and what the database must be asked before. */
#include "crm/fields.h"
#include "insight/mask_impl.h"
#include "insight/projection_nouns.h"

#define TEXTS_SURE 60000 /* a column with more texts may be given up before the mask is applied */

struct planner {
    struct arena *arena;
    struct db *db;
    struct projection *projection;
    bool of_present;
};

static struct mask_node *node(struct planner *p, enum mask_kind kind, const struct mask_node *a,
                              const struct mask_node *b)
{
    struct mask_node *n = ARENA_NEW(p->arena, struct mask_node);
    n->kind = kind;
    n->a = a;
    n->b = b;
    return n;
}

/* NULL is everything. */
static const struct mask_node *both(struct planner *p, const struct mask_node *a, const struct mask_node *b)
{
    return a == NULL ? b : b == NULL ? a : node(p, MASK_AND, a, b);
}

/* ---- ids from the database ---- */

static enum rc query(struct planner *p, struct sqlb *q, struct stmt **s, struct err *e)
{
    enum rc rc = sqlb_prepare(q, p->db, s, e);
    sqlb_free(q);
    return rc;
}

static enum rc read_ids(struct planner *p, struct stmt *s, struct id_set *out, struct err *e)
{
    VEC(uint64_t) words = {0};
    enum rc rc;
    uint64_t zero = 0;
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t id = stmt_col_i64(s, 0);
        if (id <= 0 || id > INT32_MAX)
            continue;
        if ((uint64_t)id / 64 >= words.cap)
            vec_reserve(&words, (size_t)id / 64 * 3 / 2 + 16);
        while (words.len <= (uint64_t)id / 64)
            vec_push(&words, zero);
        words.ptr[id / 64] |= UINT64_C(1) << (id % 64);
    }
    stmt_done(s);
    uint64_t *kept = ARENA_ARRAY(p->arena, uint64_t, words.len + 1);
    if (words.len)
        memcpy(kept, words.ptr, words.len * sizeof *kept);
    *out = (struct id_set){kept, words.len * 64};
    vec_free(&words);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Records of the noun, deleted or not, that meet one leaf and are in sight of rights. */
static enum rc ask(struct planner *p, const struct entity *ent, const struct filter_leaf *leaf,
                   const struct rights *rights, struct id_set *out, struct err *e)
{
    struct sqlb q;
    struct stmt *s;
    struct filter f = {.kind = FILTER_LEAF};
    q = sqlb_new(p->arena);
    sqlb_fmt(&q, "SELECT t.id FROM %s t WHERE ", ent->table);
    if (leaf != NULL) {
        f.leaf = *leaf;
        f.leaf.via = -1;
        filter_sql(&q, ent, &f, "t");
        sqlb_c(&q, " AND ");
    }
    rights_sql(&q, rights, ent, RIGHT_SEE, "t");
    TRY(query(p, &q, &s, e));
    return read_ids(p, s, out, e);
}

/* ---- what somebody may see ---- */

/* field in (ids), over the present. */
static const struct mask_node *one_of(struct planner *p, enum fact fact, int field, const int64_t *ids, size_t n)
{
    struct filter_leaf *leaf = ARENA_NEW(p->arena, struct filter_leaf);
    const struct entity *ent = entity_by_id(fact_entity(fact));
    *leaf = (struct filter_leaf){.ent = ent,
                                 .field = &ent->fields[field],
                                 .index = field,
                                 .via = -1,
                                 .op = FOP_IN,
                                 .values = ARENA_ARRAY(p->arena, struct val, n + 1),
                                 .n = n};
    for (size_t i = 0; i < n; i++)
        leaf->values[i] = val_int(ids[i]);
    struct mask_node *leaf_node = node(p, MASK_LEAF, NULL, NULL);
    leaf_node->leaf = leaf_node->own = leaf;
    return leaf_node;
}

static const struct mask_node *none_of(struct planner *p, enum fact fact, int field, const int64_t *ids, size_t n)
{
    return n ? node(p, MASK_NOT, one_of(p, fact, field, ids, n), NULL) : NULL;
}

static const struct mask_node *owned(struct planner *p, enum fact fact, int owner, const struct rights *r,
                                     enum scope scope)
{
    if (scope == SCOPE_ALL)
        return NULL;
    if (scope == SCOPE_TEAM && r->n_team > 1)
        return one_of(p, fact, owner, r->team, r->n_team);
    return one_of(p, fact, owner, &r->user_id, scope == SCOPE_NONE ? 0 : 1);
}

static enum rc co_worked(struct planner *p, const struct rights *r, enum scope scope, const struct mask_node **out,
                         struct err *e)
{
    struct sqlb q;
    struct stmt *s;
    struct mask_node *n = node(p, MASK_IDS, NULL, NULL);
    bool team = scope == SCOPE_TEAM && r->n_team > 1;
    q = sqlb_new(p->arena);
    sqlb_c(&q, "SELECT deal_id FROM deal_member WHERE deleted_at IS NULL AND user_id IN (");
    for (size_t i = 0; i < (team ? r->n_team : 1); i++) {
        sqlb_c(&q, i ? "," : "");
        sqlb_param(&q, val_int(team ? r->team[i] : r->user_id));
    }
    sqlb_c(&q, ")");
    TRY(query(p, &q, &s, e));
    TRY(read_ids(p, s, &n->ids, e));
    *out = n;
    return RC_OK;
}

static enum rc sight_of_deals(struct planner *p, const struct rights *r, const struct mask_node **out, struct err *e)
{
    enum scope scope = (enum scope)r->scope[ENT_DEAL][RIGHT_SEE];
    const struct mask_node *n = owned(p, FACT_DEAL, DEAL_OWNER_ID, r, scope), *with = NULL;
    if (scope == SCOPE_OWN || scope == SCOPE_TEAM) {
        TRY(co_worked(p, r, scope, &with, e));
        n = node(p, MASK_OR, n, with);
    }
    n = both(p, n, none_of(p, FACT_DEAL, DEAL_FUNNEL_ID, r->hidden_funnels, r->n_hidden_funnels));
    *out = both(p, n, none_of(p, FACT_DEAL, DEAL_STAGE_ID, r->hidden_stages, r->n_hidden_stages));
    return RC_OK;
}

/* *out NULL: everything. */
static enum rc sight(struct planner *p, enum fact fact, const struct rights *r, const struct mask_node **out,
                     struct err *e)
{
    const struct entity *ent = entity_by_id(fact_entity(fact));
    *out = NULL;
    if (rights_all_rows(r, ent, RIGHT_SEE))
        return RC_OK;
    enum scope scope = rights_scope(r, ent, RIGHT_SEE);
    if (scope != SCOPE_NONE && fact == FACT_DEAL)
        return sight_of_deals(p, r, out, e);
    if (scope != SCOPE_NONE && (fact == FACT_CONTACT || fact == FACT_COMPANY)) {
        *out = owned(p, fact, fact == FACT_CONTACT ? CONTACT_OWNER_ID : COMPANY_OWNER_ID, r, scope);
        return RC_OK;
    }
    struct mask_node *n = node(p, MASK_IDS, NULL, NULL);
    if (scope != SCOPE_NONE)
        TRY(ask(p, ent, NULL, r, &n->ids, e));
    *out = n;
    return RC_OK;
}

/* ---- the filter ---- */

/* Do columns answer it? */
static bool columnar(struct planner *p, enum fact fact, const struct filter_leaf *l)
{
    if (l->index < 0)
        return l->index == FIELD_ID || l->index == FIELD_CREATED_AT;
    if (fact_kind_of(fact, (size_t)l->index, l->field) == FC_NONE || l->field->type == FT_LONG)
        return false;
    struct projection_view v = projection_lock(p->projection);
    const struct facts *f = &v.facts[fact];
    /* a custom field made this moment has no values yet, unless the projection is behind: then the database knows */
    bool known =
        (size_t)l->index < f->n_columns && f->columns[l->index].held && f->columns[l->index].n_texts < TEXTS_SURE;
    projection_unlock(p->projection);
    return known;
}

static enum rc plan_via(struct planner *p, enum fact fact, const struct filter_leaf *l, const struct mask_node **out,
                        struct err *e)
{
    enum fact to = fact_of_entity(l->ent->id);
    const struct entity *from = entity_by_id(fact_entity(fact));
    struct filter_leaf ref = {.ent = from, .field = &from->fields[l->via], .index = l->via, .via = -1};
    struct mask_node *n = node(p, MASK_VIA_IDS, NULL, NULL);
    n->leaf = l;
    *out = n;
    if (!columnar(p, fact, &ref)) { /* the whole of it in SQL */
        struct sqlb q;
        struct stmt *s;
        struct filter f = {.kind = FILTER_LEAF, .leaf = *l};
        n->kind = MASK_IDS;
        p->of_present = true;
        q = sqlb_new(p->arena);
        sqlb_fmt(&q, "SELECT t.id FROM %s t WHERE ", from->table);
        filter_sql(&q, from, &f, "t");
        TRY(query(p, &q, &s, e));
        return read_ids(p, s, &n->ids, e);
    }
    if (to != FACTS && columnar(p, to, l)) {
        struct mask_node *leaf = node(p, MASK_LEAF, NULL, NULL);
        leaf->leaf = l;
        n->kind = MASK_VIA_FACTS;
        n->fact = to;
        n->a = leaf;
        return sight(p, to, l->rights, &n->b, e);
    }
    p->of_present = p->of_present || to != FACTS;
    return ask(p, l->ent, l, l->rights, &n->ids, e);
}

static enum rc plan(struct planner *p, enum fact fact, const struct filter *f, const struct mask_node **out,
                    struct err *e)
{
    const struct mask_node *a, *b = NULL;
    if (f->kind == FILTER_LEAF) {
        struct mask_node *n = node(p, MASK_LEAF, NULL, NULL);
        if (f->leaf.via >= 0)
            return plan_via(p, fact, &f->leaf, out, e);
        *out = n;
        n->leaf = &f->leaf;
        if (columnar(p, fact, &f->leaf))
            return RC_OK;
        n->kind = MASK_IDS;
        p->of_present = true;
        return ask(p, entity_by_id(fact_entity(fact)), &f->leaf, NULL, &n->ids, e);
    }
    TRY(plan(p, fact, f->a, &a, e));
    if (f->kind != FILTER_NOT)
        TRY(plan(p, fact, f->b, &b, e));
    *out = node(p, f->kind == FILTER_NOT ? MASK_NOT : f->kind == FILTER_AND ? MASK_AND : MASK_OR, a, b);
    return RC_OK;
}

enum rc mask_plan(struct mask_plan **out, struct arena *a, struct db *db, struct projection *p, enum fact fact,
                  const struct rights *rights, const struct filter *filter, struct err *e)
{
    struct planner planner = {.arena = a, .db = db, .projection = p};
    struct mask_plan *m = ARENA_NEW(a, struct mask_plan);
    m->fact = fact;
    if (filter != NULL)
        TRY(plan(&planner, fact, filter, &m->filter, e));
    m->of_present = planner.of_present;
    TRY(sight(&planner, fact, rights, &m->sight, e));
    *out = m;
    return RC_OK;
}

bool mask_of_present(const struct mask_plan *m)
{
    return m->of_present;
}
