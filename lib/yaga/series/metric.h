/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A metric is data: what it is called, where it comes from, what its values mean. Nothing in the
 * library knows a metric by name; rules look metrics up by role.
 */
#ifndef YAGA_SERIES_METRIC_H
#define YAGA_SERIES_METRIC_H

#include <stdbool.h>
#include <stddef.h>

enum { YAGA_METRICS_MAX = 64, YAGA_NAME_MAX = 100 /* bytes of a service or metric name */ };

enum yaga_metric_kind { YAGA_KIND_RATE, YAGA_KIND_LATENCY, YAGA_KIND_RATIO, YAGA_KIND_GAUGE };
enum yaga_metric_role {
    YAGA_ROLE_NONE,
    YAGA_ROLE_TRAFFIC,
    YAGA_ROLE_LATENCY,
    YAGA_ROLE_DEPENDENCY,
    YAGA_ROLE_DATABASE,
    YAGA_ROLE_ERRORS
};
/* Values beside the modelled metrics, see struct yaga_circumstances. */
enum yaga_auxiliary {
    YAGA_AUXILIARY_NONE, /* a metric with a model */
    YAGA_CLIENT_ERROR_RATE,
    YAGA_DEPENDENCY_TIME_SHARE,
    YAGA_DATABASE_TIME_SHARE,
    YAGA_N_AUXILIARIES
};
enum yaga_direction { YAGA_HIGH, YAGA_LOW, YAGA_BOTH };
enum yaga_transform {
    YAGA_TRANSFORM_NONE,
    YAGA_TRANSFORM_LOG1P, /* ln(1 + x), rates */
    YAGA_TRANSFORM_LOG,   /* ln(max(x, 0.05)), latencies in ms */
    YAGA_TRANSFORM_LOGIT  /* logit((x N + 0.5)/(N + 1)), N = requests in the window; ratios */
};

struct yaga_metric {
    char name[YAGA_NAME_MAX + 1];
    const char *query;  /* template with $S $E $W; borrowed from the configuration */
    const char *series; /* archive selector: name or name{label="value"}; borrowed */
    const char *service_label; /* label whose value is the service; NULL or "" = service_name; borrowed */
    char unit[24];
    enum yaga_metric_kind kind;
    enum yaga_metric_role role;
    enum yaga_auxiliary auxiliary;  /* not YAGA_AUXILIARY_NONE: has no model */
    enum yaga_direction bad;        /* which deviation can be an anomaly */
    enum yaga_transform transform;
    bool seasonal;                  /* subtract the daily profile */
    bool zero_normal;               /* zero or absence means "no such calls" */
    bool expected;                  /* counts for quality and availability */
    double min, max;                /* valid range; above max is clipped, below min is missing (NaN = no bound) */
    double min_relative_change;     /* materiality: |v/expected - 1|; rates: ratio >= 1 + this or <= 1/(1 + this) */
    double min_delta;               /* materiality: |v - expected| in raw units */
    double min_value;               /* materiality: a high deviation below this never counts */
};

/* Index of the first metric with this role, or -1. */
int yaga_metric_by_role(const struct yaga_metric *metrics, size_t n, enum yaga_metric_role role);
int yaga_metric_by_name(const struct yaga_metric *metrics, size_t n, const char *name);
const char *yaga_direction_name(enum yaga_direction direction); /* "high", "low", "both" */
const char *yaga_kind_name(enum yaga_metric_kind kind);
const char *yaga_role_name(enum yaga_metric_role role);
const char *yaga_auxiliary_name(enum yaga_auxiliary auxiliary); /* "none", "client_error_rate", ... */

#endif
