/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock on the wall, as the last cycle saw it, and how often it went back. */
#include "yaga/state/state.h"
#include "yaga/state/state_internal.h"

/* What ntp corrects, and the rounding of a cycle to its minute, are no steps. */
static const int64_t tolerated_s = 60;

enum yaga_status yaga_clock_step(struct yaga_store *store,
                                 int64_t at_s,
                                 int64_t *back_s,
                                 struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, "SELECT seen_at - ?1 FROM clock", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, at_s);
    enum yaga_status st = yaga_query_next(q, err);
    int64_t found_s = st == YAGA_OK ? yaga_column_int(q, 0) : 0;
    yaga_query_reset(q);
    if (st == YAGA_OK)
        *back_s = found_s > tolerated_s ? found_s : 0;
    return st;
}

enum yaga_status
yaga_clock_seen(struct yaga_store *store, int64_t at_s, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "UPDATE clock SET steps_back = steps_back + (seen_at - ?1 > ?2),"
                   " seen_at = ?1",
                   err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, at_s);
    yaga_bind_int(q, 2, tolerated_s);
    return yaga_query_run(q, err);
}
