/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The score of the Numenta Anomaly Benchmark (Lavin & Ahmad: ICMLA 2015): detections in
 * streaming order against windows, early ones rewarded. With s(y) = 2/(1 + exp(5y)) - 1,
 * s(y > 3) = -1:
 *
 *   a window of w rows that ends in row r, first met in row i:   s(-(r - i + 1)/w) /
 * s(-1) a window that is not met:                                    -1 * false_negative
 *   a detection in row i outside, w and r of the last window:    s((i - r)/(w - 1)) *
 * false_positive
 *   ... before the first window:                                 -1 * false_positive
 *
 * The sum over all series is scaled so that nothing detected gives 0 and every window met
 * in its first row, without another detection, gives 100. Detections are points: give the
 * first row of an episode, not all of it. The first 15 % of a series (750 rows at most)
 * are probation, in which nothing counts.
 */
#ifndef YAGA_EVALUATE_NAB_H
#define YAGA_EVALUATE_NAB_H

#include <stdbool.h>
#include <stddef.h>

enum yaga_nab_profile {
    YAGA_NAB_STANDARD, /* false_positive 0.11, false_negative 1 */
    YAGA_NAB_LOW_FP,   /* 0.22, 1 */
    YAGA_NAB_LOW_FN,   /* 0.11, 2 */
    YAGA_NAB_PROFILES
};
/* "standard", "low_fp", "low_fn" */
const char *yaga_nab_profile_name(enum yaga_nab_profile profile);

/* Sums over any number of series; begin with zeroes. */
struct yaga_nab {
    size_t n_windows;
    double reward; /* sum over the windows that were met */
    size_t n_met;
    double penalty; /* sum of s over the detections outside, before the weight */
};

/* Rows in probation of a series of n rows. */
size_t yaga_nab_probation(size_t n);
/* Adds a series; a window is a run of anomalous rows behind the first `probation` ones.
 */
void yaga_nab_add(struct yaga_nab *nab,
                  const bool *anomalous,
                  const bool *detection,
                  size_t n,
                  size_t probation);
/* NaN without a window. */
double yaga_nab_score(const struct yaga_nab *nab, enum yaga_nab_profile profile);

#endif
