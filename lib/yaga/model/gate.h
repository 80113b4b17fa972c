/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the validation gate found out about a model on data it had not seen
 * (training.md 19.2). Figures are those of the candidate that was fitted on the older
 * part of the history; the model that is published was fitted again on all of it with the
 * same settings.
 */
#ifndef YAGA_MODEL_GATE_H
#define YAGA_MODEL_GATE_H

#include <stdbool.h>
#include <stdint.h>

enum yaga_gate_verdict {
    YAGA_GATE_NONE, /* not asked */
    YAGA_GATE_PASSED,
    YAGA_GATE_WARNING,
    YAGA_GATE_FAILED
};

/* What was found wrong, of a model or a metric; bits. */
enum yaga_gate_finding {
    YAGA_GATE_INCONCLUSIVE =
        1, /* too little held-out data, or no candidate: nothing was checked */
    YAGA_GATE_FALSE_ALARMS = 2, /* a level fires certainly more often than
                                   gate_rate_factor times its nominal rate */
    YAGA_GATE_ANY_RATE = 4,     /* too many held-out rows have a signal */
    YAGA_GATE_NOT_FINITE = 8,   /* a score is not a number */
    YAGA_GATE_INSENSITIVE =
        16, /* an injected change was found in less than 90 % of the rows */
    YAGA_GATE_WEAK_EFFECT =
        32, /* the minimum detectable effect lies beyond what must be found */
    YAGA_GATE_SHIFT = 64, /* the level of the last week is another one */
    YAGA_GATE_TREND = 128,
    YAGA_GATE_UNEXPLAINED = 256, /* what explaining a judgement takes is not all there */
    YAGA_GATE_CONTAMINATED = 512 /* more than 5 % of the training values are outliers */
};
enum { YAGA_GATE_FINDINGS = 10 };

/* Of one metric; shares 0..1, NaN = not measured. */
struct yaga_metric_gate {
    double n, n_eff;      /* held-out values judged, and what they count for */
    double rate[2];       /* share with evidence of the level low, medium */
    double rate_lower[2]; /* 95 % lower bound of the rate, Clopper-Pearson on n_eff */
    double found_high;    /* injected change upwards (latency and others x 3, rate x 4,
                             errors + 5 points): share found */
    double found_low;     /* rate x 0.2 */
    double effect; /* smallest change found in 90 %: a factor, for a ratio an increase;
                      NaN = none of those tried */
    uint64_t findings;
};

struct yaga_gate {
    enum yaga_gate_verdict verdict;
    bool forced;           /* published whatever the verdict */
    double n_rows, n_days; /* held out */
    double any_rate;       /* share of rows with at least one signal */
    double any_limit;
    uint64_t findings; /* of the model and of all its metrics */
};

const char *yaga_gate_verdict_name(
    enum yaga_gate_verdict verdict); /* "none", "PASSED", "WARNING", "FAILED" */
const char *yaga_gate_finding_name(unsigned bit); /* of 1 << bit */

#endif
