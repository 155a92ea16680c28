/* Forecasts as they would have been made every week in the past, each from what was known then, beside what came. */
#pragma once
#include "insight/chance.h"
#include "insight/money.h"
#include "insight/outlook.h"
#include "insight/population.h"

#define PAST_FORECASTS 52
struct past_forecast {
    int64_t at;
    int64_t open, learned;                            /* deals open then; stays that had ended by then */
    double wins, variance, revenue, revenue_variance; /* forecast of open deals */
    double actual, actual_revenue;                    /* of the same deals, within the horizon */
    double fresh, fresh_revenue;                      /* won within the horizon by deals that came after `at` */
    bool made;                                        /* of older weeks only those that are used */
    bool used;                                        /* its time does not overlap that of the next used one */
    double low, high;                                 /* the band that was promised then, P10 and P90 of wins */
    bool proved, held;                                /* the band was made of earlier misses; the actual lay within */
};
struct past_forecasts {
    struct past_forecast at[PAST_FORECASTS]; /* from the oldest to the newest */
    size_t n;
    double z[PAST_FORECASTS], z_revenue[PAST_FORECASTS];             /* misses of the used ones */
    double z_total[PAST_FORECASTS], z_total_revenue[PAST_FORECASTS]; /* the same, with deals that came after */
    size_t n_used;
    double half_revenue; /* half of one deal */
    int64_t promised, held;
    double fresh, fresh_revenue, fresh_sd, fresh_revenue_sd; /* over the used ones */
    size_t every;                                            /* deals looked at: every n-th */
};
/* While the projection is locked; values[i] of p->d[i] in minor units, 0: none: what was won. What a deal promised is
 * its value as it was then. By age m learns anew and is another model afterwards. */
void past_forecasts_make(struct past_forecasts *f, const struct pop *p, struct chance *m, enum chance_model model,
                         const int64_t *values, struct money *money, int64_t horizon);
