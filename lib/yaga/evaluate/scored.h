/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scores with their labels, from one table or two (rows.h tells their forms), as series
 * of rows in time order. Three ways to label a row:
 *
 *   in the table of scores   a column of 0 and 1
 *   a second table           rows of the same series and time; without times, the n-th
 * row of a series is labelled by the n-th labels.h                 a row is anomalous
 * when its time is in [start, end) of a label that touches its series
 *
 * Columns that are not told by name are looked for under their usual names:
 *
 *   score    "score"                          needed
 *   label    "label"                          needed, in either table
 *   series   "service"                        one series without it
 *   time     "time", "timestamp", "datetime"  rows are only counted without it
 *   drop     "edge"                           rows with 1 are left out; in either table
 *   alarm    none                             a decision of 0 and 1, instead of a
 * threshold value    "value"                          what was scored, for the picture
 */
#ifndef YAGA_EVALUATE_SCORED_H
#define YAGA_EVALUATE_SCORED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

enum {
    YAGA_SCORED_SERIES_MAX = 1000,
    YAGA_SCORED_ROWS_MAX = 1 << 24, /* in all series */
    YAGA_SCORED_NAME_MAX = 200
};

struct yaga_scored_series {
    char name[YAGA_SCORED_NAME_MAX + 1]; /* "" without a column */
    size_t n, capacity;
    double *scores; /* [n] finite: what was not, became the lowest of the series */
    bool *anomalous;
    int64_t *times;   /* [n] ascending; undefined unless has_times */
    bool *alarm;      /* undefined unless has_alarms */
    double *values;   /* NaN = missing; undefined unless has_values */
    bool *dropped;    /* NULL once read */
    size_t n_missing; /* scores that were not finite */
};
struct yaga_scored {
    size_t n;
    struct yaga_scored_series *series; /* in order of appearance; each has rows */
    bool has_times, has_alarms, has_values;
    size_t n_rows, n_anomalous, n_dropped;
};

struct yaga_scored_columns {
    const char *score, *label, *series, *time, *drop, *alarm, *value; /* NULL = usual */
};
/* labels: NULL when they are in the table of scores. YAGA_E_INPUT with file and line for
 * what is malformed, out of order or unlabelled; YAGA_E_NO_DATA when no row is left. */
enum yaga_status yaga_scored_read(const char *scores,
                                  const char *labels,
                                  const struct yaga_scored_columns *columns,
                                  struct yaga_scored *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
void yaga_scored_clear(struct yaga_scored *scored);

/* Median distance of neighbouring rows of the longest series, seconds; NaN without times.
 */
enum yaga_status yaga_scored_step(const struct yaga_scored *scored,
                                  double *out_s,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
