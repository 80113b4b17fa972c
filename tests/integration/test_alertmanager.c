/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an Alertmanager is told while incidents live: stubs that keep the last request. */
#include "assert.h"

#include <stdio.h>
#include <string.h>

#include "stub_server.h"
#include "yaga/base/civil.h"
#include "yaga/deliver/deliver.h"
#include "yaga/incident/incident.h"
#include "yaga/io/file.h"
#include "yaga/state/state.h"

enum { T0 = 1772460360 /* 2026-03-02T14:06:00Z */, INTERVAL_S = 120 };

struct fixture {
    struct yaga_store *store;
    struct yaga_sinks *sinks;
    struct yaga_deliver_params params;
    struct stub_server *servers[2];
    const char *urls[2];
    struct yaga_incident_params incident;
    struct yaga_error err;
    struct yaga_delivery_counts counts;
    char dir[160];
    int64_t now_s;
    int64_t step;
};

static void open_sinks(struct fixture *f)
{
    f->sinks = yaga_sinks_free(f->sinks);
    assert_ok(yaga_sinks_new(&f->params, false, &f->sinks, &f->err), &f->err);
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.now_s = T0};
    char path[160];
    (void)snprintf(path, sizeof path, "%s/state.db", test_tmpdir());
    (void)snprintf(f.dir, sizeof f.dir, "%s/alerts", test_tmpdir());
    assert_ok(yaga_state_open(path, false, &f.store, &f.err), &f.err);
    for (size_t i = 0; i < 2; i++) {
        f.servers[i] = stub_server_start();
        f.urls[i] = stub_server_url(f.servers[i]);
    }
    stub_server_add(f.servers[0], &(struct stub_response){.status = 200});
    stub_server_add(f.servers[1], &(struct stub_response){.status = 200});
    yaga_incident_params_init(&f.incident);
    f.incident.confirmation_cycles = 1;
    f.params = (struct yaga_deliver_params){.alerts_dir = f.dir,
                                            .user_agent = "yaga-infer/9",
                                            .max_rows = 1000,
                                            .interval_s = INTERVAL_S,
                                            .alertmanager = {.urls = f.urls,
                                                             .n_urls = 1,
                                                             .token_file = "",
                                                             .ca_file = "",
                                                             .timeout_ms = 2000,
                                                             .retry_wait_s = 0.001}};
    open_sinks(&f);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->sinks = yaga_sinks_free(f->sinks);
    f->store = yaga_store_close(f->store);
    stub_server_stop(f->servers[0]);
    stub_server_stop(f->servers[1]);
    return 0;
}

/* A cycle of the service shop: the anomaly is there with this name and severity (NULL: it
 * is not), what is open is announced. */
static void
cycle(struct fixture *f, const char *name, enum yaga_severity severity, bool announce)
{
    struct yaga_anomaly anomaly = {
        .root_metric = -1, .severity = severity, .confidence = 0.83};
    if (name != NULL) {
        (void)snprintf(anomaly.name, sizeof anomaly.name, "%s", name);
        (void)snprintf(anomaly.pattern_name, sizeof anomaly.pattern_name, "%.*s",
                       (int)strcspn(name, ":"), name);
        (void)snprintf(anomaly.description, sizeof anomaly.description,
                       "latency is \"287\" ms");
    }
    struct yaga_observation o = {.service = "shop",
                                 .period = "business_hours",
                                 .detected_at_s = f->now_s,
                                 .step = f->step++,
                                 .anomalies = &anomaly,
                                 .n_anomalies = name != NULL};
    struct yaga_incident_changes changes = {.n = 0};
    assert_ok(yaga_store_begin(f->store, &f->err), &f->err);
    assert_ok(yaga_incidents_apply(f->store, &f->incident, &o, &changes, &f->err),
              &f->err);
    for (size_t i = 0; i < changes.n; i++) {
        if (announce && changes.items[i].incident.status == YAGA_OPEN)
            assert_ok(yaga_incident_announced(f->store,
                                              changes.items[i].incident.incident_id,
                                              f->now_s, 1, &f->err),
                      &f->err);
    }
    assert_ok(yaga_store_commit(f->store, &f->err), &f->err);
    yaga_incident_changes_clear(&changes);
}

static const struct yaga_sink_report *deliver(struct fixture *f)
{
    size_t n = 0;
    struct yaga_delivery_time when = {.clock_s = f->now_s,
                                      .now_s = f->now_s + 45,
                                      .deadline_ms = yaga_clock_monotonic_ms() + 20000};
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    return &yaga_sinks_reports(f->sinks, &n)[1];
}

/* The alerts of the newest request, parsed; the caller frees. */
static struct yaga_json *told(struct fixture *f, size_t server)
{
    size_t n = stub_server_count(f->servers[server]);
    struct yaga_json *list = NULL;
    assert_true(n > 0);
    const struct stub_request *request = stub_server_request(f->servers[server], n - 1);
    assert_string_equal(request->path, "/api/v2/alerts");
    assert_ok(
        yaga_json_parse(request->form, strlen(request->form), 1 << 20, &list, &f->err),
        &f->err);
    return list;
}

static const char *label(const struct yaga_json *alert, const char *name)
{
    return yaga_json_get_string(yaga_json_get(alert, "labels"), name);
}

static const char *annotation(const struct yaga_json *alert, const char *name)
{
    return yaga_json_get_string(yaga_json_get(alert, "annotations"), name);
}

static void assert_time(const struct yaga_json *alert, const char *key, int64_t at_s)
{
    char text[YAGA_TIME_TEXT_MAX];
    assert_string_equal(yaga_json_get_string(alert, key), yaga_time_text(at_s, text));
}

static void an_announced_incident_fires_until_four_intervals_from_now(void **state)
{
    struct fixture *f = *state;
    cycle(f, "latency_high", YAGA_SEVERITY_HIGH, true);
    assert_int_equal(deliver(f)->sent, 1);
    YAGA_AUTO(yaga_json) list = told(f, 0);
    assert_int_equal(yaga_json_size(list), 1);
    const struct yaga_json *alert = yaga_json_at(list, 0);
    assert_string_equal(label(alert, "alertname"), "latency_high");
    assert_string_equal(label(alert, "service"), "shop");
    assert_string_equal(label(alert, "severity"), "high");
    assert_string_equal(label(alert, "pattern"), "latency_high");
    assert_string_equal(label(alert, "root_cause"), "shop");
    char fingerprint[YAGA_FINGERPRINT_MAX];
    yaga_fingerprint("shop", "latency_high", fingerprint);
    assert_string_equal(label(alert, "fingerprint"), fingerprint);
    assert_string_equal(annotation(alert, "summary"), "shop: latency is \"287\" ms");
    assert_string_equal(annotation(alert, "confidence"), "0.83");
    assert_non_null(annotation(alert, "incident_id"));
    assert_time(alert, "startsAt", T0);
    assert_time(alert, "endsAt", T0 + 45 + 4 * INTERVAL_S);
    f->now_s += INTERVAL_S; /* it recovers: that is not yet an end */
    cycle(f, NULL, YAGA_SEVERITY_NONE, true);
    assert_int_equal(deliver(f)->sent, 1);
    YAGA_AUTO(yaga_json) again = told(f, 0);
    assert_time(yaga_json_at(again, 0), "startsAt", T0);
    assert_time(yaga_json_at(again, 0), "endsAt", f->now_s + 45 + 4 * INTERVAL_S);
}

static void what_was_not_announced_does_not_fire(void **state)
{
    struct fixture *f = *state;
    cycle(f, "latency_high", YAGA_SEVERITY_LOW, false);
    const struct yaga_sink_report *report = deliver(f);
    assert_int_equal(report->sent, 0);
    assert_false(report->failed);
    assert_int_equal(stub_server_count(f->servers[0]), 0);
}

static void the_end_is_told_for_five_minutes(void **state)
{
    struct fixture *f = *state;
    f->incident.resolution_grace_cycles = 1;
    cycle(f, "latency_high", YAGA_SEVERITY_HIGH, true);
    (void)deliver(f);
    f->now_s += INTERVAL_S;
    cycle(f, NULL, YAGA_SEVERITY_NONE, true);
    int64_t end_s = f->now_s + 45;
    for (int i = 0; i < 3; i++) { /* at 0, 2 and 4 minutes */
        assert_int_equal(deliver(f)->sent, 1);
        YAGA_AUTO(yaga_json) list = told(f, 0);
        assert_time(yaga_json_at(list, 0), "startsAt", T0);
        assert_time(yaga_json_at(list, 0), "endsAt", end_s);
        f->now_s += INTERVAL_S;
    }
    assert_int_equal(deliver(f)->sent, 0);
    assert_int_equal(stub_server_count(f->servers[0]), 4);
    cycle(f, "latency_high", YAGA_SEVERITY_HIGH, true); /* back under the same labels */
    (void)deliver(f);
    YAGA_AUTO(yaga_json) back = told(f, 0);
    assert_int_equal(yaga_json_size(back), 1);
    assert_time(yaga_json_at(back, 0), "endsAt", f->now_s + 45 + 4 * INTERVAL_S);
}

/* To Alertmanager another severity is another alert: the old one must end. */
static void other_labels_end_the_labels_before(void **state)
{
    struct fixture *f = *state;
    cycle(f, "cascade", YAGA_SEVERITY_HIGH, true);
    (void)deliver(f);
    f->now_s += INTERVAL_S;
    cycle(f, "cascade", YAGA_SEVERITY_CRITICAL, true);
    (void)deliver(f);
    YAGA_AUTO(yaga_json) list = told(f, 0);
    assert_int_equal(yaga_json_size(list), 2);
    assert_string_equal(label(yaga_json_at(list, 0), "severity"), "critical");
    assert_time(yaga_json_at(list, 0), "startsAt", f->now_s + 45);
    assert_time(yaga_json_at(list, 0), "endsAt", f->now_s + 45 + 4 * INTERVAL_S);
    assert_string_equal(label(yaga_json_at(list, 1), "severity"), "high");
    assert_time(yaga_json_at(list, 1), "startsAt", T0);
    assert_time(yaga_json_at(list, 1), "endsAt", f->now_s + 45);
    f->now_s += INTERVAL_S;
    cycle(f, "cascade:stock", YAGA_SEVERITY_CRITICAL, true);
    (void)deliver(f);
    YAGA_AUTO(yaga_json) cause = told(f, 0);
    assert_int_equal(yaga_json_size(cause), 3);
    assert_string_equal(label(yaga_json_at(cause, 0), "root_cause"), "stock");
    assert_string_equal(label(yaga_json_at(cause, 0), "alertname"), "cascade");
    assert_string_equal(label(yaga_json_at(cause, 1), "root_cause"), "shop");
    f->now_s += INTERVAL_S; /* and back again: fires from now on */
    cycle(f, "cascade", YAGA_SEVERITY_CRITICAL, true);
    (void)deliver(f);
    YAGA_AUTO(yaga_json) back = told(f, 0);
    assert_string_equal(label(yaga_json_at(back, 0), "root_cause"), "shop");
    assert_time(yaga_json_at(back, 0), "startsAt", f->now_s + 45);
}

static void each_of_several_is_told_even_when_another_is_dead(void **state)
{
    struct fixture *f = *state;
    size_t n = 0;
    f->params.alertmanager.n_urls = 2;
    open_sinks(f);
    stub_server_stop(f->servers[0]);
    f->servers[0] = NULL;
    for (int i = 1; i <= 3; i++) {
        cycle(f, "latency_high", YAGA_SEVERITY_HIGH, true);
        (void)deliver(f);
        const struct yaga_sink_report *reports = yaga_sinks_reports(f->sinks, &n);
        assert_int_equal(n, 3);
        assert_true(reports[1].failed);
        assert_non_null(strstr(reports[1].sink, "alertmanager:http://127.0.0.1:"));
        assert_false(reports[2].failed);
        assert_int_equal(reports[2].sent, 1);
        assert_int_equal(f->counts.pending, 0); /* nothing is piled up for it */
        assert_int_equal(stub_server_count(f->servers[1]), i);
        f->now_s += INTERVAL_S;
    }
}

static void the_token_is_sent_to_all(void **state)
{
    struct fixture *f = *state;
    char token[256];
    (void)snprintf(token, sizeof token, "%s/token", f->dir);
    assert_ok(yaga_file_write_atomic(token, "abc\n", 4, &f->err), &f->err);
    f->params.alertmanager.token_file = token;
    f->params.alertmanager.n_urls = 2;
    open_sinks(f);
    cycle(f, "latency_high", YAGA_SEVERITY_HIGH, true);
    (void)deliver(f);
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(stub_server_request(f->servers[i], 0)->headers,
                               "Authorization: Bearer abc\r\n"));
}

static void leftovers_are_nothing_to_an_alertmanager(void **state)
{
    struct fixture *f = *state;
    cycle(f, "latency_high", YAGA_SEVERITY_HIGH, true);
    struct yaga_delivery_time when = {
        .clock_s = f->now_s, .now_s = f->now_s, .leftovers = true};
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    assert_int_equal(stub_server_count(f->servers[0]), 0);
}

static void many_alerts_go_in_several_requests(void **state)
{
    struct fixture *f = *state;
    assert_ok(yaga_store_exec(
                  f->store,
                  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                  " WHERE i < 1100) INSERT INTO incidents (incident_id, fingerprint_id,"
                  " service, anomaly_name, pattern_name, status, severity, peak_severity,"
                  " first_seen, last_seen, announced_at) SELECT 'i' || i, 'f' || i, 's',"
                  " 'a', 'a', 'OPEN', 'low', 'low', 1, 1, 1 FROM n",
                  &f->err),
              &f->err);
    assert_int_equal(deliver(f)->sent, 1100);
    assert_int_equal(stub_server_count(f->servers[0]), 3);
    YAGA_AUTO(yaga_json) list = told(f, 0);
    assert_int_equal(yaga_json_size(list), 100);
}

#define with_stubs(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_stubs(an_announced_incident_fires_until_four_intervals_from_now),
        with_stubs(what_was_not_announced_does_not_fire),
        with_stubs(the_end_is_told_for_five_minutes),
        with_stubs(other_labels_end_the_labels_before),
        with_stubs(each_of_several_is_told_even_when_another_is_dead),
        with_stubs(the_token_is_sent_to_all),
        with_stubs(leftovers_are_nothing_to_an_alertmanager),
        with_stubs(many_alerts_go_in_several_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
