/* One chunk of an operation: gathered in the operations' thread, applied in one job of the writer. */
#include "crm/engine.h"
#include "crm/notification.h"
#include "crm/operation_impl.h"
#include <stdlib.h>

#define GATHER 2000

struct chunk {
    struct job job;
    struct operation *op; /* as the thread knows it */
    struct operation now; /* as the chunk leaves it */
    const struct operation_item *items;
    size_t n, taken; /* taken: items handled, with success or not */
    int64_t budget_us;
    const struct err *dead; /* it has failed as a whole: why */
    bool stale;             /* somebody else runs it, or it has ended */
    bool refused;           /* all or nothing, and something was refused */
};

/* Is it about this row, so that others may go on? */
static bool is_refusal(enum rc rc)
{
    return rc == RC_INVALID || rc == RC_FORBIDDEN || rc == RC_NOT_FOUND || rc == RC_CONFLICT || rc == RC_STALE ||
           rc == RC_TOO_LARGE || rc == RC_UNPROCESSABLE;
}

/* ---- in the writer ---- */

/* RC_OK: *why tells whether it was refused. *again: it was, after it had written. */
static enum rc run_item(struct chunk *c, struct change *ch, const struct operation_item *item, bool careful,
                        struct err *why, bool *again, struct err *e)
{
    struct change before = *ch;
    struct wtx_mark mark;
    if (careful)
        TRY(wtx_mark(ch->tx, &mark, e));
    int64_t written = wtx_written(ch->tx);
    *why = (struct err){0};
    enum rc rc = c->now.type->apply(&c->now, ch, item, why);
    if (rc == RC_OK)
        rc = change_end(ch, why); /* each row is a command of its own */
    if (rc == RC_OK) {
        c->now.done++;
        c->now.changed += ch->events > before.events;
        return careful ? wtx_keep(ch->tx, &mark, e) : RC_OK;
    }
    if (!is_refusal(rc)) {
        *e = *why;
        return rc;
    }
    if (careful)
        TRY(wtx_give_up(ch->tx, &mark, e));
    else if (wtx_written(ch->tx) != written) {
        *again = true;
        return RC_OK;
    }
    *ch = before;
    c->now.failed++;
    c->refused |= c->now.type->all_or_nothing;
    return operation_problem(&c->now, ch, item, STR_NULL, why, e);
}

static enum rc run_items(struct chunk *c, struct change *ch, bool careful, bool *again, struct err *e)
{
    int64_t until = wtx_clock() + c->budget_us;
    for (c->taken = 0; c->taken < c->n && !c->refused;) {
        const struct operation_item *item = &c->items[c->taken];
        struct err why;
        TRY(run_item(c, ch, item, careful, &why, again, e));
        if (*again)
            return RC_OK;
        c->now.cursor = item->cursor;
        c->taken++;
        if (wtx_clock() >= until)
            break;
    }
    return RC_OK;
}

/* Without savepoints for single rows first, as the writer itself does with jobs. */
static enum rc run_all(struct chunk *c, struct change *ch, struct err *e)
{
    struct change before = *ch;
    struct operation was = c->now;
    struct wtx_mark mark;
    bool again = false;
    TRY(wtx_mark(ch->tx, &mark, e));
    TRY(run_items(c, ch, false, &again, e));
    if (!again)
        return wtx_keep(ch->tx, &mark, e);
    TRY(wtx_give_up(ch->tx, &mark, e));
    *ch = before;
    c->now = was;
    c->refused = again = false;
    return run_items(c, ch, true, &again, e);
}

static enum rc write_span(struct chunk *c, const struct change *ch, struct err *e)
{
    struct stmt *s;
    if (!ch->events)
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s, "INSERT INTO operation_span (operation_id, first_seq, last_seq) VALUES ($1, $2, $3)",
                   e));
    stmt_i64(s, 1, c->now.id);
    stmt_i64(s, 2, ch->seq - ch->events + 1);
    stmt_i64(s, 3, ch->seq);
    return stmt_run(s, e);
}

static enum rc write_run(struct chunk *c, struct wtx *tx, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, "UPDATE operation_run SET cursor = $1, state = $2, changed = $3 WHERE operation_id = $4",
                   e));
    stmt_i64(s, 1, c->now.cursor);
    stmt_str(s, 2, c->now.state);
    stmt_i64(s, 3, c->now.changed);
    stmt_i64(s, 4, c->now.id);
    return stmt_run(s, e);
}

static enum rc write_row(struct chunk *c, struct wtx *tx, struct err *e)
{
    struct stmt *s;
    const struct operation *op = &c->now;
    bool over = op->at > OPERATION_RUNNING;
    TRY(db_prepare(tx->db, &s,
                   "UPDATE operation SET state = $1, total = $2, done_count = $3, failed_count = $4, finished_at = $5,"
                   " outcome = $6 WHERE id = $7",
                   e));
    stmt_i64(s, 1, op->at);
    stmt_i64(s, 2, op->total);
    stmt_i64(s, 3, op->done);
    stmt_i64(s, 4, op->failed);
    if (over)
        stmt_i64(s, 5, tx->now);
    else
        stmt_null(s, 5);
    stmt_str(s, 6, over ? op->outcome : STR_NULL);
    stmt_i64(s, 7, op->id);
    TRY(stmt_run(s, e));
    return over ? operation_exec(tx->db, "DELETE FROM operation_page WHERE operation_id = $1", op->id, e) : RC_OK;
}

static struct str outcome_text(struct arena *a, const struct operation *op, const struct err *dead)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_ki64(&w, "changed", op->changed);
    if (dead) {
        jw_kc(&w, "code", dead->code);
        jw_kc(&w, "field", dead->field);
        jw_kc(&w, "detail", dead->arg[0]);
    }
    jw_end_obj(&w);
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

/* Its events are a change of their own: taking the operation back leaves them. */
static enum rc tell_owner(struct chunk *c, const struct change *ch, enum operation_state state, struct err *e)
{
    struct change own = change_begin(ch->tx, ch->actor);
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kc(&w, "operation", operation_kind_names[c->now.kind]);
    jw_kstr(&w, "title", c->now.title.ptr ? c->now.title : STR(""));
    jw_ki64(&w, "done", c->now.done);
    jw_ki64(&w, "failed", c->now.failed);
    jw_end_obj(&w);
    struct str params = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    const char *kind = state == OPERATION_DONE && !c->refused ? "operation.done"
                       : state == OPERATION_STOPPED           ? "operation.stopped"
                                                              : "operation.failed";
    return notification_add(&own, c->now.owner_id, kind, ENT_OPERATION, c->now.id, params, e);
}

static enum rc end(struct chunk *c, struct change *ch, enum operation_state state, struct err *e)
{
    int64_t undo;
    c->now.at = state;
    if (state == OPERATION_DONE && c->now.type->finish)
        TRY(c->now.type->finish(&c->now, ch, e));
    TRY(change_end(ch, e));
    if (!c->now.outcome.ptr)
        c->now.outcome = outcome_text(ch->tx->arena, &c->now, c->dead);
    if (c->now.owner_id)
        TRY(tell_owner(c, ch, state, e));
    if (!c->refused)
        return RC_OK;
    /* what was done before the refusal goes again */
    TRY(write_row(c, ch->tx, e));
    struct change own = change_begin(ch->tx, ch->actor);
    return operation_begin_undo(&own, c->now.id, &undo, e);
}

static enum rc apply_chunk(struct chunk *c, struct wtx *tx, const struct operation *here, struct err *e)
{
    struct actor actor = {.user_id = here->owner_id, .role = ROLE_ADMIN, .via = here->via};
    struct err gone;
    if (!c->dead) {
        enum rc rc = operation_actor(&c->now, tx->db, tx->arena, &actor, &gone);
        if (rc == RC_FORBIDDEN)
            c->dead = &gone;
        else if (rc != RC_OK)
            return *e = gone, rc;
    }
    struct change ch = change_begin(tx, actor);
    ch.change_id = here->of_change;
    if (c->dead)
        TRY(end(c, &ch, OPERATION_FAILED, e));
    else if (here->stop_asked)
        TRY(end(c, &ch, OPERATION_STOPPED, e));
    else if (!c->n)
        TRY(end(c, &ch, OPERATION_DONE, e));
    else {
        TRY(run_all(c, &ch, e));
        if (c->refused) {
            TRY(write_span(c, &ch, e));
            TRY(end(c, &ch, OPERATION_FAILED, e));
            TRY(write_run(c, tx, e));
            return write_row(c, tx, e);
        }
    }
    TRY(write_span(c, &ch, e));
    TRY(write_run(c, tx, e));
    return write_row(c, tx, e);
}

static enum rc chunk_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct chunk *c = (struct chunk *)job;
    struct operation here;
    const struct err *dead = c->dead; /* a job may run again */
    TRY(operation_load(tx->db, tx->arena, c->op->id, &here, e));
    c->stale = here.cursor != c->op->cursor || here.at > OPERATION_RUNNING;
    c->taken = 0;
    c->refused = false;
    c->now = *c->op;
    c->now.arena = tx->arena;
    c->now.outcome = STR_NULL;
    if (c->stale)
        return RC_OK;
    enum rc rc = apply_chunk(c, tx, &here, e);
    c->dead = dead;
    /* what lives in the job's arena is read in done, before that is emptied */
    return rc;
}

static void chunk_done(struct job *job, enum rc rc, const struct err *e)
{
    struct chunk *c = (struct chunk *)job;
    struct operation *op = c->op;
    (void)e;
    if (rc != RC_OK || c->stale)
        return;
    op->state = c->now.state.ptr == op->state.ptr ? op->state : str_dup(op->arena, c->now.state);
    op->cursor = c->now.cursor;
    op->done = c->now.done;
    op->failed = c->now.failed;
    op->changed = c->now.changed;
    op->total = c->now.total;
    op->own = c->now.own;
    op->at = c->now.at;
}

/* ---- in the operations' thread ---- */

static enum rc run_chunk(struct operation *op, struct writer *w, const struct operation_items *items, size_t from,
                         int64_t budget_us, const struct err *dead, size_t *taken, bool *stale, struct err *e)
{
    struct chunk c = {.job = {.apply = chunk_apply, .done = chunk_done},
                      .op = op,
                      .items = items->ptr + from,
                      .n = items->n - from,
                      .budget_us = budget_us,
                      .dead = dead};
    enum rc rc = writer_run(w, &c.job, e);
    *taken = c.taken;
    *stale = c.stale;
    return rc;
}

/* An error that will not go away by waiting ends the operation. */
static enum rc fail(struct operation *op, struct writer *w, enum rc rc, bool *over, struct err *e)
{
    struct operation_items none = {0};
    struct err why = *e;
    size_t taken;
    bool stale;
    if (rc == RC_UNAVAILABLE)
        return rc;
    *over = true;
    return run_chunk(op, w, &none, 0, 0, &why, &taken, &stale, e);
}

static enum rc gather(struct operation *op, struct db *db, struct err *e)
{
    arena_reset(&op->work);
    op->items = (struct operation_items){0};
    op->next = 0;
    return (op->type->gather ? op->type->gather : operation_gather)(op, db, &op->work, GATHER, &op->items, e);
}

enum rc operation_step(struct operation *op, struct writer *w, struct db *db, int64_t budget_us, bool *over,
                       struct err *e)
{
    size_t taken = 0;
    bool stale = false;
    *over = false;
    if (!op->type) {
        enum rc rc = err_set(e, RC_INTERNAL, "operation_unknown", "", NULL);
        return fail(op, w, rc, over, e);
    }
    enum rc rc = op->at == OPERATION_WAITING ? operation_populate(op, w, db, e) : RC_OK;
    if (rc == RC_OK && op->next == op->items.n)
        rc = gather(op, db, e);
    if (rc == RC_OK)
        rc = run_chunk(op, w, &op->items, op->next, budget_us, NULL, &taken, &stale, e);
    if (rc != RC_OK)
        return fail(op, w, rc, over, e);
    op->next += taken;
    *over = stale || op->at > OPERATION_RUNNING;
    return RC_OK;
}

void operation_close(struct operation *op)
{
    if (op->type && op->type->close)
        op->type->close(op);
    arena_free(&op->work);
}
