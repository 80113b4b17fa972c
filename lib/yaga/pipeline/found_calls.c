/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the server who calls whom, once a cycle, before the services are looked at
 * together. */
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/pipeline/infer_internal.h"

static bool is_asked(const struct yaga_infer *infer)
{
    const struct yaga_config *c = infer->setup->config;
    return !infer->options.offline && yaga_config_bool(c, "dependencies.discover") &&
           strcmp(yaga_config_string(c, "source.type"), "prometheus") == 0;
}

/* One attempt, as for all that only adds to what is known. */
static enum yaga_status
ask(struct yaga_infer *infer, int64_t at_s, int64_t deadline_ms, struct yaga_error *err)
{
    const struct yaga_config *c = infer->setup->config;
    const char *query = yaga_config_string(c, "dependencies.discover_query");
    struct yaga_setup_http http;
    yaga_setup_http(infer->setup, infer->options.interrupted, &http);
    http.options.max_retries = 1;
    http.options.max_body_bytes = YAGA_ANSWER_BYTES_MAX;
    return yaga_found_calls_ask(
        query[0] != '\0' ? query : yaga_calls_query, &http.options,
        1000 * yaga_config_int(c, "victoria_metrics.timeout_seconds"), at_s, deadline_ms,
        &infer->found_calls, err);
}

enum yaga_status yaga_found_calls_look(struct yaga_infer *infer,
                                       int64_t at_s,
                                       int64_t deadline_ms,
                                       struct yaga_error *err)
{
    struct yaga_error why = {.status = YAGA_OK};
    yaga_found_calls_clear(&infer->found_calls);
    if (!is_asked(infer))
        return YAGA_OK;
    enum yaga_status st = ask(infer, at_s, deadline_ms, &why);
    if (st == YAGA_E_NOMEM) {
        *err = why;
        return st;
    }
    if (st != YAGA_OK)
        yaga_log(
            YAGA_LOG_WARN, "CALLS_UNKNOWN", NULL,
            "dependencies.discover: only the calls that are configured are known: %s",
            why.text);
    return YAGA_OK;
}
