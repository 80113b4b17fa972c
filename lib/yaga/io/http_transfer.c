/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One attempt: the curl handle set up, the body received within its limit, the result
 * judged. */
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/http_internal.h"

enum { GET_FORM_MAX = 4096, SNIPPET_MAX = 200 };

static bool is_success(long status)
{
    return status >= 200 && status < 300;
}

static enum yaga_status
collect(struct http_job *job, const char *data, size_t n, bool success)
{
    struct yaga_http_request *request = job->request;
    if (!success) {
        size_t room = HTTP_ERROR_BODY_MAX - job->body.length;
        return yaga_str_append_bytes(&job->body, data, n < room ? n : room);
    }
    if (request->on_body != NULL)
        return request->on_body(request->context, data, n, &request->error);
    return yaga_str_append_bytes(&job->body, data, n);
}

/* What curl hands over is decompressed, in pieces of at most 16 KiB, so the limit also
 * stops a small answer that unpacks to a huge one. */
static size_t receive(char *data, size_t size, size_t n_items, void *context)
{
    struct http_job *job = context;
    size_t n = size * n_items;
    long status = 0;
    (void)curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    bool success = is_success(status);
    size_t max = job->http->options.max_body_bytes;
    yaga_error_clear(&job->request->error);
    enum yaga_status st;
    if (n > max - job->n_body)
        st = yaga_error_set(&job->request->error, YAGA_E_INPUT, "body over %zu bytes",
                            max);
    else
        st = collect(job, data, n, success);
    job->n_body += n;
    if (st == YAGA_OK)
        return n;
    if (st == YAGA_E_NOMEM)
        (void)yaga_error_nomem(&job->request->error);
    job->refused = st;
    return CURL_WRITEFUNC_ERROR;
}

static bool has_control_bytes(const char *text, const char *allowed)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 && strchr(allowed, *text) == NULL)
            return true;
    }
    return false;
}

static enum yaga_status add_header(struct http_job *job, const char *line)
{
    struct curl_slist *longer = curl_slist_append(job->headers, line);
    if (longer == NULL)
        return yaga_error_nomem(&job->request->error);
    job->headers = longer;
    return YAGA_OK;
}

static enum yaga_status add_given_headers(struct http_job *job)
{
    const char *line = job->request->headers;
    if (line != NULL && has_control_bytes(line, "\n"))
        return yaga_error_set(&job->request->error, YAGA_E_ARG,
                              "control character in a header");
    while (line != NULL && *line != '\0') {
        size_t n = strcspn(line, "\n");
        YAGA_AUTO_MEM(char) one = yaga_strndup(line, n);
        if (one == NULL)
            return yaga_error_nomem(&job->request->error);
        enum yaga_status st = add_header(job, one);
        if (st != YAGA_OK)
            return st;
        line += n + (line[n] == '\n' ? 1 : 0);
    }
    return YAGA_OK;
}

static enum yaga_status build_headers(struct http_job *job)
{
    const struct yaga_http_request *request = job->request;
    /* No "100-continue" round trip before a large body. */
    enum yaga_status st = add_header(job, "Expect:");
    if (st == YAGA_OK)
        st = add_given_headers(job);
    if (st != YAGA_OK || request->body == NULL)
        return st;
    char type[256];
    if (!yaga_format(type, sizeof type, "Content-Type: %s",
                     request->content_type == NULL ? "application/json"
                                                   : request->content_type) ||
        has_control_bytes(type, ""))
        return yaga_error_set(&job->request->error, YAGA_E_ARG, "unusable content type");
    return add_header(job, type);
}

static bool form_is_posted(const struct yaga_http_request *request)
{
    return request->form != NULL && request->body == NULL &&
           strlen(request->form) > GET_FORM_MAX;
}

static enum yaga_status build_url(struct http_job *job)
{
    const struct yaga_http_request *request = job->request;
    const char *endpoint = job->http->endpoint;
    if (strlen(endpoint) + strlen(request->path) > YAGA_HTTP_URL_MAX)
        return yaga_error_set(&job->request->error, YAGA_E_ARG,
                              "URL longer than %d bytes", YAGA_HTTP_URL_MAX);
    bool form = request->form != NULL && !form_is_posted(request);
    const char *joint = strchr(request->path, '?') == NULL ? "?" : "&";
    struct yaga_str url;
    yaga_str_init(&url, YAGA_HTTP_BODY_MAX);
    enum yaga_status st = yaga_str_appendf(&url, "%s%s", endpoint, request->path);
    if (st == YAGA_OK && form)
        st = yaga_str_appendf(&url, "%s%s", joint, request->form);
    job->url = st == YAGA_OK ? yaga_str_take(&url) : NULL;
    yaga_str_clear(&url);
    if (job->url == NULL)
        return yaga_error_nomem(&job->request->error);
    return YAGA_OK;
}

/* The first failed option is kept; curl refuses one only without memory or support. */
#define SET(option, value)                                                               \
    do {                                                                                 \
        if (code == CURLE_OK)                                                            \
            code = curl_easy_setopt(easy, (option), (value));                            \
    } while (0)

static CURLcode set_credentials(const struct yaga_http *http, CURL *easy)
{
    CURLcode code = CURLE_OK;
    if (http->bearer_token != NULL) {
        SET(CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        SET(CURLOPT_XOAUTH2_BEARER, http->bearer_token);
    } else if (http->username != NULL) {
        SET(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        SET(CURLOPT_USERNAME, http->username);
        SET(CURLOPT_PASSWORD, http->password == NULL ? "" : http->password);
    }
    return code;
}

static CURLcode set_content(struct http_job *job, CURL *easy)
{
    const struct yaga_http_request *request = job->request;
    const char *content = request->body;
    if (content == NULL && form_is_posted(request))
        content = request->form;
    CURLcode code = CURLE_OK;
    if (content != NULL) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(content));
        SET(CURLOPT_POSTFIELDS,
            content); /* borrowed: the request outlives the transfer */
    }
    return code;
}

static CURLcode set_receiver(struct http_job *job, CURL *easy)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_ERRORBUFFER, job->reason);
    SET(CURLOPT_WRITEFUNCTION, receive);
    SET(CURLOPT_WRITEDATA, job);
    SET(CURLOPT_PRIVATE, job);
    return code;
}

static CURLcode set_options(struct http_job *job, CURL *easy, int64_t timeout_ms)
{
    const struct yaga_http *http = job->http;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, job->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_USERAGENT, http->user_agent);
    SET(CURLOPT_HTTPHEADER, job->headers);
    SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)http->options.connect_timeout_ms);
    if (http->ca_file != NULL)
        SET(CURLOPT_CAINFO, http->ca_file);
    if (code == CURLE_OK)
        code = set_credentials(http, easy);
    if (code == CURLE_OK)
        code = set_receiver(job, easy);
    return code == CURLE_OK ? set_content(job, easy) : code;
}

enum yaga_status http_transfer_start(struct http_job *job, CURL *easy, int64_t timeout_ms)
{
    struct yaga_http_request *request = job->request;
    http_transfer_clear(job);
    job->easy = easy;
    yaga_str_init(&job->body, job->http->options.max_body_bytes);
    if (request->on_body != NULL && request->attempts > 0) {
        enum yaga_status st =
            request->on_body(request->context, NULL, 0, &request->error);
        if (st != YAGA_OK)
            return st;
    }
    enum yaga_status st = build_url(job);
    if (st == YAGA_OK)
        st = build_headers(job);
    if (st != YAGA_OK)
        return st;
    if (set_options(job, easy, timeout_ms) != CURLE_OK)
        return yaga_error_nomem(&request->error);
    request->attempts++;
    request->http_status = 0;
    return YAGA_OK;
}

void http_transfer_clear(struct http_job *job)
{
    curl_slist_free_all(job->headers);
    job->headers = NULL;
    yaga_free(job->url);
    job->url = NULL;
    yaga_str_clear(&job->body);
    job->n_body = 0;
    job->refused = YAGA_OK;
    job->retryable = false;
    job->retry_after_s = 0;
    job->reason[0] = '\0';
}

/* Stars over a secret that the server repeats in its answer. */
static void redact(char *text, const char *secret)
{
    size_t n = secret == NULL ? 0 : strlen(secret);
    for (char *at = text; n > 0 && (at = strstr(at, secret)) != NULL; at += n)
        memset(at, '*', n);
}

static void redact_all(const struct yaga_http *http, char *text)
{
    redact(text, http->bearer_token);
    redact(text, http->password);
}

/* The start of an error answer as one printable line. */
static void make_snippet(const char *body, char out[SNIPPET_MAX])
{
    size_t n = 0;
    for (; body[n] != '\0' && n + 1 < SNIPPET_MAX; n++)
        out[n] = (unsigned char)body[n] < 0x20 ? ' ' : body[n];
    out[n] = '\0';
}

static enum yaga_status
describe(struct http_job *job, enum yaga_status status, const char *what, const char *why)
{
    char url[YAGA_HTTP_URL_MAX];
    http_display_url(job->http->endpoint, job->request->path, url, sizeof url);
    int n = job->request->attempts;
    return yaga_error_set(&job->request->error, status, "%s from %.500s after %d %s%s%s",
                          what, url, n, n == 1 ? "try" : "tries",
                          why[0] == '\0' ? "" : ": ", why);
}

static enum yaga_status judge_status(struct http_job *job, int status)
{
    const struct yaga_http *http = job->http;
    job->retryable = http_status_is_retryable(http->retry_statuses,
                                              http->options.n_retry_statuses, status);
    bool refused = status >= 400 && status < 500 && !job->retryable;
    if (job->body.data != NULL)
        redact_all(http, job->body.data);
    char what[32];
    char why[SNIPPET_MAX];
    (void)snprintf(what, sizeof what, "HTTP %d", status);
    make_snippet(yaga_str_get(&job->body), why);
    return describe(job, refused ? YAGA_E_QUERY : YAGA_E_NETWORK, what, why);
}

/* Failures that another attempt cannot mend. */
static bool is_permanent(CURLcode code)
{
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

static enum yaga_status judge_failure(struct http_job *job, CURLcode code)
{
    struct yaga_http_request *request = job->request;
    if (job->refused != YAGA_OK) {
        char url[YAGA_HTTP_URL_MAX];
        http_display_url(job->http->endpoint, request->path, url, sizeof url);
        /* A callback may have set no text: its status counts all the same. */
        request->error.status = job->refused;
        (void)yaga_error_wrap(&request->error, "answer of %.500s", url);
        return job->refused;
    }
    if (code == CURLE_OUT_OF_MEMORY)
        return yaga_error_nomem(&request->error);
    const char *why = job->reason[0] == '\0' ? curl_easy_strerror(code) : job->reason;
    if (code == CURLE_BAD_CONTENT_ENCODING)
        return describe(job, YAGA_E_INPUT, "undecodable body", why);
    job->retryable = !is_permanent(code);
    return describe(job, YAGA_E_NETWORK,
                    job->n_body > 0 ? "incomplete answer" : "no answer", why);
}

static enum yaga_status keep_text(struct http_job *job)
{
    struct yaga_http_request *request = job->request;
    size_t length = job->body.length;
    char *text = yaga_str_take(&job->body);
    if (text == NULL)
        return yaga_error_nomem(&request->error);
    yaga_free(request->text);
    request->text = text;
    request->text_length = length;
    return YAGA_OK;
}

enum yaga_status http_transfer_finish(struct http_job *job, CURLcode code)
{
    struct yaga_http_request *request = job->request;
    long status = 0;
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(job->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    job->retry_after_s = retry_after_s;
    request->http_status = (int)status;
    if (code != CURLE_OK)
        return judge_failure(job, code);
    enum yaga_status st = is_success(status) ? YAGA_OK : judge_status(job, (int)status);
    if (st == YAGA_OK && request->on_body != NULL)
        return YAGA_OK;
    enum yaga_status kept = keep_text(job);
    return kept == YAGA_OK ? st : kept;
}
