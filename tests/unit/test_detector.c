/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detectors of tables: what holds for all of them, and each against what it is meant to
 * be. */
#include "assert.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "yaga/detector/alarm_levels.h"
#include "yaga/detector/detector.h"
#include "yaga/detector/prepare.h"
#include "yaga/numeric/fft.h"
#include "yaga/numeric/rng.h"
#include "yaga/pca/pca.h"

enum { N = 400, P = 4, ODD = 250 };

static const struct yaga_detector_params usual = {.seed = 1,
                                                  .n_threads = 1,
                                                  .n_trees = 50,
                                                  .n_sample = 128,
                                                  .variance = 0.95,
                                                  .day_rows = 100,
                                                  .per_week = 1.0};

/* Rhythm and noise; the last column is the sum of the first two, but not in row ODD,
 * where the third is far out as well. */
static void fill(double *x)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, 7);
    for (size_t i = 0; i < N; i++) {
        double *row = x + i * P;
        row[0] = sin((double)i / 5.0) + 0.1 * yaga_rng_normal(&rng);
        row[1] = 10.0 + yaga_rng_normal(&rng);
        row[2] = 100.0 * yaga_rng_normal(&rng);
        row[3] = row[0] + row[1] + 0.01 * yaga_rng_normal(&rng);
    }
    x[ODD * P + 2] = 3000.0;
    x[ODD * P + 3] += 5.0;
}

static enum yaga_status detect(const struct yaga_detector_kind *kind,
                               const struct yaga_detector_params *params,
                               const struct yaga_detector_rows *from,
                               const struct yaga_detector_rows *to,
                               double *scores,
                               double *why,
                               struct yaga_error *err)
{
    struct yaga_detector_out out = {.scores = scores, .contributions = why};
    return yaga_detector_run(kind, params, from, to, &out, err);
}

static void
run(const char *name, const double *x, size_t n, size_t p, double *scores, double *why)
{
    const struct yaga_detector_kind *kind = yaga_detector_find(name);
    struct yaga_detector_rows rows = {x, n, p, NULL};
    struct yaga_error err;
    assert_non_null(kind);
    assert_ok(detect(kind, &usual, &rows, &rows, scores, why, &err), &err);
}

static void every_detector_finds_a_row_that_is_far_out(void **state)
{
    (void)state;
    double x[N * P];
    size_t n_kinds;
    const struct yaga_detector_kind *const *kinds = yaga_detector_kinds(&n_kinds);
    fill(x);
    assert_int_equal(n_kinds, 9);
    for (size_t k = 0; k < n_kinds; k++) {
        double scores[N];
        size_t higher = 0;
        run(kinds[k]->name, x, N, P, scores, NULL);
        for (size_t i = 0; i < N; i++) {
            assert_true(isfinite(scores[i]));
            higher += scores[i] > scores[ODD];
        }
        if (higher > 2)
            fail_msg("%s: %zu rows are above the odd one", kinds[k]->name, higher);
        assert_ptr_equal(yaga_detector_find(kinds[k]->name), kinds[k]);
        assert_true(strlen(kinds[k]->help) > 5);
    }
    assert_null(yaga_detector_find("oracle"));
}

static void explanations_name_the_column_and_only_where_there_are_any(void **state)
{
    (void)state;
    double x[N * P];
    size_t n_kinds;
    const struct yaga_detector_kind *const *kinds = yaga_detector_kinds(&n_kinds);
    fill(x);
    for (size_t k = 0; k < n_kinds; k++) {
        double scores[N];
        double why[N * P];
        memset(why, 0, sizeof why);
        run(kinds[k]->name, x, N, P, scores, why);
        const double *odd = why + ODD * P;
        assert_int_equal(kinds[k]->explains, strcmp(kinds[k]->name, "iforest") != 0);
        if (!kinds[k]->explains)
            assert_true(odd[2] == 0.0);
        else if (strcmp(kinds[k]->name, "pca-spe") == 0)
            assert_true(odd[3] > odd[2]); /* what is broken is the sum */
        else
            assert_true(odd[2] + odd[3] > odd[0] + odd[1]);
    }
}

static void zscore_is_the_farthest_column_in_standard_deviations(void **state)
{
    (void)state;
    /* Means 3 and 0, sample standard deviations 2 and 0, which says nothing. */
    static const double x[] = {1.0, 0.0, 3.0, 0.0, 5.0, 0.0};
    static const double test[] = {9.0, 0.0, 3.0, 7.0};
    struct yaga_detector_rows from = {x, 3, 2, NULL};
    struct yaga_detector_rows to = {test, 2, 2, NULL};
    struct yaga_error err;
    double scores[2];
    double why[4];
    assert_ok(detect(yaga_detector_find("zscore"), &usual, &from, &to, scores, why, &err),
              &err);
    assert_near(scores[0], 3.0, 1e-15);
    assert_near(scores[1], 0.0, 0);
    assert_near(why[0], 3.0, 1e-15);
    assert_near(why[3], 0.0, 0);
}

static void
robust_zscore_takes_the_median_and_falls_back_where_most_are_equal(void **state)
{
    (void)state;
    /* |x - 3| = 2 1 0 1 97: MAD 1. Second column: median 5, MAD 0, mean |x - 5| = 1. */
    static const double x[] = {1.0, 5.0, 2.0, 5.0, 3.0, 5.0, 4.0, 5.0, 100.0, 10.0};
    static const double test[] = {13.0, 5.0, 3.0, 20.0};
    struct yaga_detector_rows from = {x, 5, 2, NULL};
    struct yaga_detector_rows to = {test, 2, 2, NULL};
    struct yaga_error err;
    double scores[2];
    assert_ok(detect(yaga_detector_find("robust-zscore"), &usual, &from, &to, scores,
                     NULL, &err),
              &err);
    assert_near(scores[0], 10.0 / 1.4826022, 1e-7);
    assert_near(scores[1], 15.0 / 1.253314, 1e-12);
}

static void pca_is_the_sum_of_its_halves_over_their_limits(void **state)
{
    (void)state;
    double x[N * P];
    double both[N];
    double t2[N];
    double spe[N];
    double why[N * P];
    struct yaga_pca pca;
    struct yaga_error err;
    fill(x);
    run("pca", x, N, P, both, why);
    run("pca-t2", x, N, P, t2, NULL);
    run("pca-spe", x, N, P, spe, NULL);
    assert_ok(yaga_pca_fit(x, N, P, usual.variance, &pca, NULL, &err), &err);
    for (size_t i = 0; i < N; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < P; j++)
            sum += why[i * P + j];
        assert_near(both[i], spe[i] / pca.spe_limit + t2[i] / pca.t2_limit, 1e-9);
        assert_near(both[i], yaga_pca_score(&pca, x + i * P, NULL), 0);
        assert_near(sum, both[i], 1e-9);
    }
    yaga_pca_clear(&pca);
}

static void iforest_does_not_depend_on_threads_but_on_the_seed(void **state)
{
    (void)state;
    double x[N * P];
    double scores[3][N];
    struct yaga_detector_rows rows = {x, N, P, NULL};
    struct yaga_error err;
    fill(x);
    for (size_t k = 0; k < 3; k++) {
        struct yaga_detector_params params = usual;
        params.n_threads = k == 1 ? 3 : 1;
        params.seed = k == 2 ? 2 : 1;
        assert_ok(detect(yaga_detector_find("iforest"), &params, &rows, &rows, scores[k],
                         NULL, &err),
                  &err);
    }
    assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    assert_memory_not_equal(scores[0], scores[2], sizeof scores[0]);
    assert_true(scores[0][ODD] > 0.6 && scores[0][0] < 0.6);
}

static void spectral_residual_sees_a_break_and_nothing_of_what_comes_later(void **state)
{
    (void)state;
    double x[N];
    double scores[N];
    double before[N];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 3);
    for (size_t i = 0; i < N; i++)
        x[i] = 50.0 + 10.0 * sin(0.3 * (double)i) + 0.5 * yaga_rng_normal(&rng);
    x[ODD] += 15.0;
    run("spectral-residual", x, N, 1, scores, NULL);
    for (size_t i = 128; i < N; i++) /* the row after a break is one as well */
        assert_true(i == ODD || i == ODD + 1 || scores[i] < scores[ODD]);
    for (size_t i = 0; i < 21; i++)
        assert_near(scores[i], 0.0, 0);
    memcpy(before, scores, sizeof before);
    for (size_t i = ODD + 1; i < N; i++)
        x[i] = 0.0;
    run("spectral-residual", x, N, 1, scores, NULL);
    assert_memory_equal(scores, before, (ODD + 1) * sizeof scores[0]);
    for (size_t i = 0; i < N; i++)
        x[i] = 3.0;
    run("spectral-residual", x, N, 1, scores, NULL);
    for (size_t i = 0; i < N; i++)
        assert_near(scores[i], 0.0, 0);
}

static void adaptive_follows_a_level_and_a_spread_that_move_for_good(void **state)
{
    (void)state;
    enum { DAYS = 8, ROWS = 100 * DAYS };
    double x[2 * ROWS];
    double scores[ROWS];
    double why[ROWS];
    double early = 0.0;
    double late = 0.0;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 5);
    for (size_t i = 0; i < 2 * ROWS; i++)
        x[i] = yaga_rng_normal(&rng);
    for (size_t i = ROWS; i < 2 * ROWS; i++)
        x[i] = 6.0 + 3.0 * x[i];
    struct yaga_detector_rows from = {x, ROWS, 1, NULL};
    struct yaga_detector_rows to = {x + ROWS, ROWS, 1, NULL};
    struct yaga_error err;
    assert_ok(
        detect(yaga_detector_find("adaptive"), &usual, &from, &to, scores, why, &err),
        &err);
    for (size_t i = 0; i < 20; i++) {
        early += scores[i] / 20.0;
        late += scores[ROWS - 1 - i] / 20.0;
        assert_near(why[i], scores[i], 1e-12);
    }
    assert_true(early > 10.0);
    assert_true(late < 4.0);
}

/* Rows that do not follow those to learn from have a level of their own. */
static void rows_apart_begin_with_their_own_level(void **state)
{
    (void)state;
    static const char *const names[] = {"adaptive", "ensemble"};
    double x[N * P];
    double shifted[N * P];
    struct yaga_detector_rows from = {x, N, P, NULL};
    struct yaga_detector_rows to = {shifted, N, P, NULL};
    struct yaga_error err;
    fill(x);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < P; j++)
            shifted[i * P + j] = x[i * P + j] + (j == 1 ? 8.0 : 0.0);
    for (size_t k = 0; k < 2; k++) {
        const struct yaga_detector_kind *kind = yaga_detector_find(names[k]);
        double scores[2][N];
        double mean[2] = {0.0, 0.0};
        for (size_t apart = 0; apart < 2; apart++) {
            struct yaga_detector_params params = usual;
            params.apart = apart == 1;
            assert_ok(detect(kind, &params, &from, &to, scores[apart], NULL, &err), &err);
            for (size_t i = 0; i < 50; i++)
                mean[apart] += scores[apart][i] / 50.0;
        }
        if (!(mean[1] < 0.9 * mean[0]))
            fail_msg("%s: %g apart, %g behind", names[k], mean[1], mean[0]);
    }
}

/* Ordinary nights are not unusual because they are not days. */
static void ensemble_learns_the_day_where_there_are_days(void **state)
{
    (void)state;
    enum { DAY = 100, DAYS = 20, ROWS = DAY * DAYS };
    static double x[2 * ROWS];
    static double scores[ROWS];
    struct yaga_rng rng;
    struct yaga_error err;
    yaga_rng_init(&rng, 9);
    for (size_t i = 0; i < 2 * ROWS; i++)
        x[i] = (i % DAY < DAY / 2 ? 0.0 : 50.0) + yaga_rng_normal(&rng);
    x[ROWS + 5 * DAY + 10] = 50.0; /* as by day, at night */
    x[ROWS + 5 * DAY + 11] = 50.0;
    struct yaga_detector_rows from = {x, ROWS, 1, NULL};
    struct yaga_detector_rows to = {x + ROWS, ROWS, 1, NULL};
    assert_ok(
        detect(yaga_detector_find("ensemble"), &usual, &from, &to, scores, NULL, &err),
        &err);
    for (size_t i = 0; i < 5 * DAY + 10; i++)
        assert_true(scores[i] < scores[5 * DAY + 11]);
}

/* The same day, told by times: the table to score begins at noon, and half a day of it
 * was never recorded. */
static void times_tell_the_day_and_what_is_missing(void **state)
{
    (void)state;
    enum { DAY = 96, DAYS = 20, ROWS = DAY * DAYS, STEP = 86400 / DAY };
    static double x[2 * ROWS];
    static int64_t times[2 * ROWS];
    static double scores[ROWS];
    struct yaga_detector_params params = usual;
    struct yaga_rng rng;
    struct yaga_error err;
    double before = 0.0;
    double behind = 0.0;
    yaga_rng_init(&rng, 9);
    params.day_rows = 0;
    for (size_t i = 0; i < 2 * ROWS; i++) {
        size_t at = i + (i >= ROWS ? DAY / 2 : 0) + (i >= ROWS + 5 * DAY ? DAY / 2 : 0);
        times[i] = (int64_t)(at * STEP);
        x[i] = (at % DAY < DAY / 2 ? 0.0 : 50.0) + yaga_rng_normal(&rng);
    }
    struct yaga_detector_rows from = {x, ROWS, 1, times};
    struct yaga_detector_rows to = {x + ROWS, ROWS, 1, times + ROWS};
    assert_ok(
        detect(yaga_detector_find("ensemble"), &params, &from, &to, scores, NULL, &err),
        &err);
    for (size_t i = 0; i < DAY; i++) {
        before += scores[4 * DAY + i] / DAY;
        behind += scores[5 * DAY + i] / DAY;
    }
    if (!(before < 2.0 && behind < before + 2.0)) /* half a day off it is above 10 */
        fail_msg("%g before, %g behind the gap", before, behind);
}

/* Nothing is known of a value that is missing, and nothing is made of it. */
static void ensemble_takes_missing_values_for_no_evidence(void **state)
{
    (void)state;
    double x[N * P];
    double holes[N * P];
    double scores[2][N];
    struct yaga_detector_rows from = {x, N, P, NULL};
    struct yaga_detector_rows to = {holes, N, P, NULL};
    struct yaga_error err;
    fill(x);
    memcpy(holes, x, sizeof x);
    for (size_t i = 0; i < 40; i++)
        holes[(ODD + i - 20) * P + 2] = (double)NAN;
    holes[ODD * P + 3] = (double)NAN;
    run("ensemble", x, N, P, scores[0], NULL);
    assert_ok(
        detect(yaga_detector_find("ensemble"), &usual, &from, &to, scores[1], NULL, &err),
        &err);
    assert_true(scores[1][ODD] < 0.5 * scores[0][ODD]);
    for (size_t j = 0; j < P; j++)
        holes[ODD * P + j] = (double)NAN;
    assert_ok(
        detect(yaga_detector_find("ensemble"), &usual, &from, &to, scores[1], NULL, &err),
        &err);
    assert_near(scores[1][ODD], 0.0, 0);
}

/* Ten times as slow is as far from usual whether it is usually slow or not. */
static void kinds_put_columns_on_the_scale_of_their_metric(void **state)
{
    (void)state;
    static const char *const names[] = {"gauge", "requests", "latency-s",
                                        "success-percent"};
    const struct yaga_column_kind *kinds[4];
    double row[2][4] = {{7.0, 99.0, 0.2, 100.0}, {7.0, 99.0, (double)NAN, 0.0}};
    for (size_t j = 0; j < 4; j++) {
        kinds[j] = yaga_column_kind_find(names[j]);
        assert_non_null(kinds[j]);
    }
    assert_null(yaga_column_kind_find("latency"));
    yaga_column_kinds_apply(kinds, 4, row[0], 2);
    assert_near(row[0][0], 7.0, 0);
    assert_near(row[0][1], log(100.0), 1e-12);
    assert_near(row[0][2], log(200.0), 1e-12);
    assert_near(row[0][3], log(0.5 / 99.5), 1e-9);
    assert_near(row[1][3], log(99.5 / 0.5), 1e-9);
    assert_true(isnan(row[1][2]));
}

/* A week of noise raises about the budget; a level that moves for good alarms, and is
 * learned after a day. */
static void alarms_keep_the_budget_and_learn_what_lasts(void **state)
{
    (void)state;
    enum { DAY = 100, TRAIN = 20 * DAY, ROWS = 40 * DAY, SHIFT = 30 * DAY };
    static double fast[TRAIN + ROWS];
    static double slow[TRAIN + ROWS];
    static double ratios[ROWS];
    const struct yaga_alarm_params params = {.per_week = 1.0, .day_rows = DAY};
    struct yaga_rng rng;
    struct yaga_error err;
    size_t quiet = 0;
    size_t late = 0;
    yaga_rng_init(&rng, 11);
    for (size_t t = 0; t < TRAIN + ROWS; t++) {
        fast[t] = -log10(1.0 - yaga_rng_uniform(&rng));
        slow[t] = fast[t] - log10(1.0 - yaga_rng_uniform(&rng));
        if (t >= TRAIN + SHIFT)
            fast[t] += 6.0;
    }
    fast[TRAIN + 5] = slow[TRAIN + 5] = (double)NAN;
    assert_ok(yaga_alarm_ratios(&params, fast, slow, TRAIN + ROWS, TRAIN, ratios, &err),
              &err);
    for (size_t t = 0; t < ROWS; t++) {
        quiet += t < SHIFT && ratios[t] >= 1.0;
        late += t >= SHIFT + 4 * DAY && ratios[t] >= 1.0;
    }
    assert_near(ratios[5], 0.0, 0);
    assert_true(quiet <= 15);                    /* four weeks */
    for (size_t t = SHIFT; t < SHIFT + DAY; t++) /* found anew at its beginning */
        assert_true(ratios[t] >= 1.0);
    if (late > ROWS / 40)
        fail_msg("%zu rows in alarm when all is as it was for days", late);
    const struct yaga_alarm_params once = {
        .per_week = 1.0, .day_rows = DAY, .once = true};
    assert_ok(yaga_alarm_ratios(&once, fast, slow, TRAIN + ROWS, TRAIN, ratios, &err),
              &err);
    for (size_t t = SHIFT; t < ROWS; t++)
        assert_true(ratios[t] >= 1.0);
    assert_int_equal(yaga_alarm_ratios(&params, fast, slow, 60, 50, ratios, &err),
                     YAGA_E_NO_DATA);
}

/* Another hour of the day, of which nothing was seen, and a fault in it. */
static void of_less_than_a_day_only_what_was_not_so_an_hour_ago_alarms(void **state)
{
    (void)state;
    enum { TRAIN = 200, ROWS = 120, FAULT = 100 };
    static double x[TRAIN + ROWS];
    double ratios[ROWS], scores[ROWS];
    struct yaga_rng rng;
    struct yaga_error err;
    yaga_rng_init(&rng, 12);
    for (size_t t = 0; t < TRAIN + ROWS; t++)
        x[t] = yaga_rng_normal(&rng) + (t >= TRAIN ? 6.0 : 0.0) +
               (t >= TRAIN + FAULT ? 30.0 : 0.0);
    struct yaga_detector_rows from = {x, TRAIN, 1, NULL}, to = {x + TRAIN, ROWS, 1, NULL};
    struct yaga_detector_out out = {.scores = scores, .ratios = ratios};
    for (int known = 0; known < 2; known++) { /* more than a day, or less */
        struct yaga_detector_params params = usual;
        size_t n_calm = 0;
        params.per_week = 1.0;
        params.day_rows = known == 0 ? TRAIN + 1 : TRAIN;
        params.levels_once = true;
        assert_ok(yaga_detector_run(yaga_detector_find("ensemble"), &params, &from, &to,
                                    &out, &err),
                  &err);
        for (size_t t = 60; t < FAULT; t++)
            n_calm += ratios[t] < 1.0;
        assert_int_equal(n_calm, known == 0 ? FAULT - 60 : 0);
        assert_true(ratios[FAULT + 2] >= 1.0);
        assert_true(scores[60] > 2.0); /* as unusual as it is, either way */
    }
}

static void adaptive_counts_once_what_moves_together(void **state)
{
    (void)state;
    enum { ROWS = 500 };
    double x[2 * ROWS];
    static const double together[] = {4.0, 4.0};
    static const double apart[] = {4.0, -4.0};
    double scores[2];
    double why[2];
    struct yaga_rng rng;
    struct yaga_error err;
    yaga_rng_init(&rng, 6);
    for (size_t i = 0; i < ROWS; i++) {
        double common = yaga_rng_normal(&rng);
        x[2 * i] = common + 0.1 * yaga_rng_normal(&rng);
        x[2 * i + 1] = common + 0.1 * yaga_rng_normal(&rng);
    }
    struct yaga_detector_rows from = {x, ROWS, 2, NULL};
    for (size_t k = 0; k < 2; k++) {
        struct yaga_detector_rows to = {k == 0 ? together : apart, 1, 2, NULL};
        assert_ok(detect(yaga_detector_find("adaptive"), &usual, &from, &to, &scores[k],
                         why, &err),
                  &err);
        assert_near(why[0] + why[1], scores[k], 1e-9);
    }
    assert_true(scores[1] > 4.0 * scores[0]);
}

static void the_transform_of_a_pure_tone_is_one_frequency_and_comes_back(void **state)
{
    (void)state;
    enum { SIZE = 64, TONE = 5 };
    struct yaga_complex x[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        x[i] = (struct yaga_complex){
            cos(2.0 * 3.14159265358979323846 * TONE * (double)i / SIZE), 0.0};
    yaga_fft_forward(x, SIZE);
    for (size_t k = 0; k < SIZE; k++)
        assert_near(x[k].re, k == TONE || k == SIZE - TONE ? SIZE / 2.0 : 0.0, 1e-12);
    yaga_fft_inverse(x, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        assert_near(x[i].re, cos(2.0 * 3.14159265358979323846 * TONE * (double)i / SIZE),
                    1e-13);
        assert_near(x[i].im, 0.0, 1e-13);
    }
}

static void tables_that_a_detector_cannot_take_are_refused(void **state)
{
    (void)state;
    static double x[3 * (YAGA_PCA_MAX_FEATURES + 1)];
    struct yaga_detector_rows wide = {x, 3, YAGA_PCA_MAX_FEATURES + 1, NULL};
    struct yaga_detector_rows two = {x, 3, 2, NULL};
    struct yaga_detector_rows one = {x, 1, 2, NULL};
    struct yaga_detector_rows none = {x, 3, 0, NULL};
    double scores[3];
    struct yaga_error err;
    const struct yaga_detector_kind *pca = yaga_detector_find("pca");
    assert_int_equal(detect(pca, &usual, &wide, &wide, scores, NULL, &err), YAGA_E_INPUT);
    assert_error_has(&err, "pca: 65 columns are more than 64");
    assert_int_equal(detect(pca, &usual, &wide, &two, scores, NULL, &err), YAGA_E_INPUT);
    assert_error_has(&err, "65 columns to learn from, 2 to score");
    assert_int_equal(detect(pca, &usual, &none, &none, scores, NULL, &err), YAGA_E_INPUT);
    assert_int_equal(detect(pca, &usual, &two, &two, scores, NULL, &err), YAGA_E_NO_DATA);
    static const char *const names[] = {"iforest", "zscore", "robust-zscore"};
    for (size_t i = 0; i < 3; i++) {
        const struct yaga_detector_kind *kind = yaga_detector_find(names[i]);
        assert_int_equal(detect(kind, &usual, &one, &one, scores, NULL, &err),
                         YAGA_E_NO_DATA);
        assert_error_has(&err, names[i]);
    }
}

static void scores_beyond_all_doubles_are_still_finite(void **state)
{
    (void)state;
    static const double x[] = {0.0, 1e-300, 0.0, 1e-300};
    static const double test[] = {1e300};
    struct yaga_detector_rows from = {x, 4, 1, NULL};
    struct yaga_detector_rows to = {test, 1, 1, NULL};
    double scores[1];
    struct yaga_error err;
    assert_ok(detect(yaga_detector_find("robust-zscore"), &usual, &from, &to, scores,
                     NULL, &err),
              &err);
    assert_near(scores[0], 1e300, 0);
}

static void learning_survives_failing_memory(void **state)
{
    (void)state;
    double x[N * P];
    struct yaga_detector_rows rows = {x, N, P, NULL};
    size_t n_kinds;
    const struct yaga_detector_kind *const *kinds = yaga_detector_kinds(&n_kinds);
    fill(x);
    for (size_t i = 0; i < n_kinds; i++) {
        for (size_t k = 1;; k++) {
            double scores[N];
            struct yaga_error err;
            yaga_mem_fail_nth(k);
            enum yaga_status st =
                detect(kinds[i], &usual, &rows, &rows, scores, NULL, &err);
            yaga_mem_fail_nth(0);
            if (st == YAGA_OK)
                break;
            assert_int_equal(st, YAGA_E_NOMEM);
        }
    }
}

/* --- before and after -----------------------------------------------------------------
 */

static void missing_values_become_the_median_of_what_is_learned_from(void **state)
{
    (void)state;
    double train[] = {1.0, NAN, 2.0, NAN, NAN, NAN, 9.0, INFINITY};
    double test[] = {NAN, NAN, 7.0, 8.0};
    struct yaga_error err;
    assert_ok(yaga_prepare_fill(train, 4, test, 2, 2, &err), &err);
    static const double want[] = {1.0, 0.0, 2.0, 0.0, 2.0, 0.0, 9.0, 0.0};
    static const double want_test[] = {2.0, 0.0, 7.0, 8.0};
    assert_memory_equal(train, want, sizeof want);
    assert_memory_equal(test, want_test, sizeof want_test);
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_prepare_fill(train, 4, test, 2, 2, &err), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
}

static void
refitting_gives_the_rows_mean_and_spread_of_what_was_learned_from(void **state)
{
    (void)state;
    static const double train[] = {0.0, 4.0, 2.0, 4.0};
    double test[] = {10.0, 1.0, 30.0, 3.0, 50.0, 5.0};
    yaga_prepare_refit(train, 2, test, 3, 2);
    double spread = sqrt(800.0 / 3.0);
    assert_near(test[0], 1.0 - 20.0 / spread, 1e-12);
    assert_near(test[2], 1.0, 1e-12);
    assert_near(test[4], 1.0 + 20.0 / spread, 1e-12);
    assert_near(test[3], 4.0, 1e-12); /* constant where it was learned: in units of 1 */
    assert_near(test[5], 4.0 + 2.0 / sqrt(8.0 / 3.0), 1e-12);
}

static void a_window_is_the_mean_of_the_last_scores(void **state)
{
    (void)state;
    double scores[] = {1.0, 2.0, 6.0, 1.0};
    assert_int_equal(yaga_prepare_window(scores, 4, 3), 2);
    assert_near(scores[0], 3.0, 1e-15);
    assert_near(scores[1], 3.0, 1e-15);
    assert_int_equal(yaga_prepare_window(scores, 4, 5), 0);
    assert_int_equal(yaga_prepare_window(scores, 4, 1), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_detector_finds_a_row_that_is_far_out),
        cmocka_unit_test(explanations_name_the_column_and_only_where_there_are_any),
        cmocka_unit_test(zscore_is_the_farthest_column_in_standard_deviations),
        cmocka_unit_test(
            robust_zscore_takes_the_median_and_falls_back_where_most_are_equal),
        cmocka_unit_test(pca_is_the_sum_of_its_halves_over_their_limits),
        cmocka_unit_test(iforest_does_not_depend_on_threads_but_on_the_seed),
        cmocka_unit_test(spectral_residual_sees_a_break_and_nothing_of_what_comes_later),
        cmocka_unit_test(adaptive_follows_a_level_and_a_spread_that_move_for_good),
        cmocka_unit_test(rows_apart_begin_with_their_own_level),
        cmocka_unit_test(ensemble_learns_the_day_where_there_are_days),
        cmocka_unit_test(times_tell_the_day_and_what_is_missing),
        cmocka_unit_test(ensemble_takes_missing_values_for_no_evidence),
        cmocka_unit_test(kinds_put_columns_on_the_scale_of_their_metric),
        cmocka_unit_test(alarms_keep_the_budget_and_learn_what_lasts),
        cmocka_unit_test(of_less_than_a_day_only_what_was_not_so_an_hour_ago_alarms),
        cmocka_unit_test(adaptive_counts_once_what_moves_together),
        cmocka_unit_test(the_transform_of_a_pure_tone_is_one_frequency_and_comes_back),
        cmocka_unit_test(tables_that_a_detector_cannot_take_are_refused),
        cmocka_unit_test(scores_beyond_all_doubles_are_still_finite),
        cmocka_unit_test(learning_survives_failing_memory),
        cmocka_unit_test(missing_values_become_the_median_of_what_is_learned_from),
        cmocka_unit_test(
            refitting_gives_the_rows_mean_and_spread_of_what_was_learned_from),
        cmocka_unit_test(a_window_is_the_mean_of_the_last_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
