/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Webhooks: each document is one request, whose body a template makes of it, for
 * receivers that have a form of their own (chats, ticket systems, pagers). The order of a
 * service is kept; documents wait and die as those of the HTTP API do.
 *
 * The address may be the secret of a receiver, so that messages name the webhook instead.
 */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/deliver/net.h"
#include "yaga/io/file.h"
#include "yaga/io/template.h"

enum { ROWS_MAX = 500, BODY_MAX = 256 << 10, URL_FILE_MAX = 4096, ATTEMPTS = 3 };
#define LOAD_BYTES_MAX ((size_t)32 << 20)

struct webhook {
    const struct yaga_deliver_params *params;
    const struct yaga_webhook_params *own;
    struct yaga_http *http;
    struct yaga_template *tmpl; /* NULL: the document as it is */
    bool in_json;
    struct queue queue;
    bool failed;
    char error[512];
};

static size_t count(const struct yaga_deliver_params *params)
{
    return params->n_webhooks;
}

static void close_webhook(struct sink *sink)
{
    struct webhook *hook = sink->own;
    if (hook == NULL)
        return;
    queue_clear(&hook->queue);
    hook->tmpl = yaga_template_free(hook->tmpl);
    hook->http = yaga_http_free(hook->http);
    yaga_free(hook);
    sink->own = NULL;
}

static enum yaga_status open_http(struct webhook *hook, struct yaga_error *err)
{
    const struct yaga_webhook_params *p = hook->own;
    YAGA_AUTO_MEM(char) secret = NULL;
    size_t n = 0;
    enum yaga_status st = YAGA_OK;
    if (p->url_file[0] != '\0')
        st = yaga_file_read(p->url_file, URL_FILE_MAX, &secret, &n, err);
    if (st == YAGA_E_NO_DATA)
        return yaga_error_set(err, YAGA_E_IO, "%s: does not exist", p->url_file);
    if (st != YAGA_OK)
        return st;
    if (secret != NULL)
        secret[strcspn(secret, "\r\n")] = '\0';
    struct net_options options = {.url = secret != NULL ? secret : p->url,
                                  .token_file = p->token_file,
                                  .ca_file = p->ca_file,
                                  .attempts = ATTEMPTS,
                                  .retry_wait_s = p->retry_wait_s};
    return net_open(hook->params, &options, &hook->http, err);
}

static enum yaga_status open_webhook(struct sink *sink,
                                     const struct yaga_deliver_params *params,
                                     size_t index,
                                     struct yaga_error *err)
{
    struct webhook *hook = yaga_calloc(1, sizeof *hook);
    if (hook == NULL)
        return yaga_error_nomem(err);
    sink->own = hook;
    hook->params = params;
    hook->own = &params->webhooks[index];
    hook->in_json = strstr(hook->own->content_type, "json") != NULL;
    (void)yaga_format(sink->name, sizeof sink->name, "webhook:%s", hook->own->name);
    enum yaga_status st = YAGA_OK;
    if (hook->own->tmpl[0] != '\0')
        st = yaga_template_parse(hook->own->tmpl, &hook->tmpl, err);
    if (st == YAGA_OK)
        st = open_http(hook, err);
    if (st == YAGA_OK)
        return YAGA_OK;
    (void)yaga_error_wrap(err, "%s", hook->own->name);
    close_webhook(sink);
    return st;
}

static bool wants(const struct sink *sink, bool is_update)
{
    const struct webhook *hook = sink->own;
    return !is_update || (hook != NULL && hook->own->updates);
}

static enum yaga_status
load(struct sink *sink, const struct phase *phase, bool *any, struct yaga_error *err)
{
    struct webhook *hook = sink->own;
    queue_clear(&hook->queue);
    hook->failed = false;
    hook->error[0] = '\0';
    enum yaga_status st = queue_read(phase->store, sink->name, 0, ROWS_MAX,
                                     LOAD_BYTES_MAX, &hook->queue, err);
    *any = st == YAGA_OK && hook->queue.n > 0;
    return st;
}

static enum yaga_status make_body(const struct webhook *hook,
                                  const struct delivery *d,
                                  char **out,
                                  struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) document = NULL;
    if (hook->tmpl == NULL) {
        *out = yaga_strdup(d->payload);
        return *out == NULL ? yaga_error_nomem(err) : YAGA_OK;
    }
    enum yaga_status st = yaga_json_parse(d->payload, strlen(d->payload),
                                          4 * (size_t)YAGA_PAYLOAD_MAX, &document, err);
    return st != YAGA_OK ? st
                         : yaga_template_render(hook->tmpl, document, hook->in_json,
                                                BODY_MAX, out, err);
}

/* What happened, without the address. */
static void tell(const struct yaga_http_request *request, char *out, size_t size)
{
    if (request->http_status != 0)
        (void)yaga_format(out, size, "HTTP %d after %d tries: %.150s",
                          request->http_status, request->attempts,
                          request->text == NULL ? "" : request->text);
    else
        (void)yaga_format(out, size, "no answer after %d tries (%s)", request->attempts,
                          yaga_status_name(request->status));
}

/* One document; false: the rest waits. */
static bool send_one(struct webhook *hook, struct delivery *d, int64_t deadline_ms)
{
    YAGA_AUTO_MEM(char) body = NULL;
    struct yaga_error err = {.status = YAGA_OK};
    enum yaga_status st = make_body(hook, d, &body, &err);
    if (st == YAGA_E_INPUT) {
        d->outcome = OUTCOME_DEAD;
        (void)yaga_format(d->why, sizeof d->why, "%s", err.text);
        (void)yaga_format(hook->error, sizeof hook->error, "%s", err.text);
        return true;
    }
    struct yaga_http_request request = {.path = "",
                                        .body = body,
                                        .content_type = hook->own->content_type,
                                        .timeout_ms = hook->own->timeout_ms};
    if (st == YAGA_OK)
        st = yaga_http_perform(hook->http, &request, 1, deadline_ms, &err);
    if (st != YAGA_OK) { /* without memory */
        (void)yaga_format(hook->error, sizeof hook->error, "%s", err.text);
        return false;
    }
    enum net_answer answer = net_judge(&request);
    d->outcome = answer == NET_TAKEN     ? OUTCOME_DELIVERED
                 : answer == NET_REFUSED ? OUTCOME_DEAD
                                         : OUTCOME_FAILED;
    if (answer != NET_TAKEN) {
        tell(&request, d->why, sizeof d->why);
        (void)yaga_format(hook->error, sizeof hook->error, "%s", d->why);
    }
    hook->failed = answer == NET_LATER && request.status != YAGA_E_INTERRUPTED &&
                   (request.status != YAGA_E_DEADLINE || d == hook->queue.items);
    yaga_http_request_clear(&request);
    return answer != NET_LATER;
}

static void send_rows(struct sink *sink, int64_t deadline_ms)
{
    struct webhook *hook = sink->own;
    for (size_t i = 0; i < hook->queue.n; i++) {
        if (!send_one(hook, &hook->queue.items[i], deadline_ms))
            return;
    }
}

static enum yaga_status
settle(struct sink *sink, const struct phase *phase, struct yaga_error *err)
{
    struct webhook *hook = sink->own;
    enum yaga_status st = queue_settle(phase, sink, &hook->queue, err);
    queue_clear(&hook->queue);
    (void)yaga_format(sink->report.error, sizeof sink->report.error, "%s", hook->error);
    sink->report.failed = hook->failed;
    return st;
}

const struct sink_type sink_webhook = {.word = "webhook",
                                       .queued = true,
                                       .network = true,
                                       .backs_off = true,
                                       .coalesces = true,
                                       .count = count,
                                       .open = open_webhook,
                                       .close = close_webhook,
                                       .wants = wants,
                                       .load = load,
                                       .send = send_rows,
                                       .settle = settle};
