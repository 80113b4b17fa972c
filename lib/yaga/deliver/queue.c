/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows that wait for one sink: read in order, marked with what became of them. */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"

void queue_clear(struct queue *queue)
{
    for (size_t i = 0; i < queue->n; i++) {
        yaga_free(queue->items[i].service);
        yaga_free(queue->items[i].alert_id);
        yaga_free(queue->items[i].payload);
    }
    yaga_free(queue->items);
    *queue = (struct queue){.n = 0};
}

static char *copy_column(struct yaga_query *query, int column)
{
    const char *text = yaga_column_text(query, column);
    return yaga_strdup(text == NULL ? "" : text);
}

static enum yaga_status
copy_payload(struct yaga_query *query, char **out, struct yaga_error *err)
{
    const char *payload = yaga_column_text(query, 6);
    const char *carried = yaga_column_text(query, 7);
    if (carried != NULL)
        return carry_over(payload, carried, out, err);
    *out = yaga_strdup(payload);
    return *out == NULL ? yaga_error_nomem(err) : YAGA_OK;
}

static enum yaga_status
take_row(struct yaga_query *query, struct queue *queue, struct yaga_error *err)
{
    struct delivery *d = &queue->items[queue->n++];
    const char *kind = yaga_column_text(query, 5);
    *d = (struct delivery){.delivery_id = yaga_column_int(query, 0),
                           .created_at_s = yaga_column_int(query, 1),
                           .retried = yaga_column_int(query, 2) > 0,
                           .is_alert = kind != NULL && strcmp(kind, "resolution") != 0,
                           .service = copy_column(query, 3),
                           .alert_id = copy_column(query, 4)};
    if (d->service == NULL || d->alert_id == NULL)
        return yaga_error_nomem(err);
    return copy_payload(query, &d->payload, err);
}

static enum yaga_status read_rows(struct yaga_query *query,
                                  size_t max_rows,
                                  size_t max_bytes,
                                  struct queue *queue,
                                  struct yaga_error *err)
{
    size_t capacity = 0;
    size_t n_bytes = 0;
    enum yaga_status st = YAGA_OK;
    while (queue->n < max_rows && n_bytes < max_bytes) {
        st = yaga_query_next(query, err);
        if (st != YAGA_OK)
            break;
        if (queue->n == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            struct delivery *grown = yaga_realloc(queue->items, capacity, sizeof *grown);
            if (grown == NULL)
                return yaga_error_nomem(err);
            queue->items = grown;
        }
        st = take_row(query, queue, err);
        if (st != YAGA_OK)
            return st;
        n_bytes += strlen(queue->items[queue->n - 1].payload);
    }
    return st == YAGA_E_NO_DATA ? YAGA_OK : st;
}

enum yaga_status queue_read(struct yaga_store *store,
                            const char *sink,
                            int64_t after_id,
                            size_t max_rows,
                            size_t max_bytes,
                            struct queue *out,
                            struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "SELECT delivery_id, created_at, attempts, service, alert_id, kind, payload,"
        " carried FROM deliveries JOIN outbox USING (delivery_id) WHERE sink = ?1"
        " AND state = 'pending' AND delivery_id > ?2 ORDER BY delivery_id",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, sink);
    yaga_bind_int(q, 2, after_id);
    struct queue queue = {.n = 0};
    enum yaga_status st = read_rows(q, max_rows, max_bytes, &queue, err);
    yaga_query_reset(q);
    if (st != YAGA_OK) {
        queue_clear(&queue);
        return st;
    }
    yaga_error_clear(err);
    *out = queue;
    return YAGA_OK;
}

static enum yaga_status count_attempt(struct yaga_store *store,
                                      const char *sink,
                                      const struct delivery *delivery,
                                      struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store,
                                      "UPDATE deliveries SET attempts = attempts + 1"
                                      " WHERE delivery_id = ?1 AND sink = ?2",
                                      err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, delivery->delivery_id);
    yaga_bind_text(q, 2, sink);
    return yaga_query_run(q, err);
}

enum yaga_status queue_count_attempts(struct yaga_store *store,
                                      const char *sink,
                                      const struct queue *queue,
                                      struct yaga_error *err)
{
    enum yaga_status st = yaga_store_begin(store, err);
    for (size_t i = 0; i < queue->n && st == YAGA_OK; i++)
        st = count_attempt(store, sink, &queue->items[i], err);
    if (st == YAGA_OK)
        st = yaga_store_commit(store, err);
    if (st != YAGA_OK)
        yaga_store_rollback(store);
    return st;
}

static enum yaga_status mark(struct yaga_store *store,
                             const char *sink,
                             int64_t now_s,
                             const struct delivery *delivery,
                             struct yaga_error *err)
{
    static const char *const states[] = {"pending", "delivered", "pending", "dead"};
    struct yaga_query *q =
        yaga_query(store,
                   "UPDATE deliveries SET state = ?3, delivered_at = ?4, last_error = ?5"
                   " WHERE delivery_id = ?1 AND sink = ?2 AND state = 'pending'",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, delivery->delivery_id);
    yaga_bind_text(q, 2, sink);
    yaga_bind_text(q, 3, states[delivery->outcome]);
    if (delivery->outcome == OUTCOME_DELIVERED)
        yaga_bind_int(q, 4, now_s);
    else
        yaga_bind_null(q, 4);
    yaga_bind_text(q, 5, delivery->why[0] == '\0' ? NULL : delivery->why);
    return yaga_query_run(q, err);
}

static enum yaga_status mark_all(struct yaga_store *store,
                                 const char *sink,
                                 int64_t now_s,
                                 const struct queue *queue,
                                 struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < queue->n && st == YAGA_OK; i++) {
        if (queue->items[i].outcome != OUTCOME_UNTRIED)
            st = mark(store, sink, now_s, &queue->items[i], err);
    }
    return st;
}

enum yaga_status queue_mark(struct yaga_store *store,
                            struct sink *sink,
                            int64_t now_s,
                            const struct queue *queue,
                            struct yaga_error *err)
{
    enum yaga_status st = yaga_store_begin(store, err);
    if (st == YAGA_OK)
        st = mark_all(store, sink->name, now_s, queue, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(store, err);
    if (st != YAGA_OK) {
        yaga_store_rollback(store);
        return st;
    }
    for (size_t i = 0; i < queue->n; i++) {
        sink->report.sent += queue->items[i].outcome == OUTCOME_DELIVERED;
        sink->report.dead += queue->items[i].outcome == OUTCOME_DEAD;
    }
    return YAGA_OK;
}

enum yaga_status queue_settle(const struct phase *phase,
                              struct sink *sink,
                              const struct queue *queue,
                              struct yaga_error *err)
{
    struct queue tried = {.items = yaga_alloc(queue->n, sizeof *tried.items)};
    if (tried.items == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < queue->n; i++) {
        if (queue->items[i].outcome != OUTCOME_UNTRIED)
            tried.items[tried.n++] = queue->items[i]; /* texts stay with the queue */
    }
    enum yaga_status st = queue_count_attempts(phase->store, sink->name, &tried, err);
    if (st == YAGA_OK)
        st = queue_mark(phase->store, sink, phase->when->clock_s, &tried, err);
    yaga_free(tried.items);
    return st;
}

enum yaga_status queue_pending(struct yaga_store *store,
                               const char *sink,
                               int64_t *out,
                               struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "SELECT count(*) FROM deliveries WHERE sink = ? AND state = 'pending'",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, sink);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        *out = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return st;
}
