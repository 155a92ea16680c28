/* What handlers use to read the request and to write the answer. */
#include "api/inside.h"
#include "base/time.h"

struct str call_param(struct call *c, const char *name)
{
    return c->r->query.len ? http_param(c->r, name) : STR_NULL;
}

enum rc call_param_i64(struct call *c, const char *name, int64_t fallback, int64_t least, int64_t most, int64_t *out,
                       struct err *e)
{
    struct str text = call_param(c, name);
    *out = fallback;
    if (!text.ptr)
        return RC_OK;
    if (!str_i64(text, out) || *out < least || *out > most)
        return err_set(e, RC_INVALID, "bad_parameter", name, "%.*s", (int)(text.len < 60 ? text.len : 60), text.ptr);
    return RC_OK;
}

struct jw call_json(struct call *c)
{
    return jw_to(http_body(c->r));
}

enum rc call_body(struct call *c, json_t **out, struct err *e)
{
    *out = NULL;
    TRY(json_read(c->r->body, out, e));
    if (json_is_object(*out))
        return RC_OK;
    json_decref(*out);
    *out = NULL;
    return err_set(e, RC_INVALID, "body_not_object", "", NULL);
}

enum rc body_text(const json_t *body, const char *key, struct arena *a, struct str *out, struct err *e)
{
    const json_t *v = json_object_get(body, key);
    if (!v)
        return err_set(e, RC_UNPROCESSABLE, "required", key, NULL);
    if (!json_is_string(v))
        return err_set(e, RC_INVALID, "wrong_type", key, "string");
    if (json_string_length(v) > 1000)
        return err_set(e, RC_UNPROCESSABLE, "too_long", key, "1000");
    *out = str_dup(a, (struct str){json_string_value(v), json_string_length(v)});
    if (!str_utf8_valid(*out))
        return err_set(e, RC_UNPROCESSABLE, "bad_text", key, NULL);
    return RC_OK;
}

enum rc body_only(const json_t *body, const char *const *keys, struct err *e)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        bool known = false;
        for (size_t i = 0; keys[i]; i++)
            known |= strcmp(keys[i], key) == 0;
        if (!known)
            return err_set(e, RC_INVALID, "unknown_field", key, NULL);
    }
    return RC_OK;
}

/* The first of ru and en that the browser names. */
static const char *accepted(struct str header)
{
    for (struct str rest = header; rest.len;) {
        struct str tag = str_trim(str_cut(rest, ',', &rest));
        if (str_starts(tag, STR("ru")))
            return "ru";
        if (str_starts(tag, STR("en")))
            return "en";
    }
    return "ru";
}

const char *call_locale(const struct call *c)
{
    if (c->session.user_id)
        return strcmp(c->session.locale, "en") == 0 ? "en" : "ru";
    return accepted(http_header(c->r, "accept-language"));
}

struct filter_env call_filter_env(const struct call *c)
{
    int64_t now = time_now();
    return (struct filter_env){
        .user_id = c->session.user_id, .now = now, .offset_ms = zone_offset(c->app->zone, now), .rights = c->rights};
}

struct actor call_actor(const struct call *c)
{
    return (struct actor){c->session.user_id, c->session.role, c->session.is_token ? VIA_API : VIA_UI,
                          c->rights == &rights_nobody ? NULL : c->rights};
}

void call_etag(struct call *c, int64_t version)
{
    char text[32];
    size_t i = sizeof text;
    text[--i] = '"';
    for (uint64_t v = (uint64_t)version; v || text[i] == '"'; v /= 10)
        text[--i] = (char)('0' + v % 10);
    text[--i] = '"';
    http_set(c->r, "ETag", (struct str){text + i, sizeof text - i});
}
