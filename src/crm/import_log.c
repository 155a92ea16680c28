/* Reading an event log into compact columns. */
#include "base/money.h"
#include "base/time.h"
#include "crm/fields.h"
#include "crm/import.h"
#include <stdio.h>

const char *const import_reason_codes[IMPORT_REASONS] = {
    "bad_row",     "bad_columns", "bad_utf8", "bad_text",    "bad_time",      "bad_amount", "empty_case",
    "empty_stage", "empty_time",  "too_long", "case_exists", "case_repeated", "bad_order",
};

/* At most 80 bytes of it, bytes that are no text shown as '?'. */
static struct str printable(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, 88);
    size_t n = s.len < 80 ? s.len : 80;
    while (n < s.len && n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
        n--;
    bool text = str_utf8_valid((struct str){s.ptr, n});
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        p[i] = (char)(c < 0x20 || c == 0x7f || (c >= 0x80 && !text) ? '?' : c);
    }
    if (n < s.len) {
        memcpy(p + n, "...", 3);
        n += 3;
    }
    p[n] = 0;
    return (struct str){p, n};
}

void import_bad_add(struct import_bad *b, enum import_reason why, int64_t line, const char *what, struct str value)
{
    b->count[why]++;
    if (b->total++ >= IMPORT_BAD_KEPT)
        return;
    struct import_bad_row *r = &b->row[b->total - 1];
    *r = (struct import_bad_row){.line = line, .why = why, .file = str_dup(&b->arena, b->file)};
    struct str shown = printable(&b->arena, value);
    r->text = value.ptr ? str_fmt(&b->arena, "%s: \"%.*s\"", what, STR_ARG(shown)) : str_fmt(&b->arena, "%s", what);
}

void import_bad_put(struct jw *w, const struct import_bad *b)
{
    jw_ki64(w, "bad_total", b->total);
    jw_key(w, "bad_by_reason");
    jw_obj(w);
    for (int i = 0; i < IMPORT_REASONS; i++)
        if (b->count[i])
            jw_ki64(w, import_reason_codes[i], b->count[i]);
    jw_end_obj(w);
    jw_key(w, "bad_rows");
    jw_arr(w);
    for (size_t i = 0; i < import_bad_kept(b); i++) {
        const struct import_bad_row *r = &b->row[i];
        jw_obj(w);
        if (r->file.len)
            jw_kstr(w, "file", r->file);
        jw_ki64(w, "line", r->line);
        jw_kc(w, "code", import_reason_codes[r->why]);
        jw_kstr(w, "text", r->text);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

/* One name a number, in order of first appearance; the last one is remembered, because rows of a case stand together.
 */
struct names {
    struct strmap *map;
    struct str last;
    int64_t last_id;
};

struct reader {
    struct csv *csv;
    const struct import_columns *cols;
    struct event_log *log;
    struct import_bad *bad;
    size_t width; /* columns of the header */
    int case_id, stage, at, user, amount;
    struct names cases, stages, users;
    struct err *e;
};

static int64_t name_find(struct names *m, struct str s)
{
    int64_t id;
    if (m->last.ptr && str_eq(m->last, s))
        return m->last_id;
    return strmap_get(m->map, s, &id) ? id : -1;
}

static void name_remember(struct names *m, struct str kept, int64_t id)
{
    m->last = kept;
    m->last_id = id;
}

static enum rc column(struct reader *r, const struct str *fields, const char *name, int *out)
{
    *out = -1;
    if (!name)
        return RC_OK;
    struct str wanted = str_trim(str_c(name));
    for (size_t i = 0; i < r->width; i++) {
        if (!str_eq(str_trim(fields[i]), wanted))
            continue;
        if (*out >= 0)
            return err_set(r->e, RC_UNPROCESSABLE, "repeated_column", "", "%s", name);
        *out = (int)i;
    }
    return *out < 0 ? err_set(r->e, RC_UNPROCESSABLE, "no_column", "", "%s", name) : RC_OK;
}

static enum rc header(struct reader *r)
{
    const struct str *fields;
    size_t n;
    enum rc rc = csv_next(r->csv, &fields, &n, r->e);
    if (rc == RC_DONE)
        return err_set(r->e, RC_UNPROCESSABLE, "no_header", "", NULL);
    if (rc != RC_ROW)
        return rc;
    r->width = n;
    TRY(column(r, fields, r->cols->case_id, &r->case_id));
    TRY(column(r, fields, r->cols->stage, &r->stage));
    TRY(column(r, fields, r->cols->at, &r->at));
    TRY(column(r, fields, r->cols->user, &r->user));
    return column(r, fields, r->cols->amount, &r->amount);
}

static bool refuse(struct reader *r, enum import_reason why, const char *what, struct str value)
{
    import_bad_add(r->bad, why, csv_line(r->csv), what, value);
    return false;
}

/* A text that a name can be made of; checked only when it is met for the first time. */
static bool usable(struct reader *r, struct str s, size_t most, const char *what)
{
    if (!str_utf8_valid(s))
        return refuse(r, BAD_UTF8, what, s);
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return refuse(r, BAD_TEXT, what, s);
    return str_utf8_len(s) <= most || refuse(r, TOO_LONG, what, s);
}

static bool time_of(struct reader *r, struct str s, int64_t *at)
{
    static const int64_t from = INT64_C(-2208988800000), to = INT64_C(7258118400000); /* 1900 to 2199 */
    if (s.len == 0)
        return refuse(r, EMPTY_TIME, "no time", STR_NULL);
    bool good = r->cols->at_format ? time_parse_as(s, r->cols->at_format, at) : time_parse(s, at);
    if (!good || *at < from || *at >= to)
        return refuse(r, BAD_TIME, "time", s);
    if (!r->cols->at_format)
        import_zone_see(&r->log->zone, s, *at);
    return true;
}

static bool amount_of(struct reader *r, struct str s, int64_t *amount)
{
    *amount = EVENT_NO_AMOUNT;
    if (s.len == 0)
        return true;
    return (money_parse(s, r->cols->exponent, amount) && *amount >= 0 && *amount <= MONEY_MOST) ||
           refuse(r, BAD_AMOUNT, "amount", s);
}

struct row {
    struct str case_id, stage, user;
    int64_t deal_i, stage_i, user_i; /* -1: new */
    int64_t at, amount;
};

/* Everything is checked before anything is kept: a bad row leaves no stage and no user behind. */
static bool check(struct reader *r, const struct str *f, size_t n, struct row *row)
{
    if (n != r->width) {
        char what[80];
        snprintf(what, sizeof what, "%zu columns instead of %zu", n, r->width);
        return refuse(r, BAD_COLUMNS, what, STR_NULL);
    }
    *row = (struct row){.case_id = str_trim(f[r->case_id]), .stage = str_trim(f[r->stage])};
    if (row->case_id.len == 0)
        return refuse(r, EMPTY_CASE, "no case", STR_NULL);
    if (row->stage.len == 0)
        return refuse(r, EMPTY_STAGE, "no stage", STR_NULL);
    row->deal_i = name_find(&r->cases, row->case_id);
    if (row->deal_i < 0 && !usable(r, row->case_id, 200, "case"))
        return false;
    row->stage_i = name_find(&r->stages, row->stage);
    if (row->stage_i < 0 && !usable(r, row->stage, 120, "stage"))
        return false;
    if (r->user >= 0) {
        row->user = str_trim(f[r->user]);
        row->user_i = row->user.len ? name_find(&r->users, row->user) : 0;
        if (row->user_i < 0 && !usable(r, row->user, 120, "user"))
            return false;
    }
    if (r->amount >= 0 && !amount_of(r, str_trim(f[r->amount]), &row->amount))
        return false;
    return time_of(r, str_trim(f[r->at]), &row->at);
}

static enum rc keep_names(struct reader *r, struct row *row)
{
    struct event_log *log = r->log;
    if (row->deal_i < 0) {
        row->case_id = str_dup(&log->arena, row->case_id);
        row->deal_i = (int64_t)log->cases.len;
        vec_push(&log->cases, row->case_id);
        vec_push(&log->case_line, (uint32_t)csv_line(r->csv));
        strmap_put(r->cases.map, row->case_id, row->deal_i);
    }
    name_remember(&r->cases, log->cases.ptr[row->deal_i], row->deal_i);
    if (row->stage_i < 0) {
        if (log->stages.len == EVENT_STAGES_MOST)
            return err_set(r->e, RC_UNPROCESSABLE, "too_many_stages", "", "%d", EVENT_STAGES_MOST);
        row->stage = str_dup(&log->arena, row->stage);
        row->stage_i = (int64_t)log->stages.len;
        vec_push(&log->stages, row->stage);
        strmap_put(r->stages.map, row->stage, row->stage_i);
    }
    name_remember(&r->stages, log->stages.ptr[row->stage_i], row->stage_i);
    if (row->user_i < 0) {
        if (log->users.len == EVENT_USERS_MOST)
            return err_set(r->e, RC_UNPROCESSABLE, "too_many_users", "", "%d", EVENT_USERS_MOST);
        row->user = str_dup(&log->arena, row->user);
        vec_push(&log->users, row->user);
        row->user_i = (int64_t)log->users.len;
        strmap_put(r->users.map, row->user, row->user_i);
    }
    if (row->user_i > 0)
        name_remember(&r->users, log->users.ptr[row->user_i - 1], row->user_i);
    return RC_OK;
}

static enum rc keep(struct reader *r, struct row *row)
{
    struct event_log *log = r->log;
    int64_t line = csv_line(r->csv);
    if (line >= UINT32_MAX || log->at.len >= UINT32_MAX - 1)
        return err_set(r->e, RC_UNPROCESSABLE, "too_many_rows", "", NULL);
    TRY(keep_names(r, row));
    vec_push(&log->deal, (uint32_t)row->deal_i);
    vec_push(&log->line, (uint32_t)line);
    vec_push(&log->stage, (uint16_t)row->stage_i);
    vec_push(&log->at, row->at);
    if (r->user >= 0)
        vec_push(&log->user, (uint32_t)row->user_i);
    if (r->amount >= 0)
        vec_push(&log->amount, row->amount);
    return RC_OK;
}

static enum rc rows(struct reader *r)
{
    const struct str *fields;
    struct row row;
    size_t n;
    for (;;) {
        enum rc rc = csv_next(r->csv, &fields, &n, r->e);
        if (rc == RC_DONE)
            return RC_OK;
        if (rc != RC_ROW && rc != RC_INVALID)
            return rc;
        r->log->rows++;
        if (rc == RC_INVALID)
            refuse(r, BAD_ROW, r->e->arg[0], STR_NULL);
        else if (check(r, fields, n, &row))
            TRY(keep(r, &row));
    }
}

enum rc event_log_read(struct csv *csv, const struct import_columns *cols, struct event_log *out,
                       struct import_bad *bad, struct err *e)
{
    struct err own;
    struct reader r = {.csv = csv, .cols = cols, .log = out, .bad = bad, .e = e ? e : &own};
    memset(out, 0, sizeof *out);
    r.cases.map = strmap_new();
    r.stages.map = strmap_new();
    r.users.map = strmap_new();
    enum rc rc = header(&r);
    if (rc == RC_OK)
        rc = rows(&r);
    strmap_free(r.cases.map);
    strmap_free(r.stages.map);
    strmap_free(r.users.map);
    return rc;
}

void event_log_free(struct event_log *log)
{
    vec_free(&log->deal);
    vec_free(&log->line);
    vec_free(&log->stage);
    vec_free(&log->user);
    vec_free(&log->at);
    vec_free(&log->amount);
    vec_free(&log->cases);
    vec_free(&log->stages);
    vec_free(&log->users);
    vec_free(&log->case_line);
    arena_free(&log->arena);
}
