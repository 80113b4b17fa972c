/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which questions an anomaly and the objectives raise. */
#include <string.h>

#include "yaga/enrich/enrich.h"

static bool is_family(const struct yaga_anomaly *anomaly, const char *family)
{
    return strcmp(anomaly->family, family) == 0;
}

static bool touches(const struct yaga_metric *metrics,
                    const struct yaga_anomaly *anomaly,
                    enum yaga_metric_role role)
{
    for (size_t i = 0; i < anomaly->n_signals; i++)
        if (metrics[anomaly->signals[i].metric].role == role)
            return true;
    return false;
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Requests fail, or they no longer arrive. */
static bool is_about_failures(const struct yaga_metric *metrics,
                              const struct yaga_anomaly *a)
{
    static const char *const also[] = {"request_rate_cliff",
                                       "reduced_traffic_with_errors"};
    return is_family(a, "errors") || touches(metrics, a, YAGA_ROLE_ERRORS) ||
           is_one_of(a->pattern_name, also, sizeof also / sizeof also[0]);
}

static bool is_about_time(const struct yaga_metric *metrics, const struct yaga_anomaly *a)
{
    return is_family(a, "latency") || is_family(a, "dependency") ||
           touches(metrics, a, YAGA_ROLE_LATENCY) ||
           touches(metrics, a, YAGA_ROLE_DEPENDENCY);
}

static bool warns(const struct yaga_slo_evaluation *slo,
                  enum yaga_slo_dimension dimension)
{
    return slo != NULL && slo->enabled &&
           slo->dimensions[dimension].status >= YAGA_SLO_WARNING;
}

unsigned yaga_enrich_wanted(const struct yaga_enrich_params *params,
                            const struct yaga_metric *metrics,
                            const struct yaga_verdict *verdict,
                            const struct yaga_slo_evaluation *slo,
                            enum yaga_cascade_type cascade,
                            bool has_edge)
{
    bool want[YAGA_ENRICH_PARTS] = {
        [YAGA_ENRICH_EXCEPTIONS] = warns(slo, YAGA_SLO_ERRORS),
        [YAGA_ENRICH_GRAPH] = warns(slo, YAGA_SLO_LATENCY) ||
                              cascade == YAGA_CASCADE_UPSTREAM_ANOMALY ||
                              cascade == YAGA_CASCADE_CHAIN_DEGRADED,
        [YAGA_ENRICH_EDGE] = has_edge,
        [YAGA_ENRICH_CHANGE] = params->version_label[0] != '\0',
    };
    unsigned parts = 0;
    if (verdict->n_anomalies == 0)
        return 0;
    for (size_t i = 0; i < verdict->n_anomalies; i++) {
        const struct yaga_anomaly *a = &verdict->anomalies[i];
        bool failures = is_about_failures(metrics, a);
        want[YAGA_ENRICH_EXCEPTIONS] |= failures && a->severity >= YAGA_SEVERITY_HIGH;
        want[YAGA_ENRICH_CODES] |= failures;
        want[YAGA_ENRICH_GRAPH] |= is_about_time(metrics, a);
    }
    for (size_t p = 0; p < YAGA_ENRICH_PARTS; p++)
        if (want[p] && params->enabled[p])
            parts |= 1u << p;
    return parts;
}
