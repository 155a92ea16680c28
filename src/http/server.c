#include "base/log.h"
#include "http/internal.h"
#include <assert.h>
#include <libdeflate.h>
#include <signal.h>
#include <stdlib.h>

#define POOL_MOST 128                 /* requests kept for reuse */
#define KEEP_MOST ((size_t)64 * 1024) /* a pooled request keeps buffers of this size, bigger ones are given back */
#define BACKLOG 1024

const struct http_limits http_default_limits = {
    .head_bytes = (size_t)32 * 1024,
    .body_bytes = (size_t)8 * 1024 * 1024,
    .head_ms = 10000,
    .body_ms = 30000,
    .idle_ms = 75000,
    .connections = 10000,
    .ping_ms = 20000,
};

/* --- the pool of requests --- */

struct req *req_take(struct conn *c)
{
    struct http_server *s = c->server;
    struct req *q = s->pool;
    if (q) {
        s->pool = q->next;
        s->n_pool--;
    } else {
        q = calloc(1, sizeof *q);
        if (!q)
            abort();
        q->magic = REQ_MAGIC;
        parse_init(&q->parse, &s->cfg.limits);
        q->parse.wants_stream = s->cfg.streams ? receive_wanted : NULL;
        parse_reset(&q->parse);
    }
    q->conn = c;
    q->pub = (struct http_request){.arena = &q->arena, .peer_loopback = c->loopback};
    memcpy(q->pub.peer, c->peer, sizeof c->peer);
    q->set_csp = q->set_cache = q->set_coding = q->set_vary = q->close = false;
    c->req = q;
    return q;
}

static void req_free(struct req *q)
{
    parse_free(&q->parse);
    buf_free(&q->out);
    buf_free(&q->head);
    buf_free(&q->gz);
    buf_free(&q->set);
    arena_free(&q->arena);
    q->magic = 0;
    free(q);
}

static void keep_small(struct buf *b)
{
    if (b->cap > KEEP_MOST)
        buf_free(b);
    else
        buf_clear(b);
}

void req_release(struct req *q)
{
    struct http_server *s = q->conn->server;
    if (s->n_pool >= POOL_MOST) {
        req_free(q);
        return;
    }
    parse_reset(&q->parse);
    keep_small(&q->out);
    keep_small(&q->head);
    keep_small(&q->gz);
    keep_small(&q->set);
    if (q->arena.total > KEEP_MOST)
        arena_free(&q->arena);
    else
        arena_reset(&q->arena);
    q->conn = NULL;
    q->next = s->pool;
    s->pool = q;
    s->n_pool++;
}

/* --- starting --- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *s = listener->data;
    if (status < 0) {
        log_warn("http: accept: %s", uv_strerror(status));
        return;
    }
    conn_accept(s);
}

static void on_tick(uv_timer_t *t)
{
    struct http_server *s = t->data;
    int64_t now = server_now(s);
    for (struct conn *c = s->conns, *next; c; c = next) {
        next = c->next; /* closing is asynchronous: nothing leaves the list here but what answers itself */
        conn_tick(c, now);
    }
}

static void on_posts(uv_async_t *a)
{
    struct http_server *s = a->data;
    uv_mutex_lock(&s->lock);
    VEC(struct post) list;
    memcpy(&list, &s->posts, sizeof list);
    memset(&s->posts, 0, sizeof s->posts);
    uv_mutex_unlock(&s->lock);
    for (size_t i = 0; i < list.len; i++)
        list.ptr[i].fn(list.ptr[i].arg);
    free(list.ptr);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void defaults(struct http_limits *l)
{
    const struct http_limits *d = &http_default_limits;
    l->head_bytes = l->head_bytes ? l->head_bytes : d->head_bytes;
    l->body_bytes = l->body_bytes ? l->body_bytes : d->body_bytes;
    l->head_ms = l->head_ms ? l->head_ms : d->head_ms;
    l->body_ms = l->body_ms ? l->body_ms : d->body_ms;
    l->idle_ms = l->idle_ms ? l->idle_ms : d->idle_ms;
    l->connections = l->connections ? l->connections : d->connections;
    l->ping_ms = l->ping_ms ? l->ping_ms : d->ping_ms;
}

static int address(const char *host, int port, struct sockaddr_storage *out)
{
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)out) == 0)
        return 0;
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)out);
}

static int listen_on(struct http_server *s)
{
    struct sockaddr_storage a = {0};
    int r = address(s->cfg.host, s->cfg.port, &a);
    if (r == 0)
        r = uv_tcp_bind(&s->listener, (struct sockaddr *)&a, 0);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection);
    int len = sizeof a;
    if (r == 0)
        r = uv_tcp_getsockname(&s->listener, (struct sockaddr *)&a, &len);
    s->port =
        ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
    return r;
}

static void on_handle_closed(uv_handle_t *h)
{
    struct http_server *s = h->data;
    if (--s->handles == 0) {
        uv_mutex_lock(&s->lock);
        s->ended = true;
        uv_mutex_unlock(&s->lock);
    }
}

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, on_handle_closed);
}

enum rc http_start(struct http_server **out, uv_loop_t *loop, const struct http_config *config, struct err *e)
{
    struct http_server *s = calloc(1, sizeof *s);
    if (!s || !(s->input = malloc(INPUT_BYTES)) || uv_mutex_init(&s->lock) != 0)
        abort();
    signal(SIGPIPE, SIG_IGN); /* a peer that has gone is an error of write, not the end of the program */
    s->magic = SERVER_MAGIC;
    s->loop = loop;
    s->cfg = *config;
    defaults(&s->cfg.limits);
    const struct http_limits *l = &s->cfg.limits;
    int64_t tick = least(least(l->head_ms, l->body_ms), least(l->idle_ms, l->ping_ms)) / 4;
    s->tick_ms = (uint64_t)(tick < 10 ? 10 : least(tick, 500));
    uv_async_init(loop, &s->async, on_posts);
    uv_timer_init(loop, &s->timer);
    uv_tcp_init(loop, &s->listener);
    s->async.data = s->timer.data = s->listener.data = s;
    s->handles = 3;
    int r = listen_on(s);
    if (r != 0) {
        err_set(e, RC_UNAVAILABLE, "listen_failed", NULL, "%s:%d: %s", config->host, config->port, uv_strerror(r));
        http_stop(s);
        while (s->handles)
            uv_run(loop, UV_RUN_ONCE);
        http_free(s);
        return RC_UNAVAILABLE;
    }
    uv_timer_start(&s->timer, on_tick, s->tick_ms, s->tick_ms);
    *out = s;
    return RC_OK;
}

int http_port(const struct http_server *s)
{
    return s->port;
}

bool http_post(struct http_server *s, void (*fn)(void *arg), void *arg)
{
    uv_mutex_lock(&s->lock);
    bool taken = !s->ended;
    if (taken) {
        vec_push(&s->posts, ((struct post){fn, arg}));
        uv_async_send(&s->async);
    }
    uv_mutex_unlock(&s->lock);
    return taken;
}

/* --- stopping --- */

void server_conn_gone(struct http_server *s)
{
    if (!s->stopping || s->n_conns)
        return;
    uv_mutex_lock(&s->lock);
    s->ended = true; /* before the handle goes, so that nobody wakes it any more */
    uv_mutex_unlock(&s->lock);
    on_posts(&s->async);
    close_handle((uv_handle_t *)&s->timer);
    close_handle((uv_handle_t *)&s->async);
}

void http_stop(struct http_server *s)
{
    assert(s->magic == SERVER_MAGIC);
    if (s->stopping)
        return;
    s->stopping = true;
    close_handle((uv_handle_t *)&s->listener);
    for (struct conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        conn_stop(c);
    }
    server_conn_gone(s);
}

void http_free(struct http_server *s)
{
    if (!s)
        return;
    assert(s->magic == SERVER_MAGIC && s->handles == 0);
    while (s->pool) {
        struct req *q = s->pool;
        s->pool = q->next;
        req_free(q);
    }
    if (s->gzip)
        libdeflate_free_compressor(s->gzip);
    uv_mutex_destroy(&s->lock);
    vec_free(&s->posts);
    free(s->input);
    s->magic = 0;
    free(s);
}
