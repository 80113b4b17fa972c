/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules across values. Each value has already passed the limits of its row. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/config/config_internal.h"
#include "yaga/io/template.h"

struct check {
    const struct yaga_config *config;
    struct config_problems *problems;
};

static void
error_at(const struct check *check, const char *key, size_t index, const char *message)
{
    yaga_config_error(check->problems, yaga_config_where(check->config, key, index),
                      "%s: %s", key, message);
}

static void
warning_at(const struct check *check, const char *key, size_t index, const char *message)
{
    yaga_config_warning(check->problems, yaga_config_where(check->config, key, index),
                        "%s: %s", key, message);
}

static int64_t integer(const struct check *check, const char *key)
{
    return yaga_config_int(check->config, key);
}

static const char *string(const struct check *check, const char *key)
{
    return yaga_config_string(check->config, key);
}

/* ---- source ---- */

static bool is_local_host(const char *host, size_t length)
{
    static const char *const locals[] = {"localhost", "[::1]"};
    for (size_t i = 0; i < sizeof locals / sizeof locals[0]; i++)
        if (strlen(locals[i]) == length && strncasecmp(locals[i], host, length) == 0)
            return true;
    return length > 4 && strncmp(host, "127.", 4) == 0;
}

/* Messages never repeat the URL: it may hold what it must not. instead: where a user and
 * a password belong. */
static void check_url(const struct check *check,
                      const char *key,
                      size_t index,
                      const char *url,
                      const char *instead)
{
    bool tls = strncasecmp(url, "https://", 8) == 0;
    if (!tls && strncasecmp(url, "http://", 7) != 0) {
        error_at(check, key, index, "not a URL that starts with http:// or https://");
        return;
    }
    const char *host = url + (tls ? 8 : 7);
    size_t authority = strcspn(host, "/?#");
    if (memchr(host, '@', authority) != NULL) {
        char message[128];
        (void)yaga_format(message, sizeof message,
                          "no user or password in the URL, use %s", instead);
        error_at(check, key, index, message);
        return;
    }
    size_t name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    bool printable = true;
    for (const char *p = url; *p != '\0'; p++)
        printable = printable && isgraph((unsigned char)*p);
    if (name == 0 || name > authority || !printable || strpbrk(url, "?#") != NULL)
        error_at(check, key, index,
                 "not a base URL: scheme, host, optional port and path");
    else if (!tls && !is_local_host(host, name))
        warning_at(check, key, index, "http to another host is not encrypted");
}

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
        check_url(check, "victoria_metrics.endpoint", 0,
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
static bool is_date(const char *text)
{
    int64_t at_s, day;
    bool only_date = false;
    if (strlen(text) != 10 || !yaga_time_parse(text, &at_s, &only_date) || !only_date)
        return false;
    return yaga_parse_int64(text + 8, 2, &day) && yaga_civil_from_unix(at_s).day == day;
}

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
        if (!is_date(days[i]))
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

bool yaga_config_read_time(const struct yaga_config *config,
                           struct config_problems *problems,
                           const char *key,
                           size_t index,
                           bool end,
                           int64_t *out_s)
{
    const char *text = yaga_config_item_string(config, key, index);
    bool only_date = false;
    bool valid =
        yaga_time_parse(text, out_s, &only_date) && (!only_date || is_date(text));
    if (!valid)
        yaga_config_error(problems, yaga_config_where(config, key, index),
                          "%s: \"%.40s\" is not a day or a time", key, text);
    else if (end && only_date)
        *out_s += 86400;
    return valid;
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

/* ---- lists ---- */

struct named {
    const char *name;
    size_t index;
};

static int compare_named(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    if (order != 0)
        return order;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* Names of a list in sorted order, for duplicates and look-up; NULL without memory. */
static struct named *
sorted_names(const struct check *check, const char *list, const char *key)
{
    size_t n = yaga_config_list_size(check->config, list);
    struct named *names = yaga_calloc(n, sizeof *names);
    if (names == NULL) {
        check->problems->no_memory = true;
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        names[i] = (struct named){yaga_config_item_string(check->config, key, i), i};
    qsort(names, n, sizeof *names, compare_named);
    return names;
}

static bool is_known(const struct named *names, size_t n, const char *name)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(names[low].name, name) == 0;
}

static void check_duplicates(const struct check *check,
                             const char *key,
                             const struct named *names,
                             size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (strcmp(names[i - 1].name, names[i].name) == 0)
            yaga_config_error(
                check->problems, yaga_config_where(check->config, key, names[i].index),
                "%s: \"%s\" is there twice, first at %s", key, names[i].name,
                yaga_config_where(check->config, key, names[i - 1].index));
}

static bool only_has(const char *text, const char *others)
{
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');
        if (!plain && strchr(others, *text) == NULL)
            return false;
    }
    return true;
}

static void check_service(const struct check *check,
                          size_t i,
                          const struct named *services,
                          size_t n_services,
                          const struct named *metrics,
                          size_t n_metrics)
{
    size_t n;
    const char *name = yaga_config_item_string(check->config, "services[].name", i);
    for (const char *p = name; *p != '\0'; p++) {
        if (iscntrl((unsigned char)*p)) {
            error_at(check, "services[].name", i, "control character in the name");
            return;
        }
    }
    if (!only_has(name, "._-"))
        warning_at(check, "services[].name", i,
                   "characters outside of A-Z a-z 0-9 . _ -");
    const char *const *expected =
        yaga_config_item_strings(check->config, "services[].expected_metrics", i, &n);
    for (size_t k = 0; k < n; k++)
        if (!is_known(metrics, n_metrics, expected[k]))
            yaga_config_error(
                check->problems,
                yaga_config_where(check->config, "services[].expected_metrics", i),
                "services[].expected_metrics: \"%.100s\" is not a metric", expected[k]);
    const char *const *callees =
        yaga_config_item_strings(check->config, "services[].depends_on", i, &n);
    for (size_t k = 0; k < n; k++)
        if (strcmp(callees[k], name) == 0 || !is_known(services, n_services, callees[k]))
            yaga_config_warning(
                check->problems,
                yaga_config_where(check->config, "services[].depends_on", i),
                "services[].depends_on: \"%.100s\" is not another service listed here",
                callees[k]);
}

/* $ before anything but a capital letter is the end of a regular expression. */
static bool has_placeholders(const char *query, const char *letters)
{
    bool service = query[0] == '\0'; /* empty: the series itself */
    for (const char *p = query; (p = strchr(p, '$')) != NULL; p++) {
        if (p[1] >= 'A' && p[1] <= 'Z' && strchr(letters, p[1]) == NULL)
            return false;
        service = service || p[1] == 'S';
    }
    return service;
}

static bool is_query(const char *query)
{
    return has_placeholders(query, "SEW");
}

static bool is_label(const char *label)
{
    return only_has(label, "._:/-") && (label[0] < '0' || label[0] > '9');
}

static void check_metric(const struct check *check, size_t i)
{
    if (!only_has(yaga_config_item_string(check->config, "metrics[].name", i), "._:-"))
        error_at(check, "metrics[].name", i, "characters outside of A-Z a-z 0-9 . _ : -");
    if (!is_query(yaga_config_item_string(check->config, "metrics[].query", i)))
        error_at(check, "metrics[].query", i,
                 "must contain $S, and no placeholder but $S, $E and $W");
    const char *label =
        yaga_config_item_string(check->config, "metrics[].service_label", i);
    if (!is_label(label))
        error_at(check, "metrics[].service_label", i,
                 "not a label: characters outside of A-Z a-z 0-9 . _ : / -, or a digit "
                 "first");
    if (!is_query(yaga_config_item_string(check->config, "metrics[].status_codes", i)))
        error_at(check, "metrics[].status_codes", i,
                 "must contain $S, and no placeholder but $S, $E and $W");
    double min = yaga_config_item_float(check->config, "metrics[].min", i);
    double max = yaga_config_item_float(check->config, "metrics[].max", i);
    if (!isnan(min) && !isnan(max) && min >= max)
        error_at(check, "metrics[].max", i, "must be above metrics[].min");
    const char *role = yaga_config_item_string(check->config, "metrics[].role", i);
    for (size_t k = 0; k < i && strcmp(role, "none") != 0; k++)
        if (strcmp(role, yaga_config_item_string(check->config, "metrics[].role", k)) ==
            0)
            yaga_config_error(check->problems,
                              yaga_config_where(check->config, "metrics[].role", i),
                              "metrics[].role: \"%s\" has already been given at %s", role,
                              yaga_config_where(check->config, "metrics[].role", k));
}

/* One metric for each auxiliary value, and it is nothing else. */
static void check_auxiliary(const struct check *check, size_t i)
{
    static const char key[] = "metrics[].auxiliary";
    const char *word = yaga_config_item_string(check->config, key, i);
    if (strcmp(word, "none") == 0)
        return;
    if (strcmp(yaga_config_item_string(check->config, "metrics[].role", i), "none") != 0)
        error_at(check, key, i, "a metric with a role has a model");
    for (size_t k = 0; k < i; k++)
        if (strcmp(word, yaga_config_item_string(check->config, key, k)) == 0)
            yaga_config_error(check->problems, yaga_config_where(check->config, key, i),
                              "%s: \"%s\" has already been given at %s", key, word,
                              yaga_config_where(check->config, key, k));
}

/* A fingerprint is made of "service_pattern": "a_b" and "c" is "a" and "b_c". */
static void
check_prefixes(const struct check *check, const struct named *services, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(services[i].name);
        /* in order: whoever begins with this name follows it at once */
        for (size_t k = i + 1;
             k < n && strncmp(services[k].name, services[i].name, length) == 0; k++)
            if (services[k].name[length] == '_')
                warning_at(check, "services[].name", services[k].index,
                           "begins with the name of another service and \"_\": their "
                           "incidents may get the same fingerprint");
    }
}

static void check_lists(const struct check *check)
{
    size_t n_services = yaga_config_list_size(check->config, "services");
    size_t n_metrics = yaga_config_list_size(check->config, "metrics");
    YAGA_AUTO_MEM(struct named)
    services = sorted_names(check, "services", "services[].name");
    size_t n_rates =
        yaga_config_list_size(check->config, "model.contamination_by_service");
    YAGA_AUTO_MEM(struct named)
    rates = sorted_names(check, "model.contamination_by_service",
                         "model.contamination_by_service[].name");
    YAGA_AUTO_MEM(struct named)
    metrics = sorted_names(check, "metrics", "metrics[].name");
    if (services == NULL || rates == NULL || metrics == NULL)
        return;
    check_duplicates(check, "services[].name", services, n_services);
    check_prefixes(check, services, n_services);
    check_duplicates(check, "model.contamination_by_service[].name", rates, n_rates);
    check_duplicates(check, "metrics[].name", metrics, n_metrics);
    for (size_t i = 0; i < n_metrics; i++)
        check_metric(check, i);
    for (size_t i = 0; i < n_metrics; i++)
        check_auxiliary(check, i);
    for (size_t i = 0; i < n_services; i++)
        check_service(check, i, services, n_services, metrics, n_metrics);
}

/* ---- categories ---- */

static const char *const pattern_keys[] = {
    "services_patterns.critical", "services_patterns.standard",
    "services_patterns.micro",    "services_patterns.admin",
    "services_patterns.core",     "services_patterns.background"};

/* The list that holds a token before place i of list k; NULL when none does. */
static const char *
token_before(const struct check *check, const char *token, size_t k, size_t i)
{
    for (size_t b = 0; b <= k; b++) {
        size_t n;
        const char *const *tokens =
            yaga_config_strings(check->config, pattern_keys[b], &n);
        for (size_t j = 0; j < (b == k ? i : n); j++) {
            if (strcasecmp(token, tokens[j]) == 0)
                return pattern_keys[b];
        }
    }
    return NULL;
}

/* A token that holds what separates tokens matches nothing, and one that is there twice
 * means two things. */
static void check_token(const struct check *check, const char *token, size_t k, size_t i)
{
    const char *key = pattern_keys[k];
    const char *where = yaga_config_where(check->config, key, 0);
    const char *before = token_before(check, token, k, i);
    if (strpbrk(token, "-_.") != NULL)
        yaga_config_error(check->problems, where,
                          "%s: \"%.100s\" is not a part of a name between - _ and .", key,
                          token);
    else if (before != NULL)
        yaga_config_error(check->problems, where, "%s: \"%.100s\" is already in %s", key,
                          token, before);
}

static void check_patterns(const struct check *check)
{
    for (size_t k = 0; k < sizeof pattern_keys / sizeof pattern_keys[0]; k++) {
        size_t n;
        const char *const *tokens =
            yaga_config_strings(check->config, pattern_keys[k], &n);
        for (size_t i = 0; i < n; i++)
            check_token(check, tokens[i], k, i);
    }
}

/* ---- enrichment ---- */

static void check_enrichment(const struct check *check)
{
    static const char *const queries[] = {
        "enrichment.queries.exceptions",     "enrichment.queries.graph_requests",
        "enrichment.queries.graph_failures", "enrichment.queries.graph_latency",
        "enrichment.queries.status_codes",   "enrichment.queries.versions"};
    static const char label[] = "enrichment.version_label";
    static const char calls[] = "dependencies.discover_query";
    static const char endpoint[] = "envoy_enrichment.endpoint";
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        if (!has_placeholders(string(check, queries[i]), "SEWL"))
            error_at(check, queries[i], 0,
                     "must contain $S, and no placeholder but $S, $E, $W and $L");
    if (strchr(string(check, calls), '$') != NULL)
        error_at(check, calls, 0, "must not contain a placeholder ($)");
    if (!is_label(string(check, label)))
        error_at(check, label, 0,
                 "not a label: characters outside of A-Z a-z 0-9 . _ : / -, or a digit "
                 "first");
    if (yaga_config_is_set(check->config, endpoint))
        check_url(check, endpoint, 0, string(check, endpoint), "a proxy that needs none");
    else if (yaga_config_bool(check->config, "envoy_enrichment.enabled"))
        error_at(check, endpoint, 0, "required by envoy_enrichment.enabled");
}

/* ---- where documents go ---- */

static void check_path(const struct check *check, const char *key)
{
    const char *path = string(check, key);
    bool plain = path[0] == '/';
    for (const char *p = path; *p != '\0'; p++)
        plain = plain && isgraph((unsigned char)*p) && *p != '#';
    if (!plain)
        error_at(check, key, 0, "a path starts with / and has no blanks");
}

static void check_webhook(const struct check *check, size_t i)
{
    const struct yaga_config *c = check->config;
    const char *name = yaga_config_item_string(c, "webhooks[].name", i);
    const char *url = yaga_config_item_string(c, "webhooks[].url", i);
    const char *url_file = yaga_config_item_string(c, "webhooks[].url_file", i);
    YAGA_AUTO(yaga_template) tmpl = NULL;
    struct yaga_error err = {.status = YAGA_OK};
    for (size_t k = 0; k < i; k++)
        if (strcmp(name, yaga_config_item_string(c, "webhooks[].name", k)) == 0)
            error_at(check, "webhooks[].name", i, "the same name twice");
    if (!only_has(name, "._-"))
        error_at(check, "webhooks[].name", i, "characters outside of A-Z a-z 0-9 . _ -");
    if ((url[0] == '\0') == (url_file[0] == '\0'))
        error_at(check, "webhooks[].url", i, "either url or url_file");
    else if (url[0] != '\0')
        check_url(check, "webhooks[].url", i, url, "webhooks[].token_file");
    if (yaga_template_parse(yaga_config_item_string(c, "webhooks[].template", i), &tmpl,
                            &err) != YAGA_OK)
        error_at(check, "webhooks[].template", i, err.text);
    for (const char *p = yaga_config_item_string(c, "webhooks[].content_type", i);
         *p != '\0'; p++) {
        if (iscntrl((unsigned char)*p)) {
            error_at(check, "webhooks[].content_type", i, "control character");
            break;
        }
    }
}

static void check_deliver(const struct check *check)
{
    for (const char *p = string(check, "instance"); *p != '\0'; p++) {
        if (!isgraph((unsigned char)*p)) {
            error_at(check, "instance", 0, "blanks or control characters");
            break;
        }
    }
    size_t n;
    const char *const *urls = yaga_config_strings(check->config, "alertmanager.urls", &n);
    for (size_t i = 0; i < n; i++) {
        check_url(check, "alertmanager.urls", 0, urls[i], "alertmanager.token_file");
        for (size_t k = 0; k < i; k++)
            if (strcmp(urls[i], urls[k]) == 0)
                error_at(check, "alertmanager.urls", 0, "the same URL twice");
    }
    if (string(check, "score_writeback.url")[0] != '\0') {
        check_url(check, "score_writeback.url", 0, string(check, "score_writeback.url"),
                  "score_writeback.token_file");
        check_path(check, "score_writeback.path");
    }
    for (size_t i = 0; i < yaga_config_list_size(check->config, "webhooks"); i++)
        check_webhook(check, i);
    if (!yaga_config_bool(check->config, "observability_api.enabled"))
        return;
    check_url(check, "observability_api.base_url", 0,
              string(check, "observability_api.base_url"),
              "observability_api.token_file");
    check_path(check, "observability_api.anomalies_endpoint");
    check_path(check, "observability_api.resolutions_endpoint");
    if (string(check, "observability_api.heartbeat_endpoint")[0] != '\0')
        check_path(check, "observability_api.heartbeat_endpoint");
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
    check_lists(&check);
    check_patterns(&check);
    check_enrichment(&check);
    check_deliver(&check);
    yaga_config_validate_slo(config, problems);
}
