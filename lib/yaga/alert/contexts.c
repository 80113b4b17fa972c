/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What else is known of the service: the contexts of a document (incidents-and-alerts.md
 * 6.6).
 */
#include <math.h>
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/str.h"

enum { RATE_DIGITS = 6, PERCENT_DECIMALS = 1, SHARE_DECIMALS = 5, SUMMARY_MAX = 400 };

static struct yaga_json *begin(const struct yaga_alert_context *context)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "service_name", context->service);
    yaga_json_set_time(object, "timestamp", context->detected_at_s);
    return object;
}

static void end(struct yaga_json *object, const struct yaga_enrich_state *state)
{
    bool failed = state->error[0] != '\0';
    yaga_json_set_bool(object, "query_successful", !failed);
    yaga_json_set(object, "error_message",
                  failed ? yaga_json_string_new(state->error) : yaga_json_null_new());
}

/* Nothing found and nothing failed is not worth an object. */
static bool is_told(const struct yaga_enrich_state *state)
{
    return state->found || state->error[0] != '\0';
}

static void set_or_null(struct yaga_json *object, const char *key, double value)
{
    if (isnan(value))
        yaga_json_set(object, key, yaga_json_null_new());
    else
        yaga_json_set_significant(object, key, value, RATE_DIGITS);
}

/* --- exceptions
 * --------------------------------------------------------------------------- */

static struct yaga_json *exceptions(const struct yaga_alert_context *context)
{
    const struct yaga_exception_list *e = &context->enrichment->exceptions;
    struct yaga_json *object = begin(context);
    if (e->state.found) {
        struct yaga_json *list = yaga_json_array_new();
        yaga_json_set_significant(object, "total_exception_rate", e->total_rate,
                                  RATE_DIGITS);
        yaga_json_set_int(object, "exception_count", (int64_t)e->n_types);
        yaga_json_set(object, "top_exceptions", list);
        for (size_t i = 0; i < e->n; i++) {
            struct yaga_json *one = yaga_json_object_new();
            yaga_json_set_string(one, "type", e->top[i].type);
            yaga_json_set_string(one, "short_name", e->top[i].short_name);
            yaga_json_set_significant(one, "rate", e->top[i].rate, RATE_DIGITS);
            yaga_json_set_rounded(one, "percentage", e->top[i].percentage,
                                  PERCENT_DECIMALS);
            if (e->top[i].is_known)
                yaga_json_set_bool(one, "is_new", e->top[i].is_new);
            yaga_json_push(list, one);
        }
    }
    end(object, &e->state);
    return object;
}

/* --- service graph
 * ------------------------------------------------------------------------ */

static struct yaga_json *route_object(const struct yaga_route *route)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "server", route->server);
    yaga_json_set(object, "route",
                  route->route[0] != '\0' ? yaga_json_string_new(route->route)
                                          : yaga_json_null_new());
    yaga_json_set_significant(object, "request_rate", route->rate, RATE_DIGITS);
    set_or_null(object, "avg_latency_ms", route->latency_ms);
    set_or_null(object, "error_share", route->failed_share);
    yaga_json_set_rounded(object, "percentage", route->percentage, PERCENT_DECIMALS);
    return object;
}

static const char *route_text(const struct yaga_route *route, char out[120])
{
    (void)yaga_format(out, 120, "%.55s%s%.55s", route->server,
                      route->route[0] != '\0' ? " " : "", route->route);
    return out;
}

static void graph_summary(const struct yaga_service_graph *g, char out[SUMMARY_MAX])
{
    char name[120];
    size_t n;
    (void)yaga_format(out, SUMMARY_MAX,
                      "%.1f calls/s to %zu routes; most calls: %s (%.0f %%)",
                      g->total_rate, g->n_routes_all, route_text(&g->routes[0], name),
                      g->routes[0].percentage);
    n = strlen(out);
    if (g->has_slowest)
        (void)yaga_format(out + n, SUMMARY_MAX - n, "; slowest: %s (%.0f ms)",
                          route_text(&g->slowest, name), g->slowest.latency_ms);
    n = strlen(out);
    if (g->has_most_time)
        (void)yaga_format(out + n, SUMMARY_MAX - n, "; most time: %s",
                          route_text(&g->most_time, name));
}

static struct yaga_json *service_graph(const struct yaga_alert_context *context)
{
    const struct yaga_service_graph *g = &context->enrichment->graph;
    struct yaga_json *object = begin(context);
    if (g->state.found) {
        char summary[SUMMARY_MAX];
        struct yaga_json *servers = yaga_json_array_new();
        struct yaga_json *routes = yaga_json_array_new();
        yaga_json_set_significant(object, "total_request_rate", g->total_rate,
                                  RATE_DIGITS);
        yaga_json_set_int(object, "route_count", (int64_t)g->n_routes_all);
        yaga_json_set(object, "unique_servers", servers);
        for (size_t i = 0; i < g->n_servers; i++)
            yaga_json_push_string(servers, g->servers[i]);
        yaga_json_set(object, "routes", routes);
        for (size_t i = 0; i < g->n_routes; i++)
            yaga_json_push(routes, route_object(&g->routes[i]));
        yaga_json_set(object, "top_route", route_object(&g->routes[0]));
        if (g->has_slowest)
            yaga_json_set(object, "slowest_route", route_object(&g->slowest));
        if (g->has_most_time)
            yaga_json_set(object, "most_time_route", route_object(&g->most_time));
        graph_summary(g, summary);
        yaga_json_set_string(object, "summary", summary);
    }
    end(object, &g->state);
    return object;
}

/* --- status codes
 * ------------------------------------------------------------------------- */

static struct yaga_json *status_codes(const struct yaga_alert_context *context)
{
    const struct yaga_status_codes *c = &context->enrichment->codes;
    struct yaga_json *object = begin(context);
    if (c->state.found) {
        struct yaga_json *list = yaga_json_array_new();
        yaga_json_set_significant(object, "total_request_rate", c->total_rate,
                                  RATE_DIGITS);
        yaga_json_set_significant(object, "failed_request_rate", c->failed_rate,
                                  RATE_DIGITS);
        yaga_json_set(object, "codes", list);
        for (size_t i = 0; i < c->n; i++) {
            struct yaga_json *one = yaga_json_object_new();
            yaga_json_set_string(one, "code", c->codes[i].code);
            yaga_json_set_significant(one, "rate", c->codes[i].rate, RATE_DIGITS);
            yaga_json_set_rounded(one, "share", c->codes[i].share, SHARE_DECIMALS);
            yaga_json_push(list, one);
        }
        if (c->dominant[0] != '\0') {
            yaga_json_set_string(object, "dominant_code", c->dominant);
            yaga_json_set_rounded(object, "dominant_share", c->dominant_share,
                                  SHARE_DECIMALS);
        }
        if (c->mode != YAGA_FAILURE_UNKNOWN) {
            yaga_json_set_string(object, "failure_mode", yaga_failure_mode_name(c->mode));
            yaga_json_set_string(object, "reading", yaga_failure_mode_reading(c->mode));
        }
    }
    end(object, &c->state);
    return object;
}

/* --- edge
 * --------------------------------------------------------------------------------- */

static struct yaga_json *latency_percentiles(const struct yaga_edge *e)
{
    static const char *const names[YAGA_EDGE_QUANTILES] = {"p50_ms", "p90_ms", "p99_ms"};
    struct yaga_json *object = yaga_json_object_new();
    struct yaga_json *open = yaga_json_array_new();
    for (size_t q = 0; q < YAGA_EDGE_QUANTILES; q++) {
        set_or_null(object, names[q], e->quantile_ms[q]);
        if (e->at_least[q])
            yaga_json_push_string(open, names[q]);
    }
    yaga_json_set(object, "at_least", open);
    return object;
}

static struct yaga_json *edge_comparison(const struct yaga_edge *e)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_significant(object, "service_rps", e->service_rate, RATE_DIGITS);
    yaga_json_set_significant(object, "edge_rps", e->total_rate, RATE_DIGITS);
    yaga_json_set_rounded(object, "delta_percent",
                          100.0 * (e->service_rate - e->total_rate) / e->total_rate,
                          PERCENT_DECIMALS);
    yaga_json_set_rounded(object, "service_error_rate", e->service_error_rate,
                          SHARE_DECIMALS);
    yaga_json_set_rounded(object, "edge_5xx", e->server_error_share, SHARE_DECIMALS);
    if (yaga_edge_reading(e)[0] != '\0')
        yaga_json_set_string(object, "reading", yaga_edge_reading(e));
    return object;
}

static void edge_summary(const struct yaga_edge *e, char out[SUMMARY_MAX])
{
    (void)yaga_format(
        out, SUMMARY_MAX, "%.1f requests/s at the edge; 4xx and 5xx %.2f %%, 5xx %.2f %%",
        e->total_rate, 100.0 * e->error_share, 100.0 * e->server_error_share);
    size_t n = strlen(out);
    if (!isnan(e->quantile_ms[YAGA_EDGE_QUANTILES - 1]))
        (void)yaga_format(out + n, SUMMARY_MAX - n, "; p99 %s%.0f ms",
                          e->at_least[YAGA_EDGE_QUANTILES - 1] ? ">= " : "",
                          e->quantile_ms[YAGA_EDGE_QUANTILES - 1]);
}

static struct yaga_json *edge(const struct yaga_alert_context *context)
{
    static const char *const classes[YAGA_EDGE_CLASSES] = {"2xx", "3xx", "4xx", "5xx"};
    const struct yaga_edge *e = &context->enrichment->edge;
    struct yaga_json *object = begin(context);
    if (e->state.found) {
        char summary[SUMMARY_MAX];
        struct yaga_json *rates = yaga_json_object_new();
        yaga_json_set_string(object, "envoy_cluster_name", e->clusters);
        yaga_json_set(object, "request_rates", rates);
        for (size_t i = 0; i < YAGA_EDGE_CLASSES; i++)
            yaga_json_set_significant(rates, classes[i], e->rate[i], RATE_DIGITS);
        yaga_json_set_significant(rates, "total", e->total_rate, RATE_DIGITS);
        yaga_json_set_rounded(object, "edge_error_rate", e->error_share, SHARE_DECIMALS);
        yaga_json_set_rounded(object, "edge_server_error_rate", e->server_error_share,
                              SHARE_DECIMALS);
        yaga_json_set(object, "latency_percentiles", latency_percentiles(e));
        set_or_null(object, "active_connections", e->connections);
        yaga_json_set(object, "comparison", edge_comparison(e));
        edge_summary(e, summary);
        yaga_json_set_string(object, "summary", summary);
    }
    end(object, &e->state);
    return object;
}

/* --- change
 * ------------------------------------------------------------------------------- */

static struct yaga_json *change(const struct yaga_alert_context *context)
{
    const struct yaga_change *c = &context->enrichment->change;
    struct yaga_json *object = begin(context);
    if (c->state.found) {
        yaga_json_set_string(object, "version", c->version);
        yaga_json_set_time(object, "first_seen", c->first_seen_s);
    }
    end(object, &c->state);
    return object;
}

void alert_set_contexts(struct yaga_json *document,
                        const struct yaga_alert_context *context)
{
    const struct yaga_enrichment *e = context->enrichment;
    if (e == NULL)
        return;
    if (is_told(&e->exceptions.state))
        yaga_json_set(document, "exception_context", exceptions(context));
    if (is_told(&e->graph.state))
        yaga_json_set(document, "service_graph_context", service_graph(context));
    if (is_told(&e->edge.state))
        yaga_json_set(document, "envoy_context", edge(context));
    if (is_told(&e->codes.state))
        yaga_json_set(document, "status_context", status_codes(context));
    if (is_told(&e->change.state))
        yaga_json_set(document, "change_context", change(context));
}
