#include "insight/plan_pace.h"
#include <math.h>

#define Z90 1.2815515655446004
enum {
    TRAINED = 56, /* days that a pace is learned from */
    TRAINED_LEAST = 28,
    WINDOWS = 12,     /* past forecasts at most */
    WINDOW_LEAST = 7, /* days */
    WEEKS = 52,       /* that dispersion is learned from */
    TOLD = 30,        /* of which a share must be */
    WINS_LEAST = 5,
    CERTAIN = 1000000, /* deals or tasks that stand for "no difference was ever seen" */
};

static double sum(const double *v, size_t from, size_t to)
{
    double s = 0;
    for (size_t i = from; i < to; i++)
        s += v[i];
    return s;
}

static double working(const struct pace *x, size_t from, size_t to)
{
    double n = 0;
    for (size_t i = from; i < to; i++)
        n += x->works[i];
    return n;
}

/* The first day that has anything. */
static size_t begun(const double *v, size_t n)
{
    size_t i = 0;
    while (i < n && v[i] == 0)
        i++;
    return i;
}

/* What is to be expected in from..to by the pace of the days before it. */
static double expected(const struct pace *x, const double *v, size_t first, size_t from, size_t to)
{
    size_t train = from - first < TRAINED ? from - first : TRAINED;
    double days = working(x, from - train, from);
    return days > 0 ? sum(v, from - train, from) / days * working(x, from, to) : 0;
}

/* How long the windows of past forecasts are: as what is ahead, or shorter where history has no three of them. */
static size_t window(const struct pace *x, size_t first)
{
    size_t history = x->past - first, most = history > TRAINED_LEAST ? (history - TRAINED_LEAST) / OUTLOOK_PROVED : 0;
    size_t w = x->ahead < most ? x->ahead : most;
    return w < WINDOW_LEAST && most >= WINDOW_LEAST ? WINDOW_LEAST : w;
}

/* Misses of the pace in windows before today. */
static size_t misses(const struct pace *x, size_t first, size_t w, double *z)
{
    size_t n = 0;
    for (size_t to = x->past; n < WINDOWS && to >= first + TRAINED_LEAST + w; to -= w) {
        double m = expected(x, x->up, first, to - w, to);
        z[n++] = outlook_miss(m, sum(x->up, to - w, to), 0.5);
    }
    return n;
}

/* Variance over mean of the sums of whole weeks, at least that of Poisson. */
static double dispersion(const struct pace *x, size_t first)
{
    double mean = 0, square = 0;
    size_t n = 0;
    for (size_t to = x->past; n < WEEKS && to >= first + 7; to -= 7) {
        double v = sum(x->up, to - 7, to);
        mean += v;
        square += v * v;
        n++;
    }
    if (n < 2 || mean <= 0)
        return 1;
    mean /= (double)n;
    return fmax(1, (square - (double)n * mean * mean) / (double)(n - 1) / mean);
}

bool pace_count(const struct pace *x, struct pace_end *out)
{
    size_t first = begun(x->up, x->past), w = window(x, first);
    double z[WINDOWS], there = sum(x->up, x->past - x->period, x->past);
    struct outlook proved;
    if (w < WINDOW_LEAST)
        return false;
    size_t n = misses(x, first, w, z), train = x->past - first < TRAINED ? x->past - first : TRAINED;
    double m = expected(x, x->up, first, x->past, x->past + x->ahead);
    if (!outlook_proved(m, 0.5, z, n, &proved))
        return false;
    if (m <= 0) /* nobody works any more, or nothing has been done for weeks */
        proved = (struct outlook){0};
    double sd = sqrt(dispersion(x, first) * m * (1 + (double)x->ahead / (double)train));
    *out = (struct pace_end){.p10 = there + fmax(0, fmin(proved.p10, m - Z90 * sd)),
                             .p50 = there + proved.p50,
                             .p90 = there + fmax(proved.p90, m + Z90 * sd)};
    return true;
}

/* The wider the fewer there are; `sd` of a sum of `n`. */
static void end_of_share(struct pace_end *out, double there, double mean, double sd, double weight)
{
    out->p10 = fmax(there, there + mean - Z90 * sd) / weight;
    out->p50 = (there + mean) / weight;
    out->p90 = fmin(weight, there + mean + Z90 * sd) / weight;
    out->weight = weight;
}

/* Alike to a and b of a beta distribution; where groups do not differ it is certain. */
static void prior_of(const int64_t *k, const int64_t *n, size_t groups, double mu, double *a, double *b)
{
    struct beta_prior p = {.pooled = true};
    if (groups > 1)
        p = stats_beta_ml(k, n, groups);
    bool differ = !p.pooled && isfinite(p.a) && isfinite(p.b) && p.a + p.b < CERTAIN;
    *a = differ ? p.a : mu * CERTAIN;
    *b = differ ? p.b : (1 - mu) * CERTAIN;
}

bool pace_share(const struct pace *x, struct pace_end *out)
{
    int64_t k[WEEKS], n[WEEKS];
    size_t first = begun(x->down, x->past), before = x->past - x->period, weeks = 0;
    double up = 0, down = 0, a, b;
    for (size_t to = before; weeks < WEEKS && to >= first + 7; to -= 7) {
        double of = sum(x->down, to - 7, to);
        if (of <= 0)
            continue;
        k[weeks] = llround(sum(x->up, to - 7, to));
        n[weeks] = llround(of);
        up += (double)k[weeks];
        down += (double)n[weeks++];
    }
    if (weeks < OUTLOOK_PROVED || down < TOLD)
        return false;
    prior_of(k, n, weeks, up / down, &a, &b);
    double got = sum(x->up, before, x->past), of = sum(x->down, before, x->past);
    double left = expected(x, x->down, first, x->past, x->past + x->ahead), m = a + b + of;
    double rate = (a + got) / m, sd = sqrt(left * rate * (1 - rate) * (m + left) / (m + 1));
    if (of + left <= 0)
        return false;
    end_of_share(out, got, left * rate, sd, of + left);
    return true;
}

bool pace_check(const struct pace *x, struct pace_end *out)
{
    size_t first = begun(x->down, x->past), w = window(x, first), n = 0;
    double z[WINDOWS];
    struct outlook proved;
    if (w < WINDOW_LEAST)
        return false;
    for (size_t to = x->past; n < WINDOWS && to >= first + TRAINED_LEAST + w; to -= w) {
        size_t from = to - w, train = from - first < TRAINED ? from - first : TRAINED;
        double before = sum(x->down, from - train, from), wins = sum(x->down, from, to);
        if (before > 0 && wins > 0)
            z[n++] = outlook_miss(sum(x->up, from - train, from) / before, sum(x->up, from, to) / wins, 1);
    }
    size_t train = x->past - first < TRAINED ? x->past - first : TRAINED, before = x->past - x->period;
    double wins = sum(x->down, x->past - train, x->past), money = sum(x->up, x->past - train, x->past);
    if (wins < WINS_LEAST || money <= 0 ||
        /* nobody types what deals are worth */ !outlook_proved(money / wins, 1, z, n, &proved))
        return false;
    double got = sum(x->up, before, x->past), won = sum(x->down, before, x->past);
    double left = expected(x, x->down, first, x->past, x->past + x->ahead), all = won + left;
    if (all <= 0)
        return false;
    *out = (struct pace_end){.p10 = (got + proved.p10 * left) / all,
                             .p50 = (got + proved.p50 * left) / all,
                             .p90 = (got + proved.p90 * left) / all,
                             .weight = all};
    return true;
}

/* How far cohorts as long as the period differ: the shape of the gamma of their multiple of the usual. */
static double shape_of(const struct pace *x, const double *won)
{
    int64_t k[WINDOWS], n[WINDOWS];
    size_t length = x->period + x->ahead, cohorts = 0;
    size_t from = x->past - x->period;
    double up = 0, down = 0, a, b;
    for (size_t to = from; cohorts < WINDOWS && to >= length; to -= length) {
        double of = x->past - to >= PACE_MATURE ? sum(x->up, to - length, to) : 0;
        if (of <= 0)
            continue;
        k[cohorts] = llround(sum(won, to - length, to));
        n[cohorts] = llround(of);
        up += (double)k[cohorts];
        down += (double)n[cohorts++];
    }
    if (down <= 0 || up <= 0)
        return CERTAIN;
    prior_of(k, n, cohorts, up / down, &a, &b);
    double rho = 1 / (a + b + 1), mu = a / (a + b);
    return mu < 1 ? fmin(CERTAIN, mu / (rho * (1 - mu))) : CERTAIN;
}

bool pace_conversion(const struct pace *x, const double *won, const double *open, const struct pace_curve *curve,
                     struct pace_end *out)
{
    size_t first = begun(x->up, x->past), from = x->past - x->period;
    double final = curve->won[PACE_MATURE], got = 0, all = 0, usual = 0, waits = 0, rest = 0;
    if (curve->n < TOLD || final * curve->n < WINS_LEAST)
        return false;
    for (size_t d = from; d < x->past; d++) {
        size_t age = x->past - d < PACE_MATURE ? x->past - d : PACE_MATURE;
        double still = 1 - curve->won[age] - curve->lost[age];
        all += x->up[d];
        got += won[d];
        usual += x->up[d] * curve->won[age];
        waits += age < PACE_MATURE ? open[d] : 0;
        rest += still > 1e-9 ? open[d] * (final - curve->won[age]) / still : 0;
    }
    double fresh = first < x->past ? expected(x, x->up, first, x->past, x->past + x->ahead) : 0, c = shape_of(x, won);
    double mean = (c + got) / (c + usual) * (rest + fresh * final), most = waits + fresh;
    if (all + fresh < 10)
        return false;
    mean = fmin(mean, most);
    double sd = most > 0 ? sqrt(mean * (1 - mean / most) + mean * mean / (c + got)) : 0;
    end_of_share(out, got, mean, sd, all + fresh);
    return true;
}
