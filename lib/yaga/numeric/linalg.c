/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LAPACK's symmetric eigensolver behind row-major arrays. */
#include "yaga/numeric/linalg.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <pthread.h>

#include "yaga/numeric/linalg_internal.h"

static void set_one_thread(void)
{
    openblas_set_num_threads(1);
}

void yaga_use_one_blas_thread(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, set_one_thread);
}

/* Column j of the result from row p-1-j of a (LAPACK's ascending order), largest
 * component positive. */
static void copy_vector(const double *a, size_t p, size_t j, double *vectors)
{
    const double *v = a + (p - 1 - j) * p;
    size_t largest = 0;
    for (size_t i = 1; i < p; i++) {
        if (fabs(v[i]) > fabs(v[largest]))
            largest = i;
    }
    double sign = v[largest] < 0.0 ? -1.0 : 1.0;
    for (size_t i = 0; i < p; i++)
        vectors[i * p + j] = sign * v[i];
}

enum yaga_status yaga_eigen_symmetric(
    double *a, size_t p, double *values, double *vectors, struct yaga_error *err)
{
    yaga_use_one_blas_thread();
    /* A row-major upper triangle is a column-major lower one; eigenvectors come back as
     * rows. */
    int info = LAPACKE_dsyev(LAPACK_COL_MAJOR, 'V', 'L', (lapack_int)p, a, (lapack_int)p,
                             values);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        return yaga_error_nomem(err);
    if (info != 0)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "eigenvalues of a %zu x %zu matrix: LAPACK says %d", p, p,
                              info);
    for (size_t j = 0; j < p / 2; j++) {
        double t = values[j];
        values[j] = values[p - 1 - j];
        values[p - 1 - j] = t;
    }
    for (size_t j = 0; j < p; j++)
        copy_vector(a, p, j, vectors);
    return YAGA_OK;
}

void yaga_gram(const double *x, size_t n, size_t p, double *out)
{
    yaga_use_one_blas_thread();
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (blasint)p, (blasint)n, 1.0, x,
                (blasint)p, 0.0, out, (blasint)p);
    for (size_t i = 0; i < p; i++) {
        for (size_t j = i + 1; j < p; j++)
            out[i * p + j] = out[j * p + i];
    }
}
