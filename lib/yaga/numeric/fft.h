/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fast Fourier transform of a power of two of complex numbers, in place (GSL underneath).
 */
#ifndef YAGA_NUMERIC_FFT_H
#define YAGA_NUMERIC_FFT_H

#include <stddef.h>

struct yaga_complex {
    double re, im;
};

/* X_k = sum_j x_j exp(-2 pi i jk/n); n a power of two, at least 1. */
void yaga_fft_forward(struct yaga_complex *x, size_t n);
/* Undoes it: x_j = 1/n sum_k X_k exp(2 pi i jk/n). */
void yaga_fft_inverse(struct yaga_complex *x, size_t n);

#endif
