/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growing on one feature. With the rows sorted once, a node is a range of the sorted
 * sample, its range its two ends, its split a binary search; a tree is a step function
 * over the sorted rows. Each leaf adds its path to a whole run of rows as two
 * differences, so that out-of-bag scores cost O(psi) per tree instead of O(rows).
 */
#include "forest_internal.h"

struct grower {
    const struct forest_rows *rows;
    struct forest_worker *w;
    struct yaga_forest_node *nodes;
    size_t n_nodes;
    size_t next_row; /* first sorted row that no leaf has covered yet */
};

/* First index in v[lo..hi) above t. */
static size_t first_above(const float *v, size_t lo, size_t hi, float t)
{
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (v[middle] <= t)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* Leaf over sample[lo..hi), covering the sorted rows up to end_row. */
static void
add_leaf(struct grower *g, size_t lo, size_t hi, unsigned depth, size_t end_row)
{
    float path = (float)((double)depth + g->rows->depth_of[hi - lo]);
    g->nodes[g->n_nodes++] = (struct yaga_forest_node){.value = path, .feature = -1};
    struct forest_worker *w = g->w;
    if (w->path_sum == NULL)
        return;
    w->path_sum[g->next_row] += (double)path;
    if (end_row < g->rows->n_rows)
        w->path_sum[end_row] -= (double)path;
    g->next_row = end_row;
    for (size_t i = lo; i < hi; i++) {
        w->own_sum[w->rows[i]] += (double)path;
        w->own_n[w->rows[i]]++;
    }
}

static void
grow_range(struct grower *g, size_t lo, size_t hi, unsigned depth, size_t end_row)
{
    struct forest_worker *w = g->w;
    const float *v = w->sample;
    if (hi - lo <= 1 || depth >= g->rows->depth_limit ||
        !forest_has_spread(v[lo], v[hi - 1])) {
        add_leaf(g, lo, hi, depth, end_row);
        return;
    }
    float t = forest_draw_threshold(&w->rng, v[lo], v[hi - 1]);
    size_t cut = first_above(v, lo, hi, t);
    /* Rows between the two sampled neighbours of the cut may lie on either side of it. */
    size_t cut_row = first_above(g->rows->x, w->rows[cut - 1] + 1, w->rows[cut], t);
    size_t self = g->n_nodes++;
    grow_range(g, lo, cut, depth + 1, cut_row);
    g->nodes[self] = (struct yaga_forest_node){
        .value = t, .right = (uint16_t)(g->n_nodes - self), .feature = 0};
    grow_range(g, cut, hi, depth + 1, end_row);
}

size_t forest_grow_univariate(const struct forest_rows *rows,
                              struct forest_worker *w,
                              struct yaga_forest_node *nodes)
{
    for (size_t i = 0; i < rows->sample_size; i++)
        w->sample[i] = rows->x[w->rows[i]];
    struct grower g = {.rows = rows, .w = w, .nodes = nodes};
    grow_range(&g, 0, rows->sample_size, 0, rows->n_rows);
    return g.n_nodes;
}
