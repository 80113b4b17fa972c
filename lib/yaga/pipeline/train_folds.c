/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Forward chaining (training.md 11): the history up to the beginning of a hold-out is
 * split again, as if it had ended there, and so on backwards. Every fold is fitted on
 * what was known by then and judged on what came next.
 */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/train_internal.h"

/* Of the settings; the first fold is the one that was judged already. */
enum { FOLDS_MAX = 10 };

static enum yaga_status try_folds(const struct yaga_train *run,
                                  struct yaga_history *past,
                                  uint8_t *left_out,
                                  size_t end,
                                  double alpha,
                                  struct yaga_trained_models folds[FOLDS_MAX],
                                  size_t n_folds,
                                  struct yaga_error *err)
{
    size_t n_rows = past->frame->n_rows;
    for (size_t k = 0; k < n_folds; k++) {
        size_t first_row = 0;
        memset(left_out + end, YAGA_ROW_EXCLUDED, n_rows - end);
        enum yaga_status st =
            yaga_train_try(run, past, alpha, &first_row, &folds[k], err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "fold %zu", k + 2);
        if (first_row == 0 || first_row >= end) /* nothing is left */
            break;
        end = first_row;
    }
    return YAGA_OK;
}

static void average(const struct yaga_train *run,
                    double alpha,
                    const struct yaga_trained_models folds[FOLDS_MAX],
                    size_t n_folds,
                    struct yaga_trained_models *candidates)
{
    struct yaga_gate_params params = yaga_train_gate_params(run, alpha);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const struct yaga_model *models[1 + FOLDS_MAX] = {candidates->by_period[p]};
        for (size_t k = 0; k < n_folds; k++)
            models[1 + k] = folds[k].by_period[p];
        struct yaga_gate_average a = {.params = &params,
                                      .detect = &run->setup->detect,
                                      .step_s = run->setup->step_s,
                                      .folds = models,
                                      .n_folds = 1 + n_folds};
        if (candidates->by_period[p] != NULL)
            yaga_gate_average(&a, candidates->by_period[p]);
    }
}

enum yaga_status yaga_train_folds(const struct yaga_train *run,
                                  const struct yaga_history *history,
                                  size_t first_row,
                                  double alpha,
                                  struct yaga_trained_models *candidates,
                                  struct yaga_error *err)
{
    size_t n_folds = (size_t)yaga_train_int(run, "training.rolling_folds") - 1;
    struct yaga_trained_models folds[FOLDS_MAX] = {{.by_period = {NULL}}};
    size_t n_rows = history->frame->n_rows;
    if (n_folds == 0 || first_row == 0 || first_row >= n_rows)
        return YAGA_OK;
    YAGA_AUTO_MEM(uint8_t) left_out = yaga_calloc(n_rows, sizeof *left_out);
    if (left_out == NULL)
        return yaga_error_nomem(err);
    if (history->left_out != NULL)
        memcpy(left_out, history->left_out, n_rows);
    struct yaga_history past = *history; /* borrows all but the rows */
    past.left_out = left_out;
    enum yaga_status st =
        try_folds(run, &past, left_out, first_row, alpha, folds, n_folds, err);
    if (st == YAGA_OK)
        average(run, alpha, folds, n_folds, candidates);
    for (size_t k = 0; k < FOLDS_MAX; k++)
        yaga_trained_models_clear(&folds[k]);
    return st;
}
