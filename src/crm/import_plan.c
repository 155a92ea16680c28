/* What an import has been asked to do: JSON to struct, checked. */
#include "crm/import_rows.h"

const char *const import_match_names[] = {"id", "email", "phone", "inn", "name", "sku", NULL};
const char *const import_on_match_names[] = {"update", "fill", "skip", "create", NULL};

static const char *folder;

void import_set_folder(const char *path)
{
    folder = path;
}

static int name_index(const char *const *names, const char *name)
{
    for (int i = 0; name && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static enum rc bad(struct err *e, const char *field, const json_t *v)
{
    const char *text = json_string_value(v);
    return err_set(e, RC_UNPROCESSABLE, "bad_parameter", field, "%.60s", text ? text : "");
}

static enum rc read_text(struct arena *a, const json_t *json, const char *key, struct str *out, struct err *e)
{
    const json_t *v = json_object_get(json, key);
    *out = STR_NULL;
    if (!v || json_is_null(v))
        return RC_OK;
    if (!json_is_string(v))
        return err_set(e, RC_INVALID, "wrong_type", key, "string");
    *out = str_dup(a, (struct str){json_string_value(v), json_string_length(v)});
    return RC_OK;
}

static enum rc read_id(const json_t *json, const char *key, int64_t *out, struct err *e)
{
    const json_t *v = json_object_get(json, key);
    *out = 0;
    if (!v || json_is_null(v))
        return RC_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 1)
        return err_set(e, RC_INVALID, "wrong_type", key, "integer");
    *out = json_integer_value(v);
    return RC_OK;
}

static bool part_of(enum entity_id main, enum entity_id other)
{
    return other == main || (main == ENT_DEAL && (other == ENT_CONTACT || other == ENT_COMPANY)) ||
           (main == ENT_CONTACT && other == ENT_COMPANY);
}

static enum rc read_column(const json_t *json, struct import_plan *p, struct import_column *c, bool *used,
                           struct err *e)
{
    const json_t *at = json_object_get(json, "column");
    const char *object = json_string_value(json_object_get(json, "object"));
    const char *field = json_string_value(json_object_get(json, "field"));
    const char *order = json_string_value(json_object_get(json, "order"));
    if (!json_is_integer(at) || json_integer_value(at) < 0 || json_integer_value(at) >= IMPORT_COLUMNS_MOST)
        return err_set(e, RC_UNPROCESSABLE, "bad_parameter", "columns", "column");
    *c = (struct import_column){.at = (size_t)json_integer_value(at), .to = {.object = p->object, .field = -1}};
    *used = field && *field;
    if (!*used)
        return RC_OK;
    const struct entity *ent = object ? entity_by_name(str_c(object)) : entity_by_id(p->object);
    if (!ent || !part_of(p->object, ent->id))
        return err_set(e, RC_UNPROCESSABLE, "bad_parameter", "columns", "%.40s", object);
    c->to.object = ent->id;
    c->to.field = entity_field(ent, str_c(field));
    c->order = order && strcmp(order, "mdy") == 0 ? WHEN_MDY : WHEN_DMY;
    int extra = name_index(import_extra_names, field);
    if (c->to.field >= 0 && !(ent->fields[c->to.field].flags & FF_SERVER))
        extra = -1; /* when a deal was closed is a field too, which the server alone writes */
    if (extra > 0 && import_extra_fits((enum import_extra)extra, ent->id)) {
        c->to.field = -1;
        c->to.extra = (enum import_extra)extra;
    } else if (c->to.field < 0 || ent->fields[c->to.field].flags & (FF_SERVER | FF_SECRET | FF_GONE) ||
               ent->fields[c->to.field].type == FT_JSON)
        return err_set(e, RC_UNPROCESSABLE, "unknown_field", field, NULL);
    return RC_OK;
}

static enum rc read_columns(struct arena *a, const json_t *list, struct import_plan *p, struct err *e)
{
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > IMPORT_COLUMNS_MOST)
        return err_set(e, RC_UNPROCESSABLE, "required", "columns", NULL);
    p->column = ARENA_ARRAY(a, struct import_column, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct import_column *c = &p->column[p->n];
        bool used = false;
        TRY(read_column(json_array_get(list, i), p, c, &used, e));
        for (size_t k = 0; used && k < p->n; k++)
            if (p->column[k].to.object == c->to.object && p->column[k].to.field == c->to.field && c->to.field >= 0)
                return err_set(e, RC_UNPROCESSABLE, "repeated_column", "columns", "%s",
                               entity_by_id(c->to.object)->fields[c->to.field].name);
        p->n += used;
    }
    return p->n ? RC_OK : err_set(e, RC_UNPROCESSABLE, "required", "columns", NULL);
}

static enum rc read_match(const json_t *list, struct import_plan *p, struct err *e)
{
    if (!list || json_is_null(list))
        return RC_OK;
    if (!json_is_array(list) || json_array_size(list) > MATCH_N)
        return err_set(e, RC_INVALID, "wrong_type", "match", "array");
    for (size_t i = 0; i < json_array_size(list); i++) {
        int m = name_index(import_match_names, json_string_value(json_array_get(list, i)));
        if (m < 0)
            return bad(e, "match", json_array_get(list, i));
        p->match[p->n_match++] = (enum import_match)m;
    }
    return RC_OK;
}

/* What may be created out of a name: harmless lists, unless the plan says which. */
static enum rc read_create(const json_t *list, struct import_plan *p, struct err *e)
{
    p->may_create = 1u << ENT_TAG | 1u << ENT_SOURCE | 1u << ENT_CAMPAIGN | 1u << ENT_LOSS_REASON |
                    1u << ENT_DEAL_CLASS | 1u << ENT_FIELD_OPTION | 1u << ENT_COMPANY | 1u << ENT_CONTACT;
    if (!list || json_is_null(list))
        return RC_OK;
    if (!json_is_array(list))
        return err_set(e, RC_INVALID, "wrong_type", "create", "array");
    p->may_create = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        const struct entity *ent = name ? entity_by_name(str_c(name)) : NULL;
        if (!ent)
            return bad(e, "create", json_array_get(list, i));
        p->may_create |= 1u << ent->id;
    }
    return RC_OK;
}

static enum rc read_path(struct arena *a, const json_t *json, struct import_plan *p, struct err *e)
{
    struct str upload, path;
    TRY(read_text(a, json, "upload_id", &upload, e));
    TRY(read_text(a, json, "path", &path, e));
    if (path.len)
        p->path = path.ptr;
    else if (upload.len && folder && !memchr(upload.ptr, '/', upload.len) && upload.ptr[0] != '.')
        p->path = str_fmt(a, "%s/%.*s", folder, STR_ARG(upload)).ptr;
    else
        return err_set(e, RC_UNPROCESSABLE, "required", "upload_id", NULL);
    return RC_OK;
}

static bool importable(enum entity_id id)
{
    return id == ENT_DEAL || id == ENT_CONTACT || id == ENT_COMPANY || id == ENT_TASK || id == ENT_PRODUCT;
}

enum rc import_plan_read(struct arena *a, const json_t *json, struct import_plan *p, struct err *e)
{
    const char *object = json_string_value(json_object_get(json, "object"));
    const json_t *on_match = json_object_get(json, "on_match"), *on_bad = json_object_get(json, "on_bad");
    const struct entity *ent = object ? entity_by_name(str_c(object)) : NULL;
    *p = (struct import_plan){0};
    if (!ent || !importable(ent->id))
        return bad(e, "object", json_object_get(json, "object"));
    p->object = ent->id;
    TRY(read_path(a, json, p, e));
    TRY(read_text(a, json, "encoding", &p->source.encoding, e));
    TRY(read_text(a, json, "delimiter", &p->source.delimiter, e));
    TRY(read_text(a, json, "sheet", &p->source.sheet, e));
    TRY(read_columns(a, json_object_get(json, "columns"), p, e));
    TRY(read_match(json_object_get(json, "match"), p, e));
    TRY(read_create(json_object_get(json, "create"), p, e));
    TRY(read_id(json, "funnel_id", &p->funnel_id, e));
    TRY(read_id(json, "owner_id", &p->owner_id, e));
    int how = on_match && !json_is_null(on_match) ? name_index(import_on_match_names, json_string_value(on_match))
                                                  : ON_MATCH_UPDATE;
    if (how < 0)
        return bad(e, "on_match", on_match);
    p->on_match = (enum import_on_match)how;
    const char *stop = json_string_value(on_bad);
    if (on_bad && !json_is_null(on_bad) && (!stop || (strcmp(stop, "stop") != 0 && strcmp(stop, "skip") != 0)))
        return bad(e, "on_bad", on_bad);
    p->stop = stop && strcmp(stop, "stop") == 0;
    p->dry_run = json_is_true(json_object_get(json, "dry_run"));
    return RC_OK;
}
