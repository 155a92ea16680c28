/* Taking back a whole operation: its events, newest first, each by its inverse command. What somebody has changed since
 * stays as it is and is told in the report. */
#include "crm/engine.h"
#include "crm/operation_impl.h"

/* cursor: events from this seq on have been handled; 0: none yet. */
static enum rc next_span(struct operation *op, struct db *db, int64_t *first, int64_t *last, struct err *e)
{
    struct stmt *s;
    int64_t before = op->cursor ? op->cursor : INT64_MAX;
    *first = *last = 0;
    TRY(db_prepare(db, &s,
                   "SELECT first_seq, last_seq FROM operation_span WHERE operation_id = $1 AND first_seq < $2"
                   " ORDER BY first_seq DESC LIMIT 1",
                   e));
    stmt_i64(s, 1, op->undoes_id);
    stmt_i64(s, 2, before);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *first = stmt_col_i64(s, 0);
        *last = stmt_col_i64(s, 1);
        *last = *last < before ? *last : before - 1;
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static struct event *read_event(struct arena *a, struct stmt *s)
{
    struct event *ev = ARENA_NEW(a, struct event);
    *ev = (struct event){.seq = stmt_col_i64(s, 0),
                         .change_id = stmt_col_i64(s, 1),
                         .object_id = stmt_col_i64(s, 2),
                         .object_kind = (int)stmt_col_i64(s, 3),
                         .verb = (int)stmt_col_i64(s, 4),
                         .data = str_dup(a, stmt_col_str(s, 5))};
    return ev;
}

static enum rc gather(struct operation *op, struct db *db, struct arena *a, size_t most, struct operation_items *out,
                      struct err *e)
{
    int64_t first, last;
    struct stmt *s;
    enum rc rc;
    if (!op->total)
        TRY(QUERY_I64(
            db, &op->total, 0, e,
            "SELECT CAST(SUM(last_seq - first_seq + 1) AS BIGINT) FROM operation_span WHERE operation_id = $1",
            op->undoes_id));
    TRY(next_span(op, db, &first, &last, e));
    if (!first)
        return RC_OK;
    TRY(db_prepare(db, &s,
                   "SELECT seq, change_id, object_id, object_kind, verb, data FROM journal"
                   " WHERE seq >= $1 AND seq <= $2 ORDER BY seq DESC LIMIT $3",
                   e));
    stmt_i64(s, 1, first);
    stmt_i64(s, 2, last);
    stmt_i64(s, 3, (int64_t)most);
    int64_t row = op->done + op->failed;
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct event *ev = read_event(a, s);
        struct operation_item item = {
            .row = ++row, .cursor = ev->seq, .id = ev->object_id, .kind = (enum entity_id)ev->object_kind, .own = ev};
        operation_add_item(out, a, &item);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    const struct event *ev = item->own;
    int64_t undone = 0;
    ch->cause = ev->change_id;
    ch->actor.via = VIA_UNDO;
    ch->remap = str_eqc(op->object, "funnel"); /* back to stages that come back themselves only after their deals */
    enum rc rc = undo_event(ch, ev, &undone, e);
    ch->remap = false;
    return rc == RC_CONFLICT && strcmp(e->code, "already_undone") == 0 ? RC_OK : rc; /* of an earlier try */
}

static enum rc finish(struct operation *op, struct change *ch, struct err *e)
{
    return operation_exec(ch->tx->db, "UPDATE operation SET state = 5 WHERE id = $1", op->undoes_id, e);
}

const struct operation_type operation_undo = {
    .kind = OPERATION_UNDO, .gather = gather, .apply = apply, .finish = finish};
