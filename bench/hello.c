/* The HTTP layer by itself: answers every request with the same small JSON, to be compared with nginx doing the same.
 * Prints its port. /events is an event stream. */
#include "http/http.h"
#include <stdio.h>

static const char text[] =
    "{\"id\":1,\"version\":7,\"title\":\"Обучение продавцов\",\"stage_id\":3,\"value_minor\":12500000}";

static void handle(void *arg, struct http_request *r)
{
    (void)arg;
    if (str_eqc(r->path, "/events")) {
        (void)http_sse(r, NULL, NULL);
        return;
    }
    buf_add(http_body(r), text, sizeof text - 1);
    http_send(r, 200, "application/json");
}

int main(void)
{
    struct http_server *s;
    struct err e;
    struct http_config config = {.host = "127.0.0.1", .handle = handle, .limits = http_default_limits};
    if (http_start(&s, uv_default_loop(), &config, &e) != RC_OK) {
        fprintf(stderr, "%s: %s\n", e.code, e.arg[0]);
        return 1;
    }
    printf("%d\n", http_port(s));
    fflush(stdout);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
