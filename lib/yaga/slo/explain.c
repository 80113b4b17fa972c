/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the objectives say, in sentences (detection.md 9.6). */
#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/slo/slo_internal.h"

/* Whole sentences only; what does not fit is left out. */
static void say(struct yaga_slo_evaluation *e, const char *sentence)
{
    size_t used = strlen(e->explanation), n = strlen(sentence);
    const char *gap = used > 0 ? " " : "";
    if (n > 0 && used + strlen(gap) + n < sizeof e->explanation)
        (void)yaga_format(e->explanation + used, sizeof e->explanation - used, "%s%s",
                          gap, sentence);
}

const char *yaga_slo_database_text(const struct yaga_slo_evaluation *e,
                                   char out[YAGA_SLO_SENTENCE_MAX])
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[YAGA_SLO_DATABASE];
    out[0] = '\0';
    if (!state->known)
        return out;
    if (e->database_below_floor)
        (void)yaga_format(out, YAGA_SLO_SENTENCE_MAX,
                          "Database %.2f ms is below its floor of %.2f ms.", state->value,
                          e->limits.database_floor_ms);
    else if (e->database > YAGA_GRADE_OK && isnan(e->database_ratio))
        (void)yaga_format(out, YAGA_SLO_SENTENCE_MAX,
                          "Database %.1f ms, without anything to compare it with.",
                          state->value);
    else if (e->database > YAGA_GRADE_OK)
        (void)yaga_format(out, YAGA_SLO_SENTENCE_MAX,
                          "Database %.1f ms is %.1f times its usual %.1f ms.",
                          state->value, e->database_ratio, e->database_expected);
    return out;
}

const char *yaga_slo_traffic_text(const struct yaga_slo_evaluation *e,
                                  char out[YAGA_SLO_SENTENCE_MAX])
{
    const char *what = e->traffic == YAGA_TRAFFIC_SURGE ? "a surge" : "a cliff";
    const char *beside =
        e->with_errors || (e->traffic == YAGA_TRAFFIC_CLIFF && e->with_callers)
            ? ", with errors"
        : e->traffic == YAGA_TRAFFIC_SURGE && e->with_latency
            ? ", with latency beyond its warning limit"
            : "";
    out[0] = '\0';
    if (e->traffic == YAGA_TRAFFIC_LOW)
        (void)yaga_format(out, YAGA_SLO_SENTENCE_MAX,
                          "Traffic %.2f/s is low: below %.2f/s.", e->rate, e->low_below);
    else if (e->traffic == YAGA_TRAFFIC_SURGE || e->traffic == YAGA_TRAFFIC_CLIFF)
        (void)yaga_format(out, YAGA_SLO_SENTENCE_MAX,
                          "Traffic %.2f/s is %.2f times the usual %.2f/s, %s%s.", e->rate,
                          e->rate_ratio, e->rate_expected, what, beside);
    return out;
}

const char *yaga_slo_burn_text(const struct yaga_slo_evaluation *e,
                               char out[YAGA_SLO_SENTENCE_MAX])
{
    const struct yaga_slo_burn *burn = &e->burn;
    out[0] = '\0';
    if (burn->worst >= 0)
        (void)yaga_format(
            out, YAGA_SLO_SENTENCE_MAX,
            "Errors use up the budget of %.4g%% %.1f times too fast over %s, %.1f times over "
            "%s: that of 30 days would last %.0f hours.",
            100 * burn->budget, burn->over_long[burn->worst],
            yaga_slo_burn_long(burn->worst), burn->over_short[burn->worst],
            yaga_slo_burn_short(burn->worst), burn->hours_left);
    return out;
}

static const char *limit_word(enum yaga_slo_status status)
{
    static const char *const words[] = {"", "acceptable", "warning", "critical"};
    return words[status];
}

static void
say_limit(struct yaga_slo_evaluation *e, enum yaga_slo_dimension d, bool is_latency)
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[d];
    if (state->status == YAGA_SLO_OK)
        return;
    char text[YAGA_SLO_SENTENCE_MAX];
    const double *limits = is_latency ? e->limits.latency_ms : e->limits.error_rate;
    double limit = limits[state->status - YAGA_SLO_APPROACHING];
    const char *usual = state->chronic ? ", as usual for this service" : "";
    if (is_latency)
        (void)yaga_format(text, sizeof text,
                          "Latency %.0f ms has reached its %s limit of %.0f ms%s.",
                          state->value, limit_word(state->status), limit, usual);
    else
        (void)yaga_format(
            text, sizeof text, "Error rate %.2f%% has reached its %s limit of %.2f%%%s.",
            100 * state->value, limit_word(state->status), 100 * limit, usual);
    say(e, text);
}

static void say_change(struct yaga_slo_evaluation *e)
{
    char text[YAGA_SLO_SENTENCE_MAX];
    if (e->n_dropped > 0)
        say(e, e->n_dropped == 1 ? "An anomaly below its floor was dropped."
                                 : "Anomalies below their floors were dropped.");
    if (!e->severity_changed || e->original == e->adjusted)
        return;
    (void)yaga_format(text, sizeof text, "Severity %s from %s to %s.",
                      e->adjusted < e->original ? "lowered" : "raised",
                      yaga_severity_name(e->original), yaga_severity_name(e->adjusted));
    say(e, text);
}

static void say_all(const struct yaga_verdict *verdict, struct yaga_slo_evaluation *e)
{
    char text[YAGA_SLO_SENTENCE_MAX];
    say_change(e);
    if (e->is_busy) {
        (void)yaga_format(text, sizeof text,
                          "Busy period: limits are %.4g times as wide.",
                          e->limits.busy_factor);
        say(e, text);
    }
    say_limit(e, YAGA_SLO_LATENCY, true);
    say_limit(e, YAGA_SLO_ERRORS, false);
    if (e->status == YAGA_SLO_OK && verdict->n_anomalies > 0)
        say(e, "Latency, errors and database are within their limits.");
    say(e, yaga_slo_database_text(e, text));
    say(e, yaga_slo_traffic_text(e, text));
    say(e, yaga_slo_burn_text(e, text));
}

static enum yaga_slo_impact impact_of(const struct yaga_verdict *verdict,
                                      const struct yaga_slo_evaluation *e)
{
    bool has_anomaly = verdict->n_anomalies > 0;
    enum yaga_slo_impact impact =
        has_anomaly ? YAGA_IMPACT_INFORMATIONAL : YAGA_IMPACT_NONE;
    if (e->status == YAGA_SLO_BREACHED)
        return YAGA_IMPACT_CRITICAL;
    if (e->status == YAGA_SLO_WARNING ||
        (e->traffic == YAGA_TRAFFIC_CLIFF && e->traffic_severity >= YAGA_SEVERITY_HIGH) ||
        (e->status == YAGA_SLO_APPROACHING && has_anomaly &&
         !(e->rate < e->limits.min_traffic_rps)))
        return YAGA_IMPACT_ACTIONABLE;
    return impact;
}

void slo_explain(const struct yaga_slo_params *params,
                 const struct yaga_verdict *verdict,
                 struct yaga_slo_evaluation *e)
{
    e->explanation[0] = '\0';
    e->impact = impact_of(verdict, e);
    if (!params->enabled)
        say(e, "Objectives are off (slos.enabled): severity is that of the model.");
    else if (!e->has_objectives)
        say(e, "No metric has a role that an objective speaks of: severity is that of "
               "the model.");
    else
        say_all(verdict, e);
    if (e->explanation[0] == '\0')
        say(e, "Nothing to report.");
}
