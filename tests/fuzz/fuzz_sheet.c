/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table as a matrix, and as a history: both readers take a file, so the bytes go
 * through one in memory. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "yaga/evaluate/import.h"
#include "yaga/evaluate/sheet.h"

static void as_matrix(const char *path)
{
    static const struct yaga_sheet_columns columns = {0};
    struct yaga_sheet sheet = {0};
    struct yaga_error err = {0};
    if (yaga_sheet_read(path, &columns, NULL, &sheet, &err) != YAGA_OK)
        return;
    for (size_t i = 0; i < sheet.n_rows; i++)
        if (sheet.series[i] >= sheet.n_series)
            __builtin_trap();
    if (sheet.n_rows == 0 || sheet.n_features == 0)
        __builtin_trap();
    yaga_sheet_clear(&sheet);
}

static void as_history(const char *path)
{
    const char *files[] = {path, path};
    struct yaga_import_params params = {.files = files,
                                        .n_files = 2,
                                        .service = "s",
                                        .step_s = 300,
                                        .train_rows = SIZE_MAX};
    struct yaga_import import = {0};
    struct yaga_error err = {0};
    if (yaga_import_read(&params, &import, &err) != YAGA_OK)
        return;
    for (size_t i = 0; i < import.n_services; i++)
        for (size_t r = 1; r < import.services[i].n; r++)
            if (import.services[i].times[r] <= import.services[i].times[r - 1])
                __builtin_trap();
    yaga_import_clear(&import);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];
    if (fd < 0)
        fd = memfd_create("sheet", 0);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    as_matrix(path);
    as_history(path);
    return 0;
}
