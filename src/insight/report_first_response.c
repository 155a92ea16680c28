/* How soon new deals are answered, in working time, and how often within the time that their funnel allows. */
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"
#include <math.h>

enum { ASKED, IN_TIME, LATE, SILENT, NOT_YET, COLUMNS };
static const char *const counted[] = {"asked", "in_time", "answered_late", "unanswered", "answer_not_yet"};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"asked", RT_INT, .drill = true},
    {"in_time", RT_INT, .drill = true},
    {"in_time_rate", RT_RATE},
    {"in_time_low", RT_RATE},
    {"in_time_high", RT_RATE},
    {"answered_late", RT_INT, .drill = true},
    {"unanswered", RT_INT, .drill = true},
    {"answer_not_yet", RT_INT, .drill = true},
    {"median_hours", RT_HOURS},
    {"p90_hours", RT_HOURS},
};
static const struct report_param params[] = {POP_PARAMS};

struct answers {
    struct pop p;
    struct tally t;
    struct people_values took; /* a row a group, one more of all */
    int64_t n[COLUMNS], no_due;
    struct people_clock clock;
};

static void put(struct answers *a, const struct pop_deal *d, int column, int64_t id)
{
    tally_add(&a->t, d->group, (size_t)column, id);
    a->n[column] += !d->again;
}

static void scan(struct answers *a)
{
    struct pop *p = &a->p;
    struct fact_column due = pop_column(p, DEAL_FIRST_RESPONSE_DUE_AT), at = pop_column(p, DEAL_FIRST_RESPONSE_AT),
                       owner = pop_column(p, DEAL_OWNER_ID);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t by = fact_get(&due, d->row), when = fact_get(&at, d->row), id = pop_id(p, d);
        int64_t made = p->deals->created_at[d->row];
        bool answered = when != FACT_NULL && when <= p->as_of;
        if (by == FACT_NULL) {
            a->no_due += !d->again;
            continue;
        }
        if (!answered && by > p->as_of) {
            put(a, d, NOT_YET, id);
        } else {
            put(a, d, ASKED, id);
            put(a, d, !answered ? SILENT : when <= by ? IN_TIME : LATE, id);
        }
        int64_t took = people_worked(&a->clock, fact_id(&owner, d->row), made, answered ? when : p->as_of);
        int64_t time = people_time(took, answered);
        people_value(&a->took, d->group, time);
        if (!d->again)
            people_value(&a->took, p->n_groups, time);
    }
}

static double hours(const struct answers *a, size_t row, double q)
{
    return people_time_quantile(&a->took, a->p.n_groups + 1, row, q) / MS_HOUR;
}

static struct people_rate *put_rows(struct answers *a)
{
    struct pop *p = &a->p;
    const struct report_call *c = p->call;
    struct report_table *t = &p->result->main;
    int64_t *k = ARENA_ARRAY(c->arena, int64_t, p->n_groups + 1), *n = ARENA_ARRAY(c->arena, int64_t, p->n_groups + 1);
    for (size_t i = 0; i < p->n_groups; i++) {
        k[i] = tally_of(&a->t, i, IN_TIME);
        n[i] = tally_of(&a->t, i, ASKED);
    }
    struct people_rate *rates = people_rates(c, p->result, k, n, p->n_groups, people_of_pop(p));
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_groups; i++) {
        struct cell row[] = {cell_s(p->groups[i].name),
                             cell_i(n[i]),
                             cell_i(k[i]),
                             cell_null(),
                             cell_null(),
                             cell_null(),
                             cell_i(tally_of(&a->t, i, LATE)),
                             cell_i(tally_of(&a->t, i, SILENT)),
                             cell_i(tally_of(&a->t, i, NOT_YET)),
                             cell_f(hours(a, i, 0.5)),
                             cell_f(hours(a, i, 0.9))};
        people_rate_cells(row + 3, &rates[i]);
        if (n[i] + tally_of(&a->t, i, NOT_YET) > 0)
            report_row_key(t, p->groups[i].key, row);
    }
    return rates;
}

static void put_verdict(struct answers *a, const struct people_rate *rates)
{
    struct pop *p = &a->p;
    const struct report_call *c = p->call;
    if (a->n[ASKED] < PEOPLE_FEW)
        return;
    double rate = (double)a->n[IN_TIME] / (double)a->n[ASKED], median = hours(a, p->n_groups, 0.5);
    size_t worst = p->n_groups > 1 ? people_outlier(rates, p->n_groups, rate, false) : SIZE_MAX;
    struct str args[] = {report_percent(c->arena, c->lang, rate),
                         people_count(c, a->n[ASKED]),
                         report_number(c->arena, c->lang, median, 1),
                         people_count(c, a->n[SILENT]),
                         worst != SIZE_MAX ? p->groups[worst].name : STR(""),
                         worst != SIZE_MAX ? report_percent(c->arena, c->lang, rates[worst].rate) : STR("")};
    const char *code = isnan(median)       ? "first_response_slow"
                       : worst != SIZE_MAX ? "first_response_worst"
                                           : "first_response";
    report_verdict(c, p->result, code, args, 6);
}

static void put_summary(struct answers *a)
{
    struct pop *p = &a->p;
    struct cell rate[3];
    for (int i = 0; i < COLUMNS; i++)
        report_sum_counted(p->result, counted[i], a->n[i]);
    pop_rate(rate, a->n[IN_TIME], a->n[ASKED]);
    report_sum(p->result, "in_time_rate", RT_RATE, rate[0]);
    report_sum(p->result, "in_time_low", RT_RATE, rate[1]);
    report_sum(p->result, "in_time_high", RT_RATE, rate[2]);
    report_sum(p->result, "median_hours", RT_HOURS, cell_f(hours(a, p->n_groups, 0.5)));
    report_sum(p->result, "p90_hours", RT_HOURS, cell_f(hours(a, p->n_groups, 0.9)));
    if (a->no_due > 0) {
        struct str count = people_count(p->call, a->no_due);
        report_note(p->call, p->result, "no_answer_due", &count, 1);
    }
    pop_notes(p);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct answers a = {0};
    enum rc rc;
    if (people_hidden(c, r, ENT_DEAL, DEAL_FIRST_RESPONSE_AT, columns, sizeof columns / sizeof *columns))
        return RC_OK;
    TRY_OUT(pop_read(&a.p, c, r, &(struct pop_spec){.by = "owner", .last_days = 90}, e));
    TRY_OUT(people_clock(c, &a.clock, e));
    pop_lock(&a.p);
    a.t = tally_new(c, r, "rows", a.p.n_groups, pop_keys(&a.p), counted, COLUMNS);
    scan(&a);
    pop_unlock(&a.p);
    people_sorted(&a.took, c->arena, a.p.n_groups + 1);
    TRY_OUT(pop_names(&a.p, e));
    put_summary(&a);
    put_verdict(&a, put_rows(&a));
out:
    vec_free(&a.took.all);
    pop_free(&a.p);
    return rc;
}

const struct report report_first_response = {
    .id = "first_response",
    .question = "report.first_response.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "people",
    .definition = 1,
    .chart = {CHART_DOTS, NULL, "group", "in_time_rate", NULL, "in_time_low", "in_time_high"}};
