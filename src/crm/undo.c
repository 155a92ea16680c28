/* Undo: inverse commands read from the journal, newest first. They pass the same rules as any command. A field that was
 * touched later stays as it is and the whole undo is refused; undoing an undo does the change again. */
#include "crm/engine.h"
#include "crm/rights.h"

struct later { /* an event of the same object, in order of seq */
    int64_t seq, undoes, change_id;
    int verb;
    struct str data;
};
struct laters {
    struct later *ptr;
    size_t len, cap;
};

static bool changes_row(int verb)
{
    return verb == VERB_CREATED || verb == VERB_UPDATED || verb == VERB_DELETED || verb == VERB_RESTORED ||
           verb == VERB_MOVED || verb == VERB_DONE;
}

static enum rc load_later(struct change *ch, const struct event *ev, struct laters *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        ch->tx->db, &s,
        "SELECT seq, undoes, change_id, verb, data FROM journal WHERE object_kind = $1 AND object_id = $2 AND seq > $3"
        " ORDER BY seq",
        e));
    stmt_i64(s, 1, ev->object_kind);
    stmt_i64(s, 2, ev->object_id);
    stmt_i64(s, 3, ev->seq);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct later one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2), (int)stmt_col_i64(s, 3),
                            str_dup(ch->tx->arena, stmt_col_str(s, 4))};
        vec_push(out, one);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Taken back, and the taking back not itself taken back. */
static bool is_undone(const struct laters *l, int64_t seq)
{
    for (size_t i = 0; i < l->len; i++)
        if (l->ptr[i].undoes == seq && !is_undone(l, l->ptr[i].seq))
            return true;
    return false;
}

static enum rc conflict(struct err *e, const char *field)
{
    return err_set(e, RC_CONFLICT, "undo_conflict", field, NULL);
}

/* A creation or a restoring can go only while nothing stands on it. */
static enum rc nothing_later(struct arena *a, const struct laters *l, const struct event *ev, struct err *e)
{
    for (size_t i = 0; i < l->len; i++) {
        const struct later *one = &l->ptr[i];
        if (!changes_row(one->verb) || one->change_id == ev->change_id || one->undoes || is_undone(l, one->seq))
            continue;
        json_t *data = NULL;
        const char *first = "";
        if (json_read(one->data, &data, NULL) == RC_OK && json_object_size(data))
            first = json_object_iter_key(json_object_iter(data));
        enum rc rc = conflict(e, str_cdup(a, str_c(first)));
        json_decref(data);
        return rc;
    }
    return RC_OK;
}

static enum rc nothing_refers(struct change *ch, const struct event *ev, struct err *e)
{
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        for (size_t k = 0; ent && k < ent->n_fields; k++) {
            const struct field *fd = &ent->fields[k];
            char sql[200];
            int64_t found;
            if ((int)fd->ref != ev->object_kind || (fd->flags & (FF_SERVER | FF_GONE)))
                continue;
            if (fd->type == FT_SET)
                snprintf(sql, sizeof sql,
                         "SELECT 1 FROM %s l JOIN %s o ON o.id = l.owner_id WHERE l.ref_id = $1"
                         " AND o.deleted_at IS NULL LIMIT 1",
                         fd->link, ent->table);
            else
                snprintf(sql, sizeof sql, "SELECT 1 FROM %s WHERE %s = $1 AND deleted_at IS NULL LIMIT 1", ent->table,
                         fd->name);
            TRY(QUERY_I64(ch->tx->db, &found, 0, e, sql, ev->object_id));
            if (found)
                return conflict(e, ent->name);
        }
    }
    return RC_OK;
}

/* ---- fields ---- */

static bool holds(struct val set, int64_t id)
{
    for (size_t i = 0; set.kind == VAL_SET && i < set.set.n; i++)
        if (set.set.ids[i] == id)
            return true;
    return false;
}

/* What was added goes, what was removed comes back; what others did to the set meanwhile stays. */
static struct val unset(struct arena *a, struct val now, struct val old, struct val new)
{
    int64_t *ids = ARENA_ARRAY(a, int64_t, now.set.n + old.set.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < now.set.n; i++)
        if (!holds(new, now.set.ids[i]) || holds(old, now.set.ids[i]))
            ids[n++] = now.set.ids[i];
    for (size_t i = 0; i < old.set.n; i++)
        if (!holds(new, old.set.ids[i]))
            ids[n++] = old.set.ids[i];
    return val_set_of(a, ids, n);
}

static enum rc undo_field(struct change *ch, const struct record *now, struct record *in, const char *name,
                          const json_t *pair, struct err *e)
{
    struct arena *a = ch->tx->arena;
    int i = entity_field_ever(now->ent, str_c(name));
    struct val old, new;
    if (i < 0 || json_array_size(pair) != 2)
        return err_set(e, RC_INTERNAL, "bad_journal", name, NULL);
    const struct field *fd = &now->ent->fields[i];
    if (fd->flags & FF_SECRET)
        return err_set(e, RC_CONFLICT, "not_undoable", name, NULL);
    TRY(val_from_journal(a, fd, json_array_get(pair, 0), &old, e));
    TRY(val_from_journal(a, fd, json_array_get(pair, 1), &new, e));
    if (fd->type == FT_SET) {
        in->f[i] = unset(a, now->f[i], old, new);
        return RC_OK;
    }
    in->f[i] = old;
    return val_eq(now->f[i], new) ? RC_OK : conflict(e, name);
}

static enum rc undo_update(struct change *ch, const struct entity *ent, const struct event *ev, struct err *e)
{
    struct record *now, *in = record_new(ch->tx->arena, ent);
    json_t *data = NULL, *pair;
    const char *name;
    enum rc rc = record_load(ch->tx->db, ch->tx->arena, ent, ev->object_id, false, &now, e);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? conflict(e, "") : rc;
    TRY(json_read(ev->data, &data, e));
    json_object_foreach(data, name, pair)
    {
        rc = undo_field(ch, now, in, name, pair, e);
        if (rc != RC_OK)
            break;
    }
    json_decref(data);
    return rc == RC_OK ? change_update(ch, ev->object_id, 0, in, e) : rc;
}

static enum rc undo_setting(struct change *ch, const struct event *ev, struct err *e)
{
    json_t *data = NULL, *pair;
    const char *key;
    enum rc rc = RC_OK;
    TRY(json_read(ev->data, &data, e));
    json_object_foreach(data, key, pair)
    {
        const json_t *old = json_array_get(pair, 0), *new = json_array_get(pair, 1);
        struct str now;
        TRY_OUT(setting_get(ch->tx->db, ch->tx->arena, key, NULL, &now, e));
        if (!str_eq(now, str_c(json_string_value(new)))) {
            rc = conflict(e, key);
            break;
        }
        struct str back = str_c(json_string_value(old)); /* null: it had not been set */
        TRY_OUT(setting_set(ch, key, back.ptr ? str_dup(ch->tx->arena, back) : STR_NULL, e));
    }
out:
    json_decref(data);
    return rc;
}

/* ---- events ---- */

static enum rc undo_row(struct change *ch, const struct entity *ent, const struct event *ev, const struct laters *l,
                        struct err *e)
{
    enum rc rc;
    switch (ev->verb) {
    case VERB_CREATED:
    case VERB_RESTORED:
        TRY(nothing_later(ch->tx->arena, l, ev, e));
        if (ev->verb == VERB_CREATED)
            TRY(nothing_refers(ch, ev, e));
        rc = change_delete(ch, ent, ev->object_id, 0, e);
        return rc == RC_NOT_FOUND ? conflict(e, "") : rc;
    case VERB_DELETED:
        rc = change_restore(ch, ent, ev->object_id, e);
        return rc == RC_CONFLICT && e && strcmp(e->code, "not_deleted") == 0 ? conflict(e, "") : rc;
    default:
        return undo_update(ch, ent, ev, e);
    }
}

enum rc undo_event(struct change *ch, const struct event *ev, int64_t *undone, struct err *e)
{
    const struct entity *ent = entity_by_id((enum entity_id)ev->object_kind);
    struct laters l = {0};
    if (!changes_row(ev->verb) || (!ent && ev->object_kind != ENT_SETTING))
        return RC_OK; /* a fact about the past: nothing to take back */
    enum rc rc = load_later(ch, ev, &l, e);
    if (rc == RC_OK && is_undone(&l, ev->seq))
        rc = err_set(e, RC_CONFLICT, "already_undone", "", NULL);
    ch->undoes = ev->seq;
    int follows = ev->object_kind == ENT_NOTIFICATION; /* another's, to whom it was told by itself */
    ch->inner += follows;
    if (rc == RC_OK)
        rc = ent ? undo_row(ch, ent, ev, &l, e) : undo_setting(ch, ev, e);
    ch->inner -= follows;
    ch->undoes = 0;
    vec_free(&l);
    if (rc == RC_OK)
        ++*undone;
    return rc;
}

struct events {
    struct event *ptr;
    size_t len, cap;
};

/* The events of one change lie together in the journal: it is read from its first until another one's. */
static enum rc load_page(struct change *ch, int64_t change_id, int64_t limit, struct events *out, bool *more,
                         struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int64_t from = out->len ? out->ptr[out->len - 1].seq + 1 : change_id;
    *more = false;
    TRY(db_prepare(
        ch->tx->db, &s,
        "SELECT seq, change_id, object_id, object_kind, verb, data FROM journal WHERE seq >= $1 ORDER BY seq LIMIT $2",
        e));
    stmt_i64(s, 1, from);
    stmt_i64(s, 2, limit);
    int64_t n = 0;
    while ((rc = stmt_step(s, e)) == RC_ROW && stmt_col_i64(s, 1) == change_id) {
        struct event ev = {.seq = stmt_col_i64(s, 0),
                           .change_id = change_id,
                           .object_id = stmt_col_i64(s, 2),
                           .object_kind = (int)stmt_col_i64(s, 3),
                           .verb = (int)stmt_col_i64(s, 4),
                           .data = str_dup(ch->tx->arena, stmt_col_str(s, 5))};
        vec_push(out, ev);
        n++;
    }
    stmt_done(s);
    *more = n == limit;
    return rc == RC_DONE || rc == RC_ROW ? RC_OK : rc;
}

/* Stages may go in any order while a change is taken back; in the end each funnel touched must still be usable. */
static enum rc check_funnels(struct change *ch, const struct events *all, struct err *e)
{
    for (size_t i = 0; i < all->len; i++) {
        int64_t funnel;
        if (all->ptr[i].object_kind != ENT_STAGE)
            continue;
        TRY(QUERY_I64(ch->tx->db, &funnel, 0, e, "SELECT funnel_id FROM stage WHERE id = $1", all->ptr[i].object_id));
        TRY(funnel_has_open_stage(ch, funnel, 0, e));
    }
    return RC_OK;
}

/* What hangs on a deal or a funnel comes back only while that is there. The parts of a whole come back before it, so
 * this too is looked at in the end. */
static enum rc check_parents(struct change *ch, const struct events *all, struct err *e)
{
    static const struct {
        enum entity_id kind;
        int field;
    } parts[] = {{ENT_STAGE, STAGE_FUNNEL_ID},
                 {ENT_TASK, TASK_DEAL_ID},
                 {ENT_NOTE, NOTE_DEAL_ID},
                 {ENT_DEAL_PRODUCT, DEAL_PRODUCT_DEAL_ID},
                 {ENT_BUYER, BUYER_DEAL_ID},
                 {ENT_COMPETITOR_OFFER, COMPETITOR_OFFER_DEAL_ID},
                 {ENT_FIELD_OPTION, FIELD_OPTION_CUSTOM_FIELD_ID}};
    for (size_t i = 0; i < all->len; i++)
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            if (all->ptr[i].verb != VERB_DELETED || all->ptr[i].object_kind != (int)parts[k].kind)
                continue;
            const struct entity *ent = entity_by_id(parts[k].kind);
            const struct field *fd = &ent->fields[parts[k].field];
            char sql[200];
            int64_t gone;
            snprintf(sql, sizeof sql,
                     "SELECT 1 FROM %s p JOIN %s w ON w.id = p.%s WHERE p.id = $1 AND p.deleted_at IS NULL"
                     " AND w.deleted_at IS NOT NULL",
                     ent->table, entity_by_id(fd->ref)->table, fd->name);
            TRY(QUERY_I64(ch->tx->db, &gone, 0, e, sql, all->ptr[i].object_id));
            if (gone)
                return conflict(e, fd->name);
        }
    return RC_OK;
}

/* What stands in the way may be a field that whoever asks does not see. */
static void hide_field(const struct change *ch, int kind, struct err *e)
{
    const struct entity *ent = entity_by_id((enum entity_id)kind);
    int field = ent && e ? entity_field_ever(ent, str_c(e->field)) : -1;
    if (field >= 0 && !rights_sees_field(ch->actor.rights, ent, field))
        e->field[0] = '\0';
}

enum rc change_undo(struct change *ch, int64_t change_id, int64_t *undone, struct err *e)
{
    struct events all = {0};
    int64_t cause = ch->cause;
    enum via via = ch->actor.via;
    bool more = change_id > 0;
    enum rc rc = RC_OK;
    *undone = 0;
    for (int64_t limit = 16; more && rc == RC_OK; limit = 1000)
        rc = load_page(ch, change_id, limit, &all, &more, e);
    if (rc == RC_OK && !all.len)
        rc = err_set(e, RC_NOT_FOUND, "not_found", "change_id", "%lld", (long long)change_id);
    ch->cause = change_id;
    ch->actor.via = VIA_UNDO;
    for (size_t i = 0; i < all.len && rc == RC_OK; i++) /* what was erased is nowhere any more */
        if (all.ptr[i].verb == VERB_ERASED)
            rc = err_set(e, RC_CONFLICT, "not_undoable", "", NULL);
    for (size_t i = all.len; i > 0 && rc == RC_OK; i--) {
        rc = undo_event(ch, &all.ptr[i - 1], undone, e);
        if (rc == RC_CONFLICT)
            hide_field(ch, all.ptr[i - 1].object_kind, e);
    }
    if (rc == RC_OK)
        rc = check_funnels(ch, &all, e);
    if (rc == RC_OK)
        rc = check_parents(ch, &all, e);
    if (rc == RC_OK && !*undone)
        rc = err_set(e, RC_CONFLICT, "not_undoable", "", NULL);
    ch->cause = cause;
    ch->actor.via = via;
    vec_free(&all);
    return rc;
}
