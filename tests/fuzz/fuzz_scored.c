/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of scores and labels, as CSV and JSON lines: one file is both, or one labels the
 * other. The reader takes files, so the bytes go through one in memory. */
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "yaga/evaluate/scored.h"

static void check(const struct yaga_scored *scored)
{
    size_t n = 0;
    for (size_t i = 0; i < scored->n; i++) {
        n += scored->series[i].n;
        for (size_t k = 0; k < scored->series[i].n; k++)
            if (!isfinite(scored->series[i].scores[k]))
                __builtin_trap();
    }
    if (n != scored->n_rows || n == 0)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct yaga_scored_columns columns = {0};
    static int fd = -1;
    char path[64];
    struct yaga_error err = {0};
    if (fd < 0)
        fd = memfd_create("scored", 0);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (int both = 0; both < 2; both++) {
        struct yaga_scored scored = {0};
        if (yaga_scored_read(path, both ? path : NULL, &columns, &scored, &err) !=
            YAGA_OK)
            continue;
        check(&scored);
        yaga_scored_clear(&scored);
    }
    return 0;
}
