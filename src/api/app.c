/* The server as a whole: what is started, in which order, and how it ends. */
#include "api/inside.h"
#include "api/operation_runner.h"
#include "base/log.h"
#include "base/time.h"
#include "channels/mail_sender.h"
#include "channels/outbox_sender.h"
#include "crm/operation.h"
#include "insight/projection.h"
#include "rules/rules.h"
#include "rules/timer.h"
#include "rules/waiting.h"
#include "store/journal.h"

#define RESUME_EVENTS 999 /* of before the start that a returning listener may still get */
#define BOARD_IDLE (10 * (60 * MS_SECOND))

static void committed(void *arg)
{
    struct app *app = arg;
    if (app->feed)
        feed_wake(app->feed);
    if (app->projection)
        projection_wake(app->projection);
}

static enum rc first_look(struct app *app, int64_t *seq, struct err *e)
{
    struct db *db;
    struct str zone = STR_NULL;
    TRY(readers_take(app->readers, &db, e));
    enum rc rc = entities_load(db, e);
    if (rc == RC_OK)
        rc = journal_last(db, seq, e);
    if (rc == RC_OK)
        rc = setting_country_load(db, e);
    if (rc == RC_OK)
        rc = setting_get(db, &app->memory, "time_zone", "Europe/Moscow", &zone, e);
    readers_give(app->readers, db, rc);
    app->zone = zone_load(zone.ptr ? str_cdup(&app->memory, zone) : "");
    return rc;
}

static enum rc ensure(struct wtx *tx, struct job *job, struct err *e)
{
    (void)job;
    return roles_ensure(tx, e);
}

/* A full disk must not keep the server from showing what there is. */
static enum rc first_job(struct app *app, struct err *e)
{
    struct job job = {.apply = ensure};
    enum rc rc = writer_run(app->writer, &job, e);
    if (rc != RC_UNAVAILABLE)
        return rc;
    log_error("roles: %s %s", e->code, e->arg[0]);
    return RC_OK;
}

static void on_tick(uv_timer_t *timer)
{
    struct app *app = timer->data;
    files_sweep(app);
    boards_drop_idle(app->boards, time_monotonic(), BOARD_IDLE);
    uploads_clean(app, time_now());
    clients_sweep(app, false);
}

static void hand_over(struct app *app)
{
    struct job *first = app->to_write;
    app->to_write = NULL;
    app->to_write_end = &app->to_write;
    writer_submit_all(app->writer, first);
}

void app_write(struct app *app, struct job *job)
{
    job->next = NULL;
    *app->to_write_end = job;
    app->to_write_end = &job->next;
    if (app->stopping) /* there is no before_sleep any more */
        hand_over(app);
}

static void before_sleep(uv_prepare_t *handle)
{
    struct app *app = handle->data;
    hand_over(app);
    readers_end_tick(app->readers);
}

static enum rc listen_and_follow(struct app *app, int64_t seq, struct err *e)
{
    struct http_config http = {.host = app->host,
                               .port = app->port,
                               .limits = http_default_limits,
                               .handle = dispatch,
                               .streams = dispatch_streams,
                               .arg = app};
    int64_t from = seq > RESUME_EVENTS ? seq - RESUME_EVENTS : 0;
    hub_begin(app->hub, from);
    TRY(http_start(&app->http, app->loop, &http, e));
    app->listeners[0] =
        (struct feed_listener){nouns_on_events, app}; /* first: who hears of a new field may ask for it */
    app->listeners[1] = (struct feed_listener){hub_on_events, app->hub};
    app->listeners[2] = (struct feed_listener){outbox_sender_on_events, app->sender};
    app->listeners[3] = (struct feed_listener){settings_on_events, app};
    app->listeners[4] = (struct feed_listener){operations_on_events, app};
    app->listeners[5] = (struct feed_listener){notices_on_events, app};
    TRY(operations_start(&app->operations, app, e));
    TRY(feed_start(&app->feed, &app->target, from, app->listeners, 6, e));
    uv_timer_init(app->loop, &app->tick);
    app->tick.data = app;
    uv_timer_start(&app->tick, on_tick, 1000, 60000);
    uv_unref((uv_handle_t *)&app->tick);
    uv_prepare_init(app->loop, &app->sleep);
    app->sleep.data = app;
    uv_prepare_start(&app->sleep, before_sleep);
    uv_unref((uv_handle_t *)&app->sleep);
    return RC_OK;
}

enum rc app_start(struct app *app, uv_loop_t *loop, const struct app_config *config, struct err *e)
{
    int64_t seq = 0;
    *app = (struct app){
        .target = config->target, .loop = loop, .demo = config->demo, .host = config->host, .port = config->port};
    app->test_clock = config->test_clock;
    app->started_at = time_monotonic();
    app->to_write_end = &app->to_write;
    app->readers = readers_new(&app->target);
    app->boards = boards_new();
    app->sessions = sessions_new();
    app->rights = rights_cache_new();
    app->throttle = throttle_new();
    app->logins = logins_new();
    app->hub = hub_new(app);
    app_routes(app);
    show_new(app);
    TRY(folders_make(app, config->files, e));
    crm_set_rules(&rules);
    operation_register(&operation_trigger);
    TRY(writer_start(&app->writer, &app->target, crm_migrations, crm_migrations_n, committed, app, e));
    TRY(first_job(app, e));
    TRY(first_look(app, &seq, e));
    TRY(files_limit_load(app, e));
    TRY(projection_start(&app->projection, &app->target, e));
    TRY(outbox_sender_start(&app->sender, &app->target, app->writer, config->allow_private_webhooks, e));
    if (!config->demo) /* whoever tries a demo company is its administrator, and must not send letters to others */
        TRY(mail_sender_start(&app->mail, &app->target, app->writer, config->mail_ca, e));
    TRY(timers_start(&app->timers, &app->target, app->writer, e));
    TRY(listen_and_follow(app, seq, e));
    app->port = http_port(app->http);
    return RC_OK;
}

void app_stop(struct app *app)
{
    if (!app->http || app->stopping)
        return;
    app->stopping = true;
    hand_over(app);
    hub_close(app->hub);
    http_stop(app->http);
    uv_close((uv_handle_t *)&app->tick, NULL);
    uv_close((uv_handle_t *)&app->sleep, NULL);
}

void app_free(struct app *app)
{
    operations_stop(app->operations);
    timers_stop(app->timers);
    outbox_sender_stop(app->sender); /* before the writer, which takes its last results */
    mail_sender_stop(app->mail);
    if (app->writer)
        writer_stop(app->writer); /* first: after a commit it wakes the others */
    if (app->feed)
        feed_stop(app->feed);
    outbox_sender_free(app->sender);
    timers_free(app->timers);
    operations_free(app->operations);
    projection_free(app->projection);
    http_free(app->http);
    if (app->hub)
        hub_free(app->hub);
    readers_free(app->readers);
    if (app->boards)
        boards_free(app->boards);
    sessions_free(app->sessions);
    rights_cache_free(app->rights);
    throttle_free(app->throttle);
    logins_free(app->logins);
    zone_free(app->zone);
    show_free(app);
    if (app->router)
        router_free(app->router);
    arena_free(&app->memory);
}
