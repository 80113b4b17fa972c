/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalogue (detection.md 6.2). Looked at from the top; metrics that a row does not name are free. A pattern whose
 * severity depends on something has one row for each, the graver first.
 */
#include <string.h>

#include "yaga/detect/pattern_internal.h"

/* clang-format off */
#define BIT(level) (1U << YAGA_LEVEL_##level)
enum {
    VERY_LOW = BIT(VERY_LOW),
    LOW = BIT(VERY_LOW) | BIT(LOW),
    NORMAL = BIT(NORMAL),
    VERY_HIGH = BIT(VERY_HIGH),
    HIGH = BIT(HIGH) | BIT(VERY_HIGH),
    ELEVATED = BIT(ELEVATED) | HIGH,
    MODERATE = BIT(MODERATE) | ELEVATED,
    NOT_HIGH = BIT(VERY_LOW) | BIT(LOW) | BIT(NORMAL) | BIT(MODERATE) | BIT(ELEVATED),
    MAYBE_HIGH = BIT(UNKNOWN) | HIGH,
    NOT_SEEN_HIGH = BIT(UNKNOWN) | NOT_HIGH,
    KNOWN = NOT_HIGH | HIGH,
    ANY = BIT(UNKNOWN) | NOT_HIGH | HIGH
};
#define RR(levels) {YAGA_ROLE_TRAFFIC, "", levels}
#define AL(levels) {YAGA_ROLE_LATENCY, "", levels}
#define DL(levels) {YAGA_ROLE_DEPENDENCY, "", levels}
#define DB(levels) {YAGA_ROLE_DATABASE, "", levels}
#define ER(levels) {YAGA_ROLE_ERRORS, "", levels}
#define OVER(quantity, value) {YAGA_QUANTITY_##quantity, YAGA_ABOVE, YAGA_LIMIT_OWN, value}
#define FROM(quantity, value) {YAGA_QUANTITY_##quantity, YAGA_AT_LEAST, YAGA_LIMIT_OWN, value}
#define OVER_SETTING(quantity, limit) {YAGA_QUANTITY_##quantity, YAGA_ABOVE, YAGA_LIMIT_##limit, 0.0}
#define FROM_SETTING(quantity, limit) {YAGA_QUANTITY_##quantity, YAGA_AT_LEAST, YAGA_LIMIT_##limit, 0.0}
#define CASCADE(type) .cascade = 1U << YAGA_CASCADE_##type
#define CRITICAL YAGA_SEVERITY_CRITICAL
#define GRAVE YAGA_SEVERITY_HIGH
#define MEDIUM YAGA_SEVERITY_MEDIUM
#define SAY(text) .words = &yaga_words_##text

static const struct yaga_pattern table[] = {
    {"request_rate_surge_failing", "traffic_surge_failing", "traffic", CRITICAL, SAY(surge_failing),
     .levels = {RR(HIGH), AL(HIGH), ER(HIGH)}},
    {"reduced_traffic_with_errors", NULL, "traffic", CRITICAL, SAY(reduced_with_errors),
     .levels = {RR(LOW), AL(LOW), ER(HIGH)}},
    {"application_latency_failing", NULL, "latency", CRITICAL, SAY(latency_failing),
     .levels = {AL(HIGH), ER(HIGH)}},
    {"error_rate_fast_rejection", "fast_rejection", "errors", CRITICAL, SAY(fast_rejection),
     .levels = {AL(VERY_LOW), ER(VERY_HIGH)}},
    {"error_rate_fast_failure", "fast_failure", "errors", CRITICAL, SAY(fast_failure),
     .levels = {AL(LOW), ER(HIGH)}},
    {"request_rate_cliff", "traffic_cliff", "traffic", CRITICAL, SAY(cliff),
     .levels = {RR(VERY_LOW)}},
    {"request_rate_surge_rejecting", NULL, "traffic", CRITICAL, SAY(surge_rejecting),
     .levels = {RR(HIGH), AL(NOT_HIGH), ER(VERY_HIGH)}},
    {"request_rate_surge_rejecting", NULL, "traffic", GRAVE, SAY(surge_rejecting),
     .levels = {RR(HIGH), AL(NOT_HIGH), ER(HIGH)}},
    {"error_rate_critical", NULL, "errors", CRITICAL, SAY(errors_critical),
     .levels = {AL(NOT_HIGH), ER(VERY_HIGH)}, .numbers = {FROM_SETTING(ERROR_RATE, SEVERE)}},
    {"error_rate_critical", NULL, "errors", GRAVE, SAY(errors_critical),
     .levels = {AL(NOT_HIGH), ER(VERY_HIGH)}},
    {"upstream_cascade", NULL, "dependency", GRAVE, SAY(upstream_cascade),
     .levels = {AL(MAYBE_HIGH), DL(HIGH)}, CASCADE(UPSTREAM_ANOMALY)},
    {"dependency_chain_degradation", NULL, "dependency", GRAVE, SAY(chain),
     .levels = {AL(HIGH)}, CASCADE(CHAIN_DEGRADED)},
    {"request_rate_surge_degrading", "traffic_surge_degrading", "traffic", GRAVE, SAY(surge_degrading),
     .levels = {RR(HIGH), AL(HIGH), ER(NOT_HIGH)}},
    {"latency_compound_bottleneck", NULL, "latency", GRAVE, SAY(compound),
     .levels = {AL(HIGH), DL(HIGH), DB(HIGH)},
     .numbers = {OVER(DEPENDENCY_RATIO, 0.3), OVER(DATABASE_RATIO, 0.3), OVER(RATIO_SUM, 0.7)}},
    {"error_rate_elevated", "elevated_errors", "errors", GRAVE, SAY(errors_elevated),
     .levels = {AL(NOT_SEEN_HIGH), ER(HIGH)}},
    {"database_latency_bottleneck", "database_bottleneck", "database", GRAVE, SAY(database_bottleneck),
     .levels = {DB(HIGH), AL(HIGH)}, .numbers = {OVER_SETTING(DATABASE_RATIO, DATABASE)}},
    {"dependency_latency_cascade", "downstream_cascade", "dependency", GRAVE, SAY(dependency_cascade),
     .levels = {DL(HIGH), AL(HIGH)}, .numbers = {OVER_SETTING(DEPENDENCY_RATIO, DEPENDENCY)}},
    {"internal_latency_issue", NULL, "latency", GRAVE, SAY(internal),
     .levels = {AL(HIGH), DL(NOT_HIGH), DB(NOT_HIGH)}, CASCADE(DEPENDENCIES_HEALTHY)},
    {"application_latency_bottleneck", "internal_bottleneck", "latency", GRAVE, SAY(own_bottleneck),
     .levels = {AL(HIGH), RR(NOT_HIGH), ER(NOT_HIGH), DL(NOT_HIGH), DB(NOT_HIGH)}},
    {"latency_spike_recent", NULL, "latency", GRAVE, SAY(spike),
     .levels = {AL(HIGH), RR(NOT_HIGH), ER(NOT_HIGH)}, .numbers = {FROM(ONSET_IN_WINDOW, 1.0)}},
    {"application_latency_degraded", NULL, "latency", MEDIUM, SAY(spike),
     .levels = {AL(HIGH), RR(NOT_HIGH), ER(NOT_HIGH)}},
    {"error_rate_partial_rejection", "partial_rejection", "errors", GRAVE, SAY(partial_rejection),
     .levels = {AL(LOW), ER(MODERATE)}},
    {"database_latency_degraded", "database_degradation", "database", MEDIUM, SAY(database_degraded),
     .levels = {DB(HIGH), AL(NOT_HIGH), ER(NOT_HIGH)}},
    {"dependency_latency_degraded", NULL, "dependency", MEDIUM, SAY(dependency_degraded),
     .levels = {DL(HIGH), AL(NOT_HIGH), ER(NOT_HIGH)}},
    {"error_rate_client_errors", NULL, "errors", GRAVE, SAY(client_errors),
     .levels = {AL(LOW), ER(NOT_HIGH)}, .numbers = {FROM(CLIENT_ERROR_RATE, 0.10), FROM(CLIENT_ERROR_RISE, 2.0)}},
    {"error_rate_client_errors", NULL, "errors", MEDIUM, SAY(client_errors),
     .levels = {ER(NOT_HIGH)}, .numbers = {FROM(CLIENT_ERROR_RATE, 0.10), FROM(CLIENT_ERROR_RISE, 2.0)}},
    /* More than usual, less than an objective calls grave: nothing that limits alone would tell. */
    {"error_rate_elevated", NULL, "errors", YAGA_SEVERITY_LOW, SAY(errors_elevated),
     .levels = {RR(KNOWN), AL(NOT_SEEN_HIGH), ER(ELEVATED)}},
    {"request_rate_surge_healthy", "traffic_surge_healthy", "traffic", YAGA_SEVERITY_LOW, true, SAY(surge_healthy),
     .levels = {RR(HIGH), AL(NORMAL), ER(NORMAL)}},
};
/* clang-format on */

const struct yaga_pattern *yaga_patterns(size_t *n)
{
    *n = sizeof table / sizeof *table;
    return table;
}

const char *yaga_pattern_alias(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].alias != NULL && strcmp(table[i].alias, name) == 0)
            return table[i].name;
    return name;
}

const char *yaga_level_name(enum yaga_level level)
{
    static const char *const names[] = {
        [YAGA_LEVEL_UNKNOWN] = "unknown",   [YAGA_LEVEL_VERY_LOW] = "very_low",
        [YAGA_LEVEL_LOW] = "low",           [YAGA_LEVEL_NORMAL] = "normal",
        [YAGA_LEVEL_MODERATE] = "moderate", [YAGA_LEVEL_ELEVATED] = "elevated",
        [YAGA_LEVEL_HIGH] = "high",         [YAGA_LEVEL_VERY_HIGH] = "very_high",
    };
    return names[level];
}

bool yaga_level_condition(const char *word, unsigned *accepts)
{
    static const struct {
        const char *word;
        unsigned accepts;
    } words[] = {
        {"very_high", VERY_HIGH}, {"high", HIGH},         {"elevated", ELEVATED},
        {"moderate", MODERATE},   {"normal", NORMAL},     {"low", LOW},
        {"very_low", VERY_LOW},   {"not_high", NOT_HIGH}, {"any", ANY},
        {"maybe_high", MAYBE_HIGH},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) == 0) {
            *accepts = words[i].accepts;
            return true;
        }
    }
    return false;
}
