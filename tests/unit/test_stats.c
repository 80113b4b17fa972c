/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fast order statistics against slow ones, moments against hand-worked cases. */
#include "assert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"

enum { N_MAX = 2000 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Shapes that trouble quicksorts: random, ties, sorted, reversed, constant, organ pipe.
 */
static void fill(double *x, size_t n, size_t shape, struct yaga_rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        switch (shape) {
        case 0:
            x[i] = yaga_rng_normal(rng);
            break;
        case 1:
            x[i] = (double)yaga_rng_below(rng, 4);
            break;
        case 2:
            x[i] = (double)i;
            break;
        case 3:
            x[i] = -(double)i;
            break;
        case 4:
            x[i] = 3.0;
            break;
        default:
            x[i] = (double)(i < n / 2 ? i : n - i);
            break;
        }
    }
}

static void sorting_agrees_with_qsort(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 1);
    static const size_t sizes[] = {0, 1, 2, 16, 17, 18, 33, 100, 999, N_MAX};
    for (size_t shape = 0; shape < 6; shape++) {
        for (size_t c = 0; c < sizeof sizes / sizeof sizes[0]; c++) {
            double x[N_MAX];
            double want[N_MAX];
            fill(x, sizes[c], shape, &rng);
            memcpy(want, x, sizes[c] * sizeof *x);
            qsort(want, sizes[c], sizeof *want, ascending);
            yaga_sort(x, sizes[c]);
            assert_memory_equal(x, want, sizes[c] * sizeof *x);
        }
    }
}

/* Musser's sequence makes a median of three pick the second smallest every time. */
static void sorting_survives_the_median_of_three_killer(void **state)
{
    (void)state;
    enum { HALF = N_MAX / 2 };
    double x[N_MAX];
    for (size_t i = 0; i < HALF; i++) {
        x[i] = i % 2 == 0 ? (double)(i + 1) : (double)(HALF + i + (HALF % 2));
        x[HALF + i] = (double)(2 * (i + 1));
    }
    double want[N_MAX];
    memcpy(want, x, sizeof want);
    qsort(want, N_MAX, sizeof *want, ascending);
    yaga_sort(x, N_MAX);
    assert_memory_equal(x, want, sizeof want);
}

static void the_fast_median_equals_the_sorted_one(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 2);
    for (size_t n = 1; n < 400; n += 7) {
        for (size_t shape = 0; shape < 6; shape++) {
            double x[N_MAX];
            double sorted[N_MAX];
            fill(x, n, shape, &rng);
            memcpy(sorted, x, n * sizeof *x);
            qsort(sorted, n, sizeof *sorted, ascending);
            assert_near(yaga_median_inplace(x, n), yaga_quantile_sorted(sorted, n, 0.5),
                        1e-15);
        }
    }
    assert_near(yaga_median_inplace(NULL, 0), (double)NAN, 0.0);
}

static void quantiles_interpolate_between_order_statistics(void **state)
{
    (void)state;
    static const double x[] = {1.0, 2.0, 4.0, 8.0};
    assert_near(yaga_quantile_sorted(x, 4, 0.0), 1.0, 0.0);
    assert_near(yaga_quantile_sorted(x, 4, 0.5), 3.0, 1e-15);
    assert_near(yaga_quantile_sorted(x, 4, 0.9), 6.8, 1e-15);
    assert_near(yaga_quantile_sorted(x, 4, 1.0), 8.0, 0.0);
    assert_near(yaga_quantile_sorted(x, 1, 0.3), 1.0, 0.0);
}

static void the_scaled_mad_estimates_a_normal_sd(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 3);
    static double x[20000];
    for (size_t i = 0; i < 20000; i++)
        x[i] = 5.0 + 2.0 * yaga_rng_normal(&rng);
    assert_near(yaga_mad_inplace(x, 20000, 5.0), 2.0, 0.03);
    double few[] = {1.0, 2.0, 9.0};
    assert_near(yaga_mad_inplace(few, 3, 2.0), 1.4826022185056018, 1e-15);
    assert_near(few[0] + few[1] + few[2], 8.0, 0.0);
}

static void moments_are_the_textbook_ones(void **state)
{
    (void)state;
    static const double x[] = {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
    assert_near(yaga_mean(x, 8), 5.0, 1e-15);
    assert_near(yaga_sd(x, 8), sqrt(32.0 / 7.0), 1e-15);
    assert_near(yaga_sd(x, 1), 0.0, 0.0);
    assert_near(yaga_trimmed_mean_sorted(x, 8, 0.0), 5.0, 1e-15);
    assert_near(yaga_trimmed_mean_sorted(x, 8, 0.13), 29.0 / 6.0, 1e-15);
}

static void only_finite_values_are_kept(void **state)
{
    (void)state;
    double x[] = {(double)NAN, 1.0, (double)INFINITY, 2.0, -(double)INFINITY};
    assert_int_equal(yaga_compact_finite(x, 5, x), 2);
    assert_near(x[0], 1.0, 0.0);
    assert_near(x[1], 2.0, 0.0);
}

static void autocorrelation_time_follows_an_ar1(void **state)
{
    (void)state;
    enum { N = 50000 };
    static double x[N];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 4);
    x[0] = 0.0;
    for (size_t i = 1; i < N; i++)
        x[i] = 0.8 * x[i - 1] + yaga_rng_normal(&rng);
    /* tau = (1 + phi)/(1 - phi) = 9 */
    assert_near(yaga_autocorrelation_time(x, N, 288), 9.0, 0.1);
    for (size_t i = 0; i < N; i += 10)
        x[i] = (double)NAN;
    assert_near(yaga_autocorrelation_time(x, N, 288), 9.0, 0.12);
    for (size_t i = 0; i < N; i++)
        x[i] = yaga_rng_normal(&rng);
    assert_near(yaga_autocorrelation_time(x, N, 288), 1.0, 0.05);
    double constant[] = {1.0, 1.0, 1.0};
    assert_near(yaga_autocorrelation_time(constant, 3, 288), 1.0, 0.0);
    assert_near(yaga_autocorrelation_time(constant, 0, 288), 1.0, 0.0);
}

static void the_wilson_bound_lies_below_the_ratio(void **state)
{
    (void)state;
    /* Wilson 1927; R: prop.test(8, 10, correct = FALSE, conf.level = 0.9)$conf.int[1] */
    assert_near(yaga_wilson_lower(8.0, 10.0, 1.6448536269514722), 0.5409, 5e-3);
    assert_near(yaga_wilson_lower(0.0, 10.0, 1.645), 0.0, 1e-15);
    assert_true(yaga_wilson_lower(10.0, 10.0, 1.645) < 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting_agrees_with_qsort),
        cmocka_unit_test(sorting_survives_the_median_of_three_killer),
        cmocka_unit_test(the_fast_median_equals_the_sorted_one),
        cmocka_unit_test(quantiles_interpolate_between_order_statistics),
        cmocka_unit_test(the_scaled_mad_estimates_a_normal_sd),
        cmocka_unit_test(moments_are_the_textbook_ones),
        cmocka_unit_test(only_finite_values_are_kept),
        cmocka_unit_test(autocorrelation_time_follows_an_ar1),
        cmocka_unit_test(the_wilson_bound_lies_below_the_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
