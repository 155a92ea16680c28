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

enum { DETECT_PLACES = 3, DETECT_NEAR = 8, DETECT_PERIODS = 120 };
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
    struct str name;
    int64_t at;
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
struct detect {
    struct pop *pop;
    char period; /* 'm' or 'q': months, where there are enough deals for them */
    int64_t mature_days;
    VEC(struct detect_row) rows;
    VEC(struct detect_change) changes;
};

/* With the population locked, of deals entered, ungrouped. */
void detect_scan(struct detect *d, struct pop *p);
/* Names and what was near; reads the database, after the projection is let go. */
MUST_USE enum rc detect_names(struct detect *d, struct err *e);
void detect_places(struct detect *d); /* where each change sits: detect_scan calls it */
/* Up to DETECT_NEAR things the company did within a month of an instant; reads the database. */
MUST_USE enum rc detect_near(const struct pop *p, int64_t at, struct detect_near *near, size_t *n, struct err *e);
void detect_free(struct detect *d);
