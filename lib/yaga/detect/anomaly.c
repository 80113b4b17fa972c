/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals -> one named anomaly (detection.md 6.5, 6.7, 7.2). The name comes from the most
 * telling signal alone: neither the order nor the number of the others changes it.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/detect/detect_internal.h"

static const char joint_name[] = "metrics_combination_unusual";

/* What users feel first; metrics without a role come last, in configured order. */
static int rank_of(enum yaga_metric_role role)
{
    switch (role) {
    case YAGA_ROLE_LATENCY:
        return 0;
    case YAGA_ROLE_ERRORS:
        return 1;
    case YAGA_ROLE_TRAFFIC:
        return 2;
    case YAGA_ROLE_DATABASE:
        return 3;
    case YAGA_ROLE_DEPENDENCY:
        return 4;
    case YAGA_ROLE_NONE:
        break;
    }
    return 5;
}

static bool comes_before(const struct yaga_metric *metrics,
                         const struct yaga_signal *a,
                         const struct yaga_signal *b)
{
    int rank_a = rank_of(metrics[a->metric].role),
        rank_b = rank_of(metrics[b->metric].role);
    return rank_a != rank_b ? rank_a < rank_b : a->metric < b->metric;
}

/* Root first. At most YAGA_METRICS_MAX, nearly sorted: insertion is enough. */
static void
sort_signals(const struct yaga_metric *metrics, struct yaga_signal *signals, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct yaga_signal moving = signals[i];
        size_t at = i;
        for (; at > 0 && comes_before(metrics, &moving, &signals[at - 1]); at--)
            signals[at] = signals[at - 1];
        signals[at] = moving;
    }
}

const char *yaga_signal_side(const struct yaga_signal *signal)
{
    if (signal->method == YAGA_METHOD_ACTIVATION)
        return "activated";
    return yaga_direction_name(signal->direction);
}

static const char *family_of(enum yaga_metric_role role)
{
    return role == YAGA_ROLE_NONE ? "other" : yaga_role_name(role);
}

static const char *type_of(const struct yaga_anomaly *anomaly)
{
    if (anomaly->n_signals > 1)
        return "consolidated";
    return anomaly->signals[0].method == YAGA_METHOD_FOREST ? "ml_isolation"
                                                            : "threshold";
}

static double final_confidence(double own, double period_confidence)
{
    double confidence = fmin(fmax(own * period_confidence / 0.9, 0.05), 0.95);
    return round(confidence * 100.0) / 100.0;
}

static double confidence_of(const struct yaga_case *it,
                            const struct yaga_anomaly *anomaly)
{
    double own = fmin(0.70, 0.40 + 0.10 * (double)anomaly->n_signals);
    if (it->p_mv <= 0.01)
        own += 0.10;
    own += anomaly->sustained ? 0.05 : -0.10;
    return final_confidence(own, it->found->confidence);
}

/* -log10 p, normalised; a signal has p < 1, so the sum is positive. */
static void contributions_of(struct yaga_anomaly *anomaly)
{
    double sum = 0.0;
    for (size_t i = 0; i < anomaly->n_signals; i++)
        sum += -log10(anomaly->signals[i].p);
    for (size_t i = 0; i < anomaly->n_signals; i++)
        anomaly->contribution[anomaly->signals[i].metric] =
            -log10(anomaly->signals[i].p) / sum;
}

static void set_name(struct yaga_anomaly *anomaly, const char *metric, const char *side)
{
    static_assert((int)YAGA_ANOMALY_NAME_MAX > (int)YAGA_NAME_MAX + 16,
                  "a name with its side fits");
    (void)yaga_format(anomaly->name, sizeof anomaly->name, "%s_%s", metric, side);
    memcpy(anomaly->pattern_name, anomaly->name, sizeof anomaly->name);
}

static void summarise_signals(struct yaga_anomaly *anomaly)
{
    anomaly->sustained = false;
    anomaly->severity = YAGA_SEVERITY_NONE;
    anomaly->score = (double)INFINITY;
    for (size_t i = 0; i < anomaly->n_signals; i++) {
        const struct yaga_signal *signal = &anomaly->signals[i];
        anomaly->sustained |= signal->sustained;
        anomaly->score = fmin(anomaly->score, signal->score);
        if (signal->severity > anomaly->severity)
            anomaly->severity = signal->severity;
    }
}

static void reset(struct yaga_anomaly *anomaly)
{
    anomaly->ml_severity = YAGA_SEVERITY_NONE;
    anomaly->locked = anomaly->own_severity = false;
    memset(anomaly->name, 0, sizeof anomaly->name);
    memset(anomaly->family, 0, sizeof anomaly->family);
    memset(anomaly->contribution, 0, sizeof anomaly->contribution);
    anomaly->n_signals = anomaly->n_causes = anomaly->n_checks = 0;
}

static void take_signals(const struct yaga_case *it, struct yaga_anomaly *out)
{
    out->n_signals = it->found->n_signals;
    memcpy(out->signals, it->found->signals, out->n_signals * sizeof *out->signals);
    sort_signals(it->metrics, out->signals, out->n_signals);
}

void yaga_anomaly_from_signals(const struct yaga_case *it, struct yaga_anomaly *out)
{
    reset(out);
    take_signals(it, out);
    const struct yaga_signal *root = &out->signals[0];
    const struct yaga_metric *metric = &it->metrics[root->metric];
    set_name(out, metric->name, yaga_signal_side(root));
    (void)yaga_format(out->family, sizeof out->family, "%s", family_of(metric->role));
    out->type = type_of(out);
    out->root_metric = (int)root->metric;
    out->direction = root->direction;
    out->value = root->value;
    out->expected = root->expected;
    out->percentile = root->percentile;
    out->sigma = root->sigma;
    summarise_signals(out);
    /* the joint test is a signal of its own: together with others it must not grade lower
     * than alone */
    out->sustained = out->sustained || it->found->fires;
    if (it->found->fires && it->found->lasting && out->severity < YAGA_SEVERITY_MEDIUM)
        out->severity = YAGA_SEVERITY_MEDIUM;
    out->confidence = out->original_confidence = confidence_of(it, out);
    contributions_of(out);
    yaga_texts_fill(it->metrics, out);
}

void yaga_anomaly_from_joint(const struct yaga_case *it, struct yaga_anomaly *out)
{
    const struct yaga_findings *found = it->found;
    reset(out);
    int top = found->joint_top;
    assert(top >= 0); /* it fired, so the row was complete */
    const struct yaga_evidence *cell = &found->now[top];
    memcpy(out->contribution, found->joint_share, found->n_metrics * sizeof(double));
    memcpy(out->name, joint_name, sizeof joint_name);
    memcpy(out->pattern_name, out->name, sizeof out->name);
    (void)yaga_format(out->family, sizeof out->family, "other");
    out->type = "multivariate_pattern";
    out->severity = found->lasting ? YAGA_SEVERITY_MEDIUM : YAGA_SEVERITY_LOW;
    out->confidence = out->original_confidence =
        final_confidence(0.40 + 0.10 + 0.05, found->confidence); /* one test, sustained */
    out->score = it->decision_mv;
    out->root_metric = top;
    out->direction = cell->direction;
    out->value = cell->value;
    out->expected = cell->expected;
    out->percentile = cell->percentile;
    out->sigma = cell->sigma;
    out->sustained = true;
    yaga_texts_fill(it->metrics, out);
}
