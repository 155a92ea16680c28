/* Embedded files: the best encoding the client takes, validators, cache headers. */
#include "http/internal.h"
#include <stdio.h>

/* RFC 9110, 13.1.2: weak comparison against a list, or "*". */
static bool etag_listed(struct str list, struct str etag)
{
    while (list.ptr) {
        struct str one = str_trim(str_cut(list, ',', &list));
        if (str_eqc(one, "*"))
            return true;
        if (str_starts(one, STR("W/")))
            one = (struct str){one.ptr + 2, one.len - 2};
        if (str_eq(one, etag))
            return true;
    }
    return false;
}

/* Each encoding is a representation of its own, so its validator differs: "abc" becomes "abc-br". */
static struct str variant_etag(struct http_request *r, const char *etag, const char *suffix)
{
    struct str e = str_c(etag);
    if (!suffix || e.len < 2 || e.ptr[e.len - 1] != '"')
        return e;
    return str_fmt(r->arena, "%.*s-%s\"", (int)(e.len - 1), e.ptr, suffix);
}

static void send_file(struct http_request *r, const struct http_file *f)
{
    unsigned accept = f->brotli.ptr || f->gzip.ptr ? accept_codings(r) : 0;
    struct str bytes = f->plain;
    const char *coding = NULL;
    if (f->brotli.ptr && accept & ACCEPT_BROTLI) {
        bytes = f->brotli;
        coding = "br";
    } else if (f->gzip.ptr && accept & ACCEPT_GZIP) {
        bytes = f->gzip;
        coding = "gzip";
    }
    if (f->brotli.ptr || f->gzip.ptr)
        http_set(r, "Vary", STR("Accept-Encoding"));
    http_set(r, "Cache-Control", f->immutable ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
    if (f->etag) {
        struct str etag = variant_etag(r, f->etag, coding);
        http_set(r, "ETag", etag);
        if (etag_listed(http_header(r, "if-none-match"), etag)) {
            http_send_static(r, 304, NULL, STR(""), NULL);
            return;
        }
    }
    http_send_static(r, 200, f->type, bytes, coding);
}

bool http_send_file(struct http_request *r, const struct http_file *files, size_t n, struct str path)
{
    for (size_t i = 0; i < n; i++) {
        if (!str_eqc(path, files[i].path))
            continue;
        if (!str_eqc(r->method, "GET")) {
            http_set(r, "Allow", STR("GET, HEAD"));
            buf_clear(http_body(r));
            problem_write(http_body(r), 405, "method_not_allowed", "this path can only be read");
            http_send(r, 405, "application/problem+json");
            return true;
        }
        send_file(r, &files[i]);
        return true;
    }
    return false;
}
