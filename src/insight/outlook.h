/* The arithmetic of a forecast: sums of deals that each may or may not come, and bands that the past has proved. */
#pragma once
#include "insight/stats.h"

/* How many of n independent deals are won, deal i with chance p[i] (Poisson binomial), exactly:
 * q_j(i) = q_j(i-1)(1-p_i) + q_{j-1}(i-1)p_i. out has n + 1 places. */
void outlook_counts(const double *p, size_t n, double *out);

struct outlook {
    double mean, sd, nothing; /* nothing: P(sum is 0) */
    double p10, p50, p90;
};
#define OUTLOOK_EXACT 2000 /* more deals than this: by the first three moments (Cornish & Fisher 1938) */
/* What the deals bring together: amounts a[i] >= 0 in any whole unit (NULL: each 1, so that deals are counted). The
 * distribution is convolved on a grid of the amounts' own greatest common divisor where that gives few enough steps,
 * otherwise of a 16384th of their total. Quantile: the smallest sum that is reached with at least that probability. */
struct outlook outlook_sum(const double *p, const int64_t *a, size_t n);

/* What forecasts like this one came to: z = ln((actual + half) / (forecast + half)), where half is half of one deal. */
double outlook_miss(double forecast, double actual, double half);
#define OUTLOOK_PROVED 3 /* misses needed for a band of them */
/* P50 = m e^mean(z), P10 and P90 = m exp(mean(z) -+ t_{.9,n-1} s sqrt(1 + 1/n)). False: under OUTLOOK_PROVED. */
MUST_USE bool outlook_proved(double forecast, double half, const double *z, size_t n, struct outlook *band);
double outlook_student(double p, double freedom); /* quantile of Student's t */

/* Scores of predicted chances p[i] against what happened. NaN when n is 0 or, for auc, when all ended alike. */
double score_brier(const double *p, const uint8_t *won, size_t n);
double score_log_loss(const double *p, const uint8_t *won, size_t n);
double score_auc(const double *p, const uint8_t *won, size_t n); /* ties count half (Mann & Whitney 1947) */
/* Mean distance between predicted and real rate over ten bins of equal width, weighed by their size. */
double score_ece(const double *p, const uint8_t *won, size_t n);
/* Loss of a forecast of the quantile q (Koenker & Bassett 1978). */
static inline double score_pinball(double q, double forecast, double actual)
{
    return actual >= forecast ? q * (actual - forecast) : (1 - q) * (forecast - actual);
}
