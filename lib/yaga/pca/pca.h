/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PCA residual of a vector of residuals: Hotelling's T2 inside the principal plane, SPE outside it.
 *
 *   z = (x - mean)/sd          R = Z'Z/(n-1) = V L V'      k = fewest components with cumulative share > variance
 *   t = P'z    T2 = sum_{a<=k} t_a^2/l_a    SPE = |z - P t|^2
 *   score = SPE/Q + T2/H       Yue & Qin 2001, with Q, H the 99 % limits of SPE and T2 on the fitting rows
 *
 * Breaking a relation between metrics shows in SPE although each metric alone looks ordinary.
 */
#ifndef YAGA_PCA_PCA_H
#define YAGA_PCA_PCA_H

#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

enum { YAGA_PCA_MAX_FEATURES = 64 };

struct yaga_pca {
    size_t n_features;
    size_t n_components;   /* k, 1 .. n_features */
    const double *mean;    /* [p] */
    const double *sd;      /* [p] > 0; constant columns get 1 */
    const double *values;  /* [p] eigenvalues, descending, floored at 1e-12 of the first */
    const double *vectors; /* [p*p] column j = eigenvector j, row-major */
    double t2_limit, spe_limit; /* > 0 */
};

/* x row-major n_rows x n_features, finite, n_rows > n_features + 1. scores (may be NULL) [n_rows]: held-out scores, each
 * third of the rows (contiguous blocks) scored by a fit of the other two, for calibration. */
enum yaga_status yaga_pca_fit(const double *x, size_t n_rows, size_t n_features, double variance,
                              struct yaga_pca *out, double *scores, struct yaga_error *err) YAGA_MUST_USE;
void yaga_pca_clear(struct yaga_pca *pca);
/* Larger = more anomalous, >= 0. contributions (may be NULL) [p]: share of each feature in the score (may be negative). */
double yaga_pca_score(const struct yaga_pca *pca, const double *row, double *contributions);
enum yaga_status yaga_pca_check(const struct yaga_pca *pca, struct yaga_error *err) YAGA_MUST_USE;

#endif
