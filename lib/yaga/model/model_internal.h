/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The layout of the file, shared by encoder, decoder and their tests. Every field takes a
 * multiple of 8 bytes, so that arrays in a mapping are aligned as they lie.
 */
#ifndef YAGA_MODEL_MODEL_INTERNAL_H
#define YAGA_MODEL_MODEL_INTERNAL_H

#include "yaga/model/model.h"

/* Arrays of a mapped file are used as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "model files are little-endian");
_Static_assert(sizeof(struct yaga_forest_node) == 8, "nodes are written as they are");

enum {
    YAGA_HEADER_BYTES = 32,
    YAGA_SECTION_BYTES = 16, /* id, flags, length */
    YAGA_MODEL_MIN_BYTES = YAGA_HEADER_BYTES + YAGA_SECTION_BYTES
};

/* Offsets in the header. */
enum {
    YAGA_AT_MAGIC = 0,
    YAGA_AT_FORMAT = 4,
    YAGA_AT_FLAGS = 8,
    YAGA_AT_N_SECTIONS = 12,
    YAGA_AT_LENGTH = 16,
    YAGA_AT_BODY_CRC = 24,
    YAGA_AT_HEADER_CRC = 28 /* of the 28 bytes before it */
};

enum { YAGA_SECTION_MANDATORY = 1 };

enum yaga_section {
    YAGA_SECTION_IDENTITY = 1, /* first; says how many metric sections follow */
    YAGA_SECTION_METRIC = 2,   /* one per metric, in order */
    YAGA_SECTION_FOREST = 3,   /* multivariate forest; absent without one */
    YAGA_SECTION_PCA = 4,      /* absent without one */
    YAGA_SECTION_DECISION = 5,
    YAGA_SECTION_DRIFT = 6, /* the rest may be absent, and be skipped by a reader */
    YAGA_SECTION_CORRELATION = 7,
    YAGA_SECTION_STATIONARITY = 8,
    YAGA_SECTION_GATE = 9,
    YAGA_SECTION_SERVICE = 10,
    YAGA_SECTION_DETAIL = 11,
    YAGA_SECTION_USUAL_DRIFT = 12,
    YAGA_SECTION_WHOLE =
        32, /* these three in the file of the period YAGA_WHOLE, and only there */
    YAGA_SECTION_ENSEMBLE = 33,
    YAGA_SECTION_LEVELS = 34
};

/* Everything that must hold between and inside the fields of a model, whether it came
 * from a file or from training: a model that could not be read back is not written.
 * YAGA_E_CORRUPT otherwise. */
enum yaga_status yaga_model_check(const struct yaga_model *model,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* Members of a metric's object that come from its details (inspect_detail.c). */
struct yaga_json;
void yaga_model_set_detail(struct yaga_json *json,
                           const struct yaga_model *model,
                           const struct yaga_metric_model *metric);

#endif
