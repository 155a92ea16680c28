#include "insight/spread.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values of one octave share as many buckets as there are values of SPREAD_BITS bits. */
static size_t bucket_of(uint64_t ms)
{
    int high = ms >> SPREAD_BITS ? 63 - __builtin_clzll(ms) : SPREAD_BITS - 1;
    if (high < SPREAD_BITS)
        return (size_t)ms;
    size_t b = ((size_t)(high - SPREAD_BITS + 1) << SPREAD_BITS) + (size_t)((ms >> (high - SPREAD_BITS)) & 255);
    return b < SPREAD_BUCKETS ? b : SPREAD_BUCKETS - 1;
}

static double middle_of(size_t bucket)
{
    size_t octave = bucket >> SPREAD_BITS;
    if (octave == 0)
        return (double)bucket;
    double width = (double)(UINT64_C(1) << (octave - 1));
    return ((double)(bucket & 255) + 256) * width + (width - 1) / 2;
}

static void count(struct spread *s, uint64_t packed)
{
    s->hist[(packed & 1 ? SPREAD_BUCKETS : 0) + bucket_of(packed >> 2)]++;
}

static void to_histogram(struct spread *s)
{
    s->hist = calloc((size_t)2 * SPREAD_BUCKETS, sizeof *s->hist);
    if (s->hist == NULL)
        abort();
    for (size_t i = 0; i < s->n; i++)
        count(s, s->few[i]);
    free(s->few);
    s->few = NULL;
}

void spread_push(struct spread *s, uint64_t packed)
{
    if (s->hist == NULL && s->n == SPREAD_EXACT)
        to_histogram(s);
    if (s->hist != NULL) {
        count(s, packed);
        return;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->few = realloc(s->few, s->cap * sizeof *s->few);
        if (s->few == NULL)
            abort();
    }
    s->few[s->n++] = packed;
}

static struct life *lives_of(const struct spread *s)
{
    struct life *lives = malloc((s->n + 1) * sizeof *lives);
    if (lives == NULL)
        abort();
    for (size_t i = 0; i < s->n; i++)
        lives[i] = (struct life){(int64_t)(s->few[i] >> 2), INCIDENCE_FROM_START, s->few[i] & 1 ? 0 : 1};
    return lives;
}

/* Walks the histogram until share p is over or the time is reached; the share so far in *over. */
static double walk_histogram(const struct spread *s, double p, double until, double *over)
{
    double open = 1, at_risk = (double)(s->n_over + s->n_open);
    for (size_t b = 0; b < SPREAD_BUCKETS; b++) {
        double d = s->hist[b], c = s->hist[SPREAD_BUCKETS + b];
        if (d + c == 0)
            continue;
        if (middle_of(b) > until)
            break;
        open *= 1 - d / at_risk;
        at_risk -= d + c;
        *over = 1 - open;
        if (1 - open >= p - 1e-12)
            return middle_of(b);
    }
    return NAN;
}

double spread_km(struct spread *s, double p)
{
    double over = 0;
    if (s->n_over + s->n_open == 0)
        return NAN;
    if (s->hist != NULL)
        return walk_histogram(s, p, INFINITY, &over);
    incidence_sort(s->few, s->n);
    double open = 1;
    for (size_t i = 0, j; i < s->n; i = j) { /* i..j: everything at one time */
        double d = 0;
        for (j = i; j < s->n && s->few[j] >> 2 == s->few[i] >> 2; j++)
            d += (s->few[j] & 1) == 0;
        open *= 1 - d / (double)(s->n - i);
        if (1 - open >= p - 1e-12)
            return (double)(s->few[i] >> 2);
    }
    return NAN;
}

double spread_over_by(struct spread *s, int64_t ms, struct interval *ci)
{
    double over = 0;
    *ci = (struct interval){NAN, NAN};
    if (s->n_over + s->n_open == 0)
        return NAN;
    if (s->hist != NULL) {
        walk_histogram(s, 2, (double)ms, &over);
        *ci = stats_wilson((int64_t)(over * (double)(s->n_over + s->n_open)), s->n_over + s->n_open);
        return over;
    }
    struct incidence at = {.at = ms};
    struct life *lives = lives_of(s);
    incidence_run(lives, s->n, &at, 1, NULL, 0);
    free(lives);
    bool inside = at.rate[0] > 0 && at.rate[0] < 1;
    *ci = inside ? at.ci[0] : stats_wilson(at.rate[0] > 0 ? (int64_t)s->n : 0, (int64_t)s->n);
    return at.rate[0];
}

static double rank_histogram(const struct spread *s, double rank)
{
    double seen = 0;
    for (size_t b = 0; b < SPREAD_BUCKETS; b++) {
        seen += (double)s->hist[b] + (double)s->hist[SPREAD_BUCKETS + b];
        if (seen > rank)
            return middle_of(b);
    }
    return NAN;
}

double spread_quantile(struct spread *s, double p)
{
    size_t n = (size_t)(s->n_over + s->n_open);
    if (n == 0)
        return NAN;
    double rank = p * (double)(n - 1);
    if (s->hist != NULL)
        return rank_histogram(s, rank);
    incidence_sort(s->few, s->n);
    size_t low = (size_t)rank, high = low + 1 < n ? low + 1 : low;
    double a = (double)(s->few[low] >> 2), b = (double)(s->few[high] >> 2);
    return a + (rank - (double)low) * (b - a);
}

void spread_free(struct spread *s)
{
    free(s->few);
    free(s->hist);
    *s = (struct spread){0};
}

struct spread *spreads_new(size_t n)
{
    struct spread *s = calloc(n + 1, sizeof *s);
    if (s == NULL)
        abort();
    return s;
}

void spreads_free(struct spread *s, size_t n)
{
    for (size_t i = 0; s != NULL && i < n; i++)
        spread_free(&s[i]);
    free(s);
}
