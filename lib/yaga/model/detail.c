/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much a metric matters, and is there all that explaining it takes? */
#include "yaga/model/detail.h"

#include <assert.h>
#include <math.h>

#include "yaga/model/model.h"

double yaga_detail_share(size_t i)
{
    static const double percent[YAGA_DETAIL_QUANTILES] = {
        0,  0.1, 0.5, 1,  2,  3,  4,  5,  7.5,  10, 15, 20, 25, 30, 35,   40,   45, 50,
        55, 60,  65,  70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 99, 99.5, 99.9, 100};
    assert(i < YAGA_DETAIL_QUANTILES);
    return percent[i] / 100.0;
}

/* What varies much by itself tells more than what hardly moves. */
static enum yaga_importance impact_of(const struct yaga_metric *metric, double cv)
{
    static const double much = 0.5, much_for_latency = 0.3;
    if (metric->role == YAGA_ROLE_ERRORS)
        return YAGA_IMPORTANCE_CRITICAL;
    if (metric->kind == YAGA_KIND_LATENCY && cv > much_for_latency)
        return YAGA_IMPORTANCE_HIGH;
    if (metric->role == YAGA_ROLE_TRAFFIC && cv > much)
        return YAGA_IMPORTANCE_HIGH;
    return cv > much ? YAGA_IMPORTANCE_MEDIUM : YAGA_IMPORTANCE_LOW;
}

static enum yaga_importance criticality_of(enum yaga_metric_role role)
{
    switch (role) {
    case YAGA_ROLE_ERRORS:
        return YAGA_IMPORTANCE_CRITICAL;
    case YAGA_ROLE_LATENCY:
    case YAGA_ROLE_TRAFFIC:
        return YAGA_IMPORTANCE_HIGH;
    case YAGA_ROLE_DATABASE:
    case YAGA_ROLE_DEPENDENCY:
        return YAGA_IMPORTANCE_MEDIUM;
    case YAGA_ROLE_NONE:
        break;
    }
    return YAGA_IMPORTANCE_LOW;
}

void yaga_detail_rate(const struct yaga_metric *metric, struct yaga_metric_detail *detail)
{
    detail->impact = impact_of(metric, detail->cv);
    detail->criticality = criticality_of(metric->role);
}

const char *yaga_importance_name(enum yaga_importance importance)
{
    static const char *const names[] = {"low", "medium", "high", "critical"};
    return (unsigned)importance <= YAGA_IMPORTANCE_CRITICAL ? names[importance]
                                                            : "unknown";
}

bool yaga_metric_explains(const struct yaga_metric_model *m)
{
    if (m->cls == YAGA_CLASS_SPARSE)
        return true; /* it is not judged, so there is nothing to explain */
    bool statistics = m->stats.count > 0 && isfinite(m->stats.median) &&
                      isfinite(m->detail.raw_mean) && isfinite(m->detail.quantiles[0]);
    bool zeros = m->cls != YAGA_CLASS_ACTIVATION ||
                 (isfinite(m->stats.zero_share) && isfinite(m->stats.non_zero_p95));
    return statistics && isfinite(m->detail.cv) && zeros;
}

bool yaga_model_explains(const struct yaga_model *model)
{
    bool all = model->has_details;
    for (size_t m = 0; all && m < model->n_metrics; m++)
        all = yaga_metric_explains(&model->metrics[m]);
    return all;
}
