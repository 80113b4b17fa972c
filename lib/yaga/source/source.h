/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where frames come from: a Prometheus-compatible server over HTTP, or archive files of JSON lines as
 * VictoriaMetrics /api/v1/export writes them. Both give the same frames for the same samples:
 *
 *   value at grid time t = last sample in (t - step, t], else missing.
 *
 * A "prometheus" metric without a query asks for exactly that of its series
 * (last_over_time over a window one second shorter than the step, so that servers which include both ends agree).
 */
#ifndef YAGA_SOURCE_SOURCE_H
#define YAGA_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"
#include "yaga/io/http.h"
#include "yaga/series/frame.h"

enum {
    YAGA_SOURCE_LABELS_MAX = 64,       /* labels of one series */
    YAGA_ARCHIVE_LINE_MAX = 64 << 20,  /* bytes of one JSON line */
    YAGA_SOURCE_QUERY_MAX = 64 << 10   /* bytes of one expanded query */
};

struct yaga_source_request {
    const struct yaga_metric *metrics;
    size_t n_metrics;               /* <= YAGA_METRICS_MAX */
    const char *const *services;    /* names as in the service label */
    size_t n_services;
    int64_t start_s;                /* first grid point */
    int64_t end_s;                  /* half-open: last grid point < end_s */
    int64_t step_s;
    int64_t deadline_ms;            /* yaga_clock_monotonic_ms; 0 = none */
    void (*progress)(void *context, size_t done, size_t total); /* or NULL */
    void *progress_context;
};

struct yaga_source; /* opaque: kind + state */

struct yaga_source_prometheus_options {
    struct yaga_http_options http;
    const char *health_path;        /* "" = no health check */
    int64_t health_max_latency_ms;
    int64_t timeout_s;              /* short windows (<= 1 day) */
    int64_t range_timeout_s;        /* long ranges */
    const char *environment;        /* $E: regular expression for deployment_environment_name */
    const char *rate_window;        /* $W */
    size_t max_points_per_query;    /* grid points of one request; longer ranges are chunked */
    size_t services_per_query;
};
enum yaga_status yaga_source_prometheus_new(const struct yaga_source_prometheus_options *options,
                                            struct yaga_source **out, struct yaga_error *err) YAGA_MUST_USE;
/* The HTTP client inside (breaker state); NULL for other kinds. Borrowed. */
struct yaga_http *yaga_source_http(struct yaga_source *source);

/* Files are read on each fetch, streaming, unless preloaded. */
enum yaga_status yaga_source_archive_new(const char *const *files, size_t n_files,
                                         struct yaga_source **out, struct yaga_error *err) YAGA_MUST_USE;
/* Keep all samples of these metrics in [start_s, end_s) in memory: repeated fetches (replay) then cost no parsing. */
enum yaga_status yaga_source_archive_preload(struct yaga_source *source, const struct yaga_metric *metrics,
                                             size_t n_metrics, int64_t start_s, int64_t end_s,
                                             struct yaga_error *err) YAGA_MUST_USE;

struct yaga_source *yaga_source_free(struct yaga_source *source);
YAGA_DEFINE_AUTO(yaga_source)

/* Is the backend there (prometheus: GET health_path answers 200 in time; archive: files are readable)? */
enum yaga_status yaga_source_health(struct yaga_source *source, struct yaga_error *err) YAGA_MUST_USE;

/* One frame per requested service. A failed query marks its services' metric YAGA_FAILED with the reason in
 * metric_error and does not fail the call; the call fails (network, circuit, deadline, interrupted) only when every
 * query failed. A server that answers more than one series for a service marks it YAGA_AMBIGUOUS. */
enum yaga_status yaga_source_fetch(struct yaga_source *source, const struct yaga_source_request *request,
                                   struct yaga_fleet *out, struct yaga_error *err) YAGA_MUST_USE;

/* Services seen shortly before at_s: values of the service label of the first traffic metric (else of the first metric);
 * empty and over-long names dropped, sorted, unique. Release with yaga_source_services_free. */
enum yaga_status yaga_source_services(struct yaga_source *source, const struct yaga_metric *metrics,
                                      size_t n_metrics, int64_t at_s, char ***out, size_t *n_out,
                                      struct yaga_error *err) YAGA_MUST_USE;
void yaga_source_services_free(char **names, size_t n);

#endif
