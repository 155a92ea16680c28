/* Custom fields, the values of their lists, and layouts of cards. */
#include "crm/custom_field.h"
#include "crm/hooks.h"
#include "store/schema_grow.h"

/* ---- custom fields ---- */

static enum rc room_for_one(struct change *ch, int64_t object, struct err *e)
{
    int64_t n;
    TRY(QUERY_I64(ch->tx->db, &n, 0, e, "SELECT count(*) FROM custom_field WHERE object = $1", object));
    return n < CUSTOM_FIELDS_MOST
               ? RC_OK
               : err_set(e, RC_UNPROCESSABLE, "custom_fields_most", "object", "%d", CUSTOM_FIELDS_MOST);
}

HOOK_BEFORE(custom_field)
{
    if (!will)
        return RC_OK;
    int64_t object = will->f[CUSTOM_FIELD_OBJECT].i;
    if (!was)
        TRY(room_for_one(ch, object, e));
    return next_position(ch, "SELECT max(position) FROM custom_field WHERE object = $1 AND deleted_at IS NULL", object,
                         &will->f[CUSTOM_FIELD_POSITION], e);
}

/* The place of its values. They stay when the field is deleted: restoring it brings them back. */
static enum rc add_column(struct change *ch, const struct record *is, struct err *e)
{
    const char *table = entity_by_id(custom_noun((int)is->f[CUSTOM_FIELD_OBJECT].i))->table;
    const struct field *shape = custom_shape((int)is->f[CUSTOM_FIELD_TYPE].i);
    bool text = field_stores_text(shape);
    enum schema_column type = text ? SCHEMA_TEXT : shape->type == FT_REAL ? SCHEMA_REAL : SCHEMA_INTEGER;
    char name[48];
    if (shape->type == FT_SET) {
        snprintf(name, sizeof name, "cf_%lld_link", (long long)is->id);
        return schema_add_link(ch->tx->db, name, e);
    }
    snprintf(name, sizeof name, "cf_%lld", (long long)is->id);
    TRY(schema_add_column(ch->tx->db, table, name, type, e));
    if (!(shape->flags & FF_FOLD))
        return RC_OK;
    snprintf(name, sizeof name, "cf_%lld_fold", (long long)is->id);
    return schema_add_column(ch->tx->db, table, name, type, e);
}

HOOK_AFTER(custom_field)
{
    if (!was)
        TRY(add_column(ch, is, e));
    return entities_changed(ch->tx, e);
}

/* ---- values of lists ---- */

HOOK_BEFORE(field_option)
{
    int64_t type, n;
    if (!will)
        return RC_OK;
    int64_t of = will->f[FIELD_OPTION_CUSTOM_FIELD_ID].i;
    TRY(QUERY_I64(ch->tx->db, &type, -1, e, "SELECT type FROM custom_field WHERE id = $1", of));
    if (type != CUSTOM_ONE_OF && type != CUSTOM_SEVERAL_OF)
        return err_set(e, RC_UNPROCESSABLE, "field_without_list", "custom_field_id", NULL);
    if (!was) {
        TRY(QUERY_I64(ch->tx->db, &n, 0, e,
                      "SELECT count(*) FROM field_option WHERE custom_field_id = $1 AND deleted_at IS NULL", of));
        if (n >= FIELD_OPTIONS_MOST)
            return err_set(e, RC_UNPROCESSABLE, "field_options_most", "custom_field_id", "%d", FIELD_OPTIONS_MOST);
    }
    return next_position(ch, "SELECT max(position) FROM field_option WHERE custom_field_id = $1 AND deleted_at IS NULL",
                         of, &will->f[FIELD_OPTION_POSITION], e);
}

/* ---- layouts ---- */

static enum rc bad_layout(struct err *e, const char *code, const char *what)
{
    return err_set(e, RC_UNPROCESSABLE, code, "groups", "%.100s", what ? what : "");
}

static enum rc check_names(const struct entity *ent, const json_t *names, json_t *seen, struct err *e)
{
    size_t i;
    const json_t *name;
    if (!json_is_array(names))
        return bad_layout(e, "bad_layout", "fields");
    json_array_foreach(names, i, name)
    {
        const char *text = json_string_value(name);
        int at = text ? entity_field(ent, str_c(text)) : -1;
        if (at < 0 || (ent->fields[at].flags & FF_SECRET))
            return bad_layout(e, "layout_field_unknown", text);
        if (json_object_get(seen, text))
            return bad_layout(e, "layout_field_twice", text);
        json_object_set_new(seen, text, json_true());
    }
    return RC_OK;
}

static enum rc check_group(const struct entity *ent, const json_t *group, json_t *seen, struct err *e)
{
    const char *key;
    json_t *value;
    if (!json_is_object(group))
        return bad_layout(e, "bad_layout", "groups");
    json_object_foreach((json_t *)(uintptr_t)group, key, value)
    {
        if (strcmp(key, "title") == 0) {
            struct str title = {json_string_value(value), json_string_length(value)};
            if (!json_is_string(value) || str_utf8_len(title) > 120)
                return bad_layout(e, "bad_layout", "title");
        } else if (strcmp(key, "collapsed") == 0) {
            if (!json_is_boolean(value))
                return bad_layout(e, "bad_layout", "collapsed");
        } else if (strcmp(key, "fields") != 0) {
            return bad_layout(e, "bad_layout", key);
        }
    }
    return check_names(ent, json_object_get(group, "fields"), seen, e);
}

static enum rc check_groups(const struct entity *ent, struct str groups, struct err *e)
{
    json_t *tree = NULL, *seen = json_object();
    size_t i;
    const json_t *group;
    enum rc rc = json_read(groups, &tree, e);
    if (rc == RC_OK && (!json_is_array(tree) || json_array_size(tree) > 50))
        rc = bad_layout(e, "bad_layout", "groups");
    if (rc == RC_OK)
        json_array_foreach(tree, i, group)
        {
            rc = check_group(ent, group, seen, e);
            if (rc != RC_OK)
                break;
        }
    json_decref(seen);
    json_decref(tree);
    return rc;
}

/* One of an object in one funnel, and one for the funnels without their own. */
static enum rc only_one(struct change *ch, const struct record *will, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                  "SELECT 1 FROM layout WHERE object = $1 AND coalesce(funnel_id, 0) = $2 AND id <> $3"
                  " AND deleted_at IS NULL",
                  will->f[LAYOUT_OBJECT].i, val_i(will->f[LAYOUT_FUNNEL_ID], 0), will->id));
    return found ? err_set(e, RC_CONFLICT, "layout_exists", "object", NULL) : RC_OK;
}

HOOK_BEFORE(layout)
{
    if (!will)
        return RC_OK;
    if (val_has(will->f[LAYOUT_FUNNEL_ID]) && will->f[LAYOUT_OBJECT].i != CUSTOM_OF_DEAL)
        return err_set(e, RC_UNPROCESSABLE, "layout_without_funnel", "funnel_id", NULL);
    TRY(only_one(ch, will, e));
    /* What was right once comes back as it was: a field deleted since is passed over when it is shown. */
    if (ch->undoes || !val_has(will->f[LAYOUT_GROUPS]) ||
        (was && val_eq(was->f[LAYOUT_GROUPS], will->f[LAYOUT_GROUPS])))
        return RC_OK;
    return check_groups(entity_by_id(custom_noun((int)will->f[LAYOUT_OBJECT].i)), will->f[LAYOUT_GROUPS].s, e);
}
