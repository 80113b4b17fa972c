/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Eigenvectors of symmetric matrices: known, orthonormal, reconstructing, unique. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/numeric/linalg.h"
#include "yaga/numeric/rng.h"

enum { P = 12 };

static void a_two_by_two_matrix_has_known_eigenvectors(void **state)
{
    (void)state;
    double a[] = {2.0, -1.0, (double)NAN, 2.0}; /* the lower triangle is not read */
    double values[2];
    double vectors[4];
    struct yaga_error err;
    assert_ok(yaga_eigen_symmetric(a, 2, values, vectors, &err), &err);
    assert_near(values[0], 3.0, 1e-14);
    assert_near(values[1], 1.0, 1e-14);
    assert_near(fabs(vectors[0]), sqrt(0.5), 1e-14);
    assert_near(vectors[0], -vectors[2], 1e-14);
    assert_near(vectors[1], sqrt(0.5), 1e-14);
    assert_near(vectors[3], sqrt(0.5), 1e-14);
}

static void fill_symmetric(double *a)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, 1);
    for (size_t i = 0; i < P; i++) {
        for (size_t j = i; j < P; j++) {
            a[i * P + j] = yaga_rng_normal(&rng);
            a[j * P + i] = a[i * P + j];
        }
    }
}

static void vectors_and_values_rebuild_the_matrix(void **state)
{
    (void)state;
    double a[P * P];
    double original[P * P];
    double values[P];
    double v[P * P];
    fill_symmetric(a);
    memcpy(original, a, sizeof a);
    struct yaga_error err;
    assert_ok(yaga_eigen_symmetric(a, P, values, v, &err), &err);
    for (size_t i = 0; i < P; i++) {
        for (size_t j = 0; j < P; j++) {
            double rebuilt = 0.0;
            double dot = 0.0;
            for (size_t k = 0; k < P; k++) {
                rebuilt += v[i * P + k] * values[k] * v[j * P + k];
                dot += v[k * P + i] * v[k * P + j];
            }
            assert_near(rebuilt, original[i * P + j], 1e-12);
            assert_near(dot, i == j ? 1.0 : 0.0, 1e-12);
        }
    }
}

static void values_descend_and_signs_are_fixed(void **state)
{
    (void)state;
    double a[P * P];
    double values[P];
    double v[P * P];
    fill_symmetric(a);
    struct yaga_error err;
    assert_ok(yaga_eigen_symmetric(a, P, values, v, &err), &err);
    for (size_t j = 0; j < P; j++) {
        double largest = 0.0;
        for (size_t i = 0; i < P; i++) {
            if (fabs(v[i * P + j]) > fabs(largest))
                largest = v[i * P + j];
        }
        assert_true(largest > 0.0);
        assert_true(j == 0 || values[j] <= values[j - 1]);
    }
}

static void a_matrix_with_nan_is_refused(void **state)
{
    (void)state;
    double a[] = {1.0, (double)NAN, 0.0, 1.0};
    double values[2];
    double vectors[4];
    struct yaga_error err;
    assert_int_equal(yaga_eigen_symmetric(a, 2, values, vectors, &err), YAGA_E_INPUT);
    assert_error_has(&err, "2 x 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_two_by_two_matrix_has_known_eigenvectors),
        cmocka_unit_test(vectors_and_values_rebuild_the_matrix),
        cmocka_unit_test(values_descend_and_signs_are_fixed),
        cmocka_unit_test(a_matrix_with_nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
