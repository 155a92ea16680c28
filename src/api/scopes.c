/* What an API token was made for: "deals:read", "contacts:write" (which includes reading), "*:read", "*:write". The
 * first word of a path says whose scope it is; a token without scopes may all that its user may. */
#include "api/inside.h"

/* The first word of a route behind /api/; a board is made of deals. */
static struct str family_of(const char *pattern)
{
    struct str rest = str_c(pattern), first;
    if (!str_starts(rest, STR("/api/")))
        return STR("");
    rest = (struct str){rest.ptr + 5, rest.len - 5};
    first = str_cut(rest, '/', &rest);
    return str_eqc(first, "board") ? STR("deals") : first;
}

static bool known_family(const struct app *app, struct str name)
{
    bool known = str_eqc(name, "*");
    for (size_t i = 0; i < app->n_routes && !known; i++)
        known = str_eq(name, family_of(app->routes[i]->pattern));
    return known && name.len > 0;
}

enum rc scopes_read(struct call *c, const json_t *list, struct str *out, struct err *e)
{
    struct buf b = {0};
    enum rc rc = RC_OK;
    *out = STR_NULL;
    if (!list || json_is_null(list))
        return RC_OK;
    if (!json_is_array(list))
        return err_set(e, RC_INVALID, "wrong_type", "scopes", "array");
    for (size_t i = 0; i < json_array_size(list) && rc == RC_OK; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        struct str what, family = str_cut(str_c(text ? text : ""), ':', &what);
        if (!known_family(c->app, family) || (!str_eqc(what, "read") && !str_eqc(what, "write")))
            rc = err_set(e, RC_UNPROCESSABLE, "bad_scope", "scopes", "%.60s", text ? text : "");
        buf_fmt(&b, "%s%s", i ? " " : "", text ? text : "");
    }
    if (rc == RC_OK && !b.len)
        rc = err_set(e, RC_UNPROCESSABLE, "bad_scope", "scopes", NULL);
    if (rc == RC_OK && b.len >= SCOPES_MOST)
        rc = err_set(e, RC_UNPROCESSABLE, "too_long", "scopes", "%d", SCOPES_MOST - 1);
    if (rc == RC_OK)
        *out = str_dup(c->r->arena, buf_view(&b));
    buf_free(&b);
    return rc;
}

/* What the token was not made for is out of its sight on every other way too: names on a board, references in filters,
 * events. */
static void narrow(struct call *c)
{
    bool sees[ENT_END] = {false};
    for (struct str rest = str_c(c->session.scopes); rest.ptr;) {
        struct str what, family = str_cut(str_cut(rest, ' ', &rest), ':', &what);
        const struct entity *ent = entity_by_plural(family);
        if (str_eqc(family, "*"))
            return;
        if (ent)
            sees[ent->id] = true;
    }
    c->rights = rights_narrow(c->r->arena, c->rights, sees);
}

enum rc scopes_allow(struct call *c, struct err *e)
{
    struct str needed = family_of(c->route->pattern);
    bool reads = str_eqc(str_c(c->route->method), "GET");
    if (!c->session.is_token || !c->session.scopes[0])
        return RC_OK;
    bool allowed = reads && str_eqc(str_c(c->route->pattern), "/api/session"); /* each may know whose it is */
    for (struct str rest = str_c(c->session.scopes); rest.ptr && !allowed;) {
        struct str what, family = str_cut(str_cut(rest, ' ', &rest), ':', &what);
        allowed = (str_eqc(family, "*") || str_eq(family, needed)) && (reads || str_eqc(what, "write"));
    }
    if (!allowed)
        return err_set(e, RC_FORBIDDEN, "scope_missing", "", "%.*s:%s", STR_ARG(needed), reads ? "read" : "write");
    narrow(c);
    return RC_OK;
}
