/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pattern, if any: the first row whose conditions all hold (detection.md 6.2). */
#include <math.h>

#include "yaga/detect/detect_internal.h"

/* A time share, else the means compared: one call with one request. */
static double ratio_of(const struct yaga_case *it,
                       const struct yaga_reading *share,
                       enum yaga_metric_role role)
{
    const struct yaga_findings *found = it->found;
    int part = yaga_metric_by_role(it->metrics, found->n_metrics, role);
    int whole = yaga_metric_by_role(it->metrics, found->n_metrics, YAGA_ROLE_LATENCY);
    if (!isnan(share->now))
        return share->now;
    if (part < 0 || whole < 0 || isnan(found->now[whole].value))
        return (double)NAN;
    if (found->now[whole].value <= 0.0)
        return 0.0;
    return found->now[part].value / found->now[whole].value;
}

static double value_of(const struct yaga_case *it, enum yaga_metric_role role)
{
    int at = yaga_metric_by_role(it->metrics, it->found->n_metrics, role);
    return at < 0 ? (double)NAN : it->found->now[at].value;
}

static double onset_in_window(const struct yaga_case *it)
{
    const struct yaga_findings *found = it->found;
    for (size_t i = 0; i < found->n_signals; i++)
        if (it->metrics[found->signals[i].metric].role == YAGA_ROLE_LATENCY)
            return found->signals[i].onset_censored ? 0.0 : 1.0;
    return (double)NAN;
}

double yaga_quantity_of(const struct yaga_case *it, enum yaga_quantity quantity)
{
    const struct yaga_circumstances *around = it->circumstances;
    double dependency, database;
    switch (quantity) {
    case YAGA_QUANTITY_DEPENDENCY_RATIO:
        return ratio_of(it, &around->dependency_time_share, YAGA_ROLE_DEPENDENCY);
    case YAGA_QUANTITY_DATABASE_RATIO:
        return ratio_of(it, &around->database_time_share, YAGA_ROLE_DATABASE);
    case YAGA_QUANTITY_RATIO_SUM:
        dependency = ratio_of(it, &around->dependency_time_share, YAGA_ROLE_DEPENDENCY);
        database = ratio_of(it, &around->database_time_share, YAGA_ROLE_DATABASE);
        return dependency + database;
    case YAGA_QUANTITY_ERROR_RATE:
        return value_of(it, YAGA_ROLE_ERRORS);
    case YAGA_QUANTITY_CLIENT_ERROR_RATE:
        return around->client_error_rate.lasting;
    case YAGA_QUANTITY_CLIENT_ERROR_RISE:
        return around->client_error_rate.lasting / around->client_error_rate.usual;
    case YAGA_QUANTITY_ONSET_IN_WINDOW:
        return onset_in_window(it);
    case YAGA_QUANTITY_NONE:
    case YAGA_N_QUANTITIES:
        break;
    }
    return (double)NAN;
}

/* What is missing compares with nothing. */
static bool number_holds(const struct yaga_case *it, const struct yaga_number_need *need)
{
    double value = yaga_quantity_of(it, need->quantity);
    double limit =
        need->from == YAGA_LIMIT_OWN ? need->limit : it->params->limit[need->from];
    switch (need->compare) {
    case YAGA_ABOVE:
        return value > limit;
    case YAGA_AT_LEAST:
        return value >= limit;
    case YAGA_BELOW:
        return value < limit;
    }
    return false;
}

int yaga_need_metric(const struct yaga_case *it, const struct yaga_level_need *need)
{
    size_t n = it->found->n_metrics;
    return need->role == YAGA_ROLE_NONE
               ? yaga_metric_by_name(it->metrics, n, need->metric)
               : yaga_metric_by_role(it->metrics, n, need->role);
}

/* A metric that the service does not have is normal; without a model nobody says that it has none. */
static bool level_holds(const struct yaga_case *it,
                        const enum yaga_level *level,
                        const struct yaga_level_need *need)
{
    int at = yaga_need_metric(it, need);
    enum yaga_level none = it->found->by_limits ? YAGA_LEVEL_UNKNOWN : YAGA_LEVEL_NORMAL;
    enum yaga_level now = at < 0 ? none : level[at];
    return (need->accepts & (1U << now)) != 0;
}

/* A finding that is not sure enough is none, except that all is well with the callees. */
static bool cascade_holds(const struct yaga_case *it, unsigned accepts)
{
    const struct yaga_cascade_finding *cascade = &it->circumstances->cascade;
    enum yaga_cascade_type type = cascade->type;
    bool blames = type == YAGA_CASCADE_UPSTREAM_ANOMALY ||
                  type == YAGA_CASCADE_CHAIN_DEGRADED;
    if (blames && (cascade->confidence < it->params->cascade_confidence ||
                   cascade->root == NULL))
        type = YAGA_CASCADE_NONE;
    return accepts == 0 || (accepts & (1U << type)) != 0;
}

bool yaga_pattern_speaks_of(const struct yaga_case *it,
                            const struct yaga_pattern *pattern,
                            size_t metric)
{
    unsigned any = 0;
    (void)yaga_level_condition("any", &any);
    for (const struct yaga_level_need *need = pattern->levels; need->accepts != 0; need++)
        if (yaga_need_metric(it, need) == (int)metric && need->accepts != any)
            return true;
    return false;
}

/* Harmless is not said of a service with a grave signal that has nothing to do with it. */
static bool hides_something(const struct yaga_case *it, const struct yaga_pattern *pattern)
{
    for (size_t i = 0; pattern->is_locked && i < it->found->n_signals; i++) {
        const struct yaga_signal *signal = &it->found->signals[i];
        if (signal->severity >= YAGA_SEVERITY_HIGH &&
            !yaga_pattern_speaks_of(it, pattern, signal->metric))
            return true;
    }
    return false;
}

static bool holds(const struct yaga_case *it,
                  const enum yaga_level *level,
                  const struct yaga_pattern *pattern)
{
    for (const struct yaga_level_need *need = pattern->levels; need->accepts != 0; need++)
        if (!level_holds(it, level, need))
            return false;
    for (const struct yaga_number_need *need = pattern->numbers;
         need->quantity != YAGA_QUANTITY_NONE; need++)
        if (!number_holds(it, need))
            return false;
    return cascade_holds(it, pattern->cascade) && !hides_something(it, pattern);
}

const struct yaga_pattern *yaga_pattern_match(const struct yaga_case *it,
                                              const enum yaga_level *level)
{
    for (size_t i = 0; i < it->params->n_patterns; i++)
        if (holds(it, level, &it->params->patterns[i]))
            return &it->params->patterns[i];
    return NULL;
}
