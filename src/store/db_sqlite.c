/* SQLite in WAL mode. The library of Debian 12 (3.40) has the WAL-reset bug: a commit of one connection beside a
 * checkpoint of another may corrupt the file. So whoever writes or checkpoints, in any process, holds DIR/voronka.lock
 * meanwhile. */
#include "base/log.h"
#include "base/time.h"
#include "store/db_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOCK_WAIT_MS = 30000,
    WAL_PAGES = 4096, /* 16 MiB: checkpoint under load */
    WAL_PAGES_MANY = 4 * WAL_PAGES,
    WRITER_CACHE_KB = 65536,
    READER_CACHE_KB = 4096,
};

struct lite {
    struct db db;
    sqlite3 *h;
    int lock_fd; /* -1 for readers */
    bool locked;
    int wal_pages;   /* in the log after the last commit */
    int wal_checked; /* its size at the last checkpoint under load */
};
struct lite_stmt {
    struct stmt base;
    sqlite3_stmt *h;
    bool writes, ran;
    bool gives_id, told; /* INSERT ... RETURNING id: told after its one row */
};

/* ---- the lock between processes ---- */

/* Byte 0 is the gate, byte 1 the lock: who waits for the lock holds the gate, so that nobody is starved by a busy
 * neighbour. */
static bool lock_byte(struct lite *l, off_t byte, short type)
{
    struct flock f = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(l->lock_fd, F_OFD_SETLK, &f) == 0;
}

static bool lock_wait(struct lite *l, off_t byte, int64_t until)
{
    while (!lock_byte(l, byte, F_WRLCK)) {
        if (time_monotonic() >= until)
            return false;
        usleep(1000);
    }
    return true;
}

static enum rc lock(struct lite *l, struct err *e)
{
    if (l->locked || l->lock_fd < 0)
        return RC_OK;
    int64_t until = time_monotonic() + LOCK_WAIT_MS;
    if (!lock_wait(l, 0, until))
        return db_fail(&l->db, e, RC_UNAVAILABLE, "db_busy", "another program is writing");
    l->locked = lock_wait(l, 1, until);
    (void)lock_byte(l, 0, F_UNLCK);
    if (!l->locked)
        return db_fail(&l->db, e, RC_UNAVAILABLE, "db_busy", "another program is writing");
    return RC_OK;
}

/* After any statement: the lock lives as long as the transaction. */
static void unlock(struct lite *l)
{
    if (l->locked && sqlite3_get_autocommit(l->h)) {
        l->locked = false;
        (void)lock_byte(l, 1, F_UNLCK);
    }
}

/* ---- errors ---- */

static enum rc constraint(struct lite *l, int code, const char *text, struct err *e)
{
    const char *what = strstr(text, "failed: ");
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return db_fail(&l->db, e, RC_CONFLICT, "unique_violation", what ? what + 8 : text);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return db_fail(&l->db, e, RC_CONFLICT, "fk_violation", "");
    default:
        return db_fail(&l->db, e, RC_INTERNAL, "db_error", text);
    }
}

/* What the system said when the database or its log could not be written; SQLite's own code tells only ENOSPC apart. */
static bool no_room(sqlite3 *h)
{
    sqlite3_file *log = NULL;
    int os[2] = {0};
    sqlite3_file_control(h, "main", SQLITE_FCNTL_LAST_ERRNO, &os[0]);
    sqlite3_file_control(h, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log && log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &os[1]);
    for (int i = 0; i < 2; i++)
        if (os[i] == ENOSPC || os[i] == EDQUOT || os[i] == EFBIG)
            return true;
    return false;
}

static enum rc fail(struct lite *l, int code, const char *sql, struct err *e)
{
    const char *text = l->h ? sqlite3_errmsg(l->h) : sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return constraint(l, code, text, e);
    case SQLITE_FULL:
        return db_fail(&l->db, e, RC_UNAVAILABLE, "db_full", text);
    case SQLITE_IOERR:
        if (l->h && no_room(l->h))
            return db_fail(&l->db, e, RC_UNAVAILABLE, "db_full", text);
        return db_fail(&l->db, e, RC_UNAVAILABLE, "db_io", text);
    case SQLITE_BUSY:
        return db_fail(&l->db, e, RC_UNAVAILABLE, "db_busy", text);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        log_error("database: %s", text);
        return db_fail(&l->db, e, RC_UNAVAILABLE, "db_io", text);
    default:
        log_error("database: %s in: %.300s", text, sql ? sql : "");
        return db_fail(&l->db, e, RC_INTERNAL, "db_error", text);
    }
}

/* ---- statements ---- */

/* $n becomes ?n, of the same length; texts, quoted names and comments stay. */
static char *rewrite(const char *sql)
{
    char *text = strdup(sql);
    if (!text)
        abort();
    for (char *p = text; *p; p++) {
        if (*p == '\'' || *p == '"') {
            char quote = *p;
            for (p++; *p && *p != quote; p++)
                ;
            if (!*p)
                break;
        } else if (p[0] == '-' && p[1] == '-') {
            while (p[1] && p[1] != '\n')
                p++;
        } else if (p[0] == '/' && p[1] == '*') {
            char *end = strstr(p + 2, "*/");
            if (!end)
                break;
            p = end + 1;
        } else if (*p == '$' && p[1] >= '1' && p[1] <= '9') {
            *p = '?';
        }
    }
    return text;
}

/* RETURNING goes through a table of its own and a savepoint: it more than doubles the work of an insert. The id of a
 * single row is known without it. */
static bool cut_returning(char *text)
{
    static const char head[] = "INSERT INTO ", tail[] = " RETURNING id";
    size_t n = strlen(text), cut = sizeof tail - 1;
    if (n < cut || strncmp(text, head, sizeof head - 1) != 0 || strcmp(text + n - cut, tail) != 0 ||
        strstr(text, "ON CONFLICT") || strstr(text, "SELECT") || strstr(text, "),"))
        return false;
    text[n - cut] = '\0';
    return true;
}

static enum rc lite_prepare(struct db *db, struct stmt **out, const char *sql, bool keep, struct err *e)
{
    struct lite *l = (struct lite *)db;
    char *text = rewrite(sql);
    bool gives_id = cut_returning(text);
    sqlite3_stmt *h = NULL;
    int code = sqlite3_prepare_v3(l->h, text, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, &h, NULL);
    free(text);
    if (code != SQLITE_OK)
        return fail(l, code, sql, e);
    struct lite_stmt *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->h = h;
    s->writes = !sqlite3_stmt_readonly(h);
    s->gives_id = gives_id;
    *out = &s->base;
    return RC_OK;
}

static void lite_finalize(struct stmt *base)
{
    struct lite_stmt *s = (struct lite_stmt *)base;
    sqlite3_finalize(s->h);
    free(s);
}

static void lite_bind_i64(struct stmt *s, int i, int64_t v)
{
    sqlite3_bind_int64(((struct lite_stmt *)s)->h, i, v);
}
static void lite_bind_f64(struct stmt *s, int i, double v)
{
    sqlite3_bind_double(((struct lite_stmt *)s)->h, i, v);
}
static void lite_bind_str(struct stmt *s, int i, struct str v)
{
    sqlite3_bind_text64(((struct lite_stmt *)s)->h, i, v.ptr, v.len, SQLITE_STATIC, SQLITE_UTF8);
}
static void lite_bind_blob(struct stmt *s, int i, struct str v)
{
    sqlite3_bind_blob64(((struct lite_stmt *)s)->h, i, v.ptr, v.len, SQLITE_STATIC);
}

static enum rc lite_step(struct stmt *base, struct err *e)
{
    struct lite_stmt *s = (struct lite_stmt *)base;
    struct lite *l = (struct lite *)base->db;
    if (s->told)
        return RC_DONE;
    if (s->writes)
        TRY(lock(l, e));
    s->ran = true;
    int code = sqlite3_step(s->h);
    if (code == SQLITE_ROW)
        return RC_ROW;
    enum rc rc = code == SQLITE_DONE ? RC_DONE : fail(l, sqlite3_extended_errcode(l->h), base->sql, e);
    if (s->writes && code == SQLITE_DONE)
        l->db.changes = sqlite3_changes64(l->h);
    if (code != SQLITE_DONE)
        sqlite3_reset(s->h);
    unlock(l);
    s->told = s->gives_id && rc == RC_DONE;
    return s->told ? RC_ROW : rc;
}

static int64_t lite_col_i64(struct stmt *s, int i)
{
    if (((struct lite_stmt *)s)->told)
        return sqlite3_last_insert_rowid(((struct lite *)s->db)->h);
    return sqlite3_column_int64(((struct lite_stmt *)s)->h, i);
}
static double lite_col_f64(struct stmt *s, int i)
{
    return sqlite3_column_double(((struct lite_stmt *)s)->h, i);
}
static bool lite_col_null(struct stmt *s, int i)
{
    return !((struct lite_stmt *)s)->told && sqlite3_column_type(((struct lite_stmt *)s)->h, i) == SQLITE_NULL;
}
static struct str lite_col_str(struct stmt *s, int i)
{
    sqlite3_stmt *h = ((struct lite_stmt *)s)->h;
    int type = sqlite3_column_type(h, i);
    if (type == SQLITE_NULL)
        return STR_NULL;
    const char *p = type == SQLITE_BLOB ? sqlite3_column_blob(h, i) : (const char *)sqlite3_column_text(h, i);
    return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(h, i)}; /* an empty blob has no address */
}

static void lite_reset(struct stmt *base)
{
    struct lite_stmt *s = (struct lite_stmt *)base;
    struct lite *l = (struct lite *)base->db;
    sqlite3_reset(s->h);
    sqlite3_clear_bindings(s->h);
    if (s->ran && s->writes) { /* RETURNING may have been left before its end */
        l->db.changes = sqlite3_changes64(l->h);
        unlock(l);
    }
    s->ran = s->told = false;
}

static enum rc lite_exec(struct db *db, const char *sql, struct err *e)
{
    struct lite *l = (struct lite *)db;
    char *text = rewrite(sql);
    enum rc rc = lock(l, e);
    if (rc == RC_OK) {
        int code = sqlite3_exec(l->h, text, NULL, NULL, NULL);
        if (code != SQLITE_OK && strcmp(sql, "ROLLBACK") != 0)
            rc = fail(l, sqlite3_extended_errcode(l->h), sql, e);
        unlock(l);
    }
    free(text);
    return rc;
}

/* ---- transactions and the log ---- */

static enum rc run_now(struct lite *l, const char *sql, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(&l->db, &s, sql, e));
    return stmt_run(s, e);
}

static enum rc lite_begin(struct db *db, struct err *e)
{
    struct lite *l = (struct lite *)db;
    TRY(lock(l, e)); /* before, so that waiting for a neighbour is fair */
    enum rc rc = run_now(l, "BEGIN IMMEDIATE", e);
    unlock(l);
    return rc;
}
static enum rc lite_commit(struct db *db, struct err *e)
{
    return run_now((struct lite *)db, "COMMIT", e);
}
static int64_t lite_writes(struct db *db)
{
    return sqlite3_total_changes64(((struct lite *)db)->h);
}

static int on_commit(void *arg, sqlite3 *h, const char *name, int pages)
{
    (void)h, (void)name;
    ((struct lite *)arg)->wal_pages = pages;
    return SQLITE_OK;
}

/* true when the whole log is in the database */
static bool checkpoint(struct lite *l, int mode, int wait_ms)
{
    struct err e;
    int in_log = -1, moved = -1;
    if (lock(l, &e) != RC_OK)
        return false;
    sqlite3_busy_timeout(l->h, wait_ms); /* for readers of an older state */
    int code = sqlite3_wal_checkpoint_v2(l->h, NULL, mode, &in_log, &moved);
    sqlite3_busy_timeout(l->h, LOCK_WAIT_MS);
    unlock(l);
    if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED)
        log_warn("database: checkpoint: %s", sqlite3_errmsg(l->h));
    return code == SQLITE_OK && in_log == moved;
}

static void lite_after_commit(struct db *db)
{
    struct lite *l = (struct lite *)db;
    if (l->wal_pages < l->wal_checked)
        l->wal_checked = 0; /* the log began anew */
    if (l->wal_pages - l->wal_checked < WAL_PAGES)
        return;
    if (l->wal_pages < WAL_PAGES_MANY)
        (void)checkpoint(l, SQLITE_CHECKPOINT_PASSIVE, 0);
    else /* there is always some reader: without a short wait the log would never begin anew */
        (void)checkpoint(l, SQLITE_CHECKPOINT_RESTART, 100);
    l->wal_checked = l->wal_pages;
}

static bool lite_idle(struct db *db)
{
    struct lite *l = (struct lite *)db;
    if (l->wal_pages > 0) {
        if (!checkpoint(l, SQLITE_CHECKPOINT_TRUNCATE, 0))
            return false;
        l->wal_pages = l->wal_checked = 0;
    }
    sqlite3_db_release_memory(l->h);
    malloc_trim(0); /* after an import: what the cache held goes back to the machine */
    return true;
}

static enum rc lite_reopen(struct db *db, struct err *e)
{
    (void)e;
    (void)checkpoint((struct lite *)db, SQLITE_CHECKPOINT_PASSIVE,
                     0); /* a full disk: makes the log's space free again */
    return RC_OK;
}

/* ---- opening ---- */

static bool make_dirs(const char *dir)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", dir) >= (int)sizeof path)
        return false;
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            if (mkdir(path, 0700) != 0 && errno != EEXIST)
                return false;
            *p = '/';
        }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static void lite_close(struct db *db)
{
    struct lite *l = (struct lite *)db;
    struct err e;
    if (l->h && l->wal_pages > 0) /* readers may be open still: after a clean end the file alone is the database */
        (void)checkpoint(l, SQLITE_CHECKPOINT_TRUNCATE, 0);
    if (l->lock_fd >= 0 && lock(l, &e) != RC_OK) /* the last one out checkpoints: under the lock or not at all */
        sqlite3_db_config(l->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(l->h);
    if (l->lock_fd >= 0)
        close(l->lock_fd);
    free(l);
}

static const struct db_ops lite_ops = {
    .prepare = lite_prepare,
    .finalize = lite_finalize,
    .bind_i64 = lite_bind_i64,
    .bind_f64 = lite_bind_f64,
    .bind_str = lite_bind_str,
    .bind_blob = lite_bind_blob,
    .step = lite_step,
    .col_i64 = lite_col_i64,
    .col_f64 = lite_col_f64,
    .col_str = lite_col_str,
    .col_null = lite_col_null,
    .reset = lite_reset,
    .exec = lite_exec,
    .begin = lite_begin,
    .commit = lite_commit,
    .writes = lite_writes,
    .reopen = lite_reopen,
    .after_commit = lite_after_commit,
    .idle = lite_idle,
    .close = lite_close,
};

static enum rc set_up(struct lite *l, struct err *e)
{
    char sql[256];
    bool writer = l->db.mode == DB_WRITER;
    sqlite3_extended_result_codes(l->h, 1);
    sqlite3_busy_timeout(l->h, LOCK_WAIT_MS);
    sqlite3_db_config(l->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* "x" is a name, never a text, as on PostgreSQL */
    sqlite3_db_config(l->h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    if (!writer)
        sqlite3_db_config(l->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    /* What a savepoint may give back is kept by the writer in a file once it is large: kept in memory it is a list that
     * every statement inside of the savepoint walks from its beginning. */
    snprintf(sql, sizeof sql,
             "PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA temp_store=%s;"
             "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-%d",
             writer ? "FILE" : "MEMORY", writer ? WRITER_CACHE_KB : READER_CACHE_KB);
    if (writer)
        TRY(lite_exec(&l->db, "PRAGMA journal_mode=WAL", e));
    TRY(lite_exec(&l->db, "PRAGMA wal_autocheckpoint=0", e));
    TRY(lite_exec(&l->db, sql, e));
    if (!writer)
        return lite_exec(&l->db, "PRAGMA query_only=ON", e);
    sqlite3_wal_hook(l->h, on_commit, l); /* takes the place of the automatic checkpoint */
    l->wal_pages = 1;                     /* a log left behind by a crash is looked at when there is leisure */
    return RC_OK;
}

static enum rc open_files(struct lite *l, const char *dir, struct err *e)
{
    char path[PATH_MAX];
    bool writer = l->db.mode == DB_WRITER;
    if (writer) {
        snprintf(path, sizeof path, "%s/voronka.lock", dir);
        if (!make_dirs(dir) || (l->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
            return err_set(e, RC_UNAVAILABLE, "db_open_failed", "", "%s: %s", dir, strerror(errno));
        if (!lock_byte(l, 2, F_RDLCK))
            return err_set(e, RC_UNAVAILABLE, "db_busy", "", "%s: a backup is being restored", dir);
    }
    snprintf(path, sizeof path, "%s/voronka.db", dir);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(path, &l->h, flags, NULL);
    if (code != SQLITE_OK)
        return err_set(e, RC_UNAVAILABLE, "db_open_failed", "", "%s: %s", path,
                       l->h ? sqlite3_errmsg(l->h) : sqlite3_errstr(code));
    return RC_OK;
}

enum rc db_sqlite_claim(const char *dir, int *fd, struct err *e)
{
    char path[PATH_MAX];
    struct lite alone = {.lock_fd = -1};
    snprintf(path, sizeof path, "%s/voronka.lock", dir);
    if (!make_dirs(dir) || (alone.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        return err_set(e, RC_UNAVAILABLE, "db_open_failed", "", "%s: %s", dir, strerror(errno));
    if (!lock_byte(&alone, 2, F_WRLCK)) {
        close(alone.lock_fd);
        return err_set(e, RC_CONFLICT, "db_in_use", "", "%s", dir);
    }
    *fd = alone.lock_fd;
    return RC_OK;
}

struct sqlite3 *db_sqlite_handle(struct db *db)
{
    return ((struct lite *)db)->h;
}

enum rc db_sqlite_open(struct db **out, const char *dir, enum db_mode mode, struct err *e)
{
    struct lite *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->db = (struct db){.magic = DB_MAGIC, .kind = DB_SQLITE, .mode = mode, .ops = &lite_ops, .journal_seq = -1};
    l->lock_fd = -1;
    enum rc rc = open_files(l, dir, e);
    if (rc == RC_OK && (rc = set_up(l, e)) == RC_UNAVAILABLE) {
        char why[160];
        snprintf(why, sizeof why, "%s", e ? e->arg[0] : "");
        err_set(e, rc, "db_open_failed", "", "%s: %s", dir, why);
    }
    if (rc != RC_OK) {
        lite_close(&l->db);
        return rc;
    }
    *out = &l->db;
    return RC_OK;
}
