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
    bench.fires = grid->levels != NULL ? yaga_channels_fire(&bench, &bench.lasting)
                                       : yaga_joint_fires(&bench, &bench.lasting);
    yaga_channels_publish(&bench, out);
    find_signals(&bench, out);
    if (out->anomalies[0].n_signals > 0)
        yaga_anomaly_from_signals(&bench, confidence, &out->anomalies[0]);
    else if (bench.fires && !yaga_single_fired_lately(&bench))
        yaga_anomaly_from_joint(&bench, confidence, &out->anomalies[0]);
    else
        return;
    out->n_anomalies = 1;
    out->severity = out->anomalies[0].severity;
}
