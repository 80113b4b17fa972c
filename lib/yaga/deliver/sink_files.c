/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files sink. A row is pending until its file and its line in the journal are there.
 * Before a batch is written, its attempts are counted and committed: a row met with
 * attempts > 0 may have left its line behind in a run that died, so only for such rows
 * the journal is searched.
 */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/io/file.h"

/* One run. */
struct flush {
    const struct phase *phase;
    struct sink *sink;
    struct yaga_names blocked; /* services with a failure: what follows must wait */
    struct yaga_error first;   /* failure */
};

/* The id is the last member of a payload, so that a line is recognised by its end. */
static bool line_has_id(const char *line, size_t length, const char *alert_id)
{
    char end[ALERT_ID_BYTES_MAX + 32];
    if (!yaga_format(end, sizeof end, "\"alert_id\":\"%s\"}", alert_id))
        return false;
    size_t n = strlen(end);
    return length >= n && memcmp(line + length - n, end, n) == 0;
}

static void search_line(struct queue *queue, const char *line, size_t length)
{
    for (size_t i = 0; i < queue->n; i++) {
        struct delivery *d = &queue->items[i];
        if (d->retried && !d->in_journal && line_has_id(line, length, d->alert_id))
            d->in_journal = true;
    }
}

/* A journal that cannot be read to its end may get a second line: better than none. */
static void search_journal(struct queue *queue, const char *path)
{
    YAGA_AUTO(yaga_lines) lines = NULL;
    if (yaga_lines_open(path, YAGA_PAYLOAD_MAX, &lines, NULL) != YAGA_OK)
        return;
    const char *line = NULL;
    size_t length = 0;
    while (yaga_lines_next(lines, &line, &length, NULL) == YAGA_OK && line != NULL)
        search_line(queue, line, length);
}

/* Once for each day that a retried row of the batch belongs to; rows are ordered by time.
 */
static void search_journals(const char *alerts_dir, struct queue *queue)
{
    char searched[PATH_MAX] = "";
    for (size_t i = 0; i < queue->n; i++) {
        char path[PATH_MAX];
        const struct delivery *d = &queue->items[i];
        if (!d->retried ||
            journal_path(alerts_dir, d->created_at_s, path, NULL) != YAGA_OK ||
            strcmp(path, searched) == 0)
            continue;
        search_journal(queue, path);
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
static enum yaga_status
write_delivery(const char *alerts_dir, const struct delivery *d, struct yaga_error *err)
{
    if (d->in_journal)
        return YAGA_OK;
    enum yaga_status st =
        write_payload_file(alerts_dir, d->alert_id, d->payload, d->created_at_s, err);
    if (st == YAGA_OK)
        st = append_journal(alerts_dir, d->payload, d->created_at_s, err);
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
    if (write_delivery(flush->phase->params->alerts_dir, d, &failure) == YAGA_OK) {
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
deliver_batch(struct flush *flush, struct queue *queue, struct yaga_error *err)
{
    struct yaga_store *store = flush->phase->store;
    enum yaga_status st = queue_count_attempts(store, flush->sink->name, queue, err);
    if (st != YAGA_OK)
        return st;
    search_journals(flush->phase->params->alerts_dir, queue);
    for (size_t i = 0; i < queue->n && st == YAGA_OK; i++)
        st = deliver_one(flush, &queue->items[i], err);
    /* What was written is marked even when memory ran out on the way. */
    struct yaga_error later = {.status = YAGA_OK};
    enum yaga_status marked =
        queue_mark(store, flush->sink, flush->phase->when->clock_s, queue, &later);
    if (st == YAGA_OK && marked != YAGA_OK) {
        *err = later;
        st = marked;
    }
    return st;
}

static enum yaga_status flush_all(struct flush *flush, struct yaga_error *err)
{
    int64_t last_id = 0;
    enum yaga_status st;
    bool more;
    do {
        struct queue queue = {.n = 0};
        st = queue_read(flush->phase->store, flush->sink->name, last_id,
                        YAGA_OUTBOX_BATCH, SIZE_MAX, &queue, err);
        more = queue.n == YAGA_OUTBOX_BATCH;
        if (st == YAGA_OK && queue.n > 0) {
            last_id = queue.items[queue.n - 1].delivery_id;
            st = deliver_batch(flush, &queue, err);
        }
        queue_clear(&queue);
    } while (st == YAGA_OK && more);
    return st;
}

/* All at once, before anything waits for a network. */
static enum yaga_status
load(struct sink *sink, const struct phase *phase, bool *any, struct yaga_error *err)
{
    struct flush flush = {.phase = phase, .sink = sink};
    *any = false;
    enum yaga_status st = flush_all(&flush, err);
    yaga_names_clear(&flush.blocked);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "outbox");
    if (flush.first.status == YAGA_OK)
        return YAGA_OK;
    sink_failed(sink, flush.first.text);
    *err = flush.first;
    return yaga_error_wrap(err, "alerts wait in the outbox");
}

static size_t count(const struct yaga_deliver_params *params)
{
    (void)params;
    return 1;
}

const struct sink_type sink_files = {
    .word = "files", .queued = true, .count = count, .load = load};
