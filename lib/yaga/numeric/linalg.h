/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small dense linear algebra on row-major matrices (LAPACKE underneath, one BLAS thread for determinism). */
#ifndef YAGA_NUMERIC_LINALG_H
#define YAGA_NUMERIC_LINALG_H

#include <stddef.h>

#include "yaga/base/error.h"

/* Eigen-decomposition of the symmetric p x p matrix a (upper triangle read, destroyed):
 * values[p] descending, vectors row-major p x p with column j the unit eigenvector of values[j], its
 * largest component (first on ties) positive so that the result is unique. */
enum yaga_status yaga_eigen_symmetric(double *a, size_t p, double *values, double *vectors,
                                      struct yaga_error *err) YAGA_MUST_USE;

/* out [p x p] = x'x of row-major x [n x p]; 0 for n = 0. */
void yaga_gram(const double *x, size_t n, size_t p, double *out);

#endif
