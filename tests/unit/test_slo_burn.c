/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The error budget: windows, limits, and what becomes of them. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/slo/slo.h"

enum { TRAFFIC, ERRORS, N_METRICS };
enum { N_ROWS = 313, NOW = N_ROWS - 1, STEP_S = 300, HOUR = 12, DAY = 288 };

static const struct yaga_metric metrics[N_METRICS] = {
    {.name = "request_rate", .role = YAGA_ROLE_TRAFFIC, .kind = YAGA_KIND_RATE},
    {.name = "error_rate", .role = YAGA_ROLE_ERRORS, .kind = YAGA_KIND_RATIO},
};

static double values[N_ROWS * N_METRICS];
static double usual[N_METRICS];
static struct yaga_frame frame;
static struct yaga_slo_params params = {true, true, true, 3};
static struct yaga_slo_objectives objectives;
static struct yaga_slo_tally older;
static struct yaga_slo_view view;
static struct yaga_slo_evaluation e;
static struct yaga_verdict verdict;

/* The last n rows. */
static void set_last(size_t n, size_t metric, double value)
{
    for (size_t back = 0; back < n; back++)
        values[(NOW - back) * N_METRICS + metric] = value;
}

/* 100 requests a second for three days, none fails; the budget is 0.1 %. */
static void begin(void)
{
    yaga_slo_objectives_init(&objectives);
    objectives.error_budget = 0.001;
    set_last(N_ROWS, TRAFFIC, 100);
    set_last(N_ROWS, ERRORS, 0);
    usual[TRAFFIC] = 100;
    usual[ERRORS] = 0;
    frame = (struct yaga_frame){
        .step_s = STEP_S, .n_rows = N_ROWS, .n_metrics = N_METRICS, .values = values};
    older = (struct yaga_slo_tally){.rows = 3 * DAY - N_ROWS,
                                    .requests = 100.0 * STEP_S * (3 * DAY - N_ROWS)};
    view = (struct yaga_slo_view){.metrics = metrics,
                                  .frame = &frame,
                                  .row = NOW,
                                  .usual = usual,
                                  .period = YAGA_BUSINESS_HOURS,
                                  .older = &older,
                                  .database_share = (double)NAN};
    memset(&verdict, 0, sizeof verdict);
    verdict.alpha = 1e-4;
    verdict.p_mv = 1;
}

static void run(void)
{
    yaga_slo_evaluate(&params, &objectives, &view, &e);
    yaga_slo_conclude(&params, &view, &e, &verdict);
}

static void each_pair_of_windows_has_its_limit(void **state)
{
    (void)state;
    static const struct {
        size_t long_rows, short_rows;
        double limit;
        enum yaga_severity severity;
    } pairs[] = {
        {HOUR, 1, 14.4, YAGA_SEVERITY_CRITICAL},
        {6 * HOUR, 6, 6, YAGA_SEVERITY_HIGH},
        {DAY, 2 * HOUR, 3, YAGA_SEVERITY_MEDIUM},
        {4 * HOUR, HOUR, 2.5, YAGA_SEVERITY_MEDIUM},
        {3 * DAY, 6 * HOUR, 1, YAGA_SEVERITY_LOW},
    };
    for (int w = 0; w < YAGA_SLO_BURNS; w++) {
        for (int above = 0; above < 2; above++) {
            double ratio = 0.001 * pairs[w].limit * (above ? 1.0001 : 0.9999);
            size_t rows = pairs[w].long_rows;
            begin();
            set_last(rows < N_ROWS ? rows : N_ROWS, ERRORS, ratio);
            if (rows > N_ROWS)
                older.errors = older.requests * ratio;
            run();
            assert_int_equal(e.burn.worst == w, above);
            if (above)
                assert_int_equal(e.burn.severity, pairs[w].severity);
            /* over by now: the short window says so */
            set_last(pairs[w].short_rows, ERRORS, 0);
            run();
            assert_true(e.burn.worst != w);
        }
    }
}

static void a_burning_budget_is_an_anomaly_of_its_own(void **state)
{
    (void)state;
    begin();
    set_last(DAY, ERRORS, 0.0035); /* within the acceptable 0.5 % all day */
    run();
    assert_int_equal(e.status, YAGA_SLO_OK);
    assert_int_equal(verdict.n_anomalies, 1);
    const struct yaga_anomaly *a = &verdict.anomalies[0];
    assert_string_equal(a->name, "error_budget_burn");
    assert_string_equal(a->family, "errors");
    assert_int_equal(a->severity, YAGA_SEVERITY_MEDIUM);
    assert_near(e.burn.over_long[2], 3.5, 1e-9);
    assert_near(e.burn.hours_left, 720 / 3.5, 1e-9);
    assert_string_equal(
        a->description,
        "Errors use up the budget of 0.1% 3.5 times too fast over 24h, 3.5 "
        "times over 2h: that of 30 days would last 206 hours.");
    assert_non_null(strstr(e.explanation, "Errors use up the budget"));
    assert_true(a->n_checks > 0);
}

static void it_takes_the_place_of_a_combination_of_errors(void **state)
{
    (void)state;
    for (int of_errors = 0; of_errors < 2; of_errors++) {
        begin();
        set_last(DAY, ERRORS, 0.0035);
        verdict.n_anomalies = 1;
        verdict.anomalies[0] =
            (struct yaga_anomaly){.name = "metrics_combination_unusual",
                                  .basis = YAGA_BASIS_JOINT,
                                  .root_metric = of_errors ? ERRORS : TRAFFIC,
                                  .severity = YAGA_SEVERITY_MEDIUM};
        run();
        assert_int_equal(verdict.n_anomalies, of_errors ? 1 : 2);
        const struct yaga_anomaly *last = &verdict.anomalies[verdict.n_anomalies - 1];
        assert_string_equal(last->name, "error_budget_burn");
    }
}

static void an_anomaly_of_errors_takes_the_burn_in(void **state)
{
    (void)state;
    begin();
    set_last(HOUR, ERRORS, 0.016); /* warning, 16 times the budget */
    run();
    assert_int_equal(verdict.n_anomalies, 1);
    assert_string_equal(verdict.anomalies[0].name, "error_rate_slo_warning");
    assert_int_equal(verdict.anomalies[0].severity, YAGA_SEVERITY_CRITICAL);
    assert_int_equal(verdict.severity, YAGA_SEVERITY_CRITICAL);
}

static void what_is_not_known_does_not_burn(void **state)
{
    (void)state;
    begin(); /* three days ago is not known */
    view.older = NULL;
    set_last(N_ROWS, ERRORS, 0.002);
    run();
    assert_true(isnan(e.burn.over_long[4]));
    assert_int_equal(e.burn.worst, -1);
    begin(); /* less than half of the hour is known */
    set_last(HOUR, ERRORS, 0.02);
    set_last(7, TRAFFIC, (double)NAN);
    set_last(1, TRAFFIC, 100);
    run();
    assert_false(isnan(e.burn.over_long[0]));
    set_last(8, TRAFFIC, (double)NAN);
    set_last(1, TRAFFIC, 100);
    run();
    assert_true(isnan(e.burn.over_long[0]));
    begin(); /* too few in the short window to tell */
    set_last(HOUR, ERRORS, 0.5);
    set_last(HOUR, TRAFFIC, 19.0 / 300);
    run();
    assert_true(e.burn.worst != 0);
    set_last(HOUR, TRAFFIC, 20.0 / 300);
    run();
    assert_int_equal(e.burn.worst, 0);
}

/* An hour without requests is an hour without failures, and known. */
static void silence_costs_nothing(void **state)
{
    (void)state;
    begin();
    set_last(HOUR, TRAFFIC, 0);
    set_last(HOUR, ERRORS, (double)NAN);
    set_last(1, TRAFFIC, 100);
    set_last(1, ERRORS, 0.02);
    run();
    assert_near(e.burn.over_long[0], 20, 1e-9);
}

static void what_always_burned_is_no_news(void **state)
{
    (void)state;
    begin();
    usual[ERRORS] = 0.002;
    set_last(N_ROWS, ERRORS, 0.002);
    older.errors = older.requests * 0.002;
    run();
    assert_near(e.burn.over_long[4], 2, 1e-9);
    assert_int_equal(e.burn.worst, -1);
    set_last(DAY, ERRORS, 0.0031); /* but this is */
    run();
    assert_int_equal(e.burn.worst, 2);
    usual[ERRORS] = 0.02; /* twice as much as always is news, less is not */
    set_last(DAY, ERRORS, 0.0399);
    run();
    assert_int_equal(e.burn.worst, -1);
    set_last(DAY, ERRORS, 0.0401);
    run();
    assert_int_equal(e.burn.worst, 0);
}

static void the_budget_is_the_acceptable_ratio_unless_said(void **state)
{
    (void)state;
    begin();
    objectives.error_budget = (double)NAN;
    run();
    assert_near(e.burn.budget, 0.005, 0);
    view.is_busy = true; /* a month has more than one sale */
    run();
    assert_near(e.burn.budget, 0.005, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_of_windows_has_its_limit),
        cmocka_unit_test(a_burning_budget_is_an_anomaly_of_its_own),
        cmocka_unit_test(it_takes_the_place_of_a_combination_of_errors),
        cmocka_unit_test(an_anomaly_of_errors_takes_the_burn_in),
        cmocka_unit_test(what_is_not_known_does_not_burn),
        cmocka_unit_test(silence_costs_nothing),
        cmocka_unit_test(what_always_burned_is_no_news),
        cmocka_unit_test(the_budget_is_the_acceptable_ratio_unless_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
