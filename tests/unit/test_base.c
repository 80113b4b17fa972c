/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors that gain context, and log lines that cannot be forged. */
#include "assert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "yaga/base/error.h"
#include "yaga/base/log.h"

static void an_error_gains_context_from_the_inside_out(void **state)
{
    (void)state;
    struct yaga_error err;
    assert_int_equal(yaga_error_set(&err, YAGA_E_NETWORK, "HTTP %d", 503),
                     YAGA_E_NETWORK);
    assert_string_equal(err.text, "HTTP 503");
    assert_int_equal(yaga_error_wrap(&err, "service %s", "payments"), YAGA_E_NETWORK);
    assert_string_equal(err.text, "service payments: HTTP 503");
    assert_int_equal(err.status, YAGA_E_NETWORK);
    yaga_error_clear(&err);
    assert_int_equal(err.status, YAGA_OK);
    assert_string_equal(err.text, "");
}

static void long_texts_are_cut_and_stay_terminated(void **state)
{
    (void)state;
    struct yaga_error err;
    char text[3 * YAGA_ERROR_TEXT_MAX];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    (void)yaga_error_set(&err, YAGA_E_IO, "%s", text);
    assert_int_equal(strlen(err.text), YAGA_ERROR_TEXT_MAX - 1);
    assert_int_equal(yaga_error_wrap(&err, "outer"), YAGA_E_IO);
    assert_int_equal(strlen(err.text), YAGA_ERROR_TEXT_MAX - 1);
    assert_memory_equal(err.text, "outer: xxx", 10);
    (void)yaga_error_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.text), YAGA_ERROR_TEXT_MAX - 1);
    /* A prefix that leaves room for a part of the separator only. */
    for (size_t left = 0; left < 4; left++) {
        (void)yaga_error_set(&err, YAGA_E_IO, "inner");
        (void)yaga_error_wrap(&err, "%.*s", (int)(YAGA_ERROR_TEXT_MAX - 1 - left), text);
        assert_int_equal(strlen(err.text), YAGA_ERROR_TEXT_MAX - 1);
        (void)yaga_error_errno(&err, ENOENT, "%.*s",
                               (int)(YAGA_ERROR_TEXT_MAX - 1 - left), text);
        assert_int_equal(strlen(err.text), YAGA_ERROR_TEXT_MAX - 1);
    }
}

static void error_numbers_of_the_system_map_to_few_statuses(void **state)
{
    (void)state;
    static const struct {
        int number;
        enum yaga_status status;
    } cases[] = {{ENOSPC, YAGA_E_NO_SPACE}, {EDQUOT, YAGA_E_NO_SPACE},
                 {ENOMEM, YAGA_E_NOMEM},    {ENOENT, YAGA_E_IO},
                 {EACCES, YAGA_E_IO},       {EROFS, YAGA_E_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_error err;
        assert_int_equal(yaga_error_errno(&err, cases[i].number, "/x/%d", 7),
                         cases[i].status);
        assert_int_equal(err.status, cases[i].status);
        assert_error_has(&err, "/x/7: ");
    }
    struct yaga_error err;
    (void)yaga_error_errno(&err, ENOENT, "/x");
    assert_string_equal(err.text, "/x: No such file or directory");
}

static void a_caller_without_interest_in_the_text_passes_null(void **state)
{
    (void)state;
    assert_int_equal(yaga_error_set(NULL, YAGA_E_ARG, "x"), YAGA_E_ARG);
    assert_int_equal(yaga_error_wrap(NULL, "x"), YAGA_E_INTERNAL);
    assert_int_equal(yaga_error_errno(NULL, ENOSPC, "x"), YAGA_E_NO_SPACE);
    assert_int_equal(yaga_error_nomem(NULL), YAGA_E_NOMEM);
    yaga_error_clear(NULL);
}

static void every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = YAGA_OK; i <= YAGA_E_INTERNAL; i++) {
        const char *name = yaga_status_name((enum yaga_status)i);
        assert_string_not_equal(name, "unknown");
        for (int k = YAGA_OK; k < i; k++)
            assert_string_not_equal(name, yaga_status_name((enum yaga_status)k));
    }
}

/* What one record writes to stderr. */
static const char *
logged(enum yaga_log_level level, const char *service, const char *message)
{
    static char text[8192];
    int ends[2];
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0 && pipe(ends) == 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    yaga_log(level, "EVENT", service, "%s", message);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    (void)close(before);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    (void)close(ends[0]);
    assert_true(n >= 0);
    text[n] = '\0';
    return text;
}

static void records_above_the_level_are_dropped(void **state)
{
    (void)state;
    yaga_log_setup(YAGA_LOG_WARN, false);
    assert_true(yaga_log_enabled(YAGA_LOG_ERROR) && yaga_log_enabled(YAGA_LOG_WARN));
    assert_false(yaga_log_enabled(YAGA_LOG_INFO));
    assert_string_equal(logged(YAGA_LOG_INFO, NULL, "hidden"), "");
    assert_non_null(
        strstr(logged(YAGA_LOG_WARN, NULL, "shown"), "Z WARN  EVENT: shown\n"));
    assert_non_null(
        strstr(logged(YAGA_LOG_ERROR, "cart", "m"), "Z ERROR EVENT cart: m\n"));
    yaga_log_setup(YAGA_LOG_INFO, false);
}

static void nothing_from_outside_forges_a_line(void **state)
{
    (void)state;
    yaga_log_setup(YAGA_LOG_INFO, false);
    const char *line = logged(YAGA_LOG_INFO, "a\nb", "x\n2026 INFO FAKE: y\x1b[0m");
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strchr(line, '\x1b'));
    assert_non_null(strstr(line, "x\\u000a2026"));
    yaga_log_setup(YAGA_LOG_INFO, true);
    line = logged(YAGA_LOG_INFO, "a\"b", "say \"hi\" \\ \n");
    assert_non_null(strstr(line, "\"service\":\"a\\\"b\""));
    assert_non_null(strstr(line, "\"message\":\"say \\\"hi\\\" \\\\ \\u000a\"}\n"));
    yaga_log_setup(YAGA_LOG_INFO, false);
}

static void a_record_is_one_line_however_long_the_message(void **state)
{
    (void)state;
    char message[6000];
    for (int json = 0; json < 2; json++) {
        for (int fill = 0; fill < 2; fill++) {
            memset(message, fill == 0 ? 'x' : '\n', sizeof message);
            message[sizeof message - 1] = '\0';
            yaga_log_setup(YAGA_LOG_INFO, json == 1);
            const char *line = logged(YAGA_LOG_INFO, "s", message);
            assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
            if (json == 1)
                assert_memory_equal(line + strlen(line) - 3, "\"}\n", 3);
        }
    }
    yaga_log_setup(YAGA_LOG_INFO, false);
}

static void level_words_are_read_in_any_case(void **state)
{
    (void)state;
    enum yaga_log_level level = YAGA_LOG_DEBUG;
    assert_true(yaga_log_level_parse("error", &level));
    assert_int_equal(level, YAGA_LOG_ERROR);
    assert_true(yaga_log_level_parse("Warn", &level));
    assert_int_equal(level, YAGA_LOG_WARN);
    assert_false(yaga_log_level_parse("WARNING", &level));
    assert_false(yaga_log_level_parse("", &level));
    assert_int_equal(level, YAGA_LOG_WARN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_gains_context_from_the_inside_out),
        cmocka_unit_test(long_texts_are_cut_and_stay_terminated),
        cmocka_unit_test(error_numbers_of_the_system_map_to_few_statuses),
        cmocka_unit_test(a_caller_without_interest_in_the_text_passes_null),
        cmocka_unit_test(every_status_has_a_name_of_its_own),
        cmocka_unit_test(records_above_the_level_are_dropped),
        cmocka_unit_test(nothing_from_outside_forges_a_line),
        cmocka_unit_test(a_record_is_one_line_however_long_the_message),
        cmocka_unit_test(level_words_are_read_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
