/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A broken limit that no anomaly speaks of (detection.md 10.4): slow or failing for a
 * while, and no model wonders, because it learned on this state, or crept there with it,
 * or does not exist.
 */
#include <math.h>

#include "yaga/base/str.h"
#include "yaga/slo/slo_internal.h"

static const char *const families[YAGA_SLO_DIMENSIONS] = {
    [YAGA_SLO_LATENCY] = "latency",
    [YAGA_SLO_ERRORS] = "errors",
    [YAGA_SLO_DATABASE] = "database",
};

static enum yaga_severity severity_of(const struct yaga_slo_evaluation *e,
                                      enum yaga_slo_dimension dimension)
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[dimension];
    enum yaga_severity severity = YAGA_SEVERITY_MEDIUM;
    if (state->lasting == YAGA_SLO_BREACHED)
        severity = dimension == YAGA_SLO_DATABASE || state->chronic
                       ? YAGA_SEVERITY_HIGH
                       : YAGA_SEVERITY_CRITICAL;
    return slo_cap_for_few(e, severity);
}

/* A limit that was never kept is no news; that it is missed by more than ever is. */
static bool is_news(const struct yaga_slo_dimension_state *state)
{
    if (state->lasting < YAGA_SLO_WARNING || state->always_breached)
        return false;
    return !state->chronic || state->lasting == YAGA_SLO_BREACHED;
}

static void set_texts(const struct yaga_slo_view *view,
                      const struct yaga_slo_evaluation *e,
                      enum yaga_slo_dimension dimension,
                      struct yaga_anomaly *out)
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[dimension];
    bool breached = state->lasting == YAGA_SLO_BREACHED;
    const char *word = breached ? "critical" : "warning";
    const char *name = view->metrics[state->metric].name;
    size_t limit = breached ? YAGA_SLO_CRITICAL : YAGA_SLO_AT_WARNING;
    if (dimension == YAGA_SLO_LATENCY)
        (void)yaga_format(out->description, sizeof out->description,
                          "%s %.0f ms, its %s limit is %.0f ms", name, state->value, word,
                          e->limits.latency_ms[limit]);
    else if (dimension == YAGA_SLO_ERRORS)
        (void)yaga_format(out->description, sizeof out->description,
                          "%s %.2f%%, its %s limit is %.2f%%", name, 100 * state->value,
                          word, 100 * e->limits.error_rate[limit]);
    else
        (void)yaga_format(out->description, sizeof out->description,
                          "%s %.1f ms, %.1f times what is usual", name, state->value,
                          e->database_ratio);
    (void)yaga_format(out->interpretation, sizeof out->interpretation, "%s",
                      view->grid == NULL
                          ? "The objective is missed. No model judges this service."
                          : "The objective is missed, though the model does not find it "
                            "unusual enough: it was like this in training, or it came "
                            "slowly.");
    yaga_detect_advise(&view->metrics[state->metric], "high", out);
}

static void set_anomaly(const struct yaga_slo_view *view,
                        const struct yaga_slo_evaluation *e,
                        enum yaga_slo_dimension dimension,
                        struct yaga_anomaly *out)
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[dimension];
    enum yaga_severity severity = severity_of(e, dimension);
    bool breached = state->lasting == YAGA_SLO_BREACHED;
    const char *metric = view->metrics[state->metric].name;
    *out = (struct yaga_anomaly){.type = "threshold",
                                 .severity = severity,
                                 .ml_severity = severity,
                                 .own_severity = true,
                                 .severity_confidence = 0.9,
                                 .confidence = 0.9,
                                 .root_metric = state->metric,
                                 .direction = YAGA_HIGH,
                                 .sustained = true,
                                 .n_signals = 1};
    /* one incident, whether the limit is warning or critical */
    (void)yaga_format(out->name, sizeof out->name, "%s_slo_%s", metric,
                      breached ? "breached" : "warning");
    (void)yaga_format(out->pattern_name, sizeof out->pattern_name, "%s_slo", metric);
    (void)yaga_format(out->family, sizeof out->family, "%s", families[dimension]);
    slo_signal(view, e, dimension, YAGA_SLO_WARNING, severity, &out->signals[0]);
    out->value = out->signals[0].value;
    out->expected = out->signals[0].expected;
    out->percentile = out->signals[0].percentile;
    out->sigma = out->signals[0].sigma;
    out->score = out->signals[0].score;
    out->contribution[state->metric] = 1.0;
    set_texts(view, e, dimension, out);
}

void slo_add_breaches(const struct yaga_slo_view *view,
                      const struct yaga_slo_evaluation *e,
                      struct yaga_verdict *verdict)
{
    unsigned covered = 0;
    for (size_t i = 0; i < verdict->n_anomalies; i++)
        if (!verdict->anomalies[i].from_history) /* says nothing of a limit */
            covered |= yaga_slo_relevant(view->metrics, &verdict->anomalies[i],
                                         view->frame->n_metrics);
    for (unsigned d = 0; d < YAGA_SLO_DIMENSIONS; d++) {
        if ((covered & 1u << d) != 0 || !is_news(&e->dimensions[d]) ||
            verdict->n_anomalies == YAGA_ANOMALIES_MAX)
            continue;
        set_anomaly(view, e, (enum yaga_slo_dimension)d,
                    &verdict->anomalies[verdict->n_anomalies++]);
    }
}
