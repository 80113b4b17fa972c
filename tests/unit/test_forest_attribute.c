/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attribution of a forest's score: the subset sum says what it has to be. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/forest/forest.h"
#include "yaga/forest/forest_internal.h"
#include "yaga/numeric/rng.h"

enum { N = 600, MOST = 16 };

static void fill(double *x, size_t n_rows, size_t p, struct yaga_rng *rng)
{
    for (size_t i = 0; i < n_rows; i++) {
        double common = yaga_rng_normal(rng);
        for (size_t j = 0; j < p; j++)
            x[i * p + j] = common * (double)(j % 3) + yaga_rng_normal(rng) +
                           (yaga_rng_below(rng, 50) == 0 ? 8.0 : 0.0);
    }
}

static struct yaga_forest
grow(const double *x, size_t n, size_t p, size_t n_trees, size_t psi, int n_threads)
{
    struct yaga_forest_params params = {
        .n_trees = n_trees, .sample_size = psi, .seed = 7 + p, .n_threads = n_threads};
    struct yaga_forest forest = {0};
    struct yaga_error err;
    assert_ok(yaga_forest_grow(x, n, p, &params, &forest, NULL, &err), &err);
    assert_ok(yaga_forest_check(&forest, &err), &err);
    return forest;
}

/* --- the slow way: every subset of features, straight from the definition --- */

static size_t rows_of(const struct yaga_forest_node *node, unsigned depth)
{
    if (node->feature < 0)
        return forest_leaf_rows(node->value, depth);
    return rows_of(node + 1, depth + 1) + rows_of(node + node->right, depth + 1);
}

/* Mean path of the rows when only the features in `known` are told. */
static double path_given(const struct yaga_forest_node *node,
                         unsigned depth,
                         const float *x,
                         unsigned known)
{
    if (node->feature < 0)
        return (double)node->value;
    const struct yaga_forest_node *left = node + 1, *right = node + node->right;
    if ((known >> node->feature & 1u) != 0)
        return path_given(x[node->feature] <= node->value ? left : right, depth + 1, x,
                          known);
    double n_left = (double)rows_of(left, depth + 1),
           n_right = (double)rows_of(right, depth + 1);
    return (n_left * path_given(left, depth + 1, x, known) +
            n_right * path_given(right, depth + 1, x, known)) /
           (n_left + n_right);
}

static double value_given(const struct yaga_forest *f, const double *row, unsigned known)
{
    float x[MOST];
    double sum = 0.0;
    for (size_t j = 0; j < f->n_features; j++)
        x[j] = forest_standardise(row[j], f->centre[j], f->scale[j]);
    for (size_t t = 0; t < f->n_trees; t++)
        sum += path_given(f->nodes + f->tree_start[t], 0, x, known);
    return -sum / ((double)f->n_trees * yaga_forest_mean_depth(f->sample_size));
}

static double factorial(size_t n)
{
    return n < 2 ? 1.0 : (double)n * factorial(n - 1);
}

static double shapley(const double *value, size_t p, size_t i)
{
    double phi = 0.0;
    for (unsigned s = 0; s < 1u << p; s++) {
        size_t size = (size_t)__builtin_popcount(s);
        if ((s >> i & 1u) == 0)
            phi += factorial(size) * factorial(p - size - 1) / factorial(p) *
                   (value[s | 1u << i] - value[s]);
    }
    return phi;
}

static void equals_the_sum_over_all_subsets_of_up_to_six_features(void **state)
{
    (void)state;
    static double x[N * 6];
    for (size_t p = 1; p <= 6; p++) {
        struct yaga_rng rng;
        yaga_rng_init(&rng, 100 + p);
        fill(x, N, p, &rng);
        struct yaga_forest forest = grow(x, N, p, 8, p % 2 == 0 ? 256 : 64, 1);
        for (size_t k = 0; k < 12; k++) {
            double row[6], value[1u << 6], phi[6];
            for (size_t j = 0; j < p; j++)
                row[j] = 3.0 * yaga_rng_normal(&rng);
            for (unsigned s = 0; s < 1u << p; s++)
                value[s] = value_given(&forest, row, s);
            assert_near(yaga_forest_attribute(&forest, row, phi), value[0], 1e-12);
            for (size_t i = 0; i < p; i++)
                assert_near(phi[i], shapley(value, p, i), 1e-12);
        }
        yaga_forest_clear(&forest);
    }
}

/* Property, 12,000 rows: base and contributions are the score, whatever the forest. */
static void adds_up_to_the_score_of_any_forest(void **state)
{
    (void)state;
    enum { FORESTS = 40, ROWS = 300 };
    static double x[N * MOST];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 3);
    for (size_t k = 0; k < FORESTS; k++) {
        size_t p = 1 + (size_t)yaga_rng_below(&rng, MOST);
        size_t psi = 2 + (size_t)yaga_rng_below(&rng, 150);
        fill(x, N, p, &rng);
        struct yaga_forest forest =
            grow(x, N, p, 1 + (size_t)yaga_rng_below(&rng, 6), psi, 1);
        for (size_t i = 0; i < ROWS; i++) {
            double row[MOST], phi[MOST];
            for (size_t j = 0; j < p; j++)
                row[j] = i % 2 == 0 ? x[i * p + j] : 10.0 * yaga_rng_normal(&rng);
            double sum = yaga_forest_attribute(&forest, row, phi);
            for (size_t j = 0; j < p; j++)
                sum += phi[j];
            double score = log2(-yaga_forest_score(&forest, row));
            if (!(fabs(sum - score) <= 1e-9 * fmax(1.0, fabs(score))))
                fail_msg("forest %zu, row %zu: %.17g, score %.17g", k, i, sum, score);
        }
        yaga_forest_clear(&forest);
    }
}

static void deep_forests_of_many_features_add_up(void **state)
{
    (void)state;
    enum { ROWS = 33000, P = 20 };
    double *x = yaga_alloc((size_t)ROWS * P, sizeof *x);
    assert_non_null(x);
    struct yaga_rng rng;
    yaga_rng_init(&rng, 5);
    fill(x, ROWS, P, &rng);
    struct yaga_forest forest = grow(x, ROWS, P, 2, YAGA_FOREST_MAX_SAMPLE, 2);
    for (size_t i = 0; i < 3; i++) {
        double phi[P], sum = yaga_forest_attribute(&forest, x + i * P, phi);
        for (size_t j = 0; j < P; j++)
            sum += phi[j];
        assert_near(sum, log2(-yaga_forest_score(&forest, x + i * P)), 1e-9);
    }
    yaga_forest_clear(&forest);
    yaga_free(x);
}

static void a_feature_that_nothing_splits_has_no_part_in_it(void **state)
{
    (void)state;
    enum { P = 3 };
    static double x[N * P];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 9);
    fill(x, N, P, &rng);
    for (size_t i = 0; i < N; i++)
        x[i * P + 1] = 4.0;
    struct yaga_forest forest = grow(x, N, P, 20, 256, 1);
    const double row[P] = {6.0, 1e6, -6.0};
    double phi[P];
    (void)yaga_forest_attribute(&forest, row, phi);
    assert_true(phi[1] == 0.0 && !signbit(phi[1]));
    assert_true(phi[0] > 0.0 && phi[2] > 0.0);
    yaga_forest_clear(&forest);
}

/* Two copies of a column are picked alike, in expectation: with 300 trees their shares
 * differ by 10 % about once in some hundred seeds. */
static void copies_of_a_column_share_its_part(void **state)
{
    (void)state;
    enum { P = 3 };
    static double x[N * P];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 11);
    fill(x, N, P, &rng);
    for (size_t i = 0; i < N; i++)
        x[i * P + 1] = x[i * P];
    struct yaga_forest forest = grow(x, N, P, 300, 256, 1);
    const double row[P] = {9.0, 9.0, 0.0};
    double phi[P];
    (void)yaga_forest_attribute(&forest, row, phi);
    assert_near(phi[0] / phi[1], 1.0, 0.1);
    assert_true(phi[2] < 0.2 * phi[0]);
    yaga_forest_clear(&forest);
}

static void forests_of_one_and_four_threads_are_attributed_alike(void **state)
{
    (void)state;
    enum { P = 5 };
    static double x[N * P];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 13);
    fill(x, N, P, &rng);
    struct yaga_forest one = grow(x, N, P, 50, 256, 1), four = grow(x, N, P, 50, 256, 4);
    for (size_t i = 0; i < 50; i++) {
        double a[P], b[P];
        double base_a = yaga_forest_attribute(&one, x + i * P, a);
        double base_b = yaga_forest_attribute(&four, x + i * P, b);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_equal(&base_a, &base_b, sizeof base_a);
    }
    yaga_forest_clear(&one);
    yaga_forest_clear(&four);
}

/* The file has no counts: a leaf's path gives them away, at every size and depth. */
static void a_leaf_tells_how_many_rows_it_holds(void **state)
{
    (void)state;
    double harmonic = 0.0; /* H(n - 1) */
    for (size_t n = 1; n <= YAGA_FOREST_MAX_SAMPLE; n++) {
        double c = n < 2 ? 0.0 : 2.0 * harmonic - 2.0 * (double)(n - 1) / (double)n;
        for (unsigned depth = 0; depth <= 15; depth += 5) {
            size_t got = forest_leaf_rows((float)((double)depth + c), depth);
            if (got != n)
                fail_msg("depth %u: %zu rows read as %zu", depth, n, got);
        }
        harmonic += 1.0 / (double)n;
    }
    assert_int_equal(forest_leaf_rows(3.0f, 4), 0);
    assert_int_equal(forest_leaf_rows(NAN, 1), 0);
}

static void a_tree_whose_leaves_do_not_hold_its_rows_is_refused(void **state)
{
    (void)state;
    static const double centre[] = {0.0}, scale[] = {1.0};
    static const uint32_t start[] = {0, 3};
    struct yaga_forest_node nodes[] = {{.value = 0.0f, .right = 2, .feature = 0},
                                       {.value = 1.0f, .feature = -1},
                                       {.value = 2.0f, .feature = -1}};
    struct yaga_forest forest = {1, 1, 3, centre, scale, start, nodes};
    struct yaga_error err;
    assert_ok(yaga_forest_check(&forest, &err), &err);
    nodes[2].value = 1.0f; /* one row instead of two */
    assert_int_equal(yaga_forest_check(&forest, &err), YAGA_E_CORRUPT);
    nodes[2].value = 0.5f; /* less than its depth: none at all */
    assert_int_equal(yaga_forest_check(&forest, &err), YAGA_E_CORRUPT);
    assert_error_has(&err, "tree 0 is malformed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_sum_over_all_subsets_of_up_to_six_features),
        cmocka_unit_test(adds_up_to_the_score_of_any_forest),
        cmocka_unit_test(deep_forests_of_many_features_add_up),
        cmocka_unit_test(a_feature_that_nothing_splits_has_no_part_in_it),
        cmocka_unit_test(copies_of_a_column_share_its_part),
        cmocka_unit_test(forests_of_one_and_four_threads_are_attributed_alike),
        cmocka_unit_test(a_leaf_tells_how_many_rows_it_holds),
        cmocka_unit_test(a_tree_whose_leaves_do_not_hold_its_rows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
