/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a table in time: where one does not follow the one before, and its time of the
 * day. Without times every row follows, and days are counted from the first row. */
#ifndef YAGA_DETECTOR_TIMELINE_H
#define YAGA_DETECTOR_TIMELINE_H

#include "yaga/detector/detector.h"
#include "yaga/period/period.h"

struct yaga_timeline {
    int64_t step_s;  /* median distance of the rows to learn from; 0 = no times */
    size_t day_rows; /* >= 1 */
};

/* How a row stands to the one before. */
struct yaga_join {
    size_t n_missing; /* rows that are not there, as many as matter (3) */
    bool anew;        /* a day or more is not there, or time runs backwards */
};

/* day_rows 0: from the times, 288 without. */
struct yaga_timeline yaga_timeline_of(const struct yaga_detector_rows *rows,
                                      size_t day_rows);
/* Of row i of `rows`, i >= 1. */
struct yaga_join yaga_timeline_join(const struct yaga_timeline *timeline,
                                    const struct yaga_detector_rows *rows,
                                    size_t i);
/* Of the first row to score, after the rows to learn from. */
struct yaga_join yaga_timeline_join_tables(const struct yaga_timeline *timeline,
                                           const struct yaga_detector_rows *train,
                                           const struct yaga_detector_rows *test);
/* offset: rows before the table, where there are no times. No weekends. */
struct yaga_when yaga_timeline_when(const struct yaga_timeline *timeline,
                                    const struct yaga_detector_rows *rows,
                                    size_t i,
                                    size_t offset);

#endif
