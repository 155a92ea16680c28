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

/* The density but for 1 / (x (1 - x)). scale: ln of 1 / B(a, b). */
static double beta_front(double x, double a, double b, double scale)
{
    return exp(scale + a * log(x) + b * log1p(-x));
}

static double beta_scale(double a, double b)
{
    return log_gamma(a + b) - log_gamma(a) - log_gamma(b);
}

static double beta_below(double x, double a, double b, double front)
{
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double stats_beta_cdf(double x, double a, double b)
{
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    return beta_below(x, a, b, beta_front(x, a, b, beta_scale(a, b)));
}

/* Newton's steps within a bracket that every look makes narrower; where a step leaves it, its middle is next. */
double stats_beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1, x = a / (a + b), scale = beta_scale(a, b);
    for (int i = 0; i < 200; i++) {
        double front = beta_front(x, a, b, scale), off = beta_below(x, a, b, front) - p;
        *(off < 0 ? &low : &high) = x;
        double next = x - off * x * (1 - x) / front;
        if (fabs(next - x) <= 1e-15 * x)
            break;
        if (!(next > low && next < high))
            next = low + (high - low) / 2;
        if (next <= low || next >= high)
            break;
        x = next;
    }
    return x;
}

struct groups {
    const int64_t *k, *n;
    size_t count;
};

/* Of ways to choose k of n: they do not hang on the prior. */
static double log_choices(const struct groups *g)
{
    double sum = 0;
    for (size_t i = 0; i < g->count; i++) {
        double k = (double)g->k[i], n = (double)g->n[i];
        sum += log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1);
    }
    return sum;
}

static double beta_loglik(const struct groups *g, double mu, double precision)
{
    double a = mu * precision, b = (1 - mu) * precision;
    double sum = (double)g->count * (log_gamma(a + b) - log_gamma(a) - log_gamma(b));
    for (size_t i = 0; i < g->count; i++) {
        double k = (double)g->k[i], n = (double)g->n[i];
        sum += log_gamma(a + k) + log_gamma(b + n - k) - log_gamma(a + b + n);
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
    struct groups g = {k, n, groups};
    p.loglik = beta_loglik(&g, p.mu, precision) + log_choices(&g);
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
    double mu;
};

/* First and second derivative of the logarithm of the gamma function: the recurrence up to 12, then the asymptotic
 * series (Abramowitz & Stegun 6.3.18, 6.4.12). */
static void gamma_slopes(double x, double *first, double *second)
{
    double up = 0, up2 = 0;
    while (x < 12) {
        up += 1 / x;
        up2 += 1 / (x * x);
        x += 1;
    }
    double r = 1 / x, r2 = r * r;
    *first = log(x) - r / 2 - r2 * (1.0 / 12 - r2 * (1.0 / 120 - r2 * (1.0 / 252 - r2 * (1.0 / 240 - r2 / 132)))) - up;
    *second = r + r2 / 2 + r * r2 * (1.0 / 6 - r2 * (1.0 / 30 - r2 * (1.0 / 42 - r2 * (1.0 / 30 - r2 * 5 / 66)))) + up2;
}

/* Slope of the likelihood along mu, and how it bends, both over the precision. */
static double slope_at(const struct groups *g, double mu, double precision, double *bend)
{
    double a = mu * precision, b = (1 - mu) * precision, a1, a2, b1, b2, x1, x2, slope = 0;
    gamma_slopes(a, &a1, &a2);
    gamma_slopes(b, &b1, &b2);
    *bend = 0;
    for (size_t i = 0; i < g->count; i++) {
        double k = (double)g->k[i], n = (double)g->n[i];
        if (k > 0) {
            gamma_slopes(a + k, &x1, &x2);
            slope += x1 - a1;
            *bend += (x2 - a2) * precision;
        }
        if (n > k) {
            gamma_slopes(b + n - k, &x1, &x2);
            slope -= x1 - b1;
            *bend += (x2 - b2) * precision;
        }
    }
    return slope;
}

/* The best mu of a precision: the likelihood is concave in it, so Newton's steps within a bracket find it from where
 * the search stood. */
static void best_mu(struct search *s, double precision)
{
    double low = 1e-9, high = 1 - 1e-9, mu = s->mu;
    for (int i = 0; i < 100; i++) {
        double bend, slope = slope_at(&s->g, mu, precision, &bend);
        *(slope > 0 ? &low : &high) = mu;
        double next = mu - slope / bend;
        if (!(next > low && next < high))
            next = low + (high - low) / 2;
        double by = fabs(next - mu);
        mu = next;
        if (by < 1e-13)
            break;
    }
    s->mu = mu;
}

static double at_log_precision(void *arg, double log_precision)
{
    struct search *s = arg;
    best_mu(s, exp(log_precision));
    return beta_loglik(&s->g, s->mu, exp(log_precision));
}

struct beta_prior stats_beta_ml(const int64_t *k, const int64_t *n, size_t groups)
{
    struct beta_prior p = stats_beta_moments(k, n, groups);
    if (p.pooled)
        return p;
    struct search s = {{k, n, groups}, p.mu};
    double log_precision, limit = log(1e7);
    p.loglik = golden(at_log_precision, &s, log(1e-3), limit, &log_precision) + log_choices(&s.g);
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
