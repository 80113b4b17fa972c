/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spectral residual (Ren et al., KDD 2019). Of the last 123 values of a column, less
 * their mean, and 5 more that continue them:
 *
 *   A = |F(x)|,  L = ln A,  R = L - (mean of L over 3 neighbouring frequencies)
 *   saliency S = |F^-1(exp(R) F(x)/A)|
 *   score of the newest value = (S - mean S of its last 21) / that mean
 *
 * What is usual has few strong frequencies, which the residual takes out; what remains is
 * where the series breaks with them. The 5 go on as the values before the newest did, by
 * their mean slope, because a transform sees the end of a series badly. Before the first
 * row stands the first value again and again; the first 21 rows are not judged, score 0.
 */
#include <math.h>

#include "yaga/detector/detector_internal.h"
#include "yaga/numeric/fft.h"

enum {
    SIZE = 128,
    CONTINUED = 5,
    REAL = SIZE - CONTINUED,
    NEWEST = REAL - 1,
    SLOPES = 5, /* points that the mean slope looks back to */
    LOCAL = 21
};
/* Of the strongest frequency: below is rounding, which has no residual. */
static const double amplitude_floor = 1e-6;

static void continue_series(double *x)
{
    size_t last = NEWEST - 1;
    double slope = 0.0;
    for (size_t i = 1; i <= SLOPES; i++)
        slope += (x[last] - x[last - i]) / (double)i / SLOPES;
    double next = x[last - SLOPES + 1] + slope * SLOPES;
    for (size_t i = REAL; i < SIZE; i++)
        x[i] = next;
}

static void remove_mean(double *x)
{
    double mean = 0.0;
    for (size_t i = 0; i < SIZE; i++)
        mean += x[i] / SIZE;
    for (size_t i = 0; i < SIZE; i++)
        x[i] -= mean;
}

/* The mean, frequency 0, is no part of it: its neighbours stand in for it where it would
 * be averaged. Saliency of every point of x[SIZE]; false for a series without any
 * frequency. */
static bool saliency(const double *x, double *out)
{
    struct yaga_complex f[SIZE];
    double amplitude[SIZE];
    double log_amplitude[SIZE];
    double most = 0.0;
    for (size_t i = 0; i < SIZE; i++)
        f[i] = (struct yaga_complex){x[i], 0.0};
    yaga_fft_forward(f, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        amplitude[i] = hypot(f[i].re, f[i].im);
        most = fmax(most, amplitude[i]);
    }
    if (!(most > 0.0) || !isfinite(most))
        return false;
    for (size_t i = 0; i < SIZE; i++) {
        amplitude[i] = fmax(amplitude[i], amplitude_floor * most);
        log_amplitude[i] = log(amplitude[i]);
    }
    log_amplitude[0] = (log_amplitude[1] + log_amplitude[SIZE - 1]) / 2.0;
    f[0] = (struct yaga_complex){0.0, 0.0};
    for (size_t i = 1; i < SIZE; i++) {
        double around = log_amplitude[(i + SIZE - 1) % SIZE] + log_amplitude[i] +
                        log_amplitude[(i + 1) % SIZE];
        double factor = exp(log_amplitude[i] - around / 3.0) / amplitude[i];
        f[i].re *= factor;
        f[i].im *= factor;
    }
    yaga_fft_inverse(f, SIZE);
    for (size_t i = 0; i < SIZE; i++)
        out[i] = hypot(f[i].re, f[i].im);
    return true;
}

/* Of row i of a column. */
static double score_at(const struct yaga_detector_rows *rows, size_t i, size_t column)
{
    double x[SIZE];
    double s[SIZE];
    double mean = 0.0;
    if (i < LOCAL)
        return 0.0;
    for (size_t k = 0; k < REAL; k++) {
        size_t back = NEWEST - k;
        x[k] = rows->x[(i >= back ? i - back : 0) * rows->n_columns + column];
    }
    continue_series(x);
    remove_mean(x);
    if (!saliency(x, s))
        return 0.0;
    for (size_t k = 0; k < LOCAL; k++)
        mean += s[NEWEST - k] / LOCAL;
    return mean > 0.0 ? (s[NEWEST] - mean) / mean : 0.0;
}

static enum yaga_status fit(const struct yaga_detector_rows *rows,
                            const struct yaga_detector_params *params,
                            void **state,
                            struct yaga_error *err)
{
    (void)rows;
    (void)params;
    (void)err;
    *state = NULL;
    return YAGA_OK;
}

static enum yaga_status score(const void *state,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              const struct yaga_detector_out *out,
                              struct yaga_error *err)
{
    (void)state;
    (void)params;
    (void)err;
    for (size_t i = 0; i < rows->n_rows; i++) {
        out->scores[i] = -INFINITY;
        for (size_t j = 0; j < rows->n_columns; j++) {
            double one = score_at(rows, i, j);
            out->scores[i] = fmax(out->scores[i], one);
            if (out->contributions != NULL)
                out->contributions[i * rows->n_columns + j] = one;
        }
    }
    return YAGA_OK;
}

const struct yaga_detector_kind yaga_detector_spectral_residual = {
    .name = "spectral-residual",
    .help = "what breaks with the frequencies of its column, the worst column",
    .explains = true,
    .max_columns = SIZE_MAX,
    .fit = fit,
    .score = score,
    .free = yaga_free,
};
