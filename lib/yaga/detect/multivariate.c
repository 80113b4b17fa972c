/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence of a row's residuals taken together: the multivariate forest and the PCA
 * residual, each through its own table, p = min(1, 2 min) of the two. A row with a
 * missing component is not judged: filling it in would invent a relation that was not
 * measured.
 */
#include <math.h>
#include <string.h>

#include "yaga/detect/detect_internal.h"

static bool has_forest(const struct yaga_model *model)
{
    return model->n_mv >= 2 && model->mv_forest.n_trees > 0 &&
           model->mv_forest_scores.n > 0;
}

static bool has_pca(const struct yaga_model *model)
{
    return model->pca.n_features == model->n_mv && model->pca_scores.n > 0;
}

/* Two tests, one verdict: the better of two p-values is taken twice (Bonferroni). */
static double joint_p(const struct yaga_model *model, double forest_p, double pca_p)
{
    return has_pca(model) ? fmin(1.0, 2.0 * fmin(forest_p, pca_p)) : forest_p;
}

/* Residuals in the model's order; false when one is missing. */
static bool gather(const struct yaga_model *model,
                   const int *column,
                   const struct yaga_evidence *cells,
                   double *x)
{
    for (size_t j = 0; j < model->n_mv; j++) {
        int at = column[model->mv_metric[j]];
        x[j] = at < 0 ? (double)NAN : cells[at].residual;
        if (isnan(x[j]))
            return false;
    }
    return true;
}

void yaga_judge_joint(const struct yaga_model *model,
                      const int *column,
                      const struct yaga_evidence *cells,
                      double *p,
                      double *decision,
                      bool *partial)
{
    double x[YAGA_METRICS_MAX];
    if (!has_forest(model))
        return;
    if (!gather(model, column, cells, x)) {
        *partial = true;
        return;
    }
    double score = yaga_forest_score(&model->mv_forest, x);
    double pca_p = has_pca(model) ? yaga_table_p(&model->pca_scores,
                                                 yaga_pca_score(&model->pca, x, NULL))
                                  : 1.0;
    *decision = score - model->mv_offset;
    *p = joint_p(model, yaga_table_p(&model->mv_forest_scores, -score), pca_p);
}

/* The smallest p the tables can give: a row more unusual than everything in training. */
static double smallest_p(const struct yaga_model *model)
{
    double forest_p = 1.0 / (1.0 + model->mv_forest_scores.n_scores);
    double pca_p = has_pca(model) ? 1.0 / (1.0 + model->pca_scores.n_scores) : forest_p;
    return joint_p(model, fmax(forest_p, pca_p), fmax(forest_p, pca_p));
}

bool yaga_joint_fires(const struct yaga_bench *bench, bool *lasting)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    const struct yaga_model *model = grid->model[bench->row];
    double now = grid->p_mv[bench->row];
    if (model == NULL || isnan(grid->decision_mv[bench->row]) || now > bench->alpha_soft)
        return false;
    double floor_p = smallest_p(model);
    int n_soft = 0, n_floor = 0;
    for (size_t row = bench->persist_start; row <= bench->row; row++) {
        n_soft += grid->p_mv[row] <= bench->alpha_soft;
        n_floor +=
            grid->p_mv[row] <= floor_p * (1.0 + 1e-9); /* rounding of 2 / (1 + n) */
    }
    int k = bench->params->persistence_k;
    *lasting = n_soft >= bench->params->persistence_n;
    return n_soft >= k && (now <= bench->alpha || n_floor >= k);
}

/* Adds the positive terms of a test, as shares of 1. */
static void add_shares(const double *terms, size_t n, double *share)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j++)
        sum += fmax(terms[j], 0.0);
    for (size_t j = 0; sum > 0.0 && j < n; j++)
        share[j] += fmax(terms[j], 0.0) / sum;
}

/* The test that found the row rarer explains it: the forest by Shapley values, the PCA by
 * the terms of SPE/Q + T2/H; both, where they agree. Returns the sum. */
static double joint_shares(const struct yaga_model *model, const double *x, double *share)
{
    double terms[YAGA_METRICS_MAX], sum = 0.0, pca_p = 1.0;
    double forest_p =
        yaga_table_p(&model->mv_forest_scores, -yaga_forest_score(&model->mv_forest, x));
    memset(share, 0, model->n_mv * sizeof *share);
    if (has_pca(model)) {
        pca_p = yaga_table_p(&model->pca_scores, yaga_pca_score(&model->pca, x, terms));
        if (pca_p <= forest_p)
            add_shares(terms, model->n_mv, share);
    }
    if (forest_p <= pca_p) {
        (void)yaga_forest_attribute(&model->mv_forest, x, terms);
        add_shares(terms, model->n_mv, share);
    }
    for (size_t j = 0; j < model->n_mv; j++)
        sum += share[j];
    return sum;
}

/* Frame columns of the model's metrics, by name. */
static void
find_columns(const struct yaga_bench *bench, const struct yaga_model *model, int *column)
{
    for (size_t j = 0; j < model->n_mv; j++)
        column[model->mv_metric[j]] =
            yaga_metric_by_name(bench->metrics, bench->grid->n_metrics,
                                model->metrics[model->mv_metric[j]].name);
}

/* What the ensemble says (ensemble/attribute.c). */
static int ensemble_contributions(const struct yaga_bench *bench, double *contribution)
{
    const struct yaga_evidence_grid *grid = bench->grid;
    size_t top = 0;
    for (size_t m = 0; m < grid->n_metrics; m++) {
        contribution[m] = grid->share[m];
        if (grid->share[m] > grid->share[top])
            top = m;
    }
    return (int)top;
}

int yaga_joint_contributions(const struct yaga_bench *bench, double *contribution)
{
    if (bench->grid->levels != NULL)
        return ensemble_contributions(bench, contribution);
    const struct yaga_model *model = bench->grid->model[bench->row];
    int column[YAGA_METRICS_MAX];
    double x[YAGA_METRICS_MAX], share[YAGA_METRICS_MAX];
    if (model == NULL || !has_forest(model))
        return -1;
    find_columns(bench, model, column);
    if (!gather(model, column, yaga_evidence_row(bench->grid, bench->row), x))
        return -1;
    double sum = joint_shares(model, x, share);
    int top = column[model->mv_metric[0]];
    for (size_t j = 0; j < model->n_mv; j++) {
        int at = column[model->mv_metric[j]];
        contribution[at] = sum > 0.0 ? share[j] / sum : 1.0 / (double)model->n_mv;
        if (contribution[at] > contribution[top])
            top = at;
    }
    return top;
}
