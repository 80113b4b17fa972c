/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The validation gate: is a model fit for service? Asked of candidates, on rows they have
 * not seen (training.md 19.2).
 *
 *   data          50 rows on 3 days (weekend periods: 1), else inconclusive. Half of
 *                 what 60 days of history would allow: a fifth of 30 days never holds
 *                 five weekdays.
 *   false alarms  per metric and level (low, medium): material evidence with
 *                 p <= step/(3600 H) in k of n values; n_eff = n/autocorrelation time;
 *                 Clopper-Pearson lower bound <= rate_factor times nominal.
 *   any metric    share of rows in which some metric reaches medium <= max_rate.
 *   finite        every score is a number.
 *   sensitivity   one metric at a time is changed in up to 200 random rows: rates x 4
 *                 and x 0.2, latencies x 3, ratios by 5 points; found (material,
 *                 p <= alpha_soft) in 90 %. Rows where the change is below what the
 *                 configuration calls material are not counted: missing them is asked
 *                 for.
 *   effect        smallest of x 1.25, 1.5, 2, 3, 5, 10 (ratios: 0.1, 0.5, 1, 2, 5, 10
 *                 points) found in 90 % of all rows.
 *
 * Rows that are left out of training are left out here.
 *
 * False alarms and scores that are not finite fail a model; anything else is a warning.
 * The level correction is
 * taken out of the changed values, so that rows stand alone and are judged exactly as in
 * their place, at the price of a few rows instead of a history.
 */
#ifndef YAGA_PIPELINE_GATE_H
#define YAGA_PIPELINE_GATE_H

#include "yaga/detect/detect.h"
#include "yaga/pipeline/fit.h"

struct yaga_gate_params {
    double rate_factor;
    double max_rate[2]; /* weekday periods and pooled, weekend periods */
    double alpha;       /* the decision level the models will get */
    uint64_t seed;
};

/* Judge candidates[p] (NULL = none) on rows [first_row, n_rows) and write its gate and
 * those of its metrics. served: the candidates by the period they serve, fallbacks
 * included: what the level correction of inference would see. */
enum yaga_status yaga_gate_run(const struct yaga_gate_params *params,
                               const struct yaga_detect_params *detect,
                               const struct yaga_history *history,
                               const struct yaga_model_set *served,
                               size_t first_row,
                               struct yaga_model *candidates[YAGA_N_PERIODS],
                               struct yaga_error *err) YAGA_MUST_USE;

/* What several candidates of one period, fitted before different parts of the history and judged on these, say together: rates weighted by
 * rows, shares and effects averaged, rows and days added up, findings drawn from that. Folds may be NULL, and those without figures do not
 * count; without any the model is left alone. It may be one of the folds. */
struct yaga_gate_average {
    const struct yaga_gate_params *params;
    const struct yaga_detect_params *detect;
    int64_t step_s;
    const struct yaga_model *const *folds;
    size_t n_folds;
};
void yaga_gate_average(const struct yaga_gate_average *average, struct yaga_model *model);

/* Share of the rows [first_row, n_rows) in which a metric reaches the level medium, judged by any set of models; NaN and *n_rows 0 when it
 * judges none. Rows that are left out do not count. */
enum yaga_status yaga_gate_signal_share(const struct yaga_detect_params *detect, const struct yaga_history *history,
                                        const struct yaga_model_set *set, size_t first_row, double *share,
                                        size_t *n_rows, struct yaga_error *err) YAGA_MUST_USE;

/* No verdict, no figures. */
void yaga_gate_not_asked(struct yaga_model *model);
/* Nothing could be checked. */
void yaga_gate_inconclusive(struct yaga_model *model);

#endif
