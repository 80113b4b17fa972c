/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings -> what is asked before an announcement. */
#include <string.h>

#include "yaga/pipeline/setup.h"
#include "yaga/source/query.h"

/* The metric with the role traffic; the first one where there is none. */
static const struct yaga_metric *traffic_of(const struct yaga_setup *setup, size_t *index)
{
    int m = yaga_metric_by_role(setup->metrics, setup->n_metrics, YAGA_ROLE_TRAFFIC);
    *index = m < 0 ? 0 : (size_t)m;
    return &setup->metrics[*index];
}

static const char *text_or_null(const struct yaga_config *c, const char *key)
{
    const char *text = yaga_config_string(c, key);
    return text[0] != '\0' ? text : NULL;
}

static void set_templates(const struct yaga_setup *setup,
                          size_t traffic,
                          struct yaga_enrich_params *out)
{
    const struct yaga_config *c = setup->config;
    const char **t = out->template;
    t[YAGA_ASK_EXCEPTIONS] = text_or_null(c, "enrichment.queries.exceptions");
    t[YAGA_ASK_EXCEPTIONS_BEFORE] = t[YAGA_ASK_EXCEPTIONS];
    t[YAGA_ASK_GRAPH_REQUESTS] = text_or_null(c, "enrichment.queries.graph_requests");
    t[YAGA_ASK_GRAPH_FAILURES] = text_or_null(c, "enrichment.queries.graph_failures");
    t[YAGA_ASK_GRAPH_LATENCY] = text_or_null(c, "enrichment.queries.graph_latency");
    t[YAGA_ASK_VERSIONS] = text_or_null(c, "enrichment.queries.versions");
    t[YAGA_ASK_CODES] = text_or_null(c, "enrichment.queries.status_codes");
    const char *of_metric = yaga_config_item_string(c, "metrics[].status_codes", traffic);
    if (t[YAGA_ASK_CODES] == NULL && of_metric[0] != '\0')
        t[YAGA_ASK_CODES] = of_metric;
}

bool yaga_setup_enrich(const struct yaga_setup *setup, struct yaga_enrich_params *out)
{
    const struct yaga_config *c = setup->config;
    size_t index;
    const struct yaga_metric *traffic = traffic_of(setup, &index);
    bool all = yaga_config_bool(c, "enrichment.enabled");
    yaga_enrich_params_init(out);
    for (size_t i = 0; i < YAGA_ENRICH_PARTS; i++) {
        bool edge = i == YAGA_ENRICH_EDGE;
        out->lookback_s[i] =
            60 * yaga_config_int(c, edge ? "envoy_enrichment.lookback_minutes"
                                         : "enrichment.lookback_minutes");
        out->timeout_ms[i] =
            1000 * yaga_config_int(c, edge ? "envoy_enrichment.timeout_seconds"
                                           : "enrichment.timeout_seconds");
    }
    out->min_rate = yaga_config_float(c, "enrichment.min_rate");
    out->service_label = yaga_query_service_label(traffic);
    out->environment = yaga_config_string(c, "victoria_metrics.environment");
    out->version_label = yaga_config_string(c, "enrichment.version_label");
    out->selector = yaga_config_string(c, "enrichment.env_selector");
    if (out->selector[0] == '\0' && strstr(traffic->query, "$E") != NULL)
        out->selector = "$E";
    set_templates(setup, index, out);
    out->enabled[YAGA_ENRICH_EXCEPTIONS] =
        all && yaga_config_bool(c, "enrichment.exceptions");
    out->enabled[YAGA_ENRICH_GRAPH] =
        all && yaga_config_bool(c, "enrichment.service_graph");
    out->enabled[YAGA_ENRICH_CODES] =
        all && yaga_config_bool(c, "enrichment.status_codes");
    out->enabled[YAGA_ENRICH_CHANGE] = all && out->version_label[0] != '\0';
    out->enabled[YAGA_ENRICH_EDGE] = yaga_config_bool(c, "envoy_enrichment.enabled");
    return strcmp(yaga_config_string(c, "source.type"), "prometheus") == 0 &&
           (all || out->enabled[YAGA_ENRICH_EDGE]);
}

const char *const *
yaga_setup_clusters(const struct yaga_setup *setup, const char *service, size_t *n)
{
    size_t n_services = yaga_config_list_size(setup->config, "services");
    for (size_t i = 0; i < n_services; i++)
        if (strcmp(yaga_config_item_string(setup->config, "services[].name", i),
                   service) == 0)
            return yaga_config_item_strings(setup->config, "services[].envoy_cluster", i,
                                            n);
    *n = 0;
    return NULL;
}
