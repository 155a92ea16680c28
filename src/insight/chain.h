/* The way through the stages as a chain: from each stage with what probability to which next one (the embedded chain of
 * a semi-Markov process; what is still open tells nothing and is left out). */
#pragma once
#include "base/rc.h"

struct chain {
    size_t n;                 /* stages that one leaves */
    const double *next;       /* from * n + to */
    const double *won, *lost; /* straight from each stage */
};
/* The share that ends in a win from each stage: p = won + next p, by elimination with pivots. scratch: n * (n + 1).
 * A stage that nothing ever left wins nothing. */
void chain_wins(const struct chain *c, double *scratch, double *p);
/* The same when the share lost straight from `stage` is lower by `lift` (not below 0), the other ways out growing in
 * proportion. */
void chain_wins_lifted(const struct chain *c, size_t stage, double lift, double *scratch, double *p);
/* With the share lost from each stage replaced; NaN: as it is. */
void chain_wins_with(const struct chain *c, const double *lost, double *scratch, double *p);
