/* How long clients wait for us: each time a deal is marked as waiting and until it no longer is, or is closed. */
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"
#include <math.h>

enum { WAITS, LONG, STILL, COLUMNS };
static const char *const counted[] = {"waits", "waits_long", "waits_still"};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"waits", RT_INT, .drill = true, .events = true},
    {"waits_long", RT_INT, .drill = true, .events = true},
    {"long_rate", RT_RATE},
    {"long_low", RT_RATE},
    {"long_high", RT_RATE},
    {"waits_still", RT_INT, .drill = true, .events = true},
    {"median_hours", RT_HOURS},
    {"p90_hours", RT_HOURS},
    {"total_hours", RT_HOURS},
    {"longest_hours", RT_HOURS},
};
static const struct report_param params[] = {POP_PARAMS, {"limit_hours", RP_REAL}};

struct wait {
    int64_t from, to; /* FACT_NEVER: still */
    uint32_t next;    /* of the same deal, + 1 */
};
struct waiting {
    struct pop p;
    struct tally t;
    struct people_clock clock;
    struct people_values took;
    double limit; /* working hours */
    VEC(struct wait) waits;
    uint32_t *of_deal;               /* the first + 1, by row */
    int64_t *ripe, *total, *longest; /* a group, one more of all; ripe: ended, or beyond the limit */
    int64_t n[COLUMNS];
};

static void add(struct waiting *w, uint32_t row, int64_t from, int64_t to)
{
    struct wait one = {from, to, w->of_deal[row]};
    if (from >= w->p.to || from < w->p.from || to < from)
        return;
    vec_push(&w->waits, one);
    w->of_deal[row] = (uint32_t)w->waits.len;
}

/* A wait ends when the mark is taken away; moving the mark corrects its beginning. */
static void collect(struct waiting *w)
{
    struct pop *p = &w->p;
    struct arena *a = p->call->arena;
    bool told = rights_sees_field(p->call->rights, entity_by_id(ENT_DEAL), DEAL_WAITING_SINCE);
    const struct fact_column *mark = told ? fact_column(p->deals, DEAL_WAITING_SINCE) : &fact_no_column;
    struct fact_column now = pop_column(p, DEAL_WAITING_SINCE);
    const int64_t *to = fact_changes_to(p->deals, mark, a);
    w->of_deal = arena_zalloc(a, (p->deals->n + 1) * sizeof *w->of_deal);
    for (size_t i = 0; i < mark->n_changes; i++) {
        const struct fact_change *ch = &mark->changes[i];
        if (ch->old != FACT_NULL && to[i] == FACT_NULL && ch->at <= p->as_of)
            add(w, ch->row, ch->old, ch->at);
    }
    for (size_t i = 0; i < p->deals->n && now.kind != FC_NONE; i++)
        if (fact_get(&now, i) != FACT_NULL && fact_get(&now, i) <= p->as_of)
            add(w, (uint32_t)i, fact_get(&now, i), FACT_NEVER);
}

static void count(struct waiting *w, const struct pop_deal *d, const struct wait *one, int64_t owner)
{
    struct pop *p = &w->p;
    int64_t id = pop_id(p, d), end = one->to;
    if (d->cause != DEAL_OPEN && d->exit < end)
        end = d->exit > one->from ? d->exit : one->from;
    bool over = end <= p->as_of;
    int64_t took = people_worked(&w->clock, owner, one->from, over ? end : p->as_of);
    bool is_long = (double)took > w->limit * MS_HOUR;
    size_t rows[] = {d->group, p->n_groups};
    tally_add(&w->t, d->group, WAITS, id);
    if (is_long)
        tally_add(&w->t, d->group, LONG, id);
    if (!over)
        tally_add(&w->t, d->group, STILL, id);
    if (!d->again) {
        w->n[WAITS]++;
        w->n[LONG] += is_long;
        w->n[STILL] += !over;
    }
    for (int i = 0; i < (d->again ? 1 : 2); i++) {
        people_value(&w->took, rows[i], people_time(took, over));
        w->ripe[rows[i]] += over || is_long;
        w->total[rows[i]] += took;
        w->longest[rows[i]] = took > w->longest[rows[i]] ? took : w->longest[rows[i]];
    }
}

static void scan(struct waiting *w)
{
    struct pop *p = &w->p;
    struct arena *a = p->call->arena;
    struct fact_column owner = pop_column(p, DEAL_OWNER_ID);
    w->ripe = arena_zalloc(a, (p->n_groups + 1) * sizeof *w->ripe);
    w->total = arena_zalloc(a, (p->n_groups + 1) * sizeof *w->total);
    w->longest = arena_zalloc(a, (p->n_groups + 1) * sizeof *w->longest);
    collect(w);
    for (size_t i = 0; i < p->n; i++)
        for (uint32_t k = w->of_deal[p->d[i].row]; k != 0; k = w->waits.ptr[k - 1].next)
            count(w, &p->d[i], &w->waits.ptr[k - 1], fact_id(&owner, p->d[i].row));
}

static double hours(const struct waiting *w, size_t row, double q)
{
    return people_time_quantile(&w->took, w->p.n_groups + 1, row, q) / MS_HOUR;
}

static struct people_rate *put_rows(struct waiting *w)
{
    struct pop *p = &w->p;
    struct report_table *t = &p->result->main;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    for (size_t i = 0; i < p->n_groups; i++)
        k[i] = tally_of(&w->t, i, LONG);
    struct people_rate *rates = people_rates(p->call, p->result, k, w->ripe, p->n_groups, people_of_pop(p));
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_groups; i++) {
        struct cell row[] = {cell_s(p->groups[i].name),
                             cell_i(tally_of(&w->t, i, WAITS)),
                             cell_i(k[i]),
                             cell_null(),
                             cell_null(),
                             cell_null(),
                             cell_i(tally_of(&w->t, i, STILL)),
                             cell_f(hours(w, i, 0.5)),
                             cell_f(hours(w, i, 0.9)),
                             cell_f((double)w->total[i] / MS_HOUR),
                             cell_f((double)w->longest[i] / MS_HOUR)};
        people_rate_cells(row + 3, &rates[i]);
        if (tally_of(&w->t, i, WAITS) > 0)
            report_row_key(t, p->groups[i].key, row);
    }
    return rates;
}

static void put_rest(struct waiting *w)
{
    struct pop *p = &w->p;
    const struct report_call *c = p->call;
    struct cell rate[3];
    struct people_rate *rates = put_rows(w);
    double median = hours(w, p->n_groups, 0.5);
    int64_t ripe = w->ripe[p->n_groups];
    for (int i = 0; i < COLUMNS; i++)
        report_sum_events(p->result, counted[i], w->n[i]);
    pop_rate(rate, w->n[LONG], ripe);
    report_sum(p->result, "long_rate", RT_RATE, rate[0]);
    report_sum(p->result, "long_low", RT_RATE, rate[1]);
    report_sum(p->result, "long_high", RT_RATE, rate[2]);
    report_sum(p->result, "median_hours", RT_HOURS, cell_f(median));
    report_sum(p->result, "p90_hours", RT_HOURS, cell_f(hours(w, p->n_groups, 0.9)));
    report_sum(p->result, "total_hours", RT_HOURS, cell_f((double)w->total[p->n_groups] / MS_HOUR));
    report_sum(p->result, "longest_hours", RT_HOURS, cell_f((double)w->longest[p->n_groups] / MS_HOUR));
    report_param_is(p->result, "limit_hours", RT_REAL, cell_f(w->limit));
    if (w->n[WAITS] >= PEOPLE_FEW) {
        size_t worst = people_outlier(rates, p->n_groups, (double)w->n[LONG] / (double)(ripe ? ripe : 1), true);
        struct str args[] = {people_count(c, w->n[WAITS]), report_number(c->arena, c->lang, median, 1),
                             people_count(c, w->n[LONG]),  report_number(c->arena, c->lang, w->limit, 0),
                             people_count(c, w->n[STILL]), worst != SIZE_MAX ? p->groups[worst].name : STR("")};
        report_verdict(c, p->result, worst != SIZE_MAX ? "client_waiting_worst" : "client_waiting", args, 6);
    }
    pop_notes(p);
    if (p->n_all > 0 && w->n[WAITS] == 0)
        report_note(c, p->result, "no_waits", NULL, 0);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct waiting w = {.limit = 8};
    struct str limit = report_arg(c, "limit_hours");
    enum rc rc;
    if (limit.len > 0 && (!str_f64(limit, &w.limit) || !(w.limit > 0) || w.limit > 10000))
        return report_bad_param(e, "limit_hours", limit);
    if (people_hidden(c, r, ENT_DEAL, DEAL_WAITING_SINCE, columns, sizeof columns / sizeof *columns))
        return RC_OK;
    TRY_OUT(pop_read(&w.p, c, r, &(struct pop_spec){.when = POP_ALIVE, .by = "owner", .last_days = 90}, e));
    TRY_OUT(people_clock(c, &w.clock, e));
    pop_lock(&w.p);
    if (!w.p.has_from)
        w.p.from = INT64_MIN + 1;
    if (!w.p.has_to)
        w.p.to = INT64_MAX;
    w.t = tally_new(c, r, "rows", w.p.n_groups, pop_keys(&w.p), counted, COLUMNS);
    scan(&w);
    pop_unlock(&w.p);
    people_sorted(&w.took, c->arena, w.p.n_groups + 1);
    TRY_OUT(pop_names(&w.p, e));
    put_rest(&w);
out:
    vec_free(&w.waits);
    vec_free(&w.took.all);
    pop_free(&w.p);
    return rc;
}

const struct report report_client_waiting = {
    .id = "client_waiting",
    .question = "report.client_waiting.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "people",
    .definition = 1,
    .chart = {CHART_DOTS, NULL, "group", "long_rate", NULL, "long_low", "long_high"}};
