/* Errors as problem+json (RFC 9457), in the language of whoever asks. */
#include "api/inside.h"
#include "base/i18n.h"
#include "base/log.h"
#include <stdio.h>

static int status_of(enum rc rc)
{
    switch (rc) {
    case RC_OK:
    case RC_ROW:
    case RC_DONE:
        return 200;
    case RC_INVALID:
        return 400;
    case RC_UNAUTHORIZED:
        return 401;
    case RC_FORBIDDEN:
        return 403;
    case RC_NOT_FOUND:
        return 404;
    case RC_METHOD:
        return 405;
    case RC_CONFLICT:
        return 409;
    case RC_STALE:
        return 412;
    case RC_TOO_LARGE:
        return 413;
    case RC_UNPROCESSABLE:
        return 422;
    case RC_TOO_MANY:
        return 429;
    case RC_UNAVAILABLE:
        return 503;
    case RC_INTERNAL:
        break;
    }
    return 500;
}

/* {0} and {1} are the arguments, {field} the field. */
static struct str inner_text(struct arena *a, const char *locale, const struct err *e)
{
    struct err inner = {.rc = e->rc};
    struct str arg, second, code = str_cut(str_c(e->arg[1]), '|', &arg);
    snprintf(inner.code, sizeof inner.code, "%.*s", STR_ARG(code));
    arg = str_cut(arg, '|', &second);
    snprintf(inner.arg[0], sizeof inner.arg[0], "%.*s", STR_ARG(arg));
    snprintf(inner.arg[1], sizeof inner.arg[1], "%.*s", STR_ARG(second));
    return problem_text(a, locale, &inner);
}

/* What is wrong within a definition is told in the words of that mistake (crm/funnel_draft.h). */
struct str problem_text(struct arena *a, const char *locale, const struct err *e)
{
    char key[64];
    bool nested = strcmp(e->code, "bad_definition") == 0;
    snprintf(key, sizeof key, "error.%s", e->code);
    const struct str args[2] = {str_c(e->arg[0]), nested ? inner_text(a, locale, e) : str_c(e->arg[1])};
    struct str text = i18n_fill(a, locale, key, args, 2);
    const char *at = memmem(text.ptr, text.len, "{field}", 7);
    if (!at)
        return text;
    size_t before = (size_t)(at - text.ptr);
    return str_fmt(a, "%.*s%s%.*s", (int)before, text.ptr, e->field, (int)(text.len - before - 7), at + 7);
}

static void put(struct call *c, int status, const struct err *e)
{
    char key[32];
    const char *locale = call_locale(c);
    struct str text = problem_text(c->r->arena, locale, e);
    snprintf(key, sizeof key, "problem.%d", status);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kc(&w, "type", "about:blank");
    jw_kstr(&w, "title", i18n_text(locale, key));
    jw_ki64(&w, "status", status);
    jw_kc(&w, "code", e->code);
    if (e->field[0])
        jw_kc(&w, "field", e->field);
    jw_kstr(&w, "detail", text);
    jw_key(&w, "errors");
    jw_arr(&w);
    if (e->field[0]) {
        jw_obj(&w);
        jw_kc(&w, "field", e->field);
        jw_kc(&w, "code", e->code);
        jw_kstr(&w, "detail", text);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    if (e->more) {
        buf_char(http_body(c->r), ',');
        buf_c(http_body(c->r), e->more);
    }
    jw_end_obj(&w);
}

/* Inner errors tell their cause to the log, not to the client. */
static struct err presentable(const struct call *c, const struct err *e)
{
    struct err shown = *e;
    if (e->rc == RC_INTERNAL || !e->code[0]) {
        log_error("%.*s %.*s: %s %s", STR_ARG(c->r->method), STR_ARG(c->r->path), e->code, e->arg[0]);
        shown = (struct err){.rc = RC_INTERNAL, .code = "internal"};
    } else if (e->rc == RC_UNAVAILABLE) {
        shown.arg[0][0] = '\0';
    }
    return shown;
}

void call_fail(struct call *c, const struct err *e)
{
    struct err shown = presentable(c, e);
    int status = status_of(shown.rc);
    buf_clear(http_body(c->r));
    if (shown.rc == RC_TOO_MANY)
        http_set(c->r, "Retry-After", str_c(shown.arg[0]));
    else if (shown.rc == RC_UNAVAILABLE)
        http_set(c->r, "Retry-After", STR("1"));
    else if (shown.rc == RC_UNAUTHORIZED)
        http_set(c->r, "WWW-Authenticate", STR("Bearer"));
    http_set(c->r, "Content-Language", str_c(call_locale(c)));
    http_set(c->r, "Cache-Control", STR("no-store"));
    put(c, status, &shown);
    http_send(c->r, status, "application/problem+json");
}
