/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members that judge a service as a whole (ensemble.h) on the columns of a table:
 * each less its profile of the day, where the rows to learn from tell days apart and the
 * profile takes a tenth off the mean deviation, else less its median. The score is the
 * slow channel: evidence, and what it has been of late. What a metric is, a table does
 * not say: nothing is transformed.
 */
#include "yaga/ensemble/ensemble.h"

#include <math.h>
#include <string.h>

#include "yaga/detector/detector_internal.h"
#include "yaga/feature/feature.h"
#include "yaga/numeric/stats.h"

static const double worth_a_profile = 0.9;

struct state {
    size_t n, day_rows, n_train;
    struct yaga_profile *profiles; /* [n] */
    struct yaga_ensemble ensemble;
    struct yaga_ensemble_state after; /* the rows to learn from */
};

static void clear(void *opaque)
{
    struct state *s = opaque;
    if (s == NULL)
        return;
    yaga_ensemble_clear(&s->ensemble);
    yaga_free(s->profiles);
    yaga_free(s);
}

/* Days are counted from the first row to learn from; there are no weekends. */
static struct yaga_when when_of(const struct state *s, size_t row)
{
    size_t in_day = row % s->day_rows;
    return (struct yaga_when){
        .period = YAGA_POOLED,
        .slot = (int)(in_day * YAGA_SLOTS_PER_DAY / s->day_rows),
        .day = (int32_t)(row / s->day_rows) + 1,
    };
}

static double mean_abs(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(x[i]) / (double)n;
    return sum;
}

/* x [n] of one column; flat and seasonal [n] are scratch. */
static enum yaga_status fit_profile(const double *x,
                                    const struct yaga_when *when,
                                    size_t n,
                                    double *flat,
                                    double *seasonal,
                                    struct yaga_profile *out,
                                    double *r,
                                    struct yaga_error *err)
{
    struct yaga_profile daily;
    enum yaga_status st = yaga_profile_fit(x, when, NULL, n, false, out, err);
    if (st == YAGA_OK)
        st = yaga_profile_fit(x, when, NULL, n, true, &daily, err);
    if (st == YAGA_OK)
        st = yaga_profile_residuals_out_of_day(x, when, NULL, n, true, seasonal, err);
    if (st != YAGA_OK)
        return st;
    yaga_profile_residuals(out, x, when, n, flat);
    bool worth = mean_abs(seasonal, n) < worth_a_profile * mean_abs(flat, n);
    *out = worth ? daily : (struct yaga_profile){.level = 0.0};
    memcpy(r, worth ? seasonal : x, n * sizeof *r);
    return YAGA_OK;
}

/* Residuals of the rows to learn from, row-major, into r. */
static enum yaga_status fit_profiles(const struct yaga_detector_rows *rows,
                                     struct state *s,
                                     double *r,
                                     struct yaga_error *err)
{
    size_t n = rows->n_rows;
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(n, sizeof *when);
    YAGA_AUTO_MEM(double) work = yaga_alloc(4 * n, sizeof *work);
    enum yaga_status st = YAGA_OK;
    if (when == NULL || work == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        when[i] = when_of(s, i);
    for (size_t j = 0; j < s->n && st == YAGA_OK; j++) {
        double *x = work;
        double *residual = work + n;
        for (size_t i = 0; i < n; i++)
            x[i] = rows->x[i * s->n + j];
        st = fit_profile(x, when, n, work + 2 * n, work + 3 * n, &s->profiles[j],
                         residual, err);
        for (size_t i = 0; i < n && st == YAGA_OK; i++)
            r[i * s->n + j] = residual[i];
    }
    return st;
}

static enum yaga_status learn(const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              struct state *s,
                              struct yaga_error *err)
{
    struct yaga_ensemble_params p = {.day_rows = (double)params->day_rows,
                                     .seed = params->seed};
    YAGA_AUTO_MEM(double) r = yaga_alloc(rows->n_rows * s->n, sizeof *r);
    YAGA_AUTO_MEM(double) evidence = yaga_alloc(rows->n_rows, sizeof *evidence);
    YAGA_AUTO_MEM(bool) use = yaga_alloc(rows->n_rows, sizeof *use);
    if (r == NULL || evidence == NULL || use == NULL)
        return yaga_error_nomem(err);
    memset(use, true, rows->n_rows * sizeof *use);
    enum yaga_status st = fit_profiles(rows, s, r, err);
    return st == YAGA_OK ? yaga_ensemble_fit(&p, r, use, rows->n_rows, s->n, &s->ensemble,
                                             evidence, &s->after, err)
                         : st;
}

static enum yaga_status fit(const struct yaga_detector_rows *rows,
                            const struct yaga_detector_params *params,
                            void **out,
                            struct yaga_error *err)
{
    struct state *s = yaga_calloc(1, sizeof *s);
    if (s == NULL)
        return yaga_error_nomem(err);
    *out = s; /* cleared by the caller, whatever happens */
    s->n = rows->n_columns;
    s->day_rows = params->day_rows;
    s->n_train = rows->n_rows;
    s->profiles = yaga_calloc(s->n, sizeof *s->profiles);
    if (s->profiles == NULL)
        return yaga_error_nomem(err);
    return learn(rows, params, s, err);
}

static void residuals(const struct state *s, const double *row, size_t i, double *r)
{
    struct yaga_when when = when_of(s, i);
    for (size_t j = 0; j < s->n; j++)
        r[j] = row[j] - yaga_profile_at(&s->profiles[j], &when);
}

/* Where the rows to score begin: behind those to learn from, or anywhere. */
static enum yaga_status start(const struct state *s,
                              const struct yaga_detector_rows *rows,
                              bool apart,
                              double *r,
                              struct yaga_ensemble_state *out,
                              struct yaga_error *err)
{
    *out = s->after;
    if (!apart)
        return YAGA_OK;
    size_t n = rows->n_rows / 4 < s->day_rows ? rows->n_rows / 4 : s->day_rows;
    n = n < 20 ? 20 : n;
    n = n < rows->n_rows ? n : rows->n_rows;
    for (size_t i = 0; i < n; i++)
        residuals(s, rows->x + i * s->n, s->n_train + i, r + i * s->n);
    return yaga_ensemble_start(&s->ensemble, r, n, out, err);
}

static enum yaga_status score(const void *opaque,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              double *scores,
                              double *contributions,
                              struct yaga_error *err)
{
    const struct state *s = opaque;
    struct yaga_ensemble_state state;
    YAGA_AUTO_MEM(double) r = yaga_alloc(rows->n_rows * s->n, sizeof *r);
    YAGA_AUTO_MEM(double)
    scratch = yaga_alloc(yaga_ensemble_scratch(&s->ensemble), sizeof *scratch);
    if (r == NULL || scratch == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = start(s, rows, params->apart, r, &state, err);
    for (size_t i = 0; i < rows->n_rows && st == YAGA_OK; i++) {
        struct yaga_ensemble_row row;
        residuals(s, rows->x + i * s->n, s->n_train + i, r);
        yaga_ensemble_step(&s->ensemble, &state, r, scratch, &row);
        scores[i] = isfinite(row.slow) ? row.slow : 0.0;
        for (size_t j = 0; contributions != NULL && j < s->n; j++)
            contributions[i * s->n + j] = fabs(row.d[j]);
    }
    return st;
}

const struct yaga_detector_kind yaga_detector_ensemble = {
    .name = "ensemble",
    .help = "the members that judge a service as a whole, with what has been of late",
    .explains = true,
    .max_columns = YAGA_METRICS_MAX,
    .fit = fit,
    .score = score,
    .free = clear,
};
