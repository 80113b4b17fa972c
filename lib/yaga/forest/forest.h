/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Isolation forests (Liu, Ting & Zhou 2008): grow, score, compile.
 *
 *   c(n)  = 2 H(n-1) - 2 (n-1)/n                mean depth of an unsuccessful search; 0 for n < 2
 *   h(x)  = depth of the leaf of x + c(rows in that leaf)
 *   s(x)  = 2^(-mean h(x) / c(psi'))            0..1, high = isolated        psi' = min(psi, n)
 *   score = -s                                  published sign: more negative = more anomalous
 *
 * Nodes split one feature, picked uniformly among those with spread in the node, at a threshold
 * uniform in [min, max); depth limit ceil(log2 psi'). Rows are standardised per feature by median and
 * IQR and held as float inside: forests are invariant to affine maps, and a node takes 8 bytes.
 * Each tree has its own random stream derived from (seed, tree index): the same bytes for any number of
 * threads. Input must be finite.
 */
#ifndef YAGA_FOREST_FOREST_H
#define YAGA_FOREST_FOREST_H

#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

enum {
    YAGA_FOREST_MAX_TREES = 10000,
    YAGA_FOREST_MAX_SAMPLE = 32768, /* psi: offsets inside a tree fit 16 bits */
    YAGA_FOREST_MAX_FEATURES = 1024,
    YAGA_FOREST_MAX_STEPS = 4096    /* of a compiled univariate forest */
};

/* Preorder: the left child of node i is i+1, the right one i + right. feature < 0: leaf, value = path
 * length, right = 0. */
struct yaga_forest_node {
    float value; /* threshold in standardised units (x <= value goes left), or path length of a leaf */
    uint16_t right;
    int16_t feature;
};

/* Plain data, so that a model file can hold it and a mapping can back it. */
struct yaga_forest {
    size_t n_features;
    size_t n_trees;
    size_t sample_size;                   /* psi' */
    const double *centre;                 /* [n_features] */
    const double *scale;                  /* [n_features], > 0 */
    const uint32_t *tree_start;           /* [n_trees + 1] first node of each tree */
    const struct yaga_forest_node *nodes; /* [tree_start[n_trees]] */
};

struct yaga_forest_params {
    size_t n_trees;     /* 1 .. YAGA_FOREST_MAX_TREES */
    size_t sample_size; /* psi, 2 .. YAGA_FOREST_MAX_SAMPLE */
    uint64_t seed;
    int n_threads;      /* >= 1 */
    const double *weights; /* [n_rows] > 0: how often a row is drawn into trees, relative to the others; NULL = all alike */
};

double yaga_forest_mean_depth(size_t n); /* c(n) */

/* Grow on x, row-major n_rows x n_features, finite, n_rows >= 2. oob (may be NULL) receives per row the score from trees
 * that did not draw it; rows with fewer than 30 such trees get their in-sample score. The forest owns its arrays;
 * release with yaga_forest_clear. */
enum yaga_status yaga_forest_grow(const double *x, size_t n_rows, size_t n_features,
                                  const struct yaga_forest_params *params, struct yaga_forest *out,
                                  double *oob, struct yaga_error *err) YAGA_MUST_USE;
void yaga_forest_clear(struct yaga_forest *forest); /* only for grown ones, not for mapped ones */

/* score = -s of one row, in [-1, 0). */
double yaga_forest_score(const struct yaga_forest *forest, const double *row);
/* Of many rows, n_threads >= 1; the result does not depend on it. */
void yaga_forest_score_rows(const struct yaga_forest *forest, const double *x, size_t n_rows,
                            int n_threads, double *scores);
/* Which features make the row unusual: exact Shapley values of log2(-score) = -mean h(x)/c(psi'), path-dependent (Lundberg et al. 2020;
 * the rows behind a branch follow from the paths of its leaves). contributions [n_features], positive = more anomalous, 0 for a feature
 * that no tree splits. Returns what is expected of the training rows: with the contributions it adds up to log2(-score), to rounding. */
double yaga_forest_attribute(const struct yaga_forest *forest, const double *row, double *contributions);
/* Structure is sound: indices in range, depth bounded, values finite, leaves that hold psi' rows together (for files). YAGA_E_CORRUPT otherwise. */
enum yaga_status yaga_forest_check(const struct yaga_forest *forest, struct yaga_error *err)
    YAGA_MUST_USE;

/* A univariate forest as the step function it is: score(x) = value[i], i = number of breaks < x
 * (x <= breaks[0] gives value[0]). n_breaks <= YAGA_FOREST_MAX_STEPS, thinned so that no score moves by more than 1e-3
 * (5e-4 as a rule). Only a forest of so few or so large trees that this needs more steps than
 * YAGA_FOREST_MAX_STEPS is thinned further. */
struct yaga_steps {
    size_t n_breaks;
    const double *breaks; /* [n_breaks] ascending, raw units */
    const double *values; /* [n_breaks + 1] scores */
};
/* forest has one feature. Owns its arrays; yaga_steps_clear. */
enum yaga_status yaga_forest_compile(const struct yaga_forest *forest, struct yaga_steps *out,
                                     struct yaga_error *err) YAGA_MUST_USE;
void yaga_steps_clear(struct yaga_steps *steps);
double yaga_steps_score(const struct yaga_steps *steps, double x);
enum yaga_status yaga_steps_check(const struct yaga_steps *steps, struct yaga_error *err) YAGA_MUST_USE;

#endif
