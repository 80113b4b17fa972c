/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A labelled table, plain or gzip. The reader takes a file, so the bytes go through one in memory. */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "yaga/evaluate/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];
    struct yaga_error err = {0};
    struct yaga_csv csv;
    if (fd < 0)
        fd = memfd_create("csv", 0);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (yaga_csv_read(path, "label", &csv, &err) != YAGA_OK)
        return 0;
    for (size_t i = 0; i < csv.n_rows * csv.n_features; i++) {
        if (!isfinite(csv.x[i]))
            __builtin_trap();
    }
    yaga_csv_clear(&csv);
    return 0;
}
