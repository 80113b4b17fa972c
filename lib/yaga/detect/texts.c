/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of an anomaly: what was observed, what it usually means, where to look. Texts
 * are composed, not templates, so that nothing can stay unfilled. They name no mechanism
 * that was not measured.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/detect/detect_internal.h"

enum { VALUE_TEXT_MAX = 64, HEADLINE_TEXT_MAX = 240 };

/* Rates 1 decimal (3 below 1), milliseconds 0 (1 below 10), ratios as percent 1 (2 below
 * 1 %). */
void yaga_text_value(const struct yaga_metric *metric,
                     double value,
                     char *out,
                     size_t size)
{
    double magnitude = fabs(value);
    const char *gap = metric->unit[0] == '\0' ? "" : " ";
    if (isnan(value))
        (void)yaga_format(out, size, "n/a");
    else if (metric->kind == YAGA_KIND_RATIO)
        (void)yaga_format(out, size, "%.*f%%", magnitude < 0.01 ? 2 : 1, 100.0 * value);
    else if (metric->kind == YAGA_KIND_RATE)
        (void)yaga_format(out, size, "%.*f%s%s", magnitude < 1.0 ? 3 : 1, value, gap,
                          metric->unit);
    else if (metric->kind == YAGA_KIND_LATENCY && strcmp(metric->unit, "ms") == 0)
        (void)yaga_format(out, size, "%.*f ms", magnitude < 10.0 ? 1 : 0, value);
    else
        (void)yaga_format(out, size, "%.4g%s%s", value, gap, metric->unit);
}

static void headline(const struct yaga_metric *metric,
                     const struct yaga_signal *signal,
                     char out[HEADLINE_TEXT_MAX])
{
    char value[VALUE_TEXT_MAX], expected[VALUE_TEXT_MAX];
    yaga_text_value(metric, signal->value, value, sizeof value);
    yaga_text_value(metric, signal->expected, expected, sizeof expected);
    if (signal->method == YAGA_METHOD_ACTIVATION)
        (void)yaga_format(out, HEADLINE_TEXT_MAX, "%s %s, usually inactive", metric->name,
                          value);
    else
        (void)yaga_format(out, HEADLINE_TEXT_MAX, "%s %s (p%.4g), usually %s",
                          metric->name, value, signal->percentile, expected);
}

/* Position of a check's tag; unknown tags last. */
static size_t tag_rank(const char *check)
{
    static const char *const tags[] = {"IMMEDIATE", "VERIFY",   "CHECK",   "INVESTIGATE",
                                       "CORRELATE", "TIMELINE", "ASSESS",  "IDENTIFY",
                                       "FOCUS",     "CONSIDER", "PREPARE", "DECIDE",
                                       "REVIEW",    "MONITOR"};
    size_t n = sizeof tags / sizeof *tags, length = strcspn(check, " ");
    for (size_t i = 0; i < n; i++)
        if (strlen(tags[i]) == length && strncmp(check, tags[i], length) == 0)
            return i;
    return n;
}

static void
add_unique(char list[YAGA_LIST_MAX][YAGA_LIST_TEXT_MAX + 1], size_t *n, const char *text)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(list[i], text) == 0)
            return;
    if (*n < YAGA_LIST_MAX)
        (void)yaga_format(list[(*n)++], YAGA_LIST_TEXT_MAX + 1, "%s", text);
}

static void
add_advice(struct yaga_anomaly *anomaly, const struct yaga_advice *advice, size_t most)
{
    for (size_t i = 0; i < most && advice->causes[i] != NULL; i++)
        add_unique(anomaly->causes, &anomaly->n_causes, advice->causes[i]);
    for (size_t i = 0; i < most && advice->checks[i] != NULL; i++)
        add_unique(anomaly->checks, &anomaly->n_checks, advice->checks[i]);
}

/* Stable, at most YAGA_LIST_MAX. */
static void sort_checks(struct yaga_anomaly *anomaly)
{
    char moving[YAGA_LIST_TEXT_MAX + 1];
    for (size_t i = 1; i < anomaly->n_checks; i++) {
        memcpy(moving, anomaly->checks[i], sizeof moving);
        size_t at = i;
        for (; at > 0 && tag_rank(moving) < tag_rank(anomaly->checks[at - 1]); at--)
            memcpy(anomaly->checks[at], anomaly->checks[at - 1], sizeof moving);
        memcpy(anomaly->checks[at], moving, sizeof moving);
    }
}

static void fill_from_signals(const struct yaga_metric *metrics,
                              struct yaga_anomaly *anomaly)
{
    char first[HEADLINE_TEXT_MAX], second[HEADLINE_TEXT_MAX] = "", more[32] = "";
    size_t n = anomaly->n_signals;
    const struct yaga_signal *root = &anomaly->signals[0];
    headline(&metrics[root->metric], root, first);
    if (n > 1)
        headline(&metrics[anomaly->signals[1].metric], &anomaly->signals[1], second);
    if (n > 2)
        (void)yaga_format(more, sizeof more, "; +%zu more", n - 2);
    (void)yaga_format(anomaly->description, sizeof anomaly->description, "%s%s%s%s",
                      first, n > 1 ? "; " : "", second, more);
    (void)yaga_format(
        anomaly->interpretation, sizeof anomaly->interpretation, "%s",
        yaga_advice_for(metrics[root->metric].role, yaga_signal_side(root))->meaning);
    /* one metric has room for all its advice; several share it */
    for (size_t i = 0; i < n; i++) {
        const struct yaga_signal *signal = &anomaly->signals[i];
        add_advice(
            anomaly,
            yaga_advice_for(metrics[signal->metric].role, yaga_signal_side(signal)),
            n == 1 ? YAGA_LIST_MAX : 2);
    }
}

static void fill_from_joint(const struct yaga_metric *metrics,
                            struct yaga_anomaly *anomaly)
{
    const struct yaga_metric *top = &metrics[anomaly->root_metric];
    char value[VALUE_TEXT_MAX], expected[VALUE_TEXT_MAX];
    yaga_text_value(top, anomaly->value, value, sizeof value);
    yaga_text_value(top, anomaly->expected, expected, sizeof expected);
    (void)yaga_format(
        anomaly->description, sizeof anomaly->description,
        "unusual combination of metrics, most of it from %s: %s, usually %s", top->name,
        value, expected);
    const struct yaga_advice *advice = yaga_advice_joint();
    (void)yaga_format(anomaly->interpretation, sizeof anomaly->interpretation, "%s",
                      advice->meaning);
    add_advice(anomaly, advice, YAGA_LIST_MAX);
}

void yaga_texts_fill(const struct yaga_metric *metrics, struct yaga_anomaly *anomaly)
{
    anomaly->n_causes = anomaly->n_checks = 0;
    if (anomaly->n_signals > 0)
        fill_from_signals(metrics, anomaly);
    else
        fill_from_joint(metrics, anomaly);
    sort_checks(anomaly);
}

void yaga_detect_advise(const struct yaga_metric *metric,
                        const char *side,
                        struct yaga_anomaly *anomaly)
{
    add_advice(anomaly, yaga_advice_for(metric->role, side), YAGA_LIST_MAX);
    sort_checks(anomaly);
}
