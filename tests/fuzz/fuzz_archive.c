/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Archive lines: whatever decodes must go through the store and come out sorted and
 * unique. */
#include "fuzz.h"

#include <stdlib.h>

#include "yaga/source/archive.h"

static void through_the_store(const struct yaga_archive_line *line)
{
    struct yaga_archive_store store = {.n = 0};
    struct yaga_error err;
    for (size_t metric = 0; metric < 2; metric++)
        if (yaga_archive_store_add(&store, metric % 2, "s", line, -1000, 1000000, &err) !=
                YAGA_OK ||
            yaga_archive_store_add(&store, 0, "s", line, 0, INT64_MAX, &err) != YAGA_OK)
            abort();
    if (yaga_archive_store_seal(&store, &err) != YAGA_OK)
        abort();
    for (size_t s = 0; s < store.n; s++)
        for (size_t i = 1; i < store.series[s].n; i++)
            if (store.series[s].samples[i].time_ms <=
                store.series[s].samples[i - 1].time_ms)
                abort();
    yaga_archive_store_clear(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaga_archive_line line;
    struct yaga_error err = {.status = YAGA_OK};
    yaga_archive_line_init(&line);
    enum yaga_status st = yaga_archive_line_decode(&line, (const char *)data, size, &err);
    if (st == YAGA_OK)
        through_the_store(&line);
    else if (st != YAGA_E_INPUT || err.text[0] == '\0')
        abort();
    yaga_archive_line_clear(&line);
    return 0;
}
