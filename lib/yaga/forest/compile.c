/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A univariate forest as one step function: every threshold of every tree is a break,
 * where the mean path changes by the difference of the two leaves beside it. Neighbouring
 * steps are merged while their scores lie close together.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "forest_internal.h"

/* Merging starts well inside the promised 1e-3 and doubles until the steps fit. */
static const double first_tolerance = 5e-4;

/* Breaks sorted by key, scores between them; n + 1 scores. */
struct profile {
    size_t n;
    struct forest_keyed
        *breaks; /* payload: bits of the float change of path, then unused */
    double *scores;
};

static void profile_clear(struct profile *profile)
{
    yaga_free(profile->breaks);
    yaga_free(profile->scores);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double value_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* In-order walk of one tree. */
struct walk {
    struct forest_keyed *breaks;
    size_t n;
    float path; /* of the leaf left of where we are */
};

static void walk_node(struct walk *walk, const struct yaga_forest_node *node)
{
    if (node->feature < 0) {
        /* The break before this leaf was left open by the inner node above it. */
        if (walk->n > 0)
            walk->breaks[walk->n - 1].payload = bits_of(node->value - walk->path);
        walk->path = node->value;
        return;
    }
    walk_node(walk, node + 1);
    walk->breaks[walk->n++].key = forest_key_of_float(node->value);
    walk_node(walk, node + node->right);
}

/* All breaks of all trees, unsorted; returns the sum of the leftmost paths. */
static double collect(const struct yaga_forest *forest, struct profile *profile)
{
    double leftmost = 0.0;
    for (size_t tree = 0; tree < forest->n_trees; tree++) {
        const struct yaga_forest_node *root = forest->nodes + forest->tree_start[tree];
        const struct yaga_forest_node *node = root;
        while (node->feature >= 0)
            node++;
        leftmost += (double)node->value;
        struct walk walk = {.breaks = profile->breaks + profile->n};
        walk_node(&walk, root);
        profile->n += walk.n;
    }
    return leftmost;
}

/* Sort the breaks, join equal ones, and turn changes of path into scores. */
static void integrate(const struct yaga_forest *forest,
                      struct forest_keyed *scratch,
                      double path,
                      struct profile *profile)
{
    double trees = (double)forest->n_trees;
    double depth_c = yaga_forest_mean_depth(forest->sample_size);
    struct forest_keyed *breaks = profile->breaks;
    forest_radix_sort(breaks, scratch, profile->n);
    size_t kept = 0;
    profile->scores[0] = forest_score_of_path(path, trees, depth_c);
    for (size_t i = 0; i < profile->n; i++) {
        path += value_of(breaks[i].payload);
        if (kept == 0 || breaks[kept - 1].key != breaks[i].key)
            breaks[kept++].key = breaks[i].key;
        profile->scores[kept] = forest_score_of_path(path, trees, depth_c);
    }
    profile->n = kept;
}

static enum yaga_status profile_make(const struct yaga_forest *forest,
                                     struct profile *profile,
                                     struct yaga_error *err)
{
    size_t n_max = forest->tree_start[forest->n_trees]; /* more nodes than inner nodes */
    YAGA_AUTO_MEM(struct forest_keyed) scratch = yaga_alloc(n_max, sizeof *scratch);
    profile->breaks = yaga_alloc(n_max, sizeof *profile->breaks);
    profile->scores = yaga_alloc(n_max + 1, sizeof *profile->scores);
    if (scratch == NULL || profile->breaks == NULL || profile->scores == NULL)
        return yaga_error_nomem(err);
    double leftmost = collect(forest, profile);
    integrate(forest, scratch, leftmost, profile);
    return YAGA_OK;
}

/* The largest raw value that standardises to at most t: half-way to the next float. */
static double raw_break(const struct yaga_forest *forest, uint32_t key)
{
    double t = (double)forest_float_of_key(key);
    double next = (double)forest_float_of_key(key + 1);
    return forest->centre[0] + (t + (next - t) / 2.0) * forest->scale[0];
}

/* Merge greedily from the left while scores stay within 2 tolerance; returns the number
 * of breaks left. breaks and values may be NULL: then it only counts. */
static size_t thin(const struct yaga_forest *forest,
                   const struct profile *profile,
                   double tolerance,
                   double *breaks,
                   double *values)
{
    size_t n = 0;
    double low = profile->scores[0];
    double high = low;
    double last = 0.0; /* break, once n > 0 */
    for (size_t i = 1; i <= profile->n; i++) {
        double score = profile->scores[i];
        double new_low = fmin(low, score);
        double new_high = fmax(high, score);
        if (new_high - new_low > 2.0 * tolerance) {
            double at = raw_break(forest, profile->breaks[i - 1].key);
            /* Far from zero, neighbouring thresholds may be the same raw number: no step
             * between. */
            if (n == 0 || at > last) {
                if (values != NULL) {
                    values[n] = (low + high) / 2.0;
                    breaks[n] = at;
                }
                last = at;
                n++;
            }
            new_low = score;
            new_high = score;
        }
        low = new_low;
        high = new_high;
    }
    if (values != NULL)
        values[n] = (low + high) / 2.0;
    return n;
}

enum yaga_status yaga_forest_compile(const struct yaga_forest *forest,
                                     struct yaga_steps *out,
                                     struct yaga_error *err)
{
    assert(forest->n_features == 1);
    struct profile profile __attribute__((cleanup(profile_clear))) = {0};
    enum yaga_status st = profile_make(forest, &profile, err);
    if (st != YAGA_OK)
        return st;
    double tolerance = first_tolerance;
    size_t n = thin(forest, &profile, tolerance, NULL, NULL);
    while (n > YAGA_FOREST_MAX_STEPS) {
        tolerance *= 2.0;
        n = thin(forest, &profile, tolerance, NULL, NULL);
    }
    YAGA_AUTO_MEM(double) breaks = yaga_alloc(n, sizeof *breaks);
    YAGA_AUTO_MEM(double) values = yaga_alloc(n + 1, sizeof *values);
    if (breaks == NULL || values == NULL)
        return yaga_error_nomem(err);
    (void)thin(forest, &profile, tolerance, breaks, values);
    *out = (struct yaga_steps){
        .n_breaks = n, .breaks = YAGA_TAKE(breaks), .values = YAGA_TAKE(values)};
    return YAGA_OK;
}

void yaga_steps_clear(struct yaga_steps *steps)
{
    yaga_free((void *)(uintptr_t)steps->breaks);
    yaga_free((void *)(uintptr_t)steps->values);
    *steps = (struct yaga_steps){0};
}

double yaga_steps_score(const struct yaga_steps *steps, double x)
{
    size_t lo = 0;
    size_t hi = steps->n_breaks;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (steps->breaks[middle] < x)
            lo = middle + 1;
        else
            hi = middle;
    }
    return steps->values[lo];
}
