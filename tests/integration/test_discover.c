/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discovery against a server that knows exactly what a test wants it to know. */
#include "assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub_server.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/discover.h"

enum { NOW = 1770000000 };

/* The first line whose text is in the query decides; no services: an empty answer. */
struct knowledge {
    const char *query;
    const char *label;
    const char *services[4]; /* as JSON */
    int64_t until_s;         /* no answer later than this; 0: always */
};

struct bench {
    struct stub_server *server;
    const struct knowledge *known;
    size_t n_known;
    char body[4096];
    struct yaga_config *config;
    struct yaga_setup *setup;
};

static bool
answer(void *context, const struct stub_request *request, struct stub_response *out)
{
    struct bench *bench = context;
    static char query[16384], at[32];
    *out = (struct stub_response){.body = "OK"};
    if (strcmp(request->path, "/api/v1/query") != 0)
        return true;
    assert_true(stub_request_field(request, "query", query, sizeof query));
    assert_true(stub_request_field(request, "time", at, sizeof at));
    const struct knowledge *k = NULL;
    for (size_t i = 0; k == NULL && i < bench->n_known; i++)
        if (strstr(query, bench->known[i].query) != NULL)
            k = &bench->known[i];
    if (k == NULL) {
        *out = (struct stub_response){
            .status = 400,
            .body =
                "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"what?\"}"};
        return true;
    }
    size_t used = (size_t)snprintf(
        bench->body, sizeof bench->body,
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[");
    bool late = k->until_s != 0 && strtoll(at, NULL, 10) > k->until_s;
    for (size_t i = 0; !late && i < 4 && k->services[i] != NULL; i++)
        used += (size_t)snprintf(bench->body + used, sizeof bench->body - used,
                                 "%s{\"metric\":{\"%s\":\"%s\"},\"value\":[1,\"1\"]}",
                                 i == 0 ? "" : ",", k->label, k->services[i]);
    (void)snprintf(bench->body + used, sizeof bench->body - used, "]}}");
    out->body = bench->body;
    return true;
}

static int start(void **state)
{
    struct bench *bench = yaga_calloc(1, sizeof *bench);
    bench->server = stub_server_start();
    stub_server_set_handler(bench->server, answer, bench);
    bench->setup = yaga_calloc(1, sizeof *bench->setup);
    char text[256];
    (void)snprintf(
        text, sizeof text,
        "timezone = \"Europe/Berlin\";\nvictoria_metrics = { endpoint = \"%s\"; };",
        stub_server_url(bench->server));
    struct yaga_error err;
    assert_ok(yaga_config_parse(text, "t.cfg", &bench->config, NULL, &err), &err);
    assert_ok(yaga_setup_init(bench->setup, bench->config, "test", &err), &err);
    *state = bench;
    return 0;
}

static int stop(void **state)
{
    struct bench *bench = *state;
    stub_server_stop(bench->server);
    (void)yaga_config_free(bench->config);
    yaga_free(bench->setup);
    yaga_free(bench);
    return 0;
}

static void teach(struct bench *bench, const struct knowledge *known, size_t n)
{
    bench->known = known;
    bench->n_known = n;
}

static enum yaga_status run(struct bench *bench,
                            const char *preset,
                            struct yaga_discovery *out,
                            struct yaga_error *err)
{
    struct yaga_discover_options options = {.now_s = NOW, .preset = preset};
    return yaga_discover_run(bench->setup, &options, out, err);
}

static struct yaga_config *load(const struct yaga_discovery *found)
{
    assert_non_null(found->configuration);
    struct yaga_config *config = NULL;
    struct yaga_error err;
    assert_ok(yaga_config_parse(found->configuration, "found", &config, NULL, &err),
              &err);
    return config;
}

static const struct knowledge envoy[] = {
    {"envoy_cluster_upstream_rq_time", "envoy_cluster_name", {"cart", "nobody"}, 0},
    {"envoy_cluster_upstream_rq_xx", "envoy_cluster_name", {NULL}, 0},
    {"envoy_cluster_upstream_rq_total",
     "envoy_cluster_name",
     {"stock", "cart", "a\\nb"},
     0},
};

static void only_what_answered_is_configured(void **state)
{
    struct bench *bench = *state;
    teach(bench, envoy, 3);
    struct yaga_discovery found;
    struct yaga_error err;
    assert_ok(run(bench, NULL, &found, &err), &err);
    YAGA_AUTO(yaga_config) config = load(&found);
    assert_string_equal(yaga_config_string(config, "timezone"), "Europe/Berlin");
    assert_string_equal(yaga_config_string(config, "victoria_metrics.endpoint"),
                        stub_server_url(bench->server));
    assert_int_equal(yaga_config_list_size(config, "metrics"), 2);
    assert_string_equal(yaga_config_item_string(config, "metrics[].service_label", 1),
                        "envoy_cluster_name");
    assert_int_equal(yaga_config_list_size(config, "services"), 2);
    assert_string_equal(yaga_config_item_string(config, "services[].name", 0), "cart");
    size_t n;
    (void)yaga_config_item_strings(config, "services[].expected_metrics", 0, &n);
    assert_int_equal(n, 0);
    const char *const *expected =
        yaga_config_item_strings(config, "services[].expected_metrics", 1, &n);
    assert_int_equal(n, 1);
    assert_string_equal(expected[0], "request_rate");
    assert_non_null(strstr(found.table, "stock  request_rate\n"));
    assert_non_null(strstr(found.table, "does not fit; refused: "));
    yaga_discovery_clear(&found);
}

static void what_was_there_an_hour_ago_counts(void **state)
{
    struct bench *bench = *state;
    static const struct knowledge known[] = {
        {"envoy_cluster_upstream_rq_", "envoy_cluster_name", {"cart"}, NOW - 3600}};
    teach(bench, known, 1);
    struct yaga_discovery found;
    struct yaga_error err;
    assert_ok(run(bench, "envoy", &found, &err), &err);
    YAGA_AUTO(yaga_config) config = load(&found);
    assert_int_equal(yaga_config_list_size(config, "services"), 1);
    yaga_discovery_clear(&found);
}

static void without_roles_half_of_the_metrics_make_a_service(void **state)
{
    struct bench *bench = *state;
    static const struct knowledge known[] = {
        {"node_cpu", "instance", {"a:1", "b:1"}, 0},
        {"node_memory", "instance", {"a:1"}, 0},
        {"node_disk", "instance", {"a:1"}, 0},
        {"node_filesystem", "instance", {"a:1"}, 0},
        {"node_network_receive", "instance", {NULL}, 0}};
    teach(bench, known, 5);
    struct yaga_discovery found;
    struct yaga_error err;
    assert_ok(run(bench, "node-exporter", &found, &err), &err);
    YAGA_AUTO(yaga_config) config = load(&found);
    assert_int_equal(yaga_config_list_size(config, "services"), 1);
    assert_string_equal(yaga_config_item_string(config, "services[].name", 0), "a:1");
    yaga_discovery_clear(&found);
}

static void the_environment_is_dropped_only_where_nothing_has_it(void **state)
{
    struct bench *bench = *state;
    static const struct knowledge known[] = {
        {"deployment_environment_name", "service_name", {NULL}, 0},
        {"duration_milliseconds", "service_name", {"a"}, 0}};
    teach(bench, known, 2);
    struct yaga_discovery found;
    struct yaga_error err;
    assert_ok(run(bench, "otel-spanmetrics", &found, &err), &err);
    assert_null(strstr(found.configuration, "$E"));
    yaga_discovery_clear(&found);
    static const struct knowledge labelled[] = {
        {"duration_milliseconds", "service_name", {"a"}, 0}};
    teach(bench, labelled, 1);
    assert_ok(run(bench, "otel-spanmetrics", &found, &err), &err);
    assert_non_null(strstr(found.configuration, "$E,$S"));
    yaga_discovery_clear(&found);
}

static void nothing_fits_and_there_is_no_configuration(void **state)
{
    struct bench *bench = *state;
    teach(bench, NULL, 0);
    struct yaga_discovery found;
    struct yaga_error err;
    assert_ok(run(bench, NULL, &found, &err), &err);
    assert_null(found.configuration);
    assert_non_null(strstr(found.table, "bad_data: what?"));
    yaga_discovery_clear(&found);
}

static void unusable_requests_are_refused(void **state)
{
    struct bench *bench = *state;
    struct yaga_discovery found;
    struct yaga_error err;
    assert_int_equal(run(bench, "nobody", &found, &err), YAGA_E_ARG);
    assert_error_has(&err, "there are collector-spanmetrics, envoy,");
    YAGA_AUTO(yaga_config) archive = NULL;
    assert_ok(yaga_config_parse("source = { type = \"archive\"; files = [ \"a\" ]; };",
                                "t.cfg", &archive, NULL, &err),
              &err);
    bench->setup->config = archive;
    assert_int_equal(run(bench, NULL, &found, &err), YAGA_E_CONFIG);
    bench->setup->config = bench->config;
}

static void discovery_survives_failing_memory(void **state)
{
    struct bench *bench = *state;
    teach(bench, envoy, 3);
    struct yaga_discovery found = {.table = NULL};
    enum yaga_status st = YAGA_E_NOMEM;
    /* Not every allocation, because reading the preset alone has thousands. */
    for (size_t k = 1; st != YAGA_OK; k += 1 + k / 16) {
        struct yaga_error err = {.status = YAGA_OK};
        yaga_mem_fail_nth(k);
        st = run(bench, "envoy", &found, &err);
        yaga_mem_fail_nth(0);
        if (st != YAGA_OK)
            assert_int_equal(st, YAGA_E_NOMEM);
    }
    assert_non_null(found.configuration);
    yaga_discovery_clear(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_what_answered_is_configured, start, stop),
        cmocka_unit_test_setup_teardown(what_was_there_an_hour_ago_counts, start, stop),
        cmocka_unit_test_setup_teardown(without_roles_half_of_the_metrics_make_a_service,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            the_environment_is_dropped_only_where_nothing_has_it, start, stop),
        cmocka_unit_test_setup_teardown(nothing_fits_and_there_is_no_configuration, start,
                                        stop),
        cmocka_unit_test_setup_teardown(unusable_requests_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(discovery_survives_failing_memory, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
