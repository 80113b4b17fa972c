/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replay: the inference path over past time, cycle by cycle, with its own state and alerts as configured.
 */
#ifndef YAGA_PIPELINE_REPLAY_H
#define YAGA_PIPELINE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "yaga/base/error.h"
#include "yaga/pipeline/setup.h"

struct yaga_replay_options {
    int64_t from_s, to_s;    /* cycles at from, from + every, ... < to */
    int64_t every_s;         /* >= 1 */
    const char *scores_path; /* CSV: time,service,anomaly_score,<metric>...; NULL = none */
    bool (*interrupted)(void);
    void (*progress)(void *context, int64_t at_s, int64_t from_s, int64_t to_s);
    void *progress_context;
};
struct yaga_replay_report {
    size_t n_cycles, n_evaluated, n_skipped, n_errors, n_confirmed, n_closed;
    unsigned conditions;     /* union over all cycles */
    int64_t elapsed_ms;
};
enum yaga_status yaga_replay_run(const struct yaga_setup *setup, const struct yaga_replay_options *options,
                                 struct yaga_replay_report *out, struct yaga_error *err) YAGA_MUST_USE;

#endif
