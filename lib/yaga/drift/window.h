/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does a model still describe its service? The residuals of a window of recent rows of
 * one period against those of its training (detection.md 12).
 *
 *   location   |median(r) - centre|/scale                       moderate > 1, severe > 2
 *   shape      PSI = sum (q_b - p_b) ln(q_b/p_b), bins between the deciles of training
 *                                                         moderate > 0.1, severe > 0.25
 *   joint      share of rows with d2 above chi-square(p, 0.999)
 *                                                         moderate > 2 %, severe > 10 %
 *
 * What does not last is no drift. The window is cut into four quarters with the same
 * number of rows: a test counts as far as the whole window and three quarters of four
 * reach it. A spike, or an outage shorter than a quarter of the window, yields nothing,
 * however large.
 *
 * What chance does is no drift. Neighbouring rows are alike: n of them say as much as
 * m = n * independent, where independent = n_eff/n of the training residuals. A median of
 * m values has the standard error 1.2533/sqrt(m) scales (normal), and PSI/(1/m + 1/n_eff)
 * is chi-square with bins - 1 degrees of freedom while nothing changed (Yurdakul &
 * Naranjo 2020, J. Risk Model Validation 14). A moderate limit is not below 3 standard
 * errors, or the 0.999 quantile, and the severe one rises with it. Shares q_b are (m q_b
 * + 1/2)/(m + bins/2) (Jeffreys), so that an empty bin is no infinity. A joint limit is
 * not below 3 times (severe: 5 times) the share that training itself had beyond.
 *
 * What the service does anyhow is no drift. Days differ from each other by more than rows
 * within a day tell: a window is compared with the one of the training that was furthest
 * off. Scores are divided by 1.5 usual/3 where that is above 1, so that 3 is at the limit
 * or half as far again off as ever in training; a joint limit is not below twice (severe:
 * four times) the usual share.
 */
#ifndef YAGA_DRIFT_WINDOW_H
#define YAGA_DRIFT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/calibrate/calibrate.h"
#include "yaga/drift/baseline.h"
#include "yaga/series/metric.h"

enum { YAGA_DRIFT_MIN_ROWS = 48 }; /* with a value; with fewer nothing is said */

enum yaga_drift_verdict {
    YAGA_DRIFT_UNKNOWN, /* not enough rows, or nothing to compare with */
    YAGA_DRIFT_NONE,
    YAGA_DRIFT_WARNING,
    YAGA_DRIFT_CRITICAL
};
const char *yaga_drift_verdict_name(enum yaga_drift_verdict verdict);

struct yaga_drift_metric {
    enum yaga_drift_verdict verdict;
    double shift; /* signed, in scales: median of the window; lasting or not */
    double psi;   /* of the window; lasting or not */
    double score; /* 3 x the worst lasting ratio to its moderate limit: 3 = at the limit,
                     or half as far again off as usual; above 5 only when a severe band is reached; at
                     most 99 */
};

struct yaga_drift_joint {
    enum yaga_drift_verdict verdict;
    double share;    /* of complete rows beyond, lasting */
    double distance; /* median of d; NaN when unknown */
    double limit;    /* of d: sqrt(chi-square(p, 0.999)) */
};

/* r [n]: residuals in time order, NaN = missing or not to be counted; independent in (0,
 * 1]; usual: the largest score of a window of the training, 0 = not known. A metric whose
 * residuals had no spread in training is UNKNOWN. YAGA_E_NOMEM. */
enum yaga_status yaga_drift_judge_metric(const double *r,
                                         size_t n,
                                         const struct yaga_residuals *ordinary,
                                         double independent,
                                         double usual,
                                         struct yaga_drift_metric *out,
                                         struct yaga_error *err) YAGA_MUST_USE;

/* x [n * baseline->n_features]: rows of residuals in time order; rows with a NaN do not
 * count; usual: the largest share of a window of the training, 0 = not known. A baseline
 * of no features is UNKNOWN. YAGA_E_NOMEM. */
enum yaga_status yaga_drift_judge_joint(const double *x,
                                        size_t n,
                                        const struct yaga_drift_baseline *baseline,
                                        double usual,
                                        struct yaga_drift_joint *out,
                                        struct yaga_error *err) YAGA_MUST_USE;

/* What follows for the model as a whole. */
struct yaga_drift_conclusion {
    enum yaga_drift_verdict
        verdict;    /* WARNING: score > 3, or only the joint test; CRITICAL: > 5 */
    double score;   /* largest of the metrics; 0 when none is known */
    double penalty; /* 0, 0.15 or 0.30: confidence *= 1 - penalty */
};
struct yaga_drift_conclusion yaga_drift_conclude(const struct yaga_drift_metric *metrics,
                                                 size_t n,
                                                 const struct yaga_drift_joint *joint);
/* What to do about it, in a few words. */
const char *yaga_drift_advice(const struct yaga_drift_conclusion *conclusion);

/* All that a window said about a service. */
struct yaga_drift_findings {
    struct yaga_drift_conclusion conclusion;
    struct yaga_drift_joint joint;
    size_t n_metrics;
    struct yaga_drift_metric metrics[YAGA_METRICS_MAX]; /* [n_metrics] */
    double current[YAGA_METRICS_MAX]; /* [n_metrics] median of the values, NaN = none */
};

#endif
