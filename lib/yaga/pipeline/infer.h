/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inference: one cycle over all services, from current values to alert files. Read infer.c top to bottom.
 *
 * A yaga_infer holds what cycles share (lock, state database, source, loaded models), so that one cycle from cron and thousands of a replay
 * run the same code.
 */
#ifndef YAGA_PIPELINE_INFER_H
#define YAGA_PIPELINE_INFER_H

#include <stdbool.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/drift/window.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/choice.h"
#include "yaga/pipeline/setup.h"
#include "yaga/slo/slo.h"

struct yaga_infer_options {
    const char *const *only;   /* services; NULL = all. Others' incidents stay untouched */
    size_t n_only;
    bool dry_run;              /* detect and collect documents; no state, no files, no lock */
    bool durable;              /* fsync state and files; false only for replays */
    bool single_cycle;         /* the process ends after this one: memory of models goes back when their service is judged */
    int64_t now_s;             /* the clock on the wall, to those who are told; 0 = the real one */
    bool no_send;              /* documents stay in the outbox, files included */
    bool offline;              /* deliver to files only, whatever the settings say: replays and tests of other things */
    bool collect;              /* keep the cycle's documents in the result (--print) */
    struct yaga_store *store;  /* a state database to be used instead, borrowed: no lock is taken, nothing is delivered or written elsewhere */
    struct yaga_source *source;/* use this one instead of the configured one; borrowed */
    bool (*interrupted)(void);
};

/* What went wrong in a cycle; several may hold. yaga_infer_exit_code orders them. */
enum yaga_condition {
    YAGA_COND_INTERNAL = 1 << 0,    /* 10 */
    YAGA_COND_STATE = 1 << 1,       /* 9: state database unusable */
    YAGA_COND_OUTPUT = 1 << 2,      /* 3: state or alerts folder not writable, disk full */
    YAGA_COND_BACKEND = 1 << 3,     /* 7: backend unavailable, cycle skipped */
    YAGA_COND_NO_MODEL = 1 << 4,    /* 6: no usable model for any service */
    YAGA_COND_DEADLINE = 1 << 5,    /* 124 */
    YAGA_COND_PARTIAL = 1 << 6,     /* 1: some services failed or were skipped for errors */
    YAGA_COND_PENDING = 1 << 7,     /* 5: deliveries pending or dead */
    YAGA_COND_INTERRUPTED = 1 << 8  /* 130 */
};
int yaga_infer_exit_code(unsigned conditions);
/* "state_database", "backend", ...; for one bit. */
const char *yaga_condition_name(enum yaga_condition condition);

enum yaga_outcome {
    YAGA_EVALUATED,
    YAGA_METRICS_UNAVAILABLE,
    YAGA_NO_MODEL,
    YAGA_SERVICE_ERROR
};
const char *yaga_infer_outcome_name(enum yaga_outcome outcome);

struct yaga_infer_service {
    char name[YAGA_NAME_MAX + 1];
    enum yaga_outcome outcome;
    char reason[320];            /* "" when evaluated */
    char model_run_id[YAGA_RUN_ID_MAX];
    enum yaga_model_status model_status;
    enum yaga_period period;
    int64_t traffic_seen_s;      /* time of the traffic metric's value; 0 = none now */
    int64_t row_time_s;          /* of the values judged */
    double channel[YAGA_N_CHANNELS]; /* what the service's channels scored; NaN = silent */
    double anomaly_score;        /* NaN unless evaluated */
    double metric_score[YAGA_METRICS_MAX];
    size_t n_anomalies;
    enum yaga_severity severity; /* of its objectives, where it has any */
    bool by_limits;              /* no model: what its objectives say is all there is */
    bool has_objectives;
    enum yaga_slo_status slo_status;
    double slo_proximity;        /* of the critical limits, 1 = reached; NaN without objectives */
    enum yaga_drift_verdict drift; /* of the model: does it still describe the service? */
    double drift_score;          /* NaN when not known */
};

struct yaga_infer_result {
    int64_t cycle_id;            /* 0 in a dry run */
    int64_t at_s;                /* T, the evaluation time */
    unsigned conditions;
    size_t n_services, n_evaluated, n_skipped, n_errors, n_anomalies;
    size_t n_confirmed, n_closed;
    size_t n_enriched, n_enrich_queries, n_enrich_failed; /* services and queries of enrichment, those that failed */
    bool enrich_skipped;         /* no time was left for it */
    int64_t n_sent, n_pending;
    int64_t duration_ms;
    struct yaga_infer_service *services; /* owned, sorted by name */
    char *state_metrics;                 /* lines about the state for monitoring.textfile; NULL = none; owned */
    struct yaga_json *documents;         /* array when collecting, else NULL */
    char error[YAGA_ERROR_TEXT_MAX];     /* first problem of the cycle as a whole */
};
void yaga_infer_result_clear(struct yaga_infer_result *result);

struct yaga_infer;
/* YAGA_E_LOCKED when another cycle runs. A state database or alerts folder that cannot be used does not fail the opening: cycles then run
 * untracked and say so in their conditions. */
enum yaga_status yaga_infer_open(const struct yaga_setup *setup, const struct yaga_infer_options *options,
                                 struct yaga_infer **out, struct yaga_error *err) YAGA_MUST_USE;
struct yaga_infer *yaga_infer_free(struct yaga_infer *infer);
YAGA_DEFINE_AUTO(yaga_infer)

/* T for a wall-clock time: minus query_delay_seconds, rounded down to a full minute. */
int64_t yaga_infer_time(const struct yaga_setup *setup, int64_t now_s);

/* One cycle at T. Failures of single services, of the backend, of outputs are in the result; the status is for what leaves no result
 * (no memory, no services configured). */
enum yaga_status yaga_infer_cycle(struct yaga_infer *infer, int64_t at_s, struct yaga_infer_result *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* No cycle: only deliver what waits, also to receivers that are being left alone after failures. */
void yaga_infer_flush(struct yaga_infer *infer, int64_t at_s, struct yaga_infer_result *out);

/* last_infer.json beside the state database and the metrics text file. */
enum yaga_status yaga_infer_write_status(const struct yaga_setup *setup, const struct yaga_infer_result *result,
                                         struct yaga_error *err) YAGA_MUST_USE;

#endif
