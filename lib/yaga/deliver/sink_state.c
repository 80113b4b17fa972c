/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sink that failed is left alone for 1, 2, 4, ... at most 15 minutes: the wait belongs
 * to the sink, not to its rows, so that the first success frees everything that waits. */
#include "yaga/deliver/deliver_internal.h"

enum { FIRST_WAIT_S = 60, LONGEST_WAIT_S = 900 };

enum yaga_status sink_state_is_due(struct yaga_store *store,
                                   const char *sink,
                                   int64_t now_s,
                                   bool *out,
                                   struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "SELECT next_attempt_at FROM sink_state WHERE sink = ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, sink);
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    int64_t next_s = st == YAGA_OK ? yaga_column_int(q, 0) : 0;
    yaga_query_reset(q);
    yaga_error_clear(err);
    /* A clock set back must not prolong the wait beyond the longest one. */
    *out = now_s >= next_s || next_s - now_s > LONGEST_WAIT_S;
    return YAGA_OK;
}

enum yaga_status sink_state_succeeded(struct yaga_store *store,
                                      const char *sink,
                                      int64_t now_s,
                                      struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "INSERT INTO sink_state (sink, succeeded_at) VALUES (?1, ?2)"
                   " ON CONFLICT (sink) DO UPDATE SET failures = 0, next_attempt_at = 0,"
                   " succeeded_at = ?2, last_error = NULL",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, sink);
    yaga_bind_int(q, 2, now_s);
    return yaga_query_run(q, err);
}

enum yaga_status sink_state_failed(struct yaga_store *store,
                                   const char *sink,
                                   int64_t now_s,
                                   const char *why,
                                   struct yaga_error *err)
{
    /* failures of the old row: 60 s doubled as often */
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO sink_state (sink, failures, next_attempt_at, last_error)"
        " VALUES (?1, 1, ?2 + ?3, ?4) ON CONFLICT (sink) DO UPDATE SET"
        " failures = min(failures + 1, 1000),"
        " next_attempt_at = ?2 + min(?3 << min(failures, 10), ?5), last_error = ?4",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, sink);
    yaga_bind_int(q, 2, now_s);
    yaga_bind_int(q, 3, FIRST_WAIT_S);
    yaga_bind_text(q, 4, why);
    yaga_bind_int(q, 5, LONGEST_WAIT_S);
    return yaga_query_run(q, err);
}
