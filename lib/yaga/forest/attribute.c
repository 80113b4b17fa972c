/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shapley values of the path length, exactly: what a tree expects of a row when only some
 * features are known is the mean over the branches of unknown ones, weighted by the rows
 * that went there. For a leaf, feature i on the path to it is a factor z_i (share of rows
 * that pass its splits) when unknown and o_i (0 or 1) when known, and
 *
 *   phi_i = sum over leaves of path (o_i - z_i) sum_k e_k k!(m-k-1)!/m!
 *   sum_k e_k y^k = prod over j != i of (z_j + o_j y)
 *
 * k!(m-k-1)!/m! is the integral of t^k (1-t)^(m-1-k) over [0, 1], so that the inner sum
 * is the integral of prod (z_j (1-t) + o_j t): a polynomial of degree m - 1, to which
 * Gauss-Legendre quadrature is exact. Every factor is positive: nothing cancels.
 *
 * Lundberg et al. 2020 (path-dependent TreeSHAP), Yu et al. 2022 (as polynomials).
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "forest_internal.h"

enum {
    POINTS = 8,    /* of the quadrature: exact to degree 15 */
    DEPTH_MAX = 15 /* ceil(log2 YAGA_FOREST_MAX_SAMPLE): features on a path */
};

/* Gauss-Legendre on [0, 1]: (1 +- x)/2 and w/2 of the classical nodes on [-1, 1]
 * (Abramowitz & Stegun, table 25.4). */
#define BELOW(x) (0.5 - 0.5 * (x))
#define ABOVE(x) (0.5 + 0.5 * (x))
static const double at[POINTS] = {BELOW(0.9602898564975362), BELOW(0.7966664774136267),
                                  BELOW(0.5255324099163290), BELOW(0.1834346424956498),
                                  ABOVE(0.1834346424956498), ABOVE(0.5255324099163290),
                                  ABOVE(0.7966664774136267), ABOVE(0.9602898564975362)};
static const double weight[POINTS] = {0.5 * 0.1012285362903763, 0.5 * 0.2223810344533745,
                                      0.5 * 0.3137066458778873, 0.5 * 0.3626837833783620,
                                      0.5 * 0.3626837833783620, 0.5 * 0.3137066458778873,
                                      0.5 * 0.2223810344533745, 0.5 * 0.1012285362903763};

/* c(n) = 2 ln(n-1) + 2 gamma - 2 + 3/(n-1) + ..., which this inverts to within 0.03 of
 * the integer for every n up to YAGA_FOREST_MAX_SAMPLE, the rounding of the leaf
 * included. */
size_t forest_leaf_rows(float path, unsigned depth)
{
    static const double euler = 0.57721566490153286;
    double c = (double)path - (double)depth;
    if (!(c >= 0.0 && c <= 64.0))
        return 0;
    return (size_t)lround(exp((c + 2.0) / 2.0 - euler) - 0.5);
}

/* A feature on the way to a leaf. */
struct passed {
    int16_t feature;
    double unknown; /* z: share of rows that pass its splits */
    double known;   /* o: 1 while the row itself does */
};

struct walk {
    const struct yaga_forest_node *nodes;
    const uint16_t *rows; /* of each node of the tree */
    const float *x;       /* the row, standardised */
    struct passed path[DEPTH_MAX];
    size_t n_passed;
    double expected; /* mean path over the rows */
    double *phi;
};

static uint16_t
count_rows(const struct yaga_forest_node *nodes, size_t i, unsigned depth, uint16_t *rows)
{
    const struct yaga_forest_node *node = &nodes[i];
    if (node->feature < 0)
        rows[i] = (uint16_t)forest_leaf_rows(node->value, depth);
    else
        rows[i] = (uint16_t)(count_rows(nodes, i + 1, depth + 1, rows) +
                             count_rows(nodes, i + node->right, depth + 1, rows));
    return rows[i];
}

static double factor(const struct passed *p, size_t q)
{
    return p->unknown * (1.0 - at[q]) + p->known * at[q];
}

static void reach(struct walk *w, const struct yaga_forest_node *leaf, double share)
{
    double product[POINTS];
    memcpy(product, weight, sizeof product);
    for (size_t j = 0; j < w->n_passed; j++) {
        for (size_t q = 0; q < POINTS; q++)
            product[q] *= factor(&w->path[j], q);
    }
    for (size_t i = 0; i < w->n_passed; i++) {
        const struct passed *p = &w->path[i];
        double sum = 0.0;
        for (size_t q = 0; q < POINTS; q++)
            sum += product[q] / factor(p, q);
        w->phi[p->feature] += (double)leaf->value * (p->known - p->unknown) * sum;
    }
    w->expected += (double)leaf->value * share;
}

static void descend(struct walk *w, size_t i, double share);

static void
enter(struct walk *w, size_t parent, size_t child, bool is_way_of_row, double share)
{
    int16_t feature = w->nodes[parent].feature;
    double part = (double)w->rows[child] / (double)w->rows[parent];
    size_t k = 0;
    while (k < w->n_passed && w->path[k].feature != feature)
        k++;
    struct passed before = w->path[k < w->n_passed ? k : 0];
    bool is_new = k == w->n_passed;
    if (is_new)
        w->path[w->n_passed++] = (struct passed){feature, 1.0, 1.0};
    w->path[k].unknown *= part;
    w->path[k].known *= is_way_of_row ? 1.0 : 0.0;
    descend(w, child, share * part);
    if (is_new)
        w->n_passed--;
    else
        w->path[k] = before;
}

static void descend(struct walk *w, size_t i, double share)
{
    const struct yaga_forest_node *node = &w->nodes[i];
    if (node->feature < 0) {
        reach(w, node, share);
        return;
    }
    bool is_left = w->x[node->feature] <= node->value;
    enter(w, i, i + 1, is_left, share);
    enter(w, i, i + node->right, !is_left, share);
}

double yaga_forest_attribute(const struct yaga_forest *forest,
                             const double *row,
                             double *contributions)
{
    float x[YAGA_FOREST_MAX_FEATURES];
    uint16_t rows[2 * YAGA_FOREST_MAX_SAMPLE - 1];
    static_assert(YAGA_FOREST_MAX_SAMPLE <= 1 << DEPTH_MAX, "paths are no longer");
    static_assert((int)DEPTH_MAX <= 2 * (int)POINTS, "the quadrature is exact");
    for (size_t j = 0; j < forest->n_features; j++) {
        x[j] = forest_standardise(row[j], forest->centre[j], forest->scale[j]);
        contributions[j] = 0.0;
    }
    struct walk w = {.rows = rows, .x = x, .phi = contributions};
    for (size_t tree = 0; tree < forest->n_trees; tree++) {
        w.nodes = forest->nodes + forest->tree_start[tree];
        size_t n = count_rows(w.nodes, 0, 0, rows);
        assert(n == forest->sample_size); /* yaga_forest_check saw to it */
        (void)n;
        descend(&w, 0, 1.0);
    }
    double scale =
        -1.0 / ((double)forest->n_trees * yaga_forest_mean_depth(forest->sample_size));
    for (size_t j = 0; j < forest->n_features; j++)
        contributions[j] = contributions[j] * scale + 0.0; /* no -0 */
    return w.expected * scale;
}
