/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP source against a server that answers well, badly, twice or not at all. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub_server.h"
#include "yaga/source/source.h"

static const struct yaga_metric metrics[] = {
    {.name = "rate",
     .query = "sum by (service_name) (r{$S,$E}[$W])",
     .role = YAGA_ROLE_TRAFFIC},
    {.name = "cpu", .query = ""},
};

static const char *const services[] = {"cart", "api.v2"};

#define MATRIX(result)                                                                   \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" result    \
    "]}}"
#define SERIES(name, values)                                                             \
    "{\"metric\":{\"service_name\":\"" name "\"},\"values\":[" values "]}"

struct bench {
    struct stub_server *server;
    struct yaga_source *source;
};

static struct yaga_source *
open_source(const struct stub_server *server, size_t max_points, size_t per_query)
{
    struct yaga_source_prometheus_options options = {
        .health_path = "/health",
        .health_max_latency_ms = 5000,
        .timeout_s = 5,
        .range_timeout_s = 10,
        .environment = "production",
        .rate_window = "5m",
        .max_points_per_query = max_points,
        .services_per_query = per_query,
    };
    yaga_http_options_init(&options.http);
    options.http.endpoint = stub_server_url(server);
    options.http.backoff_s = 0.001;
    struct yaga_source *source = NULL;
    struct yaga_error err;
    assert_ok(yaga_source_prometheus_new(&options, &source, &err), &err);
    return source;
}

static int set_up(void **state)
{
    static struct bench bench;
    bench.server = stub_server_start();
    bench.source = open_source(bench.server, 1000, 200);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    (void)yaga_source_free(bench->source);
    stub_server_stop(bench->server);
    return 0;
}

static struct yaga_source_request request(void)
{
    return (struct yaga_source_request){
        .metrics = metrics,
        .n_metrics = 2,
        .services = services,
        .n_services = 2,
        .start_s = 600,
        .end_s = 1500,
        .step_s = 300,
    };
}

/* Answers by metric: what the test put here. */
struct answers {
    const char *rate;
    const char *cpu;
    int cpu_status;
    int n_bad; /* the first so many answers to cpu are cut off */
};

static bool
by_metric(void *context, const struct stub_request *asked, struct stub_response *response)
{
    struct answers *answers = context;
    char query[1024];
    if (!stub_request_field(asked, "query", query, sizeof query))
        return false;
    if (strstr(query, "cpu") == NULL) {
        response->body = answers->rate;
        return true;
    }
    response->body = answers->cpu;
    response->status = answers->cpu_status;
    if (answers->n_bad > 0) {
        answers->n_bad--;
        response->close_after = strlen(answers->cpu) - 10;
    }
    return true;
}

static void fetch(struct bench *bench, struct answers *answers, struct yaga_fleet *out)
{
    struct yaga_source_request asked = request();
    struct yaga_error err;
    stub_server_set_handler(bench->server, by_metric, answers);
    assert_ok(yaga_source_fetch(bench->source, &asked, out, &err), &err);
}

static const char good[] =
    MATRIX(SERIES("api.v2", "[600,\"1\"],[900,\"NaN\"],[1200,\"3\"]") "," SERIES(
        "cart", "[900,\"5\"]") "," SERIES("stranger", "[900,\"6\"]"));

static void one_request_per_metric_brings_all_services(void **state)
{
    struct bench *bench = *state;
    struct answers answers = {.rate = good, .cpu = good};
    struct yaga_fleet fleet;
    fetch(bench, &answers, &fleet);
    assert_int_equal(stub_server_count(bench->server), 2);
    assert_int_equal(fleet.n_requests, 2);
    const struct yaga_frame *api = &fleet.services[0].frame;
    assert_int_equal(api->n_rows, 3);
    assert_near(yaga_frame_at(api, 0, 0), 1, 0);
    assert_true(isnan(yaga_frame_at(api, 1, 0)));
    assert_near(yaga_frame_at(api, 2, 1), 3, 0);
    assert_near(yaga_frame_at(&fleet.services[1].frame, 1, 0), 5, 0);
    assert_int_equal(fleet.services[1].presence[0], YAGA_PRESENT);
    yaga_fleet_clear(&fleet);
}

static void requests_say_what_is_wanted(void **state)
{
    struct bench *bench = *state;
    struct answers answers = {.rate = good, .cpu = good};
    struct yaga_fleet fleet;
    fetch(bench, &answers, &fleet);
    yaga_fleet_clear(&fleet);
    bool seen[2] = {false, false};
    for (size_t i = 0; i < 2; i++) {
        const struct stub_request *asked = stub_server_request(bench->server, i);
        static const char *const fields[][2] = {
            {"start", "600"}, {"end", "1200"}, {"step", "300"}, {"nocache", "1"}};
        char text[512];
        assert_string_equal(asked->path, "/api/v1/query_range");
        for (size_t f = 0; f < 4; f++) {
            assert_true(stub_request_field(asked, fields[f][0], text, sizeof text));
            assert_string_equal(text, fields[f][1]);
        }
        assert_true(stub_request_field(asked, "query", text, sizeof text));
        seen[0] |=
            strcmp(text, "sum by (service_name) (r{service_name=~\"api\\\\.v2|cart\","
                         "deployment_environment_name=~\"production\"}[5m])") == 0;
        seen[1] |= strcmp(text, "last_over_time({__name__=\"cpu\","
                                "service_name=~\"api\\\\.v2|cart\"}[299s])") == 0;
    }
    assert_true(seen[0] && seen[1]);
}

static void an_empty_answer_is_absence_not_zero(void **state)
{
    struct answers answers = {.rate = MATRIX(""), .cpu = good};
    struct yaga_fleet fleet;
    fetch(*state, &answers, &fleet);
    assert_int_equal(fleet.services[0].presence[0], YAGA_ABSENT);
    assert_true(isnan(yaga_frame_at(&fleet.services[0].frame, 0, 0)));
    assert_string_equal(fleet.metric_error[0], "");
    yaga_fleet_clear(&fleet);
}

static void two_series_of_a_service_are_ambiguous(void **state)
{
    struct answers answers = {
        .rate = MATRIX(SERIES("cart", "[600,\"1\"]") "," SERIES("cart", "[600,\"2\"]")),
        .cpu = good};
    struct yaga_fleet fleet;
    fetch(*state, &answers, &fleet);
    assert_int_equal(fleet.services[1].presence[0], YAGA_AMBIGUOUS);
    assert_true(isnan(yaga_frame_at(&fleet.services[1].frame, 0, 0)));
    assert_int_equal(fleet.services[1].presence[1], YAGA_PRESENT);
    yaga_fleet_clear(&fleet);
}

static void one_failing_metric_leaves_the_others(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *part;
    } cases[] = {
        {"{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"what is this\"}",
         200, "the server says: bad_data: what is this"},
        {"{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too many\"}", 422,
         "HTTP 422: execution: too many"},
        {"<html>please log in</html>", 200, "query_range: byte 0: expected a JSON value"},
        {"{\"status\":\"success\",\"data\":{\"resu", 200,
         "byte 33: document is cut off"},
        {"no such page", 404, "404"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answers answers = {
            .rate = good, .cpu = cases[i].body, .cpu_status = cases[i].status};
        struct yaga_fleet fleet;
        fetch(*state, &answers, &fleet);
        struct yaga_error seen = {.status = YAGA_OK};
        (void)snprintf(seen.text, sizeof seen.text, "%s", fleet.metric_error[1]);
        assert_error_has(&seen, cases[i].part);
        assert_string_equal(fleet.metric_error[0], "");
        for (size_t s = 0; s < 2; s++) {
            assert_int_equal(fleet.services[s].presence[1], YAGA_FAILED);
            assert_int_equal(fleet.services[s].presence[0], YAGA_PRESENT);
            for (size_t row = 0; row < 3; row++)
                assert_true(isnan(yaga_frame_at(&fleet.services[s].frame, row, 1)));
        }
        yaga_fleet_clear(&fleet);
    }
}

static void a_retried_answer_counts_once(void **state)
{
    struct bench *bench = *state;
    struct answers answers = {.rate = good, .cpu = good, .n_bad = 2};
    struct yaga_fleet fleet;
    fetch(bench, &answers, &fleet);
    assert_int_equal(fleet.services[0].presence[1], YAGA_PRESENT);
    assert_near(yaga_frame_at(&fleet.services[0].frame, 2, 1), 3, 0);
    assert_int_equal(fleet.n_requests, 4);
    assert_int_equal(fleet.dropped_samples, 0);
    yaga_fleet_clear(&fleet);
}

static void the_call_fails_when_every_query_failed(void **state)
{
    struct bench *bench = *state;
    stub_server_add(bench->server, &(struct stub_response){.status = 503});
    struct yaga_source_request asked = request();
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_int_equal(yaga_source_fetch(bench->source, &asked, &fleet, &err),
                     YAGA_E_NETWORK);
    assert_error_has(&err, "metric rate: HTTP 503");
}

/* Answers each request with the value 1 at its own grid points. */
static bool
echo(void *context, const struct stub_request *asked, struct stub_response *response)
{
    static char body[65536];
    char text[32];
    (void)context;
    assert_true(stub_request_field(asked, "start", text, sizeof text));
    long start_s = strtol(text, NULL, 10);
    assert_true(stub_request_field(asked, "end", text, sizeof text));
    long end_s = strtol(text, NULL, 10);
    assert_true(end_s - start_s <= 3 * 300);
    size_t at = (size_t)snprintf(
        body, sizeof body,
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
    for (size_t s = 0; s < 2; s++) {
        at += (size_t)snprintf(body + at, sizeof body - at,
                               "%s{\"metric\":{\"service_name\":\"%s\"},\"values\":[",
                               s > 0 ? "," : "", services[s]);
        for (long t = start_s; t <= end_s; t += 300)
            at += (size_t)snprintf(body + at, sizeof body - at, "%s[%ld,\"%ld\"]",
                                   t > start_s ? "," : "", t, t);
        at += (size_t)snprintf(body + at, sizeof body - at, "]}");
    }
    (void)snprintf(body + at, sizeof body - at, "]}}");
    response->body = body;
    return true;
}

static void count_progress(void *context, size_t done, size_t total)
{
    size_t *seen = context;
    seen[0] = done > seen[0] ? done : seen[0];
    seen[1] = total;
}

static void long_ranges_and_many_services_are_cut_into_pieces(void **state)
{
    struct bench *bench = *state;
    struct yaga_source *source = open_source(bench->server, 4, 1);
    stub_server_set_handler(bench->server, echo, NULL);
    struct yaga_source_request asked = request();
    size_t progress[2] = {0, 0};
    asked.end_s = 600 + 10 * 300;
    asked.progress = count_progress;
    asked.progress_context = progress;
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_ok(yaga_source_fetch(source, &asked, &fleet, &err), &err);
    assert_int_equal(stub_server_count(bench->server), 2 * 2 * 3);
    assert_int_equal(progress[0], 12);
    assert_int_equal(progress[1], 12);
    for (size_t s = 0; s < 2; s++)
        for (size_t row = 0; row < 10; row++)
            assert_near(yaga_frame_at(&fleet.services[s].frame, row, 1),
                        600.0 + 300.0 * (double)row, 0);
    yaga_fleet_clear(&fleet);
    (void)yaga_source_free(source);
}

static void discovery_asks_for_names_now(void **state)
{
    struct bench *bench = *state;
    stub_server_add(
        bench->server,
        &(struct stub_response){
            .path = "/api/v1/query",
            .body =
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
                "{\"metric\":{\"service_name\":\"b\"},\"value\":[1,\"1\"]},{\"metric\":{}"
                ",\"value\":[1,\"1\"]},"
                "{\"metric\":{\"service_name\":\"a\"},\"value\":[1,\"1\"]},"
                "{\"metric\":{\"service_name\":\"b\"},\"value\":[1,\"1\"]}]}}"});
    char **names;
    size_t n;
    struct yaga_error err;
    assert_ok(yaga_source_services(bench->source, metrics, 2, 1234, &names, &n, &err),
              &err);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    yaga_source_services_free(names, n);
    char text[512];
    const struct stub_request *asked = stub_server_request(bench->server, 0);
    assert_true(stub_request_field(asked, "time", text, sizeof text));
    assert_string_equal(text, "1234");
    assert_true(stub_request_field(asked, "query", text, sizeof text));
    assert_string_equal(
        text, "group by (service_name) (sum by (service_name) (r{service_name!=\"\","
              "deployment_environment_name=~\"production\"}[5m]))");
}

static void discovery_reports_a_refused_query(void **state)
{
    struct bench *bench = *state;
    stub_server_add(
        bench->server,
        &(struct stub_response){
            .body =
                "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"no\"}"});
    char **names;
    size_t n;
    struct yaga_error err;
    assert_int_equal(
        yaga_source_services(bench->source, metrics, 2, 1234, &names, &n, &err),
        YAGA_E_QUERY);
    assert_string_equal(err.text, "discovery by metric rate: the server says: bad_data: no");
}

static void health_is_a_200_from_the_health_page(void **state)
{
    struct bench *bench = *state;
    struct yaga_error err;
    stub_server_add(bench->server,
                    &(struct stub_response){.path = "/health", .body = "OK"});
    assert_ok(yaga_source_health(bench->source, &err), &err);
    assert_non_null(yaga_source_http(bench->source));
}

static void another_status_is_not_healthy(void **state)
{
    struct bench *bench = *state;
    struct yaga_error err;
    stub_server_add(bench->server,
                    &(struct stub_response){.path = "/health", .status = 204});
    assert_int_equal(yaga_source_health(bench->source, &err), YAGA_E_NETWORK);
    assert_error_has(&err, "health check: HTTP 204");
}

static void a_health_page_that_is_missing_names_the_setting(void **state)
{
    struct bench *bench = *state;
    struct yaga_error err;
    stub_server_add(bench->server,
                    &(struct stub_response){.path = "/health", .status = 404});
    assert_int_not_equal(yaga_source_health(bench->source, &err), YAGA_OK);
    assert_error_has(&err, "victoria_metrics.health_path");
}

static void sources_survive_failing_memory(void **state)
{
    struct bench *bench = *state;
    struct answers answers = {.rate = good, .cpu = good};
    stub_server_set_handler(bench->server, by_metric, &answers);
    struct yaga_source_request asked = request();
    bool complete = false;
    for (size_t k = 1; !complete; k++) {
        struct yaga_fleet fleet;
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_source_fetch(bench->source, &asked, &fleet, &err);
        yaga_mem_fail_nth(0);
        if (st != YAGA_OK) {
            assert_int_equal(st, YAGA_E_NOMEM);
            continue;
        }
        /* Memory may also fail inside one query only. */
        complete = fleet.metric_error[0][0] == '\0' && fleet.metric_error[1][0] == '\0';
        yaga_fleet_clear(&fleet);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_request_per_metric_brings_all_services,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_say_what_is_wanted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_answer_is_absence_not_zero, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_series_of_a_service_are_ambiguous, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_failing_metric_leaves_the_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_retried_answer_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_call_fails_when_every_query_failed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(long_ranges_and_many_services_are_cut_into_pieces,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(discovery_asks_for_names_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(discovery_reports_a_refused_query, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(health_is_a_200_from_the_health_page, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_status_is_not_healthy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_health_page_that_is_missing_names_the_setting,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(sources_survive_failing_memory, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
