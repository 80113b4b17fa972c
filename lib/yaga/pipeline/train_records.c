/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table training_runs: every run of every service begins once and ends once. */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/hash.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/train_internal.h"
#include "yaga/state/state.h"

void yaga_train_run_id(const struct yaga_train *run,
                       const char *service,
                       const char *variant,
                       char out[YAGA_RUN_ID_MAX])
{
    char text[512];
    char hex[YAGA_SHA256_HEX];
    (void)yaga_format(text, sizeof text, "%s|%s|%lld|%lld|%lld|%s", service, variant,
                      (long long)run->options->now_s, (long long)run->start_s,
                      (long long)run->end_s, run->setup->config_digest);
    yaga_sha256_hex(text, strlen(text), hex);
    (void)yaga_format(out, YAGA_RUN_ID_MAX, "train_%.12s", hex);
}

/* A run that ended before the gate has failed, too. */
static const char *verdict_text(const struct yaga_train_service *result)
{
    if (result->verdict == YAGA_GATE_FAILED ||
        (result->outcome != YAGA_TRAINED && result->outcome != YAGA_TRAIN_PROMOTION))
        return "FAILED";
    bool all = result->n_periods == result->n_periods_wanted;
    return result->verdict == YAGA_GATE_WARNING || !all ? "WARNING" : "PASSED";
}

static void fill_run_record(const struct yaga_train *run,
                            const struct yaga_train_service *result,
                            struct yaga_training_run *record)
{
    bool trained = result->outcome == YAGA_TRAINED;
    int64_t now_ms = yaga_clock_monotonic_ms(); /* the run may pretend another time */
    *record = (struct yaga_training_run){
        .service = result->name,
        .variant = "baseline",
        .started_at_s = run->options->now_s,
        .completed_at_s = run->options->now_s + (now_ms - run->began_ms) / 1000,
        .status = trained ? "COMPLETED" : "FAILED",
        .total_data_points = (int64_t)result->n_rows,
        .training_start_s = run->start_s,
        .training_end_s = run->end_s,
        .periods_trained = (int64_t)result->n_periods,
        .validation_status = verdict_text(result),
        .periods_passed = (int64_t)result->n_passed,
        .periods_warned = (int64_t)result->n_warned,
        .periods_failed = (int64_t)result->n_failed,
        .feature_count = (int64_t)result->n_features,
        .explainability_metrics = (int64_t)result->n_explainable,
        .quality_report = result->quality,
        .validation_details = result->details,
        .promoted = trained,
        /* nothing was read of it: nothing was done for it */
        .duration_s = result->quality != NULL ? result->took_s : (double)NAN,
        .error_message = trained ? NULL : result->message,
    };
    (void)yaga_format(record->batch_id, sizeof record->batch_id, "%s",
                      run->report->batch_id);
}

/* What the variant has in common with the baseline stays; the gate is not asked about it.
 */
static void fill_variant(const struct yaga_train *run,
                         const struct yaga_train_service *result,
                         size_t variant,
                         struct yaga_training_run *record)
{
    const struct yaga_train_variant *v = &result->variants[variant];
    bool published = v->trained && result->outcome == YAGA_TRAINED;
    record->variant = run->report->variants[variant];
    record->status = published ? "COMPLETED" : "FAILED";
    record->total_data_points = (int64_t)v->n_rows;
    record->periods_trained = (int64_t)v->n_periods;
    record->periods_passed = record->periods_warned = record->periods_failed =
        record->feature_count = record->explainability_metrics = 0;
    record->validation_details = NULL;
    record->validation_status = !published                                ? "FAILED"
                                : v->n_periods < result->n_periods_wanted ? "WARNING"
                                                                          : "PASSED";
    record->promoted = published;
    record->error_message = published               ? NULL
                            : v->message[0] != '\0' ? v->message
                                                    : result->message;
}

/* Row k of a service: the baseline's, when it is trained, then those of the variants.
 * false when there are no more. */
static bool record_at(const struct yaga_train *run,
                      const struct yaga_train_service *result,
                      size_t k,
                      struct yaga_training_run *record)
{
    size_t variant = k - run->train_baseline;
    if (k >= run->report->n_variants + run->train_baseline)
        return false;
    fill_run_record(run, result, record);
    if (k > 0 || !run->train_baseline)
        fill_variant(run, result, variant, record);
    yaga_train_run_id(run, result->name, record->variant, record->run_id);
    return true;
}

static enum yaga_status
begin(struct yaga_train *run, const char *name, struct yaga_error *err)
{
    struct yaga_train_service service = {.outcome = YAGA_TRAINED};
    struct yaga_training_run record;
    (void)yaga_format(service.name, sizeof service.name, "%s", name);
    for (size_t k = 0; record_at(run, &service, k, &record); k++) {
        record.status = "RUNNING";
        record.validation_status = NULL;
        record.promoted = false;
        record.completed_at_s = 0;
        enum yaga_status st = yaga_training_run_begin(run->store, &record, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "service %s: training run record", name);
    }
    return YAGA_OK;
}

enum yaga_status yaga_train_records_begin(struct yaga_train *run,
                                          const char *const *names,
                                          size_t n,
                                          struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && run->store != NULL && i < n; i++)
        st = begin(run, names[i], err);
    return st;
}

/* message: of all periods, "" = they have their own. */
static void set_reasons(struct yaga_json *json,
                        const char *variant,
                        enum yaga_scheme scheme,
                        const struct yaga_reasons *reasons,
                        const char *message)
{
    struct yaga_json *list = yaga_json_object_new();
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const char *text = message[0] != '\0' ? message : reasons->text[p];
        if (text[0] != '\0' &&
            (yaga_period_exists(scheme, (enum yaga_period)p) || p == YAGA_POOLED))
            yaga_json_set_string(list, yaga_period_name((enum yaga_period)p), text);
    }
    if (yaga_json_size(list) > 0)
        yaga_json_set(json, variant, list);
    else
        (void)yaga_json_free(list);
}

struct yaga_json *yaga_train_about_json(const struct yaga_train *run,
                                        const struct yaga_train_service *result)
{
    struct yaga_json *json = yaga_train_left_out_json(result);
    struct yaga_json *not_trained = yaga_json_object_new();
    enum yaga_scheme scheme = run->setup->calendar.scheme;
    yaga_json_set(json, "not_trained", not_trained);
    set_reasons(not_trained, "baseline", scheme, &result->not_trained, "");
    for (size_t i = 0; i < run->report->n_variants; i++) {
        const struct yaga_train_variant *variant = &result->variants[i];
        set_reasons(not_trained, run->report->variants[i], scheme, &variant->not_trained,
                    variant->trained ? "" : variant->message);
    }
    return json;
}

/* As text of the record; NULL when memory ran out. */
static char *metadata(const struct yaga_train *run,
                      const struct yaga_train_service *result)
{
    struct yaga_error err;
    char *text = NULL;
    YAGA_AUTO(yaga_json) json = yaga_train_about_json(run, result);
    return yaga_json_dump(json, false, &text, &err) == YAGA_OK ? text : NULL;
}

/* Who asked for a training has got one, unless it was kept from what it needs. */
static void answer_request(struct yaga_train *run,
                           const struct yaga_train_service *result)
{
    struct yaga_error err;
    if (result->outcome == YAGA_TRAIN_SOURCE || result->outcome == YAGA_TRAIN_PROMOTION ||
        result->outcome == YAGA_TRAIN_ERROR)
        return;
    if (yaga_retrain_handled(run->store, result->name, run->options->now_s, &err) !=
        YAGA_OK)
        yaga_log(YAGA_LOG_ERROR, "RUN_RECORD", result->name, "%s", err.text);
}

void yaga_train_record_end(struct yaga_train *run,
                           const struct yaga_train_service *result)
{
    struct yaga_training_run record;
    struct yaga_error err;
    if (run->store == NULL)
        return;
    answer_request(run, result);
    YAGA_AUTO_MEM(char) text = metadata(run, result);
    for (size_t k = 0; record_at(run, result, k, &record); k++) {
        record.model_metadata = text;
        if (yaga_training_run_end(run->store, &record, &err) != YAGA_OK)
            yaga_log(YAGA_LOG_ERROR, "RUN_RECORD", result->name, "%s", err.text);
    }
}

void yaga_train_records_abort(struct yaga_train *run,
                              const char *const *names,
                              size_t n,
                              const struct yaga_train_service *results,
                              const struct yaga_error *why)
{
    for (size_t i = 0; i < n; i++) {
        struct yaga_train_service unfinished = {.outcome = YAGA_TRAIN_ERROR};
        bool finished = false;
        for (size_t k = 0; k < n; k++)
            finished = finished ||
                       (results[k].finished && strcmp(results[k].name, names[i]) == 0);
        if (finished)
            continue;
        (void)yaga_format(unfinished.name, sizeof unfinished.name, "%s", names[i]);
        (void)yaga_format(unfinished.message, sizeof unfinished.message, "%.500s",
                          why->text);
        yaga_train_record_end(run, &unfinished);
    }
}
