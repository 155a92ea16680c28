/* Are tasks done in time, how long do they take, is a result left: of the tasks that were due in a period. */
#include "base/i18n.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"
#include <math.h>

#define REAL_RESULT 10 /* characters: less is "ok" and "done" */

enum { DUE, ON_TIME, LATE, OVERDUE, NOT_YET, RESULTS, COLUMNS };
static const char *const counted[] = {"due", "on_time", "done_late", "overdue_now", "not_yet", "results"};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"due", RT_INT, .drill = true, .events = true},
    {"on_time", RT_INT, .drill = true, .events = true},
    {"on_time_rate", RT_RATE},
    {"on_time_low", RT_RATE},
    {"on_time_high", RT_RATE},
    {"done_late", RT_INT, .drill = true, .events = true},
    {"overdue_now", RT_INT, .drill = true, .events = true},
    {"not_yet", RT_INT, .drill = true, .events = true},
    {"results", RT_INT, .drill = true, .events = true},
    {"result_rate", RT_RATE},
    {"median_hours", RT_HOURS},
    {"p90_hours", RT_HOURS},
};
static const struct report_param params[] = {PEOPLE_PARAMS};

struct discipline {
    struct people p;
    struct tally t;
    struct people_values took; /* from being set to being done */
    int64_t n[COLUMNS];
    int64_t no_date; /* set in the period, without a time to be done by */
};

static void put(struct discipline *d, size_t row, int column, int64_t id)
{
    tally_add(&d->t, row, (size_t)column, id);
    d->n[column]++;
}

static void scan(struct discipline *d)
{
    struct people *p = &d->p;
    const struct facts *tasks = &p->view.facts[FACT_TASK];
    struct fact_column owner = people_column(p, FACT_TASK, TASK_OWNER_ID),
                       due = people_column(p, FACT_TASK, TASK_DUE_AT), done = people_column(p, FACT_TASK, TASK_DONE),
                       at = people_column(p, FACT_TASK, TASK_DONE_AT),
                       result = people_column(p, FACT_TASK, TASK_RESULT);
    for (size_t i = 0; i < tasks->n; i++) {
        int64_t by = fact_get(&due, i), id = tasks->ids[i];
        if (by == FACT_NULL)
            d->no_date +=
                tasks->created_at[i] >= p->from && tasks->created_at[i] < p->to && people_has(p, FACT_TASK, i);
        if (by < p->from || by >= p->to || !people_has(p, FACT_TASK, i))
            continue;
        size_t row = people_row(p, fact_id(&owner, i), by);
        if (row == PEOPLE_NO_ROW)
            continue;
        bool is_done = fact_id(&done, i) != 0;
        int64_t when = fact_get(&at, i);
        if (!is_done && by >= p->as_of) {
            put(d, row, NOT_YET, id);
            continue;
        }
        put(d, row, DUE, id);
        put(d, row, !is_done ? OVERDUE : when == FACT_NULL || when <= by ? ON_TIME : LATE, id);
        if (is_done && fact_id(&result, i) >= REAL_RESULT)
            put(d, row, RESULTS, id);
        if (is_done && when != FACT_NULL && when >= tasks->created_at[i])
            people_value(&d->took, row, when - tasks->created_at[i]);
    }
}

static void put_rows(struct discipline *d)
{
    struct people *p = &d->p;
    struct report_table *t = &p->result->main;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1),
            *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1);
    for (size_t i = 0; i < p->n_rows; i++) {
        k[i] = tally_of(&d->t, i, ON_TIME);
        n[i] = tally_of(&d->t, i, DUE);
    }
    struct people_rate *rates = people_rates(p->call, p->result, k, n, p->n_rows, p->by <= PEOPLE_TEAM);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_rows; i++) {
        int64_t done = k[i] + tally_of(&d->t, i, LATE), results = tally_of(&d->t, i, RESULTS);
        if (p->by <= PEOPLE_TEAM && n[i] == 0 && tally_of(&d->t, i, NOT_YET) == 0)
            continue;
        struct cell row[] = {cell_s(p->rows[i].name),
                             cell_i(n[i]),
                             cell_i(k[i]),
                             cell_null(),
                             cell_null(),
                             cell_null(),
                             cell_i(tally_of(&d->t, i, LATE)),
                             cell_i(tally_of(&d->t, i, OVERDUE)),
                             cell_i(tally_of(&d->t, i, NOT_YET)),
                             cell_i(results),
                             done >= PEOPLE_FEW ? cell_f((double)results / (double)done) : cell_null(),
                             cell_f(people_quantile(&d->took, p->n_rows, i, 0.5) / MS_HOUR),
                             cell_f(people_quantile(&d->took, p->n_rows, i, 0.9) / MS_HOUR)};
        people_rate_cells(row + 3, &rates[i]);
        report_row_key(t, p->rows[i].key, row);
    }
}

static void put_summary(struct discipline *d)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    int64_t *n = d->n, done = n[ON_TIME] + n[LATE];
    double median = people_quantile(&d->took, p->n_rows, SIZE_MAX, 0.5) / MS_HOUR;
    for (int i = 0; i < COLUMNS; i++)
        report_sum_counted(p->result, counted[i], n[i]);
    struct cell rate[3];
    pop_rate(rate, n[ON_TIME], n[DUE]);
    report_sum(p->result, "on_time_rate", RT_RATE, rate[0]);
    report_sum(p->result, "on_time_low", RT_RATE, rate[1]);
    report_sum(p->result, "on_time_high", RT_RATE, rate[2]);
    report_sum(p->result, "result_rate", RT_RATE,
               done >= PEOPLE_FEW ? cell_f((double)n[RESULTS] / (double)done) : cell_null());
    report_sum(p->result, "median_hours", RT_HOURS, cell_f(median));
    report_sum(p->result, "p90_hours", RT_HOURS, cell_f(people_quantile(&d->took, p->n_rows, SIZE_MAX, 0.9) / MS_HOUR));
    if (n[DUE] >= PEOPLE_FEW) {
        struct str args[] = {report_percent(c->arena, c->lang, (double)n[ON_TIME] / (double)n[DUE]),
                             str_fmt(c->arena, "%lld", (long long)n[DUE]),
                             str_fmt(c->arena, "%lld", (long long)n[OVERDUE]),
                             report_number(c->arena, c->lang, median, 1)};
        report_verdict(c, p->result, done ? "task_discipline" : "task_discipline_none", args, 4);
    }
    if (d->no_date > 0) {
        struct str count = str_fmt(c->arena, "%lld", (long long)d->no_date);
        report_note(c, p->result, "tasks_no_date", &count, 1);
    }
    people_notes(p, n[DUE] + n[NOT_YET]);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct discipline d = {0};
    enum rc rc;
    TRY_OUT(people_read(&d.p, c, r, &(struct people_spec){.facts = {FACT_TASK}, .n_facts = 1}, e));
    people_lock(&d.p);
    r->noun = ENT_TASK;
    d.t = tally_new(c, r, "rows", d.p.n_rows, people_keys(&d.p), counted, COLUMNS);
    scan(&d);
    people_unlock(&d.p);
    people_sorted(&d.took, c->arena, d.p.n_rows);
    put_summary(&d);
    put_rows(&d);
    rc = RC_OK;
out:
    people_free(&d.p);
    return rc;
}

const struct report report_task_discipline = {
    .id = "task_discipline",
    .question = "report.task_discipline.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "people",
    .definition = 1,
    .chart = {CHART_DOTS, NULL, "group", "on_time_rate", NULL, "on_time_low", "on_time_high"}};
