/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the service answers with, and what the code of most failures stands for
 * (detection.md 11.4). */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/enrich/enrich_internal.h"

static const double dominant_from = 0.6;

static const struct {
    enum yaga_failure_mode mode;
    const char *name, *reading;
    const char *codes; /* separated by blanks */
} modes[] = {
    {YAGA_FAILURE_AUTHENTICATION, "authentication",
     "credentials, token or permission service", " 401 403 "},
    {YAGA_FAILURE_RATE_LIMITED, "rate_limited", "a limit is active", " 429 "},
    {YAGA_FAILURE_OVERLOAD, "overload_or_breaker", "refused by protection or no backend",
     " 503 "},
    {YAGA_FAILURE_GATEWAY, "gateway", "callee or proxy does not answer", " 502 504 "},
    {YAGA_FAILURE_APPLICATION, "application", "code or data", " 500 "},
    {YAGA_FAILURE_CLIENT_INPUT, "client_input", "clients send wrong requests",
     " 400 404 422 "},
    {YAGA_FAILURE_NON_HTTP, "non_http", "failures without HTTP status", ""},
};

const char *yaga_failure_mode_name(enum yaga_failure_mode mode)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (modes[i].mode == mode)
            return modes[i].name;
    return "unknown";
}

const char *yaga_failure_mode_reading(enum yaga_failure_mode mode)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (modes[i].mode == mode)
            return modes[i].reading;
    return "";
}

/* 4xx or 5xx */
static bool is_failure(const char *code)
{
    return strlen(code) == 3 && strspn(code, "0123456789") == 3 &&
           (code[0] == '4' || code[0] == '5');
}

enum yaga_failure_mode yaga_failure_mode_of(const char *code)
{
    char word[8];
    if (!is_failure(code))
        return YAGA_FAILURE_UNKNOWN;
    (void)yaga_format(word, sizeof word, " %s ", code);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strstr(modes[i].codes, word) != NULL)
            return modes[i].mode;
    return YAGA_FAILURE_UNKNOWN;
}

static void
find_dominant(const struct enrich_entry *list, size_t n, struct yaga_status_codes *out)
{
    bool unnamed = false;
    for (size_t i = 0; i < n; i++) {
        bool failure = is_failure(list[i].key);
        unnamed = unnamed || list[i].key[0] == '\0';
        if (!failure || list[i].value < dominant_from * out->failed_rate ||
            out->dominant[0] != '\0')
            continue;
        (void)yaga_format(out->dominant, sizeof out->dominant, "%s", list[i].key);
        out->dominant_share = list[i].value / out->failed_rate;
        out->mode = yaga_failure_mode_of(list[i].key);
    }
    if (out->failed_rate <= 0.0 && unnamed)
        out->mode = YAGA_FAILURE_NON_HTTP;
}

enum yaga_status enrich_join_codes(double min_rate,
                                   const struct yaga_answer *codes,
                                   struct yaga_status_codes *out,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct enrich_entry) list = NULL;
    size_t n;
    enum yaga_status st = enrich_tally(codes, min_rate, &list, &n, err);
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        out->total_rate += list[i].value;
        out->failed_rate += is_failure(list[i].key) ? list[i].value : 0.0;
    }
    out->state.found = out->total_rate > 0.0;
    if (!out->state.found)
        return YAGA_OK;
    for (size_t i = 0; i < n && i < YAGA_ENRICH_CODES_MAX; i++) {
        struct yaga_status_code *code = &out->codes[out->n++];
        (void)yaga_format(code->code, sizeof code->code, "%s", list[i].key);
        code->rate = list[i].value;
        code->share = list[i].value / out->total_rate;
    }
    find_dominant(list, n, out);
    return YAGA_OK;
}
