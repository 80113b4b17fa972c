/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all kinds of sources have in common: checks, frames, name lists. */
#include "yaga/source/source.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/source/source_internal.h"

struct yaga_source *yaga_source_free(struct yaga_source *source)
{
    if (source != NULL)
        source->kind->free(source);
    return NULL;
}

enum yaga_status yaga_source_health(struct yaga_source *source, struct yaga_error *err)
{
    return source->kind->health(source, err);
}

static enum yaga_status check(const struct yaga_source_request *request,
                              struct yaga_error *err)
{
    if (request->step_s <= 0 || request->end_s <= request->start_s)
        return yaga_error_set(err, YAGA_E_ARG, "fetch of [%lld, %lld) in steps of %lld s",
                              (long long)request->start_s, (long long)request->end_s,
                              (long long)request->step_s);
    if ((request->end_s - request->start_s) / request->step_s >= YAGA_FRAME_MAX_ROWS)
        return yaga_error_set(err, YAGA_E_ARG, "fetch of more than %d rows",
                              YAGA_FRAME_MAX_ROWS);
    return YAGA_OK;
}

int64_t yaga_source_last_s(const struct yaga_source_request *request)
{
    return request->start_s +
           (request->end_s - request->start_s - 1) / request->step_s * request->step_s;
}

enum yaga_status yaga_source_fetch(struct yaga_source *source,
                                   const struct yaga_source_request *request,
                                   struct yaga_fleet *out,
                                   struct yaga_error *err)
{
    enum yaga_status st = check(request, err);
    if (st != YAGA_OK)
        return st;
    size_t n_rows =
        (size_t)((yaga_source_last_s(request) - request->start_s) / request->step_s) + 1;
    struct yaga_fleet fleet;
    st = yaga_fleet_init(&fleet, request->services, request->n_services,
                         request->n_metrics, request->start_s, request->step_s, n_rows,
                         err);
    if (st != YAGA_OK)
        return st;
    if (fleet.n_services > 0)
        st = source->kind->fetch(source, request, &fleet, err);
    if (st != YAGA_OK) {
        yaga_fleet_clear(&fleet);
        return st;
    }
    *out = fleet;
    return YAGA_OK;
}

enum yaga_status yaga_source_services(struct yaga_source *source,
                                      const struct yaga_metric *metrics,
                                      size_t n_metrics,
                                      int64_t at_s,
                                      char ***out,
                                      size_t *n_out,
                                      struct yaga_error *err)
{
    if (n_metrics == 0)
        return yaga_error_set(err, YAGA_E_ARG, "discovery of services needs a metric");
    int traffic = yaga_metric_by_role(metrics, n_metrics, YAGA_ROLE_TRAFFIC);
    const struct yaga_metric *metric = &metrics[traffic < 0 ? 0 : traffic];
    enum yaga_status st = source->kind->services(source, metric, at_s, out, n_out, err);
    return st == YAGA_OK ? st
                         : yaga_error_wrap(err, "discovery by metric %s", metric->name);
}

void yaga_source_services_free(char **names, size_t n)
{
    for (size_t i = 0; names != NULL && i < n; i++)
        yaga_free(names[i]);
    yaga_free(names);
}

enum yaga_status yaga_source_names_add(struct yaga_source_names *list,
                                       const char *name,
                                       size_t length,
                                       struct yaga_error *err)
{
    if (length == 0 || length > YAGA_NAME_MAX || memchr(name, '\0', length) != NULL)
        return YAGA_OK;
    if (list->n == list->capacity) {
        /* Duplicates leave before the list grows, so that the limit counts names. */
        yaga_source_names_sort(list);
        if (list->n >= YAGA_SERVICES_MAX)
            return yaga_error_set(err, YAGA_E_INPUT, "more than %d services",
                                  YAGA_SERVICES_MAX);
        size_t capacity = list->n < 32 ? 64 : 2 * list->n;
        char **names = yaga_realloc(list->names, capacity, sizeof *names);
        if (names == NULL)
            return yaga_error_nomem(err);
        list->names = names;
        list->capacity = capacity;
    }
    char *copy = yaga_strndup(name, length);
    if (copy == NULL)
        return yaga_error_nomem(err);
    list->names[list->n++] = copy;
    return YAGA_OK;
}

static int by_text(const void *a, const void *b)
{
    char *const *x = a;
    char *const *y = b;
    return strcmp(*x, *y);
}

void yaga_source_names_sort(struct yaga_source_names *list)
{
    if (list->n == 0)
        return;
    qsort(list->names, list->n, sizeof *list->names, by_text);
    size_t kept = 1;
    for (size_t i = 1; i < list->n; i++) {
        if (strcmp(list->names[i], list->names[kept - 1]) == 0)
            yaga_free(list->names[i]);
        else
            list->names[kept++] = list->names[i];
    }
    list->n = kept;
}

void yaga_source_names_clear(struct yaga_source_names *list)
{
    yaga_source_services_free(list->names, list->n);
    *list = (struct yaga_source_names){.n = 0};
}
