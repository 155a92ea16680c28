#include "base/csv.h"
#include "base/buf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#define CSV_BUFFER ((size_t)1 << 20)
/* A row longer than this is a stray quote that swallowed the file, not a row. */
#define CSV_ROW_MAX ((size_t)1 << 20)

struct csv {
    char *text; /* own buffer, or the caller's memory (owned false) */
    size_t pos, end, cap;
    bool owned, at_end;
    int fd;    /* -1: none */
    gzFile gz; /* NULL: none */
    char delimiter;
    bool broken; /* the file could not be read on */
    int64_t line, row_line;
    VEC(struct str) fields;
    struct buf scratch; /* fields whose doubled quotes were undone */
};

static enum rc read_failed(struct csv *c, struct err *e)
{
    int zerr = 0;
    const char *why = c->gz ? gzerror(c->gz, &zerr) : strerror(errno);
    c->broken = true;
    return err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "%s", why && *why ? why : "unexpected end of file");
}

/* Makes more of the file stand behind `end`; what is still to be read moves to the buffer's start. */
static enum rc refill(struct csv *c, struct err *e)
{
    if (c->pos > 0) {
        memmove(c->text, c->text + c->pos, c->end - c->pos);
        c->end -= c->pos;
        c->pos = 0;
    }
    if (c->end == c->cap) {
        char *p = realloc(c->text, c->cap * 2);
        if (!p)
            return err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "out of memory");
        c->text = p;
        c->cap *= 2;
    }
    ssize_t n;
    do
        n = c->gz ? gzread(c->gz, c->text + c->end, (unsigned)(c->cap - c->end))
                  : read(c->fd, c->text + c->end, c->cap - c->end);
    while (n < 0 && !c->gz && errno == EINTR);
    if (n < 0)
        return read_failed(c, e);
    if (n == 0) {
        /* zlib reports a stream that was cut short only here, and only if it is asked. */
        int zerr = Z_OK;
        if (c->gz)
            gzerror(c->gz, &zerr);
        if (zerr != Z_OK && zerr != Z_STREAM_END)
            return read_failed(c, e);
        c->at_end = true;
    }
    c->end += (size_t)n;
    return RC_OK;
}

/* Sets *n to the length of the line at pos without its LF; at the end of the file the rest counts as a line. *lf tells
 * whether an LF stands behind it. */
static enum rc line_end(struct csv *c, size_t *n, bool *lf, struct err *e)
{
    size_t seen = 0;
    for (;;) {
        const char *p = c->text + c->pos;
        size_t have = c->end - c->pos;
        const char *q = have > seen ? memchr(p + seen, '\n', have - seen) : NULL;
        if (q || c->at_end || have > CSV_ROW_MAX) {
            *n = q ? (size_t)(q - p) : have;
            *lf = q != NULL;
            return RC_OK;
        }
        seen = have;
        TRY(refill(c, e));
    }
}

/* Behind the physical line at pos, however long it is. */
static enum rc skip_line(struct csv *c, struct err *e)
{
    for (;;) {
        size_t n;
        bool lf;
        TRY(line_end(c, &n, &lf, e));
        c->pos += n + lf;
        if (lf || c->at_end)
            break;
    }
    c->line++;
    return RC_OK;
}

static void split_plain(struct csv *c, const char *p, const char *end)
{
    for (;;) {
        const char *q = memchr(p, c->delimiter, (size_t)(end - p));
        struct str f = {p, (size_t)((q ? q : end) - p)};
        vec_push(&c->fields, f);
        if (!q)
            return;
        p = q + 1;
    }
}

enum quote_state { FIELD_START, UNQUOTED, QUOTED, QUOTE_IN_QUOTED, QUOTED_CR };

/* *why: what keeps a row with quotes from being split, or NULL. *n is its length without the line break, *lf whether LF
 * stands behind. */
static enum rc quoted_row_end(struct csv *c, size_t *n, bool *lf, const char **why, struct err *e)
{
    enum quote_state st = FIELD_START;
    size_t i = 0;
    *why = NULL;
    for (;; i++) {
        if (c->pos + i == c->end && !c->at_end)
            TRY(refill(c, e));
        bool over = c->pos + i == c->end;
        char ch = (char)(over ? '\n' : c->text[c->pos + i]);
        if (i > CSV_ROW_MAX || (over && st == QUOTED)) {
            *why = over ? "a quote is never closed" : "the row is too long; is a quote not closed?";
            return RC_OK;
        }
        if (st == QUOTED) {
            if (ch == '"')
                st = QUOTE_IN_QUOTED;
        } else if (ch == '\n') {
            *n = i;
            *lf = !over;
            return RC_OK;
        } else if (ch == c->delimiter && st != QUOTED_CR) {
            st = FIELD_START;
        } else if (ch == '"' && (st == FIELD_START || st == QUOTE_IN_QUOTED)) {
            st = QUOTED; /* opens the field, or is the second of a doubled quote */
        } else if (st == QUOTE_IN_QUOTED && ch == '\r') {
            st = QUOTED_CR;
        } else if (st == QUOTE_IN_QUOTED || st == QUOTED_CR) {
            *why = "text behind a closing quote";
            return RC_OK;
        } else {
            st = UNQUOTED; /* a quote inside an unquoted field stands for itself */
        }
    }
}

/* One quoted field at p (behind its opening quote): copied with doubled quotes undone. Returns what stands behind it.
 */
static const char *unquote(struct csv *c, const char *p, const char *end)
{
    size_t from = c->scratch.len;
    while (p < end) {
        const char *q = memchr(p, '"', (size_t)(end - p));
        if (!q)
            q = end;
        buf_add(&c->scratch, p, (size_t)(q - p));
        p = q + 1;
        if (p >= end || *p != '"')
            break;
        buf_char(&c->scratch, '"');
        p++;
    }
    struct str f = {c->scratch.ptr + from, c->scratch.len - from};
    vec_push(&c->fields, f);
    return p < end ? p : end;
}

static void split_quoted(struct csv *c, const char *p, const char *end)
{
    buf_clear(&c->scratch);
    buf_reserve(&c->scratch, (size_t)(end - p) + 1); /* so that fields do not move */
    for (;;) {
        if (p < end && *p == '"') {
            p = unquote(c, p + 1, end);
        } else {
            const char *q = p < end ? memchr(p, c->delimiter, (size_t)(end - p)) : NULL;
            struct str f = {p, (size_t)((q ? q : end) - p)};
            vec_push(&c->fields, f);
            p = q ? q : end;
        }
        if (p >= end)
            return;
        p++; /* the delimiter */
    }
}

static enum rc bad_row(struct csv *c, const char *why, struct err *e)
{
    TRY(skip_line(c, e));
    return err_set(e, RC_INVALID, "csv_bad_row", "", "%s", why);
}

/* A row whose first line (of n bytes) has a quote in it. */
static enum rc next_quoted(struct csv *c, struct err *e)
{
    const char *why;
    size_t n;
    bool lf;
    TRY(quoted_row_end(c, &n, &lf, &why, e));
    if (why)
        return bad_row(c, why, e);
    const char *p = c->text + c->pos, *end = p + n;
    c->line += lf;
    for (const char *q = p; (q = memchr(q, '\n', (size_t)(end - q))) != NULL; q++)
        c->line++;
    c->pos += n + lf;
    if (n && end[-1] == '\r')
        end--;
    split_quoted(c, p, end);
    return RC_ROW;
}

enum rc csv_next(struct csv *c, const struct str **fields, size_t *n, struct err *e)
{
    size_t len;
    bool lf;
    c->fields.len = 0;
    if (c->broken)
        return err_set(e, RC_UNAVAILABLE, "file_read_failed", "", NULL);
    for (;;) { /* empty lines are no rows */
        TRY(line_end(c, &len, &lf, e));
        if (len == 0 && !lf)
            return RC_DONE;
        if (len > 1 || (len == 1 && c->text[c->pos] != '\r'))
            break;
        c->pos += len + lf;
        c->line++;
    }
    c->row_line = c->line;
    if (len > CSV_ROW_MAX)
        return bad_row(c, "the row is too long", e);
    const char *p = c->text + c->pos, *end = p + len;
    if (memchr(p, '"', len)) {
        enum rc rc = next_quoted(c, e);
        *fields = c->fields.ptr;
        *n = c->fields.len;
        return rc;
    }
    c->pos += len + lf;
    c->line++;
    if (end[-1] == '\r')
        end--;
    split_plain(c, p, end);
    *fields = c->fields.ptr;
    *n = c->fields.len;
    return RC_ROW;
}

/* The mark that stands most often in the header outside of quotes; a comma when none does. */
static char guess_delimiter(const char *p, size_t n)
{
    static const char marks[] = ",;\t|";
    size_t count[4] = {0};
    bool quoted = false;
    for (size_t i = 0; i < n && (quoted || p[i] != '\n'); i++) {
        if (p[i] == '"')
            quoted = !quoted;
        for (int k = 0; k < 4 && !quoted; k++)
            count[k] += p[i] == marks[k];
    }
    int best = 0;
    for (int k = 1; k < 4; k++)
        if (count[k] > count[best])
            best = k;
    return marks[best];
}

static enum rc begin(struct csv *c, char delimiter, struct err *e)
{
    size_t n;
    bool lf;
    TRY(line_end(c, &n, &lf, e));
    if (c->end - c->pos >= 3 && memcmp(c->text + c->pos, "\xef\xbb\xbf", 3) == 0)
        c->pos += 3;
    if (!delimiter)
        delimiter = guess_delimiter(c->text + c->pos, c->end - c->pos);
    c->delimiter = delimiter;
    c->line = 1;
    return RC_OK;
}

static struct csv *csv_new(void)
{
    struct csv *c = calloc(1, sizeof *c);
    if (c)
        c->fd = -1;
    return c;
}

enum rc csv_open(struct csv **out, const char *path, char delimiter, struct err *e)
{
    enum rc rc;
    size_t n = strlen(path);
    struct csv *c = csv_new();
    *out = NULL;
    if (!c || !(c->text = malloc(CSV_BUFFER))) {
        rc = err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "out of memory");
        goto out;
    }
    c->owned = true;
    c->cap = CSV_BUFFER;
    c->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0) {
        rc = err_set(e, RC_NOT_FOUND, "file_not_found", "", "%s: %s", path, strerror(errno));
        goto out;
    }
    if (n > 3 && strcmp(path + n - 3, ".gz") == 0) {
        c->gz = gzdopen(c->fd, "rb"); /* owns fd from now on */
        if (!c->gz || gzbuffer(c->gz, 1 << 18) != 0) {
            rc = err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "%s", path);
            goto out;
        }
    }
    rc = begin(c, delimiter, e);
out:
    if (rc != RC_OK) {
        csv_close(c);
        return rc;
    }
    *out = c;
    return RC_OK;
}

enum rc csv_open_mem(struct csv **out, struct str text, char delimiter, struct err *e)
{
    struct csv *c = csv_new();
    *out = NULL;
    if (!c)
        return err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "out of memory");
    c->text = (char *)(text.len ? text.ptr : ""); /* only read: owned is false and at_end true, so refill never runs */
    c->end = c->cap = text.len;
    c->at_end = true;
    enum rc rc = begin(c, delimiter, e);
    if (rc != RC_OK) {
        csv_close(c);
        return rc;
    }
    *out = c;
    return RC_OK;
}

char csv_delimiter(const struct csv *c)
{
    return c->delimiter;
}

int64_t csv_line(const struct csv *c)
{
    return c->row_line;
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    if (c->gz)
        gzclose(c->gz);
    else if (c->fd >= 0)
        close(c->fd);
    if (c->owned)
        free(c->text);
    vec_free(&c->fields);
    buf_free(&c->scratch);
    free(c);
}
