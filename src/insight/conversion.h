/* The conversion report: what share of deals ends in a win and how fast, when many are still open.
 * conversion.c asks and answers, conversion_scan.c follows every deal, conversion_flow.c counts the ways between
 * stages, conversion_notes.c says what was left out and how sure the figures are. */
#pragma once
#include "insight/days.h"
#include "insight/incidence.h"
#include "insight/report.h"

extern const struct report report_conversion;

enum {
    CONVERSION_HORIZONS = 4,
    CONVERSION_GROUPS_MOST = 100, /* the rest is one more group */
    CONVERSION_CHART = 60,        /* steps of a curve */
    CONVERSION_CHART_GROUPS = 6,  /* that have a curve */
    CONVERSION_CLOSES_MISSED = 5, /* so many expected and none seen: early history is incomplete */
};
extern const int conversion_horizons[CONVERSION_HORIZONS]; /* 30, 60, 90, 180 days */

enum conversion_by {
    BY_NONE,
    BY_OWNER,
    BY_SOURCE,
    BY_CAMPAIGN,
    BY_CLASS,
    BY_COMPANY,
    BY_LOSS_REASON,
    BY_MONTH,
    BY_QUARTER,
    BY_YEAR
};

struct conversion_stage {
    int64_t id, position;
    struct str name;
    enum deal_status outcome;
};

/* One deal as the report sees it. */
struct way {
    int64_t entry, exit; /* the moment it entered the funnel; of its end, or of the last look */
    uint32_t slot;       /* row of deals in the projection */
    uint16_t group;
    uint8_t cause : 2;              /* enum deal_status */
    uint8_t reopened : 1, left : 1; /* came back after a close; went on to another funnel */
};

struct conversion_group {
    int64_t key; /* id, or a number made of the date; 0: not given */
    bool merged; /* of all the small groups that found no row of their own */
    struct str name;
    int64_t deals, won, lost, mature_deals, mature_won;
    int64_t first_entry;
    struct incidence at[CONVERSION_HORIZONS];
    bool known[CONVERSION_HORIZONS]; /* watched long enough to say */
    struct incidence *chart;         /* CONVERSION_CHART + 1 points; NULL beyond the first groups */
};

struct conversion {
    const struct report_call *call;
    struct report_result *result;
    /* asked */
    int64_t funnel_id;
    struct str funnel;
    struct conversion_stage *stages; /* in order of the funnel */
    size_t n_stages;
    int64_t as_of, from, to; /* entered in from <= t < to */
    bool as_of_given, has_from, has_to;
    enum conversion_by by;
    struct zone *zone;
    struct str zone_name;
    int64_t mature_days;       /* 0: from the data */
    const int64_t *filter_ids; /* NULL: all */
    size_t n_filter_ids;
    const int64_t *seen_ids; /* deals that the one who asks may see; NULL: all */
    size_t n_seen_ids;
    /* found */
    struct projection_view view;
    int32_t *local_stage; /* projection's stage index to ours, -1: of another funnel */
    VEC(struct way) ways; /* every deal that entered by as_of, deleted ones apart */
    struct way *chosen;   /* of the period and the filter, at the front of ways */
    size_t n_chosen;
    int64_t last_event; /* of the funnel; INT64_MIN: none */
    int64_t n_deleted, n_later, n_outside, n_filtered, n_reopened, n_left, n_zombies;
    int64_t wins, longest_win;               /* of all ways: number, longest time to win in ms */
    double median_win_days, won_by_maturity; /* NaN when nothing was won */
    double expected_before_first_close;      /* closings that should have been seen before the first one recorded */
    int64_t first_close;
    int64_t chart_span;  /* age at the last point of the charts */
    int64_t dwell_every; /* times in stages come from every so many-th deal */
    struct conversion_group all, *groups;
    size_t n_groups;
};

/* conversion_scan.c */
int conversion_stage_of(const struct conversion *v, uint64_t visit); /* index into stages, -1 */
void conversion_scan(struct conversion *v);                          /* fills what is found; the projection is locked */
void conversion_choose(struct conversion *v);                        /* period and filter */
/* conversion_group.c */
void conversion_group(struct conversion *v);
MUST_USE enum rc conversion_names(struct conversion *v,
                                  struct err *e); /* reads the database: after the projection is let go */
/* conversion_flow.c */
void conversion_flow(struct conversion *v);
/* conversion_notes.c */
void conversion_notes(struct conversion *v);
