/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON as a stream: bytes are pushed in pieces of any size, tokens come out as calls.
 * Memory does not grow with the document: only a token cut by the end of a piece is kept.
 *
 * The whole grammar of RFC 8259 is checked, except that bytes of strings are not checked
 * to be UTF-8.
 */
#ifndef YAGA_SOURCE_SCAN_H
#define YAGA_SOURCE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/str.h"

enum {
    YAGA_SCAN_DEPTH_MAX = 32,
    YAGA_SCAN_TOKEN_MAX = 64 << 10 /* bytes of one string or number */
};

enum yaga_token {
    YAGA_TOKEN_OBJECT, /* begins */
    YAGA_TOKEN_ARRAY,
    YAGA_TOKEN_END, /* of the innermost object or array */
    YAGA_TOKEN_KEY,
    YAGA_TOKEN_STRING,
    YAGA_TOKEN_NUMBER, /* text as written */
    YAGA_TOKEN_TRUE,
    YAGA_TOKEN_FALSE,
    YAGA_TOKEN_NULL
};

/* text: of keys, strings (unescaped) and numbers, not NUL-terminated, valid during the
 * call. A status other than YAGA_OK stops the scan and is its result. */
typedef enum yaga_status (*yaga_token_fn)(void *context,
                                          enum yaga_token token,
                                          const char *text,
                                          size_t length,
                                          struct yaga_error *err);

struct yaga_scan {
    yaga_token_fn on_token;
    void *context;
    uint64_t offset;       /* bytes consumed: where an error is */
    uint64_t token_offset; /* where the token under way began */
    int state;
    int depth;
    bool in_object[YAGA_SCAN_DEPTH_MAX];
    bool is_key;      /* the string under way is a key */
    unsigned unicode; /* \uXXXX under way */
    int unicode_digits;
    unsigned high_surrogate; /* waits for its low half; 0 = none */
    struct yaga_str token;   /* token cut by a piece's end, or a string with escapes */
};

void yaga_scan_init(struct yaga_scan *scan, yaga_token_fn on_token, void *context);
void yaga_scan_clear(struct yaga_scan *scan);
/* To the start of a document; memory is kept. */
void yaga_scan_reset(struct yaga_scan *scan);
/* YAGA_E_INPUT "byte 17: ..." when this cannot be JSON or breaks a limit. After a failure
 * only reset and clear make sense. */
enum yaga_status yaga_scan_push(struct yaga_scan *scan,
                                const char *data,
                                size_t n_bytes,
                                struct yaga_error *err) YAGA_MUST_USE;
/* The document must be complete here. */
enum yaga_status yaga_scan_finish(struct yaga_scan *scan,
                                  struct yaga_error *err) YAGA_MUST_USE;

/*
 * Decimal text -> double, correctly rounded, "NaN", "Inf", "Infinity" in any case
 * included. The fast path: at most 15 digits and a power of ten up to 10^22 are both
 * exact as doubles, so one multiplication or division rounds once, which is what correct
 * rounding means (Clinger 1990). Everything else goes to yaga_parse_double.
 */
bool yaga_scan_number(const char *text, size_t length, double *out);

#endif
