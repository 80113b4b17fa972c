/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is a short series (daily medians, say) going somewhere?
 *
 *   S = sum over i < j of sign(x_j - x_i)                   Mann 1945, Kendall 1975
 *   var S = (n(n-1)(2n+5) - sum over ties t(t-1)(2t+5))/18
 *   z = (S - sign S)/sqrt(var S), p two-sided from the normal distribution
 *   slope = median over i < j of (x_j - x_i)/(j - i)        Sen 1968
 */
#ifndef YAGA_NUMERIC_TREND_H
#define YAGA_NUMERIC_TREND_H

#include <stddef.h>

enum { YAGA_TREND_MIN = 8 }; /* values the normal approximation needs */

struct yaga_trend {
    double p;     /* (0, 1]; 1 below YAGA_TREND_MIN values */
    double slope; /* per step; 0 below YAGA_TREND_MIN values */
};

/* x [n] finite, evenly spaced; scratch [n (n - 1) / 2]. */
struct yaga_trend yaga_mann_kendall(const double *x, size_t n, double *scratch);

/* The same for values at times at [n], ascending, that hang together like an AR(1) process: var S times
 *   f = 1 + 2 sum over k < n of (1 - k/n) rho^k                  Yue & Wang 2004
 * rho: lag-1 correlation of what is left beside Sen's line, (n rho + 2)/(n - 4) against its bias (Marriott & Pope 1954),
 * between 0 and 0.99. The slope is per unit of at. scratch [n (n + 1) / 2]. */
struct yaga_trend yaga_mann_kendall_correlated(const double *at, const double *x, size_t n, double *scratch);

#endif
