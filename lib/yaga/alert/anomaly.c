/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One anomaly in a document (incidents-and-alerts.md 6.2). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/str.h"

bool alert_is_first(const struct yaga_incident_change *change)
{
    return change->incident.announced_at_s == 0;
}

/* Evidence over the level: 1 is where an anomaly begins. */
static double anomaly_score(const struct yaga_alert_context *context,
                            const struct yaga_anomaly *anomaly)
{
    const struct yaga_verdict *verdict = context->verdict;
    if (anomaly->basis == YAGA_BASIS_JOINT)
        return log10(verdict->p_mv) / log10(verdict->alpha);
    if (anomaly->basis == YAGA_BASIS_AUXILIARY)
        return 1.0; /* a rule that holds, no evidence to be compared */
    if (anomaly->basis == YAGA_BASIS_PRESENCE)
        return (double)NAN; /* nothing was scored */
    double worst = (double)NAN;
    for (size_t i = 0; i < anomaly->n_signals; i++)
        if (anomaly->signals[i].method == YAGA_METHOD_OBJECTIVE ||
            anomaly->signals[i].method == YAGA_METHOD_TREND)
            return (double)NAN; /* a limit, or a history, not evidence */
    for (size_t i = 0; i < anomaly->n_signals; i++)
        worst = fmax(worst, verdict->metric_score[anomaly->signals[i].metric]);
    return worst;
}

/* "activated": a metric that is zero in ordinary operation has come to life. */
static const char *direction_word(enum yaga_method method, enum yaga_direction direction)
{
    return method == YAGA_METHOD_ACTIVATION ? "activated"
                                            : yaga_direction_name(direction);
}

static enum yaga_method root_method(const struct yaga_anomaly *anomaly)
{
    for (size_t i = 0; i < anomaly->n_signals; i++)
        if (anomaly->signals[i].metric == (size_t)anomaly->root_metric)
            return anomaly->signals[i].method;
    return YAGA_METHOD_NONE;
}

static struct yaga_json *signal_object(const struct yaga_alert_context *context,
                                       const struct yaga_signal *signal)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "method", yaga_incident_method_name(signal->method));
    yaga_json_set_string(object, "type",
                         signal->method == YAGA_METHOD_FOREST ? "ml_isolation"
                                                              : "threshold");
    yaga_json_set_string(object, "metric", context->metrics[signal->metric].name);
    yaga_json_set_number(object, "value", signal->value);
    yaga_json_set_significant(object, "expected", signal->expected, ALERT_DIGITS);
    yaga_json_set_string(object, "severity", yaga_severity_name(signal->severity));
    yaga_json_set_significant(object, "score", signal->score, ALERT_DIGITS);
    yaga_json_set_significant(object, "p", signal->p, ALERT_DIGITS);
    yaga_json_set_string(object, "direction",
                         direction_word(signal->method, signal->direction));
    yaga_json_set_rounded(object, "percentile", signal->percentile, 1);
    yaga_json_set_rounded(object, "deviation_sigma", signal->sigma, 2);
    yaga_json_set_bool(object, "sustained", signal->sustained);
    yaga_json_set_time(object, "onset", signal->onset_s);
    yaga_json_set_bool(object, "onset_censored", signal->onset_censored);
    yaga_json_set_int(object, "points_anomalous", signal->points_anomalous);
    yaga_json_set_int(object, "points_total", signal->points_total);
    return object;
}

/* The one signal of an anomaly that only the combination of metrics shows. */
static struct yaga_json *combination_signal(const struct yaga_alert_context *context,
                                            const struct yaga_anomaly *anomaly)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "method", yaga_incident_method_name(YAGA_METHOD_NONE));
    yaga_json_set_string(object, "type", "multivariate_pattern");
    yaga_json_set_string(object, "severity", yaga_severity_name(anomaly->severity));
    yaga_json_set_significant(object, "score", context->verdict->decision_mv,
                              ALERT_DIGITS);
    yaga_json_set_significant(object, "p", context->verdict->p_mv, ALERT_DIGITS);
    yaga_json_set_bool(object, "sustained", anomaly->sustained);
    return object;
}

/* The one signal of an anomaly that no metric shows, only a value beside them. */
static struct yaga_json *auxiliary_signal(const struct yaga_anomaly *anomaly)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "method",
                         yaga_incident_method_name(YAGA_METHOD_THRESHOLD));
    yaga_json_set_string(object, "type", "threshold");
    yaga_json_set_string(object, "metric", "client_error_rate");
    yaga_json_set_number(object, "value", anomaly->value);
    yaga_json_set_significant(object, "expected", anomaly->expected, ALERT_DIGITS);
    yaga_json_set_string(object, "severity", yaga_severity_name(anomaly->severity));
    yaga_json_set_bool(object, "sustained", anomaly->sustained);
    return object;
}

/* The one signal of an anomaly that is the absence of values. */
static struct yaga_json *presence_signal(const struct yaga_anomaly *anomaly)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "method",
                         yaga_incident_method_name(YAGA_METHOD_PRESENCE));
    yaga_json_set_string(object, "type", "threshold");
    yaga_json_set_string(object, "severity", yaga_severity_name(anomaly->severity));
    yaga_json_set_bool(object, "sustained", anomaly->sustained);
    return object;
}

/* What the pattern adds to the signals: their meaning together. */
static struct yaga_json *pattern_signal(const struct yaga_anomaly *anomaly)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "method", "named_pattern_matching");
    yaga_json_set_string(object, "type", "multivariate_pattern");
    yaga_json_set_string(object, "severity", yaga_severity_name(anomaly->severity));
    yaga_json_set_significant(object, "score", anomaly->score, ALERT_DIGITS);
    yaga_json_set_string(object, "pattern", anomaly->pattern_name);
    return object;
}

static struct yaga_json *signal_list(const struct yaga_alert_context *context,
                                     const struct yaga_anomaly *anomaly)
{
    struct yaga_json *list = yaga_json_array_new();
    size_t most = (size_t)YAGA_ALERT_LIST_MAX - (anomaly->is_named ? 1 : 0);
    if (anomaly->basis == YAGA_BASIS_JOINT)
        yaga_json_push(list, combination_signal(context, anomaly));
    else if (anomaly->basis == YAGA_BASIS_AUXILIARY)
        yaga_json_push(list, auxiliary_signal(anomaly));
    else if (anomaly->basis == YAGA_BASIS_PRESENCE)
        yaga_json_push(list, presence_signal(anomaly));
    for (size_t i = 0; i < anomaly->n_signals && i < most; i++)
        yaga_json_push(list, signal_object(context, &anomaly->signals[i]));
    if (anomaly->is_named)
        yaga_json_push(list, pattern_signal(anomaly));
    return list;
}

/* Percentiles between which a value is ordinary. */
static const double ordinary_from = 10.0, ordinary_to = 90.0;

struct share {
    size_t metric;
    double share;
};

static int by_share(const void *a, const void *b)
{
    const struct share *x = a;
    const struct share *y = b;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return x->metric < y->metric ? -1 : x->metric > y->metric;
}

/* Metrics that carry the anomaly, the largest share first, cut to a list's length. */
static size_t contributing(const struct yaga_alert_context *context,
                           const struct yaga_anomaly *anomaly,
                           struct share out[YAGA_METRICS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < context->n_metrics; i++)
        if (anomaly->contribution[i] > 0)
            out[n++] = (struct share){.metric = i, .share = anomaly->contribution[i]};
    /* cppcheck-suppress uninitvar ; out[0..n) was written just now */
    qsort(out, n, sizeof out[0], by_share);
    return n < YAGA_ALERT_LIST_MAX ? n : YAGA_ALERT_LIST_MAX;
}

/* Part of a combination, though it is neither low nor high for its hour. */
static bool is_ordinary_alone(const struct yaga_anomaly *anomaly,
                              const struct yaga_evidence *e)
{
    return anomaly->basis == YAGA_BASIS_JOINT &&
           !(e->percentile < ordinary_from || e->percentile > ordinary_to);
}

static const char *contribution_direction(const struct yaga_alert_context *context,
                                          const struct yaga_anomaly *anomaly,
                                          size_t metric)
{
    const struct yaga_evidence *e =
        context->evidence != NULL ? &context->evidence[metric] : NULL;
    if (e != NULL && is_ordinary_alone(anomaly, e))
        return "unusual";
    /* limits are upper ones, silence is none at all */
    enum yaga_direction side = e != NULL ? e->direction : anomaly->direction;
    return side == YAGA_LOW ? "reduced" : "elevated";
}

static struct yaga_json *contribution_object(const struct yaga_alert_context *context,
                                             const struct yaga_anomaly *anomaly,
                                             const struct share *share)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "feature", context->metrics[share->metric].name);
    yaga_json_set_rounded(object, "contribution", share->share, 3);
    yaga_json_set_string(object, "direction",
                         contribution_direction(context, anomaly, share->metric));
    if (context->evidence != NULL)
        yaga_json_set_rounded(object, "percentile",
                              context->evidence[share->metric].percentile, 1);
    return object;
}

/* How the contributions were found: from the p-values of the signals; without any from
 * the ensemble, or from forest and PCA of the period's model. */
static const char *contribution_method(const struct yaga_alert_context *context,
                                       const struct yaga_anomaly *anomaly)
{
    if (anomaly->n_signals > 0)
        return "log_p";
    if (anomaly->basis == YAGA_BASIS_AUXILIARY || anomaly->basis == YAGA_BASIS_PRESENCE)
        return "none";
    return isnan(context->verdict->channel[YAGA_CHANNEL_FAST]) ? "forest_pca"
                                                               : "ensemble";
}

static void set_contributions(struct yaga_json *object,
                              const struct yaga_alert_context *context,
                              const struct yaga_anomaly *anomaly)
{
    struct share shares[YAGA_METRICS_MAX];
    size_t n = contributing(context, anomaly, shares);
    struct yaga_json *names = yaga_json_array_new();
    struct yaga_json *details = yaga_json_array_new();
    for (size_t i = 0; i < n; i++) {
        alert_push_text(names, context->metrics[shares[i].metric].name);
        yaga_json_push(details, contribution_object(context, anomaly, &shares[i]));
    }
    yaga_json_set(object, "contributing_metrics", names);
    yaga_json_set(object, "feature_contributions", details);
    yaga_json_set_string(object, "contribution_method",
                         contribution_method(context, anomaly));
}

/* Of all metrics, also those that are in order: they belong into the picture. */
static void set_comparison(struct yaga_json *object,
                           const struct yaga_alert_context *context)
{
    struct yaga_json *compared = yaga_json_object_new();
    for (size_t m = 0; m < context->n_metrics; m++)
        yaga_json_set(compared, context->metrics[m].name,
                      alert_comparison(context, m, false));
    if (yaga_json_size(compared) > 0)
        yaga_json_set(object, "comparison_data", compared);
    else
        (void)yaga_json_free(compared);
}

static struct yaga_json *counterfactual_object(const struct yaga_alert_context *context,
                                               const struct yaga_counterfactual *c)
{
    const struct yaga_metric *metric = &context->metrics[c->metric];
    char text[YAGA_COUNTERFACTUAL_TEXT_MAX];
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "metric", metric->name);
    yaga_json_set_number(object, "current", c->value);
    if (!isnan(c->quiet) || !isnan(c->together))
        yaga_json_set_string(object, "relation", yaga_counterfactual_relation(c));
    yaga_json_set_number(object, "value", c->quiet);
    yaga_json_set_number(object, "value_together", c->together);
    yaga_counterfactual_text(metric, c, text);
    yaga_json_set_string(object, "text", text);
    return object;
}

/* What the metrics of the anomaly would have to be for it to be quiet. */
static void set_counterfactuals(struct yaga_json *object,
                                const struct yaga_alert_context *context,
                                const struct yaga_anomaly *anomaly)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < context->n_counterfactuals; i++) {
        const struct yaga_counterfactual *c = &context->counterfactuals[i];
        if (anomaly->contribution[c->metric] > 0.0 && !anomaly->from_history)
            yaga_json_push(list, counterfactual_object(context, c));
    }
    if (yaga_json_size(list) > 0)
        yaga_json_set(object, "counterfactuals", list);
    else
        (void)yaga_json_free(list);
}

static void set_texts(struct yaga_json *object,
                      const char *key,
                      size_t n,
                      const char texts[][YAGA_LIST_TEXT_MAX + 1])
{
    if (n == 0)
        return;
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < n; i++)
        alert_push_text(list, texts[i]);
    yaga_json_set(object, key, list);
}

/* How the severity came about. */
static void set_grading(struct yaga_json *object, const struct yaga_anomaly *anomaly)
{
    yaga_json_set_rounded(object, "severity_confidence", anomaly->severity_confidence, 2);
    set_texts(object, "severity_adjustments", anomaly->n_adjustments,
              anomaly->adjustments);
}

static void set_also_affected(struct yaga_json *object,
                              const struct yaga_alert_context *context,
                              const struct yaga_anomaly *anomaly)
{
    struct yaga_json *names = yaga_json_array_new();
    for (size_t m = 0; m < context->n_metrics; m++)
        if (anomaly->also_affected[m])
            alert_push_text(names, context->metrics[m].name);
    if (yaga_json_size(names) > 0)
        yaga_json_set(object, "also_affected", names);
    else
        (void)yaga_json_free(names);
}

/* What was detected. */
static void set_finding(struct yaga_json *object,
                        const struct yaga_alert_context *context,
                        const struct yaga_anomaly *anomaly)
{
    yaga_json_set_string(object, "type", anomaly->type);
    yaga_json_set_string(object, "severity", yaga_severity_name(anomaly->severity));
    if (context->slo != NULL && anomaly->ml_severity != anomaly->severity)
        yaga_json_set_string(object, "ml_severity",
                             yaga_severity_name(anomaly->ml_severity));
    yaga_json_set_rounded(object, "confidence", anomaly->confidence, 2);
    if (anomaly->original_confidence > anomaly->confidence)
        yaga_json_set_rounded(object, "original_confidence", anomaly->original_confidence,
                              2);
    yaga_json_set_significant(object, "score", anomaly->score, ALERT_DIGITS);
    yaga_json_set_rounded(object, "anomaly_score", anomaly_score(context, anomaly), 3);
    yaga_json_set_string(object, "description", anomaly->description);
    char text[YAGA_TEXT_MAX + 1];
    yaga_json_set_string(object, "interpretation",
                         alert_interpretation(context, anomaly, text));
    yaga_json_set_string(object, "business_impact", anomaly->impact);
    if (anomaly->root_metric >= 0) {
        yaga_json_set_string(object, "root_metric",
                             context->metrics[anomaly->root_metric].name);
        yaga_json_set_string(object, "direction",
                             direction_word(root_method(anomaly), anomaly->direction));
    }
    yaga_json_set_string(object, "pattern_name", anomaly->pattern_name);
    yaga_json_set_int(object, "signal_count",
                      anomaly->n_signals == 0 ? 1 : (int64_t)anomaly->n_signals);
    yaga_json_set_number(object, "value", anomaly->value);
    yaga_json_set_significant(object, "expected", anomaly->expected, ALERT_DIGITS);
    yaga_json_set_rounded(object, "percentile", anomaly->percentile, 1);
    yaga_json_set_rounded(object, "deviation_sigma", anomaly->sigma, 2);
    yaga_json_set_bool(object, "sustained", anomaly->sustained);
    yaga_json_set_string(object, "detection_method",
                         yaga_incident_method_name(yaga_anomaly_method(anomaly)));
    yaga_json_set(object, "detection_signals", signal_list(context, anomaly));
}

static void set_severity_change(struct yaga_json *object,
                                const struct yaga_incident_change *change)
{
    if (!change->severity_changed)
        return;
    yaga_json_set_bool(object, "severity_changed", true);
    yaga_json_set_string(object, "previous_severity",
                         yaga_severity_name(change->incident.previous_severity));
    yaga_json_set_time(object, "severity_changed_at",
                       change->incident.severity_changed_at_s);
}

/* Which incident it belongs to and where that stands. */
static void set_incident(struct yaga_json *object,
                         const struct yaga_alert_context *context,
                         const struct yaga_incident_change *change)
{
    const struct yaga_incident *incident = &change->incident;
    bool created = change->action == YAGA_INCIDENT_CREATE;
    yaga_json_set_string(object, "fingerprint_id", incident->fingerprint_id);
    yaga_json_set_string(object, "fingerprint_action", created ? "CREATE" : "UPDATE");
    yaga_json_set_string(object, "incident_id", incident->incident_id);
    yaga_json_set_string(object, "incident_action",
                         yaga_incident_action_name(change->action));
    yaga_json_set_string(object, "status", yaga_incident_status_name(incident->status));
    yaga_json_set_string(object, "previous_status",
                         yaga_incident_status_name(change->previous_status));
    yaga_json_set_bool(object, "is_confirmed", true);
    yaga_json_set_bool(object, "newly_confirmed", alert_is_first(change));
    if (change->action == YAGA_INCIDENT_REOPEN)
        yaga_json_set_bool(object, "reopened", true);
    if (incident->reopens_incident_id[0] != '\0')
        yaga_json_set_string(object, "reopens_incident_id",
                             incident->reopens_incident_id);
    if (change->action == YAGA_INCIDENT_REOPEN ||
        (created && incident->reopens_incident_id[0] != '\0'))
        yaga_json_set_int(object, "time_since_closure_minutes",
                          change->since_closure_min);
    yaga_json_set_time(object, "first_seen", incident->first_seen_s);
    yaga_json_set_time(object, "last_updated", incident->last_seen_s);
    yaga_json_set_int(object, "incident_duration_minutes",
                      alert_minutes(incident->first_seen_s, context->detected_at_s));
    yaga_json_set_int(object, "occurrence_count", incident->occurrence_count);
    yaga_json_set_int(object, "consecutive_detections", incident->consecutive_detections);
    if (change->false_marks >= YAGA_FALSE_MARKS_MIN) {
        yaga_json_set_int(object, "false_marks", change->false_marks);
        yaga_json_set_int(object, "required_detections", change->required_detections);
    }
    set_severity_change(object, change);
}

struct yaga_json *alert_anomaly(const struct yaga_alert_context *context,
                                const struct yaga_anomaly *anomaly,
                                const struct yaga_incident_change *change)
{
    struct yaga_json *object = yaga_json_object_new();
    set_finding(object, context, anomaly);
    set_grading(object, anomaly);
    set_contributions(object, context, anomaly);
    set_comparison(object, context);
    set_also_affected(object, context, anomaly);
    set_counterfactuals(object, context, anomaly);
    alert_set_history(object, context, anomaly, change);
    alert_set_cascade(object, context, anomaly);
    if (context->slo != NULL && context->slo->enabled)
        yaga_json_set(object, "slo_context", alert_slo_context(context, anomaly));
    set_texts(object, "possible_causes", anomaly->n_causes, anomaly->causes);
    set_texts(object, "checks", anomaly->n_checks, anomaly->checks);
    alert_set_actions(object, context, anomaly);
    alert_set_failure_mode(object, context, anomaly);
    yaga_json_set_significant(object, "time_confidence", context->time_confidence,
                              ALERT_DIGITS);
    yaga_json_set_string(object, "detected_by_model", context->model_period);
    if (change != NULL)
        set_incident(object, context, change);
    return object;
}
