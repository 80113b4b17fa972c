/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transforms invert, profiles find the ordinary day, levels follow slow growth only. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/feature/feature.h"

enum { STEP_S = 300, PER_DAY = 288, DAYS = 21, ROWS = PER_DAY * DAYS };

static struct yaga_when when[ROWS];
static double g[ROWS];
static bool use[ROWS];

/* Monday 2026-03-02, UTC. */
static const int64_t start_s = 1772409600;

static int set_up(void **state)
{
    (void)state;
    struct yaga_calendar calendar;
    yaga_calendar_init(&calendar);
    if (yaga_civil_set_zone("UTC", NULL) != YAGA_OK)
        return -1;
    yaga_period_grid(&calendar, start_s, STEP_S, ROWS, when);
    for (size_t row = 0; row < ROWS; row++) {
        g[row] = when[row].slot + 100.0 * when[row].day_type;
        use[row] = true;
    }
    return 0;
}

static void transforms_invert(void **state)
{
    (void)state;
    static const struct {
        enum yaga_transform transform;
        double x, n;
    } cases[] = {
        {YAGA_TRANSFORM_NONE, -3.5, 1},
        {YAGA_TRANSFORM_LOG1P, 0, 1},
        {YAGA_TRANSFORM_LOG1P, 1234.5, 1},
        {YAGA_TRANSFORM_LOG, 0.06, 1},
        {YAGA_TRANSFORM_LOG, 812, 1},
        {YAGA_TRANSFORM_LOGIT, 0, 5000},
        {YAGA_TRANSFORM_LOGIT, 0.25, 7},
        {YAGA_TRANSFORM_LOGIT, 1, 0},
        {YAGA_TRANSFORM_LOGIT, 0.5, (double)NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double y = yaga_transform_apply(cases[i].transform, cases[i].x, cases[i].n);
        assert_true(isfinite(y));
        assert_near(yaga_transform_invert(cases[i].transform, y, cases[i].n), cases[i].x,
                    1e-12);
        double nothing =
            yaga_transform_apply(cases[i].transform, (double)NAN, cases[i].n);
        assert_true(isnan(nothing));
        assert_true(
            isnan(yaga_transform_invert(cases[i].transform, nothing, cases[i].n)));
    }
}

static void transforms_agree_with_their_formulas(void **state)
{
    (void)state;
    assert_near(yaga_transform_apply(YAGA_TRANSFORM_LOG1P, 9, 0), log(10), 1e-15);
    assert_near(yaga_transform_apply(YAGA_TRANSFORM_LOG, 0, 0), log(0.05), 1e-15);
    double p = (0.02 * 300 + 0.5) / 301;
    assert_near(yaga_transform_apply(YAGA_TRANSFORM_LOGIT, 0.02, 300), log(p / (1 - p)),
                1e-13);
}

static void inverses_stay_in_the_range_of_the_metric(void **state)
{
    (void)state;
    assert_near(yaga_transform_invert(YAGA_TRANSFORM_LOG1P, -5, 1), 0, 0);
    assert_near(yaga_transform_invert(YAGA_TRANSFORM_LOGIT, -50, 100), 0, 0);
    assert_near(yaga_transform_invert(YAGA_TRANSFORM_LOGIT, 50, 100), 1, 0);
}

static void requests_are_traffic_times_step(void **state)
{
    (void)state;
    const struct yaga_metric metrics[2] = {
        {.name = "e", .role = YAGA_ROLE_ERRORS, .transform = YAGA_TRANSFORM_LOGIT},
        {.name = "t", .role = YAGA_ROLE_TRAFFIC}};
    struct yaga_frame frame;
    double requests[2];
    double out[2];
    assert_ok(yaga_frame_init(&frame, 0, 300, 2, 2, NULL), NULL);
    memcpy(frame.values, (const double[]){0.1, 2, 0.2, 3}, 4 * sizeof(double));
    yaga_feature_requests(&frame, metrics, requests);
    assert_near(requests[0], 600, 0);
    assert_near(requests[1], 900, 0);
    yaga_feature_transform(&frame, metrics, 0, requests, out);
    assert_near(out[0], yaga_transform_apply(YAGA_TRANSFORM_LOGIT, 0.1, 600), 0);
    assert_near(out[1], yaga_transform_apply(YAGA_TRANSFORM_LOGIT, 0.2, 900), 0);
    const struct yaga_metric plain[2] = {{.name = "a"}, {.name = "b"}};
    yaga_feature_requests(&frame, plain, requests);
    assert_true(isnan(requests[0]) && isnan(requests[1]));
    yaga_frame_clear(&frame);
}

static void a_row_without_traffic_has_as_many_requests_as_the_last_one(void **state)
{
    (void)state;
    const struct yaga_metric metrics[1] = {{.name = "t", .role = YAGA_ROLE_TRAFFIC}};
    const double nan = (double)NAN;
    struct yaga_frame frame;
    double requests[6];
    assert_ok(yaga_frame_init(&frame, 0, 300, 6, 1, NULL), NULL);
    memcpy(frame.values, (const double[]){nan, nan, 2, nan, 0, nan}, 6 * sizeof(double));
    yaga_feature_requests(&frame, metrics, requests);
    for (size_t row = 0; row < 6; row++)
        assert_near(requests[row], row < 4 ? 600 : 0, 0);
    memcpy(frame.values, (const double[]){nan, nan, nan, nan, nan, nan},
           6 * sizeof(double));
    yaga_feature_requests(&frame, metrics, requests);
    for (size_t row = 0; row < 6; row++)
        assert_true(isnan(requests[row]));
    yaga_frame_clear(&frame);
}

static void a_profile_finds_the_median_of_each_half_hour(void **state)
{
    (void)state;
    struct yaga_profile profile;
    struct yaga_error err;
    assert_ok(yaga_profile_fit(g, when, NULL, ROWS, true, &profile, &err), &err);
    /* The median of three keeps a ramp and rounds its two ends: the day is a circle. */
    assert_near(profile.bucket[0][20], 20, 0);
    assert_near(profile.bucket[1][20], 120, 0);
    assert_near(profile.bucket[0][0], 1, 0);
    assert_near(profile.bucket[0][47], 46, 0);
    assert_near(yaga_profile_at(&profile, &when[PER_DAY / 2]), 24, 0);
}

static void thin_buckets_take_the_level(void **state)
{
    (void)state;
    struct yaga_profile profile;
    struct yaga_error err;
    /* Business hours only, and slot 30 measured on three days only: 18 rows. */
    for (size_t row = 0; row < ROWS; row++) {
        use[row] = when[row].day_type == 0 && when[row].slot >= 16 && when[row].slot < 36;
        if (when[row].slot == 30 && row / PER_DAY > 2)
            use[row] = false;
    }
    assert_ok(yaga_profile_fit(g, when, use, ROWS, true, &profile, &err), &err);
    assert_near(profile.level, 25, 0);
    assert_near(profile.bucket[0][30], 25, 0);
    assert_near(profile.bucket[0][0], 25, 0);
    assert_near(profile.bucket[1][20], 25, 0);
    /* Neighbours of a bucket without data keep their own median. */
    assert_near(profile.bucket[0][16], 16, 0);
    assert_near(profile.bucket[0][31], 31, 0);
    assert_near(profile.bucket[0][29], 29, 0);
}

static void smoothing_removes_a_single_spike(void **state)
{
    (void)state;
    struct yaga_profile profile;
    struct yaga_error err;
    for (size_t row = 0; row < ROWS; row++)
        g[row] = when[row].slot == 10 ? 50 : 1;
    assert_ok(yaga_profile_fit(g, when, NULL, ROWS, true, &profile, &err), &err);
    assert_near(profile.bucket[0][10], 1, 0);
}

static void without_a_season_every_bucket_is_the_level(void **state)
{
    (void)state;
    struct yaga_profile profile;
    struct yaga_error err;
    assert_ok(yaga_profile_fit(g, when, NULL, ROWS, false, &profile, &err), &err);
    for (size_t s = 0; s < YAGA_SLOTS_PER_DAY; s++)
        assert_near(profile.bucket[s % 2][s], profile.level, 0);
}

static void a_profile_of_nothing_is_refused(void **state)
{
    (void)state;
    struct yaga_profile profile;
    struct yaga_error err;
    for (size_t row = 0; row < ROWS; row++)
        g[row] = (double)NAN;
    assert_int_equal(yaga_profile_fit(g, when, NULL, ROWS, true, &profile, &err),
                     YAGA_E_NO_DATA);
    assert_int_equal(yaga_profile_fit(g, when, NULL, 0, true, &profile, &err),
                     YAGA_E_NO_DATA);
}

static void residuals_are_what_the_profile_does_not_explain(void **state)
{
    (void)state;
    static double r[ROWS];
    struct yaga_profile profile;
    struct yaga_error err;
    g[1000] = (double)NAN;
    assert_ok(yaga_profile_fit(g, when, NULL, ROWS, true, &profile, &err), &err);
    yaga_profile_residuals(&profile, g, when, ROWS, r);
    assert_true(isnan(r[1000]));
    assert_near(r[PER_DAY / 2], 0, 0);
}

static void a_day_does_not_explain_itself(void **state)
{
    (void)state;
    static double r[ROWS];
    struct yaga_error err;
    /* One odd weekday: its own third's profile never saw it, so the whole oddness is
     * left. */
    for (size_t row = 0; row < ROWS; row++)
        g[row] = row / PER_DAY == 8 ? 7.0 : 1.0;
    assert_ok(yaga_profile_residuals_out_of_day(g, when, NULL, ROWS, true, r, &err),
              &err);
    for (size_t row = 0; row < ROWS; row++)
        assert_near(r[row], row / PER_DAY == 8 ? 6.0 : 0.0, 0);
}

static void thirds_of_the_rows_stand_in_for_days_where_there_are_too_few(void **state)
{
    (void)state;
    static double r[2 * PER_DAY];
    struct yaga_error err;
    for (size_t n_days = 1; n_days <= 2; n_days++) {
        size_t n = n_days * PER_DAY;
        for (size_t row = 0; row < n; row++)
            g[row] = row < n / 3 ? 5.0 : 1.0;
        assert_ok(yaga_profile_residuals_out_of_day(g, when, NULL, n, true, r, &err),
                  &err);
        for (size_t row = 0; row < n; row++)
            assert_near(r[row], row < n / 3 ? 4.0 : -2.0, 0);
    }
    assert_int_equal(yaga_profile_residuals_out_of_day(g, when, NULL, 1, true, r, &err),
                     YAGA_E_NO_DATA);
}

static void profiles_survive_failing_memory(void **state)
{
    (void)state;
    static double r[ROWS];
    struct yaga_error err;
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st != YAGA_OK; k++) {
        yaga_mem_fail_nth(k);
        st = yaga_profile_residuals_out_of_day(g, when, NULL, ROWS, true, r, &err);
        yaga_mem_fail_nth(0);
        if (st != YAGA_OK)
            assert_int_equal(st, YAGA_E_NOMEM);
    }
}

static enum yaga_status level(const double *r, size_t first, double *out)
{
    return yaga_feature_level(r, start_s, STEP_S, ROWS, first, PER_DAY, 0.0, 1.0, 0.2,
                              out, NULL);
}

static void a_level_follows_the_last_day_and_stays_bounded(void **state)
{
    (void)state;
    static double r[ROWS];
    static double out[ROWS];
    for (size_t row = 0; row < ROWS; row++)
        r[row] = row < 5 * PER_DAY ? 0.1 : 0.5;
    out[0] = -9;
    assert_ok(level(r, 1, out), NULL);
    assert_near(out[0], -9, 0);
    assert_near(out[40], 0.0, 0); /* fewer than 48 points before */
    assert_near(out[3 * PER_DAY], 0.1, 0);
    assert_near(out[8 * PER_DAY], 0.2, 0); /* 0.5 clamped */
}

static void outliers_do_not_move_a_level(void **state)
{
    (void)state;
    static double r[ROWS];
    static double out[ROWS];
    for (size_t row = 0; row < ROWS; row++)
        r[row] = row % 3 != 0 ? 50.0 : 0.1;
    assert_ok(level(r, 0, out), NULL);
    assert_near(out[4 * PER_DAY], 0.1, 0);
    for (size_t row = 0; row < ROWS; row++)
        r[row] = row % 12 != 0 ? (double)NAN : 0.1; /* 24 usable points a day: too few */
    assert_ok(level(r, 0, out), NULL);
    assert_near(out[4 * PER_DAY], 0, 0);
}

static void a_level_depends_on_absolute_time_only(void **state)
{
    (void)state;
    static double r[ROWS];
    static double whole[ROWS];
    static double part[ROWS];
    for (size_t row = 0; row < ROWS; row++)
        r[row] = sin((double)row / 100.0) / 10.0;
    assert_ok(level(r, 0, whole), NULL);
    /* A later, shorter frame: one day and a bit of history is all that matters. */
    size_t skip = 5 * PER_DAY + 7;
    assert_ok(yaga_feature_level(r + skip, start_s + (int64_t)skip * STEP_S, STEP_S,
                                 ROWS - skip, PER_DAY + 12, PER_DAY, 0.0, 1.0, 0.2, part,
                                 NULL),
              NULL);
    for (size_t row = PER_DAY + 12; row < ROWS - skip; row++)
        assert_near(part[row], whole[skip + row], 0);
    /* Constant within an hour. */
    assert_near(whole[8 * PER_DAY], whole[8 * PER_DAY + 11], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_invert),
        cmocka_unit_test(transforms_agree_with_their_formulas),
        cmocka_unit_test(inverses_stay_in_the_range_of_the_metric),
        cmocka_unit_test(requests_are_traffic_times_step),
        cmocka_unit_test(a_row_without_traffic_has_as_many_requests_as_the_last_one),
        cmocka_unit_test_setup(a_profile_finds_the_median_of_each_half_hour, set_up),
        cmocka_unit_test_setup(thin_buckets_take_the_level, set_up),
        cmocka_unit_test_setup(smoothing_removes_a_single_spike, set_up),
        cmocka_unit_test_setup(without_a_season_every_bucket_is_the_level, set_up),
        cmocka_unit_test_setup(a_profile_of_nothing_is_refused, set_up),
        cmocka_unit_test_setup(residuals_are_what_the_profile_does_not_explain, set_up),
        cmocka_unit_test_setup(a_day_does_not_explain_itself, set_up),
        cmocka_unit_test_setup(
            thirds_of_the_rows_stand_in_for_days_where_there_are_too_few, set_up),
        cmocka_unit_test_setup(profiles_survive_failing_memory, set_up),
        cmocka_unit_test(a_level_follows_the_last_day_and_stays_bounded),
        cmocka_unit_test(outliers_do_not_move_a_level),
        cmocka_unit_test(a_level_depends_on_absolute_time_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
