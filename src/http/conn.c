/* A connection: bytes in, requests out one at a time, answers back, deadlines by phase. */
#include "base/log.h"
#include "http/internal.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define LINGER_MS 2000               /* after the last byte heard */
#define STOP_MS 5000                 /* what is under way gets this long when the server stops */
#define IN_MOST ((size_t)256 * 1024) /* waiting input; more is left to the kernel */
#define CROWD 64                     /* refused connections answered at a time */

void conn_phase(struct conn *c, enum phase phase, int64_t ms)
{
    c->phase = phase;
    c->deadline = ms ? server_now(c->server) + ms : 0;
}

/* --- the end of a connection --- */

static void conn_free(struct conn *c)
{
    struct http_server *s = c->server;
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->n_conns--;
    buf_free(&c->in);
    c->magic = 0;
    free(c);
    server_conn_gone(s);
}

static void on_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    c->closed = true;
    if (c->sse) {
        struct http_sse *sse = c->sse;
        c->sse = NULL;
        sse_gone(sse);
    }
    if (c->req && c->req->receive && c->phase == PHASE_BODY) {
        receive_fail(c->req, RC_INVALID, "body_broken", "the peer has gone");
        return;
    }
    if (c->req && (c->phase == PHASE_HANDLE || c->req->download))
        return; /* its answer will come, and go nowhere */
    if (c->req)
        req_release(c->req);
    conn_free(c);
}

void conn_close(struct conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static void on_shutdown(uv_shutdown_t *shut, int status)
{
    struct conn *c = shut->data;
    if (status < 0)
        conn_close(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b);
static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
    (void)suggested;
    struct conn *c = h->data;
    *b = uv_buf_init(c->server->input, INPUT_BYTES);
}

void conn_pause(struct conn *c)
{
    if (c->stopped)
        return;
    c->stopped = true;
    uv_read_stop((uv_stream_t *)&c->tcp);
}

void conn_resume(struct conn *c)
{
    if (!c->stopped || c->closing)
        return;
    c->stopped = false;
    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* Everything has been answered: no more is sent, and what still comes is read away, because closing with unread input
 * would reset the connection and could destroy the answer on its way. */
static void conn_finish(struct conn *c)
{
    if (c->closing)
        return;
    c->shut.data = c;
    if (c->eof || uv_shutdown(&c->shut, (uv_stream_t *)&c->tcp, on_shutdown) != 0) {
        conn_close(c);
        return;
    }
    buf_free(&c->in);
    conn_phase(c, PHASE_LINGER, LINGER_MS);
    c->linger_end = server_now(c->server) + c->server->cfg.limits.body_ms;
    conn_resume(c);
}

/* --- answers out --- */

/* The answer is written (or can not be): what comes next? */
void conn_answered(struct req *q)
{
    struct conn *c = q->conn;
    bool close = q->close;
    c->req = NULL;
    req_release(q);
    if (c->closed) {
        conn_free(c);
        return;
    }
    if (c->closing)
        return;
    if (close) {
        conn_finish(c);
        return;
    }
    conn_phase(c, PHASE_IDLE, c->server->cfg.limits.idle_ms);
    if (!c->running)
        conn_next(c);
}

static void on_written(uv_write_t *w, int status)
{
    struct req *q = w->data;
    if (status < 0)
        conn_close(q->conn);
    conn_answered(q);
}

void conn_write(struct req *q, struct str head, struct str body)
{
    struct conn *c = q->conn;
    assert(q->magic == REQ_MAGIC && c->magic == CONN_MAGIC && c->req == q);
    if (c->closing) {
        conn_answered(q);
        return;
    }
    uv_buf_t bufs[2] = {{(char *)(uintptr_t)head.ptr, head.len}, {(char *)(uintptr_t)body.ptr, body.len}};
    uv_stream_t *stream = (uv_stream_t *)&c->tcp;
    unsigned n = body.len ? 2 : 1, i = 0;
    int wrote = uv_try_write(stream, bufs, n);
    size_t done = wrote > 0 ? (size_t)wrote : 0;
    if (wrote < 0 && wrote != UV_EAGAIN)
        conn_close(c);
    if (c->closing || done == head.len + body.len) {
        conn_answered(q);
        return;
    }
    while (done >= bufs[i].len)
        done -= bufs[i++].len;
    bufs[i].base += done;
    bufs[i].len -= done;
    q->write.data = q;
    conn_phase(c, PHASE_WRITE, c->server->stopping ? STOP_MS : c->server->cfg.limits.idle_ms);
    if (uv_write(&q->write, stream, bufs + i, n - i, on_written) != 0) {
        conn_close(c);
        conn_answered(q);
        return;
    }
    c->unread = uv_stream_get_write_queue_size(stream);
}

void conn_fail(struct conn *c, int status, const char *code, const char *detail)
{
    struct req *q = c->req ? c->req : req_take(c);
    q->close = true;
    buf_clear(&q->out);
    problem_write(&q->out, status, code, detail);
    c->phase = PHASE_HANDLE;
    http_send(&q->pub, status, "application/problem+json");
}

/* --- requests in --- */

static void begin_request(struct conn *c)
{
    req_take(c);
    conn_phase(c, PHASE_HEAD, c->server->cfg.limits.head_ms);
}

static void request_ready(struct conn *c)
{
    struct req *q = c->req;
    req_fill(q);
    q->close = !q->parse.keep_alive || c->server->stopping;
    conn_phase(c, PHASE_HANDLE, 0);
    c->server->cfg.handle(c->server->cfg.arg, &q->pub);
}

/* The handler has a request whose body waits. Until that is received, an answer is the last one. */
static void stream_ready(struct conn *c)
{
    struct req *q = c->req;
    q->close = true;
    q->pub.streamed = true;
    conn_phase(c, PHASE_HANDLE, 0);
    c->server->cfg.handle(c->server->cfg.arg, &q->pub);
}

/* The head is complete and a body follows. */
static void body_begins(struct conn *c, bool more_is_here)
{
    if (c->req->parse.streamed) {
        stream_ready(c);
        return;
    }
    static char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    conn_phase(c, PHASE_BODY, c->server->cfg.limits.body_ms);
    if (!c->req->parse.expect || more_is_here || c->req->parse.minor == 0)
        return;
    uv_buf_t b = {go_on, sizeof go_on - 1};
    if (uv_try_write((uv_stream_t *)&c->tcp, &b, 1) != (int)b.len)
        conn_close(c); /* nothing else is being written, so a full socket means a broken peer */
}

static bool takes_input(const struct conn *c)
{
    return !c->closing && c->phase <= PHASE_BODY;
}

static void received(struct req *q)
{
    const struct parse *p = &q->parse;
    if (p->state == PARSE_FAILED)
        receive_fail(q, p->status == 413 ? RC_TOO_LARGE : RC_INVALID,
                     p->status == 413 ? "body_too_large" : "body_broken", p->detail);
    else if (p->state == PARSE_DONE)
        receive_end(q);
    else
        receive_more(q);
}

static size_t conn_step(struct conn *c, const char *bytes, size_t n)
{
    if (!c->req)
        begin_request(c);
    struct parse *p = &c->req->parse;
    size_t took = parse_feed(p, bytes, n);
    if (p->state == PARSE_BODY && c->phase == PHASE_HEAD)
        body_begins(c, took < n);
    else if (c->req->receive)
        received(c->req);
    else if (p->state == PARSE_DONE)
        request_ready(c);
    else if (p->state == PARSE_FAILED)
        conn_fail(c, p->status, p->code, p->detail);
    return took;
}

static void keep_input(struct conn *c, const char *bytes, size_t n)
{
    buf_add(&c->in, bytes, n);
    if (c->in.len > IN_MOST)
        conn_pause(c);
}

static void conn_input(struct conn *c, const char *bytes, size_t n)
{
    size_t off = 0;
    c->running = true;
    while (off < n && takes_input(c))
        off += conn_step(c, bytes + off, n - off);
    c->running = false;
    if (off < n && !c->closing && (c->phase == PHASE_HANDLE || c->phase == PHASE_WRITE))
        keep_input(c, bytes + off, n - off);
}

/* After an answer: what has come meanwhile? */
void conn_next(struct conn *c)
{
    if (c->in.len) {
        struct buf in = c->in;
        c->in = (struct buf){0};
        conn_input(c, in.ptr, in.len);
        buf_free(&in);
    }
    if (takes_input(c) && !(c->req && c->req->receive && receive_writing(c->req)))
        conn_resume(c);
    if ((c->eof && takes_input(c)) || (c->server->stopping && c->phase == PHASE_IDLE))
        conn_close(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct conn *c = stream->data;
    if (c->closing || n == 0)
        return;
    if (n == UV_EOF && (c->phase == PHASE_HANDLE || c->phase == PHASE_WRITE)) {
        c->eof = true; /* the peer has only closed its half, or so it may be: it gets its answer */
        return;
    }
    if (n < 0) {
        conn_close(c);
        return;
    }
    if (c->phase == PHASE_SSE)
        return;
    if (c->phase == PHASE_LINGER)
        c->deadline = server_now(c->server) + LINGER_MS;
    else if (takes_input(c))
        conn_input(c, b->base, (size_t)n);
    else
        keep_input(c, b->base, (size_t)n);
}

/* --- beginning and deadlines --- */

static void peer_name(struct conn *c)
{
    struct sockaddr_storage a = {0};
    int len = sizeof a;
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &len) != 0)
        return;
    if (a.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&a;
        uv_ip4_name(in, c->peer, sizeof c->peer);
        c->loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
    } else if (a.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a;
        uv_ip6_name(in6, c->peer, sizeof c->peer);
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127;
        c->loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) || mapped;
    }
}

void conn_accept(struct http_server *s)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return;
    c->magic = CONN_MAGIC;
    c->server = s;
    c->tcp.data = c;
    if (uv_tcp_init(s->loop, &c->tcp) != 0) {
        free(c);
        return;
    }
    c->next = s->conns;
    if (s->conns)
        s->conns->prev = c;
    s->conns = c;
    bool full = s->n_conns++ >= s->cfg.limits.connections;
    conn_phase(c, PHASE_IDLE, s->cfg.limits.head_ms);
    if (uv_accept((uv_stream_t *)&s->listener, (uv_stream_t *)&c->tcp) != 0 || s->stopping ||
        s->n_conns > s->cfg.limits.connections + CROWD) {
        conn_close(c);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    peer_name(c);
    if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
        conn_close(c);
    else if (full)
        conn_fail(c, 503, "overloaded", "too many connections");
}

static bool nothing_said(const struct conn *c)
{
    const struct buf *head = &c->req->parse.head;
    for (size_t i = 0; i < head->len; i++) {
        if (head->ptr[i] != '\r' && head->ptr[i] != '\n')
            return false;
    }
    return true;
}

static void too_slow(struct conn *c, int64_t now)
{
    size_t unread;
    switch (c->phase) {
    case PHASE_HEAD:
        if (nothing_said(c))
            conn_close(c);
        else
            conn_fail(c, 408, "timeout", "the request did not arrive in time");
        break;
    case PHASE_BODY:
        if (c->req->receive) {
            receive_fail(c->req, RC_INVALID, "body_timeout", "the body did not arrive in time");
            break;
        }
        conn_fail(c, 408, "timeout", "the body did not arrive in time");
        break;
    case PHASE_WRITE:
        unread = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
        if (unread < c->unread && !c->server->stopping)
            c->deadline = now + c->server->cfg.limits.idle_ms;
        else
            conn_close(c);
        c->unread = unread;
        break;
    default:
        conn_close(c);
    }
}

void conn_tick(struct conn *c, int64_t now)
{
    if (c->closing)
        return;
    if (c->phase == PHASE_SSE)
        sse_tick(c->sse, now, c->server->cfg.limits.ping_ms);
    else if (c->phase == PHASE_LINGER && now >= c->linger_end)
        conn_close(c);
    else if (c->deadline && now >= c->deadline)
        too_slow(c, now);
}

void conn_stop(struct conn *c)
{
    if (c->phase == PHASE_IDLE || c->phase == PHASE_SSE) {
        conn_close(c);
        return;
    }
    int64_t end = server_now(c->server) + STOP_MS;
    if (c->req)
        c->req->close = true;
    if (c->deadline > end)
        c->deadline = end;
}
