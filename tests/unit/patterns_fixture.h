/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of cells made by hand, and an input for every row of the catalogue, for the tests
 * of patterns. */
#ifndef YAGA_TESTS_PATTERNS_FIXTURE_H
#define YAGA_TESTS_PATTERNS_FIXTURE_H

#include "detect_fixture.h"

enum { N_ROWS = 14, LAST = N_ROWS - 1 };

/* A row of cells made by hand; all else is ordinary. */
struct made {
    struct yaga_metric metrics[N_SHOP];
    struct yaga_detect_params params;
    struct yaga_circumstances around;
    struct yaga_frame frame;
    struct yaga_evidence_grid grid;
    struct yaga_evidence cells[N_ROWS * N_SHOP];
    double p_mv[N_ROWS], decision_mv[N_ROWS];
    bool partial[N_ROWS];
    struct yaga_metric_model models[N_SHOP];
    struct yaga_model model;
    const struct yaga_model *by_row[N_ROWS];
    struct yaga_verdict verdict;
};

static struct made made;

static inline struct yaga_evidence *cell(size_t row, size_t metric)
{
    return &made.cells[row * N_SHOP + metric];
}

static inline struct yaga_evidence ordinary(double value)
{
    return (struct yaga_evidence){.value = value,
                                  .expected = value,
                                  .p_forest = 1.0,
                                  .p_tail = 1.0,
                                  .p = 1.0,
                                  .decision = 0.1,
                                  .percentile = 50.0,
                                  .method = YAGA_METHOD_FOREST,
                                  .direction = YAGA_HIGH,
                                  .tail_supported = true};
}

/* 2026-03-03, a Tuesday, 10:00 UTC at the last row. */
enum { START_S = 1772532000 - LAST * SHOP_STEP_S };

static inline void make(void)
{
    memset(&made, 0, sizeof made);
    memcpy(made.metrics, shop_metrics, sizeof shop_metrics);
    yaga_detect_params_init(&made.params, SHOP_STEP_S);
    yaga_circumstances_init(&made.around);
    made.frame = (struct yaga_frame){
        .start_s = START_S, .step_s = SHOP_STEP_S, .n_rows = N_ROWS, .n_metrics = N_SHOP};
    made.model = (struct yaga_model){
        .n_metrics = N_SHOP, .metrics = made.models, .alpha = (double)NAN};
    made.grid = (struct yaga_evidence_grid){.n_rows = N_ROWS,
                                            .n_metrics = N_SHOP,
                                            .cells = made.cells,
                                            .p_mv = made.p_mv,
                                            .decision_mv = made.decision_mv,
                                            .mv_partial = made.partial,
                                            .model = made.by_row};
    for (size_t m = 0; m < N_SHOP; m++) {
        made.models[m] = (struct yaga_metric_model){.cls = YAGA_CLASS_DENSE};
        memcpy(made.models[m].name, made.metrics[m].name, sizeof made.models[m].name);
        made.models[m].stats.p99 = 1e9;
    }
    for (size_t row = 0; row < N_ROWS; row++) {
        made.p_mv[row] = 1.0;
        made.decision_mv[row] = (double)NAN;
        made.by_row[row] = &made.model;
        for (size_t m = 0; m < N_SHOP; m++)
            *cell(row, m) = ordinary(shop_usual[m]);
    }
}

/* A signal of this percentile in the last two rows; p 0.01 is of low severity. */
static inline void put(size_t metric, double percentile, double value, double p)
{
    for (size_t row = LAST - 1; row <= LAST; row++) {
        struct yaga_evidence *c = cell(row, metric);
        c->p = p;
        c->percentile = percentile;
        c->value = value;
        c->direction = percentile < 50.0 ? YAGA_LOW : YAGA_HIGH;
        c->decision = -0.1;
    }
}

static inline double percentile_of(enum yaga_level level)
{
    static const double percentiles[] = {NAN, 1.0, 7.0, 50.0, 75.0, 85.0, 93.0, 99.9};
    return percentiles[level];
}

static inline void put_level(size_t metric, enum yaga_level level)
{
    double usual = metric == ERRORS ? 0.02 : shop_usual[metric];
    if (level == YAGA_LEVEL_UNKNOWN)
        cell(LAST, metric)->value = (double)NAN;
    else if (level < YAGA_LEVEL_NORMAL)
        put(metric, percentile_of(level), 0.3 * usual, 0.01);
    else if (level > YAGA_LEVEL_NORMAL)
        put(metric, percentile_of(level), 3.0 * usual, 0.01);
}

static inline const struct yaga_verdict *judge(void)
{
    memset(&made.verdict, 0xa5, sizeof made.verdict);
    yaga_detect_decide(&made.params, made.metrics, &made.frame, &made.grid, LAST, 0.9,
                       &made.around, &made.verdict);
    return &made.verdict;
}

static inline const struct yaga_anomaly *only(void)
{
    const struct yaga_verdict *v = judge();
    assert_int_equal(v->n_anomalies, 1);
    return &v->anomalies[0];
}

static const char *const path[] = {"ledger", "bank", "vault", "cellar"};

static inline void set_cascade(enum yaga_cascade_type type)
{
    made.around.cascade = (struct yaga_cascade_finding){.type = type, .confidence = 0.9};
    if (type == YAGA_CASCADE_DEPENDENCIES_HEALTHY || type == YAGA_CASCADE_NONE)
        return;
    made.around.cascade.root = path[0];
    made.around.cascade.n_path = type == YAGA_CASCADE_CHAIN_DEGRADED ? 4 : 1;
    memcpy(made.around.cascade.path, path, sizeof path);
}

/* One input for each row of the catalogue. Levels: 'V' very high, 'H' high, 'E' elevated,
 * 'M' moderate, '.' normal, 'l' low, 'v' very low, '?' missing; of traffic, latency,
 * dependency, database, errors. */
struct sample {
    const char *name, *levels;
    enum yaga_severity severity;
    enum yaga_cascade_type cascade;
    double error_rate, dependency_share, database_share, client_errors;
    bool censored;
};

#define CRITICAL YAGA_SEVERITY_CRITICAL
#define GRAVE YAGA_SEVERITY_HIGH
#define MEDIUM YAGA_SEVERITY_MEDIUM
static const struct sample samples[] = {
    {"request_rate_surge_failing", "HH..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"reduced_traffic_with_errors", "ll..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"reduced_traffic_with_errors", "vv..V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"application_latency_failing", ".H..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"application_latency_failing", "vH..V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"error_rate_fast_rejection", ".v..V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"error_rate_fast_failure", ".l..H", CRITICAL, 0, 0, 0, 0, 0, false},
    {"request_rate_cliff", "v....", CRITICAL, 0, 0, 0, 0, 0, false},
    {"request_rate_surge_rejecting", "H...V", CRITICAL, 0, 0, 0, 0, 0, false},
    {"request_rate_surge_rejecting", "H...H", GRAVE, 0, 0, 0, 0, 0, false},
    {"error_rate_critical", "....V", CRITICAL, 0, 0.10, 0, 0, 0, false},
    {"error_rate_critical", "....V", GRAVE, 0, 0.09, 0, 0, 0, false},
    {"upstream_cascade", ".HH..", GRAVE, YAGA_CASCADE_UPSTREAM_ANOMALY, 0, 0, 0, 0,
     false},
    {"dependency_chain_degradation", ".H...", GRAVE, YAGA_CASCADE_CHAIN_DEGRADED, 0, 0, 0,
     0, false},
    {"request_rate_surge_degrading", "HH..E", GRAVE, 0, 0, 0, 0, 0, false},
    {"latency_compound_bottleneck", ".HHH.", GRAVE, 0, 0, 0.4, 0.35, 0, false},
    {"error_rate_elevated", "...?H", GRAVE, 0, 0, 0, 0, 0, false},
    {"database_latency_bottleneck", ".H.H.", GRAVE, 0, 0, 0.1, 0.75, 0, false},
    {"dependency_latency_cascade", ".HH..", GRAVE, 0, 0, 0.65, 0.1, 0, false},
    {"internal_latency_issue", "?H...", GRAVE, YAGA_CASCADE_DEPENDENCIES_HEALTHY, 0, 0, 0,
     0, false},
    {"application_latency_bottleneck", "lHE..", GRAVE, 0, 0, 0, 0, 0, false},
    {"latency_spike_recent", ".H?..", GRAVE, 0, 0, 0, 0, 0, false},
    {"application_latency_degraded", ".H?..", MEDIUM, 0, 0, 0, 0, 0, true},
    {"error_rate_partial_rejection", ".l..M", GRAVE, 0, 0, 0, 0, 0, false},
    {"database_latency_degraded", "...H.", MEDIUM, 0, 0, 0, 0, 0, false},
    {"dependency_latency_degraded", "..H..", MEDIUM, 0, 0, 0, 0, 0, false},
    {"error_rate_client_errors", ".l...", GRAVE, 0, 0, 0, 0, 0.2, false},
    {"error_rate_client_errors", ".....", MEDIUM, 0, 0, 0, 0, 0.2, false},
    {"request_rate_surge_healthy", "H....", YAGA_SEVERITY_LOW, 0, 0, 0, 0, 0, false},
    {"upstream_cascade", ".?H..", GRAVE, YAGA_CASCADE_UPSTREAM_ANOMALY, 0, 0, 0, 0,
     false},
    {"error_rate_elevated", ".?..H", GRAVE, 0, 0, 0, 0, 0, false},
    {"error_rate_elevated", "....E", YAGA_SEVERITY_LOW, 0, 0, 0, 0, 0, false},
};
enum { N_SAMPLES = sizeof samples / sizeof *samples };

static inline enum yaga_level level_of(char letter)
{
    static const char letters[] = "?vl.MEHV";
    const char *at = strchr(letters, letter);
    assert_non_null(at);
    return (enum yaga_level)(at - letters);
}

static inline void make_sample(const struct sample *sample)
{
    make();
    for (size_t m = 0; m < 5; m++)
        put_level(m, level_of(sample->levels[m]));
    if (sample->error_rate > 0)
        cell(LAST, ERRORS)->value = sample->error_rate;
    for (size_t row = 0; sample->censored && row <= LAST; row++)
        *cell(row, LATENCY) = *cell(LAST, LATENCY);
    set_cascade(sample->cascade);
    if (sample->dependency_share > 0)
        made.around.dependency_time_share = (struct yaga_reading){
            sample->dependency_share, sample->dependency_share, 0.1};
    if (sample->database_share > 0)
        made.around.database_time_share =
            (struct yaga_reading){sample->database_share, sample->database_share, 0.1};
    if (sample->client_errors > 0)
        made.around.client_error_rate =
            (struct yaga_reading){sample->client_errors, sample->client_errors, 0.05};
}

#endif
