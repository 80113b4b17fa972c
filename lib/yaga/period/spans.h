/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Excluded spans of time: holidays, sales, load tests. Their rows are no part of what is
 * usual; they may be what is usual for a variant of the models (training.md 9).
 */
#ifndef YAGA_PERIOD_SPANS_H
#define YAGA_PERIOD_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

enum {
    YAGA_SPANS_MAX = 200,
    YAGA_VARIANTS_MAX = 4, /* different variants, the baseline not counted */
    YAGA_VARIANT_TEXT = 32 /* bytes of a variant's name with its NUL */
};

struct yaga_span {
    int64_t start_s, end_s; /* half-open, start < end */
    const char *variant;    /* trained on these rows, borrowed; NULL = none */
};
struct yaga_spans {
    size_t n;
    struct yaga_span
        items[YAGA_SPANS_MAX]; /* by start; of one start in the order added */
    size_t n_variants;
    const char *variants[YAGA_VARIANTS_MAX]; /* distinct, in the order added; borrowed */
};

/* Lower-case letters, digits, '_' and '-', beginning with a letter, shorter than
 * YAGA_VARIANT_TEXT, and not "baseline": what a variant may be called. */
bool yaga_variant_is_name(const char *text);

/* YAGA_E_CONFIG when the span is empty or there are too many spans or variants. The name
 * outlives the spans. */
enum yaga_status yaga_spans_add(struct yaga_spans *spans,
                                int64_t start_s,
                                int64_t end_s,
                                const char *variant,
                                struct yaga_error *err) YAGA_MUST_USE;

/* The variant for an instant: that of the span around it that begins last, among those
 * that have one; NULL when there is none. */
const char *yaga_spans_variant_at(const struct yaga_spans *spans, int64_t at_s);

/* Seconds of [start_s, end_s) inside spans, overlapping ones counted once. variant: only
 * spans of this variant; NULL = all spans. */
int64_t yaga_spans_covered(const struct yaga_spans *spans,
                           const char *variant,
                           int64_t start_s,
                           int64_t end_s);

/*
 * The start of a range that ends at end_s and has wanted_s outside of all spans: moving
 * the start back by what is excluded, until that excludes nothing more, ends there. Not
 * before earliest_s.
 */
int64_t yaga_spans_extend(const struct yaga_spans *spans,
                          int64_t end_s,
                          int64_t wanted_s,
                          int64_t earliest_s);

#endif
