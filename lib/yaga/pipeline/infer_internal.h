/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the inference pipeline share. */
#ifndef YAGA_PIPELINE_INFER_INTERNAL_H
#define YAGA_PIPELINE_INFER_INTERNAL_H

#include "yaga/base/str.h"
#include "yaga/alert/alert.h"
#include "yaga/deliver/deliver.h"
#include "yaga/detect/counterfactual.h"
#include "yaga/enrich/calls.h"
#include "yaga/io/file.h"
#include "yaga/io/store.h"
#include "yaga/pipeline/infer.h"
#include "yaga/pipeline/objectives.h"
#include "yaga/pipeline/whole.h"

/* A cycle that can be done again (record.c): what it works on, while it announces. */
struct yaga_record {
    const struct yaga_fleet *fleet;          /* NULL: nothing is recorded */
    const struct yaga_judgement *judgements; /* [fleet->n_services] */
    int64_t cycle_id, at_s, clock_s;
    bool written;
};

struct yaga_infer {
    const struct yaga_setup *setup;
    struct yaga_infer_options options;
    struct yaga_store *store;    /* NULL: dry run or unusable */
    struct yaga_source *source;
    struct yaga_source *own_source;
    struct yaga_shelf *shelf;
    struct yaga_book book;       /* objectives */
    struct yaga_sinks *sinks;    /* NULL: dry run */
    struct yaga_lock lock;
    const char *alerts_dir;
    bool alerts_unusable;        /* nothing can be written to alerts_dir */
    unsigned standing;           /* conditions that hold for all cycles of this process */
    char standing_error[YAGA_ERROR_TEXT_MAX];
    struct yaga_found_calls found_calls; /* of the cycle (dependencies.discover) */
    int64_t last_at_s;           /* T of the cycle before, from the database */
    struct yaga_record record;
    struct yaga_json *untracked; /* array: critical alerts that are to be sent past the outbox; NULL = none. Owned */
    bool blind_all;              /* in this cycle no service, or hardly any, could be judged for want of values */
    bool blind_told;             /* and a notice says so */
};

enum { YAGA_RISES = 2 };
/* time_confidence of what limits alone say. */
#define YAGA_CONFIDENCE_BY_LIMITS 0.5

/* One service's cycle, kept until its documents are written. */
struct yaga_judgement {
    enum yaga_outcome outcome;
    char reason[320];
    struct yaga_metric metrics[YAGA_METRICS_MAX];
    const char *failed_metrics[YAGA_METRICS_MAX];
    size_t n_failed;
    size_t row;                  /* judged row of the frame */
    int64_t row_time_s;
    int64_t traffic_seen_s;      /* row_time_s when the row has a value of the traffic metric, else 0 */
    struct yaga_choice choice;
    struct yaga_evidence_grid grid;
    struct yaga_whole_look look; /* behind the grid's channels */
    struct yaga_warnings warnings;
    struct yaga_circumstances circumstances; /* what detection is told from outside */
    const double *client_errors; /* [rows of the frame], of the fleet; NULL = not known */
    struct yaga_verdict verdict;
    struct yaga_rise rises[YAGA_RISES]; /* of latency and errors */
    struct yaga_anomaly *flapping; /* owned: newest of single anomalies that come and go; NULL = none do */
    struct yaga_drift_findings drift; /* all zero when nothing was compared */
    enum yaga_period period;
    bool is_trial;               /* only whether it alarms: no attribution */
    struct yaga_slo_evaluation slo;
    struct yaga_slo_tally older; /* before the frame, for the error budget */
    bool callers_fail;           /* errors of a service that calls this one are at their warning limit */
    const struct yaga_alert_cascade *cascade; /* while it is announced: where its trouble begins, NULL = nothing to tell */
    bool by_limits;              /* no model, but objectives: judged by these alone */
    bool is_present;             /* there are values now, judged or not */
    bool is_dark;                /* none, or nobody could ask, of a service that was heard of lately */
    int64_t heard_s;             /* silent: every query was answered, and nothing came since; 0 = not silent */
    struct {
        size_t metric;           /* of the traffic */
        double before;           /* when it was heard of last, req/s */
        enum yaga_severity severity;
        char witness[160];       /* who says that nothing arrives; "" = nobody */
    } loss;                      /* of a silent service */
    bool by_presence;            /* not evaluated: only whether there are values was looked at */
    const struct yaga_enrichment *enrichment; /* what else is known of a service that will be announced; NULL = not asked; the cycle's */
};

/* The decision itself: score, look at the whole, decide, with the models of j->choice. known ends with the judged row j->row; grid, look and
 * verdict are written. What a cycle does, and what a counterfactual asks again. */
enum yaga_status yaga_judge_row(const struct yaga_setup *setup, const struct yaga_frame *known, const struct yaga_when *when,
                                struct yaga_judgement *j, struct yaga_error *err);

/* Of the metrics that carry the anomalies of a verdict, the largest share first (counterfactual.c). Of a quiet verdict the other way round:
 * for the judged metrics that are nearest to an alarm, in their order, the nearest value that would alarm. */
struct yaga_counterfactuals {
    size_t n;
    struct yaga_counterfactual items[YAGA_COUNTERFACTUALS_MAX];
};
enum yaga_status yaga_counterfactuals_find(const struct yaga_infer *infer, const char *service, const struct yaga_frame *frame,
                                           const struct yaga_judgement *judgement, struct yaga_counterfactuals *out,
                                           struct yaga_error *err);

/* What a cycle at at_s looks at: the window, the day before it that the level follows, and what is missing to a full hour. */
enum yaga_status yaga_infer_fetch(const struct yaga_infer *infer, const char *const *services, size_t n_services, int64_t at_s,
                                  int64_t deadline_ms, struct yaga_fleet *fleet, struct yaga_error *err);

/* Values -> verdict (judge.c). Never fails a cycle: an unexpected error is outcome YAGA_SERVICE_ERROR. */
void yaga_judge(struct yaga_infer *infer, struct yaga_fleet *fleet, size_t service, const struct yaga_when *when,
                int64_t at_s, struct yaga_judgement *out);
void yaga_judgement_clear(struct yaga_judgement *judgement);

/* Does the model still describe the service (drift_check.c)? Into out->drift; takes the penalty off the confidence of the anomalies. known:
 * the frame up to the judged row. */
enum yaga_status yaga_drift_look(const struct yaga_infer *infer, const char *service, const struct yaga_frame *known,
                                 const struct yaga_when *when, struct yaga_judgement *out, struct yaga_error *err) YAGA_MUST_USE;
/* Lower the confidence of its anomalies by what the drift takes off, from what it was before. */
void yaga_drift_lower(struct yaga_judgement *judgement);
/* The log line of a judgement with drift. */
void yaga_drift_tell(const char *service, const struct yaga_judgement *judgement);
/* What lies before the frames, for error budgets (burn.c): read at most each inference.burn_interval_seconds, kept in the state
 * database between the runs. out[i]: of the fleet's service i; rows 0 where nothing is known. A failing query is a warning. */
enum yaga_status yaga_burn_look(struct yaga_infer *infer, const struct yaga_fleet *fleet, int64_t at_s, int64_t deadline_ms,
                                struct yaga_slo_tally *out, struct yaga_error *err);

/* Who calls whom, as the server tells it (found_calls.c), into infer->found_calls: one query, where dependencies.discover is on. Without an
 * answer that is a warning, and the calls that are configured are all there are. */
enum yaga_status yaga_found_calls_look(struct yaga_infer *infer, int64_t at_s, int64_t deadline_ms, struct yaga_error *err) YAGA_MUST_USE;

/* What climbs slowly (trends.c), into out->rises. known: the frame up to the judged row. */
enum yaga_status yaga_trends_look(const struct yaga_infer *infer, const char *service, const struct yaga_frame *known,
                                  const struct yaga_when *when, struct yaga_judgement *out, struct yaga_error *err) YAGA_MUST_USE;
/* What comes and goes (flapping.c), into out->flapping; after the row itself was judged. */
enum yaga_status yaga_flapping_find(const struct yaga_infer *infer, const char *service, const struct yaga_frame *known,
                                    const struct yaga_when *when, struct yaga_judgement *out, struct yaga_error *err) YAGA_MUST_USE;
/* What the hours before say, into the verdicts: after they were named for the last time, before the objectives. */
void yaga_history_conclude(const struct yaga_fleet *fleet, struct yaga_judgement *judgements);

/* Pass 2: all judgements in the light of each other (judge_together.c). cascades is to be cleared whatever the status. */
struct yaga_cascades;
struct yaga_silence;
enum yaga_status yaga_judge_together(struct yaga_infer *infer, const struct yaga_fleet *fleet,
                                     struct yaga_judgement *judgements, int64_t at_s, int64_t deadline_ms, struct yaga_cascades *cascades,
                                     struct yaga_silence *silence, struct yaga_error *err) YAGA_MUST_USE;
/* All judgements in the light of their services' objectives, before the first is announced (judge_objectives.c). */
enum yaga_status yaga_judge_objectives(struct yaga_infer *infer, const struct yaga_fleet *fleet, int64_t at_s, int64_t deadline_ms,
                                       struct yaga_judgement *judgements, struct yaga_error *err);

/* One of them, its callers asked already; frame: up to the judged row at least. */
void yaga_judge_objectives_of(const struct yaga_infer *infer, const char *service, const struct yaga_frame *frame,
                              struct yaga_judgement *judgement);

/* Which of the changed incidents recover (recovery.c). frame: of the judgement. */
void yaga_recovery_note(const struct yaga_frame *frame, const struct yaga_judgement *judgement,
                        struct yaga_incident_changes *changes);

struct yaga_cycle_work;
/* Verdict -> incidents, outbox, direct documents (announce.c). */
struct yaga_announced {
    size_t n_confirmed, n_closed;
};
enum yaga_status yaga_announce(struct yaga_infer *infer, const struct yaga_frame *frame, const char *service,
                               const struct yaga_judgement *judgement, int64_t at_s, int64_t cycle_id,
                               struct yaga_json *documents, struct yaga_announced *out, struct yaga_error *err);
/* Before a cycle changes its state: remember how it is (record.c). */
enum yaga_status yaga_record_look(struct yaga_cycle_work *c, struct yaga_error *err) YAGA_MUST_USE;
/* Keep that, and what the cycle saw, in the transaction of its first document; later calls do nothing. */
enum yaga_status yaga_record_write(struct yaga_infer *infer, struct yaga_error *err) YAGA_MUST_USE;
/* The digest of all values that a cycle had of a service. */
void yaga_record_inputs(const struct yaga_fleet *fleet, size_t service, char hex[65]);
/* Where a document of the cycle comes from; false = nothing is recorded. */
bool yaga_record_provenance(const struct yaga_infer *infer, const char *service, const struct yaga_judgement *judgement,
                            struct yaga_alert_provenance *out);
/* What its documents tell (announce_context.c). Borrows from the judgement and the frame. */
void yaga_announce_context(const struct yaga_infer *infer, const struct yaga_frame *frame, const char *service,
                           const struct yaga_judgement *judgement, int64_t at_s, int64_t cycle_id, struct yaga_alert_context *out);
/* What would be quiet, into the context of a document that is going to be told: the search costs. found is written and borrowed. */
enum yaga_status yaga_announce_counterfactuals(const struct yaga_infer *infer, const struct yaga_frame *frame,
                                               const struct yaga_judgement *judgement, struct yaga_counterfactuals *found,
                                               struct yaga_alert_context *context, struct yaga_error *err);
/* A copy of a document into the array of those that are collected; documents may be NULL. */
enum yaga_status yaga_announce_keep(struct yaga_json *documents, struct yaga_json *document, struct yaga_error *err);
/* Without a state database (dry run, or unusable): the anomalies themselves, without incidents (announce_direct.c). */
enum yaga_status yaga_announce_untracked(struct yaga_infer *infer, const struct yaga_frame *frame, const char *service,
                                         const struct yaga_judgement *judgement, int64_t at_s, struct yaga_json *documents,
                                         struct yaga_error *err);
/* Straight into the journal, and into a file of its own when as_file; nothing in a dry run. */
enum yaga_status yaga_announce_direct(struct yaga_infer *infer, struct yaga_json *document, const char *service, int64_t at_s,
                                      int64_t cycle_id, bool as_file, struct yaga_error *err);
/* Is it all services that have no values? To be found before the first of them is told (announce_blind.c). */
void yaga_announce_find_blind(struct yaga_infer *infer, const struct yaga_judgement *judgements, size_t n);
/* Then one notice for all, unless there was one. */
enum yaga_status yaga_announce_all_blind(struct yaga_infer *infer, int64_t at_s, int64_t cycle_id, struct yaga_error *err);
/* How long that has lasted, when the cycle ends; in its transaction. */
enum yaga_status yaga_announce_count_blind(struct yaga_infer *infer, int64_t at_s, struct yaga_error *err);
/* Of a service that was not evaluated, for the journal; and for those who want to know. */
enum yaga_status yaga_announce_not_judged(struct yaga_infer *infer, const char *service, const struct yaga_judgement *judgement,
                                          int64_t at_s, int64_t cycle_id, struct yaga_error *err);
/* Was the service looked at, in whatever way (announce_due.c)? */
bool yaga_announce_speaks(const struct yaga_judgement *judgement);
/* What the incidents of a service are told. Borrows from the judgement. */
struct yaga_observation yaga_announce_observation(const struct yaga_infer *infer, const char *service,
                                                  const struct yaga_judgement *judgement, int64_t at_s, int64_t cycle_id);
/* Will yaga_announce put a document of these anomalies out? Changes nothing. */
enum yaga_status yaga_announce_is_due(const struct yaga_infer *infer, const char *service, const struct yaga_judgement *judgement,
                                      int64_t at_s, int64_t cycle_id, bool *out, struct yaga_error *err);
/* Say what of a service's changes is not sent, and why: one line of the log, and an event of each incident where the reason is new
 * (announce_filtered.c). verdicts: of each change; where some are correlated, the one that is sent tells of them. */
enum yaga_status yaga_announce_filtered(const struct yaga_infer *infer, const struct yaga_alert_context *context,
                                        const struct yaga_incident_changes *changes, const enum yaga_alert_verdict *verdicts,
                                        int64_t at_s, int64_t cycle_id, struct yaga_error *err);
/* Close incidents of services that are gone or blind for too long. */
enum yaga_status yaga_announce_sweep(struct yaga_infer *infer, const char *const *services, size_t n_services, int64_t at_s,
                                     int64_t cycle_id, struct yaga_json *documents, struct yaga_announced *out,
                                     struct yaga_error *err);

/* One notice for all services in the journal: none, or hardly any, could be judged. */
enum yaga_status yaga_announce_blind(struct yaga_infer *infer, const char *reason, const struct yaga_error *why, int64_t at_s,
                                     int64_t cycle_id, struct yaga_error *err);

#define YAGA_SCORES_TEXT_MAX ((size_t)128 << 20)

/* One cycle in work. */
struct yaga_cycle_work {
    struct yaga_infer *infer;
    struct yaga_infer_result *result;
    int64_t at_s;    /* T: what is evaluated */
    int64_t clock_s; /* the incident clock: T, but never before the end of the last cycle */
    int64_t deadline_ms;
    const char **services; /* owned array */
    size_t n_services;
    struct yaga_names found; /* names behind services when none is configured */
    struct yaga_announced announced;
    bool eager;              /* deliver also to sinks that are being left alone */
    struct yaga_str scores;  /* lines to be written back (scores.c) */
    size_t n_stale;          /* services judged by a model older than model_warn_age_days */
    double oldest_days;
    struct yaga_enrichment *enrichments; /* owned; of those that are announced */
};

/* Services that have stopped sending (telemetry.c): look, for one that has no usable values (is_dark, heard_s and the row of the judgement);
 * conclude, when all are judged: anomalies of silent ones, unless it is the monitoring. */
struct yaga_silence {
    size_t n_dark, n_known; /* services that are dark, of those that were heard of lately */
    bool is_outage;         /* so many that it is the monitoring */
    bool is_news;           /* and not only because queries failed */
};
enum yaga_status yaga_telemetry_look(const struct yaga_infer *infer, const struct yaga_fleet_service *service, int64_t at_s,
                                     struct yaga_judgement *judgement, struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_telemetry_conclude(const struct yaga_infer *infer, const struct yaga_fleet *fleet,
                                         struct yaga_judgement *judgements, int64_t at_s, int64_t deadline_ms,
                                         struct yaga_silence *out, struct yaga_error *err) YAGA_MUST_USE;
/* Do others say of silent services that nothing arrives there any more (losses.c)? Into their loss. */
enum yaga_status yaga_losses_look(const struct yaga_infer *infer, const struct yaga_fleet *fleet,
                                  struct yaga_judgement *judgements, int64_t at_s, int64_t deadline_ms,
                                  struct yaga_error *err) YAGA_MUST_USE;
/* How the edge is asked (enrich.c). edge borrows from *http. */
void yaga_edge_http(const struct yaga_infer *infer, struct yaga_setup_http *http, struct yaga_http_options *edge);
/* What else is known of the services that will be announced, into their judgements (enrich.c). Whatever fails leaves it out. */
void yaga_cycle_enrich(struct yaga_cycle_work *c, const struct yaga_fleet *fleet, const struct yaga_cascades *cascades,
                       struct yaga_judgement *judgements);

/* Note a condition that holds for all further cycles of this process (infer_open.c). */
void yaga_infer_stand(struct yaga_infer *infer, unsigned condition, const struct yaga_error *err);

/* The records of a cycle (infer_records.c). Failures become conditions. */
void yaga_cycle_condition(struct yaga_cycle_work *c, unsigned condition, const struct yaga_error *err);
/* A failing write is an output condition, a failing statement a state condition. */
void yaga_cycle_state_failure(struct yaga_cycle_work *c, const char *what, struct yaga_error *err);
/* Its row and its clock; a database that cannot be written is given up. */
void yaga_cycle_open(struct yaga_cycle_work *c);
/* The lines of one evaluated service, if anybody wants them. */
void yaga_cycle_score(struct yaga_cycle_work *c, const struct yaga_frame *frame, const char *service,
                      const struct yaga_judgement *judgement);
/* Lower and upper edge of what is ordinary around the expected value, in raw units: where a value begins to be evidence. NaN where there is
 * no edge. model: that judged the row, NULL = none. */
void yaga_expected_band(const struct yaga_model *model, const struct yaga_metric *metric, double alpha, double expected,
                        double n_requests, double edges[2]);
/* Everything pending in the outbox; before the cycle's own documents (leftovers) with half of the time. */
void yaga_cycle_deliver(struct yaga_cycle_work *c, bool leftovers);
/* Service states, sweep, retention and the cycle's end, in one transaction. */
void yaga_cycle_close(struct yaga_cycle_work *c);
void yaga_cycle_write_active(struct yaga_cycle_work *c);
/* Lines about the state, if there is a metrics text file to put them into (state_metrics.c). */
void yaga_cycle_state_metrics(struct yaga_cycle_work *c);
enum yaga_status yaga_state_metrics(struct yaga_store *store, int64_t now_s, struct yaga_str *out, struct yaga_error *err);

/* A label's value with backslash, quote and newline escaped, as the text format wants it (status.c). */
enum { YAGA_METRICS_TEXT_MAX = 8 << 20 };
enum yaga_status yaga_metrics_label(struct yaga_str *out, const char *text);

#endif
