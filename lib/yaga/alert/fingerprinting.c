/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the cycle did to the incidents of the service (incidents-and-alerts.md 3.10, 6.4).
 */
#include <string.h>

#include "yaga/alert/alert_internal.h"

struct tally {
    int64_t creates, continues, closes, reopens, first;
    bool confirmed;
};

/* Does the document tell of change i, by itself or as a contributor? */
static bool is_told(const struct yaga_alert_context *context,
                    const struct yaga_incident_changes *changes,
                    const bool *send,
                    size_t i)
{
    return context->correlated != NULL ? context->correlated[i]
                                       : alert_is_sendable(context, changes, send, i);
}

static struct tally count_actions(const struct yaga_alert_context *context,
                                  const struct yaga_incident_changes *changes,
                                  const bool *send)
{
    struct tally t = {.creates = 0};
    for (size_t i = 0; i < changes->n; i++) {
        const struct yaga_incident_change *change = &changes->items[i];
        t.creates += change->action == YAGA_INCIDENT_CREATE;
        t.continues += change->action == YAGA_INCIDENT_CONTINUE;
        t.closes += change->action == YAGA_INCIDENT_CLOSE;
        t.reopens += change->action == YAGA_INCIDENT_REOPEN;
        t.first += is_told(context, changes, send, i) && alert_is_first(change);
        t.confirmed = t.confirmed || change->confirmed;
    }
    return t;
}

static const char *overall_action(const struct tally *t)
{
    if (t->confirmed || t->first > 0 || t->reopens > 0)
        return "CONFIRMED";
    int kinds = (t->creates > 0) + (t->continues > 0) + (t->closes > 0);
    if (kinds == 0)
        return "NO_CHANGE";
    if (kinds > 1)
        return "MIXED";
    if (t->creates > 0)
        return "CREATE";
    return t->continues > 0 ? "UPDATE" : "RESOLVE";
}

static struct yaga_json *resolved_entry(const struct yaga_incident *incident)
{
    struct yaga_json *object = yaga_json_object_new();
    alert_set_identity(object, incident);
    yaga_json_set_string(object, "service_name", incident->service);
    yaga_json_set_string(object, "final_severity",
                         yaga_severity_name(incident->severity));
    yaga_json_set_time(object, "resolved_at", incident->resolved_at_s);
    yaga_json_set_int(object, "total_occurrences", incident->occurrence_count);
    yaga_json_set_int(object, "incident_duration_minutes", alert_duration_min(incident));
    yaga_json_set_time(object, "first_seen", incident->first_seen_s);
    yaga_json_set_string(object, "last_detected_by_model", incident->period);
    yaga_json_set_string(object, "resolution_reason", incident->resolution_reason);
    if (strcmp(incident->resolution_reason, "resolved") == 0)
        yaga_json_set_int(object, "missed_cycles_before_close", incident->missed_cycles);
    return object;
}

static struct yaga_json *resolved_list(const struct yaga_incident_changes *changes)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < changes->n; i++) {
        const struct yaga_incident_change *change = &changes->items[i];
        if (change->action == YAGA_INCIDENT_CLOSE &&
            change->incident.announced_at_s != 0 &&
            yaga_json_size(list) < YAGA_ALERT_LIST_MAX)
            yaga_json_push(list, resolved_entry(&change->incident));
    }
    return list;
}

static struct yaga_json *confirmed_entry(const struct yaga_incident *incident)
{
    struct yaga_json *object = yaga_json_object_new();
    alert_set_identity(object, incident);
    yaga_json_set_string(object, "status", yaga_incident_status_name(incident->status));
    yaga_json_set_int(object, "occurrence_count", incident->occurrence_count);
    yaga_json_set_int(object, "consecutive_detections", incident->consecutive_detections);
    yaga_json_set_time(object, "first_seen", incident->first_seen_s);
    yaga_json_set_time(object, "confirmed_at", incident->confirmed_at_s);
    return object;
}

static struct yaga_json *confirmed_list(const struct yaga_alert_context *context,
                                        const struct yaga_incident_changes *changes,
                                        const bool *send)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < changes->n; i++)
        if (is_told(context, changes, send, i) && alert_is_first(&changes->items[i]) &&
            yaga_json_size(list) < YAGA_ALERT_LIST_MAX)
            yaga_json_push(list, confirmed_entry(&changes->items[i].incident));
    return list;
}

static void set_counts(struct yaga_json *object, const struct yaga_alert_counts *counts)
{
    struct yaga_json *states = yaga_json_object_new();
    yaga_json_set_int(states, "suspected", counts->suspected);
    yaga_json_set_int(states, "confirmed", counts->open);
    yaga_json_set_int(states, "recovering", counts->recovering);
    yaga_json_set(object, "status_summary", states);
    yaga_json_set_int(object, "total_active_incidents",
                      counts->suspected + counts->open + counts->recovering);
    yaga_json_set_int(object, "total_alerting_incidents", counts->open);
    yaga_json_set_int(object, "total_open_incidents", counts->open);
}

static struct yaga_json *action_summary(const struct tally *t)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_int(object, "incident_creates", t->creates);
    yaga_json_set_int(object, "incident_continues", t->continues);
    yaga_json_set_int(object, "incident_closes", t->closes);
    yaga_json_set_int(object, "newly_confirmed", t->first);
    yaga_json_set_int(object, "incident_reopens", t->reopens);
    return object;
}

struct yaga_json *alert_fingerprinting(const struct yaga_alert_params *params,
                                       const struct yaga_alert_context *context,
                                       const struct yaga_incident_changes *changes,
                                       const bool *send,
                                       const struct yaga_alert_counts *counts)
{
    struct tally tally = count_actions(context, changes, send);
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "service_name", context->service);
    yaga_json_set_string(object, "model_name", context->model_period);
    yaga_json_set_time(object, "timestamp", context->detected_at_s);
    yaga_json_set_string(object, "overall_action", overall_action(&tally));
    yaga_json_set(object, "action_summary", action_summary(&tally));
    set_counts(object, counts);
    yaga_json_set(object, "resolved_incidents", resolved_list(changes));
    yaga_json_set(object, "newly_confirmed_incidents",
                  confirmed_list(context, changes, send));
    struct yaga_json *detection = yaga_json_object_new();
    yaga_json_set_string(detection, "model_used", context->model_period);
    yaga_json_set_time(detection, "inference_timestamp", context->detected_at_s);
    yaga_json_set_int(detection, "confirmation_cycles", params->confirmation_cycles);
    yaga_json_set_int(detection, "resolution_grace_cycles",
                      params->resolution_grace_cycles);
    yaga_json_set(object, "detection_context", detection);
    return object;
}
