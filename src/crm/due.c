#include "crm/due.h"
#include "base/log.h"
#include "crm/engine.h"
#include "crm/task_flow.h"

#define AT_ONCE 300 /* of each in one job: others write between two */

/* ---- what is due ---- */

/* The words of the index task_remind. */
#define UNTOLD                                                                                                         \
    "done = 0 AND deleted_at IS NULL AND (told_for IS NULL OR told_for <> COALESCE(remind_at, due_at))"                \
    " AND COALESCE(remind_at, due_at) <= $1"
#define MISSING "escalate_at IS NOT NULL AND escalate_at <= $1"
#define RESTED "deferred_until IS NOT NULL AND deferred_until <= $1 AND status = 0 AND deleted_at IS NULL"
#define FILLED                                                                                                         \
    "FROM wait_for w JOIN deal d ON d.wait_id = w.id WHERE w.filled = 1 AND d.status = 0 AND d.deleted_at IS NULL"     \
    " AND CAST($1 AS BIGINT) > 0"

enum rc due_any(struct db *db, int64_t now, bool *out, struct err *e)
{
    static const char *const sql[] = {
        "SELECT 1 FROM task WHERE " UNTOLD " LIMIT 1",
        "SELECT 1 FROM deal WHERE " MISSING " LIMIT 1",
        "SELECT 1 FROM deal WHERE " RESTED " LIMIT 1",
        "SELECT 1 " FILLED " LIMIT 1",
    };
    int64_t found = 0;
    for (size_t i = 0; i < sizeof sql / sizeof *sql && !found; i++)
        TRY(QUERY_I64(db, &found, 0, e, sql[i], now));
    *out = found != 0;
    return RC_OK;
}

struct ids {
    int64_t id[AT_ONCE];
    size_t n;
};

static enum rc find(struct wtx *tx, const char *sql, size_t behind, struct ids *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    out->n = 0;
    struct str page = str_fmt(tx->arena, "%s LIMIT %d OFFSET %zu", sql, AT_ONCE, behind);
    TRY(db_prepare(tx->db, &s, page.ptr, e));
    stmt_i64(s, 1, tx->now);
    while ((rc = stmt_step(s, e)) == RC_ROW && out->n < AT_ONCE)
        out->id[out->n++] = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc exec(struct wtx *tx, const char *sql, int64_t id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, sql, e));
    stmt_i64(s, 1, id);
    return stmt_run(s, e);
}

static struct change nobodys_change(struct wtx *tx)
{
    return change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_TRIGGER});
}

/* ---- reminders ---- */

/* Whoever sets a task for a time that has gone by is not reminded of it. */
static enum rc remind(struct wtx *tx, int64_t id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    struct record *t;
    TRY(exec(tx, "UPDATE task SET told_for = COALESCE(remind_at, due_at) WHERE id = $1", id, e));
    TRY(record_load(tx->db, tx->arena, entity_by_id(ENT_TASK), id, false, &t, e));
    struct val remind_at = t->f[TASK_REMIND_AT], due = t->f[TASK_DUE_AT];
    if ((val_has(remind_at) ? remind_at.i : due.i) <= t->created_at)
        return RC_OK;
    json_t *params = json_pack("{s:o}", "title", json_text(t->f[TASK_TITLE].s));
    if (val_has(due))
        json_object_set_new(params, "due_at", json_integer(due.i));
    TRY(tell_of(&ch, val_i(t->f[TASK_OWNER_ID], 0), "task.due", ENT_TASK, id, params, e));
    return change_end(&ch, e);
}

/* ---- first answers ---- */

static enum rc escalate(struct wtx *tx, int64_t id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    struct record *d;
    TRY(exec(tx, "UPDATE deal SET escalate_at = NULL WHERE id = $1", id, e));
    TRY(record_load(tx->db, tx->arena, entity_by_id(ENT_DEAL), id, true, &d, e));
    if (d->deleted_at || d->f[DEAL_STATUS].i != DEAL_OPEN || val_has(d->f[DEAL_FIRST_RESPONSE_AT]))
        return RC_OK;
    int64_t owner = val_i(d->f[DEAL_OWNER_ID], 0), head = 0, due = val_i(d->f[DEAL_FIRST_RESPONSE_DUE_AT], 0);
    TRY(QUERY_I64(tx->db, &head, 0, e,
                  "SELECT t.head_id FROM users u JOIN team t ON t.id = u.team_id AND t.deleted_at IS NULL WHERE u.id ="
                  " $1",
                  owner));
    const int64_t whom[2] = {owner, head != owner ? head : 0};
    for (size_t i = 0; i < 2; i++)
        TRY(tell_of(&ch, whom[i], "deal.answer_due", ENT_DEAL, id,
                    json_pack("{s:o,s:I}", "title", json_text(d->f[DEAL_TITLE].s), "due_at", (json_int_t)due), e));
    return change_end(&ch, e);
}

/* ---- deals that waited ---- */

static enum rc wake(struct wtx *tx, int64_t id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    TRY(deal_wake(&ch, id, e));
    return change_end(&ch, e);
}

/* All that wait for one thing wake in one change, as many as go at once. */
static enum rc wake_all(struct wtx *tx, int64_t wait_id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    int64_t n;
    TRY(wait_wake(&ch, wait_id, AT_ONCE, &n, e));
    return change_end(&ch, e);
}

/* ---- all of it ---- */

/* One that cannot be done does not keep the others from it: it is told in the log and tried again later. *failed
 * counts them. */
static enum rc page(struct wtx *tx, const struct ids *ids, enum rc (*one)(struct wtx *tx, int64_t id, struct err *e),
                    size_t *failed, struct err *e)
{
    for (size_t i = 0; i < ids->n; i++) {
        struct wtx_mark mark;
        struct err why = {0};
        TRY(wtx_mark(tx, &mark, e));
        enum rc rc = one(tx, ids->id[i], &why);
        if (rc == RC_OK) {
            TRY(wtx_keep(tx, &mark, e));
        } else if (rc == RC_UNAVAILABLE) {
            *e = why;
            return rc;
        } else {
            log_warn("due: %lld: %s %s", (long long)ids->id[i], why.code, why.field);
            TRY(wtx_give_up(tx, &mark, e));
            ++*failed;
        }
    }
    return RC_OK;
}

/* Those that fail stay at the head: the ones behind them are looked for there. */
static enum rc each(struct wtx *tx, const char *sql, enum rc (*one)(struct wtx *tx, int64_t id, struct err *e),
                    bool *more, struct err *e)
{
    struct ids *ids = ARENA_NEW(tx->arena, struct ids);
    size_t failed = 0, before;
    do {
        before = failed;
        TRY(find(tx, sql, failed, ids, e));
        TRY(page(tx, ids, one, &failed, e));
        *more |= ids->n > failed - before;
    } while (ids->n == AT_ONCE && failed - before == ids->n);
    return RC_OK;
}

enum rc due_run(struct wtx *tx, bool *more, struct err *e)
{
    *more = false;
    TRY(each(tx, "SELECT id FROM task WHERE " UNTOLD " ORDER BY COALESCE(remind_at, due_at)", remind, more, e));
    TRY(each(tx, "SELECT id FROM deal WHERE " MISSING " ORDER BY escalate_at", escalate, more, e));
    TRY(each(tx, "SELECT id FROM deal WHERE " RESTED " ORDER BY deferred_until", wake, more, e));
    return each(tx, "SELECT DISTINCT w.id " FILLED, wake_all, more, e);
}
