/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: a payload, and one row for each sink that has to get it. */
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/deliver/deliver_internal.h"

enum { HOUR_S = 3600, DELIVERED_KEPT_S = 24 * HOUR_S, DEAD_KEPT_S = 14 * 24 * HOUR_S };

static enum yaga_status put_payload(struct yaga_store *store,
                                    const char *kind,
                                    const char *service,
                                    int64_t cycle_id,
                                    const char *incident_ids,
                                    const char *alert_id,
                                    struct yaga_json *payload,
                                    int64_t at_s,
                                    struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = payload_text(payload, alert_id, &text, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_query *q =
        yaga_query(store,
                   "INSERT INTO outbox (kind, service, cycle_id, incident_ids, alert_id,"
                   " payload, created_at, is_update)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, kind);
    yaga_bind_text(q, 2, service);
    yaga_bind_int(q, 3, cycle_id);
    yaga_bind_text(q, 4, incident_ids);
    yaga_bind_text(q, 5, alert_id);
    yaga_bind_text(q, 6, text);
    yaga_bind_int(q, 7, at_s);
    yaga_bind_int(q, 8, payload_is_update(payload) ? 1 : 0);
    return yaga_query_run(q, err);
}

static enum yaga_status put_delivery(struct yaga_store *store,
                                     int64_t delivery_id,
                                     const char *sink,
                                     const char *carried,
                                     struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "INSERT INTO deliveries (delivery_id, sink, carried) VALUES (?1, ?2, ?3)",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, delivery_id);
    yaga_bind_text(q, 2, sink);
    yaga_bind_text(q, 3, carried);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_outbox_put(struct yaga_store *store,
                                 const struct yaga_sinks *sinks,
                                 const char *kind,
                                 const char *service,
                                 int64_t cycle_id,
                                 const char *incident_ids,
                                 const char *alert_id,
                                 struct yaga_json *payload,
                                 int64_t at_s,
                                 struct yaga_error *err)
{
    enum yaga_status st = put_payload(store, kind, service, cycle_id, incident_ids,
                                      alert_id, payload, at_s, err);
    if (st != YAGA_OK)
        return st;
    int64_t id = yaga_store_last_id(store);
    bool is_alert = strcmp(kind, "alert") == 0;
    bool is_notice = strcmp(kind, "notice") == 0;
    bool is_update = is_alert && payload_is_update(payload);
    for (size_t i = 0; i < sinks->n && st == YAGA_OK; i++) {
        const struct sink *sink = &sinks->sinks[i];
        YAGA_AUTO_MEM(char) carried = NULL;
        if (!sink->type->queued || (is_notice && !sink->type->notices) ||
            (sink->type->wants != NULL && !sink->type->wants(sink, is_update)))
            continue;
        if (sink->type->coalesces && is_alert)
            st = coalesce(store, sink->name, service, incident_ids, &carried, err);
        if (st == YAGA_OK)
            st = put_delivery(store, id, sink->name, carried, err);
    }
    return st;
}

/* --- retention -----------------------------------------------------------------------
 */

static enum yaga_status
forget_done(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "DELETE FROM deliveries WHERE (state = 'delivered' AND delivered_at < ?1)"
        " OR (state = 'dead' AND delivery_id IN"
        " (SELECT delivery_id FROM outbox WHERE created_at < ?2))",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, now_s - DELIVERED_KEPT_S);
    yaga_bind_int(q, 2, now_s - DEAD_KEPT_S);
    enum yaga_status st = yaga_query_run(q, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_query *payloads = yaga_query(store,
                                             "DELETE FROM outbox WHERE delivery_id NOT "
                                             "IN (SELECT delivery_id FROM deliveries)",
                                             err);
    return payloads == NULL ? err->status : yaga_query_run(payloads, err);
}

static bool is_ours(const struct yaga_sinks *sinks, const char *name)
{
    for (size_t i = 0; i < sinks->n; i++)
        if (strcmp(sinks->sinks[i].name, name) == 0)
            return true;
    return false;
}

/* A sink that has rows behind *name, in order; "" for none. */
static enum yaga_status
next_sink(struct yaga_store *store, char name[YAGA_SINK_NAME_MAX], struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "SELECT sink FROM deliveries WHERE state = 'pending' AND sink > ?"
                   " ORDER BY sink LIMIT 1",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, name);
    name[0] = '\0';
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        (void)snprintf(name, YAGA_SINK_NAME_MAX, "%s", yaga_column_text(q, 0));
    yaga_query_reset(q);
    if (st == YAGA_E_NO_DATA)
        yaga_error_clear(err);
    return st == YAGA_E_NO_DATA ? YAGA_OK : st;
}

static enum yaga_status
kill_rows(struct yaga_store *store, const char *sink, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE deliveries SET state = 'dead', last_error = 'not configured any more'"
        " WHERE sink = ? AND state = 'pending'",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, sink);
    return yaga_query_run(q, err);
}

/* Nobody will ever send what waits for a sink that the settings no longer name. */
static enum yaga_status give_up_foreign(struct yaga_store *store,
                                        const struct yaga_sinks *sinks,
                                        struct yaga_error *err)
{
    char name[YAGA_SINK_NAME_MAX] = "";
    for (;;) {
        enum yaga_status st = next_sink(store, name, err);
        if (st != YAGA_OK || name[0] == '\0')
            return st;
        if (!is_ours(sinks, name))
            st = kill_rows(store, name, err);
        if (st != YAGA_OK)
            return st;
    }
}

/* How many rows wait for sinks over the network. */
static enum yaga_status
count_waiting(struct yaga_store *store, int64_t *out, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store,
                                      "SELECT count(*) FROM deliveries"
                                      " WHERE state = 'pending' AND sink <> 'files'",
                                      err);
    if (q == NULL)
        return err->status;
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        *out = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return st;
}

static enum yaga_status
drop_oldest(struct yaga_store *store, int64_t n, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE deliveries SET state = 'dead', last_error = 'too many rows waited'"
        " WHERE (delivery_id, sink) IN (SELECT delivery_id, sink"
        " FROM deliveries JOIN outbox USING (delivery_id)"
        " WHERE state = 'pending' AND sink <> 'files'"
        " ORDER BY is_update AND carried IS NULL DESC, delivery_id LIMIT ?)",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, n);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_outbox_tidy(struct yaga_store *store,
                                  const struct yaga_sinks *sinks,
                                  int64_t now_s,
                                  int64_t *dropped,
                                  struct yaga_error *err)
{
    int64_t waiting = 0;
    enum yaga_status st = forget_done(store, now_s, err);
    if (st == YAGA_OK)
        st = give_up_foreign(store, sinks, err);
    if (st == YAGA_OK)
        st = count_waiting(store, &waiting, err);
    int64_t over = waiting - sinks->params.max_rows;
    if (st == YAGA_OK && over > 0)
        st = drop_oldest(store, over, err);
    *dropped = st == YAGA_OK && over > 0 ? over : 0;
    return st;
}
