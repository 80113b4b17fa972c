/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an anomaly has behind it: a slow climb, coming and going, a recovery that has
 * begun. */
#include <math.h>

#include "yaga/alert/alert_internal.h"

static void set_trend(struct yaga_json *object,
                      const struct yaga_alert_context *context,
                      const struct yaga_rise *rise)
{
    if (!rise->is_set)
        return;
    struct yaga_json *trend = yaga_json_object_new();
    yaga_json_set_string(trend, "metric", context->metrics[rise->metric].name);
    yaga_json_set_significant(trend, rise->is_relative ? "relative_rise" : "rise",
                              rise->rise, ALERT_DIGITS);
    yaga_json_set_significant(trend, "p", rise->p, ALERT_DIGITS);
    yaga_json_set_int(trend, "hours", (int64_t)rise->n_hours);
    yaga_json_set_time(trend, "since", rise->since_s);
    yaga_json_set_rounded(trend, "hours_to_critical", rise->hours_left, 1);
    yaga_json_set(object, "trend", trend);
}

static void set_flapping(struct yaga_json *object, const struct yaga_flapping *flapping)
{
    if (!flapping->is_set)
        return;
    struct yaga_json *part = yaga_json_object_new();
    yaga_json_set_int(part, "changes", (int64_t)flapping->changes);
    yaga_json_set_int(part, "minutes", flapping->span_s / 60);
    yaga_json_set(object, "flapping", part);
}

static void set_recovery(struct yaga_json *object,
                         const struct yaga_alert_context *context,
                         const struct yaga_anomaly *anomaly,
                         const struct yaga_incident_change *change)
{
    if (change == NULL || !(change->recovered > 0.0) || anomaly->root_metric < 0)
        return;
    struct yaga_json *recovery = yaga_json_object_new();
    yaga_json_set_string(recovery, "metric", context->metrics[anomaly->root_metric].name);
    yaga_json_set_number(recovery, "peak_value", change->incident.peak_value);
    yaga_json_set_number(recovery, "value", context->values[anomaly->root_metric]);
    yaga_json_set_rounded(recovery, "improved", change->recovered, 3);
    yaga_json_set(object, "recovery", recovery);
}

void alert_set_history(struct yaga_json *object,
                       const struct yaga_alert_context *context,
                       const struct yaga_anomaly *anomaly,
                       const struct yaga_incident_change *change)
{
    set_trend(object, context, &anomaly->rise);
    set_flapping(object, &anomaly->flapping);
    set_recovery(object, context, anomaly, change);
}
