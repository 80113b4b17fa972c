/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/deliver/net.h"

#include <string.h>

#include "yaga/io/file.h"

enum { TOKEN_MAX = 4096, NO_BREAKER = 1 << 30 };

static enum yaga_status read_token(const char *path, char **out, struct yaga_error *err)
{
    size_t n = 0;
    if (path[0] == '\0')
        return YAGA_OK;
    enum yaga_status st = yaga_file_read(path, TOKEN_MAX, out, &n, err);
    if (st == YAGA_E_NO_DATA)
        return yaga_error_set(err, YAGA_E_IO, "token file %s: does not exist", path);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "token file");
    (*out)[strcspn(*out, "\r\n")] = '\0';
    return YAGA_OK;
}

static bool concerns_the_documents(int status)
{
    static const int others[] = {401, 403, 404, 405, 407, 408, 425, 429};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (status == others[i])
            return false;
    return status >= 400 && status < 500;
}

enum net_answer net_judge(const struct yaga_http_request *request)
{
    bool arrived = request->http_status >= 200 && request->http_status < 300;
    if (request->status == YAGA_OK || (arrived && request->status == YAGA_E_INPUT))
        return NET_TAKEN; /* in the second case the answer was too long to be read */
    return request->status == YAGA_E_QUERY && concerns_the_documents(request->http_status)
               ? NET_REFUSED
               : NET_LATER;
}

enum yaga_status net_open(const struct yaga_deliver_params *params,
                          const struct net_options *options,
                          struct yaga_http **out,
                          struct yaga_error *err)
{
    static const int retried[] = {408, 425, 500, 501, 502, 503, 504, 507, 508, 520, 522};
    struct yaga_http_options http;
    YAGA_AUTO_MEM(char) token = NULL;
    enum yaga_status st = read_token(options->token_file, &token, err);
    if (st != YAGA_OK)
        return st;
    yaga_http_options_init(&http);
    http.endpoint = options->url;
    http.user_agent = params->user_agent;
    http.bearer_token = token;
    http.ca_file = options->ca_file[0] == '\0' ? NULL : options->ca_file;
    http.max_retries = options->attempts;
    http.backoff_s = options->retry_wait_s;
    http.retry_statuses = retried;
    http.n_retry_statuses = sizeof retried / sizeof retried[0];
    http.breaker_threshold = NO_BREAKER;
    http.max_body_bytes = NET_ANSWER_MAX;
    http.max_connections = 1;
    http.connect_timeout_ms = 3000;
    http.interrupted = params->interrupted;
    return yaga_http_new(&http, out, err);
}
