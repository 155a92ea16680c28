/* OpenAPI 3.1 out of the route and field tables: nothing here is written down twice. */
#include "api/openapi.h"
#include "api/inside.h"
#include <stdio.h>

static void put_type(struct jw *w, const char *type, bool nullable)
{
    jw_key(w, "type");
    if (!nullable) {
        jw_c(w, type);
        return;
    }
    jw_arr(w);
    jw_c(w, type);
    jw_c(w, "null");
    jw_end_arr(w);
}

static void put_text_schema(struct jw *w, const struct field *f, bool nullable)
{
    static const char *const formats[] = {[FT_EMAIL] = "email", [FT_URL] = "uri", [FT_DATE] = "date"};
    put_type(w, "string", nullable);
    if (f->type < sizeof formats / sizeof *formats && formats[f->type])
        jw_kc(w, "format", formats[f->type]);
    if (f->type == FT_COLOUR)
        jw_kc(w, "pattern", "^#[0-9a-fA-F]{6}$");
    if (f->type != FT_DATE && f->max > 0) {
        jw_ki64(w, "minLength", f->min);
        jw_ki64(w, "maxLength", f->max);
    }
}

static void put_enum(struct jw *w, const struct field *f, bool nullable)
{
    put_type(w, "string", nullable);
    jw_key(w, "enum");
    jw_arr(w);
    for (size_t i = 0; f->names[i]; i++)
        jw_c(w, f->names[i]);
    if (nullable)
        jw_null(w);
    jw_end_arr(w);
}

static void put_number(struct jw *w, const struct field *f, bool nullable)
{
    put_type(w, f->type == FT_REAL ? "number" : "integer", nullable);
    if (f->min < f->max) {
        jw_ki64(w, "minimum", f->min);
        jw_ki64(w, "maximum", f->max);
    }
}

static void put_set(struct jw *w, const struct field *f)
{
    put_type(w, "array", false);
    jw_key(w, "items");
    jw_raw(w, STR("{\"type\":\"integer\"}"));
    jw_kbool(w, "uniqueItems", true);
    if (f->max > 0)
        jw_ki64(w, "maxItems", f->max);
}

static const char *meaning(const struct field *f)
{
    switch (f->type) {
    case FT_TIME:
        return "milliseconds since 1970 UTC";
    case FT_MONEY:
        return "minor units of the currency";
    case FT_CURRENCY:
        return "ISO 4217";
    case FT_REF:
    case FT_SET:
        return entity_by_id(f->ref) ? entity_by_id(f->ref)->name : NULL;
    default:
        return NULL;
    }
}

static void put_field(struct jw *w, const struct field *f)
{
    bool nullable = !(f->flags & FF_REQUIRED);
    jw_key(w, f->name);
    jw_obj(w);
    switch (f->type) {
    case FT_BOOL:
        put_type(w, "boolean", nullable);
        break;
    case FT_ENUM:
        put_enum(w, f, nullable);
        break;
    case FT_SET:
        put_set(w, f);
        break;
    case FT_INT:
    case FT_REAL:
    case FT_TIME:
    case FT_MONEY:
    case FT_REF:
        put_number(w, f, nullable);
        break;
    case FT_JSON:
        jw_key(w, "type");
        jw_arr(w);
        jw_c(w, "object");
        jw_c(w, "array");
        if (nullable)
            jw_c(w, "null");
        jw_end_arr(w);
        break;
    default:
        put_text_schema(w, f, nullable);
    }
    if (f->flags & FF_SERVER)
        jw_kbool(w, "readOnly", true);
    if (f->default_json) {
        jw_key(w, "default");
        jw_raw(w, str_c(f->default_json));
    }
    if (f->custom)
        jw_kc(w, "description", f->custom->label);
    else if (meaning(f))
        jw_kc(w, "description", meaning(f));
    jw_end_obj(w);
}

/* Custom fields are shown to who is signed in and may see them. */
static bool shown(const struct openapi_for *who, const struct entity *ent, size_t field)
{
    const struct field *f = &ent->fields[field];
    if (f->flags & (FF_SECRET | FF_GONE))
        return false;
    return !f->custom || (who->custom && rights_sees_field(who->rights, ent, (int)field));
}

static void put_entity(struct jw *w, const struct entity *ent, const struct openapi_for *who)
{
    static const char *const common[] = {"id", "version", "created_at", "updated_at"};
    jw_key(w, ent->name);
    jw_obj(w);
    jw_kc(w, "type", "object");
    jw_key(w, "properties");
    jw_obj(w);
    for (size_t i = 0; i < 4; i++) {
        jw_key(w, common[i]);
        jw_raw(w, STR("{\"type\":\"integer\",\"readOnly\":true}"));
    }
    for (size_t i = 0; i < ent->n_fields; i++)
        if (shown(who, ent, i))
            put_field(w, &ent->fields[i]);
    if (ent->id == ENT_USER) {
        jw_key(w, "password");
        jw_raw(w, STR("{\"type\":\"string\",\"minLength\":8,\"writeOnly\":true}"));
    }
    jw_end_obj(w);
    jw_key(w, "required");
    jw_arr(w);
    for (size_t i = 0; i < ent->n_fields; i++)
        if ((ent->fields[i].flags & FF_REQUIRED) && !(ent->fields[i].flags & (FF_FILLED | FF_SERVER)) &&
            !ent->fields[i].default_json)
            jw_c(w, ent->fields[i].name);
    jw_end_arr(w);
    jw_end_obj(w);
}

static void put_ref(struct jw *w, const char *name)
{
    char ref[100];
    snprintf(ref, sizeof ref, "#/components/schemas/%s", name);
    jw_obj(w);
    jw_kc(w, "$ref", ref);
    jw_end_obj(w);
}

static bool is_list(const struct route *r)
{
    return r->handle == object_list;
}

static void put_list_schema(struct jw *w, const char *name)
{
    jw_obj(w);
    jw_kc(w, "type", "object");
    jw_key(w, "properties");
    jw_obj(w);
    jw_key(w, "items");
    jw_obj(w);
    jw_kc(w, "type", "array");
    jw_key(w, "items");
    put_ref(w, name);
    jw_end_obj(w);
    jw_key(w, "next_cursor");
    jw_raw(w, STR("{\"type\":[\"string\",\"null\"]}"));
    jw_key(w, "count");
    jw_raw(w, STR("{\"type\":\"integer\"}"));
    jw_key(w, "sums");
    jw_raw(w, STR("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"number\"}}"));
    jw_end_obj(w);
    jw_end_obj(w);
}

static void put_param(struct jw *w, const char *name, size_t len, const char *in, bool required, const char *type)
{
    jw_obj(w);
    jw_kstr(w, "name", (struct str){name, len});
    jw_kc(w, "in", in);
    jw_kbool(w, "required", required);
    jw_key(w, "schema");
    jw_obj(w);
    jw_kc(w, "type", type);
    jw_end_obj(w);
    jw_end_obj(w);
}

static void put_params(struct jw *w, const struct route *r)
{
    jw_key(w, "parameters");
    jw_arr(w);
    for (struct str rest = str_c(r->pattern); rest.ptr;) {
        struct str part = str_cut(rest, '/', &rest);
        if (part.len > 2 && part.ptr[0] == '{')
            put_param(w, part.ptr + 1, part.len - 2, "path", true,
                      part.len > 3 && memcmp(part.ptr + part.len - 3, "id}", 3) == 0 ? "integer" : "string");
    }
    for (struct str rest = r->query ? str_c(r->query) : STR_NULL; rest.ptr;) {
        struct str name = str_cut(rest, ' ', &rest);
        if (name.len)
            put_param(w, name.ptr, name.len, "query", false, "string");
    }
    if (r->run == RUN_WRITE) {
        put_param(w, "Idempotency-Key", 15, "header", false, "string");
        if (r->ent && strstr(r->pattern, "{id}"))
            put_param(w, "If-Match", 8, "header", false, "string");
    }
    jw_end_arr(w);
}

static void put_content(struct jw *w, const char *type)
{
    jw_key(w, "content");
    jw_obj(w);
    jw_key(w, type);
    jw_obj(w);
    jw_key(w, "schema");
}

static void put_answers(struct jw *w, const struct route *r)
{
    char status[8];
    snprintf(status, sizeof status, "%d", r->status ? r->status : 200);
    jw_key(w, "responses");
    jw_obj(w);
    jw_key(w, status);
    jw_obj(w);
    jw_kc(w, "description", r->status == 204 ? "done" : "the answer");
    if (r->answer) {
        put_content(w, r->handle == events_handle ? "text/event-stream" : "application/json");
        if (is_list(r))
            put_list_schema(w, r->answer);
        else
            put_ref(w, r->answer);
        jw_end_obj(w);
        jw_end_obj(w);
    }
    jw_end_obj(w);
    jw_key(w, "default");
    jw_obj(w);
    jw_kc(w, "description", "a problem (RFC 9457)");
    put_content(w, "application/problem+json");
    put_ref(w, "problem");
    jw_end_obj(w);
    jw_end_obj(w);
    jw_end_obj(w);
    jw_end_obj(w);
}

static void put_operation(struct jw *w, const struct route *r)
{
    char method[8] = "";
    for (size_t i = 0; i + 1 < sizeof method && r->method[i] != 0; i++)
        method[i] = (char)(r->method[i] >= 'A' && r->method[i] <= 'Z' ? r->method[i] + 32 : r->method[i]);
    jw_key(w, method);
    jw_obj(w);
    jw_kc(w, "summary", r->summary);
    jw_key(w, "tags");
    jw_arr(w);
    jw_c(w, r->ent ? r->ent->plural : "other");
    jw_end_arr(w);
    jw_key(w, "security");
    jw_raw(w, r->may == MAY_PUBLIC ? STR("[]") : STR("[{\"cookie\":[]},{\"bearer\":[]}]"));
    unsigned roles = route_roles(r);
    jw_key(w, "x-roles");
    jw_arr(w);
    for (int role = 0; role_names[role]; role++)
        if (roles & (1u << role))
            jw_c(w, role_names[role]);
    jw_end_arr(w);
    put_params(w, r);
    if (r->body) {
        jw_key(w, "requestBody");
        jw_obj(w);
        jw_kbool(w, "required", true);
        put_content(w, r->run == RUN_UPLOAD ? "application/octet-stream" : "application/json");
        put_ref(w, r->body);
        jw_end_obj(w);
        jw_end_obj(w);
        jw_end_obj(w);
    }
    put_answers(w, r);
    jw_end_obj(w);
}

static bool is_first_of_path(const struct app *app, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(app->routes[k]->pattern, app->routes[i]->pattern) == 0)
            return false;
    return true;
}

static void put_paths(struct jw *w, const struct app *app)
{
    jw_key(w, "paths");
    jw_obj(w);
    for (size_t i = 0; i < app->n_routes; i++) {
        if (!is_first_of_path(app, i))
            continue;
        jw_key(w, app->routes[i]->pattern);
        jw_obj(w);
        for (size_t k = i; k < app->n_routes; k++)
            if (strcmp(app->routes[k]->pattern, app->routes[i]->pattern) == 0)
                put_operation(w, app->routes[k]);
        jw_end_obj(w);
    }
    jw_end_obj(w);
}

void openapi_put(const struct app *app, struct openapi_for who, struct buf *out)
{
    struct jw w = jw_to(out);
    jw_obj(&w);
    jw_kc(&w, "openapi", "3.1.0");
    jw_key(&w, "info");
    jw_obj(&w);
    jw_kc(&w, "title", "Voronka");
    jw_kc(&w, "version", VORONKA_VERSION);
    jw_end_obj(&w);
    put_paths(&w, app);
    jw_key(&w, "components");
    jw_obj(&w);
    jw_key(&w, "securitySchemes");
    jw_raw(&w, STR("{\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"voronka_session\"},"
                   "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
    jw_key(&w, "schemas");
    jw_obj(&w);
    for (size_t i = 0; i < openapi_shapes_n; i++) {
        jw_key(&w, openapi_shapes[i].name);
        jw_raw(&w, str_c(openapi_shapes[i].json));
    }
    for (int id = 1; id < ENT_END; id++)
        if (entity_by_id((enum entity_id)id))
            put_entity(&w, entity_by_id((enum entity_id)id), &who);
    jw_end_obj(&w);
    jw_end_obj(&w);
    jw_end_obj(&w);
}

enum rc openapi_handle(struct call *c, struct err *e)
{
    (void)e;
    struct filter_env env = call_filter_env(c);
    openapi_put(c->app, (struct openapi_for){env.rights, c->session.user_id != 0}, http_body(c->r));
    call_send(c);
    return RC_OK;
}
