/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the training report share. */
#ifndef YAGA_PIPELINE_REPORT_INTERNAL_H
#define YAGA_PIPELINE_REPORT_INTERNAL_H

#include <stdint.h>

#include "yaga/base/str.h"
#include "yaga/pipeline/report.h"
#include "yaga/pipeline/serving.h"
#include "yaga/pipeline/train_internal.h"
#include "yaga/series/usability.h"

/* The last week, in half hours. */
enum { YAGA_CHART_STEP_S = 1800, YAGA_CHART_SPAN_S = 7 * 86400 };

enum yaga_chart_line {
    YAGA_CHART_VALUE, /* mean of the values measured in the interval */
    YAGA_CHART_LEAST, /* and their extremes */
    YAGA_CHART_MOST,
    YAGA_CHART_EXPECTED, /* seasonal profile of the model that serves the period */
    YAGA_CHART_LOWER,    /* where evidence begins to count: p = alpha_soft */
    YAGA_CHART_UPPER,
    YAGA_CHART_LINES
};

/* One metric's week, in the unit of the metric. */
struct yaga_chart {
    int64_t start_s, step_s;
    size_t n;      /* intervals; 0 = nothing to draw */
    float *points; /* owned [YAGA_CHART_LINES * n], line by line; NaN = missing */
};
static inline double
yaga_chart_at(const struct yaga_chart *chart, enum yaga_chart_line line, size_t i)
{
    return (double)chart->points[(size_t)line * chart->n + i];
}

/* A metric in one period's own model. */
struct yaga_portrait_cell {
    double n_eff; /* independent values among those of the model; 0 without one */
    bool judged;  /* the model knows the metric and judges it */
    enum yaga_metric_class cls;
    double effect;              /* see struct yaga_metric_gate; NaN = not measured */
    uint64_t findings;          /* of the gate, about this metric */
    double shift, trend_change; /* see struct yaga_stationarity */
};

struct yaga_portrait_period {
    size_t n_rows, n_days; /* with data and not left out */
    bool has_model;
    enum yaga_period served_by;      /* itself, a fallback, or YAGA_N_PERIODS: nobody */
    size_t n_judged, n_joint;        /* metrics judged alone, and together */
    struct yaga_gate gate;           /* verdict YAGA_GATE_NONE when it was not asked */
    struct yaga_usability usability; /* of its rows that are not left out */
    struct yaga_portrait_cell metrics[YAGA_METRICS_MAX];
};

struct yaga_portrait_metric {
    bool expected;      /* of this service */
    bool has_detail;    /* a model knows it */
    double variability; /* see struct yaga_metric_detail */
    enum yaga_importance impact, criticality;
    size_t n_corrected;
    struct yaga_metric_quality quality;
    struct yaga_chart chart;
};

/* What a report keeps of one service when its data and models are gone. */
struct yaga_portrait {
    double score;        /* data quality, 0..100 */
    double holdout_days; /* NaN without a model */
    struct yaga_portrait_period periods[YAGA_N_PERIODS];
    size_t n_metrics;
    struct yaga_portrait_metric *metrics; /* owned, in the order of the configuration */
};

/* All that is looked at; borrowed for the call. */
struct yaga_sitting {
    const struct yaga_frame *frame;
    const struct yaga_metric *metrics;
    const uint8_t *left_out; /* [n_rows] */
    const struct yaga_quality *quality;
    const size_t *corrected;
    const struct yaga_trained_models *models;
};
/* alpha: of the service; without a model it does not matter. */
enum yaga_status yaga_portrait_make(const struct yaga_train *run,
                                    const struct yaga_sitting *sitting,
                                    double alpha,
                                    struct yaga_portrait **out,
                                    struct yaga_error *err) YAGA_MUST_USE;
struct yaga_portrait *yaga_portrait_free(struct yaga_portrait *portrait);
YAGA_DEFINE_AUTO(yaga_portrait)

/* Everything a document is made of; borrowed. */
struct yaga_report {
    const struct yaga_setup *setup;
    const struct yaga_train_options *options;
    const struct yaga_train_report *result;
    double promised_per_week;
};

/* What is wrong with a service, and what to do. */
enum { YAGA_ADVICE_MAX = 80 };
struct yaga_advice {
    char kind[32]; /* a word for programs: an outcome, a finding of the gate, ... */
    char text[1000];
    char todo[300];
};
struct yaga_advices {
    size_t n;
    struct yaga_advice items[YAGA_ADVICE_MAX];
};
void yaga_report_advise(const struct yaga_report *report,
                        const struct yaga_train_service *service,
                        struct yaga_advices *out);

/* What serves the period once the run is over; *by is whose model that is, or
 * YAGA_N_PERIODS. Of a service that was not trained it is all the same for every period:
 * what was there before, if anything was. */
enum yaga_serving_how yaga_report_serving(const struct yaga_report *report,
                                          const struct yaga_train_service *service,
                                          enum yaga_period period,
                                          enum yaga_period *by);

/* What a reader calls the outcome: "trained", "no data", ... */
const char *yaga_report_outcome(enum yaga_train_outcome outcome);

struct yaga_json *yaga_report_json(const struct yaga_report *report);

/* Writers of text in the report: text is escaped, format is not. Failures stay with the
 * page and are asked for once. */
struct yaga_page {
    struct yaga_str text;
    enum yaga_status status;
};
void yaga_page_raw(struct yaga_page *page, const char *text);
void yaga_page_text(struct yaga_page *page, const char *text);
void yaga_page_format(struct yaga_page *page, const char *format, ...) YAGA_PRINTF(2, 3);

void yaga_report_html(const struct yaga_report *report, struct yaga_page *page);

/* A figure for people: three digits, k and M; "–" for NaN. Ratios are given in percent.
 */
enum { YAGA_FIGURE_MAX = 48 };
const char *yaga_figure(double value, char out[YAGA_FIGURE_MAX]);

/* One metric's chart as an <svg> element. id is unique in the page. */
void yaga_report_svg(struct yaga_page *page,
                     const struct yaga_metric *metric,
                     const char *service,
                     const struct yaga_chart *chart,
                     size_t id);

#endif
