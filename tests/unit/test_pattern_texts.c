/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What patterns say to people, and what operators write about them. */
#include "patterns_fixture.h"

/* Every text of the catalogue names only placeholders that there are, and every
 * placeholder is filled. */
static void texts_of_the_catalogue_are_sound(void **state)
{
    (void)state;
    struct yaga_error err = {.status = YAGA_OK};
    size_t n;
    const struct yaga_pattern *patterns = yaga_patterns(&n);
    for (size_t i = 0; i < n; i++) {
        const struct yaga_pattern_words *words = patterns[i].words;
        assert_ok(yaga_pattern_check_text(words->headline, &err), &err);
        assert_ok(yaga_pattern_check_text(words->meaning, &err), &err);
        for (size_t k = 0; words->actions[k] != NULL; k++)
            assert_ok(yaga_pattern_check_text(words->actions[k], &err), &err);
    }
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"plain", true},      {"{al} of {al_expected}", true},
                 {"{al", false},       {"al}", false},
                 {"{latency}", false}, {"{}", false},
                 {"{{al}}", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(yaga_pattern_check_text(cases[i].text, &err) == YAGA_OK,
                         cases[i].good);
}

static void placeholders_read_as_values(void **state)
{
    (void)state;
    static const struct yaga_pattern_words words = {
        "{rr}|{al}|{dl}|{db}|{er}|{cer}|{rr_expected}|{al_expected}|{dl_expected}|"
        "{db_expected}|{er_expected}|{cer_expected}",
        "{drop}|{dl_share}|{db_share}|{db_ratio}|{root}|{path}|{path_len}|{onset}",
        {"CHECK {root}", NULL}};
    make_sample(&samples[13]);
    assert_string_equal(samples[13].name, "dependency_chain_degradation");
    put_level(DATABASE, YAGA_LEVEL_HIGH);
    put_level(TRAFFIC, YAGA_LEVEL_LOW);
    made.around.dependency_time_share = (struct yaga_reading){1.2, 1.2, 0.4};
    made.around.client_error_rate = (struct yaga_reading){0.0012, 0.0012, 0.001};
    struct yaga_pattern own = {.name = "request_rate_low_odd",
                               .family = "traffic",
                               .severity = MEDIUM,
                               .levels = {{YAGA_ROLE_LATENCY, "", 1U << YAGA_LEVEL_HIGH}},
                               .words = &words};
    made.params.patterns = &own;
    made.params.n_patterns = 1;
    const struct yaga_anomaly *a = only();
    assert_string_equal(a->description,
                        "30.0 req/s|360 ms|40 ms|60 ms|0.00%|0.12%|100.0 req/s|120 ms|"
                        "40 ms|20 ms|0.00%|0.10%");
    assert_string_equal(a->interpretation,
                        "70%|100.0%|16.7%|3.0 times|ledger|ledger, bank, vault|4|09:55");
    assert_string_equal(a->actions[1], "CHECK ledger"); /* behind a VERIFY */
}

static void the_impact_counts_failed_requests_and_names_critical_services(void **state)
{
    (void)state;
    make_sample(&samples[10]);
    made.around.category = "critical";
    assert_string_equal(only()->impact,
                        "Service of the category critical: A large part of the requests "
                        "fails. About 600 failed requests per minute.");
    made.around.category = "standard";
    cell(LAST, ERRORS)->value = 0.09;
    assert_string_equal(
        only()->impact,
        "Failures that users notice. About 540 failed requests per minute.");
    cell(LAST, TRAFFIC)->value = (double)NAN;
    assert_string_equal(only()->impact, "Failures that users notice.");
    struct yaga_anomaly *a = &made.verdict.anomalies[0];
    a->severity = MEDIUM;
    yaga_detect_impact(made.metrics, &made.around, &made.verdict.found, a);
    assert_string_equal(a->impact, "Few failures.");
}

static void actions_come_most_urgent_first_and_once(void **state)
{
    (void)state;
    make_sample(&samples[17]);
    const struct yaga_anomaly *a = only();
    static const char *const want[] = {
        "CHECK slow queries and their plans",
        "CHECK waits for connections of the pool",
        "CHECK load of the database",
        "CHECK slow queries",
        "CHECK utilisation, pauses and queues",
        "FOCUS on the database, most of the time is there",
        "CONSIDER caching",
    };
    assert_int_equal(a->n_actions, sizeof want / sizeof *want);
    for (size_t i = 0; i < a->n_actions; i++)
        assert_string_equal(a->actions[i], want[i]);
}

/* --- what operators write --- */

static void old_names_read_as_the_current_ones(void **state)
{
    (void)state;
    assert_string_equal(yaga_pattern_alias("traffic_cliff"), "request_rate_cliff");
    assert_string_equal(yaga_pattern_alias("request_rate_cliff"), "request_rate_cliff");
    assert_string_equal(yaga_pattern_alias("anything"), "anything");
}

static void conditions_are_read_or_explained(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem; /* NULL = none */
    } cases[] = {
        {"error_rate high", NULL},
        {"errors not_high", NULL},
        {" cpu   very_high ", NULL},
        {"db_latency_ratio > 0.5", NULL},
        {"client_error_rate >= 0.1", NULL},
        {"cascade dependencies_healthy", NULL},
        {"request_rate any", NULL},
        {"error_rate extreme", "\"extreme\" is not a level"},
        {"disk high", "\"disk\" is neither a metric nor a role"},
        {"db_latency_ratio = 0.5", "\"=\" is not one of"},
        {"db_latency_ratio > x", "\"x\" is not a number"},
        {"db_ratio > 0.5", "\"db_ratio\" is not a number that patterns know"},
        {"cascade broken", "\"broken\" is not a state of the callees"},
        {"", "neither"},
        {"error_rate", "neither"},
        {"error_rate high and more", "neither"},
    };
    struct yaga_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct yaga_pattern pattern = {.name = "x"};
        enum yaga_status st = yaga_pattern_add_condition(&pattern, cases[i].text,
                                                         shop_metrics, N_SHOP, &err);
        if (cases[i].problem == NULL) {
            assert_ok(st, &err);
        } else {
            assert_int_equal(st, YAGA_E_CONFIG);
            if (strstr(err.text, cases[i].problem) == NULL)
                fail_msg("%s: %s", cases[i].text, err.text);
        }
    }
    struct yaga_pattern pattern = {.name = "x"};
    for (size_t i = 0; i < YAGA_PATTERN_LEVELS_MAX; i++)
        assert_ok(
            yaga_pattern_add_condition(&pattern, "cpu high", shop_metrics, N_SHOP, &err),
            &err);
    assert_int_equal(
        yaga_pattern_add_condition(&pattern, "cpu high", shop_metrics, N_SHOP, &err),
        YAGA_E_CONFIG);
    for (size_t i = 0; i < YAGA_PATTERN_NUMBERS_MAX; i++)
        assert_ok(yaga_pattern_add_condition(&pattern, "error_ratio > 1", shop_metrics,
                                             N_SHOP, &err),
                  &err);
    assert_int_equal(yaga_pattern_add_condition(&pattern, "error_ratio > 1", shop_metrics,
                                                N_SHOP, &err),
                     YAGA_E_CONFIG);
}

static void names_have_a_metric_a_state_and_a_modifier(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } cases[] = {{"cpu_high_nightly", true}, {"error_rate_burst_from_jobs", true},
                 {"cpu_high", false},        {"cpu", false},
                 {"disk_full_soon", false},  {"cpu_High_x", false},
                 {"cpu__high", false},       {"cpu_high_", false},
                 {"cpu_high_x:root", false}, {"", false}};
    struct yaga_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if ((yaga_pattern_check_name(cases[i].name, shop_metrics, N_SHOP, &err) ==
             YAGA_OK) != cases[i].good)
            fail_msg("%s", cases[i].name);
}

static void a_configured_pattern_of_any_metric_keeps_its_severity(void **state)
{
    (void)state;
    static const struct yaga_pattern_words words = {"busy", "as every night", {NULL}};
    struct yaga_error err;
    struct yaga_pattern own = {.name = "cpu_high_nightly",
                               .family = "other",
                               .severity = YAGA_SEVERITY_LOW,
                               .is_configured = true,
                               .words = &words};
    make();
    assert_ok(yaga_pattern_add_condition(&own, "cpu high", made.metrics, N_SHOP, &err),
              &err);
    assert_ok(yaga_pattern_add_condition(&own, "application_latency high", made.metrics,
                                         N_SHOP, &err),
              &err);
    put_level(LATENCY, YAGA_LEVEL_HIGH);
    put_level(CPU, YAGA_LEVEL_HIGH);
    assert_string_equal(only()->name, "application_latency_bottleneck");
    made.params.patterns = &own;
    made.params.n_patterns = 1;
    assert_string_equal(only()->name, "cpu_high_nightly");
    assert_int_equal(only()->severity, YAGA_SEVERITY_LOW);
    assert_string_equal(made.metrics[only()->root_metric].name, "cpu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_the_catalogue_are_sound),
        cmocka_unit_test(placeholders_read_as_values),
        cmocka_unit_test(the_impact_counts_failed_requests_and_names_critical_services),
        cmocka_unit_test(actions_come_most_urgent_first_and_once),
        cmocka_unit_test(old_names_read_as_the_current_ones),
        cmocka_unit_test(conditions_are_read_or_explained),
        cmocka_unit_test(names_have_a_metric_a_state_and_a_modifier),
        cmocka_unit_test(a_configured_pattern_of_any_metric_keeps_its_severity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
