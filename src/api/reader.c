/* Connections for reading. With SQLite the loop uses one of them, with PostgreSQL the pool threads do. */
#include "api/inside.h"
#include "base/vec.h"

struct readers {
    struct db_target target;
    uv_mutex_t lock;
    VEC(struct db *) idle;
    struct db *tick; /* the loop's */
    bool in_tick;    /* it is in a read transaction, which ends before the loop sleeps */
    int64_t state;   /* the number SQLite gives the state it reads; another after every commit of others */
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
    if (r->tick)
        db_close(r->tick);
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

static enum rc tick_begin(struct readers *r, struct err *e)
{
    struct stmt *s;
    if (!r->tick)
        TRY(db_open(&r->tick, &r->target, DB_READER, e));
    TRY(db_read_begin(r->tick, e));
    r->in_tick = true;
    TRY(db_prepare(r->tick, &s, "PRAGMA data_version", e));
    enum rc rc = stmt_step(s, e);
    r->state = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW ? RC_OK : rc;
}

enum rc readers_run_tick(struct call *c, enum rc (*fn)(struct call *c, struct err *e))
{
    struct readers *r = c->app->readers;
    enum rc rc = r->in_tick ? RC_OK : tick_begin(r, &c->err);
    if (rc == RC_OK) {
        c->db = r->tick;
        rc = fn(c, &c->err);
        c->db = NULL;
    }
    if (rc == RC_UNAVAILABLE) {
        readers_end_tick(r);
        if (r->tick)
            db_close(r->tick);
        r->tick = NULL;
    }
    return rc;
}

void readers_end_tick(struct readers *r)
{
    if (!r->in_tick)
        return;
    db_read_end(r->tick);
    r->in_tick = false;
}

int64_t readers_state(const struct readers *r, const struct db *db)
{
    return r->target.kind == DB_SQLITE && r->in_tick && db == r->tick ? r->state : 0;
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
