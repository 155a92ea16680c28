/* What has changed in a funnel without anybody saying so: the rows of periods that detectors watch, the changes found
 * in them, where each sits, and what changed in the company near by. The report `breaks` prints them, the daily watch
 * makes findings of them.
 *
 * Watched: conversion of mature deals, the share of deals that see a stage (a step that vanishes), the share that goes
 * on from a stage, first answers in time, tasks done in time, arrivals, and stages that fill up. */
#pragma once
#include "insight/breaks.h"
#include "insight/population.h"

enum detector {
    DETECT_CONVERSION,
    DETECT_STEP,
    DETECT_STAGE_RATE,
    DETECT_RESPONSE,
    DETECT_LEAD_TIME,
    DETECT_INFLOW,
    DETECT_FILLING,
    DETECTORS
};
extern const char *const detector_names[]; /* "conversion", "step" ...; texts finding.<name> */

enum { DETECT_PLACES = 3, DETECT_NEAR = 15, DETECT_PERIODS = 120 };
#define DETECT_ALPHA 0.05 /* of all that is watched in a funnel together, not of each row */

enum detect_dimension { PLACE_STAGE, PLACE_OWNER, PLACE_SOURCE, PLACE_CAMPAIGN, PLACE_DIMENSIONS };
extern const char *const place_names[];
/* A part of the deals that carries the change: its share of the likelihood ratio. */
struct detect_place {
    enum detect_dimension dimension;
    int64_t id;
    struct str name; /* after detect_names */
    double share;
    int64_t k1, n1, k2, n2;
};
/* Something the company did within a month of the change. */
struct detect_near {
    const char *kind; /* "funnel_version", "programme", "user_came", "campaign_began", "campaign_ended" */
    struct str name;  /* of a version: the funnel's, and which: "Продажи, v3" */
    int64_t at;
    int64_t funnel_id; /* of a version; 0 */
};
struct detect_change {
    enum detector detector;
    int stage; /* index of stages, POP_NO_STAGE */
    struct split split;
    double chance; /* corrected for everything that was watched */
    int64_t since; /* ms: the period it begins with */
    struct detect_place places[DETECT_PLACES * PLACE_DIMENSIONS];
    size_t n_places;
    struct detect_near near[DETECT_NEAR];
    size_t n_near;
};
/* A watched row, for the picture. */
struct detect_row {
    enum detector detector;
    int stage;
    int64_t *k, *n; /* of m periods; inflow: count, days; filling: exits, days of standing */
    int64_t *fair;  /* conversion: won within mature_days, so that old cohorts have had no longer than young ones */
    int64_t *start; /* the day each period begins with */
    size_t m;
};
/* Deals that entered in one period, saw the same stages within the horizon, went on from the same ones and ended alike
 * count alike everywhere: they are counted together. Stages are bits, see detect.bit_of: detect.words words of those
 * seen, as many of those gone on from, at way_bits + 2 * words * index. */
struct detect_way {
    int32_t period; /* index of periods; -1: before the first one */
    bool won, fair; /* fair: within the horizon */
    int64_t n;
};
/* A deal old enough to be counted. */
struct detect_deal {
    uint32_t way, of[3]; /* of: by PLACE_OWNER ... PLACE_CAMPAIGN: index of values */
};
struct detect_values {
    VEC(int64_t) ids; /* 0: none */
};
struct detect {
    struct pop *pop;
    char period; /* 'm' or 'q': months, where there are enough deals for them */
    int64_t mature_days;
    int64_t *start; /* the day each of the n_periods begins with */
    size_t n_periods;
    int *bit_of; /* by index of stages: of an open one its bit, -1 */
    size_t n_bits, words;
    VEC(struct detect_way) ways;
    VEC(uint64_t) way_bits;
    struct detect_deal *deals;
    size_t n_deals;
    struct detect_values values[3];
    VEC(struct detect_row) rows;
    VEC(struct detect_change) changes;
};

/* Counts, with the population locked, of deals entered, ungrouped. */
void detect_scan(struct detect *d, struct pop *p);
/* What has changed, and where each change sits; the projection may be let go before: this takes a while. */
void detect_find(struct detect *d);
/* Names and what was near; reads the database, after the projection is let go. */
MUST_USE enum rc detect_names(struct detect *d, struct err *e);
/* Up to DETECT_NEAR things the company did within a month of an instant, the three nearest of each kind, none twice; of
 * funnels out of the call's sight nothing. Reads the database. */
MUST_USE enum rc detect_near(const struct pop *p, int64_t at, struct detect_near *near, size_t *n, struct err *e);
void detect_free(struct detect *d);

/* Between the parts of it: */
void detect_ways(struct detect *d, int64_t last_day); /* detect_scan: fills ways, deals and values of deals old enough,
                                                         which entered on last_day or before */
void detect_places(struct detect *d);                 /* detect_find: where each change sits */
static inline const uint64_t *detect_seen(const struct detect *d, size_t way)
{
    return d->way_bits.ptr + way * 2 * d->words;
}
static inline bool detect_bit(const uint64_t *bits, int bit)
{
    return bits[bit / 64] >> (bit % 64) & 1;
}
/* k of n of a watched row for the deals of one way, all of which count alike: false when they are not among the n. */
bool detect_counts(const struct detect *d, enum detector detector, int stage, size_t way, bool *k);
