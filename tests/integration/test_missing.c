/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service in trouble of which one metric after the other is missing, in every way:
 * nothing is said of what is not there, and the rest is judged. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "shop.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/cascades.h"
#include "yaga/pipeline/infer_internal.h"

enum { TRAFFIC, LATENCY, ERRORS };

static struct shop shop;

static int train(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", NULL};
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

/* How a metric is not there. */
enum way {
    NOT_A_NUMBER, /* the newest samples; there were some before */
    ABSENT,       /* no series now, one until an hour ago */
    NEVER_SEEN,   /* no series at all */
    FAILED,       /* the query failed */
    AMBIGUOUS,    /* two series */
    N_WAYS
};

static void
take_away(struct yaga_fleet *fleet, size_t metric, enum way way, int64_t silent_s)
{
    struct yaga_fleet_service *s = &fleet->services[0];
    struct yaga_frame *frame = &s->frame;
    int64_t end_s = yaga_frame_time(frame, frame->n_rows - 1);
    int64_t from_s = way == NOT_A_NUMBER ? end_s
                     : way == ABSENT     ? end_s - silent_s
                                         : frame->start_s;
    for (size_t t = 0; t < frame->n_rows; t++)
        if (yaga_frame_time(frame, t) >= from_s)
            frame->values[t * frame->n_metrics + metric] = (double)NAN;
    if (way == NEVER_SEEN)
        s->presence[metric] = YAGA_ABSENT;
    if (way == FAILED)
        s->presence[metric] = YAGA_FAILED;
    if (way == AMBIGUOUS)
        s->presence[metric] = YAGA_AMBIGUOUS;
}

/* The judgement of the fault's third cycle without the metrics of the mask. */
static const struct yaga_judgement *judge_without(unsigned mask, enum way way)
{
    static const char *const cart[] = {"cart"};
    static struct yaga_when when[4096];
    static struct yaga_judgement j;
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_infer_options options = {.source = shop.source, .dry_run = true};
    struct yaga_fleet fleet;
    struct yaga_error err;
    int64_t at_s = shop_fault + 600;
    assert_ok(yaga_infer_open(&shop.setup, &options, &infer, &err), &err);
    assert_ok(yaga_infer_fetch(infer, cart, 1, at_s, 0, &fleet, &err), &err);
    for (size_t m = 0; m < shop.setup.n_metrics; m++)
        if (mask & 1U << m)
            take_away(&fleet, m, way, 3600);
    const struct yaga_frame *frame = &fleet.services[0].frame;
    yaga_period_grid(&shop.setup.calendar, frame->start_s, SHOP_STEP_S, frame->n_rows,
                     when);
    memset(&j, 0, sizeof j);
    yaga_judge(infer, &fleet, 0, when, at_s, &j);
    yaga_judgement_clear(&j);
    yaga_fleet_clear(&fleet);
    return &j;
}

static bool is_signal(const struct yaga_judgement *j, size_t metric)
{
    for (size_t i = 0; i < j->verdict.found.n_signals; i++)
        if (j->verdict.found.signals[i].metric == metric)
            return true;
    return false;
}

static void assert_unavailable(const struct yaga_judgement *j, const char *reason)
{
    assert_int_equal(j->outcome, YAGA_METRICS_UNAVAILABLE);
    assert_string_equal(j->reason, reason);
    assert_int_equal(j->verdict.n_anomalies, 0);
}

static void assert_judged(const struct yaga_judgement *j, size_t metric, enum way way)
{
    if (j->outcome != YAGA_EVALUATED)
        fail_msg("metric %zu, way %d: %s", metric, way, j->reason);
    assert_false(is_signal(j, metric));
    assert_int_equal(is_signal(j, LATENCY), metric != LATENCY);
    /* Served requests and no series of errors: there were none. It is the only zero. */
    bool zero = metric == ERRORS && way != FAILED && way != AMBIGUOUS;
    assert_near(j->verdict.found.now[metric].value, zero ? 0.0 : (double)NAN, 0.0);
    assert_true(isnan(j->verdict.metric_score[metric]) || zero);
    assert_int_equal(j->n_failed, way == FAILED || way == AMBIGUOUS);
    if (j->n_failed == 1)
        assert_string_equal(j->failed_metrics[0], shop.setup.metrics[metric].name);
}

static void what_is_missing_is_no_signal_and_the_rest_is_judged(void **state)
{
    (void)state;
    assert_true(is_signal(judge_without(0, NOT_A_NUMBER), LATENCY));
    for (size_t m = 0; m < shop.setup.n_metrics; m++) {
        for (enum way way = 0; way < N_WAYS; way++) {
            const struct yaga_judgement *j = judge_without(1U << m, way);
            if (m != TRAFFIC || way == NEVER_SEEN)
                assert_judged(j, m, way);
            else if (way == FAILED || way == AMBIGUOUS)
                assert_unavailable(j, "critical_metrics_unavailable");
            else
                assert_unavailable(j, "request_rate_absent");
        }
    }
}

/* Two failed queries leave enough, three do not; without any value nothing is judged. */
static void too_little_is_not_judged(void **state)
{
    (void)state;
    unsigned all = (1U << shop.setup.n_metrics) - 1;
    for (unsigned mask = 1; mask <= all; mask++) {
        int n = __builtin_popcount(mask);
        if (mask & 1U << TRAFFIC || n < 2 || n > 3)
            continue;
        const struct yaga_judgement *j = judge_without(mask, FAILED);
        assert_int_equal(j->n_failed, n);
        if (n > 2)
            assert_unavailable(j, "critical_metrics_unavailable");
        else
            assert_int_equal(j->outcome, YAGA_EVALUATED);
    }
    assert_unavailable(judge_without(all, ABSENT), "no_data");
    assert_unavailable(judge_without(all, NEVER_SEEN), "no_data");
    assert_unavailable(judge_without(all, FAILED), "critical_metrics_unavailable");
}

/* noisy is silent, and cart, which calls it, has `rate` requests a second since 14:00.
 * What is said of noisy, whose callers are those of `graph`. */
static struct yaga_anomaly silent_with(double rate, const char *graph)
{
    static const char *const both[] = {"cart", "noisy"};
    static struct yaga_when when[4096];
    static struct yaga_judgement j[2];
    struct shop own;
    struct yaga_cascades cascades;
    struct yaga_silence silence;
    struct yaga_infer_options options = {.dry_run = true};
    struct yaga_fleet fleet;
    struct yaga_error err;
    int64_t at_s = shop_silence + 900;
    shop_open_with(&own, NULL, graph);
    shop_copy_models(&shop, &own);
    YAGA_AUTO(yaga_infer) infer = NULL;
    options.source = own.source;
    assert_ok(yaga_infer_open(&own.setup, &options, &infer, &err), &err);
    assert_ok(yaga_infer_fetch(infer, both, 2, at_s, 0, &fleet, &err), &err);
    struct yaga_frame *frame = &fleet.services[0].frame;
    for (size_t t = 0; t < frame->n_rows; t++)
        if (yaga_frame_time(frame, t) >= shop_silence)
            frame->values[t * frame->n_metrics + TRAFFIC] = rate;
    yaga_period_grid(&own.setup.calendar, frame->start_s, SHOP_STEP_S, frame->n_rows,
                     when);
    memset(j, 0, sizeof j);
    for (size_t i = 0; i < 2; i++)
        yaga_judge(infer, &fleet, i, when, at_s, &j[i]);
    assert_ok(yaga_judge_together(infer, &fleet, j, at_s, 0, &cascades, &silence, &err),
              &err);
    assert_int_equal(silence.n_dark, 1);
    assert_false(silence.is_outage);
    assert_int_equal(j[1].outcome, YAGA_METRICS_UNAVAILABLE);
    assert_true(j[1].by_presence);
    assert_int_equal(j[1].verdict.n_anomalies, 1);
    struct yaga_anomaly out = j[1].verdict.anomalies[0];
    yaga_cascades_clear(&cascades);
    for (size_t i = 0; i < 2; i++)
        yaga_judgement_clear(&j[i]);
    yaga_fleet_clear(&fleet);
    infer = yaga_infer_free(infer);
    shop_close(&own);
    return out;
}

#define GRAPH                                                                            \
    "dependencies = { graph = ( { service = \"cart\"; depends_on = [ \"noisy\" ]; } ); " \
    "};\n"
#define SLOS(more) "slos = { defaults = { " more " }; };\n"

static void who_is_not_called_any_more_has_lost_its_traffic(void **state)
{
    (void)state;
    struct yaga_anomaly a = silent_with(0.0, GRAPH);
    assert_string_equal(a.name, "request_rate_cliff");
    assert_int_equal(a.severity, YAGA_SEVERITY_CRITICAL);
    assert_non_null(
        strstr(a.description, ": cart, which calls it, has lost its traffic"));
    /* a caller with traffic says nothing, nor does one that does not call it */
    assert_string_equal(silent_with(100.0, GRAPH).name, "telemetry_missing");
    assert_string_equal(silent_with(0.0, "").name, "telemetry_missing");
    /* objectives say how grave it is, and whether they look at it at all: it is a
     * Tuesday, 14:15 */
    a = silent_with(0.0, GRAPH SLOS("request_rate_evaluation = { cliff = { "
                                    "peak_hours_severity = \"warning\"; }; };"));
    assert_int_equal(a.severity, YAGA_SEVERITY_HIGH);
    assert_string_equal(
        silent_with(0.0, GRAPH SLOS("request_rate_evaluation = { enabled = false; };"))
            .name,
        "telemetry_missing");
    assert_string_equal(silent_with(0.0, GRAPH SLOS("min_traffic_rps = 1e6;")).name,
                        "telemetry_missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_no_signal_and_the_rest_is_judged),
        cmocka_unit_test(too_little_is_not_judged),
        cmocka_unit_test(who_is_not_called_any_more_has_lost_its_traffic),
    };
    return cmocka_run_group_tests(tests, train, leave);
}
