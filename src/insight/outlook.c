/* Sums of uncertain deals, proved bands, scores of chances. */
#include "insight/outlook.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRID_MOST 16384

void outlook_counts(const double *p, size_t n, double *out)
{
    memset(out, 0, (n + 1) * sizeof *out);
    out[0] = 1;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j > 0; j--)
            out[j] = out[j] * (1 - p[i]) + out[j - 1] * p[i];
        out[0] *= 1 - p[i];
    }
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static int64_t amount(const int64_t *a, size_t i)
{
    return a != NULL ? a[i] : 1;
}

/* The unit of the grid. */
static double unit_of(const int64_t *a, size_t n, double *total)
{
    int64_t common = 0;
    *total = 0;
    for (size_t i = 0; i < n; i++) {
        common = gcd(amount(a, i), common);
        *total += (double)amount(a, i);
    }
    double unit = common > 0 ? (double)common : 1;
    return *total / unit > GRID_MOST ? *total / GRID_MOST : unit;
}

/* q[j] = P(sum is j steps) of the deals so far, told for from <= j < end: beyond that it is under NOTHING. */
struct sums {
    double *q, *spare;
    size_t from, end;
};
#define NOTHING 1e-18

static void add_deal(const double *restrict q, double *restrict out, size_t n, size_t step, double p)
{
    size_t both = n > step ? n - step : 0;
    for (size_t j = 0; j < step; j++)
        out[j] = j < n ? q[j] * (1 - p) : 0;
    for (size_t j = 0; j < both; j++)
        out[step + j] = q[step + j] * (1 - p) + q[j] * p;
    for (size_t j = both; j < n; j++)
        out[step + j] = q[j] * p;
}

static void take_deal(struct sums *s, size_t step, double p)
{
    size_t n = s->end - s->from;
    add_deal(s->q + s->from, s->spare + s->from, n, step, p);
    double *swap = s->q;
    s->q = s->spare;
    s->spare = swap;
    s->end += step;
    while (s->from + 1 < s->end && s->q[s->from] < NOTHING)
        s->from++;
    while (s->from + 1 < s->end && s->q[s->end - 1] < NOTHING)
        s->end--;
}

static double quantile_of(const struct sums *s, double unit, double p)
{
    double sum = 0;
    for (size_t i = s->from; i < s->end; i++) {
        sum += s->q[i];
        if (sum >= p - 1e-12)
            return (double)i * unit;
    }
    return (double)(s->end - 1) * unit;
}

static void convolve(const double *p, const int64_t *a, size_t n, struct outlook *o)
{
    double total, unit = unit_of(a, n, &total);
    size_t size = (size_t)(total / unit) + n + 2;
    struct sums s = {malloc(size * sizeof *s.q), malloc(size * sizeof *s.q), 0, 1};
    if (s.q == NULL || s.spare == NULL)
        abort();
    s.q[0] = 1;
    for (size_t i = 0; i < n; i++) {
        size_t step = (size_t)llround((double)amount(a, i) / unit);
        if (step > 0 && p[i] > 0)
            take_deal(&s, step, p[i]);
    }
    o->nothing = s.from == 0 ? s.q[0] : 0;
    o->p10 = quantile_of(&s, unit, 0.1);
    o->p50 = quantile_of(&s, unit, 0.5);
    o->p90 = quantile_of(&s, unit, 0.9);
    free(s.q);
    free(s.spare);
}

static double by_moments(const struct outlook *o, double skew, double z)
{
    double w = z + (z * z - 1) * skew / 6;
    return fmax(0, o->mean + o->sd * w);
}

struct outlook outlook_sum(const double *p, const int64_t *a, size_t n)
{
    struct outlook o = {.nothing = 1};
    double variance = 0, third = 0;
    for (size_t i = 0; i < n; i++) {
        double v = (double)amount(a, i), spread = p[i] * (1 - p[i]);
        o.mean += p[i] * v;
        variance += spread * v * v;
        third += spread * (1 - 2 * p[i]) * v * v * v;
        o.nothing *= v > 0 ? 1 - p[i] : 1;
    }
    o.sd = sqrt(variance);
    if (n <= OUTLOOK_EXACT) {
        convolve(p, a, n, &o);
        return o;
    }
    double skew = o.sd > 0 ? third / (variance * o.sd) : 0;
    o.p10 = by_moments(&o, skew, -1.2815515655446004);
    o.p50 = by_moments(&o, skew, 0);
    o.p90 = by_moments(&o, skew, 1.2815515655446004);
    return o;
}

double outlook_miss(double forecast, double actual, double half)
{
    return log((actual + half) / (forecast + half));
}

double outlook_student(double p, double freedom)
{
    double tail = p < 0.5 ? p : 1 - p;
    double x = stats_beta_quantile(2 * tail, freedom / 2, 0.5);
    double t = x > 0 ? sqrt(freedom * (1 - x) / x) : INFINITY;
    return p < 0.5 ? -t : t;
}

bool outlook_proved(double forecast, double half, const double *z, size_t n, struct outlook *band)
{
    double mean = 0, s = 0, m = forecast + half;
    if (n < OUTLOOK_PROVED)
        return false;
    for (size_t i = 0; i < n; i++)
        mean += z[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        s += (z[i] - mean) * (z[i] - mean);
    s = sqrt(s / (double)(n - 1));
    double wide = outlook_student(0.9, (double)(n - 1)) * s * sqrt(1 + 1 / (double)n);
    band->p10 = fmax(0, m * exp(mean - wide) - half);
    band->p50 = fmax(0, m * exp(mean) - half);
    band->p90 = fmax(0, m * exp(mean + wide) - half);
    return true;
}

/* ---- scores ---- */

double score_brier(const double *p, const uint8_t *won, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (p[i] - won[i]) * (p[i] - won[i]);
    return n > 0 ? sum / (double)n : NAN;
}

double score_log_loss(const double *p, const uint8_t *won, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double q = fmin(fmax(p[i], 1e-15), 1 - 1e-15);
        sum -= won[i] ? log(q) : log(1 - q);
    }
    return n > 0 ? sum / (double)n : NAN;
}

struct scored {
    double p;
    uint8_t won;
};

static int by_chance(const void *x, const void *y)
{
    const struct scored *a = x, *b = y;
    return a->p < b->p ? -1 : a->p > b->p;
}

double score_auc(const double *p, const uint8_t *won, size_t n)
{
    struct scored *s = malloc((n + 1) * sizeof *s);
    double ranks = 0, wins = 0;
    if (s == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        s[i] = (struct scored){p[i], won[i]};
    qsort(s, n, sizeof *s, by_chance);
    for (size_t i = 0; i < n;) {
        size_t k = i;
        double w = 0;
        for (; k < n && s[k].p == s[i].p; k++)
            w += s[k].won;
        ranks += w * ((double)(i + k + 1) / 2); /* the mean of ranks i+1..k */
        wins += w;
        i = k;
    }
    free(s);
    double losses = (double)n - wins;
    return wins > 0 && losses > 0 ? (ranks - wins * (wins + 1) / 2) / (wins * losses) : NAN;
}

double score_ece(const double *p, const uint8_t *won, size_t n)
{
    double sum[10] = {0}, wins[10] = {0}, error = 0;
    for (size_t i = 0; i < n; i++) {
        int bin = (int)(p[i] * 10);
        bin = bin > 9 ? 9 : bin < 0 ? 0 : bin;
        sum[bin] += p[i];
        wins[bin] += won[i];
    }
    for (int i = 0; i < 10; i++)
        error += fabs(sum[i] - wins[i]);
    return n > 0 ? error / (double)n : NAN;
}
