/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rare is not yet relevant (detection.md 5.8): is the change large enough for someone to
 * care? */
#include <math.h>

#include "yaga/detect/detect_internal.h"
#include "yaga/numeric/stats.h"

static const double wilson_z = 1.645; /* one-sided 95 % */
/* Answers in half the usual time, while requests fail: they end before the work is done.
 */
static const double fast_fail_share = 0.5;
/* Below this a ratio to the expected rate means nothing. */
static const double least_rate = 0.01;
/* A step that should have held this many events and held none needs no robust z to
 * matter. */
static const double many_events = 30.0;

static bool lost_everything(const struct yaga_point *point,
                            const struct yaga_evidence *cell)
{
    return yaga_metric_is_rate(point->metric) && cell->value <= 0.0 &&
           cell->expected * point->step_s >= many_events;
}

static bool effect_is_small(const struct yaga_detect_params *params,
                            const struct yaga_point *point,
                            const struct yaga_evidence *cell)
{
    if (cell->method != YAGA_METHOD_FOREST || lost_everything(point, cell))
        return false;
    double z = cell->direction == YAGA_HIGH ? cell->z : -cell->z;
    return z < params->min_effect_z;
}

/* Counting noise of a Poisson stream; nothing to compare with where hardly anything is
 * expected. */
static bool rate_is_noise(const struct yaga_point *point,
                          const struct yaga_evidence *cell)
{
    if (cell->expected < least_rate)
        return true;
    double noise = 3.0 * sqrt(cell->expected / point->step_s) + 0.05;
    return fabs(cell->value - cell->expected) < noise;
}

static bool rate_change_is_small(const struct yaga_metric *metric,
                                 const struct yaga_evidence *cell)
{
    double factor = 1.0 + metric->min_relative_change;
    if (cell->direction == YAGA_HIGH)
        return cell->value < cell->expected * factor;
    return cell->value > cell->expected / factor;
}

/* Too few failed requests, or too few requests, to tell the ratio from the expected one.
 * For a ratio whose bad side is low the failures are what is missing to 1. */
static bool ratio_is_noise(const struct yaga_detect_params *params,
                           const struct yaga_point *point,
                           const struct yaga_evidence *cell)
{
    if (!(point->n_requests >= 0.5)) /* unknown */
        return false;
    bool high = cell->direction == YAGA_HIGH;
    double n = round(point->n_requests);
    double share = fmin(fmax(high ? cell->value : 1.0 - cell->value, 0.0), 1.0);
    double failed = fmin(round(share * n), n);
    if (failed < params->min_errors)
        return true;
    return yaga_wilson_lower(failed, n, wilson_z) <=
           (high ? cell->expected : 1.0 - cell->expected);
}

static enum yaga_immaterial rate_material(const struct yaga_point *point,
                                          const struct yaga_evidence *cell)
{
    if (rate_is_noise(point, cell))
        return YAGA_IMMATERIAL_COUNT;
    if (rate_change_is_small(point->metric, cell))
        return YAGA_IMMATERIAL_RELATIVE;
    return YAGA_MATERIAL;
}

enum yaga_immaterial yaga_material(const struct yaga_detect_params *params,
                                   const struct yaga_point *point,
                                   const struct yaga_evidence *cell)
{
    const struct yaga_metric *metric = point->metric;
    if (!yaga_side_is_bad(point, cell->direction))
        return YAGA_IMMATERIAL_DIRECTION;
    if (effect_is_small(params, point, cell))
        return YAGA_IMMATERIAL_EFFECT;
    bool only_fast_fail = cell->direction == YAGA_LOW && metric->bad == YAGA_HIGH;
    if (only_fast_fail)
        return cell->value <= cell->expected * fast_fail_share ? YAGA_MATERIAL
                                                               : YAGA_IMMATERIAL_RELATIVE;
    if (yaga_metric_is_rate(metric)) {
        enum yaga_immaterial reason = rate_material(point, cell);
        if (reason != YAGA_MATERIAL)
            return reason;
    }
    double change = fabs(cell->value - cell->expected);
    if (!yaga_metric_is_rate(metric) &&
        change < metric->min_relative_change * fabs(cell->expected))
        return YAGA_IMMATERIAL_RELATIVE;
    if (change < metric->min_delta)
        return YAGA_IMMATERIAL_DELTA;
    if (cell->direction == YAGA_HIGH && cell->value < metric->min_value)
        return YAGA_IMMATERIAL_FLOOR;
    if (yaga_metric_counts_requests(metric) && ratio_is_noise(params, point, cell))
        return YAGA_IMMATERIAL_COUNT;
    return YAGA_MATERIAL;
}
