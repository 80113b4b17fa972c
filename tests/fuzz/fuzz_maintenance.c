/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of a file of maintenance windows, as anybody may have written it. */
#include "fuzz.h"

#include "yaga/pipeline/maintenance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaga_error err = {0};
    struct yaga_window window;
    const void *bytes = data;
    if (yaga_window_parse(bytes, size, &window, &err) == YAGA_OK) {
        if (window.start_s >= window.end_s || window.service[0] == '\0')
            __builtin_trap();
    }
    return 0;
}
