/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three tests on a window, each as far as it lasts and chance does not explain it. */
#include "yaga/drift/window.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"

enum { QUARTERS = 4, DECILES = 10 };
static const double shift_limit[] = {1.0, 2.0}; /* moderate, severe */
static const double psi_limit[] = {0.1, 0.25};
static const double joint_limit[] = {0.02, 0.10};
static const double joint_of_training[] = {3.0, 5.0};
static const double more_than_usual =
    1.5; /* days to come differ more than the few that were seen */
static const double joint_of_usual[] = {2.0, 4.0};
static const double median_error = 1.2533141373155003; /* sqrt(pi/2) */
static const double standard_errors = 3.0;
static const double chance = 0.999;
static const double no_spread = 1e-9; /* floor of a scale (calibrate.h) */
static const double score_warning = 3.0, score_critical = 5.0, score_max = 99.0;

const char *yaga_drift_verdict_name(enum yaga_drift_verdict verdict)
{
    static const char *const names[] = {"unknown", "none", "warning", "critical"};
    return names[verdict];
}

/* Where quarter q of n rows begins. */
static size_t quarter(size_t n, size_t q)
{
    return n * q / QUARTERS;
}

/* What three quarters of four reach: the second smallest; reorders v. */
static double lasting(double v[QUARTERS])
{
    yaga_sort(v, QUARTERS);
    return v[1];
}

/* 3 at the moderate limit; above 5 when the severe one is reached, and only then. Where
 * chance lifts the moderate limit it lifts the severe one as much. */
static double score_of(double value, const double limit[2], double noise)
{
    double lift = fmax(noise / limit[0], 1.0);
    double score = fmin(score_warning * value / (limit[0] * lift), score_max);
    return value > limit[1] * lift ? fmax(score, score_critical + 0.01)
                                   : fmin(score, score_critical);
}

static enum yaga_drift_verdict verdict_of(double score)
{
    if (score > score_critical)
        return YAGA_DRIFT_CRITICAL;
    return score > score_warning ? YAGA_DRIFT_WARNING : YAGA_DRIFT_NONE;
}

/* Median of x [n] in scales from the centre; copy [n] is scratch. */
static double
shift_of(const double *x, size_t n, const struct yaga_residuals *ordinary, double *copy)
{
    memcpy(copy, x, n * sizeof *x);
    return (yaga_median_inplace(copy, n) - ordinary->centre) / ordinary->scale;
}

static double lasting_shift(const double *x,
                            size_t n,
                            double shift,
                            const struct yaga_residuals *ordinary,
                            double *copy)
{
    double part[QUARTERS], sign = shift < 0.0 ? -1.0 : 1.0;
    for (size_t q = 0; q < QUARTERS; q++) {
        size_t begin = quarter(n, q), end = quarter(n, q + 1);
        part[q] = sign * shift_of(x + begin, end - begin, ordinary, copy);
    }
    return fmax(fmin(fabs(shift), lasting(part)), 0.0);
}

/* Bins between the deciles of training; deciles that are equal are one. */
struct bins {
    size_t n;
    double upto[DECILES - 1]; /* [n - 1] upper ends, included, ascending */
    double share[DECILES];    /* [n] of the training, > 0 */
};

/* Share of the training residuals at or below the entry i of the grid. */
static double share_upto(const double *grid, size_t i)
{
    while (i + 1 < YAGA_GRID_POINTS && grid[i + 1] <= grid[i])
        i++;
    return yaga_grid_share(i);
}

static void bins_make(const struct yaga_residuals *ordinary, struct bins *b)
{
    double below = 0.0;
    b->n = 0;
    for (size_t i = 0, k = 1; i < YAGA_GRID_POINTS && k < DECILES; i++) {
        if (yaga_grid_share(i) < (double)k / DECILES - 1e-9)
            continue;
        k++;
        double share = share_upto(ordinary->grid, i);
        if (share <= below || share >= 1.0)
            continue;
        b->upto[b->n] = ordinary->grid[i];
        b->share[b->n++] = share - below;
        below = share;
    }
    b->share[b->n++] = 1.0 - below;
}

/* m: independent values that the n of x are worth. */
static double psi_of(const struct bins *b, const double *x, size_t n, double m)
{
    double count[DECILES] = {0}, psi = 0.0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k + 1 < b->n && x[i] > b->upto[k])
            k++;
        count[k] += 1.0;
    }
    for (size_t k = 0; k < b->n; k++) {
        double q = (m * count[k] / (double)n + 0.5) / (m + 0.5 * (double)b->n);
        psi += (q - b->share[k]) * log(q / b->share[k]);
    }
    return psi;
}

/* What chance alone exceeds once in a thousand times. */
static double psi_noise(const struct bins *b, double m, double n_training)
{
    return gsl_cdf_chisq_Pinv(chance, (double)(b->n - 1)) * (1.0 / m + 1.0 / n_training);
}

static double score_of_shape(const double *x,
                             size_t n,
                             const struct yaga_residuals *ordinary,
                             double m,
                             double *psi)
{
    struct bins b;
    bins_make(ordinary, &b);
    *psi = psi_of(&b, x, n, m);
    if (b.n < 2)
        return 0.0;
    double part[QUARTERS];
    for (size_t q = 0; q < QUARTERS; q++) {
        size_t begin = quarter(n, q), end = quarter(n, q + 1);
        part[q] = psi_of(&b, x + begin, end - begin, m / QUARTERS);
    }
    double noise = psi_noise(&b, m, fmax(ordinary->n_eff, 1.0));
    return score_of(fmin(*psi, lasting(part)), psi_limit, noise);
}

enum yaga_status yaga_drift_judge_metric(const double *r,
                                         size_t n,
                                         const struct yaga_residuals *ordinary,
                                         double independent,
                                         double usual,
                                         struct yaga_drift_metric *out,
                                         struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) x = yaga_alloc(2 * n + 1, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    struct yaga_drift_metric result = {.verdict = YAGA_DRIFT_UNKNOWN};
    size_t found = yaga_compact_finite(r, n, x);
    if (found >= YAGA_DRIFT_MIN_ROWS && ordinary->scale > no_spread) {
        double m = fmax((double)found * independent, 1.0);
        double error = standard_errors * median_error / sqrt(m);
        result.shift = shift_of(x, found, ordinary, x + n);
        double moved = lasting_shift(x, found, result.shift, ordinary, x + n);
        double by_shift = score_of(moved, shift_limit, error);
        double by_shape = score_of_shape(x, found, ordinary, m, &result.psi);
        result.score =
            fmax(by_shift, by_shape) / fmax(more_than_usual * usual / score_warning, 1.0);
        result.verdict = verdict_of(result.score);
    }
    *out = result;
    return YAGA_OK;
}

/* Distances of the complete rows, in time order. */
static size_t
distances(const double *x, size_t n, const struct yaga_drift_baseline *b, double *out)
{
    size_t found = 0;
    for (size_t t = 0; t < n; t++) {
        double d2 = yaga_drift_distance2(b, x + t * b->n_features);
        if (isfinite(d2))
            out[found++] = d2;
    }
    return found;
}

static double share_beyond(const double *d2, size_t n, double limit)
{
    double beyond = 0.0;
    for (size_t i = 0; i < n; i++)
        beyond += d2[i] > limit;
    return beyond / (double)n;
}

static double lasting_share(const double *d2, size_t n, double limit)
{
    double part[QUARTERS];
    for (size_t q = 0; q < QUARTERS; q++) {
        size_t begin = quarter(n, q), end = quarter(n, q + 1);
        part[q] = share_beyond(d2 + begin, end - begin, limit);
    }
    return fmin(share_beyond(d2, n, limit), lasting(part));
}

enum yaga_status yaga_drift_judge_joint(const double *x,
                                        size_t n,
                                        const struct yaga_drift_baseline *baseline,
                                        double usual,
                                        struct yaga_drift_joint *out,
                                        struct yaga_error *err)
{
    struct yaga_drift_joint result = {.verdict = YAGA_DRIFT_UNKNOWN,
                                      .distance = (double)NAN};
    YAGA_AUTO_MEM(double) d2 = yaga_alloc(n + 1, sizeof *d2);
    if (d2 == NULL)
        return yaga_error_nomem(err);
    size_t found = baseline->n_features > 0 ? distances(x, n, baseline, d2) : 0;
    result.limit = sqrt(baseline->warning);
    if (found >= YAGA_DRIFT_MIN_ROWS) {
        double limit[2];
        for (size_t i = 0; i < 2; i++)
            limit[i] = fmax(fmax(joint_limit[i], joint_of_training[i] * baseline->beyond),
                            joint_of_usual[i] * usual);
        result.share = lasting_share(d2, found, baseline->warning);
        result.distance = sqrt(yaga_median_inplace(d2, found));
        result.verdict = YAGA_DRIFT_NONE;
        if (result.share > limit[0])
            result.verdict =
                result.share > limit[1] ? YAGA_DRIFT_CRITICAL : YAGA_DRIFT_WARNING;
    }
    *out = result;
    return YAGA_OK;
}

struct yaga_drift_conclusion yaga_drift_conclude(const struct yaga_drift_metric *metrics,
                                                 size_t n,
                                                 const struct yaga_drift_joint *joint)
{
    struct yaga_drift_conclusion c = {.verdict = YAGA_DRIFT_UNKNOWN};
    for (size_t i = 0; i < n; i++) {
        if (metrics[i].verdict == YAGA_DRIFT_UNKNOWN)
            continue;
        c.score = fmax(c.score, metrics[i].score);
        c.verdict = verdict_of(c.score);
    }
    /* The relations between metrics changed: worth a warning, whatever their size. */
    if (joint->verdict > c.verdict)
        c.verdict =
            joint->verdict > YAGA_DRIFT_NONE ? YAGA_DRIFT_WARNING : YAGA_DRIFT_NONE;
    if (c.verdict == YAGA_DRIFT_CRITICAL)
        c.penalty = 0.30;
    else if (c.verdict == YAGA_DRIFT_WARNING)
        c.penalty = 0.15;
    return c;
}

const char *yaga_drift_advice(const struct yaga_drift_conclusion *conclusion)
{
    if (conclusion->verdict == YAGA_DRIFT_CRITICAL)
        return "the model no longer describes the service: retrain now";
    if (conclusion->verdict != YAGA_DRIFT_WARNING)
        return "none";
    return conclusion->score > score_warning
               ? "watch: the next training learns the change"
               : "relations between the metrics changed: retrain";
}
