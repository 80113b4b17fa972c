/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Was the training range one regime (training.md 15.3)? Judged on residuals, so that the
 * rhythm of the day is no trend.
 *
 *   level shift   |median of the last 7 days - median of the days before| / scale > 1
 *   trend         Mann-Kendall over daily medians: p < 0.01, and Sen's slope times the
 * days covered > 1 scale
 */
#ifndef YAGA_DRIFT_STATIONARITY_H
#define YAGA_DRIFT_STATIONARITY_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/period/period.h"

struct yaga_stationarity {
    double shift;        /* signed, in scales; 0 when one side has no values */
    double trend_change; /* signed, in scales over the range */
    double trend_p;      /* (0, 1] */
    bool level_shift, trend;
};

/* r [n_rows] in time order, NaN = no value; scale > 0. Rows of a day are neighbours. */
enum yaga_status yaga_stationarity_assess(const double *r,
                                          const struct yaga_when *when,
                                          size_t n_rows,
                                          double scale,
                                          struct yaga_stationarity *out,
                                          struct yaga_error *err) YAGA_MUST_USE;

/* Where the level that the range ends with began: the first row of the day that splits the
 * daily medians into two parts with the smallest sum of absolute deviations from their
 * own medians. 0 with fewer than two days. For ranges with a level shift; without one it
 * finds the best of bad splits. */
enum yaga_status yaga_stationarity_regime(const double *r,
                                          const struct yaga_when *when,
                                          size_t n_rows,
                                          size_t *row,
                                          struct yaga_error *err) YAGA_MUST_USE;

#endif
