/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the trouble of a service begins, and who else has it (detection.md 8). */
#include <math.h>
#include <string.h>

#include "yaga/alert/alert_internal.h"

bool yaga_alert_is_grouped(const struct yaga_alert_context *context,
                           const struct yaga_anomaly *anomaly)
{
    return context->cascade != NULL &&
           (context->cascade->grouped_under != NULL || context->cascade->held) &&
           strcmp(anomaly->family, "traffic") != 0;
}

/* The word on the wire differs from that of the patterns' conditions. */
static const char *type_word(enum yaga_cascade_type type)
{
    return type == YAGA_CASCADE_UPSTREAM_ANOMALY ? "upstream_cascade"
                                                 : yaga_cascade_type_name(type);
}

static struct yaga_json *link_object(const struct yaga_alert_link *link)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "service", link->service);
    yaga_json_set_bool(object, "has_anomaly", link->anomaly != NULL);
    if (link->anomaly == NULL)
        return object;
    yaga_json_set_string(object, "anomaly_type", link->anomaly);
    yaga_json_set_string(object, "severity", yaga_severity_name(link->severity));
    if (!isnan(link->latency_percentile))
        yaga_json_set_rounded(object, "latency_percentile", link->latency_percentile, 1);
    if (link->onset_s != 0)
        yaga_json_set_time(object, "onset", link->onset_s);
    return object;
}

static void
set_names(struct yaga_json *object, const char *key, const char *const *names, size_t n)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < n; i++)
        yaga_json_push_string(list, names[i]);
    yaga_json_set(object, key, list);
}

static void set_root(struct yaga_json *object, const struct yaga_alert_cascade *cascade)
{
    const struct yaga_cascade *found = cascade->finding;
    struct yaga_json *chain = yaga_json_array_new(), *path = yaga_json_array_new();
    for (size_t i = 0; i < cascade->n_path; i++) {
        yaga_json_push_string(chain, cascade->path[i].service);
        yaga_json_push(path, link_object(&cascade->path[i]));
    }
    yaga_json_set_string(object, "root_cause_service", cascade->root);
    yaga_json_set(object, "affected_chain", chain);
    yaga_json_set(object, "propagation_path", path);
    yaga_json_set_bool(object, "temporal_check", found->in_time);
    yaga_json_set_bool(object, "contribution_check", found->contributes);
    if (!isnan(found->explained))
        yaga_json_set_rounded(object, "explained_share", found->explained, 3);
    if (!isnan(found->correlation))
        yaga_json_set_rounded(object, "latency_correlation", found->correlation, 3);
    yaga_json_set_bool(object, "shared_dependency", found->shared_dependency);
    yaga_json_set_bool(object, "in_cycle", found->in_cycle);
    yaga_json_set_int(object, "blast_radius", (int64_t)found->blast_radius);
    if (found->n_others > 0)
        set_names(object, "other_candidates", cascade->others, found->n_others);
}

static struct yaga_json *analysis(const struct yaga_alert_cascade *cascade)
{
    const struct yaga_cascade *found = cascade->finding;
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_bool(object, "is_cascade", cascade->root != NULL);
    yaga_json_set_string(object, "cascade_type", type_word(found->type));
    yaga_json_set_rounded(object, "confidence", found->confidence, 2);
    if (cascade->root != NULL)
        set_root(object, cascade);
    return object;
}

static void set_cascade(struct yaga_json *object,
                        const struct yaga_alert_cascade *cascade)
{
    if (cascade->finding->type != YAGA_CASCADE_UNKNOWN)
        yaga_json_set(object, "cascade_analysis", analysis(cascade));
    if (cascade->n_affected == 0)
        return;
    set_names(object, "affected_services", cascade->affected, cascade->n_affected);
    yaga_json_set_int(object, "blast_radius", (int64_t)cascade->blast_radius);
}

struct yaga_json *yaga_alert_cascade_json(const struct yaga_alert_cascade *cascade)
{
    struct yaga_json *object = yaga_json_object_new();
    set_cascade(object, cascade);
    return object;
}

void alert_set_cascade(struct yaga_json *object,
                       const struct yaga_alert_context *context,
                       const struct yaga_anomaly *anomaly)
{
    if (context->cascade == NULL)
        return;
    set_cascade(object, context->cascade);
    if (context->cascade->grouped_under != NULL &&
        yaga_alert_is_grouped(context, anomaly)) {
        struct yaga_json *by = yaga_json_object_new();
        yaga_json_set_string(by, "service", context->cascade->grouped_under);
        yaga_json_set_string(by, "anomaly", context->cascade->grouped_anomaly);
        yaga_json_set(object, "suppressed_by", by);
    }
}
