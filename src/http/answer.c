/* Answering: the head is put together in one buffer, the body stands beside it, both leave with one system call. */
#include "base/log.h"
#include "http/internal.h"
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GZIP_LEAST 1024

#define CSP                                                                                                            \
    "Content-Security-Policy: default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "         \
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'\r\n"
#define ALWAYS "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"

static bool printable(struct str v)
{
    for (size_t i = 0; i < v.len; i++) {
        uint8_t c = (uint8_t)v.ptr[i];
        if ((c < 32 && c != '\t') || c == 127)
            return false;
    }
    return true;
}

static bool name_eq(const char *name, const char *lower)
{
    for (; *name && *lower; name++, lower++) {
        if ((*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name) != *lower)
            return false;
    }
    return *name == *lower;
}

void http_set(struct http_request *r, const char *name, struct str value)
{
    struct req *q = req_of(r);
    if (!printable(value)) {
        log_warn("http: dropped header %s: its value holds a control character", name);
        return;
    }
    q->set_csp |= name_eq(name, "content-security-policy");
    q->set_cache |= name_eq(name, "cache-control");
    q->set_coding |= name_eq(name, "content-encoding");
    q->set_vary |= name_eq(name, "vary");
    buf_c(&q->set, name);
    buf_add(&q->set, ": ", 2);
    buf_str(&q->set, value);
    buf_add(&q->set, "\r\n", 2);
}

struct buf *http_body(struct http_request *r)
{
    return &req_of(r)->out;
}

bool answer_bodiless(int status)
{
    return status == 204 || status == 304 || status < 200;
}

static struct str server_date(struct http_server *s)
{
    int64_t now = server_now(s);
    if (s->date_len == 0 || now - s->date_at >= 1000) {
        s->date_len = date_line(s->date, (int64_t)time(NULL));
        s->date_at = now;
    }
    return (struct str){s->date, s->date_len};
}

#define PUT(b, lit) put((b), STR(lit))
static inline void put(struct buf *b, struct str s) /* room has been reserved */
{
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

static void put_status(struct buf *b, int status)
{
    if (status == 200) {
        PUT(b, "HTTP/1.1 200 OK\r\n");
        return;
    }
    PUT(b, "HTTP/1.1 ");
    buf_i64(b, status);
    PUT(b, " ");
    put(b, str_c(status_title(status)));
    PUT(b, "\r\n");
}

struct str answer_head(struct req *q, int status, const char *type, uint64_t length, const char *coding)
{
    struct buf *b = &q->head;
    struct str t = str_c(type), enc = str_c(coding);
    buf_clear(b);
    buf_reserve(b, 1024 + q->set.len + t.len + enc.len);
    put_status(b, status);
    put(b, server_date(q->conn->server));
    if (t.ptr) {
        PUT(b, "Content-Type: ");
        put(b, t);
        PUT(b, "\r\n");
    }
    if (enc.ptr) {
        PUT(b, "Content-Encoding: ");
        put(b, enc);
        PUT(b, "\r\n");
    }
    if (length != LENGTH_NONE && !answer_bodiless(status)) {
        PUT(b, "Content-Length: ");
        buf_i64(b, (int64_t)length);
        PUT(b, "\r\n");
    }
    if (!q->set_cache)
        PUT(b, "Cache-Control: no-store\r\n");
    if (!q->set_csp)
        PUT(b, CSP);
    PUT(b, ALWAYS);
    if (q->close)
        PUT(b, "Connection: close\r\n");
    else if (q->parse.minor == 0)
        PUT(b, "Connection: keep-alive\r\n");
    if (q->set.len)
        put(b, buf_view(&q->set));
    PUT(b, "\r\n");
    return buf_view(b);
}

static bool worth_compressing(const char *type)
{
    return type && (strncmp(type, "text/", 5) == 0 || strstr(type, "json") || strstr(type, "javascript") ||
                    strstr(type, "xml"));
}

/* The body gzipped into q->gz, or nothing when that gains nothing. */
static struct str gzipped(struct req *q, struct str body)
{
    struct http_server *s = q->conn->server;
    if (!s->gzip)
        s->gzip = libdeflate_alloc_compressor(1);
    if (!s->gzip)
        return STR_NULL;
    buf_clear(&q->gz);
    buf_reserve(&q->gz, body.len);
    size_t n = libdeflate_gzip_compress(s->gzip, body.ptr, body.len, q->gz.ptr, body.len);
    return n ? (struct str){q->gz.ptr, n} : STR_NULL;
}

static void send_body(struct req *q, int status, const char *type, struct str body, const char *coding)
{
    struct str head = answer_head(q, status, type, body.len, coding);
    if (q->pub.head_only || answer_bodiless(status))
        body.len = 0;
    conn_write(q, head, body);
}

void http_send(struct http_request *r, int status, const char *content_type)
{
    struct req *q = req_of(r);
    struct str body = buf_view(&q->out);
    const char *coding = NULL;
    if (body.len >= GZIP_LEAST && !q->set_coding && worth_compressing(content_type)) {
        if (!q->set_vary)
            http_set(r, "Vary", STR("Accept-Encoding"));
        struct str gz = accept_codings(r) & ACCEPT_GZIP ? gzipped(q, body) : STR_NULL;
        if (gz.ptr) {
            body = gz;
            coding = "gzip";
        }
    }
    send_body(q, status, content_type, body, coding);
}

void http_send_static(struct http_request *r, int status, const char *content_type, struct str bytes,
                      const char *content_encoding)
{
    send_body(req_of(r), status, content_type, bytes, content_encoding);
}
