/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for severities, methods of judgement and what was too small, and grades by
 * rarity. */
#include <string.h>

#include "yaga/detect/detect_internal.h"

static const char *const severity_names[] = {
    [YAGA_SEVERITY_NONE] = "none",         [YAGA_SEVERITY_LOW] = "low",
    [YAGA_SEVERITY_MEDIUM] = "medium",     [YAGA_SEVERITY_HIGH] = "high",
    [YAGA_SEVERITY_CRITICAL] = "critical",
};

const char *yaga_severity_name(enum yaga_severity severity)
{
    return severity_names[severity];
}

bool yaga_severity_parse(const char *text, enum yaga_severity *out)
{
    if (strcmp(text, "informational") == 0) {
        *out = YAGA_SEVERITY_LOW;
        return true;
    }
    for (size_t i = 0; i < sizeof severity_names / sizeof *severity_names; i++) {
        if (strcmp(text, severity_names[i]) == 0) {
            *out = (enum yaga_severity)i;
            return true;
        }
    }
    return false;
}

const char *yaga_cascade_type_name(enum yaga_cascade_type type)
{
    static const char *const names[] = {
        [YAGA_CASCADE_UNKNOWN] = "unknown",
        [YAGA_CASCADE_NONE] = "none",
        [YAGA_CASCADE_UPSTREAM_ANOMALY] = "upstream_anomaly",
        [YAGA_CASCADE_CHAIN_DEGRADED] = "chain_degraded",
        [YAGA_CASCADE_DEPENDENCIES_HEALTHY] = "dependencies_healthy",
    };
    return names[type];
}

const char *yaga_immaterial_name(enum yaga_immaterial reason)
{
    static const char *const names[] = {
        [YAGA_MATERIAL] = "material",
        [YAGA_IMMATERIAL_EFFECT] = "effect",
        [YAGA_IMMATERIAL_RELATIVE] = "relative_change",
        [YAGA_IMMATERIAL_DELTA] = "absolute_change",
        [YAGA_IMMATERIAL_FLOOR] = "below_floor",
        [YAGA_IMMATERIAL_COUNT] = "too_few_requests",
        [YAGA_IMMATERIAL_DIRECTION] = "improvement",
    };
    return names[reason];
}

/* The share itself says how often the forest finds that, in training that is. */
enum yaga_severity yaga_severity_of_share(const struct yaga_detect_params *params,
                                          double share)
{
    enum yaga_severity severity = YAGA_SEVERITY_NONE;
    for (int level = YAGA_SEVERITY_LOW; level <= YAGA_SEVERITY_CRITICAL; level++)
        if (share <= params->share[level - YAGA_SEVERITY_LOW])
            severity = (enum yaga_severity)level;
    return severity;
}

/* A value that occurs once in H hours of ordinary operation has p = step / (3600 H) per
 * step. */
enum yaga_severity
yaga_severity_of_p(const struct yaga_detect_params *params, double step_s, double p)
{
    enum yaga_severity severity = YAGA_SEVERITY_LOW;
    for (int level = YAGA_SEVERITY_MEDIUM; level <= YAGA_SEVERITY_CRITICAL; level++)
        if (p <= step_s / (3600.0 * params->return_hours[level - YAGA_SEVERITY_LOW]))
            severity = (enum yaga_severity)level;
    return severity;
}
