/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model of all metrics together: which of them, then forest, principal components and
 * what was ordinary. */
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"
#include "yaga/pipeline/fit_internal.h"

enum { MIN_MV_METRICS = 3 };
#define MV_MIN_PRESENCE                                                                  \
    0.80 /* share of the period's rows a multivariate metric must be present in */
#define PCA_VARIANCE 0.95

/* whole_range: without metrics that were fitted on a part of it. */
static void pick(const struct yaga_history *h, bool whole_range, struct yaga_model *model)
{
    model->n_mv = 0;
    for (size_t m = 0; m < model->n_metrics; m++) {
        const struct yaga_metric_model *mm = &model->metrics[m];
        bool inactive = h->metrics[m].zero_normal && mm->stats.zero_share > 0.0;
        bool left_out = mm->detail.duplicate_of > 0 ||
                        (whole_range && mm->detail.regime_start_s != 0);
        if (mm->cls == YAGA_CLASS_DENSE && !inactive && !left_out &&
            mm->stats.absent_share <= 1.0 - MV_MIN_PRESENCE)
            model->mv_metric[model->n_mv++] = (uint32_t)m;
    }
    if (model->n_mv < MIN_MV_METRICS)
        model->n_mv = 0;
}

static enum yaga_status gather(const struct fitting *f,
                               const double *r,
                               const struct yaga_model *model,
                               struct fit_rows *rows,
                               struct yaga_error *err)
{
    const double *columns[YAGA_METRICS_MAX];
    for (size_t k = 0; k < model->n_mv; k++)
        columns[k] = r + model->mv_metric[k] * f->h->frame->n_rows;
    fit_rows_clear(rows);
    return fit_rows_gather(f, columns, model->n_mv, rows, err);
}

/* Metrics that are enough alike to say the same as an earlier one; true if there are. */
static bool mark_duplicates(struct yaga_model *model)
{
    size_t n = model->n_mv;
    bool found = false;
    for (size_t b = 1; b < n; b++) {
        struct yaga_metric_detail *detail = &model->metrics[model->mv_metric[b]].detail;
        for (size_t a = 0; a < b && detail->duplicate_of == 0; a++) {
            const struct yaga_metric_model *earlier =
                &model->metrics[model->mv_metric[a]];
            if (earlier->detail.duplicate_of == 0 &&
                fabs(model->correlation.pearson[a * n + b]) > YAGA_CORRELATION_REDUNDANT)
                detail->duplicate_of = model->mv_metric[a] + 1;
        }
        found = found || detail->duplicate_of > 0;
    }
    return found;
}

/* Complete rows of the metrics that are judged together, and their correlation; n_mv is 0
 * when there are too few of either. A metric with a short past that leaves too few rows
 * is judged alone, and so is one that repeats another. */
static enum yaga_status choose(const struct fitting *f,
                               const double *r,
                               struct yaga_model *model,
                               struct fit_rows *rows,
                               struct yaga_error *err)
{
    bool whole_range = false;
    for (;;) {
        pick(f->h, whole_range, model);
        if (model->n_mv == 0)
            return YAGA_OK;
        enum yaga_status st = gather(f, r, model, rows, err);
        if (st != YAGA_OK)
            return st;
        if (rows->n < f->p->min_rows_multivariate) {
            model->n_mv = 0;
            if (whole_range)
                return YAGA_OK;
            whole_range = true;
            continue;
        }
        st =
            yaga_correlation_fit(rows->x, rows->n, model->n_mv, &model->correlation, err);
        if (st != YAGA_OK || !mark_duplicates(model))
            return st;
        yaga_correlation_clear(&model->correlation);
    }
}

static enum yaga_status grow_multivariate(const struct fitting *f,
                                          const struct fit_rows *rows,
                                          struct yaga_model *model,
                                          struct yaga_error *err)
{
    const double *x = rows->x;
    size_t n = rows->n;
    struct yaga_forest_params fp = fit_forest_params(
        f, "*", yaga_fit_trees_multivariate(f->p, f->h->service_class.complexity, n));
    fp.weights = rows->weights;
    YAGA_AUTO_MEM(double) scores = yaga_alloc(n + rows->n_lent, sizeof *scores);
    if (scores == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = yaga_forest_grow(x, n + rows->n_lent, model->n_mv, &fp,
                                           &model->mv_forest, scores, err);
    if (st == YAGA_OK)
        st = fit_calibrate(f, scores, n, &model->mv_forest_scores,
                           &model->mv_contamination, &model->mv_offset, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_pca_fit(x, n, model->n_mv, PCA_VARIANCE, &model->pca, scores, err);
    if (st != YAGA_OK)
        return st;
    yaga_sort(scores, n);
    st = yaga_table_make(scores, n, &model->pca_scores, err);
    if (st == YAGA_OK)
        st = yaga_drift_fit(x, n, model->n_mv, &model->drift, err);
    return st == YAGA_E_NO_DATA ? YAGA_OK
                                : st; /* so few rows: no baseline to drift from */
}

enum yaga_status fit_joint(const struct fitting *f,
                           const double *r,
                           struct yaga_model *model,
                           struct yaga_error *err)
{
    struct fit_rows rows __attribute__((cleanup(fit_rows_clear))) = {.n = 0};
    fit_no_contamination(&model->mv_contamination);
    model->mv_offset = (double)NAN;
    enum yaga_status st = choose(f, r, model, &rows, err);
    if (st != YAGA_OK || model->n_mv == 0)
        return st;
    return grow_multivariate(f, &rows, model, err);
}
