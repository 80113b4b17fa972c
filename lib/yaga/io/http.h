/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP client (libcurl): reused connections, gzip, TLS verified, bounded bodies, retries with
 * back-off and a circuit breaker. One client per backend; not thread-safe, but runs many
 * requests at once through yaga_http_perform.
 *
 * Retry: at most max_retries attempts in all; connection failures, timeouts, 429 and the listed statuses are
 * tried again after uniform(0.5, 1) * backoff_s * 2^(k-1), at most 10 s; Retry-After honoured up to 30 s.
 * Breaker: breaker_threshold finally failed requests in a row of transport class open it for breaker_timeout_s; while
 * open, requests fail at once with YAGA_E_CIRCUIT; then one probe (one attempt) decides. Its state is a value the
 * caller keeps. Any answer of a working server, a refusal (4xx) included, counts as success.
 *
 * What a request ends with: YAGA_E_NETWORK no usable answer (connection, timeout, cut body, 3xx, 5xx, 429);
 * YAGA_E_QUERY another 4xx; YAGA_E_INPUT body over the limit or undecodable; YAGA_E_CIRCUIT, YAGA_E_DEADLINE,
 * YAGA_E_INTERRUPTED; YAGA_E_ARG a URL or header that cannot be sent; or what on_body returned. Redirects are not followed.
 * Error texts hold neither credentials nor query strings.
 */
#ifndef YAGA_IO_HTTP_H
#define YAGA_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

enum { YAGA_HTTP_URL_MAX = 2048 };
#define YAGA_HTTP_BODY_MAX ((size_t)256 << 20) /* 256 MiB, after decompression */

struct yaga_breaker {
    int failures;        /* transport failures in a row */
    int64_t opened_at_s; /* 0 = closed */
};

struct yaga_http_options {
    const char *endpoint;      /* base URL; trailing slashes are removed */
    const char *user_agent;    /* "yaga-infer/0.1.0" */
    const char *bearer_token;  /* or NULL */
    const char *username;      /* basic credentials, or NULL */
    const char *password;
    const char *ca_file;       /* or NULL = system */
    int max_retries;           /* attempts in all, >= 1 */
    double backoff_s;
    const int *retry_statuses; /* besides 429 */
    size_t n_retry_statuses;
    int breaker_threshold;
    int64_t breaker_timeout_s;
    size_t max_body_bytes;     /* 0 = YAGA_HTTP_BODY_MAX */
    int max_connections;       /* parallel requests */
    int64_t connect_timeout_ms;
    /* Told the wall clock for breaker and retry arithmetic; NULL = yaga_clock_now_s. */
    int64_t (*now_s)(void);
    /* Asked between waits: true = give up with YAGA_E_INTERRUPTED; may be NULL. */
    bool (*interrupted)(void);
};
void yaga_http_options_init(struct yaga_http_options *options); /* the documented defaults */

struct yaga_http;
enum yaga_status yaga_http_new(const struct yaga_http_options *options, struct yaga_http **out,
                               struct yaga_error *err) YAGA_MUST_USE;
struct yaga_http *yaga_http_free(struct yaga_http *http);
YAGA_DEFINE_AUTO(yaga_http)

struct yaga_breaker yaga_http_breaker(const struct yaga_http *http);
void yaga_http_set_breaker(struct yaga_http *http, struct yaga_breaker breaker);

/* Receives body bytes as they arrive (2xx answers only); a status other than YAGA_OK aborts the transfer and is
 * the request's result (not retried). It is told to start over before a retry: n_bytes = 0, data = NULL. */
typedef enum yaga_status (*yaga_http_body_fn)(void *context, const char *data, size_t n_bytes,
                                              struct yaga_error *err);

struct yaga_http_request {
    const char *path;          /* "/api/v1/query_range" */
    const char *form;          /* encoded fields "query=...&start=..." or NULL; POST above 4 KiB, else GET */
    const char *body;          /* POST this text (form then goes into the URL); or NULL */
    const char *content_type;  /* of body; NULL = "application/json" */
    const char *headers;       /* further lines "Name: value\nName: value", or NULL */
    int64_t timeout_ms;        /* of one attempt; 0 = until the deadline */
    yaga_http_body_fn on_body; /* or NULL: collect into response text */
    void *context;
    /* results */
    enum yaga_status status;   /* YAGA_OK = 2xx and body accepted */
    int http_status;           /* 0 = no answer */
    int attempts;
    char *text;                /* collected body (2xx) or first KiB of an error body; NUL-terminated; may be NULL */
    size_t text_length;
    struct yaga_error error;   /* "HTTP 503 from http://vm:8428/api/v1/query after 3 tries: ..."; never holds credentials */
};

/* Run all requests, at most max_connections at a time, until each succeeded or finally failed or the deadline
 * (yaga_clock_monotonic_ms; 0 = none) passed (YAGA_E_DEADLINE for those left). Per-request results are in the
 * requests; the return value is only for failures of the client itself. Requests start zero-initialised; the results
 * of an earlier use are freed first. */
enum yaga_status yaga_http_perform(struct yaga_http *http, struct yaga_http_request *requests,
                                   size_t n_requests, int64_t deadline_ms, struct yaga_error *err)
    YAGA_MUST_USE;
void yaga_http_request_clear(struct yaga_http_request *request); /* frees the results */

/* Percent-encode for form fields, appended to *out. */
struct yaga_str;
enum yaga_status yaga_http_encode(struct yaga_str *out, const char *text) YAGA_MUST_USE;

#endif
