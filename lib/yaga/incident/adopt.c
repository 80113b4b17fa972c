/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Incidents that people were told of and whose database is given up: they end here. */
#include "yaga/base/mem.h"
#include "yaga/incident/incident_internal.h"

enum { TOLD_MASK = 1 << YAGA_OPEN | 1 << YAGA_RECOVERING };

static enum yaga_status set_announced(struct yaga_store *store,
                                      const struct yaga_incident *incident,
                                      struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "UPDATE incidents SET announced_at = ?2 WHERE incident_id = ?1", err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident->incident_id);
    yaga_bind_int(q, 2, incident->announced_at_s);
    return yaga_query_run(q, err);
}

static enum yaga_status adopt_one(struct yaga_store *store,
                                  const struct yaga_incident *incident,
                                  int64_t at_s,
                                  struct yaga_incident_change *change,
                                  struct yaga_error *err)
{
    *change = (struct yaga_incident_change){.incident = *incident};
    /* the clock may have been set back meanwhile */
    int64_t end_s = at_s > incident->last_seen_s ? at_s : incident->last_seen_s;
    yaga_lifecycle_close(change, "orphaned", end_s);
    enum yaga_status st = incident_insert_as_is(store, &change->incident, err);
    if (st == YAGA_OK)
        st = set_announced(store, incident, err);
    return st == YAGA_OK ? incident_record(store, change, end_s, 0, err) : st;
}

enum yaga_status yaga_incidents_adopt(struct yaga_store *store,
                                      struct yaga_store *from,
                                      int64_t at_s,
                                      struct yaga_incident_changes *closed,
                                      struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident) active = NULL;
    size_t n_active = 0;
    size_t capacity = 0;
    struct yaga_incident_changes changes = {.n = 0};
    enum yaga_status st =
        yaga_incidents_list(from, TOLD_MASK, NULL, &active, &n_active, err);
    for (size_t i = 0; i < n_active && st == YAGA_OK; i++) {
        struct yaga_incident_change change;
        if (active[i].announced_at_s == 0)
            continue;
        st = adopt_one(store, &active[i], at_s, &change, err);
        if (st == YAGA_OK)
            st = incident_changes_push(&changes, &capacity, &change, err);
    }
    if (st != YAGA_OK) {
        yaga_incident_changes_clear(&changes);
        return yaga_error_wrap(err, "incidents of the old database");
    }
    *closed = changes;
    return YAGA_OK;
}
