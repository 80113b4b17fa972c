/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values against the limits of the objectives. */
#include "slo_fixture.h"

#include <stdio.h>

static struct slo_case c;

static enum yaga_slo_status status_of(enum yaga_slo_dimension dimension)
{
    yaga_slo_evaluate(&c.params, &c.objectives, &c.view, &c.e);
    return c.e.dimensions[dimension].status;
}

static void each_limit_of_latency_is_reached_at_its_value(void **state)
{
    (void)state;
    static const struct {
        double value;
        enum yaga_slo_status status;
    } cases[] = {
        {0, YAGA_SLO_OK},
        {499.999, YAGA_SLO_OK},
        {500, YAGA_SLO_APPROACHING},
        {500.001, YAGA_SLO_APPROACHING},
        {799.999, YAGA_SLO_APPROACHING},
        {800, YAGA_SLO_WARNING},
        {800.001, YAGA_SLO_WARNING},
        {999.999, YAGA_SLO_WARNING},
        {1000, YAGA_SLO_BREACHED},
        {1000.001, YAGA_SLO_BREACHED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slo_begin(&c);
        slo_set(&c, NOW, LATENCY, cases[i].value);
        assert_int_equal(status_of(YAGA_SLO_LATENCY), cases[i].status);
        assert_near(c.e.dimensions[YAGA_SLO_LATENCY].proximity, cases[i].value / 1000,
                    1e-12);
    }
    slo_set(&c, NOW, LATENCY, (double)NAN);
    assert_int_equal(status_of(YAGA_SLO_LATENCY), YAGA_SLO_OK);
    assert_false(c.e.dimensions[YAGA_SLO_LATENCY].known);
    assert_near(c.e.dimensions[YAGA_SLO_LATENCY].proximity, 0, 0);
}

static void
each_limit_of_errors_is_reached_at_its_value_when_there_are_enough(void **state)
{
    (void)state;
    static const struct {
        double value;
        enum yaga_slo_status status;
    } cases[] = {
        {0.00499, YAGA_SLO_OK},          {0.005, YAGA_SLO_APPROACHING},
        {0.00501, YAGA_SLO_APPROACHING}, {0.00999, YAGA_SLO_APPROACHING},
        {0.01, YAGA_SLO_WARNING},        {0.01001, YAGA_SLO_WARNING},
        {0.01999, YAGA_SLO_WARNING},     {0.02, YAGA_SLO_BREACHED},
        {0.02001, YAGA_SLO_BREACHED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slo_begin(&c);
        slo_set(&c, 0, TRAFFIC, 1000);
        slo_set(&c, NOW, ERRORS, cases[i].value);
        assert_int_equal(status_of(YAGA_SLO_ERRORS), cases[i].status);
    }
}

/* 12 requests at 0.04 a second. */
static void few_requests_prove_little(void **state)
{
    (void)state;
    static const struct {
        double rate, ratio;
        enum yaga_slo_status status;
    } cases[] = {
        {0.04, 1.0 / 12, YAGA_SLO_APPROACHING}, /* one failed */
        {0.04, 11.0 / 12, YAGA_SLO_APPROACHING},
        {0.04, 1.0, YAGA_SLO_BREACHED},         /* all of them */
        {4.0 / 300, 1.0, YAGA_SLO_APPROACHING}, /* all four */
        {5.0 / 300, 1.0, YAGA_SLO_BREACHED},
        {19.0 / 300, 10.0 / 19, YAGA_SLO_APPROACHING},
        {20.0 / 300, 10.0 / 20, YAGA_SLO_BREACHED},
        {100.0 / 300, 0.02, YAGA_SLO_WARNING},      /* 2 of 100: at least 0.0066 */
        {(double)NAN, 1.0 / 12, YAGA_SLO_BREACHED}, /* nobody knows of how many */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slo_begin(&c);
        slo_set(&c, 0, TRAFFIC, cases[i].rate);
        slo_set(&c, NOW, ERRORS, cases[i].ratio);
        if (status_of(YAGA_SLO_ERRORS) != cases[i].status)
            fail_msg("case %zu: %s", i,
                     yaga_slo_status_name(c.e.dimensions[YAGA_SLO_ERRORS].status));
    }
    slo_begin(&c);
    slo_set(&c, 0, TRAFFIC, 100.0 / 300);
    slo_set(&c, NOW, ERRORS, 0.10);
    (void)status_of(YAGA_SLO_ERRORS);
    /* by hand: (0.1 + 0.01353 - 1.645 sqrt(0.0009 + 0.0000676506)) / 1.02706025 */
    assert_near(c.e.errors_lower_bound, 0.0607144, 1e-5);
}

static void database_time_is_compared_with_what_is_usual(void **state)
{
    (void)state;
    static const struct {
        double value, expected;
        enum yaga_slo_grade grade;
    } cases[] = {
        {8, 8, YAGA_GRADE_OK},           {0.99, 0.1, YAGA_GRADE_OK},
        {1.0, 0.1, YAGA_GRADE_CRITICAL}, {14.99, 10, YAGA_GRADE_OK},
        {15, 10, YAGA_GRADE_INFO},       {19.99, 10, YAGA_GRADE_INFO},
        {20, 10, YAGA_GRADE_WARNING},    {29.99, 10, YAGA_GRADE_WARNING},
        {30, 10, YAGA_GRADE_HIGH},       {49.99, 10, YAGA_GRADE_HIGH},
        {50, 10, YAGA_GRADE_CRITICAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slo_begin(&c);
        slo_set(&c, NOW, DATABASE, cases[i].value);
        slo_expect(&c, DATABASE, cases[i].expected);
        (void)status_of(YAGA_SLO_DATABASE);
        if (c.e.database != cases[i].grade)
            fail_msg("%g of %g: %s", cases[i].value, cases[i].expected,
                     yaga_slo_grade_name(c.e.database));
        assert_int_equal(c.e.database_below_floor, cases[i].value < 1.0);
    }
    /* without a model: nothing is known to be slow */
    slo_begin(&c);
    c.view.grid = NULL;
    slo_set(&c, NOW, DATABASE, 500);
    (void)status_of(YAGA_SLO_DATABASE);
    assert_int_equal(c.e.database, YAGA_GRADE_INFO);
    assert_true(isnan(c.e.database_ratio));
    slo_set(&c, NOW, DATABASE, 0);
    (void)status_of(YAGA_SLO_DATABASE);
    assert_false(c.e.dimensions[YAGA_SLO_DATABASE].known);
}

static void a_small_share_of_a_fast_answer_counts_one_step_less(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, NOW, DATABASE, 30);
    slo_expect(&c, DATABASE, 10);
    c.view.database_share = 0.3;
    assert_int_equal(status_of(YAGA_SLO_DATABASE), YAGA_SLO_BREACHED);
    c.view.database_share = 0.29;
    assert_int_equal(status_of(YAGA_SLO_DATABASE), YAGA_SLO_WARNING);
    slo_set(&c, NOW, LATENCY, 500);
    assert_int_equal(status_of(YAGA_SLO_DATABASE), YAGA_SLO_BREACHED);
    slo_set(&c, NOW, LATENCY, 120);
    c.view.database_share = (double)NAN; /* 30 of the usual 120 */
    assert_int_equal(status_of(YAGA_SLO_DATABASE), YAGA_SLO_WARNING);
    slo_expect(&c, LATENCY, 90);
    assert_int_equal(status_of(YAGA_SLO_DATABASE), YAGA_SLO_BREACHED);
}

static enum yaga_traffic_type traffic(double rate, double expected)
{
    slo_set(&c, NOW, TRAFFIC, rate);
    slo_expect(&c, TRAFFIC, expected);
    yaga_slo_evaluate(&c.params, &c.objectives, &c.view, &c.e);
    return c.e.traffic;
}

static void surge_and_cliff_begin_at_their_ratios(void **state)
{
    (void)state;
    slo_begin(&c);
    assert_int_equal(traffic(199.9, 100), YAGA_TRAFFIC_NORMAL);
    assert_int_equal(traffic(200, 100), YAGA_TRAFFIC_SURGE);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_LOW);
    assert_int_equal(traffic(50.1, 100), YAGA_TRAFFIC_NORMAL);
    assert_int_equal(traffic(50, 100), YAGA_TRAFFIC_CLIFF);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_HIGH); /* business hours */
    c.view.period = YAGA_NIGHT_HOURS;
    assert_int_equal(traffic(50, 100), YAGA_TRAFFIC_CLIFF);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_MEDIUM);
    c.view.callers_fail = true;
    assert_int_equal(traffic(50, 100), YAGA_TRAFFIC_CLIFF);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_CRITICAL);
    slo_set(&c, NOW, LATENCY, 800);
    (void)traffic(200, 100);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_MEDIUM);
    slo_set(&c, NOW, ERRORS, 0.015);
    (void)traffic(200, 100);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_HIGH);
    c.objectives.traffic_enabled = false;
    assert_int_equal(traffic(200, 100), YAGA_TRAFFIC_NORMAL);
}

static void total_loss_is_a_cliff_on_a_weekday_and_at_night(void **state)
{
    (void)state;
    slo_begin(&c);
    assert_int_equal(traffic(0, 100), YAGA_TRAFFIC_CLIFF);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_CRITICAL);
    c.view.period = YAGA_NIGHT_HOURS;
    assert_int_equal(traffic(0, 3), YAGA_TRAFFIC_CLIFF);
    assert_int_equal(c.e.traffic_severity, YAGA_SEVERITY_HIGH);
    assert_int_equal(traffic(0, 1.0), YAGA_TRAFFIC_CLIFF);
    assert_int_equal(traffic(0, 0.99), YAGA_TRAFFIC_LOW); /* below min_traffic_rps */
    assert_int_equal(traffic(0, 0), YAGA_TRAFFIC_NONE);
    assert_int_equal(traffic(0, (double)NAN), YAGA_TRAFFIC_NONE);
    /* the night minimum: 12 where 13 is usual, whatever the mean of the night */
    assert_int_equal(traffic(12, 13), YAGA_TRAFFIC_NORMAL);
}

/* 100, then down by a tenth every step: below half of what was usual, and no cliff. */
static void what_comes_down_slowly_is_no_cliff(void **state)
{
    (void)state;
    slo_begin(&c);
    double rate = 100;
    for (size_t t = FIRST_ROW; t < N_ROWS; t++, rate *= 0.93)
        slo_set(&c, t, TRAFFIC, rate);
    double last = c.values[NOW * N_METRICS + TRAFFIC];
    assert_true(last < 50 && last > 40);
    yaga_slo_evaluate(&c.params, &c.objectives, &c.view, &c.e);
    assert_int_equal(c.e.traffic, YAGA_TRAFFIC_NORMAL);
    /* down for as long as the window is: nobody asks any more how it came */
    slo_set(&c, FIRST_ROW, TRAFFIC, 45);
    yaga_slo_evaluate(&c.params, &c.objectives, &c.view, &c.e);
    assert_int_equal(c.e.traffic, YAGA_TRAFFIC_CLIFF);
}

static void low_traffic_has_its_limit_in_every_period(void **state)
{
    (void)state;
    static const double limits[] = {5, 2, 0.5, 2, 0.2};
    for (unsigned p = YAGA_BUSINESS_HOURS; p <= YAGA_WEEKEND_NIGHT; p++) {
        slo_begin(&c);
        c.view.period = (enum yaga_period)p;
        assert_int_equal(traffic(limits[p], limits[p]), YAGA_TRAFFIC_NORMAL);
        assert_int_equal(traffic(limits[p] * 0.99, limits[p]), YAGA_TRAFFIC_LOW);
        assert_int_equal(c.e.traffic_grade, YAGA_GRADE_INFO);
    }
}

static void a_busy_period_widens_limits_and_nothing_else(void **state)
{
    (void)state;
    slo_begin(&c);
    c.objectives.error_rate_floor = 0.002;
    c.objectives.cliff_alone = YAGA_SEVERITY_CRITICAL;
    c.view.is_busy = true;
    slo_set(&c, NOW, LATENCY, 749);
    assert_int_equal(status_of(YAGA_SLO_LATENCY), YAGA_SLO_OK);
    slo_set(&c, NOW, LATENCY, 750);
    assert_int_equal(status_of(YAGA_SLO_LATENCY), YAGA_SLO_APPROACHING);
    assert_near(c.e.limits.error_rate[2], 0.03, 1e-12);
    assert_near(c.e.limits.database_floor_ms, 1.5, 1e-12);
    struct yaga_slo_objectives back = c.e.limits;
    assert_true(isnan(back.error_budget));
    back.error_budget = c.objectives.error_budget = 0;
    memcpy(back.latency_ms, c.objectives.latency_ms, sizeof back.latency_ms);
    memcpy(back.error_rate, c.objectives.error_rate, sizeof back.error_rate);
    back.database_floor_ms = c.objectives.database_floor_ms;
    assert_memory_equal(&back, &c.objectives, sizeof back);
    /* caps, and a limit above its cap is not made stricter */
    struct yaga_slo_objectives wide = {.error_rate = {0.08, 0.12, 0.5}, .busy_factor = 2};
    yaga_slo_relax(&wide);
    assert_near(wide.error_rate[0], 0.10, 1e-12);
    assert_near(wide.error_rate[1], 0.15, 1e-12);
    assert_near(wide.error_rate[2], 0.5, 1e-12);
}

static void a_service_without_roles_has_no_objectives(void **state)
{
    (void)state;
    slo_begin(&c);
    for (size_t m = 0; m < N_METRICS; m++)
        c.metrics[m].role = YAGA_ROLE_NONE;
    slo_set(&c, 0, LATENCY, 1e5);
    slo_anomaly(&c, LATENCY, YAGA_HIGH, YAGA_SEVERITY_CRITICAL);
    slo_run(&c);
    assert_false(c.e.has_objectives);
    assert_int_equal(c.e.status, YAGA_SLO_OK);
    assert_int_equal(c.verdict.severity, YAGA_SEVERITY_CRITICAL);
    assert_int_equal(c.verdict.n_anomalies, 1);
    assert_non_null(strstr(c.e.explanation, "No metric has a role"));
}

static void errors_of_a_caller_are_asked_alone(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, NOW, ERRORS, 0.0099);
    assert_false(yaga_slo_errors_warn(&c.objectives, &c.view));
    slo_set(&c, NOW, ERRORS, 0.01);
    assert_true(yaga_slo_errors_warn(&c.objectives, &c.view));
    c.view.is_busy = true;
    assert_false(yaga_slo_errors_warn(&c.objectives, &c.view));
    c.metrics[ERRORS].role = YAGA_ROLE_NONE;
    assert_false(yaga_slo_errors_warn(&c.objectives, &c.view));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_of_latency_is_reached_at_its_value),
        cmocka_unit_test(
            each_limit_of_errors_is_reached_at_its_value_when_there_are_enough),
        cmocka_unit_test(few_requests_prove_little),
        cmocka_unit_test(database_time_is_compared_with_what_is_usual),
        cmocka_unit_test(a_small_share_of_a_fast_answer_counts_one_step_less),
        cmocka_unit_test(surge_and_cliff_begin_at_their_ratios),
        cmocka_unit_test(total_loss_is_a_cliff_on_a_weekday_and_at_night),
        cmocka_unit_test(what_comes_down_slowly_is_no_cliff),
        cmocka_unit_test(low_traffic_has_its_limit_in_every_period),
        cmocka_unit_test(a_busy_period_widens_limits_and_nothing_else),
        cmocka_unit_test(a_service_without_roles_has_no_objectives),
        cmocka_unit_test(errors_of_a_caller_are_asked_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
