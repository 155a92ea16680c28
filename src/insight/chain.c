#include "insight/chain.h"
#include <math.h>

static void eliminate(double *m, size_t n, double *p)
{
    size_t width = n + 1;
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t i = k + 1; i < n; i++)
            if (fabs(m[i * width + k]) > fabs(m[pivot * width + k]))
                pivot = i;
        for (size_t j = 0; j < width && pivot != k; j++) {
            double swap = m[k * width + j];
            m[k * width + j] = m[pivot * width + j];
            m[pivot * width + j] = swap;
        }
        if (fabs(m[k * width + k]) < 1e-12)
            m[k * width + k] = 1; /* stages that only lead to each other: nothing is won there */
        for (size_t i = k + 1; i < n; i++) {
            double f = m[i * width + k] / m[k * width + k];
            for (size_t j = k; j < width && f != 0; j++)
                m[i * width + j] -= f * m[k * width + j];
        }
    }
    for (size_t i = n; i-- > 0;) {
        double sum = m[i * width + n];
        for (size_t j = i + 1; j < n; j++)
            sum -= m[i * width + j] * p[j];
        p[i] = sum / m[i * width + i];
    }
}

void chain_wins_with(const struct chain *c, const double *lost, double *scratch, double *p)
{
    size_t n = c->n, width = n + 1;
    for (size_t i = 0; i < n; i++) {
        double now = c->lost[i], then = isnan(lost[i]) ? now : lost[i];
        double scale = now < 1 ? (1 - then) / (1 - now) : 1;
        for (size_t j = 0; j < n; j++)
            scratch[i * width + j] = (i == j) - scale * c->next[i * n + j];
        scratch[i * width + n] = scale * c->won[i];
    }
    eliminate(scratch, n, p);
}

void chain_wins(const struct chain *c, double *scratch, double *p)
{
    chain_wins_with(c, c->lost, scratch, p);
}

void chain_wins_lifted(const struct chain *c, size_t stage, double lift, double *scratch, double *p)
{
    double lost[c->n + 1];
    for (size_t i = 0; i < c->n; i++)
        lost[i] = c->lost[i];
    lost[stage] = lost[stage] > lift ? lost[stage] - lift : 0;
    chain_wins_with(c, lost, scratch, p);
}
