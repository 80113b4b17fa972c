/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels of one series, and the selectors that pick series by them. */
#ifndef YAGA_SOURCE_LABELS_H
#define YAGA_SOURCE_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/str.h"
#include "yaga/source/source.h"

/* The label that names the service of a series, unless a metric says otherwise. */
#define YAGA_SERVICE_LABEL "service_name"

struct yaga_labels {
    struct yaga_str text; /* names and values, each NUL-terminated */
    size_t n;
    size_t name[YAGA_SOURCE_LABELS_MAX]; /* offsets into text */
    size_t value[YAGA_SOURCE_LABELS_MAX];
};
void yaga_labels_init(struct yaga_labels *labels);
void yaga_labels_clear(struct yaga_labels *labels);
void yaga_labels_reset(struct yaga_labels *labels); /* no labels, memory kept */
/* YAGA_E_INPUT over YAGA_SOURCE_LABELS_MAX labels or 256 KiB of text. */
enum yaga_status yaga_labels_add(struct yaga_labels *labels,
                                 const char *name,
                                 size_t name_length,
                                 const char *value,
                                 size_t value_length,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* "" when absent, as in PromQL. Borrowed until the next change. */
const char *yaga_labels_get(const struct yaga_labels *labels, const char *name);
/* The same for the same set of labels in any order. */
uint64_t yaga_labels_identity(const struct yaga_labels *labels);

/* name, name{label="value",...} or {label="value",...}; equality only. __name__ is a
 * label like others. */
struct yaga_selector {
    struct yaga_labels labels; /* all must be equal */
};
/* YAGA_E_CONFIG when malformed. */
enum yaga_status yaga_selector_parse(const char *text,
                                     struct yaga_selector *out,
                                     struct yaga_error *err) YAGA_MUST_USE;
void yaga_selector_clear(struct yaga_selector *selector);
bool yaga_selector_matches(const struct yaga_selector *selector,
                           const struct yaga_labels *labels);

#endif
