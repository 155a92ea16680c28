/* What the files of this folder share: the server, its connections and its pooled requests. */
#pragma once
#include "base/vec.h"
#include "http/parse.h"

#define SERVER_MAGIC 0x56534552u
#define CONN_MAGIC 0x56434f4eu
#define REQ_MAGIC 0x56524551u

enum phase {
    PHASE_IDLE,   /* between requests */
    PHASE_HEAD,   /* a head has begun */
    PHASE_BODY,   /* a body is awaited */
    PHASE_HANDLE, /* the handler has it; no deadline */
    PHASE_WRITE,  /* the answer waits for the peer to read */
    PHASE_LINGER, /* answered and shut down; reads on so that the peer gets the answer */
    PHASE_SSE,
};

/* Taken from the server's pool at the first byte of a request, given back when its answer has been written. */
struct req {
    struct http_request pub; /* first: a struct http_request * is a struct req * */
    unsigned magic;
    struct conn *conn; /* alive as long as its req */
    struct req *next;  /* in the pool */
    struct arena arena;
    struct parse parse;
    struct receive *receive;   /* of http_receive, under way */
    struct download *download; /* of http_send_fd, under way */
    struct buf out, head, gz;
    struct buf set; /* headers of http_set, as lines */
    bool set_csp, set_cache, set_coding, set_vary;
    bool close; /* the connection ends with this answer */
    uv_write_t write;
};

struct conn {
    uv_tcp_t tcp;
    unsigned magic;
    struct http_server *server;
    struct conn *prev, *next;
    struct req *req;
    struct http_sse *sse;
    struct buf in; /* bytes that came while a request was under way */
    int64_t deadline, linger_end;
    size_t unread; /* bytes the peer had not read when last looked */
    uv_shutdown_t shut;
    enum phase phase;
    bool running; /* inside conn_input */
    bool stopped; /* reading is paused: too much in `in` */
    bool eof;     /* the peer sends no more */
    bool closing; /* uv_close has been called */
    bool closed;  /* and done; only a request under way still keeps the object */
    bool loopback;
    char peer[48];
};

struct post {
    void (*fn)(void *arg);
    void *arg;
};

struct http_server {
    unsigned magic;
    uv_loop_t *loop;
    struct http_config cfg;
    uv_tcp_t listener;
    uv_timer_t timer;
    uv_async_t async;
    int port;
    int handles; /* of the three, open ones */
    bool stopping, ticking;
    uint64_t tick_ms;
    struct conn *conns;
    size_t n_conns;
    struct req *pool;
    size_t n_pool;
    struct libdeflate_compressor *gzip;
    int64_t date_at; /* uv_now of the cached date */
    char date[40];   /* "Date: ...\r\n" */
    size_t date_len;
    char *input; /* one read buffer for all connections */
    uv_mutex_t lock;
    VEC(struct post) posts;
    bool ended; /* under lock: nothing is taken any more */
};

#define INPUT_BYTES ((size_t)64 * 1024)

static inline struct req *req_of(const struct http_request *r)
{
    return (struct req *)(uintptr_t)r;
}
static inline int64_t server_now(const struct http_server *s)
{
    return (int64_t)uv_now(s->loop);
}

/* server.c */
struct req *req_take(struct conn *c);
void req_release(struct req *q);
void server_conn_gone(struct http_server *s);
/* conn.c */
void conn_accept(struct http_server *s);
void conn_close(struct conn *c);
void conn_fail(struct conn *c, int status, const char *code, const char *detail);
void conn_write(struct req *q, struct str head, struct str body); /* writes an answer, then goes on or closes */
void conn_tick(struct conn *c, int64_t now);
void conn_stop(struct conn *c);    /* the server stops: finish what is under way */
void conn_answered(struct req *q); /* the answer is written, or can not be: goes on or closes */
void conn_phase(struct conn *c, enum phase phase, int64_t ms);
void conn_next(struct conn *c);   /* takes what has come meanwhile */
void conn_resume(struct conn *c); /* reads on when reading was paused */
void conn_pause(struct conn *c);
/* receive.c */
bool receive_wanted(struct parse *p);
void receive_more(struct req *q);                                                   /* bytes have come */
void receive_end(struct req *q);                                                    /* the body is complete */
void receive_fail(struct req *q, enum rc rc, const char *code, const char *detail); /* it will not be */
bool receive_writing(const struct req *q);
/* answer.c */
#define LENGTH_NONE UINT64_MAX
/* Puts the head of an answer together in q->head. */
struct str answer_head(struct req *q, int status, const char *type, uint64_t length, const char *coding);
bool answer_bodiless(int status);
/* problem.c */
const char *status_title(int status);
void problem_write(struct buf *b, int status, const char *code, const char *detail);
/* date.c */
size_t date_line(char out[40], int64_t unix_seconds); /* "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" */
/* request.c */
void req_fill(struct req *q); /* the public request out of what has been parsed */
enum { ACCEPT_GZIP = 1, ACCEPT_BROTLI = 2 };
unsigned accept_codings(const struct http_request *r);
/* sse.c */
void sse_tick(struct http_sse *s, int64_t now, int64_t ping_ms);
void sse_gone(struct http_sse *s); /* the connection has closed */
