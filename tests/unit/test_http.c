/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's rules that need no network. */
#include "assert.h"

#include <string.h>

#include "yaga/base/str.h"
#include "yaga/io/http_internal.h"

static void waits_double_within_their_band(void **state)
{
    (void)state;
    /* uniform(0.5, 1) * 0.3 * 2^(k-1) seconds */
    assert_int_equal(http_wait_ms(2, 0.3, 0.0, 0), 300);
    assert_int_equal(http_wait_ms(2, 0.3, 1.0, 0), 600);
    assert_int_equal(http_wait_ms(3, 0.3, 0.0, 0), 600);
    assert_int_equal(http_wait_ms(3, 0.3, 1.0, 0), 1200);
    assert_int_equal(http_wait_ms(40, 0.3, 0.5, 0), 10000);
}

static void retry_after_counts_up_to_half_a_minute(void **state)
{
    (void)state;
    assert_int_equal(http_wait_ms(2, 0.3, 0.0, 7), 7000);
    assert_int_equal(http_wait_ms(2, 0.3, 0.0, 30), 30000);
    assert_int_equal(http_wait_ms(2, 0.3, 0.0, INT64_MAX), 30000);
    assert_int_equal(http_wait_ms(2, 100.0, 1.0, 1), 10000);
}

static void only_failures_in_a_row_open_the_breaker(void **state)
{
    (void)state;
    struct yaga_breaker b = {0};
    int64_t remaining_s = 0;
    for (int i = 0; i < 4; i++)
        http_breaker_failed(&b, 5, false, 100);
    assert_int_equal(http_gate(&b, 300, 100, &remaining_s), HTTP_GATE_OPEN);
    http_breaker_succeeded(&b);
    for (int i = 0; i < 4; i++)
        http_breaker_failed(&b, 5, false, 100);
    assert_int_equal(http_gate(&b, 300, 100, &remaining_s), HTTP_GATE_OPEN);
    http_breaker_failed(&b, 5, false, 100);
    assert_int_equal(http_gate(&b, 300, 100, &remaining_s), HTTP_GATE_CLOSED);
    assert_int_equal(remaining_s, 300);
}

static void stragglers_do_not_prolong_an_open_breaker(void **state)
{
    (void)state;
    struct yaga_breaker b = {.failures = 5, .opened_at_s = 100};
    http_breaker_failed(&b, 5, false, 200);
    assert_int_equal(b.opened_at_s, 100);
    http_breaker_failed(&b, 5, true, 400);
    assert_int_equal(b.opened_at_s, 400);
    assert_int_equal(b.failures, 5);
}

static void a_clock_set_back_does_not_keep_the_breaker_open(void **state)
{
    (void)state;
    struct yaga_breaker b = {.failures = 5, .opened_at_s = 1000};
    int64_t remaining_s = 0;
    assert_int_equal(http_gate(&b, 300, 1299, &remaining_s), HTTP_GATE_CLOSED);
    assert_int_equal(remaining_s, 1);
    assert_int_equal(http_gate(&b, 300, 1300, &remaining_s), HTTP_GATE_PROBE);
    assert_int_equal(http_gate(&b, 300, 10, &remaining_s), HTTP_GATE_PROBE);
}

static void shown_addresses_hold_no_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint, *path, *want;
    } cases[] = {
        {"http://vm:8428", "/api", "http://vm:8428/api"},
        {"https://u:p@vm/select/0", "/api?token=x", "https://vm/select/0/api"},
        {"http://u:p@w@vm", "/a#b", "http://vm/a"},
        {"http://vm/@me?key=x", "/a", "http://vm/@me/a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[256];
        http_display_url(cases[i].endpoint, cases[i].path, out, sizeof out);
        assert_string_equal(out, cases[i].want);
    }
}

static void form_text_is_percent_encoded(void **state)
{
    (void)state;
    struct yaga_str out;
    yaga_str_init(&out, 64);
    assert_int_equal(yaga_http_encode(&out, "a-Z_0.~ +&=/\xc3\xa9"), YAGA_OK);
    assert_string_equal(yaga_str_get(&out), "a-Z_0.~%20%2B%26%3D%2F%C3%A9");
    yaga_str_clear(&out);
    yaga_str_init(&out, 2);
    assert_int_equal(yaga_http_encode(&out, "&"), YAGA_E_INPUT);
    yaga_str_clear(&out);
}

static void unusable_options_are_refused(void **state)
{
    (void)state;
    struct yaga_http_options options;
    struct yaga_http *http = NULL;
    struct yaga_error err;
    yaga_http_options_init(&options);
    assert_int_equal(yaga_http_new(&options, &http, &err), YAGA_E_CONFIG);
    options.endpoint = "file:///etc/passwd";
    assert_int_equal(yaga_http_new(&options, &http, &err), YAGA_E_CONFIG);
    options.endpoint = "http://vm";
    options.max_retries = 0;
    assert_int_equal(yaga_http_new(&options, &http, &err), YAGA_E_CONFIG);
    assert_null(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_within_their_band),
        cmocka_unit_test(retry_after_counts_up_to_half_a_minute),
        cmocka_unit_test(only_failures_in_a_row_open_the_breaker),
        cmocka_unit_test(stragglers_do_not_prolong_an_open_breaker),
        cmocka_unit_test(a_clock_set_back_does_not_keep_the_breaker_open),
        cmocka_unit_test(shown_addresses_hold_no_secrets),
        cmocka_unit_test(form_text_is_percent_encoded),
        cmocka_unit_test(unusable_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
