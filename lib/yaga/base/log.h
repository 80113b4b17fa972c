/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log lines on stderr: one record a line, UTC, level, event, service, message.
 *
 *     2026-03-02T14:06:00.123Z INFO INFERENCE_COMPLETE evaluated=12 ...
 *
 * Programs and the pipeline log; the rooms below return errors instead. Control characters in the
 * message are escaped, so that nothing from outside can forge a line.
 */
#ifndef YAGA_BASE_LOG_H
#define YAGA_BASE_LOG_H

#include <stdbool.h>

#include "yaga/base/error.h"

enum yaga_log_level { YAGA_LOG_ERROR, YAGA_LOG_WARN, YAGA_LOG_INFO, YAGA_LOG_DEBUG };

/* "ERROR", "WARN", "INFO", "DEBUG" in any case; false for another word. */
bool yaga_log_level_parse(const char *text, enum yaga_log_level *out);

/* Records above the level are dropped. Default YAGA_LOG_INFO. json: one JSON object a line. */
void yaga_log_setup(enum yaga_log_level level, bool json);
bool yaga_log_enabled(enum yaga_log_level level);

/* Written before every line: what takes a line of progress away from a terminal. "" at first; borrowed. */
void yaga_log_before(const char *text);

/* event: upper-case word; service: NULL when the record is about none. Thread-safe. */
void yaga_log(enum yaga_log_level level, const char *event, const char *service, const char *format, ...)
    YAGA_PRINTF(4, 5);

#endif
