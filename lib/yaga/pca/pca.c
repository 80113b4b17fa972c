/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fit, score and check of the PCA residual; held-out scores by three blocks. */
#include "yaga/pca/pca.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "yaga/numeric/linalg.h"
#include "yaga/numeric/stats.h"

enum { FOLDS = 3 };

static const double eigenvalue_floor = 1e-12; /* of the first */
static const double limit_share = 0.99;
/* A plane that holds every row exactly has SPE limit 0; standardised units make 1e-9
 * "nothing". */
static const double limit_floor = 1e-9;

/* The fitting rows: all but [skip_begin, skip_end). */
struct rows {
    const double *x;
    size_t n_rows;
    size_t p;
    size_t skip_begin;
    size_t skip_end;
};

/* The arrays of a struct yaga_pca while they are being written. */
struct parts {
    double *mean;
    double *sd;
    double *values;
    double *vectors;
};

static void parts_clear(struct parts *parts)
{
    yaga_free(parts->mean);
    yaga_free(parts->sd);
    yaga_free(parts->values);
    yaga_free(parts->vectors);
}

static bool parts_init(struct parts *parts, size_t p)
{
    parts->mean = yaga_calloc(p, sizeof(double));
    parts->sd = yaga_calloc(p, sizeof(double));
    parts->values = yaga_alloc(p, sizeof(double));
    parts->vectors = yaga_alloc(p * p, sizeof(double));
    return parts->mean != NULL && parts->sd != NULL && parts->values != NULL &&
           parts->vectors != NULL;
}

static size_t rows_used(const struct rows *rows)
{
    return rows->n_rows - (rows->skip_end - rows->skip_begin);
}

/* The k-th fitting row. */
static const double *row_at(const struct rows *rows, size_t k)
{
    size_t i = k < rows->skip_begin ? k : k + (rows->skip_end - rows->skip_begin);
    return rows->x + i * rows->p;
}

/* Mean and standard deviation (divisor n) of each column. */
static void fit_columns(const struct rows *rows, struct parts *parts)
{
    size_t n = rows_used(rows);
    for (size_t k = 0; k < n; k++) {
        const double *row = row_at(rows, k);
        for (size_t j = 0; j < rows->p; j++)
            parts->mean[j] += row[j] / (double)n;
    }
    for (size_t k = 0; k < n; k++) {
        const double *row = row_at(rows, k);
        for (size_t j = 0; j < rows->p; j++) {
            double d = row[j] - parts->mean[j];
            parts->sd[j] += d * d / (double)n;
        }
    }
    for (size_t j = 0; j < rows->p; j++) {
        double sd = sqrt(parts->sd[j]);
        /* Rounding leaves a constant column a spread of some ulps of its mean. */
        bool constant = !(sd > 1e-13 * fabs(parts->mean[j])) || !isnormal(sd);
        parts->sd[j] = constant ? 1.0 : sd;
    }
}

/* Upper triangle of Z'Z/(n-1). */
static void fit_correlation(const struct rows *rows, const struct parts *parts, double *r)
{
    size_t n = rows_used(rows);
    size_t p = rows->p;
    double z[YAGA_PCA_MAX_FEATURES];
    for (size_t k = 0; k < n; k++) {
        const double *row = row_at(rows, k);
        for (size_t j = 0; j < p; j++)
            z[j] = (row[j] - parts->mean[j]) / parts->sd[j];
        for (size_t i = 0; i < p; i++) {
            for (size_t j = i; j < p; j++)
                r[i * p + j] += z[i] * z[j] / (double)(n - 1);
        }
    }
}

static size_t count_components(const double *values, size_t p, double variance)
{
    double total = 0.0;
    for (size_t j = 0; j < p; j++)
        total += values[j];
    double sum = 0.0;
    for (size_t j = 0; j < p; j++) {
        sum += values[j];
        if (sum > variance * total)
            return j + 1;
    }
    return p;
}

/* z, the coordinates t of its principal part, and the residual e = z - P t. */
struct projection {
    double z[YAGA_PCA_MAX_FEATURES];
    double t[YAGA_PCA_MAX_FEATURES];
    double e[YAGA_PCA_MAX_FEATURES];
    double t2;
    double spe;
};

static void project(const struct yaga_pca *pca, const double *row, struct projection *out)
{
    size_t p = pca->n_features;
    size_t k = pca->n_components;
    for (size_t j = 0; j < p; j++) {
        out->z[j] = (row[j] - pca->mean[j]) / pca->sd[j];
        out->e[j] = out->z[j];
    }
    out->t2 = 0.0;
    for (size_t a = 0; a < k; a++) {
        double t = 0.0;
        for (size_t j = 0; j < p; j++)
            t += pca->vectors[j * p + a] * out->z[j];
        for (size_t j = 0; j < p; j++)
            out->e[j] -= pca->vectors[j * p + a] * t;
        out->t[a] = t;
        out->t2 += t * t / pca->values[a];
    }
    out->spe = 0.0;
    for (size_t j = 0; k < p && j < p; j++)
        out->spe += out->e[j] * out->e[j];
}

static bool fit_limits(const struct rows *rows, struct yaga_pca *pca)
{
    size_t n = rows_used(rows);
    YAGA_AUTO_MEM(double) t2 = yaga_alloc(n, sizeof *t2);
    YAGA_AUTO_MEM(double) spe = yaga_alloc(n, sizeof *spe);
    if (t2 == NULL || spe == NULL)
        return false;
    for (size_t k = 0; k < n; k++) {
        struct projection at;
        project(pca, row_at(rows, k), &at);
        t2[k] = at.t2;
        spe[k] = at.spe;
    }
    yaga_sort(t2, n);
    yaga_sort(spe, n);
    pca->t2_limit = fmax(yaga_quantile_sorted(t2, n, limit_share), limit_floor);
    pca->spe_limit = fmax(yaga_quantile_sorted(spe, n, limit_share), limit_floor);
    return true;
}

static enum yaga_status fit_rows(const struct rows *rows,
                                 double variance,
                                 struct yaga_pca *out,
                                 struct yaga_error *err)
{
    size_t p = rows->p;
    struct parts parts __attribute__((cleanup(parts_clear))) = {0};
    YAGA_AUTO_MEM(double) r = yaga_calloc(p * p, sizeof *r);
    if (r == NULL || !parts_init(&parts, p))
        return yaga_error_nomem(err);
    fit_columns(rows, &parts);
    fit_correlation(rows, &parts, r);
    enum yaga_status st = yaga_eigen_symmetric(r, p, parts.values, parts.vectors, err);
    if (st != YAGA_OK)
        return st;
    /* All columns constant: any direction is as good, and nothing has spread. */
    double first = parts.values[0] > 0.0 ? parts.values[0] : 1.0;
    for (size_t j = 0; j < p; j++)
        parts.values[j] = fmax(parts.values[j], eigenvalue_floor * first);
    struct yaga_pca pca = {.n_features = p,
                           .n_components = count_components(parts.values, p, variance),
                           .mean = parts.mean,
                           .sd = parts.sd,
                           .values = parts.values,
                           .vectors = parts.vectors};
    if (!fit_limits(rows, &pca))
        return yaga_error_nomem(err);
    parts = (struct parts){0};
    *out = pca;
    return YAGA_OK;
}

/* Score each third of the rows by a fit of the other two. */
static enum yaga_status score_held_out(const struct rows *all,
                                       double variance,
                                       double *scores,
                                       struct yaga_error *err)
{
    for (size_t fold = 0; fold < FOLDS; fold++) {
        struct rows rest = *all;
        rest.skip_begin = all->n_rows * fold / FOLDS;
        rest.skip_end = all->n_rows * (fold + 1) / FOLDS;
        YAGA_AUTO_CLEAR(yaga_pca) pca = {0};
        enum yaga_status st = fit_rows(&rest, variance, &pca, err);
        if (st != YAGA_OK)
            return st;
        for (size_t i = rest.skip_begin; i < rest.skip_end; i++)
            scores[i] = yaga_pca_score(&pca, all->x + i * all->p, NULL);
    }
    return YAGA_OK;
}

enum yaga_status yaga_pca_fit(const double *x,
                              size_t n_rows,
                              size_t n_features,
                              double variance,
                              struct yaga_pca *out,
                              double *scores,
                              struct yaga_error *err)
{
    if (n_features < 1 || n_features > YAGA_PCA_MAX_FEATURES)
        return yaga_error_set(err, YAGA_E_INPUT, "PCA: %zu features, not in 1..%d",
                              n_features, YAGA_PCA_MAX_FEATURES);
    if (n_rows <= n_features + 1)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "PCA: %zu rows for %zu features, needs %zu", n_rows,
                              n_features, n_features + 2);
    assert(variance > 0.0 && variance <= 1.0);
    struct rows rows = {.x = x, .n_rows = n_rows, .p = n_features};
    YAGA_AUTO_CLEAR(yaga_pca) pca = {0};
    enum yaga_status st = fit_rows(&rows, variance, &pca, err);
    if (st == YAGA_OK && scores != NULL)
        st = score_held_out(&rows, variance, scores, err);
    if (st != YAGA_OK)
        return st;
    *out = pca;
    pca = (struct yaga_pca){0};
    return YAGA_OK;
}

void yaga_pca_clear(struct yaga_pca *pca)
{
    yaga_free((void *)(uintptr_t)pca->mean);
    yaga_free((void *)(uintptr_t)pca->sd);
    yaga_free((void *)(uintptr_t)pca->values);
    yaga_free((void *)(uintptr_t)pca->vectors);
    *pca = (struct yaga_pca){0};
}

/* SPE_j = e_j^2; T2_j = z_j (M z)_j with M = P L^-1 P': both add up to their totals
 * exactly. */
static void
attribute(const struct yaga_pca *pca, const struct projection *at, double *contributions)
{
    size_t p = pca->n_features;
    bool residual = pca->n_components < p;
    for (size_t j = 0; j < p; j++) {
        double mz = 0.0;
        for (size_t a = 0; a < pca->n_components; a++)
            mz += pca->vectors[j * p + a] * at->t[a] / pca->values[a];
        double spe = residual ? at->e[j] * at->e[j] : 0.0;
        contributions[j] = spe / pca->spe_limit + at->z[j] * mz / pca->t2_limit;
    }
}

double
yaga_pca_score(const struct yaga_pca *pca, const double *row, double *contributions)
{
    struct projection at;
    project(pca, row, &at);
    if (contributions != NULL)
        attribute(pca, &at, contributions);
    return at.spe / pca->spe_limit + at.t2 / pca->t2_limit;
}

static bool all_finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return false;
    }
    return true;
}

static bool all_positive(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0.0))
            return false;
    }
    return true;
}

enum yaga_status yaga_pca_check(const struct yaga_pca *pca, struct yaga_error *err)
{
    size_t p = pca->n_features;
    if (p < 1 || p > YAGA_PCA_MAX_FEATURES || pca->n_components < 1 ||
        pca->n_components > p)
        return yaga_error_set(err, YAGA_E_CORRUPT, "PCA: %zu components of %zu features",
                              pca->n_components, p);
    bool finite = all_finite(pca->mean, p) && all_finite(pca->sd, p) &&
                  all_finite(pca->values, p) && all_finite(pca->vectors, p * p) &&
                  isfinite(pca->t2_limit) && isfinite(pca->spe_limit);
    if (!finite)
        return yaga_error_set(err, YAGA_E_CORRUPT, "PCA: a number is not finite");
    if (!all_positive(pca->sd, p) || !all_positive(pca->values, p) ||
        !(pca->t2_limit > 0.0) || !(pca->spe_limit > 0.0))
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "PCA: a scale or limit is not positive");
    return YAGA_OK;
}
