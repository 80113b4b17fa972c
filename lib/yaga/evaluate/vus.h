/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Volume under the precision-recall and the ROC surface (Paparrizos et al., PVLDB 15,
 * 2022): ranking figures that forgive a detection slightly beside its event.
 *
 * For each of at most 21 buffers l in 0..L a label's weight falls off beside its event,
 * w = sqrt(1 - distance/l) for distances up to l/2 (rounded down), and with
 *
 *   tp = sum of w over the rows at or above the threshold, flagged = their number,
 *   P  = anomalous rows + half the weight of the flagged buffer rows,
 *   e  = share of the widened events with a flagged row
 *
 *   recall = min(1, tp/P) e,  precision = tp / flagged,  fpr = min(1, (flagged - tp)/(n -
 * P))
 *
 * the areas are sums of precision over steps of recall, and trapezoids over fpr; the
 * volumes are their means over the buffers. Thresholds are the distinct scores; above 250
 * of them, 125 evenly spaced over the ranks and 125 denser towards the top.
 */
#ifndef YAGA_EVALUATE_VUS_H
#define YAGA_EVALUATE_VUS_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

enum {
    YAGA_VUS_THRESHOLDS = 250,
    YAGA_VUS_BUFFERS = 21,
    YAGA_VUS_BUFFER_MAX = 100 /* rows; what yaga_vus_buffer gives at most */
};

struct yaga_vus {
    double pr, roc;
};

/* L by convention: the median length of the events, rounded down, at most
 * YAGA_VUS_BUFFER_MAX; 0 without events. */
enum yaga_status yaga_vus_buffer(const bool *anomalous,
                                 size_t n,
                                 size_t *out,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Rows of one series in time order; scores: higher = more anomalous, finite.
 * YAGA_E_NO_DATA unless both kinds of rows are there. */
enum yaga_status yaga_vus_measure(const double *scores,
                                  const bool *anomalous,
                                  size_t n,
                                  size_t buffer,
                                  struct yaga_vus *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
