/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is remembered about a service, its metrics and a backend from one cycle to the
 * next. */
#include "yaga/state/state.h"

#include <limits.h>

#include "yaga/base/str.h"
#include "yaga/state/state_internal.h"

enum yaga_status yaga_service_state_put(struct yaga_store *store,
                                        const char *service,
                                        const struct yaga_service_state *state,
                                        struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO service_state (service, last_attempt_at, last_evaluated_at,"
        " last_outcome, failures_in_row, blind_announced_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0))"
        " ON CONFLICT (service) DO UPDATE SET last_attempt_at = ?2,"
        " last_evaluated_at = ?3, last_outcome = ?4, failures_in_row = ?5,"
        " blind_announced_at = nullif(?6, 0)",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_int(q, 2, state->last_attempt_s);
    yaga_bind_int(q, 3, state->last_evaluated_s);
    yaga_bind_text(q, 4, state->last_outcome);
    yaga_bind_int(q, 5, state->failures_in_row);
    yaga_bind_int(q, 6, state->blind_announced_s);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_service_state_get(struct yaga_store *store,
                                        const char *service,
                                        struct yaga_service_state *out,
                                        struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "SELECT last_attempt_at, last_evaluated_at, last_outcome, failures_in_row,"
        " coalesce(blind_announced_at, 0) FROM service_state WHERE service = ?1",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK) {
        *out = (struct yaga_service_state){.last_attempt_s = yaga_column_int(q, 0),
                                           .last_evaluated_s = yaga_column_int(q, 1),
                                           .failures_in_row = yaga_column_int(q, 3),
                                           .blind_announced_s = yaga_column_int(q, 4)};
        (void)yaga_format(out->last_outcome, sizeof out->last_outcome, "%s",
                          yaga_column_text(q, 2));
    }
    yaga_query_reset(q);
    if (st == YAGA_E_NO_DATA)
        return yaga_error_set(err, st, "service %s has no recorded state", service);
    return st;
}

enum yaga_status yaga_last_seen_put(struct yaga_store *store,
                                    const char *service,
                                    const char *metric,
                                    int64_t at_s,
                                    struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO metric_last_seen (service, metric, at) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (service, metric) DO UPDATE SET at = max(at, ?3)",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_text(q, 2, metric);
    yaga_bind_int(q, 3, at_s);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_last_seen_get(struct yaga_store *store,
                                    const char *service,
                                    const char *metric,
                                    int64_t *out_s,
                                    struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "SELECT at FROM metric_last_seen WHERE service = ?1 AND metric = ?2", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_text(q, 2, metric);
    enum yaga_status st = yaga_query_next(q, err);
    int64_t at_s = st == YAGA_OK ? yaga_column_int(q, 0) : 0;
    yaga_query_reset(q);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    *out_s = at_s;
    return YAGA_OK;
}

enum yaga_status yaga_breaker_put(struct yaga_store *store,
                                  const char *endpoint,
                                  struct yaga_breaker breaker,
                                  struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "INSERT INTO circuit_state (endpoint, failures, opened_at)"
                   " VALUES (?1, ?2, ?3) ON CONFLICT (endpoint)"
                   " DO UPDATE SET failures = ?2, opened_at = ?3",
                   err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, endpoint);
    yaga_bind_int(q, 2, breaker.failures);
    yaga_bind_int(q, 3, breaker.opened_at_s);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_breaker_get(struct yaga_store *store,
                                  const char *endpoint,
                                  struct yaga_breaker *out,
                                  struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "SELECT failures, opened_at FROM circuit_state WHERE endpoint = ?1", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, endpoint);
    struct yaga_breaker found = {0};
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK) {
        int64_t failures = yaga_column_int(q, 0);
        found.failures = failures > INT_MAX ? INT_MAX : (int)failures;
        found.opened_at_s = yaga_column_int(q, 1);
    }
    yaga_query_reset(q);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    *out = found;
    return YAGA_OK;
}
