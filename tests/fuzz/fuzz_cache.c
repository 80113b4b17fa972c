/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of the cache: what is accepted is sound enough to use and to write again. Each input is read as it is and once
 * more with a header that fits it, because no mutation guesses a checksum.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/source/cache_file.h"

static void use(struct yaga_cache_entry *entry)
{
    YAGA_AUTO_MEM(uint8_t) bytes = NULL;
    size_t n_bytes = 0;
    struct yaga_cache_entry again;
    struct yaga_frame frame;
    if (yaga_cache_entry_encode(entry, &bytes, &n_bytes, NULL) != YAGA_OK ||
        yaga_cache_entry_decode(bytes, n_bytes, &again, NULL) != YAGA_OK)
        abort();
    yaga_cache_entry_clear(&again);
    int64_t start_s = entry->n_samples > 0 ? entry->samples[0].index * entry->step_s : 0;
    if (yaga_frame_init(&frame, start_s, entry->step_s, 50, 1, NULL) != YAGA_OK)
        return;
    size_t n = yaga_cache_entry_fill(entry, &frame, 0);
    struct yaga_interval span = {start_s, yaga_frame_time(&frame, 10)};
    if ((entry->n_samples > 0 && n == 0) || yaga_cache_entry_put(entry, span, &frame, 0, NULL) > YAGA_E_INPUT)
        abort();
    yaga_cache_entry_forget(entry, yaga_frame_time(&frame, 5));
    yaga_frame_clear(&frame);
}

static void read_entry(const uint8_t *bytes, size_t n_bytes)
{
    struct yaga_error err = {.status = YAGA_OK};
    struct yaga_cache_entry entry;
    enum yaga_status st = yaga_cache_entry_decode(bytes, n_bytes, &entry, &err);
    if (st == YAGA_OK) {
        use(&entry);
        yaga_cache_entry_clear(&entry);
    } else if ((st != YAGA_E_CORRUPT && st != YAGA_E_VERSION) || err.text[0] == '\0') {
        abort();
    }
}

static void seal(uint8_t *bytes, size_t n_bytes)
{
    const uint32_t format = YAGA_CACHE_FORMAT;
    const uint64_t length = n_bytes;
    uint64_t n_covered;
    memcpy(bytes + YAGA_CACHE_AT_MAGIC, "YAGC", 4);
    memcpy(bytes + YAGA_CACHE_AT_FORMAT, &format, sizeof format);
    memcpy(bytes + YAGA_CACHE_AT_LENGTH, &length, sizeof length);
    memcpy(&n_covered, bytes + YAGA_CACHE_AT_N_COVERED, sizeof n_covered);
    uint64_t n_pairs = (n_bytes - YAGA_CACHE_HEADER_BYTES) / 16;
    if (n_covered <= n_pairs) {
        uint64_t n_samples = n_pairs - n_covered;
        memcpy(bytes + YAGA_CACHE_AT_N_SAMPLES, &n_samples, sizeof n_samples);
    }
    uint32_t crc = yaga_crc32c(0, bytes + YAGA_CACHE_HEADER_BYTES, n_bytes - YAGA_CACHE_HEADER_BYTES);
    memcpy(bytes + YAGA_CACHE_AT_BODY_CRC, &crc, sizeof crc);
    crc = yaga_crc32c(0, bytes, YAGA_CACHE_AT_HEADER_CRC);
    memcpy(bytes + YAGA_CACHE_AT_HEADER_CRC, &crc, sizeof crc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    YAGA_AUTO_MEM(uint8_t) bytes = yaga_memdup(data, size);
    if (bytes == NULL)
        return 0;
    read_entry(bytes, size);
    if (size < YAGA_CACHE_HEADER_BYTES)
        return 0;
    size_t whole = YAGA_CACHE_HEADER_BYTES + (size - YAGA_CACHE_HEADER_BYTES) / 16 * 16;
    seal(bytes, whole);
    read_entry(bytes, whole);
    return 0;
}
