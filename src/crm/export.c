#include "crm/export.h"
#include "base/i18n.h"
#include "base/map.h"
#include "base/money.h"
#include "base/number.h"
#include "base/time.h"
#include "base/vec.h"
#include "crm/query_cursor.h"
#include <errno.h>
#include <stdio.h>
#include <xlsxwriter.h>

#define PAGE 2000
#define SHEET_ROWS 1048575
#define CELL_MOST 32767 /* characters of a cell of a workbook */

struct shown { /* a column */
    int index; /* of the field, or a common one */
    const struct field *field;
    struct str label;
};
struct names { /* of the records that a page refers to */
    struct intmap *at;
    VEC(struct str) text;
};
struct export
{
    const struct export_spec *spec;
    const struct rights *rights;
    struct db *db;
    struct arena arena, page;
    struct filter *filter;
    struct sort sort;
    struct val after[SORT_KEYS + 1];
    bool later; /* not the first page */
    struct shown *column;
    size_t n;
    bool *mask;
    struct names names[ENT_END];
    int64_t rows;
    /* CSV */
    FILE *file;
    struct buf line, coded;
    /* XLSX */
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *date, *time, *money, *head;
};

bool export_is_formula(struct str s)
{
    return s.len && s.ptr[0] && strchr("=+-@\t\r", s.ptr[0]) != NULL;
}

/* ---- what is shown ---- */

static struct str label(struct export *x, const struct field *fd, int index)
{
    const struct entity *ent = x->spec->ent;
    char key[120];
    if (fd->custom)
        return str_c(fd->custom->label);
    if (index < 0)
        snprintf(key, sizeof key, "field.common.%s", fd->name);
    else
        snprintf(key, sizeof key, "field.%s.%s", ent->name, fd->name);
    struct str text = i18n_text(x->spec->lang, key);
    return str_eqc(text, key) ? str_c(fd->name) : text;
}

static void add_column(struct export *x, const struct field *fd, int index)
{
    x->column[x->n++] = (struct shown){index, fd, label(x, fd, index)};
    if (index >= 0)
        x->mask[index] = true;
}

static enum rc choose_columns(struct export *x, struct err *e)
{
    static const int common[] = {FIELD_CREATED_AT, FIELD_UPDATED_AT};
    const struct entity *ent = x->spec->ent;
    x->column = ARENA_ARRAY(&x->arena, struct shown, ent->n_fields + 64);
    x->mask = ARENA_ARRAY(&x->arena, bool, ent->n_fields + 1);
    for (struct str rest = x->spec->fields; rest.len;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        const struct field *fd;
        int index;
        if (!filter_find_field(x->rights, ent, name, &index, &fd) || x->n == ent->n_fields + 60)
            return err_set(e, RC_INVALID, "bad_fields", "fields", "%.*s", (int)(name.len < 60 ? name.len : 60),
                           name.ptr);
        add_column(x, fd, index);
    }
    if (x->n)
        return RC_OK;
    add_column(x, filter_common_field(FIELD_ID), FIELD_ID);
    for (size_t i = 0; i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        if (!(fd->flags & (FF_SECRET | FF_GONE)) && fd->type != FT_JSON && rights_sees_field(x->rights, ent, (int)i))
            add_column(x, fd, (int)i);
    }
    for (size_t i = 0; i < 2; i++)
        add_column(x, filter_common_field(common[i]), common[i]);
    return RC_OK;
}

/* ---- names ---- */

static const char *name_column(const struct entity *ent)
{
    static const char *const names[] = {"name", "title", "label"};
    for (size_t i = 0; i < 3; i++)
        if (entity_field(ent, str_c(names[i])) >= 0)
            return names[i];
    return NULL;
}

static void want(struct export *x, enum entity_id kind, int64_t id, int64_t *ids, size_t *n)
{
    int64_t at;
    if (!x->names[kind].at)
        x->names[kind].at = intmap_new();
    if (intmap_get(x->names[kind].at, id, &at))
        return;
    intmap_put(x->names[kind].at, id, -1);
    ids[(*n)++] = id;
}

static enum rc load_names(struct export *x, enum entity_id kind, const int64_t *ids, size_t n, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    const char *column = name_column(ent);
    struct sqlb q = sqlb_new(&x->page);
    struct stmt *s = NULL;
    enum rc rc = RC_OK;
    if (!n || !column)
        return RC_OK;
    sqlb_fmt(&q, "SELECT t.id, t.%s FROM %s t WHERE t.id IN (", column, ent->table);
    for (size_t i = 0; i < n; i++)
        sqlb_fmt(&q, i ? ",%lld" : "%lld", (long long)ids[i]);
    sqlb_c(&q, ") AND ");
    rights_sql(&q, x->rights, ent, RIGHT_SEE, "t");
    TRY_OUT(sqlb_prepare(&q, x->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        intmap_put(x->names[kind].at, stmt_col_i64(s, 0), (int64_t)x->names[kind].text.len);
        struct str name = str_dup(&x->arena, stmt_col_str(s, 1));
        vec_push(&x->names[kind].text, name);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static enum rc load_page_names(struct export *x, struct record *const *rows, size_t n, struct err *e)
{
    for (size_t c = 0; c < x->n; c++) {
        const struct field *fd = x->column[c].field;
        size_t most = 0, found = 0;
        if (x->column[c].index < 0 || (fd->type != FT_REF && fd->type != FT_SET))
            continue;
        for (size_t i = 0; i < n; i++)
            most += rows[i]->f[x->column[c].index].kind == VAL_SET ? rows[i]->f[x->column[c].index].set.n : 1;
        int64_t *ids = ARENA_ARRAY(&x->page, int64_t, most + 1);
        for (size_t i = 0; i < n; i++) {
            struct val v = rows[i]->f[x->column[c].index];
            if (v.kind == VAL_INT)
                want(x, fd->ref, v.i, ids, &found);
            for (size_t k = 0; v.kind == VAL_SET && k < v.set.n; k++)
                want(x, fd->ref, v.set.ids[k], ids, &found);
        }
        TRY(load_names(x, fd->ref, ids, found, e));
    }
    return RC_OK;
}

static struct str name_of(const struct export *x, enum entity_id kind, int64_t id)
{
    int64_t at;
    return x->names[kind].at && intmap_get(x->names[kind].at, id, &at) && at >= 0 ? x->names[kind].text.ptr[at]
                                                                                  : STR_NULL;
}

/* ---- cells ---- */

static struct str enum_label(struct export *x, const struct field *fd, int64_t i)
{
    char key[140];
    snprintf(key, sizeof key, "field.%s.%s:%s", x->spec->ent->name, fd->name, fd->names[i]);
    struct str text = i18n_text(x->spec->lang, key);
    return str_eqc(text, key) ? str_c(fd->names[i]) : text;
}

static struct str set_text(struct export *x, const struct field *fd, struct val v)
{
    struct buf b = {0};
    for (size_t i = 0; i < v.set.n; i++) {
        struct str name = name_of(x, fd->ref, v.set.ids[i]);
        if (name.len && b.len)
            buf_c(&b, "; ");
        buf_str(&b, name);
    }
    struct str text = str_dup(&x->page, buf_view(&b));
    buf_free(&b);
    return text;
}

static int64_t local(const struct export *x, int64_t at)
{
    return at + (x->spec->zone ? zone_offset(x->spec->zone, at) : 0);
}

static unsigned exponent_of(const struct record *r)
{
    int i = entity_field(r->ent, STR("currency"));
    return i >= 0 && r->f[i].kind == VAL_TEXT ? money_exponent(r->f[i].s) : 2;
}

/* Of fields that are shown as a text, in either format. */
static struct str cell_text(struct export *x, const struct field *fd, struct val v)
{
    if (v.kind == VAL_TEXT)
        return v.s;
    if (v.kind == VAL_SET)
        return set_text(x, fd, v);
    if (fd->type == FT_REF)
        return name_of(x, fd->ref, v.i);
    if (fd->type == FT_ENUM)
        return enum_label(x, fd, v.i);
    return i18n_text(x->spec->lang, v.i ? "export.yes" : "export.no");
}

static bool is_number(const struct field *fd)
{
    return fd->type == FT_INT || fd->type == FT_REAL || fd->type == FT_MONEY || fd->type == FT_DATE ||
           fd->type == FT_TIME;
}

/* ---- CSV ---- */

static void csv_put(struct export *x, struct str s)
{
    struct buf *b = &x->line;
    char quote[] = {x->spec->delimiter, '"', '\n', '\r', '\0'};
    bool formula = export_is_formula(s), quoted = formula;
    for (size_t i = 0; i < s.len && !quoted; i++)
        quoted = s.ptr[i] && strchr(quote, s.ptr[i]);
    if (!quoted) {
        buf_str(b, s);
        return;
    }
    buf_c(b, formula ? "\"'" : "\"");
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            buf_char(b, '"');
        buf_char(b, s.ptr[i]);
    }
    buf_char(b, '"');
}

static void csv_number(struct export *x, const struct record *r, const struct field *fd, struct val v)
{
    char text[NUMBER_TEXT + 1];
    size_t from = x->line.len;
    if (fd->type == FT_DATE) {
        buf_str(&x->line, date_format(&x->page, v.i));
        return;
    }
    if (fd->type == FT_TIME) {
        char at[25];
        time_put(at, local(x, v.i));
        buf_fmt(&x->line, "%.10s %.8s", at, at + 11);
        return;
    }
    if (fd->type == FT_MONEY)
        buf_str(&x->line, money_format(&x->page, v.i, exponent_of(r)));
    else if (v.kind == VAL_REAL)
        buf_add(&x->line, text, number_put_f64(text, v.f));
    else
        buf_i64(&x->line, v.i);
    for (size_t i = from; x->spec->delimiter == ';' && i < x->line.len; i++)
        if (x->line.ptr[i] == '.')
            x->line.ptr[i] = ',';
}

static enum rc csv_flush(struct export *x, struct err *e)
{
    buf_c(&x->line, "\r\n");
    struct buf *out = &x->line;
    if (x->spec->encoding != ENC_UTF8) {
        buf_clear(&x->coded);
        encoding_write(x->spec->encoding, buf_view(&x->line), &x->coded);
        out = &x->coded;
    }
    bool ok = fwrite(out->ptr, 1, out->len, x->file) == out->len;
    buf_clear(&x->line);
    return ok ? RC_OK : err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
}

static enum rc csv_row(struct export *x, const struct record *r, struct err *e)
{
    for (size_t c = 0; c < x->n; c++) {
        const struct field *fd = x->column[c].field;
        struct val v = record_value(r, x->column[c].index);
        if (c)
            buf_char(&x->line, x->spec->delimiter);
        if (!val_has(v))
            continue;
        if (is_number(fd))
            csv_number(x, r, fd, v);
        else
            csv_put(x, cell_text(x, fd, v));
    }
    return csv_flush(x, e);
}

static enum rc csv_begin(struct export *x, const char *path, struct err *e)
{
    x->file = fopen(path, "we");
    if (!x->file)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    if (x->spec->encoding != ENC_CP1251)
        buf_c(&x->line, "\xef\xbb\xbf");
    for (size_t c = 0; c < x->n; c++) {
        if (c)
            buf_char(&x->line, x->spec->delimiter);
        csv_put(x, x->column[c].label);
    }
    return csv_flush(x, e);
}

/* ---- XLSX ---- */

/* At most so many characters as a cell may have; the copy ends with a NUL, as the library wants it. */
static const char *sheet_text(struct export *x, struct str s)
{
    size_t n = s.len;
    if (str_utf8_len(s) > CELL_MOST)
        for (n = CELL_MOST; n && (s.ptr[n] & 0xc0) == 0x80; n--)
            ;
    return str_dup(&x->page, (struct str){s.ptr, n}).ptr;
}

static double serial(int64_t ms)
{
    return (double)ms / (double)MS_DAY + 25569.0;
}

static lxw_error sheet_cell(struct export *x, lxw_row_t row, lxw_col_t c, const struct record *r)
{
    const struct field *fd = x->column[c].field;
    struct val v = record_value(r, x->column[c].index);
    if (!val_has(v))
        return LXW_NO_ERROR;
    if (!is_number(fd)) {
        struct str s = cell_text(x, fd, v);
        return s.len ? worksheet_write_string(x->sheet, row, c, sheet_text(x, s), NULL) : LXW_NO_ERROR;
    }
    if (fd->type == FT_DATE)
        return worksheet_write_number(x->sheet, row, c, serial(v.i * MS_DAY), x->date);
    if (fd->type == FT_TIME)
        return worksheet_write_number(x->sheet, row, c, serial(local(x, v.i)), x->time);
    double number = v.kind == VAL_REAL ? v.f : (double)v.i;
    if (fd->type == FT_MONEY)
        for (unsigned i = exponent_of(r); i > 0; i--)
            number /= 10;
    return worksheet_write_number(x->sheet, row, c, number, fd->type == FT_MONEY ? x->money : NULL);
}

static enum rc sheet_row(struct export *x, const struct record *r, struct err *e)
{
    if (x->rows >= SHEET_ROWS)
        return err_set(e, RC_UNPROCESSABLE, "table_too_large", "", NULL);
    for (size_t c = 0; c < x->n; c++)
        if (sheet_cell(x, (lxw_row_t)(x->rows + 1), (lxw_col_t)c, r) != LXW_NO_ERROR)
            return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    return RC_OK;
}

static enum rc sheet_begin(struct export *x, const char *path, struct err *e)
{
    char *folder = str_cdup(&x->arena, str_c(path)), *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = slash ? folder : NULL};
    x->book = workbook_new_opt(path, &options);
    if (!x->book)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    x->sheet = workbook_add_worksheet(x->book, NULL);
    x->date = workbook_add_format(x->book);
    x->time = workbook_add_format(x->book);
    x->money = workbook_add_format(x->book);
    x->head = workbook_add_format(x->book);
    format_set_num_format(x->date, "yyyy-mm-dd");
    format_set_num_format(x->time, "yyyy-mm-dd hh:mm");
    format_set_num_format(x->money, "#,##0.00");
    format_set_bold(x->head);
    worksheet_freeze_panes(x->sheet, 1, 0);
    for (size_t c = 0; c < x->n; c++) {
        worksheet_set_column(x->sheet, (lxw_col_t)c, (lxw_col_t)c, 18, NULL);
        worksheet_write_string(x->sheet, 0, (lxw_col_t)c, sheet_text(x, x->column[c].label), x->head);
    }
    return RC_OK;
}

/* ---- pages ---- */

static struct val read_key(struct arena *a, const struct sort_key *k, struct stmt *s, int col)
{
    if (stmt_col_null(s, col))
        return val_null();
    if (k->field->type == FT_REAL)
        return (struct val){.kind = VAL_REAL, .f = stmt_col_f64(s, col)};
    return field_is_text(k->field) ? val_str(str_dup(a, stmt_col_str(s, col))) : val_int(stmt_col_i64(s, col));
}

static void put_select(struct export *x, struct sqlb *s)
{
    const struct entity *ent = x->spec->ent;
    sqlb_c(s, "SELECT ");
    buf_str(&s->text, record_columns(&x->page, ent, "t"));
    for (size_t i = 0; i < x->sort.n; i++) {
        sqlb_c(s, ", ");
        sort_put_column(s, &x->sort.keys[i]);
    }
    sqlb_fmt(s, " FROM %s t WHERE t.deleted_at IS NULL AND ", ent->table);
    filter_sql(s, ent, x->filter, "t");
    sqlb_c(s, " AND ");
    rights_sql(s, x->rights, ent, RIGHT_SEE, "t");
    sqlb_c(s, " AND ");
    rights_sql(s, x->rights, ent, RIGHT_EXPORT, "t");
    if (x->later)
        sort_put_after(s, &x->sort, x->after);
    sort_put_order(s, &x->sort);
    sqlb_fmt(s, " LIMIT %d", PAGE);
}

static enum rc read_page(struct export *x, struct record **rows, size_t *n, struct err *e)
{
    struct sqlb s = sqlb_new(&x->page);
    struct stmt *st = NULL;
    enum rc rc;
    int base = 5;
    for (size_t i = 0; i < x->spec->ent->n_fields; i++)
        base += x->spec->ent->fields[i].type != FT_SET;
    put_select(x, &s);
    *n = 0;
    TRY_OUT(sqlb_prepare(&s, x->db, &st, e));
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        rows[*n] = record_new(&x->page, x->spec->ent);
        record_read_row(&x->page, x->spec->ent, st, rows[*n]);
        if (++*n == PAGE)
            for (size_t i = 0; i < x->sort.n; i++)
                x->after[i] = read_key(&x->arena, &x->sort.keys[i], st, base + (int)i);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(st);
    sqlb_free(&s);
    return rc;
}

static enum rc write_all(struct export *x, struct err *e)
{
    size_t n = PAGE;
    while (n == PAGE) {
        arena_reset(&x->page);
        struct record **rows = ARENA_ARRAY(&x->page, struct record *, PAGE);
        TRY(read_page(x, rows, &n, e));
        TRY(record_load_sets(x->db, &x->page, x->spec->ent, rows, n, x->mask, e));
        TRY(load_page_names(x, rows, n, e));
        for (size_t i = 0; i < n; i++, x->rows++)
            TRY(x->book ? sheet_row(x, rows[i], e) : csv_row(x, rows[i], e));
        x->later = true;
    }
    return RC_OK;
}

static enum rc prepare(struct export *x, const struct filter_env *env, struct err *e)
{
    const struct export_spec *spec = x->spec;
    if (rights_scope(x->rights, spec->ent, RIGHT_EXPORT) == SCOPE_NONE)
        return err_set(e, RC_FORBIDDEN, "forbidden", "", NULL);
    TRY(filter_parse(&x->arena, spec->ent, spec->filter, env, &x->filter, e));
    TRY(sort_parse(x->rights, spec->ent, spec->sort, &x->sort, e));
    return choose_columns(x, e);
}

enum rc export_list(struct db *db, const struct export_spec *spec, const struct filter_env *env, const char *path,
                    int64_t *rows, struct err *e)
{
    struct export x = {.spec = spec, .rights = env->rights, .db = db};
    enum rc rc = prepare(&x, env, e);
    if (rc == RC_OK)
        rc = spec->format == EXPORT_XLSX ? sheet_begin(&x, path, e) : csv_begin(&x, path, e);
    if (rc == RC_OK)
        rc = write_all(&x, e);
    if (x.file && fclose(x.file) != 0 && rc == RC_OK)
        rc = err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    if (x.book && workbook_close(x.book) != LXW_NO_ERROR && rc == RC_OK)
        rc = err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    *rows = x.rows;
    for (int i = 0; i < ENT_END; i++) {
        if (x.names[i].at)
            intmap_free(x.names[i].at);
        vec_free(&x.names[i].text);
    }
    buf_free(&x.line);
    buf_free(&x.coded);
    arena_free(&x.arena);
    arena_free(&x.page);
    return rc;
}
