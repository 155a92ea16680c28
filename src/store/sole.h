/* Work that one of several servers does at a time. Over SQLite there is one server; over PostgreSQL it is the one whose
 * connection holds the work's advisory lock, until that connection ends. Each work has a number of its own here, so
 * that none stands in another's way; the journal's writers use 8531337067441712993. */
#pragma once
#include "store/db.h"

enum sole_work { SOLE_OPERATIONS, SOLE_OUTBOX, SOLE_TIMERS, SOLE_MAIL };

/* *ours: this server does it. Once true for a connection it stays so; call with what it was (false at first). */
MUST_USE enum rc db_sole(struct db *db, enum sole_work work, bool *ours, struct err *e);
