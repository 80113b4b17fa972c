/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of named fields, as CSV and as JSON lines: sound, broken, at and over the
 * limits. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "yaga/base/civil.h"
#include "yaga/evaluate/rows.h"

static const char *write_bytes(const char *text, size_t length, bool packed)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/rows", test_tmpdir());
    gzFile file = gzopen(path, packed ? "wb" : "wbT");
    assert_non_null(file);
    if (length > 0)
        assert_int_equal(gzwrite(file, text, (unsigned)length), (int)length);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

static const char *write_text(const char *text)
{
    return write_bytes(text, strlen(text), false);
}

static struct yaga_rows *open_text(const char *text)
{
    struct yaga_rows *rows = NULL;
    struct yaga_error err;
    assert_ok(yaga_rows_open(write_text(text), &rows, &err), &err);
    return rows;
}

static void next(struct yaga_rows *rows)
{
    bool more = false;
    struct yaga_error err;
    assert_ok(yaga_rows_next(rows, &more, &err), &err);
    assert_true(more);
}

static void assert_end(struct yaga_rows *rows)
{
    bool more = true;
    struct yaga_error err;
    assert_ok(yaga_rows_next(rows, &more, &err), &err);
    assert_false(more);
}

static double number(struct yaga_rows *rows, const char *column)
{
    double value;
    struct yaga_error err;
    assert_ok(yaga_rows_number(rows, yaga_rows_find(rows, column), &value, &err), &err);
    return value;
}

static void csv_fields_are_found_by_the_names_of_the_header(void **state)
{
    (void)state;
    static const char text[] = "a,b c,d\r\n1,x y,\r\n\r\n-2.5e3,\"q, \"\"r\"\"\",nan";
    struct yaga_rows *rows = open_text(text);
    assert_int_equal(yaga_rows_n_columns(rows), 3);
    assert_string_equal(yaga_rows_name(rows, 1), "b c");
    assert_true(yaga_rows_find(rows, "b") == YAGA_ROWS_NONE);
    next(rows);
    assert_near(number(rows, "a"), 1.0, 0.0);
    assert_string_equal(yaga_rows_text(rows, 1), "x y");
    assert_true(isnan(number(rows, "d")));
    next(rows);
    assert_near(number(rows, "a"), -2500.0, 0.0);
    assert_string_equal(yaga_rows_text(rows, 1), "q, \"r\"");
    assert_true(isnan(number(rows, "d")));
    assert_end(rows);
    assert_null(yaga_rows_free(rows));
}

static void json_lines_have_the_members_of_the_first_as_columns(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":1,\"b\":\"x\",\"c\":true}\n"
                               "{\"b\":null,\"a\":0.5,\"later\":[1]}\n";
    struct yaga_rows *rows = open_text(text);
    assert_int_equal(yaga_rows_n_columns(rows), 3);
    next(rows);
    assert_near(number(rows, "a"), 1.0, 0.0);
    assert_string_equal(yaga_rows_text(rows, 1), "x");
    assert_near(number(rows, "c"), 1.0, 0.0);
    next(rows);
    assert_near(number(rows, "a"), 0.5, 0.0);
    assert_string_equal(yaga_rows_text(rows, 1), "");
    assert_string_equal(yaga_rows_text(rows, 2), "");
    assert_end(rows);
    (void)yaga_rows_free(rows);
}

static void packed_files_and_a_byte_order_mark_make_no_difference(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbfv\n7\n";
    for (int packed = 0; packed < 2; packed++) {
        struct yaga_rows *rows = NULL;
        struct yaga_error err;
        const char *path = write_bytes(text, strlen(text), packed == 1);
        assert_ok(yaga_rows_open(path, &rows, &err), &err);
        next(rows);
        assert_near(number(rows, "v"), 7.0, 0.0);
        (void)yaga_rows_free(rows);
    }
}

static void times_are_read_in_the_forms_that_tables_have(void **state)
{
    (void)state;
    struct yaga_error err;
    assert_ok(yaga_civil_set_zone("UTC", &err), &err);
    struct yaga_rows *rows = open_text("t\n2020-03-09 12:54:39\n2020-03-09T12:54:39Z\n"
                                       "1583758479\n2020-03-09T13:54:39+01:00\nx\n");
    for (int i = 0; i < 4; i++) {
        int64_t at_s = 0;
        next(rows);
        assert_ok(yaga_rows_time(rows, 0, &at_s, &err), &err);
        assert_int_equal(at_s, 1583758479);
    }
    int64_t at_s;
    next(rows);
    assert_int_equal(yaga_rows_time(rows, 0, &at_s, &err), YAGA_E_INPUT);
    assert_error_has(&err, ":6: column \"t\": \"x\" is not a time");
    (void)yaga_rows_free(rows);
}

static void flags_are_0_and_1_and_nothing_else(void **state)
{
    (void)state;
    struct yaga_rows *rows = open_text("f\n1\n0\ntrue\nfalse\n1.0\n2\nyes\nnan\n\"\"\n");
    static const bool want[] = {true, false, true, false, true};
    struct yaga_error err;
    bool flag;
    for (size_t i = 0; i < 5; i++) {
        next(rows);
        assert_ok(yaga_rows_flag(rows, 0, &flag, &err), &err);
        assert_int_equal(flag, want[i]);
    }
    for (size_t i = 5; i < 9; i++) {
        next(rows);
        assert_int_equal(yaga_rows_flag(rows, 0, &flag, &err), YAGA_E_INPUT);
        assert_error_has(&err, "is not 0 or 1");
    }
    (void)yaga_rows_free(rows);
}

/* Opens and reads to the end; the first failure. */
static enum yaga_status read_all(const char *path, struct yaga_error *err)
{
    YAGA_AUTO(yaga_rows) rows = NULL;
    bool more = true;
    enum yaga_status st = yaga_rows_open(path, &rows, err);
    while (st == YAGA_OK && more) {
        double value;
        st = yaga_rows_next(rows, &more, err);
        for (size_t i = 0; st == YAGA_OK && more && i < yaga_rows_n_columns(rows); i++)
            st = yaga_rows_number(rows, i, &value, err);
    }
    return st;
}

static void what_is_broken_is_refused_with_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"", "empty file"},
        {"\n\n", "empty file"},
        {"a,a\n", ":1: two columns are called \"a\""},
        {"a,b\n1\n", ":2: 1 columns, the header has 2"},
        {"a,b\n\n1,2,3\n", ":3: more than the 2 columns of the header"},
        {"a\nx1\n", ":2: column \"a\": \"x1\" is not a number"},
        {"a\n\"1\n", ":2: a quoted field does not end"},
        {"a,b\n\"1\"2,3\n", ":2: text behind a quoted field"},
        {"{\"a\":1}\n[1]\n", ":2: not an object"},
        {"{\"a\":1}\n{\"a\":[2]}\n", ":2: \"a\" is neither a number nor a text"},
        {"{\"a\":1}\n{\"a\":\n", "rows:2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_error err;
        assert_int_not_equal(read_all(write_text(cases[i].text), &err), YAGA_OK);
        assert_error_has(&err, cases[i].says);
        assert_error_has(&err, "/rows");
    }
    struct yaga_error err;
    assert_int_equal(read_all(write_bytes("a\n1\0002\n", 6, false), &err), YAGA_E_INPUT);
    assert_error_has(&err, ":2: a byte 0");
    assert_int_equal(read_all("/no/such/file", &err), YAGA_E_NO_DATA);
}

static enum yaga_status read_columns(size_t n, struct yaga_error *err)
{
    char *text = malloc(n * 8 + 1);
    size_t length = 0;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        length += (size_t)sprintf(text + length, "%sc%zu", i > 0 ? "," : "", i);
    enum yaga_status st = read_all(write_bytes(text, length, true), err);
    free(text);
    return st;
}

static void as_many_columns_as_the_limit_are_read_and_one_more_is_refused(void **state)
{
    (void)state;
    struct yaga_error err;
    assert_ok(read_columns(YAGA_ROWS_COLUMNS_MAX, &err), &err);
    assert_int_equal(read_columns(YAGA_ROWS_COLUMNS_MAX + 1, &err), YAGA_E_INPUT);
    assert_error_has(&err, ":1: more than 2048 columns");
}

static enum yaga_status read_line_of(size_t bytes, struct yaga_error *err)
{
    char *text = malloc(bytes + 3);
    assert_non_null(text);
    memcpy(text, "a\n", 2);
    memset(text + 2, '0', bytes);
    text[bytes + 2] = '\n';
    enum yaga_status st = read_all(write_bytes(text, bytes + 3, false), err);
    free(text);
    return st;
}

static void a_line_as_long_as_the_limit_is_read_and_a_longer_one_is_refused(void **state)
{
    (void)state;
    struct yaga_error err;
    /* A number of a million digits is none: the line itself was read. */
    assert_int_equal(read_line_of(YAGA_ROWS_LINE_MAX, &err), YAGA_E_INPUT);
    assert_error_has(&err, "is not a number");
    assert_int_equal(read_line_of(YAGA_ROWS_LINE_MAX + 1, &err), YAGA_E_INPUT);
    assert_error_has(&err, ":2");
}

static void reading_survives_failing_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"a,b\n1,2\n",
                                        "{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n"};
    for (size_t form = 0; form < 2; form++) {
        size_t k = 1;
        for (;; k++) {
            YAGA_AUTO(yaga_rows) rows = NULL;
            struct yaga_error err;
            bool more = true;
            const char *path = write_text(texts[form]);
            yaga_mem_fail_nth(k);
            enum yaga_status st = yaga_rows_open(path, &rows, &err);
            while (st == YAGA_OK && more)
                st = yaga_rows_next(rows, &more, &err);
            yaga_mem_fail_nth(0);
            if (st == YAGA_OK)
                break;
            assert_int_equal(st, YAGA_E_NOMEM);
        }
        assert_true(k > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_fields_are_found_by_the_names_of_the_header),
        cmocka_unit_test(json_lines_have_the_members_of_the_first_as_columns),
        cmocka_unit_test(packed_files_and_a_byte_order_mark_make_no_difference),
        cmocka_unit_test(times_are_read_in_the_forms_that_tables_have),
        cmocka_unit_test(flags_are_0_and_1_and_nothing_else),
        cmocka_unit_test(what_is_broken_is_refused_with_file_and_line),
        cmocka_unit_test(as_many_columns_as_the_limit_are_read_and_one_more_is_refused),
        cmocka_unit_test(a_line_as_long_as_the_limit_is_read_and_a_longer_one_is_refused),
        cmocka_unit_test(reading_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
