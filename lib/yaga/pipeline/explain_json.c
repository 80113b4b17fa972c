/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation for programs: every figure. */
#include <math.h>

#include "yaga/pipeline/explain_internal.h"

enum { DIGITS = 6 };

static const char *method_name(enum yaga_method method)
{
    static const char *const names[] = {[YAGA_METHOD_NONE] = "none",
                                        [YAGA_METHOD_FOREST] = "isolation_forest",
                                        [YAGA_METHOD_THRESHOLD] = "threshold",
                                        [YAGA_METHOD_ACTIVATION] =
                                            "zero_normal_threshold",
                                        [YAGA_METHOD_OBJECTIVE] = "objective"};
    return names[method];
}

static struct yaga_json *model_json(const struct yaga_choice *c)
{
    struct yaga_json *o = yaga_json_object_new();
    yaga_json_set_string(o, "status", yaga_model_status_name(c->status));
    if (c->current != NULL) {
        yaga_json_set_string(o, "run_id", c->run_id);
        yaga_json_set_string(o, "period", yaga_period_name(c->current->period));
        yaga_json_set_time(o, "trained_at", c->current->trained_at_s);
        yaga_json_set_rounded(o, "age_days", c->age_days, 3);
        yaga_json_set_bool(o, "is_fallback", c->is_fallback);
        yaga_json_set_rounded(o, "confidence", c->confidence, 3);
    } else {
        yaga_json_set_number(o, "confidence", YAGA_CONFIDENCE_BY_LIMITS);
    }
    if (c->problem[0] != '\0')
        yaga_json_set_string(o, "problem", c->problem);
    return o;
}

static void set_signal(struct yaga_json *o, const struct yaga_signal *signal)
{
    yaga_json_set_bool(o, "signal", signal != NULL);
    if (signal == NULL)
        return;
    yaga_json_set_string(o, "severity", yaga_severity_name(signal->severity));
    yaga_json_set_bool(o, "strong", signal->strong);
    yaga_json_set_bool(o, "sustained", signal->sustained);
    yaga_json_set_time(o, "onset", signal->onset_s);
    yaga_json_set_bool(o, "onset_censored", signal->onset_censored);
    yaga_json_set_int(o, "points_anomalous", signal->points_anomalous);
    yaga_json_set_int(o, "points_total", signal->points_total);
}

static void set_evidence(struct yaga_json *o, const struct yaga_explanation *e, size_t m)
{
    const struct yaga_verdict *v = &e->judgement->verdict;
    const struct yaga_evidence *cell = &v->found.now[m];
    double edges[2];
    yaga_explained_band(e, e->judgement->row, m, edges);
    yaga_json_set_significant(o, "expected", cell->expected, DIGITS);
    yaga_json_set_significant(o, "lower", edges[0], DIGITS);
    yaga_json_set_significant(o, "upper", edges[1], DIGITS);
    yaga_json_set_significant(o, "residual", cell->residual, DIGITS);
    yaga_json_set_significant(o, "z", cell->z, DIGITS);
    yaga_json_set_significant(o, "p", cell->p, DIGITS);
    yaga_json_set_significant(o, "p_forest", cell->p_forest, DIGITS);
    yaga_json_set_significant(o, "p_tail", cell->p_tail, DIGITS);
    yaga_json_set_significant(o, "decision", cell->decision, DIGITS);
    yaga_json_set_rounded(o, "percentile", cell->percentile, 2);
    yaga_json_set_significant(o, "deviation_sigma", cell->sigma, DIGITS);
    yaga_json_set_string(o, "direction", yaga_direction_name(cell->direction));
    yaga_json_set_significant(o, "score", v->metric_score[m], DIGITS);
    if (cell->immaterial != YAGA_MATERIAL)
        yaga_json_set_string(o, "immaterial", yaga_immaterial_name(cell->immaterial));
}

static struct yaga_json *metric_json(const struct yaga_explanation *e, size_t m)
{
    const struct yaga_evidence *cell = &e->judgement->verdict.found.now[m];
    const struct yaga_metric *metric = &e->judgement->metrics[m];
    struct yaga_json *o = yaga_json_object_new();
    yaga_json_set_string(o, "metric", metric->name);
    yaga_json_set_string(o, "unit", metric->unit);
    yaga_json_set_number(o, "value", cell->value);
    yaga_json_set_string(o, "method", method_name(cell->method));
    if (!isnan(cell->value) && cell->method != YAGA_METHOD_NONE)
        set_evidence(o, e, m);
    yaga_json_set_significant(o, "share", yaga_explained_share(e, m), DIGITS);
    yaga_json_set_string(o, "finding", yaga_explained_word(e, m));
    set_signal(o, yaga_explained_signal(e, m));
    return o;
}

static struct yaga_json *channels_json(const struct yaga_explanation *e)
{
    struct yaga_json *list = yaga_json_array_new();
    for (int c = 0; c < YAGA_N_CHANNELS; c++) {
        struct yaga_json *o = yaga_json_object_new();
        double score = e->judgement->verdict.channel[c];
        double level = yaga_explained_level(e, (enum yaga_channel)c);
        yaga_json_set_string(o, "channel", yaga_channel_name((enum yaga_channel)c));
        yaga_json_set_significant(o, "evidence", score, DIGITS);
        yaga_json_set_significant(o, "level", level, DIGITS);
        yaga_json_set_bool(o, "over", score >= level);
        yaga_json_push(list, o);
    }
    return list;
}

static struct yaga_json *members_json(const struct yaga_judgement *j)
{
    struct yaga_json *o = yaga_json_object_new();
    for (int k = 0; k < YAGA_N_MEMBERS; k++)
        yaga_json_set_significant(o, yaga_member_name((enum yaga_member)k),
                                  j->look.last.member[k], DIGITS);
    return o;
}

static void push_texts(struct yaga_json *o,
                       const char *key,
                       size_t n,
                       const char texts[][YAGA_LIST_TEXT_MAX + 1])
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < n; i++)
        yaga_json_push_string(list, texts[i]);
    yaga_json_set(o, key, list);
}

static struct yaga_json *anomalies_json(const struct yaga_explanation *e)
{
    struct yaga_json *list = yaga_json_array_new();
    const struct yaga_verdict *v = &e->judgement->verdict;
    for (size_t i = 0; i < v->n_anomalies; i++) {
        const struct yaga_anomaly *a = &v->anomalies[i];
        struct yaga_json *o = yaga_json_object_new();
        yaga_json_set_string(o, "name", a->name);
        yaga_json_set_string(o, "type", a->type);
        yaga_json_set_string(o, "severity", yaga_severity_name(a->severity));
        yaga_json_set_rounded(o, "confidence", a->confidence, 2);
        yaga_json_set_bool(o, "sustained", a->sustained);
        yaga_json_set_string(o, "description", a->description);
        yaga_json_set_string(o, "interpretation", a->interpretation);
        yaga_json_set_string(o, "business_impact", a->impact);
        push_texts(o, "severity_adjustments", a->n_adjustments, a->adjustments);
        push_texts(o, "possible_causes", a->n_causes, a->causes);
        push_texts(o, "checks", a->n_checks, a->checks);
        push_texts(o, "recommended_actions", a->n_actions, a->actions);
        yaga_json_push(list, o);
    }
    return list;
}

static struct yaga_json *drift_json(const struct yaga_judgement *j)
{
    const struct yaga_drift_findings *d = &j->drift;
    struct yaga_json *o = yaga_json_object_new();
    struct yaga_json *metrics = yaga_json_object_new();
    yaga_json_set_string(o, "verdict", yaga_drift_verdict_name(d->conclusion.verdict));
    yaga_json_set_rounded(o, "score", d->conclusion.score, 3);
    yaga_json_set_number(o, "penalty", d->conclusion.penalty);
    for (size_t m = 0; m < d->n_metrics; m++) {
        if (d->metrics[m].verdict == YAGA_DRIFT_UNKNOWN)
            continue;
        struct yaga_json *one = yaga_json_object_new();
        yaga_json_set_string(one, "verdict",
                             yaga_drift_verdict_name(d->metrics[m].verdict));
        yaga_json_set_rounded(one, "shift", d->metrics[m].shift, 3);
        yaga_json_set_rounded(one, "psi", d->metrics[m].psi, 4);
        yaga_json_set_rounded(one, "score", d->metrics[m].score, 3);
        yaga_json_set_significant(one, "current", d->current[m], DIGITS);
        yaga_json_set(metrics, j->metrics[m].name, one);
    }
    yaga_json_set(o, "metrics", metrics);
    yaga_json_set_string(o, "joint", yaga_drift_verdict_name(d->joint.verdict));
    yaga_json_set_rounded(o, "joint_share", d->joint.share, 4);
    return o;
}

static struct yaga_json *objectives_json(const struct yaga_slo_evaluation *slo)
{
    struct yaga_json *o = yaga_json_object_new();
    yaga_json_set_string(o, "status", yaga_slo_status_name(slo->status));
    yaga_json_set_significant(o, "proximity", slo->proximity, DIGITS);
    yaga_json_set_string(o, "original_severity", yaga_severity_name(slo->original));
    yaga_json_set_string(o, "adjusted_severity", yaga_severity_name(slo->adjusted));
    yaga_json_set_int(o, "dropped", (int64_t)slo->n_dropped);
    yaga_json_set_string(o, "explanation", slo->explanation);
    return o;
}

static struct yaga_json *changes_json(const struct yaga_explanation *e)
{
    struct yaga_json *list = yaga_json_array_new();
    char text[YAGA_COUNTERFACTUAL_TEXT_MAX];
    for (size_t i = 0; i < e->counterfactuals.n; i++) {
        const struct yaga_counterfactual *c = &e->counterfactuals.items[i];
        struct yaga_json *o = yaga_json_object_new();
        yaga_json_set_string(o, "metric", e->judgement->metrics[c->metric].name);
        yaga_json_set_number(o, "current", c->value);
        if (!isnan(c->quiet) || !isnan(c->together))
            yaga_json_set_string(o, "relation", yaga_counterfactual_relation(c));
        yaga_json_set_number(o, "value", c->quiet);
        yaga_json_set_number(o, "value_together", c->together);
        yaga_explained_change(e, c, text);
        yaga_json_set_string(o, "text", text);
        yaga_json_push(list, o);
    }
    return list;
}

/* Six digits; null where there is nothing. */
static void push(struct yaga_json *list, double value)
{
    if (!isfinite(value)) {
        yaga_json_push(list, yaga_json_null_new());
        return;
    }
    double unit = value == 0.0 ? 1.0 : pow(10.0, floor(log10(fabs(value))) - 5.0);
    double rounded = unit >= 1.0 ? round(value / unit) * unit
                                 : round(value / unit) / round(1.0 / unit);
    yaga_json_push(list, yaga_json_number_new(rounded));
}

static struct yaga_json *series_json(const struct yaga_explanation *e, size_t m)
{
    struct yaga_json *o = yaga_json_object_new();
    struct yaga_json *value = yaga_json_array_new(), *expected = yaga_json_array_new(),
                     *lower = yaga_json_array_new(), *upper = yaga_json_array_new();
    for (size_t t = e->first_row; t < e->known.n_rows; t++) {
        double edges[2];
        yaga_explained_band(e, t, m, edges);
        push(value, yaga_frame_at(&e->known, t, m));
        push(expected, yaga_explained_cell(e, t, m)->expected);
        push(lower, edges[0]);
        push(upper, edges[1]);
    }
    yaga_json_set_string(o, "metric", e->judgement->metrics[m].name);
    yaga_json_set(o, "value", value);
    yaga_json_set(o, "expected", expected);
    yaga_json_set(o, "lower", lower);
    yaga_json_set(o, "upper", upper);
    return o;
}

static struct yaga_json *day_json(const struct yaga_explanation *e)
{
    struct yaga_json *o = yaga_json_object_new();
    struct yaga_json *score = yaga_json_array_new(), *alarm = yaga_json_array_new(),
                     *metrics = yaga_json_array_new();
    for (size_t t = e->first_row; t < e->known.n_rows; t++) {
        push(score, e->score[t]);
        yaga_json_push(alarm, yaga_json_bool_new(e->alarms[t]));
    }
    for (size_t m = 0; m < e->setup->n_metrics; m++)
        yaga_json_push(metrics, series_json(e, m));
    yaga_json_set_time(o, "start", yaga_frame_time(&e->known, e->first_row));
    yaga_json_set_int(o, "step_seconds", e->known.step_s);
    yaga_json_set(o, "anomaly_score", score);
    yaga_json_set(o, "alarm", alarm);
    yaga_json_set(o, "metrics", metrics);
    return o;
}

static void set_verdict(struct yaga_json *o, const struct yaga_explanation *e)
{
    const struct yaga_judgement *j = e->judgement;
    const struct yaga_verdict *v = &j->verdict;
    struct yaga_json *metrics = yaga_json_array_new();
    yaga_json_set_string(o, "severity", yaga_severity_name(v->severity));
    yaga_json_set_significant(o, "anomaly_score", v->anomaly_score, DIGITS);
    yaga_json_set_significant(o, "p", v->p, DIGITS);
    yaga_json_set_significant(o, "alpha", v->alpha, DIGITS);
    yaga_json_set_significant(o, "p_multivariate", v->p_mv, DIGITS);
    yaga_json_set_int(o, "suppressed", (int64_t)v->n_suppressed);
    for (size_t m = 0; m < e->setup->n_metrics; m++)
        yaga_json_push(metrics, metric_json(e, m));
    yaga_json_set(o, "metrics", metrics);
    yaga_json_set(o, "channels", channels_json(e));
    if (j->choice.whole != NULL)
        yaga_json_set(o, "members", members_json(j));
    yaga_json_set(o, "counterfactuals", changes_json(e));
    yaga_json_set(o, "day", day_json(e));
}

struct yaga_json *yaga_explanation_json(const struct yaga_explanation *explanation)
{
    const struct yaga_judgement *j = explanation->judgement;
    struct yaga_json *o = yaga_json_object_new();
    char reason[500];
    bool evaluated = j->outcome == YAGA_EVALUATED;
    bool alarms = yaga_explanation_alarms(explanation);
    yaga_explained_reason(explanation, reason);
    yaga_json_set_string(o, "service", explanation->service);
    yaga_json_set_time(o, "at", explanation->at_s);
    yaga_json_set_string(o, "outcome", yaga_infer_outcome_name(j->outcome));
    yaga_json_set_string(o, "decision",
                         alarms                       ? "alarm"
                         : evaluated || j->by_limits ? "quiet"
                                                      : "not_judged");
    yaga_json_set_string(o, "reason", reason);
    if (j->by_limits)
        yaga_json_set_string(o, "model_type", "slo_only");
    if (evaluated || j->by_limits || alarms) {
        yaga_json_set_time(o, "row_time", j->row_time_s);
        yaga_json_set_string(o, "period", yaga_period_name(j->period));
        yaga_json_set(o, "anomalies", anomalies_json(explanation));
    }
    if (evaluated)
        set_verdict(o, explanation);
    if (j->cascade != NULL)
        yaga_json_set(o, "cascade", yaga_alert_cascade_json(j->cascade));
    if (j->slo.enabled && j->slo.has_objectives)
        yaga_json_set(o, "objectives", objectives_json(&j->slo));
    if (j->drift.conclusion.verdict != YAGA_DRIFT_UNKNOWN)
        yaga_json_set(o, "drift", drift_json(j));
    yaga_json_set(o, "model", model_json(&j->choice));
    return o;
}
