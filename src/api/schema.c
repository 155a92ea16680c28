/* What the one who asks may see and do with every object: its fields with labels, types, limits and values to choose
 * from. Lists, filters, cards, imports and settings of the web application are made of it. */
#include "api/inside.h"
#include "base/i18n.h"
#include "base/vec.h"
#include <stdio.h>

struct option {
    int64_t id, field;
    struct str name, colour;
    bool archived;
};
struct schema_put {
    struct call *c;
    struct jw w;
    const char *locale;
    const struct rights *rights;
    VEC(struct option) options; /* of custom fields */
};

static const char *type_name(enum field_type type)
{
    static const char *const names[] = {
        [FT_INT] = "int",     [FT_REAL] = "real",         [FT_BOOL] = "bool",     [FT_TEXT] = "text",
        [FT_LONG] = "long",   [FT_ENUM] = "enum",         [FT_TIME] = "time",     [FT_DATE] = "date",
        [FT_MONEY] = "money", [FT_CURRENCY] = "currency", [FT_COLOUR] = "colour", [FT_EMAIL] = "email",
        [FT_PHONE] = "phone", [FT_URL] = "url",           [FT_REF] = "ref",       [FT_JSON] = "json",
        [FT_SET] = "set"};
    return names[type];
}

static void put_label(struct schema_put *p, const char *object, const struct field *fd)
{
    char key[160];
    snprintf(key, sizeof key, "field.%s.%s", object, fd->name);
    jw_kstr(&p->w, "label", fd->custom ? str_c(fd->custom->label) : i18n_text(p->locale, key));
}

static void put_enum(struct schema_put *p, const char *object, const struct field *fd)
{
    char key[160];
    jw_key(&p->w, "names");
    jw_arr(&p->w);
    for (size_t i = 0; fd->names[i]; i++)
        jw_c(&p->w, fd->names[i]);
    jw_end_arr(&p->w);
    jw_key(&p->w, "options");
    jw_arr(&p->w);
    for (size_t i = 0; fd->names[i]; i++) {
        snprintf(key, sizeof key, "field.%s.%s:%s", object, fd->name, fd->names[i]);
        jw_obj(&p->w);
        jw_kc(&p->w, "id", fd->names[i]);
        jw_kstr(&p->w, "name", i18n_text(p->locale, key));
        jw_end_obj(&p->w);
    }
    jw_end_arr(&p->w);
}

/* The values of a custom field's list; all lists were read at once, in order of field and place. */
static void put_options(struct schema_put *p, const struct field *fd)
{
    struct jw *w = &p->w;
    jw_key(w, "options");
    jw_arr(w);
    for (size_t i = 0; i < p->options.len; i++) {
        const struct option *o = &p->options.ptr[i];
        if (o->field != fd->custom->id)
            continue;
        jw_obj(w);
        jw_ki64(w, "id", o->id);
        jw_kstr(w, "name", o->name);
        jw_kstr(w, "colour", o->colour);
        jw_kbool(w, "archived", o->archived);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static void put_custom(struct schema_put *p, const struct field *fd)
{
    struct jw *w = &p->w;
    jw_ki64(w, "custom_field_id", fd->custom->id);
    jw_kc(w, "custom_type", custom_type_names[fd->custom->type]);
    jw_ki64(w, "position", fd->custom->position);
    jw_kc(w, "help", fd->custom->help);
    if (fd->ref == ENT_FIELD_OPTION)
        put_options(p, fd);
}

static void put_limits(struct jw *w, const struct field *fd)
{
    if (fd->type == FT_ENUM || fd->type == FT_BOOL || fd->type == FT_REF || fd->type == FT_JSON || fd->min >= fd->max)
        return;
    if (fd->type != FT_DATE && fd->type != FT_TIME) {
        jw_ki64(w, "min", fd->min);
        jw_ki64(w, "max", fd->max);
    }
}

static void put_field(struct schema_put *p, const char *object, const struct field *fd, bool read_only)
{
    struct jw *w = &p->w;
    bool ordered = fd->type != FT_SET && fd->type != FT_LONG && fd->type != FT_JSON;
    jw_obj(w);
    jw_kc(w, "name", fd->name);
    jw_kc(w, "type", type_name(fd->type));
    bool demanded = (fd->flags & FF_REQUIRED) && !(fd->flags & (FF_FILLED | FF_SERVER)) && !fd->default_json;
    put_label(p, object, fd);
    jw_kbool(w, "custom", fd->custom != NULL);
    jw_kbool(w, "required", demanded || (fd->flags & FF_ASKED));
    jw_kbool(w, "read_only", read_only || (fd->flags & FF_SERVER));
    jw_kbool(w, "on_create", (fd->flags & FF_CREATE) != 0);
    jw_kbool(w, "sum", (fd->flags & FF_SUM) != 0);
    jw_kbool(w, "filter", fd->type != FT_JSON);
    jw_kbool(w, "sort", ordered);
    if (fd->ref)
        jw_kc(w, "ref", entity_by_id(fd->ref)->name);
    if (fd->names)
        put_enum(p, object, fd);
    put_limits(w, fd);
    if (fd->default_json) {
        jw_key(w, "default");
        jw_raw(w, str_c(fd->default_json));
    }
    if (fd->custom)
        put_custom(p, fd);
    jw_end_obj(w);
}

static void put_fields(struct schema_put *p, const struct entity *ent)
{
    jw_key(&p->w, "fields");
    jw_arr(&p->w);
    for (size_t i = 0; i < ent->n_fields; i++)
        if (!(ent->fields[i].flags & (FF_SECRET | FF_GONE)) && rights_sees_field(p->rights, ent, (int)i))
            put_field(p, ent->name, &ent->fields[i], !rights_edits_field(p->rights, ent, (int)i));
    static const int common[] = {FIELD_ID, FIELD_CREATED_AT, FIELD_UPDATED_AT};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        put_field(p, "common", filter_common_field(common[i]), true);
    jw_end_arr(&p->w);
}

/* Is there a route for it? Reading may be kept to some roles, the rest is a matter of rights. */
static bool role_may(const struct call *c, const struct entity *ent, enum right right)
{
    static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE", "GET"};
    for (size_t i = 0; i < c->app->n_routes; i++) {
        const struct route *r = c->app->routes[i];
        if (r->ent && r->ent->id == ent->id && strcmp(r->method, methods[right]) == 0 &&
            (right != RIGHT_SEE || (r->may & (1u << c->session.role))))
            return true;
    }
    return false;
}

static enum scope reach(const struct schema_put *p, const struct entity *ent, enum right right)
{
    return role_may(p->c, ent, right) ? rights_scope(p->rights, ent, right) : SCOPE_NONE;
}

static void put_object(struct schema_put *p, const struct entity *ent)
{
    struct jw *w = &p->w;
    char key[80];
    snprintf(key, sizeof key, "object.%s", ent->name);
    jw_obj(w);
    jw_kc(w, "object", ent->name);
    jw_kc(w, "plural", ent->plural);
    jw_kstr(w, "label", i18n_text(p->locale, key));
    jw_key(w, "may");
    jw_obj(w);
    for (int right = 0; right < RIGHT_N; right++)
        jw_kc(w, right_names[right], scope_names[reach(p, ent, (enum right)right)]);
    jw_end_obj(w);
    put_fields(p, ent);
    jw_end_obj(w);
}

static void put_can(struct schema_put *p)
{
    jw_key(&p->w, "can");
    jw_arr(&p->w);
    for (int i = 0; can_names[i]; i++)
        if (rights_can(p->rights, (enum can)(1 << i)))
            jw_c(&p->w, can_names[i]);
    jw_end_arr(&p->w);
}

static enum rc read_options(struct schema_put *p, struct err *e)
{
    struct arena *a = p->c->r->arena;
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(p->c->db, &s,
                   "SELECT id, custom_field_id, name, colour, archived FROM field_option WHERE deleted_at IS NULL"
                   " ORDER BY custom_field_id, position, id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct option o = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), str_dup(a, stmt_col_str(s, 2)), STR_NULL,
                           stmt_col_i64(s, 4) != 0};
        if (!stmt_col_null(s, 3))
            o.colour = str_dup(a, stmt_col_str(s, 3));
        vec_push(&p->options, o);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_all(struct schema_put *p)
{
    jw_obj(&p->w);
    jw_key(&p->w, "objects");
    jw_arr(&p->w);
    for (int id = 1; id < ENT_END; id++) {
        const struct entity *ent = entity_by_id((enum entity_id)id);
        if (ent && reach(p, ent, RIGHT_SEE) != SCOPE_NONE)
            put_object(p, ent);
    }
    jw_end_arr(&p->w);
    put_can(p);
    jw_end_obj(&p->w);
}

static enum rc schema_handle(struct call *c, struct err *e)
{
    struct filter_env env = call_filter_env(c);
    struct schema_put p = {.c = c, .w = call_json(c), .locale = call_locale(c), .rights = env.rights};
    enum rc rc = read_options(&p, e);
    if (rc == RC_OK)
        put_all(&p);
    vec_free(&p.options);
    return rc;
}

const struct route schema_routes[] = {
    {"GET", "/api/schema", RUN_READ, MAY_READ, NULL, "Objects and their fields, as the one who asks may see them",
     schema_handle, NULL, NULL, NULL, "schema", 0},
};
const size_t schema_routes_n = sizeof schema_routes / sizeof *schema_routes;
