/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drift of one service's model in one cycle (detection.md 12). Compared are rows of the
 * period that it is now: those before the onset of an anomaly, so that no anomaly lowers
 * its own confidence, and outside of incidents, unless one has lasted for the whole
 * window, which is no incident any more but how the service is.
 */
#include "yaga/pipeline/drift_check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/feature/feature.h"
#include "yaga/numeric/stats.h"
#include "yaga/pipeline/infer_internal.h"

/* Work of one comparison. */
struct comparison {
    const struct yaga_model *model;
    const struct yaga_metric *metrics;
    const struct yaga_frame *frame;
    const struct yaga_when *when;
    const bool *use;
    int column[YAGA_METRICS_MAX]; /* in the frame, of the model's metrics; -1 = none */
    double *requests;             /* [n_rows] */
    double *g;                    /* [n_rows] scratch */
    double *r;                    /* [model->n_metrics * n_rows] NaN where not used */
};

/* Like the residuals of training: a metric that may be zero counts when it is active. */
static void residuals_of(const struct comparison *c, size_t m, double *r)
{
    size_t n = c->frame->n_rows, column = (size_t)c->column[m];
    bool active_only = c->metrics[column].zero_normal;
    yaga_feature_transform(c->frame, c->metrics, column, c->requests, c->g);
    yaga_profile_residuals(&c->model->metrics[m].profile, c->g, c->when, n, r);
    for (size_t t = 0; t < n; t++) {
        if (!c->use[t] || (active_only && yaga_frame_at(c->frame, t, column) == 0.0))
            r[t] = (double)NAN;
    }
}

static double median_of(const struct comparison *c, size_t column)
{
    size_t n = 0;
    for (size_t t = 0; t < c->frame->n_rows; t++) {
        double value = yaga_frame_at(c->frame, t, column);
        if (c->use[t] && isfinite(value))
            c->g[n++] = value;
    }
    return yaga_median_inplace(c->g, n);
}

static enum yaga_status compare_metric(const struct comparison *c,
                                       size_t m,
                                       struct yaga_drift_findings *out,
                                       struct yaga_error *err)
{
    const struct yaga_metric_model *mm = &c->model->metrics[m];
    double *r = c->r + m * c->frame->n_rows;
    for (size_t t = 0; t < c->frame->n_rows; t++)
        r[t] = (double)NAN;
    if (c->column[m] < 0 || mm->cls != YAGA_CLASS_DENSE)
        return YAGA_OK;
    residuals_of(c, m, r);
    size_t column = (size_t)c->column[m];
    double independent = yaga_metric_independent(mm);
    out->current[column] = median_of(c, column);
    return yaga_drift_judge_metric(r, c->frame->n_rows, &mm->residuals, independent,
                                   mm->usual_drift, &out->metrics[column], err);
}

/* Residuals of rows that a profile was not made of are wider than those of its own: a
 * slot is the median of n days, whose variance is pi/2n of theirs; its own rows are
 * closer to it by as much as others are further away. */
static double widening(const struct yaga_model *model)
{
    static const double variance_of_median = 1.5707963267948966; /* pi/2 */
    double share = variance_of_median / fmax(model->n_days, 2.0);
    return sqrt((1.0 + share) / (1.0 - share));
}

static enum yaga_status compare_joint(const struct comparison *c,
                                      struct yaga_drift_joint *out,
                                      struct yaga_error *err)
{
    const struct yaga_model *model = c->model;
    size_t n = c->frame->n_rows, p = model->drift.n_features;
    double wider = widening(model);
    YAGA_AUTO_MEM(double) x = yaga_alloc(n * p + 1, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    for (size_t k = 0; k < p; k++) {
        const double *r = c->r + model->mv_metric[k] * n;
        for (size_t t = 0; t < n; t++)
            x[t * p + k] = r[t] / wider;
    }
    return yaga_drift_judge_joint(x, n, &model->drift, model->usual_joint_share, out,
                                  err);
}

enum yaga_status yaga_drift_compare(const struct yaga_model *model,
                                    const struct yaga_metric *metrics,
                                    const struct yaga_frame *frame,
                                    const struct yaga_when *when,
                                    const bool *use,
                                    struct yaga_drift_findings *out,
                                    struct yaga_error *err)
{
    size_t n = frame->n_rows;
    YAGA_AUTO_MEM(double) work = yaga_alloc(n * (model->n_metrics + 2), sizeof *work);
    YAGA_AUTO_MEM(struct yaga_drift_findings) found = yaga_calloc(1, sizeof *found);
    if (work == NULL || found == NULL)
        return yaga_error_nomem(err);
    struct comparison c = {.model = model,
                           .metrics = metrics,
                           .frame = frame,
                           .when = when,
                           .use = use,
                           .requests = work,
                           .g = work + n,
                           .r = work + 2 * n};
    found->n_metrics = frame->n_metrics;
    for (size_t m = 0; m < frame->n_metrics; m++)
        found->current[m] = (double)NAN;
    yaga_feature_requests(frame, metrics, c.requests);
    enum yaga_status st = YAGA_OK;
    for (size_t m = 0; st == YAGA_OK && m < model->n_metrics; m++) {
        c.column[m] =
            yaga_metric_by_name(metrics, frame->n_metrics, model->metrics[m].name);
        st = compare_metric(&c, m, found, err);
    }
    if (st == YAGA_OK)
        st = compare_joint(&c, &found->joint, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "drift");
    found->conclusion =
        yaga_drift_conclude(found->metrics, found->n_metrics, &found->joint);
    *out = *found;
    return YAGA_OK;
}

/* A model says nothing about times that it was not made for. */
static bool comparable(const struct yaga_choice *choice)
{
    return !choice->is_variant &&
           (!choice->is_fallback || choice->current->period == YAGA_POOLED);
}

/* First instant that no longer counts: the earliest onset of what is wrong now. */
static int64_t end_of(const struct yaga_infer *infer, const struct yaga_judgement *j)
{
    int64_t end_s = j->row_time_s + 1;
    for (size_t a = 0; a < j->verdict.n_anomalies; a++) {
        const struct yaga_anomaly *anomaly = &j->verdict.anomalies[a];
        for (size_t i = 0; i < anomaly->n_signals; i++) {
            if (anomaly->signals[i].onset_s < end_s)
                end_s = anomaly->signals[i].onset_s;
        }
        int64_t window_s =
            (int64_t)infer->setup->detect.window_rows * infer->setup->step_s;
        if (anomaly->n_signals == 0 && j->row_time_s - window_s < end_s)
            end_s = j->row_time_s - window_s; /* a combination: nobody knows since when */
    }
    return end_s;
}

static enum yaga_status leave_out_incidents(const struct yaga_infer *infer,
                                            const char *service,
                                            const struct yaga_frame *frame,
                                            size_t first,
                                            bool *use,
                                            struct yaga_error *err)
{
    if (infer->store == NULL)
        return YAGA_OK;
    YAGA_AUTO_MEM(struct yaga_incident_time) times = NULL;
    size_t n = 0;
    int64_t start_s = yaga_frame_time(frame, first);
    enum yaga_status st = yaga_incidents_confirmed(
        infer->store, service, start_s, yaga_frame_time(frame, frame->n_rows - 1) + 1,
        &times, &n, err);
    for (size_t i = 0; st == YAGA_OK && i < n; i++) {
        if (times[i].first_seen_s < start_s)
            continue;
        for (size_t t = first; t < frame->n_rows; t++) {
            int64_t at_s = yaga_frame_time(frame, t);
            if (at_s >= times[i].first_seen_s - frame->step_s &&
                at_s <= times[i].last_seen_s)
                use[t] = false;
        }
    }
    return st;
}

/* Anomalies that appear while the model is off are believed less. */
void yaga_drift_lower(struct yaga_judgement *j)
{
    double penalty = j->drift.conclusion.penalty;
    for (size_t a = 0; penalty > 0.0 && a < j->verdict.n_anomalies; a++) {
        struct yaga_anomaly *anomaly = &j->verdict.anomalies[a];
        anomaly->confidence =
            round(100.0 * anomaly->original_confidence * (1.0 - penalty)) / 100.0;
    }
}

enum yaga_status yaga_drift_look(const struct yaga_infer *infer,
                                 const char *service,
                                 const struct yaga_frame *known,
                                 const struct yaga_when *when,
                                 struct yaga_judgement *out,
                                 struct yaga_error *err)
{
    size_t n = known->n_rows, rows = infer->setup->drift_rows;
    if (rows == 0 || !comparable(&out->choice))
        return YAGA_OK;
    YAGA_AUTO_MEM(bool) use = yaga_calloc(n, sizeof *use);
    if (use == NULL)
        return yaga_error_nomem(err);
    size_t first = n > rows ? n - rows : 0;
    int64_t end_s = end_of(infer, out);
    for (size_t t = first; t < n; t++)
        use[t] = when[t].period == out->period && yaga_frame_time(known, t) < end_s;
    enum yaga_status st = leave_out_incidents(infer, service, known, first, use, err);
    if (st == YAGA_OK)
        st = yaga_drift_compare(out->choice.current, out->metrics, known, when, use,
                                &out->drift, err);
    if (st == YAGA_OK)
        yaga_drift_lower(out);
    return st;
}

/* The metric that drifted most; -1 when it is the combination alone. */
static int worst_of(const struct yaga_drift_findings *drift)
{
    int worst = -1;
    for (size_t m = 0; m < drift->n_metrics; m++) {
        if (drift->metrics[m].verdict >= YAGA_DRIFT_WARNING &&
            (worst < 0 || drift->metrics[m].score > drift->metrics[worst].score))
            worst = (int)m;
    }
    return worst;
}

void yaga_drift_tell(const char *service, const struct yaga_judgement *j)
{
    const struct yaga_drift_findings *drift = &j->drift;
    char what[160];
    int worst = worst_of(drift);
    if (worst >= 0)
        (void)yaga_format(what, sizeof what, "%s moved by %.1f spreads, PSI %.2f",
                          j->metrics[worst].name, drift->metrics[worst].shift,
                          drift->metrics[worst].psi);
    else
        (void)yaga_format(what, sizeof what,
                          "%.0f %% of the rows are unusual combinations",
                          100.0 * drift->joint.share);
    yaga_log(YAGA_LOG_WARN, "DRIFT", service, "%s, score %.1f in %s: %s; %s",
             yaga_drift_verdict_name(drift->conclusion.verdict), drift->conclusion.score,
             yaga_period_name(j->period), what, yaga_drift_advice(&drift->conclusion));
}
