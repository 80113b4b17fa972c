/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Severity and confidence of patterns, through yaga_detect_decide. */
#include "patterns_fixture.h"

static void what_is_rare_raises_a_pattern_unless_it_is_locked(void **state)
{
    (void)state;
    static const struct {
        size_t metric;
        double p;
        enum yaga_severity want;
    } cases[] = {
        {DATABASE, 0.01, MEDIUM},
        {DATABASE, 2e-4, MEDIUM},
        {DATABASE, 3e-5, CRITICAL},
        {TRAFFIC, 3e-5, YAGA_SEVERITY_LOW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make();
        put(cases[i].metric, 99.9, 3.0 * shop_usual[cases[i].metric], cases[i].p);
        made.models[TRAFFIC].stats.p99 = 1.0;
        const struct yaga_anomaly *a = only();
        assert_int_equal(a->severity, cases[i].want);
        assert_int_equal(a->n_adjustments, cases[i].want == CRITICAL);
        assert_near(a->severity_confidence, a->n_adjustments > 0 ? 0.8 : 0.9, 0.0);
    }
}

static void traffic_beyond_the_training_raises_what_is_slow(void **state)
{
    (void)state;
    make();
    put_level(TRAFFIC, YAGA_LEVEL_HIGH);
    put_level(LATENCY, YAGA_LEVEL_HIGH);
    made.models[TRAFFIC].stats.p99 = 300.0;
    assert_int_equal(only()->severity, GRAVE); /* not above */
    made.models[TRAFFIC].stats.p99 = 299.9;
    const struct yaga_anomaly *a = only();
    assert_int_equal(a->severity, CRITICAL);
    assert_int_equal(a->n_adjustments, 1);
    assert_non_null(strstr(a->adjustments[0], "high to critical: traffic"));
}

static void nights_and_weekends_lower_only_when_asked(void **state)
{
    (void)state;
    static const struct {
        int64_t hours; /* from Tuesday 10:00 */
        bool off;
    } cases[] = {{0, false},  {11, false}, {12, true},  {19, true},  {20, false},
                 {72, false}, {96, true},  {120, true}, {144, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int asked = 0; asked < 2; asked++) {
            make();
            put_level(DATABASE, YAGA_LEVEL_HIGH);
            made.frame.start_s += cases[i].hours * 3600;
            made.params.off_hours_downgrade = asked;
            assert_int_equal(only()->severity,
                             asked && cases[i].off ? YAGA_SEVERITY_LOW : MEDIUM);
        }
    }
    make_sample(&samples[7]); /* a cliff stays critical */
    made.frame.start_s += 12 * 3600;
    made.params.off_hours_downgrade = true;
    assert_int_equal(only()->severity, CRITICAL);
}

static void a_slower_database_makes_nothing_milder(void **state)
{
    (void)state;
    make_sample(&samples[22]);
    assert_string_equal(only()->name, "application_latency_degraded");
    *cell(LAST, DEPENDENCY) = ordinary(40.0);
    assert_string_equal(only()->name, "application_latency_bottleneck");
    assert_int_equal(only()->severity, GRAVE);
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    const struct yaga_anomaly *a = only();
    assert_string_equal(a->name, "application_latency_degraded");
    assert_int_equal(a->severity, GRAVE);
    assert_string_equal(
        a->adjustments[0],
        "medium to high: a part of it alone is application_latency_bottleneck");
}

static void grave_signals_of_other_families_are_told(void **state)
{
    (void)state;
    make();
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    put(CPU, 99.9, 6.0, 1e-4);
    const struct yaga_anomaly *a = only();
    assert_string_equal(a->name, "database_latency_degraded");
    assert_true(a->also_affected[CPU]);
    assert_false(a->also_affected[DATABASE]);
    assert_int_equal(a->severity, GRAVE); /* as CPU alone */
    assert_string_equal(made.metrics[a->root_metric].name, "database_latency");
    put(CPU, 99.9, 6.0, 0.01);
    assert_false(only()->also_affected[CPU]);
}

static void harmless_is_not_said_of_what_hides_something_grave(void **state)
{
    (void)state;
    make();
    put_level(TRAFFIC, YAGA_LEVEL_HIGH);
    put(CPU, 99.9, 6.0, 0.01);
    assert_string_equal(only()->name, "request_rate_surge_healthy");
    assert_true(only()->locked);
    put(CPU, 99.9, 6.0, 1e-4);
    assert_string_equal(only()->name, "request_rate_high");
    assert_int_equal(only()->severity, GRAVE);
}

static void confidence_counts_signals_and_grave_ones(void **state)
{
    (void)state;
    make();
    put(DATABASE, 99.9, 60.0, 0.01);
    assert_near(only()->confidence, 0.70, 1e-12); /* 0.50 + 0.15 + 0.05 sustained */
    put(DATABASE, 99.9, 60.0, 1e-4);
    assert_near(only()->confidence, 0.80, 1e-12);
    made.p_mv[LAST] = 0.01;
    assert_near(only()->confidence, 0.90, 1e-12);
    *cell(LAST - 1, DATABASE) = ordinary(20.0);
    cell(LAST, DATABASE)->p = 1e-5;
    assert_near(only()->confidence, 0.75, 1e-12);
    made.p_mv[LAST] = 1.0;
    put(CPU, 99.9, 6.0, 0.01);
    put(DEPENDENCY, 99.9, 120.0, 0.01);
    assert_near(only()->confidence, 0.95, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_rare_raises_a_pattern_unless_it_is_locked),
        cmocka_unit_test(traffic_beyond_the_training_raises_what_is_slow),
        cmocka_unit_test(nights_and_weekends_lower_only_when_asked),
        cmocka_unit_test(a_slower_database_makes_nothing_milder),
        cmocka_unit_test(grave_signals_of_other_families_are_told),
        cmocka_unit_test(harmless_is_not_said_of_what_hides_something_grave),
        cmocka_unit_test(confidence_counts_signals_and_grave_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
