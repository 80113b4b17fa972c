/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PCA residual on plain rows; each of its halves alone by an infinite limit of the
 * other. */
#include "yaga/pca/pca.h"

#include <math.h>

#include "yaga/detector/detector_internal.h"

static void clear(void *state)
{
    struct yaga_pca *pca = state;
    if (pca != NULL)
        yaga_pca_clear(pca);
    yaga_free(pca);
}

static enum yaga_status fit(const struct yaga_detector_rows *rows,
                            const struct yaga_detector_params *params,
                            void **state,
                            struct yaga_error *err)
{
    struct yaga_pca *pca = yaga_calloc(1, sizeof *pca);
    if (pca == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = yaga_pca_fit(rows->x, rows->n_rows, rows->n_columns,
                                       params->variance, pca, NULL, err);
    if (st != YAGA_OK)
        yaga_free(pca);
    else
        *state = pca;
    return st;
}

static enum yaga_status fit_t2(const struct yaga_detector_rows *rows,
                               const struct yaga_detector_params *params,
                               void **state,
                               struct yaga_error *err)
{
    enum yaga_status st = fit(rows, params, state, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_pca *pca = *state;
    pca->spe_limit = INFINITY;
    pca->t2_limit = 1.0;
    return YAGA_OK;
}

static enum yaga_status fit_spe(const struct yaga_detector_rows *rows,
                                const struct yaga_detector_params *params,
                                void **state,
                                struct yaga_error *err)
{
    enum yaga_status st = fit(rows, params, state, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_pca *pca = *state;
    pca->spe_limit = 1.0;
    pca->t2_limit = INFINITY;
    return YAGA_OK;
}

static enum yaga_status score(const void *state,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              const struct yaga_detector_out *out,
                              struct yaga_error *err)
{
    (void)params;
    (void)err;
    for (size_t i = 0; i < rows->n_rows; i++) {
        const double *row = rows->x + i * rows->n_columns;
        double *why =
            out->contributions == NULL ? NULL : out->contributions + i * rows->n_columns;
        out->scores[i] = yaga_pca_score(state, row, why);
    }
    return YAGA_OK;
}

const struct yaga_detector_kind yaga_detector_pca = {
    .name = "pca",
    .help = "distance from the principal plane, and within it",
    .explains = true,
    .max_columns = YAGA_PCA_MAX_FEATURES,
    .fit = fit,
    .score = score,
    .free = clear,
};

const struct yaga_detector_kind yaga_detector_pca_t2 = {
    .name = "pca-t2",
    .help = "distance within the principal plane alone",
    .explains = true,
    .max_columns = YAGA_PCA_MAX_FEATURES,
    .fit = fit_t2,
    .score = score,
    .free = clear,
};

const struct yaga_detector_kind yaga_detector_pca_spe = {
    .name = "pca-spe",
    .help = "distance from the principal plane alone",
    .explains = true,
    .max_columns = YAGA_PCA_MAX_FEATURES,
    .fit = fit_spe,
    .score = score,
    .free = clear,
};
