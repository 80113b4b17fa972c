/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the gate's verdicts mean: which models of a service are published, which of the
 * version before stay. */
#include <stdio.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/io/json.h"
#include "yaga/model/detail.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/train_internal.h"

#define MAX_OUTLIERS 0.05   /* share of outliers in the training values */
#define MIN_PASSING 0.6     /* share of the periods that must pass when some fail */
enum { SHIFT_POINTS = 10 }; /* quality lost by a level shift, and by a trend */

static bool gate_failed(const struct yaga_model *model)
{
    return model->gate.verdict == YAGA_GATE_FAILED;
}

/* What serves the model's service and period now, if it is young enough to serve on; NULL
 * otherwise. */
static struct yaga_model *model_before(const struct yaga_train *run,
                                       const struct yaga_model *fresh)
{
    const char *dir = yaga_config_string(run->setup->config, "model.models_directory");
    char run_id[YAGA_RUN_ID_MAX];
    struct yaga_model *model = NULL;
    struct yaga_error err;
    int64_t max_age_s = 86400 * yaga_train_int(run, "inference.model_max_age_days");
    enum yaga_status st = yaga_registry_current(dir, fresh->service, run_id, &err);
    if (st == YAGA_OK)
        st = yaga_registry_load(dir, fresh->service, run_id, fresh->period, &model, &err);
    if (st != YAGA_OK || run->options->now_s - model->trained_at_s >= max_age_s)
        return yaga_model_free(model);
    return model;
}

bool yaga_train_is_served(const struct yaga_train *run, const char *service)
{
    char run_id[YAGA_RUN_ID_MAX];
    struct yaga_error err;
    return yaga_registry_current(
               yaga_config_string(run->setup->config, "model.models_directory"), service,
               run_id, &err) == YAGA_OK;
}

static void adopt_history(struct yaga_model *model)
{
    for (size_t m = 0; m < model->n_metrics; m++) {
        struct yaga_metric_model *metric = &model->metrics[m];
        if (metric->stationarity.level_shift)
            metric->gate.findings |= YAGA_GATE_SHIFT;
        if (metric->stationarity.trend)
            metric->gate.findings |= YAGA_GATE_TREND;
        if (metric->outlier_share > MAX_OUTLIERS)
            metric->gate.findings |= YAGA_GATE_CONTAMINATED;
        model->gate.findings |= metric->gate.findings;
    }
    for (uint64_t f = YAGA_GATE_SHIFT; f <= YAGA_GATE_TREND; f *= 2) {
        if ((model->gate.findings & f) != 0)
            model->quality =
                model->quality > SHIFT_POINTS ? model->quality - SHIFT_POINTS : 0.0;
    }
}

/* A judgement nobody can explain is a warning: those who are woken by it ask why. */
static void adopt_explanations(struct yaga_model *model)
{
    for (size_t m = 0; m < model->n_metrics; m++) {
        struct yaga_metric_model *metric = &model->metrics[m];
        if (model->has_details && yaga_metric_explains(metric))
            continue;
        if (metric->cls == YAGA_CLASS_SPARSE)
            continue;
        metric->gate.findings |= YAGA_GATE_UNEXPLAINED;
        model->gate.findings |= YAGA_GATE_UNEXPLAINED;
        if (model->gate.verdict == YAGA_GATE_PASSED)
            model->gate.verdict = YAGA_GATE_WARNING;
    }
}

void yaga_train_adopt_gate(const struct yaga_model *candidate, struct yaga_model *model)
{
    if (candidate == NULL) {
        yaga_gate_inconclusive(model);
    } else {
        model->gate = candidate->gate;
        for (size_t m = 0; m < model->n_metrics; m++)
            model->metrics[m].gate = candidate->metrics[m].gate;
    }
    adopt_history(model);
    adopt_explanations(model);
}

/* Business hours, or the night of a service without them; without periods the only one.
 */
static const struct yaga_model *main_model(const struct yaga_train *run,
                                           const struct yaga_trained_models *models)
{
    if (yaga_period_exists(run->setup->calendar.scheme, YAGA_POOLED))
        return models->by_period[YAGA_POOLED];
    const struct yaga_model *business = models->by_period[YAGA_BUSINESS_HOURS];
    return business != NULL ? business : models->by_period[YAGA_NIGHT_HOURS];
}

static enum yaga_gate_verdict judge_service(const struct yaga_train *run,
                                            const struct yaga_trained_models *models,
                                            const struct yaga_train_service *r)
{
    size_t n_own = r->n_passed + r->n_warned + r->n_failed;
    const struct yaga_model *first = main_model(run, models);
    if (n_own == 0) /* the pooled model serves alone */
        return models->by_period[YAGA_POOLED] != NULL
                   ? models->by_period[YAGA_POOLED]->gate.verdict
                   : YAGA_GATE_NONE;
    if (r->n_failed == 0)
        return YAGA_GATE_PASSED;
    double passing = (double)(n_own - r->n_failed) / (double)n_own;
    return first != NULL && !gate_failed(first) && passing >= MIN_PASSING
               ? YAGA_GATE_WARNING
               : YAGA_GATE_FAILED;
}

static void refuse(const struct yaga_train *run,
                   const struct yaga_model *model,
                   struct yaga_train_service *r)
{
    YAGA_AUTO(yaga_model) before = model_before(run, model);
    r->kept[model->period] = before != NULL;
    char *text = r->not_trained.text[model->period];
    int n = snprintf(text, YAGA_REASON_MAX, "refused by the validation gate:");
    for (unsigned bit = 0; bit < YAGA_GATE_FINDINGS && n > 0; bit++) {
        size_t used = strlen(text);
        if ((model->gate.findings >> bit & 1) != 0)
            n = snprintf(text + used, YAGA_REASON_MAX - used, " %s",
                         yaga_gate_finding_name(bit));
    }
}

/* "business_hours: false_alarms insensitive; " */
static void describe(const struct yaga_model *model, struct yaga_train_service *r)
{
    size_t used = strlen(r->findings);
    int n = snprintf(r->findings + used, sizeof r->findings - used,
                     "%s%s:", used > 0 ? "; " : "", yaga_period_name(model->period));
    for (unsigned bit = 0; bit < YAGA_GATE_FINDINGS && n > 0; bit++) {
        used = strlen(r->findings);
        if ((model->gate.findings >> bit & 1) != 0)
            n = snprintf(r->findings + used, sizeof r->findings - used, " %s",
                         yaga_gate_finding_name(bit));
    }
}

void yaga_train_verdict(const struct yaga_train *run,
                        struct yaga_trained_models *models,
                        struct yaga_train_service *r)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        struct yaga_model *model = models->by_period[p];
        if (model == NULL)
            continue;
        model->gate.forced = run->options->direct && gate_failed(model);
        if (model->gate.findings != 0)
            describe(model, r);
        if (gate_failed(model) && !model->gate.forced)
            refuse(run, model, r);
        if (!yaga_period_exists(run->setup->calendar.scheme, (enum yaga_period)p))
            continue;
        r->n_failed += gate_failed(model);
        r->n_warned += model->gate.verdict == YAGA_GATE_WARNING;
        r->n_passed += model->gate.verdict == YAGA_GATE_PASSED;
    }
    r->verdict = judge_service(run, models, r);
    r->forced =
        run->options->direct && (r->verdict == YAGA_GATE_FAILED || r->n_failed > 0);
    if (r->verdict == YAGA_GATE_FAILED && !r->forced) {
        r->outcome = YAGA_TRAIN_VALIDATION;
        (void)yaga_format(r->message, sizeof r->message,
                          "%zu of %zu periods failed on held-out data%s", r->n_failed,
                          r->n_failed + r->n_warned + r->n_passed,
                          r->served_before ? "; the models before stay" : "");
    }
}

/* Metrics that some period judges, and those that every such period can explain. */
static void count_features(const struct yaga_trained_models *models,
                           struct yaga_train_service *r)
{
    bool judged[YAGA_METRICS_MAX] = {false}, obscure[YAGA_METRICS_MAX] = {false};
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const struct yaga_model *model = models->by_period[p];
        for (size_t m = 0; model != NULL && m < model->n_metrics; m++) {
            const struct yaga_metric_model *metric = &model->metrics[m];
            bool is_judged = metric->cls != YAGA_CLASS_SPARSE;
            judged[m] = judged[m] || is_judged;
            obscure[m] =
                obscure[m] ||
                (is_judged && !(model->has_details && yaga_metric_explains(metric)));
        }
    }
    r->n_features = r->n_explainable = 0;
    for (size_t m = 0; m < YAGA_METRICS_MAX; m++) {
        r->n_features += judged[m];
        r->n_explainable += judged[m] && !obscure[m];
    }
}

enum yaga_status yaga_train_details(const struct yaga_trained_models *models,
                                    struct yaga_train_service *r,
                                    struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) json = yaga_json_object_new();
    struct yaga_json *periods = yaga_json_object_new();
    yaga_json_set_string(json, "verdict",
                         r->forced ? "forced" : yaga_gate_verdict_name(r->verdict));
    yaga_json_set(json, "periods", periods);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->by_period[p] != NULL)
            yaga_json_set(periods, yaga_period_name((enum yaga_period)p),
                          yaga_gate_json(models->by_period[p]));
    }
    count_features(models, r);
    return yaga_json_dump(json, false, &r->details, err);
}

/* Failed models give their place to the ones before, as part of this run; to nobody where
 * there is none. */
static void replace_failed(const struct yaga_train *run,
                           struct yaga_trained_models *models,
                           bool replaced[YAGA_N_PERIODS])
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        struct yaga_model *failed = models->by_period[p];
        replaced[p] = failed != NULL && gate_failed(failed) && !run->options->direct;
        if (!replaced[p])
            continue;
        struct yaga_model *before = model_before(run, failed);
        if (before != NULL)
            (void)yaga_format(before->run_id, sizeof before->run_id, "%s",
                              failed->run_id);
        (void)yaga_model_free(failed);
        models->by_period[p] = before;
    }
}

static void tell_replaced(const char *service,
                          const struct yaga_trained_models *models,
                          const bool replaced[YAGA_N_PERIODS])
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (replaced[p])
            yaga_log(YAGA_LOG_WARN, "PERIOD_FAILED", service, "%s failed the gate: %s",
                     yaga_period_name((enum yaga_period)p),
                     models->by_period[p] != NULL
                         ? "the model before serves on"
                         : "there is no model before it that could serve on");
    }
}

/* Models of this run first, for the manifest's time is that of the first. */
static size_t list_models(const struct yaga_train *run,
                          const struct yaga_trained_service *models,
                          struct yaga_model *list[])
{
    size_t n = 0;
    for (int fresh = 1; fresh >= 0; fresh--) {
        for (size_t s = 0; s < YAGA_TRAINED_SETS; s++) {
            for (size_t p = 0; p <= YAGA_N_PERIODS; p++) {
                struct yaga_model *model = p == YAGA_N_PERIODS
                                               ? models->sets[s].whole
                                               : models->sets[s].by_period[p];
                if (model != NULL &&
                    (model->trained_at_s == run->options->now_s) == (fresh == 1))
                    list[n++] = model;
            }
        }
    }
    return n;
}

/* Whoever promotes it later gets what was learned, and the sets that were not: nothing of
 * it was refused then. */
enum yaga_status yaga_train_stage(const struct yaga_train *run,
                                  const char *run_id,
                                  struct yaga_train_service *result,
                                  struct yaga_trained_service *models,
                                  struct yaga_error *err)
{
    struct yaga_model *list[YAGA_TRAINED_SETS * YAGA_N_PERIODS];
    enum yaga_status st = yaga_train_carry_over(run, result->name, run_id, models, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_reasons reasons = result->not_trained;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->sets[0].by_period[p] != NULL)
            result->not_trained.text[p][0] = '\0';
    }
    YAGA_AUTO(yaga_json) manifest = yaga_train_about_json(run, result);
    result->not_trained = reasons;
    size_t n = list_models(run, models, list);
    return yaga_registry_stage(
        yaga_config_string(run->setup->config, "model.staging_directory"), list, n,
        manifest, err);
}

enum yaga_status yaga_train_publish(const struct yaga_train *run,
                                    const char *run_id,
                                    const struct yaga_train_service *result,
                                    struct yaga_trained_service *models,
                                    struct yaga_error *err)
{
    const struct yaga_config *c = run->setup->config;
    struct yaga_model *list[YAGA_TRAINED_SETS * (YAGA_N_PERIODS + 1)];
    bool replaced[YAGA_N_PERIODS];
    replace_failed(run, &models->sets[0], replaced);
    enum yaga_status st = yaga_train_carry_over(run, result->name, run_id, models, err);
    if (st != YAGA_OK)
        return st;
    size_t n = list_models(run, models, list);
    YAGA_AUTO(yaga_json) manifest = yaga_train_about_json(run, result);
    st = yaga_registry_publish(yaga_config_string(c, "model.models_directory"),
                               yaga_config_string(c, "model.staging_directory"), list, n,
                               (size_t)yaga_train_int(run, "model.keep_versions"),
                               manifest, err);
    if (st == YAGA_OK)
        tell_replaced(result->name, &models->sets[0], replaced);
    return st;
}
