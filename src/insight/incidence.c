#include "insight/incidence.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Running sums of the variance, so that any number of points costs one pass: with F the rate at the point,
 * F^2 a - 2F aF + aFF + b - 2F c + 2 cF. Long double because the terms nearly cancel. */
struct cause_sums {
    long double rate, aF, aFF, b, c, cF;
};
struct run {
    long double open, greenwood; /* S and sum d/(n(n-d)) */
    struct cause_sums cause[INCIDENCE_CAUSES];
};

/* Exits with their causes in the lowest bits, so that a life takes eight bytes while it is sorted. */
enum { CAUSE_BITS = 2 };

static bool in_order(const uint64_t *keys, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (keys[i - 1] > keys[i])
            return false;
    return true;
}

/* Eleven bits at a time from the lowest up: a million in some ten milliseconds, where comparing takes ten times as
 * long. The order of causes at one age does not matter and is left out. */
static void sort_keys(uint64_t *keys, size_t n)
{
    enum { BITS = 11, SLOTS = 1 << BITS };
    if (in_order(keys, n))
        return;
    uint64_t *from = keys, *spare = malloc(n * sizeof *spare), *to = spare, most = 0;
    if (spare == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        most = keys[i] > most ? keys[i] : most;
    for (unsigned shift = CAUSE_BITS; shift < 64 && most >> shift; shift += BITS) {
        size_t start[SLOTS + 1] = {0};
        for (size_t i = 0; i < n; i++)
            start[((from[i] >> shift) & (SLOTS - 1)) + 1]++;
        for (size_t i = 0; i < SLOTS; i++)
            start[i + 1] += start[i];
        for (size_t i = 0; i < n; i++)
            to[start[(from[i] >> shift) & (SLOTS - 1)]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
    free(spare);
}

static uint64_t *sorted_keys(const struct life *lives, size_t n, int64_t *least)
{
    uint64_t *keys = malloc((n + 1) * sizeof *keys);
    if (keys == NULL)
        abort();
    *least = n > 0 ? lives[0].exit : 0;
    for (size_t i = 1; i < n; i++)
        *least = lives[i].exit < *least ? lives[i].exit : *least;
    for (size_t i = 0; i < n; i++)
        keys[i] = ((uint64_t)lives[i].exit - (uint64_t)*least) << CAUSE_BITS | (uint64_t)lives[i].cause;
    sort_keys(keys, n);
    return keys;
}

static int by_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Late entries in order, or NULL with *n 0 when everybody was watched from the start. */
static int64_t *late_entries(const struct life *lives, size_t n, size_t *late)
{
    *late = 0;
    for (size_t i = 0; i < n; i++)
        *late += lives[i].entry != INCIDENCE_FROM_START;
    if (*late == 0)
        return NULL;
    int64_t *entries = malloc(*late * sizeof *entries);
    if (entries == NULL)
        abort();
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (lives[i].entry != INCIDENCE_FROM_START)
            entries[k++] = lives[i].entry;
    qsort(entries, k, sizeof *entries, by_i64);
    return entries;
}

static void step(struct run *r, int64_t at_risk, const int64_t d_cause[INCIDENCE_CAUSES], int64_t d)
{
    long double n = (long double)at_risk, before = r->open, each = before / n; /* of the rate, by one end */
    long double a = at_risk > d ? (long double)d / (n * (n - (long double)d)) : 0;
    for (int k = 0; k < INCIDENCE_CAUSES; k++) {
        struct cause_sums *s = &r->cause[k];
        if (d_cause[k] > 0) { /* divisions are what it costs */
            long double dk = (long double)d_cause[k], c = each * dk / n;
            s->rate += each * dk;
            s->b += c * each * (n - dk);
            s->c += c;
            s->cF += c * s->rate;
        }
        s->aF += a * s->rate;
        s->aFF += a * s->rate * s->rate;
    }
    r->open -= each * (long double)d;
    if (at_risk == d)
        r->open = 0;
    r->greenwood += a;
}

static void fill(const struct run *r, int64_t at_risk, struct incidence *p)
{
    p->at_risk = at_risk;
    p->open = (double)r->open;
    p->open_se = (double)(r->open * sqrtl(r->greenwood));
    for (int k = 0; k < INCIDENCE_CAUSES; k++) {
        const struct cause_sums *s = &r->cause[k];
        long double f = s->rate;
        long double var = f * f * r->greenwood - 2 * f * s->aF + s->aFF + s->b - 2 * f * s->c + 2 * s->cF;
        p->rate[k] = (double)f;
        p->se[k] = var > 0 ? (double)sqrtl(var) : 0;
        p->ci[k] = (struct interval){NAN, NAN};
        if (f > 0 && f < 1) {
            double w = STATS_Z95 * p->se[k] / (p->rate[k] * fabs(log(p->rate[k])));
            p->ci[k] = (struct interval){pow(p->rate[k], exp(w)), pow(p->rate[k], exp(-w))};
        }
    }
}

static void reach(const struct run *r, int64_t at, struct incidence_quantile *q, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double share = q[i].cause == 0 ? (double)(1 - r->open) : (double)r->cause[q[i].cause - 1].rate;
        if (q[i].at < 0 && share >= q[i].p - 1e-12)
            q[i].at = at;
    }
}

/* keys: sorted, ages are counted from `least`. */
static void run_keys(const uint64_t *keys, size_t n, int64_t least, const int64_t *entries, size_t late,
                     struct incidence *points, size_t n_points, struct incidence_quantile *quantiles,
                     size_t n_quantiles)
{
    size_t entered = 0, next = 0;
    struct run r = {.open = 1};
    for (size_t i = 0; i < n_quantiles; i++)
        quantiles[i].at = -1;

    for (size_t i = 0, j; i < n && (next < n_points || n_quantiles > 0); i = j) { /* i..j: everything at one age */
        int64_t age = least + (int64_t)(keys[i] >> CAUSE_BITS), d_cause[INCIDENCE_CAUSES] = {0}, d = 0;
        /* those who entered strictly before this age, less those who have left before it */
        while (entered < late && entries[entered] < age)
            entered++;
        int64_t at_risk = (int64_t)(n - i) - (int64_t)(late - entered);
        for (; next < n_points && points[next].at < age; next++) {
            size_t in = entered;
            while (in > 0 && entries[in - 1] >= points[next].at)
                in--;
            fill(&r, (int64_t)(n - i) - (int64_t)(late - in), &points[next]);
        }
        for (j = i; j < n && keys[j] >> CAUSE_BITS == keys[i] >> CAUSE_BITS; j++)
            if ((keys[j] & 3) > 0) {
                d_cause[(keys[j] & 3) - 1]++;
                d++;
            }
        if (d > 0 && at_risk > 0) {
            step(&r, at_risk, d_cause, d);
            reach(&r, age, quantiles, n_quantiles);
        }
    }
    for (; next < n_points; next++)
        fill(&r, 0, &points[next]);
}

void incidence_run(const struct life *lives, size_t n, struct incidence *points, size_t n_points,
                   struct incidence_quantile *quantiles, size_t n_quantiles)
{
    size_t late;
    int64_t least, *entries = late_entries(lives, n, &late);
    uint64_t *keys = sorted_keys(lives, n, &least);
    run_keys(keys, n, least, entries, late, points, n_points, quantiles, n_quantiles);
    free(keys);
    free(entries);
}

uint64_t incidence_key(int64_t age, int cause)
{
    return (age > 0 ? (uint64_t)age : 0) << CAUSE_BITS | (uint64_t)cause;
}

void incidence_run_keys(uint64_t *keys, size_t n, struct incidence *points, size_t n_points,
                        struct incidence_quantile *quantiles, size_t n_quantiles)
{
    sort_keys(keys, n);
    run_keys(keys, n, 0, NULL, 0, points, n_points, quantiles, n_quantiles);
}

void incidence_sort(uint64_t *keys, size_t n)
{
    sort_keys(keys, n);
}
