/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of an anomaly: what was observed, what it usually means, what to do (detection.md 6.8, 7.4). Those of patterns
 * are templates, see fill.c. They name no mechanism that was not measured.
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
add_unique(char (*list)[YAGA_LIST_TEXT_MAX + 1], size_t *n, size_t most, const char *text)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(list[i], text) == 0)
            return;
    if (*n < most)
        (void)yaga_format(list[(*n)++], YAGA_LIST_TEXT_MAX + 1, "%s", text);
}

static void
add_advice(struct yaga_anomaly *anomaly, const struct yaga_advice *advice, size_t most)
{
    for (size_t i = 0; i < most && advice->causes[i] != NULL; i++)
        add_unique(anomaly->causes, &anomaly->n_causes, YAGA_LIST_MAX, advice->causes[i]);
    for (size_t i = 0; i < most && advice->checks[i] != NULL; i++)
        add_unique(anomaly->checks, &anomaly->n_checks, YAGA_LIST_MAX, advice->checks[i]);
}

/* By tag, stable. */
static void sort_by_tag(char (*list)[YAGA_LIST_TEXT_MAX + 1], size_t n)
{
    char moving[YAGA_LIST_TEXT_MAX + 1];
    for (size_t i = 1; i < n; i++) {
        memcpy(moving, list[i], sizeof moving);
        size_t at = i;
        for (; at > 0 && tag_rank(moving) < tag_rank(list[at - 1]); at--)
            memcpy(list[at], list[at - 1], sizeof moving);
        memcpy(list[at], moving, sizeof moving);
    }
}

static void add_action(struct yaga_anomaly *anomaly, const char *text)
{
    add_unique(anomaly->actions, &anomaly->n_actions, YAGA_ACTIONS_MAX, text);
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

static void fill_from_pattern(const struct yaga_case *it,
                              const struct yaga_pattern_words *words,
                              struct yaga_anomaly *anomaly)
{
    char action[YAGA_LIST_TEXT_MAX + 1];
    yaga_text_expand(it, words->headline, anomaly->description,
                     sizeof anomaly->description);
    yaga_text_expand(it, words->meaning, anomaly->interpretation,
                     sizeof anomaly->interpretation);
    for (size_t i = 0; words->actions[i] != NULL; i++) {
        yaga_text_expand(it, words->actions[i], action, sizeof action);
        add_action(anomaly, action);
    }
}

/* Behind what a pattern asks for: the first check of each signal. */
static void add_checks(const struct yaga_case *it, struct yaga_anomaly *anomaly)
{
    for (size_t i = 0; i < anomaly->n_checks; i++)
        add_action(anomaly, anomaly->checks[i]);
    for (size_t i = 0; anomaly->n_checks == 0 && i < anomaly->n_signals; i++) {
        const struct yaga_signal *signal = &anomaly->signals[i];
        const struct yaga_advice *advice = yaga_advice_for(
            it->metrics[signal->metric].role, yaga_signal_side(signal));
        add_action(anomaly, advice->checks[0]);
    }
}

static void add_shares(const struct yaga_case *it, struct yaga_anomaly *anomaly)
{
    const double *limit = it->params->limit;
    if (yaga_quantity_of(it, YAGA_QUANTITY_DEPENDENCY_RATIO) >
        limit[YAGA_LIMIT_DEPENDENCY])
        add_action(anomaly, "FOCUS on calls to other services, most of the time is there");
    if (yaga_quantity_of(it, YAGA_QUANTITY_DATABASE_RATIO) > limit[YAGA_LIMIT_DATABASE])
        add_action(anomaly, "FOCUS on the database, most of the time is there");
}

void yaga_texts_fill(const struct yaga_case *it,
                     const struct yaga_pattern *pattern,
                     struct yaga_anomaly *anomaly)
{
    anomaly->n_causes = anomaly->n_checks = anomaly->n_actions = 0;
    if (pattern != NULL)
        fill_from_pattern(it, pattern->words, anomaly);
    else if (anomaly->n_signals > 0)
        fill_from_signals(it->metrics, anomaly);
    else
        fill_from_joint(it->metrics, anomaly);
    yaga_text_without_braces(anomaly->description);
    sort_by_tag(anomaly->checks, anomaly->n_checks);
    add_checks(it, anomaly);
    if (anomaly->n_signals > 0)
        add_shares(it, anomaly);
    sort_by_tag(anomaly->actions, anomaly->n_actions);
    yaga_detect_impact(it->metrics, it->circumstances, it->found, anomaly);
}

void yaga_detect_advise(const struct yaga_metric *metric,
                        const char *side,
                        struct yaga_anomaly *anomaly)
{
    add_advice(anomaly, yaga_advice_for(metric->role, side), YAGA_LIST_MAX);
    sort_by_tag(anomaly->checks, anomaly->n_checks);
    for (size_t i = 0; i < anomaly->n_checks; i++)
        add_action(anomaly, anomaly->checks[i]);
}
