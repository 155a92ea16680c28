/* Connections for reading. With SQLite the loop uses one of them, with PostgreSQL the pool threads do. */
#include "api/inside.h"
#include "base/vec.h"

struct readers {
    struct db_target target;
    uv_mutex_t lock;
    VEC(struct db *) idle;
    struct db *tick; /* the loop's, in a read transaction that ends before the loop sleeps */
};

struct readers *readers_new(const struct db_target *target)
{
    struct readers *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->target = *target;
    uv_mutex_init(&r->lock);
    return r;
}

void readers_free(struct readers *r)
{
    if (!r)
        return;
    readers_end_tick(r);
    for (size_t i = 0; i < r->idle.len; i++)
        db_close(r->idle.ptr[i]);
    vec_free(&r->idle);
    uv_mutex_destroy(&r->lock);
    free(r);
}

enum rc readers_take(struct readers *r, struct db **out, struct err *e)
{
    *out = NULL;
    uv_mutex_lock(&r->lock);
    if (r->idle.len)
        *out = r->idle.ptr[--r->idle.len];
    uv_mutex_unlock(&r->lock);
    return *out ? RC_OK : db_open(out, &r->target, DB_READER, e);
}

void readers_give(struct readers *r, struct db *db, enum rc rc)
{
    if (rc == RC_UNAVAILABLE) {
        db_close(db);
        return;
    }
    uv_mutex_lock(&r->lock);
    vec_push(&r->idle, db);
    uv_mutex_unlock(&r->lock);
}

/* Requests that arrive together read one state of the database: one transaction instead of one each. */
enum rc readers_run_tick(struct call *c, enum rc (*fn)(struct call *c, struct err *e))
{
    struct readers *r = c->app->readers;
    if (!r->tick) {
        struct db *db;
        enum rc rc = readers_take(r, &db, &c->err);
        if (rc == RC_OK && (rc = db_read_begin(db, &c->err)) != RC_OK)
            readers_give(r, db, RC_UNAVAILABLE);
        if (rc != RC_OK)
            return rc;
        r->tick = db;
    }
    c->db = r->tick;
    enum rc rc = fn(c, &c->err);
    c->db = NULL;
    return rc;
}

void readers_end_tick(struct readers *r)
{
    struct db *db = r->tick;
    if (!db)
        return;
    r->tick = NULL;
    db_read_end(db);
    readers_give(r, db, RC_OK);
}

static void drop_idle(struct readers *r)
{
    struct db *db;
    do {
        db = NULL;
        uv_mutex_lock(&r->lock);
        if (r->idle.len)
            db = r->idle.ptr[--r->idle.len];
        uv_mutex_unlock(&r->lock);
        if (db)
            db_close(db);
    } while (db);
}

static enum rc run_once(struct call *c, enum rc (*fn)(struct call *c, struct err *e))
{
    struct readers *r = c->app->readers;
    enum rc rc = readers_take(r, &c->db, &c->err);
    if (rc != RC_OK)
        return rc;
    rc = fn(c, &c->err);
    readers_give(r, c->db, rc);
    c->db = NULL;
    return rc;
}

enum rc readers_run(struct call *c, enum rc (*fn)(struct call *c, struct err *e))
{
    enum rc rc = run_once(c, fn);
    if (rc == RC_UNAVAILABLE && c->app->target.kind == DB_POSTGRES) {
        drop_idle(c->app->readers); /* the others are from before the loss, too */
        buf_clear(http_body(c->r));
        rc = run_once(c, fn);
    }
    return rc;
}
