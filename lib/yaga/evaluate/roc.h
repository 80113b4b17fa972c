/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well scores rank labelled anomalies above ordinary rows. */
#ifndef YAGA_EVALUATE_ROC_H
#define YAGA_EVALUATE_ROC_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

/*
 *   auc = (R+ - n+ (n+ + 1)/2) / (n+ n-)          R+ = sum of the mid-ranks of the anomalies
 *   average_precision = sum_k (R_k - R_{k-1}) P_k  over distinct scores, highest first
 */
struct yaga_roc {
    double auc;
    double average_precision;
    size_t n_anomalies;
    size_t n_ordinary;
};

/* scores: higher = more anomalous, not NaN. YAGA_E_NO_DATA unless both kinds of rows are there. */
enum yaga_status yaga_roc_measure(const double *scores, const bool *anomalous, size_t n,
                                  struct yaga_roc *out, struct yaga_error *err) YAGA_MUST_USE;

#endif
