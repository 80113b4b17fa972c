/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model_fixture.h"

#include <math.h>
#include <stdio.h>

#include "assert.h"

enum { N_ROWS = 120, N_DENSE = 2 };

/* Sum of uniforms: roughly normal, the same everywhere. */
static double noise(uint64_t *state)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*state >> 40) / (double)(1 << 24);
    }
    return sum - 6;
}

static void number_stats(struct yaga_metric_stats *s, double first)
{
    double *const fields[] = {&s->count,         &s->n_eff,        &s->mean,
                              &s->std,           &s->median,       &s->min,
                              &s->max,           &s->p25,          &s->p75,
                              &s->p90,           &s->p95,          &s->p99,
                              &s->absent_share,  &s->zero_share,   &s->distinct,
                              &s->non_zero_mean, &s->non_zero_p95, &s->total_requests};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        *fields[i] = first + (double)i + 0.125;
}

static void number_detail(struct yaga_metric_detail *d, double first)
{
    *d = (struct yaga_metric_detail){.raw_mean = first + 0.25,
                                     .raw_std = first + 0.5,
                                     .cv = 0.125,
                                     .zero_count = 3,
                                     .distinct_days = 21,
                                     .first_s = 1770000300,
                                     .last_s = 1772591700,
                                     .impact = YAGA_IMPORTANCE_HIGH,
                                     .criticality = YAGA_IMPORTANCE_MEDIUM};
    for (size_t i = 0; i < YAGA_DETAIL_QUANTILES; i++)
        d->quantiles[i] = first + (double)i / 8;
}

static void
number_metric(struct yaga_metric_model *metric, const char *name, double first)
{
    (void)snprintf(metric->name, sizeof metric->name, "%s", name);
    number_stats(&metric->stats, first);
    number_detail(&metric->detail, first);
    metric->profile.level = first + 50;
    for (size_t type = 0; type < YAGA_DAY_TYPES; type++)
        for (size_t slot = 0; slot < YAGA_SLOTS_PER_DAY; slot++)
            metric->profile.bucket[type][slot] = first + (double)(type * 100 + slot) / 7;
    metric->contamination = (struct yaga_contamination){.knee = first + 0.01,
                                                        .gap = first + 0.02,
                                                        .knee_raw = first + 0.03,
                                                        .gap_raw = NAN};
    metric->offset = -0.5 - first / 1e4;
    metric->outlier_share = 0.01 + first / 1e4;
}

static void fit_table(double *scores, struct yaga_table *out)
{
    struct yaga_error err;
    for (size_t i = 0; i < N_ROWS; i++)
        scores[i] = -scores[i];
    assert_ok(yaga_table_make(scores, N_ROWS, out, &err), &err);
}

static void fit_dense(struct yaga_metric_model *metric, const double *r)
{
    static double oob[N_ROWS];
    struct yaga_error err;
    struct yaga_forest forest = {0};
    struct yaga_forest_params params = {
        .n_trees = 8, .sample_size = 16, .seed = 7, .n_threads = 1};
    metric->cls = YAGA_CLASS_DENSE;
    assert_ok(yaga_residuals_fit(r, N_ROWS, &metric->residuals, &err), &err);
    assert_ok(yaga_forest_grow(r, N_ROWS, 1, &params, &forest, oob, &err), &err);
    assert_ok(yaga_forest_compile(&forest, &metric->forest, &err), &err);
    yaga_forest_clear(&forest);
    fit_table(oob, &metric->forest_scores);
}

static void fit_multivariate(struct yaga_model *m, const double *x)
{
    static double scores[N_ROWS];
    struct yaga_error err;
    struct yaga_forest_params params = {
        .n_trees = 6, .sample_size = 16, .seed = 9, .n_threads = 1};
    m->n_mv = N_DENSE;
    m->mv_metric[0] = 2;
    m->mv_metric[1] = 0;
    m->mv_offset = -0.61;
    m->mv_contamination = (struct yaga_contamination){0.011, 0.012, 0.013, 0.014};
    assert_ok(yaga_forest_grow(x, N_ROWS, N_DENSE, &params, &m->mv_forest, scores, &err),
              &err);
    fit_table(scores, &m->mv_forest_scores);
    assert_ok(yaga_pca_fit(x, N_ROWS, N_DENSE, 0.9, &m->pca, scores, &err), &err);
    assert_ok(yaga_table_make(scores, N_ROWS, &m->pca_scores, &err), &err);
    assert_ok(yaga_drift_fit(x, N_ROWS, N_DENSE, &m->drift, &err), &err);
    assert_ok(yaga_correlation_fit(x, N_ROWS, N_DENSE, &m->correlation, &err), &err);
}

static void number_gate(struct yaga_model *m)
{
    m->gate = (struct yaga_gate){.verdict = YAGA_GATE_WARNING,
                                 .forced = true,
                                 .n_rows = 321,
                                 .n_days = 5,
                                 .any_rate = 0.0125,
                                 .any_limit = 0.1,
                                 .findings = YAGA_GATE_TREND | YAGA_GATE_WEAK_EFFECT};
    m->metrics[2].gate = (struct yaga_metric_gate){.n = 320,
                                                   .n_eff = 80.5,
                                                   .rate = {0.01, 0.002},
                                                   .rate_lower = {0.005, 0.001},
                                                   .found_high = 0.95,
                                                   .found_low = NAN,
                                                   .effect = 3,
                                                   .findings = YAGA_GATE_TREND};
    m->metrics[2].stationarity = (struct yaga_stationarity){
        .shift = -0.5, .trend_change = 1.5, .trend_p = 0.001, .trend = true};
}

static void name_model(struct yaga_model *m, const char *service, const char *run_id)
{
    (void)snprintf(m->service, sizeof m->service, "%s", service);
    (void)snprintf(m->variant, sizeof m->variant, "baseline");
    (void)snprintf(m->run_id, sizeof m->run_id, "%s", run_id);
    (void)snprintf(m->timezone, sizeof m->timezone, "Europe/Berlin");
    (void)snprintf(m->config_digest, sizeof m->config_digest, "%064d", 17);
}

static void number_model(struct yaga_model *m)
{
    m->scheme = YAGA_SCHEME_THREE;
    m->train_start_s = 1770000000;
    m->train_end_s = 1772592000;
    m->step_s = 300;
    m->seed = UINT64_C(0xfedcba9876543210);
    m->n_rows = 4321;
    m->n_days = 22;
    m->quality = 91.5;
    m->quality_grade = 'A';
    m->service_class = (struct yaga_service_class){.category = YAGA_CATEGORY_CORE,
                                                   .complexity = YAGA_COMPLEXITY_LOW,
                                                   .kind = YAGA_SERVICE_DATA,
                                                   .rate = 0.035};
    m->alpha = 2.5e-5;
    m->budget_per_week = 1.25;
    m->achieved_per_week = NAN;
    m->holdout_days = 6.5;
}

struct yaga_model *test_model_new(const char *service,
                                  const char *run_id,
                                  enum yaga_period period,
                                  int64_t trained_at_s)
{
    static double one[N_ROWS];
    static double two[N_ROWS];
    static double both[N_ROWS * N_DENSE];
    struct yaga_model *m = NULL;
    struct yaga_error err;
    uint64_t state = 42;
    for (size_t i = 0; i < N_ROWS; i++) {
        one[i] = noise(&state);
        two[i] = 0.7 * one[i] + noise(&state);
        both[i * N_DENSE] = two[i];
        both[i * N_DENSE + 1] = one[i];
    }
    assert_ok(yaga_model_new(4, &m, &err), &err);
    name_model(m, service, run_id);
    number_model(m);
    m->period = period;
    m->trained_at_s = trained_at_s;
    number_metric(&m->metrics[0], "request_rate", 100);
    number_metric(&m->metrics[1], "error_rate", 200);
    number_metric(&m->metrics[2], "application_latency", 300);
    number_metric(&m->metrics[3], "queue", 400);
    m->metrics[0].transform = YAGA_TRANSFORM_LOG1P;
    m->metrics[1].transform = YAGA_TRANSFORM_LOGIT;
    m->metrics[2].transform = YAGA_TRANSFORM_LOG;
    m->metrics[1].cls = YAGA_CLASS_ACTIVATION;
    m->metrics[3].cls = YAGA_CLASS_SPARSE;
    m->metrics[3].profile.level = NAN;
    m->metrics[3].detail.quantiles[7] = NAN;
    m->metrics[2].detail.regime_start_s = 1771000000;
    m->metrics[1].detail.duplicate_of = 3;
    m->has_details = true;
    fit_dense(&m->metrics[0], one);
    fit_dense(&m->metrics[2], two);
    fit_multivariate(m, both);
    number_gate(m);
    return m;
}

enum { WHOLE_ROWS = 600, WHOLE_METRICS = 3, WHOLE_TREES = 5, WHOLE_SAMPLE = 16 };

/* 100 trees are many bytes for a test. */
static void shrink_forest(struct yaga_whole *w, const double *r)
{
    struct yaga_error err;
    const struct yaga_forest_params params = {
        .n_trees = WHOLE_TREES, .sample_size = WHOLE_SAMPLE, .seed = 3, .n_threads = 1};
    yaga_forest_clear(&w->ensemble.forest);
    assert_ok(yaga_forest_grow(r, WHOLE_ROWS, WHOLE_METRICS, &params, &w->ensemble.forest,
                               NULL, &err),
              &err);
}

static struct yaga_whole *whole_new(int64_t trained_at_s)
{
    static const char *const names[WHOLE_METRICS] = {"request_rate", "latency",
                                                     "error_rate"};
    static double r[WHOLE_ROWS * WHOLE_METRICS], evidence[WHOLE_ROWS];
    static bool use[WHOLE_ROWS];
    struct yaga_error err;
    uint64_t stream = 11;
    struct yaga_whole *w = yaga_whole_new(WHOLE_METRICS);
    assert_non_null(w);
    for (size_t t = 0; t < WHOLE_ROWS; t++) {
        use[t] = true;
        for (size_t j = 0; j < WHOLE_METRICS; j++)
            r[t * WHOLE_METRICS + j] = noise(&stream);
    }
    const struct yaga_ensemble_params params = {.day_rows = 96.0, .seed = 5};
    assert_ok(yaga_ensemble_fit(&params, r, use, WHOLE_ROWS, WHOLE_METRICS, &w->ensemble,
                                evidence, &w->state, &err),
              &err);
    shrink_forest(w, r);
    for (size_t j = 0; j < WHOLE_METRICS; j++) {
        (void)snprintf(w->metrics[j].name, sizeof w->metrics[j].name, "%s", names[j]);
        w->metrics[j].transform = (enum yaga_transform)j;
        w->metrics[j].profile.level = 0.5 + (double)j;
        for (size_t slot = 0; slot < YAGA_SLOTS_PER_DAY; slot++)
            w->metrics[j].profile.bucket[1][slot] = (double)(j * 100 + slot) / 7.0;
    }
    w->levels = (struct yaga_levels){.level = {2.5, 3.5, 4.5},
                                     .promised_per_week = 1.0,
                                     .achieved_per_week = 0.75,
                                     .weeks = 4.25,
                                     .trouble_rows = 7.0};
    w->live_share = 0.375;
    w->state_at_s = trained_at_s - 300;
    return w;
}

struct yaga_model *
test_whole_model_new(const char *service, const char *run_id, int64_t trained_at_s)
{
    struct yaga_model *m = NULL;
    struct yaga_error err;
    assert_ok(yaga_model_new(0, &m, &err), &err);
    (void)snprintf(m->service, sizeof m->service, "%s", service);
    (void)snprintf(m->run_id, sizeof m->run_id, "%s", run_id);
    (void)snprintf(m->variant, sizeof m->variant, "baseline");
    m->period = YAGA_WHOLE;
    m->trained_at_s = m->train_end_s = trained_at_s;
    m->train_start_s = trained_at_s - 30 * 86400;
    m->step_s = 900;
    m->quality = 90.0;
    m->quality_grade = 'A';
    m->alpha = 1e-4;
    m->whole = whole_new(trained_at_s);
    return m;
}
