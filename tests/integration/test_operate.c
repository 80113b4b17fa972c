/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people do with the state between cycles. */
#include "assert.h"

#include <stdio.h>

#include "yaga/io/json.h"
#include "yaga/pipeline/operate.h"
#include "yaga/state/state.h"

enum { NOW = 1772460000, HOUR = 3600, DAY = 86400 };

static const char *fresh_path(void)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/state.db", test_tmpdir());
    return path;
}

static struct yaga_store *open_state(const char *path)
{
    struct yaga_error err;
    struct yaga_store *store = NULL;
    assert_ok(yaga_state_open(path, false, &store, &err), &err);
    return store;
}

static void exec_ok(struct yaga_store *store, const char *sql)
{
    struct yaga_error err;
    assert_ok(yaga_store_exec(store, sql, &err), &err);
}

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
    exec_ok(store, sql);
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
    exec_ok(store, sql);
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
    struct yaga_store *store = open_state(fresh_path());
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_are_documents_that_announce_or_tell_of_a_return),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
