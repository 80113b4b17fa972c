/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When an open incident is getting better. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/incident/incident.h"
#include "yaga/numeric/rng.h"

static double recovered(double peak,
                        double expected,
                        enum yaga_direction direction,
                        double a,
                        double b,
                        double c)
{
    struct yaga_incident incident = {.status = YAGA_OPEN, .peak_value = peak};
    const double last[YAGA_RECOVERY_POINTS] = {a, b, c};
    return yaga_incident_recovered(&incident, direction, expected, last);
}

static void half_of_the_excess_and_three_points_are_needed(void **state)
{
    (void)state;
    static const struct {
        double peak, expected;
        enum yaga_direction direction;
        double last[3], want;
    } cases[] = {
        {500, 100, YAGA_HIGH, {400, 350, 300}, 0.5},
        {500, 100, YAGA_HIGH, {400, 350, 301}, NAN},
        {500, 100, YAGA_HIGH, {400, 300, 200}, 0.75},
        {500, 100, YAGA_HIGH, {150, 200, 200}, NAN}, /* it stands */
        {500, 100, YAGA_HIGH, {400, 200, 220}, NAN}, /* it turns */
        {500, 100, YAGA_HIGH, {200, 150, 90}, 1.0},
        {5, 100, YAGA_LOW, {20, 50, 81}, 0.8},
        {5, 100, YAGA_LOW, {20, 19, 81}, NAN},
        {500, 100, YAGA_HIGH, {NAN, 300, 200}, NAN}, /* unknown is not better */
        {500, NAN, YAGA_HIGH, {400, 300, 200}, NAN},
        {NAN, 100, YAGA_HIGH, {400, 300, 200}, NAN},
        {100, 100, YAGA_HIGH, {90, 80, 70}, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = recovered(cases[i].peak, cases[i].expected, cases[i].direction,
                               cases[i].last[0], cases[i].last[1], cases[i].last[2]);
        if (isnan(cases[i].want) ? !isnan(got) : !(fabs(got - cases[i].want) < 1e-12))
            fail_msg("case %zu: %g", i, got);
    }
}

static void only_open_incidents_recover(void **state)
{
    (void)state;
    const double last[YAGA_RECOVERY_POINTS] = {300, 200, 150};
    for (int s = YAGA_SUSPECTED; s <= YAGA_CLOSED; s++) {
        struct yaga_incident incident = {.status = (enum yaga_incident_status)s,
                                         .peak_value = 500};
        double got = yaga_incident_recovered(&incident, YAGA_HIGH, 100, last);
        assert_int_equal(!isnan(got), s == YAGA_OPEN);
    }
}

/* Up is down when everything is turned round, and better is never less recovered. */
static void both_sides_agree_and_better_counts_more(void **state)
{
    (void)state;
    struct yaga_rng rng;
    size_t n_set = 0;
    yaga_rng_init(&rng, 11);
    for (int i = 0; i < 10000; i++) {
        double peak = 5.0 + yaga_rng_uniform(&rng), v[3];
        for (size_t k = 0; k < 3; k++)
            v[k] = 5.0 * yaga_rng_uniform(&rng);
        double high = recovered(peak, 0.5, YAGA_HIGH, v[0], v[1], v[2]);
        double low = recovered(-peak, -0.5, YAGA_LOW, -v[0], -v[1], -v[2]);
        assert_true(isnan(high) ? isnan(low) : fabs(high - low) < 1e-12);
        if (isnan(high))
            continue;
        n_set++;
        assert_true(high >= 0.5 && high <= 1.0);
        assert_true(recovered(peak, 0.5, YAGA_HIGH, v[0], v[1], v[2] - 0.1) >= high);
    }
    assert_true(n_set > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_the_excess_and_three_points_are_needed),
        cmocka_unit_test(only_open_incidents_recover),
        cmocka_unit_test(both_sides_agree_and_better_counts_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
