/* The table of actions, and what all of them share: reading, checks by the fields' table. */
#include "rules/action.h"
#include "rules/actions.h"
#include <stdio.h>

const char *const pick_names[] = {"round_robin", "least_loaded", "best", "all", NULL};
const char *const action_of_names[] = {"deal", "contact", "company", NULL};

const struct action_type *const action_types[] = {
    &action_tag,  &action_untag,  &action_set,  &action_task,  &action_close_tasks, &action_move,    &action_owner,
    &action_copy, &action_notify, &action_note, &action_reach, &action_defer,       &action_webhook, NULL,
};

enum { ACTIONS_MOST = 50 };

const struct action_type *action_type_by_name(struct str name)
{
    for (size_t i = 0; action_types[i]; i++)
        if (str_eqc(name, action_types[i]->name))
            return action_types[i];
    return NULL;
}

struct reader {
    struct arena *a;
    struct err *e;
    enum entity_id kind; /* of the subject */
    size_t number;       /* of the action, from 1 */
    struct action *act;
};

static enum rc fail(struct reader *r, const char *code, const char *what)
{
    enum rc rc = err_set(r->e, RC_UNPROCESSABLE, code, "actions", "%zu", r->number);
    if (r->e)
        snprintf(r->e->arg[1], sizeof r->e->arg[1], "%s", what);
    return rc;
}

enum rc action_refuse(struct err *e, const char *code, const char *what)
{
    enum rc rc = err_set(e, RC_UNPROCESSABLE, code, "actions", NULL);
    if (e)
        snprintf(e->arg[1], sizeof e->arg[1], "%s", what);
    return rc;
}

/* ---- who ---- */

static enum rc who_read(struct reader *r, const json_t *json, const char *name, struct who *out)
{
    static const char *const words[] = {[WHO_OWNER] = "owner", [WHO_HEAD] = "head", [WHO_AUTHOR] = "author"};
    static const struct {
        const char *key;
        enum who_kind kind;
    } ids[] = {{"user_id", WHO_USER}, {"role_id", WHO_ROLE}, {"team_id", WHO_TEAM}};
    const char *key;
    json_t *value;
    *out = (struct who){0};
    for (int i = WHO_OWNER; i <= WHO_AUTHOR; i++)
        if (json_is_string(json) && strcmp(json_string_value(json), words[i]) == 0)
            out->kind = (enum who_kind)i;
    json_object_foreach((json_t *)json, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < 3; i++)
            if (strcmp(key, ids[i].key) == 0 && json_integer_value(value) > 0 && !out->kind) {
                *out = (struct who){ids[i].kind, json_integer_value(value), out->pick, out->cap};
                known = true;
            }
        for (int i = 0; strcmp(key, "pick") == 0 && json_is_string(value) && pick_names[i]; i++)
            if (strcmp(pick_names[i], json_string_value(value)) == 0) {
                out->pick = (enum pick)i;
                known = true;
            }
        if (strcmp(key, "cap") == 0 && json_is_integer(value) && json_integer_value(value) > 0) {
            out->cap = json_integer_value(value);
            known = true;
        }
        if (!known)
            return fail(r, "action_field_wrong", name);
    }
    return out->kind ? RC_OK : fail(r, "action_field_wrong", name);
}

/* ---- values ---- */

enum entity_id action_object(const struct action *act)
{
    static const enum entity_id kinds[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY};
    for (size_t i = 0; i < act->type->n_fields; i++)
        if (act->type->fields[i].names == action_of_names && act->v[i].given)
            return kinds[act->v[i].i];
    return trigger_deal_field(act->subject) < 0 ? act->subject : ENT_DEAL;
}

static enum rc text_read(struct reader *r, const struct action_field *fd, const json_t *json, struct action_value *v)
{
    if (!json_is_string(json))
        return fail(r, "action_field_wrong", fd->name);
    v->s = str_dup(r->a, str_trim((struct str){json_string_value(json), json_string_length(json)}));
    if (!v->s.len || (fd->max && (int64_t)str_utf8_len(v->s) > fd->max))
        return fail(r, "action_field_wrong", fd->name);
    bool web = str_starts(v->s, STR("https://")) || str_starts(v->s, STR("http://"));
    if (fd->type == AF_URL && (!web || memchr(v->s.ptr, ' ', v->s.len)))
        return fail(r, "action_field_wrong", fd->name);
    return RC_OK;
}

/* Where it stands and whose it is have actions of their own, so that a graph of them can be drawn. */
static bool has_own_action(const char *field)
{
    return strcmp(field, "stage_id") == 0 || strcmp(field, "funnel_id") == 0;
}

static enum rc field_read(struct reader *r, const struct action_field *fd, const json_t *json, struct action_value *v)
{
    const struct entity *ent = entity_by_id(action_object(r->act));
    if (!json_is_string(json))
        return fail(r, "action_field_wrong", fd->name);
    v->s = str_dup(r->a, str_c(json_string_value(json)));
    v->i = entity_field(ent, v->s);
    if (v->i < 0 || (ent->fields[v->i].flags & (FF_SERVER | FF_CREATE | FF_SECRET)) || has_own_action(v->s.ptr))
        return fail(r, "action_field_wrong", fd->name);
    return RC_OK;
}

/* {"days":N} for a date or a time: so many days from when the action runs. */
static bool days_read(const struct field *fd, const json_t *json, struct action_value *v)
{
    const json_t *days = json_object_get(json, "days");
    if ((fd->type != FT_DATE && fd->type != FT_TIME) || json_object_size(json) != 1 || !json_is_integer(days))
        return false;
    v->i = json_integer_value(days);
    v->v = (struct val){.kind = VAL_ABSENT};
    return v->i >= -36500 && v->i <= 36500;
}

static enum rc value_read(struct reader *r, const struct action_field *fd, const json_t *json, struct action_value *v)
{
    const struct entity *ent = entity_by_id(action_object(r->act));
    int field = -1;
    for (size_t i = 0; i < r->act->type->n_fields; i++)
        if (r->act->type->fields[i].type == AF_FIELD && r->act->v[i].given)
            field = (int)r->act->v[i].i;
    if (field < 0)
        return fail(r, "action_field_required", "field");
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    v->s = str_dup(r->a, str_c(text ? text : "null"));
    free(text);
    if (days_read(&ent->fields[field], json, v))
        return RC_OK;
    struct record *in = NULL;
    struct err ignored = {0};
    json_t *body = json_pack("{sO}", ent->fields[field].name, (json_t *)json);
    enum rc rc = record_from_json(r->a, ent, body, false, &in, &ignored);
    json_decref(body);
    if (rc != RC_OK)
        return fail(r, "action_field_wrong", fd->name);
    v->v = in->f[field];
    return RC_OK;
}

static enum rc number_read(struct reader *r, const struct action_field *fd, const json_t *json, struct action_value *v)
{
    v->i = json_integer_value(json);
    bool ok = json_is_integer(json) && (fd->type == AF_REF ? v->i > 0 : v->i >= fd->min && v->i <= fd->max);
    return ok ? RC_OK : fail(r, "action_field_wrong", fd->name);
}

static enum rc enum_read(struct reader *r, const struct action_field *fd, const json_t *json, struct action_value *v)
{
    for (int i = 0; json_is_string(json) && fd->names[i]; i++)
        if (strcmp(fd->names[i], json_string_value(json)) == 0) {
            v->i = i;
            return RC_OK;
        }
    return fail(r, "action_field_wrong", fd->name);
}

static enum rc one_read(struct reader *r, const struct action_field *fd, const json_t *json, struct action_value *v)
{
    v->given = true;
    switch (fd->type) {
    case AF_TEXT:
    case AF_URL:
        return text_read(r, fd, json, v);
    case AF_WHO:
        return who_read(r, json, fd->name, &v->who);
    case AF_FIELD:
        return field_read(r, fd, json, v);
    case AF_VALUE:
        return value_read(r, fd, json, v);
    case AF_ENUM:
        return enum_read(r, fd, json, v);
    case AF_BOOL:
        v->i = json_is_true(json);
        return json_is_boolean(json) ? RC_OK : fail(r, "action_field_wrong", fd->name);
    default:
        return number_read(r, fd, json, v);
    }
}

/* ---- one action, and the list ---- */

static bool knows(const struct action_type *type, const char *key)
{
    bool known = strcmp(key, "do") == 0;
    for (size_t i = 0; i < type->n_fields; i++)
        known = known || strcmp(key, type->fields[i].name) == 0;
    return known;
}

static enum rc action_read(struct reader *r, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "do")), *key;
    json_t *value;
    const struct action_type *type = action_type_by_name(str_c(name));
    if (!name || !type)
        return fail(r, "action_unknown", name ? name : "");
    r->act->type = type;
    r->act->subject = r->kind;
    if (type->of_deal && r->kind != ENT_DEAL && trigger_deal_field(r->kind) < 0)
        return fail(r, "action_needs_deal", name);
    json_object_foreach((json_t *)json, key, value) if (!knows(type, key)) return fail(r, "action_field_unknown", key);
    for (size_t i = 0; i < type->n_fields; i++) { /* in order of the table: a value comes after its field */
        const struct action_field *fd = &type->fields[i];
        const json_t *given = json_object_get(json, fd->name);
        bool empty = !given || (json_is_null(given) && fd->type != AF_VALUE);
        if (empty && fd->required)
            return fail(r, "action_field_required", fd->name);
        if (!empty)
            TRY(one_read(r, fd, given, &r->act->v[i]));
    }
    enum rc rc = type->check ? type->check(r->act, r->kind, r->e) : RC_OK;
    if (rc != RC_OK && r->e)
        snprintf(r->e->arg[0], sizeof r->e->arg[0], "%zu", r->number);
    return rc;
}

enum rc actions_read(struct arena *a, const json_t *list, enum entity_id kind, struct action **out, size_t *n,
                     struct err *e)
{
    size_t count = json_array_size(list);
    struct reader r = {.a = a, .e = e, .kind = kind};
    if (!json_is_array(list) || count > ACTIONS_MOST)
        return fail(&r, "action_unknown", "");
    *out = ARENA_ARRAY(a, struct action, count + 1);
    *n = count;
    for (size_t i = 0; i < count; i++) {
        r.number = i + 1;
        r.act = &(*out)[i];
        TRY(action_read(&r, json_array_get(list, i)));
    }
    return RC_OK;
}
