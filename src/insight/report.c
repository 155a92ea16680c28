#include "insight/report.h"
#include "base/i18n.h"
#include "base/time.h"
#include "crm/fields.h"
#include "insight/conversion.h"
#include "insight/discipline.h"
#include <math.h>

const char *const report_type_names[] = {"text", "int", "days", "rate", "time"};
const struct report *const reports[] = {&report_conversion, &report_discipline};
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

enum rc report_run(const struct report *report, const struct report_call *c, struct report_result *r, struct err *e)
{
    *r = (struct report_result){.report = report};
    TRY(check_args(report, c, e));
    return report->run(c, r, e);
}

void report_result_free(struct report_result *r)
{
    vec_free(&r->params);
    vec_free(&r->summary);
    vec_free(&r->notes);
    vec_free(&r->main.cells);
    for (size_t i = 0; i < r->n_tables; i++)
        vec_free(&r->tables[i].cells);
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

void report_sum(struct report_result *r, const char *key, enum report_type type, struct cell value)
{
    struct report_item item = {key, type, value};
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
