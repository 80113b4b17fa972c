/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked, and with which settings. */
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/enrich/enrich_internal.h"
#include "yaga/source/query.h"
#include "yaga/source/source.h"

#define GRAPH_BY "sum by (client, server, server_http_route) "
#define GRAPH_MEAN(side)                                                                 \
    "(1000 * " GRAPH_BY "(rate(traces_service_graph_request_" side                       \
    "_seconds_sum{$S}[$W])) / " GRAPH_BY "(rate(traces_service_graph_request_" side      \
    "_seconds_count{$S}[$W])) > 0)"

const char *yaga_enrich_template(enum yaga_enrich_query query)
{
    static const char *const usual[YAGA_ENRICH_QUERIES] = {
        /* The collector's events, before and since its version 0.109. */
        [YAGA_ASK_EXCEPTIONS] = "sum by (exception_type) (rate(events_total{$S,$E}[$W])"
                                " or rate(traces_span_metrics_events_total{$S,$E}[$W]))",
        [YAGA_ASK_GRAPH_REQUESTS] =
            GRAPH_BY "(rate(traces_service_graph_request_total{$S}[$W]))",
        [YAGA_ASK_GRAPH_FAILURES] =
            GRAPH_BY "(rate(traces_service_graph_request_failed_total{$S}[$W]))",
        /* As the client sees it where that is known: the network is part of it. */
        [YAGA_ASK_GRAPH_LATENCY] = GRAPH_MEAN("client") " or " GRAPH_MEAN("server"),
        [YAGA_ASK_CODES] = "sum by (http_response_status_code, http_status_code) "
                           "(rate(duration_milliseconds_count"
                           "{span_kind='SPAN_KIND_SERVER',$S,$E}[$W]))",
        [YAGA_ASK_EDGE_CODES] = "sum by (envoy_response_code_class) "
                                "(rate(envoy_cluster_upstream_rq_xx{$S}[$W]))",
        [YAGA_ASK_EDGE_BUCKETS] =
            "sum by (le) (rate(envoy_cluster_upstream_rq_time_bucket{$S}[$W]))",
        [YAGA_ASK_EDGE_CONNECTIONS] = "sum(envoy_cluster_upstream_cx_active{$S})",
        [YAGA_ASK_VERSIONS] =
            "min by ($L) (min_over_time(timestamp(count by ($L) ({$S,$L!=''}))[2h:1m]))",
    };
    return usual[query == YAGA_ASK_EXCEPTIONS_BEFORE ? YAGA_ASK_EXCEPTIONS : query];
}

void yaga_enrich_params_init(struct yaga_enrich_params *params)
{
    *params = (struct yaga_enrich_params){
        .min_rate = 0.001,
        .service_label = "service_name",
        .selector = "$E",
        .environment = "production",
        .version_label = "",
    };
    for (size_t i = 0; i < YAGA_ENRICH_PARTS; i++) {
        params->enabled[i] = i != YAGA_ENRICH_EDGE && i != YAGA_ENRICH_CHANGE;
        params->lookback_s[i] = 300;
        params->timeout_ms[i] = 10000;
    }
}

/* Is there "$E", or "$L", that is no beginning of a longer word? */
static bool is_placeholder(const char *at, char letter)
{
    return at[0] == '$' && at[1] == letter &&
           strspn(at + 2, "abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789_") == 0;
}

/* Our own placeholders; the others are the source's. */
static enum yaga_status expand_own(const struct yaga_enrich_params *params,
                                   const char *text,
                                   struct yaga_str *out)
{
    enum yaga_status st = YAGA_OK;
    while (st == YAGA_OK && *text != '\0') {
        if (is_placeholder(text, 'E')) {
            st = yaga_str_append(out, params->selector);
            text += 2;
        } else if (is_placeholder(text, 'L')) {
            st = yaga_query_append_label(out, params->version_label);
            text += 2;
        } else {
            st = yaga_str_append_bytes(out, text++, 1);
        }
    }
    return st;
}

static const char *label_of(const struct yaga_enrich_params *params,
                            enum yaga_enrich_part part)
{
    if (part == YAGA_ENRICH_GRAPH)
        return "client";
    return part == YAGA_ENRICH_EDGE ? "envoy_cluster_name" : params->service_label;
}

static enum yaga_status expand_theirs(const struct yaga_enrich_params *params,
                                      enum yaga_enrich_part part,
                                      const char *text,
                                      const struct yaga_enrich_subject *subject,
                                      struct yaga_str *out,
                                      struct yaga_error *err)
{
    bool edge = part == YAGA_ENRICH_EDGE;
    size_t n = edge ? subject->n_clusters : 1;
    char window[32];
    YAGA_AUTO_MEM(struct yaga_fleet_service) names = yaga_calloc(n, sizeof *names);
    if (names == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        (void)yaga_format(names[i].name, sizeof names[i].name, "%s",
                          edge ? subject->clusters[i] : subject->service);
    (void)yaga_format(window, sizeof window, "%llds",
                      (long long)params->lookback_s[part]);
    struct yaga_metric metric = {
        .name = "enrichment", .query = text, .service_label = label_of(params, part)};
    struct yaga_query_context context = {.services = names,
                                         .n_services = n,
                                         .environment = params->environment,
                                         .rate_window = window};
    return yaga_query_expand(&metric, &context, out, err);
}

enum yaga_status yaga_enrich_expand(const struct yaga_enrich_params *params,
                                    enum yaga_enrich_query query,
                                    const struct yaga_enrich_subject *subject,
                                    struct yaga_str *out,
                                    struct yaga_error *err)
{
    const char *text = params->template[query];
    struct yaga_str own;
    yaga_str_init(&own, YAGA_SOURCE_QUERY_MAX);
    enum yaga_status st =
        expand_own(params, text != NULL ? text : yaga_enrich_template(query), &own);
    if (st == YAGA_E_INPUT)
        st = yaga_error_set(err, YAGA_E_QUERY, "query longer than %d bytes",
                            YAGA_SOURCE_QUERY_MAX);
    else if (st != YAGA_OK)
        st = yaga_error_nomem(err);
    else
        st = expand_theirs(params, yaga_enrich_part_of(query), yaga_str_get(&own),
                           subject, out, err);
    yaga_str_clear(&own);
    return st;
}
