/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known tails are recovered, p falls and inverts, degenerate data is marked. */
#include "assert.h"

#include <math.h>

#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"
#include "yaga/numeric/tail.h"

enum { N = 40000 };

/* Sorted generalised Pareto sample, scale 2. */
static void draw(double *x, size_t n, double xi, uint64_t seed)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        double e = -log1p(-yaga_rng_uniform(&rng));
        x[i] = xi == 0.0 ? 2.0 * e : 2.0 * expm1(xi * e) / xi;
    }
    yaga_sort(x, n);
}

static void an_exponential_tail_is_recovered(void **state)
{
    (void)state;
    static double x[N];
    draw(x, N, 0.0, 1);
    struct yaga_tail tail;
    yaga_tail_fit(x, N, 0.95, &tail);
    assert_true(tail.supported);
    assert_near(tail.zeta, 0.05, 1e-4);
    assert_near(tail.xi, 0.0, 0.05);
    assert_near(tail.sigma, 2.0, 0.1);
    assert_near(log(yaga_tail_p(&tail, 2.0 * log(1e4))) / log(1e-4), 1.0, 0.06);
}

static void a_generalised_pareto_tail_is_recovered(void **state)
{
    (void)state;
    static double x[N];
    draw(x, N, 0.2, 2);
    struct yaga_tail tail;
    yaga_tail_fit(x, N, 0.95, &tail);
    assert_near(tail.xi, 0.2, 0.06);
    /* Beyond u a generalised Pareto keeps its shape and has scale sigma + xi u. */
    assert_near(tail.sigma / (2.0 + 0.2 * tail.u), 1.0, 0.1);
}

static void the_shape_stays_within_its_bounds(void **state)
{
    (void)state;
    static double x[N];
    draw(x, N, 0.9, 3);
    struct yaga_tail tail;
    yaga_tail_fit(x, N, 0.95, &tail);
    assert_near(tail.xi, 0.3, 1e-12);
    for (size_t i = 0; i < 1000; i++)
        x[i] = (double)i; /* uniform: a bounded tail, xi would be -1 */
    yaga_tail_fit(x, 1000, 0.95, &tail);
    assert_near(tail.xi, 0.0, 0.0);
}

static void p_falls_with_x_and_level_inverts_it(void **state)
{
    (void)state;
    static double x[N];
    for (size_t c = 0; c < 2; c++) {
        draw(x, N, c == 0 ? 0.0 : 0.2, 4 + c);
        struct yaga_tail tail;
        yaga_tail_fit(x, N, 0.95, &tail);
        double last = tail.zeta;
        for (double at = tail.u; at < tail.u + 1000.0; at = at * 1.05 + 0.01) {
            double p = yaga_tail_p(&tail, at);
            assert_true(p <= last && p >= 1e-12);
            last = p;
        }
        for (double p = 1e-11; p < tail.zeta; p *= 3.0)
            assert_near(log(yaga_tail_p(&tail, yaga_tail_level(&tail, p))), log(p), 1e-9);
        assert_near(yaga_tail_level(&tail, 0.5), tail.u, 0.0);
        assert_near(yaga_tail_p(&tail, (double)INFINITY), 1e-12, 1e-15);
    }
}

static void data_without_spread_above_u_is_not_supported(void **state)
{
    (void)state;
    static double x[100];
    for (size_t i = 0; i < 100; i++)
        x[i] = 7.0;
    struct yaga_tail tail;
    yaga_tail_fit(x, 100, 0.95, &tail);
    assert_false(tail.supported);
    assert_true(tail.sigma > 0.0 && tail.zeta > 0.0);
    assert_near(yaga_tail_p(&tail, 7.1), 1e-12, 1e-15);
}

static void fewer_than_thirty_exceedances_are_not_supported(void **state)
{
    (void)state;
    static double x[N];
    draw(x, 580, 0.0, 6);
    struct yaga_tail tail;
    yaga_tail_fit(x, 580, 0.95, &tail);
    assert_false(tail.supported);
    draw(x, 620, 0.0, 6);
    yaga_tail_fit(x, 620, 0.95, &tail);
    assert_true(tail.supported);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exponential_tail_is_recovered),
        cmocka_unit_test(a_generalised_pareto_tail_is_recovered),
        cmocka_unit_test(the_shape_stays_within_its_bounds),
        cmocka_unit_test(p_falls_with_x_and_level_inverts_it),
        cmocka_unit_test(data_without_spread_above_u_is_not_supported),
        cmocka_unit_test(fewer_than_thirty_exceedances_are_not_supported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
