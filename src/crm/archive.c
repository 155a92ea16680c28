/* An archive is made of a backup: its lines become JSON, table by table. */
#include "base/time.h"
#include "crm/archive_impl.h"
#include "crm/file_store.h"
#include "store/backup_read.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

const char *const archive_types[] = {
    [COLUMN_INTEGER] = "integer", [COLUMN_REAL] = "real", [COLUMN_TEXT] = "text", [COLUMN_BLOB] = "blob", NULL};

struct making {
    const char *path, *files;
    struct db *db;
    struct arena arena;
    struct tables types;
    struct backup_reader *in;
    zip_t *zip;
    json_t *manifest, *head, *tables;
    struct archive_stats *stats;
    int parts; /* temporary files made so far */
    struct err *e;
};

static enum rc failed(struct err *e, const char *why)
{
    return err_set(e, RC_UNAVAILABLE, "archive_failed", "", "%.120s", why);
}

static const char *part_path(struct making *m, int i)
{
    return str_fmt(&m->arena, "%s.part%d", m->path, i).ptr;
}

static enum rc add_file(struct making *m, const char *name, const char *path, bool packed)
{
    zip_source_t *source = zip_source_file(m->zip, path, 0, -1);
    zip_int64_t at = source ? zip_file_add(m->zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (at < 0) {
        if (source)
            zip_source_free(source);
        return failed(m->e, zip_strerror(m->zip));
    }
    if (zip_set_file_compression(m->zip, (zip_uint64_t)at, packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, packed ? 1 : 0) != 0)
        return failed(m->e, zip_strerror(m->zip));
    return RC_OK;
}

/* ---- a table ---- */

/* One value of a backup's line as JSON. */
static void put_value(struct jw *w, struct buf *scratch, enum column_type type, struct str v)
{
    if (str_eqc(v, "\\N")) {
        jw_null(w);
        return;
    }
    if (type == COLUMN_INTEGER || type == COLUMN_REAL) {
        jw_raw(w, v);
        return;
    }
    buf_clear(scratch);
    for (size_t i = 0; i < v.len; i++) {
        char c = v.ptr[i];
        if (c == '\\' && i + 1 < v.len) {
            c = v.ptr[++i];
            c = (char)(c == 'n'   ? '\n'
                       : c == 't' ? '\t'
                       : c == 'r' ? '\r'
                       : c == 'b' ? '\b'
                       : c == 'f' ? '\f'
                       : c == 'v' ? '\v'
                                  : c);
        }
        buf_char(scratch, c);
    }
    struct str text = buf_view(scratch);
    if (!text.ptr)
        text = STR("");
    if (type == COLUMN_BLOB && text.len >= 2) /* \x and hex digits */
        text = (struct str){text.ptr + 2, text.len - 2};
    jw_str(w, text);
}

static const struct table *types_of(const struct making *m, struct str name)
{
    for (size_t i = 0; i < m->types.len; i++)
        if (str_eq(m->types.ptr[i].name, name))
            return &m->types.ptr[i];
    return NULL;
}

static enum column_type type_of(const struct table *t, struct str column)
{
    for (size_t i = 0; t && i < t->columns; i++)
        if (str_eq(t->column[i].name, column))
            return t->column[i].type;
    return COLUMN_TEXT;
}

static enum rc write_rows(struct making *m, FILE *out, const struct table *t, int64_t *rows, unsigned char sum[32])
{
    crypto_hash_sha256_state sha;
    struct buf line = {0}, scratch = {0};
    struct str in;
    enum rc rc;
    crypto_hash_sha256_init(&sha);
    for (*rows = 0;; ++*rows) {
        TRY_OUT(backup_read_line(m->in, &in, m->e));
        if (str_eqc(in, "\\."))
            break;
        struct jw w = jw_to(&line);
        buf_clear(&line);
        jw_obj(&w);
        for (size_t i = 0; i < t->columns; i++) {
            jw_key_str(&w, t->column[i].name);
            put_value(&w, &scratch, t->column[i].type, str_cut(in, '\t', &in));
        }
        jw_end_obj(&w);
        buf_char(&line, '\n');
        crypto_hash_sha256_update(&sha, (const unsigned char *)line.ptr, line.len);
        if (fwrite(line.ptr, 1, line.len, out) != line.len) {
            rc = failed(m->e, strerror(errno));
            goto out;
        }
    }
    crypto_hash_sha256_final(&sha, sum);
    rc = RC_OK;
out:
    buf_free(&line);
    buf_free(&scratch);
    return rc;
}

static enum rc put_table(struct making *m, struct str words)
{
    struct str rest, name = str_dup(&m->arena, str_cut(words, ' ', &rest));
    const struct table *types = types_of(m, name);
    struct table t = {.name = name, .column = ARENA_ARRAY(&m->arena, struct column, 1024)};
    unsigned char sum[32];
    int64_t rows = 0;
    json_t *columns = json_array(), *about = json_object();
    while (rest.len && t.columns < 1024) {
        struct str column = str_dup(&m->arena, str_cut(rest, ' ', &rest));
        t.column[t.columns++] = (struct column){column, type_of(types, column)};
        json_array_append_new(
            columns, json_pack("{s:s,s:s}", "name", column.ptr, "type", archive_types[t.column[t.columns - 1].type]));
    }
    const char *path = part_path(m, m->parts++);
    FILE *out = fopen(path, "we");
    enum rc rc = out ? write_rows(m, out, &t, &rows, sum) : failed(m->e, strerror(errno));
    if (out && fclose(out) != 0 && rc == RC_OK)
        rc = failed(m->e, strerror(errno));
    if (rc == RC_OK) {
        json_object_set_new(about, "name", json_string(name.ptr));
        json_object_set(about, "columns", columns);
        json_object_set_new(about, "rows", json_integer(rows));
        json_object_set_new(about, "sha256", json_string(str_hex(&m->arena, sum, sizeof sum).ptr));
        json_array_append(m->tables, about);
        m->stats->tables++;
        m->stats->rows += rows;
        rc = add_file(m, str_fmt(&m->arena, "tables/%.*s.jsonl", STR_ARG(name)).ptr, path, true);
    }
    json_decref(columns);
    json_decref(about);
    return rc;
}

static enum rc put_tables(struct making *m)
{
    struct str line;
    TRY(backup_read_line(m->in, &line, m->e)); /* which format it is */
    for (;;) {
        TRY(backup_read_line(m->in, &line, m->e));
        struct str rest, word = str_cut(line, ' ', &rest);
        if (str_eqc(word, "end"))
            return backup_read_check(m->in, rest, m->e);
        if (str_eqc(word, "table"))
            TRY(put_table(m, str_dup(&m->arena, rest)));
        else
            json_array_append_new(m->head, json_stringn(line.ptr, line.len));
    }
}

/* ---- files and manifest ---- */

static enum rc put_file(void *arg, struct str sha256, int64_t size)
{
    struct making *m = arg;
    const char *path = file_store_path(&m->arena, m->files, sha256);
    (void)size;
    if (!path || access(path, R_OK) != 0)
        return RC_OK; /* the row stays; the bytes are lost already */
    m->stats->files++;
    return add_file(m, str_fmt(&m->arena, "files/%.2s/%.*s", sha256.ptr, STR_ARG(sha256)).ptr, path, false);
}

static enum rc put_manifest(struct making *m)
{
    json_object_set_new(m->manifest, "format", json_string(ARCHIVE_FORMAT));
    json_object_set_new(m->manifest, "version", json_integer(ARCHIVE_VERSION));
    json_object_set_new(m->manifest, "made_at", json_string(time_format(&m->arena, time_now()).ptr));
    json_object_set(m->manifest, "schema", m->head);
    json_object_set(m->manifest, "tables", m->tables);
    json_object_set_new(m->manifest, "files", json_integer(m->stats->files));
    const char *path = part_path(m, m->parts++);
    if (json_dump_file(m->manifest, path, JSON_INDENT(1)) != 0)
        return failed(m->e, strerror(errno));
    return add_file(m, "manifest.json", path, true);
}

static enum rc make(struct making *m, const struct db_target *from, const char *backup, const char *part)
{
    struct backup_stats stats;
    int why;
    TRY(backup_make(from, backup, &stats, m->e));
    TRY(db_open(&m->db, from, DB_READER, m->e));
    TRY(backup_tables(m->db, &m->arena, &m->types, m->e));
    TRY(backup_read_open(&m->in, backup, m->e));
    m->zip = zip_open(part, ZIP_CREATE | ZIP_TRUNCATE, &why);
    if (!m->zip)
        return failed(m->e, strerror(errno));
    TRY(put_tables(m));
    TRY(file_store_each(m->db, put_file, m, m->e));
    TRY(put_manifest(m));
    if (zip_close(m->zip) != 0)
        return failed(m->e, zip_strerror(m->zip));
    m->zip = NULL;
    TRY(file_store_sync(part, 0, m->e));
    if (rename(part, m->path) != 0)
        return failed(m->e, strerror(errno));
    return file_store_sync(dirname(str_cdup(&m->arena, str_c(m->path))), O_DIRECTORY, m->e);
}

enum rc archive_make(const struct db_target *from, const char *files, const char *path, struct archive_stats *stats,
                     struct err *e)
{
    struct making m = {.path = path, .files = files, .stats = stats, .e = e};
    m.manifest = json_object();
    m.head = json_array();
    m.tables = json_array();
    *stats = (struct archive_stats){0};
    const char *backup = str_fmt(&m.arena, "%s.rows", path).ptr, *part = str_fmt(&m.arena, "%s.part", path).ptr;
    enum rc rc = make(&m, from, backup, part);
    if (m.zip)
        zip_discard(m.zip);
    if (rc != RC_OK)
        unlink(part);
    unlink(backup);
    for (int i = 0; i < m.parts; i++)
        unlink(part_path(&m, i));
    backup_read_close(m.in);
    if (m.db)
        db_close(m.db);
    json_decref(m.manifest);
    json_decref(m.head);
    json_decref(m.tables);
    arena_free(&m.arena);
    return rc;
}
