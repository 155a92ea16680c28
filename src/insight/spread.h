/* Times of many things, some of which are not over yet: few are kept as they are and told exactly, many become a
 * histogram whose buckets are a quarter of a per cent wide. */
#pragma once
#include "insight/incidence.h"

enum { SPREAD_EXACT = 20000, SPREAD_BITS = 8, SPREAD_BUCKETS = (48 - SPREAD_BITS) << SPREAD_BITS };
struct spread {
    uint64_t *few; /* ms << 2, lowest bit: not over; as incidence_sort wants it */
    size_t n, cap;
    uint32_t *hist; /* NULL: few; over, then not over */
    int64_t n_over, n_open;
    double sum; /* ms */
};
void spread_push(struct spread *s, uint64_t packed);
/* ms below 0 counts as 0. open: it has lasted so long and goes on (censored). */
static inline void spread_add(struct spread *s, int64_t ms, bool open)
{
    uint64_t v = ms > 0 ? (uint64_t)ms : 0;
    s->sum += (double)v;
    *(open ? &s->n_open : &s->n_over) += 1;
    spread_push(s, v << 2 | open);
}
/* The time within which share p is over, by Kaplan-Meier; NaN when it is not reached. */
double spread_km(struct spread *s, double p);
/* The share that is over by `ms`, with its 95 % interval; nothing was added: NaN. */
double spread_over_by(struct spread *s, int64_t ms, struct interval *ci);
/* Quantile of type 7 of all times, over or not; NaN: none. */
double spread_quantile(struct spread *s, double p);
void spread_free(struct spread *s);
struct spread *spreads_new(size_t n);
void spreads_free(struct spread *s, size_t n);
