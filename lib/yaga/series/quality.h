/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input validation, absence rules and the data-quality report (training.md 4, 5).
 */
#ifndef YAGA_SERIES_QUALITY_H
#define YAGA_SERIES_QUALITY_H

#include "yaga/series/frame.h"

enum { YAGA_WARNINGS_MAX = 20, YAGA_WARNING_TEXT_MAX = 160 };

struct yaga_warnings {
    size_t n;       /* texts held */
    size_t n_total; /* texts that would have been */
    char text[YAGA_WARNINGS_MAX][YAGA_WARNING_TEXT_MAX];
};

/* Apply the value rules to every point in place: non-finite -> NaN; below min - 1e-9 -> NaN, tiny negatives -> min; above max
 * clipped. warnings (may be NULL) receives one text per affected metric of the last row only
 * ("error_rate: 1.2 is above 1, capped"); counts (may be NULL) [n_metrics] all corrected points. */
void yaga_frame_validate(struct yaga_frame *frame, const struct yaga_metric *metrics,
                         struct yaga_warnings *warnings, size_t *counts);

/* Absence rules: errors absent while latency is present and traffic > 0 -> 0 (no error series means no errors: the one zero
 * that stands for an empty counter); latency and ratio metrics with traffic = 0 -> NaN (undefined). Roles decide; metrics without
 * roles stay as they are. presence [n_metrics]: a metric whose query failed or was ambiguous is unknown, not empty; NULL = all answered. */
void yaga_frame_resolve_absence(struct yaga_frame *frame, const struct yaga_metric *metrics,
                                const enum yaga_presence *presence);

/* From the last point before it to the first behind it. minutes: without what is left out. */
struct yaga_gap {
    int64_t start_s, end_s;
    double minutes;
};
enum { YAGA_GAPS_LISTED = 10 };
/* What took points from the hundred. */
enum yaga_loss { YAGA_LOSS_COVERAGE, YAGA_LOSS_LONGEST_GAP, YAGA_LOSS_GAPS, YAGA_LOSS_CORRECTED, YAGA_N_LOSSES };
const char *yaga_loss_name(enum yaga_loss loss); /* "coverage", "longest_gap", "gaps", "corrected_values" */

struct yaga_metric_quality {
    size_t expected, actual;   /* grid points between the service's first sample and the end; non-NaN ones */
    double coverage;           /* 0..100 % */
    size_t n_gaps;             /* distances > 2 steps between present points */
    double longest_gap_min;
    size_t n_listed;           /* of the next */
    struct yaga_gap gaps[YAGA_GAPS_LISTED]; /* the longest, longest first; of equal ones the oldest */
    double lost[YAGA_N_LOSSES]; /* points; all 0 where there is not a single point */
    double score;              /* 0..100 */
    char grade;                /* A B C D F */
};
struct yaga_quality {
    size_t n_metrics;
    struct yaga_metric_quality metric[YAGA_METRICS_MAX];
    double score;              /* mean over expected metrics */
    char grade;
};
/* corrected: counts from yaga_frame_validate, or NULL. Penalties: training.md 5.1, with 10 points for any corrected value and
 * 10 more when they exceed a tenth of the points. Absence that means "no calls" (zero_normal while traffic is measured; latency
 * and errors while it is 0) is neither expected nor a gap. A metric without any point scores 0. */
void yaga_quality_assess(const struct yaga_frame *frame, const struct yaga_metric *metrics,
                         const size_t *corrected, struct yaga_quality *out);
/* The same without the rows that left_out [n_rows] marks (non-zero; NULL = none): they are neither expected nor gaps. */
void yaga_quality_assess_part(const struct yaga_frame *frame, const struct yaga_metric *metrics,
                              const uint8_t *left_out, const size_t *corrected, struct yaga_quality *out);

/* What is wrong with the expected metrics, for a log line: "latency: coverage 72.5 %, low; 123 gaps, the longest 264 min; 3 values
 * corrected". Coverage below 80 %, more than 10 gaps, a gap above an hour and corrected values are issues. "" when there are none; cut when
 * it does not fit. corrected as above. */
void yaga_quality_issues(const struct yaga_metric *metrics, const struct yaga_quality *quality, const size_t *corrected,
                         char *out, size_t size);

#endif
