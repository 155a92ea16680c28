#include "base/xlsx.h"
#include "base/number.h"
#include "base/time.h"
#include "base/vec.h"
#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <zip.h>

#define BLOCK 65536
#define ENTRIES_MOST 5000
#define FREE_OF_RATIO ((uint64_t)16 * 1024 * 1024)
#define SHEETS_MOST 500
#define STYLES_MOST 65536

const struct xlsx_limits xlsx_default_limits = {.unpacked = UINT64_C(1536) << 20,
                                                .ratio = 300,
                                                .strings = (size_t)512 << 20,
                                                .cell = (size_t)128 << 10,
                                                .columns = 500,
                                                .rows = 1048576};

struct text_at {
    size_t at, len;
};
struct sheet {
    struct text_at name, id, target;
};
struct xlsx {
    zip_t *zip;
    struct xlsx_limits limits;
    VEC(struct sheet) sheets;
    VEC(struct text_at) strings;
    VEC(uint8_t) is_date;  /* by style */
    VEC(int) date_formats; /* own number formats that show dates */
    struct buf text;       /* of all texts above */
    bool date1904, has_strings;
};

bool xlsx_is(struct str head)
{
    return head.len >= 4 && memcmp(head.ptr, "PK\3\4", 4) == 0;
}

static enum rc bad(struct err *e, const char *what)
{
    return err_set(e, RC_UNPROCESSABLE, "bad_xlsx", "", "%s", what);
}

/* ---- one part of the archive through the XML parser ---- */

struct parse {
    struct xlsx *x;
    XML_Parser xml;
    enum rc rc;
    struct err *e;
    void (*start)(struct parse *p, const char *name, const char **attrs);
    void (*end)(struct parse *p, const char *name);
    void (*chars)(struct parse *p, const char *text, size_t n);
    /* of the part */
    bool in_text, in_value, phonetic, in_formats, in_cell_styles;
    struct buf value;
    size_t column, width;
    int64_t row;
    int kind, style;
    VEC(struct text_at) cells;
    VEC(struct str) views;
    struct buf row_text;
    enum rc (*on_row)(void *arg, int64_t number, const struct str *cells, size_t n, struct err *e);
    void *arg;
};

static void stop(struct parse *p, enum rc rc)
{
    if (p->rc == RC_OK)
        p->rc = rc;
    XML_StopParser(p->xml, XML_FALSE);
}

static void stop_bad(struct parse *p, const char *what)
{
    if (p->rc == RC_OK)
        stop(p, bad(p->e, what));
}

static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attr(const char **attrs, const char *name)
{
    for (; attrs[0]; attrs += 2)
        if (strcmp(local(attrs[0]), name) == 0)
            return attrs[1];
    return NULL;
}

static void XMLCALL on_start(void *user, const char *name, const char **attrs)
{
    struct parse *p = user;
    p->start(p, local(name), attrs);
}
static void XMLCALL on_end(void *user, const char *name)
{
    struct parse *p = user;
    if (p->end)
        p->end(p, local(name));
}
static void XMLCALL on_chars(void *user, const char *text, int n)
{
    struct parse *p = user;
    if (p->chars)
        p->chars(p, text, (size_t)n);
}
static void XMLCALL on_doctype(void *user, const char *name, const char *system, const char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop_bad(user, "a DOCTYPE");
}

static enum rc feed(struct parse *p, zip_file_t *f, uint64_t packed, struct err *e)
{
    const struct xlsx_limits *l = &p->x->limits;
    uint64_t total = 0;
    for (;;) {
        void *block = XML_GetBuffer(p->xml, BLOCK);
        zip_int64_t n = block ? zip_fread(f, block, BLOCK) : -1;
        if (n < 0)
            return bad(e, "a damaged archive");
        total += (uint64_t)n;
        if (total > l->unpacked || (total > FREE_OF_RATIO && total / (packed + 1) > l->ratio))
            return err_set(e, RC_UNPROCESSABLE, "table_too_large", "", NULL);
        enum XML_Status status = XML_ParseBuffer(p->xml, (int)n, n == 0);
        if (p->rc != RC_OK)
            return p->rc;
        if (status != XML_STATUS_OK)
            return bad(e, XML_ErrorString(XML_GetErrorCode(p->xml)));
        if (n == 0)
            return RC_OK;
    }
}

/* RC_NOT_FOUND without an error text when there is no such part. */
static enum rc parse_part(struct parse *p, const char *part, struct err *e)
{
    struct zip_stat st;
    if (zip_stat(p->x->zip, part, 0, &st) != 0)
        return RC_NOT_FOUND;
    zip_file_t *f = zip_fopen(p->x->zip, part, 0);
    if (!f)
        return bad(e, "a part that cannot be read");
    p->e = e;
    p->xml = XML_ParserCreate(NULL);
    if (!p->xml)
        abort();
    XML_SetUserData(p->xml, p);
    XML_SetElementHandler(p->xml, on_start, on_end);
    XML_SetCharacterDataHandler(p->xml, on_chars);
    XML_SetStartDoctypeDeclHandler(p->xml, on_doctype);
    enum rc rc = feed(p, f, st.valid & ZIP_STAT_COMP_SIZE ? st.comp_size : 0, e);
    XML_ParserFree(p->xml);
    zip_fclose(f);
    buf_free(&p->value);
    return rc;
}

static struct text_at keep(struct xlsx *x, const char *s, size_t n)
{
    struct text_at t = {x->text.len, n};
    buf_add(&x->text, s, n);
    return t;
}
static struct str text(const struct xlsx *x, struct text_at t)
{
    return (struct str){x->text.ptr ? x->text.ptr + t.at : "", t.len};
}

/* ---- workbook and its relations: which sheet lies where ---- */

static void workbook_start(struct parse *p, const char *name, const char **attrs)
{
    if (strcmp(name, "workbookPr") == 0) {
        const char *v = attr(attrs, "date1904");
        p->x->date1904 = v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
    } else if (strcmp(name, "sheet") == 0) {
        const char *title = attr(attrs, "name"), *id = NULL;
        for (const char **a = attrs; a[0]; a += 2)
            if (strcmp(local(a[0]), "id") == 0 && strchr(a[0], ':'))
                id = a[1];
        if (p->x->sheets.len == SHEETS_MOST || !title || !id) {
            stop_bad(p, "the list of sheets");
            return;
        }
        struct sheet s = {.name = keep(p->x, title, strlen(title)), .id = keep(p->x, id, strlen(id))};
        vec_push(&p->x->sheets, s);
    }
}

static void relations_start(struct parse *p, const char *name, const char **attrs)
{
    const char *id = attr(attrs, "Id"), *target = attr(attrs, "Target");
    if (strcmp(name, "Relationship") != 0 || !id || !target)
        return;
    for (size_t i = 0; i < p->x->sheets.len; i++)
        if (str_eqc(text(p->x, p->x->sheets.ptr[i].id), id))
            p->x->sheets.ptr[i].target = keep(p->x, target, strlen(target));
}

/* ---- styles: which of them show dates ---- */

/* y, m, d, h or s in a number format outside of quotes and of [brackets] (but [h] counts). */
static bool shows_date(const char *code)
{
    for (const char *c = code; *c; c++) {
        if (*c == '"') {
            for (c++; *c && *c != '"'; c++)
                ;
            if (!*c)
                return false;
        } else if (*c == '\\' || *c == '_' || *c == '*') {
            if (!c[1])
                return false;
            c++;
        } else if (*c == '[') {
            if (strchr("hms", c[1] | 0x20) && (c[2] == ']' || c[2] == c[1]))
                return true;
            for (; *c && *c != ']'; c++)
                ;
            if (!*c)
                return false;
        } else if (strchr("ymdhs", *c | 0x20) && strncasecmp(c, "General", 7) != 0) {
            return true;
        }
    }
    return false;
}

/* The number of a style or format; -1 for one that no book has. */
static int style_number(const char *s)
{
    long n = strtol(s, NULL, 10);
    return n < 0 || n > INT32_MAX ? -1 : (int)n;
}

static bool built_in_date(int id)
{
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

static void styles_start(struct parse *p, const char *name, const char **attrs)
{
    struct xlsx *x = p->x;
    const char *id = attr(attrs, "numFmtId"), *code = attr(attrs, "formatCode");
    if (strcmp(name, "numFmt") == 0 && id && code && shows_date(code) && x->date_formats.len < STYLES_MOST)
        vec_push(&x->date_formats, style_number(id));
    else if (strcmp(name, "cellXfs") == 0)
        p->in_cell_styles = true;
    else if (p->in_cell_styles && strcmp(name, "xf") == 0 && x->is_date.len < STYLES_MOST) {
        int number = id ? style_number(id) : 0;
        bool date = built_in_date(number);
        for (size_t i = 0; i < x->date_formats.len; i++)
            date |= x->date_formats.ptr[i] == number;
        vec_push(&x->is_date, date);
    }
}
static void styles_end(struct parse *p, const char *name)
{
    if (strcmp(name, "cellXfs") == 0)
        p->in_cell_styles = false;
}

/* ---- shared texts ---- */

static void strings_start(struct parse *p, const char *name, const char **attrs)
{
    (void)attrs;
    if (strcmp(name, "si") == 0)
        buf_clear(&p->value);
    else if (strcmp(name, "rPh") == 0)
        p->phonetic = true;
    else if (strcmp(name, "t") == 0)
        p->in_text = !p->phonetic;
}
static void add_chars(struct parse *p, const char *s, size_t n)
{
    if (!p->in_text)
        return;
    if (p->value.len + n > p->x->limits.cell)
        stop(p, err_set(p->e, RC_UNPROCESSABLE, "table_too_large", "", NULL));
    else
        buf_add(&p->value, s, n);
}
static void strings_end(struct parse *p, const char *name)
{
    struct xlsx *x = p->x;
    if (strcmp(name, "t") == 0)
        p->in_text = false;
    else if (strcmp(name, "rPh") == 0)
        p->phonetic = false;
    else if (strcmp(name, "si") == 0) {
        if (x->text.len + p->value.len > x->limits.strings || x->strings.len > x->limits.strings / 16) {
            stop(p, err_set(p->e, RC_UNPROCESSABLE, "table_too_large", "", NULL));
            return;
        }
        struct text_at t = keep(x, p->value.ptr, p->value.len);
        vec_push(&x->strings, t);
    }
}

/* ---- cells ---- */

enum { KIND_NUMBER, KIND_SHARED, KIND_TEXT, KIND_BOOL, KIND_ERROR };

static void put_cell(struct parse *p, const char *s, size_t n)
{
    while (p->cells.len <= p->column) {
        struct text_at none = {0, 0};
        vec_push(&p->cells, none);
    }
    p->cells.ptr[p->column] = (struct text_at){p->row_text.len, n};
    buf_add(&p->row_text, s, n);
}

static void put_date(struct parse *p, double v)
{
    char out[40];
    int year, n;
    unsigned month, day;
    int64_t sec = (int64_t)llround((v + (p->x->date1904 ? 1462 : 0)) * 86400.0), days = sec / 86400,
            in_day = sec % 86400;
    int h = (int)(in_day / 3600), m = (int)(in_day / 60 % 60), s = (int)(in_day % 60);
    if (days == 0) {
        n = snprintf(out, sizeof out, "%02d:%02d:%02d", h, m, s);
    } else {
        date_to_civil(days - 25569 + (days < 61), &year, &month, &day); /* the 29th of February 1900 never was */
        n = snprintf(out, sizeof out, in_day ? "%04d-%02u-%02u %02d:%02d:%02d" : "%04d-%02u-%02u", year, month, day, h,
                     m, s);
    }
    put_cell(p, out, (size_t)n);
}

static void put_number(struct parse *p)
{
    struct str s = buf_view(&p->value);
    char out[NUMBER_TEXT];
    double v;
    s = str_trim(s);
    if (s.len == 0)
        return;
    if (s.len > 60 || !str_f64(s, &v)) {
        put_cell(p, s.ptr, s.len);
        return;
    }
    bool date = p->style >= 0 && (size_t)p->style < p->x->is_date.len && p->x->is_date.ptr[p->style];
    if (date && v >= 0 && v < 3000000)
        put_date(p, v);
    else if (v == floor(v) && fabs(v) < 1e15)
        put_cell(p, out, (size_t)snprintf(out, sizeof out, "%.0f", v));
    else
        put_cell(p, out, number_put_f64(out, v));
}

static void put_value(struct parse *p)
{
    struct str s = buf_view(&p->value);
    int64_t i;
    if (p->kind == KIND_NUMBER)
        put_number(p);
    else if (p->kind == KIND_TEXT)
        put_cell(p, s.ptr ? s.ptr : "", s.len);
    else if (p->kind == KIND_BOOL)
        put_cell(p, str_eqc(s, "1") ? "TRUE" : "FALSE", str_eqc(s, "1") ? 4 : 5);
    else if (p->kind == KIND_SHARED) {
        if (!str_i64(str_trim(s), &i) || i < 0 || (size_t)i >= p->x->strings.len) {
            stop_bad(p, "a text that is not there");
            return;
        }
        struct str t = text(p->x, p->x->strings.ptr[i]);
        put_cell(p, t.ptr, t.len);
    }
}

/* "AB12" to 27; p->column as it is without a reference. */
static bool column_of(const char *ref, size_t *column)
{
    size_t c = 0;
    if (!ref)
        return true;
    for (; *ref >= 'A' && *ref <= 'Z' && c < 20000; ref++)
        c = c * 26 + (size_t)(*ref - 'A' + 1);
    *column = c - 1;
    return c > 0;
}

static void give_row(struct parse *p, int64_t number)
{
    p->views.len = 0;
    for (size_t i = 0; i < p->cells.len; i++) {
        struct str v = {p->row_text.ptr ? p->row_text.ptr + p->cells.ptr[i].at : "", p->cells.ptr[i].len};
        vec_push(&p->views, v);
    }
    enum rc rc = p->on_row(p->arg, number, p->views.ptr, p->views.len, p->e);
    if (rc != RC_OK)
        stop(p, rc);
}

static void begin_row(struct parse *p, const char **attrs)
{
    const char *r = attr(attrs, "r");
    int64_t number = p->row + 1;
    if (r && (!str_i64(str_c(r), &number) || number <= p->row)) {
        stop_bad(p, "the order of rows");
        return;
    }
    if (number > p->x->limits.rows) {
        stop(p, err_set(p->e, RC_UNPROCESSABLE, "table_too_large", "", NULL));
        return;
    }
    p->cells.len = 0;
    buf_clear(&p->row_text);
    while (p->rc == RC_OK && p->row + 1 < number)
        give_row(p, ++p->row);
    p->row = number;
    p->column = (size_t)-1;
}

static void begin_cell(struct parse *p, const char **attrs)
{
    const char *t = attr(attrs, "t"), *s = attr(attrs, "s");
    p->column++;
    if (!column_of(attr(attrs, "r"), &p->column)) {
        stop_bad(p, "a cell's place");
        return;
    }
    if (p->column >= p->x->limits.columns)
        stop(p, err_set(p->e, RC_UNPROCESSABLE, "table_too_wide", "", "%zu", p->x->limits.columns));
    p->style = s ? style_number(s) : -1;
    p->kind = !t || strcmp(t, "n") == 0 ? KIND_NUMBER
              : strcmp(t, "s") == 0     ? KIND_SHARED
              : strcmp(t, "b") == 0     ? KIND_BOOL
              : strcmp(t, "e") == 0     ? KIND_ERROR
                                        : KIND_TEXT;
    buf_clear(&p->value);
}

static void sheet_start(struct parse *p, const char *name, const char **attrs)
{
    if (strcmp(name, "row") == 0)
        begin_row(p, attrs);
    else if (strcmp(name, "c") == 0)
        begin_cell(p, attrs);
    else if (strcmp(name, "rPh") == 0)
        p->phonetic = true;
    else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        p->in_text = !p->phonetic;
}
static void sheet_end(struct parse *p, const char *name)
{
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        p->in_text = false;
    else if (strcmp(name, "rPh") == 0)
        p->phonetic = false;
    else if (strcmp(name, "c") == 0 && p->row > 0)
        put_value(p);
    else if (strcmp(name, "row") == 0 && p->row > 0)
        give_row(p, p->row);
}

/* ---- outside ---- */

static enum rc read_strings(struct xlsx *x, struct err *e)
{
    struct parse p = {.x = x, .start = strings_start, .end = strings_end, .chars = add_chars};
    x->has_strings = true;
    enum rc rc = parse_part(&p, "xl/sharedStrings.xml", e);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc open_parts(struct xlsx *x, struct err *e)
{
    struct parse book = {.x = x, .start = workbook_start}, relations = {.x = x, .start = relations_start},
                 styles = {.x = x, .start = styles_start, .end = styles_end};
    if (zip_get_num_entries(x->zip, 0) > ENTRIES_MOST)
        return bad(e, "too many parts");
    enum rc rc = parse_part(&book, "xl/workbook.xml", e);
    if (rc == RC_NOT_FOUND)
        return bad(e, "no workbook in it");
    TRY(rc);
    rc = parse_part(&relations, "xl/_rels/workbook.xml.rels", e);
    if (rc == RC_NOT_FOUND || x->sheets.len == 0)
        return bad(e, "no sheets in it");
    TRY(rc);
    rc = parse_part(&styles, "xl/styles.xml", e);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc xlsx_open(struct xlsx **out, const char *path, const struct xlsx_limits *limits, struct err *e)
{
    struct xlsx *x = calloc(1, sizeof *x);
    int why;
    if (!x)
        abort();
    x->limits = limits ? *limits : xlsx_default_limits;
    x->zip = zip_open(path, ZIP_RDONLY, &why);
    enum rc rc = x->zip ? open_parts(x, e) : bad(e, "not a zip archive");
    if (rc != RC_OK) {
        xlsx_close(x);
        return rc;
    }
    *out = x;
    return RC_OK;
}

size_t xlsx_sheets(const struct xlsx *x)
{
    return x->sheets.len;
}
struct str xlsx_sheet_name(const struct xlsx *x, size_t i)
{
    return text(x, x->sheets.ptr[i].name);
}

enum rc xlsx_read(struct xlsx *x, size_t sheet,
                  enum rc (*row)(void *arg, int64_t number, const struct str *cells, size_t n, struct err *e),
                  void *arg, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct parse p = {.x = x, .start = sheet_start, .end = sheet_end, .chars = add_chars, .on_row = row, .arg = arg};
    if (!x->has_strings)
        TRY(read_strings(x, e));
    struct str target = text(x, x->sheets.ptr[sheet].target);
    const char *part = target.len && target.ptr[0] == '/' ? str_cdup(&a, (struct str){target.ptr + 1, target.len - 1})
                                                          : str_fmt(&a, "xl/%.*s", STR_ARG(target)).ptr;
    enum rc rc = parse_part(&p, part, e);
    if (rc == RC_NOT_FOUND)
        rc = bad(e, "a sheet that is not there");
    vec_free(&p.cells);
    vec_free(&p.views);
    buf_free(&p.row_text);
    arena_free(&a);
    return rc == RC_DONE ? RC_OK : rc;
}

void xlsx_close(struct xlsx *x)
{
    if (!x)
        return;
    if (x->zip)
        zip_discard(x->zip);
    vec_free(&x->sheets);
    vec_free(&x->strings);
    vec_free(&x->is_date);
    vec_free(&x->date_formats);
    buf_free(&x->text);
    free(x);
}
