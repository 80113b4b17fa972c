/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people say about incidents. A mark outlives its incident, because two things
 * follow from it for a long time: training takes the time of a true one for unusual and
 * of a false one for ordinary, and a pattern that was false repeatedly needs more
 * evidence.
 */
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/incident/incident_internal.h"

enum { DAY_S = 86400, COUNTED_DAYS = 90, KEPT_DAYS = 400, DETECTIONS_MAX = 10 };

int yaga_incident_required(const struct yaga_incident_params *params, int n_false)
{
    int required = params->confirmation_cycles;
    if (n_false >= YAGA_FALSE_MARKS_MIN)
        required *= n_false;
    if (required > DETECTIONS_MAX && required > params->confirmation_cycles)
        required = DETECTIONS_MAX;
    return required < params->confirmation_cycles ? params->confirmation_cycles
                                                  : required;
}

enum yaga_status yaga_incident_mark(struct yaga_store *store,
                                    const char *incident_id,
                                    bool is_false,
                                    const char *note,
                                    int64_t at_s,
                                    struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO incident_marks (incident_id, fingerprint_id, service, anomaly_name,"
        " first_seen, last_seen, verdict, note, marked_at)"
        " SELECT incident_id, fingerprint_id, service, anomaly_name, first_seen,"
        " last_seen, ?2, ?3, ?4 FROM incidents WHERE incident_id = ?1"
        " ON CONFLICT (incident_id) DO UPDATE SET verdict = ?2, note = ?3,"
        " marked_at = ?4, last_seen = excluded.last_seen",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    yaga_bind_text(q, 2, is_false ? "false" : "true");
    yaga_bind_text(q, 3, note);
    yaga_bind_int(q, 4, at_s);
    enum yaga_status st = yaga_query_run(q, err);
    if (st == YAGA_OK && yaga_store_changes(store) == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "no incident %s", incident_id);
    return st;
}

enum yaga_status yaga_incident_mark_get(struct yaga_store *store,
                                        const char *incident_id,
                                        struct yaga_incident_mark *out,
                                        struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "SELECT verdict, note, marked_at FROM incident_marks WHERE incident_id = ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    struct yaga_incident_mark mark = {.is_set = false};
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK) {
        const char *note = yaga_column_text(q, 1);
        mark.is_set = true;
        mark.is_false = strcmp(yaga_column_text(q, 0), "false") == 0;
        (void)yaga_format(mark.note, sizeof mark.note, "%s", note == NULL ? "" : note);
        mark.marked_at_s = yaga_column_int(q, 2);
    }
    yaga_query_reset(q);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    *out = mark;
    return YAGA_OK;
}

enum yaga_status yaga_false_marks(struct yaga_store *store,
                                  const char *fingerprint,
                                  int64_t at_s,
                                  int *out,
                                  struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "SELECT count(*) FROM incident_marks WHERE fingerprint_id = ?1"
        " AND verdict = 'false' AND marked_at > max(?2, coalesce((SELECT max(marked_at)"
        " FROM incident_marks WHERE fingerprint_id = ?1 AND verdict = 'true'), 0))",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, fingerprint);
    yaga_bind_int(q, 2, at_s - COUNTED_DAYS * (int64_t)DAY_S);
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK)
        return st;
    int64_t n = yaga_column_int(q, 0);
    yaga_query_reset(q);
    *out = n > DETECTIONS_MAX ? DETECTIONS_MAX : (int)n;
    return YAGA_OK;
}

/* An incident that goes on after it was marked is marked for all of its time. */
static enum yaga_status follow_incidents(struct yaga_store *store, struct yaga_error *err)
{
    return yaga_store_exec(
        store,
        "UPDATE incident_marks SET last_seen = i.last_seen FROM incidents AS i"
        " WHERE i.incident_id = incident_marks.incident_id"
        " AND i.last_seen > incident_marks.last_seen",
        err);
}

enum yaga_status
incident_marks_tidy(struct yaga_store *store, int64_t at_s, struct yaga_error *err)
{
    enum yaga_status st = follow_incidents(store, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_query *q =
        yaga_query(store, "DELETE FROM incident_marks WHERE marked_at < ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, at_s - KEPT_DAYS * (int64_t)DAY_S);
    return yaga_query_run(q, err);
}
