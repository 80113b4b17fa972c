/* SPDX-License-Identifier: GPL-3.0-or-later */
/* History of one service -> one model. Every random stream is named by what it is for. */
#include "yaga/pipeline/fit_internal.h"

#include <math.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/numeric/stats.h"

enum {
    MIN_TAIL_ROWS = 20,   /* yaga_residuals_fit's floor */
    DISCRETE_VALUES = 20, /* fewer distinct values than this: no forest */
    MIN_ACTIVE_FOR_RULE =
        50, /* zero-normal metrics: active values an activation rule needs */
    MIN_MV_METRICS = 3,
    MV_TREES_MAX = 500
};
#define MV_MIN_PRESENCE                                                                  \
    0.80 /* share of the period's rows a multivariate metric must be present in */
#define DOMINANT_SHARE 0.90 /* one value above this share: discrete */
#define PCA_VARIANCE 0.95
#define CONSTANT_SD 1e-10

void yaga_fit_params_init(struct yaga_fit_params *params)
{
    *params = (struct yaga_fit_params){
        .min_rows = 500,
        .min_rows_multivariate = 1000,
        .min_days = {10, 6},
        .min_period_rows = {{200, 200, 100, 150, 200, 200}, {100, 100, 50, 75, 100, 100}},
        .trees = {[YAGA_COMPLEXITY_HIGH] = {250, 250, 300, 300, 400},
                  [YAGA_COMPLEXITY_MEDIUM] = {150, 200, 200, 250, 250},
                  [YAGA_COMPLEXITY_LOW] = {100, 100, 150, 150, 150}},
        .sample_size = 256,
        .lent_weight = 0.3,
        .seed = 42,
        .rate_method = YAGA_RATE_BUDGET,
        .budget_rate = 300.0 / (3600.0 * 8.0),
        .contamination_min_samples = 100,
        .contamination_fallback = 0.05,
    };
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        params->period_factor[p] = 1.0;
}

size_t yaga_fit_trees(const struct yaga_fit_params *params,
                      enum yaga_complexity complexity,
                      size_t n_rows)
{
    static const size_t above[YAGA_TREE_BOUNDS] = {0, 3000, 5000, 8000, 10000};
    size_t i = YAGA_TREE_BOUNDS - 1;
    while (i > 0 && n_rows <= above[i])
        i--;
    return params->n_trees > 0 ? params->n_trees : params->trees[complexity][i];
}

size_t yaga_fit_trees_multivariate(const struct yaga_fit_params *params,
                                   enum yaga_complexity complexity,
                                   size_t n_rows)
{
    if (params->n_trees_multivariate > 0)
        return params->n_trees_multivariate;
    size_t twice = 2 * yaga_fit_trees(params, complexity, n_rows);
    return twice < MV_TREES_MAX ? twice : MV_TREES_MAX;
}

enum yaga_status yaga_history_init(struct yaga_history *history,
                                   const char *service,
                                   const struct yaga_frame *frame,
                                   const struct yaga_metric *metrics,
                                   const struct yaga_calendar *calendar,
                                   struct yaga_error *err)
{
    size_t n = frame->n_rows;
    struct yaga_history h = {
        .service = service, .variant = "baseline", .frame = frame, .metrics = metrics};
    yaga_category_classify(service, YAGA_N_CATEGORIES, NULL, &h.service_class);
    h.when = yaga_alloc(n, sizeof *h.when);
    h.requests = yaga_alloc(n, sizeof *h.requests);
    h.g = yaga_alloc(n * frame->n_metrics, sizeof *h.g);
    if (h.when == NULL || h.requests == NULL || h.g == NULL) {
        yaga_history_clear(&h);
        return yaga_error_nomem(err);
    }
    yaga_period_grid(calendar, frame->start_s, frame->step_s, n, h.when);
    yaga_feature_requests(frame, metrics, h.requests);
    for (size_t m = 0; m < frame->n_metrics; m++)
        yaga_feature_transform(frame, metrics, m, h.requests, h.g + m * n);
    *history = h;
    return YAGA_OK;
}

void yaga_history_clear(struct yaga_history *history)
{
    yaga_free(history->when);
    yaga_free(history->requests);
    yaga_free(history->g);
    *history = (struct yaga_history){.service = NULL};
}

size_t yaga_history_select(const struct yaga_history *history,
                           enum yaga_period period,
                           size_t row_begin,
                           size_t row_end,
                           bool *use,
                           size_t *days)
{
    size_t n = 0;
    size_t n_days = 0;
    int32_t last_day = 0;
    for (size_t t = 0; t < history->frame->n_rows; t++) {
        use[t] = t >= row_begin && t < row_end &&
                 (period == YAGA_POOLED || history->when[t].period == period) &&
                 !yaga_history_is_left_out(history, t) &&
                 yaga_frame_row_present(history->frame, t);
        if (!use[t])
            continue;
        n++;
        if (history->when[t].day != last_day)
            n_days++;
        last_day = history->when[t].day;
    }
    *days = n_days;
    return n;
}

/* --- one metric ------------------------------------------------------------------ */

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

static double trigger_rate(const struct fitting *f, const struct yaga_contamination *c)
{
    double rate = f->h->service_class.rate;
    switch (f->p->rate_method) {
    case YAGA_RATE_KNEE: /* these two know the factor already */
        return c->knee;
    case YAGA_RATE_GAP:
        return c->gap;
    case YAGA_RATE_BUDGET:
        rate = fmin(rate, f->p->budget_rate);
        break;
    case YAGA_RATE_FIXED:
        break;
    }
    return fmin(rate * f->p->period_factor[f->period], YAGA_RATE_MAX);
}

/* Out-of-bag scores (published sign) -> table, offset, contamination estimates. scores is
 * sorted in place. */
static enum yaga_status calibrate_scores(const struct fitting *f,
                                         double *scores,
                                         size_t n,
                                         struct yaga_table *table,
                                         struct yaga_contamination *estimate,
                                         double *offset,
                                         struct yaga_error *err)
{
    yaga_sort(scores, n);
    struct yaga_contamination_params params = {
        .base = f->h->service_class.rate,
        .factor = f->p->period_factor[f->period],
        .min_samples = f->p->contamination_min_samples,
        .fallback = f->p->contamination_fallback,
    };
    yaga_contamination_estimate(scores, n, &params, estimate);
    *offset = yaga_quantile_sorted(scores, n, trigger_rate(f, estimate));
    for (size_t i = 0; i < n; i++)
        scores[i] = -scores[i];
    yaga_sort(scores, n);
    return yaga_table_make(scores, n, table, err);
}

static uint64_t stream(const struct fitting *f, const char *what)
{
    uint64_t seed = yaga_hash_text(yaga_hash_u64(0, f->p->seed), f->h->service);
    seed = yaga_hash_text(seed, f->h->variant);
    return yaga_hash_text(yaga_hash_text(seed, yaga_period_name(f->period)), what);
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
    struct yaga_forest_params fp = {
        .n_trees = yaga_fit_trees(f->p, f->h->service_class.complexity, rows.n),
        .sample_size = f->p->sample_size,
        .seed = stream(f, out->name),
        .n_threads = 1,
        .weights = rows.weights};
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
    return calibrate_scores(f, scores, rows.n, &out->forest_scores, &out->contamination,
                            &out->offset, err);
}

/* Profile, residuals and forest of a dense metric. r [n_rows] receives the out-of-day
 * residuals. */
static enum yaga_status fit_dense(const struct fitting *f,
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
    st = yaga_stationarity_assess(r, h->when, n_rows, out->residuals.scale,
                                  &out->stationarity, err);
    if (st != YAGA_OK)
        return st;
    fit_rows_lend(f, metric, &out->profile, r);
    return grow_univariate(f, r, out, err);
}

static void no_contamination(struct yaga_contamination *c)
{
    double nan = (double)NAN;
    *c = (struct yaga_contamination){
        .knee = nan, .gap = nan, .knee_raw = nan, .gap_raw = nan};
}

static enum yaga_status fit_metric(const struct fitting *f,
                                   size_t metric,
                                   double *r,
                                   double *scratch,
                                   struct yaga_metric_model *out,
                                   struct yaga_error *err)
{
    const struct yaga_history *h = f->h;
    const struct yaga_metric *m = &h->metrics[metric];
    size_t n_rows = h->frame->n_rows;
    (void)yaga_format(out->name, sizeof out->name, "%s", m->name);
    out->transform = m->transform;
    out->offset = out->outlier_share = (double)NAN;
    no_contamination(&out->contamination);
    double top_share = fit_statistics(f, metric, scratch, &out->stats);
    out->cls = classify(f->p, m, &out->stats, top_share);
    if (out->cls == YAGA_CLASS_SPARSE)
        return YAGA_OK;
    enum yaga_status st =
        yaga_profile_fit(h->g + metric * n_rows, h->when, f->use, n_rows,
                         m->seasonal && out->cls == YAGA_CLASS_DENSE, &out->profile, err);
    if (st != YAGA_OK || out->cls != YAGA_CLASS_DENSE)
        return st;
    return fit_dense(f, metric, r, scratch, out, err);
}

/* --- all metrics together ---------------------------------------------------------- */

static void pick_multivariate(const struct yaga_history *h, struct yaga_model *model)
{
    model->n_mv = 0;
    for (size_t m = 0; m < model->n_metrics; m++) {
        const struct yaga_metric_model *mm = &model->metrics[m];
        bool inactive = h->metrics[m].zero_normal && mm->stats.zero_share > 0.0;
        if (mm->cls == YAGA_CLASS_DENSE && !inactive &&
            mm->stats.absent_share <= 1.0 - MV_MIN_PRESENCE)
            model->mv_metric[model->n_mv++] = (uint32_t)m;
    }
    if (model->n_mv < MIN_MV_METRICS)
        model->n_mv = 0;
}

static enum yaga_status grow_multivariate(const struct fitting *f,
                                          const struct fit_rows *rows,
                                          struct yaga_model *model,
                                          struct yaga_error *err)
{
    const double *x = rows->x;
    size_t n = rows->n;
    struct yaga_forest_params fp = {
        .n_trees = yaga_fit_trees_multivariate(f->p, f->h->service_class.complexity, n),
        .sample_size = f->p->sample_size,
        .seed = stream(f, "*"),
        .n_threads = 1,
        .weights = rows->weights};
    YAGA_AUTO_MEM(double) scores = yaga_alloc(n + rows->n_lent, sizeof *scores);
    if (scores == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = yaga_forest_grow(x, n + rows->n_lent, model->n_mv, &fp,
                                           &model->mv_forest, scores, err);
    if (st == YAGA_OK)
        st = calibrate_scores(f, scores, n, &model->mv_forest_scores,
                              &model->mv_contamination, &model->mv_offset, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_pca_fit(x, n, model->n_mv, PCA_VARIANCE, &model->pca, scores, err);
    if (st != YAGA_OK)
        return st;
    yaga_sort(scores, n);
    st = yaga_table_make(scores, n, &model->pca_scores, err);
    if (st == YAGA_OK)
        st = yaga_correlation_fit(x, n, model->n_mv, &model->correlation, err);
    if (st == YAGA_OK)
        st = yaga_drift_fit(x, n, model->n_mv, &model->drift, err);
    return st == YAGA_E_NO_DATA ? YAGA_OK
                                : st; /* so few rows: no baseline to drift from */
}

static enum yaga_status fit_multivariate(const struct fitting *f,
                                         const double *r,
                                         struct yaga_model *model,
                                         struct yaga_error *err)
{
    const struct yaga_history *h = f->h;
    no_contamination(&model->mv_contamination);
    model->mv_offset = (double)NAN;
    pick_multivariate(h, model);
    if (model->n_mv == 0)
        return YAGA_OK;
    struct fit_rows rows __attribute__((cleanup(fit_rows_clear))) = {.n = 0};
    const double *columns[YAGA_METRICS_MAX];
    for (size_t k = 0; k < model->n_mv; k++)
        columns[k] = r + model->mv_metric[k] * h->frame->n_rows;
    enum yaga_status st = fit_rows_gather(f, columns, model->n_mv, &rows, err);
    if (st != YAGA_OK)
        return st;
    if (rows.n < f->p->min_rows_multivariate) {
        model->n_mv = 0;
        return YAGA_OK;
    }
    return grow_multivariate(f, &rows, model, err);
}

static bool any_modelled(const struct yaga_model *model)
{
    for (size_t m = 0; m < model->n_metrics; m++) {
        if (model->metrics[m].cls != YAGA_CLASS_SPARSE)
            return true;
    }
    return false;
}

static bool is_weekend(enum yaga_period period)
{
    return period == YAGA_WEEKEND_DAY || period == YAGA_WEEKEND_NIGHT;
}

enum yaga_status yaga_fit_enough(const struct yaga_fit_params *params,
                                 const struct yaga_history *history,
                                 enum yaga_period period,
                                 size_t n_rows,
                                 bool candidate,
                                 struct yaga_error *err)
{
    enum yaga_category category = history->service_class.category;
    bool weekend = is_weekend(period);
    size_t need = params->min_period_rows[weekend][category];
    if (candidate)
        need = (need + 1) / 2;
    if (n_rows >= need)
        return YAGA_OK;
    return yaga_error_set(
        err, YAGA_E_NO_DATA,
        "%zu rows with data, %zu needed (time_periods.min_samples.%s.%s)", n_rows, need,
        weekend ? "weekend" : "weekday", yaga_category_name(category));
}

static struct fitting begin(const struct yaga_fit_params *params,
                            const struct yaga_history *history,
                            enum yaga_period period,
                            const bool *use)
{
    struct fitting f = {.p = params, .h = history, .period = period, .use = use};
    f.lends = history->lent != NULL && params->lent_weight > 0.0;
    for (size_t t = 0; t < history->frame->n_rows; t++) {
        f.n_use += use[t];
        if (use[t])
            f.end_row = t + 1;
    }
    return f;
}

enum yaga_status yaga_fit_model(const struct yaga_fit_params *params,
                                const struct yaga_history *history,
                                enum yaga_period period,
                                const bool *use,
                                size_t n_days,
                                struct yaga_model **out,
                                struct yaga_error *err)
{
    size_t n_rows = history->frame->n_rows;
    size_t n_metrics = history->frame->n_metrics;
    size_t need_days = params->min_days[is_weekend(period)];
    if (n_days < need_days)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%zu distinct days, %zu needed",
                              n_days, need_days);
    const struct fitting fitting = begin(params, history, period, use);
    YAGA_AUTO_MEM(double) r = yaga_alloc(n_rows * n_metrics, sizeof *r);
    YAGA_AUTO_MEM(double) scratch = yaga_alloc(n_rows, sizeof *scratch);
    YAGA_AUTO(yaga_model) model = NULL;
    if (r == NULL || scratch == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = yaga_model_new(n_metrics, &model, err);
    if (st != YAGA_OK)
        return st;
    (void)yaga_format(model->service, sizeof model->service, "%s", history->service);
    (void)yaga_format(model->variant, sizeof model->variant, "%s", history->variant);
    model->service_class = history->service_class;
    model->period = period;
    model->n_rows = (double)fitting.n_use;
    model->n_days = (double)n_days;
    for (size_t m = 0; m < n_metrics; m++) {
        st = fit_metric(&fitting, m, r + m * n_rows, scratch, &model->metrics[m], err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "metric %s", history->metrics[m].name);
    }
    if (!any_modelled(model))
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "no metric has %zu usable values in %zu rows",
                              params->min_rows, fitting.n_use);
    st = fit_multivariate(&fitting, r, model, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "multivariate");
    *out = YAGA_TAKE(model);
    return YAGA_OK;
}
