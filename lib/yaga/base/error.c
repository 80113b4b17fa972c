/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fixed-buffer error texts that gain context on the way up. */
#include "yaga/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ": tail" behind the text; what does not fit is cut, the outer context is worth more. */
static void append_tail(struct yaga_error *err, const char *tail)
{
    const char *parts[] = {": ", tail};
    size_t used = strlen(err->text);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strnlen(parts[i], sizeof err->text - 1 - used);
        memcpy(err->text + used, parts[i], n);
        used += n;
    }
    err->text[used] = '\0';
}

enum yaga_status
yaga_error_set(struct yaga_error *err, enum yaga_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->status = status;
    return status;
}

enum yaga_status yaga_error_wrap(struct yaga_error *err, const char *format, ...)
{
    if (err == NULL)
        return YAGA_E_INTERNAL;
    char inner[YAGA_ERROR_TEXT_MAX];
    memcpy(inner, err->text, sizeof inner);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    append_tail(err, inner);
    return err->status;
}

enum yaga_status
yaga_error_errno(struct yaga_error *err, int errnum, const char *format, ...)
{
    enum yaga_status status = YAGA_E_IO;
    if (errnum == ENOSPC || errnum == EDQUOT)
        status = YAGA_E_NO_SPACE;
    else if (errnum == ENOMEM)
        status = YAGA_E_NOMEM;
    if (err == NULL)
        return status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    char reason[128];
    append_tail(err, strerror_r(errnum, reason, sizeof reason));
    err->status = status;
    return status;
}

enum yaga_status yaga_error_nomem(struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_NOMEM, "out of memory");
}

void yaga_error_clear(struct yaga_error *err)
{
    if (err == NULL)
        return;
    err->status = YAGA_OK;
    err->text[0] = '\0';
}

const char *yaga_status_name(enum yaga_status status)
{
    switch (status) {
    case YAGA_OK:
        return "ok";
    case YAGA_E_NOMEM:
        return "no_memory";
    case YAGA_E_ARG:
        return "usage";
    case YAGA_E_CONFIG:
        return "config";
    case YAGA_E_INPUT:
        return "bad_input";
    case YAGA_E_NO_DATA:
        return "no_data";
    case YAGA_E_IO:
        return "io";
    case YAGA_E_NO_SPACE:
        return "no_space";
    case YAGA_E_NETWORK:
        return "network";
    case YAGA_E_QUERY:
        return "query";
    case YAGA_E_CIRCUIT:
        return "circuit_open";
    case YAGA_E_CORRUPT:
        return "corrupt";
    case YAGA_E_VERSION:
        return "version";
    case YAGA_E_STORE:
        return "state_database";
    case YAGA_E_LOCKED:
        return "locked";
    case YAGA_E_INTERRUPTED:
        return "interrupted";
    case YAGA_E_DEADLINE:
        return "deadline";
    case YAGA_E_INTERNAL:
        return "internal";
    }
    return "unknown";
}
