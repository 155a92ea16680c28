/* Server-sent events. An open stream costs its connection and this object; text goes straight to the socket, and only
 * what the socket does not take is kept. */
#include "base/log.h"
#include "http/internal.h"
#include <stdlib.h>

#define WAITING_MOST ((size_t)1024 * 1024)

struct http_sse {
    struct conn *conn;
    void (*closed)(void *arg, struct http_sse *s);
    void *arg;
    struct buf going, waiting; /* handed to the kernel's queue; behind it */
    bool writing;
    int64_t last; /* when something was last sent */
    uv_write_t write;
};

static void pump(struct http_sse *s);

static void on_written(uv_write_t *w, int status)
{
    struct http_sse *s = w->data;
    s->writing = false;
    buf_free(&s->going);
    if (status < 0)
        conn_close(s->conn);
    else if (s->waiting.len)
        pump(s);
}

/* Hands all that waits to libuv. */
static void pump(struct http_sse *s)
{
    s->going = s->waiting;
    s->waiting = (struct buf){0};
    uv_buf_t b = {s->going.ptr, s->going.len};
    s->write.data = s;
    s->writing = true;
    if (uv_write(&s->write, (uv_stream_t *)&s->conn->tcp, &b, 1, on_written) != 0) {
        s->writing = false;
        conn_close(s->conn);
    }
}

static void sse_write(struct http_sse *s, struct str bytes)
{
    struct conn *c = s->conn;
    if (c->closing || bytes.len == 0)
        return;
    s->last = server_now(c->server);
    if (!s->writing) {
        uv_buf_t b = {(char *)(uintptr_t)bytes.ptr, bytes.len};
        int n = uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
        if (n < 0 && n != UV_EAGAIN) {
            conn_close(c);
            return;
        }
        size_t done = n > 0 ? (size_t)n : 0;
        if (done == bytes.len)
            return;
        buf_add(&s->waiting, bytes.ptr + done, bytes.len - done);
        pump(s);
        return;
    }
    if (uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) + s->waiting.len + bytes.len > WAITING_MOST) {
        log_info("http: a client that does not read its events was cut off");
        conn_close(c);
        return;
    }
    buf_str(&s->waiting, bytes);
}

struct http_sse *http_sse(struct http_request *r, void (*closed)(void *arg, struct http_sse *s), void *arg)
{
    struct req *q = req_of(r);
    struct conn *c = q->conn;
    if (c->closing || c->eof || c->server->stopping || r->head_only) {
        http_send(r, c->server->stopping ? 503 : 200, "text/event-stream");
        return NULL;
    }
    struct http_sse *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    *s = (struct http_sse){.conn = c, .closed = closed, .arg = arg};
    q->close = true; /* the stream ends with its connection */
    http_set(r, "X-Accel-Buffering", STR("no"));
    c->sse = s;
    c->phase = PHASE_SSE;
    c->deadline = 0;
    buf_free(&c->in);
    if (c->stopped) /* a reader would not be missed, but its going away would */
        conn_close(c);
    sse_write(s, answer_head(q, 200, "text/event-stream", LENGTH_NONE, NULL));
    c->req = NULL;
    req_release(q);
    return s;
}

void http_sse_send(struct http_sse *s, struct str bytes)
{
    sse_write(s, bytes);
}

void http_sse_close(struct http_sse *s)
{
    conn_close(s->conn);
}

void sse_tick(struct http_sse *s, int64_t now, int64_t ping_ms)
{
    if (now - s->last >= ping_ms)
        sse_write(s, STR(":\n\n"));
}

void sse_gone(struct http_sse *s)
{
    if (s->closed)
        s->closed(s->arg, s);
    buf_free(&s->going);
    buf_free(&s->waiting);
    free(s);
}
