/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a service at all times of the week: how its metrics run over the day,
 * how unusual they are together (ensemble/ensemble.h), where the levels of the alarms
 * are, and the state that the last row of the training left behind. A file of its own,
 * <variant>/service.yaga, beside the models of the periods: a model of the period
 * YAGA_WHOLE.
 */
#ifndef YAGA_MODEL_WHOLE_H
#define YAGA_MODEL_WHOLE_H

#include <stdint.h>

#include "yaga/calibrate/levels.h"
#include "yaga/ensemble/ensemble.h"
#include "yaga/feature/feature.h"

struct yaga_whole_metric {
    char name[YAGA_NAME_MAX + 1];
    enum yaga_transform transform;
    struct yaga_profile
        profile; /* 0 everywhere when the day explains too little */
};

struct yaga_whole {
    size_t n_metrics; /* = ensemble.n_metrics */
    struct yaga_whole_metric
        *metrics; /* owned [n_metrics], in the order of the configuration */
    struct yaga_ensemble ensemble;
    struct yaga_levels levels;
    struct yaga_ensemble_state state;
    int64_t state_at_s; /* time of the last row behind the state */
    double live_share;  /* of the scores behind the levels: stored by inference, the rest
                           is of the training */
};

struct yaga_whole *yaga_whole_new(size_t n_metrics); /* zeroed; NULL without memory */
/* borrowed: the arrays of the ensemble lie in a mapping. */
struct yaga_whole *yaga_whole_free(struct yaga_whole *whole, bool borrowed);

enum yaga_status yaga_whole_check(const struct yaga_whole *whole,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
