/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking metrics up, and the words for what they are. */
#include "yaga/series/metric.h"

#include <string.h>

int yaga_metric_by_role(const struct yaga_metric *metrics,
                        size_t n,
                        enum yaga_metric_role role)
{
    for (size_t i = 0; i < n; i++)
        if (metrics[i].role == role)
            return (int)i;
    return -1;
}

int yaga_metric_by_name(const struct yaga_metric *metrics, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return (int)i;
    return -1;
}

const char *yaga_direction_name(enum yaga_direction direction)
{
    static const char *const names[] = {
        [YAGA_HIGH] = "high", [YAGA_LOW] = "low", [YAGA_BOTH] = "both"};
    return names[direction];
}

const char *yaga_kind_name(enum yaga_metric_kind kind)
{
    static const char *const names[] = {[YAGA_KIND_RATE] = "rate",
                                        [YAGA_KIND_LATENCY] = "latency",
                                        [YAGA_KIND_RATIO] = "ratio",
                                        [YAGA_KIND_GAUGE] = "gauge"};
    return names[kind];
}

const char *yaga_role_name(enum yaga_metric_role role)
{
    static const char *const names[] = {
        [YAGA_ROLE_NONE] = "none",         [YAGA_ROLE_TRAFFIC] = "traffic",
        [YAGA_ROLE_LATENCY] = "latency",   [YAGA_ROLE_DEPENDENCY] = "dependency",
        [YAGA_ROLE_DATABASE] = "database", [YAGA_ROLE_ERRORS] = "errors"};
    return names[role];
}

const char *yaga_auxiliary_name(enum yaga_auxiliary auxiliary)
{
    static const char *const names[YAGA_N_AUXILIARIES] = {
        [YAGA_AUXILIARY_NONE] = "none",
        [YAGA_CLIENT_ERROR_RATE] = "client_error_rate",
        [YAGA_DEPENDENCY_TIME_SHARE] = "dependency_time_share",
        [YAGA_DATABASE_TIME_SHARE] = "database_time_share",
    };
    return names[auxiliary];
}
