/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The isolation forest on plain rows; its published sign is turned. */
#include "yaga/detector/detector_internal.h"
#include "yaga/forest/forest.h"

static void clear(void *state)
{
    struct yaga_forest *forest = state;
    if (forest != NULL)
        yaga_forest_clear(forest);
    yaga_free(forest);
}

static enum yaga_status fit(const struct yaga_detector_rows *rows,
                            const struct yaga_detector_params *params,
                            void **state,
                            struct yaga_error *err)
{
    struct yaga_forest_params p = {.n_trees = params->n_trees,
                                   .sample_size = params->n_sample,
                                   .seed = params->seed,
                                   .n_threads = params->n_threads};
    if (rows->n_rows < 2)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%zu rows to learn from: needs two",
                              rows->n_rows);
    struct yaga_forest *forest = yaga_calloc(1, sizeof *forest);
    if (forest == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st =
        yaga_forest_grow(rows->x, rows->n_rows, rows->n_columns, &p, forest, NULL, err);
    if (st != YAGA_OK)
        yaga_free(forest);
    else
        *state = forest;
    return st;
}

static enum yaga_status score(const void *state,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              const struct yaga_detector_out *out,
                              struct yaga_error *err)
{
    (void)err;
    yaga_forest_score_rows(state, rows->x, rows->n_rows, params->n_threads, out->scores);
    for (size_t i = 0; i < rows->n_rows; i++)
        out->scores[i] = -out->scores[i];
    return YAGA_OK;
}

const struct yaga_detector_kind yaga_detector_iforest = {
    .name = "iforest",
    .help = "isolation forest",
    .max_columns = YAGA_FOREST_MAX_FEATURES,
    .fit = fit,
    .score = score,
    .free = clear,
};
