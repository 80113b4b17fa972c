/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes and goes (detection.md 6.4): a family of trouble that changes between anomalous and normal `changes` times within `span_s`, or
 * half as many times again within four times as long. Asked of decisions about the rows of one frame, so that it depends on the data
 * alone and not on when cycles ran.
 */
#ifndef YAGA_DETECT_FLAPPING_H
#define YAGA_DETECT_FLAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct yaga_flap_params {
    size_t changes; /* >= 2 */
    int64_t span_s;
};

/* Rows that a look needs, the newest included. */
size_t yaga_flapping_rows(const struct yaga_flap_params *params, int64_t step_s);

struct yaga_flapping {
    bool is_set;
    size_t changes; /* within */
    int64_t span_s; /* this */
};

enum { YAGA_FLAP_NORMAL = 0, YAGA_FLAP_UNKNOWN = -1 };
/* state [n]: of each row in time order, the newest last: the number (> 0) of the family that its anomaly is of, normal, or unknown. A row of
 * another family, and an unknown one, tells nothing. */
struct yaga_flapping yaga_flapping_look(const struct yaga_flap_params *params, const int *state, size_t n,
                                        int64_t step_s, int family);

#endif
