/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files written piece by piece: whole or not there. */
#include "assert.h"

#include <string.h>
#include <unistd.h>

#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/writer.h"

enum { FILE_MAX = 1 << 20 };

static enum yaga_status
write_twice(const char *path, bool gzip, bool finish, struct yaga_error *err)
{
    YAGA_AUTO(yaga_writer) writer = NULL;
    enum yaga_status st = yaga_writer_open(path, gzip, &writer, err);
    for (int i = 0; i < 2 && st == YAGA_OK; i++)
        st = yaga_writer_put(writer, "one line\n", 9, err);
    return st == YAGA_OK && finish ? yaga_writer_finish(writer, err) : st;
}

static void file_in(const char *folder, const char *name, char path[512])
{
    assert_true(yaga_format(path, 512, "%s/%s", folder, name));
}

static void assert_only_file(const char *folder, const char *name)
{
    struct yaga_error err = {0};
    struct yaga_names names = {0};
    assert_ok(yaga_dir_list(folder, 10, &names, &err), &err);
    assert_int_equal(names.n, name == NULL ? 0 : 1);
    if (name != NULL)
        assert_string_equal(names.names[0], name);
    yaga_names_clear(&names);
}

static void pieces_become_one_plain_file(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    const char *folder = test_tmpdir();
    char path[512], *text = NULL;
    size_t n = 0;
    file_in(folder, "plain", path);
    assert_ok(write_twice(path, false, true, &err), &err);
    assert_ok(yaga_file_read(path, FILE_MAX, &text, &n, &err), &err);
    assert_string_equal(text, "one line\none line\n");
    yaga_free(text);
    assert_only_file(folder, "plain");
}

static void compressed_files_read_back_and_are_the_same_each_time(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    const char *folder = test_tmpdir();
    char path[512], *first = NULL, *second = NULL;
    const char *line = NULL;
    size_t n_first = 0, n_second = 0, length = 0;
    file_in(folder, "packed.gz", path);
    assert_ok(write_twice(path, true, true, &err), &err);
    assert_ok(yaga_file_read(path, FILE_MAX, &first, &n_first, &err), &err);
    assert_ok(write_twice(path, true, true, &err), &err);
    assert_ok(yaga_file_read(path, FILE_MAX, &second, &n_second, &err), &err);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    yaga_free(first);
    yaga_free(second);
    YAGA_AUTO(yaga_lines) lines = NULL;
    assert_ok(yaga_lines_open(path, 100, &lines, &err), &err);
    assert_ok(yaga_lines_next(lines, &line, &length, &err), &err);
    assert_string_equal(line, "one line");
}

static void an_unfinished_file_never_appears(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    const char *folder = test_tmpdir();
    char path[512];
    file_in(folder, "half", path);
    assert_ok(write_twice(path, false, false, &err), &err);
    assert_only_file(folder, NULL);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    char path[512];
    file_in(test_tmpdir(), "missing/file", path);
    assert_int_equal(write_twice(path, false, true, &err), YAGA_E_IO);
    assert_error_has(&err, "missing/.file.partial");
}

static void a_full_disk_is_reported(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    const char *folder = test_tmpdir();
    char path[512], partial[512];
    file_in(folder, "file", path);
    file_in(folder, ".file.partial", partial);
    assert_int_equal(symlink("/dev/full", partial), 0);
    assert_int_equal(write_twice(path, false, true, &err), YAGA_E_NO_SPACE);
    assert_only_file(folder, NULL);
}

static void exhausted_memory_is_reported(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    char path[512];
    file_in(test_tmpdir(), "file", path);
    yaga_mem_fail_nth(1);
    enum yaga_status st = write_twice(path, false, true, &err);
    yaga_mem_fail_nth(0);
    assert_int_equal(st, YAGA_E_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_become_one_plain_file),
        cmocka_unit_test(compressed_files_read_back_and_are_the_same_each_time),
        cmocka_unit_test(an_unfinished_file_never_appears),
        cmocka_unit_test(a_folder_that_is_not_there_is_named),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(exhausted_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
