/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is it the same trouble under another name? What is wrong with a service is named anew
 * in each cycle, and the name follows what is seen of it: a slow service is first an
 * unusual combination of metrics, then slow, then slow and waiting for its database, and
 * a trend at last. That is one incident. Traffic has two directions, of which an incident
 * keeps nothing: of its patterns none follows another.
 */
#include <string.h>

#include "yaga/incident/incident_internal.h"

enum kind { KIND_NONE, KIND_SLOW, KIND_FAILING };

static enum kind kind_of(const struct yaga_metric *metric)
{
    switch (metric->role) {
    case YAGA_ROLE_LATENCY:
    case YAGA_ROLE_DEPENDENCY:
    case YAGA_ROLE_DATABASE:
        return KIND_SLOW;
    case YAGA_ROLE_ERRORS:
        return KIND_FAILING;
    case YAGA_ROLE_TRAFFIC:
    case YAGA_ROLE_NONE:
        break;
    }
    return KIND_NONE;
}

/* A combination of metrics that do not stand out says only that something is unusual. */
static bool is_combination(const struct yaga_anomaly *anomaly)
{
    return anomaly->basis == YAGA_BASIS_JOINT;
}

static bool was_combination(const struct yaga_incident *incident)
{
    return strcmp(incident->detection_method,
                  yaga_incident_method_name(YAGA_METHOD_NONE)) == 0;
}

static bool was_silence(const struct yaga_incident *incident)
{
    return strcmp(incident->detection_method,
                  yaga_incident_method_name(YAGA_METHOD_PRESENCE)) == 0;
}

static bool is_about(const struct yaga_observation *observation,
                     const struct yaga_anomaly *anomaly,
                     const struct yaga_metric *metric)
{
    if (anomaly->root_metric >= 0 &&
        &observation->metrics[anomaly->root_metric] == metric)
        return true;
    for (size_t i = 0; i < anomaly->n_signals; i++)
        if (&observation->metrics[anomaly->signals[i].metric] == metric)
            return true;
    return false;
}

bool incident_is_same_trouble(const struct yaga_observation *observation,
                              const struct yaga_incident *incident,
                              const struct yaga_anomaly *anomaly)
{
    if (was_silence(incident) || anomaly->basis == YAGA_BASIS_PRESENCE)
        return false;
    if (was_combination(incident) || is_combination(anomaly))
        return true;
    int root = yaga_metric_by_name(observation->metrics, observation->n_metrics,
                                   incident->root_metric);
    if (root < 0 || anomaly->root_metric < 0)
        return false;
    const struct yaga_metric *was = &observation->metrics[root];
    if (was->role == YAGA_ROLE_TRAFFIC)
        return false;
    return is_about(observation, anomaly, was) ||
           (kind_of(was) != KIND_NONE &&
            kind_of(was) == kind_of(&observation->metrics[anomaly->root_metric]));
}
