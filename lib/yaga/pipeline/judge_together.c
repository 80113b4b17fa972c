/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pass 2 of a cycle: who is silent, what the services are to each other, what the hours
 * before say, then what that is to their users, then who is announced by whom. */
#include "yaga/pipeline/cascades.h"
#include "yaga/pipeline/infer_internal.h"

enum yaga_status yaga_judge_together(struct yaga_infer *infer,
                                     const struct yaga_fleet *fleet,
                                     struct yaga_judgement *judgements,
                                     int64_t at_s,
                                     int64_t deadline_ms,
                                     struct yaga_cascades *cascades,
                                     struct yaga_silence *silence,
                                     struct yaga_error *err)
{
    *cascades = (struct yaga_cascades){.found = NULL};
    enum yaga_status st = yaga_found_calls_look(infer, at_s, deadline_ms, err);
    if (st == YAGA_OK)
        st = yaga_telemetry_conclude(infer, fleet, judgements, at_s, deadline_ms, silence,
                                     err);
    if (st == YAGA_OK)
        st = yaga_cascades_find(infer, fleet, judgements, at_s, cascades, err);
    if (st == YAGA_OK)
        yaga_history_conclude(fleet, judgements);
    if (st == YAGA_OK)
        st = yaga_judge_objectives(infer, fleet, at_s, deadline_ms, judgements, err);
    if (st == YAGA_OK)
        yaga_cascades_group(infer, judgements, at_s, cascades);
    return st;
}
