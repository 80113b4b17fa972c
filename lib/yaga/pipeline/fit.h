/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fit one model: the rows of one service and period -> profile, forests, calibration (training.md 10-16).
 */
#ifndef YAGA_PIPELINE_FIT_H
#define YAGA_PIPELINE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/model/model.h"
#include "yaga/series/frame.h"

enum { YAGA_TREE_BOUNDS = 5 }; /* trees from the first row on, above 3000, 5000, 8000 and 10000 rows */

struct yaga_fit_params {
    size_t min_rows;              /* univariate: finite values */
    size_t min_rows_multivariate; /* complete rows */
    size_t min_days[2];           /* distinct days: weekday periods, weekend periods */
    size_t min_period_rows[2][YAGA_N_CATEGORIES]; /* rows with data a period must have at all, likewise */
    size_t n_trees;               /* of every univariate forest; 0 = by complexity of the service and rows */
    size_t n_trees_multivariate;  /* 0 = twice as many as a univariate forest of as many rows, at most 500 */
    size_t trees[YAGA_N_COMPLEXITIES][YAGA_TREE_BOUNDS];
    size_t sample_size;
    double half_life_days;        /* a row this much older is drawn half as often; 0 = all alike */
    double lent_weight;           /* of rows in yaga_history.lent; 0 = forests do not see them */
    uint64_t seed;
    /* Share of ordinary rows below the offset: of the budget, at most the rate of the service's class; that rate itself; or an estimate
     * bounded by it. Times the factor of the period, at most YAGA_RATE_MAX. */
    enum { YAGA_RATE_BUDGET, YAGA_RATE_KNEE, YAGA_RATE_GAP, YAGA_RATE_FIXED } rate_method;
    double budget_rate;           /* step / (3600 low_hours) */
    double period_factor[YAGA_N_PERIODS];
    size_t contamination_min_samples;
    double contamination_fallback;
};

/* The documented defaults, for a step of 5 minutes. */
void yaga_fit_params_init(struct yaga_fit_params *params);

/* Trees of a forest over one metric, and over all, of n_rows rows. */
size_t yaga_fit_trees(const struct yaga_fit_params *params, enum yaga_complexity complexity, size_t n_rows);
size_t yaga_fit_trees_multivariate(const struct yaga_fit_params *params, enum yaga_complexity complexity,
                                   size_t n_rows);

struct yaga_live_scores; /* pipeline/whole.h */

/* One service's history, prepared once and shared by all its periods. */
struct yaga_history {
    const char *service;
    const char *variant;                 /* of the models to be fitted: "baseline" unless the caller changes it */
    struct yaga_service_class service_class; /* by its name alone unless the caller changes it */
    const struct yaga_live_scores *live; /* borrowed; what inference stored for the rows, NULL = nothing */
    const uint8_t *left_out;             /* borrowed [n_rows], non-zero = neither fitted nor judged; NULL = none */
    const uint8_t *lent;                 /* borrowed [n_rows], non-zero = left out, but shown to forests; NULL = none */
    const struct yaga_frame *frame;      /* validated, absence resolved */
    const struct yaga_metric *metrics;
    struct yaga_when *when;              /* owned [n_rows] */
    double *requests;                    /* owned [n_rows] */
    double *g;                           /* owned [n_metrics][n_rows]: transformed values, metric by metric */
};
enum yaga_status yaga_history_init(struct yaga_history *history, const char *service, const struct yaga_frame *frame,
                                   const struct yaga_metric *metrics, const struct yaga_calendar *calendar,
                                   struct yaga_error *err) YAGA_MUST_USE;
void yaga_history_clear(struct yaga_history *history);
static inline bool yaga_history_is_left_out(const struct yaga_history *history, size_t row)
{
    return history->left_out != NULL && history->left_out[row] != 0;
}

/* Rows [row_begin, row_end) of a period (all periods for YAGA_POOLED) that hold data and are not left out -> use[n_rows]; returns how many. days: distinct
 * local days among them. */
size_t yaga_history_select(const struct yaga_history *history, enum yaga_period period, size_t row_begin, size_t row_end,
                           bool *use, size_t *days);

/* Are n_rows of a period enough to begin with? candidate: when the newest part is held out, half of them will do. YAGA_E_NO_DATA with the
 * reason otherwise. */
enum yaga_status yaga_fit_enough(const struct yaga_fit_params *params, const struct yaga_history *history,
                                 enum yaga_period period, size_t n_rows, bool candidate,
                                 struct yaga_error *err) YAGA_MUST_USE;

/* Metric models, multivariate forest and PCA for the selected rows. Identity fields other than service and period are the caller's.
 * YAGA_E_NO_DATA with the reason when no metric could be modelled or too few days. */
enum yaga_status yaga_fit_model(const struct yaga_fit_params *params, const struct yaga_history *history,
                                enum yaga_period period, const bool *use, size_t n_days, struct yaga_model **out,
                                struct yaga_error *err) YAGA_MUST_USE;

#endif
