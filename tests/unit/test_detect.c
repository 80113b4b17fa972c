/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals and named anomalies: what the evidence of the last rows amounts to. */
#include "detect_fixture.h"

/* A grid made by hand: 20 rows of ordinary, supported, material cells. */
enum { N_ROWS = 20, LAST = N_ROWS - 1 };

struct made {
    struct yaga_metric metrics[N_SHOP];
    struct yaga_detect_params params;
    struct yaga_frame frame;
    struct yaga_evidence_grid grid;
    struct yaga_evidence cells[N_ROWS * N_SHOP];
    double p_mv[N_ROWS], decision_mv[N_ROWS];
    bool partial[N_ROWS];
    const struct yaga_model *model[N_ROWS];
    struct yaga_circumstances around;
    struct yaga_verdict verdict;
};

static struct made made;

static struct yaga_evidence *cell(size_t row, size_t metric)
{
    return &made.cells[row * N_SHOP + metric];
}

static void make(void)
{
    memset(&made, 0, sizeof made);
    memcpy(made.metrics, shop_metrics, sizeof shop_metrics);
    yaga_detect_params_init(&made.params, SHOP_STEP_S);
    made.params.n_patterns = 0; /* test_patterns.c has them */
    yaga_circumstances_init(&made.around);
    made.frame =
        (struct yaga_frame){.step_s = SHOP_STEP_S, .n_rows = N_ROWS, .n_metrics = N_SHOP};
    made.grid = (struct yaga_evidence_grid){.n_rows = N_ROWS,
                                            .n_metrics = N_SHOP,
                                            .cells = made.cells,
                                            .p_mv = made.p_mv,
                                            .decision_mv = made.decision_mv,
                                            .mv_partial = made.partial,
                                            .model = made.model};
    for (size_t row = 0; row < N_ROWS; row++) {
        made.p_mv[row] = 1.0;
        made.decision_mv[row] = (double)NAN;
        for (size_t m = 0; m < N_SHOP; m++)
            *cell(row, m) = (struct yaga_evidence){.value = shop_usual[m],
                                                   .expected = shop_usual[m],
                                                   .p_forest = 1.0,
                                                   .p_tail = 1.0,
                                                   .p = 1.0,
                                                   .decision = 0.1,
                                                   .percentile = 50.0,
                                                   .method = YAGA_METHOD_FOREST,
                                                   .direction = YAGA_HIGH,
                                                   .tail_supported = true};
    }
}

static void set_p(size_t row, size_t metric, double p)
{
    cell(row, metric)->p = p;
    cell(row, metric)->decision = -0.1;
    cell(row, metric)->value = 3.0 * shop_usual[metric];
    cell(row, metric)->percentile = 100.0;
}

static const struct yaga_verdict *judge(size_t row)
{
    memset(&made.verdict, 0, sizeof made.verdict);
    yaga_detect_decide(&made.params, made.metrics, &made.frame, &made.grid, row, 0.9,
                       &made.around, &made.verdict);
    return &made.verdict;
}

static void severities_have_names_that_read_back(void **state)
{
    (void)state;
    enum yaga_severity severity;
    for (int i = YAGA_SEVERITY_NONE; i <= YAGA_SEVERITY_CRITICAL; i++) {
        assert_true(
            yaga_severity_parse(yaga_severity_name((enum yaga_severity)i), &severity));
        assert_int_equal(severity, i);
    }
    assert_true(yaga_severity_parse("informational", &severity));
    assert_int_equal(severity, YAGA_SEVERITY_LOW);
    assert_false(yaga_severity_parse("fatal", &severity));
    assert_false(yaga_severity_parse("", &severity));
}

static void defaults_follow_the_step(void **state)
{
    (void)state;
    struct yaga_detect_params params;
    yaga_detect_params_init(&params, 300);
    assert_int_equal(params.window_rows, 12);
    assert_int_equal(params.level_rows, 288);
    assert_near(params.level_limit, log(1.25), 0.0);
    yaga_detect_params_init(&params, 3600);
    assert_int_equal(params.window_rows, 3); /* never less than persistence looks at */
}

static void nothing_unusual_gives_no_anomaly(void **state)
{
    (void)state;
    make();
    const struct yaga_verdict *v = judge(LAST);
    assert_int_equal(v->n_anomalies, 0);
    assert_int_equal(v->severity, YAGA_SEVERITY_NONE);
    assert_near(v->alpha, YAGA_ALPHA_DEFAULT, 0.0);
    assert_near(v->p, 1.0, 0.0);
    assert_false(signbit(v->anomaly_score));
}

static void a_strong_value_needs_no_company_and_a_soft_one_does(void **state)
{
    (void)state;
    static const struct {
        double before, now;
        bool signal, strong, sustained;
    } cases[] = {
        {1.0, 1e-5, true, true, false},    {1.0, 1.01e-5, false, false, false},
        {1e-2, 1e-2, true, false, true},   {1.01e-2, 1e-2, false, false, false},
        {1e-2, 1e-5, true, true, true},    {1e-2, 1.01e-2, false, false, false},
        {1e-12, 1.0, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make();
        set_p(LAST - 2, LATENCY, cases[i].before);
        set_p(LAST, LATENCY, cases[i].now);
        const struct yaga_verdict *v = judge(LAST);
        if ((v->n_anomalies == 1) != cases[i].signal)
            fail_msg("case %zu: %zu anomalies", i, v->n_anomalies);
        if (!cases[i].signal)
            continue;
        assert_int_equal(v->anomalies[0].signals[0].strong, cases[i].strong);
        assert_int_equal(v->anomalies[0].signals[0].sustained, cases[i].sustained);
        assert_int_equal(v->anomalies[0].sustained, cases[i].sustained);
    }
}

static void points_older_than_n_rows_or_on_the_other_side_do_not_count(void **state)
{
    (void)state;
    make();
    set_p(LAST - 3, LATENCY, 1e-3);
    set_p(LAST, LATENCY, 1e-3);
    assert_int_equal(judge(LAST)->n_anomalies, 0);
    make();
    set_p(LAST - 1, TRAFFIC, 1e-3);
    cell(LAST - 1, TRAFFIC)->direction = YAGA_LOW;
    set_p(LAST, TRAFFIC, 1e-3);
    assert_int_equal(judge(LAST)->n_anomalies, 0);
}

static void alpha_comes_from_the_parameters_then_the_model_then_the_default(void **state)
{
    (void)state;
    struct yaga_model model = {.alpha = 1e-3};
    make();
    made.model[LAST] = &model;
    assert_near(judge(LAST)->alpha, 1e-3, 0.0);
    made.params.alpha = 1e-2;
    assert_near(judge(LAST)->alpha, 1e-2, 0.0);
    made.params.alpha = model.alpha = (double)NAN;
    assert_near(judge(LAST)->alpha, 1e-4, 0.0);
}

static void immaterial_metrics_are_counted_not_reported(void **state)
{
    (void)state;
    make();
    set_p(LAST, LATENCY, 1e-9);
    cell(LAST, LATENCY)->immaterial = YAGA_IMMATERIAL_DELTA;
    assert_int_equal(judge(LAST)->n_anomalies, 0);
    assert_int_equal(judge(LAST)->n_suppressed, 1);
    assert_string_equal(yaga_immaterial_name(YAGA_IMMATERIAL_DELTA), "absolute_change");
}

static void missing_and_unjudged_metrics_have_no_score(void **state)
{
    (void)state;
    make();
    set_p(LAST, LATENCY, 1e-9);
    cell(LAST, LATENCY)->value = (double)NAN;
    cell(LAST, CPU)->method = YAGA_METHOD_NONE;
    const struct yaga_verdict *v = judge(LAST);
    assert_int_equal(v->n_anomalies, 0);
    assert_true(isnan(v->metric_score[LATENCY]) && isnan(v->metric_score[CPU]));
    assert_near(v->metric_score[TRAFFIC], 0.0, 0.0);
}

static void service_p_is_corrected_for_the_number_of_tests(void **state)
{
    (void)state;
    make();
    set_p(LAST, LATENCY, 1e-8);
    assert_near(judge(LAST)->p, 6e-8, 1e-20);
    assert_near(judge(LAST)->metric_score[LATENCY], 7.0 / 4.0,
                1e-12); /* -log10(10 p) over the level */
    assert_near(judge(LAST)->anomaly_score, 7.0 / 4.0, 1e-12);
    made.p_mv[LAST] = 1e-9;
    made.decision_mv[LAST] = -0.1;
    assert_near(judge(LAST)->p, 7e-9, 1e-20);
}

static void onset_is_the_first_row_of_the_current_run(void **state)
{
    (void)state;
    make();
    for (size_t row = 0; row < N_ROWS; row++)
        if (row == 10 || row >= 14)
            set_p(row, LATENCY, 1e-3);
    const struct yaga_signal *signal = &judge(LAST)->anomalies[0].signals[0];
    assert_int_equal(signal->onset_s, 14 * SHOP_STEP_S);
    assert_false(signal->onset_censored);
    assert_int_equal(signal->points_anomalous, 7);
    assert_int_equal(signal->points_total, 12);
    cell(16, LATENCY)->value = (double)NAN; /* a gap does not end the run */
    cell(16, LATENCY)->p = 1.0;
    assert_int_equal(judge(LAST)->anomalies[0].signals[0].onset_s, 14 * SHOP_STEP_S);
    assert_int_equal(judge(LAST)->anomalies[0].signals[0].points_total, 11);
    for (size_t row = 0; row < N_ROWS; row++)
        set_p(row, LATENCY, 1e-3);
    signal = &judge(LAST)->anomalies[0].signals[0];
    assert_int_equal(signal->onset_s, 8 * SHOP_STEP_S);
    assert_true(signal->onset_censored);
}

static void early_rows_are_judged_on_what_is_there(void **state)
{
    (void)state;
    make();
    made.grid.first_row = 5;
    made.grid.cells = made.cells + 5 * N_SHOP;
    set_p(4, LATENCY, 1e-3); /* history: not looked at */
    set_p(5, LATENCY, 1e-3);
    assert_int_equal(judge(5)->n_anomalies, 0);
    set_p(6, LATENCY, 1e-3);
    assert_int_equal(judge(6)->n_anomalies, 1);
    assert_int_equal(judge(6)->anomalies[0].signals[0].points_total, 2);
}

static void severity_follows_the_return_period(void **state)
{
    (void)state;
    static const struct {
        double hours, factor;
        bool sustained, supported;
        enum yaga_severity want;
    } cases[] = {
        {48.0, 1.01, true, true, YAGA_SEVERITY_LOW},
        {48.0, 1.0, true, true, YAGA_SEVERITY_MEDIUM},
        {336.0, 1.01, true, true, YAGA_SEVERITY_MEDIUM},
        {336.0, 1.0, true, true, YAGA_SEVERITY_HIGH},
        {336.0, 1.0, true, false, YAGA_SEVERITY_MEDIUM},
        {2160.0, 1.01, true, true, YAGA_SEVERITY_HIGH},
        {2160.0, 1.0, true, true, YAGA_SEVERITY_CRITICAL},
        {2160.0, 1e-3, false, true, YAGA_SEVERITY_HIGH},
        {2160.0, 1e-3, false, false, YAGA_SEVERITY_MEDIUM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make();
        set_p(LAST, LATENCY,
              (double)SHOP_STEP_S / (3600.0 * cases[i].hours) * cases[i].factor);
        cell(LAST, LATENCY)->tail_supported = cases[i].supported;
        if (cases[i].sustained)
            set_p(LAST - 1, LATENCY, 1e-3);
        const struct yaga_verdict *v = judge(LAST);
        assert_int_equal(v->n_anomalies, 1);
        if (v->severity != cases[i].want)
            fail_msg("case %zu: %s", i, yaga_severity_name(v->severity));
    }
}

/* 10 000 pairs of situations, the second at least as rare everywhere. */
static void what_the_forest_flags_counts_when_that_is_asked_for(void **state)
{
    (void)state;
    for (int asked = 0; asked <= 1; asked++) {
        make();
        made.params.by_decision = asked == 1;
        for (size_t row = LAST - 1; row <= LAST; row++) {
            set_p(row, LATENCY, 0.5); /* not rare, but flagged */
            cell(row, LATENCY)->decision = -0.01;
        }
        const struct yaga_verdict *v = judge(LAST);
        assert_int_equal(v->n_anomalies, asked);
        if (asked == 1) {
            assert_true(v->anomalies[0].signals[0].sustained);
            assert_false(v->anomalies[0].signals[0].strong);
            assert_int_equal(v->severity, YAGA_SEVERITY_LOW);
        }
        cell(LAST - 1, LATENCY)->decision = 0.01; /* once does not do */
        assert_int_equal(judge(LAST)->n_anomalies, 0);
        cell(LAST - 1, LATENCY)->decision = -0.01;
        cell(LAST - 1, LATENCY)->direction = YAGA_LOW; /* nor on both sides */
        assert_int_equal(judge(LAST)->n_anomalies, 0);
    }
}

static void severity_follows_the_forest_when_percentiles_are_asked_for(void **state)
{
    (void)state;
    static const struct {
        double p_forest;
        enum yaga_severity want;
    } cases[] = {
        {0.0005, YAGA_SEVERITY_CRITICAL}, {0.001, YAGA_SEVERITY_CRITICAL},
        {0.0011, YAGA_SEVERITY_HIGH},     {0.01, YAGA_SEVERITY_HIGH},
        {0.05, YAGA_SEVERITY_MEDIUM},     {0.1, YAGA_SEVERITY_LOW},
        {0.11, YAGA_SEVERITY_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make();
        made.params.by_percentile = true;
        set_p(LAST, LATENCY,
              1e-12); /* by its return period critical at best, high as it is new */
        cell(LAST, LATENCY)->p_forest = cases[i].p_forest;
        const struct yaga_verdict *v = judge(LAST);
        assert_int_equal(v->severity, cases[i].want);
        assert_int_equal(v->n_anomalies, cases[i].want != YAGA_SEVERITY_NONE);
    }
    make(); /* without a forest the return period is all there is */
    made.params.by_percentile = true;
    set_p(LAST, LATENCY, 1e-12);
    cell(LAST, LATENCY)->decision = (double)NAN;
    cell(LAST, LATENCY)->method = YAGA_METHOD_THRESHOLD;
    assert_int_equal(judge(LAST)->severity, YAGA_SEVERITY_HIGH);
}

static void rarer_evidence_never_lowers_severity_or_score(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 5);
    for (int round = 0; round < 10000; round++) {
        make();
        for (size_t row = LAST - 3; row <= LAST; row++)
            for (size_t m = 0; m < N_SHOP; m++)
                if (yaga_rng_below(&rng, 4) == 0)
                    set_p(row, m, pow(10.0, -8.0 * yaga_rng_uniform(&rng)));
        enum yaga_severity severity = judge(LAST)->severity;
        double score = made.verdict.anomaly_score;
        size_t n = made.verdict.n_anomalies;
        size_t m = yaga_rng_below(&rng, N_SHOP);
        set_p(LAST, m, cell(LAST, m)->p * pow(10.0, -4.0 * yaga_rng_uniform(&rng)));
        const struct yaga_verdict *v = judge(LAST);
        assert_true(v->severity >= severity);
        assert_true(v->anomaly_score >= score);
        assert_true(v->n_anomalies >= n);
    }
}

static void the_root_is_what_users_feel_first(void **state)
{
    (void)state;
    static const size_t order[] = {LATENCY, ERRORS, TRAFFIC, DATABASE, DEPENDENCY, CPU};
    for (size_t first = 0; first < N_SHOP; first++) {
        make();
        for (size_t i = first; i < N_SHOP; i++)
            set_p(LAST, order[i], 1e-6);
        const struct yaga_anomaly *a = &judge(LAST)->anomalies[0];
        assert_int_equal(a->root_metric, (int)order[first]);
        assert_int_equal(a->n_signals, N_SHOP - first);
        assert_string_equal(a->type,
                            first + 1 < N_SHOP ? "consolidated" : "ml_isolation");
        assert_near(a->value, 3.0 * shop_usual[order[first]], 0.0);
    }
    assert_string_equal(made.verdict.anomalies[0].name, "cpu_high");
    assert_string_equal(made.verdict.anomalies[0].family, "other");
}

static void the_order_of_the_metrics_does_not_change_the_name(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 9);
    for (int round = 0; round < 200; round++) {
        uint32_t scratch[N_SHOP], order[N_SHOP];
        yaga_rng_sample(&rng, N_SHOP, N_SHOP, scratch, order);
        make();
        for (size_t i = 0; i < N_SHOP; i++) {
            made.metrics[i] = shop_metrics[order[i]];
            if (order[i] != LATENCY)
                set_p(LAST, i, 1e-6);
        }
        const struct yaga_anomaly *a = &judge(LAST)->anomalies[0];
        assert_string_equal(a->name, "error_rate_high");
        assert_string_equal(a->pattern_name, "error_rate_high");
        assert_string_equal(a->family, "errors");
    }
}

static void an_anomaly_reports_the_value_and_side_of_its_own_root(void **state)
{
    (void)state;
    make();
    set_p(LAST, LATENCY, 1e-6);
    set_p(LAST, TRAFFIC, 1e-9);
    cell(LAST, TRAFFIC)->direction = YAGA_LOW;
    cell(LAST, TRAFFIC)->decision = -0.3;
    const struct yaga_anomaly *a = &judge(LAST)->anomalies[0];
    assert_string_equal(a->name, "application_latency_high");
    assert_int_equal(a->direction, YAGA_HIGH);
    assert_near(a->value, 360.0, 0.0);
    assert_near(a->score, -0.3, 0.0);
    assert_near(a->contribution[LATENCY], 6.0 / 15.0, 1e-12);
    assert_near(a->contribution[TRAFFIC], 9.0 / 15.0, 1e-12);
}

static void confidence_grows_with_signals_support_and_persistence(void **state)
{
    (void)state;
    make();
    set_p(LAST, LATENCY, 1e-6);
    assert_near(judge(LAST)->anomalies[0].confidence, 0.40, 1e-12);
    set_p(LAST - 1, LATENCY, 1e-6);
    assert_near(judge(LAST)->anomalies[0].confidence, 0.55, 1e-12);
    made.p_mv[LAST] = 0.01;
    assert_near(judge(LAST)->anomalies[0].confidence, 0.65, 1e-12);
    for (size_t m = 0; m < N_SHOP; m++)
        set_p(LAST, m, 1e-6);
    assert_near(judge(LAST)->anomalies[0].confidence, 0.85, 1e-12);
}

static void rules_without_a_forest_have_their_own_type_and_names(void **state)
{
    (void)state;
    make();
    set_p(LAST, DATABASE, 1e-9);
    cell(LAST, DATABASE)->method = YAGA_METHOD_ACTIVATION;
    cell(LAST, DATABASE)->decision = (double)NAN;
    cell(LAST, DATABASE)->tail_supported = false;
    const struct yaga_anomaly *a = &judge(LAST)->anomalies[0];
    assert_string_equal(a->name, "database_latency_activated");
    assert_string_equal(a->type, "threshold");
    assert_int_equal(a->severity, YAGA_SEVERITY_MEDIUM);
    assert_near(a->score, -1.0, 0.0);
    assert_string_equal(a->description, "database_latency 60 ms, usually inactive");
}

static void values_are_written_with_units(void **state)
{
    (void)state;
    static const struct {
        size_t metric;
        double value, expected;
        const char *want;
    } cases[] = {
        {LATENCY, 280.4, 9.96, "application_latency 280 ms (p100), usually 10.0 ms"},
        {TRAFFIC, 12.34, 0.5, "request_rate 12.3 req/s (p100), usually 0.500 req/s"},
        {ERRORS, 0.0834, 0.0025, "error_rate 8.3% (p100), usually 0.25%"},
        {CPU, 3.14159, NAN, "cpu 3.142 cores (p100), usually n/a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make();
        set_p(LAST, cases[i].metric, 1e-6);
        cell(LAST, cases[i].metric)->value = cases[i].value;
        cell(LAST, cases[i].metric)->expected = cases[i].expected;
        assert_string_equal(judge(LAST)->anomalies[0].description, cases[i].want);
    }
}

static void assert_text(const char *text)
{
    assert_true(strlen(text) > 0);
    assert_null(strpbrk(text, "{}"));
    assert_null(strstr(text, "nan"));
}

/* Every role and side, alone and all together. */
static void texts_are_complete_for_every_metric_and_side(void **state)
{
    (void)state;
    for (size_t m = 0; m <= N_SHOP; m++) {
        for (int side = 0; side < 3; side++) {
            make();
            for (size_t i = 0; i < N_SHOP; i++) {
                if (m < N_SHOP && i != m)
                    continue;
                set_p(LAST, i, 1e-6);
                cell(LAST, i)->direction = side == 1 ? YAGA_LOW : YAGA_HIGH;
                cell(LAST, i)->method =
                    side == 2 ? YAGA_METHOD_ACTIVATION : YAGA_METHOD_FOREST;
            }
            const struct yaga_anomaly *a = &judge(LAST)->anomalies[0];
            assert_text(a->description);
            assert_text(a->interpretation);
            assert_true(a->n_causes > 0 && a->n_checks > 0);
            for (size_t i = 0; i < a->n_causes; i++)
                assert_text(a->causes[i]);
            for (size_t i = 0; i < a->n_checks; i++) {
                assert_text(a->checks[i]);
                for (size_t j = 0; j < i; j++)
                    assert_string_not_equal(a->checks[i], a->checks[j]);
            }
        }
    }
    assert_non_null(strstr(made.verdict.anomalies[0].description, "; +4 more"));
}

static void the_longest_names_still_fit(void **state)
{
    (void)state;
    make();
    for (size_t m = 0; m < N_SHOP; m++) {
        memset(made.metrics[m].name, 'n', YAGA_NAME_MAX);
        memset(made.metrics[m].unit, 'u', sizeof made.metrics[m].unit - 1);
        made.metrics[m].kind = YAGA_KIND_GAUGE;
        set_p(LAST, m, 1e-6);
        cell(LAST, m)->value = -1.234e300;
    }
    const struct yaga_anomaly *a = &judge(LAST)->anomalies[0];
    assert_int_equal(strlen(a->name), YAGA_NAME_MAX + strlen("_high"));
    assert_non_null(strstr(a->description, "+4 more"));
}

/* A model of two residuals that always agree; a row where they do not is unusual although
 * each is ordinary. */
static void build_joint(struct shop *shop)
{
    struct yaga_error err;
    struct yaga_rng rng;
    static double x[2 * SHOP_SAMPLE], scores[SHOP_SAMPLE];
    yaga_rng_init(&rng, 3);
    for (size_t i = 0; i < SHOP_SAMPLE; i++) {
        x[2 * i] = 0.05 * yaga_rng_normal(&rng);
        x[2 * i + 1] = x[2 * i] + 0.001 * yaga_rng_normal(&rng);
    }
    struct yaga_model *model = &shop->model;
    struct yaga_forest_params params = {
        .n_trees = 60, .sample_size = 256, .seed = 1, .n_threads = 1};
    model->n_mv = 2;
    model->mv_metric[0] = LATENCY;
    model->mv_metric[1] = DATABASE;
    assert_ok(
        yaga_forest_grow(x, SHOP_SAMPLE, 2, &params, &model->mv_forest, scores, &err),
        &err);
    for (size_t i = 0; i < SHOP_SAMPLE; i++)
        scores[i] = -scores[i];
    assert_ok(yaga_table_make(scores, SHOP_SAMPLE, &model->mv_forest_scores, &err), &err);
    assert_ok(yaga_pca_fit(x, SHOP_SAMPLE, 2, 0.9, &model->pca, scores, &err), &err);
    assert_ok(yaga_table_make(scores, SHOP_SAMPLE, &model->pca_scores, &err), &err);
    model->mv_offset = -0.6;
}

static void clear_joint(struct shop *shop)
{
    yaga_forest_clear(&shop->model.mv_forest);
    yaga_table_clear(&shop->model.mv_forest_scores);
    yaga_pca_clear(&shop->model.pca);
    yaga_table_clear(&shop->model.pca_scores);
}

static void a_broken_relation_is_an_anomaly_of_its_own(void **state)
{
    (void)state;
    struct shop *shop = shop_new(4);
    build_joint(shop);
    struct yaga_verdict *v = &made.verdict;
    static const enum yaga_severity after[] = {YAGA_SEVERITY_NONE, YAGA_SEVERITY_LOW,
                                               YAGA_SEVERITY_MEDIUM};
    shop_decide(shop, v);
    assert_int_equal(v->n_anomalies, 0);
    for (size_t n = 1; n <= 3; n++) { /* needs two of three points, lasts with three */
        *shop_at(shop, 4 - n, LATENCY) = 120.0 * exp(0.05);
        *shop_at(shop, 4 - n, DATABASE) = 20.0 * exp(-0.05);
        shop_decide(shop, v);
        assert_int_equal(v->severity, after[n - 1]);
    }
    const struct yaga_anomaly *a = &v->anomalies[0];
    assert_string_equal(a->name, "metrics_combination_unusual");
    assert_string_equal(a->type, "multivariate_pattern");
    assert_int_equal(a->n_signals, 0);
    assert_true(a->root_metric == LATENCY || a->root_metric == DATABASE);
    assert_near(a->contribution[LATENCY] + a->contribution[DATABASE], 1.0, 1e-12);
    assert_text(a->description);
    assert_text(a->interpretation);
    clear_joint(shop);
    shop_free(shop);
}

static void a_missing_component_switches_the_joint_test_off(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    build_joint(shop);
    shop_score(shop, 0, &grid);
    assert_false(grid.mv_partial[0] || isnan(grid.decision_mv[0]));
    yaga_evidence_grid_clear(&grid);
    *shop_at(shop, 0, DATABASE) = (double)NAN;
    shop_score(shop, 0, &grid);
    assert_true(grid.mv_partial[0] && isnan(grid.decision_mv[0]));
    assert_near(grid.p_mv[0], 1.0, 0.0);
    yaga_evidence_grid_clear(&grid);
    clear_joint(shop);
    shop_free(shop);
}

static void total_loss_of_traffic_is_critical_once_it_lasts(void **state)
{
    (void)state;
    struct shop *shop = shop_new(3);
    *shop_at(shop, 2, TRAFFIC) = 0.0;
    shop_decide(shop, &made.verdict);
    assert_string_equal(made.verdict.anomalies[0].name, "request_rate_cliff");
    assert_int_equal(made.verdict.severity, YAGA_SEVERITY_CRITICAL);
    shop->params.n_patterns = 0; /* the grade of the signal itself */
    shop_decide(shop, &made.verdict);
    assert_string_equal(made.verdict.anomalies[0].name, "request_rate_low");
    assert_int_equal(made.verdict.severity, YAGA_SEVERITY_HIGH);
    *shop_at(shop, 1, TRAFFIC) = 0.0;
    shop_decide(shop, &made.verdict);
    assert_int_equal(made.verdict.severity, YAGA_SEVERITY_CRITICAL);
    shop_free(shop);
}

static void worse_values_never_get_a_lower_severity(void **state)
{
    (void)state;
    struct shop *shop = shop_new(3);
    static const size_t watched[] = {LATENCY, ERRORS, TRAFFIC};
    for (size_t k = 0; k < 3; k++) {
        enum yaga_severity severity = YAGA_SEVERITY_NONE;
        for (int i = 0; i <= 100; i++) {
            double value = watched[k] == LATENCY  ? 120.0 * (1.0 + i * 0.03)
                           : watched[k] == ERRORS ? i * 0.002
                                                  : 100.0 - i;
            for (size_t row = 1; row < 3; row++)
                *shop_at(shop, row, watched[k]) = value;
            shop_decide(shop, &made.verdict);
            assert_true(made.verdict.severity >= severity);
            severity = made.verdict.severity;
        }
        assert_int_equal(severity, YAGA_SEVERITY_CRITICAL);
        for (size_t row = 1; row < 3; row++)
            *shop_at(shop, row, watched[k]) = shop_usual[watched[k]];
    }
    shop_free(shop);
}

static void the_same_evidence_gives_the_same_verdict(void **state)
{
    (void)state;
    static struct yaga_verdict first;
    make();
    for (size_t m = 0; m < N_SHOP; m++)
        set_p(LAST, m, 1e-6);
    first = *judge(LAST);
    memset(&made.verdict, 0xa5, sizeof made.verdict);
    yaga_detect_decide(&made.params, made.metrics, &made.frame, &made.grid, LAST, 0.9,
                       &made.around, &made.verdict);
    const struct yaga_anomaly *a = &first.anomalies[0], *b = &made.verdict.anomalies[0];
    assert_memory_equal(a->name, b->name, sizeof a->name);
    assert_memory_equal(a->contribution, b->contribution, sizeof a->contribution);
    assert_string_equal(a->description, b->description);
    assert_string_equal(a->interpretation, b->interpretation);
    assert_int_equal(a->n_checks, b->n_checks);
    assert_near(a->confidence, b->confidence, 0.0);
    assert_near(first.anomaly_score, made.verdict.anomaly_score, 0.0);
}

static void assert_same_anomaly(const struct yaga_anomaly *a,
                                const struct yaga_anomaly *b)
{
    assert_memory_equal(a->signals, b->signals, a->n_signals * sizeof *a->signals);
    assert_memory_equal(a->contribution, b->contribution,
                        N_SHOP * sizeof *a->contribution);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->description, b->description);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->root_metric, b->root_metric);
    assert_near(a->confidence, b->confidence, 0.0);
}

static void what_was_found_is_named_again_without_frame_grid_and_model(void **state)
{
    (void)state;
    static struct yaga_verdict again;
    make();
    set_p(LAST, LATENCY, 1e-6);
    set_p(LAST, CPU, 1e-7);
    again = *judge(LAST);
    memset(again.anomalies, 0xa5, sizeof again.anomalies);
    again.n_anomalies = 3;
    again.severity = YAGA_SEVERITY_LOW;
    memset(made.cells, 0xa5, sizeof made.cells);
    yaga_detect_interpret(&made.params, made.metrics, &made.around, &again);
    assert_int_equal(again.n_anomalies, 1);
    assert_int_equal(again.severity, made.verdict.severity);
    assert_same_anomaly(&again.anomalies[0], &made.verdict.anomalies[0]);
    again.found.n_signals = 0;
    yaga_detect_interpret(&made.params, made.metrics, &made.around, &again);
    assert_int_equal(again.n_anomalies, 0);
    assert_int_equal(again.severity, YAGA_SEVERITY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(severities_have_names_that_read_back),
        cmocka_unit_test(defaults_follow_the_step),
        cmocka_unit_test(nothing_unusual_gives_no_anomaly),
        cmocka_unit_test(a_strong_value_needs_no_company_and_a_soft_one_does),
        cmocka_unit_test(points_older_than_n_rows_or_on_the_other_side_do_not_count),
        cmocka_unit_test(alpha_comes_from_the_parameters_then_the_model_then_the_default),
        cmocka_unit_test(immaterial_metrics_are_counted_not_reported),
        cmocka_unit_test(missing_and_unjudged_metrics_have_no_score),
        cmocka_unit_test(service_p_is_corrected_for_the_number_of_tests),
        cmocka_unit_test(onset_is_the_first_row_of_the_current_run),
        cmocka_unit_test(early_rows_are_judged_on_what_is_there),
        cmocka_unit_test(severity_follows_the_return_period),
        cmocka_unit_test(what_the_forest_flags_counts_when_that_is_asked_for),
        cmocka_unit_test(severity_follows_the_forest_when_percentiles_are_asked_for),
        cmocka_unit_test(rarer_evidence_never_lowers_severity_or_score),
        cmocka_unit_test(what_was_found_is_named_again_without_frame_grid_and_model),
        cmocka_unit_test(the_root_is_what_users_feel_first),
        cmocka_unit_test(the_order_of_the_metrics_does_not_change_the_name),
        cmocka_unit_test(an_anomaly_reports_the_value_and_side_of_its_own_root),
        cmocka_unit_test(confidence_grows_with_signals_support_and_persistence),
        cmocka_unit_test(rules_without_a_forest_have_their_own_type_and_names),
        cmocka_unit_test(values_are_written_with_units),
        cmocka_unit_test(texts_are_complete_for_every_metric_and_side),
        cmocka_unit_test(the_longest_names_still_fit),
        cmocka_unit_test(a_broken_relation_is_an_anomaly_of_its_own),
        cmocka_unit_test(a_missing_component_switches_the_joint_test_off),
        cmocka_unit_test(total_loss_of_traffic_is_critical_once_it_lasts),
        cmocka_unit_test(worse_values_never_get_a_lower_severity),
        cmocka_unit_test(the_same_evidence_gives_the_same_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
