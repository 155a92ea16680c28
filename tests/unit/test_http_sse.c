/* Event streams: what is sent arrives, silence is filled with pings, those who do not read are cut off. */
#include "http_rig.h"
#include <malloc.h>
#include <stdatomic.h>
#include <sys/resource.h>

#define H "Host: shop\r\n"
#define MOST 1200

static struct rig rig;
static struct http_sse *streams[MOST]; /* the loop's */
static atomic_int n_open, n_gone;

static void gone(void *arg, struct http_sse *s)
{
    struct http_sse **slot = arg;
    assert_ptr_equal(*slot, s);
    *slot = NULL;
    atomic_fetch_add(&n_gone, 1);
}

static void handle(void *arg, struct http_request *r)
{
    (void)arg;
    int i = 0;
    while (i < MOST && streams[i])
        i++;
    assert_true(i < MOST);
    streams[i] = http_sse(r, gone, &streams[i]);
    if (streams[i])
        atomic_fetch_add(&n_open, 1);
}

static void send_all(void *arg)
{
    for (int i = 0; i < MOST; i++) {
        if (streams[i])
            http_sse_send(streams[i], str_c(arg));
    }
}

static void close_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < MOST; i++) {
        if (streams[i])
            http_sse_close(streams[i]);
    }
}

static int start(void **state)
{
    (void)state;
    atomic_store(&n_open, 0);
    atomic_store(&n_gone, 0);
    rig_start(&rig, (struct http_limits){.ping_ms = 200, .head_ms = 400, .idle_ms = 400}, handle, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

static void wait_for(atomic_int *what, int n)
{
    for (int i = 0; i < 2000 && atomic_load(what) < n; i++)
        usleep(5000);
    assert_int_equal(atomic_load(what), n);
}

static int listen_in(void)
{
    int fd = client_open(&rig);
    client_says(fd, "GET /events HTTP/1.1\r\n" H "\r\n");
    return fd;
}

static void take_head(int fd)
{
    char text[512];
    struct reply r = client_reply(fd);
    assert_int_equal(r.status, 200);
    assert_string_equal(reply_header(&r, "Content-Type", text), "text/event-stream");
    assert_string_equal(reply_header(&r, "Cache-Control", text), "no-store");
    assert_null(reply_header(&r, "Content-Length", text));
    reply_free(&r);
}

static void expect_text(int fd, const char *want)
{
    char got[256] = "";
    assert_true(read_all(fd, got, strlen(want)));
    assert_string_equal(got, want);
}

static void events_arrive_in_order_and_silence_is_filled(void **state)
{
    (void)state;
    int fd = listen_in();
    take_head(fd);
    http_post(rig.server, send_all, "event: change\ndata: 1\n\n");
    http_post(rig.server, send_all, "data: 2\n\n");
    expect_text(fd, "event: change\ndata: 1\n\ndata: 2\n\n");
    expect_text(fd, ":\n\n:\n\n:\n\n");
    close(fd);
    wait_for(&n_gone, 1);
}

static void both_sides_can_end_a_stream(void **state)
{
    (void)state;
    int fd = listen_in(), other = listen_in();
    take_head(fd);
    take_head(other);
    close(other);
    wait_for(&n_gone, 1);
    http_post(rig.server, close_all, NULL);
    assert_true(client_sees_end(fd));
    wait_for(&n_gone, 2);
    close(fd);
}

static void a_listener_who_does_not_read_is_cut_off_and_others_are_not(void **state)
{
    (void)state;
    int lazy = client_open(&rig), small = 4096;
    setsockopt(lazy, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_says(lazy, "GET /events HTTP/1.1\r\n" H "\r\n");
    wait_for(&n_open, 1);
    int keen = listen_in();
    take_head(keen);
    static char event[100001];
    memset(event, 'x', 100000);
    memcpy(event, "data: ", 6);
    memcpy(event + 99998, "\n\n", 2);
    for (int i = 0; i < 100; i++) {
        http_post(rig.server, send_all, event);
        char got[3];
        static char rest[99997];
        do { /* pings may stand between events */
            assert_true(read_all(keen, got, 3));
        } while (got[0] == ':');
        assert_memory_equal(got, "dat", 3);
        assert_true(read_all(keen, rest, sizeof rest));
    }
    wait_for(&n_gone, 1);
    http_post(rig.server, send_all, "data: end\n\n");
    char c = 0, end[11];
    while (read_all(keen, &c, 1) && c != 'd') {
    }
    assert_true(read_all(keen, end, 10));
    assert_memory_equal(end, "ata: end\n\n", 10);
    close(keen);
    close(lazy);
    wait_for(&n_gone, 2);
}

static void a_thousand_idle_streams_cost_little_memory(void **state)
{
    (void)state;
    struct rlimit files = {4096, 4096};
    setrlimit(RLIMIT_NOFILE, &files);
    static int fd[1000];
    fd[0] = listen_in();
    wait_for(&n_open, 1);
    size_t before = mallinfo2().uordblks;
    for (int i = 1; i < 1000; i++)
        fd[i] = listen_in();
    wait_for(&n_open, 1000);
    for (int i = 0; i < 1000; i++)
        take_head(fd[i]);
    size_t each = (mallinfo2().uordblks - before) / 999;
    assert_true(each < 4096);
    http_post(rig.server, send_all, "data: all\n\n");
    for (int i = 0; i < 1000; i++) {
        char c;
        while (read_all(fd[i], &c, 1) && c != 'd') {
        }
        expect_text(fd[i], "ata: all\n\n");
        close(fd[i]);
    }
    wait_for(&n_gone, 1000);
}

static void streams_end_when_the_server_stops(void **state)
{
    (void)state;
    start(NULL);
    int fd = listen_in();
    take_head(fd);
    rig_stop(&rig);
    assert_true(client_sees_end(fd));
    assert_int_equal(atomic_load(&n_gone), 1);
    close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        T(events_arrive_in_order_and_silence_is_filled),
        T(both_sides_can_end_a_stream),
        T(a_listener_who_does_not_read_is_cut_off_and_others_are_not),
        T(a_thousand_idle_streams_cost_little_memory),
        cmocka_unit_test(streams_end_when_the_server_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
