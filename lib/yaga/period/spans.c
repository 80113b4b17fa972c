/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of time, sorted by their start. */
#include "yaga/period/spans.h"

#include <string.h>

bool yaga_variant_is_name(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(text);
    return length > 0 && length < YAGA_VARIANT_TEXT && text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, plain) == length && strcmp(text, "baseline") != 0;
}

static bool is_known(const struct yaga_spans *spans, const char *variant)
{
    for (size_t i = 0; i < spans->n_variants; i++) {
        if (strcmp(spans->variants[i], variant) == 0)
            return true;
    }
    return false;
}

enum yaga_status yaga_spans_add(struct yaga_spans *spans,
                                int64_t start_s,
                                int64_t end_s,
                                const char *variant,
                                struct yaga_error *err)
{
    if (start_s >= end_s)
        return yaga_error_set(err, YAGA_E_CONFIG, "the end is not after the start");
    if (spans->n == YAGA_SPANS_MAX)
        return yaga_error_set(err, YAGA_E_CONFIG, "more than %d spans", YAGA_SPANS_MAX);
    if (variant != NULL && !is_known(spans, variant)) {
        if (spans->n_variants == YAGA_VARIANTS_MAX)
            return yaga_error_set(err, YAGA_E_CONFIG, "%s: more than %d variants",
                                  variant, YAGA_VARIANTS_MAX);
        spans->variants[spans->n_variants++] = variant;
    }
    size_t at = spans->n;
    while (at > 0 && spans->items[at - 1].start_s > start_s)
        at--;
    memmove(spans->items + at + 1, spans->items + at,
            (spans->n - at) * sizeof spans->items[0]);
    spans->items[at] =
        (struct yaga_span){.start_s = start_s, .end_s = end_s, .variant = variant};
    spans->n++;
    return YAGA_OK;
}

const char *yaga_spans_variant_at(const struct yaga_spans *spans, int64_t at_s)
{
    for (size_t i = spans->n; i-- > 0;) {
        const struct yaga_span *span = &spans->items[i];
        if (span->variant != NULL && at_s >= span->start_s && at_s < span->end_s)
            return span->variant;
    }
    return NULL;
}

int64_t yaga_spans_covered(const struct yaga_spans *spans,
                           const char *variant,
                           int64_t start_s,
                           int64_t end_s)
{
    int64_t total_s = 0;
    int64_t counted_to_s = start_s;
    for (size_t i = 0; i < spans->n; i++) {
        const struct yaga_span *span = &spans->items[i];
        if (variant != NULL &&
            (span->variant == NULL || strcmp(span->variant, variant) != 0))
            continue;
        int64_t from_s = span->start_s > counted_to_s ? span->start_s : counted_to_s;
        int64_t to_s = span->end_s < end_s ? span->end_s : end_s;
        if (from_s >= to_s)
            continue;
        total_s += to_s - from_s;
        counted_to_s = to_s;
    }
    return total_s;
}

/* Overlapping and touching spans joined, ascending; returns how many. */
static size_t join(const struct yaga_spans *spans, struct yaga_span out[YAGA_SPANS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < spans->n; i++) {
        const struct yaga_span *span = &spans->items[i];
        if (n == 0 || span->start_s > out[n - 1].end_s)
            out[n++] = *span;
        else if (span->end_s > out[n - 1].end_s)
            out[n - 1].end_s = span->end_s;
    }
    return n;
}

int64_t yaga_spans_extend(const struct yaga_spans *spans,
                          int64_t end_s,
                          int64_t wanted_s,
                          int64_t earliest_s)
{
    struct yaga_span joined[YAGA_SPANS_MAX];
    int64_t start_s = end_s; /* all of [start_s, end_s) is accounted for */
    for (size_t i = join(spans, joined); i-- > 0 && wanted_s > 0;) {
        if (joined[i].start_s >= start_s)
            continue;
        int64_t free_s = start_s > joined[i].end_s ? start_s - joined[i].end_s : 0;
        if (free_s >= wanted_s)
            break;
        wanted_s -= free_s;
        start_s = joined[i].start_s;
    }
    start_s -= wanted_s;
    return start_s > earliest_s ? start_s : earliest_s;
}
