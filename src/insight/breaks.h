/* When a rate changed: change points of counts in a row of periods. Pure functions; known values in
 * tests/unit/test_insight_breaks.c. */
#pragma once
#include "base/rc.h"

/* A row of periods parted in two. */
struct split {
    size_t at;      /* the first period of the second part */
    double g2;      /* likelihood ratio of two rates against one */
    double chance;  /* of so large a ratio anywhere in a row without any change */
    int64_t k1, n1; /* before */
    int64_t k2, n2; /* from `at` on */
};

/* The best split of k_i of n_i over m periods: G2(s) = 2[l(K1,N1) + l(K2,N2) - l(K,N)], l(k,n) = k ln(k/n) + (n-k)
 * ln(1-k/n), 0 ln 0 = 0. Its chance: (m-1) erfc(sqrt(G2/2)) where there is enough of everything, of 9,999 shuffles of
 * the outcomes over the periods (a fixed seed) where some part expects fewer than five. False when there are fewer than
 * two periods with something in them. */
bool breaks_split(const int64_t *k, const int64_t *n, size_t m, struct split *out);
/* G2 of a split at a given period, for a part of the same deals: what share of the change it carries. */
double breaks_g2(const int64_t *k, const int64_t *n, size_t m, size_t at);

/* G2 of two rates, and of two counts over times; 0 where one side is empty. */
double breaks_rates(int64_t k1, int64_t n1, int64_t k2, int64_t n2);
double breaks_flows(int64_t k1, int64_t n1, int64_t k2, int64_t n2);

/* Every change of the row, by parting it again and again (binary segmentation) while a part's chance is below alpha and
 * its G2 above the penalty 3 ln m (Killick, Fearnhead, Eckley 2012, JASA 107:1590). Ascending by `at`, at most `most`;
 * k1, n1 are of the part before, up to the change before it. How many were found. */
size_t breaks_all(const int64_t *k, const int64_t *n, size_t m, double alpha, struct split *out, size_t most);

/* The same of counts that have no `of how many`: arrivals in periods of a length (days). The ratio is divided by how
 * much more the counts vary than chance alone would make them (overdispersion, by Pearson's X2 about the two parts,
 * never below 1), and compared with F. k1, k2: counts; n1, n2: days. */
bool breaks_counts(const int64_t *count, const int64_t *days, size_t m, struct split *out);
