/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the residuals of several metrics looked like together when a model was trained,
 * and how far a row is from that (training.md 17.2).
 *
 *   y_j  = (r_j - median_j)/(IQR_j/1.349)       units are gone: no metric drowns another
 *   S    = (1 - d) C + d diag C                 Ledoit & Wolf 2004, towards the diagonal
 *   d    = sum var(c_ij)/sum c_ij^2 over i != j     Schaefer & Strimmer 2005, target D
 *   d2   = (y - mu)' S^-1 (y - mu)              squared Mahalanobis distance
 *
 * mu and S are fitted, then fitted again without the rows beyond the chi-square limit,
 * three times: trouble in the history does not widen what counts as ordinary. A condition
 * number of S above 1e8 gets a ridge of 1e-6.
 */
#ifndef YAGA_DRIFT_BASELINE_H
#define YAGA_DRIFT_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

enum { YAGA_DRIFT_MAX_FEATURES = 64 };

struct yaga_drift_baseline {
    size_t n_features; /* p; 0 = none */
    double n_rows;     /* rows fitted on, those that were dropped not counted */
    double shrinkage;  /* d, 0 .. 1 */
    double condition;  /* of S, without the ridge */
    bool ridged;
    double warning, critical; /* limits of d2: chi-square with p degrees of freedom at
                                 0.999 and 0.99999 */
    double beyond;            /* share of all rows fitted on whose d2 is above warning */
    const double *centre;     /* [p] medians of r */
    const double *scale;      /* [p] > 0 */
    const double *mean;       /* [p] mu, of y */
    const double *factor; /* [p * p] lower Cholesky factor of S, row-major, zeros above
                             the diagonal */
};

/* x: complete rows of residuals [n * p], row-major. YAGA_E_NO_DATA for fewer than 10 p
 * rows. */
enum yaga_status yaga_drift_fit(const double *x,
                                size_t n,
                                size_t p,
                                struct yaga_drift_baseline *out,
                                struct yaga_error *err) YAGA_MUST_USE;
void yaga_drift_clear(struct yaga_drift_baseline *baseline);
/* What must hold in one that was read from a file. */
enum yaga_status yaga_drift_check(const struct yaga_drift_baseline *baseline,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* d2 of one row of residuals [p]; NaN when one is missing. */
double yaga_drift_distance2(const struct yaga_drift_baseline *baseline, const double *r);

/* Limits of d2 for p metrics: exceeded by a share of 0.001 and 0.00001 of normal rows. */
double yaga_drift_warning_limit(size_t p);
double yaga_drift_critical_limit(size_t p);

#endif
