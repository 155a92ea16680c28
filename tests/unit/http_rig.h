/* A server in a thread of its own and a client of raw bytes, for the tests of src/http. */
#pragma once
#include "http/http.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
    uv_loop_t loop;
    pthread_t thread;
    struct http_server *server;
    int port;
};

static void *rig_run(void *arg)
{
    struct rig *g = arg;
    uv_run(&g->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void rig_start(struct rig *g, struct http_limits limits, void (*handle)(void *arg, struct http_request *r),
                      void *arg)
{
    struct err e;
    assert_int_equal(uv_loop_init(&g->loop), 0);
    struct http_config config = {.host = "127.0.0.1", .limits = limits, .handle = handle, .arg = arg};
    assert_int_equal(http_start(&g->server, &g->loop, &config, &e), RC_OK);
    g->port = http_port(g->server);
    assert_int_equal(pthread_create(&g->thread, NULL, rig_run, g), 0);
}

static void rig_stop_now(void *arg)
{
    http_stop(arg);
}

/* Every handle must have gone, else the loop can not be closed. */
static void rig_stop(struct rig *g)
{
    http_post(g->server, rig_stop_now, g->server);
    pthread_join(g->thread, NULL);
    assert_int_equal(uv_loop_close(&g->loop), 0);
    http_free(g->server);
}

static inline int client_open(const struct rig *g)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)g->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    int one = 1; /* single bytes are to leave as such */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static inline void client_send(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t w = send(fd, bytes, n, MSG_NOSIGNAL);
        if (w < 0)
            return; /* the server may have closed: what it answered is looked at */
        bytes += w;
        n -= (size_t)w;
    }
}
#define client_says(fd, lit) client_send((fd), lit, sizeof(lit) - 1)

struct reply {
    int status;
    char head[4096];
    char *body; /* NUL behind it; freed by reply_free */
    size_t len;
};

static inline void reply_free(struct reply *r)
{
    free(r->body);
    r->body = NULL;
}

static inline bool read_all(int fd, char *to, size_t n)
{
    while (n) {
        ssize_t got = recv(fd, to, n, 0);
        if (got <= 0)
            return false;
        to += got;
        n -= (size_t)got;
    }
    return true;
}

/* The value of a header of the reply, cut at its line end into `out`; NULL when absent. */
static inline const char *reply_header(const struct reply *r, const char *name, char out[512])
{
    char want[128];
    snprintf(want, sizeof want, "\r\n%s: ", name);
    const char *at = strcasestr(r->head, want);
    if (!at)
        return NULL;
    at += strlen(want);
    snprintf(out, 512, "%.*s", (int)strcspn(at, "\r"), at);
    return out;
}

/* Reads one answer; status 0 when the server closed without one. */
static inline struct reply client_reply_to(int fd, bool head_request)
{
    struct reply r = {0};
    size_t n = 0;
    while (n < sizeof r.head - 1 && read_all(fd, r.head + n, 1)) {
        n++;
        if (n >= 4 && memcmp(r.head + n - 4, "\r\n\r\n", 4) == 0) {
            char text[512];
            r.status = atoi(r.head + 9);
            const char *len = reply_header(&r, "Content-Length", text);
            r.len = len && !head_request ? strtoul(len, NULL, 10) : 0;
            break;
        }
    }
    r.body = calloc(1, r.len + 1);
    if (r.len)
        assert_true(read_all(fd, r.body, r.len));
    return r;
}
static inline struct reply client_reply(int fd)
{
    return client_reply_to(fd, false);
}

/* Does the server end the connection (after whatever it still sends)? */
static inline bool client_sees_end(int fd)
{
    char c[4096];
    ssize_t n;
    while ((n = recv(fd, c, sizeof c, 0)) > 0) {
    }
    return n == 0 || errno == ECONNRESET;
}
