/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three metrics of which two move together: breaking the relation shows although each
 * value is ordinary. */
#include "assert.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"
#include "yaga/pca/pca.h"

enum { N = 900, P = 3 };

static void fill(double *x, size_t n, uint64_t seed)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        double load = yaga_rng_normal(&rng);
        x[i * P] = 100.0 + 10.0 * load;
        x[i * P + 1] = 3.0 * load + 0.3 * yaga_rng_normal(&rng);
        x[i * P + 2] = yaga_rng_normal(&rng);
    }
}

static struct yaga_pca fit(const double *x, size_t n, double *scores)
{
    struct yaga_pca pca = {0};
    struct yaga_error err;
    assert_ok(yaga_pca_fit(x, n, P, 0.95, &pca, scores, &err), &err);
    assert_ok(yaga_pca_check(&pca, &err), &err);
    return pca;
}

static void related_metrics_share_a_component(void **state)
{
    (void)state;
    static double x[N * P];
    fill(x, N, 1);
    struct yaga_pca pca = fit(x, N, NULL);
    assert_int_equal(pca.n_components, 2);
    assert_near(pca.values[0] + pca.values[1] + pca.values[2], 3.0, 5e-3);
    assert_near(pca.mean[0], 100.0, 0.02);
    yaga_pca_clear(&pca);
}

static void a_broken_relation_scores_although_each_value_is_ordinary(void **state)
{
    (void)state;
    static double x[N * P];
    fill(x, N, 2);
    struct yaga_pca pca = fit(x, N, NULL);
    static const double together[] = {110.0, 3.0, 0.0};
    static const double apart[] = {110.0, -3.0, 0.0};
    double share[P];
    assert_true(yaga_pca_score(&pca, together, NULL) < 1.0);
    assert_true(yaga_pca_score(&pca, apart, share) > 20.0);
    assert_true(share[0] > share[2] && share[1] > share[2]);
    yaga_pca_clear(&pca);
}

static void contributions_add_up_to_the_score(void **state)
{
    (void)state;
    static double x[N * P];
    fill(x, N, 3);
    struct yaga_pca pca = fit(x, N, NULL);
    for (size_t i = 0; i < N; i++) {
        double share[P];
        double score = yaga_pca_score(&pca, x + i * P, share);
        assert_true(score >= 0.0);
        assert_near(share[0] + share[1] + share[2], score, 1e-10);
    }
    yaga_pca_clear(&pca);
}

static void units_do_not_matter(void **state)
{
    (void)state;
    static double x[N * P];
    static double y[N * P];
    fill(x, N, 4);
    for (size_t i = 0; i < N * P; i++)
        y[i] = i % P == 1 ? 1000.0 * x[i] - 5.0 : x[i];
    struct yaga_pca a = fit(x, N, NULL);
    struct yaga_pca b = fit(y, N, NULL);
    for (size_t i = 0; i < N; i++)
        assert_near(yaga_pca_score(&b, y + i * P, NULL),
                    yaga_pca_score(&a, x + i * P, NULL), 1e-9);
    yaga_pca_clear(&a);
    yaga_pca_clear(&b);
}

static void held_out_scores_come_from_the_other_two_thirds(void **state)
{
    (void)state;
    static double x[N * P];
    static double rest[N * P];
    static double scores[N];
    fill(x, N, 5);
    struct yaga_pca all = fit(x, N, scores);
    size_t third = N / 3;
    memcpy(rest, x, third * P * sizeof *x);
    memcpy(rest + third * P, x + 2 * third * P, third * P * sizeof *x);
    struct yaga_pca without = fit(rest, 2 * third, NULL);
    for (size_t i = third; i < 2 * third; i++)
        assert_near(scores[i], yaga_pca_score(&without, x + i * P, NULL), 1e-12);
    yaga_pca_clear(&all);
    yaga_pca_clear(&without);
}

static void constant_and_copied_columns_are_fine(void **state)
{
    (void)state;
    static double x[60 * P];
    struct yaga_rng rng;
    yaga_rng_init(&rng, 6);
    for (size_t i = 0; i < 60; i++) {
        x[i * P] = yaga_rng_normal(&rng);
        x[i * P + 1] = 2.0 * x[i * P];
        x[i * P + 2] = 0.1 + 0.2;
    }
    double scores[60];
    struct yaga_pca pca = fit(x, 60, scores);
    for (size_t i = 0; i < 60; i++)
        assert_true(isfinite(scores[i]) && scores[i] >= 0.0);
    static const double apart[] = {1.0, 1.0, 0.3};
    assert_true(yaga_pca_score(&pca, apart, NULL) > 1000.0);
    yaga_pca_clear(&pca);
    for (size_t i = 0; i < 60 * P; i++)
        x[i] = 4.0;
    pca = fit(x, 60, scores);
    assert_true(isfinite(yaga_pca_score(&pca, apart, NULL)));
    yaga_pca_clear(&pca);
}

static void too_few_rows_or_too_many_features_are_refused(void **state)
{
    (void)state;
    static double x[YAGA_PCA_MAX_FEATURES + 1];
    struct yaga_pca pca;
    struct yaga_error err;
    assert_int_equal(yaga_pca_fit(x, 4, 3, 0.95, &pca, NULL, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, "4 rows for 3 features, needs 5");
    assert_int_equal(
        yaga_pca_fit(x, 4, YAGA_PCA_MAX_FEATURES + 1, 0.95, &pca, NULL, &err),
        YAGA_E_INPUT);
}

static void fitting_survives_failing_memory(void **state)
{
    (void)state;
    static double x[60 * P];
    double scores[60];
    fill(x, 60, 7);
    for (size_t k = 1;; k++) {
        struct yaga_pca pca = {0};
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_pca_fit(x, 60, P, 0.95, &pca, scores, &err);
        yaga_mem_fail_nth(0);
        bool written = pca.mean != NULL;
        yaga_pca_clear(&pca);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_false(written);
    }
}

static void broken_models_are_refused(void **state)
{
    (void)state;
    for (size_t fault = 0; fault <= 6; fault++) {
        double mean[] = {0.0, 0.0};
        double sd[] = {1.0, 1.0};
        double values[] = {1.5, 0.5};
        double vectors[] = {1.0, 0.0, 0.0, 1.0};
        struct yaga_pca pca = {2, 1, mean, sd, values, vectors, 1.0, 1.0};
        switch (fault) {
        case 1:
            pca.n_components = 3;
            break;
        case 2:
            pca.n_features = YAGA_PCA_MAX_FEATURES + 1;
            break;
        case 3:
            sd[1] = 0.0;
            break;
        case 4:
            vectors[3] = (double)NAN;
            break;
        case 5:
            values[1] = -1.0;
            break;
        case 6:
            pca.spe_limit = 0.0;
            break;
        default:
            break;
        }
        struct yaga_error err;
        assert_int_equal(yaga_pca_check(&pca, &err),
                         fault == 0 ? YAGA_OK : YAGA_E_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(related_metrics_share_a_component),
        cmocka_unit_test(a_broken_relation_scores_although_each_value_is_ordinary),
        cmocka_unit_test(contributions_add_up_to_the_score),
        cmocka_unit_test(units_do_not_matter),
        cmocka_unit_test(held_out_scores_come_from_the_other_two_thirds),
        cmocka_unit_test(constant_and_copied_columns_are_fine),
        cmocka_unit_test(too_few_rows_or_too_many_features_are_refused),
        cmocka_unit_test(fitting_survives_failing_memory),
        cmocka_unit_test(broken_models_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
