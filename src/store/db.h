/* One small SQL interface over SQLite and PostgreSQL. The same SQL text runs on both:
 * placeholders are $1..$n (rewritten to ?1..?n for SQLite), an untyped NULL or a parameter that is only compared
 * with another is wrapped as CAST($1 AS BIGINT), booleans are 0/1 BIGINT, sums of integers are CAST(... AS BIGINT).
 * A connection belongs to one thread at a time. */
#pragma once
#include "base/str.h"

enum db_kind { DB_SQLITE, DB_POSTGRES };
enum db_mode { DB_READER, DB_WRITER };

/* Where the data is: a directory (SQLite, DIR/voronka.db; created when missing by the writer) or a PostgreSQL URL. */
struct db_target {
    enum db_kind kind;
    const char *place; /* directory or URL; outlives every connection */
};

struct db;
struct stmt;

/* Errors: db_unavailable (RC_UNAVAILABLE), db_open_failed. SQLite: WAL, synchronous=FULL, foreign keys on; readers are
 * query_only and never checkpoint. */
MUST_USE enum rc db_open(struct db **out, const struct db_target *target, enum db_mode mode, struct err *e);
void db_close(struct db *db);
enum db_kind db_kind_of(const struct db *db);

/* After a statement of a job has failed, every further one of that job fails the same way (as on PostgreSQL): do not
 * try and catch, ask first or use ON CONFLICT. A statement out of the connection's cache (keyed by text, least recently
 * used goes), reset and with no bindings. Valid until stmt_done; finish with it before preparing the same text again.
 */
MUST_USE enum rc db_prepare(struct db *db, struct stmt **out, const char *sql, struct err *e);
void stmt_i64(struct stmt *s, int i, int64_t v); /* i from 1 */
void stmt_f64(struct stmt *s, int i, double v);
void stmt_str(struct stmt *s, int i, struct str v);  /* v stays valid until stmt_done; v.ptr NULL binds NULL */
void stmt_blob(struct stmt *s, int i, struct str v); /* BYTEA / BLOB */
void stmt_null(struct stmt *s, int i);
/* RC_ROW, RC_DONE or an error. Errors: unique_violation (RC_CONFLICT, arg 0: the constraint or columns),
 * fk_violation (RC_CONFLICT), db_full and db_io (RC_UNAVAILABLE), db_unavailable (RC_UNAVAILABLE), db_error
 * (RC_INTERNAL). */
MUST_USE enum rc stmt_step(struct stmt *s, struct err *e);
/* Column i from 0 of the present row; text is valid until the next step. */
int64_t stmt_col_i64(struct stmt *s, int i);
double stmt_col_f64(struct stmt *s, int i);
struct str stmt_col_str(struct stmt *s, int i); /* STR_NULL for NULL */
bool stmt_col_null(struct stmt *s, int i);
void stmt_done(struct stmt *s); /* resets; NULL is fine */
/* Steps a statement that yields no rows (or whose rows are not wanted) to its end and finishes it. */
MUST_USE enum rc stmt_run(struct stmt *s, struct err *e);
/* Which transaction of the writer is under way: a number that no other one of this program has. */
int64_t db_transaction(const struct db *db);
int64_t db_changes(const struct db *db); /* rows touched by the last finished INSERT, UPDATE or DELETE */
/* One or more statements without parameters or rows. */
MUST_USE enum rc db_exec(struct db *db, const char *sql, struct err *e);
/* A read transaction: all reads inside see one state. Keep it short: never across waiting. */
MUST_USE enum rc db_read_begin(struct db *db, struct err *e);
void db_read_end(struct db *db);
