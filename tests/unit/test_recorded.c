/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a cycle had found is kept as it was, and is found again elsewhere. */
#include "assert.h"

#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/state/state.h"

enum { T0 = 1772460000, CYCLE = 7 };

static struct yaga_error err;

static struct yaga_store *open_new(const char *name, char path[256])
{
    struct yaga_store *store = NULL;
    (void)snprintf(path, 256, "%s/%s", test_tmpdir(), name);
    assert_ok(yaga_state_open(path, false, &store, &err), &err);
    return store;
}

static void run(struct yaga_store *store, const char *sql)
{
    assert_ok(yaga_store_exec(store, sql, &err), &err);
}

static double ask(struct yaga_store *store, const char *sql)
{
    struct yaga_query *q = yaga_query(store, sql, &err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &err), &err);
    double value = yaga_column_double(q, 0);
    yaga_query_reset(q);
    return value;
}

/* The score has no short decimal form: no digit may be lost. */
static void fill(struct yaga_store *store)
{
    run(store,
        "INSERT INTO incidents (incident_id, fingerprint_id, service, anomaly_name,"
        " pattern_name, status, severity, peak_severity, first_seen, last_seen, score)"
        " VALUES ('active', 'f1', 's', 'a', 'a', 'OPEN', 'high', 'high', 1772450000,"
        " 1772459880, 1.0 / 3), ('old', 'f2', 's', 'a', 'a', 'SUSPECTED', 'high', 'high',"
        " 1772300000, 1772300000, 0);"
        "UPDATE incidents SET status = 'CLOSED', resolution_reason = 'resolved',"
        " resolved_at = 1772300600 WHERE incident_id = 'old';"
        "INSERT INTO metric_last_seen VALUES ('s', 'm', 1772459700);"
        "INSERT INTO error_budgets VALUES ('s', 1772459000, 1e6 / 7, 2e3 / 7, 800);"
        "INSERT INTO incident_marks VALUES ('x', 'f1', 's', 'a', 1, 2, 'false', NULL,"
        " 1772459000), ('y', 'f1', 's', 'a', 1, 2, 'false', NULL, 1772470000);");
}

static void what_was_found_is_restored_to_the_last_digit(void **state)
{
    (void)state;
    char path[256];
    char other[256];
    YAGA_AUTO(yaga_store) store = open_new("state.db", path);
    YAGA_AUTO(yaga_store) again = open_new("again.db", other);
    YAGA_AUTO_MEM(char) text = NULL;
    int64_t id = 0;
    fill(store);
    assert_ok(yaga_recorded_look(store, T0 - 3600, &err), &err);
    run(store, "UPDATE incidents SET score = 9, last_seen = last_seen + 120;"
               "DELETE FROM error_budgets; UPDATE metric_last_seen SET at = at + 300;");
    assert_ok(yaga_recorded_put(store, CYCLE, T0, "{\"at\":1}", &err), &err);
    assert_ok(yaga_recorded_get(store, CYCLE, &text, &err), &err);
    assert_string_equal(text, "{\"at\":1}");
    assert_ok(yaga_recorded_restore(again, path, CYCLE, T0, T0 - 120, &err), &err);
    assert_near(ask(again, "SELECT count(*) FROM incidents"), 1, 0);
    assert_near(ask(again, "SELECT score FROM incidents"), 1.0 / 3, 0);
    assert_near(ask(again, "SELECT last_seen FROM incidents"), T0 - 120, 0);
    assert_near(ask(again, "SELECT requests FROM error_budgets"), 1e6 / 7, 0);
    assert_near(ask(again, "SELECT at FROM metric_last_seen"), T0 - 300, 0);
    assert_near(ask(again, "SELECT count(*) FROM incident_marks"), 1, 0);
    assert_ok(yaga_cycle_begin(again, T0, &id, &err), &err);
    assert_int_equal(id, CYCLE);
    assert_ok(yaga_cycle_last_end(again, &id, &err), &err);
    assert_int_equal(id, T0 - 120);
}

static void another_look_forgets_the_one_before(void **state)
{
    (void)state;
    char path[256];
    YAGA_AUTO(yaga_store) store = open_new("twice.db", path);
    fill(store);
    assert_ok(yaga_recorded_look(store, T0 - 3600, &err), &err);
    assert_ok(yaga_recorded_look(store, T0 - 3600, &err), &err);
    assert_ok(yaga_recorded_put(store, CYCLE, T0, "{}", &err), &err);
    assert_near(ask(store, "SELECT count(*) FROM recorded_incidents"), 1, 0);
    assert_near(ask(store, "SELECT count(*) FROM recorded_seen"), 1, 0);
}

static void records_go_with_their_time(void **state)
{
    (void)state;
    char path[256];
    YAGA_AUTO(yaga_store) store = open_new("tidy.db", path);
    char *text = NULL;
    fill(store);
    assert_ok(yaga_recorded_look(store, T0 - 3600, &err), &err);
    assert_ok(yaga_recorded_put(store, CYCLE, T0, "{}", &err), &err);
    assert_ok(yaga_recorded_tidy(store, T0, &err), &err);
    assert_ok(yaga_recorded_get(store, CYCLE, &text, &err), &err);
    yaga_free(text);
    assert_ok(yaga_recorded_tidy(store, T0 + 1, &err), &err);
    assert_int_equal(yaga_recorded_get(store, CYCLE, &text, &err), YAGA_E_NO_DATA);
    assert_null(text);
    assert_near(ask(store, "SELECT (SELECT count(*) FROM recorded_incidents)"
                           " + (SELECT count(*) FROM recorded_seen)"
                           " + (SELECT count(*) FROM recorded_budgets)"),
                0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_found_is_restored_to_the_last_digit),
        cmocka_unit_test(another_look_forgets_the_one_before),
        cmocka_unit_test(records_go_with_their_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
