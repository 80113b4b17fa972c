/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A frame: one service's metrics on a time grid, NaN = missing. A fleet: the frames of all
 * services on one common grid, with what went wrong fetching them.
 */
#ifndef YAGA_SERIES_FRAME_H
#define YAGA_SERIES_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"
#include "yaga/series/metric.h"

enum { YAGA_FRAME_MAX_ROWS = 400 * 1440, YAGA_SERVICES_MAX = 5000 };

struct yaga_frame {
    int64_t start_s; /* time of row 0 */
    int64_t step_s;  /* > 0 */
    size_t n_rows;
    size_t n_metrics;
    double *values;  /* row-major [n_rows * n_metrics], owned; NaN = missing */
};

/* All NaN. */
enum yaga_status yaga_frame_init(struct yaga_frame *frame, int64_t start_s, int64_t step_s, size_t n_rows,
                                 size_t n_metrics, struct yaga_error *err) YAGA_MUST_USE;
void yaga_frame_clear(struct yaga_frame *frame);
static inline int64_t yaga_frame_time(const struct yaga_frame *frame, size_t row)
{
    return frame->start_s + (int64_t)row * frame->step_s;
}
static inline double *yaga_frame_row(const struct yaga_frame *frame, size_t row)
{
    return frame->values + row * frame->n_metrics;
}
static inline double yaga_frame_at(const struct yaga_frame *frame, size_t row, size_t metric)
{
    return frame->values[row * frame->n_metrics + metric];
}
/* Any metric present in the row? */
bool yaga_frame_row_present(const struct yaga_frame *frame, size_t row);

/* What a source says about one service's one metric in the interval asked for. */
enum yaga_presence {
    YAGA_PRESENT,   /* at least one sample in the interval */
    YAGA_ABSENT,    /* the answer held no series for it */
    YAGA_FAILED,    /* the query failed */
    YAGA_AMBIGUOUS  /* more than one series for the service */
};

struct yaga_fleet_service {
    char name[YAGA_NAME_MAX + 1];
    struct yaga_frame frame;
    enum yaga_presence presence[YAGA_METRICS_MAX];
};

struct yaga_fleet {
    size_t n_services;
    size_t n_metrics;
    struct yaga_fleet_service *services;    /* owned, sorted by name */
    char metric_error[YAGA_METRICS_MAX][256]; /* "" or why the metric's query failed */
    size_t dropped_samples;                 /* unparseable, unordered duplicates, outside the grid */
    size_t n_requests;
    size_t n_apart;                         /* see yaga_fleet_set_apart */
    double *apart;                          /* [n_services * n_apart * n_rows], owned */
};

/* Frames of n_services services (names copied, sorted), all NaN, presence YAGA_ABSENT. */
enum yaga_status yaga_fleet_init(struct yaga_fleet *fleet, const char *const *names, size_t n_services,
                                 size_t n_metrics, int64_t start_s, int64_t step_s, size_t n_rows,
                                 struct yaga_error *err) YAGA_MUST_USE;
void yaga_fleet_clear(struct yaga_fleet *fleet);
/* Take the metrics from n_metrics on (0 < n_metrics <= fleet->n_metrics) out of the frames, which have n_metrics then; presence and errors
 * of the metrics stay where they are. Nothing is changed on failure. */
enum yaga_status yaga_fleet_set_apart(struct yaga_fleet *fleet, size_t n_metrics, struct yaga_error *err) YAGA_MUST_USE;
/* Values [n_rows] of the k-th metric set apart, of one service; borrowed. */
const double *yaga_fleet_apart(const struct yaga_fleet *fleet, size_t service, size_t k);
/* Index by name (binary search), or -1. length may be shorter than the string. */
int yaga_fleet_find(const struct yaga_fleet *fleet, const char *name, size_t length);

#endif
