/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of maintenance windows: their form, their limits, and what is said about bad ones. */
#include "assert.h"

#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/maintenance.h"

static const char *write_file(const char *text, size_t times)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/windows.jsonl", test_tmpdir());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < times; i++)
        assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void a_file_is_read_with_days_and_times(void **state)
{
    (void)state;
    struct yaga_windows windows;
    struct yaga_error err;
    const char *path = write_file(
        "{\"start\":\"2026-03-01T02:00:00Z\",\"end\":\"2026-03-01T04:00:00Z\",\"service\":\"cart\",\"reason\":\"x\"}\n"
        "\n"
        "{\"start\":\"2026-03-02\",\"end\":\"2026-03-03\",\"service\":\"*\",\"ticket\":7}",
        1);
    assert_ok(yaga_windows_read(path, &windows, &err), &err);
    assert_int_equal(windows.n, 2);
    assert_int_equal(windows.items[0].end_s - windows.items[0].start_s, 7200);
    assert_int_equal(windows.items[1].end_s - windows.items[1].start_s, 2 * 86400); /* the last day belongs to it */
    assert_true(yaga_window_concerns(&windows.items[0], "cart"));
    assert_false(yaga_window_concerns(&windows.items[0], "shop"));
    assert_true(yaga_window_concerns(&windows.items[1], "shop"));
    yaga_windows_clear(&windows);
}

static void bad_lines_are_named_with_their_number(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"[]", "object"},
        {"{\"start\":\"2026-03-01\",\"end\":\"2026-03-02\"}", "service"},
        {"{\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"service\":\"\"}", "service"},
        {"{\"start\":\"2026-03-03\",\"end\":\"2026-03-02\",\"service\":\"a\"}", "after the start"},
        {"{\"start\":\"2026-03-01T02:00:00Z\",\"end\":\"2026-03-01T02:00:00Z\",\"service\":\"a\"}", "after the start"},
        {"{\"start\":\"soon\",\"end\":\"2026-03-02\",\"service\":\"a\"}", "start"},
        {"{\"end\":\"2026-03-02\",\"service\":\"a\"}", "start"},
        {"{\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"service\":\"a\",\"reason\":1}", "reason"},
        {"{\"start\":", "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct yaga_windows windows = {.n = 77};
        struct yaga_error err;
        (void)snprintf(text, sizeof text, "\n%s\n", cases[i][0]);
        assert_int_equal(yaga_windows_read(write_file(text, 1), &windows, &err), YAGA_E_INPUT);
        assert_error_has(&err, cases[i][1]);
        assert_error_has(&err, "windows.jsonl: line 2");
        assert_int_equal(windows.n, 77);
    }
}

static void limits_hold_at_and_fail_beyond(void **state)
{
    (void)state;
    static const char line[] = "{\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"service\":\"a\"}\n";
    struct yaga_windows windows;
    struct yaga_error err;
    assert_ok(yaga_windows_read(write_file(line, YAGA_WINDOWS_MAX), &windows, &err), &err);
    assert_int_equal(windows.n, YAGA_WINDOWS_MAX);
    yaga_windows_clear(&windows);
    assert_int_equal(yaga_windows_read(write_file(line, YAGA_WINDOWS_MAX + 1), &windows, &err), YAGA_E_INPUT);
    assert_error_has(&err, "10000");

    static char text[YAGA_WINDOW_LINE_MAX + 3];
    struct yaga_window window;
    (void)snprintf(text, sizeof text, "%s", line);
    memset(text + sizeof line - 2, ' ', sizeof text - sizeof line);
    text[YAGA_WINDOW_LINE_MAX] = '\0';
    assert_ok(yaga_windows_read(write_file(text, 1), &windows, &err), &err);
    yaga_windows_clear(&windows);
    text[YAGA_WINDOW_LINE_MAX] = ' ';
    text[YAGA_WINDOW_LINE_MAX + 1] = '\0';
    assert_int_equal(yaga_windows_read(write_file(text, 1), &windows, &err), YAGA_E_INPUT);
    assert_int_equal(yaga_window_parse(text, YAGA_WINDOW_LINE_MAX + 1, &window, &err), YAGA_E_INPUT);
}

static void a_reason_and_a_name_have_a_limit(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        char text[2000];
        char reason[YAGA_WINDOW_REASON_MAX + 2] = "";
        char name[YAGA_NAME_MAX + 2] = "";
        struct yaga_window window;
        struct yaga_error err;
        enum yaga_status want = over ? YAGA_E_INPUT : YAGA_OK;
        memset(reason, 'r', YAGA_WINDOW_REASON_MAX + over);
        memset(name, 'n', YAGA_NAME_MAX + over);
        int n = snprintf(text, sizeof text, "{\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"service\":\"a\",\"reason\":\"%s\"}",
                         reason);
        assert_int_equal(yaga_window_parse(text, (size_t)n, &window, &err), want);
        n = snprintf(text, sizeof text, "{\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"service\":\"%s\"}", name);
        assert_int_equal(yaga_window_parse(text, (size_t)n, &window, &err), want);
    }
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct yaga_windows windows;
    struct yaga_error err;
    assert_int_not_equal(yaga_windows_read("/nowhere/w.jsonl", &windows, &err), YAGA_OK);
    assert_error_has(&err, "/nowhere/w.jsonl");
}

static void failing_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    const char *path = write_file("{\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"service\":\"a\"}\n", 20);
    for (size_t k = 1;; k++) {
        struct yaga_windows windows = {.n = 0};
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_windows_read(path, &windows, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_int_equal(windows.n, 20);
            yaga_windows_clear(&windows);
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(windows.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_with_days_and_times),
        cmocka_unit_test(bad_lines_are_named_with_their_number),
        cmocka_unit_test(limits_hold_at_and_fail_beyond),
        cmocka_unit_test(a_reason_and_a_name_have_a_limit),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(failing_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
