#include "crm/import_source.h"
#include "base/xlsx.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD 65536

static enum rc write_failed(struct err *e)
{
    return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
}

/* A file of one's own beside the one that was sent, or in the folder of temporary files when that may not be written.
 */
static FILE *make_file(struct source *s, const char *beside)
{
    const char *tmp = getenv("TMPDIR");
    int fd = -1;
    for (int i = 0; i < 2 && fd < 0; i++) {
        free(s->own);
        if (asprintf(&s->own, "%s%s-XXXXXX", i ? (tmp ? tmp : "/tmp") : beside, i ? "/voronka" : ".rows") < 0)
            abort();
        fd = mkostemp(s->own, O_CLOEXEC);
    }
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (f)
        return f;
    if (fd >= 0) {
        close(fd);
        unlink(s->own);
    }
    free(s->own);
    s->own = NULL;
    return NULL;
}

/* ---- another encoding ---- */

static enum rc transcode_all(FILE *in, FILE *out, enum encoding from, struct err *e)
{
    char *block = malloc(HEAD);
    struct buf held = {0}, text = {0};
    enum rc rc = RC_OK;
    size_t n;
    if (!block)
        abort();
    do {
        n = fread(block, 1, HEAD, in);
        buf_add(&held, block, n);
        size_t used = encoding_read(from, buf_view(&held), n == 0, &text);
        if (held.ptr)
            memmove(held.ptr, held.ptr + used, held.len - used);
        held.len -= used;
        if (text.len && fwrite(text.ptr, 1, text.len, out) != text.len)
            rc = write_failed(e);
        buf_clear(&text);
    } while (n && rc == RC_OK);
    if (ferror(in) && rc == RC_OK)
        rc = err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "%s", strerror(errno));
    buf_free(&held);
    buf_free(&text);
    free(block);
    return rc;
}

static enum rc transcode(struct source *s, const char *path, struct err *e)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return err_set(e, RC_NOT_FOUND, "file_not_found", "", "%s", strerror(errno));
    FILE *out = make_file(s, path);
    enum rc rc = out ? transcode_all(in, out, s->encoding, e) : write_failed(e);
    fclose(in);
    if (out && fclose(out) != 0 && rc == RC_OK)
        rc = write_failed(e);
    return rc;
}

/* ---- a sheet becomes CSV ---- */

static enum rc write_row(void *arg, int64_t number, const struct str *cells, size_t n, struct err *e)
{
    FILE *out = arg;
    (void)number;
    while (n && cells[n - 1].len == 0)
        n--;
    for (size_t i = 0; i < n; i++) {
        const char *p = cells[i].ptr, *end = p + cells[i].len;
        if (i)
            putc_unlocked(',', out);
        if (!memchr(p, '"', cells[i].len) && !memchr(p, ',', cells[i].len) && !memchr(p, '\n', cells[i].len) &&
            !memchr(p, '\r', cells[i].len)) {
            fwrite_unlocked(p, 1, cells[i].len, out);
            continue;
        }
        putc_unlocked('"', out);
        for (; p < end; p++) {
            if (*p == '"')
                putc_unlocked('"', out);
            putc_unlocked(*p, out);
        }
        putc_unlocked('"', out);
    }
    if (n == 0) /* the reader drops empty lines, and rows are counted */
        fputs("\"\"", out);
    putc_unlocked('\n', out);
    return ferror(out) ? write_failed(e) : RC_OK;
}

static enum rc choose_sheet(struct source *s, const struct xlsx *x, struct str wanted, struct arena *a, struct err *e)
{
    s->n_sheets = xlsx_sheets(x);
    s->sheets = ARENA_ARRAY(a, struct str, s->n_sheets + 1);
    s->sheet = wanted.len ? s->n_sheets : 0;
    for (size_t i = 0; i < s->n_sheets; i++) {
        s->sheets[i] = str_dup(a, xlsx_sheet_name(x, i));
        if (wanted.len && str_eq(s->sheets[i], wanted))
            s->sheet = i;
    }
    return s->sheet < s->n_sheets ? RC_OK
                                  : err_set(e, RC_UNPROCESSABLE, "no_sheet", "sheet", "%.*s",
                                            (int)(wanted.len < 100 ? wanted.len : 100), wanted.ptr);
}

static enum rc unpack(struct source *s, const char *path, struct str wanted, struct arena *a, struct err *e)
{
    struct xlsx *x;
    TRY(xlsx_open(&x, path, NULL, e));
    enum rc rc = choose_sheet(s, x, wanted, a, e);
    FILE *out = rc == RC_OK ? make_file(s, path) : NULL;
    if (rc == RC_OK && !out)
        rc = write_failed(e);
    if (rc == RC_OK)
        rc = xlsx_read(x, s->sheet, write_row, out, e);
    if (out && fclose(out) != 0 && rc == RC_OK)
        rc = write_failed(e);
    xlsx_close(x);
    return rc;
}

/* ---- outside ---- */

static enum rc read_head(const char *path, char *head, size_t *n, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, RC_NOT_FOUND, "file_not_found", "", "%s", strerror(errno));
    *n = fread(head, 1, HEAD, f);
    bool failed = ferror(f);
    fclose(f);
    return failed ? err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "%s", strerror(errno)) : RC_OK;
}

static enum rc read_delimiter(struct str text, char *out, struct err *e)
{
    static const char marks[] = ",;\t|:^~";
    *out = 0;
    if (!text.len || str_eqc(text, "auto"))
        return RC_OK;
    *out = text.ptr[0];
    if (str_eqc(text, "tab") || str_eqc(text, "\\t"))
        *out = '\t';
    if ((text.len == 1 && *out && strchr(marks, *out)) || *out == '\t')
        return RC_OK;
    return err_set(e, RC_UNPROCESSABLE, "bad_delimiter", "delimiter", "%.*s", (int)(text.len < 20 ? text.len : 20),
                   text.ptr);
}

static enum rc open_text(struct source *s, const char *path, struct str head, const struct source_options *opt,
                         struct err *e)
{
    char delimiter;
    TRY(read_delimiter(opt->delimiter, &delimiter, e));
    s->encoding = encoding_guess(head);
    if (opt->encoding.len && !str_eqc(opt->encoding, "auto") && !encoding_by_name(opt->encoding, &s->encoding))
        return err_set(e, RC_UNPROCESSABLE, "bad_encoding", "encoding", "%.*s",
                       (int)(opt->encoding.len < 40 ? opt->encoding.len : 40), opt->encoding.ptr);
    if (s->encoding != ENC_UTF8)
        TRY(transcode(s, path, e));
    TRY(csv_open(&s->csv, s->own ? s->own : path, delimiter, e));
    s->delimiter = csv_delimiter(s->csv);
    return RC_OK;
}

enum rc source_open(struct source *s, const char *path, const struct source_options *opt, struct arena *a,
                    struct err *e)
{
    char *head = arena_alloc(a, HEAD);
    size_t n = 0;
    *s = (struct source){0};
    TRY(read_head(path, head, &n, e));
    struct str start = {head, n};
    if (n >= 4 && memcmp(head, "\xd0\xcf\x11\xe0", 4) == 0)
        return err_set(e, RC_UNPROCESSABLE, "old_xls", "", NULL);
    s->workbook = xlsx_is(start);
    if (!s->workbook)
        return open_text(s, path, start, opt, e);
    TRY(unpack(s, path, opt->sheet, a, e));
    s->delimiter = ',';
    return csv_open(&s->csv, s->own, ',', e);
}

static bool blank(const struct str *cells, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_trim(cells[i]).len)
            return false;
    return true;
}

enum rc source_next(struct source *s, const struct str **cells, size_t *n, int64_t *number, struct err *e)
{
    for (;;) {
        enum rc rc = csv_next(s->csv, cells, n, e);
        s->records++;
        *number = s->workbook ? s->records : csv_line(s->csv);
        if (rc != RC_ROW || !blank(*cells, *n))
            return rc;
    }
}

enum rc source_rewind(struct source *s, const char *path, struct err *e)
{
    csv_close(s->csv);
    s->csv = NULL;
    s->records = 0;
    return csv_open(&s->csv, s->own ? s->own : path, s->delimiter, e);
}

void source_close(struct source *s)
{
    if (s->csv)
        csv_close(s->csv);
    if (s->own) {
        unlink(s->own);
        free(s->own);
    }
    *s = (struct source){0};
}
