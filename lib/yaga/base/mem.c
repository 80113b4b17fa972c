/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation with overflow checks and failure injection. */
#include "yaga/base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local size_t fail_countdown;

static bool must_fail(void)
{
    return fail_countdown > 0 && --fail_countdown == 0;
}

static bool byte_count(size_t n, size_t size, size_t *bytes)
{
    if (__builtin_mul_overflow(n, size, bytes) || *bytes > PTRDIFF_MAX)
        return false;
    if (*bytes == 0)
        *bytes = 1;
    return !must_fail();
}

void *yaga_calloc(size_t n, size_t size)
{
    size_t bytes;
    return byte_count(n, size, &bytes) ? calloc(1, bytes) : NULL;
}

void *yaga_alloc(size_t n, size_t size)
{
    size_t bytes;
    return byte_count(n, size, &bytes) ? malloc(bytes) : NULL;
}

void *yaga_realloc(void *block, size_t n, size_t size)
{
    size_t bytes;
    return byte_count(n, size, &bytes) ? realloc(block, bytes) : NULL;
}

void *yaga_memdup(const void *data, size_t n_bytes)
{
    void *copy = yaga_alloc(n_bytes, 1);
    if (copy != NULL && n_bytes > 0)
        memcpy(copy, data, n_bytes);
    return copy;
}

char *yaga_strndup(const char *text, size_t length)
{
    char *copy = yaga_alloc(length + 1, 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *yaga_strdup(const char *text)
{
    return yaga_strndup(text, strlen(text));
}

void yaga_free(void *block)
{
    free(block);
}

void yaga_mem_fail_nth(size_t n)
{
    fail_countdown = n;
}

void yaga_mem_cleanup_(void *pointer_to_pointer)
{
    void *block;
    memcpy(&block, pointer_to_pointer, sizeof block);
    free(block);
}
