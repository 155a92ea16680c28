/* Inside of the report on sources: report_sources.c counts, sources_put.c tells. */
#pragma once
#include "insight/attribution.h"
#include "insight/chance.h"
#include "insight/money.h"
#include "insight/population.h"

enum { SOURCES_SHOWN = 200 }; /* channels with a row of their own */
#define SOURCES_OTHERS (-2)   /* key of the row of all further ones */
enum { LEADS, WON, OPEN, SOURCES_COUNTS };

/* Sums of one channel, or of one month. */
struct sources_sum {
    double leads, won, expected; /* by share of the credit; expected: wins to come of open deals */
    double revenue, to_come;     /* minor units; to_come: expected of open deals */
    double margin, margin_to_come;
    double cost;
    double closed_won; /* won within the period, whenever they came */
};
struct channel {
    int64_t key;
    struct str name;
    int64_t n[SOURCES_COUNTS]; /* deals with any share */
    struct sources_sum sum;
    bool shown;
};
struct cost_cell {
    int64_t campaign, month;
    double cost, leads;
};
struct sources {
    struct pop p;
    struct attribution *credit, *by_campaign; /* by_campaign: to share costs out; NULL: not needed */
    struct chance *chance;
    struct money *money;
    enum attribution_level level;
    bool by_group; /* rows are the groups of `by` */
    int64_t days;  /* how far ahead open deals are watched */
    bool cost_seen;
    VEC(struct channel) all;
    VEC(int32_t) of_key; /* key + 1 to index + 1 */
    struct channel others;
    size_t n_shown;
    VEC(struct sources_sum) month; /* by month of creation */
    int64_t first_month;
    int64_t month_known, month_from, month_to; /* the one asked for last */
    struct sources_sum outside;                /* of months that are not shown */
    struct sources_sum total;
    int64_t n[SOURCES_COUNTS];
    double cost_alone; /* of campaigns that brought nobody in their month, where it had to be shared out */
    /* costs by campaign and month, while they wait to be shared out */
    struct intmap *cell_of;
    VEC(struct cost_cell) cells;
    int64_t no_value;
};
void sources_put(struct sources *s, struct report_result *r);
