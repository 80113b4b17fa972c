/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Closing and deleting incidents by hand: the way of every other change, so that a
 * resolution is delivered for what was announced. */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/operate_internal.h"
#include "yaga/state/state.h"

enum { HOUR_S = 3600 };
#define ACTIVE (1u << YAGA_SUSPECTED | 1u << YAGA_OPEN | 1u << YAGA_RECOVERING)

struct closing {
    const struct yaga_setup *setup;
    struct yaga_store *store;
    const struct yaga_sinks *sinks;
    const struct yaga_close_request *request;
    int64_t at_s;
    struct yaga_json *closed; /* array */
};

enum yaga_status yaga_operate_resolve(const struct yaga_setup *setup,
                                      struct yaga_store *store,
                                      const struct yaga_sinks *sinks,
                                      const struct yaga_incident_change *change,
                                      int64_t at_s,
                                      struct yaga_error *err)
{
    const struct yaga_incident *incident = &change->incident;
    char ids[64];
    char alert_id[YAGA_ALERT_ID_MAX];
    (void)yaga_format(ids, sizeof ids, "[\"%s\"]", incident->incident_id);
    yaga_alert_id(incident->service, at_s, 0, incident->incident_id, alert_id,
                  sizeof alert_id);
    YAGA_AUTO(yaga_json) document = yaga_resolution_document(&setup->alert, NULL, change);
    return yaga_outbox_put(store, sinks, "resolution", incident->service, 0, ids,
                           alert_id, document, at_s, err);
}

static enum yaga_status close_one(const struct closing *c,
                                  const struct yaga_incident *incident,
                                  struct yaga_error *err)
{
    struct yaga_incident_change change = {.incident = *incident};
    int64_t at_s = c->at_s < incident->last_seen_s ? incident->last_seen_s : c->at_s;
    if (incident->status == YAGA_CLOSED)
        return YAGA_OK;
    enum yaga_status st =
        yaga_incident_close(c->store, &change, c->request->reason, at_s, err);
    if (st == YAGA_OK && incident->announced_at_s != 0)
        st = yaga_operate_resolve(c->setup, c->store, c->sinks, &change, c->at_s, err);
    struct yaga_json *entry = yaga_json_object_new();
    yaga_json_set_string(entry, "incident_id", incident->incident_id);
    yaga_json_set_string(entry, "service_name", incident->service);
    yaga_json_set_string(entry, "anomaly_name", incident->anomaly_name);
    yaga_json_set_string(entry, "status", yaga_incident_status_name(incident->status));
    yaga_json_set_bool(entry, "resolution_sent", incident->announced_at_s != 0);
    yaga_json_push(c->closed, entry);
    return st;
}

static enum yaga_status close_named(const struct closing *c, struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < c->request->n_ids && st == YAGA_OK; i++) {
        char id[YAGA_INCIDENT_ID_MAX];
        struct yaga_incident incident;
        yaga_operate_id(c->request->ids[i], id);
        st = yaga_incident_get(c->store, id, &incident, err);
        if (st == YAGA_OK)
            st = close_one(c, &incident, err);
    }
    return st;
}

static enum yaga_status close_all(const struct closing *c, struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident) incidents = NULL;
    size_t n = 0;
    enum yaga_status st =
        yaga_incidents_list(c->store, ACTIVE, c->request->service, &incidents, &n, err);
    for (size_t i = 0; i < n && st == YAGA_OK; i++)
        st = close_one(c, &incidents[i], err);
    return st;
}

enum yaga_status yaga_operate_clock(struct yaga_store *store,
                                    int64_t now_s,
                                    int64_t *out,
                                    struct yaga_error *err)
{
    int64_t last_s = 0;
    enum yaga_status st = yaga_cycle_last_end(store, &last_s, err);
    *out = last_s > now_s ? last_s : now_s;
    return st;
}

static enum yaga_status run_closing(struct closing *c, struct yaga_error *err)
{
    enum yaga_status st = c->request->n_ids > 0 ? close_named(c, err) : close_all(c, err);
    if (st == YAGA_OK && c->request->then_delete_all)
        st = yaga_store_exec(c->store, "DELETE FROM incidents", err);
    return st;
}

static enum yaga_status closing_transaction(struct closing *c, struct yaga_error *err)
{
    enum yaga_status st = yaga_store_begin(c->store, err);
    if (st != YAGA_OK)
        return st;
    st = run_closing(c, err);
    if (st == YAGA_OK && !c->request->dry_run)
        st = yaga_store_commit(c->store, err);
    if (st != YAGA_OK || c->request->dry_run)
        yaga_store_rollback(c->store);
    return st;
}

enum yaga_status yaga_operate_close(const struct yaga_setup *setup,
                                    struct yaga_store *store,
                                    const struct yaga_close_request *request,
                                    int64_t now_s,
                                    struct yaga_json **out,
                                    struct yaga_error *err)
{
    YAGA_AUTO(yaga_sinks) sinks = NULL;
    YAGA_AUTO(yaga_json) closed = yaga_json_array_new();
    struct closing c = {
        .setup = setup, .store = store, .request = request, .closed = closed};
    enum yaga_status st = yaga_sinks_new(&setup->deliver, false, &sinks, err);
    if (st == YAGA_OK)
        st = yaga_operate_clock(store, now_s, &c.at_s, err);
    c.sinks = sinks;
    if (st == YAGA_OK)
        st = closing_transaction(&c, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(closed);
    return st;
}

enum yaga_status yaga_operate_lock(const struct yaga_setup *setup,
                                   struct yaga_lock *out,
                                   struct yaga_error *err)
{
    char path[4200];
    (void)yaga_format(path, sizeof path, "%s/infer.lock", setup->state_dir);
    enum yaga_status st = yaga_lock_take(path, out, err);
    return st == YAGA_E_LOCKED ? yaga_error_wrap(err, "a cycle is running") : st;
}

static enum yaga_status
count_old(struct yaga_store *store, int64_t before_s, int64_t *n, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store,
                                      "SELECT count(*) FROM incidents"
                                      " WHERE status = 'CLOSED' AND resolved_at < ?",
                                      err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, before_s);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        *n = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return st;
}

enum yaga_status yaga_operate_cleanup(struct yaga_store *store,
                                      int64_t hours,
                                      bool dry_run,
                                      int64_t now_s,
                                      int64_t *n,
                                      struct yaga_error *err)
{
    int64_t before_s = now_s - hours * HOUR_S;
    enum yaga_status st = count_old(store, before_s, n, err);
    if (st != YAGA_OK || dry_run)
        return st;
    struct yaga_query *q = yaga_query(
        store, "DELETE FROM incidents WHERE status = 'CLOSED' AND resolved_at < ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, before_s);
    st = yaga_query_run(q, err);
    if (st == YAGA_OK)
        *n = yaga_store_changes(store);
    return st;
}
