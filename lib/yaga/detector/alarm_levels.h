/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alarms of rows that come one after the other: levels (levels.h) from the scores of the
 * last 30 days, found anew every day as the jobs do it, or once. A row is judged by
 * levels that were found before it. All rows are learned from, also those in alarm:
 * leaving them out brought two to six false alarms for one where levels move (decision
 * 019). */
#ifndef YAGA_DETECTOR_ALARM_LEVELS_H
#define YAGA_DETECTOR_ALARM_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

struct yaga_alarm_params {
    double per_week;
    size_t day_rows;
    bool once; /* levels from the first n_train rows, for ever */
};
/* fast, slow [n_rows], NaN = nothing measured; the first n_train rows are known from the
 * beginning. ratios [n_rows - n_train]: score over level, 0 where nothing is measured.
 * YAGA_E_NO_DATA when too few rows are. */
enum yaga_status yaga_alarm_ratios(const struct yaga_alarm_params *params,
                                   const double *fast,
                                   const double *slow,
                                   size_t n_rows,
                                   size_t n_train,
                                   double *ratios,
                                   struct yaga_error *err) YAGA_MUST_USE;

#endif
