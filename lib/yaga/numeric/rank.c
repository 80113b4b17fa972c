/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mid-ranks by sorting positions; correlation in two passes. */
#include "yaga/numeric/rank.h"

#include <math.h>
#include <stdlib.h>

#include "yaga/numeric/stats.h"

double yaga_pearson(const double *x, const double *y, size_t n)
{
    if (n < 2)
        return 0.0;
    double mx = yaga_mean(x, n), my = yaga_mean(y, n);
    double xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    if (!(xx > 0.0) || !(yy > 0.0))
        return 0.0;
    return fmin(fmax(xy / (sqrt(xx) * sqrt(yy)), -1.0), 1.0);
}

/* Equal values by position, so that the order is the same everywhere. */
static int by_value(const void *a, const void *b, void *context)
{
    const double *x = context;
    const uint32_t *i = a, *k = b;
    if (x[*i] < x[*k])
        return -1;
    if (x[*i] > x[*k])
        return 1;
    return *i < *k ? -1 : *i > *k;
}

void yaga_mid_ranks(const double *x, size_t n, uint32_t *order, double *out)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, n, sizeof *order, by_value, (void *)(uintptr_t)x);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && !(x[order[to]] > x[order[from]]); to++)
            continue;
        for (size_t i = from; i < to; i++)
            out[order[i]] = 0.5 * (double)(from + 1 + to);
    }
}
