/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Archive lines and the samples kept from them. A line is one series, or a part of one:
 *
 *   {"metric":{"__name__":"cpu","service_name":"a"},"values":[1.5,null],"timestamps":[1700000000000,1700000300000]}
 *
 * Values are numbers, null or the texts "NaN", "Inf", "Infinity" with sign; times are
 * whole milliseconds.
 */
#ifndef YAGA_SOURCE_ARCHIVE_H
#define YAGA_SOURCE_ARCHIVE_H

#include "yaga/base/error.h"
#include "yaga/source/labels.h"
#include "yaga/source/scan.h"

struct yaga_sample {
    int64_t time_ms;
    double value; /* NaN = missing */
};

/* A line decoded; reused from line to line. */
struct yaga_archive_line {
    struct yaga_labels labels;
    struct yaga_sample *samples; /* owned, in the order of the line */
    size_t n;
    /* under way */
    struct yaga_scan scan;
    size_t capacity, n_values, n_times;
    int place, key; /* private enumerations of archive_line.c */
    int depth;
    bool has_metric, has_values, has_times;
    char name[256];
    size_t name_length;
};
void yaga_archive_line_init(struct yaga_archive_line *line);
void yaga_archive_line_clear(struct yaga_archive_line *line);
/* YAGA_E_INPUT with the byte in the line where it stops making sense. */
enum yaga_status yaga_archive_line_decode(struct yaga_archive_line *line,
                                          const char *text,
                                          size_t length,
                                          struct yaga_error *err) YAGA_MUST_USE;

/* Sorted samples per (metric, service, series). */
struct yaga_archive_series {
    size_t metric;
    char *service;     /* owned */
    uint64_t identity; /* of the labels */
    size_t part;       /* order of arrival */
    struct yaga_sample
        *samples; /* owned; ascending times, unique once the store is sealed */
    size_t n;
};
struct yaga_archive_store {
    struct yaga_archive_series *series;
    size_t n, capacity;
    size_t dropped; /* samples that a later one at the same time replaced */
};
/* Copies the samples of [from_ms, to_ms); none of them there: nothing is kept. */
enum yaga_status yaga_archive_store_add(struct yaga_archive_store *store,
                                        size_t metric,
                                        const char *service,
                                        const struct yaga_archive_line *line,
                                        int64_t from_ms,
                                        int64_t to_ms,
                                        struct yaga_error *err) YAGA_MUST_USE;
/* Merge the parts of each series, sort, last of equal times wins. To be called before
 * lookups. */
enum yaga_status yaga_archive_store_seal(struct yaga_archive_store *store,
                                         struct yaga_error *err) YAGA_MUST_USE;
/* The series of one metric of one service: index of the first, *n_out of them, in order
 * of identity. */
size_t yaga_archive_store_find(const struct yaga_archive_store *store,
                               size_t metric,
                               const char *service,
                               size_t *n_out);
/* Index of the first sample later than time_ms. */
size_t yaga_archive_series_after(const struct yaga_archive_series *series,
                                 int64_t time_ms);
void yaga_archive_store_clear(struct yaga_archive_store *store);

#endif
