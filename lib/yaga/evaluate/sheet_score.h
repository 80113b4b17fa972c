/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A detector over a table: every series by itself, written as a table that scored.h
 * reads. */
#ifndef YAGA_EVALUATE_SHEET_SCORE_H
#define YAGA_EVALUATE_SHEET_SCORE_H

#include <stdbool.h>

#include "yaga/detector/detector.h"
#include "yaga/evaluate/sheet.h"

struct yaga_sheet_kind {
    const char *column;
    const struct yaga_column_kind *kind;
};
struct yaga_sheet_score_params {
    const struct yaga_detector_kind *kind;
    struct yaga_detector_params detector;
    size_t train_rows; /* of a series, to learn from and not scored; 0 = other table, or
                          all */
    size_t window; /* the score is the mean of so many; rows without are not written */
    bool refit_scaler; /* see yaga_prepare_refit */
    bool explain;      /* a column of contributions for each feature */
    bool alarms;       /* score over alarm level, and whether that is an alarm */
    const struct yaga_sheet_kind *kinds; /* [n_kinds] what columns measure; the others are
                                          * gauges */
    size_t n_kinds;
};
/* Scores of the rows of a series that are there, in their order. */
struct yaga_sheet_scores {
    size_t n;
    size_t *rows;          /* [n] of the sheet */
    double *scores;        /* [n] */
    double *contributions; /* [n][n_features]; NULL unless explained */
    double *ratios;        /* [n] >= 1 = alarm; NULL unless asked for */
};

/* train NULL: learn from the first train_rows of each series of `sheet` or, when that is
 * 0, from all of them, and score all. Missing values are filled first, see
 * yaga_prepare_fill, unless the detector takes them. A series that train does not know is
 * YAGA_E_INPUT, and so is a kind of a column that is not there. */
enum yaga_status yaga_sheet_score(const struct yaga_sheet *train,
                                  const struct yaga_sheet *sheet,
                                  const struct yaga_sheet_score_params *params,
                                  struct yaga_sheet_scores *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
void yaga_sheet_scores_clear(struct yaga_sheet_scores *scores);

/* CSV: series and time where the sheet has them, score, label and edge where it has them,
 * ratio and alarm (0 or 1), contributions as "why_<feature>". */
enum yaga_status yaga_sheet_scores_write(const struct yaga_sheet *sheet,
                                         const struct yaga_sheet_scores *scores,
                                         const char *path,
                                         struct yaga_error *err) YAGA_MUST_USE;

#endif
