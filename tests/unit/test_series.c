/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames begin as NaN; fleets are sorted; values are validated, absence resolved, quality
 * graded. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/series/quality.h"

enum { TRAFFIC, LATENCY, DATABASE, ERRORS, N };

static const struct yaga_metric metrics[N] = {
    [TRAFFIC] = {.name = "request_rate",
                 .role = YAGA_ROLE_TRAFFIC,
                 .kind = YAGA_KIND_RATE,
                 .min = 0,
                 .max = 1e6,
                 .expected = true},
    [LATENCY] = {.name = "latency",
                 .role = YAGA_ROLE_LATENCY,
                 .kind = YAGA_KIND_LATENCY,
                 .min = 0,
                 .max = 300000,
                 .expected = true},
    [DATABASE] = {.name = "db",
                  .role = YAGA_ROLE_DATABASE,
                  .kind = YAGA_KIND_LATENCY,
                  .min = 0,
                  .max = 300000,
                  .zero_normal = true},
    [ERRORS] = {.name = "error_rate",
                .role = YAGA_ROLE_ERRORS,
                .kind = YAGA_KIND_RATIO,
                .min = 0,
                .max = 1,
                .expected = true},
};

static void fill(struct yaga_frame *frame, size_t n_rows)
{
    assert_ok(yaga_frame_init(frame, 3000, 300, n_rows, N, NULL), NULL);
    for (size_t row = 0; row < n_rows; row++) {
        double *values = yaga_frame_row(frame, row);
        values[TRAFFIC] = 10;
        values[LATENCY] = 50;
        values[DATABASE] = 5;
        values[ERRORS] = 0.01;
    }
}

static void a_new_frame_is_all_missing(void **state)
{
    (void)state;
    struct yaga_frame frame;
    assert_ok(yaga_frame_init(&frame, 600, 300, 3, 2, NULL), NULL);
    for (size_t row = 0; row < 3; row++)
        assert_false(yaga_frame_row_present(&frame, row));
    yaga_frame_row(&frame, 1)[1] = 0.0;
    assert_true(yaga_frame_row_present(&frame, 1));
    assert_int_equal(yaga_frame_time(&frame, 2), 1200);
    yaga_frame_clear(&frame);
}

static void a_frame_refuses_what_breaks_its_limits(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_error err;
    assert_int_equal(yaga_frame_init(&frame, 0, 0, 1, 1, &err), YAGA_E_ARG);
    assert_int_equal(yaga_frame_init(&frame, 0, 60, YAGA_FRAME_MAX_ROWS + 1, 1, &err),
                     YAGA_E_ARG);
    assert_int_equal(yaga_frame_init(&frame, 0, 60, 1, YAGA_METRICS_MAX + 1, &err),
                     YAGA_E_ARG);
}

static void a_fleet_is_sorted_and_searched_by_name(void **state)
{
    (void)state;
    const char *names[] = {"shop", "cart", "shopping", "api"};
    struct yaga_fleet fleet;
    assert_ok(yaga_fleet_init(&fleet, names, 4, 2, 0, 60, 5, NULL), NULL);
    assert_string_equal(fleet.services[0].name, "api");
    assert_string_equal(fleet.services[3].name, "shopping");
    assert_int_equal(yaga_fleet_find(&fleet, "shopping", 4), 2);
    assert_int_equal(yaga_fleet_find(&fleet, "shopping", 8), 3);
    assert_int_equal(yaga_fleet_find(&fleet, "shoppings", 9), -1);
    assert_int_equal(yaga_fleet_find(&fleet, "", 0), -1);
    assert_int_equal(fleet.services[1].presence[1], YAGA_ABSENT);
    yaga_fleet_clear(&fleet);
}

static void metrics_set_apart_leave_the_frames(void **state)
{
    (void)state;
    const char *names[] = {"b", "a"};
    struct yaga_fleet fleet;
    assert_ok(yaga_fleet_init(&fleet, names, 2, 4, 0, 60, 3, NULL), NULL);
    for (size_t s = 0; s < 2; s++)
        for (size_t row = 0; row < 3; row++)
            for (size_t m = 0; m < 4; m++)
                yaga_frame_row(&fleet.services[s].frame, row)[m] =
                    (double)(100 * s + 10 * row + m);
    assert_ok(yaga_fleet_set_apart(&fleet, 4, NULL), NULL); /* none */
    assert_int_equal(fleet.n_apart, 0);
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_fleet_set_apart(&fleet, 2, NULL), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
    assert_int_equal(fleet.services[1].frame.n_metrics, 4);
    assert_ok(yaga_fleet_set_apart(&fleet, 2, NULL), NULL);
    assert_int_equal(fleet.n_metrics, 2);
    for (size_t s = 0; s < 2; s++) {
        assert_int_equal(fleet.services[s].frame.n_metrics, 2);
        for (size_t row = 0; row < 3; row++) {
            for (size_t m = 0; m < 2; m++)
                assert_near(yaga_frame_at(&fleet.services[s].frame, row, m),
                            (double)(100 * s + 10 * row + m), 0.0);
            for (size_t k = 0; k < 2; k++)
                assert_near(yaga_fleet_apart(&fleet, s, k)[row],
                            (double)(100 * s + 10 * row + 2 + k), 0.0);
        }
    }
    yaga_fleet_clear(&fleet);
}

static void a_fleet_refuses_bad_names(void **state)
{
    (void)state;
    char longest[YAGA_NAME_MAX + 2];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *cases[][2] = {{"a", "a"}, {"a", ""}, {longest, "b"}};
    for (size_t i = 0; i < 3; i++) {
        struct yaga_fleet fleet;
        struct yaga_error err;
        assert_int_equal(yaga_fleet_init(&fleet, cases[i], 2, 1, 0, 60, 5, &err),
                         YAGA_E_ARG);
    }
}

static void fleets_survive_failing_memory(void **state)
{
    (void)state;
    const char *names[] = {"b", "a"};
    struct yaga_fleet fleet;
    struct yaga_error err;
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st != YAGA_OK; k++) {
        yaga_mem_fail_nth(k);
        st = yaga_fleet_init(&fleet, names, 2, 1, 0, 60, 5, &err);
        yaga_mem_fail_nth(0);
        if (st != YAGA_OK)
            assert_int_equal(st, YAGA_E_NOMEM);
    }
    yaga_fleet_clear(&fleet);
}

static void values_outside_the_range_are_missing_or_capped(void **state)
{
    (void)state;
    static const struct {
        double in, out;
        size_t count;
        const char *warning;
    } cases[] = {
        {0.5, 0.5, 0, NULL},
        {(double)INFINITY, (double)NAN, 1, "latency: +Inf is not finite, missing"},
        {-1, (double)NAN, 1, "latency: -1 is below 0, missing"},
        {-1e-10, 0, 0, NULL},
        {300001, 300000, 1, "latency: 300001 is above 300000, capped"},
        {20000, 20000, 0, "latency: 20000 is very high, kept"},
        {(double)NAN, (double)NAN, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_frame frame;
        struct yaga_warnings warnings = {.n = 0};
        size_t counts[N];
        fill(&frame, 2);
        yaga_frame_row(&frame, 1)[LATENCY] = cases[i].in;
        yaga_frame_validate(&frame, metrics, &warnings, counts);
        assert_near(yaga_frame_at(&frame, 1, LATENCY), cases[i].out, 0);
        assert_int_equal(counts[LATENCY], cases[i].count);
        assert_int_equal(warnings.n, cases[i].warning != NULL);
        if (cases[i].warning != NULL)
            assert_string_equal(warnings.text[0], cases[i].warning);
        yaga_frame_clear(&frame);
    }
}

static void only_the_last_row_warns(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_warnings warnings = {.n = 0};
    fill(&frame, 3);
    yaga_frame_row(&frame, 0)[ERRORS] = 2;
    yaga_frame_row(&frame, 2)[ERRORS] = 0.2;
    yaga_frame_row(&frame, 2)[TRAFFIC] = 0;
    yaga_frame_validate(&frame, metrics, &warnings, NULL);
    assert_int_equal(warnings.n_total, 2);
    assert_string_equal(warnings.text[0], "request_rate: 0, idle");
    assert_string_equal(warnings.text[1], "error_rate: 0.2 is elevated, kept");
    assert_near(yaga_frame_at(&frame, 0, ERRORS), 1, 0);
    yaga_frame_clear(&frame);
}

static void metrics_without_bounds_have_none(void **state)
{
    (void)state;
    const struct yaga_metric free_metric = {
        .name = "x", .min = (double)NAN, .max = (double)NAN};
    struct yaga_frame frame;
    assert_ok(yaga_frame_init(&frame, 0, 60, 1, 1, NULL), NULL);
    frame.values[0] = -1e300;
    yaga_frame_validate(&frame, &free_metric, NULL, NULL);
    assert_near(frame.values[0], -1e300, 0);
    yaga_frame_clear(&frame);
}

static void absence_means_what_the_roles_say(void **state)
{
    (void)state;
    static const double nan_ = (double)NAN;
    const struct {
        double in[N], out[N];
    } cases[] = {
        /* no error series while served: no errors */
        {{10, 50, nan_, nan_}, {10, 50, nan_, 0}},
        /* nothing served: undefined */
        {{0, 50, 5, 0.5}, {0, nan_, 5, nan_}},
        /* traffic unknown: nothing is known about errors */
        {{nan_, 50, nan_, nan_}, {nan_, 50, nan_, nan_}},
        {{10, nan_, nan_, nan_}, {10, nan_, nan_, nan_}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_frame frame;
        assert_ok(yaga_frame_init(&frame, 0, 300, 1, N, NULL), NULL);
        memcpy(frame.values, cases[i].in, sizeof cases[i].in);
        yaga_frame_resolve_absence(&frame, metrics, NULL);
        for (size_t m = 0; m < N; m++)
            assert_near(frame.values[m], cases[i].out[m], 0);
        yaga_frame_clear(&frame);
    }
}

static void an_unanswered_query_is_no_empty_counter(void **state)
{
    (void)state;
    static const enum yaga_presence unknown[] = {YAGA_FAILED, YAGA_AMBIGUOUS};
    static const enum yaga_presence empty[] = {YAGA_ABSENT, YAGA_PRESENT};
    const double in[N] = {10, 50, (double)NAN, (double)NAN};
    for (size_t i = 0; i < 4; i++) {
        struct yaga_frame frame;
        enum yaga_presence presence[N] = {YAGA_PRESENT, YAGA_PRESENT, YAGA_PRESENT,
                                          i < 2 ? unknown[i] : empty[i - 2]};
        assert_ok(yaga_frame_init(&frame, 0, 300, 1, N, NULL), NULL);
        memcpy(frame.values, in, sizeof in);
        yaga_frame_resolve_absence(&frame, metrics, presence);
        assert_near(frame.values[N - 1], i < 2 ? (double)NAN : 0.0, 0);
        yaga_frame_clear(&frame);
    }
}

static void metrics_without_roles_keep_their_absence(void **state)
{
    (void)state;
    const struct yaga_metric plain[2] = {{.name = "a"},
                                         {.name = "b", .kind = YAGA_KIND_RATIO}};
    struct yaga_frame frame;
    assert_ok(yaga_frame_init(&frame, 0, 300, 1, 2, NULL), NULL);
    frame.values[0] = 0;
    yaga_frame_resolve_absence(&frame, plain, NULL);
    assert_true(isnan(frame.values[1]));
    yaga_frame_clear(&frame);
}

static void complete_data_is_graded_a(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 100);
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    assert_near(quality.score, 100, 0);
    assert_int_equal(quality.grade, 'A');
    assert_int_equal(quality.metric[LATENCY].expected, 100);
    yaga_frame_clear(&frame);
}

static void rows_before_the_first_sample_are_not_expected(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 100);
    for (size_t i = 0; i < 40 * N; i++)
        frame.values[i] = (double)NAN;
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    assert_int_equal(quality.metric[TRAFFIC].expected, 60);
    assert_near(quality.score, 100, 0);
    yaga_frame_clear(&frame);
}

static void a_long_gap_costs_points(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 100);
    /* rows 10..39 missing: coverage 70 % (25 - only below 70), distance 31 steps = 155
     * min (20) */
    for (size_t row = 10; row < 40; row++)
        yaga_frame_row(&frame, row)[TRAFFIC] = (double)NAN;
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    const struct yaga_metric_quality *q = &quality.metric[TRAFFIC];
    assert_int_equal(q->n_gaps, 1);
    assert_near(q->longest_gap_min, 155, 1e-12);
    assert_near(q->coverage, 70, 1e-12);
    assert_near(q->score, 100 - 10 - 20, 0);
    assert_int_equal(q->grade, 'C');
    yaga_frame_clear(&frame);
}

static void points_are_lost_by_name(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 100);
    for (size_t row = 10; row < 40; row++)
        yaga_frame_row(&frame, row)[TRAFFIC] = (double)NAN;
    yaga_quality_assess(&frame, metrics, (const size_t[N]){8, 1, 0, 0}, &quality);
    const struct yaga_metric_quality *q = &quality.metric[TRAFFIC];
    assert_near(q->lost[YAGA_LOSS_COVERAGE], 10, 0);
    assert_near(q->lost[YAGA_LOSS_LONGEST_GAP], 20, 0);
    assert_near(q->lost[YAGA_LOSS_GAPS], 0, 0);
    assert_near(q->lost[YAGA_LOSS_CORRECTED], 20, 0); /* 8 of 70 is more than a tenth */
    assert_near(q->score, 50, 0);
    assert_near(quality.metric[LATENCY].lost[YAGA_LOSS_CORRECTED], 10, 0);
    assert_string_equal(yaga_loss_name(YAGA_LOSS_LONGEST_GAP), "longest_gap");
    yaga_frame_clear(&frame);
}

/* Fifteen gaps of 3, 4, ... steps in no order, against sorting them. */
static void the_ten_longest_gaps_are_listed_with_their_place(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 600);
    for (size_t gap = 0; gap < 15; gap++) {
        size_t missing = 2 + gap * 7 % 15;
        for (size_t i = 0; i < missing; i++)
            yaga_frame_row(&frame, 40 * gap + 1 + i)[TRAFFIC] = (double)NAN;
    }
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    const struct yaga_metric_quality *q = &quality.metric[TRAFFIC];
    assert_int_equal(q->n_gaps, 15);
    assert_int_equal(q->n_listed, YAGA_GAPS_LISTED);
    for (size_t i = 0; i < YAGA_GAPS_LISTED; i++) {
        size_t missing = 16 - i, gap = 0;
        while (2 + gap * 7 % 15 != missing)
            gap++;
        assert_near(q->gaps[i].minutes, 5.0 * (double)(missing + 1), 0);
        assert_int_equal(q->gaps[i].start_s, yaga_frame_time(&frame, 40 * gap));
        assert_int_equal(q->gaps[i].end_s - q->gaps[i].start_s,
                         300 * (int64_t)(missing + 1));
    }
    assert_near(q->longest_gap_min, q->gaps[0].minutes, 0);
    yaga_frame_clear(&frame);
}

static void of_equal_gaps_the_oldest_comes_first(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 200);
    for (size_t gap = 0; gap < 12; gap++)
        for (size_t i = 1; i < 4; i++)
            yaga_frame_row(&frame, 10 * gap + i)[TRAFFIC] = (double)NAN;
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    const struct yaga_metric_quality *q = &quality.metric[TRAFFIC];
    for (size_t i = 0; i < q->n_listed; i++)
        assert_int_equal(q->gaps[i].start_s, yaga_frame_time(&frame, 10 * i));
    yaga_frame_clear(&frame);
}

static void ordinary_inactivity_is_no_gap(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 100);
    for (size_t row = 10; row < 90; row++) {
        yaga_frame_row(&frame, row)[DATABASE] = (double)NAN;
        yaga_frame_row(&frame, row)[TRAFFIC] = 0;
        yaga_frame_row(&frame, row)[LATENCY] = (double)NAN;
        yaga_frame_row(&frame, row)[ERRORS] = (double)NAN;
    }
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    assert_int_equal(quality.metric[DATABASE].expected, 20);
    assert_int_equal(quality.metric[DATABASE].n_gaps, 0);
    assert_near(quality.metric[DATABASE].score, 100, 0);
    assert_near(quality.metric[LATENCY].score, 100, 0);
    yaga_frame_clear(&frame);
}

static void corrected_values_cost_points(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    fill(&frame, 100);
    yaga_quality_assess(&frame, metrics, (const size_t[N]){1, 11, 0, 0}, &quality);
    assert_near(quality.metric[TRAFFIC].score, 90, 0);
    assert_near(quality.metric[LATENCY].score, 80, 0);
    assert_near(quality.score, 90, 1e-12);
    yaga_frame_clear(&frame);
}

static void issues_are_told_metric_by_metric(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    char text[200], small[24];
    fill(&frame, 100);
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    yaga_quality_issues(metrics, &quality, NULL, text, sizeof text);
    assert_string_equal(text, "");
    for (size_t row = 10; row < 65; row++)
        yaga_frame_row(&frame, row)[TRAFFIC] = (double)NAN;
    for (size_t row = 40; row < 65; row++)
        yaga_frame_row(&frame, row)[LATENCY] = (double)NAN;
    for (size_t row = 1; row < 99; row++)
        yaga_frame_row(&frame, row)[DATABASE] = (double)NAN; /* is not expected */
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    yaga_quality_issues(metrics, &quality, (const size_t[N]){3, 0, 9, 0}, text,
                        sizeof text);
    assert_string_equal(
        text, "request_rate: coverage 45.0 %, very low; 1 gaps, the longest 280 "
              "min; 3 values corrected; latency: coverage 75.0 %, low; 1 gaps, "
              "the longest 130 min");
    yaga_quality_issues(metrics, &quality, NULL, small, sizeof small);
    assert_string_equal(small, "request_rate: coverage ");
    yaga_frame_clear(&frame);
}

static void nothing_at_all_is_graded_f(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    assert_ok(yaga_frame_init(&frame, 0, 300, 10, N, NULL), NULL);
    yaga_quality_assess(&frame, metrics, NULL, &quality);
    assert_near(quality.score, 0, 0);
    assert_int_equal(quality.grade, 'F');
    assert_int_equal(quality.metric[0].grade, 'F');
    yaga_frame_clear(&frame);
}

/* An outage in an excluded period is no lack of data, and no gap between its neighbours.
 */
static void what_is_left_out_is_neither_expected_nor_a_gap(void **state)
{
    (void)state;
    struct yaga_frame frame;
    struct yaga_quality quality;
    uint8_t left_out[100] = {0};
    fill(&frame, 100);
    for (size_t row = 0; row < 40; row++)
        yaga_frame_row(&frame, row)[TRAFFIC] = (double)NAN;
    for (size_t row = 0; row < 40; row++)
        left_out[row] = row < 5 || row >= 10;
    left_out[50] = 3;
    for (size_t row = 5; row < 10; row++)
        yaga_frame_row(&frame, row)[TRAFFIC] = 10;
    yaga_quality_assess_part(&frame, metrics, left_out, NULL, &quality);
    const struct yaga_metric_quality *q = &quality.metric[TRAFFIC];
    assert_int_equal(q->expected, 100 - 36);
    assert_int_equal(q->actual, 100 - 36);
    assert_int_equal(q->n_gaps, 0);
    assert_near(q->score, 100, 0);
    left_out[39] = left_out[38] = left_out[37] = 0; /* now three missing rows count */
    yaga_quality_assess_part(&frame, metrics, left_out, NULL, &quality);
    assert_int_equal(q->n_gaps, 1);
    assert_near(q->longest_gap_min, 20, 1e-12);
    yaga_frame_clear(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_frame_is_all_missing),
        cmocka_unit_test(a_frame_refuses_what_breaks_its_limits),
        cmocka_unit_test(a_fleet_is_sorted_and_searched_by_name),
        cmocka_unit_test(metrics_set_apart_leave_the_frames),
        cmocka_unit_test(a_fleet_refuses_bad_names),
        cmocka_unit_test(fleets_survive_failing_memory),
        cmocka_unit_test(values_outside_the_range_are_missing_or_capped),
        cmocka_unit_test(only_the_last_row_warns),
        cmocka_unit_test(metrics_without_bounds_have_none),
        cmocka_unit_test(absence_means_what_the_roles_say),
        cmocka_unit_test(an_unanswered_query_is_no_empty_counter),
        cmocka_unit_test(metrics_without_roles_keep_their_absence),
        cmocka_unit_test(complete_data_is_graded_a),
        cmocka_unit_test(rows_before_the_first_sample_are_not_expected),
        cmocka_unit_test(a_long_gap_costs_points),
        cmocka_unit_test(points_are_lost_by_name),
        cmocka_unit_test(the_ten_longest_gaps_are_listed_with_their_place),
        cmocka_unit_test(of_equal_gaps_the_oldest_comes_first),
        cmocka_unit_test(ordinary_inactivity_is_no_gap),
        cmocka_unit_test(corrected_values_cost_points),
        cmocka_unit_test(issues_are_told_metric_by_metric),
        cmocka_unit_test(nothing_at_all_is_graded_f),
        cmocka_unit_test(what_is_left_out_is_neither_expected_nor_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
