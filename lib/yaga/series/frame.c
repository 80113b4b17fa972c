/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames and fleets: allocation, NaN everywhere until something is measured. */
#include "yaga/series/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum yaga_status yaga_frame_init(struct yaga_frame *frame,
                                 int64_t start_s,
                                 int64_t step_s,
                                 size_t n_rows,
                                 size_t n_metrics,
                                 struct yaga_error *err)
{
    if (step_s <= 0)
        return yaga_error_set(err, YAGA_E_ARG, "frame: step of %lld s",
                              (long long)step_s);
    if (n_rows > YAGA_FRAME_MAX_ROWS || n_metrics == 0 || n_metrics > YAGA_METRICS_MAX)
        return yaga_error_set(err, YAGA_E_ARG,
                              "frame: %zu rows of %zu metrics, at most %d of 1..%d",
                              n_rows, n_metrics, YAGA_FRAME_MAX_ROWS, YAGA_METRICS_MAX);
    double *values = yaga_alloc(n_rows * n_metrics, sizeof *values);
    if (values == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n_rows * n_metrics; i++)
        values[i] = (double)NAN;
    *frame = (struct yaga_frame){
        .start_s = start_s,
        .step_s = step_s,
        .n_rows = n_rows,
        .n_metrics = n_metrics,
        .values = values,
    };
    return YAGA_OK;
}

void yaga_frame_clear(struct yaga_frame *frame)
{
    yaga_free(frame->values);
    *frame = (struct yaga_frame){.step_s = 1};
}

bool yaga_frame_row_present(const struct yaga_frame *frame, size_t row)
{
    const double *values = yaga_frame_row(frame, row);
    for (size_t m = 0; m < frame->n_metrics; m++)
        if (!isnan(values[m]))
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    const struct yaga_fleet_service *x = a;
    const struct yaga_fleet_service *y = b;
    return strcmp(x->name, y->name);
}

/* Names copied and sorted; the frames follow, so that sorting moves no frame. */
static enum yaga_status
set_names(struct yaga_fleet *fleet, const char *const *names, struct yaga_error *err)
{
    for (size_t i = 0; i < fleet->n_services; i++) {
        size_t length = strlen(names[i]);
        if (length == 0 || length > YAGA_NAME_MAX)
            return yaga_error_set(err, YAGA_E_ARG,
                                  "service name of %zu bytes, allowed are 1..%d", length,
                                  YAGA_NAME_MAX);
        memcpy(fleet->services[i].name, names[i], length + 1);
    }
    qsort(fleet->services, fleet->n_services, sizeof *fleet->services, by_name);
    for (size_t i = 1; i < fleet->n_services; i++)
        if (by_name(&fleet->services[i - 1], &fleet->services[i]) == 0)
            return yaga_error_set(err, YAGA_E_ARG, "service \"%s\" is asked for twice",
                                  fleet->services[i].name);
    return YAGA_OK;
}

static enum yaga_status fill(struct yaga_fleet *fleet,
                             const char *const *names,
                             const struct yaga_frame *grid,
                             struct yaga_error *err)
{
    enum yaga_status st = set_names(fleet, names, err);
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++) {
        struct yaga_fleet_service *service = &fleet->services[i];
        st = yaga_frame_init(&service->frame, grid->start_s, grid->step_s, grid->n_rows,
                             fleet->n_metrics, err);
        for (size_t m = 0; m < YAGA_METRICS_MAX; m++)
            service->presence[m] = YAGA_ABSENT;
    }
    return st;
}

enum yaga_status yaga_fleet_init(struct yaga_fleet *fleet,
                                 const char *const *names,
                                 size_t n_services,
                                 size_t n_metrics,
                                 int64_t start_s,
                                 int64_t step_s,
                                 size_t n_rows,
                                 struct yaga_error *err)
{
    if (n_services > YAGA_SERVICES_MAX)
        return yaga_error_set(err, YAGA_E_ARG, "%zu services, at most %d", n_services,
                              YAGA_SERVICES_MAX);
    struct yaga_fleet made = {
        .n_services = n_services,
        .n_metrics = n_metrics,
        .services = yaga_calloc(n_services, sizeof *made.services),
    };
    if (made.services == NULL)
        return yaga_error_nomem(err);
    struct yaga_frame grid = {.start_s = start_s, .step_s = step_s, .n_rows = n_rows};
    enum yaga_status st = fill(&made, names, &grid, err);
    if (st != YAGA_OK) {
        yaga_fleet_clear(&made);
        return st;
    }
    *fleet = made;
    return YAGA_OK;
}

void yaga_fleet_clear(struct yaga_fleet *fleet)
{
    yaga_free(fleet->apart);
    if (fleet->services != NULL)
        for (size_t i = 0; i < fleet->n_services; i++)
            yaga_frame_clear(&fleet->services[i].frame);
    yaga_free(fleet->services);
    *fleet = (struct yaga_fleet){.n_services = 0};
}

int yaga_fleet_find(const struct yaga_fleet *fleet, const char *name, size_t length)
{
    if (length > YAGA_NAME_MAX)
        return -1;
    size_t low = 0;
    size_t high = fleet->n_services;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *candidate = fleet->services[middle].name;
        int order = strncmp(candidate, name, length);
        if (order == 0 && candidate[length] != '\0')
            order = 1;
        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static void move_apart(struct yaga_frame *frame, size_t n_metrics, double *apart)
{
    size_t n_before = frame->n_metrics;
    for (size_t row = 0; row < frame->n_rows; row++) {
        const double *from = frame->values + row * n_before;
        for (size_t k = n_metrics; k < n_before; k++)
            apart[(k - n_metrics) * frame->n_rows + row] = from[k];
        memmove(frame->values + row * n_metrics, from, n_metrics * sizeof *from);
    }
    frame->n_metrics = n_metrics;
}

enum yaga_status
yaga_fleet_set_apart(struct yaga_fleet *fleet, size_t n_metrics, struct yaga_error *err)
{
    size_t n_apart = fleet->n_metrics - n_metrics;
    if (n_apart == 0 || fleet->n_services == 0)
        return YAGA_OK;
    size_t n_rows = fleet->services[0].frame.n_rows;
    double *apart = yaga_alloc(fleet->n_services * n_apart * n_rows, sizeof *apart);
    if (apart == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < fleet->n_services; i++)
        move_apart(&fleet->services[i].frame, n_metrics, apart + i * n_apart * n_rows);
    fleet->n_metrics = n_metrics;
    fleet->n_apart = n_apart;
    fleet->apart = apart;
    return YAGA_OK;
}

const double *yaga_fleet_apart(const struct yaga_fleet *fleet, size_t service, size_t k)
{
    return fleet->apart +
           (service * fleet->n_apart + k) * fleet->services[service].frame.n_rows;
}
