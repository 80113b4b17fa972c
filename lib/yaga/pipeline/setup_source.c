/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where metrics come from, and how HTTP is spoken. */
#include "yaga/pipeline/setup.h"

#include <string.h>

#include "yaga-version.h"
#include "yaga/base/str.h"

static const char *string_or_null(const struct yaga_config *c, const char *key)
{
    if (!yaga_config_is_set(c, key))
        return NULL;
    const char *text = yaga_config_string(c, key);
    return text[0] == '\0' ? NULL : text;
}

void yaga_setup_http(const struct yaga_setup *setup,
                     bool (*interrupted)(void),
                     struct yaga_setup_http *out)
{
    const struct yaga_config *c = setup->config;
    struct yaga_http_options *o = &out->options;
    yaga_http_options_init(o);
    (void)yaga_format(out->user_agent, sizeof out->user_agent, "%s/" YAGA_VERSION,
                      setup->program);
    o->endpoint = yaga_config_string(c, "victoria_metrics.endpoint");
    o->user_agent = out->user_agent;
    o->bearer_token = string_or_null(c, "victoria_metrics.bearer_token");
    o->username = string_or_null(c, "victoria_metrics.username");
    o->password = string_or_null(c, "victoria_metrics.password");
    o->ca_file = string_or_null(c, "victoria_metrics.ca_file");
    o->max_retries = (int)yaga_config_int(c, "victoria_metrics.max_retries");
    o->backoff_s = yaga_config_float(c, "victoria_metrics.retry_backoff_factor");
    size_t n;
    const int64_t *list =
        yaga_config_ints(c, "victoria_metrics.retry_status_forcelist", &n);
    o->n_retry_statuses =
        n < YAGA_RETRY_STATUSES_MAX ? n : (size_t)YAGA_RETRY_STATUSES_MAX;
    for (size_t i = 0; i < o->n_retry_statuses; i++)
        out->statuses[i] = (int)list[i];
    o->retry_statuses = out->statuses;
    o->breaker_threshold =
        (int)yaga_config_int(c, "victoria_metrics.circuit_breaker_threshold");
    o->breaker_timeout_s =
        yaga_config_int(c, "victoria_metrics.circuit_breaker_timeout_seconds");
    o->max_connections = (int)yaga_config_int(c, "victoria_metrics.pool_maxsize");
    o->interrupted = interrupted;
}

enum yaga_status yaga_setup_source(const struct yaga_setup *setup,
                                   bool (*interrupted)(void),
                                   struct yaga_source **out,
                                   struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    if (strcmp(yaga_config_string(c, "source.type"), "archive") == 0) {
        size_t n;
        const char *const *files = yaga_config_strings(c, "source.files", &n);
        return yaga_source_archive_new(files, n, out, err);
    }
    struct yaga_setup_http http;
    struct yaga_source_prometheus_options o = {
        .health_path = yaga_config_string(c, "victoria_metrics.health_path"),
        .health_max_latency_ms = yaga_config_int(c, "inference.health_max_latency_ms"),
        .timeout_s = yaga_config_int(c, "victoria_metrics.timeout_seconds"),
        .range_timeout_s = yaga_config_int(c, "victoria_metrics.range_timeout_seconds"),
        .environment = yaga_config_string(c, "victoria_metrics.environment"),
        .rate_window = yaga_config_string(c, "victoria_metrics.rate_window"),
        .max_points_per_query =
            (size_t)yaga_config_int(c, "victoria_metrics.max_points_per_query"),
        .services_per_query =
            (size_t)yaga_config_int(c, "victoria_metrics.services_per_query"),
    };
    yaga_setup_http(setup, interrupted, &http);
    o.http = http.options;
    return yaga_source_prometheus_new(&o, out, err);
}
