/* One request out of bytes, without sockets. The head is cut into lines and checked here more strictly than llhttp
 * does; llhttp then judges it as a whole, finds the length of the body and takes chunks apart. */
#pragma once
#include "http/http.h"
#include <llhttp.h>

#define PARSE_HEADERS 100

enum parse_state { PARSE_HEAD, PARSE_BODY, PARSE_DONE, PARSE_FAILED };

struct parse_field {
    uint32_t name, value; /* offsets into head */
    uint32_t name_len, value_len;
};
struct parse {
    enum parse_state state;
    llhttp_t ll;
    const struct http_limits *limits;
    struct buf head, body;
    uint64_t body_got, body_most; /* of the body's bytes */
    size_t line;                  /* where the line being read begins, in head */
    size_t start;                 /* where the request line begins: behind stray empty lines */
    size_t method_len, target, target_len;
    uint64_t wire; /* bytes of the body read from the wire, framing included */
    unsigned n, hosts;
    uint8_t minor; /* HTTP/1.minor */
    bool has_line, has_length, has_coding, expect, keep_alive;
    bool streamed; /* the body waits behind the head until somebody takes it */
    /* The head is complete and a body follows: true leaves it to a later `sink`. NULL: bodies go to `body`. */
    bool (*wants_stream)(struct parse *p);
    void (*sink)(void *arg, const char *bytes, size_t n); /* where the bytes of a streamed body go */
    void *sink_arg;
    /* PARSE_FAILED: what to answer */
    int status;
    const char *code, *detail;
    struct parse_field field[PARSE_HEADERS];
};
void parse_init(struct parse *p, const struct http_limits *limits); /* once */
void parse_reset(struct parse *p);                                  /* before each request; buffers are kept */
void parse_free(struct parse *p);
/* Takes bytes until the state changes; returns how many it took. */
size_t parse_feed(struct parse *p, const char *bytes, size_t n);
/* Fails with this answer. */
void parse_fail(struct parse *p, int status, const char *code, const char *detail);

/* Has the target of a request the origin form, without empty, dot or encoded dot segments and broken %XX? *path_len: up
 * to '?'. */
bool path_ok(struct str target, size_t *path_len);
