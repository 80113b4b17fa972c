/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mahalanobis distance under a shrunk correlation matrix. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/ensemble/ensemble_internal.h"
#include "yaga/numeric/cholesky.h"
#include "yaga/numeric/linalg.h"

static const double shrinkage = 0.1;
/* Below, a feature never moved in training: it has the unit of z. */
static const double least_sd = 1e-9;

static double *keep(struct yaga_distance *d, size_t n)
{
    double *all = yaga_calloc(n * (n + 2), sizeof *all);
    if (all != NULL)
        *d = (struct yaga_distance){
            .n = n, .mean = all, .sd = all + n, .factor = all + 2 * n};
    return all;
}

void yaga_distance_clear(struct yaga_distance *distance)
{
    yaga_free((void *)(uintptr_t)distance->mean); /* one block, see keep */
    *distance = (struct yaga_distance){0};
}

/* Means and standard deviations of the columns, into all[0..n) and all[n..2n). */
static size_t
moments(const double *x, const bool *skip, size_t n_rows, size_t n, double *all)
{
    size_t n_used = 0;
    for (size_t t = 0; t < n_rows; t++) {
        if (skip[t])
            continue;
        n_used++;
        for (size_t j = 0; j < n; j++)
            all[j] += x[t * n + j];
    }
    for (size_t j = 0; j < n && n_used > 0; j++)
        all[j] /= (double)n_used;
    for (size_t t = 0; t < n_rows; t++) {
        for (size_t j = 0; !skip[t] && j < n; j++) {
            double away = x[t * n + j] - all[j];
            all[n + j] += away * away;
        }
    }
    for (size_t j = 0; j < n && n_used > 0; j++) {
        double sd = sqrt(all[n + j] / (double)n_used);
        all[n + j] = sd > least_sd ? sd : 1.0;
    }
    return n_used;
}

/* Rows as standard scores, one behind the other. */
static void standardise(const double *x,
                        const bool *skip,
                        size_t n_rows,
                        size_t n,
                        const double *all,
                        double *u)
{
    for (size_t t = 0; t < n_rows; t++) {
        if (skip[t])
            continue;
        for (size_t j = 0; j < n; j++)
            *u++ = (x[t * n + j] - all[j]) / all[n + j];
    }
}

enum yaga_status yaga_distance_fit(const double *x,
                                   const bool *skip,
                                   size_t n_rows,
                                   size_t n,
                                   struct yaga_distance *out,
                                   struct yaga_error *err)
{
    struct yaga_distance d;
    double *all = keep(&d, n);
    YAGA_AUTO_MEM(double) u = yaga_alloc(n_rows * n, sizeof *u);
    if (all == NULL || u == NULL) {
        yaga_free(all);
        return yaga_error_nomem(err);
    }
    size_t n_used = moments(x, skip, n_rows, n, all);
    double *factor = all + 2 * n;
    standardise(x, skip, n_rows, n, all, u);
    yaga_gram(u, n_used, n, factor);
    for (size_t i = 0; i < n * n; i++)
        factor[i] *= (1.0 - shrinkage) / (double)(n_used > 0 ? n_used : 1);
    for (size_t j = 0; j < n; j++)
        factor[j * n + j] += shrinkage;
    enum yaga_status st = yaga_cholesky(factor, n, err);
    if (st != YAGA_OK) {
        yaga_distance_clear(&d);
        return st;
    }
    *out = d;
    return YAGA_OK;
}

double
yaga_distance_of(const struct yaga_distance *distance, const double *x, double *scratch)
{
    size_t n = distance->n;
    double *u = scratch + n;
    for (size_t j = 0; j < n; j++)
        u[j] = (x[j] - distance->mean[j]) / distance->sd[j];
    return sqrt(yaga_cholesky_distance2(distance->factor, n, u, scratch) / (double)n);
}

void yaga_distance_terms(const struct yaga_distance *distance,
                         const double *x,
                         double *scratch,
                         double *terms)
{
    size_t n = distance->n;
    for (size_t j = 0; j < n; j++)
        scratch[j] = terms[j] = (x[j] - distance->mean[j]) / distance->sd[j];
    yaga_cholesky_solve(distance->factor, n, scratch);
    for (size_t j = 0; j < n; j++)
        terms[j] *= scratch[j] / (double)n;
}
