/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file of the cache: bytes, and the few things that happen to their content. */
#include "yaga/source/cache_file.h"

#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "cache files are little-endian");
_Static_assert(sizeof(struct yaga_interval) == 16 &&
                   sizeof(struct yaga_cache_sample) == 16,
               "written as they are");

static const char magic[4] = {'Y', 'A', 'G', 'C'};
static const int64_t time_max_s = INT64_C(1) << 40; /* far beyond any, safe to add */

void yaga_cache_entry_clear(struct yaga_cache_entry *entry)
{
    yaga_intervals_clear(&entry->covered);
    yaga_free(entry->samples);
    *entry = (struct yaga_cache_entry){.step_s = 0};
}

/* --- bytes ------------------------------------------------------------------------- */

static uint32_t get_u32(const uint8_t *bytes, size_t at)
{
    uint32_t value;
    memcpy(&value, bytes + at, sizeof value);
    return value;
}

static int64_t get_i64(const uint8_t *bytes, size_t at)
{
    int64_t value;
    memcpy(&value, bytes + at, sizeof value);
    return value;
}

static enum yaga_status corrupt(struct yaga_error *err, const char *what)
{
    return yaga_error_set(err, YAGA_E_CORRUPT, "damaged: %s", what);
}

static enum yaga_status
check_header(const uint8_t *bytes, size_t n_bytes, struct yaga_error *err)
{
    if (n_bytes < YAGA_CACHE_HEADER_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return corrupt(err, "not a cache file");
    uint32_t format = get_u32(bytes, YAGA_CACHE_AT_FORMAT);
    if (format != YAGA_CACHE_FORMAT)
        return yaga_error_set(err, YAGA_E_VERSION, "format %u, this program reads %d",
                              format, YAGA_CACHE_FORMAT);
    if (get_u32(bytes, YAGA_CACHE_AT_HEADER_CRC) !=
        yaga_crc32c(0, bytes, YAGA_CACHE_AT_HEADER_CRC))
        return corrupt(err, "checksum of the header");
    return YAGA_OK;
}

static enum yaga_status
check_length(const uint8_t *bytes, size_t n_bytes, struct yaga_error *err)
{
    int64_t n_covered = get_i64(bytes, YAGA_CACHE_AT_N_COVERED);
    int64_t n_samples = get_i64(bytes, YAGA_CACHE_AT_N_SAMPLES);
    if (n_covered < 0 || n_covered > YAGA_INTERVALS_MAX || n_samples < 0 ||
        n_samples > YAGA_CACHE_SAMPLES_MAX)
        return corrupt(err, "number of intervals or samples");
    int64_t length = YAGA_CACHE_HEADER_BYTES + 16 * (n_covered + n_samples);
    if ((size_t)length != n_bytes || get_i64(bytes, YAGA_CACHE_AT_LENGTH) != length)
        return corrupt(err, "length");
    uint32_t crc = yaga_crc32c(0, bytes + YAGA_CACHE_HEADER_BYTES,
                               n_bytes - YAGA_CACHE_HEADER_BYTES);
    return crc == get_u32(bytes, YAGA_CACHE_AT_BODY_CRC) ? YAGA_OK
                                                         : corrupt(err, "checksum");
}

static bool spans_are_sound(const struct yaga_intervals *spans, int64_t step_s)
{
    for (size_t i = 0; i < spans->n; i++) {
        const struct yaga_interval *s = &spans->items[i];
        if (s->start_s >= s->end_s || s->start_s < -time_max_s || s->end_s > time_max_s ||
            s->start_s % step_s != 0 || s->end_s % step_s != 0 ||
            (i > 0 && s->start_s <= s[-1].end_s))
            return false;
    }
    return true;
}

static bool samples_are_sound(const struct yaga_cache_entry *entry)
{
    size_t span = 0;
    for (size_t i = 0; i < entry->n_samples; i++) {
        const struct yaga_cache_sample *s = &entry->samples[i];
        if (!isfinite(s->value) || s->index < -time_max_s / entry->step_s ||
            s->index > time_max_s / entry->step_s || (i > 0 && s->index <= s[-1].index))
            return false;
        int64_t at_s = s->index * entry->step_s;
        while (span < entry->covered.n && entry->covered.items[span].end_s <= at_s)
            span++;
        if (span == entry->covered.n || entry->covered.items[span].start_s > at_s)
            return false;
    }
    return true;
}

static int64_t covered_end(const struct yaga_cache_entry *entry)
{
    size_t n = entry->covered.n;
    return n == 0 ? 0 : entry->covered.items[n - 1].end_s;
}

static enum yaga_status check_entry(const struct yaga_cache_entry *entry,
                                    const uint8_t *bytes,
                                    struct yaga_error *err)
{
    if (entry->step_s <= 0 || entry->step_s > time_max_s)
        return corrupt(err, "step");
    if (!spans_are_sound(&entry->covered, entry->step_s) ||
        covered_end(entry) != get_i64(bytes, YAGA_CACHE_AT_END))
        return corrupt(err, "covered intervals");
    return samples_are_sound(entry) ? YAGA_OK : corrupt(err, "samples");
}

enum yaga_status yaga_cache_entry_decode(const uint8_t *bytes,
                                         size_t n_bytes,
                                         struct yaga_cache_entry *out,
                                         struct yaga_error *err)
{
    enum yaga_status st = check_header(bytes, n_bytes, err);
    if (st == YAGA_OK)
        st = check_length(bytes, n_bytes, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_cache_entry entry = {
        .step_s = get_i64(bytes, YAGA_CACHE_AT_STEP),
        .n_samples = (size_t)get_i64(bytes, YAGA_CACHE_AT_N_SAMPLES),
    };
    memcpy(entry.identity, bytes + YAGA_CACHE_AT_IDENTITY, sizeof entry.identity);
    entry.covered.n = (size_t)get_i64(bytes, YAGA_CACHE_AT_N_COVERED);
    const uint8_t *body = bytes + YAGA_CACHE_HEADER_BYTES;
    size_t n_spans_bytes = entry.covered.n * sizeof *entry.covered.items;
    entry.covered.items = yaga_memdup(body, n_spans_bytes);
    entry.samples =
        yaga_memdup(body + n_spans_bytes, entry.n_samples * sizeof *entry.samples);
    if (entry.covered.items == NULL || entry.samples == NULL)
        st = yaga_error_nomem(err);
    else
        st = check_entry(&entry, bytes, err);
    if (st != YAGA_OK) {
        yaga_cache_entry_clear(&entry);
        return st;
    }
    *out = entry;
    return YAGA_OK;
}

enum yaga_status yaga_cache_entry_encode(const struct yaga_cache_entry *entry,
                                         uint8_t **out,
                                         size_t *n_bytes,
                                         struct yaga_error *err)
{
    size_t n_spans_bytes = entry->covered.n * sizeof *entry->covered.items;
    size_t n_samples_bytes = entry->n_samples * sizeof *entry->samples;
    size_t length = YAGA_CACHE_HEADER_BYTES + n_spans_bytes + n_samples_bytes;
    uint8_t *bytes = yaga_calloc(length, 1);
    if (bytes == NULL)
        return yaga_error_nomem(err);
    uint8_t *body = bytes + YAGA_CACHE_HEADER_BYTES;
    const uint32_t format = YAGA_CACHE_FORMAT;
    const int64_t numbers[] = {(int64_t)length, entry->step_s, covered_end(entry)};
    const int64_t counts[] = {(int64_t)entry->covered.n, (int64_t)entry->n_samples};
    memcpy(bytes + YAGA_CACHE_AT_MAGIC, magic, sizeof magic);
    memcpy(bytes + YAGA_CACHE_AT_FORMAT, &format, sizeof format);
    memcpy(bytes + YAGA_CACHE_AT_LENGTH, numbers, sizeof numbers);
    memcpy(bytes + YAGA_CACHE_AT_IDENTITY, entry->identity, sizeof entry->identity);
    memcpy(bytes + YAGA_CACHE_AT_N_COVERED, counts, sizeof counts);
    if (n_spans_bytes > 0)
        memcpy(body, entry->covered.items, n_spans_bytes);
    if (n_samples_bytes > 0)
        memcpy(body + n_spans_bytes, entry->samples, n_samples_bytes);
    uint32_t crc = yaga_crc32c(0, body, n_spans_bytes + n_samples_bytes);
    memcpy(bytes + YAGA_CACHE_AT_BODY_CRC, &crc, sizeof crc);
    crc = yaga_crc32c(0, bytes, YAGA_CACHE_AT_HEADER_CRC);
    memcpy(bytes + YAGA_CACHE_AT_HEADER_CRC, &crc, sizeof crc);
    *out = bytes;
    *n_bytes = length;
    return YAGA_OK;
}

bool yaga_cache_header_end(const uint8_t *bytes, size_t n_bytes, int64_t *end_s)
{
    if (check_header(bytes, n_bytes, NULL) != YAGA_OK)
        return false;
    *end_s = get_i64(bytes, YAGA_CACHE_AT_END);
    return true;
}

/* --- content ----------------------------------------------------------------------- */

/* The first sample at or after a time on the grid. */
static size_t find(const struct yaga_cache_entry *entry, int64_t at_s)
{
    size_t low = 0;
    size_t high = entry->n_samples;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry->samples[middle].index * entry->step_s < at_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum yaga_status yaga_cache_entry_put(struct yaga_cache_entry *entry,
                                      struct yaga_interval span,
                                      const struct yaga_frame *frame,
                                      size_t metric,
                                      struct yaga_error *err)
{
    size_t before = find(entry, span.start_s);
    size_t after = find(entry, span.end_s);
    size_t n_new = (size_t)((span.end_s - span.start_s) / entry->step_s);
    size_t most = before + n_new + (entry->n_samples - after);
    YAGA_AUTO_MEM(struct yaga_cache_sample) samples = yaga_alloc(most, sizeof *samples);
    if (samples == NULL)
        return yaga_error_nomem(err);
    size_t n = before;
    if (before > 0)
        memcpy(samples, entry->samples, before * sizeof *samples);
    for (int64_t t = span.start_s; t < span.end_s; t += entry->step_s) {
        size_t row = (size_t)((t - frame->start_s) / frame->step_s);
        double value = yaga_frame_at(frame, row, metric);
        if (isfinite(value))
            samples[n++] = (struct yaga_cache_sample){t / entry->step_s, value};
    }
    if (after < entry->n_samples)
        memcpy(samples + n, entry->samples + after,
               (entry->n_samples - after) * sizeof *samples);
    n += entry->n_samples - after;
    if (n > YAGA_CACHE_SAMPLES_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "more than %d samples",
                              YAGA_CACHE_SAMPLES_MAX);
    enum yaga_status st = yaga_intervals_add(&entry->covered, span, err);
    if (st != YAGA_OK)
        return st;
    yaga_free(entry->samples);
    entry->samples = YAGA_TAKE(samples);
    entry->n_samples = n;
    return YAGA_OK;
}

size_t yaga_cache_entry_fill(const struct yaga_cache_entry *entry,
                             const struct yaga_frame *frame,
                             size_t metric)
{
    size_t n = 0;
    int64_t end_s = yaga_frame_time(frame, frame->n_rows);
    for (size_t i = find(entry, frame->start_s); i < entry->n_samples; i++) {
        int64_t at_s = entry->samples[i].index * entry->step_s;
        if (at_s >= end_s)
            break;
        size_t row = (size_t)((at_s - frame->start_s) / frame->step_s);
        yaga_frame_row(frame, row)[metric] = entry->samples[i].value;
        n++;
    }
    return n;
}

void yaga_cache_entry_forget(struct yaga_cache_entry *entry, int64_t before_s)
{
    size_t gone = find(entry, before_s);
    if (gone > 0)
        memmove(entry->samples, entry->samples + gone,
                (entry->n_samples - gone) * sizeof *entry->samples);
    entry->n_samples -= gone;
    yaga_intervals_cut(&entry->covered, before_s);
}
