/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document tree, shared by its builder, its parser and its writer. */
#ifndef YAGA_IO_JSON_INTERNAL_H
#define YAGA_IO_JSON_INTERNAL_H

#include "yaga/io/json.h"

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_INT,
    JSON_KIND_REAL,
    JSON_KIND_TEXT,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT
};

struct json_children {
    struct yaga_json **values;
    char **keys; /* objects only, beside values */
    size_t n;
    size_t capacity;
    size_t *slots;  /* objects of many keys: hash table of index + 1, 0 = empty */
    size_t n_slots; /* power of two, at least 2 n; 0 = no table, search from the start */
    struct yaga_json
        *lost; /* values that found no room; their makers may still be filling them */
};

struct yaga_json {
    enum json_kind kind;
    bool failed; /* something that belongs here found no memory */
    struct yaga_json *next_lost;
    union {
        bool truth;
        int64_t integer;
        double real; /* finite */
        char *text;
        struct json_children children;
    } as;
};

/* Append without looking for the key; takes value, also on failure (then the object is
 * marked). */
void json_append_member(struct yaga_json *object,
                        const char *key,
                        struct yaga_json *value);

#endif
