/* What has been told of tasks and deals whose time has come; see due.h. */
#include "crm/due.h"
#include "crm/engine.h"
#include "crm/schema_steps.h"

/* told_for: the time of a task of which its owner has been told; escalate_at: when the first answer is about to be
 * missed. */
const char tasks_sql[] =
    "ALTER TABLE task ADD COLUMN told_for BIGINT;"
    "ALTER TABLE deal ADD COLUMN escalate_at BIGINT;"
    "CREATE INDEX task_remind ON task (COALESCE(remind_at, due_at)) WHERE done = 0 AND deleted_at IS NULL"
    " AND (told_for IS NULL OR told_for <> COALESCE(remind_at, due_at));"
    "CREATE INDEX deal_escalate ON deal (escalate_at) WHERE escalate_at IS NOT NULL;";

static enum rc reminders_past(struct db *db, int64_t now, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        db, &s, "UPDATE task SET told_for = COALESCE(remind_at, due_at) WHERE COALESCE(remind_at, due_at) <= $1", e));
    stmt_i64(s, 1, now);
    return stmt_run(s, e);
}

#define SPOKEN " FROM task t WHERE t.deal_id = deal.id AND t.done = 1 AND t.kind < 3 AND t.deleted_at IS NULL"

enum rc tasks_catch_up(struct db *db, int64_t now, struct err *e)
{
    TRY(reminders_past(db, now, e));
    return db_exec(db,
                   "UPDATE deal SET last_contact_at = (SELECT max(t.done_at)" SPOKEN
                   "), last_channel = (SELECT t.kind" SPOKEN " ORDER BY t.done_at DESC, t.id DESC LIMIT 1)"
                   " WHERE EXISTS (SELECT 1" SPOKEN ")",
                   e);
}

enum rc tasks_backfill(struct db *db, struct err *e)
{
    return tasks_catch_up(db, time_now(), e);
}
