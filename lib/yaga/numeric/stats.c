/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order statistics by quicksort and quickselect, moments in two passes. */
#include "yaga/numeric/stats.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

/* 1 / Phi^-1(3/4): makes the median absolute deviation of a normal sample its standard
 * deviation. */
static const double mad_to_sd = 1.4826022185056018;

enum { INSERTION_MAX = 16 }; /* below this insertion sort wins */

size_t yaga_compact_finite(const double *in, size_t n, double *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(in[i]))
            out[kept++] = in[i];
    }
    return kept;
}

static void swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

static void insertion_sort(double *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double v = x[i];
        size_t j = i;
        for (; j > 0 && x[j - 1] > v; j--)
            x[j] = x[j - 1];
        x[j] = v;
    }
}

static void sift_down(double *x, size_t root, size_t n)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n)
            return;
        if (child + 1 < n && x[child + 1] > x[child])
            child++;
        if (x[root] >= x[child])
            return;
        swap(&x[root], &x[child]);
        root = child;
    }
}

static void heap_sort(double *x, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(x, i, n);
    for (size_t end = n; end-- > 1;) {
        swap(&x[0], &x[end]);
        sift_down(x, 0, end);
    }
}

static double median_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Hoare's partition: x[0..j] <= pivot <= x[j+1..n-1]; returns j + 1. Both parts are
 * non-empty: a median of three places has another place that is not smaller, so j moves
 * off the end. */
static size_t partition(double *x, size_t n)
{
    double pivot = median_of_three(x[0], x[n / 2], x[n - 1]);
    size_t i = 0;
    size_t j = n - 1;
    for (;; i++, j--) {
        while (x[i] < pivot)
            i++;
        while (x[j] > pivot)
            j--;
        if (i >= j)
            break;
        swap(&x[i], &x[j]);
    }
    return j + 1;
}

/* Quicksort that turns to heapsort when it has gone too deep: n log n for every input. */
static void intro_sort(double *x, size_t n, unsigned depth_left)
{
    while (n > INSERTION_MAX) {
        if (depth_left-- == 0) {
            heap_sort(x, n);
            return;
        }
        size_t cut = partition(x, n);
        intro_sort(x + cut, n - cut, depth_left);
        n = cut;
    }
    insertion_sort(x, n);
}

static unsigned depth_limit(size_t n)
{
    unsigned bits = 0;
    for (; n > 0; n >>= 1)
        bits++;
    return 2 * bits;
}

void yaga_sort(double *x, size_t n)
{
    intro_sort(x, n, depth_limit(n));
}

double yaga_quantile_sorted(const double *sorted, size_t n, double q)
{
    assert(n >= 1 && q >= 0.0 && q <= 1.0);
    double h = (double)(n - 1) * q;
    size_t i = (size_t)h;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (h - (double)i) * (sorted[i + 1] - sorted[i]);
}

/* Put the k-th smallest at x[k], nothing larger before it. */
static void select_kth(double *x, size_t n, size_t k)
{
    unsigned depth_left = depth_limit(n);
    while (n > INSERTION_MAX) {
        if (depth_left-- == 0) {
            heap_sort(x, n);
            return;
        }
        size_t cut = partition(x, n);
        if (k < cut) {
            n = cut;
        } else {
            x += cut;
            n -= cut;
            k -= cut;
        }
    }
    insertion_sort(x, n);
}

double yaga_median_inplace(double *x, size_t n)
{
    if (n == 0)
        return NAN;
    size_t k = n / 2;
    select_kth(x, n, k);
    if (n % 2 == 1)
        return x[k];
    double below = x[0];
    for (size_t i = 1; i < k; i++)
        below = fmax(below, x[i]);
    return below + (x[k] - below) / 2.0;
}

double yaga_mad_inplace(double *x, size_t n, double centre)
{
    for (size_t i = 0; i < n; i++)
        x[i] = fabs(x[i] - centre);
    return mad_to_sd * yaga_median_inplace(x, n);
}

double yaga_mean(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

double yaga_sd(const double *x, size_t n)
{
    if (n < 2)
        return 0.0;
    double mean = yaga_mean(x, n);
    double squares = 0.0;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

double yaga_trimmed_mean_sorted(const double *sorted, size_t n, double share)
{
    assert(n >= 1 && share >= 0.0 && share < 0.5);
    size_t cut = (size_t)floor(share * (double)n);
    return yaga_mean(sorted + cut, n - 2 * cut);
}

/* Mean product of centred values `lag` apart over the pairs that are both there; NaN
 * without a pair. */
static double autocovariance(const double *x, size_t n, double mean, size_t lag)
{
    double sum = 0.0;
    size_t pairs = 0;
    for (size_t i = lag; i < n; i++) {
        double product = (x[i] - mean) * (x[i - lag] - mean);
        if (isnan(product))
            continue;
        sum += product;
        pairs++;
    }
    if (pairs == 0)
        return NAN;
    return sum / (double)pairs;
}

double yaga_autocorrelation_time(const double *x, size_t n, size_t max_lag)
{
    double sum = 0.0;
    size_t present = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        sum += x[i];
        present++;
    }
    if (present < 2)
        return 1.0;
    double mean = sum / (double)present;
    double variance = autocovariance(x, n, mean, 0);
    if (!(variance > 0.0))
        return 1.0;
    double tau = 1.0;
    double rho = autocovariance(x, n, mean, 1) / variance;
    for (size_t lag = 1; lag <= max_lag && lag + 1 < n; lag++) {
        double next = autocovariance(x, n, mean, lag + 1) / variance;
        if (!(rho + next > 0.0))
            break;
        tau += 2.0 * rho;
        rho = next;
    }
    return fmax(tau, 1.0);
}

double yaga_wilson_lower(double k, double n, double z)
{
    assert(n > 0.0);
    double p = k / n;
    double z2 = z * z;
    double centre = p + z2 / (2.0 * n);
    double half = z * sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    return fmax((centre - half) / (1.0 + z2 / n), 0.0);
}

/* By halving: GSL's inverse of the beta distribution gives up for some ordinary arguments
 * (753.1 of 844.2), and then ends the process. */
double yaga_clopper_pearson_lower(double k, double n, double confidence)
{
    double low = 0.0;
    double high = 1.0;
    if (k <= 0.0)
        return 0.0;
    while (high - low > 1e-12 * high && high > 1e-300) {
        double middle = low + (high - low) / 2.0;
        if (gsl_cdf_beta_P(middle, k, n - k + 1.0) < 1.0 - confidence)
            low = middle;
        else
            high = middle;
    }
    return low;
}
