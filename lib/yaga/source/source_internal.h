/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the source room: what a kind of source provides, and how samples reach a fleet.
 */
#ifndef YAGA_SOURCE_SOURCE_INTERNAL_H
#define YAGA_SOURCE_SOURCE_INTERNAL_H

#include "yaga/base/str.h"
#include "yaga/source/source.h"

struct yaga_source_kind {
    enum yaga_status (*health)(struct yaga_source *source, struct yaga_error *err);
    /* out: frames of NaN, all absent; the request is checked. */
    enum yaga_status (*fetch)(struct yaga_source *source,
                              const struct yaga_source_request *request,
                              struct yaga_fleet *fleet,
                              struct yaga_error *err);
    enum yaga_status (*services)(struct yaga_source *source,
                                 const struct yaga_metric *metric,
                                 int64_t at_s,
                                 char ***out,
                                 size_t *n_out,
                                 struct yaga_error *err);
    /* Text that decides a metric's values for one service, besides time and step: where it is asked and what. NULL
     * for kinds that are not worth caching. */
    enum yaga_status (*describe)(struct yaga_source *source,
                                 const struct yaga_metric *metric,
                                 const struct yaga_fleet_service *service,
                                 int64_t step_s,
                                 struct yaga_str *out,
                                 struct yaga_error *err);
    void (*free)(struct yaga_source *source);
};

/* First member of every kind's own struct. */
struct yaga_source {
    const struct yaga_source_kind *kind;
};

/* Last grid point of a request, which has at least one. */
int64_t yaga_source_last_s(const struct yaga_source_request *request);

/* Growing list of names for discovery. */
struct yaga_source_names {
    char **names;
    size_t n;
    size_t capacity;
};
/* Empty and over-long names are passed over; over YAGA_SERVICES_MAX different ones is
 * YAGA_E_INPUT. */
enum yaga_status yaga_source_names_add(struct yaga_source_names *list,
                                       const char *name,
                                       size_t length,
                                       struct yaga_error *err) YAGA_MUST_USE;
/* Sorted and unique. */
void yaga_source_names_sort(struct yaga_source_names *list);
void yaga_source_names_clear(struct yaga_source_names *list);

/*
 * One answer's samples into one metric of the services [first, first + n) of a fleet,
 * rows of one time chunk.
 */
struct yaga_collect {
    struct yaga_fleet *fleet;
    size_t metric;
    size_t first, n;
    int64_t start_s, last_s; /* closed */
    uint32_t *n_series;      /* [n] series with samples, owned */
    int64_t *latest_ms;      /* [n] of the series under way, owned */
    bool *has_sample;        /* [n] of the series under way, owned */
    size_t dropped;
};
enum yaga_status yaga_collect_init(struct yaga_collect *collect,
                                   struct yaga_fleet *fleet,
                                   size_t metric,
                                   size_t first,
                                   size_t n,
                                   int64_t start_s,
                                   int64_t last_s,
                                   struct yaga_error *err) YAGA_MUST_USE;
void yaga_collect_clear(struct yaga_collect *collect);
/* Start over: the chunk is all missing again. */
void yaga_collect_reset(struct yaga_collect *collect);
/* As struct yaga_matrix_sink wants them. */
int yaga_collect_series(void *context, const char *service, size_t length);
void yaga_collect_sample(void *context, int series, int64_t time_ms, double value);
/* After the answer: presence of each service; more than one series with samples is
 * ambiguous and leaves nothing. */
void yaga_collect_finish(struct yaga_collect *collect);
/* The query failed: nothing of the metric is left for its services. */
void yaga_collect_fail(struct yaga_collect *collect);

#endif
