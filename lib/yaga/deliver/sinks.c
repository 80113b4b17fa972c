/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of sinks, and one phase of delivery: files are written first, then each sink
 * over the network fetches its rows, all of them send side by side, and what became of
 * the rows is recorded. Only the sending runs on threads; the database has one user.
 */
#include <pthread.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"

/* In this order, files first. */
static const struct sink_type *const types[] = {&sink_files, &sink_api, &sink_webhook,
                                                &sink_alertmanager, &sink_scores,
                                                &sink_heartbeat};
enum { N_TYPES = sizeof types / sizeof types[0] };

struct yaga_sinks *yaga_sinks_free(struct yaga_sinks *sinks)
{
    if (sinks == NULL)
        return NULL;
    for (size_t i = 0; i < sinks->n; i++) {
        struct sink *sink = &sinks->sinks[i];
        if (sink->type->close != NULL && sink->broken[0] == '\0')
            sink->type->close(sink);
    }
    yaga_free(sinks);
    return NULL;
}

static enum yaga_status open_sink(struct yaga_sinks *sinks,
                                  const struct sink_type *type,
                                  size_t index,
                                  struct yaga_error *err)
{
    if (sinks->n == SINKS_MAX)
        return yaga_error_set(err, YAGA_E_CONFIG, "more than %d sinks", SINKS_MAX);
    struct sink *sink = &sinks->sinks[sinks->n];
    *sink = (struct sink){.type = type};
    (void)yaga_format(sink->name, sizeof sink->name, "%s", type->word);
    if (type->open != NULL) {
        enum yaga_status st = type->open(sink, &sinks->params, index, err);
        if (st != YAGA_OK)
            (void)yaga_error_wrap(err, "%s", type->word);
        /* A file that is being replaced must not stop everything else. */
        if (st == YAGA_E_IO)
            (void)yaga_format(sink->broken, sizeof sink->broken, "%s", err->text);
        else if (st != YAGA_OK)
            return st;
    }
    sinks->n++;
    return YAGA_OK;
}

enum yaga_status yaga_sinks_new(const struct yaga_deliver_params *params,
                                bool offline,
                                struct yaga_sinks **out,
                                struct yaga_error *err)
{
    YAGA_AUTO(yaga_sinks) sinks = yaga_calloc(1, sizeof *sinks);
    if (sinks == NULL)
        return yaga_error_nomem(err);
    sinks->params = *params;
    for (size_t t = 0; t < N_TYPES; t++) {
        size_t n = offline && types[t]->network ? 0 : types[t]->count(params);
        for (size_t i = 0; i < n; i++) {
            enum yaga_status st = open_sink(sinks, types[t], i, err);
            if (st != YAGA_OK)
                return st;
        }
    }
    *out = YAGA_TAKE(sinks);
    return YAGA_OK;
}

void sink_failed(struct sink *sink, const char *why)
{
    sink->report.failed = true;
    if (sink->report.error[0] == '\0')
        (void)yaga_format(sink->report.error, sizeof sink->report.error, "%s", why);
}

/* --- one phase ------------------------------------------------------------------------
 */

struct sending {
    struct sink *sink;
    int64_t deadline_ms;
    bool wanted;
    bool threaded;
    pthread_t thread;
};

static void *run_send(void *context)
{
    struct sending *sending = context;
    sending->sink->type->send(sending->sink, sending->deadline_ms);
    return NULL;
}

/* Beside each other; one that gets no thread sends afterwards. */
static void send_all(struct sending *sendings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sendings[i].threaded =
            sendings[i].wanted &&
            pthread_create(&sendings[i].thread, NULL, run_send, &sendings[i]) == 0;
    for (size_t i = 0; i < n; i++) {
        if (sendings[i].threaded)
            (void)pthread_join(sendings[i].thread, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        if (sendings[i].wanted && !sendings[i].threaded)
            (void)run_send(&sendings[i]);
    }
}

static enum yaga_status
load(struct sink *sink, const struct phase *phase, bool *wanted, struct yaga_error *err)
{
    bool due = true;
    *wanted = false;
    if (sink->broken[0] != '\0') {
        sink_failed(sink, sink->broken);
        return YAGA_OK;
    }
    enum yaga_status st = YAGA_OK;
    if (sink->type->backs_off && !phase->when->eager)
        st = sink_state_is_due(phase->store, sink->name, phase->when->clock_s, &due, err);
    return st != YAGA_OK || !due ? st : sink->type->load(sink, phase, wanted, err);
}

static enum yaga_status
settle(struct sink *sink, const struct phase *phase, struct yaga_error *err)
{
    int64_t now_s = phase->when->clock_s;
    enum yaga_status st = sink->type->settle(sink, phase, err);
    if (st == YAGA_OK && sink->report.failed)
        st = sink_state_failed(phase->store, sink->name, now_s, sink->report.error, err);
    else if (st == YAGA_OK && sink->report.sent + sink->report.dead > 0)
        st = sink_state_succeeded(phase->store, sink->name, now_s, err);
    return st;
}

/* The first failure is kept, the other sinks are served nevertheless. */
static void
keep_first(enum yaga_status st, const struct yaga_error *err, struct yaga_error *first)
{
    if (st != YAGA_OK && first->status == YAGA_OK)
        *first = *err;
}

static void
run_phase(struct yaga_sinks *sinks, const struct phase *phase, struct yaga_error *first)
{
    struct sending sendings[SINKS_MAX];
    struct yaga_error err = {.status = YAGA_OK};
    for (size_t i = 0; i < sinks->n; i++) {
        struct sink *sink = &sinks->sinks[i];
        sink->report = (struct yaga_sink_report){.sent = 0};
        memcpy(sink->report.sink, sink->name, sizeof sink->name);
        sink->report.network = sink->type->network;
        sendings[i] =
            (struct sending){.sink = sink, .deadline_ms = phase->when->deadline_ms};
        keep_first(load(sink, phase, &sendings[i].wanted, &err), &err, first);
    }
    send_all(sendings, sinks->n);
    for (size_t i = 0; i < sinks->n; i++) {
        if (sendings[i].wanted)
            keep_first(settle(&sinks->sinks[i], phase, &err), &err, first);
    }
}

enum yaga_status yaga_deliver(struct yaga_store *store,
                              struct yaga_sinks *sinks,
                              const struct yaga_delivery_time *when,
                              struct yaga_delivery_counts *out,
                              struct yaga_error *err)
{
    struct phase phase = {.store = store, .params = &sinks->params, .when = when};
    struct yaga_delivery_counts counts = {.sent = 0};
    struct yaga_error first = {.status = YAGA_OK};
    run_phase(sinks, &phase, &first);
    for (size_t i = 0; i < sinks->n; i++) {
        struct yaga_sink_report *report = &sinks->sinks[i].report;
        struct yaga_error failure = {.status = YAGA_OK};
        if (sinks->sinks[i].type->queued) {
            keep_first(queue_pending(store, report->sink, &report->pending, &failure),
                       &failure, &first);
            counts.sent += report->sent;
            counts.dead += report->dead;
            counts.pending += report->pending;
        }
        sinks->reports[i] = *report;
    }
    *out = counts;
    if (first.status == YAGA_OK)
        return YAGA_OK;
    *err = first;
    return first.status;
}

const struct yaga_sink_report *yaga_sinks_reports(const struct yaga_sinks *sinks,
                                                  size_t *n)
{
    *n = sinks->n;
    return sinks->reports;
}
