/* 33. What has changed in a funnel without anybody saying so: since when, how sure, where it sits, what was near. */
#include "base/i18n.h"
#include "insight/detect.h"
#include "insight/walk.h"
#include <math.h>

static const struct report_param params[] = {
    POP_FUNNEL, {"as_of", RP_TIME}, {"filter", RP_FILTER}, {"time_zone", RP_TEXT}};
static const struct report_column columns[] = {
    {.id = "change", .type = RT_TEXT},
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "since", .type = RT_DATE},
    {.id = "rate_before", .type = RT_RATE},
    {.id = "rate_after", .type = RT_RATE},
    {.id = "before", .type = RT_REAL},
    {.id = "after", .type = RT_REAL},
    {.id = "n_before", .type = RT_INT},
    {.id = "n_after", .type = RT_INT},
    {.id = "strength", .type = RT_REAL},
    {.id = "chance", .type = RT_REAL},
};
static const struct report_column place_columns[] = {
    {.id = "change", .type = RT_TEXT},     {.id = "since", .type = RT_DATE},   {.id = "dimension", .type = RT_TEXT},
    {.id = "place", .type = RT_TEXT},      {.id = "share", .type = RT_RATE},   {.id = "rate_before", .type = RT_RATE},
    {.id = "rate_after", .type = RT_RATE}, {.id = "n_before", .type = RT_INT}, {.id = "n_after", .type = RT_INT},
};
static const struct report_column near_columns[] = {
    {.id = "change", .type = RT_TEXT}, {.id = "since", .type = RT_DATE}, {.id = "near", .type = RT_TEXT},
    {.id = "name", .type = RT_TEXT},   {.id = "day", .type = RT_DATE},
};
static const struct report_column series_columns[] = {
    {.id = "period", .type = RT_DATE},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
    {.id = "won", .type = RT_INT, .drill = true},
    {.id = "deals", .type = RT_INT, .drill = true},
};
#define N(a) (sizeof(a) / sizeof *(a))

static struct str text_of(const struct report_call *c, const char *prefix, const char *name)
{
    return i18n_text(c->lang, str_fmt(c->arena, "%s%s", prefix, name).ptr);
}

/* Counts a day, the typical length of a stay in days, or a rate: what is told of before and after. */
static double told(const struct detect_change *c, bool after)
{
    double k = (double)(after ? c->split.k2 : c->split.k1), n = (double)(after ? c->split.n2 : c->split.n1);
    if (c->detector == DETECT_FILLING)
        return k > 0 ? n / k : NAN;
    return n > 0 ? k / n : NAN;
}

static struct cell stage_name(const struct pop *p, int stage)
{
    return stage < 0 ? cell_null() : cell_s(p->stages[stage].name);
}

static void put_change(struct detect *d, const struct detect_change *c)
{
    const struct pop *p = d->pop;
    bool rate = c->detector <= DETECT_LEAD_TIME;
    struct cell row[] = {
        cell_s(text_of(p->call, "finding.", detector_names[c->detector])),
        stage_name(p, c->stage),
        c->stage < 0 ? cell_null() : cell_i(p->stages[c->stage].id),
        cell_i(zone_day(p->zone, c->since)),
        rate ? cell_f(told(c, false)) : cell_null(),
        rate ? cell_f(told(c, true)) : cell_null(),
        rate ? cell_null() : cell_f(told(c, false)),
        rate ? cell_null() : cell_f(told(c, true)),
        cell_i(c->split.n1),
        cell_i(c->split.n2),
        cell_f(c->split.g2),
        cell_f(c->chance),
    };
    report_row(&p->result->main, row);
}

static void put_places(struct detect *d, struct report_table *t, const struct detect_change *c)
{
    for (size_t i = 0; i < c->n_places; i++) {
        const struct detect_place *x = &c->places[i];
        struct cell row[] = {
            cell_s(text_of(d->pop->call, "finding.", detector_names[c->detector])),
            cell_i(zone_day(d->pop->zone, c->since)),
            cell_s(text_of(d->pop->call, "finding.place.", place_names[x->dimension])),
            cell_s(x->name),
            cell_f(x->share),
            cell_f((double)x->k1 / (double)x->n1),
            cell_f((double)x->k2 / (double)x->n2),
            cell_i(x->n1),
            cell_i(x->n2),
        };
        report_row(t, row);
    }
}

static void put_near(struct detect *d, struct report_table *t, const struct detect_change *c)
{
    for (size_t i = 0; i < c->n_near; i++) {
        struct cell row[] = {
            cell_s(text_of(d->pop->call, "finding.", detector_names[c->detector])),
            cell_i(zone_day(d->pop->zone, c->since)),
            cell_s(text_of(d->pop->call, "finding.near.", c->near[i].kind)),
            cell_s(c->near[i].name),
            cell_i(zone_day(d->pop->zone, c->near[i].at)),
        };
        report_row(t, row);
    }
}

/* The conversion of mature deals, period by period: what most people look at first. */
static void put_series(struct detect *d)
{
    struct report_table *t = report_table_add(d->pop->result, "series", series_columns, N(series_columns));
    for (size_t r = 0; r < d->rows.len; r++) {
        const struct detect_row *row = &d->rows.ptr[r];
        for (size_t i = 0; row->detector == DETECT_CONVERSION && i < row->m; i++) {
            struct cell rate[3];
            pop_rate(rate, row->k[i], row->n[i]);
            struct cell cells[] = {cell_i(row->start[i]), rate[0],          rate[1], rate[2],
                                   cell_i(row->k[i]),     cell_i(row->n[i])};
            report_row_key(t, row->start[i], cells);
        }
    }
}

/* The deals behind a point of the series. */
static void drill(struct detect *d)
{
    struct pop *p = d->pop;
    for (size_t r = 0; r < d->rows.len; r++) {
        const struct detect_row *row = &d->rows.ptr[r];
        for (size_t i = 0; row->detector == DETECT_CONVERSION && i < row->m; i++) {
            bool all = report_asked(p->call, p->result, "series", row->start[i], "deals");
            bool won = report_asked(p->call, p->result, "series", row->start[i], "won");
            int64_t end = i + 1 < row->m ? row->start[i + 1] : INT64_MAX / MS_DAY;
            for (size_t k = 0; (all || won) && k < p->n; k++) {
                int64_t day = zone_day(p->zone, p->d[k].entry);
                if (day >= row->start[i] && day < end && p->as_of - p->d[k].entry >= d->mature_days * MS_DAY &&
                    (all || p->d[k].cause == DEAL_WON))
                    report_deal(p->result, pop_id(p, &p->d[k]));
            }
        }
    }
}

static void say(struct detect *d)
{
    struct pop *p = d->pop;
    const struct report_call *c = p->call;
    if (d->rows.len == 0)
        return;
    if (d->changes.len == 0) {
        struct str n[] = {tell_n(c, (int64_t)d->rows.len)};
        report_verdict(c, p->result, "breaks_none", n, 1);
        return;
    }
    const struct detect_change *x = &d->changes.ptr[0];
    bool rate = x->detector <= DETECT_LEAD_TIME;
    struct str of = text_of(c, "finding.", detector_names[x->detector]);
    struct str what =
        x->stage < 0 ? of : str_fmt(c->arena, "%.*s «%.*s»", STR_ARG(of), STR_ARG(p->stages[x->stage].name));
    struct str args[] = {what, date_format(c->arena, zone_day(p->zone, x->since)),
                         rate ? tell_rate(c, told(x, false)) : report_number(c->arena, c->lang, told(x, false), 1),
                         rate ? tell_rate(c, told(x, true)) : report_number(c->arena, c->lang, told(x, true), 1),
                         x->n_places > 0 ? x->places[0].name : STR_NULL};
    report_verdict(c, p->result, x->n_places > 0 ? "breaks_at" : "breaks", args, 5);
}

static void put_all(struct detect *d)
{
    struct report_result *r = d->pop->result;
    struct str days = tell_n(d->pop->call, d->mature_days), rows = tell_n(d->pop->call, (int64_t)d->rows.len);
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = N(columns)};
    report_sum(r, "changes", RT_INT, cell_i((int64_t)d->changes.len));
    report_sum(r, "watched", RT_INT, cell_i((int64_t)d->rows.len));
    for (size_t i = 0; i < d->changes.len; i++)
        put_change(d, &d->changes.ptr[i]);
    put_series(d);
    struct report_table *places = report_table_add(r, "places", place_columns, N(place_columns));
    struct report_table *near = report_table_add(r, "near", near_columns, N(near_columns));
    for (size_t i = 0; i < d->changes.len; i++) {
        put_places(d, places, &d->changes.ptr[i]);
        put_near(d, near, &d->changes.ptr[i]);
    }
    report_note(d->pop->call, r, "breaks_mature", &days, 1);
    report_note(d->pop->call, r, "breaks_alpha", &rows, 1);
    say(d);
    pop_notes(d->pop);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct pop p;
    struct detect d = {0};
    enum rc rc;
    TRY_OUT(pop_read(&p, c, r, &(struct pop_spec){.funnels = POP_ONE}, e));
    pop_lock(&p);
    detect_scan(&d, &p);
    drill(&d);
    pop_unlock(&p);
    detect_find(&d);
    TRY_OUT(detect_names(&d, e));
    put_all(&d);
out:
    detect_free(&d);
    pop_free(&p);
    return rc;
}

const struct report report_breaks = {
    .id = "breaks",
    .question = "report.breaks.question",
    .params = params,
    .n_params = N(params),
    .run = run,
    .group = "funnel",
    .definition = 1,
    .chart =
        {.kind = CHART_DOTS, .table = "series", .x = "period", .y = "rate", .low = "rate_low", .high = "rate_high"},
};
