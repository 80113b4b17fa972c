/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of a server and what becomes of them. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/enrich/enrich.h"
#include "yaga/numeric/rng.h"
#include "yaga/source/source.h"

enum { AT_S = 1772532000, SERIES_MAX = 64, TEXT_MAX = 1 << 20 };

/* A server's answer under construction: labels and values in any order. */
struct series {
    const char *labels; /* "\"a\":\"b\"" */
    double value;       /* NaN is written as such */
};

static struct yaga_answer *answer_of(const struct series *series, size_t n)
{
    struct yaga_str text;
    struct yaga_answer *answer = NULL;
    struct yaga_error err = {.status = YAGA_OK};
    char number[YAGA_DOUBLE_TEXT_MAX];
    yaga_str_init(&text, TEXT_MAX);
    assert_int_equal(
        yaga_str_append(
            &text,
            "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["),
        YAGA_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(yaga_str_appendf(&text,
                                          "%s{\"metric\":{%s},\"value\":[%d,\"%s\"]}",
                                          i > 0 ? "," : "", series[i].labels, AT_S,
                                          yaga_format_double(series[i].value, number)),
                         YAGA_OK);
    assert_int_equal(yaga_str_append(&text, "]}}"), YAGA_OK);
    assert_ok(yaga_answer_parse(yaga_str_get(&text), text.length, &answer, &err), &err);
    yaga_str_clear(&text);
    return answer;
}

/* All queries of one subject; what is not given failed. */
struct asked {
    struct yaga_enrich_params params;
    struct yaga_enrich_subject subject;
    struct yaga_enrichment out;
    struct yaga_answer *answers[YAGA_ENRICH_QUERIES];
    const char *errors[YAGA_ENRICH_QUERIES];
};

static void ask(struct asked *a, unsigned parts)
{
    static const char *const clusters[] = {"cart", "cart-canary"};
    *a = (struct asked){
        .subject = {
            .service = "cart", .parts = parts, .clusters = clusters, .n_clusters = 2}};
    a->subject.rate = 10.0;
    a->subject.error_rate = 0.01;
    a->subject.out = &a->out;
    yaga_enrich_params_init(&a->params);
    a->params.version_label = "service_version";
}

#define GIVE(a, query, ...)                                                              \
    do {                                                                                 \
        const struct series list_[] = {__VA_ARGS__};                                     \
        (a)->answers[query] = answer_of(list_, sizeof list_ / sizeof list_[0]);          \
    } while (0)
#define GIVE_NOTHING(a, query) ((a)->answers[query] = answer_of(NULL, 0))

static void join(struct asked *a)
{
    struct yaga_error err = {.status = YAGA_OK};
    const struct yaga_answer *answers[YAGA_ENRICH_QUERIES];
    for (size_t q = 0; q < YAGA_ENRICH_QUERIES; q++)
        answers[q] = a->answers[q];
    assert_ok(yaga_enrich_join(&a->params, &a->subject, AT_S, answers, a->errors, &err),
              &err);
    for (size_t q = 0; q < YAGA_ENRICH_QUERIES; q++)
        a->answers[q] = yaga_answer_free(a->answers[q]);
}

#define EXCEPTION(type) "\"exception_type\":\"" type "\""

static void exceptions_are_ranked_shortened_and_compared_with_yesterday(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, 1u << YAGA_ENRICH_EXCEPTIONS);
    GIVE(&a, YAGA_ASK_EXCEPTIONS, {EXCEPTION("java.net.SocketTimeoutException"), 3.0},
         {EXCEPTION("App\\\\Db\\\\Gone"), 6.0}, {EXCEPTION("std::bad_alloc"), 0.5},
         {EXCEPTION("github.com/x/y.Err"), 0.25}, {EXCEPTION("Plain"), 0.2},
         {EXCEPTION("Sixth"), 0.05}, {EXCEPTION("rare"), 0.0005},
         {EXCEPTION("odd"), (double)NAN});
    GIVE(&a, YAGA_ASK_EXCEPTIONS_BEFORE,
         {EXCEPTION("java.net.SocketTimeoutException"), 0.1},
         {EXCEPTION("Plain"), 0.0001});
    join(&a);
    const struct yaga_exception_list *e = &a.out.exceptions;
    static const char *const names[] = {"Gone", "SocketTimeoutException", "bad_alloc",
                                        "Err", "Plain"};
    assert_true(e->state.found && e->state.error[0] == '\0');
    assert_int_equal(e->n_types, 6);
    assert_int_equal(e->n, 5);
    assert_near(e->total_rate, 10.0, 1e-12);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(e->top[i].short_name, names[i]);
    assert_string_equal(e->top[0].type, "App\\Db\\Gone");
    assert_near(e->top[0].percentage, 60.0, 1e-12);
    assert_true(e->top[0].is_known && e->top[0].is_new);
    assert_false(e->top[1].is_new);
    assert_true(e->top[4].is_new); /* yesterday below the least rate that counts */
}

static void names_that_end_in_a_separator_stay_whole(void **state)
{
    (void)state;
    static const struct {
        const char *label, *name;
    } cases[] = {{EXCEPTION("a.b."), "b."}, {EXCEPTION("a::"), "a::"},
                 {EXCEPTION("."), "."},     {EXCEPTION(""), "unknown"},
                 {EXCEPTION("a:b"), "a:b"}, {EXCEPTION("::x"), "x"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asked a;
        ask(&a, 1u << YAGA_ENRICH_EXCEPTIONS);
        GIVE(&a, YAGA_ASK_EXCEPTIONS, {cases[i].label, 1.0});
        join(&a);
        assert_string_equal(a.out.exceptions.top[0].short_name, cases[i].name);
    }
}

static void what_fails_is_said_and_the_rest_is_kept(void **state)
{
    (void)state;
    struct asked a;
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    ask(&a, 1u << YAGA_ENRICH_EXCEPTIONS | 1u << YAGA_ENRICH_CODES);
    GIVE(&a, YAGA_ASK_EXCEPTIONS, {EXCEPTION("X"), 1.0});
    a.errors[YAGA_ASK_EXCEPTIONS_BEFORE] = longer;
    join(&a);
    assert_true(a.out.exceptions.state.found);
    assert_false(a.out.exceptions.top[0].is_known);
    assert_false(a.out.exceptions.top[0].is_new);
    assert_int_equal(strlen(a.out.exceptions.state.error), YAGA_ENRICH_ERROR_MAX);
    assert_true(a.out.codes.state.asked && !a.out.codes.state.found);
    assert_string_equal(a.out.codes.state.error, "no answer");
    assert_false(a.out.graph.state.asked);
    assert_string_equal(a.out.graph.state.error, "");
}

#define ROUTE(server, route)                                                             \
    "\"client\":\"cart\",\"server\":\"" server "\",\"server_http_route\":\"" route "\""
#define SERVER(server) "\"client\":\"cart\",\"server\":\"" server "\""

static void routes_are_joined_by_server_and_route(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, 1u << YAGA_ENRICH_GRAPH);
    GIVE(&a, YAGA_ASK_GRAPH_REQUESTS, {ROUTE("stock", "/items"), 6.0},
         {ROUTE("stock", "/reserve"), 1.0}, {SERVER("payments"), 3.0},
         {ROUTE("old", "/x"), 0.0001});
    GIVE(&a, YAGA_ASK_GRAPH_FAILURES, {ROUTE("stock", "/reserve"), 0.25},
         {SERVER("payments"), 4.0});
    GIVE(&a, YAGA_ASK_GRAPH_LATENCY, {ROUTE("stock", "/items"), 20.0},
         {ROUTE("stock", "/reserve"), 900.0}, {SERVER("payments"), (double)NAN},
         {ROUTE("old", "/x"), 5000.0});
    join(&a);
    const struct yaga_service_graph *g = &a.out.graph;
    assert_true(g->state.found && g->state.error[0] == '\0');
    assert_near(g->total_rate, 10.0, 1e-12);
    assert_int_equal(g->n_routes_all, 3);
    assert_string_equal(g->routes[0].route, "/items");
    assert_near(g->routes[0].percentage, 60.0, 1e-12);
    assert_near(g->routes[0].failed_share, 0.0, 0.0);
    assert_string_equal(g->routes[1].server, "payments");
    assert_string_equal(g->routes[1].route, "");
    assert_true(isnan(g->routes[1].latency_ms));
    assert_near(g->routes[1].failed_share, 1.0, 0.0); /* never more than all */
    assert_near(g->routes[2].failed_share, 0.25, 1e-12);
    assert_int_equal(g->n_servers, 2);
    assert_string_equal(g->servers[0], "stock");
    assert_string_equal(g->slowest.route, "/reserve");
    assert_string_equal(g->most_time.route, "/reserve"); /* 900 against 120 */
}

static void without_failures_and_latency_the_routes_are_left(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, 1u << YAGA_ENRICH_GRAPH);
    GIVE(&a, YAGA_ASK_GRAPH_REQUESTS, {ROUTE("stock", "/items"), 6.0});
    a.errors[YAGA_ASK_GRAPH_FAILURES] = "HTTP 503";
    join(&a);
    assert_true(a.out.graph.state.found);
    assert_true(isnan(a.out.graph.routes[0].failed_share));
    assert_true(isnan(a.out.graph.routes[0].latency_ms));
    assert_false(a.out.graph.has_slowest);
    assert_string_equal(a.out.graph.state.error, "HTTP 503");
}

static void long_lists_are_cut_but_their_extremes_are_not(void **state)
{
    (void)state;
    struct asked a;
    char labels[SERIES_MAX][80];
    struct series requests[SERIES_MAX], latency[SERIES_MAX];
    ask(&a, 1u << YAGA_ENRICH_GRAPH);
    for (size_t i = 0; i < SERIES_MAX; i++) {
        (void)snprintf(labels[i], sizeof labels[i],
                       "\"server\":\"s%02zu\",\"http_route\":\"/r\"", i);
        requests[i] = (struct series){labels[i], 100.0 - (double)i};
        latency[i] = (struct series){labels[i], 1.0 + (double)i};
    }
    a.answers[YAGA_ASK_GRAPH_REQUESTS] = answer_of(requests, SERIES_MAX);
    a.answers[YAGA_ASK_GRAPH_LATENCY] = answer_of(latency, SERIES_MAX);
    GIVE_NOTHING(&a, YAGA_ASK_GRAPH_FAILURES);
    join(&a);
    assert_int_equal(a.out.graph.n_routes, YAGA_ENRICH_ROUTES_MAX);
    assert_int_equal(a.out.graph.n_routes_all, SERIES_MAX);
    assert_int_equal(a.out.graph.n_servers, YAGA_ENRICH_SERVERS_MAX);
    assert_string_equal(a.out.graph.slowest.server, "s63");
    assert_string_equal(a.out.graph.routes[0].route, "/r");
}

#define CODE(code) "\"http_response_status_code\":\"" code "\""

static void the_dominant_code_tells_how_requests_fail(void **state)
{
    (void)state;
    static const struct {
        struct series series[3];
        const char *dominant, *mode;
    } cases[] = {
        {{{CODE("200"), 90}, {CODE("503"), 6}, {CODE("500"), 4}},
         "503",
         "overload_or_breaker"},
        {{{CODE("200"), 90}, {CODE("503"), 5.99}, {CODE("500"), 4.01}},
         "",
         "unknown"}, /* just below 60 % */
        {{{CODE("401"), 9}, {CODE("200"), 1}, {CODE("302"), 1}}, "401", "authentication"},
        {{{CODE("403"), 9}, {CODE("404"), 1}, {CODE("302"), 1}}, "403", "authentication"},
        {{{CODE("429"), 9}, {CODE("500"), 1}, {CODE("200"), 1}}, "429", "rate_limited"},
        {{{CODE("502"), 9}, {CODE("500"), 1}, {CODE("200"), 1}}, "502", "gateway"},
        {{{CODE("504"), 9}, {CODE("500"), 1}, {CODE("200"), 1}}, "504", "gateway"},
        {{{CODE("500"), 9}, {CODE("404"), 1}, {CODE("200"), 1}}, "500", "application"},
        {{{CODE("400"), 9}, {CODE("500"), 1}, {CODE("200"), 1}}, "400", "client_input"},
        {{{CODE("404"), 9}, {CODE("500"), 1}, {CODE("200"), 1}}, "404", "client_input"},
        {{{CODE("422"), 9}, {CODE("500"), 1}, {CODE("200"), 1}}, "422", "client_input"},
        {{{CODE("418"), 9}, {CODE("500"), 1}, {CODE("200"), 1}}, "418", "unknown"},
        {{{"", 9}, {CODE("200"), 1}, {CODE("302"), 1}}, "", "non_http"},
        {{{CODE("201"), 9}, {CODE("200"), 1}, {CODE("302"), 1}}, "", "unknown"},
        {{{CODE("5xx"), 9}, {CODE("50"), 1}, {CODE("5000"), 1}}, "", "unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asked a;
        ask(&a, 1u << YAGA_ENRICH_CODES);
        a.answers[YAGA_ASK_CODES] = answer_of(cases[i].series, 3);
        join(&a);
        assert_true(a.out.codes.state.found);
        assert_string_equal(a.out.codes.dominant, cases[i].dominant);
        assert_string_equal(yaga_failure_mode_name(a.out.codes.mode), cases[i].mode);
        bool silent = a.out.codes.mode == YAGA_FAILURE_UNKNOWN;
        assert_int_equal(yaga_failure_mode_reading(a.out.codes.mode)[0] == '\0', silent);
    }
}

static void codes_of_two_labels_are_one(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, 1u << YAGA_ENRICH_CODES);
    GIVE(&a, YAGA_ASK_CODES,
         {"\"http_response_status_code\":\"\",\"http_status_code\":\"500\"", 1.0},
         {CODE("500"), 2.0}, {CODE("200"), 1.0});
    join(&a);
    assert_int_equal(a.out.codes.n, 2);
    assert_string_equal(a.out.codes.codes[0].code, "500");
    assert_near(a.out.codes.codes[0].rate, 3.0, 1e-12);
    assert_near(a.out.codes.codes[0].share, 0.75, 1e-12);
}

#define CLASS(c) "\"envoy_response_code_class\":\"" c "\""
#define LE(x) "\"le\":\"" x "\""

static void the_edge_is_summed_and_compared(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, 1u << YAGA_ENRICH_EDGE);
    GIVE(&a, YAGA_ASK_EDGE_CODES, {CLASS("2"), 8.0}, {CLASS("4"), 0.5},
         {CLASS("5"), 1.5});
    GIVE(&a, YAGA_ASK_EDGE_BUCKETS, {LE("+Inf"), 10.0}, {LE("10"), 4.0}, {LE("100"), 9.5},
         {LE("25"), 6.0});
    GIVE(&a, YAGA_ASK_EDGE_CONNECTIONS, {"", 17.0});
    join(&a);
    const struct yaga_edge *e = &a.out.edge;
    assert_string_equal(e->clusters, "cart, cart-canary");
    assert_near(e->total_rate, 10.0, 1e-12);
    assert_near(e->error_share, 0.2, 1e-12);
    assert_near(e->server_error_share, 0.15, 1e-12);
    assert_near(e->connections, 17.0, 0.0);
    /* rank 5 of 10: between 4 at 10 ms and 6 at 25 ms; rank 9: between 6 at 25 and 9.5 at
     * 100 */
    assert_near(e->quantile_ms[0], 17.5, 1e-12);
    assert_near(e->quantile_ms[1], 25.0 + 75.0 * 3.0 / 3.5, 1e-12);
    assert_near(e->quantile_ms[2], 100.0, 0.0);
    assert_true(e->at_least[2] && !e->at_least[0] && !e->at_least[1]);
    assert_non_null(strstr(yaga_edge_reading(e), "in front of the service"));
}

static void edge_and_service_are_read_together(void **state)
{
    (void)state;
    struct yaga_edge e = {
        .total_rate = 100.0, .service_rate = 40.0, .server_error_share = 0.0};
    assert_non_null(strstr(yaga_edge_reading(&e), "telemetry"));
    e.service_rate = 50.0;
    assert_string_equal(yaga_edge_reading(&e), "");
    e.server_error_share = 0.03;
    e.service_error_rate = 0.02;
    assert_string_equal(yaga_edge_reading(&e), "");
    e.service_error_rate = 0.019;
    assert_non_null(strstr(yaga_edge_reading(&e), "in front"));
    e.service_error_rate = e.service_rate = (double)NAN;
    assert_string_equal(yaga_edge_reading(&e), "");
    e.is_silent = true;
    assert_non_null(strstr(yaga_edge_reading(&e), "telemetry is lost"));
}

static void an_edge_without_traffic_or_buckets_says_so(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, 1u << YAGA_ENRICH_EDGE);
    GIVE_NOTHING(&a, YAGA_ASK_EDGE_CODES);
    GIVE_NOTHING(&a, YAGA_ASK_EDGE_BUCKETS);
    GIVE_NOTHING(&a, YAGA_ASK_EDGE_CONNECTIONS);
    join(&a);
    assert_false(a.out.edge.state.found);
    ask(&a, 1u << YAGA_ENRICH_EDGE);
    GIVE(&a, YAGA_ASK_EDGE_CODES, {CLASS("2"), 8.0});
    GIVE(&a, YAGA_ASK_EDGE_BUCKETS, {LE("10"), 4.0}, {LE("odd"), 4.0},
         {LE("25"), 6.0}); /* no +Inf */
    GIVE_NOTHING(&a, YAGA_ASK_EDGE_CONNECTIONS);
    join(&a);
    assert_true(a.out.edge.state.found);
    assert_true(isnan(a.out.edge.quantile_ms[0]) && isnan(a.out.edge.connections));
}

#define VERSION(v) "\"service_version\":\"" v "\""

static void a_version_is_new_when_it_came_after_another(void **state)
{
    (void)state;
    static const struct {
        struct series series[2];
        size_t n;
        const char *version;
    } cases[] = {
        {{{VERSION("1"), AT_S - 7200}, {VERSION("2"), AT_S - 900}}, 2, "2"},
        {{{VERSION("1"), AT_S - 7200}, {VERSION("2"), AT_S - 6900}}, 2, "2"},
        {{{VERSION("1"), AT_S - 7200}, {VERSION("2"), AT_S - 6901}},
         2,
         ""},                                           /* both from the start on */
        {{{VERSION("2"), AT_S - 900}, {"", 0}}, 1, ""}, /* began to report */
        {{{VERSION("1"), AT_S - 7200}, {"", AT_S - 900}}, 2, ""},
        {{{VERSION("1"), AT_S - 7200}, {VERSION("2"), AT_S + 900}}, 2, ""}, /* not yet */
        {{{VERSION("1"), 5}, {VERSION("2"), AT_S - 900}}, 2, ""},           /* no time */
        {{{"", 0}, {"", 0}}, 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asked a;
        ask(&a, 1u << YAGA_ENRICH_CHANGE);
        a.answers[YAGA_ASK_VERSIONS] = answer_of(cases[i].series, cases[i].n);
        join(&a);
        assert_string_equal(a.out.change.version, cases[i].version);
        assert_int_equal(a.out.change.state.found, cases[i].version[0] != '\0');
        if (a.out.change.state.found)
            assert_int_equal(a.out.change.first_seen_s,
                             (int64_t)cases[i].series[1].value);
    }
}

/* Ten thousand answers, 5000 random ones and each shuffled: they give the same contexts
 * to the byte, and shares add up. */
static void the_order_of_an_answer_does_not_matter(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 7);
    for (size_t round = 0; round < 5000; round++) {
        char labels[8][96];
        struct series series[8];
        size_t n = 1 + yaga_rng_below(&rng, 8);
        static struct yaga_enrichment first;
        for (size_t i = 0; i < n; i++) {
            unsigned k = (unsigned)yaga_rng_below(&rng, 5);
            (void)snprintf(labels[i], sizeof labels[i],
                           "\"server\":\"s%u\",\"server_http_route\":\"%u\"", k, 400 + k);
            double value = (double)yaga_rng_below(&rng, 1000) / 7.0;
            series[i] = (struct series){
                labels[i], yaga_rng_below(&rng, 9) == 0 ? (double)NAN : value};
        }
        for (size_t turn = 0; turn < 2; turn++) {
            struct asked a;
            ask(&a, 1u << YAGA_ENRICH_GRAPH | 1u << YAGA_ENRICH_CODES |
                        1u << YAGA_ENRICH_EXCEPTIONS);
            for (size_t q = 0; q <= YAGA_ASK_CODES; q++)
                a.answers[q] = answer_of(series, n);
            join(&a);
            for (size_t i = 0; i < a.out.exceptions.n; i++) /* points into itself */
                a.out.exceptions.top[i].short_name = NULL;
            if (turn == 0)
                first = a.out;
            else if (memcmp(&first, &a.out, sizeof first) != 0)
                fail_msg("round %zu", round);
            double share = 0.0;
            for (size_t i = 0; i < a.out.codes.n; i++)
                share += a.out.codes.codes[i].share;
            if (a.out.codes.state.found)
                assert_near(share, 1.0, 1e-9);
            for (size_t i = n; i > 1; i--) { /* shuffle */
                size_t k = yaga_rng_below(&rng, i);
                struct series other = series[i - 1];
                series[i - 1] = series[k];
                series[k] = other;
            }
        }
    }
}

static enum yaga_status parse(const char *text, struct yaga_error *err)
{
    struct yaga_answer *answer = NULL;
    enum yaga_status st = yaga_answer_parse(text, strlen(text), &answer, err);
    (void)yaga_answer_free(answer);
    return st;
}

static void what_is_no_answer_is_refused(void **state)
{
    (void)state;
    struct yaga_error err;
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "nothing",
        "{\"status\":\"success\"}",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":{}}}",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[1]}}",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{"
        "\"metric\":{},\"value\":[1]}]}}",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{"
        "\"metric\":{\"a\":1},\"value\":[1,\"2\"]}]}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(bad[i], &err), YAGA_E_INPUT);
    assert_int_equal(parse("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":"
                           "\"no such function\"}",
                           &err),
                     YAGA_E_QUERY);
    assert_non_null(strstr(err.text, "no such function"));
}

static enum yaga_status parse_series(size_t n, struct yaga_error *err)
{
    struct yaga_str text;
    yaga_str_init(&text, YAGA_ANSWER_BYTES_MAX);
    assert_int_equal(
        yaga_str_append(
            &text,
            "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["),
        YAGA_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(
            yaga_str_appendf(&text, "%s{\"metric\":{\"a\":\"%zu\"},\"value\":[1,\"1\"]}",
                             i > 0 ? "," : "", i),
            YAGA_OK);
    assert_int_equal(yaga_str_append(&text, "]}}"), YAGA_OK);
    enum yaga_status st = parse(yaga_str_get(&text), err);
    yaga_str_clear(&text);
    return st;
}

static void an_answer_has_limits(void **state)
{
    (void)state;
    struct yaga_error err = {.status = YAGA_OK};
    assert_ok(parse_series(YAGA_ANSWER_SERIES_MAX, &err), &err);
    assert_int_equal(parse_series(YAGA_ANSWER_SERIES_MAX + 1, &err), YAGA_E_INPUT);
    assert_string_equal(err.text, "5001 series, at most 5000");
    static const char start[] =
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}";
    char *text = yaga_calloc(YAGA_ANSWER_BYTES_MAX + 2, 1);
    assert_non_null(text);
    memset(text, ' ', YAGA_ANSWER_BYTES_MAX + 1);
    memcpy(text, start, sizeof start - 1);
    struct yaga_answer *answer = NULL;
    assert_ok(yaga_answer_parse(text, YAGA_ANSWER_BYTES_MAX, &answer, &err), &err);
    (void)yaga_answer_free(answer);
    assert_int_equal(yaga_answer_parse(text, YAGA_ANSWER_BYTES_MAX + 1, &answer, &err),
                     YAGA_E_INPUT);
    yaga_free(text);
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    struct asked a;
    char label[600] = "\"exception_type\":\"x";
    for (size_t i = 0; i < 120; i++)
        (void)strcat(label, "\xc3\xa4"); /* ä */
    (void)strcat(label, "\"");
    ask(&a, 1u << YAGA_ENRICH_EXCEPTIONS);
    GIVE(&a, YAGA_ASK_EXCEPTIONS, {label, 1.0});
    join(&a);
    assert_int_equal(strlen(a.out.exceptions.top[0].type), YAGA_ENRICH_LABEL_MAX - 1);
}

/* ---- what is asked ---- */

static const char *expanded(const struct asked *a, enum yaga_enrich_query query)
{
    static char text[4096];
    struct yaga_error err = {.status = YAGA_OK};
    struct yaga_str out;
    yaga_str_init(&out, YAGA_SOURCE_QUERY_MAX);
    assert_ok(yaga_enrich_expand(&a->params, query, &a->subject, &out, &err), &err);
    (void)snprintf(text, sizeof text, "%s", yaga_str_get(&out));
    yaga_str_clear(&out);
    return text;
}

static void queries_name_the_service_and_are_escaped(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, ~0u);
    a.subject.service = "ca\"rt";
    assert_string_equal(
        expanded(&a, YAGA_ASK_EXCEPTIONS),
        "sum by (exception_type) (rate(events_total{service_name=\"ca\\\"rt\","
        "deployment_environment_name=~\"production\"}[300s]) or "
        "rate(traces_span_metrics_events_total"
        "{service_name=\"ca\\\"rt\",deployment_environment_name=~\"production\"}[300s])"
        ")");
    assert_string_equal(expanded(&a, YAGA_ASK_GRAPH_REQUESTS),
                        "sum by (client, server, server_http_route) "
                        "(rate(traces_service_graph_request_total"
                        "{client=\"ca\\\"rt\"}[300s]))");
    assert_string_equal(expanded(&a, YAGA_ASK_EDGE_CONNECTIONS),
                        "sum(envoy_cluster_upstream_cx_active{envoy_cluster_name=~\"cart|"
                        "cart-canary\"})");
    a.params.version_label = "service.version";
    assert_non_null(
        strstr(expanded(&a, YAGA_ASK_VERSIONS), "count by (service\\.version) "));
}

static void settings_move_the_queries(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, ~0u);
    a.params.selector = "env='x',$E";
    a.params.environment = "prod.*";
    a.params.service_label = "job";
    a.params.lookback_s[YAGA_ENRICH_CODES] = 600;
    a.params.template[YAGA_ASK_CODES] = "c{$S,x=~'a$',$E}[$W]";
    assert_string_equal(
        expanded(&a, YAGA_ASK_CODES),
        "c{job=\"cart\",x=~'a$',env='x',deployment_environment_name=~\"prod.*\"}[600s]");
    a.params.selector = "";
    a.params.template[YAGA_ASK_CODES] = "c{$S,$E}";
    assert_string_equal(expanded(&a, YAGA_ASK_CODES), "c{job=\"cart\",}");
}

static void a_query_has_a_limit(void **state)
{
    (void)state;
    struct asked a;
    struct yaga_error err = {.status = YAGA_OK};
    struct yaga_str out;
    static char text[YAGA_SOURCE_QUERY_MAX + 2];
    ask(&a, ~0u);
    for (size_t more = 0; more < 2; more++) {
        memset(text, 'x', YAGA_SOURCE_QUERY_MAX + more);
        a.params.template[YAGA_ASK_CODES] = text;
        yaga_str_init(&out, YAGA_SOURCE_QUERY_MAX);
        enum yaga_status st =
            yaga_enrich_expand(&a.params, YAGA_ASK_CODES, &a.subject, &out, &err);
        assert_int_equal(st, more == 0 ? YAGA_OK : YAGA_E_QUERY);
        yaga_str_clear(&out);
    }
}

/* ---- when ---- */

enum { RATE, SLOW, FAILED, N_METRICS };
static const struct yaga_metric metrics[N_METRICS] = {
    {.name = "request_rate", .role = YAGA_ROLE_TRAFFIC},
    {.name = "latency", .role = YAGA_ROLE_LATENCY},
    {.name = "error_rate", .role = YAGA_ROLE_ERRORS}};

static unsigned wanted(const char *family,
                       const char *pattern,
                       enum yaga_severity severity,
                       const struct yaga_slo_evaluation *slo,
                       enum yaga_cascade_type cascade)
{
    static struct yaga_verdict verdict;
    struct yaga_enrich_params params;
    yaga_enrich_params_init(&params);
    verdict.n_anomalies = family != NULL;
    verdict.anomalies[0] = (struct yaga_anomaly){.severity = severity};
    (void)snprintf(verdict.anomalies[0].family, sizeof verdict.anomalies[0].family, "%s",
                   family != NULL ? family : "");
    (void)snprintf(verdict.anomalies[0].pattern_name,
                   sizeof verdict.anomalies[0].pattern_name, "%s", pattern);
    return yaga_enrich_wanted(&params, metrics, &verdict, slo, cascade, true);
}

static void anomalies_and_objectives_raise_their_questions(void **state)
{
    (void)state;
    enum {
        X = 1u << YAGA_ENRICH_EXCEPTIONS,
        G = 1u << YAGA_ENRICH_GRAPH,
        C = 1u << YAGA_ENRICH_CODES
    };
    static const struct {
        const char *family, *pattern;
        enum yaga_severity severity;
        enum yaga_slo_status errors, latency;
        enum yaga_cascade_type cascade;
        unsigned parts;
    } cases[] = {
        {NULL, "", YAGA_SEVERITY_CRITICAL, YAGA_SLO_BREACHED, YAGA_SLO_BREACHED,
         YAGA_CASCADE_UPSTREAM_ANOMALY, 0},
        {"other", "cpu_high", YAGA_SEVERITY_CRITICAL, YAGA_SLO_OK, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, 0},
        {"other", "cpu_high", YAGA_SEVERITY_LOW, YAGA_SLO_APPROACHING,
         YAGA_SLO_APPROACHING, YAGA_CASCADE_NONE, 0},
        {"other", "cpu_high", YAGA_SEVERITY_LOW, YAGA_SLO_WARNING, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, X},
        {"other", "cpu_high", YAGA_SEVERITY_LOW, YAGA_SLO_BREACHED, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, X},
        {"other", "cpu_high", YAGA_SEVERITY_LOW, YAGA_SLO_OK, YAGA_SLO_WARNING,
         YAGA_CASCADE_NONE, G},
        {"other", "cpu_high", YAGA_SEVERITY_LOW, YAGA_SLO_OK, YAGA_SLO_BREACHED,
         YAGA_CASCADE_NONE, G},
        {"other", "cpu_high", YAGA_SEVERITY_LOW, YAGA_SLO_OK, YAGA_SLO_OK,
         YAGA_CASCADE_CHAIN_DEGRADED, G},
        {"errors", "error_rate_critical", YAGA_SEVERITY_HIGH, YAGA_SLO_OK, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, X | C},
        {"errors", "error_rate_elevated", YAGA_SEVERITY_MEDIUM, YAGA_SLO_OK, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, C},
        {"latency", "latency_spike_recent", YAGA_SEVERITY_LOW, YAGA_SLO_OK, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, G},
        {"dependency", "upstream_cascade", YAGA_SEVERITY_LOW, YAGA_SLO_OK, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, G},
        {"traffic", "request_rate_cliff", YAGA_SEVERITY_MEDIUM, YAGA_SLO_OK, YAGA_SLO_OK,
         YAGA_CASCADE_NONE, C},
        {"traffic", "request_rate_surge_healthy", YAGA_SEVERITY_LOW, YAGA_SLO_OK,
         YAGA_SLO_OK, YAGA_CASCADE_NONE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_slo_evaluation slo = {.enabled = true};
        slo.dimensions[YAGA_SLO_ERRORS].status = cases[i].errors;
        slo.dimensions[YAGA_SLO_LATENCY].status = cases[i].latency;
        unsigned parts = wanted(cases[i].family, cases[i].pattern, cases[i].severity,
                                &slo, cases[i].cascade);
        if (parts != cases[i].parts)
            fail_msg("case %zu: %x, wanted %x", i, parts, cases[i].parts);
    }
    struct yaga_slo_evaluation off = {.enabled = false};
    off.dimensions[YAGA_SLO_ERRORS].status = YAGA_SLO_BREACHED;
    assert_int_equal(wanted("other", "x", YAGA_SEVERITY_LOW, &off, YAGA_CASCADE_NONE), 0);
    assert_int_equal(wanted("other", "x", YAGA_SEVERITY_LOW, NULL, YAGA_CASCADE_NONE), 0);
}

static void signals_and_switches_count_too(void **state)
{
    (void)state;
    static struct yaga_verdict verdict;
    struct yaga_enrich_params params;
    yaga_enrich_params_init(&params);
    verdict.n_anomalies = 1;
    verdict.anomalies[0] =
        (struct yaga_anomaly){.severity = YAGA_SEVERITY_CRITICAL, .n_signals = 2};
    verdict.anomalies[0].signals[0].metric = SLOW;
    verdict.anomalies[0].signals[1].metric = FAILED;
    unsigned all =
        1u << YAGA_ENRICH_EXCEPTIONS | 1u << YAGA_ENRICH_GRAPH | 1u << YAGA_ENRICH_CODES;
    assert_int_equal(
        yaga_enrich_wanted(&params, metrics, &verdict, NULL, YAGA_CASCADE_NONE, true),
        all);
    params.version_label = "v";
    params.enabled[YAGA_ENRICH_CHANGE] = params.enabled[YAGA_ENRICH_EDGE] = true;
    assert_int_equal(
        yaga_enrich_wanted(&params, metrics, &verdict, NULL, YAGA_CASCADE_NONE, false),
        all | 1u << YAGA_ENRICH_CHANGE);
    for (size_t p = 0; p < YAGA_ENRICH_PARTS; p++) {
        struct yaga_enrich_params one = params;
        one.enabled[p] = false;
        assert_int_equal(
            yaga_enrich_wanted(&one, metrics, &verdict, NULL, YAGA_CASCADE_NONE, true),
            (all | 1u << YAGA_ENRICH_CHANGE | 1u << YAGA_ENRICH_EDGE) & ~(1u << p));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exceptions_are_ranked_shortened_and_compared_with_yesterday),
        cmocka_unit_test(names_that_end_in_a_separator_stay_whole),
        cmocka_unit_test(what_fails_is_said_and_the_rest_is_kept),
        cmocka_unit_test(routes_are_joined_by_server_and_route),
        cmocka_unit_test(without_failures_and_latency_the_routes_are_left),
        cmocka_unit_test(long_lists_are_cut_but_their_extremes_are_not),
        cmocka_unit_test(the_dominant_code_tells_how_requests_fail),
        cmocka_unit_test(codes_of_two_labels_are_one),
        cmocka_unit_test(the_edge_is_summed_and_compared),
        cmocka_unit_test(edge_and_service_are_read_together),
        cmocka_unit_test(an_edge_without_traffic_or_buckets_says_so),
        cmocka_unit_test(a_version_is_new_when_it_came_after_another),
        cmocka_unit_test(the_order_of_an_answer_does_not_matter),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(an_answer_has_limits),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(queries_name_the_service_and_are_escaped),
        cmocka_unit_test(settings_move_the_queries),
        cmocka_unit_test(a_query_has_a_limit),
        cmocka_unit_test(anomalies_and_objectives_raise_their_questions),
        cmocka_unit_test(signals_and_switches_count_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
