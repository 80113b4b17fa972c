/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the residuals of the metrics move together (training.md 17.1): information for
 * people, no decision hangs on it. */
#ifndef YAGA_DRIFT_CORRELATION_H
#define YAGA_DRIFT_CORRELATION_H

#include <stddef.h>

#include "yaga/base/error.h"

#define YAGA_CORRELATION_STRONG 0.8 /* |r| above it: a pair worth naming */
#define YAGA_CORRELATION_REDUNDANT                                                       \
    0.98 /* |r| above it: one of the two says nothing new */

struct yaga_correlation {
    size_t n_features;      /* p; 0 = none */
    const double *pearson;  /* [p * p], 1 on the diagonal */
    const double *spearman; /* [p * p] */
};

/* x: complete rows [n * p], row-major. */
enum yaga_status yaga_correlation_fit(const double *x,
                                      size_t n,
                                      size_t p,
                                      struct yaga_correlation *out,
                                      struct yaga_error *err) YAGA_MUST_USE;
void yaga_correlation_clear(struct yaga_correlation *correlation);
enum yaga_status yaga_correlation_check(const struct yaga_correlation *correlation,
                                        struct yaga_error *err) YAGA_MUST_USE;

#endif
