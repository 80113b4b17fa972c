/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files that call LAPACK; nobody else includes it. */
#ifndef YAGA_NUMERIC_LINALG_INTERNAL_H
#define YAGA_NUMERIC_LINALG_INTERNAL_H

/* Before any call: sums split over threads round differently, and matrices here are far too small to gain
 * from threads. */
void yaga_use_one_blas_thread(void);

#endif
