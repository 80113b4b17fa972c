/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of a label file, as anybody may have written it. */
#include "fuzz.h"

#include "yaga/evaluate/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaga_error err = {0};
    struct yaga_truth label;
    const void *bytes = data;
    if (yaga_truth_parse(bytes, size, &label, &err) == YAGA_OK) {
        if (label.start_s >= label.end_s || label.service[0] == '\0')
            __builtin_trap();
        yaga_truth_clear(&label);
    }
    return 0;
}
