/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict on one service at one instant. */
#include <assert.h>
#include <math.h>

#include "yaga/detect/detect_internal.h"

static double alpha_of(const struct yaga_detect_params *params,
                       const struct yaga_model *model)
{
    if (params->alpha > 0.0 && params->alpha < 1.0)
        return params->alpha;
    if (model != NULL && model->alpha > 0.0 && model->alpha < 1.0)
        return model->alpha;
    return YAGA_ALPHA_DEFAULT;
}

static size_t rows_back(size_t row, size_t n_rows, size_t first_row)
{
    size_t back = n_rows > 0 ? n_rows - 1 : 0;
    return row - first_row > back ? row - back : first_row;
}

static struct yaga_bench bench_at(const struct yaga_detect_params *params,
                                  const struct yaga_metric *metrics,
                                  const struct yaga_frame *frame,
                                  const struct yaga_evidence_grid *grid,
                                  size_t row)
{
    double alpha = alpha_of(params, grid->model[row]);
    return (struct yaga_bench){
        .params = params,
        .metrics = metrics,
        .frame = frame,
        .grid = grid,
        .row = row,
        .window_start = rows_back(row, params->window_rows, grid->first_row),
        .persist_start = rows_back(row, (size_t)params->persistence_n, grid->first_row),
        .alpha = alpha,
        .alpha_soft = yaga_detect_alpha_soft(alpha),
    };
}

/* log10 p / log10 alpha; + 0.0 because p = 1 would print as "-0". */
static double score_of(double p, double alpha)
{
    return log10(p) / log10(alpha) + 0.0;
}

/* Scores per metric and of the service: min(1, M min p) over the M tests made. */
static void publish_scores(const struct yaga_bench *bench, struct yaga_verdict *out)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    double least = 1.0;
    size_t n_tests = 0;
    for (size_t m = 0; m < grid->n_metrics; m++) {
        const struct yaga_evidence *cell = &grid->cells[bench->row * grid->n_metrics + m];
        out->metric_score[m] = (double)NAN;
        if (isnan(cell->value) || cell->method == YAGA_METHOD_NONE)
            continue;
        out->metric_score[m] = score_of(cell->p, bench->alpha);
        least = fmin(least, cell->p);
        n_tests++;
    }
    out->p_mv = grid->p_mv[bench->row];
    out->decision_mv = grid->decision_mv[bench->row];
    if (!isnan(out->decision_mv)) {
        least = fmin(least, out->p_mv);
        n_tests++;
    }
    out->p = fmin(1.0, (double)n_tests * least);
    if (n_tests == 0)
        out->p = 1.0;
    out->anomaly_score = score_of(out->p, bench->alpha);
}

static void find_signals(const struct yaga_bench *bench, struct yaga_verdict *out)
{
    struct yaga_anomaly *anomaly = &out->anomalies[0];
    anomaly->n_signals = 0;
    for (size_t m = 0; m < bench->grid->n_metrics; m++) {
        bool suppressed = false;
        if (yaga_signal_make(bench, m, &anomaly->signals[anomaly->n_signals],
                             &suppressed))
            anomaly->n_signals++;
        out->n_suppressed += suppressed;
    }
}

void yaga_detect_decide(const struct yaga_detect_params *params,
                        const struct yaga_metric *metrics,
                        const struct yaga_frame *frame,
                        const struct yaga_evidence_grid *grid,
                        size_t row,
                        double confidence,
                        struct yaga_verdict *out)
{
    assert(row >= grid->first_row && row < grid->n_rows);
    struct yaga_bench bench = bench_at(params, metrics, frame, grid, row);
    out->n_anomalies = 0;
    out->severity = YAGA_SEVERITY_NONE;
    out->alpha = bench.alpha;
    out->n_suppressed = 0;
    publish_scores(&bench, out);
    find_signals(&bench, out);
    bool lasting = false;
    if (out->anomalies[0].n_signals > 0)
        yaga_anomaly_from_signals(&bench, confidence, &out->anomalies[0]);
    else if (yaga_joint_fires(&bench, &lasting))
        yaga_anomaly_from_joint(&bench, lasting, confidence, &out->anomalies[0]);
    else
        return;
    out->n_anomalies = 1;
    out->severity = out->anomalies[0].severity;
}
