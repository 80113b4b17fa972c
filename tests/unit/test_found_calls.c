/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who calls whom, as an answer of the service graph tells it, and what becomes of the
 * graph. */
#include "assert.h"

#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/enrich/calls.h"
#include "yaga/pipeline/call_graph.h"

struct told {
    const char *client, *server, *value;
};

static struct yaga_found_calls calls_of(const struct told *told, size_t n)
{
    static char text[8192];
    struct yaga_answer *answer = NULL;
    struct yaga_found_calls out;
    struct yaga_error err;
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "{\"status\":\"success\",\"data\":{\"resultType\":"
                                 "\"vector\",\"result\":[");
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "%s{\"metric\":{\"client\":\"%s\",\"server\":\"%s\"},"
                               "\"value\":[1,\"%s\"]}",
                               i > 0 ? "," : "", told[i].client, told[i].server,
                               told[i].value);
    at += (size_t)snprintf(text + at, sizeof text - at, "]}}");
    assert_ok(yaga_answer_parse(text, at, &answer, &err), &err);
    assert_ok(yaga_found_calls_make(answer, &out, &err), &err);
    return out;
}

static const struct told graph[] = {
    {"web", "cart", "30"},      {"web", "stock", "0.99"}, {"cart", "stock", "2"},
    {"web", "search", "69.01"}, {"cart", "stock", "3"},   {"", "cart", "9"},
    {"cart", "", "9"},          {"cart", "cart", "100"},  {"search", "stock", "NaN"},
    {"stock", "redis", "5"},    {"search", "stock", "0"}, {"user", "web", "50"},
};
enum { N = sizeof graph / sizeof graph[0] };

static void assert_calls(const struct yaga_found_calls *c)
{
    static const struct {
        const char *caller, *callee;
        double rate;
    } want[] = {{"cart", "stock", 5},
                {"stock", "redis", 5},
                {"user", "web", 50},
                {"web", "cart", 30},
                {"web", "search", 69.01}};
    assert_int_equal(c->n, 5); /* 0.99 of 100 is less than 1 % */
    for (size_t i = 0; i < c->n; i++) {
        assert_string_equal(c->calls[i].caller, want[i].caller);
        assert_string_equal(c->calls[i].callee, want[i].callee);
        assert_near(c->calls[i].rate, want[i].rate, 0.0);
    }
}

static void calls_are_added_up_and_small_ones_left_out(void **state)
{
    (void)state;
    struct yaga_found_calls c = calls_of(graph, N);
    assert_calls(&c);
    yaga_found_calls_clear(&c);
    struct told reverse[N];
    for (size_t i = 0; i < N; i++)
        reverse[i] = graph[N - 1 - i];
    c = calls_of(reverse, N);
    assert_calls(&c);
    yaga_found_calls_clear(&c);
    static const struct told exact[] = {{"a", "b", "1"}, {"a", "c", "99"}};
    c = calls_of(exact, 2);
    assert_int_equal(c.n, 2); /* 1 % of all is enough */
    yaga_found_calls_clear(&c);
    c = calls_of(NULL, 0);
    assert_int_equal(c.n, 0);
    yaga_found_calls_clear(&c);
}

static size_t
callees_of(const struct yaga_call_graph *g, size_t service, const char *out[8])
{
    size_t n = 0;
    for (size_t e = g->graph.first[service]; e < g->graph.first[service + 1]; e++)
        out[n++] = g->names[g->graph.callee[e]];
    return n;
}

/* Those of the configuration and those that were found, each once; found ones only
 * between services of the cycle. */
static void found_calls_join_the_configured_ones(void **state)
{
    (void)state;
    static const char *const names[] = {"cart", "search", "stock", "web"};
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_fleet fleet;
    struct yaga_call_graph g;
    struct yaga_error err;
    const char *to[8];
    assert_ok(yaga_config_parse("source: { type = \"archive\"; files = [\"x\"]; };\n"
                                "services = ( { name = \"web\"; depends_on = [ \"cart\", "
                                "\"mail\" ]; }, { name = \"cart\"; } );",
                                "t.cfg", &config, NULL, &err),
              &err);
    assert_ok(yaga_fleet_init(&fleet, names, 4, 1, 0, 300, 1, &err), &err);
    assert_ok(yaga_call_graph_init(&g, config, NULL, &fleet, &err), &err);
    assert_int_equal(callees_of(&g, 3, to), 2);
    assert_int_equal(callees_of(&g, 0, to), 0);
    yaga_call_graph_clear(&g);
    struct yaga_found_calls c = calls_of(graph, N);
    assert_ok(yaga_call_graph_init(&g, config, &c, &fleet, &err), &err);
    assert_int_equal(g.graph.n, 5); /* with mail, without redis */
    assert_int_equal(callees_of(&g, 3, to), 3);
    assert_string_equal(to[0], "cart");
    assert_string_equal(to[1], "search");
    assert_string_equal(to[2], "mail");
    assert_int_equal(callees_of(&g, 0, to), 1);
    assert_string_equal(to[0], "stock");
    assert_int_equal(callees_of(&g, 2, to), 0);
    yaga_call_graph_clear(&g);
    yaga_found_calls_clear(&c);
    yaga_fleet_clear(&fleet);
}

static void a_lack_of_memory_is_said(void **state)
{
    (void)state;
    struct yaga_answer *answer = NULL;
    struct yaga_found_calls out;
    struct yaga_error err;
    static const char text[] = "{\"status\":\"success\",\"data\":{\"resultType\":"
                               "\"vector\",\"result\":[]}}";
    assert_ok(yaga_answer_parse(text, strlen(text), &answer, &err), &err);
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_found_calls_make(answer, &out, &err), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
    assert_null(out.calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_added_up_and_small_ones_left_out),
        cmocka_unit_test(found_calls_join_the_configured_ones),
        cmocka_unit_test(a_lack_of_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
