/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Raw value -> transformed value g -> seasonal profile S -> residual r = g - S; and back.
 * training.md 10.2, 10.3. Training and inference call exactly these functions.
 */
#ifndef YAGA_FEATURE_FEATURE_H
#define YAGA_FEATURE_FEATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/period/period.h"
#include "yaga/series/frame.h"

/* g(x); NaN stays NaN. n_requests: requests in the step, for YAGA_TRANSFORM_LOGIT only (NaN or < 1 counts as 1). */
double yaga_transform_apply(enum yaga_transform transform, double x, double n_requests);
/* Inverse of g, same n_requests; clamped to >= 0 for rate, latency and ratio transforms (and <= 1 for the ratio). */
double yaga_transform_invert(enum yaga_transform transform, double g, double n_requests);

/* Requests per row: traffic * step_s where a traffic metric exists, else NaN. A row without a sample of it has about as many as the last
 * one with, or the first: one request instead would make an ordinary ratio look like none that ever was. NaN when no row has any. */
void yaga_feature_requests(const struct yaga_frame *frame, const struct yaga_metric *metrics, double *out);
/* g of one metric for all rows. requests [n_rows]. */
void yaga_feature_transform(const struct yaga_frame *frame, const struct yaga_metric *metrics, size_t metric,
                            const double *requests, double *out);

/* Median of g per (day type, half-hour slot), running median of 3 over neighbouring slots. */
struct yaga_profile {
    double level;                                    /* median over all fitting rows: buckets without data */
    double bucket[YAGA_DAY_TYPES][YAGA_SLOTS_PER_DAY]; /* finite */
};
enum { YAGA_PROFILE_MIN_ROWS = 20, YAGA_PROFILE_MIN_DAYS = 4 }; /* of a bucket; with 30-minute slots at 5 minutes 4 days are 24 rows */

/* Fit on rows with use[row] (NULL = all) and finite g. seasonal = false: every bucket is the level. At least one finite row. */
enum yaga_status yaga_profile_fit(const double *g, const struct yaga_when *when, const bool *use, size_t n_rows,
                                  bool seasonal, struct yaga_profile *out, struct yaga_error *err) YAGA_MUST_USE;
double yaga_profile_at(const struct yaga_profile *profile, const struct yaga_when *when);

/* Residuals for calibration: each row against a profile fitted without its own day (days are dealt into 3 groups by order of
 * appearance; a row's profile comes from the other two groups; with fewer than 3 days the rows are dealt into 3 blocks). NaN where
 * g is. */
enum yaga_status yaga_profile_residuals_out_of_day(const double *g, const struct yaga_when *when, const bool *use,
                                                   size_t n_rows, bool seasonal, double *out,
                                                   struct yaga_error *err) YAGA_MUST_USE;
/* Residuals against a given profile. */
void yaga_profile_residuals(const struct yaga_profile *profile, const double *g, const struct yaga_when *when,
                            size_t n_rows, double *out);

/* Slow level correction (detection.md 5.5): for each row the median of r over the 24 h (window_rows) before the row's full hour, rows with
 * |r - centre| > 3 scale left out, clamped to +-limit; 0 with fewer than 48 usable points. Refreshed at full hours, so that it depends on absolute
 * time only. r, out [n_rows]. first_row: rows before it are history only (out not written). */
enum yaga_status yaga_feature_level(const double *r, int64_t start_s, int64_t step_s, size_t n_rows, size_t first_row,
                                    size_t window_rows, double centre, double scale, double limit, double *out,
                                    struct yaga_error *err) YAGA_MUST_USE;

#endif
