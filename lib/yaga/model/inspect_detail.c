/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What explanations need to know of a metric, as JSON for people. */
#include "yaga/io/json.h"
#include "yaga/model/model_internal.h"

static struct yaga_json *range_json(double low, double high)
{
    struct yaga_json *json = yaga_json_array_new();
    yaga_json_push(json, yaga_json_number_new(low));
    yaga_json_push(json, yaga_json_number_new(high));
    return json;
}

static struct yaga_json *importance_json(const struct yaga_metric_detail *d)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_significant(json, "variability_score", d->cv, 6);
    yaga_json_set_string(json, "impact_level", yaga_importance_name(d->impact));
    yaga_json_set_string(json, "business_criticality",
                         yaga_importance_name(d->criticality));
    return json;
}

static struct yaga_json *ranges_json(const struct yaga_metric_stats *s)
{
    struct yaga_json *json = yaga_json_object_new();
    double iqr = s->p75 - s->p25;
    yaga_json_set(json, "typical", range_json(s->p25, s->p75));
    yaga_json_set(json, "normal",
                  range_json(s->mean - 2.0 * s->std, s->mean + 2.0 * s->std));
    yaga_json_set(json, "outlier_bounds",
                  range_json(s->p25 - 1.5 * iqr, s->p75 + 1.5 * iqr));
    return json;
}

static struct yaga_json *quantiles_json(const struct yaga_metric_detail *d)
{
    struct yaga_json *json = yaga_json_array_new();
    for (size_t i = 0; i < YAGA_DETAIL_QUANTILES; i++)
        yaga_json_push(json, range_json(100.0 * yaga_detail_share(i), d->quantiles[i]));
    return json;
}

void yaga_model_set_detail(struct yaga_json *json,
                           const struct yaga_model *model,
                           const struct yaga_metric_model *metric)
{
    const struct yaga_metric_detail *d = &metric->detail;
    if (!model->has_details)
        return;
    if (d->regime_start_s != 0)
        yaga_json_set_time(json, "fitted_from", d->regime_start_s);
    if (d->duplicate_of > 0)
        yaga_json_set_string(json, "duplicate_of",
                             model->metrics[d->duplicate_of - 1].name);
    yaga_json_set_number(json, "raw_mean", d->raw_mean);
    yaga_json_set_number(json, "raw_std", d->raw_std);
    yaga_json_set_number(json, "zero_count", d->zero_count);
    yaga_json_set_number(json, "distinct_days", d->distinct_days);
    if (metric->stats.count > 0) {
        yaga_json_set_time(json, "first_value", d->first_s);
        yaga_json_set_time(json, "last_value", d->last_s);
        yaga_json_set(json, "ranges", ranges_json(&metric->stats));
        yaga_json_set(json, "percentiles", quantiles_json(d));
    }
    yaga_json_set(json, "importance", importance_json(d));
}
