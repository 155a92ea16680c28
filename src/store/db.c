#include "base/log.h"
#include "store/db_impl.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum rc db_open(struct db **out, const struct db_target *target, enum db_mode mode, struct err *e)
{
    *out = NULL;
    if (target->kind == DB_POSTGRES)
        return db_postgres_open(out, target->place, mode, e);
    return db_sqlite_open(out, target->place, mode, e);
}

enum db_kind db_kind_of(const struct db *db)
{
    return db->kind;
}
int64_t db_changes(const struct db *db)
{
    return db->changes;
}
int64_t db_writes(struct db *db)
{
    return db->ops->writes(db);
}

enum rc db_fail(struct db *db, struct err *e, enum rc rc, const char *code, const char *text)
{
    struct err mine;
    if (!e)
        e = &mine;
    err_set(e, rc, code, "", "%s", text ? text : "");
    if (rc == RC_UNAVAILABLE && strcmp(code, "db_busy") != 0)
        db->fatal = *e;
    if (db->failed.rc == RC_OK)
        db->failed = *e;
    return rc;
}

/* ---- statements ---- */

static uint64_t text_hash(const char *sql)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *sql; sql++)
        h = (h ^ (unsigned char)*sql) * 0x100000001b3u;
    return h ^ h >> 32;
}

static size_t recent_slot(const char *sql)
{
    return ((uintptr_t)sql >> 3 ^ (uintptr_t)sql >> 11) % DB_BUCKETS;
}

static void forget(struct db *db, struct stmt *s)
{
    struct stmt **at = &db->bucket[s->hash % DB_BUCKETS];
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    for (size_t i = 0; i < DB_BUCKETS; i++)
        if (db->recent[i] == s)
            db->recent[i] = NULL;
    db->cached--;
}

static void free_stmt(struct stmt *s)
{
    char *sql = s->sql;
    s->db->ops->finalize(s);
    free(sql);
}

static void make_room(struct db *db)
{
    struct stmt *oldest = NULL;
    if (db->cached < DB_CACHED)
        return;
    for (size_t i = 0; i < DB_BUCKETS; i++)
        for (struct stmt *s = db->bucket[i]; s; s = s->next)
            if (!s->busy && (!oldest || s->used < oldest->used))
                oldest = s;
    if (!oldest)
        return;
    forget(db, oldest);
    free_stmt(oldest);
}

static struct stmt *find(struct db *db, const char *sql, uint64_t *hash)
{
    size_t slot = recent_slot(sql);
    struct stmt *s = db->recent[slot];
    /* The same address is a hint only: a buffer may hold another text by now. */
    if (s && db->recent_sql[slot] == sql && strcmp(s->sql, sql) == 0)
        return s;
    *hash = text_hash(sql);
    for (s = db->bucket[*hash % DB_BUCKETS]; s; s = s->next)
        if (s->hash == *hash && strcmp(s->sql, sql) == 0) {
            db->recent[slot] = s;
            db->recent_sql[slot] = sql;
            return s;
        }
    return NULL;
}

enum rc db_prepare(struct db *db, struct stmt **out, const char *sql, struct err *e)
{
    assert(db->magic == DB_MAGIC);
    uint64_t hash = 0;
    struct stmt *s = find(db, sql, &hash);
    *out = NULL;
    if (db->in_tx && db->mode == DB_WRITER && db->failed.rc != RC_OK) {
        if (e)
            *e = db->failed; /* PostgreSQL would run nothing more in this transaction, so SQLite does not either */
        return db->failed.rc;
    }
    if (!s || s->busy) {
        bool keep = !s; /* the same text while the first is still in use: a second one that is not kept */
        if (keep)
            make_room(db);
        TRY(db->ops->prepare(db, &s, sql, keep, e));
        s->db = db;
        s->sql = strdup(sql);
        if (!s->sql)
            abort();
        s->hash = hash;
        s->reads_journal = strstr(sql, "journal") != NULL;
        s->cached = keep;
        if (keep) {
            s->next = db->bucket[hash % DB_BUCKETS];
            db->bucket[hash % DB_BUCKETS] = s;
            db->cached++;
        }
    }
    s->used = ++db->tick;
    s->busy = true;
    *out = s;
    return RC_OK;
}

void stmt_i64(struct stmt *s, int i, int64_t v)
{
    s->db->ops->bind_i64(s, i, v);
}
void stmt_f64(struct stmt *s, int i, double v)
{
    s->db->ops->bind_f64(s, i, v);
}
void stmt_str(struct stmt *s, int i, struct str v)
{
    s->db->ops->bind_str(s, i, v);
}
void stmt_blob(struct stmt *s, int i, struct str v)
{
    s->db->ops->bind_blob(s, i, v);
}
void stmt_null(struct stmt *s, int i)
{
    s->db->ops->bind_str(s, i, STR_NULL);
}
enum rc stmt_step(struct stmt *s, struct err *e)
{
    if (s->reads_journal && s->db->queue.len)
        TRY(journal_flush(s->db, e));
    return s->db->ops->step(s, e);
}
int64_t stmt_col_i64(struct stmt *s, int i)
{
    return s->db->ops->col_i64(s, i);
}
double stmt_col_f64(struct stmt *s, int i)
{
    return s->db->ops->col_f64(s, i);
}
struct str stmt_col_str(struct stmt *s, int i)
{
    return s->db->ops->col_str(s, i);
}
bool stmt_col_null(struct stmt *s, int i)
{
    return s->db->ops->col_null(s, i);
}

void stmt_done(struct stmt *s)
{
    if (!s)
        return;
    assert(s->busy);
    s->db->ops->reset(s);
    s->busy = false;
    if (!s->cached)
        free_stmt(s);
}

enum rc stmt_run(struct stmt *s, struct err *e)
{
    enum rc rc;
    do
        rc = stmt_step(s, e);
    while (rc == RC_ROW);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- transactions ---- */

enum rc db_exec(struct db *db, const char *sql, struct err *e)
{
    assert(db->magic == DB_MAGIC);
    return db->ops->exec(db, sql, e);
}

enum rc db_read_begin(struct db *db, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, db->kind == DB_POSTGRES ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN", e));
    TRY(stmt_run(s, e));
    db->in_tx = true;
    return RC_OK;
}

void db_read_end(struct db *db)
{
    struct stmt *s;
    struct err e;
    db->in_tx = false;
    /* prepared: with SQLite it is done for nearly every request */
    if (db->kind == DB_POSTGRES || db_prepare(db, &s, "ROLLBACK", &e) != RC_OK || stmt_run(s, &e) != RC_OK)
        db_rollback(db);
}

static void fresh_transaction(struct db *db)
{
    static atomic_int_least64_t transactions;
    db->transaction = atomic_fetch_add_explicit(&transactions, 1, memory_order_relaxed) + 1;
    db->journal_seq = -1;
    db->appended = 0;
    db->marks = 0;
    buf_clear(&db->queue);
    memset(&db->failed, 0, sizeof db->failed);
    memset(&db->fatal, 0, sizeof db->fatal);
}

int64_t db_transaction(const struct db *db)
{
    return db->transaction;
}

enum rc db_begin(struct db *db, struct err *e)
{
    fresh_transaction(db);
    TRY(db->ops->begin(db, e));
    db->in_tx = true;
    return RC_OK;
}

enum rc db_commit(struct db *db, struct err *e)
{
    memset(&db->failed, 0, sizeof db->failed); /* of a job that was refused, and had written nothing */
    enum rc rc = journal_flush(db, e);
    if (rc == RC_OK)
        rc = db->ops->commit(db, e);
    if (rc != RC_OK)
        db_rollback(db);
    db->in_tx = false;
    return rc;
}

void db_rollback(struct db *db)
{
    struct err ignored, fatal = db->fatal, failed = db->failed;
    if (db->ops->exec(db, "ROLLBACK", &ignored) != RC_OK && fatal.rc == RC_OK)
        fatal = db->fatal;
    db->fatal = fatal; /* "no transaction is active" is no news: SQLite rolls back by itself when the disk is full */
    db->failed = failed;
    buf_clear(&db->queue);
    db->in_tx = false;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    assert(db->magic == DB_MAGIC);
    for (size_t i = 0; i < DB_BUCKETS; i++)
        while (db->bucket[i]) {
            struct stmt *s = db->bucket[i];
            db->bucket[i] = s->next;
            free_stmt(s);
        }
    db->magic = 0;
    buf_free(&db->queue);
    db->ops->close(db);
}
