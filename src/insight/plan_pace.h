/* Where a measure will stand at the end of a period, from what was counted day by day: activities by their pace on
 * working days, shares of what falls due, conversion completed by age, the average check. Formulas: docs/reports.md. */
#pragma once
#include "insight/outlook.h"

/* Days before today, then those that are left, today the first of them. */
struct pace {
    const double *up, *down; /* counted each past day; down: of how many, where it is a rate */
    const uint8_t *works;    /* is it a working day? of past and ahead */
    size_t past, ahead;
    size_t period; /* how many of the past days belong to the period */
};
/* By age in days up to PACE_MATURE: of all deals that old, the share that was won, and lost, by then. */
enum { PACE_MATURE = 60 };
struct pace_curve {
    double won[PACE_MATURE + 1], lost[PACE_MATURE + 1];
    double n; /* deals it was learned from */
};
struct pace_end {
    double p10, p50, p90; /* at the period's end, with what is there already */
    double weight;        /* of a rate: of how many it will be */
};

/* False: there is too little history for it. */
/* What adds up. Ahead: trailing pace a working day; its band is the wider one of a negative binomial, dispersed as the
 * weeks were, and of what such forecasts missed by before (statistics of calibrated bands). */
MUST_USE bool pace_count(const struct pace *x, struct pace_end *out);
/* up of down fall due each day: beta-binomial, its prior from the weeks before the period. */
MUST_USE bool pace_share(const struct pace *x, struct pace_end *out);
/* up: money, down: wins. The wins ahead bring the check of the last weeks, as wrong as that was before. */
MUST_USE bool pace_check(const struct pace *x, struct pace_end *out);
/* up: deals that entered, by day; won, open: of them by now. What is open is completed by age (chain ladder), drawn to
 * how the cohort has done so far (Bornhuetter & Ferguson 1972), as far as cohorts of the period's length differ. */
MUST_USE bool pace_conversion(const struct pace *x, const double *won, const double *open,
                              const struct pace_curve *curve, struct pace_end *out);
