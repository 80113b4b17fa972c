/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The measures of yaga-lab eval: against an independent program on the same series, and
 * against small cases worked out by hand.
 */
#include "assert.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/evaluate/affiliation.h"
#include "yaga/evaluate/events.h"
#include "yaga/evaluate/nab.h"
#include "yaga/evaluate/roc.h"
#include "yaga/evaluate/vus.h"

enum { ROWS_MAX = 2000, EVENTS_MAX = 4, N_SERIES = 5 };

/* Scores that another language makes bit for bit: a linear congruential generator, the
 * label times 0.4, and where there are levels ties by rounding down. */
struct series {
    size_t n;
    double levels;
    struct yaga_run events[EVENTS_MAX];
};
static const struct series series[N_SERIES] = {
    {500, 0.0, {{40, 49}, {200, 203}, {410, 460}}},
    {60, 4.0, {{0, 2}, {30, 30}, {57, 59}}},
    {2000, 0.0, {{300, 329}, {331, 340}, {900, 949}, {1500, 1509}}},
    {900, 8.0, {{100, 399}}},
    {300, 0.0, {{10, 10}, {50, 50}, {290, 299}}},
};
static const struct want {
    double auc, ap, best_f1, best_threshold, vus_pr, vus_roc;
    size_t buffer;
    double threshold, recall, precision, f1, n_false, delay, row_recall, row_precision;
    double affiliation_precision, affiliation_recall, affiliation_f1;
} wanted[N_SERIES] = {
    {0.827763041556145, 0.5914097446739839, 0.5714285714285714, 1.037763725593686,
     0.606383324621232, 0.8467548184269797, 10, 0.9474484317936004, 1.0,
     0.46153846153846156, 0.631578947368421, 21.0, 1.0, 0.4461538461538462, 0.58,
     0.7684206523034466, 0.9940173720079223, 0.8667805243225292},
    {0.9056603773584906, 0.7809523809523808, 0.8333333333333334, 4.0, 0.5984126984126984,
     0.8270440251572326, 3, 3.0, 1.0, 0.45454545454545453, 0.625, 6.0, 0.0,
     0.7142857142857143, 0.47058823529411764, 0.6820917508417508, 0.9662247474747475,
     0.7996691538121488},
    {0.8481263157894736, 0.5684532516659835, 0.6577181208053692, 1.0088175303302704,
     0.6011271960653357, 0.8838392798970909, 20, 0.9219354681670667, 1.0, 0.16875,
     0.2887700534759359, 133.0, 0.5, 0.54, 0.29, 0.6379774688697597, 0.9978496624005767,
     0.778328699605923},
    {0.7953777777777779, 0.6824047751263361, 0.6147540983606558, 3.0, 0.7105580945305308,
     0.82123816864173, 100, 8.0, 1.0, 1.0, 1.0, 0.0, 5.0, 0.3433333333333333, 1.0, 1.0,
     0.998303703703706, 0.9991511318859341},
    {0.7974537037037037, 0.40465671782299306, 0.5, 1.0617325884290039, 0.1841638668635069,
     0.6459297839506173, 1, 0.9071884173061701, 0.3333333333333333, 0.14814814814814814,
     0.20512820512820512, 23.0, 0.0, 0.4166666666666667, 0.2, 0.5062797089274657,
     0.8168259594489102, 0.6251086649816304},
};

static void fill(size_t k, double *scores, bool *anomalous)
{
    uint64_t state = k + 1;
    memset(anomalous, 0, ROWS_MAX * sizeof *anomalous);
    for (size_t e = 0; e < EVENTS_MAX; e++)
        for (size_t i = series[k].events[e].first;
             series[k].events[e].last > 0 && i <= series[k].events[e].last; i++)
            anomalous[i] = true;
    for (size_t i = 0; i < series[k].n; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        scores[i] = (double)(state >> 33) / 2147483648.0 + (anomalous[i] ? 0.4 : 0.0);
        if (series[k].levels > 0.0)
            scores[i] = floor(scores[i] * series[k].levels);
    }
}

static void ranking_figures_are_those_of_an_independent_program(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_SERIES; k++) {
        double scores[ROWS_MAX];
        bool anomalous[ROWS_MAX];
        struct yaga_error err;
        struct yaga_roc roc;
        struct yaga_best_f1 best;
        struct yaga_vus vus;
        size_t buffer;
        fill(k, scores, anomalous);
        assert_ok(yaga_roc_measure(scores, anomalous, series[k].n, &roc, &err), &err);
        assert_near(roc.auc, wanted[k].auc, 1e-12);
        assert_near(roc.average_precision, wanted[k].ap, 1e-12);
        assert_ok(yaga_best_f1_find(scores, anomalous, series[k].n, &best, &err), &err);
        assert_near(best.f1, wanted[k].best_f1, 1e-12);
        assert_near(best.threshold, wanted[k].best_threshold, 0.0);
        assert_near(2.0 * best.precision * best.recall / (best.precision + best.recall),
                    best.f1, 1e-12);
        assert_ok(yaga_vus_buffer(anomalous, series[k].n, &buffer, &err), &err);
        assert_int_equal(buffer, wanted[k].buffer);
        assert_ok(yaga_vus_measure(scores, anomalous, series[k].n, buffer, &vus, &err),
                  &err);
        assert_near(vus.pr, wanted[k].vus_pr, 1e-12);
        assert_near(vus.roc, wanted[k].vus_roc, 1e-12);
    }
}

static void alarm_figures_are_those_of_an_independent_program(void **state)
{
    (void)state;
    static const struct yaga_event_params params = {.tolerance = 3};
    for (size_t k = 0; k < N_SERIES; k++) {
        double scores[ROWS_MAX];
        bool anomalous[ROWS_MAX];
        bool alarm[ROWS_MAX];
        struct yaga_error err;
        struct yaga_event_counts counts = {0};
        struct yaga_event_figures got;
        struct yaga_affiliation near;
        fill(k, scores, anomalous);
        for (size_t i = 0; i < series[k].n; i++)
            alarm[i] = scores[i] >= wanted[k].threshold;
        assert_ok(yaga_events_add(&counts, anomalous, alarm, series[k].n, &params, &err),
                  &err);
        assert_ok(yaga_events_figures(&counts, &got, &err), &err);
        yaga_event_counts_clear(&counts);
        assert_near(got.recall, wanted[k].recall, 1e-12);
        assert_near(got.precision, wanted[k].precision, 1e-12);
        assert_near(got.f1, wanted[k].f1, 1e-12);
        assert_near((double)got.n_false, wanted[k].n_false, 0.0);
        assert_near(got.delay, wanted[k].delay, 0.0);
        assert_near(got.row_recall, wanted[k].row_recall, 1e-12);
        assert_near(got.row_precision, wanted[k].row_precision, 1e-12);
        assert_ok(yaga_affiliation_measure(anomalous, alarm, series[k].n, &near, &err),
                  &err);
        assert_near(near.precision, wanted[k].affiliation_precision, 1e-12);
        assert_near(near.recall, wanted[k].affiliation_recall, 1e-12);
        assert_near(near.f1, wanted[k].affiliation_f1, 1e-12);
    }
}

/* "." calm, "a" anomalous, "x" in alarm, "X" both. */
static size_t draw(const char *rows, bool *anomalous, bool *alarm)
{
    size_t n = strlen(rows);
    for (size_t i = 0; i < n; i++) {
        anomalous[i] = rows[i] == 'a' || rows[i] == 'X';
        alarm[i] = rows[i] == 'x' || rows[i] == 'X';
    }
    return n;
}

static struct yaga_event_figures judge(const char *rows, size_t tolerance, size_t quiet)
{
    bool anomalous[64];
    bool alarm[64];
    size_t n = draw(rows, anomalous, alarm);
    struct yaga_event_params params = {tolerance, quiet};
    struct yaga_event_counts counts = {0};
    struct yaga_event_figures figures;
    struct yaga_error err;
    assert_ok(yaga_events_add(&counts, anomalous, alarm, n, &params, &err), &err);
    assert_ok(yaga_events_figures(&counts, &figures, &err), &err);
    yaga_event_counts_clear(&counts);
    return figures;
}

static void an_alarm_beside_an_event_counts_within_the_tolerance(void **state)
{
    (void)state;
    assert_near(judge("..x.aaa...", 1, 0).recall, 0.0, 0.0);
    assert_near(judge("..x.aaa...", 2, 0).recall, 1.0, 0.0);
    assert_near(judge("..x.aaa...", 2, 0).delay, 0.0, 0.0);
    assert_near(judge("....aaa.x.", 2, 0).precision, 1.0, 0.0);
    assert_near(judge("x...aaX..x", 100, 0).precision, 1.0, 0.0);
    assert_near(judge("x...aaX..x", 100, 0).delay, 2.0, 0.0);
}

static void calm_rows_shorter_than_the_quiet_time_do_not_end_an_episode(void **state)
{
    (void)state;
    assert_int_equal(judge("x.x..x....", 0, 0).n_false, 3);
    assert_int_equal(judge("x.x..x....", 0, 1).n_false, 2);
    assert_int_equal(judge("x.x..x....", 0, 2).n_false, 1);
}

static void an_episode_over_two_events_meets_both(void **state)
{
    (void)state;
    struct yaga_event_figures got = judge(".aX.xXa..x", 0, 1);
    assert_near(got.recall, 1.0, 0.0);
    assert_near(got.precision, 0.5, 0.0);
    assert_near(got.f1, 2.0 / 3.0, 1e-15);
    assert_near(got.delay, 0.5, 0.0);
    assert_near(got.alarm_share, 0.4, 1e-15);
}

static void figures_without_a_denominator_are_nan_and_nothing_found_is_zero(void **state)
{
    (void)state;
    struct yaga_event_figures calm = judge("....", 0, 0);
    assert_true(isnan(calm.recall) && isnan(calm.precision) && isnan(calm.f1));
    assert_true(isnan(calm.delay) && isnan(calm.row_precision));
    assert_near(judge("..a.x", 0, 0).f1, 0.0, 0.0);
    assert_near(judge("..a..", 0, 0).f1, 0.0, 0.0);
    assert_true(isnan(judge("..a..", 0, 0).precision));
    assert_true(isnan(judge("", 0, 0).alarm_share));
}

static void counts_of_several_series_are_added_and_borders_are_no_neighbours(void **state)
{
    (void)state;
    static const bool event_at_end[] = {false, false, true};
    static const bool nothing[] = {false, false, false};
    static const bool alarm_at_start[] = {true, false, false};
    struct yaga_event_params params = {.tolerance = 5, .quiet = 5};
    struct yaga_event_counts counts = {0};
    struct yaga_event_figures got;
    struct yaga_error err;
    assert_ok(yaga_events_add(&counts, event_at_end, nothing, 3, &params, &err), &err);
    assert_ok(yaga_events_add(&counts, nothing, alarm_at_start, 3, &params, &err), &err);
    assert_ok(yaga_events_figures(&counts, &got, &err), &err);
    assert_near(got.recall, 0.0, 0.0);
    assert_int_equal(got.n_false, 1);
    assert_int_equal(counts.n_rows, 6);
    /* 6 rows of a day are 6/7 of a week. */
    assert_near(yaga_events_false_per_week(&counts, 86400.0), 7.0 / 6.0, 1e-12);
    yaga_event_counts_clear(&counts);
    assert_true(isnan(yaga_events_false_per_week(&counts, 60.0)));
}

static struct yaga_affiliation affiliation(const char *rows)
{
    bool anomalous[64];
    bool alarm[64];
    size_t n = draw(rows, anomalous, alarm);
    struct yaga_affiliation got;
    struct yaga_error err;
    assert_ok(yaga_affiliation_measure(anomalous, alarm, n, &got, &err), &err);
    return got;
}

static void affiliation_of_an_exact_alarm_is_one_and_of_none_is_zero(void **state)
{
    (void)state;
    assert_near(affiliation("..XX.....X..").f1, 1.0, 1e-15);
    struct yaga_affiliation none = affiliation("..aaa....a..");
    assert_true(isnan(none.precision));
    assert_near(none.recall, 0.0, 0.0);
    assert_near(none.f1, 0.0, 0.0);
}

static void affiliation_falls_with_the_distance_measured_against_chance(void **state)
{
    (void)state;
    /* Alarm [4, 5), event [4, 6) of [0, 10): all of the alarm is inside; of the event,
     * y in [5, 6) is y - 5 away, which [y - d, y + d] = 2 (y - 5) of 10 are, 0.1 on
     * average. */
    struct yaga_affiliation got = affiliation("....Xa....");
    assert_near(got.precision, 1.0, 1e-15);
    assert_near(got.recall, (1.0 + 0.9) / 2.0, 1e-15);
    /* Alarm [8, 9), event [4, 6) of [0, 10): x is 2..3 from it; nearer are the event, as
     * much on either side: 2 + 2d of 10, 0.7 on average. */
    got = affiliation("....aa..x.");
    assert_near(got.precision, 0.3, 1e-15);
    /* y is 8 - y away, 2..4; reached are [2y - 8, 8], 4..8 long: 0.6 on average. */
    assert_near(got.recall, 0.4, 1e-15);
    /* A second event makes a border at 7: the first has no alarm now. In the second zone
     * [7, 10), y in [9, 10) is u = y - 9 away, and min(1, 2u) of 3 are reached, 1/4 on
     * average. */
    assert_near(affiliation("....aa..Xa").recall, (0.0 + (1.0 + 0.75) / 2.0) / 2.0,
                1e-15);
}

static double sigmoid(double y)
{
    return 2.0 / (1.0 + exp(5.0 * y)) - 1.0;
}

static double nab(const char *rows, size_t probation, enum yaga_nab_profile profile)
{
    bool anomalous[64];
    bool alarm[64];
    size_t n = draw(rows, anomalous, alarm);
    struct yaga_nab sums = {0};
    yaga_nab_add(&sums, anomalous, alarm, n, probation);
    return yaga_nab_score(&sums, profile);
}

static void
nab_is_100_when_every_window_is_met_at_once_and_0_when_nothing_is_done(void **state)
{
    (void)state;
    for (enum yaga_nab_profile p = 0; p < YAGA_NAB_PROFILES; p++) {
        assert_near(nab("..Xaaa...Xa", 0, p), 100.0, 1e-12);
        assert_near(nab("..aaaa...aa", 0, p), 0.0, 1e-12);
        assert_true(isnan(nab("..x..", 0, p)));
    }
}

static void nab_rewards_the_first_detection_by_its_place_in_the_window(void **state)
{
    (void)state;
    /* Row 4 of a window 2..5: y = -2/4; the later one adds nothing. */
    double late = sigmoid(-0.5) / sigmoid(-1.0);
    assert_near(nab("..aaXX....", 0, YAGA_NAB_STANDARD), 100.0 * (late + 1.0) / 2.0,
                1e-12);
    assert_near(nab("..aaXX....", 0, YAGA_NAB_LOW_FN), 100.0 * (late + 2.0) / 3.0, 1e-12);
}

static void nab_punishes_detections_outside_more_the_farther_they_are(void **state)
{
    (void)state;
    /* 1 row past a window of 4: y = 1/3. */
    assert_near(nab("..Xaaax...", 0, YAGA_NAB_STANDARD),
                100.0 * (1.0 + 1.0 + 0.11 * sigmoid(1.0 / 3.0)) / 2.0, 1e-12);
    assert_near(nab("..Xaaax...", 0, YAGA_NAB_LOW_FP),
                100.0 * (1.0 + 1.0 + 0.22 * sigmoid(1.0 / 3.0)) / 2.0, 1e-12);
    /* Beyond three windows, and before the first one, it costs all. */
    assert_near(nab("Xa...x", 0, YAGA_NAB_STANDARD), 100.0 * (2.0 - 0.11) / 2.0, 1e-12);
    assert_near(nab("x.Xa..", 0, YAGA_NAB_STANDARD), 100.0 * (2.0 - 0.11) / 2.0, 1e-12);
    assert_near(nab("x.Xa..", 1, YAGA_NAB_STANDARD), 100.0, 1e-12);
    assert_near(nab("Xx....", 0, YAGA_NAB_STANDARD),
                100.0 * (2.0 + 0.11 * sigmoid(1.0)) / 2.0, 1e-12);
}

static void nab_profiles_and_probation_are_those_of_the_benchmark(void **state)
{
    (void)state;
    assert_string_equal(yaga_nab_profile_name(YAGA_NAB_LOW_FP), "low_fp");
    assert_int_equal(yaga_nab_probation(1000), 150);
    assert_int_equal(yaga_nab_probation(5000), 750);
    assert_int_equal(yaga_nab_probation(22000), 750);
    assert_int_equal(yaga_nab_probation(0), 0);
}

static void scores_that_are_not_finite_become_the_lowest(void **state)
{
    (void)state;
    double scores[] = {2.0, NAN, -1.0, INFINITY};
    double none[] = {NAN};
    assert_int_equal(yaga_scores_make_finite(scores, 4), 2);
    assert_near(scores[1], -1.0, 0.0);
    assert_near(scores[3], -1.0, 0.0);
    assert_int_equal(yaga_scores_make_finite(none, 1), 1);
    assert_near(none[0], 0.0, 0.0);
}

static void measures_need_events_and_say_so(void **state)
{
    (void)state;
    static const double scores[] = {1.0, 2.0, 3.0};
    static const bool none[] = {false, false, false};
    static const bool all[] = {true, true, true};
    struct yaga_error err;
    struct yaga_vus vus;
    struct yaga_best_f1 best;
    struct yaga_affiliation near;
    size_t buffer;
    assert_int_equal(yaga_vus_measure(scores, none, 3, 1, &vus, &err), YAGA_E_NO_DATA);
    assert_int_equal(yaga_vus_measure(scores, all, 3, 1, &vus, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, "3 anomalies and 0 ordinary rows");
    assert_int_equal(yaga_best_f1_find(scores, none, 3, &best, &err), YAGA_E_NO_DATA);
    assert_int_equal(yaga_affiliation_measure(none, all, 3, &near, &err), YAGA_E_NO_DATA);
    assert_ok(yaga_vus_buffer(none, 3, &buffer, &err), &err);
    assert_int_equal(buffer, 0);
}

static enum yaga_status all_measures(struct yaga_event_counts *counts,
                                     struct yaga_error *err)
{
    static const double scores[] = {1.0, 2.0, 3.0, 1.5};
    static const bool anomalous[] = {false, false, true, false};
    static const bool alarm[] = {true, false, true, false};
    static const struct yaga_event_params params = {0, 0};
    struct yaga_event_figures figures;
    struct yaga_affiliation near;
    struct yaga_best_f1 best;
    struct yaga_vus vus;
    size_t buffer = 0;
    enum yaga_status st = yaga_events_add(counts, anomalous, alarm, 4, &params, err);
    if (st == YAGA_OK)
        st = yaga_events_figures(counts, &figures, err);
    if (st == YAGA_OK)
        st = yaga_affiliation_measure(anomalous, alarm, 4, &near, err);
    if (st == YAGA_OK)
        st = yaga_best_f1_find(scores, anomalous, 4, &best, err);
    if (st == YAGA_OK)
        st = yaga_vus_buffer(anomalous, 4, &buffer, err);
    if (st == YAGA_OK)
        st = yaga_vus_measure(scores, anomalous, 4, buffer, &vus, err);
    return st;
}

static void measuring_survives_failing_memory(void **state)
{
    (void)state;
    size_t k = 1;
    for (;; k++) {
        struct yaga_event_counts counts = {0};
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = all_measures(&counts, &err);
        yaga_mem_fail_nth(0);
        yaga_event_counts_clear(&counts);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    assert_true(k > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranking_figures_are_those_of_an_independent_program),
        cmocka_unit_test(alarm_figures_are_those_of_an_independent_program),
        cmocka_unit_test(an_alarm_beside_an_event_counts_within_the_tolerance),
        cmocka_unit_test(calm_rows_shorter_than_the_quiet_time_do_not_end_an_episode),
        cmocka_unit_test(an_episode_over_two_events_meets_both),
        cmocka_unit_test(figures_without_a_denominator_are_nan_and_nothing_found_is_zero),
        cmocka_unit_test(
            counts_of_several_series_are_added_and_borders_are_no_neighbours),
        cmocka_unit_test(affiliation_of_an_exact_alarm_is_one_and_of_none_is_zero),
        cmocka_unit_test(affiliation_falls_with_the_distance_measured_against_chance),
        cmocka_unit_test(
            nab_is_100_when_every_window_is_met_at_once_and_0_when_nothing_is_done),
        cmocka_unit_test(nab_rewards_the_first_detection_by_its_place_in_the_window),
        cmocka_unit_test(nab_punishes_detections_outside_more_the_farther_they_are),
        cmocka_unit_test(nab_profiles_and_probation_are_those_of_the_benchmark),
        cmocka_unit_test(scores_that_are_not_finite_become_the_lowest),
        cmocka_unit_test(measures_need_events_and_say_so),
        cmocka_unit_test(measuring_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
