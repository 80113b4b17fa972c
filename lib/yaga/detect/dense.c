/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence of one value from forest and tails.
 *
 *   p = min(1, 2 min(p_forest, p_tail)) where p_tail <= 0.05, else 1
 *
 * A forest's score is not monotone: a remote cluster in the training data scores as less
 * isolated than the gap before it. Inside the tail the score is therefore the most
 * anomalous one met on the way out from where the tail starts, so that a worse value
 * never counts less.
 */
#include <math.h>

#include "yaga/detect/detect_internal.h"

/* The gate: only the outer 5 % on a bad side can be a deviation. */
static const double tail_share = 0.05;
static const double least_p = 1e-12;
/* Zero is exceptional for a rate if fewer than 1 % of the training rows were zero. */
static const double rare_zero_share = 0.01;

bool yaga_metric_is_rate(const struct yaga_metric *metric)
{
    return metric->kind == YAGA_KIND_RATE || metric->role == YAGA_ROLE_TRAFFIC;
}

bool yaga_metric_counts_requests(const struct yaga_metric *metric)
{
    return metric->kind == YAGA_KIND_RATIO && (metric->role == YAGA_ROLE_ERRORS ||
                                               metric->transform == YAGA_TRANSFORM_LOGIT);
}

bool yaga_side_is_bad(const struct yaga_point *point, enum yaga_direction side)
{
    if (point->metric->bad == YAGA_BOTH || point->metric->bad == side)
        return true;
    return side == YAGA_LOW && point->metric->role == YAGA_ROLE_LATENCY &&
           point->fast_fail;
}

/* Index of the step x falls on: number of breaks < x. */
static size_t step_of(const struct yaga_steps *steps, double x)
{
    size_t from = 0, to = steps->n_breaks;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (steps->breaks[middle] < x)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Most anomalous (lowest) score between low and high. */
static double lowest_score(const struct yaga_steps *steps, double low, double high)
{
    size_t last = step_of(steps, high);
    double lowest = steps->values[last];
    for (size_t i = step_of(steps, low); i < last; i++)
        lowest = fmin(lowest, steps->values[i]);
    return lowest;
}

/* Tail probability in the bad direction; both sides count where both are bad. */
static double tail_p(const struct yaga_point *point,
                     const struct yaga_residuals *residuals,
                     const struct yaga_evidence *cell)
{
    if (!yaga_side_is_bad(point, cell->direction))
        return 1.0;
    double p = cell->direction == YAGA_HIGH
                   ? yaga_residuals_p_upper(residuals, cell->residual)
                   : yaga_residuals_p_lower(residuals, cell->residual);
    if (point->metric->bad == YAGA_BOTH)
        p *= 2.0;
    return fmin(fmax(p, least_p), 1.0);
}

/*
 * No event at all in a step that used to count many. A Poisson stream of n expected
 * events is empty with probability exp(-n); a quarter of n allows for bursts. Only where
 * zero was no habit in training.
 */
static double empty_p(const struct yaga_point *point,
                      const struct yaga_metric_stats *stats,
                      const struct yaga_evidence *cell)
{
    bool silent = yaga_metric_is_rate(point->metric) && cell->value <= 0.0 &&
                  cell->direction == YAGA_LOW && yaga_side_is_bad(point, YAGA_LOW);
    if (!silent || !(stats->zero_share < rare_zero_share))
        return 1.0;
    double n_events = fmin(cell->expected, stats->p25) * point->step_s;
    return fmax(exp(-fmax(n_events, 0.0) / 4.0), least_p);
}

static double forest_score(const struct yaga_metric_model *model,
                           const struct yaga_evidence *cell)
{
    double r = cell->residual;
    if (cell->p_tail > tail_share)
        return yaga_steps_score(&model->forest, r);
    if (cell->direction == YAGA_HIGH)
        return lowest_score(&model->forest, fmin(model->residuals.upper.u, r), r);
    return lowest_score(&model->forest, r, fmax(-model->residuals.lower.u, r));
}

void yaga_judge_dense(const struct yaga_point *point,
                      const struct yaga_metric_model *model,
                      struct yaga_evidence *cell)
{
    const struct yaga_residuals *residuals = &model->residuals;
    cell->method = YAGA_METHOD_FOREST;
    cell->z = (cell->residual - residuals->centre) / residuals->scale;
    cell->percentile = yaga_residuals_percentile(residuals, cell->residual);
    cell->tail_supported = cell->direction == YAGA_HIGH ? residuals->upper.supported
                                                        : residuals->lower.supported;
    cell->p_tail = tail_p(point, residuals, cell);
    double empty = empty_p(point, &model->stats, cell);
    if (empty < cell->p_tail) {
        cell->p_tail = empty;
        cell->tail_supported = true;
    }
    double score = forest_score(model, cell);
    cell->decision = score - model->offset;
    cell->p_forest = yaga_table_p(&model->forest_scores, -score);
    cell->p = cell->p_tail <= tail_share
                  ? fmin(1.0, 2.0 * fmin(cell->p_forest, cell->p_tail))
                  : 1.0;
}
