/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One service's history -> its models: candidates on the older part, alpha and the gate
 * on the newer, then all of it. */
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/train_internal.h"

void yaga_trained_models_clear(struct yaga_trained_models *models)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        models->by_period[p] = yaga_model_free(models->by_period[p]);
}

static void remember_why(const struct yaga_history *h,
                         enum yaga_period period,
                         const char *text,
                         struct yaga_reasons *why)
{
    (void)yaga_format(why->text[period], sizeof why->text[period], "%s", text);
    yaga_log(YAGA_LOG_INFO, "PERIOD_NOT_TRAINED", h->service, "%s %s: %s", h->variant,
             yaga_period_name(period), text);
}

static bool is_interrupted(const struct yaga_train *run)
{
    return run->options->interrupted != NULL && run->options->interrupted();
}

/* Fit every period of the scheme, and the pooled model, on rows [0, row_end). A period
 * without enough data stays NULL; why (NULL for candidates, which nobody will look for)
 * gets and the log tells its reason. */
static enum yaga_status fit_periods(const struct yaga_train *run,
                                    const struct yaga_history *h,
                                    size_t row_end,
                                    struct yaga_reasons *why,
                                    struct yaga_trained_models *out,
                                    struct yaga_error *err)
{
    YAGA_AUTO_MEM(bool) use = yaga_alloc(h->frame->n_rows, sizeof *use);
    if (use == NULL)
        return yaga_error_nomem(err);
    enum yaga_scheme scheme = run->setup->calendar.scheme;
    bool pooled = yaga_config_bool(run->setup->config, "training.train_pooled");
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (!yaga_period_exists(scheme, (enum yaga_period)p) &&
            !(pooled && p == YAGA_POOLED))
            continue;
        if (is_interrupted(run))
            return yaga_error_set(err, YAGA_E_INTERRUPTED, "interrupted");
        size_t days;
        size_t n = yaga_history_select(h, (enum yaga_period)p, 0, row_end, use, &days);
        enum yaga_status st = yaga_fit_enough(&run->fit, h, (enum yaga_period)p, n,
                                              row_end < h->frame->n_rows, err);
        if (st == YAGA_OK)
            st = yaga_fit_model(&run->fit, h, (enum yaga_period)p, use, days,
                                &out->by_period[p], err);
        if (st == YAGA_E_NO_DATA && why != NULL)
            remember_why(h, (enum yaga_period)p, err->text, why);
        if (st != YAGA_OK && st != YAGA_E_NO_DATA)
            return yaga_error_wrap(err, "period %s",
                                   yaga_period_name((enum yaga_period)p));
    }
    yaga_error_clear(err);
    return YAGA_OK;
}

void yaga_train_serve(const struct yaga_train *run,
                      const struct yaga_trained_models *fitted,
                      struct yaga_model_set *set)
{
    *set = (struct yaga_model_set){.by_period = {NULL}};
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (!yaga_period_exists(run->setup->calendar.scheme, (enum yaga_period)p))
            continue;
        set->by_period[p] = fitted->by_period[p];
        const enum yaga_period *f =
            yaga_period_fallbacks(run->setup->calendar.scheme, (enum yaga_period)p);
        for (; set->by_period[p] == NULL && *f != YAGA_N_PERIODS; f++) {
            set->by_period[p] = fitted->by_period[*f];
            set->is_fallback[p] = true;
        }
    }
}

/* First row of the newest part: this fraction of the rows that are not left out. */
static size_t holdout_begin(const struct yaga_history *h, double fraction)
{
    size_t n_in = 0;
    for (size_t t = 0; t < h->frame->n_rows; t++)
        n_in += !yaga_history_is_left_out(h, t);
    size_t wanted = (size_t)(fraction * (double)n_in);
    size_t t = h->frame->n_rows;
    while (t > 0 && wanted > 0)
        wanted -= !yaga_history_is_left_out(h, --t);
    return t;
}

/* Variants have no held-out data to speak of: their few days come once a year. */
static bool is_gated(const struct yaga_history *h)
{
    return strcmp(h->variant, "baseline") == 0;
}

struct yaga_gate_params yaga_train_gate_params(const struct yaga_train *run, double alpha)
{
    const struct yaga_config *c = run->setup->config;
    double fixed = run->setup->detect.alpha;
    return (struct yaga_gate_params){
        .rate_factor = yaga_config_float(c, "training.gate_rate_factor"),
        .max_rate = {yaga_config_float(c, "training.validation_thresholds.weekday"),
                     yaga_config_float(c, "training.validation_thresholds.weekend")},
        .alpha = fixed > 0.0 && fixed < 1.0 ? fixed : alpha,
        .seed = run->fit.seed,
    };
}

static enum yaga_status run_gate(const struct yaga_train *run,
                                 const struct yaga_history *h,
                                 size_t first_row,
                                 const struct yaga_model_set *set,
                                 double alpha,
                                 struct yaga_trained_models *candidates,
                                 struct yaga_error *err)
{
    struct yaga_gate_params params = yaga_train_gate_params(run, alpha);
    return yaga_gate_run(&params, &run->setup->detect, h, set, first_row,
                         candidates->by_period, err);
}

/* Candidates see the older part; the newer part says which alpha keeps the budget, and
 * whether they pass the gate. */
static enum yaga_status validate(const struct yaga_train *run,
                                 const struct yaga_history *h,
                                 struct yaga_trained_models *candidates,
                                 struct yaga_budget *budget,
                                 struct yaga_error *err)
{
    double per_week =
        yaga_config_float(run->setup->config, "alert_budget.per_service_per_week");
    double fraction =
        yaga_config_float(run->setup->config, "training.validation_fraction");
    size_t first_row = holdout_begin(h, fraction);
    size_t embargo = (size_t)(60 * yaga_train_int(run, "training.embargo_minutes") /
                              run->setup->step_s);
    struct yaga_model_set set;
    enum yaga_status st = YAGA_OK;
    if (first_row > embargo)
        st = fit_periods(run, h, first_row - embargo, NULL, candidates, err);
    if (st != YAGA_OK)
        return st;
    yaga_train_serve(run, candidates, &set);
    st = yaga_budget_find(&run->setup->detect, &run->setup->incident, h, &set, first_row,
                          per_week, budget, err);
    if (st != YAGA_OK || !is_gated(h))
        return st;
    st = run_gate(run, h, first_row, &set, budget->alpha, candidates, err);
    if (st == YAGA_OK)
        st = yaga_train_folds(run, h, first_row, budget->alpha, candidates, err);
    return st;
}

enum yaga_status yaga_train_try(const struct yaga_train *run,
                                const struct yaga_history *h,
                                double alpha,
                                size_t *first_row,
                                struct yaga_trained_models *candidates,
                                struct yaga_error *err)
{
    size_t embargo = (size_t)(60 * yaga_train_int(run, "training.embargo_minutes") /
                              run->setup->step_s);
    struct yaga_model_set set;
    *first_row = holdout_begin(
        h, yaga_config_float(run->setup->config, "training.validation_fraction"));
    if (*first_row <= embargo)
        return YAGA_OK;
    enum yaga_status st =
        fit_periods(run, h, *first_row - embargo, NULL, candidates, err);
    if (st != YAGA_OK)
        return st;
    yaga_train_serve(run, candidates, &set);
    return run_gate(run, h, *first_row, &set, alpha, candidates, err);
}

static void identify(const struct yaga_train *run,
                     const struct yaga_quality *quality,
                     const char *run_id,
                     const struct yaga_budget *budget,
                     struct yaga_model *model)
{
    (void)yaga_format(model->run_id, sizeof model->run_id, "%s", run_id);
    (void)yaga_format(model->timezone, sizeof model->timezone, "%s",
                      yaga_config_string(run->setup->config, "timezone"));
    (void)yaga_format(model->config_digest, sizeof model->config_digest, "%s",
                      run->setup->config_digest);
    model->scheme = run->setup->calendar.scheme;
    model->trained_at_s = run->options->now_s;
    model->train_start_s = run->start_s;
    model->train_end_s = run->end_s;
    model->step_s = run->setup->step_s;
    model->seed = run->fit.seed;
    model->quality = quality->score;
    model->quality_grade = quality->grade;
    model->alpha = budget->alpha;
    model->budget_per_week = budget->promised_per_week;
    model->achieved_per_week = budget->achieved_per_week;
    model->holdout_days = budget->holdout_days;
}

static void finish_models(const struct yaga_train *run,
                          const struct yaga_quality *quality,
                          const char *run_id,
                          const struct yaga_budget *budget,
                          struct yaga_trained_models *models,
                          struct yaga_train_service *result)
{
    result->alpha = budget->alpha;
    result->achieved_per_week = budget->achieved_per_week;
    enum yaga_scheme scheme = run->setup->calendar.scheme;
    result->n_periods_wanted = yaga_period_count(scheme);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->by_period[p] == NULL)
            continue;
        identify(run, quality, run_id, budget, models->by_period[p]);
        bool exists = yaga_period_exists(scheme, (enum yaga_period)p);
        result->pooled = result->pooled || !exists;
        result->n_periods += exists;
    }
}

static void leave_ungated(struct yaga_trained_models *models)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->by_period[p] != NULL)
            yaga_gate_not_asked(models->by_period[p]);
    }
}

/* What is published when training.refit_on_all is off: what was checked, as it is. */
static void take_candidates(const struct yaga_train *run,
                            const struct yaga_history *h,
                            struct yaga_trained_models *candidates,
                            struct yaga_trained_models *models,
                            struct yaga_reasons *why)
{
    enum yaga_scheme scheme = run->setup->calendar.scheme;
    *models = *candidates;
    *candidates = (struct yaga_trained_models){.by_period = {NULL}};
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (yaga_period_exists(scheme, (enum yaga_period)p) &&
            models->by_period[p] == NULL)
            remember_why(h, (enum yaga_period)p,
                         "too little data before the held-out part, and "
                         "training.refit_on_all is off",
                         why);
    }
}

static enum yaga_status settle(const struct yaga_train *run,
                               const struct yaga_history *h,
                               struct yaga_trained_models *candidates,
                               struct yaga_trained_models *models,
                               struct yaga_train_service *result,
                               struct yaga_error *err)
{
    if (!is_gated(h) || yaga_config_bool(run->setup->config, "training.refit_on_all"))
        return fit_periods(run, h, h->frame->n_rows, &result->not_trained, models, err);
    take_candidates(run, h, candidates, models, &result->not_trained);
    return YAGA_OK;
}

static enum yaga_status judge(const struct yaga_train *run,
                              const struct yaga_trained_models *candidates,
                              struct yaga_trained_models *models,
                              struct yaga_train_service *result,
                              struct yaga_error *err)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        struct yaga_model *model = models->by_period[p];
        const struct yaga_model *candidate = candidates->by_period[p];
        if (model != NULL) /* a candidate that is published was judged itself */
            yaga_train_adopt_gate(
                model->gate.verdict != YAGA_GATE_NONE ? model : candidate, model);
    }
    yaga_train_verdict(run, models, result);
    return yaga_train_details(models, result, err);
}

enum yaga_status yaga_train_learn(const struct yaga_train *run,
                                  const struct yaga_history *h,
                                  const struct yaga_quality *quality,
                                  const char *run_id,
                                  struct yaga_trained_models *models,
                                  struct yaga_train_service *result,
                                  struct yaga_error *err)
{
    struct yaga_budget budget = {.alpha = YAGA_ALPHA_DEFAULT};
    struct yaga_trained_models candidates = {.by_period = {NULL}};
    enum yaga_status st = validate(run, h, &candidates, &budget, err);
    if (st == YAGA_OK)
        st = settle(run, h, &candidates, models, result, err);
    if (st == YAGA_OK)
        finish_models(run, quality, run_id, &budget, models, result);
    if (st == YAGA_OK && is_gated(h))
        st = judge(run, &candidates, models, result, err);
    else if (st == YAGA_OK)
        leave_ungated(models);
    yaga_trained_models_clear(&candidates);
    return st;
}
