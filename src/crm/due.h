/* What comes by itself when its time has come: reminders of tasks, first answers about to be missed, deals that were
 * put off. What is due is read and marked in one job of the writer, so that it happens once, with however many servers
 * and after any crash. */
#pragma once
#include "crm/command.h"

/* What could not be done, and when it is tried again: at once when the record has changed, else after pauses that grow
 * from a minute to an hour. The log tells of it once, and again when the record or the reason has become another. Kept
 * by whoever calls, who calls one at a time. */
struct due_failures;
struct due_failures *due_failures_new(void);
void due_failures_free(struct due_failures *f);
size_t due_failures_told(const struct due_failures *f); /* lines that the log has got */

/* Is there anything for due_run? */
MUST_USE enum rc due_any(struct db *db, const struct due_failures *f, int64_t now, bool *out, struct err *e);
/* In the writer: at most a few hundred of each. *more: there may be others. */
MUST_USE enum rc due_run(struct wtx *tx, struct due_failures *f, bool *more, struct err *e);
/* For tasks that were written past the commands: when their deals were last in contact, and of what is past already
 * nobody is reminded. */
MUST_USE enum rc tasks_catch_up(struct db *db, int64_t now, struct err *e);
