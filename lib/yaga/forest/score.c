/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking trees, and the small formulas that growing, scoring and compiling share. */
#include <assert.h>
#include <math.h>

#include "forest_internal.h"

enum {
    LANES = 8,           /* rows walked side by side: hides the latency of each step */
    BLOCK_FLOATS = 8192, /* standardised values held at once, on the stack */
    BLOCK_ROWS = 128
};

/* Far beyond any scale seen in data, and differences of two such values are finite. */
static const double standard_limit = 1e30;

double yaga_forest_mean_depth(size_t n)
{
    if (n < 2)
        return 0.0;
    double harmonic = 0.0;
    for (size_t k = 1; k < n; k++)
        harmonic += 1.0 / (double)k;
    return 2.0 * harmonic - 2.0 * (double)(n - 1) / (double)n;
}

unsigned forest_depth_limit(size_t n)
{
    unsigned limit = 0;
    while (((size_t)1 << limit) < n)
        limit++;
    return limit;
}

size_t forest_max_nodes(size_t n)
{
    return 2 * n - 1;
}

float forest_standardise(double x, double centre, double scale)
{
    double z = (x - centre) / scale;
    return (float)fmin(fmax(z, -standard_limit), standard_limit);
}

double forest_score_of_path(double path_sum, double n_trees, double depth_c)
{
    return -exp2(-path_sum / (n_trees * depth_c));
}

bool forest_has_spread(float min, float max)
{
    float magnitude = fmaxf(fabsf(min), fabsf(max));
    return max - min > 1e-7f * fmaxf(1.0f, magnitude);
}

float forest_draw_threshold(struct yaga_rng *rng, float min, float max)
{
    double span = (double)max - (double)min;
    float t = (float)((double)min + yaga_rng_uniform(rng) * span);
    return t < max ? t : min; /* rounding to float may reach max, which would leave one
                                 side empty */
}

static double path_of(const struct yaga_forest_node *node, const float *row)
{
    while (node->feature >= 0)
        node += row[node->feature] <= node->value ? 1 : node->right;
    return (double)node->value;
}

/* LANES rows in step, without branches; a lane that reached a leaf (feature -1, right 0)
 * stays there. */
static void add_lanes(const struct yaga_forest_node *nodes,
                      const float *x,
                      size_t n_features,
                      double *sums)
{
    uint32_t at[LANES] = {0};
    uint32_t moved;
    do {
        moved = 0;
        for (size_t k = 0; k < LANES; k++) {
            const struct yaga_forest_node *node = &nodes[at[k]];
            uint32_t inner = node->feature >= 0;
            size_t feature = (size_t)node->feature & -(size_t)inner;
            uint32_t step =
                x[k * n_features + feature] <= node->value ? inner : node->right;
            at[k] += step;
            moved |= step;
        }
    } while (moved != 0);
    for (size_t k = 0; k < LANES; k++)
        sums[k] += (double)nodes[at[k]].value;
}

void forest_add_paths(const struct yaga_forest_node *nodes,
                      const float *x,
                      size_t n_features,
                      size_t n,
                      double *sums)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        add_lanes(nodes, x + i * n_features, n_features, sums + i);
    for (; i < n; i++)
        sums[i] += path_of(nodes, x + i * n_features);
}

/* Scores of n rows, n * n_features <= BLOCK_FLOATS and n <= BLOCK_ROWS. */
static void score_block(const struct yaga_forest *forest,
                        const double *x,
                        size_t n,
                        double depth_c,
                        double *scores)
{
    float z[BLOCK_FLOATS];
    double sums[BLOCK_ROWS] = {0.0};
    size_t p = forest->n_features;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < p; j++)
            z[i * p + j] =
                forest_standardise(x[i * p + j], forest->centre[j], forest->scale[j]);
    }
    for (size_t tree = 0; tree < forest->n_trees; tree++)
        forest_add_paths(forest->nodes + forest->tree_start[tree], z, p, n, sums);
    for (size_t i = 0; i < n; i++)
        scores[i] = forest_score_of_path(sums[i], (double)forest->n_trees, depth_c);
}

double yaga_forest_score(const struct yaga_forest *forest, const double *row)
{
    double score;
    score_block(forest, row, 1, yaga_forest_mean_depth(forest->sample_size), &score);
    return score;
}

void yaga_forest_score_rows(const struct yaga_forest *forest,
                            const double *x,
                            size_t n_rows,
                            int n_threads,
                            double *scores)
{
    assert(n_threads >= 1 && forest->n_features <= YAGA_FOREST_MAX_FEATURES);
    double depth_c = yaga_forest_mean_depth(forest->sample_size);
    size_t block = BLOCK_FLOATS / forest->n_features;
    block = block < BLOCK_ROWS ? block : BLOCK_ROWS;
    size_t n_blocks = (n_rows + block - 1) / block;
#pragma omp parallel for schedule(static) num_threads(n_threads) if (n_blocks > 1)
    for (size_t b = 0; b < n_blocks; b++) {
        size_t first = b * block;
        size_t n = n_rows - first < block ? n_rows - first : block;
        score_block(forest, x + first * forest->n_features, n, depth_c, scores + first);
    }
}

void yaga_forest_clear(struct yaga_forest *forest)
{
    yaga_free((void *)(uintptr_t)forest->centre);
    yaga_free((void *)(uintptr_t)forest->scale);
    yaga_free((void *)(uintptr_t)forest->tree_start);
    yaga_free((void *)(uintptr_t)forest->nodes);
    *forest = (struct yaga_forest){0};
}
