/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the training pipeline share. */
#ifndef YAGA_PIPELINE_TRAIN_INTERNAL_H
#define YAGA_PIPELINE_TRAIN_INTERNAL_H

#include "yaga/io/store.h"
#include "yaga/pipeline/exclude.h"
#include "yaga/pipeline/fit.h"
#include "yaga/pipeline/fit_setup.h"
#include "yaga/pipeline/gate.h"
#include "yaga/pipeline/train.h"
#include "yaga/pipeline/whole.h"
#include "yaga/series/quality.h"

/* Everything one run shares; read-only inside the parallel part except where noted. */
struct yaga_train {
    const struct yaga_setup *setup;
    const struct yaga_train_options *options;
    struct yaga_fit_params fit;
    int64_t start_s, end_s;
    int64_t began_ms;         /* monotonic */
    struct yaga_store *store; /* NULL in a dry run; used under the publish lock only */
    struct yaga_train_report *report;
    bool train_baseline;
    struct yaga_windows maintenance;
    int threads;              /* services at a time */
    size_t n_done;            /* under the publish lock */
    double *took_s;           /* of the services that are done; owned by train_all */
    enum yaga_status fatal;   /* first failure that must stop the run (disk full); under the publish lock */
};

static inline int64_t yaga_train_int(const struct yaga_train *run, const char *key)
{
    return yaga_config_int(run->setup->config, key);
}

/* What a run reads (train_range.c): [*start_s, *end_s) on the grid; may be empty. */
void yaga_train_reads(const struct yaga_setup *setup, const struct yaga_train_options *options, int64_t *start_s,
                      int64_t *end_s);
/* Whom a run reads: the configured services, else those the source has seen shortly before at_s. */
struct yaga_train_names {
    const char *const *names; /* borrowed from one of the next two */
    size_t n;
    const char **configured;
    char **found;
    size_t n_found;
};
enum yaga_status yaga_train_names_init(struct yaga_train_names *names, const struct yaga_setup *setup,
                                       const struct yaga_train_options *options, struct yaga_source *source,
                                       int64_t at_s, struct yaga_error *err) YAGA_MUST_USE;
void yaga_train_names_clear(struct yaga_train_names *names);
/* Services are read in batches: memory follows the batch, not the fleet. */
enum { YAGA_SERVICES_PER_BATCH = 50 };

/* One service's models of one variant, by period. */
struct yaga_trained_models {
    struct yaga_model *by_period[YAGA_N_PERIODS]; /* owned; NULL = too little data */
    struct yaga_model *whole; /* owned; of the service at all times, NULL = too little data, or a variant */
};
void yaga_trained_models_clear(struct yaga_trained_models *models);

/* All that is published together: the baseline, then the configured variants in their order. */
enum { YAGA_TRAINED_SETS = 1 + YAGA_VARIANTS_MAX };
struct yaga_trained_service {
    struct yaga_trained_models sets[YAGA_TRAINED_SETS];
};

/* From a fetched frame, which is cleaned in place, to the models of one service, or to the reason why not in *result (train_study.c). */
enum yaga_status yaga_train_study(struct yaga_train *run, struct yaga_fleet_service *service, const char *run_id,
                                  struct yaga_trained_service *models, struct yaga_train_service *result,
                                  struct yaga_error *err) YAGA_MUST_USE;
/* The lines of the log about a service that is done (train_tell.c). */
void yaga_train_tell(const struct yaga_train *run, const struct yaga_train_service *result);

/* Fit candidates, find alpha, ask the gate about a baseline, fit again on everything, name the result (train_service.c). Of the result
 * alpha, achieved_per_week, the numbers of periods and, for a baseline, all that the gate says are written. */
enum yaga_status yaga_train_learn(const struct yaga_train *run, const struct yaga_history *history,
                                  const struct yaga_quality *quality, const char *run_id,
                                  struct yaga_trained_models *models, struct yaga_train_service *result,
                                  struct yaga_error *err) YAGA_MUST_USE;

struct yaga_gate_params yaga_train_gate_params(const struct yaga_train *run, double alpha);
/* Candidates fitted before the newest part of a history, and what the gate says about them on this part, which begins at *first_row. */
enum yaga_status yaga_train_try(const struct yaga_train *run, const struct yaga_history *history, double alpha,
                                size_t *first_row, struct yaga_trained_models *candidates,
                                struct yaga_error *err) YAGA_MUST_USE;
/* The gate's figures of candidates that were judged from first_row on, averaged with those of training.rolling_folds - 1 earlier hold-outs
 * (train_folds.c). */
enum yaga_status yaga_train_folds(const struct yaga_train *run, const struct yaga_history *history, size_t first_row,
                                  double alpha, struct yaga_trained_models *candidates,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* Candidates next to the models in use: result->signals_now, signals_before and a warning (train_compare.c). */
enum yaga_status yaga_train_compare(const struct yaga_train *run, const struct yaga_history *history, size_t first_row,
                                    const struct yaga_trained_models *candidates, struct yaga_train_service *result,
                                    struct yaga_error *err) YAGA_MUST_USE;

/* Which model serves which period, fallbacks included; borrowed from the fitted ones. */
void yaga_train_serve(const struct yaga_train *run, const struct yaga_trained_models *fitted, struct yaga_model_set *set);

/* Variants and what goes with them (train_variants.c). */
/* Range, variants in it and maintenance windows of a run. */
enum yaga_status yaga_train_range(struct yaga_train *run, struct yaga_error *err) YAGA_MUST_USE;
/* What is known about a service; incidents, owned by the caller (yaga_free), go with the result. Reads the store: under the lock. */
enum yaga_status yaga_train_exceptions(const struct yaga_train *run, const char *service, struct yaga_incident_time **incidents,
                                       struct yaga_exceptions *out, struct yaga_error *err) YAGA_MUST_USE;
/* Rows of variants that have too few days for models of their own -> *lent [n_rows] (yaga_free), which stays NULL when there are none or they
 * have no weight; how many -> *n. */
enum yaga_status yaga_train_lend(const struct yaga_train *run, const struct yaga_history *history,
                                 const struct yaga_exceptions *exceptions, uint8_t **lent, size_t *n,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Models of every variant of the run, those that can be; the others get a message. Nothing of it concerns the baseline, of which only
 * alpha is taken, for variants too short to find their own (NaN: none). */
void yaga_train_variants(const struct yaga_train *run, const struct yaga_history *history, const struct yaga_quality *quality,
                         const struct yaga_exceptions *exceptions, const char *run_id, struct yaga_trained_service *models,
                         struct yaga_train_service *result);
/* Sets that this run does not train anew, from the version in use: variants, and the baseline when it is not to be trained. */
enum yaga_status yaga_train_carry_over(const struct yaga_train *run, const char *service, const char *run_id,
                                       struct yaga_trained_service *models, struct yaga_error *err) YAGA_MUST_USE;
/* How many rows were left out, and why, for manifest and record. Never NULL unless memory ran out. */
struct yaga_json *yaga_train_left_out_json(const struct yaga_train_service *result);

/* How long it takes (train_pace.c). */
/* Services still to be done, threads at a time, each as long as the median of those that took took_s[n_done]; NaN before the first. */
double yaga_train_remaining_s(const double *took_s, size_t n_done, size_t n_left, int threads);
/* Count a service that is done, and tell. Under the publish lock. */
void yaga_train_service_done(struct yaga_train *run, const struct yaga_train_service *result);
/* The first and the last line of a run: batch, range, how many services became what. */
void yaga_train_log_begin(const struct yaga_train *run);
void yaga_train_log_end(const struct yaga_train *run, int64_t started_ms);
void yaga_train_reading(const struct yaga_train *run, size_t done, size_t total);

/* Before the training (train_disk.c). */
/* Room for the models in use and as many new ones; YAGA_E_NO_SPACE names the folder. */
enum yaga_status yaga_train_check_disk(const struct yaga_train *run, struct yaga_error *err) YAGA_MUST_USE;
/* The whole models folder, versions and links, as <backup>/<time of the run>: a models folder itself. Nothing when it has no models. */
enum yaga_status yaga_train_backup(const struct yaga_train *run, struct yaga_error *err) YAGA_MUST_USE;

/* What the gate means for the baseline (train_promote.c); variants are not gated. */
/* What the gate found about the candidate (NULL: there was none) holds for the model fitted on all rows; what that fit says about
 * the range is added, and costs quality. */
void yaga_train_adopt_gate(const struct yaga_model *candidate, struct yaga_model *model);
/* Is there a version of the service in use? */
bool yaga_train_is_served(const struct yaga_train *run, const char *service);
/* Count the periods and judge the service; sets outcome and message when it failed. */
void yaga_train_verdict(const struct yaga_train *run, struct yaga_trained_models *models,
                        struct yaga_train_service *result);
/* What the run record tells about it. */
enum yaga_status yaga_train_details(const struct yaga_trained_models *models, struct yaga_train_service *result,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* Publish baseline and variants as one version. In models, those of the version before take the place of periods that failed and of
 * sets that were not trained. */
enum yaga_status yaga_train_publish(const struct yaga_train *run, const char *run_id, const struct yaga_train_service *result,
                                    struct yaga_trained_service *models, struct yaga_error *err) YAGA_MUST_USE;

/* Write what was learned of a service that failed the gate into staging, for a person to look at and yaga_train_promote to publish. */
enum yaga_status yaga_train_stage(const struct yaga_train *run, const char *run_id, struct yaga_train_service *result,
                                  struct yaga_trained_service *models, struct yaga_error *err) YAGA_MUST_USE;

/* The same data, settings and time give the same run: the id is derived, not drawn. That of the baseline is the version's. */
void yaga_train_run_id(const struct yaga_train *run, const char *service, const char *variant, char out[YAGA_RUN_ID_MAX]);

/* Rows of the table training_runs (train_records.c); nothing happens without a store. */
/* Before any query: a run that dies leaves RUNNING rows behind, which the next run marks abandoned. */
enum yaga_status yaga_train_records_begin(struct yaga_train *run, const char *const *names, size_t n,
                                          struct yaga_error *err) YAGA_MUST_USE;
/* What manifest and record tell beside the models: rows, rows left out, and by variant and period why there is no model (a variant that
 * failed as a whole has its reason at every period). Never NULL unless memory ran out. */
struct yaga_json *yaga_train_about_json(const struct yaga_train *run, const struct yaga_train_service *result);
/* One service is done, with its variants; a failure is logged. */
void yaga_train_record_end(struct yaga_train *run, const struct yaga_train_service *result);
/* The run as a whole ends early: what has no end yet gets this one. */
void yaga_train_records_abort(struct yaga_train *run, const char *const *names, size_t n,
                              const struct yaga_train_service *results, const struct yaga_error *why);

#endif
