/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several incidents of one service at a time are told as one
 * (incidents-and-alerts.md 5.4). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/hash.h"
#include "yaga/base/str.h"

static const double confidence_unknown = 0.5;

static double confidence_of(const struct yaga_incident *incident)
{
    return isnan(incident->confidence) ? confidence_unknown : incident->confidence;
}

static bool is_named(const struct yaga_alert_context *context,
                     const struct yaga_incident_change *change)
{
    return change->anomaly >= 0 && context->verdict->anomalies[change->anomaly].is_named;
}

/* Negative when a comes first. */
static int by_number(double a, double b)
{
    return (a < b) - (a > b);
}

static int by_rank(const struct yaga_alert_params *params,
                   const struct yaga_alert_context *context,
                   const struct yaga_incident_change *a,
                   const struct yaga_incident_change *b)
{
    int confidence = by_number(confidence_of(&a->incident), confidence_of(&b->incident));
    int severity = by_number(a->incident.severity, b->incident.severity);
    int named = by_number(is_named(context, a), is_named(context, b));
    const int orders[][3] = {[YAGA_PRIMARY_CONFIDENCE] = {confidence, severity, named},
                             [YAGA_PRIMARY_SEVERITY] = {severity, confidence, named},
                             [YAGA_PRIMARY_NAMED] = {named, severity, confidence}};
    const int *order = orders[params->primary];
    for (int i = 0; i < 3; i++)
        if (order[i] != 0)
            return order[i];
    return strcmp(a->incident.anomaly_name, b->incident.anomaly_name);
}

/* One that is not sent now, but was seen a moment ago, and would be told by itself. */
static bool is_near(const struct yaga_alert_params *params,
                    const struct yaga_alert_context *context,
                    const struct yaga_incident *incident)
{
    bool lives = incident->status == YAGA_OPEN || incident->status == YAGA_RECOVERING;
    const struct yaga_anomaly known = {.pattern_name = ""};
    struct yaga_anomaly anomaly = known;
    (void)yaga_format(anomaly.pattern_name, sizeof anomaly.pattern_name, "%s",
                      incident->pattern_name);
    anomaly.severity = incident->severity;
    return lives &&
           context->detected_at_s - incident->last_seen_s <=
               params->correlation_window_s &&
           (incident->announced_at_s != 0 || yaga_alert_passes(params, &anomaly));
}

bool yaga_alert_correlate(const struct yaga_alert_params *params,
                          const struct yaga_alert_context *context,
                          const struct yaga_incident_changes *changes,
                          const bool *send,
                          size_t *primary,
                          bool *members)
{
    size_t n = 0;
    size_t first = changes->n;
    for (size_t i = 0; params->correlate && i < changes->n; i++) {
        bool sendable = alert_is_sendable(context, changes, send, i);
        members[i] = sendable || is_near(params, context, &changes->items[i].incident);
        n += members[i];
        if (sendable &&
            (first == changes->n ||
             by_rank(params, context, &changes->items[i], &changes->items[first]) < 0))
            first = i;
    }
    *primary = first;
    return first < changes->n && n >= params->min_correlated;
}

static int by_severity(const void *a, const void *b)
{
    const struct yaga_incident *x =
        &(*(const struct yaga_incident_change *const *)a)->incident;
    const struct yaga_incident *y =
        &(*(const struct yaga_incident_change *const *)b)->incident;
    int severity = by_number(x->severity, y->severity);
    int confidence = by_number(confidence_of(x), confidence_of(y));
    return severity != 0     ? severity
           : confidence != 0 ? confidence
                             : strcmp(x->anomaly_name, y->anomaly_name);
}

/* One that is new, or back, is news though it is told with a primary that is known. */
static struct yaga_json *contributor(const struct yaga_incident_change *change)
{
    const struct yaga_incident *incident = &change->incident;
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "name", incident->anomaly_name);
    yaga_json_set_string(object, "severity", yaga_severity_name(incident->severity));
    yaga_json_set_rounded(object, "confidence", confidence_of(incident), 2);
    yaga_json_set_string(object, "pattern_name", incident->pattern_name);
    yaga_json_set_string(object, "incident_id", incident->incident_id);
    yaga_json_set_string(object, "fingerprint_id", incident->fingerprint_id);
    if (alert_is_first(change))
        yaga_json_set_bool(object, "newly_confirmed", true);
    if (change->action == YAGA_INCIDENT_REOPEN)
        yaga_json_set_bool(object, "reopened", true);
    return object;
}

/* Derived, like all ids: the same as long as the primary incident is. */
static void correlation_id(const struct yaga_incident *primary, char out[32])
{
    enum { DIGITS = 12 };
    char text[YAGA_INCIDENT_ID_MAX + 16];
    char hex[YAGA_SHA256_HEX];
    (void)yaga_format(text, sizeof text, "correlation_%s", primary->incident_id);
    yaga_sha256_hex(text, strlen(text), hex);
    (void)snprintf(out, 32, "corr_%.*s", DIGITS, hex);
}

static void add_to_description(struct yaga_json *object, size_t n)
{
    enum { TAIL_MAX = 48 };
    char tail[TAIL_MAX];
    char text[YAGA_TEXT_MAX + 1];
    const char *description = yaga_json_get_string(object, "description");
    (void)snprintf(tail, sizeof tail, "; correlated anomalies: %zu", n);
    (void)yaga_format(text, sizeof text - strlen(tail), "%s",
                      description == NULL ? "" : description);
    size_t length = strlen(text);
    (void)yaga_format(text + length, sizeof text - length, "%s", tail);
    yaga_json_set_string(object, "description", text);
}

void alert_set_correlation(struct yaga_json *object,
                           const struct yaga_alert_context *context,
                           const struct yaga_incident_changes *changes,
                           size_t primary)
{
    const struct yaga_incident_change *others[YAGA_ALERT_LIST_MAX];
    const struct yaga_incident *self = &changes->items[primary].incident;
    char id[32];
    size_t n = 0;
    size_t n_all = 1;
    if (context->correlated == NULL)
        return;
    for (size_t i = 0; i < changes->n; i++) {
        if (!context->correlated[i] || i == primary)
            continue;
        n_all++;
        if (n < YAGA_ALERT_LIST_MAX)
            others[n++] = &changes->items[i];
    }
    /* cppcheck-suppress uninitvar ; others[0..n) was written just now */
    qsort(others, n, sizeof others[0], by_severity);
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < n; i++)
        yaga_json_push(list, contributor(others[i]));
    correlation_id(self, id);
    struct yaga_json *correlation = yaga_json_object_new();
    yaga_json_set_string(correlation, "correlation_id", id);
    yaga_json_set_bool(correlation, "is_correlated", true);
    yaga_json_set_string(correlation, "primary_anomaly", self->anomaly_name);
    yaga_json_set_int(correlation, "anomaly_count", (int64_t)n_all);
    yaga_json_set(correlation, "contributing_anomalies", list);
    yaga_json_set(object, "correlation", correlation);
    add_to_description(object, n_all);
}
