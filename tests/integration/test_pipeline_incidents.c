/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cycles over a planted fault: incidents, documents, and what gaps, clocks and broken databases do to them. */
#include "assert.h"

#include <fcntl.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shop.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/deliver/deliver.h"
#include "yaga/incident/incident.h"
#include "yaga/io/file.h"
#include "yaga/state/state.h"

static struct shop trained;

static int train_once(void **state)
{
    static const char *const only[] = {"cart", "shop", NULL};
    struct yaga_train_report report;
    (void)state;
    yaga_log_setup(YAGA_LOG_ERROR, false);
    shop_open(&trained, NULL);
    shop_train(&trained, only, 2, &report);
    assert_int_equal(report.n_trained, 2);
    yaga_train_report_clear(&report);
    return 0;
}

static int close_trained(void **state)
{
    (void)state;
    shop_close(&trained);
    return 0;
}

/* An installation with the trained models, a fresh state and no alerts. */
static void open_shop(struct shop *shop)
{
    shop_open(shop, NULL);
    shop_copy_models(&trained, shop);
}

static const char *const pair[] = {"cart", "shop"};

static struct yaga_infer_result run(struct shop *shop, int64_t at_s)
{
    struct yaga_infer_result result;
    struct yaga_infer_options options = {.only = pair, .n_only = 2};
    shop_cycle(shop, &options, at_s, &result);
    return result;
}

/* Conditions of one cycle. */
static unsigned cycle(struct shop *shop, int64_t at_s)
{
    struct yaga_infer_result result = run(shop, at_s);
    unsigned conditions = result.conditions;
    yaga_infer_result_clear(&result);
    return conditions;
}

enum { INCIDENTS_MAX = 8 };

static size_t incidents(const struct shop *shop, struct yaga_incident out[INCIDENTS_MAX])
{
    return shop_incidents(shop, out, INCIDENTS_MAX);
}

static void exec(const struct shop *shop, const char *sql)
{
    struct yaga_store *store = NULL;
    struct yaga_error err;
    assert_ok(yaga_store_open(shop_path(shop, "state.db"), false, &store, &err), &err);
    assert_ok(yaga_store_exec(store, sql, &err), &err);
    (void)yaga_store_close(store);
}

static char *text_of(const char *path)
{
    char *text = NULL;
    size_t n;
    struct yaga_error err;
    if (yaga_file_read(path, 1 << 24, &text, &n, &err) == YAGA_E_NO_DATA)
        text = yaga_strdup("");
    assert_non_null(text);
    return text;
}

static size_t occurrences(const char *path, const char *part)
{
    char *text = text_of(path);
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    yaga_free(text);
    return n;
}

static size_t files(const struct shop *shop, const char *pattern)
{
    glob_t found;
    size_t n = glob(shop_path(shop, pattern), 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return n;
}

static const char *journal(const struct shop *shop)
{
    return shop_path(shop, "alerts/alerts_2026-03-03.jsonl");
}

/* latency above 300 is the fault; the value comes from beside the metrics. */
static void a_configured_pattern_sees_auxiliary_values(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    static const char more[] =
        "detection = { patterns = ( { name = \"latency_high_elsewhere\"; severity = \"critical\";\n"
        "  conditions = [\"latency high\", \"dependency_latency_ratio > 300\"];\n"
        "  headline = \"{al}, {dl_share} elsewhere\"; meaning = \"A test.\"; } ); };\n";
    shop_open_with(&shop, NULL, more);
    shop_copy_models(&trained, &shop);
    assert_int_equal(cycle(&shop, shop_fault), 0);
    assert_int_equal(incidents(&shop, list), 1);
    assert_string_equal(list[0].anomaly_name, "latency_high_elsewhere");
    assert_non_null(strstr(list[0].description, ", 100.0% elsewhere"));
    shop_close(&shop);
}

static void a_fault_is_suspected_confirmed_announced_and_resolved(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    open_shop(&shop);
    assert_int_equal(cycle(&shop, shop_fault - 300), 0);
    assert_int_equal(incidents(&shop, list), 0);
    (void)cycle(&shop, shop_fault);
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].status, YAGA_SUSPECTED);
    assert_string_equal(list[0].service, "cart");
    assert_string_equal(list[0].anomaly_name, "application_latency_bottleneck");
    assert_int_equal(files(&shop, "alerts/2026-03-03/*.json"), 0);

    (void)cycle(&shop, shop_fault + 300);
    (void)incidents(&shop, list);
    assert_int_equal(list[0].status, YAGA_OPEN);
    assert_int_equal(list[0].confirmed_at_s, shop_fault + 300);
    assert_int_equal(list[0].announced_at_s, shop_fault + 300);
    assert_int_equal(files(&shop, "alerts/2026-03-03/cart_*.json"), 1);
    assert_int_equal(occurrences(shop_path(&shop, "alerts/active.json"), list[0].incident_id), 1);

    for (int64_t at_s = shop_fault + 600; at_s < shop_fault + 3600; at_s += 300)
        (void)cycle(&shop, at_s);
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].status, YAGA_CLOSED);
    assert_string_equal(list[0].resolution_reason, "resolved");
    assert_int_equal(list[0].last_seen_s, shop_fault + 1500);
    assert_int_equal(list[0].resolved_at_s, shop_fault + 1500 + 3 * 300);
    assert_int_equal(list[0].occurrence_count, 6);
    assert_int_equal(occurrences(journal(&shop), "\"is_first_alert\":true") +
                         occurrences(journal(&shop), "\"newly_confirmed\":true"),
                     1);
    assert_int_equal(occurrences(journal(&shop), "\"alert_type\":\"incident_resolved\""), 1);
    assert_int_equal(occurrences(journal(&shop), "\"resolution_reason\":\"resolved\""), 1);
    assert_int_equal(occurrences(journal(&shop), "\"total_occurrences\":6"), 1);
    assert_int_equal(occurrences(journal(&shop), "\"incident_duration_minutes\":40"), 1);
    assert_int_equal(occurrences(journal(&shop), "\"impact_duration_minutes\":25"), 1);
    assert_int_equal(occurrences(shop_path(&shop, "alerts/active.json"), list[0].incident_id), 0);
    shop_close(&shop);
}

/* A cycle whose log goes to the file "log" of the installation. */
static void logged_cycle(struct shop *shop, int64_t at_s)
{
    int kept = dup(STDERR_FILENO);
    int log = open(shop_path(shop, "log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(kept >= 0 && log >= 0);
    yaga_log_setup(YAGA_LOG_INFO, false);
    (void)dup2(log, STDERR_FILENO);
    (void)cycle(shop, at_s);
    (void)dup2(kept, STDERR_FILENO);
    yaga_log_setup(YAGA_LOG_ERROR, false);
    (void)close(log);
    (void)close(kept);
}

static size_t filtered_events(const struct shop *shop,
                              const char *incident_id,
                              struct yaga_incident_event *last)
{
    struct yaga_store *store = NULL;
    struct yaga_error err;
    struct yaga_incident_event *events = NULL;
    size_t n = 0;
    size_t n_filtered = 0;
    assert_ok(yaga_state_look(shop_path(shop, "state.db"), &store, &err), &err);
    assert_ok(yaga_incident_events(store, incident_id, &events, &n, &err), &err);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(events[i].kind, "filtered") == 0) {
            *last = events[i];
            n_filtered++;
        }
    }
    yaga_free(events);
    (void)yaga_store_close(store);
    return n_filtered;
}

static void the_reason_is_logged_at_the_level_that_is_asked_for_or_not_at_all(void **state)
{
    (void)state;
    static const char *const silent =
        "alerting.non_alerting_patterns=[\"application_latency_bottleneck\"]";
    static const char *const settings[][3] = {
        {silent, "alerting.below_threshold_log_level=warn", NULL},
        {silent, "alerting.log_below_threshold=false", NULL},
    };
    for (size_t i = 0; i < 2; i++) {
        struct shop shop;
        shop_open(&shop, settings[i]);
        shop_copy_models(&trained, &shop);
        logged_cycle(&shop, shop_fault);
        logged_cycle(&shop, shop_fault + 300);
        assert_int_equal(occurrences(shop_path(&shop, "log"), "WARN  ALERT_FILTERED cart"),
                         i == 0 ? 1 : 0);
        assert_int_equal(occurrences(shop_path(&shop, "log"), "ALERT_FILTERED"),
                         i == 0 ? 1 : 0);
        shop_close(&shop);
    }
}

static void a_silent_pattern_has_its_reason_in_the_log_and_once_in_the_timeline(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    struct yaga_incident_event last;
    static const char *const overrides[] = {
        "alerting.non_alerting_patterns=[\"application_latency_bottleneck\"]", NULL};
    static const char line[] =
        "ALERT_FILTERED cart: application_latency_bottleneck: non_alerting_pattern\n";
    shop_open(&shop, overrides);
    shop_copy_models(&trained, &shop);
    logged_cycle(&shop, shop_fault);
    assert_int_equal(occurrences(shop_path(&shop, "log"), "ALERT_FILTERED"), 0);
    logged_cycle(&shop, shop_fault + 300);
    logged_cycle(&shop, shop_fault + 600);
    assert_int_equal(occurrences(shop_path(&shop, "log"), line), 2);
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].announced_at_s, 0);
    assert_int_equal(filtered_events(&shop, list[0].incident_id, &last), 1);
    assert_int_equal(last.at_s, shop_fault + 300);
    assert_string_equal(last.detail, "non_alerting_pattern");
    assert_int_equal(files(&shop, "alerts/2026-03-03/*.json"), 0);
    shop_close(&shop);
}

static void confirmation_counts_evidence_and_not_cycles(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    open_shop(&shop);
    (void)cycle(&shop, shop_fault);
    (void)cycle(&shop, shop_fault + 120);
    (void)cycle(&shop, shop_fault + 240);
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].status, YAGA_SUSPECTED);
    assert_int_equal(list[0].occurrence_count, 1);
    (void)cycle(&shop, shop_fault + 360);
    (void)incidents(&shop, list);
    assert_int_equal(list[0].status, YAGA_OPEN);
    shop_close(&shop);
}

static void a_gap_in_the_monitoring_closes_nothing(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    char id[YAGA_INCIDENT_ID_MAX];
    open_shop(&shop);
    (void)cycle(&shop, shop_fault);
    (void)cycle(&shop, shop_fault + 300);
    (void)incidents(&shop, list);
    (void)snprintf(id, sizeof id, "%s", list[0].incident_id);
    exec(&shop, "UPDATE incidents SET first_seen = first_seen - 3600, last_seen = last_seen - 3600");
    (void)cycle(&shop, shop_fault + 1200); /* last seen 75 minutes ago, never missed */
    assert_int_equal(incidents(&shop, list), 1);
    assert_string_equal(list[0].incident_id, id);
    assert_int_equal(list[0].status, YAGA_OPEN);
    assert_int_equal(occurrences(journal(&shop), "\"observation_gap_minutes\":75"), 1);
    assert_int_equal(occurrences(journal(&shop), "incident_resolved"), 0);
    shop_close(&shop);
}

/* A clock that was ahead once must not blind the cycles that follow. */
static void a_clock_set_back_stops_the_incident_clock_but_not_the_evaluation(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    shop_open_with(&shop, NULL, "monitoring = { textfile = \"metrics.prom\"; };\n");
    shop_copy_models(&trained, &shop);
    (void)cycle(&shop, shop_fault + 30 * 86400); /* wrong by a month */
    struct yaga_infer_result result = run(&shop, shop_fault + 600);
    assert_int_equal(shop_judged(&result, "cart")->outcome, YAGA_EVALUATED);
    assert_int_equal(result.at_s, shop_fault + 600);
    yaga_infer_result_clear(&result);
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].first_seen_s, shop_fault + 30 * 86400);
    result = run(&shop, shop_fault + 900);
    assert_non_null(strstr(result.state_metrics, "yaga_clock_steps_total 1\n"));
    yaga_infer_result_clear(&result);
    (void)incidents(&shop, list);
    assert_int_equal(list[0].status, YAGA_OPEN);
    assert_true(list[0].last_seen_s >= list[0].first_seen_s);
    shop_close(&shop);
}

static void a_clock_set_back_is_an_error_in_the_log_once(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop);
    logged_cycle(&shop, shop_fault - 1200);
    logged_cycle(&shop, shop_fault - 4800);
    logged_cycle(&shop, shop_fault - 4500);
    assert_int_equal(occurrences(shop_path(&shop, "log"), "CLOCK_STEP"), 1);
    assert_int_equal(occurrences(shop_path(&shop, "log"),
                                 "ERROR CLOCK_STEP: time went back 3600 s; the clock of incidents stands still for 3600 s\n"),
                     1);
    shop_close(&shop);
}

static int64_t bytes_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

/* Thousand old incidents of 4 kB, half as many as there are pages or more. */
static void fill(const struct shop *shop, int64_t closed_s)
{
    char sql[640];
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                   " INSERT INTO incidents (incident_id, fingerprint_id, service, anomaly_name,"
                   " pattern_name, status, severity, peak_severity, first_seen, last_seen,"
                   " resolved_at, resolution_reason, description) SELECT 'old' || i, 'f' || i,"
                   " 'cart', 'a', 'a', 'CLOSED', 'low', 'low', %lld, %lld, %lld, 'resolved',"
                   " hex(zeroblob(2000)) FROM n",
                   (long long)closed_s, (long long)closed_s, (long long)closed_s);
    exec(shop, sql);
}

static void room_of_old_incidents_goes_back_to_the_disk_within_a_week(void **state)
{
    (void)state;
    enum { DAY = 86400, WEEK = 7 * DAY, MB = 1 << 20 };
    struct shop shop;
    open_shop(&shop);
    int64_t start_s = (shop_fault / WEEK + 1) * WEEK; /* where a week of the calendar begins */
    (void)cycle(&shop, start_s);
    fill(&shop, start_s - 30 * DAY);
    int64_t full = bytes_of(shop_path(&shop, "state.db"));
    assert_true(full > 4 * MB);
    (void)cycle(&shop, start_s + WEEK - 60);
    struct yaga_incident list[INCIDENTS_MAX];
    assert_int_equal(incidents(&shop, list), 0);
    assert_true(bytes_of(shop_path(&shop, "state.db")) >= full);
    (void)cycle(&shop, start_s + WEEK);
    assert_true(bytes_of(shop_path(&shop, "state.db")) < MB);
    shop_close(&shop);
}

static void a_removed_service_is_swept_with_a_resolution(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    struct yaga_infer_result result;
    open_shop(&shop);
    (void)cycle(&shop, shop_fault);
    (void)cycle(&shop, shop_fault + 300);
    exec(&shop, "UPDATE incidents SET service = 'gone', fingerprint_id = 'anomaly_of_it'");
    (void)cycle(&shop, shop_fault + 7200); /* restricted: the others are none of its business */
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].status, YAGA_OPEN);
    shop_cycle(&shop, NULL, shop_fault + 7500, &result);
    assert_int_equal(result.n_closed, 1);
    assert_int_equal(shop_judged(&result, "tiny")->outcome, YAGA_METRICS_UNAVAILABLE);
    assert_int_equal(shop_judged(&result, "noisy")->outcome, YAGA_NO_MODEL);
    yaga_infer_result_clear(&result);
    (void)incidents(&shop, list);
    assert_string_equal(list[0].resolution_reason, "orphaned");
    assert_int_equal(occurrences(journal(&shop), "\"resolution_reason\":\"orphaned\""), 1);
    shop_close(&shop);
}

static void a_restricted_cycle_leaves_other_services_untouched(void **state)
{
    (void)state;
    static const char *const only[] = {"shop"};
    struct shop shop;
    struct yaga_incident list[INCIDENTS_MAX];
    struct yaga_infer_result result;
    open_shop(&shop);
    (void)cycle(&shop, shop_fault);
    (void)cycle(&shop, shop_fault + 300);
    for (int64_t at_s = shop_fault + 3600; at_s < shop_fault + 3600 + 5 * 300; at_s += 300) {
        struct yaga_infer_options options = {.only = only, .n_only = 1};
        shop_cycle(&shop, &options, at_s, &result);
        assert_int_equal(result.n_services, 1);
        yaga_infer_result_clear(&result);
    }
    assert_int_equal(incidents(&shop, list), 1);
    assert_int_equal(list[0].status, YAGA_OPEN);
    assert_int_equal(list[0].missed_cycles, 0);
    shop_close(&shop);
}

static void a_dry_cycle_changes_nothing_and_shows_everything(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_infer_result result;
    open_shop(&shop);
    struct yaga_infer_options options = {.only = pair, .n_only = 2, .dry_run = true, .collect = true};
    shop_cycle(&shop, &options, shop_fault + 300, &result);
    assert_int_equal(result.cycle_id, 0);
    assert_int_equal(yaga_json_size(result.documents), 1);
    const struct yaga_json *document = yaga_json_at(result.documents, 0);
    assert_string_equal(yaga_json_get_string(document, "service_name"), "cart");
    assert_null(yaga_json_get(document, "untracked"));
    assert_true(shop_judged(&result, "cart")->anomaly_score >= 1.0);
    yaga_infer_result_clear(&result);
    assert_int_equal(files(&shop, "alerts*"), 0);
    assert_int_equal(files(&shop, "state.db*"), 0);
    assert_int_equal(files(&shop, "infer.lock"), 0);
    shop_close(&shop);
}

static void assert_untracked(struct shop *shop)
{
    struct yaga_infer_result result = run(shop, shop_fault + 300);
    assert_true((result.conditions & YAGA_COND_STATE) != 0);
    assert_int_equal(yaga_infer_exit_code(result.conditions), 9);
    assert_int_equal(shop_judged(&result, "cart")->outcome, YAGA_EVALUATED);
    assert_true(result.error[0] != '\0');
    yaga_infer_result_clear(&result);
    assert_int_equal(occurrences(journal(shop), "\"untracked\":true"), 1);
    assert_int_equal(files(shop, "alerts/2026-03-03/cart_*.json"), 1);
}

static void a_broken_database_means_untracked_alerts_and_exit_9(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop);
    FILE *file = fopen(shop_path(&shop, "state.db"), "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        assert_true(fputs("not a database ", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_untracked(&shop);
    shop_close(&shop);

    open_shop(&shop); /* it opens, but its cycles cannot be written */
    (void)cycle(&shop, shop_fault - 300);
    exec(&shop, "CREATE TRIGGER no BEFORE INSERT ON cycles BEGIN SELECT RAISE(ABORT, 'disk is tired'); END");
    assert_untracked(&shop);
    shop_close(&shop);
}

/* Committed, but not delivered: the next cycle delivers, and nobody delivers twice. */
static void what_a_killed_cycle_committed_is_delivered_once(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop);
    (void)cycle(&shop, shop_fault);
    (void)cycle(&shop, shop_fault + 300);
    assert_int_equal(occurrences(journal(&shop), "\"newly_confirmed\":true"), 1);
    /* Killed before delivery: no file, no line, the row is pending. */
    assert_int_equal(unlink(journal(&shop)), 0);
    exec(&shop, "UPDATE deliveries SET state = 'pending', delivered_at = NULL, attempts = 0");
    (void)cycle(&shop, shop_fault + 2 * 3600);
    assert_int_equal(occurrences(journal(&shop), "\"newly_confirmed\":true"), 1);
    /* Killed between delivery and its mark: the line is there, the row is pending with an attempt. */
    exec(&shop, "UPDATE deliveries SET state = 'pending', delivered_at = NULL, attempts = 1");
    (void)cycle(&shop, shop_fault + 2 * 3600 + 300);
    assert_int_equal(occurrences(journal(&shop), "\"newly_confirmed\":true"), 1);
    assert_int_equal(files(&shop, "alerts/2026-03-03/cart_*.json"), 1);
    shop_close(&shop);
}

static void a_cycle_that_cannot_deliver_says_so_and_delivers_later(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop);
    (void)cycle(&shop, shop_fault);
    FILE *file = fopen(shop_path(&shop, "alerts/2026-03-03"), "w"); /* a file where the folder should be */
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    unsigned conditions = cycle(&shop, shop_fault + 300);
    assert_true((conditions & YAGA_COND_OUTPUT) != 0 && (conditions & YAGA_COND_PENDING) != 0);
    assert_int_equal(yaga_infer_exit_code(conditions), 3);
    assert_int_equal(unlink(shop_path(&shop, "alerts/2026-03-03")), 0);
    (void)cycle(&shop, shop_fault + 600);
    assert_int_equal(files(&shop, "alerts/2026-03-03/cart_*.json"), 2);
    assert_int_equal(occurrences(journal(&shop), "\"newly_confirmed\":true"), 1);
    shop_close(&shop);
}

/* The frame of a cycle reaches back 26 hours; the lookback may be a week. */
static void absent_traffic_is_a_fault_as_long_as_it_was_seen_lately(void **state)
{
    (void)state;
    static const struct {
        const char *lookback;
        int64_t seen_ago_s;
        enum yaga_outcome outcome;
    } cases[] = {
        {"inference.presence_lookback_hours=100", 72 * 3600, YAGA_METRICS_UNAVAILABLE},
        {"inference.presence_lookback_hours=24", 72 * 3600, YAGA_EVALUATED},
        {"inference.presence_lookback_hours=100", 0, YAGA_EVALUATED}, /* never */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *overrides[] = {cases[i].lookback, NULL};
        struct shop shop;
        shop_open(&shop, overrides);
        shop_copy_models(&trained, &shop);
        struct yaga_error err;
        shop.setup.metrics[0].series = "no_such_series";
        shop.source = yaga_source_free(shop.source); /* preloaded with the series it had */
        assert_ok(yaga_setup_source(&shop.setup, NULL, &shop.source, &err), &err);
        assert_int_equal(cycle(&shop, shop_fault - 600), 0);
        if (cases[i].seen_ago_s > 0) {
            char sql[200];
            (void)snprintf(sql, sizeof sql,
                           "INSERT INTO metric_last_seen VALUES ('cart', 'request_rate', %lld)",
                           (long long)(shop_fault - 300 - cases[i].seen_ago_s));
            exec(&shop, sql);
        }
        struct yaga_infer_result result = run(&shop, shop_fault - 300);
        const struct yaga_infer_service *cart = shop_judged(&result, "cart");
        assert_int_equal(cart->outcome, cases[i].outcome);
        if (cart->outcome != YAGA_EVALUATED)
            assert_string_equal(cart->reason, "request_rate_absent");
        yaga_infer_result_clear(&result);
        shop_close(&shop);
    }
    struct shop shop;
    open_shop(&shop);
    assert_int_equal(cycle(&shop, shop_fault - 300), 0);
    struct yaga_store *store = NULL;
    struct yaga_error err;
    int64_t seen_s = 0;
    assert_ok(yaga_state_open(shop_path(&shop, "state.db"), false, &store, &err), &err);
    assert_ok(yaga_last_seen_get(store, "cart", "request_rate", &seen_s, &err), &err);
    assert_int_equal(seen_s, shop_fault - 300);
    (void)yaga_store_close(store);
    shop_close(&shop);
}

static bool always(void)
{
    return true;
}

static void an_interrupted_cycle_names_who_was_not_evaluated(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_infer_result result;
    open_shop(&shop);
    struct yaga_infer_options options = {.only = pair, .n_only = 2, .interrupted = always};
    shop_cycle(&shop, &options, shop_fault, &result);
    assert_int_equal(result.n_services, 2);
    assert_string_equal(shop_judged(&result, "cart")->reason, "interrupted");
    assert_int_equal(yaga_infer_exit_code(result.conditions), 130);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
}

static void a_silent_source_leaves_one_notice_for_all(void **state)
{
    (void)state;
    static const char *const overrides[] = {"source.files=/nowhere/a.jsonl"};
    struct shop shop;
    struct yaga_error err;
    open_shop(&shop);
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_setup setup;
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_infer_result result;
    struct yaga_infer_options options = {.durable = false};
    assert_ok(yaga_config_load(shop_path(&shop, "yaga.cfg"), overrides, 1, &config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, config, "yaga-test", &err), &err);
    assert_ok(yaga_infer_open(&setup, &options, &infer, &err), &err);
    assert_ok(yaga_infer_cycle(infer, shop_fault, &result, &err), &err);
    assert_int_equal(yaga_infer_exit_code(result.conditions), 7);
    assert_int_equal(result.n_services, 4);
    assert_int_equal(result.n_skipped, 4);
    yaga_infer_result_clear(&result);
    assert_int_equal(occurrences(journal(&shop), "\"service_name\":\"*\""), 1);
    assert_int_equal(occurrences(journal(&shop), "/nowhere/a.jsonl"), 1);
    shop_close(&shop);
}

static void a_second_cycle_finds_the_lock_taken(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_error err;
    YAGA_AUTO(yaga_infer) first = NULL;
    YAGA_AUTO(yaga_infer) second = NULL;
    open_shop(&shop);
    struct yaga_infer_options options = {.source = shop.source};
    assert_ok(yaga_infer_open(&shop.setup, &options, &first, &err), &err);
    assert_int_equal(yaga_infer_open(&shop.setup, &options, &second, &err), YAGA_E_LOCKED);
    assert_null(second);
    first = yaga_infer_free(first);
    shop_close(&shop);
}

static void the_status_file_tells_what_the_cycle_did(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_error err;
    open_shop(&shop);
    struct yaga_infer_result result;
    shop_cycle(&shop, NULL, shop_fault, &result);
    assert_ok(yaga_infer_write_status(&shop.setup, &result, &err), &err);
    yaga_infer_result_clear(&result);
    char *text = text_of(shop_path(&shop, "last_infer.json"));
    struct yaga_json *status = NULL;
    int64_t code = -1;
    assert_ok(yaga_json_parse(text, strlen(text), 1 << 20, &status, &err), &err);
    assert_true(yaga_json_int(yaga_json_get(status, "exit_code"), &code));
    assert_int_equal(code, 1); /* noisy and tiny have no models */
    assert_string_equal(yaga_json_string(yaga_json_at(yaga_json_get(status, "conditions"), 0)), "partial");
    assert_int_equal(yaga_json_size(yaga_json_get(status, "per_service")), 4);
    (void)yaga_json_free(status);
    yaga_free(text);
    shop_close(&shop);
}

static void exit_codes_follow_their_precedence(void **state)
{
    (void)state;
    static const struct {
        unsigned conditions;
        int code;
    } cases[] = {
        {0, 0},
        {YAGA_COND_PENDING, 5},
        {YAGA_COND_PENDING | YAGA_COND_PARTIAL, 1},
        {YAGA_COND_DEADLINE | YAGA_COND_PARTIAL, 124},
        {YAGA_COND_NO_MODEL | YAGA_COND_PARTIAL, 6},
        {YAGA_COND_BACKEND | YAGA_COND_NO_MODEL, 7},
        {YAGA_COND_OUTPUT | YAGA_COND_BACKEND, 3},
        {YAGA_COND_STATE | YAGA_COND_OUTPUT, 9},
        {YAGA_COND_INTERNAL | YAGA_COND_STATE, 10},
        {YAGA_COND_INTERRUPTED | YAGA_COND_INTERNAL, 130},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(yaga_infer_exit_code(cases[i].conditions), cases[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configured_pattern_sees_auxiliary_values),
        cmocka_unit_test(a_fault_is_suspected_confirmed_announced_and_resolved),
        cmocka_unit_test(the_reason_is_logged_at_the_level_that_is_asked_for_or_not_at_all),
        cmocka_unit_test(a_silent_pattern_has_its_reason_in_the_log_and_once_in_the_timeline),
        cmocka_unit_test(confirmation_counts_evidence_and_not_cycles),
        cmocka_unit_test(a_gap_in_the_monitoring_closes_nothing),
        cmocka_unit_test(a_clock_set_back_stops_the_incident_clock_but_not_the_evaluation),
        cmocka_unit_test(a_clock_set_back_is_an_error_in_the_log_once),
        cmocka_unit_test(room_of_old_incidents_goes_back_to_the_disk_within_a_week),
        cmocka_unit_test(a_removed_service_is_swept_with_a_resolution),
        cmocka_unit_test(a_restricted_cycle_leaves_other_services_untouched),
        cmocka_unit_test(a_dry_cycle_changes_nothing_and_shows_everything),
        cmocka_unit_test(a_broken_database_means_untracked_alerts_and_exit_9),
        cmocka_unit_test(what_a_killed_cycle_committed_is_delivered_once),
        cmocka_unit_test(a_cycle_that_cannot_deliver_says_so_and_delivers_later),
        cmocka_unit_test(absent_traffic_is_a_fault_as_long_as_it_was_seen_lately),
        cmocka_unit_test(an_interrupted_cycle_names_who_was_not_evaluated),
        cmocka_unit_test(a_silent_source_leaves_one_notice_for_all),
        cmocka_unit_test(a_second_cycle_finds_the_lock_taken),
        cmocka_unit_test(the_status_file_tells_what_the_cycle_did),
        cmocka_unit_test(exit_codes_follow_their_precedence),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
