/* How likely a new deal is to be won, by what was known of it when it was created: ridge logistic regression, told
 * field by field, and only where it is better than one rate for all. */
#pragma once
#include "base/zone.h"
#include "insight/chance.h"

/* ---- the regression ---- */

#define LOGIT_NONE (-1)
/* Rows of `width` one-hot features each: x[row * width + i] is the number of the feature, LOGIT_NONE: none. */
struct logit_data {
    const int32_t *x;
    const uint8_t *y;
    size_t n, width, d; /* d: features in all */
};
struct logit {
    double bias, *w; /* w: d log-odds */
    size_t d;
    int rounds;
};
/* Minimises -loglik + lambda/2 |w|^2 by Newton's method; the bias is not held back. In the arena. False: n is 0, or all
 * ended alike. */
MUST_USE bool logit_fit(struct logit *out, struct arena *a, const struct logit_data *data, double lambda);
double logit_of(const struct logit *m, const int32_t *x, size_t width);

/* ---- of deals ---- */

#define SCORE_FIELDS 40
#define SCORE_LEVELS 24 /* of a field; rarer ones are one level together */
#define SCORE_DEALS_MOST 20000
#define SCORE_DEALS_LEAST 100 /* old enough to be judged, a tenth of them won and lost at least */
struct score_effect {
    int field; /* of the deal; of the company when `company`; -1: its weekday of creation */
    bool company;
    int64_t value; /* as fact_get tells it; FACT_NULL: not given */
    double effect; /* log-odds beside the mean of all deals */
};
struct scoring;
struct scoring_quality {
    size_t learned, tested;
    double base_rate, brier, base_brier, auc, ece, log_loss;
    int64_t days; /* won within so many days of its creation */
    bool better;  /* than the base rate, on the newest fifth */
};
/* While the projection is locked; stages from m (chance_read, and learned, so that they are mapped). Fields that are
 * hidden from nobody in particular are all used: ask rights_sees_field before an effect is told. NULL: too few deals.
 */
struct scoring *scoring_learn(struct arena *a, const struct projection_view *v, const struct chance *m, int64_t as_of,
                              const struct zone *zone);
struct scoring_quality scoring_quality_of(const struct scoring *s);
/* Of one deal, by its row; effects[SCORE_FIELDS], the strongest first. While locked, with the same view. */
double scoring_of(const struct scoring *s, const struct projection_view *v, size_t row, struct score_effect *effects,
                  size_t *n);
