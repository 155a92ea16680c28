/* Inside of the store: what the two drivers, the writer and the journal share. Nobody else includes this. */
#pragma once
#include "base/buf.h"
#include "store/migrate.h"

enum { DB_CACHED = 192, DB_BUCKETS = 256 };

struct stmt {
    struct db *db;
    char *sql; /* owned */
    uint64_t hash;
    uint64_t used;     /* tick of its last use, for the least recently used */
    struct stmt *next; /* of its bucket */
    bool busy, cached;
    bool reads_journal; /* the text names the journal: what is queued for it has to be there first */
};

struct db_ops {
    enum rc (*prepare)(struct db *db, struct stmt **out, const char *sql, bool keep, struct err *e);
    void (*finalize)(struct stmt *s);
    void (*bind_i64)(struct stmt *s, int i, int64_t v);
    void (*bind_f64)(struct stmt *s, int i, double v);
    void (*bind_str)(struct stmt *s, int i, struct str v);
    void (*bind_blob)(struct stmt *s, int i, struct str v);
    enum rc (*step)(struct stmt *s, struct err *e);
    int64_t (*col_i64)(struct stmt *s, int i);
    double (*col_f64)(struct stmt *s, int i);
    struct str (*col_str)(struct stmt *s, int i);
    bool (*col_null)(struct stmt *s, int i);
    void (*reset)(struct stmt *s);
    enum rc (*exec)(struct db *db, const char *sql, struct err *e);
    enum rc (*begin)(struct db *db, struct err *e); /* takes the write lock */
    enum rc (*commit)(struct db *db, struct err *e);
    int64_t (*writes)(struct db *db);                /* grows when rows were changed */
    enum rc (*reopen)(struct db *db, struct err *e); /* after the connection was lost */
    void (*after_commit)(struct db *db);             /* housekeeping under load */
    bool (*idle)(struct db *db);                     /* housekeeping at leisure; false: there is more to do later */
    void (*close)(struct db *db);
};

#define DB_MAGIC 0x766f7264u
struct db {
    uint32_t magic;
    enum db_kind kind;
    enum db_mode mode;
    const struct db_ops *ops;
    int64_t changes;
    struct err fatal;  /* the disk or the connection failed: rc is RC_OK while all is well */
    struct err failed; /* the first statement that failed in this transaction */
    bool in_tx;
    int64_t transaction; /* see db_transaction */
    int64_t journal_seq; /* last seq of the journal as this transaction sees it; -1: not read yet */
    int64_t appended;    /* events appended in this transaction */
    unsigned marks;      /* savepoints of wtx_mark that are open */
    struct buf queue;    /* events of this transaction that wait for journal_flush (PostgreSQL) */
    uint64_t tick;
    size_t cached;
    struct stmt *bucket[DB_BUCKETS];
    struct stmt *recent[DB_BUCKETS]; /* by address of the text: the fast path */
    const char *recent_sql[DB_BUCKETS];
};

MUST_USE enum rc db_sqlite_open(struct db **out, const char *dir, enum db_mode mode, struct err *e);
MUST_USE enum rc db_postgres_open(struct db **out, const char *url, enum db_mode mode, struct err *e);

struct sqlite3;
struct sqlite3 *db_sqlite_handle(struct db *db); /* of a connection to SQLite */

/* Keeps every other program from writing in dir until *fd is closed. Errors: db_in_use when one has it open. */
MUST_USE enum rc db_sqlite_claim(const char *dir, int *fd, struct err *e);

/* Drivers report every error through this: fills *e, remembers the first of a transaction and what is fatal. */
enum rc db_fail(struct db *db, struct err *e, enum rc rc, const char *code, const char *text);

/* The writer's transaction. db_begin waits for other writers (other processes too) up to 30 s, then says db_busy. */
MUST_USE enum rc db_begin(struct db *db, struct err *e);
MUST_USE enum rc db_commit(struct db *db, struct err *e); /* on an error everything has been rolled back */
void db_rollback(struct db *db);
int64_t db_writes(struct db *db);

/* Writes the events that journal_append has queued. */
MUST_USE enum rc journal_flush(struct db *db, struct err *e);
/* COPY table_and_columns FROM STDIN of complete lines in PostgreSQL's text format, and adding one value to such a line.
 */
MUST_USE enum rc db_postgres_copy(struct db *db, const char *table_and_columns, struct str lines, struct err *e);
void copy_text(struct buf *b, struct str s);
/* COPY ... TO STDOUT, line by line (each with its end); an error of `each` ends it. */
MUST_USE enum rc db_postgres_copy_out(struct db *db, const char *sql, enum rc (*each)(void *arg, struct str line),
                                      void *arg, struct err *e);
/* migrate within the transaction that the caller has begun. */
MUST_USE enum rc migrate_within(struct db *db, const struct migration *list, size_t n, struct err *e);
struct migration_hash {
    char hex[33];
};
struct migration_hash migration_hash(const char *sql);

/* Socket of a PostgreSQL connection and its notifications, for the feed. */
MUST_USE enum rc db_postgres_listen(struct db *db, struct err *e);
int db_postgres_socket(struct db *db);
MUST_USE enum rc db_postgres_drain(struct db *db, struct err *e);
