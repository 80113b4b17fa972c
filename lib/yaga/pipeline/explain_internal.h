/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the explanation share. */
#ifndef YAGA_PIPELINE_EXPLAIN_INTERNAL_H
#define YAGA_PIPELINE_EXPLAIN_INTERNAL_H

#include "yaga/pipeline/cascades.h"
#include "yaga/pipeline/explain.h"
#include "yaga/pipeline/infer_internal.h"

struct yaga_explanation {
    const struct yaga_setup *setup;
    char service[YAGA_NAME_MAX + 1];
    int64_t at_s;
    struct yaga_infer *infer;
    struct yaga_fleet fleet;
    struct yaga_when *when;          /* [n_rows] */
    struct yaga_judgement *judgements; /* [fleet.n_services] */
    struct yaga_cascades cascades;     /* what the services are to each other */
    struct yaga_judgement *judgement;  /* of the service, one of them */
    struct yaga_counterfactuals counterfactuals; /* see yaga_counterfactuals_find */
    /* The day that ends with the judged row, every row as a cycle would have judged it with what is known now; n_rows = 0 without. */
    struct yaga_frame known;         /* up to the judged row; borrows the fleet's */
    size_t first_row;
    struct yaga_evidence_grid day;
    double *requests, *score;        /* owned [n_rows]; score: anomaly score of the service, NaN before first_row */
    bool *alarms;                    /* [n_rows] */
};

/* Evidence of one metric in a row of the day, and the edges of what is ordinary there. */
const struct yaga_evidence *yaga_explained_cell(const struct yaga_explanation *e, size_t row, size_t metric);
void yaga_explained_band(const struct yaga_explanation *e, size_t row, size_t metric, double edges[2]);
/* The signal of a metric, NULL = none. */
const struct yaga_signal *yaga_explained_signal(const struct yaga_explanation *e, size_t metric);
/* Share of a metric in the anomaly, else in the evidence of the service as a whole; 0 = none. */
double yaga_explained_share(const struct yaga_explanation *e, size_t metric);
/* What the metric's evidence comes to, in a word or two: "signal", "rare, but too small a change", "ordinary", "missing", ... */
const char *yaga_explained_word(const struct yaga_explanation *e, size_t metric);
/* Earliest onset of the signals; 0 = no signal. */
int64_t yaga_explained_onset(const struct yaga_explanation *e);
/* The decision in one sentence: which channel is over its level, or what came nearest. */
void yaga_explained_reason(const struct yaga_explanation *e, char out[500]);
/* "quiet if ..." of an alarm, "alarms if ..." of a quiet service. */
void yaga_explained_change(const struct yaga_explanation *e, const struct yaga_counterfactual *c,
                           char out[YAGA_COUNTERFACTUAL_TEXT_MAX]);
/* Scores of the channels; level NaN where there is none. */
double yaga_explained_level(const struct yaga_explanation *e, enum yaga_channel channel);

#endif
