/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounded growing strings and locale-independent numbers. */
#include "yaga/base/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "yaga/base/mem.h"

void yaga_str_init(struct yaga_str *str, size_t max_length)
{
    *str = (struct yaga_str){.max_length = max_length};
}

void yaga_str_clear(struct yaga_str *str)
{
    yaga_free(str->data);
    *str = (struct yaga_str){.max_length = str->max_length};
}

void yaga_str_reset(struct yaga_str *str)
{
    str->length = 0;
    if (str->data != NULL)
        str->data[0] = '\0';
}

static enum yaga_status reserve(struct yaga_str *str, size_t extra)
{
    if (extra > str->max_length - str->length)
        return YAGA_E_INPUT;
    size_t need = str->length + extra + 1;
    if (need <= str->capacity)
        return YAGA_OK;
    size_t capacity = str->capacity < 64 ? 64 : str->capacity;
    while (capacity < need)
        capacity += capacity / 2 + 1;
    char *data = yaga_realloc(str->data, capacity, 1);
    if (data == NULL)
        return YAGA_E_NOMEM;
    str->data = data;
    str->capacity = capacity;
    return YAGA_OK;
}

enum yaga_status yaga_str_append_bytes(struct yaga_str *str, const void *data, size_t n)
{
    enum yaga_status st = reserve(str, n);
    if (st != YAGA_OK)
        return st;
    if (n > 0)
        memcpy(str->data + str->length, data, n);
    str->length += n;
    str->data[str->length] = '\0';
    return YAGA_OK;
}

enum yaga_status yaga_str_append(struct yaga_str *str, const char *text)
{
    return yaga_str_append_bytes(str, text, strlen(text));
}

enum yaga_status yaga_str_appendf(struct yaga_str *str, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return YAGA_E_INTERNAL;
    enum yaga_status st = reserve(str, (size_t)n);
    if (st != YAGA_OK)
        return st;
    va_start(args, format);
    (void)vsnprintf(str->data + str->length, (size_t)n + 1, format, args);
    va_end(args);
    str->length += (size_t)n;
    return YAGA_OK;
}

enum yaga_status yaga_str_append_csv(struct yaga_str *str, const char *field)
{
    if (strpbrk(field, ",\"\r\n") == NULL)
        return yaga_str_append(str, field);
    enum yaga_status st = yaga_str_append(str, "\"");
    for (; *field != '\0' && st == YAGA_OK; field++)
        st = yaga_str_appendf(str, *field == '"' ? "\"%c" : "%c", *field);
    return st == YAGA_OK ? yaga_str_append(str, "\"") : st;
}

const char *yaga_str_get(const struct yaga_str *str)
{
    return str->data == NULL ? "" : str->data;
}

char *yaga_str_take(struct yaga_str *str)
{
    char *data = str->data == NULL ? yaga_strdup("") : str->data;
    str->data = NULL;
    str->length = str->capacity = 0;
    return data;
}

/* The "C" locale as an object, made once: strtod_l ignores what setlocale() was told. */
static locale_t c_locale(void)
{
    static locale_t cached;
    locale_t current = __atomic_load_n(&cached, __ATOMIC_ACQUIRE);
    if (current != (locale_t)0)
        return current;
    locale_t made = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t none = (locale_t)0;
    if (made != (locale_t)0 &&
        !__atomic_compare_exchange_n(&cached, &none, made, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        freelocale(made);
    return __atomic_load_n(&cached, __ATOMIC_ACQUIRE);
}

static bool only_number_bytes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' ||
              c == 'E'))
            return false;
    }
    return true;
}

static bool parse_special(const char *text, size_t length, double *out)
{
    double sign = 1.0;
    if (length > 0 && (text[0] == '+' || text[0] == '-')) {
        sign = text[0] == '-' ? -1.0 : 1.0;
        text++;
        length--;
    }
    if (length == 3 && strncasecmp(text, "nan", 3) == 0)
        *out = (double)NAN;
    else if (length == 3 && strncasecmp(text, "inf", 3) == 0)
        *out = sign * (double)INFINITY;
    else
        return false;
    return true;
}

bool yaga_parse_double(const char *text, size_t length, double *out)
{
    char copy[64];
    if (length == 0 || length >= sizeof copy)
        return false;
    if (!only_number_bytes(text, length))
        return parse_special(text, length, out);
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *end = NULL;
    double value = strtod_l(copy, &end, c_locale());
    if (end != copy + length)
        return false;
    *out = value;
    return true;
}

bool yaga_parse_int64(const char *text, size_t length, int64_t *out)
{
    char copy[32];
    if (length == 0 || length >= sizeof copy)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool sign = i == 0 && (text[i] == '-' || text[i] == '+') && length > 1;
        if (!sign && (text[i] < '0' || text[i] > '9'))
            return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    errno = 0;
    char *end = NULL;
    long long value = strtoll(copy, &end, 10);
    if (errno != 0 || end != copy + length)
        return false;
    *out = value;
    return true;
}

const char *yaga_format_double(double value, char out[YAGA_DOUBLE_TEXT_MAX])
{
    if (!isfinite(value)) {
        memcpy(out, isnan(value) ? "NaN\0" : value > 0 ? "+Inf" : "-Inf", sizeof "+Inf");
        return out;
    }
    /* 17 significant digits always read back equal (DBL_DECIMAL_DIG); most values need
     * fewer. */
    locale_t before = uselocale(c_locale());
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(out, YAGA_DOUBLE_TEXT_MAX, "%.*g", digits, value);
        if (digits == 17 || strtod_l(out, NULL, c_locale()) == value)
            break;
    }
    (void)uselocale(before);
    return out;
}

bool yaga_format(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out, size, format, args);
    va_end(args);
    return n >= 0 && (size_t)n < size;
}
