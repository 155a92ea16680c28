/* One row of a table in the writer: its company, its contact, then the record itself, each by the ordinary commands. */
#include "crm/import_rows.h"
#include "crm/rights.h"

#define MANY 5000 /* rows: new records get their words of search later */

struct counts { /* kept in op->state as text with each chunk */
    int64_t created, updated, skipped, unchanged, companies, contacts;
};

static struct counts read_counts(const struct operation *op)
{
    struct counts c = {0};
    int64_t v[6];
    struct str rest = op->state;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        if (!rest.len || !str_i64(str_cut(rest, ' ', &rest), &v[i]))
            return c;
    c = (struct counts){v[0], v[1], v[2], v[3], v[4], v[5]};
    return c;
}

static void keep_counts(struct operation *op, const struct counts *c)
{
    op->state =
        str_fmt(op->arena, "%lld %lld %lld %lld %lld %lld", (long long)c->created, (long long)c->updated,
                (long long)c->skipped, (long long)c->unchanged, (long long)c->companies, (long long)c->contacts);
}

/* ---- names that the dictionaries did not have when the row was read ---- */

/* Among those that may be seen: what is out of sight is as if it were not there. */
static enum rc id_by_name(struct change *ch, enum entity_id kind, int64_t of, struct str fold, int64_t *id,
                          struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    struct sqlb q = sqlb_new(ch->tx->arena);
    struct stmt *s;
    const char *owner = kind == ENT_STAGE ? "funnel_id" : kind == ENT_FIELD_OPTION ? "custom_field_id" : NULL;
    sqlb_fmt(&q, "SELECT t.id FROM %s t WHERE t.deleted_at IS NULL AND t.%s_fold = ", ent->table,
             kind == ENT_DEAL || kind == ENT_TASK ? "title" : "name");
    sqlb_param(&q, val_str(fold));
    if (owner) {
        sqlb_fmt(&q, " AND t.%s = ", owner);
        sqlb_param(&q, val_int(of));
    }
    sqlb_c(&q, " AND ");
    rights_sql(&q, ch->actor.rights, ent, RIGHT_SEE, "t");
    sqlb_c(&q, " ORDER BY t.id LIMIT 1");
    enum rc rc = sqlb_prepare(&q, ch->tx->db, &s, e);
    sqlb_free(&q);
    TRY(rc);
    rc = stmt_step(s, e);
    *id = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc create_named(struct change *ch, enum entity_id kind, int64_t of, struct str name, int64_t *id,
                            struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    struct record *r = record_new(ch->tx->arena, ent);
    int field = entity_field(ent, STR("name"));
    TRY(val_check_text(ch->tx->arena, &ent->fields[field], name, &r->f[field], e));
    if (kind == ENT_STAGE)
        r->f[STAGE_FUNNEL_ID] = val_int(of);
    else if (kind == ENT_FIELD_OPTION)
        r->f[FIELD_OPTION_CUSTOM_FIELD_ID] = val_int(of);
    return change_create(ch, r, id, e);
}

static bool created_by_name(enum entity_id kind)
{
    return kind == ENT_TAG || kind == ENT_SOURCE || kind == ENT_CAMPAIGN || kind == ENT_LOSS_REASON ||
           kind == ENT_DEAL_CLASS || kind == ENT_FIELD_OPTION || kind == ENT_STAGE || kind == ENT_FUNNEL;
}

static enum rc resolve(struct importing *im, struct change *ch, enum entity_id kind, int64_t of, const char *field,
                       struct str name, int64_t *id, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    struct str fold = str_fold(ch->tx->arena, name);
    int64_t number;
    if (ent && (entity_field(ent, STR("name")) >= 0 || kind == ENT_DEAL || kind == ENT_TASK))
        TRY(id_by_name(ch, kind, of, fold, id, e));
    else
        *id = 0;
    if (*id)
        return RC_OK;
    if ((im->plan.may_create & 1u << kind) && created_by_name(kind)) {
        im->renew = true;
        return create_named(ch, kind, of, name, id, e);
    }
    if (ent && (kind == ENT_DEAL || kind == ENT_CONTACT || kind == ENT_COMPANY || kind == ENT_PRODUCT) &&
        str_i64(name, &number)) {
        *id = number; /* a record by its number: the command looks whether it is there */
        return RC_OK;
    }
    return err_set(e, RC_UNPROCESSABLE, "unknown_name", field, "%.*s", (int)(name.len < 120 ? name.len : 120),
                   name.ptr);
}

static enum rc resolve_pending(struct importing *im, struct change *ch, const struct import_part *p, struct record *r,
                               struct err *e)
{
    for (const struct import_pending *one = p->pending; one; one = one->next) {
        const struct field *fd = &p->ent->fields[one->field];
        enum entity_id kind;
        int64_t of, id;
        import_field_dictionary(fd, &kind, &of);
        TRY(resolve(im, ch, kind, of, fd->name, one->name, &id, e));
        struct val *v = &r->f[one->field];
        if (fd->type != FT_SET) {
            *v = val_int(id);
            continue;
        }
        int64_t *ids = ARENA_ARRAY(ch->tx->arena, int64_t, v->set.n + 1);
        if (v->kind == VAL_SET && v->set.n)
            memcpy(ids, v->set.ids, v->set.n * sizeof *ids);
        size_t n = v->kind == VAL_SET ? v->set.n : 0;
        ids[n++] = id;
        *v = val_set_of(ch->tx->arena, ids, n);
    }
    return RC_OK;
}

/* ---- deals: funnel and stage ---- */

struct place {
    int64_t funnel_id, stage_id, first_open;
    bool closed;
};

static enum rc stage_place(struct change *ch, int64_t stage_id, struct place *p, struct err *e)
{
    int64_t outcome;
    TRY(QUERY_I64(ch->tx->db, &outcome, 0, e, "SELECT outcome FROM stage WHERE id = $1", stage_id));
    p->closed = outcome != DEAL_OPEN;
    if (p->closed)
        TRY(QUERY_I64(ch->tx->db, &p->first_open, 0, e,
                      "SELECT id FROM stage WHERE funnel_id = $1 AND outcome = 0 AND archived = 0 AND deleted_at IS"
                      " NULL ORDER BY position, id LIMIT 1",
                      p->funnel_id));
    return RC_OK;
}

/* Without a funnel by name or by the plan: the first funnel that knows the stage, else the command's own choice. */
static enum rc deal_place(struct importing *im, struct change *ch, const struct import_row *row, struct place *p,
                          struct err *e)
{
    struct arena *a = ch->tx->arena;
    int64_t id;
    *p = (struct place){.funnel_id = im->plan.funnel_id};
    if (row->funnel.len && (!strmap_get(im->names[ENT_FUNNEL], str_fold(a, row->funnel), &p->funnel_id)))
        TRY(resolve(im, ch, ENT_FUNNEL, 0, "funnel_id", row->funnel, &p->funnel_id, e));
    if (!row->stage.len)
        return RC_OK;
    if (!p->funnel_id)
        TRY(QUERY_I64(ch->tx->db, &p->funnel_id, 0, e,
                      "SELECT id FROM funnel WHERE archived = 0 AND deleted_at IS NULL AND id > $1 ORDER BY position,"
                      " id LIMIT 1",
                      0));
    if (strmap_get(im->names[ENT_STAGE], import_name_key(a, p->funnel_id, row->stage), &id))
        p->stage_id = id;
    else
        TRY(resolve(im, ch, ENT_STAGE, p->funnel_id, "stage_id", row->stage, &p->stage_id, e));
    return stage_place(ch, p->stage_id, p, e);
}

static enum rc create_closed(struct change *ch, struct record *r, const struct place *p, const struct import_row *row,
                             int64_t *id, struct err *e)
{
    struct record *close = record_new(ch->tx->arena, r->ent);
    int64_t at = ch->at;
    close->f[DEAL_STAGE_ID] = val_int(p->stage_id);
    close->f[DEAL_LOSS_REASON_ID] = r->f[DEAL_LOSS_REASON_ID];
    close->f[DEAL_LOSS_COMMENT] = r->f[DEAL_LOSS_COMMENT];
    r->f[DEAL_LOSS_REASON_ID] = r->f[DEAL_LOSS_COMMENT] = (struct val){.kind = VAL_ABSENT};
    r->f[DEAL_STAGE_ID] = val_int(p->first_open);
    if (row->created_at != NO_TIME)
        ch->at = row->created_at;
    else if (row->closed_at != NO_TIME)
        ch->at = row->closed_at;
    TRY(change_create(ch, r, id, e));
    ch->at = row->closed_at == NO_TIME ? at : row->closed_at < ch->at ? ch->at : row->closed_at;
    return change_update(ch, *id, 0, close, e);
}

static enum rc create_main(struct importing *im, struct change *ch, struct record *r, const struct import_row *row,
                           int64_t *id, struct err *e)
{
    int64_t at = ch->at;
    enum rc rc;
    struct place p = {0};
    int owner = entity_field(r->ent, STR("owner_id"));
    if (owner >= 0 && im->plan.owner_id && r->f[owner].kind == VAL_ABSENT)
        r->f[owner] = val_int(im->plan.owner_id);
    if (r->ent->id == ENT_DEAL) {
        TRY(deal_place(im, ch, row, &p, e));
        if (p.funnel_id)
            r->f[DEAL_FUNNEL_ID] = val_int(p.funnel_id);
        if (p.stage_id)
            r->f[DEAL_STAGE_ID] = val_int(p.stage_id);
    }
    if (row->created_at != NO_TIME && row->created_at < at)
        ch->at = row->created_at;
    if (p.closed && p.first_open)
        rc = create_closed(ch, r, &p, row, id, e);
    else
        rc = change_create(ch, r, id, e);
    ch->at = at;
    return rc;
}

/* ---- a record that is there ---- */

static struct val joined(struct arena *a, struct val now, struct val more)
{
    size_t n = now.kind == VAL_SET ? now.set.n : 0, m = more.kind == VAL_SET ? more.set.n : 0;
    int64_t *ids = ARENA_ARRAY(a, int64_t, n + m + 1);
    if (n)
        memcpy(ids, now.set.ids, n * sizeof *ids);
    if (m)
        memcpy(ids + n, more.set.ids, m * sizeof *ids);
    return val_set_of(a, ids, n + m);
}

static enum rc update_main(struct importing *im, struct change *ch, struct record *r, const struct import_row *row,
                           int64_t id, struct err *e)
{
    struct arena *a = ch->tx->arena;
    struct record *was;
    TRY(record_load(ch->tx->db, a, r->ent, id, false, &was, e));
    if (r->ent->id == ENT_DEAL && row->stage.len) {
        struct place p;
        int64_t wanted = im->plan.funnel_id;
        if (!wanted && !row->funnel.len)
            im->plan.funnel_id = val_i(was->f[DEAL_FUNNEL_ID], 0);
        enum rc rc = deal_place(im, ch, row, &p, e);
        im->plan.funnel_id = wanted;
        TRY(rc);
        r->f[DEAL_FUNNEL_ID] = val_int(p.funnel_id);
        r->f[DEAL_STAGE_ID] = val_int(p.stage_id);
    }
    for (size_t i = 0; i < r->ent->n_fields; i++) {
        if (r->f[i].kind == VAL_ABSENT)
            continue;
        bool set = r->ent->fields[i].type == FT_SET;
        bool kept = !set && im->plan.on_match == ON_MATCH_FILL && !val_empty(was->f[i]);
        if (kept || (r->ent->fields[i].flags & FF_CREATE))
            r->f[i] = (struct val){.kind = VAL_ABSENT};
        else if (set)
            r->f[i] = joined(a, was->f[i], r->f[i]);
    }
    return change_update(ch, id, 0, r, e);
}

/* ---- what hangs on a record ---- */

static enum rc add_points(struct change *ch, const struct import_part *p, int64_t id, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_CONTACT_POINT);
    for (const struct import_point *one = p->points; one; one = one->next) {
        struct record *r = record_new(ch->tx->arena, ent);
        struct stmt *s;
        r->f[p->ent->id == ENT_CONTACT ? CONTACT_POINT_CONTACT_ID : CONTACT_POINT_COMPANY_ID] = val_int(id);
        r->f[CONTACT_POINT_KIND] = val_int(one->kind);
        TRY(val_check_text(ch->tx->arena, &ent->fields[CONTACT_POINT_VALUE], one->value, &r->f[CONTACT_POINT_VALUE],
                           e));
        if (one->label.len)
            TRY(val_check_text(ch->tx->arena, &ent->fields[CONTACT_POINT_LABEL], one->label, &r->f[CONTACT_POINT_LABEL],
                               e));
        char sql[160];
        snprintf(sql, sizeof sql,
                 "SELECT 1 FROM contact_point WHERE %s_id = $1 AND value_fold = $2 AND deleted_at IS NULL",
                 p->ent->name);
        TRY(db_prepare(ch->tx->db, &s, sql, e));
        stmt_i64(s, 1, id);
        stmt_str(s, 2, field_fold(ch->tx->arena, &ent->fields[CONTACT_POINT_VALUE], r->f[CONTACT_POINT_VALUE].s));
        enum rc rc = stmt_step(s, e);
        stmt_done(s);
        if (rc != RC_ROW && rc != RC_DONE)
            return rc;
        if (rc == RC_DONE)
            TRY(change_create(ch, r, NULL, e));
    }
    return RC_OK;
}

static enum rc add_note(struct change *ch, const struct import_part *p, int64_t id, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_NOTE);
    struct record *r = record_new(ch->tx->arena, ent);
    if (!p->note.len)
        return RC_OK;
    TRY(val_check_text(ch->tx->arena, &ent->fields[NOTE_TEXT], p->note, &r->f[NOTE_TEXT], e));
    r->f[p->ent->id == ENT_DEAL      ? NOTE_DEAL_ID
         : p->ent->id == ENT_CONTACT ? NOTE_CONTACT_ID
                                     : NOTE_COMPANY_ID] = val_int(id);
    return change_create(ch, r, NULL, e);
}

static enum rc add_rest(struct change *ch, const struct import_part *p, int64_t id, struct err *e)
{
    TRY(add_points(ch, p, id, e));
    return add_note(ch, p, id, e);
}

/* ---- a row ---- */

static int64_t part_id(const struct import_part *p)
{
    return !p->ent ? 0 : p->id ? p->id : p->same ? p->same->made : p->made;
}

/* What a part has become. An earlier row that is the same record and was refused passes for made from now on, so that
 * later ones find it. */
static void now_made(struct import_part *p, int64_t id)
{
    p->made = id;
    if (p->same && !p->same->made)
        p->same->made = id;
}

/* Nothing of the row is there: before it is applied, perhaps again, and when it was refused. An id of what was taken
 * back would soon be another record's. */
static void nothing_made(struct import_row *row)
{
    for (int i = 0; i < PART_N; i++) {
        struct import_part *p = &row->part[i];
        if (p->same && p->made && p->same->made == p->made)
            p->same->made = 0;
        p->made = 0;
    }
}

/* The company or the contact of a row that is about something else. */
static enum rc beside(struct importing *im, struct change *ch, struct import_row *row, int at, struct counts *n,
                      struct err *e)
{
    struct import_part *p = &row->part[at];
    static const int names[] = {[PART_COMPANY] = COMPANY_NAME, [PART_CONTACT] = CONTACT_NAME};
    if (!p->ent || part_id(p))
        return RC_OK;
    struct record *r = record_copy(ch->tx->arena, p->in);
    TRY(resolve_pending(im, ch, p, r, e));
    if (r->f[names[at]].kind != VAL_TEXT)
        return RC_OK; /* nothing that could be called something */
    if (!(im->plan.may_create & 1u << p->ent->id))
        return err_set(e, RC_UNPROCESSABLE, "unknown_name", p->ent->name, "%.*s",
                       (int)(r->f[names[at]].s.len < 120 ? r->f[names[at]].s.len : 120), r->f[names[at]].s.ptr);
    if (at == PART_CONTACT && part_id(&row->part[PART_COMPANY]))
        r->f[CONTACT_COMPANY_ID] = val_int(part_id(&row->part[PART_COMPANY]));
    int owner = entity_field(p->ent, STR("owner_id"));
    if (im->plan.owner_id && r->f[owner].kind == VAL_ABSENT)
        r->f[owner] = val_int(im->plan.owner_id);
    int64_t id;
    TRY(change_create(ch, r, &id, e));
    now_made(p, id);
    *(at == PART_COMPANY ? &n->companies : &n->contacts) += 1;
    return add_rest(ch, p, p->made, e);
}

static void link_parts(const struct import_row *row, struct record *r)
{
    int64_t company = part_id(&row->part[PART_COMPANY]), contact = part_id(&row->part[PART_CONTACT]);
    if (r->ent->id == ENT_CONTACT && company)
        r->f[CONTACT_COMPANY_ID] = val_int(company);
    if (r->ent->id == ENT_DEAL && company)
        r->f[DEAL_COMPANY_ID] = val_int(company);
    if (r->ent->id == ENT_DEAL && contact)
        r->f[DEAL_CONTACT_ID] = val_int(contact);
}

static enum rc apply_row(struct importing *im, struct change *ch, struct import_row *row, struct counts *n,
                         struct err *e)
{
    struct import_part *main = &row->part[PART_MAIN];
    if (row->bad.rc != RC_OK) {
        *e = row->bad;
        return e->rc;
    }
    if (main->ambiguous)
        return err_set(e, RC_CONFLICT, "match_ambiguous", "", "%lld", (long long)main->id);
    nothing_made(row);
    if (im->plan.dry_run) /* what an earlier row would have made is not there */
        row->part[PART_COMPANY].same = row->part[PART_CONTACT].same = NULL;
    int64_t id = part_id(main), events = ch->events;
    if (id && im->plan.dry_run && !main->id) {
        *(im->plan.on_match == ON_MATCH_SKIP ? &n->skipped : &n->updated) += 1;
        return RC_OK;
    }
    if (id && im->plan.on_match == ON_MATCH_SKIP) {
        n->skipped++;
        return RC_OK;
    }
    TRY(beside(im, ch, row, PART_COMPANY, n, e));
    TRY(beside(im, ch, row, PART_CONTACT, n, e));
    struct record *r = record_copy(ch->tx->arena, main->in);
    TRY(resolve_pending(im, ch, main, r, e));
    link_parts(row, r);
    if (id) {
        TRY(update_main(im, ch, r, row, id, e));
        TRY(add_rest(ch, main, id, e));
        *(ch->events > events ? &n->updated : &n->unchanged) += 1;
        return RC_OK;
    }
    TRY(create_main(im, ch, r, row, &id, e));
    now_made(main, id);
    n->created++;
    return add_rest(ch, main, main->made, e);
}

enum rc import_apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    struct importing *im = op->own;
    struct counts n = read_counts(op);
    struct wtx_mark mark;
    struct change before = *ch;
    ch->actor.via = VIA_IMPORT;
    if (!im->plan.dry_run) {
        ch->words_later = op->total > MANY;
        enum rc made = apply_row(im, ch, item->own, &n, e);
        if (made == RC_OK)
            keep_counts(op, &n);
        else
            nothing_made(item->own);
        return made;
    }
    /* a dry run does everything and gives it up */
    struct err why = {0};
    TRY(wtx_mark(ch->tx, &mark, e));
    enum rc rc = apply_row(im, ch, item->own, &n, &why);
    if (rc == RC_OK)
        rc = change_end(ch, &why);
    TRY(wtx_give_up(ch->tx, &mark, e));
    *ch = before;
    im->renew = false;
    if (rc == RC_OK) {
        keep_counts(op, &n);
    } else {
        nothing_made(item->own);
        *e = why;
    }
    return rc;
}

enum rc import_finish(struct operation *op, struct change *ch, struct err *e)
{
    struct counts n = read_counts(op);
    const struct importing *im = op->own;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    (void)e;
    jw_obj(&w);
    jw_ki64(&w, "changed", op->changed);
    jw_ki64(&w, "created", n.created);
    jw_ki64(&w, "updated", n.updated);
    jw_ki64(&w, "unchanged", n.unchanged);
    jw_ki64(&w, "skipped", n.skipped);
    jw_ki64(&w, "companies_created", n.companies);
    jw_ki64(&w, "contacts_created", n.contacts);
    jw_kbool(&w, "dry_run", im && im->plan.dry_run);
    jw_end_obj(&w);
    op->outcome = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    return RC_OK;
}
