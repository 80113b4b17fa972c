/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Robust and ordinary statistics of plain arrays. Unless a function says otherwise the input is
 * finite and n >= 1; yaga_compact_finite makes it so.
 *
 * Quantile of sorted x[0..n-1] at q: h = (n-1)q, x[floor h] + (h - floor h)(x[floor h + 1] - x[floor h])
 * (Hyndman & Fan type 7).
 */
#ifndef YAGA_NUMERIC_STATS_H
#define YAGA_NUMERIC_STATS_H

#include <stddef.h>

/* Copy the finite values of in[0..n-1] to out (may alias); returns how many. */
size_t yaga_compact_finite(const double *in, size_t n, double *out);
/* Ascending. */
void yaga_sort(double *x, size_t n);
double yaga_quantile_sorted(const double *sorted, size_t n, double q);
/* Median by selection; reorders x. NaN for n = 0. */
double yaga_median_inplace(double *x, size_t n);
/* 1.4826 * median |x - centre|; reorders x (which holds |x - centre| afterwards). */
double yaga_mad_inplace(double *x, size_t n, double centre);
double yaga_mean(const double *x, size_t n);
/* Sample standard deviation (divisor n-1, two passes); 0 for n < 2. */
double yaga_sd(const double *x, size_t n);
/* Mean of sorted x without floor(share*n) values at each end; 0 <= share < 0.5. */
double yaga_trimmed_mean_sorted(const double *sorted, size_t n, double share);
/* Integrated autocorrelation time tau = 1 + 2 sum rho_k over lags while rho_k + rho_{k+1} > 0, k <= max_lag;
 * >= 1. NaN entries are skipped pairwise. n_eff = n / tau. */
double yaga_autocorrelation_time(const double *x, size_t n, size_t max_lag);
/* One-sided Wilson lower bound of a ratio, k successes of n trials (n > 0), z = 1.645 for 95 %. */
double yaga_wilson_lower(double k, double n, double z);
/* One-sided Clopper-Pearson lower bound of a ratio: the smallest share under which k or more of n trials still happen with
 * probability 1 - confidence. 0 <= k <= n, n > 0, not necessarily whole (effective counts); 0 for k = 0. */
double yaga_clopper_pearson_lower(double k, double n, double confidence);

#endif
