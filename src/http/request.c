/* Reading a request: headers, query, cookies. */
#include "http/internal.h"

void req_fill(struct req *q)
{
    struct parse *p = &q->parse;
    struct http_request *r = &q->pub;
    const char *head = p->head.ptr;
    size_t path_len = 0;
    r->target = (struct str){head + p->target, p->target_len};
    path_ok(r->target, &path_len);
    r->path = (struct str){r->target.ptr, path_len};
    r->query =
        path_len < p->target_len ? (struct str){r->target.ptr + path_len + 1, p->target_len - path_len - 1} : STR_NULL;
    r->method = (struct str){head + p->start, p->method_len};
    r->head_only = str_eqc(r->method, "HEAD");
    if (r->head_only)
        r->method = STR("GET");
    r->body = p->body.len ? buf_view(&p->body) : STR("");
}

struct str http_header(const struct http_request *r, const char *lower_name)
{
    const struct parse *p = &req_of(r)->parse;
    size_t len = strlen(lower_name);
    for (unsigned i = 0; i < p->n; i++) {
        const struct parse_field *f = &p->field[i];
        if (f->name_len == len && memcmp(p->head.ptr + f->name, lower_name, len) == 0)
            return (struct str){p->head.ptr + f->value, f->value_len};
    }
    return STR_NULL;
}

struct str http_param(struct http_request *r, const char *name)
{
    struct str rest = r->query, want = str_c(name);
    while (rest.ptr) {
        struct str pair = str_cut(rest, '&', &rest), value;
        struct str key = str_cut(pair, '=', &value);
        if (memchr(key.ptr, '%', key.len) || memchr(key.ptr, '+', key.len)) {
            if (!str_url_decode(r->arena, key, true, &key))
                continue;
        }
        if (!str_eq(key, want))
            continue;
        if (value.len == 0)
            return STR("");
        if (!memchr(value.ptr, '%', value.len) && !memchr(value.ptr, '+', value.len))
            return value;
        return str_url_decode(r->arena, value, true, &value) ? value : STR_NULL;
    }
    return STR_NULL;
}

struct str http_cookie(const struct http_request *r, const char *name)
{
    const struct parse *p = &req_of(r)->parse;
    struct str want = str_c(name);
    for (unsigned i = 0; i < p->n; i++) {
        const struct parse_field *f = &p->field[i];
        if (f->name_len != 6 || memcmp(p->head.ptr + f->name, "cookie", 6) != 0)
            continue;
        struct str rest = {p->head.ptr + f->value, f->value_len};
        while (rest.ptr) {
            struct str value, pair = str_trim(str_cut(rest, ';', &rest));
            struct str key = str_cut(pair, '=', &value);
            if (!value.ptr || !str_eq(key, want))
                continue;
            if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
                value = (struct str){value.ptr + 1, value.len - 2};
            return value;
        }
    }
    return STR_NULL;
}

/* Is this coding refused by a weight of nothing: "q=0", "q=0.0" and so on? */
static bool weight_is_zero(struct str params)
{
    while (params.ptr) {
        struct str one = str_trim(str_cut(params, ';', &params));
        if (one.len < 3 || (one.ptr[0] | 0x20) != 'q' || one.ptr[1] != '=')
            continue;
        for (size_t i = 2; i < one.len; i++) {
            if (one.ptr[i] != '0' && one.ptr[i] != '.')
                return false;
        }
        return true;
    }
    return false;
}

unsigned accept_codings(const struct http_request *r)
{
    struct str rest = http_header(r, "accept-encoding");
    unsigned yes = 0, no = 0;
    bool any = false;
    while (rest.ptr) {
        struct str params, item = str_cut(rest, ',', &rest);
        struct str coding = str_trim(str_cut(item, ';', &params));
        unsigned bit = str_eqc(coding, "gzip") || str_eqc(coding, "x-gzip") ? ACCEPT_GZIP
                       : str_eqc(coding, "br")                              ? ACCEPT_BROTLI
                                                                            : 0;
        bool zero = weight_is_zero(params);
        if (bit == 0)
            any |= str_eqc(coding, "*") && !zero;
        else if (zero)
            no |= bit;
        else
            yes |= bit;
    }
    if (any)
        yes |= ACCEPT_GZIP | ACCEPT_BROTLI;
    return yes & ~no;
}
