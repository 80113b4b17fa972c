/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics without a forest (training.md 12). Constant or discrete ones: a ratio of
 * requests against the binomial distribution of its base rate, everything else against
 * multiples of what was seen. Zero-normal ones that were mostly silent: active far beyond
 * their usual activity.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "yaga/detect/detect_internal.h"

static const double least_p = 1e-12;
/* Beyond a multiple: no distribution says how rare, but strong for every alpha in use. */
static const double beyond_p = 1e-9;
static const double rate_drop = 0.3, rate_surge = 3.0;
/* Requests in one step that are counted exactly; more change no verdict and overflow
 * GSL's integers. */
static const double most_requests = 4e9;

double yaga_stats_percentile(const struct yaga_metric_stats *stats, double value)
{
    const double at[] = {stats->min, stats->p25, stats->median, stats->p75,
                         stats->p90, stats->p95, stats->p99,    stats->max};
    static const double percent[] = {0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 100.0};
    enum { N_POINTS = sizeof percent / sizeof *percent };
    size_t below = 0, up_to = 0; /* points < value, points <= value */
    for (size_t i = 0; i < N_POINTS; i++) {
        below += at[i] < value;
        up_to += at[i] <= value;
    }
    if (up_to == 0)
        return 0.0;
    if (below == N_POINTS)
        return 100.0;
    if (up_to > below) /* on one or several points */
        return (percent[below] + percent[up_to - 1]) / 2.0;
    double share = (value - at[below - 1]) / (at[below] - at[below - 1]);
    return percent[below - 1] + share * (percent[below] - percent[below - 1]);
}

/* A value already seen in training is not rarer than its place there, whatever the
 * binomial says of it. */
static double seen_p(const struct yaga_metric_stats *stats, double value, bool upper)
{
    if (upper && value <= stats->p99)
        return 0.01;
    if (upper ? value <= stats->max : value >= stats->min)
        return 1.0 / (stats->count + 1.0);
    return 0.0;
}

/* P(at least, or at most, this many of n_requests) at the base rate; the base rate is at
 * least one in all requests seen. */
static double binomial_p(const struct yaga_point *point,
                         const struct yaga_metric_stats *stats,
                         const struct yaga_evidence *cell)
{
    double seen =
        stats->total_requests >= 1.0 ? stats->total_requests : stats->count + 1.0;
    double rest = fmin(1.0 / fmax(seen, 1.0), 0.5);
    double base = fmin(fmax(stats->mean, rest), 1.0 - rest);
    unsigned n = (unsigned)fmin(round(point->n_requests), most_requests);
    unsigned k = (unsigned)round(fmin(fmax(cell->value, 0.0), 1.0) * n);
    bool upper = cell->direction == YAGA_HIGH;
    double p = 1.0;
    if (upper && k > 0)
        p = gsl_cdf_binomial_Q(k - 1, base, n);
    else if (!upper && k < n)
        p = gsl_cdf_binomial_P(k, base, n);
    return fmax(fmax(p, seen_p(stats, cell->value, upper)), least_p);
}

/* Limits of a metric that hardly moved: twice what was seen, or one unit more (a ratio:
 * one percent). */
static double high_limit(const struct yaga_metric *metric,
                         const struct yaga_metric_stats *stats)
{
    if (yaga_metric_is_rate(metric))
        return rate_surge * stats->median;
    double unit = metric->kind == YAGA_KIND_RATIO ? 0.01 : 1.0;
    return stats->p99 + fmax(fabs(stats->p99), unit);
}

static double low_limit(const struct yaga_metric *metric,
                        const struct yaga_metric_stats *stats)
{
    if (yaga_metric_is_rate(metric))
        return rate_drop * stats->median;
    return stats->min > 0.0 ? rate_drop * stats->min
                            : stats->min - fmax(fabs(stats->min), 1.0);
}

static double multiple_p(const struct yaga_point *point,
                         const struct yaga_metric_stats *stats,
                         const struct yaga_evidence *cell)
{
    bool beyond = cell->direction == YAGA_HIGH
                      ? cell->value > high_limit(point->metric, stats)
                      : cell->value < low_limit(point->metric, stats);
    return beyond ? beyond_p : 1.0;
}

void yaga_judge_threshold(const struct yaga_point *point,
                          const struct yaga_metric_model *model,
                          struct yaga_evidence *cell)
{
    const struct yaga_metric_stats *stats = &model->stats;
    bool counted = yaga_metric_counts_requests(point->metric) && point->n_requests >= 0.5;
    cell->method = YAGA_METHOD_THRESHOLD;
    cell->expected = counted ? stats->mean : stats->median;
    cell->direction = cell->value >= cell->expected ? YAGA_HIGH : YAGA_LOW;
    cell->percentile = yaga_stats_percentile(stats, cell->value);
    /* counts have a distribution, and nothing at all is plain; a multiple alone says
     * little about how bad */
    cell->tail_supported =
        counted || (yaga_metric_is_rate(point->metric) && cell->value <= 0.0);
    if (!yaga_side_is_bad(point, cell->direction))
        return;
    cell->p = counted ? binomial_p(point, stats, cell) : multiple_p(point, stats, cell);
    cell->p_tail = cell->p;
}

void yaga_judge_activation(const struct yaga_point *point,
                           const struct yaga_metric_model *model,
                           struct yaga_evidence *cell)
{
    double limit = 2.0 * model->stats.non_zero_p95;
    if (isnan(limit))
        limit = fmax(point->metric->min_value, 0.0);
    cell->method = YAGA_METHOD_ACTIVATION;
    cell->expected = 0.0;
    cell->direction = YAGA_HIGH;
    cell->percentile = yaga_stats_percentile(&model->stats, cell->value);
    if (cell->value > limit && yaga_side_is_bad(point, YAGA_HIGH))
        cell->p = cell->p_tail = beyond_p;
}
