/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting changes. */
#include "yaga/detect/flapping.h"

enum { LONGER = 4 };

static size_t rows_in(int64_t span_s, int64_t step_s)
{
    return (size_t)(span_s / step_s) + 1;
}

size_t yaga_flapping_rows(const struct yaga_flap_params *params, int64_t step_s)
{
    return rows_in(LONGER * params->span_s, step_s);
}

static size_t changes_in(const int *state, size_t n, size_t rows, int family)
{
    size_t changes = 0;
    int before = YAGA_FLAP_UNKNOWN;
    for (size_t t = n > rows ? n - rows : 0; t < n; t++) {
        if (state[t] != YAGA_FLAP_NORMAL && state[t] != family)
            continue;
        changes += before != YAGA_FLAP_UNKNOWN && state[t] != before;
        before = state[t];
    }
    return changes;
}

struct yaga_flapping yaga_flapping_look(const struct yaga_flap_params *params,
                                        const int *state,
                                        size_t n,
                                        int64_t step_s,
                                        int family)
{
    const struct yaga_flapping spans[] = {
        {.changes = params->changes, .span_s = params->span_s},
        {.changes = (3 * params->changes + 1) / 2, .span_s = LONGER * params->span_s}};
    for (size_t i = 0; i < 2; i++) {
        size_t changes = changes_in(state, n, rows_in(spans[i].span_s, step_s), family);
        if (changes >= spans[i].changes)
            return (struct yaga_flapping){
                .is_set = true, .changes = changes, .span_s = spans[i].span_s};
    }
    return (struct yaga_flapping){.is_set = false};
}
