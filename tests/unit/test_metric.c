/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics are found by role and name, and every enumeration has its word. */
#include "assert.h"

#include "yaga/series/metric.h"

static const struct yaga_metric metrics[] = {
    {.name = "cpu", .role = YAGA_ROLE_NONE},
    {.name = "calls", .role = YAGA_ROLE_TRAFFIC},
    {.name = "more_calls", .role = YAGA_ROLE_TRAFFIC},
};

static void the_first_metric_with_a_role_is_found(void **state)
{
    (void)state;
    assert_int_equal(yaga_metric_by_role(metrics, 3, YAGA_ROLE_TRAFFIC), 1);
    assert_int_equal(yaga_metric_by_role(metrics, 3, YAGA_ROLE_ERRORS), -1);
    assert_int_equal(yaga_metric_by_role(metrics, 0, YAGA_ROLE_TRAFFIC), -1);
}

static void names_must_match_whole(void **state)
{
    (void)state;
    assert_int_equal(yaga_metric_by_name(metrics, 3, "more_calls"), 2);
    assert_int_equal(yaga_metric_by_name(metrics, 3, "call"), -1);
}

static void every_word_is_there(void **state)
{
    (void)state;
    assert_string_equal(yaga_direction_name(YAGA_HIGH), "high");
    assert_string_equal(yaga_direction_name(YAGA_LOW), "low");
    assert_string_equal(yaga_direction_name(YAGA_BOTH), "both");
    assert_string_equal(yaga_kind_name(YAGA_KIND_RATE), "rate");
    assert_string_equal(yaga_kind_name(YAGA_KIND_LATENCY), "latency");
    assert_string_equal(yaga_kind_name(YAGA_KIND_RATIO), "ratio");
    assert_string_equal(yaga_kind_name(YAGA_KIND_GAUGE), "gauge");
    assert_string_equal(yaga_role_name(YAGA_ROLE_NONE), "none");
    assert_string_equal(yaga_role_name(YAGA_ROLE_TRAFFIC), "traffic");
    assert_string_equal(yaga_role_name(YAGA_ROLE_LATENCY), "latency");
    assert_string_equal(yaga_role_name(YAGA_ROLE_DEPENDENCY), "dependency");
    assert_string_equal(yaga_role_name(YAGA_ROLE_DATABASE), "database");
    assert_string_equal(yaga_role_name(YAGA_ROLE_ERRORS), "errors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_metric_with_a_role_is_found),
        cmocka_unit_test(names_must_match_whole),
        cmocka_unit_test(every_word_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
