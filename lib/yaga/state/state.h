/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state database: one SQLite file with incidents, outbox, cycles, service states, training runs
 * (incidents-and-alerts.md 8.2, training.md 22). This room owns the schema, its version and upgrades, and the records that belong to no
 * other room; incidents and outbox have their statements in their rooms.
 */
#ifndef YAGA_STATE_STATE_H
#define YAGA_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/io/http.h"
#include "yaga/io/store.h"
#include "yaga/model/model.h"

enum { YAGA_SCHEMA_VERSION = 11 };

/* Open or create and upgrade in one transaction (after a backup copy beside the file when upgrading an older version). A newer user_version, a
 * foreign file (table anomaly_incidents) or a damaged one is YAGA_E_STORE and is not touched. */
enum yaga_status yaga_state_open(const char *path, bool durable, struct yaga_store **out, struct yaga_error *err)
    YAGA_MUST_USE;

/* Open one that is there for reading only; nothing is created or upgraded. YAGA_E_NO_DATA when there is no file; one of an older schema is
 * fine for what older schemas hold. */
enum yaga_status yaga_state_look(const char *path, struct yaga_store **out, struct yaga_error *err) YAGA_MUST_USE;

/* --- training runs ---------------------------------------------------------------- */
struct yaga_training_run {
    char run_id[YAGA_RUN_ID_MAX]; /* "train_" + 12 hex */
    char batch_id[16];            /* 8 hex */
    const char *service;
    const char *variant;
    int64_t started_at_s, completed_at_s;
    const char *status;           /* RUNNING, COMPLETED, FAILED */
    int64_t total_data_points, training_start_s, training_end_s;
    int64_t periods_trained;
    const char *validation_status; /* PASSED, WARNING, FAILED or NULL */
    int64_t periods_passed, periods_warned, periods_failed;
    int64_t feature_count;         /* metrics that some period judges */
    int64_t explainability_metrics; /* of these, those whose judgements can be explained */
    const char *validation_details; /* JSON text or NULL */
    const char *quality_report;    /* JSON text or NULL */
    const char *model_metadata;    /* JSON text or NULL */
    bool promoted;
    double duration_s;             /* of the service's own work, reading not included; NaN = none was done */
    const char *error_message;     /* or NULL */
};
/* Insert (or replace the row of the same run id) / update at the end. */
enum yaga_status yaga_training_run_begin(struct yaga_store *store, const struct yaga_training_run *run,
                                         struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_training_run_end(struct yaga_store *store, const struct yaga_training_run *run,
                                       struct yaga_error *err) YAGA_MUST_USE;
/* The run that began last, whatever became of it. */
struct yaga_training_run_last {
    char run_id[YAGA_RUN_ID_MAX];
    int64_t started_at_s;
    char status[16];
    char error_message[512]; /* "" = none */
    char *model_metadata;    /* owned; NULL = none */
};
/* YAGA_E_NO_DATA when the service's variant has none. */
enum yaga_status yaga_training_run_latest(struct yaga_store *store, const char *service, const char *variant,
                                          struct yaga_training_run_last *out, struct yaga_error *err) YAGA_MUST_USE;
void yaga_training_run_last_clear(struct yaga_training_run_last *run);
/* Services that have runs, sorted; yaga_names_clear. */
struct yaga_names;
enum yaga_status yaga_training_run_services(struct yaga_store *store, struct yaga_names *out,
                                            struct yaga_error *err) YAGA_MUST_USE;
/* The models of a run that ended are in use after all, from at_s on; forced: against the gate's verdict. YAGA_E_NO_DATA when there is
 * no record of the run. */
enum yaga_status yaga_training_run_promoted(struct yaga_store *store, const char *run_id, int64_t at_s, bool forced,
                                            struct yaga_error *err) YAGA_MUST_USE;
/* RUNNING rows older than 24 h become FAILED "abandoned"; rows older than retention_days are deleted. */
enum yaga_status yaga_training_runs_tidy(struct yaga_store *store, int64_t now_s, int64_t retention_days,
                                         struct yaga_error *err) YAGA_MUST_USE;

/* --- cycles ------------------------------------------------------------------------- */
struct yaga_cycle {
    int64_t cycle_id;
    int64_t started_at_s, finished_at_s;
    const char *status; /* RUNNING, OK, PARTIAL, FAILED */
    int64_t n_services, n_evaluated, n_skipped, n_anomalies, n_confirmed, n_closed, n_sent;
    int64_t duration_ms;
    const char *error;
};
enum yaga_status yaga_cycle_begin(struct yaga_store *store, int64_t started_at_s, int64_t *cycle_id,
                                  struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_cycle_end(struct yaga_store *store, const struct yaga_cycle *cycle, struct yaga_error *err)
    YAGA_MUST_USE;
/* Latest finished_at (0 when none): the floor of the incident clock. */
enum yaga_status yaga_cycle_last_end(struct yaga_store *store, int64_t *out_s, struct yaga_error *err) YAGA_MUST_USE;
/* Cycles older than 30 days go. */
enum yaga_status yaga_cycles_tidy(struct yaga_store *store, int64_t now_s, struct yaga_error *err) YAGA_MUST_USE;

/* --- the clock on the wall ------------------------------------------------------------ */
/* By how much a cycle at at_s is before the last one, where that is more than a minute: the clock was set back. 0 otherwise. */
enum yaga_status yaga_clock_step(struct yaga_store *store, int64_t at_s, int64_t *back_s, struct yaga_error *err) YAGA_MUST_USE;
/* The cycle at at_s ends: counts a step, once, however long it takes until the clock is where it was. */
enum yaga_status yaga_clock_seen(struct yaga_store *store, int64_t at_s, struct yaga_error *err) YAGA_MUST_USE;

/* --- service state -------------------------------------------------------------------- */
struct yaga_service_state {
    int64_t last_attempt_s, last_evaluated_s;
    char last_outcome[32];
    int64_t failures_in_row;
    int64_t blind_announced_s; /* when it was told that nobody can judge it; 0 = not in this row of failures */
};
enum yaga_status yaga_service_state_put(struct yaga_store *store, const char *service,
                                        const struct yaga_service_state *state, struct yaga_error *err) YAGA_MUST_USE;
/* YAGA_E_NO_DATA when unknown. */
enum yaga_status yaga_service_state_get(struct yaga_store *store, const char *service,
                                        struct yaga_service_state *out, struct yaga_error *err) YAGA_MUST_USE;

/* Last time a service's metric was seen (per bit of a fleet: absent versus never seen). */
enum yaga_status yaga_last_seen_put(struct yaga_store *store, const char *service, const char *metric, int64_t at_s,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* 0 when never. */
enum yaga_status yaga_last_seen_get(struct yaga_store *store, const char *service, const char *metric, int64_t *out_s,
                                    struct yaga_error *err) YAGA_MUST_USE;

/* --- scores ----------------------------------------------------------------------------- */
/* What the channels of a service scored in one row (calibrate/levels.h). */
struct yaga_score {
    int64_t at_s;                    /* the row's time */
    double channel[YAGA_N_CHANNELS]; /* NaN = silent */
};
/* Replaces what the same row scored before. */
enum yaga_status yaga_score_put(struct yaga_store *store, const char *service, const struct yaga_score *score,
                                struct yaga_error *err) YAGA_MUST_USE;
/* Those of [start_s, end_s), ascending. */
enum yaga_status yaga_scores_each(struct yaga_store *store, const char *service, int64_t start_s, int64_t end_s,
                                  void (*take)(void *context, const struct yaga_score *score), void *context,
                                  struct yaga_error *err) YAGA_MUST_USE;
/* What is older than 40 days goes; of all services, so once a day. */
enum yaga_status yaga_scores_tidy(struct yaga_store *store, int64_t now_s, struct yaga_error *err) YAGA_MUST_USE;

/* --- retraining --------------------------------------------------------------------------- */
/* A service whose models no longer describe it. */
struct yaga_retrain {
    char service[YAGA_NAME_MAX + 1];
    char reason[160];
    int64_t requested_at_s;
};
struct yaga_retrain_list {
    size_t n;
    struct yaga_retrain *items; /* owned */
};
/* Ask for a training. *is_new is false while an earlier request waits, and for a day after one was handled: what a training has just
 * seen it need not see again. */
enum yaga_status yaga_retrain_request(struct yaga_store *store, const char *service, const char *reason, int64_t at_s,
                                      bool *is_new, struct yaga_error *err) YAGA_MUST_USE;
/* A training has looked at the service. */
enum yaga_status yaga_retrain_handled(struct yaga_store *store, const char *service, int64_t at_s,
                                      struct yaga_error *err) YAGA_MUST_USE;
/* Those that wait, the oldest first. */
enum yaga_status yaga_retrain_pending(struct yaga_store *store, struct yaga_retrain_list *out,
                                      struct yaga_error *err) YAGA_MUST_USE;
void yaga_retrain_list_clear(struct yaga_retrain_list *list);

/* --- error budgets ----------------------------------------------------------------------- */
/* Requests and failures of a service in the days before the window of a cycle. */
struct yaga_budget {
    int64_t at_s;    /* when they were read */
    double requests, errors;
    int64_t rows;    /* steps with both values */
};
enum yaga_status yaga_budget_put(struct yaga_store *store, const char *service, const struct yaga_budget *budget,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* YAGA_E_NO_DATA when nothing was read yet. */
enum yaga_status yaga_budget_get(struct yaga_store *store, const char *service, struct yaga_budget *out,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* What was read before that goes: of services that are gone. */
enum yaga_status yaga_budgets_tidy(struct yaga_store *store, int64_t before_s, struct yaga_error *err) YAGA_MUST_USE;

/* --- cycles that can be done again (recorded.c) ------------------------------------------ */
/* Remember, for this connection alone, what is there before a cycle changes it: incidents that are active or were seen at since_s or later,
 * when metrics were seen, error budgets. */
enum yaga_status yaga_recorded_look(struct yaga_store *store, int64_t since_s, struct yaga_error *err) YAGA_MUST_USE;
/* Keep it, with what else the caller knows (JSON text). Once a cycle, in the transaction of its first document. */
enum yaga_status yaga_recorded_put(struct yaga_store *store, int64_t cycle_id, int64_t at_s, const char *record,
                                   struct yaga_error *err) YAGA_MUST_USE;
/* The text of a cycle (yaga_free); YAGA_E_NO_DATA when there is none. */
enum yaga_status yaga_recorded_get(struct yaga_store *store, int64_t cycle_id, char **record, struct yaga_error *err) YAGA_MUST_USE;
/* Into a new database: the state that a cycle of the database at `path` found, marks of people up to at_s included. The next cycle begun
 * there has the same number, and the last one ended at last_end_s (0 = there was none). */
enum yaga_status yaga_recorded_restore(struct yaga_store *store, const char *path, int64_t cycle_id, int64_t at_s, int64_t last_end_s,
                                       struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_recorded_tidy(struct yaga_store *store, int64_t before_s, struct yaga_error *err) YAGA_MUST_USE;

/* --- circuit breaker of a backend -------------------------------------------------------- */
enum yaga_status yaga_breaker_put(struct yaga_store *store, const char *endpoint, struct yaga_breaker breaker,
                                  struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_breaker_get(struct yaga_store *store, const char *endpoint, struct yaga_breaker *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
