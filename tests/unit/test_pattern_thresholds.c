/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levels and patterns change exactly at their limits, through yaga_detect_decide. */
#include "patterns_fixture.h"

static enum yaga_level level_at(size_t metric, double percentile)
{
    make();
    put(metric, percentile, 3.0 * shop_usual[metric], 0.01);
    return judge()->level[metric];
}

static void levels_change_just_beyond_their_percentiles(void **state)
{
    (void)state;
    static const struct {
        double at;
        enum yaga_level below, at_it, above;
    } cases[] = {
        {95, YAGA_LEVEL_HIGH, YAGA_LEVEL_HIGH, YAGA_LEVEL_VERY_HIGH},
        {90, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_HIGH},
        {80, YAGA_LEVEL_MODERATE, YAGA_LEVEL_MODERATE, YAGA_LEVEL_ELEVATED},
        {70, YAGA_LEVEL_NORMAL, YAGA_LEVEL_NORMAL, YAGA_LEVEL_MODERATE},
        {10, YAGA_LEVEL_LOW, YAGA_LEVEL_NORMAL, YAGA_LEVEL_NORMAL},
        {5, YAGA_LEVEL_VERY_LOW, YAGA_LEVEL_LOW, YAGA_LEVEL_LOW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(level_at(LATENCY, cases[i].at - 1e-9), cases[i].below);
        assert_int_equal(level_at(LATENCY, cases[i].at), cases[i].at_it);
        assert_int_equal(level_at(LATENCY, cases[i].at + 1e-9), cases[i].above);
    }
    make();
    put(DATABASE, 60.0, 60.0, 0.01);
    for (size_t row = LAST - 1; row <= LAST; row++)
        cell(row, DATABASE)->method = YAGA_METHOD_ACTIVATION;
    assert_int_equal(judge()->level[DATABASE], YAGA_LEVEL_HIGH);
    make();
    cell(LAST, CPU)->value = (double)NAN;
    assert_int_equal(judge()->level[CPU], YAGA_LEVEL_UNKNOWN);
    made.models[CPU].cls = YAGA_CLASS_SPARSE; /* never had it */
    assert_int_equal(judge()->level[CPU], YAGA_LEVEL_NORMAL);
}

static enum yaga_level errors_at(double value, double percentile)
{
    make();
    made.around.error_acceptable = 0.005;
    made.around.error_warning = 0.01;
    made.around.error_critical = 0.02;
    put(ERRORS, percentile, value, 0.01);
    return judge()->level[ERRORS];
}

static void error_levels_respect_the_objective(void **state)
{
    (void)state;
    static const struct {
        double at, percentile;
        enum yaga_level below, at_it;
    } cases[] = {
        {0.005, 99.9, YAGA_LEVEL_NORMAL, YAGA_LEVEL_ELEVATED},
        {0.01, 99.9, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_HIGH},
        {0.02, 99.9, YAGA_LEVEL_HIGH, YAGA_LEVEL_VERY_HIGH},
        {0.02, 60.0, YAGA_LEVEL_NORMAL, YAGA_LEVEL_HIGH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double at = cases[i].at, eps = 1e-9;
        assert_int_equal(errors_at(at - eps, cases[i].percentile), cases[i].below);
        assert_int_equal(errors_at(at, cases[i].percentile), cases[i].at_it);
        assert_int_equal(errors_at(at + eps, cases[i].percentile), cases[i].at_it);
    }
}

static enum yaga_level traffic_at(double ratio, double percentile, double cliff)
{
    make();
    made.around.cliff_ratio = cliff;
    put(TRAFFIC, percentile, ratio * shop_usual[TRAFFIC], 0.01);
    return judge()->level[TRAFFIC];
}

static void traffic_levels_need_a_change_that_matters(void **state)
{
    (void)state;
    double unknown = (double)NAN;
    assert_int_equal(traffic_at(0.5 - 1e-9, 1.0, unknown), YAGA_LEVEL_VERY_LOW);
    assert_int_equal(traffic_at(0.5, 1.0, unknown), YAGA_LEVEL_VERY_LOW);
    assert_int_equal(traffic_at(0.5 + 1e-9, 1.0, unknown), YAGA_LEVEL_LOW);
    assert_int_equal(traffic_at(0.4, 1.0, 0.3), YAGA_LEVEL_LOW);
    assert_int_equal(traffic_at(1.5 - 1e-9, 99.9, unknown), YAGA_LEVEL_ELEVATED);
    assert_int_equal(traffic_at(1.5, 99.9, unknown), YAGA_LEVEL_VERY_HIGH);
    assert_int_equal(traffic_at(1.5 + 1e-9, 99.9, unknown), YAGA_LEVEL_VERY_HIGH);
}

static const char *slow_with_shares(double dependency, double database)
{
    make();
    put_level(LATENCY, YAGA_LEVEL_HIGH);
    put_level(DEPENDENCY, YAGA_LEVEL_HIGH);
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    made.around.dependency_time_share = (struct yaga_reading){dependency, dependency, 0};
    made.around.database_time_share = (struct yaga_reading){database, database, 0};
    return only()->name;
}

static const char *rejecting_clients(double rate, double usual)
{
    make();
    made.around.client_error_rate = (struct yaga_reading){rate, rate, usual};
    return judge()->n_anomalies == 0 ? "" : made.verdict.anomalies[0].name;
}

static enum yaga_severity failing_at(double rate, enum yaga_level level)
{
    make();
    put(ERRORS, percentile_of(level), rate, 0.01);
    return only()->severity;
}

static const char *blamed_with(double confidence)
{
    make_sample(&samples[13]);
    made.around.cascade.confidence = confidence;
    return only()->name;
}

static void numbers_are_compared_as_they_are_written(void **state)
{
    (void)state;
    double eps = 1e-9;
    assert_string_equal(slow_with_shares(0.0, 0.7 - eps), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.0, 0.7), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.0, 0.7 + eps), "database_latency_bottleneck");
    assert_string_equal(slow_with_shares(0.6 - eps, 0.0), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.6, 0.0), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.6 + eps, 0.0), "dependency_latency_cascade");
    assert_string_equal(slow_with_shares(0.3, 0.55), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.3 + eps, 0.55), "latency_compound_bottleneck");
    assert_string_equal(slow_with_shares(0.55, 0.3), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.55, 0.3 + eps), "latency_compound_bottleneck");
    assert_string_equal(slow_with_shares(0.35, 0.35 - eps), "latency_spike_recent");
    assert_string_equal(slow_with_shares(0.35, 0.35 + eps),
                        "latency_compound_bottleneck");
    assert_string_equal(rejecting_clients(0.10 - eps, 0.05), "");
    assert_string_equal(rejecting_clients(0.10, 0.05), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.10 + eps, 0.05), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.2 - eps, 0.1), "");
    assert_string_equal(rejecting_clients(0.2, 0.1), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.2, 0.0), "error_rate_client_errors");
    assert_string_equal(rejecting_clients(0.2, NAN), "");
    assert_int_equal(failing_at(0.10 - eps, YAGA_LEVEL_VERY_HIGH), GRAVE);
    assert_int_equal(failing_at(0.10, YAGA_LEVEL_VERY_HIGH), CRITICAL);
    assert_int_equal(failing_at(0.10, YAGA_LEVEL_HIGH), GRAVE); /* error_rate_elevated */
    assert_int_equal(failing_at(0.10 + eps, YAGA_LEVEL_HIGH), CRITICAL);
    assert_string_equal(blamed_with(0.8 - eps), "application_latency_bottleneck");
    assert_string_equal(blamed_with(0.8), "dependency_chain_degradation:ledger");
}

static void a_reading_is_now_against_the_past(void **state)
{
    (void)state;
    double values[20];
    for (size_t i = 0; i < 20; i++)
        values[i] = 0.01 * (double)i;
    struct yaga_reading r = yaga_reading_make(values, 19, 3, values, 16, 0.5);
    assert_near(r.now, 0.19, 0.0);
    assert_near(r.lasting, 0.17, 1e-12);
    assert_near(r.usual, 0.075, 1e-12);
    assert_near(yaga_reading_make(values, 19, 3, values, 11, 0.5).usual, NAN, 0.0);
    assert_near(yaga_reading_make(values, 19, 3, values, 12, 0.5).usual, 0.055, 1e-12);
    assert_near(yaga_reading_make(values, 1, 3, values, 0, 0.5).lasting, NAN, 0.0);
    values[18] = (double)INFINITY;
    values[3] = -1.0;
    r = yaga_reading_make(values, 19, 2, values, 12, 0.5);
    assert_near(r.now, 0.19, 0.0);
    assert_near(r.lasting, NAN, 0.0);
    assert_near(r.usual, NAN, 0.0); /* eleven are known */
    assert_near(yaga_reading_make(values, 18, 1, values, 0, 0.5).now, NAN, 0.0);
}

/* Answers in half of the time are no signal by themselves. */
static void refused_requests_make_fast_answers_suspicious(void **state)
{
    (void)state;
    struct shop *shop = shop_new(3);
    double refused[3] = {0.0, 0.0, 0.10 - 1e-9};
    for (size_t row = 1; row < 3; row++)
        *shop_at(shop, row, LATENCY) = 40.0;
    shop->params.client_errors = refused;
    shop_decide(shop, &made.verdict);
    assert_int_equal(made.verdict.n_anomalies, 0);
    refused[2] = 0.10;
    shop_decide(shop, &made.verdict);
    assert_string_equal(made.verdict.anomalies[0].name, "application_latency_low");
    shop_free(shop);
}

/* Every night fewer requests: what is usual at the hour is no cliff, though far below the
 * mean. */
static void the_night_minimum_of_a_normal_week_is_no_cliff(void **state)
{
    (void)state;
    struct shop *shop = shop_new(3);
    struct yaga_metric_model *traffic = &shop->models[TRAFFIC];
    traffic->stats.mean = 60.0;
    for (size_t d = 0; d < YAGA_DAY_TYPES; d++)
        for (size_t i = 0; i < YAGA_SLOTS_PER_DAY; i++)
            traffic->profile.bucket[d][i] = log1p(13.0);
    for (size_t row = 0; row < 3; row++)
        *shop_at(shop, row, TRAFFIC) = 12.0;
    shop_decide(shop, &made.verdict);
    assert_int_equal(made.verdict.n_anomalies, 0);
    for (size_t row = 0; row < 3; row++)
        *shop_at(shop, row, TRAFFIC) = 0.5;
    shop_decide(shop, &made.verdict);
    assert_string_equal(made.verdict.anomalies[0].name, "request_rate_cliff");
    shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_change_just_beyond_their_percentiles),
        cmocka_unit_test(error_levels_respect_the_objective),
        cmocka_unit_test(traffic_levels_need_a_change_that_matters),
        cmocka_unit_test(numbers_are_compared_as_they_are_written),
        cmocka_unit_test(a_reading_is_now_against_the_past),
        cmocka_unit_test(refused_requests_make_fast_answers_suspicious),
        cmocka_unit_test(the_night_minimum_of_a_normal_week_is_no_cliff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
