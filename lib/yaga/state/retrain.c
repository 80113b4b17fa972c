/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services whose models no longer describe them: asked for by inference, done by
 * training. */
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/state/state.h"
#include "yaga/state/state_internal.h"

enum { AGAIN_AFTER_S = 86400, MOST = 100000 };

enum yaga_status yaga_retrain_request(struct yaga_store *store,
                                      const char *service,
                                      const char *reason,
                                      int64_t at_s,
                                      bool *is_new,
                                      struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO retrain_requests (service, reason, requested_at) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (service) DO UPDATE SET reason = ?2, requested_at = ?3,"
        " handled_at = NULL WHERE handled_at IS NOT NULL AND handled_at <= ?4"
        " RETURNING 1",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_text(q, 2, reason);
    yaga_bind_int(q, 3, at_s);
    yaga_bind_int(q, 4, at_s - AGAIN_AFTER_S);
    enum yaga_status st = yaga_query_next(q, err);
    *is_new = st == YAGA_OK;
    yaga_query_reset(q);
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    return YAGA_OK;
}

enum yaga_status yaga_retrain_handled(struct yaga_store *store,
                                      const char *service,
                                      int64_t at_s,
                                      struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store,
                                      "UPDATE retrain_requests SET handled_at = ?2"
                                      " WHERE service = ?1 AND handled_at IS NULL",
                                      err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_int(q, 2, at_s);
    return yaga_query_run(q, err);
}

static enum yaga_status
take(struct yaga_query *q, struct yaga_retrain_list *list, struct yaga_error *err)
{
    if (list->n == MOST)
        return yaga_error_set(err, YAGA_E_STORE,
                              "more than %d services wait for a training", MOST);
    struct yaga_retrain *grown = yaga_realloc(list->items, list->n + 1, sizeof *grown);
    if (grown == NULL)
        return yaga_error_nomem(err);
    list->items = grown;
    struct yaga_retrain *item = &grown[list->n++];
    *item = (struct yaga_retrain){.requested_at_s = yaga_column_int(q, 2)};
    (void)yaga_format(item->service, sizeof item->service, "%s", yaga_column_text(q, 0));
    (void)yaga_format(item->reason, sizeof item->reason, "%s", yaga_column_text(q, 1));
    return YAGA_OK;
}

enum yaga_status yaga_retrain_pending(struct yaga_store *store,
                                      struct yaga_retrain_list *out,
                                      struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "SELECT service, reason, requested_at FROM retrain_requests"
                   " WHERE handled_at IS NULL ORDER BY requested_at, service",
                   err);
    *out = (struct yaga_retrain_list){.n = 0};
    if (q == NULL)
        return yaga_state_failed(err);
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        st = take(q, out, err);
        if (st != YAGA_OK)
            break;
    }
    yaga_query_reset(q);
    if (st == YAGA_E_NO_DATA) {
        yaga_error_clear(err);
        return YAGA_OK;
    }
    yaga_retrain_list_clear(out);
    return st;
}

void yaga_retrain_list_clear(struct yaga_retrain_list *list)
{
    yaga_free(list->items);
    *list = (struct yaga_retrain_list){.n = 0};
}
