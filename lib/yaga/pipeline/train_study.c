/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One service of a training run: is there enough to learn from, what is left out of it,
 * and the learning. */
#include <math.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/quality_json.h"
#include "yaga/pipeline/report_internal.h"
#include "yaga/pipeline/train_internal.h"
#include "yaga/state/state.h"

static size_t rows_with_data(const struct yaga_frame *frame, const uint8_t *left_out)
{
    size_t n = 0;
    for (size_t t = 0; t < frame->n_rows; t++)
        n += left_out[t] == YAGA_ROW_IN && yaga_frame_row_present(frame, t);
    return n;
}

/* The first metric whose query failed, or -1. A model without it would take the place of
 * one that knows it. */
static int failed_query(const struct yaga_fleet_service *service, size_t n_metrics)
{
    for (size_t m = 0; m < n_metrics; m++) {
        if (service->presence[m] == YAGA_FAILED)
            return (int)m;
    }
    return -1;
}

/* Is there enough, and good enough, to learn from? Sets outcome and message when not. */
static bool worth_training(const struct yaga_train *run,
                           const struct yaga_fleet_service *service,
                           const struct yaga_quality *quality,
                           struct yaga_train_service *result)
{
    int64_t need = yaga_train_int(run, "training.min_data_points");
    const char *worst =
        yaga_config_string(run->setup->config, "training.min_quality_grade");
    int failed = failed_query(service, run->setup->n_metrics);
    result->grade = quality->grade;
    if (failed >= 0) {
        result->outcome = YAGA_TRAIN_SOURCE;
        (void)yaga_format(result->message, sizeof result->message,
                          "metric %s could not be read, see METRICS_FAILED%s",
                          run->setup->metrics[failed].name,
                          result->served_before ? "; the models it has stay in use" : "");
    } else if (result->n_rows == 0) {
        result->outcome = YAGA_TRAIN_NO_DATA;
        (void)yaga_format(result->message, sizeof result->message,
                          "no data in the training range");
    } else if ((int64_t)result->n_rows < need) {
        result->outcome = YAGA_TRAIN_INSUFFICIENT;
        (void)yaga_format(result->message, sizeof result->message,
                          "%zu rows with data, %lld needed (training.min_data_points)",
                          result->n_rows, (long long)need);
    } else if (quality->grade > worst[0]) { /* grades are letters that rise */
        result->outcome = YAGA_TRAIN_QUALITY;
        (void)yaga_format(
            result->message, sizeof result->message,
            "data quality %.0f of 100 (grade %c, training.min_quality_grade %s): check "
            "coverage and gaps",
            quality->score, quality->grade, worst);
    } else {
        return true;
    }
    return false;
}

/* Learn the baseline and the variants from a history that is worth it. */
static enum yaga_status learn(struct yaga_train *run,
                              const struct yaga_history *history,
                              const struct yaga_quality *quality,
                              const struct yaga_exceptions *exceptions,
                              const char *run_id,
                              struct yaga_trained_service *models,
                              struct yaga_train_service *result,
                              struct yaga_error *err)
{
    result->alpha = (double)NAN;
    result->achieved_per_week = (double)NAN;
    result->signals_now = result->signals_before = (double)NAN;
    result->n_periods_wanted = yaga_period_count(run->setup->calendar.scheme);
    enum yaga_status st = YAGA_OK;
    YAGA_AUTO_MEM(uint8_t) lent = NULL;
    if (run->train_baseline)
        st = yaga_train_lend(run, history, exceptions, &lent, &result->n_lent, err);
    struct yaga_history baseline = *history; /* borrows all but the lent rows */
    baseline.lent = lent;
    if (st == YAGA_OK && run->train_baseline)
        st = yaga_train_learn(run, &baseline, quality, run_id, &models->sets[0], result,
                              err);
    if (st == YAGA_OK && result->outcome == YAGA_TRAINED)
        yaga_train_variants(run, history, quality, exceptions, run_id, models, result);
    return st;
}

struct live_rows {
    const struct yaga_frame *frame;
    struct yaga_live_scores *live;
};

static void take_score(void *context, const struct yaga_score *score)
{
    struct live_rows *rows = context;
    /* cycles come more often than rows, and at other times: the last of a step counts */
    int64_t since_s = score->at_s - rows->frame->start_s;
    size_t t = (size_t)(since_s / rows->frame->step_s);
    if (since_s < 0 || t >= rows->frame->n_rows)
        return;
    rows->live->n += isnan(rows->live->channel[YAGA_CHANNEL_FAST][t]);
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        rows->live->channel[c][t] = score->channel[c];
}

/* What inference scored in the range of the frame. */
static enum yaga_status recall(const struct yaga_train *run,
                               const struct yaga_fleet_service *service,
                               struct yaga_live_scores *live,
                               struct yaga_error *err)
{
    const struct yaga_frame *frame = &service->frame;
    struct live_rows rows = {.frame = frame, .live = live};
    enum yaga_status st = yaga_live_scores_init(live, frame->n_rows, err);
    if (st != YAGA_OK || run->store == NULL)
        return st;
#pragma omp critical(yaga_publish)
    st = yaga_scores_each(run->store, service->name, run->start_s, run->end_s, take_score,
                          &rows, err);
    return st;
}

static enum yaga_status leave_out(const struct yaga_train *run,
                                  const struct yaga_fleet_service *service,
                                  struct yaga_incident_time **incidents,
                                  struct yaga_exceptions *exceptions,
                                  struct yaga_exclusion *x,
                                  struct yaga_train_service *result,
                                  struct yaga_error *err)
{
    enum yaga_status st;
#pragma omp critical(yaga_publish)
    st = yaga_train_exceptions(run, service->name, incidents, exceptions, err);
    if (st == YAGA_OK)
        st = yaga_exclude_rows(exceptions, service->name, NULL, &service->frame, x, err);
    if (st != YAGA_OK)
        return st;
    result->n_rows = rows_with_data(&service->frame, x->left_out);
    result->n_excluded = x->n_excluded;
    result->n_maintenance = x->n_maintenance;
    result->n_incident = x->n_incident;
    result->n_incident_kept = x->n_incident_kept;
    return YAGA_OK;
}

static enum yaga_status keep_quality(const struct yaga_metric *metrics,
                                     const struct yaga_quality *quality,
                                     const size_t *corrected,
                                     struct yaga_train_service *result,
                                     struct yaga_error *err)
{
    yaga_quality_issues(metrics, quality, corrected, result->issues,
                        sizeof result->issues);
    YAGA_AUTO(yaga_json) json = yaga_quality_json(metrics, quality, corrected);
    return yaga_json_dump(json, false, &result->quality, err);
}

/* A picture that finds no memory costs the picture, not the models. */
static void portray(const struct yaga_train *run,
                    const struct yaga_sitting *sitting,
                    struct yaga_train_service *result)
{
    struct yaga_error err;
    if (yaga_portrait_make(run, sitting, result->alpha, &result->portrait, &err) !=
        YAGA_OK)
        yaga_log(YAGA_LOG_WARN, "REPORT_INCOMPLETE", result->name, "%s", err.text);
}

enum yaga_status yaga_train_study(struct yaga_train *run,
                                  struct yaga_fleet_service *service,
                                  const char *run_id,
                                  struct yaga_trained_service *models,
                                  struct yaga_train_service *result,
                                  struct yaga_error *err)
{
    struct yaga_metric metrics[YAGA_METRICS_MAX];
    size_t corrected[YAGA_METRICS_MAX] = {0};
    struct yaga_quality quality;
    struct yaga_exceptions exceptions;
    struct yaga_exclusion x = {.left_out = NULL};
    struct yaga_history history = {.service = NULL};
    struct yaga_live_scores live = {.n = 0};
    YAGA_AUTO_MEM(struct yaga_incident_time) incidents = NULL;

    yaga_setup_service_metrics(run->setup, service->name, metrics);
    yaga_frame_validate(&service->frame, metrics, NULL, corrected);
    yaga_frame_resolve_absence(&service->frame, metrics, service->presence);
    enum yaga_status st =
        leave_out(run, service, &incidents, &exceptions, &x, result, err);
    if (st != YAGA_OK)
        return st;
    yaga_quality_assess_part(&service->frame, metrics, x.left_out, corrected, &quality);
    st = keep_quality(metrics, &quality, corrected, result, err);
    if (st == YAGA_OK && worth_training(run, service, &quality, result)) {
        st = yaga_history_init(&history, service->name, &service->frame, metrics,
                               &run->setup->calendar, err);
        history.left_out = x.left_out;
        history.live = &live;
        yaga_setup_service_class(run->setup, service->name, &history.service_class);
        if (st == YAGA_OK)
            st = recall(run, service, &live, err);
        if (st == YAGA_OK)
            st = learn(run, &history, &quality, &exceptions, run_id, models, result, err);
        yaga_live_scores_clear(&live);
        yaga_history_clear(&history);
    }
    if (run->options->portraits)
        portray(run,
                &(struct yaga_sitting){.frame = &service->frame,
                                       .metrics = metrics,
                                       .left_out = x.left_out,
                                       .quality = &quality,
                                       .corrected = corrected,
                                       .models = &models->sets[0]},
                result);
    yaga_exclusion_clear(&x);
    return st;
}
