/* Ridge logistic regression by Newton's method (le Cessie & van Houwelingen 1992, Applied Statistics 41:191). */
#include "insight/scoring.h"
#include <math.h>
#include <string.h>

#define ROUNDS_MOST 50

static double sigmoid(double t)
{
    return t >= 0 ? 1 / (1 + exp(-t)) : exp(t) / (1 + exp(t));
}

double logit_of(const struct logit *m, const int32_t *x, size_t width)
{
    double t = m->bias;
    for (size_t i = 0; i < width; i++)
        if (x[i] != LOGIT_NONE)
            t += m->w[x[i]];
    return sigmoid(t);
}

/* Solves h x = g in place for a symmetric positive definite h of n x n; false: it is not. */
static bool solve(double *h, double *g, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k < j; k++)
            h[j * n + j] -= h[j * n + k] * h[j * n + k];
        if (!(h[j * n + j] > 0))
            return false;
        h[j * n + j] = sqrt(h[j * n + j]);
        for (size_t i = j + 1; i < n; i++) {
            double sum = h[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= h[i * n + k] * h[j * n + k];
            h[i * n + j] = sum / h[j * n + j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            g[i] -= h[i * n + k] * g[k];
        g[i] /= h[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            g[i] -= h[k * n + i] * g[k];
        g[i] /= h[i * n + i];
    }
    return true;
}

/* Gradient and Hessian; the last place is the bias. */
static void derive(const struct logit *m, const struct logit_data *data, double lambda, double *g, double *h)
{
    size_t d = m->d, size = d + 1;
    memset(g, 0, size * sizeof *g);
    memset(h, 0, size * size * sizeof *h);
    for (size_t r = 0; r < data->n; r++) {
        const int32_t *x = data->x + r * data->width;
        double p = logit_of(m, x, data->width), e = p - data->y[r], v = p * (1 - p);
        g[d] += e;
        h[d * size + d] += v;
        for (size_t i = 0; i < data->width; i++) {
            if (x[i] == LOGIT_NONE)
                continue;
            g[x[i]] += e;
            h[d * size + (size_t)x[i]] += v;
            for (size_t k = 0; k <= i; k++) {
                if (x[k] == LOGIT_NONE)
                    continue;
                size_t a = (size_t)(x[i] > x[k] ? x[i] : x[k]), b = (size_t)(x[i] > x[k] ? x[k] : x[i]);
                h[a * size + b] += v;
            }
        }
    }
    for (size_t i = 0; i < d; i++) {
        g[i] += lambda * m->w[i];
        h[i * size + i] += lambda;
    }
    h[d * size + d] += 1e-9;
}

static double loss(const struct logit *m, const struct logit_data *data, double lambda)
{
    double sum = 0;
    for (size_t r = 0; r < data->n; r++) {
        double p = logit_of(m, data->x + r * data->width, data->width);
        sum -= log(fmax(data->y[r] ? p : 1 - p, 1e-300));
    }
    for (size_t i = 0; i < m->d; i++)
        sum += lambda / 2 * m->w[i] * m->w[i];
    return sum;
}

/* A whole step of Newton's, or a part of it that makes the loss no greater. */
static double advance(struct logit *m, const struct logit_data *data, double lambda, const double *step, double was)
{
    double part = 1, now = was;
    for (int i = 0; i < 20; i++, part /= 2) {
        for (size_t k = 0; k < m->d; k++)
            m->w[k] -= part * step[k];
        m->bias -= part * step[m->d];
        now = loss(m, data, lambda);
        if (now <= was + 1e-9)
            return now;
        for (size_t k = 0; k < m->d; k++)
            m->w[k] += part * step[k];
        m->bias += part * step[m->d];
    }
    return was;
}

bool logit_fit(struct logit *out, struct arena *a, const struct logit_data *data, double lambda)
{
    size_t size = data->d + 1, won = 0;
    for (size_t r = 0; r < data->n; r++)
        won += data->y[r];
    if (won == 0 || won == data->n)
        return false;
    *out = (struct logit){.w = ARENA_ARRAY(a, double, size), .d = data->d};
    out->bias = log((double)won / (double)(data->n - won));
    double *g = ARENA_ARRAY(a, double, size), *h = ARENA_ARRAY(a, double, size *size);
    double was = loss(out, data, lambda);
    for (out->rounds = 1; out->rounds <= ROUNDS_MOST; out->rounds++) {
        derive(out, data, lambda, g, h);
        if (!solve(h, g, size))
            return false;
        double now = advance(out, data, lambda, g, was), longest = 0;
        for (size_t i = 0; i < size; i++)
            longest = fmax(longest, fabs(g[i]));
        if (was - now < 1e-10 && longest < 1e-7)
            break;
        was = now;
    }
    return true;
}
