/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP client against a server that is slow, broken or huge on demand. */
#include "assert.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stub_server.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/http.h"

static int64_t fake_now_s;

static int64_t fake_clock(void)
{
    return fake_now_s;
}

static struct yaga_http_options quick_options(const char *endpoint)
{
    struct yaga_http_options options;
    yaga_http_options_init(&options);
    options.endpoint = endpoint;
    options.backoff_s = 0.001;
    options.now_s = fake_clock;
    fake_now_s = 1000000;
    return options;
}

static struct yaga_http *client_for(const struct yaga_http_options *options)
{
    struct yaga_http *http = NULL;
    struct yaga_error err;
    assert_ok(yaga_http_new(options, &http, &err), &err);
    return http;
}

static void perform(struct yaga_http *http, struct yaga_http_request *requests, size_t n)
{
    struct yaga_error err;
    assert_ok(yaga_http_perform(http, requests, n, 0, &err), &err);
}

/* One GET with default options against a scripted server; the caller clears the request.
 */
static void get_once(struct stub_server *server, struct yaga_http_request *request)
{
    struct yaga_http_options options = quick_options(stub_server_url(server));
    YAGA_AUTO(yaga_http) http = client_for(&options);
    if (request->path == NULL)
        request->path = "/x";
    if (request->timeout_ms == 0)
        request->timeout_ms = 5000;
    perform(http, request, 1);
}

static void an_answer_is_collected(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = "{\"a\":1}"});
    struct yaga_http_request r = {.path = "/api", .form = "query=a%2Bb&time=5"};
    get_once(server, &r);
    assert_ok(r.status, &r.error);
    assert_int_equal(r.http_status, 200);
    assert_int_equal(r.attempts, 1);
    assert_string_equal(r.text, "{\"a\":1}");
    assert_int_equal(r.text_length, 7);
    const struct stub_request *seen = stub_server_request(server, 0);
    char value[16];
    assert_string_equal(seen->method, "GET");
    assert_string_equal(seen->path, "/api");
    assert_true(stub_request_field(seen, "query", value, sizeof value));
    assert_string_equal(value, "a+b");
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void a_long_form_is_posted(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = ""});
    char form[4098];
    memset(form, 'q', sizeof form - 1);
    form[sizeof form - 1] = '\0';
    struct yaga_http_request at_limit = {.form = form + 1};
    struct yaga_http_request over = {.form = form};
    get_once(server, &at_limit);
    get_once(server, &over);
    assert_string_equal(stub_server_request(server, 0)->method, "GET");
    assert_string_equal(stub_server_request(server, 1)->method, "POST");
    assert_string_equal(stub_server_request(server, 1)->form, form);
    assert_string_equal(over.text, "");
    yaga_http_request_clear(&at_limit);
    yaga_http_request_clear(&over);
    stub_server_stop(server);
}

static void a_body_is_posted_with_its_type_and_headers(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.status = 204});
    struct yaga_http_request r = {.body = "[1]",
                                  .headers = "Idempotency-Key: k1\nX-Yaga: 2"};
    struct yaga_http_request forged = {.body = "[1]", .headers = "A: b\r\nEvil: yes"};
    get_once(server, &r);
    get_once(server, &forged);
    assert_ok(r.status, &r.error);
    assert_int_equal(forged.status, YAGA_E_ARG);
    assert_int_equal(stub_server_count(server), 1);
    const struct stub_request *seen = stub_server_request(server, 0);
    assert_string_equal(seen->form, "[1]");
    assert_non_null(strstr(seen->headers, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(seen->headers, "Idempotency-Key: k1\r\nX-Yaga: 2\r\n"));
    assert_null(strstr(seen->headers, "Expect:"));
    yaga_http_request_clear(&r);
    yaga_http_request_clear(&forged);
    stub_server_stop(server);
}

static void a_busy_server_is_asked_again(void **state)
{
    (void)state;
    static const int statuses[] = {429, 500, 502, 503, 504};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct stub_server *server = stub_server_start();
        stub_server_add(server, &(struct stub_response){.status = statuses[i]});
        stub_server_add(server, &(struct stub_response){.body = "fine"});
        struct yaga_http_request r = {0};
        get_once(server, &r);
        assert_ok(r.status, &r.error);
        assert_int_equal(r.attempts, 2);
        assert_string_equal(r.text, "fine");
        assert_string_equal(r.error.text, "");
        yaga_http_request_clear(&r);
        stub_server_stop(server);
    }
}

static void giving_up_says_what_was_seen(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server,
                    &(struct stub_response){.status = 503, .body = "warming\nup"});
    struct yaga_http_request r = {.path = "/api/v1/query"};
    get_once(server, &r);
    assert_int_equal(r.status, YAGA_E_NETWORK);
    assert_int_equal(r.http_status, 503);
    assert_int_equal(stub_server_count(server), 3);
    char want[256];
    (void)snprintf(want, sizeof want,
                   "HTTP 503 from %s/api/v1/query after 3 tries: warming up",
                   stub_server_url(server));
    assert_string_equal(r.error.text, want);
    assert_string_equal(r.text, "warming\nup");
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void a_refusal_is_final(void **state)
{
    (void)state;
    static const int statuses[] = {400, 401, 404, 422};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct stub_server *server = stub_server_start();
        stub_server_add(server, &(struct stub_response){
                                    .status = statuses[i], .body = "e", .repeat = 9000});
        struct yaga_http_request r = {0};
        get_once(server, &r);
        assert_int_equal(r.status, YAGA_E_QUERY);
        assert_int_equal(r.attempts, 1);
        assert_int_equal(r.text_length, 1024);
        yaga_http_request_clear(&r);
        stub_server_stop(server);
    }
}

static void a_redirect_is_not_followed(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(
        server, &(struct stub_response){.status = 302, .headers = "Location: /y\r\n"});
    struct yaga_http_request r = {0};
    get_once(server, &r);
    assert_int_equal(r.status, YAGA_E_NETWORK);
    assert_int_equal(stub_server_count(server), 1);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void retry_after_is_honoured(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(
        server, &(struct stub_response){.status = 429, .headers = "Retry-After: 1\r\n"});
    stub_server_add(server, &(struct stub_response){.body = "ok"});
    struct yaga_http_request r = {0};
    int64_t before_ms = yaga_clock_monotonic_ms();
    get_once(server, &r);
    assert_ok(r.status, &r.error);
    assert_true(yaga_clock_monotonic_ms() - before_ms >= 1000);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void a_slow_answer_times_out(void **state)
{
    (void)state;
    static const struct stub_response slow[] = {
        {.hang = true},
        {.body = "late", .delay_ms = 20000},
        {.body = "drop by drop by drop", .drip_bytes = 1, .drip_ms = 2000},
    };
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        struct stub_server *server = stub_server_start();
        stub_server_add(server, &slow[i]);
        struct yaga_http_request r = {.timeout_ms = 50};
        get_once(server, &r);
        assert_int_equal(r.status, YAGA_E_NETWORK);
        assert_int_equal(r.attempts, 3);
        assert_error_has(&r.error, "after 3 tries: ");
        assert_error_has(&r.error, "timed out");
        yaga_http_request_clear(&r);
        stub_server_stop(server);
    }
}

/* A port that was free a moment ago: bound, but nobody listens. */
static int closed_port(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    (void)snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

static void a_refused_connection_is_a_network_failure(void **state)
{
    (void)state;
    char url[64];
    int fd = closed_port(url, sizeof url);
    struct yaga_http_options options = quick_options(url);
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request r = {.path = "/x", .timeout_ms = 1000};
    perform(http, &r, 1);
    assert_int_equal(r.status, YAGA_E_NETWORK);
    assert_int_equal(r.http_status, 0);
    assert_int_equal(r.attempts, 3);
    assert_error_has(&r.error, "no answer from http://127.0.0.1:");
    yaga_http_request_clear(&r);
    (void)close(fd);
}

static void a_cut_answer_is_asked_for_again(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server,
                    &(struct stub_response){.body = "0123456789", .close_after = 4});
    stub_server_add(server, &(struct stub_response){.raw = "SSH-2.0-OpenSSH_9.2\r\n"});
    stub_server_add(server,
                    &(struct stub_response){.body = "0123456789", .close_after = 4});
    struct yaga_http_request r = {0};
    get_once(server, &r);
    assert_int_equal(r.status, YAGA_E_NETWORK);
    assert_null(r.text);
    yaga_http_request_clear(&r);
    stub_server_stop(server);

    server = stub_server_start();
    stub_server_add(server,
                    &(struct stub_response){.body = "0123456789", .close_after = 4});
    stub_server_add(server, &(struct stub_response){.body = "0123456789"});
    get_once(server, &r);
    assert_ok(r.status, &r.error);
    assert_string_equal(r.text, "0123456789");
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void a_body_may_reach_the_limit_but_not_pass_it(void **state)
{
    (void)state;
    enum { LIMIT = 100000 };
    for (int gzip = 0; gzip <= 1; gzip++) {
        for (size_t n = LIMIT; n <= LIMIT + 1; n++) {
            struct stub_server *server = stub_server_start();
            stub_server_add(server, &(struct stub_response){
                                        .body = "a", .repeat = n, .gzip = gzip == 1});
            struct yaga_http_options options = quick_options(stub_server_url(server));
            options.max_body_bytes = LIMIT;
            YAGA_AUTO(yaga_http) http = client_for(&options);
            struct yaga_http_request r = {.path = "/x", .timeout_ms = 5000};
            perform(http, &r, 1);
            assert_int_equal(r.status, n == LIMIT ? YAGA_OK : YAGA_E_INPUT);
            assert_int_equal(r.attempts, 1);
            if (n == LIMIT)
                assert_int_equal(r.text_length, LIMIT);
            else
                assert_error_has(&r.error, "body over 100000 bytes");
            yaga_http_request_clear(&r);
            stub_server_stop(server);
        }
    }
}

static void a_small_answer_cannot_unpack_to_a_huge_one(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = "0000000000000000",
                                                    .repeat = 4 << 20,
                                                    .gzip = true});
    struct yaga_http_options options = quick_options(stub_server_url(server));
    options.max_body_bytes = 1 << 20;
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request r = {.path = "/x", .timeout_ms = 20000};
    perform(http, &r, 1);
    assert_int_equal(r.status, YAGA_E_INPUT);
    assert_null(r.text);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void garbage_in_place_of_gzip_is_bad_input(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server,
                    &(struct stub_response){.body = "not gzip at all",
                                            .headers = "Content-Encoding: gzip\r\n"});
    struct yaga_http_request r = {0};
    get_once(server, &r);
    assert_int_equal(r.status, YAGA_E_INPUT);
    assert_int_equal(r.attempts, 1);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

struct sink {
    char text[64];
    size_t n;
    int starts_over;
    bool refuses;
};

static enum yaga_status
take_body(void *context, const char *data, size_t n, struct yaga_error *err)
{
    struct sink *sink = context;
    if (sink->refuses)
        return yaga_error_set(err, YAGA_E_INPUT, "line 1: no");
    if (data == NULL) {
        sink->starts_over++;
        sink->n = 0;
        return YAGA_OK;
    }
    assert_true(sink->n + n < sizeof sink->text);
    memcpy(sink->text + sink->n, data, n);
    sink->n += n;
    return YAGA_OK;
}

static void a_stream_starts_over_before_a_retry(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server,
                    &(struct stub_response){.body = "0123456789", .close_after = 4});
    stub_server_add(server,
                    &(struct stub_response){.status = 503, .body = "not for the sink"});
    stub_server_add(server, &(struct stub_response){.body = "0123456789", .gzip = true});
    struct sink sink = {0};
    struct yaga_http_request r = {.on_body = take_body, .context = &sink};
    get_once(server, &r);
    assert_ok(r.status, &r.error);
    assert_int_equal(sink.starts_over, 2);
    assert_memory_equal(sink.text, "0123456789", 10);
    assert_int_equal(sink.n, 10);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void a_refused_stream_ends_the_request(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = "0123456789"});
    struct sink sink = {.refuses = true};
    struct yaga_http_request r = {.on_body = take_body, .context = &sink};
    get_once(server, &r);
    assert_int_equal(r.status, YAGA_E_INPUT);
    assert_int_equal(r.attempts, 1);
    assert_error_has(&r.error, "/x: line 1: no");
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void the_breaker_opens_probes_and_closes(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    for (int i = 0; i < 6; i++)
        stub_server_add(server, &(struct stub_response){.status = 503});
    stub_server_add(server, &(struct stub_response){.body = "ok"});
    struct yaga_http_options options = quick_options(stub_server_url(server));
    options.max_retries = 1;
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request r = {.path = "/x", .timeout_ms = 5000};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(yaga_http_breaker(http).opened_at_s, 0);
        perform(http, &r, 1);
        assert_int_equal(r.status, YAGA_E_NETWORK);
    }
    assert_int_equal(yaga_http_breaker(http).opened_at_s, fake_now_s);

    fake_now_s += 299;
    perform(http, &r, 1);
    assert_int_equal(r.status, YAGA_E_CIRCUIT);
    assert_int_equal(r.attempts, 0);
    assert_error_has(&r.error, "circuit open after 5 failures, next try in 1 s");
    assert_int_equal(stub_server_count(server), 5);

    fake_now_s += 1; /* half-open: the probe fails and opens it again */
    struct yaga_http_request many[3] = {{.path = "/1", .timeout_ms = 5000},
                                        {.path = "/2", .timeout_ms = 5000},
                                        {.path = "/3", .timeout_ms = 5000}};
    perform(http, many, 3);
    assert_int_equal(stub_server_count(server), 6);
    assert_int_equal(many[0].status, YAGA_E_NETWORK);
    assert_int_equal(many[2].status, YAGA_E_CIRCUIT);
    assert_int_equal(yaga_http_breaker(http).opened_at_s, fake_now_s);

    fake_now_s += 300; /* the probe succeeds, the others follow */
    perform(http, many, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_ok(many[i].status, &many[i].error);
        yaga_http_request_clear(&many[i]);
    }
    assert_int_equal(yaga_http_breaker(http).failures, 0);
    assert_int_equal(yaga_http_breaker(http).opened_at_s, 0);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void a_kept_breaker_is_obeyed_by_the_next_program(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    struct yaga_http_options options = quick_options(stub_server_url(server));
    YAGA_AUTO(yaga_http) http = client_for(&options);
    yaga_http_set_breaker(
        http, (struct yaga_breaker){.failures = 5, .opened_at_s = fake_now_s});
    struct yaga_http_request r = {.path = "/x"};
    perform(http, &r, 1);
    assert_int_equal(r.status, YAGA_E_CIRCUIT);
    assert_int_equal(stub_server_count(server), 0);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void refusals_do_not_open_the_breaker(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.status = 400});
    struct yaga_http_options options = quick_options(stub_server_url(server));
    YAGA_AUTO(yaga_http) http = client_for(&options);
    yaga_http_set_breaker(http, (struct yaga_breaker){.failures = 4});
    struct yaga_http_request r = {.path = "/x", .timeout_ms = 5000};
    perform(http, &r, 1);
    assert_int_equal(r.status, YAGA_E_QUERY);
    assert_int_equal(yaga_http_breaker(http).failures, 0);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void many_requests_share_few_connections(void **state)
{
    (void)state;
    enum { N = 200 };
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = "ok"});
    struct yaga_http_options options = quick_options(stub_server_url(server));
    options.max_connections = 4;
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request *requests = yaga_calloc(N, sizeof *requests);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < N; i++) {
            requests[i].path = "/x";
            requests[i].timeout_ms = 10000;
        }
        perform(http, requests, N);
    }
    for (size_t i = 0; i < N; i++) {
        assert_ok(requests[i].status, &requests[i].error);
        yaga_http_request_clear(&requests[i]);
    }
    assert_int_equal(stub_server_count(server), 2 * N);
    assert_true(stub_server_connections(server) <= 4);
    yaga_free(requests);
    stub_server_stop(server);
}

static void the_deadline_ends_what_is_left(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.path = "/hang", .hang = true});
    stub_server_add(server, &(struct stub_response){.path = "/ok", .body = "ok"});
    struct yaga_http_options options = quick_options(stub_server_url(server));
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request r[2] = {{.path = "/hang"}, {.path = "/ok"}};
    struct yaga_error err;
    int64_t start_ms = yaga_clock_monotonic_ms();
    assert_ok(yaga_http_perform(http, r, 2, start_ms + 300, &err), &err);
    assert_int_equal(r[0].status, YAGA_E_DEADLINE);
    assert_error_has(&r[0].error, "out of time (tries: 1)");
    assert_ok(r[1].status, &r[1].error);
    assert_int_equal(yaga_http_breaker(http).failures, 0);
    /* The client is usable afterwards. */
    perform(http, &r[1], 1);
    assert_ok(r[1].status, &r[1].error);
    yaga_http_request_clear(&r[0]);
    yaga_http_request_clear(&r[1]);
    stub_server_stop(server);
}

static int questions;

static bool interrupted_at_the_third_question(void)
{
    return ++questions >= 3;
}

static void an_interruption_is_obeyed_at_once(void **state)
{
    (void)state;
    questions = 0;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.hang = true});
    struct yaga_http_options options = quick_options(stub_server_url(server));
    options.interrupted = interrupted_at_the_third_question;
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request r = {.path = "/x", .timeout_ms = 60000};
    perform(http, &r, 1);
    assert_int_equal(r.status, YAGA_E_INTERRUPTED);
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static bool echo_authorization(void *context,
                               const struct stub_request *request,
                               struct stub_response *response)
{
    (void)context;
    *response = (struct stub_response){.status = 403, .body = request->headers};
    return true;
}

static void credentials_are_sent_but_never_shown(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_set_handler(server, echo_authorization, NULL);
    char endpoint[128];
    (void)snprintf(endpoint, sizeof endpoint, "http://user:pa%%40ss@%s//",
                   stub_server_url(server) + strlen("http://"));
    struct yaga_http_options options = quick_options(endpoint);
    options.bearer_token = "token-0815";
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request r = {
        .path = "/x", .form = "query=secret", .timeout_ms = 5000};
    perform(http, &r, 1);
    const struct stub_request *seen = stub_server_request(server, 0);
    assert_non_null(strstr(seen->headers, "Authorization: Bearer token-0815\r\n"));
    assert_string_equal(seen->path, "/x");
    assert_int_equal(r.status, YAGA_E_QUERY);
    assert_null(strstr(r.error.text, "token-0815"));
    assert_null(strstr(r.error.text, "user"));
    assert_null(strstr(r.error.text, "40ss"));
    assert_null(strstr(r.text, "token-0815"));
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void basic_credentials_are_sent(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    struct yaga_http_options options = quick_options(stub_server_url(server));
    options.username = "u";
    options.password = "p";
    YAGA_AUTO(yaga_http) http = client_for(&options);
    struct yaga_http_request r = {.path = "/x", .timeout_ms = 5000};
    perform(http, &r, 1);
    assert_non_null(
        strstr(stub_server_request(server, 0)->headers, "Authorization: Basic dTpw\r\n"));
    yaga_http_request_clear(&r);
    stub_server_stop(server);
}

static void a_client_survives_exhausted_memory(void **state)
{
    (void)state;
    struct stub_server *server = stub_server_start();
    stub_server_add(server, &(struct stub_response){.body = "ok"});
    struct yaga_http_options options = quick_options(stub_server_url(server));
    options.bearer_token = "t";
    for (size_t k = 1;; k++) {
        struct yaga_http *http = NULL;
        struct yaga_http_request r = {
            .path = "/x", .timeout_ms = 5000, .headers = "A: b"};
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_http_new(&options, &http, &err);
        if (st == YAGA_OK)
            st = yaga_http_perform(http, &r, 1, 0, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK)
            st = r.status;
        yaga_http_request_clear(&r);
        (void)yaga_http_free(http);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    stub_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_collected),
        cmocka_unit_test(a_long_form_is_posted),
        cmocka_unit_test(a_body_is_posted_with_its_type_and_headers),
        cmocka_unit_test(a_busy_server_is_asked_again),
        cmocka_unit_test(giving_up_says_what_was_seen),
        cmocka_unit_test(a_refusal_is_final),
        cmocka_unit_test(a_redirect_is_not_followed),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(a_slow_answer_times_out),
        cmocka_unit_test(a_refused_connection_is_a_network_failure),
        cmocka_unit_test(a_cut_answer_is_asked_for_again),
        cmocka_unit_test(a_body_may_reach_the_limit_but_not_pass_it),
        cmocka_unit_test(a_small_answer_cannot_unpack_to_a_huge_one),
        cmocka_unit_test(garbage_in_place_of_gzip_is_bad_input),
        cmocka_unit_test(a_stream_starts_over_before_a_retry),
        cmocka_unit_test(a_refused_stream_ends_the_request),
        cmocka_unit_test(the_breaker_opens_probes_and_closes),
        cmocka_unit_test(a_kept_breaker_is_obeyed_by_the_next_program),
        cmocka_unit_test(refusals_do_not_open_the_breaker),
        cmocka_unit_test(many_requests_share_few_connections),
        cmocka_unit_test(the_deadline_ends_what_is_left),
        cmocka_unit_test(an_interruption_is_obeyed_at_once),
        cmocka_unit_test(credentials_are_sent_but_never_shown),
        cmocka_unit_test(basic_credentials_are_sent),
        cmocka_unit_test(a_client_survives_exhausted_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
