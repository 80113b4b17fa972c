/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many training rows look anomalous, by three rules. Knee and gap look for a bend or
 * a jump in the lowest fifth of the sorted scores; they are reported because people ask
 * for them, not trusted.
 */
#include <math.h>
#include <stddef.h>

#include "yaga/base/mem.h"
#include "yaga/calibrate/calibrate.h"
#include "yaga/numeric/stats.h"

static const double searched_share = 0.2;
static const double estimate_min = 0.01;
static const double estimate_max = 0.15;
static const double outlier_z = 3.5;

/* Central difference of x[0..m-1], one-sided at the ends; m >= 2. */
static double gradient(const double *x, size_t m, size_t i)
{
    if (i == 0)
        return x[1] - x[0];
    if (i == m - 1)
        return x[m - 1] - x[m - 2];
    return (x[i + 1] - x[i - 1]) / 2.0;
}

static double second_gradient(const double *x, size_t m, size_t i)
{
    if (i == 0)
        return gradient(x, m, 1) - gradient(x, m, 0);
    if (i == m - 1)
        return gradient(x, m, m - 1) - gradient(x, m, m - 2);
    return (gradient(x, m, i + 1) - gradient(x, m, i - 1)) / 2.0;
}

static size_t knee_index(const double *sorted, size_t m)
{
    size_t best = 0;
    double bend = second_gradient(sorted, m, 0);
    for (size_t i = 1; i < m; i++) {
        double here = second_gradient(sorted, m, i);
        if (here > bend) {
            bend = here;
            best = i;
        }
    }
    return best;
}

static size_t gap_index(const double *sorted, size_t m)
{
    size_t best = 0;
    for (size_t i = 1; i + 1 < m; i++) {
        if (sorted[i + 1] - sorted[i] > sorted[best + 1] - sorted[best])
            best = i;
    }
    return best;
}

static double clip(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

static double bounded(double raw, double base, double factor)
{
    double estimate = clip(raw, estimate_min, estimate_max);
    estimate = clip(estimate, 0.5 * base, fmin(estimate_max, 3.0 * base));
    estimate = fmin(estimate * factor, YAGA_RATE_MAX);
    return round(estimate * 1000.0) / 1000.0;
}

void yaga_contamination_estimate(const double *sorted,
                                 size_t n,
                                 const struct yaga_contamination_params *params,
                                 struct yaga_contamination *out)
{
    size_t m = (size_t)floor(searched_share * (double)n);
    double knee = params->fallback;
    double gap = params->fallback;
    if (n >= params->min_samples && m >= 2) {
        knee = (double)(knee_index(sorted, m) + 1) / (double)n;
        gap = (double)(gap_index(sorted, m) + 1) / (double)n;
    }
    *out = (struct yaga_contamination){
        .knee = bounded(knee, params->base, params->factor),
        .gap = bounded(gap, params->base, params->factor),
        .knee_raw = knee,
        .gap_raw = gap,
    };
}

double yaga_outlier_share(const double *x, size_t n)
{
    YAGA_AUTO_MEM(double) work = yaga_alloc(n, sizeof *work);
    if (n == 0 || work == NULL)
        return NAN;
    for (size_t i = 0; i < n; i++)
        work[i] = x[i];
    double centre = yaga_median_inplace(work, n);
    double limit = outlier_z * yaga_mad_inplace(work, n, centre);
    size_t beyond = 0;
    for (size_t i = 0; i < n; i++)
        beyond += fabs(x[i] - centre) > limit;
    return (double)beyond / (double)n;
}
