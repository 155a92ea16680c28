/* Percentiles of many values at once. */
#pragma once
#include <stdint.h>
#include <stdlib.h>

static inline int64_t select_nth(int64_t *v, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        int64_t a = v[low], m = v[low + (high - low) / 2], z = v[high];
        int64_t pivot = a < m ? (m < z ? m : (a < z ? z : a)) : (a < z ? a : (m < z ? z : m));
        size_t i = low, j = high;
        for (;;) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i >= j)
                break;
            int64_t t = v[i];
            v[i++] = v[j];
            v[j--] = t;
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return v[k];
}

#define BUCKETS 4096

/* The least value with at least the share q of all at or below it, for each q: values are counted into buckets, then
 * only those of the bucket in question are looked at. */
static inline void quantiles(int64_t *v, size_t n, const double *q, int64_t *out, size_t n_q)
{
    uint32_t count[BUCKETS] = {0};
    int64_t least = INT64_MAX, most = INT64_MIN;
    int shift = 0;
    for (size_t i = 0; i < n; i++) {
        least = v[i] < least ? v[i] : least;
        most = v[i] > most ? v[i] : most;
    }
    while ((most - least) >> shift >= BUCKETS)
        shift++;
    for (size_t i = 0; i < n; i++)
        count[(v[i] - least) >> shift]++;
    int64_t *some = malloc(n * sizeof *some);
    if (some == NULL)
        abort();
    for (size_t k = 0; k < n_q; k++) {
        double at = (double)n - (double)(int64_t)((double)n - (double)n * q[k]);
        size_t rank = (size_t)(at < 1 ? 1 : at) - 1, bucket = 0, found = 0;
        for (; rank >= count[bucket]; bucket++)
            rank -= count[bucket];
        for (size_t i = 0; i < n; i++) {
            some[found] = v[i];
            found += (size_t)((v[i] - least) >> shift) == bucket;
        }
        out[k] = select_nth(some, found, rank);
    }
    free(some);
}
