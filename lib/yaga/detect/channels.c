/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The three channels an alarm can come from, their scores, and what is published of them.
 */
#include <math.h>

#include "yaga/detect/detect_internal.h"
#include "yaga/numeric/stats.h"

enum {
    PERSISTENCE_MOST = 64,
    HOUR_S = 3600,
    MOMENTUM_ROWS_BACK = 8 * YAGA_MOMENTUM_ROWS
};
static const double rare_enough = 0.01; /* alpha_soft is never looser */

static const struct yaga_evidence *
cell_at(const struct yaga_evidence_grid *grid, size_t row, size_t metric)
{
    return &yaga_evidence_row(grid, row)[metric];
}

/* The k smallest p of the last n rows on the side of now: their largest, 1 when there are
 * fewer. */
static double kth_p(const struct yaga_detect_params *params,
                    const struct yaga_evidence_grid *grid,
                    size_t row,
                    size_t metric)
{
    double p[PERSISTENCE_MOST];
    size_t k = (size_t)params->persistence_k, n = (size_t)params->persistence_n,
           found = 0;
    size_t first = row >= grid->first_row + n - 1 ? row + 1 - n : grid->first_row;
    enum yaga_direction side = cell_at(grid, row, metric)->direction;
    for (size_t t = first; t <= row && found < PERSISTENCE_MOST; t++) {
        const struct yaga_evidence *cell = cell_at(grid, t, metric);
        if (!isnan(cell->value) && cell->direction == side)
            p[found++] = cell->p;
    }
    if (found < k)
        return 1.0;
    yaga_sort(p, found);
    return p[k - 1];
}

double yaga_detect_metric_evidence(const struct yaga_detect_params *params,
                                   const struct yaga_evidence_grid *grid,
                                   size_t row,
                                   size_t metric)
{
    const struct yaga_evidence *cell = cell_at(grid, row, metric);
    if (isnan(cell->value) || cell->method == YAGA_METHOD_NONE)
        return (double)NAN;
    double strong = -log10(fmin(10.0 * cell->p, 1.0)) + 0.0;
    if (cell->p > rare_enough)
        return strong;
    double q = fmax(cell->p, kth_p(params, grid, row, metric));
    return q <= rare_enough ? fmax(strong, -2.0 * log10(q)) : strong;
}

double yaga_detect_single(const struct yaga_detect_params *params,
                          const struct yaga_evidence_grid *grid,
                          size_t row)
{
    double most = (double)NAN;
    for (size_t m = 0; m < grid->n_metrics; m++) {
        double e = yaga_detect_metric_evidence(params, grid, row, m);
        if (!isnan(e) && cell_at(grid, row, m)->immaterial != YAGA_MATERIAL)
            e = 0.0;
        most = fmax(most, e); /* of a NaN and a number the number */
    }
    return most;
}

double yaga_detect_slow(double fast, double slow)
{
    return fast >= YAGA_STILL_UNUSUAL ? slow : (double)NAN;
}

static bool fires_at(const struct yaga_bench *bench, size_t row)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    const double score[YAGA_N_CHANNELS] = {
        [YAGA_CHANNEL_FAST] = grid->fast[row],
        [YAGA_CHANNEL_SLOW] = yaga_detect_slow(grid->fast[row], grid->slow[row]),
        [YAGA_CHANNEL_SINGLE] = (double)NAN,
    };
    return yaga_levels_ratio(grid->levels, score) >= 1.0;
}

bool yaga_channels_fire(const struct yaga_bench *bench, bool *lasting)
{
    *lasting = true;
    for (size_t row = bench->persist_start; row <= bench->row; row++)
        *lasting = *lasting && fires_at(bench, row);
    return fires_at(bench, bench->row);
}

bool yaga_single_fired_lately(const struct yaga_bench *bench)
{
    size_t rows = (size_t)(HOUR_S / bench->frame->step_s), first = bench->window_start;
    if (bench->grid->levels == NULL)
        return false;
    if (bench->row - first > rows)
        first = bench->row - rows;
    for (size_t row = first; row < bench->row; row++) {
        if (yaga_detect_single(bench->params, bench->grid, row) >= -log10(bench->alpha))
            return true;
    }
    return false;
}

/* The mean behind the slow channel, from the rows in which the fast one did not alarm. */
static double momentum_of_the_rest(const struct yaga_evidence_grid *grid, size_t row)
{
    static const double ordinary = 0.5; /* about the mean evidence of ordinary rows */
    double keep = exp2(-1.0 / (double)YAGA_MOMENTUM_ROWS), mean = ordinary;
    size_t first = row > MOMENTUM_ROWS_BACK ? row - MOMENTUM_ROWS_BACK : 0;
    for (size_t t = first; t <= row; t++) {
        double fast = grid->fast[t];
        if (isnan(fast))
            continue;
        if (fast >= grid->levels->level[YAGA_CHANNEL_FAST])
            fast = ordinary;
        mean = keep * mean + (1.0 - keep) * fast;
    }
    return mean;
}

bool yaga_slow_is_left_over(const struct yaga_bench *bench)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    if (grid->levels == NULL)
        return false;
    double fast = grid->fast[bench->row];
    return fast < grid->levels->level[YAGA_CHANNEL_FAST] &&
           fast + momentum_of_the_rest(grid, bench->row) <
               grid->levels->level[YAGA_CHANNEL_SLOW];
}

/* The service's channels over their levels, joined with what single metrics say. */
static double service_score(const struct yaga_bench *bench, struct yaga_verdict *out)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    double score = 0.0;
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        out->channel[c] = (double)NAN;
    out->channel[YAGA_CHANNEL_SINGLE] =
        yaga_detect_single(bench->params, grid, bench->row);
    if (grid->levels != NULL) {
        out->channel[YAGA_CHANNEL_FAST] = grid->fast[bench->row];
        out->channel[YAGA_CHANNEL_SLOW] =
            yaga_detect_slow(grid->fast[bench->row], grid->slow[bench->row]);
        const double joint[YAGA_N_CHANNELS] = {out->channel[YAGA_CHANNEL_FAST],
                                               out->channel[YAGA_CHANNEL_SLOW],
                                               (double)NAN};
        score = yaga_levels_ratio(grid->levels, joint);
    } else if (bench->fires) {
        score = 1.0;
    }
    for (size_t m = 0; m < grid->n_metrics; m++)
        score = fmax(score, out->metric_score[m]);
    return score;
}

/* min(1, M min p) over the M tests made. */
static double service_p(const struct yaga_bench *bench)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    double least = 1.0, n_tests = 0.0;
    for (size_t m = 0; m < grid->n_metrics; m++) {
        const struct yaga_evidence *cell = cell_at(grid, bench->row, m);
        if (isnan(cell->value) || cell->method == YAGA_METHOD_NONE)
            continue;
        least = fmin(least, cell->p);
        n_tests += 1.0;
    }
    if (!isnan(grid->decision_mv[bench->row])) {
        least = fmin(least, grid->p_mv[bench->row]);
        n_tests += 1.0;
    }
    return n_tests > 0.0 ? fmin(1.0, n_tests * least) : 1.0;
}

void yaga_channels_publish(const struct yaga_bench *bench, struct yaga_verdict *out)
{
    static const double just_below = 0.99; /* rare, but not enough to matter */
    const struct yaga_evidence_grid *grid = bench->grid;
    double level = -log10(bench->alpha);
    for (size_t m = 0; m < grid->n_metrics; m++) {
        out->metric_score[m] =
            yaga_detect_metric_evidence(bench->params, grid, bench->row, m) / level;
        if (cell_at(grid, bench->row, m)->immaterial != YAGA_MATERIAL)
            out->metric_score[m] = fmin(out->metric_score[m], just_below);
    }
    out->p_mv = grid->p_mv[bench->row];
    out->decision_mv = grid->decision_mv[bench->row];
    out->p = service_p(bench);
    out->anomaly_score = service_score(bench, out);
}
