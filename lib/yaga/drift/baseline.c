/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Robust location and shrunken covariance, kept as a Cholesky factor. */
#include "yaga/drift/baseline.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/cholesky.h"
#include "yaga/numeric/linalg.h"
#include "yaga/numeric/stats.h"

enum { REWEIGHTINGS = 3, ROWS_PER_FEATURE = 10 };
static const double iqr_to_sd = 1.0 / 1.3489795003921634; /* 2 Phi^-1(3/4) */
static const double condition_limit = 1e8;
static const double ridge = 1e-6;

double yaga_drift_warning_limit(size_t p)
{
    return gsl_cdf_chisq_Pinv(0.999, (double)p);
}

double yaga_drift_critical_limit(size_t p)
{
    return gsl_cdf_chisq_Pinv(0.99999, (double)p);
}

/* Work of one fit: arrays in one block. */
struct fit {
    size_t n, p;
    double *y;                              /* [n * p] standardised rows */
    bool *keep;                             /* [n] */
    double *column;                         /* [n] */
    double *cov;                            /* [p * p] shrunken covariance */
    double *spare;                          /* [p * p] */
    double *vectors;                        /* [p * p] */
    double *centre, *scale, *mean, *factor; /* the result */
    double n_kept, shrinkage, condition;
    bool ridged;
};

static void standardise(struct fit *f, const double *x)
{
    for (size_t j = 0; j < f->p; j++) {
        for (size_t i = 0; i < f->n; i++)
            f->column[i] = x[i * f->p + j];
        yaga_sort(f->column, f->n);
        f->centre[j] = yaga_quantile_sorted(f->column, f->n, 0.5);
        f->scale[j] = iqr_to_sd * (yaga_quantile_sorted(f->column, f->n, 0.75) -
                                   yaga_quantile_sorted(f->column, f->n, 0.25));
        if (!(f->scale[j] > 0.0))
            f->scale[j] = fmax(yaga_sd(f->column, f->n), 1e-9);
        for (size_t i = 0; i < f->n; i++)
            f->y[i * f->p + j] = (x[i * f->p + j] - f->centre[j]) / f->scale[j];
    }
}

static void fit_mean(struct fit *f)
{
    f->n_kept = 0.0;
    memset(f->mean, 0, f->p * sizeof *f->mean);
    for (size_t i = 0; i < f->n; i++) {
        if (!f->keep[i])
            continue;
        f->n_kept += 1.0;
        for (size_t j = 0; j < f->p; j++)
            f->mean[j] += f->y[i * f->p + j];
    }
    for (size_t j = 0; j < f->p; j++)
        f->mean[j] /= f->n_kept;
}

/* Covariance of two columns, and the variance of that estimate. */
static double covariance(const struct fit *f, size_t a, size_t b, double *variance)
{
    double sum = 0.0, squares = 0.0, n = f->n_kept;
    for (size_t i = 0; i < f->n; i++) {
        if (!f->keep[i])
            continue;
        double w = (f->y[i * f->p + a] - f->mean[a]) * (f->y[i * f->p + b] - f->mean[b]);
        sum += w;
        squares += w * w;
    }
    double spread = fmax(squares - sum * sum / n, 0.0);
    *variance = n / pow(n - 1.0, 3.0) * spread;
    return sum / (n - 1.0);
}

static void fit_covariance(struct fit *f)
{
    double noise = 0.0, signal = 0.0, variance;
    for (size_t a = 0; a < f->p; a++) {
        f->cov[a * f->p + a] = fmax(covariance(f, a, a, &variance), 1e-12);
        for (size_t b = 0; b < a; b++) {
            double c = covariance(f, a, b, &variance);
            f->cov[a * f->p + b] = f->cov[b * f->p + a] = c;
            noise += variance;
            signal += c * c;
        }
    }
    f->shrinkage = signal > 0.0 ? fmin(noise / signal, 1.0) : 1.0;
    for (size_t a = 0; a < f->p; a++) {
        for (size_t b = 0; b < f->p; b++)
            f->cov[a * f->p + b] *= a == b ? 1.0 : 1.0 - f->shrinkage;
    }
}

static enum yaga_status factorise(struct fit *f, struct yaga_error *err)
{
    size_t n_bytes = f->p * f->p * sizeof *f->cov;
    double values[YAGA_DRIFT_MAX_FEATURES];
    memcpy(f->spare, f->cov, n_bytes);
    enum yaga_status st = yaga_eigen_symmetric(f->spare, f->p, values, f->vectors, err);
    if (st != YAGA_OK)
        return st;
    double least = values[f->p - 1];
    f->condition = least > 0.0 ? fmin(values[0] / least, 1e300) : 1e300;
    f->ridged = f->condition > condition_limit;
    memcpy(f->factor, f->cov, n_bytes);
    for (size_t j = 0; f->ridged && j < f->p; j++)
        f->factor[j * f->p + j] += ridge;
    return yaga_cholesky(f->factor, f->p, err);
}

static double
distance2(const double *mean, const double *factor, size_t p, const double *y)
{
    double away[YAGA_DRIFT_MAX_FEATURES], scratch[YAGA_DRIFT_MAX_FEATURES];
    for (size_t j = 0; j < p; j++)
        away[j] = y[j] - mean[j];
    return yaga_cholesky_distance2(factor, p, away, scratch);
}

static enum yaga_status fit_rows(struct fit *f, struct yaga_error *err)
{
    double limit = yaga_drift_warning_limit(f->p);
    for (size_t i = 0; i < f->n; i++)
        f->keep[i] = true;
    for (int step = 0;; step++) {
        fit_mean(f);
        fit_covariance(f);
        enum yaga_status st = factorise(f, err);
        if (st != YAGA_OK || step == REWEIGHTINGS)
            return st;
        /* Never fewer than half: for every p the limit is far above the median of d2. */
        for (size_t i = 0; i < f->n; i++)
            f->keep[i] = distance2(f->mean, f->factor, f->p, f->y + i * f->p) <= limit;
    }
}

static void take(struct fit *f, double **block, struct yaga_drift_baseline *out)
{
    *out = (struct yaga_drift_baseline){
        .n_features = f->p,
        .n_rows = f->n_kept,
        .shrinkage = f->shrinkage,
        .condition = f->condition,
        .ridged = f->ridged,
        .warning = yaga_drift_warning_limit(f->p),
        .critical = yaga_drift_critical_limit(f->p),
        .centre = f->centre,
        .scale = f->scale,
        .mean = f->mean,
        .factor = f->factor,
    };
    *block = NULL; /* centre is where the block begins */
}

/* The rows that were dropped included: how unlike each other the days of training were.
 */
static double share_beyond(const struct yaga_drift_baseline *b, const double *x, size_t n)
{
    double beyond = 0.0;
    for (size_t i = 0; i < n; i++)
        beyond += yaga_drift_distance2(b, x + i * b->n_features) > b->warning;
    return beyond / (double)n;
}

enum yaga_status yaga_drift_fit(const double *x,
                                size_t n,
                                size_t p,
                                struct yaga_drift_baseline *out,
                                struct yaga_error *err)
{
    if (p < 1 || p > YAGA_DRIFT_MAX_FEATURES || n < ROWS_PER_FEATURE * p)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "drift baseline: %zu rows for %zu metrics", n, p);
    YAGA_AUTO_MEM(double) block = yaga_alloc(3 * p + p * p, sizeof *block);
    YAGA_AUTO_MEM(double) work = yaga_alloc(n * p + n + 3 * p * p, sizeof *work);
    YAGA_AUTO_MEM(bool) keep = yaga_alloc(n, sizeof *keep);
    if (block == NULL || work == NULL || keep == NULL)
        return yaga_error_nomem(err);
    struct fit f = {.n = n,
                    .p = p,
                    .y = work,
                    .keep = keep,
                    .column = work + n * p,
                    .cov = work + n * p + n,
                    .centre = block,
                    .scale = block + p,
                    .mean = block + 2 * p,
                    .factor = block + 3 * p};
    f.spare = f.cov + p * p;
    f.vectors = f.spare + p * p;
    standardise(&f, x);
    enum yaga_status st = fit_rows(&f, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "drift baseline");
    take(&f, &block, out);
    out->beyond = share_beyond(out, x, n);
    return YAGA_OK;
}

void yaga_drift_clear(struct yaga_drift_baseline *baseline)
{
    yaga_free((void *)(uintptr_t)baseline->centre);
    *baseline = (struct yaga_drift_baseline){.n_features = 0};
}

double yaga_drift_distance2(const struct yaga_drift_baseline *baseline, const double *r)
{
    double y[YAGA_DRIFT_MAX_FEATURES];
    for (size_t j = 0; j < baseline->n_features; j++) {
        if (!isfinite(r[j]))
            return (double)NAN;
        y[j] = (r[j] - baseline->centre[j]) / baseline->scale[j];
    }
    return distance2(baseline->mean, baseline->factor, baseline->n_features, y);
}

enum yaga_status yaga_drift_check(const struct yaga_drift_baseline *b,
                                  struct yaga_error *err)
{
    size_t p = b->n_features;
    bool ok = p >= 1 && p <= YAGA_DRIFT_MAX_FEATURES && b->n_rows >= 0 &&
              b->shrinkage >= 0 && b->shrinkage <= 1 && b->condition > 0 &&
              isfinite(b->n_rows) && isfinite(b->condition) && b->warning > 0 &&
              b->critical >= b->warning && isfinite(b->critical) && b->beyond >= 0 &&
              b->beyond <= 1;
    for (size_t j = 0; ok && j < p; j++)
        ok = isfinite(b->centre[j]) && b->scale[j] > 0 && isfinite(b->scale[j]) &&
             isfinite(b->mean[j]);
    for (size_t i = 0; ok && i < p * p; i++)
        ok = isfinite(b->factor[i]) && (i % (p + 1) != 0 || b->factor[i] > 0);
    return ok ? YAGA_OK
              : yaga_error_set(err, YAGA_E_CORRUPT, "drift baseline is not sound");
}
