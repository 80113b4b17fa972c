/* SPDX-License-Identifier: GPL-3.0-or-later */
/* incident_resolved (incidents-and-alerts.md 4.2, 6.8). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/str.h"

static struct yaga_json *resolution_details(const struct yaga_incident *incident)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "final_severity",
                         yaga_severity_name(incident->severity));
    yaga_json_set_string(object, "peak_severity",
                         yaga_severity_name(incident->peak_severity));
    yaga_json_set_number(object, "peak_value", incident->peak_value);
    yaga_json_set_int(object, "total_occurrences", incident->occurrence_count);
    yaga_json_set_int(object, "incident_duration_minutes", alert_duration_min(incident));
    yaga_json_set_int(object, "impact_duration_minutes",
                      alert_minutes(incident->first_seen_s, incident->last_seen_s));
    yaga_json_set_time(object, "first_seen", incident->first_seen_s);
    if (incident->confirmed_at_s != 0)
        yaga_json_set_time(object, "confirmed_at", incident->confirmed_at_s);
    yaga_json_set_time(object, "last_detected_at", incident->last_seen_s);
    yaga_json_set_string(object, "last_detected_by_model", incident->period);
    yaga_json_set_string(object, "resolution_reason", incident->resolution_reason);
    if (strcmp(incident->resolution_reason, "resolved") == 0)
        yaga_json_set_int(object, "missed_cycles_before_close", incident->missed_cycles);
    yaga_json_set_int(object, "reopen_count", incident->reopen_count);
    return object;
}

static double value_by_role(const struct yaga_alert_context *context,
                            enum yaga_metric_role role)
{
    int i = yaga_metric_by_role(context->metrics, context->n_metrics, role);
    return i < 0 ? (double)NAN : context->values[i];
}

/* "latency 121 ms; errors 0.06%"; false when neither is known. */
static bool summarise(const struct yaga_alert_context *context, char *out, size_t size)
{
    double latency_ms = value_by_role(context, YAGA_ROLE_LATENCY);
    double error_ratio = value_by_role(context, YAGA_ROLE_ERRORS);
    char latency[48] = "";
    char errors[48] = "";
    if (!isnan(latency_ms))
        (void)yaga_format(latency, sizeof latency, "latency %.0f ms", latency_ms);
    if (!isnan(error_ratio))
        (void)yaga_format(errors, sizeof errors, "errors %.2f%%", 100 * error_ratio);
    const char *between = latency[0] != '\0' && errors[0] != '\0' ? "; " : "";
    (void)yaga_format(out, size, "%s%s%s", latency, between, errors);
    return out[0] != '\0';
}

static struct yaga_json *resolution_context(const struct yaga_alert_context *context)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set(object, "metrics_at_resolution", alert_current_metrics(context));
    struct yaga_json *compared = yaga_json_object_new();
    for (size_t i = 0; i < context->n_metrics; i++)
        yaga_json_set(compared, context->metrics[i].name,
                      alert_comparison(context, i, true));
    yaga_json_set(object, "comparison_to_baseline", compared);
    /* Flags of health need objectives to measure against; without them nothing is
     * assumed. */
    char summary[YAGA_ALERT_LIST_TEXT_MAX + 1];
    if (summarise(context, summary, sizeof summary)) {
        struct yaga_json *health = yaga_json_object_new();
        yaga_json_set_string(health, "summary", summary);
        yaga_json_set(object, "health_summary", health);
    }
    return object;
}

struct yaga_json *yaga_resolution_document(const struct yaga_alert_params *params,
                                           const struct yaga_alert_context *context,
                                           const struct yaga_incident_change *change)
{
    const struct yaga_incident *incident = &change->incident;
    struct yaga_json *document = yaga_json_object_new();
    yaga_json_set_string(document, "alert_type", "incident_resolved");
    yaga_json_set_string(document, "model_type", "incident_resolution");
    yaga_json_set_string(document, "service_name", incident->service);
    yaga_json_set_time(document, "timestamp", incident->resolved_at_s);
    alert_set_identity(document, incident);
    yaga_json_set(document, "resolution_details", resolution_details(incident));
    if (context != NULL)
        yaga_json_set(document, "resolution_context", resolution_context(context));
    struct yaga_json *meta = yaga_json_object_new();
    yaga_json_set_string(meta, "schema_version", YAGA_SCHEMA_TEXT);
    yaga_json_set_string(meta, "generator", params->generator);
    yaga_json_set(document, "metadata", meta);
    return document;
}
