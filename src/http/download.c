/* An answer out of an open file: one block is read by the pool, then written; the next is read when the peer has taken
 * it. */
#include "base/log.h"
#include "http/internal.h"
#include <stdlib.h>
#include <unistd.h>

#define BLOCK ((size_t)128 * 1024)

struct download {
    struct req *q;
    int fd;
    int64_t left, at;
    char *block;
    uv_fs_t fs;
};

static void finish(struct download *d)
{
    struct req *q = d->q;
    close(d->fd);
    free(d->block);
    free(d);
    q->download = NULL;
    conn_answered(q);
}

static void break_off(struct download *d)
{
    conn_close(d->q->conn);
    finish(d);
}

static void read_block(struct download *d);

static void on_written(uv_write_t *w, int status)
{
    struct download *d = ((struct req *)w->data)->download;
    if (status < 0)
        break_off(d);
    else if (d->left == 0)
        finish(d);
    else
        read_block(d);
}

static void write_bytes(struct download *d, struct str bytes)
{
    struct req *q = d->q;
    struct conn *c = q->conn;
    if (c->closing) {
        finish(d);
        return;
    }
    uv_buf_t b = {(char *)(uintptr_t)bytes.ptr, bytes.len};
    q->write.data = q;
    if (!c->server->stopping || c->phase != PHASE_WRITE)
        conn_phase(c, PHASE_WRITE, c->server->cfg.limits.idle_ms);
    if (uv_write(&q->write, (uv_stream_t *)&c->tcp, &b, 1, on_written) != 0) {
        break_off(d);
        return;
    }
    c->unread = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
}

static void on_read(uv_fs_t *fs)
{
    struct download *d = fs->data;
    ssize_t n = fs->result;
    uv_fs_req_cleanup(fs);
    if (n <= 0) {
        log_warn("http: a file that is being sent ends too early");
        break_off(d);
        return;
    }
    d->left -= n;
    d->at += n;
    write_bytes(d, (struct str){d->block, (size_t)n});
}

static void read_block(struct download *d)
{
    size_t n = d->left < (int64_t)BLOCK ? (size_t)d->left : BLOCK;
    uv_buf_t b = uv_buf_init(d->block, (unsigned)n);
    d->fs.data = d;
    if (uv_fs_read(d->q->conn->server->loop, &d->fs, d->fd, &b, 1, d->at, on_read) != 0)
        abort(); /* only a missing callback is refused */
}

void http_send_fd(struct http_request *r, int status, const char *content_type, int fd, int64_t size)
{
    struct req *q = req_of(r);
    struct str head = answer_head(q, status, content_type, (uint64_t)size, NULL);
    if (r->head_only || size == 0 || q->conn->closing) {
        close(fd);
        conn_write(q, head, STR(""));
        return;
    }
    struct download *d = calloc(1, sizeof *d);
    char *block = malloc(BLOCK);
    if (!d || !block)
        abort();
    *d = (struct download){.q = q, .fd = fd, .left = size, .block = block};
    q->download = d;
    write_bytes(d, head);
}
