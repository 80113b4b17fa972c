/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a frame against the model of their period: does it still describe the service
 * (drift/window.h)? */
#ifndef YAGA_PIPELINE_DRIFT_CHECK_H
#define YAGA_PIPELINE_DRIFT_CHECK_H

#include <stdbool.h>

#include "yaga/base/error.h"
#include "yaga/drift/window.h"
#include "yaga/model/model.h"
#include "yaga/series/frame.h"

/* Residuals are those of the profile, without the level correction of inference, which
 * would hide what is asked for. metrics [frame->n_metrics] are matched with the model's
 * by name; what the model has no forest for is unknown. when, use [n_rows]: rows to
 * compare; those of other periods are the caller's to leave out. */
enum yaga_status yaga_drift_compare(const struct yaga_model *model,
                                    const struct yaga_metric *metrics,
                                    const struct yaga_frame *frame,
                                    const struct yaga_when *when,
                                    const bool *use,
                                    struct yaga_drift_findings *out,
                                    struct yaga_error *err) YAGA_MUST_USE;

#endif
