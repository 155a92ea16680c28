/* Repeatable randomness for simulation (xoshiro256++); never for secrets, those are libsodium's. */
#pragma once
#include <stdint.h>

struct rng {
    uint64_t s[4];
};
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
double rng_unit(struct rng *r);                           /* [0,1) */
int64_t rng_range(struct rng *r, int64_t lo, int64_t hi); /* lo..hi, both inclusive */
double rng_normal(struct rng *r);
double rng_lognormal(struct rng *r, double median, double sigma);
void rng_jump(struct rng *r); /* 2^128 steps: an independent stream */
