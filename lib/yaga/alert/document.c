/* SPDX-License-Identifier: GPL-3.0-or-later */
/* anomaly_detected: one document a service and cycle (incidents-and-alerts.md 6.1). */
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/str.h"

/* The head that every document of this kind has, tracked or not. */
static struct yaga_json *begin_document(const struct yaga_alert_context *context)
{
    struct yaga_json *document = yaga_json_object_new();
    yaga_json_set_string(document, "alert_type", "anomaly_detected");
    yaga_json_set_string(document, "service_name", context->service);
    yaga_json_set_time(document, "timestamp", context->detected_at_s);
    yaga_json_set_string(document, "time_period", context->period);
    yaga_json_set_string(document, "model_name", context->model_period);
    yaga_json_set_string(document, "model_type", context->model_type);
    yaga_json_set_string(document, "model_status", context->model_status);
    return document;
}

static struct yaga_json *performance_info(const struct yaga_alert_context *context)
{
    struct yaga_json *object = yaga_json_object_new();
    struct yaga_json *loaded = yaga_json_array_new();
    if (context->model != NULL)
        yaga_json_push_string(loaded, context->model_period);
    yaga_json_set_bool(object, "lazy_loaded", true);
    yaga_json_set(object, "models_loaded", loaded);
    yaga_json_set_string(object, "period_used", context->model_period);
    yaga_json_set_bool(object, "is_fallback", context->is_fallback);
    yaga_json_set_int(object, "total_available", (int64_t)context->n_models_available);
    yaga_json_set_bool(object, "drift_check_enabled", context->drift != NULL);
    yaga_json_set_number(object, "drift_penalty_applied",
                         context->drift != NULL ? context->drift->conclusion.penalty : 0);
    return object;
}

/* Methods of all signals of the verdict, each once, in alphabetical order. */
static struct yaga_json *methods_used(const struct yaga_verdict *verdict)
{
    static const enum yaga_method order[] = {YAGA_METHOD_FOREST,    YAGA_METHOD_NONE,
                                             YAGA_METHOD_PRESENCE,  YAGA_METHOD_OBJECTIVE,
                                             YAGA_METHOD_THRESHOLD, YAGA_METHOD_TREND,
                                             YAGA_METHOD_ACTIVATION};
    bool used[sizeof order / sizeof order[0]] = {false};
    bool named = false;
    for (size_t a = 0; a < verdict->n_anomalies; a++) {
        const struct yaga_anomaly *anomaly = &verdict->anomalies[a];
        named = named || anomaly->is_named;
        used[yaga_anomaly_method(anomaly)] = true;
        for (size_t i = 0; i < anomaly->n_signals; i++)
            used[anomaly->signals[i].method] = true;
    }
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (order[i] == YAGA_METHOD_OBJECTIVE && named)
            yaga_json_push_string(list, "named_pattern_matching");
        if (used[order[i]])
            yaga_json_push_string(list, yaga_incident_method_name(order[i]));
    }
    return list;
}

static struct yaga_json *features(const struct yaga_alert_params *params)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_bool(object, "contextual_severity", true);
    yaga_json_set_bool(object, "named_patterns", true);
    yaga_json_set_bool(object, "recommendations", true);
    yaga_json_set_bool(object, "interpretations", true);
    yaga_json_set_bool(object, "anomaly_correlation", params->correlate);
    return object;
}

static struct yaga_json *metadata(const struct yaga_alert_params *params,
                                  const struct yaga_alert_context *context)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "service_name", context->service);
    yaga_json_set_time(object, "detection_timestamp", context->detected_at_s);
    yaga_json_set(object, "models_used", methods_used(context->verdict));
    yaga_json_set_bool(object, "enhanced_messaging", true);
    yaga_json_set(object, "features", features(params));
    yaga_json_set_string(object, "schema_version", YAGA_SCHEMA_TEXT);
    yaga_json_set_string(object, "generator", params->generator);
    if (context->model_trained_at_s > 0)
        yaga_json_set_time(object, "model_trained_at", context->model_trained_at_s);
    if (context->model != NULL) {
        yaga_json_set_string(object, "model_run_id", context->model_run_id);
        yaga_json_set_string(object, "model_variant", context->model->variant);
    }
    return object;
}

static void set_warnings(struct yaga_json *document,
                         const struct yaga_alert_context *context)
{
    if (context->warnings != NULL && context->warnings->n > 0) {
        struct yaga_json *list = yaga_json_array_new();
        for (size_t i = 0; i < context->warnings->n; i++)
            alert_push_text(list, context->warnings->text[i]);
        yaga_json_set(document, "validation_warnings", list);
    }
    if (context->n_failed > 0) {
        struct yaga_json *partial = yaga_json_object_new();
        struct yaga_json *list = yaga_json_array_new();
        for (size_t i = 0; i < context->n_failed; i++)
            alert_push_text(list, context->failed_metrics[i]);
        yaga_json_set(partial, "failed_metrics", list);
        yaga_json_set_string(partial, "failure_summary", context->failure_summary);
        yaga_json_set(document, "partial_metrics_failure", partial);
    }
}

/* Largest severities, after and before the objectives had their say. */
struct worst {
    enum yaga_severity severity, before;
};

static void remember_worst(struct worst *worst, const struct yaga_anomaly *anomaly)
{
    if (anomaly->severity > worst->severity)
        worst->severity = anomaly->severity;
    if (anomaly->ml_severity > worst->before)
        worst->before = anomaly->ml_severity;
}

/* Count and maximum are taken from the very anomalies that are in the document. */
static void set_anomalies(struct yaga_json *document,
                          struct yaga_json *anomalies,
                          struct worst worst,
                          const struct yaga_alert_context *context)
{
    size_t n = yaga_json_size(anomalies);
    yaga_json_set(document, "anomalies", anomalies);
    yaga_json_set_int(document, "anomaly_count", (int64_t)n);
    yaga_json_set_string(document, "overall_severity",
                         yaga_severity_name(worst.severity));
    yaga_json_set_rounded(document, "service_anomaly_score",
                          context->verdict->anomaly_score, 3);
    if (context->slo != NULL && worst.before != worst.severity)
        yaga_json_set_string(document, "original_severity",
                             yaga_severity_name(worst.before));
    yaga_json_set(document, "current_metrics", alert_current_metrics(context));
    if (context->slo != NULL)
        yaga_json_set(document, "slo_evaluation", alert_slo(context));
}

static void end_document(struct yaga_json *document,
                         const struct yaga_alert_params *params,
                         const struct yaga_alert_context *context)
{
    set_warnings(document, context);
    alert_set_contexts(document, context);
    alert_set_drift(document, context);
    yaga_json_set(document, "performance_info", performance_info(context));
    alert_set_provenance(document, context);
    yaga_json_set(document, "metadata", metadata(params, context));
}

struct yaga_json *yaga_alert_document(const struct yaga_alert_params *params,
                                      const struct yaga_alert_context *context,
                                      const struct yaga_incident_changes *changes,
                                      const bool *send,
                                      const struct yaga_alert_counts *counts)
{
    struct yaga_json *anomalies = yaga_json_object_new();
    struct worst worst = {YAGA_SEVERITY_NONE, YAGA_SEVERITY_NONE};
    int64_t gap_min = 0;
    for (size_t i = 0; i < changes->n; i++) {
        const struct yaga_incident_change *change = &changes->items[i];
        if (!alert_is_sendable(context, changes, send, i))
            continue;
        const struct yaga_anomaly *anomaly =
            &context->verdict->anomalies[change->anomaly];
        struct yaga_json *object = alert_anomaly(context, anomaly, change);
        alert_set_correlation(object, context, changes, i);
        yaga_json_set(anomalies, anomaly->name, object);
        remember_worst(&worst, anomaly);
        if (change->observation_gap_min > gap_min)
            gap_min = change->observation_gap_min;
    }
    struct yaga_json *document = begin_document(context);
    set_anomalies(document, anomalies, worst, context);
    yaga_json_set(document, "fingerprinting",
                  alert_fingerprinting(params, context, changes, send, counts));
    if (gap_min > 0)
        yaga_json_set_int(document, "observation_gap_minutes", gap_min);
    end_document(document, params, context);
    return document;
}

/* Who it is, as far as that can be told without a memory. */
static void set_untracked(struct yaga_json *object,
                          const struct yaga_alert_params *params,
                          const struct yaga_alert_context *context,
                          const struct yaga_anomaly *anomaly)
{
    static const char prefix[] = "anomaly_";
    enum { DIGITS = 11 };
    char fingerprint[YAGA_FINGERPRINT_MAX];
    char incident[YAGA_INCIDENT_ID_MAX];
    yaga_fingerprint(context->service, yaga_fingerprint_name(params->scope, anomaly),
                     fingerprint);
    (void)yaga_format(incident, sizeof incident, "incident_u%.*s", DIGITS,
                      fingerprint + sizeof prefix - 1);
    yaga_json_set_string(object, "fingerprint_id", fingerprint);
    yaga_json_set_string(object, "incident_id", incident);
}

struct yaga_json *yaga_alert_document_untracked(const struct yaga_alert_params *params,
                                                const struct yaga_alert_context *context,
                                                bool untracked)
{
    struct yaga_json *anomalies = yaga_json_object_new();
    struct worst worst = {YAGA_SEVERITY_NONE, YAGA_SEVERITY_NONE};
    size_t n = 0;
    for (size_t i = 0; i < context->verdict->n_anomalies; i++) {
        const struct yaga_anomaly *anomaly = &context->verdict->anomalies[i];
        if (!yaga_alert_passes(params, anomaly) ||
            yaga_alert_is_grouped(context, anomaly))
            continue;
        struct yaga_json *object = alert_anomaly(context, anomaly, NULL);
        if (untracked)
            set_untracked(object, params, context, anomaly);
        yaga_json_set(anomalies, anomaly->name, object);
        remember_worst(&worst, anomaly);
        n++;
    }
    if (n == 0)
        return yaga_json_free(anomalies);
    struct yaga_json *document = begin_document(context);
    if (untracked)
        yaga_json_set_bool(document, "untracked", true);
    set_anomalies(document, anomalies, worst, context);
    end_document(document, params, context);
    return document;
}
