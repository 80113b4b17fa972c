/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service with all roles and two hours of values, as the tests of slo change it. */
#ifndef YAGA_TESTS_SLO_FIXTURE_H
#define YAGA_TESTS_SLO_FIXTURE_H

#include <math.h>
#include <string.h>

#include "assert.h"
#include "yaga/base/mem.h"
#include "yaga/slo/slo.h"

enum { TRAFFIC, LATENCY, DEPENDENCY, DATABASE, ERRORS, CPU, N_METRICS };
enum { N_ROWS = 23, NOW = N_ROWS - 1, FIRST_ROW = 12, STEP_S = 300 };

static const struct yaga_metric slo_metrics[N_METRICS] = {
    {.name = "request_rate", .role = YAGA_ROLE_TRAFFIC, .kind = YAGA_KIND_RATE},
    {.name = "application_latency", .role = YAGA_ROLE_LATENCY, .kind = YAGA_KIND_LATENCY},
    {.name = "dependency_latency",
     .role = YAGA_ROLE_DEPENDENCY,
     .kind = YAGA_KIND_LATENCY},
    {.name = "database_latency", .role = YAGA_ROLE_DATABASE, .kind = YAGA_KIND_LATENCY},
    {.name = "error_rate", .role = YAGA_ROLE_ERRORS, .kind = YAGA_KIND_RATIO},
    {.name = "cpu", .role = YAGA_ROLE_NONE, .kind = YAGA_KIND_GAUGE},
};
static const double slo_usual[N_METRICS] = {100.0, 120.0, 40.0, 8.0, 0.0001, 2.0};

struct slo_case {
    struct yaga_metric metrics[N_METRICS];
    double values[N_ROWS * N_METRICS];
    struct yaga_evidence cells[N_ROWS * N_METRICS];
    double usual[N_METRICS];
    struct yaga_frame frame;
    struct yaga_evidence_grid grid;
    struct yaga_slo_params params;
    struct yaga_slo_objectives objectives;
    struct yaga_slo_view view;
    struct yaga_slo_evaluation e;
    struct yaga_verdict verdict;
};

/* From this row to now. */
static inline void slo_set(struct slo_case *c, size_t row, size_t metric, double value)
{
    for (size_t t = row; t < N_ROWS; t++)
        c->values[t * N_METRICS + metric] = value;
}

static inline void slo_expect(struct slo_case *c, size_t metric, double expected)
{
    for (size_t t = 0; t < N_ROWS; t++)
        c->cells[t * N_METRICS + metric].expected = expected;
}

/* Everything usual, in business hours; limits at their defaults, switched on. */
static inline void slo_begin(struct slo_case *c)
{
    memset(c, 0, sizeof *c);
    memcpy(c->metrics, slo_metrics, sizeof slo_metrics);
    memcpy(c->usual, slo_usual, sizeof slo_usual);
    for (size_t m = 0; m < N_METRICS; m++)
        slo_set(c, 0, m, slo_usual[m]);
    for (size_t i = 0; i < N_ROWS * (size_t)N_METRICS; i++)
        c->cells[i] = (struct yaga_evidence){.value = c->values[i],
                                             .expected = slo_usual[i % N_METRICS],
                                             .percentile = 50,
                                             .p = 1,
                                             .method = YAGA_METHOD_FOREST};
    c->frame = (struct yaga_frame){
        .step_s = STEP_S, .n_rows = N_ROWS, .n_metrics = N_METRICS, .values = c->values};
    c->grid = (struct yaga_evidence_grid){.n_rows = N_ROWS,
                                          .n_metrics = N_METRICS,
                                          .first_row = FIRST_ROW,
                                          .cells = c->cells + FIRST_ROW * N_METRICS};
    c->params = (struct yaga_slo_params){true, true, true, 3};
    yaga_slo_objectives_init(&c->objectives);
    c->view = (struct yaga_slo_view){.metrics = c->metrics,
                                     .frame = &c->frame,
                                     .row = NOW,
                                     .grid = &c->grid,
                                     .usual = c->usual,
                                     .period = YAGA_BUSINESS_HOURS,
                                     .database_share = (double)NAN};
    c->verdict.alpha = 1e-4;
    c->verdict.p_mv = 1.0;
}

static inline void slo_run(struct slo_case *c)
{
    yaga_slo_evaluate(&c->params, &c->objectives, &c->view, &c->e);
    yaga_slo_conclude(&c->params, &c->view, &c->e, &c->verdict);
}

/* An anomaly with one sustained signal of what the row holds now. */
static inline struct yaga_anomaly *slo_anomaly(struct slo_case *c,
                                               size_t metric,
                                               enum yaga_direction direction,
                                               enum yaga_severity severity)
{
    struct yaga_anomaly *a = &c->verdict.anomalies[c->verdict.n_anomalies++];
    *a = (struct yaga_anomaly){.name = "something",
                               .pattern_name = "something",
                               .severity = severity,
                               .root_metric = (int)metric,
                               .sustained = true,
                               .n_signals = 1};
    a->signals[0] =
        (struct yaga_signal){.metric = metric,
                             .direction = direction,
                             .method = YAGA_METHOD_FOREST,
                             .severity = severity,
                             .value = c->values[NOW * N_METRICS + metric],
                             .expected = c->cells[NOW * N_METRICS + metric].expected,
                             .p = 1e-5,
                             .sustained = true};
    a->contribution[metric] = 1.0;
    if (severity > c->verdict.severity)
        c->verdict.severity = severity;
    return a;
}

static inline void slo_add_signal(struct slo_case *c,
                                  struct yaga_anomaly *a,
                                  size_t metric,
                                  enum yaga_direction direction)
{
    struct yaga_signal *s = &a->signals[a->n_signals++];
    *s = a->signals[0];
    s->metric = metric;
    s->direction = direction;
    s->value = c->values[NOW * N_METRICS + metric];
    s->expected = c->cells[NOW * N_METRICS + metric].expected;
    a->contribution[metric] = 0.5;
}

#endif
