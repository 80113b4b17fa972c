/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timeline of an incident: what happened to it, one row each; and what was sent. */
#include <stdio.h>

#include "yaga/incident/incident_internal.h"

enum yaga_status incident_event(struct yaga_store *store,
                                const struct yaga_incident_change *change,
                                const char *kind,
                                const char *detail,
                                int64_t at_s,
                                int64_t cycle_id,
                                struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "INSERT INTO incident_events (incident_id, cycle_id, at, kind,"
                   " from_status, to_status, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
                   err);
    if (q == NULL)
        return err->status;
    const char *before = yaga_incident_status_name(change->previous_status);
    yaga_bind_text(q, 1, change->incident.incident_id);
    yaga_bind_int(q, 2, cycle_id);
    yaga_bind_int(q, 3, at_s);
    yaga_bind_text(q, 4, kind);
    yaga_bind_text(q, 5, change->action == YAGA_INCIDENT_CREATE ? NULL : before);
    yaga_bind_text(q, 6, yaga_incident_status_name(change->incident.status));
    yaga_bind_text(q, 7, detail);
    return yaga_query_run(q, err);
}

/* The one event an action stands for; NULL when it changed nothing worth a line. */
static const char *main_event(const struct yaga_incident_change *change)
{
    bool was_recovering = change->previous_status == YAGA_RECOVERING;
    switch (change->action) {
    case YAGA_INCIDENT_CREATE:
        return "created";
    case YAGA_INCIDENT_CONTINUE:
        return was_recovering || change->was_called[0] != '\0' ? "resumed" : NULL;
    case YAGA_INCIDENT_REOPEN:
        return "reopened";
    case YAGA_INCIDENT_CLOSE:
        return "closed";
    case YAGA_INCIDENT_MISS:
        return change->previous_status == YAGA_OPEN ? "recovering" : NULL;
    }
    return NULL;
}

enum yaga_status incident_record(struct yaga_store *store,
                                 const struct yaga_incident_change *change,
                                 int64_t at_s,
                                 int64_t cycle_id,
                                 struct yaga_error *err)
{
    const char *kind = main_event(change);
    char before[YAGA_ANOMALY_NAME_MAX + sizeof "was "];
    const char *detail = NULL;
    if (change->was_called[0] != '\0') {
        (void)snprintf(before, sizeof before, "was %s", change->was_called);
        detail = before;
    }
    if (change->action == YAGA_INCIDENT_CLOSE)
        detail = change->incident.resolution_reason;
    enum yaga_status st = YAGA_OK;
    if (kind != NULL)
        st = incident_event(store, change, kind, detail, at_s, cycle_id, err);
    if (st == YAGA_OK && change->confirmed)
        st = incident_event(store, change, "confirmed", NULL, at_s, cycle_id, err);
    if (st == YAGA_OK && change->severity_changed) {
        char text[64];
        (void)snprintf(text, sizeof text, "%s to %s",
                       yaga_severity_name(change->incident.previous_severity),
                       yaga_severity_name(change->incident.severity));
        st = incident_event(store, change, "severity", text, at_s, cycle_id, err);
    }
    return st;
}

/* Runs an update of one incident; *changed tells whether a row fitted. */
static enum yaga_status run_update(struct yaga_query *query,
                                   struct yaga_store *store,
                                   bool *changed,
                                   struct yaga_error *err)
{
    enum yaga_status st = yaga_query_run(query, err);
    if (st == YAGA_OK)
        *changed = yaga_store_changes(store) > 0;
    return st;
}

static enum yaga_status not_stored(const char *incident_id, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_INTERNAL,
                          "incident %s is not in the state database", incident_id);
}

static enum yaga_status record_announcement(struct yaga_store *store,
                                            const char *incident_id,
                                            int64_t at_s,
                                            int64_t cycle_id,
                                            struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO incident_events (incident_id, cycle_id, at, kind, from_status,"
        " to_status) SELECT incident_id, ?2, ?3, 'announced', status, status"
        " FROM incidents WHERE incident_id = ?1",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    yaga_bind_int(q, 2, cycle_id);
    yaga_bind_int(q, 3, at_s);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_incident_announced(struct yaga_store *store,
                                         const char *incident_id,
                                         int64_t at_s,
                                         int64_t cycle_id,
                                         struct yaga_error *err)
{
    struct yaga_query *first = yaga_query(store,
                                          "UPDATE incidents SET announced_at = ?2"
                                          " WHERE incident_id = ?1"
                                          " AND announced_at IS NULL",
                                          err);
    if (first == NULL)
        return err->status;
    yaga_bind_text(first, 1, incident_id);
    yaga_bind_int(first, 2, at_s);
    bool changed = false;
    enum yaga_status st = run_update(first, store, &changed, err);
    if (st == YAGA_OK && changed)
        st = record_announcement(store, incident_id, at_s, cycle_id, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_query *q = yaga_query(
        store, "UPDATE incidents SET updates_skipped = 0 WHERE incident_id = ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    st = run_update(q, store, &changed, err);
    return st == YAGA_OK && !changed ? not_stored(incident_id, err) : st;
}

enum yaga_status yaga_incident_held_back(struct yaga_store *store,
                                         const char *incident_id,
                                         struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store,
                                      "UPDATE incidents SET updates_skipped ="
                                      " updates_skipped + 1 WHERE incident_id = ?",
                                      err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    bool changed = false;
    enum yaga_status st = run_update(q, store, &changed, err);
    return st == YAGA_OK && !changed ? not_stored(incident_id, err) : st;
}

enum yaga_status yaga_incident_filtered(struct yaga_store *store,
                                        const char *incident_id,
                                        const char *reason,
                                        int64_t at_s,
                                        int64_t cycle_id,
                                        struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO incident_events (incident_id, cycle_id, at, kind, from_status,"
        " to_status, detail) SELECT incident_id, ?2, ?3, 'filtered', status, status, ?4"
        " FROM incidents WHERE incident_id = ?1 AND ?4 IS NOT"
        " (SELECT detail FROM incident_events WHERE incident_id = ?1"
        "   AND kind = 'filtered' ORDER BY id DESC LIMIT 1)",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    yaga_bind_int(q, 2, cycle_id);
    yaga_bind_int(q, 3, at_s);
    yaga_bind_text(q, 4, reason);
    return yaga_query_run(q, err);
}
