/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a service was not well: what training must not take for usual. */
#include "yaga/base/mem.h"
#include "yaga/incident/incident_internal.h"

static enum yaga_status push(struct yaga_query *query,
                             struct yaga_incident_time **times,
                             size_t *n,
                             struct yaga_error *err)
{
    if (*n == YAGA_INCIDENTS_MAX)
        return yaga_error_set(err, YAGA_E_STORE, "more than %d incidents to list",
                              YAGA_INCIDENTS_MAX);
    if ((*n & (*n - 1)) == 0) { /* full at every power of two */
        struct yaga_incident_time *grown =
            yaga_realloc(*times, *n == 0 ? 1 : 2 * *n, sizeof *grown);
        if (grown == NULL)
            return yaga_error_nomem(err);
        *times = grown;
    }
    (*times)[(*n)++] =
        (struct yaga_incident_time){.first_seen_s = yaga_column_int(query, 0),
                                    .last_seen_s = yaga_column_int(query, 1)};
    return YAGA_OK;
}

/* What a statement with service, start and end finds. */
static enum yaga_status times_of(struct yaga_store *store,
                                 const char *sql,
                                 const char *service,
                                 int64_t start_s,
                                 int64_t end_s,
                                 struct yaga_incident_time **out,
                                 size_t *n,
                                 struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, sql, err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, service);
    yaga_bind_int(q, 2, start_s);
    yaga_bind_int(q, 3, end_s);
    YAGA_AUTO_MEM(struct yaga_incident_time) times = NULL;
    size_t n_times = 0;
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        st = push(q, &times, &n_times, err);
        if (st != YAGA_OK) {
            yaga_query_reset(q);
            return st;
        }
    }
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    *out = YAGA_TAKE(times);
    *n = n_times;
    return YAGA_OK;
}

enum yaga_status yaga_incidents_severe(struct yaga_store *store,
                                       const char *service,
                                       int64_t start_s,
                                       int64_t end_s,
                                       struct yaga_incident_time **out,
                                       size_t *n,
                                       struct yaga_error *err)
{
    static const char sql[] =
        "SELECT first_seen, last_seen FROM ("
        " SELECT i.incident_id, i.first_seen, i.last_seen FROM incidents AS i"
        "  LEFT JOIN incident_marks AS m USING (incident_id) WHERE i.service = ?1"
        "  AND (m.verdict = 'true' OR (m.verdict IS NULL AND i.confirmed_at IS NOT NULL"
        "   AND i.peak_severity IN ('high', 'critical')))"
        " UNION ALL SELECT incident_id, first_seen, last_seen FROM incident_marks AS m"
        "  WHERE service = ?1 AND verdict = 'true' AND NOT EXISTS (SELECT 1"
        "   FROM incidents AS i WHERE i.incident_id = m.incident_id))"
        " WHERE last_seen >= ?2 AND first_seen < ?3 ORDER BY first_seen, incident_id";
    return times_of(store, sql, service, start_s, end_s, out, n, err);
}

enum yaga_status yaga_incidents_confirmed(struct yaga_store *store,
                                          const char *service,
                                          int64_t start_s,
                                          int64_t end_s,
                                          struct yaga_incident_time **out,
                                          size_t *n,
                                          struct yaga_error *err)
{
    static const char sql[] =
        "SELECT first_seen, last_seen FROM incidents WHERE service = ?1"
        " AND confirmed_at IS NOT NULL AND last_seen >= ?2 AND first_seen < ?3"
        " ORDER BY first_seen, incident_id";
    return times_of(store, sql, service, start_s, end_s, out, n, err);
}
