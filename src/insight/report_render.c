/* A result as JSON and as text. */
#include "base/i18n.h"
#include "base/time.h"
#include "insight/report.h"
#include <math.h>

static void put_cell(struct jw *w, struct cell c)
{
    switch (c.kind) {
    case CELL_NULL:
        jw_null(w);
        break;
    case CELL_INT:
        jw_i64(w, c.i);
        break;
    case CELL_REAL:
        jw_f64(w, c.f);
        break;
    case CELL_TEXT:
        jw_str(w, c.s);
        break;
    }
}

static void put_items(struct jw *w, const struct report_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        jw_key(w, items[i].key);
        put_cell(w, items[i].value);
    }
}

static void put_objects(struct jw *w, const struct report_table *t)
{
    jw_key(w, t->id);
    jw_arr(w);
    for (size_t i = 0; i < t->cells.len; i += t->n_columns) {
        jw_obj(w);
        for (size_t k = 0; k < t->n_columns; k++) {
            jw_key(w, t->columns[k].id);
            put_cell(w, t->cells.ptr[i + k]);
        }
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static bool known_text(const char *lang, const char *key, struct str *text)
{
    *text = i18n_text(lang, key);
    return !str_eqc(*text, key);
}

/* What its numbers mean: of the report's own column, or of every column of that name. */
static void put_about(struct jw *w, const struct report *report, const char *column, const char *lang)
{
    char own[160], shared[120];
    struct str text;
    snprintf(own, sizeof own, "report.about.%s.%s", report->id, column);
    snprintf(shared, sizeof shared, "report.about.%s", column);
    if (known_text(lang, own, &text) || known_text(lang, shared, &text))
        jw_kstr(w, "about", text);
}

static void put_columns(struct jw *w, const struct report *report, const struct report_table *t, const char *lang)
{
    char key[120];
    jw_arr(w);
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct report_column *c = &t->columns[i];
        snprintf(key, sizeof key, "report.column.%s", c->id);
        jw_obj(w);
        jw_kc(w, "id", c->id);
        jw_kc(w, "type", report_type_names[c->type]);
        jw_kstr(w, "title", i18n_text(lang, key));
        if (c->drill)
            jw_kbool(w, "drill", true);
        if (c->events)
            jw_kbool(w, "events", true);
        if (c->ref != NULL)
            jw_kc(w, "ref", c->ref);
        put_about(w, report, c->id, lang);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static void put_keys(struct jw *w, const struct report_table *t)
{
    jw_arr(w);
    for (size_t i = 0; i < t->keys.len; i++)
        jw_i64(w, t->keys.ptr[i]);
    jw_end_arr(w);
}

static void put_rows(struct jw *w, const struct report_result *r, const char *lang)
{
    const struct report_table *t = &r->main;
    jw_key(w, "columns");
    put_columns(w, r->report, t, lang);
    jw_key(w, "rows");
    jw_arr(w);
    for (size_t i = 0; i < t->cells.len; i += t->n_columns) {
        jw_arr(w);
        for (size_t k = 0; k < t->n_columns; k++)
            put_cell(w, t->cells.ptr[i + k]);
        jw_end_arr(w);
    }
    jw_end_arr(w);
    if (t->keys.len > 0) {
        jw_key(w, "keys");
        put_keys(w, t);
    }
}

/* The other tables: their rows stand in the summary. */
static void put_tables(struct jw *w, const struct report_result *r, const char *lang)
{
    char key[120];
    jw_key(w, "tables");
    jw_arr(w);
    for (size_t i = 0; i < r->n_tables; i++) {
        const struct report_table *t = &r->tables[i];
        snprintf(key, sizeof key, "report.table.%s", t->id);
        jw_obj(w);
        jw_kc(w, "id", t->id);
        jw_kstr(w, "title", i18n_text(lang, key));
        jw_kbool(w, "for_pictures", t->for_pictures);
        jw_key(w, "columns");
        put_columns(w, r->report, t, lang);
        jw_key(w, "keys");
        put_keys(w, t);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static bool drawn(const struct report_result *r, const char *column)
{
    const struct report_table *t = &r->main;
    for (size_t i = 0; i < r->n_tables; i++)
        if (r->report->chart.table != NULL && strcmp(r->tables[i].id, r->report->chart.table) == 0)
            t = &r->tables[i];
    for (size_t i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i].id, column) == 0)
            return true;
    return false;
}

/* r: what it draws; a column that this answer does not have (a series without groups) is left out. */
static void put_chart(struct jw *w, const struct report_chart *c, const struct report_result *r)
{
    static const char *const kinds[] = {"none", "bars",   "stack",  "lines",  "steps",
                                        "dots", "funnel", "matrix", "scatter"};
    const struct {
        const char *key, *value;
    } parts[] = {{"table", c->table}, {"x", c->x},       {"y", c->y},  {"series", c->series},
                 {"low", c->low},     {"high", c->high}, {"y2", c->y2}};
    if (c->kind == CHART_NONE)
        return;
    jw_key(w, "chart");
    jw_obj(w);
    jw_kc(w, "kind", kinds[c->kind]);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].value != NULL && (r == NULL || i == 0 || drawn(r, parts[i].value)))
            jw_kc(w, parts[i].key, parts[i].value);
    jw_end_obj(w);
}

static void put_notes(struct jw *w, const struct report_result *r)
{
    jw_key(w, "notes");
    jw_arr(w);
    for (size_t i = 0; i < r->notes.len; i++) {
        jw_obj(w);
        jw_kc(w, "code", r->notes.ptr[i].code);
        jw_kstr(w, "text", r->notes.ptr[i].text);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

/* How the numbers were made: see docs/reports.md. */
static void put_explain(struct jw *w, const struct report *report, const char *lang)
{
    static const char *const parts[] = {"method", "source"};
    char key[120];
    struct str text;
    jw_key(w, "explain");
    jw_obj(w);
    jw_ki64(w, "definition", report->definition);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(key, sizeof key, "report.%s.%s", report->id, parts[i]);
        if (known_text(lang, key, &text))
            jw_kstr(w, parts[i], text);
    }
    jw_end_obj(w);
}

static void put_figures(struct jw *w, const struct report_result *r, const char *lang)
{
    jw_key(w, "params");
    jw_obj(w);
    put_items(w, r->params.ptr, r->params.len);
    jw_end_obj(w);
    jw_key(w, "summary");
    jw_obj(w);
    put_items(w, r->summary.ptr, r->summary.len);
    for (size_t i = 0; i < r->n_tables; i++)
        put_objects(w, &r->tables[i]);
    jw_end_obj(w);
    put_rows(w, r, lang);
}

/* Numbers of the summary whose deals can be asked for; those that count what happened, whose deals are fewer. */
static void put_drill(struct jw *w, const struct report_result *r, bool events)
{
    jw_key(w, events ? "summary_events" : "summary_drill");
    jw_arr(w);
    for (size_t i = 0; i < r->summary.len; i++)
        if (events ? r->summary.ptr[i].events : r->summary.ptr[i].drill)
            jw_str(w, str_c(r->summary.ptr[i].key));
    jw_end_arr(w);
}

/* Of each number of the summary: its type, what it is called, and what it means where that needs saying. */
static void put_summary_types(struct jw *w, const struct report_result *r, const char *lang)
{
    static const char *const parts[] = {"summary", "about"};
    char key[120];
    struct str text;
    jw_key(w, "summary_types");
    jw_obj(w);
    for (size_t i = 0; i < r->summary.len; i++)
        jw_kc(w, r->summary.ptr[i].key, report_type_names[r->summary.ptr[i].type]);
    jw_end_obj(w);
    put_drill(w, r, false);
    put_drill(w, r, true);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        jw_key(w, k == 0 ? "summary_titles" : "summary_about");
        jw_obj(w);
        for (size_t i = 0; i < r->summary.len; i++) {
            snprintf(key, sizeof key, "report.%s.%s", parts[k], r->summary.ptr[i].key);
            if (known_text(lang, key, &text))
                jw_kstr(w, r->summary.ptr[i].key, text);
        }
        jw_end_obj(w);
    }
}

void report_json(struct jw *w, const struct report_result *r, const char *lang)
{
    jw_obj(w);
    jw_kc(w, "id", r->report->id);
    jw_kstr(w, "question", report_question(r->report, lang));
    if (r->verdict.len > 0)
        jw_kstr(w, "verdict", r->verdict);
    if (r->currency.len > 0)
        jw_kstr(w, "currency", r->currency);
    put_figures(w, r, lang);
    put_summary_types(w, r, lang);
    put_tables(w, r, lang);
    put_chart(w, &r->report->chart, r);
    put_notes(w, r);
    put_explain(w, r->report, lang);
    if (r->other != NULL) {
        jw_key(w, "comparison");
        jw_obj(w);
        put_figures(w, r->other, lang);
        put_notes(w, r->other);
        jw_end_obj(w);
    }
    jw_end_obj(w);
}

void report_list_json(struct jw *w, const char *lang, const struct rights *rights)
{
    static const char *const types[] = {"funnel", "funnel_id", "time",      "int", "text",
                                        "choice", "filter",    "attribute", "real"};
    char key[120];
    jw_arr(w);
    for (size_t i = 0; i < reports_n; i++) {
        if (reports[i]->may != NULL && !reports[i]->may(rights))
            continue;
        jw_obj(w);
        jw_kc(w, "id", reports[i]->id);
        jw_kstr(w, "question", report_question(reports[i], lang));
        snprintf(key, sizeof key, "report.%s.title", reports[i]->id);
        jw_kstr(w, "title", i18n_text(lang, key));
        jw_kc(w, "group", reports[i]->group);
        put_chart(w, &reports[i]->chart, NULL);
        jw_key(w, "params");
        jw_arr(w);
        for (size_t k = 0; k < reports[i]->n_params; k++) {
            const struct report_param *p = &reports[i]->params[k];
            jw_obj(w);
            jw_kc(w, "name", p->name);
            jw_kc(w, "type", types[p->type]);
            if (p->choices != NULL) {
                jw_key(w, "choices");
                jw_arr(w);
                for (size_t j = 0; p->choices[j] != NULL; j++)
                    jw_c(w, p->choices[j]);
                jw_end_arr(w);
            }
            jw_end_obj(w);
        }
        jw_end_arr(w);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static struct str cell_text(struct arena *a, const char *lang, enum report_type type, struct cell c)
{
    if (c.kind == CELL_NULL || (c.kind == CELL_REAL && !isfinite(c.f)))
        return STR("–");
    if (c.kind == CELL_TEXT)
        return c.s;
    double v = c.kind == CELL_INT ? (double)c.i : c.f;
    if (type == RT_RATE)
        return report_percent(a, lang, v);
    if (type == RT_POINTS)
        return report_number(a, lang, v * 100, 1);
    if (type == RT_TIME)
        return time_format(a, c.i);
    if (type == RT_DATE)
        return date_format(a, c.i);
    if (type == RT_MONEY)
        return report_number(a, lang, v / 100, 0);
    return c.kind == CELL_INT ? str_fmt(a, "%lld", (long long)c.i) : report_number(a, lang, v, 1);
}

static void pad(struct buf *b, struct str s, size_t width, bool right)
{
    size_t len = str_utf8_len(s);
    for (size_t i = len; right && i < width; i++)
        buf_char(b, ' ');
    buf_str(b, s);
    for (size_t i = len; !right && i < width; i++)
        buf_char(b, ' ');
}

static void put_table(struct buf *b, struct arena *a, const struct report_table *t, const char *lang)
{
    size_t rows = t->n_columns ? t->cells.len / t->n_columns + 1 : 0;
    struct str *texts = ARENA_ARRAY(a, struct str, rows * t->n_columns + 1);
    size_t *width = ARENA_ARRAY(a, size_t, t->n_columns + 1);
    for (size_t i = 0; i < rows * t->n_columns; i++) {
        size_t k = i % t->n_columns;
        if (i < t->n_columns)
            texts[i] = i18n_text(lang, str_fmt(a, "report.column.%s", t->columns[k].id).ptr);
        else
            texts[i] = cell_text(a, lang, t->columns[k].type, t->cells.ptr[i - t->n_columns]);
        size_t len = str_utf8_len(texts[i]);
        width[k] = len > width[k] ? len : width[k];
    }
    for (size_t i = 0; i < rows * t->n_columns; i++) {
        size_t k = i % t->n_columns;
        bool last = k + 1 == t->n_columns;
        if (t->columns[k].type == RT_ID) {
            buf_c(b, last ? "\n" : "");
            continue;
        }
        bool right = t->columns[k].type != RT_TEXT;
        pad(b, texts[i], last && !right ? 0 : width[k], right);
        buf_c(b, last ? "\n" : "  ");
    }
}

void report_text(struct buf *b, struct arena *a, const struct report_result *r, const char *lang)
{
    size_t width = 0;
    buf_str(b, report_question(r->report, lang));
    buf_c(b, "\n\n");
    if (r->verdict.len > 0)
        buf_fmt(b, "%.*s\n\n", STR_ARG(r->verdict));
    for (size_t i = 0; i < r->summary.len; i++) {
        size_t len = str_utf8_len(i18n_text(lang, str_fmt(a, "report.summary.%s", r->summary.ptr[i].key).ptr));
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < r->summary.len; i++) {
        const struct report_item *item = &r->summary.ptr[i];
        pad(b, i18n_text(lang, str_fmt(a, "report.summary.%s", item->key).ptr), width + 2, false);
        buf_str(b, cell_text(a, lang, item->type, item->value));
        buf_char(b, '\n');
    }
    buf_char(b, '\n');
    put_table(b, a, &r->main, lang);
    for (size_t i = 0; i < r->n_tables; i++) {
        if (r->tables[i].cells.len == 0 || r->tables[i].for_pictures)
            continue;
        buf_char(b, '\n');
        buf_str(b, i18n_text(lang, str_fmt(a, "report.table.%s", r->tables[i].id).ptr));
        buf_char(b, '\n');
        put_table(b, a, &r->tables[i], lang);
    }
    for (size_t i = 0; i < r->notes.len; i++) {
        buf_c(b, i == 0 ? "\n* " : "* ");
        buf_str(b, r->notes.ptr[i].text);
        buf_char(b, '\n');
    }
}
