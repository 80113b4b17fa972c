/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the channels of a service scored, row by row: the next training finds the alarm levels from it. */
#include "yaga/state/state.h"
#include "yaga/state/state_internal.h"

enum { RETENTION_S = 40 * 86400 };

enum yaga_status yaga_score_put(struct yaga_store *store,
                                const char *service,
                                const struct yaga_score *score,
                                struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "INSERT OR REPLACE INTO scores (service, at, fast, slow, single)"
                   " VALUES (?1, ?2, ?3, ?4, ?5)",
                   err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_int(q, 2, score->at_s);
    for (int c = 0; c < YAGA_N_CHANNELS; c++)
        yaga_bind_double(q, 3 + c, score->channel[c]);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_scores_each(struct yaga_store *store,
                                  const char *service,
                                  int64_t start_s,
                                  int64_t end_s,
                                  void (*take)(void *context, const struct yaga_score *score),
                                  void *context,
                                  struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store,
                                      "SELECT at, fast, slow, single FROM scores"
                                      " WHERE service = ?1 AND at >= ?2 AND at < ?3"
                                      " ORDER BY at",
                                      err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_int(q, 2, start_s);
    yaga_bind_int(q, 3, end_s);
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        struct yaga_score score = {.at_s = yaga_column_int(q, 0)};
        for (int c = 0; c < YAGA_N_CHANNELS; c++)
            score.channel[c] = yaga_column_double(q, 1 + c);
        take(context, &score);
    }
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    return YAGA_OK;
}

enum yaga_status
yaga_scores_tidy(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, "DELETE FROM scores WHERE at < ?1", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, now_s - RETENTION_S);
    return yaga_query_run(q, err);
}
