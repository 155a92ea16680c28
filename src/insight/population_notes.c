/* What every report over deals says of itself: its parameters, who was left out, how sure one may be. */
#include "insight/population.h"
#include "insight/stats.h"

static void counted(struct pop *p, const char *code, int64_t n)
{
    struct str s = str_fmt(p->call->arena, "%lld", (long long)n);
    if (n > 0)
        report_note(p->call, p->result, code, &s, 1);
}

void pop_params(struct pop *p)
{
    struct report_result *r = p->result;
    struct str by = report_arg(p->call, "by"), filter = report_arg(p->call, "filter");
    if (by.len == 0 && p->spec.by != NULL)
        by = str_c(p->spec.by);
    report_param_is(r, "funnel_id", RT_INT, p->funnel_id > 0 ? cell_i(p->funnel_id) : cell_null());
    report_param_is(r, "funnel", RT_TEXT, p->funnel_id > 0 ? cell_s(p->funnel) : cell_null());
    report_param_is(r, "as_of", RT_TIME, cell_i(p->as_of));
    report_param_is(r, "from", RT_TIME, p->has_from ? cell_i(p->from) : cell_null());
    report_param_is(r, "to", RT_TIME, p->has_to ? cell_i(p->to) : cell_null());
    report_param_is(r, "by", RT_TEXT, by.len ? cell_s(by) : cell_null());
    report_param_is(r, "filter", RT_TEXT, filter.len ? cell_s(filter) : cell_null());
    if (p->became != NULL)
        report_param_is(r, "definition", RT_TEXT, cell_s(STR("current")));
    report_param_is(r, "time_zone", RT_TEXT, cell_s(p->zone_name));
}

/* Were early closings lost? Deals that were open for half of the time before the first recorded close should have
 * closed as often as those that came later and were watched for as long. None at all where CLOSES_MISSED were to be
 * expected happens by chance once in 150 times. Of many deals every n-th is looked at. */
static void truncation(struct pop *p)
{
    enum { LOOKED_MOST = 50000, CLOSES_MISSED = 5 };
    size_t every = p->n_all / LOOKED_MOST + 1;
    int64_t first = INT64_MAX, close = INT64_MAX;
    double early = 0, watched = 0, closed = 0;
    if (p->spec.when != POP_ENTERED || p->has_from || p->spec.truncation_told)
        return;
    for (size_t i = 0; i < p->n_all; i += every) {
        const struct pop_deal *d = &p->d[i];
        first = d->entry < first ? d->entry : first;
        close = d->cause != DEAL_OPEN && d->exit < close ? d->exit : close;
    }
    if (close == INT64_MAX || close <= first)
        return;
    int64_t half = (close - first) / 2;
    for (size_t i = 0; i < p->n_all; i += every) {
        const struct pop_deal *d = &p->d[i];
        bool later = d->entry >= close && p->as_of - d->entry >= half;
        early += d->entry <= close - half;
        watched += later;
        closed += later && d->cause != DEAL_OPEN && d->exit - d->entry <= half;
    }
    double expected = watched >= POP_FEW ? early * closed / watched : 0;
    if (expected < CLOSES_MISSED)
        return;
    struct arena *a = p->call->arena;
    struct str args[] = {date_format(a, zone_day(p->zone, close)),
                         report_number(a, p->call->lang, expected * (double)every, 0)};
    report_note(p->call, p->result, "left_truncation", args, 2);
}

void pop_notes(struct pop *p)
{
    const struct report_call *c = p->call;
    struct str at = time_format(c->arena, p->as_of);
    pop_params(p);
    if (!p->as_of_given && p->as_of != c->now)
        report_note(c, p->result, "as_of_last_event", &at, 1);
    counted(p, p->spec.when == POP_CLOSED ? "outside_closed" : "outside_period", p->n_outside);
    counted(p, "filtered_out", p->n_filtered);
    if (p->past && p->filter_plan != NULL && mask_of_present(p->filter_plan))
        report_note(c, p->result, "filter_of_present", NULL, 0);
    counted(p, "deleted", p->n_deleted);
    counted(p, "entered_later", p->n_later);
    counted(p, "reopened", p->n_reopened);
    if (p->funnel_id != 0)
        counted(p, "left_funnel", p->n_left);
    counted(p, "definition_current", (int64_t)p->n_became);
    truncation(p);
    counted(p, "unreadable", (int64_t)p->view.unreadable);
    if (p->n_all == 0)
        report_note(c, p->result, "empty", NULL, 0);
    else if (p->n_all < POP_FEW)
        counted(p, "few", (int64_t)p->n_all);
    if (p->n_all > 0 && p->n_all < POP_TOLD)
        counted(p, "too_few", POP_TOLD);
    int64_t small = 0;
    for (size_t g = 0; g < p->n_groups && p->by.kind != BY_NOTHING; g++)
        small += p->groups[g].n < POP_FEW;
    if (small > 0 && p->n_all > 0) {
        struct str args[] = {str_fmt(c->arena, "%lld", (long long)small), str_fmt(c->arena, "%d", POP_FEW)};
        report_note(c, p->result, "small_groups_all", args, 2);
    }
}

void pop_rate(struct cell out[3], int64_t k, int64_t n)
{
    struct interval ci = stats_wilson(k, n);
    bool told = n >= POP_TOLD;
    out[0] = told ? cell_f((double)k / (double)n) : cell_null();
    out[1] = told ? cell_f(ci.low) : cell_null();
    out[2] = told ? cell_f(ci.high) : cell_null();
}
