/* What comes by itself when its time has come: reminders of tasks, first answers about to be missed, deals that were
 * put off. What is due is read and marked in one job of the writer, so that it happens once, with however many servers
 * and after any crash. */
#pragma once
#include "crm/command.h"

MUST_USE enum rc due_any(struct db *db, int64_t now, bool *out, struct err *e); /* is there anything for due_run? */
/* In the writer: at most a few hundred of each. *more: there may be others. */
MUST_USE enum rc due_run(struct wtx *tx, bool *more, struct err *e);
/* For tasks that were written past the commands: when their deals were last in contact, and of what is past already
 * nobody is reminded. */
MUST_USE enum rc tasks_catch_up(struct db *db, int64_t now, struct err *e);
