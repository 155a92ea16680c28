/* Maximum likelihood of models of repeat buying. */
#include "insight/buying.h"
#include <math.h>
#include <string.h>

/* ---- the least value of a function, without derivatives (Nelder & Mead 1965) ---- */

#define DIMENSIONS_MOST 4
struct simplex {
    double (*f)(const double *x, const void *arg);
    const void *arg;
    size_t d;
    double x[DIMENSIONS_MOST + 1][DIMENSIONS_MOST], y[DIMENSIONS_MOST + 1];
};

static void order(struct simplex *s)
{
    for (size_t i = 1; i <= s->d; i++)
        for (size_t k = i; k > 0 && s->y[k] < s->y[k - 1]; k--) {
            double row[DIMENSIONS_MOST], y = s->y[k];
            memcpy(row, s->x[k], sizeof row);
            memcpy(s->x[k], s->x[k - 1], sizeof row);
            memcpy(s->x[k - 1], row, sizeof row);
            s->y[k] = s->y[k - 1];
            s->y[k - 1] = y;
        }
}

/* The worst corner moved along the line through the middle of the others. */
static double try_at(const struct simplex *s, double by, double out[DIMENSIONS_MOST])
{
    for (size_t j = 0; j < s->d; j++) {
        double middle = 0;
        for (size_t i = 0; i < s->d; i++)
            middle += s->x[i][j] / (double)s->d;
        out[j] = middle + by * (s->x[s->d][j] - middle);
    }
    return s->f(out, s->arg);
}

static void replace(struct simplex *s, const double *x, double y)
{
    memcpy(s->x[s->d], x, sizeof s->x[0]);
    s->y[s->d] = y;
}

static void shrink(struct simplex *s)
{
    for (size_t i = 1; i <= s->d; i++) {
        for (size_t j = 0; j < s->d; j++)
            s->x[i][j] = 0.5 * (s->x[i][j] + s->x[0][j]);
        s->y[i] = s->f(s->x[i], s->arg);
    }
}

static void step(struct simplex *s)
{
    double one[DIMENSIONS_MOST] = {0}, two[DIMENSIONS_MOST] = {0};
    double y = try_at(s, -1, one), z;
    if (y < s->y[0]) {
        z = try_at(s, -2, two);
        replace(s, z < y ? two : one, z < y ? z : y);
    } else if (y < s->y[s->d - 1]) {
        replace(s, one, y);
    } else {
        bool outside = y < s->y[s->d];
        z = try_at(s, outside ? -0.5 : 0.5, two);
        if (z < (outside ? y : s->y[s->d]))
            replace(s, two, z);
        else
            shrink(s);
    }
}

static double minimize(double (*f)(const double *x, const void *arg), const void *arg, double *x, size_t d)
{
    struct simplex s = {.f = f, .arg = arg, .d = d};
    for (size_t i = 0; i <= d; i++) {
        memcpy(s.x[i], x, d * sizeof *x);
        if (i > 0)
            s.x[i][i - 1] += 0.5;
        s.y[i] = f(s.x[i], arg);
    }
    order(&s);
    for (int i = 0; i < 600 && fabs(s.y[d] - s.y[0]) > 1e-11 * (fabs(s.y[0]) + 1e-9); i++) {
        step(&s);
        order(&s);
    }
    memcpy(x, s.x[0], d * sizeof *x);
    return s.y[0];
}

/* ---- shifted beta-geometric ---- */

struct cohort {
    const double *survivors;
    size_t n;
};

static double sbg_loss(const double *x, const void *arg)
{
    const struct cohort *c = arg;
    double a = exp(x[0]), b = exp(x[1]), p = a / (a + b), alive = 1, ll = 0;
    for (size_t t = 1; t < c->n; t++) {
        if (t > 1)
            p *= (b + (double)t - 2) / (a + b + (double)t - 1);
        alive -= p;
        ll += (c->survivors[t - 1] - c->survivors[t]) * log(fmax(p, 1e-300));
    }
    ll += c->survivors[c->n - 1] * log(fmax(alive, 1e-300));
    return isfinite(ll) ? -ll : 1e300;
}

bool sbg_fit(const double *survivors, size_t n, struct sbg *out)
{
    struct cohort c = {survivors, n};
    double x[2] = {0, 0};
    if (n < 2 || survivors[0] <= 0 || survivors[1] <= 0 || survivors[n - 1] >= survivors[0])
        return false;
    for (int round = 0; round < 3; round++) /* again from where it stopped: out of a flat corner */
        out->loglik = -minimize(sbg_loss, &c, x, 2);
    out->a = exp(x[0]);
    out->b = exp(x[1]);
    return true;
}

double sbg_survival(const struct sbg *m, size_t t)
{
    double s = 1;
    for (size_t i = 1; i <= t; i++)
        s *= sbg_retention(m, i);
    return s;
}

/* ---- BG/NBD ---- */

struct histories {
    const struct client_history *h;
    size_t n;
};

/* What hangs on the number of purchases alone: few different ones, so that gamma functions are rare. */
static double of_repeats(const struct bgnbd *m, double x)
{
    double a1 = lgamma(m->r + x) - lgamma(m->r) + m->r * log(m->alpha);
    return a1 + lgamma(m->a + m->b) + lgamma(m->b + x) - lgamma(m->b) - lgamma(m->a + m->b + x);
}

#define KNOWN_REPEATS 64
double bgnbd_loglik(const struct bgnbd *m, const struct client_history *h, size_t n)
{
    double ll = 0, known[KNOWN_REPEATS], log_a = log(m->a);
    for (int i = 0; i < KNOWN_REPEATS; i++)
        known[i] = NAN;
    for (size_t i = 0; i < n; i++) {
        double x = h[i].repeats, a3 = -(m->r + x) * log(m->alpha + h[i].age);
        size_t k = x < KNOWN_REPEATS ? (size_t)x : KNOWN_REPEATS;
        if (k < KNOWN_REPEATS && isnan(known[k]))
            known[k] = of_repeats(m, x);
        ll += k < KNOWN_REPEATS ? known[k] : of_repeats(m, x);
        if (x <= 0) {
            ll += a3;
            continue;
        }
        double a4 = log_a - log(m->b + x - 1) - (m->r + x) * log(m->alpha + h[i].last);
        ll += fmax(a3, a4) + log1p(exp(-fabs(a3 - a4)));
    }
    return ll;
}

static double bgnbd_loss(const double *x, const void *arg)
{
    const struct histories *c = arg;
    struct bgnbd m = {exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3]), 0};
    for (int i = 0; i < 4; i++)
        if (fabs(x[i]) > 12)
            return 1e300;
    double ll = bgnbd_loglik(&m, c->h, c->n);
    return isfinite(ll) ? -ll : 1e300;
}

bool bgnbd_fit(const struct client_history *h, size_t n, struct bgnbd *out)
{
    struct histories c = {h, n};
    double repeats = 0, age = 0;
    for (size_t i = 0; i < n; i++) {
        repeats += h[i].repeats;
        age += h[i].age;
    }
    if (n < BGNBD_LEAST || repeats <= 0 || age <= 0)
        return false;
    double x[4] = {0, log(age / (repeats + 1)), 0, 0.5};
    for (int round = 0; round < 2; round++)
        out->loglik = -minimize(bgnbd_loss, &c, x, 4);
    *out = (struct bgnbd){exp(x[0]), exp(x[1]), exp(x[2]), exp(x[3]), out->loglik};
    return true;
}

/* Gauss' hypergeometric series for |z| < 1. */
static double hyper(double a, double b, double c, double z)
{
    double term = 1, sum = 1;
    for (int i = 0; i < 5000; i++) {
        term *= (a + i) * (b + i) / ((c + i) * (i + 1.0)) * z;
        sum += term;
        if (fabs(term) < 1e-12 * fabs(sum))
            break;
    }
    return sum;
}

static double gone_odds(const struct bgnbd *m, const struct client_history *h)
{
    if (h->repeats <= 0)
        return 0;
    return m->a / (m->b + h->repeats - 1) * pow((m->alpha + h->age) / (m->alpha + h->last), m->r + h->repeats);
}

double bgnbd_alive(const struct bgnbd *m, const struct client_history *h)
{
    return 1 / (1 + gone_odds(m, h));
}

double bgnbd_expected(const struct bgnbd *m, const struct client_history *h, double t)
{
    double x = h->repeats, a = fabs(m->a - 1) < 1e-6 ? m->a + 1e-5 : m->a; /* at 1 the formula is 0/0 */
    double z = t / (m->alpha + h->age + t);
    double part =
        pow((m->alpha + h->age) / (m->alpha + h->age + t), m->r + x) * hyper(m->r + x, m->b + x, a + m->b + x - 1, z);
    double v = (a + m->b + x - 1) / (a - 1) * (1 - part) / (1 + gone_odds(m, h));
    return isfinite(v) && v > 0 ? v : 0;
}
