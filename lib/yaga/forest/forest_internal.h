/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared between the files of forest/, included by nobody else. */
#ifndef YAGA_FOREST_INTERNAL_H
#define YAGA_FOREST_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/forest/forest.h"
#include "yaga/numeric/rng.h"

enum {
    FOREST_OOB_TREES_MIN =
        30 /* fewer trees than this make a score too noisy to calibrate on */
};

/* ceil(log2 n), n >= 1: the depth at which growing stops. */
unsigned forest_depth_limit(size_t n);
/* Most nodes a tree on n rows can have: a binary tree with n leaves. */
size_t forest_max_nodes(size_t n);

/* (x - centre)/scale as float, clamped so that differences stay finite. */
float forest_standardise(double x, double centre, double scale);
/* score = -2^(-path_sum / (n_trees c(psi'))). */
double forest_score_of_path(double path_sum, double n_trees, double depth_c);
/* Values this close cannot be told apart after rounding to float; the same rule
 * everywhere. */
bool forest_has_spread(float min, float max);
/* Rows in a leaf, by its path and its depth; 0 when it can hold none. */
size_t forest_leaf_rows(float path, unsigned depth);
/* Uniform in [min, max). */
float forest_draw_threshold(struct yaga_rng *rng, float min, float max);

/* A row on its way to the finish; the smallest times are drawn. */
struct forest_racer {
    double time;
    uint32_t row;
};

/* What growing one tree needs; one per thread, every array owned by grow.c. */
struct forest_worker {
    struct yaga_rng rng;
    uint64_t *bag;             /* bit per row: drawn for the current tree */
    struct forest_racer *race; /* [psi'] a heap, largest time first; NULL when rows have
                                  no weights */
    uint32_t *rows;            /* [psi'] drawn rows, ascending before the tree is grown */
    float *sample;             /* [psi'] univariate only: the drawn values, ascending */
    uint32_t *features; /* [n_features] a permutation, shuffled as features are tried */
    double *path_sum; /* [n_rows] over all trees; univariate: differences along the sorted
                         rows */
    double *own_sum;  /* [n_rows] over the trees that drew the row */
    uint32_t *own_n;  /* [n_rows] how many trees drew it */
};

/* The training rows, shared and read-only. */
struct forest_rows {
    const float *x;        /* standardised, row-major; univariate: ascending */
    const double *weights; /* [n_rows] > 0; NULL = all alike */
    size_t n_rows;
    size_t n_features;
    size_t sample_size; /* psi' */
    unsigned depth_limit;
    const double *depth_of; /* c(k), k = 0 .. psi' */
};

/* psi' distinct rows, each as likely as its weight says: marked in w->bag, ascending in
 * w->rows. */
void forest_draw_rows(const struct forest_rows *rows, struct forest_worker *w);

/* Grow one univariate tree on w->rows; returns the number of nodes. Adds its paths to the
 * worker's sums. */
size_t forest_grow_univariate(const struct forest_rows *rows,
                              struct forest_worker *w,
                              struct yaga_forest_node *nodes);

/* The same on several features. */
size_t forest_grow_multivariate(const struct forest_rows *rows,
                                struct forest_worker *w,
                                struct yaga_forest_node *nodes);

/* Add one tree's path lengths of n standardised rows to sums[n]. */
void forest_add_paths(const struct yaga_forest_node *nodes,
                      const float *x,
                      size_t n_features,
                      size_t n,
                      double *sums);

/* Sorting floats by their bits. */
struct forest_keyed {
    uint32_t key;     /* forest_key_of_float */
    uint32_t payload; /* row, or whatever travels along */
};
uint32_t forest_key_of_float(float value);
float forest_float_of_key(uint32_t key);
/* Stable, ascending by key; scratch has n entries as well. */
void forest_radix_sort(struct forest_keyed *items,
                       struct forest_keyed *scratch,
                       size_t n);

#endif
