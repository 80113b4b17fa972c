/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The error budget (detection.md 9.7): how fast what may fail in a month does fail. Each
 * pair of windows asks the long one whether it matters and the short one whether it still
 * goes on (multiwindow, multi-burn-rate alerts: Beyer et al., The Site Reliability
 * Workbook, 2018, chapter 5).
 */
#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/slo/slo_internal.h"

enum { HOUR_S = 3600 };

static const struct {
    int64_t long_s, short_s;
    double limit;
    enum yaga_severity severity;
    const char *long_name, *short_name;
} windows[YAGA_SLO_BURNS] = {
    {HOUR_S, 300, 14.4, YAGA_SEVERITY_CRITICAL, "1h", "5m"},
    {6 * HOUR_S, 1800, 6, YAGA_SEVERITY_HIGH, "6h", "30m"},
    {24 * HOUR_S, 2 * HOUR_S, 3, YAGA_SEVERITY_MEDIUM, "24h", "2h"},
    {4 * HOUR_S, HOUR_S, 2.5, YAGA_SEVERITY_MEDIUM, "4h", "1h"},
    {YAGA_SLO_BURN_LONGEST_S, 6 * HOUR_S, 1, YAGA_SEVERITY_LOW, "72h", "6h"},
};

/* A window of which less is known says nothing about its length. */
static const double least_known = 0.5;
static const double month_h = 30 * 24;
/* What always burned is no news; so many times as much is. */
static const double news = 2.0;

const char *yaga_slo_burn_long(int window)
{
    return windows[window].long_name;
}

const char *yaga_slo_burn_short(int window)
{
    return windows[window].short_name;
}

void yaga_slo_tally_add(struct yaga_slo_tally *tally,
                        double rate,
                        double error_ratio,
                        double step_s)
{
    if (!(rate >= 0) || (isnan(error_ratio) && rate > 0))
        return;
    tally->rows++;
    tally->requests += rate * step_s;
    if (rate > 0) /* nothing came, nothing failed */
        tally->errors += rate * step_s * error_ratio;
}

/* The rows of the frame that end in the window before the judged one, itself included. */
static struct yaga_slo_tally tally_of(const struct yaga_slo_view *view, size_t rows)
{
    struct yaga_slo_tally tally = {.rows = 0};
    int traffic = slo_metric(view, YAGA_ROLE_TRAFFIC);
    int errors = slo_metric(view, YAGA_ROLE_ERRORS);
    for (size_t back = 0; back < rows && back <= view->row; back++) {
        size_t row = view->row - back;
        yaga_slo_tally_add(&tally, slo_value(view, row, traffic),
                           slo_value(view, row, errors), (double)view->frame->step_s);
    }
    return tally;
}

static size_t rows_of(const struct yaga_slo_view *view, int64_t window_s)
{
    int64_t rows = window_s / view->frame->step_s;
    return rows > 0 ? (size_t)rows : 1;
}

/* NaN when too little of the window is known, or nothing came. */
static double burn_over(const struct yaga_slo_view *view,
                        int64_t window_s,
                        double budget,
                        double *requests)
{
    size_t rows = rows_of(view, window_s);
    struct yaga_slo_tally tally = tally_of(view, rows);
    if (rows > view->row + 1 && view->older != NULL) {
        tally.rows += view->older->rows;
        tally.requests += view->older->requests;
        tally.errors += view->older->errors;
    }
    *requests = tally.requests;
    if ((double)tally.rows < least_known * (double)rows || !(tally.requests > 0))
        return (double)NAN;
    return tally.errors / tally.requests / budget;
}

/* What the service burned in training already. */
static double usual_burn(const struct yaga_slo_view *view,
                         const struct yaga_slo_evaluation *e,
                         double budget)
{
    int metric = e->dimensions[YAGA_SLO_ERRORS].metric;
    if (view->usual == NULL || metric < 0 || isnan(view->usual[metric]))
        return 0.0;
    return view->usual[metric] / budget;
}

void slo_burn(const struct yaga_slo_view *view,
              const struct yaga_slo_objectives *objectives,
              struct yaga_slo_evaluation *e)
{
    struct yaga_slo_burn *burn = &e->burn;
    double budget = isnan(objectives->error_budget)
                        ? objectives->error_rate[YAGA_SLO_ACCEPTABLE]
                        : objectives->error_budget;
    *burn =
        (struct yaga_slo_burn){.budget = budget, .worst = -1, .hours_left = (double)NAN};
    bool has_metrics = e->dimensions[YAGA_SLO_ERRORS].metric >= 0 && budget > 0;
    double usual = has_metrics ? usual_burn(view, e, budget) : 0.0;
    for (int w = 0; w < YAGA_SLO_BURNS; w++) {
        double n_long, n_short;
        burn->over_long[w] = burn->over_short[w] = (double)NAN;
        if (!has_metrics)
            continue;
        burn->over_long[w] = burn_over(view, windows[w].long_s, budget, &n_long);
        burn->over_short[w] = burn_over(view, windows[w].short_s, budget, &n_short);
        double limit = windows[w].limit;
        if (usual >= limit)
            limit = news * usual;
        if (burn->worst < 0 && burn->over_long[w] >= limit &&
            burn->over_short[w] >= limit && n_short >= objectives->min_requests) {
            burn->worst = w;
            burn->severity = windows[w].severity;
            burn->hours_left = month_h / burn->over_long[w];
        }
    }
}

/* An anomaly of errors tells of the same trouble. */
static struct yaga_anomaly *errors_anomaly(const struct yaga_slo_view *view,
                                           struct yaga_verdict *verdict)
{
    for (size_t i = 0; i < verdict->n_anomalies; i++) {
        struct yaga_anomaly *anomaly = &verdict->anomalies[i];
        for (size_t s = 0; s < anomaly->n_signals; s++)
            if (view->metrics[anomaly->signals[s].metric].role == YAGA_ROLE_ERRORS)
                return anomaly;
    }
    return NULL;
}

/* Of a combination that is unusual above all for its errors the burn tells more. */
static struct yaga_anomaly *combination_of_errors(const struct yaga_slo_view *view,
                                                  struct yaga_verdict *verdict)
{
    for (size_t i = 0; i < verdict->n_anomalies; i++) {
        struct yaga_anomaly *anomaly = &verdict->anomalies[i];
        if (anomaly->basis == YAGA_BASIS_JOINT && anomaly->root_metric >= 0 &&
            view->metrics[anomaly->root_metric].role == YAGA_ROLE_ERRORS)
            return anomaly;
    }
    return NULL;
}

static void set_anomaly(const struct yaga_slo_view *view,
                        const struct yaga_slo_evaluation *e,
                        struct yaga_anomaly *out)
{
    static const char name[] = "error_budget_burn";
    int metric = e->dimensions[YAGA_SLO_ERRORS].metric;
    double value = slo_value(view, view->row, metric);
    char text[YAGA_SLO_SENTENCE_MAX];
    *out = (struct yaga_anomaly){.name = "",
                                 .type = "threshold",
                                 .severity = e->burn.severity,
                                 .ml_severity = e->burn.severity,
                                 .own_severity = true,
                                 .severity_confidence = 0.9,
                                 .confidence = 0.9,
                                 .score = -1.0,
                                 .root_metric = metric,
                                 .direction = YAGA_HIGH,
                                 .value = value,
                                 .expected = slo_expected(view, view->row, metric),
                                 .percentile = (double)NAN,
                                 .sigma = (double)NAN,
                                 .sustained = true,
                                 .n_signals = 1};
    memcpy(out->name, name, sizeof name);
    memcpy(out->pattern_name, name, sizeof name);
    (void)yaga_format(out->family, sizeof out->family, "errors");
    size_t rows = rows_of(view, windows[e->burn.worst].short_s);
    out->signals[0] =
        (struct yaga_signal){.metric = (size_t)metric,
                             .direction = YAGA_HIGH,
                             .method = YAGA_METHOD_OBJECTIVE,
                             .severity = e->burn.severity,
                             .value = value,
                             .expected = out->expected,
                             .score = -1.0,
                             .p = (double)NAN,
                             .percentile = (double)NAN,
                             .sigma = (double)NAN,
                             .sustained = true,
                             .points_anomalous = (int)rows,
                             .points_total = (int)rows,
                             .onset_s = yaga_frame_time(view->frame, view->row) -
                                        windows[e->burn.worst].short_s,
                             .onset_censored = true};
    out->contribution[metric] = 1.0;
    (void)yaga_format(out->description, sizeof out->description, "%s",
                      yaga_slo_burn_text(e, text));
    (void)yaga_format(
        out->interpretation, sizeof out->interpretation,
        "More requests fail than the objective allows for, for long enough to "
        "matter and until now.");
    yaga_detect_advise(&view->metrics[metric], "high", out);
}

void slo_add_burn(const struct yaga_slo_view *view,
                  const struct yaga_slo_evaluation *e,
                  struct yaga_verdict *verdict)
{
    if (e->burn.worst < 0 ||
        isnan(slo_value(view, view->row, e->dimensions[YAGA_SLO_ERRORS].metric)))
        return;
    struct yaga_anomaly *same = errors_anomaly(view, verdict);
    if (same != NULL && same->severity < e->burn.severity)
        same->severity = e->burn.severity;
    if (same != NULL)
        return;
    struct yaga_anomaly *out = combination_of_errors(view, verdict);
    if (out == NULL && verdict->n_anomalies < YAGA_ANOMALIES_MAX)
        out = &verdict->anomalies[verdict->n_anomalies++];
    if (out != NULL)
        set_anomaly(view, e, out);
}
