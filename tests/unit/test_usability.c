/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rows of a period are good for. */
#include "assert.h"

#include <math.h>
#include <stdio.h>

#include "yaga/base/mem.h"
#include "yaga/series/usability.h"

enum { TRAFFIC, LATENCY, DATABASE, ERRORS, N };
enum { ROWS = 288 * 10, BEGIN = 96, END = 216 }; /* ten days; 8:00 to 18:00 of each */

static const struct yaga_metric metrics[N] = {
    {.name = "traffic",
     .kind = YAGA_KIND_RATE,
     .role = YAGA_ROLE_TRAFFIC,
     .expected = true},
    {.name = "latency",
     .kind = YAGA_KIND_LATENCY,
     .role = YAGA_ROLE_LATENCY,
     .expected = true},
    {.name = "database",
     .kind = YAGA_KIND_LATENCY,
     .role = YAGA_ROLE_DATABASE,
     .zero_normal = true},
    {.name = "errors",
     .kind = YAGA_KIND_RATIO,
     .role = YAGA_ROLE_ERRORS,
     .expected = true},
};

static struct yaga_frame frame;
static bool in[ROWS];
static int32_t day[ROWS];

/* Every value another one, none an outlier; errors always the same, which they may. */
static int fill(void **state)
{
    (void)state;
    assert_ok(yaga_frame_init(&frame, 0, 300, ROWS, N, NULL), NULL);
    for (size_t row = 0; row < ROWS; row++) {
        double *values = yaga_frame_row(&frame, row);
        values[TRAFFIC] = 100.0 + (double)row;
        values[LATENCY] = 50.0 + (double)row;
        values[DATABASE] = 5.0 + (double)row;
        values[ERRORS] = 0.0;
        in[row] = row % 288 >= BEGIN && row % 288 < END;
        day[row] = (int32_t)(row / 288);
    }
    return 0;
}

static int clear(void **state)
{
    (void)state;
    yaga_frame_clear(&frame);
    return 0;
}

static struct yaga_usability assess(void)
{
    struct yaga_usability out;
    struct yaga_error err;
    assert_ok(yaga_usability_assess(&frame, metrics, in, day, &out, &err), &err);
    return out;
}

static double total(const struct yaga_usability *u)
{
    double sum = 0;
    for (size_t i = 0; i < YAGA_N_UNUSED; i++)
        sum += u->lost[i];
    return sum;
}

static void lose_rows(size_t from, size_t n)
{
    for (size_t row = from; row < from + n; row++)
        for (size_t m = 0; m < N; m++)
            yaga_frame_row(&frame, row)[m] = (double)NAN;
}

static void nights_between_business_days_are_no_gaps(void **state)
{
    (void)state;
    struct yaga_usability u = assess();
    assert_int_equal(u.n_rows, 10 * (END - BEGIN));
    assert_int_equal(u.n_usable, u.n_rows);
    assert_int_equal(u.n_days, 10);
    assert_int_equal(u.n_gaps, 0);
    assert_int_equal(u.first_s, BEGIN * 300);
    assert_int_equal(u.last_s, (9 * 288 + END - 1) * 300);
    assert_near(u.coverage, 100, 0);
    assert_near(u.score, 100, 0);
    assert_int_equal(u.grade, 'A');
}

static void thirty_minutes_are_no_gap_and_more_is(void **state)
{
    (void)state;
    lose_rows(288 + 100, 6);
    assert_int_equal(assess().n_gaps, 0);
    lose_rows(288 + 100, 7);
    struct yaga_usability u = assess();
    assert_int_equal(u.n_gaps, 1);
    assert_near(u.lost[YAGA_UNUSED_GAPS], 3, 0);
    for (size_t d = 2; d < 10; d++)
        lose_rows(288 * d + END - 7, 7 + 30); /* at the end of the hours, and beyond */
    u = assess();
    assert_int_equal(u.n_gaps, 9);
    assert_near(u.lost[YAGA_UNUSED_GAPS], 15, 0);
}

static void rows_that_lack_cost_below_four_fifths(void **state)
{
    (void)state;
    for (size_t d = 1; d < 6; d++)
        lose_rows(288 * d, 288);
    struct yaga_usability u = assess();
    assert_near(u.coverage, 50, 1e-9);
    assert_near(u.lost[YAGA_UNUSED_COVERAGE], 0.3 * 30, 1e-9);
    assert_int_equal(u.n_days, 5);
    assert_near(u.score, 100 - total(&u), 1e-9);
}

/* A service that begins later has not lost what was before. */
static void rows_before_the_first_sample_do_not_lack(void **state)
{
    (void)state;
    lose_rows(0, 288 * 5);
    struct yaga_usability u = assess();
    assert_int_equal(u.n_rows, 5 * (END - BEGIN));
    assert_near(u.score, 100, 0);
}

static void a_metric_without_values_and_one_with_too_few_cost(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROWS; row++) {
        yaga_frame_row(&frame, row)[ERRORS] = (double)NAN;
        if (row % 3 != 0)
            yaga_frame_row(&frame, row)[LATENCY] = (double)NAN;
    }
    struct yaga_usability u = assess();
    assert_near(u.lost[YAGA_UNUSED_MISSING_METRIC], 10, 0);
    assert_near(u.lost[YAGA_UNUSED_UNUSABLE], 15, 0);
    assert_near(u.lost[YAGA_UNUSED_MISSING], 10, 0);
    assert_near(u.metric[LATENCY].missing_percent, 200.0 / 3.0, 0.1);
    assert_false(u.metric[LATENCY].is_usable);
    assert_int_equal(u.n_usable, 0);
    assert_int_equal(u.grade, 'D'); /* 65 */
}

static void six_percent_missing_cost_three_points(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROWS; row++)
        if (row % 100 < 6)
            yaga_frame_row(&frame, row)[LATENCY] = (double)NAN;
    struct yaga_usability u = assess();
    assert_near(u.lost[YAGA_UNUSED_MISSING], 0.5 * u.metric[LATENCY].missing_percent,
                1e-9);
    assert_near(u.lost[YAGA_UNUSED_MISSING], 3, 0.2);
    assert_true(u.metric[LATENCY].is_usable);
}

static void outliers_are_beyond_one_and_a_half_interquartile_ranges(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROWS; row++)
        if (row % 5 == 0)
            yaga_frame_row(&frame, row)[LATENCY] = 1e6;
    struct yaga_usability u = assess();
    assert_near(u.metric[LATENCY].outlier_percent, 20, 0.1);
    assert_near(u.lost[YAGA_UNUSED_OUTLIERS], 4, 0.1);
    assert_near(u.metric[LATENCY].max, 1e6, 0);
    assert_near(u.metric[TRAFFIC].outlier_percent, 0, 0);
}

static void a_constant_costs_unless_it_may_be_one(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROWS; row++) {
        yaga_frame_row(&frame, row)[DATABASE] = 0.0;
        if (row % 20 != 0)
            yaga_frame_row(&frame, row)[LATENCY] = 7.0;
    }
    struct yaga_usability u = assess();
    assert_true(u.metric[LATENCY].is_constant && u.metric[ERRORS].is_constant);
    assert_near(u.lost[YAGA_UNUSED_CONSTANT], 10, 0);
    assert_true(u.metric[DATABASE].is_zero_dominant);
    assert_false(u.metric[ERRORS].is_zero_dominant); /* zero is not normal for it */
    assert_near(u.metric[ERRORS].zero_percent, 100, 0);
}

static void inactivity_is_not_missing(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROWS; row++) {
        double *values = yaga_frame_row(&frame, row);
        values[DATABASE] = (double)NAN;
        if (row % 2 == 0) {
            values[TRAFFIC] = 0;
            values[LATENCY] = values[ERRORS] = (double)NAN;
        }
    }
    struct yaga_usability u = assess();
    assert_near(u.metric[LATENCY].missing_percent, 0, 0);
    assert_int_equal(u.n_usable, u.n_rows);
    assert_near(u.metric[DATABASE].missing_percent, 0, 0);
}

static void nothing_is_good_for_nothing(void **state)
{
    (void)state;
    lose_rows(0, ROWS);
    struct yaga_usability u = assess();
    assert_int_equal(u.n_rows, 0);
    assert_near(u.score, 0, 0);
    assert_int_equal(u.grade, 'F');
    assert_true(isnan(u.metric[TRAFFIC].min));
}

static void without_memory_there_is_no_answer(void **state)
{
    (void)state;
    struct yaga_usability out;
    struct yaga_error err;
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_usability_assess(&frame, metrics, in, day, &out, &err),
                     YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nights_between_business_days_are_no_gaps, fill,
                                        clear),
        cmocka_unit_test_setup_teardown(thirty_minutes_are_no_gap_and_more_is, fill,
                                        clear),
        cmocka_unit_test_setup_teardown(rows_that_lack_cost_below_four_fifths, fill,
                                        clear),
        cmocka_unit_test_setup_teardown(rows_before_the_first_sample_do_not_lack, fill,
                                        clear),
        cmocka_unit_test_setup_teardown(a_metric_without_values_and_one_with_too_few_cost,
                                        fill, clear),
        cmocka_unit_test_setup_teardown(six_percent_missing_cost_three_points, fill,
                                        clear),
        cmocka_unit_test_setup_teardown(
            outliers_are_beyond_one_and_a_half_interquartile_ranges, fill, clear),
        cmocka_unit_test_setup_teardown(a_constant_costs_unless_it_may_be_one, fill,
                                        clear),
        cmocka_unit_test_setup_teardown(inactivity_is_not_missing, fill, clear),
        cmocka_unit_test_setup_teardown(nothing_is_good_for_nothing, fill, clear),
        cmocka_unit_test_setup_teardown(without_memory_there_is_no_answer, fill, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
