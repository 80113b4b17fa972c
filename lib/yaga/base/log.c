/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line per record, escaped, written with a single write(2). */
#include "yaga/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, MESSAGE_MAX_BYTES = 1800 };

static enum yaga_log_level max_level = YAGA_LOG_INFO;
static bool as_json;
static const char *before = "";

static const char *const level_names[] = {"ERROR", "WARN", "INFO", "DEBUG"};

bool yaga_log_level_parse(const char *text, enum yaga_log_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcasecmp(text, level_names[i]) == 0) {
            *out = (enum yaga_log_level)i;
            return true;
        }
    }
    return false;
}

void yaga_log_setup(enum yaga_log_level level, bool json)
{
    max_level = level;
    as_json = json;
}

void yaga_log_before(const char *text)
{
    before = text;
}

bool yaga_log_enabled(enum yaga_log_level level)
{
    return level <= max_level;
}

/* Escape control characters, and for JSON also quotes and backslashes. */
static void escape(const char *in, char *out, size_t size)
{
    size_t n = 0;
    for (; *in != '\0' && n + 7 < size; in++) {
        unsigned char c = (unsigned char)*in;
        if (c < 0x20 || c == 0x7f)
            n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
        else if (as_json && (c == '"' || c == '\\'))
            n += (size_t)snprintf(out + n, size - n, "\\%c", c);
        else
            out[n++] = (char)c;
    }
    out[n] = '\0';
}

static void time_text(char out[32])
{
    struct timespec now;
    struct tm tm;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out + n, 32 - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

void yaga_log(enum yaga_log_level level,
              const char *event,
              const char *service,
              const char *format,
              ...)
{
    if (!yaga_log_enabled(level))
        return;
    char message[MESSAGE_MAX_BYTES / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);

    char when[32];
    char safe[MESSAGE_MAX_BYTES];
    char safe_service[256];
    time_text(when);
    escape(message, safe, sizeof safe);
    escape(service == NULL ? "" : service, safe_service, sizeof safe_service);

    char line[LINE_MAX_BYTES];
    int n;
    if (as_json)
        n = snprintf(
            line, sizeof line,
            "%s{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"service\":\"%s\","
            "\"message\":\"%s\"}\n",
            before, when, level_names[level], event, safe_service, safe);
    else
        n = snprintf(line, sizeof line, "%s%s %-5s %s%s%s: %s\n", before, when,
                     level_names[level], event, service == NULL ? "" : " ", safe_service,
                     safe);
    if (n < 0)
        return;
    size_t length = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    /* A log line that cannot be written has nowhere to be reported. */
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
}
