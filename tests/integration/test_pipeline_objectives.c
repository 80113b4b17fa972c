/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objectives in whole cycles: from the settings to incidents and alert files. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/incident/incident.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/objectives.h"
#include "yaga/state/state.h"

/* The shop fails in one of a hundred requests by nature. */
#define ERRORS_OK                                                                        \
    "error_rate_acceptable = 0.05; error_rate_warning = 0.1; error_rate_critical = "     \
    "0.2; "
#define LATENCY(a, b, c)                                                                 \
    "slos = { defaults = { " ERRORS_OK "latency_acceptable_ms = " #a                     \
    "; latency_warning_ms = " #b "; latency_critical_ms = " #c "; }; };\n"

enum { INCIDENTS_MAX = 8 };

static struct shop trained;
static const char *const cart[] = {"cart"};

static int train_once(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", NULL};
    struct yaga_train_report report;
    shop_open(&trained, NULL);
    shop_train(&trained, only, 2, &report);
    yaga_train_report_clear(&report);
    return 0;
}

static int close_once(void **state)
{
    (void)state;
    shop_close(&trained);
    return 0;
}

static void open_with(struct shop *shop, const char *more, bool models)
{
    shop_open_with(shop, NULL, more);
    if (models)
        shop_copy_models(&trained, shop);
}

/* What became of the cart. */
static struct yaga_infer_service cycle(struct shop *shop, int64_t at_s)
{
    struct yaga_infer_result result;
    struct yaga_infer_options options = {.only = cart, .n_only = 1};
    shop_cycle(shop, &options, at_s, &result);
    struct yaga_infer_service service = *shop_judged(&result, "cart");
    yaga_infer_result_clear(&result);
    return service;
}

static size_t incidents(const struct shop *shop, struct yaga_incident out[INCIDENTS_MAX])
{
    return shop_incidents(shop, out, INCIDENTS_MAX);
}

static char *text_of(const char *path)
{
    char *text = NULL;
    size_t n;
    struct yaga_error err;
    assert_ok(yaga_file_read(path, 1 << 24, &text, &n, &err), &err);
    return text;
}

static void assert_journal_has(const struct shop *shop, const char *part)
{
    YAGA_AUTO_MEM(char)
    text = text_of(shop_path(shop, "alerts/alerts_2026-03-03.jsonl"));
    if (strstr(text, part) == NULL)
        fail_msg("%s is not in %s", part, text);
}

/* The same fault under three promises: 80 ms usual, 320 now. */
static void the_same_fault_is_as_grave_as_the_promise_makes_it(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        enum yaga_severity severity;
        enum yaga_slo_status status;
        const char *says;
    } cases[] = {
        {LATENCY(1000, 2000, 3000), YAGA_SEVERITY_LOW, YAGA_SLO_OK,
         "\"slo_status\":\"ok\""},
        {LATENCY(150, 200, 3000), YAGA_SEVERITY_HIGH, YAGA_SLO_WARNING,
         "has reached its warning limit of 200 ms"},
        {LATENCY(150, 180, 200), YAGA_SEVERITY_CRITICAL, YAGA_SLO_BREACHED,
         "has reached its critical limit of 200 ms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct shop shop;
        struct yaga_incident list[INCIDENTS_MAX];
        open_with(&shop, cases[i].settings, true);
        (void)cycle(&shop, shop_fault);
        struct yaga_infer_service s = cycle(&shop, shop_fault + 300);
        assert_int_equal(s.severity, cases[i].severity);
        assert_true(s.has_objectives);
        assert_int_equal(s.slo_status, cases[i].status);
        assert_int_equal(incidents(&shop, list), 1);
        assert_int_equal(list[0].severity, cases[i].severity);
        assert_int_equal(list[0].status, YAGA_OPEN);
        assert_journal_has(&shop, cases[i].says);
        shop_close(&shop);
    }
}

static void without_the_group_the_model_grades_and_the_alert_says_so(void **state)
{
    (void)state;
    struct shop shop;
    open_with(&shop, "", true);
    (void)cycle(&shop, shop_fault);
    struct yaga_infer_service s = cycle(&shop, shop_fault + 300);
    assert_true(s.severity > YAGA_SEVERITY_LOW);
    assert_false(s.has_objectives);
    assert_journal_has(&shop, "\"enabled\":false");
    assert_journal_has(&shop, "Objectives are off");
    shop_close(&shop);
}

/* Nobody was trained: what is promised is watched all the same, and it is said that no
 * model judged. */
static void a_broken_promise_is_told_without_a_model(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    open_with(&shop, LATENCY(150, 180, 200), false);
    struct yaga_infer_service s = cycle(&shop, shop_fault - 300);
    assert_int_equal(s.outcome, YAGA_NO_MODEL);
    assert_true(s.by_limits);
    assert_int_equal(s.n_anomalies, 0);
    (void)cycle(&shop, shop_fault);
    assert_int_equal(incidents(&shop, list), 0); /* one point is not enough */
    s = cycle(&shop, shop_fault + 300);
    assert_int_equal(s.severity, YAGA_SEVERITY_CRITICAL);
    assert_int_equal(s.outcome, YAGA_NO_MODEL);
    (void)cycle(&shop, shop_fault + 600);
    assert_int_equal(incidents(&shop, list), 1);
    assert_string_equal(list[0].anomaly_name, "latency_slo_breached");
    assert_string_equal(list[0].detection_method, "slo_threshold");
    assert_int_equal(list[0].status, YAGA_OPEN);
    assert_journal_has(&shop, "\"model_type\":\"slo_only\",\"model_status\":\"none\"");
    assert_journal_has(&shop, "\"time_confidence\":0.5,");
    assert_journal_has(&shop, "MODEL_NOT_FOUND");
    for (int64_t at_s = shop_fault + 900; at_s < shop_fault + 3600; at_s += 300)
        (void)cycle(&shop, at_s);
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].status, YAGA_CLOSED);
    assert_journal_has(&shop, "\"slo_compliant\":true");
    shop_close(&shop);
}

/* One of a hundred fails by nature; now that is too much, and answers are slow. */
static void what_fails_and_is_slow_has_its_name_without_a_model(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    open_with(&shop,
              "slos = { defaults = { error_rate_acceptable = 0.001; error_rate_warning = "
              "0.002; error_rate_critical = 0.004; latency_acceptable_ms = 150; "
              "latency_warning_ms = 180; latency_critical_ms = 200; }; };\n",
              false);
    for (int k = 0; k < 3; k++)
        (void)cycle(&shop, shop_fault - 900 + 300 * k);
    assert_int_equal(incidents(&shop, list), 1);
    assert_string_equal(list[0].anomaly_name, "error_rate_critical");
    for (int k = 0; k < 4; k++)
        (void)cycle(&shop, shop_fault + 300 * k);
    size_t n = incidents(&shop, list), failing = 0;
    for (size_t i = 0; i < n; i++) {
        bool is = strcmp(list[i].anomaly_name, "application_latency_failing") == 0;
        failing += is && list[i].status == YAGA_OPEN &&
                   list[i].severity == YAGA_SEVERITY_CRITICAL;
    }
    assert_int_equal(failing, 1);
    assert_journal_has(&shop, "\"detection_method\":\"slo_threshold\"");
    shop_close(&shop);
}

static void incidents_of_models_outlive_their_models(void **state)
{
    (void)state;
    struct shop with;
    struct yaga_incident list[INCIDENTS_MAX];
    open_with(&with, LATENCY(1000, 2000, 3000), true);
    (void)cycle(&with, shop_fault);
    (void)cycle(&with, shop_fault + 300);
    assert_int_equal(incidents(&with, list), 1);
    assert_int_equal(list[0].status, YAGA_OPEN);
    char command[700];
    (void)snprintf(command, sizeof command, "rm -rf '%s' && mkdir '%s'",
                   shop_path(&with, "models"), shop_path(&with, "models"));
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    for (int64_t at_s = shop_fault + 3600; at_s < shop_fault + 3600 + 6 * 300;
         at_s += 300)
        assert_int_equal(cycle(&with, at_s).outcome, YAGA_NO_MODEL);
    assert_int_equal(incidents(&with, list), 1);
    assert_int_equal(list[0].status, YAGA_OPEN);
    assert_int_equal(list[0].missed_cycles, 0);
    shop_close(&with);
}

static void the_status_file_and_metrics_say_how_services_stand(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_error err;
    open_with(&shop,
              LATENCY(150, 180, 200) "monitoring = { textfile = \"metrics.prom\"; };\n",
              true);
    struct yaga_infer_result result;
    struct yaga_infer_options options = {.only = cart, .n_only = 1};
    shop_cycle(&shop, &options, shop_fault + 300, &result);
    assert_ok(yaga_infer_write_status(&shop.setup, &result, &err), &err);
    YAGA_AUTO_MEM(char) status = text_of(shop_path(&shop, "last_infer.json"));
    assert_non_null(strstr(status, "\"slo_status\": \"breached\""));
    assert_non_null(strstr(status, "\"severity\": \"critical\""));
    YAGA_AUTO_MEM(char)
    metrics = text_of(yaga_config_string(shop.config, "monitoring.textfile"));
    assert_non_null(strstr(metrics, "yaga_slo_status{service=\"cart\"} 3\n"));
    assert_non_null(strstr(metrics, "yaga_slo_proximity{service=\"cart\"} 1."));
    yaga_infer_result_clear(&result);
    shop_close(&shop);
}

/* One of a hundred fails, and one of two hundred may: low over three days. What is older
 * than the window is read once per interval. */
static void a_burning_budget_is_told(void **state)
{
    (void)state;
    static const char budget[] =
        "slos = { defaults = { " ERRORS_OK "error_budget = 0.005; }; };\n";
    static const char *const intervals[] = {"inference.burn_interval_seconds=600",
                                            "inference.burn_interval_seconds=60"};
    for (size_t i = 0; i < 2; i++) {
        const char *set[] = {intervals[i], NULL};
        struct shop shop;
        struct yaga_store *store = NULL;
        struct yaga_budget first, second;
        struct yaga_error err;
        shop_open_with(&shop, set, budget);
        struct yaga_infer_service s = cycle(&shop, shop_fault - 600);
        assert_int_equal(s.n_anomalies, 1);
        assert_int_equal(s.severity, YAGA_SEVERITY_LOW);
        assert_ok(yaga_state_open(shop_path(&shop, "state.db"), false, &store, &err),
                  &err);
        assert_ok(yaga_budget_get(store, "cart", &first, &err), &err);
        (void)yaga_store_close(store);
        assert_near(first.errors / first.requests, 0.01, 0.001);
        (void)cycle(&shop, shop_fault - 300);
        assert_ok(yaga_state_open(shop_path(&shop, "state.db"), false, &store, &err),
                  &err);
        assert_ok(yaga_budget_get(store, "cart", &second, &err), &err);
        (void)yaga_store_close(store);
        assert_int_equal(second.at_s - first.at_s, i == 0 ? 0 : 300);
        (void)cycle(&shop, shop_fault);
        assert_journal_has(&shop, "error_budget_burn");
        assert_journal_has(&shop, "\"window\":\"72h\"");
        shop_close(&shop);
    }
}

/* ---- settings ---- */

static struct yaga_book book_of(const char *more, struct yaga_config **config)
{
    static struct yaga_setup setup;
    struct yaga_book book;
    struct yaga_error err;
    char text[2048];
    (void)snprintf(text, sizeof text,
                   "source: { type = \"archive\"; files = [\"x\"]; };\n%s", more);
    assert_ok(yaga_config_parse(text, "t.cfg", config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, *config, "t", &err), &err);
    assert_ok(yaga_book_init(&book, &setup, &err), &err);
    return book;
}

#define OF(member)                                                                       \
    offsetof(struct yaga_slo_objectives, member),                                        \
        sizeof((struct yaga_slo_objectives *)0)->member

static const struct {
    const char *key, *value; /* key below slos.defaults */
    size_t offset, size;
} keys[] = {
    {"latency_acceptable_ms", "510", OF(latency_ms[0])},
    {"latency_warning_ms", "810", OF(latency_ms[1])},
    {"latency_critical_ms", "1010", OF(latency_ms[2])},
    {"error_rate_acceptable", "0.006", OF(error_rate[0])},
    {"error_rate_warning", "0.011", OF(error_rate[1])},
    {"error_rate_critical", "0.021", OF(error_rate[2])},
    {"error_rate_floor", "0.002", OF(error_rate_floor)},
    {"error_budget", "0.002", OF(error_budget)},
    {"min_traffic_rps", "2", OF(min_traffic_rps)},
    {"min_requests", "21", OF(min_requests)},
    {"busy_period_factor", "2", OF(busy_factor)},
    {"database_latency_floor_ms", "5", OF(database_floor_ms)},
    {"database_latency_ratios.info", "1.6", OF(database_ratio[0])},
    {"database_latency_ratios.warning", "2.1", OF(database_ratio[1])},
    {"database_latency_ratios.high", "3.1", OF(database_ratio[2])},
    {"database_latency_ratios.critical", "5.1", OF(database_ratio[3])},
    {"request_rate_evaluation.enabled", "false", OF(traffic_enabled)},
    {"request_rate_evaluation.surge.threshold_percent", "300", OF(surge_ratio)},
    {"request_rate_evaluation.surge.standalone_severity", "\"high\"", OF(surge_alone)},
    {"request_rate_evaluation.surge.with_latency_breach_severity", "\"high\"",
     OF(surge_with_latency)},
    {"request_rate_evaluation.surge.with_error_breach_severity", "\"critical\"",
     OF(surge_with_errors)},
    {"request_rate_evaluation.cliff.threshold_percent", "40", OF(cliff_ratio)},
    {"request_rate_evaluation.cliff.standalone_severity", "\"informational\"",
     OF(cliff_alone)},
    {"request_rate_evaluation.cliff.peak_hours_severity", "\"critical\"",
     OF(cliff_at_peak)},
    {"request_rate_evaluation.cliff.with_upstream_errors_severity", "\"warning\"",
     OF(cliff_with_errors)},
    {"request_rate_evaluation.min_expected_rps.business_hours", "9",
     OF(min_expected_rps[YAGA_BUSINESS_HOURS])},
    {"request_rate_evaluation.min_expected_rps.evening_hours", "9",
     OF(min_expected_rps[YAGA_EVENING_HOURS])},
    {"request_rate_evaluation.min_expected_rps.night_hours", "9",
     OF(min_expected_rps[YAGA_NIGHT_HOURS])},
    {"request_rate_evaluation.min_expected_rps.weekend_day", "9",
     OF(min_expected_rps[YAGA_WEEKEND_DAY])},
    {"request_rate_evaluation.min_expected_rps.weekend_night", "9",
     OF(min_expected_rps[YAGA_WEEKEND_NIGHT])},
};

/* "a = { b = 5; };" of the key "a.b" */
static void write_key(const char *key, const char *value, char out[512])
{
    size_t n = 0, groups = 0;
    for (const char *p = key; *p != '\0'; p++) {
        if (*p == '.') {
            n += (size_t)snprintf(out + n, 512 - n, " = { ");
            groups++;
        } else {
            out[n++] = *p;
        }
    }
    n += (size_t)snprintf(out + n, 512 - n, " = %s;", value);
    for (size_t i = 0; i < groups; i++)
        n += (size_t)snprintf(out + n, 512 - n, " };");
}

static bool differs(const struct yaga_slo_objectives *a,
                    const struct yaga_slo_objectives *b,
                    size_t i)
{
    const char *left = (const char *)a + keys[i].offset;
    const char *right = (const char *)b + keys[i].offset;
    return memcmp(left, right, keys[i].size) != 0;
}

static void every_key_moves_its_objective_for_all_and_for_one(void **state)
{
    (void)state;
    struct yaga_slo_objectives plain;
    yaga_slo_objectives_init(&plain);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char own[512], text[1024];
        write_key(keys[i].key, keys[i].value, own);
        static const char *const forms[][2] = {
            {"slos = { defaults = { ", " }; };"},
            {"services = ( { name = \"a\"; slo = { ", " }; } );"},
            {"slos = { services = ( { name = \"a\"; ", " } ); };"},
        };
        for (size_t f = 0; f < 3; f++) {
            (void)snprintf(text, sizeof text, "%s%s%s", forms[f][0], own, forms[f][1]);
            YAGA_AUTO(yaga_config) config = NULL;
            struct yaga_book book = book_of(text, &config);
            assert_true(book.params.enabled);
            bool of_a = differs(yaga_book_find(&book, "a"), &plain, i);
            bool of_b = differs(yaga_book_find(&book, "b"), &plain, i);
            if (!of_a || of_b != (f == 0))
                fail_msg("%s: %d %d", text, of_a, of_b);
            yaga_book_clear(&book);
        }
    }
}

static void the_group_itself_has_its_effects(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_config) plain = NULL;
    struct yaga_book book = book_of("", &plain);
    assert_false(book.params.enabled);
    struct yaga_slo_objectives defaults;
    yaga_slo_objectives_init(&defaults);
    assert_true(isnan(book.defaults.error_budget));
    book.defaults.error_budget = defaults.error_budget = 0;
    assert_memory_equal(&book.defaults, &defaults, sizeof defaults);
    yaga_book_clear(&book);
    YAGA_AUTO(yaga_config) all = NULL;
    book = book_of(
        "timezone = \"Europe/Berlin\";"
        "slos = { allow_downgrade_to_informational = false;"
        "  require_slo_breach_for_critical = false;"
        "  busy_periods = ( { start = \"2026-11-27\"; end = \"2026-11-27\"; } ); };",
        &all);
    assert_true(book.params.enabled);
    assert_false(book.params.allow_downgrade);
    assert_false(book.params.require_breach);
    int64_t midnight = 1795734000; /* 2026-11-27T00:00 in Berlin */
    assert_false(yaga_book_is_busy(&book, midnight - 1));
    assert_true(yaga_book_is_busy(&book, midnight));
    assert_true(
        yaga_book_is_busy(&book, midnight + 86399)); /* the last day belongs to it */
    assert_false(yaga_book_is_busy(&book, midnight + 86400));
    yaga_book_clear(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_fault_is_as_grave_as_the_promise_makes_it),
        cmocka_unit_test(without_the_group_the_model_grades_and_the_alert_says_so),
        cmocka_unit_test(a_broken_promise_is_told_without_a_model),
        cmocka_unit_test(what_fails_and_is_slow_has_its_name_without_a_model),
        cmocka_unit_test(incidents_of_models_outlive_their_models),
        cmocka_unit_test(the_status_file_and_metrics_say_how_services_stand),
        cmocka_unit_test(a_burning_budget_is_told),
        cmocka_unit_test(every_key_moves_its_objective_for_all_and_for_one),
        cmocka_unit_test(the_group_itself_has_its_effects),
    };
    return cmocka_run_group_tests(tests, train_once, close_once);
}
