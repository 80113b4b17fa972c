/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence: values against models. */
#include "detect_fixture.h"

static void usual_values_are_not_evidence(void **state)
{
    (void)state;
    struct shop *shop = shop_new(4);
    struct yaga_evidence_grid grid;
    shop_score(shop, 1, &grid);
    assert_int_equal(grid.first_row, 1);
    assert_null(grid.model[0]); /* history is not scored */
    for (size_t m = 0; m < N_SHOP; m++) {
        struct yaga_evidence cell = shop_cell(&grid, 3, m);
        assert_near(cell.value, shop_usual[m], 0.0);
        assert_near(cell.expected, shop_usual[m], 1e-9);
        assert_near(cell.p, 1.0, 0.0);
    }
    assert_ptr_equal(grid.model[3], &shop->model);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void a_missing_metric_is_not_judged_and_leaves_the_others_alone(void **state)
{
    (void)state;
    for (unsigned missing = 0; missing < 1u << N_SHOP; missing++) {
        struct shop *shop = shop_new(1);
        *shop_at(shop, 0, LATENCY) = 400.0;
        for (size_t m = 0; m < N_SHOP; m++)
            if (missing & 1u << m)
                *shop_at(shop, 0, m) = (double)NAN;
        struct yaga_evidence_grid grid;
        shop_score(shop, 0, &grid);
        for (size_t m = 0; m < N_SHOP; m++) {
            struct yaga_evidence cell = shop_cell(&grid, 0, m);
            if (missing & 1u << m) {
                assert_true(isnan(cell.value) && isnan(cell.expected));
                assert_int_equal(cell.method, YAGA_METHOD_NONE);
                assert_near(cell.p, 1.0, 0.0);
            } else {
                assert_true(m == LATENCY ? cell.p < 1e-5 : cell.p >= 1.0);
            }
        }
        yaga_evidence_grid_clear(&grid);
        shop_free(shop);
        if (missing == 8)
            missing =
                (1u << N_SHOP) - 9; /* a sample of few and of many missing is enough */
    }
}

static void without_a_model_values_are_kept_but_not_judged(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    shop->set.by_period[YAGA_BUSINESS_HOURS] = NULL;
    struct yaga_evidence_grid grid;
    shop_score(shop, 0, &grid);
    assert_null(grid.model[0]);
    assert_near(shop_cell(&grid, 0, LATENCY).value, 120.0, 0.0);
    assert_int_equal(shop_cell(&grid, 0, LATENCY).method, YAGA_METHOD_NONE);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void metrics_are_matched_by_name_and_strangers_are_not_judged(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_metric_model kept = shop->models[CPU];
    shop->models[CPU] = shop->models[TRAFFIC];
    shop->models[TRAFFIC] = kept;
    memcpy(shop->models[LATENCY].name, "renamed", sizeof "renamed");
    struct yaga_evidence_grid grid;
    shop_score(shop, 0, &grid);
    assert_near(shop_cell(&grid, 0, CPU).expected, 2.0, 1e-9);
    assert_near(shop_cell(&grid, 0, TRAFFIC).expected, 100.0, 1e-9);
    assert_int_equal(shop_cell(&grid, 0, LATENCY).method, YAGA_METHOD_NONE);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void
another_periods_model_does_not_judge_rates_but_the_pooled_one_does(void **state)
{
    (void)state;
    for (int pooled = 0; pooled < 2; pooled++) {
        struct shop *shop = shop_new(1);
        shop->set.is_fallback[YAGA_BUSINESS_HOURS] = true;
        shop->model.period = pooled ? YAGA_POOLED : YAGA_EVENING_HOURS;
        *shop_at(shop, 0, TRAFFIC) = 1000.0;
        *shop_at(shop, 0, LATENCY) = 1000.0;
        struct yaga_evidence_grid grid;
        shop_score(shop, 0, &grid);
        assert_true((shop_cell(&grid, 0, TRAFFIC).p < 1e-4) == (pooled == 1));
        assert_true(shop_cell(&grid, 0, LATENCY).p < 1e-4);
        yaga_evidence_grid_clear(&grid);
        shop_free(shop);
    }
}

static void rows_are_judged_by_the_model_of_their_own_period(void **state)
{
    (void)state;
    struct shop *shop = shop_new(2), *night = shop_new(1);
    shop_forget(&night->models[LATENCY]);
    shop_dense(&night->models[LATENCY], &night->metrics[LATENCY], 30.0, 0.05, 3);
    shop->set.by_period[YAGA_NIGHT_HOURS] = &night->model;
    shop->when[1].period = YAGA_NIGHT_HOURS;
    struct yaga_evidence_grid grid;
    shop_score(shop, 0, &grid);
    assert_near(shop_cell(&grid, 0, LATENCY).expected, 120.0, 1e-9);
    assert_near(shop_cell(&grid, 1, LATENCY).expected, 30.0, 1e-9);
    assert_ptr_equal(grid.model[1], &night->model);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
    shop_free(night);
}

static void growth_since_the_training_moves_the_expected_value(void **state)
{
    (void)state;
    struct shop *shop = shop_new(400);
    for (size_t row = 0; row < 400; row++)
        *shop_at(shop, row, LATENCY) = 120.0 * 1.08;
    struct yaga_evidence_grid grid;
    shop_score(shop, 399, &grid);
    assert_near(shop_cell(&grid, 399, LATENCY).expected, 129.6, 1e-3);
    assert_near(shop_cell(&grid, 399, LATENCY).residual, 0.0, 1e-3);
    yaga_evidence_grid_clear(&grid);
    shop->params.level_rows = 0;
    shop_score(shop, 399, &grid);
    assert_near(shop_cell(&grid, 399, LATENCY).expected, 120.0, 1e-9);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void improvements_are_not_evidence_and_fast_failures_are(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    *shop_at(shop, 0, LATENCY) = 5.0;
    *shop_at(shop, 0, DATABASE) = 1.0;
    shop_score(shop, 0, &grid);
    assert_near(shop_cell(&grid, 0, LATENCY).p, 1.0, 0.0);
    assert_near(shop_cell(&grid, 0, DATABASE).p, 1.0, 0.0);
    yaga_evidence_grid_clear(&grid);
    *shop_at(shop, 0, ERRORS) = 0.01;
    shop_score(shop, 0, &grid);
    assert_true(shop_cell(&grid, 0, LATENCY).p < 1e-9);
    assert_int_equal(shop_cell(&grid, 0, LATENCY).direction, YAGA_LOW);
    assert_int_equal(shop_cell(&grid, 0, LATENCY).immaterial, YAGA_MATERIAL);
    assert_near(shop_cell(&grid, 0, DATABASE).p, 1.0, 0.0);
    yaga_evidence_grid_clear(&grid);
    *shop_at(shop, 0, ERRORS) = 0.0099;
    shop_score(shop, 0, &grid);
    assert_near(shop_cell(&grid, 0, LATENCY).p, 1.0, 0.0);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void total_loss_is_certain_even_where_traffic_scatters(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    shop_forget(&shop->models[TRAFFIC]);
    shop_dense(&shop->models[TRAFFIC], &shop->metrics[TRAFFIC], 100.0, 2.5, 3);
    *shop_at(shop, 0, TRAFFIC) = 0.0;
    struct yaga_evidence_grid grid;
    shop_score(shop, 0, &grid);
    assert_true(shop_cell(&grid, 0, TRAFFIC).p <= 1e-11);
    assert_int_equal(shop_cell(&grid, 0, TRAFFIC).immaterial, YAGA_MATERIAL);
    yaga_evidence_grid_clear(&grid);
    shop->models[TRAFFIC].stats.zero_share =
        0.05; /* silence is a habit of this service */
    shop_score(shop, 0, &grid);
    assert_true(shop_cell(&grid, 0, TRAFFIC).p > 1e-3);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void silence_of_a_zero_normal_metric_is_never_flagged(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    shop->metrics[DEPENDENCY].bad = YAGA_BOTH;
    for (int mostly_silent = 0; mostly_silent < 2; mostly_silent++) {
        shop->models[DEPENDENCY].stats.zero_share = mostly_silent ? 0.8 : 0.1;
        *shop_at(shop, 0, DEPENDENCY) = 0.0;
        shop_score(shop, 0, &grid);
        assert_near(shop_cell(&grid, 0, DEPENDENCY).p, 1.0, 0.0);
        yaga_evidence_grid_clear(&grid);
        *shop_at(shop, 0, DEPENDENCY) = (double)NAN;
        shop_score(shop, 0, &grid);
        assert_near(shop_cell(&grid, 0, DEPENDENCY).p, 1.0, 0.0);
        yaga_evidence_grid_clear(&grid);
    }
    shop_constant(shop, DEPENDENCY, 40.0);
    *shop_at(shop, 0, DEPENDENCY) = 0.0;
    shop_score(shop, 0, &grid);
    assert_near(shop_cell(&grid, 0, DEPENDENCY).p, 1.0, 0.0);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void activity_of_a_silent_metric_counts_beyond_twice_its_p95(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    shop_constant(shop, DATABASE, 0.0);
    shop->models[DATABASE].cls = YAGA_CLASS_ACTIVATION;
    shop->models[DATABASE].stats.non_zero_p95 = 20.0;
    static const struct {
        double value, p95;
        bool rare;
    } cases[] = {{0.0, 20.0, false},
                 {40.0, 20.0, false},
                 {40.1, 20.0, true},
                 {5.0, NAN, false},
                 {5.1, NAN, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct yaga_evidence_grid grid;
        shop->models[DATABASE].stats.non_zero_p95 = cases[i].p95;
        *shop_at(shop, 0, DATABASE) = cases[i].value;
        shop_score(shop, 0, &grid);
        assert_int_equal(shop_cell(&grid, 0, DATABASE).method, YAGA_METHOD_ACTIVATION);
        assert_true((shop_cell(&grid, 0, DATABASE).p < 1e-6) == cases[i].rare);
        yaga_evidence_grid_clear(&grid);
    }
    shop_free(shop);
}

static void constant_metrics_are_judged_by_multiples(void **state)
{
    (void)state;
    static const struct {
        size_t metric;
        double usual, value;
        bool rare;
    } cases[] = {
        {LATENCY, 120.0, 240.0, false}, {LATENCY, 120.0, 240.1, true},
        {LATENCY, 0.2, 1.2, false},     {LATENCY, 0.2, 1.21, true},
        {LATENCY, 120.0, 1.0, false},   {TRAFFIC, 10.0, 3.0, false},
        {TRAFFIC, 10.0, 2.9, true},     {TRAFFIC, 10.0, 30.0, false},
        {TRAFFIC, 10.0, 30.1, true},    {TRAFFIC, 10.0, 0.0, true},
        {CPU, 2.0, 4.1, true},          {CPU, 2.0, 0.5, true},
        {CPU, 2.0, 0.7, false},         {CPU, -2.0, -4.1, true},
    };
    struct shop *shop = shop_new(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct yaga_evidence_grid grid;
        shop_constant(shop, cases[i].metric, cases[i].usual);
        *shop_at(shop, 0, cases[i].metric) = cases[i].value;
        shop_score(shop, 0, &grid);
        struct yaga_evidence cell = shop_cell(&grid, 0, cases[i].metric);
        if ((cell.p < 1e-6) != cases[i].rare)
            fail_msg("case %zu: p %g", i, cell.p);
        assert_int_equal(cell.method, YAGA_METHOD_THRESHOLD);
        yaga_evidence_grid_clear(&grid);
        *shop_at(shop, 0, cases[i].metric) = shop_usual[cases[i].metric];
    }
    shop_free(shop);
}

static void
a_service_without_errors_in_training_still_shows_its_first_outage(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    *shop_at(shop, 0, ERRORS) = 0.05;
    shop_score(shop, 0, &grid);
    assert_true(shop_cell(&grid, 0, ERRORS).p <= 1e-12);
    assert_int_equal(shop_cell(&grid, 0, ERRORS).immaterial, YAGA_MATERIAL);
    yaga_evidence_grid_clear(&grid);
    *shop_at(shop, 0, TRAFFIC) = 0.04; /* one failed request of twelve */
    *shop_at(shop, 0, ERRORS) = 1.0 / 12.0;
    shop_score(shop, 0, &grid);
    assert_int_equal(shop_cell(&grid, 0, ERRORS).immaterial, YAGA_IMMATERIAL_COUNT);
    yaga_evidence_grid_clear(&grid);
    *shop_at(shop, 0, TRAFFIC) = (double)NAN; /* no counts: by multiples */
    *shop_at(shop, 0, ERRORS) = 0.05;
    shop_score(shop, 0, &grid);
    assert_true(shop_cell(&grid, 0, ERRORS).p < 1e-6);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void a_discrete_ratio_seen_in_training_is_not_rarer_than_it_was(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    shop->models[ERRORS].stats.mean = 1e-4;
    shop->models[ERRORS].stats.max = 0.02;
    *shop_at(shop, 0, ERRORS) = 0.02;
    shop_score(shop, 0, &grid);
    assert_near(shop_cell(&grid, 0, ERRORS).p, 1.0 / 2001.0, 1e-12);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void availability_ratios_are_judged_by_what_is_missing(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    shop_constant(shop, ERRORS, 1.0);
    shop->metrics[ERRORS].bad = YAGA_LOW;
    *shop_at(shop, 0, ERRORS) = 0.95;
    shop_score(shop, 0, &grid);
    assert_true(shop_cell(&grid, 0, ERRORS).p <= 1e-12);
    assert_int_equal(shop_cell(&grid, 0, ERRORS).direction, YAGA_LOW);
    assert_int_equal(shop_cell(&grid, 0, ERRORS).immaterial, YAGA_MATERIAL);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void sparse_metrics_are_not_judged(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    shop_constant(shop, LATENCY, 120.0);
    shop->models[LATENCY].cls = YAGA_CLASS_SPARSE;
    *shop_at(shop, 0, LATENCY) = 1e5;
    shop_score(shop, 0, &grid);
    assert_int_equal(shop_cell(&grid, 0, LATENCY).method, YAGA_METHOD_NONE);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

/* Each boundary of materiality, a little before, on and behind it. Transform "none" makes
 * the expected value exact. */
static void materiality_is_exact_at_its_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t metric;
        double usual, rel, delta, floor, limit;
        int outward; /* sign of "worse" */
        enum yaga_immaterial before;
    } cases[] = {
        {"relative", LATENCY, 128.0, 0.25, 0.0, 0.0, 160.0, 1, YAGA_IMMATERIAL_RELATIVE},
        {"delta", LATENCY, 16.0, 0.25, 10.0, 0.0, 26.0, 1, YAGA_IMMATERIAL_DELTA},
        {"floor", DATABASE, 2.0, 0.25, 0.0, 5.0, 5.0, 1, YAGA_IMMATERIAL_FLOOR},
        {"rate up", TRAFFIC, 128.0, 0.5, 0.0, 0.0, 192.0, 1, YAGA_IMMATERIAL_RELATIVE},
        {"rate down", TRAFFIC, 128.0, 1.0, 0.0, 0.0, 64.0, -1, YAGA_IMMATERIAL_RELATIVE},
        {"rate noise", TRAFFIC, 3.0, 0.0, 0.0, 0.0, 3.35, 1, YAGA_IMMATERIAL_COUNT},
        {"gauge up", CPU, 4.0, 0.25, 0.0, 0.0, 5.0, 1, YAGA_IMMATERIAL_RELATIVE},
        {"gauge down", CPU, 4.0, 0.25, 0.0, 0.0, 3.0, -1, YAGA_IMMATERIAL_RELATIVE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop *shop = shop_new(1);
        size_t m = cases[i].metric;
        shop->metrics[m].transform = YAGA_TRANSFORM_NONE;
        shop->metrics[m].min_relative_change = cases[i].rel;
        shop->metrics[m].min_delta = cases[i].delta;
        shop->metrics[m].min_value = cases[i].floor;
        shop_forget(&shop->models[m]);
        shop_dense(&shop->models[m], &shop->metrics[m], cases[i].usual, 1e-3, 3);
        for (int side = -1; side <= 1; side++) {
            struct yaga_evidence_grid grid;
            *shop_at(shop, 0, m) =
                cases[i].limit * (1.0 + 1e-9 * (double)(side * cases[i].outward));
            shop_score(shop, 0, &grid);
            enum yaga_immaterial got = shop_cell(&grid, 0, m).immaterial;
            if (got != (side < 0 ? cases[i].before : YAGA_MATERIAL))
                fail_msg("%s, side %d: %s", cases[i].name, side,
                         yaga_immaterial_name(got));
            yaga_evidence_grid_clear(&grid);
        }
        shop_free(shop);
    }
}

static void small_effects_and_tiny_rates_are_immaterial(void **state)
{
    (void)state;
    struct shop *shop = shop_new(1);
    struct yaga_evidence_grid grid;
    shop->params.min_effect_z = 1e6;
    *shop_at(shop, 0, LATENCY) = 400.0;
    shop_score(shop, 0, &grid);
    assert_int_equal(shop_cell(&grid, 0, LATENCY).immaterial, YAGA_IMMATERIAL_EFFECT);
    yaga_evidence_grid_clear(&grid);
    shop->params.min_effect_z = 2.5;
    shop_forget(&shop->models[TRAFFIC]);
    shop_dense(&shop->models[TRAFFIC], &shop->metrics[TRAFFIC], 0.009, 1e-4, 3);
    *shop_at(shop, 0, TRAFFIC) = 5.0;
    shop_score(shop, 0, &grid);
    assert_int_equal(shop_cell(&grid, 0, TRAFFIC).immaterial, YAGA_IMMATERIAL_COUNT);
    yaga_evidence_grid_clear(&grid);
    shop_free(shop);
}

static void error_ratios_need_failed_requests_and_a_sure_difference(void **state)
{
    (void)state;
    static const struct {
        double rate, ratio, base;
        bool material;
    } cases[] = {
        {1.0, 2.0 / 300.0, 0.0, false},    /* two failed */
        {1.0, 3.0 / 300.0, 0.0, true},     /* three */
        {1.0, 4.0 / 300.0, 0.0085, false}, /* within the noise of the usual ratio */
        {100.0, 0.0049, 0.0, false},       /* below the floor */
        {100.0, 0.0050, 0.0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop *shop = shop_new(1);
        struct yaga_evidence_grid grid;
        shop->models[ERRORS].stats.mean = cases[i].base;
        *shop_at(shop, 0, TRAFFIC) = cases[i].rate;
        *shop_at(shop, 0, ERRORS) = cases[i].ratio;
        shop_score(shop, 0, &grid);
        if ((shop_cell(&grid, 0, ERRORS).immaterial == YAGA_MATERIAL) !=
            cases[i].material)
            fail_msg("case %zu", i);
        yaga_evidence_grid_clear(&grid);
        shop_free(shop);
    }
}

/* A second cluster far out makes the forest's own score fall again; the evidence must
 * not. */
static void worse_values_never_count_less(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct shop *shop = shop_new(N);
    struct yaga_rng rng;
    yaga_rng_init(&rng, 11);
    static const size_t watched[] = {TRAFFIC, LATENCY, CPU, ERRORS};
    for (size_t k = 0; k < sizeof watched / sizeof *watched; k++) {
        size_t m = watched[k];
        double value = m == ERRORS ? 0.0 : shop_usual[m];
        for (size_t row = 0; row < N; row++) {
            *shop_at(shop, row, m) = value;
            value += (m == ERRORS ? 1e-4 : shop_usual[m] * 3e-3) * yaga_rng_uniform(&rng);
        }
        struct yaga_evidence_grid grid;
        shop->params.level_rows = 0;
        shop_score(shop, 0, &grid);
        bool rare = false, material = false;
        for (size_t row = 1; row < N; row++) {
            struct yaga_evidence before = shop_cell(&grid, row - 1, m);
            struct yaga_evidence now = shop_cell(&grid, row, m);
            if (now.p > before.p)
                fail_msg("metric %zu row %zu: p %g after %g", m, row, now.p, before.p);
            assert_false(rare && now.decision > before.decision);
            assert_false(material && now.immaterial != YAGA_MATERIAL);
            rare = now.p < 1.0;
            material = rare && now.immaterial == YAGA_MATERIAL;
        }
        assert_true(material);
        yaga_evidence_grid_clear(&grid);
        for (size_t row = 0; row < N; row++)
            *shop_at(shop, row, m) = shop_usual[m];
    }
    shop_free(shop);
}

static void scoring_twice_gives_the_same_bytes(void **state)
{
    (void)state;
    struct shop *shop = shop_new(50);
    *shop_at(shop, 30, LATENCY) = 300.0;
    struct yaga_evidence_grid a, b;
    shop_score(shop, 0, &a);
    shop_score(shop, 0, &b);
    for (size_t i = 0; i < a.n_rows * a.n_metrics; i++) {
        assert_memory_equal(&a.cells[i].p, &b.cells[i].p, sizeof a.cells[i].p);
        assert_memory_equal(&a.cells[i].expected, &b.cells[i].expected, sizeof(double));
        assert_memory_equal(&a.cells[i].decision, &b.cells[i].decision, sizeof(double));
    }
    yaga_evidence_grid_clear(&a);
    yaga_evidence_grid_clear(&b);
    shop_free(shop);
}

static void scoring_survives_failing_memory(void **state)
{
    (void)state;
    struct shop *shop = shop_new(60);
    for (size_t k = 1;; k++) {
        struct yaga_error err;
        struct yaga_evidence_grid grid = {0};
        yaga_mem_fail_nth(k);
        enum yaga_status st =
            yaga_detect_score(&shop->params, shop->metrics, N_SHOP, &shop->set,
                              &shop->frame, shop->when, 0, &grid, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_true(k > 6);
            yaga_evidence_grid_clear(&grid);
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(grid.cells);
    }
    shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_values_are_not_evidence),
        cmocka_unit_test(a_missing_metric_is_not_judged_and_leaves_the_others_alone),
        cmocka_unit_test(without_a_model_values_are_kept_but_not_judged),
        cmocka_unit_test(metrics_are_matched_by_name_and_strangers_are_not_judged),
        cmocka_unit_test(
            another_periods_model_does_not_judge_rates_but_the_pooled_one_does),
        cmocka_unit_test(rows_are_judged_by_the_model_of_their_own_period),
        cmocka_unit_test(growth_since_the_training_moves_the_expected_value),
        cmocka_unit_test(improvements_are_not_evidence_and_fast_failures_are),
        cmocka_unit_test(total_loss_is_certain_even_where_traffic_scatters),
        cmocka_unit_test(silence_of_a_zero_normal_metric_is_never_flagged),
        cmocka_unit_test(activity_of_a_silent_metric_counts_beyond_twice_its_p95),
        cmocka_unit_test(constant_metrics_are_judged_by_multiples),
        cmocka_unit_test(
            a_service_without_errors_in_training_still_shows_its_first_outage),
        cmocka_unit_test(a_discrete_ratio_seen_in_training_is_not_rarer_than_it_was),
        cmocka_unit_test(availability_ratios_are_judged_by_what_is_missing),
        cmocka_unit_test(sparse_metrics_are_not_judged),
        cmocka_unit_test(materiality_is_exact_at_its_limits),
        cmocka_unit_test(small_effects_and_tiny_rates_are_immaterial),
        cmocka_unit_test(error_ratios_need_failed_requests_and_a_sure_difference),
        cmocka_unit_test(worse_values_never_count_less),
        cmocka_unit_test(scoring_twice_gives_the_same_bytes),
        cmocka_unit_test(scoring_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
