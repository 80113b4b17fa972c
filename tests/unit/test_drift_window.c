/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window of recent residuals against the training: what lasts is drift, and nothing
 * else. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/drift/window.h"
#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"

enum { TRAINING = 4000, DAY = 288, HOUR = 12, P = 3 };

static struct yaga_residuals ordinary;
static struct yaga_drift_baseline baseline;
static double training[TRAINING * P];

/* Rows of unit noise; the second metric follows the first with correlation 0.8. */
static void draw(uint64_t seed, double *x, size_t n)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    for (size_t t = 0; t < n; t++) {
        double a = yaga_rng_normal(&rng), b = yaga_rng_normal(&rng);
        x[t * P] = a;
        x[t * P + 1] = 0.8 * a + 0.6 * b;
        x[t * P + 2] = yaga_rng_normal(&rng);
    }
}

static int learn(void **state)
{
    (void)state;
    static double first[TRAINING];
    struct yaga_error err;
    draw(1, training, TRAINING);
    for (size_t t = 0; t < TRAINING; t++)
        first[t] = training[t * P];
    assert_ok(yaga_residuals_fit(first, TRAINING, &ordinary, &err), &err);
    assert_ok(yaga_drift_fit(training, TRAINING, P, &baseline, &err), &err);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    yaga_drift_clear(&baseline);
    return 0;
}

struct window {
    struct yaga_drift_metric metric; /* the first one */
    struct yaga_drift_joint joint;
    struct yaga_drift_conclusion conclusion;
};

static struct window judge_rows(const double *x, size_t n, double independent)
{
    double r[DAY];
    struct window w;
    struct yaga_error err;
    for (size_t t = 0; t < n; t++)
        r[t] = x[t * P];
    assert_ok(yaga_drift_judge_metric(r, n, &ordinary, independent, 0, &w.metric, &err),
              &err);
    assert_ok(yaga_drift_judge_joint(x, n, &baseline, 0, &w.joint, &err), &err);
    w.conclusion = yaga_drift_conclude(&w.metric, 1, &w.joint);
    return w;
}

/* A day of noise, `by` added to its first metric from row `from` on, n rows. */
static struct window day_with(uint64_t seed, double by, size_t from, size_t n)
{
    static double x[DAY * P];
    draw(seed, x, DAY);
    for (size_t t = from; t < from + n; t++)
        x[t * P] += by;
    return judge_rows(x, DAY, 1.0);
}

static void an_ordinary_day_is_no_drift(void **state)
{
    (void)state;
    for (uint64_t seed = 10; seed < 60; seed++) {
        struct window w = day_with(seed, 0, 0, 0);
        assert_int_equal(w.conclusion.verdict, YAGA_DRIFT_NONE);
        assert_near(w.conclusion.penalty, 0, 0);
        assert_true(w.conclusion.score < 3 && fabs(w.metric.shift) < 0.4);
    }
}

/* Wherever it stands, also across the border of two quarters. */
static void a_single_spike_is_no_drift(void **state)
{
    (void)state;
    for (size_t from = 0; from + HOUR <= DAY; from += HOUR / 2) {
        assert_int_equal(day_with(7, 1000, from, 1).conclusion.verdict, YAGA_DRIFT_NONE);
        assert_int_equal(day_with(7, 1000, from, HOUR).conclusion.verdict,
                         YAGA_DRIFT_NONE);
    }
}

static void an_outage_of_five_hours_is_no_drift(void **state)
{
    (void)state;
    for (size_t from = 0; from + 5 * HOUR <= DAY; from += HOUR)
        assert_int_equal(day_with(8, -30, from, 5 * HOUR).conclusion.verdict,
                         YAGA_DRIFT_NONE);
}

static void a_shift_of_one_and_a_half_scales_over_a_day_is_drift(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 120; seed++) {
        struct window up = day_with(seed, 1.5, 0, DAY),
                      down = day_with(seed, -1.5, 0, DAY);
        assert_true(up.conclusion.verdict >= YAGA_DRIFT_WARNING);
        assert_true(down.conclusion.verdict >= YAGA_DRIFT_WARNING);
        assert_true(up.conclusion.score > 3 && up.conclusion.penalty >= 0.15);
        assert_near(up.metric.shift, 1.5, 0.2);
        assert_near(down.metric.shift, -1.5, 0.2);
    }
}

static void a_shift_beyond_two_scales_is_critical(void **state)
{
    (void)state;
    struct window w = day_with(3, 3, 0, DAY);
    assert_int_equal(w.conclusion.verdict, YAGA_DRIFT_CRITICAL);
    assert_true(w.conclusion.score > 5);
    assert_near(w.conclusion.penalty, 0.30, 0);
    assert_true(day_with(3, 1e9, 0, DAY).conclusion.score <= 99);
}

/* Half as wide, or twice: no shift, another shape. */
/* The training's own quantiles, the same in each quarter: of its shape, and as far from
 * the centre as that is moved. */
static enum yaga_drift_verdict moved_by(double scales)
{
    double r[DAY], sorted[TRAINING];
    struct yaga_residuals moved = ordinary;
    struct yaga_drift_metric m;
    struct yaga_error err;
    for (size_t t = 0; t < TRAINING; t++)
        sorted[t] = training[t * P];
    yaga_sort(sorted, TRAINING);
    for (size_t t = 0; t < DAY; t++)
        r[t] = sorted[(2 * (t % (DAY / 4)) + 1) * TRAINING / (DAY / 2)];
    moved.scale = 1.0;
    moved.centre = (r[DAY / 8 - 1] + r[DAY / 8]) / 2.0 - scales;
    assert_ok(yaga_drift_judge_metric(r, DAY, &moved, 1.0, 0, &m, &err), &err);
    assert_near(m.shift, scales, 1e-12);
    assert_true(m.psi < 0.05);
    return m.verdict;
}

static enum yaga_drift_verdict beyond_together(size_t rows_of_hundred)
{
    static double x[400 * P];
    struct yaga_drift_joint joint;
    struct yaga_error err;
    memset(x, 0, sizeof x);
    for (size_t t = 0; t < 400; t++)
        if (t % 100 < rows_of_hundred)
            x[t * P] = 50.0;
    assert_ok(yaga_drift_judge_joint(x, 400, &baseline, 0, &joint, &err), &err);
    assert_near(joint.share, (double)rows_of_hundred / 100.0, 0.0);
    return joint.verdict;
}

static void
the_limits_are_one_and_two_scales_and_two_and_ten_rows_of_hundred(void **state)
{
    (void)state;
    assert_int_equal(moved_by(1.0 - 1e-9), YAGA_DRIFT_NONE);
    assert_int_equal(moved_by(1.0 + 1e-9), YAGA_DRIFT_WARNING);
    assert_int_equal(moved_by(-1.0 - 1e-9), YAGA_DRIFT_WARNING);
    assert_int_equal(moved_by(2.0 - 1e-9), YAGA_DRIFT_WARNING);
    assert_int_equal(moved_by(2.0 + 1e-9), YAGA_DRIFT_CRITICAL);
    assert_int_equal(beyond_together(1), YAGA_DRIFT_NONE);
    assert_int_equal(beyond_together(2), YAGA_DRIFT_NONE);
    assert_int_equal(beyond_together(3), YAGA_DRIFT_WARNING);
    assert_int_equal(beyond_together(10), YAGA_DRIFT_WARNING);
    assert_int_equal(beyond_together(11), YAGA_DRIFT_CRITICAL);
}

static void another_shape_at_the_same_place_is_drift(void **state)
{
    (void)state;
    static double x[DAY * P];
    draw(5, x, DAY);
    for (size_t t = 0; t < DAY; t++)
        x[t * P] *= 3;
    struct window w = judge_rows(x, DAY, 1.0);
    assert_true(fabs(w.metric.shift) < 0.6);
    assert_true(w.metric.psi > 0.25);
    assert_int_equal(w.metric.verdict, YAGA_DRIFT_CRITICAL);
    /* Neighbours that repeat each other prove less: the same rows as one independent in
     * 100. */
    assert_int_equal(judge_rows(x, DAY, 0.01).metric.verdict, YAGA_DRIFT_NONE);
}

/* Against the correlation: each metric stays where it was, the combination does not. */
static void relations_that_changed_are_a_warning(void **state)
{
    (void)state;
    static double x[DAY * P];
    draw(6, x, DAY);
    for (size_t t = 0; t < DAY; t++)
        x[t * P + 1] = -x[t * P + 1];
    struct window w = judge_rows(x, DAY, 1.0);
    assert_int_equal(w.metric.verdict, YAGA_DRIFT_NONE);
    assert_true(w.joint.verdict >= YAGA_DRIFT_WARNING);
    assert_true(w.joint.share > 0.02);
    assert_near(w.joint.limit, sqrt(yaga_drift_warning_limit(P)), 1e-12);
    assert_int_equal(w.conclusion.verdict, YAGA_DRIFT_WARNING);
    assert_true(w.conclusion.score <= 3);
    assert_near(w.conclusion.penalty, 0.15, 0);
}

static void what_training_had_beyond_the_limit_is_no_news(void **state)
{
    (void)state;
    static double x[DAY * P];
    struct yaga_drift_joint joint;
    struct yaga_drift_baseline restless = baseline;
    struct yaga_error err;
    draw(9, x, DAY);
    for (size_t t = 0; t < DAY; t += HOUR)
        x[t * P + 2] = 10; /* a row in twelve: 8 % */
    assert_ok(yaga_drift_judge_joint(x, DAY, &baseline, 0, &joint, &err), &err);
    assert_int_equal(joint.verdict, YAGA_DRIFT_WARNING);
    restless.beyond = 0.04;
    assert_ok(yaga_drift_judge_joint(x, DAY, &restless, 0, &joint, &err), &err);
    assert_int_equal(joint.verdict, YAGA_DRIFT_NONE);
}

static void too_few_rows_say_nothing(void **state)
{
    (void)state;
    static double x[DAY * P];
    draw(4, x, DAY);
    struct window w = judge_rows(x, YAGA_DRIFT_MIN_ROWS - 1, 1.0);
    assert_int_equal(w.conclusion.verdict, YAGA_DRIFT_UNKNOWN);
    assert_near(w.conclusion.penalty, 0, 0);
    assert_true(isnan(w.joint.distance));
    assert_int_equal(judge_rows(x, YAGA_DRIFT_MIN_ROWS, 1.0).conclusion.verdict,
                     YAGA_DRIFT_NONE);
    for (size_t t = 0; t < DAY; t++)
        x[t * P] = t % 6 == 0 ? x[t * P] : (double)NAN; /* 48 left */
    assert_int_equal(judge_rows(x, DAY, 1.0).metric.verdict, YAGA_DRIFT_NONE);
    x[0] = (double)NAN;
    assert_int_equal(judge_rows(x, DAY, 1.0).metric.verdict, YAGA_DRIFT_UNKNOWN);
    assert_int_equal(judge_rows(x, 0, 1.0).conclusion.verdict, YAGA_DRIFT_UNKNOWN);
}

static void a_metric_without_spread_and_no_baseline_say_nothing(void **state)
{
    (void)state;
    double r[DAY] = {0};
    struct yaga_residuals flat = ordinary;
    struct yaga_drift_baseline none = {.n_features = 0};
    struct yaga_drift_metric metric;
    struct yaga_drift_joint joint;
    struct yaga_error err;
    flat.scale = 1e-9;
    r[5] = 1;
    assert_ok(yaga_drift_judge_metric(r, DAY, &flat, 1, 0, &metric, &err), &err);
    assert_int_equal(metric.verdict, YAGA_DRIFT_UNKNOWN);
    assert_ok(yaga_drift_judge_joint(r, DAY, &none, 0, &joint, &err), &err);
    assert_int_equal(joint.verdict, YAGA_DRIFT_UNKNOWN);
}

/* A third of the training is one and the same value; so is a third of the window. */
static void values_that_repeat_are_a_bin_of_their_own(void **state)
{
    (void)state;
    static double values[TRAINING];
    double r[DAY];
    struct yaga_residuals tied;
    struct yaga_drift_metric metric;
    struct yaga_error err;
    for (size_t t = 0; t < TRAINING; t++)
        values[t] = t % 3 == 0 ? 0.0 : training[t * P];
    assert_ok(yaga_residuals_fit(values, TRAINING, &tied, &err), &err);
    for (size_t t = 0; t < DAY; t++)
        r[t] = t % 3 == 0 ? 0.0 : training[t * P + 2];
    assert_ok(yaga_drift_judge_metric(r, DAY, &tied, 1, 0, &metric, &err), &err);
    assert_int_equal(metric.verdict, YAGA_DRIFT_NONE);
    assert_true(metric.psi < 0.1);
}

/* Days of the training were as far off: only what is further is drift. */
static void what_days_of_the_training_did_is_no_drift(void **state)
{
    (void)state;
    double r[DAY], further[DAY];
    struct yaga_drift_metric plain, usual, beyond;
    struct yaga_error err;
    for (size_t t = 0; t < DAY; t++) {
        r[t] = training[t * P] + 1.5 * ordinary.scale;
        further[t] = training[t * P] + 3.5 * ordinary.scale;
    }
    assert_ok(yaga_drift_judge_metric(r, DAY, &ordinary, 1, 0, &plain, &err), &err);
    assert_true(plain.verdict >= YAGA_DRIFT_WARNING);
    assert_ok(yaga_drift_judge_metric(r, DAY, &ordinary, 1, plain.score, &usual, &err),
              &err);
    assert_int_equal(usual.verdict, YAGA_DRIFT_NONE);
    assert_near(usual.shift, plain.shift, 0);
    assert_ok(
        yaga_drift_judge_metric(further, DAY, &ordinary, 1, plain.score, &beyond, &err),
        &err);
    assert_true(beyond.verdict >= YAGA_DRIFT_WARNING);
}

static void a_lack_of_memory_is_said(void **state)
{
    (void)state;
    static double r[DAY * P];
    struct yaga_drift_metric metric;
    struct yaga_drift_joint joint;
    struct yaga_error err;
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_drift_judge_metric(r, DAY, &ordinary, 1, 0, &metric, &err),
                     YAGA_E_NOMEM);
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_drift_judge_joint(r, DAY, &baseline, 0, &joint, &err),
                     YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_day_is_no_drift),
        cmocka_unit_test(a_single_spike_is_no_drift),
        cmocka_unit_test(an_outage_of_five_hours_is_no_drift),
        cmocka_unit_test(a_shift_of_one_and_a_half_scales_over_a_day_is_drift),
        cmocka_unit_test(a_shift_beyond_two_scales_is_critical),
        cmocka_unit_test(
            the_limits_are_one_and_two_scales_and_two_and_ten_rows_of_hundred),
        cmocka_unit_test(another_shape_at_the_same_place_is_drift),
        cmocka_unit_test(relations_that_changed_are_a_warning),
        cmocka_unit_test(what_training_had_beyond_the_limit_is_no_news),
        cmocka_unit_test(too_few_rows_say_nothing),
        cmocka_unit_test(a_metric_without_spread_and_no_baseline_say_nothing),
        cmocka_unit_test(values_that_repeat_are_a_bin_of_their_own),
        cmocka_unit_test(what_days_of_the_training_did_is_no_drift),
        cmocka_unit_test(a_lack_of_memory_is_said),
    };
    return cmocka_run_group_tests(tests, learn, forget);
}
