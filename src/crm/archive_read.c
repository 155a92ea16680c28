/* Reading an archive: hostile until proven otherwise. Its tables become a backup again, which restores them. */
#include "base/number.h"
#include "crm/archive_impl.h"
#include "crm/file_store.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

#define BLOCK ((size_t)256 * 1024)
#define MANIFEST_MOST ((size_t)16 << 20)
#define LINE_MOST ((size_t)64 << 20)
#define TABLE_MOST ((uint64_t)64 << 30)
#define RATIO 1100 /* what deflate can do at most; more is a lie */
#define TABLES_MOST 2048
#define COLUMNS_MOST 1024

struct reading {
    zip_t *zip;
    struct arena arena;
    json_t *manifest;
    const char *files; /* NULL: only checked */
    gzFile out;        /* the backup */
    crypto_generichash_state hash;
    struct buf line;
    struct archive_stats *stats;
    struct err *e;
};

static enum rc bad(struct reading *r, const char *what)
{
    return err_set(r->e, RC_INVALID, "bad_archive", "", "%.120s", what);
}

/* ---- the backup that is written ---- */

static enum rc put_line(struct reading *r)
{
    buf_char(&r->line, '\n');
    crypto_generichash_update(&r->hash, (const unsigned char *)r->line.ptr, r->line.len);
    bool good = gzwrite(r->out, r->line.ptr, (unsigned)r->line.len) == (int)r->line.len;
    buf_clear(&r->line);
    return good ? RC_OK : err_set(r->e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
}

static enum rc put_text(struct reading *r, const char *text)
{
    buf_clear(&r->line);
    buf_c(&r->line, text);
    return put_line(r);
}

static void put_escaped(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '\\')
            buf_c(b, "\\\\");
        else if (c == '\n')
            buf_c(b, "\\n");
        else if (c == '\t')
            buf_c(b, "\\t");
        else if (c == '\r')
            buf_c(b, "\\r");
        else
            buf_char(b, c);
    }
}

/* ---- names ---- */

static bool is_name(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
            return false;
    return n > 0 && n < 64;
}

static bool is_hex(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
            return false;
    return true;
}

/* files/ab/abcd...: the SHA-256 of its bytes */
static bool is_file_name(const char *name)
{
    return strlen(name) == 9 + 64 && strncmp(name, "files/", 6) == 0 && name[8] == '/' && is_hex(name + 9, 64) &&
           name[6] == name[9] && name[7] == name[10];
}

static int type_by_name(const char *name)
{
    for (int i = 0; name && archive_types[i]; i++)
        if (strcmp(archive_types[i], name) == 0)
            return i;
    return -1;
}

/* ---- an entry as a stream ---- */

struct entry {
    zip_file_t *f;
    uint64_t packed, total, most;
    crypto_hash_sha256_state sha;
};

static enum rc entry_open(struct reading *r, const char *name, uint64_t most, struct entry *out)
{
    struct zip_stat st;
    *out = (struct entry){.most = most};
    if (zip_stat(r->zip, name, 0, &st) != 0)
        return bad(r, name);
    out->packed = st.valid & ZIP_STAT_COMP_SIZE ? st.comp_size : 0;
    out->f = zip_fopen(r->zip, name, 0);
    crypto_hash_sha256_init(&out->sha);
    return out->f ? RC_OK : bad(r, name);
}

/* n 0 at the end; a checksum of the archive that differs shows there. */
static enum rc entry_read(struct reading *r, struct entry *in, char *block, size_t *n)
{
    zip_int64_t got = zip_fread(in->f, block, BLOCK);
    if (got < 0)
        return bad(r, "damaged");
    *n = (size_t)got;
    in->total += (uint64_t)got;
    if (in->total > in->most || in->total > (in->packed + 64) * RATIO)
        return bad(r, "too large");
    crypto_hash_sha256_update(&in->sha, (const unsigned char *)block, *n);
    return RC_OK;
}

/* ---- the manifest ---- */

static enum rc read_manifest(struct reading *r)
{
    struct entry in;
    struct buf text = {0};
    char *block = arena_alloc(&r->arena, BLOCK);
    size_t n = 1;
    struct err why;
    enum rc rc;
    TRY(entry_open(r, "manifest.json", MANIFEST_MOST, &in));
    while ((rc = entry_read(r, &in, block, &n)) == RC_OK && n)
        buf_add(&text, block, n);
    zip_fclose(in.f);
    if (rc == RC_OK && json_read(buf_view(&text), &r->manifest, &why) != RC_OK)
        rc = bad(r, "manifest.json");
    buf_free(&text);
    TRY(rc);
    const char *format = json_string_value(json_object_get(r->manifest, "format"));
    if (!format || strcmp(format, ARCHIVE_FORMAT) != 0)
        return bad(r, "format");
    if (json_integer_value(json_object_get(r->manifest, "version")) != ARCHIVE_VERSION)
        return bad(r, "version");
    return RC_OK;
}

/* Lines of the backup before its tables: words of letters, digits and underscores. */
static enum rc put_head(struct reading *r)
{
    const json_t *head = json_object_get(r->manifest, "schema");
    TRY(put_text(r, BACKUP_FIRST_LINE));
    if (!json_is_array(head) || json_array_size(head) > 100000)
        return bad(r, "schema");
    for (size_t i = 0; i < json_array_size(head); i++) {
        const char *line = json_string_value(json_array_get(head, i));
        bool good = line && (strncmp(line, "schema ", 7) == 0 || strncmp(line, "link ", 5) == 0 ||
                             strncmp(line, "column ", 7) == 0);
        for (const char *p = line; good && *p; p++)
            good = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' ||
                   *p == ' ' || *p == '-';
        if (!good || strlen(line) > 300)
            return bad(r, "schema");
        TRY(put_text(r, line));
    }
    return RC_OK;
}

/* ---- a table ---- */

static enum rc put_value(struct reading *r, enum column_type type, const json_t *v)
{
    char text[NUMBER_TEXT];
    struct buf *b = &r->line;
    if (!v)
        return bad(r, "a column is missing");
    if (json_is_null(v)) {
        buf_c(b, "\\N");
    } else if (type == COLUMN_INTEGER && json_is_integer(v)) {
        buf_i64(b, json_integer_value(v));
    } else if (type == COLUMN_REAL && json_is_number(v)) {
        buf_add(b, text, number_put_f64(text, json_number_value(v)));
    } else if (type == COLUMN_TEXT && json_is_string(v)) {
        put_escaped(b, (struct str){json_string_value(v), json_string_length(v)});
    } else if (type == COLUMN_BLOB && json_is_string(v) && json_string_length(v) % 2 == 0 &&
               is_hex(json_string_value(v), json_string_length(v))) {
        buf_c(b, "\\\\x");
        buf_c(b, json_string_value(v));
    } else {
        return bad(r, "a value of the wrong type");
    }
    return RC_OK;
}

static enum rc put_row(struct reading *r, const struct table *t, struct str text)
{
    json_t *row = NULL;
    struct err why;
    if (json_read(text, &row, &why) != RC_OK)
        return bad(r, "a line that is no JSON");
    enum rc rc = json_is_object(row) && json_object_size(row) == t->columns ? RC_OK : bad(r, "the columns of a line");
    buf_clear(&r->line);
    for (size_t i = 0; rc == RC_OK && i < t->columns; i++) {
        if (i)
            buf_char(&r->line, '\t');
        rc = put_value(r, t->column[i].type, json_object_get(row, t->column[i].name.ptr));
    }
    json_decref(row);
    return rc == RC_OK ? put_line(r) : rc;
}

static enum rc take_lines(struct reading *r, const struct table *t, struct buf *held, bool last, int64_t *rows)
{
    size_t at = 0;
    for (const char *end; at < held->len && (end = memchr(held->ptr + at, '\n', held->len - at)) != NULL; ++*rows) {
        struct str line = {held->ptr + at, (size_t)(end - held->ptr) - at};
        TRY(put_row(r, t, line));
        at += line.len + 1;
    }
    if (at)
        memmove(held->ptr, held->ptr + at, held->len - at);
    held->len -= at;
    return held->len > LINE_MOST || (last && held->len) ? bad(r, "a line without end") : RC_OK;
}

static enum rc put_rows(struct reading *r, const struct table *t, struct entry *in, int64_t *rows)
{
    struct buf held = {0};
    char *block = malloc(BLOCK);
    size_t n = 1;
    enum rc rc = RC_OK;
    if (!block)
        abort();
    *rows = 0;
    while (rc == RC_OK && n) {
        rc = entry_read(r, in, block, &n);
        if (rc == RC_OK)
            buf_add(&held, block, n);
        if (rc == RC_OK)
            rc = take_lines(r, t, &held, n == 0, rows);
    }
    free(block);
    buf_free(&held);
    return rc;
}

static enum rc read_columns(struct reading *r, const json_t *about, struct table *t)
{
    const json_t *list = json_object_get(about, "columns");
    size_t n = json_array_size(list);
    if (n == 0 || n > COLUMNS_MOST)
        return bad(r, "columns");
    t->column = ARENA_ARRAY(&r->arena, struct column, n);
    for (; t->columns < n; t->columns++) {
        const json_t *one = json_array_get(list, t->columns);
        const char *name = json_string_value(json_object_get(one, "name"));
        int type = type_by_name(json_string_value(json_object_get(one, "type")));
        if (!is_name(name) || type < 0)
            return bad(r, "columns");
        t->column[t->columns] = (struct column){str_c(name), (enum column_type)type};
    }
    return RC_OK;
}

static enum rc put_table(struct reading *r, const json_t *about)
{
    const char *name = json_string_value(json_object_get(about, "name"));
    const char *sha = json_string_value(json_object_get(about, "sha256"));
    struct table t = {0};
    struct entry in;
    unsigned char sum[32];
    int64_t rows;
    if (!is_name(name) || !sha)
        return bad(r, "tables");
    t.name = str_c(name);
    TRY(read_columns(r, about, &t));
    buf_clear(&r->line);
    buf_fmt(&r->line, "table %s", name);
    for (size_t i = 0; i < t.columns; i++)
        buf_fmt(&r->line, " %.*s", STR_ARG(t.column[i].name));
    TRY(put_line(r));
    TRY(entry_open(r, str_fmt(&r->arena, "tables/%s.jsonl", name).ptr, TABLE_MOST, &in));
    enum rc rc = put_rows(r, &t, &in, &rows);
    zip_fclose(in.f);
    TRY(rc);
    crypto_hash_sha256_final(&in.sha, sum);
    if (!str_eqc(str_hex(&r->arena, sum, sizeof sum), sha) ||
        rows != json_integer_value(json_object_get(about, "rows")))
        return bad(r, str_fmt(&r->arena, "the checksum of %s", name).ptr);
    r->stats->tables++;
    r->stats->rows += rows;
    return put_text(r, "\\.");
}

static enum rc put_end(struct reading *r)
{
    unsigned char sum[BACKUP_HASH];
    crypto_generichash_final(&r->hash, sum, sizeof sum);
    struct str end = str_fmt(&r->arena, "end %s\n", str_hex(&r->arena, sum, sizeof sum).ptr);
    bool good = gzwrite(r->out, end.ptr, (unsigned)end.len) == (int)end.len;
    return good ? RC_OK : err_set(r->e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
}

/* ---- attached files ---- */

static enum rc take_file(struct reading *r, const char *name)
{
    struct entry in;
    unsigned char sum[32];
    char *block = malloc(BLOCK), *path = NULL;
    size_t n = 1;
    int fd = -1;
    if (!block)
        abort();
    enum rc rc = entry_open(r, name, (uint64_t)FILE_MOST_EVER, &in);
    if (rc != RC_OK)
        goto out;
    if (r->files) {
        path = str_cdup(&r->arena, str_fmt(&r->arena, "%s/incoming-XXXXXX", r->files));
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
            rc = err_set(r->e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    }
    while (rc == RC_OK && (rc = entry_read(r, &in, block, &n)) == RC_OK && n)
        if (fd >= 0 && write(fd, block, n) != (ssize_t)n)
            rc = err_set(r->e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    zip_fclose(in.f);
    crypto_hash_sha256_final(&in.sha, sum);
    if (fd >= 0)
        close(fd);
    if (rc == RC_OK && !str_eqc(str_hex(&r->arena, sum, sizeof sum), name + 9))
        rc = bad(r, "the checksum of a file");
    if (rc == RC_OK && path)
        rc = file_store_take(&r->arena, r->files, path, str_c(name + 9), r->e);
    if (rc != RC_OK && path)
        unlink(path);
    r->stats->files += rc == RC_OK;
out:
    free(block);
    return rc;
}

/* Every name in the archive is one that an archive has. */
static enum rc check_names(struct reading *r)
{
    zip_int64_t n = zip_get_num_entries(r->zip, 0), tables = 0, files = 0;
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(r->zip, (zip_uint64_t)i, 0);
        if (!name)
            return bad(r, "a name");
        if (strncmp(name, "tables/", 7) == 0)
            tables++;
        else if (is_file_name(name))
            files++;
        else if (strcmp(name, "manifest.json") != 0)
            return bad(r, "a name that no archive has");
    }
    if (tables != (zip_int64_t)json_array_size(json_object_get(r->manifest, "tables")) || tables > TABLES_MOST ||
        files != json_integer_value(json_object_get(r->manifest, "files")))
        return bad(r, "more or fewer parts than it says");
    return RC_OK;
}

static enum rc take_files(struct reading *r)
{
    zip_int64_t n = zip_get_num_entries(r->zip, 0);
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(r->zip, (zip_uint64_t)i, 0);
        if (is_file_name(name))
            TRY(take_file(r, name));
    }
    return RC_OK;
}

/* ---- outside ---- */

static enum rc read_all(struct reading *r, const char *path, const char *backup)
{
    int why;
    r->zip = zip_open(path, ZIP_RDONLY, &why);
    if (!r->zip)
        return access(path, R_OK) == 0 ? bad(r, "not a zip archive")
                                       : err_set(r->e, RC_NOT_FOUND, "file_not_found", "", "%.120s", path);
    TRY(read_manifest(r));
    TRY(check_names(r));
    r->out = gzopen(backup, "wbe1");
    if (!r->out)
        return err_set(r->e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    crypto_generichash_init(&r->hash, NULL, 0, BACKUP_HASH);
    TRY(put_head(r));
    const json_t *tables = json_object_get(r->manifest, "tables");
    for (size_t i = 0; i < json_array_size(tables); i++)
        TRY(put_table(r, json_array_get(tables, i)));
    TRY(put_end(r));
    int closed = gzclose(r->out);
    r->out = NULL;
    if (closed != Z_OK)
        return err_set(r->e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    return take_files(r);
}

static enum rc run(const char *path, const char *files, const struct db_target *to, const struct migration *list,
                   size_t n, struct archive_stats *stats, struct err *e)
{
    struct reading r = {.files = files, .stats = stats, .e = e};
    struct backup_stats told;
    const char *tmp = getenv("TMPDIR");
    char *backup = str_cdup(&r.arena, str_fmt(&r.arena, "%s/voronka-XXXXXX", files ? files : tmp ? tmp : "/tmp"));
    int fd = mkostemp(backup, O_CLOEXEC);
    *stats = (struct archive_stats){0};
    enum rc rc = fd < 0 ? err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno))
                        : read_all(&r, path, backup);
    if (fd >= 0)
        close(fd);
    if (r.out)
        gzclose(r.out);
    if (rc == RC_OK && to)
        rc = backup_restore(backup, to, list, n, false, &told, e);
    if (fd >= 0)
        unlink(backup);
    if (r.zip)
        zip_discard(r.zip);
    json_decref(r.manifest);
    buf_free(&r.line);
    arena_free(&r.arena);
    return rc;
}

enum rc archive_restore(const char *path, const struct db_target *to, const char *files, const struct migration *list,
                        size_t n, struct archive_stats *stats, struct err *e)
{
    return run(path, files, to, list, n, stats, e);
}

enum rc archive_check(const char *path, struct archive_stats *stats, struct err *e)
{
    return run(path, NULL, NULL, NULL, 0, stats, e);
}
