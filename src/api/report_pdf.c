#include "api/report_pdf.h"
#include "api/report_words.h"
#include "base/i18n.h"
#include "print/sheet.h"
#include <math.h>

#define ROWS_MOST 300 /* of a table; a file for a spreadsheet has all of them */

struct page {
    struct call *c;
    struct arena *a;
    const struct report_result *r;
    const char *lang;
};

static struct str say(struct page *p, enum report_type type, struct cell c)
{
    return report_say(p->a, p->lang, p->c->app->zone, p->r->currency, type, c);
}

static struct str text_of(struct page *p, const char *prefix, const char *key)
{
    char name[140];
    snprintf(name, sizeof name, "%s%s", prefix, key);
    return i18n_text(p->lang, name);
}

/* Words that stand for something ("won") in the reader's language. */
static struct str say_in(struct page *p, const struct report_column *column, struct cell c)
{
    struct str s = say(p, column->type, c);
    if (c.kind != CELL_TEXT || c.s.len > 30)
        return s;
    struct str key = str_fmt(p->a, "report.choice.%s.%.*s", column->id, STR_ARG(c.s));
    struct str word = i18n_text(p->lang, key.ptr);
    return str_eq(word, key) ? s : word;
}

/* ---- numbers ---- */

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

static void put_pairs(struct page *p, struct sheet *s)
{
    s->pairs = ARENA_ARRAY(p->a, struct sheet_pair, p->r->summary.len + 1);
    for (size_t i = 0; i < p->r->summary.len; i++) {
        const struct report_item *item = &p->r->summary.ptr[i];
        if (item->type == RT_ID || ends_in(item->key, "_low") || ends_in(item->key, "_high"))
            continue;
        s->pairs[s->n_pairs++] =
            (struct sheet_pair){text_of(p, "report.summary.", item->key), say(p, item->type, item->value)};
    }
}

/* What was asked, in one line. */
static struct str put_under(struct page *p)
{
    struct buf b = {0};
    for (size_t i = 0; i < p->r->params.len; i++) {
        const struct report_item *item = &p->r->params.ptr[i];
        if (item->value.kind == CELL_NULL || strcmp(item->key, "funnel_id") == 0 || strcmp(item->key, "time_zone") == 0)
            continue;
        struct cell value = item->value;
        if (strcmp(item->key, "to") == 0 && item->type == RT_TIME && value.kind == CELL_INT)
            value.i--; /* its last day */
        struct str label = text_of(p, "report.param.", item->key), text = say(p, item->type, value);
        buf_fmt(&b, "%s%.*s: %.*s", b.len ? " · " : "", STR_ARG(label), STR_ARG(text));
    }
    struct str out = str_dup(p->a, buf_view(&b));
    buf_free(&b);
    return out;
}

/* ---- tables ---- */

static bool is_interval(const struct report_table *t, size_t k)
{
    return k + 1 < t->n_columns && ends_in(t->columns[k].id, "_low") && ends_in(t->columns[k + 1].id, "_high");
}

static struct str range(struct page *p, enum report_type type, struct cell low, struct cell high)
{
    if (low.kind == CELL_NULL || high.kind == CELL_NULL)
        return STR_NULL;
    struct str a = say(p, type, low), b = say(p, type, high);
    if (type == RT_RATE && low.kind == CELL_REAL) /* one sign for both */
        return str_fmt(p->a, "%.*s–%.*s", STR_ARG(report_number(p->a, p->lang, low.f * 100, 1)), STR_ARG(b));
    return str_fmt(p->a, "%.*s – %.*s", STR_ARG(a), STR_ARG(b));
}

/* Ids are not printed, the two ends of an interval stand together. */
static struct sheet_table table_of(struct page *p, const struct report_table *t, struct str title)
{
    size_t rows = t->n_columns ? t->cells.len / t->n_columns : 0, n = 0;
    size_t *from = ARENA_ARRAY(p->a, size_t, t->n_columns + 1);
    for (size_t k = 0; k < t->n_columns; k++) {
        if (t->columns[k].type != RT_ID)
            from[n++] = k;
        k += is_interval(t, k);
    }
    size_t all = rows;
    rows = rows < ROWS_MOST ? rows : ROWS_MOST;
    struct str *titles = ARENA_ARRAY(p->a, struct str, n + 1);
    struct str *cells = ARENA_ARRAY(p->a, struct str, n * rows + 1);
    bool *numbers = ARENA_ARRAY(p->a, bool, n + 1);
    for (size_t k = 0; k < n; k++) {
        bool interval = is_interval(t, from[k]);
        titles[k] =
            interval ? i18n_text(p->lang, "report.page.interval") : report_column_title(p->lang, &t->columns[from[k]]);
        numbers[k] = t->columns[from[k]].type != RT_TEXT;
        for (size_t i = 0; i < rows; i++) {
            const struct cell *row = t->cells.ptr + i * t->n_columns + from[k];
            cells[i * n + k] =
                interval ? range(p, t->columns[from[k]].type, row[0], row[1]) : say_in(p, &t->columns[from[k]], row[0]);
        }
    }
    struct sheet_table out = {title, n, rows, titles, numbers, cells, STR_NULL};
    struct str counts[] = {str_fmt(p->a, "%d", ROWS_MOST), str_fmt(p->a, "%zu", all)};
    if (rows < all)
        out.below = i18n_fill(p->a, p->lang, "report.page.rows_cut", counts, 2);
    return out;
}

static void put_tables(struct page *p, struct sheet *s)
{
    const struct report_result *r = p->r;
    s->tables = ARENA_ARRAY(p->a, struct sheet_table, r->n_tables + 1);
    if (r->main.cells.len > 0)
        s->tables[s->n_tables++] = table_of(p, &r->main, i18n_text(p->lang, "report.page.table"));
    for (size_t i = 0; i < r->n_tables; i++)
        if (r->tables[i].cells.len > 0 && !r->tables[i].for_pictures)
            s->tables[s->n_tables++] = table_of(p, &r->tables[i], text_of(p, "report.table.", r->tables[i].id));
}

/* ---- the picture ---- */

static int column(const struct report_table *t, const char *id)
{
    for (size_t k = 0; id != NULL && k < t->n_columns; k++)
        if (strcmp(t->columns[k].id, id) == 0)
            return (int)k;
    return -1;
}

static double number(const struct cell *row, int k)
{
    if (k < 0 || row[k].kind == CELL_NULL || row[k].kind == CELL_TEXT)
        return NAN;
    return row[k].kind == CELL_INT ? (double)row[k].i : row[k].f;
}

static bool same(struct cell a, struct cell b)
{
    return a.kind == b.kind && (a.kind != CELL_TEXT ? a.i == b.i : str_eq(a.s, b.s));
}

static const struct report_table *drawn(const struct report_result *r)
{
    for (size_t i = 0; i < r->n_tables && r->report->chart.table != NULL; i++)
        if (strcmp(r->tables[i].id, r->report->chart.table) == 0)
            return &r->tables[i];
    return &r->main;
}

/* What dots are compared with: the same number of all. */
static double middle_of(const struct report_result *r)
{
    for (size_t i = 0; i < r->summary.len; i++)
        if (r->report->chart.y != NULL && strcmp(r->summary.ptr[i].key, r->report->chart.y) == 0)
            return number(&r->summary.ptr[i].value, 0);
    return NAN;
}

/* Rows of one line: all when there is no other, those of everything when there are (they come first); 0: of several
 * lines only the table tells. */
static size_t one_line(const struct report_table *t, int series, size_t rows)
{
    for (size_t i = 1; series >= 0 && i < rows; i++)
        if (!same(t->cells.ptr[series], t->cells.ptr[i * t->n_columns + (size_t)series]))
            return t->cells.ptr[series].kind == CELL_NULL ? i : 0;
    return rows;
}

/* Bars of several series stand under each other with both names. Matrices and scatters are tables on paper. */
static void put_chart(struct page *p, struct sheet_chart *out)
{
    const struct report_chart *c = &p->r->report->chart;
    const struct report_table *t = drawn(p->r);
    size_t rows = t->n_columns ? t->cells.len / t->n_columns : 0;
    int x = column(t, c->x), y = column(t, c->y), series = column(t, c->series);
    int low = column(t, c->low), high = column(t, c->high);
    bool line = c->kind == CHART_LINES || c->kind == CHART_STEPS, ordered = x >= 0 && t->columns[x].type != RT_TEXT;
    if (c->kind == CHART_NONE || c->kind == CHART_MATRIX || c->kind == CHART_SCATTER || x < 0 || y < 0 || rows == 0)
        return;
    if (line && (rows = one_line(t, series, rows)) == 0)
        return;
    struct str *names = ARENA_ARRAY(p->a, struct str, rows), *texts = ARENA_ARRAY(p->a, struct str, rows);
    double *values = ARENA_ARRAY(p->a, double, rows), *lows = ARENA_ARRAY(p->a, double, rows);
    double *highs = ARENA_ARRAY(p->a, double, rows), *at = ARENA_ARRAY(p->a, double, rows);
    for (size_t i = 0; i < rows; i++) {
        const struct cell *row = t->cells.ptr + i * t->n_columns;
        names[i] = say(p, t->columns[x].type, row[x]);
        if (series >= 0 && row[series].kind != CELL_NULL)
            names[i] =
                str_fmt(p->a, "%.*s, %.*s", STR_ARG(names[i]), STR_ARG(say(p, t->columns[series].type, row[series])));
        texts[i] = say(p, t->columns[y].type, row[y]);
        values[i] = number(row, y);
        lows[i] = number(row, low);
        highs[i] = number(row, high);
        at[i] = number(row, x);
        ordered = ordered && isfinite(at[i]) && (i == 0 || at[i] > at[i - 1]);
    }
    bool banded = low >= 0 && high >= 0;
    *out = (struct sheet_chart){.as = c->kind == CHART_STEPS  ? SHEET_STEPS
                                      : c->kind == CHART_DOTS ? SHEET_DOTS
                                      : line                  ? SHEET_LINE
                                                              : SHEET_BARS,
                                .n = rows,
                                .names = names,
                                .texts = texts,
                                .values = values,
                                .lows = banded ? lows : NULL,
                                .highs = banded ? highs : NULL,
                                .at = line && ordered ? at : NULL,
                                .middle = middle_of(p->r)};
}

enum rc report_pdf(struct call *c, const struct report_result *r, struct buf *out, struct err *e)
{
    struct page p = {c, c->r->arena, r, call_locale(c)};
    char title[120];
    snprintf(title, sizeof title, "report.%s.title", r->report->id);
    struct str question = report_question(r->report, p.lang), under = put_under(&p);
    struct sheet s = {.lang = p.lang,
                      .title = i18n_text(p.lang, title),
                      .under = str_fmt(p.a, "%.*s\n%.*s", STR_ARG(question), STR_ARG(under)),
                      .verdict = r->verdict,
                      .notes_title = i18n_text(p.lang, "report.page.notes"),
                      .page = i18n_text(p.lang, "regulation.page")};
    put_pairs(&p, &s);
    put_chart(&p, &s.chart);
    put_tables(&p, &s);
    s.notes = ARENA_ARRAY(p.a, struct str, r->notes.len + 1);
    for (size_t i = 0; i < r->notes.len; i++)
        s.notes[s.n_notes++] = r->notes.ptr[i].text;
    return sheet_pdf(p.a, &s, out, e);
}
