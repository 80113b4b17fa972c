/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the latency or the error rate of a service climb? Asked of the rows of the cycle's
 * own frame, against the rhythm of the day that the model of the service as a whole
 * knows, which is there at all hours, and without the correction of the level, in which a
 * slow rise would hide. */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/detect/history.h"
#include "yaga/detect/trend.h"
#include "yaga/feature/feature.h"
#include "yaga/pipeline/infer_internal.h"

static const enum yaga_metric_role roles[YAGA_RISES] = {YAGA_ROLE_LATENCY,
                                                        YAGA_ROLE_ERRORS};

/* Columns of one look, [n_rows] each. */
struct columns {
    double *requests, *value, *g, *r, *x, *excess;
};

static const struct yaga_profile *rhythm_of(const struct yaga_whole *whole,
                                            const char *metric)
{
    for (size_t k = 0; k < whole->n_metrics; k++)
        if (strcmp(whole->metrics[k].name, metric) == 0)
            return &whole->metrics[k].profile;
    return NULL;
}

static const struct yaga_profile *usual_of(const struct yaga_model *model,
                                           const char *metric)
{
    for (size_t k = 0; k < model->n_metrics; k++)
        if (strcmp(model->metrics[k].name, metric) == 0)
            return &model->metrics[k].profile;
    return NULL;
}

/* A rhythm that explains too little is 0 everywhere, and nothing to divide by. */
static void take_out_rhythm(const struct yaga_metric *metric,
                            const struct yaga_frame *frame,
                            bool relative,
                            struct columns *c)
{
    for (size_t t = 0; t < frame->n_rows; t++) {
        double rhythm =
            yaga_transform_invert(metric->transform, c->g[t] - c->r[t], c->requests[t]);
        if (!relative)
            c->x[t] = c->value[t] - rhythm;
        else
            c->x[t] = c->value[t] > 0.0 ? log(c->value[t] / (rhythm > 0.0 ? rhythm : 1.0))
                                        : (double)NAN;
    }
}

static double critical_of(const struct yaga_infer *infer,
                          const char *service,
                          enum yaga_metric_role role)
{
    if (!infer->book.params.enabled)
        return (double)NAN;
    const struct yaga_slo_objectives *limits = yaga_book_find(&infer->book, service);
    return role == YAGA_ROLE_ERRORS ? limits->error_rate[YAGA_SLO_CRITICAL]
                                    : limits->latency_ms[YAGA_SLO_CRITICAL];
}

static enum yaga_status look_at(const struct yaga_infer *infer,
                                const char *service,
                                const struct yaga_frame *known,
                                const struct yaga_when *when,
                                const struct yaga_judgement *j,
                                enum yaga_metric_role role,
                                struct columns *c,
                                struct yaga_rise *out,
                                struct yaga_error *err)
{
    int at = yaga_metric_by_role(j->metrics, known->n_metrics, role);
    if (at < 0)
        return YAGA_OK;
    const struct yaga_metric *metric = &j->metrics[at];
    const struct yaga_profile *rhythm = rhythm_of(j->choice.whole->whole, metric->name);
    const struct yaga_profile *usual = usual_of(j->choice.current, metric->name);
    if (rhythm == NULL || usual == NULL)
        return YAGA_OK;
    for (size_t t = 0; t < known->n_rows; t++)
        c->value[t] = yaga_frame_at(known, t, (size_t)at);
    yaga_feature_transform(known, j->metrics, (size_t)at, c->requests, c->g);
    yaga_profile_residuals(usual, c->g, when, known->n_rows, c->excess);
    yaga_profile_residuals(rhythm, c->g, when, known->n_rows, c->r);
    const struct yaga_trend_view view = {.start_s = known->start_s,
                                         .step_s = known->step_s,
                                         .n_rows = known->n_rows,
                                         .value = c->value,
                                         .x = c->x,
                                         .excess = c->excess,
                                         .is_relative = role == YAGA_ROLE_LATENCY,
                                         .floor = metric->min_value,
                                         .critical = critical_of(infer, service, role)};
    take_out_rhythm(metric, known, view.is_relative, c);
    enum yaga_status st = yaga_trend_look(&infer->setup->trend, &view, out, err);
    out->metric = (size_t)at;
    return st;
}

enum yaga_status yaga_trends_look(const struct yaga_infer *infer,
                                  const char *service,
                                  const struct yaga_frame *known,
                                  const struct yaga_when *when,
                                  struct yaga_judgement *j,
                                  struct yaga_error *err)
{
    size_t n = known->n_rows;
    if (j->choice.whole == NULL)
        return YAGA_OK;
    YAGA_AUTO_MEM(double) work = yaga_alloc(6 * n, sizeof *work);
    if (work == NULL)
        return yaga_error_nomem(err);
    struct columns c = {work,         work + n,     work + 2 * n,
                        work + 3 * n, work + 4 * n, work + 5 * n};
    yaga_feature_requests(known, j->metrics, c.requests);
    enum yaga_status st = YAGA_OK;
    for (size_t k = 0; st == YAGA_OK && k < YAGA_RISES; k++)
        st = look_at(infer, service, known, when, j, roles[k], &c, &j->rises[k], err);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "trends");
}

void yaga_history_conclude(const struct yaga_fleet *fleet,
                           struct yaga_judgement *judgements)
{
    for (size_t i = 0; i < fleet->n_services; i++) {
        struct yaga_judgement *j = &judgements[i];
        if (j->outcome != YAGA_EVALUATED)
            continue;
        if (j->flapping != NULL)
            yaga_history_add_flapping(j->flapping, &j->verdict);
        yaga_history_add_rises(j->metrics, j->rises, YAGA_RISES, &j->verdict);
    }
}
