/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which incidents leave the process (incidents-and-alerts.md 5.1 to 5.3). */
#include <string.h>

#include "yaga/alert/alert_internal.h"

const char *yaga_alert_verdict_name(enum yaga_alert_verdict verdict)
{
    switch (verdict) {
    case YAGA_ALERT_SEND:
        return "send";
    case YAGA_ALERT_NOT_OPEN:
        return "not_open";
    case YAGA_ALERT_PATTERN:
        return "non_alerting_pattern";
    case YAGA_ALERT_SEVERITY:
        return "below_threshold";
    case YAGA_ALERT_UPDATE_RATE:
        return "update_rate";
    case YAGA_ALERT_GROUPED:
        return "grouped";
    case YAGA_ALERT_CORRELATED:
        return "correlated";
    }
    return "unknown";
}

static bool is_silent(const struct yaga_alert_params *params, const char *pattern)
{
    const char *name = yaga_pattern_alias(pattern);
    for (size_t i = 0; i < params->n_non_alerting; i++)
        if (strcmp(yaga_pattern_alias(params->non_alerting[i]), name) == 0)
            return true;
    return false;
}

bool alert_pattern_is_silent(const struct yaga_alert_params *params,
                             const struct yaga_anomaly *anomaly)
{
    return is_silent(params, anomaly->pattern_name);
}

bool yaga_alert_passes(const struct yaga_alert_params *params,
                       const struct yaga_anomaly *anomaly)
{
    return anomaly->severity >= params->threshold &&
           !alert_pattern_is_silent(params, anomaly);
}

enum yaga_alert_verdict yaga_alert_filter(const struct yaga_alert_params *params,
                                          const struct yaga_incident_change *change,
                                          bool grouped)
{
    const struct yaga_incident *incident = &change->incident;
    if (incident->status != YAGA_OPEN || change->anomaly < 0)
        return YAGA_ALERT_NOT_OPEN;
    if (is_silent(params, incident->pattern_name))
        return YAGA_ALERT_PATTERN;
    if (incident->announced_at_s == 0 && grouped)
        return YAGA_ALERT_GROUPED;
    if (incident->announced_at_s == 0)
        return incident->severity >= params->threshold ? YAGA_ALERT_SEND
                                                       : YAGA_ALERT_SEVERITY;
    if (change->severity_changed || change->was_called[0] != '\0' ||
        change->action == YAGA_INCIDENT_REOPEN)
        return YAGA_ALERT_SEND;
    return incident->updates_skipped + 1 < params->update_every_cycles
               ? YAGA_ALERT_UPDATE_RATE
               : YAGA_ALERT_SEND;
}

bool alert_is_sendable(const struct yaga_alert_context *context,
                       const struct yaga_incident_changes *changes,
                       const bool *send,
                       size_t i)
{
    const struct yaga_incident_change *change = &changes->items[i];
    return send[i] && change->incident.status == YAGA_OPEN && change->anomaly >= 0 &&
           (size_t)change->anomaly < context->verdict->n_anomalies;
}
