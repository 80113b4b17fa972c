/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter, and the documents: what they must hold, what they must never hold, and two
 * of them whole. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/alert/alert.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"

enum { T0 = 1772460360 /* 2026-03-02T14:06:00Z */, MINUTE = 60 };

static const struct yaga_metric metrics[] = {
    {.name = "request_rate", .role = YAGA_ROLE_TRAFFIC},
    {.name = "application_latency", .role = YAGA_ROLE_LATENCY},
    {.name = "error_rate", .role = YAGA_ROLE_ERRORS},
};
enum { N_METRICS = sizeof metrics / sizeof metrics[0] };

/* Everything a document borrows, in one place. */
struct scene {
    struct yaga_alert_params params;
    struct yaga_alert_context context;
    struct yaga_verdict verdict;
    struct yaga_evidence evidence[N_METRICS];
    struct yaga_metric_model metric_models[N_METRICS];
    struct yaga_model model;
    struct yaga_warnings warnings;
    double values[N_METRICS];
    struct yaga_incident_change changes[4];
    struct yaga_incident_changes list;
    bool send[4];
    struct yaga_alert_counts counts;
    struct yaga_slo_evaluation slo;
};

static void set_anomaly(struct scene *s)
{
    struct yaga_anomaly *a = &s->verdict.anomalies[0];
    *a = (struct yaga_anomaly){
        .name = "application_latency_high",
        .pattern_name = "application_latency_high",
        .family = "latency",
        .type = "ml_isolation",
        .severity = YAGA_SEVERITY_HIGH,
        .ml_severity = YAGA_SEVERITY_MEDIUM,
        .confidence = 0.83,
        .score = -0.41,
        .root_metric = 1,
        .direction = YAGA_HIGH,
        .value = 287.4,
        .expected = 120,
        .percentile = 99.62,
        .sigma = 8.366,
        .sustained = true,
        .n_signals = 1,
        .contribution = {0, 0.75, 0.25},
        .description = "application_latency is 287 ms, usually 120 ms",
        .interpretation = "Requests take longer than at this time of day.",
        .severity_confidence = 0.8,
        .impact = "Noticeably slow.",
        .n_adjustments = 1,
        .adjustments = {"medium to high: the error rate is severe"},
        .n_causes = 1,
        .n_checks = 2,
        .n_actions = 2,
        .actions = {"CHECK the slowest routes",
                    "TIMELINE compare the onset with releases"},
        .causes = {"A change or a resource, not load."},
        .checks = {"Compare the onset with releases.", "Look at the slowest routes."},
    };
    a->signals[0] = (struct yaga_signal){.metric = 1,
                                         .direction = YAGA_HIGH,
                                         .method = YAGA_METHOD_FOREST,
                                         .severity = YAGA_SEVERITY_HIGH,
                                         .value = 287.4,
                                         .expected = 120,
                                         .score = -0.41,
                                         .p = 2e-6,
                                         .percentile = 99.62,
                                         .sigma = 8.366,
                                         .strong = true,
                                         .sustained = true,
                                         .points_anomalous = 3,
                                         .points_total = 12,
                                         .onset_s = T0 - 10 * MINUTE};
    s->verdict.n_anomalies = 1;
    s->verdict.severity = YAGA_SEVERITY_HIGH;
    s->verdict.alpha = 1e-4;
    s->verdict.p = 8e-6;
    s->verdict.anomaly_score = 1.2742;
    s->verdict.metric_score[0] = 0.1;
    s->verdict.metric_score[1] = 1.42474;
    s->verdict.metric_score[2] = (double)NAN;
    s->verdict.p_mv = 1e-5;
    s->verdict.decision_mv = -0.05;
}

static void set_model(struct scene *s)
{
    static const struct yaga_metric_stats stats[] = {
        {.mean = 60, .std = 4, .p95 = 70},
        {.mean = 120, .std = 20, .p95 = 160},
        {.mean = (double)NAN, .std = (double)NAN, .p95 = (double)NAN},
    };
    for (size_t i = 0; i < N_METRICS; i++) {
        (void)yaga_format(s->metric_models[i].name, sizeof s->metric_models[i].name, "%s",
                          metrics[i].name);
        s->metric_models[i].stats = stats[i];
        s->evidence[i] = (struct yaga_evidence){
            .expected = stats[i].mean, .percentile = 50, .direction = YAGA_HIGH};
    }
    s->evidence[1].percentile = 99.62;
    s->model = (struct yaga_model){
        .variant = "baseline", .n_metrics = N_METRICS, .metrics = s->metric_models};
}

/* Beyond the warning limit of latency, everything else in order. */
static void set_slo(struct scene *s)
{
    struct yaga_slo_evaluation *e = &s->slo;
    *e = (struct yaga_slo_evaluation){
        .enabled = true,
        .has_objectives = true,
        .status = YAGA_SLO_WARNING,
        .proximity = 0.7185,
        .n_requests = 18360,
        .errors_lower_bound = (double)NAN,
        .database_expected = (double)NAN,
        .database_ratio = (double)NAN,
        .rate = 61.2,
        .rate_expected = 60,
        .rate_ratio = 1.02,
        .burn = {.budget = 0.005,
                 .over_long = {0.2, 0.15, 0.12, 0.16, 0.1},
                 .over_short = {0.25, 0.2, 0.15, 0.2, 0.15},
                 .worst = -1,
                 .hours_left = (double)NAN},
        .original = YAGA_SEVERITY_MEDIUM,
        .adjusted = YAGA_SEVERITY_HIGH,
        .severity_changed = true,
        .impact = YAGA_IMPACT_ACTIONABLE,
        .explanation = "Severity raised from medium to high. Latency 287 ms has reached "
                       "its warning limit of 250 ms.",
    };
    yaga_slo_objectives_init(&e->limits);
    e->limits.latency_ms[YAGA_SLO_ACCEPTABLE] = 200;
    e->limits.latency_ms[YAGA_SLO_AT_WARNING] = 250;
    e->limits.latency_ms[YAGA_SLO_CRITICAL] = 400;
    e->dimensions[YAGA_SLO_LATENCY] =
        (struct yaga_slo_dimension_state){.known = true,
                                          .status = YAGA_SLO_WARNING,
                                          .metric = 1,
                                          .value = 287.4,
                                          .proximity = 0.7185};
    e->dimensions[YAGA_SLO_ERRORS] =
        (struct yaga_slo_dimension_state){.metric = 2, .value = (double)NAN};
    e->dimensions[YAGA_SLO_DATABASE] =
        (struct yaga_slo_dimension_state){.metric = -1, .value = (double)NAN};
}

static struct yaga_incident_change open_change(void)
{
    return (struct yaga_incident_change){
        .incident = {.incident_id = "incident_5e0c1b9f2a74",
                     .fingerprint_id = "anomaly_85e7d4484502",
                     .service = "checkout",
                     .anomaly_name = "application_latency_high",
                     .pattern_name = "application_latency_high",
                     .root_metric = "application_latency",
                     .period = "business_hours",
                     .status = YAGA_OPEN,
                     .severity = YAGA_SEVERITY_HIGH,
                     .peak_severity = YAGA_SEVERITY_HIGH,
                     .previous_severity = YAGA_SEVERITY_MEDIUM,
                     .first_seen_s = T0 - 2 * MINUTE,
                     .last_seen_s = T0,
                     .confirmed_at_s = T0,
                     .occurrence_count = 2,
                     .consecutive_detections = 2,
                     .current_value = 287.4,
                     .peak_value = 287.4,
                     .confidence = 0.83,
                     .score = -0.41,
                     .worst_score = -0.41,
                     .detection_method = "isolation_forest"},
        .action = YAGA_INCIDENT_CONTINUE,
        .previous_status = YAGA_SUSPECTED,
        .confirmed = true,
        .anomaly = 0};
}

static void set_up_scene(struct scene *s)
{
    *s = (struct scene){.values = {61.2, 287.4, (double)NAN},
                        .send = {true, true, true, true},
                        .counts = {.open = 1}};
    s->params = (struct yaga_alert_params){.threshold = YAGA_SEVERITY_LOW,
                                           .update_every_cycles = 1,
                                           .generator = "yaga-infer 0.1.0",
                                           .confirmation_cycles = 2,
                                           .resolution_grace_cycles = 3};
    set_anomaly(s);
    set_model(s);
    set_slo(s);
    s->context = (struct yaga_alert_context){.service = "checkout",
                                             .detected_at_s = T0,
                                             .period = "business_hours",
                                             .model_period = "business_hours",
                                             .model_type = "time_aware_5period",
                                             .model_status = "fresh",
                                             .model_trained_at_s = 1772417500,
                                             .model_run_id = "train_0123456789ab",
                                             .time_confidence = 0.9,
                                             .n_models_available = 5,
                                             .model = &s->model,
                                             .metrics = metrics,
                                             .n_metrics = N_METRICS,
                                             .values = s->values,
                                             .evidence = s->evidence,
                                             .verdict = &s->verdict,
                                             .slo = &s->slo,
                                             .cycle_id = 7};
    s->changes[0] = open_change();
    s->list = (struct yaga_incident_changes){.n = 1, .items = s->changes};
}

static struct yaga_json *document_of(struct scene *s)
{
    return yaga_alert_document(&s->params, &s->context, &s->list, s->send, &s->counts);
}

static const char *text_at(const struct yaga_json *object, const char *key)
{
    const char *text = yaga_json_get_string(object, key);
    if (text == NULL)
        fail_msg("no text \"%s\"", key);
    return text;
}

static int64_t int_at(const struct yaga_json *object, const char *key)
{
    int64_t value = -1;
    if (!yaga_json_int(yaga_json_get(object, key), &value))
        fail_msg("no integer \"%s\"", key);
    return value;
}

static const struct yaga_json *only_anomaly(const struct yaga_json *document)
{
    return yaga_json_get(yaga_json_get(document, "anomalies"),
                         "application_latency_high");
}

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

/* What the objectives say is that of the anomalies in the document, and without
 * objectives nothing is claimed but that. */
static void objectives_are_told_as_they_are(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    YAGA_AUTO(yaga_json) document = document_of(&s);
    assert_string_equal(text_at(document, "original_severity"), "medium");
    const struct yaga_json *slo = yaga_json_get(document, "slo_evaluation");
    assert_string_equal(text_at(slo, "slo_status"), "warning");
    assert_null(yaga_json_get(slo, "database_latency_evaluation"));
    assert_string_equal(text_at(only_anomaly(document), "ml_severity"), "medium");
    s.slo.enabled = false;
    s.verdict.anomalies[0].ml_severity = s.verdict.anomalies[0].severity;
    YAGA_AUTO(yaga_json) without = document_of(&s);
    assert_null(yaga_json_get(without, "original_severity"));
    assert_null(yaga_json_get(only_anomaly(without), "ml_severity"));
    assert_null(yaga_json_get(only_anomaly(without), "slo_context"));
    slo = yaga_json_get(without, "slo_evaluation");
    assert_null(yaga_json_get(slo, "latency_evaluation"));
    assert_non_null(text_at(slo, "explanation"));
}

/* Anomalies of limits, of a service that no model judges. */
static void limits_speak_without_a_model(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    s.context.model = NULL;
    s.context.evidence = NULL;
    s.context.model_type = "slo_only";
    s.context.model_status = "refused";
    s.context.model_period = "none";
    s.context.model_run_id = "";
    s.verdict.anomaly_score = (double)NAN;
    s.verdict.anomalies[0].signals[0].method = YAGA_METHOD_OBJECTIVE;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *a = only_anomaly(document);
    assert_null(yaga_json_get(a, "anomaly_score"));
    assert_string_equal(text_at(a, "detection_method"), "slo_threshold");
    assert_string_equal(text_at(a, "detected_by_model"), "none");
    assert_string_equal(text_at(document, "model_status"), "refused");
    assert_null(yaga_json_get(document, "service_anomaly_score"));
    assert_null(yaga_json_get(yaga_json_get(document, "metadata"), "model_run_id"));
    const struct yaga_json *info = yaga_json_get(document, "performance_info");
    assert_int_equal(yaga_json_size(yaga_json_get(info, "models_loaded")), 0);
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
    } cases[] = {{9.9, "elevated"}, {10, "unusual"},  {90, "unusual"},
                 {90.1, "elevated"}, {NAN, "unusual"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t m = 0; m < N_METRICS; m++)
            s.evidence[m].percentile = cases[i].percentile;
        YAGA_AUTO(yaga_json) other = document_of(&s);
        first = yaga_json_at(
            yaga_json_get(only_anomaly(other), "feature_contributions"), 0);
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

static void updates_reopenings_and_gaps_are_told(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_incident_change *change = &s.changes[0];
    change->action = YAGA_INCIDENT_REOPEN;
    change->previous_status = YAGA_CLOSED;
    change->confirmed = false;
    change->severity_changed = true;
    change->since_closure_min = 14;
    change->observation_gap_min = 52;
    change->incident.announced_at_s = T0 - 3600;
    change->incident.severity_changed_at_s = T0;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomaly = only_anomaly(document);
    bool flag = true;
    assert_true(yaga_json_bool(yaga_json_get(anomaly, "newly_confirmed"), &flag));
    assert_false(flag);
    assert_true(yaga_json_bool(yaga_json_get(anomaly, "reopened"), &flag));
    assert_true(flag);
    assert_int_equal(int_at(anomaly, "time_since_closure_minutes"), 14);
    assert_string_equal(text_at(anomaly, "previous_severity"), "medium");
    assert_int_equal(int_at(document, "observation_gap_minutes"), 52);
    const struct yaga_json *fp = yaga_json_get(document, "fingerprinting");
    assert_string_equal(text_at(fp, "overall_action"), "CONFIRMED");
    assert_int_equal(yaga_json_size(yaga_json_get(fp, "newly_confirmed_incidents")), 0);
}

static void the_overall_action_sums_up_the_changes(void **state)
{
    (void)state;
    static const struct {
        const char *actions; /* c create, u continue, x close, m miss */
        const char *want;
    } cases[] = {{"m", "NO_CHANGE"}, {"c", "CREATE"},  {"cc", "CREATE"},
                 {"u", "UPDATE"},    {"um", "UPDATE"}, {"xx", "RESOLVE"},
                 {"ux", "MIXED"},    {"cu", "MIXED"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        set_up_scene(&s);
        s.list.n = strlen(cases[i].actions);
        for (size_t j = 0; j < s.list.n; j++) {
            char c = cases[i].actions[j];
            s.changes[j] = open_change();
            s.changes[j].confirmed = false;
            s.changes[j].incident.announced_at_s = 1;
            s.changes[j].action = c == 'c'   ? YAGA_INCIDENT_CREATE
                                  : c == 'u' ? YAGA_INCIDENT_CONTINUE
                                  : c == 'x' ? YAGA_INCIDENT_CLOSE
                                             : YAGA_INCIDENT_MISS;
        }
        YAGA_AUTO(yaga_json) document = document_of(&s);
        assert_string_equal(
            text_at(yaga_json_get(document, "fingerprinting"), "overall_action"),
            cases[i].want);
    }
}

static void an_untracked_document_keeps_what_passes_the_filter(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document_untracked(&s.params, &s.context, true);
    bool flag = false;
    assert_true(yaga_json_bool(yaga_json_get(document, "untracked"), &flag));
    assert_true(flag);
    assert_null(yaga_json_get(document, "fingerprinting"));
    const char *fingerprint = text_at(only_anomaly(document), "fingerprint_id");
    const char *incident = text_at(only_anomaly(document), "incident_id");
    assert_int_equal(strncmp(incident, "incident_u", 10), 0);
    assert_int_equal(strlen(incident), 21);
    assert_int_equal(strncmp(incident + 10, fingerprint + 8, 11), 0);
    assert_string_equal(text_at(document, "overall_severity"), "high");
    YAGA_AUTO(yaga_json)
    dry = yaga_alert_document_untracked(&s.params, &s.context, false);
    assert_null(yaga_json_get(dry, "untracked"));
    assert_null(yaga_json_get(only_anomaly(dry), "incident_id"));
    s.params.threshold = YAGA_SEVERITY_CRITICAL;
    assert_null(yaga_alert_document_untracked(&s.params, &s.context, true));
    static const char *const silent[] = {"application_latency_high"};
    s.params.threshold = YAGA_SEVERITY_LOW;
    s.params.non_alerting = silent;
    s.params.n_non_alerting = 1;
    assert_null(yaga_alert_document_untracked(&s.params, &s.context, true));
}

static double number_at(const struct yaga_json *object, const char *key)
{
    double number = (double)NAN;
    if (!yaga_json_number(yaga_json_get(object, key), &number))
        fail_msg("%s is no number", key);
    return number;
}

static void drift_of_the_model_is_told(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_drift_findings drift = {
        .conclusion = {YAGA_DRIFT_CRITICAL, 5.4, 0.3},
        .joint = {YAGA_DRIFT_WARNING, 0.05, 3.25, 4.529},
        .n_metrics = N_METRICS,
        .metrics = {{YAGA_DRIFT_NONE, 0.2, 0.01, 0.6},
                    {YAGA_DRIFT_CRITICAL, 2.345, 0.8, 5.4}},
        .current = {60, 300, (double)NAN}};
    s.context.drift = &drift;
    s.verdict.anomalies[0].original_confidence = 0.83;
    s.verdict.anomalies[0].confidence = 0.58;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *analysis = yaga_json_get(document, "drift_analysis");
    const struct yaga_json *moved = yaga_json_get(analysis, "drift_metrics");
    const struct yaga_json *latency = yaga_json_get(moved, "application_latency");
    assert_int_equal(yaga_json_size(moved), 1);
    assert_near(number_at(latency, "z_score"), 2.35, 0.006);
    assert_near(number_at(latency, "psi"), 0.8, 0);
    assert_near(number_at(latency, "current_value"), 300, 0);
    assert_true(number_at(latency, "training_mean") > 0);
    assert_string_equal(text_at(latency, "severity"), "high");
    assert_near(number_at(analysis, "overall_drift_score"), 5.4, 0);
    assert_near(number_at(analysis, "multivariate_threshold"), 4.529, 0);
    const struct yaga_json *warning = yaga_json_get(document, "drift_warning");
    assert_string_equal(text_at(warning, "type"), "model_drift");
    assert_int_equal(yaga_json_size(yaga_json_get(warning, "affected_metrics")), 1);
    assert_near(number_at(warning, "confidence_penalty_applied"), 0.3, 0);
    assert_near(
        number_at(yaga_json_get(document, "performance_info"), "drift_penalty_applied"),
        0.3, 0);
    assert_near(number_at(only_anomaly(document), "confidence"), 0.58, 0);
    assert_near(number_at(only_anomaly(document), "original_confidence"), 0.83, 0);
}

static void without_drift_there_is_no_warning(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_drift_findings drift = {.conclusion = {YAGA_DRIFT_NONE, 1.5, 0},
                                        .joint = {.verdict = YAGA_DRIFT_UNKNOWN},
                                        .n_metrics = N_METRICS};
    s.context.drift = &drift;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    bool flag = true;
    const struct yaga_json *analysis = yaga_json_get(document, "drift_analysis");
    assert_true(yaga_json_bool(yaga_json_get(analysis, "has_drift"), &flag) && !flag);
    assert_null(yaga_json_get(analysis, "mahalanobis_distance"));
    assert_null(yaga_json_get(document, "drift_warning"));
    assert_null(yaga_json_get(only_anomaly(document), "original_confidence"));
    drift.conclusion.verdict = YAGA_DRIFT_UNKNOWN;
    YAGA_AUTO(yaga_json) silent = document_of(&s);
    assert_null(yaga_json_get(silent, "drift_analysis"));
    assert_true(yaga_json_bool(yaga_json_get(yaga_json_get(silent, "performance_info"),
                                             "drift_check_enabled"),
                               &flag) &&
                flag);
}

static void a_resolution_without_measurements_has_no_context(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_incident_change change = open_change();
    change.incident.status = YAGA_CLOSED;
    change.incident.resolved_at_s = T0 + 3600;
    strcpy(change.incident.resolution_reason, "auto_stale");
    YAGA_AUTO(yaga_json) document = yaga_resolution_document(&s.params, NULL, &change);
    assert_null(yaga_json_get(document, "resolution_context"));
    const struct yaga_json *details = yaga_json_get(document, "resolution_details");
    /* the silent hour does not count */
    assert_int_equal(int_at(details, "incident_duration_minutes"), 2);
    assert_null(yaga_json_get(details, "missed_cycles_before_close"));
}

static void local_documents_say_what_failed(void **state)
{
    (void)state;
    static const char *const failed[] = {"request_rate", "error_rate"};
    char why[300];
    const char *const errors[] = {why, ""};
    memset(why, 'y', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    YAGA_AUTO(yaga_json)
    blind = yaga_unavailable_document("shop", T0, "critical_metrics_unavailable",
                                      "HTTP 503", failed, errors, 2);
    assert_string_equal(text_at(blind, "alert_type"), "metrics_unavailable");
    assert_string_equal(text_at(blind, "skipped_reason"), "critical_metrics_unavailable");
    assert_string_equal(text_at(blind, "overall_severity"), "none");
    assert_int_equal(yaga_json_size(yaga_json_get(blind, "failed_metrics")), 2);
    assert_int_equal(yaga_json_size(yaga_json_get(blind, "anomalies")), 0);
    const struct yaga_json *told = yaga_json_get(blind, "collection_errors");
    assert_int_equal(yaga_json_size(told), 1);
    assert_int_equal(strlen(text_at(told, "request_rate")), 200);
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    YAGA_AUTO(yaga_json)
    error = yaga_error_document("shop", T0, "MODEL_NOT_FOUND", longer);
    assert_string_equal(text_at(error, "error_code"), "MODEL_NOT_FOUND");
    assert_int_equal(strlen(text_at(error, "error_message")), YAGA_TEXT_MAX);
}

static void an_active_entry_shows_where_an_incident_stands(void **state)
{
    (void)state;
    struct yaga_incident incident = open_change().incident;
    YAGA_AUTO(yaga_json) entry = yaga_active_entry(&incident, T0 + 8 * MINUTE);
    assert_string_equal(text_at(entry, "status"), "OPEN");
    assert_string_equal(text_at(entry, "incident_id"), incident.incident_id);
    assert_int_equal(int_at(entry, "incident_duration_minutes"), 10);
    assert_null(yaga_json_get(entry, "announced_at"));
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
        cmocka_unit_test(objectives_are_told_as_they_are),
        cmocka_unit_test(limits_speak_without_a_model),
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
        cmocka_unit_test(updates_reopenings_and_gaps_are_told),
        cmocka_unit_test(the_overall_action_sums_up_the_changes),
        cmocka_unit_test(an_untracked_document_keeps_what_passes_the_filter),
        cmocka_unit_test(drift_of_the_model_is_told),
        cmocka_unit_test(without_drift_there_is_no_warning),
        cmocka_unit_test(a_resolution_without_measurements_has_no_context),
        cmocka_unit_test(local_documents_say_what_failed),
        cmocka_unit_test(an_active_entry_shows_where_an_incident_stands),
        cmocka_unit_test(failing_memory_is_reported_by_the_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
