/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line for many: what befell several metrics or services for the same reason is
 * logged once, with the first names and a count, so that a dead backend or a missing
 * training is one line and not one per service.
 */
#ifndef YAGA_PIPELINE_TELL_H
#define YAGA_PIPELINE_TELL_H

#include "yaga/pipeline/infer.h"
#include "yaga/source/source.h"

/* METRICS_FAILED per distinct cause, METRICS_AMBIGUOUS per metric. */
void yaga_tell_metrics(const struct yaga_setup *setup, const struct yaga_fleet *fleet);

/* NOT_EVALUATED or MODEL_NOT_FOUND per distinct reason; an error when it is all services,
 * else a warning. */
void yaga_tell_not_evaluated(const struct yaga_setup *setup,
                             const struct yaga_infer_result *result);

#endif
