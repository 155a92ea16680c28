/* Requests that two programs could read in two ways are refused, and the connection with them. */
#include "http_rig.h"

static void echo(void *arg, struct http_request *r)
{
    (void)arg;
    buf_fmt(http_body(r), "%.*s %.*s?%.*s [%.*s]", STR_ARG(r->method), STR_ARG(r->path), STR_ARG(r->query),
            STR_ARG(r->body));
    http_send(r, 200, "text/plain");
}

static struct rig rig;

static int start(void **state)
{
    (void)state;
    rig_start(&rig, (struct http_limits){.head_bytes = 4096, .body_bytes = 10000, .connections = 50}, echo, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

#define H "Host: shop\r\n"
struct bad {
    const char *what;
    int status;
    const char *code, *bytes;
    size_t len;
};
#define BAD(what, status, code, bytes)                                                                                 \
    {                                                                                                                  \
        what, status, code, bytes, sizeof(bytes) - 1                                                                   \
    }

static const struct bad malformed[] = {
    BAD("two lengths", 400, "bad_request", "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    BAD("two different lengths", 400, "bad_request",
        "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    BAD("a list of lengths", 400, "bad_request", "POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc"),
    BAD("length with chunked", 400, "bad_request",
        "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BAD("chunked with length", 400, "bad_request",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    BAD("signed length", 400, "bad_request", "POST / HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc"),
    BAD("negative length", 400, "bad_request", "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n"),
    BAD("length with a letter", 400, "bad_request", "POST / HTTP/1.1\r\n" H "Content-Length: 3a\r\n\r\nabc"),
    BAD("hexadecimal length", 400, "bad_request", "POST / HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\nabc"),
    BAD("empty length", 400, "bad_request", "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"),
    BAD("length beyond counting", 400, "bad_request",
        "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n"),
    BAD("unknown coding", 501, "transfer_coding", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n"),
    BAD("two codings", 501, "transfer_coding",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    BAD("coding twice", 400, "bad_request",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BAD("disguised coding", 501, "transfer_coding",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    BAD("coding in HTTP/1.0", 400, "bad_request",
        "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BAD("space before the colon", 400, "bad_request", "GET / HTTP/1.1\r\nHost : shop\r\n\r\n"),
    BAD("space before the colon of a length", 400, "bad_request",
        "POST / HTTP/1.1\r\n" H "Content-Length : 3\r\n\r\nabc"),
    BAD("folded header", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-A: one\r\n two\r\n\r\n"),
    BAD("fold by a tab", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-A: one\r\n\ttwo\r\n\r\n"),
    BAD("space before the first header", 400, "bad_request", "GET / HTTP/1.1\r\n " H "\r\n"),
    BAD("no Host", 400, "bad_request", "GET / HTTP/1.1\r\nX-A: 1\r\n\r\n"),
    BAD("two Hosts", 400, "bad_request", "GET / HTTP/1.1\r\n" H "Host: other\r\n\r\n"),
    BAD("empty Host", 400, "bad_request", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    BAD("Host with a path", 400, "bad_request", "GET / HTTP/1.1\r\nHost: shop/x\r\n\r\n"),
    BAD("Host with a user", 400, "bad_request", "GET / HTTP/1.1\r\nHost: a@shop\r\n\r\n"),
    BAD("NUL in a value", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-A: a\0b\r\n\r\n"),
    BAD("NUL in a name", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X\0A: a\r\n\r\n"),
    BAD("NUL in the target", 400, "bad_request", "GET /a\0b HTTP/1.1\r\n" H "\r\n"),
    BAD("control byte in a value", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-A: a\x01z\r\n\r\n"),
    BAD("DEL in a value", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-A: a\x7fz\r\n\r\n"),
    BAD("lone CR in a value", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-A: a\rX-B: b\r\n\r\n"),
    BAD("lone LF at a line's end", 400, "bad_request", "GET / HTTP/1.1\n" H "\r\n"),
    BAD("lone LF behind a header", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-A: a\n\r\n"),
    BAD("lone LF as the blank line", 400, "bad_request", "GET / HTTP/1.1\r\n" H "\n"),
    BAD("bytes beyond ASCII in a name", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X-\xd0\x90: a\r\n\r\n"),
    BAD("no name", 400, "bad_request", "GET / HTTP/1.1\r\n" H ": a\r\n\r\n"),
    BAD("no colon", 400, "bad_request", "GET / HTTP/1.1\r\n" H "nonsense\r\n\r\n"),
    BAD("bracket in a name", 400, "bad_request", "GET / HTTP/1.1\r\n" H "X(A): a\r\n\r\n"),
    BAD("absolute target", 400, "bad_request", "GET http://shop/ HTTP/1.1\r\n" H "\r\n"),
    BAD("asterisk target", 400, "bad_request", "OPTIONS * HTTP/1.1\r\n" H "\r\n"),
    BAD("tunnel", 400, "bad_request", "CONNECT shop:443 HTTP/1.1\r\n" H "\r\n"),
    BAD("tunnel to a path", 501, "method_unknown", "CONNECT /x HTTP/1.1\r\n" H "\r\n"),
    BAD("fragment in the target", 400, "bad_request", "GET /a#b HTTP/1.1\r\n" H "\r\n"),
    BAD("no leading slash", 400, "bad_request", "GET a HTTP/1.1\r\n" H "\r\n"),
    BAD("empty segment", 400, "bad_request", "GET //a HTTP/1.1\r\n" H "\r\n"),
    BAD("empty segment inside", 400, "bad_request", "GET /a//b HTTP/1.1\r\n" H "\r\n"),
    BAD("dot segment", 400, "bad_request", "GET /a/./b HTTP/1.1\r\n" H "\r\n"),
    BAD("dot dot segment", 400, "bad_request", "GET /a/../b HTTP/1.1\r\n" H "\r\n"),
    BAD("dot dot at the end", 400, "bad_request", "GET /a/.. HTTP/1.1\r\n" H "\r\n"),
    BAD("encoded dot dot", 400, "bad_request", "GET /a/%2e%2E/b HTTP/1.1\r\n" H "\r\n"),
    BAD("half encoded dot dot", 400, "bad_request", "GET /a/.%2e/b HTTP/1.1\r\n" H "\r\n"),
    BAD("backslash", 400, "bad_request", "GET /a\\b HTTP/1.1\r\n" H "\r\n"),
    BAD("broken escape", 400, "bad_request", "GET /a%2 HTTP/1.1\r\n" H "\r\n"),
    BAD("escape that is no hex", 400, "bad_request", "GET /a%zz HTTP/1.1\r\n" H "\r\n"),
    BAD("encoded NUL", 400, "bad_request", "GET /a%00 HTTP/1.1\r\n" H "\r\n"),
    BAD("broken escape in the query", 400, "bad_request", "GET /a?x=%q HTTP/1.1\r\n" H "\r\n"),
    BAD("bytes beyond ASCII in the target", 400, "bad_request", "GET /\xd0\x90 HTTP/1.1\r\n" H "\r\n"),
    BAD("two spaces before the target", 400, "bad_request", "GET  / HTTP/1.1\r\n" H "\r\n"),
    BAD("two spaces behind the target", 400, "bad_request", "GET /  HTTP/1.1\r\n" H "\r\n"),
    BAD("space in the target", 400, "bad_request", "GET /a b HTTP/1.1\r\n" H "\r\n"),
    BAD("tab behind the method", 400, "bad_request", "GET\t/ HTTP/1.1\r\n" H "\r\n"),
    BAD("space behind the version", 400, "bad_request", "GET / HTTP/1.1 \r\n" H "\r\n"),
    BAD("space before the method", 400, "bad_request", " GET / HTTP/1.1\r\n" H "\r\n"),
    BAD("no version", 400, "bad_request", "GET /\r\n" H "\r\n"),
    BAD("another protocol", 400, "bad_request", "GET / RTSP/1.0\r\n" H "\r\n"),
    BAD("lower case version", 400, "bad_request", "GET / http/1.1\r\n" H "\r\n"),
    BAD("version 2", 505, "http_version", "GET / HTTP/2.0\r\n" H "\r\n"),
    BAD("version 1.2", 505, "http_version", "GET / HTTP/1.2\r\n" H "\r\n"),
    BAD("HTTP/2 by prior knowledge", 505, "http_version", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    BAD("a TLS greeting", 400, "bad_request", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"),
    BAD("unknown method", 501, "method_unknown", "BREW / HTTP/1.1\r\n" H "\r\n"),
    BAD("lower case method", 501, "method_unknown", "get / HTTP/1.1\r\n" H "\r\n"),
    BAD("only empty lines", 400, "bad_request", "\r\n\r\n\r\n\r\n"),
    BAD("unknown expectation", 417, "expectation_failed",
        "POST / HTTP/1.1\r\n" H "Expect: coffee\r\nContent-Length: 1\r\n\r\na"),
#define CH "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
    BAD("chunk size that is no hex", 400, "bad_request", CH "zz\r\nabc\r\n0\r\n\r\n"),
    BAD("chunk size with 0x", 400, "bad_request", CH "0x3\r\nabc\r\n0\r\n\r\n"),
    BAD("negative chunk size", 400, "bad_request", CH "-3\r\nabc\r\n0\r\n\r\n"),
    BAD("empty chunk size", 400, "bad_request", CH "\r\nabc\r\n0\r\n\r\n"),
    BAD("space before a chunk size", 400, "bad_request", CH " 3\r\nabc\r\n0\r\n\r\n"),
    BAD("space behind a chunk size", 400, "bad_request", CH "3 \r\nabc\r\n0\r\n\r\n"),
    BAD("chunk size beyond counting", 400, "bad_request", CH "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    BAD("chunk longer than said", 400, "bad_request", CH "3\r\nabcd\r\n0\r\n\r\n"),
    BAD("chunk without its line end", 400, "bad_request", CH "3\r\nabc0\r\n\r\n"),
    BAD("chunk size ended by LF", 400, "bad_request", CH "3\nabc\r\n0\r\n\r\n"),
    BAD("NUL in a trailer", 400, "bad_request", CH "0\r\nX: a\0b\r\n\r\n"),
    BAD("chunk too large", 413, "body_too_large", CH "ffffff\r\nabc"),
    BAD("body said to be too large", 413, "body_too_large", "POST / HTTP/1.1\r\n" H "Content-Length: 10001\r\n\r\n"),
};

static void check_refused(int fd, const char *what, int status, const char *code)
{
    char text[512], want[64];
    struct reply r = client_reply(fd);
    snprintf(want, sizeof want, "\"code\":\"%s\"", code);
    if (r.status != status || !strstr(r.body, want))
        print_error("%s: answered %d %s\n", what, r.status, r.body);
    assert_int_equal(r.status, status);
    assert_non_null(strstr(r.body, want));
    assert_string_equal(reply_header(&r, "Content-Type", text), "application/problem+json");
    assert_string_equal(reply_header(&r, "Connection", text), "close");
    assert_true(client_sees_end(fd));
    reply_free(&r);
    close(fd);
}

/* A healthy request follows each time: whatever came before, it must be neither answered nor mixed in. */
static void malformed_requests_are_refused_and_the_connection_closes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        const struct bad *b = &malformed[i];
        int fd = client_open(&rig);
        client_send(fd, b->bytes, b->len);
        shutdown(fd, SHUT_WR);
        check_refused(fd, b->what, b->status, b->code);
    }
}

static void malformed_requests_are_refused_byte_by_byte_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i += 7) {
        const struct bad *b = &malformed[i];
        int fd = client_open(&rig);
        for (size_t k = 0; k < b->len; k++)
            client_send(fd, b->bytes + k, 1);
        check_refused(fd, b->what, b->status, b->code);
    }
}

static void nothing_behind_a_refused_request_is_answered(void **state)
{
    (void)state;
    int fd = client_open(&rig);
    client_says(fd, "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    "GET /smuggled HTTP/1.1\r\n" H "\r\n");
    struct reply r = client_reply(fd);
    assert_int_equal(r.status, 400);
    reply_free(&r);
    r = client_reply(fd);
    assert_int_equal(r.status, 0);
    reply_free(&r);
    close(fd);
}

static void heads_too_long_are_431_and_targets_too_long_414(void **state)
{
    (void)state;
    char big[6000];
    memset(big, 'a', sizeof big);
    int fd = client_open(&rig);
    client_says(fd, "GET / HTTP/1.1\r\n" H "X-A: ");
    client_send(fd, big, sizeof big);
    check_refused(fd, "long head", 431, "head_too_large");
    fd = client_open(&rig);
    client_says(fd, "GET /");
    client_send(fd, big, sizeof big);
    check_refused(fd, "long target", 414, "target_too_long");
    fd = client_open(&rig);
    client_says(fd, "GET / HTTP/1.1\r\n" H);
    for (int i = 0; i < 110; i++)
        client_says(fd, "X-A: 1\r\n");
    client_says(fd, "\r\n");
    check_refused(fd, "many headers", 431, "too_many_headers");
}

static void bodies_too_long_are_413_even_while_the_client_still_sends(void **state)
{
    (void)state;
    char piece[4096];
    memset(piece, 'b', sizeof piece);
    int fd = client_open(&rig);
    client_says(fd, "POST / HTTP/1.1\r\n" H "Content-Length: 1000000\r\n\r\n");
    for (int i = 0; i < 200; i++)
        client_send(fd, piece, sizeof piece);
    check_refused(fd, "long body", 413, "body_too_large");
    fd = client_open(&rig);
    client_says(fd, CH);
    for (int i = 0; i < 4; i++) {
        client_says(fd, "1000\r\n");
        client_send(fd, piece, sizeof piece);
        client_says(fd, "\r\n");
    }
    check_refused(fd, "long chunked body", 413, "body_too_large");
}

static void chunk_extensions_do_not_go_on_for_ever(void **state)
{
    (void)state;
    char piece[4096];
    memset(piece, 'e', sizeof piece);
    int fd = client_open(&rig);
    client_says(fd, CH "1;");
    for (int i = 0; i < 4; i++)
        client_send(fd, piece, sizeof piece);
    check_refused(fd, "long chunk extension", 400, "bad_request");
}

static void too_many_connections_are_told_so(void **state)
{
    (void)state;
    int fd[51];
    for (int i = 0; i < 50; i++) {
        fd[i] = client_open(&rig);
        client_says(fd[i], "GET / HTTP/1.1\r\n" H "\r\n");
        struct reply r = client_reply(fd[i]);
        assert_int_equal(r.status, 200);
        reply_free(&r);
    }
    check_refused(client_open(&rig), "one more", 503, "overloaded");
    for (int i = 0; i < 50; i++)
        close(fd[i]);
    int status = 503; /* the server sees them leave in its own time, then lets newcomers in */
    for (int i = 0; i < 1000 && status == 503; i++) {
        int again = client_open(&rig);
        client_says(again, "GET / HTTP/1.1\r\n" H "\r\n");
        struct reply r = client_reply(again);
        status = r.status;
        reply_free(&r);
        close(again);
        usleep(status == 503 ? 10000 : 0);
    }
    assert_int_equal(status, 200);
}

static void unusual_but_correct_requests_are_served(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *body;
    } good[] = {
        {"\r\nGET /a HTTP/1.1\r\n" H "\r\n", "GET /a? []"},
        {"GET /a/?q=1 HTTP/1.1\r\nhOST:\tshop:80 \r\n\r\n", "GET /a/?q=1 []"},
        {"GET /...a HTTP/1.1\r\n" H "X-Empty:\r\nX-High: \xd0\x90\r\n\r\n", "GET /...a? []"},
        {"POST /a HTTP/1.1\r\n" H "Content-Length: 03\r\n\r\nabc", "POST /a? [abc]"},
        {"POST /a HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
         "POST /a? [abcde]"},
        {"GET /a HTTP/1.1\r\n" H "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n", "GET /a? []"},
        {"GET /a HTTP/1.0\r\n\r\n", "GET /a? []"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int fd = client_open(&rig);
        client_send(fd, good[i].bytes, strlen(good[i].bytes));
        struct reply r = client_reply(fd);
        assert_int_equal(r.status, 200);
        assert_string_equal(r.body, good[i].body);
        reply_free(&r);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_requests_are_refused_and_the_connection_closes),
        cmocka_unit_test(malformed_requests_are_refused_byte_by_byte_too),
        cmocka_unit_test(nothing_behind_a_refused_request_is_answered),
        cmocka_unit_test(heads_too_long_are_431_and_targets_too_long_414),
        cmocka_unit_test(bodies_too_long_are_413_even_while_the_client_still_sends),
        cmocka_unit_test(chunk_extensions_do_not_go_on_for_ever),
        cmocka_unit_test(too_many_connections_are_told_so),
        cmocka_unit_test(unusual_but_correct_requests_are_served),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
