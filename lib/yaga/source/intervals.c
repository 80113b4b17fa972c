/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals: union, gaps, cut. */
#include "yaga/source/intervals.h"

#include <string.h>

#include "yaga/base/mem.h"

void yaga_intervals_clear(struct yaga_intervals *spans)
{
    yaga_free(spans->items);
    *spans = (struct yaga_intervals){.n = 0};
}

/* Items [first, last) give way to one. */
static enum yaga_status replace(struct yaga_intervals *spans,
                                size_t first,
                                size_t last,
                                struct yaga_interval span,
                                struct yaga_error *err)
{
    size_t n = spans->n - (last - first) + 1;
    if (n > YAGA_INTERVALS_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "more than %d intervals of time",
                              YAGA_INTERVALS_MAX);
    if (n > spans->n) {
        struct yaga_interval *items = yaga_realloc(spans->items, n, sizeof *items);
        if (items == NULL)
            return yaga_error_nomem(err);
        spans->items = items;
    }
    struct yaga_interval *at = spans->items + first;
    memmove(at + 1, spans->items + last, (spans->n - last) * sizeof *at);
    *at = span;
    spans->n = n;
    return YAGA_OK;
}

enum yaga_status yaga_intervals_add(struct yaga_intervals *spans,
                                    struct yaga_interval span,
                                    struct yaga_error *err)
{
    size_t first = 0;
    while (first < spans->n && spans->items[first].end_s < span.start_s)
        first++;
    size_t last = first;
    for (; last < spans->n && spans->items[last].start_s <= span.end_s; last++) {
        if (spans->items[last].start_s < span.start_s)
            span.start_s = spans->items[last].start_s;
        if (spans->items[last].end_s > span.end_s)
            span.end_s = spans->items[last].end_s;
    }
    return replace(spans, first, last, span, err);
}

enum yaga_status yaga_intervals_gaps(const struct yaga_intervals *spans,
                                     struct yaga_interval range,
                                     struct yaga_intervals *out,
                                     struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    int64_t at_s = range.start_s;
    for (size_t i = 0; st == YAGA_OK && i < spans->n; i++) {
        const struct yaga_interval *s = &spans->items[i];
        if (s->end_s <= at_s)
            continue;
        if (s->start_s >= range.end_s)
            break;
        if (s->start_s > at_s)
            st = yaga_intervals_add(out, (struct yaga_interval){at_s, s->start_s}, err);
        at_s = s->end_s;
    }
    if (st == YAGA_OK && at_s < range.end_s)
        st = yaga_intervals_add(out, (struct yaga_interval){at_s, range.end_s}, err);
    return st;
}

void yaga_intervals_cut(struct yaga_intervals *spans, int64_t before_s)
{
    size_t gone = 0;
    while (gone < spans->n && spans->items[gone].end_s <= before_s)
        gone++;
    if (gone > 0)
        memmove(spans->items, spans->items + gone,
                (spans->n - gone) * sizeof *spans->items);
    spans->n -= gone;
    if (spans->n > 0 && spans->items[0].start_s < before_s)
        spans->items[0].start_s = before_s;
}
