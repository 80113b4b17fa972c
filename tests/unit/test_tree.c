/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole folders: sizes, copies, room. */
#include "assert.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/io/tree.h"

/* dir/name, valid until the eighth call after it. */
static const char *in(const char *dir, const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void put(const char *path, const char *text)
{
    struct yaga_error err;
    assert_ok(yaga_file_write_atomic(path, text, strlen(text), &err), &err);
}

static void assert_content(const char *path, const char *want)
{
    char *text = NULL;
    size_t n = 0;
    struct yaga_error err;
    assert_ok(yaga_file_read(path, 100, &text, &n, &err), &err);
    assert_string_equal(text, want);
    yaga_free(text);
}

static uint64_t bytes_of(const char *path)
{
    struct yaga_error err;
    uint64_t n = 99;
    assert_ok(yaga_dir_bytes(path, &n, &err), &err);
    return n;
}

/* models with a version, a link to it, and an empty folder: 8 bytes in two files. */
static const char *fresh_tree(void)
{
    struct yaga_error err;
    const char *dir = test_tmpdir();
    yaga_file_set_durable(false);
    put(in(dir, "models/.versions/cart/r1/pooled.yaga"), "12345");
    put(in(dir, "models/lock"), "abc");
    assert_ok(yaga_dir_make(in(dir, "models/empty"), &err), &err);
    assert_int_equal(symlink(".versions/cart/r1", in(dir, "models/cart")), 0);
    return dir;
}

static void a_folder_is_as_large_as_its_files(void **state)
{
    (void)state;
    const char *dir = fresh_tree();
    assert_int_equal(bytes_of(in(dir, "models")), 8);
    assert_int_equal(bytes_of(in(dir, "models/lock")), 3);
    assert_int_equal(bytes_of(in(dir, "models/cart")), 0); /* links are not followed */
    assert_int_equal(bytes_of(in(dir, "none")), 0);
}

static void a_copy_has_files_folders_and_links(void **state)
{
    (void)state;
    struct yaga_error err;
    struct stat sb;
    const char *dir = fresh_tree();
    assert_ok(yaga_dir_copy(in(dir, "models"), in(dir, "backup/today"), &err), &err);
    assert_content(in(dir, "backup/today/cart/pooled.yaga"), "12345");
    assert_int_equal(lstat(in(dir, "backup/today/cart"), &sb), 0);
    assert_true(S_ISLNK(sb.st_mode));
    assert_int_equal(lstat(in(dir, "backup/today/empty"), &sb), 0);
    assert_true(S_ISDIR(sb.st_mode));
    assert_int_equal(bytes_of(in(dir, "backup")), 8);
    put(in(dir, "models/cart/pooled.yaga"), "new");
    assert_content(in(dir, "backup/today/cart/pooled.yaga"), "12345");
}

static void a_copy_replaces_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *dir = fresh_tree();
    put(in(dir, "backup/today"), "mine");
    put(in(dir, "backup/other.partial/half"), "of a run that died");
    assert_int_equal(yaga_dir_copy(in(dir, "models"), in(dir, "backup/today"), &err),
                     YAGA_E_ARG);
    assert_error_has(&err, "backup/today: exists already");
    assert_content(in(dir, "backup/today"), "mine");
    assert_ok(yaga_dir_copy(in(dir, "models"), in(dir, "backup/other"), &err), &err);
    assert_int_equal(access(in(dir, "backup/other/half"), F_OK), -1);
}

static void a_copy_into_itself_is_refused(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_names left;
    const char *dir = fresh_tree();
    assert_int_equal(yaga_dir_copy(in(dir, "models"), in(dir, "models/empty/b"), &err),
                     YAGA_E_ARG);
    assert_error_has(&err, "lies in what is to be copied");
    assert_ok(yaga_dir_list(in(dir, "models/empty"), 9, &left, &err), &err);
    assert_int_equal(left.n, 0);
}

static void a_copy_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_names left;
    const char *dir = fresh_tree();
    assert_int_equal(mkfifo(in(dir, "models/pipe"), 0600), 0);
    assert_int_equal(yaga_dir_copy(in(dir, "models"), in(dir, "backup/today"), &err),
                     YAGA_E_IO);
    assert_error_has(&err, "models/pipe: neither file, folder nor link");
    assert_ok(yaga_dir_list(in(dir, "backup"), 9, &left, &err), &err);
    assert_int_equal(left.n, 0);
}

static void exhausted_memory_copies_all_or_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *dir = fresh_tree();
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st != YAGA_OK; k++) {
        yaga_mem_fail_nth(k);
        st = yaga_dir_copy(in(dir, "models"), in(dir, "backup"), &err);
        yaga_mem_fail_nth(0);
        assert_true(st == YAGA_OK || st == YAGA_E_NOMEM);
        assert_true((access(in(dir, "backup"), F_OK) == 0) == (st == YAGA_OK));
    }
    assert_int_equal(bytes_of(in(dir, "backup")), 8);
}

static void room_is_that_of_the_nearest_folder_there_is(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_dir_room here;
    struct yaga_dir_room below;
    struct yaga_dir_room proc;
    const char *dir = fresh_tree();
    assert_ok(yaga_dir_room(dir, &here, &err), &err);
    assert_true(here.free_bytes > 0);
    assert_ok(yaga_dir_room(in(dir, "not/yet//made/"), &below, &err), &err);
    assert_int_equal(below.device, here.device);
    assert_ok(yaga_dir_room("not-yet-made", &below, &err), &err);
    assert_ok(yaga_dir_room("/proc", &proc, &err), &err);
    assert_int_not_equal(proc.device, here.device);
    assert_int_equal(proc.free_bytes, 0);
    assert_int_equal(yaga_dir_room(in(dir, "models/lock/x"), &below, &err), YAGA_E_IO);
    assert_error_has(&err, "models/lock/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_as_large_as_its_files),
        cmocka_unit_test(a_copy_has_files_folders_and_links),
        cmocka_unit_test(a_copy_replaces_nothing),
        cmocka_unit_test(a_copy_into_itself_is_refused),
        cmocka_unit_test(a_copy_that_fails_leaves_nothing),
        cmocka_unit_test(exhausted_memory_copies_all_or_nothing),
        cmocka_unit_test(room_is_that_of_the_nearest_folder_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
