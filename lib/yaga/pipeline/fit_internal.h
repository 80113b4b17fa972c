/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared between the files that fit models. */
#ifndef YAGA_PIPELINE_FIT_INTERNAL_H
#define YAGA_PIPELINE_FIT_INTERNAL_H

#include "yaga/pipeline/fit.h"

/* What a model is fitted by, and the rows it is fitted on. */
struct fitting {
    const struct yaga_fit_params *p;
    const struct yaga_history *h;
    enum yaga_period period;
    const bool *use; /* [n_rows] ordinary rows of the period */
    size_t n_use;
    size_t start_row; /* the first of them */
    size_t end_row;   /* one past the last of them: what comes later is not known */
    size_t min_days;  /* distinct days the period asks for */
    bool lends;       /* forests also see the rows in h->lent */
};

/* The same on fewer rows, which are counted. */
void fit_use(struct fitting *f, const bool *use);

/* --- statistics: fit_stats.c */

/* Of the present values, or the active ones of a zero-normal metric. Returns the share of
 * the most frequent value; values [n_rows] end up sorted. */
double fit_statistics(const struct fitting *f,
                      size_t metric,
                      double *values,
                      struct yaga_metric_stats *s,
                      struct yaga_metric_detail *detail);

/* --- one metric: fit_metric.c */

/* r [n_rows] receives the residuals its forests are grown on. */
enum yaga_status fit_metric(const struct fitting *f,
                            size_t metric,
                            double *r,
                            double *scratch,
                            struct yaga_metric_model *out,
                            struct yaga_error *err) YAGA_MUST_USE;

/* --- all metrics together: fit_joint.c */

/* r: the residuals of the metrics, one column after the other. */
enum yaga_status fit_joint(const struct fitting *f,
                           const double *r,
                           struct yaga_model *model,
                           struct yaga_error *err) YAGA_MUST_USE;

/* --- what the training itself drifts: fit_drift.c */

/* After fit_joint; r as there. */
enum yaga_status fit_usual_drift(const struct fitting *f,
                                 const double *r,
                                 struct yaga_model *model,
                                 struct yaga_error *err) YAGA_MUST_USE;

/* --- calibration, shared by forests of one metric and of all: fit.c */

struct yaga_forest_params
fit_forest_params(const struct fitting *f, const char *what, size_t n_trees);
void fit_no_contamination(struct yaga_contamination *c);
/* Out-of-bag scores (published sign) -> table, offset, contamination estimates. scores is
 * sorted in place. */
enum yaga_status fit_calibrate(const struct fitting *f,
                               double *scores,
                               size_t n,
                               struct yaga_table *table,
                               struct yaga_contamination *estimate,
                               double *offset,
                               struct yaga_error *err) YAGA_MUST_USE;

/* --- rows for forests: fit_rows.c */

/* Rows that have a residual in each of the n_columns columns of residuals: ordinary ones
 * first, then those that were lent, each in time order. */
struct fit_rows {
    size_t n, n_lent;
    double *x;       /* owned, row-major [n + n_lent][n_columns] */
    double *weights; /* owned; NULL = all alike */
};

void fit_rows_clear(struct fit_rows *rows);
/* columns: residuals by row of the history, NaN = none. */
enum yaga_status fit_rows_gather(const struct fitting *f,
                                 const double *const *columns,
                                 size_t n_columns,
                                 struct fit_rows *out,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Residuals of lent rows against the profile of the others -> r, which has none there. */
void fit_rows_lend(const struct fitting *f,
                   size_t metric,
                   const struct yaga_profile *profile,
                   double *r);

#endif
