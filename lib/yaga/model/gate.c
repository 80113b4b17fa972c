/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of the gate. */
#include "yaga/model/gate.h"

#include <assert.h>

const char *yaga_gate_verdict_name(enum yaga_gate_verdict verdict)
{
    static const char *const names[] = {"none", "PASSED", "WARNING", "FAILED"};
    return names[verdict];
}

const char *yaga_gate_finding_name(unsigned bit)
{
    static const char *const names[YAGA_GATE_FINDINGS] = {
        "inconclusive",    "false_alarms", "any_metric_rate", "not_finite",
        "insensitive",     "weak_effect",  "level_shift",     "trend",
        "not_explainable", "contaminated"};
    assert(bit < YAGA_GATE_FINDINGS);
    return names[bit];
}
