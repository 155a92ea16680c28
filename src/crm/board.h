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

/* Writes the columnar snapshot of docs/api.md, as `r` sees it. filter (may be NULL) narrows rows and totals. Errors:
 * not_found. */
MUST_USE enum rc boards_snapshot(struct boards *b, struct db *db, struct arena *a, int64_t funnel_id,
                                 const struct rights *r, const struct filter *filter, struct buf *out, struct err *e);

/* Somebody who does not see everything on boards follows one with a memory of what was shown to them. */
struct board_reader {
    const struct rights *rights;
    struct intmap *shown; /* deals; NULL until it is filled */
    int64_t seq;          /* as of which it was filled */
    uint64_t totals;      /* a hash of the last ones told */
};
bool boards_allowed(const struct rights *r, int64_t funnel_id); /* is there such a board for them? */
bool board_reader_needed(const struct rights *r);
void board_reader_free(struct board_reader *r); /* what hangs on it */

enum board_delta { BOARD_SAME, BOARD_CHANGED, BOARD_RESET };
/* Writes what has changed since the journal number `since`: the snapshot's shape with only changed deals, and "gone".
 * BOARD_RESET (nothing written): that cannot be told any more. db NULL: only what is in memory, no catching up. *seq:
 * up to where. reader: NULL for everything; one that is not filled yet is filled, and `since` is when its owner last
 * looked. */
MUST_USE enum rc boards_delta(struct boards *b, struct db *db, int64_t funnel_id, int64_t since,
                              struct board_reader *reader, struct buf *out, int64_t *seq, enum board_delta *what,
                              struct err *e);
