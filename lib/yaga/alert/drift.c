/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a document says about a model that no longer describes its service (6.7). */
#include <string.h>

#include "yaga/alert/alert_internal.h"

/* One metric that drifted, next to what training saw. */
static struct yaga_json *metric_object(const struct yaga_alert_context *context, size_t m)
{
    const struct yaga_drift_metric *found = &context->drift->metrics[m];
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_rounded(object, "z_score", found->shift, 2);
    yaga_json_set_rounded(object, "psi", found->psi, 3);
    const struct yaga_model *model = context->model;
    for (size_t i = 0; model != NULL && i < model->n_metrics; i++) {
        if (strcmp(model->metrics[i].name, context->metrics[m].name) != 0)
            continue;
        const struct yaga_metric_stats *stats = &model->metrics[i].stats;
        yaga_json_set_significant(object, "training_mean", stats->mean, ALERT_DIGITS);
        yaga_json_set_significant(object, "training_std", stats->std, ALERT_DIGITS);
    }
    yaga_json_set_significant(object, "current_value", context->drift->current[m],
                              ALERT_DIGITS);
    yaga_json_set_string(object, "severity",
                         found->verdict == YAGA_DRIFT_CRITICAL ? "high" : "medium");
    return object;
}

static void set_joint(struct yaga_json *object, const struct yaga_drift_joint *joint)
{
    yaga_json_set_bool(object, "multivariate_drift",
                       joint->verdict >= YAGA_DRIFT_WARNING);
    if (joint->verdict == YAGA_DRIFT_UNKNOWN)
        return;
    yaga_json_set_rounded(object, "mahalanobis_distance", joint->distance, 3);
    yaga_json_set_rounded(object, "multivariate_threshold", joint->limit, 3);
    yaga_json_set_rounded(object, "multivariate_share", joint->share, 3);
}

static void set_warning(struct yaga_json *document,
                        const struct yaga_drift_findings *drift,
                        struct yaga_json *affected)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "type", "model_drift");
    yaga_json_set_rounded(object, "overall_drift_score", drift->conclusion.score, 2);
    yaga_json_set_string(object, "recommendation", yaga_drift_advice(&drift->conclusion));
    yaga_json_set(object, "affected_metrics", affected);
    yaga_json_set_number(object, "confidence_penalty_applied", drift->conclusion.penalty);
    yaga_json_set_bool(object, "multivariate_drift",
                       drift->joint.verdict >= YAGA_DRIFT_WARNING);
    yaga_json_set(document, "drift_warning", object);
}

void alert_set_drift(struct yaga_json *document, const struct yaga_alert_context *context)
{
    const struct yaga_drift_findings *drift = context->drift;
    if (drift == NULL || drift->conclusion.verdict == YAGA_DRIFT_UNKNOWN)
        return;
    struct yaga_json *affected = yaga_json_array_new();
    struct yaga_json *metrics = yaga_json_object_new();
    for (size_t m = 0; m < drift->n_metrics; m++) {
        if (drift->metrics[m].verdict < YAGA_DRIFT_WARNING ||
            yaga_json_size(affected) == YAGA_ALERT_LIST_MAX)
            continue;
        alert_push_text(affected, context->metrics[m].name);
        yaga_json_set(metrics, context->metrics[m].name, metric_object(context, m));
    }
    bool has_drift = drift->conclusion.verdict >= YAGA_DRIFT_WARNING;
    if (has_drift)
        set_warning(document, drift, affected);
    else
        (void)yaga_json_free(affected);
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_bool(object, "has_drift", has_drift);
    yaga_json_set_rounded(object, "overall_drift_score", drift->conclusion.score, 2);
    yaga_json_set_string(object, "recommendation", yaga_drift_advice(&drift->conclusion));
    yaga_json_set(object, "drift_metrics", metrics);
    set_joint(object, &drift->joint);
    yaga_json_set(document, "drift_analysis", object);
}
