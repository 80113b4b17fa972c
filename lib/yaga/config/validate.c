/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules across values. Each value has already passed the limits of its row. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/config/validate_rules.h"

/* ---- source ---- */

static void check_credentials(const struct check *check)
{
    static const char *const keys[] = {"victoria_metrics.bearer_token",
                                       "victoria_metrics.username",
                                       "victoria_metrics.password"};
    bool set[3];
    for (size_t i = 0; i < 3; i++) {
        set[i] = yaga_config_is_set(check->config, keys[i]);
        for (const char *p = string(check, keys[i]); *p != '\0'; p++) {
            if (iscntrl((unsigned char)*p)) {
                error_at(check, keys[i], 0,
                         "control characters (a line end?) in the value");
                break;
            }
        }
    }
    if (set[1] != set[2])
        error_at(check, set[1] ? keys[1] : keys[2], 0,
                 "VM_USERNAME and VM_PASSWORD go together");
    if (set[0] && set[1])
        error_at(check, keys[0], 0, "either VM_BEARER_TOKEN or VM_USERNAME, not both");
}

static void check_source(const struct check *check)
{
    size_t n_files;
    (void)yaga_config_strings(check->config, "source.files", &n_files);
    bool archive = strcmp(string(check, "source.type"), "archive") == 0;
    if (archive && n_files == 0)
        error_at(check, "source.files", 0, "required by source.type = \"archive\"");
    if (yaga_config_is_set(check->config, "victoria_metrics.endpoint"))
        yaga_check_url(check, "victoria_metrics.endpoint", 0,
                       string(check, "victoria_metrics.endpoint"),
                       "VM_USERNAME and VM_PASSWORD");
    else if (!archive)
        error_at(check, "victoria_metrics.endpoint", 0,
                 "required by source.type = \"prometheus\" (or set VM_ENDPOINT)");
    const char *health = string(check, "victoria_metrics.health_path");
    if (health[0] != '\0' && health[0] != '/')
        error_at(check, "victoria_metrics.health_path", 0, "a path starts with /");
    check_credentials(check);
}

/* ---- times ---- */

static void check_duration(const struct check *check,
                           const char *key,
                           int64_t min_s,
                           int64_t max_s,
                           int64_t *out_s)
{
    if (yaga_duration_parse(string(check, key), out_s) && *out_s >= min_s &&
        *out_s <= max_s)
        return;
    *out_s = 0;
    yaga_config_error(check->problems, yaga_config_where(check->config, key, 0),
                      "%s: \"%s\" is not a duration of %lld..%lld seconds (\"5m\")", key,
                      string(check, key), (long long)min_s, (long long)max_s);
}

/* Values of keys rise strictly in the given order. */
static void check_rising(const struct check *check, const char *const *keys, size_t n)
{
    size_t n_rows;
    const struct yaga_setting *settings = yaga_settings(&n_rows);
    for (size_t i = 1; i < n; i++) {
        bool whole = settings[yaga_setting_find(keys[i])].type == YAGA_SETTING_INT;
        double low = whole ? (double)integer(check, keys[i - 1])
                           : yaga_config_float(check->config, keys[i - 1]);
        double high = whole ? (double)integer(check, keys[i])
                            : yaga_config_float(check->config, keys[i]);
        if (low < high)
            continue;
        char text[YAGA_DOUBLE_TEXT_MAX];
        yaga_config_error(check->problems, yaga_config_where(check->config, keys[i], 0),
                          "%s: %s is not above %s", keys[i],
                          yaga_format_double(high, text), keys[i - 1]);
    }
}

static void check_grid(const struct check *check)
{
    int64_t grid_s, window_s;
    check_duration(check, "cache.step", 60, 3600, &grid_s);
    check_duration(check, "victoria_metrics.rate_window", 1, 86400, &window_s);
    int64_t step_s = integer(check, "inference.step_seconds");
    if (grid_s > 0 && step_s != grid_s)
        error_at(check, "inference.step_seconds", 0, "must equal cache.step");
    int64_t points = integer(check, "detection.persistence_n") + 1;
    if (integer(check, "inference.window_minutes") * 60 < points * step_s)
        error_at(check, "inference.window_minutes", 0,
                 "must hold at least detection.persistence_n + 1 steps");
}

/* "2026-02-30" reads as the second of March; a day that comes back changed does not
 * exist. */
static void check_periods(const struct check *check)
{
    static const char *const hours[] = {"time_periods.business_start",
                                        "time_periods.evening_start",
                                        "time_periods.night_start"};
    check_rising(check, hours, sizeof hours / sizeof hours[0]);
    size_t n;
    const char *const *days =
        yaga_config_strings(check->config, "time_periods.public_holidays", &n);
    for (size_t i = 0; i < n; i++) {
        if (!yaga_check_is_date(days[i]))
            yaga_config_error(
                check->problems,
                yaga_config_where(check->config, "time_periods.public_holidays", 0),
                "time_periods.public_holidays: \"%.40s\" is not a date YYYY-MM-DD",
                days[i]);
    }
}

/* ---- detection, incidents, training ---- */

static void check_cycles(const struct check *check)
{
    if (integer(check, "detection.persistence_k") >
        integer(check, "detection.persistence_n"))
        error_at(check, "detection.persistence_k", 0,
                 "must not exceed detection.persistence_n");
    int64_t interval_s = integer(check, "inference.expected_interval_seconds");
    if (integer(check, "inference.max_run_seconds") >= interval_s)
        error_at(check, "inference.max_run_seconds", 0,
                 "must be below inference.expected_interval_seconds");
    int64_t grace_s =
        interval_s * integer(check, "fingerprinting.resolution_grace_cycles");
    if (grace_s >= 60 * integer(check, "fingerprinting.incident_separation_minutes"))
        warning_at(check, "fingerprinting.incident_separation_minutes", 0,
                   "not longer than resolution_grace_cycles cycles, so that incidents "
                   "are separated "
                   "before they can close");
    if (integer(check, "inference.model_warn_age_days") >
        integer(check, "inference.model_max_age_days"))
        error_at(check, "inference.model_warn_age_days", 0,
                 "must not exceed inference.model_max_age_days");
}

static void check_levels(const struct check *check)
{
    static const char *const levels[] = {
        "detection_thresholds.levels.very_low", "detection_thresholds.levels.low",
        "detection_thresholds.levels.moderate", "detection_thresholds.levels.elevated",
        "detection_thresholds.levels.high",     "detection_thresholds.levels.very_high"};
    check_rising(check, levels, sizeof levels / sizeof levels[0]);
}

static void check_training(const struct check *check)
{
    static const char *const budget[] = {
        "training.alert_budget.low_hours", "training.alert_budget.medium_hours",
        "training.alert_budget.high_hours", "training.alert_budget.critical_hours"};
    check_rising(check, budget, sizeof budget / sizeof budget[0]);
    static const char *const percentiles[] = {
        "training.threshold_calibration.percentiles.critical",
        "training.threshold_calibration.percentiles.high",
        "training.threshold_calibration.percentiles.medium",
        "training.threshold_calibration.percentiles.low"};
    check_rising(check, percentiles, sizeof percentiles / sizeof percentiles[0]);
    double half_life = yaga_config_float(check->config, "training.half_life_days");
    if (half_life > 0 && half_life < 1)
        error_at(check, "training.half_life_days", 0, "must be 0 or at least 1");
    if (integer(check, "training.lookback_days") < 14)
        warning_at(check, "training.lookback_days", 0,
                   "less than two weeks do not show what a week is like");
    if (strcmp(string(check, "model.models_directory"),
               string(check, "model.staging_directory")) == 0)
        error_at(check, "model.staging_directory", 0,
                 "must differ from model.models_directory");
    if (strcmp(string(check, "model.models_directory"),
               string(check, "model.backup_directory")) == 0)
        error_at(check, "model.backup_directory", 0,
                 "must differ from model.models_directory");
}

/* The name is a folder below the models of a service. */
static bool is_variant(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return text[0] >= 'a' && text[0] <= 'z' && strspn(text, plain) == strlen(text) &&
           strcmp(text, "baseline") != 0;
}

static void check_excluded(const struct check *check)
{
    static const char start[] = "training.excluded_periods[].start";
    static const char end[] = "training.excluded_periods[].end";
    static const char variant[] = "training.excluded_periods[].model_variant";
    size_t n = yaga_config_list_size(check->config, "training.excluded_periods");
    for (size_t i = 0; i < n; i++) {
        int64_t start_s, end_s;
        bool both = yaga_config_read_time(check->config, check->problems, start, i, false,
                                          &start_s);
        both =
            yaga_config_read_time(check->config, check->problems, end, i, true, &end_s) &&
            both;
        if (both && start_s >= end_s)
            error_at(check, end, i, "must be after the start");
        if (!is_variant(yaga_config_item_string(check->config, variant, i)))
            error_at(check, variant, i,
                     "not a name of a-z 0-9 _ - that begins with a letter and is not "
                     "baseline");
    }
}

void yaga_config_validate(const struct yaga_config *config,
                          struct config_problems *problems)
{
    struct check check = {.config = config, .problems = problems};
    check_source(&check);
    check_grid(&check);
    check_periods(&check);
    check_cycles(&check);
    check_levels(&check);
    check_training(&check);
    check_excluded(&check);
    yaga_check_lists(&check);
    yaga_check_categories(&check);
    yaga_check_enrichment(&check);
    yaga_check_deliver(&check);
    yaga_config_validate_slo(config, problems);
}
