#include "insight/stats.h"
#include <math.h>

struct interval stats_wilson(int64_t k, int64_t n)
{
    if (n <= 0)
        return (struct interval){0, 1};
    double nn = (double)n, p = (double)k / nn, z2 = STATS_Z95 * STATS_Z95;
    double centre = (p + z2 / (2 * nn)) / (1 + z2 / nn);
    double half = STATS_Z95 * sqrt(p * (1 - p) / nn + z2 / (4 * nn * nn)) / (1 + z2 / nn);
    return (struct interval){k <= 0 ? 0 : fmax(0, centre - half), k >= n ? 1 : fmin(1, centre + half)};
}

struct interval stats_jeffreys(int64_t k, int64_t n)
{
    if (n <= 0)
        return (struct interval){0, 1};
    double a = (double)k + 0.5, b = (double)(n - k) + 0.5;
    return (struct interval){k <= 0 ? 0 : stats_beta_quantile(0.025, a, b),
                             k >= n ? 1 : stats_beta_quantile(0.975, a, b)};
}

struct interval stats_newcombe(int64_t k1, int64_t n1, int64_t k2, int64_t n2, double *difference)
{
    if (n1 <= 0 || n2 <= 0) {
        *difference = NAN;
        return (struct interval){-1, 1};
    }
    double p1 = (double)k1 / (double)n1, p2 = (double)k2 / (double)n2, d = p1 - p2;
    struct interval w1 = stats_wilson(k1, n1), w2 = stats_wilson(k2, n2);
    *difference = d;
    return (struct interval){d - hypot(p1 - w1.low, w2.high - p2), d + hypot(w1.high - p1, p2 - w2.low)};
}

static double log_gamma(double x)
{
    int sign; /* lgamma writes a global: not for threads */
    return lgamma_r(x, &sign);
}

/* The continued fraction of the incomplete beta function; converges fast for x < (a+1)/(a+b+2). */
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        double step = d * c;
        h *= step;
        if (fabs(step - 1) < 1e-16)
            break;
    }
    return h;
}

double stats_beta_cdf(double x, double a, double b)
{
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double stats_beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < 200; i++) {
        double mid = low + (high - low) / 2;
        if (mid <= low || mid >= high)
            break;
        if (stats_beta_cdf(mid, a, b) < p)
            low = mid;
        else
            high = mid;
    }
    return low + (high - low) / 2;
}

struct groups {
    const int64_t *k, *n;
    size_t count;
};

static double beta_loglik(const struct groups *g, double mu, double precision)
{
    double a = mu * precision, b = (1 - mu) * precision, sum = 0;
    double front = log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    for (size_t i = 0; i < g->count; i++) {
        double k = (double)g->k[i], n = (double)g->n[i];
        sum += front + log_gamma(a + k) + log_gamma(b + n - k) - log_gamma(a + b + n);
        sum += log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1);
    }
    return sum;
}

struct beta_prior stats_beta_moments(const int64_t *k, const int64_t *n, size_t groups)
{
    double kk = 0, nn = 0, n2 = 0, ss = 0, aa = 0;
    for (size_t i = 0; i < groups; i++) {
        kk += (double)k[i];
        nn += (double)n[i];
        n2 += (double)n[i] * (double)n[i];
    }
    struct beta_prior p = {.mu = nn > 0 ? kk / nn : 0, .pooled = true};
    if (groups < 2 || p.mu <= 0 || p.mu >= 1)
        return p;
    for (size_t i = 0; i < groups; i++) {
        if (n[i] == 0)
            continue;
        double d = (double)k[i] / (double)n[i] - p.mu;
        ss += (double)n[i] * d * d;
        aa += 1 - (double)n[i] / nn;
    }
    p.rho = (ss / (p.mu * (1 - p.mu)) - aa) / (nn - n2 / nn - aa);
    if (!(p.rho > 0) || p.rho >= 1) {
        p.rho = 0;
        return p;
    }
    double precision = (1 - p.rho) / p.rho;
    p.a = p.mu * precision;
    p.b = (1 - p.mu) * precision;
    p.loglik = beta_loglik(&(struct groups){k, n, groups}, p.mu, precision);
    p.pooled = false;
    return p;
}

/* The largest value of f in low..high by golden section; *at is where. */
static double golden(double (*f)(void *arg, double x), void *arg, double low, double high, double *at)
{
    const double g = 0.6180339887498949;
    double x1 = high - g * (high - low), x2 = low + g * (high - low), f1 = f(arg, x1), f2 = f(arg, x2);
    while (high - low > 1e-10) {
        if (f1 < f2) {
            low = x1, x1 = x2, f1 = f2;
            x2 = low + g * (high - low), f2 = f(arg, x2);
        } else {
            high = x2, x2 = x1, f2 = f1;
            x1 = high - g * (high - low), f1 = f(arg, x1);
        }
    }
    *at = (low + high) / 2;
    return f(arg, *at);
}

struct search {
    struct groups g;
    double log_precision, mu;
};

static double at_mu(void *arg, double mu)
{
    struct search *s = arg;
    return beta_loglik(&s->g, mu, exp(s->log_precision));
}

static double at_log_precision(void *arg, double log_precision)
{
    struct search *s = arg;
    s->log_precision = log_precision;
    return golden(at_mu, s, 1e-9, 1 - 1e-9, &s->mu);
}

struct beta_prior stats_beta_ml(const int64_t *k, const int64_t *n, size_t groups)
{
    struct beta_prior p = stats_beta_moments(k, n, groups);
    if (p.pooled)
        return p;
    struct search s = {.g = {k, n, groups}};
    double log_precision, limit = log(1e7);
    p.loglik = golden(at_log_precision, &s, log(1e-3), limit, &log_precision);
    if (log_precision > limit - 1) { /* the likelihood rises without end: no difference to be seen */
        p.pooled = true;
        p.rho = 0;
        return p;
    }
    double precision = exp(log_precision);
    p.mu = s.mu;
    p.rho = 1 / (precision + 1);
    p.a = s.mu * precision;
    p.b = (1 - s.mu) * precision;
    return p;
}

double stats_shrunken(const struct beta_prior *p, int64_t k, int64_t n, struct interval *out)
{
    if (p->pooled) {
        *out = (struct interval){NAN, NAN};
        return p->mu;
    }
    double a = p->a + (double)k, b = p->b + (double)(n - k);
    *out = (struct interval){stats_beta_quantile(0.025, a, b), stats_beta_quantile(0.975, a, b)};
    return a / (a + b);
}

double stats_quantile(const double *sorted, size_t n, double p)
{
    if (n == 0)
        return NAN;
    double at = p * (double)(n - 1);
    size_t i = (size_t)at;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}
