/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far each metric is from its usual values, in words (detection.md 6.1): by percentile, and for errors and traffic
 * also by what the percentage means.
 */
#include <math.h>

#include "yaga/detect/detect_internal.h"

/* Less than half more traffic is no surge. */
static const double surge_ratio = 1.5;
/* Where no objective says what a cliff is: half of the traffic is gone. */
static const double usual_cliff_ratio = 0.5;

static enum yaga_level at_most(enum yaga_level level, enum yaga_level limit)
{
    return level > limit ? limit : level;
}

static enum yaga_level at_least(enum yaga_level level, enum yaga_level limit)
{
    return level < limit ? limit : level;
}

static enum yaga_level by_percentile(const double limit[6], const struct yaga_signal *signal)
{
    double percentile = signal->percentile;
    if (signal->method == YAGA_METHOD_ACTIVATION || isnan(percentile))
        return signal->direction == YAGA_LOW ? YAGA_LEVEL_LOW : YAGA_LEVEL_HIGH;
    for (int i = 0; i < 4; i++)
        if (percentile > limit[i])
            return (enum yaga_level)(YAGA_LEVEL_VERY_HIGH - i);
    if (percentile < limit[5])
        return YAGA_LEVEL_VERY_LOW;
    return percentile < limit[4] ? YAGA_LEVEL_LOW : YAGA_LEVEL_NORMAL;
}

/* The objective says what a share of errors means; a rare share may still be harmless. */
static enum yaga_level
corrected_errors(enum yaga_level level, const struct yaga_circumstances *around, double value)
{
    if (value < around->error_acceptable)
        return at_most(level, YAGA_LEVEL_NORMAL);
    if (value < around->error_warning)
        return at_most(level, YAGA_LEVEL_ELEVATED);
    if (value < around->error_critical)
        return at_most(level, YAGA_LEVEL_HIGH);
    return value >= around->error_critical ? at_least(level, YAGA_LEVEL_HIGH) : level;
}

static enum yaga_level corrected_traffic(enum yaga_level level,
                                         const struct yaga_circumstances *around,
                                         const struct yaga_signal *signal)
{
    double cliff = isnan(around->cliff_ratio) ? usual_cliff_ratio : around->cliff_ratio;
    if (!(signal->expected > 0.0))
        return level;
    double ratio = signal->value / signal->expected;
    if (ratio > cliff)
        level = at_least(level, YAGA_LEVEL_LOW);
    return ratio < surge_ratio ? at_most(level, YAGA_LEVEL_ELEVATED) : level;
}

/* How far beyond which limit, in words. */
static enum yaga_level by_limit(const struct yaga_signal *signal)
{
    if (signal->severity >= YAGA_SEVERITY_HIGH)
        return YAGA_LEVEL_VERY_HIGH;
    return signal->severity == YAGA_SEVERITY_MEDIUM ? YAGA_LEVEL_HIGH : YAGA_LEVEL_ELEVATED;
}

static enum yaga_level level_of(const struct yaga_case *it, const struct yaga_signal *signal)
{
    if (signal->method == YAGA_METHOD_OBJECTIVE)
        return by_limit(signal);
    enum yaga_level level = by_percentile(it->params->level_percentile, signal);
    switch (it->metrics[signal->metric].role) {
    case YAGA_ROLE_ERRORS:
        return corrected_errors(level, it->circumstances, signal->value);
    case YAGA_ROLE_TRAFFIC:
        return corrected_traffic(level, it->circumstances, signal);
    case YAGA_ROLE_NONE:
    case YAGA_ROLE_LATENCY:
    case YAGA_ROLE_DEPENDENCY:
    case YAGA_ROLE_DATABASE:
        break;
    }
    return level;
}

/* Nothing is said of it: can it be called normal? */
static bool is_unknown(const struct yaga_case *it, size_t metric)
{
    const struct yaga_findings *found = it->found;
    enum yaga_metric_role role = it->metrics[metric].role;
    if (isnan(found->now[metric].value))
        return found->is_known[metric] || found->by_limits;
    return found->by_limits && role != YAGA_ROLE_LATENCY && role != YAGA_ROLE_ERRORS;
}

void yaga_metric_levels(const struct yaga_case *it, enum yaga_level *level)
{
    const struct yaga_findings *found = it->found;
    for (size_t m = 0; m < found->n_metrics; m++)
        level[m] = is_unknown(it, m) ? YAGA_LEVEL_UNKNOWN : YAGA_LEVEL_NORMAL;
    for (size_t i = 0; i < found->n_signals; i++)
        level[found->signals[i].metric] = level_of(it, &found->signals[i]);
}
