/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which services there are, what kind each is, and which metrics it has. */
#include "yaga/pipeline/setup.h"

#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"

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
