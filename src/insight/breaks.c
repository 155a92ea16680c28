#include "insight/breaks.h"
#include "insight/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHUFFLES = 9999, SHUFFLES_ENOUGH = 500, SHUFFLED_MOST = 4000 /* outcomes; more of them need no shuffling */ };

static double loglik(int64_t k, int64_t n)
{
    double yes = (double)k, no = (double)(n - k), all = (double)n;
    return (k > 0 ? yes * log(yes / all) : 0) + (n > k ? no * log(no / all) : 0);
}

double breaks_rates(int64_t k1, int64_t n1, int64_t k2, int64_t n2)
{
    if (n1 == 0 || n2 == 0)
        return 0;
    double g2 = 2 * (loglik(k1, n1) + loglik(k2, n2) - loglik(k1 + k2, n1 + n2));
    return g2 > 0 ? g2 : 0;
}

static bool best(const int64_t *k, const int64_t *n, size_t m, struct split *out)
{
    int64_t all_k = 0, all_n = 0, k1 = 0, n1 = 0;
    bool found = false;
    for (size_t i = 0; i < m; i++) {
        all_k += k[i];
        all_n += n[i];
    }
    *out = (struct split){.chance = 1};
    for (size_t s = 1; s < m; s++) {
        k1 += k[s - 1];
        n1 += n[s - 1];
        if (n1 == 0 || n1 == all_n || n[s] == 0)
            continue;
        double g2 = breaks_rates(k1, n1, all_k - k1, all_n - n1);
        if (!found || g2 > out->g2)
            *out = (struct split){s, g2, 1, k1, n1, all_k - k1, all_n - n1};
        found = true;
    }
    return found;
}

static uint64_t next_random(uint64_t *state) /* splitmix64 (Steele, Lea, Flood 2014) */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(uint64_t *state, uint32_t n) /* by multiplication instead of division (Lemire 2019) */
{
    return (uint32_t)((next_random(state) >> 32) * n >> 32);
}

/* x ln x for x up to n: the likelihoods of small rows are sums of these. */
static double *entropies(int64_t n)
{
    double *out = calloc((size_t)n + 1, sizeof *out);
    if (out == NULL)
        abort();
    for (int64_t x = 1; x <= n; x++)
        out[x] = (double)x * log((double)x);
    return out;
}

/* Is there a split as sharp as g2? h: entropies. */
static bool parts_as_sharply(const uint32_t *k, const int64_t *n, size_t m, int64_t all_k, int64_t all_n,
                             const double *h, double g2)
{
    double whole = h[all_k] + h[all_n - all_k] - h[all_n];
    int64_t k1 = 0, n1 = 0;
    for (size_t s = 1; s < m; s++) {
        k1 += k[s - 1];
        n1 += n[s - 1];
        int64_t k2 = all_k - k1, n2 = all_n - n1;
        if (n1 == 0 || n2 == 0 || n[s] == 0)
            continue;
        double parted = h[k1] + h[n1 - k1] - h[n1] + h[k2] + h[n2 - k2] - h[n2];
        if (2 * (parted - whole) >= g2)
            return true;
    }
    return false;
}

/* How often outcomes dealt out anew over the same periods part as sharply. Only the rarer outcome is dealt. When
 * enough deals were as sharp, it is known well enough that nothing is rare (Besag & Clifford 1991, Biometrika 78:301).
 */
static double shuffled(const int64_t *k, const int64_t *n, size_t m, double g2)
{
    int64_t all_n = 0, all_k = 0, more = 0;
    for (size_t i = 0; i < m; i++) {
        all_n += n[i];
        all_k += k[i];
    }
    uint32_t rare = (uint32_t)(all_k * 2 <= all_n ? all_k : all_n - all_k), places = (uint32_t)all_n, rounds = 0;
    uint32_t *period = calloc((size_t)all_n + 1, sizeof *period), *dealt = malloc((m + 1) * sizeof *dealt);
    double *h = entropies(all_n);
    uint64_t state = 20261122;
    if (period == NULL || dealt == NULL)
        abort();
    for (size_t i = 0, at = 0; i < m; i++)
        for (int64_t j = 0; j < n[i]; j++)
            period[at++] = (uint32_t)i;
    while (rounds < SHUFFLES && more < SHUFFLES_ENOUGH) {
        memset(dealt, 0, m * sizeof *dealt);
        for (uint32_t i = 0; i < rare; i++) {
            uint32_t j = i + below(&state, places - i), was = period[i];
            dealt[period[i] = period[j]]++;
            period[j] = was;
        }
        more += parts_as_sharply(dealt, n, m, rare, all_n, h, g2 - 1e-9);
        rounds++;
    }
    free(period);
    free(dealt);
    free(h);
    return more < SHUFFLES_ENOUGH ? (double)(more + 1) / (SHUFFLES + 1) : (double)more / rounds;
}

static double least_expected(const struct split *s)
{
    double rate = (double)(s->k1 + s->k2) / (double)(s->n1 + s->n2);
    double rare = rate < 0.5 ? rate : 1 - rate;
    return rare * (double)(s->n1 < s->n2 ? s->n1 : s->n2);
}

bool breaks_split(const int64_t *k, const int64_t *n, size_t m, struct split *out)
{
    if (!best(k, n, m, out))
        return false;
    double chance = (double)(m - 1) * erfc(sqrt(out->g2 / 2));
    out->chance = chance < 1 ? chance : 1;
    /* shuffles cannot tell what is rarer than one in ten thousand: then the formula stands, made ten times milder */
    if (least_expected(out) < 5 && out->n1 + out->n2 <= SHUFFLED_MOST && out->chance < 0.2) {
        double by_shuffles = shuffled(k, n, m, out->g2);
        if (by_shuffles > 1.5 / (SHUFFLES + 1) || out->chance * 10 > by_shuffles)
            out->chance = by_shuffles;
        else
            out->chance *= 10;
    }
    return true;
}

double breaks_g2(const int64_t *k, const int64_t *n, size_t m, size_t at)
{
    int64_t k1 = 0, n1 = 0, k2 = 0, n2 = 0;
    for (size_t i = 0; i < m; i++) {
        *(i < at ? &k1 : &k2) += k[i];
        *(i < at ? &n1 : &n2) += n[i];
    }
    return breaks_rates(k1, n1, k2, n2);
}

struct search {
    const int64_t *k, *n;
    double alpha, penalty;
    struct split *out;
    size_t most, found;
};

static void part(struct search *x, size_t from, size_t to)
{
    struct split s;
    if (x->found == x->most || to - from < 2 || !breaks_split(x->k + from, x->n + from, to - from, &s) ||
        s.chance >= x->alpha || s.g2 <= x->penalty)
        return;
    s.at += from;
    part(x, from, s.at);
    if (x->found < x->most)
        x->out[x->found++] = s;
    part(x, s.at, to);
}

size_t breaks_all(const int64_t *k, const int64_t *n, size_t m, double alpha, struct split *out, size_t most)
{
    struct search x = {k, n, alpha, 3 * log((double)(m > 1 ? m : 2)), out, most, 0};
    part(&x, 0, m);
    return x.found;
}

/* ---- counts ---- */

static double log_poisson(int64_t k, int64_t days)
{
    return k > 0 ? (double)k * log((double)k / (double)days) : 0;
}

double breaks_flows(int64_t k1, int64_t n1, int64_t k2, int64_t n2)
{
    if (n1 == 0 || n2 == 0)
        return 0;
    double g2 = 2 * (log_poisson(k1, n1) + log_poisson(k2, n2) - log_poisson(k1 + k2, n1 + n2));
    return g2 > 0 ? g2 : 0;
}

static bool best_counts(const int64_t *count, const int64_t *days, size_t m, struct split *out)
{
    int64_t all = 0, all_days = 0, k1 = 0, d1 = 0;
    bool found = false;
    for (size_t i = 0; i < m; i++) {
        all += count[i];
        all_days += days[i];
    }
    *out = (struct split){.chance = 1};
    for (size_t s = 2; s + 1 < m; s++) { /* two periods on either side: one alone tells nothing of how they vary */
        k1 = d1 = 0;
        for (size_t i = 0; i < s; i++) {
            k1 += count[i];
            d1 += days[i];
        }
        if (d1 == 0 || d1 == all_days)
            continue;
        double g2 = breaks_flows(k1, d1, all - k1, all_days - d1);
        if (!found || g2 > out->g2)
            *out = (struct split){s, g2, 1, k1, d1, all - k1, all_days - d1};
        found = true;
    }
    return found;
}

bool breaks_counts(const int64_t *count, const int64_t *days, size_t m, struct split *out)
{
    if (m < 5 || !best_counts(count, days, m, out))
        return false;
    double x2 = 0;
    for (size_t i = 0; i < m; i++) {
        bool first = i < out->at;
        double rate = (double)(first ? out->k1 : out->k2) / (double)(first ? out->n1 : out->n2);
        double mean = rate * (double)days[i];
        if (mean > 0)
            x2 += ((double)count[i] - mean) * ((double)count[i] - mean) / mean;
    }
    double free_ones = (double)m - 3; /* two rates and the place were fitted */
    double phi = x2 / free_ones > 1 ? x2 / free_ones : 1;
    double f = out->g2 / phi;
    /* upper tail of F(1, d): I_{d/(d+f)}(d/2, 1/2) */
    double chance = (double)(m - 1) * stats_beta_cdf(free_ones / (free_ones + f), free_ones / 2, 0.5);
    out->chance = chance < 1 ? chance : 1;
    return true;
}
