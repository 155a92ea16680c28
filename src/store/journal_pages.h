/* Inside of the store: the journal of SQLite read without statements. */
#pragma once
#include "store/journal.h"

/* Events with *after < seq <= last, in order; texts stay as long as the arena. each has taken all up to
 * *after. RC_NOT_FOUND: something there was not understood, ask a statement for the rest. */
MUST_USE enum rc journal_pages_range(struct journal_pages *r, int64_t *after, int64_t last, struct arena *a,
                                     enum rc (*each)(void *arg, const struct event *ev), void *arg);
