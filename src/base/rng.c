/* xoshiro256++ by D. Blackman and S. Vigna (prng.di.unimi.it), seeded by splitmix64. */
#include "base/rng.h"
#include <math.h>

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        r->s[i] = z ^ z >> 31;
    }
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s, out = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return out;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1.0p-53;
}

int64_t rng_range(struct rng *r, int64_t lo, int64_t hi)
{
    uint64_t span = (uint64_t)hi - (uint64_t)lo + 1;
    if (span == 0) /* all of int64 */
        return (int64_t)rng_next(r);
    /* Values above the last whole multiple of the span would favour the low end. */
    uint64_t limit = UINT64_MAX - (UINT64_MAX % span + 1) % span, v;
    do
        v = rng_next(r);
    while (v > limit);
    return (int64_t)((uint64_t)lo + v % span);
}

double rng_normal(struct rng *r)
{
    /* Box and Muller, one of the pair: no state beside the seed, so that a run is repeated exactly. */
    double u = 1.0 - rng_unit(r), v = rng_unit(r);
    return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

double rng_lognormal(struct rng *r, double median, double sigma)
{
    return median * exp(sigma * rng_normal(r));
}

void rng_jump(struct rng *r)
{
    static const uint64_t jump[] = {0x180ec6d33cfd0abau, 0xd5a61266f0c9392cu, 0xa9582618e03fc9aau, 0x39abdc4529b1661cu};
    uint64_t s[4] = {0};
    for (int i = 0; i < 4; i++) {
        for (int b = 0; b < 64; b++) {
            if (jump[i] >> b & 1)
                for (int k = 0; k < 4; k++)
                    s[k] ^= r->s[k];
            rng_next(r);
        }
    }
    for (int k = 0; k < 4; k++)
        r->s[k] = s[k];
}
