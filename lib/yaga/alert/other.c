/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents that stay at home: blind services, errors, the list of active incidents. */
#include "yaga/alert/alert_internal.h"
#include "yaga/base/str.h"

enum { YAGA_COLLECTION_ERROR_MAX = 200 };

static struct yaga_json *begin(const char *type, const char *service, int64_t at_s)
{
    struct yaga_json *document = yaga_json_object_new();
    yaga_json_set_string(document, "alert_type", type);
    yaga_json_set_string(document, "service_name", service);
    yaga_json_set_time(document, "timestamp", at_s);
    return document;
}

static void set_text(struct yaga_json *document, const char *key, const char *text)
{
    char cut[YAGA_TEXT_MAX + 1];
    (void)yaga_format(cut, sizeof cut, "%s", text);
    yaga_json_set_string(document, key, cut);
}

static void set_schema(struct yaga_json *document)
{
    struct yaga_json *meta = yaga_json_object_new();
    yaga_json_set_string(meta, "schema_version", YAGA_SCHEMA_TEXT);
    yaga_json_set(document, "metadata", meta);
}

/* Why each of them could not be had, where that is known. */
static void set_errors(struct yaga_json *document,
                       const char *const *failed_metrics,
                       const char *const *errors,
                       size_t n_failed)
{
    struct yaga_json *object = yaga_json_object_new();
    for (size_t i = 0; errors != NULL && i < n_failed && i < YAGA_ALERT_LIST_MAX; i++) {
        char cut[YAGA_COLLECTION_ERROR_MAX + 1];
        (void)yaga_format(cut, sizeof cut, "%s", errors[i]);
        if (cut[0] != '\0')
            yaga_json_set_string(object, failed_metrics[i], cut);
    }
    if (yaga_json_size(object) > 0)
        yaga_json_set(document, "collection_errors", object);
    else
        (void)yaga_json_free(object);
}

struct yaga_json *yaga_unavailable_document(const char *service,
                                            int64_t at_s,
                                            const char *reason,
                                            const char *error,
                                            const char *const *failed_metrics,
                                            const char *const *errors,
                                            size_t n_failed)
{
    struct yaga_json *document = begin("metrics_unavailable", service, at_s);
    if (error != NULL)
        set_text(document, "error", error);
    yaga_json_set_string(document, "skipped_reason", reason);
    struct yaga_json *failed = yaga_json_array_new();
    for (size_t i = 0; i < n_failed; i++)
        alert_push_text(failed, failed_metrics[i]);
    yaga_json_set(document, "failed_metrics", failed);
    set_errors(document, failed_metrics, errors, n_failed);
    yaga_json_set(document, "anomalies", yaga_json_object_new());
    yaga_json_set_int(document, "anomaly_count", 0);
    yaga_json_set_string(document, "overall_severity",
                         yaga_severity_name(YAGA_SEVERITY_NONE));
    set_schema(document);
    return document;
}

struct yaga_json *yaga_heartbeat_document(const struct yaga_heartbeat *h)
{
    struct yaga_json *document = yaga_json_object_new();
    yaga_json_set_string(document, "alert_type", "heartbeat");
    yaga_json_set_time(document, "timestamp", h->at_s);
    yaga_json_set_string(document, "status", h->healthy ? "healthy" : "degraded");
    yaga_json_set_int(document, "services_evaluated", h->n_evaluated);
    yaga_json_set_int(document, "services_skipped", h->n_skipped);
    yaga_json_set_int(document, "anomalies_detected", h->n_anomalies);
    yaga_json_set_int(document, "incidents_resolved", h->n_resolved);
    yaga_json_set_int(document, "inference_duration_ms", h->duration_ms);
    yaga_json_set_int(document, "outbox_pending", h->n_pending);
    set_schema(document);
    return document;
}

struct yaga_json *yaga_error_document(const char *service,
                                      int64_t at_s,
                                      const char *code,
                                      const char *message)
{
    struct yaga_json *document = begin("error", service, at_s);
    yaga_json_set_string(document, "error_code", code);
    set_text(document, "error_message", message);
    set_schema(document);
    return document;
}

struct yaga_json *yaga_active_entry(const struct yaga_incident *incident, int64_t now_s)
{
    struct yaga_json *object = yaga_json_object_new();
    alert_set_identity(object, incident);
    yaga_json_set_string(object, "service_name", incident->service);
    yaga_json_set_string(object, "pattern_name", incident->pattern_name);
    if (incident->root_metric[0] != '\0')
        yaga_json_set_string(object, "root_metric", incident->root_metric);
    yaga_json_set_string(object, "status", yaga_incident_status_name(incident->status));
    yaga_json_set_string(object, "severity", yaga_severity_name(incident->severity));
    yaga_json_set_string(object, "peak_severity",
                         yaga_severity_name(incident->peak_severity));
    yaga_json_set_time(object, "first_seen", incident->first_seen_s);
    yaga_json_set_time(object, "last_seen", incident->last_seen_s);
    if (incident->confirmed_at_s != 0)
        yaga_json_set_time(object, "confirmed_at", incident->confirmed_at_s);
    if (incident->announced_at_s != 0)
        yaga_json_set_time(object, "announced_at", incident->announced_at_s);
    yaga_json_set_int(object, "incident_duration_minutes",
                      alert_minutes(incident->first_seen_s, now_s));
    yaga_json_set_int(object, "occurrence_count", incident->occurrence_count);
    yaga_json_set_int(object, "consecutive_detections", incident->consecutive_detections);
    yaga_json_set_int(object, "missed_cycles", incident->missed_cycles);
    yaga_json_set_int(object, "reopen_count", incident->reopen_count);
    yaga_json_set_number(object, "current_value", incident->current_value);
    yaga_json_set_number(object, "peak_value", incident->peak_value);
    yaga_json_set_rounded(object, "confidence", incident->confidence, 2);
    yaga_json_set_significant(object, "score", incident->score, ALERT_DIGITS);
    yaga_json_set_significant(object, "worst_score", incident->worst_score, ALERT_DIGITS);
    yaga_json_set_string(object, "detection_method", incident->detection_method);
    yaga_json_set_string(object, "detected_by_model", incident->period);
    yaga_json_set_string(object, "description", incident->description);
    return object;
}
