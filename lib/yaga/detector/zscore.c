/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distance from the middle of each column in units of its spread; the farthest column.
 * Classic by mean and standard deviation, robust by median and MAD (Iglewicz & Hoaglin
 * 1993). */
#include <math.h>
#include <stdint.h>

#include "yaga/detector/detector_internal.h"
#include "yaga/numeric/stats.h"

static const double mean_deviation_factor =
    1.253314; /* sd of a normal over its mean |x - median| */

struct column {
    double centre, spread; /* spread 0: says nothing */
};
struct state {
    size_t n;
    struct column columns[];
};

static struct column classic(double *x, size_t n)
{
    return (struct column){yaga_mean(x, n), yaga_sd(x, n)};
}

static struct column robust(double *x, size_t n)
{
    struct column c = {.centre = yaga_median_inplace(x, n)};
    c.spread = yaga_mad_inplace(x, n, c.centre); /* x is |x - centre| now */
    if (c.spread == 0.0)
        c.spread = mean_deviation_factor * yaga_mean(x, n);
    return c;
}

static enum yaga_status fit_with(const struct yaga_detector_rows *rows,
                                 struct column (*measure)(double *, size_t),
                                 void **out,
                                 struct yaga_error *err)
{
    size_t p = rows->n_columns;
    if (rows->n_rows < 2)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%zu rows to learn from: needs two",
                              rows->n_rows);
    YAGA_AUTO_MEM(double) x = yaga_alloc(rows->n_rows, sizeof *x);
    struct state *state = yaga_alloc(1, sizeof *state + p * sizeof state->columns[0]);
    if (x == NULL || state == NULL) {
        yaga_free(state);
        return yaga_error_nomem(err);
    }
    state->n = p;
    for (size_t j = 0; j < p; j++) {
        for (size_t i = 0; i < rows->n_rows; i++)
            x[i] = rows->x[i * p + j];
        state->columns[j] = measure(x, rows->n_rows);
    }
    *out = state;
    return YAGA_OK;
}

static enum yaga_status fit_classic(const struct yaga_detector_rows *rows,
                                    const struct yaga_detector_params *params,
                                    void **out,
                                    struct yaga_error *err)
{
    (void)params;
    return fit_with(rows, classic, out, err);
}

static enum yaga_status fit_robust(const struct yaga_detector_rows *rows,
                                   const struct yaga_detector_params *params,
                                   void **out,
                                   struct yaga_error *err)
{
    (void)params;
    return fit_with(rows, robust, out, err);
}

static enum yaga_status score(const void *opaque,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              const struct yaga_detector_out *out,
                              struct yaga_error *err)
{
    const struct state *state = opaque;
    (void)params;
    (void)err;
    for (size_t i = 0; i < rows->n_rows; i++) {
        out->scores[i] = 0.0;
        for (size_t j = 0; j < state->n; j++) {
            const struct column *c = &state->columns[j];
            double z = c->spread > 0.0
                           ? fabs(rows->x[i * state->n + j] - c->centre) / c->spread
                           : 0.0;
            out->scores[i] = fmax(out->scores[i], z);
            if (out->contributions != NULL)
                out->contributions[i * state->n + j] = z;
        }
    }
    return YAGA_OK;
}

const struct yaga_detector_kind yaga_detector_zscore = {
    .name = "zscore",
    .help = "distance from the mean in standard deviations, the farthest column",
    .explains = true,
    .max_columns = SIZE_MAX,
    .fit = fit_classic,
    .score = score,
    .free = yaga_free,
};

const struct yaga_detector_kind yaga_detector_robust_zscore = {
    .name = "robust-zscore",
    .help = "the same by median and MAD",
    .explains = true,
    .max_columns = SIZE_MAX,
    .fit = fit_robust,
    .score = score,
    .free = yaga_free,
};
