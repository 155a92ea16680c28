#include "crm/merge.h"
#include "base/vec.h"
#include "crm/clients.h"
#include "crm/engine.h"
#include "crm/rights.h"

struct point {
    int kind, field; /* field: where the value stood */
    struct val value;
    struct str fold;
};
struct merging {
    struct change *ch;
    struct arena *a;
    const struct merge *m;
    const struct entity *ent;
    struct record *all[MERGE_MOST + 1]; /* the first one stays */
    size_t n;
    struct record *in, *will; /* what changes of the first; how it will be */
    VEC(struct point) points; /* to be made of values that would be lost */
};

/* ---- may they, and are they what they should be ---- */

static enum rc reach(struct merging *g, int64_t id, struct err *e)
{
    const struct rights *r = g->ch->actor.rights;
    bool ok;
    TRY(rights_reach(g->ch->tx->db, g->a, r, g->ent, id, RIGHT_SEE, &ok, e));
    if (!ok)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", g->ent->name, (long long)id);
    TRY(rights_reach(g->ch->tx->db, g->a, r, g->ent, id, RIGHT_EDIT, &ok, e));
    return ok ? RC_OK : err_set(e, RC_FORBIDDEN, "forbidden", "", "%s %lld", g->ent->name, (long long)id);
}

static enum rc load(struct merging *g, int64_t id, struct err *e)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->all[i]->id == id)
            return err_set(e, RC_UNPROCESSABLE, "bad_merge", "with", "%lld", (long long)id);
    TRY(reach(g, id, e));
    struct record *r;
    TRY(record_load(g->ch->tx->db, g->a, g->ent, id, false, &r, e));
    if (g->ent->id == ENT_CONTACT && (val_has(r->f[CONTACT_ERASED_AT]) || r->f[CONTACT_RESTRICTED].i))
        return err_set(e, RC_CONFLICT, val_has(r->f[CONTACT_ERASED_AT]) ? "contact_erased" : "contact_restricted",
                       "with", "%lld", (long long)id);
    g->all[g->n++] = r;
    return RC_OK;
}

static enum rc load_all(struct merging *g, struct err *e)
{
    if (!rights_can(g->ch->actor.rights, CAN_MERGE))
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "merge");
    if (!g->m->n_with || g->m->n_with > MERGE_MOST)
        return err_set(e, RC_UNPROCESSABLE, "bad_merge", "with", "%d", MERGE_MOST);
    TRY(load(g, g->m->id, e));
    for (size_t i = 0; i < g->m->n_with; i++)
        TRY(load(g, g->m->with[i], e));
    return RC_OK;
}

/* ---- the fields ---- */

static enum rc chosen(const struct merging *g, int field, const struct record **out, struct err *e)
{
    *out = NULL;
    for (size_t i = 0; i < g->m->n_choices; i++) {
        if (g->m->choices[i].field != field)
            continue;
        for (size_t k = 0; k < g->n; k++)
            if (g->all[k]->id == g->m->choices[i].from)
                *out = g->all[k];
        if (!*out)
            return err_set(e, RC_UNPROCESSABLE, "ref_not_found", g->ent->fields[field].name, "%lld",
                           (long long)g->m->choices[i].from);
    }
    return RC_OK;
}

static struct val united(const struct merging *g, int field)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        n += g->all[i]->f[field].set.n;
    int64_t *ids = ARENA_ARRAY(g->a, int64_t, n + 1);
    n = 0;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < g->all[i]->f[field].set.n; k++)
            ids[n++] = g->all[i]->f[field].set.ids[k];
    struct val all = val_set_of(g->a, ids, n);
    if ((int64_t)all.set.n > g->ent->fields[field].max)
        all.set.n = (size_t)g->ent->fields[field].max;
    return all;
}

static struct val joined(const struct merging *g, int field)
{
    struct val sum = val_null();
    for (size_t i = 0; i < g->n; i++) {
        struct val v = g->all[i]->f[field];
        if (!val_has(v) || (val_has(sum) && memmem(sum.s.ptr, sum.s.len, v.s.ptr, v.s.len)))
            continue;
        struct val both = val_has(sum) ? val_str(str_fmt(g->a, "%.*s\n\n%.*s", STR_ARG(sum.s), STR_ARG(v.s))) : v;
        if ((int64_t)str_utf8_len(both.s) <= g->ent->fields[field].max)
            sum = both;
    }
    return sum;
}

static struct val first_filled(const struct merging *g, int field)
{
    for (size_t i = 0; i < g->n; i++)
        if (!val_empty(g->all[i]->f[field]))
            return g->all[i]->f[field];
    return val_null();
}

/* Whoever has withdrawn stays so whatever the other records say; date and source come with it. */
static void consent_of(const struct merging *g, const struct record *choice)
{
    const struct record *from = choice;
    static const int64_t order[] = {CONSENT_WITHDRAWN, CONSENT_GIVEN, CONSENT_UNKNOWN};
    for (size_t k = 0; k < 3 && !from; k++)
        for (size_t i = 0; i < g->n && !from; i++)
            if (val_i(g->all[i]->f[CONTACT_CONSENT], CONSENT_UNKNOWN) == order[k])
                from = g->all[i];
    if (!from)
        return;
    g->in->f[CONTACT_CONSENT] = from->f[CONTACT_CONSENT];
    g->in->f[CONTACT_CONSENT_AT] = from->f[CONTACT_CONSENT_AT];
    g->in->f[CONTACT_CONSENT_SOURCE] = from->f[CONTACT_CONSENT_SOURCE];
}

static bool of_consent(const struct merging *g, size_t field)
{
    return g->ent->id == ENT_CONTACT &&
           (field == CONTACT_CONSENT || field == CONTACT_CONSENT_AT || field == CONTACT_CONSENT_SOURCE);
}

static enum rc make_record(struct merging *g, struct err *e)
{
    const struct record *choice;
    g->in = record_new(g->a, g->ent);
    for (size_t i = 0; i < g->ent->n_fields; i++) {
        const struct field *fd = &g->ent->fields[i];
        TRY(chosen(g, (int)i, &choice, e));
        if (of_consent(g, i)) {
            if (i == CONTACT_CONSENT)
                consent_of(g, choice);
            continue;
        }
        if (fd->flags & (FF_SERVER | FF_DERIVED | FF_SECRET | FF_GONE))
            continue;
        if (fd->type == FT_SET)
            g->in->f[i] = choice ? choice->f[i] : united(g, (int)i);
        else if (choice)
            g->in->f[i] = choice->f[i];
        else
            g->in->f[i] = fd->type == FT_LONG ? joined(g, (int)i) : first_filled(g, (int)i);
    }
    g->will = record_copy(g->a, g->all[0]);
    for (size_t i = 0; i < g->ent->n_fields; i++)
        if (g->in->f[i].kind != VAL_ABSENT)
            g->will->f[i] = g->in->f[i];
    return RC_OK;
}

/* ---- phones, mails, sites and addresses that would be lost ---- */

static const struct {
    int contact, company, kind;
} point_fields[] = {{CONTACT_PHONE, COMPANY_PHONE, POINT_PHONE},
                    {CONTACT_EMAIL, COMPANY_EMAIL, POINT_EMAIL},
                    {-1, COMPANY_WEBSITE, POINT_SITE},
                    {-1, COMPANY_ADDRESS, POINT_ADDRESS}};

static int point_field(const struct merging *g, size_t i)
{
    return g->ent->id == ENT_CONTACT ? point_fields[i].contact : point_fields[i].company;
}

static enum rc point_there(struct merging *g, int kind, struct str fold, bool *there, struct err *e)
{
    char sql[200];
    struct stmt *s;
    for (size_t i = 0; i < g->points.len; i++)
        if (g->points.ptr[i].kind == kind && str_eq(g->points.ptr[i].fold, fold)) {
            *there = true;
            return RC_OK;
        }
    *there = false;
    for (size_t i = 0; i < g->n && !*there; i++) {
        snprintf(sql, sizeof sql,
                 "SELECT 1 FROM contact_point WHERE %s_id = $1 AND kind = $2 AND normal = $3 AND deleted_at IS NULL"
                 " LIMIT 1",
                 g->ent->table);
        TRY(db_prepare(g->ch->tx->db, &s, sql, e));
        stmt_i64(s, 1, g->all[i]->id);
        stmt_i64(s, 2, kind);
        stmt_str(s, 3, fold);
        enum rc rc = stmt_step(s, e);
        stmt_done(s);
        if (rc != RC_ROW && rc != RC_DONE)
            return rc;
        *there = rc == RC_ROW;
    }
    return RC_OK;
}

static enum rc collect_points(struct merging *g, struct err *e)
{
    for (size_t k = 0; k < sizeof point_fields / sizeof *point_fields; k++) {
        int field = point_field(g, k);
        for (size_t i = 0; i < g->n && field >= 0; i++) {
            const struct field *fd = &g->ent->fields[field];
            struct val v = g->all[i]->f[field], kept = g->will->f[field];
            bool there;
            if (!val_has(v) || (int64_t)v.s.len > 500)
                continue;
            struct str fold = field_fold(g->a, fd, v.s);
            if (val_has(kept) && str_eq(fold, field_fold(g->a, fd, kept.s)))
                continue;
            TRY(point_there(g, point_fields[k].kind, fold, &there, e));
            struct point p = {point_fields[k].kind, field, v, fold};
            if (!there)
                vec_push(&g->points, p);
        }
    }
    return RC_OK;
}

static enum rc make_points(struct merging *g, struct err *e)
{
    for (size_t i = 0; i < g->points.len; i++) {
        struct record *in = record_new(g->a, entity_by_id(ENT_CONTACT_POINT));
        in->f[g->ent->id == ENT_CONTACT ? CONTACT_POINT_CONTACT_ID : CONTACT_POINT_COMPANY_ID] = val_int(g->m->id);
        in->f[CONTACT_POINT_KIND] = val_int(g->points.ptr[i].kind);
        in->f[CONTACT_POINT_VALUE] = g->points.ptr[i].value;
        TRY(change_create(g->ch, in, NULL, e));
    }
    return RC_OK;
}

/* ---- what hangs on them ---- */

static bool refers(const struct merging *g, const struct field *fd)
{
    return (fd->type == FT_REF || fd->type == FT_SET) && fd->ref == g->ent->id && !(fd->flags & (FF_SERVER | FF_GONE));
}

static void put_losers(struct sqlb *q, const struct merging *g)
{
    for (size_t i = 1; i < g->n; i++)
        sqlb_fmt(q, "%s%lld", i > 1 ? "," : "", (long long)g->all[i]->id);
}

/* Ids of the records of a noun that refer to one of those that go, as far as the rights reach. */
static enum rc find_referring(const struct merging *g, const struct entity *ent, int64_t **ids, size_t *n,
                              struct err *e)
{
    struct sqlb q = sqlb_new(g->a);
    VEC(int64_t) found = {0};
    struct stmt *s = NULL;
    bool any = false;
    sqlb_fmt(&q, "SELECT t.id FROM %s t WHERE t.deleted_at IS NULL AND (", ent->table);
    for (size_t i = 0; i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        if (!refers(g, fd))
            continue;
        sqlb_c(&q, any ? " OR " : "");
        if (fd->type == FT_SET)
            sqlb_fmt(&q, "t.id IN (SELECT owner_id FROM %s WHERE ref_id IN (", fd->link);
        else
            sqlb_fmt(&q, "t.%s IN (", fd->name);
        put_losers(&q, g);
        sqlb_c(&q, fd->type == FT_SET ? "))" : ")");
        any = true;
    }
    sqlb_c(&q, ") AND ");
    rights_sql(&q, g->ch->actor.rights, ent, RIGHT_SEE, "t");
    sqlb_c(&q, " ORDER BY t.id");
    enum rc rc = RC_OK;
    if (any)
        TRY_OUT(sqlb_prepare(&q, g->ch->tx->db, &s, e));
    while (any && (rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    rc = rc == RC_DONE ? RC_OK : rc;
    *ids = ARENA_ARRAY(g->a, int64_t, found.len + 1);
    *n = found.len;
    if (found.len)
        memcpy(*ids, found.ptr, found.len * sizeof **ids);
out:
    stmt_done(s);
    sqlb_free(&q);
    vec_free(&found);
    return rc;
}

static bool goes(const struct merging *g, int64_t id)
{
    for (size_t i = 1; i < g->n; i++)
        if (g->all[i]->id == id)
            return true;
    return false;
}

static struct val redirected(const struct merging *g, const struct field *fd, struct val v)
{
    if (fd->type == FT_REF)
        return val_has(v) && goes(g, v.i) ? val_int(g->m->id) : v;
    int64_t *ids = ARENA_ARRAY(g->a, int64_t, v.set.n + 1);
    for (size_t i = 0; i < v.set.n; i++)
        ids[i] = goes(g, v.set.ids[i]) ? g->m->id : v.set.ids[i];
    return val_set_of(g->a, ids, v.set.n);
}

/* A further phone that the record already has stays behind with the one that goes. */
static enum rc stays_behind(struct merging *g, const struct record *r, bool *out, struct err *e)
{
    struct stmt *s;
    char sql[240];
    *out = false;
    if (r->ent->id != ENT_CONTACT_POINT || !val_has(r->f[CONTACT_POINT_NORMAL]))
        return RC_OK;
    for (size_t k = 0; k < sizeof point_fields / sizeof *point_fields; k++) {
        int field = point_field(g, k);
        if (field >= 0 && point_fields[k].kind == r->f[CONTACT_POINT_KIND].i && val_has(g->will->f[field]) &&
            str_eq(field_fold(g->a, &g->ent->fields[field], g->will->f[field].s), r->f[CONTACT_POINT_NORMAL].s)) {
            *out = true;
            return RC_OK;
        }
    }
    snprintf(
        sql, sizeof sql,
        "SELECT 1 FROM contact_point WHERE %s_id = $1 AND kind = $2 AND normal = $3 AND deleted_at IS NULL LIMIT 1",
        g->ent->table);
    TRY(db_prepare(g->ch->tx->db, &s, sql, e));
    stmt_i64(s, 1, g->m->id);
    stmt_i64(s, 2, r->f[CONTACT_POINT_KIND].i);
    stmt_str(s, 3, r->f[CONTACT_POINT_NORMAL].s);
    enum rc rc = stmt_step(s, e);
    stmt_done(s);
    *out = rc == RC_ROW;
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc move_one(struct merging *g, const struct entity *ent, int64_t id, struct err *e)
{
    struct record *was, *in = record_new(g->a, ent);
    bool behind;
    TRY(record_load(g->ch->tx->db, g->a, ent, id, false, &was, e));
    TRY(stays_behind(g, was, &behind, e));
    if (was->ent->id == ENT_BUYER && g->ent->id == ENT_CONTACT)
        TRY(buyer_merge(g->ch, was, g->m->id, &behind, e));
    if (behind)
        return RC_OK;
    for (size_t i = 0; i < ent->n_fields; i++)
        if (refers(g, &ent->fields[i]))
            in->f[i] = redirected(g, &ent->fields[i], was->f[i]);
    return change_update(g->ch, id, 0, in, e);
}

static enum rc move_all(struct merging *g, struct err *e)
{
    for (int k = 1; k < ENT_END; k++) {
        const struct entity *ent = entity_by_id((enum entity_id)k);
        int64_t *ids;
        size_t n = 0;
        if (ent)
            TRY(find_referring(g, ent, &ids, &n, e));
        for (size_t i = 0; i < n; i++)
            TRY(move_one(g, ent, ids[i], e));
    }
    return RC_OK;
}

/* ---- together ---- */

static enum rc plan(struct merging *g, struct err *e)
{
    TRY(load_all(g, e));
    TRY(make_record(g, e));
    return collect_points(g, e);
}

static enum rc carry_out(struct merging *g, struct err *e)
{
    int into = g->ent->id == ENT_CONTACT ? CONTACT_MERGED_INTO_ID : COMPANY_MERGED_INTO_ID;
    TRY(move_all(g, e));
    TRY(make_points(g, e));
    for (size_t i = 1; i < g->n; i++) {
        struct record *in = record_new(g->a, g->ent);
        in->f[into] = val_int(g->m->id);
        TRY(change_update(g->ch, g->all[i]->id, 0, in, e));
        TRY(change_delete(g->ch, g->ent, g->all[i]->id, 0, e));
    }
    bool contact = g->ent->id == ENT_CONTACT;
    int owner = contact ? CONTACT_OWNER_ID : COMPANY_OWNER_ID,
        reason = contact ? CONTACT_OWNER_REASON : COMPANY_OWNER_REASON;
    if (val_eq(g->in->f[owner], g->all[0]->f[owner]))
        g->in->f[reason] = (struct val){.kind = VAL_ABSENT};
    else if (val_has(g->in->f[owner]))
        TRY(owner_reason_of(g->ch, "owners.by_merge", &g->in->f[reason], e));
    return change_update(g->ch, g->m->id, 0, g->in, e);
}

enum rc records_merge(struct change *ch, const struct merge *m, struct err *e)
{
    struct merging g = {.ch = ch, .a = ch->tx->arena, .m = m, .ent = entity_by_id(m->ent->id)};
    const struct rights *rights = ch->actor.rights;
    enum rc rc = plan(&g, e);
    if (rc == RC_OK) {
        ch->actor.rights = NULL; /* what hangs on them may be others' */
        rc = carry_out(&g, e);
        ch->actor.rights = rights;
    }
    vec_free(&g.points);
    return rc;
}

static enum rc put_moves(struct merging *g, struct jw *w, struct err *e)
{
    jw_key(w, "moves");
    jw_obj(w);
    for (int k = 1; k < ENT_END; k++) {
        const struct entity *ent = entity_by_id((enum entity_id)k);
        int64_t *ids;
        size_t n = 0;
        if (ent)
            TRY(find_referring(g, ent, &ids, &n, e));
        if (n)
            jw_ki64(w, ent->plural, (int64_t)n);
    }
    jw_end_obj(w);
    return RC_OK;
}

enum rc records_merge_preview(struct change *ch, const struct merge *m, struct buf *out, struct err *e)
{
    struct merging g = {.ch = ch, .a = ch->tx->arena, .m = m, .ent = entity_by_id(m->ent->id)};
    struct jw w = jw_to(out);
    enum rc rc;
    TRY_OUT(plan(&g, e));
    jw_obj(&w);
    jw_key(&w, "record");
    record_put(&w, g.will, rights_mask(ch->actor.rights, g.a, g.ent, NULL));
    TRY_OUT(put_moves(&g, &w, e));
    jw_key(&w, "points");
    jw_arr(&w);
    for (size_t i = 0; i < g.points.len; i++) {
        if (!rights_sees_field(ch->actor.rights, g.ent, g.points.ptr[i].field))
            continue;
        jw_obj(&w);
        jw_kc(&w, "kind", point_kind_names[g.points.ptr[i].kind]);
        jw_kstr(&w, "value", g.points.ptr[i].value.s);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    jw_end_obj(&w);
out:
    vec_free(&g.points);
    return rc;
}
