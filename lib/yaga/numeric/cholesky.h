/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cholesky factor of a small covariance matrix, and distances under it. */
#ifndef YAGA_NUMERIC_CHOLESKY_H
#define YAGA_NUMERIC_CHOLESKY_H

#include <stddef.h>

#include "yaga/base/error.h"

/* The symmetric p x p row-major matrix a (lower triangle read) becomes L with a = L L',
 * its upper triangle zero. YAGA_E_INPUT when a is not positive definite; a is spoilt
 * then. */
enum yaga_status yaga_cholesky(double *a, size_t p, struct yaga_error *err) YAGA_MUST_USE;

/* x' (L L')^-1 x by forward substitution: the squared Mahalanobis distance of x from 0. l
 * [p * p], x [p]; scratch [p]. */
double
yaga_cholesky_distance2(const double *l, size_t p, const double *x, double *scratch);

/* x becomes (L L')^-1 x: forward, then backward substitution. x [p]. */
void yaga_cholesky_solve(const double *l, size_t p, double *x);

#endif
