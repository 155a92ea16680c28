/* What the one who asks may see and do with every object: its fields with labels, types, limits and values to choose
 * from. Lists, filters, cards, imports and settings of the web application are made of it. */
#include "api/inside.h"
#include "base/i18n.h"
#include <stdio.h>

struct schema_put {
    struct call *c;
    struct jw w;
    const char *locale;
    const struct rights *rights;
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

static void put_label(struct schema_put *p, const char *object, const char *field)
{
    char key[160];
    snprintf(key, sizeof key, "field.%s.%s", object, field);
    jw_kstr(&p->w, "label", i18n_text(p->locale, key));
}

static void put_enum(struct schema_put *p, const struct entity *ent, const struct field *fd)
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
        snprintf(key, sizeof key, "field.%s.%s:%s", ent->name, fd->name, fd->names[i]);
        jw_obj(&p->w);
        jw_kc(&p->w, "id", fd->names[i]);
        jw_kstr(&p->w, "name", i18n_text(p->locale, key));
        jw_end_obj(&p->w);
    }
    jw_end_arr(&p->w);
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

static void put_field(struct schema_put *p, const struct entity *ent, const struct field *fd, bool read_only)
{
    struct jw *w = &p->w;
    bool ordered = fd->type != FT_SET && fd->type != FT_LONG && fd->type != FT_JSON;
    jw_obj(w);
    jw_kc(w, "name", fd->name);
    jw_kc(w, "type", type_name(fd->type));
    put_label(p, ent ? ent->name : "common", fd->name);
    jw_kbool(w, "custom", false);
    jw_kbool(w, "required", (fd->flags & FF_REQUIRED) && !(fd->flags & (FF_FILLED | FF_SERVER)) && !fd->default_json);
    jw_kbool(w, "read_only", read_only || (fd->flags & FF_SERVER));
    jw_kbool(w, "on_create", (fd->flags & FF_CREATE) != 0);
    jw_kbool(w, "sum", (fd->flags & FF_SUM) != 0);
    jw_kbool(w, "filter", fd->type != FT_JSON);
    jw_kbool(w, "sort", ordered);
    if (fd->ref)
        jw_kc(w, "ref", entity_by_id(fd->ref)->name);
    if (fd->names)
        put_enum(p, ent, fd);
    put_limits(w, fd);
    if (fd->default_json) {
        jw_key(w, "default");
        jw_raw(w, str_c(fd->default_json));
    }
    jw_end_obj(w);
}

static void put_fields(struct schema_put *p, const struct entity *ent)
{
    jw_key(&p->w, "fields");
    jw_arr(&p->w);
    for (size_t i = 0; i < ent->n_fields; i++)
        if (!(ent->fields[i].flags & FF_SECRET))
            put_field(p, ent, &ent->fields[i], false);
    static const int common[] = {FIELD_ID, FIELD_CREATED_AT, FIELD_UPDATED_AT};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        put_field(p, NULL, filter_common_field(common[i]), true);
    jw_end_arr(&p->w);
}

/* Is there a route for it that the role may take? */
static bool role_may(const struct call *c, const struct entity *ent, enum right right)
{
    static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE", "GET"};
    for (size_t i = 0; i < c->app->n_routes; i++) {
        const struct route *r = c->app->routes[i];
        if (r->ent == ent && strcmp(r->method, methods[right]) == 0 && (r->may & (1u << c->session.role)))
            return true;
    }
    return false;
}

static const char *reach(const struct schema_put *p, const struct entity *ent, enum right right)
{
    return role_may(p->c, ent, right) ? "all" : "none";
}

static void put_object(struct schema_put *p, const struct entity *ent)
{
    static const char *const rights[] = {"see", "create", "edit", "delete", "export"};
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
        jw_kc(w, rights[right], reach(p, ent, (enum right)right));
    jw_end_obj(w);
    put_fields(p, ent);
    jw_end_obj(w);
}

static void put_can(struct schema_put *p)
{
    static const struct {
        const char *name;
        enum can can;
        unsigned may;
    } names[] = {{"settings", CAN_SETTINGS, MAY_MANAGE},
                 {"users", CAN_USERS, MAY_ADMIN},
                 {"import", CAN_IMPORT, MAY_SELL},
                 {"bulk", CAN_BULK, MAY_SELL},
                 {"undo_others", CAN_UNDO_OTHERS, MAY_MANAGE},
                 {"merge", CAN_MERGE, MAY_SELL},
                 {"erase", CAN_ERASE, MAY_ADMIN},
                 {"share_views", CAN_SHARE_VIEWS, MAY_MANAGE},
                 {"reports", CAN_REPORTS, MAY_READ}};
    jw_key(&p->w, "can");
    jw_arr(&p->w);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((names[i].may & (1u << p->c->session.role)) && rights_can(p->rights, names[i].can))
            jw_c(&p->w, names[i].name);
    jw_end_arr(&p->w);
}

static enum rc schema_handle(struct call *c, struct err *e)
{
    (void)e;
    struct filter_env env = call_filter_env(c);
    struct schema_put p = {c, call_json(c), call_locale(c), env.rights};
    jw_obj(&p.w);
    jw_key(&p.w, "objects");
    jw_arr(&p.w);
    for (int id = 1; id < ENT_END; id++) {
        const struct entity *ent = entity_by_id((enum entity_id)id);
        if (ent && role_may(c, ent, RIGHT_SEE))
            put_object(&p, ent);
    }
    jw_end_arr(&p.w);
    put_can(&p);
    jw_end_obj(&p.w);
    return RC_OK;
}

const struct route schema_routes[] = {
    {"GET", "/api/schema", RUN_READ, MAY_READ, NULL, "Objects and their fields, as the one who asks may see them",
     schema_handle, NULL, NULL, NULL, "schema", 0},
};
const size_t schema_routes_n = sizeof schema_routes / sizeof *schema_routes;
