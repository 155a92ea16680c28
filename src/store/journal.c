#include "store/journal.h"
#include "store/db_impl.h"
#include "store/journal_pages.h"

const char store_schema_sql[] =
    "CREATE TABLE journal(seq @ID, at BIGINT NOT NULL, actor_id BIGINT NOT NULL, cause BIGINT NOT NULL, undoes BIGINT "
    "NOT NULL, "
    "change_id BIGINT NOT NULL, object_id BIGINT NOT NULL, object_kind SMALLINT NOT NULL, verb SMALLINT NOT NULL, "
    "via SMALLINT NOT NULL, data @TEXT NOT NULL);"
    "CREATE INDEX journal_object ON journal(object_kind, object_id);"
    "CREATE TABLE outbox(id @ID, created_at BIGINT NOT NULL, change_id BIGINT NOT NULL, topic @TEXT NOT NULL, target "
    "@TEXT NOT NULL, "
    "payload @TEXT NOT NULL, attempts BIGINT NOT NULL DEFAULT 0, next_at BIGINT NOT NULL, sent_at BIGINT, last_error "
    "@TEXT, "
    "idempotency_key @TEXT NOT NULL);"
    "CREATE INDEX outbox_waiting ON outbox(next_at) WHERE sent_at IS NULL;"
    "CREATE TABLE idempotency(user_id BIGINT NOT NULL, key @TEXT NOT NULL, request_hash @TEXT NOT NULL, status BIGINT "
    "NOT NULL, "
    "change_id BIGINT NOT NULL, result @TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY(user_id, key));"
    "CREATE INDEX idempotency_age ON idempotency(created_at);";

#define COLUMNS "seq, at, actor_id, cause, undoes, change_id, object_id, object_kind, verb, via, data"

enum rc journal_last(struct db *db, int64_t *seq, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT max(seq) FROM journal", e));
    enum rc rc = stmt_step(s, e);
    *seq = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc insert(struct db *db, const struct event *ev, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "INSERT INTO journal(" COLUMNS ") VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", e));
    stmt_i64(s, 1, ev->seq);
    stmt_i64(s, 2, ev->at);
    stmt_i64(s, 3, ev->actor_id);
    stmt_i64(s, 4, ev->cause);
    stmt_i64(s, 5, ev->undoes);
    stmt_i64(s, 6, ev->change_id);
    stmt_i64(s, 7, ev->object_id);
    stmt_i64(s, 8, ev->object_kind);
    stmt_i64(s, 9, ev->verb);
    stmt_i64(s, 10, ev->via);
    stmt_str(s, 11, ev->data);
    return stmt_run(s, e);
}

/* A round trip to PostgreSQL costs as much as many rows: events are gathered and go in one COPY. */
static void queue(struct buf *b, const struct event *ev)
{
    const int64_t numbers[] = {ev->seq,       ev->at,        ev->actor_id,    ev->cause, ev->undoes,
                               ev->change_id, ev->object_id, ev->object_kind, ev->verb,  ev->via};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        buf_i64(b, numbers[i]);
        buf_char(b, '\t');
    }
    copy_text(b, ev->data);
    buf_char(b, '\n');
}

enum rc journal_flush(struct db *db, struct err *e)
{
    if (db->queue.len == 0)
        return RC_OK;
    enum rc rc = db_postgres_copy(db, "journal(" COLUMNS ")", buf_view(&db->queue), e);
    buf_clear(&db->queue);
    return rc;
}

/* The transaction holds the write lock, so the next number is ours: gapless, in order of commit, and known before the
 * row is written, so that the first event of a change can name itself. */
enum rc journal_append(struct wtx *tx, struct event *ev, struct err *e)
{
    enum { QUEUE_BYTES = 1 << 20 };
    struct db *db = tx->db;
    if (db->journal_seq < 0)
        TRY(journal_last(db, &db->journal_seq, e));
    ev->seq = db->journal_seq + 1;
    if (ev->change_id == 0)
        ev->change_id = ev->seq;
    if (!ev->data.ptr)
        ev->data = STR("{}");
    if (db->kind == DB_POSTGRES)
        queue(&db->queue, ev);
    else
        TRY(insert(db, ev, e));
    db->journal_seq = ev->seq;
    db->appended++;
    return db->queue.len > QUEUE_BYTES ? journal_flush(db, e) : RC_OK;
}

enum rc journal_redact(struct wtx *tx, int64_t seq, struct str data, struct err *e)
{
    struct stmt *s;
    TRY(journal_flush(tx->db, e)); /* it may still wait to be copied */
    TRY(db_prepare(tx->db, &s, "UPDATE journal SET data = $1 WHERE seq = $2", e));
    stmt_str(s, 1, data);
    stmt_i64(s, 2, seq);
    return stmt_run(s, e);
}

static struct event row(struct stmt *s)
{
    return (struct event){
        .seq = stmt_col_i64(s, 0),
        .at = stmt_col_i64(s, 1),
        .actor_id = stmt_col_i64(s, 2),
        .cause = stmt_col_i64(s, 3),
        .undoes = stmt_col_i64(s, 4),
        .change_id = stmt_col_i64(s, 5),
        .object_id = stmt_col_i64(s, 6),
        .object_kind = (int)stmt_col_i64(s, 7),
        .verb = (int)stmt_col_i64(s, 8),
        .via = (int)stmt_col_i64(s, 9),
        .data = stmt_col_str(s, 10),
    };
}

enum rc journal_read(struct db *db, int64_t after, int64_t limit, enum rc (*each)(void *arg, const struct event *ev),
                     void *arg, int64_t *last, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *last = after;
    TRY(db_prepare(db, &s, "SELECT " COLUMNS " FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2", e));
    stmt_i64(s, 1, after);
    stmt_i64(s, 2, limit);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct event ev = row(s);
        TRY_OUT(each(arg, &ev));
        *last = ev.seq;
    }
    if (rc == RC_DONE)
        rc = RC_OK;
out:
    stmt_done(s);
    return rc;
}

static enum rc range_by_statement(struct db *db, int64_t after, int64_t last, struct arena *a,
                                  enum rc (*each)(void *arg, const struct event *ev), void *arg, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT seq, at, actor_id, undoes, object_id, object_kind, verb, via, data FROM journal"
                   " WHERE seq > $1 AND seq <= $2 ORDER BY seq",
                   e));
    stmt_i64(s, 1, after);
    stmt_i64(s, 2, last);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct event ev = {.seq = stmt_col_i64(s, 0),
                           .at = stmt_col_i64(s, 1),
                           .actor_id = stmt_col_i64(s, 2),
                           .undoes = stmt_col_i64(s, 3),
                           .object_id = stmt_col_i64(s, 4),
                           .object_kind = (int)stmt_col_i64(s, 5),
                           .verb = (int)stmt_col_i64(s, 6),
                           .via = (int)stmt_col_i64(s, 7),
                           .data = str_dup(a, stmt_col_str(s, 8))};
        TRY_OUT(each(arg, &ev));
    }
    if (rc == RC_DONE)
        rc = RC_OK;
out:
    stmt_done(s);
    return rc;
}

enum rc journal_range(struct db *db, struct journal_pages *pages, int64_t after, int64_t last, struct arena *a,
                      enum rc (*each)(void *arg, const struct event *ev), void *arg, struct err *e)
{
    if (pages != NULL) {
        enum rc rc = journal_pages_range(pages, &after, last, a, each, arg);
        if (rc != RC_NOT_FOUND)
            return rc;
    }
    return range_by_statement(db, after, last, a, each, arg, e);
}
