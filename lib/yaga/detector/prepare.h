/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to a table before, and to its scores after, whatever the detector. */
#ifndef YAGA_DETECTOR_PREPARE_H
#define YAGA_DETECTOR_PREPARE_H

#include <stddef.h>

#include "yaga/base/error.h"

/* Row-major tables of p columns, NaN = missing. Missing and infinite values become the
 * median of their column in train, 0 where that has none. */
enum yaga_status yaga_prepare_fill(double *train,
                                   size_t n_train,
                                   double *test,
                                   size_t n_test,
                                   size_t p,
                                   struct yaga_error *err) YAGA_MUST_USE;

/* Moves and stretches each column of test to the mean and the standard deviation (divisor
 * n) of train, as if the scaler were learned from the test rows: to compare with figures
 * that were made so. It looks into the future, and takes a lasting shift away. Constant
 * columns are only moved. Finite, n_train and n_test >= 1. */
void yaga_prepare_refit(
    const double *train, size_t n_train, double *test, size_t n_test, size_t p);

/* Mean of the last `window` scores, in place; returns how many rows have one: the first
 * window - 1 do not, and out[i] belongs to row i + window - 1. window >= 1. */
size_t yaga_prepare_window(double *scores, size_t n, size_t window);

#endif
