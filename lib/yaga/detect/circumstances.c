/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readings of values that no model is made of. */
#include "yaga/detect/circumstances.h"

#include <stdlib.h>

#include "yaga/numeric/stats.h"

enum { PAST_MAX = 2048 }; /* the newest ones: a day of minutes and more */

static double clean(double value)
{
    return isfinite(value) && value >= 0.0 ? value : (double)NAN;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double usual(const double *past, size_t n, double q)
{
    double known[PAST_MAX];
    size_t n_known = 0;
    for (size_t i = n > PAST_MAX ? n - PAST_MAX : 0; i < n; i++)
        if (!isnan(clean(past[i])))
            known[n_known++] = past[i];
    if (n_known < YAGA_READING_MIN)
        return (double)NAN;
    qsort(known, n_known, sizeof *known, by_value);
    return yaga_quantile_sorted(known, n_known, q);
}

struct yaga_reading yaga_reading_make(
    const double *values, size_t row, size_t k, const double *past, size_t n, double q)
{
    struct yaga_reading out = {
        .now = clean(values[row]), .lasting = clean(values[row]), .usual = usual(past, n, q)};
    for (size_t i = 1; i < k && !isnan(out.lasting); i++) {
        double before = i <= row ? clean(values[row - i]) : (double)NAN;
        out.lasting = isnan(before) ? before : fmin(out.lasting, before);
    }
    return out;
}
