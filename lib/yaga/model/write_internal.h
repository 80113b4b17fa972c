/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes under construction, shared by the files that write sections. The writer remembers
 * its first failure, so that the section functions need not ask.
 */
#ifndef YAGA_MODEL_WRITE_INTERNAL_H
#define YAGA_MODEL_WRITE_INTERNAL_H

#include <string.h>

#include "yaga/base/str.h"
#include "yaga/model/model_internal.h"

struct writer {
    struct yaga_str bytes;
    enum yaga_status status;
    uint32_t n_sections;
    size_t section; /* where the open section's header stands */
};

static inline void put(struct writer *w, const void *data, size_t n_bytes)
{
    static const uint8_t zeros[8];
    if (w->status == YAGA_OK)
        w->status = yaga_str_append_bytes(&w->bytes, data, n_bytes);
    if (w->status == YAGA_OK && n_bytes % 8 != 0)
        w->status = yaga_str_append_bytes(&w->bytes, zeros, 8 - n_bytes % 8);
}

static inline void put_u64(struct writer *w, uint64_t value)
{
    put(w, &value, sizeof value);
}

static inline void put_i64(struct writer *w, int64_t value)
{
    put(w, &value, sizeof value);
}

/* One NaN only: which of the many bit patterns arithmetic left behind is no part of the
 * model. */
static inline void put_f64(struct writer *w, double value)
{
    const double plain_nan = __builtin_nan("");
    if (__builtin_isnan(value))
        value = plain_nan;
    put(w, &value, sizeof value);
}

static inline void put_text(struct writer *w, const char *text)
{
    size_t length = strlen(text);
    put_u64(w, length);
    put(w, text, length);
}

static inline void put_f64s(struct writer *w, const double *values, size_t n)
{
    put_u64(w, n);
    put(w, values, n * sizeof *values);
}

static inline void put_u32s(struct writer *w, const uint32_t *values, size_t n)
{
    put_u64(w, n);
    put(w, values, n * sizeof *values);
}

/* What a reader may do without begins with drift. */
static inline void open_section(struct writer *w, enum yaga_section id)
{
    uint32_t flags = id < YAGA_SECTION_DRIFT ? YAGA_SECTION_MANDATORY : 0;
    uint32_t head[4] = {(uint32_t)id, flags, 0, 0};
    w->section = w->bytes.length;
    w->n_sections++;
    put(w, head, sizeof head);
}

static inline void close_section(struct writer *w)
{
    if (w->status != YAGA_OK)
        return;
    uint64_t length = w->bytes.length - w->section - YAGA_SECTION_BYTES;
    memcpy(w->bytes.data + w->section + 8, &length, sizeof length);
}

/* Section 10, encode_service.c. */
void yaga_model_put_service(struct writer *w, const struct yaga_model *m);
/* Sections 32 to 34, encode_whole.c. */
void yaga_model_put_whole(struct writer *w, const struct yaga_model *m);

/* Section 11, encode_detail.c. */
void yaga_model_put_details(struct writer *w, const struct yaga_model *m);

#endif
