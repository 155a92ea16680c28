/* Merging two values of a list, or two fields of a company's own: every record that has the one gets the other, then
 * the one is deleted. Lists and fields are of everybody, so it reaches every record, whatever the rights of who asked
 * for it; asking needs CAN_SETTINGS. The definition changes under the records: it sets no trigger off. */
#include "crm/operation_merge_impl.h"

#define AT_ONCE 500

bool merge_object(const struct entity *ent)
{
    return ent->id == ENT_TAG || ent->id == ENT_SOURCE || ent->id == ENT_LOSS_REASON || ent->id == ENT_FIELD_OPTION ||
           ent->id == ENT_DEAL_CLASS || ent->id == ENT_CLASSIFIER || ent->id == ENT_COMPETITOR ||
           ent->id == ENT_CUSTOM_FIELD;
}

bool merge_refers(const struct merge *m, const struct field *fd)
{
    if (merge_of_fields(m))
        return fd->custom && fd->custom->id == m->from;
    if ((fd->type != FT_REF && fd->type != FT_SET) || fd->ref != m->of->id || (fd->flags & FF_SERVER))
        return false;
    return !m->field || (fd->custom && fd->custom->id == m->field);
}

int64_t merge_other(const struct merge *m, int64_t id)
{
    for (size_t i = 0; i < m->n_pairs; i++)
        if (m->pairs[i].from == id)
            return m->pairs[i].into;
    return 0;
}

/* ---- beginning ---- */

static enum rc load_value(struct change *ch, const struct entity *ent, int64_t id, const char *field,
                          struct record **out, struct err *e)
{
    enum rc rc = record_load(ch->tx->db, ch->tx->arena, ent, id, false, out, e);
    if (rc == RC_NOT_FOUND && field)
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", field, "%lld", (long long)id);
    return rc;
}

/* Every value of the one field can stand in the other. */
static enum rc fields_fit(struct change *ch, const struct record *from, const struct record *into, struct err *e)
{
    int64_t values;
    if (from->id == into->id || !val_eq(from->f[CUSTOM_FIELD_OBJECT], into->f[CUSTOM_FIELD_OBJECT]) ||
        !val_eq(from->f[CUSTOM_FIELD_TYPE], into->f[CUSTOM_FIELD_TYPE]))
        return err_set(e, RC_UNPROCESSABLE, "merge_other_type", "into", NULL);
    TRY(QUERY_I64(ch->tx->db, &values, 0, e,
                  "SELECT count(*) FROM field_option WHERE custom_field_id IN ($1, $2) AND deleted_at IS NULL",
                  from->id, into->id));
    return values <= FIELD_OPTIONS_MOST
               ? RC_OK
               : err_set(e, RC_UNPROCESSABLE, "field_options_most", "into", "%d", FIELD_OPTIONS_MOST);
}

static enum rc fits(struct change *ch, const struct record *from, const struct record *into, struct err *e)
{
    if (into->ent->id == ENT_CUSTOM_FIELD)
        return fields_fit(ch, from, into, e);
    int archived = entity_field(into->ent, STR("archived")), name = entity_field(into->ent, STR("name"));
    bool same_list = from->id != into->id;
    if (into->ent->id == ENT_FIELD_OPTION)
        same_list &= val_eq(from->f[FIELD_OPTION_CUSTOM_FIELD_ID], into->f[FIELD_OPTION_CUSTOM_FIELD_ID]);
    if (into->ent->id == ENT_CLASSIFIER)
        same_list &= val_eq(from->f[CLASSIFIER_KIND], into->f[CLASSIFIER_KIND]);
    if (into->ent->id == ENT_LOSS_REASON) /* what is of every funnel may take one of a funnel, not the other way */
        same_list &= !val_has(into->f[LOSS_REASON_FUNNEL_ID]) ||
                     val_eq(from->f[LOSS_REASON_FUNNEL_ID], into->f[LOSS_REASON_FUNNEL_ID]);
    if (!same_list)
        return err_set(e, RC_UNPROCESSABLE, "merge_other_list", "into", NULL);
    if (archived >= 0 && into->f[archived].i)
        return err_set(e, RC_UNPROCESSABLE, "option_archived", "into", "%.*s", STR_ARG(into->f[name].s));
    return RC_OK;
}

static enum rc begin(struct change *ch, struct command_job *j, struct err *e)
{
    const struct merge_new *in = j->args;
    struct arena *a = ch->tx->arena;
    struct record *from, *into;
    TRY(load_value(ch, j->ent, in->from, NULL, &from, e));
    TRY(load_value(ch, j->ent, in->into, "into", &into, e));
    TRY(fits(ch, from, into, e));
    int name = j->ent->id == ENT_CUSTOM_FIELD ? CUSTOM_FIELD_LABEL : entity_field(j->ent, STR("name"));
    int64_t field = j->ent->id == ENT_FIELD_OPTION ? from->f[FIELD_OPTION_CUSTOM_FIELD_ID].i : 0;
    struct operation_new op = {.kind = OPERATION_MERGE,
                               .object = str_c(j->ent->name),
                               .title = str_fmt(a, "%.*s → %.*s", STR_ARG(from->f[name].s), STR_ARG(into->f[name].s)),
                               .plan = str_fmt(a, "{\"field\":%lld,\"from\":%lld,\"into\":%lld,\"keep_from\":%s}",
                                               (long long)field, (long long)in->from, (long long)in->into,
                                               in->keep_from ? "true" : "false")};
    if (str_utf8_len(op.title) > 300)
        op.title = from->f[name].s;
    return operation_create(ch, &op, &j->out_id, e);
}
const struct command command_merge_values = {"operation.merge", begin};

/* ---- what it is about ---- */

static enum rc read_plan(struct arena *a, const struct operation *op, struct merge *out, struct err *e)
{
    json_t *plan;
    TRY(json_read(op->plan, &plan, e));
    *out = (struct merge){.of = entity_by_name(op->object),
                          .from = json_integer_value(json_object_get(plan, "from")),
                          .into = json_integer_value(json_object_get(plan, "into")),
                          .field = json_integer_value(json_object_get(plan, "field")),
                          .keep_from = json_is_true(json_object_get(plan, "keep_from"))};
    json_decref(plan);
    if (merge_of_fields(out)) {
        snprintf(out->names[0], sizeof out->names[0], "cf_%lld", (long long)out->from);
        snprintf(out->names[1], sizeof out->names[1], "cf_%lld", (long long)out->into);
        return RC_OK;
    }
    struct merge_pair *pair = ARENA_NEW(a, struct merge_pair);
    *pair = (struct merge_pair){out->from, out->into};
    out->pairs = pair;
    out->n_pairs = 1;
    return RC_OK;
}

/* One more value in the list of the field that stays, as in the one that goes. */
static enum rc add_value(struct change *ch, const struct merge *m, int64_t option, int64_t *out, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_FIELD_OPTION);
    struct record *was, *in = record_new(ch->tx->arena, ent);
    TRY(record_load(ch->tx->db, ch->tx->arena, ent, option, false, &was, e));
    in->f[FIELD_OPTION_CUSTOM_FIELD_ID] = val_int(m->into);
    in->f[FIELD_OPTION_NAME] = was->f[FIELD_OPTION_NAME];
    in->f[FIELD_OPTION_COLOUR] = was->f[FIELD_OPTION_COLOUR];
    in->f[FIELD_OPTION_ARCHIVED] = was->f[FIELD_OPTION_ARCHIVED];
    return change_create(ch, in, out, e);
}

/* Which value of the one list is which of the other: by name; what is missing there is added. */
static enum rc match_values(struct change *ch, struct merge *m, struct err *e)
{
    VEC(struct merge_pair) found = {0};
    struct stmt *s;
    enum rc rc;
    if (!merge_of_fields(m))
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT f.id, (SELECT min(i.id) FROM field_option i WHERE i.custom_field_id = $2 AND i.deleted_at IS"
                   " NULL AND i.name_fold = f.name_fold) FROM field_option f WHERE f.custom_field_id = $1"
                   " AND f.deleted_at IS NULL ORDER BY f.position, f.id",
                   e));
    stmt_i64(s, 1, m->from);
    stmt_i64(s, 2, m->into);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct merge_pair p = {stmt_col_i64(s, 0), stmt_col_null(s, 1) ? 0 : stmt_col_i64(s, 1)};
        vec_push(&found, p);
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    struct merge_pair *pairs = ARENA_ARRAY(ch->tx->arena, struct merge_pair, found.len + 1);
    for (size_t i = 0; i < found.len && rc == RC_OK; i++) {
        pairs[i] = found.ptr[i];
        if (!pairs[i].into)
            rc = add_value(ch, m, pairs[i].from, &pairs[i].into, e);
    }
    m->pairs = pairs;
    m->n_pairs = found.len;
    vec_free(&found);
    return rc;
}

/* The live records of a noun that have the value; false: none of its fields may. */
static bool put_query(struct buf *sql, const struct merge *m, const struct entity *ent, int limit)
{
    bool any = false;
    buf_fmt(sql, "SELECT id FROM %s WHERE deleted_at IS NULL AND (", ent->table);
    for (size_t i = 0; i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        if (!merge_refers(m, fd))
            continue;
        buf_c(sql, any ? " OR " : "");
        if (fd->type == FT_SET)
            buf_fmt(sql, "id IN (SELECT owner_id FROM %s%s)", fd->link, merge_of_fields(m) ? "" : " WHERE ref_id = $1");
        else
            buf_fmt(sql, merge_of_fields(m) ? "%s IS NOT NULL" : "%s = $1", fd->name);
        any = true;
    }
    buf_c(sql, ") ORDER BY id");
    if (limit)
        buf_fmt(sql, " LIMIT %d", limit);
    buf_char(sql, '\0');
    return any;
}

static enum rc find(struct db *db, struct arena *a, const struct merge *m, const struct entity *ent, int limit,
                    struct operation_ids *out, struct err *e)
{
    struct buf sql = {0};
    struct stmt *s = NULL;
    VEC(int64_t) found = {0};
    enum rc rc = RC_OK;
    out->kind = ent->id;
    if (!put_query(&sql, m, ent, limit))
        goto out;
    TRY_OUT(db_prepare(db, &s, sql.ptr, e));
    if (!merge_of_fields(m))
        stmt_i64(s, 1, m->from);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    rc = rc == RC_DONE ? RC_OK : rc;
    int64_t *ids = ARENA_ARRAY(a, int64_t, found.len + 1);
    if (found.len)
        memcpy(ids, found.ptr, found.len * sizeof *ids);
    out->ids = ids;
    out->n = found.len;
out:
    stmt_done(s);
    vec_free(&found);
    buf_free(&sql);
    return rc;
}

static enum rc populate(struct operation *op, struct db *db, struct arena *a, const struct rights *rights,
                        struct operation_ids **out, struct err *e)
{
    struct merge m;
    (void)rights;
    *out = NULL;
    TRY(read_plan(a, op, &m, e));
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        struct operation_ids ids = {0};
        if (!ent)
            continue;
        TRY(find(db, a, &m, ent, 0, &ids, e));
        if (!ids.n)
            continue;
        struct operation_ids *one = ARENA_NEW(a, struct operation_ids);
        *one = ids;
        one->next = *out;
        *out = one;
    }
    return RC_OK;
}

/* ---- values ---- */

/* Values that are not replaced stay; drop: they go. */
static struct val replaced(struct arena *a, const struct merge *m, struct val v, bool drop)
{
    if (v.kind != VAL_SET) {
        int64_t other = merge_other(m, v.i);
        return other ? val_int(other) : drop ? val_null() : v;
    }
    int64_t *ids = ARENA_ARRAY(a, int64_t, v.set.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < v.set.n; i++) {
        int64_t other = merge_other(m, v.set.ids[i]);
        if (other || !drop)
            ids[n++] = other ? other : v.set.ids[i];
    }
    return val_set_of(a, ids, n);
}

static bool has(struct val v, int64_t id)
{
    for (size_t i = 0; v.kind == VAL_SET && i < v.set.n; i++)
        if (v.set.ids[i] == id)
            return true;
    return v.kind == VAL_INT && v.i == id;
}

static struct val set_val(int64_t *ids, size_t n)
{
    return (struct val){.kind = VAL_SET, .set = {ids, n}};
}

/* What it has, and as many of the others as the field takes; *rest: those that do not fit. */
static struct val joined(struct arena *a, const struct field *fd, struct val kept, struct val moved, struct val *rest)
{
    size_t n = kept.kind == VAL_SET ? kept.set.n : 0, more = moved.kind == VAL_SET ? moved.set.n : 0, left = 0;
    int64_t *ids = ARENA_ARRAY(a, int64_t, n + more + 1), *out = ARENA_ARRAY(a, int64_t, more + 1);
    for (size_t i = 0; i < n; i++)
        ids[i] = kept.set.ids[i];
    for (size_t i = 0; i < more; i++) {
        if (has(kept, moved.set.ids[i]))
            continue;
        if ((int64_t)n < fd->max)
            ids[n++] = moved.set.ids[i];
        else
            out[left++] = moved.set.ids[i];
    }
    *rest = set_val(out, left);
    return val_set_of(a, ids, n);
}

static enum rc option_name(struct change *ch, int64_t id, struct str *out, struct err *e)
{
    struct record *option;
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_FIELD_OPTION), id, true, &option, e));
    *out = option->f[FIELD_OPTION_NAME].s;
    return RC_OK;
}

static enum rc option_names(struct change *ch, struct val set, struct str *out, struct err *e)
{
    *out = STR("");
    for (size_t i = 0; i < set.set.n; i++) {
        struct str name;
        TRY(option_name(ch, set.set.ids[i], &name, e));
        *out = str_fmt(ch->tx->arena, "%.*s%s%.*s", STR_ARG(*out), i ? ", " : "", STR_ARG(name));
    }
    return RC_OK;
}

/* A value as the report tells it. */
static enum rc value_words(struct change *ch, const struct field *fd, struct val v, struct str *out, struct err *e)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    if (fd->type == FT_SET && fd->ref == ENT_FIELD_OPTION)
        return option_names(ch, v, out, e);
    if (fd->type == FT_REF && fd->ref == ENT_FIELD_OPTION)
        return option_name(ch, v.i, out, e);
    if (v.kind == VAL_TEXT) {
        *out = v.s;
        return RC_OK;
    }
    val_put(&w, fd, v, false);
    struct str text = buf_view(&b);
    if (text.len > 1 && text.ptr[0] == '"')
        text = (struct str){text.ptr + 1, text.len - 2};
    *out = str_dup(ch->tx->arena, text);
    buf_free(&b);
    return RC_OK;
}

/* Both said something: the report names the one that went. */
static enum rc tell_conflict(struct operation *op, struct change *ch, const struct operation_item *item,
                             const struct field *fd, struct val stays, struct val goes, struct err *e)
{
    struct err what;
    struct str kept, lost;
    TRY(value_words(ch, fd, stays, &kept, e));
    TRY(value_words(ch, fd, goes, &lost, e));
    (void)!err_set(&what, RC_CONFLICT, "merge_conflict", fd->name, "%.*s", (int)(kept.len < 150 ? kept.len : 150),
                   kept.ptr);
    return operation_problem(op, ch, item, lost, &what, e);
}

/* The value of the one field stands in the other. */
static enum rc put_into(struct operation *op, struct change *ch, const struct merge *m,
                        const struct operation_item *item, const struct record *now, struct record *in, int from,
                        int into, struct err *e)
{
    const struct field *fd = &now->ent->fields[into];
    bool options = fd->ref == ENT_FIELD_OPTION;
    struct val old = now->f[from], kept = now->f[into];
    struct val moved = options ? replaced(ch->tx->arena, m, old, true) : old;
    in->f[from] = fd->type == FT_SET ? val_set_of(ch->tx->arena, NULL, 0) : val_null();
    if (fd->type == FT_SET) {
        struct val rest;
        in->f[into] = joined(ch->tx->arena, fd, kept, moved, &rest);
        return rest.set.n ? tell_conflict(op, ch, item, fd, kept, rest, e) : RC_OK;
    }
    if (!val_has(moved))
        return RC_OK;
    if (!val_has(kept) || m->keep_from)
        in->f[into] = moved;
    if (!val_has(kept) || val_eq(kept, moved))
        return RC_OK;
    return tell_conflict(op, ch, item, fd, m->keep_from ? moved : kept, m->keep_from ? kept : moved, e);
}

static enum rc give_other(struct operation *op, struct change *ch, const struct merge *m,
                          const struct operation_item *item, struct err *e)
{
    const struct entity *ent = entity_by_id(item->kind);
    struct record *now, *in = record_new(ch->tx->arena, ent);
    enum rc rc = record_load(ch->tx->db, ch->tx->arena, ent, item->id, false, &now, e);
    if (rc == RC_NOT_FOUND)
        return RC_OK; /* deleted meanwhile */
    TRY(rc);
    int into = merge_of_fields(m) ? entity_field(ent, str_c(m->names[1])) : -1;
    for (int i = 0; i < (int)ent->n_fields; i++) {
        if (!merge_refers(m, &ent->fields[i]))
            continue;
        if (into >= 0)
            TRY(put_into(op, ch, m, item, now, in, i, into, e));
        else if (has(now->f[i], m->from))
            in->f[i] = replaced(ch->tx->arena, m, now->f[i], false);
    }
    ch->remap = merge_of_fields(m);
    rc = change_update(ch, item->id, 0, in, e);
    ch->remap = false;
    return rc;
}

static enum rc apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    struct merge m;
    const struct rights *rights = ch->actor.rights;
    TRY(read_plan(ch->tx->arena, op, &m, e));
    ch->actor.rights = NULL;
    enum rc rc = match_values(ch, &m, e);
    if (rc == RC_OK)
        rc = give_other(op, ch, &m, item, e);
    ch->actor.rights = rights;
    return rc;
}

/* Others went on working: who has got the value since it began is found again. */
static enum rc stragglers(struct operation *op, struct change *ch, const struct merge *m, struct err *e)
{
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        struct operation_ids ids = {0};
        do {
            if (ent)
                TRY(find(ch->tx->db, ch->tx->arena, m, ent, AT_ONCE, &ids, e));
            for (size_t k = 0; k < ids.n; k++) {
                struct operation_item item = {.id = ids.ids[k], .kind = ids.kind};
                TRY(give_other(op, ch, m, &item, e));
            }
        } while (ids.n == AT_ONCE);
    }
    return RC_OK;
}

/* ---- its end ---- */

static enum rc tell_outcome(struct operation *op, struct change *ch, struct err *e)
{
    int64_t n;
    TRY(QUERY_I64(ch->tx->db, &n, 0, e,
                  "SELECT count(*) FROM operation_problem WHERE operation_id = $1 AND code = 'merge_conflict'",
                  op->id));
    op->outcome = str_fmt(ch->tx->arena, "{\"changed\":%lld,\"conflicts\":%lld}", (long long)op->changed, (long long)n);
    return RC_OK;
}

static enum rc finish_all(struct operation *op, struct change *ch, struct merge *m, struct err *e)
{
    TRY(match_values(ch, m, e));
    TRY(stragglers(op, ch, m, e));
    TRY(merge_texts(ch, m, e));
    enum rc rc = change_delete(ch, m->of, m->from, 0, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    return merge_of_fields(m) ? tell_outcome(op, ch, e) : RC_OK;
}

static enum rc finish(struct operation *op, struct change *ch, struct err *e)
{
    struct merge m;
    const struct rights *rights = ch->actor.rights;
    TRY(read_plan(ch->tx->arena, op, &m, e));
    ch->actor.rights = NULL;
    enum rc rc = finish_all(op, ch, &m, e);
    ch->actor.rights = rights;
    return rc;
}

const struct operation_type operation_merge = {
    .kind = OPERATION_MERGE, .populate = populate, .apply = apply, .finish = finish};
