/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alerts: which incidents leave the process, and the documents that leave (incidents-and-alerts.md 5, 6).
 */
#ifndef YAGA_ALERT_ALERT_H
#define YAGA_ALERT_ALERT_H

#include "yaga/cascade/cascade.h"
#include "yaga/detect/counterfactual.h"
#include "yaga/detect/detect.h"
#include "yaga/drift/window.h"
#include "yaga/enrich/enrich.h"
#include "yaga/incident/incident.h"
#include "yaga/io/json.h"
#include "yaga/series/quality.h"
#include "yaga/slo/slo.h"

#define YAGA_SCHEMA_TEXT "3.0"

/* Limits of a document: entries of a list, bytes of an entry, bytes of an alert id with its NUL. */
enum { YAGA_ALERT_LIST_MAX = 10, YAGA_ALERT_LIST_TEXT_MAX = 300, YAGA_ALERT_ID_MAX = 240 };

/* Which of several anomalies of a service stands for all: the first that decides, in this order; then by name. */
enum yaga_primary_selection {
    YAGA_PRIMARY_CONFIDENCE, /* confidence, severity, named */
    YAGA_PRIMARY_SEVERITY,   /* severity, confidence, named */
    YAGA_PRIMARY_NAMED       /* named, severity, confidence */
};

struct yaga_alert_params {
    enum yaga_severity threshold;
    const char *const *non_alerting; /* pattern names, old aliases accepted */
    size_t n_non_alerting;
    int update_every_cycles;
    const char *generator;           /* "yaga-infer 0.1.0" */
    int confirmation_cycles, resolution_grace_cycles; /* told in the document */
    enum yaga_fingerprint_scope scope; /* of anomalies that nobody tracks */
    bool correlate;
    size_t min_correlated;
    enum yaga_primary_selection primary;
    int64_t correlation_window_s;      /* incidents last seen so lately belong to it */
};

enum yaga_alert_verdict {
    YAGA_ALERT_SEND,       /* announcement or update */
    YAGA_ALERT_NOT_OPEN,   /* suspected or recovering */
    YAGA_ALERT_PATTERN,    /* non-alerting pattern */
    YAGA_ALERT_SEVERITY,   /* below the threshold */
    YAGA_ALERT_UPDATE_RATE, /* between two updates */
    YAGA_ALERT_GROUPED,     /* told by the announcement of the service where it begins, or held until that is known */
    YAGA_ALERT_CORRELATED   /* told by the announcement of another anomaly of the service; the filter does not say so */
};
const char *yaga_alert_verdict_name(enum yaga_alert_verdict verdict);
/* grouped: another service's announcement stands for it; what was announced before is updated all the same. */
enum yaga_alert_verdict yaga_alert_filter(const struct yaga_alert_params *params, const struct yaga_incident_change *change,
                                          bool grouped);
/* Is it announced, once it is an open incident? */
bool yaga_alert_passes(const struct yaga_alert_params *params, const struct yaga_anomaly *anomaly);

/* A service on the way from a root cause. */
struct yaga_alert_link {
    const char *service;
    const char *anomaly;       /* name of its first; NULL = none */
    enum yaga_severity severity;
    double latency_percentile; /* NaN = its latency is in order */
    int64_t onset_s;           /* 0 = not known */
};

/* Where the trouble of a service begins, in names. */
struct yaga_alert_cascade {
    const struct yaga_cascade *finding;
    const char *root;          /* NULL = none */
    struct yaga_alert_link path[YAGA_CASCADE_PATH_MAX]; /* [n_path] from the root on, without the service */
    size_t n_path;
    const char *others[YAGA_CASCADE_OTHERS_MAX];        /* [finding->n_others] further candidates */
    const char *grouped_under; /* service whose announcement stands for this one's, and its anomaly; NULL = none */
    const char *grouped_anomaly;
    bool held;                 /* its own announcement waits: a service behind its calls is in trouble, and it may suffer from that */
    const char *const *affected; /* [n_affected] services for which this one's announcement stands */
    size_t n_affected;
    size_t blast_radius;       /* anomalous services that it can be reached from; with affected ones only */
};

/* What a document was made from: enough to make it again, or to say what is missing. */
enum { YAGA_PROVENANCE_MODELS_MAX = YAGA_N_PERIODS + 1 };
struct yaga_alert_provenance {
    int64_t cycle_id;
    int64_t evaluated_at_s;       /* the instant that was evaluated; timestamps are of the incident clock */
    char inputs_digest[65];       /* SHA-256, hex: of all values of the service that the cycle had */
    char configuration_digest[65];
    struct yaga_alert_model {
        const char *variant;
        enum yaga_period period;
        char digest[65];          /* of the file */
    } models[YAGA_PROVENANCE_MODELS_MAX]; /* that judged the window */
    size_t n_models;
};

/* Everything a document tells about one service in one cycle. Pointers are borrowed. */
struct yaga_alert_context {
    const char *service;
    int64_t detected_at_s;
    const char *period;             /* of the instant */
    const char *model_period;       /* of the model used */
    const char *model_type;         /* time_aware_5period, time_aware_3period, time_aware_fallback, slo_only, none */
    const char *model_status;       /* fresh, stale, refused, none */
    bool is_fallback;
    int64_t model_trained_at_s;
    const char *model_run_id;
    double time_confidence;
    size_t n_models_available;
    const struct yaga_model *model;       /* baselines; may be NULL */
    const struct yaga_metric *metrics;
    size_t n_metrics;
    const double *values;                 /* [n_metrics] current, NaN = missing (left out) */
    const struct yaga_evidence *evidence; /* [n_metrics] of the current row; may be NULL */
    const struct yaga_verdict *verdict;
    const struct yaga_slo_evaluation *slo; /* NULL: nobody asked */
    const struct yaga_enrichment *enrichment; /* NULL: nobody asked */
    const struct yaga_warnings *warnings; /* validation warnings; may be NULL */
    const char *const *failed_metrics;    /* partial failure; n_failed = 0: none */
    size_t n_failed;
    const char *failure_summary;
    const struct yaga_counterfactual *counterfactuals; /* what would be quiet, of all anomalies; may be NULL */
    size_t n_counterfactuals;
    int64_t cycle_id;
    const struct yaga_drift_findings *drift; /* NULL = not looked for */
    const struct yaga_alert_cascade *cascade; /* NULL = nothing to tell */
    const bool *correlated;         /* [changes] that the one anomaly of the document stands for, itself included; NULL = each for itself */
    const struct yaga_alert_provenance *provenance; /* NULL = nobody recorded it */
};

/* Does the announcement of another service stand for it, or may that be so in a moment? What happens to traffic is no consequence of a slow callee. */
bool yaga_alert_is_grouped(const struct yaga_alert_context *context, const struct yaga_anomaly *anomaly);

/* cascade_analysis, affected_services and blast_radius of a document, as one object. */
struct yaga_json *yaga_alert_cascade_json(const struct yaga_alert_cascade *cascade);

/* Several incidents of a service as one (correlation.c): which of the changes to be sent stands for all, and which belong to it ([changes->n],
 * itself included). false = nothing to correlate. */
bool yaga_alert_correlate(const struct yaga_alert_params *params, const struct yaga_alert_context *context,
                          const struct yaga_incident_changes *changes, const bool *send, size_t *primary, bool *members);

/* <service>_<YYYYMMDD>T<HHMMSS>Z_<cycle id>, with _<suffix> when suffix is neither NULL nor "", made safe as a file name (percent-encoding;
 * a service name that gets too long ends in a piece of its hash instead). size: YAGA_ALERT_ID_MAX. */
void yaga_alert_id(const char *service, int64_t at_s, int64_t cycle_id, const char *suffix, char *out, size_t size);

/* anomaly_detected: the changes with send[i] true (n of them >= 1; one that is not an open incident seen now is left out whatever send
 * says: nothing suspected or closed is ever announced); counts of this service's active incidents after the cycle. */
struct yaga_alert_counts {
    int64_t suspected, open, recovering;
};
struct yaga_json *yaga_alert_document(const struct yaga_alert_params *params, const struct yaga_alert_context *context,
                                      const struct yaga_incident_changes *changes, const bool *send,
                                      const struct yaga_alert_counts *counts);
/* Document of a dry run or of an untracked cycle: anomalies without incidents that pass the filter by pattern and severity; untracked adds
 * "untracked": true, and to each anomaly its fingerprint and an incident id made of that ("incident_u" and 11 hex). NULL when no anomaly passes. */
struct yaga_json *yaga_alert_document_untracked(const struct yaga_alert_params *params, const struct yaga_alert_context *context,
                                                bool untracked);
/* incident_resolved. context may be NULL (orphaned, manual): no resolution_context then. */
struct yaga_json *yaga_resolution_document(const struct yaga_alert_params *params, const struct yaga_alert_context *context,
                                           const struct yaga_incident_change *change);
/* metrics_unavailable: one per service and cycle, in the journal; error may be NULL, and so may errors ([n_failed], why each failed; "" = not
 * known). */
struct yaga_json *yaga_unavailable_document(const char *service, int64_t at_s, const char *reason, const char *error,
                                            const char *const *failed_metrics, const char *const *errors, size_t n_failed);
/* A sign of life: how the cycle went. */
struct yaga_heartbeat {
    int64_t at_s;
    bool healthy;                /* every service was evaluated, and nothing else went wrong */
    int64_t n_evaluated, n_skipped, n_anomalies, n_resolved, duration_ms, n_pending;
};
struct yaga_json *yaga_heartbeat_document(const struct yaga_heartbeat *heartbeat);
/* error: journal only. */
struct yaga_json *yaga_error_document(const char *service, int64_t at_s, const char *code, const char *message);
/* One entry of active.json. */
struct yaga_json *yaga_active_entry(const struct yaga_incident *incident, int64_t now_s);

#endif
