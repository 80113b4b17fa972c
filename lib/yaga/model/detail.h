/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What explanations need to know of a metric and no decision hangs on: statistics beyond
 * those that rules compare with, how much the metric matters, and which part of the
 * history its model was fitted on (training.md 15.1, 15.3, 17.1, 18).
 */
#ifndef YAGA_MODEL_DETAIL_H
#define YAGA_MODEL_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/series/metric.h"

enum { YAGA_DETAIL_QUANTILES = 35 };

enum yaga_importance {
    YAGA_IMPORTANCE_LOW,
    YAGA_IMPORTANCE_MEDIUM,
    YAGA_IMPORTANCE_HIGH,
    YAGA_IMPORTANCE_CRITICAL
};

/* Raw units, over the values the metric's statistics are made of: present ones, of a
 * zero-normal metric the active ones. NaN and 0 when there is none. */
struct yaga_metric_detail {
    double raw_mean, raw_std; /* ordinary moments */
    double cv;                /* robust std / (trimmed mean + 1e-8) */
    double zero_count;        /* rows of exactly 0 */
    double distinct_days;
    int64_t first_s, last_s;                 /* first and last value */
    double quantiles[YAGA_DETAIL_QUANTILES]; /* at yaga_detail_share(i) */
    enum yaga_importance impact;             /* of what the metric does when it varies */
    enum yaga_importance criticality;        /* of what it stands for */
    int64_t regime_start_s; /* fitted on what follows only, after a level shift; 0 = on
                               the whole range */
    uint32_t duplicate_of;  /* 1 + index of the metric that says the same, so that this
                               one is not judged together with others; 0 = none */
};

/* 0, 0.1, 0.5, 1, 2, 3, 4, 5, 7.5, 10, 15 ... 85, 90, 92.5, 95 ... 100 %, as a share. */
double yaga_detail_share(size_t i);
/* Impact and criticality from kind, role and cv. */
void yaga_detail_rate(const struct yaga_metric *metric,
                      struct yaga_metric_detail *detail);
const char *yaga_importance_name(enum yaga_importance importance); /* "high" */

#endif
