/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client, shared by http.c (the loop), http_transfer.c (one attempt) and
 * http_policy.c (rules). */
#ifndef YAGA_IO_HTTP_INTERNAL_H
#define YAGA_IO_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "yaga/base/str.h"
#include "yaga/io/http.h"

enum { HTTP_ERROR_BODY_MAX = 1024, HTTP_MAX_STATUSES = 32, HTTP_MAX_CONNECTIONS = 256 };

struct yaga_http {
    struct yaga_http_options options; /* its texts are the copies below */
    int retry_statuses[HTTP_MAX_STATUSES];
    char *endpoint; /* without trailing slashes */
    char *user_agent;
    char *bearer_token;
    char *username;
    char *password;
    char *ca_file;
    struct yaga_breaker breaker;
    bool probing; /* half-open, and the probe is under way */
    uint64_t jitter_seed;
    uint64_t n_jitters;
    CURLM *multi;
    CURL **idle; /* handles not in use; at most max_connections are ever made */
    size_t n_idle;
};

enum http_job_state { HTTP_JOB_WAITING, HTTP_JOB_RUNNING, HTTP_JOB_DONE };

/* One request on its way through attempts. */
struct http_job {
    struct yaga_http *http;
    struct yaga_http_request *request;
    enum http_job_state state;
    bool probe;
    int64_t not_before_ms; /* monotonic */
    CURL *easy;            /* while running */
    struct curl_slist *headers;
    char *url;
    struct yaga_str body;     /* collected text, of this attempt */
    size_t n_body;            /* bytes received, of this attempt */
    enum yaga_status refused; /* why the body was not taken, with request->error */
    bool retryable;           /* of the last attempt's failure */
    int64_t retry_after_s;
    char reason[CURL_ERROR_SIZE];
};

/* --- http_policy.c: pure rules --------------------------------------------------------
 */

enum http_gate { HTTP_GATE_OPEN, HTTP_GATE_PROBE, HTTP_GATE_CLOSED };
/* May a request go out? HTTP_GATE_OPEN: yes; _PROBE: one may; _CLOSED: no, for
 * *remaining_s. */
enum http_gate http_gate(const struct yaga_breaker *breaker,
                         int64_t timeout_s,
                         int64_t now_s,
                         int64_t *remaining_s);
void http_breaker_succeeded(struct yaga_breaker *breaker);
void http_breaker_failed(struct yaga_breaker *breaker,
                         int threshold,
                         bool probe,
                         int64_t now_s);
/* Milliseconds before attempt k (2, 3, ...); unit is uniform in [0, 1). */
int64_t http_wait_ms(int attempt, double backoff_s, double unit, int64_t retry_after_s);
bool http_status_is_retryable(const int *statuses, size_t n_statuses, int status);
/* The address for people: endpoint and path without user, password, query and fragment.
 */
void http_display_url(const char *endpoint, const char *path, char *out, size_t size);

/* --- http_transfer.c ------------------------------------------------------------------
 */

/* Make the easy handle ready for the next attempt. */
enum yaga_status
http_transfer_start(struct http_job *job, CURL *easy, int64_t timeout_ms);
/* Judge the finished attempt: YAGA_OK, or the status that job->request->error describes,
 * with job->retryable set. */
enum yaga_status http_transfer_finish(struct http_job *job, CURLcode code);
/* Free what one attempt holds, except the easy handle. */
void http_transfer_clear(struct http_job *job);

#endif
