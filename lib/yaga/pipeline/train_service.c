/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One service's history -> its models, and the alarm levels that keep the budget; then
 * candidates on the older part, which the gate asks about the newer. */
#include <math.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/train_internal.h"

void yaga_trained_models_clear(struct yaga_trained_models *models)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        models->by_period[p] = yaga_model_free(models->by_period[p]);
    models->whole = yaga_model_free(models->whole);
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

/* Candidates see the older part; the newer, from *first_row on, says whether they pass
 * the gate. */
static enum yaga_status fit_candidates(const struct yaga_train *run,
                                       const struct yaga_history *h,
                                       size_t *first_row,
                                       struct yaga_trained_models *candidates,
                                       struct yaga_error *err)
{
    double fraction =
        yaga_config_float(run->setup->config, "training.validation_fraction");
    size_t embargo = (size_t)(60 * yaga_train_int(run, "training.embargo_minutes") /
                              run->setup->step_s);
    *first_row = holdout_begin(h, fraction);
    if (*first_row <= embargo)
        return YAGA_OK;
    return fit_periods(run, h, *first_row - embargo, NULL, candidates, err);
}

/* An incident is closed after the separation, and for a while more the same trouble opens
 * it again: only then is an alarm another incident, which the budget counts. */
static int64_t quiet_s(const struct yaga_setup *setup)
{
    return setup->incident.separation_s + setup->incident.reopen_window_s;
}

/* The service at all times of the week, with its alarm levels. Without enough history
 * there is none, and the decision stays with the single metrics. */
static enum yaga_status learn_whole(const struct yaga_train *run,
                                    const struct yaga_history *h,
                                    struct yaga_trained_models *models,
                                    struct yaga_error *err)
{
    struct yaga_whole_params params = {
        .per_week =
            yaga_config_float(run->setup->config, "alert_budget.per_service_per_week"),
        .quiet_s = quiet_s(run->setup),
        .seed = run->fit.seed,
    };
    struct yaga_model_set set;
    struct yaga_whole *whole = NULL;
    yaga_train_serve(run, models, &set);
    enum yaga_status st =
        yaga_whole_fit(&params, &run->setup->detect, h, &set, h->live, &whole, err);
    if (st == YAGA_E_NO_DATA) {
        yaga_log(YAGA_LOG_INFO, "SERVICE_NOT_TRAINED", h->service, "as a whole: %s",
                 err->text);
        yaga_error_clear(err);
        return YAGA_OK;
    }
    if (st == YAGA_OK)
        st = yaga_model_new(0, &models->whole, err);
    if (st != YAGA_OK) {
        (void)yaga_whole_free(whole, false);
        return yaga_error_wrap(err, "service as a whole");
    }
    models->whole->whole = whole;
    models->whole->period = YAGA_WHOLE;
    (void)yaga_format(models->whole->service, sizeof models->whole->service, "%s",
                      h->service);
    (void)yaga_format(models->whole->variant, sizeof models->whole->variant, "%s",
                      h->variant);
    return YAGA_OK;
}

enum yaga_status yaga_train_try(const struct yaga_train *run,
                                const struct yaga_history *h,
                                double alpha,
                                size_t *first_row,
                                struct yaga_trained_models *candidates,
                                struct yaga_error *err)
{
    struct yaga_model_set set;
    enum yaga_status st = fit_candidates(run, h, first_row, candidates, err);
    if (st != YAGA_OK)
        return st;
    yaga_train_serve(run, candidates, &set);
    return run_gate(run, h, *first_row, &set, alpha, candidates, err);
}

static void identify(const struct yaga_train *run,
                     const struct yaga_quality *quality,
                     const char *run_id,
                     const struct yaga_model *whole,
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
    model->alpha = YAGA_ALPHA_DEFAULT;
    model->achieved_per_week = (double)NAN;
    model->budget_per_week =
        yaga_config_float(run->setup->config, "alert_budget.per_service_per_week");
    if (whole == NULL)
        return;
    model->alpha = yaga_whole_alpha(whole->whole);
    model->achieved_per_week = whole->whole->levels.achieved_per_week;
    model->holdout_days = whole->whole->levels.weeks * 7.0;
}

static void finish_models(const struct yaga_train *run,
                          const struct yaga_quality *quality,
                          const char *run_id,
                          struct yaga_trained_models *models,
                          struct yaga_train_service *result)
{
    enum yaga_scheme scheme = run->setup->calendar.scheme;
    result->n_periods_wanted = yaga_period_count(scheme);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->by_period[p] == NULL)
            continue;
        identify(run, quality, run_id, models->whole, models->by_period[p]);
        bool exists = yaga_period_exists(scheme, (enum yaga_period)p);
        result->pooled = result->pooled || !exists;
        result->n_periods += exists;
    }
    if (models->whole != NULL) {
        identify(run, quality, run_id, models->whole, models->whole);
        yaga_gate_not_asked(models->whole);
    }
    result->alpha = models->whole != NULL ? models->whole->alpha : YAGA_ALPHA_DEFAULT;
    result->achieved_per_week =
        models->whole != NULL ? models->whole->achieved_per_week : (double)NAN;
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

/* Candidates, then what is published: fitted on everything, or the candidates themselves.
 * *checked: whom the gate is asked about. */
static enum yaga_status fit(const struct yaga_train *run,
                            const struct yaga_history *h,
                            struct yaga_trained_models *candidates,
                            struct yaga_trained_models *models,
                            size_t *first_row,
                            struct yaga_trained_models **checked,
                            struct yaga_reasons *why,
                            struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    *checked = candidates;
    if (is_gated(h))
        st = fit_candidates(run, h, first_row, candidates, err);
    if (st != YAGA_OK)
        return st;
    if (!is_gated(h) || yaga_config_bool(run->setup->config, "training.refit_on_all"))
        return fit_periods(run, h, h->frame->n_rows, why, models, err);
    take_candidates(run, h, candidates, models, why);
    *checked = models;
    return YAGA_OK;
}

/* The levels first: the gate asks with the alpha that the models will have. */
static enum yaga_status validate(const struct yaga_train *run,
                                 const struct yaga_history *h,
                                 size_t first_row,
                                 struct yaga_trained_models *checked,
                                 struct yaga_trained_models *models,
                                 struct yaga_train_service *result,
                                 struct yaga_error *err)
{
    struct yaga_model_set set;
    yaga_train_serve(run, checked, &set);
    enum yaga_status st = run_gate(run, h, first_row, &set, result->alpha, checked, err);
    if (st == YAGA_OK)
        st = yaga_train_folds(run, h, first_row, result->alpha, checked, err);
    if (st == YAGA_OK)
        st = yaga_train_compare(run, h, first_row, checked, result, err);
    return st == YAGA_OK ? judge(run, checked, models, result, err) : st;
}

enum yaga_status yaga_train_learn(const struct yaga_train *run,
                                  const struct yaga_history *h,
                                  const struct yaga_quality *quality,
                                  const char *run_id,
                                  struct yaga_trained_models *models,
                                  struct yaga_train_service *result,
                                  struct yaga_error *err)
{
    struct yaga_trained_models candidates = {.by_period = {NULL}};
    struct yaga_trained_models *checked;
    size_t first_row = h->frame->n_rows;
    enum yaga_status st =
        fit(run, h, &candidates, models, &first_row, &checked, &result->not_trained, err);
    if (st == YAGA_OK && is_gated(h))
        st = learn_whole(run, h, models, err);
    if (st == YAGA_OK)
        finish_models(run, quality, run_id, models, result);
    if (st == YAGA_OK && is_gated(h))
        st = validate(run, h, first_row, checked, models, result, err);
    else if (st == YAGA_OK)
        leave_ungated(models);
    yaga_trained_models_clear(&candidates);
    return st;
}
