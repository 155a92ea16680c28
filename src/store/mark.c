/* Parts of a job: savepoints inside of the writer's transaction. */
#include "store/db_impl.h"
#include "store/writer.h"
#include <stdio.h>
#include <time.h>

static enum rc run(struct db *db, const char *format, const struct wtx_mark *m, struct err *e)
{
    char sql[96];
    snprintf(sql, sizeof sql, format, m->depth, m->depth);
    return db_exec(db, sql, e);
}

enum rc wtx_mark(struct wtx *tx, struct wtx_mark *m, struct err *e)
{
    struct db *db = tx->db;
    TRY(journal_flush(db, e)); /* events that wait belong to before the mark */
    *m = (struct wtx_mark){db->journal_seq, db->appended, ++db->marks};
    return run(db, "SAVEPOINT mark%u", m, e);
}

enum rc wtx_keep(struct wtx *tx, const struct wtx_mark *m, struct err *e)
{
    TRY(journal_flush(tx->db, e));
    tx->db->marks = m->depth - 1;
    return run(tx->db, "RELEASE mark%u", m, e);
}

enum rc wtx_give_up(struct wtx *tx, const struct wtx_mark *m, struct err *e)
{
    struct db *db = tx->db;
    if (db->fatal.rc != RC_OK) {
        *e = db->fatal;
        return e->rc;
    }
    buf_clear(&db->queue);
    db->journal_seq = m->seq;
    db->appended = m->appended;
    db->marks = m->depth - 1;
    db->failed = (struct err){0};
    return run(db, "ROLLBACK TO mark%u; RELEASE mark%u", m, e);
}

int64_t wtx_written(const struct wtx *tx)
{
    if (tx->db->failed.rc != RC_OK)
        return INT64_MAX;
    return db_writes(tx->db) + tx->db->appended;
}

int64_t wtx_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
