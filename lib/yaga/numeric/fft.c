/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSL packs real and imaginary parts in pairs, as struct yaga_complex does. */
#include "yaga/numeric/fft.h"

#include <assert.h>
#include <gsl/gsl_fft_complex.h>

static_assert(sizeof(struct yaga_complex) == 2 * sizeof(double), "pairs without padding");

/* The only failure that GSL knows is a length that is no power of two. */
void yaga_fft_forward(struct yaga_complex *x, size_t n)
{
    assert(n > 0 && (n & (n - 1)) == 0);
    (void)gsl_fft_complex_radix2_forward(&x[0].re, 1, n);
}

void yaga_fft_inverse(struct yaga_complex *x, size_t n)
{
    assert(n > 0 && (n & (n - 1)) == 0);
    (void)gsl_fft_complex_radix2_inverse(&x[0].re, 1, n);
}
