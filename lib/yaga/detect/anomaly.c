/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals -> one named anomaly (detection.md 6.5 to 6.7, 7.2). Without a pattern the name comes from the most telling
 * signal alone: neither the order nor the number of the others changes it.
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

bool yaga_signal_before(const struct yaga_metric *metrics,
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
        for (; at > 0 && yaga_signal_before(metrics, &moving, &signals[at - 1]); at--)
            signals[at] = signals[at - 1];
        signals[at] = moving;
    }
}

enum yaga_method yaga_anomaly_method(const struct yaga_anomaly *anomaly)
{
    if (anomaly->n_signals > 0)
        return anomaly->signals[0].method;
    if (anomaly->basis == YAGA_BASIS_PRESENCE)
        return YAGA_METHOD_PRESENCE;
    return anomaly->basis == YAGA_BASIS_AUXILIARY ? YAGA_METHOD_THRESHOLD
                                                  : YAGA_METHOD_NONE;
}

const char *yaga_signal_side(const struct yaga_signal *signal)
{
    if (signal->method == YAGA_METHOD_ACTIVATION)
        return "activated";
    return yaga_direction_name(signal->direction);
}

const char *yaga_family_of(enum yaga_metric_role role)
{
    return role == YAGA_ROLE_NONE ? "other" : yaga_role_name(role);
}

static const char *type_of(const struct yaga_anomaly *anomaly)
{
    if (anomaly->n_signals > 1)
        return "consolidated";
    bool forest = anomaly->n_signals == 1 &&
                  anomaly->signals[0].method == YAGA_METHOD_FOREST;
    return forest ? "ml_isolation" : "threshold";
}

static double final_confidence(double own, double period_confidence)
{
    double confidence = fmin(fmax(own * period_confidence / 0.9, 0.05), 0.95);
    return round(confidence * 100.0) / 100.0;
}

static double own_confidence(const struct yaga_anomaly *anomaly)
{
    double n = (double)anomaly->n_signals, grave = 0.0;
    for (size_t i = 0; i < anomaly->n_signals; i++)
        grave += anomaly->signals[i].severity >= YAGA_SEVERITY_HIGH;
    if (anomaly->is_named)
        return fmin(0.95, 0.50 + 0.15 * n + 0.10 * grave);
    return fmin(0.70, 0.40 + 0.10 * n);
}

static double confidence_of(const struct yaga_case *it,
                            const struct yaga_anomaly *anomaly)
{
    double own = own_confidence(anomaly);
    if (it->p_mv <= 0.01)
        own += 0.10;
    own += anomaly->sustained ? 0.05 : -0.10;
    return final_confidence(own, it->found->confidence);
}

/* A limit says nothing of how rare a value is. */
static double weight_of(const struct yaga_signal *signal)
{
    return isnan(signal->p) ? 1.0 : -log10(signal->p);
}

/* -log10 p, normalised; a signal has p < 1, so the sum is positive. Equal shares of limits. */
static void contributions_of(struct yaga_anomaly *anomaly)
{
    double sum = 0.0;
    for (size_t i = 0; i < anomaly->n_signals; i++)
        sum += weight_of(&anomaly->signals[i]);
    for (size_t i = 0; i < anomaly->n_signals; i++)
        anomaly->contribution[anomaly->signals[i].metric] =
            weight_of(&anomaly->signals[i]) / sum;
}

static void set_name(struct yaga_anomaly *anomaly, const char *metric, const char *side)
{
    static_assert((int)YAGA_ANOMALY_NAME_MAX > (int)YAGA_NAME_MAX + 16,
                  "a name with its side fits");
    (void)yaga_format(anomaly->name, sizeof anomaly->name, "%s_%s", metric, side);
    memcpy(anomaly->pattern_name, anomaly->name, sizeof anomaly->name);
}

static void summarise_signals(const struct yaga_case *it, struct yaga_anomaly *anomaly)
{
    /* the joint test is a signal of its own: it lasts when it fires */
    anomaly->sustained = it->found->fires;
    anomaly->score = (double)INFINITY;
    for (size_t i = 0; i < anomaly->n_signals; i++) {
        const struct yaga_signal *signal = &anomaly->signals[i];
        anomaly->sustained |= signal->sustained;
        anomaly->score = fmin(anomaly->score, signal->score);
    }
}

static void reset(struct yaga_anomaly *anomaly)
{
    anomaly->ml_severity = YAGA_SEVERITY_NONE;
    anomaly->locked = anomaly->own_severity = false;
    memset(anomaly->name, 0, sizeof anomaly->name);
    memset(anomaly->family, 0, sizeof anomaly->family);
    memset(anomaly->contribution, 0, sizeof anomaly->contribution);
    memset(anomaly->also_affected, 0, sizeof anomaly->also_affected);
    anomaly->basis = YAGA_BASIS_SIGNALS;
    anomaly->is_named = anomaly->locked = anomaly->own_severity = false;
    anomaly->n_signals = 0;
}

static void take_signals(const struct yaga_case *it, struct yaga_anomaly *out)
{
    out->n_signals = it->found->n_signals;
    memcpy(out->signals, it->found->signals, out->n_signals * sizeof *out->signals);
    sort_signals(it->metrics, out->signals, out->n_signals);
}

static void take_root(struct yaga_anomaly *out)
{
    const struct yaga_signal *root = &out->signals[0];
    out->root_metric = (int)root->metric;
    out->direction = root->direction;
    out->value = root->value;
    out->expected = root->expected;
    out->percentile = root->percentile;
    out->sigma = root->sigma;
}

void yaga_anomaly_from_signals(const struct yaga_case *it,
                               const enum yaga_level *level,
                               struct yaga_anomaly *out)
{
    reset(out);
    take_signals(it, out);
    const struct yaga_metric *metric = &it->metrics[out->signals[0].metric];
    set_name(out, metric->name, yaga_signal_side(&out->signals[0]));
    (void)yaga_format(out->family, sizeof out->family, "%s",
                      yaga_family_of(metric->role));
    out->type = type_of(out);
    take_root(out);
    summarise_signals(it, out);
    yaga_grade(it, level, NULL, out);
    out->confidence = out->original_confidence = confidence_of(it, out);
    contributions_of(out);
    yaga_texts_fill(it, NULL, out);
}

/* The signal that a pattern is about: of its family's metric, else the first that it
 * speaks of. */
static size_t root_of(const struct yaga_case *it,
                      const struct yaga_pattern *pattern,
                      const struct yaga_anomaly *anomaly)
{
    size_t first = anomaly->n_signals;
    for (size_t i = 0; i < anomaly->n_signals; i++) {
        size_t metric = anomaly->signals[i].metric;
        if (!yaga_pattern_speaks_of(it, pattern, metric))
            continue;
        if (strcmp(yaga_family_of(it->metrics[metric].role), pattern->family) == 0)
            return i;
        if (first == anomaly->n_signals)
            first = i;
    }
    return first < anomaly->n_signals ? first : 0;
}

static void move_to_front(struct yaga_signal *signals, size_t at)
{
    struct yaga_signal moving = signals[at];
    for (; at > 0; at--)
        signals[at] = signals[at - 1];
    signals[0] = moving;
}

/* No metric stands out, but many requests are refused as the client's fault. */
static void take_client_errors(const struct yaga_case *it, struct yaga_anomaly *out)
{
    const struct yaga_reading *rate = &it->circumstances->client_error_rate;
    out->basis = YAGA_BASIS_AUXILIARY;
    out->root_metric = -1;
    out->direction = YAGA_HIGH;
    out->value = rate->now;
    out->expected = rate->usual;
    out->percentile = out->sigma = (double)NAN;
    out->sustained = true;
    out->score = rate->usual / rate->lasting - 1.0; /* negative, on the sign of decisions */
}

/* Grave, of another family, and not what the pattern is about. */
static void find_also_affected(const struct yaga_case *it,
                               const struct yaga_pattern *pattern,
                               struct yaga_anomaly *out)
{
    for (size_t i = 0; i < out->n_signals; i++) {
        size_t metric = out->signals[i].metric;
        const char *family = yaga_family_of(it->metrics[metric].role);
        out->also_affected[metric] = out->signals[i].severity >= YAGA_SEVERITY_HIGH &&
                                     strcmp(family, pattern->family) != 0 &&
                                     !yaga_pattern_speaks_of(it, pattern, metric);
    }
}

static void name_after_pattern(const struct yaga_case *it,
                               const struct yaga_pattern *pattern,
                               struct yaga_anomaly *out)
{
    const char *root = it->circumstances->cascade.root;
    unsigned blames = 1U << YAGA_CASCADE_UPSTREAM_ANOMALY |
                      1U << YAGA_CASCADE_CHAIN_DEGRADED;
    bool has_cause = (pattern->cascade & blames) != 0 && root != NULL;
    memset(out->pattern_name, 0, sizeof out->pattern_name);
    (void)yaga_format(out->pattern_name, sizeof out->pattern_name, "%s", pattern->name);
    (void)yaga_format(out->name, sizeof out->name, "%s%s%s", pattern->name,
                      has_cause ? ":" : "", has_cause ? root : "");
    (void)yaga_format(out->family, sizeof out->family, "%s", pattern->family);
    out->is_named = true;
    out->locked = pattern->is_locked;
}

void yaga_anomaly_from_pattern(const struct yaga_case *it,
                               const struct yaga_pattern *pattern,
                               const enum yaga_level *level,
                               struct yaga_anomaly *out)
{
    reset(out);
    take_signals(it, out);
    name_after_pattern(it, pattern, out);
    summarise_signals(it, out);
    if (out->n_signals > 0) {
        move_to_front(out->signals, root_of(it, pattern, out));
        take_root(out);
        contributions_of(out);
    } else {
        take_client_errors(it, out);
    }
    out->type = type_of(out);
    find_also_affected(it, pattern, out);
    yaga_grade(it, level, pattern, out);
    out->confidence = out->original_confidence = confidence_of(it, out);
    yaga_texts_fill(it, pattern, out);
}

void yaga_anomaly_from_joint(const struct yaga_case *it,
                             const enum yaga_level *level,
                             struct yaga_anomaly *out)
{
    const struct yaga_findings *found = it->found;
    reset(out);
    int top = found->joint_top;
    assert(top >= 0); /* it fired, so the row was complete */
    const struct yaga_evidence *cell = &found->now[top];
    out->basis = YAGA_BASIS_JOINT;
    memcpy(out->contribution, found->joint_share, found->n_metrics * sizeof(double));
    memcpy(out->name, joint_name, sizeof joint_name);
    memcpy(out->pattern_name, out->name, sizeof out->name);
    (void)yaga_format(out->family, sizeof out->family, "other");
    out->type = "multivariate_pattern";
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
    yaga_grade(it, level, NULL, out);
    yaga_texts_fill(it, NULL, out);
}
