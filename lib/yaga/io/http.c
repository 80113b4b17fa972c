/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client: options, and the loop that takes requests through attempts, waits and the
 * breaker. */
#include "yaga/io/http.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "yaga-version.h"
#include "yaga/base/civil.h"
#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/io/http_internal.h"

enum { POLL_MAX_MS = 100 }; /* how late an interruption or deadline may be noticed */

struct run {
    struct yaga_http *http;
    struct http_job *jobs;
    size_t n_jobs;
    size_t first; /* jobs before it are done */
    size_t n_left;
    size_t n_running;
    int64_t deadline_ms;
};

void yaga_http_options_init(struct yaga_http_options *options)
{
    static const int statuses[] = {500, 502, 503, 504};
    *options = (struct yaga_http_options){
        .user_agent = "yaga/" YAGA_VERSION,
        .max_retries = 3,
        .backoff_s = 0.3,
        .retry_statuses = statuses,
        .n_retry_statuses = sizeof statuses / sizeof statuses[0],
        .breaker_threshold = 5,
        .breaker_timeout_s = 300,
        .max_connections = 20,
        .connect_timeout_ms = 5000,
    };
}

struct yaga_http *yaga_http_free(struct yaga_http *http)
{
    if (http == NULL)
        return NULL;
    for (size_t i = 0; i < http->n_idle; i++)
        curl_easy_cleanup(http->idle[i]);
    if (http->multi != NULL)
        (void)curl_multi_cleanup(http->multi);
    yaga_free(http->idle);
    yaga_free(http->endpoint);
    yaga_free(http->user_agent);
    yaga_free(http->bearer_token);
    yaga_free(http->username);
    yaga_free(http->password);
    yaga_free(http->ca_file);
    yaga_free(http);
    return NULL;
}

static bool copy_text(char **to, const char *from)
{
    if (from == NULL)
        return true;
    *to = yaga_strdup(from);
    return *to != NULL;
}

static bool copy_texts(struct yaga_http *http, const struct yaga_http_options *o)
{
    size_t n = strlen(o->endpoint);
    while (n > 0 && o->endpoint[n - 1] == '/')
        n--;
    http->endpoint = yaga_strndup(o->endpoint, n);
    return http->endpoint != NULL && copy_text(&http->user_agent, o->user_agent) &&
           copy_text(&http->bearer_token, o->bearer_token) &&
           copy_text(&http->username, o->username) &&
           copy_text(&http->password, o->password) &&
           copy_text(&http->ca_file, o->ca_file);
}

static enum yaga_status check_options(const struct yaga_http_options *o,
                                      struct yaga_error *err)
{
    if (o->endpoint == NULL || (strncmp(o->endpoint, "http://", 7) != 0 &&
                                strncmp(o->endpoint, "https://", 8) != 0))
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "endpoint does not start with http:// or https://");
    if (strlen(o->endpoint) >= YAGA_HTTP_URL_MAX)
        return yaga_error_set(err, YAGA_E_CONFIG, "endpoint longer than %d bytes",
                              YAGA_HTTP_URL_MAX);
    if (o->max_retries < 1 || o->max_connections < 1 ||
        o->max_connections > HTTP_MAX_CONNECTIONS ||
        o->n_retry_statuses > HTTP_MAX_STATUSES)
        return yaga_error_set(
            err, YAGA_E_CONFIG,
            "max_retries, max_connections or retry statuses out of range");
    return YAGA_OK;
}

static void start_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static enum yaga_status set_up(struct yaga_http *http, struct yaga_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_curl);
    struct yaga_http_options *o = &http->options;
    if (o->max_body_bytes == 0)
        o->max_body_bytes = YAGA_HTTP_BODY_MAX;
    if (o->now_s == NULL)
        o->now_s = yaga_clock_now_s;
    /* Jitter keeps programs apart that failed at the same moment; no result depends on
     * it. */
    http->jitter_seed =
        yaga_hash_u64((uint64_t)getpid(), (uint64_t)yaga_clock_monotonic_ms());
    http->idle = yaga_calloc((size_t)o->max_connections, sizeof(CURL *));
    http->multi = curl_multi_init();
    if (http->idle == NULL || http->multi == NULL)
        return yaga_error_nomem(err);
    /* More connections kept than used at once, so that none is closed between two
     * batches. */
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)o->max_connections);
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                            (long)o->max_connections);
    return YAGA_OK;
}

enum yaga_status yaga_http_new(const struct yaga_http_options *options,
                               struct yaga_http **out,
                               struct yaga_error *err)
{
    enum yaga_status st = check_options(options, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_http) http = yaga_calloc(1, sizeof *http);
    if (http == NULL)
        return yaga_error_nomem(err);
    http->options = *options;
    if (options->n_retry_statuses > 0)
        memcpy(http->retry_statuses, options->retry_statuses,
               options->n_retry_statuses * sizeof(int));
    if (!copy_texts(http, options))
        return yaga_error_nomem(err);
    st = set_up(http, err);
    if (st != YAGA_OK)
        return st;
    *out = YAGA_TAKE(http);
    return YAGA_OK;
}

struct yaga_breaker yaga_http_breaker(const struct yaga_http *http)
{
    return http->breaker;
}

void yaga_http_set_breaker(struct yaga_http *http, struct yaga_breaker breaker)
{
    http->breaker = breaker;
}

void yaga_http_request_clear(struct yaga_http_request *request)
{
    yaga_free(request->text);
    request->text = NULL;
    request->text_length = 0;
    request->status = YAGA_OK;
    request->http_status = 0;
    request->attempts = 0;
    yaga_error_clear(&request->error);
}

static CURL *take_handle(struct yaga_http *http)
{
    if (http->n_idle == 0)
        return curl_easy_init();
    return http->idle[--http->n_idle];
}

static void give_handle_back(struct yaga_http *http, CURL *easy)
{
    curl_easy_reset(easy);
    http->idle[http->n_idle++] = easy;
}

/* The request has its final result; the error text, if any, is already there. */
static void finish(struct run *run, struct http_job *job, enum yaga_status status)
{
    job->request->status = status;
    if (status == YAGA_OK)
        yaga_error_clear(&job->request->error);
    else
        job->request->error.status = status;
    http_transfer_clear(job);
    job->state = HTTP_JOB_DONE;
    run->n_left--;
}

static void finish_with(struct run *run,
                        struct http_job *job,
                        enum yaga_status status,
                        const char *why)
{
    char url[YAGA_HTTP_URL_MAX];
    http_display_url(run->http->endpoint, job->request->path, url, sizeof url);
    (void)yaga_error_set(&job->request->error, status, "%.500s: %s (tries: %d)", url, why,
                         job->request->attempts);
    finish(run, job, status);
}

/* Takes the attempt off the wire, whatever its state. */
static void detach(struct run *run, struct http_job *job)
{
    (void)curl_multi_remove_handle(run->http->multi, job->easy);
    give_handle_back(run->http, job->easy);
    job->easy = NULL;
    run->n_running--;
    if (job->probe)
        run->http->probing = false;
}

static void abandon_all(struct run *run, enum yaga_status status, const char *why)
{
    for (size_t i = run->first; i < run->n_jobs; i++) {
        struct http_job *job = &run->jobs[i];
        if (job->state == HTTP_JOB_RUNNING)
            detach(run, job);
        if (job->state != HTTP_JOB_DONE)
            finish_with(run, job, status, why);
    }
}

static void finish_for_circuit(struct run *run, struct http_job *job, int64_t remaining_s)
{
    /* One that has already failed keeps the better reason. */
    if (job->request->attempts > 0) {
        finish(run, job, YAGA_E_NETWORK);
        return;
    }
    char why[128];
    (void)snprintf(why, sizeof why,
                   "not asked: circuit open after %d failures, next try in %lld s",
                   run->http->breaker.failures, (long long)remaining_s);
    finish_with(run, job, YAGA_E_CIRCUIT, why);
}

static enum yaga_status
launch(struct run *run, struct http_job *job, struct yaga_error *err)
{
    CURL *easy = take_handle(run->http);
    if (easy == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = http_transfer_start(job, easy, job->request->timeout_ms);
    if (st != YAGA_OK) {
        job->easy = NULL;
        give_handle_back(run->http, easy);
        finish(run, job, st);
        return YAGA_OK;
    }
    if (curl_multi_add_handle(run->http->multi, easy) != CURLM_OK) {
        job->easy = NULL;
        give_handle_back(run->http, easy);
        return yaga_error_nomem(err);
    }
    job->state = HTTP_JOB_RUNNING;
    run->n_running++;
    run->http->probing = run->http->probing || job->probe;
    return YAGA_OK;
}

/* Start what may start now. */
static enum yaga_status
launch_ready(struct run *run, int64_t now_ms, struct yaga_error *err)
{
    struct yaga_http *http = run->http;
    while (run->first < run->n_jobs && run->jobs[run->first].state == HTTP_JOB_DONE)
        run->first++;
    for (size_t i = run->first; i < run->n_jobs; i++) {
        struct http_job *job = &run->jobs[i];
        if (run->n_running >= (size_t)http->options.max_connections)
            break;
        if (job->state != HTTP_JOB_WAITING)
            continue;
        int64_t remaining_s = 0;
        enum http_gate gate = http_gate(&http->breaker, http->options.breaker_timeout_s,
                                        http->options.now_s(), &remaining_s);
        if (gate == HTTP_GATE_CLOSED) {
            finish_for_circuit(run, job, remaining_s);
            continue;
        }
        if (job->not_before_ms > now_ms || (gate == HTTP_GATE_PROBE && http->probing))
            continue;
        job->probe = gate == HTTP_GATE_PROBE;
        enum yaga_status st = launch(run, job, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

static double next_unit(struct yaga_http *http)
{
    uint64_t bits = yaga_hash_u64(http->jitter_seed, http->n_jitters++);
    return (double)(bits >> 11) * 0x1p-53;
}

/* A server that answered at all is a working one; what it said is the request's own
 * matter. */
static void
tell_breaker(struct yaga_http *http, const struct http_job *job, enum yaga_status st)
{
    if (st == YAGA_E_NETWORK && job->refused == YAGA_OK)
        http_breaker_failed(&http->breaker, http->options.breaker_threshold, job->probe,
                            http->options.now_s());
    else if (job->request->http_status != 0)
        http_breaker_succeeded(&http->breaker);
}

static void settle(struct run *run, struct http_job *job, CURLcode code)
{
    struct yaga_http *http = run->http;
    enum yaga_status st = http_transfer_finish(job, code);
    detach(run, job);
    bool again = st == YAGA_E_NETWORK && job->retryable && !job->probe &&
                 job->request->attempts < http->options.max_retries;
    if (again) {
        int64_t wait_ms =
            http_wait_ms(job->request->attempts + 1, http->options.backoff_s,
                         next_unit(http), job->retry_after_s);
        job->not_before_ms = yaga_clock_monotonic_ms() + wait_ms;
        job->state = HTTP_JOB_WAITING;
        return;
    }
    tell_breaker(http, job, st);
    finish(run, job, st);
}

static void settle_finished(struct run *run)
{
    int n_queued = 0;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(run->http->multi, &n_queued)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        struct http_job *job = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        settle(run, job, code);
    }
}

/* Until something can happen: an answer, the end of a wait, the deadline, a look at
 * interrupted(). */
static int wait_limit_ms(const struct run *run, int64_t now_ms)
{
    int64_t limit = POLL_MAX_MS;
    if (run->deadline_ms > 0 && run->deadline_ms - now_ms < limit)
        limit = run->deadline_ms - now_ms;
    bool full = run->n_running >= (size_t)run->http->options.max_connections;
    for (size_t i = run->first; i < run->n_jobs && !full; i++) {
        const struct http_job *job = &run->jobs[i];
        if (job->state == HTTP_JOB_WAITING && !run->http->probing &&
            job->not_before_ms - now_ms < limit)
            limit = job->not_before_ms - now_ms;
    }
    return limit < 0 ? 0 : (int)limit;
}

static enum yaga_status step(struct run *run, int64_t now_ms, struct yaga_error *err)
{
    enum yaga_status st = launch_ready(run, now_ms, err);
    if (st != YAGA_OK)
        return st;
    int n_active = 0;
    CURLMcode code = curl_multi_perform(run->http->multi, &n_active);
    size_t left_before = run->n_left;
    size_t running_before = run->n_running;
    settle_finished(run);
    if (code == CURLM_OK && run->n_left == left_before &&
        run->n_running == running_before && run->n_left > 0)
        code =
            curl_multi_poll(run->http->multi, NULL, 0, wait_limit_ms(run, now_ms), NULL);
    if (code == CURLM_OUT_OF_MEMORY)
        return yaga_error_nomem(err);
    if (code != CURLM_OK)
        return yaga_error_set(err, YAGA_E_INTERNAL, "HTTP client: %s",
                              curl_multi_strerror(code));
    return YAGA_OK;
}

static enum yaga_status run_all(struct run *run, struct yaga_error *err)
{
    bool (*interrupted)(void) = run->http->options.interrupted;
    while (run->n_left > 0) {
        int64_t now_ms = yaga_clock_monotonic_ms();
        if (interrupted != NULL && interrupted()) {
            abandon_all(run, YAGA_E_INTERRUPTED, "interrupted");
            break;
        }
        if (run->deadline_ms > 0 && now_ms >= run->deadline_ms) {
            abandon_all(run, YAGA_E_DEADLINE, "out of time");
            break;
        }
        enum yaga_status st = step(run, now_ms, err);
        if (st != YAGA_OK) {
            abandon_all(run, st, "client failed");
            return st;
        }
    }
    return YAGA_OK;
}

enum yaga_status yaga_http_perform(struct yaga_http *http,
                                   struct yaga_http_request *requests,
                                   size_t n_requests,
                                   int64_t deadline_ms,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct http_job) jobs = yaga_calloc(n_requests, sizeof *jobs);
    if (jobs == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n_requests; i++) {
        yaga_http_request_clear(&requests[i]);
        jobs[i].http = http;
        jobs[i].request = &requests[i];
    }
    struct run run = {.http = http,
                      .jobs = jobs,
                      .n_jobs = n_requests,
                      .n_left = n_requests,
                      .deadline_ms = deadline_ms};
    return run_all(&run, err);
}

enum yaga_status yaga_http_encode(struct yaga_str *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                     c == '~';
        char code[3] = {'%', hex[c >> 4], hex[c & 15]};
        enum yaga_status st = yaga_str_append_bytes(out, plain ? p : code, plain ? 1 : 3);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}
