/* The second half of a preset: records of any noun (fields, tags, gates, goals, triggers …), written through the
 * ordinary commands. They name each other by keys, since their ids exist only when they are made. */
#include "crm/preset_records.h"
#include "base/vec.h"
#include "crm/engine.h"
#include <string.h>

struct preset_names *preset_names_new(struct arena *a, struct str locale)
{
    struct preset_names *n = ARENA_NEW(a, struct preset_names);
    *n = (struct preset_names){.arena = a, .locale = locale};
    return n;
}

void preset_name_add(struct preset_names *n, struct str name, int64_t id)
{
    struct preset_name *s = ARENA_NEW(n->arena, struct preset_name);
    *s = (struct preset_name){n->first, str_dup(n->arena, name), id};
    n->first = s;
}

static const struct preset_name *name_find(const struct preset_names *n, struct str name)
{
    for (const struct preset_name *s = n->first; s; s = s->next)
        if (str_eq(s->name, name))
            return s;
    return NULL;
}

/* ---- filling in ---- */

static struct str after_at(struct str s)
{
    return (struct str){s.ptr + 1, s.len - 1};
}

static enum rc unknown_name(struct err *e, struct str name)
{
    return err_set(e, RC_INTERNAL, "bad_preset", "", "%.*s", STR_ARG(name));
}

/* "course$.lead" with $ as `each`. */
static struct str with_each(struct arena *a, struct str s, struct str each)
{
    struct buf b = {0};
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '$' && each.ptr)
            buf_str(&b, each);
        else
            buf_char(&b, s.ptr[i]);
    }
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}

/* "field:" is the name of a custom field, all else an id. */
static struct str said(const struct preset_names *n, const struct preset_name *s)
{
    bool field = str_starts(s->name, STR("field:"));
    return str_fmt(n->arena, field ? "cf_%lld" : "%lld", (long long)s->id);
}

/* "{field:course} = {option:course.itls}" */
static enum rc text_fill(const struct preset_names *n, struct str s, struct str *out, struct err *e)
{
    struct buf b = {0};
    enum rc rc = RC_OK;
    for (size_t i = 0; i < s.len && rc == RC_OK; i++) {
        const char *end = s.ptr[i] == '{' ? memchr(s.ptr + i, '}', s.len - i) : NULL;
        struct str name = end ? (struct str){s.ptr + i + 1, (size_t)(end - s.ptr) - i - 1} : STR_NULL;
        if (!end || !memchr(name.ptr, ':', name.len)) { /* braces of another meaning: {title} */
            buf_char(&b, s.ptr[i]);
            continue;
        }
        const struct preset_name *found = name_find(n, name);
        if (found)
            buf_str(&b, said(n, found));
        else
            rc = unknown_name(e, name);
        i += name.len + 1;
    }
    *out = str_dup(n->arena, buf_view(&b));
    buf_free(&b);
    return rc;
}

static enum rc fill_string(const struct preset_names *n, struct str s, json_t **out, struct err *e)
{
    if (s.len > 1 && s.ptr[0] == '@') {
        const struct preset_name *found = name_find(n, after_at(s));
        if (!found)
            return unknown_name(e, s);
        struct str name = said(n, found);
        *out = name.ptr[0] == 'c' ? json_text(name) : json_integer(found->id);
        return RC_OK;
    }
    TRY(text_fill(n, s, &s, e));
    *out = json_text(s);
    return RC_OK;
}

static bool is_text(const json_t *v)
{
    return json_is_object(v) && json_object_size(v) == 2 && json_object_get(v, "ru") && json_object_get(v, "en");
}

/* A copy of the value with names, languages and $ filled in; the caller's. */
static enum rc fill(const struct preset_names *n, const json_t *v, struct str each, json_t **out, struct err *e)
{
    enum rc rc = RC_OK;
    json_t *part;
    if (is_text(v))
        v = json_object_get(v, str_eqc(n->locale, "en") ? "en" : "ru");
    if (json_is_string(v))
        return fill_string(n, with_each(n->arena, str_c(json_string_value(v)), each), out, e);
    if (json_is_array(v)) {
        *out = json_array();
        for (size_t i = 0; i < json_array_size(v) && rc == RC_OK; i++)
            if ((rc = fill(n, json_array_get(v, i), each, &part, e)) == RC_OK)
                json_array_append_new(*out, part);
    } else if (json_is_object(v)) {
        const char *key;
        json_t *member;
        *out = json_object();
        json_object_foreach((json_t *)v, key, member)
        {
            if ((rc = fill(n, member, each, &part, e)) != RC_OK)
                break;
            json_object_set_new(*out, key, part);
        }
    } else
        *out = json_deep_copy(v);
    if (rc != RC_OK)
        json_decref(*out);
    return rc;
}

/* ---- records ---- */

static enum rc bind_value(struct arena *a, struct stmt *s, int at, const struct field *fd, const json_t *v)
{
    if (json_is_string(v) && (fd->flags & FF_FOLD))
        stmt_str(s, at, field_fold(a, fd, str_c(json_string_value(v))));
    else if (json_is_string(v) && fd->type == FT_ENUM) {
        int64_t i = 0;
        while (fd->names[i] && strcmp(fd->names[i], json_string_value(v)) != 0)
            i++;
        stmt_i64(s, at, i);
    } else if (json_is_string(v))
        stmt_str(s, at, str_c(json_string_value(v)));
    else
        stmt_i64(s, at, json_integer_value(v));
    return RC_OK;
}

/* A living record that has these fields in common with the body; 0: none. */
static enum rc find(struct change *ch, const struct entity *ent, const json_t *by, const json_t *body, int64_t *id,
                    struct err *e)
{
    struct buf sql = {0};
    struct stmt *s;
    *id = 0;
    buf_fmt(&sql, "SELECT id FROM %s WHERE deleted_at IS NULL", ent->table);
    for (size_t i = 0; i < json_array_size(by); i++) {
        const char *name = json_string_value(json_array_get(by, i));
        bool fold = ent->fields[entity_field(ent, str_c(name))].flags & FF_FOLD;
        buf_fmt(&sql, " AND %s%s = $%d", name, fold ? "_fold" : "", (int)i + 1);
    }
    buf_c(&sql, " ORDER BY id LIMIT 1");
    buf_char(&sql, '\0');
    enum rc rc = db_prepare(ch->tx->db, &s, sql.ptr, e);
    buf_free(&sql);
    TRY(rc);
    for (size_t i = 0; i < json_array_size(by); i++) {
        const char *name = json_string_value(json_array_get(by, i));
        const struct field *fd = &ent->fields[entity_field(ent, str_c(name))];
        TRY(bind_value(ch->tx->arena, s, (int)i + 1, fd, json_object_get(body, name)));
    }
    rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *id = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc write_record(struct change *ch, enum entity_id kind, json_t *body, int64_t *id, struct err *e)
{
    struct record *in = NULL;
    if (!*id)
        return change_create_json(ch, kind, body, id, e);
    enum rc rc = record_from_json(ch->tx->arena, entity_by_id(kind), body, false, &in, e);
    json_decref(body);
    return rc == RC_OK ? change_update(ch, *id, 0, in, e) : rc;
}

static enum rc one(struct change *ch, struct preset_names *n, const json_t *r, struct str each, struct err *e)
{
    const char *object = json_string_value(json_object_get(r, "object")),
               *key = json_string_value(json_object_get(r, "key")), *of = json_string_value(json_object_get(r, "id"));
    const struct entity *ent = object ? entity_by_name(str_c(object)) : NULL;
    const json_t *by = json_object_get(r, "find");
    json_t *body = NULL;
    int64_t id = 0;
    if (!ent)
        return unknown_name(e, str_c(object ? object : "object"));
    TRY(fill(n, json_object_get(r, "body"), each, &body, e));
    if (of) {
        const struct preset_name *found = name_find(n, after_at(with_each(n->arena, str_c(of), each)));
        if (!found) {
            json_decref(body);
            return n->partly ? RC_OK : unknown_name(e, str_c(of));
        }
        id = found->id;
    }
    if (by) {
        enum rc rc = find(ch, ent, by, body, &id, e);
        if (rc != RC_OK) {
            json_decref(body);
            return rc;
        }
        for (size_t i = 0; id && i < ent->n_fields; i++) /* what may be said only of a new one is so already */
            if (ent->fields[i].flags & FF_CREATE)
                json_object_del(body, ent->fields[i].name);
    }
    TRY(write_record(ch, ent->id, body, &id, e));
    if (key) {
        struct str name = with_each(n->arena, str_c(key), each);
        preset_name_add(n, str_fmt(n->arena, "%s:%.*s", object, STR_ARG(name)), id);
        if (ent->id == ENT_CUSTOM_FIELD)
            preset_name_add(n, str_fmt(n->arena, "field:%.*s", STR_ARG(name)), id);
    }
    return RC_OK;
}

/* Of a preset of which only some funnels are made, what speaks of the others is left out. */
static bool speaks_of_others(const struct preset_names *n, const json_t *v, struct str each)
{
    bool yes = false;
    if (json_is_string(v)) {
        struct str s = with_each(n->arena, str_c(json_string_value(v)), each);
        return s.len > 1 && s.ptr[0] == '@' && !name_find(n, after_at(s));
    }
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v) && !yes; i++)
        yes = speaks_of_others(n, json_array_get(v, i), each);
    const char *key;
    json_t *member;
    if (json_is_object(v))
        json_object_foreach((json_t *)v, key, member) yes = yes || speaks_of_others(n, member, each);
    return yes;
}

static enum rc each_of(struct change *ch, struct preset_names *n, const json_t *r, struct err *e)
{
    const json_t *list = json_object_get(r, "for");
    size_t many = list ? json_array_size(list) : 1;
    for (size_t i = 0; i < many; i++) {
        struct str each = list ? str_c(json_string_value(json_array_get(list, i))) : STR_NULL;
        if (n->partly && speaks_of_others(n, r, each))
            continue;
        TRY(one(ch, n, r, each, e));
    }
    return RC_OK;
}

enum rc preset_records(struct change *ch, struct preset_names *n, struct str records, struct err *e)
{
    json_t *list = NULL;
    enum rc rc;
    if (!records.len)
        return RC_OK;
    TRY(json_read(records, &list, e));
    rc = RC_OK;
    for (size_t i = 0; i < json_array_size(list) && rc == RC_OK; i++)
        rc = each_of(ch, n, json_array_get(list, i), e);
    json_decref(list);
    return rc;
}
