/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often any set of models signals on held-out rows. */
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/gate_internal.h"

static bool has_signal(const struct yaga_gate_bench *b, size_t row)
{
    const struct yaga_evidence *cells = yaga_evidence_row(&b->grid, row);
    for (size_t m = 0; m < b->grid.n_metrics; m++) {
        if (yaga_gate_is_signal(b, &cells[m]))
            return true;
    }
    return false;
}

enum yaga_status yaga_gate_signal_share(const struct yaga_detect_params *detect,
                                        const struct yaga_history *history,
                                        const struct yaga_model_set *set,
                                        size_t first_row,
                                        double *share,
                                        size_t *n_rows,
                                        struct yaga_error *err)
{
    struct yaga_gate_bench b = {.detect = detect, .metrics = history->metrics};
    struct yaga_detect_params params = *detect;
    size_t n_held_out = history->frame->n_rows - first_row, n = 0, n_signals = 0;
    params.joint_rows = 1; /* the costly part, and not asked for */
    yaga_gate_view(history, first_row, &b);
    enum yaga_status st =
        yaga_detect_score(&params, b.metrics, b.frame.n_metrics, set, &b.frame, b.when,
                          b.frame.n_rows - n_held_out, &b.grid, err);
    if (st != YAGA_OK)
        return st;
    for (size_t t = b.grid.first_row; t < b.frame.n_rows; t++) {
        if (b.grid.model[t] == NULL || (b.left_out != NULL && b.left_out[t] != 0) ||
            !yaga_frame_row_present(&b.frame, t))
            continue;
        n++;
        n_signals += has_signal(&b, t);
    }
    yaga_evidence_grid_clear(&b.grid);
    *share = n > 0 ? (double)n_signals / (double)n : (double)NAN;
    *n_rows = n;
    return YAGA_OK;
}
