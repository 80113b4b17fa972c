/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counterfactuals of a verdict: the judged row is changed in one value and judged
 * again, by the same path as the cycle judged it (yaga_judge_row): one question costs
 * about as much as the service did.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/infer_internal.h"

struct asking {
    const struct yaga_infer *infer;
    const char *service;
    struct yaga_frame frame; /* a copy, up to the judged row */
    const struct yaga_when *when;
    struct yaga_judgement *trial;
    size_t metric;
    bool inverted;                     /* of what is quiet: what would alarm */
    struct yaga_counterfactuals *all;  /* those that are moved together */
    double expected[YAGA_METRICS_MAX]; /* of the judged row */
};

/* The whole rule: detection, then the objectives, which may drop what was found and add
 * what a broken limit says. */
static enum yaga_status is_quiet(struct asking *a, bool *quiet, struct yaga_error *err)
{
    struct yaga_judgement *trial = a->trial;
    enum yaga_status st = yaga_judge_row(a->infer->setup, &a->frame, a->when, trial, err);
    if (st == YAGA_OK)
        yaga_judge_objectives_of(a->infer, a->service, &a->frame, trial);
    *quiet = st == YAGA_OK && trial->verdict.n_anomalies == 0;
    yaga_judgement_clear(trial);
    return st;
}

static enum yaga_status
judge_with(void *context, double value, bool *quiet, struct yaga_error *err)
{
    struct asking *a = context;
    double *cell = yaga_frame_row(&a->frame, a->trial->row) + a->metric;
    double kept = *cell;
    *cell = value;
    enum yaga_status st = is_quiet(a, quiet, err);
    *cell = kept;
    *quiet = st == YAGA_OK && *quiet != a->inverted;
    return st;
}

/* All of them at this share of their deviation from what was expected. */
static enum yaga_status
judge_together(void *context, double share, bool *quiet, struct yaga_error *err)
{
    struct asking *a = context;
    double *row = yaga_frame_row(&a->frame, a->trial->row);
    for (size_t i = 0; i < a->all->n; i++) {
        struct yaga_counterfactual *c = &a->all->items[i];
        double expected = a->expected[c->metric];
        if (isnan(expected))
            continue;
        c->together =
            yaga_quiet_rounded(expected + share * (c->value - expected), c->value);
        row[c->metric] = c->together;
    }
    enum yaga_status st = is_quiet(a, quiet, err);
    for (size_t i = 0; i < a->all->n; i++)
        row[a->all->items[i].metric] = a->all->items[i].value;
    return st;
}

struct candidate {
    size_t metric;
    double share;
};

static int by_share(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return x->metric < y->metric ? -1 : x->metric > y->metric;
}

/* Metrics with a value that carry an anomaly, the largest share first. */
static size_t candidates(const struct yaga_judgement *j, struct candidate *out)
{
    const struct yaga_verdict *v = &j->verdict;
    size_t n = 0;
    for (size_t m = 0; m < v->found.n_metrics; m++) {
        double share = 0.0;
        for (size_t i = 0; i < v->n_anomalies; i++)
            if (!v->anomalies[i].from_history)
                share = fmax(share, v->anomalies[i].contribution[m]);
        if (share > 0.0 && !isnan(v->found.now[m].value))
            out[n++] = (struct candidate){.metric = m, .share = share};
    }
    qsort(out, n, sizeof *out, by_share);
    return n < YAGA_COUNTERFACTUALS_MAX ? n : YAGA_COUNTERFACTUALS_MAX;
}

/* Where no metric alone makes it quiet: all of them, in proportion. */
static enum yaga_status
ask_together(struct asking *a, struct yaga_counterfactuals *out, struct yaga_error *err)
{
    double share = (double)NAN;
    bool quiet = false;
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < out->n; i++)
        if (!isnan(out->items[i].quiet))
            return YAGA_OK;
    const struct yaga_quiet_question question = {.value = 1.0,
                                                 .expected = 0.0,
                                                 .min = 0.0,
                                                 .max = 1.0,
                                                 .ask = judge_together,
                                                 .context = a};
    a->all = out;
    if (out->n >= 2)
        st = yaga_quiet_nearest(&question, &share, err);
    if (st == YAGA_OK && !isnan(share))
        return judge_together(a, share, &quiet, err); /* leaves its values */
    for (size_t i = 0; i < out->n; i++)
        out->items[i].together = (double)NAN;
    return st;
}

static enum yaga_status ask_all(struct asking *a,
                                const struct yaga_judgement *j,
                                struct yaga_counterfactuals *out,
                                struct yaga_error *err)
{
    struct candidate candidate[YAGA_METRICS_MAX];
    size_t n = candidates(j, candidate);
    for (size_t i = 0; i < n; i++) {
        size_t m = a->metric = candidate[i].metric;
        const struct yaga_evidence *cell = &j->verdict.found.now[m];
        const struct yaga_quiet_question question = {.value = cell->value,
                                                     .expected = cell->expected,
                                                     .min = j->metrics[m].min,
                                                     .max = j->metrics[m].max,
                                                     .ask = judge_with,
                                                     .context = a};
        struct yaga_counterfactual *c = &out->items[i];
        *c = (struct yaga_counterfactual){
            .metric = m, .value = cell->value, .together = (double)NAN};
        enum yaga_status st = yaga_quiet_nearest(&question, &c->quiet, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "counterfactual of %s", j->metrics[m].name);
    }
    out->n = n;
    return ask_together(a, out, err);
}

/* Nearest value of one metric that alarms, on the sides where it can: further and further
 * away, so that near ones are found on a fine grid. */
static enum yaga_status ask_loud(struct asking *a,
                                 const struct yaga_judgement *j,
                                 double *loud,
                                 struct yaga_error *err)
{
    static const double reach[] = {0.5, -1.0, 4.0, 32.0};
    const struct yaga_metric *metric = &j->metrics[a->metric];
    const struct yaga_evidence *cell = &j->verdict.found.now[a->metric];
    double size = fmax(fabs(cell->value), fabs(cell->expected));
    if (!(size > 0.0))
        size = isfinite(metric->max) ? 0.01 * metric->max : 1.0;
    *loud = (double)NAN;
    for (size_t i = 0; i < sizeof reach / sizeof *reach; i++) {
        if (reach[i] < 0.0 ? metric->bad == YAGA_HIGH : metric->bad == YAGA_LOW)
            continue;
        const struct yaga_quiet_question question = {.value = cell->value,
                                                     .expected =
                                                         cell->value + reach[i] * size,
                                                     .min = metric->min,
                                                     .max = metric->max,
                                                     .ask = judge_with,
                                                     .context = a};
        double found;
        enum yaga_status st = yaga_quiet_nearest(&question, &found, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "counterfactual of %s", metric->name);
        if (isnan(*loud) || fabs(found - cell->value) < fabs(*loud - cell->value))
            *loud = found;
        if (i >= 1 && !isnan(*loud))
            break;
    }
    return YAGA_OK;
}

static int by_metric(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    return x->metric < y->metric ? -1 : x->metric > y->metric;
}

/* Judged metrics: those that are nearest to an alarm now, in the order of the
 * configuration. */
static size_t nearest_to_alarm(const struct yaga_judgement *j, struct candidate *out)
{
    const struct yaga_findings *found = &j->verdict.found;
    size_t n = 0;
    for (size_t m = 0; m < found->n_metrics; m++) {
        const struct yaga_evidence *cell = &found->now[m];
        if (!isnan(cell->value) && cell->method != YAGA_METHOD_NONE)
            out[n++] = (struct candidate){m, j->verdict.metric_score[m]};
    }
    qsort(out, n, sizeof *out, by_share);
    n = n < YAGA_COUNTERFACTUALS_MAX ? n : YAGA_COUNTERFACTUALS_MAX;
    qsort(out, n, sizeof *out, by_metric);
    return n;
}

static enum yaga_status ask_all_loud(struct asking *a,
                                     const struct yaga_judgement *j,
                                     struct yaga_counterfactuals *out,
                                     struct yaga_error *err)
{
    struct candidate candidate[YAGA_METRICS_MAX];
    size_t n = nearest_to_alarm(j, candidate);
    a->inverted = true;
    for (size_t i = 0; i < n; i++) {
        size_t m = a->metric = candidate[i].metric;
        struct yaga_counterfactual *c = &out->items[i];
        *c = (struct yaga_counterfactual){
            .metric = m, .value = j->verdict.found.now[m].value, .together = (double)NAN};
        enum yaga_status st = ask_loud(a, j, &c->quiet, err);
        if (st != YAGA_OK)
            return st;
    }
    out->n = n;
    return YAGA_OK;
}

enum yaga_status yaga_counterfactuals_find(const struct yaga_infer *infer,
                                           const char *service,
                                           const struct yaga_frame *frame,
                                           const struct yaga_judgement *judgement,
                                           struct yaga_counterfactuals *out,
                                           struct yaga_error *err)
{
    size_t n_rows = judgement->row + 1, n = n_rows * frame->n_metrics;
    YAGA_AUTO_MEM(double) values = yaga_alloc(n, sizeof *values);
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(n_rows, sizeof *when);
    YAGA_AUTO_MEM(struct yaga_judgement) trial = yaga_alloc(1, sizeof *trial);
    out->n = 0;
    if (judgement->outcome != YAGA_EVALUATED) /* by limits alone: they are named */
        return YAGA_OK;
    if (values == NULL || when == NULL || trial == NULL)
        return yaga_error_nomem(err);
    memcpy(values, frame->values, n * sizeof *values);
    yaga_period_grid(&infer->setup->calendar, frame->start_s, frame->step_s, n_rows,
                     when);
    *trial = *judgement;
    trial->grid = (struct yaga_evidence_grid){.n_rows = 0};
    trial->look = (struct yaga_whole_look){.fast = NULL};
    trial->flapping = NULL;
    trial->is_trial = true;
    struct asking a = {.infer = infer,
                       .service = service,
                       .frame = *frame,
                       .when = when,
                       .trial = trial};
    a.frame.values = values;
    a.frame.n_rows = n_rows;
    for (size_t m = 0; m < frame->n_metrics; m++)
        a.expected[m] = judgement->verdict.found.now[m].expected;
    return judgement->verdict.n_anomalies > 0 ? ask_all(&a, judgement, out, err)
                                              : ask_all_loud(&a, judgement, out, err);
}
