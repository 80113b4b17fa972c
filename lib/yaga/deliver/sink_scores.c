/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scores and expectations of the cycle into a metric store, as lines of the Prometheus
 * text format with timestamps (VictoriaMetrics: /api/v1/import/prometheus). They go as
 * they are made: what cannot be taken now is gone, for the next cycle has new ones.
 */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/deliver/net.h"

enum { BODY_MAX = 4 << 20 };

struct scores {
    const struct yaga_deliver_params *params;
    struct yaga_http *http;
    const char *text; /* of the phase; borrowed */
    size_t n_lines;   /* taken */
    char error[512];
};

static size_t count(const struct yaga_deliver_params *params)
{
    return params->scores.url != NULL && params->scores.url[0] != '\0' ? 1 : 0;
}

static void close_scores(struct sink *sink)
{
    struct scores *scores = sink->own;
    if (scores == NULL)
        return;
    scores->http = yaga_http_free(scores->http);
    yaga_free(scores);
    sink->own = NULL;
}

static enum yaga_status open_scores(struct sink *sink,
                                    const struct yaga_deliver_params *params,
                                    size_t index,
                                    struct yaga_error *err)
{
    const struct yaga_scores_params *p = &params->scores;
    struct net_options options = {
        .url = p->url, .token_file = p->token_file, .ca_file = p->ca_file, .attempts = 1};
    (void)index;
    struct scores *scores = yaga_calloc(1, sizeof *scores);
    if (scores == NULL)
        return yaga_error_nomem(err);
    sink->own = scores;
    scores->params = params;
    enum yaga_status st = net_open(params, &options, &scores->http, err);
    if (st != YAGA_OK)
        close_scores(sink);
    return st;
}

static enum yaga_status
load(struct sink *sink, const struct phase *phase, bool *any, struct yaga_error *err)
{
    struct scores *scores = sink->own;
    (void)err;
    scores->text = phase->when->scores;
    scores->n_lines = 0;
    scores->error[0] = '\0';
    *any = scores->text != NULL && scores->text[0] != '\0';
    return YAGA_OK;
}

/* The length of the longest run of whole lines that fits into a body. */
static size_t piece(const char *text)
{
    size_t n = strlen(text);
    if (n <= BODY_MAX)
        return n;
    const char *end = memrchr(text, '\n', BODY_MAX);
    return end == NULL ? n : (size_t)(end - text) + 1;
}

static size_t count_lines(const char *text, size_t n)
{
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

static enum yaga_status post(struct scores *scores,
                             const char *text,
                             size_t n,
                             int64_t deadline_ms,
                             struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) body = yaga_strndup(text, n);
    if (body == NULL)
        return yaga_error_nomem(err);
    struct yaga_http_request request = {.path = scores->params->scores.path,
                                        .body = body,
                                        .content_type = "text/plain",
                                        .timeout_ms = scores->params->scores.timeout_ms};
    enum yaga_status st = yaga_http_perform(scores->http, &request, 1, deadline_ms, err);
    if (st == YAGA_OK && request.status != YAGA_OK) {
        *err = request.error;
        st = request.status;
    }
    yaga_http_request_clear(&request);
    return st;
}

static void send_scores(struct sink *sink, int64_t deadline_ms)
{
    struct scores *scores = sink->own;
    const char *text = scores->text;
    while (text[0] != '\0') {
        struct yaga_error err = {.status = YAGA_OK};
        size_t n = piece(text);
        if (post(scores, text, n, deadline_ms, &err) != YAGA_OK) {
            (void)yaga_format(scores->error, sizeof scores->error, "%s", err.text);
            return;
        }
        scores->n_lines += count_lines(text, n);
        text += n;
    }
}

static enum yaga_status
settle(struct sink *sink, const struct phase *phase, struct yaga_error *err)
{
    const struct scores *scores = sink->own;
    (void)phase;
    (void)err;
    sink->report.sent = (int64_t)scores->n_lines;
    if (scores->error[0] != '\0')
        sink_failed(sink, scores->error);
    return YAGA_OK;
}

const struct sink_type sink_scores = {.word = "scores",
                                      .network = true,
                                      .count = count,
                                      .open = open_scores,
                                      .close = close_scores,
                                      .load = load,
                                      .send = send_scores,
                                      .settle = settle};
