/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Query templates. Placeholders: $S the service matcher on the metric's service label, $E
 * the environment matcher, $W the rate window. A '$' in front of anything else (an anchor
 * in a regular expression) stays.
 */
#ifndef YAGA_SOURCE_QUERY_H
#define YAGA_SOURCE_QUERY_H

#include "yaga/base/error.h"
#include "yaga/base/str.h"
#include "yaga/series/frame.h"

enum {
    YAGA_DISCOVERY_LOOKBACK_S = 900
}; /* a service is there when it had a sample so shortly ago */

struct yaga_query_context {
    const struct yaga_fleet_service
        *services; /* sorted; NULL: every service that has a name */
    size_t n_services;
    const char *environment; /* regular expression; "" or NULL = any */
    const char *rate_window;
    int64_t window_s; /* of last_over_time, for metrics without a query */
};

/* The metric's template expanded; without a template the last value of its series:
 *     last_over_time(name{labels,$S}[window_s])
 * YAGA_E_QUERY when longer than YAGA_SOURCE_QUERY_MAX, YAGA_E_CONFIG for an unusable
 * series selector. */
enum yaga_status yaga_query_expand(const struct yaga_metric *metric,
                                   const struct yaga_query_context *context,
                                   struct yaga_str *out,
                                   struct yaga_error *err) YAGA_MUST_USE;

/* The label whose value is the service of a metric's series. */
const char *yaga_query_service_label(const struct yaga_metric *metric);
/* That label as PromQL writes it: what identifiers may not hold gets a backslash, as
 * VictoriaMetrics wants it (service\.name). */
enum yaga_status yaga_query_append_label(struct yaga_str *out, const char *label)
    YAGA_MUST_USE;

/* The archive selector of a metric: its own, or its name. */
const char *yaga_query_series(const struct yaga_metric *metric);

#endif
