/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules across the keys of objectives, of all services and of each that has its own. */
#include <math.h>
#include <string.h>

#include "yaga/config/config_internal.h"

/* Values that must rise. */
static const char *const rising[][4] = {
    {"latency_acceptable_ms", "latency_warning_ms", "latency_critical_ms"},
    {"error_rate_acceptable", "error_rate_warning", "error_rate_critical"},
    {"database_latency_ratios.info", "database_latency_ratios.warning",
     "database_latency_ratios.high", "database_latency_ratios.critical"},
};

static void check_rising(const struct yaga_config_slo *slo,
                         const char *whose,
                         struct config_problems *problems)
{
    for (size_t r = 0; r < sizeof rising / sizeof rising[0]; r++) {
        for (size_t i = 1; i < 4 && rising[r][i] != NULL; i++) {
            const char *lower = rising[r][i - 1], *upper = rising[r][i];
            double low = yaga_config_slo_float(slo, lower);
            double high = yaga_config_slo_float(slo, upper);
            char a[YAGA_DOUBLE_TEXT_MAX], b[YAGA_DOUBLE_TEXT_MAX];
            if (low < high)
                continue;
            const char *where = yaga_config_slo_where(slo, upper);
            if (strcmp(where, "default") == 0)
                where = yaga_config_slo_where(slo, lower);
            yaga_config_error(
                problems, where, "objectives of %s: %s (%s) must be above %s (%s)", whose,
                upper, yaga_format_double(high, a), lower, yaga_format_double(low, b));
        }
    }
}

static void check_busy(const struct yaga_config *config, struct config_problems *problems)
{
    static const char start[] = "slos.busy_periods[].start";
    static const char end[] = "slos.busy_periods[].end";
    size_t n = yaga_config_list_size(config, "slos.busy_periods");
    for (size_t i = 0; i < n; i++) {
        int64_t start_s, end_s;
        bool both = yaga_config_read_time(config, problems, start, i, false, &start_s);
        both = yaga_config_read_time(config, problems, end, i, true, &end_s) && both;
        if (both && start_s >= end_s)
            yaga_config_error(problems, yaga_config_where(config, end, i),
                              "%s: must be after the start", end);
    }
}

/* An entry nobody has the name of is likely a slip; the same service twice certainly. */
static void check_entry(const struct yaga_config *config,
                        size_t index,
                        struct config_problems *problems)
{
    static const char key[] = "slos.services[].name";
    const char *name = yaga_config_item_string(config, key, index);
    struct yaga_config_slo slo;
    yaga_config_slo_find(config, name, &slo);
    if (slo.entry != index)
        yaga_config_error(problems, yaga_config_where(config, key, index),
                          "%s: \"%s\" is there twice, first at %s", key, name,
                          yaga_config_where(config, key, slo.entry));
    if (slo.service == SETTING_NONE && yaga_config_list_size(config, "services") > 0)
        yaga_config_warning(problems, yaga_config_where(config, key, index),
                            "%s: \"%.100s\" is not a service listed here", key, name);
    if (slo.service != SETTING_NONE && yaga_config_slo_has_own(config, slo.service))
        yaga_config_warning(problems, yaga_config_where(config, key, index),
                            "%s: \"%.100s\" also has services[].slo, which comes first",
                            key, name);
    check_rising(&slo, name, problems);
}

void yaga_config_validate_slo(const struct yaga_config *config,
                              struct config_problems *problems)
{
    struct yaga_config_slo slo;
    yaga_config_slo_find(config, NULL, &slo);
    check_rising(&slo, "all services", problems);
    check_busy(config, problems);
    size_t n = yaga_config_list_size(config, "slos.services");
    for (size_t i = 0; i < n; i++)
        check_entry(config, i, problems);
    n = yaga_config_list_size(config, "services");
    for (size_t i = 0; i < n; i++) {
        const char *name = yaga_config_item_string(config, "services[].name", i);
        if (!yaga_config_slo_has_own(config, i))
            continue;
        yaga_config_slo_find(config, name, &slo);
        if (slo.entry == SETTING_NONE) /* else it has been looked at already */
            check_rising(&slo, name, problems);
    }
}
