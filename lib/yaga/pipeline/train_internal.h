/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the training pipeline share. */
#ifndef YAGA_PIPELINE_TRAIN_INTERNAL_H
#define YAGA_PIPELINE_TRAIN_INTERNAL_H

#include "yaga/io/store.h"
#include "yaga/pipeline/budget.h"
#include "yaga/pipeline/fit.h"
#include "yaga/pipeline/train.h"
#include "yaga/series/quality.h"

/* Everything one run shares; read-only inside the parallel part except where noted. */
struct yaga_train {
    const struct yaga_setup *setup;
    const struct yaga_train_options *options;
    struct yaga_fit_params fit;
    int64_t start_s, end_s;
    struct yaga_store *store; /* NULL in a dry run; used under the publish lock only */
    struct yaga_train_report *report;
    size_t n_done;            /* under the publish lock */
    enum yaga_status fatal;   /* first failure that must stop the run (disk full); under the publish lock */
};

static inline int64_t yaga_train_int(const struct yaga_train *run, const char *key)
{
    return yaga_config_int(run->setup->config, key);
}

/* One service's models, by period. */
struct yaga_trained_models {
    struct yaga_model *by_period[YAGA_N_PERIODS]; /* owned; NULL = too little data */
};
void yaga_trained_models_clear(struct yaga_trained_models *models);

/* Fit candidates, find alpha, fit again on everything, name the result (train_service.c). */
enum yaga_status yaga_train_learn(const struct yaga_train *run, const struct yaga_history *history,
                                  const struct yaga_quality *quality, const char *run_id,
                                  struct yaga_trained_models *models, struct yaga_train_service *result,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* The same data, settings and time give the same run: the id is derived, not drawn. */
void yaga_train_run_id(const struct yaga_train *run, const char *service, char out[YAGA_RUN_ID_MAX]);

/* Rows of the table training_runs (train_records.c); nothing happens without a store. */
/* Before any query: a run that dies leaves RUNNING rows behind, which the next run marks abandoned. */
enum yaga_status yaga_train_records_begin(struct yaga_train *run, const char *const *names, size_t n,
                                          struct yaga_error *err) YAGA_MUST_USE;
/* One service is done; a failure is logged. */
void yaga_train_record_end(struct yaga_train *run, const struct yaga_train_service *result, const char *run_id);
/* The run as a whole ends early: what has no end yet gets this one. */
void yaga_train_records_abort(struct yaga_train *run, const char *const *names, size_t n,
                              const struct yaga_train_service *results, const struct yaga_error *why);

#endif
