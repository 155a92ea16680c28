#include "base/number.h"
#include "store/backup_impl.h"
#include "store/schema_grow.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

struct making {
    struct db *db;
    const char *path;
    gzFile file;
    struct buf out;
    crypto_generichash_state hash;
    struct backup_stats stats;
    struct arena arena;
};

static enum rc failed(const struct making *m, struct err *e)
{
    int code;
    const char *why = m->file ? gzerror(m->file, &code) : NULL;
    return err_set(e, RC_UNAVAILABLE, "backup_failed", "", "%s: %s", m->path, errno || !why ? strerror(errno) : why);
}

static enum rc flush(struct making *m, struct err *e)
{
    crypto_generichash_update(&m->hash, (const unsigned char *)m->out.ptr, m->out.len);
    m->stats.bytes += (int64_t)m->out.len;
    errno = 0;
    bool written = m->out.len == 0 || gzwrite(m->file, m->out.ptr, (unsigned)m->out.len) == (int)m->out.len;
    buf_clear(&m->out);
    return written ? RC_OK : failed(m, e);
}

static enum rc flush_some(struct making *m, struct err *e)
{
    return m->out.len < 1 << 18 ? RC_OK : flush(m, e);
}

/* ---- rows ---- */

static void put_bytes(struct buf *b, struct str bytes)
{
    static const char hex[] = "0123456789abcdef";
    buf_c(b, "\\\\x");
    for (size_t i = 0; i < bytes.len; i++) {
        buf_char(b, hex[(unsigned char)bytes.ptr[i] >> 4]);
        buf_char(b, hex[(unsigned char)bytes.ptr[i] & 15]);
    }
}

static void put_value(struct buf *b, struct stmt *s, int i, enum column_type type)
{
    char text[NUMBER_TEXT];
    if (stmt_col_null(s, i))
        buf_c(b, "\\N");
    else if (type == COLUMN_INTEGER)
        buf_i64(b, stmt_col_i64(s, i));
    else if (type == COLUMN_REAL)
        buf_add(b, text, number_put_f64(text, stmt_col_f64(s, i)));
    else if (type == COLUMN_BLOB)
        put_bytes(b, stmt_col_str(s, i));
    else
        copy_text(b, stmt_col_str(s, i));
}

static enum rc sqlite_rows(struct making *m, const struct table *t, const char *select, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(m->db, &s, select, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        for (size_t i = 0; i < t->columns; i++) {
            if (i)
                buf_char(&m->out, '\t');
            put_value(&m->out, s, (int)i, t->column[i].type);
        }
        buf_char(&m->out, '\n');
        m->stats.rows++;
        TRY_OUT(flush_some(m, e));
    }
    if (rc == RC_DONE)
        rc = RC_OK;
out:
    stmt_done(s);
    return rc;
}

struct copying {
    struct making *m;
    struct err *e;
};
static enum rc copy_line(void *arg, struct str line)
{
    struct copying *c = arg;
    buf_str(&c->m->out, line);
    c->m->stats.rows++;
    return flush_some(c->m, c->e);
}

static enum rc postgres_rows(struct making *m, const char *select, struct err *e)
{
    struct copying c = {m, e};
    struct str sql = str_fmt(&m->arena, "COPY (%s) TO STDOUT", select);
    return db_postgres_copy_out(m->db, sql.ptr, copy_line, &c, e);
}

static enum rc put_table(struct making *m, const struct table *t, struct err *e)
{
    struct buf select = {0};
    buf_c(&select, "SELECT ");
    buf_fmt(&m->out, "table %.*s", STR_ARG(t->name));
    for (size_t i = 0; i < t->columns; i++) {
        buf_fmt(&m->out, " %.*s", STR_ARG(t->column[i].name));
        buf_fmt(&select, "%s\"%.*s\"", i ? ", " : "", STR_ARG(t->column[i].name));
    }
    buf_char(&m->out, '\n');
    buf_fmt(&select, " FROM \"%.*s\" ORDER BY 1", STR_ARG(t->name));
    buf_char(&select, '\0');
    bool postgres = db_kind_of(m->db) == DB_POSTGRES;
    enum rc rc = postgres ? postgres_rows(m, select.ptr, e) : sqlite_rows(m, t, select.ptr, e);
    buf_c(&m->out, "\\.\n");
    m->stats.tables++;
    buf_free(&select);
    return rc;
}

/* ---- the file ---- */

static enum rc put_schema(struct making *m, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(m->db, &s, "SELECT name, hash FROM schema_migration ORDER BY position", e));
    buf_c(&m->out, BACKUP_FIRST_LINE "\n");
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        buf_fmt(&m->out, "schema %.*s", STR_ARG(stmt_col_str(s, 0)));
        buf_fmt(&m->out, " %.*s\n", STR_ARG(stmt_col_str(s, 1)));
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_grown(struct making *m, const struct tables *tables)
{
    static const char *const types[] = {[COLUMN_INTEGER] = "integer", [COLUMN_REAL] = "real", [COLUMN_TEXT] = "text"};
    for (size_t i = 0; i < tables->len; i++) {
        const struct table *t = &tables->ptr[i];
        if (schema_grown_table(t->name))
            buf_fmt(&m->out, "link %.*s\n", STR_ARG(t->name));
        for (size_t k = 0; k < t->columns; k++)
            if (schema_grown_column(t->column[k].name) && t->column[k].type != COLUMN_BLOB)
                buf_fmt(&m->out, "column %.*s %.*s %s\n", STR_ARG(t->name), STR_ARG(t->column[k].name),
                        types[t->column[k].type]);
    }
}

static enum rc put_all(struct making *m, struct err *e)
{
    struct tables tables;
    unsigned char sum[BACKUP_HASH];
    char hex[2 * BACKUP_HASH + 1];
    TRY(put_schema(m, e));
    TRY(backup_tables(m->db, &m->arena, &tables, e));
    put_grown(m, &tables);
    for (size_t i = 0; i < tables.len; i++)
        TRY(put_table(m, &tables.ptr[i], e));
    TRY(flush(m, e));
    crypto_generichash_final(&m->hash, sum, sizeof sum);
    sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
    buf_fmt(&m->out, "end %s\n", hex);
    return flush(m, e);
}

/* The new name is in its folder for good only when the folder is on the disk. */
static bool sync_folder(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static enum rc finish(struct making *m, int fd, const char *part, struct err *e)
{
    errno = 0;
    int closed = gzclose(m->file);
    m->file = NULL;
    if (closed != Z_OK || fsync(fd) != 0 || rename(part, m->path) != 0 || !sync_folder(m->path))
        return failed(m, e);
    return RC_OK;
}

enum rc backup_make(const struct db_target *from, const char *path, struct backup_stats *stats, struct err *e)
{
    struct making m = {.path = path};
    char part[PATH_MAX];
    int fd = -1;
    enum rc rc;
    snprintf(part, sizeof part, "%s.part", path);
    crypto_generichash_init(&m.hash, NULL, 0, BACKUP_HASH);
    TRY_OUT(db_open(&m.db, from, DB_READER, e));
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int zfd = fd < 0 ? -1 : dup(fd);
    m.file = zfd < 0 ? NULL : gzdopen(zfd, "wb1");
    if (!m.file) {
        rc = failed(&m, e);
        goto out;
    }
    gzbuffer(m.file, 1 << 18);
    TRY_OUT(db_read_begin(m.db, e));
    rc = put_all(&m, e);
    db_read_end(m.db);
    if (rc == RC_OK)
        rc = finish(&m, fd, part, e);
    if (rc == RC_OK)
        *stats = m.stats;
out:
    if (m.file)
        gzclose(m.file);
    if (fd >= 0) {
        close(fd);
        if (rc != RC_OK)
            unlink(part);
    }
    db_close(m.db);
    buf_free(&m.out);
    arena_free(&m.arena);
    return rc;
}
