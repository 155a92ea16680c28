/* What speaks of a value of a list, or of a field, that becomes another: filters and columns of saved views, layouts of
 * cards, conditions and actions of triggers and goals, gates, drafts of funnels, roles. */
#include "crm/filter_lex.h"
#include "crm/operation_merge_impl.h"
#include <stdlib.h>

/* ---- filters ---- */

/* The last word of a path: "cf_3" of "contact_id.cf_3". */
static struct str last_word(struct str path)
{
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '.')
        at--;
    return (struct str){path.ptr + at, path.len - at};
}

/* Does it name the field that goes? */
static bool names_field(const struct merge *m, struct str path)
{
    return merge_of_fields(m) && str_eqc(last_word(path), m->names[0]);
}

/* The same path to the field that stays. */
static struct str other_path(struct arena *a, const struct merge *m, struct str path)
{
    return str_fmt(a, "%.*s%s", (int)(path.len - last_word(path).len), path.ptr, m->names[1]);
}

/* Does the path lead to what holds the values? */
static bool names_list(const struct merge *m, const struct entity *ent, struct str path)
{
    struct str rest, name = str_cut(path, '.', &rest);
    int i = entity_field_ever(ent, name);
    if (i < 0)
        return false;
    if (!rest.ptr)
        return merge_refers(m, &ent->fields[i]);
    const struct entity *other = ent->fields[i].ref ? entity_by_id(ent->fields[i].ref) : NULL;
    i = other ? entity_field_ever(other, rest) : -1;
    return i >= 0 && merge_refers(m, &other->fields[i]);
}

static void put_other_value(struct buf *b, const struct merge *m, const struct lexer *lex, size_t *done, bool *changed)
{
    int64_t v, other;
    if (!str_i64(lex->value, &v) || (other = merge_other(m, v)) == 0)
        return;
    buf_add(b, lex->text.ptr + *done, lex->at - *done);
    buf_i64(b, other);
    *done = lex->pos;
    *changed = true;
}

/* The filter with the other value or field in the place of the one; false when it does not speak of it. */
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
        if (lex.tok == TOK_NAME && of_list && names_field(m, lex.value)) {
            struct str path = other_path(a, m, lex.value);
            buf_add(&b, text.ptr + done, lex.at - done);
            buf_add(&b, path.ptr, path.len);
            done = lex.pos;
            changed = true;
        }
        if (lex.tok == TOK_NUMBER && of_list)
            put_other_value(&b, m, &lex, &done, &changed);
    }
    buf_add(&b, text.ptr + done, text.len - done);
    *out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return changed && lex.tok == TOK_END;
}

/* ---- JSON ---- */

static struct str text_of(const json_t *v)
{
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR_NULL;
}

static struct str dumped(struct arena *a, const json_t *tree)
{
    char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
    struct str out = text ? str_dup(a, str_c(text)) : STR_NULL;
    free(text);
    return out;
}

/* A field's name under this key. */
static bool other_name(struct arena *a, const struct merge *m, json_t *tree, const char *key)
{
    struct str was = text_of(json_object_get(tree, key));
    if (!was.ptr || !names_field(m, was))
        return false;
    json_object_set_new(tree, key, json_text(other_path(a, m, was)));
    return true;
}

/* Names in a list, each once: where the other stands already, it stays where it is. `all` is where it is looked for. */
static bool other_names(struct arena *a, const struct merge *m, json_t *list, struct str all)
{
    bool changed = false;
    for (size_t i = 0; i < json_array_size(list);) {
        struct str was = text_of(json_array_get(list, i));
        if (!was.ptr || !names_field(m, was)) {
            i++;
            continue;
        }
        struct str now = other_path(a, m, was);
        struct str quoted = str_fmt(a, "\"%.*s\"", STR_ARG(now));
        changed = true;
        if (all.ptr != NULL && memmem(all.ptr, all.len, quoted.ptr, quoted.len))
            json_array_remove(list, i);
        else
            json_array_set_new(list, i++, json_text(now));
    }
    return changed;
}

/* "-cf_3,title" */
static bool other_sort(struct arena *a, const struct merge *m, json_t *tree)
{
    struct str rest = text_of(json_object_get(tree, "sort"));
    struct buf b = {0};
    bool changed = false;
    while (rest.len) {
        struct str key = str_cut(rest, ',', &rest), name = key;
        bool down = key.len && key.ptr[0] == '-';
        if (down)
            name = (struct str){key.ptr + 1, key.len - 1};
        bool other = names_field(m, name);
        if (other)
            name = other_path(a, m, name);
        buf_fmt(&b, "%s%s%.*s", b.len ? "," : "", down ? "-" : "", STR_ARG(name));
        changed |= other;
    }
    if (changed)
        json_object_set_new(tree, "sort", json_text(buf_view(&b)));
    buf_free(&b);
    return changed;
}

static bool other_filter_of(struct arena *a, const struct merge *m, const struct entity *ent, json_t *tree,
                            const char *key)
{
    struct str was = text_of(json_object_get(tree, key)), now;
    if (!was.len || !ent || !other_filter(a, m, ent, was, &now))
        return false;
    json_object_set_new(tree, key, json_text(now));
    return true;
}

/* ---- triggers, goals, drafts: conditions, what they hear of, what they do ---- */

/* What a condition is over: what its event is about. */
static const struct entity *heard_of(const json_t *event)
{
    const char *object = json_string_value(json_object_get(event, "object"));
    const struct entity *ent = object ? entity_by_name(str_c(object)) : NULL;
    return ent ? ent : entity_by_id(ENT_DEAL);
}

/* The value that a field is set to. */
static bool other_value(const struct merge *m, json_t *tree)
{
    json_t *value = json_object_get(tree, "value"), *one;
    bool changed = false;
    int64_t other;
    size_t i;
    json_array_foreach(value, i, one)
    {
        if (!json_is_integer(one) || (other = merge_other(m, json_integer_value(one))) == 0)
            continue;
        json_array_set_new(value, i, json_integer(other));
        changed = true;
    }
    if (json_is_integer(value) && (other = merge_other(m, json_integer_value(value))) != 0) {
        json_object_set_new(tree, "value", json_integer(other));
        changed = true;
    }
    return changed;
}

static bool other_object(struct arena *a, const struct merge *m, json_t *tree)
{
    static const struct {
        enum entity_id of;
        const char *key;
    } keys[] = {{ENT_TAG, "tag_id"}, {ENT_LOSS_REASON, "loss_reason_id"}, {ENT_DEAL_CLASS, "deal_class_id"}};
    const char *field = json_string_value(json_object_get(tree, "field"));
    const char *of = json_string_value(json_object_get(tree, "of"));
    const struct entity *ent = entity_by_name(of ? str_c(of) : STR("deal"));
    bool changed = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].of == m->of->id && json_integer_value(json_object_get(tree, keys[i].key)) == m->from) {
            json_object_set_new(tree, keys[i].key, json_integer(m->into));
            changed = true;
        }
    if (field && ent && (names_list(m, ent, str_c(field)) || names_field(m, str_c(field))))
        changed |= other_value(m, tree);
    changed |= other_name(a, m, tree, "field");
    changed |= other_name(a, m, tree, "date");
    return other_filter_of(a, m, heard_of(json_object_get(tree, "event")), tree, "condition") || changed;
}

/* {"do":"tag","tag_id":5}, {"do":"set","of":"deal","field":"source_id","value":5}, {"on":"tagged","tag_id":5}, and all
 * that is within: true when something has changed. */
static bool other_tree(struct arena *a, const struct merge *m, json_t *tree)
{
    bool changed = false;
    const char *key;
    json_t *one;
    size_t i;
    if (json_is_object(tree))
        changed |= other_object(a, m, tree);
    json_array_foreach(tree, i, one) changed |= other_tree(a, m, one);
    json_object_foreach(tree, key, one) changed |= other_tree(a, m, one);
    return changed;
}

static bool tree_of_view(struct arena *a, const struct merge *m, const struct entity *ent, json_t *tree)
{
    static const char *const lists[] = {"columns", "sum"};
    bool changed = other_filter_of(a, m, ent, tree, "filter");
    changed |= other_sort(a, m, tree);
    changed |= other_name(a, m, tree, "group");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_t *list = json_object_get(tree, lists[i]);
        changed |= other_names(a, m, list, list ? dumped(a, list) : STR(""));
    }
    return changed;
}

static bool tree_of_layout(struct arena *a, const struct merge *m, json_t *groups)
{
    struct str all = dumped(a, groups);
    bool changed = false;
    json_t *group;
    size_t i;
    json_array_foreach(groups, i, group) changed |= other_names(a, m, json_object_get(group, "fields"), all);
    return changed;
}

/* Whom the one was hidden from does not see it in the other: of two rights the narrower one holds. */
static bool tree_of_role(struct arena *a, const struct merge *m, json_t *rights)
{
    json_t *fields = json_object_get(rights, "fields"), *said;
    const char *key;
    void *next;
    bool changed = false;
    json_object_foreach_safe(fields, next, key, said)
    {
        struct str was = str_dup(a, str_c(key));
        if (!names_field(m, was))
            continue;
        struct str now = other_path(a, m, was);
        const char *has = json_string_value(json_object_get(fields, now.ptr));
        if (!has || strcmp(has, "hidden") != 0)
            json_object_set(fields, now.ptr, said);
        json_object_del(fields, was.ptr);
        changed = true;
    }
    return changed;
}

/* ---- the records that hold them ---- */

/* Which texts of which nouns. Not whole: what cannot be written (it was wrong before) stays as it is. */
static const struct holder {
    enum entity_id kind;
    int field[3];
    bool whole;
} holders[] = {
    {ENT_VIEW, {VIEW_QUERY, -1, -1}, false},
    {ENT_LAYOUT, {LAYOUT_GROUPS, -1, -1}, false},
    {ENT_TRIGGER, {TRIGGER_EVENT, TRIGGER_CONDITION, TRIGGER_ACTIONS}, true},
    {ENT_GOAL, {GOAL_ACTIONS, -1, -1}, true},
    {ENT_GATE, {GATE_FIELD, -1, -1}, true},
    {ENT_FUNNEL_DRAFT, {FUNNEL_DRAFT_DEFINITION, -1, -1}, false},
    {ENT_ROLE, {ROLE_RIGHTS, -1, -1}, true},
};

static const struct entity *of_view(const struct record *view)
{
    struct str object = view->f[VIEW_OBJECT].s;
    const struct entity *ent = entity_by_name(object);
    return ent ? ent : entity_by_plural(object);
}

static bool other_json(struct arena *a, const struct merge *m, const struct record *r, struct val v, struct val *out)
{
    json_t *tree = NULL;
    bool changed = false;
    if (json_read(v.s, &tree, NULL) != RC_OK)
        return false;
    switch (r->ent->id) {
    case ENT_VIEW:
        changed = tree_of_view(a, m, of_view(r), tree);
        break;
    case ENT_LAYOUT:
        changed = tree_of_layout(a, m, tree);
        break;
    case ENT_ROLE:
        changed = tree_of_role(a, m, tree);
        break;
    default:
        changed = other_tree(a, m, tree);
    }
    if (changed)
        *out = val_str(dumped(a, tree));
    json_decref(tree);
    return changed;
}

static bool other_condition(struct arena *a, const struct merge *m, const struct record *trigger, struct val *out)
{
    json_t *event = NULL;
    struct str text;
    bool changed = json_read(trigger->f[TRIGGER_EVENT].s, &event, NULL) == RC_OK &&
                   other_filter(a, m, heard_of(event), trigger->f[TRIGGER_CONDITION].s, &text);
    if (changed)
        *out = val_str(text);
    json_decref(event);
    return changed;
}

static bool other_text(struct arena *a, const struct merge *m, const struct record *r, int field, struct val *out)
{
    struct val v = r->f[field];
    if (v.kind != VAL_TEXT)
        return false;
    if (r->ent->fields[field].type == FT_JSON)
        return other_json(a, m, r, v, out);
    if (r->ent->id == ENT_TRIGGER)
        return other_condition(a, m, r, out);
    if (!names_field(m, v.s))
        return false;
    *out = val_str(other_path(a, m, v.s));
    return true;
}

static enum rc change_one(struct change *ch, const struct merge *m, const struct holder *h, int64_t id, struct err *e)
{
    const struct entity *ent = entity_by_id(h->kind);
    struct arena *a = ch->tx->arena;
    struct record *now, *in = record_new(a, ent);
    bool changed = false;
    TRY(record_load(ch->tx->db, a, ent, id, false, &now, e));
    for (size_t i = 0; i < 3; i++)
        if (h->field[i] >= 0)
            changed |= other_text(a, m, now, h->field[i], &in->f[h->field[i]]);
    if (!changed)
        return RC_OK;
    int64_t written = wtx_written(ch->tx);
    enum rc rc = change_update(ch, id, 0, in, e);
    bool refused = (rc == RC_UNPROCESSABLE || rc == RC_INVALID) && wtx_written(ch->tx) == written;
    return refused && !h->whole ? RC_OK : rc;
}

static enum rc change_all(struct change *ch, const struct merge *m, const struct holder *h, struct err *e)
{
    char sql[80];
    int64_t id = 0;
    snprintf(sql, sizeof sql, "SELECT min(id) FROM %s WHERE id > $1 AND deleted_at IS NULL",
             entity_by_id(h->kind)->table);
    for (;;) {
        TRY(QUERY_I64(ch->tx->db, &id, 0, e, sql, id));
        if (!id)
            return RC_OK;
        TRY(change_one(ch, m, h, id, e));
    }
}

enum rc merge_texts(struct change *ch, const struct merge *m, struct err *e)
{
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
        TRY(change_all(ch, m, &holders[i], e));
    return RC_OK;
}
