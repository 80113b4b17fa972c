/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tail of a distribution: empirical up to a threshold u, a bounded generalised Pareto beyond.
 *
 *   zeta = k / n                                 share of values above u = quantile 0.95
 *   a0 = mean y, a1 = (1/k) sum (1 - (i - 0.35)/k) y_(i)      probability-weighted moments
 *   xi = clip((2 - a0/(a0 - 2 a1)) k/(k + 50), 0, 0.3)        shrunk towards the exponential
 *   sigma = mean y (1 - xi)
 *   p(x) = zeta (1 + xi (x - u)/sigma)^(-1/xi)                exp(-(x-u)/sigma) for xi < 1e-6
 *
 * Hosking & Wallis 1987 for the moments; bounds and shrinkage keep the realised rate at or below the
 * nominal one for short, autocorrelated samples.
 */
#ifndef YAGA_NUMERIC_TAIL_H
#define YAGA_NUMERIC_TAIL_H

#include <stdbool.h>
#include <stddef.h>

struct yaga_tail {
    double u;       /* where the tail starts, in the units of x */
    double zeta;    /* share of values above u */
    double xi;      /* shape, 0 .. 0.3 */
    double sigma;   /* scale, > 0 */
    double n;       /* values it was fitted on */
    bool supported; /* at least 30 exceedances; otherwise severity is capped */
};

/* Fit the upper tail of sorted x[0..n-1], n >= 20. quantile is usually 0.95. For the lower tail fit -x.
 * Degenerate data (no spread above u) gives sigma = a tiny positive number and supported = false. */
void yaga_tail_fit(const double *sorted, size_t n, double quantile, struct yaga_tail *out);
/* P(X >= x): below u the value given by the caller's empirical share (>= zeta) should be used; this function
 * returns zeta there. Never below 1e-12. Decreasing in x. */
double yaga_tail_p(const struct yaga_tail *tail, double x);
/* The x with yaga_tail_p(x) = p, for p <= zeta; u for larger p. */
double yaga_tail_level(const struct yaga_tail *tail, double p);

/* Shape and scale of k >= 1 exceedances alone, ascending and > 0: the same moments, shrinkage and bounds. Without spread sigma is
 * their mean. */
void yaga_tail_excess(const double *excess, size_t k, double *xi, double *sigma);
/* Survival of the fitted excess, (0, 1]. */
double yaga_tail_survival(double xi, double sigma, double excess);

#endif
