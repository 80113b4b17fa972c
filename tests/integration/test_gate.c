/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The validation gate: what passes, what fails, and what a failure means for the models
 * in use. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model_fixture.h"
#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/store.h"
#include "yaga/model/registry.h"
#include "yaga/numeric/rng.h"
#include "yaga/pipeline/train_internal.h"

enum {
    DAYS = 30,
    N = DAYS * 288,
    HELD_OUT = 6 * 288,
    RATE = 0,
    LATENCY,
    DATABASE,
    ERRORS,
    N_METRICS
};

static struct yaga_calendar calendar;
static struct yaga_metric metrics[N_METRICS];
static struct yaga_frame frame;
static struct yaga_history history;

static void name(size_t m,
                 const char *text,
                 enum yaga_metric_kind kind,
                 enum yaga_metric_role role,
                 enum yaga_transform transform)
{
    metrics[m] = (struct yaga_metric){.kind = kind,
                                      .role = role,
                                      .bad = m == RATE ? YAGA_BOTH : YAGA_HIGH,
                                      .transform = transform,
                                      .seasonal = true,
                                      .zero_normal = m == DATABASE,
                                      .expected = true,
                                      .min = 0,
                                      .max = m == ERRORS ? 1 : 1e6,
                                      .min_relative_change = m == RATE ? 0.5 : 0.1};
    (void)yaga_format(metrics[m].name, sizeof metrics[m].name, "%s", text);
}

/* Thirty quiet days of a service with all four metrics. */
static void fill(void)
{
    struct yaga_error err;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 21);
    name(RATE, "rate", YAGA_KIND_RATE, YAGA_ROLE_TRAFFIC, YAGA_TRANSFORM_LOG1P);
    name(LATENCY, "latency", YAGA_KIND_LATENCY, YAGA_ROLE_LATENCY, YAGA_TRANSFORM_LOG);
    name(DATABASE, "database", YAGA_KIND_LATENCY, YAGA_ROLE_DATABASE, YAGA_TRANSFORM_LOG);
    name(ERRORS, "errors", YAGA_KIND_RATIO, YAGA_ROLE_ERRORS, YAGA_TRANSFORM_LOGIT);
    assert_ok(yaga_frame_init(&frame, shop_day - DAYS * 86400, 300, N, N_METRICS, &err),
              &err);
    for (size_t t = 0; t < N; t++) {
        double *row = yaga_frame_row(&frame, t);
        row[RATE] = 100 * exp(0.05 * yaga_rng_normal(&rng));
        row[LATENCY] = 80 * exp(0.08 * yaga_rng_normal(&rng));
        row[DATABASE] = 9 * exp(0.1 * yaga_rng_normal(&rng));
        row[ERRORS] =
            (double)yaga_rng_poisson(&rng, 0.01 * row[RATE] * 300) / (row[RATE] * 300);
    }
}

/* Any set of models can be asked how often it signals: the candidate as often as the gate
 * says, and nobody never. */
static void compare(const struct yaga_detect_params *detect,
                    const struct yaga_model_set *served,
                    const struct yaga_model *candidate)
{
    const struct yaga_model_set nobody = {.by_period = {NULL}};
    struct yaga_error err;
    double share;
    size_t n;
    assert_ok(yaga_gate_signal_share(detect, &history, served, N - HELD_OUT, &share, &n,
                                     &err),
              &err);
    if ((candidate->gate.findings & YAGA_GATE_INCONCLUSIVE) == 0) {
        assert_int_equal(n, (size_t)candidate->gate.n_rows);
        assert_near(share, candidate->gate.any_rate, 1e-12);
    }
    assert_ok(yaga_gate_signal_share(detect, &history, &nobody, N - HELD_OUT, &share, &n,
                                     &err),
              &err);
    assert_true(isnan(share) && n == 0);
}

/* Fit a candidate for the business hours on all but the last six days, and judge it on
 * these. The frame is used up. */
static struct yaga_model *judge_without(const uint8_t *left_out)
{
    struct yaga_fit_params fit;
    struct yaga_gate_params params = {
        .rate_factor = 3, .max_rate = {0.1, 0.15}, .alpha = 1e-4, .seed = 1};
    struct yaga_model *candidates[YAGA_N_PERIODS] = {NULL};
    struct yaga_model_set served = {.by_period = {NULL}};
    struct yaga_detect_params detect;
    struct yaga_error err;
    static bool use[N];
    size_t days;
    yaga_fit_params_init(&fit);
    fit.min_rows = 300;
    fit.min_rows_multivariate = 500;
    fit.min_days[0] = 8;
    fit.n_trees = fit.n_trees_multivariate = 40;
    fit.seed = 1;
    yaga_detect_params_init(&detect, 300);
    assert_ok(yaga_history_init(&history, "shop", &frame, metrics, &calendar, &err),
              &err);
    history.left_out = left_out;
    (void)yaga_history_select(&history, YAGA_BUSINESS_HOURS, 0, N - HELD_OUT - 12, use,
                              &days);
    assert_ok(yaga_fit_model(&fit, &history, YAGA_BUSINESS_HOURS, use, days,
                             &candidates[YAGA_BUSINESS_HOURS], &err),
              &err);
    served.by_period[YAGA_BUSINESS_HOURS] = candidates[YAGA_BUSINESS_HOURS];
    assert_ok(yaga_gate_run(&params, &detect, &history, &served, N - HELD_OUT, candidates,
                            &err),
              &err);
    compare(&detect, &served, candidates[YAGA_BUSINESS_HOURS]);
    yaga_history_clear(&history);
    yaga_frame_clear(&frame);
    return candidates[YAGA_BUSINESS_HOURS];
}

static struct yaga_model *judge(void)
{
    return judge_without(NULL);
}

static void a_quiet_service_passes_and_its_smallest_visible_change_is_known(void **state)
{
    (void)state;
    fill();
    YAGA_AUTO(yaga_model) m = judge();
    assert_int_equal(m->gate.verdict, YAGA_GATE_PASSED);
    assert_int_equal(m->gate.findings, 0);
    assert_true(m->gate.n_rows >= 4 * 120 && m->gate.n_days >= 4);
    assert_true(m->gate.any_rate < 0.01);
    for (size_t i = 0; i < N_METRICS; i++) {
        const struct yaga_metric_gate *g = &m->metrics[i].gate;
        assert_true(g->found_high >= 0.9);
        assert_true(g->n_eff > 0 && g->n_eff <= g->n);
        assert_true(g->rate_lower[0] <= g->rate[0]);
    }
    assert_true(m->metrics[RATE].gate.found_low >= 0.9);
    assert_true(isnan(m->metrics[LATENCY].gate.found_low));
    /* latency: sd 0.08 in the logarithm, so 1.25 lies 2.8 of them away, 1.5 five */
    assert_near(m->metrics[LATENCY].gate.effect, 1.5, 0);
    assert_near(m->metrics[RATE].gate.effect, 2.0,
                0.3); /* 1.5 is where it becomes material */
    assert_true(m->metrics[ERRORS].gate.effect <= 0.01);
}

static void a_service_without_a_database_passes(void **state)
{
    (void)state;
    fill();
    for (size_t t = 0; t < N; t++)
        yaga_frame_row(&frame, t)[DATABASE] = (double)NAN;
    YAGA_AUTO(yaga_model) m = judge();
    assert_int_equal(m->gate.verdict, YAGA_GATE_PASSED);
    assert_near(m->metrics[DATABASE].gate.n, 0, 0);
    assert_true(isnan(m->metrics[DATABASE].gate.found_high));
}

static void five_points_of_errors_are_found_where_there_never_was_one(void **state)
{
    (void)state;
    fill();
    for (size_t t = 0; t < N; t++)
        yaga_frame_row(&frame, t)[ERRORS] = 0;
    YAGA_AUTO(yaga_model) m = judge();
    assert_true(m->metrics[ERRORS].cls != YAGA_CLASS_DENSE);
    assert_true(m->metrics[ERRORS].gate.found_high >= 0.9);
    assert_int_equal(m->gate.verdict, YAGA_GATE_PASSED);
}

static void a_service_that_never_did_anything_is_not_called_insensitive(void **state)
{
    (void)state;
    fill();
    for (size_t t = 0; t < N; t++)
        memset(yaga_frame_row(&frame, t), 0, N_METRICS * sizeof(double));
    YAGA_AUTO(yaga_model) m = judge();
    assert_int_equal(m->gate.findings & YAGA_GATE_INSENSITIVE, 0);
    assert_true(m->gate.verdict != YAGA_GATE_FAILED);
}

static void restless_held_out_days_are_false_alarms(void **state)
{
    (void)state;
    fill();
    for (size_t t = N - HELD_OUT; t < N; t++) {
        if (t % 48 < 4)
            yaga_frame_row(&frame, t)[LATENCY] *= 3;
    }
    YAGA_AUTO(yaga_model) m = judge();
    assert_int_equal(m->gate.verdict, YAGA_GATE_FAILED);
    assert_int_equal(m->metrics[LATENCY].gate.findings, YAGA_GATE_FALSE_ALARMS);
    assert_true(m->metrics[LATENCY].gate.rate_lower[1] > 3 * 300 / (48.0 * 3600));
    assert_int_equal(m->metrics[RATE].gate.findings, 0);
}

static void rows_that_are_left_out_are_not_held_against_a_model(void **state)
{
    (void)state;
    static uint8_t left_out[N];
    fill();
    for (size_t t = N - HELD_OUT; t < N; t++) {
        left_out[t] = t % 48 < 4;
        if (left_out[t])
            yaga_frame_row(&frame, t)[LATENCY] *= 3;
    }
    YAGA_AUTO(yaga_model) m = judge_without(left_out);
    assert_int_equal(m->gate.verdict, YAGA_GATE_PASSED);
    assert_near(m->gate.n_rows, 4 * (120 - 12), 0);
}

/* Noise of a factor 1.7 hides a factor of 3 from any honest test. */
static void a_model_blind_to_slow_answers_gets_a_warning_that_says_so(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 6);
    fill();
    for (size_t t = 0; t < N; t++)
        yaga_frame_row(&frame, t)[LATENCY] = 80 * exp(0.55 * yaga_rng_normal(&rng));
    YAGA_AUTO(yaga_model) m = judge();
    assert_int_equal(m->gate.verdict, YAGA_GATE_WARNING);
    assert_int_equal(m->metrics[LATENCY].gate.findings,
                     YAGA_GATE_INSENSITIVE | YAGA_GATE_WEAK_EFFECT);
    assert_true(m->metrics[LATENCY].gate.found_high < 0.9);
    assert_true(m->metrics[LATENCY].gate.effect > 3);
}

static void changes_too_small_to_matter_need_not_be_found(void **state)
{
    (void)state;
    fill();
    metrics[LATENCY].min_delta = 1000; /* three times 80 ms is far below it */
    YAGA_AUTO(yaga_model) m = judge();
    assert_true(isnan(m->metrics[LATENCY].gate.found_high));
    assert_int_equal(m->metrics[LATENCY].gate.findings, YAGA_GATE_WEAK_EFFECT);
    assert_int_equal(m->gate.verdict, YAGA_GATE_WARNING);
}

static void too_little_held_out_data_is_inconclusive(void **state)
{
    (void)state;
    fill();
    for (size_t t = N - HELD_OUT; t < N - 2 * 288; t++) {
        for (size_t i = 0; i < N_METRICS; i++)
            yaga_frame_row(&frame, t)[i] = (double)NAN;
    }
    YAGA_AUTO(yaga_model) m = judge();
    assert_int_equal(m->gate.findings, YAGA_GATE_INCONCLUSIVE);
    assert_int_equal(m->gate.verdict, YAGA_GATE_WARNING);
}

/* --- several hold-outs
 * ------------------------------------------------------------------ */

static void
a_history_with_more_trouble_than_a_twentieth_is_called_contaminated(void **state)
{
    (void)state;
    for (size_t every = 14; every <= 42; every += 28) { /* one value in 14, one in 42 */
        fill();
        for (size_t t = 0; t < N - HELD_OUT; t += every)
            yaga_frame_row(&frame, t)[LATENCY] *= 3;
        YAGA_AUTO(yaga_model) m = judge();
        uint64_t want = every == 14 ? YAGA_GATE_CONTAMINATED : 0;
        assert_near(m->metrics[LATENCY].outlier_share, 1.0 / (double)every, 0.01);
        yaga_train_adopt_gate(NULL, m);
        assert_int_equal(m->metrics[LATENCY].gate.findings & YAGA_GATE_CONTAMINATED,
                         want);
        assert_int_equal(m->gate.findings & YAGA_GATE_CONTAMINATED, want);
        assert_int_equal(m->metrics[RATE].gate.findings & YAGA_GATE_CONTAMINATED, 0);
    }
}

static struct yaga_model *with_figures(double n_rows, double rate, double found)
{
    struct yaga_model *m = NULL;
    struct yaga_error err;
    assert_ok(yaga_model_new(1, &m, &err), &err);
    m->gate = (struct yaga_gate){.verdict = YAGA_GATE_PASSED,
                                 .n_rows = n_rows,
                                 .n_days = 5,
                                 .any_rate = rate,
                                 .any_limit = 0.1};
    m->metrics[0].gate = (struct yaga_metric_gate){.n = n_rows,
                                                   .n_eff = n_rows / 2,
                                                   .rate = {rate, rate / 2},
                                                   .found_high = found,
                                                   .found_low = NAN,
                                                   .effect = 2};
    return m;
}

static void
average_of(const struct yaga_model *const *folds, size_t n, struct yaga_model *model)
{
    struct yaga_gate_params params = {.rate_factor = 3};
    struct yaga_detect_params detect;
    yaga_detect_params_init(&detect, 300);
    struct yaga_gate_average a = {.params = &params,
                                  .detect = &detect,
                                  .step_s = 300,
                                  .folds = folds,
                                  .n_folds = n};
    yaga_gate_average(&a, model);
}

static void figures_of_several_hold_outs_are_averaged(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_model) newest = with_figures(100, 0.02, 1.0);
    YAGA_AUTO(yaga_model) older = with_figures(300, 0.01, 0.9);
    YAGA_AUTO(yaga_model) unclear = with_figures(10, 0.9, 0);
    unclear->gate.findings = YAGA_GATE_INCONCLUSIVE;
    const struct yaga_model *folds[] = {newest, older, unclear, NULL};
    average_of(folds, 4, newest);
    assert_int_equal(newest->gate.verdict, YAGA_GATE_PASSED);
    assert_near(newest->gate.n_rows, 400, 0);
    assert_near(newest->gate.n_days, 10, 0);
    assert_near(newest->gate.any_rate, 0.0125, 1e-12);
    assert_near(newest->metrics[0].gate.n, 400, 0);
    assert_near(newest->metrics[0].gate.n_eff, 200, 0);
    assert_near(newest->metrics[0].gate.rate[0], 0.0125, 1e-12);
    assert_true(newest->metrics[0].gate.rate_lower[0] < 0.0125);
    assert_near(newest->metrics[0].gate.found_high, 0.95, 1e-12);
    assert_true(isnan(newest->metrics[0].gate.found_low));
    assert_near(newest->metrics[0].gate.effect, 2, 0);
}

static void findings_are_those_of_the_averages(void **state)
{
    (void)state;
    /* once in eight hours is 0.0104 of the steps; three times that is 0.031 */
    static const struct {
        double rate, found;
        uint64_t findings;
        enum yaga_gate_verdict verdict;
    } cases[] = {
        {0.02, 0.8, YAGA_GATE_INSENSITIVE, YAGA_GATE_WARNING},
        {0.09, 1.0, YAGA_GATE_FALSE_ALARMS, YAGA_GATE_FAILED},
        {0.25, 1.0, YAGA_GATE_FALSE_ALARMS | YAGA_GATE_ANY_RATE, YAGA_GATE_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        YAGA_AUTO(yaga_model) newest = with_figures(2000, 0.01, 0.95);
        YAGA_AUTO(yaga_model)
        older = with_figures(2000, cases[i].rate, cases[i].found);
        const struct yaga_model *folds[] = {newest, older};
        average_of(folds, 2, newest);
        assert_int_equal(newest->gate.findings, cases[i].findings);
        assert_int_equal(newest->gate.verdict, cases[i].verdict);
    }
    YAGA_AUTO(yaga_model) newest = with_figures(2000, 0.01, 1);
    YAGA_AUTO(yaga_model) older = with_figures(2000, 0.01, 1);
    older->metrics[0].gate.findings = YAGA_GATE_WEAK_EFFECT | YAGA_GATE_NOT_FINITE;
    const struct yaga_model *folds[] = {newest, older};
    average_of(folds, 2, newest); /* half is no majority; one number that is none is */
    assert_int_equal(newest->gate.findings, YAGA_GATE_NOT_FINITE);
}

static void without_figures_nothing_is_averaged(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_model) newest = with_figures(10, 0.02, 1);
    newest->gate.findings = YAGA_GATE_INCONCLUSIVE;
    newest->gate.verdict = YAGA_GATE_WARNING;
    const struct yaga_model *folds[] = {newest, NULL};
    average_of(folds, 2, newest);
    assert_int_equal(newest->gate.findings, YAGA_GATE_INCONCLUSIVE);
    assert_near(newest->gate.n_rows, 10, 0);
}

static void the_same_data_get_the_same_judgement(void **state)
{
    (void)state;
    fill();
    YAGA_AUTO(yaga_model) a = judge();
    fill();
    YAGA_AUTO(yaga_model) b = judge();
    for (size_t i = 0; i < N_METRICS; i++)
        assert_memory_equal(&a->metrics[i].gate, &b->metrics[i].gate,
                            sizeof a->metrics[i].gate);
}

static void level_shift_and_trend_are_reported_and_cost_quality(void **state)
{
    (void)state;
    fill();
    for (size_t t = 0; t < N - HELD_OUT; t++) {
        double *row = yaga_frame_row(&frame, t);
        if (t >= N - HELD_OUT - 7 * 288)
            row[LATENCY] *= 1.3;
        row[DATABASE] *= exp(0.02 * (double)(t / 288));
    }
    YAGA_AUTO(yaga_model) m = judge();
    assert_true(m->metrics[LATENCY].stationarity.level_shift);
    assert_true(m->metrics[LATENCY].stationarity.shift > 1);
    assert_true(m->metrics[DATABASE].stationarity.trend);
    assert_false(m->metrics[RATE].stationarity.trend ||
                 m->metrics[RATE].stationarity.level_shift);
    m->quality = 95;
    yaga_train_adopt_gate(NULL, m);
    assert_true((m->gate.findings & YAGA_GATE_SHIFT) != 0 &&
                (m->gate.findings & YAGA_GATE_TREND) != 0);
    assert_near(m->quality, 75, 0);
}

/* A metric that is judged without the statistics behind it. */
static void a_judgement_nobody_can_explain_is_a_warning(void **state)
{
    (void)state;
    fill();
    YAGA_AUTO(yaga_model) m = judge();
    fill(); /* the frame is used up */
    YAGA_AUTO(yaga_model) obscure = judge();
    yaga_train_adopt_gate(m, obscure);
    assert_int_equal(obscure->gate.verdict, YAGA_GATE_PASSED);
    obscure->metrics[LATENCY].stats.median = (double)NAN;
    yaga_train_adopt_gate(m, obscure);
    assert_int_equal(obscure->gate.verdict, YAGA_GATE_WARNING);
    assert_int_equal(obscure->gate.findings, YAGA_GATE_UNEXPLAINED);
    assert_int_equal(obscure->metrics[LATENCY].gate.findings, YAGA_GATE_UNEXPLAINED);
    assert_int_equal(obscure->metrics[RATE].gate.findings, 0);
    assert_string_equal(yaga_gate_finding_name(8), "not_explainable");
    obscure->gate.verdict = YAGA_GATE_FAILED;
    obscure->has_details = false;
    yaga_train_adopt_gate(obscure, obscure);
    assert_int_equal(obscure->gate.verdict, YAGA_GATE_FAILED);
    assert_int_equal(obscure->metrics[RATE].gate.findings, YAGA_GATE_UNEXPLAINED);
}

static void
run_of(const struct shop *shop, const char *service, char run_id[YAGA_RUN_ID_MAX])
{
    struct yaga_error err;
    assert_ok(yaga_registry_current(shop_path(shop, "models"), service, run_id, &err),
              &err);
}

static void
train(struct shop *shop, int64_t now_s, bool direct, struct yaga_train_report *report)
{
    struct yaga_error err;
    struct yaga_train_options options = {.now_s = now_s, .threads = 2, .direct = direct};
    assert_ok(yaga_train_run(&shop->setup, &options, report, &err), &err);
}

static void assert_recorded(const struct shop *shop, const char *where)
{
    struct yaga_store *store = NULL;
    struct yaga_error err;
    char sql[300];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM training_runs WHERE service_name = 'noisy' AND %s", where);
    assert_ok(yaga_store_open(shop_path(shop, "state.db"), false, &store, &err), &err);
    struct yaga_query *q = yaga_query(store, sql, &err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &err), &err);
    assert_int_equal(yaga_column_int(q, 0), 1);
    (void)yaga_store_close(store);
}

static void a_failed_service_keeps_its_version_while_others_advance(void **state)
{
    (void)state;
    static const char *const overrides[] = {"time_periods.min_distinct_days_weekend=3",
                                            NULL};
    struct shop shop;
    struct yaga_train_report report;
    char cart[2][YAGA_RUN_ID_MAX], noisy[3][YAGA_RUN_ID_MAX];
    shop_open(&shop, overrides);
    train(&shop, shop_now - 6 * 86400, false, &report); /* before the restless days */
    assert_int_equal(shop_trained(&report, "noisy")->outcome, YAGA_TRAINED);
    yaga_train_report_clear(&report);
    run_of(&shop, "cart", cart[0]);
    run_of(&shop, "noisy", noisy[0]);

    train(&shop, shop_now, false, &report);
    const struct yaga_train_service *failed = shop_trained(&report, "noisy");
    assert_int_equal(failed->outcome, YAGA_TRAIN_VALIDATION);
    assert_string_equal(yaga_train_outcome_name(failed->outcome), "validation_failed");
    assert_int_equal(failed->n_failed, 5);
    assert_non_null(strstr(failed->findings, "business_hours: false_alarms"));
    assert_int_equal(shop_trained(&report, "cart")->verdict, YAGA_GATE_PASSED);
    yaga_train_report_clear(&report);
    run_of(&shop, "cart", cart[1]);
    run_of(&shop, "noisy", noisy[1]);
    assert_string_not_equal(cart[0], cart[1]);
    assert_string_equal(noisy[0], noisy[1]);
    assert_recorded(&shop, "validation_status = 'FAILED' AND promoted = 0 AND "
                           "periods_failed = 5 AND feature_count = 6");
    assert_recorded(&shop, "promoted = 0 AND json_extract(model_metadata, "
                           "'$.not_trained.baseline.business_hours') LIKE "
                           "'refused by the validation gate: false_alarms%'");

    train(&shop, shop_now, true, &report);
    assert_int_equal(shop_trained(&report, "noisy")->outcome, YAGA_TRAINED);
    assert_true(shop_trained(&report, "noisy")->forced);
    yaga_train_report_clear(&report);
    run_of(&shop, "noisy", noisy[2]);
    assert_string_not_equal(noisy[1], noisy[2]);
    assert_recorded(
        &shop,
        "promoted = 1 AND json_extract(validation_details, '$.verdict') = 'forced'");
    shop_close(&shop);
}

static struct yaga_model *model_of_run(const char *run_id,
                                       enum yaga_period period,
                                       int64_t trained_at_s,
                                       enum yaga_gate_verdict verdict)
{
    struct yaga_model *model = test_model_new("cart", run_id, period, trained_at_s);
    model->gate.verdict = verdict;
    return model;
}

/* The evening of an earlier run, then a run whose evening failed: what serves the
 * evening? */
static enum yaga_status evening_after_failure(int64_t age_s, struct yaga_model **out)
{
    struct shop shop;
    struct yaga_error err;
    struct yaga_train_options options = {.now_s = shop_now};
    shop_open(&shop, NULL);
    struct yaga_train_report report = {.n_services = 0};
    struct yaga_train run = {.setup = &shop.setup,
                             .options = &options,
                             .report = &report,
                             .train_baseline = true};
    struct yaga_train_service result = {.name = "cart"};
    struct yaga_trained_service service = {.sets = {{.by_period = {NULL}}}};
    struct yaga_trained_models *models = &service.sets[0];
    models->by_period[YAGA_BUSINESS_HOURS] =
        model_of_run("train_1", YAGA_BUSINESS_HOURS, shop_now - age_s, YAGA_GATE_PASSED);
    models->by_period[YAGA_EVENING_HOURS] =
        model_of_run("train_1", YAGA_EVENING_HOURS, shop_now - age_s, YAGA_GATE_PASSED);
    assert_ok(yaga_train_publish(&run, "train_1", &result, &service, &err), &err);
    yaga_trained_models_clear(models);
    models->by_period[YAGA_BUSINESS_HOURS] =
        model_of_run("train_2", YAGA_BUSINESS_HOURS, shop_now, YAGA_GATE_PASSED);
    models->by_period[YAGA_EVENING_HOURS] =
        model_of_run("train_2", YAGA_EVENING_HOURS, shop_now, YAGA_GATE_FAILED);
    assert_ok(yaga_train_publish(&run, "train_2", &result, &service, &err), &err);
    yaga_trained_models_clear(models);
    enum yaga_status st = yaga_registry_load(shop_path(&shop, "models"), "cart",
                                             "train_2", YAGA_EVENING_HOURS, out, &err);
    shop_close(&shop);
    return st;
}

static void a_failed_period_is_served_by_the_model_before(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_model) model = NULL;
    assert_int_equal(evening_after_failure(5 * 86400, &model), YAGA_OK);
    assert_int_equal(model->trained_at_s, shop_now - 5 * 86400);
    assert_int_equal(model->gate.verdict, YAGA_GATE_PASSED);
}

static void a_model_past_its_age_is_not_carried_over(void **state)
{
    (void)state;
    struct yaga_model *model = NULL;
    assert_int_equal(evening_after_failure(31 * 86400, &model), YAGA_E_NO_DATA);
}

/* Blind is better than absent, as long as it is quiet; what was published before plays no
 * part. */
static void an_insensitive_model_is_published_with_a_warning(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_error err;
    struct yaga_train_options options = {.now_s = shop_now};
    shop_open(&shop, NULL);
    struct yaga_train_report report = {.n_services = 0};
    struct yaga_train run = {.setup = &shop.setup,
                             .options = &options,
                             .report = &report,
                             .train_baseline = true};
    struct yaga_trained_service service = {.sets = {{.by_period = {NULL}}}};
    struct yaga_trained_models *models = &service.sets[0];
    struct yaga_model *model =
        model_of_run("train_1", YAGA_BUSINESS_HOURS, shop_now - 86400, YAGA_GATE_FAILED);
    struct yaga_train_service first = {.name = "cart", .outcome = YAGA_TRAINED},
                              loud = {.outcome = YAGA_TRAINED};
    models->by_period[YAGA_BUSINESS_HOURS] = model;
    model->gate.findings = YAGA_GATE_FALSE_ALARMS;
    yaga_train_verdict(&run, models, &loud);
    assert_int_equal(loud.outcome, YAGA_TRAIN_VALIDATION);
    assert_string_equal(loud.not_trained.text[YAGA_BUSINESS_HOURS],
                        "refused by the validation gate: false_alarms");
    model->gate.findings = YAGA_GATE_INSENSITIVE;
    model->gate.verdict = YAGA_GATE_WARNING;
    yaga_train_verdict(&run, models, &first);
    assert_int_equal(first.outcome, YAGA_TRAINED);
    assert_int_equal(first.n_warned, 1);
    assert_string_equal(first.not_trained.text[YAGA_BUSINESS_HOURS], "");
    assert_ok(yaga_train_publish(&run, "train_1", &first, &service, &err), &err);
    yaga_trained_models_clear(models);
    shop_close(&shop);
}

static int set_calendar(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, NULL);
    calendar = shop.setup.calendar;
    shop_close(&shop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_service_passes_and_its_smallest_visible_change_is_known),
        cmocka_unit_test(a_service_without_a_database_passes),
        cmocka_unit_test(five_points_of_errors_are_found_where_there_never_was_one),
        cmocka_unit_test(a_service_that_never_did_anything_is_not_called_insensitive),
        cmocka_unit_test(restless_held_out_days_are_false_alarms),
        cmocka_unit_test(rows_that_are_left_out_are_not_held_against_a_model),
        cmocka_unit_test(a_model_blind_to_slow_answers_gets_a_warning_that_says_so),
        cmocka_unit_test(changes_too_small_to_matter_need_not_be_found),
        cmocka_unit_test(too_little_held_out_data_is_inconclusive),
        cmocka_unit_test(
            a_history_with_more_trouble_than_a_twentieth_is_called_contaminated),
        cmocka_unit_test(figures_of_several_hold_outs_are_averaged),
        cmocka_unit_test(findings_are_those_of_the_averages),
        cmocka_unit_test(without_figures_nothing_is_averaged),
        cmocka_unit_test(the_same_data_get_the_same_judgement),
        cmocka_unit_test(level_shift_and_trend_are_reported_and_cost_quality),
        cmocka_unit_test(a_judgement_nobody_can_explain_is_a_warning),
        cmocka_unit_test(a_failed_service_keeps_its_version_while_others_advance),
        cmocka_unit_test(a_failed_period_is_served_by_the_model_before),
        cmocka_unit_test(a_model_past_its_age_is_not_carried_over),
        cmocka_unit_test(an_insensitive_model_is_published_with_a_warning),
    };
    return cmocka_run_group_tests(tests, set_calendar, NULL);
}
