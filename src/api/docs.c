/* The description of the API as a page, made of the same tables as OpenAPI. Readable without scripts. */
#include "api/inside.h"

static void put_roles(struct buf *b, unsigned may)
{
    if (may == MAY_PUBLIC)
        buf_c(b, "no sign-in");
    for (int role = 0, n = 0; role_names[role]; role++)
        if (may & (1u << role))
            buf_fmt(b, "%s%s", n++ ? ", " : "", role_names[role]);
}

static void put_route(struct buf *b, const struct route *r)
{
    buf_fmt(b, "<tr><td><code>%s</code></td><td><code>", r->method);
    buf_html(b, str_c(r->pattern));
    if (r->query)
        buf_c(b, "?");
    for (struct str rest = r->query ? str_c(r->query) : STR_NULL; rest.ptr;) {
        struct str name = str_cut(rest, ' ', &rest);
        buf_fmt(b, "%.*s=%s", STR_ARG(name), rest.ptr ? "&amp;" : "");
    }
    buf_c(b, "</code></td><td>");
    buf_html(b, str_c(r->summary));
    buf_c(b, "</td><td>");
    put_roles(b, r->may);
    buf_c(b, "</td></tr>\n");
}

static const char *type_name(enum field_type t)
{
    static const char *const names[] = {
        [FT_INT] = "integer",       [FT_REAL] = "number",    [FT_BOOL] = "true or false",
        [FT_TEXT] = "text",         [FT_LONG] = "long text", [FT_ENUM] = "one of",
        [FT_TIME] = "time, ms",     [FT_DATE] = "date",      [FT_MONEY] = "money, minor units",
        [FT_CURRENCY] = "currency", [FT_COLOUR] = "colour",  [FT_EMAIL] = "e-mail",
        [FT_PHONE] = "phone",       [FT_URL] = "URL",        [FT_REF] = "id of",
        [FT_SET] = "ids of",        [FT_JSON] = "object"};
    return names[t];
}

static void put_field(struct buf *b, const struct field *f)
{
    buf_fmt(b, "<tr><td><code>%s</code></td><td>%s", f->name, type_name(f->type));
    if ((f->type == FT_REF || f->type == FT_SET) && entity_by_id(f->ref))
        buf_fmt(b, " %s", entity_by_id(f->ref)->name);
    for (size_t i = 0; f->type == FT_ENUM && f->names[i]; i++)
        buf_fmt(b, " <code>%s</code>", f->names[i]);
    buf_fmt(b, "</td><td>%s%s%s</td></tr>\n", f->flags & FF_REQUIRED ? "never empty" : "",
            f->flags & FF_SERVER ? " read only" : "", f->flags & FF_CREATE ? " only when created" : "");
}

static void put_noun(struct buf *b, const struct entity *ent)
{
    buf_fmt(b,
            "<h2 id=\"%s\">%s</h2>\n<table><thead><tr><th scope=\"col\">field</th><th scope=\"col\">type</th>"
            "<th scope=\"col\">rules</th></tr></thead><tbody>\n",
            ent->name, ent->name);
    for (size_t i = 0; i < ent->n_fields; i++)
        if (!(ent->fields[i].flags & FF_SECRET) && !ent->fields[i].custom)
            put_field(b, &ent->fields[i]);
    buf_c(b, "</tbody></table>\n");
}

enum rc docs_handle(struct call *c, struct err *e)
{
    (void)e;
    struct buf *b = http_body(c->r);
    buf_c(b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light "
             "dark\"><title>Voronka API</title>"
             "</head><body><main>\n<h1>Voronka API</h1>\n<p>Version " VORONKA_VERSION
             ". Machine-readable: <a href=\"/api/openapi.json\">openapi.json</a>. Every noun also has <code>id, "
             "version, created_at, "
             "updated_at</code>; the company's own fields stand in "
             "/api/schema.</p>\n<h2>Requests</h2>\n<table><thead><tr><th scope=\"col\">method</th><th "
             "scope=\"col\">path</th>"
             "<th scope=\"col\">what it does</th><th scope=\"col\">who may</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < c->app->n_routes; i++)
        put_route(b, c->app->routes[i]);
    buf_c(b, "</tbody></table>\n");
    for (int id = 1; id < ENT_END; id++)
        if (entity_by_id((enum entity_id)id))
            put_noun(b, entity_by_id((enum entity_id)id));
    buf_c(b, "</main></body></html>\n");
    c->content_type = "text/html; charset=utf-8";
    call_send(c);
    return RC_OK;
}
