/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What climbs slowly, and what only seems to. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/detect/history.h"
#include "yaga/detect/trend.h"
#include "yaga/numeric/rng.h"
#include "yaga/numeric/trend.h"

enum { STEP = 300, HOUR = 12, ROWS = 26 * HOUR };

static const int64_t T0 = 1772496000;
static const struct yaga_trend_params usual = {.hours = 24, .min_rise = 0.20};

struct rows {
    double value[ROWS], x[ROWS];
    size_t n;
};

static struct yaga_rise look_with(const struct yaga_trend_params *params,
                                  const struct rows *rows,
                                  bool relative,
                                  double critical)
{
    struct yaga_rise rise;
    struct yaga_error err;
    struct yaga_trend_view view = {.start_s = T0,
                                   .step_s = STEP,
                                   .n_rows = rows->n,
                                   .value = rows->value,
                                   .x = rows->x,
                                   .excess = rows->x,
                                   .is_relative = relative,
                                   .critical = critical};
    assert_ok(yaga_trend_look(params, &view, &rise, &err), &err);
    return rise;
}

/* 100 ms with 8 % of noise a row, times what is said for the row. */
static void
draw(struct rows *rows, uint64_t seed, double (*factor)(size_t row), double noise)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    rows->n = ROWS;
    for (size_t t = 0; t < ROWS; t++) {
        rows->value[t] = 100.0 * factor(t) * exp(noise * yaga_rng_normal(&rng));
        rows->x[t] = log(rows->value[t] / 100.0);
    }
}

static double flat(size_t row)
{
    (void)row;
    return 1.0;
}

/* By 2 % an hour. */
static double climbing(size_t row)
{
    return 1.0 + 0.02 * (double)row / HOUR;
}

/* What climbs, but is still too little to matter. */
static void below_the_floor_nothing_is_told(void **state)
{
    (void)state;
    static struct rows rows;
    struct yaga_trend_params params = {.hours = 24, .min_rise = 0.2};
    struct yaga_error err;
    draw(&rows, 3, climbing, 0.08);
    struct yaga_trend_view view = {.start_s = T0,
                                   .step_s = STEP,
                                   .n_rows = rows.n,
                                   .value = rows.value,
                                   .x = rows.x,
                                   .excess = rows.x,
                                   .is_relative = true,
                                   .critical = (double)NAN};
    for (int i = 0; i < 3; i++) {
        struct yaga_rise rise;
        const double floors[] = {(double)NAN, 100, 200};
        view.floor = floors[i];
        assert_ok(yaga_trend_look(&params, &view, &rise, &err), &err);
        assert_true(rise.is_set == (i < 2));
    }
}

static double falling(size_t row)
{
    return 1.6 - 0.02 * (double)row / HOUR;
}

/* By a half in the middle of the window. */
static double stepping(size_t row)
{
    return row < 14 * HOUR ? 1.0 : 1.5;
}

/* An outage of the last two hours. */
static double spiking(size_t row)
{
    return row < 24 * HOUR ? 1.0 : 5.0;
}

static void a_climb_is_found_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        double (*factor)(size_t row);
        bool found;
    } cases[] = {{flat, false},
                 {climbing, true},
                 {falling, false},
                 {stepping, false},
                 {spiking, false}};
    struct rows rows;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint64_t seed = 1; seed <= 50; seed++) {
            draw(&rows, seed, cases[i].factor, 0.08);
            struct yaga_rise rise = look_with(&usual, &rows, true, (double)NAN);
            if (rise.is_set != cases[i].found)
                fail_msg("case %zu, seed %d: rise %g, p %g", i, (int)seed, rise.rise,
                         rise.p);
            if (!rise.is_set)
                continue;
            assert_true(rise.rise > 0.25 && rise.rise < 0.75);
            assert_int_equal(rise.n_hours, 24);
            assert_int_equal(rise.since_s, T0 + 2 * 3600);
            assert_true(isnan(rise.hours_left));
        }
    }
}

/* 1.5 times as much now, 2 % of the first value an hour: the log climbs by 1.3 to 2 %. */
static void the_way_to_the_limit_is_told(void **state)
{
    (void)state;
    static const struct {
        double critical, from, to;
    } cases[] = {{100, 0, 0}, {170, 3, 12}, {500, NAN, NAN}, {NAN, NAN, NAN}};
    struct rows rows;
    draw(&rows, 3, climbing, 0.02);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_rise rise = look_with(&usual, &rows, true, cases[i].critical);
        assert_true(rise.is_set);
        if (isnan(cases[i].from))
            assert_true(isnan(rise.hours_left));
        else
            assert_true(rise.hours_left >= cases[i].from &&
                        rise.hours_left <= cases[i].to);
    }
}

static void the_answer_changes_at_full_hours_only(void **state)
{
    (void)state;
    struct rows rows;
    draw(&rows, 4, climbing, 0.05);
    size_t n_changes = 0;
    double before = 0.0;
    for (rows.n = 25 * HOUR - 1; rows.n <= ROWS; rows.n++) {
        struct yaga_rise rise = look_with(&usual, &rows, true, (double)NAN);
        bool changed = fabs(rise.rise - before) > 0.0;
        if (changed && rows.n > 25 * HOUR - 1)
            assert_int_equal(rows.n % HOUR, 0); /* the last row of an hour has come */
        n_changes += changed;
        before = rise.rise;
    }
    assert_int_equal(n_changes, 3);
}

static void what_is_over_climbs_no_more(void **state)
{
    (void)state;
    struct rows rows;
    draw(&rows, 4, climbing, 0.01);
    rows.n = ROWS - 1;                          /* within an hour */
    double top = rows.x[ROWS - 2], rise = 0.36; /* of the last day */
    static const struct {
        double down; /* share of the rise that the last rows have come down by */
        size_t rows;
        bool is_set;
    } cases[] = {{0.4, 3, true}, {0.7, 3, false}, {0.7, 1, true}, {2.0, 1, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rows now = rows;
        for (size_t k = 0; k < cases[i].rows; k++)
            now.x[now.n - 1 - k] = top - cases[i].down * rise;
        assert_int_equal(look_with(&usual, &now, true, (double)NAN).is_set,
                         cases[i].is_set);
    }
}

static void twelve_hours_and_an_end_above_the_usual_are_needed(void **state)
{
    (void)state;
    struct rows rows;
    for (size_t known = 10; known <= 14; known++) {
        draw(&rows, 5, climbing, 0.02);
        for (size_t t = 0; t < ROWS - known * HOUR; t++)
            rows.x[t] = rows.value[t] = (double)NAN;
        struct yaga_trend_params params = {.hours = 24, .min_rise = 0.05};
        assert_int_equal(look_with(&params, &rows, true, (double)NAN).is_set,
                         known >= 12);
    }
    draw(&rows, 5, climbing, 0.02);
    for (size_t t = 0; t < ROWS; t++)
        rows.x[t] -= 1.0; /* it comes back from below */
    assert_false(look_with(&usual, &rows, true, (double)NAN).is_set);
    rows.n = 0;
    assert_false(look_with(&usual, &rows, true, (double)NAN).is_set);
}

static void the_settings_decide(void **state)
{
    (void)state;
    struct rows rows;
    draw(&rows, 6, climbing, 0.02);
    struct yaga_trend_params params = usual;
    for (params.min_rise = 0.1; params.min_rise < 1.0; params.min_rise += 0.1)
        assert_int_equal(look_with(&params, &rows, true, (double)NAN).is_set,
                         params.min_rise < 0.45);
    params.min_rise = 0.1;
    params.hours = 12;
    assert_int_equal(look_with(&params, &rows, true, (double)NAN).n_hours, 12);
    /* ratios: by 0.001, whatever min_rise says */
    struct yaga_rng rng;
    yaga_rng_init(&rng, 1);
    for (size_t t = 0; t < ROWS; t++)
        rows.x[t] = rows.value[t] =
            0.01 + 0.0015 * (double)t / ROWS + 1e-4 * yaga_rng_normal(&rng);
    params = (struct yaga_trend_params){.hours = 24, .min_rise = 100.0};
    assert_true(look_with(&params, &rows, false, (double)NAN).is_set);
    for (size_t t = 0; t < ROWS; t++)
        rows.x[t] = rows.value[t] =
            0.01 + 0.0009 * (double)t / ROWS + 1e-4 * yaga_rng_normal(&rng);
    assert_false(look_with(&params, &rows, false, (double)NAN).is_set);
}

/* 24 hours of an AR(1) process; 10,000 days of each. Shares of days that seem to rise:
 * 0.0023, 0.0105, 0.030 and 0.049 of 20,000 with another seed; the limits are about five
 * standard errors above. Without the correction a random walk rises on 29 % of the
 * days. */
static void what_wanders_seldom_seems_to_climb(void **state)
{
    (void)state;
    static const struct {
        double rho, most;
    } cases[] = {{0.0, 0.006}, {0.5, 0.017}, {0.9, 0.040}, {1.0, 0.061}};
    enum { N = 24, DAYS = 10000 };
    double at[N], x[N], scratch[N * (N + 1) / 2];
    for (size_t i = 0; i < 4; i++) {
        struct yaga_rng rng;
        size_t found = 0;
        double rho = cases[i].rho;
        yaga_rng_init(&rng, 100 + i);
        for (size_t day = 0; day < DAYS; day++) {
            double v = rho < 1.0 ? yaga_rng_normal(&rng) / sqrt(1.0 - rho * rho) : 0.0;
            for (size_t t = 0; t < N; t++) {
                at[t] = (double)t;
                x[t] = v;
                v = rho * v + yaga_rng_normal(&rng);
            }
            struct yaga_trend trend = yaga_mann_kendall_correlated(at, x, N, scratch);
            found += trend.p < 0.01 && trend.slope > 0.0;
            if (day < 100) { /* never surer than the plain test */
                struct yaga_trend plain = yaga_mann_kendall(x, N, scratch);
                assert_true(trend.p >= plain.p);
                assert_near(trend.slope, plain.slope, 1e-12);
            }
        }
        if ((double)found > cases[i].most * DAYS)
            fail_msg("rho %g: %zu of %d days", rho, found, DAYS);
    }
}

static void slopes_are_per_unit_of_time(void **state)
{
    (void)state;
    double at[10], x[10], scratch[55];
    for (size_t i = 0; i < 10; i++) {
        at[i] = (double)(i * i);
        x[i] = 3.0 * at[i];
    }
    struct yaga_trend trend = yaga_mann_kendall_correlated(at, x, 10, scratch);
    assert_near(trend.slope, 3.0, 1e-12);
    assert_true(trend.p < 0.001);
    assert_near(yaga_mann_kendall_correlated(at, x, 7, scratch).p, 1.0, 0);
}

/* ---- in a verdict ---- */

static const struct yaga_metric metrics[] = {
    {.name = "application_latency", .role = YAGA_ROLE_LATENCY},
    {.name = "error_rate", .role = YAGA_ROLE_ERRORS},
    {.name = "request_rate", .role = YAGA_ROLE_TRAFFIC},
};

static struct yaga_verdict *verdict_with(const char *family, int signal)
{
    struct yaga_verdict *v = calloc(1, sizeof *v);
    assert_non_null(v);
    v->found.n_metrics = 3;
    if (family == NULL)
        return v;
    v->n_anomalies = 1;
    v->severity = v->anomalies[0].severity = YAGA_SEVERITY_LOW;
    (void)snprintf(v->anomalies[0].family, sizeof v->anomalies[0].family, "%s", family);
    v->anomalies[0].n_signals = signal >= 0;
    v->anomalies[0].signals[0].metric = signal >= 0 ? (size_t)signal : 0;
    return v;
}

static void a_trend_is_an_anomaly_or_a_note_to_one(void **state)
{
    (void)state;
    static const struct {
        const char *family;
        int signal;
        size_t n;
    } cases[] = {{NULL, -1, 1},
                 {"latency", 0, 1},
                 {"dependency", 0, 1},
                 {"traffic", 2, 2},
                 {"other", -1, 2}};
    const struct yaga_rise rise = {.is_set = true,
                                   .is_relative = true,
                                   .rise = 0.374,
                                   .n_hours = 22,
                                   .hours_left = (double)NAN};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_verdict *v = verdict_with(cases[i].family, cases[i].signal);
        yaga_history_add_rises(metrics, &rise, 1, v);
        assert_int_equal(v->n_anomalies, cases[i].n);
        const struct yaga_anomaly *last = &v->anomalies[v->n_anomalies - 1];
        assert_true(last->rise.is_set);
        bool own = cases[i].family == NULL || cases[i].n == 2;
        assert_int_equal(last->from_history, own);
        assert_int_equal(v->severity, own ? YAGA_SEVERITY_MEDIUM : YAGA_SEVERITY_LOW);
        if (own) {
            assert_string_equal(last->name, "application_latency_trend_degrading");
            assert_string_equal(last->family, "latency");
            assert_true(last->own_severity);
            assert_string_equal(last->description,
                                "application_latency has climbed by 37 % over 22 hours, "
                                "the time of the day left out");
        }
        free(v);
    }
}

static void the_graver_of_two_trends_is_told(void **state)
{
    (void)state;
    struct yaga_rise rises[2] = {
        {.is_set = true,
         .is_relative = true,
         .rise = 0.3,
         .n_hours = 24,
         .hours_left = (double)NAN},
        {.is_set = true, .metric = 1, .rise = 0.0042, .n_hours = 24, .hours_left = 6.3}};
    struct yaga_verdict *v = verdict_with(NULL, -1);
    yaga_history_add_rises(metrics, rises, 2, v);
    assert_int_equal(v->n_anomalies, 1);
    assert_string_equal(v->anomalies[0].name, "error_rate_trend_degrading");
    assert_int_equal(v->severity, YAGA_SEVERITY_HIGH);
    assert_string_equal(
        v->anomalies[0].description,
        "error_rate has climbed by 0.42 percentage points over 24 hours, "
        "the time of the day left out; at this pace its critical limit is "
        "reached in 7 h");
    free(v);
    rises[1].hours_left = (double)NAN;
    v = verdict_with(NULL, -1);
    yaga_history_add_rises(metrics, rises, 2, v);
    assert_string_equal(v->anomalies[0].name, "application_latency_trend_degrading");
    free(v);
    rises[0].is_set = rises[1].is_set = false;
    v = verdict_with(NULL, -1);
    yaga_history_add_rises(metrics, rises, 2, v);
    assert_int_equal(v->n_anomalies, 0);
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_the_floor_nothing_is_told),
        cmocka_unit_test(a_climb_is_found_and_nothing_else),
        cmocka_unit_test(the_way_to_the_limit_is_told),
        cmocka_unit_test(the_answer_changes_at_full_hours_only),
        cmocka_unit_test(what_is_over_climbs_no_more),
        cmocka_unit_test(twelve_hours_and_an_end_above_the_usual_are_needed),
        cmocka_unit_test(the_settings_decide),
        cmocka_unit_test(what_wanders_seldom_seems_to_climb),
        cmocka_unit_test(slopes_are_per_unit_of_time),
        cmocka_unit_test(a_trend_is_an_anomaly_or_a_note_to_one),
        cmocka_unit_test(the_graver_of_two_trends_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
