/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the gate; nobody else includes it. */
#ifndef YAGA_PIPELINE_GATE_INTERNAL_H
#define YAGA_PIPELINE_GATE_INTERNAL_H

#include "yaga/pipeline/gate.h"

enum { YAGA_GATE_MIN_ROWS = 50 };
#define YAGA_GATE_CONFIDENCE 0.95 /* of the lower bound of a rate */
#define YAGA_GATE_FOUND 0.9       /* share of changes that must be found */

/* Held-out rows, with as much before them as the level correction looks back at; one
 * model under judgement. */
struct yaga_gate_bench {
    const struct yaga_gate_params *params;
    const struct yaga_detect_params *detect;
    const struct yaga_metric *metrics;
    const char *service;
    struct yaga_frame frame;      /* borrows values of the history */
    const struct yaga_when *when; /* [frame.n_rows] */
    const double *requests;       /* [frame.n_rows] */
    const uint8_t *left_out;      /* [frame.n_rows], NULL = none */
    struct yaga_evidence_grid grid;
    struct yaga_model *model;
    double *x; /* scratch [frame.n_rows] */
};

/* Does the row speak about the model? */
bool yaga_gate_row_counts(const struct yaga_gate_bench *bench, size_t row);

/* The end of the history, beginning where the level correction of the first held-out row
 * begins: frame, when, requests and left_out of the bench, whose detect is set. */
void yaga_gate_view(const struct yaga_history *history,
                    size_t first_row,
                    struct yaga_gate_bench *bench);
/* Does the metric reach the level medium, by enough to matter? */
bool yaga_gate_is_signal(const struct yaga_gate_bench *bench,
                         const struct yaga_evidence *cell);

/* No figures. */
void yaga_gate_blank(struct yaga_metric_gate *gate);
/* Findings and verdict of a model from the figures and the findings of its metrics. */
void yaga_gate_conclude(struct yaga_model *model);

/* Sensitivity and minimum detectable effect of one metric (gate_inject.c). */
enum yaga_status yaga_gate_inject(const struct yaga_gate_bench *bench,
                                  size_t metric,
                                  struct yaga_metric_gate *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
