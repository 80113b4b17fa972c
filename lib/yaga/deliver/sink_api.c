/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A consumer of alerts over HTTP (incidents-and-alerts.md 7.2): batches of documents are
 * POSTed, alerts to one address, resolutions to another. For each service the order of
 * the outbox is kept: a batch holds of each service only what nothing older waits before,
 * so that a resolution follows its alerts and a return follows its resolution.
 *
 * An answer that says "not now" (no answer, timeout, 408, 425, 429, 5xx, success false)
 * ends the phase: the rest waits. So does one that concerns the address or who we are and
 * not the documents (401, 403, 404, 405, 407): to bury announcements for a mistyped token
 * would lose them. Another 4xx means that some document cannot be taken: the batch is
 * sent again one by one, and what is refused alone is dead.
 */
#include <stdio.h>
#include <string.h>

#include "yaga/alert/alert.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/deliver/net.h"

enum {
    ROWS_MAX = 2000,           /* of one phase */
    BATCH_BYTES_MAX = 1 << 20, /* of a body that holds more than one document */
    ATTEMPTS = 3
};
#define LOAD_BYTES_MAX ((size_t)32 << 20)

struct api {
    const struct yaga_deliver_params *params;
    struct yaga_http *http;
    struct queue queue;
    size_t *chosen; /* owned [ROWS_MAX]: items of the batch in work */
    size_t n_chosen;
    bool stopped; /* the rest of the phase waits */
    bool failed;  /* because the consumer could not take it */
    char error[512];
    char complaint[512]; /* of a consumer that took a batch, but not all of it */
};

static size_t count(const struct yaga_deliver_params *params)
{
    return params->api.enabled ? 1 : 0;
}

static enum yaga_status open_http(const struct yaga_deliver_params *params,
                                  struct api *api,
                                  struct yaga_error *err)
{
    struct net_options options = {.url = params->api.base_url,
                                  .token_file = params->api.token_file,
                                  .ca_file = params->api.ca_file,
                                  .attempts = ATTEMPTS,
                                  .retry_wait_s = params->api.retry_wait_s};
    return net_open(params, &options, &api->http, err);
}

static void close_api(struct sink *sink)
{
    struct api *api = sink->own;
    if (api == NULL)
        return;
    api->http = yaga_http_free(api->http);
    queue_clear(&api->queue);
    yaga_free(api->chosen);
    yaga_free(api);
    sink->own = NULL;
}

static enum yaga_status open_api(struct sink *sink,
                                 const struct yaga_deliver_params *params,
                                 size_t index,
                                 struct yaga_error *err)
{
    (void)index;
    struct api *api = yaga_calloc(1, sizeof *api);
    if (api == NULL)
        return yaga_error_nomem(err);
    sink->own = api;
    api->params = params;
    api->chosen = yaga_alloc(ROWS_MAX, sizeof *api->chosen);
    enum yaga_status st =
        api->chosen == NULL ? yaga_error_nomem(err) : open_http(params, api, err);
    if (st != YAGA_OK)
        close_api(sink);
    return st;
}

static enum yaga_status
load(struct sink *sink, const struct phase *phase, bool *any, struct yaga_error *err)
{
    struct api *api = sink->own;
    queue_clear(&api->queue);
    api->stopped = api->failed = false;
    api->error[0] = api->complaint[0] = '\0';
    enum yaga_status st = queue_read(phase->store, sink->name, 0, ROWS_MAX,
                                     LOAD_BYTES_MAX, &api->queue, err);
    *any = st == YAGA_OK && api->queue.n > 0;
    return st;
}

/* --- what goes into a batch -----------------------------------------------------------
 */

static bool is_chosen(const struct api *api, size_t item)
{
    for (size_t i = 0; i < api->n_chosen; i++)
        if (api->chosen[i] == item)
            return true;
    return false;
}

/* Nothing older of its service waits, or it goes in the same batch. */
static bool may_go(const struct api *api, size_t item)
{
    const struct delivery *d = &api->queue.items[item];
    for (size_t i = 0; i < item; i++) {
        const struct delivery *older = &api->queue.items[i];
        if (older->outcome == OUTCOME_UNTRIED &&
            strcmp(older->service, d->service) == 0 && !is_chosen(api, i))
            return false;
    }
    return true;
}

/* The next batch of this kind, in the order of the outbox; false when there is none. */
static bool choose(struct api *api, bool alerts)
{
    size_t n_bytes = 0;
    api->n_chosen = 0;
    for (size_t i = 0; i < api->queue.n; i++) {
        const struct delivery *d = &api->queue.items[i];
        if (d->outcome != OUTCOME_UNTRIED || d->is_alert != alerts || !may_go(api, i))
            continue;
        size_t more = strlen(d->payload) + 1;
        if (api->n_chosen == api->params->api.max_batch_items ||
            (api->n_chosen > 0 && n_bytes + more > BATCH_BYTES_MAX))
            break;
        api->chosen[api->n_chosen++] = i;
        n_bytes += more;
    }
    return api->n_chosen > 0;
}

/* --- one request -----------------------------------------------------------------------
 */

static enum yaga_status
append_body(const struct api *api, size_t first, size_t n, struct yaga_str *out)
{
    bool alerts = api->queue.items[api->chosen[first]].is_alert;
    enum yaga_status st = YAGA_OK;
    if (api->params->api.envelope)
        st = yaga_str_append(out, alerts ? "{\"alerts\":" : "{\"resolutions\":");
    for (size_t i = 0; i < n && st == YAGA_OK; i++) {
        st = yaga_str_append(out, i == 0 ? "[" : ",");
        if (st == YAGA_OK)
            st = yaga_str_append(out, api->queue.items[api->chosen[first + i]].payload);
    }
    if (st == YAGA_OK)
        st = yaga_str_append(out, "]");
    if (st == YAGA_OK && api->params->api.envelope)
        st = yaga_str_append(out, ",\"schema_version\":\"" YAGA_SCHEMA_TEXT "\"}");
    return st;
}

static void keep_text(char *out, size_t size, const char *text)
{
    if (out[0] == '\0')
        (void)yaga_format(out, size, "%s", text);
}

/* What a consumer says about a batch that arrived: {"success": false} or failed_count. */
static enum net_answer judge_body(struct api *api, const char *text, size_t length)
{
    YAGA_AUTO(yaga_json) body = NULL;
    if (text == NULL ||
        yaga_json_parse(text, length, NET_ANSWER_MAX, &body, NULL) != YAGA_OK)
        return NET_TAKEN; /* 2xx is enough */
    bool success = true;
    int64_t n_failed = 0;
    char say[512];
    (void)yaga_json_bool(yaga_json_get(body, "success"), &success);
    (void)yaga_json_int(yaga_json_get(body, "failed_count"), &n_failed);
    if (success && n_failed <= 0)
        return NET_TAKEN;
    (void)yaga_format(say, sizeof say,
                      "the consumer says success %s, failed_count %lld: %.300s",
                      success ? "true" : "false", (long long)n_failed, text);
    if (success)
        keep_text(api->complaint, sizeof api->complaint, say);
    else
        keep_text(api->error, sizeof api->error, say);
    api->failed = api->failed || !success;
    return success ? NET_TAKEN : NET_LATER;
}

static bool has_taken_any(const struct api *api)
{
    for (size_t i = 0; i < api->queue.n; i++)
        if (api->queue.items[i].outcome == OUTCOME_DELIVERED)
            return true;
    return false;
}

static enum net_answer judge(struct api *api, const struct yaga_http_request *request)
{
    enum net_answer answer = net_judge(request);
    if (answer == NET_TAKEN)
        return judge_body(api, request->text, request->text_length);
    if (answer == NET_REFUSED)
        return answer;
    keep_text(api->error, sizeof api->error, request->error.text);
    /* Our own hurry says nothing about a consumer that was taking documents. */
    bool hurry = request->status == YAGA_E_INTERRUPTED ||
                 (request->status == YAGA_E_DEADLINE &&
                  (request->attempts == 0 || has_taken_any(api)));
    api->failed = api->failed || !hurry;
    return answer;
}

static enum net_answer
post(struct api *api, size_t first, size_t n, int64_t deadline_ms, char why[256])
{
    const struct delivery *items = api->queue.items;
    const struct yaga_api_params *p = &api->params->api;
    bool alerts = items[api->chosen[first]].is_alert;
    char headers[512];
    struct yaga_error err = {.status = YAGA_OK};
    struct yaga_str body;
    yaga_str_init(&body, 4 * (size_t)YAGA_PAYLOAD_MAX);
    (void)yaga_format(
        headers, sizeof headers,
        "X-Yaga-Schema: " YAGA_SCHEMA_TEXT "\nIdempotency-Key: %.200s-%lld-%lld",
        api->params->instance, (long long)items[api->chosen[first]].delivery_id,
        (long long)items[api->chosen[first + n - 1]].delivery_id);
    struct yaga_http_request request = {.path = alerts ? p->anomalies_path
                                                       : p->resolutions_path,
                                        .headers = headers,
                                        .timeout_ms = p->timeout_ms};
    enum yaga_status st = append_body(api, first, n, &body);
    request.body = yaga_str_get(&body);
    if (st == YAGA_OK)
        st = yaga_http_perform(api->http, &request, 1, deadline_ms, &err);
    enum net_answer answer = NET_LATER;
    if (st == YAGA_OK)
        answer = judge(api, &request);
    else
        keep_text(api->error, sizeof api->error, "out of memory");
    (void)yaga_format(why, 256, "%.255s", request.error.text);
    yaga_http_request_clear(&request);
    yaga_str_clear(&body);
    return answer;
}

static void
mark(struct api *api, size_t first, size_t n, enum outcome outcome, const char *why)
{
    for (size_t i = first; i < first + n; i++) {
        struct delivery *d = &api->queue.items[api->chosen[i]];
        d->outcome = outcome;
        (void)yaga_format(d->why, sizeof d->why, "%s", why);
    }
}

static void stop(struct api *api, size_t first, size_t n, const char *why)
{
    mark(api, first, n, OUTCOME_FAILED, why[0] == '\0' ? api->error : why);
    api->stopped = true;
}

/* Who is it? Each document alone. */
static void send_one_by_one(struct api *api, int64_t deadline_ms)
{
    char why[256];
    for (size_t i = 0; i < api->n_chosen && !api->stopped; i++) {
        switch (post(api, i, 1, deadline_ms, why)) {
        case NET_TAKEN:
            mark(api, i, 1, OUTCOME_DELIVERED, "");
            break;
        case NET_REFUSED:
            mark(api, i, 1, OUTCOME_DEAD, why);
            keep_text(api->complaint, sizeof api->complaint, why);
            break;
        case NET_LATER:
            stop(api, i, 1, why);
            break;
        }
    }
}

static void send_batch(struct api *api, int64_t deadline_ms)
{
    char why[256];
    switch (post(api, 0, api->n_chosen, deadline_ms, why)) {
    case NET_TAKEN:
        mark(api, 0, api->n_chosen, OUTCOME_DELIVERED, "");
        break;
    case NET_REFUSED:
        send_one_by_one(api, deadline_ms);
        break;
    case NET_LATER:
        stop(api, 0, api->n_chosen, why);
        break;
    }
}

/* Alerts as far as they may go, then the resolutions behind them, and again. */
static void send_rows(struct sink *sink, int64_t deadline_ms)
{
    struct api *api = sink->own;
    bool any = true;
    while (any) {
        any = false;
        for (int resolutions = 0; resolutions < 2; resolutions++) {
            while (!api->stopped && choose(api, resolutions == 0)) {
                any = true;
                send_batch(api, deadline_ms);
            }
        }
    }
}

/* --- what became of it
 * ------------------------------------------------------------------ */

static enum yaga_status
settle(struct sink *sink, const struct phase *phase, struct yaga_error *err)
{
    struct api *api = sink->own;
    enum yaga_status st = queue_settle(phase, sink, &api->queue, err);
    queue_clear(&api->queue);
    keep_text(sink->report.error, sizeof sink->report.error, api->error);
    keep_text(sink->report.error, sizeof sink->report.error, api->complaint);
    sink->report.failed = api->failed;
    return st;
}

const struct sink_type sink_api = {.word = "http_api",
                                   .queued = true,
                                   .network = true,
                                   .backs_off = true,
                                   .coalesces = true,
                                   .notices = true,
                                   .count = count,
                                   .open = open_api,
                                   .close = close_api,
                                   .load = load,
                                   .send = send_rows,
                                   .settle = settle};
