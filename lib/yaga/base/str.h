/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strings: a byte buffer that grows up to a limit named by its owner, and numbers read and
 * written independent of the locale.
 *
 *     struct yaga_str s;
 *     yaga_str_init(&s, 4096);
 *     st = yaga_str_appendf(&s, "%s=%d", key, value);   // YAGA_E_INPUT over 4096 bytes
 *     yaga_str_clear(&s);
 */
#ifndef YAGA_BASE_STR_H
#define YAGA_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

struct yaga_str {
    char *data;        /* NUL-terminated once anything was appended; NULL before */
    size_t length;     /* bytes without the NUL */
    size_t capacity;   /* bytes allocated */
    size_t max_length; /* appending beyond gives YAGA_E_INPUT */
};

void yaga_str_init(struct yaga_str *str, size_t max_length);
void yaga_str_clear(struct yaga_str *str);
/* Length to 0, memory kept. */
void yaga_str_reset(struct yaga_str *str);
enum yaga_status yaga_str_append(struct yaga_str *str, const char *text) YAGA_MUST_USE;
enum yaga_status yaga_str_append_bytes(struct yaga_str *str, const void *data, size_t n)
    YAGA_MUST_USE;
enum yaga_status yaga_str_appendf(struct yaga_str *str, const char *format, ...)
    YAGA_PRINTF(2, 3) YAGA_MUST_USE;
/* A field of CSV: in double quotes, with those in it doubled, where it must be. */
enum yaga_status yaga_str_append_csv(struct yaga_str *str, const char *field) YAGA_MUST_USE;
/* The text, "" when empty; borrowed until the next change. */
const char *yaga_str_get(const struct yaga_str *str);
/* Hand the bytes to the caller (yaga_free); the buffer is empty afterwards. NULL without memory. */
char *yaga_str_take(struct yaga_str *str);

/* Read a whole string as a number: optional sign, decimal or exponent form, '.' as the point;
 * "nan", "inf" in any case are accepted and give NaN, +-Inf. false when anything else is there. */
bool yaga_parse_double(const char *text, size_t length, double *out);
bool yaga_parse_int64(const char *text, size_t length, int64_t *out);

enum { YAGA_DOUBLE_TEXT_MAX = 32 };
/* Shortest decimal text that reads back equal ("0.1", "1e+22"); "NaN", "+Inf", "-Inf". Returns out. */
const char *yaga_format_double(double value, char out[YAGA_DOUBLE_TEXT_MAX]);

/* snprintf into a fixed buffer that must fit: false (and a terminated prefix) when cut. */
bool yaga_format(char *out, size_t size, const char *format, ...) YAGA_PRINTF(3, 4);

#endif
