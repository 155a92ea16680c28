/* The board: the open deals of a funnel in memory, column by column, with totals of every stage. A board is loaded when
 * it is first asked for, catches up from the journal each time it is read (so one reads one's own writes), and is
 * dropped when idle. Thread-safe. */
#pragma once
#include "crm/filter.h"

struct boards;
struct boards *boards_new(void);
void boards_free(struct boards *b);
/* Forgets boards that nobody has read for idle_ms; `now` is monotonic. */
void boards_drop_idle(struct boards *b, int64_t now, int64_t idle_ms);

/* Writes the columnar snapshot of docs/api.md. filter (may be NULL) narrows rows and totals. Errors: not_found. */
MUST_USE enum rc boards_snapshot(struct boards *b, struct db *db, struct arena *a, int64_t funnel_id,
                                 const struct filter *filter, struct buf *out, struct err *e);

enum board_delta { BOARD_SAME, BOARD_CHANGED, BOARD_RESET };
/* Writes what has changed since the journal number `since`: the snapshot's shape with only changed deals, and "gone".
 * BOARD_RESET (nothing written): that cannot be told any more. db NULL: only what is in memory, no catching up. *seq:
 * up to where. */
MUST_USE enum rc boards_delta(struct boards *b, struct db *db, int64_t funnel_id, int64_t since, struct buf *out,
                              int64_t *seq, enum board_delta *what, struct err *e);
