/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders: whole or not at all, and never outside the folder meant. */
#include "assert.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"

static const char *in(const char *folder, const char *name)
{
    static char paths[8][256];
    static int next;
    char *path = paths[next++ % 8];
    assert_true(yaga_format(path, sizeof paths[0], "%s/%s", folder, name));
    return path;
}

static void put(const char *path, const char *text)
{
    struct yaga_error err;
    assert_ok(yaga_file_write_atomic(path, text, strlen(text), &err), &err);
}

static void assert_content(const char *path, const char *want)
{
    YAGA_AUTO_MEM(char) text = NULL;
    size_t n = 0;
    struct yaga_error err;
    assert_ok(yaga_file_read(path, 1000, &text, &n, &err), &err);
    assert_int_equal(n, strlen(want));
    assert_string_equal(text, want);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    const char *path = in(dir, "a/b/file");
    put(path, "first");
    put(path, "");
    assert_content(path, "");
    put(path, "second");
    assert_content(path, "second");
    struct stat sb;
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0640 & ~0022);
    /* Nothing stays beside it. */
    struct yaga_names names;
    struct yaga_error err;
    assert_ok(yaga_dir_list(in(dir, "a/b"), 10, &names, &err), &err);
    assert_int_equal(names.n, 1);
    yaga_names_clear(&names);
}

static void reading_names_the_path_and_the_limit(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    char *text = NULL;
    size_t n = 0;
    struct yaga_error err;
    put(in(dir, "f"), "12345");
    assert_int_equal(yaga_file_read(in(dir, "f"), 4, &text, &n, &err), YAGA_E_INPUT);
    assert_error_has(&err, "/f: 5 bytes, at most 4");
    assert_int_equal(yaga_file_read(in(dir, "none"), 4, &text, &n, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, "/none: does not exist");
    assert_int_equal(yaga_file_read(dir, 4096, &text, &n, &err), YAGA_E_INPUT);
    assert_error_has(&err, "not a regular file");
    assert_int_equal(mkfifo(in(dir, "pipe"), 0600), 0);
    assert_int_equal(yaga_file_read(in(dir, "pipe"), 4, &text, &n, &err), YAGA_E_INPUT);
    assert_null(text);
}

static void a_failed_write_leaves_the_old_content(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    const char *path = in(dir, "f");
    put(path, "old");
    pid_t child = fork();
    if (child == 0) {
        char big[4096] = {0};
        struct rlimit limit = {.rlim_cur = 1000, .rlim_max = 1000};
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        _exit(yaga_file_write_atomic(path, big, sizeof big, NULL) == YAGA_E_IO ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_content(path, "old");
    struct yaga_names names;
    struct yaga_error err;
    assert_ok(yaga_dir_list(dir, 10, &names, &err), &err);
    assert_int_equal(names.n, 1);
    yaga_names_clear(&names);
}

static void writing_over_a_folder_or_below_a_file_fails(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_error err;
    put(in(dir, "sub/f"), "x");
    assert_int_equal(yaga_file_write_atomic(in(dir, "sub"), "x", 1, &err), YAGA_E_IO);
    assert_int_equal(yaga_file_write_atomic(in(dir, "sub/f/g"), "x", 1, &err), YAGA_E_IO);
    assert_error_has(&err, "sub/f: not a folder");
}

static void appends_add_up(void **state)
{
    (void)state;
    const char *path = in(test_tmpdir(), "j/journal");
    struct yaga_error err;
    assert_ok(yaga_file_append(path, "one\n", 4, &err), &err);
    yaga_file_set_durable(false);
    assert_ok(yaga_file_append(path, "two\n", 4, &err), &err);
    yaga_file_set_durable(true);
    assert_content(path, "one\ntwo\n");
}

static void half_an_append_is_taken_back(void **state)
{
    (void)state;
    const char *path = in(test_tmpdir(), "journal");
    struct yaga_error err;
    assert_ok(yaga_file_append(path, "one\n", 4, &err), &err);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {.rlim_cur = 6, .rlim_max = 6};
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        _exit(yaga_file_append(path, "two\n", 4, NULL) == YAGA_E_NO_SPACE ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_content(path, "one\n");
}

static void folders_are_listed_in_byte_order_within_a_limit(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    static const char *const made[] = {"b", "a", "C", ".hidden", "a1"};
    static const char *const want[] = {".hidden", "C", "a", "a1", "b"};
    for (size_t i = 0; i < 5; i++)
        put(in(dir, made[i]), "");
    struct yaga_names names;
    struct yaga_error err;
    assert_ok(yaga_dir_list(dir, 5, &names, &err), &err);
    assert_int_equal(names.n, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(names.names[i], want[i]);
    yaga_names_clear(&names);
    assert_int_equal(yaga_dir_list(dir, 4, &names, &err), YAGA_E_INPUT);
    assert_error_has(&err, "more than 4 entries");
    assert_ok(yaga_dir_list(in(dir, "none"), 4, &names, &err), &err);
    assert_int_equal(names.n, 0);
}

static void removing_a_folder_does_not_follow_links(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_error err;
    put(in(dir, "keep/f"), "precious");
    put(in(dir, "gone/sub/f"), "x");
    put(in(dir, "gone/f"), "x");
    assert_int_equal(symlink(in(dir, "keep"), in(dir, "gone/link")), 0);
    assert_ok(yaga_dir_remove(in(dir, "gone"), &err), &err);
    assert_int_not_equal(access(in(dir, "gone"), F_OK), 0);
    assert_content(in(dir, "keep/f"), "precious");
    assert_ok(yaga_dir_remove(in(dir, "gone"), &err), &err);
    assert_int_equal(symlink(in(dir, "keep"), in(dir, "link")), 0);
    assert_ok(yaga_dir_remove(in(dir, "link"), &err), &err);
    assert_content(in(dir, "keep/f"), "precious");
}

static void the_folder_of_a_file_is_what_precedes_the_name(void **state)
{
    (void)state;
    char out[PATH_MAX];
    assert_true(yaga_file_folder("a/b", out));
    assert_string_equal(out, "a");
    assert_true(yaga_file_folder("b", out));
    assert_string_equal(out, ".");
    assert_true(yaga_file_folder("/b", out));
    assert_string_equal(out, "/");
}

static void maps_show_the_file(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_map map;
    struct yaga_error err;
    put(in(dir, "f"), "mapped");
    assert_ok(yaga_map_open(in(dir, "f"), 6, &map, &err), &err);
    assert_int_equal(map.n_bytes, 6);
    assert_memory_equal(map.data, "mapped", 6);
    yaga_map_close(&map);
    assert_null(map.data);
    yaga_map_close(&map);
    assert_int_equal(yaga_map_open(in(dir, "f"), 5, &map, &err), YAGA_E_INPUT);
    assert_int_equal(yaga_map_open(in(dir, "none"), 5, &map, &err), YAGA_E_NO_DATA);
    put(in(dir, "empty"), "");
    assert_ok(yaga_map_open(in(dir, "empty"), 5, &map, &err), &err);
    assert_null(map.data);
}

/* KiB of a mapped file that are in memory now, from the system's own account. */
static long resident_kib(const char *path)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    char line[4096];
    bool ours = false;
    long kib = -1, size;
    while (kib < 0 && fgets(line, sizeof line, maps) != NULL) {
        if (strchr(line, '-') != NULL && strchr(line, ':') > strchr(line, ' '))
            ours = strstr(line, path) != NULL;
        else if (ours && sscanf(line, "Rss: %ld kB", &size) == 1)
            kib = size;
    }
    (void)fclose(maps);
    return kib;
}

static void a_resting_map_takes_no_memory_and_is_read_again(void **state)
{
    (void)state;
    enum { N_BYTES = 1 << 20 };
    char *text = test_malloc(N_BYTES + 1);
    memset(text, 'y', N_BYTES);
    text[N_BYTES] = '\0';
    const char *path = in(test_tmpdir(), "large");
    put(path, text);
    struct yaga_map map;
    struct yaga_error err;
    assert_ok(yaga_map_open(path, N_BYTES, &map, &err), &err);
    assert_memory_equal(map.data, text, N_BYTES);
    assert_int_equal(resident_kib(path), N_BYTES / 1024);
    yaga_map_rest(&map);
    assert_int_equal(resident_kib(path), 0);
    assert_memory_equal(map.data, text, N_BYTES);
    yaga_map_close(&map);
    yaga_map_rest(&map); /* nothing mapped */
    test_free(text);
}

static void a_lock_is_held_by_one_only(void **state)
{
    (void)state;
    const char *path = in(test_tmpdir(), "state/infer.lock");
    struct yaga_lock first = {.fd = -1};
    struct yaga_lock second = {.fd = -1};
    struct yaga_error err;
    assert_ok(yaga_lock_take(path, &first, &err), &err);
    assert_int_equal(yaga_lock_take(path, &second, &err), YAGA_E_LOCKED);
    assert_error_has(&err, "infer.lock: held by another process");
    assert_int_equal(second.fd, -1);
    yaga_lock_release(&first);
    assert_ok(yaga_lock_take(path, &second, &err), &err);
    yaga_lock_release(&second);
    yaga_lock_release(&second);
}

static void listing_survives_exhausted_memory(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    put(in(dir, "a"), "text");
    put(in(dir, "b"), "");
    for (size_t k = 1;; k++) {
        struct yaga_names names = {0};
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_dir_list(dir, 5, &names, &err);
        yaga_mem_fail_nth(0);
        yaga_names_clear(&names);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    char *text = NULL;
    size_t n = 0;
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_file_read(in(dir, "a"), 9, &text, &n, NULL), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
    assert_null(text);
}

int main(void)
{
    (void)umask(0022);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(reading_names_the_path_and_the_limit),
        cmocka_unit_test(a_failed_write_leaves_the_old_content),
        cmocka_unit_test(writing_over_a_folder_or_below_a_file_fails),
        cmocka_unit_test(appends_add_up),
        cmocka_unit_test(half_an_append_is_taken_back),
        cmocka_unit_test(folders_are_listed_in_byte_order_within_a_limit),
        cmocka_unit_test(removing_a_folder_does_not_follow_links),
        cmocka_unit_test(the_folder_of_a_file_is_what_precedes_the_name),
        cmocka_unit_test(maps_show_the_file),
        cmocka_unit_test(a_resting_map_takes_no_memory_and_is_read_again),
        cmocka_unit_test(a_lock_is_held_by_one_only),
        cmocka_unit_test(listing_survives_exhausted_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
