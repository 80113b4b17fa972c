/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slow service with one open incident, as the tests of documents change it. */
#ifndef YAGA_TESTS_ALERT_FIXTURE_H
#define YAGA_TESTS_ALERT_FIXTURE_H

#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/alert/alert.h"
#include "yaga/base/str.h"

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

static inline void set_anomaly(struct scene *s)
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

static inline void set_model(struct scene *s)
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
static inline void set_slo(struct scene *s)
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

static inline struct yaga_incident_change open_change(void)
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

static inline void set_up_scene(struct scene *s)
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

static inline struct yaga_json *document_of(struct scene *s)
{
    return yaga_alert_document(&s->params, &s->context, &s->list, s->send, &s->counts);
}

static inline const char *text_at(const struct yaga_json *object, const char *key)
{
    const char *text = yaga_json_get_string(object, key);
    if (text == NULL)
        fail_msg("no text \"%s\"", key);
    return text;
}

static inline int64_t int_at(const struct yaga_json *object, const char *key)
{
    int64_t value = -1;
    if (!yaga_json_int(yaga_json_get(object, key), &value))
        fail_msg("no integer \"%s\"", key);
    return value;
}

static inline const struct yaga_json *only_anomaly(const struct yaga_json *document)
{
    return yaga_json_get(yaga_json_get(document, "anomalies"),
                         "application_latency_high");
}

#endif
