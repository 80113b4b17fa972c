/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON documents (jansson underneath): bounded reading, building, and deterministic writing.
 *
 * Ownership: a value made by yaga_json_*_new is owned by the caller until it is given to a container
 * (yaga_json_set, yaga_json_push take it, also when they find no memory, and it stays valid as long as the container:
 * put a list into its object, then fill it) or freed. Values got from a container are borrowed. Documents are built and
 * freed on one thread.
 * Builders stay silent: a value that found no memory is remembered where it belongs and yaga_json_dump reports it;
 * a non-finite number and a NULL text or value are left out. That keeps document code readable: build, then dump,
 * one check.
 */
#ifndef YAGA_IO_JSON_H
#define YAGA_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

struct yaga_json; /* one value of any kind */

enum { YAGA_JSON_MAX_DEPTH = 64 };

/* Parse length bytes (a NUL is not needed): one value, no trailing bytes, depth <= YAGA_JSON_MAX_DEPTH,
 * duplicate keys, "\u0000", invalid UTF-8 and numbers beyond the range refused. YAGA_E_INPUT gives line and
 * column. */
enum yaga_status yaga_json_parse(const char *text, size_t length, size_t max_length,
                                 struct yaga_json **out, struct yaga_error *err) YAGA_MUST_USE;
struct yaga_json *yaga_json_free(struct yaga_json *value);
YAGA_DEFINE_AUTO(yaga_json)

struct yaga_json *yaga_json_object_new(void);
struct yaga_json *yaga_json_array_new(void);
/* Invalid UTF-8 bytes become U+FFFD, in keys too; NULL for NULL. */
struct yaga_json *yaga_json_string_new(const char *text);
struct yaga_json *yaga_json_number_new(double value);     /* NULL for non-finite */
struct yaga_json *yaga_json_int_new(int64_t value);
struct yaga_json *yaga_json_bool_new(bool value);
struct yaga_json *yaga_json_null_new(void);

/* A key that is there keeps its place and gets the new value. */
void yaga_json_set(struct yaga_json *object, const char *key, struct yaga_json *value);
void yaga_json_push(struct yaga_json *array, struct yaga_json *value);
void yaga_json_set_string(struct yaga_json *object, const char *key, const char *text);
void yaga_json_set_number(struct yaga_json *object, const char *key, double value);
/* Rounded to so many decimals, as the payload tables ask. */
void yaga_json_set_rounded(struct yaga_json *object, const char *key, double value, int decimals);
/* Rounded to so many significant digits (1..17): figures that were computed, whose last digits mean nothing. */
void yaga_json_set_significant(struct yaga_json *object, const char *key, double value, int digits);
void yaga_json_set_int(struct yaga_json *object, const char *key, int64_t value);
void yaga_json_set_bool(struct yaga_json *object, const char *key, bool value);
void yaga_json_set_time(struct yaga_json *object, const char *key, int64_t at_s); /* RFC 3339 UTC */
void yaga_json_push_string(struct yaga_json *array, const char *text);

/* NULL / false when absent or of another kind. */
struct yaga_json *yaga_json_get(const struct yaga_json *object, const char *key);
size_t yaga_json_size(const struct yaga_json *container);
/* Element of an array, or value of an object's index-th member in insertion order, with its key. */
struct yaga_json *yaga_json_at(const struct yaga_json *container, size_t index);
const char *yaga_json_key(const struct yaga_json *object, size_t index);
const char *yaga_json_string(const struct yaga_json *value); /* NULL when not a string */
bool yaga_json_number(const struct yaga_json *value, double *out);
bool yaga_json_int(const struct yaga_json *value, int64_t *out); /* 1.0 is 1 up to 2^53 */
bool yaga_json_bool(const struct yaga_json *value, bool *out);
bool yaga_json_is_object(const struct yaga_json *value);
bool yaga_json_is_array(const struct yaga_json *value);
const char *yaga_json_get_string(const struct yaga_json *object, const char *key);

/* Compact (or indented by 2) text in insertion order, numbers shortest that read back equal ("0.1", not
 * "0.10000000000000001"), UTF-8, no newline at the end. Caller frees with yaga_free. */
enum yaga_status yaga_json_dump(const struct yaga_json *value, bool indented, char **out,
                                struct yaga_error *err) YAGA_MUST_USE;

#endif
