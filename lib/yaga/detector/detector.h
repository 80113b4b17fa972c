/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Detectors behind one interface, for tables without a clock or a model file: learn from
 * rows, score rows. A score is finite, and larger is more anomalous; scores of different
 * detectors are not comparable. A detector is a file with a struct yaga_detector_kind,
 * and a row of the table in detector.c.
 *
 *   iforest            isolation forest, 2^(-mean path / c), forest.h
 *   zscore             max_j |x_j - mean_j| / sd_j, sd with divisor n - 1
 *   robust-zscore      max_j |x_j - median_j| / (1.4826 MAD_j); MAD 0: |x_j - median_j| /
 *                      (1.253314 mean |x_j - median_j|)
 *   pca                SPE over its limit plus T2 over its limit, pca.h
 *   pca-t2, pca-spe    one of the two alone
 *   spectral-residual  how much a value stands out of the last rows of its column, the
 *                      worst column, spectral.c; learns nothing, and looks at the rows
 *                      before it in the scored table
 *   adaptive           distance from a level that moves, in units of a spread that
 *                      moves, adaptive.c
 *   ensemble           the members that judge a service as a whole, ensemble.h
 *
 * Columns that are constant in the rows to learn from say nothing in zscore and
 * robust-zscore; pca and adaptive keep them, in units of 1.
 */
#ifndef YAGA_DETECTOR_DETECTOR_H
#define YAGA_DETECTOR_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"
#include "yaga/detector/column_kind.h"

struct yaga_detector_params {
    uint64_t seed;            /* of detectors that draw */
    int n_threads;            /* >= 1; scores do not depend on it */
    size_t n_trees, n_sample; /* iforest */
    double variance;          /* pca: share of it that the components hold, 0..1 */
    size_t day_rows; /* adaptive, ensemble: rows of a day; 0 = from the times, 288
                      * without */
    bool apart;      /* adaptive, ensemble: the rows to score do not follow those to learn
                      * from; nothing is carried over, the first of them give the level.
                      * ensemble: where both have times, these tell */
    const struct yaga_column_kind *const *columns; /* ensemble: [n_columns] what they
                                                    * measure; NULL = nobody says */
    unsigned
        members; /* ensemble: bit 1 << enum yaga_member of those that count; 0 = all */
    double per_week;  /* ensemble: false alarms a week that are allowed, > 0 */
    bool levels_once; /* ensemble: alarm levels are not found anew every day */
};

/* Row-major rows of numbers, finite unless the detector takes missing ones (NaN). */
struct yaga_detector_rows {
    const double *x;
    size_t n_rows, n_columns;
    const int64_t *times; /* [n_rows] Unix seconds; NULL = not known */
};

struct yaga_detector_out {
    double *scores;        /* [n_rows] finite */
    double *contributions; /* [n_rows][n_columns], larger = the column is more of a
                            * reason; NULL = not wanted, or never told */
    double *ratios; /* [n_rows] >= 1 is an alarm within the budget; NULL likewise */
};

struct yaga_detector_kind {
    const char *name;
    const char *help;   /* half a line */
    bool explains;      /* fills contributions */
    bool alarms;        /* fills ratios */
    bool takes_missing; /* rows may have NaN */
    size_t max_columns; /* that it can look at */
    /* *state is what score and free get, also after a failure; NULL is fine.
     * YAGA_E_NO_DATA for too few rows. */
    enum yaga_status (*fit)(const struct yaga_detector_rows *rows,
                            const struct yaga_detector_params *params,
                            void **state,
                            struct yaga_error *err);
    /* Rows in time order. */
    enum yaga_status (*score)(const void *state,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              const struct yaga_detector_out *out,
                              struct yaga_error *err);
    void (*free)(void *state);
};

/* All there are, in the order of the table above. */
const struct yaga_detector_kind *const *yaga_detector_kinds(size_t *n);
/* NULL when there is none of that name. */
const struct yaga_detector_kind *yaga_detector_find(const char *name);

/* Learn from `train`, score `test`, which has as many columns. YAGA_E_INPUT when there
 * are none, or more than the detector can look at; contributions and ratios only where it
 * tells them. */
enum yaga_status yaga_detector_run(const struct yaga_detector_kind *kind,
                                   const struct yaga_detector_params *params,
                                   const struct yaga_detector_rows *train,
                                   const struct yaga_detector_rows *test,
                                   const struct yaga_detector_out *out,
                                   struct yaga_error *err) YAGA_MUST_USE;

#endif
