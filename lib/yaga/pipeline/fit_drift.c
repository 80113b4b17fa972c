/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far the days of the training are off by the tests that later days are put to: days
 * differ, and what they differ by is no drift. */
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/drift/window.h"
#include "yaga/pipeline/fit_internal.h"

enum { DAY_S = 86400, STARTS_A_DAY = 4 };

/* Windows of a day, one each quarter of a day. */
struct windows {
    size_t n_rows, every; /* of a window; from one to the next */
    size_t end;           /* rows there are */
};

static struct windows windows_of(const struct fitting *f)
{
    size_t n_rows = (size_t)(DAY_S / f->h->frame->step_s), every = n_rows / STARTS_A_DAY;
    return (struct windows){.n_rows = n_rows,
                            .every = every > 0 ? every : 1,
                            .end = f->h->frame->n_rows};
}

static enum yaga_status usual_of_metric(const struct windows *w,
                                        const double *r,
                                        struct yaga_metric_model *mm,
                                        struct yaga_error *err)
{
    double independent = yaga_metric_independent(mm);
    enum yaga_status st = YAGA_OK;
    for (size_t t = 0; st == YAGA_OK && t + w->n_rows <= w->end; t += w->every) {
        struct yaga_drift_metric found;
        st = yaga_drift_judge_metric(r + t, w->n_rows, &mm->residuals, independent, 0.0,
                                     &found, err);
        if (st == YAGA_OK && found.verdict != YAGA_DRIFT_UNKNOWN)
            mm->usual_drift = fmax(mm->usual_drift, found.score);
    }
    return st;
}

static enum yaga_status usual_of_all(const struct windows *w,
                                     const double *r,
                                     struct yaga_model *model,
                                     struct yaga_error *err)
{
    size_t p = model->drift.n_features;
    if (p == 0)
        return YAGA_OK;
    YAGA_AUTO_MEM(double) x = yaga_alloc(w->end * p, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    for (size_t k = 0; k < p; k++) {
        for (size_t t = 0; t < w->end; t++)
            x[t * p + k] = r[model->mv_metric[k] * w->end + t];
    }
    enum yaga_status st = YAGA_OK;
    for (size_t t = 0; st == YAGA_OK && t + w->n_rows <= w->end; t += w->every) {
        struct yaga_drift_joint found;
        st = yaga_drift_judge_joint(x + t * p, w->n_rows, &model->drift, 0.0, &found,
                                    err);
        if (st == YAGA_OK && found.verdict != YAGA_DRIFT_UNKNOWN)
            model->usual_joint_share = fmax(model->usual_joint_share, found.share);
    }
    return st;
}

enum yaga_status fit_usual_drift(const struct fitting *f,
                                 const double *r,
                                 struct yaga_model *model,
                                 struct yaga_error *err)
{
    struct windows w = windows_of(f);
    enum yaga_status st = usual_of_all(&w, r, model, err);
    for (size_t m = 0; st == YAGA_OK && m < model->n_metrics; m++) {
        if (model->metrics[m].cls == YAGA_CLASS_DENSE)
            st = usual_of_metric(&w, r + m * w.end, &model->metrics[m], err);
    }
    return st;
}
