/* 2. The honest conversion: what share of deals ends in a win, and how fast. */
#include "insight/conversion.h"
#include "insight/walk.h"
#include <malloc.h>
#include <math.h>

#define LARGE 100000 /* deals */

static const struct report_param params[] = {POP_PARAMS, {"mature_days", RP_INT}};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"horizon_days", RT_DAYS},
    {"won_rate", RT_RATE},
    {"won_low", RT_RATE},
    {"won_high", RT_RATE},
    {"lost_rate", RT_RATE},
    {"at_risk", RT_INT, .drill = true},
    {"deals", RT_INT, .drill = true},
    {"won", RT_INT, .drill = true},
    {"mature_deals", RT_INT, .drill = true},
    {"mature_won", RT_INT, .drill = true},
    {"mature_rate", RT_RATE},
};

/* A rate with its interval under three keys; nulls when there is nothing to divide by. Here a rate of few stands too:
   its interval beside it and the note and the verdict say that it tells nothing. */
static void put_rate(struct report_result *r, const char *const keys[3], int64_t k, int64_t n)
{
    struct interval ci = stats_wilson(k, n);
    struct cell rate[3] = {cell_null(), cell_null(), cell_null()};
    if (n > 0) {
        rate[0] = cell_f((double)k / (double)n);
        rate[1] = cell_f(ci.low);
        rate[2] = cell_f(ci.high);
    }
    for (int i = 0; i < 3; i++)
        report_sum(r, keys[i], RT_RATE, rate[i]);
}

static void put_summary(struct conversion *v)
{
    static const char *const naive[] = {"naive_rate", "naive_low", "naive_high"};
    static const char *const mature[] = {"mature_rate", "mature_low", "mature_high"};
    struct report_result *r = v->p.result;
    const struct conversion_group *g = &v->all;
    for (int i = C_DEALS; i <= C_OPEN; i++)
        report_sum_counted(r, conversion_counts[i], conversion_n(v, (enum conversion_count)i));
    put_rate(r, naive, conversion_n(v, C_WON), conversion_n(v, C_DEALS));
    for (int i = C_MATURE; i <= C_MATURE_WON; i++)
        report_sum_counted(r, conversion_counts[i], conversion_n(v, (enum conversion_count)i));
    put_rate(r, mature, conversion_n(v, C_MATURE_WON), conversion_n(v, C_MATURE));
    report_sum(r, "mature_days", RT_INT, cell_i(v->mature_days));
    report_sum(r, "as_of", RT_TIME, cell_i(v->p.as_of));
    report_sum(r, "follow_up_days", RT_DAYS,
               g->n ? cell_f((double)(v->p.as_of - g->first_entry) / MS_DAY) : cell_null());
    report_sum(r, "median_win_days", RT_DAYS, cell_f(v->median_win_days));
    report_sum(r, "plateau_won", RT_RATE, g->n ? cell_f(g->chart[CONVERSION_CHART].rate[0]) : cell_null());
    report_sum(r, "plateau_lost", RT_RATE, g->n ? cell_f(g->chart[CONVERSION_CHART].rate[1]) : cell_null());
}

/* The interval of a won rate. Where the log(-log) one does not exist (no win yet, or nothing but wins) it is Wilson's
 * of as many deals as still tell: those watched so far, weighed by the share that is open. */
static struct interval won_interval(const struct incidence *p, size_t deals)
{
    if (p->rate[0] > 0 && p->rate[0] < 1)
        return p->ci[0];
    int64_t telling = p->open > 0 ? (int64_t)((double)p->at_risk / p->open) : (int64_t)deals;
    return stats_wilson(p->rate[0] > 0 ? telling : 0, telling);
}

/* One row a horizon. */
static void put_horizons(struct conversion *v, size_t group)
{
    bool whole = group == SIZE_MAX;
    const struct conversion_group *g = whole ? &v->all : &v->groups[group];
    const struct tally *t = whole ? &v->total : &v->counts;
    size_t row = whole ? 0 : group;
    for (int i = 0; i < CONVERSION_HORIZONS; i++) {
        const struct incidence *p = &g->at[i];
        bool known = g->known[i] || (whole && g->n > 0);
        int64_t mature = tally_of(t, row, C_MATURE), mature_won = tally_of(t, row, C_MATURE_WON);
        struct interval ci = won_interval(p, g->n);
        struct cell cells[] = {
            whole ? cell_null() : cell_s(v->p.groups[group].name),
            cell_i(conversion_horizons[i]),
            known ? cell_f(p->rate[0]) : cell_null(),
            known ? cell_f(ci.low) : cell_null(),
            known ? cell_f(ci.high) : cell_null(),
            known ? cell_f(p->rate[1]) : cell_null(),
            cell_i(p->at_risk),
            cell_i((int64_t)g->n),
            cell_i(tally_of(t, row, C_WON)),
            cell_i(mature),
            cell_i(mature_won),
            mature > 0 ? cell_f((double)mature_won / (double)mature) : cell_null(),
        };
        report_row_key(&v->p.result->main, conversion_key(v, group, conversion_horizons[i]), whole ? cells + 1 : cells);
    }
}

static void put_rows(struct conversion *v)
{
    bool grouped = conversion_grouped(v);
    v->p.result->main = (struct report_table){
        .id = "rows", .columns = columns + !grouped, .n_columns = grouped ? sizeof columns / sizeof *columns : 6};
    if (!grouped)
        put_horizons(v, SIZE_MAX);
    for (size_t g = 0; g < v->p.n_groups && grouped; g++)
        put_horizons(v, g);
}

/* Records have an id, dates and words do not. */
static struct cell group_id(const struct pop *p, const struct pop_group *g)
{
    bool record =
        p->by.kind == BY_TEAM || (p->by.kind == BY_FIELD && (p->by.fd->type == FT_REF || p->by.fd->type == FT_SET));
    return record && !g->merged && g->key != POP_NONE ? cell_i(g->key) : cell_null();
}

static void put_groups(struct conversion *v)
{
    static const struct report_column group_columns[] = {
        {"group", RT_TEXT},
        {"group_id", RT_ID},
        {"deals", RT_INT, .drill = true},
        {"won", RT_INT, .drill = true},
        {"lost", RT_INT, .drill = true},
        {"open", RT_INT, .drill = true},
        {"naive_rate", RT_RATE},
        {"mature_deals", RT_INT, .drill = true},
        {"mature_won", RT_INT, .drill = true},
        {"mature_rate", RT_RATE},
        {"mature_low", RT_RATE},
        {"mature_high", RT_RATE},
    };
    const struct pop *p = &v->p;
    struct report_table *t =
        report_table_add(p->result, "groups", group_columns, sizeof group_columns / sizeof *group_columns);
    t->for_pictures = true; /* the rows have it all */
    for (size_t i = 0; i < p->n_groups && conversion_grouped(v); i++) {
        const struct tally *n = &v->counts;
        struct cell naive[3], mature[3];
        pop_rate(naive, tally_of(n, i, C_WON), tally_of(n, i, C_DEALS));
        pop_rate(mature, tally_of(n, i, C_MATURE_WON), tally_of(n, i, C_MATURE));
        struct cell row[] = {
            cell_s(p->groups[i].name),
            group_id(p, &p->groups[i]),
            cell_i(tally_of(n, i, C_DEALS)),
            cell_i(tally_of(n, i, C_WON)),
            cell_i(tally_of(n, i, C_LOST)),
            cell_i(tally_of(n, i, C_OPEN)),
            naive[0],
            cell_i(tally_of(n, i, C_MATURE)),
            cell_i(tally_of(n, i, C_MATURE_WON)),
            mature[0],
            mature[1],
            mature[2],
        };
        report_row_key(t, p->groups[i].key, row);
    }
}

/* Points of the curves, as far as the group has been watched. */
static void put_curve(struct conversion *v, struct report_table *t, size_t group)
{
    bool whole = group == SIZE_MAX;
    const struct conversion_group *g = whole ? &v->all : &v->groups[group];
    for (int i = 0; g->chart != NULL && g->n > 0 && i <= CONVERSION_CHART; i++) {
        const struct incidence *p = &g->chart[i];
        if (p->at > v->p.as_of - g->first_entry)
            break;
        struct interval ci = won_interval(p, g->n);
        struct cell row[] = {
            whole ? cell_null() : cell_s(v->p.groups[group].name),
            cell_f((double)p->at / MS_DAY),
            cell_f(p->rate[0]),
            cell_f(ci.low),
            cell_f(ci.high),
            cell_f(p->rate[1]),
            cell_f(p->open),
            cell_i(p->at_risk),
        };
        report_row_key(t, conversion_key(v, group, i), row);
    }
}

static void put_curves(struct conversion *v)
{
    static const struct report_column curve_columns[] = {
        {"group", RT_TEXT},    {"day", RT_DAYS},       {"won_rate", RT_RATE},  {"won_low", RT_RATE},
        {"won_high", RT_RATE}, {"lost_rate", RT_RATE}, {"open_rate", RT_RATE}, {"at_risk", RT_INT, .drill = true},
    };
    struct report_table *t =
        report_table_add(v->p.result, "curve", curve_columns, sizeof curve_columns / sizeof *curve_columns);
    t->for_pictures = true;
    put_curve(v, t, SIZE_MAX);
    for (size_t i = 0; i < v->p.n_groups && conversion_grouped(v); i++)
        put_curve(v, t, i);
}

/* The rate of those that have had their time, and how far the simple one is off. */
static void verdict(const struct conversion *v)
{
    const struct pop *p = &v->p;
    int64_t n = conversion_n(v, C_MATURE), won = conversion_n(v, C_MATURE_WON), young = conversion_n(v, C_DEALS) - n;
    if (n < POP_TOLD)
        return;
    double rate = (double)won / (double)n;
    double naive = (double)conversion_n(v, C_WON) / (double)conversion_n(v, C_DEALS);
    struct interval ci = stats_wilson(won, n);
    struct str args[] = {tell_rate(p->call, rate),   tell_n(p->call, won),        tell_n(p->call, n),
                         tell_rate(p->call, ci.low), tell_rate(p->call, ci.high), tell_rate(p->call, naive),
                         tell_n(p->call, young)};
    report_verdict(p->call, p->result, fabs(rate - naive) >= 0.005 ? "conversion_differs" : "conversion", args, 7);
}

static enum rc read_days(struct conversion *v, struct err *e)
{
    struct str days = report_arg(v->p.call, "mature_days");
    if (days.len > 0 && (!str_i64(days, &v->mature_days) || v->mature_days < 1 || v->mature_days > 3650))
        return report_bad_param(e, "mature_days", days);
    return RC_OK;
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct conversion v = {0};
    struct pop *p = &v.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .truncation_told = true}, e);
    if (rc != RC_OK)
        goto out;
    TRY_OUT(read_days(&v, e));
    pop_lock(p);
    conversion_whole(&v);
    conversion_count(&v);
    conversion_flow(&v);
    pop_unlock(p);
    conversion_curves(&v);
    TRY_OUT(pop_names(p, e));
    put_summary(&v);
    put_rows(&v);
    put_groups(&v);
    put_curves(&v);
    verdict(&v);
    conversion_notes(&v);
    report_param_is(r, "mature_days", RT_INT, cell_i(v.mature_days));
out:
    free(v.all.keys);
    if (v.all.n > LARGE)
        malloc_trim(0); /* what the report took goes back to the system, not to the idle server */
    pop_free(p);
    return rc;
}

const struct report report_conversion = {.id = "conversion",
                                         .question = "report.conversion.question",
                                         .params = params,
                                         .n_params = sizeof params / sizeof *params,
                                         .run = run,
                                         .group = "funnel",
                                         .definition = 1,
                                         .chart = {.kind = CHART_STEPS,
                                                   .table = "curve",
                                                   .x = "day",
                                                   .y = "won_rate",
                                                   .series = "group",
                                                   .low = "won_low",
                                                   .high = "won_high"}};
