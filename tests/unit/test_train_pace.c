/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a training will take. */
#include "assert.h"

#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/train_internal.h"

static void the_rest_takes_the_median_time_a_service_and_thread(void **state)
{
    (void)state;
    static const double took_s[] = {10.0, 1.0, 100.0, 4.0, 6.0};
    assert_near(yaga_train_remaining_s(took_s, 5, 8, 1), 6.0 * 8, 1e-12);
    assert_near(yaga_train_remaining_s(took_s, 5, 8, 4), 6.0 * 2, 1e-12);
    assert_near(yaga_train_remaining_s(took_s, 1, 3, 2), 10.0 * 1.5, 1e-12);
    assert_near(took_s[0], 10.0, 0);
}

static void the_last_services_take_one_time_for_any_number_of_threads(void **state)
{
    (void)state;
    static const double took_s[] = {5.0};
    assert_near(yaga_train_remaining_s(took_s, 1, 1, 8), 5.0, 1e-12);
    assert_near(yaga_train_remaining_s(took_s, 1, 0, 8), 0.0, 0);
}

static void before_the_first_service_nobody_knows(void **state)
{
    (void)state;
    static const double took_s[] = {5.0};
    assert_true(isnan(yaga_train_remaining_s(took_s, 0, 4, 1)));
    yaga_mem_fail_nth(1);
    double without_memory = yaga_train_remaining_s(took_s, 1, 4, 1);
    yaga_mem_fail_nth(0);
    assert_true(isnan(without_memory));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rest_takes_the_median_time_a_service_and_thread),
        cmocka_unit_test(the_last_services_take_one_time_for_any_number_of_threads),
        cmocka_unit_test(before_the_first_service_nobody_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
