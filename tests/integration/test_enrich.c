/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole cycles that ask a server about what they announce. Nobody was trained: objectives
 * alone speak, of errors and of latency. */
#include "assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shop.h"
#include "stub_server.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/enrich/enrich.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"

/* The shop fails in one of a hundred requests by nature, and is slow in its fault. */
#define SETTINGS                                                                         \
    "slos = { defaults = { error_rate_acceptable = 0.001; error_rate_warning = 0.002; "  \
    "error_rate_critical = 0.005;"                                                       \
    " latency_acceptable_ms = 150; latency_warning_ms = 180; latency_critical_ms = "     \
    "200; }; };\n"                                                                       \
    "monitoring = { textfile = \"metrics.prom\"; };\n"
#define VECTOR(result)                                                                   \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" result    \
    "]}}"
#define ONE(labels, value) "{\"metric\":{" labels "},\"value\":[1,\"" value "\"]}"

/* Queries by what only they ask for, and good answers. */
static const struct {
    const char *has, *answer, *context;
} queries[YAGA_ENRICH_QUERIES] = {
    [YAGA_ASK_EXCEPTIONS] = {"events_total",
                             VECTOR(ONE("\"exception_type\":\"io.Timeout\"",
                                        "3") "," ONE("\"exception_type\":\"X\"", "1")),
                             "exception_context"},
    [YAGA_ASK_EXCEPTIONS_BEFORE] = {"events_total",
                                    VECTOR(ONE("\"exception_type\":\"X\"", "1")),
                                    "exception_context"},
    [YAGA_ASK_GRAPH_REQUESTS] =
        {"request_total",
         VECTOR(ONE("\"server\":\"stock\",\"server_http_route\":\"/items\"", "5")),
         "service_graph_context"},
    [YAGA_ASK_GRAPH_FAILURES] = {"request_failed_total", VECTOR(""),
                                 "service_graph_context"},
    [YAGA_ASK_GRAPH_LATENCY] =
        {"request_client_seconds",
         VECTOR(ONE("\"server\":\"stock\",\"server_http_route\":\"/items\"", "250")),
         "service_graph_context"},
    [YAGA_ASK_CODES] = {"duration_milliseconds_count",
                        VECTOR(ONE("\"http_status_code\":\"200\"",
                                   "90") "," ONE("\"http_status_code\":\"503\"", "9")),
                        "status_context"},
    [YAGA_ASK_EDGE_CODES] = {"upstream_rq_xx",
                             VECTOR(ONE("\"envoy_response_code_class\":\"2\"", "90")),
                             "envoy_context"},
    [YAGA_ASK_EDGE_BUCKETS] = {"rq_time_bucket",
                               VECTOR(ONE("\"le\":\"10\"", "1") "," ONE("\"le\":\"+Inf\"",
                                                                        "2")),
                               "envoy_context"},
    [YAGA_ASK_EDGE_CONNECTIONS] = {"cx_active", VECTOR(ONE("", "4")), "envoy_context"},
    [YAGA_ASK_VERSIONS] = {"min_over_time", NULL,
                           "change_context"}, /* depends on the time */
};
static const char *const contexts[] = {"exception_context", "service_graph_context",
                                       "envoy_context", "status_context",
                                       "change_context"};
enum { N_CONTEXTS = sizeof contexts / sizeof contexts[0], NONE = -1, ALL = -2 };

/* What the server does. */
struct backend {
    struct stub_server *server;
    int failing;          /* a query, NONE or ALL */
    const char *edge_now; /* what the edge says once noisy is silent; NULL = as before */
    struct stub_response failure;
    char versions[400];
};

static int query_of(const struct stub_request *request, int64_t *time_s)
{
    char query[8192], time[32];
    assert_true(stub_request_field(request, "query", query, sizeof query));
    assert_true(stub_request_field(request, "time", time, sizeof time));
    *time_s = strtoll(time, NULL, 10);
    for (int q = 0; q < YAGA_ENRICH_QUERIES; q++)
        if (strstr(query, queries[q].has) != NULL)
            return q == YAGA_ASK_EXCEPTIONS && *time_s < shop_fault - 80000
                       ? YAGA_ASK_EXCEPTIONS_BEFORE
                       : q;
    fail_msg("unknown query %s", query);
    return NONE;
}

static bool
answer(void *context, const struct stub_request *request, struct stub_response *response)
{
    struct backend *b = context;
    int64_t at_s;
    int q = query_of(request, &at_s);
    if (b->failing == ALL || b->failing == q) {
        *response = b->failure;
        return true;
    }
    (void)snprintf(b->versions, sizeof b->versions,
                   VECTOR(ONE("\"service_version\":\"1.8\"",
                              "%lld") "," ONE("\"service_version\":\"1.9\"", "%lld")),
                   (long long)at_s - 7200, (long long)at_s - 600);
    *response = (struct stub_response){
        .body = q == YAGA_ASK_VERSIONS ? b->versions : queries[q].answer};
    if (q == YAGA_ASK_EDGE_CODES && b->edge_now != NULL && at_s >= shop_silence)
        response->body = b->edge_now;
    return true;
}

static void backend_start(struct backend *b)
{
    *b = (struct backend){.server = stub_server_start(),
                          .failing = NONE,
                          .failure = {.status = 500, .body = "down"}};
    stub_server_set_handler(b->server, answer, b);
}

/* A shop of its own whose settings speak of a server; its values still come from the
 * archive. more: overrides, NULL at the end. */
static void open_shop(struct shop *shop, const struct backend *b, const char *const *more)
{
    char endpoint[100], edge[100];
    const char *overrides[16] = {"source.type=prometheus", endpoint, edge,
                                 "envoy_enrichment.enabled=true",
                                 "enrichment.version_label=service_version"};
    struct yaga_error err;
    char *problems = NULL;
    size_t n = 5;
    (void)snprintf(endpoint, sizeof endpoint, "victoria_metrics.endpoint=%s",
                   stub_server_url(b->server));
    (void)snprintf(edge, sizeof edge, "envoy_enrichment.endpoint=%s",
                   stub_server_url(b->server));
    shop_open_with(shop, NULL, SETTINGS);
    for (; more != NULL && *more != NULL; more++)
        overrides[n++] = *more;
    shop->config = yaga_config_free(shop->config);
    enum yaga_status st = yaga_config_load(shop_path(shop, "yaga.cfg"), overrides, n,
                                           &shop->config, &problems, &err);
    yaga_free(problems);
    assert_ok(st, &err);
    assert_ok(yaga_setup_init(&shop->setup, shop->config, "yaga-test", &err), &err);
}

static void cycle(struct shop *shop,
                  int64_t at_s,
                  bool (*interrupted)(void),
                  struct yaga_infer_result *result)
{
    static const char *const cart[] = {"cart"};
    struct yaga_infer_options options = {
        .only = cart, .n_only = 1, .collect = true, .interrupted = interrupted};
    shop_cycle(shop, &options, at_s, result);
}

/* The alert of the fault's second cycle; in the first it is only suspected, and nobody is
 * asked. */
static struct yaga_json *alert_of(struct shop *shop,
                                  const struct backend *b,
                                  bool (*interrupted)(void),
                                  struct yaga_infer_result *result)
{
    size_t before = stub_server_count(b->server);
    cycle(shop, shop_fault + 300, NULL, result);
    assert_int_equal(yaga_json_size(result->documents), 0);
    assert_int_equal(stub_server_count(b->server), before);
    yaga_infer_result_clear(result);
    cycle(shop, shop_fault + 600, interrupted, result);
    assert_int_equal(yaga_json_size(result->documents), 1);
    return yaga_json_at(result->documents, 0);
}

static char *dump(const struct yaga_json *value)
{
    char *text = NULL;
    struct yaga_error err;
    if (value == NULL)
        return yaga_strdup("absent");
    assert_ok(yaga_json_dump(value, false, &text, &err), &err);
    return text;
}

/* The document without contexts and without what follows from them. */
static char *rest_of(struct yaga_json *document)
{
    struct yaga_json *copy = yaga_json_object_new(),
                     *anomalies = yaga_json_get(document, "anomalies");
    static const char *const hints[] = {"recommended_actions", "interpretation",
                                        "failure_mode"};
    for (size_t i = 0; i < yaga_json_size(anomalies); i++)
        for (size_t k = 0; k < 3; k++)
            if (yaga_json_get(yaga_json_at(anomalies, i), hints[k]) != NULL)
                yaga_json_set(yaga_json_at(anomalies, i), hints[k], yaga_json_null_new());
    for (size_t i = 0; i < yaga_json_size(document); i++) {
        const char *key = yaga_json_key(document, i);
        bool is_context = false;
        for (size_t k = 0; k < N_CONTEXTS; k++)
            is_context = is_context || strcmp(key, contexts[k]) == 0;
        if (is_context)
            continue;
        char *text = dump(yaga_json_at(document, i));
        yaga_json_set_string(copy, key, text);
        yaga_free(text);
    }
    char *text = dump(copy);
    (void)yaga_json_free(copy);
    return text;
}

static const char *string_at(const struct yaga_json *object, const char *key)
{
    const char *text = yaga_json_get_string(object, key);
    return text != NULL ? text : "";
}

static bool succeeded(const struct yaga_json *context)
{
    bool value = false;
    assert_true(yaga_json_bool(yaga_json_get(context, "query_successful"), &value));
    return value;
}

static void an_alert_says_what_else_is_known(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    backend_start(&b);
    open_shop(&shop, &b, NULL);
    struct yaga_json *document = alert_of(&shop, &b, NULL, &result);
    assert_int_equal(result.n_enriched, 1);
    assert_int_equal(result.n_enrich_queries, YAGA_ENRICH_QUERIES);
    assert_int_equal(result.n_enrich_failed, 0);
    assert_int_equal(stub_server_count(b.server), YAGA_ENRICH_QUERIES);
    for (size_t i = 0; i < N_CONTEXTS; i++) {
        const struct yaga_json *context = yaga_json_get(document, contexts[i]);
        if (context == NULL)
            fail_msg("%s is missing", contexts[i]);
        assert_true(succeeded(context));
        assert_string_equal(string_at(context, "service_name"), "cart");
    }
    const struct yaga_json *top = yaga_json_at(
        yaga_json_get(yaga_json_get(document, contexts[0]), "top_exceptions"), 0);
    bool is_new = false;
    assert_string_equal(string_at(top, "short_name"), "Timeout");
    assert_true(yaga_json_bool(yaga_json_get(top, "is_new"), &is_new) && is_new);
    assert_string_equal(
        string_at(yaga_json_get(document, "status_context"), "failure_mode"),
        "overload_or_breaker");
    assert_string_equal(string_at(yaga_json_get(document, "change_context"), "version"),
                        "1.9");
    const struct yaga_json *anomalies = yaga_json_get(document, "anomalies");
    for (size_t i = 0; i < yaga_json_size(anomalies); i++) {
        const struct yaga_json *actions =
            yaga_json_get(yaga_json_at(anomalies, i), "recommended_actions");
        assert_string_equal(yaga_json_string(yaga_json_at(actions, 0)),
                            "IMMEDIATE read the top exception Timeout (75 % of 4.00/s, "
                            "not seen a day before)");
        assert_string_equal(yaga_json_string(yaga_json_at(actions, 1)),
                            "IMMEDIATE look at HTTP 503 (100 % of the failed requests): "
                            "refused by protection or no backend");
        YAGA_AUTO_MEM(char) text = dump(actions);
        assert_non_null(
            strstr(text, "TIMELINE compare with version 1.9, first seen at 2026-"));
    }
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    stub_server_stop(b.server);
}

static void every_query_is_as_of_the_evaluation_time(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    backend_start(&b);
    open_shop(&shop, &b, NULL);
    (void)alert_of(&shop, &b, NULL, &result);
    unsigned seen = 0;
    for (size_t i = 0; i < stub_server_count(b.server); i++) {
        const struct stub_request *request = stub_server_request(b.server, i);
        int64_t at_s;
        char nocache[8];
        int q = query_of(request, &at_s);
        assert_string_equal(request->path, "/api/v1/query");
        assert_true(stub_request_field(request, "nocache", nocache, sizeof nocache));
        assert_int_equal(at_s,
                         result.at_s - (q == YAGA_ASK_EXCEPTIONS_BEFORE ? 86400 : 0));
        seen |= 1u << q;
    }
    assert_int_equal(seen, (1u << YAGA_ENRICH_QUERIES) - 1);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    stub_server_stop(b.server);
}

static void each_failing_query_changes_nothing_but_its_context(void **state)
{
    (void)state;
    struct backend b;
    backend_start(&b);
    char *good[N_CONTEXTS], *rest = NULL;
    for (int failing = NONE; failing < (int)YAGA_ENRICH_QUERIES; failing++) {
        struct shop shop;
        struct yaga_infer_result result;
        b.failing = failing;
        open_shop(&shop, &b, NULL);
        struct yaga_json *document = alert_of(&shop, &b, NULL, &result);
        assert_int_equal(result.n_enrich_failed, failing != NONE);
        for (size_t i = 0; i < N_CONTEXTS; i++) {
            const struct yaga_json *context = yaga_json_get(document, contexts[i]);
            char *text = dump(context);
            if (failing == NONE) {
                good[i] = text;
                continue;
            }
            bool hit = strcmp(queries[failing].context, contexts[i]) == 0;
            assert_int_equal(strcmp(text, good[i]) != 0, hit);
            if (hit) {
                assert_false(succeeded(context));
                const char *error = string_at(context, "error_message");
                if (strstr(error, "HTTP 500") == NULL || strlen(error) > 200)
                    fail_msg("%s", error);
            }
            yaga_free(text);
        }
        char *own = rest_of(document);
        if (failing == NONE)
            rest = own;
        else {
            assert_string_equal(own, rest);
            yaga_free(own);
        }
        yaga_infer_result_clear(&result);
        shop_close(&shop);
    }
    for (size_t i = 0; i < N_CONTEXTS; i++)
        yaga_free(good[i]);
    yaga_free(rest);
    stub_server_stop(b.server);
}

/* Every query fails, in every way: but for the contexts, which say so, not a byte differs
 * from an alert of a yaga that asks nobody. */
static void without_any_answer_the_alert_is_the_plain_one(void **state)
{
    (void)state;
    static const struct {
        struct stub_response failure;
        const char *says;
    } cases[] = {
        {{.status = 500, .body = "down"}, "HTTP 500"},
        {{.status = 422,
          .body = "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too "
                  "many series\"}"},
         "HTTP 422: the server says: too many series"},
        {{.status = 200, .body = "<html>"}, "line 1"},
        {{.status = 200, .body = VECTOR("{\"metric\":[]}")}, "series 0"},
        {{.status = 200, .body = "               ", .repeat = 400000}, "bytes"},
        {{.raw = "not HTTP at all\r\n\r\n"}, "127.0.0.1"},
    };
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    static const char *const off[] = {"enrichment.enabled=false",
                                      "envoy_enrichment.enabled=false", NULL};
    backend_start(&b);
    b.failing = ALL;
    open_shop(&shop, &b, off);
    struct yaga_json *document = alert_of(&shop, &b, NULL, &result);
    YAGA_AUTO_MEM(char) plain = dump(document);
    assert_int_equal(stub_server_count(b.server), 0);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        b.failure = cases[i].failure;
        open_shop(&shop, &b, NULL);
        document = alert_of(&shop, &b, NULL, &result);
        YAGA_AUTO_MEM(char) text = dump(document);
        assert_int_equal(result.n_enrich_failed, YAGA_ENRICH_QUERIES);
        char *at = text;
        for (size_t k = 0; k < N_CONTEXTS; k++) {
            char *context = dump(yaga_json_get(document, contexts[k]));
            char whole[2048];
            if (strstr(context, cases[i].says) == NULL)
                fail_msg("case %zu: %s", i, context);
            (void)snprintf(whole, sizeof whole, "\"%s\":%s,", contexts[k], context);
            at = strstr(text, whole);
            assert_non_null(at);
            memmove(at, at + strlen(whole), strlen(at + strlen(whole)) + 1);
            yaga_free(context);
        }
        assert_string_equal(text, plain);
        yaga_infer_result_clear(&result);
        shop_close(&shop);
    }
    stub_server_stop(b.server);
}

static void a_silent_server_delays_an_alert_by_its_timeouts_only(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    static const char *const short_times[] = {"enrichment.timeout_seconds=1",
                                              "envoy_enrichment.timeout_seconds=1", NULL};
    backend_start(&b);
    b.failing = ALL;
    b.failure = (struct stub_response){.hang = true};
    open_shop(&shop, &b, short_times);
    int64_t started_ms = yaga_clock_monotonic_ms();
    struct yaga_json *document = alert_of(&shop, &b, NULL, &result);
    int64_t took_ms = yaga_clock_monotonic_ms() - started_ms;
    assert_true(took_ms >= 1900 && took_ms < 8000);
    assert_true(result.duration_ms < 4000);
    assert_int_equal(result.n_enrich_failed, YAGA_ENRICH_QUERIES);
    assert_false(succeeded(yaga_json_get(document, "exception_context")));
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    stub_server_stop(b.server);
}

static bool slow_once(void)
{
    static bool done;
    if (!done)
        (void)usleep(8400000);
    done = true;
    return false;
}

static void nothing_is_asked_when_the_time_is_used_up(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    struct yaga_error err;
    static const char *const limit[] = {"inference.max_run_seconds=10", NULL};
    backend_start(&b);
    open_shop(&shop, &b, limit);
    struct yaga_json *document = alert_of(&shop, &b, slow_once, &result);
    assert_true(result.enrich_skipped);
    assert_int_equal(result.conditions & YAGA_COND_DEADLINE, 0);
    assert_int_equal(stub_server_count(b.server), 0);
    for (size_t i = 0; i < N_CONTEXTS; i++)
        assert_null(yaga_json_get(document, contexts[i]));
    assert_ok(yaga_infer_write_status(&shop.setup, &result, &err), &err);
    char *text = NULL;
    size_t n;
    assert_ok(
        yaga_file_read(shop_path(&shop, "last_infer.json"), 1 << 20, &text, &n, &err),
        &err);
    assert_non_null(strstr(text, "\"skipped\": true"));
    yaga_free(text);
    assert_ok(yaga_file_read(yaga_config_string(shop.config, "monitoring.textfile"),
                             1 << 20, &text, &n, &err),
              &err);
    assert_non_null(strstr(text, "yaga_last_cycle_enrichment_skipped 1\n"));
    yaga_free(text);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    stub_server_stop(b.server);
}

static void failures_are_counted_for_those_who_watch(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    struct yaga_error err;
    backend_start(&b);
    b.failing = YAGA_ASK_CODES;
    open_shop(&shop, &b, NULL);
    (void)alert_of(&shop, &b, NULL, &result);
    assert_ok(yaga_infer_write_status(&shop.setup, &result, &err), &err);
    char *text = NULL;
    size_t n;
    assert_ok(yaga_file_read(yaga_config_string(shop.config, "monitoring.textfile"),
                             1 << 20, &text, &n, &err),
              &err);
    assert_non_null(strstr(text, "yaga_last_cycle_enrichment_queries "
                                 "10\nyaga_last_cycle_enrichment_failures 1\n"));
    yaga_free(text);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    stub_server_stop(b.server);
}

static void nobody_is_asked_of_an_archive_or_in_a_replay(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    static const char *const archive[] = {"source.type=archive", NULL};
    static const char *const cart[] = {"cart"};
    backend_start(&b);
    open_shop(&shop, &b, archive);
    struct yaga_json *document = alert_of(&shop, &b, NULL, &result);
    assert_null(yaga_json_get(document, "exception_context"));
    assert_false(result.enrich_skipped);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    open_shop(&shop, &b, NULL);
    for (int k = 1; k <= 2; k++) {
        struct yaga_infer_options options = {.only = cart, .n_only = 1, .offline = true};
        shop_cycle(&shop, &options, shop_fault + 300 * k, &result);
        assert_int_equal(result.n_confirmed, k == 2 ? 1 : 0);
        yaga_infer_result_clear(&result);
    }
    shop_close(&shop);
    assert_int_equal(stub_server_count(b.server), 0);
    stub_server_stop(b.server);
}

/* An incident that is known is asked about when it is told again, not in between. */
static void between_two_updates_nobody_is_asked(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    static const char *const rarely[] = {"alerting.update_every_cycles=3", NULL};
    static const size_t documents[] = {0, 0, 1};
    backend_start(&b);
    open_shop(&shop, &b, rarely);
    (void)alert_of(&shop, &b, NULL, &result);
    yaga_infer_result_clear(&result);
    for (size_t i = 0; i < 3; i++) {
        size_t before = stub_server_count(b.server);
        cycle(&shop, shop_fault + 900 + 300 * (int64_t)i, NULL, &result);
        assert_int_equal(yaga_json_size(result.documents), documents[i]);
        assert_int_equal(stub_server_count(b.server) > before, documents[i]);
        assert_int_equal(result.n_enriched, documents[i]);
        yaga_infer_result_clear(&result);
    }
    shop_close(&shop);
    stub_server_stop(b.server);
}

/* Cycles until a silence is announced. The document is the result's. */
static struct yaga_json *
silent_for_a_while(struct backend *b, struct shop *shop, struct yaga_infer_result *result)
{
    static const char *const noisy[] = {"noisy"};
    static const char *const no_versions[] = {"enrichment.version_label=", NULL};
    open_shop(shop, b, no_versions);
    for (int64_t at_s = shop_silence - 300; at_s <= shop_silence + 1200; at_s += 300) {
        struct yaga_infer_options options = {.only = noisy, .n_only = 1, .collect = true};
        if (at_s > shop_silence - 300)
            yaga_infer_result_clear(result);
        size_t before = stub_server_count(b->server);
        shop_cycle(shop, &options, at_s, result);
        /* its traffic then and now; when it is announced, three queries of the edge */
        if (at_s >= shop_silence + 900 && b->failing == NONE && b->edge_now == NULL)
            assert_int_equal(stub_server_count(b->server) - before,
                             at_s == shop_silence + 900 ? 2 : 5);
    }
    return yaga_json_at(result->documents, 0);
}

static const struct yaga_json *anomaly_of(struct yaga_json *document, const char *name)
{
    const struct yaga_json *a = yaga_json_get(yaga_json_get(document, "anomalies"), name);
    if (a == NULL)
        fail_msg("no %s", name);
    return a;
}

static void of_a_silent_service_the_edge_is_asked(void **state)
{
    (void)state;
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    backend_start(&b);
    struct yaga_json *document = silent_for_a_while(&b, &shop, &result);
    (void)anomaly_of(document, "telemetry_missing");
    const struct yaga_json *comparison =
        yaga_json_get(yaga_json_get(document, "envoy_context"), "comparison");
    assert_non_null(strstr(string_at(comparison, "reading"), "telemetry is lost"));
    assert_null(yaga_json_get(comparison, "service_rps"));
    assert_null(yaga_json_get(document, "exception_context"));
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    stub_server_stop(b.server);
}

/* The edge served 90 requests a second while the service was heard of. What it says now:
 * nothing, hardly anything, errors alone, or enough; or it cannot be asked. */
static void a_loss_that_the_edge_confirms_is_a_loss_of_traffic(void **state)
{
    (void)state;
    static const struct {
        const char *now, *name, *says;
    } cases[] = {
        {VECTOR(""), "request_rate_cliff",
         "the edge (noisy) had 90.0 answers a second then, and has 0.0"},
        {VECTOR(ONE("\"envoy_response_code_class\":\"2\"", "8.9")), "request_rate_cliff",
         "and has 8.9"},
        {VECTOR(ONE("\"envoy_response_code_class\":\"2\"", "9")), "telemetry_missing",
         "no metric has had a value"},
        {VECTOR(ONE("\"envoy_response_code_class\":\"5\"", "70")), "request_rate_cliff",
         "and has 0.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct backend b;
        struct shop shop;
        struct yaga_infer_result result;
        backend_start(&b);
        b.edge_now = cases[i].now;
        struct yaga_json *document = silent_for_a_while(&b, &shop, &result);
        const struct yaga_json *a = anomaly_of(document, cases[i].name);
        if (strstr(string_at(a, "description"), cases[i].says) == NULL)
            fail_msg("%s", string_at(a, "description"));
        bool lost = strcmp(cases[i].name, "request_rate_cliff") == 0;
        assert_string_equal(string_at(a, "severity"), lost ? "critical" : "medium");
        if (i == 3) {
            const struct yaga_json *comparison =
                yaga_json_get(yaga_json_get(document, "envoy_context"), "comparison");
            assert_non_null(
                strstr(string_at(comparison, "reading"), "errors instead of answers"));
        }
        yaga_infer_result_clear(&result);
        shop_close(&shop);
        stub_server_stop(b.server);
    }
    struct backend b;
    struct shop shop;
    struct yaga_infer_result result;
    backend_start(&b);
    b.failing = YAGA_ASK_EDGE_CODES;
    (void)anomaly_of(silent_for_a_while(&b, &shop, &result), "telemetry_missing");
    yaga_infer_result_clear(&result);
    shop_close(&shop);
    stub_server_stop(b.server);
}

/* ---- settings ---- */

/* All that is asked of a service, as text. */
static void what_is_asked(const char *more, char *out, size_t size)
{
    char text[4096];
    YAGA_AUTO(yaga_config) config = NULL;
    static struct yaga_setup setup;
    struct yaga_enrich_params params;
    struct yaga_enrich_subject subject = {.service = "cart"};
    struct yaga_error err;
    (void)snprintf(text, sizeof text,
                   "victoria_metrics = { endpoint = \"http://localhost:1\"; };\n%s",
                   more);
    assert_ok(yaga_config_parse(text, "t.cfg", &config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, config, "t", &err), &err);
    bool any = yaga_setup_enrich(&setup, &params);
    subject.clusters = yaga_setup_clusters(&setup, "cart", &subject.n_clusters);
    size_t n = (size_t)snprintf(out, size, "%d %g\n", any, params.min_rate);
    for (size_t q = 0; q < YAGA_ENRICH_QUERIES; q++) {
        enum yaga_enrich_part part = yaga_enrich_part_of((enum yaga_enrich_query)q);
        struct yaga_str query;
        yaga_str_init(&query, 1 << 16);
        assert_ok(yaga_enrich_expand(&params, (enum yaga_enrich_query)q, &subject, &query,
                                     &err),
                  &err);
        n += (size_t)snprintf(out + n, size - n, "%d %lld %s\n", params.enabled[part],
                              (long long)params.timeout_ms[part], yaga_str_get(&query));
        yaga_str_clear(&query);
    }
    yaga_setup_clear(&setup);
}

static void every_key_moves_what_is_asked(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *expect; /* NULL: only that it differs */
    } cases[] = {
        {"enrichment = { enabled = false; };", "0 0.001\n"},
        {"enrichment = { exceptions = false; };", "\n0 10000 sum by (exception_type)"},
        {"enrichment = { service_graph = false; };", "\n0 10000 sum by (client, server"},
        {"enrichment = { status_codes = false; };",
         "\n0 10000 sum by (http_response_status_code"},
        {"enrichment = { lookback_minutes = 7; };", "[420s]"},
        {"enrichment = { timeout_seconds = 3; };", "\n1 3000 "},
        {"enrichment = { min_rate = 0.5; };", "1 0.5\n"},
        {"enrichment = { env_selector = \"env='x'\"; };",
         "events_total{service_name=\"cart\",env='x'}"},
        {"enrichment = { version_label = \"v\"; };", "1 10000 min by (v) "},
        {"enrichment = { queries = { exceptions = \"e{$S}\"; }; };",
         "1 10000 e{service_name=\"cart\"}\n1 10000 e{service_name=\"cart\"}\n"},
        {"enrichment = { queries = { graph_requests = \"g{$S}\"; }; };",
         "g{client=\"cart\"}"},
        {"enrichment = { queries = { graph_failures = \"g{$S}\"; }; };",
         "g{client=\"cart\"}"},
        {"enrichment = { queries = { graph_latency = \"g{$S}\"; }; };",
         "g{client=\"cart\"}"},
        {"enrichment = { queries = { status_codes = \"c{$S}\"; }; };",
         "c{service_name=\"cart\"}"},
        {"enrichment = { queries = { versions = \"v{$S,$E}[$W]\"; }; };",
         "v{service_name=\"cart\",deployment_environment_name=~\"production\"}[300s]"},
        {"envoy_enrichment = { enabled = true; endpoint = \"http://localhost:1\"; };",
         "\n1 10000 sum by (envoy_response"},
        {"envoy_enrichment = { lookback_minutes = 9; };", "[540s]"},
        {"envoy_enrichment = { timeout_seconds = 4; };", "\n0 4000 "},
        {"services = ( { name = \"cart\"; envoy_cluster = [ \"a\", \"b\" ]; } );",
         "envoy_cluster_name=~\"a|b\""},
        {"metrics = ( { name = \"r\"; role = \"traffic\"; query = \"r{$S}\"; "
         "service_label = \"job\"; } );",
         "events_total{job=\"cart\",}"},
        {"metrics = ( { name = \"r\"; role = \"traffic\"; query = \"r{$S}\"; "
         "status_codes = \"s{$S}\"; } );",
         "s{service_name=\"cart\"}"},
        {"source = { type = \"archive\"; files = [ \"x\" ]; };", "0 0.001\n"},
    };
    static char plain[16384], moved[16384];
    what_is_asked("", plain, sizeof plain);
    assert_non_null(strstr(plain, "deployment_environment_name=~\"production\""));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        what_is_asked(cases[i].setting, moved, sizeof moved);
        if (strcmp(plain, moved) == 0 || strstr(moved, cases[i].expect) == NULL ||
            strstr(plain, cases[i].expect) != NULL)
            fail_msg("%s\n%s", cases[i].setting, moved);
    }
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *says;
    } cases[] = {
        {"envoy_enrichment = { enabled = true; };",
         "envoy_enrichment.endpoint: required by envoy_enrichment.enabled"},
        {"envoy_enrichment = { endpoint = \"ftp://x\"; };",
         "envoy_enrichment.endpoint: not a URL"},
        {"enrichment = { queries = { exceptions = \"up\"; }; };",
         "enrichment.queries.exceptions: must contain $S"},
        {"enrichment = { queries = { versions = \"{$S,$X}\"; }; };",
         "enrichment.queries.versions: must contain $S, and no"},
        {"enrichment = { version_label = \"a b\"; };",
         "enrichment.version_label: not a label"},
        {"enrichment = { timeout_seconds = 0; };", "enrichment.timeout_seconds"},
        {"metrics = ( { name = \"r\"; query = \"r{$S}\"; status_codes = \"s\"; } );",
         "metrics[].status_codes: must contain $S"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_config *config = NULL;
        char text[512], *problems = NULL;
        struct yaga_error err = {.status = YAGA_OK};
        (void)snprintf(text, sizeof text,
                       "victoria_metrics = { endpoint = \"http://localhost:1\"; };\n%s",
                       cases[i].setting);
        assert_int_equal(yaga_config_parse(text, "t.cfg", &config, &problems, &err),
                         YAGA_E_CONFIG);
        if ((i > 0 && strstr(err.text, "t.cfg:2") == NULL) ||
            strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s", err.text);
        yaga_free(problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_says_what_else_is_known),
        cmocka_unit_test(every_query_is_as_of_the_evaluation_time),
        cmocka_unit_test(each_failing_query_changes_nothing_but_its_context),
        cmocka_unit_test(without_any_answer_the_alert_is_the_plain_one),
        cmocka_unit_test(a_silent_server_delays_an_alert_by_its_timeouts_only),
        cmocka_unit_test(nothing_is_asked_when_the_time_is_used_up),
        cmocka_unit_test(failures_are_counted_for_those_who_watch),
        cmocka_unit_test(nobody_is_asked_of_an_archive_or_in_a_replay),
        cmocka_unit_test(between_two_updates_nobody_is_asked),
        cmocka_unit_test(of_a_silent_service_the_edge_is_asked),
        cmocka_unit_test(a_loss_that_the_edge_confirms_is_a_loss_of_traffic),
        cmocka_unit_test(every_key_moves_what_is_asked),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
