/* Bytes of a connection: a stream of requests read in one piece and in small pieces must be understood alike. */
#include "http/internal.h"
#include "http/router.h"
#include <stdlib.h>

static const struct http_limits limits = {.head_bytes = 2048, .body_bytes = 4096};
static const struct router_row table[] = {
    {"GET", "/a"}, {"POST", "/a/{id}"}, {"GET", "/a/{id}/b"}, {"GET", "/{x}/{y}"}};

static struct router_row row_at(const void *t, size_t i)
{
    return ((const struct router_row *)t)[i];
}

struct seen {
    size_t n;
    struct buf text;
};

static void need(bool ok)
{
    if (!ok)
        abort();
}

/* What a handler would do with a request. */
static void use(struct req *q, const struct router *router, struct seen *seen)
{
    req_fill(q);
    struct http_request *r = &q->pub;
    need(r->path.len > 0 && r->path.ptr[0] == '/' && !memchr(r->path.ptr, 0, r->path.len));
    need(r->body.len <= limits.body_bytes);
    struct str v = http_param(r, "q"), c = http_cookie(r, "voronka_session"), h = http_header(r, "x-a");
    struct router_match m;
    struct str allow;
    enum rc rc = router_find(router, r->arena, r->method, r->path, &m, &allow);
    need(rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_METHOD);
    buf_fmt(&seen->text, "%.*s|%.*s|%.*s|%u|", STR_ARG(r->method), STR_ARG(r->target), STR_ARG(h), accept_codings(r));
    buf_str(&seen->text, r->body);
    buf_str(&seen->text, v);
    buf_str(&seen->text, c);
    seen->n++;
}

static void read_stream(const char *bytes, size_t n, size_t step, const struct router *router, struct seen *seen,
                        size_t most)
{
    struct req *q = calloc(1, sizeof *q);
    need(q != NULL);
    q->pub.arena = &q->arena;
    parse_init(&q->parse, &limits);
    parse_reset(&q->parse);
    size_t at = 0;
    while (at < n && q->parse.state != PARSE_FAILED && seen->n < most) {
        char *piece = malloc(n - at < step ? n - at : step); /* its own bounds, so that no byte too many is read */
        size_t len = n - at < step ? n - at : step, off = 0;
        memcpy(piece, bytes + at, len);
        while (off < len && q->parse.state != PARSE_FAILED && seen->n < most) {
            size_t took = parse_feed(&q->parse, piece + off, len - off);
            need(took > 0 && took <= len - off);
            off += took;
            if (q->parse.state == PARSE_DONE) {
                use(q, router, seen);
                parse_reset(&q->parse);
                arena_reset(&q->arena);
            }
        }
        at += len;
        free(piece);
    }
    if (q->parse.state == PARSE_FAILED)
        need(q->parse.status >= 400 && q->parse.code && q->parse.detail);
    parse_free(&q->parse);
    arena_free(&q->arena);
    free(q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct router *router = router_new(table, 4, row_at);
    struct seen pieces = {0}, whole = {0};
    read_stream((const char *)data + 1, size - 1, 1 + data[0] % 64, router, &pieces, SIZE_MAX);
    /* Small pieces may reach the limit of chunk framing sooner, so the whole is read as far as the pieces came. */
    read_stream((const char *)data + 1, size - 1, SIZE_MAX, router, &whole, pieces.n);
    need(whole.n == pieces.n && str_eq(buf_view(&whole.text), buf_view(&pieces.text)));
    buf_free(&pieces.text);
    buf_free(&whole.text);
    router_free(router);
    return 0;
}
