/* A report as CSV, XLSX, PDF and plain text: the same typed table that the screen shows. */
#include "api/report_file.h"
#include "api/report_pdf.h"
#include "base/i18n.h"
#include "base/money.h"
#include "base/time.h"
#include "crm/export.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

static const char *const formats[] = {"json", "csv", "xlsx", "pdf", "text", NULL};

bool report_file_known(struct str format)
{
    for (size_t i = 0; formats[i]; i++)
        if (str_eqc(format, formats[i]))
            return true;
    return false;
}

/* Where the cells go: row by row, from the top. */
struct sheet {
    struct call *c;
    const struct report_result *result;
    const char *lang;
    struct buf csv;
    lxw_workbook *book; /* NULL: CSV */
    lxw_worksheet *page;
    lxw_format *head, *rate, *time, *date, *money;
    lxw_row_t row;
    lxw_col_t column;
};

static void csv_text(struct buf *b, struct str s)
{
    bool formula = export_is_formula(s);
    bool quoted = formula || memchr(s.ptr, ',', s.len) || memchr(s.ptr, '"', s.len) || memchr(s.ptr, '\n', s.len);
    buf_c(b, quoted ? formula ? "\"'" : "\"" : "");
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            buf_char(b, '"');
        buf_char(b, s.ptr[i]);
    }
    buf_c(b, quoted ? "\"" : "");
}

static void put_text(struct sheet *x, struct str s, lxw_format *as)
{
    if (x->book != NULL && s.len > 0) {
        worksheet_write_string(x->page, x->row, x->column, str_cdup(x->c->r->arena, s), as);
    } else if (x->book == NULL) {
        buf_c(&x->csv, x->column > 0 ? "," : "");
        if (s.len > 0)
            csv_text(&x->csv, s);
    }
    x->column++;
}

static void end_row(struct sheet *x)
{
    if (x->book == NULL)
        buf_c(&x->csv, "\r\n");
    x->row++;
    x->column = 0;
}

static int64_t local(const struct sheet *x, int64_t at)
{
    return at + zone_offset(x->c->app->zone, at);
}

static void put_number(struct sheet *x, enum report_type type, double v)
{
    bool time = type == RT_TIME, date = type == RT_DATE;
    struct arena *a = x->c->r->arena;
    if (type == RT_MONEY)
        v /= pow(10, money_exponent(x->result->currency));
    if (x->book == NULL) {
        char at[25];
        time_put(at, time ? local(x, (int64_t)v) : 0);
        if (time)
            put_text(x, str_fmt(a, "%.10s %.8s", at, at + 11), NULL);
        else if (date)
            put_text(x, date_format(a, (int64_t)v), NULL);
        else
            put_text(x, str_fmt(a, "%.12g", v), NULL);
        return;
    }
    /* days since 1899-12-30, which spreadsheets count from */
    double serial = time ? (double)local(x, (int64_t)v) / (double)MS_DAY + 25569 : date ? v + 25569 : v;
    bool rate = type == RT_RATE || type == RT_POINTS;
    worksheet_write_number(x->page, x->row, x->column++, serial,
                           rate               ? x->rate
                           : time             ? x->time
                           : date             ? x->date
                           : type == RT_MONEY ? x->money
                                              : NULL);
}

static void put_cell(struct sheet *x, enum report_type type, struct cell c)
{
    if (c.kind == CELL_TEXT)
        put_text(x, c.s, NULL);
    else if (c.kind == CELL_NULL || (c.kind == CELL_REAL && !isfinite(c.f)))
        put_text(x, STR_NULL, NULL);
    else
        put_number(x, type, c.kind == CELL_INT ? (double)c.i : c.f);
}

static void put_titles(struct sheet *x, const struct report_table *t)
{
    char key[120];
    for (size_t i = 0; i < t->n_columns; i++) {
        snprintf(key, sizeof key, "report.column.%s", t->columns[i].id);
        put_text(x, i18n_text(x->lang, key), x->head);
    }
    end_row(x);
}

static void put_table(struct sheet *x, const struct report_table *t)
{
    put_titles(x, t);
    for (size_t i = 0; i < t->cells.len; i++) {
        put_cell(x, t->columns[i % t->n_columns].type, t->cells.ptr[i]);
        if ((i + 1) % t->n_columns == 0)
            end_row(x);
    }
}

static void put_items(struct sheet *x, const char *prefix, const struct report_item *items, size_t n)
{
    char key[120];
    for (size_t i = 0; i < n; i++) {
        if (items[i].value.kind == CELL_NULL)
            continue;
        snprintf(key, sizeof key, "%s%s", prefix, items[i].key);
        put_text(x, i18n_text(x->lang, key), NULL);
        put_cell(x, items[i].type, items[i].value);
        end_row(x);
    }
    end_row(x);
}

static void put_line(struct sheet *x, struct str s, lxw_format *as)
{
    put_text(x, s, as);
    end_row(x);
}

static void put_report(struct sheet *x)
{
    const struct report_result *r = x->result;
    char key[120];
    put_line(x, report_question(r->report, x->lang), x->head);
    if (r->verdict.len > 0)
        put_line(x, r->verdict, NULL);
    end_row(x);
    put_items(x, "report.param.", r->params.ptr, r->params.len);
    put_items(x, "report.summary.", r->summary.ptr, r->summary.len);
    put_table(x, &r->main);
    for (size_t i = 0; i < r->n_tables; i++) {
        snprintf(key, sizeof key, "report.table.%s", r->tables[i].id);
        end_row(x);
        put_line(x, i18n_text(x->lang, key), x->head);
        put_table(x, &r->tables[i]);
    }
    end_row(x);
    for (size_t i = 0; i < r->notes.len; i++)
        put_line(x, r->notes.ptr[i].text, NULL);
}

static struct str file_name(struct call *c, const struct report_result *r, const char *ending)
{
    struct str day = date_format(c->r->arena, local(&(struct sheet){.c = c}, time_now()) / MS_DAY);
    return str_fmt(c->r->arena, "%s-%.*s.%s", r->report->id, STR_ARG(day), ending);
}

static void attach(struct call *c, const struct report_result *r, const char *type, const char *ending)
{
    c->content_type = type;
    http_set(c->r, "Content-Disposition",
             str_fmt(c->r->arena, "attachment; filename=\"%.*s\"", STR_ARG(file_name(c, r, ending))));
}

static lxw_format *format_new(lxw_workbook *book, const char *number)
{
    lxw_format *f = workbook_add_format(book);
    if (number != NULL)
        format_set_num_format(f, number);
    else
        format_set_bold(f);
    return f;
}

static enum rc fill_book(struct sheet *x, const char *path, struct err *e)
{
    lxw_workbook_options options = {.constant_memory = LXW_FALSE};
    x->book = workbook_new_opt(path, &options);
    if (x->book == NULL)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", NULL);
    x->page = workbook_add_worksheet(x->book, NULL);
    x->head = format_new(x->book, NULL);
    x->rate = format_new(x->book, "0.0%");
    x->time = format_new(x->book, "yyyy-mm-dd hh:mm");
    x->date = format_new(x->book, "yyyy-mm-dd");
    x->money = format_new(x->book, "#,##0.00");
    worksheet_set_column(x->page, 0, 0, 34, NULL);
    put_report(x);
    return workbook_close(x->book) == LXW_NO_ERROR ? RC_OK : err_set(e, RC_UNAVAILABLE, "file_write_failed", "", NULL);
}

/* *fd: of a file without a name. */
static enum rc make_book(struct call *c, struct sheet *x, int *fd, int64_t *size, struct err *e)
{
    char *path = str_cdup(c->r->arena, str_fmt(c->r->arena, "%s/report-XXXXXX", c->app->folders[FOLDER_UPLOADS]));
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    close(*fd);
    *fd = -1;
    enum rc rc = fill_book(x, path, e);
    if (rc == RC_OK)
        rc = call_open_ready(path, fd, size, e);
    if (rc != RC_OK)
        unlink(path);
    return rc;
}

static enum rc send_book(struct call *c, struct sheet *x, struct err *e)
{
    int64_t size = 0;
    int fd = -1;
    TRY(make_book(c, x, &fd, &size, e));
    call_send_file(c, fd, size, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                   file_name(c, x->result, "xlsx"), true);
    return RC_OK;
}

enum rc report_bytes(struct call *c, const struct report_result *r, struct str format, struct buf *out, struct err *e)
{
    struct sheet x = {.c = c, .result = r, .lang = call_locale(c)};
    int64_t size;
    int fd;
    if (str_eqc(format, "pdf"))
        return report_pdf(c, r, out, e);
    TRY(make_book(c, &x, &fd, &size, e));
    char bytes[16384];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        buf_str(out, (struct str){bytes, (size_t)n});
    close(fd);
    return n == 0 ? RC_OK : err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "%s", strerror(errno));
}

enum rc report_file(struct call *c, const struct report_result *r, struct str format, struct err *e)
{
    struct sheet x = {.c = c, .result = r, .lang = call_locale(c)};
    if (str_eqc(format, "xlsx"))
        return send_book(c, &x, e);
    if (str_eqc(format, "text")) {
        c->content_type = "text/plain; charset=utf-8";
        report_text(http_body(c->r), c->r->arena, r, x.lang);
        return RC_OK;
    }
    if (str_eqc(format, "pdf")) {
        attach(c, r, "application/pdf", "pdf");
        return report_pdf(c, r, http_body(c->r), e);
    }
    buf_c(&x.csv, "\xef\xbb\xbf"); /* spreadsheets take UTF-8 for something else without it */
    put_report(&x);
    attach(c, r, "text/csv; charset=utf-8", "csv");
    buf_str(http_body(c->r), buf_view(&x.csv));
    buf_free(&x.csv);
    return RC_OK;
}
