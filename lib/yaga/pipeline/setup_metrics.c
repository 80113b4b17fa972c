/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entries of `metrics` -> what the library knows of a metric. */
#include "yaga/pipeline/setup.h"

#include <math.h>
#include <string.h>

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
