/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people do with the state between cycles. */
#include "assert.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "database.h"
#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/pipeline/operate.h"
#include "yaga/state/state.h"

enum { NOW = 1772460000, HOUR = 3600, DAY = 86400 };

/* An open incident of the service shop; announced_s 0: kept back so far. */
static void put_incident(struct yaga_store *store,
                         const char *id,
                         int64_t confirmed_s,
                         int64_t announced_s)
{
    char announced[32] = "NULL";
    char sql[1024];
    if (announced_s != 0)
        (void)snprintf(announced, sizeof announced, "%lld", (long long)announced_s);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO incidents (incident_id, fingerprint_id, service,"
                   " anomaly_name, pattern_name, status, severity, peak_severity,"
                   " first_seen, last_seen, confirmed_at, announced_at) VALUES"
                   " ('incident_%s', 'anomaly_%s', 'shop', 'latency_%s', 'latency_%s',"
                   " 'OPEN', 'high', 'high', %lld, %lld, %lld, %s)",
                   id, id, id, id, (long long)confirmed_s - 120, (long long)confirmed_s,
                   (long long)confirmed_s, announced);
    test_sql(store, sql);
}

static void put_event(struct yaga_store *store,
                      const char *id,
                      const char *kind,
                      int64_t cycle,
                      int64_t at_s)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO incident_events (incident_id, cycle_id, at, kind) VALUES"
                   " ('incident_%s', %lld, %lld, '%s')",
                   id, (long long)cycle, (long long)at_s, kind);
    test_sql(store, sql);
}

/* Alerts per confirmed incident of the last 7 days; -1: there is no such figure. */
static double alerts_per_incident(struct yaga_store *store)
{
    struct yaga_error err;
    double figure = -1;
    YAGA_AUTO(yaga_json) figures = NULL;
    assert_ok(yaga_operate_statistics(store, 7, NOW, &figures, &err), &err);
    (void)yaga_json_number(yaga_json_get(figures, "alerts_per_confirmed_incident"),
                           &figure);
    return figure;
}

static void alerts_are_documents_that_announce_or_tell_of_a_return(void **state)
{
    (void)state;
    struct yaga_store *store = test_state_open(test_database_path());
    assert_near(alerts_per_incident(store), -1, 0);
    /* one that comes back twice: three documents */
    put_incident(store, "a", NOW - 5 * HOUR, NOW - 5 * HOUR);
    put_event(store, "a", "confirmed", 1, NOW - 5 * HOUR);
    put_event(store, "a", "announced", 1, NOW - 5 * HOUR);
    put_event(store, "a", "reopened", 40, NOW - 4 * HOUR);
    put_event(store, "a", "severity", 41, NOW - 4 * HOUR + 120);
    put_event(store, "a", "reopened", 90, NOW - 3 * HOUR);
    assert_near(alerts_per_incident(store), 3, 0);
    /* told in the document of the first return, and one that nobody was told of though it
       came back: three documents for three incidents */
    put_incident(store, "b", NOW - 4 * HOUR, NOW - 4 * HOUR);
    put_event(store, "b", "announced", 40, NOW - 4 * HOUR);
    put_incident(store, "c", NOW - 4 * HOUR, 0);
    put_event(store, "c", "reopened", 70, NOW - 2 * HOUR);
    assert_near(alerts_per_incident(store), 1, 0);
    /* announced only when it came back: one document more */
    put_incident(store, "d", NOW - 6 * HOUR, NOW - HOUR);
    put_event(store, "d", "reopened", 120, NOW - HOUR);
    put_event(store, "d", "announced", 120, NOW - HOUR);
    assert_near(alerts_per_incident(store), 1, 0);
    /* confirmed before the days asked for */
    put_incident(store, "e", NOW - 8 * DAY, NOW - 8 * DAY);
    put_event(store, "e", "announced", 0, NOW - 8 * DAY);
    assert_near(alerts_per_incident(store), 1, 0);
    put_incident(store, "f", NOW - HOUR, 0);
    assert_near(alerts_per_incident(store), 0.8, 1e-12);
    (void)yaga_store_close(store);
}

/* Four incidents of the service shop, kept back for four reasons; d is told of. */
static const struct {
    const char *id;
    enum yaga_alert_verdict verdict;
} fates[] = {{"a", YAGA_ALERT_SEVERITY},
             {"b", YAGA_ALERT_CORRELATED},
             {"c", YAGA_ALERT_GROUPED},
             {"d", YAGA_ALERT_SEND}};
enum { N_FATES = sizeof fates / sizeof fates[0] };

static void keep_back(struct yaga_store *store, const char *root, int64_t at_s)
{
    struct yaga_error err;
    struct yaga_incident_change items[N_FATES] = {{.anomaly = 0}};
    enum yaga_alert_verdict verdicts[N_FATES];
    struct yaga_config *config = NULL;
    assert_ok(
        yaga_config_parse("source = { type = \"archive\"; files = [\"a.jsonl\"]; };",
                          "test.cfg", &config, NULL, &err),
        &err);
    const struct yaga_setup setup = {.config = config};
    struct yaga_infer infer = {.store = store, .setup = &setup};
    struct yaga_alert_cascade cascade = {.grouped_under = root};
    struct yaga_alert_context context = {.service = "shop", .cascade = &cascade};
    for (size_t i = 0; i < N_FATES; i++) {
        struct yaga_incident *incident = &items[i].incident;
        char id[YAGA_INCIDENT_ID_MAX];
        yaga_operate_id(fates[i].id, id);
        assert_ok(yaga_incident_get(store, id, incident, &err), &err);
        verdicts[i] = fates[i].verdict;
    }
    struct yaga_incident_changes changes = {.items = items, .n = N_FATES};
    assert_ok(yaga_announce_filtered(&infer, &context, &changes, verdicts, at_s, 1, &err),
              &err);
    (void)yaga_config_free(config);
}

static void what_is_kept_back_has_a_reason_in_the_timeline_where_it_is_new(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    for (size_t i = 0; i < N_FATES; i++)
        put_incident(store, fates[i].id, NOW - HOUR, 0);
    keep_back(store, "cart", NOW - 300);
    keep_back(store, NULL, NOW - 120);
    YAGA_AUTO(yaga_json) figures = NULL;
    assert_ok(yaga_operate_statistics(store, 7, NOW, &figures, &err), &err);
    YAGA_AUTO_MEM(char) text = NULL;
    assert_ok(yaga_json_dump(yaga_json_get(figures, "kept_back"), false, &text, &err),
              &err);
    assert_string_equal(text, "[{\"reason\":\"below_threshold\",\"incidents\":1},"
                              "{\"reason\":\"grouped\",\"incidents\":1}]");
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incident_events"), 2);
    assert_ok(yaga_incident_filtered(store, "incident_a", "grouped", NOW, 2, &err), &err);
    assert_ok(
        yaga_incident_filtered(store, "incident_a", "below_threshold", NOW, 3, &err),
        &err);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incident_events"), 4);
    (void)yaga_store_close(store);
}

static void a_service_and_cycle_has_one_line_about_all_that_is_kept_back(void **state)
{
    (void)state;
    struct yaga_error err;
    char path[160];
    char *log = NULL;
    size_t n = 0;
    struct yaga_store *store = test_state_open(test_database_path());
    for (size_t i = 0; i < N_FATES; i++)
        put_incident(store, fates[i].id, NOW - HOUR, 0);
    (void)snprintf(path, sizeof path, "%s/log", test_tmpdir());
    int kept = dup(STDERR_FILENO);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(kept >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    keep_back(store, "cart", NOW);
    keep_back(store, NULL, NOW);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    (void)close(file);
    assert_ok(yaga_file_read(path, 1 << 16, &log, &n, &err), &err);
    assert_non_null(strstr(log,
                           "INFO  ALERT_FILTERED shop: latency_a: below_threshold, it is"
                           " high; latency_b: correlated, told by latency_d; latency_c:"
                           " grouped, announced with cart\n"));
    assert_non_null(strstr(log, "; latency_c: held, a service behind its calls is in"
                                " trouble\n"));
    yaga_free(log);
    (void)yaga_store_close(store);
}

static const char *put_file(const char *path, const char *bytes, size_t n)
{
    struct yaga_error err;
    assert_ok(yaga_file_write_atomic(path, bytes, n, &err), &err);
    return path;
}

static void copy_file(const char *from, const char *to)
{
    struct yaga_error err;
    char *bytes = NULL;
    size_t n = 0;
    assert_ok(yaga_file_read(from, 1 << 24, &bytes, &n, &err), &err);
    (void)put_file(to, bytes, n);
    yaga_free(bytes);
}

static void assert_same_file(const char *path, const char *bytes, size_t n)
{
    struct yaga_error err;
    char *now = NULL;
    size_t n_now = 0;
    assert_ok(yaga_file_read(path, 1 << 24, &now, &n_now, &err), &err);
    assert_int_equal(n_now, n);
    assert_memory_equal(now, bytes, n);
    yaga_free(now);
}

static void set_status(struct yaga_store *store, const char *id, const char *status)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE incidents SET status = '%s' WHERE incident_id = 'incident_%s'",
                   status, id);
    test_sql(store, sql);
}

/* Told of: a and b, of which b recovers. Not told of: c. Not yet confirmed: d. */
static void put_four(struct yaga_store *store)
{
    put_incident(store, "a", NOW - HOUR, NOW - HOUR);
    put_incident(store, "b", NOW - HOUR, NOW - HOUR);
    put_incident(store, "c", NOW - HOUR, 0);
    put_incident(store, "d", NOW - HOUR, 0);
    set_status(store, "b", "RECOVERING");
    set_status(store, "d", "SUSPECTED");
}

static struct yaga_reset_report reset_ok(const struct shop *shop)
{
    struct yaga_error err;
    struct yaga_reset_report report;
    assert_ok(yaga_operate_reset(&shop->setup, NOW, &report, &err), &err);
    return report;
}

static void assert_two_orphans(const struct shop *shop)
{
    struct yaga_store *store = test_state_open(shop_path(shop, "state.db"));
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incidents"), 2);
    assert_int_equal(
        test_sql_number(store,
                        "SELECT count(*) FROM incidents WHERE status = 'CLOSED' AND"
                        " resolution_reason = 'orphaned' AND announced_at NOT NULL"
                        " AND incident_id IN ('incident_a', 'incident_b')"),
        2);
    assert_int_equal(
        test_sql_number(store, "SELECT count(*) FROM outbox JOIN deliveries USING"
                               " (delivery_id) WHERE kind = 'resolution' AND state ="
                               " 'pending' AND payload LIKE '%\"resolution_reason\":"
                               "\"orphaned\"%'"),
        2);
    (void)yaga_store_close(store);
}

static void a_reset_ends_what_was_announced_and_keeps_the_old_database(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, NULL);
    struct yaga_store *store = test_state_open(shop_path(&shop, "state.db"));
    put_four(store);
    (void)yaga_store_close(store);
    struct yaga_reset_report report = reset_ok(&shop);
    assert_true(report.is_readable);
    assert_int_equal(report.n_orphaned, 2);
    assert_non_null(strstr(report.kept, "/state.db.corrupt-20260302T140000Z"));
    assert_two_orphans(&shop);
    store = test_state_open(report.kept);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incidents"), 4);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM outbox"), 0);
    (void)yaga_store_close(store);
    assert_int_equal(access(shop_path(&shop, "state.db.new"), F_OK), -1);
    shop_close(&shop);
}

/* As a killed program leaves it: what it did is in the log beside the file alone. */
static void a_reset_reads_the_log_of_the_old_database_and_moves_it_along(void **state)
{
    (void)state;
    struct shop shop;
    char path[160];
    char kept_wal[PATH_MAX + 8];
    shop_open(&shop, NULL);
    (void)snprintf(path, sizeof path, "%s", test_database_path());
    struct yaga_store *store = test_state_open(path);
    put_four(store);
    copy_file(path, shop_path(&shop, "state.db"));
    (void)strcat(path, "-wal");
    copy_file(path, shop_path(&shop, "state.db-wal"));
    (void)yaga_store_close(store);
    struct yaga_reset_report report = reset_ok(&shop);
    assert_int_equal(report.n_orphaned, 2);
    (void)snprintf(kept_wal, sizeof kept_wal, "%s-wal", report.kept);
    assert_int_equal(access(kept_wal, F_OK), 0);
    assert_int_equal(access(shop_path(&shop, "state.db-wal"), F_OK), -1);
    assert_two_orphans(&shop);
    store = test_state_open(report.kept);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incidents"), 4);
    (void)yaga_store_close(store);
    shop_close(&shop);
}

static void a_reset_starts_anew_where_the_old_database_cannot_be_read(void **state)
{
    (void)state;
    static char garbage[8192];
    struct yaga_error err;
    char *sound = NULL;
    size_t n = 0;
    struct shop shop;
    shop_open(&shop, NULL);
    struct yaga_store *store = test_state_open(shop_path(&shop, "state.db"));
    put_four(store);
    (void)yaga_store_close(store);
    assert_ok(yaga_file_read(shop_path(&shop, "state.db"), 1 << 24, &sound, &n, &err),
              &err);
    memset(garbage, 0x5a, sizeof garbage);
    memset(sound + 4096, 0x5a, n - 4096); /* the first page is well */
    const struct {
        const char *bytes;
        size_t n;
    } cases[] = {{garbage, sizeof garbage}, {sound, n}, {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)put_file(shop_path(&shop, "state.db"), cases[i].bytes, cases[i].n);
        struct yaga_reset_report report = reset_ok(&shop);
        assert_false(report.is_readable);
        assert_true(report.why[0] != '\0');
        assert_int_equal(report.n_orphaned, 0);
        assert_same_file(report.kept, cases[i].bytes, cases[i].n);
        store = test_state_open(shop_path(&shop, "state.db"));
        assert_ok(yaga_store_check(store, &err), &err);
        assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incidents"), 0);
        (void)yaga_store_close(store);
        assert_int_equal(unlink(report.kept), 0);
    }
    yaga_free(sound);
    shop_close(&shop);
}

static void a_reset_that_cannot_keep_the_old_database_changes_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_reset_report report;
    struct shop shop;
    shop_open(&shop, NULL);
    assert_int_equal(yaga_operate_reset(&shop.setup, NOW, &report, &err), YAGA_E_STORE);
    assert_error_has(&err, "no state database");
    (void)put_file(shop_path(&shop, "state.db"), "old", 3);
    (void)put_file(shop_path(&shop, "state.db.corrupt-20260302T140000Z"), "older", 5);
    assert_int_equal(yaga_operate_reset(&shop.setup, NOW, &report, &err), YAGA_E_IO);
    assert_same_file(shop_path(&shop, "state.db"), "old", 3);
    assert_same_file(shop_path(&shop, "state.db.corrupt-20260302T140000Z"), "older", 5);
    assert_int_equal(access(shop_path(&shop, "state.db.new"), F_OK), -1);
    shop_close(&shop);
}

/* A predecessor's database; columns: those of anomaly_incidents behind the usual ones. */
static const char *predecessor(const char *columns, const char *rows)
{
    static char path[128];
    char sql[2048];
    struct yaga_error err;
    struct yaga_store *store = NULL;
    (void)snprintf(path, sizeof path, "%s/old.db", test_tmpdir());
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE anomaly_incidents (incident_id TEXT PRIMARY KEY,"
                   " fingerprint_id TEXT, service_name TEXT, anomaly_name TEXT,"
                   " status TEXT, severity TEXT, first_seen TEXT, last_updated TEXT,"
                   " resolved_at TEXT, occurrence_count INTEGER, current_value REAL,"
                   " threshold_value REAL, confidence_score REAL, detection_method TEXT,"
                   " description TEXT, detected_by_model TEXT, metadata TEXT%s); %s",
                   columns, rows);
    assert_ok(yaga_store_open(path, false, &store, &err), &err);
    test_sql(store, sql);
    (void)yaga_store_close(store);
    return path;
}

#define LEGACY_ROW                                                                       \
    "INSERT INTO anomaly_incidents (incident_id, fingerprint_id, service_name,"          \
    " anomaly_name, status, severity, first_seen, last_updated, occurrence_count)"       \
    " VALUES ('incident_1', 'anomaly_1', 'shop', 'error_rate_high', 'OPEN', 'high',"     \
    " '2026-03-02 10:00:00.0', '2026-03-02 10:30:00.0', 7);"

static void incidents_of_a_predecessor_without_counters_are_taken_over(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_import_report report;
    struct shop shop;
    shop_open(&shop, NULL);
    const char *old = predecessor("", LEGACY_ROW);
    assert_ok(yaga_operate_import(&shop.setup, old, "UTC", &report, &err), &err);
    assert_int_equal(report.n_taken, 1);
    assert_int_equal(report.n_active, 1);
    struct yaga_store *store = test_state_open(shop_path(&shop, "state.db"));
    assert_int_equal(
        test_sql_number(store, "SELECT count(*) FROM incidents WHERE status = 'OPEN' AND"
                               " occurrence_count = 7 AND consecutive_detections = 1 AND"
                               " missed_cycles = 0 AND announced_at NOT NULL"),
        1);
    (void)yaga_store_close(store);
    shop_close(&shop);
}

static void other_layouts_of_a_predecessor_are_refused_with_what_was_found(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_import_report report;
    struct shop shop;
    const char *old;
    char path[128];
    struct yaga_store *store = NULL;
    shop_open(&shop, NULL);
    old = predecessor(", missed_cycles INTEGER", LEGACY_ROW);
    assert_int_equal(yaga_operate_import(&shop.setup, old, "UTC", &report, &err),
                     YAGA_E_INPUT);
    assert_error_has(&err, "has missed_cycles alone");
    static const struct {
        const char *sql, *says;
    } cases[] = {
        {"CREATE TABLE anomaly_state (fingerprint TEXT, seen TEXT)",
         "a table anomaly_state (fingerprint, seen), cannot be taken over: expected is a"
         " table anomaly_incidents"},
        {"CREATE TABLE a (x); CREATE TABLE b (y)",
         "expected is a table anomaly_incidents, found a, b"},
        {"PRAGMA user_version = 0", "found none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/other.db", test_tmpdir());
        assert_ok(yaga_store_open(path, false, &store, &err), &err);
        test_sql(store, cases[i].sql);
        store = yaga_store_close(store);
        assert_int_equal(yaga_operate_import(&shop.setup, path, "UTC", &report, &err),
                         YAGA_E_INPUT);
        assert_error_has(&err, cases[i].says);
        assert_error_has(&err, path);
    }
    store = test_state_open(shop_path(&shop, "state.db"));
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incidents"), 0);
    (void)yaga_store_close(store);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_are_documents_that_announce_or_tell_of_a_return),
        cmocka_unit_test(what_is_kept_back_has_a_reason_in_the_timeline_where_it_is_new),
        cmocka_unit_test(a_service_and_cycle_has_one_line_about_all_that_is_kept_back),
        cmocka_unit_test(incidents_of_a_predecessor_without_counters_are_taken_over),
        cmocka_unit_test(other_layouts_of_a_predecessor_are_refused_with_what_was_found),
        cmocka_unit_test(a_reset_ends_what_was_announced_and_keeps_the_old_database),
        cmocka_unit_test(a_reset_reads_the_log_of_the_old_database_and_moves_it_along),
        cmocka_unit_test(a_reset_starts_anew_where_the_old_database_cannot_be_read),
        cmocka_unit_test(a_reset_that_cannot_keep_the_old_database_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
