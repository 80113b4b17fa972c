/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One answer of /api/v1/query, a vector of labelled values, kept whole: it is small by its limits. */
#ifndef YAGA_ENRICH_ANSWER_H
#define YAGA_ENRICH_ANSWER_H

#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

enum {
    YAGA_ANSWER_BYTES_MAX = 4 << 20,
    YAGA_ANSWER_SERIES_MAX = 5000
};

struct yaga_answer; /* opaque */

/* YAGA_E_INPUT for what is no such answer or breaks a limit; YAGA_E_QUERY with the server's text for status "error".
 * Values that are no numbers, or beyond 1e300, are kept as NaN. */
enum yaga_status yaga_answer_parse(const char *text, size_t length, struct yaga_answer **out,
                                   struct yaga_error *err) YAGA_MUST_USE;
struct yaga_answer *yaga_answer_free(struct yaga_answer *answer);
YAGA_DEFINE_AUTO(yaga_answer)

size_t yaga_answer_size(const struct yaga_answer *answer);
double yaga_answer_value(const struct yaga_answer *answer, size_t series);
/* "" when absent, as in PromQL. Borrowed. */
const char *yaga_answer_label(const struct yaga_answer *answer, size_t series, const char *name);
/* The value of the first label that is not empty, whatever its name; "" when there is none. */
const char *yaga_answer_any_label(const struct yaga_answer *answer, size_t series);

#endif
