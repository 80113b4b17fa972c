/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples of one answer onto the grid of a fleet. */
#include <math.h>
#include <string.h>

#include "yaga/source/source_internal.h"

enum { SNAP_MS = 1000 }; /* servers may round times to seconds */

enum yaga_status yaga_collect_init(struct yaga_collect *collect,
                                   struct yaga_fleet *fleet,
                                   size_t metric,
                                   size_t first,
                                   size_t n,
                                   int64_t start_s,
                                   int64_t last_s,
                                   struct yaga_error *err)
{
    struct yaga_collect made = {
        .fleet = fleet,
        .metric = metric,
        .first = first,
        .n = n,
        .start_s = start_s,
        .last_s = last_s,
        .n_series = yaga_calloc(n, sizeof *made.n_series),
        .latest_ms = yaga_calloc(n, sizeof *made.latest_ms),
        .has_sample = yaga_calloc(n, sizeof *made.has_sample),
    };
    if (made.n_series == NULL || made.latest_ms == NULL || made.has_sample == NULL) {
        yaga_collect_clear(&made);
        return yaga_error_nomem(err);
    }
    *collect = made;
    return YAGA_OK;
}

void yaga_collect_clear(struct yaga_collect *collect)
{
    yaga_free(collect->n_series);
    yaga_free(collect->latest_ms);
    yaga_free(collect->has_sample);
    *collect = (struct yaga_collect){.n = 0};
}

static void
wipe(const struct yaga_collect *collect, size_t i, int64_t from_s, int64_t to_s)
{
    struct yaga_frame *frame = &collect->fleet->services[collect->first + i].frame;
    for (int64_t t = from_s; t <= to_s; t += frame->step_s)
        yaga_frame_row(frame, (size_t)((t - frame->start_s) /
                                       frame->step_s))[collect->metric] = (double)NAN;
}

void yaga_collect_reset(struct yaga_collect *collect)
{
    for (size_t i = 0; i < collect->n; i++) {
        wipe(collect, i, collect->start_s, collect->last_s);
        collect->n_series[i] = 0;
        collect->has_sample[i] = false;
    }
    collect->dropped = 0;
}

int yaga_collect_series(void *context, const char *service, size_t length)
{
    struct yaga_collect *collect = context;
    int index = yaga_fleet_find(collect->fleet, service, length);
    if (index < 0 || (size_t)index < collect->first ||
        (size_t)index >= collect->first + collect->n)
        return -1;
    size_t i = (size_t)index - collect->first;
    collect->has_sample[i] = false;
    return (int)i;
}

/* Row of a time, or -1 off the grid or outside the chunk. */
static int64_t
row_of(const struct yaga_collect *collect, const struct yaga_frame *frame, int64_t ms)
{
    int64_t step_ms = frame->step_s * 1000;
    int64_t snap_ms = step_ms / 4 < SNAP_MS ? step_ms / 4 : SNAP_MS;
    if (ms < collect->start_s * 1000 - snap_ms || ms > collect->last_s * 1000 + snap_ms)
        return -1;
    int64_t since_ms = ms - frame->start_s * 1000 + snap_ms;
    return since_ms % step_ms <= 2 * snap_ms ? since_ms / step_ms : -1;
}

void yaga_collect_sample(void *context, int series, int64_t time_ms, double value)
{
    struct yaga_collect *collect = context;
    size_t i = (size_t)series;
    struct yaga_frame *frame = &collect->fleet->services[collect->first + i].frame;
    int64_t row = row_of(collect, frame, time_ms);
    if (row < 0 || (collect->has_sample[i] && time_ms < collect->latest_ms[i])) {
        collect->dropped++;
        return;
    }
    if (!collect->has_sample[i])
        collect->n_series[i]++;
    else if (time_ms == collect->latest_ms[i])
        collect->dropped++; /* the earlier of two at the same time */
    collect->has_sample[i] = true;
    collect->latest_ms[i] = time_ms;
    yaga_frame_row(frame, (size_t)row)[collect->metric] =
        isfinite(value) ? value : (double)NAN;
}

static void wipe_all(const struct yaga_collect *collect, size_t i)
{
    const struct yaga_frame *frame = &collect->fleet->services[collect->first + i].frame;
    wipe(collect, i, frame->start_s, yaga_frame_time(frame, frame->n_rows - 1));
}

void yaga_collect_finish(struct yaga_collect *collect)
{
    for (size_t i = 0; i < collect->n; i++) {
        enum yaga_presence *presence =
            &collect->fleet->services[collect->first + i].presence[collect->metric];
        if (collect->n_series[i] > 1 && *presence != YAGA_FAILED)
            *presence = YAGA_AMBIGUOUS;
        else if (collect->n_series[i] == 1 && *presence == YAGA_ABSENT)
            *presence = YAGA_PRESENT;
        /* Another chunk may have said so before. */
        if (*presence == YAGA_AMBIGUOUS || *presence == YAGA_FAILED)
            wipe_all(collect, i);
    }
    collect->fleet->dropped_samples += collect->dropped;
}

void yaga_collect_fail(struct yaga_collect *collect)
{
    for (size_t i = 0; i < collect->n; i++) {
        collect->fleet->services[collect->first + i].presence[collect->metric] =
            YAGA_FAILED;
        wipe_all(collect, i);
    }
}
