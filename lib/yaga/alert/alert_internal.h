/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of documents, shared by the files of this room. */
#ifndef YAGA_ALERT_INTERNAL_H
#define YAGA_ALERT_INTERNAL_H

#include "yaga/alert/alert.h"

/* Non-alerting by its pattern; the part of the filter that needs no incident. */
bool alert_pattern_is_silent(const struct yaga_alert_params *params,
                             const struct yaga_anomaly *anomaly);

/* Does change i belong into the document: asked for, open, seen in this cycle? */
bool alert_is_sendable(const struct yaga_alert_context *context,
                       const struct yaga_incident_changes *changes,
                       const bool *send,
                       size_t i);
/* The first alert of its incident. */
bool alert_is_first(const struct yaga_incident_change *change);

/* Significant digits of computed figures (expected values, scores, statistics); measured values stay as they came. */
enum { ALERT_DIGITS = 6 };

/* One anomaly (6.2); change NULL: without an incident. */
struct yaga_json *alert_anomaly(const struct yaga_alert_context *context,
                                const struct yaga_anomaly *anomaly,
                                const struct yaga_incident_change *change);
/* 6.5 of the service, and what of it concerns one anomaly; NULL when objectives have
 * nothing to say. */
struct yaga_json *alert_slo(const struct yaga_alert_context *context);
struct yaga_json *alert_slo_context(const struct yaga_alert_context *context,
                                    const struct yaga_anomaly *anomaly);
/* 6.4 */
struct yaga_json *alert_fingerprinting(const struct yaga_alert_params *params,
                                       const struct yaga_alert_context *context,
                                       const struct yaga_incident_changes *changes,
                                       const bool *send,
                                       const struct yaga_alert_counts *counts);

/* correlation, and its number at the end of the description; nothing when it stands for itself alone. */
void alert_set_correlation(struct yaga_json *object,
                           const struct yaga_alert_context *context,
                           const struct yaga_incident_changes *changes,
                           size_t primary);

/* provenance; nothing when it was not recorded. */
void alert_set_provenance(struct yaga_json *document, const struct yaga_alert_context *context);

/* drift_analysis and, when there is any, drift_warning (6.7); nothing when it was not looked for or cannot be said. */
void alert_set_drift(struct yaga_json *document, const struct yaga_alert_context *context);

/* cascade_analysis, affected_services, suppressed_by; nothing without a cascade. */
void alert_set_cascade(struct yaga_json *object,
                       const struct yaga_alert_context *context,
                       const struct yaga_anomaly *anomaly);
/* What else is known of the service (contexts.c): objects of their own in the document, and what follows from them for one
 * anomaly: why requests fail, after its interpretation (returned; out may be used), and what to do about it. */
void alert_set_contexts(struct yaga_json *document, const struct yaga_alert_context *context);
const char *alert_interpretation(const struct yaga_alert_context *context, const struct yaga_anomaly *anomaly,
                                 char out[YAGA_TEXT_MAX + 1]);
void alert_set_failure_mode(struct yaga_json *object, const struct yaga_alert_context *context,
                            const struct yaga_anomaly *anomaly);
void alert_set_actions(struct yaga_json *object, const struct yaga_alert_context *context, const struct yaga_anomaly *anomaly);

/* trend, flapping, recovery: what it has behind it. change NULL: without an incident. */
void alert_set_history(struct yaga_json *object,
                       const struct yaga_alert_context *context,
                       const struct yaga_anomaly *anomaly,
                       const struct yaga_incident_change *change);

/* Current values by metric name, missing ones left out. */
struct yaga_json *alert_current_metrics(const struct yaga_alert_context *context);
/* Metric m against its training statistics; NULL when value or baseline is missing.
 * with_status adds the word for it, else training_p95 and the expected value. */
struct yaga_json *alert_comparison(const struct yaga_alert_context *context,
                                   size_t metric,
                                   bool with_status);

/* Array of at most YAGA_ALERT_LIST_MAX texts, each cut to YAGA_ALERT_LIST_TEXT_MAX bytes.
 */
void alert_push_text(struct yaga_json *array, const char *text);
/* Name and id fields that every list of incidents starts with. */
void alert_set_identity(struct yaga_json *object, const struct yaga_incident *incident);
/* Minutes the incident lasted, as resolutions count them (6.8). */
int64_t alert_duration_min(const struct yaga_incident *incident);
int64_t alert_minutes(int64_t from_s, int64_t to_s);

#endif
