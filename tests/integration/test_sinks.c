/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A consumer over HTTP that is away, slow, or takes offence: what arrives, in which
 * order. */
#include "assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shop.h"
#include "stub_server.h"
#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/deliver/deliver.h"
#include "yaga/io/file.h"
#include "yaga/state/state.h"

enum { T0 = 1772460360 /* 2026-03-02T14:06:00Z */, CYCLE_S = 120, TAKEN_MAX = 4096 };

/* The consumer: what it took, as "alert shop i1! i2" (! first announcement, ^ return). */
struct consumer {
    struct stub_response answer; /* to everything, unless ... */
    const char *poison;          /* ... this stands in the body: 422 */
    char *taken[TAKEN_MAX];
    size_t n_taken;
    size_t n_requests, largest;
};

struct fixture {
    struct yaga_store *store;
    struct yaga_sinks *sinks;
    struct yaga_deliver_params params;
    struct stub_server *server;
    struct consumer consumer;
    struct yaga_delivery_counts counts;
    struct yaga_error err;
    char dir[160];
    int64_t now_s;
};

static bool flag(const struct yaga_json *object, const char *key)
{
    bool value = false;
    return yaga_json_bool(yaga_json_get(object, key), &value) && value;
}

static size_t name_to(char *text, size_t size, const char *sign, const struct yaga_json *a)
{
    return (size_t)snprintf(text, size, " %s%s%s%s", sign,
                            yaga_json_get_string(a, "incident_id"),
                            flag(a, "newly_confirmed") ? "!" : "",
                            flag(a, "reopened") ? "^" : "");
}

static void take(struct consumer *c, const struct yaga_json *document)
{
    char text[512];
    const struct yaga_json *anomalies = yaga_json_get(document, "anomalies");
    size_t n = (size_t)snprintf(text, sizeof text, "%s %s",
                                anomalies != NULL ? "alert" : "resolution",
                                yaga_json_get_string(document, "service_name"));
    for (size_t i = 0; i < yaga_json_size(anomalies); i++) {
        const struct yaga_json *a = yaga_json_at(anomalies, i);
        const struct yaga_json *with = yaga_json_get(yaga_json_get(a, "correlation"),
                                                     "contributing_anomalies");
        n += name_to(text + n, sizeof text - n, "", a);
        for (size_t k = 0; k < yaga_json_size(with); k++)
            n += name_to(text + n, sizeof text - n, "+", yaga_json_at(with, k));
    }
    if (anomalies == NULL)
        (void)snprintf(text + n, sizeof text - n, " %s",
                       yaga_json_get_string(document, "incident_id"));
    assert_true(c->n_taken < TAKEN_MAX);
    c->taken[c->n_taken++] = strdup(text);
}

static bool
answer(void *context, const struct stub_request *request, struct stub_response *response)
{
    struct consumer *c = context;
    struct yaga_json *body = NULL;
    *response = c->answer;
    c->n_requests++;
    if (c->poison != NULL && strstr(request->form, c->poison) != NULL)
        *response = (struct stub_response){.status = 422, .body = "no such thing"};
    if (response->status != 200)
        return true;
    if (yaga_json_parse(request->form, strlen(request->form), 8 << 20, &body, NULL) !=
        YAGA_OK)
        abort();
    const struct yaga_json *list = body;
    if (yaga_json_get(body, "alerts") != NULL)
        list = yaga_json_get(body, "alerts");
    if (yaga_json_get(body, "resolutions") != NULL)
        list = yaga_json_get(body, "resolutions");
    if (yaga_json_size(list) > c->largest)
        c->largest = yaga_json_size(list);
    for (size_t i = 0; i < yaga_json_size(list); i++)
        take(c, yaga_json_at(list, i));
    (void)yaga_json_free(body);
    return true;
}

static void open_sinks(struct fixture *f)
{
    f->sinks = yaga_sinks_free(f->sinks);
    assert_ok(yaga_sinks_new(&f->params, false, &f->sinks, &f->err), &f->err);
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.now_s = T0, .consumer.answer.status = 200};
    char path[160];
    (void)snprintf(path, sizeof path, "%s/state.db", test_tmpdir());
    (void)snprintf(f.dir, sizeof f.dir, "%s/alerts", test_tmpdir());
    assert_ok(yaga_state_open(path, false, &f.store, &f.err), &f.err);
    f.server = stub_server_start();
    stub_server_set_handler(f.server, answer, &f.consumer);
    f.params = (struct yaga_deliver_params){.alerts_dir = f.dir,
                                            .instance = "test",
                                            .user_agent = "yaga-infer/9",
                                            .max_rows = 1000,
                                            .api = {.enabled = true,
                                                    .base_url = stub_server_url(f.server),
                                                    .anomalies_path = "/a",
                                                    .resolutions_path = "/r",
                                                    .token_file = "",
                                                    .ca_file = "",
                                                    .timeout_ms = 2000,
                                                    .retry_wait_s = 0.001,
                                                    .max_batch_items = 100}};
    open_sinks(&f);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stub_server_stop(f->server);
    f->sinks = yaga_sinks_free(f->sinks);
    f->store = yaga_store_close(f->store);
    for (size_t i = 0; i < f->consumer.n_taken; i++)
        free(f->consumer.taken[i]);
    return 0;
}

static void add_contributor(struct yaga_json *anomaly, struct yaga_json *contributor)
{
    struct yaga_json *correlation = yaga_json_get(anomaly, "correlation");
    if (correlation == NULL) {
        correlation = yaga_json_object_new();
        yaga_json_set(correlation, "contributing_anomalies", yaga_json_array_new());
        yaga_json_set(anomaly, "correlation", correlation);
    }
    yaga_json_push(yaga_json_get(correlation, "contributing_anomalies"), contributor);
}

/* An alert about "i1! i2^ +i3": first announcement of i1, return of i2, told with i3. */
static void put_alert(struct fixture *f, const char *service, const char *incidents)
{
    char ids[256] = "[";
    char copy[128];
    char id[64];
    YAGA_AUTO(yaga_json) document = yaga_json_object_new();
    struct yaga_json *anomalies = yaga_json_object_new();
    struct yaga_json *primary = NULL;
    yaga_json_set_string(document, "service_name", service);
    yaga_json_set(document, "anomalies", anomalies);
    (void)snprintf(copy, sizeof copy, "%s", incidents);
    for (char *save = NULL, *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        struct yaga_json *anomaly = yaga_json_object_new();
        bool first = strchr(word, '!') != NULL;
        bool back = strchr(word, '^') != NULL;
        bool with = word[0] == '+';
        word += with;
        word[strcspn(word, "!^")] = '\0';
        if (with) {
            add_contributor(primary, anomaly);
        } else {
            yaga_json_set(anomalies, word, anomaly);
            primary = anomaly;
        }
        yaga_json_set_string(anomaly, "incident_id", word);
        yaga_json_set_bool(anomaly, "newly_confirmed", first);
        if (back)
            yaga_json_set_bool(anomaly, "reopened", true);
        size_t n = strlen(ids);
        (void)snprintf(ids + n, sizeof ids - n, "%s\"%s\"", n > 1 ? "," : "", word);
    }
    (void)strcat(ids, "]");
    static int number;
    (void)snprintf(id, sizeof id, "%s_%d", service, number++);
    assert_ok(yaga_outbox_put(f->store, f->sinks, "alert", service, 1, ids, id, document,
                              f->now_s, &f->err),
              &f->err);
}

static void put_resolution(struct fixture *f, const char *service, const char *incident)
{
    char ids[64];
    char id[64];
    YAGA_AUTO(yaga_json) document = yaga_json_object_new();
    yaga_json_set_string(document, "service_name", service);
    yaga_json_set_string(document, "incident_id", incident);
    (void)snprintf(ids, sizeof ids, "[\"%s\"]", incident);
    static int number;
    (void)snprintf(id, sizeof id, "%s_r%d", service, number++);
    assert_ok(yaga_outbox_put(f->store, f->sinks, "resolution", service, 1, ids, id,
                              document, f->now_s, &f->err),
              &f->err);
}

static const struct yaga_sink_report *deliver_within(struct fixture *f, int64_t ms)
{
    size_t n = 0;
    struct yaga_delivery_time when = {.clock_s = f->now_s,
                                      .deadline_ms = yaga_clock_monotonic_ms() + ms};
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    const struct yaga_sink_report *reports = yaga_sinks_reports(f->sinks, &n);
    return &reports[n - 1];
}

static const struct yaga_sink_report *deliver(struct fixture *f)
{
    return deliver_within(f, 20000);
}

/* Everything taken, a line each. */
static void assert_taken(struct fixture *f, const char *want)
{
    char text[8192] = "";
    for (size_t i = 0; i < f->consumer.n_taken; i++) {
        size_t n = strlen(text);
        (void)snprintf(text + n, sizeof text - n, "%s\n", f->consumer.taken[i]);
    }
    assert_string_equal(text, want);
}

static int64_t number(struct fixture *f, const char *sql)
{
    struct yaga_query *q = yaga_query(f->store, sql, &f->err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &f->err), &f->err);
    int64_t value = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return value;
}

static void documents_arrive_with_who_sent_them(void **state)
{
    struct fixture *f = *state;
    char token[256];
    (void)snprintf(token, sizeof token, "%s/token", f->dir);
    assert_ok(yaga_file_write_atomic(token, "s3cret\n", 7, &f->err), &f->err);
    f->params.api.token_file = token;
    open_sinks(f);
    put_alert(f, "shop", "i1!");
    put_alert(f, "cart", "i2!");
    put_resolution(f, "shop", "i1");
    const struct yaga_sink_report *report = deliver(f);
    assert_string_equal(report->sink, "http_api");
    assert_int_equal(report->sent, 3);
    assert_false(report->failed);
    assert_int_equal(f->counts.pending, 0);
    assert_taken(f, "alert shop i1!\nalert cart i2!\nresolution shop i1\n");
    assert_int_equal(stub_server_count(f->server), 2);
    const struct stub_request *alerts = stub_server_request(f->server, 0);
    assert_string_equal(alerts->method, "POST");
    assert_string_equal(alerts->path, "/a");
    assert_int_equal(alerts->form[0], '[');
    assert_non_null(strstr(alerts->headers, "Authorization: Bearer s3cret\r\n"));
    assert_non_null(strstr(alerts->headers, "Idempotency-Key: test-1-2\r\n"));
    assert_non_null(strstr(alerts->headers, "X-Yaga-Schema: 3.0\r\n"));
    assert_non_null(strstr(alerts->headers, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(alerts->headers, "User-Agent: yaga-infer/9\r\n"));
    assert_string_equal(stub_server_request(f->server, 1)->path, "/r");
    assert_int_equal(number(f, "SELECT succeeded_at FROM sink_state"), T0);
}

static void an_envelope_names_what_it_holds(void **state)
{
    struct fixture *f = *state;
    f->params.api.envelope = true;
    open_sinks(f);
    put_alert(f, "shop", "i1!");
    put_resolution(f, "shop", "i1");
    (void)deliver(f);
    assert_taken(f, "alert shop i1!\nresolution shop i1\n");
    const char *first = stub_server_request(f->server, 0)->form;
    assert_int_equal(strncmp(first, "{\"alerts\":[{", 12), 0);
    assert_non_null(strstr(first, "],\"schema_version\":\"3.0\"}"));
    assert_int_equal(
        strncmp(stub_server_request(f->server, 1)->form, "{\"resolutions\":[{", 17), 0);
}

/* A token file that is not there must not become a request without a token. */
static void a_missing_token_file_is_named(void **state)
{
    struct fixture *f = *state;
    f->params.api.token_file = "/nowhere/token";
    open_sinks(f);
    put_alert(f, "shop", "i1!");
    const struct yaga_sink_report *report = deliver(f);
    assert_true(report->failed);
    assert_non_null(strstr(report->error, "/nowhere/token"));
    assert_int_equal(report->pending, 1);
    assert_int_equal(f->counts.sent, 1); /* the file */
    assert_int_equal(stub_server_count(f->server), 0);
    f->params.api.token_file = ""; /* and when it is there again */
    open_sinks(f);
    assert_int_equal(deliver(f)->sent, 1);
}

/* Sixty cycles without a consumer. shop: i1 goes, comes back together with i2, goes
 * again; cart: i3 stays. */
static void live_cycle(struct fixture *f, int cycle)
{
    bool i1 = cycle < 20 || (cycle >= 25 && cycle < 50);
    bool i2 = cycle >= 30;
    if (cycle == 20 || cycle == 50)
        put_resolution(f, "shop", "i1");
    if (i1 || i2) {
        char text[64];
        (void)snprintf(text, sizeof text, "%s%s %s%s", i1 ? "i1" : "",
                       !i1           ? ""
                       : cycle == 0  ? "!"
                       : cycle == 25 ? "^"
                                     : "",
                       i2 ? "i2" : "", i2 && cycle == 30 ? "!" : "");
        put_alert(f, "shop", text);
    }
    if (cycle >= 10)
        put_alert(f, "cart", cycle == 10 ? "i3!" : "i3");
}

static void after_two_hours_away_everything_arrives_in_order(void **state)
{
    struct fixture *f = *state;
    size_t asked[61] = {0};
    f->consumer.answer.status = 503;
    for (int cycle = 0; cycle < 60; cycle++) {
        live_cycle(f, cycle);
        const struct yaga_sink_report *report = deliver(f);
        assert_int_equal(report->sent, 0);
        assert_true(report->pending > 0);
        asked[cycle + 1] = f->consumer.n_requests;
        f->now_s += CYCLE_S;
    }
    /* three attempts each at 0, 2, 4, 8, 16, 32, ... minutes, then every quarter */
    assert_int_equal(asked[1], 3);
    assert_int_equal(asked[2], 6);
    assert_true(asked[60] <= 3 * 12);
    assert_true(asked[60] - asked[44] >= 3);
    assert_int_equal(f->consumer.n_taken, 0);
    assert_true(number(f, "SELECT count(*) FROM deliveries WHERE sink = 'http_api'"
                          " AND state = 'pending'") <= 8);
    f->consumer.answer.status = 200;
    int waited = 0;
    while (deliver(f)->pending > 0 && waited < 15) {
        f->now_s += 60;
        waited++;
    }
    assert_true(waited < 15);
    assert_taken(f, "alert shop i1!\n"
                    "alert cart i3!\n"
                    "resolution shop i1\n"
                    "alert shop i1^ i2!\n"
                    "resolution shop i1\n"
                    "alert shop i2\n");
    /* the files had all of it all the time */
    assert_int_equal(number(f, "SELECT count(*) FROM deliveries WHERE sink = 'files'"
                               " AND state = 'delivered'"),
                     2 + 55 + 50);
    put_alert(f, "cart", "i3");
    assert_int_equal(deliver(f)->sent, 1);
}

static void a_slow_consumer_gets_what_fits_into_the_time(void **state)
{
    struct fixture *f = *state;
    f->params.api.max_batch_items = 1;
    open_sinks(f);
    f->consumer.answer.delay_ms = 60;
    for (int i = 0; i < 12; i++) {
        char service[16];
        (void)snprintf(service, sizeof service, "s%02d", i);
        put_alert(f, service, "i!");
        put_resolution(f, service, "i");
    }
    int phases = 0;
    const struct yaga_sink_report *report = deliver_within(f, 400);
    while (report->pending > 0 && phases < 100) {
        /* one that took something works, and nothing makes it wait longer */
        assert_false(report->failed && report->sent > 0);
        phases++;
        f->now_s += 1000;
        report = deliver_within(f, 400);
    }
    assert_true(phases > 0);
    assert_true(phases < 100);
    for (int i = 0; i < 12; i++) {
        char want[64];
        size_t alert = SIZE_MAX;
        size_t resolution = SIZE_MAX;
        for (size_t k = f->consumer.n_taken; k-- > 0;) {
            (void)snprintf(want, sizeof want, "alert s%02d i!", i);
            alert = strcmp(f->consumer.taken[k], want) == 0 ? k : alert;
            (void)snprintf(want, sizeof want, "resolution s%02d i", i);
            resolution = strcmp(f->consumer.taken[k], want) == 0 ? k : resolution;
        }
        assert_true(alert < resolution && resolution < SIZE_MAX);
    }
}

static void one_that_does_not_answer_in_time_is_left_alone(void **state)
{
    struct fixture *f = *state;
    f->params.api.timeout_ms = 50;
    open_sinks(f);
    f->consumer.answer.delay_ms = 5000;
    put_alert(f, "shop", "i1!");
    const struct yaga_sink_report *report = deliver(f);
    assert_true(report->failed);
    assert_non_null(strstr(report->error, "3 tries"));
    assert_int_equal(f->counts.sent, 1); /* the file */
    assert_int_equal(number(f, "SELECT attempts FROM deliveries WHERE sink = 'http_api'"
                               " AND last_error LIKE '%3 tries%'"),
                     1);
    size_t asked = stub_server_count(f->server);
    f->now_s += 59;
    assert_false(deliver(f)->failed);
    assert_int_equal(stub_server_count(f->server), asked);
    struct yaga_delivery_time when = {.clock_s = f->now_s, .eager = true};
    f->consumer.answer.delay_ms = 0;
    f->params.api.timeout_ms = 2000;
    open_sinks(f);
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    assert_int_equal(f->counts.pending, 0);
}

static void what_is_refused_alone_is_dead_and_stops_nothing(void **state)
{
    struct fixture *f = *state;
    f->consumer.poison = "cart";
    put_alert(f, "shop", "i1!");
    put_alert(f, "cart", "i2!");
    put_alert(f, "till", "i3!");
    put_resolution(f, "cart", "i2");
    put_resolution(f, "shop", "i1");
    const struct yaga_sink_report *report = deliver(f);
    assert_int_equal(report->sent, 3);
    assert_int_equal(report->dead, 2);
    assert_int_equal(report->pending, 0);
    assert_false(report->failed);
    assert_non_null(strstr(report->error, "422"));
    assert_taken(f, "alert shop i1!\nalert till i3!\nresolution shop i1\n");
    assert_int_equal(number(f, "SELECT count(*) FROM deliveries WHERE state = 'dead'"
                               " AND sink = 'http_api' AND last_error LIKE '%no such%'"),
                     2);
    assert_int_equal(number(f, "SELECT count(*) FROM deliveries WHERE sink = 'files'"
                               " AND state = 'delivered'"),
                     5);
}

/* A mistyped token or path says nothing about the documents. */
static void a_refusal_of_the_sender_buries_nothing(void **state)
{
    struct fixture *f = *state;
    static const int statuses[] = {401, 403, 404, 405};
    put_alert(f, "shop", "i1!");
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        f->consumer.answer.status = statuses[i];
        const struct yaga_sink_report *report = deliver(f);
        assert_true(report->failed);
        assert_int_equal(report->dead, 0);
        assert_int_equal(report->pending, 1);
        f->now_s += 3600;
    }
    f->consumer.answer.status = 200;
    assert_int_equal(deliver(f)->sent, 1);
}

static void an_answer_is_believed_when_it_says_failure(void **state)
{
    struct fixture *f = *state;
    put_alert(f, "shop", "i1!");
    f->consumer.answer.body = "{\"success\": false, \"errors\": [\"full\"]}";
    const struct yaga_sink_report *report = deliver(f);
    assert_true(report->failed);
    assert_int_equal(report->pending, 1);
    assert_non_null(strstr(report->error, "full"));
    f->now_s += 3600;
    f->consumer.answer.body = "{\"success\": true, \"failed_count\": 1}";
    report = deliver(f);
    assert_false(report->failed);
    assert_int_equal(report->sent, 1);
    assert_non_null(strstr(report->error, "failed_count 1"));
    f->now_s += 3600;
    put_alert(f, "shop", "i1");
    f->consumer.answer.body = "thanks";
    report = deliver(f);
    assert_int_equal(report->sent, 1);
    assert_string_equal(report->error, "");
}

static void batches_have_a_limit(void **state)
{
    struct fixture *f = *state;
    f->params.api.max_batch_items = 7;
    open_sinks(f);
    for (int i = 0; i < 30; i++) {
        char service[16];
        (void)snprintf(service, sizeof service, "s%d", i);
        put_alert(f, service, "i!");
    }
    assert_int_equal(deliver(f)->sent, 30);
    assert_int_equal(f->consumer.largest, 7);
    assert_int_equal(f->consumer.n_requests, 5);
}

static void what_waits_for_a_sink_that_is_gone_dies(void **state)
{
    struct fixture *f = *state;
    int64_t dropped = 0;
    f->consumer.answer.status = 503;
    put_alert(f, "shop", "i1!");
    (void)deliver(f);
    f->params.api.enabled = false;
    open_sinks(f);
    assert_ok(yaga_outbox_tidy(f->store, f->sinks, f->now_s, &dropped, &f->err), &f->err);
    assert_int_equal(number(f, "SELECT count(*) FROM deliveries WHERE sink = 'http_api'"
                               " AND state = 'dead'"),
                     1);
    put_alert(f, "shop", "i1");
    (void)deliver(f);
    assert_int_equal(f->counts.pending, 0);
}

static void too_many_rows_cost_the_updates_first(void **state)
{
    struct fixture *f = *state;
    int64_t dropped = 0;
    f->params.max_rows = 3;
    open_sinks(f);
    f->consumer.answer.status = 503;
    put_alert(f, "a", "i1!");
    put_alert(f, "b", "i2"); /* an update whose announcement has long been sent */
    put_alert(f, "c", "i3!");
    put_alert(f, "c", "i3"); /* carries an announcement */
    put_alert(f, "d", "i4");
    put_resolution(f, "e", "i5");
    (void)deliver(f);
    assert_ok(yaga_outbox_tidy(f->store, f->sinks, f->now_s, &dropped, &f->err), &f->err);
    assert_int_equal(dropped, 2);
    f->consumer.answer.status = 200;
    f->now_s += 3600;
    assert_int_equal(deliver(f)->sent, 3);
    assert_taken(f, "alert a i1!\nalert c i3!\nresolution e i5\n");
}

static void failing_memory_sends_nothing_twice_in_a_phase(void **state)
{
    struct fixture *f = *state;
    put_alert(f, "shop", "i1!");
    put_resolution(f, "shop", "i1");
    struct yaga_delivery_time when = {.clock_s = f->now_s, .eager = true};
    for (size_t k = 1;; k++) {
        yaga_mem_fail_nth(k);
        enum yaga_status st =
            yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    (void)deliver(f);
    assert_int_equal(f->counts.pending, 0);
    assert_string_equal(f->consumer.taken[0], "alert shop i1!");
    assert_string_equal(f->consumer.taken[f->consumer.n_taken - 1], "resolution shop i1");
}

/* --- scores ----------------------------------------------------------------------------
 */

static struct yaga_deliver_params
scores_to(struct fixture *f, struct stub_server *server, const char *token_file)
{
    struct yaga_deliver_params params = f->params;
    params.api.enabled = false;
    params.scores = (struct yaga_scores_params){.url = stub_server_url(server),
                                                .path = "/import?extra_label=a=b",
                                                .token_file = token_file,
                                                .ca_file = "",
                                                .timeout_ms = 2000};
    return params;
}

static void scores_go_in_whole_lines_and_are_not_kept(void **state)
{
    struct fixture *f = *state;
    enum { LINES = 100000 };
    static const char line[] =
        "yaga_expected{service=\"cart\",metric=\"m\"} 0.0625 1772460360000\n";
    struct stub_server *server = stub_server_start();
    char token[256];
    (void)snprintf(token, sizeof token, "%s/token", f->dir);
    assert_ok(yaga_file_write_atomic(token, "abc\n", 4, &f->err), &f->err);
    stub_server_add(server, &(struct stub_response){.status = 204});
    stub_server_add(server, &(struct stub_response){.status = 204});
    stub_server_add(server, &(struct stub_response){.status = 500});
    f->params = scores_to(f, server, token);
    open_sinks(f);
    YAGA_AUTO_MEM(char) text = yaga_alloc(LINES, sizeof line);
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + i * (sizeof line - 1), line, sizeof line);
    struct yaga_delivery_time when = {
        .clock_s = T0, .scores = text, .deadline_ms = yaga_clock_monotonic_ms() + 20000};
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    size_t n = 0;
    const struct yaga_sink_report *report = &yaga_sinks_reports(f->sinks, &n)[1];
    assert_string_equal(report->sink, "scores");
    assert_int_equal(report->sent, LINES);
    assert_int_equal(stub_server_count(server), 2); /* 7 MB in pieces of 4 */
    const struct stub_request *first = stub_server_request(server, 0);
    assert_string_equal(first->path, "/import");
    assert_non_null(strstr(first->headers, "Authorization: Bearer abc\r\n"));
    assert_non_null(strstr(first->headers, "Content-Type: text/plain\r\n"));
    assert_int_equal(first->form[strlen(first->form) - 1], '\n');
    assert_int_equal(strncmp(stub_server_request(server, 1)->form, line, sizeof line - 1),
                     0);
    when.scores = line;
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    report = &yaga_sinks_reports(f->sinks, &n)[1];
    assert_true(report->failed);
    assert_int_equal(f->counts.pending, 0);
    when.scores = NULL;
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    assert_int_equal(stub_server_count(server), 3);
    f->sinks = yaga_sinks_free(f->sinks);
    stub_server_stop(server);
}

/* Two receivers, one of which hangs: the other has its documents long before. */
static void a_receiver_that_hangs_delays_no_other(void **state)
{
    struct fixture *f = *state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.hang = true});
    struct yaga_deliver_params params = scores_to(f, server, "");
    params.api = f->params.api;
    params.scores.timeout_ms = 60000;
    f->params = params;
    open_sinks(f);
    put_alert(f, "shop", "i1!");
    struct yaga_delivery_time when = {.clock_s = T0,
                                      .scores = "a 1 1\n",
                                      .deadline_ms = yaga_clock_monotonic_ms() + 1500};
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
    assert_taken(f, "alert shop i1!\n");
    size_t n = 0;
    const struct yaga_sink_report *reports = yaga_sinks_reports(f->sinks, &n);
    assert_int_equal(n, 3);
    assert_false(reports[1].failed);
    assert_true(reports[2].failed);
    f->sinks = yaga_sinks_free(f->sinks);
    stub_server_stop(server);
}

/* --- webhooks
 * ---------------------------------------------------------------------------- */

static void only_a_webhook(struct fixture *f, struct yaga_webhook_params hook)
{
    hook.name = "chat";
    hook.content_type =
        hook.content_type == NULL ? "application/json" : hook.content_type;
    hook.url = hook.url == NULL ? stub_server_url(f->server) : hook.url;
    hook.url_file = hook.url_file == NULL ? "" : hook.url_file;
    hook.tmpl = hook.tmpl == NULL ? "" : hook.tmpl;
    hook.token_file = hook.ca_file = "";
    hook.timeout_ms = 2000;
    hook.retry_wait_s = 0.001;
    f->params.api.enabled = false;
    f->params.webhooks[0] = hook;
    f->params.n_webhooks = 1;
    stub_server_set_handler(f->server, NULL, NULL);
    open_sinks(f);
}

static const char *posted(struct fixture *f, size_t i)
{
    assert_true(i < stub_server_count(f->server));
    return stub_server_request(f->server, i)->form;
}

static void a_webhook_gets_news_in_its_own_form(void **state)
{
    struct fixture *f = *state;
    only_a_webhook(f, (struct yaga_webhook_params){
                          .tmpl = "{\"text\":\"{{service_name}} "
                                  "{{anomalies.0.incident_id|is over: \"ok\"}}\"}"});
    stub_server_add(f->server, &(struct stub_response){.status = 200});
    put_alert(f, "shop", "i1!");
    put_alert(f, "shop", "i1");
    put_alert(f, "shop", "i1 i2!");
    put_resolution(f, "shop", "i1");
    const struct yaga_sink_report *report = deliver(f);
    assert_string_equal(report->sink, "webhook:chat");
    /* the second announcement speaks of both, so that the first need not be told */
    assert_int_equal(report->sent, 2);
    assert_string_equal(posted(f, 0), "{\"text\":\"shop i1\"}");
    assert_string_equal(posted(f, 1), "{\"text\":\"shop is over: \\\"ok\\\"\"}");
    put_alert(f, "shop", "i2");
    assert_int_equal(deliver(f)->sent, 0); /* an update is no news */
}

static void one_that_is_new_is_news_also_where_a_known_one_tells_of_it(void **state)
{
    struct fixture *f = *state;
    only_a_webhook(f, (struct yaga_webhook_params){
                          .tmpl = "{{anomalies.0.correlation.contributing_anomalies.0."
                                  "newly_confirmed}} {{anomalies.0.incident_id}}"});
    stub_server_add(f->server, &(struct stub_response){.status = 200});
    put_alert(f, "shop", "i1 +i2");
    assert_int_equal(deliver(f)->sent, 0);
    put_alert(f, "shop", "i1 +i2!");
    assert_int_equal(deliver(f)->sent, 1);
    put_alert(f, "shop", "i1 +i2^");
    assert_int_equal(deliver(f)->sent, 1);
    assert_string_equal(posted(f, 0), "true i1");
    assert_string_equal(posted(f, 1), "false i1");
}

static void news_of_a_contributor_is_carried_over(void **state)
{
    struct fixture *f = *state;
    f->consumer.answer.status = 503;
    put_alert(f, "shop", "i1 +i2!");
    (void)deliver(f);
    put_alert(f, "shop", "i1 +i2");
    put_alert(f, "cart", "i3 +i4^");
    put_alert(f, "cart", "i4 +i3");
    f->consumer.answer.status = 200;
    f->now_s += 3600;
    assert_int_equal(deliver(f)->sent, 2);
    assert_taken(f, "alert shop i1 +i2!\n"
                    "alert cart i4^ +i3\n");
}

static void a_webhook_may_want_updates_and_whole_documents(void **state)
{
    struct fixture *f = *state;
    char url_file[256];
    char url[256];
    (void)snprintf(url_file, sizeof url_file, "%s/url", f->dir);
    (void)snprintf(url, sizeof url, "%s/secret\n", stub_server_url(f->server));
    assert_ok(yaga_file_write_atomic(url_file, url, strlen(url), &f->err), &f->err);
    only_a_webhook(f, (struct yaga_webhook_params){
                          .updates = true, .url = "", .url_file = url_file});
    stub_server_add(f->server, &(struct stub_response){.status = 200});
    put_alert(f, "shop", "i1");
    assert_int_equal(deliver(f)->sent, 1);
    assert_string_equal(stub_server_request(f->server, 0)->path, "/secret");
    assert_int_equal(strncmp(posted(f, 0), "{\"service_name\":\"shop\"", 22), 0);
    f->params.webhooks[0].url_file = "/nowhere/url";
    open_sinks(f);
    put_alert(f, "shop", "i2!");
    const struct yaga_sink_report *report = deliver(f);
    assert_true(report->failed);
    assert_non_null(strstr(report->error, "chat: /nowhere/url"));
    assert_int_equal(report->pending, 1);
}

static void a_webhook_in_trouble_is_named_without_its_address(void **state)
{
    struct fixture *f = *state;
    only_a_webhook(f, (struct yaga_webhook_params){.tmpl = "{{json incident_id}}",
                                                   .content_type = "text/plain"});
    stub_server_add(f->server, &(struct stub_response){.status = 400, .body = "no"});
    for (int i = 0; i < 3; i++)
        stub_server_add(f->server, &(struct stub_response){.status = 502});
    stub_server_add(f->server, &(struct stub_response){.status = 200});
    put_resolution(f, "shop", "i1");
    put_resolution(f, "shop", "i2");
    put_resolution(f, "shop", "i3");
    const struct yaga_sink_report *report = deliver(f);
    assert_int_equal(report->dead, 1);
    assert_int_equal(report->pending, 2);
    assert_true(report->failed);
    assert_string_equal(report->error, "HTTP 502 after 3 tries: ");
    assert_int_equal(number(f, "SELECT count(*) FROM deliveries WHERE state = 'dead'"
                               " AND last_error = 'HTTP 400 after 1 tries: no'"),
                     1);
    f->now_s += 3600;
    assert_int_equal(deliver(f)->sent, 2);
    assert_string_equal(posted(f, 4), "\"i2\"");
    assert_string_equal(posted(f, 5), "\"i3\"");
}

/* From the settings to the wire: a real cycle over a real fault. */
static void a_confirmed_fault_is_posted_as_the_settings_say(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", NULL};
    static const char *const cart[] = {"cart"};
    struct stub_server *server = stub_server_start();
    struct shop shop;
    struct yaga_train_report report;
    char url[128];
    stub_server_add(server, &(struct stub_response){.status = 200});
    (void)snprintf(url, sizeof url, "observability_api.base_url=%s",
                   stub_server_url(server));
    const char *overrides[] = {"observability_api.enabled=true",
                               "observability_api.anomalies_endpoint=/here/alerts",
                               "observability_api.resolutions_endpoint=/here/ends",
                               "observability_api.envelope=object",
                               "instance=till-7",
                               url,
                               NULL};
    yaga_log_setup(YAGA_LOG_ERROR, false);
    shop_open(&shop, overrides);
    shop_train(&shop, only, 2, &report);
    yaga_train_report_clear(&report);
    struct yaga_infer_options options = {.only = cart, .n_only = 1};
    for (int64_t at_s = shop_fault; at_s < shop_fault + 3600; at_s += 300) {
        struct yaga_infer_result result;
        shop_cycle(&shop, &options, at_s, &result);
        assert_int_equal(result.n_pending, 0);
        yaga_infer_result_clear(&result);
    }
    size_t n = stub_server_count(server);
    assert_true(n >= 2);
    const struct stub_request *first = stub_server_request(server, 0);
    const struct stub_request *last = stub_server_request(server, n - 1);
    assert_string_equal(first->path, "/here/alerts");
    assert_int_equal(strncmp(first->form, "{\"alerts\":[{\"alert_type\":", 24), 0);
    assert_non_null(strstr(first->form, "\"newly_confirmed\":true"));
    assert_non_null(strstr(first->headers, "Idempotency-Key: till-7-1-1\r\n"));
    assert_non_null(strstr(first->headers, "User-Agent: yaga-test/"));
    assert_string_equal(last->path, "/here/ends");
    assert_non_null(strstr(last->form, "\"alert_type\":\"incident_resolved\""));
    /* a replay of the same bothers nobody */
    options.offline = true;
    for (int64_t at_s = shop_fault + 7200; at_s < shop_fault + 7800; at_s += 300) {
        struct yaga_infer_result result;
        shop_cycle(&shop, &options, at_s, &result);
        yaga_infer_result_clear(&result);
    }
    assert_int_equal(stub_server_count(server), n);
    shop_close(&shop);
    stub_server_stop(server);
}

#define with_consumer(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_consumer(documents_arrive_with_who_sent_them),
        with_consumer(an_envelope_names_what_it_holds),
        with_consumer(a_missing_token_file_is_named),
        with_consumer(after_two_hours_away_everything_arrives_in_order),
        with_consumer(a_slow_consumer_gets_what_fits_into_the_time),
        with_consumer(one_that_does_not_answer_in_time_is_left_alone),
        with_consumer(what_is_refused_alone_is_dead_and_stops_nothing),
        with_consumer(a_refusal_of_the_sender_buries_nothing),
        with_consumer(an_answer_is_believed_when_it_says_failure),
        with_consumer(batches_have_a_limit),
        with_consumer(what_waits_for_a_sink_that_is_gone_dies),
        with_consumer(too_many_rows_cost_the_updates_first),
        with_consumer(failing_memory_sends_nothing_twice_in_a_phase),
        with_consumer(a_webhook_gets_news_in_its_own_form),
        with_consumer(one_that_is_new_is_news_also_where_a_known_one_tells_of_it),
        with_consumer(news_of_a_contributor_is_carried_over),
        with_consumer(a_webhook_may_want_updates_and_whole_documents),
        with_consumer(a_webhook_in_trouble_is_named_without_its_address),
        with_consumer(scores_go_in_whole_lines_and_are_not_kept),
        with_consumer(a_receiver_that_hangs_delays_no_other),
        cmocka_unit_test(a_confirmed_fault_is_posted_as_the_settings_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
