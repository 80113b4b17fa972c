/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growing: standardise, then one tree after the other on as many threads as asked for.
 *
 * Path lengths are floats below 64 that are 0 or at least 1, hence multiples of 2^-23;
 * sums over at most YAGA_FOREST_MAX_TREES of them need 43 bits and are exact in double.
 * That is why threads may add in any order and still agree to the last bit.
 */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "forest_internal.h"
#include "yaga/base/hash.h"
#include "yaga/numeric/stats.h"

/* Everything one call of yaga_forest_grow holds, so that one clear undoes it at any
 * point. */
struct growth {
    struct forest_rows rows;
    size_t n_trees;
    uint64_t seed;
    int n_threads;
    size_t max_nodes; /* of one tree */
    float *x;         /* what rows.x points to */
    double *weights;  /* and rows.weights; NULL = all alike */
    double *depth_of;
    double *centre;
    double *scale;
    uint32_t *order; /* univariate: original row of each sorted one */
    uint32_t *tree_start;
    struct yaga_forest_node
        *nodes; /* tree t at t * max_nodes while growing, packed afterwards */
    struct forest_worker *workers; /* [n_threads] */
};

static void worker_clear(struct forest_worker *w)
{
    yaga_free(w->bag);
    yaga_free(w->race);
    yaga_free(w->rows);
    yaga_free(w->sample);
    yaga_free(w->features);
    yaga_free(w->path_sum);
    yaga_free(w->own_sum);
    yaga_free(w->own_n);
}

static void growth_clear(struct growth *g)
{
    for (int i = 0; g->workers != NULL && i < g->n_threads; i++)
        worker_clear(&g->workers[i]);
    yaga_free(g->workers);
    yaga_free(g->nodes);
    yaga_free(g->tree_start);
    yaga_free(g->order);
    yaga_free(g->scale);
    yaga_free(g->centre);
    yaga_free(g->depth_of);
    yaga_free(g->weights);
    yaga_free(g->x);
}

static bool
worker_init(struct forest_worker *w, const struct forest_rows *rows, bool with_oob)
{
    size_t n = rows->n_rows;
    w->bag = yaga_calloc(n / 64 + 1, sizeof *w->bag);
    w->rows = yaga_alloc(rows->sample_size, sizeof *w->rows);
    w->sample = yaga_alloc(rows->sample_size, sizeof *w->sample);
    w->features = yaga_alloc(rows->n_features, sizeof *w->features);
    if (w->bag == NULL || w->rows == NULL || w->sample == NULL || w->features == NULL)
        return false;
    if (rows->weights != NULL) {
        w->race = yaga_alloc(rows->sample_size, sizeof *w->race);
        if (w->race == NULL)
            return false;
    }
    if (!with_oob)
        return true;
    w->path_sum = yaga_calloc(n, sizeof *w->path_sum);
    w->own_sum = yaga_calloc(n, sizeof *w->own_sum);
    w->own_n = yaga_calloc(n, sizeof *w->own_n);
    return w->path_sum != NULL && w->own_sum != NULL && w->own_n != NULL;
}

/* c(0..sample_size) with H summed once. */
static void fill_depths(double *depth_of, size_t sample_size)
{
    depth_of[0] = 0.0;
    double harmonic = 0.0; /* H(k - 1) */
    for (size_t k = 1; k <= sample_size; k++) {
        double n = (double)k;
        depth_of[k] = k < 2 ? 0.0 : 2.0 * harmonic - 2.0 * (n - 1.0) / n;
        harmonic += 1.0 / n;
    }
}

static bool growth_alloc(struct growth *g, bool with_oob, bool weighted)
{
    const struct forest_rows *rows = &g->rows;
    if (weighted) {
        g->weights = yaga_alloc(rows->n_rows, sizeof *g->weights);
        if (g->weights == NULL)
            return false;
        g->rows.weights = g->weights;
    }
    g->x = yaga_alloc(rows->n_rows, rows->n_features * sizeof *g->x);
    g->depth_of = yaga_alloc(rows->sample_size + 1, sizeof *g->depth_of);
    g->centre = yaga_alloc(rows->n_features, sizeof *g->centre);
    g->scale = yaga_alloc(rows->n_features, sizeof *g->scale);
    g->tree_start = yaga_alloc(g->n_trees + 1, sizeof *g->tree_start);
    /* Room for the largest trees; what they do not use is never touched and given back.
     */
    g->nodes = yaga_alloc(g->n_trees, g->max_nodes * sizeof *g->nodes);
    g->workers = yaga_calloc((size_t)g->n_threads, sizeof *g->workers);
    if (g->x == NULL || g->depth_of == NULL || g->centre == NULL || g->scale == NULL ||
        g->tree_start == NULL || g->nodes == NULL || g->workers == NULL)
        return false;
    for (int i = 0; i < g->n_threads; i++) {
        if (!worker_init(&g->workers[i], rows, with_oob))
            return false;
    }
    fill_depths(g->depth_of, rows->sample_size);
    g->rows.x = g->x;
    g->rows.depth_of = g->depth_of;
    return true;
}

/* Median, and IQR or the standard deviation or 1: the first that is a usable scale. */
static void column_scale(double *column, size_t n, double *centre, double *scale)
{
    double sd = yaga_sd(column, n);
    yaga_sort(column, n);
    double iqr =
        yaga_quantile_sorted(column, n, 0.75) - yaga_quantile_sorted(column, n, 0.25);
    *centre = yaga_quantile_sorted(column, n, 0.5);
    *scale = 1.0;
    if (isnormal(sd))
        *scale = sd;
    if (isnormal(iqr))
        *scale = iqr;
}

static bool standardise(struct growth *g, const double *x)
{
    size_t n = g->rows.n_rows;
    size_t p = g->rows.n_features;
    YAGA_AUTO_MEM(double) column = yaga_alloc(n, sizeof *column);
    if (column == NULL)
        return false;
    for (size_t j = 0; j < p; j++) {
        for (size_t i = 0; i < n; i++)
            column[i] = x[i * p + j];
        column_scale(column, n, &g->centre[j], &g->scale[j]);
        for (size_t i = 0; i < n; i++)
            g->x[i * p + j] = forest_standardise(x[i * p + j], g->centre[j], g->scale[j]);
    }
    return true;
}

/* Sort the single column, remembering where each value came from. */
static bool sort_rows(struct growth *g)
{
    size_t n = g->rows.n_rows;
    YAGA_AUTO_MEM(struct forest_keyed) items = yaga_alloc(n, 2 * sizeof *items);
    g->order = yaga_alloc(n, sizeof *g->order);
    if (items == NULL || g->order == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        items[i].key = forest_key_of_float(g->x[i]);
        items[i].payload = (uint32_t)i;
    }
    forest_radix_sort(items, items + n, n);
    for (size_t i = 0; i < n; i++) {
        g->x[i] = forest_float_of_key(items[i].key);
        g->order[i] = items[i].payload;
    }
    return true;
}

/* In the order of the rows, which are sorted when there is one feature. */
static void take_weights(struct growth *g, const double *weights)
{
    for (size_t i = 0; weights != NULL && i < g->rows.n_rows; i++)
        g->weights[i] = weights[g->order != NULL ? g->order[i] : i];
}

static void grow_tree(struct growth *g, struct forest_worker *w, size_t tree)
{
    yaga_rng_init(&w->rng, yaga_hash_u64(g->seed, tree));
    forest_draw_rows(&g->rows, w);
    struct yaga_forest_node *nodes = g->nodes + tree * g->max_nodes;
    size_t n = g->rows.n_features == 1 ? forest_grow_univariate(&g->rows, w, nodes)
                                       : forest_grow_multivariate(&g->rows, w, nodes);
    g->tree_start[tree] =
        (uint32_t)n; /* its size for now; pack() turns sizes into starts */
}

static void grow_trees(struct growth *g)
{
#pragma omp parallel for schedule(dynamic, 4) num_threads(g->n_threads)
    for (size_t tree = 0; tree < g->n_trees; tree++)
        grow_tree(g, &g->workers[omp_get_thread_num()], tree);
}

/* Close the gaps between trees. */
static void pack(struct growth *g)
{
    uint32_t end = 0;
    for (size_t tree = 0; tree < g->n_trees; tree++) {
        uint32_t n = g->tree_start[tree];
        memmove(g->nodes + end, g->nodes + tree * g->max_nodes, n * sizeof *g->nodes);
        g->tree_start[tree] = end;
        end += n;
    }
    g->tree_start[g->n_trees] = end;
    struct yaga_forest_node *smaller = yaga_realloc(g->nodes, end, sizeof *g->nodes);
    if (smaller != NULL) /* otherwise the roomy block is as good */
        g->nodes = smaller;
}

/* Add the other workers' sums to those of the first; exact, so the order is free. */
static void sum_workers(struct growth *g)
{
    struct forest_worker *first = &g->workers[0];
    for (int k = 1; k < g->n_threads; k++) {
        for (size_t i = 0; i < g->rows.n_rows; i++) {
            first->path_sum[i] += g->workers[k].path_sum[i];
            first->own_sum[i] += g->workers[k].own_sum[i];
            first->own_n[i] += g->workers[k].own_n[i];
        }
    }
    if (g->rows.n_features != 1)
        return;
    for (size_t i = 1; i < g->rows.n_rows; i++)
        first->path_sum[i] += first->path_sum[i - 1];
}

static void score_out_of_bag(struct growth *g, double *oob)
{
    sum_workers(g);
    const struct forest_worker *w = &g->workers[0];
    double depth_c = g->depth_of[g->rows.sample_size];
    for (size_t i = 0; i < g->rows.n_rows; i++) {
        size_t trees = g->n_trees - w->own_n[i];
        double path = w->path_sum[i] - w->own_sum[i];
        if (trees < FOREST_OOB_TREES_MIN) {
            trees = g->n_trees;
            path = w->path_sum[i];
        }
        oob[g->order != NULL ? g->order[i] : i] =
            forest_score_of_path(path, (double)trees, depth_c);
    }
}

static enum yaga_status check_params(size_t n_rows,
                                     size_t n_features,
                                     const struct yaga_forest_params *params,
                                     struct yaga_error *err)
{
    if (n_rows < 2 || n_rows > UINT32_MAX)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "isolation forest: %zu rows, needs 2 or more", n_rows);
    if (n_features < 1 || n_features > YAGA_FOREST_MAX_FEATURES)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "isolation forest: %zu features, not in 1..%d", n_features,
                              YAGA_FOREST_MAX_FEATURES);
    if (params->n_trees < 1 || params->n_trees > YAGA_FOREST_MAX_TREES)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "isolation forest: %zu trees, not in 1..%d",
                              params->n_trees, YAGA_FOREST_MAX_TREES);
    if (params->sample_size < 2 || params->sample_size > YAGA_FOREST_MAX_SAMPLE)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "isolation forest: sample of %zu, not in 2..%d",
                              params->sample_size, YAGA_FOREST_MAX_SAMPLE);
    for (size_t i = 0; params->weights != NULL && i < n_rows; i++) {
        if (!(params->weights[i] > 0.0 && isfinite(params->weights[i])))
            return yaga_error_set(err, YAGA_E_INPUT,
                                  "isolation forest: weight of row %zu is not a positive "
                                  "number",
                                  i);
    }
    assert(params->n_threads >= 1);
    return YAGA_OK;
}

static struct yaga_forest take_forest(struct growth *g)
{
    return (struct yaga_forest){
        .n_features = g->rows.n_features,
        .n_trees = g->n_trees,
        .sample_size = g->rows.sample_size,
        .centre = YAGA_TAKE(g->centre),
        .scale = YAGA_TAKE(g->scale),
        .tree_start = YAGA_TAKE(g->tree_start),
        .nodes = YAGA_TAKE(g->nodes),
    };
}

enum yaga_status yaga_forest_grow(const double *x,
                                  size_t n_rows,
                                  size_t n_features,
                                  const struct yaga_forest_params *params,
                                  struct yaga_forest *out,
                                  double *oob,
                                  struct yaga_error *err)
{
    enum yaga_status st = check_params(n_rows, n_features, params, err);
    if (st != YAGA_OK)
        return st;
    size_t psi = params->sample_size < n_rows ? params->sample_size : n_rows;
    size_t n_threads = (size_t)params->n_threads;
    struct growth g __attribute__((cleanup(growth_clear))) = {
        .rows = {.n_rows = n_rows,
                 .n_features = n_features,
                 .sample_size = psi,
                 .depth_limit = forest_depth_limit(psi)},
        .n_trees = params->n_trees,
        .seed = params->seed,
        .n_threads = (int)(n_threads < params->n_trees ? n_threads : params->n_trees),
        .max_nodes = forest_max_nodes(psi),
    };
    if (!growth_alloc(&g, oob != NULL, params->weights != NULL) || !standardise(&g, x) ||
        (n_features == 1 && !sort_rows(&g)))
        return yaga_error_nomem(err);
    take_weights(&g, params->weights);
    grow_trees(&g);
    pack(&g);
    if (oob != NULL)
        score_out_of_bag(&g, oob);
    *out = take_forest(&g);
    return YAGA_OK;
}
