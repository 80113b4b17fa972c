/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A place in the bytes of a section, shared by the files that read sections. The cursor
 * hands out only what lies inside the section and remembers its first failure with the
 * name of the field, so that the section functions need not ask.
 */
#ifndef YAGA_MODEL_READ_INTERNAL_H
#define YAGA_MODEL_READ_INTERNAL_H

#include <string.h>

#include "yaga/model/model_internal.h"

struct cursor {
    bool no_memory;    /* what failed is the program, not the file */
    const uint8_t *at; /* 8-byte aligned */
    size_t left;       /* multiple of 8 */
    const char
        *failed; /* the first field that could not be read; NULL while all is well */
};

static inline const uint8_t *take(struct cursor *c, uint64_t n_bytes, const char *field)
{
    if (c->failed != NULL)
        return NULL;
    /* left is a multiple of 8, so whatever fits still fits when rounded up */
    if (n_bytes > c->left) {
        c->failed = field;
        return NULL;
    }
    const uint8_t *bytes = c->at;
    size_t padded = ((size_t)n_bytes + 7) / 8 * 8;
    c->at += padded;
    c->left -= padded;
    return bytes;
}

static inline uint64_t get_u64(struct cursor *c, const char *field)
{
    uint64_t value = 0;
    const uint8_t *bytes = take(c, sizeof value, field);
    if (bytes != NULL)
        memcpy(&value, bytes, sizeof value);
    return value;
}

/* A number below limit. */
static inline size_t get_below(struct cursor *c, size_t limit, const char *field)
{
    uint64_t value = get_u64(c, field);
    if (value < limit)
        return (size_t)value;
    if (c->failed == NULL)
        c->failed = field;
    return 0;
}

static inline int64_t get_i64(struct cursor *c, const char *field)
{
    uint64_t bits = get_u64(c, field);
    int64_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double get_f64(struct cursor *c, const char *field)
{
    uint64_t bits = get_u64(c, field);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline void get_text(struct cursor *c, char *out, size_t size, const char *field)
{
    size_t length = get_below(c, size, field);
    const uint8_t *bytes = take(c, length, field);
    if (bytes == NULL)
        return;
    if (memchr(bytes, '\0', length) != NULL) {
        c->failed = field;
        return;
    }
    memcpy(out, bytes, length);
    out[length] = '\0';
}

/* Array of at most limit elements of the given size; NULL and *n = 0 on failure. */
static inline const void *
get_array(struct cursor *c, size_t size, size_t limit, size_t *n, const char *field)
{
    size_t count = get_below(c, limit + 1, field);
    const void *array = take(c, (uint64_t)count * size, field);
    *n = array == NULL ? 0 : count;
    return array;
}

/* Array of exactly n doubles. */
static inline const double *get_f64s(struct cursor *c, size_t n, const char *field)
{
    size_t found = 0;
    const double *array = get_array(c, sizeof *array, n, &found, field);
    if (c->failed == NULL && found != n)
        c->failed = field;
    return array;
}

/* Section 10, decode_service.c. */
void yaga_model_get_service(struct cursor *c, struct yaga_model *m);
/* Sections 32 to 34, decode_whole.c. */
void yaga_model_get_whole(struct cursor *c, struct yaga_model *m);
void yaga_model_get_ensemble(struct cursor *c, struct yaga_model *m);
void yaga_model_get_levels(struct cursor *c, struct yaga_model *m);

/* Section 11, decode_detail.c. */
void yaga_model_get_details(struct cursor *c, struct yaga_model *m);

#endif
