/* The way of a request: route, who asks, may they, run, answer. */
#include "api/inside.h"
#include <stdlib.h>
#include <unistd.h>

/* ---- running ---- */

static void after_work(uv_work_t *work, int status)
{
    struct call *c = work->data;
    (void)status; /* nothing cancels our work */
    entities_pin(c->nouns);
    c->then(c);
}

static void pool_work(uv_work_t *work)
{
    struct call *c = work->data;
    entities_pin(c->nouns);
    c->rc = c->in_pool(c, &c->err);
}

static void pool_read(uv_work_t *work)
{
    struct call *c = work->data;
    entities_pin(c->nouns);
    c->rc = readers_run(c, c->in_pool);
}

static void queue(struct call *c, enum rc (*fn)(struct call *c, struct err *e), void (*then)(struct call *c),
                  uv_work_cb work)
{
    c->in_pool = fn;
    c->then = then;
    c->work.data = c;
    if (uv_queue_work(c->app->loop, &c->work, work, after_work) != 0)
        abort(); /* only a missing function is refused */
}

void call_run_pool(struct call *c, enum rc (*fn)(struct call *c, struct err *e), void (*then)(struct call *c))
{
    queue(c, fn, then, pool_work);
}

void call_run_pool_read(struct call *c, enum rc (*fn)(struct call *c, struct err *e), void (*then)(struct call *c))
{
    queue(c, fn, then, pool_read);
}

void call_run_read(struct call *c, enum rc (*fn)(struct call *c, struct err *e), void (*then)(struct call *c))
{
    if (c->app->target.kind == DB_POSTGRES) {
        queue(c, fn, then, pool_read);
        return;
    }
    c->rc = fn == object_get ? readers_run_tick(c, fn) : readers_run(c, fn);
    then(c);
}

void call_send(struct call *c)
{
    if (c->rc != RC_OK) {
        if (c->file.on)
            close(c->file.fd);
        call_fail(c, &c->err);
        return;
    }
    http_set(c->r, "Cache-Control", STR("no-store"));
    if (c->file.on) {
        c->file.on = false;
        http_send_fd(c->r, c->status, c->content_type, c->file.fd, c->file.size);
        return;
    }
    http_send(c->r, c->status, c->content_type);
}

/* ---- writing ---- */

/* What is written at once holds for the next request, even before the feed has told of it. */
static bool touches_rights(enum entity_id id)
{
    return id == ENT_USER || id == ENT_ROLE || id == ENT_TEAM || id == ENT_CUSTOM_FIELD;
}

static void show_after_write(struct call *c)
{
    struct command_job *j = &c->job;
    if (c->rc != RC_OK) {
        call_fail(c, &c->err);
        return;
    }
    readers_end_tick(c->app->readers);
    if (j->change_id)
        http_set(c->r, "Voronka-Change", str_fmt(c->r->arena, "%lld", (long long)j->change_id));
    if (!j->ent || touches_rights(j->ent->id)) {
        sessions_forget(c->app->sessions);
        rights_cache_forget(c->app->rights);
    }
    if (c->id == 0)
        c->id = j->out_id;
    if (c->status == 201 && j->ent)
        http_set(c->r, "Location", str_fmt(c->r->arena, "/api/%s/%lld", j->ent->plural, (long long)c->id));
    if (c->route->handle)
        call_run_read(c, c->route->handle, call_send);
    else
        call_send(c);
}

static void posted(void *arg)
{
    struct call *c = arg;
    entities_pin(c->nouns);
    c->then(c);
}

static void written(struct command_job *j, enum rc rc, const struct err *e)
{
    struct call *c = j->user;
    c->rc = rc;
    if (rc != RC_OK && e) {
        c->err = *e;
        if (e->more) /* of the writer's arena */
            c->err.more = str_cdup(c->r->arena, str_c(e->more));
    }
    http_post(c->app->http, posted, c);
}

void call_submit(struct call *c, const struct command *command, void (*then)(struct call *c))
{
    c->then = then;
    c->job.command = command;
    c->job.actor = call_actor(c);
    c->job.user = c;
    c->job.done = written;
    app_write(c->app, &c->job.job);
}

static enum rc idempotency(struct call *c, struct err *e)
{
    struct str key = http_header(c->r, "idempotency-key");
    if (!key.ptr)
        return RC_OK;
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] > '~')
            return err_set(e, RC_INVALID, "bad_idempotency_key", "Idempotency-Key", NULL);
    if (key.len < 1 || key.len > 128)
        return err_set(e, RC_INVALID, "bad_idempotency_key", "Idempotency-Key", NULL);
    c->job.idempotency_key = key;
    c->job.request_hash = call_request_hash(c);
    return RC_OK;
}

static enum rc if_match(struct call *c, struct err *e)
{
    struct str tag = http_header(c->r, "if-match");
    int64_t version;
    if (!tag.ptr || str_eqc(tag, "*"))
        return RC_OK;
    if (tag.len < 3 || tag.ptr[0] != '"' || tag.ptr[tag.len - 1] != '"' ||
        !str_i64((struct str){tag.ptr + 1, tag.len - 2}, &version) || version < 1)
        return err_set(e, RC_INVALID, "bad_if_match", "If-Match", NULL);
    c->job.expect_version = version;
    return RC_OK;
}

enum rc call_prepare(struct call *c, struct err *e)
{
    command_job_init(&c->job);
    c->job.ent = c->route->ent;
    c->job.id = c->id;
    TRY(idempotency(c, e));
    TRY(if_match(c, e));
    return c->route->prepare(c, e);
}

/* ---- routing ---- */

static bool is_id(struct str name)
{
    return str_eqc(name, "id") || (name.len > 3 && memcmp(name.ptr + name.len - 3, "_id", 3) == 0);
}

static enum rc read_id(struct call *c, struct err *e)
{
    struct str rest, in = str_c(c->route->pattern);
    (void)str_cut(in, '{', &rest);
    if (!rest.ptr || !is_id(str_cut(rest, '}', &rest)))
        return RC_OK;
    if (!str_i64(c->match.param[0], &c->id) || c->id < 1)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%.*s", STR_ARG(c->r->path));
    return RC_OK;
}

static bool has_word(const char *words, struct str word)
{
    for (struct str rest = str_c(words); rest.ptr;)
        if (str_eq(str_cut(rest, ' ', &rest), word))
            return true;
    return false;
}

static enum rc check_query(struct call *c, struct err *e)
{
    for (struct str rest = c->r->query; rest.len;) {
        struct str value, name = str_cut(str_cut(rest, '&', &rest), '=', &value);
        if (name.len && !has_word(c->route->query ? c->route->query : "", name))
            return err_set(e, RC_INVALID, "unknown_parameter", "", "%.*s", STR_ARG(name));
        bool coded = value.ptr && memchr(value.ptr, '%', value.len);
        if (coded && (!str_url_decode(c->r->arena, value, true, &value) || !str_utf8_valid(value)))
            return err_set(e, RC_INVALID, "bad_text", str_cdup(c->r->arena, name), NULL);
    }
    return RC_OK;
}

static enum rc before_run(struct call *c, struct err *e)
{
    TRY(auth_allow(c, e));
    TRY(check_query(c, e));
    return c->route->run == RUN_WRITE ? call_prepare(c, e) : RC_OK;
}

static void after_upload(struct call *c)
{
    entities_pin(c->nouns);
    if (c->rc == RC_OK && c->route->prepare && c->job.command)
        call_submit(c, c->job.command, show_after_write);
    else
        call_send(c);
}

/* Once something has been handed to another thread, the call is that thread's: its rc is not to be touched here. */
static void run_route(struct call *c)
{
    const struct route *route = c->route;
    entities_pin(c->nouns);
    c->status = route->status ? route->status : 200;
    enum rc rc = before_run(c, &c->err);
    if (rc == RC_OK && route->run == RUN_RAW)
        rc = route->handle(c, &c->err);
    if (rc != RC_OK) {
        call_fail(c, &c->err);
        return;
    }
    if (route->run == RUN_READ)
        call_run_read(c, route->handle, call_send);
    else if (route->run == RUN_UPLOAD)
        upload_begin(c, after_upload);
    else if (route->run == RUN_POOL)
        call_run_pool_read(c, route->handle, call_send);
    else if (route->run == RUN_WRITE && !c->waits) /* else prepare has begun something and goes on by itself */
        call_submit(c, c->job.command, show_after_write);
}

void call_submit_prepared(struct call *c, const struct command *command)
{
    call_submit(c, command, show_after_write);
}

/* The route's noun as it is now; the call keeps to that until it is answered. */
static const struct route *of_now(struct call *c, const struct route *r)
{
    c->nouns = entities_refresh();
    const struct entity *ent = r->ent ? entity_by_id(r->ent->id) : NULL;
    if (ent == r->ent)
        return r;
    struct route *own = ARENA_NEW(c->r->arena, struct route);
    *own = *r;
    own->ent = ent;
    return own;
}

static enum rc find_route(struct call *c, struct err *e)
{
    struct str allow = STR_NULL;
    struct str method = c->r->head_only ? STR("GET") : c->r->method;
    enum rc rc = router_find(c->app->router, c->r->arena, method, c->r->path, &c->match, &allow);
    if (rc == RC_NOT_FOUND)
        return err_set(e, rc, "not_found", "", "%.*s", STR_ARG(c->r->path));
    if (rc == RC_METHOD) {
        http_set(c->r, "Allow", allow);
        return err_set(e, rc, "method_not_allowed", "", "%.*s", STR_ARG(allow));
    }
    TRY(rc);
    c->route = of_now(c, c->app->routes[c->match.route]);
    return read_id(c, e);
}

bool dispatch_streams(void *arg, struct http_request *r)
{
    struct app *app = arg;
    struct router_match match;
    return str_starts(r->path, STR("/api/")) &&
           router_find(app->router, r->arena, r->method, r->path, &match, NULL) == RC_OK &&
           app->routes[match.route]->run == RUN_UPLOAD;
}

void dispatch(void *arg, struct http_request *r)
{
    struct call *c = ARENA_NEW(r->arena, struct call);
    c->app = arg;
    c->r = r;
    c->content_type = "application/json";
    c->rights = &rights_nobody;
    if (!str_starts(r->path, STR("/api/")) && !str_eqc(r->path, "/api")) {
        web_serve(c);
        return;
    }
    c->rc = find_route(c, &c->err);
    if (c->rc != RC_OK)
        call_fail(c, &c->err);
    else if (c->route->may == MAY_PUBLIC && c->route->run != RUN_RAW)
        run_route(c);
    else
        auth_find(c, run_route);
}
