/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A sign of life at the end of every cycle, for a consumer of the HTTP API that wants to
 * know whether silence means that all is well. One that could not be sent is gone: the
 * next cycle has its own.
 */
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/deliver/net.h"

struct heartbeat {
    const struct yaga_deliver_params *params;
    struct yaga_http *http;
    const char *text; /* of the phase; borrowed */
    char error[512];
};

static size_t count(const struct yaga_deliver_params *params)
{
    const char *path = params->api.heartbeat_path;
    return params->api.enabled && path != NULL && path[0] != '\0' ? 1 : 0;
}

static void close_heartbeat(struct sink *sink)
{
    struct heartbeat *heartbeat = sink->own;
    if (heartbeat == NULL)
        return;
    heartbeat->http = yaga_http_free(heartbeat->http);
    yaga_free(heartbeat);
    sink->own = NULL;
}

static enum yaga_status open_heartbeat(struct sink *sink,
                                       const struct yaga_deliver_params *params,
                                       size_t index,
                                       struct yaga_error *err)
{
    struct net_options options = {.url = params->api.base_url,
                                  .token_file = params->api.token_file,
                                  .ca_file = params->api.ca_file,
                                  .attempts = 1};
    (void)index;
    struct heartbeat *heartbeat = yaga_calloc(1, sizeof *heartbeat);
    if (heartbeat == NULL)
        return yaga_error_nomem(err);
    sink->own = heartbeat;
    heartbeat->params = params;
    enum yaga_status st = net_open(params, &options, &heartbeat->http, err);
    if (st != YAGA_OK)
        close_heartbeat(sink);
    return st;
}

static enum yaga_status
load(struct sink *sink, const struct phase *phase, bool *any, struct yaga_error *err)
{
    struct heartbeat *heartbeat = sink->own;
    (void)err;
    heartbeat->text = phase->when->heartbeat;
    heartbeat->error[0] = '\0';
    *any = heartbeat->text != NULL;
    return YAGA_OK;
}

static void send_heartbeat(struct sink *sink, int64_t deadline_ms)
{
    struct heartbeat *heartbeat = sink->own;
    const struct yaga_api_params *api = &heartbeat->params->api;
    struct yaga_error err = {.status = YAGA_OK};
    struct yaga_http_request request = {.path = api->heartbeat_path,
                                        .body = heartbeat->text,
                                        .content_type = "application/json",
                                        .timeout_ms = api->timeout_ms};
    enum yaga_status st =
        yaga_http_perform(heartbeat->http, &request, 1, deadline_ms, &err);
    if (st == YAGA_OK && request.status != YAGA_OK)
        err = request.error;
    if (err.status != YAGA_OK)
        (void)yaga_format(heartbeat->error, sizeof heartbeat->error, "%s", err.text);
    yaga_http_request_clear(&request);
}

static enum yaga_status
settle(struct sink *sink, const struct phase *phase, struct yaga_error *err)
{
    const struct heartbeat *heartbeat = sink->own;
    (void)phase;
    (void)err;
    if (heartbeat->error[0] != '\0')
        sink_failed(sink, heartbeat->error);
    else
        sink->report.sent = 1;
    return YAGA_OK;
}

const struct sink_type sink_heartbeat = {.word = "heartbeat",
                                         .network = true,
                                         .count = count,
                                         .open = open_heartbeat,
                                         .close = close_heartbeat,
                                         .load = load,
                                         .send = send_heartbeat,
                                         .settle = settle};
