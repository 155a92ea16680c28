/* The append-only record of every change: timeline, audit, undo, live updates and analytics are read from it.
 * Order of seq is order of commit. This file knows numbers, not CRM words. */
#pragma once
#include "store/writer.h"

struct event {
    int64_t seq;       /* set by journal_append */
    int64_t at;        /* when it happened, ms (imports: the past) */
    int64_t actor_id;  /* user, 0 for the system */
    int64_t cause;     /* seq of the event that led to this one, 0 for none */
    int64_t undoes;    /* seq of the event taken back by this one, 0 for none */
    int64_t change_id; /* seq of the first event of the same command; 0 on input: this event is the first */
    int64_t object_id;
    int object_kind; /* enum entity_id of crm */
    int verb;        /* enum verb of crm */
    int via;         /* enum via of crm: ui, api, import ... */
    struct str data; /* JSON object */
};
/* The tables of the store (journal, outbox, idempotency), to be the first part of the first migration's text. */
extern const char store_schema_sql[];

/* Sets seq (and change_id when it was 0). */
MUST_USE enum rc journal_append(struct wtx *tx, struct event *ev, struct err *e);
/* Reads events with seq > after in seq order, at most limit, calling each with texts valid during the call.
 * *last becomes the seq of the last one read (or `after`). */
MUST_USE enum rc journal_read(struct db *db, int64_t after, int64_t limit,
                              enum rc (*each)(void *arg, const struct event *ev), void *arg, int64_t *last,
                              struct err *e);
/* Events with after < seq <= last, without cause and change_id (0), for reading everything fast: texts stay as long as
 * the arena. pages is of the same connection; NULL, which is fine: with a statement. */
struct journal_pages;
MUST_USE enum rc journal_range(struct db *db, struct journal_pages *pages, int64_t after, int64_t last, struct arena *a,
                               enum rc (*each)(void *arg, const struct event *ev), void *arg, struct err *e);
/* Begins a read transaction that lasts until the end, which sees the journal as it is now; NULL: nothing began, this
 * database is to be asked with statements. */
struct journal_pages *journal_pages_begin(struct db *db);
void journal_pages_end(struct journal_pages *r); /* NULL is fine */
/* Replaces what an event tells. The only way in which the journal ever changes: for the erasure of personal data on a
 * person's request, which is an event itself. */
MUST_USE enum rc journal_redact(struct wtx *tx, int64_t seq, struct str data, struct err *e);
MUST_USE enum rc journal_last(struct db *db, int64_t *seq, struct err *e); /* 0 when empty */

/* The feed: a thread with its own reader that follows the journal (woken by feed_wake after a local commit, and on
 * PostgreSQL by NOTIFY from other servers) and hands new events, in order, to its listeners. */
struct feed;
struct feed_listener {
    void (*events)(void *arg, const struct event *ev, size_t n); /* in the feed's thread; texts valid during the call */
    void *arg;
};
/* Starts behind `after` (-1: at the end). Listeners are a fixed array that outlives the feed. */
MUST_USE enum rc feed_start(struct feed **out, const struct db_target *target, int64_t after,
                            const struct feed_listener *listeners, size_t n, struct err *e);
void feed_wake(struct feed *f); /* any thread */
/* Waits until the feed has delivered everything up to seq, at most timeout_ms; true when it has. */
bool feed_wait(struct feed *f, int64_t seq, int64_t timeout_ms);
int64_t feed_seq(const struct feed *f);
void feed_stop(struct feed *f);
