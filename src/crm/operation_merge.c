/* Merging two values of a list: every record that has the one gets the other, then the one is deleted. The lists are of
 * everybody, so it reaches every record, whatever the rights of who asked for it; asking needs CAN_SETTINGS. */
#include "crm/operation_merge.h"
#include "crm/engine.h"
#include "crm/filter_lex.h"
#include "crm/operation.h"
#include <stdlib.h>

#define AT_ONCE 500

bool merge_object(const struct entity *ent)
{
    return ent->id == ENT_TAG || ent->id == ENT_SOURCE || ent->id == ENT_LOSS_REASON || ent->id == ENT_FIELD_OPTION ||
           ent->id == ENT_DEAL_CLASS || ent->id == ENT_CLASSIFIER || ent->id == ENT_COMPETITOR;
}

struct merge {
    const struct entity *of;
    int64_t from, into, field; /* field: the custom field whose values these are, else 0 */
};

static bool refers(const struct merge *m, const struct field *fd)
{
    if ((fd->type != FT_REF && fd->type != FT_SET) || fd->ref != m->of->id || (fd->flags & FF_SERVER))
        return false;
    return !m->field || (fd->custom && fd->custom->id == m->field);
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

static enum rc fits(const struct record *from, const struct record *into, struct err *e)
{
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
    TRY(fits(from, into, e));
    int name = entity_field(j->ent, STR("name"));
    int64_t field = j->ent->id == ENT_FIELD_OPTION ? from->f[FIELD_OPTION_CUSTOM_FIELD_ID].i : 0;
    struct operation_new op = {.kind = OPERATION_MERGE,
                               .object = str_c(j->ent->name),
                               .title = str_fmt(a, "%.*s → %.*s", STR_ARG(from->f[name].s), STR_ARG(into->f[name].s)),
                               .plan = str_fmt(a, "{\"field\":%lld,\"from\":%lld,\"into\":%lld}", (long long)field,
                                               (long long)in->from, (long long)in->into)};
    if (str_utf8_len(op.title) > 300)
        op.title = from->f[name].s;
    return operation_create(ch, &op, &j->out_id, e);
}
const struct command command_merge_values = {"operation.merge", begin};

/* ---- what it is about ---- */

static enum rc read_plan(const struct operation *op, struct merge *out, struct err *e)
{
    json_t *plan;
    TRY(json_read(op->plan, &plan, e));
    *out = (struct merge){entity_by_name(op->object), json_integer_value(json_object_get(plan, "from")),
                          json_integer_value(json_object_get(plan, "into")),
                          json_integer_value(json_object_get(plan, "field"))};
    json_decref(plan);
    return RC_OK;
}

/* The live records of a noun that have the value; false: none of its fields may. */
static bool put_query(struct buf *sql, const struct merge *m, const struct entity *ent, int limit)
{
    bool any = false;
    buf_fmt(sql, "SELECT id FROM %s WHERE deleted_at IS NULL AND (", ent->table);
    for (size_t i = 0; i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        if (!refers(m, fd))
            continue;
        buf_c(sql, any ? " OR " : "");
        if (fd->type == FT_SET)
            buf_fmt(sql, "id IN (SELECT owner_id FROM %s WHERE ref_id = $1)", fd->link);
        else
            buf_fmt(sql, "%s = $1", fd->name);
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
    TRY(read_plan(op, &m, e));
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

/* ---- doing it ---- */

static struct val replaced(struct arena *a, struct val v, int64_t from, int64_t into)
{
    if (v.kind != VAL_SET)
        return val_int(into);
    int64_t *ids = ARENA_ARRAY(a, int64_t, v.set.n + 1);
    for (size_t i = 0; i < v.set.n; i++)
        ids[i] = v.set.ids[i] == from ? into : v.set.ids[i];
    return val_set_of(a, ids, v.set.n);
}

static bool has(struct val v, int64_t id)
{
    for (size_t i = 0; v.kind == VAL_SET && i < v.set.n; i++)
        if (v.set.ids[i] == id)
            return true;
    return v.kind == VAL_INT && v.i == id;
}

static enum rc give_other(struct change *ch, const struct merge *m, enum entity_id kind, int64_t id, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    struct record *now, *in = record_new(ch->tx->arena, ent);
    enum rc rc = record_load(ch->tx->db, ch->tx->arena, ent, id, false, &now, e);
    if (rc == RC_NOT_FOUND)
        return RC_OK; /* deleted meanwhile */
    TRY(rc);
    for (size_t i = 0; i < ent->n_fields; i++)
        if (refers(m, &ent->fields[i]) && has(now->f[i], m->from))
            in->f[i] = replaced(ch->tx->arena, now->f[i], m->from, m->into);
    return change_update(ch, id, 0, in, e);
}

static enum rc apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    struct merge m;
    const struct rights *rights = ch->actor.rights;
    TRY(read_plan(op, &m, e));
    ch->actor.rights = NULL;
    enum rc rc = give_other(ch, &m, item->kind, item->id, e);
    ch->actor.rights = rights;
    return rc;
}

/* Others went on working: who has got the value since it began is found again. */
static enum rc stragglers(struct change *ch, const struct merge *m, struct err *e)
{
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        struct operation_ids ids = {0};
        do {
            if (ent)
                TRY(find(ch->tx->db, ch->tx->arena, m, ent, AT_ONCE, &ids, e));
            for (size_t k = 0; k < ids.n; k++)
                TRY(give_other(ch, m, ids.kind, ids.ids[k], e));
        } while (ids.n == AT_ONCE);
    }
    return RC_OK;
}

/* ---- saved views speak of values, too ---- */

static bool names_list(const struct merge *m, const struct entity *ent, struct str path)
{
    struct str rest, name = str_cut(path, '.', &rest);
    int i = entity_field_ever(ent, name);
    if (i < 0)
        return false;
    if (!rest.ptr)
        return refers(m, &ent->fields[i]);
    const struct entity *other = ent->fields[i].ref ? entity_by_id(ent->fields[i].ref) : NULL;
    i = other ? entity_field_ever(other, rest) : -1;
    return i >= 0 && refers(m, &other->fields[i]);
}

static bool is_number(struct str s, int64_t n)
{
    int64_t v;
    return str_i64(s, &v) && v == n;
}

/* The filter with the other value in the place of the one; false when it does not speak of it. */
static bool other_filter(struct arena *a, const struct merge *m, const struct entity *ent, struct str text,
                         struct str *out)
{
    struct lexer lex = {.arena = a, .text = text};
    struct buf b = {0};
    size_t done = 0;
    bool of_list = false, changed = false;
    for (lex_next(&lex); lex.tok != TOK_END && lex.tok != TOK_BAD; lex_next(&lex)) {
        if (lex_is(&lex, "and") || lex_is(&lex, "or"))
            of_list = false;
        else if (lex.tok == TOK_NAME && !lex_is(&lex, "in") && !lex_is(&lex, "has") && !lex_is(&lex, "not"))
            of_list = names_list(m, ent, lex.value);
        if (lex.tok != TOK_NUMBER || !of_list || !is_number(lex.value, m->from))
            continue;
        buf_add(&b, text.ptr + done, lex.at - done);
        buf_i64(&b, m->into);
        done = lex.pos;
        changed = true;
    }
    buf_add(&b, text.ptr + done, text.len - done);
    *out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return changed && lex.tok == TOK_END;
}

static enum rc other_query(struct arena *a, const struct merge *m, const struct entity *ent, struct str query,
                           struct str *out, struct err *e)
{
    json_t *tree;
    struct str filter;
    *out = STR_NULL;
    TRY(json_read(query, &tree, e));
    const json_t *was = json_object_get(tree, "filter");
    if (json_is_string(was) &&
        other_filter(a, m, ent, (struct str){json_string_value(was), json_string_length(was)}, &filter)) {
        json_object_set_new(tree, "filter", json_text(filter));
        char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
        *out = text ? str_dup(a, str_c(text)) : STR_NULL;
        free(text);
    }
    json_decref(tree);
    return RC_OK;
}

struct view {
    int64_t id;
    struct str query;
};

static enum rc change_views(struct change *ch, const struct merge *m, struct err *e)
{
    struct arena *a = ch->tx->arena;
    VEC(struct view) views = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(ch->tx->db, &s, "SELECT id, object, query FROM view WHERE deleted_at IS NULL ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        const struct entity *ent = entity_by_name(stmt_col_str(s, 1));
        struct view v = {.id = stmt_col_i64(s, 0)};
        if (!ent)
            ent = entity_by_plural(stmt_col_str(s, 1));
        if (ent && other_query(a, m, ent, stmt_col_str(s, 2), &v.query, e) == RC_OK && v.query.ptr)
            vec_push(&views, v);
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < views.len && rc == RC_OK; i++) {
        struct record *in = record_new(a, entity_by_id(ENT_VIEW));
        in->f[VIEW_QUERY] = val_str(views.ptr[i].query);
        rc = change_update(ch, views.ptr[i].id, 0, in, e);
    }
    vec_free(&views);
    return rc;
}

/* ---- so do triggers and goals: their conditions, what they hear of, what they do ---- */

/* {"do":"tag","tag_id":5}, {"do":"set","of":"deal","field":"source_id","value":5}, {"on":"tagged","tag_id":5}: true
 * when something has changed. */
static bool other_tree(const struct merge *m, json_t *tree)
{
    static const struct {
        enum entity_id of;
        const char *key;
    } keys[] = {{ENT_TAG, "tag_id"}, {ENT_LOSS_REASON, "loss_reason_id"}};
    const char *field = json_string_value(json_object_get(tree, "field"));
    const char *of = json_string_value(json_object_get(tree, "of"));
    json_t *value = json_object_get(tree, "value"), *one;
    const struct entity *ent = entity_by_name(of ? str_c(of) : STR("deal"));
    size_t i;
    bool changed = false;
    json_array_foreach(tree, i, one) changed |= other_tree(m, one);
    for (i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].of == m->of->id && json_integer_value(json_object_get(tree, keys[i].key)) == m->from) {
            json_object_set_new(tree, keys[i].key, json_integer(m->into));
            changed = true;
        }
    if (!field || !ent || !names_list(m, ent, str_c(field)))
        return changed;
    json_array_foreach(value, i, one) if (json_integer_value(one) == m->from)
    {
        json_array_set_new(value, i, json_integer(m->into));
        changed = true;
    }
    if (json_is_integer(value) && json_integer_value(value) == m->from) {
        json_object_set_new(tree, "value", json_integer(m->into));
        changed = true;
    }
    return changed;
}

static bool other_json(struct arena *a, const struct merge *m, struct val v, struct val *out)
{
    json_t *tree = NULL;
    bool changed = val_has(v) && json_read(v.s, &tree, NULL) == RC_OK && other_tree(m, tree);
    if (changed) {
        char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
        *out = val_str(str_dup(a, str_c(text)));
        free(text);
    }
    json_decref(tree);
    return changed;
}

/* What a trigger's condition is over: what its event is about. */
static const struct entity *heard_of(struct val event)
{
    json_t *tree = NULL;
    const struct entity *ent = NULL;
    if (val_has(event) && json_read(event.s, &tree, NULL) == RC_OK && json_object_get(tree, "object"))
        ent = entity_by_name(str_c(json_string_value(json_object_get(tree, "object"))));
    json_decref(tree);
    return ent ? ent : entity_by_id(ENT_DEAL);
}

static enum rc change_rule(struct change *ch, const struct merge *m, enum entity_id kind, int64_t id, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    struct arena *a = ch->tx->arena;
    struct record *now, *in = record_new(a, ent);
    struct str text;
    bool changed;
    TRY(record_load(ch->tx->db, a, ent, id, false, &now, e));
    if (kind == ENT_GOAL) {
        changed = other_json(a, m, now->f[GOAL_ACTIONS], &in->f[GOAL_ACTIONS]);
    } else {
        struct val condition = now->f[TRIGGER_CONDITION];
        changed = other_json(a, m, now->f[TRIGGER_ACTIONS], &in->f[TRIGGER_ACTIONS]);
        changed |= other_json(a, m, now->f[TRIGGER_EVENT], &in->f[TRIGGER_EVENT]);
        if (val_has(condition) && other_filter(a, m, heard_of(now->f[TRIGGER_EVENT]), condition.s, &text)) {
            in->f[TRIGGER_CONDITION] = val_str(text);
            changed = true;
        }
    }
    return changed ? change_update(ch, id, 0, in, e) : RC_OK;
}

static enum rc change_rules(struct change *ch, const struct merge *m, enum entity_id kind, struct err *e)
{
    char sql[80];
    int64_t id = 0;
    snprintf(sql, sizeof sql, "SELECT min(id) FROM %s WHERE id > $1 AND deleted_at IS NULL", entity_by_id(kind)->table);
    for (;;) {
        TRY(QUERY_I64(ch->tx->db, &id, 0, e, sql, id));
        if (!id)
            return RC_OK;
        TRY(change_rule(ch, m, kind, id, e));
    }
}

static enum rc finish(struct operation *op, struct change *ch, struct err *e)
{
    struct merge m;
    const struct rights *rights = ch->actor.rights;
    TRY(read_plan(op, &m, e));
    ch->actor.rights = NULL;
    enum rc rc = stragglers(ch, &m, e);
    if (rc == RC_OK)
        rc = change_views(ch, &m, e);
    if (rc == RC_OK)
        rc = change_rules(ch, &m, ENT_TRIGGER, e);
    if (rc == RC_OK)
        rc = change_rules(ch, &m, ENT_GOAL, e);
    if (rc == RC_OK)
        rc = change_delete(ch, m.of, m.from, 0, e);
    ch->actor.rights = rights;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

const struct operation_type operation_merge = {
    .kind = OPERATION_MERGE, .populate = populate, .apply = apply, .finish = finish};
