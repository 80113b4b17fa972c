/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a cycle writes back into a metric store, a line each:
 *
 *   yaga_anomaly_score{service="cart"} 0.31 1772460360000             of the service
 *   yaga_anomaly_score{service="cart",metric="error_rate"} ...        of a metric
 *   yaga_expected, yaga_expected_lower, yaga_expected_upper           in the metric's own
 * unit
 *
 * The band is where a value begins to be evidence (see portrait.c), around what was
 * expected now, the correction of the level included. An edge that does not exist (a
 * direction that has no tail, a metric judged by thresholds) has no line.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/feature/feature.h"
#include "yaga/pipeline/infer_internal.h"

/* metric NULL: of the service as a whole. A value that is none has no line. */
static enum yaga_status append_line(struct yaga_str *out,
                                    const char *name,
                                    const char *service,
                                    const char *metric,
                                    double value,
                                    int64_t at_s)
{
    char number[YAGA_DOUBLE_TEXT_MAX];
    if (!isfinite(value))
        return YAGA_OK;
    enum yaga_status st = yaga_str_appendf(out, "%s{service=\"", name);
    if (st == YAGA_OK)
        st = yaga_metrics_label(out, service);
    if (st == YAGA_OK && metric != NULL)
        st = yaga_str_append(out, "\",metric=\"");
    if (st == YAGA_OK && metric != NULL)
        st = yaga_metrics_label(out, metric);
    if (st == YAGA_OK)
        st = yaga_str_appendf(out, "\"} %s %lld000\n", yaga_format_double(value, number),
                              (long long)at_s);
    return st;
}

static const struct yaga_metric_model *model_of(const struct yaga_model *model,
                                                const char *name)
{
    for (size_t k = 0; model != NULL && k < model->n_metrics; k++)
        if (strcmp(model->metrics[k].name, name) == 0)
            return &model->metrics[k];
    return NULL;
}

void yaga_expected_band(const struct yaga_model *of_row,
                        const struct yaga_metric *metric,
                        double alpha,
                        double expected,
                        double n_requests,
                        double edges[2])
{
    const struct yaga_metric_model *model = model_of(of_row, metric->name);
    edges[0] = edges[1] = (double)NAN;
    if (model == NULL || model->cls != YAGA_CLASS_DENSE || isnan(expected))
        return;
    bool both = metric->bad == YAGA_BOTH;
    double p_tail = yaga_detect_alpha_soft(alpha) / (both ? 4.0 : 2.0);
    double g = yaga_transform_apply(model->transform, expected, n_requests);
    double lower = g - yaga_tail_level(&model->residuals.lower, p_tail);
    double upper = g + yaga_tail_level(&model->residuals.upper, p_tail);
    edges[0] = yaga_transform_invert(model->transform, lower, n_requests);
    edges[1] = yaga_transform_invert(model->transform, upper, n_requests);
}

static enum yaga_status append_metric(const struct yaga_judgement *j,
                                      const char *service,
                                      size_t metric,
                                      double n_requests,
                                      int64_t at_s,
                                      struct yaga_str *out)
{
    const struct yaga_evidence *cell = &yaga_evidence_row(&j->grid, j->row)[metric];
    const char *name = j->metrics[metric].name;
    double edges[2];
    if (isnan(cell->value)) /* nothing else is meaningful then */
        return YAGA_OK;
    yaga_expected_band(j->grid.model[j->row], &j->metrics[metric], j->verdict.alpha,
                       cell->expected, n_requests, edges);
    enum yaga_status st = append_line(out, "yaga_anomaly_score", service, name,
                                      j->verdict.metric_score[metric], at_s);
    if (st == YAGA_OK)
        st = append_line(out, "yaga_expected", service, name, cell->expected, at_s);
    if (st == YAGA_OK)
        st = append_line(out, "yaga_expected_lower", service, name, edges[0], at_s);
    if (st == YAGA_OK)
        st = append_line(out, "yaga_expected_upper", service, name, edges[1], at_s);
    return st;
}

static enum yaga_status append_service(const struct yaga_cycle_work *c,
                                       const struct yaga_frame *frame,
                                       const char *service,
                                       const struct yaga_judgement *j,
                                       struct yaga_str *out)
{
    YAGA_AUTO_MEM(double) requests = yaga_alloc(frame->n_rows, sizeof *requests);
    if (requests == NULL)
        return YAGA_E_NOMEM;
    yaga_feature_requests(frame, j->metrics, requests);
    enum yaga_status st = append_line(out, "yaga_anomaly_score", service, NULL,
                                      j->verdict.anomaly_score, c->at_s);
    for (size_t m = 0; st == YAGA_OK && m < j->grid.n_metrics; m++)
        st = append_metric(j, service, m, requests[j->row], c->at_s, out);
    return st;
}

void yaga_cycle_score(struct yaga_cycle_work *c,
                      const struct yaga_frame *frame,
                      const char *service,
                      const struct yaga_judgement *j)
{
    struct yaga_infer *infer = c->infer;
    if (infer->sinks == NULL || infer->options.offline ||
        infer->setup->deliver.scores.url[0] == '\0' || j->outcome != YAGA_EVALUATED)
        return;
    size_t before = c->scores.length;
    if (append_service(c, frame, service, j, &c->scores) == YAGA_OK)
        return;
    /* Whole services or nothing of them. */
    if (c->scores.data != NULL) {
        c->scores.length = before;
        c->scores.data[before] = '\0';
    }
    yaga_log(YAGA_LOG_WARN, "DELIVERY", service,
             "no memory for the scores that are written back");
}
