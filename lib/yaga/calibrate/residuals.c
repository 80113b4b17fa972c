/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the residuals of one metric look like in ordinary operation: centre, scale,
 * quantiles, tails. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "yaga/base/mem.h"
#include "yaga/calibrate/calibrate.h"
#include "yaga/numeric/stats.h"

enum {
    RESIDUALS_MIN = 20,
    LAG_MAX = 288 /* one day of 5-minute steps */
};

static const double tail_quantile = 0.95;
static const double iqr_to_sd = 1.0 / 1.3489795003921634; /* 2 Phi^-1(3/4) */
static const double scale_floor = 1e-9;

double yaga_grid_share(size_t i)
{
    assert(i < YAGA_GRID_POINTS);
    static const double low[] = {0.0, 0.001, 0.0025};
    static const double high[] = {0.9975, 0.999, 1.0};
    if (i < 3)
        return low[i];
    if (i >= YAGA_GRID_POINTS - 3)
        return high[i - (YAGA_GRID_POINTS - 3)];
    return (double)(i - 2) * 0.005;
}

/* work holds the sorted values and is destroyed. */
static double robust_scale(double *work, size_t n, double centre)
{
    double iqr =
        yaga_quantile_sorted(work, n, 0.75) - yaga_quantile_sorted(work, n, 0.25);
    double sd = yaga_sd(work, n);
    double mad = yaga_mad_inplace(work, n, centre);
    double scale = sd;
    if (iqr > 0.0)
        scale = iqr * iqr_to_sd;
    if (mad > 0.0)
        scale = mad;
    return fmax(scale, scale_floor);
}

/* x := -x, ascending again. */
static void negate_sorted(double *x, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        double t = x[i];
        x[i] = -x[n - 1 - i];
        x[n - 1 - i] = -t;
    }
    if (n % 2 == 1)
        x[n / 2] = -x[n / 2];
}

enum yaga_status yaga_residuals_fit(const double *r,
                                    size_t n,
                                    struct yaga_residuals *out,
                                    struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) x = yaga_alloc(n, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    size_t finite = yaga_compact_finite(r, n, x);
    if (finite < RESIDUALS_MIN)
        return yaga_error_set(err, YAGA_E_NO_DATA, "residuals: %zu values, needs %d",
                              finite, RESIDUALS_MIN);
    yaga_sort(x, finite);
    struct yaga_residuals fit = {
        .centre = yaga_quantile_sorted(x, finite, 0.5),
        .n_eff = (double)finite / yaga_autocorrelation_time(r, n, LAG_MAX),
    };
    for (size_t i = 0; i < YAGA_GRID_POINTS; i++)
        fit.grid[i] = yaga_quantile_sorted(x, finite, yaga_grid_share(i));
    yaga_tail_fit(x, finite, tail_quantile, &fit.upper);
    negate_sorted(x, finite);
    yaga_tail_fit(x, finite, tail_quantile, &fit.lower);
    negate_sorted(x, finite);
    fit.scale = robust_scale(x, finite, fit.centre);
    *out = fit;
    return YAGA_OK;
}

/* Where r lies in the grid: the shares of training residuals below it and at or below it.
 * They differ where grid points tie with r; strictly between two points both are
 * interpolated. */
struct place {
    double below;
    double up_to;
};

/* First grid index with grid[i] >= r, or > r. */
static size_t grid_search(const double *grid, double r, bool or_equal)
{
    size_t lo = 0;
    size_t hi = YAGA_GRID_POINTS;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (grid[middle] < r || (!or_equal && grid[middle] <= r))
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static struct place place_in_grid(const double *grid, double r)
{
    size_t first = grid_search(grid, r, true);
    size_t after = grid_search(grid, r, false);
    if (first < after)
        return (struct place){yaga_grid_share(first), yaga_grid_share(after - 1)};
    if (first == 0)
        return (struct place){0.0, 0.0};
    if (first == YAGA_GRID_POINTS)
        return (struct place){1.0, 1.0};
    double low = yaga_grid_share(first - 1);
    double high = yaga_grid_share(first);
    double along = (r - grid[first - 1]) / (grid[first] - grid[first - 1]);
    double share = low + along * (high - low);
    return (struct place){share, share};
}

double yaga_residuals_percentile(const struct yaga_residuals *residuals, double r)
{
    struct place place = place_in_grid(residuals->grid, r);
    return 50.0 * (place.below + place.up_to);
}

double yaga_residuals_p_upper(const struct yaga_residuals *residuals, double r)
{
    if (r > residuals->upper.u)
        return yaga_tail_p(&residuals->upper, r);
    return fmax(1.0 - place_in_grid(residuals->grid, r).below, residuals->upper.zeta);
}

double yaga_residuals_p_lower(const struct yaga_residuals *residuals, double r)
{
    if (-r > residuals->lower.u)
        return yaga_tail_p(&residuals->lower, -r);
    return fmax(place_in_grid(residuals->grid, r).up_to, residuals->lower.zeta);
}
