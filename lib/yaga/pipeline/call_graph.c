/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/pipeline/call_graph.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"

/* The two lists that say who calls whom have the same form. */
static const struct {
    const char *list, *service, *callees;
} lists[] = {
    {"services", "services[].name", "services[].depends_on"},
    {"dependencies.graph", "dependencies.graph[].service",
     "dependencies.graph[].depends_on"},
};
enum { N_LISTS = sizeof lists / sizeof lists[0] };

struct place {
    const char *name;
    size_t index;
};

struct call {
    size_t caller, callee;
};

struct building {
    const struct yaga_config *config;
    struct yaga_call_graph *out;
    struct place *places; /* [n] of all services that have a name so far, sorted */
    size_t n_fleet, n;
    struct call *calls;
    size_t n_calls;
};

static int by_name(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_ends(const void *a, const void *b)
{
    const struct call *x = a, *y = b;
    if (x->caller != y->caller)
        return x->caller < y->caller ? -1 : 1;
    return x->callee < y->callee ? -1 : x->callee > y->callee;
}

static const struct place *find(const struct building *b, const char *name)
{
    struct place key = {.name = name};
    return bsearch(&key, b->places, b->n, sizeof key, by_name);
}

/* Calls that are configured, those of unknown callers among them. */
static size_t n_configured(const struct yaga_config *c)
{
    size_t n = 0;
    for (size_t l = 0; l < N_LISTS; l++) {
        for (size_t i = 0; i < yaga_config_list_size(c, lists[l].list); i++) {
            size_t n_callees;
            (void)yaga_config_item_strings(c, lists[l].callees, i, &n_callees);
            n += n_callees;
        }
    }
    return n;
}

/* A callee that is not in the fleet gets a place behind it; the sorted list stays so. */
static size_t place_of(struct building *b, const char *name)
{
    const struct place *known = find(b, name);
    if (known != NULL)
        return known->index;
    size_t index = b->n, at = index;
    for (; at > 0 && strcmp(b->places[at - 1].name, name) > 0; at--)
        b->places[at] = b->places[at - 1];
    b->places[at] = (struct place){name, index};
    b->out->names[index] = name;
    b->n++;
    return index;
}

static void read_calls(struct building *b)
{
    for (size_t l = 0; l < N_LISTS; l++) {
        for (size_t i = 0; i < yaga_config_list_size(b->config, lists[l].list); i++) {
            size_t n;
            const char *const *callees =
                yaga_config_item_strings(b->config, lists[l].callees, i, &n);
            const struct place *caller =
                n == 0 ? NULL
                       : find(b, yaga_config_item_string(b->config, lists[l].service, i));
            if (caller == NULL || caller->index >= b->n_fleet)
                continue;
            size_t from = caller->index; /* places move while callees are added */
            for (size_t k = 0; k < n; k++) {
                size_t to = place_of(b, callees[k]);
                if (to != from)
                    b->calls[b->n_calls++] = (struct call){from, to};
            }
        }
    }
}

/* Only between services of the fleet. */
static void add_found(struct building *b, const struct yaga_found_calls *found)
{
    for (size_t i = 0; found != NULL && i < found->n; i++) {
        const struct place *from = find(b, found->calls[i].caller),
                           *to = find(b, found->calls[i].callee);
        if (from != NULL && to != NULL && from->index < b->n_fleet &&
            to->index < b->n_fleet && from != to)
            b->calls[b->n_calls++] = (struct call){from->index, to->index};
    }
}

static void pack(struct building *b)
{
    size_t *first = b->out->arrays, *callee = first + b->n + 1, e = 0;
    if (b->n_calls > 0)
        qsort(b->calls, b->n_calls, sizeof *b->calls, by_ends);
    for (size_t i = 0, at = 0; i < b->n; i++) {
        first[i] = e;
        for (; at < b->n_calls && b->calls[at].caller == i; at++) {
            if (e == first[i] || callee[e - 1] != b->calls[at].callee)
                callee[e++] = b->calls[at].callee;
        }
    }
    first[b->n] = e;
    b->out->graph =
        (struct yaga_cascade_graph){.n = b->n, .first = first, .callee = callee};
}

enum yaga_status yaga_call_graph_init(struct yaga_call_graph *calls,
                                      const struct yaga_config *config,
                                      const struct yaga_found_calls *found_calls,
                                      const struct yaga_fleet *fleet,
                                      struct yaga_error *err)
{
    size_t n_fleet = fleet->n_services, n_calls = n_configured(config);
    size_t most = n_fleet + n_calls;
    n_calls += found_calls != NULL ? found_calls->n : 0;
    YAGA_AUTO_MEM(struct place) places = yaga_alloc(most + 1, sizeof *places);
    YAGA_AUTO_MEM(struct call) found = yaga_alloc(n_calls + 1, sizeof *found);
    *calls = (struct yaga_call_graph){
        .names = yaga_calloc(most + 1, sizeof *calls->names),
        .arrays = yaga_calloc(most + 1 + n_calls, sizeof *calls->arrays),
    };
    if (places == NULL || found == NULL || calls->names == NULL ||
        calls->arrays == NULL) {
        yaga_call_graph_clear(calls);
        return yaga_error_nomem(err);
    }
    struct building b = {.config = config,
                         .out = calls,
                         .places = places,
                         .n_fleet = n_fleet,
                         .n = n_fleet,
                         .calls = found};
    for (size_t i = 0; i < n_fleet; i++) {
        places[i] = (struct place){fleet->services[i].name, i};
        calls->names[i] = fleet->services[i].name;
    }
    qsort(places, n_fleet, sizeof *places, by_name);
    read_calls(&b);
    add_found(&b, found_calls);
    pack(&b);
    return YAGA_OK;
}

void yaga_call_graph_clear(struct yaga_call_graph *calls)
{
    yaga_free(calls->names);
    yaga_free(calls->arrays);
    *calls = (struct yaga_call_graph){.names = NULL};
}
