/* The engine of commands: rows and their journal, generic over the field tables. Order within one command:
 * references, rules of the noun (before), required fields, row, sets, journal, rules of the noun (after), reactor. */
#include "crm/engine.h"
#include "crm/hooks.h"
#include "crm/rights_check.h"
#include "crm/search.h"
#include "crm/task_flow.h"

static const struct crm_rules *rules; /* set once, before any writer runs */

void crm_set_rules(const struct crm_rules *what)
{
    rules = what;
}

const struct crm_rules *crm_rules_set(void)
{
    return rules;
}

enum rc change_end(struct change *ch, struct err *e)
{
    for (;;) { /* a task that is made may set off more */
        if (rules && rules->end)
            TRY(rules->end(ch, e));
        if (!ch->touched)
            return RC_OK;
        TRY(task_rule_end(ch, e));
    }
}

struct change change_begin(struct wtx *tx, struct actor actor)
{
    return (struct change){.tx = tx, .actor = actor, .at = tx->now};
}

/* ---- checks ---- */

static enum rc ref_missing(struct err *e, const struct field *fd, int64_t id)
{
    return err_set(e, RC_UNPROCESSABLE, "ref_not_found", fd->name, "%lld", (long long)id);
}

static enum rc check_ref(struct change *ch, const struct field *fd, int64_t id, struct err *e)
{
    int64_t found;
    if (fd->custom && fd->ref == ENT_FIELD_OPTION)
        return custom_check_option(ch, fd, id, e);
    TRY(QUERY_I64(ch->tx->db, &found, 0, e, entity_sql(entity_by_id(fd->ref))->exists, id));
    bool seen = found != 0;
    if (seen)
        TRY(rights_check_ref(ch, entity_by_id(fd->ref), id, &seen, e));
    return seen ? RC_OK : ref_missing(e, fd, id);
}

/* The deal's own rules read its stage and funnel anyway. */
static bool checked_by_hook(const struct entity *ent, size_t field)
{
    return ent->id == ENT_DEAL && (field == DEAL_STAGE_ID || field == DEAL_FUNNEL_ID);
}

static bool set_holds(struct val set, int64_t id)
{
    for (size_t i = 0; set.kind == VAL_SET && i < set.set.n; i++)
        if (set.set.ids[i] == id)
            return true;
    return false;
}

static enum rc check_refs(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    const struct entity *ent = will->ent;
    for (size_t i = 0; i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        struct val v = will->f[i], old = was ? was->f[i] : val_null();
        if (fd->type == FT_REF && val_has(v) && !val_eq(v, old) && !checked_by_hook(ent, i))
            TRY(check_ref(ch, fd, v.i, e));
        for (size_t k = 0; v.kind == VAL_SET && k < v.set.n; k++)
            if (!set_holds(old, v.set.ids[k]))
                TRY(check_ref(ch, fd, v.set.ids[k], e));
    }
    return RC_OK;
}

/* Only names and the e-mail of users are unique. */
static enum rc name_taken(const struct entity *ent, enum rc rc, struct err *e)
{
    if (rc != RC_CONFLICT || !e || strcmp(e->code, "unique_violation") != 0)
        return rc;
    const char *field = ent->id == ENT_USER ? "email" : ent->id == ENT_CUSTOM_FIELD ? "label" : "name";
    return err_set(e, RC_CONFLICT, "taken_name", field, NULL);
}

/* ---- rows ---- */

static void bind(struct stmt *s, int at, struct val v)
{
    switch (v.kind) {
    case VAL_INT:
        stmt_i64(s, at, v.i);
        break;
    case VAL_REAL:
        stmt_f64(s, at, v.f);
        break;
    case VAL_TEXT:
        stmt_str(s, at, v.s);
        break;
    default:
        stmt_null(s, at);
    }
}

/* Binds a value and, where the field has one, its folded companion; returns the last index used. */
static int bind_field(struct arena *a, struct stmt *s, int at, const struct field *fd, struct val v)
{
    bind(s, at, v);
    if (fd->flags & FF_FOLD) {
        if (v.kind == VAL_TEXT)
            stmt_str(s, ++at, field_fold(a, fd, v.s));
        else
            stmt_null(s, ++at);
    }
    return at;
}

enum rc record_insert(struct wtx *tx, struct record *r, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, entity_sql(r->ent)->insert, e));
    stmt_i64(s, 1, r->version);
    stmt_i64(s, 2, r->created_at);
    stmt_i64(s, 3, r->updated_at);
    int at = 3;
    for (size_t i = 0; i < r->ent->n_fields; i++)
        if (r->ent->fields[i].type != FT_SET)
            at = bind_field(tx->arena, s, at + 1, &r->ent->fields[i], r->f[i]);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        r->id = stmt_col_i64(s, 0);
        rc = stmt_step(s, e); /* to its end, so that a late error shows */
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : name_taken(r->ent, rc, e);
}

static enum rc link_run(struct db *db, const char *format, const char *link, int64_t owner, int64_t ref, struct err *e)
{
    char sql[160];
    struct stmt *s;
    snprintf(sql, sizeof sql, format, link);
    TRY(db_prepare(db, &s, sql, e));
    stmt_i64(s, 1, owner);
    stmt_i64(s, 2, ref);
    return stmt_run(s, e);
}

enum rc record_write_set(struct db *db, const struct field *fd, int64_t owner, struct val old, struct val new,
                         struct err *e)
{
    for (size_t i = 0; old.kind == VAL_SET && i < old.set.n; i++)
        if (!set_holds(new, old.set.ids[i]))
            TRY(link_run(db, "DELETE FROM %s WHERE owner_id = $1 AND ref_id = $2", fd->link, owner, old.set.ids[i], e));
    for (size_t i = 0; new.kind == VAL_SET &&i < new.set.n; i++)
        if (!set_holds(old, new.set.ids[i]))
            TRY(link_run(db, "INSERT INTO %s (owner_id, ref_id) VALUES ($1, $2)", fd->link, owner, new.set.ids[i], e));
    return RC_OK;
}

static enum rc write_sets(struct db *db, const struct record *was, const struct record *will, struct err *e)
{
    for (size_t i = 0; i < will->ent->n_fields; i++)
        if (will->ent->fields[i].type == FT_SET)
            TRY(record_write_set(db, &will->ent->fields[i], will->id, was ? was->f[i] : val_null(), will->f[i], e));
    return RC_OK;
}

/* Only the columns that changed, so that indexes of others stay untouched. */
static enum rc update_row(struct wtx *tx, const struct record *was, const struct record *will, struct err *e)
{
    struct buf sql = {0};
    struct stmt *s;
    int n = 2;
    buf_fmt(&sql, "UPDATE %s SET version = $1, updated_at = $2", will->ent->table);
    for (size_t i = 0; i < will->ent->n_fields; i++) {
        const struct field *fd = &will->ent->fields[i];
        if (fd->type == FT_SET || val_eq(was->f[i], will->f[i]))
            continue;
        buf_fmt(&sql, ", %s = $%d", fd->name, ++n);
        if (fd->flags & FF_FOLD)
            buf_fmt(&sql, ", %s_fold = $%d", fd->name, ++n);
    }
    buf_fmt(&sql, " WHERE id = $%d", n + 1);
    buf_char(&sql, '\0');
    enum rc rc = db_prepare(tx->db, &s, sql.ptr, e);
    buf_free(&sql);
    TRY(rc);
    stmt_i64(s, 1, will->version);
    stmt_i64(s, 2, will->updated_at);
    int at = 2;
    for (size_t i = 0; i < will->ent->n_fields; i++)
        if (will->ent->fields[i].type != FT_SET && !val_eq(was->f[i], will->f[i]))
            at = bind_field(tx->arena, s, at + 1, &will->ent->fields[i], will->f[i]);
    stmt_i64(s, at + 1, will->id);
    return name_taken(will->ent, stmt_run(s, e), e);
}

/* ---- journal ---- */

/* {"field":[old,new],...}; was NULL: everything that is not empty. Secrets tell only that they changed. */
void journal_data(struct buf *b, const struct record *was, const struct record *is)
{
    struct jw w = jw_to(b);
    jw_obj(&w);
    for (size_t i = 0; i < is->ent->n_fields; i++) {
        const struct field *fd = &is->ent->fields[i];
        bool secret = fd->flags & FF_SECRET;
        if ((fd->flags & FF_DERIVED) || (was ? val_eq(was->f[i], is->f[i]) : secret || val_empty(is->f[i])))
            continue;
        jw_key(&w, fd->name);
        jw_arr(&w);
        val_put(&w, fd, was && !secret ? was->f[i] : val_null(), true);
        val_put(&w, fd, secret ? val_null() : is->f[i], true);
        jw_end_arr(&w);
    }
    jw_end_obj(&w);
}

enum rc change_event(struct change *ch, int object_kind, int64_t object_id, enum verb verb, struct str data,
                     struct event *out, struct err *e)
{
    *out = (struct event){.at = ch->at,
                          .actor_id = ch->actor.user_id,
                          .cause = ch->cause,
                          .undoes = ch->undoes,
                          .change_id = ch->change_id,
                          .object_id = object_id,
                          .object_kind = object_kind,
                          .verb = verb,
                          .via = ch->actor.via,
                          .data = data};
    TRY(journal_append(ch->tx, out, e));
    ch->change_id = out->change_id;
    ch->seq = out->seq;
    ch->events++;
    return outbox_event(ch, out, e);
}

/* What follows from an event is new, even when the event takes an older one back. */
static enum rc follow(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                      struct err *e)
{
    const struct record *r = is ? is : was;
    int64_t undoes = ch->undoes;
    enum rc rc = RC_OK;
    ch->undoes = 0;
    ch->inner++;
    if (r && r->ent->after)
        rc = r->ent->after(ch, was, is, e);
    if (rc == RC_OK && r)
        rc = funnel_part_changed(ch, was, is, e);
    if (rc == RC_OK && rules && rules->react)
        rc = rules->react(ch, ev, was, is, e);
    ch->inner--;
    ch->undoes = undoes;
    return rc;
}

/* The event of a row that has been written, then all that follows from it. */
static enum rc row_event(struct change *ch, const struct record *was, const struct record *is, enum verb verb,
                         struct err *e)
{
    const struct record *r = is ? is : was;
    struct buf data = {0};
    struct event ev;
    if (verb == VERB_DELETED || verb == VERB_RESTORED)
        buf_c(&data, "{}");
    else
        journal_data(&data, was, is);
    enum rc rc = change_event(ch, r->ent->id, r->id, verb, buf_view(&data), &ev, e);
    if (rc == RC_OK)
        rc = ch->words_later && !was && search_covers(is->ent) ? search_later(ch->tx, is->ent->id, is->id, is->id, e)
                                                               : search_track(ch->tx, was, is, e);
    if (rc == RC_OK)
        rc = follow(ch, &ev, was, is, e);
    buf_free(&data);
    return rc;
}

enum rc change_note_event(struct change *ch, enum entity_id kind, int64_t id, enum verb verb, struct str data,
                          struct err *e)
{
    struct event ev;
    TRY(change_event(ch, kind, id, verb, data, &ev, e));
    return follow(ch, &ev, NULL, NULL, e);
}

/* ---- commands ---- */

enum rc change_create(struct change *ch, struct record *in, int64_t *id, struct err *e)
{
    /* A job may run again: what came in stays as it was. */
    struct record *r = record_copy(ch->tx->arena, record_adapt(ch->tx->arena, in));
    TRY(record_fill_defaults(ch->tx->arena, r, e));
    r->version = 1;
    r->created_at = r->updated_at = ch->at;
    r->deleted_at = 0;
    TRY(rights_check_fields(ch, NULL, in, e));
    TRY(check_refs(ch, NULL, r, e));
    if (r->ent->before)
        TRY(r->ent->before(ch, NULL, r, e));
    TRY(rights_check_result(ch, NULL, r, e));
    TRY(record_check_required(r, false, e));
    TRY(custom_check_asked(ch, NULL, r, e));
    TRY(record_insert(ch->tx, r, e));
    TRY(write_sets(ch->tx->db, NULL, r, e));
    if (id)
        *id = r->id;
    return row_event(ch, NULL, r, VERB_CREATED, e);
}

enum rc change_create_json(struct change *ch, enum entity_id kind, json_t *body, int64_t *id, struct err *e)
{
    struct record *in = NULL;
    enum rc rc = record_from_json(ch->tx->arena, entity_by_id(kind), body, true, &in, e);
    json_decref(body);
    return rc == RC_OK ? change_create(ch, in, id, e) : rc;
}

static enum rc load_for_change(struct change *ch, const struct entity *ent, int64_t id, int64_t expect,
                               const struct record *in, struct record **was, struct err *e)
{
    TRY(record_load_row(ch->tx->db, ch->tx->arena, ent, id, false, was, e));
    TRY(rights_check_row(ch, *was, in || ch->undoes ? RIGHT_EDIT : RIGHT_DELETE, e));
    if (expect && (*was)->version != expect)
        return err_set(e, RC_STALE, "stale_version", "", "%lld", (long long)(*was)->version);
    if (!in)
        return RC_OK;
    bool *mask = ARENA_ARRAY(ch->tx->arena, bool, ent->n_fields);
    for (size_t i = 0; i < ent->n_fields; i++)
        mask[i] = in->f[i].kind != VAL_ABSENT;
    return record_load_sets(ch->tx->db, ch->tx->arena, ent, was, 1, mask, e);
}

enum rc change_expect(struct change *ch, const struct entity *ent, int64_t id, int64_t version, struct err *e)
{
    struct record *r;
    if (!version)
        return RC_OK;
    TRY(record_load_row(ch->tx->db, ch->tx->arena, ent, id, false, &r, e));
    TRY(rights_check_row(ch, r, RIGHT_EDIT, e));
    return r->version == version ? RC_OK : err_set(e, RC_STALE, "stale_version", "", "%lld", (long long)r->version);
}

/* What the hooks left: 0 nothing changed, 1 only derived fields, 2 something the journal tells. */
static int how_changed(const struct record *was, const struct record *will)
{
    int how = 0;
    for (size_t i = 0; i < will->ent->n_fields; i++)
        if (!val_eq(was->f[i], will->f[i])) {
            if (!(will->ent->fields[i].flags & FF_DERIVED))
                return 2;
            how = 1;
        }
    return how;
}

enum rc change_update(struct change *ch, int64_t id, int64_t expect_version, struct record *in, struct err *e)
{
    struct record *was, *will;
    in = record_adapt(ch->tx->arena, in);
    const struct entity *ent = in->ent;
    TRY(load_for_change(ch, ent, id, expect_version, in, &was, e));
    TRY(rights_check_fields(ch, was, in, e));
    will = record_copy(ch->tx->arena, was);
    owner_reason_clear(was, in, will);
    for (size_t i = 0; i < ent->n_fields; i++)
        if (in->f[i].kind != VAL_ABSENT)
            will->f[i] = in->f[i];
    owner_reason_leave(was, in, will);
    if (how_changed(was, will) == 0)
        return RC_OK;
    TRY(check_refs(ch, was, will, e));
    if (ent->before)
        TRY(ent->before(ch, was, will, e));
    TRY(rights_check_result(ch, was, will, e));
    int how = how_changed(was, will);
    if (how == 0)
        return RC_OK;
    TRY(record_check_required(will, false, e));
    TRY(custom_check_asked(ch, was, will, e));
    if (how == 2) {
        will->version++;
        will->updated_at = ch->at;
    }
    TRY(update_row(ch->tx, was, will, e));
    TRY(write_sets(ch->tx->db, was, will, e));
    return how == 2 ? row_event(ch, was, will, ent->verb ? ent->verb(was, will) : VERB_UPDATED, e) : RC_OK;
}

enum rc change_rewrite(struct change *ch, const struct record *was, struct record *will, enum verb verb,
                       struct str data, struct err *e)
{
    struct event ev;
    will->version++;
    will->updated_at = ch->at;
    TRY(update_row(ch->tx, was, will, e));
    TRY(change_event(ch, will->ent->id, will->id, verb, data, &ev, e));
    TRY(search_track(ch->tx, was, will, e));
    return follow(ch, &ev, was, will, e);
}

static enum rc set_deleted(struct change *ch, const struct record *r, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, entity_sql(r->ent)->set_deleted, e));
    if (r->deleted_at)
        stmt_i64(s, 1, r->deleted_at);
    else
        stmt_null(s, 1);
    stmt_i64(s, 2, r->updated_at);
    stmt_i64(s, 3, r->id);
    return name_taken(r->ent, stmt_run(s, e), e);
}

enum rc change_delete(struct change *ch, const struct entity *ent, int64_t id, int64_t expect_version, struct err *e)
{
    struct record *was, *gone;
    ent = entity_by_id(ent->id);
    TRY(load_for_change(ch, ent, id, expect_version, NULL, &was, e));
    if (ent->before)
        TRY(ent->before(ch, was, NULL, e));
    gone = record_copy(ch->tx->arena, was);
    gone->deleted_at = gone->updated_at = ch->at;
    TRY(set_deleted(ch, gone, e));
    return row_event(ch, was, NULL, VERB_DELETED, e);
}

enum rc change_restore(struct change *ch, const struct entity *ent, int64_t id, struct err *e)
{
    struct record *was, *will;
    ent = entity_by_id(ent->id);
    TRY(record_load_row(ch->tx->db, ch->tx->arena, ent, id, true, &was, e));
    if (!was->deleted_at)
        return err_set(e, RC_CONFLICT, "not_deleted", "", NULL);
    will = record_copy(ch->tx->arena, was);
    will->deleted_at = 0;
    will->version++;
    will->updated_at = ch->at;
    TRY(rights_check_row(ch, was, RIGHT_EDIT, e));
    if (ent->before)
        TRY(ent->before(ch, was, will, e));
    TRY(set_deleted(ch, will, e));
    return row_event(ch, was, will, VERB_RESTORED, e);
}
