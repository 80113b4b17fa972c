/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trained model, and a day that looks like the training, or does not. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "shop.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/infer_internal.h"

enum { LATENCY = 1, CPU = 3 };
static const double latency_spread = 0.08; /* of its logarithm, in the shop */

static struct shop shop;

static int train(void **state)
{
    (void)state;
    static const char *const only[] = {"shop", NULL};
    struct yaga_train_report report;
    yaga_log_setup(YAGA_LOG_ERROR, false);
    shop_open(&shop, NULL);
    shop_train(&shop, only, 1, &report);
    yaga_train_report_clear(&report);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    shop_close(&shop);
    return 0;
}

/* Latency times `by` in the rows of [from_s, to_s). */
struct change {
    double by;
    int64_t from_s, to_s;
};

/* The judgement of 17:00 of the last day, when the working day is nearly over. */
static void
judge_in(struct yaga_infer *infer, struct change change, struct yaga_judgement *j)
{
    static const char *const services[] = {"shop"};
    static struct yaga_when when[4096];
    int64_t at_s = shop_day + 17 * 3600;
    size_t rows = yaga_setup_history_rows(&shop.setup);
    struct yaga_source_request request = {
        .metrics = shop.setup.metrics,
        .n_metrics = shop.setup.n_metrics,
        .services = services,
        .n_services = 1,
        .start_s = at_s - (int64_t)(rows - 1) * SHOP_STEP_S,
        .end_s = at_s + 1,
        .step_s = SHOP_STEP_S,
    };
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_ok(yaga_source_fetch(shop.source, &request, &fleet, &err), &err);
    struct yaga_frame *frame = &fleet.services[0].frame;
    for (size_t t = 0; t < frame->n_rows; t++) {
        int64_t row_s = yaga_frame_time(frame, t);
        if (row_s >= change.from_s && row_s < change.to_s)
            frame->values[t * frame->n_metrics + LATENCY] *= change.by;
    }
    yaga_period_grid(&shop.setup.calendar, frame->start_s, SHOP_STEP_S, frame->n_rows,
                     when);
    *j = (struct yaga_judgement){.outcome = YAGA_SERVICE_ERROR};
    yaga_judge(infer, &fleet, 0, when, at_s, j);
    assert_string_equal(j->reason, "");
    assert_int_equal(j->outcome, YAGA_EVALUATED);
    yaga_judgement_clear(j);
    yaga_fleet_clear(&fleet);
}

static struct yaga_judgement *judge(struct change change)
{
    static struct yaga_judgement j;
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_infer_options options = {.source = shop.source, .dry_run = true};
    struct yaga_error err;
    assert_ok(yaga_infer_open(&shop.setup, &options, &infer, &err), &err);
    judge_in(infer, change, &j);
    return &j;
}

static const int64_t since_ever = 0;
#define UNTIL_NOW (shop_day + 17 * 3600 + 1)

static void a_day_like_the_training_is_no_drift(void **state)
{
    (void)state;
    const struct yaga_judgement *j = judge((struct change){.by = 1});
    assert_int_equal(j->drift.conclusion.verdict, YAGA_DRIFT_NONE);
    assert_true(j->drift.conclusion.score < 3);
    assert_int_equal(j->drift.metrics[LATENCY].verdict, YAGA_DRIFT_NONE);
    assert_int_equal(j->drift.metrics[CPU].verdict, YAGA_DRIFT_NONE);
    assert_int_equal(j->drift.joint.verdict, YAGA_DRIFT_NONE);
    assert_near(j->drift.current[LATENCY], 80, 0.05);
    assert_true(
        isnan(j->drift.current[5])); /* the flag is constant: no forest, no residuals */
}

static void an_hour_of_trouble_is_no_drift(void **state)
{
    (void)state;
    int64_t from_s = shop_day + 12 * 3600;
    const struct yaga_judgement *j = judge((struct change){10, from_s, from_s + 3600});
    assert_int_equal(j->drift.conclusion.verdict, YAGA_DRIFT_NONE);
    assert_near(j->drift.conclusion.penalty, 0, 0);
}

static void a_level_that_stays_for_a_day_is_drift(void **state)
{
    (void)state;
    const struct yaga_judgement *j =
        judge((struct change){exp(1.7 * latency_spread), since_ever, UNTIL_NOW});
    assert_true(j->drift.conclusion.verdict >= YAGA_DRIFT_WARNING);
    assert_true(j->drift.metrics[LATENCY].shift > 1.2);
    assert_int_equal(j->drift.metrics[CPU].verdict, YAGA_DRIFT_NONE);
    j = judge((struct change){exp(-3 * latency_spread), since_ever, UNTIL_NOW});
    assert_int_equal(j->drift.conclusion.verdict, YAGA_DRIFT_CRITICAL);
    assert_near(j->drift.conclusion.penalty, 0.30, 0);
    assert_true(j->drift.metrics[LATENCY].shift < -2);
}

/* What begins now is an anomaly, and believed as before; on top of a drift it is believed
 * less. */
static void an_anomaly_does_not_lower_its_own_confidence(void **state)
{
    (void)state;
    int64_t from_s = UNTIL_NOW - 1800;
    const struct yaga_judgement *j = judge((struct change){6, from_s, UNTIL_NOW});
    assert_int_equal(j->verdict.n_anomalies, 1);
    assert_int_equal(j->drift.conclusion.verdict, YAGA_DRIFT_NONE);
    assert_near(j->verdict.anomalies[0].confidence,
                j->verdict.anomalies[0].original_confidence, 0);
    j = judge((struct change){exp(20 * latency_spread), since_ever, UNTIL_NOW});
    assert_int_equal(j->verdict.n_anomalies, 1);
    assert_int_equal(j->drift.conclusion.verdict, YAGA_DRIFT_CRITICAL);
    assert_near(j->verdict.anomalies[0].confidence,
                round(70 * j->verdict.anomalies[0].original_confidence) / 100, 1e-12);
}

/* A confirmed incident of the working day so far, and one that is older than the window.
 */
static void an_incident_is_no_drift_unless_it_lasts_longer_than_the_window(void **state)
{
    (void)state;
    static struct yaga_judgement j;
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_infer_options options = {.source = shop.source};
    struct yaga_error err;
    struct change level = {exp(3 * latency_spread), shop_day, UNTIL_NOW};
    assert_ok(yaga_infer_open(&shop.setup, &options, &infer, &err), &err);
    judge_in(infer, level, &j);
    assert_int_equal(j.drift.conclusion.verdict, YAGA_DRIFT_CRITICAL);
    struct yaga_anomaly *anomaly = yaga_calloc(1, sizeof *anomaly);
    assert_non_null(anomaly);
    strcpy(anomaly->name, "latency_high");
    strcpy(anomaly->pattern_name, anomaly->name);
    strcpy(anomaly->family, "latency");
    anomaly->type = "ml_isolation";
    anomaly->severity = YAGA_SEVERITY_LOW;
    anomaly->root_metric = LATENCY;
    const int64_t begins[] = {shop_day + 9 * 3600, shop_day - 86400};
    const enum yaga_drift_verdict want[] = {YAGA_DRIFT_UNKNOWN, YAGA_DRIFT_CRITICAL};
    for (size_t i = 0; i < 2; i++) { /* 20 rows of the day are left of the first one */
        assert_ok(yaga_store_exec(infer->store, "DELETE FROM incidents", &err), &err);
        for (int64_t at_s = begins[i]; at_s < UNTIL_NOW; at_s += SHOP_STEP_S) {
            struct yaga_observation seen = {.service = "shop",
                                            .period = "business_hours",
                                            .detected_at_s = at_s,
                                            .step = at_s / SHOP_STEP_S,
                                            .anomalies = anomaly,
                                            .n_anomalies = 1,
                                            .metrics = shop.setup.metrics};
            struct yaga_incident_changes changes = {.n = 0};
            assert_ok(yaga_incidents_apply(infer->store, &shop.setup.incident, &seen,
                                           &changes, &err),
                      &err);
            yaga_incident_changes_clear(&changes);
        }
        judge_in(infer, level, &j);
        assert_int_equal(j.drift.conclusion.verdict, want[i]);
    }
    yaga_free(anomaly);
}

/* What a cycle writes beside its state. */
static void a_cycle_says_how_its_models_fit(void **state)
{
    (void)state;
    struct yaga_infer_result result;
    struct yaga_error err;
    YAGA_AUTO_MEM(char) text = NULL;
    shop_cycle(&shop, NULL, shop_day + 17 * 3600, &result);
    const struct yaga_infer_service *judged = shop_judged(&result, "shop");
    assert_int_equal(judged->drift, YAGA_DRIFT_NONE);
    assert_true(judged->drift_score >= 0 && judged->drift_score < 3);
    assert_true(isnan(shop_judged(&result, "cart")->drift_score)); /* has no model here */
    assert_ok(yaga_infer_write_status(&shop.setup, &result, &err), &err);
    yaga_infer_result_clear(&result);
    size_t n = 0;
    assert_ok(
        yaga_file_read(shop_path(&shop, "last_infer.json"), 1 << 20, &text, &n, &err),
        &err);
    assert_non_null(strstr(text, "\"drift\": \"none\""));
}

static void nothing_is_compared_when_the_check_is_off(void **state)
{
    (void)state;
    size_t rows = shop.setup.drift_rows;
    assert_int_equal(rows, 288);
    shop.setup.drift_rows = 0;
    const struct yaga_judgement *j = judge((struct change){3, since_ever, UNTIL_NOW});
    shop.setup.drift_rows = rows;
    assert_int_equal(j->drift.conclusion.verdict, YAGA_DRIFT_UNKNOWN);
    assert_int_equal(j->drift.n_metrics, 0);
}

static void a_window_with_few_rows_of_the_period_says_nothing(void **state)
{
    (void)state;
    size_t rows = shop.setup.drift_rows;
    shop.setup.drift_rows = YAGA_DRIFT_MIN_ROWS - 1;
    const struct yaga_judgement *j = judge((struct change){3, since_ever, UNTIL_NOW});
    shop.setup.drift_rows = rows;
    assert_int_equal(j->drift.conclusion.verdict, YAGA_DRIFT_UNKNOWN);
    assert_near(j->drift.conclusion.penalty, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_like_the_training_is_no_drift),
        cmocka_unit_test(an_hour_of_trouble_is_no_drift),
        cmocka_unit_test(a_level_that_stays_for_a_day_is_drift),
        cmocka_unit_test(an_anomaly_does_not_lower_its_own_confidence),
        cmocka_unit_test(an_incident_is_no_drift_unless_it_lasts_longer_than_the_window),
        cmocka_unit_test(a_cycle_says_how_its_models_fit),
        cmocka_unit_test(nothing_is_compared_when_the_check_is_off),
        cmocka_unit_test(a_window_with_few_rows_of_the_period_says_nothing),
    };
    return cmocka_run_group_tests(tests, train, leave);
}
