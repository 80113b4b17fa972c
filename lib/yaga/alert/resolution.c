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

static bool has_objectives(const struct yaga_alert_context *context)
{
    return context->slo != NULL && context->slo->enabled && context->slo->has_objectives;
}

/* "SLO ok; latency 121 ms (limit 200 ms); errors 0.06% (limit 0.50%)"; false when nothing
 * of it is known. */
static bool summarise(const struct yaga_alert_context *context, char *out, size_t size)
{
    double latency_ms = value_by_role(context, YAGA_ROLE_LATENCY);
    double error_ratio = value_by_role(context, YAGA_ROLE_ERRORS);
    char verdict[48] = "", latency[80] = "", errors[80] = "", limit[32] = "";
    bool limited = has_objectives(context);
    if (limited)
        (void)yaga_format(verdict, sizeof verdict, "SLO %s",
                          yaga_slo_status_name(context->slo->status));
    if (limited)
        (void)yaga_format(limit, sizeof limit, " (limit %.0f ms)",
                          context->slo->limits.latency_ms[YAGA_SLO_ACCEPTABLE]);
    if (!isnan(latency_ms))
        (void)yaga_format(latency, sizeof latency, "%slatency %.0f ms%s",
                          limited ? "; " : "", latency_ms, limit);
    if (limited)
        (void)yaga_format(limit, sizeof limit, " (limit %.2f%%)",
                          100 * context->slo->limits.error_rate[YAGA_SLO_ACCEPTABLE]);
    if (!isnan(error_ratio))
        (void)yaga_format(errors, sizeof errors, "%serrors %.2f%%%s",
                          limited || latency[0] != '\0' ? "; " : "", 100 * error_ratio,
                          limit);
    (void)yaga_format(out, size, "%s%s%s", verdict, latency, errors);
    return out[0] != '\0';
}

static bool
is_word(const struct yaga_json *compared, const char *metric, const char *word)
{
    const char *status =
        yaga_json_string(yaga_json_get(yaga_json_get(compared, metric), "status"));
    return status == NULL || strcmp(status, word) == 0;
}

/* Latencies and errors usual or lower, traffic usual. What nothing is known of does not
 * count. */
static bool is_all_normal(const struct yaga_alert_context *context,
                          const struct yaga_json *compared)
{
    for (size_t m = 0; m < context->n_metrics; m++) {
        const char *name = context->metrics[m].name;
        enum yaga_metric_role role = context->metrics[m].role;
        bool may_be_low = role != YAGA_ROLE_TRAFFIC;
        bool low = is_word(compared, name, "low") || is_word(compared, name, "very_low");
        if (role != YAGA_ROLE_NONE && !is_word(compared, name, "normal") &&
            !(may_be_low && low))
            return false;
    }
    return true;
}

static struct yaga_json *health_summary(const struct yaga_alert_context *context,
                                        const struct yaga_json *compared)
{
    char summary[YAGA_ALERT_LIST_TEXT_MAX + 1];
    if (!summarise(context, summary, sizeof summary))
        return NULL;
    struct yaga_json *health = yaga_json_object_new();
    /* Flags of health need objectives to measure against; without them nothing is
     * assumed. */
    if (has_objectives(context)) {
        yaga_json_set_bool(health, "all_metrics_normal",
                           is_all_normal(context, compared));
        yaga_json_set_bool(health, "slo_compliant", context->slo->status == YAGA_SLO_OK);
    }
    yaga_json_set_string(health, "summary", summary);
    return health;
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
    yaga_json_set(object, "health_summary", health_summary(context, compared));
    if (context->slo != NULL)
        yaga_json_set(object, "slo_evaluation", alert_slo(context));
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
    if (context != NULL) {
        yaga_json_set(document, "resolution_context", resolution_context(context));
        alert_set_provenance(document, context);
    }
    struct yaga_json *meta = yaga_json_object_new();
    yaga_json_set_string(meta, "schema_version", YAGA_SCHEMA_TEXT);
    yaga_json_set_string(meta, "generator", params->generator);
    yaga_json_set(document, "metadata", meta);
    return document;
}
