/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only the hours before a cycle tell, in whole cycles: silence, what climbs. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/incident/incident.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/explain.h"
#include "yaga/state/state.h"

enum { INCIDENTS_MAX = 16 };

#define LAST_ROW (INT64_C(1772496000) + 86400 - 300)

static struct shop trained;

static int train_once(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", "noisy", NULL};
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

static void open_with(struct shop *shop, const char *const *overrides, bool models)
{
    shop_open(shop, overrides);
    if (models)
        shop_copy_models(&trained, shop);
}

/* What became of noisy, in a cycle over everybody. */
static struct yaga_infer_service cycle(struct shop *shop, int64_t at_s)
{
    struct yaga_infer_result result;
    shop_cycle(shop, NULL, at_s, &result);
    struct yaga_infer_service service = *shop_judged(&result, "noisy");
    yaga_infer_result_clear(&result);
    return service;
}

static void cycles(struct shop *shop, int64_t from_s, int64_t to_s)
{
    for (int64_t at_s = from_s; at_s < to_s; at_s += SHOP_STEP_S)
        (void)cycle(shop, at_s);
}

/* The incident of this name; false when there is none. */
static bool
find_incident(const struct shop *shop, const char *name, struct yaga_incident *out)
{
    struct yaga_store *store = NULL;
    struct yaga_incident *list = NULL;
    size_t n = 0;
    bool found = false;
    struct yaga_error err;
    assert_ok(yaga_state_open(shop_path(shop, "state.db"), false, &store, &err), &err);
    assert_ok(yaga_incidents_list(store, ~0u, NULL, &list, &n, &err), &err);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].anomaly_name, name) != 0)
            continue;
        assert_false(found); /* one at most */
        found = true;
        *out = list[i];
    }
    yaga_free(list);
    (void)yaga_store_close(store);
    return found;
}

static bool journal_has(const struct shop *shop, const char *day, const char *part)
{
    char name[64];
    YAGA_AUTO_MEM(char) text = NULL;
    size_t n;
    struct yaga_error err;
    (void)snprintf(name, sizeof name, "alerts/alerts_%s.jsonl", day);
    assert_ok(yaga_file_read(shop_path(shop, name), 1 << 24, &text, &n, &err), &err);
    return strstr(text, part) != NULL;
}

/* An open incident that a model has found. */
static void plant(const struct shop *shop, int64_t at_s)
{
    struct yaga_store *store = NULL;
    struct yaga_incident_changes changes;
    struct yaga_incident_params params;
    struct yaga_error err;
    struct yaga_anomaly *anomaly = calloc(1, sizeof *anomaly);
    assert_non_null(anomaly);
    *anomaly = (struct yaga_anomaly){.name = "latency_high",
                                     .pattern_name = "latency_high",
                                     .severity = YAGA_SEVERITY_HIGH,
                                     .root_metric = -1,
                                     .sustained = true};
    struct yaga_observation seen = {.service = "noisy",
                                    .period = "business_hours",
                                    .detected_at_s = at_s,
                                    .step = at_s / SHOP_STEP_S,
                                    .anomalies = anomaly,
                                    .n_anomalies = 1,
                                    .metrics = shop->setup.metrics};
    yaga_incident_params_init(&params);
    params.confirmation_cycles = 1;
    assert_ok(yaga_state_open(shop_path(shop, "state.db"), false, &store, &err), &err);
    assert_ok(yaga_incidents_apply(store, &params, &seen, &changes, &err), &err);
    yaga_incident_changes_clear(&changes);
    (void)yaga_store_close(store);
    free(anomaly);
}

/* With a model that judges before and after, and without any. */
static void silence_of_one_is_an_incident_until_it_speaks_again(void **state)
{
    (void)state;
    for (int models = 0; models < 2; models++) {
        struct shop shop;
        struct yaga_incident incident, other;
        open_with(&shop, NULL, models == 1);
        (void)cycle(&shop, shop_silence - 300);
        plant(&shop, shop_silence - 300);
        /* 13:55 is the last value: too old from 14:15 on */
        cycles(&shop, shop_silence, shop_silence + 900);
        assert_false(find_incident(&shop, "telemetry_missing", &incident));
        assert_true(find_incident(&shop, "latency_high", &other));
        struct yaga_incident before = other;
        struct yaga_infer_service s = cycle(&shop, shop_silence + 900);
        assert_int_equal(s.outcome, YAGA_METRICS_UNAVAILABLE);
        assert_string_equal(s.reason, "no_data");
        assert_int_equal(s.n_anomalies, 1);
        assert_int_equal(s.severity, YAGA_SEVERITY_MEDIUM);
        assert_true(find_incident(&shop, "telemetry_missing", &incident));
        assert_int_equal(incident.status, YAGA_SUSPECTED);
        cycles(&shop, shop_silence + 1200, shop_silence + 5400);
        assert_true(find_incident(&shop, "telemetry_missing", &incident));
        assert_int_equal(incident.status, YAGA_OPEN);
        assert_string_equal(incident.detection_method, "presence");
        assert_true(journal_has(&shop, "2026-03-03", "\"telemetry_missing\":{"));
        assert_true(
            journal_has(&shop, "2026-03-03", "the last is of 2026-03-03T13:55:00Z"));
        assert_true(journal_has(&shop, "2026-03-03", "\"model_type\":\"none\""));
        /* what else was open is neither better nor worse for it */
        assert_true(find_incident(&shop, "latency_high", &other));
        assert_int_equal(other.status, before.status);
        assert_int_equal(other.missed_cycles, before.missed_cycles);
        cycles(&shop, shop_silence + 5400, shop_silence + 6300);
        assert_true(find_incident(&shop, "telemetry_missing", &incident));
        assert_int_equal(incident.status, YAGA_CLOSED);
        assert_string_equal(incident.resolution_reason, "resolved");
        assert_int_equal(incident.resolved_at_s, shop_silence + 6000);
        assert_true(
            journal_has(&shop, "2026-03-03", "\"anomaly_name\":\"telemetry_missing\""));
        assert_true(find_incident(&shop, "latency_high", &other));
        if (models == 0) /* nobody can say whether it goes on */
            assert_int_equal(other.status, YAGA_OPEN);
        shop_close(&shop);
    }
}

static void silence_of_a_critical_service_is_graver(void **state)
{
    (void)state;
    struct shop shop;
    shop_open_with(&shop, NULL, "services_patterns = { critical = [ \"noisy\" ]; };\n");
    struct yaga_infer_service s = cycle(&shop, shop_silence + 900);
    assert_int_equal(s.severity, YAGA_SEVERITY_HIGH);
    shop_close(&shop);
}

/* Nothing is kept, and still it is told. */
static void a_dry_run_tells_silence_too(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_infer_result result;
    struct yaga_infer_options options = {.dry_run = true, .collect = true};
    open_with(&shop, NULL, false);
    shop_cycle(&shop, &options, shop_silence + 900, &result);
    YAGA_AUTO_MEM(char) text = NULL;
    struct yaga_error err;
    assert_ok(yaga_json_dump(result.documents, false, &text, &err), &err);
    assert_non_null(strstr(text, "\"telemetry_missing\":{"));
    assert_non_null(strstr(text, "\"method\":\"presence\""));
    yaga_infer_result_clear(&result);
    shop_close(&shop);
}

/* Heard of an hour and five minutes ago. */
static void who_was_not_heard_of_within_the_lookback_is_not_missed(void **state)
{
    (void)state;
    static const char *const hours[] = {"1", "2"};
    for (size_t i = 0; i < 2; i++) {
        char set[64];
        const char *overrides[] = {set, NULL};
        struct shop shop;
        (void)snprintf(set, sizeof set, "inference.presence_lookback_hours=%s", hours[i]);
        open_with(&shop, overrides, false);
        struct yaga_infer_service s = cycle(&shop, shop_silence + 3600);
        assert_int_equal(s.outcome, YAGA_METRICS_UNAVAILABLE);
        assert_int_equal(s.n_anomalies, i);
        shop_close(&shop);
    }
}

/* The archive ends. */
static void silence_of_all_is_a_notice_about_the_monitoring(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident incident;
    struct yaga_infer_result result;
    open_with(&shop, NULL, false);
    for (int i = 0; i < 3; i++) {
        shop_cycle(&shop, NULL, shop_day + 86400 + 1200 + i * SHOP_STEP_S, &result);
        assert_int_equal(shop_judged(&result, "noisy")->outcome,
                         YAGA_METRICS_UNAVAILABLE);
        assert_int_equal(result.n_anomalies, 0);
        assert_true((result.conditions & YAGA_COND_PARTIAL) != 0);
        assert_non_null(strstr(result.error, "4 of 4 services"));
        yaga_infer_result_clear(&result);
    }
    assert_false(find_incident(&shop, "telemetry_missing", &incident));
    assert_true(
        journal_has(&shop, "2026-03-04", "\"skipped_reason\":\"monitoring_outage\""));
    shop_close(&shop);
}

/* By three fifths in 18 hours, to some 130 ms. How far the limit is makes it graver. */
static void what_climbs_slowly_is_told(void **state)
{
    (void)state;
    static const char *const limits[] = {
        "",
        "slos = { defaults = { latency_acceptable_ms = 800; latency_warning_ms = 900; "
        "latency_critical_ms = 1000; error_rate_acceptable = 0.05; error_rate_warning = "
        "0.1; error_rate_critical = 0.2; }; };\n",
        "slos = { defaults = { latency_acceptable_ms = 180; latency_warning_ms = 185; "
        "latency_critical_ms = 190; error_rate_acceptable = 0.05; error_rate_warning = "
        "0.1; error_rate_critical = 0.2; }; };\n"};
    for (size_t i = 0; i < 3; i++) {
        struct shop shop;
        struct yaga_incident incident;
        shop_open_with(&shop, NULL, limits[i]);
        shop_copy_models(&trained, &shop);
        cycles(&shop, shop_day + 86400 - 900, shop_day + 86400);
        assert_true(find_incident(&shop, "latency_trend_degrading", &incident));
        assert_int_equal(incident.status, YAGA_OPEN);
        assert_int_equal(incident.severity,
                         i == 2 ? YAGA_SEVERITY_HIGH : YAGA_SEVERITY_MEDIUM);
        assert_string_equal(incident.detection_method, "trend");
        assert_true(journal_has(&shop, "2026-03-03", "\"relative_rise\":0."));
        assert_int_equal(journal_has(&shop, "2026-03-03", "\"hours_to_critical\":"),
                         i == 2);
        shop_close(&shop);
    }
}

static void what_climbs_is_explained(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_explanation) e = NULL;
    YAGA_AUTO_MEM(char) text = NULL;
    struct yaga_error err;
    const struct yaga_explain_options options = {
        .service = "noisy", .at_s = LAST_ROW, .source = trained.source};
    assert_ok(yaga_explain(&trained.setup, &options, &e, &err), &err);
    assert_true(yaga_explanation_alarms(e));
    assert_ok(yaga_explanation_text(e, &text, &err), &err);
    assert_non_null(
        strstr(text, "ALARM: not now, but over hours: latency has climbed by"));
}

/* The same rows, asked otherwise; and the last hours of the day before, which are flat.
 */
static void settings_and_quiet_days_make_no_trend(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        int64_t at_s;
        bool found;
    } cases[] = {{"detection.trend_min_rise=0.2", LAST_ROW, true},
                 {"detection.trend_min_rise=0.9", LAST_ROW, false},
                 {"detection.trend_window_hours=12", LAST_ROW, false},
                 {"detection.trend_min_rise=0.2", LAST_ROW - 18 * 3600, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *overrides[] = {cases[i].set, NULL};
        struct shop shop;
        struct yaga_incident incident;
        open_with(&shop, overrides, true);
        (void)cycle(&shop, cases[i].at_s);
        if (find_incident(&shop, "latency_trend_degrading", &incident) != cases[i].found)
            fail_msg("case %zu", i);
        shop_close(&shop);
    }
}

/* From 640 ms down by a fifth in every sample: half of the excess is gone at 22:20. */
static void an_incident_that_gets_better_says_so(void **state)
{
    (void)state;
    struct shop shop;
    open_with(&shop, NULL, true);
    cycles(&shop, shop_decay, shop_decay + 1200);
    assert_true(journal_has(&shop, "2026-03-03", "\"previous_status\":\"SUSPECTED\""));
    assert_false(journal_has(&shop, "2026-03-03", "\"recovery\":"));
    (void)cycle(&shop, shop_decay + 1200);
    assert_true(journal_has(&shop, "2026-03-03", "\"recovery\":{\"metric\":\"latency\""));
    assert_false(journal_has(&shop, "2026-03-03", "incident_resolved"));
    shop_close(&shop);
}

static size_t count_incidents(const struct shop *shop)
{
    struct yaga_incident all[INCIDENTS_MAX];
    size_t n = shop_incidents(shop, all, INCIDENTS_MAX), n_cart = 0;
    for (size_t i = 0; i < n; i++)
        n_cart += strcmp(all[i].service, "cart") == 0;
    return n_cart;
}

/* Four changes at 18:15; the last one is at 19:00, four within 30 minutes until 19:10,
 * six within two hours until 20:35. */
static void what_comes_and_goes_is_one_incident(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident incident;
    open_with(&shop, NULL, true);
    cycles(&shop, shop_flaps - 300, shop_flaps + 900);
    assert_false(find_incident(&shop, "service_flapping", &incident));
    cycles(&shop, shop_flaps + 900, shop_flaps + 3600);
    assert_true(find_incident(&shop, "service_flapping", &incident));
    assert_int_equal(incident.first_seen_s, shop_flaps); /* under another name */
    assert_int_equal(incident.status, YAGA_OPEN);
    assert_int_equal(incident.severity, YAGA_SEVERITY_HIGH);
    assert_int_equal(incident.missed_cycles, 0);
    assert_string_equal(incident.root_metric, "latency");
    assert_int_equal(count_incidents(&shop), 1); /* the single one it began as */
    assert_true(
        journal_has(&shop, "2026-03-03", "\"flapping\":{\"changes\":5,\"minutes\":30}"));
    cycles(&shop, shop_flaps + 3600, shop_flaps + 3 * 3600);
    assert_true(find_incident(&shop, "service_flapping", &incident));
    assert_int_equal(incident.status, YAGA_CLOSED);
    assert_int_equal(count_incidents(&shop), 1);
    shop_close(&shop);
}

static void settings_say_what_flapping_is(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        bool found;
    } cases[] = {{"detection.flap_changes=4", true},
                 {"detection.flap_changes=5", false},
                 {"detection.flap_minutes=10", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *overrides[] = {cases[i].set, NULL};
        struct shop shop;
        struct yaga_incident incident;
        open_with(&shop, overrides, true);
        (void)cycle(&shop, shop_flaps + 900);
        if (find_incident(&shop, "service_flapping", &incident) != cases[i].found)
            fail_msg("%s", cases[i].set);
        shop_close(&shop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_of_one_is_an_incident_until_it_speaks_again),
        cmocka_unit_test(silence_of_a_critical_service_is_graver),
        cmocka_unit_test(a_dry_run_tells_silence_too),
        cmocka_unit_test(who_was_not_heard_of_within_the_lookback_is_not_missed),
        cmocka_unit_test(silence_of_all_is_a_notice_about_the_monitoring),
        cmocka_unit_test(what_climbs_slowly_is_told),
        cmocka_unit_test(what_climbs_is_explained),
        cmocka_unit_test(an_incident_that_gets_better_says_so),
        cmocka_unit_test(what_comes_and_goes_is_one_incident),
        cmocka_unit_test(settings_say_what_flapping_is),
        cmocka_unit_test(settings_and_quiet_days_make_no_trend),
    };
    return cmocka_run_group_tests(tests, train_once, close_once);
}
