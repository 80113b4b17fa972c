/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named patterns: what several metrics together mean (detection.md 6.1 to 6.3, 6.8). A pattern is a row of data; rows
 * are looked at from the top, the first whose conditions all hold gives the anomaly its name. Metrics are found by role
 * (or by name, in configured patterns), so that neither their order nor their number matters.
 *
 * Conditions, as they are written in a configuration:
 *
 *     error_rate high                  a level condition on a metric: the role's usual name, the role, or a metric
 *     dependency_latency_ratio > 0.6   a number (enum yaga_quantity) above, at least (>=) or below a limit
 *     cascade upstream_anomaly         what the callees look like
 */
#ifndef YAGA_DETECT_PATTERN_H
#define YAGA_DETECT_PATTERN_H

#include "yaga/base/error.h"
#include "yaga/detect/circumstances.h"
#include "yaga/detect/severity.h"
#include "yaga/series/metric.h"

/* How far a metric is from its usual values, by percentile. */
enum yaga_level {
    YAGA_LEVEL_UNKNOWN, /* no value */
    YAGA_LEVEL_VERY_LOW,
    YAGA_LEVEL_LOW,
    YAGA_LEVEL_NORMAL,
    YAGA_LEVEL_MODERATE,
    YAGA_LEVEL_ELEVATED,
    YAGA_LEVEL_HIGH,
    YAGA_LEVEL_VERY_HIGH
};
const char *yaga_level_name(enum yaga_level level); /* "very_low", ... */
/* Levels that a condition word accepts, bit 1 << level each; false for an unknown word. "any" accepts all, also unknown. */
bool yaga_level_condition(const char *word, unsigned *accepts);

/* Numbers that a condition may compare. */
enum yaga_quantity {
    YAGA_QUANTITY_NONE,
    YAGA_QUANTITY_DEPENDENCY_RATIO, /* share of the time spent in calls to others, else their mean over the mean latency */
    YAGA_QUANTITY_DATABASE_RATIO,   /* the same of the database */
    YAGA_QUANTITY_RATIO_SUM,        /* of both */
    YAGA_QUANTITY_ERROR_RATE,
    YAGA_QUANTITY_CLIENT_ERROR_RATE, /* smallest of the points that persistence looks at */
    YAGA_QUANTITY_CLIENT_ERROR_RISE, /* the same over the usual */
    YAGA_QUANTITY_ONSET_IN_WINDOW,   /* of the latency: 1 when it began within the window, 0 when before; NaN without signal */
    YAGA_N_QUANTITIES
};

/* Where a limit comes from: the row, or a setting. */
enum yaga_limit { YAGA_LIMIT_OWN, YAGA_LIMIT_DEPENDENCY, YAGA_LIMIT_DATABASE, YAGA_LIMIT_SEVERE, YAGA_N_LIMITS };

enum yaga_compare { YAGA_ABOVE, YAGA_AT_LEAST, YAGA_BELOW };

struct yaga_level_need {
    enum yaga_metric_role role; /* YAGA_ROLE_NONE: the metric of that name */
    char metric[YAGA_NAME_MAX + 1];
    unsigned accepts; /* 0 ends the list */
};
struct yaga_number_need {
    enum yaga_quantity quantity; /* YAGA_QUANTITY_NONE ends the list */
    enum yaga_compare compare;
    enum yaga_limit from;
    double limit; /* of YAGA_LIMIT_OWN */
};

enum { YAGA_PATTERN_LEVELS_MAX = 8, YAGA_PATTERN_NUMBERS_MAX = 4, YAGA_PATTERN_ACTIONS_MAX = 6 };

/* Texts with placeholders, see yaga_pattern_check_text. */
struct yaga_pattern_words {
    const char *headline, *meaning;
    const char *actions[YAGA_PATTERN_ACTIONS_MAX + 1]; /* NULL-terminated, each begins with a tag */
};

struct yaga_pattern {
    const char *name;
    const char *alias; /* name in old data, or NULL */
    const char *family; /* traffic latency dependency database errors other */
    enum yaga_severity severity;
    bool is_locked;     /* the severity is never raised */
    bool is_configured; /* by the operator, whose severity stands */
    struct yaga_level_need levels[YAGA_PATTERN_LEVELS_MAX + 1];
    struct yaga_number_need numbers[YAGA_PATTERN_NUMBERS_MAX + 1];
    unsigned cascade;  /* bit 1 << enum yaga_cascade_type of those that are accepted; 0 = whatever */
    const struct yaga_pattern_words *words;
};

/* The shipped catalogue in the order of looking. */
const struct yaga_pattern *yaga_patterns(size_t *n);
/* Current name of an old pattern name; the name itself when it is not an alias. */
const char *yaga_pattern_alias(const char *name);

/* Add one condition as above to a pattern. metrics: those that names may refer to. YAGA_E_CONFIG says what is wrong with it. */
enum yaga_status yaga_pattern_add_condition(struct yaga_pattern *pattern, const char *text, const struct yaga_metric *metrics,
                                            size_t n_metrics, struct yaga_error *err) YAGA_MUST_USE;
/* {metric}_{state}_{modifier}: the name of a metric and two words or more of a-z and 0-9. */
enum yaga_status yaga_pattern_check_name(const char *name, const struct yaga_metric *metrics, size_t n_metrics,
                                         struct yaga_error *err) YAGA_MUST_USE;
/* Placeholders: {rr} {al} {dl} {db} {er} {cer} current values with their units, each with _expected, {drop} percent of the traffic that is
 * missing, {dl_share} {db_share}, {db_ratio} times the usual, {root} {path} {path_len} of the cascade, {onset} HH:MM. */
enum yaga_status yaga_pattern_check_text(const char *text, struct yaga_error *err) YAGA_MUST_USE;

#endif
