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

/* S, and the slope between any two values; at NULL: one apart. scratch: slopes of the
 * pairs. */
static double pairs_of(const double *at, const double *x, size_t n, double *scratch)
{
    double s = 0.0;
    size_t n_pairs = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            double apart = at == NULL ? (double)(j - i) : at[j] - at[i];
            s += (double)((x[j] > x[i]) - (x[j] < x[i]));
            scratch[n_pairs++] = (x[j] - x[i]) / apart;
        }
    }
    return s;
}

static double p_of(double s, double variance)
{
    if (!(fabs(s) > 1.0) || !(variance > 0.0))
        return 1.0;
    return fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q((fabs(s) - 1.0) / sqrt(variance)));
}

static double variance_of(const double *x, size_t n)
{
    return (variance_term((double)n) - ties_term(x, n)) / 18.0;
}

struct yaga_trend yaga_mann_kendall(const double *x, size_t n, double *scratch)
{
    struct yaga_trend trend = {.p = 1.0};
    if (n < YAGA_TREND_MIN)
        return trend;
    double s = pairs_of(NULL, x, n, scratch);
    trend.p = p_of(s, variance_of(x, n));
    trend.slope = yaga_median_inplace(scratch, n * (n - 1) / 2);
    return trend;
}

/* Of neighbouring values beside a line. left [n] is scratch. */
static double
correlation_of(const double *at, const double *x, size_t n, double slope, double *left)
{
    static const double most = 0.99;
    double mean = 0.0, square = 0.0, product = 0.0, count = (double)n;
    for (size_t i = 0; i < n; i++) {
        left[i] = x[i] - slope * at[i];
        mean += left[i] / count;
    }
    for (size_t i = 0; i < n; i++) {
        square += (left[i] - mean) * (left[i] - mean);
        if (i > 0)
            product += (left[i] - mean) * (left[i - 1] - mean);
    }
    if (!(square > 0.0))
        return 0.0;
    return fmin(most, fmax(0.0, (count * product / square + 2.0) / (count - 4.0)));
}

/* By how much S varies more than with independent values. */
static double inflation_of(double rho, size_t n)
{
    double sum = 0.0, power = 1.0;
    for (size_t k = 1; k < n; k++) {
        power *= rho;
        sum += (1.0 - (double)k / (double)n) * power;
    }
    return 1.0 + 2.0 * sum;
}

struct yaga_trend yaga_mann_kendall_correlated(const double *at,
                                               const double *x,
                                               size_t n,
                                               double *scratch)
{
    struct yaga_trend trend = {.p = 1.0};
    size_t n_pairs = n * (n - 1) / 2;
    if (n < YAGA_TREND_MIN)
        return trend;
    double s = pairs_of(at, x, n, scratch);
    trend.slope = yaga_median_inplace(scratch, n_pairs);
    double rho = correlation_of(at, x, n, trend.slope, scratch + n_pairs);
    trend.p = p_of(s, variance_of(x, n) * inflation_of(rho, n));
    return trend;
}
