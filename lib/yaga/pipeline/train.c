/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The story of a training run, top to bottom:
 *
 *   lock -> services -> for each batch: fetch -> for each service (in parallel): clean,
 * assess, fit candidates on the older part, find alpha and pass the gate on the newer
 * part, refit on all, publish, record
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
#include "yaga/pipeline/cache_internal.h"
#include "yaga/pipeline/report_internal.h"
#include "yaga/pipeline/tell.h"
#include "yaga/pipeline/train_internal.h"
#include "yaga/source/query.h"
#include "yaga/state/state.h"

const char *yaga_train_outcome_name(enum yaga_train_outcome outcome)
{
    switch (outcome) {
    case YAGA_TRAINED:
        return "success";
    case YAGA_TRAIN_NO_DATA:
        return "no_data";
    case YAGA_TRAIN_INSUFFICIENT:
        return "insufficient_data";
    case YAGA_TRAIN_QUALITY:
        return "insufficient_quality";
    case YAGA_TRAIN_SOURCE:
        return "source_error";
    case YAGA_TRAIN_VALIDATION:
        return "validation_failed";
    case YAGA_TRAIN_PROMOTION:
        return "promotion_failed";
    case YAGA_TRAIN_ERROR:
        return "error";
    }
    return "error";
}

void yaga_train_report_clear(struct yaga_train_report *report)
{
    for (size_t i = 0; i < report->n_services; i++) {
        report->services[i].portrait = yaga_portrait_free(report->services[i].portrait);
        yaga_free(report->services[i].details);
        yaga_free(report->services[i].quality);
    }
    yaga_free(report->services);
    *report = (struct yaga_train_report){.n_services = 0};
}

static void setup_threads(struct yaga_train *run)
{
    run->threads = run->options->threads > 0
                       ? run->options->threads
                       : (int)yaga_train_int(run, "training.threads");
    if (run->threads <= 0)
        run->threads = omp_get_num_procs();
}

/* --- one service ----------------------------------------------------------------------
 */

static void fail(struct yaga_train_service *result, const struct yaga_error *err)
{
    result->outcome =
        err->status == YAGA_E_NO_DATA ? YAGA_TRAIN_INSUFFICIENT : YAGA_TRAIN_ERROR;
    (void)yaga_format(result->message, sizeof result->message, "%.500s", err->text);
}

static void remember_fatal(struct yaga_train *run, const struct yaga_error *err)
{
    if (run->fatal != YAGA_OK)
        return;
    run->fatal = err->status;
}

/* Was anything learned that was to be learned? A variant never stands in for a baseline.
 */
static bool has_learned(const struct yaga_train *run,
                        const struct yaga_train_service *result)
{
    bool learned = run->train_baseline && (result->n_periods > 0 || result->pooled);
    for (size_t i = 0; !run->train_baseline && i < run->report->n_variants; i++)
        learned = learned || result->variants[i].trained;
    return learned;
}

/* The service failed anyway; that it cannot be promoted later is another thing to tell.
 */
static void stage(struct yaga_train *run,
                  const char *run_id,
                  struct yaga_trained_service *models,
                  struct yaga_train_service *result)
{
    struct yaga_error err = {.status = YAGA_OK};
    if (yaga_train_stage(run, run_id, result, models, &err) == YAGA_OK)
        return;
    yaga_log(YAGA_LOG_ERROR, "NOT_STAGED", result->name, "%s", err.text);
    if (err.status == YAGA_E_NO_SPACE)
        remember_fatal(run, &err);
}

/* Called for one service at a time. */
static void finish_service(struct yaga_train *run,
                           struct yaga_trained_service *models,
                           const char *run_id,
                           int64_t started_ms,
                           struct yaga_train_service *result)
{
    struct yaga_error err = {.status = YAGA_OK};
    if (result->outcome == YAGA_TRAINED && !has_learned(run, result)) {
        result->outcome = YAGA_TRAIN_INSUFFICIENT;
        (void)yaga_format(result->message, sizeof result->message, "%s",
                          run->train_baseline
                              ? "no period has enough data for a model"
                              : "no variant could be trained, and "
                                "training.model_variants.train_baseline is off");
    }
    if (result->outcome == YAGA_TRAINED && !run->options->dry_run &&
        yaga_train_publish(run, run_id, result, models, &err) != YAGA_OK) {
        result->outcome = YAGA_TRAIN_PROMOTION;
        (void)yaga_format(result->message, sizeof result->message, "%.500s", err.text);
        if (err.status == YAGA_E_NO_SPACE) /* the next service would meet the same wall */
            remember_fatal(run, &err);
    }
    if (result->outcome == YAGA_TRAIN_VALIDATION && !run->options->dry_run)
        stage(run, run_id, models, result);
    result->took_s = (double)(yaga_clock_monotonic_ms() - started_ms) / 1000.0;
    yaga_train_record_end(run, result);
    result->finished = true;
    yaga_train_tell(run, result);
    yaga_train_service_done(run, result);
}

static bool stopped(const struct yaga_train *run)
{
    return run->fatal != YAGA_OK ||
           (run->options->interrupted != NULL && run->options->interrupted());
}

static void train_service(struct yaga_train *run,
                          struct yaga_fleet_service *service,
                          struct yaga_train_service *result)
{
    struct yaga_error err = {.status = YAGA_OK};
    struct yaga_trained_service models = {.sets = {{.by_period = {NULL}}}};
    char run_id[YAGA_RUN_ID_MAX];
    int64_t started_ms = yaga_clock_monotonic_ms();
    yaga_train_run_id(run, service->name, "baseline", run_id);
    result->served_before = yaga_train_is_served(run, service->name);
    if (yaga_train_study(run, service, run_id, &models, result, &err) != YAGA_OK)
        fail(result, &err);
#pragma omp critical(yaga_publish)
    if (!stopped(run))
        finish_service(run, &models, run_id, started_ms, result);
    for (size_t s = 0; s < YAGA_TRAINED_SETS; s++)
        yaga_trained_models_clear(&models.sets[s]);
}

/* --- the run
 * ----------------------------------------------------------------------------- */

static void fetch_progress(void *context, size_t done, size_t total)
{
    yaga_train_reading(context, done, total);
}

static bool nobody_has(const struct yaga_fleet *fleet, size_t metric)
{
    for (size_t i = 0; i < fleet->n_services; i++) {
        if (fleet->services[i].presence[metric] != YAGA_ABSENT)
            return false;
    }
    return true;
}

static enum yaga_status fetch(struct yaga_train *run,
                              struct yaga_source *source,
                              const char *const *names,
                              size_t n,
                              struct yaga_fleet *fleet,
                              struct yaga_error *err)
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
    enum yaga_status st = yaga_source_fetch(source, &request, fleet, err);
    if (st != YAGA_OK)
        return st;
    yaga_tell_metrics(run->setup, fleet);
    for (size_t m = 0; m < fleet->n_metrics; m++) {
        if (fleet->metric_error[m][0] == '\0' && run->setup->metrics[m].expected &&
            nobody_has(fleet, m))
            yaga_log(YAGA_LOG_WARN, "METRICS_EMPTY", NULL,
                     "metric %s: no series with the %s of any of %zu services",
                     run->setup->metrics[m].name,
                     yaga_query_service_label(&run->setup->metrics[m]), n);
    }
    return YAGA_OK;
}

static void train_fleet(struct yaga_train *run,
                        struct yaga_fleet *fleet,
                        struct yaga_train_service *results)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(run->threads)
    for (size_t i = 0; i < fleet->n_services; i++) {
        (void)yaga_format(results[i].name, sizeof results[i].name, "%s",
                          fleet->services[i].name);
        if (!stopped(run))
            train_service(run, &fleet->services[i], &results[i]);
        yaga_frame_clear(
            &fleet->services[i].frame); /* the batch shrinks while it is worked on */
    }
}

static enum yaga_status why_stopped(const struct yaga_train *run, struct yaga_error *err)
{
    if (!stopped(run))
        return YAGA_OK;
    if (run->fatal == YAGA_OK)
        return yaga_error_set(err, YAGA_E_INTERRUPTED,
                              "interrupted: services not yet trained keep their models");
    return yaga_error_set(
        err, run->fatal,
        "stopped: the disk is full; services not yet trained keep their models");
}

static enum yaga_status train_batch(struct yaga_train *run,
                                    struct yaga_source *source,
                                    const char *const *names,
                                    size_t n,
                                    struct yaga_train_service *results,
                                    struct yaga_error *err)
{
    struct yaga_fleet fleet = {.n_services = 0};
    enum yaga_status st = yaga_train_records_begin(run, names, n, err);
    if (st == YAGA_OK)
        st = fetch(run, source, names, n, &fleet, err);
    if (st == YAGA_OK) {
        train_fleet(run, &fleet, results);
        yaga_fleet_clear(&fleet);
        st = why_stopped(run, err);
    }
    if (st != YAGA_OK)
        yaga_train_records_abort(run, names, n, results, err);
    return st;
}

static int by_name(const void *a, const void *b)
{
    const struct yaga_train_service *x = a;
    const struct yaga_train_service *y = b;
    return strcmp(x->name, y->name);
}

/* A batch that was not read has no names yet. */
static void explain_unfinished(struct yaga_train_report *report,
                               const char *const *names,
                               const struct yaga_error *why)
{
    bool source = why->status == YAGA_E_NETWORK || why->status == YAGA_E_CIRCUIT;
    for (size_t i = 0; i < report->n_services; i++) {
        struct yaga_train_service *s = &report->services[i];
        if (s->finished)
            continue;
        if (s->name[0] == '\0')
            (void)yaga_format(s->name, sizeof s->name, "%s", names[i]);
        s->outcome = source ? YAGA_TRAIN_SOURCE : YAGA_TRAIN_ERROR;
        (void)yaga_format(s->message, sizeof s->message, "%.500s", why->text);
    }
}

static enum yaga_status train_all(struct yaga_train *run,
                                  struct yaga_source *source,
                                  const char *const *names,
                                  size_t n,
                                  struct yaga_error *err)
{
    struct yaga_train_report *report = run->report;
    YAGA_AUTO_MEM(double) took_s = yaga_alloc(n, sizeof *took_s);
    report->services = yaga_calloc(n, sizeof *report->services);
    if (report->services == NULL || took_s == NULL)
        return yaga_error_nomem(err);
    run->took_s = took_s;
    report->n_services = n;
    int64_t started_ms = yaga_clock_monotonic_ms();
    enum yaga_status st = YAGA_OK;
    yaga_train_log_begin(run);
    for (size_t at = 0; st == YAGA_OK && at < n; at += YAGA_SERVICES_PER_BATCH) {
        size_t count =
            n - at < YAGA_SERVICES_PER_BATCH ? n - at : YAGA_SERVICES_PER_BATCH;
        st = train_batch(run, source, names + at, count, report->services + at, err);
    }
    if (st != YAGA_OK)
        explain_unfinished(report, names, err);
    qsort(report->services, n, sizeof *report->services, by_name);
    for (size_t i = 0; i < n; i++)
        report->n_trained += report->services[i].outcome == YAGA_TRAINED;
    yaga_train_log_end(run, started_ms);
    return st;
}

static enum yaga_status
with_services(struct yaga_train *run, struct yaga_source *source, struct yaga_error *err)
{
    struct yaga_train_names names;
    enum yaga_status st =
        yaga_train_names_init(&names, run->setup, run->options, source, run->end_s, err);
    if (st != YAGA_OK)
        return st;
    if (run->options->warm_cache)
        st = yaga_cache_warm(run, source, names.names, names.n, err);
    if (st == YAGA_OK)
        st = train_all(run, source, names.names, names.n, err);
    yaga_train_names_clear(&names);
    return st;
}

static enum yaga_status open_state(struct yaga_train *run, struct yaga_error *err)
{
    if (run->options->dry_run)
        return YAGA_OK;
    enum yaga_status st =
        yaga_state_open(yaga_config_string(run->setup->config, "fingerprinting.db_path"),
                        true, &run->store, err);
    if (st == YAGA_OK)
        st = yaga_training_runs_tidy(run->store, run->options->now_s,
                                     yaga_train_int(run, "training.run_retention_days"),
                                     err);
    if (st == YAGA_OK)
        st = yaga_scores_tidy(run->store, run->options->now_s, err);
    return st;
}

static enum yaga_status locked_run(struct yaga_train *run, struct yaga_error *err)
{
    YAGA_AUTO(yaga_source) source = NULL;
    enum yaga_status st = open_state(run, err);
    if (st == YAGA_OK)
        st = yaga_cache_source(run->setup, run->options, false, &source, err);
    if (st == YAGA_OK)
        st = with_services(run, source, err);
    run->store = yaga_store_close(run->store);
    return st;
}

static void name_batch(const struct yaga_train *run)
{
    char text[64];
    char hex[YAGA_SHA256_HEX];
    (void)yaga_format(text, sizeof text, "batch|%lld", (long long)run->options->now_s);
    yaga_sha256_hex(text, strlen(text), hex);
    (void)yaga_format(run->report->batch_id, sizeof run->report->batch_id, "%.8s", hex);
}

enum yaga_status yaga_train_lock(const struct yaga_setup *setup,
                                 struct yaga_lock *lock,
                                 struct yaga_error *err)
{
    const char *models_dir = yaga_config_string(setup->config, "model.models_directory");
    char path[YAGA_PATH_MAX];
    size_t n_removed = 0;
    if (!yaga_format(path, sizeof path, "%s/train.lock", models_dir))
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "model.models_directory: path too long");
    enum yaga_status st = yaga_dir_make(models_dir, err);
    if (st == YAGA_OK)
        st = yaga_lock_take(path, lock, err);
    if (st == YAGA_E_LOCKED)
        return yaga_error_wrap(err, "another training is still running");
    if (st != YAGA_OK)
        return st;
    st = yaga_registry_recover(models_dir, &n_removed, err);
    if (st != YAGA_OK)
        yaga_lock_release(lock);
    else if (n_removed > 0)
        yaga_log(YAGA_LOG_WARN, "LEFTOVERS", NULL,
                 "a run died before it could put %zu new versions into use: removed, the "
                 "versions before serve on",
                 n_removed);
    return st;
}

static enum yaga_status empty_staging(const struct yaga_train *run,
                                      struct yaga_error *err)
{
    size_t n_removed = 0;
    enum yaga_status st = yaga_registry_clear_staging(
        yaga_config_string(run->setup->config, "model.staging_directory"),
        run->options->only, run->options->n_only, &n_removed, err);
    if (st == YAGA_OK && n_removed > 0)
        yaga_log(YAGA_LOG_INFO, "STAGING_EMPTIED", NULL,
                 "removed what earlier runs had staged of %zu services", n_removed);
    return st;
}

static enum yaga_status back_up(struct yaga_train *run, struct yaga_error *err)
{
    if (!run->options->keep_backup)
        return YAGA_OK;
    enum yaga_status st = yaga_train_backup(run, err);
    run->report->backup_failed = st != YAGA_OK;
    return st;
}

static enum yaga_status lock_and_run(struct yaga_train *run, struct yaga_error *err)
{
    struct yaga_lock lock = {.fd = -1};
    if (run->options->dry_run)
        return locked_run(run, err);
    enum yaga_status st = yaga_train_lock(run->setup, &lock, err);
    if (st == YAGA_OK)
        st = empty_staging(run, err);
    if (st == YAGA_OK && !run->options->skip_disk_check)
        st = yaga_train_check_disk(run, err);
    if (st == YAGA_OK)
        st = back_up(run, err);
    if (st == YAGA_OK)
        st = locked_run(run, err);
    yaga_lock_release(&lock);
    return st;
}

enum yaga_status yaga_train_run(const struct yaga_setup *setup,
                                const struct yaga_train_options *options,
                                struct yaga_train_report *report,
                                struct yaga_error *err)
{
    struct yaga_train run = {.setup = setup,
                             .options = options,
                             .report = report,
                             .began_ms = yaga_clock_monotonic_ms()};
    *report = (struct yaga_train_report){.n_services = 0};
    yaga_fit_setup(setup, &run.fit);
    setup_threads(&run);
    name_batch(&run);
    enum yaga_status st = yaga_train_range(&run, err);
    if (st == YAGA_OK)
        st = lock_and_run(&run, err);
    yaga_windows_clear(&run.maintenance);
    return st;
}
