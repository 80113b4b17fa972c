/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of incidents and their events, shared by the files of this room. */
#ifndef YAGA_INCIDENT_INTERNAL_H
#define YAGA_INCIDENT_INTERNAL_H

#include "yaga/incident/incident.h"

enum { INCIDENT_ID_ATTEMPTS = 5, INCIDENT_ACTIVE_MASK = 7 };

/* A new row; gives the incident its id (the next attempt when one is taken). */
enum yaga_status incident_insert(struct yaga_store *store,
                                 struct yaga_incident *incident,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* The same for one that has its id. */
enum yaga_status incident_insert_as_is(struct yaga_store *store,
                                       const struct yaga_incident *incident,
                                       struct yaga_error *err) YAGA_MUST_USE;
/* Everything that a cycle can change, the fingerprint too; announced_at and
 * updates_skipped are not among it.
 */
enum yaga_status incident_update(struct yaga_store *store,
                                 const struct yaga_incident *incident,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* The CLOSED incident of a fingerprint that was resolved last; YAGA_E_NO_DATA when there
 * is none. */
enum yaga_status incident_last_closed(struct yaga_store *store,
                                      const char *fingerprint,
                                      struct yaga_incident *out,
                                      struct yaga_error *err) YAGA_MUST_USE;
/* The confirmed incident of a service that was resolved last, not before since_s, and
 * that the anomaly tells of under another name; YAGA_E_NO_DATA when there is none. */
enum yaga_status incident_last_of_same_trouble(struct yaga_store *store,
                                               const struct yaga_observation *observation,
                                               const struct yaga_anomaly *anomaly,
                                               int64_t since_s,
                                               struct yaga_incident *out,
                                               struct yaga_error *err) YAGA_MUST_USE;
/* Does the anomaly tell of what the incident is about, under another name (succession.c)?
 */
bool incident_is_same_trouble(const struct yaga_observation *observation,
                              const struct yaga_incident *incident,
                              const struct yaga_anomaly *anomaly);
/* One line of an incident's timeline; a CREATE has no state before. */
enum yaga_status incident_event(struct yaga_store *store,
                                const struct yaga_incident_change *change,
                                const char *kind,
                                const char *detail,
                                int64_t at_s,
                                int64_t cycle_id,
                                struct yaga_error *err) YAGA_MUST_USE;
/* All the events a change stands for. */
enum yaga_status incident_record(struct yaga_store *store,
                                 const struct yaga_incident_change *change,
                                 int64_t at_s,
                                 int64_t cycle_id,
                                 struct yaga_error *err) YAGA_MUST_USE;

enum yaga_status incident_marks_tidy(struct yaga_store *store,
                                     int64_t at_s,
                                     struct yaga_error *err) YAGA_MUST_USE;

/* Append to a list that grows by doubling. */
enum yaga_status incident_changes_push(struct yaga_incident_changes *changes,
                                       size_t *capacity,
                                       const struct yaga_incident_change *change,
                                       struct yaga_error *err) YAGA_MUST_USE;

#endif
