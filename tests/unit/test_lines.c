/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same lines, whether the file is plain or packed. */
#include "assert.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"

static const char *in(const char *folder, const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    assert_true(yaga_format(path, sizeof paths[0], "%s/%s", folder, name));
    return path;
}

static void put_plain(const char *path, const char *text)
{
    struct yaga_error err;
    assert_ok(yaga_file_write_atomic(path, text, strlen(text), &err), &err);
}

static void put_packed(const char *path, const char *text)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

static struct yaga_lines *open_lines(const char *path, size_t max_line)
{
    struct yaga_lines *lines = NULL;
    struct yaga_error err;
    assert_ok(yaga_lines_open(path, max_line, &lines, &err), &err);
    return lines;
}

static const char *next_line(struct yaga_lines *lines)
{
    const char *line = NULL;
    size_t length = 0;
    struct yaga_error err;
    assert_ok(yaga_lines_next(lines, &line, &length, &err), &err);
    if (line != NULL)
        assert_int_equal(strlen(line), length);
    return line;
}

static void lines_are_the_same_plain_and_packed(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    put_plain(in(dir, "plain"), "one\n\nthree\r\nlast");
    put_packed(in(dir, "packed"), "one\n\nthree\r\nlast");
    static const char *const names[] = {"plain", "packed"};
    for (size_t i = 0; i < 2; i++) {
        YAGA_AUTO(yaga_lines) lines = open_lines(in(dir, names[i]), 100);
        assert_int_equal(yaga_lines_number(lines), 0);
        assert_string_equal(next_line(lines), "one");
        assert_string_equal(next_line(lines), "");
        assert_string_equal(next_line(lines), "three\r");
        assert_string_equal(next_line(lines), "last");
        assert_int_equal(yaga_lines_number(lines), 4);
        assert_null(next_line(lines));
        assert_null(next_line(lines));
        assert_int_equal(yaga_lines_number(lines), 4);
    }
}

static void a_final_newline_makes_no_empty_line(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    put_plain(in(dir, "f"), "one\n");
    put_plain(in(dir, "empty"), "");
    YAGA_AUTO(yaga_lines) lines = open_lines(in(dir, "f"), 100);
    assert_string_equal(next_line(lines), "one");
    assert_null(next_line(lines));
    YAGA_AUTO(yaga_lines) empty = open_lines(in(dir, "empty"), 100);
    assert_null(next_line(empty));
}

static void long_lines_cross_the_blocks_up_to_the_limit(void **state)
{
    (void)state;
    enum { LIMIT = 200000 };
    const char *dir = test_tmpdir();
    YAGA_AUTO_MEM(char) text = yaga_alloc(2 * LIMIT + 8, 1);
    memset(text, 'a', 2 * LIMIT + 8);
    text[LIMIT] = '\n';
    text[2 * LIMIT + 2] = '\0';
    put_packed(in(dir, "f"), text);
    YAGA_AUTO(yaga_lines) lines = open_lines(in(dir, "f"), LIMIT);
    assert_int_equal(strlen(next_line(lines)), LIMIT);
    const char *line = NULL;
    size_t length = 0;
    struct yaga_error err;
    assert_int_equal(yaga_lines_next(lines, &line, &length, &err), YAGA_E_INPUT);
    assert_error_has(&err, "/f:2: line longer than 200000 bytes");
}

static void a_packed_file_that_ends_early_is_bad_input(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    char text[20000];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 100 == 99 ? '\n' : (char)('a' + (i * i / 7) % 23);
    text[sizeof text - 1] = '\0';
    put_packed(in(dir, "whole"), text);
    struct stat sb;
    assert_int_equal(stat(in(dir, "whole"), &sb), 0);
    for (off_t cut = 3; cut < sb.st_size; cut += 1 + sb.st_size / 40) {
        put_packed(in(dir, "cut"), text);
        assert_int_equal(truncate(in(dir, "cut"), cut), 0);
        YAGA_AUTO(yaga_lines) lines = open_lines(in(dir, "cut"), 1000);
        const char *line = "";
        size_t length = 0;
        struct yaga_error err = {0};
        enum yaga_status st = YAGA_OK;
        while (st == YAGA_OK && line != NULL)
            st = yaga_lines_next(lines, &line, &length, &err);
        assert_int_equal(st, YAGA_E_INPUT);
        assert_error_has(&err, "/cut, after line ");
    }
}

static void a_damaged_packed_file_is_bad_input(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    put_packed(in(dir, "f"), "some text that is packed\n");
    FILE *file = fopen(in(dir, "f"), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, -6, SEEK_END), 0);
    assert_int_equal(fputc(0x55, file), 0x55); /* in the checksum */
    assert_int_equal(fclose(file), 0);
    YAGA_AUTO(yaga_lines) lines = open_lines(in(dir, "f"), 1000);
    const char *line = "";
    size_t length = 0;
    struct yaga_error err = {0};
    enum yaga_status st = YAGA_OK;
    while (st == YAGA_OK && line != NULL)
        st = yaga_lines_next(lines, &line, &length, &err);
    assert_int_equal(st, YAGA_E_INPUT);
}

static void what_cannot_be_read_says_so(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_lines *lines = NULL;
    struct yaga_error err;
    assert_int_equal(yaga_lines_open(in(dir, "none"), 10, &lines, &err), YAGA_E_NO_DATA);
    assert_int_equal(yaga_lines_open(dir, 10, &lines, &err), YAGA_E_INPUT);
    assert_error_has(&err, "is a folder");
    assert_null(lines);
}

static void reading_survives_exhausted_memory(void **state)
{
    (void)state;
    const char *path = in(test_tmpdir(), "f");
    put_packed(path, "one\ntwo\n");
    for (size_t k = 1;; k++) {
        struct yaga_lines *lines = NULL;
        const char *line = NULL;
        size_t length = 0;
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_lines_open(path, 10, &lines, &err);
        if (st == YAGA_OK)
            st = yaga_lines_next(lines, &line, &length, &err);
        yaga_mem_fail_nth(0);
        (void)yaga_lines_free(lines);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_plain_and_packed),
        cmocka_unit_test(a_final_newline_makes_no_empty_line),
        cmocka_unit_test(long_lines_cross_the_blocks_up_to_the_limit),
        cmocka_unit_test(a_packed_file_that_ends_early_is_bad_input),
        cmocka_unit_test(a_damaged_packed_file_is_bad_input),
        cmocka_unit_test(what_cannot_be_read_says_so),
        cmocka_unit_test(reading_survives_exhausted_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
