/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calibration: scores -> p-values, two-sided residual tails, quantile grid, contamination estimates.
 */
#ifndef YAGA_CALIBRATE_CALIBRATE_H
#define YAGA_CALIBRATE_CALIBRATE_H

#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/numeric/tail.h"

enum {
    YAGA_TABLE_MAX = 4096,  /* calibration scores kept; more are thinned to equally spaced ranks */
    YAGA_GRID_POINTS = 205  /* 0, 0.5 %, 1 %, ... 100 % plus 0.1, 0.25, 99.75, 99.9 % */
};

/* Calibration scores, higher = more anomalous (callers negate forest scores), ascending. */
struct yaga_table {
    size_t n;              /* entries kept, 1 .. YAGA_TABLE_MAX */
    double n_scores;       /* scores they stand for */
    const double *scores;  /* [n] */
};
enum yaga_status yaga_table_make(const double *scores, size_t n, struct yaga_table *out,
                                 struct yaga_error *err) YAGA_MUST_USE;
void yaga_table_clear(struct yaga_table *table);
/* (1 + #{calibration >= score}) / (1 + n_scores); (0, 1]. */
double yaga_table_p(const struct yaga_table *table, double score);
enum yaga_status yaga_table_check(const struct yaga_table *table, struct yaga_error *err) YAGA_MUST_USE;

/* Residuals of one metric, both sides. */
struct yaga_residuals {
    struct yaga_tail upper; /* of r  */
    struct yaga_tail lower; /* of -r */
    double centre;          /* median */
    double scale;           /* 1.4826 MAD, or IQR/1.349, or sd: the first that is > 0; 1e-9 floor */
    double n_eff;           /* n / integrated autocorrelation time */
    double grid[YAGA_GRID_POINTS]; /* quantiles of r at yaga_grid_share(i) */
};
double yaga_grid_share(size_t i); /* 0 .. 1, ascending */
/* r in time order (NaN allowed: gaps), at least 20 finite. tail_quantile 0.95. */
enum yaga_status yaga_residuals_fit(const double *r, size_t n, struct yaga_residuals *out,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* Position of r among the training residuals, 0..100, mid-rank on ties, linear between grid points. */
double yaga_residuals_percentile(const struct yaga_residuals *residuals, double r);
/* P(R >= r) (upper) or P(R <= r) (lower): empirical from the grid up to where the tail starts, bounded tail beyond. */
double yaga_residuals_p_upper(const struct yaga_residuals *residuals, double r);
double yaga_residuals_p_lower(const struct yaga_residuals *residuals, double r);

/* No forest flags a larger share of ordinary rows, whatever is configured. */
#define YAGA_RATE_MAX 0.25
/* Contamination estimates from scores sorted ascending in the published sign (most anomalous first), training.md 14.2. Informative; decisions
 * use them only when configured. */
struct yaga_contamination {
    double knee, gap;         /* clipped to [0.01, 0.15], then to [base/2, min(0.15, 3 base)], times factor, at most YAGA_RATE_MAX, 3 decimals */
    double knee_raw, gap_raw; /* before clipping */
};
struct yaga_contamination_params {
    double base;        /* the configured rate that bounds the estimate */
    double factor;      /* of the period */
    size_t min_samples; /* with fewer scores the fallback is the estimate */
    double fallback;
};
void yaga_contamination_estimate(const double *sorted, size_t n, const struct yaga_contamination_params *params,
                                 struct yaga_contamination *out);
/* Share of |x - median| > 3.5 * 1.4826 MAD: how contaminated the training data look. NaN for n = 0,
 * and without memory for a copy of x. */
double yaga_outlier_share(const double *x, size_t n);

#endif
