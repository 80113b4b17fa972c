/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The evidence of a row, taken apart again: which metrics does it come from? */
#include <math.h>
#include <string.h>

#include "yaga/ensemble/ensemble_internal.h"

/* Terms of one member's score to shares, which count as much as its evidence. */
static void add(double *shares, const double *terms, size_t n, double evidence)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j++)
        sum += fmax(terms[j], 0.0);
    for (size_t j = 0; sum > 0.0 && j < n; j++)
        shares[j] += evidence * fmax(terms[j], 0.0) / sum;
}

static double evidence_of(const struct yaga_ensemble_row *row, enum yaga_member member)
{
    return row->weight[member] * row->member[member];
}

/* scratch [3 YAGA_ENSEMBLE_FEATURES n_metrics] */
static void window_terms(const struct yaga_ensemble *e,
                         const struct yaga_ensemble_state *state,
                         double *scratch,
                         double *terms)
{
    size_t n = YAGA_ENSEMBLE_FEATURES * e->n_metrics;
    double *feature = scratch, *of_feature = scratch + n;
    yaga_window_features(e, state, feature);
    yaga_distance_terms(&e->window, feature, scratch + 2 * n, of_feature);
    for (size_t j = 0; j < e->n_metrics; j++) {
        terms[j] = 0.0;
        for (size_t k = 0; k < YAGA_ENSEMBLE_FEATURES; k++)
            terms[j] += of_feature[j * YAGA_ENSEMBLE_FEATURES + k];
    }
}

void yaga_ensemble_attribute(const struct yaga_ensemble *ensemble,
                             const struct yaga_ensemble_state *state,
                             const struct yaga_ensemble_row *row,
                             double *scratch,
                             double *shares)
{
    size_t p = ensemble->n_metrics;
    double *terms = scratch + 3 * YAGA_ENSEMBLE_FEATURES * p;
    memset(shares, 0, p * sizeof *shares);
    if (isnan(row->evidence))
        return;
    yaga_distance_terms(&ensemble->ewma, state->ewma, scratch, terms);
    add(shares, terms, p, evidence_of(row, YAGA_MEMBER_EWMA));
    yaga_distance_terms(&ensemble->levelled, state->levelled, scratch, terms);
    add(shares, terms, p, evidence_of(row, YAGA_MEMBER_LEVELLED));
    for (size_t j = 0; j < p; j++)
        terms[j] = fabs(row->d[j]);
    add(shares, terms, p, evidence_of(row, YAGA_MEMBER_MEAN));
    window_terms(ensemble, state, scratch, terms);
    add(shares, terms, p, evidence_of(row, YAGA_MEMBER_WINDOW));
    (void)yaga_forest_attribute(&ensemble->forest, row->d, terms);
    add(shares, terms, p, evidence_of(row, YAGA_MEMBER_FOREST));
    double sum = 0.0;
    for (size_t j = 0; j < p; j++)
        sum += shares[j];
    for (size_t j = 0; sum > 0.0 && j < p; j++)
        shares[j] /= sum;
}
