/* How often clients come back: models of repeat buying. */
#pragma once
#include "insight/stats.h"

/* Shifted beta-geometric (Fader & Hardie 2007, J. Interactive Marketing 21:76): after each period a client leaves with
 * a chance of their own, which is Beta(a, b) among clients. P(T=1) = a/(a+b), P(T=t) = P(T=t-1)(b+t-2)/(a+b+t-1). */
struct sbg {
    double a, b, loglik;
};
/* Maximum likelihood from a cohort: survivors[0] at the start, survivors[t] after t periods; n >= 2. False: nobody
 * left, or everybody did at once. */
MUST_USE bool sbg_fit(const double *survivors, size_t n, struct sbg *out);
double sbg_survival(const struct sbg *m, size_t t);               /* share that is still there after t periods */
static inline double sbg_retention(const struct sbg *m, size_t t) /* of those there after t - 1 periods; t >= 1 */
{
    return (m->b + (double)t - 1) / (m->a + m->b + (double)t - 1);
}

/* BG/NBD (Fader, Hardie, Lee 2005, Marketing Science 24:275): a client buys at a rate that is Gamma(r, alpha) among
 * clients, and after each purchase goes for good with a chance that is Beta(a, b). */
struct client_history {
    double repeats;   /* purchases after the first */
    double last, age; /* since the first purchase: to the last one, to now; in any unit */
};
struct bgnbd {
    double r, alpha, a, b, loglik;
};
#define BGNBD_LEAST 30 /* clients, with a repeat purchase among them */
/* False: too few, or nobody ever came back. */
MUST_USE bool bgnbd_fit(const struct client_history *h, size_t n, struct bgnbd *out);
double bgnbd_loglik(const struct bgnbd *m, const struct client_history *h, size_t n);
/* How many more purchases are to be expected within t. */
double bgnbd_expected(const struct bgnbd *m, const struct client_history *h, double t);
double bgnbd_alive(const struct bgnbd *m, const struct client_history *h); /* P(still a client) */
