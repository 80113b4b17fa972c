/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter, and the documents: what they must hold, what they must never hold, and two
 * of them whole. */
#include "alert_fixture.h"

#include <stdlib.h>

#include "yaga/base/mem.h"
#include "yaga/io/file.h"

static void the_filter_follows_its_table(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum yaga_incident_status status;
        enum yaga_severity severity;
        int64_t announced, skipped;
        bool changed, reopened;
        const char *pattern;
        enum yaga_alert_verdict want;
    } cases[] = {
        {"suspected", YAGA_SUSPECTED, YAGA_SEVERITY_HIGH, 0, 0, 0, 0, "x",
         YAGA_ALERT_NOT_OPEN},
        {"recovering", YAGA_RECOVERING, YAGA_SEVERITY_HIGH, 1, 0, 0, 0, "x",
         YAGA_ALERT_NOT_OPEN},
        {"closed", YAGA_CLOSED, YAGA_SEVERITY_HIGH, 1, 0, 0, 0, "x", YAGA_ALERT_NOT_OPEN},
        {"announcement", YAGA_OPEN, YAGA_SEVERITY_MEDIUM, 0, 0, 0, 0, "x",
         YAGA_ALERT_SEND},
        {"below threshold", YAGA_OPEN, YAGA_SEVERITY_LOW, 0, 0, 0, 0, "x",
         YAGA_ALERT_SEVERITY},
        {"announced sinks", YAGA_OPEN, YAGA_SEVERITY_LOW, 1, 2, 0, 0, "x",
         YAGA_ALERT_SEND},
        {"late rise", YAGA_OPEN, YAGA_SEVERITY_HIGH, 0, 9, 1, 0, "x", YAGA_ALERT_SEND},
        {"between updates", YAGA_OPEN, YAGA_SEVERITY_HIGH, 1, 0, 0, 0, "x",
         YAGA_ALERT_UPDATE_RATE},
        {"still between", YAGA_OPEN, YAGA_SEVERITY_HIGH, 1, 1, 0, 0, "x",
         YAGA_ALERT_UPDATE_RATE},
        {"update is due", YAGA_OPEN, YAGA_SEVERITY_HIGH, 1, 2, 0, 0, "x",
         YAGA_ALERT_SEND},
        {"severity changed", YAGA_OPEN, YAGA_SEVERITY_HIGH, 1, 0, 1, 0, "x",
         YAGA_ALERT_SEND},
        {"reopened", YAGA_OPEN, YAGA_SEVERITY_LOW, 1, 0, 0, 1, "x", YAGA_ALERT_SEND},
        {"silent pattern", YAGA_OPEN, YAGA_SEVERITY_CRITICAL, 0, 0, 0, 0,
         "request_rate_surge_healthy", YAGA_ALERT_PATTERN},
        {"its old name", YAGA_OPEN, YAGA_SEVERITY_CRITICAL, 0, 0, 0, 0,
         "traffic_surge_healthy", YAGA_ALERT_PATTERN},
        {"configured by an old name", YAGA_OPEN, YAGA_SEVERITY_CRITICAL, 0, 0, 0, 0,
         "request_rate_cliff", YAGA_ALERT_PATTERN},
    };
    static const char *const silent[] = {"request_rate_surge_healthy", "traffic_cliff"};
    struct yaga_alert_params params = {.threshold = YAGA_SEVERITY_MEDIUM,
                                       .non_alerting = silent,
                                       .n_non_alerting = 2,
                                       .update_every_cycles = 3};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_incident_change change = {.anomaly = 0};
        change.incident.status = cases[i].status;
        change.incident.severity = cases[i].severity;
        change.incident.announced_at_s = cases[i].announced;
        change.incident.updates_skipped = cases[i].skipped;
        change.severity_changed = cases[i].changed;
        change.action = cases[i].reopened ? YAGA_INCIDENT_REOPEN : YAGA_INCIDENT_CONTINUE;
        strcpy(change.incident.pattern_name, cases[i].pattern);
        enum yaga_alert_verdict got = yaga_alert_filter(&params, &change, false);
        if (got != cases[i].want)
            fail_msg("%s: got %s, want %s", cases[i].what, yaga_alert_verdict_name(got),
                     yaga_alert_verdict_name(cases[i].want));
    }
}

static void what_another_announcement_tells_is_held_back_unless_it_is_known(void **state)
{
    (void)state;
    struct yaga_alert_params params = {.threshold = YAGA_SEVERITY_MEDIUM,
                                       .update_every_cycles = 1};
    struct yaga_incident_change change = {.anomaly = 0};
    change.incident.status = YAGA_OPEN;
    change.incident.severity = YAGA_SEVERITY_CRITICAL;
    assert_int_equal(yaga_alert_filter(&params, &change, false), YAGA_ALERT_SEND);
    assert_int_equal(yaga_alert_filter(&params, &change, true), YAGA_ALERT_GROUPED);
    change.incident.announced_at_s = 1;
    assert_int_equal(yaga_alert_filter(&params, &change, true), YAGA_ALERT_SEND);
}

static void old_pattern_names_have_new_ones(void **state)
{
    (void)state;
    assert_string_equal(yaga_pattern_alias("database_degradation"),
                        "database_latency_degraded");
    assert_string_equal(yaga_pattern_alias("latency_high"), "latency_high");
}

static void alert_ids_are_file_names(void **state)
{
    (void)state;
    static const struct {
        const char *service, *suffix, *want;
    } cases[] = {
        {"checkout", NULL, "checkout_20260302T140600Z_7"},
        {"checkout", "", "checkout_20260302T140600Z_7"},
        {"checkout", "incident_1", "checkout_20260302T140600Z_7_incident_1"},
        {"a/b c.d", NULL, "a%2Fb%20c.d_20260302T140600Z_7"},
        {"../x", NULL, "%2E.%2Fx_20260302T140600Z_7"},
        {"caf\xc3\xa9", NULL, "caf%C3%A9_20260302T140600Z_7"},
        {"*", NULL, "%2A_20260302T140600Z_7"},
    };
    char id[YAGA_ALERT_ID_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        yaga_alert_id(cases[i].service, T0, 7, cases[i].suffix, id, sizeof id);
        assert_string_equal(id, cases[i].want);
    }
}

static void long_services_keep_different_alert_ids(void **state)
{
    (void)state;
    char a[YAGA_NAME_MAX + 1];
    char b[YAGA_NAME_MAX + 1];
    memset(a, '/', YAGA_NAME_MAX);
    a[YAGA_NAME_MAX] = '\0';
    memcpy(b, a, sizeof b);
    b[YAGA_NAME_MAX - 1] = '+';
    char id_a[YAGA_ALERT_ID_MAX];
    char id_b[YAGA_ALERT_ID_MAX];
    yaga_alert_id(a, T0, INT64_MAX, "incident_0123456789ab", id_a, sizeof id_a);
    yaga_alert_id(b, T0, INT64_MAX, "incident_0123456789ab", id_b, sizeof id_b);
    assert_string_not_equal(id_a, id_b);
    assert_non_null(strstr(id_a, "_20260302T140600Z_9223372036854775807_incident_"));
    assert_true(strlen(id_a) < YAGA_ALERT_ID_MAX - 1);
}

/* Path of a file of the tree, given from the folder of this source. */
static void tree_path(const char *name, char *out, size_t size)
{
    const char *slash = strrchr(__FILE__, '/');
    int folder = slash == NULL ? 0 : (int)(slash + 1 - __FILE__);
    assert_true(yaga_format(out, size, "%.*s%s", folder, __FILE__, name));
}

static char *tree_text(const char *name)
{
    struct yaga_error err = {.status = YAGA_OK};
    char path[512];
    char *text = NULL;
    size_t n = 0;
    tree_path(name, path, sizeof path);
    assert_ok(yaga_file_read(path, 1 << 20, &text, &n, &err), &err);
    return text;
}

/* Compares with tests/unit/golden/<name>; YAGA_WRITE_GOLDEN set: writes it instead. The
 * manual shows the same text. */
static void assert_golden(const struct yaga_json *document, const char *name)
{
    struct yaga_error err = {.status = YAGA_OK};
    YAGA_AUTO_MEM(char) got = NULL;
    assert_ok(yaga_json_dump(document, true, &got, &err), &err);
    if (getenv("YAGA_WRITE_GOLDEN") != NULL) {
        char path[512];
        tree_path(name, path, sizeof path);
        assert_ok(yaga_file_write_atomic(path, got, strlen(got), &err), &err);
        return;
    }
    YAGA_AUTO_MEM(char) want = tree_text(name);
    assert_string_equal(got, want);
    YAGA_AUTO_MEM(char) manual = tree_text("../../docs/man/yaga-alerts.5.scd");
    assert_non_null(strstr(manual, got));
}

static void an_alert_reads_as_documented(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    YAGA_AUTO(yaga_json) document = document_of(&s);
    yaga_json_set_string(document, "alert_id", "checkout_20260302T140600Z_7");
    assert_golden(document, "golden/alert.json");
}

static void a_resolution_reads_as_documented(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    s.context.detected_at_s = T0 + 34 * MINUTE;
    s.values[1] = 121;
    s.values[2] = 0.0006;
    s.slo.status = YAGA_SLO_OK;
    s.slo.original = s.slo.adjusted = YAGA_SEVERITY_NONE;
    s.slo.severity_changed = false;
    s.slo.proximity = 0.3025;
    s.slo.impact = YAGA_IMPACT_NONE;
    strcpy(s.slo.explanation, "Nothing to report.");
    s.slo.errors_lower_bound = 0.000334;
    s.slo.dimensions[YAGA_SLO_LATENCY].status = YAGA_SLO_OK;
    s.slo.dimensions[YAGA_SLO_LATENCY].value = 121;
    s.slo.dimensions[YAGA_SLO_LATENCY].proximity = 0.3025;
    s.slo.dimensions[YAGA_SLO_ERRORS] = (struct yaga_slo_dimension_state){
        .known = true, .metric = 2, .value = 0.0006, .proximity = 0.03};
    struct yaga_incident_change change = open_change();
    change.action = YAGA_INCIDENT_CLOSE;
    change.anomaly = -1;
    struct yaga_incident *incident = &change.incident;
    incident->status = YAGA_CLOSED;
    incident->announced_at_s = T0;
    incident->last_seen_s = T0 + 28 * MINUTE;
    incident->resolved_at_s = T0 + 34 * MINUTE;
    incident->missed_cycles = 3;
    incident->occurrence_count = 16;
    incident->severity = YAGA_SEVERITY_LOW;
    strcpy(incident->resolution_reason, "resolved");
    YAGA_AUTO(yaga_json)
    document = yaga_resolution_document(&s.params, &s.context, &change);
    yaga_json_set_string(document, "alert_id", "checkout_20260302T144000Z_24_resolved");
    assert_golden(document, "golden/resolution.json");
}

static void required_fields_are_there(void **state)
{
    (void)state;
    static const char *const top[] = {
        "alert_type",       "service_name",         "timestamp",      "time_period",
        "model_name",       "model_type",           "anomalies",      "anomaly_count",
        "overall_severity", "current_metrics",      "fingerprinting", "performance_info",
        "metadata",         "service_anomaly_score"};
    static const char *const inner[] = {"type",
                                        "severity",
                                        "confidence",
                                        "score",
                                        "anomaly_score",
                                        "description",
                                        "interpretation",
                                        "root_metric",
                                        "pattern_name",
                                        "signal_count",
                                        "value",
                                        "contributing_metrics",
                                        "detection_method",
                                        "detection_signals",
                                        "time_confidence",
                                        "detected_by_model",
                                        "fingerprint_id",
                                        "incident_id",
                                        "fingerprint_action",
                                        "incident_action",
                                        "status",
                                        "previous_status",
                                        "is_confirmed",
                                        "newly_confirmed",
                                        "first_seen",
                                        "last_updated",
                                        "incident_duration_minutes",
                                        "occurrence_count",
                                        "consecutive_detections"};
    struct scene s;
    set_up_scene(&s);
    YAGA_AUTO(yaga_json) document = document_of(&s);
    for (size_t i = 0; i < sizeof top / sizeof top[0]; i++)
        if (yaga_json_get(document, top[i]) == NULL)
            fail_msg("document: no \"%s\"", top[i]);
    const struct yaga_json *anomaly = only_anomaly(document);
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++)
        if (yaga_json_get(anomaly, inner[i]) == NULL)
            fail_msg("anomaly: no \"%s\"", inner[i]);
}

static void only_open_incidents_seen_now_are_in_a_document(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    s.verdict.n_anomalies = 4;
    for (int i = 0; i < 4; i++) {
        s.verdict.anomalies[i] = s.verdict.anomalies[0];
        (void)snprintf(s.verdict.anomalies[i].name, 32, "anomaly_%d", i);
        s.verdict.anomalies[i].severity = YAGA_SEVERITY_CRITICAL;
        s.changes[i] = open_change();
        s.changes[i].anomaly = i;
        s.changes[i].incident.status = (enum yaga_incident_status)i;
    }
    s.verdict.anomalies[YAGA_OPEN].severity = YAGA_SEVERITY_MEDIUM;
    s.list.n = 4;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomalies = yaga_json_get(document, "anomalies");
    assert_int_equal(yaga_json_size(anomalies), 1);
    assert_non_null(yaga_json_get(anomalies, "anomaly_1"));
    assert_int_equal(int_at(document, "anomaly_count"), 1);
    assert_string_equal(text_at(document, "overall_severity"), "medium");
}

static void overall_severity_is_the_maximum_of_what_is_sent(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    s.verdict.n_anomalies = 3;
    static const enum yaga_severity severities[] = {YAGA_SEVERITY_LOW, YAGA_SEVERITY_HIGH,
                                                    YAGA_SEVERITY_CRITICAL};
    for (int i = 0; i < 3; i++) {
        s.verdict.anomalies[i] = s.verdict.anomalies[0];
        (void)snprintf(s.verdict.anomalies[i].name, 32, "anomaly_%d", i);
        s.verdict.anomalies[i].severity = severities[i];
        s.changes[i] = open_change();
        s.changes[i].anomaly = i;
    }
    s.list.n = 3;
    s.send[2] = false;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    assert_int_equal(int_at(document, "anomaly_count"), 2);
    assert_string_equal(text_at(document, "overall_severity"), "high");
}

static void missing_numbers_are_left_out_and_zero_is_a_value(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_anomaly *a = &s.verdict.anomalies[0];
    a->value = 0;
    a->expected = (double)NAN;
    a->percentile = (double)INFINITY;
    a->signals[0].p = (double)NAN;
    s.verdict.anomaly_score = (double)NAN;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    struct yaga_error err;
    YAGA_AUTO_MEM(char) text = NULL;
    assert_ok(yaga_json_dump(document, false, &text, &err), &err);
    assert_null(strstr(text, "NaN"));
    assert_null(strstr(text, "Inf"));
    const struct yaga_json *anomaly = only_anomaly(document);
    assert_int_equal(int_at(anomaly, "value"), 0);
    assert_null(yaga_json_get(anomaly, "expected"));
    assert_null(yaga_json_get(anomaly, "percentile"));
    const struct yaga_json *current = yaga_json_get(document, "current_metrics");
    assert_int_equal(yaga_json_size(current), 2);
    assert_null(yaga_json_get(current, "error_rate"));
}

static void a_pattern_is_a_signal_and_names_who_else_is_affected(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_anomaly *a = &s.verdict.anomalies[0];
    a->is_named = true;
    a->also_affected[2] = true;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomaly = only_anomaly(document);
    const struct yaga_json *list = yaga_json_get(anomaly, "detection_signals");
    assert_int_equal(yaga_json_size(list), 2);
    assert_string_equal(text_at(yaga_json_at(list, 1), "method"),
                        "named_pattern_matching");
    assert_string_equal(text_at(yaga_json_at(list, 1), "pattern"), a->pattern_name);
    assert_int_equal(int_at(anomaly, "signal_count"), 1);
    assert_string_equal(
        yaga_json_string(yaga_json_at(yaga_json_get(anomaly, "also_affected"), 0)),
        metrics[2].name);
    const struct yaga_json *used =
        yaga_json_get(yaga_json_get(document, "metadata"), "models_used");
    assert_string_equal(yaga_json_string(yaga_json_at(used, 1)),
                        "named_pattern_matching");
}

static void an_anomaly_of_an_auxiliary_value_says_which(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_anomaly *a = &s.verdict.anomalies[0];
    a->n_signals = 0;
    a->basis = YAGA_BASIS_AUXILIARY;
    a->root_metric = -1;
    a->type = "threshold";
    memset(a->contribution, 0, sizeof a->contribution);
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomaly = only_anomaly(document);
    const struct yaga_json *signal =
        yaga_json_at(yaga_json_get(anomaly, "detection_signals"), 0);
    assert_string_equal(text_at(signal, "metric"), "client_error_rate");
    assert_string_equal(text_at(anomaly, "detection_method"), "threshold");
    assert_string_equal(text_at(anomaly, "contribution_method"), "none");
    assert_null(yaga_json_get(anomaly, "root_metric"));
}

static void an_anomaly_of_the_combination_has_one_signal(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_anomaly *a = &s.verdict.anomalies[0];
    a->n_signals = 0;
    a->basis = YAGA_BASIS_JOINT;
    a->root_metric = -1;
    a->type = "multivariate_pattern";
    a->value = (double)NAN;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomaly = only_anomaly(document);
    assert_null(yaga_json_get(anomaly, "root_metric"));
    assert_null(yaga_json_get(anomaly, "value"));
    assert_int_equal(int_at(anomaly, "signal_count"), 1);
    assert_int_equal(yaga_json_size(yaga_json_get(anomaly, "detection_signals")), 1);
    double score = 0;
    assert_true(yaga_json_number(yaga_json_get(anomaly, "anomaly_score"), &score));
    assert_near(score, 1.25, 1e-12);
    assert_string_equal(text_at(anomaly, "contribution_method"), "ensemble");
    const struct yaga_json *first =
        yaga_json_at(yaga_json_get(anomaly, "feature_contributions"), 0);
    assert_string_equal(text_at(first, "direction"), "elevated");
    static const struct {
        double percentile;
        const char *direction;
    } cases[] = {{9.9, "elevated"},
                 {10, "unusual"},
                 {90, "unusual"},
                 {90.1, "elevated"},
                 {NAN, "unusual"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t m = 0; m < N_METRICS; m++)
            s.evidence[m].percentile = cases[i].percentile;
        YAGA_AUTO(yaga_json) other = document_of(&s);
        first =
            yaga_json_at(yaga_json_get(only_anomaly(other), "feature_contributions"), 0);
        assert_string_equal(text_at(first, "direction"), cases[i].direction);
    }
    s.verdict.channel[YAGA_CHANNEL_FAST] = (double)NAN;
    YAGA_AUTO(yaga_json) without = document_of(&s);
    assert_string_equal(text_at(only_anomaly(without), "contribution_method"),
                        "forest_pca");
}

static void what_would_be_quiet_is_told_of_the_metrics_that_carry_it(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    static const struct yaga_counterfactual asked[] = {
        {.metric = 1, .value = 287.4, .quiet = 212.4, .together = NAN},
        {.metric = 2, .value = 0.02, .quiet = NAN, .together = NAN},
        {.metric = 0,
         .value = 3.0,
         .quiet = 2.0,
         .together = NAN}}; /* has no part in it */
    s.context.counterfactuals = asked;
    s.context.n_counterfactuals = 3;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *list =
        yaga_json_get(only_anomaly(document), "counterfactuals");
    assert_int_equal(yaga_json_size(list), 2);
    const struct yaga_json *one = yaga_json_at(list, 0), *none = yaga_json_at(list, 1);
    double value = 0;
    assert_string_equal(text_at(one, "metric"), "application_latency");
    assert_string_equal(text_at(one, "relation"), "<=");
    assert_true(yaga_json_number(yaga_json_get(one, "value"), &value));
    assert_near(value, 212.4, 0);
    assert_string_equal(text_at(one, "text"), "quiet if application_latency <= 212.4");
    assert_null(yaga_json_get(none, "value"));
    assert_null(yaga_json_get(none, "relation"));
    assert_string_equal(text_at(none, "text"),
                        "no value of error_rate alone would be quiet");
}

static void a_metric_that_came_to_life_is_activated(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    s.verdict.anomalies[0].signals[0].method = YAGA_METHOD_ACTIVATION;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomaly = only_anomaly(document);
    assert_string_equal(text_at(anomaly, "direction"), "activated");
    const struct yaga_json *signal =
        yaga_json_at(yaga_json_get(anomaly, "detection_signals"), 0);
    assert_string_equal(text_at(signal, "direction"), "activated");
    assert_string_equal(text_at(signal, "method"), "zero_normal_threshold");
}

static void lists_are_bounded(void **state)
{
    (void)state;
    static struct yaga_metric many[YAGA_METRICS_MAX];
    static double values[YAGA_METRICS_MAX];
    const char *failed[YAGA_METRICS_MAX];
    struct scene s;
    set_up_scene(&s);
    struct yaga_anomaly *a = &s.verdict.anomalies[0];
    for (size_t i = 0; i < YAGA_METRICS_MAX; i++) {
        (void)snprintf(many[i].name, sizeof many[i].name, "m%zu", i);
        failed[i] = many[i].name;
        a->signals[i] = a->signals[0];
        a->signals[i].metric = i;
        a->contribution[i] = 1.0 / YAGA_METRICS_MAX;
    }
    a->n_signals = YAGA_METRICS_MAX;
    s.context.metrics = many;
    s.context.n_metrics = YAGA_METRICS_MAX;
    s.context.values = values;
    s.context.evidence = NULL;
    s.context.model = NULL;
    s.context.failed_metrics = failed;
    s.context.n_failed = YAGA_METRICS_MAX;
    s.context.failure_summary = "all of them";
    s.warnings.n = YAGA_WARNINGS_MAX;
    s.context.warnings = &s.warnings;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomaly = only_anomaly(document);
    assert_int_equal(int_at(anomaly, "signal_count"), YAGA_METRICS_MAX);
    static const char *const lists[] = {"detection_signals", "contributing_metrics",
                                        "feature_contributions"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(yaga_json_size(yaga_json_get(anomaly, lists[i])),
                         YAGA_ALERT_LIST_MAX);
    assert_null(yaga_json_get(anomaly, "comparison_data"));
    assert_int_equal(yaga_json_size(yaga_json_get(document, "validation_warnings")),
                     YAGA_ALERT_LIST_MAX);
    const struct yaga_json *partial = yaga_json_get(document, "partial_metrics_failure");
    assert_int_equal(yaga_json_size(yaga_json_get(partial, "failed_metrics")),
                     YAGA_ALERT_LIST_MAX);
}

static void failing_memory_is_reported_by_the_dump(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_error err;
    for (size_t k = 1;; k++) {
        YAGA_AUTO_MEM(char) text = NULL;
        yaga_mem_fail_nth(k);
        YAGA_AUTO(yaga_json) document = document_of(&s);
        enum yaga_status st = yaga_json_dump(document, false, &text, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filter_follows_its_table),
        cmocka_unit_test(what_another_announcement_tells_is_held_back_unless_it_is_known),
        cmocka_unit_test(old_pattern_names_have_new_ones),
        cmocka_unit_test(alert_ids_are_file_names),
        cmocka_unit_test(long_services_keep_different_alert_ids),
        cmocka_unit_test(an_alert_reads_as_documented),
        cmocka_unit_test(a_resolution_reads_as_documented),
        cmocka_unit_test(required_fields_are_there),
        cmocka_unit_test(only_open_incidents_seen_now_are_in_a_document),
        cmocka_unit_test(overall_severity_is_the_maximum_of_what_is_sent),
        cmocka_unit_test(missing_numbers_are_left_out_and_zero_is_a_value),
        cmocka_unit_test(a_pattern_is_a_signal_and_names_who_else_is_affected),
        cmocka_unit_test(an_anomaly_of_an_auxiliary_value_says_which),
        cmocka_unit_test(an_anomaly_of_the_combination_has_one_signal),
        cmocka_unit_test(what_would_be_quiet_is_told_of_the_metrics_that_carry_it),
        cmocka_unit_test(a_metric_that_came_to_life_is_activated),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(failing_memory_is_reported_by_the_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
