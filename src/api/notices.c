/* Notifications: marking them as read, and telling them live to whom they are for. */
#include "api/inside.h"
#include "base/log.h"
#include "crm/notification.h"

#define IDS_MOST 1000

struct reading {
    int64_t *ids;
    size_t n;
};

static enum rc read_apply(struct change *ch, struct command_job *j, struct err *e)
{
    const struct reading *r = j->args;
    return notification_read(ch->tx, ch->actor.user_id, r->ids, r->n, e);
}
static const struct command command_read = {"notification.read", read_apply};

static enum rc read_wish(struct call *c, const json_t *body, struct reading *r, struct err *e)
{
    static const char *const keys[] = {"ids", "all", NULL};
    const json_t *ids = json_object_get(body, "ids");
    TRY(body_only(body, keys, e));
    if (json_is_true(json_object_get(body, "all")) && !ids)
        return RC_OK;
    if (!ids)
        return err_set(e, RC_UNPROCESSABLE, "required", "ids", NULL);
    if (!json_is_array(ids) || json_array_size(ids) == 0 || json_array_size(ids) > IDS_MOST)
        return err_set(e, RC_INVALID, "wrong_type", "ids", "array");
    r->ids = ARENA_ARRAY(c->r->arena, int64_t, json_array_size(ids));
    for (size_t i = 0; i < json_array_size(ids); i++) {
        if (!json_is_integer(json_array_get(ids, i)) || json_integer_value(json_array_get(ids, i)) < 1)
            return err_set(e, RC_INVALID, "wrong_type", "ids", "integer");
        r->ids[r->n++] = json_integer_value(json_array_get(ids, i));
    }
    return RC_OK;
}

static enum rc read_prepare(struct call *c, struct err *e)
{
    struct reading *r = ARENA_NEW(c->r->arena, struct reading);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = read_wish(c, body, r, e);
    json_decref(body);
    c->job.args = r;
    c->job.command = &command_read;
    return rc;
}

/* ---- live ---- */

struct news {
    struct hub *hub;
    int64_t user_id;
    struct buf text;
};

static void deliver(void *arg)
{
    struct news *n = arg;
    hub_tell(n->hub, n->user_id, buf_view(&n->text));
    buf_free(&n->text);
    free(n);
}

static void tell(struct app *app, const struct record *row)
{
    struct news *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    *n = (struct news){.hub = app->hub, .user_id = val_i(row->f[NOTIFICATION_USER_ID], 0)};
    buf_c(&n->text, "event: notification\ndata: ");
    struct jw w = jw_to(&n->text);
    record_put(&w, row, NULL);
    buf_c(&n->text, "\n\n");
    if (http_post(app->http, deliver, n))
        return;
    buf_free(&n->text);
    free(n);
}

void notices_on_events(void *arg, const struct event *ev, size_t n)
{
    struct app *app = arg;
    struct arena a = ARENA_EMPTY;
    struct db *db = NULL;
    struct err e = {0};
    struct record *row;
    enum rc rc = RC_OK;
    for (size_t i = 0; i < n && rc != RC_UNAVAILABLE; i++) {
        if (ev[i].object_kind != ENT_NOTIFICATION || ev[i].verb != VERB_CREATED)
            continue;
        rc = db ? RC_OK : readers_take(app->readers, &db, &e);
        if (rc == RC_OK)
            rc = record_load(db, &a, entity_by_id(ENT_NOTIFICATION), ev[i].object_id, false, &row, &e);
        if (rc == RC_OK)
            tell(app, row);
        else if (rc != RC_NOT_FOUND)
            log_warn("a notification could not be told live: %s", e.code);
    }
    if (db)
        readers_give(app->readers, db, rc);
    arena_free(&a);
}

const struct route notice_routes[] = {
    {"POST", "/api/notifications/read", RUN_WRITE, MAY_READ, NULL, "Mark one's notifications as read", NULL,
     read_prepare, NULL, "notices-read", NULL, 204},
};
const size_t notice_routes_n = sizeof notice_routes / sizeof *notice_routes;
