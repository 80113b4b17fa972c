/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Training: history of every service -> models on disk. Read train.c top to bottom.
 */
#ifndef YAGA_PIPELINE_TRAIN_H
#define YAGA_PIPELINE_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/model/gate.h"
#include "yaga/pipeline/setup.h"

struct yaga_portrait; /* report.h */

/* How far a run is. */
struct yaga_train_progress {
    const char *service;  /* the one that is done; NULL: history is being read */
    size_t done, total;   /* services, or questions to the source */
    double remaining_s;   /* until all services are done, at the median time of those that are; NaN before the first */
};

struct yaga_train_options {
    int64_t now_s;
    const char *const *only; /* services; NULL = all */
    size_t n_only;
    int64_t start_s, end_s;  /* 0 = now - settle - lookback .. now - settle */
    int threads;             /* 0 = as configured */
    bool direct;             /* publish what failed the validation gate too */
    bool dry_run;            /* everything except writing models and records */
    bool skip_disk_check;    /* train although there may be no room for the models */
    bool keep_backup;        /* copy the models folder before anything is trained */
    bool portraits;          /* keep what a report shows of every service */
    bool warm_cache;         /* read the history of all services before the first is trained */
    bool force;              /* ask again for what the cache covers */
    bool (*interrupted)(void);
    void (*progress)(void *context, const struct yaga_train_progress *progress); /* for people, or NULL */
    void *progress_context;
};

enum yaga_train_outcome {
    YAGA_TRAINED,              /* models published */
    YAGA_TRAIN_NO_DATA,        /* no rows at all */
    YAGA_TRAIN_INSUFFICIENT,   /* too few rows, or no period could be modelled */
    YAGA_TRAIN_QUALITY,        /* quality grade below training.min_quality_grade */
    YAGA_TRAIN_SOURCE,         /* its queries failed */
    YAGA_TRAIN_VALIDATION,     /* trained, but failed the gate: the version before stays */
    YAGA_TRAIN_PROMOTION,      /* trained, but the models could not be written or switched to */
    YAGA_TRAIN_ERROR           /* anything else: see message */
};
const char *yaga_train_outcome_name(enum yaga_train_outcome outcome);

/* Why a period has no model of its own from this training; "" where it has one. */
enum { YAGA_REASON_MAX = 160 };
struct yaga_reasons {
    char text[YAGA_N_PERIODS][YAGA_REASON_MAX];
};

/* A variant of a service's models, beside its baseline. */
struct yaga_train_variant {
    bool trained;             /* and published with the service; false: see message */
    char message[256];
    size_t n_rows;            /* rows with data of its excluded periods */
    size_t n_periods;         /* pooled not counted */
    struct yaga_reasons not_trained;
};

struct yaga_train_service {
    char name[YAGA_NAME_MAX + 1];
    enum yaga_train_outcome outcome;
    char message[512];
    size_t n_rows;            /* rows with data that are not left out */
    size_t n_excluded, n_maintenance, n_incident; /* rows with data left out: excluded periods, maintenance, own incidents */
    size_t n_lent;            /* rows of variants with too few days that the baseline's forests have seen */
    size_t n_incident_kept;   /* rows in own incidents that were too many to be left out */
    struct yaga_train_variant variants[YAGA_VARIANTS_MAX]; /* as in the report's variants */
    char grade;
    size_t n_periods;         /* periods with a model, pooled not counted */
    size_t n_periods_wanted;
    bool pooled;
    struct yaga_reasons not_trained; /* of the baseline: too little data, or refused by the gate */
    bool served_before;              /* there was a version in use before this run */
    bool kept[YAGA_N_PERIODS];       /* of the baseline: the gate refused, the model before serves on */
    double alpha, achieved_per_week;
    enum yaga_gate_verdict verdict; /* of the gate */
    bool forced;              /* published although models failed */
    size_t n_passed, n_warned, n_failed; /* periods, pooled not counted */
    size_t n_features;        /* metrics that some period judges */
    size_t n_explainable;     /* of these, those that can be explained in every period that judges them */
    char issues[256];         /* of the data, in words; "" = none */
    char *quality;            /* owned: the quality report as JSON; NULL = nothing was read */
    char *details;            /* owned: the gate of every period as JSON; NULL = there was none */
    char findings[512];       /* what the gate found, by period; "" = nothing */
    double signals_now, signals_before; /* share of held-out rows with a signal, by the candidates and by the models in use; NaN: not known */
    double took_s;            /* from its history to its models, published and recorded or refused */
    bool finished;            /* published or refused, and recorded; false: the run ended before */
    struct yaga_portrait *portrait; /* owned; NULL unless asked for, and where nothing could be read */
};
struct yaga_train_report {
    size_t n_services;
    struct yaga_train_service *services; /* owned, sorted by name */
    size_t n_trained;
    bool backup_failed;                  /* that was why the run failed */
    char batch_id[16];
    int64_t start_s, end_s;              /* range that was read */
    size_t n_variants;                   /* variants whose excluded periods are in that range */
    const char *variants[YAGA_VARIANTS_MAX]; /* borrowed from the configuration */
};
/* Also after a run that failed: services that it did not get to have the reason as their message. */
void yaga_train_report_clear(struct yaga_train_report *report);

/* Keep trainings, rollbacks and promotions apart: the lock of the models folder, which is made, without what a run that died left
 * in it. YAGA_E_LOCKED when another process holds it. Release with yaga_lock_release. */
struct yaga_lock;
enum yaga_status yaga_train_lock(const struct yaga_setup *setup, struct yaga_lock *lock, struct yaga_error *err) YAGA_MUST_USE;

struct yaga_retrain_list; /* state/state.h */
/* Configured services for which inference has asked for a training (training.retrain_on_drift); none without a state database. The list is
 * the caller's. */
enum yaga_status yaga_train_pending(const struct yaga_setup *setup, struct yaga_retrain_list *out,
                                    struct yaga_error *err) YAGA_MUST_USE;

/* Publish what is staged (options.only, or all), whatever the gate said about it: after a check of the files, under the lock, with
 * the verdict "forced" where it had failed. One service's failure is told and changes nothing of it or of others. */
struct yaga_train_promoted {
    size_t n_promoted, n_failed;
    /* run_id: what serves now; NULL: it failed, why says how. */
    void (*tell)(void *context, const char *service, const char *run_id, bool forced, const struct yaga_error *why);
    void *context;
};
enum yaga_status yaga_train_promote(const struct yaga_setup *setup, const struct yaga_train_options *options,
                                    struct yaga_train_promoted *promoted, struct yaga_error *err) YAGA_MUST_USE;

/* YAGA_OK when the run as a whole worked, whatever single services did (see the report). Statuses for callers: YAGA_E_LOCKED,
 * YAGA_E_NETWORK / YAGA_E_CIRCUIT (nothing could be read), YAGA_E_CONFIG (no services), YAGA_E_NO_SPACE (also: not
 * enough room to begin), YAGA_E_INTERRUPTED, YAGA_E_STORE. */
enum yaga_status yaga_train_run(const struct yaga_setup *setup, const struct yaga_train_options *options,
                                struct yaga_train_report *report, struct yaga_error *err) YAGA_MUST_USE;

#endif
