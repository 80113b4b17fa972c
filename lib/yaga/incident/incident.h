/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Incidents: identity, the life of one (a pure state machine), and its store (incidents-and-alerts.md 2, 3, 4, 8).
 *
 *          seen c times            miss                 g misses
 *   SUSPECTED ----------> OPEN <--------> RECOVERING ------------> CLOSED resolved (reopens within the window)
 *        \_ g misses: CLOSED suspected_expired, silently
 */
#ifndef YAGA_INCIDENT_INCIDENT_H
#define YAGA_INCIDENT_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/detect/detect.h"
#include "yaga/io/store.h"

enum { YAGA_FINGERPRINT_MAX = 24, YAGA_INCIDENT_ID_MAX = 24 };

enum yaga_incident_status { YAGA_SUSPECTED, YAGA_OPEN, YAGA_RECOVERING, YAGA_CLOSED };
const char *yaga_incident_status_name(enum yaga_incident_status status);
bool yaga_incident_status_parse(const char *name, enum yaga_incident_status *out);

enum yaga_fingerprint_scope { YAGA_SCOPE_PATTERN, YAGA_SCOPE_PATTERN_AND_CAUSE, YAGA_SCOPE_FAMILY };

struct yaga_incident_params {
    int confirmation_cycles;      /* c */
    int confirmation_max_gap;
    int resolution_grace_cycles;  /* g */
    int64_t separation_s;         /* s */
    int64_t reopen_window_s;      /* 0 = off */
    bool reopen_as_new;           /* reopen_mode new_incident */
    int64_t carry_over_s;
    int64_t orphan_close_s;
    int64_t cleanup_max_age_s;
    int64_t keep_severe_s;        /* confirmed high and critical ones stay at least this long: training leaves their time out */
    enum yaga_fingerprint_scope scope;
};
void yaga_incident_params_init(struct yaga_incident_params *params);

/* What a fingerprint is made of under a scope: the pattern (the name when there is none), the whole name or the family. */
const char *yaga_fingerprint_name(enum yaga_fingerprint_scope scope, const struct yaga_anomaly *anomaly);
/* "anomaly_" + 12 hex of SHA-256(service | '_' | name). */
void yaga_fingerprint(const char *service, const char *name, char out[YAGA_FINGERPRINT_MAX]);
/* "incident_" + 12 hex, derived from what makes the occurrence unique (fingerprint, first seen, attempt), so that the same history gives
 * the same ids; see docs/decisions. attempt > 0 after a collision. */
void yaga_incident_id(const char *fingerprint, int64_t first_seen_s, int attempt, char out[YAGA_INCIDENT_ID_MAX]);

/* Word for a method in documents and in the store: "isolation_forest", "threshold", "zero_normal_threshold", "slo_threshold", "presence", "trend"; "multivariate" for none, which is
 * an anomaly of the combination without a signal of its own. */
const char *yaga_incident_method_name(enum yaga_method method);

struct yaga_incident {
    char incident_id[YAGA_INCIDENT_ID_MAX];
    char fingerprint_id[YAGA_FINGERPRINT_MAX];
    char service[YAGA_NAME_MAX + 1];
    char anomaly_name[YAGA_ANOMALY_NAME_MAX];
    char pattern_name[YAGA_ANOMALY_NAME_MAX];
    char root_metric[YAGA_NAME_MAX + 1];
    char period[24];
    enum yaga_incident_status status;
    enum yaga_severity severity, peak_severity, previous_severity;
    int64_t severity_changed_at_s; /* 0 = never */
    int64_t first_seen_s, last_seen_s;
    int64_t last_step;             /* step index of the last counted detection */
    int64_t confirmed_at_s, announced_at_s, resolved_at_s; /* 0 = not yet */
    char resolution_reason[24];    /* "" while active */
    int64_t occurrence_count, consecutive_detections, missed_cycles, reopen_count, updates_skipped;
    double current_value, peak_value, confidence, score, worst_score;
    char detection_method[32];
    char description[YAGA_TEXT_MAX + 1];
    char reopens_incident_id[YAGA_INCIDENT_ID_MAX]; /* "" */
};

enum yaga_incident_action { YAGA_INCIDENT_CREATE, YAGA_INCIDENT_CONTINUE, YAGA_INCIDENT_REOPEN, YAGA_INCIDENT_CLOSE, YAGA_INCIDENT_MISS };
const char *yaga_incident_action_name(enum yaga_incident_action action); /* CREATE CONTINUE REOPEN CLOSE MISS */

/* What one cycle did to one incident. */
struct yaga_incident_change {
    struct yaga_incident incident;            /* after */
    enum yaga_incident_action action;
    enum yaga_incident_status previous_status; /* before; SUSPECTED for a new one */
    bool confirmed;                           /* became OPEN for the first time now */
    bool severity_changed;                    /* against the cycle before */
    char was_called[YAGA_ANOMALY_NAME_MAX];   /* pattern before, where another one follows it in the same incident; "" = the same */
    int64_t observation_gap_min;              /* > 0: bridged a gap without evaluation */
    int64_t since_closure_min;                /* for REOPEN */
    int false_marks;                          /* how often people called the pattern false of late */
    int required_detections;                  /* what confirmation takes: more than confirmation_cycles after repeated false marks */
    double recovered;                         /* share of its peak excess that is gone, see yaga_incident_recovered; the caller's */
    int anomaly;                              /* index into the cycle's anomalies, -1 = not seen in this cycle */
};
struct yaga_incident_changes {
    size_t n;
    struct yaga_incident_change *items; /* owned */
};
void yaga_incident_changes_clear(struct yaga_incident_changes *changes);

/* One evaluated service in one cycle. */
struct yaga_observation {
    const char *service;
    const char *period;
    int64_t detected_at_s;
    int64_t step;                       /* index of the step the window ends in: counts evidence, not cycles */
    const struct yaga_anomaly *anomalies;
    size_t n_anomalies;
    const struct yaga_metric *metrics;  /* [n_metrics] of the service */
    size_t n_metrics;
    int64_t cycle_id;
    bool by_limits;                     /* only objectives were looked at: whether incidents of models go on is not known */
    bool by_presence;                   /* only whether there are values: nothing is known about any other incident */
};

/* The pure rules, one incident at a time (lifecycle.c); exposed for property tests. change->incident is the incident before the call and after
 * it; the rest of the change is written. Times never run backwards: the caller passes max(clock, end of the last cycle). A detection
 * in the step of the last counted one is no new evidence: it keeps an incident alive but moves no counter, unless the signal is sustained.
 * create leaves incident_id empty: the store gives it. */
void yaga_lifecycle_create(const struct yaga_incident_params *params, const struct yaga_observation *observation,
                           const struct yaga_anomaly *anomaly, const char *fingerprint, struct yaga_incident_change *out);
void yaga_lifecycle_seen(const struct yaga_incident_params *params, const struct yaga_observation *observation,
                         const struct yaga_anomaly *anomaly, struct yaga_incident_change *change);
void yaga_lifecycle_miss(const struct yaga_incident_params *params, const struct yaga_observation *observation,
                         struct yaga_incident_change *change);
bool yaga_lifecycle_is_stale(const struct yaga_incident_params *params, const struct yaga_incident *incident, int64_t at_s);
/* Seen again after a confirmed recovery, recent enough (a closed incident only; window 0: never). */
bool yaga_lifecycle_may_reopen(const struct yaga_incident_params *params, const struct yaga_incident *incident, int64_t at_s);
/* Before seen or reopen: the anomaly tells of the incident's trouble under another name, which the incident has from now on. */
void yaga_lifecycle_rename(const char *fingerprint, struct yaga_incident_change *change);
/* Closed and eligible -> OPEN again under the same id. */
void yaga_lifecycle_reopen(const struct yaga_observation *observation, const struct yaga_anomaly *anomaly, struct yaga_incident_change *change);
/* The same event for consumers that take no alert after a resolution: a new incident that starts OPEN and names the closed one. */
void yaga_lifecycle_create_reopened(const struct yaga_incident_params *params, const struct yaga_observation *observation,
                                    const struct yaga_anomaly *anomaly, const struct yaga_incident *closed, struct yaga_incident_change *out);
/* End an active incident from outside (auto_stale, orphaned, manual). One that was never confirmed and went stale is suspected_expired. */
void yaga_lifecycle_close(struct yaga_incident_change *change, const char *reason, int64_t at_s);

/* Recovery of an OPEN incident that is still seen: the share of the peak excess of its root metric, (peak - now)/(peak - expected), that
 * is gone, where that is a half or more and each of the last points is better than the one before; NaN otherwise. last: oldest first;
 * direction: of the anomaly. */
enum { YAGA_RECOVERY_POINTS = 3 };
double yaga_incident_recovered(const struct yaga_incident *incident, enum yaga_direction direction, double expected,
                               const double last[YAGA_RECOVERY_POINTS]);

/* Apply one evaluated outcome to the stored incidents (an anomaly without a name is not tracked; of two with one fingerprint the graver
 * counts). An anomaly without an incident of its own continues one that nothing was seen of, or reopens one, where it tells of the same trouble
 * under another name (succession.c); not with the scope pattern_and_cause, nor where people called it false. Changes come in the order of the incidents' first_seen, new ones last in the order of the anomalies. To be called inside a transaction begun by the caller, who commits after the outbox rows are in.
 * Writes incidents and events. */
enum yaga_status yaga_incidents_apply(struct yaga_store *store, const struct yaga_incident_params *params,
                                      const struct yaga_observation *observation, struct yaga_incident_changes *out,
                                      struct yaga_error *err) YAGA_MUST_USE;
/* An alert with this incident went into the outbox (same transaction). Also resets updates_skipped. */
enum yaga_status yaga_incident_announced(struct yaga_store *store, const char *incident_id, int64_t at_s, int64_t cycle_id,
                                         struct yaga_error *err) YAGA_MUST_USE;
/* An update was held back (update_every_cycles or filter). */
enum yaga_status yaga_incident_held_back(struct yaga_store *store, const char *incident_id, struct yaga_error *err) YAGA_MUST_USE;
/* It was to be told and is kept back for a reason, one word: an event of its timeline, unless the one before says the same. */
enum yaga_status yaga_incident_filtered(struct yaga_store *store, const char *incident_id, const char *reason, int64_t at_s,
                                        int64_t cycle_id, struct yaga_error *err) YAGA_MUST_USE;
/* Close active incidents of services not in `services` or not evaluated for orphan_close_s, and those listed; own transaction is the caller's. */
enum yaga_status yaga_incidents_sweep(struct yaga_store *store, const struct yaga_incident_params *params,
                                      const char *const *services, size_t n_services, int64_t at_s, int64_t cycle_id,
                                      struct yaga_incident_changes *closed, struct yaga_error *err) YAGA_MUST_USE;
/* OPEN and RECOVERING incidents of another database that were announced, into this one, as closed at at_s: "orphaned". Own transaction is the
 * caller's. */
enum yaga_status yaga_incidents_adopt(struct yaga_store *store, struct yaga_store *from, int64_t at_s,
                                      struct yaga_incident_changes *closed, struct yaga_error *err) YAGA_MUST_USE;
/* An active incident (change->incident) ends by hand, with the reason "manual"; note: for its timeline, or NULL. */
enum yaga_status yaga_incident_close(struct yaga_store *store, struct yaga_incident_change *change, const char *note, int64_t at_s,
                                     struct yaga_error *err) YAGA_MUST_USE;
/* Delete marks older than 400 days, and CLOSED incidents older than cleanup_max_age_s (see keep_severe_s), at most 1000. */
enum yaga_status yaga_incidents_tidy(struct yaga_store *store, const struct yaga_incident_params *params, int64_t at_s,
                                     struct yaga_error *err) YAGA_MUST_USE;
/* Most rows a list takes; more is YAGA_E_STORE. */
enum { YAGA_INCIDENTS_MAX = 100000 };
/* Incidents in a state set (bit 1 << status), service NULL = all; ordered by first_seen, incident_id. Array freed with yaga_free. */
enum yaga_status yaga_incidents_list(struct yaga_store *store, unsigned status_mask, const char *service,
                                     struct yaga_incident **out, size_t *n, struct yaga_error *err) YAGA_MUST_USE;

/* Those of all services that were ever confirmed and were seen at since_s or later, in the same order. Array freed with yaga_free. */
enum yaga_status yaga_incidents_since(struct yaga_store *store, int64_t since_s, struct yaga_incident **out, size_t *n,
                                      struct yaga_error *err) YAGA_MUST_USE;

/* The incident of this id; YAGA_E_NO_DATA when there is none. */
enum yaga_status yaga_incident_get(struct yaga_store *store, const char *incident_id, struct yaga_incident *out,
                                   struct yaga_error *err) YAGA_MUST_USE;

/* A line of an incident's timeline. */
struct yaga_incident_event {
    int64_t at_s, cycle_id;
    char kind[16], from[16], to[16]; /* "" = none */
    char detail[128];
};
/* Oldest first, the first 10000. Array freed with yaga_free. */
enum yaga_status yaga_incident_events(struct yaga_store *store, const char *incident_id, struct yaga_incident_event **out,
                                      size_t *n, struct yaga_error *err) YAGA_MUST_USE;

/* What people say about an incident (marks.c). A mark is kept for 400 days, longer than its incident. A pattern that was marked false
 * twice or more within 90 days, and not marked true since, takes so many times the usual detections to open (at most 10, or the setting if
 * that is more), and does not reopen. */
enum { YAGA_FALSE_MARKS_MIN = 2 };
struct yaga_incident_mark {
    bool is_set; /* otherwise nobody has said anything */
    bool is_false;
    char note[304];
    int64_t marked_at_s;
};
/* A second mark replaces the first. note: at most 300 bytes, or NULL. YAGA_E_NO_DATA for an unknown id. */
enum yaga_status yaga_incident_mark(struct yaga_store *store, const char *incident_id, bool is_false, const char *note,
                                    int64_t at_s, struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_incident_mark_get(struct yaga_store *store, const char *incident_id, struct yaga_incident_mark *out,
                                        struct yaga_error *err) YAGA_MUST_USE;
/* False marks that count at this time, at most 10. */
enum yaga_status yaga_false_marks(struct yaga_store *store, const char *fingerprint, int64_t at_s, int *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
/* Detections that confirmation takes after so many. */
int yaga_incident_required(const struct yaga_incident_params *params, int n_false);

/* From first to last sighting, both included. */
struct yaga_incident_time {
    int64_t first_seen_s, last_seen_s;
};
/* Incidents of a service that people marked true, and confirmed ones that were high or critical at their worst unless marked false, that
 * touch [start_s, end_s), by first_seen. Array freed with
 * yaga_free; NULL when there are none. */
enum yaga_status yaga_incidents_severe(struct yaga_store *store, const char *service, int64_t start_s, int64_t end_s,
                                       struct yaga_incident_time **out, size_t *n, struct yaga_error *err) YAGA_MUST_USE;
/* The same of all that were ever confirmed, whatever people say of them. */
enum yaga_status yaga_incidents_confirmed(struct yaga_store *store, const char *service, int64_t start_s, int64_t end_s,
                                          struct yaga_incident_time **out, size_t *n,
                                          struct yaga_error *err) YAGA_MUST_USE;

#endif
