/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts past the outbox, for a consumer over HTTP, when there is no database that could
 * hold them. */
#include "yaga/alert/alert.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver.h"
#include "yaga/deliver/net.h"

enum { ATTEMPTS = 3 };

/* Documents [first, first + n) of the array as a body. */
static enum yaga_status append_body(const struct yaga_api_params *p,
                                    const struct yaga_json *documents,
                                    size_t first,
                                    size_t n,
                                    struct yaga_str *out,
                                    struct yaga_error *err)
{
    enum yaga_status st = yaga_str_append(out, p->envelope ? "{\"alerts\":[" : "[");
    for (size_t i = first; st == YAGA_OK && i < first + n; i++) {
        YAGA_AUTO_MEM(char) text = NULL;
        st = yaga_json_dump(yaga_json_at(documents, i), false, &text, err);
        if (st == YAGA_OK && i > first)
            st = yaga_str_append(out, ",");
        if (st == YAGA_OK)
            st = yaga_str_append(out, text);
    }
    if (st == YAGA_OK)
        st = yaga_str_append(
            out, p->envelope ? "],\"schema_version\":\"" YAGA_SCHEMA_TEXT "\"}" : "]");
    return st == YAGA_OK ? st : yaga_error_nomem(err);
}

static enum yaga_status post(const struct yaga_deliver_params *params,
                             struct yaga_http *http,
                             const struct yaga_json *documents,
                             size_t first,
                             size_t n,
                             int64_t deadline_ms,
                             struct yaga_error *err)
{
    const char *id = yaga_json_get_string(yaga_json_at(documents, first), "alert_id");
    char headers[600];
    struct yaga_str body;
    yaga_str_init(&body, (n + 1) * (size_t)YAGA_PAYLOAD_MAX);
    (void)yaga_format(headers, sizeof headers,
                      "X-Yaga-Schema: " YAGA_SCHEMA_TEXT
                      "\nIdempotency-Key: %.200s-untracked-%.240s",
                      params->instance, id == NULL ? "" : id);
    enum yaga_status st = append_body(&params->api, documents, first, n, &body, err);
    struct yaga_http_request request = {.path = params->api.anomalies_path,
                                        .headers = headers,
                                        .body = yaga_str_get(&body),
                                        .timeout_ms = params->api.timeout_ms};
    if (st == YAGA_OK)
        st = yaga_http_perform(http, &request, 1, deadline_ms, err);
    if (st == YAGA_OK && request.status != YAGA_OK) {
        *err = request.error;
        st = request.status;
    }
    yaga_http_request_clear(&request);
    yaga_str_clear(&body);
    return st;
}

enum yaga_status yaga_deliver_untracked(const struct yaga_deliver_params *params,
                                        const struct yaga_json *documents,
                                        int64_t deadline_ms,
                                        struct yaga_error *err)
{
    const struct yaga_api_params *p = &params->api;
    struct net_options options = {.url = p->base_url,
                                  .token_file = p->token_file,
                                  .ca_file = p->ca_file,
                                  .attempts = ATTEMPTS,
                                  .retry_wait_s = p->retry_wait_s};
    YAGA_AUTO(yaga_http) http = NULL;
    size_t n = yaga_json_size(documents);
    enum yaga_status st = net_open(params, &options, &http, err);
    for (size_t i = 0; st == YAGA_OK && i < n; i += p->max_batch_items) {
        size_t left = n - i;
        st =
            post(params, http, documents, i,
                 left < p->max_batch_items ? left : p->max_batch_items, deadline_ms, err);
    }
    return st;
}
