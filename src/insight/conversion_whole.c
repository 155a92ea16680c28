/* What does not depend on the period and the filter asked for: how old a deal must be to count as mature, and whether
 * the early history is complete. */
#include "insight/conversion.h"
#include <math.h>

static double days_of(uint64_t key)
{
    return (double)(key >> 2) / MS_DAY;
}

/* Of type 7, of ages in order. */
static double median_days(const uint64_t *keys, size_t n)
{
    if (n == 0)
        return NAN;
    double low = days_of(keys[(n - 1) / 2]), high = days_of(keys[n / 2]);
    return low + (high - low) / 2;
}

/* How old a deal must be to count as mature: the horizon nearest to the median time to win of the whole funnel; 90 days
 * while there are fewer than five wins. */
static void maturity(struct conversion *v, const struct pop_deal *d, size_t n_deals, uint64_t *keys)
{
    size_t n = 0, within = 0;
    for (size_t i = 0; i < n_deals; i++)
        if (d[i].cause == DEAL_WON)
            keys[n++] = incidence_key(d[i].exit - d[i].entry, 0);
    incidence_sort(keys, n);
    v->wins = (int64_t)n;
    v->longest_win = n > 0 ? (int64_t)(keys[n - 1] >> 2) : 0;
    v->median_win_days = median_days(keys, n);
    if (v->mature_days == 0) {
        v->mature_days = 90;
        for (int i = 0; n >= 5 && i < CONVERSION_HORIZONS; i++) {
            double best = fabs((double)v->mature_days - v->median_win_days);
            if (fabs(conversion_horizons[i] - v->median_win_days) < best)
                v->mature_days = conversion_horizons[i];
        }
    }
    while (within < n && (int64_t)(keys[within] >> 2) <= v->mature_days * MS_DAY)
        within++;
    v->won_by_maturity = n ? (double)within / (double)n : NAN;
}

/* The curve of closing up to `span`, of the deals that entered since the first close: only they show the true one.
 * Those watched for longer need no order. */
static bool pooled_curve(const struct conversion *v, const struct pop_deal *d, size_t n_deals, int64_t span,
                         uint64_t *keys, struct incidence *at, int steps)
{
    size_t n = 0, beyond = 0;
    for (size_t i = 0; i < n_deals; i++) {
        if (d[i].entry < v->first_close)
            continue;
        if (d[i].exit - d[i].entry <= span)
            keys[n++] = incidence_key(d[i].exit - d[i].entry, d[i].cause ? 1 : 0);
        else
            beyond++;
    }
    incidence_sort(keys, n);
    for (; beyond > 0; beyond--)
        keys[n++] = incidence_key(span + 1, 0);
    for (int i = 0; i < steps; i++)
        at[i] = (struct incidence){.at = span / steps * (i + 1)};
    incidence_run_keys(keys, n, at, (size_t)steps, NULL, 0);
    return n > 0;
}

/* Deals that were already open when recording began show no early closings: with the pooled curve one can say how many
 * should have been seen between the first entry and the first close. */
static void truncation(struct conversion *v, const struct pop_deal *d, size_t n_deals, uint64_t *keys)
{
    enum { STEPS = 64 };
    int64_t first_entry = INT64_MAX, early = 0;
    struct incidence at[STEPS];
    v->first_close = INT64_MAX;
    for (size_t i = 0; i < n_deals; i++) {
        first_entry = d[i].entry < first_entry ? d[i].entry : first_entry;
        if (d[i].cause != DEAL_OPEN && d[i].exit < v->first_close)
            v->first_close = d[i].exit;
    }
    if (v->first_close == INT64_MAX || v->first_close <= first_entry)
        return;
    for (size_t i = 0; i < n_deals; i++)
        early += d[i].entry < v->first_close;
    int64_t span = v->first_close - first_entry;
    if (early < CONVERSION_CLOSES_MISSED) /* so few cannot have closed more often */
        return;
    if (!pooled_curve(v, d, n_deals, span, keys, at, STEPS))
        return;
    for (size_t i = 0; i < n_deals; i++) {
        int64_t age = v->first_close - d[i].entry;
        int step = age <= 0 ? -1 : (int)(age / (span / STEPS + 1)) - 1;
        if (step >= 0)
            v->expected_before_first_close += 1 - at[step < STEPS ? step : STEPS - 1].open;
    }
}

void conversion_whole(struct conversion *v)
{
    const struct pop *p = &v->p;
    struct pop_deal *own = NULL;
    bool all_chosen = p->n_outside == 0 && p->n_filtered == 0;
    size_t n = all_chosen ? p->n_all : pop_whole(p, &own);
    const struct pop_deal *d = all_chosen ? p->d : own;
    uint64_t *keys = malloc((n + 1) * sizeof *keys);
    if (keys == NULL)
        abort();
    maturity(v, d, n, keys);
    truncation(v, d, n, keys);
    free(keys);
    free(own);
}
