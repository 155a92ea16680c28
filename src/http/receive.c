/* A body that goes to a file. Bytes are gathered in one buffer while the other is being written by the pool; when both
 * are full, reading from the peer pauses. */
#include "http/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK ((size_t)128 * 1024)   /* written at a time */
#define AHEAD ((size_t)1024 * 1024)  /* gathered while a block is being written */
#define STRIDE ((uint64_t)64 * 1024) /* each so many bytes give the peer another body_ms */

struct receive {
    struct req *q;
    int fd;
    char *path;
    struct buf gather, going;
    size_t gone; /* of going */
    int64_t size;
    uint64_t counted; /* of the body, when the deadline was last moved */
    bool writing, complete, failed;
    struct err err;
    uv_fs_t fs;
    void (*done)(void *arg, const char *path, int64_t size, const struct err *e);
    void *arg;
};

bool receive_wanted(struct parse *p)
{
    struct req *q = (struct req *)((char *)p - offsetof(struct req, parse));
    req_fill(q);
    const struct http_config *cfg = &q->conn->server->cfg;
    return cfg->streams(cfg->arg, &q->pub);
}

/* Everything is written, or nothing more will be. */
static void finish(struct receive *v)
{
    struct req *q = v->q;
    struct conn *c = q->conn;
    const char *path = v->failed ? NULL : v->path;
    if (v->fd >= 0 && close(v->fd) != 0 && path) {
        err_set(&v->err, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
        path = NULL;
    }
    if (!path && v->fd >= 0 && v->path)
        unlink(v->path);
    q->receive = NULL;
    q->parse.sink = NULL;
    q->close = !path || !q->parse.keep_alive || c->server->stopping;
    conn_phase(c, PHASE_HANDLE, 0);
    buf_free(&v->gather);
    buf_free(&v->going);
    v->done(v->arg, path, v->size, path ? NULL : &v->err);
    free(v);
}

static void pump(struct receive *v);

static void on_block(uv_fs_t *fs)
{
    struct receive *v = fs->data;
    ssize_t n = fs->result;
    uv_fs_req_cleanup(fs);
    v->writing = false;
    if (n < 0 && !v->failed) {
        v->failed = true;
        err_set(&v->err, RC_UNAVAILABLE, "file_write_failed", "", "%s", uv_strerror((int)n));
    }
    if (n > 0)
        v->gone += (size_t)n;
    pump(v);
}

/* Begins the next write when there is enough for one, ends when there is nothing more. */
static void pump(struct receive *v)
{
    if (v->writing)
        return;
    if (v->failed) {
        finish(v);
        return;
    }
    if (v->gone == v->going.len) {
        struct buf swap = v->going;
        if (v->complete && v->gather.len == 0) {
            finish(v);
            return;
        }
        if (v->gather.len < BLOCK && !v->complete) {
            conn_resume(v->q->conn);
            return;
        }
        v->going = v->gather;
        v->gather = swap;
        buf_clear(&v->gather);
        v->gone = 0;
    }
    uv_buf_t b = uv_buf_init(v->going.ptr + v->gone, (unsigned)(v->going.len - v->gone));
    v->writing = true;
    v->fs.data = v;
    if (uv_fs_write(v->q->conn->server->loop, &v->fs, v->fd, &b, 1, -1, on_block) != 0)
        abort(); /* only a missing callback is refused */
    if (!v->complete && v->gather.len < AHEAD)
        conn_resume(v->q->conn);
}

static void take(void *arg, const char *bytes, size_t n)
{
    struct receive *v = arg;
    if (v->failed)
        return;
    buf_add(&v->gather, bytes, n);
    v->size += (int64_t)n;
}

bool receive_writing(const struct req *q)
{
    return q->receive->writing && q->receive->gather.len >= AHEAD;
}

void receive_more(struct req *q)
{
    struct receive *v = q->receive;
    struct conn *c = q->conn;
    if (q->parse.body_got - v->counted >= STRIDE && !c->server->stopping) {
        v->counted = q->parse.body_got;
        conn_phase(c, PHASE_BODY, c->server->cfg.limits.body_ms);
    }
    if (v->writing && v->gather.len >= AHEAD)
        conn_pause(c);
    if (!v->writing)
        pump(v);
}

void receive_end(struct req *q)
{
    q->receive->complete = true;
    conn_phase(q->conn, PHASE_HANDLE, 0);
    pump(q->receive);
}

void receive_fail(struct req *q, enum rc rc, const char *code, const char *detail)
{
    struct receive *v = q->receive;
    if (!v->failed)
        err_set(&v->err, rc, code, "", "%s", detail);
    v->failed = true;
    conn_phase(q->conn, PHASE_HANDLE, 0);
    pump(v);
}

static void go_on(struct conn *c)
{
    static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    uv_buf_t b = {text, sizeof text - 1};
    if (uv_try_write((uv_stream_t *)&c->tcp, &b, 1) != (int)b.len)
        conn_close(c); /* nothing else is being written, so a full socket means a broken peer */
}

void http_receive(struct http_request *r, const char *folder, uint64_t most,
                  void (*done)(void *arg, const char *path, int64_t size, const struct err *e), void *arg)
{
    struct req *q = req_of(r);
    struct conn *c = q->conn;
    struct parse *p = &q->parse;
    struct receive *v = calloc(1, sizeof *v);
    if (!v)
        abort();
    *v = (struct receive){.q = q, .done = done, .arg = arg};
    v->path = str_cdup(r->arena, str_fmt(r->arena, "%s/incoming-XXXXXX", folder));
    v->fd = mkostemp(v->path, O_CLOEXEC);
    q->receive = v;
    if (v->fd < 0) {
        receive_fail(q, RC_UNAVAILABLE, "file_write_failed", strerror(errno));
        return;
    }
    if (!r->streamed) { /* a body of nothing */
        receive_end(q);
        return;
    }
    if (p->has_length && p->ll.content_length > most) {
        receive_fail(q, RC_TOO_LARGE, "body_too_large", "the body is too large");
        return;
    }
    if (c->closing) {
        receive_fail(q, RC_INVALID, "body_broken", "the peer has gone");
        return;
    }
    r->streamed = false;
    p->body_most = most;
    p->sink = take;
    p->sink_arg = v;
    conn_phase(c, PHASE_BODY, c->server->cfg.limits.body_ms);
    if (p->expect && c->in.len == 0 && p->minor == 1)
        go_on(c);
    if (!c->running)
        conn_next(c);
}
