/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets of time as ascending, disjoint, non-touching half-open intervals.
 */
#ifndef YAGA_SOURCE_INTERVALS_H
#define YAGA_SOURCE_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

enum { YAGA_INTERVALS_MAX = 4096 };

struct yaga_interval {
    int64_t start_s, end_s; /* [start_s, end_s) */
};
struct yaga_intervals {
    struct yaga_interval *items; /* owned */
    size_t n;
};

void yaga_intervals_clear(struct yaga_intervals *spans);
/* Union with one interval, which must not be empty; YAGA_E_INPUT over YAGA_INTERVALS_MAX. */
enum yaga_status yaga_intervals_add(struct yaga_intervals *spans,
                                struct yaga_interval span,
                                struct yaga_error *err) YAGA_MUST_USE;
/* What of range is not in spans, appended to out. */
enum yaga_status yaga_intervals_gaps(const struct yaga_intervals *spans,
                                 struct yaga_interval range,
                                 struct yaga_intervals *out,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Nothing before before_s stays. */
void yaga_intervals_cut(struct yaga_intervals *spans, int64_t before_s);

#endif
