#include "store/backup_read.h"
#include "store/schema_grow.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { COMMIT_ROWS = 200000, COPY_BYTES = 1 << 20 };

struct restoring {
    struct backup_reader *in;
    struct db *db;
    struct arena arena;
    struct tables tables; /* of the schema just created */
    struct buf work;      /* lines for COPY, or the statement's text */
    struct backup_stats stats;
};

/* ---- one table ---- */

static const struct column *column_named(const struct table *t, struct str name)
{
    for (size_t i = 0; i < t->columns; i++)
        if (str_eq(t->column[i].name, name))
            return &t->column[i];
    return NULL;
}

/* "NAME COLUMN ..." as a table of ours with the columns in the order of the file; a name that we do not know never
 * reaches the database. */
static enum rc table_of(struct restoring *r, struct str words, struct table *out, struct err *e)
{
    struct str rest, name = str_cut(words, ' ', &rest);
    const struct table *known = NULL;
    for (size_t i = 0; i < r->tables.len; i++)
        if (str_eq(r->tables.ptr[i].name, name))
            known = &r->tables.ptr[i];
    if (!known)
        return backup_damaged(r->in, e, "an unknown table");
    *out = (struct table){known->name, ARENA_ARRAY(&r->arena, struct column, known->columns), 0};
    while (rest.ptr) {
        const struct column *c = column_named(known, str_cut(rest, ' ', &rest));
        if (!c || out->columns == known->columns)
            return backup_damaged(r->in, e, "an unknown column");
        out->column[out->columns++] = *c;
    }
    if (out->columns == 0)
        return backup_damaged(r->in, e, "a table without columns");
    return RC_OK;
}

static void name_columns(struct buf *b, const struct table *t)
{
    buf_fmt(b, "\"%.*s\"(", STR_ARG(t->name));
    for (size_t i = 0; i < t->columns; i++)
        buf_fmt(b, "%s\"%.*s\"", i ? ", " : "", STR_ARG(t->column[i].name));
    buf_char(b, ')');
}

/* Undoes the escapes of a value in its place. */
static bool plain(char *p, size_t *n)
{
    char *to = p, *end = p + *n;
    for (char *from = p; from < end; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        if (++from == end)
            return false;
        *to++ = (char)(*from == 'n' ? '\n' : *from == 't' ? '\t' : *from == 'r' ? '\r' : *from);
    }
    *n = (size_t)(to - p);
    return true;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unhex(char *p, size_t *n)
{
    if (*n < 2 || *n % 2 || p[0] != '\\' || p[1] != 'x')
        return false;
    for (size_t i = 2; i < *n; i += 2) {
        int high = digit(p[i]), low = digit(p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        p[i / 2 - 1] = (char)(high << 4 | low);
    }
    *n = *n / 2 - 1;
    return true;
}

static bool bind_value(struct stmt *s, int i, enum column_type type, struct str v)
{
    char *p = (char *)(uintptr_t)v.ptr; /* the reader's line, ours until the next one */
    size_t n = v.len;
    int64_t whole;
    double real;
    if (str_eqc(v, "\\N")) {
        stmt_null(s, i);
        return true;
    }
    switch (type) {
    case COLUMN_INTEGER:
        if (!str_i64(v, &whole))
            return false;
        stmt_i64(s, i, whole);
        return true;
    case COLUMN_REAL:
        if (!str_f64(v, &real))
            return false;
        stmt_f64(s, i, real);
        return true;
    case COLUMN_BLOB:
        if (!plain(p, &n) || !unhex(p, &n))
            return false;
        stmt_blob(s, i, (struct str){p, n});
        return true;
    case COLUMN_TEXT:
        if (!plain(p, &n))
            return false;
        stmt_str(s, i, (struct str){p, n});
        return true;
    }
    return false;
}

static enum rc insert_line(struct restoring *r, const struct table *t, struct str line, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(r->db, &s, r->work.ptr, e));
    size_t i = 0;
    char *copy = str_cdup(&r->arena, line); /* the checksum is made of the line as it was read */
    struct str rest = {copy, line.len};
    bool good = true;
    for (; good && rest.ptr && i < t->columns; i++)
        good = bind_value(s, (int)i + 1, t->column[i].type, str_cut(rest, '\t', &rest));
    if (!good || i != t->columns || rest.ptr) {
        stmt_done(s);
        return backup_damaged(r->in, e, "a row that cannot be read");
    }
    return stmt_run(s, e);
}

static enum rc sqlite_load(struct restoring *r, const struct table *t, struct err *e)
{
    struct str line;
    struct arena names = r->arena; /* rows come and go above what is there already */
    r->arena = ARENA_EMPTY;
    enum rc rc;
    buf_clear(&r->work);
    buf_c(&r->work, "INSERT INTO ");
    name_columns(&r->work, t);
    for (size_t i = 0; i < t->columns; i++)
        buf_fmt(&r->work, "%s$%zu", i ? ", " : " VALUES(", i + 1);
    buf_add(&r->work, ")", 2);
    while ((rc = backup_read_line(r->in, &line, e)) == RC_OK && !str_eqc(line, "\\.")) {
        TRY_OUT(insert_line(r, t, line, e));
        arena_reset(&r->arena);
        if (++r->stats.rows % COMMIT_ROWS == 0) {
            TRY_OUT(db_commit(r->db, e));
            r->db->ops->after_commit(r->db);
            TRY_OUT(db_begin(r->db, e));
        }
    }
out:
    arena_free(&r->arena);
    r->arena = names;
    return rc;
}

static enum rc postgres_load(struct restoring *r, const struct table *t, struct err *e)
{
    struct buf into = {0};
    struct str line;
    enum rc rc;
    name_columns(&into, t);
    buf_char(&into, '\0');
    buf_clear(&r->work);
    while ((rc = backup_read_line(r->in, &line, e)) == RC_OK && !str_eqc(line, "\\.")) {
        buf_str(&r->work, line);
        buf_char(&r->work, '\n');
        r->stats.rows++;
        if (r->work.len > COPY_BYTES) {
            TRY_OUT(db_postgres_copy(r->db, into.ptr, buf_view(&r->work), e));
            buf_clear(&r->work);
        }
    }
    if (rc == RC_OK && r->work.len)
        rc = db_postgres_copy(r->db, into.ptr, buf_view(&r->work), e);
out:
    buf_free(&into);
    return rc;
}

static enum rc load_table(struct restoring *r, struct str words, struct err *e)
{
    struct table t = {0};
    bool postgres = db_kind_of(r->db) == DB_POSTGRES;
    TRY(table_of(r, words, &t, e));
    /* migrations may have put rows in */
    TRY(db_exec(r->db, str_fmt(&r->arena, "DELETE FROM \"%.*s\"", STR_ARG(t.name)).ptr, e));
    TRY(postgres ? postgres_load(r, &t, e) : sqlite_load(r, &t, e));
    r->stats.tables++;
    if (!postgres)
        return RC_OK;
    struct stmt *s; /* identity columns go on behind the largest id */
    assert(t.column);
    TRY(db_prepare(
        r->db, &s,
        str_fmt(&r->arena,
                "SELECT setval(pg_get_serial_sequence('\"%.*s\"', attname), "
                "(SELECT coalesce(CAST(CAST(max(\"%.*s\") AS TEXT) AS BIGINT), 0) + 1 " /* a first column may be text */
                "FROM \"%.*s\"), false) FROM pg_attribute WHERE attrelid = '\"%.*s\"'::regclass AND attidentity <> '' "
                "AND attname = $1",
                STR_ARG(t.name), STR_ARG(t.column[0].name), STR_ARG(t.name), STR_ARG(t.name))
            .ptr,
        e));
    stmt_str(s, 1, t.column[0].name);
    return stmt_run(s, e);
}

/* ---- the file ---- */

static enum rc read_schema(struct restoring *r, const struct migration *list, size_t n, size_t *steps, struct str *line,
                           struct err *e)
{
    TRY(backup_read_line(r->in, line, e));
    if (!str_eqc(*line, BACKUP_FIRST_LINE))
        return backup_damaged(r->in, e, "this is no backup of Voronka, or one of a newer program");
    for (*steps = 0;; ++*steps) {
        struct str word, name, hash;
        TRY(backup_read_line(r->in, line, e));
        word = str_cut(*line, ' ', &name);
        if (!str_eqc(word, "schema"))
            return RC_OK;
        name = str_cut(name, ' ', &hash);
        if (*steps == n || !str_eqc(name, list[*steps].name))
            return err_set(e, RC_CONFLICT, "schema_newer", "", "%.*s", STR_ARG(name));
        if (!str_eqc(hash, migration_hash(list[*steps].sql).hex))
            return err_set(e, RC_CONFLICT, "schema_altered", "", "%.*s", STR_ARG(name));
    }
}

/* "TABLE NAME TYPE" of a column that no migration makes; only of tables that they do make. */
static enum rc grow_column(struct restoring *r, struct str words, struct err *e)
{
    struct str rest, table = str_cut(words, ' ', &rest), type, name = str_cut(rest, ' ', &type);
    enum schema_column kind = str_eqc(type, "integer") ? SCHEMA_INTEGER
                              : str_eqc(type, "real")  ? SCHEMA_REAL
                                                       : SCHEMA_TEXT;
    bool known = kind != SCHEMA_TEXT || str_eqc(type, "text"), there = false;
    for (size_t i = 0; i < r->tables.len; i++)
        there |= str_eq(r->tables.ptr[i].name, table) && !schema_grown_table(table);
    if (!known || !there || !schema_grown_column(name))
        return backup_damaged(r->in, e, "an unknown column");
    return schema_add_column(r->db, str_cdup(&r->arena, table), str_cdup(&r->arena, name), kind, e);
}

static enum rc grow_link(struct restoring *r, struct str name, struct err *e)
{
    if (!schema_grown_table(name))
        return backup_damaged(r->in, e, "an unknown table");
    return schema_add_link(r->db, str_cdup(&r->arena, name), e);
}

/* What the schema had beside its migrations. *line becomes the first behind that. */
static enum rc grow(struct restoring *r, struct str *line, struct err *e)
{
    bool grown = false;
    for (;;) {
        struct str rest, word = str_cut(*line, ' ', &rest);
        enum rc rc = str_eqc(word, "column") ? grow_column(r, rest, e)
                     : str_eqc(word, "link") ? grow_link(r, rest, e)
                                             : RC_DONE;
        if (rc == RC_DONE)
            return grown ? backup_tables(r->db, &r->arena, &r->tables, e) : RC_OK;
        TRY(rc);
        grown = true;
        TRY(backup_read_line(r->in, line, e));
    }
}

/* `line` is the first behind the schema. */
static enum rc load_tables(struct restoring *r, struct str line, struct err *e)
{
    enum rc grown = grow(r, &line, e);
    if (grown == RC_INTERNAL || grown == RC_CONFLICT)
        return backup_damaged(r->in, e, e ? e->arg[0] : "");
    TRY(grown);
    for (;;) {
        struct str rest, word = str_cut(line, ' ', &rest);
        if (str_eqc(word, "end"))
            return backup_read_check(r->in, rest, e);
        if (!str_eqc(word, "table"))
            return backup_damaged(r->in, e, "neither a table nor the end");
        enum rc rc = load_table(r, str_dup(&r->arena, rest), e);
        if (rc == RC_INTERNAL || rc == RC_CONFLICT)
            return backup_damaged(r->in, e, e ? e->arg[0] : "");
        TRY(rc);
        TRY(backup_read_line(r->in, &line, e));
    }
}

/* ---- SQLite ---- */

static const char *in(struct restoring *r, const char *dir, const char *name)
{
    return str_fmt(&r->arena, "%s/%s", dir, name).ptr;
}

static void remove_files(struct restoring *r, const char *dir)
{
    static const char *names[] = {"voronka.db-wal", "voronka.db-shm", "voronka.db", "voronka.lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in(r, dir, names[i]));
    rmdir(dir);
}

static enum rc sqlite_check(struct restoring *r, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(r->db, &s, "PRAGMA foreign_key_check", e));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        rc = backup_damaged(r->in, e, "a row refers to one that is not there");
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Built in a folder of its own, with no regard to crashes, and moved to its place when it is whole and on the disk. */
static enum rc sqlite_build(struct restoring *r, const char *dir, const struct migration *list, size_t steps,
                            struct str line, struct err *e)
{
    struct db_target target = {DB_SQLITE, dir};
    TRY(db_open(&r->db, &target, DB_WRITER, e));
    TRY(db_exec(r->db, "PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF", e));
    TRY(migrate(r->db, list, steps, e));
    TRY(backup_tables(r->db, &r->arena, &r->tables, e));
    TRY(db_begin(r->db, e));
    TRY(load_tables(r, line, e));
    TRY(db_commit(r->db, e));
    TRY(sqlite_check(r, e));
    if (!r->db->ops->idle(r->db))
        return err_set(e, RC_UNAVAILABLE, "db_io", "", "%s", dir);
    return RC_OK;
}

static enum rc put_in_place(struct restoring *r, const char *from, const char *dir, struct err *e)
{
    static const char *logs[] = {"voronka.db-wal", "voronka.db-shm"};
    const char *source = in(r, from, "voronka.db"), *place = in(r, dir, "voronka.db");
    int fd = open(source, O_RDWR | O_CLOEXEC), folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && folder >= 0 && fsync(fd) == 0;
    for (size_t i = 0; good && i < 2; i++) /* the log of the former one must not meet the new */
        good = unlink(in(r, dir, logs[i])) == 0 || errno == ENOENT;
    good = good && rename(source, place) == 0 && fsync(folder) == 0;
    if (!good)
        err_set(e, RC_UNAVAILABLE, "backup_failed", "", "%s: %s", place, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    return good ? RC_OK : RC_UNAVAILABLE;
}

static enum rc into_sqlite(struct restoring *r, const char *dir, const struct migration *list, size_t steps,
                           struct str line, bool force, struct err *e)
{
    const char *yard = in(r, dir, "restoring");
    int claim = -1;
    enum rc rc;
    TRY(db_sqlite_claim(dir, &claim, e));
    if (access(in(r, dir, "voronka.db"), F_OK) == 0 && !force) {
        rc = err_set(e, RC_CONFLICT, "not_empty", "", "%s", dir);
        goto out;
    }
    remove_files(r, yard); /* of one that was broken off */
    rc = sqlite_build(r, yard, list, steps, line, e);
    db_close(r->db);
    r->db = NULL;
    if (rc == RC_OK)
        rc = put_in_place(r, yard, dir, e);
    remove_files(r, yard);
out:
    close(claim);
    return rc;
}

/* ---- PostgreSQL ---- */

static enum rc collect(struct restoring *r, const char *sql, struct str *out, size_t most, size_t *n, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(r->db, &s, sql, e));
    while ((rc = stmt_step(s, e)) == RC_ROW && *n < most)
        out[(*n)++] = str_dup(&r->arena, stmt_col_str(s, 0));
    stmt_done(s);
    return rc == RC_DONE || rc == RC_ROW ? RC_OK : rc;
}

enum { MOST = 1024 };
static enum rc run_each(struct restoring *r, const struct str *sql, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(r->db, sql[i].ptr, e));
    return RC_OK;
}

static enum rc make_empty(struct restoring *r, bool force, struct err *e)
{
    struct str *drop = ARENA_ARRAY(&r->arena, struct str, MOST);
    size_t n, ours;
    TRY(collect(r,
                "SELECT 'DROP TABLE ' || oid::regclass || ' CASCADE' FROM pg_class WHERE relkind = 'r' AND "
                "relnamespace = current_schema()::regnamespace",
                drop, MOST, &n, e));
    if (n == 0)
        return RC_OK;
    struct str mark[1];
    TRY(collect(r,
                "SELECT relname FROM pg_class WHERE relname = 'schema_migration' AND relkind = 'r' AND "
                "relnamespace = current_schema()::regnamespace",
                mark, 1, &ours, e));
    if (!force || !ours)
        return err_set(e, RC_CONFLICT, "not_empty", "", "%s", ours ? "" : "the tables there are not Voronka's");
    return run_each(r, drop, n, e);
}

#define FOREIGN_KEYS " FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"

static enum rc postgres_fill(struct restoring *r, const struct migration *list, size_t steps, struct str line,
                             bool force, struct err *e)
{
    struct str *drop = ARENA_ARRAY(&r->arena, struct str, MOST), *again = ARENA_ARRAY(&r->arena, struct str, MOST);
    size_t n, m;
    TRY(make_empty(r, force, e));
    TRY(migrate_within(r->db, list, steps, e));
    TRY(backup_tables(r->db, &r->arena, &r->tables, e));
    /* Rows of one table may refer to each other: the keys are checked when all are there. */
    TRY(collect(r, "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)" FOREIGN_KEYS, drop,
                MOST, &n, e));
    TRY(collect(r,
                "SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, "
                "pg_get_constraintdef(oid))" FOREIGN_KEYS,
                again, MOST, &m, e));
    TRY(run_each(r, drop, n, e));
    TRY(load_tables(r, line, e));
    if (run_each(r, again, m, e) != RC_OK)
        return backup_damaged(r->in, e, e ? e->arg[0] : "");
    return RC_OK;
}

static enum rc into_postgres(struct restoring *r, const struct db_target *to, const struct migration *list,
                             size_t steps, struct str line, bool force, struct err *e)
{
    TRY(db_open(&r->db, to, DB_WRITER, e));
    TRY(db_begin(r->db, e));
    enum rc rc = postgres_fill(r, list, steps, line, force, e);
    if (rc == RC_OK)
        rc = db_commit(r->db, e);
    else
        db_rollback(r->db);
    db_close(r->db);
    return rc;
}

enum rc backup_restore(const char *path, const struct db_target *to, const struct migration *list, size_t n, bool force,
                       struct backup_stats *stats, struct err *e)
{
    struct restoring r = {0};
    struct str line;
    size_t steps = 0;
    enum rc rc;
    TRY_OUT(backup_read_open(&r.in, path, e));
    TRY_OUT(read_schema(&r, list, n, &steps, &line, e));
    line = str_dup(&r.arena, line); /* the reader's own does not outlive the next */
    if (to->kind == DB_POSTGRES)
        TRY_OUT(into_postgres(&r, to, list, steps, line, force, e));
    else
        TRY_OUT(into_sqlite(&r, to->place, list, steps, line, force, e));
    r.stats.bytes = backup_read_bytes(r.in);
    *stats = r.stats;
out:
    backup_read_close(r.in);
    buf_free(&r.work);
    arena_free(&r.arena);
    return rc;
}
