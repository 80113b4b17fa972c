/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings -> the parameter structs of the rooms. The only place where configuration keys meet
 * the library's types; everything below is told what it needs and knows no key.
 */
#ifndef YAGA_PIPELINE_SETUP_H
#define YAGA_PIPELINE_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/alert/alert.h"
#include "yaga/base/error.h"
#include "yaga/cascade/cascade.h"
#include "yaga/config/config.h"
#include "yaga/deliver/deliver.h"
#include "yaga/detect/detect.h"
#include "yaga/enrich/enrich.h"
#include "yaga/incident/incident.h"
#include "yaga/period/period.h"
#include "yaga/period/spans.h"
#include "yaga/series/category.h"
#include "yaga/series/metric.h"
#include "yaga/source/source.h"

struct yaga_setup {
    const struct yaga_config *config; /* borrowed; outlives the setup */
    const char *program;              /* "yaga-train", for User-Agent and generator */
    struct yaga_metric metrics[YAGA_METRICS_MAX];
    size_t n_metrics;                 /* with models */
    size_t n_auxiliary;               /* behind them: only looked at */
    struct yaga_calendar calendar;
    double confidence[YAGA_N_PERIODS]; /* of a model of the period, before its age and the quality of its data */
    struct yaga_spans excluded;       /* variants borrowed from the configuration */
    int64_t step_s;
    struct yaga_detect_params detect; /* its patterns may be those of the configuration */
    struct yaga_pattern *patterns;    /* owned; NULL: the shipped ones alone */
    struct yaga_cascade_params cascade; /* max_depth 0: nobody is asked */
    bool group_cascades;
    struct yaga_trend_params trend;
    struct yaga_flap_params flap;
    size_t drift_rows;                /* newest rows that are compared with the training; 0 = none are */
    struct yaga_incident_params incident;
    struct yaga_alert_params alert;
    struct yaga_deliver_params deliver;
    char generator[64];
    char config_digest[65];
    char state_dir[4096];             /* folder of the state database */
};

/* Also sets the process-wide civil zone. Released by yaga_setup_clear. */
enum yaga_status yaga_setup_init(struct yaga_setup *setup, const struct yaga_config *config, const char *program,
                                 struct yaga_error *err) YAGA_MUST_USE;

/* Rows of history that a cycle takes: what a verdict looks back at, and what is learned from the last day. */
size_t yaga_setup_history_rows(const struct yaga_setup *setup);

void yaga_setup_clear(struct yaga_setup *setup);

/* Levels, limits and patterns of detection (setup_patterns.c). metrics are known. */
enum yaga_status yaga_setup_patterns(struct yaga_setup *setup, struct yaga_error *err) YAGA_MUST_USE;

/* The configured metrics; *out borrows from the configuration. */
enum yaga_status yaga_setup_metrics(const struct yaga_config *config, struct yaga_metric out[YAGA_METRICS_MAX],
                                    size_t *n_out, struct yaga_error *err) YAGA_MUST_USE;

/* Where documents go (setup_deliver.c). */
void yaga_setup_deliver(struct yaga_setup *setup);

/* How the server of victoria_metrics is asked; the options point into the rest. interrupted may be NULL. */
enum { YAGA_RETRY_STATUSES_MAX = 200 }; /* as many as the range 400..599 holds */
struct yaga_setup_http {
    struct yaga_http_options options;
    char user_agent[64];
    int statuses[YAGA_RETRY_STATUSES_MAX];
};
void yaga_setup_http(const struct yaga_setup *setup, bool (*interrupted)(void), struct yaga_setup_http *out);

/* What is asked before an announcement, and of which server (setup_enrich.c); false = nothing, by the settings. *out
 * borrows from the configuration and from the setup. */
bool yaga_setup_enrich(const struct yaga_setup *setup, struct yaga_enrich_params *out);
/* Clusters of one service at the edge; borrowed. */
const char *const *yaga_setup_clusters(const struct yaga_setup *setup, const char *service, size_t *n);

/* The configured source; interrupted may be NULL. */
enum yaga_status yaga_setup_source(const struct yaga_setup *setup, bool (*interrupted)(void),
                                   struct yaga_source **out, struct yaga_error *err) YAGA_MUST_USE;

/* The instants of a span as people write it: days or times, a day at its end included. false when it is none. */
bool yaga_setup_span(const char *start, const char *end, int64_t *start_s, int64_t *end_s);

/* Metrics as one service sees them: services[].expected_metrics decides `expected`. */
void yaga_setup_service_metrics(const struct yaga_setup *setup, const char *service,
                                struct yaga_metric out[YAGA_METRICS_MAX]);

/* What kind of service a name stands for, by the configuration or by the name. */
void yaga_setup_service_class(const struct yaga_setup *setup, const char *service,
                              struct yaga_service_class *out);

/* Names of the enabled configured services, restricted to only[] (NULL = all), in category order then as configured. *n_out 0 when none is
 * configured. A name in only[] that is not configured or disabled is YAGA_E_ARG when services are configured, YAGA_E_CONFIG when none of
 * them is enabled. Array freed with yaga_free, names borrowed
 * from the configuration or from only[]. */
enum yaga_status yaga_setup_services(const struct yaga_setup *setup, const char *const *only, size_t n_only,
                                     const char ***out, size_t *n_out, struct yaga_error *err) YAGA_MUST_USE;

#endif
