/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Defaults, busy periods, and the words of this room. */
#include <math.h>

#include "yaga/slo/slo_internal.h"

void yaga_slo_objectives_init(struct yaga_slo_objectives *objectives)
{
    *objectives = (struct yaga_slo_objectives){
        .latency_ms = {500, 800, 1000},
        .error_rate = {0.005, 0.01, 0.02},
        .error_budget = (double)NAN,
        .min_traffic_rps = 1.0,
        .min_requests = 20,
        .busy_factor = 1.5,
        .database_floor_ms = 1.0,
        .database_ratio = {1.5, 2, 3, 5},
        .traffic_enabled = true,
        .surge_ratio = 2.0,
        .cliff_ratio = 0.5,
        .surge_alone = YAGA_SEVERITY_LOW,
        .surge_with_latency = YAGA_SEVERITY_MEDIUM,
        .surge_with_errors = YAGA_SEVERITY_HIGH,
        .cliff_alone = YAGA_SEVERITY_MEDIUM,
        .cliff_at_peak = YAGA_SEVERITY_HIGH,
        .cliff_with_errors = YAGA_SEVERITY_CRITICAL,
        .min_expected_rps = {[YAGA_BUSINESS_HOURS] = 5,
                             [YAGA_EVENING_HOURS] = 2,
                             [YAGA_NIGHT_HOURS] = 0.5,
                             [YAGA_WEEKEND_DAY] = 2,
                             [YAGA_WEEKEND_NIGHT] = 0.2},
    };
}

/* Errors are not excused without end, but a generous limit is never made stricter. */
static const double busy_error_caps[YAGA_SLO_LIMITS] = {0.10, 0.15, 0.20};

void yaga_slo_relax(struct yaga_slo_objectives *o)
{
    for (size_t i = 0; i < YAGA_SLO_LIMITS; i++) {
        double cap = fmax(o->error_rate[i], busy_error_caps[i]);
        o->latency_ms[i] *= o->busy_factor;
        o->error_rate[i] = fmin(o->error_rate[i] * o->busy_factor, cap);
    }
    o->database_floor_ms *= o->busy_factor;
}

double yaga_slo_error_floor(const struct yaga_slo_objectives *objectives)
{
    return objectives->error_rate_floor > 0 ? objectives->error_rate_floor
                                            : objectives->error_rate[YAGA_SLO_ACCEPTABLE];
}

const char *yaga_slo_status_name(enum yaga_slo_status status)
{
    static const char *const names[] = {"ok", "approaching_warning", "warning",
                                        "breached"};
    return names[status];
}

const char *yaga_slo_grade_name(enum yaga_slo_grade grade)
{
    static const char *const names[] = {"ok", "info", "warning", "high", "critical"};
    return names[grade];
}

const char *yaga_traffic_type_name(enum yaga_traffic_type type)
{
    static const char *const names[] = {"normal", "surge", "cliff", "low_traffic",
                                        "no_traffic"};
    return names[type];
}

const char *yaga_slo_impact_name(enum yaga_slo_impact impact)
{
    static const char *const names[] = {"none", "informational", "actionable",
                                        "critical"};
    return names[impact];
}
