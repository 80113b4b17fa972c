/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of one incident: a pure state machine (incidents-and-alerts.md 3.4 to 3.6).
 * Each function is one event; what it did to the incident is told in the change.
 */
#include "yaga/incident/incident.h"

#include <math.h>
#include <string.h>

#include "yaga/base/str.h"

void yaga_incident_params_init(struct yaga_incident_params *params)
{
    *params = (struct yaga_incident_params){
        .confirmation_cycles = 2,
        .confirmation_max_gap = 1,
        .resolution_grace_cycles = 3,
        .separation_s = 30 * 60,
        .reopen_window_s = 30 * 60,
        .carry_over_s = 240 * 60,
        .orphan_close_s = 24 * 3600,
        .cleanup_max_age_s = 72 * 3600,
        .scope = YAGA_SCOPE_PATTERN,
    };
}

/* Copy what fits; names are bounded where they enter, texts are for reading. */
static void copy_text(char *out, size_t size, const char *text)
{
    (void)yaga_format(out, size, "%s", text);
}

static int64_t whole_minutes(int64_t from_s, int64_t to_s)
{
    return to_s > from_s ? (to_s - from_s) / 60 : 0;
}

/* Further in the bad direction; the first number there is wins over none. */
static double worse_value(double peak, double value, enum yaga_direction direction)
{
    if (isnan(peak))
        return value;
    return direction == YAGA_LOW ? fmin(peak, value) : fmax(peak, value);
}

static void take_root(struct yaga_incident *incident,
                      const struct yaga_observation *observation,
                      const struct yaga_anomaly *anomaly)
{
    const char *root =
        anomaly->root_metric < 0 ? "" : observation->metrics[anomaly->root_metric].name;
    /* Values of different metrics do not compare: the peak starts over with the new root.
     */
    if (strcmp(incident->root_metric, root) != 0)
        incident->peak_value = (double)NAN;
    copy_text(incident->root_metric, sizeof incident->root_metric, root);
    incident->current_value = anomaly->value;
    incident->peak_value =
        worse_value(incident->peak_value, anomaly->value, anomaly->direction);
}

/* What every sighting overwrites; severity apart. */
static void take_anomaly(struct yaga_incident *incident,
                         const struct yaga_observation *observation,
                         const struct yaga_anomaly *anomaly)
{
    take_root(incident, observation, anomaly);
    copy_text(incident->anomaly_name, sizeof incident->anomaly_name, anomaly->name);
    copy_text(incident->pattern_name, sizeof incident->pattern_name,
              anomaly->pattern_name);
    copy_text(incident->period, sizeof incident->period, observation->period);
    copy_text(incident->description, sizeof incident->description, anomaly->description);
    enum yaga_method method = yaga_anomaly_method(anomaly);
    copy_text(incident->detection_method, sizeof incident->detection_method,
              yaga_incident_method_name(method));
    incident->confidence = anomaly->confidence;
    incident->score = anomaly->score;
    incident->worst_score = fmin(incident->worst_score, anomaly->score);
    if (anomaly->severity > incident->peak_severity)
        incident->peak_severity = anomaly->severity;
    if (observation->detected_at_s > incident->last_seen_s)
        incident->last_seen_s = observation->detected_at_s;
}

static void take_severity(struct yaga_incident_change *change,
                          const struct yaga_observation *observation,
                          const struct yaga_anomaly *anomaly)
{
    struct yaga_incident *incident = &change->incident;
    change->severity_changed = anomaly->severity != incident->severity;
    if (!change->severity_changed)
        return;
    incident->previous_severity = incident->severity;
    incident->severity_changed_at_s = observation->detected_at_s;
    incident->severity = anomaly->severity;
}

static int anomaly_index(const struct yaga_observation *observation,
                         const struct yaga_anomaly *anomaly)
{
    return (int)(anomaly - observation->anomalies);
}

/* The change before anything happened to its incident. */
static void begin_change(struct yaga_incident_change *change,
                         enum yaga_incident_action action,
                         int anomaly)
{
    change->action = action;
    change->previous_status = change->incident.status;
    change->confirmed = false;
    change->severity_changed = false;
    if (anomaly < 0)
        change->was_called[0] = '\0';
    change->observation_gap_min = 0;
    change->since_closure_min = 0;
    change->anomaly = anomaly;
}

static void confirm(struct yaga_incident_change *change, int64_t at_s)
{
    change->incident.status = YAGA_OPEN;
    change->incident.confirmed_at_s = at_s;
    change->confirmed = true;
}

void yaga_lifecycle_create(const struct yaga_incident_params *params,
                           const struct yaga_observation *observation,
                           const struct yaga_anomaly *anomaly,
                           const char *fingerprint,
                           struct yaga_incident_change *out)
{
    *out = (struct yaga_incident_change){.incident = {
                                             .status = YAGA_SUSPECTED,
                                             .severity = anomaly->severity,
                                             .peak_severity = anomaly->severity,
                                             .previous_severity = anomaly->severity,
                                             .first_seen_s = observation->detected_at_s,
                                             .last_seen_s = observation->detected_at_s,
                                             .last_step = observation->step,
                                             .occurrence_count = 1,
                                             .consecutive_detections = 1,
                                             .peak_value = (double)NAN,
                                             .worst_score = (double)NAN,
                                         }};
    begin_change(out, YAGA_INCIDENT_CREATE, anomaly_index(observation, anomaly));
    copy_text(out->incident.service, sizeof out->incident.service, observation->service);
    copy_text(out->incident.fingerprint_id, sizeof out->incident.fingerprint_id,
              fingerprint);
    take_anomaly(&out->incident, observation, anomaly);
    if (params->confirmation_cycles <= 1)
        confirm(out, observation->detected_at_s);
}

void yaga_lifecycle_create_reopened(const struct yaga_incident_params *params,
                                    const struct yaga_observation *observation,
                                    const struct yaga_anomaly *anomaly,
                                    const struct yaga_incident *closed,
                                    struct yaga_incident_change *out)
{
    struct yaga_incident_change fresh;
    yaga_lifecycle_create(params, observation, anomaly, closed->fingerprint_id, &fresh);
    if (!fresh.confirmed)
        confirm(&fresh, observation->detected_at_s);
    copy_text(fresh.incident.reopens_incident_id,
              sizeof fresh.incident.reopens_incident_id, closed->incident_id);
    fresh.since_closure_min =
        whole_minutes(closed->resolved_at_s, observation->detected_at_s);
    *out = fresh;
}

/* Unequal, not later: the index shrinks when the configured step grows. */
static bool is_new_evidence(const struct yaga_incident *incident,
                            const struct yaga_observation *observation,
                            const struct yaga_anomaly *anomaly)
{
    return anomaly->sustained || observation->step != incident->last_step;
}

void yaga_lifecycle_seen(const struct yaga_incident_params *params,
                         const struct yaga_observation *observation,
                         const struct yaga_anomaly *anomaly,
                         struct yaga_incident_change *change)
{
    struct yaga_incident *incident = &change->incident;
    begin_change(change, YAGA_INCIDENT_CONTINUE, anomaly_index(observation, anomaly));
    int64_t gap_min = whole_minutes(incident->last_seen_s, observation->detected_at_s);
    if (gap_min > params->separation_s / 60)
        change->observation_gap_min = gap_min;
    if (is_new_evidence(incident, observation, anomaly)) {
        incident->consecutive_detections++;
        incident->occurrence_count++;
        incident->last_step = observation->step;
    }
    incident->missed_cycles = 0;
    take_severity(change, observation, anomaly);
    take_anomaly(incident, observation, anomaly);
    if (incident->status == YAGA_RECOVERING) {
        incident->status = YAGA_OPEN;
        if (incident->consecutive_detections == 0)
            incident->consecutive_detections = 1;
    } else if (incident->status == YAGA_SUSPECTED &&
               incident->consecutive_detections >= params->confirmation_cycles) {
        confirm(change, observation->detected_at_s);
    }
}

void yaga_lifecycle_rename(const char *fingerprint, struct yaga_incident_change *change)
{
    struct yaga_incident *incident = &change->incident;
    copy_text(change->was_called, sizeof change->was_called, incident->pattern_name);
    copy_text(incident->fingerprint_id, sizeof incident->fingerprint_id, fingerprint);
}

void yaga_lifecycle_close(struct yaga_incident_change *change,
                          const char *reason,
                          int64_t at_s)
{
    struct yaga_incident *incident = &change->incident;
    begin_change(change, YAGA_INCIDENT_CLOSE, -1);
    bool silent = incident->status == YAGA_SUSPECTED && strcmp(reason, "auto_stale") == 0;
    incident->status = YAGA_CLOSED;
    incident->resolved_at_s = at_s;
    copy_text(incident->resolution_reason, sizeof incident->resolution_reason,
              silent ? "suspected_expired" : reason);
}

void yaga_lifecycle_miss(const struct yaga_incident_params *params,
                         const struct yaga_observation *observation,
                         struct yaga_incident_change *change)
{
    struct yaga_incident *incident = &change->incident;
    incident->missed_cycles++;
    if (incident->missed_cycles >= params->resolution_grace_cycles) {
        bool suspected = incident->status == YAGA_SUSPECTED;
        yaga_lifecycle_close(change, suspected ? "suspected_expired" : "resolved",
                             observation->detected_at_s);
        return;
    }
    begin_change(change, YAGA_INCIDENT_MISS, -1);
    if (incident->status == YAGA_SUSPECTED) {
        if (incident->missed_cycles > params->confirmation_max_gap)
            incident->consecutive_detections = 0;
        return;
    }
    incident->status = YAGA_RECOVERING;
    incident->consecutive_detections = 0;
}

bool yaga_lifecycle_is_stale(const struct yaga_incident_params *params,
                             const struct yaga_incident *incident,
                             int64_t at_s)
{
    int64_t gap_min = whole_minutes(incident->last_seen_s, at_s);
    return gap_min > params->separation_s / 60 &&
           (incident->missed_cycles >= 1 || gap_min > params->carry_over_s / 60);
}

bool yaga_lifecycle_may_reopen(const struct yaga_incident_params *params,
                               const struct yaga_incident *incident,
                               int64_t at_s)
{
    return params->reopen_window_s > 0 && incident->status == YAGA_CLOSED &&
           strcmp(incident->resolution_reason, "resolved") == 0 &&
           incident->confirmed_at_s != 0 &&
           incident->resolved_at_s >= at_s - params->reopen_window_s;
}

void yaga_lifecycle_reopen(const struct yaga_observation *observation,
                           const struct yaga_anomaly *anomaly,
                           struct yaga_incident_change *change)
{
    struct yaga_incident *incident = &change->incident;
    begin_change(change, YAGA_INCIDENT_REOPEN, anomaly_index(observation, anomaly));
    change->since_closure_min =
        whole_minutes(incident->resolved_at_s, observation->detected_at_s);
    incident->status = YAGA_OPEN;
    incident->resolved_at_s = 0;
    incident->resolution_reason[0] = '\0';
    incident->consecutive_detections = 1;
    incident->missed_cycles = 0;
    incident->occurrence_count++;
    incident->reopen_count++;
    incident->last_step = observation->step;
    take_severity(change, observation, anomaly);
    take_anomaly(incident, observation, anomaly);
}
