/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From configuration keys to parameter structs, one small function per room. */
#include "yaga/pipeline/setup.h"

#include <string.h>

#include "yaga-version.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"

static void setup_confidence(struct yaga_setup *setup)
{
    const struct yaga_config *c = setup->config;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        char key[100];
        (void)yaga_format(key, sizeof key, "time_periods.confidence_scores.%s",
                          yaga_period_name((enum yaga_period)p));
        setup->confidence[p] =
            yaga_config_is_set(c, key)
                ? yaga_config_float(c, key)
                : yaga_period_confidence(setup->calendar.scheme, (enum yaga_period)p);
    }
}

static enum yaga_status setup_calendar(struct yaga_setup *setup, struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    struct yaga_calendar *cal = &setup->calendar;
    yaga_calendar_init(cal);
    const char *scheme = yaga_config_string(c, "time_periods.scheme");
    while (strcmp(yaga_scheme_name(cal->scheme), scheme) != 0)
        cal->scheme++;
    if (strcmp(yaga_config_string(c, "time_periods.weekend_rule"), "night_start") == 0)
        cal->weekend_rule = YAGA_WEEKEND_NIGHT_START;
    cal->business_start = (int)yaga_config_int(c, "time_periods.business_start");
    cal->evening_start = (int)yaga_config_int(c, "time_periods.evening_start");
    cal->night_start = (int)yaga_config_int(c, "time_periods.night_start");
    size_t n;
    const char *const *days = yaga_config_strings(c, "time_periods.public_holidays", &n);
    for (size_t i = 0; i < n; i++) {
        enum yaga_status st = yaga_calendar_add_holiday(cal, days[i], err);
        if (st != YAGA_OK)
            return yaga_error_wrap(
                err, "%s: time_periods.public_holidays",
                yaga_config_where(c, "time_periods.public_holidays", 0));
    }
    setup_confidence(setup);
    return YAGA_OK;
}

/* A last day belongs to the span: it ends at the next local midnight. */
static bool span_time(const char *text, bool end, int64_t *out_s)
{
    bool is_date;
    if (!yaga_time_parse(text, out_s, &is_date))
        return false;
    if (end && is_date) {
        struct yaga_civil next = yaga_civil_from_unix(*out_s);
        next.day++;
        *out_s = yaga_civil_to_unix(&next);
    }
    return true;
}

bool yaga_setup_span(const char *start, const char *end, int64_t *start_s, int64_t *end_s)
{
    return span_time(start, false, start_s) && span_time(end, true, end_s) &&
           *start_s < *end_s;
}

static enum yaga_status setup_excluded(struct yaga_setup *setup, struct yaga_error *err)
{
    static const char list[] = "training.excluded_periods";
    const struct yaga_config *c = setup->config;
    size_t n = yaga_config_list_size(c, list);
    for (size_t i = 0; i < n; i++) {
        const char *start =
            yaga_config_item_string(c, "training.excluded_periods[].start", i);
        const char *end =
            yaga_config_item_string(c, "training.excluded_periods[].end", i);
        const char *variant =
            yaga_config_item_string(c, "training.excluded_periods[].model_variant", i);
        int64_t start_s, end_s;
        if (!yaga_setup_span(start, end, &start_s, &end_s))
            return yaga_error_set(err, YAGA_E_CONFIG,
                                  "%s: %s: \"%s\" to \"%s\" is no span of time",
                                  yaga_config_where(c, list, i), list, start, end);
        enum yaga_status st =
            yaga_spans_add(&setup->excluded, start_s, end_s,
                           strcmp(variant, "none") == 0 ? NULL : variant, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "%s: %s", yaga_config_where(c, list, i), list);
    }
    return YAGA_OK;
}

static void setup_cascade(struct yaga_setup *setup)
{
    const struct yaga_config *c = setup->config;
    struct yaga_cascade_params *p = &setup->cascade;
    yaga_cascade_params_init(p);
    p->max_depth =
        yaga_config_bool(c, "dependencies.cascade_detection.enabled")
            ? (size_t)yaga_config_int(c, "dependencies.cascade_detection.max_depth")
            : 0;
    p->explained_min = yaga_config_float(
        c, "dependencies.cascade_detection.latency_propagation_threshold");
    p->require_temporal = yaga_config_bool(
        c, "dependencies.cascade_detection.require_temporal_correlation");
    p->hop_s = 60 * yaga_config_int(
                        c, "dependencies.cascade_detection.correlation_window_minutes");
    p->step_s = setup->step_s;
    p->n_rows = setup->detect.window_rows;
    setup->detect.cascade_confidence =
        yaga_config_float(c, "dependencies.name_threshold");
    setup->group_cascades = yaga_config_bool(c, "alerting.group_cascades");
}

static enum yaga_status setup_detect(struct yaga_setup *setup, struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    struct yaga_detect_params *d = &setup->detect;
    if (!yaga_duration_parse(yaga_config_string(c, "cache.step"), &setup->step_s) ||
        setup->step_s <= 0)
        return yaga_error_set(err, YAGA_E_CONFIG, "cache.step: \"%s\" is not a duration",
                              yaga_config_string(c, "cache.step"));
    yaga_detect_params_init(d, setup->step_s);
    if (yaga_config_is_set(c, "detection.alpha"))
        d->alpha = yaga_config_float(c, "detection.alpha");
    d->persistence_k = (int)yaga_config_int(c, "detection.persistence_k");
    d->persistence_n = (int)yaga_config_int(c, "detection.persistence_n");
    d->min_effect_z = yaga_config_float(c, "detection.min_effect_z");
    d->fast_fail_error_rate = yaga_config_float(c, "detection.fast_fail_error_rate");
    d->min_errors = (double)yaga_config_int(c, "detection.min_errors");
    d->window_rows =
        (size_t)(yaga_config_int(c, "inference.window_minutes") * 60 / setup->step_s);
    d->level_rows = (size_t)(yaga_config_int(c, "inference.level_window_hours") * 3600 /
                             setup->step_s);
    setup->flap.changes = (size_t)yaga_config_int(c, "detection.flap_changes");
    setup->flap.span_s = 60 * yaga_config_int(c, "detection.flap_minutes");
    setup->trend.hours = (size_t)yaga_config_int(c, "detection.trend_window_hours");
    setup->trend.min_rise = yaga_config_float(c, "detection.trend_min_rise");
    setup->drift_rows = 0;
    if (yaga_config_bool(c, "inference.check_drift"))
        setup->drift_rows =
            (size_t)(yaga_config_int(c, "drift.window_hours") * 3600 / setup->step_s);
    static const char *const levels[] = {
        "training.alert_budget.low_hours", "training.alert_budget.medium_hours",
        "training.alert_budget.high_hours", "training.alert_budget.critical_hours"};
    for (size_t i = 0; i < 4; i++)
        d->return_hours[i] = yaga_config_float(c, levels[i]);
    d->by_decision =
        strcmp(yaga_config_string(c, "training.contamination_estimation.method"),
               "budget") != 0;
    static const char *const percentiles[] = {
        "training.threshold_calibration.percentiles.low",
        "training.threshold_calibration.percentiles.medium",
        "training.threshold_calibration.percentiles.high",
        "training.threshold_calibration.percentiles.critical"};
    d->by_percentile =
        strcmp(yaga_config_string(c, "training.threshold_calibration.method"),
               "percentile") == 0;
    for (size_t i = 0; i < 4; i++)
        d->share[i] = yaga_config_float(c, percentiles[i]) / 100.0;
    return YAGA_OK;
}

static void setup_incident(struct yaga_setup *setup)
{
    const struct yaga_config *c = setup->config;
    struct yaga_incident_params *p = &setup->incident;
    yaga_incident_params_init(p);
    p->confirmation_cycles =
        (int)yaga_config_int(c, "fingerprinting.confirmation_cycles");
    p->confirmation_max_gap =
        (int)yaga_config_int(c, "fingerprinting.confirmation_max_gap");
    p->resolution_grace_cycles =
        (int)yaga_config_int(c, "fingerprinting.resolution_grace_cycles");
    p->separation_s =
        60 * yaga_config_int(c, "fingerprinting.incident_separation_minutes");
    p->reopen_window_s = p->separation_s;
    if (yaga_config_is_set(c, "fingerprinting.reopen_window_minutes"))
        p->reopen_window_s =
            60 * yaga_config_int(c, "fingerprinting.reopen_window_minutes");
    p->reopen_as_new =
        strcmp(yaga_config_string(c, "fingerprinting.reopen_mode"), "new_incident") == 0;
    p->carry_over_s = 60 * yaga_config_int(c, "fingerprinting.outage_carry_over_minutes");
    p->orphan_close_s = 3600 * yaga_config_int(c, "fingerprinting.orphan_close_hours");
    p->cleanup_max_age_s =
        3600 * yaga_config_int(c, "fingerprinting.cleanup_max_age_hours");
    if (yaga_config_bool(c,
                         "training.exclude_incidents")) /* training leaves their time out
                                                           as long as it reads it */
        p->keep_severe_s = 86400 * yaga_config_int(c, "training.max_lookback_days");
    const char *scope = yaga_config_string(c, "fingerprinting.fingerprint_scope");
    p->scope = YAGA_SCOPE_PATTERN;
    if (strcmp(scope, "pattern_and_cause") == 0)
        p->scope = YAGA_SCOPE_PATTERN_AND_CAUSE;
    else if (strcmp(scope, "family") == 0)
        p->scope = YAGA_SCOPE_FAMILY;
}

static void setup_alert(struct yaga_setup *setup)
{
    const struct yaga_config *c = setup->config;
    struct yaga_alert_params *a = &setup->alert;
    *a = (struct yaga_alert_params){.generator = setup->generator};
    if (!yaga_severity_parse(yaga_config_string(c, "alerting.severity_threshold"),
                             &a->threshold))
        a->threshold = YAGA_SEVERITY_LOW;
    a->non_alerting =
        yaga_config_strings(c, "alerting.non_alerting_patterns", &a->n_non_alerting);
    a->update_every_cycles = (int)yaga_config_int(c, "alerting.update_every_cycles");
    a->scope = setup->incident.scope;
    a->correlate = yaga_config_bool(c, "alerting.correlation.enabled");
    a->min_correlated =
        (size_t)yaga_config_int(c, "alerting.correlation.min_anomalies_to_correlate");
    a->correlation_window_s = yaga_config_int(c, "alerting.correlation.window_seconds");
    const char *primary = yaga_config_string(c, "alerting.correlation.primary_selection");
    a->primary = primary[0] == 'n' ? YAGA_PRIMARY_NAMED : YAGA_PRIMARY_CONFIDENCE;
    if (strcmp(primary, "highest_severity") == 0)
        a->primary = YAGA_PRIMARY_SEVERITY;
    a->confirmation_cycles = setup->incident.confirmation_cycles;
    a->resolution_grace_cycles = setup->incident.resolution_grace_cycles;
}

static enum yaga_status setup_state_dir(struct yaga_setup *setup, struct yaga_error *err)
{
    const char *path = yaga_config_string(setup->config, "fingerprinting.db_path");
    const char *slash = strrchr(path, '/');
    bool fits = slash == NULL
                    ? yaga_format(setup->state_dir, sizeof setup->state_dir, ".")
                    : yaga_format(setup->state_dir, sizeof setup->state_dir, "%.*s",
                                  (int)(slash == path ? 1 : slash - path), path);
    if (!fits)
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "fingerprinting.db_path: path too long");
    return YAGA_OK;
}

/* Those with a model first, each kind in the configured order. */
static enum yaga_status set_auxiliary_apart(struct yaga_setup *setup,
                                            struct yaga_error *err)
{
    struct yaga_metric behind[YAGA_METRICS_MAX];
    size_t n = setup->n_metrics, n_kept = 0, n_behind = 0;
    for (size_t i = 0; i < n; i++) {
        if (setup->metrics[i].auxiliary != YAGA_AUXILIARY_NONE)
            behind[n_behind++] = setup->metrics[i];
        else if (n_kept++ < i)
            setup->metrics[n_kept - 1] = setup->metrics[i];
    }
    memcpy(setup->metrics + n_kept, behind, n_behind * sizeof *behind);
    setup->n_metrics = n_kept;
    setup->n_auxiliary = n_behind;
    if (n_kept > 0 || n == 0)
        return YAGA_OK;
    return yaga_error_set(err, YAGA_E_CONFIG, "%s: metrics: none of them gets a model",
                          yaga_config_where(setup->config, "metrics", 0));
}

enum yaga_status yaga_setup_init(struct yaga_setup *setup,
                                 const struct yaga_config *config,
                                 const char *program,
                                 struct yaga_error *err)
{
    *setup = (struct yaga_setup){.config = config, .program = program};
    (void)yaga_format(setup->generator, sizeof setup->generator, "%s " YAGA_VERSION,
                      program);
    enum yaga_status st =
        yaga_civil_set_zone(yaga_config_string(config, "timezone"), err);
    if (st != YAGA_OK)
        (void)yaga_error_wrap(err, "%s", yaga_config_where(config, "timezone", 0));
    if (st == YAGA_OK)
        st = yaga_setup_metrics(config, setup->metrics, &setup->n_metrics, err);
    if (st == YAGA_OK)
        st = set_auxiliary_apart(setup, err);
    if (st == YAGA_OK)
        st = setup_calendar(setup, err);
    if (st == YAGA_OK)
        st = setup_excluded(setup, err);
    if (st == YAGA_OK)
        st = setup_detect(setup, err);
    if (st == YAGA_OK)
        st = yaga_setup_patterns(setup, err);
    if (st == YAGA_OK)
        st = setup_state_dir(setup, err);
    if (st != YAGA_OK) {
        yaga_setup_clear(setup);
        return st;
    }
    setup_cascade(setup);
    setup_incident(setup);
    setup_alert(setup);
    yaga_setup_deliver(setup);
    yaga_config_digest(config, setup->config_digest);
    return YAGA_OK;
}

void yaga_setup_clear(struct yaga_setup *setup)
{
    yaga_free(setup->patterns);
    setup->patterns = NULL;
}
