/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mann-Kendall test with Sen's slope: all pairs, which for some hundred days is nothing.
 */
#include "yaga/numeric/trend.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "yaga/numeric/stats.h"

static double variance_term(double n)
{
    return n * (n - 1.0) * (2.0 * n + 5.0);
}

/* Sum over groups of equal values; a group is counted at its first member. */
static double ties_term(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        double t = 0.0;
        size_t first = n;
        for (size_t k = n; k-- > 0;) {
            if (!(x[k] < x[i]) && !(x[k] > x[i])) {
                t += 1.0;
                first = k;
            }
        }
        if (first == i)
            sum += variance_term(t);
    }
    return sum;
}

struct yaga_trend yaga_mann_kendall(const double *x, size_t n, double *scratch)
{
    struct yaga_trend trend = {.p = 1.0};
    if (n < YAGA_TREND_MIN)
        return trend;
    double s = 0.0;
    size_t n_pairs = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            s += (double)((x[j] > x[i]) - (x[j] < x[i]));
            scratch[n_pairs++] = (x[j] - x[i]) / (double)(j - i);
        }
    }
    double variance = (variance_term((double)n) - ties_term(x, n)) / 18.0;
    if (fabs(s) > 1.0 && variance > 0.0)
        trend.p = fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q((fabs(s) - 1.0) / sqrt(variance)));
    trend.slope = yaga_median_inplace(scratch, n_pairs);
    return trend;
}
