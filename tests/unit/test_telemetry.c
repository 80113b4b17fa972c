/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When silence is news, and whose. */
#include "assert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/detect/telemetry.h"
#include "yaga/numeric/rng.h"

enum { DAY = 288, ROWS = 2 * DAY, METRICS = 2 };

static const int64_t T0 = 1772496000;

static struct yaga_frame full(size_t n_rows)
{
    struct yaga_frame frame;
    struct yaga_error err;
    assert_ok(yaga_frame_init(&frame, T0, 300, n_rows, METRICS, &err), &err);
    for (size_t i = 0; i < n_rows * METRICS; i++)
        frame.values[i] = 1.0;
    return frame;
}

static void silence(struct yaga_frame *frame, size_t from, size_t to)
{
    for (size_t i = from * METRICS; i < to * METRICS; i++)
        frame->values[i] = (double)NAN;
}

static void three_points_without_any_value_are_silence(void **state)
{
    (void)state;
    struct yaga_frame frame = full(ROWS);
    assert_int_equal(yaga_telemetry_last(&frame), T0 + (ROWS - 1) * 300);
    for (size_t n = 0; n < 6; n++) {
        silence(&frame, ROWS - n, ROWS);
        assert_int_equal(yaga_telemetry_is_silent(&frame), n >= YAGA_TELEMETRY_POINTS);
        assert_int_equal(yaga_telemetry_last(&frame), T0 + (int64_t)(ROWS - 1 - n) * 300);
    }
    frame.values[(ROWS - 2) * METRICS + 1] = 0.0; /* one metric is enough */
    assert_false(yaga_telemetry_is_silent(&frame));
    silence(&frame, 0, ROWS);
    assert_int_equal(yaga_telemetry_last(&frame), 0);
    yaga_frame_clear(&frame);
}

static void who_sleeps_at_this_hour_is_not_missed(void **state)
{
    (void)state;
    struct yaga_frame frame = full(ROWS);
    silence(&frame, ROWS - 10, ROWS);
    assert_true(yaga_telemetry_is_silent(&frame));
    silence(&frame, DAY - 3, DAY);
    assert_false(yaga_telemetry_is_silent(&frame));
    frame.values[(DAY - 1) * METRICS] = 1.0; /* yesterday it was awake for a part of it */
    assert_true(yaga_telemetry_is_silent(&frame));
    yaga_frame_clear(&frame);
    frame = full(DAY); /* yesterday is not known */
    silence(&frame, DAY - 3, DAY);
    assert_true(yaga_telemetry_is_silent(&frame));
    yaga_frame_clear(&frame);
    frame = full(2);
    silence(&frame, 0, 2);
    assert_false(yaga_telemetry_is_silent(&frame));
    yaga_frame_clear(&frame);
}

static void half_of_all_and_three_at_least_is_the_monitoring(void **state)
{
    (void)state;
    static const struct {
        size_t dark, known;
        bool outage;
    } cases[] = {{0, 0, false},  {1, 1, false},  {2, 2, false}, {3, 3, true},
                 {3, 6, true},   {3, 7, false},  {4, 7, true},  {0, 9, false},
                 {50, 99, true}, {49, 99, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (yaga_telemetry_is_outage(cases[i].dark, cases[i].known) != cases[i].outage)
            fail_msg("%zu of %zu", cases[i].dark, cases[i].known);
}

static void the_verdict_says_since_when_and_how_grave(void **state)
{
    (void)state;
    static const struct {
        const char *category;
        enum yaga_severity severity;
    } cases[] = {{NULL, YAGA_SEVERITY_MEDIUM},
                 {"standard", YAGA_SEVERITY_MEDIUM},
                 {"critical", YAGA_SEVERITY_HIGH}};
    struct yaga_verdict *v = malloc(sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < 3; i++) {
        memset(v, 0xff, sizeof *v);
        yaga_telemetry_decide(cases[i].category, METRICS, T0, T0 + 1230, v);
        assert_int_equal(v->n_anomalies, 1);
        const struct yaga_anomaly *a = &v->anomalies[0];
        assert_string_equal(a->name, "telemetry_missing");
        assert_int_equal(a->severity, cases[i].severity);
        assert_int_equal(v->severity, cases[i].severity);
        assert_true(a->own_severity && a->sustained && !a->is_named);
        assert_int_equal(yaga_anomaly_method(a), YAGA_METHOD_PRESENCE);
        assert_string_equal(a->description,
                            "no metric has had a value for 20 minutes, the "
                            "last is of 2026-03-03T00:00:00Z");
        assert_int_equal(strncmp(a->impact, "Service of the category critical", 32) == 0,
                         i == 2);
        assert_true(isnan(v->anomaly_score) && isnan(v->metric_score[METRICS - 1]));
    }
    free(v);
}

static void a_loss_of_traffic_says_who_saw_it(void **state)
{
    (void)state;
    static const struct yaga_metric traffic = {.name = "rps", .role = YAGA_ROLE_TRAFFIC};
    const struct yaga_traffic_loss loss = {
        .traffic = &traffic,
        .metric = 1,
        .before = 35.04,
        .last_s = T0,
        .at_s = T0 + 900,
        .severity = YAGA_SEVERITY_CRITICAL,
        .witness = "web, which calls it, has lost its traffic",
        .category = "critical"};
    struct yaga_verdict *v = malloc(sizeof *v);
    assert_non_null(v);
    memset(v, 0xff, sizeof *v);
    yaga_telemetry_decide_loss(&loss, METRICS, v);
    assert_int_equal(v->n_anomalies, 1);
    assert_int_equal(v->severity, YAGA_SEVERITY_CRITICAL);
    const struct yaga_anomaly *a = &v->anomalies[0];
    assert_string_equal(a->name, "request_rate_cliff");
    assert_string_equal(a->pattern_name, "request_rate_cliff");
    assert_string_equal(a->family, "traffic");
    assert_true(a->own_severity && a->sustained && a->is_named);
    assert_int_equal(a->root_metric, 1);
    assert_int_equal(a->direction, YAGA_LOW);
    assert_near(a->value, 0.0, 0.0);
    assert_int_equal(yaga_anomaly_method(a), YAGA_METHOD_PRESENCE);
    assert_string_equal(
        a->description,
        "no requests for 15 minutes, 35.0 a second at 2026-03-03T00:00:00Z: "
        "web, which calls it, has lost its traffic");
    assert_int_equal(strncmp(a->impact, "Service of the category critical", 32), 0);
    assert_true(a->n_actions > 2 && isnan(v->anomaly_score));
    free(v);
}

/* Against the plain reading of the rule, on gaps of all kinds. */
static void random_gaps_agree_with_the_rule(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 7);
    struct yaga_frame frame = full(30);
    frame.step_s = 86400 / 24; /* hourly: a day is 24 rows */
    size_t n_silent = 0;
    for (int i = 0; i < 10000; i++) {
        bool present[30];
        for (size_t t = 0; t < 30; t++) {
            present[t] = yaga_rng_normal(&rng) > 0.6;
            for (size_t m = 0; m < METRICS; m++)
                frame.values[t * METRICS + m] =
                    present[t] && (m == t % METRICS) ? 1.0 : (double)NAN;
        }
        bool now = present[27] || present[28] || present[29];
        bool then = present[3] || present[4] || present[5];
        assert_int_equal(yaga_telemetry_is_silent(&frame), !now && then);
        n_silent += !now && then;
    }
    assert_true(n_silent > 1000 && n_silent < 9000);
    yaga_frame_clear(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_points_without_any_value_are_silence),
        cmocka_unit_test(who_sleeps_at_this_hour_is_not_missed),
        cmocka_unit_test(half_of_all_and_three_at_least_is_the_monitoring),
        cmocka_unit_test(the_verdict_says_since_when_and_how_grave),
        cmocka_unit_test(a_loss_of_traffic_says_who_saw_it),
        cmocka_unit_test(random_gaps_agree_with_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
