/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What climbs slowly (detection.md 6.4): never unusual enough at any one time, and worse from hour to hour. Medians of full hours of
 * what the time of the day does not explain; a trend where
 *
 *   12 hours or more are known, and rise by Mann & Kendall with p < 0.01, of ratios 0.001 (numeric/trend.h, corrected for hours that hang together),
 *   Theil & Sen's line rises over them by min_rise (a share of the value) or, of ratios, by YAGA_TREND_RATIO_RISE,
 *   the last hour is above what is usual, and not below the floor of the metric: what is too small to matter now is no trouble yet,
 *   and the last three rows are not more than half of the rise below it: what is over is no trend any more.
 *
 * Otherwise only full hours count, so that the answer changes once an hour, whenever and however often one asks.
 */
#ifndef YAGA_DETECT_TREND_H
#define YAGA_DETECT_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

#define YAGA_TREND_RATIO_RISE 0.001
enum { YAGA_TREND_HOURS_MIN = 12, YAGA_TREND_AHEAD_H = 24 };

struct yaga_trend_params {
    size_t hours;    /* looked back at */
    double min_rise; /* > 0: 0.20 = by a fifth */
};

/* Rows of one metric, the judged one last. Borrowed. */
struct yaga_trend_view {
    int64_t start_s, step_s;
    size_t n_rows;
    const double *value;  /* [n_rows] raw, NaN = missing */
    const double *x;      /* [n_rows] without the rhythm of the day: ln of the value over it where relative, else the difference */
    const double *excess; /* [n_rows] over what the model of now expects, in any unit; its sign counts */
    bool is_relative;
    double floor;         /* raw value below which a deviation does not matter; NaN = none */
    double critical;      /* limit of the raw value; NaN = none */
};

struct yaga_rise {
    bool is_set;
    size_t metric;       /* column; the caller's */
    bool is_relative;
    double rise;         /* over the hours: share of the value, or its difference */
    double p;
    size_t n_hours, n_above; /* known ones; of these, above the line's first value */
    int64_t since_s;     /* start of the first of them */
    double hours_left;   /* at this pace to the critical limit, 0 = there; NaN = more than YAGA_TREND_AHEAD_H, or no limit */
};

/* is_set false: no trend, nothing else is written. YAGA_E_NOMEM. */
enum yaga_status yaga_trend_look(const struct yaga_trend_params *params, const struct yaga_trend_view *view,
                                 struct yaga_rise *out, struct yaga_error *err) YAGA_MUST_USE;

#endif
