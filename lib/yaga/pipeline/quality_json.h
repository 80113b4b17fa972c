/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The quality report as JSON: in the report of a run, and in its record. */
#ifndef YAGA_PIPELINE_QUALITY_JSON_H
#define YAGA_PIPELINE_QUALITY_JSON_H

#include "yaga/io/json.h"
#include "yaga/series/quality.h"

/* Sets grade, score, coverage, gaps with the longest of them, points lost and corrected
 * values of one metric on an object. */
void yaga_quality_set_json(struct yaga_json *json,
                           const struct yaga_metric_quality *quality,
                           size_t n_corrected);

/* {grade, score, metrics: {name: {expected, ...}}}; the caller's. */
struct yaga_json *yaga_quality_json(const struct yaga_metric *metrics,
                                    const struct yaga_quality *quality,
                                    const size_t *n_corrected);

#endif
