/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One incident and what happened to it, for people. */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/incident/incident_internal.h"

enum { EVENTS_MAX = 10000 };

static void copy_column(struct yaga_query *q, int column, char *out, size_t size)
{
    const char *text = yaga_column_text(q, column);
    (void)yaga_format(out, size, "%s", text == NULL ? "" : text);
}

static void read_event(struct yaga_query *q, struct yaga_incident_event *out)
{
    *out = (struct yaga_incident_event){.at_s = yaga_column_int(q, 0),
                                        .cycle_id = yaga_column_int(q, 1)};
    copy_column(q, 2, out->kind, sizeof out->kind);
    copy_column(q, 3, out->from, sizeof out->from);
    copy_column(q, 4, out->to, sizeof out->to);
    copy_column(q, 5, out->detail, sizeof out->detail);
}

static enum yaga_status take_events(struct yaga_query *q,
                                    struct yaga_incident_event **events,
                                    size_t *n,
                                    struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    while (*n < EVENTS_MAX && (st = yaga_query_next(q, err)) == YAGA_OK) {
        if ((*n & (*n - 1)) == 0) { /* full at every power of two */
            struct yaga_incident_event *grown =
                yaga_realloc(*events, *n == 0 ? 1 : 2 * *n, sizeof *grown);
            if (grown == NULL)
                return yaga_error_nomem(err);
            *events = grown;
        }
        read_event(q, &(*events)[(*n)++]);
    }
    return st == YAGA_E_NO_DATA ? YAGA_OK : st;
}

enum yaga_status yaga_incident_events(struct yaga_store *store,
                                      const char *incident_id,
                                      struct yaga_incident_event **out,
                                      size_t *n,
                                      struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "SELECT at, cycle_id, kind, from_status, to_status, detail"
                   " FROM incident_events WHERE incident_id = ? ORDER BY at, id",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    YAGA_AUTO_MEM(struct yaga_incident_event) events = NULL;
    size_t n_events = 0;
    enum yaga_status st = take_events(q, &events, &n_events, err);
    yaga_query_reset(q);
    if (st != YAGA_OK)
        return st;
    yaga_error_clear(err);
    *out = YAGA_TAKE(events);
    *n = n_events;
    return YAGA_OK;
}
