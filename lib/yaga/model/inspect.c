/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model as JSON for people: every number, and of the bulk arrays their sizes. */
#include "yaga/model/model.h"

#include <math.h>

#include "yaga/io/json.h"
#include "yaga/model/model_internal.h"

static struct yaga_json *stats_json(const struct yaga_metric_stats *s)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_number(json, "count", s->count);
    yaga_json_set_number(json, "n_eff", s->n_eff);
    yaga_json_set_number(json, "mean", s->mean);
    yaga_json_set_number(json, "std", s->std);
    yaga_json_set_number(json, "median", s->median);
    yaga_json_set_number(json, "min", s->min);
    yaga_json_set_number(json, "max", s->max);
    yaga_json_set_number(json, "p25", s->p25);
    yaga_json_set_number(json, "p75", s->p75);
    yaga_json_set_number(json, "p90", s->p90);
    yaga_json_set_number(json, "p95", s->p95);
    yaga_json_set_number(json, "p99", s->p99);
    yaga_json_set_number(json, "absent_share", s->absent_share);
    yaga_json_set_number(json, "zero_share", s->zero_share);
    yaga_json_set_number(json, "distinct", s->distinct);
    yaga_json_set_number(json, "non_zero_mean", s->non_zero_mean);
    yaga_json_set_number(json, "non_zero_p95", s->non_zero_p95);
    yaga_json_set_number(json, "total_requests", s->total_requests);
    return json;
}

static struct yaga_json *contamination_json(const struct yaga_contamination *c)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_number(json, "knee", c->knee);
    yaga_json_set_number(json, "gap", c->gap);
    yaga_json_set_number(json, "knee_raw", c->knee_raw);
    yaga_json_set_number(json, "gap_raw", c->gap_raw);
    return json;
}

static struct yaga_json *tail_json(const struct yaga_tail *tail)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_number(json, "u", tail->u);
    yaga_json_set_number(json, "zeta", tail->zeta);
    yaga_json_set_number(json, "xi", tail->xi);
    yaga_json_set_number(json, "sigma", tail->sigma);
    yaga_json_set_number(json, "n", tail->n);
    yaga_json_set_bool(json, "supported", tail->supported);
    return json;
}

static struct yaga_json *table_json(const struct yaga_table *table)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_int(json, "entries", (int64_t)table->n);
    yaga_json_set_number(json, "scores", table->n_scores);
    return json;
}

static struct yaga_json *stationarity_json(const struct yaga_stationarity *s)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_number(json, "shift_scales", s->shift);
    yaga_json_set_bool(json, "level_shift", s->level_shift);
    yaga_json_set_number(json, "trend_change_scales", s->trend_change);
    yaga_json_set_number(json, "trend_p", s->trend_p);
    yaga_json_set_bool(json, "trend", s->trend);
    return json;
}

static void set_dense(struct yaga_json *json, const struct yaga_metric_model *metric)
{
    const struct yaga_residuals *r = &metric->residuals;
    struct yaga_json *residuals = yaga_json_object_new();
    yaga_json_set_number(residuals, "centre", r->centre);
    yaga_json_set_number(residuals, "scale", r->scale);
    yaga_json_set_number(residuals, "n_eff", r->n_eff);
    yaga_json_set(residuals, "upper", tail_json(&r->upper));
    yaga_json_set(residuals, "lower", tail_json(&r->lower));
    yaga_json_set_int(residuals, "quantiles", YAGA_GRID_POINTS);
    yaga_json_set(json, "residuals", residuals);
    struct yaga_json *forest = yaga_json_object_new();
    yaga_json_set_int(forest, "breaks", (int64_t)metric->forest.n_breaks);
    yaga_json_set(forest, "calibration", table_json(&metric->forest_scores));
    yaga_json_set_number(forest, "offset", metric->offset);
    yaga_json_set(forest, "contamination", contamination_json(&metric->contamination));
    yaga_json_set(json, "forest", forest);
    yaga_json_set(json, "stationarity", stationarity_json(&metric->stationarity));
    yaga_json_set_number(json, "usual_drift", metric->usual_drift);
}

static struct yaga_json *findings_json(uint64_t findings)
{
    struct yaga_json *json = yaga_json_array_new();
    for (unsigned bit = 0; bit < YAGA_GATE_FINDINGS; bit++) {
        if ((findings >> bit & 1) != 0)
            yaga_json_push_string(json, yaga_gate_finding_name(bit));
    }
    return json;
}

static struct yaga_json *metric_gate_json(const struct yaga_metric_gate *g)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_number(json, "values", g->n);
    yaga_json_set_significant(json, "effective_values", g->n_eff, 6);
    yaga_json_set_significant(json, "rate_low", g->rate[0], 6);
    yaga_json_set_significant(json, "rate_low_at_least", g->rate_lower[0], 6);
    yaga_json_set_significant(json, "rate_medium", g->rate[1], 6);
    yaga_json_set_significant(json, "rate_medium_at_least", g->rate_lower[1], 6);
    yaga_json_set_significant(json, "found_high", g->found_high, 6);
    yaga_json_set_significant(json, "found_low", g->found_low, 6);
    yaga_json_set_number(json, "minimum_detectable_effect", g->effect);
    yaga_json_set(json, "findings", findings_json(g->findings));
    return json;
}

struct yaga_json *yaga_gate_json(const struct yaga_model *m)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *metrics = yaga_json_object_new();
    yaga_json_set_string(json, "verdict",
                         m->gate.forced ? "forced"
                                        : yaga_gate_verdict_name(m->gate.verdict));
    yaga_json_set(json, "findings", findings_json(m->gate.findings));
    yaga_json_set_number(json, "rows", m->gate.n_rows);
    yaga_json_set_number(json, "days", m->gate.n_days);
    yaga_json_set_significant(json, "any_metric_rate", m->gate.any_rate, 6);
    yaga_json_set_number(json, "any_metric_limit", m->gate.any_limit);
    for (size_t i = 0; i < m->n_metrics; i++) {
        if (m->metrics[i].gate.n > 0)
            yaga_json_set(metrics, m->metrics[i].name,
                          metric_gate_json(&m->metrics[i].gate));
    }
    yaga_json_set(json, "metrics", metrics);
    return json;
}

static const char *transform_name(enum yaga_transform transform)
{
    switch (transform) {
    case YAGA_TRANSFORM_NONE:
        return "none";
    case YAGA_TRANSFORM_LOG1P:
        return "log1p";
    case YAGA_TRANSFORM_LOG:
        return "log";
    case YAGA_TRANSFORM_LOGIT:
        return "logit";
    }
    return "unknown";
}

static struct yaga_json *metric_json(const struct yaga_model *m,
                                     const struct yaga_metric_model *metric)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_string(json, "name", metric->name);
    yaga_json_set_string(json, "class", yaga_class_name(metric->cls));
    yaga_json_set_string(json, "transform", transform_name(metric->transform));
    yaga_json_set(json, "statistics", stats_json(&metric->stats));
    yaga_json_set_number(json, "profile_level", metric->profile.level);
    yaga_json_set_int(json, "profile_buckets", YAGA_DAY_TYPES * YAGA_SLOTS_PER_DAY);
    yaga_json_set_number(json, "outlier_share", metric->outlier_share);
    if (metric->cls == YAGA_CLASS_DENSE)
        set_dense(json, metric);
    yaga_model_set_detail(json, m, metric);
    return json;
}

static struct yaga_json *features_json(const struct yaga_model *m)
{
    struct yaga_json *json = yaga_json_array_new();
    for (size_t i = 0; i < m->n_mv; i++)
        yaga_json_push_string(json, m->metrics[m->mv_metric[i]].name);
    return json;
}

static struct yaga_json *forest_json(const struct yaga_model *m)
{
    const struct yaga_forest *f = &m->mv_forest;
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set(json, "features", features_json(m));
    yaga_json_set_int(json, "trees", (int64_t)f->n_trees);
    yaga_json_set_int(json, "sample_size", (int64_t)f->sample_size);
    yaga_json_set_int(json, "nodes", f->tree_start[f->n_trees]);
    yaga_json_set_number(json, "offset", m->mv_offset);
    yaga_json_set(json, "contamination", contamination_json(&m->mv_contamination));
    yaga_json_set(json, "calibration", table_json(&m->mv_forest_scores));
    return json;
}

static struct yaga_json *pca_json(const struct yaga_model *m)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_int(json, "features", (int64_t)m->pca.n_features);
    yaga_json_set_int(json, "components", (int64_t)m->pca.n_components);
    yaga_json_set_number(json, "t2_limit", m->pca.t2_limit);
    yaga_json_set_number(json, "spe_limit", m->pca.spe_limit);
    yaga_json_set(json, "calibration", table_json(&m->pca_scores));
    return json;
}

static struct yaga_json *drift_json(const struct yaga_model *m)
{
    const struct yaga_drift_baseline *b = &m->drift;
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_int(json, "features", (int64_t)b->n_features);
    yaga_json_set_number(json, "rows", b->n_rows);
    yaga_json_set_number(json, "shrinkage", b->shrinkage);
    yaga_json_set_number(json, "condition", b->condition);
    yaga_json_set_bool(json, "ridge", b->ridged);
    yaga_json_set_number(json, "warning_d2", b->warning);
    yaga_json_set_number(json, "critical_d2", b->critical);
    yaga_json_set_significant(json, "share_beyond_warning", b->beyond, 6);
    yaga_json_set_significant(json, "share_beyond_warning_of_a_day", m->usual_joint_share, 6);
    return json;
}

static struct yaga_json *pair_json(const struct yaga_model *m, size_t a, size_t b)
{
    double pearson = m->correlation.pearson[a * m->n_mv + b];
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_string(json, "metric_1", m->metrics[m->mv_metric[a]].name);
    yaga_json_set_string(json, "metric_2", m->metrics[m->mv_metric[b]].name);
    yaga_json_set_significant(json, "correlation", pearson, 6);
    yaga_json_set_significant(json, "rank_correlation",
                              m->correlation.spearman[a * m->n_mv + b], 6);
    yaga_json_set_string(json, "hint",
                         fabs(pearson) > YAGA_CORRELATION_REDUNDANT
                             ? "one of the two says nothing new"
                             : "the two move together");
    return json;
}

/* Pairs whose coefficient of either kind is strong. */
static struct yaga_json *pairs_json(const struct yaga_model *m)
{
    struct yaga_json *json = yaga_json_array_new();
    for (size_t a = 0; a < m->correlation.n_features; a++) {
        for (size_t b = a + 1; b < m->correlation.n_features; b++) {
            size_t at = a * m->n_mv + b;
            if (fmax(fabs(m->correlation.pearson[at]),
                     fabs(m->correlation.spearman[at])) > YAGA_CORRELATION_STRONG)
                yaga_json_push(json, pair_json(m, a, b));
        }
    }
    return json;
}

static void set_identity(struct yaga_json *json, const struct yaga_model *m)
{
    const char grade[2] = {m->quality_grade, '\0'};
    yaga_json_set_int(json, "format", YAGA_MODEL_FORMAT);
    yaga_json_set_string(json, "service", m->service);
    yaga_json_set_string(json, "variant", m->variant);
    yaga_json_set_string(json, "period", yaga_period_name(m->period));
    yaga_json_set_string(json, "scheme", yaga_scheme_name(m->scheme));
    yaga_json_set_string(json, "timezone", m->timezone);
    yaga_json_set_string(json, "run_id", m->run_id);
    yaga_json_set_string(json, "config_digest", m->config_digest);
    yaga_json_set_time(json, "trained_at", m->trained_at_s);
    yaga_json_set_time(json, "train_start", m->train_start_s);
    yaga_json_set_time(json, "train_end", m->train_end_s);
    yaga_json_set_int(json, "step_seconds", m->step_s);
    yaga_json_set_int(json, "seed", (int64_t)m->seed);
    yaga_json_set_number(json, "rows", m->n_rows);
    yaga_json_set_number(json, "days", m->n_days);
    yaga_json_set_number(json, "quality", m->quality);
    yaga_json_set_string(json, "quality_grade", grade);
    yaga_json_set_bool(json, "explainable", yaga_model_explains(m));
    if (m->service_class.kind != YAGA_SERVICE_UNCLASSIFIED)
        yaga_json_set(json, "service_class", yaga_service_class_json(&m->service_class));
}

static struct yaga_json *decision_json(const struct yaga_model *m)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_number(json, "alpha", m->alpha);
    yaga_json_set_number(json, "budget_per_week", m->budget_per_week);
    yaga_json_set_number(json, "achieved_per_week", m->achieved_per_week);
    yaga_json_set_number(json, "holdout_days", m->holdout_days);
    return json;
}

struct yaga_json *yaga_model_json(const struct yaga_model *model)
{
    struct yaga_json *json = yaga_json_object_new();
    set_identity(json, model);
    struct yaga_json *metrics = yaga_json_array_new();
    for (size_t i = 0; i < model->n_metrics; i++)
        yaga_json_push(metrics, metric_json(model, &model->metrics[i]));
    yaga_json_set(json, "metrics", metrics);
    if (model->n_mv > 0)
        yaga_json_set(json, "multivariate_forest", forest_json(model));
    if (model->pca.n_features > 0)
        yaga_json_set(json, "pca", pca_json(model));
    if (model->drift.n_features > 0)
        yaga_json_set(json, "drift_baseline", drift_json(model));
    yaga_json_set(json, "correlated_pairs", pairs_json(model));
    yaga_json_set(json, "decision", decision_json(model));
    yaga_json_set(json, "gate", yaga_gate_json(model));
    if (model->whole != NULL)
        yaga_json_set(json, "service_at_all_times", yaga_whole_json(model->whole));
    return json;
}
