/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranks and correlation. Inputs are finite. */
#ifndef YAGA_NUMERIC_RANK_H
#define YAGA_NUMERIC_RANK_H

#include <stddef.h>
#include <stdint.h>

/* Product-moment correlation of x[n] and y[n], -1 .. 1; 0 when either does not vary (n <
 * 2 included). Of mid-ranks it is Spearman's coefficient. */
double yaga_pearson(const double *x, const double *y, size_t n);

/* Rank of every value, 1 .. n, equal values sharing the mean of theirs. order: scratch,
 * [n]. */
void yaga_mid_ranks(const double *x, size_t n, uint32_t *order, double *out);

#endif
