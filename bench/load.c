/* A load generator with a fixed number of requests: CONNECTIONS keep-alive connections, each sending the next request
 * when the last answer has come. Prints seconds and the count of answers that were not 2xx. usage: bench_load HOST PORT
 * CONNECTIONS REQUESTS FILE    FILE: one whole request, sent as it is; the text @N@ becomes a running number of the
 * same width (so that lengths stay true). */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX (4 << 20)

struct connection {
    int fd;
    size_t got;    /* bytes of the answer so far */
    size_t expect; /* whole length of the answer, 0 while the head is not complete */
    char *answer;
};

static char request[1 << 16];
static size_t request_len;
static long sent, answered, wanted, refused;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_next(struct connection *c)
{
    char copy[sizeof request];
    memcpy(copy, request, request_len);
    char *mark = memmem(copy, request_len, "@N@", 3);
    while (mark != NULL) {
        char digits[16];
        snprintf(digits, sizeof digits, "%03ld", sent % 1000);
        memcpy(mark, digits, 3);
        mark = memmem(mark, request_len - (size_t)(mark - copy), "@N@", 3);
    }
    size_t off = 0;
    while (off < request_len) {
        ssize_t n = send(c->fd, copy + off, request_len - off, MSG_NOSIGNAL);
        if (n < 0)
            die("send");
        off += (size_t)n;
    }
    sent++;
    c->got = c->expect = 0;
}

static void head_complete(struct connection *c)
{
    c->answer[c->got] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (end == NULL)
        return;
    const char *length = strcasestr(c->answer, "content-length:");
    if (length == NULL || length > end) {
        fprintf(stderr, "an answer without content-length:\n%s\n", c->answer);
        exit(1);
    }
    c->expect = (size_t)(end - c->answer) + 4 + strtoul(length + 15, NULL, 10);
    if (c->answer[9] != '2') {
        if (refused++ == 0)
            fprintf(stderr, "first refusal:\n%s\n", c->answer);
    }
}

/* True when an answer is complete. */
static int take(struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->got, ANSWER_MAX - 1 - c->got, MSG_DONTWAIT);
    if (n == 0) {
        fprintf(stderr, "the server closed a connection\n");
        exit(1);
    }
    if (n < 0) {
        if (errno == EAGAIN)
            return 0;
        die("recv");
    }
    c->got += (size_t)n;
    if (c->expect == 0)
        head_complete(c);
    return c->expect != 0 && c->got >= c->expect;
}

static int connect_to(const char *host, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
        die("host");
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: bench_load HOST PORT CONNECTIONS REQUESTS FILE\n");
        return 2;
    }
    int n = atoi(argv[3]);
    wanted = atol(argv[4]);
    FILE *f = fopen(argv[5], "rb");
    if (f == NULL)
        die(argv[5]);
    request_len = fread(request, 1, sizeof request, f);
    fclose(f);

    struct connection *all = calloc((size_t)n, sizeof *all);
    int poll = epoll_create1(0);
    for (int i = 0; i < n; i++) {
        all[i].fd = connect_to(argv[1], atoi(argv[2]));
        all[i].answer = malloc(ANSWER_MAX);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &ev);
    }
    double start = now();
    for (int i = 0; i < n && sent < wanted; i++)
        send_next(&all[i]);
    while (answered < wanted) {
        struct epoll_event ready[256];
        int k = epoll_wait(poll, ready, 256, 10000);
        if (k <= 0) {
            fprintf(stderr, "no answer for 10 s (%ld of %ld)\n", answered, wanted);
            return 1;
        }
        for (int i = 0; i < k; i++) {
            struct connection *c = ready[i].data.ptr;
            if (!take(c))
                continue;
            answered++;
            if (sent < wanted)
                send_next(c);
        }
    }
    printf("%.6f %ld\n", now() - start, refused);
    return refused ? 1 : 0;
}
