/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the objectives say, of the service and of one anomaly (incidents-and-alerts.md
 * 6.5). */
#include <math.h>
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/str.h"

enum { PROXIMITY_DECIMALS = 3 };

static void set_limits(struct yaga_json *object, const double limits[YAGA_SLO_LIMITS])
{
    yaga_json_set_significant(object, "threshold_acceptable", limits[YAGA_SLO_ACCEPTABLE],
                              ALERT_DIGITS);
    yaga_json_set_significant(object, "threshold_warning", limits[YAGA_SLO_AT_WARNING],
                              ALERT_DIGITS);
    yaga_json_set_significant(object, "threshold_critical", limits[YAGA_SLO_CRITICAL],
                              ALERT_DIGITS);
}

static struct yaga_json *dimension(const struct yaga_slo_dimension_state *state,
                                   const double limits[YAGA_SLO_LIMITS])
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "status", yaga_slo_status_name(state->status));
    yaga_json_set_rounded(object, "proximity", state->proximity, PROXIMITY_DECIMALS);
    yaga_json_set_number(object, "value", state->value);
    set_limits(object, limits);
    if (state->chronic)
        yaga_json_set_bool(object, "chronic", true);
    return object;
}

static struct yaga_json *errors(const struct yaga_slo_evaluation *e)
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[YAGA_SLO_ERRORS];
    struct yaga_json *object = dimension(state, e->limits.error_rate);
    char percent[32];
    (void)yaga_format(percent, sizeof percent, "%.2f%%", 100.0 * state->value);
    if (state->known) {
        yaga_json_set_string(object, "value_percent", percent);
        yaga_json_set_bool(object, "within_acceptable",
                           state->value <= e->limits.error_rate[YAGA_SLO_ACCEPTABLE]);
    }
    yaga_json_set_significant(object, "requests_in_window", e->n_requests, ALERT_DIGITS);
    yaga_json_set_significant(object, "lower_bound", e->errors_lower_bound, ALERT_DIGITS);
    return object;
}

static struct yaga_json *database(const struct yaga_slo_evaluation *e)
{
    static const char *const names[YAGA_SLO_RATIOS] = {"info", "warning", "high",
                                                       "critical"};
    const struct yaga_slo_dimension_state *state = &e->dimensions[YAGA_SLO_DATABASE];
    struct yaga_json *object = yaga_json_object_new();
    struct yaga_json *limits = yaga_json_object_new();
    char text[YAGA_SLO_SENTENCE_MAX];
    yaga_json_set_string(object, "status", yaga_slo_grade_name(e->database));
    yaga_json_set_number(object, "value_ms", state->value);
    yaga_json_set_significant(object, "baseline_mean_ms", e->database_expected,
                              ALERT_DIGITS);
    if (isnan(e->database_ratio))
        yaga_json_set(object, "ratio", yaga_json_null_new());
    else
        yaga_json_set_rounded(object, "ratio", e->database_ratio, 3);
    yaga_json_set_bool(object, "below_floor", e->database_below_floor);
    yaga_json_set_significant(object, "floor_ms", e->limits.database_floor_ms,
                              ALERT_DIGITS);
    for (size_t i = 0; i < YAGA_SLO_RATIOS; i++)
        yaga_json_set_significant(limits, names[i], e->limits.database_ratio[i],
                                  ALERT_DIGITS);
    yaga_json_set(object, "thresholds", limits);
    yaga_json_set_rounded(object, "share", fmin(1.0, e->database_share), 3);
    (void)yaga_slo_database_text(e, text);
    yaga_json_set_string(object, "explanation",
                         text[0] != '\0' ? text : "Database time is as usual.");
    return object;
}

static struct yaga_json *traffic(const struct yaga_slo_evaluation *e)
{
    struct yaga_json *object = yaga_json_object_new();
    char text[YAGA_SLO_SENTENCE_MAX];
    bool surge = e->traffic == YAGA_TRAFFIC_SURGE,
         cliff = e->traffic == YAGA_TRAFFIC_CLIFF;
    yaga_json_set_string(object, "status", yaga_slo_grade_name(e->traffic_grade));
    yaga_json_set_string(object, "type", yaga_traffic_type_name(e->traffic));
    if (!e->limits.traffic_enabled)
        yaga_json_set_bool(object, "enabled", false);
    if (e->traffic_severity > YAGA_SEVERITY_NONE)
        yaga_json_set_string(object, "severity", yaga_severity_name(e->traffic_severity));
    yaga_json_set_number(object, "value_rps", e->rate);
    yaga_json_set_significant(object, "baseline_mean_rps", e->rate_expected,
                              ALERT_DIGITS);
    if (isnan(e->rate_ratio))
        yaga_json_set(object, "ratio", yaga_json_null_new());
    else
        yaga_json_set_rounded(object, "ratio", e->rate_ratio, 3);
    if (surge || cliff) {
        yaga_json_set_significant(
            object, "threshold_percent",
            100.0 * (surge ? e->limits.surge_ratio : e->limits.cliff_ratio),
            ALERT_DIGITS);
        yaga_json_set_bool(object, "correlated_with_latency", e->with_latency);
        yaga_json_set_bool(object, "correlated_with_errors",
                           e->with_errors || (cliff && e->with_callers));
        yaga_json_set_bool(object, "is_peak_hours", e->is_peak);
    }
    if (e->traffic == YAGA_TRAFFIC_LOW)
        yaga_json_set_significant(object, "min_expected_rps", e->low_below, ALERT_DIGITS);
    (void)yaga_slo_traffic_text(e, text);
    yaga_json_set_string(object, "explanation",
                         text[0] != '\0' ? text : "Traffic is no surge and no cliff.");
    return object;
}

/* The window that speaks, else the longest one known. */
static struct yaga_json *budget(const struct yaga_slo_evaluation *e)
{
    const struct yaga_slo_burn *burn = &e->burn;
    struct yaga_json *object = yaga_json_object_new();
    struct yaga_json *rates = yaga_json_object_new();
    char text[YAGA_SLO_SENTENCE_MAX];
    yaga_json_set_significant(object, "budget", burn->budget, ALERT_DIGITS);
    yaga_json_set(object, "burn_rates", rates);
    for (int w = 0; w < YAGA_SLO_BURNS; w++) {
        yaga_json_set_rounded(rates, yaga_slo_burn_long(w), burn->over_long[w], 2);
        yaga_json_set_rounded(rates, yaga_slo_burn_short(w), burn->over_short[w], 2);
    }
    yaga_json_set_string(object, "severity", yaga_severity_name(burn->severity));
    if (burn->worst >= 0)
        yaga_json_set_string(object, "window", yaga_slo_burn_long(burn->worst));
    yaga_json_set_rounded(object, "hours_to_exhaustion", burn->hours_left, 1);
    (void)yaga_slo_burn_text(e, text);
    yaga_json_set_string(object, "explanation",
                         text[0] != '\0' ? text : "The error budget lasts.");
    return object;
}

static void set_details(struct yaga_json *object, const struct yaga_slo_evaluation *e)
{
    const struct yaga_slo_dimension_state *d = e->dimensions;
    yaga_json_set_rounded(object, "slo_proximity", e->proximity, PROXIMITY_DECIMALS);
    yaga_json_set_string(object, "operational_impact", yaga_slo_impact_name(e->impact));
    yaga_json_set_bool(object, "is_busy_period", e->is_busy);
    if (d[YAGA_SLO_LATENCY].metric >= 0)
        yaga_json_set(object, "latency_evaluation",
                      dimension(&d[YAGA_SLO_LATENCY], e->limits.latency_ms));
    if (d[YAGA_SLO_ERRORS].metric >= 0)
        yaga_json_set(object, "error_rate_evaluation", errors(e));
    if (d[YAGA_SLO_DATABASE].known)
        yaga_json_set(object, "database_latency_evaluation", database(e));
    if (d[YAGA_SLO_ERRORS].metric >= 0)
        yaga_json_set(object, "error_budget", budget(e));
    if (e->rate > 0 || e->rate_expected > 0)
        yaga_json_set(object, "request_rate_evaluation", traffic(e));
}

struct yaga_json *alert_slo(const struct yaga_alert_context *context)
{
    const struct yaga_slo_evaluation *e = context->slo;
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_bool(object, "enabled", e->enabled);
    yaga_json_set_string(object, "original_severity", yaga_severity_name(e->original));
    yaga_json_set_string(object, "adjusted_severity", yaga_severity_name(e->adjusted));
    yaga_json_set_bool(object, "severity_changed", e->severity_changed);
    yaga_json_set_string(object, "slo_status", yaga_slo_status_name(e->status));
    if (e->enabled)
        set_details(object, e);
    yaga_json_set_string(object, "explanation", e->explanation);
    return object;
}

static void set_concerned(struct yaga_json *object,
                          const struct yaga_slo_evaluation *e,
                          unsigned relevant)
{
    const struct yaga_slo_dimension_state *d = e->dimensions;
    if ((relevant & 1u << YAGA_SLO_LATENCY) != 0 && d[YAGA_SLO_LATENCY].known)
        yaga_json_set(object, "latency",
                      dimension(&d[YAGA_SLO_LATENCY], e->limits.latency_ms));
    if ((relevant & 1u << YAGA_SLO_ERRORS) != 0 && d[YAGA_SLO_ERRORS].known) {
        struct yaga_json *part = dimension(&d[YAGA_SLO_ERRORS], e->limits.error_rate);
        yaga_json_set_bool(part, "within_acceptable",
                           d[YAGA_SLO_ERRORS].value <=
                               e->limits.error_rate[YAGA_SLO_ACCEPTABLE]);
        yaga_json_set_significant(part, "suppression_threshold",
                                  yaga_slo_error_floor(&e->limits), ALERT_DIGITS);
        yaga_json_set(object, "errors", part);
    }
    if ((relevant & 1u << YAGA_SLO_DATABASE) != 0 && d[YAGA_SLO_DATABASE].known) {
        struct yaga_json *part = yaga_json_object_new();
        yaga_json_set_string(part, "status",
                             yaga_slo_status_name(d[YAGA_SLO_DATABASE].status));
        yaga_json_set_number(part, "value", d[YAGA_SLO_DATABASE].value);
        yaga_json_set_rounded(part, "ratio", e->database_ratio, 3);
        yaga_json_set_significant(part, "suppression_threshold",
                                  e->limits.database_floor_ms, ALERT_DIGITS);
        yaga_json_set(object, "database", part);
    }
}

static bool has_traffic_signal(const struct yaga_alert_context *context,
                               const struct yaga_anomaly *anomaly)
{
    for (size_t i = 0; i < anomaly->n_signals; i++)
        if ((int)anomaly->signals[i].metric == context->slo->traffic_metric)
            return true;
    return false;
}

struct yaga_json *alert_slo_context(const struct yaga_alert_context *context,
                                    const struct yaga_anomaly *anomaly)
{
    const struct yaga_slo_evaluation *e = context->slo;
    struct yaga_json *object = yaga_json_object_new();
    set_concerned(object, e,
                  yaga_slo_relevant(context->metrics, anomaly, context->n_metrics));
    if (has_traffic_signal(context, anomaly)) {
        struct yaga_json *part = yaga_json_object_new();
        yaga_json_set_string(part, "type", yaga_traffic_type_name(e->traffic));
        yaga_json_set_number(part, "value", e->rate);
        yaga_json_set_rounded(part, "ratio", e->rate_ratio, 3);
        yaga_json_set_bool(part, "is_surge", e->traffic == YAGA_TRAFFIC_SURGE);
        yaga_json_set_bool(part, "is_cliff", e->traffic == YAGA_TRAFFIC_CLIFF);
        yaga_json_set_significant(part, "suppression_threshold",
                                  e->limits.min_traffic_rps, ALERT_DIGITS);
        yaga_json_set(object, "traffic", part);
    }
    yaga_json_set_bool(object, "is_busy_period", e->is_busy);
    return object;
}
