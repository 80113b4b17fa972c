/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and failures of the days before a cycle's own window, as last read. */
#include "yaga/state/state.h"
#include "yaga/state/state_internal.h"

enum yaga_status yaga_budget_put(struct yaga_store *store,
                                 const char *service,
                                 const struct yaga_budget *budget,
                                 struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT OR REPLACE INTO error_budgets"
        " (service, at, requests, errors, row_count) VALUES (?1, ?2, ?3, ?4, ?5)",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_int(q, 2, budget->at_s);
    yaga_bind_double(q, 3, budget->requests);
    yaga_bind_double(q, 4, budget->errors);
    yaga_bind_int(q, 5, budget->rows);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_budget_get(struct yaga_store *store,
                                 const char *service,
                                 struct yaga_budget *out,
                                 struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "SELECT at, requests, errors, row_count FROM error_budgets WHERE service = ?1",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        *out = (struct yaga_budget){.at_s = yaga_column_int(q, 0),
                                    .requests = yaga_column_double(q, 1),
                                    .errors = yaga_column_double(q, 2),
                                    .rows = yaga_column_int(q, 3)};
    yaga_query_reset(q);
    return st;
}

enum yaga_status
yaga_budgets_tidy(struct yaga_store *store, int64_t before_s, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "DELETE FROM error_budgets WHERE at < ?1", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, before_s);
    return yaga_query_run(q, err);
}
