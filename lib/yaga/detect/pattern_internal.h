/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of the shipped patterns (pattern_words.c), for their table (patterns.c). */
#ifndef YAGA_DETECT_PATTERN_INTERNAL_H
#define YAGA_DETECT_PATTERN_INTERNAL_H

#include "yaga/detect/pattern.h"

extern const struct yaga_pattern_words yaga_words_surge_failing, yaga_words_latency_failing,
    yaga_words_fast_rejection, yaga_words_reduced_with_errors, yaga_words_fast_failure,
    yaga_words_errors_critical, yaga_words_errors_elevated, yaga_words_surge_rejecting,
    yaga_words_cliff, yaga_words_upstream_cascade, yaga_words_chain,
    yaga_words_surge_degrading, yaga_words_compound, yaga_words_database_bottleneck,
    yaga_words_dependency_cascade, yaga_words_internal, yaga_words_own_bottleneck,
    yaga_words_spike, yaga_words_partial_rejection, yaga_words_database_degraded,
    yaga_words_dependency_degraded, yaga_words_client_errors, yaga_words_surge_healthy;

#endif
