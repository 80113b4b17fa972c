/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a report keeps of a service: drawn while its frame and models are in memory, so
 * that the rest of the run carries a week in half hours and not a month in minutes.
 *
 * The band is where a value begins to be evidence. detect/ calls p = alpha_soft
 * suspicious, with p = 2 p_tail, doubled again where both directions are bad; hence
 *
 *   p_tail = alpha_soft / 2 or / 4,   upper = g^-1(S + q_upper(p_tail)), lower likewise
 *
 * with S the seasonal profile and q the level of the residuals' tail. The forest and the
 * slow level correction are not in it: the picture shows what was learned, not what a
 * single value would be judged by.
 */
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/report_internal.h"

struct yaga_portrait *yaga_portrait_free(struct yaga_portrait *portrait)
{
    if (portrait == NULL)
        return NULL;
    for (size_t m = 0; portrait->metrics != NULL && m < portrait->n_metrics; m++)
        yaga_free(portrait->metrics[m].chart.points);
    yaga_free(portrait->metrics);
    yaga_free(portrait);
    return NULL;
}

/* --- periods --------------------------------------------------------------------------
 */

static void count_rows(const struct yaga_sitting *s,
                       const struct yaga_when *when,
                       struct yaga_portrait *out)
{
    int32_t last_day[YAGA_N_PERIODS] = {0};
    for (size_t row = 0; row < s->frame->n_rows; row++) {
        if (s->left_out[row] != 0 || !yaga_frame_row_present(s->frame, row))
            continue;
        const enum yaga_period both[] = {when[row].period, YAGA_POOLED};
        for (size_t i = both[0] == YAGA_POOLED; i < 2; i++) {
            out->periods[both[i]].n_rows++;
            out->periods[both[i]].n_days += last_day[both[i]] != when[row].day;
            last_day[both[i]] = when[row].day;
        }
    }
}

/* What the rows of each period are good for; all rows together for the pooled model. */
static enum yaga_status use_rows(const struct yaga_sitting *s,
                                 const struct yaga_when *when,
                                 struct yaga_portrait *out,
                                 struct yaga_error *err)
{
    size_t n = s->frame->n_rows;
    YAGA_AUTO_MEM(bool) in = yaga_alloc(n, sizeof *in);
    YAGA_AUTO_MEM(int32_t) day = yaga_alloc(n, sizeof *day);
    enum yaga_status st = YAGA_OK;
    if (in == NULL || day == NULL)
        return yaga_error_nomem(err);
    for (size_t row = 0; row < n; row++)
        day[row] = when[row].day;
    for (size_t p = 0; st == YAGA_OK && p < YAGA_N_PERIODS; p++) {
        for (size_t row = 0; row < n; row++)
            in[row] = s->left_out[row] == 0 &&
                      (p == YAGA_POOLED || (size_t)when[row].period == p);
        st = yaga_usability_assess(s->frame, s->metrics, in, day,
                                   &out->periods[p].usability, err);
    }
    return st;
}

/* What the gate found: the one place that knows where it is kept. */
static void take_gate(const struct yaga_model *model, struct yaga_portrait_period *out)
{
    out->gate = model->gate;
    for (size_t m = 0; m < model->n_metrics; m++) {
        const struct yaga_metric_gate *gate = &model->metrics[m].gate;
        bool asked = model->gate.verdict != YAGA_GATE_NONE && gate->n > 0.0;
        out->metrics[m].effect = asked ? gate->effect : (double)NAN;
        out->metrics[m].findings = gate->findings;
        out->metrics[m].shift = model->metrics[m].stationarity.shift;
        out->metrics[m].trend_change = model->metrics[m].stationarity.trend_change;
    }
}

static void describe_model(const struct yaga_model *model,
                           struct yaga_portrait_period *out)
{
    out->has_model = true;
    out->n_joint = model->n_mv;
    for (size_t m = 0; m < model->n_metrics; m++) {
        out->metrics[m].cls = model->metrics[m].cls;
        out->metrics[m].n_eff = model->metrics[m].stats.n_eff;
        out->metrics[m].judged = model->metrics[m].cls != YAGA_CLASS_SPARSE;
        out->n_judged += out->metrics[m].judged;
    }
    take_gate(model, out);
}

/* By the model that knows most: of all periods, else the first there is. */
static void weigh_metrics(const struct yaga_sitting *s, struct yaga_portrait *out)
{
    const struct yaga_model *model = s->models->by_period[YAGA_POOLED];
    for (size_t p = 0; model == NULL && p < YAGA_POOLED; p++)
        model = s->models->by_period[p];
    for (size_t m = 0; model != NULL && model->has_details && m < model->n_metrics; m++) {
        const struct yaga_metric_detail *detail = &model->metrics[m].detail;
        out->metrics[m].has_detail = model->metrics[m].stats.count > 0.0;
        out->metrics[m].variability = detail->cv;
        out->metrics[m].impact = detail->impact;
        out->metrics[m].criticality = detail->criticality;
    }
}

static void describe_periods(const struct yaga_sitting *s,
                             const struct yaga_model_set *set,
                             struct yaga_portrait *out)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const struct yaga_model *own = s->models->by_period[p];
        const struct yaga_model *serving = p == YAGA_POOLED ? own : set->by_period[p];
        struct yaga_portrait_period *period = &out->periods[p];
        period->served_by = serving != NULL ? serving->period : YAGA_N_PERIODS;
        for (size_t m = 0; m < YAGA_METRICS_MAX; m++)
            period->metrics[m].effect = (double)NAN;
        if (own == NULL)
            continue;
        describe_model(own, period);
        out->holdout_days = own->holdout_days;
    }
}

/* --- charts ---------------------------------------------------------------------------
 */

struct drawing {
    const struct yaga_sitting *sitting;
    const struct yaga_model_set *set;
    const struct yaga_when *when;
    const double *requests;
    double alpha_soft;
    size_t metric;
};

static void
put(struct yaga_chart *chart, enum yaga_chart_line line, size_t i, double value)
{
    chart->points[(size_t)line * chart->n + i] = (float)value;
}

static void measure(const struct drawing *d,
                    struct yaga_chart *chart,
                    size_t i,
                    size_t row,
                    size_t row_end)
{
    double sum = 0.0, n = 0.0, least = (double)NAN, most = (double)NAN;
    for (; row < row_end; row++) {
        double value = yaga_frame_at(d->sitting->frame, row, d->metric);
        if (isnan(value))
            continue;
        sum += value;
        n += 1.0;
        least = fmin(least, value); /* of a number and NaN the number */
        most = fmax(most, value);
    }
    put(chart, YAGA_CHART_VALUE, i, n > 0.0 ? sum / n : (double)NAN);
    put(chart, YAGA_CHART_LEAST, i, least);
    put(chart, YAGA_CHART_MOST, i, most);
}

/* Another period's traffic says nothing about this one's. */
static const struct yaga_metric_model *judge_of(const struct drawing *d, size_t row)
{
    enum yaga_period period = d->when[row].period;
    const struct yaga_model *model = d->set->by_period[period];
    const struct yaga_metric *metric = &d->sitting->metrics[d->metric];
    bool is_rate = metric->kind == YAGA_KIND_RATE || metric->role == YAGA_ROLE_TRAFFIC;
    if (model == NULL || d->metric >= model->n_metrics)
        return NULL;
    if (is_rate && d->set->is_fallback[period] && model->period != YAGA_POOLED)
        return NULL;
    return &model->metrics[d->metric];
}

static double usual_requests(const struct drawing *d, size_t row, size_t row_end)
{
    double sum = 0.0, n = 0.0;
    for (; row < row_end; row++) {
        if (isnan(d->requests[row]))
            continue;
        sum += d->requests[row];
        n += 1.0;
    }
    return n > 0.0 ? sum / n : (double)NAN;
}

static void expect(const struct drawing *d,
                   struct yaga_chart *chart,
                   size_t i,
                   size_t row,
                   size_t row_end)
{
    const struct yaga_metric_model *model = judge_of(d, row);
    double edges[3] = {(double)NAN, (double)NAN,
                       (double)NAN}; /* lower, expected, upper */
    if (model != NULL && model->cls == YAGA_CLASS_DENSE) {
        bool both = d->sitting->metrics[d->metric].bad == YAGA_BOTH;
        double p_tail = d->alpha_soft / (both ? 4.0 : 2.0);
        double n_requests = usual_requests(d, row, row_end);
        double g = yaga_profile_at(&model->profile, &d->when[row]);
        double shifts[3] = {-yaga_tail_level(&model->residuals.lower, p_tail), 0.0,
                            yaga_tail_level(&model->residuals.upper, p_tail)};
        for (size_t k = 0; k < 3; k++)
            edges[k] = yaga_transform_invert(model->transform, g + shifts[k], n_requests);
    } else if (model != NULL && model->cls == YAGA_CLASS_THRESHOLD) {
        edges[1] = model->stats.median;
    }
    put(chart, YAGA_CHART_LOWER, i, edges[0]);
    put(chart, YAGA_CHART_EXPECTED, i, edges[1]);
    put(chart, YAGA_CHART_UPPER, i, edges[2]);
}

static enum yaga_status
draw(const struct drawing *d, struct yaga_chart *chart, struct yaga_error *err)
{
    const struct yaga_frame *frame = d->sitting->frame;
    size_t step_rows = 1;
    if (frame->step_s < YAGA_CHART_STEP_S)
        step_rows = (size_t)(YAGA_CHART_STEP_S / frame->step_s);
    chart->step_s = (int64_t)step_rows * frame->step_s;
    size_t n = (size_t)(YAGA_CHART_SPAN_S / chart->step_s);
    /* Whole half hours of the clock: those the profile is made of. */
    int64_t end_s = yaga_frame_time(frame, frame->n_rows);
    size_t spare = (size_t)(end_s % chart->step_s / frame->step_s);
    size_t rows = frame->n_rows > spare ? frame->n_rows - spare : 0;
    n = n * step_rows > rows ? rows / step_rows : n;
    size_t first = rows - n * step_rows;
    chart->start_s = yaga_frame_time(frame, first);
    chart->points = yaga_alloc(YAGA_CHART_LINES * n, sizeof *chart->points);
    if (chart->points == NULL)
        return yaga_error_nomem(err);
    chart->n = n;
    for (size_t i = 0; i < n; i++) {
        size_t row = first + i * step_rows;
        measure(d, chart, i, row, row + step_rows);
        expect(d, chart, i, row, row + step_rows);
    }
    return YAGA_OK;
}

static enum yaga_status
describe_metrics(struct drawing *d, struct yaga_portrait *out, struct yaga_error *err)
{
    const struct yaga_sitting *s = d->sitting;
    for (size_t m = 0; m < out->n_metrics; m++) {
        struct yaga_portrait_metric *metric = &out->metrics[m];
        metric->expected = s->metrics[m].expected;
        metric->n_corrected = s->corrected[m];
        metric->quality = s->quality->metric[m];
        d->metric = m;
        if (metric->quality.actual == 0)
            continue;
        enum yaga_status st = draw(d, &metric->chart, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

enum yaga_status yaga_portrait_make(const struct yaga_train *run,
                                    const struct yaga_sitting *sitting,
                                    double alpha,
                                    struct yaga_portrait **out,
                                    struct yaga_error *err)
{
    const struct yaga_frame *frame = sitting->frame;
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(frame->n_rows, sizeof *when);
    YAGA_AUTO_MEM(double) requests = yaga_alloc(frame->n_rows, sizeof *requests);
    YAGA_AUTO(yaga_portrait) portrait = yaga_calloc(1, sizeof *portrait);
    if (when == NULL || requests == NULL || portrait == NULL)
        return yaga_error_nomem(err);
    portrait->metrics = yaga_calloc(frame->n_metrics, sizeof *portrait->metrics);
    if (portrait->metrics == NULL)
        return yaga_error_nomem(err);
    portrait->n_metrics = frame->n_metrics;
    portrait->score = sitting->quality->score;
    portrait->holdout_days = (double)NAN;
    yaga_period_grid(&run->setup->calendar, frame->start_s, frame->step_s, frame->n_rows,
                     when);
    yaga_feature_requests(frame, sitting->metrics, requests);

    struct yaga_model_set set;
    yaga_train_serve(run, sitting->models, &set);
    count_rows(sitting, when, portrait);
    enum yaga_status st = use_rows(sitting, when, portrait, err);
    if (st != YAGA_OK)
        return st;
    describe_periods(sitting, &set, portrait);
    weigh_metrics(sitting, portrait);
    struct drawing drawing = {
        .sitting = sitting,
        .set = &set,
        .when = when,
        .requests = requests,
        .alpha_soft = fmin(0.01, sqrt(alpha)),
    };
    st = describe_metrics(&drawing, portrait, err);
    if (st != YAGA_OK)
        return st;
    *out = YAGA_TAKE(portrait);
    return YAGA_OK;
}
