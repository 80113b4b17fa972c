/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a forest or step function from a file safe to walk? */
#include <math.h>

#include "forest_internal.h"

/* Deepest leaf plus c(YAGA_FOREST_MAX_SAMPLE) stays below. */
static const float path_max = 64.0f;

/* One tree being checked: preorder means that nodes are met in the order they lie in. */
struct checker {
    const struct yaga_forest_node *nodes;
    size_t n_nodes;
    size_t n_features;
    unsigned depth_limit;
    size_t next;   /* first node not yet met */
    size_t n_rows; /* in the leaves met */
};

static bool leaf_is_sound(const struct yaga_forest_node *leaf)
{
    return leaf->right == 0 && leaf->value >= 0.0f && leaf->value < path_max;
}

static bool subtree_is_sound(struct checker *c, unsigned depth)
{
    if (c->next >= c->n_nodes)
        return false;
    size_t self = c->next++;
    const struct yaga_forest_node *node = &c->nodes[self];
    if (node->feature < 0) {
        size_t n_rows = forest_leaf_rows(node->value, depth);
        c->n_rows += n_rows;
        return leaf_is_sound(node) && n_rows > 0;
    }
    if (depth >= c->depth_limit || (size_t)node->feature >= c->n_features ||
        !isfinite(node->value))
        return false;
    return subtree_is_sound(c, depth + 1) && c->next == self + node->right &&
           subtree_is_sound(c, depth + 1);
}

static bool sizes_are_sound(const struct yaga_forest *f)
{
    return f->n_features >= 1 && f->n_features <= YAGA_FOREST_MAX_FEATURES &&
           f->n_trees >= 1 && f->n_trees <= YAGA_FOREST_MAX_TREES &&
           f->sample_size >= 2 && f->sample_size <= YAGA_FOREST_MAX_SAMPLE &&
           f->tree_start[0] == 0;
}

static bool tree_is_sound(const struct yaga_forest *forest, size_t tree)
{
    uint32_t start = forest->tree_start[tree];
    uint32_t end = forest->tree_start[tree + 1];
    if (end <= start || end - start > forest_max_nodes(forest->sample_size))
        return false;
    struct checker c = {.nodes = forest->nodes + start,
                        .n_nodes = end - start,
                        .n_features = forest->n_features,
                        .depth_limit = forest_depth_limit(forest->sample_size)};
    return subtree_is_sound(&c, 0) && c.next == c.n_nodes &&
           c.n_rows == forest->sample_size;
}

enum yaga_status yaga_forest_check(const struct yaga_forest *forest,
                                   struct yaga_error *err)
{
    if (!sizes_are_sound(forest))
        return yaga_error_set(
            err, YAGA_E_CORRUPT,
            "forest: %zu features, %zu trees, sample of %zu: over a limit",
            forest->n_features, forest->n_trees, forest->sample_size);
    for (size_t j = 0; j < forest->n_features; j++) {
        if (!isfinite(forest->centre[j]) || !isfinite(forest->scale[j]) ||
            forest->scale[j] <= 0.0)
            return yaga_error_set(err, YAGA_E_CORRUPT,
                                  "forest: scale of feature %zu unusable", j);
    }
    for (size_t tree = 0; tree < forest->n_trees; tree++) {
        if (!tree_is_sound(forest, tree))
            return yaga_error_set(err, YAGA_E_CORRUPT, "forest: tree %zu is malformed",
                                  tree);
    }
    return YAGA_OK;
}

enum yaga_status yaga_steps_check(const struct yaga_steps *steps, struct yaga_error *err)
{
    if (steps->n_breaks > YAGA_FOREST_MAX_STEPS)
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "forest steps: %zu breaks, more than %d", steps->n_breaks,
                              YAGA_FOREST_MAX_STEPS);
    for (size_t i = 0; i < steps->n_breaks; i++) {
        if (!isfinite(steps->breaks[i]) ||
            (i > 0 && steps->breaks[i] <= steps->breaks[i - 1]))
            return yaga_error_set(err, YAGA_E_CORRUPT,
                                  "forest steps: break %zu out of order", i);
    }
    for (size_t i = 0; i <= steps->n_breaks; i++) {
        if (!(steps->values[i] >= -1.0 && steps->values[i] < 0.0))
            return yaga_error_set(err, YAGA_E_CORRUPT,
                                  "forest steps: value %zu not in [-1, 0)", i);
    }
    return YAGA_OK;
}
