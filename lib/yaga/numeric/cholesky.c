/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LAPACK's Cholesky factor behind row-major arrays. */
#include "yaga/numeric/cholesky.h"

#include <lapacke.h>

#include "yaga/numeric/linalg_internal.h"

enum yaga_status yaga_cholesky(double *a, size_t p, struct yaga_error *err)
{
    yaga_use_one_blas_thread();
    /* A row-major lower triangle is a column-major upper one: a = U'U with U' = L. */
    int info = LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'U', (lapack_int)p, a, (lapack_int)p);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        return yaga_error_nomem(err);
    if (info != 0)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%zu x %zu matrix is not positive definite: LAPACK says %d",
                              p, p, info);
    for (size_t i = 0; i < p; i++) {
        for (size_t j = i + 1; j < p; j++)
            a[i * p + j] = 0.0;
    }
    return YAGA_OK;
}

double
yaga_cholesky_distance2(const double *l, size_t p, const double *x, double *scratch)
{
    double sum = 0.0;
    for (size_t i = 0; i < p; i++) {
        double y = x[i];
        for (size_t j = 0; j < i; j++)
            y -= l[i * p + j] * scratch[j];
        scratch[i] = y / l[i * p + i];
        sum += scratch[i] * scratch[i];
    }
    return sum;
}

void yaga_cholesky_solve(const double *l, size_t p, double *x)
{
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j < i; j++)
            x[i] -= l[i * p + j] * x[j];
        x[i] /= l[i * p + i];
    }
    for (size_t i = p; i-- > 0;) {
        for (size_t j = i + 1; j < p; j++)
            x[i] -= l[j * p + i] * x[j];
        x[i] /= l[i * p + i];
    }
}
