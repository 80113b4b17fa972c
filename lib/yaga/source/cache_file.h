/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the cache knows about one metric of one service, and its file.
 *
 *   header   88 bytes: "YAGC", format, length of the file, step, end of the last covered
 * interval, identity (SHA-256 of everything that decides the values), numbers of
 * intervals and samples, CRC-32C of the body, CRC-32C of the header before this field
 *   body     covered intervals (start_s, end_s), then samples (time / step, value), both
 * ascending
 *
 * Little-endian, every number 8 bytes wide behind the first two. Covered means: the
 * source was asked and answered, even with nothing. Samples lie in covered intervals only
 * and are finite.
 */
#ifndef YAGA_SOURCE_CACHE_FILE_H
#define YAGA_SOURCE_CACHE_FILE_H

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/series/frame.h"
#include "yaga/source/intervals.h"

enum {
    YAGA_CACHE_FORMAT = 1,
    YAGA_CACHE_HEADER_BYTES = 88,
    YAGA_CACHE_SAMPLES_MAX = YAGA_FRAME_MAX_ROWS + 1440,
    YAGA_CACHE_FILE_MAX =
        YAGA_CACHE_HEADER_BYTES + 16 * (YAGA_INTERVALS_MAX + YAGA_CACHE_SAMPLES_MAX)
};

/* Where the fields of the header are. */
enum {
    YAGA_CACHE_AT_MAGIC = 0,
    YAGA_CACHE_AT_FORMAT = 4,
    YAGA_CACHE_AT_LENGTH = 8,
    YAGA_CACHE_AT_STEP = 16,
    YAGA_CACHE_AT_END = 24,
    YAGA_CACHE_AT_IDENTITY = 32,
    YAGA_CACHE_AT_N_COVERED = 64,
    YAGA_CACHE_AT_N_SAMPLES = 72,
    YAGA_CACHE_AT_BODY_CRC = 80,
    YAGA_CACHE_AT_HEADER_CRC = 84
};

struct yaga_cache_sample {
    int64_t index; /* time is index * step_s */
    double value;
};

struct yaga_cache_entry {
    int64_t step_s;
    uint8_t identity[YAGA_SHA256_BYTES];
    struct yaga_intervals covered;
    struct yaga_cache_sample *samples; /* owned */
    size_t n_samples;
};

void yaga_cache_entry_clear(struct yaga_cache_entry *entry);

/* YAGA_E_CORRUPT or YAGA_E_VERSION for bytes that are not a whole and valid file. */
enum yaga_status yaga_cache_entry_decode(const uint8_t *bytes,
                                         size_t n_bytes,
                                         struct yaga_cache_entry *out,
                                         struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_cache_entry_encode(const struct yaga_cache_entry *entry,
                                         uint8_t **out,
                                         size_t *n_bytes,
                                         struct yaga_error *err) YAGA_MUST_USE;
/* End of the last covered interval by the header alone; false when it is not a good
 * header. */
bool yaga_cache_header_end(const uint8_t *bytes, size_t n_bytes, int64_t *end_s);

/* span is covered by the values of one metric of a frame on the same grid, whatever was
 * known of it before. The span lies in the frame and begins and ends on the grid. The
 * entry is unchanged after a failure. */
enum yaga_status yaga_cache_entry_put(struct yaga_cache_entry *entry,
                                      struct yaga_interval span,
                                      const struct yaga_frame *frame,
                                      size_t metric,
                                      struct yaga_error *err) YAGA_MUST_USE;
/* Samples into the frame, where they are on its rows; returns how many. */
size_t yaga_cache_entry_fill(const struct yaga_cache_entry *entry,
                             const struct yaga_frame *frame,
                             size_t metric);
/* Neither samples nor coverage before before_s stay; before_s on the grid. */
void yaga_cache_entry_forget(struct yaga_cache_entry *entry, int64_t before_s);

#endif
