/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "assert.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void test_assert_near_(double got, double want, double tolerance, const char *what,
                       const char *file, int line)
{
    if (isnan(got) && isnan(want))
        return;
    if (got == want)
        return;
    double scale = fmax(1.0, fabs(want));
    if (fabs(got - want) <= tolerance * scale)
        return;
    print_error("%s: got %.17g, want %.17g (difference %.3g, allowed %.3g)\n", what, got, want,
                got - want, tolerance * scale);
    _fail(file, line);
}

void test_assert_ok_(enum yaga_status status, const struct yaga_error *err, const char *what,
                     const char *file, int line)
{
    if (status == YAGA_OK)
        return;
    print_error("%s: %s: %s\n", what, yaga_status_name(status), err == NULL ? "" : err->text);
    _fail(file, line);
}

void test_assert_has_(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part) != NULL)
        return;
    print_error("\"%s\" does not contain \"%s\"\n", text, part);
    _fail(file, line);
}

enum { FOLDERS_MAX = 256 };
static char folders[FOLDERS_MAX][64];
static int n_folders;

static int remove_entry(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
    (void)sb;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_folders(void)
{
    if (getenv("YAGA_TEST_KEEP") != NULL)
        return;
    for (int i = 0; i < n_folders; i++)
        (void)nftw(folders[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_tmpdir(void)
{
    if (n_folders == 0)
        (void)atexit(remove_folders);
    assert_true(n_folders < FOLDERS_MAX);
    char *path = folders[n_folders++];
    (void)snprintf(path, sizeof folders[0], "/tmp/yaga-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}
