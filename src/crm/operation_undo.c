/* Taking back a whole operation, or all that a trigger has done in a period: the events, newest first, each by its
 * inverse command. What somebody has changed since stays as it is and is told in the report. */
#include "crm/engine.h"
#include "crm/operation_impl.h"
#include "crm/task_flow.h"

/* Where the events to be taken back stand together in the journal. */
struct spans {
    const char *next, *total; /* SQL; $1 the operation or trigger, then what next says, then the period */
    int64_t of, from, to;
};

_Static_assert(ENT_TRIGGER == 34, "rule_kind in the statements of spans_of");
static enum rc spans_of(const struct operation *op, struct spans *out, struct err *e)
{
    json_t *plan;
    if (op->kind == OPERATION_UNDO) {
        *out = (struct spans){
            .next = "SELECT first_seq, last_seq FROM operation_span WHERE operation_id = $1 AND first_seq < $2"
                    " ORDER BY first_seq DESC LIMIT 1",
            .total = "SELECT CAST(SUM(last_seq - first_seq + 1) AS BIGINT) FROM operation_span WHERE operation_id = $1",
            .of = op->undoes_id};
        return RC_OK;
    }
    TRY(json_read(op->plan, &plan, e));
    *out = (struct spans){
        .next = "SELECT first_seq, last_seq FROM trigger_run WHERE rule_kind = 34 AND rule_id = $1 AND first_seq < $2"
                " AND at >= $3 AND at <= $4 ORDER BY first_seq DESC LIMIT 1",
        .total = "SELECT CAST(SUM(last_seq - first_seq + 1) AS BIGINT) FROM trigger_run WHERE rule_kind = 34"
                 " AND rule_id = $1 AND first_seq < $2 AND at >= $3 AND at <= $4",
        .of = json_integer_value(json_object_get(plan, "trigger_id")),
        .from = json_integer_value(json_object_get(plan, "from")),
        .to = json_integer_value(json_object_get(plan, "to"))};
    json_decref(plan);
    return RC_OK;
}

static void spans_bind(const struct operation *op, const struct spans *sp, struct stmt *s, int64_t before, bool total)
{
    bool period = op->kind != OPERATION_UNDO;
    stmt_i64(s, 1, sp->of);
    if (!total || period)
        stmt_i64(s, 2, before);
    if (period) {
        stmt_i64(s, 3, sp->from);
        stmt_i64(s, 4, sp->to);
    }
}

static enum rc count_events(struct operation *op, const struct spans *sp, struct db *db, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, sp->total, e));
    spans_bind(op, sp, s, INT64_MAX, true);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW && !stmt_col_null(s, 0))
        op->total = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* cursor: events from this seq on have been handled; 0: none yet. */
static enum rc next_span(struct operation *op, const struct spans *sp, struct db *db, int64_t *first, int64_t *last,
                         struct err *e)
{
    struct stmt *s;
    int64_t before = op->cursor ? op->cursor : INT64_MAX;
    *first = *last = 0;
    TRY(db_prepare(db, &s, sp->next, e));
    spans_bind(op, sp, s, before, false);
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
    struct spans sp;
    TRY(spans_of(op, &sp, e));
    if (!op->total)
        TRY(count_events(op, &sp, db, e));
    TRY(next_span(op, &sp, db, &first, &last, e));
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
    struct touched *before = ch->touched;
    int64_t undone = 0;
    ch->cause = ev->change_id;
    ch->actor.via = VIA_UNDO;
    ch->remap = str_eqc(op->object, "funnel"); /* back to stages that come back themselves only after their deals */
    enum rc rc = undo_event(ch, ev, &undone, e);
    ch->remap = false;
    ch->touched = before; /* who has a task and who has none is seen in the end */
    return rc == RC_CONFLICT && strcmp(e->code, "already_undone") == 0 ? RC_OK : rc; /* of an earlier try */
}

/* ---- open deals that it has left without a task ---- */

_Static_assert(ENT_DEAL == 3 && ENT_TASK == 6, "object_kind in the statement of left_alone");
#define LEFT_ALONE(spans)                                                                                              \
    "SELECT d.id FROM deal d JOIN funnel f ON f.id = d.funnel_id WHERE d.status = 0 AND d.deleted_at IS NULL"          \
    " AND d.open_tasks = 0 AND f.task_rule >= 2 AND d.id IN (SELECT j.object_id FROM " spans " WHERE"                  \
    " j.object_kind = 3 UNION SELECT t.deal_id FROM " spans " AND j.object_kind = 6 JOIN task t ON t.id ="             \
    " j.object_id WHERE t.deal_id IS NOT NULL) ORDER BY d.id"

static enum rc left_alone(struct operation *op, struct change *ch, struct err *e)
{
    static const char of_operation[] =
        LEFT_ALONE("operation_span s JOIN journal j ON s.operation_id = $1 AND j.seq >= s.first_seq AND j.seq <="
                   " s.last_seq");
    static const char of_trigger[] =
        LEFT_ALONE("trigger_run s JOIN journal j ON s.rule_kind = 34 AND s.rule_id = $1 AND s.at >= $2 AND s.at <= $3"
                   " AND j.seq >= s.first_seq AND j.seq <= s.last_seq");
    bool trigger = op->kind != OPERATION_UNDO;
    int64_t ruled;
    struct spans sp;
    struct stmt *s;
    enum rc rc;
    TRY(QUERY_I64(ch->tx->db, &ruled, 0, e, "SELECT count(*) FROM funnel WHERE task_rule >= $1", TASK_RULE_CREATE));
    if (!ruled)
        return RC_OK;
    TRY(spans_of(op, &sp, e));
    TRY(db_prepare(ch->tx->db, &s, trigger ? of_trigger : of_operation, e));
    stmt_i64(s, 1, sp.of);
    if (trigger) {
        stmt_i64(s, 2, sp.from);
        stmt_i64(s, 3, sp.to);
    }
    while ((rc = stmt_step(s, e)) == RC_ROW)
        task_rule_touch_undone(ch, stmt_col_i64(s, 0));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc finish(struct operation *op, struct change *ch, struct err *e)
{
    TRY(left_alone(op, ch, e));
    return operation_exec(ch->tx->db, "UPDATE operation SET state = 5 WHERE id = $1", op->undoes_id, e);
}

const struct operation_type operation_undo = {
    .kind = OPERATION_UNDO, .gather = gather, .apply = apply, .finish = finish};
/* plan: {"trigger_id","from","to"} */
const struct operation_type operation_take_back = {
    .kind = OPERATION_TAKE_BACK, .gather = gather, .apply = apply, .finish = left_alone};
