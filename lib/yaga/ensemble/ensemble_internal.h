/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of ensemble; nobody else includes it. */
#ifndef YAGA_ENSEMBLE_INTERNAL_H
#define YAGA_ENSEMBLE_INTERNAL_H

#include "yaga/ensemble/ensemble.h"

/* z up to 10 either way, by its logarithm beyond: 10 (1 + ln(|z|/10)). What moves
 * although it never did is very far from all it ever was; how far still tells one move
 * from another, and does not outweigh all other metrics. */
double yaga_ensemble_squash(double z);

/* Fit on x [n_rows x n]; rows with skip[row] are left out. Owned by the caller:
 * yaga_distance_clear. */
enum yaga_status yaga_distance_fit(const double *x,
                                   const bool *skip,
                                   size_t n_rows,
                                   size_t n,
                                   struct yaga_distance *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
void yaga_distance_clear(struct yaga_distance *distance);
/* scratch [2 n]. */
double
yaga_distance_of(const struct yaga_distance *distance, const double *x, double *scratch);

/* The squared distance as a sum over the features: u_j (R^-1 u)_j / n, which may be
 * negative. scratch [n], terms [n]. */
void yaga_distance_terms(const struct yaga_distance *distance,
                         const double *x,
                         double *scratch,
                         double *terms);

/* z of a row goes through hold, level, EWMA and window; what the members look at. */
struct yaga_ensemble_view {
    const double *ewma, *levelled; /* [n_metrics], in the state */
    double *d;          /* [n_metrics], over spread, clipped */
    double *window;     /* [YAGA_ENSEMBLE_FEATURES * n_metrics] */
};
/* false: nothing was measured in the row; the view is not written. view's d and window
 * are the caller's arrays. */
bool yaga_ensemble_advance(const struct yaga_ensemble *ensemble,
                           struct yaga_ensemble_state *state,
                           const double *r,
                           struct yaga_ensemble_view *view);

/* The features of the window as it is: what the member `window` looks at. out
 * [YAGA_ENSEMBLE_FEATURES * n_metrics]. */
void yaga_window_features(const struct yaga_ensemble *ensemble,
                          const struct yaga_ensemble_state *state,
                          double *out);

double yaga_member_evidence(const struct yaga_member_scale *scale, double score);

#endif
