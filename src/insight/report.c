#include "insight/report.h"
#include "base/i18n.h"
#include "base/time.h"
#include "crm/crm.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/days.h"
#include <math.h>

const char *const report_type_names[] = {"text",  "int",   "days", "rate",   "time", "real",
                                         "money", "hours", "date", "points", "id"};
#define REPORT_ROW_(id) &report_##id,
const struct report *const reports[] = {REPORTS(REPORT_ROW_)};
#undef REPORT_ROW_
const size_t reports_n = sizeof reports / sizeof *reports;

const struct report *report_by_id(struct str id)
{
    for (size_t i = 0; i < reports_n; i++)
        if (str_eqc(id, reports[i]->id))
            return reports[i];
    return NULL;
}

struct str report_question(const struct report *report, const char *lang)
{
    return i18n_text(lang, report->question);
}

enum rc report_bad_param(struct err *e, const char *name, struct str value)
{
    return err_set(e, RC_INVALID, "bad_param", name, "%.*s", (int)(value.len < 100 ? value.len : 100), value.ptr);
}

static enum rc check_args(const struct report *report, const struct report_call *c, struct err *e)
{
    for (size_t i = 0; i < c->n_args; i++) {
        const struct report_param *p = NULL;
        for (size_t k = 0; k < report->n_params; k++)
            if (str_eqc(c->args[i].name, report->params[k].name))
                p = &report->params[k];
        if (p == NULL) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)(c->args[i].name.len < 60 ? c->args[i].name.len : 60),
                     c->args[i].name.ptr);
            return err_set(e, RC_INVALID, "unknown_param", name, "%s", name);
        }
        bool known = p->choices == NULL || c->args[i].value.len == 0;
        for (size_t k = 0; p->choices != NULL && p->choices[k] != NULL; k++)
            known = known || str_eqc(c->args[i].value, p->choices[k]);
        if (!known)
            return report_bad_param(e, p->name, c->args[i].value);
    }
    return RC_OK;
}

/* The period that `compare` names, beside the one of r; as it was written, so that the report reads it like any. */
static enum rc other_period(struct arena *a, struct str compare, const struct report_result *r, struct str *from,
                            struct str *to, struct err *e)
{
    bool from_date, to_date;
    int64_t begin, end;
    char *dots = memmem(compare.ptr, compare.len, "..", 2);
    if (dots != NULL) {
        *from = (struct str){compare.ptr, (size_t)(dots - compare.ptr)};
        *to = (struct str){dots + 2, compare.len - from->len - 2};
        if (!report_time(*from, &begin, &from_date) || !report_time(*to, &end, &to_date) ||
            begin >= end + (to_date ? MS_DAY : 0))
            return report_bad_param(e, "compare", compare);
        return RC_OK;
    }
    if (!str_eqc(compare, "previous") && !str_eqc(compare, "year"))
        return report_bad_param(e, "compare", compare);
    if (!r->has_period)
        return err_set(e, RC_INVALID, "compare_no_period", "compare", NULL);
    int64_t back = str_eqc(compare, "year") ? 365 * MS_DAY : r->to - r->from;
    *from = str_fmt(a, "%lld", (long long)(r->from - back));
    *to = str_fmt(a, "%lld", (long long)(r->to - back));
    return RC_OK;
}

static enum rc run_other(const struct report *report, const struct report_call *c, struct str compare,
                         struct report_result *r, struct err *e)
{
    struct str from, to;
    TRY(other_period(c->arena, compare, r, &from, &to, e));
    struct report_arg *args = ARENA_ARRAY(c->arena, struct report_arg, c->n_args + 2);
    struct report_call call = *c;
    call.args = args;
    call.n_args = 0;
    for (size_t i = 0; i < c->n_args; i++)
        if (!str_eqc(c->args[i].name, "from") && !str_eqc(c->args[i].name, "to"))
            args[call.n_args++] = c->args[i];
    args[call.n_args++] = (struct report_arg){STR("from"), from};
    args[call.n_args++] = (struct report_arg){STR("to"), to};
    r->other = ARENA_NEW(c->arena, struct report_result);
    *r->other = (struct report_result){.report = report};
    return report->run(&call, r->other, e);
}

enum rc report_run(const struct report *report, const struct report_call *c, struct report_result *r, struct err *e)
{
    *r = (struct report_result){.report = report};
    TRY(check_args(report, c, e));
    TRY(report->run(c, r, e));
    struct str compare = report_arg(c, "compare");
    return compare.len > 0 && c->drill == NULL ? run_other(report, c, compare, r, e) : RC_OK;
}

void report_result_free(struct report_result *r)
{
    vec_free(&r->params);
    vec_free(&r->summary);
    vec_free(&r->notes);
    vec_free(&r->deals);
    vec_free(&r->main.cells);
    vec_free(&r->main.keys);
    for (size_t i = 0; i < r->n_tables; i++) {
        vec_free(&r->tables[i].cells);
        vec_free(&r->tables[i].keys);
    }
    if (r->other != NULL)
        report_result_free(r->other);
}

struct str report_arg(const struct report_call *c, const char *name)
{
    for (size_t i = 0; i < c->n_args; i++)
        if (str_eqc(c->args[i].name, name) && c->args[i].value.len > 0)
            return c->args[i].value;
    return STR_NULL;
}

bool report_time(struct str s, int64_t *at, bool *is_date)
{
    int64_t day;
    *is_date = date_parse(s, &day);
    if (*is_date) {
        *at = day * MS_DAY;
        return true;
    }
    return time_parse(s, at) || (str_i64(s, at) && *at >= -TIME_MOST && *at <= TIME_MOST);
}

enum rc report_zone(const struct report_call *c, struct report_result *r, struct zone **zone, struct str *name,
                    struct err *e)
{
    *name = report_arg(c, "time_zone");
    bool asked = name->len > 0;
    if (!asked)
        TRY(setting_get(c->db, c->arena, "time_zone", "Europe/Moscow", name, e));
    if (!str_eqc(*name, "UTC") && !zone_exists(str_cdup(c->arena, *name))) {
        if (asked)
            return report_bad_param(e, "time_zone", *name);
        report_note(c, r, "zone_unknown", name, 1);
        *name = STR("UTC");
    }
    *zone = zone_load(str_cdup(c->arena, *name));
    return RC_OK;
}

enum rc report_when(const struct report_call *c, const struct zone *zone, const char *name, int64_t *at, bool *given,
                    struct err *e)
{
    struct str s = report_arg(c, name);
    bool is_date, to = strcmp(name, "to") == 0;
    int64_t when;
    *given = s.len > 0;
    if (!*given)
        return RC_OK;
    if (!report_time(s, &when, &is_date))
        return report_bad_param(e, name, s);
    *at = is_date && (to || strcmp(name, "from") == 0) ? zone_midnight(zone, when / MS_DAY + to) : when;
    return RC_OK;
}

enum rc report_funnel_of(const struct report_call *c, bool first, int64_t *id, struct str *name, struct err *e)
{
    struct str by_id = report_arg(c, "funnel_id"), by_name = report_arg(c, "funnel");
    struct str asked = by_id.len > 0 ? by_id : by_name, fold = str_fold(c->arena, by_name);
    int64_t wanted = 0;
    bool number = asked.len > 0 && str_i64(asked, &wanted), found = false;
    struct stmt *s;
    enum rc rc;
    *id = asked.len == 0 && first ? REPORT_NO_FUNNEL : 0;
    *name = STR_NULL;
    if (by_id.len > 0 && !number)
        return report_bad_param(e, "funnel_id", by_id);
    if (asked.len == 0 && !first)
        return RC_OK;
    TRY(db_prepare(c->db, &s,
                   "SELECT id, name, name_fold FROM funnel WHERE deleted_at IS NULL ORDER BY archived, position, id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW && !found) {
        int64_t one = stmt_col_i64(s, 0);
        bool named = by_id.len == 0 && by_name.len > 0 && str_eq(stmt_col_str(s, 2), fold);
        bool fits = asked.len == 0 || named || (number && one == wanted);
        if (!fits || !rights_has_funnel(c->rights, one))
            continue;
        found = asked.len == 0 || named || by_id.len > 0; /* a name is worth more than a number */
        *id = one;
        *name = str_dup(c->arena, stmt_col_str(s, 1));
    }
    stmt_done(s);
    if (rc != RC_DONE && rc != RC_ROW)
        return rc;
    if (*id == 0)
        return err_set(e, RC_NOT_FOUND, "funnel_not_found", by_id.len > 0 ? "funnel_id" : "funnel", "%.*s",
                       (int)(asked.len < 100 ? asked.len : 100), asked.ptr);
    return RC_OK;
}

enum rc report_pairs(const struct report_call *c, const char *sql, int64_t (**out)[2], size_t *n, struct err *e)
{
    VEC(int64_t) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s, sql, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        vec_push(&found, stmt_col_i64(s, 0));
        vec_push(&found, stmt_col_i64(s, 1));
    }
    stmt_done(s);
    *n = found.len / 2;
    *out = arena_zalloc(c->arena, (*n + 1) * sizeof **out);
    if (found.len)
        memcpy(*out, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

bool report_takes(const struct report *report, const char *param)
{
    for (size_t i = 0; i < report->n_params; i++)
        if (strcmp(report->params[i].name, param) == 0)
            return true;
    return false;
}

struct report_table *report_table_add(struct report_result *r, const char *id, const struct report_column *columns,
                                      size_t n)
{
    if (r->n_tables == sizeof r->tables / sizeof *r->tables)
        abort();
    struct report_table *t = &r->tables[r->n_tables++];
    *t = (struct report_table){.id = id, .columns = columns, .n_columns = n};
    return t;
}

void report_row(struct report_table *t, const struct cell *cells)
{
    for (size_t i = 0; i < t->n_columns; i++)
        vec_push(&t->cells, cells[i]);
}

void report_row_key(struct report_table *t, int64_t key, const struct cell *cells)
{
    vec_push(&t->keys, key);
    report_row(t, cells);
}

struct tally tally_new(const struct report_call *c, struct report_result *r, const char *table, size_t rows,
                       const int64_t *keys, const char *const *columns, size_t n_columns)
{
    struct tally t = {r, ARENA_ARRAY(c->arena, int64_t, rows * n_columns + 1), rows, n_columns, SIZE_MAX, SIZE_MAX};
    const struct report_drill *d = c->drill;
    for (size_t k = 0; d != NULL && str_eqc(d->table, table) && k < n_columns; k++)
        for (size_t i = 0; str_eqc(d->column, columns[k]) && i < rows; i++)
            if (keys[i] == d->key) {
                t.asked = i * n_columns + k;
                r->drilled = true;
            }
    for (size_t k = 0; d != NULL && str_eqc(d->table, "summary") && !r->drilled && k < n_columns; k++)
        if (str_eqc(d->column, columns[k])) {
            t.summed = k;
            r->drilled = true;
        }
    return t;
}

bool report_asked(const struct report_call *c, struct report_result *r, const char *table, int64_t key,
                  const char *column)
{
    const struct report_drill *d = c->drill;
    bool asked = d != NULL && d->key == key && str_eqc(d->table, table) && str_eqc(d->column, column);
    r->drilled = r->drilled || asked;
    return asked;
}

static bool nought_in(const struct report_table *t, const struct report_drill *d)
{
    for (size_t k = 0; k < t->n_columns; k++)
        for (size_t i = 0; t->columns[k].drill && str_eqc(d->column, t->columns[k].id) && i < t->keys.len; i++) {
            const struct cell *cell = &t->cells.ptr[i * t->n_columns + k];
            if (t->keys.ptr[i] == d->key && cell->kind == CELL_INT && cell->i == 0)
                return true;
        }
    return false;
}

bool report_nought(const struct report_result *r, const struct report_drill *d)
{
    if (str_eqc(d->table, "rows"))
        return nought_in(&r->main, d);
    for (size_t i = 0; i < r->n_tables; i++)
        if (str_eqc(d->table, r->tables[i].id))
            return nought_in(&r->tables[i], d);
    for (size_t i = 0; str_eqc(d->table, "summary") && i < r->summary.len; i++) {
        const struct report_item *item = &r->summary.ptr[i];
        if (item->drill && str_eqc(d->column, item->key))
            return item->value.kind == CELL_INT && item->value.i == 0;
    }
    return false;
}

void report_deal(struct report_result *r, int64_t deal_id)
{
    vec_push(&r->deals, deal_id);
}

void report_sum(struct report_result *r, const char *key, enum report_type type, struct cell value)
{
    struct report_item item = {key, type, value};
    vec_push(&r->summary, item);
}

void report_sum_counted(struct report_result *r, const char *key, int64_t n)
{
    struct report_item item = {key, RT_INT, cell_i(n), true, false};
    vec_push(&r->summary, item);
}

void report_sum_events(struct report_result *r, const char *key, int64_t n)
{
    struct report_item item = {key, RT_INT, cell_i(n), true, true};
    vec_push(&r->summary, item);
}

void report_param_is(struct report_result *r, const char *key, enum report_type type, struct cell value)
{
    struct report_item item = {key, type, value};
    vec_push(&r->params, item);
}

void report_note(const struct report_call *c, struct report_result *r, const char *code, const struct str *args,
                 size_t n)
{
    struct str key = str_fmt(c->arena, "report.note.%s", code);
    struct report_note note = {code, i18n_fill(c->arena, c->lang, key.ptr, args, n)};
    vec_push(&r->notes, note);
}

void report_verdict(const struct report_call *c, struct report_result *r, const char *code, const struct str *args,
                    size_t n)
{
    r->verdict = i18n_fill(c->arena, c->lang, str_fmt(c->arena, "report.verdict.%s", code).ptr, args, n);
}

struct str report_number(struct arena *a, const char *lang, double v, int decimals)
{
    if (!isfinite(v))
        return STR("–");
    struct str s = str_fmt(a, "%.*f", decimals, v);
    if (strcmp(lang, "en") != 0)
        for (size_t i = 0; i < s.len; i++)
            if (s.ptr[i] == '.')
                ((char *)s.ptr)[i] = ',';
    return s;
}

struct str report_percent(struct arena *a, const char *lang, double rate)
{
    struct str s = report_number(a, lang, rate * 100, 1);
    return isfinite(rate) ? str_fmt(a, strcmp(lang, "en") == 0 ? "%.*s%%" : "%.*s %%", STR_ARG(s)) : s;
}
