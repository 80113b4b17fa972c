/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table training_runs: every run of every service begins once and ends once. */
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/train_internal.h"
#include "yaga/state/state.h"

void yaga_train_run_id(const struct yaga_train *run, const char *service, char out[YAGA_RUN_ID_MAX])
{
    char text[512];
    char hex[YAGA_SHA256_HEX];
    (void)yaga_format(text, sizeof text, "%s|baseline|%lld|%lld|%lld|%s", service,
                      (long long)run->options->now_s, (long long)run->start_s, (long long)run->end_s,
                      run->setup->config_digest);
    yaga_sha256_hex(text, strlen(text), hex);
    (void)yaga_format(out, YAGA_RUN_ID_MAX, "train_%.12s", hex);
}

static void fill_run_record(const struct yaga_train *run, const struct yaga_train_service *result, const char *run_id,
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

enum yaga_status yaga_train_records_begin(struct yaga_train *run, const char *const *names, size_t n, struct yaga_error *err)
{
    for (size_t i = 0; run->store != NULL && i < n; i++) {
        struct yaga_train_service service = {.outcome = YAGA_TRAINED};
        struct yaga_training_run record;
        char run_id[YAGA_RUN_ID_MAX];
        (void)yaga_format(service.name, sizeof service.name, "%s", names[i]);
        yaga_train_run_id(run, service.name, run_id);
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

void yaga_train_record_end(struct yaga_train *run, const struct yaga_train_service *result, const char *run_id)
{
    struct yaga_training_run record;
    struct yaga_error err;
    if (run->store == NULL)
        return;
    fill_run_record(run, result, run_id, &record);
    if (yaga_training_run_end(run->store, &record, &err) != YAGA_OK)
        yaga_log(YAGA_LOG_ERROR, "RUN_RECORD", result->name, "%s", err.text);
}

void yaga_train_records_abort(struct yaga_train *run, const char *const *names, size_t n,
                              const struct yaga_train_service *results, const struct yaga_error *why)
{
    for (size_t i = 0; i < n; i++) {
        struct yaga_train_service unfinished = {.outcome = YAGA_TRAIN_ERROR};
        char run_id[YAGA_RUN_ID_MAX];
        bool finished = false;
        for (size_t k = 0; k < n; k++)
            finished = finished || (results[k].finished && strcmp(results[k].name, names[i]) == 0);
        if (finished)
            continue;
        (void)yaga_format(unfinished.name, sizeof unfinished.name, "%s", names[i]);
        (void)yaga_format(unfinished.message, sizeof unfinished.message, "%.500s", why->text);
        yaga_train_run_id(run, names[i], run_id);
        yaga_train_record_end(run, &unfinished, run_id);
    }
}
