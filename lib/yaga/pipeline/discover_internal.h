/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between asking (discover.c) and telling (discover_text.c). */
#ifndef YAGA_PIPELINE_DISCOVER_INTERNAL_H
#define YAGA_PIPELINE_DISCOVER_INTERNAL_H

#include "yaga/pipeline/discover.h"

struct yaga_seen {
    char **names; /* services of one metric, sorted */
    size_t n;
};

/* One preset against the server. */
struct yaga_probe {
    const struct yaga_preset *preset;
    char *text;                 /* of the preset, as it was asked for */
    bool any_environment;       /* text lacks $E: nothing carries the environment */
    struct yaga_config *config; /* the text, parsed */
    struct yaga_metric metrics[YAGA_METRICS_MAX]; /* borrow from config */
    size_t n_metrics;
    struct yaga_seen seen[YAGA_METRICS_MAX];
    char refused[160];     /* what the server said to a query it did not take; or "" */
    const char **services; /* those worth training, sorted; borrowed from seen */
    size_t n_services;     /* 0: the preset does not fit */
    size_t n_answered;     /* metrics that know one of the services */
};

bool yaga_probe_has(const struct yaga_probe *probe, size_t metric, const char *service);
/* Does the metric know one of the services? */
bool yaga_probe_answered(const struct yaga_probe *probe, size_t metric);

enum yaga_status yaga_discover_table(const struct yaga_probe *probes,
                                     size_t n,
                                     char **out,
                                     struct yaga_error *err) YAGA_MUST_USE;
/* chosen: one of the probes, which fits. */
enum yaga_status yaga_discover_configuration(const struct yaga_setup *setup,
                                             const struct yaga_probe *probes,
                                             size_t n,
                                             const struct yaga_probe *chosen,
                                             int64_t now_s,
                                             char **out,
                                             struct yaga_error *err) YAGA_MUST_USE;

#endif
