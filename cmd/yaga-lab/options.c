/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks what stands behind an option. */
#include "options.h"

#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"

enum yaga_status lab_option_int(const char *option,
                                const char *text,
                                int64_t min,
                                int64_t max,
                                int64_t *out,
                                struct yaga_error *err)
{
    int64_t value;
    if (!yaga_parse_int64(text, strlen(text), &value) || value < min || value > max)
        return yaga_error_set(err, YAGA_E_ARG,
                              "%s: \"%s\" is not an integer in %lld..%lld", option, text,
                              (long long)min, (long long)max);
    *out = value;
    return YAGA_OK;
}

enum yaga_status lab_option_time(const char *option,
                                 const char *text,
                                 int64_t *out_s,
                                 struct yaga_error *err)
{
    if (!yaga_time_parse(text, out_s, NULL))
        return yaga_error_set(err, YAGA_E_ARG,
                              "%s: \"%s\" is not a time like 2026-01-05T00:00:00Z",
                              option, text);
    return YAGA_OK;
}

enum yaga_status lab_option_duration(const char *option,
                                     const char *text,
                                     int64_t *out_s,
                                     struct yaga_error *err)
{
    if (!yaga_duration_parse(text, out_s))
        return yaga_error_set(
            err, YAGA_E_ARG, "%s: \"%s\" is not a duration like 5m or 90s", option, text);
    return YAGA_OK;
}
