/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cycles that ask a server who calls whom. The cart is slow, and calls the shop, which is
 * in order: nobody has configured that. */
#include "assert.h"

#include <stdio.h>
#include <string.h>

#include "shop.h"
#include "stub_server.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/enrich/calls.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/infer_internal.h"

#define GRAPH                                                                            \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["           \
    "{\"metric\":{\"client\":\"cart\",\"server\":\"shop\"},\"value\":[1,\"20\"]},"       \
    "{\"metric\":{\"client\":\"cart\",\"server\":\"redis\"},\"value\":[1,\"80\"]}]}}"

static struct shop trained;

static int train(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", "shop", NULL};
    struct yaga_train_report report;
    yaga_log_setup(YAGA_LOG_ERROR, false);
    shop_open(&trained, NULL);
    shop_train(&trained, only, 2, &report);
    yaga_train_report_clear(&report);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    shop_close(&trained);
    return 0;
}

/* What a dry cycle in the fault says of the cart, with these settings (NULL at the end);
 * values come from the archive. The caller's. */
static char *told(const struct stub_server *server, const char *const *more, bool offline)
{
    static const char *const services[] = {"cart", "shop"};
    char endpoint[100];
    const char *overrides[16] = {"source.type=prometheus", "enrichment.enabled=false",
                                 endpoint};
    struct shop shop;
    struct yaga_error err;
    struct yaga_infer_result result;
    size_t n = 3;
    (void)snprintf(endpoint, sizeof endpoint, "victoria_metrics.endpoint=%s",
                   stub_server_url(server));
    shop_open(&shop, NULL);
    shop_copy_models(&trained, &shop);
    for (; *more != NULL; more++)
        overrides[n++] = *more;
    shop.config = yaga_config_free(shop.config);
    assert_ok(yaga_config_load(shop_path(&shop, "yaga.cfg"), overrides, n, &shop.config,
                               NULL, &err),
              &err);
    assert_ok(yaga_setup_init(&shop.setup, shop.config, "yaga-test", &err), &err);
    const struct yaga_infer_options options = {.only = services,
                                               .n_only = 2,
                                               .dry_run = true,
                                               .collect = true,
                                               .offline = offline};
    shop_cycle(&shop, &options, shop_fault + 600, &result);
    assert_int_equal(yaga_json_size(result.documents), 1);
    char *text = NULL;
    assert_ok(yaga_json_dump(yaga_json_at(result.documents, 0), false, &text, &err),
              &err);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    return text;
}

static const char *const off[] = {NULL};
static const char *const on[] = {"dependencies.discover=true", NULL};

static void found_calls_are_followed(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = GRAPH});
    YAGA_AUTO_MEM(char) without = told(server, off, false);
    assert_int_equal(stub_server_count(server), 0);
    assert_null(strstr(without, "cascade_analysis"));
    YAGA_AUTO_MEM(char) with = told(server, on, false);
    assert_non_null(strstr(with, "\"dependencies_healthy\""));
    assert_non_null(strstr(with, "internal_latency_issue"));
    /* once for all services, as of the evaluation time */
    assert_int_equal(stub_server_count(server), 1);
    char query[1000], time[32], at[32];
    const struct stub_request *request = stub_server_request(server, 0);
    assert_true(stub_request_field(request, "query", query, sizeof query));
    assert_true(stub_request_field(request, "time", time, sizeof time));
    (void)snprintf(at, sizeof at, "%lld", (long long)shop_fault + 600);
    assert_string_equal(query, yaga_calls_query);
    assert_string_equal(time, at);
    stub_server_stop(server);
}

static void the_query_can_be_another_one(void **state)
{
    (void)state;
    static const char *const own[] = {"dependencies.discover=true",
                                      "dependencies.discover_query=calls by {client}",
                                      NULL};
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = GRAPH});
    YAGA_AUTO_MEM(char) with = told(server, own, false);
    char query[1000];
    assert_true(
        stub_request_field(stub_server_request(server, 0), "query", query, sizeof query));
    assert_string_equal(query, "calls by {client}");
    assert_non_null(strstr(with, "\"dependencies_healthy\""));
    stub_server_stop(server);
}

static void without_an_answer_nothing_is_different(void **state)
{
    (void)state;
    static const struct stub_response answers[] = {
        {.status = 500, .body = "down"},
        {.body = "{"},
        {.body = "{\"status\":\"error\",\"error\":\"too many series\"}"},
        {.body = "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\","
                 "\"result\":[]}}"},
        {.body = GRAPH, .close_after = 20},
    };
    struct stub_server *none = stub_server_start();
    YAGA_AUTO_MEM(char) plain = told(none, off, false);
    stub_server_add(none, &(struct stub_response){.body = GRAPH});
    YAGA_AUTO_MEM(char) replayed = told(none, on, true);
    assert_string_equal(plain, replayed);
    assert_int_equal(stub_server_count(none), 0);
    stub_server_stop(none);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct stub_server *server = stub_server_start();
        stub_server_add(server, &answers[i]);
        YAGA_AUTO_MEM(char) with = told(server, on, false);
        assert_true(stub_server_count(server) == 1);
        assert_string_equal(plain, with);
        stub_server_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_calls_are_followed),
        cmocka_unit_test(the_query_can_be_another_one),
        cmocka_unit_test(without_an_answer_nothing_is_different),
    };
    return cmocka_run_group_tests(tests, train, leave);
}
