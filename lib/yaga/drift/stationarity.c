/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Daily medians, then two questions about them. */
#include "yaga/drift/stationarity.h"

#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"
#include "yaga/numeric/trend.h"

enum {
    RECENT_DAYS = 7,
    DAYS_MAX = 400 /* the longest lookback; older days are left out */
};
static const double trend_p_limit = 0.01;
static const double change_limit = 1.0;

/* Where each day's rows begin; starts[n_days] is n_rows. Returns n_days. */
static size_t find_days(const struct yaga_when *when, size_t n_rows, size_t *starts)
{
    size_t n = 0;
    for (size_t t = 0; t < n_rows; t++) {
        if (t == 0 || when[t].day != when[t - 1].day)
            starts[n++] = t;
    }
    starts[n] = n_rows;
    return n;
}

/* Medians of the days that have values, and their first rows (first may be NULL); x is
 * scratch for one day. Returns how many. */
static size_t daily_medians(const double *r,
                            const size_t *starts,
                            size_t n_days,
                            double *x,
                            double *medians,
                            size_t *first)
{
    size_t n = 0;
    for (size_t d = 0; d < n_days; d++) {
        size_t found = yaga_compact_finite(r + starts[d], starts[d + 1] - starts[d], x);
        if (found == 0)
            continue;
        if (first != NULL)
            first[n] = starts[d];
        medians[n++] = yaga_median_inplace(x, found);
    }
    return n;
}

/* Sum of absolute deviations from their median; x is scratch. */
static double spread_of(const double *values, size_t n, double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        x[i] = values[i];
    double median = yaga_median_inplace(x, n);
    for (size_t i = 0; i < n; i++)
        sum += fabs(values[i] - median);
    return sum;
}

static double shift_of(const double *r, size_t from, size_t n_rows, double *x)
{
    size_t n_before = yaga_compact_finite(r, from, x);
    double before = yaga_median_inplace(x, n_before);
    size_t n_recent = yaga_compact_finite(r + from, n_rows - from, x);
    double recent = yaga_median_inplace(x, n_recent);
    return n_before > 0 && n_recent > 0 ? recent - before : 0.0;
}

enum yaga_status yaga_stationarity_assess(const double *r,
                                          const struct yaga_when *when,
                                          size_t n_rows,
                                          double scale,
                                          struct yaga_stationarity *out,
                                          struct yaga_error *err)
{
    YAGA_AUTO_MEM(size_t) starts = yaga_alloc(n_rows + 1, sizeof *starts);
    YAGA_AUTO_MEM(double) x = yaga_alloc(n_rows, sizeof *x);
    YAGA_AUTO_MEM(double)
    pairs = yaga_alloc((size_t)DAYS_MAX * (DAYS_MAX - 1) / 2 + DAYS_MAX, sizeof *pairs);
    if (starts == NULL || x == NULL || pairs == NULL)
        return yaga_error_nomem(err);
    double *medians = pairs + (size_t)DAYS_MAX * (DAYS_MAX - 1) / 2;
    size_t n_days = find_days(when, n_rows, starts);
    size_t first = n_days > DAYS_MAX ? n_days - DAYS_MAX : 0;
    size_t recent = n_days > RECENT_DAYS ? n_days - RECENT_DAYS : 0;
    struct yaga_stationarity s = {.shift =
                                      shift_of(r, starts[recent], n_rows, x) / scale};
    size_t n = daily_medians(r, starts + first, n_days - first, x, medians, NULL);
    struct yaga_trend trend = yaga_mann_kendall(medians, n, pairs);
    s.trend_p = trend.p;
    s.trend_change = trend.slope * (double)(n > 0 ? n - 1 : 0) / scale;
    s.level_shift = fabs(s.shift) > change_limit;
    s.trend = s.trend_p < trend_p_limit && fabs(s.trend_change) > change_limit;
    *out = s;
    return YAGA_OK;
}

enum yaga_status yaga_stationarity_regime(const double *r,
                                          const struct yaga_when *when,
                                          size_t n_rows,
                                          size_t *row,
                                          struct yaga_error *err)
{
    YAGA_AUTO_MEM(size_t) starts = yaga_alloc(n_rows + 1, sizeof *starts);
    YAGA_AUTO_MEM(size_t) first = yaga_alloc(n_rows, sizeof *first);
    YAGA_AUTO_MEM(double) x = yaga_alloc(n_rows, sizeof *x);
    YAGA_AUTO_MEM(double) medians = yaga_alloc(n_rows, sizeof *medians);
    if (starts == NULL || first == NULL || x == NULL || medians == NULL)
        return yaga_error_nomem(err);
    size_t n_days = find_days(when, n_rows, starts);
    size_t skipped = n_days > DAYS_MAX ? n_days - DAYS_MAX : 0;
    size_t n = daily_medians(r, starts + skipped, n_days - skipped, x, medians, first);
    double least = INFINITY;
    size_t best = 0;
    for (size_t k = 1; k < n; k++) {
        double spread = spread_of(medians, k, x) + spread_of(medians + k, n - k, x);
        if (spread < least) {
            least = spread;
            best = k;
        }
    }
    *row = n > 1 ? first[best] : 0;
    return YAGA_OK;
}
