/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training report for programs. Keys carry their units; what was not measured is not
 * there. */
#include <math.h>
#include <string.h>

#include "yaga/io/json.h"
#include "yaga/pipeline/quality_json.h"
#include "yaga/pipeline/report_internal.h"

enum { FIGURE_DIGITS = 5 };

static void set_figure(struct yaga_json *object, const char *key, double value)
{
    yaga_json_set_significant(object, key, value, FIGURE_DIGITS);
}

static struct yaga_json *line_json(const struct yaga_chart *chart,
                                   enum yaga_chart_line line)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < chart->n; i++) {
        double value = yaga_chart_at(chart, line, i);
        char text[YAGA_DOUBLE_TEXT_MAX];
        double rounded = value;
        if (yaga_format(text, sizeof text, "%.5g", value))
            (void)yaga_parse_double(text, strlen(text), &rounded);
        yaga_json_push(list, isnan(value) ? yaga_json_null_new()
                                          : yaga_json_number_new(rounded));
    }
    return list;
}

static struct yaga_json *chart_json(const struct yaga_chart *chart)
{
    static const char *const names[YAGA_CHART_LINES] = {"value",    "least", "most",
                                                        "expected", "lower", "upper"};
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_time(json, "start", chart->start_s);
    yaga_json_set_int(json, "step_s", chart->step_s);
    for (size_t line = 0; line < YAGA_CHART_LINES; line++)
        yaga_json_set(json, names[line], line_json(chart, (enum yaga_chart_line)line));
    return json;
}

static struct yaga_json *importance_json(const struct yaga_portrait_metric *m)
{
    struct yaga_json *json = yaga_json_object_new();
    set_figure(json, "variability_score", m->variability);
    yaga_json_set_string(json, "impact_level", yaga_importance_name(m->impact));
    yaga_json_set_string(json, "business_criticality",
                         yaga_importance_name(m->criticality));
    return json;
}

static struct yaga_json *metric_json(const struct yaga_metric *metric,
                                     const struct yaga_portrait_metric *m)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_string(json, "name", metric->name);
    if (metric->unit[0] != '\0')
        yaga_json_set_string(json, "unit", metric->unit);
    yaga_json_set_bool(json, "expected", m->expected);
    yaga_quality_set_json(json, &m->quality, m->n_corrected);
    if (m->has_detail)
        yaga_json_set(json, "importance", importance_json(m));
    if (m->chart.n > 0)
        yaga_json_set(json, "last_week", chart_json(&m->chart));
    return json;
}

/* A value that is not there is left out. */
static struct yaga_json *metric_usability_json(const struct yaga_metric_usability *m)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_int(json, "values", (int64_t)m->n);
    yaga_json_set_rounded(json, "missing_percent", m->missing_percent, 2);
    yaga_json_set_rounded(json, "outlier_percent", m->outlier_percent, 2);
    yaga_json_set_rounded(json, "zero_percent", m->zero_percent, 2);
    yaga_json_set_bool(json, "constant", m->is_constant);
    yaga_json_set_bool(json, "zero_dominant", m->is_zero_dominant);
    yaga_json_set_bool(json, "usable", m->is_usable);
    set_figure(json, "min", m->min);
    set_figure(json, "max", m->max);
    return json;
}

static struct yaga_json *usability_json(const struct yaga_report *report,
                                        const struct yaga_usability *u)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *lost = yaga_json_object_new();
    struct yaga_json *metrics = yaga_json_object_new();
    yaga_json_set_string(json, "grade", (char[]){u->grade, '\0'});
    yaga_json_set_rounded(json, "score", u->score, 1);
    yaga_json_set_int(json, "rows", (int64_t)u->n_rows);
    yaga_json_set_int(json, "rows_with_data", (int64_t)u->n_data);
    yaga_json_set_int(json, "rows_usable", (int64_t)u->n_usable);
    yaga_json_set_int(json, "days", (int64_t)u->n_days);
    if (u->n_data > 0) {
        yaga_json_set_time(json, "first", u->first_s);
        yaga_json_set_time(json, "last", u->last_s);
    }
    yaga_json_set_rounded(json, "coverage_percent", u->coverage, 2);
    yaga_json_set_int(json, "gaps", (int64_t)u->n_gaps);
    for (size_t i = 0; i < YAGA_N_UNUSED; i++)
        yaga_json_set_rounded(lost, yaga_usability_loss_name((enum yaga_usability_loss)i),
                              u->lost[i], 1);
    for (size_t m = 0; m < u->n_metrics; m++)
        yaga_json_set(metrics, report->setup->metrics[m].name,
                      metric_usability_json(&u->metric[m]));
    yaga_json_set(json, "lost_points", lost);
    yaga_json_set(json, "metrics", metrics);
    return json;
}

static struct yaga_json *judged_json(const struct yaga_report *report,
                                     const struct yaga_portrait_period *period)
{
    struct yaga_json *json = yaga_json_object_new();
    for (size_t m = 0; m < report->setup->n_metrics; m++) {
        const struct yaga_portrait_cell *cell = &period->metrics[m];
        struct yaga_json *metric = yaga_json_object_new();
        yaga_json_set_string(metric, "class", yaga_class_name(cell->cls));
        set_figure(metric, "effective_values", cell->n_eff);
        set_figure(metric, "minimum_detectable_effect", cell->effect);
        yaga_json_set(json, report->setup->metrics[m].name, metric);
    }
    return json;
}

static struct yaga_json *period_json(const struct yaga_report *report,
                                     const struct yaga_train_service *s,
                                     enum yaga_period p)
{
    struct yaga_json *json = yaga_json_object_new();
    const struct yaga_portrait_period *period = &s->portrait->periods[p];
    const char *not_trained = s->not_trained.text[p];
    enum yaga_period by;
    enum yaga_serving_how how = yaga_report_serving(report, s, p, &by);
    yaga_json_set_string(json, "period", yaga_period_name(p));
    yaga_json_set_int(json, "rows", (int64_t)period->n_rows);
    yaga_json_set_int(json, "days", (int64_t)period->n_days);
    yaga_json_set_bool(json, "own_model", how == YAGA_SERVING_OWN);
    yaga_json_set_string(json, "serving", yaga_serving_how_name(how));
    if (not_trained[0] != '\0')
        yaga_json_set_string(json, "not_trained", not_trained);
    if (by != YAGA_N_PERIODS)
        yaga_json_set_string(json, "served_by", yaga_period_name(by));
    yaga_json_set(json, "usability", usability_json(report, &period->usability));
    if (!period->has_model)
        return json;
    yaga_json_set_int(json, "metrics_judged", (int64_t)period->n_judged);
    yaga_json_set_int(json, "metrics_judged_together", (int64_t)period->n_joint);
    if (period->gate.verdict != YAGA_GATE_NONE)
        yaga_json_set_string(json, "gate", yaga_gate_verdict_name(period->gate.verdict));
    yaga_json_set(json, "metrics", judged_json(report, period));
    return json;
}

static struct yaga_json *advices_json(const struct yaga_report *report,
                                      const struct yaga_train_service *service)
{
    struct yaga_json *list = yaga_json_array_new();
    struct yaga_advices advices;
    yaga_report_advise(report, service, &advices);
    for (size_t i = 0; i < advices.n; i++) {
        struct yaga_json *json = yaga_json_object_new();
        yaga_json_set_string(json, "kind", advices.items[i].kind);
        yaga_json_set_string(json, "text", advices.items[i].text);
        yaga_json_set_string(json, "todo", advices.items[i].todo);
        yaga_json_push(list, json);
    }
    return list;
}

static void set_portrait(struct yaga_json *json,
                         const struct yaga_report *report,
                         const struct yaga_train_service *s)
{
    const struct yaga_portrait *portrait = s->portrait;
    struct yaga_json *periods = yaga_json_array_new();
    struct yaga_json *metrics = yaga_json_array_new();
    enum yaga_scheme scheme = report->setup->calendar.scheme;
    yaga_json_set_rounded(json, "quality_score", portrait->score, 1);
    yaga_json_set_rounded(json, "holdout_days", portrait->holdout_days, 2);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        if (yaga_period_exists(scheme, (enum yaga_period)p) || p == YAGA_POOLED)
            yaga_json_push(periods, period_json(report, s, (enum yaga_period)p));
    for (size_t m = 0; m < portrait->n_metrics; m++)
        yaga_json_push(metrics,
                       metric_json(&report->setup->metrics[m], &portrait->metrics[m]));
    yaga_json_set(json, "periods", periods);
    yaga_json_set(json, "metrics", metrics);
}

static struct yaga_json *left_out_json(const struct yaga_train_service *s)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_int(json, "excluded_periods", (int64_t)s->n_excluded);
    yaga_json_set_int(json, "maintenance", (int64_t)s->n_maintenance);
    yaga_json_set_int(json, "own_incidents", (int64_t)s->n_incident);
    yaga_json_set_int(json, "own_incidents_kept", (int64_t)s->n_incident_kept);
    return json;
}

static struct yaga_json *variant_json(const struct yaga_report *report,
                                      const char *name,
                                      const struct yaga_train_variant *variant)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *reasons = yaga_json_object_new();
    enum yaga_scheme scheme = report->setup->calendar.scheme;
    yaga_json_set_string(json, "variant", name);
    yaga_json_set_bool(json, "trained", variant->trained);
    if (!variant->trained && variant->message[0] != '\0')
        yaga_json_set_string(json, "reason", variant->message);
    yaga_json_set_int(json, "rows", (int64_t)variant->n_rows);
    yaga_json_set_int(json, "periods_with_model", (int64_t)variant->n_periods);
    yaga_json_set(json, "not_trained", reasons);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        if ((yaga_period_exists(scheme, (enum yaga_period)p) || p == YAGA_POOLED) &&
            variant->not_trained.text[p][0] != '\0')
            yaga_json_set_string(reasons, yaga_period_name((enum yaga_period)p),
                                 variant->not_trained.text[p]);
    return json;
}

static struct yaga_json *variants_json(const struct yaga_report *report,
                                       const struct yaga_train_service *s)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < report->result->n_variants; i++)
        yaga_json_push(
            list, variant_json(report, report->result->variants[i], &s->variants[i]));
    return list;
}

static struct yaga_json *service_json(const struct yaga_report *report,
                                      const struct yaga_train_service *s)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_string(json, "service", s->name);
    yaga_json_set_string(json, "outcome", yaga_train_outcome_name(s->outcome));
    if (s->message[0] != '\0')
        yaga_json_set_string(json, "reason", s->message);
    struct yaga_service_class class;
    yaga_setup_service_class(report->setup, s->name, &class);
    yaga_json_set(json, "service_class", yaga_service_class_json(&class));
    if (s->grade != '\0')
        yaga_json_set_string(json, "quality_grade", (char[]){s->grade, '\0'});
    yaga_json_set_int(json, "rows", (int64_t)s->n_rows);
    yaga_json_set(json, "rows_left_out", left_out_json(s));
    yaga_json_set_int(json, "periods_with_model", (int64_t)s->n_periods);
    yaga_json_set_bool(json, "pooled", s->pooled);
    yaga_json_set_int(json, "metrics_judged", (int64_t)s->n_features);
    yaga_json_set_int(json, "metrics_explainable", (int64_t)s->n_explainable);
    if (s->n_periods > 0 || s->pooled) {
        set_figure(json, "alpha", s->alpha);
        set_figure(json, "promised_per_week", report->promised_per_week);
        set_figure(json, "achieved_per_week", s->achieved_per_week);
        set_figure(json, "signal_share", s->signals_now);
        set_figure(json, "signal_share_before", s->signals_before);
    }
    yaga_json_set(json, "variants", variants_json(report, s));
    if (s->portrait != NULL)
        set_portrait(json, report, s);
    yaga_json_set(json, "warnings", advices_json(report, s));
    return json;
}

struct yaga_json *yaga_report_json(const struct yaga_report *report)
{
    const struct yaga_train_report *result = report->result;
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *services = yaga_json_array_new();
    yaga_json_set_string(json, "generator", report->setup->generator);
    yaga_json_set_string(json, "batch", result->batch_id);
    yaga_json_set_time(json, "trained_at", report->options->now_s);
    yaga_json_set_time(json, "start", result->start_s);
    yaga_json_set_time(json, "end", result->end_s);
    yaga_json_set_bool(json, "dry_run", report->options->dry_run);
    yaga_json_set_int(json, "services_total", (int64_t)result->n_services);
    yaga_json_set_int(json, "services_trained", (int64_t)result->n_trained);
    for (size_t i = 0; i < result->n_services; i++)
        yaga_json_push(services, service_json(report, &result->services[i]));
    yaga_json_set(json, "services", services);
    return json;
}
