/* What a browser and its connection expect: order, encodings, deadlines, and an orderly end. */
#include "http_rig.h"
#include <libdeflate.h>
#include <stdatomic.h>

#define H "Host: shop\r\n"

static const struct http_file files[] = {
    {"/index.html", "text/html; charset=utf-8", "\"abc\"", {"<p>plain</p>", 12}, {"<gzip>", 6}, {"<br>", 4}, false},
    {"/assets/x-1.png", "image/png", "\"def\"", {"PNG", 3}, {NULL, 0}, {NULL, 0}, true},
};

static struct rig rig;
static atomic_int late_asked;

/* Requests for /later wait here until the test lets them be answered, from a thread that is not the loop's. */
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static struct http_request *held[64];
static size_t n_held;

static void answer_late(void *arg)
{
    struct http_request *r = arg;
    buf_fmt(http_body(r), "late %.*s", STR_ARG(r->query));
    http_send(r, 200, "text/plain");
}

static size_t release_held(struct rig *g)
{
    pthread_mutex_lock(&held_lock);
    size_t n = n_held;
    for (size_t i = 0; i < n; i++)
        http_post(g->server, answer_late, held[i]);
    n_held = 0;
    pthread_mutex_unlock(&held_lock);
    return n;
}

static void wait_asked(int n)
{
    for (int i = 0; i < 1000 && atomic_load(&late_asked) < n; i++)
        usleep(5000);
    assert_int_equal(atomic_load(&late_asked), n);
}

static void handle_big(struct http_request *r)
{
    int64_t n = 0;
    assert_true(str_i64(http_param(r, "n"), &n));
    for (int64_t i = 0; i < n; i++)
        buf_char(http_body(r), (char)('a' + i % 23));
    http_send(r, 200, str_eqc(http_param(r, "type"), "bin") ? "application/octet-stream" : "application/json");
}

static char huge[30000000];

static void handle(void *arg, struct http_request *r)
{
    (void)arg;
    if (http_send_file(r, files, 2, r->path))
        return;
    if (str_eqc(r->path, "/big")) {
        handle_big(r);
    } else if (str_eqc(r->path, "/later")) {
        pthread_mutex_lock(&held_lock);
        held[n_held++] = r;
        pthread_mutex_unlock(&held_lock);
        atomic_fetch_add(&late_asked, 1);
    } else if (str_eqc(r->path, "/huge")) {
        http_send_static(r, 200, "application/octet-stream", (struct str){huge, sizeof huge}, NULL);
    } else if (str_eqc(r->path, "/none")) {
        http_send(r, 204, NULL);
    } else if (str_eqc(r->path, "/own")) {
        http_set(r, "Content-Security-Policy", STR("sandbox"));
        http_set(r, "Set-Cookie", STR("a=1"));
        http_set(r, "Set-Cookie", STR("b=2"));
        http_set(r, "X-Broken", STR("a\r\nX-Injected: 1"));
        http_send(r, 200, "text/plain");
    } else {
        struct str a = http_param(r, "a"), c = http_cookie(r, "c");
        buf_fmt(http_body(r), "%.*s %.*s a=%.*s c=%.*s loop=%d [%.*s]", STR_ARG(r->method), STR_ARG(r->path),
                STR_ARG(a), STR_ARG(c), r->peer_loopback, STR_ARG(r->body));
        http_send(r, 200, "text/plain");
    }
}

static int start(void **state)
{
    (void)state;
    atomic_store(&late_asked, 0);
    n_held = 0;
    rig_start(&rig, (struct http_limits){.head_ms = 300, .body_ms = 400, .idle_ms = 500}, handle, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

static void expect_body(int fd, const char *body)
{
    struct reply r = client_reply(fd);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, body);
    reply_free(&r);
}

static void requests_sent_at_once_are_answered_in_order(void **state)
{
    (void)state;
    int fd = client_open(&rig);
    client_says(fd, "GET /1 HTTP/1.1\r\n" H "\r\n"
                    "POST /2 HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"
                    "GET /later?3 HTTP/1.1\r\n" H "\r\n"
                    "POST /4 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
                    "GET /later?5 HTTP/1.1\r\n" H "\r\n"
                    "GET /6?a=%D0%90+b HTTP/1.1\r\n" H "Cookie: x=1; c=\"q\"; y\r\n\r\n");
    expect_body(fd, "GET /1 a= c= loop=1 []");
    expect_body(fd, "POST /2 a= c= loop=1 [hello]");
    wait_asked(1);
    assert_int_equal(release_held(&rig), 1);
    expect_body(fd, "late 3");
    expect_body(fd, "POST /4 a= c= loop=1 [abcde]");
    wait_asked(2);
    assert_int_equal(release_held(&rig), 1);
    expect_body(fd, "late 5");
    expect_body(fd, "GET /6 a=А b c=q loop=1 []");
    close(fd);
}

static void a_thousand_requests_in_one_stroke(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 1000; i++)
        buf_fmt(&b, "POST /%d HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n%.*s", i, i % 7, i % 7, "abcdefg");
    int fd = client_open(&rig);
    client_send(fd, b.ptr, b.len);
    for (int i = 0; i < 1000; i++) {
        char want[128];
        snprintf(want, sizeof want, "POST /%d a= c= loop=1 [%.*s]", i, i % 7, "abcdefg");
        expect_body(fd, want);
    }
    buf_free(&b);
    close(fd);
}

static void a_client_that_closes_its_half_still_gets_all_answers(void **state)
{
    (void)state;
    int fd = client_open(&rig);
    client_says(fd, "GET /later?1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n" H "\r\n");
    shutdown(fd, SHUT_WR);
    wait_asked(1);
    usleep(20000);
    release_held(&rig);
    expect_body(fd, "late 1");
    expect_body(fd, "GET /2 a= c= loop=1 []");
    assert_true(client_sees_end(fd));
    close(fd);
}

static void a_request_in_single_bytes_is_understood(void **state)
{
    (void)state;
    static const char text[] =
        "POST /x HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n";
    int fd = client_open(&rig);
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof text - 1; k++)
            client_send(fd, text + k, 1);
        expect_body(fd, "POST /x a= c= loop=1 [ab]");
    }
    close(fd);
}

static void connections_live_as_long_as_the_versions_say(void **state)
{
    (void)state;
    char text[512];
    int fd = client_open(&rig);
    client_says(fd, "GET / HTTP/1.0\r\n\r\n");
    struct reply r = client_reply(fd);
    assert_string_equal(reply_header(&r, "Connection", text), "close");
    reply_free(&r);
    assert_true(client_sees_end(fd));
    close(fd);
    fd = client_open(&rig);
    client_says(fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    r = client_reply(fd);
    assert_string_equal(reply_header(&r, "Connection", text), "keep-alive");
    reply_free(&r);
    client_says(fd, "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\nGET /ignored HTTP/1.1\r\n" H "\r\n");
    r = client_reply(fd);
    assert_string_equal(reply_header(&r, "Connection", text), "close");
    reply_free(&r);
    r = client_reply(fd);
    assert_int_equal(r.status, 0);
    reply_free(&r);
    close(fd);
}

static void the_body_is_called_for_only_when_expected(void **state)
{
    (void)state;
    int fd = client_open(&rig);
    client_says(fd, "POST /x HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    struct reply r = client_reply(fd);
    assert_int_equal(r.status, 100);
    reply_free(&r);
    client_says(fd, "ok");
    expect_body(fd, "POST /x a= c= loop=1 [ok]");
    client_says(fd, "POST /x HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
    r = client_reply(fd);
    assert_int_equal(r.status, 413);
    reply_free(&r);
    close(fd);
}

static void every_answer_carries_the_security_headers(void **state)
{
    (void)state;
    static const char *const asks[] = {"GET / HTTP/1.1\r\n" H "\r\n", "GET /index.html HTTP/1.1\r\n" H "\r\n",
                                       "GET /none HTTP/1.1\r\n" H "\r\n", "nonsense\r\n\r\n"};
    for (size_t i = 0; i < 4; i++) {
        char text[512];
        int fd = client_open(&rig);
        client_send(fd, asks[i], strlen(asks[i]));
        struct reply r = client_reply(fd);
        assert_string_equal(reply_header(&r, "Content-Security-Policy", text),
                            "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
                            "frame-ancestors 'none'; base-uri 'none'; form-action 'self'");
        assert_string_equal(reply_header(&r, "X-Content-Type-Options", text), "nosniff");
        assert_string_equal(reply_header(&r, "Referrer-Policy", text), "no-referrer");
        assert_non_null(reply_header(&r, "Date", text));
        reply_free(&r);
        close(fd);
    }
}

static void a_handler_sets_headers_but_can_not_be_tricked_into_more(void **state)
{
    (void)state;
    char text[512];
    int fd = client_open(&rig);
    client_says(fd, "GET /own HTTP/1.1\r\n" H "\r\n");
    struct reply r = client_reply(fd);
    assert_string_equal(reply_header(&r, "Content-Security-Policy", text), "sandbox");
    assert_null(strstr(r.head, "default-src"));
    assert_non_null(strstr(r.head, "\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
    assert_null(strstr(r.head, "X-Injected"));
    reply_free(&r);
    close(fd);
}

static void head_requests_get_the_head_alone(void **state)
{
    (void)state;
    char text[512];
    int fd = client_open(&rig);
    client_says(fd, "HEAD /big?n=5000 HTTP/1.1\r\n" H "\r\n");
    struct reply r = client_reply_to(fd, true);
    assert_int_equal(r.status, 200);
    assert_string_equal(reply_header(&r, "Content-Length", text), "5000");
    reply_free(&r);
    client_says(fd, "GET /none HTTP/1.1\r\n" H "\r\n");
    r = client_reply(fd);
    assert_int_equal(r.status, 204);
    assert_null(reply_header(&r, "Content-Length", text));
    reply_free(&r);
    expect_body((client_says(fd, "GET /x HTTP/1.1\r\n" H "\r\n"), fd), "GET /x a= c= loop=1 []");
    close(fd);
}

static void check_big(const char *ask, size_t n, const char *coding)
{
    char text[512];
    int fd = client_open(&rig);
    client_send(fd, ask, strlen(ask));
    struct reply r = client_reply(fd);
    const char *got = reply_header(&r, "Content-Encoding", text);
    char *plain = calloc(1, n + 1);
    size_t size = r.len;
    if (coding) {
        assert_non_null(got);
        assert_string_equal(got, coding);
        struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
        assert_int_equal(libdeflate_gzip_decompress(d, r.body, r.len, plain, n, &size), LIBDEFLATE_SUCCESS);
        libdeflate_free_decompressor(d);
    } else {
        assert_null(got);
        memcpy(plain, r.body, r.len < n ? r.len : n);
    }
    assert_int_equal(size, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(plain[i], 'a' + i % 23);
    free(plain);
    reply_free(&r);
    close(fd);
}

static void long_answers_are_compressed_for_those_who_accept_it(void **state)
{
    (void)state;
#define BIG(n, q) "GET /big?n=" n q " HTTP/1.1\r\n" H
    check_big(BIG("5000", "") "Accept-Encoding: br, gzip;q=0.5\r\n\r\n", 5000, "gzip");
    check_big(BIG("5000", "") "Accept-Encoding: *\r\n\r\n", 5000, "gzip");
    check_big(BIG("5000", "") "Accept-Encoding: gzip;q=0, *\r\n\r\n", 5000, NULL);
    check_big(BIG("5000", "") "\r\n", 5000, NULL);
    check_big(BIG("1000", "") "Accept-Encoding: gzip\r\n\r\n", 1000, NULL);
    check_big(BIG("5000", "&type=bin") "Accept-Encoding: gzip\r\n\r\n", 5000, NULL);
    check_big(BIG("3000000", "") "Accept-Encoding: gzip\r\n\r\n", 3000000, "gzip");
    check_big(BIG("3000000", "") "\r\n", 3000000, NULL);
}

static void check_file(const char *ask, int status, const char *body, const char *coding, const char *etag,
                       const char *cache)
{
    char text[512];
    int fd = client_open(&rig);
    client_send(fd, ask, strlen(ask));
    struct reply r = client_reply(fd);
    assert_int_equal(r.status, status);
    assert_string_equal(r.body, body);
    const char *got = reply_header(&r, "Content-Encoding", text);
    assert_string_equal(got ? got : "none", coding ? coding : "none");
    assert_string_equal(reply_header(&r, "ETag", text), etag);
    assert_string_equal(reply_header(&r, "Cache-Control", text), cache);
    reply_free(&r);
    close(fd);
}

static void embedded_files_come_in_the_best_encoding_and_only_once(void **state)
{
    (void)state;
#define INDEX "GET /index.html HTTP/1.1\r\n" H
    check_file(INDEX "Accept-Encoding: gzip, deflate, br\r\n\r\n", 200, "<br>", "br", "\"abc-br\"", "no-cache");
    check_file(INDEX "Accept-Encoding: gzip\r\n\r\n", 200, "<gzip>", "gzip", "\"abc-gzip\"", "no-cache");
    check_file(INDEX "\r\n", 200, "<p>plain</p>", NULL, "\"abc\"", "no-cache");
    check_file(INDEX "If-None-Match: \"zzz\", W/\"abc\"\r\n\r\n", 304, "", NULL, "\"abc\"", "no-cache");
    check_file(INDEX "If-None-Match: *\r\n\r\n", 304, "", NULL, "\"abc\"", "no-cache");
    check_file(INDEX "If-None-Match: \"abc\"\r\nAccept-Encoding: br\r\n\r\n", 200, "<br>", "br", "\"abc-br\"",
               "no-cache");
    check_file(INDEX "If-None-Match: \"abc-br\"\r\nAccept-Encoding: br\r\n\r\n", 304, "", NULL, "\"abc-br\"",
               "no-cache");
    check_file("GET /assets/x-1.png HTTP/1.1\r\n" H "Accept-Encoding: br\r\n\r\n", 200, "PNG", NULL, "\"def\"",
               "public, max-age=31536000, immutable");
    int fd = client_open(&rig);
    client_says(fd, "DELETE /index.html HTTP/1.1\r\n" H "\r\n");
    struct reply r = client_reply(fd);
    assert_int_equal(r.status, 405);
    reply_free(&r);
    close(fd);
}

static void slow_senders_are_told_and_cut_off(void **state)
{
    (void)state;
    static const char *const starts[] = {"GET / HTTP/1.1\r\nHos",
                                         "POST / HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\nabc",
                                         "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n3\r\nab"};
    for (size_t i = 0; i < 3; i++) {
        int fd = client_open(&rig);
        client_send(fd, starts[i], strlen(starts[i]));
        struct reply r = client_reply(fd);
        assert_int_equal(r.status, 408);
        assert_non_null(strstr(r.body, "\"code\":\"timeout\""));
        reply_free(&r);
        assert_true(client_sees_end(fd));
        close(fd);
    }
}

/* One byte now and then does not win more time. */
static void a_trickle_does_not_hold_a_connection_open(void **state)
{
    (void)state;
    int fd = client_open(&rig);
    client_says(fd, "GET / HTTP/1.1\r\n" H);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int i = 0;
    for (; i < 100 && poll(&p, 1, 50) == 0; i++)
        client_says(fd, "X");
    assert_true(i < 20);
    struct reply r = client_reply(fd);
    assert_int_equal(r.status, 408);
    reply_free(&r);
    close(fd);
}

static void silent_connections_are_closed_without_a_word(void **state)
{
    (void)state;
    int fd = client_open(&rig), used = client_open(&rig);
    client_says(used, "GET /x HTTP/1.1\r\n" H "\r\n");
    expect_body(used, "GET /x a= c= loop=1 []");
    struct reply r = client_reply(fd), s = client_reply(used);
    assert_int_equal(r.status, 0);
    assert_int_equal(s.status, 0);
    reply_free(&r);
    reply_free(&s);
    close(fd);
    close(used);
}

static void a_client_that_does_not_read_its_answer_is_cut_off(void **state)
{
    (void)state;
    int fd = client_open(&rig);
    client_says(fd, "GET /huge HTTP/1.1\r\n" H "\r\n");
    char c[65536];
    assert_int_equal(recv(fd, c, 1, MSG_PEEK), 1);
    usleep(2000000);
    size_t total = 0;
    ssize_t n;
    while ((n = recv(fd, c, sizeof c, 0)) > 0)
        total += (size_t)n;
    assert_true(total < sizeof huge);
    close(fd);
}

static void answers_to_clients_who_left_go_nowhere(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        int fd = client_open(&rig);
        client_says(fd, "GET /later HTTP/1.1\r\n" H "\r\n");
        wait_asked(i + 1);
        struct linger hard = {1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard); /* a reset, not a polite end */
        close(fd);
    }
    usleep(50000);
    assert_int_equal(release_held(&rig), 20);
    int fd = client_open(&rig);
    client_says(fd, "GET /x HTTP/1.1\r\n" H "\r\n");
    expect_body(fd, "GET /x a= c= loop=1 []");
    close(fd);
}

static void *keep_asking(void *arg)
{
    atomic_int *answers = arg;
    for (;;) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in a = {
            .sin_family = AF_INET, .sin_port = htons((uint16_t)rig.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
            close(fd);
            return NULL;
        }
        for (;;) {
            client_says(fd, "GET /big?n=2000 HTTP/1.1\r\n" H "\r\n");
            struct reply r = client_reply(fd);
            bool whole = r.status == 200 && r.len == 2000;
            reply_free(&r);
            if (!whole)
                break;
            atomic_fetch_add(answers, 1);
        }
        close(fd);
    }
}

static void stopping_under_load_answers_what_is_under_way(void **state)
{
    (void)state;
    start(NULL);
    pthread_t clients[4];
    atomic_int answers = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&clients[i], NULL, keep_asking, &answers);
    int waiting = client_open(&rig);
    client_says(waiting, "GET /later?bye HTTP/1.1\r\n" H "\r\n");
    wait_asked(1);
    for (int i = 0; i < 1000 && atomic_load(&answers) < 200; i++)
        usleep(2000);
    http_post(rig.server, rig_stop_now, rig.server);
    usleep(50000);
    release_held(&rig);
    expect_body(waiting, "late bye");
    assert_true(client_sees_end(waiting));
    close(waiting);
    rig_stop(&rig);
    for (int i = 0; i < 4; i++)
        pthread_join(clients[i], NULL);
    assert_true(atomic_load(&answers) >= 200);
}

static void a_port_taken_is_said_so(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct http_server *s;
    struct err e;
    uv_loop_init(&loop);
    struct http_config config = {.host = "127.0.0.1", .port = rig.port, .handle = handle};
    assert_int_equal(http_start(&s, &loop, &config, &e), RC_UNAVAILABLE);
    assert_string_equal(e.code, "listen_failed");
    config.host = "nowhere in particular";
    assert_int_equal(http_start(&s, &loop, &config, &e), RC_UNAVAILABLE);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        T(requests_sent_at_once_are_answered_in_order),
        T(a_thousand_requests_in_one_stroke),
        T(a_client_that_closes_its_half_still_gets_all_answers),
        T(a_request_in_single_bytes_is_understood),
        T(connections_live_as_long_as_the_versions_say),
        T(the_body_is_called_for_only_when_expected),
        T(every_answer_carries_the_security_headers),
        T(a_handler_sets_headers_but_can_not_be_tricked_into_more),
        T(head_requests_get_the_head_alone),
        T(long_answers_are_compressed_for_those_who_accept_it),
        T(embedded_files_come_in_the_best_encoding_and_only_once),
        T(slow_senders_are_told_and_cut_off),
        T(a_trickle_does_not_hold_a_connection_open),
        T(silent_connections_are_closed_without_a_word),
        T(a_client_that_does_not_read_its_answer_is_cut_off),
        T(answers_to_clients_who_left_go_nowhere),
        cmocka_unit_test(stopping_under_load_answers_what_is_under_way),
        T(a_port_taken_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
