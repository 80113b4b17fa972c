/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Baseline of the residuals, their correlation, and whether the range was one regime. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/drift/baseline.h"
#include "yaga/drift/correlation.h"
#include "yaga/drift/stationarity.h"
#include "yaga/numeric/rng.h"

enum { N = 3000, P = 3, DAYS = 30, PER_DAY = 48 };

/* Columns of very different scale; the second follows the first with correlation 0.8. */
static double x[N * P];

static int fill(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 11);
    for (size_t i = 0; i < N; i++) {
        double a = yaga_rng_normal(&rng), b = yaga_rng_normal(&rng);
        x[i * P] = 1000 * a;
        x[i * P + 1] = 0.001 * (0.8 * a + 0.6 * b) + 5;
        x[i * P + 2] = yaga_rng_normal(&rng);
    }
    return 0;
}

static void the_limits_are_those_of_chi_square(void **state)
{
    (void)state;
    assert_true(fabs(yaga_drift_warning_limit(5) - 20.515) < 0.001);
    assert_true(fabs(yaga_drift_critical_limit(1) - 19.511) < 0.001);
    assert_true(yaga_drift_critical_limit(5) > yaga_drift_warning_limit(5));
}

/* With correlation 0.8 and unit variances, d2 of (a, b) is (a^2 - 1.6 a b + b^2)/0.36. */
static void distances_are_free_of_units_and_know_the_correlation(void **state)
{
    (void)state;
    struct yaga_drift_baseline b;
    struct yaga_error err;
    assert_ok(yaga_drift_fit(x, N, P, &b, &err), &err);
    assert_ok(yaga_drift_check(&b, &err), &err);
    const double along[] = {2000, 5.002, 0}, across[] = {2000, 4.998, 0},
                 missing[] = {0, (double)NAN, 0};
    assert_near(yaga_drift_distance2(&b, along), (4 - 1.6 * 4 + 4) / 0.36, 0.15);
    assert_near(yaga_drift_distance2(&b, across), (4 + 1.6 * 4 + 4) / 0.36, 0.15);
    assert_true(isnan(yaga_drift_distance2(&b, missing)));
    assert_true(b.shrinkage > 0 && b.shrinkage < 0.05);
    assert_near(b.condition, 9, 0.25); /* (1 + 0.8)/(1 - 0.8) */
    assert_false(b.ridged);
    size_t beyond = 0;
    for (size_t i = 0; i < N; i++)
        beyond += yaga_drift_distance2(&b, x + i * P) > b.warning;
    assert_true(beyond <= 12); /* 3 expected */
    assert_near(b.beyond, (double)beyond / N, 0);
    yaga_drift_clear(&b);
    assert_int_equal(b.n_features, 0);
}

static void trouble_in_the_history_does_not_widen_the_baseline(void **state)
{
    (void)state;
    static double spoilt[N * P];
    struct yaga_drift_baseline clean, robust;
    struct yaga_error err;
    memcpy(spoilt, x, sizeof x);
    for (size_t i = 0; i < N; i += 40)
        spoilt[i * P + 2] = 60;
    assert_ok(yaga_drift_fit(x, N, P, &clean, &err), &err);
    assert_ok(yaga_drift_fit(spoilt, N, P, &robust, &err), &err);
    const double away[] = {0, 5, 6};
    assert_near(yaga_drift_distance2(&robust, away), yaga_drift_distance2(&clean, away),
                0.1);
    assert_true(robust.n_rows <= N - N / 40);
    assert_true(robust.beyond >= 1.0 / 40);
    yaga_drift_clear(&clean);
    yaga_drift_clear(&robust);
}

static void two_names_of_one_metric_get_a_ridge(void **state)
{
    (void)state;
    static double twice[N * 2];
    struct yaga_drift_baseline b;
    struct yaga_error err;
    for (size_t i = 0; i < N; i++)
        twice[2 * i] = twice[2 * i + 1] = x[i * P];
    assert_ok(yaga_drift_fit(twice, N, 2, &b, &err), &err);
    assert_true(b.shrinkage < 0.01);
    assert_true(b.condition > 1e2);
    assert_true(isfinite(yaga_drift_distance2(&b, twice)));
    yaga_drift_clear(&b);
}

static void too_few_rows_make_no_baseline(void **state)
{
    (void)state;
    struct yaga_drift_baseline b;
    struct yaga_error err;
    assert_int_equal(yaga_drift_fit(x, 10 * P - 1, P, &b, &err), YAGA_E_NO_DATA);
}

static void an_unsound_baseline_is_refused(void **state)
{
    (void)state;
    struct yaga_drift_baseline b;
    struct yaga_error err;
    assert_ok(yaga_drift_fit(x, N, P, &b, &err), &err);
    struct yaga_drift_baseline bad = b;
    bad.shrinkage = 1.5;
    assert_int_equal(yaga_drift_check(&bad, &err), YAGA_E_CORRUPT);
    bad = b;
    bad.factor = bad.centre; /* no positive diagonal */
    assert_int_equal(yaga_drift_check(&bad, &err), YAGA_E_CORRUPT);
    yaga_drift_clear(&b);
}

static void fits_survive_a_lack_of_memory(void **state)
{
    (void)state;
    struct yaga_drift_baseline b = {0};
    struct yaga_correlation c = {0};
    struct yaga_error err;
    enum yaga_status st = YAGA_E_NOMEM;
    for (long k = 1; st != YAGA_OK; k++) {
        yaga_mem_fail_nth((size_t)k);
        st = yaga_drift_fit(x, N, P, &b, &err);
        if (st == YAGA_OK)
            st = yaga_correlation_fit(x, N, P, &c, &err);
        yaga_mem_fail_nth(0);
        assert_true(st == YAGA_OK || st == YAGA_E_NOMEM);
        if (st != YAGA_OK)
            yaga_drift_clear(&b);
    }
    yaga_drift_clear(&b);
    yaga_correlation_clear(&c);
}

static void correlation_finds_the_pair_that_moves_together(void **state)
{
    (void)state;
    struct yaga_correlation c;
    struct yaga_error err;
    assert_ok(yaga_correlation_fit(x, N, P, &c, &err), &err);
    assert_ok(yaga_correlation_check(&c, &err), &err);
    assert_near(c.pearson[1], 0.8, 0.05);
    assert_near(c.pearson[1], c.pearson[P], 0);
    assert_near(c.spearman[1], 6 / 3.14159265358979 * asin(0.4),
                0.05); /* of a binormal pair */
    assert_true(fabs(c.pearson[2]) < 0.1);
    assert_near(c.spearman[4], 1, 0);
    yaga_correlation_clear(&c);
}

/* Noise of unit scale around drift(day). */
static struct yaga_stationarity assess(double per_day, double step_last_week)
{
    static double r[DAYS * PER_DAY];
    static struct yaga_when when[DAYS * PER_DAY];
    struct yaga_stationarity s;
    struct yaga_error err;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 4);
    for (size_t t = 0; t < DAYS * PER_DAY; t++) {
        size_t day = t / PER_DAY;
        when[t] = (struct yaga_when){.day = (int32_t)(20260101 + day)};
        r[t] = yaga_rng_normal(&rng) + per_day * (double)day +
               (day >= DAYS - 7 ? step_last_week : 0);
        if (t % 5 == 0)
            r[t] = (double)NAN;
    }
    assert_ok(yaga_stationarity_assess(r, when, DAYS * PER_DAY, 1, &s, &err), &err);
    return s;
}

static void noise_is_stationary(void **state)
{
    (void)state;
    struct yaga_stationarity s = assess(0, 0);
    assert_false(s.level_shift);
    assert_false(s.trend);
    assert_true(fabs(s.shift) < 0.3);
}

static void a_step_in_the_last_week_is_a_level_shift(void **state)
{
    (void)state;
    struct yaga_stationarity s = assess(0, -1.5);
    assert_true(s.level_shift);
    assert_near(s.shift, -1.5, 0.1);
}

static void a_slow_rise_is_a_trend(void **state)
{
    (void)state;
    struct yaga_stationarity s = assess(0.06, 0);
    assert_true(s.trend);
    assert_near(s.trend_change, 0.06 * (DAYS - 1), 0.2);
    s = assess(0.01, 0); /* significant, but less than one scale in all */
    assert_false(s.trend);
}

static void the_recent_regime_begins_where_the_level_changed(void **state)
{
    (void)state;
    static double r[DAYS * PER_DAY];
    static struct yaga_when when[DAYS * PER_DAY];
    struct yaga_error err;
    struct yaga_rng rng;
    size_t row = 0;
    for (size_t change = 1; change < DAYS; change += 5) {
        yaga_rng_init(&rng, change);
        for (size_t t = 0; t < DAYS * PER_DAY; t++) {
            size_t day = t / PER_DAY;
            when[t] = (struct yaga_when){.day = (int32_t)(20260101 + day)};
            r[t] = yaga_rng_normal(&rng) + (day >= change ? 2 : 0);
            if (t % 5 == 0)
                r[t] = (double)NAN;
        }
        assert_ok(yaga_stationarity_regime(r, when, DAYS * PER_DAY, &row, &err), &err);
        assert_int_equal(row, change * PER_DAY);
    }
    assert_ok(yaga_stationarity_regime(r, when, PER_DAY, &row, &err), &err);
    assert_int_equal(row, 0); /* of one day */
    yaga_mem_fail_nth(2);
    assert_int_equal(yaga_stationarity_regime(r, when, PER_DAY, &row, &err),
                     YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limits_are_those_of_chi_square),
        cmocka_unit_test(distances_are_free_of_units_and_know_the_correlation),
        cmocka_unit_test(trouble_in_the_history_does_not_widen_the_baseline),
        cmocka_unit_test(two_names_of_one_metric_get_a_ridge),
        cmocka_unit_test(too_few_rows_make_no_baseline),
        cmocka_unit_test(an_unsound_baseline_is_refused),
        cmocka_unit_test(fits_survive_a_lack_of_memory),
        cmocka_unit_test(correlation_finds_the_pair_that_moves_together),
        cmocka_unit_test(noise_is_stationary),
        cmocka_unit_test(a_step_in_the_last_week_is_a_level_shift),
        cmocka_unit_test(a_slow_rise_is_a_trend),
        cmocka_unit_test(the_recent_regime_begins_where_the_level_changed),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
