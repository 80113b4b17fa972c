/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small shop service and a model of it, for the tests of detect. */
#ifndef YAGA_TESTS_DETECT_FIXTURE_H
#define YAGA_TESTS_DETECT_FIXTURE_H

#include <math.h>
#include <string.h>

#include "assert.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/detect/detect.h"
#include "yaga/numeric/rng.h"

enum { TRAFFIC, LATENCY, DEPENDENCY, DATABASE, ERRORS, CPU, N_SHOP };
enum { SHOP_STEP_S = 300, SHOP_SAMPLE = 2000 };

static const struct yaga_metric shop_metrics[N_SHOP] = {
    {.name = "request_rate",
     .unit = "req/s",
     .kind = YAGA_KIND_RATE,
     .role = YAGA_ROLE_TRAFFIC,
     .bad = YAGA_BOTH,
     .transform = YAGA_TRANSFORM_LOG1P,
     .min_relative_change = 0.5},
    {.name = "application_latency",
     .unit = "ms",
     .kind = YAGA_KIND_LATENCY,
     .role = YAGA_ROLE_LATENCY,
     .bad = YAGA_HIGH,
     .transform = YAGA_TRANSFORM_LOG,
     .min_relative_change = 0.25,
     .min_delta = 10.0},
    {.name = "dependency_latency",
     .unit = "ms",
     .kind = YAGA_KIND_LATENCY,
     .role = YAGA_ROLE_DEPENDENCY,
     .bad = YAGA_HIGH,
     .transform = YAGA_TRANSFORM_LOG,
     .zero_normal = true,
     .min_relative_change = 0.25,
     .min_delta = 10.0},
    {.name = "database_latency",
     .unit = "ms",
     .kind = YAGA_KIND_LATENCY,
     .role = YAGA_ROLE_DATABASE,
     .bad = YAGA_HIGH,
     .transform = YAGA_TRANSFORM_LOG,
     .zero_normal = true,
     .min_relative_change = 0.25,
     .min_value = 5.0},
    {.name = "error_rate",
     .kind = YAGA_KIND_RATIO,
     .role = YAGA_ROLE_ERRORS,
     .bad = YAGA_HIGH,
     .transform = YAGA_TRANSFORM_LOGIT,
     .min_value = 0.005},
    {.name = "cpu",
     .unit = "cores",
     .kind = YAGA_KIND_GAUGE,
     .role = YAGA_ROLE_NONE,
     .bad = YAGA_BOTH,
     .transform = YAGA_TRANSFORM_NONE,
     .min_relative_change = 0.2},
};

/* Usual values of the shop. */
static const double shop_usual[N_SHOP] = {100.0, 120.0, 40.0, 20.0, 0.0, 2.0};

struct shop {
    struct yaga_metric metrics[N_SHOP];
    struct yaga_metric_model models[N_SHOP];
    struct yaga_model model;
    struct yaga_model_set set;
    struct yaga_detect_params params;
    struct yaga_frame frame;
    struct yaga_when *when;
};

static inline void
shop_stats(struct yaga_metric_stats *stats, double usual, double spread)
{
    *stats = (struct yaga_metric_stats){.count = SHOP_SAMPLE,
                                        .n_eff = SHOP_SAMPLE,
                                        .mean = usual,
                                        .std = spread,
                                        .median = usual,
                                        .min = usual - 3.0 * spread,
                                        .p25 = usual - 0.67 * spread,
                                        .p75 = usual + 0.67 * spread,
                                        .p90 = usual + 1.3 * spread,
                                        .p95 = usual + 1.6 * spread,
                                        .p99 = usual + 2.3 * spread,
                                        .max = usual + 3.0 * spread,
                                        .distinct = 1000.0,
                                        .non_zero_mean = usual,
                                        .non_zero_p95 = usual + 1.6 * spread,
                                        .total_requests = (double)NAN};
}

/* Forest and tails on normal residuals of standard deviation sd (units of g). */
static inline void shop_dense(struct yaga_metric_model *out,
                              const struct yaga_metric *metric,
                              double usual,
                              double sd,
                              uint64_t seed)
{
    struct yaga_error err;
    struct yaga_rng rng;
    static double r[SHOP_SAMPLE], oob[SHOP_SAMPLE];
    yaga_rng_init(&rng, seed);
    for (size_t i = 0; i < SHOP_SAMPLE; i++)
        r[i] = sd * yaga_rng_normal(&rng);
    *out = (struct yaga_metric_model){.cls = YAGA_CLASS_DENSE,
                                      .transform = metric->transform};
    memcpy(out->name, metric->name, sizeof out->name);
    shop_stats(&out->stats, usual, 0.1 * usual);
    out->profile.level = yaga_transform_apply(metric->transform, usual, 1.0);
    for (size_t d = 0; d < YAGA_DAY_TYPES; d++)
        for (size_t i = 0; i < YAGA_SLOTS_PER_DAY; i++)
            out->profile.bucket[d][i] = out->profile.level;
    assert_ok(yaga_residuals_fit(r, SHOP_SAMPLE, &out->residuals, &err), &err);
    struct yaga_forest_params params = {
        .n_trees = 60, .sample_size = 256, .seed = seed, .n_threads = 1};
    struct yaga_forest forest;
    assert_ok(yaga_forest_grow(r, SHOP_SAMPLE, 1, &params, &forest, oob, &err), &err);
    assert_ok(yaga_forest_compile(&forest, &out->forest, &err), &err);
    yaga_forest_clear(&forest);
    for (size_t i = 0; i < SHOP_SAMPLE; i++)
        oob[i] = -oob[i];
    assert_ok(yaga_table_make(oob, SHOP_SAMPLE, &out->forest_scores, &err), &err);
    out->offset = -0.6;
}

static inline void shop_forget(struct yaga_metric_model *model)
{
    if (model->cls != YAGA_CLASS_DENSE)
        return;
    yaga_steps_clear(&model->forest);
    yaga_table_clear(&model->forest_scores);
}

/* A metric that never moved: threshold rules. */
static inline void shop_constant(struct shop *shop, size_t metric, double value)
{
    struct yaga_metric_model *model = &shop->models[metric];
    shop_forget(model);
    *model = (struct yaga_metric_model){.cls = YAGA_CLASS_THRESHOLD,
                                        .transform = shop->metrics[metric].transform};
    memcpy(model->name, shop->metrics[metric].name, sizeof model->name);
    shop_stats(&model->stats, value, 0.0);
    model->stats.zero_share = value > 0.0 ? 0.0 : 1.0;
    model->stats.total_requests = 1e6;
}

/* n_rows rows of usual values; errors never happened. */
static inline struct shop *shop_new(size_t n_rows)
{
    struct yaga_error err;
    struct shop *shop = yaga_calloc(1, sizeof *shop);
    assert_non_null(shop);
    memcpy(shop->metrics, shop_metrics, sizeof shop_metrics);
    for (size_t m = 0; m < N_SHOP; m++)
        if (m != ERRORS)
            shop_dense(&shop->models[m], &shop->metrics[m], shop_usual[m], 0.05, 7 + m);
    shop_constant(shop, ERRORS, 0.0);
    shop->model = (struct yaga_model){.period = YAGA_BUSINESS_HOURS,
                                      .step_s = SHOP_STEP_S,
                                      .n_metrics = N_SHOP,
                                      .metrics = shop->models,
                                      .alpha = (double)NAN};
    shop->set.by_period[YAGA_BUSINESS_HOURS] = &shop->model;
    yaga_detect_params_init(&shop->params, SHOP_STEP_S);
    assert_ok(yaga_frame_init(&shop->frame, 0, SHOP_STEP_S, n_rows, N_SHOP, &err), &err);
    shop->when =
        yaga_calloc(n_rows, sizeof *shop->when); /* business hours, weekday, slot 0 */
    assert_non_null(shop->when);
    for (size_t row = 0; row < n_rows; row++)
        memcpy(yaga_frame_row(&shop->frame, row), shop_usual, sizeof shop_usual);
    return shop;
}

static inline void shop_free(struct shop *shop)
{
    for (size_t m = 0; m < N_SHOP; m++)
        shop_forget(&shop->models[m]);
    yaga_frame_clear(&shop->frame);
    yaga_free(shop->when);
    yaga_free(shop);
}

static inline double *shop_at(struct shop *shop, size_t row, size_t metric)
{
    return &yaga_frame_row(&shop->frame, row)[metric];
}

static inline void
shop_score(struct shop *shop, size_t first_row, struct yaga_evidence_grid *grid)
{
    struct yaga_error err;
    assert_ok(yaga_detect_score(&shop->params, shop->metrics, N_SHOP, &shop->set,
                                &shop->frame, shop->when, first_row, grid, &err),
              &err);
}

static inline struct yaga_evidence
shop_cell(const struct yaga_evidence_grid *grid, size_t row, size_t metric)
{
    return yaga_evidence_row(grid, row)[metric];
}

/* Score all rows and judge the last one. */
static inline void shop_decide(struct shop *shop, struct yaga_verdict *verdict)
{
    struct yaga_evidence_grid grid;
    shop_score(shop, 0, &grid);
    struct yaga_circumstances unknown;
    yaga_circumstances_init(&unknown);
    memset(verdict, 0, sizeof *verdict);
    yaga_detect_decide(&shop->params, shop->metrics, &shop->frame, &grid, grid.n_rows - 1,
                       0.9, &unknown, verdict);
    yaga_evidence_grid_clear(&grid);
}

#endif
