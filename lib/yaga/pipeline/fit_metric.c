/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model of one metric: statistics, class, profile, residuals, forest. */
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/numeric/stats.h"
#include "yaga/pipeline/fit_internal.h"

enum {
    DISCRETE_VALUES = 20, /* fewer distinct values than this: no forest */
    MIN_ACTIVE_FOR_RULE =
        50 /* zero-normal metrics: active values an activation rule needs */
};
#define DOMINANT_SHARE 0.90 /* one value above this share: discrete */
#define CONSTANT_SD 1e-10
#define REGIME_SHIFT 2.0 /* a level shift of more scales than this ends what was */

static enum yaga_metric_class classify(const struct yaga_fit_params *p,
                                       const struct yaga_metric *metric,
                                       const struct yaga_metric_stats *s,
                                       double top_share)
{
    if (s->count == 0)
        return YAGA_CLASS_SPARSE;
    bool enough = s->count >= (double)p->min_rows;
    if (metric->zero_normal && s->zero_share + s->absent_share > 0.5 && !enough)
        return s->count >= MIN_ACTIVE_FOR_RULE ? YAGA_CLASS_ACTIVATION
                                               : YAGA_CLASS_SPARSE;
    if (!enough)
        return YAGA_CLASS_SPARSE;
    if (s->distinct < DISCRETE_VALUES || top_share > DOMINANT_SHARE ||
        s->std < CONSTANT_SD)
        return YAGA_CLASS_THRESHOLD;
    return YAGA_CLASS_DENSE;
}

static enum yaga_status grow_univariate(const struct fitting *f,
                                        const double *r,
                                        struct yaga_metric_model *out,
                                        struct yaga_error *err)
{
    struct fit_rows rows __attribute__((cleanup(fit_rows_clear))) = {.n = 0};
    struct yaga_forest forest = {.n_trees = 0};
    enum yaga_status st = fit_rows_gather(f, &r, 1, &rows, err);
    if (st != YAGA_OK)
        return st;
    size_t n = rows.n + rows.n_lent;
    struct yaga_forest_params fp = fit_forest_params(
        f, out->name, yaga_fit_trees(f->p, f->h->service_class.complexity, rows.n));
    fp.weights = rows.weights;
    YAGA_AUTO_MEM(double) scores = yaga_alloc(n, sizeof *scores);
    if (scores == NULL)
        return yaga_error_nomem(err);
    st = yaga_forest_grow(rows.x, n, 1, &fp, &forest, scores, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_forest_compile(&forest, &out->forest, err);
    yaga_forest_clear(&forest);
    if (st != YAGA_OK)
        return st;
    return fit_calibrate(f, scores, rows.n, &out->forest_scores, &out->contamination,
                         &out->offset, err);
}

/* Residuals of a dense metric and what is said about them. r [n_rows] receives the
 * out-of-day residuals. */
static enum yaga_status fit_residuals(const struct fitting *f,
                                      size_t metric,
                                      double *r,
                                      double *scratch,
                                      struct yaga_metric_model *out,
                                      struct yaga_error *err)
{
    const struct yaga_history *h = f->h;
    size_t n_rows = h->frame->n_rows;
    const double *g = h->g + metric * n_rows;
    bool seasonal = h->metrics[metric].seasonal;
    enum yaga_status st =
        yaga_profile_residuals_out_of_day(g, h->when, f->use, n_rows, seasonal, r, err);
    if (st != YAGA_OK)
        return st;
    /* A metric that may be zero is judged when it is active; its zeros are not part of
     * the model. */
    for (size_t t = 0; t < n_rows; t++) {
        double v = yaga_frame_at(h->frame, t, metric);
        if (!f->use[t] || (h->metrics[metric].zero_normal && v == 0.0))
            r[t] = (double)NAN;
    }
    st = yaga_residuals_fit(r, n_rows, &out->residuals, err);
    if (st != YAGA_OK)
        return st;
    out->stats.n_eff = out->residuals.n_eff;
    size_t n = yaga_compact_finite(r, n_rows, scratch);
    out->outlier_share = yaga_outlier_share(scratch, n);
    return yaga_stationarity_assess(r, h->when, n_rows, out->residuals.scale,
                                    &out->stationarity, err);
}

/* All but the forest. */
static enum yaga_status describe(const struct fitting *f,
                                 size_t metric,
                                 double *r,
                                 double *scratch,
                                 struct yaga_metric_model *out,
                                 struct yaga_error *err)
{
    const struct yaga_history *h = f->h;
    const struct yaga_metric *m = &h->metrics[metric];
    size_t n_rows = h->frame->n_rows;
    *out = (struct yaga_metric_model){
        .transform = m->transform, .offset = (double)NAN, .outlier_share = (double)NAN};
    (void)yaga_format(out->name, sizeof out->name, "%s", m->name);
    fit_no_contamination(&out->contamination);
    double top_share = fit_statistics(f, metric, scratch, &out->stats, &out->detail);
    out->cls = classify(f->p, m, &out->stats, top_share);
    if (out->cls == YAGA_CLASS_SPARSE)
        return YAGA_OK;
    enum yaga_status st =
        yaga_profile_fit(h->g + metric * n_rows, h->when, f->use, n_rows,
                         m->seasonal && out->cls == YAGA_CLASS_DENSE, &out->profile, err);
    if (st != YAGA_OK || out->cls != YAGA_CLASS_DENSE)
        return st;
    return fit_residuals(f, metric, r, scratch, out, err);
}

/* Do the rows of the recent regime give a model of their own? */
static bool enough(const struct fitting *f, const struct fitting *recent, const double *r)
{
    size_t n = 0;
    size_t days = 0;
    int32_t last_day = 0;
    for (size_t t = recent->start_row; t < recent->end_row; t++) {
        if (!recent->use[t] || !isfinite(r[t]))
            continue;
        n++;
        days += n == 1 || f->h->when[t].day != last_day;
        last_day = f->h->when[t].day;
    }
    return n >= f->p->min_rows && days >= f->min_days;
}

/* After a level shift: the rows since then -> recent and use [n_rows], when they are
 * enough; otherwise recent stays as it is. */
static enum yaga_status narrow(const struct fitting *f,
                               const struct yaga_metric_model *metric,
                               const double *r,
                               struct fitting *recent,
                               bool *use,
                               struct yaga_error *err)
{
    size_t row = 0;
    if (metric->cls != YAGA_CLASS_DENSE || !metric->stationarity.level_shift ||
        fabs(metric->stationarity.shift) <= REGIME_SHIFT)
        return YAGA_OK;
    enum yaga_status st =
        yaga_stationarity_regime(r, f->h->when, f->h->frame->n_rows, &row, err);
    if (st != YAGA_OK)
        return st;
    struct fitting since = *f;
    for (size_t t = 0; t < f->h->frame->n_rows; t++)
        use[t] = f->use[t] && t >= row;
    fit_use(&since, use);
    if (enough(f, &since, r))
        *recent = since;
    return YAGA_OK;
}

/* The same again on the rows since the level shift; what is said about the range is said
 * about all of it. */
static enum yaga_status describe_recent(const struct fitting *recent,
                                        size_t metric,
                                        double *r,
                                        double *scratch,
                                        struct yaga_metric_model *out,
                                        struct yaga_error *err)
{
    struct yaga_stationarity range = out->stationarity;
    enum yaga_status st = describe(recent, metric, r, scratch, out, err);
    out->stationarity = range;
    out->detail.regime_start_s = yaga_frame_time(recent->h->frame, recent->start_row);
    return st;
}

enum yaga_status fit_metric(const struct fitting *f,
                            size_t metric,
                            double *r,
                            double *scratch,
                            struct yaga_metric_model *out,
                            struct yaga_error *err)
{
    struct fitting rows = *f;
    YAGA_AUTO_MEM(bool) use = yaga_alloc(f->h->frame->n_rows, sizeof *use);
    if (use == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = describe(f, metric, r, scratch, out, err);
    if (st == YAGA_OK)
        st = narrow(f, out, r, &rows, use, err);
    if (st == YAGA_OK && rows.use != f->use)
        st = describe_recent(&rows, metric, r, scratch, out, err);
    if (st != YAGA_OK || out->cls != YAGA_CLASS_DENSE)
        return st;
    fit_rows_lend(&rows, metric, &out->profile, r);
    return grow_univariate(&rows, r, out, err);
}
