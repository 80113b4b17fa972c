/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision level alpha of a service: the largest that would have announced at most
 * the budgeted number of false incidents on held-out data, found by replaying the whole
 * decision rule (detection.md 5.4).
 */
#ifndef YAGA_PIPELINE_BUDGET_H
#define YAGA_PIPELINE_BUDGET_H

#include "yaga/detect/detect.h"
#include "yaga/incident/incident.h"
#include "yaga/pipeline/fit.h"

/* Five hours in six days: an incident or two, not a way of life. */
#define YAGA_BUDGET_TROUBLE_SHARE 0.035

struct yaga_budget {
    double alpha;             /* level found */
    double promised_per_week; /* as configured */
    double achieved_per_week; /* false incidents per week at that level on the held-out
                                 rows; NaN when there were too few */
    double holdout_days;      /* days of rows judged by a model and free of trouble */
};

/* Rows [first_row, n_rows) of the history are held out, but for those it leaves out:
 * `models` did not see them.
 * Incidents that even the strictest level announces are taken as real trouble and left
 * out with the rows around them, if these are at most YAGA_BUDGET_TROUBLE_SHARE of the
 * rows; the rest is taken as free of incidents. Less than two days of rows with a model
 * say nothing: YAGA_ALPHA_DEFAULT then. */
enum yaga_status yaga_budget_find(const struct yaga_detect_params *params,
                                  const struct yaga_incident_params *incident,
                                  const struct yaga_history *history,
                                  const struct yaga_model_set *models,
                                  size_t first_row,
                                  double per_week,
                                  struct yaga_budget *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
