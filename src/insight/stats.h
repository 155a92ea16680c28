/* Estimators behind every rate the product prints. Pure functions of their arguments; formulas and their sources stand
 * above each, known values in tests/unit/test_insight_stats.c. */
#pragma once
#include "base/rc.h"

#define STATS_Z95 1.959963984540054 /* the normal quantile of a two-sided 95 % interval */

struct interval {
    double low, high;
};

/* k of n as a rate with a 95 % interval by the score method (Wilson 1927, JASA 22:209). n 0: the whole of 0..1. */
struct interval stats_wilson(int64_t k, int64_t n);
/* Equal-tailed 95 % interval of the Beta(k + 1/2, n - k + 1/2) posterior; low is 0 when k is 0, high is 1 when k is n
 * (Brown, Cai, DasGupta 2001, Stat. Sci. 16:101). */
struct interval stats_jeffreys(int64_t k, int64_t n);
/* 95 % interval of k1/n1 - k2/n2, method 10 of Newcombe 1998 (Stat. Med. 17:873), which builds on Wilson's limits. */
struct interval stats_newcombe(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double *difference);

/* Regularised incomplete beta function I_x(a,b), by the continued fraction in Lentz's modified form; a, b > 0. */
double stats_beta_cdf(double x, double a, double b);
double stats_beta_quantile(double p, double a, double b); /* to the last bits of a double */

/* Shrunken rates of several groups: k_i of n_i with a common Beta(a,b) behind them. Start by moments (Kleinman 1973,
 * JASA 68:46), then maximum likelihood over precision by golden section, over the mean by Newton. rho = 1/(a+b+1). When
 * the groups differ no more than chance does, `pooled` is set and every group has the common rate. */
struct beta_prior {
    double mu, rho, a, b, loglik; /* loglik with the binomial coefficients */
    bool pooled;
};
struct beta_prior stats_beta_moments(const int64_t *k, const int64_t *n, size_t groups);
struct beta_prior stats_beta_ml(const int64_t *k, const int64_t *n, size_t groups);
/* (k+a)/(n+a+b) with the equal-tailed 95 % interval of the posterior. */
double stats_shrunken(const struct beta_prior *p, int64_t k, int64_t n, struct interval *out);

/* Quantile p of values sorted ascending, by linear interpolation (type 7, the default of R and numpy). NaN when n is 0.
 */
double stats_quantile(const double *sorted, size_t n, double p);
