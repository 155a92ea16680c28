/* HTTP/1.1 server on libuv and llhttp. Knows no CRM word. One loop thread. */
#pragma once
#include "base/buf.h"
#include <uv.h>

struct http_server;
struct http_request;

struct http_limits {
    size_t head_bytes, body_bytes;     /* 32 KiB, 8 MiB */
    int64_t head_ms, body_ms, idle_ms; /* a deadline by phase: 10 s, 30 s, 75 s */
    size_t connections;                /* more than this: the newest is answered 503 and closed; 10,000 */
    int64_t ping_ms;                   /* between the pings of an event stream: 20 s */
};                                     /* a limit left 0 is the default one */
extern const struct http_limits http_default_limits;

struct http_config {
    const char *host; /* "127.0.0.1" */
    int port;         /* 0: any free one, http_port tells */
    struct http_limits limits;
    /* Every request, in the loop thread, its body complete. It must lead to exactly one answer (now or later). */
    void (*handle)(void *arg, struct http_request *r);
    /* Shall the body of this request, whose head is complete, wait for http_receive? Then `handle` is called before the
     * body comes. NULL: none. */
    bool (*streams)(void *arg, struct http_request *r);
    void *arg;
};
MUST_USE enum rc http_start(struct http_server **out, uv_loop_t *loop, const struct http_config *config, struct err *e);
int http_port(const struct http_server *s);
/* No new connections; answers what is under way, ends event streams, then closes its handles, so that uv_run returns
 * when nothing else lives on the loop. Loop thread. */
void http_stop(struct http_server *s);
/* After the loop has closed everything and no thread calls http_post any more. */
void http_free(struct http_server *s);

/* The request; everything is valid until it is answered. */
struct http_request {
    struct arena *arena; /* freed after the answer has been written */
    struct str method;   /* "GET" */
    struct str target;   /* as sent */
    struct str path;     /* before '?', not decoded; no empty, '.' or '..' segments (those are answered 400) */
    struct str query;    /* behind '?' */
    struct str body;
    bool head_only; /* HEAD: is handled as GET, the body is not sent */
    char peer[48];  /* address of the peer */
    bool peer_loopback;
    bool streamed; /* the body has not been read: http_receive takes it; an answer without it closes the connection */
    void *user;    /* the handler's */
};
struct str http_header(const struct http_request *r, const char *lower_name); /* STR_NULL when absent */
/* Value of a query parameter, decoded; STR_NULL when absent. */
struct str http_param(struct http_request *r, const char *name);
struct str http_cookie(const struct http_request *r, const char *name);

/* Adds a header to the answer; copied. Content-Security-Policy and Cache-Control (no-store) replace what the server
 * sends by itself; with Content-Encoding the body is taken as already encoded. Values with control characters are
 * dropped and logged. */
void http_set(struct http_request *r, const char *name, struct str value);
/* The buffer to write a body into; freed by the server. */
struct buf *http_body(struct http_request *r);
/* Answers with what http_body holds: adds content-length, compresses (brotli is for static files; gzip by libdeflate,
 * level 1) when it is text or JSON, over 1 KiB and the client accepts. Loop thread only. */
void http_send(struct http_request *r, int status, const char *content_type);
/* Answers with bytes that live as long as the program, such as embedded files. content_encoding may be NULL. */
void http_send_static(struct http_request *r, int status, const char *content_type, struct str bytes,
                      const char *content_encoding);
/* Takes the body of a streamed request into a new file of `folder`, which no limit of memory holds back: what comes
 * faster than the disk writes is left to the peer. Then calls done once in the loop, with the path of the file (in the
 * request's arena) and its size, and the file is the caller's; or with path NULL and *e, nothing being left of it:
 * body_too_large (over `most`), body_timeout, body_broken (the peer has gone, bad chunks), file_write_failed. In both
 * cases the request is still to be answered. Loop thread. */
void http_receive(struct http_request *r, const char *folder, uint64_t most,
                  void (*done)(void *arg, const char *path, int64_t size, const struct err *e), void *arg);
/* Answers with `size` bytes of an open file from its beginning, read as the peer takes them; the file is closed in any
 * case. A file that turns out shorter breaks the connection off. Loop thread. */
void http_send_fd(struct http_request *r, int status, const char *content_type, int fd, int64_t size);
/* From any thread: runs fn(arg) in the loop thread soon. False, and nothing is run, after the server has stopped and
 * closed: arg stays the caller's. */
bool http_post(struct http_server *s, void (*fn)(void *arg), void *arg);

/* Server-sent events: http_sse answers 200 text/event-stream and keeps the connection; comment pings every 20 s.
 * A client that does not read (over 1 MiB waiting) is cut off. `closed` tells once when it has gone, for
 * whatever reason (http_sse_close too, some time after it); then the stream is gone too. This is the answer to r: r and
 * its arena are gone when it returns. NULL, and no `closed`, when the peer has already left or the server stops. */
struct http_sse;
struct http_sse *http_sse(struct http_request *r, void (*closed)(void *arg, struct http_sse *s), void *arg);
void http_sse_send(struct http_sse *s, struct str bytes); /* complete "event: ...\ndata: ...\n\n" text; copied */
void http_sse_close(struct http_sse *s);

/* Files embedded in the program (table generated at build time from web/dist). */
struct http_file {
    const char *path; /* "/assets/index-abc.js" */
    const char *type;
    const char *etag;
    struct str plain, gzip, brotli; /* gzip or brotli may be STR_NULL */
    bool immutable;
};
/* Answers path from the table (encodings, ETag / 304, cache headers); false when the table has no such path. */
bool http_send_file(struct http_request *r, const struct http_file *files, size_t n, struct str path);
/* Headers every answer carries: CSP default-src 'self', nosniff, no-referrer, frame-ancestors 'none'. Set by the
 * server. */
