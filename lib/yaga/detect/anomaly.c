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

static double confidence_of(const struct yaga_bench *bench,
                            const struct yaga_anomaly *anomaly,
                            double period_confidence)
{
    double own = fmin(0.70, 0.40 + 0.10 * (double)anomaly->n_signals);
    if (bench->grid->p_mv[bench->row] <= 0.01)
        own += 0.10;
    own += anomaly->sustained ? 0.05 : -0.10;
    return final_confidence(own, period_confidence);
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

/* Everything but the signals, which are already there. */
static void reset(struct yaga_anomaly *anomaly)
{
    memset(anomaly->name, 0, sizeof anomaly->name);
    memset(anomaly->family, 0, sizeof anomaly->family);
    memset(anomaly->contribution, 0, sizeof anomaly->contribution);
    anomaly->n_causes = anomaly->n_checks = 0;
}

void yaga_anomaly_from_signals(const struct yaga_bench *bench,
                               double confidence,
                               struct yaga_anomaly *out)
{
    reset(out);
    sort_signals(bench->metrics, out->signals, out->n_signals);
    const struct yaga_signal *root = &out->signals[0];
    const struct yaga_metric *metric = &bench->metrics[root->metric];
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
    out->sustained = out->sustained || bench->fires;
    if (bench->fires && bench->lasting && out->severity < YAGA_SEVERITY_MEDIUM)
        out->severity = YAGA_SEVERITY_MEDIUM;
    out->confidence = confidence_of(bench, out, confidence);
    contributions_of(out);
    yaga_texts_fill(bench->metrics, out);
}

void yaga_anomaly_from_joint(const struct yaga_bench *bench,
                             double confidence,
                             struct yaga_anomaly *out)
{
    reset(out);
    out->n_signals = 0;
    int top = yaga_joint_contributions(bench, out->contribution);
    assert(top >= 0); /* it fired, so the row was complete */
    const struct yaga_evidence *cell =
        &bench->grid->cells[bench->row * bench->grid->n_metrics + (size_t)top];
    memcpy(out->name, joint_name, sizeof joint_name);
    memcpy(out->pattern_name, out->name, sizeof out->name);
    (void)yaga_format(out->family, sizeof out->family, "other");
    out->type = "multivariate_pattern";
    out->severity = bench->lasting ? YAGA_SEVERITY_MEDIUM : YAGA_SEVERITY_LOW;
    out->confidence =
        final_confidence(0.40 + 0.10 + 0.05, confidence); /* one test, sustained */
    out->score = bench->grid->decision_mv[bench->row];
    out->root_metric = top;
    out->direction = cell->direction;
    out->value = cell->value;
    out->expected = cell->expected;
    out->percentile = cell->percentile;
    out->sigma = cell->sigma;
    out->sustained = true;
    yaga_texts_fill(bench->metrics, out);
}
