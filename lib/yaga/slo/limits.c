/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A value beyond a limit as a signal; and what a service without a model shows
 * (detection.md 4.4): the limits stand for the percentiles that nobody knows.
 */
#include <math.h>
#include <string.h>

#include "yaga/slo/slo_internal.h"

static const int64_t onset_window_s = 3600;

/* Since when, and in how many of the last rows. */
static void set_course(const struct yaga_slo_view *view,
                       const struct yaga_slo_evaluation *e,
                       enum yaga_slo_dimension dimension,
                       enum yaga_slo_status least,
                       struct yaga_signal *signal)
{
    int metric = e->dimensions[dimension].metric;
    size_t rows = (size_t)(onset_window_s / view->frame->step_s);
    size_t start = view->row > rows ? view->row - rows : 0, onset = view->row;
    while (onset > start &&
           slo_status_at(view, &e->limits, dimension, metric, onset - 1) >= least)
        onset--;
    signal->onset_s = yaga_frame_time(view->frame, onset);
    signal->onset_censored = onset == start;
    for (size_t row = start; row <= view->row; row++) {
        signal->points_total++;
        signal->points_anomalous +=
            slo_status_at(view, &e->limits, dimension, metric, row) >= least;
    }
}

void slo_signal(const struct yaga_slo_view *view,
                const struct yaga_slo_evaluation *e,
                enum yaga_slo_dimension dimension,
                enum yaga_slo_status least,
                enum yaga_severity severity,
                struct yaga_signal *signal)
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[dimension];
    size_t metric = (size_t)state->metric;
    const struct yaga_evidence_grid *grid = view->grid;
    *signal = (struct yaga_signal){
        .metric = metric,
        .direction = YAGA_HIGH,
        .method = YAGA_METHOD_OBJECTIVE,
        .severity = severity,
        .value = state->value,
        .expected = slo_expected(view, view->row, state->metric),
        .score = -fmin(1.0, state->proximity),
        .p = (double)NAN,
        .percentile = (double)NAN,
        .sigma = (double)NAN,
        .sustained = true,
    };
    if (dimension == YAGA_SLO_DATABASE)
        signal->score =
            -fmin(1.0, e->database_ratio / e->limits.database_ratio[YAGA_SLO_RATIOS - 1]);
    if (grid != NULL && view->row >= grid->first_row && view->row < grid->n_rows) {
        const struct yaga_evidence *cell = &yaga_evidence_row(grid, view->row)[metric];
        signal->percentile = cell->percentile;
        signal->sigma = cell->sigma;
        if (cell->method != YAGA_METHOD_NONE)
            signal->p = cell->p;
    }
    set_course(view, e, dimension, least, signal);
}

/* Elevated, high, very high: as levels read the severity of such a signal. */
static enum yaga_severity severity_of(enum yaga_slo_status status)
{
    static const enum yaga_severity severities[] = {
        [YAGA_SLO_OK] = YAGA_SEVERITY_NONE,
        [YAGA_SLO_APPROACHING] = YAGA_SEVERITY_LOW,
        [YAGA_SLO_WARNING] = YAGA_SEVERITY_MEDIUM,
        [YAGA_SLO_BREACHED] = YAGA_SEVERITY_HIGH,
    };
    return severities[status];
}

static struct yaga_evidence unjudged(double value)
{
    return (struct yaga_evidence){.value = value,
                                  .expected = (double)NAN,
                                  .residual = (double)NAN,
                                  .z = (double)NAN,
                                  .p_forest = 1.0,
                                  .p_tail = 1.0,
                                  .p = 1.0,
                                  .decision = (double)NAN,
                                  .percentile = (double)NAN,
                                  .sigma = (double)NAN,
                                  .method = YAGA_METHOD_NONE};
}

void yaga_slo_find(const struct yaga_slo_params *params,
                   const struct yaga_slo_view *view,
                   const struct yaga_slo_evaluation *e,
                   double confidence,
                   struct yaga_findings *out)
{
    size_t rows = (size_t)(onset_window_s / view->frame->step_s);
    memset(out, 0, sizeof *out);
    out->by_limits = true;
    out->n_metrics = view->frame->n_metrics;
    out->confidence = confidence;
    out->joint_top = -1;
    out->at_s = yaga_frame_time(view->frame, view->row);
    out->window_start_s =
        yaga_frame_time(view->frame, view->row > rows ? view->row - rows : 0);
    for (size_t m = 0; m < out->n_metrics; m++) {
        out->now[m] = unjudged(yaga_frame_at(view->frame, view->row, m));
        out->p99[m] = (double)NAN;
    }
    for (unsigned d = YAGA_SLO_LATENCY; d <= YAGA_SLO_ERRORS; d++) {
        enum yaga_slo_dimension dimension = (enum yaga_slo_dimension)d;
        const struct yaga_slo_dimension_state *state = &e->dimensions[d];
        enum yaga_slo_status status =
            state->known ? slo_lasting(params, view, &e->limits, dimension, state->metric)
                         : YAGA_SLO_OK;
        if (status > YAGA_SLO_OK)
            slo_signal(view, e, dimension, status, severity_of(status),
                       &out->signals[out->n_signals++]);
    }
}
