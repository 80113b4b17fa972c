/* SPDX-License-Identifier: GPL-3.0-or-later */
/* History of one service -> one model. Every random stream is named by what it is for. */
#include "yaga/pipeline/fit_internal.h"

#include <math.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/numeric/stats.h"

enum { MV_TREES_MAX = 500 };

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

/* --- calibration ----------------------------------------------------------------- */

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

enum yaga_status fit_calibrate(const struct fitting *f,
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

struct yaga_forest_params
fit_forest_params(const struct fitting *f, const char *what, size_t n_trees)
{
    return (struct yaga_forest_params){.n_trees = n_trees,
                                       .sample_size = f->p->sample_size,
                                       .seed = stream(f, what),
                                       .n_threads = 1};
}

void fit_no_contamination(struct yaga_contamination *c)
{
    double nan = (double)NAN;
    *c = (struct yaga_contamination){
        .knee = nan, .gap = nan, .knee_raw = nan, .gap_raw = nan};
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

void fit_use(struct fitting *f, const bool *use)
{
    f->use = use;
    f->n_use = f->start_row = f->end_row = 0;
    for (size_t t = 0; t < f->h->frame->n_rows; t++) {
        if (!use[t])
            continue;
        if (f->n_use++ == 0)
            f->start_row = t;
        f->end_row = t + 1;
    }
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
    struct fitting fitting = {.p = params, .h = history, .period = period};
    fitting.lends = history->lent != NULL && params->lent_weight > 0.0;
    fitting.min_days = need_days;
    fit_use(&fitting, use);
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
    model->has_details = true;
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
    st = fit_joint(&fitting, r, model, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "multivariate");
    st = fit_usual_drift(&fitting, r, model, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "drift");
    *out = YAGA_TAKE(model);
    return YAGA_OK;
}
