/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much a behavioural period's rows are good for (training.md 5.2): measured against
 * the hours of the period, so that the night between two business days is no gap.
 *
 *   100 points, less
 *   missing_metric   10 for each expected metric without a value
 *   coverage         0.3 (80 - coverage) below 80 % of the rows
 *   unusable         15 for each expected metric that has values, but too few: below
 *                    YAGA_USABLE_VALUES, or missing in more than half of the rows
 *   missing          min(10, half the percentage) above 5 %, of each expected metric
 *   outliers         min(5, a fifth of the percentage) above 10 %, likewise
 *   constant         10 for each expected metric with one value in more than 90 % of the
 *                    rows; not where zero is normal, and not errors
 *   gaps             3 for each stretch of more than 30 minutes without a row, at most 15
 *
 * A 90, B 80, C 70, D 50, else F.
 */
#ifndef YAGA_SERIES_USABILITY_H
#define YAGA_SERIES_USABILITY_H

#include "yaga/series/frame.h"

enum { YAGA_USABLE_VALUES = 50 };

enum yaga_usability_loss {
    YAGA_UNUSED_MISSING_METRIC,
    YAGA_UNUSED_COVERAGE,
    YAGA_UNUSED_UNUSABLE,
    YAGA_UNUSED_MISSING,
    YAGA_UNUSED_OUTLIERS,
    YAGA_UNUSED_CONSTANT,
    YAGA_UNUSED_GAPS,
    YAGA_N_UNUSED
};
const char *yaga_usability_loss_name(enum yaga_usability_loss loss); /* as above */

/* Percentages are of the rows with data; absence that means "no such calls" is none. */
struct yaga_metric_usability {
    size_t n; /* values */
    double missing_percent;
    double outlier_percent; /* of the values: beyond 1.5 interquartile ranges (Tukey) */
    double zero_percent;
    bool is_constant;      /* one value is all, or more than 90 % of the values */
    bool is_zero_dominant; /* zero is normal, and more than half are zero or absent */
    bool is_usable;
    double min, max; /* NaN without values */
};

struct yaga_usability {
    size_t n_rows;           /* of the period, from the service's first sample on */
    size_t n_data;           /* of these with any value */
    size_t n_usable;         /* of these with every expected metric */
    size_t n_days;           /* local days with data */
    int64_t first_s, last_s; /* rows with data; 0 without any */
    double coverage;         /* n_data of n_rows, percent; 0 without rows */
    size_t n_gaps;
    double lost[YAGA_N_UNUSED]; /* points */
    double score;               /* 0..100; 0 without data */
    char grade;
    size_t n_metrics;
    struct yaga_metric_usability metric[YAGA_METRICS_MAX];
};

/* in [n_rows]: the rows of the period that are not left out. day [n_rows]: a number for
 * each row's local day. */
enum yaga_status yaga_usability_assess(const struct yaga_frame *frame,
                                       const struct yaga_metric *metrics,
                                       const bool *in,
                                       const int32_t *day,
                                       struct yaga_usability *out,
                                       struct yaga_error *err) YAGA_MUST_USE;

#endif
