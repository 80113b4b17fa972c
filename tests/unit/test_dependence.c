/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cholesky factors, ranks, correlation, trends and binomial bounds, against slow or known
 * answers. */
#include "assert.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "yaga/numeric/cholesky.h"
#include "yaga/numeric/rank.h"
#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"
#include "yaga/numeric/trend.h"

enum { P = 7, N = 200, N_PAIRS = N * (N - 1) / 2 };

/* B B' + I, and B's rows. */
static void fill_positive(double *a)
{
    struct yaga_rng rng;
    double b[P * P];
    yaga_rng_init(&rng, 5);
    for (size_t i = 0; i < (size_t)P * P; i++)
        b[i] = yaga_rng_normal(&rng);
    for (size_t i = 0; i < P; i++) {
        for (size_t j = 0; j < P; j++) {
            a[i * P + j] = i == j;
            for (size_t k = 0; k < P; k++)
                a[i * P + j] += b[i * P + k] * b[j * P + k];
        }
    }
}

static void a_cholesky_factor_multiplies_back_and_measures_distances(void **state)
{
    (void)state;
    double a[P * P], l[P * P], x[P], y[P], scratch[P];
    struct yaga_error err;
    fill_positive(a);
    fill_positive(l);
    assert_ok(yaga_cholesky(l, P, &err), &err);
    for (size_t i = 0; i < P; i++) {
        for (size_t j = 0; j < P; j++) {
            double sum = 0;
            for (size_t k = 0; k < P; k++)
                sum += l[i * P + k] * l[j * P + k];
            assert_near(sum, a[i * P + j], 1e-12);
            assert_true(j <= i || l[i * P + j] == 0.0);
        }
    }
    /* x = A y, so that x' A^-1 x = x'y */
    double expected = 0;
    for (size_t i = 0; i < P; i++)
        y[i] = (double)i - 2.5;
    for (size_t i = 0; i < P; i++) {
        x[i] = 0;
        for (size_t j = 0; j < P; j++)
            x[i] += a[i * P + j] * y[j];
        expected += x[i] * y[i];
    }
    assert_near(yaga_cholesky_distance2(l, P, x, scratch), expected, 1e-10);
    yaga_cholesky_solve(l, P, x);
    for (size_t i = 0; i < P; i++)
        assert_near(x[i], y[i], 1e-10);
}

static void a_matrix_that_is_not_positive_definite_is_refused(void **state)
{
    (void)state;
    double a[] = {1, 2, 2, 1};
    struct yaga_error err;
    assert_int_equal(yaga_cholesky(a, 2, &err), YAGA_E_INPUT);
    assert_error_has(&err, "not positive definite");
}

static void ranks_share_what_ties_share(void **state)
{
    (void)state;
    const double x[] = {3, 1, 3, 2, 3, 1};
    const double expected[] = {5, 1.5, 5, 3, 5, 1.5};
    double ranks[6];
    uint32_t order[6];
    yaga_mid_ranks(x, 6, order, ranks);
    for (size_t i = 0; i < 6; i++)
        assert_near(ranks[i], expected[i], 0);
}

/* Without ties Spearman's coefficient is 1 - 6 sum d^2 / (n (n^2 - 1)). */
static void spearman_is_pearson_of_ranks_and_blind_to_monotone_maps(void **state)
{
    (void)state;
    double x[N], y[N], z[N], rx[N], ry[N], rz[N], squares = 0;
    uint32_t order[N];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 8);
    for (size_t i = 0; i < N; i++) {
        x[i] = yaga_rng_normal(&rng);
        y[i] = x[i] + yaga_rng_normal(&rng);
        z[i] = exp(5 * y[i]);
    }
    yaga_mid_ranks(x, N, order, rx);
    yaga_mid_ranks(y, N, order, ry);
    yaga_mid_ranks(z, N, order, rz);
    for (size_t i = 0; i < N; i++)
        squares += (rx[i] - ry[i]) * (rx[i] - ry[i]);
    double n = N;
    assert_near(yaga_pearson(rx, ry, N), 1 - 6 * squares / (n * (n * n - 1)), 1e-12);
    assert_near(yaga_pearson(rx, rz, N), yaga_pearson(rx, ry, N), 0);
    assert_true(yaga_pearson(x, z, N) < yaga_pearson(rx, rz, N));
    assert_near(yaga_pearson(x, x, N), 1, 1e-14);
}

static void what_does_not_vary_is_correlated_with_nothing(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3}, flat[] = {4, 4, 4};
    assert_near(yaga_pearson(x, flat, 3), 0, 0);
    assert_near(yaga_pearson(x, x, 1), 0, 0);
}

/* S = 41 and var S = n(n-1)(2n+5)/18 = 125 for ten values of which two pairs are swapped:
 * 45 - 2 * 2. */
static void mann_kendall_agrees_with_the_formula(void **state)
{
    (void)state;
    const double x[] = {1, 2, 4, 3, 5, 6, 7, 9, 8, 10};
    double scratch[45];
    struct yaga_trend trend = yaga_mann_kendall(x, 10, scratch);
    assert_near(trend.p, 2 * gsl_cdf_ugaussian_Q(40 / sqrt(125)), 1e-12);
    assert_near(trend.slope, 1, 1e-12);
    const double tied[] = {1, 1, 1, 1,
                           2, 2, 2, 2}; /* S = 16, var = (8*7*21 - 2 * 4*3*13)/18 */
    trend = yaga_mann_kendall(tied, 8, scratch);
    assert_near(trend.p, 2 * gsl_cdf_ugaussian_Q(15 / sqrt((1176.0 - 312.0) / 18)),
                1e-12);
}

static void noise_and_short_series_have_no_trend(void **state)
{
    (void)state;
    static double scratch[N_PAIRS];
    double x[N];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 3);
    for (size_t i = 0; i < N; i++)
        x[i] = yaga_rng_normal(&rng);
    assert_true(yaga_mann_kendall(x, N, scratch).p >
                0.01); /* fails for one seed in a hundred */
    const double rising[] = {1, 2, 3, 4, 5, 6, 7};
    assert_near(yaga_mann_kendall(rising, 7, scratch).p, 1, 0);
    const double flat[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    assert_near(yaga_mann_kendall(flat, 9, scratch).p, 1, 0);
}

/* At the bound, k or more successes have the probability that confidence leaves. */
static void the_clopper_pearson_bound_inverts_the_binomial_tail(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 20; k += 3) {
        double p = yaga_clopper_pearson_lower(k, 20, 0.95);
        double tail = 0;
        for (unsigned i = k; i <= 20; i++)
            tail += exp(lgamma(21) - lgamma(i + 1.0) - lgamma(21.0 - i) + i * log(p) +
                        (20.0 - i) * log1p(-p));
        assert_near(tail, 0.05, 1e-6);
    }
    assert_near(yaga_clopper_pearson_lower(0, 20, 0.95), 0, 0);
    /* All of n: p^n is what confidence leaves. */
    assert_near(yaga_clopper_pearson_lower(20, 20, 0.95), pow(0.05, 1.0 / 20.0), 1e-10);
    assert_true(yaga_clopper_pearson_lower(2.5, 20.7, 0.95) < 2.5 / 20.7);
}

/* Arguments at which an inverse by Newton's steps does not converge. */
static void
the_clopper_pearson_bound_exists_for_effective_counts_of_any_size(void **state)
{
    (void)state;
    static const double awkward[][2] = {{753.0905257909028, 844.22886967642603},
                                        {2383.3435077076833, 2630.8126245358681},
                                        {1287.4392902167431, 1372.8063518702936},
                                        {0.00031647219684049794, 1.0025839195906974},
                                        {0.0034983279569492406, 2.7706757419037982}};
    for (size_t i = 0; i < sizeof awkward / sizeof awkward[0]; i++) {
        double k = awkward[i][0];
        double n = awkward[i][1];
        double bound = yaga_clopper_pearson_lower(k, n, 0.95);
        assert_true(bound >= 0.0 && bound < k / n);
        assert_true(bound > yaga_clopper_pearson_lower(0.9 * k, n, 0.95) || bound == 0.0);
    }
    /* The normal limit: 753.1/844.2 less 1.645 standard errors. */
    double p = 753.0905257909028 / 844.22886967642603;
    assert_near(yaga_clopper_pearson_lower(753.0905257909028, 844.22886967642603, 0.95),
                p - 1.645 * sqrt(p * (1.0 - p) / 844.2), 2e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cholesky_factor_multiplies_back_and_measures_distances),
        cmocka_unit_test(a_matrix_that_is_not_positive_definite_is_refused),
        cmocka_unit_test(ranks_share_what_ties_share),
        cmocka_unit_test(spearman_is_pearson_of_ranks_and_blind_to_monotone_maps),
        cmocka_unit_test(what_does_not_vary_is_correlated_with_nothing),
        cmocka_unit_test(mann_kendall_agrees_with_the_formula),
        cmocka_unit_test(noise_and_short_series_have_no_trend),
        cmocka_unit_test(the_clopper_pearson_bound_inverts_the_binomial_tail),
        cmocka_unit_test(
            the_clopper_pearson_bound_exists_for_effective_counts_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
