/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state database: its schema guards itself, foreign files stay as they are, records
 * come back. */
#include "assert.h"
#include "database.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/state/state.h"
#include "yaga/state/state_internal.h"

/* A database made by somebody else. */
static void make_database(const char *path, const char *sql)
{
    struct yaga_error err;
    struct yaga_store *store = NULL;
    assert_ok(yaga_store_open(path, false, &store, &err), &err);
    test_sql(store, sql);
    (void)yaga_store_close(store);
}

/* The first column of the only row is this text (NULL for NULL). */
static void assert_text(struct yaga_store *store, const char *sql, const char *want)
{
    struct yaga_error err;
    struct yaga_query *q = yaga_query(store, sql, &err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &err), &err);
    if (want == NULL)
        assert_true(yaga_column_is_null(q, 0));
    else
        assert_string_equal(yaga_column_text(q, 0), want);
    yaga_query_reset(q);
}

static void assert_refused_untouched(const char *path, const char *reason)
{
    struct yaga_error err;
    struct yaga_store *store = NULL;
    char *before = NULL;
    char *after = NULL;
    size_t n_before = 0;
    size_t n_after = 0;
    assert_ok(yaga_file_read(path, 1 << 20, &before, &n_before, &err), &err);
    assert_int_equal(yaga_state_open(path, true, &store, &err), YAGA_E_STORE);
    assert_null(store);
    assert_error_has(&err, reason);
    assert_error_has(&err, path);
    assert_ok(yaga_file_read(path, 1 << 20, &after, &n_after, &err), &err);
    assert_int_equal(n_before, n_after);
    assert_memory_equal(before, after, n_before);
    yaga_free(before);
    yaga_free(after);
}

static void a_new_file_gets_the_whole_schema(void **state)
{
    (void)state;
    const char *path = test_database_path();
    struct yaga_store *store = test_state_open(path);
    assert_int_equal(test_sql_number(store, "PRAGMA user_version"), YAGA_SCHEMA_VERSION);
    assert_int_equal(
        test_sql_number(
            store,
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN"
            " ('incidents', 'incident_events', 'outbox', 'service_state', 'cycles',"
            " 'training_runs', 'metric_last_seen', 'circuit_state', 'deliveries',"
            " 'sink_state', 'alertmanager_alerts', 'incident_marks', 'clock')"),
        13);
    (void)yaga_store_close(store);
}

static void reopening_keeps_what_is_there(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *path = test_database_path();
    struct yaga_store *store = test_state_open(path);
    assert_ok(yaga_last_seen_put(store, "checkout", "error_rate", 1234, &err), &err);
    (void)yaga_store_close(store);
    store = test_state_open(path);
    int64_t at_s = 0;
    assert_ok(yaga_last_seen_get(store, "checkout", "error_rate", &at_s, &err), &err);
    assert_int_equal(at_s, 1234);
    (void)yaga_store_close(store);
}

static void a_newer_database_is_refused_untouched(void **state)
{
    (void)state;
    const char *path = test_database_path();
    struct yaga_store *store = test_state_open(path);
    test_sql(store, "PRAGMA user_version = 99");
    (void)yaga_store_close(store);
    assert_refused_untouched(path, "version 99");
}

static void the_predecessors_file_is_refused_untouched(void **state)
{
    (void)state;
    const char *path = test_database_path();
    make_database(path, "CREATE TABLE anomaly_incidents (incident_id TEXT PRIMARY KEY)");
    assert_refused_untouched(path, "another program");
    path = test_database_path();
    make_database(path, "PRAGMA journal_mode = DELETE;"
                        "CREATE TABLE anomaly_incidents (incident_id TEXT PRIMARY KEY)");
    assert_refused_untouched(path, "another program");
}

static void a_newer_copy_without_wal_is_refused_untouched(void **state)
{
    (void)state;
    const char *path = test_database_path();
    struct yaga_store *store = test_state_open(path);
    test_sql(store, "PRAGMA user_version = 99");
    test_sql(store, "PRAGMA journal_mode = DELETE");
    (void)yaga_store_close(store);
    assert_refused_untouched(path, "version 99");
}

static void garbage_is_refused_untouched(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *path = test_database_path();
    static char text[4096];
    memset(text, 'x', sizeof text);
    assert_ok(yaga_file_write_atomic(path, text, sizeof text, &err), &err);
    assert_refused_untouched(path, "not a state database");
    assert_ok(yaga_file_write_atomic(path, "short", 5, &err), &err);
    assert_refused_untouched(path, "not a state database");
}

static void an_empty_file_becomes_a_state_database(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *path = test_database_path();
    assert_ok(yaga_file_write_atomic(path, "", 0, &err), &err);
    (void)yaga_store_close(test_state_open(path));
}

static const struct yaga_state_step two_steps[] = {
    {{"CREATE TABLE thing (a INTEGER)", "INSERT INTO thing VALUES (5)"}},
    {{"ALTER TABLE thing ADD COLUMN b INTEGER; UPDATE thing SET b = a * 2"}}};
static const struct yaga_state_step broken_steps[] = {
    {{"CREATE TABLE thing (a INTEGER)", "INSERT INTO thing VALUES (5)"}},
    {{"ALTER TABLE thing ADD COLUMN b INTEGER", "UPDATE nothing SET b = 1"}}};

/* What is left of a file whose maker was killed before it was in WAL mode. */
static void a_file_that_never_had_a_table_becomes_a_state_database(void **state)
{
    (void)state;
    const char *path = test_database_path();
    make_database(path, "PRAGMA journal_mode = DELETE");
    struct yaga_store *store = test_state_open(path);
    assert_int_equal(test_sql_number(store, "PRAGMA user_version"), YAGA_SCHEMA_VERSION);
    (void)yaga_store_close(store);
    path = test_database_path();
    make_database(path, "PRAGMA application_id = 7; PRAGMA journal_mode = DELETE");
    assert_refused_untouched(path, "another program");
}

static void an_older_database_is_copied_and_upgraded(void **state)
{
    (void)state;
    struct yaga_error err;
    char copy[160];
    const char *path = test_database_path();
    struct yaga_store *store = NULL;
    assert_ok(yaga_state_open_steps(path, false, two_steps, 1, &store, &err), &err);
    (void)yaga_store_close(store);
    store = NULL;
    assert_ok(yaga_state_open_steps(path, false, two_steps, 2, &store, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT b FROM thing"), 10);
    assert_int_equal(test_sql_number(store, "PRAGMA user_version"), 2);
    (void)yaga_store_close(store);
    (void)snprintf(copy, sizeof copy, "%s.v1.bak", path);
    store = NULL;
    assert_ok(yaga_state_open_steps(copy, false, two_steps, 1, &store, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT a FROM thing"), 5);
    (void)yaga_store_close(store);
}

static void a_failing_upgrade_changes_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *path = test_database_path();
    struct yaga_store *store = NULL;
    assert_ok(yaga_state_open_steps(path, false, broken_steps, 1, &store, &err), &err);
    (void)yaga_store_close(store);
    store = NULL;
    assert_int_equal(yaga_state_open_steps(path, false, broken_steps, 2, &store, &err),
                     YAGA_E_STORE);
    assert_error_has(&err, "upgrade from schema version 1");
    assert_null(store);
    assert_ok(yaga_state_open_steps(path, false, broken_steps, 1, &store, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT a FROM thing"), 5);
    (void)yaga_store_close(store);
}

/* What version 2 wrote in its outbox is found again in the rows of the sink files. */
static void deliveries_of_version_2_become_rows_of_the_files(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *path = test_database_path();
    struct yaga_store *store = NULL;
    assert_ok(yaga_state_open_steps(path, false, yaga_state_steps, 2, &store, &err),
              &err);
    test_sql(
        store,
        "INSERT INTO outbox (kind, service, cycle_id, incident_ids, alert_id,"
        " payload, state, attempts, created_at, delivered_at, last_error) VALUES"
        " ('alert', 's', 1, '[\"i1\"]', 'a1', '{\"a\":1}', 'delivered', 1, 5, 6, NULL),"
        " ('resolution', 's', 2, '[\"i1\"]', 'a2', '{}', 'pending', 3, 7, NULL, 'why'),"
        " ('alert', 't', 2, '[]', 'a3', '{}', 'dead', 2, 7, NULL, 'bad')");
    test_sql(store, "DELETE FROM outbox WHERE alert_id = 'a3'");
    (void)yaga_store_close(store);
    store = test_state_open(path);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM deliveries"), 2);
    assert_text(store,
                "SELECT delivery_id || sink || state || attempts || delivered_at"
                " FROM deliveries WHERE delivery_id = 1",
                "1filesdelivered16");
    assert_text(store,
                "SELECT sink || state || attempts || last_error"
                " FROM deliveries WHERE delivery_id = 2",
                "filespending3why");
    assert_text(store,
                "SELECT kind || service || cycle_id || incident_ids || payload ||"
                " created_at || is_update FROM outbox WHERE alert_id = 'a1'",
                "alerts1[\"i1\"]{\"a\":1}50");
    /* ids go on behind the one that is gone: an order once given out stays */
    test_sql(store, "INSERT INTO outbox (kind, service, payload, created_at)"
                    " VALUES ('alert', 's', '{}', 9)");
    assert_int_equal(test_sql_number(store, "SELECT max(delivery_id) FROM outbox"), 4);
    (void)yaga_store_close(store);
}

static void a_step_back_of_the_clock_is_counted_once(void **state)
{
    (void)state;
    static const struct {
        int64_t at_s, back_s, steps;
    } cycles[] = {
        {1000000, 0, 0}, {1000120, 0, 0},   {1000060, 0, 0}, /* within the minute */
        {1000300, 0, 0}, {996700, 3600, 1}, {996820, 0, 1},  /* still before 1000300 */
        {996760, 0, 1},  {996640, 120, 2},  {1000420, 0, 2},
    };
    struct yaga_error err;
    const char *path = test_database_path();
    for (size_t i = 0; i < sizeof cycles / sizeof cycles[0]; i++) {
        struct yaga_store *store = test_state_open(path);
        int64_t back_s = -1;
        assert_ok(yaga_clock_step(store, cycles[i].at_s, &back_s, &err), &err);
        assert_int_equal(back_s, cycles[i].back_s);
        assert_ok(yaga_clock_seen(store, cycles[i].at_s, &err), &err);
        assert_int_equal(test_sql_number(store, "SELECT steps_back FROM clock"),
                         cycles[i].steps);
        (void)yaga_store_close(store);
    }
}

/* A step that happens while the program is replaced is seen, too. */
static void version_10_knows_when_its_last_cycle_was(void **state)
{
    (void)state;
    struct yaga_error err;
    int64_t back_s = 0;
    const char *path = test_database_path();
    struct yaga_store *store = NULL;
    assert_ok(yaga_state_open_steps(path, false, yaga_state_steps, 10, &store, &err),
              &err);
    test_sql(store, "INSERT INTO cycles (started_at, finished_at, status) VALUES"
                    " (5000, 5000, 'OK'), (9000, 9000, 'OK'), (9100, NULL, 'RUNNING')");
    (void)yaga_store_close(store);
    store = test_state_open(path);
    assert_ok(yaga_clock_step(store, 8000, &back_s, &err), &err);
    assert_int_equal(back_s, 1000);
    (void)yaga_store_close(store);
}

static void a_new_database_can_shrink_and_an_older_one_after_its_upgrade(void **state)
{
    (void)state;
    struct yaga_error err;
    const char *path = test_database_path();
    struct yaga_store *store = test_state_open(path);
    assert_int_equal(test_sql_number(store, "PRAGMA auto_vacuum"), 2);
    (void)yaga_store_close(store);
    path = test_database_path();
    store = NULL;
    assert_ok(yaga_state_open_steps(path, false, yaga_state_steps, 10, &store, &err),
              &err);
    test_sql(store, "INSERT INTO service_state VALUES ('cart', 1, 2, 'evaluated', 0, 3);"
                    "PRAGMA auto_vacuum=NONE; VACUUM");
    (void)yaga_store_close(store);
    store = NULL;
    assert_ok(yaga_state_open_steps(path, false, yaga_state_steps, 10, &store, &err),
              &err);
    assert_int_equal(test_sql_number(store, "PRAGMA auto_vacuum"), 0);
    (void)yaga_store_close(store);
    store = test_state_open(path);
    assert_int_equal(test_sql_number(store, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(test_sql_number(store, "PRAGMA temp_store"), 2);
    assert_int_equal(test_sql_number(store, "PRAGMA user_version"), YAGA_SCHEMA_VERSION);
    assert_int_equal(
        test_sql_number(store, "SELECT blind_announced_at FROM service_state"), 3);
    (void)yaga_store_close(store);
}

#define INCIDENT                                                                         \
    "INSERT INTO incidents (incident_id, fingerprint_id, service, anomaly_name,"         \
    " pattern_name, status, severity, peak_severity, first_seen, last_seen, "            \
    "resolved_at,"                                                                       \
    " resolution_reason, missed_cycles) VALUES "

static void the_schema_refuses_what_no_program_may_write(void **state)
{
    (void)state;
    static const char *const bad[] = {
        INCIDENT
        "('i2', 'f1', 's', 'a', 'p', 'OPEN', 'high', 'high', 1, 1, NULL, NULL, 0)",
        INCIDENT
        "('i3', 'f3', 's', 'a', 'p', 'ASLEEP', 'high', 'high', 1, 1, NULL, NULL, 0)",
        INCIDENT
        "('i3', 'f3', 's', 'a', 'p', 'OPEN', 'huge', 'high', 1, 1, NULL, NULL, 0)",
        INCIDENT
        "('i3', 'f3', 's', 'a', 'p', 'OPEN', 'low', 'low', 1, 1, NULL, NULL, -1)",
        INCIDENT "('i3', 'f3', 's', 'a', 'p', 'OPEN', 'low', 'low', 2, 1, NULL, NULL, 0)",
        INCIDENT
        "('i3', 'f3', 's', 'a', 'p', 'CLOSED', 'low', 'low', 1, 1, NULL, NULL, 0)",
        INCIDENT
        "('i3', 'f3', 's', 'a', 'p', 'CLOSED', 'low', 'low', 1, 1, 2, 'bored', 0)",
        INCIDENT
        "('i3', 'f3', 's', 'a', 'p', 'OPEN', 'low', 'low', 'noon', 1, NULL, NULL, 0)",
        "INSERT INTO incident_events (incident_id, at, kind) VALUES ('none', 1, "
        "'created')",
        "INSERT INTO incident_events (incident_id, at, kind) VALUES ('i1', 1, 'danced')",
        "INSERT INTO deliveries (delivery_id, sink, state) VALUES (1, 'files', 'lost')",
        "INSERT INTO deliveries (delivery_id, sink) VALUES (77, 'files')",
        "INSERT INTO cycles (started_at, status) VALUES (1, 'MAYBE')",
        "INSERT INTO training_runs (run_id, batch_id, service_name, started_at, status)"
        " VALUES ('r', 'b', 's', 1, 'MAYBE')",
    };
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    test_sql(store,
             INCIDENT "('i1', 'f1', 's', 'a', 'p', 'SUSPECTED', 'low', 'low', 1, 1,"
                      " NULL, NULL, 0)");
    test_sql(store, "INSERT INTO outbox (kind, service, payload, created_at)"
                    " VALUES ('alert', 's', '{}', 1)");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (yaga_store_exec(store, bad[i], &err) == YAGA_OK)
            fail_msg("accepted: %s", bad[i]);
    }
    (void)yaga_store_close(store);
}

static void closed_incidents_make_room_for_the_next_one(void **state)
{
    (void)state;
    struct yaga_store *store = test_state_open(test_database_path());
    test_sql(
        store, INCIDENT
        "('i1', 'f1', 's', 'a', 'p', 'CLOSED', 'low', 'low', 1, 1, 2, 'resolved', 0),"
        "('i2', 'f1', 's', 'a', 'p', 'OPEN', 'low', 'low', 3, 3, NULL, NULL, 0)");
    test_sql(store, "INSERT INTO incident_events (incident_id, at, kind)"
                    " VALUES ('i1', 1, 'created'), ('i2', 3, 'created')");
    test_sql(store, "DELETE FROM incidents WHERE incident_id = 'i1'");
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM incident_events"), 1);
    (void)yaga_store_close(store);
}

static struct yaga_training_run a_run(void)
{
    return (struct yaga_training_run){.run_id = "train_0123456789ab",
                                      .batch_id = "01234567",
                                      .service = "checkout",
                                      .variant = "baseline",
                                      .started_at_s = 1000000,
                                      .completed_at_s = 1000060,
                                      .status = "COMPLETED",
                                      .total_data_points = 8640,
                                      .training_start_s = 900000,
                                      .training_end_s = 999000,
                                      .periods_trained = 5,
                                      .validation_status = "WARNING",
                                      .quality_report = "{\"grade\":\"A\"}",
                                      .model_metadata = "{\"metrics\":5}",
                                      .promoted = true,
                                      .duration_s = 60.5};
}

static void a_training_run_is_recorded_from_begin_to_end(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_training_run run = a_run();
    assert_ok(yaga_training_run_begin(store, &run, &err), &err);
    assert_text(store, "SELECT status FROM training_runs", "RUNNING");
    assert_text(store, "SELECT completed_at FROM training_runs", NULL);
    assert_ok(yaga_training_run_end(store, &run, &err), &err);
    assert_text(
        store,
        "SELECT run_id || batch_id || service_name || model_variant || started_at ||"
        " completed_at || status FROM training_runs",
        "train_0123456789ab01234567checkoutbaseline10000001000060COMPLETED");
    assert_text(store,
                "SELECT total_data_points || ' ' || training_start_date || ' ' ||"
                " training_end_date || ' ' || time_periods_trained FROM training_runs",
                "8640 900000 999000 5");
    assert_text(store,
                "SELECT validation_status || data_quality_report || model_metadata ||"
                " promoted || promoted_at || duration_seconds FROM training_runs",
                "WARNING{\"grade\":\"A\"}{\"metrics\":5}1100006060.5");
    assert_text(store, "SELECT error_message FROM training_runs", NULL);
    (void)yaga_store_close(store);
}

static void a_refused_run_can_be_promoted_against_the_verdict(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_training_run run = a_run();
    run.status = "FAILED";
    run.promoted = false;
    run.error_message = "3 of 5 periods failed";
    run.validation_details = "{\"verdict\":\"failed\",\"periods\":{}}";
    assert_int_equal(yaga_training_run_promoted(store, run.run_id, 7, true, &err),
                     YAGA_E_NO_DATA);
    assert_ok(yaga_training_run_begin(store, &run, &err), &err);
    assert_ok(yaga_training_run_end(store, &run, &err), &err);
    assert_ok(yaga_training_run_promoted(store, run.run_id, 7, true, &err), &err);
    assert_text(store,
                "SELECT promoted || ' ' || promoted_at || ' ' || status ||"
                " coalesce(error_message, '') FROM training_runs",
                "1 7 COMPLETED");
    assert_text(store, "SELECT validation_details FROM training_runs",
                "{\"verdict\":\"forced\",\"periods\":{}}");
    (void)yaga_store_close(store);
}

static void a_training_run_ends_once_and_may_begin_again(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_training_run run = a_run();
    run.promoted = false;
    run.status = "FAILED";
    run.error_message = "no data";
    assert_int_equal(yaga_training_run_end(store, &run, &err), YAGA_E_NO_DATA);
    assert_ok(yaga_training_run_begin(store, &run, &err), &err);
    assert_ok(yaga_training_run_end(store, &run, &err), &err);
    assert_text(store, "SELECT promoted_at FROM training_runs", NULL);
    assert_text(store, "SELECT error_message FROM training_runs", "no data");
    assert_int_equal(yaga_training_run_end(store, &run, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, "train_0123456789ab");
    assert_ok(yaga_training_run_begin(store, &run, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM training_runs"), 1);
    assert_text(store, "SELECT status FROM training_runs", "RUNNING");
    (void)yaga_store_close(store);
}

static void the_latest_training_run_of_a_variant_is_found(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_training_run_last last;
    struct yaga_names names;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_training_run run = a_run();
    assert_int_equal(
        yaga_training_run_latest(store, run.service, run.variant, &last, &err),
        YAGA_E_NO_DATA);
    assert_ok(yaga_training_run_begin(store, &run, &err), &err);
    assert_ok(yaga_training_run_end(store, &run, &err), &err);
    struct yaga_training_run next = a_run();
    (void)snprintf(next.run_id, sizeof next.run_id, "train_next");
    next.started_at_s += 86400;
    next.status = "FAILED";
    next.error_message = "no data";
    next.model_metadata = "{}";
    assert_ok(yaga_training_run_begin(store, &next, &err), &err);
    assert_ok(yaga_training_run_latest(store, run.service, run.variant, &last, &err),
              &err);
    assert_string_equal(last.status, "RUNNING");
    assert_null(last.model_metadata);
    assert_ok(yaga_training_run_end(store, &next, &err), &err);
    (void)snprintf(next.run_id, sizeof next.run_id, "train_other");
    next.service = "another";
    next.started_at_s += 86400;
    assert_ok(yaga_training_run_begin(store, &next, &err), &err);
    assert_ok(yaga_training_run_latest(store, run.service, run.variant, &last, &err),
              &err);
    assert_string_equal(last.run_id, "train_next");
    assert_string_equal(last.status, "FAILED");
    assert_string_equal(last.error_message, "no data");
    assert_string_equal(last.model_metadata, "{}");
    assert_int_equal(last.started_at_s, run.started_at_s + 86400);
    yaga_training_run_last_clear(&last);
    assert_ok(yaga_training_run_services(store, &names, &err), &err);
    assert_int_equal(names.n, 2);
    assert_string_equal(names.names[0], "another");
    yaga_names_clear(&names);
    (void)yaga_store_close(store);
}

static void looking_at_a_database_changes_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = NULL;
    const char *path = test_database_path();
    struct yaga_training_run run = a_run();
    assert_int_equal(yaga_state_look(path, &store, &err), YAGA_E_NO_DATA);
    assert_null(store);
    (void)yaga_store_close(test_state_open(path));
    assert_ok(yaga_state_look(path, &store, &err), &err);
    assert_int_not_equal(yaga_training_run_begin(store, &run, &err), YAGA_OK);
    (void)yaga_store_close(store);
    store = test_state_open(path);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM training_runs"), 0);
    (void)yaga_store_close(store);
}

static void abandoned_and_old_training_runs_are_tidied(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_training_run run = a_run();
    assert_ok(yaga_training_run_begin(store, &run, &err), &err);
    assert_ok(yaga_training_runs_tidy(store, 1000000 + 86400, 180, &err), &err);
    assert_text(store, "SELECT status FROM training_runs", "RUNNING");
    assert_ok(yaga_training_runs_tidy(store, 1000000 + 86401, 180, &err), &err);
    assert_text(store, "SELECT status || ' ' || error_message FROM training_runs",
                "FAILED abandoned");
    assert_ok(yaga_training_runs_tidy(store, 1000000 + 180 * 86400, 180, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM training_runs"), 1);
    assert_ok(yaga_training_runs_tidy(store, 1000001 + 180 * 86400, 180, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM training_runs"), 0);
    (void)yaga_store_close(store);
}

static void cycles_are_counted_and_the_clock_floor_is_kept(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    int64_t last_s = -1;
    struct yaga_cycle cycle = {.finished_at_s = 5010,
                               .status = "PARTIAL",
                               .n_services = 9,
                               .n_evaluated = 8,
                               .n_skipped = 1,
                               .n_anomalies = 4,
                               .n_confirmed = 3,
                               .n_closed = 2,
                               .n_sent = 5,
                               .duration_ms = 10250,
                               .error = "one service"};
    assert_ok(yaga_cycle_last_end(store, &last_s, &err), &err);
    assert_int_equal(last_s, 0);
    assert_ok(yaga_cycle_begin(store, 5000, &cycle.cycle_id, &err), &err);
    assert_ok(yaga_cycle_last_end(store, &last_s, &err), &err);
    assert_int_equal(last_s, 0);
    assert_ok(yaga_cycle_end(store, &cycle, &err), &err);
    assert_ok(yaga_cycle_last_end(store, &last_s, &err), &err);
    assert_int_equal(last_s, 5010);
    assert_text(
        store,
        "SELECT started_at || ' ' || status || ' ' || services || evaluated ||"
        " skipped || anomalies || confirmed || closed || sent || ' ' || duration_ms"
        " || ' ' || error FROM cycles",
        "5000 PARTIAL 9814325 10250 one service");
    cycle.cycle_id = 77;
    assert_int_equal(yaga_cycle_end(store, &cycle, &err), YAGA_E_NO_DATA);
    (void)yaga_store_close(store);
}

static void cycles_are_kept_for_thirty_days(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    int64_t first = 0;
    int64_t second = 0;
    assert_ok(yaga_cycle_begin(store, 5000, &first, &err), &err);
    assert_ok(yaga_cycles_tidy(store, 5000 + 30 * 86400, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM cycles"), 1);
    assert_ok(yaga_cycles_tidy(store, 5001 + 30 * 86400, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM cycles"), 0);
    assert_ok(yaga_cycle_begin(store, 6000, &second, &err), &err);
    assert_true(second > first); /* ids are never given out twice */
    (void)yaga_store_close(store);
}

static void the_state_of_a_service_is_replaced(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_service_state in = {1, 2, "evaluated", 0, 0};
    struct yaga_service_state out;
    assert_int_equal(yaga_service_state_get(store, "checkout", &out, &err),
                     YAGA_E_NO_DATA);
    assert_ok(yaga_service_state_put(store, "checkout", &in, &err), &err);
    in = (struct yaga_service_state){30, 20, "metrics_unavailable", 4, 30};
    assert_ok(yaga_service_state_put(store, "checkout", &in, &err), &err);
    assert_ok(yaga_service_state_get(store, "checkout", &out, &err), &err);
    assert_int_equal(out.last_attempt_s, 30);
    assert_int_equal(out.last_evaluated_s, 20);
    assert_string_equal(out.last_outcome, "metrics_unavailable");
    assert_int_equal(out.failures_in_row, 4);
    assert_int_equal(out.blind_announced_s, 30);
    (void)yaga_store_close(store);
}

static void the_last_sight_of_a_metric_never_goes_back(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    int64_t at_s = -1;
    assert_ok(yaga_last_seen_get(store, "checkout", "error_rate", &at_s, &err), &err);
    assert_int_equal(at_s, 0);
    assert_ok(yaga_last_seen_put(store, "checkout", "error_rate", 200, &err), &err);
    assert_ok(yaga_last_seen_put(store, "checkout", "error_rate", 100, &err), &err);
    assert_ok(yaga_last_seen_put(store, "checkout", "request_rate", 300, &err), &err);
    assert_ok(yaga_last_seen_get(store, "checkout", "error_rate", &at_s, &err), &err);
    assert_int_equal(at_s, 200);
    (void)yaga_store_close(store);
}

static void a_training_is_asked_for_once_a_day(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_retrain_list list;
    bool is_new = false;
    assert_ok(yaga_retrain_request(store, "cart", "drift", 1000, &is_new, &err), &err);
    assert_true(is_new);
    assert_ok(yaga_retrain_request(store, "cart", "more drift", 1100, &is_new, &err),
              &err);
    assert_false(is_new);
    assert_ok(yaga_retrain_request(store, "account", "stale", 900, &is_new, &err), &err);
    assert_ok(yaga_retrain_pending(store, &list, &err), &err);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0].service, "account");
    assert_string_equal(list.items[1].reason, "drift"); /* the first one stays */
    assert_int_equal(list.items[1].requested_at_s, 1000);
    yaga_retrain_list_clear(&list);

    assert_ok(yaga_retrain_handled(store, "cart", 2000, &err), &err);
    assert_ok(yaga_retrain_handled(store, "nobody", 2000, &err), &err);
    assert_ok(yaga_retrain_request(store, "cart", "drift", 2000 + 86399, &is_new, &err),
              &err);
    assert_false(is_new);
    assert_ok(yaga_retrain_pending(store, &list, &err), &err);
    assert_int_equal(list.n, 1);
    yaga_retrain_list_clear(&list);
    assert_ok(yaga_retrain_request(store, "cart", "again", 2000 + 86400, &is_new, &err),
              &err);
    assert_true(is_new);
    assert_ok(yaga_retrain_pending(store, &list, &err), &err);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[1].reason, "again");
    yaga_retrain_list_clear(&list);
    (void)yaga_store_close(store);
}

static void the_breaker_of_each_backend_is_remembered(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = test_state_open(test_database_path());
    struct yaga_breaker out = {9, 9};
    assert_ok(yaga_breaker_get(store, "http://vm:8428", &out, &err), &err);
    assert_int_equal(out.failures, 0);
    assert_int_equal(out.opened_at_s, 0);
    assert_ok(
        yaga_breaker_put(store, "http://vm:8428", (struct yaga_breaker){3, 0}, &err),
        &err);
    assert_ok(
        yaga_breaker_put(store, "http://vm:8428", (struct yaga_breaker){5, 777}, &err),
        &err);
    assert_ok(yaga_breaker_get(store, "http://vm:8428", &out, &err), &err);
    assert_int_equal(out.failures, 5);
    assert_int_equal(out.opened_at_s, 777);
    (void)yaga_store_close(store);
}

static void errors_do_not_need_a_place_to_be_told(void **state)
{
    (void)state;
    struct yaga_store *store = test_state_open(test_database_path());
    test_sql(store,
             "DROP TABLE cycles; DROP TABLE circuit_state; DROP TABLE training_runs");
    struct yaga_training_run run = a_run();
    struct yaga_cycle cycle = {.status = "OK"};
    struct yaga_breaker breaker;
    int64_t id = 0;
    assert_int_equal(yaga_cycle_begin(store, 1, &id, NULL), YAGA_E_STORE);
    assert_int_equal(yaga_cycle_end(store, &cycle, NULL), YAGA_E_STORE);
    assert_int_equal(yaga_cycle_last_end(store, &id, NULL), YAGA_E_STORE);
    assert_int_equal(yaga_cycles_tidy(store, 1, NULL), YAGA_E_STORE);
    assert_int_equal(yaga_breaker_get(store, "x", &breaker, NULL), YAGA_E_STORE);
    assert_int_equal(yaga_training_run_begin(store, &run, NULL), YAGA_E_STORE);
    assert_int_equal(yaga_training_run_end(store, &run, NULL), YAGA_E_STORE);
    assert_int_equal(yaga_training_runs_tidy(store, 1, 1, NULL), YAGA_E_STORE);
    (void)yaga_store_close(store);
}

static void exhausted_memory_leaves_no_store_behind(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = NULL;
    const char *path = test_database_path();
    for (size_t k = 1; store == NULL; k++) {
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_state_open(path, false, &store, &err);
        yaga_mem_fail_nth(0);
        assert_true(st == YAGA_OK || (st == YAGA_E_NOMEM && store == NULL));
    }
    (void)yaga_store_close(store);
}

struct seen {
    size_t n;
    struct yaga_score score[8];
};

static void take_score(void *context, const struct yaga_score *score)
{
    struct seen *seen = context;
    assert_true(seen->n < 8);
    seen->score[seen->n++] = *score;
}

static void scores_of_a_row_are_replaced_listed_in_order_and_forgotten(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_store *store = NULL;
    char path[300];
    (void)snprintf(path, sizeof path, "%s/scores.db", test_tmpdir());
    assert_ok(yaga_state_open(path, false, &store, &err), &err);
    const int64_t day = 86400;
    const struct yaga_score rows[] = {{2 * day, {1.0, (double)NAN, 3.0}},
                                      {2 * day, {1.5, 2.5, 0.0}},
                                      {1 * day, {0.1, 0.2, 0.3}},
                                      {50 * day, {4.0, 5.0, 6.0}}};
    for (size_t i = 0; i < 4; i++)
        assert_ok(yaga_score_put(store, "cart", &rows[i], &err), &err);
    assert_ok(yaga_score_put(store, "other", &rows[0], &err), &err);
    struct seen seen = {.n = 0};
    assert_ok(yaga_scores_each(store, "cart", day, 50 * day, take_score, &seen, &err),
              &err);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.score[0].at_s, day);
    assert_near(seen.score[1].channel[YAGA_CHANNEL_SLOW], 2.5, 0);
    seen.n = 0;
    assert_ok(yaga_scores_each(store, "other", 0, 100 * day, take_score, &seen, &err),
              &err);
    assert_true(seen.n == 1 && isnan(seen.score[0].channel[YAGA_CHANNEL_SLOW]));
    assert_ok(yaga_scores_tidy(store, 42 * day + 1, &err), &err);
    seen.n = 0;
    assert_ok(yaga_scores_each(store, "cart", 0, 100 * day, take_score, &seen, &err),
              &err);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.score[0].at_s, 50 * day);
    store = yaga_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_of_a_row_are_replaced_listed_in_order_and_forgotten),
        cmocka_unit_test(a_new_file_gets_the_whole_schema),
        cmocka_unit_test(reopening_keeps_what_is_there),
        cmocka_unit_test(a_newer_database_is_refused_untouched),
        cmocka_unit_test(a_newer_copy_without_wal_is_refused_untouched),
        cmocka_unit_test(the_predecessors_file_is_refused_untouched),
        cmocka_unit_test(garbage_is_refused_untouched),
        cmocka_unit_test(an_empty_file_becomes_a_state_database),
        cmocka_unit_test(a_file_that_never_had_a_table_becomes_a_state_database),
        cmocka_unit_test(an_older_database_is_copied_and_upgraded),
        cmocka_unit_test(a_failing_upgrade_changes_nothing),
        cmocka_unit_test(deliveries_of_version_2_become_rows_of_the_files),
        cmocka_unit_test(a_step_back_of_the_clock_is_counted_once),
        cmocka_unit_test(version_10_knows_when_its_last_cycle_was),
        cmocka_unit_test(a_new_database_can_shrink_and_an_older_one_after_its_upgrade),
        cmocka_unit_test(the_schema_refuses_what_no_program_may_write),
        cmocka_unit_test(closed_incidents_make_room_for_the_next_one),
        cmocka_unit_test(a_training_run_is_recorded_from_begin_to_end),
        cmocka_unit_test(a_refused_run_can_be_promoted_against_the_verdict),
        cmocka_unit_test(a_training_run_ends_once_and_may_begin_again),
        cmocka_unit_test(the_latest_training_run_of_a_variant_is_found),
        cmocka_unit_test(looking_at_a_database_changes_nothing),
        cmocka_unit_test(abandoned_and_old_training_runs_are_tidied),
        cmocka_unit_test(cycles_are_counted_and_the_clock_floor_is_kept),
        cmocka_unit_test(cycles_are_kept_for_thirty_days),
        cmocka_unit_test(the_state_of_a_service_is_replaced),
        cmocka_unit_test(the_last_sight_of_a_metric_never_goes_back),
        cmocka_unit_test(a_training_is_asked_for_once_a_day),
        cmocka_unit_test(the_breaker_of_each_backend_is_remembered),
        cmocka_unit_test(errors_do_not_need_a_place_to_be_told),
        cmocka_unit_test(exhausted_memory_leaves_no_store_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
