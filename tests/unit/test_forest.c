/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each promise of forest.h; random data with fixed seeds, properties rather than magic
 * numbers. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/forest/forest.h"
#include "yaga/forest/forest_internal.h"
#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"

enum { N = 1500, P = 4 };

static void fill_normal(double *x, size_t n, uint64_t seed)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        x[i] = yaga_rng_normal(&rng);
}

static struct yaga_forest_params params_of(size_t n_trees, size_t sample, int n_threads)
{
    return (struct yaga_forest_params){
        .n_trees = n_trees, .sample_size = sample, .seed = 42, .n_threads = n_threads};
}

static struct yaga_forest
grow(const double *x, size_t n, size_t p, size_t n_trees, double *oob)
{
    struct yaga_forest_params params = params_of(n_trees, 256, 1);
    struct yaga_forest forest = {0};
    struct yaga_error err;
    assert_ok(yaga_forest_grow(x, n, p, &params, &forest, oob, &err), &err);
    assert_ok(yaga_forest_check(&forest, &err), &err);
    return forest;
}

static void mean_depths_are_the_exact_harmonic_ones(void **state)
{
    (void)state;
    assert_near(yaga_forest_mean_depth(0), 0.0, 0.0);
    assert_near(yaga_forest_mean_depth(1), 0.0, 0.0);
    assert_near(yaga_forest_mean_depth(2), 1.0, 1e-15);
    assert_near(yaga_forest_mean_depth(3), 2.0 * 1.5 - 4.0 / 3.0, 1e-15);
    /* H(255) = ln 255.5 + 0.5772156649 + 1/(24 255.5^2) to 1e-10 */
    double h255 = log(255.5) + 0.5772156649015329 + 1.0 / (24.0 * 255.5 * 255.5);
    assert_near(yaga_forest_mean_depth(256), 2.0 * h255 - 2.0 * 255.0 / 256.0, 1e-9);
}

/* Root: x0 <= 0 -> leaf of path 1; else x1 <= 5 -> leaf 2, leaf 3. Units: centre 10,
 * scale 2 for x0. */
static void a_hand_made_tree_scores_as_computed_by_hand(void **state)
{
    (void)state;
    static const struct yaga_forest_node nodes[] = {
        {.value = 0.0f, .right = 2, .feature = 0},
        {.value = 1.0f, .feature = -1},
        {.value = 5.0f, .right = 2, .feature = 1},
        {.value = 2.0f, .feature = -1},
        {.value = 3.0f, .feature = -1},
    };
    static const double centre[] = {10.0, 0.0};
    static const double scale[] = {2.0, 1.0};
    static const uint32_t start[] = {0, 5};
    struct yaga_forest forest = {2, 1, 4, centre, scale, start, nodes};
    struct yaga_error err;
    assert_ok(yaga_forest_check(&forest, &err), &err);
    double c4 = 2.0 * (1.0 + 0.5 + 1.0 / 3.0) - 2.0 * 3.0 / 4.0;
    static const struct {
        double row[2];
        double path;
    } cases[] = {
        {{10.0, 9.0}, 1.0}, {{10.1, 5.0}, 2.0}, {{10.1, 5.1}, 3.0}, {{-1e300, 0.0}, 1.0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_near(yaga_forest_score(&forest, cases[i].row),
                    -pow(2.0, -cases[i].path / c4), 1e-14);
}

/* Two rows: every tree splits once, both leaves have path 1 = c(2), the score is -1/2
 * everywhere. */
static void two_rows_are_equally_isolated(void **state)
{
    (void)state;
    static const double x[] = {1.0, 2.0};
    struct yaga_forest forest = grow(x, 2, 1, 10, NULL);
    assert_int_equal(forest.sample_size, 2);
    assert_int_equal(forest.tree_start[10], 30);
    assert_near(yaga_forest_score(&forest, &x[0]), -0.5, 1e-15);
    assert_near(yaga_forest_score(&forest, &x[1]), -0.5, 1e-15);
    yaga_forest_clear(&forest);
}

static void constant_rows_all_score_one_half(void **state)
{
    (void)state;
    double x[300];
    double oob[150];
    for (size_t i = 0; i < 300; i++)
        x[i] = 0.1 + 0.2;
    for (size_t p = 1; p <= 2; p++) {
        struct yaga_forest forest = grow(x, 150, p, 50, oob);
        for (size_t i = 0; i < 150; i++)
            assert_near(oob[i], -0.5, 1e-7);
        yaga_forest_clear(&forest);
    }
}

static void assert_same_forest(const struct yaga_forest *a, const struct yaga_forest *b)
{
    assert_int_equal(a->n_trees, b->n_trees);
    assert_memory_equal(a->tree_start, b->tree_start,
                        (a->n_trees + 1) * sizeof *a->tree_start);
    assert_memory_equal(a->nodes, b->nodes, a->tree_start[a->n_trees] * sizeof *a->nodes);
    assert_memory_equal(a->centre, b->centre, a->n_features * sizeof *a->centre);
    assert_memory_equal(a->scale, b->scale, a->n_features * sizeof *a->scale);
}

static void one_and_eight_threads_give_the_same_bytes(void **state)
{
    (void)state;
    static double x[N * P];
    fill_normal(x, N * P, 1);
    for (size_t p = 1; p <= P; p += P - 1) {
        static double oob[2][N];
        static double scores[2][N];
        struct yaga_forest forest[2];
        struct yaga_error err;
        for (size_t k = 0; k < 2; k++) {
            struct yaga_forest_params params = params_of(101, 256, k == 0 ? 1 : 8);
            assert_ok(yaga_forest_grow(x, N, p, &params, &forest[k], oob[k], &err), &err);
            yaga_forest_score_rows(&forest[k], x, N, params.n_threads, scores[k]);
        }
        assert_same_forest(&forest[0], &forest[1]);
        assert_memory_equal(oob[0], oob[1], sizeof oob[0]);
        assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
        yaga_forest_clear(&forest[0]);
        yaga_forest_clear(&forest[1]);
    }
}

static void asking_for_oob_scores_does_not_change_the_forest(void **state)
{
    (void)state;
    static double x[N * P];
    static double oob[N];
    fill_normal(x, N * P, 2);
    for (size_t p = 1; p <= P; p += P - 1) {
        struct yaga_forest with = grow(x, N, p, 60, oob);
        struct yaga_forest without = grow(x, N, p, 60, NULL);
        assert_same_forest(&with, &without);
        yaga_forest_clear(&with);
        yaga_forest_clear(&without);
    }
}

/* Powers of two and a shift that keeps every digit: the standardised rows are the same
 * floats. */
static void affine_maps_leave_scores_alone(void **state)
{
    (void)state;
    static double x[N * P];
    static double y[N * P];
    static double scores[2][N];
    fill_normal(x, N * P, 3);
    for (size_t i = 0; i < N * P; i++) {
        x[i] = round(x[i] * 4096.0) / 4096.0;
        y[i] = 1024.0 * x[i] + 77.0;
    }
    for (size_t p = 1; p <= P; p += P - 1) {
        struct yaga_forest a = grow(x, N, p, 100, NULL);
        struct yaga_forest b = grow(y, N, p, 100, NULL);
        yaga_forest_score_rows(&a, x, N, 1, scores[0]);
        yaga_forest_score_rows(&b, y, N, 1, scores[1]);
        for (size_t i = 0; i < N; i++)
            assert_near(scores[1][i], scores[0][i], 1e-12);
        yaga_forest_clear(&a);
        yaga_forest_clear(&b);
    }
}

static void the_order_of_scoring_does_not_change_a_score(void **state)
{
    (void)state;
    static double x[N * P];
    static double scores[N];
    fill_normal(x, N * P, 4);
    struct yaga_forest forest = grow(x, N, P, 100, NULL);
    yaga_forest_score_rows(&forest, x, N, 3, scores);
    for (size_t i = N; i-- > 0;)
        assert_true(yaga_forest_score(&forest, x + i * P) == scores[i]);
    yaga_forest_clear(&forest);
}

/* The merged sums against their definition: a tree that drew a row cannot be told from
 * outside, but with sample_size = n all trees drew all rows, and the score is the
 * in-sample one. */
/* How often each of four rows with the weights 1, 2, 3, 4 is among psi. */
static void count_draws(size_t psi, size_t n_draws, double share[4])
{
    static const double weights[] = {1, 2, 3, 4};
    struct forest_racer race[4];
    uint32_t drawn[4];
    uint64_t bag[1];
    struct forest_rows rows = {.weights = weights, .n_rows = 4, .sample_size = psi};
    struct forest_worker w = {.bag = bag, .race = race, .rows = drawn};
    yaga_rng_init(&w.rng, 5);
    for (size_t i = 0; i < 4; i++)
        share[i] = 0;
    for (size_t k = 0; k < n_draws; k++) {
        forest_draw_rows(&rows, &w);
        for (size_t i = 0; i < psi; i++) {
            assert_true(drawn[i] < 4 && (i == 0 || drawn[i] > drawn[i - 1]));
            assert_true((bag[0] >> drawn[i] & 1) != 0);
            share[drawn[i]] += 1.0 / (double)n_draws;
        }
    }
}

/* 40000 draws: a standard deviation is at most 0.0025; six of them. */
static void rows_are_drawn_as_often_as_their_weight_says(void **state)
{
    (void)state;
    double share[4];
    count_draws(1, 40000, share);
    for (size_t i = 0; i < 4; i++)
        assert_true(fabs(share[i] - 0.1 * (double)(i + 1)) < 0.015);
    count_draws(2, 40000, share);
    for (size_t i = 0; i < 4; i++) { /* first, or second after another one */
        double w = (double)(i + 1), p = w / 10;
        for (size_t k = 0; k < 4; k++)
            p += k == i ? 0 : (double)(k + 1) / 10 * w / (10 - (double)(k + 1));
        assert_true(fabs(share[i] - p) < 0.015);
    }
    count_draws(4, 10, share);
    for (size_t i = 0; i < 4; i++)
        assert_near(share[i], 1, 1e-12);
}

/* A second cluster of a tenth of the rows, with their weight; score of its centre. */
static double score_of_cluster(double weight, size_t n_features, int n_threads)
{
    static double x[N * 2], weights[N];
    fill_normal(x, N * n_features, 3);
    for (size_t i = 0; i < N; i++) {
        bool second = i % 10 == 0;
        weights[i] = second ? weight : 1;
        for (size_t j = 0; j < n_features; j++)
            x[i * n_features + j] += second ? 20 : 0;
    }
    struct yaga_forest_params params = params_of(100, 256, n_threads);
    struct yaga_forest forest = {0};
    struct yaga_error err;
    params.weights = weights;
    assert_ok(yaga_forest_grow(x, N, n_features, &params, &forest, NULL, &err), &err);
    const double centre[] = {20, 20};
    double score = yaga_forest_score(&forest, centre);
    yaga_forest_clear(&forest);
    return score;
}

static void rows_of_little_weight_look_less_ordinary(void **state)
{
    (void)state;
    for (size_t p = 1; p <= 2; p++) {
        double never = score_of_cluster(1e-9, p, 1);
        double seldom = score_of_cluster(0.3, p, 1);
        double alike = score_of_cluster(1, p, 1);
        assert_true(never < seldom - 0.02);
        assert_true(seldom < alike - 0.02);
        assert_near(score_of_cluster(0.3, p, 8), seldom, 0);
    }
}

static void rows_without_thirty_free_trees_get_their_in_sample_score(void **state)
{
    (void)state;
    static double x[200 * P];
    double oob[200];
    fill_normal(x, 200 * P, 5);
    for (size_t p = 1; p <= P; p += P - 1) {
        struct yaga_forest forest = grow(x, 200, p, 100, oob);
        for (size_t i = 0; i < 200; i++)
            assert_near(oob[i], yaga_forest_score(&forest, x + i * p), 1e-12);
        yaga_forest_clear(&forest);
    }
}

/* The mean of out-of-bag and in-bag paths, weighted by trees, is the mean over all; out
 * of bag a row is a stranger, so on average it is isolated a little earlier. */
static void out_of_bag_scores_are_those_of_unseen_rows(void **state)
{
    (void)state;
    static double x[2 * N];
    static double oob[N];
    static double fresh[N];
    static double own[N];
    fill_normal(x, 2 * N, 6);
    struct yaga_forest forest = grow(x, N, 1, 300, oob);
    yaga_forest_score_rows(&forest, x, N, 1, own);
    yaga_forest_score_rows(&forest, x + N, N, 1, fresh);
    assert_true(yaga_mean(oob, N) < yaga_mean(own, N));
    assert_near(yaga_mean(oob, N), yaga_mean(fresh, N), 0.005);
    yaga_sort(oob, N);
    yaga_sort(fresh, N);
    for (double q = 0.05; q < 1.0; q += 0.05)
        assert_near(yaga_quantile_sorted(oob, N, q), yaga_quantile_sorted(fresh, N, q),
                    0.02);
    yaga_forest_clear(&forest);
}

/* A threshold set on out-of-bag scores flags fresh rows at its own rate: within 20 % with
 * n = 3000. The standard error at 1 % of 30000 rows is 6 %, that of the threshold 18 %;
 * the mean over 20 forests makes that 4 %. */
static void thresholds_from_oob_scores_hold_their_rate(void **state)
{
    (void)state;
    enum { ROWS = 3000, FORESTS = 20 };
    static double x[ROWS];
    static double oob[ROWS];
    static double fresh[ROWS];
    static double scores[ROWS];
    double flagged[2] = {0.0, 0.0};
    static const double rates[] = {0.01, 0.05};
    for (uint64_t k = 0; k < FORESTS; k++) {
        fill_normal(x, ROWS, 100 + k);
        fill_normal(fresh, ROWS, 200 + k);
        struct yaga_forest forest = grow(x, ROWS, 1, 150, oob);
        yaga_forest_score_rows(&forest, fresh, ROWS, 1, scores);
        yaga_sort(oob, ROWS);
        for (size_t r = 0; r < 2; r++) {
            double limit = yaga_quantile_sorted(oob, ROWS, rates[r]);
            for (size_t i = 0; i < ROWS; i++)
                flagged[r] += scores[i] < limit;
        }
        yaga_forest_clear(&forest);
    }
    for (size_t r = 0; r < 2; r++)
        assert_near(flagged[r] / (ROWS * FORESTS) / rates[r], 1.0, 0.2);
}

static void a_point_moving_away_never_becomes_less_anomalous(void **state)
{
    (void)state;
    static double x[N * P];
    fill_normal(x, N * P, 7);
    for (size_t p = 1; p <= P; p += P - 1) {
        struct yaga_forest forest = grow(x, N, p, 100, NULL);
        double row[P] = {0.0};
        double most = 0.0;
        for (size_t i = 0; i < N; i++)
            most = fmax(most, x[i * p]);
        double last = 0.0;
        for (double away = most; away < 1e6; away = away * 1.3) {
            row[0] = away;
            double score = yaga_forest_score(&forest, row);
            assert_true(last == 0.0 || score <= last);
            last = score;
        }
        double middle[P] = {0.0};
        assert_true(last < yaga_forest_score(&forest, middle));
        yaga_forest_clear(&forest);
    }
}

static void a_compiled_forest_agrees_with_its_trees(void **state)
{
    (void)state;
    static double x[N];
    fill_normal(x, N, 8);
    for (size_t i = 0; i < N; i += 3)
        x[i] = 0.0; /* zero-heavy, as error rates are */
    struct yaga_forest forest = grow(x, N, 1, 200, NULL);
    struct yaga_steps steps;
    struct yaga_error err;
    assert_ok(yaga_forest_compile(&forest, &steps, &err), &err);
    assert_ok(yaga_steps_check(&steps, &err), &err);
    for (size_t i = 0; i < N; i++)
        assert_true(fabs(yaga_steps_score(&steps, x[i]) -
                         yaga_forest_score(&forest, &x[i])) < 1e-3);
    for (double at = -6.0; at < 6.0; at += 0.001)
        assert_true(fabs(yaga_steps_score(&steps, at) - yaga_forest_score(&forest, &at)) <
                    1e-3);
    yaga_steps_clear(&steps);
    yaga_forest_clear(&forest);
}

/* Few large trees have more distinct scores than steps; far from zero thresholds fall
 * together. */
static void compiled_steps_stay_within_their_limits(void **state)
{
    (void)state;
    enum { MANY = 9000 };
    static double x[MANY];
    fill_normal(x, MANY, 9);
    struct yaga_error err;
    struct yaga_steps steps;
    for (size_t c = 0; c < 2; c++) {
        for (size_t i = 0; c == 1 && i < MANY; i++)
            x[i] = 1e15 + round(x[i]);
        struct yaga_forest_params params = params_of(3, 8192, 1);
        struct yaga_forest forest;
        assert_ok(yaga_forest_grow(x, MANY, 1, &params, &forest, NULL, &err), &err);
        assert_ok(yaga_forest_compile(&forest, &steps, &err), &err);
        assert_ok(yaga_steps_check(&steps, &err), &err);
        yaga_steps_clear(&steps);
        yaga_forest_clear(&forest);
    }
}

static void extreme_numbers_are_survived(void **state)
{
    (void)state;
    static const double x[] = {-1e308, 1e308, 0.0, 5e-324, 1.0, 1.0, 1.0, 1e-300};
    double oob[8];
    struct yaga_forest forest = grow(x, 8, 1, 50, oob);
    for (size_t i = 0; i < 8; i++)
        assert_true(oob[i] >= -1.0 && oob[i] < 0.0);
    yaga_forest_clear(&forest);
    forest = grow(x, 4, 2, 50, NULL);
    yaga_forest_clear(&forest);
}

static void parameters_out_of_range_are_refused(void **state)
{
    (void)state;
    static const double x[] = {1.0, 2.0, 3.0};
    static const struct {
        size_t rows, features, trees, sample;
        const char *says;
    } cases[] = {
        {1, 1, 10, 256, "1 rows"},
        {3, 0, 10, 256, "0 features"},
        {3, 1025, 10, 256, "1025 features"},
        {3, 1, 0, 256, "0 trees"},
        {3, 1, 10001, 256, "10001 trees"},
        {3, 1, 10, 1, "sample of 1"},
        {3, 1, 10, 32769, "sample of 32769"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_forest_params params = params_of(cases[i].trees, cases[i].sample, 1);
        struct yaga_forest forest;
        struct yaga_error err;
        assert_int_not_equal(yaga_forest_grow(x, cases[i].rows, cases[i].features,
                                              &params, &forest, NULL, &err),
                             YAGA_OK);
        assert_error_has(&err, cases[i].says);
    }
    static const double bad[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        const double weights[] = {1, bad[i], 1};
        struct yaga_forest_params params = params_of(10, 2, 1);
        struct yaga_forest forest;
        struct yaga_error err;
        params.weights = weights;
        assert_int_equal(yaga_forest_grow(x, 3, 1, &params, &forest, NULL, &err),
                         YAGA_E_INPUT);
        assert_error_has(&err, "weight of row 1");
    }
}

static void growing_and_compiling_survive_failing_memory(void **state)
{
    (void)state;
    static double x[300];
    static double oob[300], weights[300];
    fill_normal(x, 300, 10);
    for (size_t i = 0; i < 300; i++)
        weights[i] = 1 + fabs(x[i]);
    struct yaga_forest_params params = params_of(5, 32, 2);
    params.weights = weights;
    struct yaga_error err;
    for (size_t p = 1; p <= 2; p++) {
        struct yaga_forest forest = {0};
        for (size_t k = 1;; k++) {
            yaga_mem_fail_nth(k);
            enum yaga_status st =
                yaga_forest_grow(x, 300 / p, p, &params, &forest, oob, &err);
            yaga_mem_fail_nth(0);
            if (st == YAGA_OK)
                break;
            assert_int_equal(st, YAGA_E_NOMEM);
            assert_null(forest.nodes);
        }
        for (size_t k = 1; p == 1; k++) {
            struct yaga_steps steps = {0};
            yaga_mem_fail_nth(k);
            enum yaga_status st = yaga_forest_compile(&forest, &steps, &err);
            yaga_mem_fail_nth(0);
            yaga_steps_clear(&steps);
            if (st == YAGA_OK)
                break;
            assert_int_equal(st, YAGA_E_NOMEM);
        }
        yaga_forest_clear(&forest);
    }
}

/* Break one thing at a time in a sound two-tree forest. */
static void broken_structures_are_refused(void **state)
{
    (void)state;
    static const struct yaga_forest_node sound[] = {
        {.value = 0.0f, .right = 2, .feature = 0},
        {.value = 1.0f, .feature = -1},
        {.value = 5.0f, .right = 2, .feature = 1},
        {.value = 2.0f, .feature = -1},
        {.value = 3.0f, .feature = -1},
        {.value = 2.0f, .feature = -1},
    };
    for (size_t fault = 0; fault <= 14; fault++) {
        struct yaga_forest_node nodes[6];
        memcpy(nodes, sound, sizeof nodes);
        double centre[] = {0.0, 0.0};
        double scale[] = {1.0, 1.0};
        uint32_t start[] = {0, 5, 6};
        struct yaga_forest forest = {2, 2, 4, centre, scale, start, nodes};
        switch (fault) {
        case 1:
            nodes[0].right = 3;
            break;
        case 2:
            nodes[0].right = 0;
            break;
        case 3:
            nodes[2].right = 60000;
            break;
        case 4:
            nodes[2].feature = 2;
            break;
        case 5:
            nodes[2].value = (float)INFINITY;
            break;
        case 6:
            nodes[1].value = -1.0f;
            break;
        case 7:
            nodes[4].feature = 0;
            break;
        case 8:
            start[1] = 4;
            break;
        case 9:
            start[1] = 6;
            break;
        case 10:
            start[0] = 1;
            break;
        case 11:
            scale[1] = 0.0;
            break;
        case 12:
            centre[0] = (double)NAN;
            break;
        case 13:
            forest.sample_size = 2;
            break; /* too deep for it */
        case 14:
            forest.n_trees = YAGA_FOREST_MAX_TREES + 1;
            break;
        default:
            break;
        }
        struct yaga_error err;
        enum yaga_status st = yaga_forest_check(&forest, &err);
        assert_int_equal(st, fault == 0 ? YAGA_OK : YAGA_E_CORRUPT);
    }
}

static void broken_steps_are_refused(void **state)
{
    (void)state;
    static const double values[] = {-0.7, -0.4, -0.6};
    static const double falling[] = {2.0, 1.0};
    static const double infinite[] = {1.0, (double)INFINITY};
    static const double rising[] = {1.0, 2.0};
    static const double positive[] = {-0.7, 0.4, -0.6};
    struct yaga_error err;
    struct yaga_steps steps = {2, rising, values};
    assert_ok(yaga_steps_check(&steps, &err), &err);
    assert_near(yaga_steps_score(&steps, 1.0), -0.7, 0.0);
    assert_near(yaga_steps_score(&steps, 1.5), -0.4, 0.0);
    assert_near(yaga_steps_score(&steps, 2.1), -0.6, 0.0);
    steps = (struct yaga_steps){2, falling, values};
    assert_int_equal(yaga_steps_check(&steps, &err), YAGA_E_CORRUPT);
    steps = (struct yaga_steps){2, infinite, values};
    assert_int_equal(yaga_steps_check(&steps, &err), YAGA_E_CORRUPT);
    steps = (struct yaga_steps){2, rising, positive};
    assert_int_equal(yaga_steps_check(&steps, &err), YAGA_E_CORRUPT);
    steps = (struct yaga_steps){YAGA_FOREST_MAX_STEPS + 1, rising, values};
    assert_int_equal(yaga_steps_check(&steps, &err), YAGA_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_depths_are_the_exact_harmonic_ones),
        cmocka_unit_test(a_hand_made_tree_scores_as_computed_by_hand),
        cmocka_unit_test(two_rows_are_equally_isolated),
        cmocka_unit_test(constant_rows_all_score_one_half),
        cmocka_unit_test(one_and_eight_threads_give_the_same_bytes),
        cmocka_unit_test(asking_for_oob_scores_does_not_change_the_forest),
        cmocka_unit_test(affine_maps_leave_scores_alone),
        cmocka_unit_test(the_order_of_scoring_does_not_change_a_score),
        cmocka_unit_test(rows_are_drawn_as_often_as_their_weight_says),
        cmocka_unit_test(rows_of_little_weight_look_less_ordinary),
        cmocka_unit_test(rows_without_thirty_free_trees_get_their_in_sample_score),
        cmocka_unit_test(out_of_bag_scores_are_those_of_unseen_rows),
        cmocka_unit_test(thresholds_from_oob_scores_hold_their_rate),
        cmocka_unit_test(a_point_moving_away_never_becomes_less_anomalous),
        cmocka_unit_test(a_compiled_forest_agrees_with_its_trees),
        cmocka_unit_test(compiled_steps_stay_within_their_limits),
        cmocka_unit_test(extreme_numbers_are_survived),
        cmocka_unit_test(parameters_out_of_range_are_refused),
        cmocka_unit_test(growing_and_compiling_survive_failing_memory),
        cmocka_unit_test(broken_structures_are_refused),
        cmocka_unit_test(broken_steps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
