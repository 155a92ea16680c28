/* The rows of a list of opportunities as events, and how names of two files find each other. */
#include "base/money.h"
#include "base/time.h"
#include "crm/import_list.h"

/* ---- names ---- */

struct list_names list_names_new(const char *what)
{
    return (struct list_names){.what = what, .exact = strmap_new(), .loose = strmap_new()};
}

void list_names_free(struct list_names *n)
{
    strmap_free(n->exact);
    strmap_free(n->loose);
    vec_free(&n->name);
    vec_free(&n->row);
    vec_free(&n->line);
}

/* Folded, without blanks and marks of ASCII: "GTX Pro" and "GTXPro" are one. */
static struct str loose_key(struct arena *a, struct str name)
{
    struct str s = str_fold(a, name);
    char *p = (char *)s.ptr;
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            p[n++] = (char)c;
    }
    return (struct str){p, n};
}

static size_t add(struct list_names *n, struct arena *a, struct str name, int64_t row, int64_t line)
{
    int64_t i = (int64_t)n->name.len, known;
    struct str loose = loose_key(a, name);
    vec_push(&n->name, name);
    vec_push(&n->row, row);
    vec_push(&n->line, line);
    strmap_put(n->exact, str_fold(a, name), i);
    if (loose.len && !strmap_get(n->loose, loose, &known))
        strmap_put(n->loose, loose, i);
    return (size_t)i;
}

size_t list_name(struct list_names *n, struct arena *a, struct str name, struct str file, int64_t line,
                 struct import_notes *notes)
{
    int64_t i;
    bool exact = strmap_get(n->exact, str_fold(a, name), &i);
    if (!exact && strmap_get(n->loose, loose_key(a, name), &i)) {
        import_notes_add(notes, "loose_match", file, line, "%s \"%.*s\" is taken as \"%.*s\"", n->what, STR_ARG(name),
                         STR_ARG(n->name.ptr[i]));
        return (size_t)i;
    }
    if (!exact)
        i = (int64_t)add(n, a, name, -1, line);
    if (n->from_file && (size_t)i >= n->from_file)
        import_notes_add(notes, strcmp(n->what, "company") == 0 ? "unknown_company" : "unknown_product", file, line,
                         "%s \"%.*s\" is not in its file and was created", n->what, STR_ARG(name));
    return (size_t)i;
}

enum rc list_names_fill(struct list_names *n, struct arena *a, struct table *t, struct str column, struct err *e)
{
    int col;
    TRY(table_column(t, column, &col, e));
    for (size_t i = 0; i < t->row.len; i++) {
        struct str name = table_at(t, i, col);
        int64_t known;
        if (name.len && !strmap_get(n->exact, str_fold(a, name), &known))
            add(n, a, name, (int64_t)i, t->line.ptr[i]);
    }
    n->from_file = n->name.len;
    return RC_OK;
}

/* ---- rows ---- */

struct columns {
    int title, owner, company, product, stage, start, close, value;
};

struct rows {
    struct list_run *r;
    struct columns col;
    struct strmap *titles, *stages, *users;
};

struct opportunity {
    struct str title, stage, owner;
    size_t row;
    int64_t line, start, close, value;
    bool has_start, has_close;
};

static bool refuse(struct rows *x, const struct opportunity *o, enum import_reason why, const char *what, struct str v)
{
    import_bad_add(x->r->bad, why, o->line, what, v);
    return false;
}

static bool plain(struct rows *x, const struct opportunity *o, struct str s, size_t most, const char *what)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return refuse(x, o, BAD_TEXT, what, s);
    return str_utf8_len(s) <= most || refuse(x, o, TOO_LONG, what, s);
}

static bool moment(struct rows *x, const struct opportunity *o, int col, const char *what, int64_t *at, bool *has)
{
    struct str s = table_at(&x->r->deals, o->row, col);
    *has = s.len > 0;
    if (!s.len)
        return true;
    bool good = x->r->map.at_format.len ? time_parse_as(s, x->r->map.at_format.ptr, at) : time_parse(s, at);
    return (good && *at > INT64_C(-2208988800000) && *at < INT64_C(7258118400000)) || refuse(x, o, BAD_TIME, what, s);
}

static bool names_good(struct rows *x, struct opportunity *o)
{
    const struct table *t = &x->r->deals;
    int64_t known;
    o->title = table_at(t, o->row, x->col.title);
    o->stage = table_at(t, o->row, x->col.stage);
    o->owner = table_at(t, o->row, x->col.owner);
    if (!o->title.len)
        return refuse(x, o, EMPTY_CASE, "no name", STR_NULL);
    if (!o->stage.len)
        return refuse(x, o, EMPTY_STAGE, "no stage", STR_NULL);
    if (strmap_get(x->titles, o->title, &known))
        return refuse(x, o, CASE_REPEATED, "named before", o->title);
    return plain(x, o, o->title, 200, "name") && plain(x, o, o->stage, 120, "stage") &&
           plain(x, o, o->owner, 120, "owner") && plain(x, o, table_at(t, o->row, x->col.company), 200, "company") &&
           plain(x, o, table_at(t, o->row, x->col.product), 200, "product");
}

static bool check(struct rows *x, struct opportunity *o)
{
    if (!names_good(x, o) || !moment(x, o, x->col.start, "start", &o->start, &o->has_start) ||
        !moment(x, o, x->col.close, "close", &o->close, &o->has_close))
        return false;
    struct str value = table_at(&x->r->deals, o->row, x->col.value);
    o->value = EVENT_NO_AMOUNT;
    if (value.len && (!money_parse(value, x->r->exponent, &o->value) || o->value < 0 || o->value > MONEY_MOST))
        return refuse(x, o, BAD_AMOUNT, "value", value);
    return !o->has_start || !o->has_close || o->close >= o->start ||
           refuse(x, o, BAD_ORDER, "closed before its start", STR_NULL);
}

/* Index of a name in a list of the log, adding it. */
#define NAME_INDEX(map, list, name, out)                                                                               \
    do {                                                                                                               \
        if (!strmap_get((map), (name), (out))) {                                                                       \
            *(out) = (int64_t)(list)->len;                                                                             \
            vec_push((list), (name));                                                                                  \
            strmap_put((map), (name), *(out));                                                                         \
        }                                                                                                              \
    } while (0)

static enum rc stage_index(struct rows *x, struct str stage, int64_t *i, struct err *e)
{
    NAME_INDEX(x->stages, &x->r->log.stages, stage, i);
    return *i < EVENT_STAGES_MOST ? RC_OK
                                  : err_set(e, RC_UNPROCESSABLE, "too_many_stages", "", "%d", EVENT_STAGES_MOST);
}

static enum rc event(struct rows *x, const struct opportunity *o, struct str stage, int64_t at, int64_t amount,
                     struct err *e)
{
    struct event_log *log = &x->r->log;
    int64_t stage_i, user = -1;
    TRY(stage_index(x, stage, &stage_i, e));
    if (o->owner.len)
        NAME_INDEX(x->users, &log->users, o->owner, &user);
    vec_push(&log->deal, (uint32_t)log->cases.len - 1);
    vec_push(&log->line, (uint32_t)o->line);
    vec_push(&log->stage, (uint16_t)stage_i);
    vec_push(&log->user, (uint32_t)(user + 1));
    vec_push(&log->at, at);
    vec_push(&log->amount, amount);
    return RC_OK;
}

static bool closes(const struct list_map *map, struct arena *a, struct str stage)
{
    const struct import_names *lists[] = {&map->won, &map->lost};
    struct str folded = str_fold(a, stage);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->n; i++)
            if (str_eq(str_fold(a, str_c(lists[k]->name[i])), folded))
                return true;
    return false;
}

/* What the row lacks is told, so that nobody wonders later. */
static void note_gaps(struct rows *x, const struct opportunity *o, bool closed)
{
    struct list_run *r = x->r;
    const struct {
        bool missing;
        const char *code, *text;
    } gaps[] = {
        {x->col.start >= 0 && !o->has_start, "no_start",
         closed && o->has_close ? "no start: the deal begins with its closing"
                                : "no start: the deal begins with this import"},
        {closed && !o->has_close, "no_close", "no closing date: the deal is closed with this import"},
        {x->col.company >= 0 && !table_at(&r->deals, o->row, x->col.company).len, "no_company", "no company"},
        {x->col.product >= 0 && !table_at(&r->deals, o->row, x->col.product).len, "no_product", "no product"},
        {x->col.owner >= 0 && !o->owner.len, "no_owner", "no owner"},
    };
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        if (gaps[i].missing)
            import_notes_add(r->notes, gaps[i].code, r->deals.file, o->line, "%s", gaps[i].text);
}

static uint32_t joined(struct rows *x, struct list_names *names, const struct opportunity *o, int col)
{
    struct str name = table_at(&x->r->deals, o->row, col);
    if (!name.len)
        return 0;
    return (uint32_t)list_name(names, &x->r->arena, name, x->r->deals.file, o->line, x->r->notes) + 1;
}

static enum rc keep(struct rows *x, struct opportunity *o, struct err *e)
{
    struct list_run *r = x->r;
    bool closed = closes(&r->map, &r->arena, o->stage);
    note_gaps(x, o, closed);
    strmap_put(x->titles, o->title, (int64_t)r->log.cases.len);
    vec_push(&r->log.cases, o->title);
    vec_push(&r->log.case_line, (uint32_t)o->line);
    uint32_t company = joined(x, &r->company, o, x->col.company), product = joined(x, &r->product, o, x->col.product);
    vec_push(&r->company_of, company);
    vec_push(&r->product_of, product);
    if (!closed)
        return event(x, o, o->stage, o->has_start ? o->start : r->now, o->value, e);
    if (o->has_start && r->map.start_stage.len)
        TRY(event(x, o, r->map.start_stage, o->start, EVENT_NO_AMOUNT, e));
    return event(x, o, o->stage, o->has_close ? o->close : r->now, o->value, e);
}

static enum rc find_columns(struct rows *x, struct err *e)
{
    struct table *t = &x->r->deals;
    const struct list_map *m = &x->r->map;
    const struct {
        struct str name;
        int *to;
    } all[] = {{m->title, &x->col.title},     {m->owner, &x->col.owner}, {m->company, &x->col.company},
               {m->product, &x->col.product}, {m->stage, &x->col.stage}, {m->start, &x->col.start},
               {m->close, &x->col.close},     {m->value, &x->col.value}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        TRY(table_column(t, all[i].name, all[i].to, e));
    return RC_OK;
}

static enum rc read_all(struct rows *x, struct err *e)
{
    struct list_run *r = x->r;
    int64_t i;
    TRY(find_columns(x, e));
    for (size_t k = 0; k < r->map.n_stages; k++)
        TRY(stage_index(x, r->map.stages[k], &i, e));
    r->bad->file = r->deals.file;
    for (size_t k = 0; k < r->deals.row.len; k++) {
        struct opportunity o = {.row = k, .line = r->deals.line.ptr[k]};
        if (check(x, &o))
            TRY(keep(x, &o, e));
    }
    return RC_OK;
}

enum rc list_events(struct list_run *r, struct err *e)
{
    struct rows x = {.r = r, .titles = strmap_new(), .stages = strmap_new(), .users = strmap_new()};
    enum rc rc = read_all(&x, e);
    strmap_free(x.titles);
    strmap_free(x.stages);
    strmap_free(x.users);
    return rc;
}
