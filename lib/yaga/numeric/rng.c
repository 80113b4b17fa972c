/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xoshiro256** and the distributions drawn from it; integer arithmetic wherever it can
 * be. */
#include "yaga/numeric/rng.h"

#include <assert.h>
#include <math.h>

/* Above this mean the normal approximation is within 1 % everywhere that matters to
 * synthetic counts. */
static const double poisson_normal_from = 500.0;

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void yaga_rng_init(struct yaga_rng *rng, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++)
        rng->s[i] = splitmix64(&seed);
}

uint64_t yaga_rng_u64(struct yaga_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double yaga_rng_uniform(struct yaga_rng *rng)
{
    return (double)(yaga_rng_u64(rng) >> 11) * 0x1p-53;
}

uint64_t yaga_rng_below(struct yaga_rng *rng, uint64_t n)
{
    assert(n >= 1);
    /* Lemire 2019: the high word of u * n, rejecting the 2^64 mod n products that would
     * favour some. */
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)yaga_rng_u64(rng) * n;
    if ((uint64_t)product < n) {
        uint64_t reject_below = -n % n;
        while ((uint64_t)product < reject_below)
            product = (wide)yaga_rng_u64(rng) * n;
    }
    return (uint64_t)(product >> 64);
}

double yaga_rng_normal(struct yaga_rng *rng)
{
    for (;;) {
        double u = 2.0 * yaga_rng_uniform(rng) - 1.0;
        double v = 2.0 * yaga_rng_uniform(rng) - 1.0;
        double q = u * u + v * v;
        if (q > 0.0 && q < 1.0)
            return u * sqrt(-2.0 * log(q) / q);
    }
}

uint64_t yaga_rng_poisson(struct yaga_rng *rng, double mean)
{
    assert(mean >= 0.0);
    if (mean > poisson_normal_from) {
        double x = floor(mean + sqrt(mean) * yaga_rng_normal(rng) + 0.5);
        return x > 0.0 ? (uint64_t)x : 0;
    }
    /* Arrivals until the product of uniforms drops below exp(-mean), which is at least
     * 7e-218 here. */
    double floor_product = exp(-mean);
    double product = yaga_rng_uniform(rng);
    uint64_t arrivals = 0;
    while (product > floor_product) {
        product *= yaga_rng_uniform(rng);
        arrivals++;
    }
    return arrivals;
}

void yaga_rng_sample(
    struct yaga_rng *rng, size_t n, size_t k, uint32_t *scratch, uint32_t *out)
{
    assert(k <= n);
    for (size_t i = 0; i < n; i++)
        scratch[i] = (uint32_t)i;
    for (size_t i = 0; i < k; i++) {
        size_t j = i + (size_t)yaga_rng_below(rng, n - i);
        out[i] = scratch[j];
        scratch[j] = scratch[i];
    }
}
