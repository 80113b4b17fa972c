/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Column by column. */
#include "yaga/detector/prepare.h"

#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"

static double
median_of(const double *x, size_t n, size_t p, size_t column, double *scratch)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i * p + column]))
            scratch[found++] = x[i * p + column];
    return found > 0 ? yaga_median_inplace(scratch, found) : 0.0;
}

static void fill(double *x, size_t n, size_t p, size_t column, double value)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i * p + column]))
            x[i * p + column] = value;
}

enum yaga_status yaga_prepare_fill(double *train,
                                   size_t n_train,
                                   double *test,
                                   size_t n_test,
                                   size_t p,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) scratch = yaga_alloc(n_train, sizeof *scratch);
    if (scratch == NULL)
        return yaga_error_nomem(err);
    for (size_t j = 0; j < p; j++) {
        double median = median_of(train, n_train, p, j, scratch);
        fill(train, n_train, p, j, median);
        fill(test, n_test, p, j, median);
    }
    return YAGA_OK;
}

struct scale {
    double mean, sd;
};

static struct scale scale_of(const double *x, size_t n, size_t p, size_t column)
{
    struct scale s = {0};
    for (size_t i = 0; i < n; i++)
        s.mean += x[i * p + column] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = x[i * p + column] - s.mean;
        s.sd += d * d / (double)n;
    }
    s.sd = sqrt(s.sd);
    return s;
}

/* Rounding leaves a constant column a spread of some ulps of its mean. */
static double spread_or_one(struct scale s)
{
    return s.sd > 1e-13 * fabs(s.mean) ? s.sd : 1.0;
}

void yaga_prepare_refit(
    const double *train, size_t n_train, double *test, size_t n_test, size_t p)
{
    for (size_t j = 0; j < p; j++) {
        struct scale from = scale_of(test, n_test, p, j);
        struct scale to = scale_of(train, n_train, p, j);
        double stretch = spread_or_one(to) / spread_or_one(from);
        for (size_t i = 0; i < n_test; i++)
            test[i * p + j] = to.mean + (test[i * p + j] - from.mean) * stretch;
    }
}

size_t yaga_prepare_window(double *scores, size_t n, size_t window)
{
    if (n < window)
        return 0;
    for (size_t i = 0; i + window <= n; i++) {
        double sum = 0.0;
        for (size_t k = i; k < i + window; k++)
            sum += scores[k];
        scores[i] = sum / (double)window;
    }
    return n - window + 1;
}
