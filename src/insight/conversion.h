/* The conversion report: what share of deals ends in a win and how fast, when many are still open.
 * report_conversion.c asks and answers, conversion_whole.c looks at all deals of the funnel, whatever the period,
 * conversion_curve.c follows the groups over time, conversion_flow.c counts the ways between stages,
 * conversion_notes.c says how sure the figures are. */
#pragma once
#include "insight/incidence.h"
#include "insight/population.h"

enum {
    CONVERSION_HORIZONS = 4,
    CONVERSION_CHART = 60,        /* steps of a curve */
    CONVERSION_CHART_GROUPS = 6,  /* that have a curve */
    CONVERSION_CLOSES_MISSED = 5, /* so many expected and none seen: early history is incomplete */
};
extern const int conversion_horizons[CONVERSION_HORIZONS]; /* 30, 60, 90, 180 days */
#define CONVERSION_ALL (POP_NONE + 2)                      /* stands for all groups in keys of rows */

enum conversion_count { C_DEALS, C_WON, C_LOST, C_OPEN, C_MATURE, C_MATURE_WON, CONVERSION_COUNTS };
extern const char *const conversion_counts[CONVERSION_COUNTS];

struct conversion_group {
    size_t n; /* deals */
    int64_t first_entry;
    uint64_t *keys; /* of incidence_run_keys, n of them */
    struct incidence at[CONVERSION_HORIZONS];
    bool known[CONVERSION_HORIZONS]; /* watched long enough to say */
    struct incidence *chart;         /* CONVERSION_CHART + 1 points; NULL beyond the first groups */
};

struct conversion {
    struct pop p;
    int64_t mature_days; /* 0: from the data */
    /* of all deals of the funnel */
    int64_t wins, longest_win;               /* number, longest time to win in ms */
    double median_win_days, won_by_maturity; /* NaN when nothing was won */
    double expected_before_first_close;      /* closings that should have been seen before the first one recorded */
    int64_t first_close;
    /* of the chosen ones */
    struct tally counts, total; /* conversion_counts by group, and of all */
    int64_t n_zombies;
    int64_t chart_span; /* age at the last point of the charts */
    struct conversion_group all, *groups;
};

static inline int64_t conversion_n(const struct conversion *v, enum conversion_count count)
{
    return tally_of(&v->total, 0, count);
}
static inline bool conversion_mature(const struct conversion *v, const struct pop_deal *d)
{
    return v->p.as_of - d->entry >= v->mature_days * MS_DAY;
}
static inline bool conversion_grouped(const struct conversion *v)
{
    return v->p.by.kind != BY_NOTHING;
}
/* Key of a row of a group (SIZE_MAX: of all): of its horizon in days, or its point of the curve. */
int64_t conversion_key(const struct conversion *v, size_t group, int64_t of);

/* While the projection is locked: */
void conversion_whole(struct conversion *v);
void conversion_count(struct conversion *v);
void conversion_flow(struct conversion *v); /* puts its tables */
/* Afterwards: */
void conversion_curves(struct conversion *v);
void conversion_notes(struct conversion *v);
