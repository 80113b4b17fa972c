/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probability-weighted moments of the exceedances, shrunk and bounded. */
#include "yaga/numeric/tail.h"

#include <assert.h>
#include <math.h>

#include "yaga/numeric/stats.h"

static const double p_floor = 1e-12; /* nothing observed justifies a smaller claim */
static const double xi_max =
    0.3; /* heavier tails are not identifiable from a month of data */
static const double xi_exponential =
    1e-6; /* below, the power form loses digits: use its limit */
static const double shrink_exceedances = 50.0;
static const size_t supported_exceedances = 30;

struct moments {
    double a0; /* mean exceedance */
    double a1; /* weighted towards the small ones */
    size_t k;
};

static struct moments moments_above(const double *sorted, size_t k, double u)
{
    struct moments m = {.k = k};
    for (size_t i = 1; i <= k; i++) {
        double y = sorted[i - 1] - u;
        m.a0 += y / (double)k;
        m.a1 += (1.0 - ((double)i - 0.35) / (double)k) * y / (double)k;
    }
    return m;
}

static struct moments exceedance_moments(const double *sorted, size_t n, double u)
{
    size_t first = n;
    while (first > 0 && sorted[first - 1] > u)
        first--;
    return moments_above(sorted + first, n - first, u);
}

static double shrunk_shape(const struct moments *m)
{
    double k = (double)m->k;
    double excess = m->a0 - 2.0 * m->a1;
    /* y ascending against falling weights: excess > 0 unless every y underflowed to 0. */
    double raw = excess > 0.0 ? 2.0 - m->a0 / excess : 0.0;
    return fmin(fmax(raw * k / (k + shrink_exceedances), 0.0), xi_max);
}

void yaga_tail_fit(const double *sorted, size_t n, double quantile, struct yaga_tail *out)
{
    assert(n >= 20 && quantile > 0.0 && quantile < 1.0);
    double u = yaga_quantile_sorted(sorted, n, quantile);
    double sigma_min = 1e-9 * fmax(1.0, fabs(u));
    struct moments m = exceedance_moments(sorted, n, u);
    double xi = m.k > 0 ? shrunk_shape(&m) : 0.0;
    double sigma = m.a0 * (1.0 - xi);
    bool spread = sigma > sigma_min;
    *out = (struct yaga_tail){
        .u = u,
        /* Nothing above u (ties at the maximum): as if the next value were the first to
           exceed it. */
        .zeta = m.k > 0 ? (double)m.k / (double)n : 1.0 / ((double)n + 1.0),
        .xi = spread ? xi : 0.0,
        .sigma = spread ? sigma : sigma_min,
        .n = (double)n,
        .supported = spread && m.k >= supported_exceedances,
    };
}

double yaga_tail_survival(double xi, double sigma, double excess)
{
    double t = excess / sigma;
    return xi < xi_exponential ? exp(-t) : pow(1.0 + xi * t, -1.0 / xi);
}

void yaga_tail_excess(const double *excess, size_t k, double *xi, double *sigma)
{
    assert(k >= 1);
    struct moments m = moments_above(excess, k, 0.0);
    *xi = shrunk_shape(&m);
    *sigma = m.a0 * (1.0 - *xi);
}

double yaga_tail_p(const struct yaga_tail *tail, double x)
{
    if (x <= tail->u)
        return tail->zeta;
    return fmax(tail->zeta * yaga_tail_survival(tail->xi, tail->sigma, x - tail->u),
                p_floor);
}

double yaga_tail_level(const struct yaga_tail *tail, double p)
{
    if (p >= tail->zeta)
        return tail->u;
    double ratio = log(tail->zeta / fmax(p, p_floor));
    if (tail->xi < xi_exponential)
        return tail->u + tail->sigma * ratio;
    return tail->u + tail->sigma * expm1(tail->xi * ratio) / tail->xi;
}
