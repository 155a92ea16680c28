#include "http/parse.h"
#include <stdlib.h>

#define STRAY_LINES ((size_t)2) /* empty lines allowed before a request (RFC 9112, 2.2) */
#define TAKE_STEP 2048          /* bytes of input copied at a time while a head is looked for */

enum { TOKEN = 1, VALUE = 2, TARGET = 4, HOST = 8 };
static uint8_t class_of[256];

static uv_once_t classes_once = UV_ONCE_INIT;

static void classes_init(void)
{
    for (int c = 0; c < 256; c++) {
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        uint8_t k = 0;
        if (alnum || (c && c < 128 && strchr("!#$%&'*+-.^_`|~", c)))
            k |= TOKEN;
        if (c == '\t' || (c >= 32 && c != 127))
            k |= VALUE;
        if (c > 32 && c < 127)
            k |= TARGET;
        if (alnum || (c && c < 128 && strchr("-._~:[]", c)))
            k |= HOST;
        class_of[c] = k;
    }
}

void parse_fail(struct parse *p, int status, const char *code, const char *detail)
{
    p->state = PARSE_FAILED;
    p->status = status;
    p->code = code;
    p->detail = detail;
}

static bool bad(struct parse *p, const char *detail)
{
    parse_fail(p, 400, "bad_request", detail);
    return false;
}

/* --- the head, line by line --- */

static bool all_of(const char *s, size_t n, uint8_t kind)
{
    for (size_t i = 0; i < n; i++) {
        if (!(class_of[(uint8_t)s[i]] & kind))
            return false;
    }
    return true;
}

static bool request_line(struct parse *p, const char *s, size_t n)
{
    const char *a = memchr(s, ' ', n);
    if (!a || a == s || !all_of(s, (size_t)(a - s), TOKEN))
        return bad(p, "the request line does not begin with a method and one space");
    const char *t = a + 1, *b = memchr(t, ' ', n - (size_t)(t - s));
    if (!b || b == t)
        return bad(p, "the request line has no target or no version");
    if (!all_of(t, (size_t)(b - t), TARGET))
        return bad(p, "the target holds a character that is not allowed");
    const char *v = b + 1;
    size_t vn = n - (size_t)(v - s);
    if (vn != 8 || memcmp(v, "HTTP/", 5) != 0 || v[6] != '.' || v[5] < '0' || v[5] > '9' || v[7] < '0' || v[7] > '9')
        return bad(p, "the version is malformed");
    if (v[5] != '1' || v[7] > '1') {
        parse_fail(p, 505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
        return false;
    }
    p->minor = (uint8_t)(v[7] - '0');
    p->start = p->line;
    p->method_len = (size_t)(a - s);
    p->target = (size_t)(t - p->head.ptr);
    p->target_len = (size_t)(b - t);
    p->has_line = true;
    size_t path_len;
    if (!path_ok((struct str){t, p->target_len}, &path_len))
        return bad(p, "the target is not a plain absolute path");
    return true;
}

static bool name_is(const char *s, size_t n, const char *lower, size_t lower_len)
{
    return n == lower_len && memcmp(s, lower, n) == 0;
}
#define IS(s, n, lit) name_is((s), (n), lit, sizeof(lit) - 1)

static bool same_word(struct str v, const char *lower)
{
    size_t n = strlen(lower);
    if (v.len != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if ((v.ptr[i] >= 'A' && v.ptr[i] <= 'Z' ? v.ptr[i] | 0x20 : v.ptr[i]) != lower[i])
            return false;
    }
    return true;
}

/* The fields on which the framing or the routing of a request depends. */
static bool special_field(struct parse *p, const char *name, size_t nn, struct str v)
{
    if (IS(name, nn, "host")) {
        if (p->hosts++)
            return bad(p, "more than one Host");
        if (v.len == 0 || !all_of(v.ptr, v.len, HOST))
            return bad(p, "Host is malformed");
    } else if (IS(name, nn, "content-length")) {
        if (p->has_length)
            return bad(p, "more than one Content-Length");
        p->has_length = true;
        for (size_t i = 0; i < v.len; i++) {
            if (v.ptr[i] < '0' || v.ptr[i] > '9')
                return bad(p, "Content-Length is not a number");
        }
        if (v.len == 0 || v.len > 18)
            return bad(p, "Content-Length is not a number in range");
    } else if (IS(name, nn, "transfer-encoding")) {
        if (p->has_coding)
            return bad(p, "more than one Transfer-Encoding");
        p->has_coding = true;
        if (!same_word(v, "chunked")) {
            parse_fail(p, 501, "transfer_coding", "chunked is the only transfer coding known here");
            return false;
        }
    } else if (IS(name, nn, "expect")) {
        if (!same_word(v, "100-continue")) {
            parse_fail(p, 417, "expectation_failed", "100-continue is the only expectation known here");
            return false;
        }
        p->expect = true;
    }
    return true;
}

static bool field_line(struct parse *p, char *s, size_t n)
{
    if (s[0] == ' ' || s[0] == '\t')
        return bad(p, "a header is folded over two lines");
    size_t i = 0;
    for (; i < n && s[i] != ':'; i++) {
        uint8_t c = (uint8_t)s[i];
        if (!(class_of[c] & TOKEN))
            return bad(p, "a header name holds a character that is not allowed");
        if (c >= 'A' && c <= 'Z')
            s[i] = (char)(c | 0x20);
    }
    if (i == n || i == 0)
        return bad(p, "a header line has no name or no colon");
    size_t from = i + 1, to = n;
    while (from < to && (s[from] == ' ' || s[from] == '\t'))
        from++;
    while (to > from && (s[to - 1] == ' ' || s[to - 1] == '\t'))
        to--;
    if (!all_of(s + from, to - from, VALUE))
        return bad(p, "a header value holds a control character");
    if (p->n == PARSE_HEADERS) {
        parse_fail(p, 431, "too_many_headers", "too many header lines");
        return false;
    }
    size_t base = (size_t)(s - p->head.ptr);
    p->field[p->n++] =
        (struct parse_field){(uint32_t)base, (uint32_t)(base + from), (uint32_t)i, (uint32_t)(to - from)};
    return special_field(p, s, i, (struct str){s + from, to - from});
}

/* --- llhttp's part --- */

static int on_body(llhttp_t *ll, const char *at, size_t n)
{
    struct parse *p = ll->data;
    if (p->body_got + n > p->body_most) {
        parse_fail(p, 413, "body_too_large", "the body is too large");
        return HPE_USER;
    }
    p->body_got += n;
    if (p->sink)
        p->sink(p->sink_arg, at, n);
    else
        buf_add(&p->body, at, n);
    return 0;
}

static int on_chunk_header(llhttp_t *ll)
{
    struct parse *p = ll->data;
    if (ll->content_length > p->body_most - p->body_got) {
        parse_fail(p, 413, "body_too_large", "the body is too large");
        return HPE_USER;
    }
    return 0;
}

static int on_headers_complete(llhttp_t *ll)
{
    ll->upgrade = 0; /* an offer to upgrade is passed over: the request is answered as plain HTTP */
    return 0;
}

static int on_message_complete(llhttp_t *ll)
{
    struct parse *p = ll->data;
    p->state = PARSE_DONE;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_message_complete = on_message_complete,
};

static void head_checks(struct parse *p)
{
    const char *method = p->head.ptr + p->start;
    if (p->minor == 1 && p->hosts == 0)
        bad(p, "Host is missing");
    else if (p->has_length && p->has_coding)
        bad(p, "both Content-Length and Transfer-Encoding");
    else if (p->has_coding && p->minor == 0)
        bad(p, "Transfer-Encoding in HTTP/1.0");
    else if (IS(method, p->method_len, "CONNECT") || IS(method, p->method_len, "PRI"))
        parse_fail(p, 501, "method_unknown", "this method is not known here");
}

/* The blank line has been seen: llhttp reads the head in one go. */
static void head_end(struct parse *p)
{
    head_checks(p);
    if (p->state == PARSE_FAILED)
        return;
    llhttp_reset(&p->ll);
    llhttp_errno_t err = llhttp_execute(&p->ll, p->head.ptr + p->start, p->head.len - p->start);
    if (p->state == PARSE_FAILED)
        return;
    if (err == HPE_INVALID_METHOD) {
        parse_fail(p, 501, "method_unknown", "this method is not known here");
        return;
    }
    if (err != HPE_OK && err != HPE_PAUSED) {
        bad(p, "the head is malformed");
        return;
    }
    p->keep_alive = llhttp_should_keep_alive(&p->ll);
    if (p->state == PARSE_DONE)
        return;
    p->state = PARSE_BODY;
    p->streamed = p->wants_stream && p->wants_stream(p);
    if (!p->streamed && p->has_length && p->ll.content_length > p->body_most)
        parse_fail(p, 413, "body_too_large", "the body is too large");
}

/* Reads the complete lines of head from p->line on; true when the blank line has come (head is cut behind it). */
static bool lines(struct parse *p)
{
    size_t look = p->line;
    for (;;) {
        char *s = p->head.ptr + p->line;
        char *nl = memchr(p->head.ptr + look, '\n', p->head.len - look);
        if (!nl)
            return false;
        if (nl == s || nl[-1] != '\r')
            return bad(p, "a line ends without CR LF");
        size_t n = (size_t)(nl - 1 - s);
        if (memchr(s, '\r', n))
            return bad(p, "a CR stands alone");
        if (!p->has_line && n == 0) {
            if (p->line >= 2 * STRAY_LINES)
                return bad(p, "empty lines instead of a request");
        } else if (!p->has_line) {
            if (!request_line(p, s, n))
                return false;
        } else if (n == 0) {
            p->head.len = (size_t)(nl + 1 - p->head.ptr);
            return true;
        } else if (!field_line(p, s, n)) {
            return false;
        }
        p->line = look = (size_t)(nl + 1 - p->head.ptr);
    }
}

static size_t feed_head(struct parse *p, const char *bytes, size_t n)
{
    size_t took = 0;
    while (took < n && p->state == PARSE_HEAD) {
        size_t had = p->head.len, room = p->limits->head_bytes - had, step = n - took;
        if (step > TAKE_STEP)
            step = TAKE_STEP;
        if (step > room)
            step = room;
        buf_add(&p->head, bytes + took, step);
        bool end = lines(p);
        took += p->head.len - had;
        if (end)
            head_end(p);
        else if (p->state == PARSE_HEAD && p->head.len >= p->limits->head_bytes)
            parse_fail(p, p->has_line ? 431 : 414, p->has_line ? "head_too_large" : "target_too_long",
                       "the head is too large");
    }
    return took;
}

static size_t feed_body(struct parse *p, const char *bytes, size_t n)
{
    llhttp_errno_t err = llhttp_execute(&p->ll, bytes, n);
    if (p->state == PARSE_FAILED)
        return n;
    if (p->state == PARSE_DONE)
        n = (size_t)(llhttp_get_error_pos(&p->ll) - bytes);
    else if (err != HPE_OK)
        bad(p, "the chunks of the body are malformed");
    p->wire += n;
    /* Chunk sizes, extensions and trailers may cost something, but not without end. */
    if (p->state != PARSE_FAILED && p->has_coding && p->wire - p->body_got > p->limits->head_bytes + 8 * p->body_got)
        bad(p, "more framing than body");
    return n;
}

size_t parse_feed(struct parse *p, const char *bytes, size_t n)
{
    if (p->state == PARSE_HEAD)
        return feed_head(p, bytes, n);
    if (p->state == PARSE_BODY && n)
        return feed_body(p, bytes, n);
    return 0;
}

void parse_init(struct parse *p, const struct http_limits *limits)
{
    uv_once(&classes_once, classes_init);
    p->limits = limits;
    llhttp_init(&p->ll, HTTP_REQUEST, &settings);
    p->ll.data = p;
}

/* Keeps small buffers for the next request, gives large ones back. */
static void keep_small(struct buf *b)
{
    if (b->cap > (size_t)64 * 1024)
        buf_free(b);
    else
        buf_clear(b);
}

void parse_reset(struct parse *p)
{
    p->state = PARSE_HEAD;
    keep_small(&p->head);
    keep_small(&p->body);
    p->line = p->start = p->method_len = p->target = p->target_len = 0;
    p->wire = p->body_got = 0;
    p->body_most = p->limits->body_bytes;
    p->sink = NULL;
    p->minor = 1;
    p->n = p->hosts = 0;
    p->has_line = p->has_length = p->has_coding = p->expect = p->keep_alive = p->streamed = false;
}

void parse_free(struct parse *p)
{
    buf_free(&p->head);
    buf_free(&p->body);
}
