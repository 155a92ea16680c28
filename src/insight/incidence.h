/* How a cohort ends over time when part of it is still open: Kaplan-Meier and Aalen-Johansen with delayed entry.
 * (Aalen & Johansen 1978; Andersen, Borgan, Gill, Keiding 1993, 4.4.20; Klein & Moeschberger ch. 4.6 for delayed
 * entry.) */
#pragma once
#include "insight/stats.h"

#define INCIDENCE_CAUSES 3
#define INCIDENCE_FROM_START INT64_MIN /* entry of one that was watched from its beginning */

/* One observed life. Times are in any integer unit on the clock of the life itself (age), the product uses
 * milliseconds. */
struct life {
    int64_t exit;  /* age at the end or at the last look */
    int64_t entry; /* age from which it was watched: INCIDENCE_FROM_START, or a later age (left truncation) */
    int cause;     /* 0 still open (censored), 1..INCIDENCE_CAUSES how it ended */
};

/* The state of affairs at one age, everything that happened exactly then included. */
struct incidence {
    int64_t at;           /* in: the age asked for */
    int64_t at_risk;      /* how many are still watched and open after it */
    double open, open_se; /* share still open (Kaplan-Meier) and its Greenwood standard error */
    double rate[INCIDENCE_CAUSES], se[INCIDENCE_CAUSES]; /* share ended by cause 1.. (Aalen-Johansen) */
    struct interval ci[INCIDENCE_CAUSES]; /* 95 %, on the log(-log) scale; NaN where the rate is 0 or 1 */
};

/* The earliest age at which the share ended by `cause` (0: by any) reaches p. */
struct incidence_quantile {
    int cause;
    double p;
    int64_t at; /* out: -1 when it is not reached */
};

/* Fills the points (ascending by at) and quantiles in one pass.
 * Ends at an age come before censorings at the same age.
 * Var F_k(t) = sum (F_k(t)-F_k(i))^2 d_i/(n_i(n_i-d_i)) + sum S(i-)^2 d_ki(n_i-d_ki)/n_i^3 - 2 sum (F_k(t)-F_k(i))
 * S(i-) d_ki/n_i^2. */
void incidence_run(const struct life *lives, size_t n, struct incidence *points, size_t n_points,
                   struct incidence_quantile *quantiles, size_t n_quantiles);

/* The same of lives of eight bytes, all watched from their beginning, which are sorted in place: for the many. An age
 * below 0 counts as 0. */
uint64_t incidence_key(int64_t age, int cause);
void incidence_run_keys(uint64_t *keys, size_t n, struct incidence *points, size_t n_points,
                        struct incidence_quantile *quantiles, size_t n_quantiles);
/* Ascending by age; the order of causes at one age is left out. */
void incidence_sort(uint64_t *keys, size_t n);
