/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hourly medians, and whether they climb. */
#include "yaga/detect/trend.h"

#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"
#include "yaga/numeric/trend.h"

enum { HOUR_S = 3600, NEWEST_ROWS = 3 };
/* Ratios of few requests wander more than the test knows: docs/decisions/018. */
static const double p_limit = 0.01, p_limit_ratio = 0.001;

/* One look: the hours that end with the last full one. */
struct hours {
    size_t n;
    double *at, *x;     /* [n] hours since the first looked at, medians */
    double last_excess; /* medians of the last full hour; NaN = not known */
    double last_value;
    double newest; /* median of the newest rows, full hour or not; NaN = not known */
    int64_t first; /* index of the first looked at */
};

/* Median of the rows [from, to), NaN when less than half of an hour's is known. */
static double
median_of(const double *v, size_t from, size_t to, size_t per_hour, double *scratch)
{
    size_t n = yaga_compact_finite(v + from, to - from, scratch);
    return 2 * n < per_hour || n == 0 ? (double)NAN : yaga_median_inplace(scratch, n);
}

/* What it is now, of the last rows that are known. */
static double newest_of(const struct yaga_trend_view *view)
{
    double v[NEWEST_ROWS];
    size_t n = 0;
    for (size_t row = view->n_rows; row-- > 0 && n < NEWEST_ROWS;)
        if (isfinite(view->x[row]))
            v[n++] = view->x[row];
    return n > 0 ? yaga_median_inplace(v, n) : (double)NAN;
}

static void collect(const struct yaga_trend_params *params,
                    const struct yaga_trend_view *view,
                    double *scratch,
                    struct hours *out)
{
    int64_t last_s = view->start_s + (int64_t)(view->n_rows - 1) * view->step_s;
    int64_t end = (last_s + view->step_s) / HOUR_S; /* first hour that is not full */
    size_t per_hour = view->step_s < HOUR_S ? (size_t)(HOUR_S / view->step_s) : 1;
    size_t row = 0;
    out->first = end - (int64_t)params->hours;
    out->newest = newest_of(view);
    for (int64_t hour = out->first; hour < end; hour++) {
        while (row < view->n_rows &&
               view->start_s + (int64_t)row * view->step_s < hour * HOUR_S)
            row++;
        size_t from = row;
        while (row < view->n_rows &&
               view->start_s + (int64_t)row * view->step_s < (hour + 1) * HOUR_S)
            row++;
        double x = median_of(view->x, from, row, per_hour, scratch);
        out->last_excess = median_of(view->excess, from, row, per_hour, scratch);
        out->last_value = median_of(view->value, from, row, per_hour, scratch);
        if (isnan(x))
            continue;
        out->at[out->n] = (double)(hour - out->first);
        out->x[out->n++] = x;
    }
}

/* At this pace; what is seasonal about the hours to come is left out. */
static double
hours_left(const struct yaga_trend_view *view, const struct hours *hours, double slope)
{
    double far = view->critical - hours->last_value;
    if (isnan(far))
        return (double)NAN;
    if (far <= 0.0)
        return 0.0;
    if (view->is_relative)
        far = log(view->critical / hours->last_value);
    double left = far / slope;
    return left <= YAGA_TREND_AHEAD_H ? left : (double)NAN;
}

static void conclude(const struct yaga_trend_params *params,
                     const struct yaga_trend_view *view,
                     const struct hours *hours,
                     double *pairs,
                     struct yaga_rise *out)
{
    size_t n = hours->n;
    if (n < YAGA_TREND_HOURS_MIN || !(hours->last_excess > 0.0) ||
        hours->last_value < view->floor)
        return;
    struct yaga_trend trend = yaga_mann_kendall_correlated(hours->at, hours->x, n, pairs);
    double span = trend.slope * (hours->at[n - 1] - hours->at[0]);
    double rise = view->is_relative ? expm1(span) : span;
    double least = view->is_relative ? params->min_rise : YAGA_TREND_RATIO_RISE;
    double rare = view->is_relative ? p_limit : p_limit_ratio;
    if (!(trend.p < rare) || !(rise >= least))
        return;
    if (!(hours->newest >= hours->x[n - 1] - span / 2.0)) /* that was over with */
        return;
    *out = (struct yaga_rise){.is_set = true,
                              .is_relative = view->is_relative,
                              .rise = rise,
                              .p = trend.p,
                              .n_hours = n,
                              .since_s = (hours->first + (int64_t)hours->at[0]) * HOUR_S,
                              .hours_left = hours_left(view, hours, trend.slope)};
    for (size_t i = 0; i < n; i++)
        out->n_above += hours->x[i] > hours->x[0];
}

enum yaga_status yaga_trend_look(const struct yaga_trend_params *params,
                                 const struct yaga_trend_view *view,
                                 struct yaga_rise *out,
                                 struct yaga_error *err)
{
    size_t n = params->hours, n_pairs = n * (n + 1) / 2;
    *out = (struct yaga_rise){.is_set = false};
    if (view->n_rows == 0 || n == 0)
        return YAGA_OK;
    YAGA_AUTO_MEM(double) x = yaga_alloc(2 * n + n_pairs + view->n_rows, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    struct hours hours = {.at = x, .x = x + n};
    collect(params, view, x + 2 * n + n_pairs, &hours);
    conclude(params, view, &hours, x + 2 * n, out);
    return YAGA_OK;
}
