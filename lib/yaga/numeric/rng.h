/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random streams: xoshiro256** (Blackman & Vigna 2018) seeded through splitmix64. A stream is a value;
 * every consumer derives its own from a hash of what it is for, so results never depend on the order or
 * number of threads.
 */
#ifndef YAGA_NUMERIC_RNG_H
#define YAGA_NUMERIC_RNG_H

#include <stddef.h>
#include <stdint.h>

struct yaga_rng {
    uint64_t s[4];
};

void yaga_rng_init(struct yaga_rng *rng, uint64_t seed);
uint64_t yaga_rng_u64(struct yaga_rng *rng);
/* Uniform in [0, 1), 53 random bits. */
double yaga_rng_uniform(struct yaga_rng *rng);
/* Uniform integer in [0, n), unbiased; n >= 1. */
uint64_t yaga_rng_below(struct yaga_rng *rng, uint64_t n);
/* Standard normal (polar method, no cached second value: one call, one state advance sequence). */
double yaga_rng_normal(struct yaga_rng *rng);
/* Poisson with mean >= 0 (normal approximation above 500). */
uint64_t yaga_rng_poisson(struct yaga_rng *rng, double mean);
/* k distinct indices of 0..n-1 without replacement into out (order random); k <= n. scratch: n entries. */
void yaga_rng_sample(struct yaga_rng *rng, size_t n, size_t k, uint32_t *scratch, uint32_t *out);

#endif
