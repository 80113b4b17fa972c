/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the hours before say, beside what now says. */
#include "yaga/detect/history.h"

#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/detect/detect_internal.h"

static enum yaga_severity severity_of(const struct yaga_rise *rise)
{
    return isnan(rise->hours_left) ? YAGA_SEVERITY_MEDIUM : YAGA_SEVERITY_HIGH;
}

/* An anomaly that tells of the same trouble: of the same family, or of the metric. */
static struct yaga_anomaly *
same_trouble(struct yaga_verdict *verdict, const char *family, size_t metric)
{
    for (size_t i = 0; i < verdict->n_anomalies; i++) {
        struct yaga_anomaly *anomaly = &verdict->anomalies[i];
        if (strcmp(anomaly->family, family) == 0)
            return anomaly;
        for (size_t s = 0; s < anomaly->n_signals; s++)
            if (anomaly->signals[s].metric == metric)
                return anomaly;
    }
    return NULL;
}

static void set_texts(const struct yaga_metric *metric,
                      const struct yaga_rise *rise,
                      struct yaga_anomaly *out)
{
    char size[64], ahead[96] = "";
    if (rise->is_relative)
        (void)yaga_format(size, sizeof size, "%.0f %%", 100.0 * rise->rise);
    else
        (void)yaga_format(size, sizeof size, "%.2f percentage points",
                          100.0 * rise->rise);
    if (rise->hours_left > 0.0)
        (void)yaga_format(ahead, sizeof ahead,
                          "; at this pace its critical limit is reached in %.0f h",
                          ceil(rise->hours_left));
    else if (!isnan(rise->hours_left))
        (void)yaga_format(ahead, sizeof ahead, "; its critical limit is reached");
    (void)yaga_format(out->description, sizeof out->description,
                      "%s has climbed by %s over %zu hours, the time of the day left "
                      "out%s",
                      metric->name, size, rise->n_hours, ahead);
    yaga_detect_advise(metric, "high", out);
    (void)yaga_format(out->interpretation, sizeof out->interpretation,
                      "It gets worse from hour to hour, slowly enough to be unusual at "
                      "no single time: something fills up, leaks or grows.");
}

static void set_signal(const struct yaga_rise *rise,
                       const struct yaga_evidence *now,
                       struct yaga_anomaly *out)
{
    out->signals[0] = (struct yaga_signal){.metric = rise->metric,
                                           .direction = YAGA_HIGH,
                                           .method = YAGA_METHOD_TREND,
                                           .severity = out->severity,
                                           .value = now->value,
                                           .expected = now->expected,
                                           .score = out->score,
                                           .p = rise->p,
                                           .percentile = (double)NAN,
                                           .sigma = (double)NAN,
                                           .sustained = true,
                                           .points_anomalous = (int)rise->n_above,
                                           .points_total = (int)rise->n_hours,
                                           .onset_s = rise->since_s,
                                           .onset_censored = true};
    out->contribution[rise->metric] = 1.0;
}

static void set_anomaly(const struct yaga_metric *metric,
                        const struct yaga_rise *rise,
                        const struct yaga_evidence *now,
                        struct yaga_anomaly *out)
{
    enum yaga_severity severity = severity_of(rise);
    *out = (struct yaga_anomaly){.type = "threshold",
                                 .severity = severity,
                                 .ml_severity = severity,
                                 .own_severity = true,
                                 .from_history = true,
                                 .severity_confidence = 0.9,
                                 .confidence = 0.8,
                                 .original_confidence = 0.8,
                                 .score = -0.5,
                                 .root_metric = (int)rise->metric,
                                 .direction = YAGA_HIGH,
                                 .value = now->value,
                                 .expected = now->expected,
                                 .percentile = (double)NAN,
                                 .sigma = (double)NAN,
                                 .sustained = true,
                                 .n_signals = 1,
                                 .rise = *rise};
    (void)yaga_format(out->name, sizeof out->name, "%s_trend_degrading", metric->name);
    (void)yaga_format(out->pattern_name, sizeof out->pattern_name, "%s", out->name);
    (void)yaga_format(out->family, sizeof out->family, "%s",
                      yaga_family_of(metric->role));
    set_signal(rise, now, out);
    set_texts(metric, rise, out);
}

/* A combination that is unusual above all for what climbs says less than the climb. */
static void replace_combination(struct yaga_verdict *verdict, size_t metric)
{
    size_t kept = 0;
    for (size_t i = 0; i < verdict->n_anomalies; i++) {
        const struct yaga_anomaly *anomaly = &verdict->anomalies[i];
        if (anomaly->basis == YAGA_BASIS_JOINT && !anomaly->from_history &&
            anomaly->root_metric == (int)metric)
            continue;
        if (kept < i)
            verdict->anomalies[kept] = *anomaly;
        kept++;
    }
    verdict->n_anomalies = kept;
}

static bool has_history(const struct yaga_verdict *verdict)
{
    for (size_t i = 0; i < verdict->n_anomalies; i++)
        if (verdict->anomalies[i].from_history)
            return true;
    return false;
}

static void grade(struct yaga_verdict *verdict)
{
    verdict->severity = YAGA_SEVERITY_NONE;
    for (size_t i = 0; i < verdict->n_anomalies; i++)
        if (verdict->anomalies[i].severity > verdict->severity)
            verdict->severity = verdict->anomalies[i].severity;
}

int yaga_history_family(const char *family)
{
    static const char *const families[] = {"traffic", "latency", "dependency", "database",
                                           "errors"};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcmp(families[i], family) == 0)
            return (int)i + 1;
    return sizeof families / sizeof families[0] + 1; /* other */
}

static void set_flapping(const struct yaga_anomaly *last, struct yaga_anomaly *out)
{
    static const char name[] = "service_flapping";
    *out = *last;
    memcpy(out->name, name, sizeof name);
    memcpy(out->pattern_name, name, sizeof name);
    out->is_named = out->own_severity = out->from_history = out->sustained = true;
    out->locked = false;
    out->severity = out->ml_severity = YAGA_SEVERITY_HIGH;
    out->n_adjustments = 0;
    (void)yaga_format(out->description, sizeof out->description,
                      "%s comes and goes, %zu changes in %lld minutes: %.300s",
                      last->name, last->flapping.changes,
                      (long long)(last->flapping.span_s / 60), last->description);
    (void)yaga_format(out->interpretation, sizeof out->interpretation,
                      "It changes between unusual and normal again and again. One alert "
                      "stands for the single ones while this lasts.");
}

void yaga_history_add_flapping(const struct yaga_anomaly *last,
                               struct yaga_verdict *verdict)
{
    size_t kept = 0;
    for (size_t i = 0; i < verdict->n_anomalies; i++) {
        if (strcmp(verdict->anomalies[i].family, last->family) == 0)
            continue;
        if (kept < i)
            verdict->anomalies[kept] = verdict->anomalies[i];
        kept++;
    }
    if (kept == YAGA_ANOMALIES_MAX)
        kept--;
    set_flapping(last, &verdict->anomalies[kept]);
    verdict->n_anomalies = kept + 1;
    grade(verdict);
}

void yaga_history_add_rises(const struct yaga_metric *metrics,
                            const struct yaga_rise *rises,
                            size_t n,
                            struct yaga_verdict *verdict)
{
    const struct yaga_rise *news = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct yaga_rise *rise = &rises[i];
        if (!rise->is_set)
            continue;
        struct yaga_anomaly *same = same_trouble(
            verdict, yaga_family_of(metrics[rise->metric].role), rise->metric);
        if (same != NULL)
            same->rise = *rise;
        else if (news == NULL || severity_of(rise) > severity_of(news))
            news = rise;
    }
    if (news == NULL || has_history(verdict) ||
        verdict->n_anomalies == YAGA_ANOMALIES_MAX)
        return;
    replace_combination(verdict, news->metric);
    struct yaga_anomaly *out = &verdict->anomalies[verdict->n_anomalies++];
    set_anomaly(&metrics[news->metric], news, &verdict->found.now[news->metric], out);
    grade(verdict);
}
