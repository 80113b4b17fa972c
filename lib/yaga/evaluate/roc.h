/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well scores rank labelled anomalies above ordinary rows. */
#ifndef YAGA_EVALUATE_ROC_H
#define YAGA_EVALUATE_ROC_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

/*
 *   auc = (R+ - n+ (n+ + 1)/2) / (n+ n-)          R+ = sum of the mid-ranks of the
 * anomalies average_precision = sum_k (R_k - R_{k-1}) P_k  over distinct scores, highest
 * first
 */
struct yaga_roc {
    double auc;
    double average_precision;
    size_t n_anomalies;
    size_t n_ordinary;
};

/* scores: higher = more anomalous, not NaN. YAGA_E_NO_DATA unless both kinds of rows are
 * there. */
enum yaga_status yaga_roc_measure(const double *scores,
                                  const bool *anomalous,
                                  size_t n,
                                  struct yaga_roc *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* The threshold (an anomaly is a score at or above it) with the best F1 over rows, the
 * highest of equals. Found in hindsight: no figure to promise anything with. */
struct yaga_best_f1 {
    double f1, precision, recall, threshold;
};
enum yaga_status yaga_best_f1_find(const double *scores,
                                   const bool *anomalous,
                                   size_t n,
                                   struct yaga_best_f1 *out,
                                   struct yaga_error *err) YAGA_MUST_USE;

/* Scores that are not finite become the smallest finite one (0 without any): what was not
 * judged was not called anomalous. Returns how many there were. */
size_t yaga_scores_make_finite(double *scores, size_t n);

#endif
