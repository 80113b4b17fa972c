/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence over the last rows -> signals: strong now, or persistent. Points count, not
 * cycles, because points one step apart do not share data. Only points on the same side
 * of the expected value support each other.
 */
#include <math.h>

#include "yaga/detect/detect_internal.h"

static const struct yaga_evidence *
cell_at(const struct yaga_bench *bench, size_t row, size_t metric)
{
    return &yaga_evidence_row(bench->grid, row)[metric];
}

static bool is_rare(const struct yaga_bench *bench,
                    const struct yaga_evidence *cell,
                    enum yaga_direction side)
{
    bool flagged = bench->params->by_decision && cell->decision < 0.0;
    return (cell->p <= bench->alpha_soft || flagged) && cell->direction == side;
}

static bool
is_sustained(const struct yaga_bench *bench, size_t metric, enum yaga_direction side)
{
    if (!is_rare(bench, cell_at(bench, bench->row, metric), side))
        return false;
    int n = 0;
    for (size_t row = bench->persist_start; row <= bench->row; row++)
        n += is_rare(bench, cell_at(bench, row, metric), side);
    return n >= bench->params->persistence_k;
}

/* Where the run of rare values that reaches up to now began. A missing point neither ends
 * nor starts it. */
static void
find_onset(const struct yaga_bench *bench, size_t metric, struct yaga_signal *signal)
{
    size_t onset = bench->row, row = bench->row;
    while (row > bench->window_start) {
        const struct yaga_evidence *cell = cell_at(bench, row - 1, metric);
        if (!isnan(cell->value) && !is_rare(bench, cell, signal->direction))
            break;
        row--;
        if (!isnan(cell->value))
            onset = row;
    }
    signal->onset_s = yaga_frame_time(bench->frame, onset);
    signal->onset_censored = row == bench->window_start;
}

static void
count_points(const struct yaga_bench *bench, size_t metric, struct yaga_signal *signal)
{
    signal->points_anomalous = signal->points_total = 0;
    for (size_t row = bench->window_start; row <= bench->row; row++) {
        const struct yaga_evidence *cell = cell_at(bench, row, metric);
        signal->points_total += !isnan(cell->value);
        signal->points_anomalous += is_rare(bench, cell, signal->direction);
    }
}

/* By return period; what the data cannot support is not claimed. */
static enum yaga_severity
grade(const struct yaga_bench *bench, const struct yaga_evidence *cell, bool sustained)
{
    if (bench->params->by_percentile && !isnan(cell->decision))
        return yaga_severity_of_share(bench->params, cell->p_forest);
    enum yaga_severity severity =
        yaga_severity_of_p(bench->params, (double)bench->frame->step_s, cell->p);
    if (severity == YAGA_SEVERITY_CRITICAL && !sustained)
        severity = YAGA_SEVERITY_HIGH;
    if (severity > YAGA_SEVERITY_MEDIUM && !cell->tail_supported)
        severity = YAGA_SEVERITY_MEDIUM;
    return severity;
}

/* Rules without a forest have no decision; their strength takes its place, on the same
 * sign. */
static double published_score(const struct yaga_evidence *cell)
{
    if (!isnan(cell->decision))
        return cell->decision;
    return -fmin(fmax(-log10(cell->p) / 6.0, 0.0), 1.0);
}

bool yaga_signal_make(const struct yaga_bench *bench,
                      size_t metric,
                      struct yaga_signal *out,
                      bool *suppressed)
{
    const struct yaga_evidence *cell = cell_at(bench, bench->row, metric);
    *suppressed = false;
    if (isnan(cell->value) || cell->method == YAGA_METHOD_NONE)
        return false;
    bool strong = cell->p <= bench->alpha / 10.0;
    bool sustained = is_sustained(bench, metric, cell->direction);
    bool carries = bench->fires && is_rare(bench, cell, cell->direction);
    if (!strong && !sustained && !carries)
        return false;
    enum yaga_severity severity = grade(bench, cell, sustained);
    if (cell->immaterial != YAGA_MATERIAL || severity == YAGA_SEVERITY_NONE) {
        *suppressed = true;
        return false;
    }
    *out = (struct yaga_signal){
        .metric = metric,
        .direction = cell->direction,
        .method = cell->method,
        .severity = severity,
        .value = cell->value,
        .expected = cell->expected,
        .score = published_score(cell),
        .p = cell->p,
        .percentile = cell->percentile,
        .sigma = cell->sigma,
        .strong = strong,
        .sustained = sustained,
    };
    find_onset(bench, metric, out);
    count_points(bench, metric, out);
    return true;
}
