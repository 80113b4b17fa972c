/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing on several features: rows are partitioned in place, a node is a range of them.
 */
#include "forest_internal.h"

struct grower {
    const struct forest_rows *rows;
    struct forest_worker *w;
    struct yaga_forest_node *nodes;
    size_t n_nodes;
};

static void column_range(
    const struct grower *g, size_t lo, size_t hi, size_t feature, float *min, float *max)
{
    const float *x = g->rows->x + feature;
    size_t p = g->rows->n_features;
    float least = x[g->w->rows[lo] * p];
    float most = least;
    for (size_t i = lo + 1; i < hi; i++) {
        float v = x[g->w->rows[i] * p];
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    *min = least;
    *max = most;
}

/* Try features in random order until one has spread: uniform among those that have. */
static bool pick_feature(
    struct grower *g, size_t lo, size_t hi, uint32_t *feature, float *min, float *max)
{
    uint32_t *f = g->w->features;
    for (size_t left = g->rows->n_features; left > 0; left--) {
        size_t j = (size_t)yaga_rng_below(&g->w->rng, left);
        uint32_t picked = f[j];
        f[j] = f[left - 1];
        f[left - 1] = picked;
        column_range(g, lo, hi, picked, min, max);
        if (forest_has_spread(*min, *max)) {
            *feature = picked;
            return true;
        }
    }
    return false;
}

/* Rows with x <= t to the front of w->rows[lo..hi); returns the first of the others. */
static size_t
split_rows(struct grower *g, size_t lo, size_t hi, uint32_t feature, float t)
{
    const float *x = g->rows->x + feature;
    size_t p = g->rows->n_features;
    uint32_t *rows = g->w->rows;
    size_t cut = lo;
    for (size_t i = lo; i < hi; i++) {
        uint32_t row = rows[i];
        rows[i] = rows[cut];
        rows[cut] = row;
        cut += x[row * p] <= t;
    }
    return cut;
}

static void add_leaf(struct grower *g, size_t lo, size_t hi, unsigned depth)
{
    float path = (float)((double)depth + g->rows->depth_of[hi - lo]);
    g->nodes[g->n_nodes++] = (struct yaga_forest_node){.value = path, .feature = -1};
    struct forest_worker *w = g->w;
    if (w->own_sum == NULL)
        return;
    for (size_t i = lo; i < hi; i++) {
        w->own_sum[w->rows[i]] += (double)path;
        w->own_n[w->rows[i]]++;
    }
}

static void grow_node(struct grower *g, size_t lo, size_t hi, unsigned depth)
{
    uint32_t feature;
    float min;
    float max;
    if (hi - lo <= 1 || depth >= g->rows->depth_limit ||
        !pick_feature(g, lo, hi, &feature, &min, &max)) {
        add_leaf(g, lo, hi, depth);
        return;
    }
    float t = forest_draw_threshold(&g->w->rng, min, max);
    size_t cut = split_rows(g, lo, hi, feature, t);
    size_t self = g->n_nodes++;
    grow_node(g, lo, cut, depth + 1);
    g->nodes[self] = (struct yaga_forest_node){
        .value = t, .right = (uint16_t)(g->n_nodes - self), .feature = (int16_t)feature};
    grow_node(g, cut, hi, depth + 1);
}

size_t forest_grow_multivariate(const struct forest_rows *rows,
                                struct forest_worker *w,
                                struct yaga_forest_node *nodes)
{
    /* The same start for every tree: the stream alone decides, not which tree the thread
     * grew before. */
    for (size_t j = 0; j < rows->n_features; j++)
        w->features[j] = (uint32_t)j;
    struct grower g = {.rows = rows, .w = w, .nodes = nodes};
    grow_node(&g, 0, rows->sample_size, 0);
    if (w->path_sum != NULL)
        forest_add_paths(nodes, rows->x, rows->n_features, rows->n_rows, w->path_sum);
    return g.n_nodes;
}
