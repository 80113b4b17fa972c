/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing comes any more: from that alone, without a model. */
#include "yaga/detect/telemetry.h"

#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"

enum { DAY_S = 86400, OUTAGE_MIN = 3 };

static bool rows_blank(const struct yaga_frame *frame, size_t end)
{
    for (size_t back = 1; back <= YAGA_TELEMETRY_POINTS; back++)
        if (yaga_frame_row_present(frame, end - back))
            return false;
    return true;
}

bool yaga_telemetry_is_silent(const struct yaga_frame *frame)
{
    size_t n = frame->n_rows, day = (size_t)(DAY_S / frame->step_s);
    if (n < YAGA_TELEMETRY_POINTS || !rows_blank(frame, n))
        return false;
    return n < day + YAGA_TELEMETRY_POINTS || !rows_blank(frame, n - day);
}

int64_t yaga_telemetry_last(const struct yaga_frame *frame)
{
    for (size_t t = frame->n_rows; t-- > 0;)
        if (yaga_frame_row_present(frame, t))
            return yaga_frame_time(frame, t);
    return 0;
}

bool yaga_telemetry_is_outage(size_t n_dark, size_t n_known)
{
    return n_dark >= OUTAGE_MIN && 2 * n_dark >= n_known;
}

void yaga_verdict_blank(struct yaga_verdict *verdict, size_t n_metrics)
{
    verdict->n_anomalies = 0;
    verdict->severity = YAGA_SEVERITY_NONE;
    verdict->alpha = YAGA_ALPHA_DEFAULT;
    verdict->p = verdict->p_mv = 1.0;
    verdict->anomaly_score = verdict->decision_mv = (double)NAN;
    for (size_t k = 0; k < YAGA_N_CHANNELS; k++)
        verdict->channel[k] = (double)NAN;
    for (size_t m = 0; m < n_metrics; m++)
        verdict->metric_score[m] = (double)NAN;
}

static void
say_actions(const char *const *actions, size_t n, struct yaga_anomaly *out)
{
    out->n_actions = n;
    for (size_t i = 0; i < n; i++)
        (void)yaga_format(out->actions[i], sizeof out->actions[i], "%s", actions[i]);
}

static void
set_texts(bool is_critical, int64_t last_s, int64_t at_s, struct yaga_anomaly *out)
{
    static const char *const actions[] = {
        "VERIFY that the service runs and answers",
        "CHECK its exporter, the collector and their network",
        "CHECK whether it was renamed or removed, and take it off the services then",
    };
    char text[YAGA_TIME_TEXT_MAX];
    (void)yaga_format(out->description, sizeof out->description,
                      "no metric has had a value for %lld minutes, the last is of %s",
                      (long long)((at_s - last_s) / 60), yaga_time_text(last_s, text));
    (void)yaga_format(out->interpretation, sizeof out->interpretation,
                      "The service has stopped, or what measures it. Others still send, "
                      "so it is not the monitoring as a whole.");
    (void)yaga_format(out->impact, sizeof out->impact,
                      "%sWhether users are affected is not known.",
                      is_critical ? "Service of the category critical: " : "");
    say_actions(actions, sizeof actions / sizeof actions[0], out);
}

/* The one anomaly of a verdict that rests on whether there are values. */
static struct yaga_anomaly *
begin_anomaly(const char *name, enum yaga_severity severity, struct yaga_verdict *out)
{
    struct yaga_anomaly *anomaly = &out->anomalies[0];
    out->severity = severity;
    out->n_anomalies = 1;
    *anomaly = (struct yaga_anomaly){.type = "threshold",
                                     .basis = YAGA_BASIS_PRESENCE,
                                     .severity = severity,
                                     .ml_severity = severity,
                                     .own_severity = true,
                                     .severity_confidence = 0.9,
                                     .confidence = 0.9,
                                     .original_confidence = 0.9,
                                     .score = -1.0,
                                     .root_metric = -1,
                                     .value = (double)NAN,
                                     .expected = (double)NAN,
                                     .percentile = (double)NAN,
                                     .sigma = (double)NAN,
                                     .sustained = true};
    (void)yaga_format(anomaly->name, sizeof anomaly->name, "%s", name);
    (void)yaga_format(anomaly->pattern_name, sizeof anomaly->pattern_name, "%s", name);
    return anomaly;
}

static void say_loss(const struct yaga_traffic_loss *loss, struct yaga_anomaly *out)
{
    static const char *const actions[] = {
        "VERIFY that the service runs and can be reached from outside",
        "CHECK those who call it, load balancer, name resolution and certificates",
        "CHECK the latest changes of network and infrastructure",
        "VERIFY that it is not planned",
    };
    char text[YAGA_TIME_TEXT_MAX];
    bool is_critical = loss->category != NULL && strcmp(loss->category, "critical") == 0;
    (void)yaga_format(out->description, sizeof out->description,
                      "no requests for %lld minutes, %.1f a second at %s: %s",
                      (long long)((loss->at_s - loss->last_s) / 60), loss->before,
                      yaga_time_text(loss->last_s, text), loss->witness);
    (void)yaga_format(out->interpretation, sizeof out->interpretation,
                      "Requests no longer reach the service, or it no longer answers. It "
                      "sends no metrics, but others see that it is not its telemetry alone.");
    (void)yaga_format(out->impact, sizeof out->impact,
                      "%sUsers cannot reach or use the service.",
                      is_critical ? "Service of the category critical: " : "");
    say_actions(actions, sizeof actions / sizeof actions[0], out);
}

void yaga_telemetry_decide_loss(const struct yaga_traffic_loss *loss,
                                size_t n_metrics,
                                struct yaga_verdict *out)
{
    yaga_verdict_blank(out, n_metrics);
    struct yaga_anomaly *anomaly =
        begin_anomaly("request_rate_cliff", loss->severity, out);
    anomaly->is_named = true;
    anomaly->root_metric = (int)loss->metric;
    anomaly->direction = YAGA_LOW;
    anomaly->value = 0.0;
    anomaly->contribution[loss->metric] = 1.0;
    (void)yaga_format(anomaly->family, sizeof anomaly->family, "traffic");
    say_loss(loss, anomaly);
}

void yaga_telemetry_decide(const char *category,
                           size_t n_metrics,
                           int64_t last_s,
                           int64_t at_s,
                           struct yaga_verdict *out)
{
    bool is_critical = category != NULL && strcmp(category, "critical") == 0;
    yaga_verdict_blank(out, n_metrics);
    struct yaga_anomaly *anomaly = begin_anomaly(
        "telemetry_missing", is_critical ? YAGA_SEVERITY_HIGH : YAGA_SEVERITY_MEDIUM, out);
    (void)yaga_format(anomaly->family, sizeof anomaly->family, "telemetry");
    set_texts(is_critical, last_s, at_s, anomaly);
}
