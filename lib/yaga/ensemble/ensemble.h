/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How unusual all metrics of a service are together, row by row: five members look at the
 * same residuals in different ways, each through its own calibration, and the mean of
 * their evidence counts.
 *
 *   z      (r - centre)/scale, beyond 10 by its logarithm: 10 (1 + ln(|z|/10)); a missing
 *          value holds the last one for 3 rows, then z = 0
 *   level  m follows z with a half-life of a day while rows are ordinary (mean |z - m| <=
 *          3); an unusual row freezes it, for a day at most
 *   d      z - m over the spread of d in training, squashed like z
 *
 *   ewma     Mahalanobis distance of y = 0.3 z + 0.7 y, a multivariate EWMA chart (Lowry
 *            et al. 1992)
 *   mean     mean |d|
 *   window   distance of 5 features per metric over 12 rows: z, means of 3 and of 12,
 *            ln(sd + 0.1), slope
 *   forest   isolation forest of d, 100 trees of 256 rows
 *   levelled like ewma, of z - m: what a level explains is nothing to it
 *
 *   distance D(v) = sqrt(u'(0.9 R + 0.1 I)^-1 u / dim), u = (v - mean)/sd (sd 1 for what
 *            never moved), R the correlation of training
 *   evidence of a member: -log10 p, p from the scores of training rows under a member
 *            fitted without them: empirical up to their 95 % quantile, a bounded
 *            generalised Pareto tail beyond, 12 at most
 *   e        mean over the members; that of `levelled` counts for as much of a day as its
 *            level has been followed (in the rows of the training it counts fully)
 *   fast     median of the last 3 e: two of three rows agree
 *   slow     e + E, E the exponential mean of e with a half-life of 24 rows
 *
 * Rows come in time order at a fixed step. Everything that is carried from row to row is
 * in the state, so that training and inference give the same numbers for the same rows.
 */
#ifndef YAGA_ENSEMBLE_ENSEMBLE_H
#define YAGA_ENSEMBLE_ENSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/calibrate/calibrate.h"
#include "yaga/forest/forest.h"
#include "yaga/series/metric.h"

enum yaga_member {
    YAGA_MEMBER_EWMA,
    YAGA_MEMBER_MEAN,
    YAGA_MEMBER_WINDOW,
    YAGA_MEMBER_FOREST,
    YAGA_MEMBER_LEVELLED,
    YAGA_N_MEMBERS
};
const char *yaga_member_name(enum yaga_member member);

enum {
    YAGA_ENSEMBLE_WINDOW = 12,  /* rows the window features look at */
    YAGA_ENSEMBLE_FEATURES = 5, /* of them per metric */
    YAGA_ENSEMBLE_RECENT = 3,   /* rows of evidence behind the fast channel */
    YAGA_ENSEMBLE_MIN_ROWS = 100
};

/* Plain data: arrays may lie in a mapped file. */
struct yaga_distance {
    size_t n;
    const double *mean, *sd; /* [n], sd > 0 */
    const double *factor;    /* [n * n] lower Cholesky factor of 0.9 R + 0.1 I */
};

struct yaga_member_scale {
    struct yaga_table scores; /* higher = more unusual */
    struct yaga_tail tail;
};

struct yaga_ensemble {
    size_t n_metrics;     /* 1 .. YAGA_METRICS_MAX */
    double day_rows;      /* rows in a day, >= 1 */
    const double *centre; /* [n_metrics] of r in training */
    const double *scale;  /* [n_metrics] > 0; 0 = too few values, never looked at */
    const double *spread; /* [n_metrics] > 0, of d in training */
    struct yaga_distance ewma, levelled; /* n = n_metrics */
    struct yaga_distance window;         /* n = YAGA_ENSEMBLE_FEATURES * n_metrics */
    struct yaga_forest forest; /* n_features = n_metrics */
    struct yaga_member_scale member[YAGA_N_MEMBERS];
};

/* What one row hands to the next. All zero is a state that knows nothing. */
struct yaga_ensemble_state {
    double level[YAGA_METRICS_MAX], ewma[YAGA_METRICS_MAX], held[YAGA_METRICS_MAX];
    double levelled[YAGA_METRICS_MAX]; /* EWMA of z - level */
    double age[YAGA_METRICS_MAX]; /* rows since the held value was measured */
    double z[YAGA_ENSEMBLE_WINDOW][YAGA_METRICS_MAX]; /* oldest first */
    double n_z;                                       /* rows in z */
    double frozen;                                    /* rows the level has been frozen */
    double followed; /* rows the level has followed, day_rows at most */
    double n_missing;                    /* rows in a row without any value */
    double recent[YAGA_ENSEMBLE_RECENT]; /* e, oldest first */
    double n_recent;
    double n_blank;  /* rows without e in a row */
    double momentum; /* E; meaningless while n_recent = 0 */
};

struct yaga_ensemble_row {
    double evidence, fast, slow; /* NaN in a row without any value */
    double member[YAGA_N_MEMBERS];
    double weight[YAGA_N_MEMBERS]; /* 0 .. 1, of the member in e */
    double d[YAGA_METRICS_MAX]; /* level-corrected residuals, 0 where missing */
};

struct yaga_ensemble_params {
    double day_rows;
    uint64_t seed;
};

/* Learn from residuals r [n_rows x n_metrics], row-major, NaN = missing. use[row] false:
 * the row is known to be no ordinary one: it is passed over as if nothing had been
 * measured. evidence [n_rows]: e of each row by members fitted on the other two thirds
 * (NaN where nothing was measured or used). state: after the last row. YAGA_E_NO_DATA
 * with fewer than YAGA_ENSEMBLE_MIN_ROWS usable rows or without any metric. The ensemble
 * owns its arrays: yaga_ensemble_clear. */
enum yaga_status yaga_ensemble_fit(const struct yaga_ensemble_params *params,
                                   const double *r,
                                   const bool *use,
                                   size_t n_rows,
                                   size_t n_metrics,
                                   struct yaga_ensemble *out,
                                   double *evidence,
                                   struct yaga_ensemble_state *state,
                                   struct yaga_error *err) YAGA_MUST_USE;
void yaga_ensemble_clear(
    struct yaga_ensemble *ensemble); /* only for fitted ones, not for mapped ones */

/* A state for rows that do not follow the training: the level is the median of the first rows, given as r [n_rows x
 * n_metrics]; 0 where there are fewer than 20. */
enum yaga_status yaga_ensemble_start(const struct yaga_ensemble *ensemble,
                                     const double *r,
                                     size_t n_rows,
                                     struct yaga_ensemble_state *out,
                                     struct yaga_error *err) YAGA_MUST_USE;

/* Scratch of yaga_ensemble_step: doubles. */
size_t yaga_ensemble_scratch(const struct yaga_ensemble *ensemble);
/* The next row, r [n_metrics]. */
void yaga_ensemble_step(const struct yaga_ensemble *ensemble,
                        struct yaga_ensemble_state *state,
                        const double *r,
                        double *scratch,
                        struct yaga_ensemble_row *out);
/* e over some members, a bit 1 << member for each; NaN where none of them counts. */
double yaga_ensemble_mean(const struct yaga_ensemble_row *row, unsigned members);
/* Which metrics the evidence of a row comes from, given the state behind it: each member's score as a sum over the metrics
 *
 *   ewma, levelled, window   u_j (R^-1 u)_j, the terms of the squared distance (those of a metric's window features together)
 *   mean           |d_j|
 *   forest         Shapley values of the path length (yaga_forest_attribute)
 *
 * what lowers the score (a negative term) left out, the rest as shares of 1, weighted by the evidence of the member. shares [n_metrics] sum
 * to 1; all 0 when the row has no evidence. scratch as for yaga_ensemble_step. */
void yaga_ensemble_attribute(const struct yaga_ensemble *ensemble,
                             const struct yaga_ensemble_state *state,
                             const struct yaga_ensemble_row *row,
                             double *scratch,
                             double *shares);
/* fast and slow of the next row from its evidence alone; NaN = nothing measured: after
 * YAGA_ENSEMBLE_RECENT such rows what came before is forgotten. For evidence that was
 * computed elsewhere. */
void yaga_ensemble_channels(struct yaga_ensemble_state *state,
                            double evidence,
                            double *fast,
                            double *slow);

/* Shapes agree and numbers are sound (for files). YAGA_E_CORRUPT otherwise. */
enum yaga_status yaga_ensemble_check(const struct yaga_ensemble *ensemble,
                                     struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_ensemble_state_check(const struct yaga_ensemble_state *state,
                                           struct yaga_error *err) YAGA_MUST_USE;

#endif
