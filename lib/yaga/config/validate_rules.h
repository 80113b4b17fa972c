/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by validate.c and the validate_*.c beside it: rules across values, by what they
 * are about. */
#ifndef YAGA_CONFIG_VALIDATE_RULES_H
#define YAGA_CONFIG_VALIDATE_RULES_H

#include "yaga/config/config_internal.h"

struct check {
    const struct yaga_config *config;
    struct config_problems *problems;
};

static inline void
error_at(const struct check *check, const char *key, size_t index, const char *message)
{
    yaga_config_error(check->problems, yaga_config_where(check->config, key, index),
                      "%s: %s", key, message);
}

static inline void
warning_at(const struct check *check, const char *key, size_t index, const char *message)
{
    yaga_config_warning(check->problems, yaga_config_where(check->config, key, index),
                        "%s: %s", key, message);
}

static inline int64_t integer(const struct check *check, const char *key)
{
    return yaga_config_int(check->config, key);
}

static inline const char *string(const struct check *check, const char *key)
{
    return yaga_config_string(check->config, key);
}

/* A text of A-Z a-z 0-9 and the others. */
bool yaga_check_only_has(const char *text, const char *others);
/* An http or https URL; credentials in clear text only to this machine. instead: where a
 * password belongs. */
void yaga_check_url(const struct check *check,
                    const char *key,
                    size_t index,
                    const char *url,
                    const char *instead);
/* A query that may hold the placeholders in letters, and nothing else after a $. */
bool yaga_check_has_placeholders(const char *query, const char *letters);
bool yaga_check_is_label(const char *label);
/* A day of the calendar, as 2026-02-28. */
bool yaga_check_is_date(const char *text);

void yaga_check_lists(const struct check *check);
void yaga_check_categories(const struct check *check);
void yaga_check_enrichment(const struct check *check);
void yaga_check_deliver(const struct check *check);

#endif
