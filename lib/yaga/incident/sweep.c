/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens behind the services' own cycles: orphans are closed, old incidents go. */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/incident/incident_internal.h"

enum { TIDY_MAX = 1000 };

static bool is_configured(const char *service, const char *const *services, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(services[i], service) == 0)
            return true;
    return false;
}

/* When a service was last evaluated; 0 when no record of it exists. */
static enum yaga_status last_evaluated(struct yaga_store *store,
                                       const char *service,
                                       int64_t *out_s,
                                       struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "SELECT last_evaluated_at FROM service_state WHERE service = ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, service);
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    *out_s = st == YAGA_OK ? yaga_column_int(q, 0) : 0;
    yaga_query_reset(q);
    return YAGA_OK;
}

struct sweep {
    struct yaga_store *store;
    const struct yaga_incident_params *params;
    const char *const *services;
    size_t n_services;
    int64_t at_s, cycle_id;
    size_t capacity;
    struct yaga_incident_changes closed;
};

static enum yaga_status is_orphan(struct sweep *sweep,
                                  const struct yaga_incident *incident,
                                  bool *out,
                                  struct yaga_error *err)
{
    *out = true;
    if (!is_configured(incident->service, sweep->services, sweep->n_services))
        return YAGA_OK;
    int64_t evaluated_s = 0;
    enum yaga_status st =
        last_evaluated(sweep->store, incident->service, &evaluated_s, err);
    /* A sighting is an evaluation too, should the record be missing. */
    if (evaluated_s < incident->last_seen_s)
        evaluated_s = incident->last_seen_s;
    *out = sweep->at_s - evaluated_s > sweep->params->orphan_close_s;
    return st;
}

static enum yaga_status sweep_one(struct sweep *sweep,
                                  const struct yaga_incident *incident,
                                  struct yaga_error *err)
{
    bool orphan = false;
    enum yaga_status st = is_orphan(sweep, incident, &orphan, err);
    if (st != YAGA_OK || !orphan)
        return st;
    struct yaga_incident_change change = {.incident = *incident};
    yaga_lifecycle_close(&change, "orphaned", sweep->at_s);
    st = incident_update(sweep->store, &change.incident, err);
    if (st == YAGA_OK)
        st = incident_record(sweep->store, &change, sweep->at_s, sweep->cycle_id, err);
    if (st == YAGA_OK)
        st = incident_changes_push(&sweep->closed, &sweep->capacity, &change, err);
    return st;
}

enum yaga_status yaga_incidents_sweep(struct yaga_store *store,
                                      const struct yaga_incident_params *params,
                                      const char *const *services,
                                      size_t n_services,
                                      int64_t at_s,
                                      int64_t cycle_id,
                                      struct yaga_incident_changes *closed,
                                      struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident) active = NULL;
    size_t n_active = 0;
    enum yaga_status st =
        yaga_incidents_list(store, INCIDENT_ACTIVE_MASK, NULL, &active, &n_active, err);
    if (st != YAGA_OK)
        return st;
    struct sweep sweep = {.store = store,
                          .params = params,
                          .services = services,
                          .n_services = n_services,
                          .at_s = at_s,
                          .cycle_id = cycle_id};
    for (size_t i = 0; i < n_active && st == YAGA_OK; i++)
        st = sweep_one(&sweep, &active[i], err);
    if (st != YAGA_OK) {
        yaga_incident_changes_clear(&sweep.closed);
        return yaga_error_wrap(err, "orphaned incidents");
    }
    yaga_error_clear(err);
    *closed = sweep.closed;
    return YAGA_OK;
}

enum yaga_status yaga_incident_close(struct yaga_store *store,
                                     struct yaga_incident_change *change,
                                     const char *note,
                                     int64_t at_s,
                                     struct yaga_error *err)
{
    char detail[512];
    (void)yaga_format(detail, sizeof detail, "manual%s%s", note == NULL ? "" : ": ",
                      note == NULL ? "" : note);
    yaga_lifecycle_close(change, "manual", at_s);
    enum yaga_status st = incident_update(store, &change->incident, err);
    return st != YAGA_OK ? st
                         : incident_event(store, change, "closed", detail, at_s, 0, err);
}

enum yaga_status yaga_incidents_tidy(struct yaga_store *store,
                                     const struct yaga_incident_params *params,
                                     int64_t at_s,
                                     struct yaga_error *err)
{
    enum yaga_status st = incident_marks_tidy(store, at_s, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_query *q = yaga_query(
        store,
        "DELETE FROM incidents WHERE incident_id IN (SELECT incident_id FROM incidents"
        " WHERE status = 'CLOSED' AND resolved_at < ?1 AND (resolved_at < ?3"
        " OR confirmed_at IS NULL OR peak_severity NOT IN ('high', 'critical'))"
        " ORDER BY resolved_at, incident_id LIMIT ?2)",
        err);
    if (q == NULL)
        return err->status;
    /* What may still be reopened stays, whatever the retention says. */
    int64_t keep_s = params->cleanup_max_age_s;
    if (keep_s < params->reopen_window_s)
        keep_s = params->reopen_window_s;
    yaga_bind_int(q, 1, at_s - keep_s);
    yaga_bind_int(q, 2, TIDY_MAX);
    yaga_bind_int(q, 3, at_s - params->keep_severe_s);
    return yaga_query_run(q, err);
}
