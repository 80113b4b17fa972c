/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From configuration keys to parameter structs, one small function per room. */
#include "yaga/pipeline/setup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga-version.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"

static enum yaga_metric_kind kind_of(const char *word)
{
    if (strcmp(word, "rate") == 0)
        return YAGA_KIND_RATE;
    if (strcmp(word, "latency") == 0)
        return YAGA_KIND_LATENCY;
    return strcmp(word, "ratio") == 0 ? YAGA_KIND_RATIO : YAGA_KIND_GAUGE;
}

static enum yaga_metric_role role_of(const char *word)
{
    static const enum yaga_metric_role roles[] = {YAGA_ROLE_TRAFFIC, YAGA_ROLE_LATENCY,
                                                  YAGA_ROLE_DEPENDENCY,
                                                  YAGA_ROLE_DATABASE, YAGA_ROLE_ERRORS};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (strcmp(word, yaga_role_name(roles[i])) == 0)
            return roles[i];
    }
    return YAGA_ROLE_NONE;
}

static enum yaga_auxiliary auxiliary_of(const char *word)
{
    for (int i = YAGA_AUXILIARY_NONE + 1; i < YAGA_N_AUXILIARIES; i++)
        if (strcmp(word, yaga_auxiliary_name((enum yaga_auxiliary)i)) == 0)
            return (enum yaga_auxiliary)i;
    return YAGA_AUXILIARY_NONE;
}

static enum yaga_direction direction_of(const char *word)
{
    if (strcmp(word, "high") == 0)
        return YAGA_HIGH;
    return strcmp(word, "low") == 0 ? YAGA_LOW : YAGA_BOTH;
}

/* "auto": what multiplicative, skewed and bounded quantities ask for; a gauge stays as it
 * is. */
static enum yaga_transform transform_of(const char *word, enum yaga_metric_kind kind)
{
    if (strcmp(word, "none") == 0)
        return YAGA_TRANSFORM_NONE;
    if (strcmp(word, "log1p") == 0)
        return YAGA_TRANSFORM_LOG1P;
    if (strcmp(word, "log") == 0)
        return YAGA_TRANSFORM_LOG;
    if (strcmp(word, "logit") == 0)
        return YAGA_TRANSFORM_LOGIT;
    switch (kind) {
    case YAGA_KIND_RATE:
        return YAGA_TRANSFORM_LOG1P;
    case YAGA_KIND_LATENCY:
        return YAGA_TRANSFORM_LOG;
    case YAGA_KIND_RATIO:
        return YAGA_TRANSFORM_LOGIT;
    case YAGA_KIND_GAUGE:
        break;
    }
    return YAGA_TRANSFORM_NONE;
}

/* Ratios have no daily profile of their own by default: their level follows the traffic
 * they are counted on. */
static bool seasonal_of(const char *word, enum yaga_metric_kind kind, bool enabled)
{
    if (!enabled || strcmp(word, "no") == 0)
        return false;
    return strcmp(word, "yes") == 0 || kind != YAGA_KIND_RATIO;
}

static double optional(const struct yaga_config *config, const char *key, size_t i)
{
    return yaga_config_item_is_set(config, key, i)
               ? yaga_config_item_float(config, key, i)
               : (double)NAN;
}

enum yaga_status yaga_setup_metrics(const struct yaga_config *c,
                                    struct yaga_metric out[YAGA_METRICS_MAX],
                                    size_t *n_out,
                                    struct yaga_error *err)
{
    size_t n = yaga_config_list_size(c, "metrics");
    bool seasonal = yaga_config_bool(c, "training.seasonal_residual");
    if (n > YAGA_METRICS_MAX)
        return yaga_error_set(err, YAGA_E_CONFIG, "%s: metrics: %zu entries, at most %d",
                              yaga_config_where(c, "metrics", 0), n,
                              (int)YAGA_METRICS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct yaga_metric *m = &out[i];
        const char *name = yaga_config_item_string(c, "metrics[].name", i);
        *m = (struct yaga_metric){.query =
                                      yaga_config_item_string(c, "metrics[].query", i)};
        (void)yaga_format(m->name, sizeof m->name, "%s", name);
        m->service_label = yaga_config_item_string(c, "metrics[].service_label", i);
        const char *series = yaga_config_item_string(c, "metrics[].series", i);
        m->series = series[0] != '\0' ? series : name;
        (void)yaga_format(m->unit, sizeof m->unit, "%s",
                          yaga_config_item_string(c, "metrics[].unit", i));
        m->kind = kind_of(yaga_config_item_string(c, "metrics[].kind", i));
        m->role = role_of(yaga_config_item_string(c, "metrics[].role", i));
        m->auxiliary = auxiliary_of(yaga_config_item_string(c, "metrics[].auxiliary", i));
        m->bad = direction_of(yaga_config_item_string(c, "metrics[].bad_direction", i));
        m->transform =
            transform_of(yaga_config_item_string(c, "metrics[].transform", i), m->kind);
        m->seasonal = seasonal_of(yaga_config_item_string(c, "metrics[].seasonal", i),
                                  m->kind, seasonal);
        m->zero_normal = yaga_config_item_bool(c, "metrics[].zero_normal", i);
        m->expected = yaga_config_item_bool(c, "metrics[].expected", i);
        m->min = optional(c, "metrics[].min", i);
        m->max = optional(c, "metrics[].max", i);
        m->min_relative_change =
            yaga_config_item_float(c, "metrics[].min_relative_change", i);
        m->min_delta = yaga_config_item_float(c, "metrics[].min_delta", i);
        m->min_value = yaga_config_item_float(c, "metrics[].min_value", i);
    }
    *n_out = n;
    return YAGA_OK;
}

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

static const char *string_or_null(const struct yaga_config *c, const char *key)
{
    if (!yaga_config_is_set(c, key))
        return NULL;
    const char *text = yaga_config_string(c, key);
    return text[0] == '\0' ? NULL : text;
}

void yaga_setup_http(const struct yaga_setup *setup,
                     bool (*interrupted)(void),
                     struct yaga_setup_http *out)
{
    const struct yaga_config *c = setup->config;
    struct yaga_http_options *o = &out->options;
    yaga_http_options_init(o);
    (void)yaga_format(out->user_agent, sizeof out->user_agent, "%s/" YAGA_VERSION,
                      setup->program);
    o->endpoint = yaga_config_string(c, "victoria_metrics.endpoint");
    o->user_agent = out->user_agent;
    o->bearer_token = string_or_null(c, "victoria_metrics.bearer_token");
    o->username = string_or_null(c, "victoria_metrics.username");
    o->password = string_or_null(c, "victoria_metrics.password");
    o->ca_file = string_or_null(c, "victoria_metrics.ca_file");
    o->max_retries = (int)yaga_config_int(c, "victoria_metrics.max_retries");
    o->backoff_s = yaga_config_float(c, "victoria_metrics.retry_backoff_factor");
    size_t n;
    const int64_t *list =
        yaga_config_ints(c, "victoria_metrics.retry_status_forcelist", &n);
    o->n_retry_statuses =
        n < YAGA_RETRY_STATUSES_MAX ? n : (size_t)YAGA_RETRY_STATUSES_MAX;
    for (size_t i = 0; i < o->n_retry_statuses; i++)
        out->statuses[i] = (int)list[i];
    o->retry_statuses = out->statuses;
    o->breaker_threshold =
        (int)yaga_config_int(c, "victoria_metrics.circuit_breaker_threshold");
    o->breaker_timeout_s =
        yaga_config_int(c, "victoria_metrics.circuit_breaker_timeout_seconds");
    o->max_connections = (int)yaga_config_int(c, "victoria_metrics.pool_maxsize");
    o->interrupted = interrupted;
}

enum yaga_status yaga_setup_source(const struct yaga_setup *setup,
                                   bool (*interrupted)(void),
                                   struct yaga_source **out,
                                   struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    if (strcmp(yaga_config_string(c, "source.type"), "archive") == 0) {
        size_t n;
        const char *const *files = yaga_config_strings(c, "source.files", &n);
        return yaga_source_archive_new(files, n, out, err);
    }
    struct yaga_setup_http http;
    struct yaga_source_prometheus_options o = {
        .health_path = yaga_config_string(c, "victoria_metrics.health_path"),
        .health_max_latency_ms = yaga_config_int(c, "inference.health_max_latency_ms"),
        .timeout_s = yaga_config_int(c, "victoria_metrics.timeout_seconds"),
        .range_timeout_s = yaga_config_int(c, "victoria_metrics.range_timeout_seconds"),
        .environment = yaga_config_string(c, "victoria_metrics.environment"),
        .rate_window = yaga_config_string(c, "victoria_metrics.rate_window"),
        .max_points_per_query =
            (size_t)yaga_config_int(c, "victoria_metrics.max_points_per_query"),
        .services_per_query =
            (size_t)yaga_config_int(c, "victoria_metrics.services_per_query"),
    };
    yaga_setup_http(setup, interrupted, &http);
    o.http = http.options;
    return yaga_source_prometheus_new(&o, out, err);
}

static int configured_index(const struct yaga_config *c, const char *service)
{
    size_t n = yaga_config_list_size(c, "services");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(yaga_config_item_string(c, "services[].name", i), service) == 0)
            return (int)i;
    }
    return -1;
}

void yaga_setup_service_metrics(const struct yaga_setup *setup,
                                const char *service,
                                struct yaga_metric out[YAGA_METRICS_MAX])
{
    memcpy(out, setup->metrics, setup->n_metrics * sizeof *out);
    int index = configured_index(setup->config, service);
    if (index < 0)
        return;
    size_t n;
    const char *const *names = yaga_config_item_strings(
        setup->config, "services[].expected_metrics", (size_t)index, &n);
    if (n == 0)
        return;
    for (size_t m = 0; m < setup->n_metrics; m++)
        out[m].expected = false;
    for (size_t i = 0; i < n; i++) {
        int m = yaga_metric_by_name(out, setup->n_metrics, names[i]);
        if (m >= 0)
            out[m].expected = true;
    }
}

/* services[index]; an index of -1 is a service that is not listed. */
static void classify(const struct yaga_config *c,
                     const char *service,
                     int index,
                     struct yaga_service_class *out)
{
    static const char *const keys[YAGA_N_CATEGORIES] = {
        [YAGA_CATEGORY_CRITICAL] = "services_patterns.critical",
        [YAGA_CATEGORY_STANDARD] = "services_patterns.standard",
        [YAGA_CATEGORY_MICRO] = "services_patterns.micro",
        [YAGA_CATEGORY_ADMIN] = "services_patterns.admin",
        [YAGA_CATEGORY_CORE] = "services_patterns.core",
        [YAGA_CATEGORY_BACKGROUND] = "services_patterns.background",
    };
    struct yaga_category_patterns patterns;
    enum yaga_category configured = YAGA_N_CATEGORIES;
    for (size_t i = 0; i < YAGA_N_CATEGORIES; i++)
        patterns.tokens[i] = yaga_config_strings(c, keys[i], &patterns.n[i]);
    if (index >= 0)
        configured = yaga_category_parse(
            yaga_config_item_string(c, "services[].category", (size_t)index));
    yaga_category_classify(service, configured, &patterns, out);
}

/* The largest share of ordinary rows that forests of a service may flag: what is said of
 * the service comes before what is said of its category. */
static double
contamination_of(const struct yaga_config *c, int index, const char *service, double rate)
{
    if (index >= 0 &&
        yaga_config_item_is_set(c, "services[].contamination", (size_t)index))
        return yaga_config_item_float(c, "services[].contamination", (size_t)index);
    size_t n = yaga_config_list_size(c, "model.contamination_by_service");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(yaga_config_item_string(c, "model.contamination_by_service[].name", i),
                   service) == 0)
            return yaga_config_item_float(c, "model.contamination_by_service[].value", i);
    }
    return rate;
}

static double rate_of_class(const struct yaga_config *c,
                            const struct yaga_service_class *class)
{
    static const char *const keys[YAGA_N_CATEGORIES] = {
        [YAGA_CATEGORY_CRITICAL] = "model.contamination_by_category.critical",
        [YAGA_CATEGORY_STANDARD] = "model.contamination_by_category.standard",
        [YAGA_CATEGORY_MICRO] = "model.contamination_by_category.micro",
        [YAGA_CATEGORY_ADMIN] = "model.contamination_by_category.admin",
        [YAGA_CATEGORY_CORE] = "model.contamination_by_category.core",
        [YAGA_CATEGORY_BACKGROUND] = "model.contamination_by_category.background",
    };
    if (yaga_config_is_set(c, keys[class->category]))
        return yaga_config_float(c, keys[class->category]);
    return class->kind == YAGA_SERVICE_UNKNOWN
               ? yaga_config_float(c, "model.default_contamination")
               : class->rate;
}

void yaga_setup_service_class(const struct yaga_setup *setup,
                              const char *service,
                              struct yaga_service_class *out)
{
    const struct yaga_config *c = setup->config;
    int index = configured_index(c, service);
    classify(c, service, index, out);
    out->rate = contamination_of(c, index, service, rate_of_class(c, out));
}

static bool wanted(const char *name, const char *const *only, size_t n_only)
{
    for (size_t i = 0; i < n_only; i++) {
        if (strcmp(only[i], name) == 0)
            return true;
    }
    return n_only == 0;
}

static enum yaga_status check_only(const struct yaga_config *c,
                                   const char *const *only,
                                   size_t n_only,
                                   struct yaga_error *err)
{
    for (size_t i = 0; i < n_only; i++) {
        int index = configured_index(c, only[i]);
        if (index < 0)
            return yaga_error_set(err, YAGA_E_ARG,
                                  "--service %s: not among the configured services",
                                  only[i]);
        if (!yaga_config_item_bool(c, "services[].enabled", (size_t)index))
            return yaga_error_set(err, YAGA_E_ARG, "--service %s: disabled at %s",
                                  only[i],
                                  yaga_config_where(c, "services", (size_t)index));
    }
    return YAGA_OK;
}

/* Enabled services in category order; wanted ones only. */
static size_t pick_configured(const struct yaga_config *c,
                              const char *const *only,
                              size_t n_only,
                              const char **names)
{
    size_t n = yaga_config_list_size(c, "services");
    size_t used = 0;
    for (size_t k = 0; k < YAGA_N_CATEGORIES; k++) {
        for (size_t i = 0; i < n; i++) {
            const char *name = yaga_config_item_string(c, "services[].name", i);
            struct yaga_service_class class;
            classify(c, name, (int)i, &class);
            if (class.category == (enum yaga_category)k &&
                yaga_config_item_bool(c, "services[].enabled", i) &&
                wanted(name, only, n_only))
                names[used++] = name;
        }
    }
    return used;
}

static size_t pick_named(const char *const *only, size_t n_only, const char **names)
{
    size_t used = 0;
    for (size_t i = 0; i < n_only; i++) {
        if (used == 0 || !wanted(only[i], names, used))
            names[used++] = only[i];
    }
    return used;
}

enum yaga_status yaga_setup_services(const struct yaga_setup *setup,
                                     const char *const *only,
                                     size_t n_only,
                                     const char ***out,
                                     size_t *n_out,
                                     struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    size_t n = yaga_config_list_size(c, "services");
    enum yaga_status st = n > 0 ? check_only(c, only, n_only, err) : YAGA_OK;
    if (st != YAGA_OK)
        return st;
    const char **names = yaga_alloc(n + n_only + 1, sizeof *names);
    if (names == NULL)
        return yaga_error_nomem(err);
    size_t used =
        n > 0 ? pick_configured(c, only, n_only, names) : pick_named(only, n_only, names);
    if (n > 0 && used == 0) { /* none configured would mean all there are */
        yaga_free(names);
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "%s: services: none of the %zu is enabled",
                              yaga_config_where(c, "services", 0), n);
    }
    *out = names;
    *n_out = used;
    return YAGA_OK;
}

size_t yaga_setup_history_rows(const struct yaga_setup *setup)
{
    size_t hour_rows = (size_t)(3600 / setup->step_s) +
                       1; /* the level correction looks back from a full hour */
    size_t learned = setup->detect.level_rows;
    if (setup->drift_rows > learned)
        learned = setup->drift_rows;
    size_t day_rows = (size_t)(86400 / setup->step_s); /* for error budgets */
    if (yaga_config_bool(setup->config, "slos.enabled") && day_rows > learned)
        learned = day_rows;
    size_t trend_rows = setup->trend.hours * (size_t)(3600 / setup->step_s);
    if (trend_rows > learned)
        learned = trend_rows;
    return setup->detect.window_rows + learned + hour_rows;
}
