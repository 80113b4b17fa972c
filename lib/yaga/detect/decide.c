/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict on one service at one instant. */
#include <assert.h>
#include <math.h>
#include <string.h>

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

/* What the model of the row knows about each metric. */
static void look_up_model(const struct yaga_bench *bench, struct yaga_findings *found)
{
    const struct yaga_model *model = bench->grid->model[bench->row];
    for (size_t m = 0; m < found->n_metrics; m++) {
        found->is_known[m] = false;
        found->p99[m] = (double)NAN;
        for (size_t i = 0; model != NULL && i < model->n_metrics; i++) {
            const struct yaga_metric_model *known = &model->metrics[i];
            if (known->cls == YAGA_CLASS_SPARSE ||
                strcmp(known->name, bench->metrics[m].name) != 0)
                continue;
            found->is_known[m] = true;
            found->p99[m] = known->stats.p99;
        }
    }
}

static void find_signals(const struct yaga_bench *bench, struct yaga_verdict *out)
{
    struct yaga_findings *found = &out->found;
    for (size_t m = 0; m < found->n_metrics; m++) {
        bool suppressed = false;
        if (yaga_signal_make(bench, m, &found->signals[found->n_signals], &suppressed))
            found->n_signals++;
        out->n_suppressed += suppressed;
    }
}

static void
look_at_row(struct yaga_bench *bench, double confidence, struct yaga_findings *found)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    size_t n = grid->n_metrics;
    found->n_metrics = n;
    found->n_signals = 0;
    found->by_limits = false;
    found->at_s = yaga_frame_time(bench->frame, bench->row);
    found->window_start_s = yaga_frame_time(bench->frame, bench->window_start);
    found->confidence = confidence;
    memcpy(found->now, yaga_evidence_row(grid, bench->row), n * sizeof *found->now);
    found->fires = grid->levels != NULL ? yaga_channels_fire(bench, &found->lasting)
                                        : yaga_joint_fires(bench, &found->lasting);
    found->is_echo = found->fires &&
                     (yaga_single_fired_lately(bench) || yaga_slow_is_left_over(bench));
    found->joint_top = -1;
    memset(found->joint_share, 0, n * sizeof *found->joint_share);
    if (found->fires)
        found->joint_top = yaga_joint_contributions(bench, found->joint_share);
    bench->fires = found->fires;
    look_up_model(bench, found);
}

void yaga_detect_decide(const struct yaga_detect_params *params,
                        const struct yaga_metric *metrics,
                        const struct yaga_frame *frame,
                        const struct yaga_evidence_grid *grid,
                        size_t row,
                        double confidence,
                        const struct yaga_circumstances *circumstances,
                        struct yaga_verdict *out)
{
    assert(row >= grid->first_row && row < grid->n_rows);
    struct yaga_bench bench = bench_at(params, metrics, frame, grid, row);
    out->alpha = bench.alpha;
    out->n_suppressed = 0;
    look_at_row(&bench, confidence, &out->found);
    yaga_channels_publish(&bench, out);
    find_signals(&bench, out);
    yaga_detect_interpret(params, metrics, circumstances, out);
}

void yaga_detect_interpret(const struct yaga_detect_params *params,
                           const struct yaga_metric *metrics,
                           const struct yaga_circumstances *circumstances,
                           struct yaga_verdict *verdict)
{
    const struct yaga_findings *found = &verdict->found;
    const struct yaga_case it = {.params = params,
                                 .metrics = metrics,
                                 .circumstances = circumstances,
                                 .found = found,
                                 .p_mv = verdict->p_mv,
                                 .decision_mv = verdict->decision_mv};
    verdict->n_anomalies = 0;
    verdict->severity = YAGA_SEVERITY_NONE;
    yaga_metric_levels(&it, verdict->level);
    const struct yaga_pattern *pattern = yaga_pattern_match(&it, verdict->level);
    if (found->by_limits && (pattern == NULL || found->n_signals == 0))
        return;
    if (pattern != NULL)
        yaga_anomaly_from_pattern(&it, pattern, verdict->level, &verdict->anomalies[0]);
    else if (found->n_signals > 0)
        yaga_anomaly_from_signals(&it, verdict->level, &verdict->anomalies[0]);
    else if (found->fires && !found->is_echo)
        yaga_anomaly_from_joint(&it, verdict->level, &verdict->anomalies[0]);
    else
        return;
    verdict->n_anomalies = 1;
    verdict->severity = verdict->anomalies[0].severity;
}
