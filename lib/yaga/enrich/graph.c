/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing calls by server and route: how many, how many fail, how long they take
 * (detection.md 11.2). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/enrich/enrich_internal.h"

struct row {
    const char *server, *route; /* borrowed */
    double value;
};

static int by_place(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = strcmp(x->server, y->server);
    return order != 0 ? order : strcmp(x->route, y->route);
}

static int by_place_and_value(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = by_place(a, b);
    if (order != 0)
        return order;
    return x->value < y->value ? -1 : x->value > y->value;
}

static int by_value(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return by_place(a, b);
}

struct rows {
    struct row *items; /* owned, by place, places unique */
    size_t n;
};

static void rows_clear(struct rows *rows)
{
    yaga_free(rows->items);
}

static const char *route_of(const struct yaga_answer *answer, size_t i)
{
    const char *route = yaga_answer_label(answer, i, "server_http_route");
    return route[0] != '\0' ? route : yaga_answer_label(answer, i, "http_route");
}

/* add: values of one place are summed, else the largest counts (means cannot be added).
 */
static enum yaga_status collect(const struct yaga_answer *answer,
                                double min,
                                bool add,
                                struct rows *out,
                                struct yaga_error *err)
{
    size_t n_series = answer == NULL ? 0 : yaga_answer_size(answer), n = 0;
    struct row *items = yaga_calloc(n_series, sizeof *items);
    if (items == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n_series; i++) {
        double value = yaga_answer_value(answer, i);
        if (!isnan(value) && value > 0.0 && value >= min)
            items[n++] = (struct row){yaga_answer_label(answer, i, "server"),
                                      route_of(answer, i), value};
    }
    if (n > 0)
        qsort(items, n, sizeof *items, by_place_and_value);
    out->items = items;
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct row *last = out->n > 0 ? &items[out->n - 1] : NULL;
        if (last == NULL || by_place(last, &items[i]) != 0)
            items[out->n++] = items[i];
        else
            last->value = add ? last->value + items[i].value : items[i].value;
    }
    return YAGA_OK;
}

static double value_at(const struct rows *rows, const struct row *place)
{
    const struct row *found =
        rows->n == 0 ? NULL
                     : bsearch(place, rows->items, rows->n, sizeof *place, by_place);
    return found == NULL ? (double)NAN : found->value;
}

struct join {
    struct rows requests, failures, latency;
    bool failures_known;
    double total;
};

static void
set_route(const struct join *join, const struct row *row, struct yaga_route *out)
{
    double failed = value_at(&join->failures, row);
    enrich_copy(out->server, row->server);
    enrich_copy(out->route, row->route);
    out->rate = row->value;
    out->percentage = 100.0 * (row->value / join->total);
    out->latency_ms = value_at(&join->latency, row);
    if (isnan(failed))
        failed = join->failures_known ? 0.0 : (double)NAN;
    out->failed_share = fmin(1.0, failed / row->value);
    if (isnan(failed))
        out->failed_share = (double)NAN;
}

static void remember(struct yaga_service_graph *out, const struct yaga_route *route)
{
    if (isnan(route->latency_ms))
        return;
    if (!out->has_slowest || route->latency_ms > out->slowest.latency_ms)
        out->slowest = *route;
    if (!out->has_most_time ||
        route->rate * route->latency_ms > out->most_time.rate * out->most_time.latency_ms)
        out->most_time = *route;
    out->has_slowest = out->has_most_time = true;
}

/* The servers of requests, which are in the order of their places, by rate. */
static enum yaga_status rank_servers(const struct rows *requests,
                                     struct yaga_service_graph *out,
                                     struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct row) servers = yaga_calloc(requests->n, sizeof *servers);
    size_t n = 0;
    if (servers == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < requests->n; i++) {
        const struct row *row = &requests->items[i];
        if (n > 0 && strcmp(servers[n - 1].server, row->server) == 0)
            servers[n - 1].value += row->value;
        else
            servers[n++] = (struct row){row->server, "", row->value};
    }
    if (n > 0)
        qsort(servers, n, sizeof *servers, by_value);
    for (size_t i = 0; i < n && i < YAGA_ENRICH_SERVERS_MAX; i++)
        enrich_copy(out->servers[out->n_servers++], servers[i].server);
    return YAGA_OK;
}

static enum yaga_status
fill(struct join *join, struct yaga_service_graph *out, struct yaga_error *err)
{
    struct rows *requests = &join->requests;
    for (size_t i = 0; i < requests->n; i++)
        join->total += requests->items[i].value;
    out->total_rate = join->total;
    out->n_routes_all = requests->n;
    out->state.found = requests->n > 0;
    enum yaga_status st = rank_servers(requests, out, err);
    if (st != YAGA_OK || requests->n == 0)
        return st;
    qsort(requests->items, requests->n, sizeof *requests->items, by_value);
    for (size_t i = 0; i < requests->n; i++) {
        struct yaga_route route = {.rate = 0.0};
        set_route(join, &requests->items[i], &route);
        remember(out, &route);
        if (i < YAGA_ENRICH_ROUTES_MAX)
            out->routes[out->n_routes++] = route;
    }
    return YAGA_OK;
}

enum yaga_status enrich_join_graph(double min_rate,
                                   const struct yaga_answer *requests,
                                   const struct yaga_answer *failures,
                                   const struct yaga_answer *latency,
                                   struct yaga_service_graph *out,
                                   struct yaga_error *err)
{
    struct join join = {.failures_known = failures != NULL};
    enum yaga_status st = collect(requests, min_rate, true, &join.requests, err);
    if (st == YAGA_OK)
        st = collect(failures, 0.0, true, &join.failures, err);
    if (st == YAGA_OK)
        st = collect(latency, 0.0, false, &join.latency, err);
    if (st == YAGA_OK)
        st = fill(&join, out, err);
    rows_clear(&join.requests);
    rows_clear(&join.failures);
    rows_clear(&join.latency);
    return st;
}
