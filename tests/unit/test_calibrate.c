/* SPDX-License-Identifier: GPL-3.0-or-later */
/* p-values count what they say, residual tails are monotone and hold their rate,
 * estimates are the formulas. */
#include "assert.h"

#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/calibrate/calibrate.h"
#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"

static void fill_normal(double *x, size_t n, uint64_t seed)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        x[i] = yaga_rng_normal(&rng);
}

static double slow_p(const double *scores, size_t n, double score)
{
    size_t at_least = 0;
    for (size_t i = 0; i < n; i++)
        at_least += scores[i] >= score;
    return (1.0 + (double)at_least) / (1.0 + (double)n);
}

static void table_p_counts_scores_at_least_as_high(void **state)
{
    (void)state;
    static const double scores[] = {3.0, 1.0, 2.0, 2.0, 5.0};
    struct yaga_table table;
    struct yaga_error err;
    assert_ok(yaga_table_make(scores, 5, &table, &err), &err);
    assert_ok(yaga_table_check(&table, &err), &err);
    for (double at = 0.0; at < 6.0; at += 0.5)
        assert_near(yaga_table_p(&table, at), slow_p(scores, 5, at), 1e-15);
    yaga_table_clear(&table);
}

static void a_thinned_table_errs_upwards_and_by_less_than_a_step(void **state)
{
    (void)state;
    enum { N = 3 * YAGA_TABLE_MAX + 17 };
    static double scores[N];
    fill_normal(scores, N, 1);
    struct yaga_table table;
    struct yaga_error err;
    assert_ok(yaga_table_make(scores, N, &table, &err), &err);
    assert_int_equal(table.n, YAGA_TABLE_MAX);
    double last = 1.0;
    for (double at = -5.0; at < 5.0; at += 0.05) {
        double p = yaga_table_p(&table, at);
        double exact = slow_p(scores, N, at);
        assert_true(p >= exact - 1e-12 && p <= exact + 4.0 / N && p <= last && p > 0.0);
        last = p;
    }
    yaga_table_clear(&table);
}

static void bad_tables_are_refused(void **state)
{
    (void)state;
    struct yaga_table table = {0};
    struct yaga_error err;
    static const double holes[] = {1.0, (double)NAN};
    assert_int_equal(yaga_table_make(holes, 0, &table, &err), YAGA_E_NO_DATA);
    assert_int_equal(yaga_table_make(holes, 2, &table, &err), YAGA_E_INPUT);
    for (size_t k = 1; k <= 2; k++) {
        yaga_mem_fail_nth(k);
        assert_int_equal(yaga_table_make(holes, 1, &table, &err), YAGA_E_NOMEM);
        yaga_mem_fail_nth(0);
        assert_null(table.scores);
    }
    static const double falling[] = {2.0, 1.0};
    table = (struct yaga_table){2, 2.0, falling};
    assert_int_equal(yaga_table_check(&table, &err), YAGA_E_CORRUPT);
    table = (struct yaga_table){2, 1.0, holes};
    assert_int_equal(yaga_table_check(&table, &err), YAGA_E_CORRUPT);
    table = (struct yaga_table){0, 0.0, holes};
    assert_int_equal(yaga_table_check(&table, &err), YAGA_E_CORRUPT);
}

static void the_grid_ascends_from_zero_to_one(void **state)
{
    (void)state;
    assert_near(yaga_grid_share(0), 0.0, 0.0);
    assert_near(yaga_grid_share(1), 0.001, 0.0);
    assert_near(yaga_grid_share(3), 0.005, 0.0);
    assert_near(yaga_grid_share(102), 0.5, 1e-15);
    assert_near(yaga_grid_share(YAGA_GRID_POINTS - 4), 0.995, 1e-15);
    assert_near(yaga_grid_share(YAGA_GRID_POINTS - 1), 1.0, 0.0);
    for (size_t i = 1; i < YAGA_GRID_POINTS; i++)
        assert_true(yaga_grid_share(i) > yaga_grid_share(i - 1));
}

static void residual_p_is_monotone_and_two_sided(void **state)
{
    (void)state;
    enum { N = 2000 };
    static double r[N];
    fill_normal(r, N, 2);
    for (size_t i = 0; i < N; i += 2)
        r[i] = fmax(r[i], 0.0); /* ties, as zero-heavy metrics have */
    r[5] = (double)NAN;
    struct yaga_residuals fit;
    struct yaga_error err;
    assert_ok(yaga_residuals_fit(r, N, &fit, &err), &err);
    double upper = 1.0;
    double lower = 1e-12;
    double percentile = 0.0;
    for (double at = -20.0; at <= 20.0; at += 0.01) {
        double p_upper = yaga_residuals_p_upper(&fit, at);
        double p_lower = yaga_residuals_p_lower(&fit, at);
        double position = yaga_residuals_percentile(&fit, at);
        assert_true(p_upper <= upper && p_upper >= 1e-12);
        assert_true(p_lower >= lower && p_lower <= 1.0);
        assert_true(position >= percentile && position <= 100.0);
        upper = p_upper;
        lower = p_lower;
        percentile = position;
    }
    assert_true(upper < 1e-6 && percentile == 100.0);
}

static void residual_tails_hold_their_rate_on_fresh_data(void **state)
{
    (void)state;
    /* 20 fits of 3000: the mean realised rate is known within 3 % at 5 % and 5 % at 1 %.
     */
    enum { N = 3000, FITS = 20 };
    static double r[N];
    static double fresh[N];
    double flagged[2] = {0.0, 0.0};
    static const double rates[] = {0.01, 0.05};
    for (uint64_t k = 0; k < FITS; k++) {
        fill_normal(r, N, 10 + k);
        fill_normal(fresh, N, 50 + k);
        struct yaga_residuals fit;
        struct yaga_error err;
        assert_ok(yaga_residuals_fit(r, N, &fit, &err), &err);
        for (size_t i = 0; i < N; i++) {
            for (size_t c = 0; c < 2; c++)
                flagged[c] += yaga_residuals_p_upper(&fit, fresh[i]) <= rates[c];
        }
    }
    for (size_t c = 0; c < 2; c++)
        assert_near(flagged[c] / (N * FITS) / rates[c], 1.0, 0.2);
}

static void percentiles_are_mid_ranks_on_ties(void **state)
{
    (void)state;
    double r[1000];
    for (size_t i = 0; i < 1000; i++)
        r[i] = i < 600 ? 0.0 : (double)(i - 599);
    struct yaga_residuals fit;
    struct yaga_error err;
    assert_ok(yaga_residuals_fit(r, 1000, &fit, &err), &err);
    assert_near(yaga_residuals_percentile(&fit, 0.0), 30.0, 0.02);
    assert_near(yaga_residuals_percentile(&fit, -1.0), 0.0, 0.0);
    assert_near(yaga_residuals_percentile(&fit, 200.0), 80.0, 0.01);
    assert_near(yaga_residuals_percentile(&fit, 400.0), 100.0, 0.0);
    assert_near(yaga_residuals_p_upper(&fit, 0.0), 1.0, 0.0);
    assert_near(yaga_residuals_p_lower(&fit, 0.0), 0.6, 0.01);
}

static void the_scale_falls_back_step_by_step(void **state)
{
    (void)state;
    double r[100] = {0.0};
    struct yaga_residuals fit;
    struct yaga_error err;
    assert_ok(yaga_residuals_fit(r, 100, &fit, &err), &err);
    assert_near(fit.scale, 1e-9, 1e-24);
    r[99] = 10.0; /* MAD and IQR 0: standard deviation */
    assert_ok(yaga_residuals_fit(r, 100, &fit, &err), &err);
    assert_near(fit.scale, 1.0, 1e-12);
    for (size_t i = 60; i < 100; i++)
        r[i] = 1.349; /* MAD 0 still, IQR not */
    assert_ok(yaga_residuals_fit(r, 100, &fit, &err), &err);
    assert_near(fit.scale, 1.0, 1e-4);
    for (size_t i = 0; i < 100; i++)
        r[i] = (double)i;
    assert_ok(yaga_residuals_fit(r, 100, &fit, &err), &err);
    assert_near(fit.scale, 1.4826022 * 25.0, 1e-6);
    assert_near(fit.centre, 49.5, 0.0);
}

static void too_few_residuals_and_failing_memory_are_reported(void **state)
{
    (void)state;
    double r[20] = {0.0};
    r[3] = (double)NAN;
    struct yaga_residuals fit;
    struct yaga_error err;
    assert_int_equal(yaga_residuals_fit(r, 20, &fit, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, "19 values, needs 20");
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_residuals_fit(r, 20, &fit, &err), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
}

static void knee_and_gap_find_a_planted_jump(void **state)
{
    (void)state;
    double scores[1000];
    for (size_t i = 0; i < 1000; i++)
        scores[i] = (i < 60 ? -0.8 : -0.5) + 1e-5 * (double)i;
    struct yaga_contamination found;
    struct yaga_contamination_params params = {
        .base = 0.05, .factor = 1, .min_samples = 100, .fallback = 0.05};
    yaga_contamination_estimate(scores, 1000, &params, &found);
    assert_near(found.gap_raw, 0.06, 1e-15);
    /* The second gradient of a jump between 59 and 60 is the same at 58 and 59, but for
     * rounding. */
    assert_near(found.knee_raw, 0.0595, 6e-4);
    assert_near(found.gap, 0.06, 1e-15);
    params.base = 0.01; /* three times of it */
    yaga_contamination_estimate(scores, 1000, &params, &found);
    assert_near(found.gap, 0.03, 1e-15);
    params.base = 0.2; /* half of it */
    yaga_contamination_estimate(scores, 1000, &params, &found);
    assert_near(found.gap, 0.1, 1e-15);
    params.base = 0.05;
    yaga_contamination_estimate(scores, 99, &params, &found);
    assert_near(found.knee, 0.05, 1e-15);
    assert_near(found.gap_raw, 0.05, 1e-15);
}

static void the_factor_of_the_period_comes_last_and_has_a_ceiling(void **state)
{
    (void)state;
    double scores[1000];
    for (size_t i = 0; i < 1000; i++)
        scores[i] = (i < 60 ? -0.8 : -0.5) + 1e-5 * (double)i;
    struct yaga_contamination found;
    struct yaga_contamination_params params = {
        .base = 0.05, .factor = 1.5, .min_samples = 100, .fallback = 0.05};
    yaga_contamination_estimate(scores, 1000, &params, &found);
    assert_near(found.gap, 0.09, 1e-15);
    assert_near(found.gap_raw, 0.06, 1e-15);
    params.factor = 10;
    yaga_contamination_estimate(scores, 1000, &params, &found);
    assert_near(found.gap, 0.25, 1e-15);
}

static void the_outlier_share_counts_planted_outliers(void **state)
{
    (void)state;
    enum { N = 5000 };
    static double x[N];
    fill_normal(x, N, 3);
    for (size_t i = 0; i < N; i += 20)
        x[i] = 12.0;
    assert_near(yaga_outlier_share(x, N), 0.05, 0.002);
    assert_near(yaga_outlier_share(x, 0), (double)NAN, 0.0);
    yaga_mem_fail_nth(1);
    assert_near(yaga_outlier_share(x, N), (double)NAN, 0.0);
    yaga_mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_p_counts_scores_at_least_as_high),
        cmocka_unit_test(a_thinned_table_errs_upwards_and_by_less_than_a_step),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(the_grid_ascends_from_zero_to_one),
        cmocka_unit_test(residual_p_is_monotone_and_two_sided),
        cmocka_unit_test(residual_tails_hold_their_rate_on_fresh_data),
        cmocka_unit_test(percentiles_are_mid_ranks_on_ties),
        cmocka_unit_test(the_scale_falls_back_step_by_step),
        cmocka_unit_test(too_few_residuals_and_failing_memory_are_reported),
        cmocka_unit_test(knee_and_gap_find_a_planted_jump),
        cmocka_unit_test(the_factor_of_the_period_comes_last_and_has_a_ceiling),
        cmocka_unit_test(the_outlier_share_counts_planted_outliers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
