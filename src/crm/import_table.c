/* Small tables held whole, and the notes of an import. */
#include "crm/import_list.h"
#include <stdarg.h>
#include <stdio.h>

static bool row_good(const struct table *t, const struct str *f, size_t n, int64_t line, struct import_bad *bad)
{
    if (n != t->width) {
        char what[80];
        snprintf(what, sizeof what, "%zu columns instead of %zu", n, t->width);
        import_bad_add(bad, BAD_COLUMNS, line, what, STR_NULL);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!str_utf8_valid(f[i])) {
            import_bad_add(bad, BAD_UTF8, line, "not UTF-8", f[i]);
            return false;
        }
    return true;
}

static struct str *keep(struct arena *a, const struct str *f, size_t n)
{
    struct str *out = ARENA_ARRAY(a, struct str, n + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = str_dup(a, str_trim(f[i]));
    return out;
}

static enum rc read_rows(struct arena *a, struct csv *csv, struct table *t, struct import_bad *bad, struct err *e)
{
    const struct str *f;
    size_t n;
    enum rc rc = csv_next(csv, &f, &n, e);
    if (rc == RC_DONE)
        return err_set(e, RC_UNPROCESSABLE, "no_header", "", "%.*s", STR_ARG(t->file));
    if (rc != RC_ROW)
        return rc;
    t->width = n;
    t->head = keep(a, f, n);
    t->used = ARENA_ARRAY(a, bool, n + 1);
    while ((rc = csv_next(csv, &f, &n, e)) == RC_ROW || rc == RC_INVALID) {
        if (rc == RC_INVALID) {
            import_bad_add(bad, BAD_ROW, csv_line(csv), e->arg[0], STR_NULL);
        } else if (row_good(t, f, n, csv_line(csv), bad)) {
            struct str *row = keep(a, f, n);
            vec_push(&t->row, row);
            vec_push(&t->line, csv_line(csv));
        }
    }
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc table_read(struct arena *a, const char *path, struct str file, struct table *out, struct import_bad *bad,
                   struct err *e)
{
    struct err own;
    struct csv *csv;
    *out = (struct table){.file = file};
    e = e ? e : &own;
    TRY(csv_open(&csv, path, 0, e));
    bad->file = file;
    enum rc rc = read_rows(a, csv, out, bad, e);
    csv_close(csv);
    return rc;
}

void table_free(struct table *t)
{
    vec_free(&t->row);
    vec_free(&t->line);
}

enum rc table_column(struct table *t, struct str name, int *out, struct err *e)
{
    *out = -1;
    for (size_t i = 0; name.len && i < t->width; i++)
        if (str_eq(t->head[i], name)) {
            t->used[i] = true;
            *out = (int)i;
            return RC_OK;
        }
    return name.len ? err_set(e, RC_UNPROCESSABLE, "no_column", "", "%.*s: %.*s", STR_ARG(t->file), STR_ARG(name))
                    : RC_OK;
}

void import_notes_add(struct import_notes *n, const char *code, struct str file, int64_t line, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct str s = str_c(text);
    while (s.len && !str_utf8_valid(s)) /* cut inside of a letter */
        s.len--;
    for (size_t i = 0; i < n->n; i++)
        if (strcmp(n->note[i].code, code) == 0 && str_eq(n->note[i].text, s)) {
            n->note[i].rows++;
            return;
        }
    if (n->n == IMPORT_NOTES_KEPT) {
        n->more++;
        return;
    }
    n->note[n->n++] = (struct import_note_row){
        .code = code, .file = str_dup(&n->arena, file), .text = str_dup(&n->arena, s), .line = line, .rows = 1};
}

void import_notes_put(struct jw *w, const struct import_notes *n)
{
    jw_key(w, "notes");
    jw_arr(w);
    for (size_t i = 0; i < n->n; i++) {
        const struct import_note_row *r = &n->note[i];
        jw_obj(w);
        jw_kc(w, "code", r->code);
        jw_kstr(w, "file", r->file);
        jw_ki64(w, "line", r->line);
        jw_ki64(w, "rows", r->rows);
        jw_kstr(w, "text", r->text);
        jw_end_obj(w);
    }
    jw_end_arr(w);
    if (n->more)
        jw_ki64(w, "more_notes", n->more);
}
