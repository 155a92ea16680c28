/* The clock of tests: `voronka serve --test-clock` lets whoever sits at this machine move time ahead, so that a
 * scenario plays weeks of work in seconds. Without that word there is no such route. */
#include "api/inside.h"
#include "api/operation_runner.h"
#include "base/time.h"
#include "channels/mail_sender.h"
#include "channels/outbox_sender.h"
#include "rules/timer.h"

static void wake_operations(struct app *app)
{
    operations_wake(app->operations);
}

static void wake_sender(struct app *app)
{
    outbox_sender_wake(app->sender);
    mail_sender_wake(app->mail);
}

static void wake_coverage(struct app *app)
{
    clients_sweep(app, true);
}

static void wake_timers(struct app *app)
{
    timers_wake(app->timers);
}

/* Whoever waits for a time has a row here: called in the loop's thread when time has leapt. */
static void (*const waiters[])(struct app *app) = {wake_operations, wake_sender, wake_coverage, wake_timers};

static enum rc leap(struct call *c, struct err *e)
{
    static const char *const keys[] = {"now", NULL};
    json_t *body;
    TRY(call_need_json(c, e));
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *now = json_object_get(body, "now");
    if (rc == RC_OK && !json_is_integer(now))
        rc = err_set(e, RC_INVALID, "wrong_type", "now", "integer");
    if (rc == RC_OK && (json_integer_value(now) > TIME_MOST || !time_leap(json_integer_value(now))))
        rc = err_set(e, RC_UNPROCESSABLE, "too_small", "now", "%lld", (long long)time_now());
    json_decref(body);
    return rc;
}

static enum rc test_clock(struct call *c, struct err *e)
{
    if (!c->r->peer_loopback)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%.*s", STR_ARG(c->r->path));
    TRY(leap(c, e));
    for (size_t i = 0; i < sizeof waiters / sizeof *waiters; i++)
        waiters[i](c->app);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "now", time_now());
    jw_end_obj(&w);
    call_send(c);
    return RC_OK;
}

const struct route test_clock_routes[] = {
    {"POST", "/api/test-clock", RUN_RAW, MAY_PUBLIC, NULL, "Move the clock of a test ahead", test_clock, NULL, NULL,
     NULL, NULL, 0},
};
const size_t test_clock_routes_n = sizeof test_clock_routes / sizeof *test_clock_routes;
