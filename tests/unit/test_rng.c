/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams are reproducible, bounded and have the moments they promise. Seeds are fixed;
 * bounds are five or more standard errors wide, so another seed would fail less than once
 * in a million. */
#include "assert.h"

#include <math.h>

#include "yaga/numeric/rng.h"

static void the_generator_is_the_published_one(void **state)
{
    (void)state;
    /* xoshiro256** from state 1, 2, 3, 4: reference values of the authors' C code. */
    struct yaga_rng rng = {{1, 2, 3, 4}};
    static const uint64_t want[] = {11520u, 0u, 1509978240u, 1215971899390074240u};
    for (size_t i = 0; i < 4; i++)
        assert_true(yaga_rng_u64(&rng) == want[i]);
}

static void seeds_decide_the_stream(void **state)
{
    (void)state;
    struct yaga_rng a;
    struct yaga_rng b;
    struct yaga_rng c;
    yaga_rng_init(&a, 7);
    yaga_rng_init(&b, 7);
    yaga_rng_init(&c, 8);
    uint64_t first = yaga_rng_u64(&a);
    assert_true(first == yaga_rng_u64(&b));
    assert_true(first != yaga_rng_u64(&c));
}

static void uniforms_fill_the_unit_interval(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 1);
    double sum = 0.0;
    for (size_t i = 0; i < 100000; i++) {
        double u = yaga_rng_uniform(&rng);
        assert_true(u >= 0.0 && u < 1.0);
        sum += u;
    }
    assert_near(sum / 1e5, 0.5, 0.005);
}

static void bounded_integers_are_equally_likely(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 2);
    size_t counts[7] = {0};
    for (size_t i = 0; i < 70000; i++)
        counts[yaga_rng_below(&rng, 7)]++;
    for (size_t k = 0; k < 7; k++)
        assert_in_range(counts[k], 9500, 10500);
    assert_true(yaga_rng_below(&rng, 1) == 0);
}

static void normals_have_mean_zero_and_variance_one(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 3);
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < 100000; i++) {
        double z = yaga_rng_normal(&rng);
        sum += z;
        squares += z * z;
    }
    assert_near(sum / 1e5, 0.0, 0.016);
    assert_near(squares / 1e5, 1.0, 0.023);
}

static void poisson_counts_have_equal_mean_and_variance(void **state)
{
    (void)state;
    static const double means[] = {0.3, 4.0, 120.0, 499.0, 2000.0};
    struct yaga_rng rng;
    yaga_rng_init(&rng, 4);
    for (size_t c = 0; c < sizeof means / sizeof means[0]; c++) {
        double sum = 0.0;
        double squares = 0.0;
        for (size_t i = 0; i < 20000; i++) {
            double d = (double)yaga_rng_poisson(&rng, means[c]) - means[c];
            sum += d;
            squares += d * d;
        }
        assert_near(sum / 2e4 / sqrt(means[c]), 0.0, 0.04);
        assert_near(squares / 2e4 / means[c], 1.0, 0.1);
    }
    assert_true(yaga_rng_poisson(&rng, 0.0) == 0);
}

static void samples_hold_distinct_indices_in_range(void **state)
{
    (void)state;
    enum { N = 20, K = 8, ROUNDS = 10000 };
    struct yaga_rng rng;
    yaga_rng_init(&rng, 5);
    size_t drawn[N] = {0};
    for (size_t round = 0; round < ROUNDS; round++) {
        uint32_t scratch[N];
        uint32_t out[K];
        unsigned seen = 0;
        yaga_rng_sample(&rng, N, K, scratch, out);
        for (size_t i = 0; i < K; i++) {
            assert_true(out[i] < N && (seen >> out[i] & 1u) == 0);
            seen |= 1u << out[i];
            drawn[out[i]]++;
        }
    }
    for (size_t i = 0; i < N; i++)
        assert_in_range(drawn[i], 3700, 4300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_the_published_one),
        cmocka_unit_test(seeds_decide_the_stream),
        cmocka_unit_test(uniforms_fill_the_unit_interval),
        cmocka_unit_test(bounded_integers_are_equally_likely),
        cmocka_unit_test(normals_have_mean_zero_and_variance_one),
        cmocka_unit_test(poisson_counts_have_equal_mean_and_variance),
        cmocka_unit_test(samples_hold_distinct_indices_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
