/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of detectors, and what is the same for all. */
#include "yaga/detector/detector_internal.h"

#include <math.h>
#include <string.h>

static const struct yaga_detector_kind *const kinds[] = {
    &yaga_detector_iforest,
    &yaga_detector_zscore,
    &yaga_detector_robust_zscore,
    &yaga_detector_pca,
    &yaga_detector_pca_t2,
    &yaga_detector_pca_spe,
    &yaga_detector_spectral_residual,
    &yaga_detector_adaptive,
    &yaga_detector_ensemble,
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

const struct yaga_detector_kind *const *yaga_detector_kinds(size_t *n)
{
    *n = N_KINDS;
    return kinds;
}

const struct yaga_detector_kind *yaga_detector_find(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

static enum yaga_status check(const struct yaga_detector_kind *kind,
                              const struct yaga_detector_rows *train,
                              const struct yaga_detector_rows *test,
                              struct yaga_error *err)
{
    if (train->n_columns != test->n_columns || train->n_columns == 0)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%zu columns to learn from, %zu to score", train->n_columns,
                              test->n_columns);
    if (train->n_columns > kind->max_columns)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: %zu columns are more than %zu",
                              kind->name, train->n_columns, kind->max_columns);
    return YAGA_OK;
}

/* Beyond all doubles is still only very anomalous. */
static void make_finite(double *scores, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(scores[i]))
            scores[i] = 1e300;
}

enum yaga_status yaga_detector_run(const struct yaga_detector_kind *kind,
                                   const struct yaga_detector_params *params,
                                   const struct yaga_detector_rows *train,
                                   const struct yaga_detector_rows *test,
                                   const struct yaga_detector_out *out,
                                   struct yaga_error *err)
{
    void *state = NULL;
    struct yaga_detector_out wanted = {
        .scores = out->scores,
        .contributions = kind->explains ? out->contributions : NULL,
        .ratios = kind->alarms ? out->ratios : NULL,
    };
    enum yaga_status st = check(kind, train, test, err);
    if (st != YAGA_OK)
        return st;
    st = kind->fit(train, params, &state, err);
    if (st == YAGA_OK)
        st = kind->score(state, test, params, &wanted, err);
    if (st == YAGA_OK)
        make_finite(out->scores, test->n_rows);
    kind->free(state);
    return st == YAGA_OK ? YAGA_OK : yaga_error_wrap(err, "%s", kind->name);
}
