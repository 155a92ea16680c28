/* The only thread that writes. It takes all jobs that wait, runs them in one transaction, commits once (group commit),
 * and then tells each job how it went. A job that fails leaves nothing behind; when it had written already, the batch
 * runs again with a savepoint a job. On PostgreSQL a batch holds the journal's advisory lock, so seq order is commit
 * order across servers; a lost connection is opened again. When the disk is full or fails, jobs are refused with
 * db_full / db_io until a probe write succeeds. */
#pragma once
#include "base/arena.h"
#include "store/migrate.h"

struct writer;

/* What an apply may use. It does no I/O beside `db` and may be run again (after a rollback of the batch). */
struct wtx {
    struct db *db;
    int64_t now;         /* ms; the same for the whole job; jobs may set another for imports and simulation */
    struct arena *arena; /* reset when the job has been answered */
    void *own;           /* of the layers above, NULL when a job begins */
    /* Called in the writer thread when the job is on the disk, before its done; db is out of the transaction. */
    void (*on_commit)(struct wtx *tx);
};

struct job {
    /* Everything it writes is undone when it returns an error. */
    enum rc (*apply)(struct wtx *tx, struct job *job, struct err *e);
    /* Called once in the writer thread after the commit (rc RC_OK, durable) or the refusal. Must not block. */
    void (*done)(struct job *job, enum rc rc, const struct err *e);
    struct job *next; /* the writer's */
};

/* Opens the writing connection and migrates. `committed` (may be NULL) is called in the writer thread after each commit
 * that appended journal events. */
MUST_USE enum rc writer_start(struct writer **out, const struct db_target *target, const struct migration *list,
                              size_t n, void (*committed)(void *arg), void *arg, struct err *e);
void writer_submit(struct writer *w, struct job *job); /* any thread; the job outlives its done */
/* The same for several jobs, linked by `next`, in order: they reach the writer together and so share a commit. */
void writer_submit_all(struct writer *w, struct job *first);
/* For the CLI and tests: submits and waits. */
MUST_USE enum rc writer_run(struct writer *w, struct job *job, struct err *e);
void writer_each_job(void (*begins)(void));    /* called in the writer thread before each apply; for all writers */
void writer_stop(struct writer *w);            /* finishes what waits, then closes */
bool writer_read_only(const struct writer *w); /* true while the database refuses writes */
struct writer_stats {
    int64_t jobs, commits; /* since the start; jobs / commits is the size of a group */
};
struct writer_stats writer_stats(const struct writer *w); /* any thread */

/* A part of a job that can be given up while the rest stays: what was written since wtx_mark goes with wtx_give_up and
 * stays with wtx_keep; one of the two has to follow. Marks may be nested. Each is two statements, so take one only
 * where something may fail after it has written. */
struct wtx_mark {
    int64_t seq, appended;
    unsigned depth;
};
MUST_USE enum rc wtx_mark(struct wtx *tx, struct wtx_mark *m, struct err *e);
MUST_USE enum rc wtx_keep(struct wtx *tx, const struct wtx_mark *m, struct err *e);
MUST_USE enum rc wtx_give_up(struct wtx *tx, const struct wtx_mark *m, struct err *e);
/* How much has been written so far in this transaction: two calls that give the same number have had nothing between
 * them. INT64_MAX: a statement has failed and, on PostgreSQL, nothing works until a mark is given up. */
int64_t wtx_written(const struct wtx *tx);
/* Microseconds of a steady clock, for work that watches its time. */
int64_t wtx_clock(void);
