/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Floors, final severity, and anomalies of broken limits. */
#include "slo_fixture.h"

#include <stdio.h>

#include "yaga/numeric/rng.h"

static struct slo_case c;

static void limits(double acceptable, double warning, double critical)
{
    double own[] = {acceptable, warning, critical};
    memcpy(c.objectives.latency_ms, own, sizeof own);
}

/* ---- the worked cases of the specification ---- */

static void latency_280_of_300(void)
{
    limits(300, 400, 500);
    slo_set(&c, 0, LATENCY, 280);
    slo_anomaly(&c, LATENCY, YAGA_HIGH, YAGA_SEVERITY_HIGH);
}

static void latency_450_of_400(void)
{
    limits(300, 400, 500);
    slo_set(&c, 0, LATENCY, 450);
    slo_anomaly(&c, LATENCY, YAGA_HIGH, YAGA_SEVERITY_HIGH);
}

static void latency_1200(void)
{
    slo_set(&c, 0, LATENCY, 1200);
    slo_anomaly(&c, LATENCY, YAGA_HIGH, YAGA_SEVERITY_LOW);
}

static void slow_and_failing(void)
{
    slo_set(&c, 0, LATENCY, 5000);
    slo_set(&c, 0, ERRORS, 0.30);
    struct yaga_anomaly *a = slo_anomaly(&c, LATENCY, YAGA_HIGH, YAGA_SEVERITY_CRITICAL);
    slo_add_signal(&c, a, ERRORS, YAGA_HIGH);
}

static void three_errors_of_ten_thousand(void)
{
    slo_set(&c, 0, ERRORS, 0.0003);
    slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_HIGH);
}

static void one_of_twelve(void)
{
    slo_set(&c, 0, TRAFFIC, 0.04);
    slo_expect(&c, TRAFFIC, 0.04);
    slo_set(&c, 0, ERRORS, 1.0 / 12);
}

static void twelve_of_twelve(void)
{
    one_of_twelve();
    slo_set(&c, 0, ERRORS, 1.0);
    slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_HIGH);
}

static void no_traffic_at_eleven(void)
{
    slo_set(&c, NOW - 1, TRAFFIC, 0);
    slo_set(&c, NOW - 1, LATENCY, (double)NAN);
    slo_set(&c, NOW - 1, ERRORS, (double)NAN);
    slo_anomaly(&c, TRAFFIC, YAGA_LOW, YAGA_SEVERITY_CRITICAL);
}

static void forty_of_hundred_at_three(void)
{
    c.view.period = YAGA_NIGHT_HOURS;
    slo_set(&c, NOW - 1, TRAFFIC, 40);
    slo_anomaly(&c, TRAFFIC, YAGA_LOW, YAGA_SEVERITY_CRITICAL);
}

static void twelve_of_thirteen_at_four(void)
{
    c.view.period = YAGA_NIGHT_HOURS;
    slo_set(&c, 0, TRAFFIC, 12);
    slo_expect(&c, TRAFFIC, 13);
}

static void absorbed_surge(void)
{
    slo_set(&c, NOW - 1, TRAFFIC, 300);
    slo_anomaly(&c, TRAFFIC, YAGA_HIGH, YAGA_SEVERITY_LOW)->locked = true;
}

static void database_as_usual(void)
{
    slo_set(&c, 0, DATABASE, 8);
}

static void slower_database(void)
{
    slo_set(&c, 0, DATABASE, 25);
    slo_expect(&c, DATABASE, 10);
    c.view.database_share = 0.1;
    slo_anomaly(&c, DATABASE, YAGA_HIGH, YAGA_SEVERITY_MEDIUM);
}

static void learned_600(void)
{
    slo_set(&c, 0, LATENCY, 600);
    slo_expect(&c, LATENCY, 600);
    c.usual[LATENCY] = 600;
}

static void unseen_850(void)
{
    slo_set(&c, 0, LATENCY, 850);
    slo_expect(&c, LATENCY, 840);
    c.usual[LATENCY] = 700;
}

static void learned_850(void)
{
    unseen_850();
    c.usual[LATENCY] = 850;
}

static void worked_cases_end_as_the_specification_says(void **state)
{
    (void)state;
    static const struct {
        void (*make)(void);
        enum yaga_slo_status status;
        enum yaga_severity severity;
        const char *name; /* of the only anomaly; NULL = none is left */
        const char *says;
    } cases[] = {
        {latency_280_of_300, YAGA_SLO_OK, YAGA_SEVERITY_LOW, "something",
         "Severity lowered from high to low. Latency, errors and database are within"},
        {latency_450_of_400, YAGA_SLO_WARNING, YAGA_SEVERITY_HIGH, "something",
         "Latency 450 ms has reached its warning limit of 400 ms."},
        {latency_1200, YAGA_SLO_BREACHED, YAGA_SEVERITY_CRITICAL, "something",
         "Severity raised from low to critical. Latency 1200 ms has reached its "
         "critical"},
        {slow_and_failing, YAGA_SLO_BREACHED, YAGA_SEVERITY_CRITICAL, "something",
         "Error rate 30.00% has reached its critical limit of 2.00%."},
        {three_errors_of_ten_thousand, YAGA_SLO_OK, YAGA_SEVERITY_NONE, NULL,
         "An anomaly below its floor was dropped."},
        {one_of_twelve, YAGA_SLO_APPROACHING, YAGA_SEVERITY_NONE, NULL,
         "Error rate 8.33%"},
        {twelve_of_twelve, YAGA_SLO_BREACHED, YAGA_SEVERITY_MEDIUM, "something",
         "Error rate 100.00%"},
        {no_traffic_at_eleven, YAGA_SLO_OK, YAGA_SEVERITY_CRITICAL, "something",
         "Traffic 0.00/s is 0.00 times the usual 100.00/s, a cliff."},
        {forty_of_hundred_at_three, YAGA_SLO_OK, YAGA_SEVERITY_MEDIUM, "something",
         "a cliff."},
        {twelve_of_thirteen_at_four, YAGA_SLO_OK, YAGA_SEVERITY_NONE, NULL,
         "Nothing to report."},
        {absorbed_surge, YAGA_SLO_OK, YAGA_SEVERITY_LOW, "something", "a surge."},
        {database_as_usual, YAGA_SLO_OK, YAGA_SEVERITY_NONE, NULL, "Nothing to report."},
        {slower_database, YAGA_SLO_APPROACHING, YAGA_SEVERITY_MEDIUM, "something",
         "Database 25.0 ms is 2.5 times its usual 10.0 ms."},
        {learned_600, YAGA_SLO_APPROACHING, YAGA_SEVERITY_NONE, NULL,
         "Latency 600 ms has reached its acceptable limit of 500 ms."},
        {unseen_850, YAGA_SLO_WARNING, YAGA_SEVERITY_MEDIUM,
         "application_latency_slo_warning", "Latency 850 ms has reached its warning"},
        {learned_850, YAGA_SLO_WARNING, YAGA_SEVERITY_NONE, NULL,
         "limit of 800 ms, as usual for this service."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slo_begin(&c);
        cases[i].make();
        slo_run(&c);
        if (c.e.status != cases[i].status || c.verdict.severity != cases[i].severity ||
            c.verdict.n_anomalies != (cases[i].name != NULL) ||
            strstr(c.e.explanation, cases[i].says) == NULL)
            fail_msg("case %zu: %s, %s, %zu anomalies: %s", i,
                     yaga_slo_status_name(c.e.status),
                     yaga_severity_name(c.verdict.severity), c.verdict.n_anomalies,
                     c.e.explanation);
        if (cases[i].name != NULL)
            assert_string_equal(c.verdict.anomalies[0].name, cases[i].name);
        assert_int_equal(c.e.adjusted, c.verdict.severity);
    }
}

/* ---- floors ---- */

static size_t left_of(size_t metric, enum yaga_direction direction, double value)
{
    slo_set(&c, NOW, metric, value);
    slo_anomaly(&c, metric, direction, YAGA_SEVERITY_HIGH);
    slo_run(&c);
    size_t n = c.verdict.n_anomalies;
    c.verdict.n_anomalies = 0;
    return n;
}

static void anomalies_below_their_floors_are_dropped(void **state)
{
    (void)state;
    slo_begin(&c);
    assert_int_equal(left_of(ERRORS, YAGA_HIGH, 0.00499), 0);
    assert_int_equal(left_of(ERRORS, YAGA_HIGH, 0.005), 1);
    c.objectives.error_rate_floor = 0.002;
    assert_int_equal(left_of(ERRORS, YAGA_HIGH, 0.00199), 0);
    assert_int_equal(left_of(ERRORS, YAGA_HIGH, 0.002), 1);
    slo_expect(&c, DATABASE, 0.2);
    assert_int_equal(left_of(DATABASE, YAGA_HIGH, 0.99), 0);
    assert_int_equal(left_of(DATABASE, YAGA_HIGH, 1.0), 1);
    slo_begin(&c);
    assert_int_equal(left_of(DEPENDENCY, YAGA_HIGH, 49.9), 0); /* usual: 40 */
    assert_int_equal(left_of(DEPENDENCY, YAGA_HIGH, 50), 1);
    slo_expect(&c, TRAFFIC, 0.99);
    assert_int_equal(left_of(TRAFFIC, YAGA_LOW, 0.2), 0);
    assert_int_equal(left_of(TRAFFIC, YAGA_HIGH, 3), 1);
    slo_expect(&c, TRAFFIC, 1);
    assert_int_equal(left_of(TRAFFIC, YAGA_LOW, 0.2), 1);
}

static void an_anomaly_stays_when_one_of_its_metrics_reaches_its_floor(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, NOW, ERRORS, 0.001);
    slo_set(&c, NOW, DATABASE, 0.5);
    struct yaga_anomaly *a = slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_HIGH);
    (void)snprintf(a->name, sizeof a->name, "database_degradation");
    slo_add_signal(&c, a, DATABASE, YAGA_HIGH);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 0);
    assert_int_equal(c.e.n_dropped, 1);
    assert_true(c.e.severity_changed);
    a = slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_HIGH);
    (void)snprintf(a->name, sizeof a->name, "error_rate_high");
    slo_add_signal(&c, a, CPU, YAGA_HIGH); /* no floor for what has no role */
    (void)slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_LOW);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 1);
    assert_int_equal(c.verdict.anomalies[0].n_signals, 2);
}

/* ---- adjustment ---- */

static enum yaga_severity graded(size_t metric, enum yaga_severity own)
{
    c.verdict.n_anomalies = 0;
    slo_anomaly(&c, metric, YAGA_HIGH, own);
    slo_run(&c);
    assert_int_equal(c.verdict.anomalies[0].ml_severity, own);
    return c.verdict.anomalies[0].severity;
}

static void only_what_an_anomaly_touches_decides(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, 0, DATABASE, 100);
    slo_expect(&c, DATABASE, 10);
    assert_int_equal(graded(DATABASE, YAGA_SEVERITY_LOW), YAGA_SEVERITY_CRITICAL);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_HIGH), YAGA_SEVERITY_LOW);
    assert_int_equal(graded(TRAFFIC, YAGA_SEVERITY_HIGH), YAGA_SEVERITY_LOW);
    assert_int_equal(graded(CPU, YAGA_SEVERITY_HIGH), YAGA_SEVERITY_HIGH);
    slo_begin(&c);
    slo_set(&c, 0, ERRORS, 0.05);
    assert_int_equal(graded(TRAFFIC, YAGA_SEVERITY_LOW), YAGA_SEVERITY_CRITICAL);
}

static void approaching_and_ok_keep_what_the_settings_say(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, 0, LATENCY, 600);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_LOW), YAGA_SEVERITY_LOW);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_CRITICAL), YAGA_SEVERITY_HIGH);
    c.params.require_breach = false;
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_CRITICAL), YAGA_SEVERITY_CRITICAL);
    slo_set(&c, 0, LATENCY, 900);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_CRITICAL), YAGA_SEVERITY_CRITICAL);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_LOW), YAGA_SEVERITY_HIGH);
    slo_set(&c, 0, LATENCY, 130);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_CRITICAL), YAGA_SEVERITY_LOW);
    c.params.allow_downgrade = false;
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_CRITICAL), YAGA_SEVERITY_CRITICAL);
    c.params.require_breach = true;
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_CRITICAL), YAGA_SEVERITY_HIGH);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_MEDIUM), YAGA_SEVERITY_MEDIUM);
}

static void what_is_not_solid_is_at_most_medium(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, NOW, LATENCY, 1200);
    struct yaga_anomaly *a = slo_anomaly(&c, LATENCY, YAGA_HIGH, YAGA_SEVERITY_HIGH);
    a->sustained = a->signals[0].sustained = false;
    slo_run(&c);
    assert_int_equal(a->severity, YAGA_SEVERITY_MEDIUM);
    a->severity = YAGA_SEVERITY_HIGH;
    a->signals[0].p = 1e-6; /* alpha / 100 */
    slo_run(&c);
    assert_int_equal(a->severity, YAGA_SEVERITY_CRITICAL);
    a->severity = YAGA_SEVERITY_HIGH;
    a->signals[0].p = 1e-5;
    slo_set(&c, NOW - 1, LATENCY, 1200); /* the limit itself is broken for two rows */
    slo_run(&c);
    assert_int_equal(a->severity, YAGA_SEVERITY_CRITICAL);
}

static void a_limit_that_is_never_kept_counts_as_a_warning(void **state)
{
    (void)state;
    slo_begin(&c);
    c.usual[LATENCY] = 1300;
    slo_set(&c, 0, LATENCY, 1400);
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_LOW), YAGA_SEVERITY_HIGH);
    assert_int_equal(graded(TRAFFIC, YAGA_SEVERITY_LOW), YAGA_SEVERITY_HIGH);
    c.usual[LATENCY] = 700;
    assert_int_equal(graded(LATENCY, YAGA_SEVERITY_LOW), YAGA_SEVERITY_CRITICAL);
}

static void a_locked_anomaly_rises_with_a_warning_only(void **state)
{
    (void)state;
    for (int locked = 0; locked < 2; locked++) {
        slo_begin(&c);
        c.objectives.surge_alone = YAGA_SEVERITY_HIGH;
        slo_set(&c, NOW - 1, TRAFFIC, 300);
        slo_anomaly(&c, TRAFFIC, YAGA_HIGH, YAGA_SEVERITY_LOW)->locked = locked;
        slo_run(&c);
        assert_int_equal(c.verdict.severity,
                         locked ? YAGA_SEVERITY_LOW : YAGA_SEVERITY_HIGH);
        slo_set(&c, NOW - 1, LATENCY, 900);
        slo_run(&c);
        assert_int_equal(c.verdict.severity, YAGA_SEVERITY_HIGH);
    }
}

static void what_grades_itself_is_left_alone(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, 0, ERRORS, 0.001);
    slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_HIGH)->own_severity = true;
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 1);
    assert_int_equal(c.verdict.severity, YAGA_SEVERITY_HIGH);
    assert_false(c.e.severity_changed);
}

static void a_combination_is_judged_by_what_carries_it(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, 0, ERRORS, 0.03);
    struct yaga_anomaly *a = slo_anomaly(&c, CPU, YAGA_HIGH, YAGA_SEVERITY_MEDIUM);
    a->n_signals = 0;
    a->contribution[CPU] = 0.91;
    a->contribution[ERRORS] = 0.09;
    slo_run(&c);
    assert_int_equal(a->severity, YAGA_SEVERITY_MEDIUM); /* no objective is touched */
    assert_int_equal(c.verdict.n_anomalies, 2); /* the errors speak for themselves */
    c.verdict.n_anomalies = 1;
    a->contribution[CPU] = 0.90;
    a->contribution[ERRORS] = 0.10;
    slo_run(&c);
    assert_int_equal(a->severity, YAGA_SEVERITY_CRITICAL);
    assert_int_equal(c.verdict.n_anomalies, 1);
}

static void without_objectives_the_model_decides(void **state)
{
    (void)state;
    slo_begin(&c);
    c.params.enabled = false;
    slo_set(&c, 0, LATENCY, 1200);
    slo_set(&c, 0, ERRORS, 0.0001);
    slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_MEDIUM);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 1);
    assert_int_equal(c.verdict.severity, YAGA_SEVERITY_MEDIUM);
    assert_int_equal(c.verdict.anomalies[0].ml_severity, YAGA_SEVERITY_MEDIUM);
    assert_int_equal(c.e.status, YAGA_SLO_OK);
    assert_non_null(strstr(c.e.explanation, "Objectives are off"));
}

/* ---- anomalies of limits ---- */

static void a_broken_limit_is_an_anomaly_after_two_of_three_rows(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, NOW, LATENCY, 1200);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 0);
    c.values[(NOW - 2) * N_METRICS + LATENCY] = 900; /* one between is missing */
    c.values[(NOW - 1) * N_METRICS + LATENCY] = (double)NAN;
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 1);
    const struct yaga_anomaly *a = &c.verdict.anomalies[0];
    assert_string_equal(a->name, "application_latency_slo_warning");
    assert_int_equal(a->severity, YAGA_SEVERITY_MEDIUM);
    c.verdict.n_anomalies = 0;
    slo_set(&c, NOW - 1, LATENCY, 1200);
    slo_run(&c);
    assert_string_equal(a->name, "application_latency_slo_breached");
    assert_string_equal(a->pattern_name, "application_latency_slo");
    assert_string_equal(a->family, "latency");
    assert_string_equal(a->type, "threshold");
    assert_int_equal(a->severity, YAGA_SEVERITY_CRITICAL);
    assert_int_equal(c.verdict.severity, YAGA_SEVERITY_CRITICAL);
    assert_near(a->confidence, 0.9, 1e-12);
    assert_int_equal(a->signals[0].method, YAGA_METHOD_OBJECTIVE);
    assert_int_equal(a->signals[0].points_anomalous, 3);
    assert_int_equal(a->signals[0].onset_s, (NOW - 2) * STEP_S);
    assert_true(a->n_causes > 0 && a->n_checks > 0);
    assert_string_equal(a->description,
                        "application_latency 1200 ms, its critical limit is 1000 ms");
    assert_null(strpbrk(a->description, "{}"));
}

/* Two of sixty in each of two steps: chance, where one in two hundred always fails. */
static void a_handful_of_failures_is_no_broken_limit(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, 0, TRAFFIC, 60.0 / STEP_S);
    slo_expect(&c, TRAFFIC, 60.0 / STEP_S);
    slo_set(&c, NOW - 1, ERRORS, 2.0 / 60);
    slo_run(&c);
    assert_int_equal(c.e.status, YAGA_SLO_BREACHED);
    assert_int_equal(c.e.dimensions[YAGA_SLO_ERRORS].lasting, YAGA_SLO_OK);
    c.verdict.n_anomalies = 0; /* a burning budget may be there */
    slo_set(&c, NOW - 1, ERRORS, 3.0 / 60);
    slo_run(&c);
    assert_string_equal(c.verdict.anomalies[0].name, "error_rate_slo_breached");
}

static void each_dimension_has_its_own_anomaly(void **state)
{
    (void)state;
    slo_begin(&c);
    slo_set(&c, 0, LATENCY, 900);
    slo_set(&c, 0, ERRORS, 0.5);
    slo_set(&c, 0, DATABASE, 100);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 3);
    static const struct {
        const char *name;
        enum yaga_severity severity;
    } want[] = {{"application_latency_slo_warning", YAGA_SEVERITY_MEDIUM},
                {"error_rate_slo_breached", YAGA_SEVERITY_CRITICAL},
                {"database_latency_slo_breached", YAGA_SEVERITY_HIGH}};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(c.verdict.anomalies[i].name, want[i].name);
        assert_int_equal(c.verdict.anomalies[i].severity, want[i].severity);
    }
    assert_int_equal(c.e.impact, YAGA_IMPACT_CRITICAL);
    /* what an anomaly of traffic touches is covered by it; the database is not */
    c.verdict.n_anomalies = 0;
    slo_anomaly(&c, TRAFFIC, YAGA_HIGH, YAGA_SEVERITY_LOW);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 3);
    assert_string_equal(c.verdict.anomalies[1].name, "database_latency_slo_breached");
    assert_string_equal(c.verdict.anomalies[2].name, "error_budget_burn");
}

static void without_a_model_the_limits_still_speak(void **state)
{
    (void)state;
    slo_begin(&c);
    c.view.grid = NULL;
    c.view.usual = NULL;
    slo_set(&c, 0, LATENCY, 1200);
    slo_set(&c, 0, DATABASE, 1200);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 1);
    assert_int_equal(c.verdict.severity, YAGA_SEVERITY_CRITICAL);
    assert_non_null(strstr(c.verdict.anomalies[0].interpretation, "No model"));
    assert_int_equal(c.e.traffic, YAGA_TRAFFIC_NORMAL);
}

static void a_chronic_breach_is_reported_when_it_grows_and_not_as_critical(void **state)
{
    (void)state;
    slo_begin(&c);
    c.usual[ERRORS] = 0.015;
    slo_set(&c, 0, ERRORS, 0.016);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 0);
    assert_true(c.e.dimensions[YAGA_SLO_ERRORS].chronic);
    slo_set(&c, 0, ERRORS, 0.05);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 1);
    assert_int_equal(c.verdict.severity, YAGA_SEVERITY_HIGH);
    slo_begin(&c);
    c.usual[ERRORS] = 0.03;
    slo_set(&c, 0, ERRORS, 0.05);
    slo_run(&c);
    assert_int_equal(c.verdict.n_anomalies, 0);
}

/* ---- properties ---- */

static double draw(struct yaga_rng *rng, double from, double to)
{
    return from * pow(to / from, yaga_rng_uniform(rng));
}

static bool flip(struct yaga_rng *rng)
{
    return yaga_rng_below(rng, 2) == 1;
}

/* A random service in random trouble; the same stream gives the same one. */
static void random_case(struct yaga_rng *rng)
{
    slo_begin(&c);
    c.params.allow_downgrade = flip(rng);
    c.params.require_breach = flip(rng);
    c.view.period = (enum yaga_period)yaga_rng_below(rng, YAGA_N_PERIODS);
    c.view.is_busy = flip(rng);
    c.view.callers_fail = flip(rng);
    if (flip(rng))
        c.view.database_share = yaga_rng_uniform(rng);
    for (size_t m = 0; m < N_METRICS; m++) {
        double at = slo_usual[m];
        for (size_t t = 0; t < N_ROWS; t++)
            slo_set(&c, t, m, draw(rng, at / 3, at * 3));
        if (yaga_rng_below(rng, 8) == 0)
            slo_set(&c, NOW, m, (double)NAN);
        c.usual[m] = draw(rng, at, at * 12);
        if (flip(rng))
            slo_expect(&c, m, draw(rng, at / 2, at * 2));
    }
    slo_set(&c, 0, TRAFFIC, draw(rng, 0.01, 1000));
    slo_set(&c, NOW - (size_t)yaga_rng_below(rng, 3), ERRORS,
            fmin(1.0, draw(rng, 1e-4, 1)));
    slo_set(&c, NOW - (size_t)yaga_rng_below(rng, 3), LATENCY, draw(rng, 50, 5000));
    if (flip(rng))
        slo_set(&c, NOW, DATABASE, draw(rng, 1, 200));
}

static void random_anomalies(struct yaga_rng *rng)
{
    size_t n = (size_t)yaga_rng_below(rng, 3);
    for (size_t i = 0; i < n; i++) {
        size_t metric = (size_t)yaga_rng_below(rng, N_METRICS);
        struct yaga_anomaly *a =
            slo_anomaly(&c, metric, metric == TRAFFIC && flip(rng) ? YAGA_LOW : YAGA_HIGH,
                        (enum yaga_severity)(1 + yaga_rng_below(rng, 4)));
        if (flip(rng))
            slo_add_signal(&c, a, (size_t)yaga_rng_below(rng, N_METRICS), YAGA_HIGH);
        a->sustained = flip(rng);
        for (size_t k = 0; k < a->n_signals; k++) {
            a->signals[k].sustained = a->sustained;
            a->signals[k].p = flip(rng) ? 1e-5 : 1e-7;
        }
        a->locked = yaga_rng_below(rng, 6) == 0;
    }
}

static enum yaga_severity severity_of_case(uint64_t seed, size_t metric, double factor)
{
    struct yaga_rng rng, anomalies;
    yaga_rng_init(&rng, seed);
    yaga_rng_init(&anomalies, seed + 1000000007u);
    random_case(&rng);
    for (size_t t = NOW - 2; t < N_ROWS; t++) {
        double *value = &c.values[t * N_METRICS + metric];
        *value = metric == ERRORS ? fmin(1.0, *value * factor) : *value * factor;
    }
    random_anomalies(&anomalies);
    slo_run(&c);
    assert_true(strlen(c.e.explanation) <= 600);
    assert_true(c.e.explanation[0] != '\0');
    assert_null(strpbrk(c.e.explanation, "{}"));
    return c.verdict.severity;
}

static void worse_latency_and_errors_never_lower_the_severity(void **state)
{
    (void)state;
    static const size_t bad[] = {LATENCY, ERRORS};
    size_t changed = 0;
    for (uint64_t seed = 0; seed < 10000; seed++) {
        size_t metric = bad[seed % 2];
        enum yaga_severity before = YAGA_SEVERITY_NONE;
        for (double factor = 1; factor < 1e3; factor *= 1.9) {
            enum yaga_severity severity = severity_of_case(seed, metric, factor);
            if (severity < before)
                fail_msg("seed %llu, %s x %g: %s after %s: %s", (unsigned long long)seed,
                         slo_metrics[metric].name, factor, yaga_severity_name(severity),
                         yaga_severity_name(before), c.e.explanation);
            changed += severity > before;
            before = severity;
        }
    }
    assert_true(changed > 10000);
}

/* ---- every objective decides something ---- */

/* One objective changed: some case must end differently. */
struct outcome {
    enum yaga_slo_status status[YAGA_SLO_DIMENSIONS];
    enum yaga_slo_grade database;
    enum yaga_traffic_type traffic;
    enum yaga_severity traffic_severity, severity;
    size_t n;
};

static struct outcome outcome_of(size_t which, const struct yaga_slo_objectives *o)
{
    slo_begin(&c);
    c.objectives = *o;
    c.view.is_busy = which % 7 == 6;
    c.view.period = (enum yaga_period)(which % 5);
    static const double latency[] = {120, 500, 800, 1000};
    static const double errors[] = {0, 0.003, 0.005, 0.01, 0.02};
    static const double database[] = {0.9, 1.0, 11.5, 16, 24, 40};
    static const double rate[] = {0.1, 1.5, 45, 100, 230};
    static const double expected[] = {0.1, 1, 100};
    slo_set(&c, 0, LATENCY, latency[which % 4]);
    slo_set(&c, 0, ERRORS, errors[which % 5]);
    slo_set(&c, 0, DATABASE, database[which % 6]);
    slo_expect(&c, DATABASE, which % 6 < 2 ? 0.1 : 8);
    slo_set(&c, 0, TRAFFIC, rate[which / 60 % 5]);
    slo_expect(&c, TRAFFIC, expected[which % 3]);
    slo_anomaly(&c, ERRORS, YAGA_HIGH, YAGA_SEVERITY_HIGH);
    slo_anomaly(&c, DATABASE, YAGA_HIGH, YAGA_SEVERITY_LOW);
    slo_run(&c);
    struct outcome out;
    memset(&out, 0, sizeof out);
    for (size_t d = 0; d < YAGA_SLO_DIMENSIONS; d++)
        out.status[d] = c.e.dimensions[d].status;
    out.database = c.e.database;
    out.traffic = c.e.traffic;
    out.traffic_severity = c.e.traffic_severity;
    out.severity = c.verdict.severity;
    out.n = c.verdict.n_anomalies;
    return out;
}

static bool changes_something(const struct yaga_slo_objectives *other)
{
    struct yaga_slo_objectives own;
    yaga_slo_objectives_init(&own);
    for (size_t which = 0; which < 420 * 5; which++) {
        struct outcome a = outcome_of(which, &own), b = outcome_of(which, other);
        if (memcmp(&a, &b, sizeof a) != 0)
            return true;
    }
    return false;
}

#define CHANGE(member, value)                                                            \
    do {                                                                                 \
        struct yaga_slo_objectives other;                                                \
        yaga_slo_objectives_init(&other);                                                \
        other.member = value;                                                            \
        if (!changes_something(&other))                                                  \
            fail_msg("%s changes nothing", #member);                                     \
    } while (0)

static void every_objective_changes_some_result(void **state)
{
    (void)state;
    CHANGE(latency_ms[0], 600);
    CHANGE(latency_ms[1], 900);
    CHANGE(latency_ms[2], 1100);
    CHANGE(error_rate[0], 0.006);
    CHANGE(error_rate[1], 0.011);
    CHANGE(error_rate[2], 0.021);
    CHANGE(error_rate_floor, 0.002);
    CHANGE(min_traffic_rps, 2);
    CHANGE(min_requests, 600);
    CHANGE(busy_factor, 1);
    CHANGE(database_floor_ms, 2);
    CHANGE(database_ratio[0], 1.4);
    CHANGE(database_ratio[1], 2.5);
    CHANGE(database_ratio[2], 3.5);
    CHANGE(database_ratio[3], 6);
    CHANGE(traffic_enabled, false);
    CHANGE(surge_ratio, 2.5);
    CHANGE(cliff_ratio, 0.4);
    CHANGE(surge_alone, YAGA_SEVERITY_MEDIUM);
    CHANGE(surge_with_latency, YAGA_SEVERITY_CRITICAL);
    CHANGE(surge_with_errors, YAGA_SEVERITY_CRITICAL);
    CHANGE(cliff_alone, YAGA_SEVERITY_LOW);
    CHANGE(cliff_at_peak, YAGA_SEVERITY_CRITICAL);
    CHANGE(cliff_with_errors, YAGA_SEVERITY_HIGH);
    CHANGE(min_expected_rps[YAGA_BUSINESS_HOURS], 0.01);
    CHANGE(min_expected_rps[YAGA_EVENING_HOURS], 0.01);
    CHANGE(min_expected_rps[YAGA_NIGHT_HOURS], 0.01);
    CHANGE(min_expected_rps[YAGA_WEEKEND_DAY], 0.01);
    CHANGE(min_expected_rps[YAGA_WEEKEND_NIGHT], 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_cases_end_as_the_specification_says),
        cmocka_unit_test(anomalies_below_their_floors_are_dropped),
        cmocka_unit_test(an_anomaly_stays_when_one_of_its_metrics_reaches_its_floor),
        cmocka_unit_test(only_what_an_anomaly_touches_decides),
        cmocka_unit_test(approaching_and_ok_keep_what_the_settings_say),
        cmocka_unit_test(what_is_not_solid_is_at_most_medium),
        cmocka_unit_test(a_limit_that_is_never_kept_counts_as_a_warning),
        cmocka_unit_test(a_locked_anomaly_rises_with_a_warning_only),
        cmocka_unit_test(what_grades_itself_is_left_alone),
        cmocka_unit_test(a_combination_is_judged_by_what_carries_it),
        cmocka_unit_test(without_objectives_the_model_decides),
        cmocka_unit_test(a_broken_limit_is_an_anomaly_after_two_of_three_rows),
        cmocka_unit_test(a_handful_of_failures_is_no_broken_limit),
        cmocka_unit_test(each_dimension_has_its_own_anomaly),
        cmocka_unit_test(without_a_model_the_limits_still_speak),
        cmocka_unit_test(a_chronic_breach_is_reported_when_it_grows_and_not_as_critical),
        cmocka_unit_test(worse_latency_and_errors_never_lower_the_severity),
        cmocka_unit_test(every_objective_changes_some_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
