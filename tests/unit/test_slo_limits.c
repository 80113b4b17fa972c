/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service that no model judges: the limits of its objectives stand for what is unusual.
 */
#include "slo_fixture.h"

#include "yaga/numeric/rng.h"

static struct slo_case c;
static struct yaga_detect_params params;
static struct yaga_circumstances around;

static void begin(void)
{
    slo_begin(&c);
    c.view.grid = NULL;
    c.view.usual = NULL;
    c.verdict.alpha = YAGA_ALPHA_DEFAULT;
    yaga_detect_params_init(&params, STEP_S);
    yaga_circumstances_init(&around);
    around.error_acceptable = c.objectives.error_rate[YAGA_SLO_ACCEPTABLE];
    around.error_warning = c.objectives.error_rate[YAGA_SLO_AT_WARNING];
    around.error_critical = c.objectives.error_rate[YAGA_SLO_CRITICAL];
}

/* What a cycle does without a model. */
static const struct yaga_verdict *judge(void)
{
    memset(&c.verdict.found, 0xa5, sizeof c.verdict.found);
    yaga_slo_evaluate(&c.params, &c.objectives, &c.view, &c.e);
    yaga_slo_find(&c.params, &c.view, &c.e, 0.5, &c.verdict.found);
    yaga_detect_interpret(&params, c.metrics, &around, &c.verdict);
    yaga_slo_conclude(&c.params, &c.view, &c.e, &c.verdict);
    return &c.verdict;
}

static enum yaga_level level_at(size_t metric, double value)
{
    begin();
    slo_set(&c, 0, TRAFFIC, 1e6); /* so many that a share of them is sure */
    slo_set(&c, NOW - 1, metric, value);
    return judge()->level[metric];
}

static void levels_are_those_of_the_limits(void **state)
{
    (void)state;
    static const struct {
        size_t metric;
        double at;
        enum yaga_level below, at_it;
    } cases[] = {
        {LATENCY, 500, YAGA_LEVEL_NORMAL, YAGA_LEVEL_ELEVATED},
        {LATENCY, 800, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_HIGH},
        {LATENCY, 1000, YAGA_LEVEL_HIGH, YAGA_LEVEL_VERY_HIGH},
        {ERRORS, 0.005, YAGA_LEVEL_NORMAL, YAGA_LEVEL_ELEVATED},
        {ERRORS, 0.01, YAGA_LEVEL_ELEVATED, YAGA_LEVEL_HIGH},
        {ERRORS, 0.02, YAGA_LEVEL_HIGH, YAGA_LEVEL_VERY_HIGH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double at = cases[i].at, eps = 1e-9 * at;
        assert_int_equal(level_at(cases[i].metric, at - eps), cases[i].below);
        assert_int_equal(level_at(cases[i].metric, at), cases[i].at_it);
        assert_int_equal(level_at(cases[i].metric, at + eps), cases[i].at_it);
    }
    /* of everything else nobody knows what is usual, nor of what has no value */
    static const size_t others[] = {TRAFFIC, DEPENDENCY, DATABASE, CPU};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(level_at(others[i], 1e9), YAGA_LEVEL_UNKNOWN);
    assert_int_equal(level_at(LATENCY, (double)NAN), YAGA_LEVEL_UNKNOWN);
}

static void one_point_is_not_enough(void **state)
{
    (void)state;
    begin();
    slo_set(&c, NOW, LATENCY, 5000);
    slo_set(&c, NOW, ERRORS, 0.3);
    assert_int_equal(judge()->n_anomalies, 0);
    assert_int_equal(c.verdict.level[LATENCY], YAGA_LEVEL_NORMAL);
    slo_set(&c, NOW - 2, LATENCY, 600); /* the worst that two of three have in common */
    slo_set(&c, NOW, LATENCY, 5000);
    assert_int_equal(judge()->level[LATENCY], YAGA_LEVEL_ELEVATED);
}

static void assert_only(const char *name, enum yaga_severity severity)
{
    const struct yaga_verdict *v = judge();
    if (v->n_anomalies != 1 || strcmp(v->anomalies[0].name, name) != 0 ||
        v->severity != severity)
        fail_msg("%s, not %s %s", v->n_anomalies == 0 ? "nothing" : v->anomalies[0].name,
                 name, yaga_severity_name(severity));
}

static void what_limits_show_together_has_a_name(void **state)
{
    (void)state;
    begin();
    slo_set(&c, NOW - 1, LATENCY, 5000);
    slo_set(&c, NOW - 1, ERRORS, 0.3);
    assert_only("application_latency_failing", YAGA_SEVERITY_CRITICAL);
    const struct yaga_anomaly *a = &c.verdict.anomalies[0];
    assert_int_equal(a->n_signals, 2);
    assert_int_equal(yaga_anomaly_method(a), YAGA_METHOD_OBJECTIVE);
    assert_near(a->contribution[LATENCY], 0.5, 0.0);
    assert_near(a->contribution[ERRORS], 0.5, 0.0);
    assert_int_equal(a->signals[0].onset_s, yaga_frame_time(&c.frame, NOW - 1));
    assert_false(a->signals[0].onset_censored);
    assert_true(a->confidence > 0 && a->confidence <= 0.6); /* half of what it would be */
    assert_null(strstr(a->description, "nan"));
    assert_null(strpbrk(a->description, "{}"));
    begin();
    slo_set(&c, NOW - 1, ERRORS, 0.3);
    assert_only("error_rate_critical", YAGA_SEVERITY_CRITICAL);
    begin();
    slo_set(&c, NOW - 1, ERRORS, 0.015);
    assert_only("error_rate_elevated", YAGA_SEVERITY_HIGH);
}

/* Whether callees and database are in order nobody knows, so that no pattern says it. */
static void a_limit_alone_is_told_as_such(void **state)
{
    (void)state;
    begin();
    slo_set(&c, NOW - 1, LATENCY, 850);
    assert_only("application_latency_slo_warning", YAGA_SEVERITY_MEDIUM);
    slo_set(&c, NOW - 1, LATENCY, 5000);
    assert_only("application_latency_slo_breached", YAGA_SEVERITY_CRITICAL);
    for (size_t m = 0; m < N_METRICS; m++) /* and if it has no other metric */
        if (m != LATENCY)
            c.metrics[m].role = YAGA_ROLE_NONE;
    assert_only("application_latency_slo_breached", YAGA_SEVERITY_CRITICAL);
    begin();
    slo_set(&c, NOW - 1, ERRORS, 0.007); /* elevated, and that is all */
    assert_int_equal(judge()->n_anomalies, 0);
    begin();
    around.client_error_rate = (struct yaga_reading){0.5, 0.5, 0.01};
    assert_int_equal(judge()->n_anomalies, 0);
}

static void worse_values_never_lower_the_severity(void **state)
{
    (void)state;
    struct yaga_rng rng;
    size_t n_told = 0;
    yaga_rng_init(&rng, 44);
    for (int i = 0; i < 10000; i++) {
        begin();
        slo_set(&c, 0, TRAFFIC, 0.02 * pow(1e6, yaga_rng_uniform(&rng)));
        double latency[3], errors[3];
        for (size_t k = 0; k < 3; k++) {
            latency[k] = 100.0 * pow(50.0, yaga_rng_uniform(&rng));
            errors[k] = 0.001 * pow(1000.0, yaga_rng_uniform(&rng));
            slo_set(&c, NOW - 2 + k, LATENCY, latency[k]);
            slo_set(&c, NOW - 2 + k, ERRORS, errors[k]);
        }
        enum yaga_severity before = judge()->severity;
        double slower = 1.0 + 3.0 * yaga_rng_uniform(&rng);
        bool failing = yaga_rng_uniform(&rng) < 0.5;
        for (size_t k = 0; k < 3; k++) {
            slo_set(&c, NOW - 2 + k, LATENCY, latency[k] * (failing ? 1.0 : slower));
            slo_set(&c, NOW - 2 + k, ERRORS,
                    fmin(1.0, errors[k] * (failing ? slower : 1.0)));
        }
        if (judge()->severity < before)
            fail_msg("case %d: %s became %s", i, yaga_severity_name(before),
                     yaga_severity_name(c.verdict.severity));
        n_told += before > YAGA_SEVERITY_NONE;
    }
    assert_true(n_told > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_those_of_the_limits),
        cmocka_unit_test(one_point_is_not_enough),
        cmocka_unit_test(what_limits_show_together_has_a_name),
        cmocka_unit_test(a_limit_alone_is_told_as_such),
        cmocka_unit_test(worse_values_never_lower_the_severity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
