/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of inference cycles. */
#include "yaga/state/state.h"

#include "yaga/state/state_internal.h"

static const int64_t cycles_kept_s = 30 * INT64_C(86400);

enum yaga_status yaga_cycle_begin(struct yaga_store *store,
                                  int64_t started_at_s,
                                  int64_t *cycle_id,
                                  struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "INSERT INTO cycles (started_at, status) VALUES (?1, 'RUNNING')", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, started_at_s);
    enum yaga_status st = yaga_query_run(q, err);
    if (st != YAGA_OK)
        return st;
    *cycle_id = yaga_store_last_id(store);
    return YAGA_OK;
}

enum yaga_status yaga_cycle_end(struct yaga_store *store,
                                const struct yaga_cycle *cycle,
                                struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE cycles SET finished_at = ?2, status = ?3, services = ?4, evaluated = ?5,"
        " skipped = ?6, anomalies = ?7, confirmed = ?8, closed = ?9, sent = ?10,"
        " duration_ms = ?11, error = ?12 WHERE cycle_id = ?1",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, cycle->cycle_id);
    yaga_bind_int(q, 2, cycle->finished_at_s);
    yaga_bind_text(q, 3, cycle->status);
    yaga_bind_int(q, 4, cycle->n_services);
    yaga_bind_int(q, 5, cycle->n_evaluated);
    yaga_bind_int(q, 6, cycle->n_skipped);
    yaga_bind_int(q, 7, cycle->n_anomalies);
    yaga_bind_int(q, 8, cycle->n_confirmed);
    yaga_bind_int(q, 9, cycle->n_closed);
    yaga_bind_int(q, 10, cycle->n_sent);
    yaga_bind_int(q, 11, cycle->duration_ms);
    yaga_bind_text(q, 12, cycle->error);
    enum yaga_status st = yaga_query_run(q, err);
    if (st == YAGA_OK && yaga_store_changes(store) == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "cycle %lld was never begun",
                              (long long)cycle->cycle_id);
    return st;
}

enum yaga_status
yaga_cycle_last_end(struct yaga_store *store, int64_t *out_s, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "SELECT coalesce(max(finished_at), 0) FROM cycles", err);
    if (q == NULL)
        return yaga_state_failed(err);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        *out_s = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return st;
}

enum yaga_status
yaga_cycles_tidy(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "DELETE FROM cycles WHERE started_at < ?1", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, now_s - cycles_kept_s);
    return yaga_query_run(q, err);
}
