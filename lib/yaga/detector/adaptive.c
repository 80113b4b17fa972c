/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distance from a level that moves, in units of a spread that moves, with what moves
 * together counted once: for series whose level and liveliness drift. Of a column, x is
 * first (x - mean)/sd of the rows to learn from, cut at +-30; it begins with level m = 0
 * and variance v = 1:
 *
 *   u = x - m,  z = u / sqrt(v)
 *   d = u cut at +-3 sqrt(v)     a row far out moves level and variance only so much
 *   m <- m + a d                 a = 1 - 2^(-1/day)
 *   v <- max((1 - b)(v + b d^2), 0.04)      b = 1 - 2^(-1/(2 day))
 *
 *   score = z' (0.9 R + 0.1 I)^-1 z / p,    R = Z'Z/n of the rows to learn from
 *
 * The rows to learn from are gone through first. Where the rows to score do not follow
 * them, m begins as the median of the first day of these, v as 1.
 */
#include <math.h>

#include "yaga/detector/detector_internal.h"
#include "yaga/detector/timeline.h"
#include "yaga/numeric/cholesky.h"
#include "yaga/numeric/stats.h"

enum { COLUMNS_MAX = 1024 };

static const double far_out = 30.0;
static const double step_limit = 3.0; /* standard deviations */
static const double least_variance = 0.04;
static const double shrinkage = 0.1;

struct column {
    double mean, sd; /* of the rows to learn from; sd 1 for a constant column */
    double level, variance;
};
struct state {
    size_t n, day_rows;
    double level_rate, variance_rate;
    struct column *columns; /* [n] */
    double *factor;         /* [n][n] Cholesky factor of 0.9 R + 0.1 I */
};

static void clear(void *opaque)
{
    struct state *state = opaque;
    if (state == NULL)
        return;
    yaga_free(state->columns);
    yaga_free(state->factor);
    yaga_free(state);
}

static double cut(double x, double limit)
{
    return fmin(fmax(x, -limit), limit);
}

/* z of a value; then the column has moved. */
static double follow(struct column *c, double x, const struct state *s)
{
    double sd = sqrt(c->variance);
    double u = cut((x - c->mean) / c->sd, far_out) - c->level;
    double d = cut(u, step_limit * sd);
    c->level += s->level_rate * d;
    c->variance =
        fmax((1.0 - s->variance_rate) * (c->variance + s->variance_rate * d * d),
             least_variance);
    return u / sd;
}

static void
follow_row(struct column *columns, const double *row, const struct state *s, double *z)
{
    for (size_t j = 0; j < s->n; j++)
        z[j] = follow(&columns[j], row[j], s);
}

static struct column measure(const struct yaga_detector_rows *rows, size_t j)
{
    struct column c = {.variance = 1.0};
    double n = (double)rows->n_rows;
    double sum = 0.0;
    for (size_t i = 0; i < rows->n_rows; i++)
        c.mean += rows->x[i * rows->n_columns + j] / n;
    for (size_t i = 0; i < rows->n_rows; i++) {
        double d = rows->x[i * rows->n_columns + j] - c.mean;
        sum += d * d / n;
    }
    /* Rounding leaves a constant column a spread of some ulps of its mean. */
    c.sd = sqrt(sum) > 1e-13 * fabs(c.mean) ? sqrt(sum) : 1.0;
    return c;
}

/* Goes through the rows to learn from; the columns are left where they end. */
static enum yaga_status
learn(const struct yaga_detector_rows *rows, struct state *s, struct yaga_error *err)
{
    size_t p = s->n;
    YAGA_AUTO_MEM(double) z = yaga_alloc(p, sizeof *z);
    if (z == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < rows->n_rows; i++) {
        follow_row(s->columns, rows->x + i * p, s, z);
        for (size_t a = 0; a < p; a++)
            for (size_t b = 0; b < p; b++)
                s->factor[a * p + b] +=
                    (1.0 - shrinkage) * z[a] * z[b] / (double)rows->n_rows;
    }
    for (size_t a = 0; a < p; a++)
        s->factor[a * p + a] += shrinkage;
    return yaga_cholesky(s->factor, p, err);
}

static enum yaga_status fit(const struct yaga_detector_rows *rows,
                            const struct yaga_detector_params *params,
                            void **out,
                            struct yaga_error *err)
{
    size_t p = rows->n_columns;
    if (rows->n_rows < 2)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%zu rows to learn from: needs two",
                              rows->n_rows);
    struct state *state = yaga_calloc(1, sizeof *state);
    if (state == NULL)
        return yaga_error_nomem(err);
    *out = state; /* cleared by the caller, whatever happens */
    state->n = p;
    state->day_rows = yaga_timeline_of(rows, params->day_rows).day_rows;
    state->level_rate = 1.0 - pow(2.0, -1.0 / (double)state->day_rows);
    state->variance_rate = 1.0 - pow(2.0, -0.5 / (double)state->day_rows);
    state->columns = yaga_alloc(p, sizeof *state->columns);
    state->factor = yaga_calloc(p * p, sizeof *state->factor);
    if (state->columns == NULL || state->factor == NULL)
        return yaga_error_nomem(err);
    for (size_t j = 0; j < p; j++)
        state->columns[j] = measure(rows, j);
    return learn(rows, state, err);
}

/* y = L^-1 z becomes L'^-1 y; z_j times it adds up to the distance. */
static void attribute(const struct state *s, const double *z, double *y, double *why)
{
    for (size_t i = s->n; i-- > 0;) {
        for (size_t j = i + 1; j < s->n; j++)
            y[i] -= s->factor[j * s->n + i] * y[j];
        y[i] /= s->factor[i * s->n + i];
        why[i] = z[i] * y[i] / (double)s->n;
    }
}

/* Level by the first rows, variance as it was at the beginning. */
static enum yaga_status start_anew(const struct state *s,
                                   const struct yaga_detector_rows *rows,
                                   struct column *columns,
                                   struct yaga_error *err)
{
    size_t n = rows->n_rows < s->day_rows ? rows->n_rows : s->day_rows;
    YAGA_AUTO_MEM(double) x = yaga_alloc(n, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    for (size_t j = 0; j < s->n; j++) {
        for (size_t i = 0; i < n; i++)
            x[i] = rows->x[i * s->n + j];
        double median = yaga_median_inplace(x, n);
        columns[j].level = cut((median - columns[j].mean) / columns[j].sd, far_out);
        columns[j].variance = 1.0;
    }
    return YAGA_OK;
}

static enum yaga_status score(const void *opaque,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              const struct yaga_detector_out *out,
                              struct yaga_error *err)
{
    const struct state *s = opaque;
    size_t p = s->n;
    YAGA_AUTO_MEM(struct column) columns = yaga_memdup(s->columns, p * sizeof *columns);
    YAGA_AUTO_MEM(double) z = yaga_alloc(p, sizeof *z);
    YAGA_AUTO_MEM(double) y = yaga_alloc(p, sizeof *y);
    if (columns == NULL || z == NULL || y == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = params->apart ? start_anew(s, rows, columns, err) : YAGA_OK;
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < rows->n_rows; i++) {
        follow_row(columns, rows->x + i * p, s, z);
        out->scores[i] = yaga_cholesky_distance2(s->factor, p, z, y) / (double)p;
        if (out->contributions != NULL)
            attribute(s, z, y, out->contributions + i * p);
    }
    return YAGA_OK;
}

const struct yaga_detector_kind yaga_detector_adaptive = {
    .name = "adaptive",
    .help = "distance from a level that moves, in units of a spread that moves",
    .explains = true,
    .max_columns = COLUMNS_MAX,
    .fit = fit,
    .score = score,
    .free = clear,
};
