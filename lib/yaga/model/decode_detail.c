/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes -> what explanations need to know of the metrics. */
#include "yaga/model/read_internal.h"

static enum yaga_importance get_importance(struct cursor *c)
{
    return (enum yaga_importance)get_below(c, YAGA_IMPORTANCE_CRITICAL + 1, "importance");
}

static void get_detail(struct cursor *c, size_t n_metrics, struct yaga_metric_detail *d)
{
    double *const fields[] = {&d->raw_mean, &d->raw_std, &d->cv, &d->zero_count,
                              &d->distinct_days};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        *fields[i] = get_f64(c, "details");
    d->first_s = get_i64(c, "first value");
    d->last_s = get_i64(c, "last value");
    for (size_t i = 0; i < YAGA_DETAIL_QUANTILES; i++)
        d->quantiles[i] = get_f64(c, "quantiles");
    d->impact = get_importance(c);
    d->criticality = get_importance(c);
    d->regime_start_s = get_i64(c, "start of the regime");
    d->duplicate_of = (uint32_t)get_below(c, n_metrics + 1, "duplicate");
}

void yaga_model_get_details(struct cursor *c, struct yaga_model *m)
{
    m->has_details = true;
    for (size_t i = 0; i < m->n_metrics; i++)
        get_detail(c, m->n_metrics, &m->metrics[i].detail);
}
