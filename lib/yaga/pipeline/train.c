/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The story of a training run, top to bottom:
 *
 *   lock -> services -> for each batch: fetch -> for each service (in parallel): clean, assess,
 *   fit candidates on the older part, find alpha on the newer part, refit on all, publish, record
 *
 * One service's failure is a row in the report and never another service's problem.
 */
#include "yaga/pipeline/train.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/hash.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/budget.h"
#include "yaga/pipeline/fit.h"
#include "yaga/series/quality.h"
#include "yaga/state/state.h"

/* Everything one run shares; read-only inside the parallel part except where noted. */
struct run {
    const struct yaga_setup *setup;
    const struct yaga_train_options *options;
    struct yaga_fit_params fit;
    int64_t start_s, end_s;
    struct yaga_store *store; /* NULL in a dry run; used under the publish lock only */
    struct yaga_train_report *report;
    size_t n_done;            /* under the publish lock */
    enum yaga_status fatal;   /* first failure that must stop the run (disk full); under the publish lock */
    struct yaga_error fatal_error;
};

const char *yaga_train_outcome_name(enum yaga_train_outcome outcome)
{
    switch (outcome) {
    case YAGA_TRAINED: return "success";
    case YAGA_TRAIN_NO_DATA: return "no_data";
    case YAGA_TRAIN_INSUFFICIENT: return "insufficient_data";
    case YAGA_TRAIN_QUALITY: return "insufficient_quality";
    case YAGA_TRAIN_SOURCE: return "source_error";
    case YAGA_TRAIN_PROMOTION: return "promotion_failed";
    case YAGA_TRAIN_ERROR: return "error";
    }
    return "error";
}

void yaga_train_report_clear(struct yaga_train_report *report)
{
    yaga_free(report->services);
    *report = (struct yaga_train_report){.n_services = 0};
}

static int64_t config_int(const struct run *run, const char *key)
{
    return yaga_config_int(run->setup->config, key);
}

static void setup_fit(struct run *run)
{
    const struct yaga_config *c = run->setup->config;
    struct yaga_fit_params *p = &run->fit;
    p->min_rows = (size_t)config_int(run, "model.min_training_samples");
    p->min_rows_multivariate = (size_t)config_int(run, "model.min_multivariate_samples");
    p->min_days[0] = (size_t)config_int(run, "time_periods.min_distinct_days_weekday");
    p->min_days[1] = (size_t)config_int(run, "time_periods.min_distinct_days_weekend");
    p->n_trees = (size_t)config_int(run, "model.n_estimators");
    p->n_trees_multivariate = (size_t)config_int(run, "model.n_estimators_multivariate");
    p->sample_size = (size_t)config_int(run, "model.max_samples");
    p->seed = (uint64_t)config_int(run, "model.random_state");
    p->contamination_min_samples =
        (size_t)config_int(run, "training.contamination_estimation.min_samples");
    p->contamination_fallback = yaga_config_float(c, "training.contamination_estimation.fallback");
    const char *method = yaga_config_string(c, "training.contamination_estimation.method");
    p->rate_method = YAGA_RATE_BUDGET;
    /* Trigger rate of the forest's offset: once in low_hours. */
    p->trigger_rate = (double)run->setup->step_s / (3600.0 * run->setup->detect.return_hours[0]);
    if (strcmp(method, "knee") == 0)
        p->rate_method = YAGA_RATE_KNEE;
    else if (strcmp(method, "gap") == 0)
        p->rate_method = YAGA_RATE_GAP;
    else if (strcmp(method, "fixed") == 0) {
        p->rate_method = YAGA_RATE_FIXED;
        p->trigger_rate = p->contamination_fallback;
    }
}

static void setup_range(struct run *run)
{
    int64_t step = run->setup->step_s;
    int64_t end = run->options->end_s;
    int64_t start = run->options->start_s;
    if (end == 0)
        end = run->options->now_s - 60 * config_int(run, "cache.settle_minutes");
    if (start == 0)
        start = end - 86400 * config_int(run, "training.lookback_days");
    run->end_s = end / step * step;
    run->start_s = start / step * step;
}

/* --- one service -------------------------------------------------------------------- */

struct service_models {
    struct yaga_model *models[YAGA_N_PERIODS];
};

static void service_models_clear(struct service_models *set)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        set->models[p] = yaga_model_free(set->models[p]);
}

/* Fit every period of the scheme, and the pooled model, on rows [0, row_end). A period without enough data stays NULL; its reason is
 * logged at the final fit. */
static enum yaga_status fit_periods(const struct run *run, const struct yaga_history *h, size_t row_end, bool final,
                                    struct service_models *out, struct yaga_error *err)
{
    YAGA_AUTO_MEM(bool) use = yaga_alloc(h->frame->n_rows, sizeof *use);
    if (use == NULL)
        return yaga_error_nomem(err);
    size_t n_periods = yaga_period_count(run->setup->calendar.scheme);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        bool pooled = p == YAGA_POOLED;
        if (pooled ? !yaga_config_bool(run->setup->config, "training.train_pooled") : p >= n_periods)
            continue;
        size_t days;
        (void)yaga_history_select(h, (enum yaga_period)p, 0, row_end, use, &days);
        enum yaga_status st = yaga_fit_model(&run->fit, h, (enum yaga_period)p, use, days, &out->models[p], err);
        if (st == YAGA_E_NO_DATA && final)
            yaga_log(YAGA_LOG_INFO, "PERIOD_NOT_TRAINED", h->service, "%s: %s",
                     yaga_period_name((enum yaga_period)p), err->text);
        if (st != YAGA_OK && st != YAGA_E_NO_DATA)
            return yaga_error_wrap(err, "period %s", yaga_period_name((enum yaga_period)p));
    }
    yaga_error_clear(err);
    return YAGA_OK;
}

/* Which model serves which period, fallbacks included. */
static void serve(const struct run *run, const struct service_models *fitted, struct yaga_model_set *set)
{
    *set = (struct yaga_model_set){.by_period = {NULL}};
    size_t n = yaga_period_count(run->setup->calendar.scheme);
    for (size_t p = 0; p < n; p++) {
        set->by_period[p] = fitted->models[p];
        const enum yaga_period *f = yaga_period_fallbacks(run->setup->calendar.scheme, (enum yaga_period)p);
        for (; set->by_period[p] == NULL && *f != YAGA_N_PERIODS; f++) {
            set->by_period[p] = fitted->models[*f];
            set->is_fallback[p] = true;
        }
    }
}

static enum yaga_status find_alpha(const struct run *run, const struct yaga_history *h, struct yaga_budget *budget,
                                   struct yaga_error *err)
{
    double per_week = yaga_config_float(run->setup->config, "alert_budget.per_service_per_week");
    double fraction = yaga_config_float(run->setup->config, "training.validation_fraction");
    size_t n = h->frame->n_rows;
    size_t first_row = n - (size_t)(fraction * (double)n);
    size_t embargo = (size_t)(60 * config_int(run, "training.embargo_minutes") / run->setup->step_s);
    struct service_models candidate = {.models = {NULL}};
    struct yaga_model_set set;
    enum yaga_status st = YAGA_OK;
    if (first_row > embargo)
        st = fit_periods(run, h, first_row - embargo, false, &candidate, err);
    if (st == YAGA_OK) {
        serve(run, &candidate, &set);
        st = yaga_budget_find(&run->setup->detect, h, &set, first_row, per_week, budget, err);
    }
    service_models_clear(&candidate);
    return st;
}

static void identify(const struct run *run, const struct yaga_quality *quality, const char *run_id,
                     const struct yaga_budget *budget, struct yaga_model *model)
{
    (void)yaga_format(model->variant, sizeof model->variant, "baseline");
    (void)yaga_format(model->run_id, sizeof model->run_id, "%s", run_id);
    (void)yaga_format(model->timezone, sizeof model->timezone, "%s",
                      yaga_config_string(run->setup->config, "timezone"));
    (void)yaga_format(model->config_digest, sizeof model->config_digest, "%s", run->setup->config_digest);
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

/* The same data, settings and time give the same run: the id is derived, not drawn. */
static void derive_run_id(const struct run *run, const char *service, char out[YAGA_RUN_ID_MAX])
{
    char text[512];
    char hex[YAGA_SHA256_HEX];
    (void)yaga_format(text, sizeof text, "%s|baseline|%lld|%lld|%lld|%s", service,
                      (long long)run->options->now_s, (long long)run->start_s, (long long)run->end_s,
                      run->setup->config_digest);
    yaga_sha256_hex(text, strlen(text), hex);
    (void)yaga_format(out, YAGA_RUN_ID_MAX, "train_%.12s", hex);
}

static size_t rows_with_data(const struct yaga_frame *frame)
{
    size_t n = 0;
    for (size_t t = 0; t < frame->n_rows; t++)
        n += yaga_frame_row_present(frame, t);
    return n;
}

static bool all_queries_failed(const struct yaga_fleet_service *service, size_t n_metrics)
{
    for (size_t m = 0; m < n_metrics; m++) {
        if (service->presence[m] != YAGA_FAILED && service->presence[m] != YAGA_AMBIGUOUS)
            return false;
    }
    return true;
}

/* Is there enough, and good enough, to learn from? Sets outcome and message when not. */
static bool worth_training(const struct run *run, const struct yaga_fleet_service *service,
                           const struct yaga_quality *quality, struct yaga_train_service *result)
{
    int64_t need = config_int(run, "training.min_data_points");
    result->grade = quality->grade;
    if (all_queries_failed(service, run->setup->n_metrics)) {
        result->outcome = YAGA_TRAIN_SOURCE;
        (void)yaga_format(result->message, sizeof result->message, "every query failed or was ambiguous");
    } else if (result->n_rows == 0) {
        result->outcome = YAGA_TRAIN_NO_DATA;
        (void)yaga_format(result->message, sizeof result->message, "no data in the training range");
    } else if ((int64_t)result->n_rows < need) {
        result->outcome = YAGA_TRAIN_INSUFFICIENT;
        (void)yaga_format(result->message, sizeof result->message,
                          "%zu rows with data, %lld needed (training.min_data_points)", result->n_rows,
                          (long long)need);
    } else if (quality->grade == 'F') {
        result->outcome = YAGA_TRAIN_QUALITY;
        (void)yaga_format(result->message, sizeof result->message,
                          "data quality %.0f of 100 (grade F): check coverage and gaps", quality->score);
    } else {
        return true;
    }
    return false;
}

static enum yaga_status learn(const struct run *run, const struct yaga_history *h,
                              const struct yaga_quality *quality, const char *run_id, struct service_models *models,
                              struct yaga_train_service *result, struct yaga_error *err)
{
    struct yaga_budget budget = {.alpha = YAGA_ALPHA_DEFAULT};
    enum yaga_status st = find_alpha(run, h, &budget, err);
    if (st == YAGA_OK)
        st = fit_periods(run, h, h->frame->n_rows, true, models, err);
    if (st != YAGA_OK)
        return st;
    result->alpha = budget.alpha;
    result->achieved_per_week = budget.achieved_per_week;
    result->n_periods_wanted = yaga_period_count(run->setup->calendar.scheme);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->models[p] == NULL)
            continue;
        identify(run, quality, run_id, &budget, models->models[p]);
        result->pooled = result->pooled || p == YAGA_POOLED;
        result->n_periods += p != YAGA_POOLED;
    }
    return YAGA_OK;
}

/* --- publishing and records: one service at a time ----------------------------------------- */

static void fill_run_record(const struct run *run, const struct yaga_train_service *result, const char *run_id,
                            struct yaga_training_run *record)
{
    bool trained = result->outcome == YAGA_TRAINED;
    *record = (struct yaga_training_run){
        .service = result->name,
        .variant = "baseline",
        .started_at_s = run->options->now_s,
        .completed_at_s = run->options->now_s,
        .status = trained ? "COMPLETED" : "FAILED",
        .total_data_points = (int64_t)result->n_rows,
        .training_start_s = run->start_s,
        .training_end_s = run->end_s,
        .periods_trained = (int64_t)result->n_periods,
        .validation_status = !trained ? "FAILED" : result->n_periods < result->n_periods_wanted ? "WARNING" : "PASSED",
        .promoted = trained,
        .error_message = trained ? NULL : result->message,
    };
    (void)yaga_format(record->run_id, sizeof record->run_id, "%s", run_id);
    (void)yaga_format(record->batch_id, sizeof record->batch_id, "%s", run->report->batch_id);
}

static void log_service(const struct yaga_train_service *r)
{
    bool trained = r->outcome == YAGA_TRAINED;
    yaga_log(trained ? YAGA_LOG_INFO : YAGA_LOG_WARN, trained ? "TRAINED" : "NOT_TRAINED", r->name,
             "%s: grade %c, %zu rows, %zu of %zu periods%s, alpha %.3g, %.2f false incidents per week on held-out data%s%s",
             yaga_train_outcome_name(r->outcome), r->grade == '\0' ? '-' : r->grade, r->n_rows, r->n_periods,
             r->n_periods_wanted, r->pooled ? " + pooled" : "", r->alpha, r->achieved_per_week,
             r->message[0] != '\0' ? ": " : "", r->message);
}

static enum yaga_status publish(struct run *run, struct service_models *models, struct yaga_error *err)
{
    struct yaga_model *list[YAGA_N_PERIODS];
    size_t n = 0;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->models[p] != NULL)
            list[n++] = models->models[p];
    }
    const struct yaga_config *c = run->setup->config;
    return yaga_registry_publish(yaga_config_string(c, "model.models_directory"),
                                 yaga_config_string(c, "model.staging_directory"), list, n,
                                 (size_t)config_int(run, "model.keep_versions"), NULL, err);
}

static void fail(struct yaga_train_service *result, const struct yaga_error *err)
{
    result->outcome = err->status == YAGA_E_NO_DATA ? YAGA_TRAIN_INSUFFICIENT : YAGA_TRAIN_ERROR;
    (void)yaga_format(result->message, sizeof result->message, "%.500s", err->text);
}

static void remember_fatal(struct run *run, const struct yaga_error *err)
{
    if (run->fatal != YAGA_OK)
        return;
    run->fatal = err->status;
    run->fatal_error = *err;
}

/* Called for one service at a time. */
static void finish_service(struct run *run, struct service_models *models, const char *run_id,
                           struct yaga_train_service *result)
{
    struct yaga_error err = {.status = YAGA_OK};
    if (result->outcome == YAGA_TRAINED && result->n_periods == 0 && !result->pooled) {
        result->outcome = YAGA_TRAIN_INSUFFICIENT;
        (void)yaga_format(result->message, sizeof result->message, "no period has enough data for a model");
    }
    if (result->outcome == YAGA_TRAINED && !run->options->dry_run && publish(run, models, &err) != YAGA_OK) {
        result->outcome = YAGA_TRAIN_PROMOTION;
        (void)yaga_format(result->message, sizeof result->message, "%.500s", err.text);
        if (err.status == YAGA_E_NO_SPACE) /* the next service would meet the same wall */
            remember_fatal(run, &err);
    }
    if (run->store != NULL) {
        struct yaga_training_run record;
        fill_run_record(run, result, run_id, &record);
        if (yaga_training_run_end(run->store, &record, &err) != YAGA_OK)
            yaga_log(YAGA_LOG_ERROR, "RUN_RECORD", result->name, "%s", err.text);
    }
    log_service(result);
    run->n_done++;
    if (run->options->progress != NULL)
        run->options->progress(run->options->progress_context, result->name, run->n_done,
                               run->report->n_services);
}

static bool stopped(const struct run *run)
{
    return run->fatal != YAGA_OK || (run->options->interrupted != NULL && run->options->interrupted());
}

static void train_service(struct run *run, struct yaga_fleet_service *service, struct yaga_train_service *result)
{
    struct yaga_error err = {.status = YAGA_OK};
    struct service_models models = {.models = {NULL}};
    struct yaga_metric metrics[YAGA_METRICS_MAX];
    size_t corrected[YAGA_METRICS_MAX] = {0};
    struct yaga_history history = {.service = NULL};
    struct yaga_quality quality;
    char run_id[YAGA_RUN_ID_MAX];

    yaga_setup_service_metrics(run->setup, service->name, metrics);
    derive_run_id(run, service->name, run_id);
    yaga_frame_validate(&service->frame, metrics, NULL, corrected);
    yaga_frame_resolve_absence(&service->frame, metrics);
    yaga_quality_assess(&service->frame, metrics, corrected, &quality);
    result->n_rows = rows_with_data(&service->frame);
    if (worth_training(run, service, &quality, result)) {
        enum yaga_status st = yaga_history_init(&history, service->name, &service->frame, metrics,
                                                &run->setup->calendar, &err);
        if (st == YAGA_OK)
            st = learn(run, &history, &quality, run_id, &models, result, &err);
        if (st != YAGA_OK)
            fail(result, &err);
        yaga_history_clear(&history);
    }
#pragma omp critical(yaga_publish)
    if (!stopped(run))
        finish_service(run, &models, run_id, result);
    service_models_clear(&models);
}

/* --- the run ----------------------------------------------------------------------------- */

static void fetch_progress(void *context, size_t done, size_t total)
{
    const struct run *run = context;
    if (run->options->progress != NULL)
        run->options->progress(run->options->progress_context, "reading", done, total);
}

/* Before any query: a run that dies leaves RUNNING rows behind, which the next run marks abandoned. */
static enum yaga_status begin_records(struct run *run, const char *const *names, size_t n, struct yaga_error *err)
{
    for (size_t i = 0; run->store != NULL && i < n; i++) {
        struct yaga_train_service service = {.outcome = YAGA_TRAINED};
        struct yaga_training_run record;
        char run_id[YAGA_RUN_ID_MAX];
        (void)yaga_format(service.name, sizeof service.name, "%s", names[i]);
        derive_run_id(run, service.name, run_id);
        fill_run_record(run, &service, run_id, &record);
        record.status = "RUNNING";
        record.validation_status = NULL;
        record.promoted = false;
        record.completed_at_s = 0;
        enum yaga_status st = yaga_training_run_begin(run->store, &record, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "service %s: training run record", names[i]);
    }
    return YAGA_OK;
}

static enum yaga_status train_batch(struct run *run, struct yaga_source *source, const char *const *names, size_t n,
                                    struct yaga_train_service *results, struct yaga_error *err)
{
    struct yaga_source_request request = {
        .metrics = run->setup->metrics,
        .n_metrics = run->setup->n_metrics,
        .services = names,
        .n_services = n,
        .start_s = run->start_s,
        .end_s = run->end_s,
        .step_s = run->setup->step_s,
        .progress = fetch_progress,
        .progress_context = run,
    };
    struct yaga_fleet fleet;
    enum yaga_status st = begin_records(run, names, n, err);
    if (st == YAGA_OK)
        st = yaga_source_fetch(source, &request, &fleet, err);
    if (st != YAGA_OK)
        return st;
    for (size_t m = 0; m < fleet.n_metrics; m++) {
        if (fleet.metric_error[m][0] != '\0')
            yaga_log(YAGA_LOG_WARN, "METRICS_FAILED", NULL, "metric %s: %s", run->setup->metrics[m].name,
                     fleet.metric_error[m]);
    }
    int threads = run->options->threads > 0 ? run->options->threads
                                            : (int)config_int(run, "training.threads");
    if (threads <= 0)
        threads = omp_get_num_procs();
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < fleet.n_services; i++) {
        (void)yaga_format(results[i].name, sizeof results[i].name, "%s", fleet.services[i].name);
        if (!stopped(run))
            train_service(run, &fleet.services[i], &results[i]);
        yaga_frame_clear(&fleet.services[i].frame);
    }
    yaga_fleet_clear(&fleet);
    return YAGA_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct yaga_train_service *x = a;
    const struct yaga_train_service *y = b;
    return strcmp(x->name, y->name);
}

/* Services are read in batches: memory follows the batch, not the fleet. */
enum { SERVICES_PER_BATCH = 50 };

static enum yaga_status train_all(struct run *run, struct yaga_source *source, const char *const *names, size_t n,
                                  struct yaga_error *err)
{
    struct yaga_train_report *report = run->report;
    report->services = yaga_calloc(n, sizeof *report->services);
    if (report->services == NULL)
        return yaga_error_nomem(err);
    report->n_services = n;
    for (size_t at = 0; at < n; at += SERVICES_PER_BATCH) {
        size_t count = n - at < SERVICES_PER_BATCH ? n - at : SERVICES_PER_BATCH;
        enum yaga_status st = train_batch(run, source, names + at, count, report->services + at, err);
        if (st != YAGA_OK)
            return st;
        if (run->fatal != YAGA_OK) {
            *err = run->fatal_error;
            return run->fatal;
        }
        if (stopped(run))
            return yaga_error_set(err, YAGA_E_INTERRUPTED, "interrupted: services not yet trained keep their models");
    }
    qsort(report->services, n, sizeof *report->services, by_name);
    for (size_t i = 0; i < n; i++)
        report->n_trained += report->services[i].outcome == YAGA_TRAINED;
    return YAGA_OK;
}

static enum yaga_status with_services(struct run *run, struct yaga_source *source, struct yaga_error *err)
{
    const char **names = NULL;
    size_t n = 0;
    enum yaga_status st =
        yaga_setup_services(run->setup, run->options->only, run->options->n_only, &names, &n, err);
    if (st != YAGA_OK)
        return st;
    char **found = NULL;
    size_t n_found = 0;
    if (n == 0)
        st = yaga_source_services(source, run->setup->metrics, run->setup->n_metrics, run->end_s, &found,
                                  &n_found, err);
    if (st == YAGA_OK && n + n_found == 0)
        st = yaga_error_set(err, YAGA_E_CONFIG, "no services: none configured and none discovered");
    if (st == YAGA_OK)
        st = n > 0 ? train_all(run, source, names, n, err)
                   : train_all(run, source, (const char *const *)found, n_found, err);
    yaga_source_services_free(found, n_found);
    yaga_free(names);
    return st;
}

static enum yaga_status open_state(struct run *run, struct yaga_error *err)
{
    if (run->options->dry_run)
        return YAGA_OK;
    enum yaga_status st =
        yaga_state_open(yaga_config_string(run->setup->config, "fingerprinting.db_path"), true, &run->store, err);
    if (st != YAGA_OK)
        return st;
    return yaga_training_runs_tidy(run->store, run->options->now_s,
                                   config_int(run, "training.run_retention_days"), err);
}

static enum yaga_status locked_run(struct run *run, struct yaga_error *err)
{
    YAGA_AUTO(yaga_source) source = NULL;
    enum yaga_status st = open_state(run, err);
    if (st == YAGA_OK)
        st = yaga_setup_source(run->setup, run->options->interrupted, &source, err);
    if (st == YAGA_OK)
        st = with_services(run, source, err);
    run->store = yaga_store_close(run->store);
    return st;
}

enum yaga_status yaga_train_run(const struct yaga_setup *setup, const struct yaga_train_options *options,
                                struct yaga_train_report *report, struct yaga_error *err)
{
    struct run run = {.setup = setup, .options = options, .report = report};
    *report = (struct yaga_train_report){.n_services = 0};
    setup_fit(&run);
    setup_range(&run);
    char text[64];
    char hex[YAGA_SHA256_HEX];
    (void)yaga_format(text, sizeof text, "batch|%lld", (long long)options->now_s);
    yaga_sha256_hex(text, strlen(text), hex);
    (void)yaga_format(report->batch_id, sizeof report->batch_id, "%.8s", hex);
    if (run.start_s >= run.end_s)
        return yaga_error_set(err, YAGA_E_ARG, "training range is empty");

    const char *models_dir = yaga_config_string(setup->config, "model.models_directory");
    char lock_path[YAGA_PATH_MAX];
    struct yaga_lock lock = {.fd = -1};
    if (!yaga_format(lock_path, sizeof lock_path, "%s/train.lock", models_dir))
        return yaga_error_set(err, YAGA_E_CONFIG, "model.models_directory: path too long");
    enum yaga_status st = YAGA_OK;
    if (!options->dry_run) {
        st = yaga_dir_make(models_dir, err);
        if (st == YAGA_OK)
            st = yaga_lock_take(lock_path, &lock, err);
    }
    if (st == YAGA_OK)
        st = locked_run(&run, err);
    yaga_lock_release(&lock);
    return st;
}
