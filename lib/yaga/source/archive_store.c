/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples by metric, service and series: gathered in any order, sorted once, searched
 * often. */
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/source/archive.h"

void yaga_archive_store_clear(struct yaga_archive_store *store)
{
    for (size_t i = 0; i < store->n; i++) {
        yaga_free(store->series[i].service);
        yaga_free(store->series[i].samples);
    }
    yaga_free(store->series);
    *store = (struct yaga_archive_store){.n = 0};
}

static enum yaga_status reserve(struct yaga_archive_store *store, struct yaga_error *err)
{
    if (store->n < store->capacity)
        return YAGA_OK;
    size_t capacity = store->n < 32 ? 64 : 2 * store->n;
    struct yaga_archive_series *series =
        yaga_realloc(store->series, capacity, sizeof *series);
    if (series == NULL)
        return yaga_error_nomem(err);
    store->series = series;
    store->capacity = capacity;
    return YAGA_OK;
}

static bool inside(const struct yaga_sample *sample, int64_t from_ms, int64_t to_ms)
{
    return sample->time_ms >= from_ms && sample->time_ms < to_ms;
}

enum yaga_status yaga_archive_store_add(struct yaga_archive_store *store,
                                        size_t metric,
                                        const char *service,
                                        const struct yaga_archive_line *line,
                                        int64_t from_ms,
                                        int64_t to_ms,
                                        struct yaga_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < line->n; i++)
        n += inside(&line->samples[i], from_ms, to_ms);
    if (n == 0)
        return YAGA_OK;
    enum yaga_status st = reserve(store, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_archive_series part = {
        .metric = metric,
        .service = yaga_strdup(service),
        .identity = yaga_labels_identity(&line->labels),
        .part = store->n,
        .samples = yaga_alloc(n, sizeof *part.samples),
        .n = n,
    };
    if (part.service == NULL || part.samples == NULL) {
        yaga_free(part.service);
        yaga_free(part.samples);
        return yaga_error_nomem(err);
    }
    for (size_t i = 0, k = 0; i < line->n; i++)
        if (inside(&line->samples[i], from_ms, to_ms))
            part.samples[k++] = line->samples[i];
    store->series[store->n++] = part;
    return YAGA_OK;
}

static int same_series(const struct yaga_archive_series *x,
                       const struct yaga_archive_series *y)
{
    if (x->metric != y->metric)
        return x->metric < y->metric ? -1 : 1;
    int order = strcmp(x->service, y->service);
    if (order != 0)
        return order;
    return (x->identity > y->identity) - (x->identity < y->identity);
}

static int by_series(const void *a, const void *b)
{
    const struct yaga_archive_series *x = a;
    const struct yaga_archive_series *y = b;
    int order = same_series(x, y);
    return order != 0 ? order : (x->part > y->part) - (x->part < y->part);
}

struct numbered {
    struct yaga_sample sample;
    size_t order;
};

static int by_time(const void *a, const void *b)
{
    const struct numbered *x = a;
    const struct numbered *y = b;
    if (x->sample.time_ms != y->sample.time_ms)
        return x->sample.time_ms < y->sample.time_ms ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static bool ascending(const struct yaga_archive_series *series)
{
    for (size_t i = 1; i < series->n; i++)
        if (series->samples[i].time_ms <= series->samples[i - 1].time_ms)
            return false;
    return true;
}

/* Exports are usually in order; only the others pay. */
static enum yaga_status
sort_samples(struct yaga_archive_series *series, size_t *dropped, struct yaga_error *err)
{
    if (ascending(series))
        return YAGA_OK;
    YAGA_AUTO_MEM(struct numbered) all = yaga_alloc(series->n, sizeof *all);
    if (all == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < series->n; i++)
        all[i] = (struct numbered){.sample = series->samples[i], .order = i};
    qsort(all, series->n, sizeof *all, by_time);
    size_t n = 0;
    for (size_t i = 0; i < series->n; i++) {
        if (n > 0 && series->samples[n - 1].time_ms == all[i].sample.time_ms)
            n--;
        series->samples[n++] = all[i].sample;
    }
    *dropped += series->n - n;
    series->n = n;
    return YAGA_OK;
}

/* Append the samples of parts [first, last] to the first; the others are left empty. */
static enum yaga_status
join(struct yaga_archive_series *first, size_t n_parts, struct yaga_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < n_parts; i++)
        n += first[i].n;
    if (n_parts == 1)
        return YAGA_OK;
    struct yaga_sample *all = yaga_realloc(first->samples, n, sizeof *all);
    if (all == NULL)
        return yaga_error_nomem(err);
    first->samples = all;
    for (size_t i = 1; i < n_parts; i++) {
        memcpy(all + first->n, first[i].samples, first[i].n * sizeof *all);
        first->n += first[i].n;
        first[i].n = 0;
    }
    return YAGA_OK;
}

static void remove_empty(struct yaga_archive_store *store)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->n; i++) {
        if (store->series[i].n > 0) {
            store->series[kept++] = store->series[i];
            continue;
        }
        yaga_free(store->series[i].service);
        yaga_free(store->series[i].samples);
    }
    store->n = kept;
}

enum yaga_status yaga_archive_store_seal(struct yaga_archive_store *store,
                                         struct yaga_error *err)
{
    if (store->n > 0)
        qsort(store->series, store->n, sizeof *store->series, by_series);
    for (size_t i = 0; i < store->n;) {
        size_t n_parts = 1;
        while (i + n_parts < store->n &&
               same_series(&store->series[i], &store->series[i + n_parts]) == 0)
            n_parts++;
        enum yaga_status st = join(&store->series[i], n_parts, err);
        if (st == YAGA_OK)
            st = sort_samples(&store->series[i], &store->dropped, err);
        if (st != YAGA_OK)
            return st;
        i += n_parts;
    }
    remove_empty(store);
    return YAGA_OK;
}

size_t yaga_archive_store_find(const struct yaga_archive_store *store,
                               size_t metric,
                               const char *service,
                               size_t *n_out)
{
    size_t low = 0;
    size_t high = store->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct yaga_archive_series *at = &store->series[middle];
        if (at->metric < metric ||
            (at->metric == metric && strcmp(at->service, service) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    size_t n = 0;
    while (low + n < store->n && store->series[low + n].metric == metric &&
           strcmp(store->series[low + n].service, service) == 0)
        n++;
    *n_out = n;
    return low;
}

size_t yaga_archive_series_after(const struct yaga_archive_series *series,
                                 int64_t time_ms)
{
    size_t low = 0;
    size_t high = series->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->samples[middle].time_ms <= time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
