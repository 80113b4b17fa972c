/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Residuals of the training range -> members and their calibration, by three-fold
 * cross-fitting. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/ensemble/ensemble_internal.h"
#include "yaga/numeric/stats.h"

enum { BLOCKS = 3, TREES = 100, SAMPLE = 256, LEAST_VALUES = 20 };
static const double tail_quantile = 0.95;
static const double least_spread = 0.05;

/* What the members look at, for all rows of the training. */
struct views {
    const struct yaga_ensemble_params *params;
    size_t n_rows, n_metrics, n_used;
    bool *skip;                    /* [n_rows] nothing measured, or not to be used */
    uint8_t *block;                /* [n_rows] fold of a row that is not skipped */
    double *ewma, *levelled, *d;   /* [n_rows x n_metrics] */
    double *window;                /* [n_rows x YAGA_ENSEMBLE_FEATURES n_metrics] */
    double *score[YAGA_N_MEMBERS]; /* [n_rows] by members that did not see the row */
};

/* The members that are fitted at all. */
struct members {
    struct yaga_distance ewma, levelled, window;
    struct yaga_forest forest;
};

static void members_clear(struct members *m)
{
    yaga_distance_clear(&m->ewma);
    yaga_distance_clear(&m->levelled);
    yaga_distance_clear(&m->window);
    yaga_forest_clear(&m->forest);
}

static void views_clear(struct views *v)
{
    yaga_free(v->skip);
    yaga_free(v->block);
    yaga_free(v->ewma); /* one block, see views_init */
}

static enum yaga_status views_init(struct views *v, struct yaga_error *err)
{
    size_t n = v->n_rows, p = v->n_metrics;
    size_t columns = (3 + YAGA_ENSEMBLE_FEATURES) * p + YAGA_N_MEMBERS;
    v->skip = yaga_calloc(n, sizeof *v->skip);
    v->block = yaga_calloc(n, sizeof *v->block);
    v->ewma = yaga_calloc(n, columns * sizeof *v->ewma);
    if (v->skip == NULL || v->block == NULL || v->ewma == NULL) {
        views_clear(v);
        return yaga_error_nomem(err);
    }
    v->d = v->ewma + n * p;
    v->levelled = v->d + n * p;
    v->window = v->levelled + n * p;
    double *scores = v->window + YAGA_ENSEMBLE_FEATURES * n * p;
    for (size_t m = 0; m < YAGA_N_MEMBERS; m++)
        v->score[m] = scores + m * n;
    return YAGA_OK;
}

/* Centre and scale of one metric; a metric that never moved is kept, for its moving is
 * what to look for. */
static void scale_metric(const double *r,
                         const bool *use,
                         size_t n_rows,
                         size_t p,
                         size_t j,
                         double *values,
                         double *centre,
                         double *scale)
{
    size_t n = 0;
    for (size_t t = 0; t < n_rows; t++) {
        if (use[t] && isfinite(r[t * p + j]))
            values[n++] = r[t * p + j];
    }
    *centre = *scale = 0.0;
    if (n < LEAST_VALUES)
        return;
    *centre = yaga_mean(values, n);
    *scale = yaga_sd(values, n);
    if (*scale <= 1e-9 * fabs(*centre) || *scale <= 1e-12)
        *scale = fmax(0.05 * fabs(*centre), 1e-3);
}

/* centre, scale and spread in one block owned by the ensemble; spread is 1 until
 * measured. */
static enum yaga_status scale_metrics(const double *r,
                                      const bool *use,
                                      size_t n_rows,
                                      struct yaga_ensemble *e,
                                      struct yaga_error *err)
{
    size_t p = e->n_metrics, n_scaled = 0;
    double *all = yaga_calloc(3 * p, sizeof *all);
    YAGA_AUTO_MEM(double) values = yaga_alloc(n_rows, sizeof *values);
    e->centre = all;
    if (all == NULL || values == NULL)
        return yaga_error_nomem(err);
    e->scale = all + p;
    e->spread = all + 2 * p;
    for (size_t j = 0; j < p; j++) {
        scale_metric(r, use, n_rows, p, j, values, &all[j], &all[p + j]);
        all[2 * p + j] = 1.0;
        n_scaled += all[p + j] > 0.0;
    }
    if (n_scaled == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "no metric with %d values",
                              LEAST_VALUES);
    return YAGA_OK;
}

/* d still divided by 1: measure its spread, then divide. */
static void spread_out(struct views *v, struct yaga_ensemble *e, double *values)
{
    double *spread = (double *)(uintptr_t)e->spread; /* ours, see scale_metrics */
    for (size_t j = 0; j < v->n_metrics; j++) {
        size_t n = 0;
        for (size_t t = 0; t < v->n_rows; t++) {
            if (!v->skip[t])
                values[n++] = v->d[t * v->n_metrics + j];
        }
        double sd = yaga_sd(values, n);
        spread[j] = sd > 1e-9 ? fmax(sd, least_spread) : 1.0;
        for (size_t t = 0; t < v->n_rows; t++) {
            double *d = &v->d[t * v->n_metrics + j];
            *d = yaga_ensemble_squash(*d / spread[j]);
        }
    }
}

/* Walk the rows in order, as inference will. */
static enum yaga_status look(struct views *v,
                             const double *r,
                             const bool *use,
                             struct yaga_ensemble *e,
                             struct yaga_ensemble_state *state,
                             struct yaga_error *err)
{
    size_t p = v->n_metrics;
    double nothing[YAGA_METRICS_MAX];
    size_t n_first = (size_t)fmin((double)v->n_rows / 4.0, e->day_rows);
    YAGA_AUTO_MEM(double) values = yaga_alloc(v->n_rows, sizeof *values);
    if (values == NULL)
        return yaga_error_nomem(err);
    for (size_t j = 0; j < p; j++)
        nothing[j] = (double)NAN;
    enum yaga_status st = yaga_ensemble_start(e, r, n_first, state, err);
    if (st != YAGA_OK)
        return st;
    for (size_t t = 0; t < v->n_rows; t++) {
        struct yaga_ensemble_view view = {
            .d = v->d + t * p, .window = v->window + YAGA_ENSEMBLE_FEATURES * t * p};
        v->skip[t] =
            !yaga_ensemble_advance(e, state, use[t] ? r + t * p : nothing, &view);
        v->n_used += !v->skip[t];
        if (v->skip[t])
            continue;
        memcpy(v->ewma + t * p, view.ewma, p * sizeof *v->ewma);
        memcpy(v->levelled + t * p, view.levelled, p * sizeof *v->levelled);
    }
    if (v->n_used < YAGA_ENSEMBLE_MIN_ROWS)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%zu of %d rows", v->n_used,
                              YAGA_ENSEMBLE_MIN_ROWS);
    spread_out(v, e, values);
    size_t seen = 0;
    for (size_t t = 0; t < v->n_rows; t++) {
        v->block[t] = (uint8_t)(seen * BLOCKS / v->n_used);
        seen += !v->skip[t];
    }
    return YAGA_OK;
}

static enum yaga_status grow(const struct views *v,
                             const bool *skip,
                             uint64_t stream,
                             struct yaga_forest *out,
                             struct yaga_error *err)
{
    size_t p = v->n_metrics, n = 0;
    YAGA_AUTO_MEM(double) x = yaga_alloc(v->n_rows * p, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    for (size_t t = 0; t < v->n_rows; t++) {
        if (!skip[t])
            memcpy(x + p * n++, v->d + p * t, p * sizeof *x);
    }
    struct yaga_forest_params params = {.n_trees = TREES,
                                        .sample_size = SAMPLE,
                                        .seed = yaga_hash_u64(v->params->seed, stream),
                                        .n_threads = 1};
    return yaga_forest_grow(x, n, p, &params, out, NULL, err);
}

static enum yaga_status fit_members(const struct views *v,
                                    const bool *skip,
                                    uint64_t stream,
                                    struct members *out,
                                    struct yaga_error *err)
{
    struct members m = {.ewma = {0}};
    enum yaga_status st =
        yaga_distance_fit(v->ewma, skip, v->n_rows, v->n_metrics, &m.ewma, err);
    if (st == YAGA_OK)
        st = yaga_distance_fit(v->levelled, skip, v->n_rows, v->n_metrics, &m.levelled,
                               err);
    if (st == YAGA_OK)
        st = yaga_distance_fit(v->window, skip, v->n_rows,
                               YAGA_ENSEMBLE_FEATURES * v->n_metrics, &m.window, err);
    if (st == YAGA_OK)
        st = grow(v, skip, stream, &m.forest, err);
    if (st != YAGA_OK) {
        members_clear(&m);
        return st;
    }
    *out = m;
    return YAGA_OK;
}

static void score_row(struct views *v, const struct members *m, size_t t, double *scratch)
{
    size_t p = v->n_metrics;
    const double *d = v->d + t * p;
    double sum = 0.0;
    for (size_t j = 0; j < p; j++)
        sum += fabs(d[j]);
    v->score[YAGA_MEMBER_EWMA][t] = yaga_distance_of(&m->ewma, v->ewma + t * p, scratch);
    v->score[YAGA_MEMBER_MEAN][t] = sum / (double)p;
    v->score[YAGA_MEMBER_WINDOW][t] =
        yaga_distance_of(&m->window, v->window + YAGA_ENSEMBLE_FEATURES * t * p, scratch);
    v->score[YAGA_MEMBER_FOREST][t] = -yaga_forest_score(&m->forest, d);
    v->score[YAGA_MEMBER_LEVELLED][t] =
        yaga_distance_of(&m->levelled, v->levelled + t * p, scratch);
}

/* Every third by members that saw the other two. */
static enum yaga_status cross_score(struct views *v, struct yaga_error *err)
{
    YAGA_AUTO_MEM(bool) skip = yaga_alloc(v->n_rows, sizeof *skip);
    YAGA_AUTO_MEM(double)
    scratch = yaga_alloc(2 * YAGA_ENSEMBLE_FEATURES * v->n_metrics, sizeof *scratch);
    if (skip == NULL || scratch == NULL)
        return yaga_error_nomem(err);
    for (size_t block = 0; block < BLOCKS; block++) {
        struct members m;
        for (size_t t = 0; t < v->n_rows; t++)
            skip[t] = v->skip[t] || v->block[t] == block;
        enum yaga_status st = fit_members(v, skip, block + 1, &m, err);
        if (st != YAGA_OK)
            return st;
        for (size_t t = 0; t < v->n_rows; t++) {
            if (!v->skip[t] && v->block[t] == block)
                score_row(v, &m, t, scratch);
        }
        members_clear(&m);
    }
    return YAGA_OK;
}

static enum yaga_status calibrate(const struct views *v,
                                  const double *score,
                                  struct yaga_member_scale *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) used = yaga_alloc(v->n_used, sizeof *used);
    if (used == NULL)
        return yaga_error_nomem(err);
    size_t n = 0;
    for (size_t t = 0; t < v->n_rows; t++) {
        if (!v->skip[t])
            used[n++] = score[t];
    }
    enum yaga_status st = yaga_table_make(used, n, &out->scores, err);
    if (st != YAGA_OK)
        return st;
    yaga_sort(used, n);
    yaga_tail_fit(used, n, tail_quantile, &out->tail);
    return YAGA_OK;
}

/* e of every row from the calibrated scores, and what the last rows leave behind. */
static void weigh(const struct views *v,
                  const struct yaga_ensemble *e,
                  double *evidence,
                  struct yaga_ensemble_state *state)
{
    for (size_t t = 0; t < v->n_rows; t++) {
        double sum = 0.0, fast, slow;
        for (size_t m = 0; m < YAGA_N_MEMBERS; m++)
            sum += v->skip[t] ? (double)NAN
                              : yaga_member_evidence(&e->member[m], v->score[m][t]);
        evidence[t] = sum / (double)YAGA_N_MEMBERS;
        yaga_ensemble_channels(state, evidence[t], &fast, &slow);
    }
}

static enum yaga_status learn(struct views *v,
                              const double *r,
                              const bool *use,
                              struct yaga_ensemble *e,
                              double *evidence,
                              struct yaga_ensemble_state *state,
                              struct yaga_error *err)
{
    struct members m;
    enum yaga_status st = scale_metrics(r, use, v->n_rows, e, err);
    if (st == YAGA_OK)
        st = look(v, r, use, e, state, err);
    if (st == YAGA_OK)
        st = cross_score(v, err);
    for (size_t i = 0; st == YAGA_OK && i < YAGA_N_MEMBERS; i++)
        st = calibrate(v, v->score[i], &e->member[i], err);
    if (st == YAGA_OK)
        st = fit_members(v, v->skip, 0, &m, err);
    if (st != YAGA_OK)
        return st;
    e->ewma = m.ewma;
    e->levelled = m.levelled;
    e->window = m.window;
    e->forest = m.forest;
    weigh(v, e, evidence, state);
    return YAGA_OK;
}

void yaga_ensemble_clear(struct yaga_ensemble *ensemble)
{
    yaga_free((void *)(uintptr_t)ensemble->centre); /* one block, see scale_metrics */
    yaga_distance_clear(&ensemble->ewma);
    yaga_distance_clear(&ensemble->levelled);
    yaga_distance_clear(&ensemble->window);
    yaga_forest_clear(&ensemble->forest);
    for (size_t m = 0; m < YAGA_N_MEMBERS; m++)
        yaga_table_clear(&ensemble->member[m].scores);
    *ensemble = (struct yaga_ensemble){0};
}

enum yaga_status yaga_ensemble_fit(const struct yaga_ensemble_params *params,
                                   const double *r,
                                   const bool *use,
                                   size_t n_rows,
                                   size_t n_metrics,
                                   struct yaga_ensemble *out,
                                   double *evidence,
                                   struct yaga_ensemble_state *state,
                                   struct yaga_error *err)
{
    struct views v = {.params = params, .n_rows = n_rows, .n_metrics = n_metrics};
    struct yaga_ensemble e = {.n_metrics = n_metrics, .day_rows = params->day_rows};
    if (n_metrics == 0 || n_rows < YAGA_ENSEMBLE_MIN_ROWS)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "%zu rows of %zu metrics, need %d rows", n_rows, n_metrics,
                              YAGA_ENSEMBLE_MIN_ROWS);
    enum yaga_status st = views_init(&v, err);
    if (st != YAGA_OK)
        return st;
    st = learn(&v, r, use, &e, evidence, state, err);
    views_clear(&v);
    if (st != YAGA_OK) {
        yaga_ensemble_clear(&e);
        return st;
    }
    *out = e;
    return YAGA_OK;
}
