/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outbox. A row is pending until its file and its line in the journal are there.
 * Before a batch is written, its attempts are counted and committed: a row met with
 * attempts > 0 may have left its line behind in a run that died, so only for such rows
 * the journal is searched.
 */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/io/file.h"

enum { HOUR_S = 3600, DELIVERED_KEPT_S = 24 * HOUR_S, DEAD_KEPT_S = 14 * 24 * HOUR_S };

enum yaga_status yaga_outbox_put(struct yaga_store *store,
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
                   " payload, created_at, next_attempt_at)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
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
    return yaga_query_run(q, err);
}

enum outcome { OUTCOME_UNTRIED, OUTCOME_DELIVERED, OUTCOME_FAILED, OUTCOME_DEAD };

struct delivery {
    int64_t delivery_id;
    int64_t created_at_s;
    bool retried;
    bool in_journal;
    enum outcome outcome;
    char *service;  /* owned */
    char *alert_id; /* owned */
    char *payload;  /* owned */
    char why[256];  /* of FAILED and DEAD */
};

struct batch {
    size_t n;
    struct delivery *items; /* owned [YAGA_OUTBOX_BATCH] */
};

/* One run of flush. */
struct flush {
    struct yaga_store *store;
    const char *alerts_dir;
    int64_t now_s;
    int64_t last_id; /* batches go upwards from here */
    struct yaga_delivery_counts counts;
    struct yaga_names blocked; /* services with a failure: what follows must wait */
    struct yaga_error first;   /* failure */
};

static void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        yaga_free(batch->items[i].service);
        yaga_free(batch->items[i].alert_id);
        yaga_free(batch->items[i].payload);
    }
    batch->n = 0;
}

static char *copy_column(struct yaga_query *query, int column)
{
    const char *text = yaga_column_text(query, column);
    return yaga_strdup(text == NULL ? "" : text);
}

static enum yaga_status
take_delivery(struct yaga_query *query, struct batch *batch, struct yaga_error *err)
{
    struct delivery *d = &batch->items[batch->n++];
    *d = (struct delivery){.delivery_id = yaga_column_int(query, 0),
                           .created_at_s = yaga_column_int(query, 1),
                           .retried = yaga_column_int(query, 2) > 0,
                           .service = copy_column(query, 3),
                           .alert_id = copy_column(query, 4),
                           .payload = copy_column(query, 5)};
    if (d->service == NULL || d->alert_id == NULL || d->payload == NULL)
        return yaga_error_nomem(err);
    return YAGA_OK;
}

static enum yaga_status
read_batch(struct flush *flush, struct batch *batch, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(flush->store,
                   "SELECT delivery_id, created_at, attempts, service, alert_id, payload"
                   " FROM outbox WHERE state = 'pending' AND delivery_id > ?1"
                   " ORDER BY delivery_id LIMIT ?2",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, flush->last_id);
    yaga_bind_int(q, 2, YAGA_OUTBOX_BATCH);
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        st = take_delivery(q, batch, err);
        if (st != YAGA_OK) {
            yaga_query_reset(q);
            return st;
        }
    }
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    if (batch->n > 0)
        flush->last_id = batch->items[batch->n - 1].delivery_id;
    return YAGA_OK;
}

static enum yaga_status count_attempt(struct flush *flush,
                                      const struct delivery *delivery,
                                      struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        flush->store, "UPDATE outbox SET attempts = attempts + 1 WHERE delivery_id = ?",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, delivery->delivery_id);
    return yaga_query_run(q, err);
}

static enum yaga_status mark(struct flush *flush,
                             const struct delivery *delivery,
                             const char *state,
                             struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(flush->store,
                   "UPDATE outbox SET state = ?2, delivered_at = ?3, last_error = ?4"
                   " WHERE delivery_id = ?1",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, delivery->delivery_id);
    yaga_bind_text(q, 2, state);
    if (delivery->outcome == OUTCOME_DELIVERED)
        yaga_bind_int(q, 3, flush->now_s);
    else
        yaga_bind_null(q, 3);
    yaga_bind_text(q, 4, delivery->why[0] == '\0' ? NULL : delivery->why);
    return yaga_query_run(q, err);
}

static enum yaga_status
mark_outcome(struct flush *flush, const struct delivery *delivery, struct yaga_error *err)
{
    switch (delivery->outcome) {
    case OUTCOME_UNTRIED:
        return YAGA_OK;
    case OUTCOME_DELIVERED:
        flush->counts.sent++;
        return mark(flush, delivery, "delivered", err);
    case OUTCOME_FAILED:
        return mark(flush, delivery, "pending", err);
    case OUTCOME_DEAD:
        flush->counts.dead++;
        return mark(flush, delivery, "dead", err);
    }
    return YAGA_OK;
}

/* The same step for every row of a batch, in one transaction. */
static enum yaga_status for_batch(struct flush *flush,
                                  const struct batch *batch,
                                  enum yaga_status (*step)(struct flush *,
                                                           const struct delivery *,
                                                           struct yaga_error *),
                                  struct yaga_error *err)
{
    enum yaga_status st = yaga_store_begin(flush->store, err);
    for (size_t i = 0; i < batch->n && st == YAGA_OK; i++)
        st = step(flush, &batch->items[i], err);
    if (st == YAGA_OK)
        st = yaga_store_commit(flush->store, err);
    if (st != YAGA_OK)
        yaga_store_rollback(flush->store);
    return st;
}

/* The id is the last member of a payload, so that a line is recognised by its end. */
static bool line_has_id(const char *line, size_t length, const char *alert_id)
{
    char end[ALERT_ID_BYTES_MAX + 32];
    if (!yaga_format(end, sizeof end, "\"alert_id\":\"%s\"}", alert_id))
        return false;
    size_t n = strlen(end);
    return length >= n && memcmp(line + length - n, end, n) == 0;
}

static void search_line(struct batch *batch, const char *line, size_t length)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct delivery *d = &batch->items[i];
        if (d->retried && !d->in_journal && line_has_id(line, length, d->alert_id))
            d->in_journal = true;
    }
}

/* A journal that cannot be read to its end may get a second line: better than none. */
static void search_journal(struct batch *batch, const char *path)
{
    YAGA_AUTO(yaga_lines) lines = NULL;
    if (yaga_lines_open(path, YAGA_PAYLOAD_MAX, &lines, NULL) != YAGA_OK)
        return;
    const char *line = NULL;
    size_t length = 0;
    while (yaga_lines_next(lines, &line, &length, NULL) == YAGA_OK && line != NULL)
        search_line(batch, line, length);
}

/* Once for each day that a retried row of the batch belongs to; rows are ordered by time.
 */
static void search_journals(struct flush *flush, struct batch *batch)
{
    char searched[PATH_MAX] = "";
    for (size_t i = 0; i < batch->n; i++) {
        char path[PATH_MAX];
        const struct delivery *d = &batch->items[i];
        if (!d->retried ||
            journal_path(flush->alerts_dir, d->created_at_s, path, NULL) != YAGA_OK ||
            strcmp(path, searched) == 0)
            continue;
        search_journal(batch, path);
        memcpy(searched, path, sizeof searched);
    }
}

static bool is_blocked(const struct flush *flush, const char *service)
{
    for (size_t i = 0; i < flush->blocked.n; i++)
        if (strcmp(flush->blocked.names[i], service) == 0)
            return true;
    return false;
}

static enum yaga_status
block(struct flush *flush, const char *service, struct yaga_error *err)
{
    char **names =
        yaga_realloc(flush->blocked.names, flush->blocked.n + 1, sizeof *names);
    if (names == NULL)
        return yaga_error_nomem(err);
    flush->blocked.names = names;
    names[flush->blocked.n] = yaga_strdup(service);
    if (names[flush->blocked.n] == NULL)
        return yaga_error_nomem(err);
    flush->blocked.n++;
    return YAGA_OK;
}

/* File first: a line in the journal means that the file is complete too. */
static enum yaga_status write_delivery(const struct flush *flush,
                                       const struct delivery *d,
                                       struct yaga_error *err)
{
    if (d->in_journal)
        return YAGA_OK;
    enum yaga_status st = write_payload_file(flush->alerts_dir, d->alert_id, d->payload,
                                             d->created_at_s, err);
    if (st == YAGA_OK)
        st = append_journal(flush->alerts_dir, d->payload, d->created_at_s, err);
    return st;
}

static enum yaga_status
deliver_one(struct flush *flush, struct delivery *d, struct yaga_error *err)
{
    if (is_blocked(flush, d->service))
        return YAGA_OK;
    if (!alert_id_is_safe(d->alert_id) || strlen(d->payload) > YAGA_PAYLOAD_MAX) {
        d->outcome = OUTCOME_DEAD;
        (void)yaga_format(d->why, sizeof d->why,
                          "alert id is no file name, or payload too large");
        return YAGA_OK;
    }
    struct yaga_error failure = {.status = YAGA_OK};
    if (write_delivery(flush, d, &failure) == YAGA_OK) {
        d->outcome = OUTCOME_DELIVERED;
        return YAGA_OK;
    }
    d->outcome = OUTCOME_FAILED;
    (void)yaga_format(d->why, sizeof d->why, "%s", failure.text);
    if (flush->first.status == YAGA_OK)
        flush->first = failure;
    return block(flush, d->service, err);
}

static enum yaga_status
deliver_batch(struct flush *flush, struct batch *batch, struct yaga_error *err)
{
    enum yaga_status st = for_batch(flush, batch, count_attempt, err);
    if (st != YAGA_OK)
        return st;
    search_journals(flush, batch);
    for (size_t i = 0; i < batch->n && st == YAGA_OK; i++)
        st = deliver_one(flush, &batch->items[i], err);
    /* What was written is marked even when memory ran out on the way. */
    struct yaga_error later = {.status = YAGA_OK};
    enum yaga_status marked = for_batch(flush, batch, mark_outcome, &later);
    if (st == YAGA_OK && marked != YAGA_OK) {
        *err = later;
        st = marked;
    }
    return st;
}

static enum yaga_status count_pending(struct flush *flush, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        flush->store, "SELECT count(*) FROM outbox WHERE state = 'pending'", err);
    if (q == NULL)
        return err->status;
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK)
        return st;
    flush->counts.pending = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return YAGA_OK;
}

static enum yaga_status flush_all(struct flush *flush, struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct delivery)
    items = yaga_calloc(YAGA_OUTBOX_BATCH, sizeof *items);
    if (items == NULL)
        return yaga_error_nomem(err);
    struct batch batch = {.items = items};
    enum yaga_status st;
    bool more;
    do {
        st = read_batch(flush, &batch, err);
        more = batch.n == YAGA_OUTBOX_BATCH;
        if (st == YAGA_OK && batch.n > 0)
            st = deliver_batch(flush, &batch, err);
        batch_clear(&batch);
    } while (st == YAGA_OK && more);
    return st == YAGA_OK ? count_pending(flush, err) : st;
}

enum yaga_status yaga_outbox_flush(struct yaga_store *store,
                                   const char *alerts_dir,
                                   int64_t now_s,
                                   struct yaga_delivery_counts *out,
                                   struct yaga_error *err)
{
    struct flush flush = {.store = store, .alerts_dir = alerts_dir, .now_s = now_s};
    enum yaga_status st = flush_all(&flush, err);
    yaga_names_clear(&flush.blocked);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "outbox");
    *out = flush.counts;
    if (flush.first.status != YAGA_OK) {
        *err = flush.first;
        return yaga_error_wrap(err, "alerts wait in the outbox");
    }
    return YAGA_OK;
}

enum yaga_status
yaga_outbox_tidy(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "DELETE FROM outbox WHERE (state = 'delivered' AND delivered_at < ?1)"
                   " OR (state = 'dead' AND created_at < ?2)",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, now_s - DELIVERED_KEPT_S);
    yaga_bind_int(q, 2, now_s - DEAD_KEPT_S);
    return yaga_query_run(q, err);
}
