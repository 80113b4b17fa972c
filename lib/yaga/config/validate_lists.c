/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules across the members of lists: services, metrics, categories of services. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/config/validate_rules.h"

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
    if (!yaga_check_only_has(name, "._-"))
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
static bool is_query(const char *query)
{
    return yaga_check_has_placeholders(query, "SEW");
}

static void check_metric(const struct check *check, size_t i)
{
    if (!yaga_check_only_has(yaga_config_item_string(check->config, "metrics[].name", i),
                             "._:-"))
        error_at(check, "metrics[].name", i, "characters outside of A-Z a-z 0-9 . _ : -");
    if (!is_query(yaga_config_item_string(check->config, "metrics[].query", i)))
        error_at(check, "metrics[].query", i,
                 "must contain $S, and no placeholder but $S, $E and $W");
    const char *label =
        yaga_config_item_string(check->config, "metrics[].service_label", i);
    if (!yaga_check_is_label(label))
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

void yaga_check_lists(const struct check *check)
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

void yaga_check_categories(const struct check *check)
{
    for (size_t k = 0; k < sizeof pattern_keys / sizeof pattern_keys[0]; k++) {
        size_t n;
        const char *const *tokens =
            yaga_config_strings(check->config, pattern_keys[k], &n);
        for (size_t i = 0; i < n; i++)
            check_token(check, tokens[i], k, i);
    }
}
