/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of the client that need no network: breaker, back-off, what may be shown. */
#include <math.h>
#include <string.h>

#include "yaga/io/http_internal.h"

enum { MAX_BACKOFF_MS = 10000, MAX_RETRY_AFTER_S = 30 };

enum http_gate http_gate(const struct yaga_breaker *breaker,
                         int64_t timeout_s,
                         int64_t now_s,
                         int64_t *remaining_s)
{
    if (breaker->opened_at_s == 0)
        return HTTP_GATE_OPEN;
    /* A clock set back must not keep the gate closed for longer than the timeout. */
    if (now_s < breaker->opened_at_s || now_s - breaker->opened_at_s >= timeout_s)
        return HTTP_GATE_PROBE;
    *remaining_s = timeout_s - (now_s - breaker->opened_at_s);
    return HTTP_GATE_CLOSED;
}

void http_breaker_succeeded(struct yaga_breaker *breaker)
{
    *breaker = (struct yaga_breaker){0};
}

void http_breaker_failed(struct yaga_breaker *breaker,
                         int threshold,
                         bool probe,
                         int64_t now_s)
{
    if (breaker->failures < threshold)
        breaker->failures++;
    /* Requests that were already under way when it opened do not prolong it. */
    if (probe || (breaker->opened_at_s == 0 && breaker->failures >= threshold))
        breaker->opened_at_s = now_s > 0 ? now_s : 1;
}

int64_t http_wait_ms(int attempt, double backoff_s, double unit, int64_t retry_after_s)
{
    double wait = (0.5 + 0.5 * unit) * 1000.0 * backoff_s * ldexp(1.0, attempt - 1);
    int64_t wait_ms = wait < MAX_BACKOFF_MS ? (int64_t)wait : MAX_BACKOFF_MS;
    int64_t asked_s =
        retry_after_s < MAX_RETRY_AFTER_S ? retry_after_s : MAX_RETRY_AFTER_S;
    return asked_s * 1000 > wait_ms ? asked_s * 1000 : wait_ms;
}

bool http_status_is_retryable(const int *statuses, size_t n_statuses, int status)
{
    for (size_t i = 0; i < n_statuses; i++) {
        if (statuses[i] == status)
            return true;
    }
    return status == 429;
}

void http_display_url(const char *endpoint, const char *path, char *out, size_t size)
{
    const char *scheme_end = strstr(endpoint, "://");
    const char *host = scheme_end == NULL ? endpoint : scheme_end + 3;
    /* The last '@' before the path ends the credentials; a password may hold one itself.
     */
    size_t authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority);
    host = at == NULL ? host : at + 1;
    size_t n_host = strcspn(host, "?#");
    (void)yaga_format(out, size, "%.*s%.*s%.*s",
                      scheme_end == NULL ? 0 : (int)(scheme_end + 3 - endpoint), endpoint,
                      (int)n_host, host, (int)strcspn(path, "?#"), path);
}
