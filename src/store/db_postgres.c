/* PostgreSQL through libpq. Parameters and results travel as text, except texts and blobs sent as bytes: they need no
 * copy. */
#include "store/db_postgres.h"
#include "base/log.h"
#include <stdio.h>
#include <stdlib.h>

#define JOURNAL_LOCK "8531337067441712993" /* "voronka" as a number; an advisory lock belongs to one database */

struct param {
    const char *value;
    int len, format;
    char number[32];
};
struct pg_stmt {
    struct stmt base;
    struct param *param;
    int params, room;
    unsigned name, generation, runs;
    PGresult *res;
    int row, rows;
    char *decoded; /* a bytea column of the present row */
};

/* ---- errors ---- */

/* "table.column, table.column" as SQLite says it, or the constraint's name */
static void violated(const PGresult *res, char *out, size_t n)
{
    const char *table = PQresultErrorField(res, PG_DIAG_TABLE_NAME);
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    const char *name = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
    const char *from = detail ? strchr(detail, '(') : NULL, *to = from ? strstr(from, ")=") : NULL;
    if (!table || !to || memchr(from + 1, '(', (size_t)(to - from - 1))) {
        snprintf(out, n, "%s", name ? name : "");
        return;
    }
    size_t at = 0;
    for (const char *p = from + 1; p < to && at < n;) {
        const char *comma = memchr(p, ',', (size_t)(to - p)), *end = comma ? comma : to;
        at += (size_t)snprintf(out + at, n - at, "%s%s.%.*s", at ? ", " : "", table, (int)(end - p), p);
        p = comma ? comma + 2 : to;
    }
}

static enum rc lost(struct pg *p, struct err *e)
{
    const char *text = PQerrorMessage(p->conn);
    return db_fail(&p->db, e, RC_UNAVAILABLE, "db_unavailable", *text ? text : "the connection is lost");
}

enum rc pg_fail(struct pg *p, const PGresult *res, const char *sql, struct err *e)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char what[160];
    text = text ? text : PQerrorMessage(p->conn);
    if (!state || PQstatus(p->conn) == CONNECTION_BAD || strncmp(state, "57P", 3) == 0 ||
        strncmp(state, "08", 2) == 0 || strcmp(state, "53300") == 0 || strcmp(state, "25006") == 0)
        return db_fail(&p->db, e, RC_UNAVAILABLE, "db_unavailable", text);
    if (strcmp(state, "23505") == 0) {
        violated(res, what, sizeof what);
        return db_fail(&p->db, e, RC_CONFLICT, "unique_violation", what);
    }
    if (strcmp(state, "23503") == 0)
        return db_fail(&p->db, e, RC_CONFLICT, "fk_violation", PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME));
    if (strcmp(state, "53100") == 0)
        return db_fail(&p->db, e, RC_UNAVAILABLE, "db_full", text);
    if (strncmp(state, "58", 2) == 0)
        return db_fail(&p->db, e, RC_UNAVAILABLE, "db_io", text);
    if (strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0)
        return db_fail(&p->db, e, RC_UNAVAILABLE, "db_busy", text);
    log_error("database: %s %s in: %.300s", state, text, sql);
    return db_fail(&p->db, e, RC_INTERNAL, "db_error", text);
}

bool pg_good(const PGresult *res)
{
    ExecStatusType t = PQresultStatus(res);
    return t == PGRES_TUPLES_OK || t == PGRES_COMMAND_OK || t == PGRES_EMPTY_QUERY;
}

/* ---- connection ---- */

static void quiet(void *arg, const char *message)
{
    (void)arg, log_debug("database: %s", message);
}

static enum rc command(struct pg *p, const char *sql, struct err *e)
{
    PGresult *res = PQexec(p->conn, sql);
    enum rc rc = pg_good(res) ? RC_OK : pg_fail(p, res, sql, e);
    PQclear(res);
    return rc;
}

static enum rc pg_connect(struct pg *p, struct err *e)
{
    /* What the URL says goes before what stands in front of it. */
    const char *keys[] = {"connect_timeout",
                          "fallback_application_name",
                          "keepalives_idle",
                          "keepalives_interval",
                          "keepalives_count",
                          "tcp_user_timeout",
                          "dbname",
                          "client_encoding",
                          NULL};
    const char *values[] = {"3", "voronka", "10", "5", "3", "20000", p->url, "UTF8", NULL};
    if (p->conn)
        PQfinish(p->conn);
    p->conn = PQconnectdbParams(keys, values, 1);
    p->generation++;
    if (PQstatus(p->conn) != CONNECTION_OK)
        return lost(p, e);
    PQsetNoticeProcessor(p->conn, quiet, NULL);
    TRY(command(p,
                p->db.mode == DB_WRITER ? "SET client_min_messages = warning; SET lock_timeout = '30s'"
                                        : "SET client_min_messages = warning; SET default_transaction_read_only = on",
                e));
    if (p->listening)
        TRY(command(p, "LISTEN voronka_journal", e));
    return RC_OK;
}

static enum rc pg_reopen(struct db *db, struct err *e)
{
    struct pg *p = (struct pg *)db;
    if (p->conn && PQstatus(p->conn) == CONNECTION_OK && PQtransactionStatus(p->conn) == PQTRANS_IDLE &&
        command(p, "SELECT 1", e) == RC_OK)
        return RC_OK;
    return pg_connect(p, e);
}

/* ---- statements ---- */

static enum rc pg_prepare(struct db *db, struct stmt **out, const char *sql, bool keep, struct err *e)
{
    (void)sql, (void)keep, (void)e;
    struct pg_stmt *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->name = ++((struct pg *)db)->names;
    *out = &s->base;
    return RC_OK;
}

static void pg_finalize(struct stmt *base)
{
    struct pg_stmt *s = (struct pg_stmt *)base;
    struct pg *p = (struct pg *)base->db;
    if (s->generation && s->generation == p->generation && PQtransactionStatus(p->conn) != PQTRANS_INERROR) {
        char sql[40];
        snprintf(sql, sizeof sql, "DEALLOCATE s%u", s->name);
        PQclear(PQexec(p->conn, sql));
    }
    PQclear(s->res);
    PQfreemem(s->decoded);
    free(s->param);
    free(s);
}

static struct param *param(struct stmt *base, int i)
{
    struct pg_stmt *s = (struct pg_stmt *)base;
    if (i > s->room) {
        s->room = i + 8;
        s->param = realloc(s->param, sizeof *s->param * (size_t)s->room);
        if (!s->param)
            abort();
    }
    while (s->params < i)
        s->param[s->params++] = (struct param){0};
    return &s->param[i - 1];
}

static void pg_bind_i64(struct stmt *s, int i, int64_t v)
{
    struct param *q = param(s, i);
    snprintf(q->number, sizeof q->number, "%lld", (long long)v);
    q->value = NULL;
    q->len = -1; /* the number of the same struct: its address may still move */
    q->format = 0;
}

static void pg_bind_f64(struct stmt *s, int i, double v)
{
    struct param *q = param(s, i);
    snprintf(q->number, sizeof q->number, "%.17g", v);
    q->value = NULL;
    q->len = -1;
    q->format = 0;
}

static void pg_bind_str(struct stmt *s, int i, struct str v)
{
    struct param *q = param(s, i);
    q->value = v.ptr;
    q->len = (int)v.len;
    q->format = 1;
}

static PGresult *send(struct pg *p, struct pg_stmt *s)
{
    enum { FEW = 32 };
    const char *few_values[FEW], **values = few_values;
    int few_ints[2 * FEW], *lens = few_ints;
    int n = s->params;
    PGresult *res = NULL;
    if (n > FEW) {
        values = malloc(sizeof *values * (size_t)n);
        lens = malloc(sizeof *lens * 2 * (size_t)n);
        if (!values || !lens)
            abort();
    }
    int *formats = lens + n;
    for (int i = 0; i < n; i++) {
        struct param *q = &s->param[i];
        values[i] = q->len == -1 ? q->number : q->value;
        lens[i] = q->len == -1 ? 0 : q->len;
        formats[i] = q->format;
    }
    char name[24];
    snprintf(name, sizeof name, "s%u", s->name);
    if (s->runs++ > 0 && s->generation != p->generation) { /* what runs once is not worth a name */
        res = PQprepare(p->conn, name, s->base.sql, 0, NULL);
        if (PQresultStatus(res) != PGRES_COMMAND_OK)
            goto out;
        PQclear(res);
        s->generation = p->generation;
    }
    if (s->generation == p->generation)
        res = PQexecPrepared(p->conn, name, n, values, lens, formats, 0);
    else
        res = PQexecParams(p->conn, s->base.sql, n, NULL, values, lens, formats, 0);
out:
    if (n > FEW) {
        free(values);
        free(lens);
    }
    return res;
}

static enum rc execute(struct pg *p, struct pg_stmt *s, struct err *e)
{
    s->res = send(p, s);
    if (PQstatus(p->conn) == CONNECTION_BAD && p->db.mode == DB_READER && !p->db.in_tx) {
        TRY(pg_connect(p, e)); /* a read alone may as well be asked again */
        PQclear(s->res);
        s->res = send(p, s);
    }
    if (!pg_good(s->res))
        return pg_fail(p, s->res, s->base.sql, e);
    const char *tag = PQcmdStatus(s->res);
    if (strncmp(tag, "SELECT", 6) != 0 && *PQcmdTuples(s->res)) {
        p->db.changes = strtoll(PQcmdTuples(s->res), NULL, 10);
        p->writes += p->db.changes;
    }
    s->rows = PQntuples(s->res);
    s->row = -1;
    return RC_OK;
}

static enum rc pg_step(struct stmt *base, struct err *e)
{
    struct pg_stmt *s = (struct pg_stmt *)base;
    if (!s->res) {
        enum rc rc = execute((struct pg *)base->db, s, e);
        if (rc != RC_OK) {
            PQclear(s->res);
            s->res = NULL;
            return rc;
        }
    }
    return ++s->row < s->rows ? RC_ROW : RC_DONE;
}

static bool pg_col_null(struct stmt *base, int i)
{
    struct pg_stmt *s = (struct pg_stmt *)base;
    return PQgetisnull(s->res, s->row, i);
}

static int64_t pg_col_i64(struct stmt *base, int i)
{
    struct pg_stmt *s = (struct pg_stmt *)base;
    const char *v = PQgetvalue(s->res, s->row, i);
    return *v == 't' ? 1 : strtoll(v, NULL, 10);
}

static double pg_col_f64(struct stmt *base, int i)
{
    struct pg_stmt *s = (struct pg_stmt *)base;
    double v = 0;
    struct str text = {PQgetvalue(s->res, s->row, i), (size_t)PQgetlength(s->res, s->row, i)};
    return str_f64(text, &v) ? v : 0;
}

static struct str pg_col_str(struct stmt *base, int i)
{
    enum { BYTEA = 17 };
    struct pg_stmt *s = (struct pg_stmt *)base;
    if (PQgetisnull(s->res, s->row, i))
        return STR_NULL;
    const char *v = PQgetvalue(s->res, s->row, i);
    if (PQftype(s->res, i) != BYTEA)
        return (struct str){v, (size_t)PQgetlength(s->res, s->row, i)};
    size_t n;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)v, &n);
    if (!bytes)
        abort();
    PQfreemem(s->decoded);
    s->decoded = (char *)bytes;
    return (struct str){s->decoded, n};
}

static void pg_reset(struct stmt *base)
{
    struct pg_stmt *s = (struct pg_stmt *)base;
    PQclear(s->res);
    s->res = NULL;
    s->params = 0;
}

/* ---- transactions ---- */

static enum rc pg_exec(struct db *db, const char *sql, struct err *e)
{
    struct pg *p = (struct pg *)db;
    if (strcmp(sql, "ROLLBACK") == 0 && PQtransactionStatus(p->conn) == PQTRANS_IDLE)
        return RC_OK;
    return command(p, sql, e);
}

/* The lock is taken in a statement of its own: what is read next sees all that the last holder committed. */
static enum rc pg_begin(struct db *db, struct err *e)
{
    return command((struct pg *)db, "BEGIN; SELECT pg_advisory_xact_lock(" JOURNAL_LOCK ")", e);
}

static enum rc pg_commit(struct db *db, struct err *e)
{
    struct pg *p = (struct pg *)db;
    if (db->appended)
        TRY(command(p, "NOTIFY voronka_journal", e));
    PGresult *res = PQexec(p->conn, "COMMIT");
    enum rc rc = RC_OK;
    if (!pg_good(res))
        rc = pg_fail(p, res, "COMMIT", e);
    else if (strcmp(PQcmdStatus(res), "COMMIT") != 0) /* "ROLLBACK": a statement had failed */
        rc = db_fail(db, e, RC_INTERNAL, "db_error", "the transaction had failed before its commit");
    PQclear(res);
    return rc;
}

static int64_t pg_writes(struct db *db)
{
    return ((struct pg *)db)->writes;
}
static void pg_after_commit(struct db *db)
{
    (void)db;
} /* PostgreSQL keeps house by itself */
static bool pg_idle(struct db *db)
{
    return db->kind == DB_POSTGRES;
}

static void pg_close(struct db *db)
{
    struct pg *p = (struct pg *)db;
    PQfinish(p->conn);
    free(p->url);
    free(p);
}

static const struct db_ops pg_ops = {
    .prepare = pg_prepare,
    .finalize = pg_finalize,
    .bind_i64 = pg_bind_i64,
    .bind_f64 = pg_bind_f64,
    .bind_str = pg_bind_str,
    .bind_blob = pg_bind_str,
    .step = pg_step,
    .col_i64 = pg_col_i64,
    .col_f64 = pg_col_f64,
    .col_str = pg_col_str,
    .col_null = pg_col_null,
    .reset = pg_reset,
    .exec = pg_exec,
    .begin = pg_begin,
    .commit = pg_commit,
    .writes = pg_writes,
    .reopen = pg_reopen,
    .after_commit = pg_after_commit,
    .idle = pg_idle,
    .close = pg_close,
};

enum rc db_postgres_open(struct db **out, const char *url, enum db_mode mode, struct err *e)
{
    struct pg *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->db = (struct db){.magic = DB_MAGIC, .kind = DB_POSTGRES, .mode = mode, .ops = &pg_ops, .journal_seq = -1};
    p->url = strdup(url);
    if (!p->url)
        abort();
    enum rc rc = pg_connect(p, e);
    if (rc != RC_OK) {
        pg_close(&p->db);
        return rc;
    }
    *out = &p->db;
    return RC_OK;
}

/* ---- notifications ---- */

enum rc db_postgres_listen(struct db *db, struct err *e)
{
    struct pg *p = (struct pg *)db;
    p->listening = true;
    return command(p, "LISTEN voronka_journal", e);
}

int db_postgres_socket(struct db *db)
{
    return PQsocket(((struct pg *)db)->conn);
}

enum rc db_postgres_drain(struct db *db, struct err *e)
{
    struct pg *p = (struct pg *)db;
    if (!PQconsumeInput(p->conn))
        return lost(p, e);
    PGnotify *n;
    while ((n = PQnotifies(p->conn)))
        PQfreemem(n);
    return RC_OK;
}
